/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* Keeps the size of what is at the end of a GtkPaned, from one time to the next. */

#pragma once

#include <gtk/gtk.h>

#include "p2v-hex-settings.h"

G_BEGIN_DECLS

/* @paned: has both children
 * @key: the property of @settings with the height, or width, of the child at the end */
void p2v_hex_pane_remember (GtkPaned       *paned,
                            P2vHexSettings *settings,
                            const char     *key);

G_END_DECLS
