/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* LiME version 1, also what AVML writes when it does not compress: records one after the other,
 * each a header and the bytes of one run of physical memory. Nothing says how many records there
 * are; the file's end is the end.
 *
 *   offset  size
 *   0x00    4     magic "EMiL"
 *   0x04    4     version, 1
 *   0x08    8     physical address of the first byte
 *   0x10    8     physical address of the last byte (inclusive)
 *   0x18    8     reserved
 *   0x20          last - first + 1 bytes of memory
 *
 * Source: LiME, src/lime.h, struct lime_mem_range_header. */

#include "config.h"

#include "image/p2v-image-private.h"

#include "base/p2v-checked.h"
#include "base/p2v-limits.h"
#include "base/p2v-reader.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

/* Source: LiME, src/lime.h, LIME_MAGIC. */
#define LIME_MAGIC 0x4c694d45u
/* Source: LiME, src/lime.h, struct lime_mem_range_header: 4 + 4 + 8 + 8 + 8. */
#define LIME_HEADER_BYTES 0x20
/* Source: LiME, src/main.c: header.version = 1. */
#define LIME_VERSION 1

typedef struct
{
  guint32     magic;
  guint32     version;
  P2vPhysAddr first_pa;
  P2vPhysAddr last_pa;
} LimeHeader;

static guint
bid (const P2vImageHead *head)
{
  P2vReader reader = p2v_reader_le (head->bytes, head->n_bytes);
  guint32 magic = 0;

  return p2v_reader_get_u32 (&reader, 0, &magic) && magic == LIME_MAGIC ? 32 : 0;
}

/* The offsets are those of the table above; the bytes are all there, so no get can fail. */
static LimeHeader
decode_header (const guint8 *bytes)
{
  P2vReader reader = p2v_reader_le (bytes, LIME_HEADER_BYTES);
  LimeHeader header = { 0 };

  gboolean ok = p2v_reader_get_u32 (&reader, 0x00, &header.magic)
                && p2v_reader_get_u32 (&reader, 0x04, &header.version)
                && p2v_reader_get_u64 (&reader, 0x08, &header.first_pa)
                && p2v_reader_get_u64 (&reader, 0x10, &header.last_pa);
  g_assert (ok);
  return header;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
validate_header (P2vFile          *file,
                 guint64           offset,
                 const LimeHeader *header,
                 GError          **error)
{
  const char *name = p2v_file_get_display_name (file);

  if (header->version != LIME_VERSION)
    {
      g_set_error (
          error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
          _("“%s” has LiME version %u at offset 0x%" PRIx64
             ", and pas2vas reads version %u; take the image in the format “lime” or “raw”"),
          name, header->version, offset + 4, LIME_VERSION);
      return FALSE;
    }
  if (header->last_pa < header->first_pa || header->last_pa - header->first_pa == G_MAXUINT64)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
                   _("“%s” has a damaged LiME header at offset 0x%" PRIx64
                      ": the range ends at 0x%" PRIx64 ", but a value from its start 0x%" PRIx64
                      " on is expected; take the image again"),
                   name, offset, header->last_pa, header->first_pa);
      return FALSE;
    }
  return TRUE;
}

/* What stands behind the last record. Some tools pad the file with zeros, a broken transfer leaves
 * half a header; neither makes the memory before it wrong. */
static void
diagnose_rest (P2vImageBuilder *builder,
               guint64          offset,
               const guint8    *bytes,
               gsize            n_bytes)
{
  const char *name = p2v_file_get_display_name (builder->file);
  guint64 rest = p2v_file_get_size (builder->file) - offset;
  gboolean zero = TRUE;
  for (gsize i = 0; i < n_bytes; i++)
    zero = zero && bytes[i] == 0;

  g_ptr_array_add (
      builder->diagnostics,
      zero
          ? g_strdup_printf (_("“%s” has zero bytes instead of a LiME header at offset 0x%" PRIx64
                                "; the last %" PRIu64 " bytes are taken for padding"),
                             name, offset, rest)
          : g_strdup_printf (_("“%s” has no complete LiME header at offset 0x%" PRIx64
                                ", where one is expected; the last %" PRIu64 " bytes are not used"),
                             name, offset, rest));
}

/* Reads the record at *offset and moves *offset behind it; to the file's end if there is no more
 * record. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
read_record (P2vImageBuilder *builder,
             guint64         *offset,
             GError         **error)
{
  guint64 size = p2v_file_get_size (builder->file);
  guint8 bytes[LIME_HEADER_BYTES] = { 0 };
  gsize n_bytes = (gsize) MIN (size - *offset, sizeof bytes);
  if (!p2v_file_read (builder->file, *offset, bytes, n_bytes, error))
    return FALSE;

  LimeHeader header = decode_header (bytes);
  if (n_bytes < sizeof bytes || header.magic != LIME_MAGIC)
    {
      diagnose_rest (builder, *offset, bytes, n_bytes);
      *offset = size;
      return TRUE;
    }
  if (!validate_header (builder->file, *offset, &header, error))
    return FALSE;

  guint64 data = *offset + sizeof bytes;
  P2vImageRange range = {
    .start_pa = header.first_pa,
    .length_bytes = header.last_pa - header.first_pa + 1,
    .file_offset = data,
  };
  g_array_append_val (builder->ranges, range);
  *offset = range.length_bytes < size - data ? data + range.length_bytes : size;
  return TRUE;
}

static gboolean
open_lime (P2vImageBuilder *builder,
           GCancellable    *cancellable,
           GError         **error)
{
  const char *name = p2v_file_get_display_name (builder->file);
  guint64 size = p2v_file_get_size (builder->file);
  if (size < LIME_HEADER_BYTES)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED,
                   _("“%s” ends at offset 0x%" PRIx64
                      ", within its first LiME header of %u bytes; "
                      "copy the image again from where it came from"),
                   name, size, LIME_HEADER_BYTES);
      return FALSE;
    }

  for (guint64 offset = 0; offset < size;)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (builder->ranges->len >= P2V_LIMIT_RANGES)
        {
          g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_LIMIT,
                       _("“%s” has more than %" PRIu64
                          " LiME records, the next at offset 0x%" PRIx64
                          "; the file is probably damaged: take the image again"),
                       name, P2V_LIMIT_RANGES, offset);
          return FALSE;
        }
      if (!read_record (builder, &offset, error))
        return FALSE;
    }
  return TRUE;
}

const P2vImageFormat p2v_format_lime = {
  .id = "lime",
  .name = N_ ("LiME"),
  .bid = bid,
  .open = open_lime,
};
