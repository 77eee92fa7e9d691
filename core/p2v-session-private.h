/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the files of the session share: its state, and a consistent view of it for one question.
 * p2v-session-options.c is told what to use, p2v-session-steps.c opens, finds and builds, and
 * p2v-session.c says how far it is. */

#pragma once

#include "base/p2v-meter.h"
#include "index/p2v-store.h"
#include "index/p2v-watch.h"
#include "paging/p2v-paging.h"
#include "p2v-frame-reader.h"
#include "p2v-session.h"

struct _P2vSession
{
  GObject             parent_instance;
  P2vMeter            meter;
  gint                busy;            /* atomic: a step is running */
  GStrv               wanted_methods;  /* or NULL: all */
  GArray             *wanted_pfns;     /* guint64, or NULL: all */

  GMutex lock; /* for what follows; each is replaced as a whole, never changed */
  P2vImage           *image;
  P2vSystem          *system;
  P2vReverseMap      *map;
  P2vWatch           *watch;           /* while the index is being built */
  P2vStore           *store;           /* or NULL: indices are not kept */
  char               *symbols_path;    /* or NULL */
  const P2vPagingForm *form;           /* or NULL: the system's own */
  P2vPhysAddr         base_pa;         /* of a flat image; 0: not given */
  P2vIndexStatistics  statistics;
  GPtrArray          *walk_diagnostics;
};

/* What of a session one question is answered from; holds references. */
typedef struct
{
  P2vImage           *image;
  P2vSystem          *system;
  P2vReverseMap      *map;             /* NULL if what there is is no more than an excerpt */
  P2vReverseMap      *excerpt;         /* the map or an excerpt of it: for questions about frames
                                        * that p2v_reverse_map_knows() */
  P2vWatch           *watch;
  P2vIndexStatistics  statistics;
} P2vSessionView;

/* Clear it. Any thread. */
P2vSessionView p2v_session_view       (P2vSession          *self);
void           p2v_session_view_clear (P2vSessionView      *view);
/* (transfer full) (nullable): the system, or NULL with P2V_QUERY_ERROR_NOT_READY. */
P2vSystem     *p2v_session_dup_required_system (P2vSession *self,
                                       GError             **error);
/* As p2v_frame_reader_new(), for a view that has a system. */
P2vFrameReader *p2v_frame_reader_new_for_view (const P2vSessionView *view);
/* @watch: the view's, or NULL. */
P2vProgress    p2v_session_read_progress (P2vSession       *self,
                                       P2vWatch            *watch);
/* Forgets the index; under the lock. */
void           p2v_session_clear_index (P2vSession         *self);
/* Makes the index of the session's system and publishes it. A step's work; @watch is asked
 * meanwhile. */
G_GNUC_WARN_UNUSED_RESULT
gboolean       p2v_session_make_index (P2vSession          *self,
                                       P2vWatch            *watch,
                                       GCancellable        *cancellable,
                                       GError             **error);
/* A sentence for each address space that @reports (one a space) tells was not walked to the end. */
GPtrArray     *p2v_session_dup_walk_diagnostics (P2vSystem *system,
                                       const P2vWalkReport *reports);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (P2vSessionView, p2v_session_view_clear)
