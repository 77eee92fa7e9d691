/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "index/p2v-watch.h"

struct _P2vWatch
{
  gatomicrefcount ref_count;
  GMutex          lock;
  guint64         wanted_pfn;          /* G_MAXUINT64: none */
  guint64         searched_pfn;        /* whose entries @found holds */
  GArray         *found;               /* P2vIndexEntry */
};

P2vWatch *
p2v_watch_new (void)
{
  P2vWatch *self = g_new0 (P2vWatch, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->wanted_pfn = G_MAXUINT64;
  self->searched_pfn = G_MAXUINT64;
  self->found = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  return self;
}

P2vWatch *
p2v_watch_ref (P2vWatch *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
p2v_watch_unref (P2vWatch *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_mutex_clear (&self->lock);
  g_array_unref (self->found);
  g_free (self);
}

void
p2v_watch_set (P2vWatch *self,
               guint64   pfn)
{
  g_mutex_lock (&self->lock);
  self->wanted_pfn = pfn;
  g_mutex_unlock (&self->lock);
}

void
p2v_watch_get (P2vWatch *self,
               guint64   pfn,
               GArray   *ret_entries)
{
  g_mutex_lock (&self->lock);
  if (self->searched_pfn == pfn)
    g_array_append_vals (ret_entries, self->found->data, self->found->len);
  g_mutex_unlock (&self->lock);
}

guint64
p2v_watch_get_n_found (P2vWatch *self)
{
  g_mutex_lock (&self->lock);
  guint64 n = self->searched_pfn == self->wanted_pfn ? self->found->len : 0;
  g_mutex_unlock (&self->lock);
  return n;
}

gboolean
p2v_watch_restart (P2vWatch *self,
                   guint64  *watched_pfn)
{
  g_mutex_lock (&self->lock);
  gboolean changed = self->wanted_pfn != *watched_pfn;
  *watched_pfn = self->wanted_pfn;
  if (changed)
    {
      self->searched_pfn = self->wanted_pfn;
      g_array_set_size (self->found, 0);
    }
  g_mutex_unlock (&self->lock);
  return changed;
}

void
p2v_watch_add (P2vWatch            *self,
               const P2vIndexEntry *entries,
               guint                n_entries)
{
  if (n_entries == 0)
    return;
  g_mutex_lock (&self->lock);
  g_array_append_vals (self->found, entries, n_entries);
  g_mutex_unlock (&self->lock);
}
