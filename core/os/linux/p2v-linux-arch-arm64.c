/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Linux on 64-bit Arm processors. */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/p2v-limits.h"
#include "os/linux/p2v-linux-areas.h"
#include "os/linux/p2v-linux-swap.h"

/* An entry that the processor does not accept but that keeps its page. To 6.9 it has a bit of its
 * own; from 6.10 on it has the bit of pages that are not global, which no swap entry has. Source:
 * Linux arch/arm64/include/asm/pgtable-prot.h, PTE_PROT_NONE (6.9), PTE_PRESENT_INVALID (6.10). */
#define PROT_NONE_TO_6_9    ((guint64) 1 << 58)
#define PROT_NONE_FROM_6_10 ((guint64) 1 << 11)

/* Of a large page while it is split or moved. Source: as above, PMD_PRESENT_INVALID (6.1). */
#define INVALID_BLOCK_TO_6_9 ((guint64) 1 << 59)

/* Source: Linux arch/arm64/include/asm/pgtable-prot.h, PTE_SPECIAL. */
#define PTE_SPECIAL ((guint64) 1 << 56)

/* Source: Linux arch/arm64/include/asm/pgtable-prot.h, PTE_UFFD_WP (6.10); the bit was
 * PROT_NONE_TO_6_9 before. */
#define PTE_UFFD_WP ((guint64) 1 << 58)

/* The least address of the kernel's half, with 52 bits of a virtual address. Source: Linux
 * arch/arm64/include/asm/memory.h, PAGE_OFFSET. */
#define LEAST_KERNEL_VA ((guint64) 0xfff0000000000000)

#define MAX_ID_BYTES 32

/* Memory begins at a multiple of this. Source: Linux Documentation/arch/arm64/booting.rst: the
 * kernel's image is placed relative to a 2 MiB aligned base. */
#define BASE_STEP ((guint64) 2 << 20)

static gboolean
is_release_from (const P2vLinux *self,
                 guint           wanted_major,
                 guint           wanted_minor)
{
  const char *release = g_hash_table_lookup (self->vmcoreinfo, "OSRELEASE");
  guint major, minor;

  return sscanf (release, "%5u.%5u", &major, &minor) == 2 &&
         (major > wanted_major || (major == wanted_major && minor >= wanted_minor));
}

/* There is no sign of the change but the release's number. */
static guint64
get_prot_none_bit (const P2vLinux *self)
{
  return is_release_from (self, 6, 10) ? PROT_NONE_FROM_6_10 : PROT_NONE_TO_6_9;
}

static P2vForeignKind
decode_foreign (gconstpointer         system_data,
                const P2vPagingLevel *level,
                guint64               entry,
                P2vPhysAddr          *ret_pa,
                P2vState             *ret_state)
{
  const P2vLinux *self = system_data;
  P2vPageTest test = p2v_paging_get_page_test (&self->tables, level);
  gboolean is_block = level->table_value != P2V_PAGING_NEVER;
  guint64 kept_bits = self->prot_none_bit;

  if (kept_bits == PROT_NONE_TO_6_9 && is_block)
    kept_bits |= INVALID_BLOCK_TO_6_9;
  /* A level that never maps pages has a test that nothing passes. */
  if (!(entry & kept_bits) || test.mask == 0)
    return p2v_linux_decode_swap (level, ret_state);
  *ret_state = P2V_STATE_PROT_NONE;
  *ret_pa = (entry & test.pa_mask) | (entry & test.move.mask) << test.move.left;
  return P2V_FOREIGN_PAGE;
}

static gboolean
is_from_6_10 (const P2vLinux *self)
{
  return self->prot_none_bit == PROT_NONE_FROM_6_10;
}

/* Pages and entries came to be marked as belonging to one process only at the same time; where no
 * types name flags the release's number must do. Source: Linux commit 570ef363509b "arm64/pgtable:
 * support __HAVE_ARCH_PTE_SWP_EXCLUSIVE" (5.19). */
static gboolean
is_from_5_19 (const P2vLinux *self)
{
  gint64 bit;

  if (p2v_type_source_find_enumerator (self->types, "PG_locked", &bit))
    return p2v_type_source_find_enumerator (self->types, "PG_anon_exclusive", &bit);
  return is_release_from (self, 5, 19);
}

/* Source: Linux arch/arm64/include/asm/pgtable.h, __SWP_TYPE_SHIFT, __SWP_OFFSET_SHIFT and their
 * widths (6.12, 6.1, 5.18). */
static const P2vLinuxSwapLayout swap_layouts[] = {
  { .type_shift = 6, .type_bits = 5, .offset_shift = 12, .offset_bits = 50,
    .is_used = is_from_6_10 },
  { .type_shift = 3, .type_bits = 5, .offset_shift = 8, .offset_bits = 50,
    .is_used = is_from_5_19 },
  { .type_shift = 2, .type_bits = 6, .offset_shift = 8, .offset_bits = 50 },
  { .type_bits = 0 },
};

static gboolean
get_voffset (GHashTable *info,
             guint64    *ret_delta)
{
  return p2v_linux_get_info_hex (info, "kimage_voffset", ret_delta) && *ret_delta != 0;
}

static gboolean
is_arm64 (GHashTable *info)
{
  guint64 delta;

  return get_voffset (info, &delta);
}

/* The bits of a virtual address that page tables translate. With pages of 64 KiB a kernel built for
 * 52 bits makes its tables so whatever the machine has; with smaller ones it leaves a level out, so
 * the size in use counts. Source: Linux arch/arm64/include/asm/pgtable.h, pgtable_l5_enabled();
 * arch/arm64/kernel/vmcore_info.c. */
static gint64
get_va_bits (GHashTable *info,
             guint64     page_bytes)
{
  gint64 va_bits = 0;
  const char *t1sz = g_hash_table_lookup (info, "NUMBER(TCR_EL1_T1SZ)");
  guint64 unused_bits;

  if (page_bytes < 65536 && t1sz != NULL && g_str_has_prefix (t1sz, "0x") &&
      g_ascii_string_to_unsigned (t1sz + 2, 16, 12, 32, &unused_bits, NULL))
    return 64 - (gint64) unused_bits;
  (void) !p2v_linux_get_info_number (info, "VA_BITS", &va_bits);
  return va_bits;
}

static gboolean
open_arm64 (P2vLinux    *self,
            P2vVirtAddr  root_va)
{
  const char *page_size = g_hash_table_lookup (self->vmcoreinfo, "PAGESIZE");
  char id[MAX_ID_BYTES];
  guint64 page_bytes;

  if (!get_voffset (self->vmcoreinfo, &self->delta) ||
      !g_ascii_string_to_unsigned (page_size, 10, 4096, 65536, &page_bytes, NULL))
    return FALSE;
  g_snprintf (id, sizeof id, "aarch64-%uk-%u", (guint) (page_bytes / 1024),
              (guint) get_va_bits (self->vmcoreinfo, page_bytes));
  self->tables.form = p2v_paging_form_find (id);
  if (self->tables.form == NULL)
    return FALSE;
  self->root_pa = root_va - self->delta;
  self->least_kernel_va = LEAST_KERNEL_VA;
  self->prot_none_bit = get_prot_none_bit (self);
  self->tables.pa_mask = self->tables.form->pa_mask;
  self->tables.n_user_root_slots = 1u << self->tables.form->levels[0].index_bits;
  return TRUE;
}

static gboolean
read_entry (const P2vLinux *self,
            P2vPhysAddr     base_pa,
            P2vPhysAddr     pa,
            guint64        *ret_entry)
{
  guint64 raw;

  if (pa < base_pa ||
      p2v_image_read (self->image, pa - base_pa, &raw, sizeof raw, NULL) != P2V_READ_OK)
    return FALSE;
  *ret_entry = GUINT64_FROM_LE (raw);
  return TRUE;
}

/* Whether the page tables lead to themselves, if the image's first byte is at @base_pa. */
static gboolean
leads_to_itself (const P2vLinux *self,
                 P2vVirtAddr     root_va,
                 P2vPhysAddr     base_pa)
{
  const P2vPagingForm *form = self->tables.form;
  P2vPagingLeaf leaf = { .pa = self->root_pa };
  P2vEntryKind kind = P2V_ENTRY_TABLE;
  guint64 entry;
  guint i;

  for (i = 0; kind == P2V_ENTRY_TABLE && i < form->n_levels; i++)
    {
      const P2vPagingLevel *level = &form->levels[i];
      guint64 index = root_va >> level->shift & (((guint64) 1 << level->index_bits) - 1);
      if (!read_entry (self, base_pa, leaf.pa + index * form->entry_bytes, &entry))
        return FALSE;
      kind = p2v_paging_decode (&self->tables, level, entry, &leaf);
    }
  guint64 offset_mask = ((guint64) 1 << form->levels[i - 1].shift) - 1;
  return kind == P2V_ENTRY_PAGE && (leaf.pa | (root_va & offset_mask)) == self->root_pa;
}

/* The root stands somewhere in the image. */
static gboolean
find_base (const P2vLinux *self,
           P2vVirtAddr     root_va,
           P2vPhysAddr    *ret_base_pa)
{
  guint64 size = p2v_image_get_memory_size (self->image);
  P2vPhysAddr first = self->root_pa < size ? 0 : (self->root_pa - size) & ~(BASE_STEP - 1);

  if (leads_to_itself (self, root_va, 0))
    return FALSE;
  for (P2vPhysAddr base_pa = first; base_pa <= self->root_pa; base_pa += BASE_STEP)
    if (leads_to_itself (self, root_va, base_pa))
      {
        *ret_base_pa = base_pa;
        return TRUE;
      }
  return FALSE;
}

const P2vLinuxArch p2v_linux_arch_arm64 = {
  .name = "arm64",
  .word_bytes = 8,
  .decode_foreign = decode_foreign,
  .swap_layouts = swap_layouts,
  .special_mask = PTE_SPECIAL,
  .uffd_wp_mask = PTE_UFFD_WP,
  .has_uffd_wp = is_from_6_10,
  .add_areas = p2v_linux_add_areas_of_arm64,
  .is_meant = is_arm64,
  .open_page_tables = open_arm64,
  .find_base = find_base,
};
