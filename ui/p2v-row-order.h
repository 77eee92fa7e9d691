/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Sorts the rows of an answer without making row objects: the result says which row stands
 * where. */

#pragma once

#include "p2v-mapping-row.h"

G_BEGIN_DECLS

/* (element-type guint32) (transfer full) (nullable): NULL if cancelled. Equal rows keep the
 * answer's order. May be called from any thread. */
GArray *p2v_row_order_new       (P2vAnswer           *answer,
                                 P2vColumnId          column,
                                 gboolean             descending,
                                 GCancellable        *cancellable);
/* The same in a thread; @callback gets a GTask whose pointer is the order. */
void    p2v_row_order_new_async (P2vAnswer           *answer,
                                 P2vColumnId          column,
                                 gboolean             descending,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data);

G_END_DECLS
