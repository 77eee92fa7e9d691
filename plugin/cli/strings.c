/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas strings: whose are the strings that another program found? */

#include "config.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "pas2vas-command.h"
#include "pas2vas-filter.h"
#include "pas2vas-lines.h"
#include "pas2vas-options.h"
#include "pas2vas-report.h"
#include "pas2vas-run.h"
#include "pas2vas-string-rows.h"

/* The base of the offsets is guessed from so many bytes at the start. */
#define GUESS_BYTES ((gsize) 64 << 10)

/* Output is written when so much is waiting, or before we wait for input. */
#define BUFFER_BYTES ((gsize) 64 << 10)

/* A virtual address of a frame's byte ends with so many hexadecimal digits of the byte's. */
#define OFFSET_DIGITS (P2V_FRAME_SHIFT / 4)

typedef struct
{
  Pas2vasOptions   options;
  Pas2vasFilter    filter_options;
  gboolean         are_physical;
  char            *radix_name;
  guint            radix;          /* 0: to be guessed */
  P2vFilter       *filter;
  P2vSession      *session;

  P2vImage        *image;
  P2vBulk         *bulk;
  Pas2vasLines     lines;
  GOutputStream   *output;
  GString         *buffer;         /* annotated lines that wait; NULL in CSV and JSON */
  Pas2vasStringRows *rows;         /* NULL in text */
  gboolean         is_terminal;

  /* What is written of one frame's owners, for the lines that follow each other in it: only the
   * last digits of addresses differ. */
  guint64          pfn;
  GString         *owners;
  GArray          *places;         /* gsize: where in it those digits are */

  gsize            n_lines;        /* with an offset; atomic: the main thread shows it */
  guint64          n_mapped;
  guint64          n_damaged;
  guint64          n_cut;          /* lines of which CSV and JSON have the start only */
} Strings;

static void
strings_clear (Strings *self)
{
  pas2vas_options_clear (&self->options);
  pas2vas_filter_clear (&self->filter_options);
  pas2vas_lines_clear (&self->lines);
  g_clear_pointer (&self->radix_name, g_free);
  g_clear_pointer (&self->rows, pas2vas_string_rows_free);
  g_clear_pointer (&self->bulk, p2v_bulk_free);
  g_clear_pointer (&self->places, g_array_unref);
  g_clear_object (&self->output);
  g_clear_object (&self->filter);
  g_clear_object (&self->image);
  g_clear_object (&self->session);
  if (self->buffer != NULL)
    g_string_free (g_steal_pointer (&self->buffer), TRUE);
  if (self->owners != NULL)
    g_string_free (g_steal_pointer (&self->owners), TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Strings, strings_clear)

static gboolean
parse_radix (Strings *self)
{
  static const struct
  {
    const char *name;
    guint       radix;
  } names[] = { { "d", 10 }, { "x", 16 }, { "o", 8 } };

  if (self->radix_name == NULL)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i].name, self->radix_name))
      {
        self->radix = names[i].radix;
        return TRUE;
      }
  pas2vas_report_usage (&pas2vas_strings, _("“%s” is not a radix: it must be d, x or o"),
                        self->radix_name);
  return FALSE;
}

static gboolean
parse (Strings  *self,
       char    **argv)
{
  GOptionEntry entries[PAS2VAS_FILTER_N_ENTRIES + 4] = {
    { "radix", 't', G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &self->radix_name,
      N_("The offsets are decimal, hexadecimal or octal, as strings was told"), "d|x|o" },
    { "physical", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &self->are_physical,
      N_("The offsets are physical addresses, not offsets in the image file"), NULL },
  };

  pas2vas_filter_fill_kernel_entry (&self->filter_options, entries + 2);
  pas2vas_filter_fill_entries (&self->filter_options, entries + 3);
  if (!pas2vas_options_parse (&self->options, &pas2vas_strings, entries, argv)
      || !parse_radix (self))
    return FALSE;
  self->filter = pas2vas_filter_make (&self->filter_options, &pas2vas_strings,
                                      &self->options);
  return self->filter != NULL;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
append_absence (Strings  *self,
                GError  **error)
{
  P2vFrame frame;

  switch (p2v_bulk_get_absence (self->bulk))
    {
    case P2V_ABSENCE_NOT_IN_IMAGE:
      g_string_append (self->owners, _("not in image"));
      break;
    case P2V_ABSENCE_FILTERED:
      /* Translators: behind an address: none of the processes that were asked for has it. */
      g_string_append (self->owners, _("other processes"));
      break;
    case P2V_ABSENCE_NONE:
    case P2V_ABSENCE_NOT_YET:
    case P2V_ABSENCE_UNMAPPED:
    default:
      if (!p2v_bulk_describe (self->bulk, &frame, error))
        return FALSE;
      g_string_append (self->owners, _("unmapped"));
      if (frame.kind != P2V_FRAME_KIND_UNKNOWN)
        g_string_append_printf (self->owners, ": %s", frame.detail);
      break;
    }
  return TRUE;
}

/* Appends digits; by hand, as an image may have a hundred owners a line. */
static void
append_number (GString *string,
               guint64  number,
               guint    radix)
{
  char digits[20]; /* of 64 bits in the smallest radix, 10 */
  char *start = digits + sizeof digits;

  do
    {
      *--start = "0123456789abcdef"[number % radix];
      number /= radix;
    }
  while (number != 0);
  g_string_append_len (string, start, digits + sizeof digits - start);
}

/* "88:0x", "kernel:0x"; the root of the page tables where a process has no pid. */
static void
append_owner (GString          *string,
              const P2vBulkRow *row)
{
  if (row->mapping_class != P2V_MAPPING_USER)
    g_string_append (string, p2v_process_get_name (row->process));
  else if (p2v_process_has_pid (row->process))
    append_number (string, (guint64) p2v_process_get_pid (row->process), 10);
  else
    {
      P2vAddressSpace *space = p2v_process_get_address_space (row->process);
      g_string_append (string, "root@0x");
      append_number (string, p2v_address_space_get_root_pa (space), 16);
    }
  g_string_append_len (string, ":0x", 3);
}

/* Prepares what is written of the frame that was looked up. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
set_owners (Strings           *self,
            guint64            pfn,
            const P2vBulkRow  *rows,
            guint64            n_rows,
            GError           **error)
{
  self->pfn = pfn;
  g_string_truncate (self->owners, 0);
  g_array_set_size (self->places, 0);
  for (guint64 i = 0; i < n_rows; i++)
    {
      if (i > 0)
        g_string_append_c (self->owners, ' ');
      append_owner (self->owners, &rows[i]);
      append_number (self->owners, rows[i].page_va >> P2V_FRAME_SHIFT, 16);
      gsize place = self->owners->len;
      g_array_append_val (self->places, place);
      g_string_set_size (self->owners, place + OFFSET_DIGITS);
      if (rows[i].n_addresses > 1)
        g_string_append_printf (self->owners, "*%" PRIu64, rows[i].n_addresses);
    }
  return n_rows > 0 || append_absence (self, error);
}

static void
append_owners (Strings     *self,
               P2vPhysAddr  pa)
{
  char digits[OFFSET_DIGITS];

  for (guint i = 0; i < OFFSET_DIGITS; i++)
    digits[i] = "0123456789abcdef"[pa >> 4 * (OFFSET_DIGITS - 1 - i) & 15];
  for (guint i = 0; i < self->places->len; i++)
    memcpy (self->owners->str + g_array_index (self->places, gsize, i), digits, OFFSET_DIGITS);
  g_string_append_len (self->buffer, self->owners->str, (gssize) self->owners->len);
}

/* Foreign bytes: as they are into a file or a pipe, but a terminal must not obey them. Tabs are
 * harmless. */
static void
append_foreign (Strings    *self,
                const char *bytes,
                gsize       length)
{
  if (!self->is_terminal)
    {
      g_string_append_len (self->buffer, bytes, (gssize) length);
      return;
    }

  for (const char *end = bytes + length; bytes < end;)
    {
      const char *tab = memchr (bytes, '\t', (gsize) (end - bytes));
      gsize n_part = (gsize) ((tab != NULL ? tab : end) - bytes);
      g_autofree char *part = p2v_escape_bytes (bytes, n_part);

      g_string_append (self->buffer, part);
      if (tab != NULL)
        g_string_append_c (self->buffer, '\t');
      bytes += n_part + (tab != NULL ? 1 : 0);
    }
}

/* Where a line's offset leads: FALSE if to no memory. */
static gboolean
get_pa (Strings           *self,
        const Pas2vasLine *line,
        P2vPhysAddr       *ret_pa)
{
  *ret_pa = line->number;
  return self->are_physical || p2v_image_offset_to_pa (self->image, line->number, ret_pa);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
annotate (Strings             *self,
          const Pas2vasPiece  *piece,
          const Pas2vasLine   *line,
          GError             **error)
{
  const char *offset_end = line->offset + line->n_offset;
  guint64 n_rows = 0;
  P2vPhysAddr pa;

  append_foreign (self, piece->bytes, (gsize) (offset_end - piece->bytes));
  g_string_append_c (self->buffer, line->separator);
  g_string_append_c (self->buffer, '[');
  if (!get_pa (self, line, &pa))
    g_string_append (self->buffer, _("not in image"));
  else
    {
      const P2vBulkRow *rows = p2v_bulk_look_up (self->bulk, pa, &n_rows);

      /* An image may end in the middle of a frame, so only rows hold for all of it. */
      if ((self->pfn != pa >> P2V_FRAME_SHIFT || n_rows == 0)
          && !set_owners (self, pa >> P2V_FRAME_SHIFT, rows, n_rows, error))
        return FALSE;
      append_owners (self, pa);
    }
  g_string_append_c (self->buffer, ']');
  append_foreign (self, offset_end, (gsize) (piece->bytes + piece->length - offset_end));
  self->n_mapped += n_rows > 0 ? 1 : 0;
  return TRUE;
}

/* CSV and JSON: what is behind the first piece of a line is left out. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
export_piece (Strings             *self,
              const Pas2vasPiece  *piece,
              const Pas2vasLine   *line,
              GError             **error)
{
  P2vPhysAddr pa;

  if (!piece->is_start)
    return TRUE;
  self->n_cut += piece->is_end ? 0 : 1;
  if (line->kind == PAS2VAS_LINE_REMARK)
    return TRUE;
  if (line->kind == PAS2VAS_LINE_DAMAGED)
    return pas2vas_string_rows_add_damaged (self->rows, piece, error);

  const P2vPhysAddr *known_pa = get_pa (self, line, &pa) ? &pa : NULL;
  gboolean is_mapped = FALSE;
  gboolean ok =
    pas2vas_string_rows_add (self->rows, self->bulk, line, known_pa, &is_mapped, error);
  self->n_mapped += is_mapped ? 1 : 0;
  return ok;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
flush (Strings  *self,
       GError  **error)
{
  if (self->buffer == NULL)
    return TRUE;
  if (!g_output_stream_write_all (self->output, self->buffer->str, self->buffer->len, NULL, NULL,
                                  error))
    return FALSE;
  g_string_truncate (self->buffer, 0);
  return TRUE;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
write_piece (Strings             *self,
             const Pas2vasPiece  *piece,
             const Pas2vasLine   *line,
             GError             **error)
{
  gsize length = piece->length;

  if (self->is_terminal && piece->is_end && length > 0 && piece->bytes[length - 1] == '\r')
    length--;

  Pas2vasPiece shown = { .bytes = piece->bytes, .length = length };
  if (line->kind != PAS2VAS_LINE_OFFSET)
    append_foreign (self, shown.bytes, shown.length);
  else if (!annotate (self, &shown, line, error))
    return FALSE;
  if (piece->is_end)
    g_string_append_c (self->buffer, '\n');
  return TRUE;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
take_piece (Strings             *self,
            const Pas2vasPiece  *piece,
            GError             **error)
{
  Pas2vasLine line = { .kind = PAS2VAS_LINE_REMARK };

  if (piece->is_start)
    {
      pas2vas_line_parse (&line, piece->bytes, piece->length, self->radix);
      if (line.kind == PAS2VAS_LINE_OFFSET)
        g_atomic_pointer_add (&self->n_lines, 1);
      self->n_damaged += line.kind == PAS2VAS_LINE_DAMAGED ? 1 : 0;
    }
  if (self->rows != NULL)
    return export_piece (self, piece, &line, error);
  return write_piece (self, piece, &line, error)
         && (self->buffer->len < BUFFER_BYTES || flush (self, error));
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
guess_radix (Strings  *self,
             GError  **error)
{
  Pas2vasLines *lines = &self->lines;

  if (self->radix != 0)
    return TRUE;
  while (lines->end < GUESS_BYTES && !lines->is_at_end)
    if (!pas2vas_lines_fill (&self->lines, error))
      return FALSE;
  self->radix = pas2vas_guess_radix (lines->buffer, lines->end);
  return TRUE;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
take_lines (Strings  *self,
            GError  **error)
{
  Pas2vasPiece piece;

  while (TRUE)
    {
      while (pas2vas_lines_next (&self->lines, &piece))
        if (!take_piece (self, &piece, error))
          return FALSE;
      if (self->lines.is_at_end)
        return flush (self, error);
      if (!flush (self, error) || !pas2vas_lines_fill (&self->lines, error))
        return FALSE;
    }
}

static void
open_output (Strings *self)
{
  self->output = pas2vas_open_output ();
  if (self->options.format != P2V_EXPORT_TABLE)
    {
      self->rows = pas2vas_string_rows_begin (self->output, self->options.format);
      return;
    }
  self->is_terminal = isatty (STDOUT_FILENO);
  self->buffer = g_string_sized_new (2 * BUFFER_BYTES);
  self->owners = g_string_new (NULL);
  self->places = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->pfn = G_MAXUINT64;
}

static gboolean
annotate_lines (P2vSession  *session,
                gpointer     data,
                GError     **error)
{
  Strings *self = data;

  self->bulk = p2v_bulk_new (session, self->filter, error);
  if (self->bulk == NULL
      || !pas2vas_lines_open (&self->lines, self->options.arguments[1], error)
      || !guess_radix (self, error))
    return FALSE;
  open_output (self);
  return take_lines (self, error)
         && (self->rows == NULL || pas2vas_string_rows_finish (self->rows, error));
}

static char *
dup_progress (gpointer data)
{
  Strings *self = data;

  return g_strdup_printf (_("Looking up: %zu lines"),
                          (gsize) g_atomic_pointer_get (&self->n_lines));
}

static const char *
get_radix_word (guint radix)
{
  return radix == 16 ? _("hexadecimal") : radix == 8 ? _("octal") : _("decimal");
}

static void
print_closing_lines (Strings *self)
{
  if (self->options.quiet)
    return;

  g_autofree char *lines =
    g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%zu line", "%zu lines", self->n_lines),
                     self->n_lines);
  /* Translators: "812 lines, 39 of them with owners; offsets read as decimal." */
  pas2vas_note (_("%s, %" PRIu64 " of them with owners; offsets read as %s."), lines,
                self->n_mapped, get_radix_word (self->radix));
  if (self->n_damaged > 0)
    pas2vas_note (g_dngettext (GETTEXT_PACKAGE,
                               "%" PRIu64 " more line does not begin with such an offset.",
                               "%" PRIu64 " more lines do not begin with such an offset.",
                               (gulong) self->n_damaged),
                  self->n_damaged);
  if (self->rows != NULL && self->n_cut > 0)
    pas2vas_note (g_dngettext (GETTEXT_PACKAGE,
                               "%" PRIu64 " line is longer than 1 MiB; the rest was left out.",
                               "%" PRIu64 " lines are longer than 1 MiB; the rest was left out.",
                               (gulong) self->n_cut),
                  self->n_cut);
}

static Pas2vasStatus
answer (Strings *self)
{
  gboolean quiet = self->options.quiet;
  g_autoptr (GError) error = NULL;

  Pas2vasStatus status = pas2vas_filter_open (&self->filter_options, &pas2vas_strings,
                                              &self->options, self->filter, &self->session);
  if (status != PAS2VAS_ANSWERED)
    return status;

  self->image = p2v_session_dup_image (self->session);
  if (!self->are_physical && p2v_image_is_packed (self->image))
    return pas2vas_report_usage (&pas2vas_strings,
                                 _("“%s” keeps memory packed, so no byte of it has an offset in "
                                   "the file: give physical addresses, with --physical"),
                                 self->options.arguments[0]);
  if (!pas2vas_run_advance (self->session, P2V_STAGE_INDEX, quiet, &error)
      || !pas2vas_run_work (self->session, annotate_lines, dup_progress, self, quiet, &error))
    return pas2vas_report_error (error);
  print_closing_lines (self);
  return self->n_mapped > 0 ? PAS2VAS_ANSWERED : PAS2VAS_NOTHING;
}

static Pas2vasStatus
run (char **argv)
{
  g_auto (Strings) self = { .options.format = P2V_EXPORT_TABLE };

  return parse (&self, argv) ? answer (&self) : PAS2VAS_USAGE;
}

const Pas2vasCommand pas2vas_strings = {
  .name = "strings",
  .arguments = N_("IMAGE [FILE]"),
  .n_min_arguments = 1,
  .n_max_arguments = 2,
  .summary = N_("Show whose the strings are that strings -t found, one a line"),
  .run = run,
};
