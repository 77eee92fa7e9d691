/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Modules: the list that /proc/modules shows, and where each module lies. */

#include "config.h"

#include "base/p2v-text.h"
#include "os/linux/p2v-linux-areas.h"

/* Source: Linux include/linux/moduleparam.h and module.h, MODULE_NAME_LEN: 64 bytes less a long. */
#define MODULE_NAME_BYTES 64

/* A module larger than all the room there is for modules: its numbers are not to be believed.
 * Source: Linux arch/x86/include/asm/pgtable_64_types.h MODULES_LEN (at most 1.5 GiB),
 * arch/arm64/include/asm/memory.h (2 GiB). */
#define MAX_MODULE_BYTES ((guint64) 2 << 30)

/* Modules that are believed; real systems have some hundreds. */
#define MAX_MODULES 65536

/* How far into a struct module its parts are looked for where types do not tell them; Debian's
 * have them within 400 bytes. */
#define STRUCT_BYTES 1024

/* As many modules say which words these are. */
#define MAX_SAMPLES 256

/* What each element of module.mem[] holds. Source: Linux include/linux/module.h, enum mod_mem_type
 * (6.4). */
static const char *const part_names[] = {
  "", " (data)", " (rodata)", " (ro after init)", " (init)", " (init data)", " (init rodata)",
};

/* The two layouts of a kernel before 6.4. Source: Linux include/linux/module.h (6.1), struct
 * module. */
static const struct
{
  const char *base;
  const char *size;
  const char *name;
} old_parts[] = {
  { "core_layout.base", "core_layout.size", "" },
  { "init_layout.base", "init_layout.size", " (init)" },
};

typedef struct
{
  const P2vLinux   *kernel;
  P2vVirtualMemory *memory;
  guint32           name_offset;
  GPtrArray        *parts;
} Loader;

static void
free_part (gpointer data)
{
  P2vLinuxModulePart *part = data;

  g_free (part->name);
  g_free (part);
}

static void
append_part (Loader      *self,
             P2vVirtAddr  module_va,
             P2vVirtAddr  start_va,
             guint64      length_bytes,
             const char  *part_name)
{
  g_autoptr (GString) name = g_string_new (NULL);

  p2v_virtual_memory_append_string (self->memory, module_va + self->name_offset, MODULE_NAME_BYTES,
                                    name);
  g_autofree char *escaped = p2v_text_escape (name->str, (gssize) name->len);
  P2vLinuxModulePart *part = g_new0 (P2vLinuxModulePart, 1);
  part->start_va = start_va;
  part->length_bytes = length_bytes;
  part->name = g_strconcat (escaped, part_name, NULL);
  g_ptr_array_add (self->parts, part);
}

/* Adds the part whose base and size stand at these addresses, if there is one. */
static void
add_part (Loader      *self,
          P2vVirtAddr  module_va,
          P2vVirtAddr  base_at,
          P2vVirtAddr  size_at,
          const char  *part_name)
{
  P2vVirtAddr start_va;
  guint32 length_bytes;

  if (p2v_linux_read_word_at (self->kernel, self->memory, base_at, &start_va) &&
      p2v_virtual_memory_read_u32 (self->memory, size_at, &length_bytes) && start_va != 0 &&
      length_bytes != 0 && length_bytes <= MAX_MODULE_BYTES &&
      start_va + length_bytes >= start_va)
    append_part (self, module_va, start_va, length_bytes, part_name);
}

/* From 6.4 on: an array of struct module_memory. FALSE if the kernel has none. */
static gboolean
add_new_parts (Loader *self,
               GArray *modules)
{
  static const char *const members[] = { "base", "size" };
  guint32 offsets[G_N_ELEMENTS (members)], element_bytes;
  P2vMember mem;

  if (!p2v_type_source_find_member (self->kernel->types, "module", "mem", &mem) ||
      !p2v_type_source_find_size (self->kernel->types, "module_memory", &element_bytes) ||
      !p2v_linux_find_offsets (self->kernel, "module_memory", members, G_N_ELEMENTS (members),
                               offsets))
    return FALSE;
  for (guint i = 0; i < modules->len; i++)
    for (guint j = 0; j < G_N_ELEMENTS (part_names) && (j + 1) * element_bytes <= mem.size_bytes;
         j++)
      {
        P2vVirtAddr module_va = g_array_index (modules, P2vVirtAddr, i);
        P2vVirtAddr element_va = module_va + mem.offset_bytes + j * element_bytes;
        add_part (self, module_va, element_va + offsets[0], element_va + offsets[1],
                  part_names[j]);
      }
  return TRUE;
}

static void
add_old_parts (Loader *self,
               GArray *modules)
{
  for (gsize i = 0; i < G_N_ELEMENTS (old_parts); i++)
    {
      const char *const members[] = { old_parts[i].base, old_parts[i].size };
      guint32 offsets[G_N_ELEMENTS (members)];

      if (!p2v_linux_find_offsets (self->kernel, "module", members, G_N_ELEMENTS (members),
                                   offsets))
        continue;
      for (guint j = 0; j < modules->len; j++)
        {
          P2vVirtAddr module_va = g_array_index (modules, P2vVirtAddr, j);
          add_part (self, module_va, module_va + offsets[0], module_va + offsets[1],
                    old_parts[i].name);
        }
    }
}

static int
compare_parts (gconstpointer a,
               gconstpointer b)
{
  const P2vLinuxModulePart *x = *(P2vLinuxModulePart **) a, *y = *(P2vLinuxModulePart **) b;

  return (x->start_va > y->start_va) - (x->start_va < y->start_va);
}

/* (nullable): the area of vmalloc whose start the module has at @offset; a device's is none. */
static const P2vLinuxVmArea *
find_area (Loader      *self,
           GArray      *areas,
           P2vVirtAddr  module_va,
           guint32      offset)
{
  P2vVirtAddr va;

  if (!p2v_linux_read_word_at (self->kernel, self->memory, module_va + offset, &va))
    return NULL;
  const P2vLinuxVmArea *area = p2v_linux_find_vm_area (areas, va);
  return area != NULL && area->start_va == va && !area->is_device ? area : NULL;
}

/* Adds the areas that modules have at @offset, if most of them have one: a single one may have any
 * pointer behind its struct module. */
static void
add_areas (Loader  *self,
           GArray  *areas,
           GArray  *modules,
           guint32  offset)
{
  guint n = 0, n_samples = MIN (modules->len, MAX_SAMPLES);

  for (guint i = 0; i < n_samples; i++)
    n += find_area (self, areas, g_array_index (modules, P2vVirtAddr, i), offset) != NULL;
  for (guint i = 0; i < modules->len && n >= n_samples - n_samples / 8; i++)
    {
      P2vVirtAddr module_va = g_array_index (modules, P2vVirtAddr, i);
      const P2vLinuxVmArea *area = find_area (self, areas, module_va, offset);
      if (area != NULL)
        append_part (self, module_va, area->start_va, area->length_bytes, "");
    }
}

/* Where types do not tell which words of struct module are the addresses of its parts: those that
 * are the start of an area of vmalloc in all. */
static void
add_parts_by_areas (Loader *self,
                    GArray *modules)
{
  g_autoptr (GArray) areas = p2v_linux_load_vm_areas (self->kernel, self->memory);

  for (guint32 offset = 0; offset < STRUCT_BYTES; offset += self->kernel->arch->word_bytes)
    add_areas (self, areas, modules, offset);
}

static gboolean
find_head (const Loader *self,
           P2vVirtAddr  *ret_head_va)
{
  return p2v_symbol_table_find (self->kernel->symbol_table, "modules", ret_head_va) ||
         p2v_linux_find_module_list (self->kernel, self->memory, ret_head_va);
}

GPtrArray *
p2v_linux_load_modules (const P2vLinux   *self,
                        P2vVirtualMemory *memory)
{
  static const char *const members[] = { "list", "name" };
  g_autoptr (GArray) modules = g_array_new (FALSE, FALSE, sizeof (P2vVirtAddr));
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (free_part);
  guint32 offsets[] = { self->arch->word_bytes, 3 * self->arch->word_bytes };
  Loader loader = { .kernel = self, .memory = memory, .parts = parts };
  P2vVirtAddr head_va;

  /* They begin every struct module. Source: Linux include/linux/module.h. */
  gboolean known =
    p2v_linux_find_offsets (self, "module", members, G_N_ELEMENTS (members), offsets);
  if (!find_head (&loader, &head_va))
    return g_steal_pointer (&parts);
  loader.name_offset = offsets[1];
  p2v_linux_collect_ring (self, memory, head_va, offsets[0], modules);
  g_array_set_size (modules, MIN (modules->len, MAX_MODULES));
  if (!known)
    add_parts_by_areas (&loader, modules);
  else if (!add_new_parts (&loader, modules))
    add_old_parts (&loader, modules);
  g_ptr_array_sort (parts, compare_parts);
  return g_steal_pointer (&parts);
}

const P2vLinuxModulePart *
p2v_linux_find_module (GPtrArray   *modules,
                       P2vVirtAddr  va)
{
  guint low = 0, high = modules->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const P2vLinuxModulePart *part = g_ptr_array_index (modules, middle);
      if (va < part->start_va)
        high = middle;
      else if (va - part->start_va < part->length_bytes)
        return part;
      else
        low = middle + 1;
    }
  return NULL;
}
