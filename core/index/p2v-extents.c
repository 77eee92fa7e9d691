/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "index/p2v-extents.h"

static int
compare_extents (gconstpointer a,
                 gconstpointer b)
{
  const P2vExtent *x = a, *y = b;

  if (x->first_pfn != y->first_pfn)
    return x->first_pfn < y->first_pfn ? -1 : 1;
  return (x->entry > y->entry) - (x->entry < y->entry);
}

void
p2v_extent_class_sort (P2vExtentClass *self)
{
  g_array_sort (self->extents, compare_extents);
}

gboolean
p2v_extent_class_is_sorted (const P2vExtentClass *self)
{
  for (guint i = 0; i + 1 < self->extents->len; i++)
    if (compare_extents (&g_array_index (self->extents, P2vExtent, i),
                         &g_array_index (self->extents, P2vExtent, i + 1)) > 0)
      return FALSE;
  return TRUE;
}

/* The position of the first extent of @first_pfn or above. */
static guint
find_extent (GArray  *extents,
             guint64  first_pfn)
{
  guint low = 0, high = extents->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      if (g_array_index (extents, P2vExtent, middle).first_pfn < first_pfn)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

void
p2v_extent_classes_lookup (const P2vExtentClass *classes,
                           guint                 n_classes,
                           guint64               pfn,
                           GArray               *ret_entries)
{
  for (guint i = 0; i < n_classes; i++)
    {
      GArray *extents = classes[i].extents;
      /* Pages begin at multiples of their size. */
      guint64 offset = pfn & (((guint64) 1 << (classes[i].page_shift - P2V_FRAME_SHIFT)) - 1);

      for (guint j = find_extent (extents, pfn - offset); j < extents->len; j++)
        {
          const P2vExtent *extent = &g_array_index (extents, P2vExtent, j);
          if (extent->first_pfn != pfn - offset)
            break;
          P2vIndexEntry entry = extent->entry + offset;
          g_array_append_val (ret_entries, entry);
        }
    }
}
