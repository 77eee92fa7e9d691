/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas cache: the indices that are kept on disk. */

#include "config.h"

#include <glib/gi18n.h>

#include "pas2vas-command.h"
#include "pas2vas-options.h"
#include "pas2vas-report.h"

static const P2vColumn columns[] = {
  { "used", N_("Used (UTC)"), P2V_CELL_TEXT, 19 },
  { "size", N_("Size"), P2V_CELL_DECIMAL, 12 },
  { "image", N_("Image"), P2V_CELL_TEXT, 0 },
};

G_GNUC_WARN_UNUSED_RESULT static gboolean
add_item (P2vExport           *export,
          const P2vCacheItem  *item,
          GError             **error)
{
  g_autoptr (GDateTime) used = g_date_time_new_from_unix_utc (item->used_unix_s);
  g_autofree char *text = used != NULL ? g_date_time_format (used, "%Y-%m-%d %H:%M:%S") : NULL;

  p2v_export_add_text (export, text != NULL ? text : "");
  p2v_export_add_number (export, item->size_bytes);
  p2v_export_add_text (export, item->image_path);
  return p2v_export_end_row (export, NULL, error);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
print_items (const Pas2vasOptions  *options,
             GPtrArray             *items,
             GError               **error)
{
  g_autoptr (GOutputStream) output = pas2vas_open_output ();
  g_autoptr (P2vExport) export =
    p2v_export_new (output, options->format, columns, G_N_ELEMENTS (columns));

  for (guint i = 0; i < items->len; i++)
    if (!add_item (export, g_ptr_array_index (items, i), error))
      return FALSE;
  return p2v_export_finish (export, NULL, error);
}

static Pas2vasStatus
list_cache (const Pas2vasOptions *options)
{
  g_autoptr (GPtrArray) items = p2v_cache_list (options->cache_folder);
  g_autofree char *folder = p2v_cache_dup_folder (options->cache_folder);
  g_autofree char *shown = g_filename_display_name (folder);
  g_autoptr (GError) error = NULL;
  guint64 total = 0;

  if (!print_items (options, items, &error))
    return pas2vas_report_error (error);
  for (guint i = 0; i < items->len; i++)
    total += ((const P2vCacheItem *) g_ptr_array_index (items, i))->size_bytes;
  g_autofree char *size = g_format_size_full (total, G_FORMAT_SIZE_IEC_UNITS);
  if (!options->quiet)
    /* Translators: a number, "80.6 MiB", a folder. */
    pas2vas_note (g_dngettext (GETTEXT_PACKAGE, "%u index, %s, in “%s”.",
                               "%u indices, %s, in “%s”.", items->len),
                  items->len, size, shown);
  return PAS2VAS_ANSWERED;
}

static Pas2vasStatus
clear_cache (const Pas2vasOptions *options)
{
  guint n_removed;
  guint n_failed = p2v_cache_clear (options->cache_folder, &n_removed);

  if (!options->quiet)
    pas2vas_note (
        g_dngettext (GETTEXT_PACKAGE, "%u index removed.", "%u indices removed.", n_removed),
        n_removed);
  if (n_failed == 0)
    return PAS2VAS_ANSWERED;
  pas2vas_report (g_dngettext (GETTEXT_PACKAGE, "%u index could not be removed",
                               "%u indices could not be removed", n_failed),
                  n_failed);
  return PAS2VAS_UNREADABLE;
}

static Pas2vasStatus
run (char **argv)
{
  g_auto (Pas2vasOptions) options = { .format = P2V_EXPORT_TABLE };

  if (!pas2vas_options_parse (&options, &pas2vas_cache, NULL, argv))
    return PAS2VAS_USAGE;
  if (g_str_equal (options.arguments[0], "list"))
    return list_cache (&options);
  if (g_str_equal (options.arguments[0], "clear"))
    return clear_cache (&options);
  pas2vas_report_usage (&pas2vas_cache, _("“%s” is neither list nor clear"), options.arguments[0]);
  return PAS2VAS_USAGE;
}

const Pas2vasCommand pas2vas_cache = {
  .name = "cache",
  .arguments = N_("list|clear"),
  .n_min_arguments = 1,
  .n_max_arguments = 1,
  .summary = N_("List or remove the indices that are kept on disk"),
  .run = run,
};
