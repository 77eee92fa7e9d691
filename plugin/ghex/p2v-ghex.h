/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* What the way in (immodules/) and what it loads know of each other. */

#pragma once

#include <gmodule.h>

G_BEGIN_DECLS

#define P2V_GHEX_MODULE "libpas2vas-ghex.so"
#define P2V_GHEX_START  "p2v_ghex_start"

/**
 * P2vGhexStartFunc:
 * @folder: where the module is
 *
 * Begins to look for hex views. For the whole life of the program.
 */
typedef void (*P2vGhexStartFunc) (const char *folder);

G_MODULE_EXPORT void p2v_ghex_start (const char *folder);

G_END_DECLS
