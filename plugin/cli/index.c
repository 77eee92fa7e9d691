/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas index: builds the index, keeps it, and tells what it holds and what it took. */

#include "config.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "pas2vas-command.h"
#include "pas2vas-options.h"
#include "pas2vas-properties.h"
#include "pas2vas-report.h"
#include "pas2vas-run.h"

static void
add_decimal (Pas2vasProperties *properties,
             const char        *name,
             const char        *format,
             double             number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  pas2vas_properties_add (properties, name,
                          g_ascii_formatd (text, sizeof text, format, number));
}

static void
add_contents (Pas2vasProperties        *properties,
              const P2vIndexStatistics *statistics)
{
  pas2vas_properties_printf (properties, N_("Address spaces walked"), "%u",
                             statistics->n_spaces_walked);
  pas2vas_properties_printf (properties, N_("Address spaces skipped"), "%u",
                             statistics->n_spaces - statistics->n_spaces_walked);
  pas2vas_properties_printf (properties, N_("Page tables"), "%" PRIu64, statistics->n_tables);
  pas2vas_properties_printf (properties, N_("Mappings"), "%" PRIu64, statistics->n_mappings);
  pas2vas_properties_printf (properties, N_("Index size"), "%" PRIu64, statistics->index_bytes);
  if (statistics->n_mappings > 0)
    add_decimal (properties, N_("Bytes per mapping"), "%.2f",
                 (double) statistics->index_bytes / (double) statistics->n_mappings);
}

/* An index that was kept from earlier was neither walked nor sorted now. */
static void
add_seconds (Pas2vasProperties        *properties,
             const P2vIndexStatistics *statistics,
             gboolean                  is_kept,
             double                    seconds_discovery)
{
  add_decimal (properties, N_("Seconds for discovery"), "%.3f", seconds_discovery);
  if (!statistics->from_cache)
    {
      add_decimal (properties, N_("Seconds for walk"), "%.3f",
                   statistics->seconds_planning + statistics->seconds_counting);
      add_decimal (properties, N_("Seconds for sort"), "%.3f", statistics->seconds_sorting);
    }
  if (is_kept)
    add_decimal (properties, N_("Seconds for store"), "%.3f", statistics->seconds_storing);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
print_index (P2vSession            *session,
             const Pas2vasOptions  *options,
             double                 seconds_discovery,
             GError               **error)
{
  g_autoptr (GOutputStream) output = pas2vas_open_output ();
  g_autoptr (Pas2vasProperties) properties = pas2vas_properties_new (output, options->format);
  P2vIndexStatistics statistics = { 0 };

  p2v_session_get_statistics (session, &statistics);
  pas2vas_properties_add (properties, N_("Index"),
                          statistics.from_cache ? _("kept from earlier") : _("built now"));
  add_contents (properties, &statistics);
  add_seconds (properties, &statistics, !options->no_cache, seconds_discovery);
  pas2vas_properties_add_findings (properties, session);
  return pas2vas_properties_finish (properties, error);
}

static Pas2vasStatus
run (char **argv)
{
  g_auto (Pas2vasOptions) options = { .format = P2V_EXPORT_TABLE };
  g_autoptr (GError) error = NULL;

  if (!pas2vas_options_parse (&options, &pas2vas_index, NULL, argv))
    return PAS2VAS_USAGE;

  gint64 start_us = g_get_monotonic_time ();
  g_autoptr (P2vSession) session = pas2vas_run_open (&options, P2V_STAGE_SYSTEM);
  double seconds_discovery = (double) (g_get_monotonic_time () - start_us) / G_USEC_PER_SEC;
  if (session == NULL)
    return PAS2VAS_UNREADABLE;

  if (!pas2vas_run_advance (session, P2V_STAGE_INDEX, options.quiet, &error) ||
      !print_index (session, &options, seconds_discovery, &error))
    return pas2vas_report_error (error);
  return PAS2VAS_ANSWERED;
}

const Pas2vasCommand pas2vas_index = {
  .name = "index",
  .arguments = N_("IMAGE"),
  .n_min_arguments = 1,
  .n_max_arguments = 1,
  .summary = N_("Build and keep the index of an image, and tell what it took"),
  .run = run,
};
