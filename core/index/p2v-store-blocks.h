/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The body of a store's file: bytes, then a checksum of each block of them. So whoever needs a part
 * reads and checks no more than the blocks it is in. */

#pragma once

#include <gio/gio.h>

#define P2V_STORE_BLOCK_BYTES ((gsize) 64 << 10)

/* Writes a body from its start to its end. */
typedef struct
{
  int     fd;
  GArray *sums;                /* guint64, a block each */
  guint64 n_bytes;             /* of whole blocks so far */
  gsize   n_buffered;
  guint8  buffer[P2V_STORE_BLOCK_BYTES];
} P2vStoreWriter;

/* Clear it. */
void     p2v_store_writer_init   (P2vStoreWriter *self,
                                  int             fd);
void     p2v_store_writer_clear  (P2vStoreWriter *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (P2vStoreWriter, p2v_store_writer_clear)
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_store_writer_put    (P2vStoreWriter *self,
                                  const void     *bytes,
                                  guint64         length,
                                  GError        **error);
/* Writes the checksums behind all that was put; *@ret_hash is a checksum of them, *@ret_bytes the
 * length of all. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_store_writer_finish (P2vStoreWriter *self,
                                  guint64        *ret_bytes,
                                  guint64        *ret_hash,
                                  GError        **error);

/* Reads any part of a body. */
typedef struct
{
  int      fd;
  guint64  start;              /* of the body in the file */
  guint64  n_bytes;            /* of the body, without checksums */
  guint64 *sums;
  guint64  buffered;           /* number of the block in @buffer, G_MAXUINT64 for none */
  guint8   buffer[P2V_STORE_BLOCK_BYTES];
} P2vStoreReader;

/* How long a file is that has @n_bytes of body from @start on; FALSE if that overflows. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_store_compute_length (guint64        start,
                                   guint64        n_bytes,
                                   guint64       *ret_length);
/* Clear it. FALSE if the checksums cannot be read or do not have @hash. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_store_reader_open  (P2vStoreReader  *self,
                                 int              fd,
                                 guint64          start,
                                 guint64          n_bytes,
                                 guint64          hash);
void     p2v_store_reader_clear (P2vStoreReader  *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (P2vStoreReader, p2v_store_reader_clear)
/* FALSE if a block that the part is in is not there or not as it was written. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_store_reader_take  (P2vStoreReader  *self,
                                 guint64          offset,
                                 void            *bytes,
                                 guint64          length);
