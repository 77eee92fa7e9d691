/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* A kernel's root page table, found by what it maps, where no symbol says where it is.
 *
 * The root is a part of the kernel's image, as the banner is, so it stands near it; and from it the
 * banner is mapped at least twice: where the kernel runs, and in the map of all memory. Where the
 * kernel runs the root is mapped, too, just as far from the banner as in memory, which no table
 * below it is, nor one of an earlier boot whose frames have been given away. Of the two places the
 * kernel runs at that to which the pointers around the banner lead.
 *
 * In a flat image nothing says where its first byte belongs, but the tables name each other by
 * their real addresses: the place is right for which each leads to another one. */

#include "config.h"

#include <string.h>

#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-bare.h"

/* Of 64-bit Arm; each kernel uses one. */
static const P2vPagingForm *const forms[] = {
  &p2v_paging_form_aarch64_4k_39,  &p2v_paging_form_aarch64_4k_48,
  &p2v_paging_form_aarch64_4k_52,  &p2v_paging_form_aarch64_16k_36,
  &p2v_paging_form_aarch64_16k_47, &p2v_paging_form_aarch64_16k_48,
  &p2v_paging_form_aarch64_16k_52, &p2v_paging_form_aarch64_64k_42,
  &p2v_paging_form_aarch64_64k_48, &p2v_paging_form_aarch64_64k_52,
};

/* What is read at a time while searching. */
#define CHUNK_BYTES ((gsize) 1 << 20)

/* Memory begins at a multiple of this. Source: Linux Documentation/arch/arm64/booting.rst: the
 * kernel's image is placed relative to a 2 MiB aligned base. */
#define BASE_STEP ((guint64) 2 << 20)

/* Places at which a frame may be mapped; two are wanted, a few more do not matter. */
#define MAX_PLACES 8

/* Of a table that is one nearly all entries make sense; some of the kernel's are made invalid and
 * keep what they had. */
#define MAX_STRANGE_SHARE 4

/* Bits of an entry that leads to a table which Linux leaves clear, beside those that are a part of
 * the address: those of pages have some of them. Source: Linux
 * arch/arm64/include/asm/pgtable-hwdef.h, PMD_TYPE_TABLE, PMD_TABLE_AF (bit 10, 7.2). */
#define CLEAR_IN_TABLES (((guint64) 0x7f << 52) | 0xbfc)

/* What is looked at around the banner for pointers, and how far from it they may lead: read-only
 * data of kernels is full of them, for all tables of functions are there. */
#define POINTERS_BYTES   ((gsize) 512 << 10)
#define POINTER_DISTANCE ((guint64) 64 << 20)
#define LEAST_POINTERS   64

typedef struct
{
  P2vPhysAddr pa;              /* of the frame's byte that is looked for */
  guint       n_places;
  P2vVirtAddr places[MAX_PLACES];
} Wanted;

typedef struct
{
  const P2vSystemSearch *search;
  P2vPageTables          tables;
  P2vPhysAddr            base_pa;      /* of the image's first byte, beside what it says itself */
  Wanted                 banner;
  Wanted                 root;
  guint64                n_tables;
  guint64                max_tables;
  gboolean               is_sound;     /* all tables so far can be some */
} Walk;

static void
note_page (Wanted              *self,
           const P2vPagingLeaf *leaf,
           guint                shift,
           P2vVirtAddr          va)
{
  guint64 offset = self->pa - leaf->pa;

  if (offset < (guint64) 1 << shift && self->n_places < MAX_PLACES)
    self->places[self->n_places++] = va + offset;
}

static P2vEntryKind
decode (const Walk    *self,
        guint          level_number,
        guint64        entry,
        P2vPagingLeaf *ret_leaf)
{
  return p2v_paging_decode (&self->tables, &self->tables.form->levels[level_number], entry,
                            ret_leaf);
}

/* Whether a table may be at @pa, as the tables say it. */
static gboolean
is_place_of_table (const Walk  *self,
                   guint        level_number,
                   P2vPhysAddr  pa)
{
  guint64 bytes =
    p2v_paging_get_table_bytes (self->tables.form, &self->tables.form->levels[level_number]);

  return pa >= self->base_pa && pa % bytes == 0 &&
         p2v_image_contains (self->search->image, pa - self->base_pa);
}

static void visit_table (Walk        *self,
                         guint        level_number,
                         P2vPhysAddr  pa,
                         P2vVirtAddr  va);

/* Returns whether the entry makes sense. */
static gboolean
visit_entry (Walk        *self,
             guint        level_number,
             guint64      entry,
             P2vVirtAddr  va)
{
  P2vPagingLeaf leaf;

  switch (decode (self, level_number, entry, &leaf))
    {
    case P2V_ENTRY_TABLE:
      if (!is_place_of_table (self, level_number + 1, leaf.pa))
        return FALSE;
      visit_table (self, level_number + 1, leaf.pa, va);
      return TRUE;
    case P2V_ENTRY_PAGE:
      note_page (&self->banner, &leaf, self->tables.form->levels[level_number].shift, va);
      note_page (&self->root, &leaf, self->tables.form->levels[level_number].shift, va);
      return TRUE;
    case P2V_ENTRY_EMPTY:
    case P2V_ENTRY_ABSENT:
    case P2V_ENTRY_INDIRECT:
    case P2V_ENTRY_MALFORMED:
      break;
    }
  return FALSE;
}

/* Goes through a table and all below it, as deep as the form has levels, until something is no
 * table. */
static void
visit_table (Walk        *self,
             guint        level_number,
             P2vPhysAddr  pa,
             P2vVirtAddr  va)
{
  const P2vPagingLevel *level = &self->tables.form->levels[level_number];
  guint n_entries = 1u << level->index_bits, n_used = 0, n_strange = 0;
  g_autofree guint64 *entries = g_new (guint64, n_entries);

  self->n_tables++;
  self->is_sound = self->is_sound && self->n_tables <= self->max_tables &&
                   p2v_paging_read_tables (&self->tables, level, pa - self->base_pa, 1, entries,
                                           NULL) == P2V_READ_OK;
  for (guint i = 0; i < n_entries && self->is_sound; i++)
    {
      if (entries[i] == 0)
        continue;
      n_used++;
      n_strange += !visit_entry (self, level_number, entries[i], va | (guint64) i << level->shift);
    }
  self->is_sound = self->is_sound && n_strange <= n_used / MAX_STRANGE_SHARE;
}

/* The pointers around the banner that lead to where it is mapped at @banner_va. */
static guint
count_pointers (const Walk  *self,
                P2vVirtAddr  banner_va)
{
  P2vPhysAddr banner_pa = self->banner.pa - self->base_pa;
  P2vPhysAddr start_pa = banner_pa > POINTERS_BYTES ? banner_pa - POINTERS_BYTES : 0;
  g_autofree guint8 *buffer = g_malloc (CHUNK_BYTES);
  guint n = 0;

  if (p2v_image_read (self->search->image, start_pa & ~(P2V_FRAME_SIZE - 1), buffer, CHUNK_BYTES,
                      NULL) != P2V_READ_OK)
    return 0;
  for (gsize at = 0; at < CHUNK_BYTES; at += sizeof (guint64))
    {
      guint64 raw;
      memcpy (&raw, buffer + at, sizeof raw);
      n += GUINT64_FROM_LE (raw) - (banner_va - POINTER_DISTANCE) < 2 * POINTER_DISTANCE;
    }
  return n;
}

/* Where the kernel runs: the banner is there, and the root just as far from it as in memory. */
static gboolean
choose_places (const Walk        *self,
               P2vLinuxBareTables *ret_found)
{
  guint best = LEAST_POINTERS - 1;

  for (guint i = 0; i < self->banner.n_places; i++)
    for (guint j = 0; j < self->root.n_places; j++)
      {
        P2vVirtAddr banner_va = self->banner.places[i];
        if (self->root.places[j] - banner_va != self->root.pa - self->banner.pa)
          continue;
        guint n = count_pointers (self, banner_va);
        if (n <= best)
          continue;
        best = n;
        ret_found->banner_va = banner_va;
      }
  if (best < LEAST_POINTERS)
    return FALSE;
  for (guint i = 0; i < self->banner.n_places; i++)
    if (self->banner.places[i] != ret_found->banner_va)
      {
        ret_found->linear_va = self->banner.places[i];
        return TRUE;
      }
  return FALSE;
}

/* Whether the tables below the root are some if the image's first byte is at @base_pa, and then
 * whether they are the kernel's. */
static gboolean
try_base (Walk               *self,
          P2vPhysAddr         root_pa,
          P2vPhysAddr         banner_pa,
          P2vPhysAddr         base_pa,
          P2vLinuxBareTables *ret_found)
{
  self->base_pa = base_pa;
  self->banner = (Wanted) { .pa = banner_pa + base_pa };
  self->root = (Wanted) { .pa = root_pa + base_pa };
  self->n_tables = 0;
  self->is_sound = TRUE;
  visit_table (self, 0, self->root.pa, G_MAXUINT64 << self->tables.form->va_bits);
  if (!self->is_sound || !choose_places (self, ret_found))
    return FALSE;
  ret_found->form = self->tables.form;
  ret_found->root_pa = self->root.pa;
  ret_found->banner_pa = self->banner.pa;
  ret_found->base_pa = base_pa;
  return TRUE;
}

/* The least and the greatest table that a root names; FALSE if its page cannot be a root. */
static gboolean
look_at_root (const Walk   *self,
              const guint8 *bytes,
              gsize         length,
              P2vPhysAddr  *ret_first_pa,
              P2vPhysAddr  *ret_last_pa)
{
  guint n_entries = MIN (1u << self->tables.form->levels[0].index_bits,
                         (guint) (length / sizeof (guint64)));
  guint64 size = p2v_image_get_memory_size (self->search->image);
  guint64 move_mask = self->tables.form->levels[0].table_move.mask;

  *ret_first_pa = G_MAXUINT64;
  *ret_last_pa = 0;
  for (guint i = 0; i < n_entries; i++)
    {
      guint64 raw;
      P2vPagingLeaf leaf;
      memcpy (&raw, bytes + i * sizeof raw, sizeof raw);
      P2vEntryKind kind = decode (self, 0, GUINT64_FROM_LE (raw), &leaf);
      if (kind == P2V_ENTRY_EMPTY || kind == P2V_ENTRY_PAGE)
        continue;
      if (kind != P2V_ENTRY_TABLE || leaf.pa % P2V_FRAME_SIZE != 0 ||
          (GUINT64_FROM_LE (raw) & CLEAR_IN_TABLES & ~move_mask) != 0)
        return FALSE;
      *ret_first_pa = MIN (*ret_first_pa, leaf.pa);
      *ret_last_pa = MAX (*ret_last_pa, leaf.pa);
    }
  return *ret_first_pa <= *ret_last_pa &&
         (self->search->ret_base_pa == NULL || *ret_last_pa - *ret_first_pa < size);
}

static gboolean
try_root (Walk               *self,
          P2vPhysAddr         root_pa,
          P2vPhysAddr         banner_pa,
          const guint8       *bytes,
          gsize               length,
          P2vLinuxBareTables *ret_found)
{
  guint64 size = p2v_image_get_memory_size (self->search->image);
  P2vPhysAddr first_pa, last_pa;

  if (!look_at_root (self, bytes, length, &first_pa, &last_pa))
    return FALSE;
  if (try_base (self, root_pa, banner_pa, 0, ret_found))
    return TRUE;
  if (self->search->ret_base_pa == NULL)
    return FALSE;
  P2vPhysAddr least_pa = last_pa < size ? BASE_STEP : (last_pa - size) & ~(BASE_STEP - 1);
  for (P2vPhysAddr base_pa = MAX (least_pa, BASE_STEP); base_pa <= first_pa; base_pa += BASE_STEP)
    if (try_base (self, root_pa, banner_pa, base_pa, ret_found))
      return TRUE;
  return FALSE;
}

/* As a root of each form whose roots may begin there. */
static gboolean
try_page (Walk               *self,
          P2vPhysAddr         pa,
          P2vPhysAddr         banner_pa,
          const guint8       *bytes,
          gsize               length,
          P2vLinuxBareTables *ret_found)
{
  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      const P2vPagingForm *form = forms[i];
      if (pa % ((guint64) 1 << form->levels[form->n_levels - 1].shift) != 0)
        continue;
      self->tables.form = form;
      self->tables.pa_mask = form->pa_mask;
      if (try_root (self, pa, banner_pa, bytes, length, ret_found))
        return TRUE;
    }
  return FALSE;
}

gboolean
p2v_linux_find_bare_tables (const P2vSystemSearch  *search,
                            P2vPhysAddr             banner_pa,
                            P2vLinuxBareTables     *ret_found)
{
  Walk self = { .search = search,
                .tables.image = search->image,
                .max_tables = p2v_paging_max_tables (search->image) };
  const guint64 distance = P2V_LINUX_IMAGE_DISTANCE;
  P2vPhysAddr start_pa = (banner_pa > distance ? banner_pa - distance : 0) & ~(CHUNK_BYTES - 1);
  g_autofree guint8 *buffer = g_malloc (CHUNK_BYTES);

  for (P2vPhysAddr pa = start_pa; pa - start_pa < 2 * distance; pa += CHUNK_BYTES)
    {
      if (g_cancellable_is_cancelled (search->cancellable))
        return FALSE;
      if (p2v_image_read (search->image, pa, buffer, CHUNK_BYTES, NULL) != P2V_READ_OK)
        continue;
      for (gsize at = 0; at < CHUNK_BYTES; at += P2V_FRAME_SIZE)
        if (try_page (&self, pa + at, banner_pa, buffer + at, CHUNK_BYTES - at, ret_found))
          return TRUE;
    }
  return FALSE;
}
