/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-panel-private.h"

#include "p2v-row-writer.h"

#include <glib/gi18n-lib.h>

/* Rows that the clipboard takes; a table of them has some hundred megabytes. */
#define MAX_COPIED_ROWS 1000000

void
p2v_panel_copy_text (P2vPanel   *self,
                     const char *text)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
}

void
p2v_panel_stop_output (P2vPanel *self)
{
  if (self->output != NULL)
    g_cancellable_cancel (self->output);
  g_clear_object (&self->output);
  if (self->chooser != NULL)
    gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (self->chooser));
  g_clear_object (&self->chooser);
}

/* Ends what start_output() began; FALSE if the panel has lost interest in the meantime. */
static gboolean
end_output (P2vPanel *self,
            GAsyncResult *result)
{
  if (g_task_get_cancellable (G_TASK (result)) != self->output)
    return FALSE;
  g_clear_object (&self->output);
  p2v_panel_actions_update (self);
  return TRUE;
}

static void
start_output (P2vPanel *self)
{
  p2v_panel_stop_output (self);
  self->output = g_cancellable_new ();
}

static void
show_output_error (P2vPanel *self,
                   GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    p2v_panel_show_info (self, GTK_MESSAGE_INFO, NULL);
  else
    p2v_panel_show_info (self, GTK_MESSAGE_ERROR, error->message);
}

static void
copied_cb (GObject *source,
           GAsyncResult *result,
           gpointer user_data)
{
  g_autoptr (P2vPanel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = p2v_row_writer_copy_finish (result, &error);

  if (!end_output (self, result))
    return;
  if (text != NULL)
    p2v_panel_copy_text (self, text);
  else
    show_output_error (self, error);
}

void
p2v_panel_copy_rows (P2vPanel    *self,
                     P2vColumnId  column)
{
  if (self->answer == NULL)
    return;
  g_autoptr (GArray) order = p2v_mapping_model_dup_order (p2v_mapping_view_get_model (self->view));
  guint64 n_rows = order != NULL ? order->len : p2v_answer_get_n_rows (self->answer);
  if (n_rows > MAX_COPIED_ROWS)
    {
      p2v_panel_show_info (
          self, GTK_MESSAGE_INFO,
          _("These are too many rows for the clipboard. Export them to a file instead."));
      return;
    }
  start_output (self);
  p2v_row_writer_copy_async (self->session, self->answer, order, column, self->output, copied_cb,
                             g_object_ref (self));
  p2v_panel_actions_update (self);
}

/* An export that a file is being chosen for, or that is being written. */
typedef struct
{
  P2vPanel   *panel;  /* from the moment that the file is known */
  P2vSession *session;
  P2vAnswer  *answer; /* NULL: everything */
  GArray     *order;  /* (nullable): which rows of it, as they are shown */
  GFile      *file;
} Export;

static void
export_free (Export *export)
{
  g_clear_object (&export->panel);
  g_clear_object (&export->session);
  g_clear_object (&export->answer);
  g_clear_pointer (&export->order, g_array_unref);
  g_clear_object (&export->file);
  g_free (export);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Export, export_free)

static void
exported_cb (GObject *source,
             GAsyncResult *result,
             gpointer user_data)
{
  g_autoptr (Export) export = user_data;
  g_autoptr (GError) error = NULL;
  gboolean success = p2v_row_writer_export_finish (result, &error);

  if (!end_output (export->panel, result))
    return;
  if (!success)
    {
      show_output_error (export->panel, error);
      return;
    }
  g_autofree char *name = g_file_get_parse_name (export->file);
  /* Translators: %s is a file name. */
  g_autofree char *text = g_strdup_printf (_("Exported to %s"), name);
  p2v_panel_show_info (export->panel, GTK_MESSAGE_INFO, text);
}

static void
run_export (Export *export)
{
  P2vPanel *self = export->panel;
  g_autofree char *name = g_file_get_parse_name (export->file);
  /* Translators: %s is a file name. */
  g_autofree char *text = g_strdup_printf (_("Exporting to %s…"), name);

  start_output (self);
  p2v_panel_show_info (self, GTK_MESSAGE_INFO, text);
  p2v_row_writer_export_async (export->session, export->answer, export->order, export->file,
                               self->output, exported_cb, export);
  p2v_panel_actions_update (self);
}

static void
file_chosen_cb (P2vPanel *self,
                int response,
                GtkFileChooserNative *chooser)
{
  g_autoptr (Export) export = g_object_steal_data (G_OBJECT (chooser), "p2v-export");

  if (response == GTK_RESPONSE_ACCEPT)
    export->file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (chooser));
  g_clear_object (&self->chooser);
  if (export->file == NULL)
    return;
  export->panel = g_object_ref (self);
  run_export (g_steal_pointer (&export));
}

void
p2v_panel_export (P2vPanel   *self,
                  const char *title,
                  P2vAnswer  *answer)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  Export *export = g_new0 (Export, 1);

  p2v_panel_reveal (self);
  export->session = g_object_ref (self->session);
  if (g_set_object (&export->answer, answer))
    export->order = p2v_mapping_model_dup_order (p2v_mapping_view_get_model (self->view));

  p2v_panel_stop_output (self);
  self->chooser
      = gtk_file_chooser_native_new (title, GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL,
                                     GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), "pas2vas.csv");
  g_object_set_data_full (G_OBJECT (self->chooser), "p2v-export", export,
                          (GDestroyNotify) export_free);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (file_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}
