/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-panel-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

/* What stands where a number is not known; an en dash. */
#define NO_NUMBER "\342\200\223"

/* GTK 4.8 lays a label out again even if it is set to what it shows, as most of them are. */
static void
set_label (GtkLabel *label,
           const char *text)
{
  if (!g_str_equal (gtk_label_get_label (label), text))
    gtk_label_set_label (label, text);
}

/* The same of a label that may be too narrow for its text: it must not become higher, for then the
 * host's view would be laid out again at each step of the cursor. */
static void
set_line (GtkLabel *label,
          const char *text)
{
  /* A tooltip that is set asks the display server where the pointer is, changed or not. */
  if (!g_str_equal (gtk_label_get_label (label), text))
    gtk_widget_set_tooltip_text (GTK_WIDGET (label), text);
  set_label (label, text);
}

static void
set_number (GtkLabel *label,
            gboolean known,
            guint64 number)
{
  g_autofree char *text = g_strdup_printf ("0x%" PRIx64 "", number);

  set_label (label, known ? text : NO_NUMBER);
}

/* Both numbers of the place, whichever the host gave, side by side. */
void
p2v_panel_show_place (P2vPanel *self)
{
  g_autoptr (P2vImage) image = self->session != NULL ? p2v_session_dup_image (self->session) : NULL;
  guint64 offset = self->place;
  gboolean has_offset = self->place_kind == P2V_PLACE_OFFSET;

  if (image != NULL && self->place_kind == P2V_PLACE_PHYSICAL)
    has_offset = p2v_image_pa_to_offset (image, self->place, &offset);

  set_number (self->physical_label, self->has_pa, self->pa);
  set_number (self->offset_label, has_offset, offset);
  set_number (self->frame_label, self->has_pa, self->pa >> P2V_FRAME_SHIFT);
}

static void
show_message (P2vPanel *self,
              const char *title,
              const char *text)
{
  set_label (self->message_title, title);
  set_label (self->message_text, text);
  gtk_widget_set_visible (GTK_WIDGET (self->message_text), text[0] != '\0');
  gtk_widget_set_visible (self->clear_filter_button, FALSE);
  gtk_stack_set_visible_child_name (self->stack, "message");
}

/* Without an answer: what is missing for one. */
static void
show_no_answer (P2vPanel *self)
{
  set_label (self->verdict_label, "");
  set_label (self->coverage_label, "");

  if (self->session == NULL || p2v_session_get_stage (self->session) == P2V_STAGE_EMPTY)
    show_message (self, _("No memory image is open"), "");
  else if (self->place_kind == P2V_PLACE_NONE)
    show_message (self, _("Put the cursor on a byte to see who maps it"), "");
  else if (!self->has_pa)
    show_message (
        self, _("Not memory"),
        _("This part of the file holds no physical memory: it is a header, a note or padding."));
  else
    show_message (self, _("No operating system is known yet"), "");
}

/* What the frame is: the verdict above may be too narrow for it. */
static char *
dup_frame_text (P2vPanel *self)
{
  if (self->frame == NULL)
    return g_strdup ("");
  if (self->frame->kind == P2V_FRAME_KIND_UNKNOWN)
    return g_strdup (_("No process has it in its user memory. It may belong to the kernel, hold a "
                       "file’s cached contents, or be free."));
  /* Translators: what a frame is: "the page-table root of bash (812)". */
  return g_strdup_printf (_("It is %s."), self->frame->detail);
}

static void
show_unmapped (P2vPanel *self)
{
  g_autofree char *text = dup_frame_text (self);

  show_message (self, _("Nobody maps this frame"), text);
}

static void
show_filtered (P2vPanel *self)
{
  show_message (self, _("The filter hides all owners of this frame"), "");
  gtk_widget_set_visible (self->clear_filter_button, TRUE);
}

/* With an answer: its rows, or why there are none. */
static void
show_rows (P2vPanel *self)
{
  guint n_rows = 0;

  switch (p2v_answer_get_absence (self->answer))
    {
    case P2V_ABSENCE_NOT_IN_IMAGE:
      show_message (
          self, _("Not in the image"),
          _("The image does not hold this physical address: it is a hole between ranges of "
             "memory, or behind the last one."));
      break;
    case P2V_ABSENCE_UNMAPPED:
      show_unmapped (self);
      break;
    case P2V_ABSENCE_FILTERED:
      show_filtered (self);
      break;
    case P2V_ABSENCE_NOT_YET:
      show_message (self, _("Nobody so far"),
                    _("The index is not complete, so owners may still turn up."));
      break;
    case P2V_ABSENCE_NONE:
    default:
      if (p2v_mapping_model_get_n_arranged (p2v_mapping_view_get_model (self->view), &n_rows)
          && n_rows == 0)
        show_filtered (self);
      else
        gtk_stack_set_visible_child_name (self->stack, "rows");
      break;
    }
}

/* How many mappings of the kernel are not shown, or the way to hide them again. */
static void
show_hidden (P2vPanel *self)
{
  g_autofree char *hidden = self->answer != NULL ? p2v_answer_dup_hidden_text (self->answer) : NULL;
  const char *text = hidden != NULL ? hidden : _("All kernel mappings");

  gtk_widget_set_visible (self->kernel_button, hidden != NULL || self->shows_kernel);
  if (g_strcmp0 (gtk_button_get_label (GTK_BUTTON (self->kernel_button)), text) != 0)
    gtk_button_set_label (GTK_BUTTON (self->kernel_button), text);
}

/* (nullable): how many rows the filter leaves, or that it cannot. */
static char *
dup_filter_text (P2vPanel *self)
{
  P2vMappingModel *model = p2v_mapping_view_get_model (self->view);
  guint64 n_all = p2v_answer_get_n_rows (self->answer);
  guint n_rows = 0;

  if (p2v_mapping_model_is_too_long (model))
    return g_strdup (_("Too many rows to sort or filter"));
  if (!p2v_mapping_model_get_n_arranged (model, &n_rows) || n_rows == n_all)
    return NULL;
  /* Translators: how many rows the filter leaves. */
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u of %" PRIu64 " row",
                                       "%u of %" PRIu64 " rows", (gulong) n_all),
                          n_rows, n_all);
}

/* What the answer rests on, and whether the system counts as many mappings. */
static char *
dup_coverage_text (P2vPanel *self)
{
  g_autofree char *coverage = p2v_answer_dup_coverage (self->answer);
  g_autofree char *count = self->frame != NULL ? p2v_frame_dup_count_text (self->frame) : NULL;

  g_autofree char *filter = dup_filter_text (self);
  GString *text = g_string_new (NULL);
  const char *const parts[] = { filter, coverage, count };

  if (p2v_panel_get_note (self) != NULL)
    g_string_append (text, p2v_panel_get_note (self));
  for (guint i = 0; i < G_N_ELEMENTS (parts) && p2v_panel_get_note (self) == NULL; i++)
    if (parts[i] != NULL)
      g_string_append_printf (text, "%s%s", text->len > 0 ? " · " : "", parts[i]);
  return g_string_free (text, FALSE);
}

void
p2v_panel_show_answer (P2vPanel *self)
{
  show_hidden (self);
  if (self->answer == NULL)
    {
      show_no_answer (self);
      return;
    }

  g_autofree char *verdict = p2v_answer_dup_verdict (self->answer);
  g_autofree char *coverage = dup_coverage_text (self);
  gboolean is_working = p2v_driver_get_state (self->driver) == P2V_DRIVER_RUNNING;

  if (!g_str_equal (gtk_label_get_label (self->verdict_label), verdict))
    gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                    verdict, -1);
  set_line (self->verdict_label, verdict);
  /* The strip above says how far it is; twice would be once too often. */
  set_line (self->coverage_label, is_working ? "" : coverage);
  show_rows (self);
}

void
p2v_panel_show_pages (P2vPanel *self)
{
  P2vMappingRow *row = p2v_mapping_view_get_selected (self->view);

  gtk_widget_set_visible (self->pages_box, row != NULL);
  if (row == NULL)
    return;
  P2vProcess *process = p2v_mapping_row_get_mapping (row)->process;
  g_autofree char *text
      = p2v_process_has_pid (process)
            /* Translators: whose pages the arrows beside it step through: a process's name and
             * number. */
            ? g_strdup_printf (_("Page of %s (%" PRId64 ")"), p2v_process_get_name (process),
                               p2v_process_get_pid (process))
            /* Translators: the same without a number. */
            : g_strdup_printf (_("Page of %s"), p2v_process_get_name (process));
  set_label (self->pages_label, text);
}

static void
show_notes (P2vPanel *self)
{
  g_auto (GStrv) notes = self->session != NULL ? p2v_session_dup_diagnostics (self->session) : NULL;
  guint n_notes = notes != NULL ? g_strv_length (notes) : 0;

  gtk_widget_set_visible (GTK_WIDGET (self->notes_button), n_notes > 0);
  if (n_notes == 0)
    return;

  g_autofree char *label = g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%u note", "%u notes", n_notes), n_notes);
  g_autofree char *text = g_strjoinv ("\n", notes);
  if (g_strcmp0 (gtk_menu_button_get_label (self->notes_button), label) != 0)
    gtk_menu_button_set_label (self->notes_button, label);
  set_label (self->notes_label, text);
}

static void
show_progress (P2vPanel *self)
{
  gboolean running = p2v_driver_get_state (self->driver) == P2V_DRIVER_RUNNING;
  double fraction = p2v_driver_get_fraction (self->driver);

  gtk_widget_set_visible (GTK_WIDGET (self->progress_bar), running);
  if (!running)
    return;
  if (fraction < 0)
    gtk_progress_bar_pulse (self->progress_bar);
  else
    gtk_progress_bar_set_fraction (self->progress_bar, fraction);
}

/* The strip below the first line: what is being done, with Cancel; or why it ended, with a way
 * on. */
void
p2v_panel_show_status (P2vPanel *self)
{
  P2vDriverState state
      = self->driver != NULL ? p2v_driver_get_state (self->driver) : P2V_DRIVER_IDLE;
  gboolean visible = state != P2V_DRIVER_IDLE && state != P2V_DRIVER_DONE;

  show_notes (self);
  gtk_widget_set_visible (self->status_box, visible);
  if (!visible)
    return;

  g_autofree char *message = p2v_driver_dup_message (self->driver);
  set_label (self->status_label, message);
  show_progress (self);

  gboolean running = state == P2V_DRIVER_RUNNING;
  gboolean knows_system = p2v_session_get_stage (self->session) >= P2V_STAGE_SYSTEM;
  const char *way_on = knows_system ? _("_Build Index") : _("_Retry");
  const char *label = running ? _("_Cancel") : way_on;
  if (g_strcmp0 (gtk_button_get_label (self->status_button), label) != 0)
    gtk_button_set_label (self->status_button, label);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->status_button),
                                  running ? "p2v.cancel" : "p2v.start");
}

void
p2v_panel_show_info (P2vPanel *self,
                     GtkMessageType type,
                     const char *text)
{
  gtk_info_bar_set_message_type (self->info_bar, type);
  if (text != NULL)
    set_label (self->info_label, text);
  gtk_info_bar_set_revealed (self->info_bar, text != NULL);
}
