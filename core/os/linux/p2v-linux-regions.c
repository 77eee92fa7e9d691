/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Regions: the vm_area_structs of an mm_struct, as /proc/PID/maps would list them. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/p2v-limits.h"
#include "base/p2v-text.h"
#include "os/linux/p2v-linux-areas.h"

/* Source: Linux include/linux/mm.h (6.1, 6.12): VM_READ, VM_WRITE, VM_EXEC, VM_MAYSHARE. */
#define VM_READ     0x01
#define VM_WRITE    0x02
#define VM_EXEC     0x04
#define VM_MAYSHARE 0x80

/* Entries of the maple tree. Source: Linux lib/maple_tree.c and include/linux/maple_tree.h (6.1):
 * xa_is_node() with an address above 4096; mte_to_node() and mte_node_type(). */
#define MAPLE_NODE_MASK   ((guint64) 0xff)
#define MAPLE_TYPE_SHIFT  3
#define MAPLE_TYPE_MASK   0x0f
#define MAPLE_LEAF_64     1
#define MAPLE_RANGE_64    2
#define MAPLE_ARANGE_64   3
#define MAPLE_LEAST_NODE  4096

typedef struct
{
  const P2vLinux   *kernel;
  P2vVirtualMemory *memory;
  P2vVirtAddr       mm;
  GHashTable       *paths;     /* guint64 * (struct file) -> path */
  GPtrArray        *regions;
} Loader;

/* What lies between these marks of an mm has a name of its own. */
typedef struct
{
  guint64 start_brk;
  guint64 brk;
  guint64 start_stack;
  guint64 vdso;
} MmMarks;

typedef struct
{
  P2vVirtAddr va;
  guint64     start;
  guint64     end;
  guint64     flags;
  guint64     pgoff;
  guint64     file;
  guint64     ops;
  guint64     private_data;
} Vma;

static gboolean
read_vma (Loader      *self,
          P2vVirtAddr  va,
          Vma         *ret_vma)
{
  const P2vLinux *kernel = self->kernel;
  P2vVirtualMemory *memory = self->memory;

  ret_vma->va = va;
  return p2v_linux_read_word (kernel, memory, va, LINUX_VMA_START, &ret_vma->start) &&
         p2v_linux_read_word (kernel, memory, va, LINUX_VMA_END, &ret_vma->end) &&
         p2v_linux_read_word (kernel, memory, va, LINUX_VMA_FLAGS, &ret_vma->flags) &&
         p2v_linux_read_word (kernel, memory, va, LINUX_VMA_PGOFF, &ret_vma->pgoff) &&
         p2v_linux_read_word (kernel, memory, va, LINUX_VMA_FILE, &ret_vma->file) &&
         p2v_linux_read_word (kernel, memory, va, LINUX_VMA_OPS, &ret_vma->ops) &&
         p2v_linux_read_word (kernel, memory, va, LINUX_VMA_PRIVATE_DATA, &ret_vma->private_data) &&
         ret_vma->start < ret_vma->end;
}

static const char *
get_path (Loader      *self,
          P2vVirtAddr  file)
{
  char *path = g_hash_table_lookup (self->paths, &file);

  if (path == NULL)
    {
      path = p2v_linux_dup_file_path (self->kernel, self->memory, file);
      g_hash_table_insert (self->paths, g_memdup2 (&file, sizeof file), path);
    }
  return path;
}

static char *
dup_special_name (Loader    *self,
                  const Vma *vma)
{
  g_autoptr (GString) name = g_string_new (NULL);
  P2vVirtAddr name_va;

  if (p2v_linux_read_word (self->kernel, self->memory, vma->private_data,
                           LINUX_SPECIAL_MAPPING_NAME, &name_va))
    p2v_virtual_memory_append_string (self->memory, name_va, P2V_LIMIT_PATH_BYTES, name);
  return p2v_text_escape (name->str, (gssize) name->len);
}

/* Source: Linux fs/proc/task_mmu.c show_map_vma(), get_vma_name(); mm.h vma_is_initial_heap() and
 * vma_is_initial_stack(). */
static char *
dup_region_name (Loader        *self,
                 const MmMarks *marks,
                 const Vma     *vma)
{
  guint64 special_ops = self->kernel->symbols[LINUX_SYMBOL_SPECIAL_MAPPING_VMOPS].va;

  if (vma->file != 0)
    return g_strdup (get_path (self, vma->file));
  if (special_ops != 0 && vma->ops == special_ops)
    return dup_special_name (self, vma);
  if (vma->start == marks->vdso && marks->vdso != 0)
    return g_strdup ("[vdso]");
  if (vma->start <= marks->brk && vma->end >= marks->start_brk)
    return g_strdup ("[heap]");
  if (vma->start <= marks->start_stack && vma->end >= marks->start_stack)
    return g_strdup ("[stack]");
  return g_strdup ("");
}

static void
add_region (Loader        *self,
            const MmMarks *marks,
            const Vma     *vma)
{
  P2vRegion *region = g_new0 (P2vRegion, 1);

  region->start_va = vma->start;
  region->length_bytes = vma->end - vma->start;
  region->rights = P2V_RIGHTS_USER | (vma->flags & VM_READ ? P2V_RIGHTS_READ : 0) |
                   (vma->flags & VM_WRITE ? P2V_RIGHTS_WRITE : 0) |
                   (vma->flags & VM_EXEC ? P2V_RIGHTS_EXECUTE : 0);
  region->shared = (vma->flags & VM_MAYSHARE) != 0;
  region->is_file = vma->file != 0;
  region->file_offset = region->is_file ? vma->pgoff << P2V_FRAME_SHIFT : 0;
  region->name = dup_region_name (self, marks, vma);
  g_ptr_array_add (self->regions, region);
}

/* A node of the maple tree and the addresses it covers, both inclusive. */
typedef struct
{
  guint64 node;
  guint64 min;
  guint64 max;
} MapleNode;

/* Where a type of node has its pivots and slots; FALSE for types that hold no areas. */
static gboolean
get_node_layout (const P2vLinux             *kernel,
                 guint                       type,
                 const P2vLinuxLayoutField **ret_pivots,
                 const P2vLinuxLayoutField **ret_slots)
{
  gboolean is_range = type == MAPLE_LEAF_64 || type == MAPLE_RANGE_64;

  *ret_pivots = &kernel->layout[is_range ? LINUX_RANGE64_PIVOT : LINUX_ARANGE64_PIVOT];
  *ret_slots = &kernel->layout[is_range ? LINUX_RANGE64_SLOT : LINUX_ARANGE64_SLOT];
  return (is_range || type == MAPLE_ARANGE_64) && (*ret_pivots)->known && (*ret_slots)->known;
}

/* Reads slot @i of @node: its entry and the last address it covers. Pivot i is that address; where
 * there is no pivot, or it is 0 behind the first, the slot is the last and reaches to the node's
 * end. Slots behind the last are stale or metadata. Source: Linux lib/maple_tree.c mas_data_end(),
 * mas_safe_pivot(). */
static gboolean
read_maple_slot (Loader                    *self,
                 const MapleNode           *node,
                 const P2vLinuxLayoutField *pivots,
                 const P2vLinuxLayoutField *slots,
                 guint                      i,
                 guint64                   *ret_entry,
                 guint64                   *ret_last)
{
  P2vVirtAddr node_va = node->node & ~MAPLE_NODE_MASK;
  guint word_bytes = self->kernel->arch->word_bytes;
  guint64 pivot = 0;

  if (i < pivots->size_bytes / word_bytes &&
      !p2v_linux_read_word_at (self->kernel, self->memory,
                               node_va + pivots->offset_bytes + i * word_bytes, &pivot))
    return FALSE;
  *ret_last = pivot == 0 && i > 0 ? node->max : MIN (pivot, node->max);
  return p2v_linux_read_word_at (self->kernel, self->memory,
                                 node_va + slots->offset_bytes + i * word_bytes, ret_entry);
}

static void
collect_maple_node (Loader          *self,
                    const MapleNode *node,
                    GArray          *queue,
                    GArray          *vmas)
{
  guint type = node->node >> MAPLE_TYPE_SHIFT & MAPLE_TYPE_MASK;
  const P2vLinuxLayoutField *pivots, *slots;
  MapleNode child = { .min = node->min };

  if (!get_node_layout (self->kernel, type, &pivots, &slots))
    return;
  for (guint i = 0; i < slots->size_bytes / self->kernel->arch->word_bytes; i++)
    {
      if (!read_maple_slot (self, node, pivots, slots, i, &child.node, &child.max))
        return;
      if (child.node >= MAPLE_LEAST_NODE && type == MAPLE_LEAF_64)
        g_array_append_val (vmas, child.node);
      else if (child.node >= MAPLE_LEAST_NODE)
        g_array_append_val (queue, child);
      if (child.max >= node->max)
        return;
      child.min = child.max + 1;
    }
}

/* FALSE if @node_va was seen before: damaged trees and lists may lead round. */
static gboolean
see_once (GHashTable *seen,
          guint64     node_va)
{
  return g_hash_table_add (seen, g_memdup2 (&node_va, sizeof node_va));
}

static void
collect_maple_tree (Loader  *self,
                    guint64  root,
                    GArray  *vmas)
{
  g_autoptr (GArray) queue = g_array_new (FALSE, FALSE, sizeof (MapleNode));
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  MapleNode first = { .node = root, .min = 0, .max = p2v_linux_max_word (self->kernel) };

  g_array_append_val (queue, first);
  for (guint i = 0; i < queue->len && i < P2V_LIMIT_REGIONS && vmas->len < P2V_LIMIT_REGIONS; i++)
    {
      MapleNode node = g_array_index (queue, MapleNode, i);
      if (see_once (seen, node.node & ~MAPLE_NODE_MASK))
        collect_maple_node (self, &node, queue, vmas);
    }
}

/* Kernels before 6.1 keep the areas in a list. */
static void
collect_list (Loader      *self,
              P2vVirtAddr  first,
              GArray      *vmas)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  P2vVirtAddr va = first;

  while (va != 0 && vmas->len < P2V_LIMIT_REGIONS && see_once (seen, va))
    {
      g_array_append_val (vmas, va);
      if (!p2v_linux_read_word (self->kernel, self->memory, va, LINUX_VMA_NEXT, &va))
        return;
    }
}

static void
collect_vmas (Loader *self,
              GArray *vmas)
{
  const P2vLinux *kernel = self->kernel;
  guint64 root;

  if (kernel->layout[LINUX_MM_MA_ROOT].known &&
      p2v_linux_read_word (kernel, self->memory, self->mm, LINUX_MM_MA_ROOT, &root))
    {
      /* An entry that ends in binary 10 is a node; anything else is the only area. */
      if ((root & 3) == 2 && root >= MAPLE_LEAST_NODE)
        collect_maple_tree (self, root, vmas);
      else if (root >= MAPLE_LEAST_NODE)
        g_array_append_val (vmas, root);
    }
  else if (kernel->layout[LINUX_MM_MMAP].known && kernel->layout[LINUX_VMA_NEXT].known &&
           p2v_linux_read_word (kernel, self->memory, self->mm, LINUX_MM_MMAP, &root))
    collect_list (self, root, vmas);
}

static int
compare_vmas (gconstpointer a,
              gconstpointer b)
{
  guint64 start_a = ((const Vma *) a)->start, start_b = ((const Vma *) b)->start;

  return (start_a > start_b) - (start_a < start_b);
}

static MmMarks
read_marks (Loader *self)
{
  const P2vLinux *kernel = self->kernel;
  MmMarks marks = { .start_brk = G_MAXUINT64, .start_stack = G_MAXUINT64 };

  (void) !p2v_linux_read_word (kernel, self->memory, self->mm, LINUX_MM_START_BRK,
                               &marks.start_brk);
  (void) !p2v_linux_read_word (kernel, self->memory, self->mm, LINUX_MM_BRK, &marks.brk);
  (void) !p2v_linux_read_word (kernel, self->memory, self->mm, LINUX_MM_START_STACK,
                              &marks.start_stack);
  if (kernel->layout[LINUX_MM_VDSO].known)
    (void) !p2v_linux_read_word (kernel, self->memory, self->mm, LINUX_MM_VDSO, &marks.vdso);
  return marks;
}

/* Reads, sorts and adds the areas; what overlaps the one before was stale. */
static void
add_regions (Loader *self,
             GArray *addresses)
{
  g_autoptr (GArray) vmas = g_array_new (FALSE, FALSE, sizeof (Vma));
  MmMarks marks = read_marks (self);
  guint64 end = 0;

  for (guint i = 0; i < addresses->len; i++)
    {
      Vma vma;
      if (read_vma (self, g_array_index (addresses, guint64, i), &vma))
        g_array_append_val (vmas, vma);
    }
  g_array_sort (vmas, compare_vmas);
  for (guint i = 0; i < vmas->len; i++)
    {
      const Vma *vma = &g_array_index (vmas, Vma, i);
      if (vma->start < end)
        continue;
      add_region (self, &marks, vma);
      end = vma->end;
    }
}

gboolean
p2v_linux_load_regions (P2vSystem        *system,
                        P2vAddressSpace  *space,
                        GPtrArray        *regions,
                        GError          **error)
{
  const P2vLinux *kernel = p2v_system_get_backend_data (system);
  if (p2v_address_space_is_kernel (space))
    return p2v_linux_load_kernel_regions (kernel, system, space, regions, error);
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&kernel->tables, kernel->root_pa);
  g_autoptr (GHashTable) paths =
    g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  g_autoptr (GArray) addresses = g_array_new (FALSE, FALSE, sizeof (guint64));
  Loader self = { .kernel = kernel, .memory = memory, .mm = p2v_address_space_get_object_va (space),
                  .paths = paths, .regions = regions };

  collect_vmas (&self, addresses);
  add_regions (&self, addresses);
  return p2v_virtual_memory_check (memory, error);
}
