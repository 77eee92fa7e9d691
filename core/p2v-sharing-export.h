/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What processes share, written as rows, and said in sentences. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-export.h"
#include "p2v-sharing.h"

G_BEGIN_DECLS

P2V_AVAILABLE_IN_1_0
gboolean  p2v_sharing_export        (P2vSharing       *self,
                                     P2vSession       *session,
                                     P2vFilter        *filter,
                                     gboolean          with_ranges,
                                     P2vExportFormat   format,
                                     GOutputStream    *stream,
                                     guint64          *ret_n_rows,
                                     GCancellable     *cancellable,
                                     GError          **error);
P2V_AVAILABLE_IN_1_0
char    **p2v_sharing_dup_sentences (P2vSharing       *self,
                                     gboolean          is_filtered);

G_END_DECLS
