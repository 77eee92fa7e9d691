/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Linux on x86 processors. */

#include "config.h"

#include <string.h>

#include "base/p2v-limits.h"
#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-areas.h"
#include "os/linux/p2v-linux-swap.h"

/* An entry that the processor does not accept but that keeps its page. Source: Linux
 * arch/x86/include/asm/pgtable_types.h: _PAGE_PROTNONE is the global bit, _PAGE_PSE marks large
 * pages, _PAGE_USER those of processes, _PAGE_SPECIAL those that are not counted,
 * _PAGE_UFFD_WP (x86-64 only) those that userfaultfd keeps from writing. */
#define PAGE_PROTNONE ((guint64) 1 << 8)
#define PAGE_PSE      ((guint64) 1 << 7)
#define PAGE_USER     ((guint64) 1 << 2)
#define PAGE_SPECIAL  ((guint64) 1 << 9)
#define PAGE_UFFD_WP  ((guint64) 1 << 10)

/* Where the kernel's image is linked on x86-64; its physical address is this far below plus
 * phys_base. Source: Linux arch/x86/include/asm/page_64_types.h __START_KERNEL_map. */
#define START_KERNEL_MAP ((guint64) 0xffffffff80000000)

/* With page-table isolation, where user mode sees its local descriptor table: of roots with four
 * and with five levels the same entry. Source: Linux arch/x86/include/asm/pgtable_64_types.h
 * LDT_PGD_ENTRY (4.20): -240. */
#define LDT_ROOT_SLOT 272

/* The least address of the kernel's half, with five levels of page tables. Source: Linux
 * Documentation/arch/x86/x86_64/mm.rst. */
#define LEAST_KERNEL_VA_64 ((guint64) 0xff00000000000000)

/* Where the kernel's half starts on i386, as a kernel may be configured; its image lies in the
 * linear map, so this is also how far virtual addresses are above physical ones. Source: Linux
 * arch/x86/Kconfig, PAGE_OFFSET. */
const guint64 p2v_linux_page_offsets[P2V_LINUX_N_PAGE_OFFSETS] = {
  0xc0000000, 0xb0000000, 0x80000000, 0x78000000, 0x40000000,
};

/* Physical addresses in entries of a PAE kernel. Source: Linux
 * arch/x86/include/asm/page_32_types.h, __PHYSICAL_MASK_SHIFT. */
#define PAE_PHYSICAL_BITS 44

/* With page-table isolation mm->pgd is the kernel's copy of the root; user mode runs on the other
 * one in the frame behind. Source: Linux arch/x86/include/asm/pgtable.h, PTI_PGTABLE_SWITCH_BIT. */
#define USER_COPY_BYTES P2V_FRAME_SIZE

/* Whether @entry is one that the processor ignores but that keeps its page. A large page of a
 * process has only PAGE_PSE while it is changed. Source: Linux arch/x86/include/asm/pgtable.h,
 * pmd_present(). */
static gboolean
is_prot_none (const P2vPagingLevel *level,
              guint64               entry)
{
  gboolean is_large = level->shift != P2V_FRAME_SHIFT;

  if (is_large)
    return level->page_mask != 0 && (entry & PAGE_PSE) && (entry & (PAGE_PROTNONE | PAGE_USER));
  return (entry & PAGE_PROTNONE) != 0;
}

/* The fix of L1TF came with this function, which is never left out. Source: Linux commit
 * 42e4089c7890 "x86/speculation/l1tf: Disallow non privileged high MMIO PROT_NONE mappings"
 * (4.19). A kernel of which no symbols are known is taken for a newer one. */
static gboolean
has_l1tf_fix (const P2vLinux *self)
{
  guint64 va;

  return self->symbol_table == NULL || p2v_symbol_table_get_n_symbols (self->symbol_table) == 0 ||
         p2v_symbol_table_find (self->symbol_table, "pfn_modify_allowed", &va);
}

/* Source: Linux arch/x86/include/asm/pgtable_64.h, SWP_OFFSET_SHIFT and SWP_TYPE_BITS (4.19; 4.8;
 * 4.7). */
static const P2vLinuxSwapLayout swap_layouts_of_64_bits[] = {
  { .type_shift = 59, .type_bits = 5, .offset_shift = 9, .offset_bits = 50, .is_inverted = TRUE,
    .is_used = has_l1tf_fix },
  { .type_shift = 9, .type_bits = 5, .offset_shift = 14, .offset_bits = 50 },
  { .type_shift = 1, .type_bits = 6, .offset_shift = 8, .offset_bits = 56 },
  { .type_bits = 0 },
};

/* Source: Linux arch/x86/include/asm/pgtable-3level.h, SWP_OFFSET_SHIFT (4.19), __swp_offset
 * (4.18). */
static const P2vLinuxSwapLayout swap_layouts_of_pae[] = {
  { .type_shift = 59, .type_bits = 5, .offset_shift = 9, .offset_bits = 50, .is_inverted = TRUE,
    .is_used = has_l1tf_fix },
  { .type_shift = 32, .type_bits = 5, .offset_shift = 37, .offset_bits = 27 },
  { .type_bits = 0 },
};

/* Source: Linux arch/x86/include/asm/pgtable-2level.h, _SWP_TYPE_SHIFT, SWP_OFFSET_SHIFT (6.1). */
static const P2vLinuxSwapLayout swap_layouts_of_32_bits[] = {
  { .type_shift = 1, .type_bits = 5, .offset_shift = 9, .offset_bits = 23 },
  { .type_bits = 0 },
};

/* Since the L1TF fix the kernel stores the address of such an entry with all bits inverted.
 * Source: Linux commit 6b28baca9b1f "x86/speculation/l1tf: Protect PROT_NONE PTEs against
 * speculation" (4.19). Older kernels store it plainly: of the two readings the one inside the image
 * is meant. */
static P2vForeignKind
decode_inverted (gconstpointer         system_data,
                 const P2vPagingLevel *level,
                 guint64               entry,
                 P2vPhysAddr          *ret_pa,
                 P2vState             *ret_state)
{
  const P2vLinux *self = system_data;
  guint64 address_mask = self->tables.pa_mask & ~(((guint64) 1 << level->shift) - 1);
  P2vPhysAddr inverted = ~entry & address_mask;
  P2vPhysAddr plain = entry & address_mask;

  if (!is_prot_none (level, entry))
    return p2v_linux_decode_swap (level, ret_state);
  *ret_state = P2V_STATE_PROT_NONE;
  *ret_pa = inverted;
  if (!p2v_image_contains (self->image, inverted) && p2v_image_contains (self->image, plain))
    *ret_pa = plain;
  return P2V_FOREIGN_PAGE;
}

/* Entries of 32 bits are not inverted: there are no bits to spare. Source: Linux
 * arch/x86/include/asm/pgtable-2level.h, protnone_mask(). */
static P2vForeignKind
decode_plain (gconstpointer         system_data,
              const P2vPagingLevel *level,
              guint64               entry,
              P2vPhysAddr          *ret_pa,
              P2vState             *ret_state)
{
  const P2vLinux *self = system_data;
  P2vPageTest test = p2v_paging_get_page_test (&self->tables, level);

  if (!is_prot_none (level, entry))
    return p2v_linux_decode_swap (level, ret_state);
  *ret_state = P2V_STATE_PROT_NONE;
  *ret_pa = (entry & test.pa_mask) | (entry & test.move.mask) << test.move.left;
  return P2V_FOREIGN_PAGE;
}

/* No kernel for x86 has others. */
static gboolean
has_small_pages (GHashTable *info)
{
  return g_strcmp0 (g_hash_table_lookup (info, "PAGESIZE"), "4096") == 0;
}

static gboolean
is_x86_64 (GHashTable *info)
{
  gint64 phys_base;

  return p2v_linux_get_info_number (info, "phys_base", &phys_base);
}

static gboolean
open_x86_64 (P2vLinux    *self,
             P2vVirtAddr  root_va)
{
  gint64 phys_base, five_levels = 0, sme_mask = 0;

  if (!p2v_linux_get_info_number (self->vmcoreinfo, "phys_base", &phys_base) ||
      !has_small_pages (self->vmcoreinfo))
    return FALSE;
  /* Tables of arm64 can be read as such, but they are elsewhere. */
  if (root_va < START_KERNEL_MAP)
    return FALSE;
  /* Both are absent where they are 0. */
  (void) !p2v_linux_get_info_number (self->vmcoreinfo, "pgtable_l5_enabled", &five_levels);
  (void) !p2v_linux_get_info_number (self->vmcoreinfo, "sme_mask", &sme_mask);

  self->delta = START_KERNEL_MAP - (guint64) phys_base;
  self->least_kernel_va = LEAST_KERNEL_VA_64;
  self->root_pa = root_va - self->delta;
  self->tables.form = five_levels ? &p2v_paging_form_x86_64_5 : &p2v_paging_form_x86_64_4;
  self->tables.pa_mask = self->tables.form->pa_mask & ~(guint64) sme_mask;
  self->tables.n_user_root_slots = 1u << (self->tables.form->levels[0].index_bits - 1);
  self->tables.own_root_slot = LDT_ROOT_SLOT;
  return TRUE;
}

static gboolean
is_i386 (GHashTable *info)
{
  guint64 root_va;

  return p2v_linux_get_info_symbol (info, "swapper_pg_dir", &root_va) && root_va <= G_MAXUINT32 &&
         g_hash_table_lookup (info, "CONFIG_X86_PAE") == NULL;
}

static gboolean
is_i386_pae (GHashTable *info)
{
  return g_hash_table_lookup (info, "CONFIG_X86_PAE") != NULL;
}

/* Whether the kernel's half starts at @page_offset: then its page tables lead to themselves. */
static gboolean
try_page_offset (P2vLinux    *self,
                 P2vVirtAddr  root_va,
                 guint64      page_offset)
{
  P2vTrail trail;

  self->delta = page_offset;
  self->least_kernel_va = page_offset;
  self->root_pa = root_va - page_offset;
  self->tables.n_user_root_slots = (guint) (page_offset >> self->tables.form->levels[0].shift);
  return root_va > page_offset &&
         p2v_paging_translate (&self->tables, self->root_pa, root_va, &trail, NULL) &&
         trail.status == P2V_WALK_MAPPED && trail.pa == self->root_pa;
}

static gboolean
try_page_offsets (P2vLinux    *self,
                  P2vVirtAddr  root_va)
{
  gboolean found = FALSE;

  for (gsize i = 0; i < P2V_LINUX_N_PAGE_OFFSETS && !found; i++)
    found = try_page_offset (self, root_va, p2v_linux_page_offsets[i]);
  return found && has_small_pages (self->vmcoreinfo);
}

static gboolean
open_i386 (P2vLinux    *self,
           P2vVirtAddr  root_va)
{
  self->tables.form = &p2v_paging_form_x86_32;
  self->tables.pa_mask = self->tables.form->pa_mask;
  return try_page_offsets (self, root_va);
}

static gboolean
open_i386_pae (P2vLinux    *self,
               P2vVirtAddr  root_va)
{
  self->tables.form = &p2v_paging_form_x86_pae;
  self->tables.pa_mask =
    self->tables.form->pa_mask & (((guint64) 1 << PAE_PHYSICAL_BITS) - 1);
  return try_page_offsets (self, root_va);
}

#define GIB ((guint64) 1 << 30)
#define TIB ((guint64) 1 << 40)

/* The upper end of the addresses, which is the same with 4 and with 5 levels. How far modules may
 * reach below the fixmap depends on the kernel's configuration, but there is nothing else. Once it
 * has started, the kernel gives back what its image has between its parts, the code for starting,
 * what is only needed with encrypted memory, and what lies behind its own early allocations in the
 * last large page. Source: Linux Documentation/arch/x86/x86_64/mm.rst (6.12);
 * include/asm-generic/sections.h; arch/x86/mm/init_64.c mark_rodata_ro() and cleanup_highmap(),
 * arch/x86/mm/init.c free_initmem(), arch/x86/mm/mem_encrypt_amd.c
 * mem_encrypt_free_decrypted_mem(). */
#define FIXED(area_class, area_name, va, length)                                                  \
  { .mapping_class = area_class, .name = area_name, .start = LINUX_AREA_FIXED, .start_va = va,    \
    .length_bytes = length }
#define IMAGE(area_class, area_name, kind, area_symbol)                                           \
  { .mapping_class = area_class, .name = area_name, .start = kind, .symbol = area_symbol,         \
    .length_bytes = GIB }
#define CODE(area_name, symbol)                                                                   \
  IMAGE (P2V_MAPPING_KERNEL_IMAGE, area_name, LINUX_AREA_SYMBOL, symbol)
#define FREED(symbol)                                                                             \
  IMAGE (P2V_MAPPING_FREED, "kernel image (freed)", LINUX_AREA_SYMBOL, symbol)
#define COMMON_AREAS                                                                              \
  FIXED (P2V_MAPPING_CPU_ENTRY, "cpu entry area", 0xfffffe0000000000, TIB / 2),                   \
  FIXED (P2V_MAPPING_ESPFIX, "espfix", 0xffffff0000000000, TIB / 2),                              \
  FIXED (P2V_MAPPING_FIRMWARE, "EFI", 0xffffffef00000000, 64 * GIB),                              \
  FIXED (P2V_MAPPING_KERNEL_IMAGE, "kernel image", 0xffffffff80000000, GIB),                      \
  CODE ("kernel text", "_text"), FREED ("_etext"),                                                \
  CODE ("kernel rodata", "__start_rodata"), FREED ("__end_rodata"),                               \
  CODE ("kernel data", "_sdata"), FREED ("__init_begin"), CODE ("kernel data", "__init_end"),     \
  CODE ("kernel bss", "__bss_start"), FREED ("__start_bss_decrypted_unused"),                     \
  CODE ("kernel bss", "__end_bss_decrypted"),                                                     \
  IMAGE (P2V_MAPPING_FREED, "kernel image (freed)", LINUX_AREA_VARIABLE, "_brk_end"),             \
  { .mapping_class = P2V_MAPPING_MODULE, .name = "module space", .symbol = "_end",                \
    .start = LINUX_AREA_BEHIND, .start_va = 0xffffffffc0000000, .length_bytes = 2 * GIB },        \
  FIXED (P2V_MAPPING_FIXMAP, "fixmap", 0xffffffffff000000, GIB / 64)

/* Source: Linux Documentation/arch/x86/x86_64/mm.rst (6.12); arch/x86/include/asm/
 * pgtable_64_types.h (VMALLOC_SIZE_TB_L4, VMALLOC_SIZE_TB_L5). A kernel that does not randomize
 * these areas has no variables, or these values in them. */
#define RANDOMIZED(area_class, area_name, area_symbol, va, length)                                \
  { .mapping_class = area_class, .name = area_name, .start = LINUX_AREA_VARIABLE,                 \
    .symbol = area_symbol, .start_va = va, .length_bytes = length }
#define SHADOW(va, length)                                                                        \
  { .mapping_class = P2V_MAPPING_SHADOW, .name = "KASAN shadow", .start = LINUX_AREA_FIXED,       \
    .start_va = va, .length_bytes = length, .only_with = "kasan_init" }
static const P2vLinuxAreaSpec areas_of_4_levels[] = {
  FIXED (P2V_MAPPING_LDT, "LDT", 0xffff880000000000, TIB / 2),
  RANDOMIZED (P2V_MAPPING_DIRECT_MAP, "direct map", "page_offset_base", 0xffff888000000000,
              64 * TIB),
  RANDOMIZED (P2V_MAPPING_VMALLOC, "vmalloc", "vmalloc_base", 0xffffc90000000000, 32 * TIB),
  RANDOMIZED (P2V_MAPPING_FRAME_TABLE, "vmemmap", "vmemmap_base", 0xffffea0000000000, TIB),
  SHADOW (0xffffec0000000000, 16 * TIB),
  COMMON_AREAS,
};
/* Source: as above. */
static const P2vLinuxAreaSpec areas_of_5_levels[] = {
  FIXED (P2V_MAPPING_LDT, "LDT", 0xff10000000000000, 256 * TIB),
  RANDOMIZED (P2V_MAPPING_DIRECT_MAP, "direct map", "page_offset_base", 0xff11000000000000,
              32 * 1024 * TIB),
  RANDOMIZED (P2V_MAPPING_VMALLOC, "vmalloc", "vmalloc_base", 0xffa0000000000000, 12800 * TIB),
  RANDOMIZED (P2V_MAPPING_FRAME_TABLE, "vmemmap", "vmemmap_base", 0xffd4000000000000, 512 * TIB),
  SHADOW (0xffdf000000000000, 8 * 1024 * TIB),
  COMMON_AREAS,
};

static void
add_areas_of_64_bits (const P2vLinux   *self,
                      P2vVirtualMemory *memory,
                      GArray           *areas)
{
  if (self->tables.form->n_levels == 5)
    p2v_linux_add_area_specs (self, memory, areas_of_5_levels, G_N_ELEMENTS (areas_of_5_levels),
                              areas);
  else
    p2v_linux_add_area_specs (self, memory, areas_of_4_levels, G_N_ELEMENTS (areas_of_4_levels),
                              areas);
}

const P2vLinuxArch p2v_linux_arch_x86_64 = {
  .name = "x86-64",
  .word_bytes = 8,
  .has_kernel_half = TRUE,
  .user_copy_bytes = USER_COPY_BYTES,
  /* With page-table isolation mm->pgd is the kernel's copy, where all user entries of the root are
   * no-execute. Source: Linux arch/x86/mm/pti.c __pti_set_user_pgtbl(). No kernel marks them
   * otherwise. */
  .root_grants = P2V_RIGHTS_EXECUTE,
  .decode_foreign = decode_inverted,
  .swap_layouts = swap_layouts_of_64_bits,
  .special_mask = PAGE_SPECIAL,
  .uffd_wp_mask = PAGE_UFFD_WP,
  .is_meant = is_x86_64,
  .open_page_tables = open_x86_64,
  .add_areas = add_areas_of_64_bits,
};

const P2vLinuxArch p2v_linux_arch_i386 = {
  .name = "i386",
  .word_bytes = 4,
  .has_kernel_half = TRUE,
  .decode_foreign = decode_plain,
  .swap_layouts = swap_layouts_of_32_bits,
  .special_mask = PAGE_SPECIAL,
  .add_areas = p2v_linux_add_areas_of_i386,
  .is_meant = is_i386,
  .open_page_tables = open_i386,
};

const P2vLinuxArch p2v_linux_arch_i386_pae = {
  .name = "i386, PAE",
  .word_bytes = 4,
  .has_kernel_half = TRUE,
  .user_copy_bytes = USER_COPY_BYTES,
  .decode_foreign = decode_inverted,
  .swap_layouts = swap_layouts_of_pae,
  .special_mask = PAGE_SPECIAL,
  .add_areas = p2v_linux_add_areas_of_i386,
  .is_meant = is_i386_pae,
  .open_page_tables = open_i386_pae,
};
