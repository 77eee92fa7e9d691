/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "base/p2v-checked.h"
#include "index/p2v-aliases.h"

static const P2vAliasRun *
get_run (const GArray *self,
         guint         i)
{
  return &g_array_index (self, P2vAliasRun, i);
}

void
p2v_aliases_add (GArray        *self,
                 guint64        n_pages,
                 P2vIndexEntry  table,
                 P2vIndexEntry  alias,
                 guint64        step,
                 guint64        n)
{
  P2vAliasRun run = { n_pages, table, alias, step, n, n };

  g_array_append_val (self, run);
}

/* The largest tables first, for the others need theirs. */
static int
compare_runs (gconstpointer a,
              gconstpointer b)
{
  const P2vAliasRun *x = a, *y = b;

  if (x->n_pages != y->n_pages)
    return x->n_pages > y->n_pages ? -1 : 1;
  if (x->table != y->table)
    return x->table < y->table ? -1 : 1;
  return (x->alias > y->alias) - (x->alias < y->alias);
}

/* The first of the runs that is of a table of @n_pages at @table, or comes behind those. */
static guint
find_run (const GArray  *self,
          guint64        n_pages,
          P2vIndexEntry  table)
{
  guint low = 0, high = self->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const P2vAliasRun *run = get_run (self, middle);
      if (run->n_pages > n_pages || (run->n_pages == n_pages && run->table < table))
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* Makes *@n_pages the size of the smallest tables that are larger. FALSE if there are none. */
static gboolean
next_size (const GArray *self,
           guint64      *n_pages)
{
  guint i = find_run (self, *n_pages, 0);

  if (i == 0)
    return FALSE;
  *n_pages = get_run (self, i - 1)->n_pages;
  return TRUE;
}

static gboolean
is_of_table (const GArray  *self,
             guint          i,
             guint64        n_pages,
             P2vIndexEntry  table)
{
  return i < self->len && get_run (self, i)->n_pages == n_pages &&
         get_run (self, i)->table == table;
}

/* At how many addresses @entry is found by tables that have more than @n_pages pages. */
static guint64
count_ways (const GArray  *self,
            P2vIndexEntry  entry,
            guint64        n_pages)
{
  guint64 n_ways = 1;

  while (next_size (self, &n_pages))
    {
      P2vIndexEntry table = entry & ~(n_pages - 1);
      guint behind = find_run (self, n_pages, table + 1);
      if (behind > 0 && is_of_table (self, behind - 1, n_pages, table) &&
          !p2v_add_u64 (n_ways, get_run (self, behind - 1)->n_ways, &n_ways))
        return G_MAXUINT64;
    }
  return n_ways;
}

/* Makes one run of two, if their addresses are evenly spaced. */
static gboolean
join_runs (P2vAliasRun       *self,
           const P2vAliasRun *next)
{
  P2vIndexEntry last = self->alias + (self->n - 1) * self->step;
  guint64 gap = next->alias - last;

  if (next->alias <= last || (self->n > 1 && self->step != gap) ||
      (next->n > 1 && next->step != gap))
    return FALSE;
  self->step = gap;
  self->n += next->n;
  return TRUE;
}

static guint64
add_ways (guint64            n_ways,
          const P2vAliasRun *run,
          guint64            n_each)
{
  guint64 product;

  return p2v_mul_u64 (run->n, n_each, &product) && p2v_add_u64 (n_ways, product, &n_ways)
           ? n_ways
           : G_MAXUINT64;
}

void
p2v_aliases_finish (GArray *self)
{
  g_autoptr (GArray) runs = g_array_new (FALSE, FALSE, sizeof (P2vAliasRun));
  guint64 n_each_before = 0;

  g_array_sort (self, compare_runs);
  for (guint i = 0; i < self->len; i++)
    {
      P2vAliasRun run = *get_run (self, i);
      P2vAliasRun *last
        = runs->len > 0 ? &g_array_index (runs, P2vAliasRun, runs->len - 1) : NULL;
      gboolean is_same_table
        = last != NULL && last->n_pages == run.n_pages && last->table == run.table;
      /* Runs of larger tables are whole already; those of this size are not asked. */
      guint64 n_each = count_ways (runs, run.alias, run.n_pages);
      guint64 n_ways = add_ways (is_same_table ? last->n_ways : 0, &run, n_each);

      if (is_same_table && n_each == n_each_before && join_runs (last, &run))
        last->n_ways = n_ways;
      else
        {
          run.n_ways = n_ways;
          g_array_append_val (runs, run);
        }
      n_each_before = n_each;
    }
  g_array_set_size (self, 0);
  g_array_append_vals (self, runs->data, runs->len);
}

guint64
p2v_aliases_get_n_ways (const GArray  *self,
                        P2vIndexEntry  entry)
{
  return self->len > 0 ? count_ways (self, entry, 0) : 1;
}

/* Appends where @entry is found beside, by tables that have more than @n_pages pages. Calls itself
 * once a level of page tables. */
static void
expand (const GArray  *self,
        P2vIndexEntry  entry,
        guint64        n_pages,
        GArray        *entries,
        guint          max)
{
  while (next_size (self, &n_pages))
    {
      P2vIndexEntry table = entry & ~(n_pages - 1);
      for (guint i = find_run (self, n_pages, table);
           entries->len < max && is_of_table (self, i, n_pages, table); i++)
        {
          const P2vAliasRun *run = get_run (self, i);
          P2vIndexEntry alias = run->alias + (entry - run->table);
          for (guint64 j = 0; j < run->n && entries->len < max; j++, alias += run->step)
            {
              g_array_append_val (entries, alias);
              expand (self, alias, n_pages, entries, max);
            }
        }
    }
}

void
p2v_aliases_expand (const GArray *self,
                    GArray       *entries,
                    guint         max)
{
  guint n = entries->len;

  for (guint i = 0; self->len > 0 && i < n; i++)
    expand (self, g_array_index (entries, P2vIndexEntry, i), 0, entries, max);
}

void
p2v_aliases_expand_table (const GArray  *self,
                          P2vIndexEntry  entry,
                          guint64        n_pages,
                          GArray        *entries,
                          guint          max)
{
  g_array_append_val (entries, entry);
  expand (self, entry, n_pages - 1, entries, max);
}

gboolean *
p2v_aliases_dup_spaces (const GArray *self,
                        guint         n_spaces)
{
  gboolean *spaces = NULL;

  for (guint i = 0; i < self->len; i++)
    {
      guint space = p2v_index_entry_space (get_run (self, i)->table);
      if (space >= n_spaces)
        continue;
      if (spaces == NULL)
        spaces = g_new0 (gboolean, n_spaces);
      spaces[space] = TRUE;
    }
  return spaces;
}

/* Sizes are powers of two, and all addresses at multiples of them. */
static gboolean
run_is_sound (const P2vAliasRun *run,
              guint              n_spaces)
{
  guint64 offset, last, within = run->n_pages - 1;

  return run->n > 0 && run->n_pages > 1 && (run->n_pages & within) == 0 &&
         run->n_pages < (guint64) 1 << P2V_INDEX_VPN_BITS && (run->table & within) == 0 &&
         (run->alias & within) == 0 && (run->n == 1 || (run->step & within) == 0) &&
         run->alias > run->table && p2v_mul_u64 (run->n - 1, run->step, &offset) &&
         p2v_add_u64 (run->alias, offset, &last) && p2v_index_entry_space (last) < n_spaces;
}

gboolean
p2v_aliases_are_sound (const GArray *self,
                       guint         n_spaces)
{
  for (guint i = 0; i < self->len; i++)
    if (!run_is_sound (get_run (self, i), n_spaces) ||
        (i > 0 && compare_runs (get_run (self, i - 1), get_run (self, i)) > 0))
      return FALSE;
  return TRUE;
}
