/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <lzma.h>
#include <string.h>

#include "p2v-types.h"

#include "base/p2v-file.h"
#include "base/p2v-limits.h"
#include "os/symbols/p2v-symbol-stream.h"

#define PIECE_BYTES ((gsize) 256 << 10)

/* What decompressing may take. Source: xz(1), "-9" needs 65 MiB; more was asked for on purpose. */
#define MAX_DECODER_BYTES ((guint64) 128 << 20)

/* Source: The .xz File Format 1.2.0, 2.1.1.1, Header Magic Bytes. */
static const guint8 xz_magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0x00 };

struct _P2vSymbolStream
{
  P2vFile      *file;          /* NULL for bytes in memory */
  GCancellable *cancellable;
  const guint8 *bytes;         /* in memory */
  guint64       length;        /* of the file or the bytes */
  guint64       offset;        /* what has been read of it */
  guint64       n_given;       /* what has been handed out */
  guint8       *input;         /* PIECE_BYTES */
  guint8       *output;        /* PIECE_BYTES; NULL if nothing is compressed */
  lzma_stream   decoder;
  gboolean      at_end;        /* of what is compressed */
};

static const char *
get_display_name (P2vSymbolStream *self)
{
  return self->file != NULL ? p2v_file_get_display_name (self->file) : "";
}

static gboolean
set_decoder_error (P2vSymbolStream  *self,
                   lzma_ret          result,
                   GError          **error)
{
  const char *reason = result == LZMA_MEMLIMIT_ERROR ? _("it needs too much memory")
                       : result == LZMA_BUF_ERROR    ? _("it is cut off")
                                                     : _("it is damaged");

  g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
               _("“%s” cannot be decompressed as .xz behind offset 0x%" PRIx64 ": %s"),
               get_display_name (self), self->offset - self->decoder.avail_in, reason);
  return FALSE;
}

/* Nothing is damaged yet; whether it is .xz, its first bytes say. */
static gboolean
open_decoder (P2vSymbolStream  *self,
              GError          **error)
{
  guint8 magic[sizeof xz_magic];

  if (self->length < sizeof magic)
    return TRUE;
  if (!p2v_file_read (self->file, 0, magic, sizeof magic, error))
    return FALSE;
  if (memcmp (magic, xz_magic, sizeof magic) != 0)
    return TRUE;
  self->output = g_malloc (PIECE_BYTES);
  lzma_ret result = lzma_stream_decoder (&self->decoder, MAX_DECODER_BYTES, LZMA_CONCATENATED);
  return result == LZMA_OK || set_decoder_error (self, result, error);
}

P2vSymbolStream *
p2v_symbol_stream_open (const char    *path,
                        GCancellable  *cancellable,
                        GError       **error)
{
  g_autoptr (P2vSymbolStream) self = g_new0 (P2vSymbolStream, 1);

  self->cancellable = cancellable;
  self->file = p2v_file_open (path, error);
  if (self->file == NULL)
    return NULL;
  self->length = p2v_file_get_size (self->file);
  self->input = g_malloc (PIECE_BYTES);
  return open_decoder (self, error) ? g_steal_pointer (&self) : NULL;
}

P2vSymbolStream *
p2v_symbol_stream_new_static (const guint8 *bytes,
                              gsize         length)
{
  P2vSymbolStream *self = g_new0 (P2vSymbolStream, 1);

  self->bytes = bytes;
  self->length = length;
  return self;
}

void
p2v_symbol_stream_free (P2vSymbolStream *self)
{
  if (self->output != NULL)
    lzma_end (&self->decoder);
  g_clear_pointer (&self->file, p2v_file_unref);
  g_free (self->input);
  g_free (self->output);
  g_free (self);
}

/* The next piece as it stands in the file. */
static gboolean
read_piece (P2vSymbolStream  *self,
            const guint8    **ret_bytes,
            gsize            *ret_length,
            GError          **error)
{
  gsize length = (gsize) MIN (PIECE_BYTES, self->length - self->offset);

  *ret_length = length;
  *ret_bytes = self->file != NULL ? self->input : self->bytes + self->offset;
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error) ||
      (self->file != NULL && length > 0 &&
       !p2v_file_read (self->file, self->offset, self->input, length, error)))
    return FALSE;
  self->offset += length;
  return TRUE;
}

static gboolean
decode_piece (P2vSymbolStream  *self,
              gsize            *ret_length,
              GError          **error)
{
  self->decoder.next_out = self->output;
  self->decoder.avail_out = PIECE_BYTES;
  while (!self->at_end && self->decoder.avail_out > 0)
    {
      if (self->decoder.avail_in == 0 &&
          !read_piece (self, &self->decoder.next_in, &self->decoder.avail_in, error))
        return FALSE;
      lzma_action action = self->decoder.avail_in == 0 ? LZMA_FINISH : LZMA_RUN;
      lzma_ret result = lzma_code (&self->decoder, action);
      self->at_end = result == LZMA_STREAM_END;
      if (result != LZMA_OK && result != LZMA_STREAM_END)
        return set_decoder_error (self, result, error);
    }
  *ret_length = PIECE_BYTES - self->decoder.avail_out;
  return TRUE;
}

gboolean
p2v_symbol_stream_next (P2vSymbolStream  *self,
                        const guint8    **ret_bytes,
                        gsize            *ret_length,
                        GError          **error)
{
  gboolean ok = self->output == NULL ? read_piece (self, ret_bytes, ret_length, error)
                                     : decode_piece (self, ret_length, error);

  if (!ok)
    return FALSE;
  if (self->output != NULL)
    *ret_bytes = self->output;
  self->n_given += *ret_length;
  if (self->n_given > P2V_LIMIT_SYMBOL_FILE_BYTES)
    {
      g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
                   _("“%s” holds more than %u MiB of text, no file of one kernel's symbols"),
                   get_display_name (self), (guint) (P2V_LIMIT_SYMBOL_FILE_BYTES >> 20));
      return FALSE;
    }
  return TRUE;
}
