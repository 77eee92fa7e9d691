/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The memory of a machine with page tables of one form and nothing else: a few roots that have the
 * kernel's half in common, and pages that each maps for user mode. */

#pragma once

#include <glib.h>

#include "paging/p2v-paging.h"

/* (transfer full): @n_pages: of each root. @expected: (nullable) (element-type utf8): gets a line
 * for each mapping. */
guint8 *p2v_roots_machine_make (const P2vPagingForm *form,
                                guint                n_pages,
                                GHashTable          *expected,
                                gsize               *ret_length);
