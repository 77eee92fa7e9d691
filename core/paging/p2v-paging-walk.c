/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "paging/p2v-paging-private.h"

/* The place of a depth-first walk in one level. */
typedef struct
{
  P2vPhysAddr table_pa;
  P2vVirtAddr va;              /* of the table's first entry */
  guint       grants;          /* of the levels above */
  guint       next_index;
  guint       n_entries;
  guint64    *entries;
  GArray     *indirect;        /* P2vIndirectEntry: those of the table from where the first is */
  guint       next_indirect;
} WalkLevel;

typedef struct
{
  const P2vPageTables *tables;
  const P2vPagingRoot *root;
  P2vVirtAddr          first_va;
  P2vVirtAddr          last_va;
  P2vWalkReport       *report;
  guint64              n_tables_left;
  GCancellable        *cancellable;
  WalkLevel            levels[P2V_PAGING_MAX_LEVELS];
} Walk;

void
p2v_walk_report_note_missing (P2vWalkReport *report,
                              P2vPhysAddr    table_pa,
                              guint          level_number)
{
  if (report->n_missing_tables++ == 0)
    report->first_missing_pa = table_pa;
  if (level_number == 0)
    report->root_missing = TRUE;
}

gboolean
p2v_walk_report_is_whole (const P2vWalkReport *report)
{
  return report->n_missing_tables == 0 && report->n_looped_tables == 0 &&
         report->n_malformed_entries == 0 && report->n_indirect_entries == 0 &&
         !report->too_many_tables;
}

/* Whether the table is one of those on the way to level @n_levels: following it would lead
 * round. */
static gboolean
is_on_the_way (const Walk  *walk,
               guint        n_levels,
               P2vPhysAddr  table_pa)
{
  for (guint i = 0; i < n_levels; i++)
    if (walk->levels[i].table_pa == table_pa)
      return TRUE;
  return FALSE;
}

/* Leaves of the entries of level @i those that have something of what is walked. */
static void
clip_table (Walk  *walk,
            guint  i)
{
  guint shift = walk->tables->form->levels[i].shift;
  WalkLevel *place = &walk->levels[i];

  if (walk->last_va < place->va)
    place->n_entries = 0;
  else
    place->n_entries = (guint) MIN (place->n_entries, ((walk->last_va - place->va) >> shift) + 1);
  if (walk->first_va > place->va)
    place->next_index = (guint) MAX (place->next_index,
                                     MIN ((walk->first_va - place->va) >> shift, place->n_entries));
}

/* Appends the root's own entry, if it has something of what is walked, to those of its part. What
 * is between them belongs to others. */
static void
take_own_slot (Walk *walk)
{
  const P2vPagingRoot *root = walk->root;
  WalkLevel *place = &walk->levels[0];

  if (walk->last_va < root->own_va || walk->first_va > root->own_va + (root->own_bytes - 1))
    return;
  for (guint i = place->n_entries; i < root->own_slot; i++)
    place->entries[i] = 0;
  place->n_entries = root->own_slot + 1;
}

/* Reads the table of level @i. One that cannot be followed is left with no entries, and noted. */
static gboolean
enter_table (Walk         *walk,
             guint         i,
             P2vPhysAddr   table_pa,
             P2vVirtAddr   va,
             guint         grants,
             GError      **error)
{
  const P2vPagingLevel *level = &walk->tables->form->levels[i];
  WalkLevel *place = &walk->levels[i];
  P2vReadStatus status;

  place->n_entries = 0;
  place->next_index = 0;
  if (is_on_the_way (walk, i, table_pa))
    {
      walk->report->n_looped_tables++;
      return TRUE;
    }
  if (walk->n_tables_left == 0)
    {
      walk->report->too_many_tables = TRUE;
      return TRUE;
    }
  walk->n_tables_left--;

  status = p2v_paging_read_tables (walk->tables, level, table_pa, 1, place->entries, error);
  if (status == P2V_READ_HOLE)
    p2v_walk_report_note_missing (walk->report, table_pa, i);
  if (status != P2V_READ_OK)
    return status != P2V_READ_FAILED;
  place->table_pa = table_pa;
  place->va = va;
  place->grants = grants;
  g_array_set_size (place->indirect, 0);
  place->next_indirect = 0;
  place->next_index = i == 0 ? walk->root->first_slot : 0;
  place->n_entries = i == 0 ? walk->root->end_slot : 1u << level->index_bits;
  clip_table (walk, i);
  if (i == 0 && walk->root->own_slot != 0)
    take_own_slot (walk);
  return TRUE;
}

/* Where the entry of a table at level @i begins. */
static P2vVirtAddr
get_entry_va (const Walk *walk,
              guint       i,
              guint       index)
{
  guint64 offset = (guint64) index << walk->tables->form->levels[i].shift;

  return i == 0 ? p2v_paging_root_extend_va (walk->root, offset) : walk->levels[i].va + offset;
}

static gboolean
report_page (const P2vPagingForm *form,
             guint                i,
             const WalkLevel     *place,
             guint                index,
             P2vVirtAddr          va,
             const P2vPagingLeaf *leaf,
             guint                grants,
             P2vWalkFunc          callback,
             gpointer             user_data)
{
  P2vWalkedPage page = {
    .va = va,
    .pa = leaf->pa,
    .page_shift = form->levels[i].shift,
    .rights = p2v_paging_leaf_rights (grants, va, leaf->state),
    .state = leaf->state,
    .entry_pa = place->table_pa + (guint64) index * form->entry_bytes,
    .entry = place->entries[index],
  };

  return callback (&page, user_data);
}

/* Looks up together what the indirect entries of the table at level @i from @index on stand for. */
static gboolean
resolve_table (Walk    *walk,
               guint    i,
               guint    index,
               GError **error)
{
  WalkLevel *place = &walk->levels[i];
  const P2vPagingLevel *level = &walk->tables->form->levels[i];
  P2vPagingLeaf leaf;

  for (; index < place->n_entries; index++)
    {
      guint64 entry = place->entries[index];
      if (p2v_paging_decode (walk->tables, level, entry, &leaf) != P2V_ENTRY_INDIRECT)
        continue;
      P2vIndirectEntry indirect = {
        .root_pa = walk->root->root_pa,
        .va = get_entry_va (walk, i, index),
        .level = level,
        .entry = entry,
        .leaf.state = leaf.state,
      };
      g_array_append_val (place->indirect, indirect);
    }
  return p2v_paging_resolve (walk->tables, (P2vIndirectEntry *) (gpointer) place->indirect->data,
                             place->indirect->len, walk->cancellable, error);
}

/* Makes of the indirect entry @index of the table at level @i a page, or nothing. */
static gboolean
resolve_entry (Walk           *walk,
               guint           i,
               guint           index,
               P2vEntryKind   *ret_kind,
               P2vPagingLeaf  *ret_leaf,
               GError        **error)
{
  WalkLevel *place = &walk->levels[i];

  if (place->indirect->len == 0 && !resolve_table (walk, i, index, error))
    return FALSE;
  const P2vIndirectEntry *indirect
    = &g_array_index (place->indirect, P2vIndirectEntry, place->next_indirect++);
  *ret_kind = indirect->is_in_ram ? P2V_ENTRY_PAGE : P2V_ENTRY_ABSENT;
  if (!indirect->is_in_ram)
    walk->report->n_placeholders[indirect->placeholder]++;
  *ret_leaf = indirect->leaf;
  return TRUE;
}

/* Takes the next entry of level @i: gives a page to @callback, or enters a table. *@ret_i is the
 * level to go on with. */
static gboolean
take_entry (Walk          *walk,
            guint          i,
            P2vWalkFunc    callback,
            gpointer       user_data,
            guint         *ret_i,
            gboolean      *ret_stopped,
            GError       **error)
{
  WalkLevel *place = &walk->levels[i];
  const P2vPagingLevel *level = &walk->tables->form->levels[i];
  guint index = place->next_index++;
  guint64 entry = place->entries[index];
  P2vPagingLeaf leaf;
  P2vEntryKind kind = p2v_paging_decode (walk->tables, level, entry, &leaf);

  *ret_i = i;
  if (kind == P2V_ENTRY_MALFORMED)
    walk->report->n_malformed_entries++;
  if (kind == P2V_ENTRY_INDIRECT && !resolve_entry (walk, i, index, &kind, &leaf, error))
    return FALSE;
  if (kind != P2V_ENTRY_TABLE && kind != P2V_ENTRY_PAGE)
    return TRUE;
  guint grants = p2v_paging_narrow_grants (walk->tables, i, index, kind, entry, place->grants);
  P2vVirtAddr va = get_entry_va (walk, i, index);
  if (kind == P2V_ENTRY_PAGE)
    {
      *ret_stopped = !report_page (walk->tables->form, i, place, index, va, &leaf, grants,
                                   callback, user_data);
      return TRUE;
    }
  if (p2v_paging_root_skips (walk->root, walk->tables->form, level, va))
    return TRUE;
  *ret_i = i + 1;
  return enter_table (walk, i + 1, leaf.pa, va, grants, error);
}

/* Makes room for the tables on the way to a page, one a level. */
static void
walk_init (Walk *walk)
{
  const P2vPagingForm *form = walk->tables->form;

  walk->n_tables_left = p2v_paging_max_tables (walk->tables->image);
  for (guint i = 0; i < form->n_levels; i++)
    {
      walk->levels[i].entries = g_new (guint64, (gsize) 1 << form->levels[i].index_bits);
      walk->levels[i].indirect = g_array_new (FALSE, FALSE, sizeof (P2vIndirectEntry));
    }
}

static void
walk_clear (Walk *walk)
{
  for (guint i = 0; i < walk->tables->form->n_levels; i++)
    {
      g_free (walk->levels[i].entries);
      g_array_unref (walk->levels[i].indirect);
    }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

gboolean
p2v_paging_walk (const P2vPageTables  *self,
                 const P2vPagingRoot  *root,
                 P2vWalkFunc           callback,
                 gpointer              user_data,
                 P2vWalkReport        *report,
                 GCancellable         *cancellable,
                 GError              **error)
{
  return p2v_paging_walk_range (self, root, 0, G_MAXUINT64, callback, user_data, report,
                                cancellable, error);
}

gboolean
p2v_paging_walk_range (const P2vPageTables  *self,
                       const P2vPagingRoot  *root,
                       P2vVirtAddr           first_va,
                       P2vVirtAddr           last_va,
                       P2vWalkFunc           callback,
                       gpointer              user_data,
                       P2vWalkReport        *report,
                       GCancellable         *cancellable,
                       GError              **error)
{
  g_auto (Walk) walk = { .tables = self, .root = root, .first_va = first_va, .last_va = last_va,
                         .report = report, .cancellable = cancellable };
  gboolean stopped = FALSE;
  guint i = 0;

  walk_init (&walk);
  if (!enter_table (&walk, 0, root->root_pa, root->base_va, P2V_GRANTS_ALL, error))
    return FALSE;
  while (!stopped)
    {
      const WalkLevel *place = &walk.levels[i];
      if (place->next_index < place->n_entries)
        {
          if (!take_entry (&walk, i, callback, user_data, &i, &stopped, error))
            return FALSE;
        }
      else if (i == 0)
        break;
      else if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      else
        i--;
    }
  return TRUE;
}
