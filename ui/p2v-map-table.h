/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vMapTable: what a P2vMapPicture shows, as a table, for who cannot see it or wants the numbers:
 * a row for each run of cells that are alike. Its ::cell-activated is as that of the canvas. */

#pragma once

#include "p2v-map-picture.h"

G_BEGIN_DECLS

#define P2V_TYPE_MAP_TABLE (p2v_map_table_get_type ())
G_DECLARE_FINAL_TYPE (P2vMapTable, p2v_map_table, P2V, MAP_TABLE, GtkWidget)

GtkWidget *p2v_map_table_new         (void);
/* @picture: (nullable): not needed any more when this returns */
void       p2v_map_table_set_picture (P2vMapTable         *self,
                                      const P2vMapPicture *picture);

G_END_DECLS
