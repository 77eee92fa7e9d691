/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vTrailView: the evidence for one row: every page table entry on the way to it, and what is
 * odd about it. The entries are read in a thread. #P2vTrailView::step-activated gives the physical
 * address of an entry that the user wants to see. Main thread only. */

#pragma once

#include <gtk/gtk.h>

#include "p2v-mapping-row.h"

G_BEGIN_DECLS

#define P2V_TYPE_TRAIL_VIEW (p2v_trail_view_get_type ())
G_DECLARE_FINAL_TYPE (P2vTrailView, p2v_trail_view, P2V, TRAIL_VIEW, GtkWidget)

/* Both are NULL to show nothing. */
void        p2v_trail_view_set_row  (P2vTrailView  *self,
                                     P2vSession    *session,
                                     P2vMappingRow *row);
/* (transfer none): the entries as shown; empty while they are being read. */
const char *p2v_trail_view_get_text (P2vTrailView  *self);

G_END_DECLS
