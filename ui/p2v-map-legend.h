/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vMapLegend: the lines of a picture's legend, largest first; for a screen reader it is the
 * picture's content. #P2vMapLegend::isolated comes when a line is chosen, or let go again. */

#pragma once

#include "p2v-map-picture.h"

G_BEGIN_DECLS

#define P2V_TYPE_MAP_LEGEND (p2v_map_legend_get_type ())
G_DECLARE_FINAL_TYPE (P2vMapLegend, p2v_map_legend, P2V, MAP_LEGEND, GtkWidget)

GtkWidget *p2v_map_legend_new         (void);
/* (nullable): shows its lines; does not keep it. */
void       p2v_map_legend_set_picture (P2vMapLegend        *self,
                                       const P2vMapPicture *picture);

G_END_DECLS
