/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vMappingModel: the rows of an answer as a GListModel.
 *
 * Row objects exist only while somebody holds them: a page with a million aliases costs a
 * screenful of rows. Sorting permutes positions, so it makes no rows either (a GtkSortListModel
 * would make them all). #P2vMappingModel::about-to-change comes while the old rows are still
 * there. Main thread only. */

#pragma once

#include "p2v-mapping-row.h"

G_BEGIN_DECLS

#define P2V_TYPE_MAPPING_MODEL (p2v_mapping_model_get_type ())
G_DECLARE_FINAL_TYPE (P2vMappingModel, p2v_mapping_model, P2V, MAPPING_MODEL, GObject)

P2vMappingModel *p2v_mapping_model_new             (void);
void             p2v_mapping_model_set_answer      (P2vMappingModel  *self,
                                                    P2vSession       *session,
                                                    P2vAnswer        *answer);
P2vAnswer       *p2v_mapping_model_get_answer      (P2vMappingModel  *self);
/* %P2V_N_COLUMNS is the answer's own order; only process, pid and virtual can be sorted by. */
void             p2v_mapping_model_set_sort        (P2vMappingModel  *self,
                                                    P2vColumnId       column,
                                                    gboolean          descending);
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
