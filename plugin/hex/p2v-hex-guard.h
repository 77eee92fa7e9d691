/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* Keeps from a HexWidget what would edit: keys, the middle button, its cut and paste actions. The
 * widget knows no read-only mode; the buffer refuses what gets so far all the same. */

#pragma once

#include <gtkhex.h>

G_BEGIN_DECLS

void p2v_hex_guard (HexWidget *hex);

G_END_DECLS
