/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* How a session comes to its index: from the cache or by building it; and what it tells about
 * that. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "p2v-session-private.h"

#include "image/p2v-image-private.h"
#include "index/p2v-builder.h"
#include "os/p2v-system-private.h"

/* All kept indices together. One of a machine with 6 GiB and 200 processes has 80 MiB. */
#define MAX_CACHE_BYTES ((guint64) 8 << 30)

/* Address spaces whose gaps are told one by one; of more, only the number is told. */
#define MAX_SPACES_TOLD 10

static void
append_sentence (GString *text,
                 char    *sentence)
{
  g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", sentence);
  g_free (sentence);
}

/* (transfer full): what the walk had to pass over. */
static char *
dup_gaps (const P2vWalkReport *report)
{
  GString *text = g_string_new (NULL);

  if (report->root_missing)
    append_sentence (text,
                     g_strdup (_("Its root is not in the image, so nothing of it is known.")));
  else if (report->n_missing_tables > 0)
    append_sentence (
      text, g_strdup_printf (
              g_dngettext (GETTEXT_PACKAGE,
                           "%u page table is not in the image (the first at 0x%" PRIx64
                           "); what it maps is not known.",
                           "%u page tables are not in the image (the first at 0x%" PRIx64
                           "); what they map is not known.",
                           report->n_missing_tables),
              report->n_missing_tables, report->first_missing_pa));
  if (report->n_looped_tables > 0)
    append_sentence (
      text, g_strdup_printf (
              g_dngettext (GETTEXT_PACKAGE,
                           "%u page table leads back to one above it and was passed over.",
                           "%u page tables lead back to tables above them and were passed over.",
                           report->n_looped_tables),
              report->n_looped_tables));
  if (report->n_malformed_entries > 0)
    append_sentence (
      text,
      g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                    "%u entry has reserved bits set and was passed over.",
                                    "%u entries have reserved bits set and were passed over.",
                                    report->n_malformed_entries),
                       report->n_malformed_entries));
  if (report->n_indirect_entries > 0)
    append_sentence (
      text,
      g_strdup_printf (
        g_dngettext (
          GETTEXT_PACKAGE,
          "%u entry that names its page by a detour was not looked up: there are too many.",
          "%u entries that name their page by a detour were not looked up: there are too many.",
          report->n_indirect_entries),
        report->n_indirect_entries));
  if (report->too_many_tables)
    append_sentence (text, g_strdup (_("It has more page tables than the image has frames; the "
                                       "rest was passed over.")));
  return g_string_free (text, FALSE);
}

static char *
dup_space_diagnostic (P2vAddressSpace     *space,
                      const P2vWalkReport *report)
{
  g_autofree char *label = p2v_process_dup_label (p2v_address_space_get_owner (space, 0));
  g_autofree char *gaps = dup_gaps (report);
  P2vPhysAddr root_pa = p2v_address_space_get_root_pa (space);

  if (p2v_address_space_is_kernel (space))
    /* Translators: physical address of its topmost page table, sentences. */
    return g_strdup_printf (_("Address space of the kernel, root 0x%" PRIx64 ": %s"), root_pa,
                            gaps);
  /* Translators: name and id of a process, address of its topmost page table, sentences. */
  return g_strdup_printf (_("Address space of %s, root 0x%" PRIx64 ": %s"), label, root_pa, gaps);
}

/* (transfer full) (nullable): entries that could not be answered, of all @n_spaces together. */
static char *
dup_unknown_entries (const P2vWalkReport *reports,
                     guint                n_spaces)
{
  guint64 n_unknown = 0;

  for (guint i = 0; i < n_spaces; i++)
    n_unknown += reports[i].n_placeholders[P2V_PLACEHOLDER_UNKNOWN];
  if (n_unknown == 0)
    return NULL;
  return g_strdup_printf (
    g_dngettext (GETTEXT_PACKAGE,
                 "%" PRIu64 " entry of page tables may stand for a page in memory (one that also "
                 "has a place in a swap file, is being moved, or is broken), but the system’s "
                 "records of frames, which would tell, were not found or say otherwise: it is "
                 "counted, not answered. The symbols of this system (--symbols) may help; vtop "
                 "shows the entry",
                 "%" PRIu64 " entries of page tables may stand for pages in memory (such as also "
                 "have a place in a swap file, are being moved, or are broken), but the system’s "
                 "records of frames, which would tell, were not found or say otherwise: they are "
                 "counted, not answered. The symbols of this system (--symbols) may help; vtop "
                 "shows the entries",
                 (gulong) n_unknown),
    n_unknown);
}

GPtrArray *
p2v_session_dup_walk_diagnostics (P2vSystem           *system,
                                  const P2vWalkReport *reports)
{
  GPtrArray *diagnostics = g_ptr_array_new_with_free_func (g_free);
  guint n_told = 0, n_spaces = 0;

  for (guint i = 0; i < p2v_system_get_n_spaces (system); i++)
    {
      if (p2v_walk_report_is_whole (&reports[i]) || n_spaces++ >= MAX_SPACES_TOLD)
        continue;
      n_told++;
      g_ptr_array_add (diagnostics,
                       dup_space_diagnostic (p2v_system_get_space (system, i), &reports[i]));
    }
  if (n_spaces > n_told)
    g_ptr_array_add (diagnostics, g_strdup_printf (
                                    g_dngettext (GETTEXT_PACKAGE,
                                                 "%u more address space has such gaps",
                                                 "%u more address spaces have such gaps",
                                                 n_spaces - n_told),
                                    n_spaces - n_told));
  char *unknown = dup_unknown_entries (reports, p2v_system_get_n_spaces (system));
  if (unknown != NULL)
    g_ptr_array_add (diagnostics, unknown);
  return diagnostics;
}

static P2vIndexStatistics
compute_statistics (P2vSystem            *system,
                    P2vReverseMap        *map,
                    const P2vBuildReport *report)
{
  P2vIndexStatistics statistics = { .n_spaces = p2v_system_get_n_spaces (system),
                                    .n_tables = map->tables->len,
                                    .n_mappings = p2v_reverse_map_get_n_mappings (map),
                                    .index_bytes = p2v_reverse_map_get_size (map),
                                    .seconds_planning = report->seconds_planning,
                                    .seconds_counting = report->seconds_counting,
                                    .seconds_sorting = report->seconds_sorting };

  for (guint i = 0; i < statistics.n_spaces; i++)
    {
      const P2vWalkReport *space = &report->spaces[i];
      if (p2v_walk_report_is_whole (space))
        statistics.n_spaces_walked++;
      statistics.n_swapped += space->n_placeholders[P2V_PLACEHOLDER_SWAPPED];
      statistics.n_markers += space->n_placeholders[P2V_PLACEHOLDER_MARKER];
      statistics.n_on_devices += space->n_placeholders[P2V_PLACEHOLDER_DEVICE];
      statistics.n_unknown += space->n_placeholders[P2V_PLACEHOLDER_UNKNOWN];
    }
  return statistics;
}

static gboolean
check_n_spaces (P2vSystem  *system,
                GError    **error)
{
  if (p2v_system_get_n_spaces (system) <= P2V_INDEX_MAX_SPACES)
    return TRUE;
  g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
               _("The system has %u address spaces; at most %u can be indexed"),
               p2v_system_get_n_spaces (system), P2V_INDEX_MAX_SPACES);
  return FALSE;
}

/* All that one way to an index has to give. */
typedef struct
{
  P2vReverseMap  *map;
  P2vBuildReport  report;
  gboolean        from_cache;
  double          seconds_storing;
  char           *store_note;          /* what went wrong with the cache, or NULL */
} Result;

static void
result_clear (Result *result)
{
  g_clear_pointer (&result->map, p2v_reverse_map_unref);
  p2v_build_report_clear (&result->report);
  g_clear_pointer (&result->store_note, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

static double
seconds_since (gint64 start_us)
{
  return (double) (g_get_monotonic_time () - start_us) / G_USEC_PER_SEC;
}

static void
load_index (P2vSession            *self,
            const P2vStoreSubject *subject,
            Result                *result)
{
  g_autofree char *reason = NULL;
  gint64 start_us = g_get_monotonic_time ();

  result->map
    = p2v_store_load (self->store, subject, self->wanted_pfns, &result->report, &reason);
  result->seconds_storing += seconds_since (start_us);
  result->from_cache = result->map != NULL;
  if (reason != NULL)
    result->store_note =
      g_strdup_printf (_("The kept index of this image was not used, but built anew: %s"), reason);
}

static void
save_index (P2vSession            *self,
            const P2vStoreSubject *subject,
            Result                *result)
{
  g_autoptr (GError) error = NULL;
  gint64 start_us = g_get_monotonic_time ();
  gboolean ok = p2v_store_save (self->store, subject, result->map, &result->report,
                                MAX_CACHE_BYTES, &error);

  result->seconds_storing += seconds_since (start_us);
  if (ok)
    return;
  g_free (result->store_note);
  result->store_note =
    g_strdup_printf (_("The index could not be kept for the next time: %s"), error->message);
}

static gboolean
build_index (P2vSession             *self,
             const P2vStoreSubject  *subject,
             P2vSystem              *system,
             P2vWatch               *watch,
             Result                 *result,
             GCancellable           *cancellable,
             GError                **error)
{
  P2vBuildRequest request = { .tables = p2v_system_get_page_tables (system),
                              .roots = subject->roots,
                              .n_roots = subject->n_roots,
                              .n_user_spaces = p2v_system_get_n_user_spaces (system),
                              .watch = watch,
                              .meter = &self->meter,
                              .planning = P2V_ACTIVITY_PLANNING,
                              .counting = P2V_ACTIVITY_COUNTING,
                              .sorting = P2V_ACTIVITY_SORTING };

  result->map = p2v_builder_run (&request, &result->report, cancellable, error);
  return result->map != NULL;
}

static void
publish (P2vSession *self,
         P2vSystem  *system,
         Result     *result)
{
  g_mutex_lock (&self->lock);
  p2v_session_clear_index (self);
  self->statistics = compute_statistics (system, result->map, &result->report);
  self->statistics.from_cache = result->from_cache;
  self->statistics.seconds_storing = result->seconds_storing;
  self->walk_diagnostics = p2v_session_dup_walk_diagnostics (system, result->report.spaces);
  if (result->store_note != NULL)
    g_ptr_array_add (self->walk_diagnostics, g_steal_pointer (&result->store_note));
  self->map = g_steal_pointer (&result->map);
  g_mutex_unlock (&self->lock);
}

gboolean
p2v_session_make_index (P2vSession    *self,
                        P2vWatch      *watch,
                        GCancellable  *cancellable,
                        GError       **error)
{
  g_autoptr (P2vSystem) system = p2v_session_dup_system (self);
  const P2vPageTables *tables = p2v_system_get_page_tables (system);
  g_auto (Result) result = { 0 };

  if (!check_n_spaces (system, error))
    return FALSE;
  guint n_spaces = p2v_system_get_n_spaces (system);
  g_autofree P2vPagingRoot *roots = g_new (P2vPagingRoot, MAX (n_spaces, 1));
  for (guint i = 0; i < n_spaces; i++)
    roots[i] = *p2v_address_space_get_root (p2v_system_get_space (system, i));
  P2vStoreSubject subject = { .image = tables->image,
                              .roots = roots,
                              .n_roots = n_spaces,
                              .n_levels = tables->form->n_levels,
                              .system_hint = p2v_system_get_hint (system) };

  gboolean may_keep = self->store != NULL && p2v_image_get_identity (tables->image) != NULL;
  if (may_keep)
    load_index (self, &subject, &result);
  else if (self->store != NULL)
    result.store_note
      = g_strdup (_("The index is not kept for the next time: the image is on a disk and no file, "
                    "and a disk does not tell whether it was written to since"));
  if (result.map == NULL
      && !build_index (self, &subject, system, watch, &result, cancellable, error))
    return FALSE;
  if (may_keep && !result.from_cache)
    save_index (self, &subject, &result);
  publish (self, system, &result);
  return TRUE;
}
