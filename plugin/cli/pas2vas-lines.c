/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "pas2vas-lines.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

/* bulk_extractor begins its files with a byte order mark. Source: Unicode 15, 23.8. */
static const char byte_order_mark[] = "\xef\xbb\xbf";

/* A file has hexadecimal offsets if one in so many of those without 0x has a letter. In a file of
 * hexadecimal offsets three in four have; in one of decimal offsets only what is no offset. */
#define LETTERS_ONE_IN 10

static const char *
skip_indent (const char *cursor,
             const char *end)
{
  gsize n_mark = sizeof byte_order_mark - 1;

  if ((gsize) (end - cursor) >= n_mark && memcmp (cursor, byte_order_mark, n_mark) == 0)
    cursor += n_mark;
  while (cursor < end && *cursor == ' ')
    cursor++;
  return cursor;
}

/* Behind the 0x at @cursor, or @cursor if there is none. */
static const char *
skip_prefix (const char *cursor,
             const char *end)
{
  gboolean has_prefix =
    end - cursor > 2 && cursor[0] == '0' && (cursor[1] == 'x' || cursor[1] == 'X');

  return has_prefix ? cursor + 2 : cursor;
}

/* Returns what is behind the digits, or NULL if there are none or too many. */
static const char *
parse_digits (const char *cursor,
              const char *end,
              guint       radix,
              guint64    *ret_number)
{
  const char *start = cursor;
  guint64 number = 0;

  for (; cursor < end; cursor++)
    {
      int digit = g_ascii_xdigit_value (*cursor);

      if (digit < 0 || digit >= (int) radix)
        break;
      if (__builtin_mul_overflow (number, radix, &number)
          || __builtin_add_overflow (number, (guint64) digit, &number))
        return NULL;
    }
  *ret_number = number;
  return cursor > start ? cursor : NULL;
}

/* bulk_extractor's "forensic path" 1234-GZIP-56 is a place within what is compressed at 1234, up to
 * a tab. Returns its end, @cursor if there is none. */
static const char *
skip_path (const char *cursor,
           const char *end)
{
  if (cursor == end || *cursor != '-')
    return cursor;

  const char *tab = memchr (cursor, '\t', (gsize) (end - cursor));
  return tab != NULL ? tab : cursor;
}

void
pas2vas_line_parse (Pas2vasLine *self,
                    const char  *bytes,
                    gsize        length,
                    guint        radix)
{
  const char *end = bytes + length;
  const char *start = skip_indent (bytes, end);
  const char *digits = skip_prefix (start, end);

  *self = (Pas2vasLine) { .kind = PAS2VAS_LINE_DAMAGED };
  if (end > start && end[-1] == '\r')
    end--;
  if (start == end || *start == '#')
    {
      self->kind = PAS2VAS_LINE_REMARK;
      return;
    }

  const char *cursor =
    parse_digits (digits, end, digits > start ? 16 : radix, &self->number);
  if (cursor == NULL)
    return;
  cursor = skip_path (cursor, end);
  if (cursor < end && *cursor != ' ' && *cursor != '\t')
    return;

  self->kind = PAS2VAS_LINE_OFFSET;
  self->offset = start;
  self->n_offset = (gsize) (cursor - start);
  self->separator = cursor < end ? *cursor++ : ' ';
  self->text = cursor;
  self->n_text = (gsize) (end - cursor);
}

/* How many letters there are among the digits of the line's offset; -1 if it has none. */
static int
count_letters (const char *start,
               const char *end)
{
  const char *cursor = start;
  int n_letters = 0;

  for (; cursor < end && g_ascii_isxdigit (*cursor); cursor++)
    n_letters += g_ascii_isalpha (*cursor) ? 1 : 0;
  if (cursor == start || (cursor < end && memchr (" \t\r-", *cursor, 4) == NULL))
    return -1;
  return n_letters;
}

guint
pas2vas_guess_radix (const char *bytes,
                     gsize       length)
{
  const char *end = bytes + length;
  guint64 n_offsets = 0, n_with_letters = 0, n_prefixed = 0;

  for (const char *line = bytes; line < end;)
    {
      const char *line_end = memchr (line, '\n', (gsize) (end - line));
      if (line_end == NULL)
        line_end = end;

      const char *start = skip_indent (line, line_end);
      int n_letters = count_letters (start, line_end);
      n_prefixed += skip_prefix (start, line_end) > start ? 1 : 0;
      n_offsets += n_letters >= 0 ? 1 : 0;
      n_with_letters += n_letters > 0 ? 1 : 0;
      line = line_end + 1;
    }
  /* Where some have a prefix and some have none, the prefix makes the difference. */
  if (n_offsets == 0 && n_prefixed > 0)
    return 16;
  return n_with_letters > 0 && n_with_letters * LETTERS_ONE_IN >= n_offsets ? 16 : 10;
}

void
pas2vas_lines_init (Pas2vasLines *self,
                    GInputStream *stream,
                    const char   *name)
{
  *self = (Pas2vasLines) { .stream = stream,
                           .name = g_strdup (name),
                           .buffer = g_malloc (PAS2VAS_LINE_BYTES) };
}

gboolean
pas2vas_lines_open (Pas2vasLines  *self,
                    const char    *path,
                    GError       **error)
{
  gboolean is_standard = path == NULL || g_str_equal (path, "-");
  int fd = is_standard ? STDIN_FILENO : open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, (gint) g_io_error_from_errno (saved_errno),
                   _("“%s” cannot be read: %s"), path, g_strerror (saved_errno));
      return FALSE;
    }
  pas2vas_lines_init (self, g_unix_input_stream_new (fd, !is_standard),
                      is_standard ? _("standard input") : path);
  return TRUE;
}

void
pas2vas_lines_clear (Pas2vasLines *self)
{
  g_clear_object (&self->stream);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->buffer, g_free);
}

gboolean
pas2vas_lines_next (Pas2vasLines *self,
                    Pas2vasPiece *ret_piece)
{
  const char *start = self->buffer + self->start;
  gsize n_bytes = self->end - self->start;
  const char *line_end = n_bytes > 0 ? memchr (start, '\n', n_bytes) : NULL;
  gboolean is_full = n_bytes == PAS2VAS_LINE_BYTES;

  if (line_end == NULL && !is_full && !(self->is_at_end && (n_bytes > 0 || self->is_within)))
    return FALSE;

  *ret_piece = (Pas2vasPiece) {
    .bytes = start,
    .length = line_end != NULL ? (gsize) (line_end - start) : n_bytes,
    .is_start = !self->is_within,
    .is_end = line_end != NULL || (self->is_at_end && !is_full),
  };
  self->is_within = !ret_piece->is_end;
  self->start += ret_piece->length + (line_end != NULL ? 1 : 0);
  return TRUE;
}

gboolean
pas2vas_lines_fill (Pas2vasLines  *self,
                    GError       **error)
{
  if (self->start > 0)
    {
      memmove (self->buffer, self->buffer + self->start, self->end - self->start);
      self->end -= self->start;
      self->start = 0;
    }

  gssize n_read = g_input_stream_read (self->stream, self->buffer + self->end,
                                       PAS2VAS_LINE_BYTES - self->end, NULL, error);
  if (n_read < 0)
    {
      g_prefix_error (error, "%s: ", self->name);
      return FALSE;
    }
  self->end += (gsize) n_read;
  self->is_at_end = n_read == 0;
  return TRUE;
}
