/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Chooses and sorts rows of an answer without making row objects: the result says which row stands
 * where. */

#pragma once

#include "p2v-row-filter.h"

G_BEGIN_DECLS

/* More are neither sorted nor filtered: a key for each takes some hundred megabytes. */
#define P2V_ROW_ORDER_MAX_ROWS ((guint64) 4 * 1024 * 1024)

typedef struct
{
  P2vColumnId   column;     /* %P2V_N_COLUMNS: as in the answer */
  gboolean      descending;
  P2vRowFilter *filter;     /* NULL: all */
} P2vArrangement;

/* Whether there is nothing to do. */
gboolean p2v_arrangement_is_plain      (const P2vArrangement *self);
/* Whether the image must be read for it. */
gboolean p2v_arrangement_needs_details (const P2vArrangement *self);

/* (element-type guint32) (transfer full) (nullable): NULL if cancelled. Equal rows keep the
 * answer's order. May be called from any thread; blocks on the image if it needs details. */
GArray  *p2v_row_order_new       (P2vSession           *session,
                                  P2vAnswer            *answer,
                                  const P2vArrangement *arrangement,
                                  GCancellable         *cancellable);
/* The same in a thread; @callback gets a GTask whose pointer is the order. */
void     p2v_row_order_new_async (P2vSession           *session,
                                  P2vAnswer            *answer,
                                  const P2vArrangement *arrangement,
                                  GCancellable         *cancellable,
                                  GAsyncReadyCallback   callback,
                                  gpointer              user_data);

G_END_DECLS
