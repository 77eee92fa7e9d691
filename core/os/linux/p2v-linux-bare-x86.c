/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* An x86 kernel that has neither VMCOREINFO nor symbols, by its page tables.
 *
 * Its root is a part of its image, as the banner is, so it stands near it, and maps both where the
 * image runs. There are few places where that can be. Of several such roots (those with which it
 * starts map no more than the image, and with 32 bits those of processes map all the same) the
 * kernel's own maps most of its half and nothing of the other one. */

#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-bare.h"

/* Where the image runs with 64 bits, within a GiB. Source: Linux
 * arch/x86/include/asm/page_64_types.h, __START_KERNEL_map, KERNEL_IMAGE_SIZE; its parts begin with
 * large pages: arch/x86/kernel/vmlinux.lds.S. */
#define START_KERNEL_MAP ((guint64) 0xffffffff80000000)
#define LARGE_PAGE_BYTES ((guint64) 2 << 20)

/* All areas whose place is drawn at boot begin with an entry of this level. Source: Linux
 * arch/x86/mm/kaslr.c, kernel_randomize_memory(): PUD_SIZE. */
#define GIB_SHIFT 30

/* What is read at a time while searching; how many steps of a large page, or of 4 MiB, from the
 * banner on are looked at, and tables for the areas. */
#define CHUNK_BYTES ((gsize) 1 << 20)
#define MAX_STEPS   256
#define STEP_BYTES  ((guint64) 4 << 20)
#define MAX_TABLES  4096

/* A root that maps nothing for user mode goes before others; before all of them one of 64 bits,
 * among whose tables may be some that could be roots of PAE. */
#define NO_USER_SCORE  0x1000
#define SCORE_OF_64    0x2000

/* Sizes of a record of a frame: usual, without control groups, and with what serves debugging.
 * Source: Linux include/linux/mm_types.h, struct page (5.10 to 7.2). */
static const guint32 record_sizes[] = { 64, 56, 72, 80, 88, 96, 112, 128 };

typedef struct
{
  const P2vSystemSearch *search;
  P2vPageTables          tables;
  P2vLinuxBareTables     found;        /* what is looked at, or being put together */
  P2vVirtualMemory      *memory;       /* by the root that was found */
  guint                  n_tables_left;
  guint32                record_bytes;
  P2vVirtAddr            records_va;   /* of frame 0's; 0 if not found */
} Search;

typedef gboolean (*PlaceFunc) (Search      *self,
                               P2vVirtAddr  va);

static gboolean
maps (const Search *self,
      P2vVirtAddr   va,
      P2vPhysAddr   pa)
{
  P2vTrail trail;

  return p2v_paging_is_canonical (self->tables.form, va) &&
         p2v_paging_translate (&self->tables, self->found.root_pa, va, &trail, NULL) &&
         trail.status == P2V_WALK_MAPPED && trail.pa == pa;
}

static gboolean
runs_at (Search      *self,
         P2vVirtAddr  banner_va)
{
  guint64 delta = banner_va - self->found.banner_pa;

  if (!maps (self, banner_va, self->found.banner_pa) ||
      !maps (self, self->found.root_pa + delta, self->found.root_pa))
    return FALSE;
  self->found.banner_va = banner_va;
  return TRUE;
}

static gboolean
read_table (const Search *self,
            guint         level_number,
            P2vPhysAddr   pa,
            guint64      *entries)
{
  return p2v_paging_read_tables (&self->tables, &self->tables.form->levels[level_number], pa, 1,
                                 entries, NULL) == P2V_READ_OK;
}

/* Whether @entry leads to a table, and where that is. */
static gboolean
is_table (const Search *self,
          guint         level_number,
          guint64       entry,
          P2vPhysAddr  *ret_pa)
{
  P2vPagingLeaf leaf = { 0 };
  P2vEntryKind kind = p2v_paging_decode (&self->tables, &self->tables.form->levels[level_number],
                                         entry, &leaf);

  *ret_pa = leaf.pa;
  return kind == P2V_ENTRY_TABLE && leaf.pa != 0;
}

/* With 64 bits: at one of the large pages from START_KERNEL_MAP on. */
static gboolean
is_root_of_64 (Search *self)
{
  const P2vPagingForm *form = self->tables.form;
  g_autofree guint64 *entries = g_new (guint64, 1u << form->levels[0].index_bits);
  P2vPhysAddr pa = self->found.root_pa;
  guint directory = form->n_levels - 2;

  for (guint i = 0; i < directory; i++)
    {
      guint index = (guint) (START_KERNEL_MAP >> form->levels[i].shift) &
                    ((1u << form->levels[i].index_bits) - 1);
      if (!read_table (self, i, pa, entries) || !is_table (self, i, entries[index], &pa))
        return FALSE;
    }
  if (!read_table (self, directory, pa, entries))
    return FALSE;
  for (guint i = 0; i < 1u << form->levels[directory].index_bits; i++)
    if (entries[i] != 0 && runs_at (self, START_KERNEL_MAP + i * LARGE_PAGE_BYTES +
                                            self->found.banner_pa % LARGE_PAGE_BYTES))
      return TRUE;
  return FALSE;
}

/* With 32 bits: in the map of memory, which begins where the kernel was configured to. */
static gboolean
is_root_of_32 (Search *self)
{
  for (gsize i = 0; i < P2V_LINUX_N_PAGE_OFFSETS; i++)
    if (self->found.banner_pa < G_MAXUINT32 - p2v_linux_page_offsets[i] &&
        runs_at (self, p2v_linux_page_offsets[i] + self->found.banner_pa))
      return TRUE;
  return FALSE;
}

static guint
get_first_kernel_slot (const Search *self)
{
  const P2vPagingLevel *level = &self->tables.form->levels[0];

  if (self->tables.form->va_bits > 32)
    return 1u << (level->index_bits - 1);
  return (guint) ((self->found.banner_va - self->found.banner_pa) >> level->shift);
}

/* How much of the kernel's half the root maps. */
static guint
get_score (const Search *self)
{
  guint n_slots = 1u << self->tables.form->levels[0].index_bits;
  guint first = get_first_kernel_slot (self), score = NO_USER_SCORE;
  g_autofree guint64 *entries = g_new (guint64, n_slots);

  if (!read_table (self, 0, self->found.root_pa, entries))
    return 0;
  for (guint i = 0; i < n_slots; i++)
    if (entries[i] != 0 && i >= first)
      score++;
    else if (entries[i] != 0)
      score &= ~(guint) NO_USER_SCORE;
  if (self->tables.form->va_bits > 32)
    score += SCORE_OF_64;
  for (guint i = 1; i < MAX_STEPS; i++)
    if (maps (self, self->found.banner_va + i * STEP_BYTES, self->found.banner_pa + i * STEP_BYTES))
      score++;
  return score;
}

/* Forms, and in which entry of a root is the image, if that is always the same one. */
static const struct
{
  const P2vPagingForm *form;
  gboolean           (*is_root) (Search *self);
  guint                slot;
} shapes[] = {
  { &p2v_paging_form_x86_64_4, is_root_of_64, 511 },
  { &p2v_paging_form_x86_64_5, is_root_of_64, 511 },
  { &p2v_paging_form_x86_pae, is_root_of_32, 0 },
  { &p2v_paging_form_x86_32, is_root_of_32, 0 },
};

/* Whether any entry of the root is one; most pages have none there. */
static gboolean
may_be_root (guint         slot,
             const guint8 *page)
{
  return slot == 0 || (page[8 * slot] & 1) != 0;
}

/* Keeps the root that @page is if it is one, and a better one than the best so far. */
static void
try_page (Search       *self,
          P2vPhysAddr   pa,
          const guint8 *page,
          guint        *best)
{
  P2vLinuxBareTables before = self->found;

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      if (!may_be_root (shapes[i].slot, page))
        continue;
      self->tables.form = shapes[i].form;
      self->tables.pa_mask = shapes[i].form->pa_mask;
      self->found.root_pa = pa;
      guint score = shapes[i].is_root (self) ? get_score (self) : 0;
      if (score <= *best)
        continue;
      *best = score;
      self->found.form = shapes[i].form;
      return;
    }
  self->found = before;
}

/* The places in the kernel's half that are multiples of a GiB and have something mapped behind
 * them, until @try_place takes one. */
static gboolean
visit_gibs (Search      *self,
            guint        level_number,
            P2vPhysAddr  pa,
            P2vVirtAddr  va,
            PlaceFunc    try_place)
{
  const P2vPagingLevel *level = &self->tables.form->levels[level_number];
  guint n_entries = 1u << level->index_bits;
  g_autofree guint64 *entries = g_new (guint64, n_entries);

  if (self->n_tables_left == 0 || !read_table (self, level_number, pa, entries))
    return FALSE;
  self->n_tables_left--;
  for (guint i = level_number == 0 ? n_entries / 2 : 0; i < n_entries; i++)
    {
      P2vVirtAddr entry_va = va | (guint64) i << level->shift;
      P2vPhysAddr next_pa;
      if (entries[i] == 0)
        continue;
      if (level->shift == GIB_SHIFT ? try_place (self, entry_va)
                                    : is_table (self, level_number, entries[i], &next_pa) &&
                                        visit_gibs (self, level_number + 1, next_pa, entry_va,
                                                    try_place))
        return TRUE;
    }
  return FALSE;
}

/* The map of all memory. */
static gboolean
try_linear (Search      *self,
            P2vVirtAddr  va)
{
  if (va >= START_KERNEL_MAP || !maps (self, va + self->found.banner_pa, self->found.banner_pa) ||
      !maps (self, va + self->found.root_pa, self->found.root_pa))
    return FALSE;
  self->found.linear_va = va + self->found.banner_pa;
  return TRUE;
}

/* The array of records of frames. In the map of all memory the same bytes stand elsewhere. */
static gboolean
try_records (Search      *self,
             P2vVirtAddr  va)
{
  P2vPhysAddr pa;
  guint64 linear_base = self->found.linear_va - self->found.banner_pa;
  guint64 pfn = self->found.banner_pa >> P2V_FRAME_SHIFT;

  if (p2v_virtual_memory_translate (self->memory, va, &pa) && va - linear_base == pa)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (record_sizes); i++)
    if (p2v_linux_has_image_records (self->memory, va + pfn * record_sizes[i], record_sizes[i]))
      {
        self->record_bytes = record_sizes[i];
        self->records_va = va;
        return TRUE;
      }
  return FALSE;
}

static gboolean
visit_areas (Search    *self,
             PlaceFunc  try_place)
{
  self->n_tables_left = MAX_TABLES;
  return visit_gibs (self, 0, self->found.root_pa, G_MAXUINT64 << self->tables.form->va_bits,
                     try_place);
}

/* With 32 bits the image is in the map of all memory. */
static gboolean
find_linear (Search *self)
{
  self->found.linear_va = self->found.banner_va;
  return self->tables.form->va_bits <= 32 || visit_areas (self, try_linear);
}

/* Reads a chunk; pages that are not in the image are empty. */
static void
read_chunk (P2vImage    *image,
            P2vPhysAddr  pa,
            guint8      *buffer)
{
  if (p2v_image_read (image, pa, buffer, CHUNK_BYTES, NULL) == P2V_READ_OK)
    return;
  for (gsize at = 0; at < CHUNK_BYTES; at += P2V_FRAME_SIZE)
    if (p2v_image_read (image, pa + at, buffer + at, P2V_FRAME_SIZE, NULL) != P2V_READ_OK)
      memset (buffer + at, 0, P2V_FRAME_SIZE);
}

gboolean
p2v_linux_find_x86_tables (const P2vSystemSearch *search,
                           P2vPhysAddr            banner_pa,
                           P2vLinuxBareTables    *ret_found)
{
  Search self = { .search = search, .tables.image = search->image, .found.banner_pa = banner_pa };
  const guint64 distance = P2V_LINUX_IMAGE_DISTANCE;
  P2vPhysAddr start_pa = (banner_pa > distance ? banner_pa - distance : 0) & ~(CHUNK_BYTES - 1);
  g_autofree guint8 *buffer = g_malloc (CHUNK_BYTES);
  guint best = 0;

  for (P2vPhysAddr pa = start_pa; pa - start_pa < 2 * distance; pa += CHUNK_BYTES)
    {
      if (g_cancellable_is_cancelled (search->cancellable))
        return FALSE;
      read_chunk (search->image, pa, buffer);
      for (gsize at = 0; at < CHUNK_BYTES; at += P2V_FRAME_SIZE)
        try_page (&self, pa + at, buffer + at, &best);
    }
  if (best == 0)
    return FALSE;
  self.tables.form = self.found.form;
  self.tables.pa_mask = self.found.form->pa_mask;
  if (!find_linear (&self))
    return FALSE;
  *ret_found = self.found;
  return TRUE;
}

/* Where the records are, in the words of another processor's kernels: x86 has a variable. */
static void
add_records (GHashTable               *info,
             P2vImage                 *image,
             const P2vLinuxBareTables *found)
{
  Search self = { .tables = { .image = image, .form = found->form,
                              .pa_mask = found->form->pa_mask },
                  .found = *found };

  self.memory = p2v_virtual_memory_new (&self.tables, found->root_pa);
  if (found->form->va_bits > 32 && visit_areas (&self, try_records))
    {
      p2v_linux_add_info (info, "NUMBER(PHYS_OFFSET)", g_strdup ("0x0"));
      p2v_linux_add_info (info, "NUMBER(VMEMMAP_START)",
                          g_strdup_printf ("0x%" PRIx64, self.records_va));
      p2v_linux_add_info (info, "SIZE(page)", g_strdup_printf ("%u", self.record_bytes));
    }
  p2v_virtual_memory_free (self.memory);
}

GHashTable *
p2v_linux_make_x86_info (P2vImage                 *image,
                         const P2vLinuxBareTables *found,
                         const char               *release)
{
  GHashTable *info = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  guint64 delta = found->banner_va - found->banner_pa;

  p2v_linux_add_info (info, "OSRELEASE", g_strdup (release));
  p2v_linux_add_info (info, "PAGESIZE", g_strdup ("4096"));
  p2v_linux_add_info (info, "SYMBOL(swapper_pg_dir)",
                      g_strdup_printf ("%" PRIx64, found->root_pa + delta));
  if (found->form->va_bits > 32)
    p2v_linux_add_info (info, "NUMBER(phys_base)",
                        g_strdup_printf ("%" PRId64, (gint64) (START_KERNEL_MAP - delta)));
  if (found->form == &p2v_paging_form_x86_64_5)
    p2v_linux_add_info (info, "NUMBER(pgtable_l5_enabled)", g_strdup ("1"));
  if (found->form == &p2v_paging_form_x86_pae)
    p2v_linux_add_info (info, "CONFIG_X86_PAE", g_strdup ("y"));
  add_records (info, image, found);
  return info;
}
