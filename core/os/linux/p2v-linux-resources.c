/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What is at which physical address, as /proc/iomem lists it. */

#include "config.h"

#include "base/p2v-text.h"
#include "os/linux/p2v-linux-frame-names.h"

/* Resources that are read; a large server has some thousands. */
#define MAX_RESOURCES 65536

#define MAX_NAME_BYTES 128

static const char *const members[] = { "start", "end", "name", "sibling", "child" };

enum
{
  START,
  END,
  NAME,
  SIBLING,
  CHILD,
  N_MEMBERS,
};

G_STATIC_ASSERT (G_N_ELEMENTS (members) == N_MEMBERS);

typedef struct
{
  const P2vLinux   *kernel;
  P2vVirtualMemory *memory;
  P2vMember         members[N_MEMBERS];
  GArray           *resources;
  GArray           *queue;       /* P2vVirtAddr: those to be read, with their depth behind each */
} Loader;

static gboolean
find_members (Loader *self)
{
  for (guint i = 0; i < N_MEMBERS; i++)
    if (!p2v_type_source_find_member (self->kernel->types, "resource", members[i],
                                      &self->members[i]))
      return FALSE;
  return TRUE;
}

/* Addresses of resources have 64 bits also where pointers have not. */
static gboolean
read_number (Loader      *self,
             P2vVirtAddr  resource_va,
             guint        member,
             guint64     *ret_value)
{
  P2vVirtAddr va = resource_va + self->members[member].offset_bytes;

  if (self->members[member].size_bytes == sizeof *ret_value)
    return p2v_virtual_memory_read_u64 (self->memory, va, ret_value);
  return p2v_linux_read_word_at (self->kernel, self->memory, va, ret_value);
}

static void
queue (Loader      *self,
       P2vVirtAddr  resource_va,
       guint64      depth)
{
  if (resource_va == 0)
    return;
  g_array_append_val (self->queue, resource_va);
  g_array_append_val (self->queue, depth);
}

static void
add_resource (Loader      *self,
              P2vVirtAddr  resource_va,
              guint64      depth)
{
  g_autoptr (GString) name = g_string_new (NULL);
  guint64 numbers[N_MEMBERS];

  for (guint i = 0; i < N_MEMBERS; i++)
    if (!read_number (self, resource_va, i, &numbers[i]))
      return;
  queue (self, numbers[SIBLING], depth);
  queue (self, numbers[CHILD], depth + 1);
  if (numbers[END] < numbers[START] || numbers[NAME] == 0)
    return;
  p2v_virtual_memory_append_string (self->memory, numbers[NAME], MAX_NAME_BYTES, name);
  P2vLinuxResource resource = { .start_pa = numbers[START],
                                .last_pa = numbers[END],
                                .depth = (guint) depth,
                                .name = p2v_text_escape (name->str, (gssize) name->len) };
  g_array_append_val (self->resources, resource);
}

static void
clear_resource (gpointer resource)
{
  g_free (((P2vLinuxResource *) resource)->name);
}

GArray *
p2v_linux_load_resources (const P2vLinux   *kernel,
                          P2vVirtualMemory *memory)
{
  GArray *resources = g_array_new (FALSE, FALSE, sizeof (P2vLinuxResource));
  g_autoptr (GArray) queued = g_array_new (FALSE, FALSE, sizeof (P2vVirtAddr));
  Loader self = { .kernel = kernel, .memory = memory, .resources = resources, .queue = queued };
  P2vVirtAddr root_va;

  g_array_set_clear_func (resources, clear_resource);
  if (!p2v_symbol_table_find (kernel->symbol_table, "iomem_resource", &root_va) ||
      !find_members (&self) ||
      !p2v_linux_read_word_at (kernel, memory, root_va + self.members[CHILD].offset_bytes,
                               &root_va))
    return resources;
  queue (&self, root_va, 0);
  /* A tree that leads back into itself ends by the count. */
  for (guint i = 0; i + 1 < queued->len && i < 2 * MAX_RESOURCES; i += 2)
    add_resource (&self, g_array_index (queued, P2vVirtAddr, i),
                  g_array_index (queued, P2vVirtAddr, i + 1));
  return resources;
}

const P2vLinuxResource *
p2v_linux_find_resource (GArray      *resources,
                         P2vPhysAddr  frame_pa)
{
  const P2vLinuxResource *found = NULL;

  for (guint i = 0; i < resources->len; i++)
    {
      const P2vLinuxResource *resource = &g_array_index (resources, P2vLinuxResource, i);
      if (resource->start_pa <= frame_pa + (P2V_FRAME_SIZE - 1) && resource->last_pa >= frame_pa &&
          (found == NULL || resource->depth > found->depth))
        found = resource;
    }
  return found;
}
