/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vSharingMatrix: processes by processes, a cell for what two share: the more pages the darker, a
 * dot where both may write, a ring where one may write what the other may execute.
 * #P2vSharingMatrix::pair-chosen tells which. */

#pragma once

#include <gtk/gtk.h>
#include <pas2vas.h>

G_BEGIN_DECLS

#define P2V_TYPE_SHARING_MATRIX (p2v_sharing_matrix_get_type ())
G_DECLARE_FINAL_TYPE (P2vSharingMatrix, p2v_sharing_matrix, P2V, SHARING_MATRIX, GtkWidget)

/* As many processes as a picture can tell apart; those that share the most. */
#define P2V_SHARING_MATRIX_MAX_SPACES 120

GtkWidget *p2v_sharing_matrix_new         (void);
/* (nullable): (transfer none), outlives its use here. */
void       p2v_sharing_matrix_set_sharing (P2vSharingMatrix *self,
                                           P2vSharing       *sharing);
/* How many address spaces are in the picture, of how many that share anything. */
guint      p2v_sharing_matrix_get_n_shown (P2vSharingMatrix *self,
                                           guint            *ret_n_all);
/* (transfer full): the processes of a pair and their numbers in one sentence. */
char      *p2v_sharing_dup_pair_text      (P2vSharing       *sharing,
                                           guint             pair);

G_END_DECLS
