/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* A map of memory as a file: PNG for reports, SVG to go on with. */

#pragma once

#include "p2v-map-picture.h"

G_BEGIN_DECLS

/* (transfer full): the picture with its legend, @n_columns cells a row. */
GBytes *p2v_map_export_svg (const P2vMapPicture *picture,
                            guint                n_columns);
/* (transfer full): the cells alone, each a square of some pixels. */
GBytes *p2v_map_export_png (const P2vMapPicture *picture,
                            guint                n_columns);

G_END_DECLS
