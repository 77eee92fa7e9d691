/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* A HexWidget in which nothing can be changed. The widget knows no such mode, so we keep from it
 * what would edit: keys, the middle button, and its cut and paste actions; and the buffer
 * refuses the rest. */

#pragma once

#include <gtkhex.h>

#include "p2v-viewer-buffer.h"

G_BEGIN_DECLS

GtkWidget *p2v_viewer_hex_new   (P2vViewerBuffer *buffer);
/* Moves the cursor to @offset and shows some lines before it. Also works before the first
 * drawing. */
void       p2v_viewer_hex_go_to (HexWidget       *hex,
                                 gint64           offset);

G_END_DECLS
