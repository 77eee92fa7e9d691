/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vRowReader: fills in rows in a worker thread, a batch at a time.
 *
 * Rows ask when they come on the screen and are forgotten when they leave it, so that a quick
 * scroll through a million rows reads only what the user finally looks at. Main thread only. */

#pragma once

#include "p2v-mapping-row.h"

G_BEGIN_DECLS

#define P2V_TYPE_ROW_READER (p2v_row_reader_get_type ())
G_DECLARE_FINAL_TYPE (P2vRowReader, p2v_row_reader, P2V, ROW_READER, GObject)

P2vRowReader *p2v_row_reader_new     (void);
/* Forgets every request and cancels the running batch; later requests are about @answer. */
void          p2v_row_reader_reset   (P2vRowReader  *self,
                                      P2vSession    *session,
                                      P2vAnswer     *answer);
void          p2v_row_reader_request (P2vRowReader  *self,
                                      P2vMappingRow *row);
void          p2v_row_reader_forget  (P2vRowReader  *self,
                                      P2vMappingRow *row);

G_END_DECLS
