/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas frames: what each frame of the image is used for, mapped or not. */

#include "config.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "pas2vas-command.h"
#include "pas2vas-options.h"
#include "pas2vas-report.h"
#include "pas2vas-run.h"

static const P2vColumn columns[] = {
  { "physical", N_("Physical"), P2V_CELL_HEX, 14 },
  { "length", N_("Length"), P2V_CELL_HEX, 10 },
  { "kind", N_("Kind"), P2V_CELL_TEXT, 12 },
  { "mappings", N_("Mappings"), P2V_CELL_DECIMAL, 0 },
  { "expected", N_("Expected"), P2V_CELL_DECIMAL, 0 },
  { "references", NULL, P2V_CELL_DECIMAL, 0 },
  { "flags", NULL, P2V_CELL_TEXT, 0 },
  { "pid", N_("Pid"), P2V_CELL_DECIMAL, 6 },
  { "name", NULL, P2V_CELL_TEXT, 0 },
  { "offset", NULL, P2V_CELL_HEX, 0 },
  { "virtual", NULL, P2V_CELL_HEX, 0 },
  { "record", NULL, P2V_CELL_HEX, 0 },
  { "description", N_("Description"), P2V_CELL_TEXT, 0 },
};

static const P2vColumn summary_columns[] = {
  { "kind", N_("Kind"), P2V_CELL_TEXT, 16 },
  { "frames", N_("Frames"), P2V_CELL_DECIMAL, 10 },
  { "bytes", N_("Bytes"), P2V_CELL_DECIMAL, 14 },
  { "mapped", N_("Mapped"), P2V_CELL_DECIMAL, 10 },
  { "disagreeing", N_("Disagreeing"), P2V_CELL_DECIMAL, 0 },
  { "description", N_("Description"), P2V_CELL_TEXT, 0 },
};

typedef struct
{
  guint64 n_frames;
  guint64 n_mapped;
  guint64 n_disagreeing;
} Total;

typedef struct
{
  Pas2vasOptions   options;
  char            *start_text;
  char            *end_text;
  char           **kind_ids;
  gboolean         each;
  gboolean         only_disagreeing;
  gboolean         summary;

  P2vPhysAddr      start_pa;
  P2vPhysAddr      last_pa;
  gboolean         kinds[P2V_FRAME_N_KINDS]; /* that are shown */
  P2vFrameReader  *reader;
  P2vExport       *export;
  P2vFrame        *run;        /* its first frame; NULL: none yet */
  guint64          n_run;      /* frames */
  Total            totals[P2V_FRAME_N_KINDS];
  guint64          n_compared; /* frames of which both counts are known, and one is not 0 */
  guint64          n_shown;
  gsize            n_done;     /* atomic */
} Frames;

static void
frames_clear (Frames *self)
{
  pas2vas_options_clear (&self->options);
  g_free (self->start_text);
  g_free (self->end_text);
  g_strfreev (self->kind_ids);
  g_clear_pointer (&self->run, p2v_frame_free);
  g_clear_pointer (&self->export, p2v_export_free);
  g_clear_pointer (&self->reader, p2v_frame_reader_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Frames, frames_clear)

static gboolean
report_kind (const char *id)
{
  g_autoptr (GString) ids = g_string_new (NULL);

  for (guint i = 0; i < P2V_FRAME_N_KINDS; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? ", " : "",
                            p2v_frame_kind_get_id ((P2vFrameKind) i));
  pas2vas_report_usage (&pas2vas_frames, _("“%s” is not a kind of frame; there are %s"), id,
                        ids->str);
  return FALSE;
}

static gboolean
parse_kinds (Frames *self)
{
  for (guint i = 0; i < P2V_FRAME_N_KINDS; i++)
    self->kinds[i] = self->kind_ids == NULL;
  for (char **ids = self->kind_ids; ids != NULL && *ids != NULL; ids++)
    {
      g_auto (GStrv) parts = g_strsplit (*ids, ",", -1);

      for (char **id = parts; *id != NULL; id++)
        {
          P2vFrameKind kind;

          if (!p2v_frame_kind_from_id (*id, &kind))
            return report_kind (*id);
          self->kinds[kind] = TRUE;
        }
    }
  return TRUE;
}

static gboolean
parse_range (Frames *self)
{
  guint64 end = 0;

  self->last_pa = G_MAXUINT64;
  if ((self->start_text != NULL
       && !pas2vas_parse_address (&pas2vas_frames, self->start_text, &self->start_pa))
      || (self->end_text != NULL && !pas2vas_parse_address (&pas2vas_frames, self->end_text, &end)))
    return FALSE;
  if (self->end_text == NULL)
    return TRUE;
  if (end <= self->start_pa)
    {
      pas2vas_report_usage (&pas2vas_frames, _("the end is not behind the start"));
      return FALSE;
    }
  self->last_pa = end - 1;
  return TRUE;
}

static gboolean
parse (Frames  *self,
       char   **argv)
{
  const GOptionEntry entries[] = {
    { "start", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &self->start_text,
      N_("Begin with the frame of this physical address"), N_("ADDRESS") },
    { "end", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &self->end_text,
      N_("Stop before this physical address"), N_("ADDRESS") },
    { "kind", 'k', G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING_ARRAY, &self->kind_ids,
      N_("Show only frames of these kinds, with commas between; may be repeated"), N_("KIND") },
    { "each", 'e', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &self->each,
      N_("A row for each frame; else similar frames in succession share one"), NULL },
    { "disagreeing", 'd', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &self->only_disagreeing,
      N_("Show only frames of which the system counts other mappings than were found"), NULL },
    { "summary", 's', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &self->summary,
      N_("Show how many frames there are of each kind"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  return pas2vas_options_parse (&self->options, &pas2vas_frames, entries, argv)
         && parse_kinds (self) && parse_range (self);
}

static void
add_count (P2vExport *export,
           gint64     count)
{
  if (count >= 0)
    p2v_export_add_signed (export, count);
  else
    p2v_export_add_nothing (export);
}

static void
add_known (P2vExport *export,
           gboolean   is_known,
           guint64    number)
{
  if (is_known)
    p2v_export_add_number (export, number);
  else
    p2v_export_add_nothing (export);
}

/* Writes the run and forgets it. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
end_run (Frames  *self,
         GError **error)
{
  g_autoptr (P2vFrame) frame = g_steal_pointer (&self->run);

  if (frame == NULL)
    return TRUE;

  g_autofree char *flags = p2v_frame_flags_dup_text (frame->flags);
  p2v_export_add_number (self->export, frame->pa);
  p2v_export_add_number (self->export, self->n_run * P2V_FRAME_SIZE);
  p2v_export_add_text (self->export, p2v_frame_kind_get_id (frame->kind));
  add_count (self->export, frame->n_found);
  add_count (self->export, frame->n_expected);
  add_count (self->export, frame->n_references);
  p2v_export_add_text (self->export, flags);
  if (frame->process != NULL)
    p2v_export_add_signed (self->export, p2v_process_get_pid (frame->process));
  else
    p2v_export_add_nothing (self->export);
  if (frame->name != NULL)
    p2v_export_add_text (self->export, frame->name);
  else
    p2v_export_add_nothing (self->export);
  add_known (self->export, frame->has_offset, frame->offset_bytes);
  add_known (self->export, frame->has_va, frame->va);
  add_known (self->export, frame->record_va != 0, frame->record_va);
  p2v_export_add_text (self->export, frame->detail);
  self->n_shown++;
  return p2v_export_end_row (self->export, NULL, error);
}

/* Whether what a table does not show is the same. */
static gboolean
is_same_record (const P2vFrame *a,
                const P2vFrame *b)
{
  return a->flags == b->flags && a->n_references == b->n_references;
}

/* Whether the frame continues the run: the same in everything that is shown, or the next page of
 * the same thing. */
static gboolean
continues (const Frames   *self,
           const P2vFrame *frame)
{
  const P2vFrame *first = self->run;

  if (self->each || first == NULL || frame->pa != first->pa + self->n_run * P2V_FRAME_SIZE
      || frame->kind != first->kind || frame->n_found != first->n_found
      || frame->n_expected != first->n_expected || frame->process != first->process
      || (self->options.format != P2V_EXPORT_TABLE && !is_same_record (frame, first))
      || frame->has_offset != first->has_offset || g_strcmp0 (frame->name, first->name) != 0)
    return FALSE;
  if (frame->has_offset)
    return frame->offset_bytes == first->offset_bytes + self->n_run * P2V_FRAME_SIZE;
  return g_str_equal (frame->detail, first->detail);
}

static void
add_to_totals (Frames         *self,
               const P2vFrame *frame)
{
  Total *total = &self->totals[frame->kind];

  total->n_frames++;
  total->n_mapped += frame->n_found > 0 ? 1 : 0;
  total->n_disagreeing += p2v_frame_is_disagreeing (frame) ? 1 : 0;
  if (frame->n_found >= 0 && frame->n_expected >= 0 && frame->n_found + frame->n_expected > 0)
    self->n_compared++;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
take_frame (Frames         *self,
            const P2vFrame *frame,
            GError        **error)
{
  if (!self->kinds[frame->kind] || (self->only_disagreeing && !p2v_frame_is_disagreeing (frame)))
    return TRUE;
  add_to_totals (self, frame);
  if (self->summary)
    return TRUE;
  if (continues (self, frame))
    {
      self->n_run++;
      return TRUE;
    }
  if (!end_run (self, error))
    return FALSE;
  self->run = p2v_frame_copy (frame);
  self->n_run = 1;
  return TRUE;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
take_range (Frames               *self,
            const P2vImageRange  *range,
            GError              **error)
{
  P2vPhysAddr last_pa = range->start_pa + (range->length_bytes - 1);
  guint64 first = MAX (range->start_pa, self->start_pa) >> P2V_FRAME_SHIFT;
  guint64 last = MIN (last_pa, self->last_pa) >> P2V_FRAME_SHIFT;

  if (range->start_pa > self->last_pa || last_pa < self->start_pa)
    return TRUE;
  for (guint64 pfn = first; pfn <= last; pfn++)
    {
      P2vFrame frame;

      if (!p2v_frame_reader_read (self->reader, pfn << P2V_FRAME_SHIFT, &frame, error)
          || !take_frame (self, &frame, error))
        return FALSE;
      g_atomic_pointer_add (&self->n_done, 1);
    }
  return TRUE;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
print_totals (Frames   *self,
              GError  **error)
{
  for (guint i = 0; i < P2V_FRAME_N_KINDS; i++)
    {
      const Total *total = &self->totals[i];

      if (total->n_frames == 0)
        continue;
      p2v_export_add_text (self->export, p2v_frame_kind_get_id ((P2vFrameKind) i));
      p2v_export_add_number (self->export, total->n_frames);
      p2v_export_add_number (self->export, total->n_frames * P2V_FRAME_SIZE);
      p2v_export_add_number (self->export, total->n_mapped);
      p2v_export_add_number (self->export, total->n_disagreeing);
      p2v_export_add_text (self->export, p2v_frame_kind_get_title ((P2vFrameKind) i));
      self->n_shown++;
      if (!p2v_export_end_row (self->export, NULL, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
print_frames (P2vSession  *session,
              gpointer     data,
              GError     **error)
{
  Frames *self = data;
  g_autoptr (P2vImage) image = p2v_session_dup_image (session);
  g_autoptr (GOutputStream) output = pas2vas_open_output ();
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);

  self->reader = p2v_frame_reader_new (session, error);
  if (self->reader == NULL)
    return FALSE;
  self->export = p2v_export_new (
    output, self->options.format, self->summary ? summary_columns : columns,
    self->summary ? G_N_ELEMENTS (summary_columns) : G_N_ELEMENTS (columns));
  for (gsize i = 0; i < n_ranges; i++)
    if (!take_range (self, &ranges[i], error))
      return FALSE;
  return end_run (self, error) && (!self->summary || print_totals (self, error))
         && p2v_export_finish (self->export, NULL, error);
}

static char *
dup_progress (gpointer data)
{
  Frames *self = data;

  return g_strdup_printf (_("Describing: %zu frames"),
                          (gsize) g_atomic_pointer_get (&self->n_done));
}

static void
print_closing_line (const Frames *self)
{
  guint64 n_frames = 0, n_mapped = 0, n_disagreeing = 0;

  if (self->options.quiet)
    return;
  for (guint i = 0; i < P2V_FRAME_N_KINDS; i++)
    {
      n_frames += self->totals[i].n_frames;
      n_mapped += self->totals[i].n_mapped;
      n_disagreeing += self->totals[i].n_disagreeing;
    }
  g_autofree char *frames =
    g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%" PRIu64 " frame", "%" PRIu64 " frames",
                                  (gulong) n_frames),
                     n_frames);
  /* Translators: "65536 frames, 6369 mapped; the system counts as many mappings for 6363 ..." */
  pas2vas_note (_("%s, %" PRIu64 " mapped; the system counts as many mappings as were found for "
                  "%" PRIu64 ", others for %" PRIu64 "."),
                frames, n_mapped, self->n_compared - n_disagreeing, n_disagreeing);
}

static Pas2vasStatus
run (char **argv)
{
  g_auto (Frames) self = { .options.format = P2V_EXPORT_TABLE };
  g_autoptr (GError) error = NULL;

  if (!parse (&self, argv))
    return PAS2VAS_USAGE;

  g_autoptr (P2vSession) session = pas2vas_run_open (&self.options, P2V_STAGE_INDEX);
  if (session == NULL)
    return PAS2VAS_UNREADABLE;
  if (!pas2vas_run_work (session, print_frames, dup_progress, &self, self.options.quiet, &error))
    return pas2vas_report_error (error);
  print_closing_line (&self);
  return self.n_shown > 0 ? PAS2VAS_ANSWERED : PAS2VAS_NOTHING;
}

const Pas2vasCommand pas2vas_frames = {
  .name = "frames",
  .arguments = N_("IMAGE"),
  .n_min_arguments = 1,
  .n_max_arguments = 1,
  .summary = N_("Show what each frame is used for, mapped or not"),
  .run = run,
};
