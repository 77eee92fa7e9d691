/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Unpacks LZO1X, what makedumpfile -l writes. Our own, since Debian's liblzo2 is GPL and this is
 * a library under the LGPL. */

#pragma once

#include <glib.h>

/* Unpacks a whole stream. FALSE unless it is sound, ends where @packed ends, and gives exactly
 * @length_bytes; then the contents of @to are undefined. Never reads or writes outside the two. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_lzo_unpack (const guint8 *packed,
                         gsize         packed_bytes,
                         guint8       *to,
                         gsize         length_bytes);
