/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas shared: the memory that processes share. */

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
  P2vFilter      *filter;
  P2vSession     *session;
  P2vSharing     *sharing;
  guint64         n_rows;
} Shared;

static void
shared_clear (Shared *self)
{
  pas2vas_options_clear (&self->options);
  pas2vas_filter_clear (&self->filter_options);
  g_clear_pointer (&self->sharing, p2v_sharing_unref);
  g_clear_object (&self->filter);
  g_clear_object (&self->session);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Shared, shared_clear)

static gboolean
parse (Shared  *self,
       char   **argv)
{
  GOptionEntry entries[PAS2VAS_FILTER_N_ENTRIES + 1] = { 0 };

  pas2vas_filter_fill_entries (&self->filter_options, entries);
  if (!pas2vas_options_parse (&self->options, &pas2vas_shared, entries, argv))
    return FALSE;
  self->filter = pas2vas_filter_make (&self->filter_options, &pas2vas_shared,
                                      &self->options);
  return self->filter != NULL;
}

static gboolean
is_filtered (Shared *self)
{
  const Pas2vasFilter *filter = &self->filter_options;

  return filter->pids != NULL || filter->name_regex != NULL || filter->object_vas != NULL
         || filter->object_pas != NULL || filter->methods != NULL;
}

static gboolean
shows_ranges (Shared *self)
{
  return is_filtered (self) && p2v_sharing_get_n_chosen (self->sharing) > 1;
}

/* The sentences come first: before a table, or on standard error where rows are for a program. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
print_sentences (Shared         *self,
                 GOutputStream  *output,
                 GError        **error)
{
  g_auto (GStrv) sentences = p2v_sharing_dup_sentences (self->sharing, is_filtered (self));
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; sentences[i] != NULL; i++)
    if (self->options.format == P2V_EXPORT_TABLE)
      g_string_append_printf (text, "%s\n", sentences[i]);
    else if (!self->options.quiet)
      pas2vas_note ("%s", sentences[i]);
  if (text->len > 0)
    g_string_append_c (text, '\n');
  return g_output_stream_write_all (output, text->str, text->len, NULL, NULL, error);
}

static gboolean
print_sharing (P2vSession  *session,
               gpointer     data,
               GError     **error)
{
  Shared *self = data;
  g_autoptr (GOutputStream) output = pas2vas_open_output ();
  P2vFilter *filter = is_filtered (self) ? self->filter : NULL;

  self->sharing = p2v_sharing_new (session, filter, NULL, error);
  return self->sharing != NULL && print_sentences (self, output, error) &&
         p2v_sharing_export (self->sharing, session, filter, shows_ranges (self),
                             self->options.format, output, &self->n_rows, NULL, error);
}

static Pas2vasStatus
answer (Shared *self)
{
  gboolean quiet = self->options.quiet;
  g_autoptr (GError) error = NULL;

  Pas2vasStatus status = pas2vas_filter_open (&self->filter_options, &pas2vas_shared,
                                              &self->options, self->filter, &self->session);
  if (status != PAS2VAS_ANSWERED)
    return status;

  if (!pas2vas_run_advance (self->session, P2V_STAGE_INDEX, quiet, &error)
      || !pas2vas_run_work (self->session, print_sharing, NULL, self, quiet, &error))
    return pas2vas_report_error (error);
  return self->n_rows > 0 ? PAS2VAS_ANSWERED : PAS2VAS_NOTHING;
}

static Pas2vasStatus
run (char **argv)
{
  g_auto (Shared) self = { .options.format = P2V_EXPORT_TABLE };

  return parse (&self, argv) ? answer (&self) : PAS2VAS_USAGE;
}

const Pas2vasCommand pas2vas_shared = {
  .name = "shared",
  .arguments = N_("IMAGE"),
  .n_min_arguments = 1,
  .n_max_arguments = 1,
  .summary = N_("Show which processes share memory, and what they may do to it"),
  .run = run,
};
