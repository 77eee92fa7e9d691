/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vGhexTab: one of GHex's hex views with a memory image in it, and the page of the pane that goes
 * with it. Lives as long as the view. Main thread only. */

#pragma once

#include "p2v-hex-link.h"
#include "p2v-hex-settings.h"

G_BEGIN_DECLS

#define P2V_TYPE_GHEX_TAB (p2v_ghex_tab_get_type ())
G_DECLARE_FINAL_TYPE (P2vGhexTab, p2v_ghex_tab, P2V, GHEX_TAB, GObject)

/* Makes the tab of @hex, whose document has a P2vHexBuffer, and begins to open the image. */
P2vGhexTab *p2v_ghex_tab_attach   (HexWidget      *hex,
                                   P2vHexSettings *settings);
/* (nullable): the tab of @hex. */
P2vGhexTab *p2v_ghex_tab_from_hex (HexWidget      *hex);
P2vHexLink *p2v_ghex_tab_get_link (P2vGhexTab     *self);
/* What the pane shows for it. */
GtkWidget  *p2v_ghex_tab_get_page (P2vGhexTab     *self);

G_END_DECLS
