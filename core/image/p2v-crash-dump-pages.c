/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "image/p2v-crash-dump-pages.h"

#include "base/p2v-checked.h"
#include "base/p2v-limits.h"
#include "base/p2v-reader.h"
#include "image/p2v-bitmap-runs.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

/* Page numbers have as many bits fewer than addresses as a page has. */
#define MAX_PAGES ((guint64) 1 << (P2V_LIMIT_PHYS_BITS - P2V_FRAME_SHIFT))

/* How much of a bitmap or a list is read at once. */
#define PIECE_BYTES ((gsize) 64 << 10)

/* The header of a bitmap. Source: _SUMMARY_DUMP as LeechCore (device_file.c), Rekall
 * (crashdump.py) and kdmp-parser (BMP_HEADER64) read it. */
#define BITMAP_SDMP        0x504d4453u
#define BITMAP_FDMP        0x504d4446u
#define BITMAP_DUMP        0x504d5544u
#define BITMAP_FIRST_PAGE  0x20 /* 8 bytes: file offset of the first page */
#define BITMAP_N_BITS      0x30 /* 8 bytes */
#define BITMAP_BITS        0x38

/* The header of a list of ranges. Source: kdmp-parser, RDMP_HEADER64 and
 * KERNEL_RDMP_HEADER64/FULL_RDMP_HEADER64. */
#define RANGES_MARKER      0x40u
#define RANGES_RDMP        0x504d4452u
#define RANGES_DUMP        0x504d5544u
#define RANGES_FIRST_PAGE  0x18 /* 8 bytes: file offset of the first page */
#define RANGES_LIST        0x30
#define RANGES_ENTRY_BYTES 0x10 /* 8 bytes page number, 8 bytes number of pages */

/* The larger of the two. */
#define HEADER_BYTES 0x38

G_GNUC_PRINTF (4, 5) static void
set_corrupt (P2vCrashDumpPages  *self,
             guint64             offset,
             GError            **error,
             const char         *format,
             ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  /* Translators: file name, offset, what was found and what was expected. */
  g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
               _ ("“%s” is a damaged Windows crash dump (at offset 0x%" PRIx64
                  "): %s; copy it again from where it came from"),
               p2v_file_get_display_name (self->builder->file), offset, what);
}

gboolean
p2v_crash_dump_pages_add (P2vCrashDumpPages  *self,
                          guint64             first_page,
                          guint64             n_pages,
                          GError            **error)
{
  GArray *ranges = self->builder->ranges;

  guint64 next_offset;

  if (n_pages == 0)
    return TRUE;
  if (!p2v_span_fits (first_page, n_pages, MAX_PAGES) ||
      !p2v_add_u64 (self->next_offset, n_pages << P2V_FRAME_SHIFT, &next_offset))
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
                   _ ("“%s” is a damaged Windows crash dump: it names 0x%" PRIx64
                      " pages from page number 0x%" PRIx64
                      " on, beyond all physical memory; copy it again from where it came from"),
                   p2v_file_get_display_name (self->builder->file), n_pages, first_page);
      return FALSE;
    }
  if (ranges->len >= P2V_LIMIT_RANGES)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_LIMIT,
                   _ ("“%s” is a Windows crash dump of more than %" PRIu64
                      " runs of pages; it is probably damaged"),
                   p2v_file_get_display_name (self->builder->file), P2V_LIMIT_RANGES);
      return FALSE;
    }
  P2vImageRange range = { .start_pa = first_page << P2V_FRAME_SHIFT,
                          .length_bytes = n_pages << P2V_FRAME_SHIFT,
                          .file_offset = self->next_offset };
  g_array_append_val (ranges, range);
  self->next_offset = next_offset;
  return TRUE;
}

/* Reads a second header, whose fields are all within HEADER_BYTES. */
static gboolean
read_header (P2vCrashDumpPages  *self,
             guint64             offset,
             guint8             *bytes,
             GError            **error)
{
  guint64 size = p2v_file_get_size (self->builder->file);

  if (p2v_span_fits (offset, HEADER_BYTES, size))
    return p2v_file_read (self->builder->file, offset, bytes, HEADER_BYTES, error);
  g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED,
               _ ("“%s” is a Windows crash dump that ends at offset 0x%" PRIx64
                  ", within its second header; copy it again from where it came from"),
               p2v_file_get_display_name (self->builder->file), size);
  return FALSE;
}

static guint32
header_u32 (const guint8 *bytes,
            guint         at)
{
  P2vReader reader = p2v_reader_le (bytes, HEADER_BYTES);
  guint32 value = 0;

  if (!p2v_reader_get_u32 (&reader, at, &value))
    g_assert_not_reached ();
  return value;
}

static guint64
header_u64 (const guint8 *bytes,
            guint         at)
{
  P2vReader reader = p2v_reader_le (bytes, HEADER_BYTES);
  guint64 value = 0;

  if (!p2v_reader_get_u64 (&reader, at, &value))
    g_assert_not_reached ();
  return value;
}

static gboolean
take_run (gpointer   user_data,
          guint64    first_page,
          guint64    n_pages,
          GError   **error)
{
  return p2v_crash_dump_pages_add (user_data, first_page, n_pages, error);
}

static gboolean
read_bits (P2vCrashDumpPages  *self,
           guint64             offset,
           guint64             n_bits,
           GError            **error)
{
  g_autofree guint8 *piece = g_malloc (PIECE_BYTES);
  guint64 n_bytes = n_bits / 8 + (n_bits % 8 != 0);
  P2vBitmapRuns runs = { .take = take_run, .user_data = self };

  for (guint64 done = 0; done < n_bytes; done += PIECE_BYTES)
    {
      gsize length = (gsize) MIN (n_bytes - done, PIECE_BYTES);
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error) ||
          !p2v_file_read (self->builder->file, offset + done, piece, length, error) ||
          !p2v_bitmap_runs_feed (&runs, done * 8, piece, MIN (n_bits - done * 8, length * 8),
                                 error))
        return FALSE;
    }
  return p2v_bitmap_runs_finish (&runs, error);
}

gboolean
p2v_crash_dump_pages_read_bitmap (P2vCrashDumpPages  *self,
                                  guint64             header_offset,
                                  GError            **error)
{
  guint8 header[HEADER_BYTES];

  if (!read_header (self, header_offset, header, error))
    return FALSE;
  guint32 signature = header_u32 (header, 0), valid_dump = header_u32 (header, 4);
  if ((signature != BITMAP_SDMP && signature != BITMAP_FDMP) || valid_dump != BITMAP_DUMP)
    {
      set_corrupt (self, header_offset, error,
                   _ ("0x%08x 0x%08x stands where the header of a bitmap, SDMP or FDMP and DUMP, "
                      "is expected"),
                   signature, valid_dump);
      return FALSE;
    }
  guint64 bits_offset = header_offset + BITMAP_BITS;
  guint64 n_bits = header_u64 (header, BITMAP_N_BITS);
  guint64 first_page = header_u64 (header, BITMAP_FIRST_PAGE);
  if (first_page < bits_offset || first_page > p2v_file_get_size (self->builder->file) ||
      n_bits == 0 || n_bits / 8 + (n_bits % 8 != 0) > first_page - bits_offset)
    {
      set_corrupt (self, header_offset + BITMAP_FIRST_PAGE, error,
                   _ ("the first page is said to stand at offset 0x%" PRIx64
                      " and the bitmap to have 0x%" PRIx64
                      " bits, which do not fit between the header and that page in the file"),
                   first_page, n_bits);
      return FALSE;
    }
  self->next_offset = first_page;
  return read_bits (self, bits_offset, n_bits, error);
}

/* FALSE with no error at the end of the list: page number 0 is never listed, it ends the list
 * before the room for it does. */
static gboolean
add_range (P2vCrashDumpPages  *self,
           const guint8       *entry,
           GError            **error)
{
  P2vReader reader = p2v_reader_le (entry, RANGES_ENTRY_BYTES);
  guint64 first_page = 0, n_pages = 0;

  return p2v_reader_get_u64 (&reader, 0, &first_page) &&
         p2v_reader_get_u64 (&reader, 8, &n_pages) && first_page != 0 &&
         p2v_crash_dump_pages_add (self, first_page, n_pages, error);
}

static gboolean
read_list (P2vCrashDumpPages  *self,
           guint64             offset,
           guint64             end,
           GError            **error)
{
  g_autofree guint8 *piece = g_malloc (PIECE_BYTES);
  GError *local_error = NULL;

  for (; end - offset >= RANGES_ENTRY_BYTES; offset += PIECE_BYTES)
    {
      gsize length = (gsize) MIN (end - offset, PIECE_BYTES);
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error) ||
          !p2v_file_read (self->builder->file, offset, piece, length, error))
        return FALSE;
      for (gsize i = 0; i + RANGES_ENTRY_BYTES <= length; i += RANGES_ENTRY_BYTES)
        if (!add_range (self, piece + i, &local_error))
          {
            if (local_error != NULL)
              g_propagate_error (error, local_error);
            return local_error == NULL;
          }
      if (length < PIECE_BYTES)
        break;
    }
  return TRUE;
}

gboolean
p2v_crash_dump_pages_read_ranges (P2vCrashDumpPages  *self,
                                  guint64             header_offset,
                                  GError            **error)
{
  guint8 header[HEADER_BYTES];

  if (!read_header (self, header_offset, header, error))
    return FALSE;
  guint32 marker = header_u32 (header, 0);
  guint32 signature = header_u32 (header, 4), valid_dump = header_u32 (header, 8);
  if (marker != RANGES_MARKER || signature != RANGES_RDMP || valid_dump != RANGES_DUMP)
    {
      set_corrupt (self, header_offset, error,
                   _ ("0x%08x 0x%08x 0x%08x stands where the header of a list of ranges, 0x%x "
                      "RDMP DUMP, is expected"),
                   marker, signature, valid_dump, RANGES_MARKER);
      return FALSE;
    }
  guint64 list_offset = header_offset + RANGES_LIST;
  guint64 first_page = header_u64 (header, RANGES_FIRST_PAGE);
  if (first_page < list_offset || first_page > p2v_file_get_size (self->builder->file))
    {
      set_corrupt (self, header_offset + RANGES_FIRST_PAGE, error,
                   _ ("the first page is said to stand at offset 0x%" PRIx64
                      ", where one behind the list of ranges and within the file is expected"),
                   first_page);
      return FALSE;
    }
  self->next_offset = first_page;
  return read_list (self, list_offset, first_page, error);
}
