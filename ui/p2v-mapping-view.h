/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vMappingView: the table of an answer's rows, with its selection and its context menu.
 *
 * Its property "columns" holds which columns are shown; #P2vMappingView::sort-changed tells that
 * rows are sorted by another one, ::row-selected that the selected row is another one,
 * ::row-activated that the user wants to go where it comes from. The menu uses the actions of the
 * panel. Main thread only. */

#pragma once

#include <gtk/gtk.h>

#include "p2v-mapping-model.h"

G_BEGIN_DECLS

#define P2V_TYPE_MAPPING_VIEW (p2v_mapping_view_get_type ())
G_DECLARE_FINAL_TYPE (P2vMappingView, p2v_mapping_view, P2V, MAPPING_VIEW, GtkWidget)

GtkWidget       *p2v_mapping_view_new          (void);
P2vMappingModel *p2v_mapping_view_get_model    (P2vMappingView *self);
/* (transfer none) (nullable) */
P2vMappingRow   *p2v_mapping_view_get_selected (P2vMappingView *self);
void             p2v_mapping_view_select       (P2vMappingView *self,
                                                guint           position);
/* (transfer none) */
GtkColumnView   *p2v_mapping_view_get_column_view (P2vMappingView *self);
/* %P2V_N_COLUMNS: not at all. */
void             p2v_mapping_view_sort         (P2vMappingView   *self,
                                                P2vColumnId       column,
                                                gboolean          descending);
void             p2v_mapping_view_get_sort     (P2vMappingView   *self,
                                                P2vColumnId      *ret_column,
                                                gboolean         *ret_descending);
/* Selects the row of the same page of the same process as @mapping; if it is still to come, FALSE,
 * and then. */
gboolean         p2v_mapping_view_prefer       (P2vMappingView   *self,
                                                const P2vMapping *mapping);

G_END_DECLS
