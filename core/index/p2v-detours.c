/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "index/p2v-detours.h"

/* Looked up in one image. Each may cost a read, so that crafted tables full of them must not keep
 * us for ever; real systems have some hundred thousand. */
#define MAX_DETOURS ((guint64) 64 << 20)

struct _P2vDetours
{
  const P2vPageTables *tables;
  const P2vPagingRoot *roots;
  P2vWalkReport       *reports;        /* by space */
  GArray              *waiting;        /* P2vIndirectEntry; the tag is the P2vIndexEntry */
  GArray              *found;          /* P2vDetour */
  guint64              n_left;
};

P2vDetours *
p2v_detours_new (const P2vPageTables *tables,
                 const P2vPagingRoot *roots,
                 P2vWalkReport       *reports)
{
  P2vDetours *self = g_new0 (P2vDetours, 1);

  self->tables = tables;
  self->roots = roots;
  self->reports = reports;
  self->waiting = g_array_new (FALSE, FALSE, sizeof (P2vIndirectEntry));
  self->found = g_array_new (FALSE, FALSE, sizeof (P2vDetour));
  self->n_left = MAX_DETOURS;
  return self;
}

void
p2v_detours_free (P2vDetours *self)
{
  g_array_unref (self->waiting);
  g_array_unref (self->found);
  g_free (self);
}

gboolean
p2v_detours_add (P2vDetours           *self,
                 const P2vPagingLevel *level,
                 P2vIndexEntry         entry,
                 guint64               value,
                 P2vState              state)
{
  const P2vPagingRoot *root = &self->roots[p2v_index_entry_space (entry)];
  P2vIndirectEntry waiting = {
    .root_pa = root->root_pa,
    .va = p2v_paging_root_extend_va (root, p2v_index_entry_va (entry)),
    .level = level,
    .entry = value,
    .leaf.state = state,
    .tag = entry,
  };

  if (self->n_left == 0)
    return FALSE;
  self->n_left--;
  g_array_append_val (self->waiting, waiting);
  return TRUE;
}

static int
compare_waiting (gconstpointer a,
                 gconstpointer b)
{
  const P2vIndirectEntry *x = a, *y = b;

  if (x->level != y->level)
    return x->level->shift < y->level->shift ? -1 : 1;
  return (x->entry > y->entry) - (x->entry < y->entry);
}

static int
compare_found (gconstpointer a,
               gconstpointer b)
{
  const P2vDetour *x = a, *y = b;

  return (x->entry > y->entry) - (x->entry < y->entry);
}

static void
keep_found (P2vDetours             *self,
            const P2vIndirectEntry *entry)
{
  P2vDetour found = { entry->tag, entry->leaf.pa >> P2V_FRAME_SHIFT, entry->level->shift };

  if (entry->is_in_ram)
    g_array_append_val (self->found, found);
  else
    self->reports[p2v_index_entry_space (entry->tag)].n_placeholders[entry->placeholder]++;
}

/* Looks up some of those that wait, from @first on. */
static gboolean
look_up_batch (P2vDetours    *self,
               guint          first,
               GCancellable  *cancellable,
               GError       **error)
{
  P2vIndirectEntry *entries = &g_array_index (self->waiting, P2vIndirectEntry, first);
  guint n = MIN (self->waiting->len - first, P2V_PAGING_MAX_RESOLVED);

  if (!p2v_paging_resolve (self->tables, entries, n, cancellable, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    keep_found (self, &entries[i]);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

gboolean
p2v_detours_look_up (P2vDetours    *self,
                     gboolean       all,
                     GCancellable  *cancellable,
                     GError       **error)
{
  if (!all && self->waiting->len < P2V_PAGING_MAX_RESOLVED)
    return TRUE;
  g_array_sort (self->waiting, compare_waiting);
  for (guint i = 0; i < self->waiting->len; i += P2V_PAGING_MAX_RESOLVED)
    if (!look_up_batch (self, i, cancellable, error))
      return FALSE;
  g_array_set_size (self->waiting, 0);
  if (all)
    g_array_sort (self->found, compare_found);
  return TRUE;
}

const P2vDetour *
p2v_detours_get (P2vDetours *self,
                 gsize      *ret_n)
{
  *ret_n = self->found->len;
  return (const P2vDetour *) (gpointer) self->found->data;
}
