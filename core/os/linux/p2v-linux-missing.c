/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Memory that the kernel had and the image has not. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-frame-names.h"

/* Source: Linux arch/x86/kernel/e820.c, e820_type_to_string(), and arch/arm64/kernel/setup.c. */
#define RAM_NAME "System RAM"

typedef struct
{
  guint64     n_bytes;
  guint64     n_missing;
  P2vPhysAddr first_missing_pa;
} Memory;

/* Counts what of @resource is in no range of the image. */
static void
add_memory (Memory                 *self,
            P2vImage               *image,
            const P2vLinuxResource *resource)
{
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);
  P2vPhysAddr pa = resource->start_pa;
  guint64 n_missing = 0, n_bytes = resource->last_pa - resource->start_pa + 1;

  for (gsize i = 0; i <= n_ranges && pa <= resource->last_pa; i++)
    {
      P2vPhysAddr next = i < n_ranges ? ranges[i].start_pa : G_MAXUINT64;
      P2vPhysAddr last = i < n_ranges ? next + (ranges[i].length_bytes - 1) : G_MAXUINT64;
      if (last < pa)
        continue;
      if (next > pa)
        {
          if (self->n_missing + n_missing == 0)
            self->first_missing_pa = pa;
          n_missing += MIN (next, resource->last_pa + 1) - pa;
        }
      if (last >= resource->last_pa)
        break;
      pa = last + 1;
    }
  self->n_bytes += n_bytes;
  self->n_missing += n_missing;
}

/* Where no symbol says where they are, they are searched for, but not for this. */
static void
add_resources (Memory           *self,
               const P2vLinux   *kernel,
               P2vVirtualMemory *memory)
{
  P2vVirtAddr va;

  if (!p2v_symbol_table_find (kernel->symbol_table, "iomem_resource", &va))
    return;
  const GArray *resources = p2v_linux_frames_get_resources (kernel, memory);
  for (guint i = 0; i < resources->len; i++)
    {
      const P2vLinuxResource *resource = &g_array_index (resources, P2vLinuxResource, i);
      if (resource->last_pa < (guint64) 1 << 56 && g_str_equal (resource->name, RAM_NAME))
        add_memory (self, kernel->image, resource);
    }
}

/* The end of memory, which is also told where resources are not in the image themselves: they are
 * allocated from the end of memory on. 0 if it is not known. Source: Linux
 * include/linux/memblock.h, max_pfn. */
static P2vPhysAddr
find_end (const P2vLinux   *kernel,
          P2vVirtualMemory *memory)
{
  P2vVirtAddr va;
  guint64 max_pfn;

  if (!p2v_symbol_table_find (kernel->symbol_table, "max_pfn", &va) ||
      !p2v_linux_read_word_at (kernel, memory, va, &max_pfn) ||
      max_pfn > (guint64) 1 << (56 - P2V_FRAME_SHIFT))
    return 0;
  return max_pfn << p2v_linux_get_page_shift (kernel);
}

/* Where the image ends, rounded up to a frame. */
static P2vPhysAddr
get_image_end (P2vImage *image)
{
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);
  P2vPhysAddr end = 0;

  for (gsize i = 0; i < n_ranges; i++)
    end = MAX (end, ranges[i].start_pa + (ranges[i].length_bytes - 1));
  return (end | (P2V_FRAME_SIZE - 1)) + 1;
}

char *
p2v_linux_dup_missing_memory (const P2vLinux   *kernel,
                              P2vVirtualMemory *memory)
{
  P2vPhysAddr end = find_end (kernel, memory), image_end = get_image_end (kernel->image);
  Memory found = { 0 };

  add_resources (&found, kernel, memory);
  if (found.n_missing >= P2V_FRAME_SIZE)
    return g_strdup_printf (_("Of %" PRIu64 " KiB of memory that the kernel had %" PRIu64
                              " KiB are not in the image, the first at 0x%" PRIx64
                              ": they were left out when it was made, or it was cut off"),
                            found.n_bytes >> 10, found.n_missing >> 10, found.first_missing_pa);
  if (end > image_end)
    return g_strdup_printf (_("The kernel had memory up to 0x%" PRIx64 ", but the image ends at 0x%"
                              PRIx64 ": the rest was left out when it was made, or it was cut off"),
                            end, image_end);
  return NULL;
}
