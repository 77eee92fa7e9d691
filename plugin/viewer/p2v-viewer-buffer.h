/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vViewerBuffer: a file of any size behind the hex view, opened read-only.
 *
 * It opens at once, holds a handful of pages, and refuses every change: what is shown is
 * evidence. Bytes that cannot be read are shown as zeros, and ::read-failed says so. Main thread
 * only. */

#pragma once

#include <gio/gio.h>
#include <gtkhex.h>

G_BEGIN_DECLS

#define P2V_TYPE_VIEWER_BUFFER (p2v_viewer_buffer_get_type ())
G_DECLARE_FINAL_TYPE (P2vViewerBuffer, p2v_viewer_buffer, P2V, VIEWER_BUFFER, GObject)

P2vViewerBuffer *p2v_viewer_buffer_new (GFile   *file,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
