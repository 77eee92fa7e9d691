/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The areas of vmalloc, as /proc/vmallocinfo lists them. */

#include "config.h"

#include "base/p2v-limits.h"
#include "base/p2v-text.h"
#include "os/linux/p2v-linux-areas.h"

/* Source: Linux include/linux/vmalloc.h, VM_IOREMAP: ioremap() and friends. */
#define VM_IOREMAP 0x1

/* Nodes among which kernels from 6.9 on spread the areas: one a processor, at most so many. Source:
 * Linux mm/vmalloc.c vmap_init_nodes(), clamp to 128. */
#define MAX_NODES 128

typedef struct
{
  const P2vLinux   *kernel;
  P2vVirtualMemory *memory;
  guint32           start, end, link;  /* of struct vmap_area */
  gboolean          has_vm;            /* whether these are known: */
  guint32           vm;                /* of struct vmap_area */
  guint32           flags, caller;     /* of struct vm_struct */
} Loader;

static gboolean
read_word (const Loader *self,
           P2vVirtAddr   va,
           guint64      *ret_value)
{
  return p2v_linux_read_word_at (self->kernel, self->memory, va, ret_value);
}

/* The members that VMCOREINFO tells, too; the end is behind the start. Source: Linux
 * include/linux/vmalloc.h, struct vmap_area; kernel/crash_core.c (to 6.8). */
static gboolean
find_area_members (Loader *self)
{
  static const char *const members[] = { "va_start", "va_end", "list" };
  guint32 offsets[G_N_ELEMENTS (members)];
  GHashTable *info = self->kernel->vmcoreinfo;

  if (p2v_linux_find_offsets (self->kernel, "vmap_area", members, G_N_ELEMENTS (members), offsets))
    {
      self->start = offsets[0];
      self->end = offsets[1];
      self->link = offsets[2];
      return TRUE;
    }
  if (!p2v_linux_get_info_offset (info, "vmap_area.va_start", &self->start) ||
      !p2v_linux_get_info_offset (info, "vmap_area.list", &self->link))
    return FALSE;
  self->end = self->start + self->kernel->arch->word_bytes;
  return TRUE;
}

/* FALSE: then it is not known who asked for an area. */
static gboolean
find_vm_members (Loader *self,
                 GArray *objects)
{
  static const char *const area_members[] = { "vm" };
  static const char *const members[] = { "flags", "caller" };
  guint32 offsets[G_N_ELEMENTS (members)];

  if (!p2v_linux_find_offsets (self->kernel, "vmap_area", area_members, 1, &self->vm) ||
      !p2v_linux_find_offsets (self->kernel, "vm_struct", members, G_N_ELEMENTS (members),
                               offsets))
    return p2v_linux_infer_vm_members (self->kernel, self->memory, objects, self->start, &self->vm,
                                       &self->flags, &self->caller);
  self->flags = offsets[0];
  self->caller = offsets[1];
  return TRUE;
}

/* From 6.9 on the areas are spread over nodes, each with a ring of those in use. FALSE if the
 * kernel has no nodes. */
static gboolean
collect_from_nodes (const Loader *self,
                    GArray       *objects)
{
  const P2vLinux *kernel = self->kernel;
  P2vVirtAddr nodes_at, n_nodes_at, nodes_va;
  guint32 n_nodes, node_bytes;
  P2vMember head;

  if (!p2v_symbol_table_find (kernel->symbol_table, "vmap_nodes", &nodes_at) ||
      !p2v_symbol_table_find (kernel->symbol_table, "nr_vmap_nodes", &n_nodes_at) ||
      !p2v_type_source_find_size (kernel->types, "vmap_node", &node_bytes) ||
      !p2v_type_source_find_member (kernel->types, "vmap_node", "busy.head", &head))
    return FALSE;
  if (!read_word (self, nodes_at, &nodes_va) ||
      !p2v_virtual_memory_read_u32 (self->memory, n_nodes_at, &n_nodes))
    return TRUE;
  for (guint i = 0; i < MIN (n_nodes, MAX_NODES); i++)
    p2v_linux_collect_ring (kernel, self->memory,
                            nodes_va + (guint64) i * node_bytes + head.offset_bytes, self->link,
                            objects);
  return TRUE;
}

static void
collect_areas (const Loader *self,
               GArray       *objects)
{
  P2vVirtAddr head_va;

  if (collect_from_nodes (self, objects))
    return;
  if (p2v_symbol_table_find (self->kernel->symbol_table, "vmap_area_list", &head_va) ||
      p2v_linux_get_info_symbol (self->kernel->vmcoreinfo, "vmap_area_list", &head_va))
    p2v_linux_collect_ring (self->kernel, self->memory, head_va, self->link, objects);
}

/* Areas of vm_map_ram() have no vm_struct, and so nobody who asked for them. */
static void
add_area (const Loader *self,
          P2vVirtAddr   area_va,
          GArray       *areas)
{
  P2vLinuxVmArea area = { 0 };
  P2vVirtAddr end_va, vm_va;
  guint64 flags;

  if (!read_word (self, area_va + self->start, &area.start_va) ||
      !read_word (self, area_va + self->end, &end_va) || end_va <= area.start_va)
    return;
  area.length_bytes = end_va - area.start_va;
  if (self->has_vm && read_word (self, area_va + self->vm, &vm_va) && vm_va != 0 &&
      read_word (self, vm_va + self->flags, &flags) &&
      read_word (self, vm_va + self->caller, &area.caller_va))
    area.is_device = (flags & VM_IOREMAP) != 0;
  g_array_append_val (areas, area);
}

static int
compare_areas (gconstpointer a,
               gconstpointer b)
{
  const P2vLinuxVmArea *x = a, *y = b;

  return (x->start_va > y->start_va) - (x->start_va < y->start_va);
}

GArray *
p2v_linux_load_vm_areas (const P2vLinux   *self,
                         P2vVirtualMemory *memory)
{
  g_autoptr (GArray) objects = g_array_new (FALSE, FALSE, sizeof (P2vVirtAddr));
  GArray *areas = g_array_new (FALSE, FALSE, sizeof (P2vLinuxVmArea));
  Loader loader = { .kernel = self, .memory = memory };

  if (!find_area_members (&loader))
    return areas;
  collect_areas (&loader, objects);
  loader.has_vm = find_vm_members (&loader, objects);
  for (guint i = 0; i < objects->len; i++)
    add_area (&loader, g_array_index (objects, P2vVirtAddr, i), areas);
  g_array_sort (areas, compare_areas);
  return areas;
}

const P2vLinuxVmArea *
p2v_linux_find_vm_area (GArray      *areas,
                        P2vVirtAddr  va)
{
  guint low = 0, high = areas->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const P2vLinuxVmArea *area = &g_array_index (areas, P2vLinuxVmArea, middle);
      if (va < area->start_va)
        high = middle;
      else if (va - area->start_va < area->length_bytes)
        return area;
      else
        low = middle + 1;
    }
  return NULL;
}

char *
p2v_linux_dup_vm_caller (const P2vLinux       *self,
                         GPtrArray            *modules,
                         const P2vLinuxVmArea *area)
{
  guint64 symbol_va;
  const P2vLinuxModulePart *module = p2v_linux_find_module (modules, area->caller_va);

  if (module != NULL)
    return g_strdup (module->name);
  /* Tables of functions only do not reach up to the end of the image, but all code is before. */
  if (area->caller_va < self->symbols[LINUX_SYMBOL_TEXT].va ||
      area->caller_va >= MAX (self->symbols[LINUX_SYMBOL_END].va,
                              self->symbols[LINUX_SYMBOL_ETEXT].va))
    return NULL;
  const char *name =
    p2v_symbol_table_find_nearest (self->symbol_table, area->caller_va, &symbol_va);
  return name != NULL ? p2v_text_escape (name, -1) : NULL;
}
