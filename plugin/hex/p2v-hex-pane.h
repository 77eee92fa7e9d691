/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* Keeps the height of what is at the lower end of a GtkPaned, from one time to the next. */

#pragma once

#include <gtk/gtk.h>

#include "p2v-hex-settings.h"

G_BEGIN_DECLS

/* @paned: vertical, with both children. */
void p2v_hex_pane_remember (GtkPaned       *paned,
                            P2vHexSettings *settings);

G_END_DECLS
