/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What a process uses its private areas for, as far as it says so itself in its environment block
 * (PEB) and in those of its threads (TEB): heaps and stacks. A program of 32 bits on a system of 64
 * has a second block of each. */

#include "config.h"

#include "os/windows/p2v-windows-private.h"

/* What is followed of foreign lists. */
#define MAX_HEAPS   4096
#define MAX_THREADS 65536
/* Threads that are tried to tell where threads have what; kernel threads have no block. */
#define MAX_TRIED   16

/* The block of 32 bits of a thread is behind that of 64. Source: data/windows/README.md,
 * "processes' own". */
#define TEB32_DISTANCE 0x2000

/* Parts of the blocks, which are the same in all versions. Source: ibidem. */
typedef struct
{
  guint       width;           /* of a pointer */
  guint       n_heaps;
  guint       heaps;           /* the address of an array of addresses */
  guint       stack_base;      /* behind the stack's last byte */
  guint       self;            /* the block's own address */
  guint       thread_id;
  const char *peb_label;
} Blocks;

static const Blocks blocks_32 = { 4, 0x88, 0x90, 0x04, 0x18, 0x24, "[peb32]" };
static const Blocks blocks_64 = { 8, 0xe8, 0xf0, 0x08, 0x30, 0x48, "[peb]" };
static const Blocks blocks_of_x86 = { 4, 0x88, 0x90, 0x04, 0x18, 0x24, "[peb]" };

typedef struct
{
  const P2vWindows *kernel;
  P2vVirtualMemory *memory;    /* of the process */
  GPtrArray        *regions;
} Labels;

/* Takes @name. What has a name of its own keeps it. */
static void
label (Labels      *self,
       P2vVirtAddr  va,
       char        *name)
{
  P2vRegion *region = (P2vRegion *) p2v_regions_find (self->regions, va);

  if (region == NULL || region->shared || *region->name != '\0')
    {
      g_free (name);
      return;
    }
  g_free (region->name);
  region->name = name;
}

static gboolean
read_word (Labels      *self,
           P2vVirtAddr  va,
           guint        width,
           guint64     *ret_word)
{
  guint8 bytes[sizeof (guint64)] = { 0 };

  if (!p2v_virtual_memory_read (self->memory, va, bytes, width))
    return FALSE;
  *ret_word = p2v_windows_u64_at (bytes, sizeof bytes, 0);
  return TRUE;
}

static void
label_process (Labels       *self,
               const Blocks *blocks,
               P2vVirtAddr   peb_va)
{
  guint64 n_heaps, heaps_va, heap_va;

  if (read_word (self, peb_va + blocks->n_heaps, 4, &n_heaps) &&
      read_word (self, peb_va + blocks->heaps, blocks->width, &heaps_va))
    for (guint64 i = 0; i < MIN (n_heaps, MAX_HEAPS); i++)
      if (read_word (self, heaps_va + i * blocks->width, blocks->width, &heap_va))
        label (self, heap_va, g_strdup ("[heap]"));
  label (self, peb_va, g_strdup (blocks->peb_label));
}

/* A block is believed if it knows where it is. */
static gboolean
is_thread_block (Labels       *self,
                 const Blocks *blocks,
                 P2vVirtAddr   teb_va)
{
  guint64 own_va;

  return teb_va != 0 && read_word (self, teb_va + blocks->self, blocks->width, &own_va) &&
         own_va == teb_va;
}

static void
label_thread (Labels       *self,
              const Blocks *blocks,
              P2vVirtAddr   teb_va)
{
  guint64 stack_end, id;

  if (!is_thread_block (self, blocks, teb_va) ||
      !read_word (self, teb_va + blocks->thread_id, blocks->width, &id))
    return;
  if (read_word (self, teb_va + blocks->stack_base, blocks->width, &stack_end) && stack_end != 0)
    label (self, stack_end - 1, g_strdup_printf ("[stack %u]", (guint) id));
  label (self, teb_va, g_strdup_printf ("[teb %u]", (guint) id));
}

static const Blocks *
get_blocks (const P2vWindows *kernel)
{
  return kernel->pointer_bytes == sizeof (guint64) ? &blocks_64 : &blocks_of_x86;
}

/* The block of the thread whose node of the ring is at @node_va, as @layout has threads. FALSE if
 * there is none. */
static gboolean
find_block (Labels                 *self,
            const P2vWindowsLayout *layout,
            P2vVirtAddr             node_va,
            P2vVirtAddr            *ret_teb_va)
{
  guint links = layout->offsets[WINDOWS_KTHREAD_LINKS], teb = layout->offsets[WINDOWS_KTHREAD_TEB];

  return links != P2V_WINDOWS_ABSENT && teb != P2V_WINDOWS_ABSENT &&
         p2v_windows_read_pointer (self->kernel, self->memory, node_va - links + teb,
                                   ret_teb_va) &&
         !p2v_windows_is_kernel_va (self->kernel, *ret_teb_va) &&
         is_thread_block (self, get_blocks (self->kernel), *ret_teb_va);
}

/* Threads differ between revisions that are alike in processes: the layout under which the thread
 * at @node_va has a block; NULL if there is none. */
static const P2vWindowsLayout *
find_layout (Labels      *self,
             P2vVirtAddr  node_va)
{
  gsize n_layouts;
  const P2vWindowsLayout *layouts = p2v_windows_layouts_get (&n_layouts);
  P2vVirtAddr teb_va;

  if (find_block (self, &self->kernel->layout, node_va, &teb_va))
    return &self->kernel->layout;
  for (gsize i = 0; i < n_layouts; i++)
    if (layouts[i].kind == self->kernel->kind && find_block (self, &layouts[i], node_va, &teb_va))
      return &layouts[i];
  return NULL;
}

static void
visit_thread (Labels                 *self,
              const P2vWindowsLayout *layout,
              P2vVirtAddr             node_va,
              gboolean                is_wow64)
{
  P2vVirtAddr teb_va;

  if (!find_block (self, layout, node_va, &teb_va))
    return;
  label_thread (self, get_blocks (self->kernel), teb_va);
  if (is_wow64)
    label_thread (self, &blocks_32, teb_va + TEB32_DISTANCE);
}

/* A ring whose nodes do not lead back the way we came is left. */
static void
visit_threads (Labels      *self,
               P2vVirtAddr  object_va,
               gboolean     is_wow64)
{
  const P2vWindows *kernel = self->kernel;

  const P2vWindowsLayout *layout = NULL;

  if (!p2v_windows_has (kernel, WINDOWS_KPROCESS_THREADS))
    return;
  P2vVirtAddr head_va = p2v_windows_field_va (kernel, object_va, WINDOWS_KPROCESS_THREADS);
  P2vVirtAddr node_va, previous_va = head_va, back;
  for (guint i = 0; i < MAX_THREADS; i++)
    {
      if (!p2v_windows_read_pointer (kernel, self->memory, previous_va, &node_va) ||
          node_va == head_va || !p2v_windows_is_kernel_va (kernel, node_va) ||
          !p2v_windows_read_pointer (kernel, self->memory, node_va + kernel->pointer_bytes,
                                     &back) ||
          back != previous_va)
        return;
      if (layout == NULL && i < MAX_TRIED)
        layout = find_layout (self, node_va);
      if (layout != NULL)
        visit_thread (self, layout, node_va, is_wow64);
      previous_va = node_va;
    }
}

/* The block of 32 bits, or 0: until Windows 8.1 its address stands in the object, later in a
 * structure that the object leads to, as its first word. */
static P2vVirtAddr
find_peb32 (Labels      *self,
            P2vVirtAddr  object_va)
{
  const P2vWindows *kernel = self->kernel;
  P2vVirtAddr va;

  if (kernel->pointer_bytes != sizeof (guint64) ||
      !p2v_windows_read_field (kernel, self->memory, object_va, WINDOWS_EPROCESS_WOW64, &va))
    return 0;
  if (p2v_windows_is_kernel_va (kernel, va) &&
      !p2v_windows_read_pointer (kernel, self->memory, va, &va))
    return 0;
  return va <= G_MAXUINT32 ? va : 0;
}

void
p2v_windows_label_regions (const P2vWindows *kernel,
                           P2vAddressSpace  *space,
                           GPtrArray        *regions)
{
  P2vVirtAddr object_va = p2v_address_space_get_object_va (space), peb_va;
  g_autoptr (P2vVirtualMemory) memory =
    p2v_virtual_memory_new (&kernel->tables, p2v_address_space_get_root_pa (space));
  Labels self = { kernel, memory, regions };

  if (object_va == 0 || regions->len == 0)
    return;
  P2vVirtAddr peb32_va = find_peb32 (&self, object_va);
  if (p2v_windows_read_field (kernel, memory, object_va, WINDOWS_EPROCESS_PEB, &peb_va) &&
      peb_va != 0 && !p2v_windows_is_kernel_va (kernel, peb_va))
    label_process (&self, get_blocks (kernel), peb_va);
  if (peb32_va != 0)
    label_process (&self, &blocks_32, peb32_va);
  visit_threads (&self, object_va, peb32_va != 0);
}
