/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What processes share, as rows and in plain words: the same in a terminal and in a window. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "p2v-session-private.h"
#include "p2v-sharing-export.h"

/* Origins of a pair's pages in a table; CSV and JSON have all that are known. */
#define TABLE_PARTS 3

/* Also for processes with one address space, in every language: a script looks for it. */
#define SAME_SPACE "same address space"

static const P2vColumn pair_columns[] = {
  { "pid_a", N_("Pid"), P2V_CELL_DECIMAL, 6 },
  { "name_a", N_("Name"), P2V_CELL_TEXT, 15 },
  { "pid_b", N_("Pid"), P2V_CELL_DECIMAL, 6 },
  { "name_b", N_("Name"), P2V_CELL_TEXT, 15 },
  { "pages", N_("Pages"), P2V_CELL_DECIMAL, 7 },
  { "bytes", N_("Bytes"), P2V_CELL_DECIMAL, 10 },
  /* Translators: headings: pages that both processes may write; that one may write and the other
   * execute. */
  { "writable_by_both", N_("Both write"), P2V_CELL_DECIMAL, 0 },
  { "writable_and_executable", N_("Write, execute"), P2V_CELL_DECIMAL, 0 },
  { "what", N_("What"), P2V_CELL_TEXT, 0 },
};

static const P2vColumn range_columns[] = {
  { "pid_a", N_("Pid"), P2V_CELL_DECIMAL, 6 },
  { "name_a", N_("Name"), P2V_CELL_TEXT, 15 },
  { "virtual_a", N_("Virtual"), P2V_CELL_HEX, 14 },
  { "rights_a", N_("Rights"), P2V_CELL_TEXT, 0 },
  { "pid_b", N_("Pid"), P2V_CELL_DECIMAL, 6 },
  { "name_b", N_("Name"), P2V_CELL_TEXT, 15 },
  { "virtual_b", N_("Virtual"), P2V_CELL_HEX, 14 },
  { "rights_b", N_("Rights"), P2V_CELL_TEXT, 0 },
  { "length", N_("Bytes"), P2V_CELL_DECIMAL, 10 },
  { "what", N_("What"), P2V_CELL_TEXT, 0 },
};

typedef struct
{
  P2vSharing   *sharing;
  P2vSystem    *system;
  P2vFilter    *filter;        /* or NULL */
  P2vExport    *export;
  GCancellable *cancellable;
  gboolean      is_table;
  gboolean      with_ranges;
  guint64       n_rows;
} Writer;

static gboolean
matches (const Writer *self,
         P2vProcess   *process)
{
  return self->filter == NULL || p2v_filter_matches (self->filter, process);
}

/* The owner that stands for an address space: the first that was asked for. */
static P2vProcess *
get_owner (Writer          *self,
           P2vAddressSpace *space)
{
  for (guint i = 0; i < p2v_address_space_get_n_owners (space); i++)
    if (matches (self, p2v_address_space_get_owner (space, i)))
      return p2v_address_space_get_owner (space, i);
  return p2v_address_space_get_owner (space, 0);
}

static void
add_process (Writer     *self,
             P2vProcess *process)
{
  p2v_export_add_pid (self->export, process);
  p2v_export_add_text (self->export, p2v_process_get_name (process));
}

static void
add_parts (Writer              *self,
           guint                position,
           const P2vSharedPair *pair)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean is_table = self->is_table;
  guint n_parts = is_table ? MIN (pair->n_parts, TABLE_PARTS) : pair->n_parts;

  for (guint i = 0; i < n_parts; i++)
    {
      guint64 n_pages;
      const char *name = p2v_sharing_get_part (self->sharing, position, i, &n_pages);

      g_string_append_printf (text, "%s%s (%" PRIu64 ")", i > 0 ? ", " : "", name, n_pages);
    }
  if (n_parts < pair->n_parts)
    g_string_append (text, ", …");
  p2v_export_add_text (self->export, text->str);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
add_pair (Writer               *self,
          guint                 position,
          const P2vSharedPair  *pair,
          GError              **error)
{
  self->n_rows++;
  add_process (self, get_owner (self, pair->a));
  add_process (self, get_owner (self, pair->b));
  p2v_export_add_number (self->export, pair->n_pages);
  p2v_export_add_number (self->export, pair->n_pages * P2V_FRAME_SIZE);
  p2v_export_add_number (self->export, pair->n_writable);
  p2v_export_add_number (self->export, pair->n_executable);
  add_parts (self, position, pair);
  return p2v_export_end_row (self->export, self->cancellable, error);
}

static void
add_rights (Writer    *self,
            P2vRights  rights)
{
  g_autofree char *text = p2v_rights_to_string (rights);

  p2v_export_add_text (self->export, text);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
add_ranges (Writer               *self,
            guint                 position,
            const P2vSharedPair  *pair,
            GError              **error)
{
  g_autoptr (GArray) ranges = p2v_sharing_dup_ranges (self->sharing, position);

  for (guint i = 0; i < ranges->len; i++)
    {
      const P2vSharedRange *range = &g_array_index (ranges, P2vSharedRange, i);

      self->n_rows++;
      add_process (self, get_owner (self, pair->a));
      p2v_export_add_number (self->export, range->a_va);
      add_rights (self, range->a_rights);
      add_process (self, get_owner (self, pair->b));
      p2v_export_add_number (self->export, range->b_va);
      add_rights (self, range->b_rights);
      p2v_export_add_number (self->export, range->length_bytes);
      p2v_export_add_text (self->export, range->what);
      if (!p2v_export_end_row (self->export, self->cancellable, error))
        return FALSE;
    }
  return TRUE;
}

/* What stands in the rows between both processes and the last cell: nothing is counted. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
add_same_space (Writer      *self,
                P2vProcess  *a,
                P2vProcess  *b,
                GError     **error)
{
  guint n_empty = self->with_ranges ? 2 : 0;

  self->n_rows++;
  add_process (self, a);
  for (guint i = 0; i < n_empty; i++)
    p2v_export_add_nothing (self->export);
  add_process (self, b);
  for (guint i = 0; i < (n_empty > 0 ? n_empty + 1 : 4); i++)
    p2v_export_add_nothing (self->export);
  p2v_export_add_text (self->export, SAME_SPACE);
  return p2v_export_end_row (self->export, self->cancellable, error);
}

/* Each further owner of an address space in a row with the first. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
add_same_spaces (Writer  *self,
                 GError **error)
{
  for (guint i = 0; i < p2v_system_get_n_spaces (self->system); i++)
    {
      P2vAddressSpace *space = p2v_system_get_space (self->system, i);
      P2vProcess *first = get_owner (self, space);

      if (!matches (self, first))
        continue;
      for (guint j = 0; j < p2v_address_space_get_n_owners (space); j++)
        {
          P2vProcess *owner = p2v_address_space_get_owner (space, j);

          if (owner != first && !add_same_space (self, first, owner, error))
            return FALSE;
        }
    }
  return TRUE;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
add_pairs (Writer  *self,
           GError **error)
{
  for (guint i = 0; i < p2v_sharing_get_n_pairs (self->sharing); i++)
    {
      P2vSharedPair pair;

      p2v_sharing_get_pair (self->sharing, i, &pair);
      if (!(self->with_ranges ? add_ranges (self, i, &pair, error)
                              : add_pair (self, i, &pair, error)))
        return FALSE;
    }
  return TRUE;
}

/**
 * p2v_sharing_export:
 * @self: a sharing
 * @session: the session it was made from
 * @filter: (nullable): the filter it was made with
 * @with_ranges: a row for each range of each pair, not one for each pair
 * @format: how to write
 * @stream: where to
 * @ret_n_rows: (out) (optional): how many rows were written
 * @cancellable: (nullable): cancels it
 * @error: return location for an error
 *
 * Writes what is shared, and before that the processes that have one address space.
 *
 * Fails with %P2V_QUERY_ERROR_NOT_READY if @session has no system any more, or with what @stream
 * says.
 *
 * Returns: %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
p2v_sharing_export (P2vSharing       *self,
                    P2vSession       *session,
                    P2vFilter        *filter,
                    gboolean          with_ranges,
                    P2vExportFormat   format,
                    GOutputStream    *stream,
                    guint64          *ret_n_rows,
                    GCancellable     *cancellable,
                    GError          **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (P2V_IS_SESSION (session), FALSE);
  g_autoptr (P2vSystem) system = p2v_session_dup_required_system (session, error);

  if (system == NULL)
    return FALSE;
  g_autoptr (P2vExport) export =
    with_ranges ? p2v_export_new (stream, format, range_columns, G_N_ELEMENTS (range_columns))
                : p2v_export_new (stream, format, pair_columns, G_N_ELEMENTS (pair_columns));
  Writer writer = { .sharing = self,
                    .system = system,
                    .filter = filter,
                    .export = export,
                    .cancellable = cancellable,
                    .is_table = format == P2V_EXPORT_TABLE,
                    .with_ranges = with_ranges };

  gboolean ok = add_same_spaces (&writer, error) && add_pairs (&writer, error) &&
                p2v_export_finish (export, cancellable, error);
  if (ret_n_rows != NULL)
    *ret_n_rows = writer.n_rows;
  return ok;
}

static char *
dup_writable_sentence (const P2vSharingSummary *summary,
                       gboolean                 filtered)
{
  if (summary->n_writable_frames == 0)
    return g_strdup (filtered
                       ? _("Of these processes no two share writable memory outside files.")
                       : _("No two processes share writable memory outside files."));

  g_autofree char *pages =
    g_strdup_printf (ngettext ("%" PRIu64 " page", "%" PRIu64 " pages",
                                  (gulong) summary->n_writable_frames),
                     summary->n_writable_frames);
  /* Translators: "11 processes share 1204 pages of writable memory outside files." */
  return g_strdup_printf (ngettext (
                                       "%u process shares %s of writable memory outside files.",
                                       "%u processes share %s of writable memory outside files.",
                                       summary->n_writers),
                          summary->n_writers, pages);
}

static char *
dup_classes_sentence (const P2vSharingSummary *summary)
{
  const guint64 *n = summary->n_frames;

  return g_strdup_printf (_("Pages that one process has: %" PRIu64 "; two: %" PRIu64
                            "; three to nine: %" PRIu64 "; ten or more: %" PRIu64 "."),
                          n[P2V_SHARING_ONE], n[P2V_SHARING_TWO], n[P2V_SHARING_FEW],
                          n[P2V_SHARING_MANY]);
}

/**
 * p2v_sharing_dup_sentences:
 * @self: a sharing
 * @is_filtered: whether it was made with a filter
 *
 * Says in plain words what there is: how much writable memory is shared, how many pages have how
 * many owners, and what is in no row.
 *
 * Returns: (transfer full) (array zero-terminated=1): sentences, translated
 *
 * Since: 1.0
 */
char **
p2v_sharing_dup_sentences (P2vSharing *self,
                           gboolean    is_filtered)
{
  GPtrArray *sentences = g_ptr_array_new ();
  P2vSharingSummary summary;

  g_return_val_if_fail (self != NULL, NULL);
  p2v_sharing_get_summary (self, &summary);
  g_ptr_array_add (sentences, dup_writable_sentence (&summary, is_filtered));
  if (!is_filtered)
    g_ptr_array_add (sentences, dup_classes_sentence (&summary));
  if (summary.n_crowded_frames > 0)
    g_ptr_array_add (sentences,
                     g_strdup_printf (_("Pages by more than %u address spaces, which are in no "
                                        "row: %" PRIu64 "."),
                                      P2V_SHARING_MAX_SPACES, summary.n_crowded_frames));
  if (summary.n_left_out_pages > 0)
    g_ptr_array_add (sentences,
                     g_strdup_printf (_("There are more pairs than can be told; pages left out: %"
                                        PRIu64 "."),
                                      summary.n_left_out_pages));
  g_ptr_array_add (sentences, NULL);
  return (char **) g_ptr_array_free (sentences, FALSE);
}
