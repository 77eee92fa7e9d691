/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas maps: the regions of a process, as its operating system records them. */

#include "config.h"

#include <glib/gi18n.h>

#include "pas2vas-command.h"
#include "pas2vas-options.h"
#include "pas2vas-process.h"
#include "pas2vas-report.h"
#include "pas2vas-run.h"

static const P2vColumn columns[] = {
  { "start", N_("Start"), P2V_CELL_HEX, 14 },
  { "end", N_("End"), P2V_CELL_HEX, 14 },
  { "rights", N_("Rights"), P2V_CELL_TEXT, 6 },
  { "sharing", N_("Sharing"), P2V_CELL_TEXT, 7 },
  { "file_offset", N_("File offset"), P2V_CELL_HEX, 14 },
  { "name", N_("Name"), P2V_CELL_TEXT, 30 },
};

static void
add_rights (P2vExport *export,
            P2vRights  rights)
{
  g_autofree char *text = p2v_rights_to_string (rights);

  /* All these regions are the user's: the letter that says so would tell nothing. */
  text[3] = '\0';
  p2v_export_add_text (export, text);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
add_region (P2vExport       *export,
            const P2vRegion *region,
            GError         **error)
{
  p2v_export_add_number (export, region->start_va);
  p2v_export_add_number (export, region->start_va + region->length_bytes);
  if (region->mapping_class == P2V_MAPPING_USER)
    {
      add_rights (export, region->rights);
      p2v_export_add_text (export, region->shared ? "shared" : "private");
    }
  else
    for (guint i = 0; i < 2; i++)
      p2v_export_add_nothing (export);
  if (region->is_file)
    p2v_export_add_number (export, region->file_offset);
  else
    p2v_export_add_nothing (export);
  p2v_export_add_text (export, region->name != NULL ? region->name : "");
  return p2v_export_end_row (export, NULL, error);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
print_regions (GPtrArray        *regions,
               P2vExportFormat   format,
               GError          **error)
{
  g_autoptr (GOutputStream) output = pas2vas_open_output ();
  g_autoptr (P2vExport) export = p2v_export_new (output, format, columns, G_N_ELEMENTS (columns));

  for (guint i = 0; i < regions->len; i++)
    if (!add_region (export, regions->pdata[i], error))
      return FALSE;
  return p2v_export_finish (export, NULL, error);
}

static Pas2vasStatus
answer (const Pas2vasOptions *options,
        const Pas2vasOwner   *owner)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (P2vSession) session =
    pas2vas_run_open (options, P2V_STAGE_SYSTEM);

  if (session == NULL)
    return PAS2VAS_UNREADABLE;

  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  P2vProcess *process;
  P2vAddressSpace *space = pas2vas_find_space (system, owner, &process);
  if (space == NULL)
    return PAS2VAS_NOTHING;

  g_autoptr (GPtrArray) regions = p2v_session_dup_regions (session, space, &error);
  if (regions == NULL || !print_regions (regions, options->format, &error))
    return pas2vas_report_error (error);
  return regions->len > 0 ? PAS2VAS_ANSWERED : PAS2VAS_NOTHING;
}

static Pas2vasStatus
run (char **argv)
{
  g_auto (Pas2vasOptions) options = { .format = P2V_EXPORT_TABLE };
  Pas2vasOwner owner;

  if (!pas2vas_options_parse (&options, &pas2vas_maps, NULL, argv)
      || !pas2vas_parse_owner (&pas2vas_maps, options.arguments[1], &owner))
    return PAS2VAS_USAGE;
  return answer (&options, &owner);
}

const Pas2vasCommand pas2vas_maps = {
  .name = "maps",
  .arguments = N_("IMAGE PID"),
  .n_min_arguments = 2,
  .n_max_arguments = 2,
  .summary = N_("List the regions of a process"),
  .run = run,
};
