/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas shared: the memory that processes share. */

#include "config.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "pas2vas-command.h"
#include "pas2vas-filter.h"
#include "pas2vas-options.h"
#include "pas2vas-report.h"
#include "pas2vas-run.h"

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
  Pas2vasOptions  options;
  Pas2vasFilter   filter_options;
  P2vFilter      *filter;
  P2vSession     *session;
  P2vSystem      *system;
  P2vSharing     *sharing;
  P2vExport      *export;
  guint64         n_rows;
} Shared;

static void
shared_clear (Shared *self)
{
  pas2vas_options_clear (&self->options);
  pas2vas_filter_clear (&self->filter_options);
  g_clear_pointer (&self->export, p2v_export_free);
  g_clear_pointer (&self->sharing, p2v_sharing_free);
  g_clear_object (&self->filter);
  g_clear_object (&self->system);
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
  self->filter = pas2vas_filter_make (&self->filter_options, &pas2vas_shared);
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

/* The owner that stands for an address space: the first that was asked for. */
static P2vProcess *
get_owner (Shared          *self,
           P2vAddressSpace *space)
{
  for (guint i = 0; i < p2v_address_space_get_n_owners (space); i++)
    if (p2v_filter_matches (self->filter, p2v_address_space_get_owner (space, i)))
      return p2v_address_space_get_owner (space, i);
  return p2v_address_space_get_owner (space, 0);
}

static void
add_process (Shared     *self,
             P2vProcess *process)
{
  p2v_export_add_signed (self->export, p2v_process_get_pid (process));
  p2v_export_add_text (self->export, p2v_process_get_name (process));
}

static void
add_parts (Shared              *self,
           guint                position,
           const P2vSharedPair *pair)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean is_table = self->options.format == P2V_EXPORT_TABLE;
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
add_pair (Shared               *self,
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
  return p2v_export_end_row (self->export, NULL, error);
}

static void
add_rights (Shared    *self,
            P2vRights  rights)
{
  g_autofree char *text = p2v_rights_to_string (rights);

  p2v_export_add_text (self->export, text);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
add_ranges (Shared               *self,
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
      if (!p2v_export_end_row (self->export, NULL, error))
        return FALSE;
    }
  return TRUE;
}

/* What stands in the rows between both processes and the last cell: nothing is counted. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
add_same_space (Shared      *self,
                P2vProcess  *a,
                P2vProcess  *b,
                GError     **error)
{
  guint n_empty = shows_ranges (self) ? 2 : 0;

  self->n_rows++;
  add_process (self, a);
  for (guint i = 0; i < n_empty; i++)
    p2v_export_add_nothing (self->export);
  add_process (self, b);
  for (guint i = 0; i < (n_empty > 0 ? n_empty + 1 : 4); i++)
    p2v_export_add_nothing (self->export);
  p2v_export_add_text (self->export, SAME_SPACE);
  return p2v_export_end_row (self->export, NULL, error);
}

/* Each further owner of an address space in a row with the first. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
add_same_spaces (Shared  *self,
                 GError **error)
{
  for (guint i = 0; i < p2v_system_get_n_spaces (self->system); i++)
    {
      P2vAddressSpace *space = p2v_system_get_space (self->system, i);
      P2vProcess *first = get_owner (self, space);

      if (!p2v_filter_matches (self->filter, first))
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
add_pairs (Shared  *self,
           GError **error)
{
  gboolean ranges = shows_ranges (self);

  for (guint i = 0; i < p2v_sharing_get_n_pairs (self->sharing); i++)
    {
      P2vSharedPair pair;

      p2v_sharing_get_pair (self->sharing, i, &pair);
      if (!(ranges ? add_ranges (self, i, &pair, error) : add_pair (self, i, &pair, error)))
        return FALSE;
    }
  return TRUE;
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
    g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%" PRIu64 " page", "%" PRIu64 " pages",
                                  (gulong) summary->n_writable_frames),
                     summary->n_writable_frames);
  /* Translators: "11 processes share 1204 pages of writable memory outside files." */
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
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

/* (element-type utf8): what to say before the rows, in plain words. */
static GPtrArray *
dup_sentences (Shared *self)
{
  GPtrArray *sentences = g_ptr_array_new_with_free_func (g_free);
  P2vSharingSummary summary;

  p2v_sharing_get_summary (self->sharing, &summary);
  g_ptr_array_add (sentences, dup_writable_sentence (&summary, is_filtered (self)));
  if (!is_filtered (self))
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
  return sentences;
}

/* The sentences come first: before a table, or on standard error where rows are for a program. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
print_sentences (Shared         *self,
                 GOutputStream  *output,
                 GError        **error)
{
  g_autoptr (GPtrArray) sentences = dup_sentences (self);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < sentences->len; i++)
    if (self->options.format == P2V_EXPORT_TABLE)
      g_string_append_printf (text, "%s\n", (const char *) g_ptr_array_index (sentences, i));
    else if (!self->options.quiet)
      pas2vas_note ("%s", (const char *) g_ptr_array_index (sentences, i));
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

  self->sharing =
    p2v_sharing_new (session, is_filtered (self) ? self->filter : NULL, NULL, error);
  if (self->sharing == NULL || !print_sentences (self, output, error))
    return FALSE;
  self->export = shows_ranges (self)
                   ? p2v_export_new (output, self->options.format, range_columns,
                                     G_N_ELEMENTS (range_columns))
                   : p2v_export_new (output, self->options.format, pair_columns,
                                     G_N_ELEMENTS (pair_columns));
  return add_same_spaces (self, error) && add_pairs (self, error)
         && p2v_export_finish (self->export, NULL, error);
}

static Pas2vasStatus
answer (Shared *self)
{
  gboolean quiet = self->options.quiet;
  g_autoptr (GError) error = NULL;

  self->session = pas2vas_run_open (&self->options, P2V_STAGE_SYSTEM);
  if (self->session == NULL)
    return PAS2VAS_UNREADABLE;

  Pas2vasStatus status =
    pas2vas_filter_complete (&self->filter_options, &pas2vas_shared, self->filter, self->session);
  if (status != PAS2VAS_ANSWERED)
    return status;

  self->system = p2v_session_dup_system (self->session);
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
