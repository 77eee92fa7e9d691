/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Rows as text for the clipboard and as a file, written in a worker thread. */

#pragma once

#include "p2v-mapping-row.h"

G_BEGIN_DECLS

/* The texts of @column of the rows of @answer, a line each; with %P2V_N_COLUMNS, a table of all
 * columns. @order: (nullable) (element-type guint32): which rows, and in which order. */
void      p2v_row_writer_copy_async    (P2vSession           *session,
                                        P2vAnswer            *answer,
                                        GArray               *order,
                                        P2vColumnId           column,
                                        GCancellable         *cancellable,
                                        GAsyncReadyCallback   callback,
                                        gpointer              user_data);
char     *p2v_row_writer_copy_finish   (GAsyncResult         *result,
                                        GError              **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes the rows of @answer, or with %NULL every mapping of the session, to @file: JSON if its
 * name ends so, else CSV. A file that was there stays as it was unless all is written. */
void      p2v_row_writer_export_async  (P2vSession           *session,
                                        P2vAnswer            *answer,
                                        GArray               *order,
                                        GFile                *file,
                                        GCancellable         *cancellable,
                                        GAsyncReadyCallback   callback,
                                        gpointer              user_data);
gboolean  p2v_row_writer_export_finish (GAsyncResult         *result,
                                        GError              **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
