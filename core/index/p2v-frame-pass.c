/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "index/p2v-frame-pass.h"

void
p2v_frame_pass_init (P2vFramePass        *self,
                     const P2vReverseMap *map,
                     guint                n_spaces)
{
  *self = (P2vFramePass) { .map = map,
                           .n_spaces = n_spaces,
                           .entries = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry)) };
  for (guint i = 0; i < map->n_classes; i++)
    if (map->classes[i].page_shift > P2V_FRAME_SHIFT)
      self->sizes[self->n_sizes++] =
        (P2vFramePassSize) { .pages = &map->classes[i], .first_pfn = G_MAXUINT64 };
}

void
p2v_frame_pass_clear (P2vFramePass *self)
{
  g_clear_pointer (&self->entries, g_array_unref);
}

static void
advance (P2vFramePassSize *self,
         guint64           pfn)
{
  guint64 n_frames = (guint64) 1 << (self->pages->page_shift - P2V_FRAME_SHIFT);
  guint64 first_pfn = pfn & ~(n_frames - 1);
  const P2vExtent *extents = (const P2vExtent *) (gpointer) self->pages->extents->data;
  guint n_extents = self->pages->extents->len;

  if (self->first_pfn == first_pfn)
    return;
  self->first_pfn = first_pfn;
  while (self->position < n_extents && extents[self->position].first_pfn < first_pfn)
    self->position++;
  for (self->n = 0; self->position + self->n < n_extents
                    && self->n <= P2V_FRAME_PASS_MAX_LARGE_PAGES
                    && extents[self->position + self->n].first_pfn == first_pfn;)
    self->n++;
}

static int
compare_entries (gconstpointer a,
                 gconstpointer b)
{
  P2vIndexEntry x = *(const P2vIndexEntry *) a, y = *(const P2vIndexEntry *) b;

  return (x > y) - (x < y);
}

/* How many of the sorted entries are wanted: the first ones. */
static guint64
count_wanted (const P2vFramePass  *self,
              const P2vIndexEntry *entries,
              guint64              n)
{
  while (n > 0 && p2v_index_entry_space (entries[n - 1]) >= self->n_spaces)
    n--;
  return n;
}

const P2vIndexEntry *
p2v_frame_pass_get (P2vFramePass *self,
                    guint64       pfn,
                    guint64       ordinal,
                    guint64      *ret_n,
                    gboolean     *ret_is_flooded)
{
  const P2vReverseMap *map = self->map;
  guint32 start = ordinal > 0 ? map->ends[ordinal - 1] : 0;

  *ret_n = count_wanted (self, map->entries + start, map->ends[ordinal] - start);
  *ret_is_flooded = FALSE;
  g_array_set_size (self->entries, 0);
  for (guint i = 0; i < self->n_sizes; i++)
    {
      P2vFramePassSize *size = &self->sizes[i];

      advance (size, pfn);
      *ret_is_flooded |= size->n > P2V_FRAME_PASS_MAX_LARGE_PAGES;
      for (guint j = 0; j < size->n; j++)
        {
          const P2vExtent *extent =
            &g_array_index (size->pages->extents, P2vExtent, size->position + j);
          P2vIndexEntry entry = extent->entry + (pfn - size->first_pfn);

          if (p2v_index_entry_space (entry) < self->n_spaces)
            g_array_append_val (self->entries, entry);
        }
    }
  if (self->entries->len == 0)
    return map->entries + start;
  if (*ret_n > 0)
    g_array_append_vals (self->entries, map->entries + start, (guint) *ret_n);
  *ret_n = self->entries->len;
  g_array_sort (self->entries, compare_entries);
  return (const P2vIndexEntry *) (gpointer) self->entries->data;
}
