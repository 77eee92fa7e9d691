/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The areas of the kernel's half on 32-bit x86, with and without PAE. Where they lie depends on how
 * much memory there is and on how the kernel was configured, and no variable of it may be known: so
 * the page tables and the interrupt table tell. From below: all low memory with the kernel's image
 * in it, vmalloc with the modules, high memory that is mapped for a while (pkmap), descriptor
 * tables of processes (LDT), each processor's entry area, and addresses that are fixed. */

#include "config.h"

#include <string.h>

#include "os/linux/p2v-linux-areas.h"

/* Addresses have 32 bits. */
#define END_VA ((P2vVirtAddr) 1 << 32)

/* How far from the end of the addresses the processors' entry areas are looked for: those of 1024
 * processors. Source: Linux arch/x86/include/asm/pgtable_32_areas.h, CPU_ENTRY_AREA_BASE. */
#define ENTRY_DISTANCE ((guint64) 256 << 20)

/* An entry area of one processor has unused pages, but not so many; below the fixed addresses there
 * are more, for the temporary ones of starting. Source: Linux
 * arch/x86/include/asm/cpu_entry_area.h, struct cpu_entry_area and struct debug_store_buffers (32
 * pages that may be missing); arch/x86/include/asm/fixmap.h, NR_FIX_BTMAPS times FIX_BTMAPS_SLOTS
 * (512). */
#define ENTRY_HOLE_PAGES 64

/* Source: Intel SDM 3A 6.11: a gate is present, and an interrupt or trap gate of 32 bits; Linux
 * arch/x86/include/asm/segment.h, __KERNEL_CS (32 bits). */
#define GATE_BYTES   8
#define GATE_PRESENT 0x80
#define GATE_TYPE    0x0f
#define GATE_32      0x0e
#define KERNEL_CS    0x60

/* The exceptions of all processors that have gates of that kind: 0 to 7 are divide error to device
 * not available. */
#define N_GATES 8

typedef struct
{
  const P2vLinux *kernel;
  P2vVirtAddr     end_va;      /* behind the last page that was taken */
  P2vVirtAddr     next_va;     /* of the page that was not taken, or 0 */
} Run;

/* Takes the pages of the direct map. */
static gboolean
take_direct (const P2vWalkedPage *page,
             gpointer             user_data)
{
  Run *run = user_data;

  if (page->pa != page->va - run->kernel->delta)
    return FALSE;
  run->end_va = page->va + ((guint64) 1 << page->page_shift);
  return TRUE;
}

/* Takes the pages of the entry areas, which have no large holes. */
static gboolean
take_entry (const P2vWalkedPage *page,
            gpointer             user_data)
{
  Run *run = user_data;

  if (page->va - run->end_va >= ENTRY_HOLE_PAGES * P2V_FRAME_SIZE)
    {
      run->next_va = page->va;
      return FALSE;
    }
  run->end_va = page->va + ((guint64) 1 << page->page_shift);
  return TRUE;
}

/* What @take takes from @start_va on; what cannot be read ends it. */
static Run
walk (const P2vLinux *self,
      P2vVirtAddr     start_va,
      P2vWalkFunc     take)
{
  const P2vPagingRoot root = {
    .root_pa = self->root_pa,
    .first_slot = self->tables.n_user_root_slots,
    .end_slot = 1u << self->tables.form->levels[0].index_bits,
  };
  Run run = { self, start_va, 0 };
  P2vWalkReport report = { 0 };

  if (!p2v_paging_walk_range (&self->tables, &root, start_va, END_VA - 1, take, &run, &report,
                              NULL, NULL))
    run.next_va = 0;
  return run;
}

static gboolean
is_gate (const P2vLinux *self,
         const guint8   *gate)
{
  guint32 selector = gate[2] | (guint32) gate[3] << 8;
  P2vVirtAddr handler =
    gate[0] | (guint32) gate[1] << 8 | (guint32) gate[6] << 16 | (guint32) gate[7] << 24;

  return (gate[5] & GATE_PRESENT) && (gate[5] & GATE_TYPE) >= GATE_32 && selector == KERNEL_CS &&
         handler >= self->image_va && handler - self->image_va < P2V_LINUX_IMAGE_DISTANCE;
}

/* The entry areas begin with the interrupt table, at a multiple of what a table of pages maps; the
 * highest such place is meant. 0 if there is none: before 4.15 they were among the fixed
 * addresses. */
static P2vVirtAddr
find_entry_area (const P2vLinux   *self,
                 P2vVirtualMemory *memory,
                 guint64           step_bytes)
{
  guint8 gates[N_GATES * GATE_BYTES];

  for (P2vVirtAddr va = END_VA - step_bytes; va >= END_VA - ENTRY_DISTANCE; va -= step_bytes)
    {
      gboolean are_gates = p2v_virtual_memory_read (memory, va, gates, sizeof gates);
      for (guint i = 0; i < N_GATES && are_gates; i++)
        are_gates = is_gate (self, gates + i * GATE_BYTES);
      if (are_gates)
        return va;
    }
  return 0;
}

static void
add_between (GArray          *areas,
             P2vMappingClass  mapping_class,
             const char      *name,
             P2vVirtAddr      start_va,
             P2vVirtAddr      end_va)
{
  if (start_va < end_va)
    p2v_linux_add_area (areas, mapping_class, name, start_va, end_va - start_va);
}

/* What lies above the direct map. Each of two areas is what one table of pages maps. Source: Linux
 * arch/x86/include/asm/pgtable_32_areas.h, LDT_BASE_ADDR, PKMAP_BASE, VMALLOC_END. */
static void
add_upper_areas (const P2vLinux   *self,
                 P2vVirtualMemory *memory,
                 P2vVirtAddr       start_va,
                 GArray           *areas)
{
  const P2vPagingForm *form = self->tables.form;
  guint64 step_bytes = (guint64) 1 << form->levels[form->n_levels - 2].shift;
  P2vVirtAddr entry_va = find_entry_area (self, memory, step_bytes), any_va;

  if (entry_va == 0)
    {
      add_between (areas, P2V_MAPPING_KERNEL, "kernel", start_va, END_VA);
      return;
    }
  P2vVirtAddr ldt_va = entry_va - step_bytes, pkmap_va = ldt_va;
  /* Source: Linux mm/highmem.c: only with CONFIG_HIGHMEM. */
  if (p2v_symbol_table_find (self->symbol_table, "kmap_high", &any_va))
    pkmap_va -= step_bytes;
  add_between (areas, P2V_MAPPING_VMALLOC, "vmalloc", start_va, pkmap_va);
  add_between (areas, P2V_MAPPING_FIXMAP, "pkmap", pkmap_va, ldt_va);
  add_between (areas, P2V_MAPPING_LDT, "LDT", ldt_va, entry_va);
  Run run = walk (self, entry_va, take_entry);
  P2vVirtAddr fixmap_va = run.next_va != 0 ? run.next_va : END_VA;
  add_between (areas, P2V_MAPPING_CPU_ENTRY, "cpu entry area", entry_va, fixmap_va);
  add_between (areas, P2V_MAPPING_FIXMAP, "fixmap", fixmap_va, END_VA);
}

void
p2v_linux_add_areas_of_i386 (const P2vLinux   *self,
                             P2vVirtualMemory *memory,
                             GArray           *areas)
{
  P2vVirtAddr start_va = self->least_kernel_va;
  Run direct = walk (self, start_va, take_direct);

  add_between (areas, P2V_MAPPING_DIRECT_MAP, "direct map", start_va, direct.end_va);
  p2v_linux_add_image_areas (self, memory, P2V_MAPPING_DIRECT_MAP, "direct map", areas);
  add_upper_areas (self, memory, direct.end_va, areas);
}
