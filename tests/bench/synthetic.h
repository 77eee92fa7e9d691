/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Images with nothing but page tables in them, for measuring: flat, sparse files. */

#pragma once

#include <glib.h>

/* The image's first bytes say that it is one of ours; then come the number of address spaces and
 * their roots, 8 bytes each, in the machine's byte order. */
#define SYNTHETIC_MAGIC "p2vbench"
#define SYNTHETIC_MAX_SPACES 4000

/* Half of the pages of each space are its own, the others belong to ten spaces together, as those
 * of libraries and of shared memory do. Memory is a third larger than what is used, and frames are
 * handed out in groups of eight from all over it, tables between the pages they map: as on a
 * machine that has run for a while. FALSE if the file cannot be written. */
gboolean synthetic_write (const char  *path,
                          guint        n_spaces,
                          guint        n_pages,
                          GError     **error);
