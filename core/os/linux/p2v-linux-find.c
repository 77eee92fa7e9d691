/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Data of the kernel's image that its symbol table does not list, found by what they hold. */

#include "config.h"

#include <string.h>

#include "base/p2v-limits.h"
#include "base/p2v-reader.h"
#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-private.h"

/* How far from its first code the kernel's image is searched; Debian's are 30 to 50 MiB. Source:
 * Linux arch/x86/include/asm/page_64_types.h, KERNEL_IMAGE_SIZE at least 512 MiB. */
#define IMAGE_BYTES ((guint64) 512 << 20)

/* What is read at a time, beside what may straddle the end. */
#define CHUNK_BYTES ((gsize) 64 << 10)
#define MAX_NEEDLE  64

/* Numbers that are offered in one search; Debian's kernels have up to 0.7 million words of data. */
#define MAX_OFFERS ((guint) 4 << 20)

/* The longest name of the first task, and that of kernels for one processor. Source: Linux
 * init/init_task.c INIT_TASK_COMM, kernel/sched/core.c init_idle(). */
static const char init_comms[][16] = { "swapper/0", "swapper" };

/* The header of BTF: magic, version 1, no flags, its own length of 24 bytes, types at once behind.
 * Source: Linux include/uapi/linux/btf.h. */
static const guint8 btf_header[] = { 0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0 };
#define BTF_HEADER_BYTES 24

typedef struct
{
  const P2vLinux   *kernel;
  P2vVirtualMemory *memory;
  const guint8     *needle;
  gsize             length;
  P2vFoundFunc      try_found;
  gpointer          user_data;
} Search;

/* Whether the kernel has what stands at @pa where its image would have it, and it is meant. */
static gboolean
offer (const Search *self,
       P2vPhysAddr   pa)
{
  P2vVirtAddr va = pa + self->kernel->delta;
  P2vPhysAddr mapped_pa;

  return p2v_virtual_memory_translate (self->memory, va, &mapped_pa) && mapped_pa == pa &&
         self->try_found (va, self->user_data);
}

static gboolean
search_chunk (const Search *self,
              const guint8 *bytes,
              gsize         length,
              P2vPhysAddr   pa)
{
  const guint8 *end = bytes + length - self->length;

  for (const guint8 *at = bytes; at <= end; at++)
    {
      at = memchr (at, self->needle[0], (gsize) (end - at) + 1);
      if (at == NULL)
        return FALSE;
      if (memcmp (at, self->needle, self->length) == 0 && offer (self, pa + (guint64) (at - bytes)))
        return TRUE;
    }
  return FALSE;
}

/* Searches the kernel's image for @needle; TRUE as soon as @try_found is. The place is mapped by
 * the kernel where its image is. */
static gboolean
find_in_image (const P2vLinux   *kernel,
               P2vVirtualMemory *memory,
               gconstpointer     needle,
               gsize             length,
               P2vFoundFunc      try_found,
               gpointer          user_data)
{
  Search self = { kernel, memory, needle, length, try_found, user_data };
  g_autofree guint8 *buffer = g_malloc (CHUNK_BYTES + MAX_NEEDLE);
  /* Where it is not told, the start is a guess that may lie before all memory. */
  P2vPhysAddr start_pa =
    (kernel->image_va - MIN (kernel->image_va, kernel->delta)) & ~(CHUNK_BYTES - 1);
  guint n_holes = 0;

  /* The image has no holes but where memory ends, or where a part was freed and is not in the
   * file. */
  for (guint64 offset = 0; offset < IMAGE_BYTES && n_holes < 64; offset += CHUNK_BYTES)
    {
      P2vPhysAddr pa = start_pa + offset;
      gsize n = CHUNK_BYTES + length - 1;
      if (p2v_image_read (kernel->image, pa, buffer, n, NULL) != P2V_READ_OK &&
          p2v_image_read (kernel->image, pa, buffer, n = CHUNK_BYTES, NULL) != P2V_READ_OK)
        n_holes++;
      else if (search_chunk (&self, buffer, n, pa))
        return TRUE;
    }
  return FALSE;
}

static gboolean
search_numbers (const P2vLinuxNumberSearch *self,
                const guint8               *chunk,
                gsize                       length,
                P2vVirtAddr                 chunk_va,
                guint                      *n_offers)
{
  for (gsize at = 0; at + self->size_bytes <= length && *n_offers < MAX_OFFERS;
       at += self->size_bytes)
    {
      guint64 number = 0;
      memcpy (&number, chunk + at, self->size_bytes);
      number = GUINT64_FROM_LE (number);
      if (number >= self->least && number <= self->greatest && (*n_offers)++ < MAX_OFFERS &&
          self->try_number (chunk_va + at, number, self->user_data))
        return TRUE;
    }
  return FALSE;
}

gboolean
p2v_linux_find_number (const P2vLinux             *kernel,
                       const P2vLinuxNumberSearch *search,
                       P2vVirtAddr                 start_va,
                       guint64                     length)
{
  g_autofree guint8 *buffer = g_malloc (CHUNK_BYTES);
  guint n_offers = 0;

  length = MIN (length, IMAGE_BYTES);
  for (guint64 offset = 0; offset < length; offset += CHUNK_BYTES)
    {
      P2vVirtAddr va = start_va + offset;
      gsize n = (gsize) MIN (CHUNK_BYTES, length - offset);
      if (p2v_image_read (kernel->image, va - kernel->delta, buffer, n, NULL) == P2V_READ_OK &&
          search_numbers (search, buffer, n, va, &n_offers))
        return TRUE;
    }
  return FALSE;
}

gboolean
p2v_linux_find_init_comm (const P2vLinux   *kernel,
                          P2vVirtualMemory *memory,
                          P2vFoundFunc      try_found,
                          gpointer          user_data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (init_comms); i++)
    if (find_in_image (kernel, memory, init_comms[i], sizeof init_comms[i], try_found, user_data))
      return TRUE;
  return FALSE;
}

/* Whether the kernel's own types are at @va: modules have some too, and the kernel keeps a copy of
 * the header alone. */
static gboolean
try_btf (P2vVirtAddr va,
         gpointer    user_data)
{
  P2vLinux *self = user_data;
  guint8 header[BTF_HEADER_BYTES];
  guint32 type_bytes, string_offset, string_bytes, unused;

  if (p2v_image_read (self->image, va - self->delta, header, sizeof header, NULL) != P2V_READ_OK)
    return FALSE;
  P2vReader reader = p2v_reader_le (header, sizeof header);
  if (!p2v_reader_get_u32 (&reader, 12, &type_bytes) ||
      !p2v_reader_get_u32 (&reader, 16, &string_offset) ||
      !p2v_reader_get_u32 (&reader, 20, &string_bytes))
    return FALSE;
  guint64 length = BTF_HEADER_BYTES + (guint64) string_offset + string_bytes;
  if (string_offset < type_bytes || length > P2V_LIMIT_BTF_BYTES)
    return FALSE;
  g_autofree guint8 *bytes = g_try_malloc (length);
  if (bytes == NULL ||
      p2v_image_read (self->image, va - self->delta, bytes, length, NULL) != P2V_READ_OK)
    return FALSE;
  g_autoptr (GBytes) blob = g_bytes_new_take (g_steal_pointer (&bytes), length);
  g_autoptr (P2vTypeSource) types = p2v_btf_parse (blob, NULL);
  if (types == NULL || !p2v_type_source_find_size (types, "task_struct", &unused))
    return FALSE;
  self->own_types = g_steal_pointer (&types);
  return TRUE;
}

gboolean
p2v_linux_find_btf (P2vLinux *self)
{
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&self->tables, self->root_pa);

  return find_in_image (self, memory, btf_header, sizeof btf_header, try_btf, self);
}

/* Whether the task whose name is at @comm_va is init_task: it is its own parent. */
static gboolean
try_init_task (P2vVirtAddr comm_va,
               gpointer    user_data)
{
  P2vLinux *self = user_data;
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&self->tables, self->root_pa);
  P2vVirtAddr task_va = comm_va - self->layout[LINUX_TASK_COMM].offset_bytes;
  guint64 parent;

  if (!p2v_linux_read_word (self, memory, task_va, LINUX_TASK_REAL_PARENT, &parent) ||
      parent != task_va)
    return FALSE;
  self->symbols[LINUX_SYMBOL_INIT_TASK].va = task_va;
  return TRUE;
}

gboolean
p2v_linux_find_init_task (P2vLinux *self)
{
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&self->tables, self->root_pa);

  return p2v_linux_find_init_comm (self, memory, try_init_task, self);
}

void
p2v_linux_find_pid_namespace (P2vLinux *self)
{
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&self->tables, self->root_pa);
  P2vVirtAddr init_task = self->symbols[LINUX_SYMBOL_INIT_TASK].va;
  P2vVirtAddr pid, namespace_va;

  /* The first of a pid's numbers is that in the initial namespace. */
  if (self->symbols[LINUX_SYMBOL_INIT_PID_NS].va == 0 && self->layout[LINUX_PID_NUMBERS].known &&
      self->layout[LINUX_UPID_NS].known && self->layout[LINUX_TASK_THREAD_PID].known &&
      p2v_linux_read_word (self, memory, init_task, LINUX_TASK_THREAD_PID, &pid) &&
      p2v_linux_read_word (self, memory, p2v_linux_field_va (self, pid, LINUX_PID_NUMBERS),
                           LINUX_UPID_NS, &namespace_va))
    self->symbols[LINUX_SYMBOL_INIT_PID_NS].va = namespace_va;
}
