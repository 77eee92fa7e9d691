/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vHexShade: lies over hex views and hides the zeros where there is no memory: a hole is a
 * hole, and not zeros. It takes no part in input. */

#pragma once

#include "p2v-hex-link.h"

G_BEGIN_DECLS

#define P2V_TYPE_HEX_SHADE (p2v_hex_shade_get_type ())
G_DECLARE_FINAL_TYPE (P2vHexShade, p2v_hex_shade, P2V, HEX_SHADE, GtkWidget)

/* (transfer floating): an overlay with @child and a shade in it. */
GtkWidget *p2v_hex_shade_wrap     (GtkWidget   *child);
/* @overlay: of p2v_hex_shade_wrap()
 * @link: (nullable): whose widget is below it just now */
void       p2v_hex_shade_set_link (GtkOverlay  *overlay,
                                   P2vHexLink  *link);

G_END_DECLS
