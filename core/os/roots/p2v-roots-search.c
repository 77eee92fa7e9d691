/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* One pass over memory for whatever looks like a root, of any form. */

#include "config.h"

#include <string.h>

#include "base/p2v-limits.h"
#include "image/p2v-image-private.h"
#include "os/p2v-scan.h"
#include "os/roots/p2v-roots-private.h"

/* How often cancellation is looked at. */
#define TRIES_A_LOOK 1024

/* What is looked for of one form. */
typedef struct
{
  const P2vPageTables *tables;
  const P2vPagingLevel *level;
  guint64 root_bytes;
  gsize n_entries;    /* of a root, or of as much of it as a frame holds */
  GArray *candidates; /* P2vPhysAddr */
} Kind;

typedef struct
{
  Kind kinds[P2V_PAGING_N_FORMS];
  gsize n_kinds;
  P2vPhysAddr end_pa;
} Looker;

static inline guint64
get_entry (const guint8 *at, guint entry_bytes)
{
  guint64 raw = 0;

  memcpy (&raw, at, entry_bytes == sizeof raw ? sizeof raw : sizeof (guint32));
  return GUINT64_FROM_LE (raw);
}

/* Entries of a root that the processor ignores, where pages may stand; more are not looked at. */
#define MAX_FOREIGN 32

/* Whether a root could have @entry; a quick test, for most places fail it at once. */
static inline gboolean
may_be_of_root (const Looker *self, const Kind *kind, guint64 entry, guint *n_foreign)
{
  P2vPagingLeaf leaf;
  P2vEntryKind found = p2v_paging_decode (kind->tables, kind->level, entry, &leaf);

  return (entry & kind->tables->form->root_zero_mask) == 0
         && ((found == P2V_ENTRY_TABLE && leaf.pa < self->end_pa) || found == P2V_ENTRY_PAGE
             || (found == P2V_ENTRY_ABSENT && kind->level->page_mask != 0
                 && (*n_foreign)++ < MAX_FOREIGN));
}

static inline gboolean
may_be_root (const Looker *self, const Kind *kind, const guint8 *bytes)
{
  guint entry_bytes = kind->tables->form->entry_bytes;
  gboolean is_empty = TRUE;
  guint n_foreign = 0;

  for (gsize i = 0; i < kind->n_entries; i++)
    {
      guint64 entry = get_entry (bytes + i * entry_bytes, entry_bytes);
      if (entry == 0)
        continue;
      is_empty = FALSE;
      if (!may_be_of_root (self, kind, entry, &n_foreign))
        return FALSE;
    }
  return !is_empty;
}

static void
look_in_frame (const Looker *self, const Kind *kind, const guint8 *bytes, P2vPhysAddr pa)
{
  gsize step = (gsize) MIN (kind->root_bytes, P2V_FRAME_SIZE);

  if (pa % MAX (kind->root_bytes, P2V_FRAME_SIZE) != 0)
    return;
  for (gsize offset = 0; offset < P2V_FRAME_SIZE; offset += step)
    if (may_be_root (self, kind, bytes + offset) && kind->candidates->len < P2V_LIMIT_TASKS)
      {
        P2vPhysAddr found_pa = pa + offset;
        g_array_append_val (kind->candidates, found_pa);
      }
}

static gboolean
is_zero (const guint8 *bytes)
{
  return bytes[0] == 0 && memcmp (bytes, bytes + 1, P2V_FRAME_SIZE - 1) == 0;
}

static void
look (const guint8 *bytes, gsize length, P2vPhysAddr pa, gpointer user_data)
{
  const Looker *self = user_data;

  for (gsize page = 0; page < length; page += P2V_FRAME_SIZE)
    if (!is_zero (bytes + page))
      for (gsize i = 0; i < self->n_kinds; i++)
        look_in_frame (self, &self->kinds[i], bytes + page, pa + page);
}

/* Candidates of one form become roots, or do not. */
static gboolean
try_candidates (const P2vSystemSearch *search,
                P2vRootsTrees *trees,
                const GArray *candidates,
                GError **error)
{
  for (guint i = 0; i < candidates->len; i++)
    {
      if (i % TRIES_A_LOOK == 0
          && g_cancellable_set_error_if_cancelled (search->cancellable, error))
        return FALSE;
      p2v_roots_trees_try (trees, g_array_index (candidates, P2vPhysAddr, i));
    }
  return TRUE;
}

static int
compare_addresses (gconstpointer a, gconstpointer b)
{
  P2vPhysAddr x = *(const P2vPhysAddr *) a, y = *(const P2vPhysAddr *) b;

  return (x > y) - (x < y);
}

gboolean
p2v_roots_search (const P2vSystemSearch *search,
                  P2vRootsTrees *trees,
                  gsize n_forms,
                  GError **error)
{
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (search->image, &n_ranges);
  const P2vImageRange *last = &ranges[n_ranges - 1];
  Looker looker = { .n_kinds = n_forms, .end_pa = last->start_pa + (last->length_bytes - 1) };

  for (gsize i = 0; i < n_forms; i++)
    {
      const P2vPagingForm *form = trees[i].tables.form;
      guint64 root_bytes = p2v_roots_get_root_bytes (form);
      looker.kinds[i] = (Kind){
        .tables = &trees[i].tables,
        .level = &form->levels[0],
        .root_bytes = root_bytes,
        .n_entries = (gsize) MIN (root_bytes, P2V_FRAME_SIZE) / form->entry_bytes,
        .candidates = g_array_new (FALSE, FALSE, sizeof (P2vPhysAddr)),
      };
    }
  gboolean ok = p2v_scan_run (search, look, &looker, error);
  for (gsize i = 0; i < n_forms; i++)
    {
      GArray *candidates = looker.kinds[i].candidates;
      g_array_sort (candidates, compare_addresses);
      ok = ok && try_candidates (search, &trees[i], candidates, error);
      g_array_unref (candidates);
    }
  return ok;
}
