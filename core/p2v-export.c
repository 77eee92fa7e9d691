/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/**
 * P2vExport:
 *
 * Writes rows as a table, CSV or JSON.
 *
 * One list of columns serves every format: a column whose title is %NULL is not in tables, one
 * whose id is %NULL is in tables only. A caller adds a cell for each column of the list, whatever
 * the format.
 *
 * Lines end with LF, in CSV too: what reads CSV reads both, what cuts lines up does not.
 */

#include "config.h"

#include "p2v-export-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/p2v-text.h"

/* Rows are written when so much is waiting: a call of the system per 500 rows or so. */
#define BUFFER_BYTES ((gsize) 64 << 10)

/* Addresses in tables have at least so many digits: 48 bits, what most processors translate. */
#define TABLE_MIN_DIGITS 12

/* How many columns of a terminal a text takes. */
static gsize
get_display_width (const char *text)
{
  gsize width = 0;

  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar character = g_utf8_get_char (c);

      if (!g_unichar_iszerowidth (character))
        width += g_unichar_iswide (character) ? 2 : 1;
    }
  return width;
}

static void
append_spaces (GString *string,
               gsize    n_spaces)
{
  for (gsize i = 0; i < n_spaces; i++)
    g_string_append_c (string, ' ');
}

static char *
make_json_prefix (const char *id,
                  gboolean    is_first)
{
  GString *string = g_string_new (is_first ? "" : ",");

  p2v_text_append_json (string, id);
  g_string_append_c (string, ':');
  return g_string_free (string, FALSE);
}

static char *
make_prefix (P2vExportFormat  format,
             const P2vColumn *column,
             gboolean         is_first)
{
  const char *name = format == P2V_EXPORT_TABLE ? column->title : column->id;

  if (name == NULL)
    return NULL;
  if (format == P2V_EXPORT_JSON)
    return make_json_prefix (name, is_first);
  return g_strdup (is_first ? "" : format == P2V_EXPORT_CSV ? "," : " ");
}

static void
append_csv_header (P2vExport *self)
{
  for (gsize i = 0; i < self->n_columns; i++)
    if (self->layouts[i].prefix != NULL)
      {
        g_string_append (self->buffer, self->layouts[i].prefix);
        p2v_text_append_csv_cell (self->buffer, self->columns[i].id);
      }
  g_string_append_c (self->buffer, '\n');
}

/* A heading stands over what it names: numbers of varying length at the right, addresses in the
 * middle. */
static gsize
get_title_indent (P2vCellKind kind,
                  gsize       n_free)
{
  switch (kind)
    {
    case P2V_CELL_HEX:
      return n_free / 2;
    case P2V_CELL_DECIMAL:
      return n_free;
    case P2V_CELL_TEXT:
    default:
      return 0;
    }
}

static void
append_table_title (P2vExport *self,
                    gsize      i)
{
  const char *title = _(self->columns[i].title);
  gsize n_free = self->layouts[i].width - get_display_width (title);
  gsize n_before = get_title_indent (self->columns[i].kind, n_free);

  append_spaces (self->buffer, self->pending_spaces);
  g_string_append (self->buffer, self->layouts[i].prefix);
  append_spaces (self->buffer, n_before);
  g_string_append (self->buffer, title);
  self->pending_spaces = n_free - n_before;
}

static void
append_table_header (P2vExport *self)
{
  for (gsize i = 0; i < self->n_columns; i++)
    if (self->layouts[i].prefix != NULL)
      append_table_title (self, i);
  self->pending_spaces = 0;
  g_string_append_c (self->buffer, '\n');

  for (gsize i = 0; i < self->n_columns; i++)
    if (self->layouts[i].prefix != NULL)
      {
        g_string_append (self->buffer, self->layouts[i].prefix);
        for (guint j = 0; j < self->layouts[i].width; j++)
          g_string_append_c (self->buffer, '-');
      }
  g_string_append_c (self->buffer, '\n');
}

static void
prepare_columns (P2vExport *self)
{
  gboolean is_first = TRUE;

  self->layouts = g_new0 (P2vColumnLayout, self->n_columns);
  for (gsize i = 0; i < self->n_columns; i++)
    {
      const P2vColumn *column = &self->columns[i];
      P2vColumnLayout *layout = &self->layouts[i];

      layout->prefix = make_prefix (self->format, column, is_first);
      if (layout->prefix == NULL)
        continue;
      layout->prefix_length = strlen (layout->prefix);
      if (self->format == P2V_EXPORT_TABLE)
        layout->width = MAX (column->min_width, (guint) get_display_width (_(column->title)));
      is_first = FALSE;
    }
}

/**
 * p2v_export_new: (skip)
 * @stream: (transfer none): where to write
 * @format: how
 * @columns: (array length=n_columns) (transfer none): the columns; must outlive the export
 * @n_columns: how many
 *
 * Begins an export. What comes before the first row is written with the first rows, or at the end.
 *
 * Returns: (transfer full): a new export; free it with p2v_export_free()
 * Since: 1.0
 */
P2vExport *
p2v_export_new (GOutputStream   *stream,
                P2vExportFormat  format,
                const P2vColumn *columns,
                gsize            n_columns)
{
  g_return_val_if_fail (G_IS_OUTPUT_STREAM (stream), NULL);
  g_return_val_if_fail (columns != NULL && n_columns > 0, NULL);

  P2vExport *self = g_new0 (P2vExport, 1);

  self->stream = g_object_ref (stream);
  self->format = format;
  self->columns = columns;
  self->n_columns = n_columns;
  self->buffer = g_string_sized_new (BUFFER_BYTES + BUFFER_BYTES / 4);
  self->scratch = g_string_new (NULL);
  prepare_columns (self);

  if (format == P2V_EXPORT_CSV)
    append_csv_header (self);
  else if (format == P2V_EXPORT_TABLE)
    append_table_header (self);
  else
    g_string_append_c (self->buffer, '[');
  return self;
}

/**
 * p2v_export_free:
 * @self: (transfer full) (nullable): an export
 *
 * Frees an export. Rows that p2v_export_finish() did not write are lost.
 *
 * Since: 1.0
 */
void
p2v_export_free (P2vExport *self)
{
  if (self == NULL)
    return;

  for (gsize i = 0; i < self->n_columns; i++)
    g_free (self->layouts[i].prefix);
  g_free (self->layouts);
  g_string_free (self->buffer, TRUE);
  g_string_free (self->scratch, TRUE);
  g_clear_object (&self->image);
  g_clear_object (&self->session);
  g_object_unref (self->stream);
  g_free (self);
}

static void
append_prefix (P2vExport             *self,
               const P2vColumnLayout *layout)
{
  gboolean is_first = self->n_shown++ == 0;

  switch (self->format)
    {
    case P2V_EXPORT_CSV:
      /* The most frequent of all: by the inline function. */
      if (!is_first)
        g_string_append_c (self->buffer, ',');
      break;
    case P2V_EXPORT_JSON:
      if (is_first)
        g_string_append (self->buffer, self->n_rows == 0 ? "\n{" : ",\n{");
      p2v_text_append_bytes (self->buffer, layout->prefix, layout->prefix_length);
      break;
    case P2V_EXPORT_TABLE:
    default:
      self->pending_spaces += layout->prefix_length;
      break;
    }
}

/* Writes what stands before the next cell. Returns its column, or NULL if this format does not
 * show it. */
static const P2vColumn *
begin_cell (P2vExport *self)
{
  g_return_val_if_fail (self->position < self->n_columns, NULL);

  const P2vColumnLayout *layout = &self->layouts[self->position];
  const P2vColumn *column = &self->columns[self->position++];

  if (layout->prefix == NULL)
    return NULL;
  append_prefix (self, layout);
  return column;
}

/* The width of the column whose cell has just been begun. */
static gsize
get_width (P2vExport *self)
{
  return self->layouts[self->position - 1].width;
}

/* No line of a table ends with blanks, so they wait until something follows. */
static void
append_pending_spaces (P2vExport *self)
{
  append_spaces (self->buffer, self->pending_spaces);
  self->pending_spaces = 0;
}

static void
append_table_text (P2vExport  *self,
                   const char *text)
{
  gsize width = get_display_width (text);

  if (*text != '\0')
    append_pending_spaces (self);
  g_string_append (self->buffer, text);
  self->pending_spaces += get_width (self) > width ? get_width (self) - width : 0;
}

/* Rights may begin with a dash, which a spreadsheet takes for a formula. They are our own words,
 * none of them does anything as one, and a script must find them as they are. */
static gboolean
is_rights_text (const char *text)
{
  static const char letters[] = "rwx";

  for (gsize i = 0; i < 3; i++)
    if (text[i] != '-' && text[i] != letters[i])
      return FALSE;
  return text[3] == '\0' || g_str_equal (text + 3, " u") || g_str_equal (text + 3, " k");
}

static void
append_csv_text (P2vExport  *self,
                 const char *text)
{
  if (*text == '-' && is_rights_text (text))
    g_string_append (self->buffer, text);
  else
    p2v_text_append_csv_cell (self->buffer, text);
}

/**
 * p2v_export_add_text:
 * @self: an export
 * @text: (transfer none): valid UTF-8 without control characters
 *
 * Adds the row's next cell: a text.
 *
 * Since: 1.0
 */
void
p2v_export_add_text (P2vExport  *self,
                     const char *text)
{
  g_return_if_fail (self != NULL && text != NULL);

  if (begin_cell (self) == NULL)
    return;
  if (self->format == P2V_EXPORT_CSV)
    append_csv_text (self, text);
  else if (self->format == P2V_EXPORT_JSON)
    p2v_text_append_json (self->buffer, text);
  else
    append_table_text (self, text);
}

/* A table's addresses fill their column, so that digits of one weight stand below each other. */
static void
append_hex (P2vExport *self,
            guint64    number)
{
  gsize n_digits = MAX (get_width (self), 2 + TABLE_MIN_DIGITS) - 2;

  append_pending_spaces (self);
  if (self->format == P2V_EXPORT_JSON)
    g_string_append_c (self->buffer, '"');
  p2v_text_append_hex (self->buffer, number,
                       self->format == P2V_EXPORT_TABLE ? (guint) MIN (n_digits, 16) : 1);
  if (self->format == P2V_EXPORT_JSON)
    g_string_append_c (self->buffer, '"');
}

static void
append_decimal (P2vExport *self,
                guint64    magnitude,
                gboolean   is_negative)
{
  char text[1 + P2V_TEXT_DECIMAL_SIZE];
  char *end = text;

  if (is_negative)
    *end++ = '-';
  end = p2v_text_put_decimal (end, magnitude);

  gsize n_characters = (gsize) (end - text);
  append_pending_spaces (self);
  if (self->format == P2V_EXPORT_TABLE && get_width (self) > n_characters)
    append_spaces (self->buffer, get_width (self) - n_characters);
  p2v_text_append_bytes (self->buffer, text, n_characters);
}

/**
 * p2v_export_add_number:
 * @self: an export
 * @number: any number
 *
 * Adds the row's next cell: a number, written as the column's kind says. Hexadecimal ones are
 * strings in JSON, whose readers keep only 53 bits of a number.
 *
 * Since: 1.0
 */
void
p2v_export_add_number (P2vExport *self,
                       guint64    number)
{
  g_return_if_fail (self != NULL);

  const P2vColumn *column = begin_cell (self);
  if (column == NULL)
    return;
  if (column->kind == P2V_CELL_HEX)
    append_hex (self, number);
  else
    append_decimal (self, number, FALSE);
}

/**
 * p2v_export_add_signed:
 * @self: an export
 * @number: any number
 *
 * Adds the row's next cell: a decimal number that may be negative.
 *
 * Since: 1.0
 */
void
p2v_export_add_signed (P2vExport *self,
                       gint64     number)
{
  g_return_if_fail (self != NULL);

  if (begin_cell (self) == NULL)
    return;
  /* Negated as unsigned, which is right for G_MININT64 too. */
  append_decimal (self, number < 0 ? -(guint64) number : (guint64) number, number < 0);
}

/**
 * p2v_export_add_pid:
 * @self: an export
 * @process: a process
 *
 * Adds a process's id; the cell stays empty if it has none, see p2v_process_has_pid().
 * Since: 1.0
 */
void
p2v_export_add_pid (P2vExport  *self,
                    P2vProcess *process)
{
  if (p2v_process_has_pid (process))
    p2v_export_add_signed (self, p2v_process_get_pid (process));
  else
    p2v_export_add_nothing (self);
}

/**
 * p2v_export_add_nothing:
 * @self: an export
 *
 * Adds the row's next cell: a value that is not known or does not exist. Empty, and null in JSON.
 *
 * Since: 1.0
 */
void
p2v_export_add_nothing (P2vExport *self)
{
  g_return_if_fail (self != NULL);

  if (begin_cell (self) == NULL)
    return;
  if (self->format == P2V_EXPORT_JSON)
    g_string_append (self->buffer, "null");
  else if (self->format == P2V_EXPORT_TABLE)
    self->pending_spaces += get_width (self);
}

/**
 * p2v_export_mark: (skip)
 * @self: an export as CSV or JSON, in a row that has a cell, or several rows
 *
 * Remembers where the next cell begins; see p2v_export_copy_cells().
 *
 * Returns: the mark, which holds until the row ends
 * Since: 1.0
 */
gsize
p2v_export_mark (P2vExport *self)
{
  g_return_val_if_fail (self != NULL && self->format != P2V_EXPORT_TABLE, 0);

  return self->buffer->len;
}

/**
 * p2v_export_copy_cells: (skip)
 * @self: an export
 * @mark: where cells of this row began
 * @text: where to append them
 *
 * Copies cells as they were written, for p2v_export_repeat_cells().
 *
 * Since: 1.0
 */
void
p2v_export_copy_cells (P2vExport *self,
                       gsize      mark,
                       GString   *text)
{
  g_return_if_fail (self != NULL && mark <= self->buffer->len && text != NULL);

  g_string_append_len (text, self->buffer->str + mark, (gssize) (self->buffer->len - mark));
}

/**
 * p2v_export_repeat_cells: (skip)
 * @self: an export as CSV or JSON
 * @text: (array length=length): cells that p2v_export_copy_cells() copied of an earlier row
 * @length: how many bytes
 * @n_cells: how many cells; they stand for those of the same columns
 *
 * Adds cells that are as they were before, without making their text again: where one row in a
 * hundred is different, that is most of the work. A row's first cell can be repeated only in an
 * export whose first row has ended before it was copied.
 *
 * Since: 1.0
 */
void
p2v_export_repeat_cells (P2vExport  *self,
                         const char *text,
                         gsize       length,
                         gsize       n_cells)
{
  g_return_if_fail (self != NULL && self->format != P2V_EXPORT_TABLE);
  g_return_if_fail (n_cells <= self->n_columns - self->position);

  p2v_text_append_bytes (self->buffer, text, length);
  self->position += n_cells;
  self->n_shown += n_cells;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
flush (P2vExport     *self,
       GCancellable  *cancellable,
       GError       **error)
{
  /* Not every stream looks before it writes. */
  if (g_cancellable_set_error_if_cancelled (cancellable, error)
      || !g_output_stream_write_all (self->stream, self->buffer->str, self->buffer->len, NULL,
                                     cancellable, error))
    return FALSE;
  g_string_truncate (self->buffer, 0);
  return TRUE;
}

/**
 * p2v_export_end_row:
 * @self: an export; a cell was added for each column
 * @cancellable: (nullable): cancels
 * @error: return location
 *
 * Ends a row, and writes the rows that wait if they are many.
 *
 * Returns: %FALSE with @error as of g_output_stream_write()
 * Since: 1.0
 */
gboolean
p2v_export_end_row (P2vExport     *self,
                    GCancellable  *cancellable,
                    GError       **error)
{
  g_return_val_if_fail (self != NULL && self->position == self->n_columns, FALSE);

  g_string_append_c (self->buffer, self->format == P2V_EXPORT_JSON ? '}' : '\n');
  self->position = 0;
  self->n_shown = 0;
  self->pending_spaces = 0;
  self->n_rows++;
  return self->buffer->len < BUFFER_BYTES || flush (self, cancellable, error);
}

/**
 * p2v_export_finish:
 * @self: an export, between rows
 * @cancellable: (nullable): cancels
 * @error: return location
 *
 * Ends the export and writes what waits. The stream stays open.
 *
 * Returns: %FALSE with @error as of g_output_stream_write()
 * Since: 1.0
 */
gboolean
p2v_export_finish (P2vExport     *self,
                   GCancellable  *cancellable,
                   GError       **error)
{
  g_return_val_if_fail (self != NULL && self->position == 0, FALSE);

  if (self->format == P2V_EXPORT_JSON)
    g_string_append (self->buffer, self->n_rows == 0 ? "]\n" : "\n]\n");
  return flush (self, cancellable, error);
}
