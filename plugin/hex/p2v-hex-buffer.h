/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vHexBuffer: a file of any size behind a hex view, opened read-only.
 *
 * It opens at once, holds a handful of pages, and refuses every change: what is shown is
 * evidence. Bytes that cannot be read are shown as zeros, and ::read-failed says so;
 * ::edit-refused says that somebody tried to change some. Bytes may be asked for from any thread;
 * the signals come in the main thread. */

#pragma once

#include <gio/gio.h>
#include <gtkhex.h>

#include "p2v-hex-space.h"

G_BEGIN_DECLS

#define P2V_TYPE_HEX_BUFFER (p2v_hex_buffer_get_type ())
G_DECLARE_FINAL_TYPE (P2vHexBuffer, p2v_hex_buffer, P2V, HEX_BUFFER, GObject)

P2vHexBuffer *p2v_hex_buffer_new       (GFile        *file,
                                        GError      **error) G_GNUC_WARN_UNUSED_RESULT;
/* Shows memory as @space sees it instead of the file as it is. The view must be told. */
void          p2v_hex_buffer_set_space (P2vHexBuffer *self,
                                        P2vHexSpace  *space);

G_END_DECLS
