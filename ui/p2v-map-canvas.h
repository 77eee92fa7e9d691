/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vMapCanvas: draws a P2vMapPicture cell by cell, in rows from the top, and takes pointer and
 * keys. It has no opinion on what cells mean; #P2vMapCanvas::grid-changed tells how many fit. */

#pragma once

#include "p2v-map-picture.h"

G_BEGIN_DECLS

#define P2V_TYPE_MAP_CANVAS (p2v_map_canvas_get_type ())
G_DECLARE_FINAL_TYPE (P2vMapCanvas, p2v_map_canvas, P2V, MAP_CANVAS, GtkWidget)

GtkWidget *p2v_map_canvas_new          (void);
/* (transfer none) (nullable): outlives its use here. Call it again when its colours changed. */
void       p2v_map_canvas_set_picture  (P2vMapCanvas  *self,
                                        P2vMapPicture *picture);
/* How many cells there is room for; 0 before the widget has a size. */
guint      p2v_map_canvas_get_n_cells  (P2vMapCanvas  *self);
guint      p2v_map_canvas_get_n_columns (P2vMapCanvas *self);
/* Frames the cells from @first to @last, where the host's view is; P2V_MAP_NO_ENTRY: nothing. */
void       p2v_map_canvas_set_window   (P2vMapCanvas  *self,
                                        guint          first,
                                        guint          last);

G_END_DECLS
