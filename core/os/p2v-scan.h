/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* One pass over all of an image's memory, in the order of the file, for whatever wants to look at
 * every byte of it. Several that look share one pass. */

#pragma once

#include "os/p2v-system-private.h"

/* Looks at @length_bytes whole frames from @start_pa on. Never called twice at once. */
typedef void (*P2vScanFunc) (const guint8 *bytes,
                             gsize         length_bytes,
                             P2vPhysAddr   start_pa,
                             gpointer      user_data);

/* Tells @search's meter how far it is. FALSE if the image cannot be read, or on cancellation. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_scan_run (const P2vSystemSearch *search,
                       P2vScanFunc            look,
                       gpointer               user_data,
                       GError               **error);
