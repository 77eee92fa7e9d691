/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vSymbolStream: the bytes of a file from its beginning to its end, decompressed if it is an .xz
 * file; a piece at a time, so that the 50 MB of a kernel's symbols are never held as a whole. */

#pragma once

#include <gio/gio.h>

typedef struct _P2vSymbolStream P2vSymbolStream;

/* What the file is, is told by its first bytes, not by its name. @cancellable: (nullable) (transfer
 * none), kept. */
P2vSymbolStream *p2v_symbol_stream_open (const char       *path,
                                         GCancellable     *cancellable,
                                         GError          **error);
/* Bytes that are (transfer none) and stay, for tests and fuzzing. */
P2vSymbolStream *p2v_symbol_stream_new_static (const guint8 *bytes,
                                         gsize             length);
void             p2v_symbol_stream_free (P2vSymbolStream  *self);
/* Gets the next piece, valid until the next call; *@ret_length is 0 at the end. FALSE if the file
 * cannot be read (G_IO_ERROR, P2V_IMAGE_ERROR) or is damaged (P2V_OS_ERROR). */
G_GNUC_WARN_UNUSED_RESULT
gboolean         p2v_symbol_stream_next (P2vSymbolStream  *self,
                                         const guint8    **ret_bytes,
                                         gsize            *ret_length,
                                         GError          **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vSymbolStream, p2v_symbol_stream_free)
