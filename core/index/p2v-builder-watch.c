/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The frame that somebody is looking at while the index is being built. */

#include "config.h"

#include "index/p2v-builder-private.h"

/* Places that are told while the index is being built of a frame that page tables lead to again and
 * again; the finished index has all. */
#define MAX_PLACES ((guint) 1 << 16)

/* Gives the watch all places that the entries stand for. */
static void
tell (P2vBuilder          *self,
      const P2vIndexEntry *entries,
      guint                n_entries)
{
  const GArray *aliases = self->map->aliases;

  if (aliases->len == 0 || n_entries == 0)
    {
      p2v_watch_add (self->request->watch, entries, n_entries);
      return;
    }
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  g_array_append_vals (all, entries, n_entries);
  p2v_aliases_expand (aliases, all, MAX (MAX_PLACES, n_entries));
  p2v_watch_add (self->request->watch, (const P2vIndexEntry *) (gpointer) all->data, all->len);
}

void
p2v_builder_watch_leaves (P2vBuilder      *self,
                          const P2vLeaves *leaves)
{
  P2vIndexEntry found[P2V_MAX_LEAVES];
  guint n_found = 0;

  if (self->watched_pfn == G_MAXUINT64)
    return;
  for (guint i = 0; i < leaves->n; i++)
    {
      guint64 offset = self->watched_pfn - leaves->pfns[i];
      if (offset < self->frames_per_leaf)
        found[n_found++] = leaves->entries[i] + offset;
    }
  tell (self, found, n_found);
}

void
p2v_builder_watch_detours (P2vBuilder *self,
                           gboolean    all)
{
  gsize n;
  const P2vDetour *detours = p2v_detours_get (self->detours, &n);
  guint last_shift = self->form->levels[self->form->n_levels - 1].shift;

  for (gsize i = 0; i < n; i++)
    {
      guint64 offset = self->watched_pfn - detours[i].first_pfn;
      P2vIndexEntry entry = detours[i].entry + offset;
      if (offset < (guint64) 1 << (detours[i].page_shift - P2V_FRAME_SHIFT) &&
          (all || detours[i].page_shift == last_shift))
        tell (self, &entry, 1);
    }
}

static gboolean
take_watched (P2vBuilder       *self,
              const P2vVisit   *visit,
              const P2vLeaves  *leaves,
              GError          **error)
{
  if (leaves != NULL)
    p2v_builder_watch_leaves (self, leaves);
  return TRUE;
}

gboolean
p2v_builder_follow_watch (P2vBuilder  *self,
                          GArray      *visits,
                          guint        n_done,
                          GError     **error)
{
  guint last_shift = self->form->levels[self->form->n_levels - 1].shift;

  if (!p2v_watch_restart (self->request->watch, &self->watched_pfn))
    return TRUE;
  g_autoptr (GArray) large = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  for (guint i = 0; i < self->map->n_classes; i++)
    if (self->map->classes[i].page_shift != last_shift)
      p2v_extent_classes_lookup (&self->map->classes[i], 1, self->watched_pfn, large);
  tell (self, (const P2vIndexEntry *) (gpointer) large->data, large->len);
  if (self->n_last_detours > 0)
    p2v_builder_watch_detours (self, FALSE);
  return p2v_builder_scan_leaves (self, visits, 0, n_done, take_watched, error);
}
