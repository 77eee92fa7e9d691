/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vSharingView: which processes share memory, as a matrix, in a sentence, and range by range for
 * the pair that is chosen.
 *
 * It shows a session whose index is complete, and until then waits for it; something else, such
 * as a P2vPanel with the same session, has it built. Main thread only. */

#pragma once

#if !defined (P2V_GTK_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas-gtk.h> can be included directly."
#endif

#include <gtk/gtk.h>
#include <pas2vas.h>

G_BEGIN_DECLS

#define P2V_TYPE_SHARING_VIEW (p2v_sharing_view_get_type ())
P2V_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (P2vSharingView, p2v_sharing_view, P2V, SHARING_VIEW, GtkWidget)

P2V_AVAILABLE_IN_1_0
GtkWidget *p2v_sharing_view_new         (void);
P2V_AVAILABLE_IN_1_0
void       p2v_sharing_view_set_session (P2vSharingView *self,
                                         P2vSession     *session);

G_END_DECLS
