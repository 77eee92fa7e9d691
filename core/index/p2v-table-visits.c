/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "index/p2v-aliases.h"
#include "index/p2v-table-visits.h"

/* So many visits are held before they are folded for the first time: 24 MiB, more than a machine
 * of 200 GiB has tables at one level. */
#define MIN_UNFOLDED ((guint) 1 << 20)

/* Where tables lead round, one that a space uses more often is walked so often. */
#define MAX_CAUTIOUS_WALKS 8

/* Uses of a table, evenly spaced, that were folded. */
typedef struct
{
  P2vPhysAddr   table_pa;
  P2vIndexEntry alias;
  guint64       step;
  guint64       n;
} FoldedUse;

static int
compare_visits_by_table (gconstpointer a,
                         gconstpointer b)
{
  const P2vVisit *x = a, *y = b;

  if (x->table_pa != y->table_pa)
    return x->table_pa < y->table_pa ? -1 : 1;
  return (x->entry > y->entry) - (x->entry < y->entry);
}

static int
compare_visits_by_entry (gconstpointer a,
                         gconstpointer b)
{
  const P2vVisit *x = a, *y = b;

  return (x->entry > y->entry) - (x->entry < y->entry);
}

static int
compare_uses (gconstpointer a,
              gconstpointer b)
{
  const FoldedUse *x = a, *y = b;

  if (x->table_pa != y->table_pa)
    return x->table_pa < y->table_pa ? -1 : 1;
  return (x->alias > y->alias) - (x->alias < y->alias);
}

void
p2v_visits_sort_by_entry (GArray *visits)
{
  g_array_sort (visits, compare_visits_by_entry);
}

gboolean
p2v_visits_meet (const GArray *few,
                 const GArray *many)
{
  for (guint i = 0; i < few->len; i++)
    {
      P2vPhysAddr table_pa = g_array_index (few, P2vVisit, i).table_pa;
      guint low = 0, high = many->len;

      while (low < high)
        {
          guint middle = low + (high - low) / 2;
          if (g_array_index (many, P2vVisit, middle).table_pa < table_pa)
            low = middle + 1;
          else
            high = middle;
        }
      if (low < many->len && g_array_index (many, P2vVisit, low).table_pa == table_pa)
        return TRUE;
    }
  return FALSE;
}

void
p2v_table_visits_init (P2vTableVisits *self,
                       P2vFolding      folding,
                       guint           n_user_spaces,
                       P2vVisitBudget *budget)
{
  *self = (P2vTableVisits) { .folding = folding,
                             .n_user_spaces = n_user_spaces,
                             .budget = budget,
                             .visits = g_array_new (FALSE, FALSE, sizeof (P2vVisit)),
                             .uses = g_array_new (FALSE, FALSE, sizeof (FoldedUse)),
                             .max_unfolded = MIN_UNFOLDED };
}

void
p2v_table_visits_clear (P2vTableVisits *self)
{
  g_clear_pointer (&self->visits, g_array_unref);
  g_clear_pointer (&self->uses, g_array_unref);
}

void
p2v_table_visits_add (P2vTableVisits *self,
                      P2vPhysAddr     table_pa,
                      P2vIndexEntry   entry,
                      guint32         parent)
{
  P2vVisit visit = { table_pa, entry, parent };

  g_array_append_val (self->visits, visit);
}

/* Whether visits of one table from both places may become one. */
static gboolean
may_fold (const P2vTableVisits *self,
          P2vIndexEntry         a,
          P2vIndexEntry         b)
{
  guint x = p2v_index_entry_space (a), y = p2v_index_entry_space (b);

  if (self->folding == P2V_FOLDING_ALL)
    return (x < self->n_user_spaces) == (y < self->n_user_spaces);
  return self->folding == P2V_FOLDING_CAUTIOUS && x == y;
}

/* Notes a use that was folded; joins it to the one before, if both were made by one table. */
static void
note_use (P2vTableVisits *self,
          const P2vVisit *visit,
          gboolean        same_parent)
{
  FoldedUse use = { visit->table_pa, visit->entry, 0, 1 };
  FoldedUse *last
    = self->uses->len > 0 ? &g_array_index (self->uses, FoldedUse, self->uses->len - 1) : NULL;

  if (same_parent && last != NULL && last->table_pa == use.table_pa)
    {
      guint64 step = use.alias - (last->alias + (last->n - 1) * last->step);
      if (last->n == 1 || last->step == step)
        {
          last->step = step;
          last->n++;
          return;
        }
    }
  g_array_append_val (self->uses, use);
}

/* Sorts the visits and leaves the first of each table. */
static void
fold (P2vTableVisits *self)
{
  GArray *visits = self->visits;
  guint max_walks = self->folding == P2V_FOLDING_CAUTIOUS ? MAX_CAUTIOUS_WALKS : 1;
  guint n_kept = 0, n_walks = 0;
  const P2vVisit *folded = NULL;

  g_array_sort (visits, compare_visits_by_table);
  for (guint i = 0; i < visits->len; i++)
    {
      const P2vVisit *visit = &g_array_index (visits, P2vVisit, i);
      const P2vVisit *last = n_kept > 0 ? &g_array_index (visits, P2vVisit, n_kept - 1) : NULL;

      if (last == NULL || last->table_pa != visit->table_pa ||
          !may_fold (self, last->entry, visit->entry))
        n_walks = 0;
      if (n_walks < max_walks)
        {
          g_array_index (visits, P2vVisit, n_kept++) = *visit;
          n_walks++;
          continue;
        }
      note_use (self, visit, folded != NULL && folded->parent == visit->parent);
      folded = visit;
    }
  g_array_set_size (visits, n_kept);
}

static void
note_left_out (P2vVisitBudget *budget,
               P2vIndexEntry   entry)
{
  budget->spaces[p2v_index_entry_space (entry)].too_many_tables = TRUE;
}

void
p2v_table_visits_pause (P2vTableVisits *self)
{
  GArray *visits = self->visits;

  if (visits->len < self->max_unfolded)
    return;
  fold (self);
  /* Tables that are no duplicates, and more of them than may be walked: those that come last stay
   * away, as they will in the end. */
  guint max_kept = (guint) MIN (self->budget->n_left, visits->len);
  for (guint i = max_kept; i < visits->len; i++)
    note_left_out (self->budget, g_array_index (visits, P2vVisit, i).entry);
  g_array_set_size (visits, max_kept);
  /* So that sorting takes no more time than if all were sorted once, but for a small factor. */
  self->max_unfolded = MAX (MIN_UNFOLDED, 2 * visits->len);
}

static gboolean
take_from_budget (P2vVisitBudget *budget,
                  P2vIndexEntry   entry)
{
  guint space = p2v_index_entry_space (entry);

  if (budget->n_left_of_space[space] == 0 || budget->n_left == 0)
    {
      note_left_out (budget, entry);
      return FALSE;
    }
  budget->n_left_of_space[space]--;
  budget->n_left--;
  return TRUE;
}

/* Leaves the visits that may be made. */
static void
apply_budget (P2vTableVisits *self)
{
  GArray *visits = self->visits;
  guint n_kept = 0;

  for (guint i = 0; i < visits->len; i++)
    if (take_from_budget (self->budget, g_array_index (visits, P2vVisit, i).entry))
      g_array_index (visits, P2vVisit, n_kept++) = g_array_index (visits, P2vVisit, i);
  g_array_set_size (visits, n_kept);
}

/* From @i on, the first visit by which the table of @use is walked. Both come in order. */
static guint
find_walk (const P2vTableVisits *self,
           const FoldedUse       *use,
           guint                 i)
{
  while (i < self->visits->len)
    {
      const P2vVisit *visit = &g_array_index (self->visits, P2vVisit, i);
      if (visit->table_pa > use->table_pa ||
          (visit->table_pa == use->table_pa && may_fold (self, visit->entry, use->alias)))
        break;
      i++;
    }
  return i;
}

GArray *
p2v_table_visits_finish (P2vTableVisits *self,
                         guint64         n_pages,
                         GArray         *aliases)
{
  guint walk = 0;

  fold (self);
  apply_budget (self);
  g_array_sort (self->uses, compare_uses);
  for (guint i = 0; i < self->uses->len; i++)
    {
      const FoldedUse *use = &g_array_index (self->uses, FoldedUse, i);

      walk = find_walk (self, use, walk);
      const P2vVisit *visit
        = walk < self->visits->len ? &g_array_index (self->visits, P2vVisit, walk) : NULL;
      if (visit != NULL && visit->table_pa == use->table_pa)
        p2v_aliases_add (aliases, n_pages, visit->entry, use->alias, use->step, use->n);
      else
        note_left_out (self->budget, use->alias);
    }
  return g_steal_pointer (&self->visits);
}
