/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vWatch: the frame that somebody is looking at while the index is being built. The builder
 * searches for it in each table as it reads it, and in those read before when it changes. Reference
 * counted; any thread. */

#pragma once

#include "index/p2v-reverse-map.h"

typedef struct _P2vWatch P2vWatch;

P2vWatch *p2v_watch_new      (void);
P2vWatch *p2v_watch_ref      (P2vWatch *self);
void      p2v_watch_unref    (P2vWatch *self);
/* Asks for @pfn; any thread. */
void      p2v_watch_set      (P2vWatch *self,
                              guint64   pfn);
/* Copies what was found of @pfn so far (P2vIndexEntry), unsorted; nothing if another frame is
 * watched. */
void      p2v_watch_get      (P2vWatch *self,
                              guint64   pfn,
                              GArray   *ret_entries);
/* How many entries were found of the frame that is watched. */
guint64   p2v_watch_get_n_found (P2vWatch *self);


/* For the builder: begins to search for the frame that is wanted now. TRUE if it is another than
 * *@watched_pfn, which becomes it; then nothing has been found of it yet. */
gboolean  p2v_watch_restart  (P2vWatch            *self,
                              guint64             *watched_pfn);
/* For the builder: adds what was found of the frame that is searched for. */
void      p2v_watch_add      (P2vWatch            *self,
                              const P2vIndexEntry *entries,
                              guint                n_entries);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vWatch, p2v_watch_unref)
