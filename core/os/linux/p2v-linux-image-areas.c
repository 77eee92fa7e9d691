/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The parts of the kernel's image, for kernels of which no symbols of data tell them. */

#include "config.h"

#include "os/linux/p2v-linux-areas.h"
#include "os/linux/p2v-linux-frame-names.h"

/* Names of resources and of the areas they are. Source: Linux arch/x86/kernel/setup.c,
 * arch/arm64/kernel/setup.c. */
static const struct
{
  const char *resource;
  const char *area;
} parts[] = {
  { "Kernel code", "kernel text" },
  { "Kernel rodata", "kernel rodata" },
  { "Kernel data", "kernel data" },
  { "Kernel bss", "kernel bss" },
};

typedef struct
{
  const P2vLinux  *kernel;
  P2vMappingClass  class_behind;
  const char      *name_behind;
  GArray          *areas;
} Adder;

/* Adds what lies from @start_va to the page of @last_va. */
static void
add_part (const Adder *self,
          const char  *name,
          P2vVirtAddr  start_va,
          P2vVirtAddr  last_va)
{
  P2vVirtAddr first_va = start_va & ~(P2V_FRAME_SIZE - 1);
  P2vVirtAddr behind_va = (last_va | (P2V_FRAME_SIZE - 1)) + 1;

  p2v_linux_add_area (self->areas, P2V_MAPPING_KERNEL_IMAGE, name, first_va, behind_va - first_va);
  p2v_linux_add_area (self->areas, self->class_behind, self->name_behind, behind_va, G_MAXUINT64);
}

/* Whether the resource can be of an image that begins with the kernel's first code. */
static gboolean
is_near (const P2vLinux         *kernel,
         const P2vLinuxResource *resource)
{
  P2vPhysAddr image_pa = kernel->image_va - kernel->delta;

  return resource->last_pa >= image_pa &&
         resource->last_pa - image_pa < P2V_LINUX_IMAGE_DISTANCE &&
         resource->last_pa - resource->start_pa < P2V_LINUX_IMAGE_DISTANCE;
}

static gboolean
add_resources (const Adder *self,
               GArray      *resources)
{
  gboolean added = FALSE;

  for (guint i = 0; i < resources->len; i++)
    for (gsize j = 0; j < G_N_ELEMENTS (parts); j++)
      {
        const P2vLinuxResource *resource = &g_array_index (resources, P2vLinuxResource, i);
        if (!g_str_equal (resource->name, parts[j].resource) || !is_near (self->kernel, resource))
          continue;
        add_part (self, parts[j].area, resource->start_pa + self->kernel->delta,
                  resource->last_pa + self->kernel->delta);
        added = TRUE;
      }
  return added;
}

gboolean
p2v_linux_find_data (const P2vLinux   *self,
                     P2vVirtualMemory *memory,
                     P2vVirtAddr      *ret_start_va,
                     guint64          *ret_length)
{
  g_autoptr (GArray) resources = p2v_linux_load_resources (self, memory);

  for (guint i = 0; i < resources->len; i++)
    {
      const P2vLinuxResource *resource = &g_array_index (resources, P2vLinuxResource, i);
      if (!g_str_equal (resource->name, "Kernel data") || !is_near (self, resource))
        continue;
      *ret_start_va = (resource->start_pa + self->delta) & ~(P2V_FRAME_SIZE - 1);
      *ret_length = resource->last_pa + self->delta - *ret_start_va + 1;
      return TRUE;
    }
  return FALSE;
}

void
p2v_linux_add_image_areas (const P2vLinux   *self,
                           P2vVirtualMemory *memory,
                           P2vMappingClass   class_behind,
                           const char       *name_behind,
                           GArray           *areas)
{
  const Adder adder = { self, class_behind, name_behind, areas };
  GArray *resources = p2v_linux_frames_get_resources (self, memory);
  P2vVirtAddr text_va = self->symbols[LINUX_SYMBOL_TEXT].va;
  P2vVirtAddr end_va = self->symbols[LINUX_SYMBOL_ETEXT].va;

  if (!add_resources (&adder, resources) && text_va != 0 && end_va > text_va)
    add_part (&adder, "kernel text", text_va, end_va - 1);
}
