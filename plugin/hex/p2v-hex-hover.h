/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vHexHover: resting the pointer on a byte of a HexWidget shows whose it is.
 *
 * Which byte is under the pointer is worked out (p2v-hex-geometry.h), and compared with where
 * each click puts the cursor. If that fails twice in a row the widget is not what we take it for,
 * and there are no tooltips rather than wrong ones. Main thread only. */

#pragma once

#include "p2v-hex-link.h"
#include "p2v-hex-settings.h"

G_BEGIN_DECLS

#define P2V_TYPE_HEX_HOVER (p2v_hex_hover_get_type ())
G_DECLARE_FINAL_TYPE (P2vHexHover, p2v_hex_hover, P2V, HEX_HOVER, GObject)

/* Attaches itself to the widget of @link, which then holds it. */
P2vHexHover *p2v_hex_hover_attach     (P2vHexLink     *link,
                                       P2vHexSettings *settings);
/* FALSE once clicks have shown that the positions are not those of the widget. */
gboolean     p2v_hex_hover_is_trusted (P2vHexHover    *self);

G_END_DECLS
