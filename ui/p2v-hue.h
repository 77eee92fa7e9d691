/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The colours of processes, the same for a pid in every run and every view. */

#pragma once

#include <glib.h>

/* As many as p2v-panel.css has classes p2v-hue-N. */
#define P2V_N_HUES 16

/* Less than P2V_N_HUES. */
guint   p2v_hue_of_pid     (gint64 pid);
/* 0xrrggbb, the colour of p2v-hue-N in p2v-panel.css. */
guint32 p2v_hue_get_colour (guint  hue);
