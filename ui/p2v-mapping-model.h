/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vMappingModel: the rows of an answer as a GListModel.
 *
 * Row objects exist only while somebody holds them: a page with a million aliases costs a
 * screenful of rows. Sorting permutes positions, so it makes no rows either (a GtkSortListModel
 * would make them all). #P2vMappingModel::about-to-change comes while the old rows are still
 * there, ::arranged once it is known which rows there are. Main thread only. */

#pragma once

#include "p2v-row-order.h"

G_BEGIN_DECLS

#define P2V_TYPE_MAPPING_MODEL (p2v_mapping_model_get_type ())
G_DECLARE_FINAL_TYPE (P2vMappingModel, p2v_mapping_model, P2V, MAPPING_MODEL, GObject)

P2vMappingModel *p2v_mapping_model_new             (void);
void             p2v_mapping_model_set_answer      (P2vMappingModel  *self,
                                                    P2vSession       *session,
                                                    P2vAnswer        *answer);
P2vAnswer       *p2v_mapping_model_get_answer      (P2vMappingModel  *self);
/* %P2V_N_COLUMNS is the answer's own order. */
void             p2v_mapping_model_set_sort        (P2vMappingModel  *self,
                                                    P2vColumnId       column,
                                                    gboolean          descending);
/* @filter: (nullable) (transfer none) */
void             p2v_mapping_model_set_filter      (P2vMappingModel  *self,
                                                    P2vRowFilter     *filter);
/* How many rows there are going to be; FALSE while that is being found out. */
gboolean         p2v_mapping_model_get_n_arranged  (P2vMappingModel  *self,
                                                    guint            *ret_n_rows);
/* Whether there are too many rows to sort or filter them, and so all are there. */
gboolean         p2v_mapping_model_is_too_long     (P2vMappingModel  *self);
/* (nullable) (transfer full) (element-type guint32): which row of the answer stands at each
 * position; NULL: each at its own. */
GArray          *p2v_mapping_model_dup_order       (P2vMappingModel  *self);
/* Asks for the row's details; they are announced as its properties. */
void             p2v_mapping_model_request         (P2vMappingModel  *self,
                                                    P2vMappingRow    *row);
void             p2v_mapping_model_forget          (P2vMappingModel  *self,
                                                    P2vMappingRow    *row);
/* Finds the row of the same page of the same process; its address may be another byte's. FALSE
 * if it is not there, or so far down that a search would be noticed. */
gboolean         p2v_mapping_model_find            (P2vMappingModel  *self,
                                                    const P2vMapping *mapping,
                                                    guint            *ret_position);
guint            p2v_mapping_model_get_n_live_rows (P2vMappingModel  *self);

G_END_DECLS
