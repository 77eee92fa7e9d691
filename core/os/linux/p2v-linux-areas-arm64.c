/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The areas of the kernel's half on 64-bit Arm processors. Newer kernels write most of the limits
 * into their VMCOREINFO; the others follow from how many bits addresses have. */

#include "config.h"

#include <stdio.h>

#include "os/linux/p2v-linux-areas.h"

#define MIB ((guint64) 1 << 20)
#define GIB ((guint64) 1 << 30)

/* Source: Linux arch/arm64/include/asm/memory.h, PCI_IO_SIZE. */
#define PCI_IO_BYTES (16 * MIB)

/* Where the kernel's image may be loaded. Source: Linux arch/arm64/include/asm/boot.h,
 * MIN_KIMG_ALIGN. */
#define IMAGE_STEP (2 * MIB)

/* A byte of the address sanitizer is for eight; with tags for 16, then half of its part is the
 * direct map's, which no machine fills. Source: Linux arch/arm64/Makefile,
 * KASAN_SHADOW_SCALE_SHIFT. */
#define SHADOW_SHIFT 3

/* The size of struct page, as a power of two, that the kernel reckons with. Source: Linux
 * include/linux/mm_types.h, STRUCT_PAGE_MAX_SHIFT; observed: 64 bytes in all kernels. */
#define STRUCT_PAGE_SHIFT 6

typedef struct
{
  const P2vLinux *kernel;
  guint64         va_bits;           /* that the kernel was built for */
  P2vVirtAddr     page_offset;       /* where the direct map begins */
  P2vVirtAddr     page_end;          /* where it ends */
  P2vVirtAddr     modules_end;
  P2vVirtAddr     vmemmap_start;
  P2vVirtAddr     vmemmap_end;
  P2vVirtAddr     pci_start;
  P2vVirtAddr     fixmap_top;
} Limits;

static gboolean
get_limit (const P2vLinux *kernel,
           const char     *name,
           guint64        *ret_value)
{
  return p2v_linux_get_info_hex (kernel->vmcoreinfo, name, ret_value);
}

/* The bits that all processors have on which the kernel runs. Source: Linux
 * arch/arm64/include/asm/memory.h, VA_BITS_MIN (5.4; with pages of 16 KiB 47 from 6.9 on, which had
 * no 52 bits before). */
static guint64
get_least_va_bits (const Limits *self)
{
  guint page_shift = p2v_linux_get_page_shift (self->kernel);

  if (self->va_bits <= 48)
    return self->va_bits;
  return page_shift == 14 ? 47 : 48;
}

/* Where the image would be without being moved, in kernels before 5.19: where modules end. Source:
 * Linux arch/arm64/include/asm/memory.h, KIMAGE_VADDR (5.10); arch/arm64/kernel/crash_core.c,
 * KERNELOFFSET. */
static P2vVirtAddr
find_unmoved_image (const Limits *self)
{
  const char *text = g_hash_table_lookup (self->kernel->vmcoreinfo, "KERNELOFFSET");
  guint64 moved;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 16, 0, G_MAXUINT64, &moved, NULL))
    return self->page_end;
  P2vVirtAddr va = (self->kernel->image_va - moved) & ~(IMAGE_STEP - 1);
  return va - self->page_end <= 8 * GIB ? va : self->page_end;
}

static gboolean
is_before_5_11 (const P2vLinux *kernel)
{
  const char *release = g_hash_table_lookup (kernel->vmcoreinfo, "OSRELEASE");
  guint major, minor;

  return sscanf (release, "%5u.%5u", &major, &minor) == 2 &&
         (major < 5 || (major == 5 && minor < 11));
}

/* Source: Linux arch/arm64/include/asm/memory.h, VMEMMAP_START and VMEMMAP_SIZE of 5.10 and of
 * 5.11; from 5.19 on VMCOREINFO tells them. */
static void
find_vmemmap (Limits *self)
{
  guint shift = p2v_linux_get_page_shift (self->kernel) - STRUCT_PAGE_SHIFT;
  guint64 bytes = (self->page_end + ((guint64) 1 << self->va_bits)) >> shift;

  if (get_limit (self->kernel, "VMEMMAP_START", &self->vmemmap_start) &&
      get_limit (self->kernel, "VMEMMAP_END", &self->vmemmap_end))
    return;
  if (is_before_5_11 (self->kernel))
    self->vmemmap_start = 0 - bytes - 2 * MIB;
  else
    self->vmemmap_start = 0 - ((guint64) 1 << (self->va_bits - shift));
  self->vmemmap_end = self->vmemmap_start + bytes;
}

/* Around the records of frames lie the fixed addresses and those of PCI's I/O ports. Source: Linux
 * arch/arm64/include/asm/memory.h, PCI_IO_START and FIXADDR_TOP of 5.10, 5.11 and 6.9; in the last
 * the records end 1 GiB below the end of all. */
static void
find_fixed (Limits *self)
{
  if (self->vmemmap_end == 0 - GIB)
    {
      self->pci_start = self->vmemmap_end + 8 * MIB;
      self->fixmap_top = 0 - 8 * MIB;
    }
  else if (is_before_5_11 (self->kernel))
    {
      self->pci_start = self->vmemmap_start - 2 * MIB - PCI_IO_BYTES;
      self->fixmap_top = self->pci_start - 2 * MIB;
    }
  else
    {
      self->pci_start = self->vmemmap_start - 8 * MIB - PCI_IO_BYTES;
      self->fixmap_top = self->vmemmap_start - 32 * MIB;
    }
}

/* How far below their top the fixed addresses reach at most: up to the records of frames, which
 * have at least 8 MiB around them; below them lies what vmalloc may have. Source: Linux
 * arch/arm64/include/asm/pgtable.h, VMALLOC_END: of 5.10 further below than 1 GiB, of 5.11 256 MiB;
 * arch/arm64/include/asm/fixmap.h: some MiB. */
static P2vVirtAddr
get_fixmap_start (const Limits *self)
{
  guint64 vmalloc_end;

  if (self->fixmap_top > self->vmemmap_start)
    return self->pci_start + PCI_IO_BYTES;
  if (get_limit (self->kernel, "VMALLOC_END", &vmalloc_end) && vmalloc_end < self->fixmap_top)
    return vmalloc_end;
  return self->fixmap_top - 128 * MIB;
}

/* Kernels from 5.4 on; before, the direct map was in the upper half of these addresses. Source:
 * Linux commit 14c127c957c1 "arm64: mm: Flip kernel VA space" (5.4). */
static gboolean
find_limits (const P2vLinux *kernel,
             Limits         *self)
{
  gint64 va_bits;

  self->kernel = kernel;
  if (!p2v_linux_get_info_number (kernel->vmcoreinfo, "VA_BITS", &va_bits) || va_bits < 36 ||
      va_bits > 52)
    return FALSE;
  self->va_bits = (guint64) va_bits;
  self->page_offset = G_MAXUINT64 << kernel->tables.form->va_bits;
  self->page_end = 0 - ((guint64) 1 << (get_least_va_bits (self) - 1));
  if (!get_limit (kernel, "MODULES_END", &self->modules_end))
    self->modules_end = find_unmoved_image (self);
  find_vmemmap (self);
  find_fixed (self);
  /* The image lies above the direct map. */
  return self->kernel->image_va >= self->page_end && self->modules_end >= self->page_end &&
         self->vmemmap_start > self->modules_end && self->vmemmap_end > self->vmemmap_start;
}

void
p2v_linux_add_areas_of_arm64 (const P2vLinux   *self,
                              P2vVirtualMemory *memory,
                              GArray           *areas)
{
  Limits limits = { 0 };
  P2vVirtAddr any_va, fixmap_start;

  if (!find_limits (self, &limits))
    return;
  fixmap_start = get_fixmap_start (&limits);
  p2v_linux_add_area (areas, P2V_MAPPING_DIRECT_MAP, "direct map", limits.page_offset,
                      limits.page_end - limits.page_offset);
  /* Source: Linux arch/arm64/mm/kasan_init.c: only where there is a shadow. */
  if (p2v_symbol_table_find (self->symbol_table, "kasan_early_init", &any_va))
    p2v_linux_add_area (
      areas, P2V_MAPPING_SHADOW, "KASAN shadow",
      limits.page_end - ((guint64) 1 << (self->tables.form->va_bits - SHADOW_SHIFT)),
      (guint64) 1 << (self->tables.form->va_bits - SHADOW_SHIFT));
  p2v_linux_add_area (areas, P2V_MAPPING_MODULE, "module space", limits.page_end,
                      limits.modules_end - limits.page_end);
  p2v_linux_add_area (areas, P2V_MAPPING_VMALLOC, "vmalloc", limits.modules_end,
                      limits.vmemmap_start - limits.modules_end);
  p2v_linux_add_image_areas (self, memory, P2V_MAPPING_VMALLOC, "vmalloc", areas);
  p2v_linux_add_area (areas, P2V_MAPPING_FIXMAP, "fixmap", fixmap_start,
                      limits.fixmap_top - fixmap_start);
  p2v_linux_add_area (areas, P2V_MAPPING_VMALLOC, "PCI I/O", limits.pci_start, PCI_IO_BYTES);
  p2v_linux_add_area (areas, P2V_MAPPING_FRAME_TABLE, "vmemmap", limits.vmemmap_start,
                      limits.vmemmap_end - limits.vmemmap_start);
}
