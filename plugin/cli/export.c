/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas export: every mapping of every process. */

#include "config.h"

#include <glib/gi18n.h>

#include "pas2vas-command.h"
#include "pas2vas-filter.h"
#include "pas2vas-options.h"
#include "pas2vas-report.h"
#include "pas2vas-run.h"

typedef struct
{
  Pas2vasOptions  options;
  Pas2vasFilter   filter_options;
  gboolean        every_page;
  gboolean        has_poisoned;
  P2vFilter      *filter;
  P2vSession     *session;

  P2vExport      *export;
  GError         *row_error;      /* why a row could not be written */
  gsize           n_rows;         /* atomic: the main thread shows it */
  gsize           n_poisoned;     /* rows left out */
  GHashTable     *processes;      /* those that have a row */
  P2vProcess     *last_process;   /* the last one added to them */
} Export;

static void
export_clear (Export *self)
{
  pas2vas_options_clear (&self->options);
  pas2vas_filter_clear (&self->filter_options);
  g_clear_pointer (&self->export, p2v_export_free);
  g_clear_error (&self->row_error);
  g_clear_pointer (&self->processes, g_hash_table_unref);
  g_clear_object (&self->filter);
  g_clear_object (&self->session);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Export, export_clear)

static gboolean
parse (Export  *self,
       char   **argv)
{
  GOptionEntry entries[PAS2VAS_FILTER_N_ENTRIES + 4] = {
    { "pages", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &self->every_page,
      N_("One row a page, not one a run of pages"), NULL },
    { "poisoned", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &self->has_poisoned,
      N_("Also pages with a hardware error, which the system took from their processes"), NULL },
  };

  pas2vas_filter_fill_kernel_entry (&self->filter_options, entries + 2);
  pas2vas_filter_fill_entries (&self->filter_options, entries + 3);
  if (!pas2vas_options_parse (&self->options, &pas2vas_export, entries, argv))
    return FALSE;
  self->filter = pas2vas_filter_make (&self->filter_options, &pas2vas_export,
                                      &self->options);
  return self->filter != NULL;
}

static gboolean
on_mapping (const P2vMapping *mapping,
            gpointer          user_data)
{
  Export *self = user_data;

  /* Whose a broken page was is an answer to a question about its frame. But it is the process's no
   * more: the system says that nothing is there, and ends who uses it. */
  if (mapping->state == P2V_STATE_HWPOISON && !self->has_poisoned)
    {
      self->n_poisoned++;
      return TRUE;
    }
  g_atomic_pointer_add (&self->n_rows, 1);
  if (mapping->process != self->last_process && mapping->mapping_class == P2V_MAPPING_USER)
    g_hash_table_add (self->processes, mapping->process);
  self->last_process = mapping->process;
  return p2v_export_add_mapping (self->export, self->session, mapping, NULL, &self->row_error);
}

/* p2v_session_export_all() would do, but for counting. */
static gboolean
write_mappings (P2vSession  *session,
                gpointer     data,
                GError     **error)
{
  Export *self = data;
  gsize n_columns;
  const P2vColumn *columns = p2v_export_get_mapping_columns (&n_columns);
  g_autoptr (GOutputStream) output = pas2vas_open_output ();

  self->export = p2v_export_new (output, self->options.format, columns, n_columns);
  if (!p2v_session_foreach_mapping (session, self->filter, !self->every_page, on_mapping, self,
                                    NULL, error))
    return FALSE;
  if (self->row_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->row_error));
      return FALSE;
    }
  return p2v_export_finish (self->export, NULL, error);
}

static char *
dup_progress (gpointer data)
{
  Export *self = data;

  return g_strdup_printf (_("Writing: %zu rows"),
                          (gsize) g_atomic_pointer_get (&self->n_rows));
}

/* Findings are what the image held and we could not use: the export is not complete then. */
static void
print_closing_line (Export *self)
{
  guint n_processes = g_hash_table_size (self->processes);
  g_auto (GStrv) diagnostics = p2v_session_dup_diagnostics (self->session);
  guint n_diagnostics = g_strv_length (diagnostics);

  if (self->options.quiet)
    return;

  g_autofree char *rows =
    g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%zu row", "%zu rows", self->n_rows),
                     self->n_rows);
  g_autofree char *processes =
    g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u process", "%u processes", n_processes),
                     n_processes);
  /* Translators: "622 rows of 21 processes." */
  pas2vas_note (_("%s of %s."), rows, processes);
  if (self->n_poisoned > 0)
    pas2vas_note (g_dngettext (GETTEXT_PACKAGE,
                               "%zu row of pages with a hardware error left out (--poisoned).",
                               "%zu rows of pages with a hardware error left out (--poisoned).",
                               self->n_poisoned),
                  self->n_poisoned);
  if (n_diagnostics > 0)
    pas2vas_note (g_dngettext (GETTEXT_PACKAGE, "%u finding about the image; see “pas2vas info”.",
                               "%u findings about the image; see “pas2vas info”.", n_diagnostics),
                  n_diagnostics);
}

static Pas2vasStatus
answer (Export *self)
{
  gboolean quiet = self->options.quiet;
  g_autoptr (GError) error = NULL;

  Pas2vasStatus status = pas2vas_filter_open (&self->filter_options, &pas2vas_export,
                                              &self->options, self->filter, &self->session);
  if (status != PAS2VAS_ANSWERED)
    return status;

  self->processes = g_hash_table_new (NULL, NULL);
  if (!pas2vas_run_work (self->session, write_mappings, dup_progress, self, quiet, &error))
    return pas2vas_report_error (error);
  print_closing_line (self);
  return self->n_rows > 0 ? PAS2VAS_ANSWERED : PAS2VAS_NOTHING;
}

static Pas2vasStatus
run (char **argv)
{
  g_auto (Export) self = { .options.format = P2V_EXPORT_CSV };

  return parse (&self, argv) ? answer (&self) : PAS2VAS_USAGE;
}

const Pas2vasCommand pas2vas_export = {
  .name = "export",
  .arguments = N_("IMAGE"),
  .n_min_arguments = 1,
  .n_max_arguments = 1,
  .summary = N_("Print every mapping of every process"),
  .run = run,
};
