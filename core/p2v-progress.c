/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "p2v-session.h"

/**
 * p2v_progress_dup_text:
 * @progress: a snapshot
 *
 * Says in a line what is being done and how far it is.
 *
 * Returns: (transfer full): translated text, empty if nothing is being done
 */
char *
p2v_progress_dup_text (const P2vProgress *progress)
{
  g_return_val_if_fail (progress != NULL, NULL);

  switch (progress->activity)
    {
    case P2V_ACTIVITY_OPENING:
      return g_strdup (_("Opening the image"));
    case P2V_ACTIVITY_SEARCHING:
      return g_strdup_printf (_("Searching for an operating system: %" PRIu64
                                 " of %" PRIu64 " MiB"),
                              progress->done >> 20, progress->total >> 20);
    case P2V_ACTIVITY_READING_SYSTEM:
      return g_strdup (_("Reading processes"));
    case P2V_ACTIVITY_SCANNING:
      return g_strdup_printf (_("Searching memory for processes: %" PRIu64 " of %" PRIu64 " MiB"),
                              progress->done >> 20, progress->total >> 20);
    case P2V_ACTIVITY_PLANNING:
      return g_strdup_printf (
          _("Planning the walk: %" PRIu64 " of %" PRIu64 " page tables"),
          progress->done, progress->total);
    case P2V_ACTIVITY_COUNTING:
      return g_strdup_printf (_("Walking page tables: %" PRIu64 " of %" PRIu64
                                ", %" PRIu64 " mappings"),
                              progress->done, progress->total, progress->n_mappings);
    case P2V_ACTIVITY_SORTING:
      return g_strdup_printf (_("Sorting %" PRIu64 " mappings: %" PRIu64
                                 " of %" PRIu64 " page tables"),
                              progress->n_mappings, progress->done, progress->total);
    case P2V_ACTIVITY_NONE:
    default:
      return g_strdup ("");
    }
}
