/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vFile: a file of evidence, opened read-only, its size read once, read with pread only.
 * Reference counted; reading is safe from any thread.
 *
 * Never mapped: a mapped file that shrinks is a SIGBUS in our host's process; here it is an
 * error. */

#pragma once

#include <gio/gio.h>

typedef struct _P2vFile P2vFile;

/* Opens a regular file or a block device. Anything else (a directory, a pipe) is
 * P2V_IMAGE_ERROR_NOT_RECOGNIZED; what the system refuses is a G_IO_ERROR. Each message names the
 * file. */
P2vFile    *p2v_file_open      (const char  *path,
                                GError     **error);
P2vFile    *p2v_file_ref       (P2vFile     *self);
void        p2v_file_unref     (P2vFile     *self);
/* (transfer none): the path as given, in the file name encoding. */
const char *p2v_file_get_path  (P2vFile     *self);
/* (transfer none): the path for messages: escaped, valid UTF-8. */
const char *p2v_file_get_display_name (P2vFile *self);
/* In bytes, as it was at opening. */
guint64     p2v_file_get_size  (P2vFile     *self);
/* What tells this file from another, or from itself after a change. */
typedef struct
{
  guint64 size_bytes;
  gint64  mtime_ns;            /* since 1970 */
  guint64 inode;
  guint64 device;
} P2vFileIdentity;

/* (transfer none) (nullable): as it was at opening; NULL for a disk, which may change without a
 * trace. */
const P2vFileIdentity *p2v_file_get_identity (P2vFile *self);
/* Reads exactly @length_bytes at @offset. Beyond the size at opening, or if the file has shrunk
 * since: P2V_IMAGE_ERROR_TRUNCATED; what the system reports: G_IO_ERROR. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_file_read      (P2vFile     *self,
                                guint64      offset,
                                gpointer     buffer,
                                gsize        length_bytes,
                                GError     **error);
/* Tells the kernel that a range will be read soon. Never fails, never blocks for the data. */
void        p2v_file_prefetch  (P2vFile     *self,
                                guint64      offset,
                                guint64      length_bytes);
/* How many of @length_bytes at @offset are a hole of the file: never written, they read as zeros
 * and stand on no disk. 0 also where that cannot be told. */
guint64     p2v_file_measure_hole (P2vFile  *self,
                                guint64      offset,
                                guint64      length_bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vFile, p2v_file_unref)
