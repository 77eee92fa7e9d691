/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Where the areas of an address space are: in a maple tree since 6.1, in a list before. */

#include "config.h"

#include "base/p2v-limits.h"
#include "os/linux/p2v-linux-private.h"

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
} Collector;

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
read_maple_slot (Collector                    *self,
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
collect_maple_node (Collector          *self,
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
collect_maple_tree (Collector  *self,
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
collect_list (Collector      *self,
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

void
p2v_linux_collect_areas (const P2vLinux   *kernel,
                         P2vVirtualMemory *memory,
                         P2vVirtAddr       mm_va,
                         GArray           *addresses)
{
  Collector self = { kernel, memory };
  guint64 root;

  if (p2v_linux_read_word (kernel, memory, mm_va, LINUX_MM_MA_ROOT, &root))
    {
      /* An entry that ends in binary 10 is a node, in 00 the only area. */
      if ((root & 3) == 2 && root >= MAPLE_LEAST_NODE)
        collect_maple_tree (&self, root, addresses);
      else if ((root & 3) == 0 && root >= MAPLE_LEAST_NODE)
        g_array_append_val (addresses, root);
    }
  else if (p2v_linux_read_word (kernel, memory, mm_va, LINUX_MM_MMAP, &root))
    collect_list (&self, root, addresses);
}
