/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The kernel's half of the addresses: which areas it has, and what lies in them. */

#include "config.h"

#include "os/linux/p2v-linux-areas.h"

/* The kernel's image is mapped in pages of this size where that is possible. Source: Linux
 * arch/x86/include/asm/pgtable_64_types.h PMD_SIZE. */
#define LARGE_PAGE_BYTES ((guint64) 2 << 20)

static int
compare_areas (gconstpointer a,
               gconstpointer b)
{
  P2vVirtAddr x = ((const P2vKernelArea *) a)->start_va;
  P2vVirtAddr y = ((const P2vKernelArea *) b)->start_va;

  return (x > y) - (x < y);
}

static P2vVirtAddr
round_up (P2vVirtAddr va,
          guint64     to_bytes)
{
  return (va + (to_bytes - 1)) & ~(to_bytes - 1);
}

/* Where an area begins; 0 if that is not known. */
static P2vVirtAddr
find_start (const P2vLinux         *self,
            const P2vLinuxAreaSpec *spec,
            P2vVirtualMemory       *memory)
{
  P2vVirtAddr symbol_va;
  guint64 value;

  if (spec->start == LINUX_AREA_FIXED ||
      !p2v_symbol_table_find (self->symbol_table, spec->symbol, &symbol_va))
    return spec->start_va;
  if (spec->start == LINUX_AREA_SYMBOL)
    return round_up (symbol_va, P2V_FRAME_SIZE);
  if (spec->start == LINUX_AREA_BEHIND)
    return round_up (symbol_va, LARGE_PAGE_BYTES);
  if (!p2v_linux_read_word_at (self, memory, symbol_va, &value))
    return spec->start_va;
  return round_up (value, P2V_FRAME_SIZE);
}

/* No area may reach into the next one, nor beyond the last address. */
static void
trim_areas (const P2vLinux *self,
            GArray         *areas)
{
  /* With 64 bits 0. */
  P2vVirtAddr end_va = p2v_linux_max_word (self) + 1;

  g_array_sort (areas, compare_areas);
  for (guint i = 0; i < areas->len; i++)
    {
      P2vKernelArea *area = &g_array_index (areas, P2vKernelArea, i);
      guint64 room = (i + 1 < areas->len ? area[1].start_va : end_va) - area->start_va;
      area->length_bytes = MIN (area->length_bytes, room);
    }
  for (guint i = areas->len; i-- > 0;)
    if (g_array_index (areas, P2vKernelArea, i).length_bytes == 0)
      g_array_remove_index (areas, i);
}

void
p2v_linux_add_area (GArray          *areas,
                    P2vMappingClass  mapping_class,
                    const char      *name,
                    P2vVirtAddr      start_va,
                    guint64          length_bytes)
{
  P2vKernelArea area = { start_va, length_bytes, mapping_class, name };

  g_array_append_val (areas, area);
}

void
p2v_linux_add_area_specs (const P2vLinux         *self,
                          P2vVirtualMemory       *memory,
                          const P2vLinuxAreaSpec *specs,
                          gsize                   n_specs,
                          GArray                 *areas)
{
  for (gsize i = 0; i < n_specs; i++)
    {
      P2vVirtAddr any_va, start_va = find_start (self, &specs[i], memory);
      if (start_va != 0 &&
          (specs[i].only_with == NULL ||
           p2v_symbol_table_find (self->symbol_table, specs[i].only_with, &any_va)))
        p2v_linux_add_area (areas, specs[i].mapping_class, specs[i].name, start_va,
                            specs[i].length_bytes);
    }
}

/* The kernel's own root leads to all of its half; those of processes have the same entries there,
 * but for what is each process's own. Where the two halves have a root each all of it is the
 * kernel's. */
static P2vPagingRoot
get_kernel_root (const P2vLinux *self)
{
  const P2vPagingForm *form = self->tables.form;

  return (P2vPagingRoot) {
    .root_pa = self->root_pa,
    .base_va = form->has_upper_half ? G_MAXUINT64 << form->va_bits : 0,
    .first_slot = form->has_two_roots ? 0 : self->tables.n_user_root_slots,
    .end_slot = 1u << form->levels[0].index_bits,
  };
}

void
p2v_linux_add_kernel_space (const P2vLinux   *self,
                            P2vSystem        *system,
                            P2vVirtualMemory *memory)
{
  const P2vPagingRoot root = get_kernel_root (self);
  GArray *areas = g_array_new (FALSE, FALSE, sizeof (P2vKernelArea));

  if (self->arch->add_areas != NULL)
    self->arch->add_areas (self, memory, areas);
  trim_areas (self, areas);
  p2v_system_take_kernel (system, &root, areas);
}

/* Adds a region with a name of its own, and takes the name. */
static void
add_region (GPtrArray       *regions,
            P2vVirtAddr      start_va,
            guint64          length_bytes,
            P2vMappingClass  mapping_class,
            char            *name)
{
  P2vRegion *region = g_new0 (P2vRegion, 1);

  region->start_va = start_va;
  region->length_bytes = length_bytes;
  region->mapping_class = mapping_class;
  region->name = name;
  g_ptr_array_add (regions, region);
}

static void
add_modules (GPtrArray *modules,
             GPtrArray *parts)
{
  for (guint i = 0; i < modules->len; i++)
    {
      const P2vLinuxModulePart *module = g_ptr_array_index (modules, i);
      add_region (parts, module->start_va, module->length_bytes, P2V_MAPPING_MODULE,
                  g_strconcat ("module ", module->name, NULL));
    }
}

static char *
dup_vm_area_name (const P2vLinux       *self,
                  GPtrArray            *modules,
                  GHashTable           *stacks,
                  const P2vLinuxVmArea *area)
{
  const char *stack = g_hash_table_lookup (stacks, &area->start_va);
  const char *kind = area->is_device ? "ioremap" : "vmalloc";

  if (stack != NULL)
    return g_strconcat ("kernel stack ", stack, NULL);
  g_autofree char *caller = p2v_linux_dup_vm_caller (self, modules, area);
  return caller != NULL ? g_strconcat (kind, " ", caller, NULL) : g_strdup (kind);
}

/* Whether it is the place of the kernel's own image, which is an area of vmalloc on arm64. Source:
 * Linux arch/arm64/mm/mmu.c, declare_vma(). */
static gboolean
has_image (const P2vLinuxVmArea *vm_area,
           GArray               *areas)
{
  for (guint i = 0; i < areas->len; i++)
    {
      const P2vKernelArea *area = &g_array_index (areas, P2vKernelArea, i);
      if (area->mapping_class == P2V_MAPPING_KERNEL_IMAGE &&
          (area->start_va - vm_area->start_va < vm_area->length_bytes ||
           vm_area->start_va - area->start_va < area->length_bytes))
        return TRUE;
    }
  return FALSE;
}

/* @stacks: the name of a thread by the address of its stack. An area of a module is told by the
 * module. */
static void
add_vm_areas (const P2vLinux *self,
              GArray         *kernel_areas,
              GPtrArray      *modules,
              GHashTable     *stacks,
              GArray         *areas,
              GPtrArray      *parts)
{
  for (guint i = 0; i < areas->len; i++)
    {
      const P2vLinuxVmArea *area = &g_array_index (areas, P2vLinuxVmArea, i);
      if (p2v_linux_find_module (modules, area->start_va) == NULL &&
          !has_image (area, kernel_areas))
        add_region (parts, area->start_va, area->length_bytes, P2V_MAPPING_VMALLOC,
                    dup_vm_area_name (self, modules, stacks, area));
    }
}

static int
compare_regions (gconstpointer a,
                 gconstpointer b)
{
  P2vVirtAddr x = (*(P2vRegion **) a)->start_va, y = (*(P2vRegion **) b)->start_va;

  return (x > y) - (x < y);
}

/* Adds what no part tells from @start_va up to the byte before @end_va, as @area. */
static void
add_gap (const P2vKernelArea *area,
         P2vVirtAddr          start_va,
         P2vVirtAddr          end_va,
         GPtrArray           *regions)
{
  if (end_va != start_va)
    add_region (regions, start_va, end_va - start_va, area->mapping_class, g_strdup (area->name));
}

/* Moves to @regions the parts that lie in @area, and fills the gaps between them. Of parts that
 * overlap, in a damaged image, the first one counts. An area may end at 2^64, which is 0 here. */
static void
fill_area (const P2vKernelArea *area,
           GPtrArray           *parts,
           guint               *position,
           GPtrArray           *regions)
{
  P2vVirtAddr here = area->start_va, end_va = area->start_va + area->length_bytes;

  for (; *position < parts->len && here != end_va; (*position)++)
    {
      P2vRegion *part = g_ptr_array_index (parts, *position);
      guint64 room = end_va - part->start_va;
      if (part->start_va < here)
        continue;
      if (part->start_va > end_va - 1)
        break;
      add_gap (area, here, part->start_va, regions);
      part = p2v_region_copy (part);
      part->length_bytes = MIN (part->length_bytes, room);
      g_ptr_array_add (regions, part);
      here = part->start_va + part->length_bytes;
    }
  add_gap (area, here, end_va, regions);
}

static void
free_region (gpointer region)
{
  p2v_region_free (region);
}

gboolean
p2v_linux_load_kernel_regions (const P2vLinux   *self,
                               P2vSystem        *system,
                               P2vAddressSpace  *space,
                               GPtrArray        *regions,
                               GError          **error)
{
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&self->tables, self->root_pa);
  g_autoptr (GPtrArray) modules = p2v_linux_load_modules (self, memory);
  g_autoptr (GArray) vm_areas = p2v_linux_load_vm_areas (self, memory);
  g_autoptr (GPtrArray) stacks = p2v_linux_load_stacks (self, system, memory);
  g_autoptr (GHashTable) stack_names = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (free_region);
  GArray *areas = p2v_address_space_get_areas (space);
  guint position = 0;

  for (guint i = 0; i < stacks->len; i++)
    {
      P2vLinuxStack *stack = g_ptr_array_index (stacks, i);
      g_hash_table_insert (stack_names, &stack->start_va, stack->name);
    }
  add_modules (modules, parts);
  add_vm_areas (self, areas, modules, stack_names, vm_areas, parts);
  g_ptr_array_sort (parts, compare_regions);
  for (guint i = 0; i < areas->len; i++)
    fill_area (&g_array_index (areas, P2vKernelArea, i), parts, &position, regions);
  return p2v_virtual_memory_check (memory, error);
}
