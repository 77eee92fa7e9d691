/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* A flattened file is a header of one page and then records of a header and bytes:
 *
 *   offset  size
 *   0x00    16    "makedumpfile", NULs
 *   0x10    8     type, 1
 *   0x18    8     version, 1
 *
 *   0x00    8     where in the kdump the bytes belong, -1 at the end
 *   0x08    8     how many
 *
 * all numbers big-endian. Records may come in any order and write over each other.
 *
 * Source: makedumpfile 1.7.2, makedumpfile.h, struct makedumpfile_header and
 * makedumpfile_data_header; IMPLEMENTATION, "flattened". */

#include "config.h"

#include "image/p2v-kdump-file.h"

#include "base/p2v-checked.h"
#include "base/p2v-limits.h"
#include "base/p2v-reader.h"
#include "image/p2v-spans.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

/* Source: see the head of this file. */
#define FLAT_SIGNATURE    "makedumpfile"
#define FLAT_HEADER_BYTES 4096
#define RECORD_BYTES      16
#define FLAT_TYPE         1
#define FLAT_VERSION      1

/* Where things may belong: far beyond any file, far from where sums wrap. */
#define MAX_KDUMP_BYTES   ((guint64) 1 << 62)

struct _P2vKdumpFile
{
  P2vFile *file;
  GArray  *pieces;             /* P2vSpan from the kdump to the file; NULL: they are the same */
  guint64  size;
};

gboolean
p2v_kdump_file_is_flat (const P2vImageHead *head)
{
  return head->n_bytes >= sizeof FLAT_SIGNATURE - 1 &&
         memcmp (head->bytes, FLAT_SIGNATURE, sizeof FLAT_SIGNATURE - 1) == 0;
}

static P2vReader
read_be (const guint8 *bytes,
         gsize         n_bytes)
{
  return (P2vReader) { .bytes = bytes, .length = n_bytes, .big_endian = TRUE };
}

static guint64
get_u64 (const P2vReader *reader,
         guint64          at)
{
  guint64 value = 0;

  if (!p2v_reader_get_u64 (reader, at, &value))
    g_assert_not_reached ();
  return value;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
check_flat_header (P2vFile *file,
                   GError **error)
{
  guint8 bytes[32];

  if (!p2v_file_read (file, 0, bytes, sizeof bytes, error))
    return FALSE;
  P2vReader reader = read_be (bytes, sizeof bytes);
  guint64 type = get_u64 (&reader, 0x10), version = get_u64 (&reader, 0x18);
  if (type == FLAT_TYPE && version == FLAT_VERSION)
    return TRUE;
  g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
               _ ("“%s” is a flattened kdump of type %" PRIu64 ", version %" PRIu64
                  " (offset 0x10), and pas2vas reads type %u, version %u; let "
                  "makedumpfile -R make a plain one of it"),
               p2v_file_get_display_name (file), type, version, FLAT_TYPE, FLAT_VERSION);
  return FALSE;
}

/* FALSE if the record makes no sense: then none that follows can be found. */
static gboolean
add_piece (P2vKdumpFile *self,
           guint64       offset,
           guint64       n_bytes,
           guint64       place)
{
  if (!p2v_span_fits (offset, n_bytes, MAX_KDUMP_BYTES) ||
      !p2v_span_fits (place, n_bytes, p2v_file_get_size (self->file)))
    return FALSE;
  if (n_bytes == 0)
    return TRUE;
  /* The record that comes last is heard first. */
  P2vSpan piece = { offset, n_bytes, place, -(gint64) self->pieces->len };
  g_array_append_val (self->pieces, piece);
  self->size = MAX (self->size, offset + n_bytes);
  return TRUE;
}

static void
diagnose_end (P2vImageBuilder *builder,
              guint64          place)
{
  g_ptr_array_add (builder->diagnostics,
                   g_strdup_printf (_ ("“%s” is an incomplete flattened kdump: at offset 0x%" PRIx64
                                       " a record is expected that fits the file, or the one that "
                                       "says that it was the last; what would follow is missing"),
                                    p2v_file_get_display_name (builder->file), place));
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
read_records (P2vKdumpFile    *self,
              P2vImageBuilder *builder,
              GCancellable    *cancellable,
              GError         **error)
{
  guint64 end = p2v_file_get_size (self->file);
  guint64 place = FLAT_HEADER_BYTES;

  for (;;)
    {
      guint8 bytes[RECORD_BYTES];
      if (self->pieces->len > P2V_LIMIT_RANGES)
        {
          g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_LIMIT,
                       _ ("“%s” is a flattened kdump of more than %" PRIu64
                          " records; let makedumpfile -R make a plain one of it"),
                       p2v_file_get_display_name (self->file), P2V_LIMIT_RANGES);
          return FALSE;
        }
      if (self->pieces->len % 4096 == 0 &&
          g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (!p2v_span_fits (place, sizeof bytes, end))
        break;
      if (!p2v_file_read (self->file, place, bytes, sizeof bytes, error))
        return FALSE;
      P2vReader reader = read_be (bytes, sizeof bytes);
      guint64 offset = get_u64 (&reader, 0), n_bytes = get_u64 (&reader, 8);
      if (offset == G_MAXUINT64)
        return TRUE;
      if (!add_piece (self, offset, n_bytes, place + sizeof bytes))
        break;
      place += sizeof bytes + n_bytes;
    }
  diagnose_end (builder, place);
  return TRUE;
}

P2vKdumpFile *
p2v_kdump_file_open (P2vImageBuilder *builder,
                     GCancellable    *cancellable,
                     GError         **error)
{
  guint8 bytes[sizeof FLAT_SIGNATURE - 1];
  P2vImageHead head = { .bytes = bytes, .n_bytes = sizeof bytes };
  g_autoptr (P2vKdumpFile) self = g_new0 (P2vKdumpFile, 1);

  self->file = p2v_file_ref (builder->file);
  self->size = p2v_file_get_size (self->file);
  if (!p2v_file_read (self->file, 0, bytes, sizeof bytes, error))
    return NULL;
  if (!p2v_kdump_file_is_flat (&head))
    return g_steal_pointer (&self);

  self->size = 0;
  self->pieces = g_array_new (FALSE, FALSE, sizeof (P2vSpan));
  if (!check_flat_header (self->file, error) ||
      !read_records (self, builder, cancellable, error))
    return NULL;
  guint64 conflict_offset;
  g_autoptr (GArray) records = g_steal_pointer (&self->pieces);
  self->pieces = p2v_spans_flatten (records, &conflict_offset);
  return g_steal_pointer (&self);
}

void
p2v_kdump_file_free (P2vKdumpFile *self)
{
  p2v_file_unref (self->file);
  g_clear_pointer (&self->pieces, g_array_unref);
  g_free (self);
}

guint64
p2v_kdump_file_get_size (P2vKdumpFile *self)
{
  return self->size;
}

static gboolean
read_pieces (P2vKdumpFile *self,
             guint64       offset,
             guint8       *to,
             gsize         length,
             GError      **error)
{
  guint64 end = offset + length;
  memset (to, 0, length);

  for (guint i = p2v_spans_seek (self->pieces, offset); i < self->pieces->len; i++)
    {
      const P2vSpan *piece = &g_array_index (self->pieces, P2vSpan, i);
      if (piece->key >= end)
        break;
      guint64 from = MAX (offset, piece->key);
      guint64 upto = MIN (end, piece->key + piece->length);
      if (!p2v_file_read (self->file, from + p2v_span_delta (piece), to + (from - offset),
                          (gsize) (upto - from), error))
        return FALSE;
    }
  return TRUE;
}

gboolean
p2v_kdump_file_read (P2vKdumpFile *self,
                     guint64       offset,
                     gpointer      buffer,
                     gsize         length_bytes,
                     GError      **error)
{
  g_assert (p2v_span_fits (offset, length_bytes, self->size));
  if (self->pieces == NULL)
    return p2v_file_read (self->file, offset, buffer, length_bytes, error);
  return read_pieces (self, offset, buffer, length_bytes, error);
}
