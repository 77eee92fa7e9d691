/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The kernel's half of the addresses: what is known of it by the version, or by what was found. The
 * rest is "kernel". */

#include "config.h"

#include "image/p2v-image-private.h"
#include "os/windows/p2v-windows-private.h"

#define GIB ((guint64) 1 << 30)
#define TIB ((guint64) 1 << 40)

/* Where x64 kernels have what. Source: data/windows/README.md, "kernel space". */
typedef struct
{
  P2vVirtAddr      start_va;
  guint64          length_bytes;
  const char      *name;
} FixedArea;

static const FixedArea areas_of_vista_and_7[] = {
  { 0xfffff70000000000, TIB / 2, "hyperspace" },
  { 0xfffff88000000000, 128 * GIB, "system PTEs" },
  { 0xfffff8a000000000, 128 * GIB, "paged pool" },
  { 0xfffff90000000000, TIB / 2, "session space" },
};

/* Source: data/windows/README.md, "shared page". */
#define SHARED_VA_64 ((P2vVirtAddr) 0xfffff78000000000)
#define SHARED_VA_32 ((P2vVirtAddr) 0xffdf0000)

/* Since this build each half TiB of x64 and ARM64 holds one thing only, at random. Source:
 * data/windows/README.md, "kernel space". */
#define BUILD_OF_RANDOM_AREAS 14393

typedef struct
{
  const P2vWindows *kernel;
  GArray           *areas;     /* P2vKernelArea; those before count more */
} Areas;

static void
add (Areas           *self,
     P2vVirtAddr      start_va,
     guint64          length_bytes,
     P2vMappingClass  mapping_class,
     const char      *name)
{
  P2vKernelArea area = { start_va, length_bytes, mapping_class, name };

  if (start_va != 0 && length_bytes != 0)
    g_array_append_val (self->areas, area);
}

/* The half TiB around an address that lies in one. */
static void
add_around (Areas       *self,
            P2vVirtAddr  va,
            const char  *name)
{
  if (self->kernel->pointer_bytes == sizeof (guint64) &&
      self->kernel->build >= BUILD_OF_RANDOM_AREAS && p2v_windows_is_kernel_va (self->kernel, va))
    add (self, va & ~(TIB / 2 - 1), TIB / 2, P2V_MAPPING_KERNEL, name);
}

/* Objects of processes are in the nonpaged pool, their tables of handles in the paged one. */
static void
add_pools (Areas            *self,
           P2vVirtualMemory *memory)
{
  const P2vWindows *kernel = self->kernel;
  P2vVirtAddr table;

  add_around (self, kernel->system_va, "nonpaged pool");
  if (p2v_windows_read_field (kernel, memory, kernel->system_va, WINDOWS_EPROCESS_OBJECT_TABLE,
                              &table) &&
      (table ^ kernel->system_va) >= TIB / 2)
    add_around (self, table, "paged pool");
}

static void
add_fixed (Areas *self)
{
  const P2vWindows *kernel = self->kernel;

  if (kernel->kind != P2V_WINDOWS_X64 || kernel->major != 6 || kernel->minor > 1)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (areas_of_vista_and_7); i++)
    add (self, areas_of_vista_and_7[i].start_va, areas_of_vista_and_7[i].length_bytes,
         P2V_MAPPING_KERNEL, areas_of_vista_and_7[i].name);
}

static int
compare_areas (gconstpointer a,
               gconstpointer b)
{
  P2vVirtAddr x = ((const P2vKernelArea *) a)->start_va;
  P2vVirtAddr y = ((const P2vKernelArea *) b)->start_va;

  return (x > y) - (x < y);
}

/* Adds to @areas, which do not overlap, what of @area they leave; @areas may end at 2^64. */
static void
add_rest (GArray              *areas,
          const P2vKernelArea *area)
{
  P2vVirtAddr here = area->start_va, last = area->start_va + (area->length_bytes - 1);
  guint n = areas->len;

  for (guint i = 0; i < n; i++)
    {
      P2vKernelArea other = g_array_index (areas, P2vKernelArea, i);
      P2vVirtAddr other_last = other.start_va + (other.length_bytes - 1);
      if (other_last < here || other.start_va > last)
        continue;
      P2vKernelArea gap = { here, other.start_va - here, area->mapping_class, area->name };
      if (other.start_va > here)
        g_array_append_val (areas, gap);
      if (other_last >= last)
        return;
      here = other_last + 1;
    }
  P2vKernelArea gap = { here, last - here + 1, area->mapping_class, area->name };
  g_array_append_val (areas, gap);
}

/* (transfer full): modules by address; of those that overlap, in a damaged image, the first. */
static GArray *
arrange_modules (const P2vWindows *kernel)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (P2vKernelArea));
  Areas self = { kernel, found };
  GArray *arranged = g_array_new (FALSE, FALSE, sizeof (P2vKernelArea));

  for (guint i = 0; i < kernel->modules->len; i++)
    {
      const P2vWindowsModule *module = g_ptr_array_index (kernel->modules, i);
      add (&self, module->start_va, module->length_bytes,
           module->is_kernel ? P2V_MAPPING_KERNEL_IMAGE : P2V_MAPPING_MODULE, module->label);
    }
  g_array_sort (found, compare_areas);
  for (guint i = 0; i < found->len; i++)
    {
      const P2vKernelArea *area = &g_array_index (found, P2vKernelArea, i);
      const P2vKernelArea *last =
        arranged->len > 0 ? &g_array_index (arranged, P2vKernelArea, arranged->len - 1) : NULL;
      if (last == NULL || area->start_va > last->start_va + (last->length_bytes - 1))
        g_array_append_vals (arranged, area, 1);
    }
  return arranged;
}

/* (transfer full): modules, and beside them the areas, of which those that come first count
 * more. */
static GArray *
arrange (const P2vWindows *kernel,
         GArray           *areas)
{
  GArray *arranged = arrange_modules (kernel);

  for (guint i = 0; i < areas->len; i++)
    {
      add_rest (arranged, &g_array_index (areas, P2vKernelArea, i));
      g_array_sort (arranged, compare_areas);
    }
  return arranged;
}

static void
get_root (const P2vWindows *kernel,
          P2vPagingRoot    *ret_root)
{
  const P2vPagingForm *form = kernel->tables.form;
  P2vVirtAddr base_va = form->has_upper_half ? G_MAXUINT64 << form->va_bits : 0;

  *ret_root = (P2vPagingRoot) { .root_pa = kernel->root_pa,
                                .base_va = base_va,
                                .first_slot = kernel->tables.n_user_root_slots,
                                .end_slot = kernel->n_root_entries };
  p2v_windows_get_self_map (kernel, &ret_root->skipped_va, &ret_root->skipped_bytes);
}

void
p2v_windows_add_kernel_space (const P2vWindows *kernel,
                              P2vSystem        *system,
                              P2vVirtualMemory *memory)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (P2vKernelArea));
  Areas self = { kernel, found };
  P2vPagingRoot root;

  get_root (kernel, &root);
  P2vVirtAddr start_va =
    root.base_va + ((guint64) root.first_slot << kernel->tables.form->levels[0].shift);
  guint64 end_va = kernel->pointer_bytes == sizeof (guint64) ? 0 : 4 * GIB;
  add (&self, root.skipped_va, root.skipped_bytes, P2V_MAPPING_SELF_MAP, "self map");
  add (&self, kernel->pointer_bytes == sizeof (guint64) ? SHARED_VA_64 : SHARED_VA_32,
       P2V_FRAME_SIZE, P2V_MAPPING_KERNEL, "KUSER_SHARED_DATA");
  add (&self, kernel->database_va, p2v_windows_get_database_bytes (kernel),
       P2V_MAPPING_FRAME_TABLE, "PFN database");
  add_pools (&self, memory);
  add_fixed (&self);
  add (&self, start_va, end_va - start_va, P2V_MAPPING_KERNEL, "kernel");
  p2v_system_take_kernel (system, &root, arrange (kernel, found));
}

void
p2v_windows_load_kernel_regions (P2vAddressSpace *space,
                                 GPtrArray       *regions)
{
  GArray *areas = p2v_address_space_get_areas (space);

  for (guint i = 0; i < areas->len; i++)
    {
      const P2vKernelArea *area = &g_array_index (areas, P2vKernelArea, i);
      P2vRegion *region = g_new0 (P2vRegion, 1);
      region->start_va = area->start_va;
      region->length_bytes = area->length_bytes;
      region->mapping_class = area->mapping_class;
      region->name = g_strdup (area->name);
      g_ptr_array_add (regions, region);
    }
}
