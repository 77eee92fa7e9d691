/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What is at which physical address, as /proc/iomem lists it. */

#include "config.h"

#include "base/p2v-text.h"
#include "os/linux/p2v-linux-frame-names.h"

/* Resources that are read; a large server has some thousands. */
#define MAX_RESOURCES 65536

#define MAX_NAME_BYTES 128

/* The bytes of the kernel's first code that the list may have before those of _stext. Source: Linux
 * arch/arm64/include/asm/memory.h, SEGMENT_ALIGN. */
#define SEGMENT_BYTES ((guint64) 64 << 10)

/* Resources one in the other, up to the root. */
#define MAX_DEPTH 16

static const char *const members[] = { "start", "end", "name", "parent", "sibling", "child" };

enum
{
  START,
  END,
  NAME,
  PARENT,
  SIBLING,
  CHILD,
  N_MEMBERS,
};

/* Where they are if the kernel's types do not say it, in words behind the two numbers. Source:
 * Linux include/linux/ioport.h, struct resource (4.6 on). */
static const guint member_words[N_MEMBERS] = { 0, 0, 0, 3, 4, 5 };

G_STATIC_ASSERT (G_N_ELEMENTS (members) == N_MEMBERS);

typedef struct
{
  const P2vLinux   *kernel;
  P2vVirtualMemory *memory;
  P2vMember         members[N_MEMBERS];
  GArray           *resources;
  GArray           *queue;       /* P2vVirtAddr: those to be read, with their depth behind each */
  P2vVirtAddr       root_va;     /* of iomem_resource */
} Loader;

/* The two numbers are as wide as an entry of the page tables. Source: Linux include/linux/types.h,
 * resource_size_t. */
static void
assume_members (Loader *self)
{
  guint32 number = self->kernel->tables.form->entry_bytes, word = self->kernel->arch->word_bytes;

  for (guint i = 0; i < N_MEMBERS; i++)
    self->members[i] = (P2vMember) { .offset_bytes = 2 * number + word * member_words[i],
                                     .size_bytes = word };
  self->members[START] = (P2vMember) { .offset_bytes = 0, .size_bytes = number };
  self->members[END] = (P2vMember) { .offset_bytes = number, .size_bytes = number };
}

static void
find_members (Loader *self)
{
  for (guint i = 0; i < N_MEMBERS; i++)
    if (!p2v_type_source_find_member (self->kernel->types, "resource", members[i],
                                      &self->members[i]))
      {
        assume_members (self);
        return;
      }
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

static gboolean
has_name (Loader      *self,
          P2vVirtAddr  resource_va,
          const char  *expected)
{
  g_autoptr (GString) name = g_string_new (NULL);
  guint64 name_va;

  if (!read_number (self, resource_va, NAME, &name_va) || name_va == 0)
    return FALSE;
  p2v_virtual_memory_append_string (self->memory, name_va, MAX_NAME_BYTES, name);
  return g_str_equal (name->str, expected);
}

/* Whether the resource at @va is that of the kernel's code, and leads to the root. */
static gboolean
try_code (P2vVirtAddr va,
          guint64     start_pa G_GNUC_UNUSED,
          gpointer    user_data)
{
  Loader *self = user_data;
  guint64 parent_va;

  if (!has_name (self, va, "Kernel code") || !read_number (self, va, PARENT, &parent_va) ||
      !has_name (self, parent_va, "System RAM"))
    return FALSE;
  for (guint i = 0; i < MAX_DEPTH; i++, va = parent_va)
    if (!read_number (self, va, PARENT, &parent_va))
      return FALSE;
    else if (parent_va == 0)
      {
        self->root_va = va;
        return TRUE;
      }
  return FALSE;
}

/* Where no symbol tells the root: the resource of the kernel's code is a variable of the kernel,
 * and begins where that does. */
static gboolean
find_root (Loader *self)
{
  const P2vLinux *kernel = self->kernel;

  if (kernel->symbol_table != NULL &&
      p2v_symbol_table_find (kernel->symbol_table, "iomem_resource", &self->root_va))
    return TRUE;
  P2vPhysAddr image_pa = kernel->image_va - kernel->delta;
  const P2vLinuxNumberSearch search = { .size_bytes = self->members[START].size_bytes,
                                        .least = image_pa - MIN (image_pa, SEGMENT_BYTES),
                                        .greatest = image_pa,
                                        .try_number = try_code,
                                        .user_data = self };

  return p2v_linux_find_number (kernel, &search, kernel->image_va & ~(P2V_FRAME_SIZE - 1),
                                P2V_LINUX_IMAGE_DISTANCE);
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
  P2vVirtAddr first_va;

  g_array_set_clear_func (resources, clear_resource);
  find_members (&self);
  if (!find_root (&self) || !read_number (&self, self.root_va, CHILD, &first_va))
    return resources;
  queue (&self, first_va, 0);
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

P2vFrameKind
p2v_linux_resource_get_kind (const P2vLinuxResource *resource)
{
  /* Names of memory that is none for the system. Source: Linux arch/x86/kernel/e820.c
   * e820_type_to_string(), arch/x86/kernel/probe_roms.c; arch/arm64/kernel/setup.c. */
  static const char *const firmware[] = {
    "Reserved",          "reserved",        "ACPI Tables", "ACPI Non-volatile Storage",
    "Unknown E820 type", "Video ROM",       "System ROM",  "Adapter ROM",
    "Extension ROM",     "Unusable memory",
    NULL,
  };

  if (g_str_equal (resource->name, "System RAM") || g_str_has_prefix (resource->name, "Kernel "))
    return P2V_FRAME_KIND_RESERVED;
  return g_strv_contains (firmware, resource->name) ? P2V_FRAME_KIND_FIRMWARE
                                                    : P2V_FRAME_KIND_NOT_RAM;
}

/* By the records of frames, which the kernel has of all memory, and in large pieces: what lies in a
 * gap between two parts of memory may have one, too, and is not told from the firmware's then. */
static gboolean
has_record (const P2vLinux   *kernel,
            P2vVirtualMemory *memory,
            P2vPhysAddr       pa)
{
  const P2vLinuxPageLayout *layout = p2v_linux_frames_get_layout (kernel, memory);
  P2vLinuxPageReader pages;
  P2vLinuxPage page;

  if (!layout->known)
    return FALSE;
  p2v_linux_page_reader_init (&pages, kernel, layout, memory);
  return p2v_linux_page_read (&pages, pa >> layout->frame_shift, &page);
}

gboolean
p2v_linux_is_device (P2vSystem   *system,
                     P2vPhysAddr  pa)
{
  const P2vLinux *kernel = p2v_system_get_backend_data (system);
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&kernel->tables, kernel->root_pa);
  GArray *resources = p2v_linux_frames_get_resources (kernel, memory);
  const P2vLinuxResource *resource =
    p2v_linux_find_resource (resources, pa & ~(P2V_FRAME_SIZE - 1));

  if (resource != NULL)
    return p2v_linux_resource_get_kind (resource) == P2V_FRAME_KIND_NOT_RAM;
  /* Whether the list was not found, or has nothing there. */
  if (resources->len > 0)
    return TRUE;
  return !p2v_image_contains (kernel->image, pa) && !has_record (kernel, memory, pa);
}
