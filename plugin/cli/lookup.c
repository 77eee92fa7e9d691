/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas lookup: who maps these physical addresses? */

#include "config.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "pas2vas-command.h"
#include "pas2vas-filter.h"
#include "pas2vas-options.h"
#include "pas2vas-report.h"
#include "pas2vas-run.h"

typedef struct
{
  Pas2vasOptions  options;
  Pas2vasFilter   filter_options;
  gboolean        are_file_offsets;
  gboolean        every_address;

  guint64        *places;      /* as on the command line: physical addresses or file offsets */
  guint           n_places;
  P2vFilter      *filter;
  P2vSession     *session;
  P2vImage       *image;
  P2vExport      *export;
  P2vFrameReader *frames;
  guint64         n_mappings;
  GHashTable     *processes;   /* those that have a row */
  gboolean        has_kernel;  /* whether the kernel has a row */
  guint64         n_hidden;    /* mappings of the kernel without a row */
  guint           n_agreeing;  /* addresses for which the system counts the same mappings */
} Lookup;

static void
lookup_clear (Lookup *self)
{
  pas2vas_options_clear (&self->options);
  pas2vas_filter_clear (&self->filter_options);
  g_clear_pointer (&self->places, g_free);
  g_clear_pointer (&self->export, p2v_export_free);
  g_clear_pointer (&self->frames, p2v_frame_reader_free);
  g_clear_pointer (&self->processes, g_hash_table_unref);
  g_clear_object (&self->filter);
  g_clear_object (&self->image);
  g_clear_object (&self->session);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lookup, lookup_clear)

static gboolean
parse_places (Lookup *self)
{
  char **texts = self->options.arguments + 1;

  self->n_places = g_strv_length (texts);
  self->places = g_new0 (guint64, self->n_places);
  for (guint i = 0; i < self->n_places; i++)
    if (!pas2vas_parse_address (&pas2vas_lookup, texts[i], &self->places[i]))
      return FALSE;
  return TRUE;
}

static gboolean
parse (Lookup  *self,
       char   **argv)
{
  GOptionEntry entries[PAS2VAS_FILTER_N_ENTRIES + 4] = {
    { "file-offset", 'o', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &self->are_file_offsets,
      N_("The addresses are offsets in the image file"), NULL },
    { "every-address", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &self->every_address,
      N_("A row for each of very many addresses of a page, not one for all"), NULL },
  };

  pas2vas_filter_fill_kernel_entry (&self->filter_options, entries + 2);
  pas2vas_filter_fill_entries (&self->filter_options, entries + 3);
  if (!pas2vas_options_parse (&self->options, &pas2vas_lookup, entries, argv)
      || !parse_places (self))
    return FALSE;
  self->filter = pas2vas_filter_make (&self->filter_options, &pas2vas_lookup,
                                      &self->options);
  if (self->filter != NULL)
    p2v_filter_set_every_address (self->filter, self->every_address);
  return self->filter != NULL;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
add_row (Lookup     *self,
         P2vAnswer  *answer,
         guint64     position,
         GError    **error)
{
  P2vMapping mapping;

  p2v_answer_get_row (answer, position, &mapping);
  if (!p2v_session_describe (self->session, &mapping, error))
    return FALSE;
  self->n_mappings += mapping.n_addresses;
  if (p2v_process_get_flags (mapping.process) & P2V_PROCESS_KERNEL)
    self->has_kernel = TRUE;
  else
    g_hash_table_add (self->processes, mapping.process);
  return p2v_export_add_mapping (self->export, self->session, &mapping, NULL, error);
}

/* An address without a row of a process: why, and what the frame is if that is known. */
static void
note_frame (P2vAnswer      *answer,
            const P2vFrame *frame)
{
  g_autofree char *verdict = p2v_answer_dup_verdict (answer);

  if (p2v_answer_get_absence (answer) == P2V_ABSENCE_FILTERED
      || frame->kind == P2V_FRAME_KIND_UNKNOWN || frame->kind == P2V_FRAME_KIND_NOT_IN_IMAGE)
    pas2vas_note ("0x%" PRIx64 ": %s", p2v_answer_get_pa (answer), verdict);
  else
    /* Translators: address, why nobody is shown, what the frame is: "0x1000000: nobody maps this
     * frame in user space; it is code of the kernel's image". */
    pas2vas_note (_("0x%" PRIx64 ": %s; it is %s"), p2v_answer_get_pa (answer), verdict,
                  frame->detail);
}

static void
compare_counts (Lookup         *self,
                P2vAnswer      *answer,
                const P2vFrame *frame)
{
  if (p2v_frame_is_disagreeing (frame))
    /* Translators: physical address, number that was found, number that the system counts. */
    pas2vas_note (_("0x%" PRIx64 ": mapped %" PRId64 " times by address spaces that were found, "
                    "but %" PRId64 " times by the system's own count"),
                  p2v_answer_get_pa (answer), frame->n_found, frame->n_expected);
  else if (frame->n_expected >= 0)
    self->n_agreeing++;
}

/* What there is to say beside the rows. What nobody maps has a row where notes are not seen. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
tell_frame (Lookup     *self,
            P2vAnswer  *answer,
            GError    **error)
{
  P2vPhysAddr pa = p2v_answer_get_pa (answer);
  P2vAbsence absence = p2v_answer_get_absence (answer);
  P2vFrame frame;

  if (!p2v_frame_reader_read (self->frames, pa, &frame, error))
    return FALSE;
  if (p2v_answer_get_n_owners (answer) == 0)
    note_frame (answer, &frame);
  compare_counts (self, answer, &frame);
  if (self->options.format == P2V_EXPORT_TABLE || absence == P2V_ABSENCE_NONE
      || absence == P2V_ABSENCE_FILTERED)
    return TRUE;
  return p2v_export_add_frame (self->export, self->session, pa, &frame, NULL, error);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
look_up_address (Lookup       *self,
                 P2vPhysAddr   pa,
                 GError      **error)
{
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (self->session, pa, self->filter);
  guint64 n_rows = p2v_answer_get_n_rows (answer);

  for (guint64 i = 0; i < n_rows; i++)
    if (!add_row (self, answer, i, error))
      return FALSE;
  self->n_hidden += p2v_answer_get_n_hidden (answer);
  return tell_frame (self, answer, error);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
look_up_place (Lookup   *self,
               guint64   place,
               GError  **error)
{
  P2vPhysAddr pa = place;

  if (self->are_file_offsets && !p2v_image_offset_to_pa (self->image, place, &pa))
    {
      pas2vas_note (_("File offset 0x%" PRIx64 ": holds no memory."), place);
      return TRUE;
    }
  return look_up_address (self, pa, error);
}

static gboolean
look_up_places (P2vSession  *session,
                gpointer     data,
                GError     **error)
{
  Lookup *self = data;
  gsize n_columns;
  const P2vColumn *columns = p2v_export_get_mapping_columns (&n_columns);
  g_autoptr (GOutputStream) output = pas2vas_open_output ();

  self->export = p2v_export_new (output, self->options.format, columns, n_columns);
  self->frames = p2v_frame_reader_new (session, error);
  if (self->frames == NULL)
    return FALSE;
  for (guint i = 0; i < self->n_places; i++)
    if (!look_up_place (self, self->places[i], error))
      return FALSE;
  return p2v_export_finish (self->export, NULL, error);
}

/* "2 processes", "the kernel", "2 processes and the kernel". */
static char *
dup_owners_text (Lookup *self)
{
  guint n_processes = g_hash_table_size (self->processes);

  if (n_processes == 0 && self->has_kernel)
    return g_strdup (_("the kernel"));
  g_autofree char *processes =
    g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u process", "%u processes", n_processes),
                     n_processes);
  /* Translators: "2 processes and the kernel". */
  return self->has_kernel ? g_strdup_printf (_("%s and the kernel"), processes)
                          : g_steal_pointer (&processes);
}

static void
append_clause (GString *line,
               char    *clause)
{
  /* Translators: between the clauses of the line that closes an answer. */
  g_string_append_printf (line, "%s%s", C_("between clauses", "; "), clause);
  g_free (clause);
}

static void
print_closing_line (Lookup *self)
{
  P2vIndexStatistics statistics;

  if (self->options.quiet || !p2v_session_get_statistics (self->session, &statistics))
    return;

  g_autofree char *mappings =
    g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%" PRIu64 " mapping", "%" PRIu64 " mappings",
                                  (gulong) self->n_mappings),
                     self->n_mappings);
  g_autofree char *owners = dup_owners_text (self);
  g_autoptr (GString) line = g_string_new (NULL);
  /* Translators: "3 mappings", "2 processes and the kernel". */
  g_string_append_printf (line, _("%s in %s"), mappings, owners);
  append_clause (line, g_strdup_printf (
                         g_dngettext (GETTEXT_PACKAGE, "%u of %u address space walked",
                                      "%u of %u address spaces walked", statistics.n_spaces),
                         statistics.n_spaces_walked, statistics.n_spaces));
  if (self->n_agreeing == self->n_places)
    append_clause (line, g_strdup (_("the system counts no others")));
  if (self->n_hidden > 0)
    append_clause (line,
                   g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%" PRIu64
                                                 " kernel mapping hidden", "%" PRIu64
                                                 " kernel mappings hidden",
                                                 (gulong) self->n_hidden),
                                    self->n_hidden));
  /* Translators: clauses; only the full stop is yours. */
  pas2vas_note (_("%s."), line->str);
}

/* Nothing else will be asked of the index, so that no more of it need be read. */
static void
announce_places (Lookup *self)
{
  g_autofree P2vPhysAddr *pas = g_new (P2vPhysAddr, self->n_places);
  gsize n = 0;

  for (guint i = 0; i < self->n_places; i++)
    {
      pas[n] = self->places[i];
      if (!self->are_file_offsets || p2v_image_offset_to_pa (self->image, self->places[i], &pas[n]))
        n++;
    }
  p2v_session_set_wanted (self->session, pas, n);
}

static Pas2vasStatus
answer (Lookup *self)
{
  gboolean quiet = self->options.quiet;
  g_autoptr (GError) error = NULL;

  Pas2vasStatus status = pas2vas_filter_open (&self->filter_options, &pas2vas_lookup,
                                              &self->options, self->filter, &self->session);
  if (status != PAS2VAS_ANSWERED)
    return status;

  self->image = p2v_session_dup_image (self->session);
  if (self->are_file_offsets && p2v_image_is_packed (self->image))
    return pas2vas_report_usage (&pas2vas_lookup,
                                 _("“%s” keeps memory packed, so no byte of it has an offset in "
                                   "the file: leave --file-offset out, give physical addresses"),
                                 self->options.arguments[0]);
  self->processes = g_hash_table_new (NULL, NULL);
  announce_places (self);
  if (!pas2vas_run_advance (self->session, P2V_STAGE_INDEX, quiet, &error)
      || !pas2vas_run_work (self->session, look_up_places, NULL, self, quiet, &error))
    return pas2vas_report_error (error);
  print_closing_line (self);
  return self->n_mappings > 0 ? PAS2VAS_ANSWERED : PAS2VAS_NOTHING;
}

static Pas2vasStatus
run (char **argv)
{
  g_auto (Lookup) self = { .options.format = P2V_EXPORT_TABLE };

  return parse (&self, argv) ? answer (&self) : PAS2VAS_USAGE;
}

const Pas2vasCommand pas2vas_lookup = {
  .name = "lookup",
  .arguments = N_("IMAGE ADDRESS…"),
  .n_min_arguments = 2,
  .n_max_arguments = G_MAXUINT,
  .summary = N_("Show which processes map physical addresses, and where"),
  .run = run,
};
