/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vKdumpFile: the bytes of a kdump, whether the file is one or holds one flattened: as a row of
 * records "these bytes belong there", which is what makedumpfile writes where it cannot seek, and
 * QEMU unless told otherwise. Immutable; reading is safe from any thread. Private to image/. */

#pragma once

#include "image/p2v-image-private.h"

typedef struct _P2vKdumpFile P2vKdumpFile;

/* Whether the file begins as a flattened one. */
gboolean      p2v_kdump_file_is_flat  (const P2vImageHead *head);
/* (transfer full) (nullable): reads all records of a flattened file. */
G_GNUC_WARN_UNUSED_RESULT
P2vKdumpFile *p2v_kdump_file_open     (P2vImageBuilder    *builder,
                                       GCancellable       *cancellable,
                                       GError            **error);
void          p2v_kdump_file_free     (P2vKdumpFile       *self);
/* Of the kdump itself. */
guint64       p2v_kdump_file_get_size (P2vKdumpFile       *self);
/* Reads bytes that lie within the size; what no record has are zeros. */
G_GNUC_WARN_UNUSED_RESULT
gboolean      p2v_kdump_file_read     (P2vKdumpFile       *self,
                                       guint64             offset,
                                       gpointer            buffer,
                                       gsize               length_bytes,
                                       GError            **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vKdumpFile, p2v_kdump_file_free)
