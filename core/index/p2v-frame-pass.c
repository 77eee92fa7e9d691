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
                           .has_aliases = p2v_aliases_dup_spaces (map->aliases, n_spaces),
                           .n_aliases_left = P2V_FRAME_PASS_MAX_ALIASES,
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
  g_clear_pointer (&self->has_aliases, g_free);
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

/* Gathers the frame's entries in large pages. FALSE if there are more than we look at. */
static gboolean
gather_large (P2vFramePass *self,
              guint64       pfn)
{
  gboolean is_whole = TRUE;

  for (guint i = 0; i < self->n_sizes; i++)
    {
      P2vFramePassSize *size = &self->sizes[i];

      advance (size, pfn);
      is_whole &= size->n <= P2V_FRAME_PASS_MAX_LARGE_PAGES;
      for (guint j = 0; j < size->n; j++)
        {
          const P2vExtent *extent =
            &g_array_index (size->pages->extents, P2vExtent, size->position + j);
          P2vIndexEntry entry = extent->entry + (pfn - size->first_pfn);

          if (p2v_index_entry_space (entry) < self->n_spaces)
            g_array_append_val (self->entries, entry);
        }
    }
  return is_whole;
}

static gboolean
have_aliases (const P2vFramePass  *self,
              const P2vIndexEntry *entries,
              guint64              n)
{
  for (guint64 i = 0; self->has_aliases != NULL && i < n; i++)
    if (self->has_aliases[p2v_index_entry_space (entries[i])])
      return TRUE;
  return FALSE;
}

/* Adds to the gathered entries where page tables lead to them again. FALSE if there are more than
 * we look at. */
static gboolean
gather_aliases (P2vFramePass *self)
{
  guint n = self->entries->len;
  guint max = n + (guint) MIN (self->n_aliases_left, P2V_FRAME_PASS_MAX_ALIASES_OF_FRAME);

  p2v_aliases_expand (self->map->aliases, self->entries, max);
  self->n_aliases_left -= self->entries->len - n;
  return self->entries->len < max;
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
  const P2vIndexEntry *entries = map->entries + start;
  GArray *all = self->entries;

  g_array_set_size (all, 0);
  *ret_n = count_wanted (self, entries, map->ends[ordinal] - start);
  *ret_is_flooded = !gather_large (self, pfn);
  gboolean aliased = have_aliases (self, entries, *ret_n) ||
                     have_aliases (self, (const P2vIndexEntry *) (gpointer) all->data, all->len);
  if (all->len == 0 && !aliased)
    return entries;
  if (*ret_n > 0)
    g_array_append_vals (all, entries, (guint) *ret_n);
  if (aliased)
    *ret_is_flooded |= !gather_aliases (self);
  g_array_sort (all, compare_entries);
  *ret_n = all->len;
  return (const P2vIndexEntry *) (gpointer) all->data;
}
