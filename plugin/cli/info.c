/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas info: what an image is, what is in it, and how much of it was understood. */

#include "config.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "pas2vas-command.h"
#include "pas2vas-options.h"
#include "pas2vas-properties.h"
#include "pas2vas-report.h"
#include "pas2vas-run.h"

/* For reading, so many ranges are enough; CSV and JSON get all. */
#define MAX_RANGES_TO_READ 16

static void
add_range (Pas2vasProperties   *properties,
           const P2vImageRange *range,
           gboolean             is_packed)
{
  P2vPhysAddr last_pa = range->start_pa + (range->length_bytes - 1);

  if (is_packed)
    pas2vas_properties_printf (properties, N_("Range"), "0x%012" PRIx64 "-0x%012" PRIx64,
                               range->start_pa, last_pa);
  else
    pas2vas_properties_printf (properties, N_("Range"),
                               _("0x%012" PRIx64 "-0x%012" PRIx64 " at file offset 0x%012" PRIx64),
                               range->start_pa, last_pa, range->file_offset);
}

static void
add_ranges (Pas2vasProperties *properties,
            P2vImage          *image,
            P2vExportFormat    format)
{
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);
  gsize n_shown = format == P2V_EXPORT_TABLE ? MIN (n_ranges, MAX_RANGES_TO_READ) : n_ranges;

  pas2vas_properties_printf (properties, N_("Ranges"), "%zu", n_ranges);
  for (gsize i = 0; i < n_shown; i++)
    add_range (properties, &ranges[i], p2v_image_is_packed (image));
  if (n_shown < n_ranges)
    pas2vas_properties_printf (properties, N_("Range"),
                               _("and %zu more (--format csv)"), n_ranges - n_shown);
}

static void
add_image (Pas2vasProperties *properties,
           P2vSession        *session,
           P2vExportFormat    format)
{
  g_autoptr (P2vImage) image = p2v_session_dup_image (session);

  pas2vas_properties_add (properties, N_("Format"), p2v_image_get_format_name (image));
  pas2vas_properties_printf (properties, N_("File size"), "%" PRIu64,
                             p2v_image_get_file_size (image));
  pas2vas_properties_printf (properties, N_("Memory size"), "%" PRIu64,
                             p2v_image_get_memory_size (image));
  add_ranges (properties, image, format);
}

static void
add_system (Pas2vasProperties *properties,
            P2vSession        *session)
{
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);

  if (system == NULL)
    return;
  pas2vas_properties_add (properties, N_("System"), p2v_system_get_title (system));
  pas2vas_properties_add (properties, N_("Paging"), p2v_system_get_paging_form_name (system));
  for (guint i = 0; i < p2v_system_get_n_facts (system); i++)
    {
      const P2vFact *fact = p2v_system_get_fact (system, i);

      pas2vas_properties_add (properties, fact->name, fact->value);
    }
  pas2vas_properties_printf (properties, N_("Processes"), "%u",
                             p2v_system_get_n_processes (system));
  pas2vas_properties_printf (properties, N_("Address spaces"), "%u",
                             p2v_system_get_n_spaces (system));
}

/* What page tables name besides pages in memory; most images have nothing of it. */
static void
add_placeholders (Pas2vasProperties        *properties,
                  const P2vIndexStatistics *statistics)
{
  const struct
  {
    const char *name;
    guint64     n;
  } lines[] = {
    { N_("Entries swapped out"), statistics->n_swapped },
    { N_("Entries that are marks"), statistics->n_markers },
    { N_("Entries for memory of devices"), statistics->n_on_devices },
    { N_("Entries not understood"), statistics->n_unknown },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    if (lines[i].n > 0)
      pas2vas_properties_printf (properties, lines[i].name, "%" PRIu64, lines[i].n);
}

static void
add_index (Pas2vasProperties *properties,
           P2vSession        *session)
{
  P2vIndexStatistics statistics;

  if (!p2v_session_get_statistics (session, &statistics))
    return;
  pas2vas_properties_printf (properties, N_("Address spaces walked"), "%u",
                             statistics.n_spaces_walked);
  pas2vas_properties_printf (properties, N_("Address spaces skipped"), "%u",
                             statistics.n_spaces - statistics.n_spaces_walked);
  pas2vas_properties_printf (properties, N_("Page tables"), "%" PRIu64,
                             statistics.n_tables);
  pas2vas_properties_printf (properties, N_("Mappings"), "%" PRIu64,
                             statistics.n_mappings);
  add_placeholders (properties, &statistics);
  pas2vas_properties_printf (properties, N_("Index size"), "%" PRIu64,
                             statistics.index_bytes);
}

/* How many mappings the system itself counts, if it does. */
static void
add_count_check (Pas2vasProperties   *properties,
                 const P2vCountCheck *check)
{
  if (check->n_compared == 0)
    return;
  pas2vas_properties_printf (properties, N_("Frames with as many mappings as the system counts"),
                             _("%" PRIu64 " of %" PRIu64),
                             check->n_compared - check->n_fewer - check->n_more,
                             check->n_compared);
  if (check->n_fewer + check->n_more > 0)
    pas2vas_properties_printf (
      properties, N_("Frames with other mappings"),
      _("%" PRIu64 " with fewer, %" PRIu64 " with more, the first at 0x%" PRIx64
        "; “pas2vas frames --disagreeing” lists them"),
      check->n_fewer, check->n_more, check->first_differing_pa);
}

typedef struct
{
  P2vExportFormat format;
  P2vCountCheck   check;
} Info;

G_GNUC_WARN_UNUSED_RESULT static gboolean
check_counts (P2vSession  *session,
              gpointer     data,
              GError     **error)
{
  Info *self = data;

  return p2v_session_check_counts (session, &self->check, NULL, error);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
print_properties (P2vSession  *session,
                  const Info  *self,
                  GError     **error)
{
  g_autoptr (GOutputStream) output = pas2vas_open_output ();
  g_autoptr (Pas2vasProperties) properties = pas2vas_properties_new (output, self->format);

  add_image (properties, session, self->format);
  add_system (properties, session);
  add_index (properties, session);
  add_count_check (properties, &self->check);
  pas2vas_properties_add_findings (properties, session);
  return pas2vas_properties_finish (properties, error);
}

static Pas2vasStatus
run (char **argv)
{
  g_auto (Pas2vasOptions) options = { .format = P2V_EXPORT_TABLE };
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) print_error = NULL;

  if (!pas2vas_options_parse (&options, &pas2vas_info, NULL, argv))
    return PAS2VAS_USAGE;

  g_autoptr (P2vSession) session =
    pas2vas_run_open (&options, P2V_STAGE_IMAGE);
  if (session == NULL)
    return PAS2VAS_UNREADABLE;

  /* What is known is printed even if the system is not understood: that is when one asks. */
  Info self = { .format = options.format };
  gboolean is_understood
    = pas2vas_run_advance (session, P2V_STAGE_INDEX, options.quiet, &error)
      && pas2vas_run_work (session, check_counts, NULL, &self, options.quiet, &error);
  if (!print_properties (session, &self, &print_error))
    return pas2vas_report_error (print_error);
  return is_understood ? PAS2VAS_ANSWERED : pas2vas_report_error (error);
}

const Pas2vasCommand pas2vas_info = {
  .name = "info",
  .arguments = N_("IMAGE"),
  .n_min_arguments = 1,
  .n_max_arguments = 1,
  .summary = N_("Tell what an image is and how much of it was understood"),
  .run = run,
};
