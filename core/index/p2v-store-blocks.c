/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/p2v-checked.h"
#include "base/p2v-checksum.h"
#include "index/p2v-store-blocks.h"

static guint64
count_blocks (guint64 n_bytes)
{
  return n_bytes / P2V_STORE_BLOCK_BYTES + (n_bytes % P2V_STORE_BLOCK_BYTES != 0);
}

static gboolean
write_exactly (int           fd,
               const void   *bytes,
               gsize         length,
               GError      **error)
{
  const char *at = bytes;

  while (length > 0)
    {
      gssize n = write (fd, at, length);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          int saved_errno = errno;
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "%s",
                       g_strerror (saved_errno));
          return FALSE;
        }
      at += n;
      length -= (gsize) n;
    }
  return TRUE;
}

void
p2v_store_writer_init (P2vStoreWriter *self,
                       int             fd)
{
  self->fd = fd;
  self->sums = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->n_bytes = 0;
  self->n_buffered = 0;
}

void
p2v_store_writer_clear (P2vStoreWriter *self)
{
  g_clear_pointer (&self->sums, g_array_unref);
}

static gboolean
put_block (P2vStoreWriter *self,
           const guint8   *block,
           gsize           length,
           GError        **error)
{
  guint64 sum = p2v_checksum_of (block, length);

  g_array_append_val (self->sums, sum);
  self->n_bytes += length;
  return write_exactly (self->fd, block, length, error);
}

gboolean
p2v_store_writer_put (P2vStoreWriter *self,
                      const void     *bytes,
                      guint64         length,
                      GError        **error)
{
  const guint8 *at = bytes;

  while (length > 0)
    {
      gsize n = (gsize) MIN (length, P2V_STORE_BLOCK_BYTES - self->n_buffered);

      if (n == P2V_STORE_BLOCK_BYTES)
        {
          if (!put_block (self, at, n, error))
            return FALSE;
        }
      else
        {
          memcpy (self->buffer + self->n_buffered, at, n);
          self->n_buffered += n;
        }
      if (self->n_buffered == P2V_STORE_BLOCK_BYTES)
        {
          self->n_buffered = 0;
          if (!put_block (self, self->buffer, P2V_STORE_BLOCK_BYTES, error))
            return FALSE;
        }
      at += n;
      length -= n;
    }
  return TRUE;
}

gboolean
p2v_store_writer_finish (P2vStoreWriter *self,
                         guint64        *ret_bytes,
                         guint64        *ret_hash,
                         GError        **error)
{
  if (self->n_buffered > 0 && !put_block (self, self->buffer, self->n_buffered, error))
    return FALSE;
  gsize length = self->sums->len * sizeof (guint64);
  *ret_bytes = self->n_bytes + length;
  *ret_hash = p2v_checksum_of (self->sums->data, length);
  return write_exactly (self->fd, self->sums->data, length, error);
}

gboolean
p2v_store_compute_length (guint64  start,
                          guint64  n_bytes,
                          guint64 *ret_length)
{
  /* The number of blocks times 8 is less than the number of bytes. */
  return p2v_add_u64 (start, n_bytes, ret_length) &&
         p2v_add_u64 (*ret_length, count_blocks (n_bytes) * sizeof (guint64), ret_length);
}

static gboolean
read_exactly (int      fd,
              guint64  offset,
              void    *bytes,
              gsize    length)
{
  char *at = bytes;

  while (length > 0)
    {
      gssize n = pread (fd, at, length, (off_t) offset);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      at += n;
      offset += (guint64) n;
      length -= (gsize) n;
    }
  return TRUE;
}

gboolean
p2v_store_reader_open (P2vStoreReader *self,
                       int             fd,
                       guint64         start,
                       guint64         n_bytes,
                       guint64         hash)
{
  gsize length = count_blocks (n_bytes) * sizeof (guint64);

  self->fd = fd;
  self->start = start;
  self->n_bytes = n_bytes;
  self->buffered = G_MAXUINT64;
  self->sums = g_try_malloc (length + 1);
  return self->sums != NULL && read_exactly (fd, start + n_bytes, self->sums, length) &&
         p2v_checksum_of (self->sums, length) == hash;
}

void
p2v_store_reader_clear (P2vStoreReader *self)
{
  g_clear_pointer (&self->sums, g_free);
}

static gboolean
read_block (const P2vStoreReader *self,
            guint64               number,
            guint8               *block)
{
  guint64 offset = number * P2V_STORE_BLOCK_BYTES;
  gsize length = (gsize) MIN (P2V_STORE_BLOCK_BYTES, self->n_bytes - offset);

  return read_exactly (self->fd, self->start + offset, block, length) &&
         p2v_checksum_of (block, length) == self->sums[number];
}

static gboolean
buffer_block (P2vStoreReader *self,
              guint64         number)
{
  if (self->buffered == number)
    return TRUE;
  self->buffered = G_MAXUINT64;
  if (!read_block (self, number, self->buffer))
    return FALSE;
  self->buffered = number;
  return TRUE;
}

gboolean
p2v_store_reader_take (P2vStoreReader *self,
                       guint64         offset,
                       void           *bytes,
                       guint64         length)
{
  guint8 *at = bytes;

  if (!p2v_span_fits (offset, length, self->n_bytes))
    return FALSE;
  while (length > 0)
    {
      guint64 number = offset / P2V_STORE_BLOCK_BYTES;
      gsize offset_in_block = offset % P2V_STORE_BLOCK_BYTES;
      gsize n = (gsize) MIN (length, P2V_STORE_BLOCK_BYTES - offset_in_block);

      /* A whole block goes where it belongs at once. */
      if (n == P2V_STORE_BLOCK_BYTES ? !read_block (self, number, at)
                                     : !buffer_block (self, number))
        return FALSE;
      if (n < P2V_STORE_BLOCK_BYTES)
        memcpy (at, self->buffer + offset_in_block, n);
      at += n;
      offset += n;
      length -= n;
    }
  return TRUE;
}
