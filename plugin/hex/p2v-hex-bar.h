/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vHexBar: what is viewed (the file, physical memory, a process), a way over the gaps, and the
 * switch of the tooltips. One for each hex view. */

#pragma once

#include "p2v-hex-link.h"
#include "p2v-hex-settings.h"

G_BEGIN_DECLS

#define P2V_TYPE_HEX_BAR (p2v_hex_bar_get_type ())
G_DECLARE_FINAL_TYPE (P2vHexBar, p2v_hex_bar, P2V, HEX_BAR, GtkWidget)

/* (transfer floating): */
GtkWidget *p2v_hex_bar_new       (P2vHexSettings *settings);
/* @link: (nullable): */
void       p2v_hex_bar_set_link  (P2vHexBar      *self,
                                  P2vHexLink     *link);

G_END_DECLS
