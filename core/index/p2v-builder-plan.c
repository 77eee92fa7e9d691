/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* All levels of page tables but the last: leads from the roots to the tables of the last level, and
 * finds the large pages on the way. */

#include "config.h"

#include "index/p2v-builder-private.h"

/* Tables of all levels and spaces together. Beyond it the image is damaged or crafted: this is 8
 * times what there would be if every frame were a table. */
#define MAX_VISITS_PER_FRAME 8

/* Whether the table is one of those on the way to visit @position of @level_number, itself
 * included: following it would lead round. */
static gboolean
is_on_the_way (P2vBuilder  *self,
               guint        level_number,
               guint        position,
               P2vPhysAddr  table_pa)
{
  for (guint i = level_number + 1; i-- > 0;)
    {
      const P2vVisit *visit = &g_array_index (self->levels[i], P2vVisit, position);
      if (visit->table_pa == table_pa)
        return TRUE;
      position = visit->parent;
    }
  return FALSE;
}

/* Sorts the entries of an upper table into tables to visit next and large pages. */
static gboolean
expand_table (P2vBuilder      *self,
              guint            position,
              P2vTableVisits  *next,
              GError         **error)
{
  const P2vTableReader *reader = &self->reader;
  const P2vPagingLevel *level = reader->level;
  const P2vVisit *visit
    = &g_array_index (self->levels[reader->level_number], P2vVisit, position);
  const P2vPagingRoot *root = &self->request->roots[p2v_index_entry_space (visit->entry)];
  guint first = reader->level_number == 0 ? root->first_slot : 0;
  guint end = reader->level_number == 0 ? root->end_slot : 1u << level->index_bits;
  guint own = reader->level_number == 0 ? root->own_slot : 0;
  P2vWalkReport what = { 0 };
  P2vPagingLeaf leaf;

  for (guint i = first; i < end || i <= own; i++)
    {
      if (reader->table[i] == 0 || (i >= end && i != own))
        continue;
      P2vEntryKind kind = p2v_paging_decode (reader->tables, level, reader->table[i], &leaf);
      P2vIndexEntry entry = p2v_builder_entry_at (visit->entry, level, i);

      if (kind == P2V_ENTRY_TABLE &&
          p2v_paging_root_skips (root, reader->tables->form, level, p2v_index_entry_va (entry)))
        continue;
      if (kind == P2V_ENTRY_TABLE && is_on_the_way (self, reader->level_number, position, leaf.pa))
        what.n_looped_tables++;
      else if (kind == P2V_ENTRY_TABLE)
        p2v_table_visits_add (next, leaf.pa, entry, position);
      else if (kind == P2V_ENTRY_PAGE &&
               !p2v_builder_add_extent (self, level->shift, leaf.pa >> P2V_FRAME_SHIFT, entry,
                                        error))
        return FALSE;
      else if (kind == P2V_ENTRY_MALFORMED)
        what.n_malformed_entries++;
      else if (kind == P2V_ENTRY_INDIRECT)
        p2v_builder_add_detour (self, entry, reader->table[i], leaf.state);
    }
  if (!p2v_walk_report_is_whole (&what))
    p2v_builder_note_gap (self, visit, reader->level_number, &what);
  p2v_table_visits_pause (next);
  return TRUE;
}

/* Keeps of each table what it translates first. @visits are sorted by table. */
static void
note_tables (P2vBuilder *self,
             GArray     *visits,
             guint       level_number)
{
  guint64 table_bytes
    = p2v_paging_get_table_bytes (self->form, &self->form->levels[level_number]);

  for (guint i = 0; i < visits->len; i++)
    {
      const P2vVisit *visit = &g_array_index (visits, P2vVisit, i);
      guint64 end_in_frame = (visit->table_pa & (P2V_FRAME_SIZE - 1)) + table_bytes;
      P2vTableUse use = { visit->table_pa >> P2V_FRAME_SHIFT, visit->entry, level_number,
                          (guint32) ((end_in_frame + P2V_FRAME_SIZE - 1) >> P2V_FRAME_SHIFT) };
      if (i == 0 || g_array_index (visits, P2vVisit, i - 1).table_pa != visit->table_pa)
        g_array_append_val (self->map->tables, use);
    }
}

static void
finish_level (P2vBuilder     *self,
              P2vTableVisits *visits,
              guint           level_number)
{
  guint64 n_pages = p2v_builder_get_n_pages (&self->form->levels[level_number]);

  self->levels[level_number] = p2v_table_visits_finish (visits, n_pages, self->map->aliases);
  note_tables (self, self->levels[level_number], level_number);
}

/* Reads one upper level and finds the visits of the next. */
static gboolean
expand_level (P2vBuilder  *self,
              guint        level_number,
              P2vFolding   folding,
              GError     **error)
{
  GArray *visits = self->levels[level_number];
  P2vMeter *meter = self->request->meter;
  g_auto (P2vTableVisits) next = { 0 };

  p2v_table_visits_init (&next, folding, self->request->n_user_spaces, &self->budget);
  p2v_table_reader_begin_level (&self->reader, level_number);
  p2v_meter_begin (meter, self->request->planning, visits->len);
  for (guint i = 0; i < visits->len; i++)
    {
      if (!p2v_table_reader_begin_batch (&self->reader, visits, i, error))
        return FALSE;
      P2vReadStatus status = p2v_table_reader_load (&self->reader, visits, i, visits->len, error);
      if (status == P2V_READ_FAILED)
        return FALSE;
      if (status == P2V_READ_HOLE)
        p2v_builder_note_missing (self, &g_array_index (visits, P2vVisit, i), level_number);
      else if (!expand_table (self, i, &next, error))
        return FALSE;
      p2v_meter_set_done (meter, i + 1);
    }
  finish_level (self, &next, level_number + 1);
  return TRUE;
}

static void
visit_roots (P2vBuilder *self)
{
  const P2vBuildRequest *request = self->request;
  g_auto (P2vTableVisits) visits = { 0 };

  /* Of a root that several have, each may have another part. */
  p2v_table_visits_init (&visits, P2V_FOLDING_NONE, request->n_user_spaces, &self->budget);
  for (guint space = 0; space < request->n_roots; space++)
    p2v_table_visits_add (&visits, request->roots[space].root_pa,
                          p2v_index_entry (space, request->roots[space].base_va), 0);
  finish_level (self, &visits, 0);
}

/* Forgets what was found by a walk before. */
static void
begin (P2vBuilder *self)
{
  const P2vBuildRequest *request = self->request;
  guint64 max_tables = p2v_paging_max_tables (request->tables->image);
  P2vReverseMap *map = self->map;

  for (guint i = 0; i < P2V_PAGING_MAX_LEVELS; i++)
    g_clear_pointer (&self->levels[i], g_array_unref);
  for (guint i = 0; i < map->n_classes; i++)
    g_clear_pointer (&map->classes[i].extents, g_array_unref);
  map->n_classes = 0;
  g_array_set_size (map->tables, 0);
  g_array_set_size (map->aliases, 0);
  g_array_set_size (self->gaps, 0);
  g_clear_pointer (&self->detours, p2v_detours_free);
  self->detours = p2v_detours_new (request->tables, request->roots, self->spaces);
  for (guint i = 0; i < request->n_roots; i++)
    {
      self->spaces[i] = (P2vWalkReport) { 0 };
      self->budget.n_left_of_space[i] = max_tables;
    }
  self->budget.n_left = MAX_VISITS_PER_FRAME * max_tables;
}

static gboolean
walk_upper_levels (P2vBuilder  *self,
                   P2vFolding   folding,
                   GError     **error)
{
  begin (self);
  visit_roots (self);
  for (guint level = 0; level + 1 < self->form->n_levels; level++)
    if (!expand_level (self, level, folding, error))
      return FALSE;
  return TRUE;
}

/* Whether some table serves at two levels. Only then can tables lead round. */
static gboolean
tables_may_lead_round (P2vBuilder *self)
{
  for (guint i = 0; i < self->request->n_roots; i++)
    if (self->spaces[i].n_looped_tables > 0)
      return TRUE;
  for (guint below = 1; below < self->form->n_levels; below++)
    for (guint above = 0; above < below; above++)
      if (p2v_visits_meet (self->levels[above], self->levels[below]))
        return TRUE;
  return FALSE;
}

static void
count_large_aliases (P2vBuilder *self)
{
  const P2vReverseMap *map = self->map;

  for (guint i = 0; map->aliases->len > 0 && i < map->n_classes; i++)
    for (guint j = 0; j < map->classes[i].extents->len; j++)
      p2v_builder_count_aliases (self,
                                 g_array_index (map->classes[i].extents, P2vExtent, j).entry, 1);
}

GArray *
p2v_builder_plan (P2vBuilder  *self,
                  GError     **error)
{
  if (!walk_upper_levels (self, P2V_FOLDING_ALL, error))
    return NULL;
  /* A way that leads round is passed over, for that user of a table alone. */
  if (self->map->aliases->len > 0 && tables_may_lead_round (self) &&
      !walk_upper_levels (self, P2V_FOLDING_CAUTIOUS, error))
    return NULL;
  p2v_builder_sort_extents (self);
  p2v_table_uses_sort (self->map->tables);
  p2v_aliases_finish (self->map->aliases);
  count_large_aliases (self);
  return self->levels[self->form->n_levels - 1];
}
