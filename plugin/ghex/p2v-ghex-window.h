/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vGhexWindow: one of GHex's windows with the pane that we have put into it. Lives as long as the
 * window. Main thread only. */

#pragma once

#include "p2v-ghex-tab.h"

G_BEGIN_DECLS

#define P2V_TYPE_GHEX_WINDOW (p2v_ghex_window_get_type ())
G_DECLARE_FINAL_TYPE (P2vGhexWindow, p2v_ghex_window, P2V, GHEX_WINDOW, GObject)

/* The pane of @window, which is made if there is none yet. NULL with @error set if @window is not
 * laid out as we know it; then it has not been touched. */
P2vGhexWindow *p2v_ghex_window_ensure   (GtkWindow       *window,
                                         P2vHexSettings  *settings,
                                         GError         **error);
/* The user looks at @tab, in this window. */
void           p2v_ghex_window_show_tab (P2vGhexWindow   *self,
                                         P2vGhexTab      *tab);
/* The user does not look at @tab any more, in @window. */
void           p2v_ghex_window_forget_tab (GtkWindow      *window,
                                           P2vGhexTab     *tab);

G_END_DECLS
