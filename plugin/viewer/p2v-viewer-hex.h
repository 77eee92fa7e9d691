/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* A HexWidget in which nothing can be changed. */

#pragma once

#include <gtkhex.h>

#include "p2v-hex-buffer.h"

G_BEGIN_DECLS

/* (transfer floating): */
GtkWidget *p2v_viewer_hex_new (P2vHexBuffer *buffer);

G_END_DECLS
