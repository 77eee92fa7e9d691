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
                 gboolean       may_join)
{
  P2vAliasRun run = { n_pages, table, alias, 0, 1, 1 };
  P2vAliasRun *last = self->len > 0 ? &g_array_index (self, P2vAliasRun, self->len - 1) : NULL;

  if (may_join && last != NULL && last->n_pages == n_pages && last->table == table)
    {
      guint64 step = alias - (last->alias + (last->n - 1) * last->step);
      if (last->n == 1)
        last->step = step;
      if (last->step == step)
        {
          last->n++;
          return;
        }
    }
  g_array_append_val (self, run);
}

static int
compare_runs (gconstpointer a,
              gconstpointer b)
{
  const P2vAliasRun *x = a, *y = b;

  if (x->n_pages != y->n_pages)
    return x->n_pages < y->n_pages ? -1 : 1;
  if (x->table != y->table)
    return x->table < y->table ? -1 : 1;
  return (x->alias > y->alias) - (x->alias < y->alias);
}

/* The first run of a table of @n_pages at @table or behind it. */
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
      if (run->n_pages < n_pages || (run->n_pages == n_pages && run->table < table))
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* Looks for runs of the tables that @entry is in, from the smallest that has more than @n_pages
 * pages. FALSE if there are no more; else the first is *@ret_first, and *@ret_n of them follow it,
 * which may be none. */
static gboolean
next_table (const GArray  *self,
            P2vIndexEntry  entry,
            guint64       *n_pages,
            guint         *ret_first,
            guint         *ret_n)
{
  guint i = find_run (self, *n_pages + 1, 0);

  if (i == self->len)
    return FALSE;
  *n_pages = get_run (self, i)->n_pages;
  P2vIndexEntry table = entry & ~(*n_pages - 1);
  *ret_first = find_run (self, *n_pages, table);
  for (i = *ret_first; i < self->len; i++)
    if (get_run (self, i)->n_pages != *n_pages || get_run (self, i)->table != table)
      break;
  *ret_n = i - *ret_first;
  return TRUE;
}

/* Adds the number of ways of @n runs from @first. */
static guint64
add_ways (const GArray *self,
          guint         first,
          guint         n,
          guint64       n_ways)
{
  guint64 product;

  for (guint i = first; i < first + n; i++)
    if (!p2v_mul_u64 (get_run (self, i)->n, get_run (self, i)->n_ways, &product) ||
        !p2v_add_u64 (n_ways, product, &n_ways))
      return G_MAXUINT64;
  return n_ways;
}

/* At how many addresses @entry is found by tables that have more than @n_pages pages. */
static guint64
count_ways (const GArray  *self,
            P2vIndexEntry  entry,
            guint64        n_pages)
{
  guint64 n_ways = 1;
  guint first, n;

  while (next_table (self, entry, &n_pages, &first, &n))
    n_ways = add_ways (self, first, n, n_ways);
  return n_ways;
}

void
p2v_aliases_finish (GArray *self)
{
  g_array_sort (self, compare_runs);
  /* The largest tables first, for the others need theirs. */
  for (guint i = self->len; i-- > 0;)
    {
      P2vAliasRun *run = &g_array_index (self, P2vAliasRun, i);
      run->n_ways = count_ways (self, run->alias, run->n_pages);
    }
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
  guint first, n;

  while (next_table (self, entry, &n_pages, &first, &n))
    for (guint i = first; i < first + n; i++)
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

void
p2v_aliases_expand (const GArray *self,
                    GArray       *entries,
                    guint         max)
{
  guint n = entries->len;

  for (guint i = 0; self->len > 0 && i < n; i++)
    expand (self, g_array_index (entries, P2vIndexEntry, i), 0, entries, max);
}

static gboolean
run_is_sound (const P2vAliasRun *run)
{
  guint64 offset, last;

  return run->n > 0 && run->n_ways > 0 && run->n_pages > 1 &&
         (run->n_pages & (run->n_pages - 1)) == 0 &&
         run->n_pages < (guint64) 1 << P2V_INDEX_VPN_BITS &&
         (run->table & (run->n_pages - 1)) == 0 && (run->alias & (run->n_pages - 1)) == 0 &&
         p2v_mul_u64 (run->n - 1, run->step, &offset) && p2v_add_u64 (run->alias, offset, &last) &&
         p2v_add_u64 (last, run->n_pages - 1, &last) && run->alias > run->table &&
         p2v_index_entry_space (run->table) == p2v_index_entry_space (last);
}

gboolean
p2v_aliases_are_sound (const GArray *self)
{
  for (guint i = 0; i < self->len; i++)
    if (!run_is_sound (get_run (self, i)) ||
        (i > 0 && compare_runs (get_run (self, i - 1), get_run (self, i)) > 0))
      return FALSE;
  return TRUE;
}
