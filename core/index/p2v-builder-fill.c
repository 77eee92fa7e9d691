/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The last level, where nearly all tables are, is read twice: once to count the entries of each
 * frame, once to put each entry in its place. In the hot path. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "base/p2v-large-pages.h"
#include "index/p2v-builder-private.h"

/* Adds up what a table leads to, whatever the order of tables. Both readings of the last level must
 * come to the same sum: with another entry in an unchanged number of them, some frame would get the
 * room of its neighbour. */
static guint64
sum_leaves (const guint64       *pfns,
            const P2vIndexEntry *entries,
            guint                n)
{
  /* Source: the odd number nearest to 2^64 divided by the golden ratio (Knuth, TAOCP 3, 6.4). */
  const guint64 factor = 0x9e3779b97f4a7c15;
  guint64 sum = 0;

  for (guint i = 0; i < n; i++)
    sum += (pfns[i] * factor) ^ entries[i];
  return sum;
}

/* Where in ends[] the frames of @leaves are, NULL for those outside the image. Frames lie far from
 * each other, so the processor is told to fetch them all before the first is needed: with a place
 * for each it waits once for a table, not for every entry. */
static void
find_slots (P2vReverseMap    *map,
            const P2vLeaves  *leaves,
            guint32         **slots)
{
  const P2vFrameRun *hint = NULL;
  guint64 ordinal;

  for (guint i = 0; i < leaves->n; i++)
    {
      slots[i] = NULL;
      if (!p2v_frame_set_get_ordinal (map->frames, leaves->pfns[i], &hint, &ordinal))
        continue;
      slots[i] = &map->ends[ordinal];
      __builtin_prefetch (slots[i], 1);
    }
}

/* Notes what is wrong with a table of the last level; FALSE if it is not there at all. */
static gboolean
note_leaves (P2vBuilder      *self,
             const P2vVisit  *visit,
             const P2vLeaves *leaves)
{
  guint last = self->form->n_levels - 1;

  if (leaves == NULL)
    {
      p2v_builder_note_missing (self, visit, last);
      return FALSE;
    }
  if (leaves->n_malformed > 0)
    {
      P2vWalkReport what = { .n_malformed_entries = leaves->n_malformed };
      p2v_builder_note_gap (self, visit, last, &what);
    }
  p2v_builder_count_aliases (self, visit->entry, leaves->n);
  return TRUE;
}

static gboolean
count_leaves (P2vBuilder       *self,
              const P2vVisit   *visit,
              const P2vLeaves  *leaves,
              GError          **error)
{
  guint32 *slots[P2V_MAX_LEAVES];

  if (!note_leaves (self, visit, leaves))
    return TRUE;
  self->leaves_sum += sum_leaves (leaves->pfns, leaves->entries, leaves->n);
  find_slots (self->map, leaves, slots);
  for (guint i = 0; i < leaves->n; i++)
    {
      if (slots[i] != NULL)
        {
          ++*slots[i];
          self->n_counted++;
        }
      else if (!p2v_builder_add_extent (self, P2V_FRAME_SHIFT, leaves->pfns[i], leaves->entries[i],
                                        error))
        return FALSE;
    }
  p2v_builder_watch_leaves (self, leaves);
  return TRUE;
}

/* As count_leaves(), where even the smallest pages have several frames: they are kept as large ones
 * are, and there is nothing to be placed. */
static gboolean
keep_large_leaves (P2vBuilder       *self,
                   const P2vVisit   *visit,
                   const P2vLeaves  *leaves,
                   GError          **error)
{
  if (!note_leaves (self, visit, leaves))
    return TRUE;
  for (guint i = 0; i < leaves->n; i++)
    if (!p2v_builder_add_extent (self, self->reader.level->shift, leaves->pfns[i],
                                 leaves->entries[i], error))
      return FALSE;
  self->n_large_leaves += leaves->n;
  p2v_builder_watch_leaves (self, leaves);
  return TRUE;
}

/* Counts a page of the last level that was found by a detour, if it will be placed; keeps all
 * others. */
static gboolean
count_detour (P2vBuilder       *self,
              const P2vDetour  *detour,
              GError          **error)
{
  const P2vFrameRun *hint = NULL;
  guint64 ordinal;

  p2v_builder_count_aliases (self, detour->entry, 1);
  if (detour->page_shift == P2V_FRAME_SHIFT)
    self->leaves_sum += sum_leaves (&detour->first_pfn, &detour->entry, 1);
  if (detour->page_shift != P2V_FRAME_SHIFT ||
      !p2v_frame_set_get_ordinal (self->map->frames, detour->first_pfn, &hint, &ordinal))
    return p2v_builder_add_extent (self, (guint) detour->page_shift, detour->first_pfn,
                                   detour->entry, error);
  self->map->ends[ordinal]++;
  self->n_counted++;
  return TRUE;
}

/* After the first reading of the last level: looks up what the indirect entries stand for. */
static gboolean
follow_detours (P2vBuilder  *self,
                GError     **error)
{
  gsize n;

  if (!p2v_detours_look_up (self->detours, TRUE, self->reader.cancellable, error))
    return FALSE;
  const P2vDetour *detours = p2v_detours_get (self->detours, &n);
  for (gsize i = 0; i < n; i++)
    if (!count_detour (self, &detours[i], error))
      return FALSE;
  if (n > 0)
    p2v_builder_sort_extents (self);
  self->last_detours = detours;
  self->n_last_detours = n;
  p2v_builder_watch_detours (self, TRUE);
  return TRUE;
}

gboolean
p2v_builder_count (P2vBuilder  *self,
                   GArray      *visits,
                   GError     **error)
{
  const P2vBuildRequest *request = self->request;
  P2vLeavesFunc take = self->frames_per_leaf == 1 ? count_leaves : keep_large_leaves;

  p2v_table_reader_begin_level (&self->reader, self->form->n_levels - 1);
  p2v_meter_begin (request->meter, request->counting, visits->len);
  for (guint i = 0; i < visits->len; i += P2V_BATCH_TABLES)
    {
      guint end = MIN (i + P2V_BATCH_TABLES, visits->len);
      if (!p2v_table_reader_begin_batch (&self->reader, visits, i, error) ||
          !p2v_builder_follow_watch (self, visits, i, error))
        return FALSE;
      self->detour_mode = P2V_DETOURS_COLLECTED;
      if (!p2v_builder_scan_leaves (self, visits, i, end, take, error) ||
          !p2v_detours_look_up (self->detours, FALSE, self->reader.cancellable, error))
        return FALSE;
      self->detour_mode = P2V_DETOURS_IGNORED;
      p2v_meter_set_done (request->meter, end);
      atomic_store_explicit (&request->meter->n_mappings, self->n_counted + self->n_large_leaves,
                             memory_order_relaxed);
    }
  return follow_detours (self, error) &&
         p2v_builder_follow_watch (self, visits, visits->len, error);
}

/* Turns counts into where each frame's entries begin, and makes room for them. */
static gboolean
allot (P2vBuilder  *self,
       GError     **error)
{
  P2vReverseMap *map = self->map;
  guint32 start = 0;

  map->n_entries = self->n_counted;
  map->entries = g_try_new (P2vIndexEntry, MAX (map->n_entries, 1));
  if (map->n_entries > G_MAXUINT32 || map->entries == NULL)
    {
      g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
                   _("No room for an index of %" PRIu64 " mappings (%" PRIu64 " MiB)"),
                   map->n_entries, map->n_entries * sizeof (P2vIndexEntry) >> 20);
      return FALSE;
    }
  p2v_use_large_pages (map->entries, map->n_entries * sizeof *map->entries);
  for (guint64 ordinal = 0; ordinal < map->frames->n_frames; ordinal++)
    {
      guint32 n = map->ends[ordinal];
      map->ends[ordinal] = start;
      start += n;
    }
  return TRUE;
}

static gboolean
set_changed_error (GError **error)
{
  g_set_error_literal (
    error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
    _("The image changed while it was read: the same page tables had other entries before; "
      "work on a copy that nothing writes to"));
  return FALSE;
}

/* While entries are placed, ends[] is where the next entry of each frame goes: once all are placed
 * it is where they end. */
static gboolean
place_leaves (P2vBuilder       *self,
              const P2vVisit   *visit,
              const P2vLeaves  *leaves,
              GError          **error)
{
  P2vReverseMap *map = self->map;
  guint32 *slots[P2V_MAX_LEAVES];

  if (leaves == NULL)
    return TRUE;
  self->leaves_sum -= sum_leaves (leaves->pfns, leaves->entries, leaves->n);
  find_slots (map, leaves, slots);
  for (guint i = 0; i < leaves->n; i++)
    if (slots[i] != NULL)
      __builtin_prefetch (&map->entries[*slots[i]], 1);
  for (guint i = 0; i < leaves->n; i++)
    {
      if (slots[i] == NULL)
        continue;
      if (*slots[i] >= map->n_entries)
        return set_changed_error (error);
      map->entries[(*slots[i])++] = leaves->entries[i];
      self->n_counted--;
    }
  return TRUE;
}

gboolean
p2v_builder_place (P2vBuilder  *self,
                   GArray      *visits,
                   GError     **error)
{
  const P2vBuildRequest *request = self->request;

  if (!allot (self, error))
    return FALSE;
  if (self->frames_per_leaf > 1)
    return TRUE;
  p2v_table_reader_begin_level (&self->reader, self->form->n_levels - 1);
  self->detour_mode = P2V_DETOURS_PLACED;
  p2v_meter_begin (request->meter, request->sorting, visits->len);
  p2v_visits_sort_by_entry (visits);
  for (guint i = 0; i < visits->len; i += P2V_BATCH_TABLES)
    {
      guint end = MIN (i + P2V_BATCH_TABLES, visits->len);
      if (!p2v_table_reader_begin_batch (&self->reader, visits, i, error) ||
          !p2v_builder_scan_leaves (self, visits, i, end, place_leaves, error))
        return FALSE;
      p2v_meter_set_done (request->meter, end);
    }
  return (self->n_counted == 0 && self->leaves_sum == 0) || set_changed_error (error);
}
