/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-sharing-view.h"

#include "p2v-range-list.h"
#include "p2v-sharing-matrix.h"

#include <glib/gi18n-lib.h>

/* How often is looked whether the index is complete by now. */
#define POLL_MS 250

struct _P2vSharingView
{
  GtkWidget             parent_instance;

  P2vSession           *session;
  P2vSharing           *sharing;
  GCancellable         *finding;   /* while it is being made */
  guint                 poll_id;
  GtkFileChooserNative *chooser;

  GtkLabel             *sentences;
  P2vSharingMatrix     *matrix;
  GtkLabel             *pair_label;
  P2vRangeList         *ranges;
  GtkWidget            *export_button;
};

G_DEFINE_FINAL_TYPE (P2vSharingView, p2v_sharing_view, GTK_TYPE_WIDGET)

static void
show_sharing (P2vSharingView *self)
{
  g_auto (GStrv) sentences = p2v_sharing_dup_sentences (self->sharing, FALSE);
  g_autoptr (GString) text = g_string_new (NULL);
  guint n_all, n_shown;

  for (guint i = 0; sentences[i] != NULL; i++)
    g_string_append_printf (text, "%s ", sentences[i]);
  p2v_sharing_matrix_set_sharing (self->matrix, self->sharing);
  n_shown = p2v_sharing_matrix_get_n_shown (self->matrix, &n_all);
  if (n_shown < n_all)
    /* Translators: of the processes that share memory, so many are in the picture. */
    g_string_append_printf (text, _ ("In the picture are the %u of %u that share the most."),
                            n_shown, n_all);
  gtk_label_set_text (self->sentences, g_strchomp (text->str));
  gtk_label_set_text (self->pair_label, _ ("Choose a cell to see what two processes share"));
  gtk_widget_set_sensitive (self->export_button, TRUE);
}

static void
find_thread (GTask        *task,
             gpointer      source,
             gpointer      task_data,
             GCancellable *cancellable)
{
  GError *error = NULL;
  P2vSharing *sharing = p2v_sharing_new (source, NULL, cancellable, &error);

  if (sharing != NULL)
    g_task_return_pointer (task, sharing, (GDestroyNotify) p2v_sharing_unref);
  else
    g_task_return_error (task, error);
}

static void
found_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (P2vSharingView) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (P2vSharing) sharing = g_task_propagate_pointer (G_TASK (result), &error);

  /* Another image has been given since. */
  if (g_task_get_cancellable (G_TASK (result)) != self->finding)
    return;
  g_clear_object (&self->finding);
  if (sharing == NULL)
    {
      gtk_label_set_text (self->sentences, error->message);
      return;
    }
  self->sharing = g_steal_pointer (&sharing);
  show_sharing (self);
}

static gboolean
poll_cb (gpointer user_data)
{
  P2vSharingView *self = user_data;

  if (p2v_session_get_stage (self->session) != P2V_STAGE_INDEX)
    return G_SOURCE_CONTINUE;
  self->poll_id = 0;
  self->finding = g_cancellable_new ();
  gtk_label_set_text (self->sentences, _ ("Reading who may do what…"));
  g_autoptr (GTask) task = g_task_new (self->session, self->finding, found_cb, g_object_ref (self));
  g_task_run_in_thread (task, find_thread);
  return G_SOURCE_REMOVE;
}

static void
start (P2vSharingView *self)
{
  if (self->session != NULL && self->sharing == NULL && self->finding == NULL &&
      self->poll_id == 0 && gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->poll_id = g_timeout_add (POLL_MS, poll_cb, self);
}

static void
stop (P2vSharingView *self)
{
  g_clear_handle_id (&self->poll_id, g_source_remove);
  if (self->finding != NULL)
    g_cancellable_cancel (self->finding);
  g_clear_object (&self->finding);
}

static void
pair_chosen_cb (P2vSharingView *self,
                guint           pair)
{
  g_autoptr (GArray) ranges = p2v_sharing_dup_ranges (self->sharing, pair);
  g_autofree char *text = p2v_sharing_dup_pair_text (self->sharing, pair);

  gtk_label_set_text (self->pair_label, text);
  p2v_range_list_set_ranges (self->ranges, ranges);
}

/* An export that is being written; another image may be shown meanwhile. */
typedef struct
{
  P2vSharing *sharing;
  P2vSession *session;
  GFile      *file;
} Export;

static void
export_free (Export *self)
{
  p2v_sharing_unref (self->sharing);
  g_object_unref (self->session);
  g_object_unref (self->file);
  g_free (self);
}

static void
export_thread (GTask        *task,
               gpointer      source,
               gpointer      task_data,
               GCancellable *cancellable)
{
  const Export *export = task_data;
  GError *error = NULL;
  g_autoptr (GFileOutputStream) stream =
    g_file_replace (export->file, NULL, FALSE, G_FILE_CREATE_NONE, cancellable, &error);

  if (stream != NULL &&
      p2v_sharing_export (export->sharing, export->session, NULL, TRUE, P2V_EXPORT_CSV,
                          G_OUTPUT_STREAM (stream), NULL, cancellable, &error) &&
      g_output_stream_close (G_OUTPUT_STREAM (stream), cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
exported_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  P2vSharingView *self = P2V_SHARING_VIEW (source);
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    gtk_label_set_text (self->sentences, error->message);
}

/* Writes all ranges of all pairs. */
static void
export_to (P2vSharingView *self,
           GFile          *file)
{
  Export *export = g_new0 (Export, 1);
  g_autoptr (GTask) task = g_task_new (self, NULL, exported_cb, NULL);

  *export = (Export) { p2v_sharing_ref (self->sharing), g_object_ref (self->session),
                       g_object_ref (file) };
  g_task_set_task_data (task, export, (GDestroyNotify) export_free);
  g_task_run_in_thread (task, export_thread);
}

static void
file_chosen_cb (P2vSharingView       *self,
                int                   response,
                GtkFileChooserNative *chooser)
{
  g_autoptr (GFile) file =
    response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (chooser)) : NULL;

  g_clear_object (&self->chooser);
  if (file != NULL && self->sharing != NULL)
    export_to (self, file);
}

static void
export_cb (P2vSharingView *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  g_clear_object (&self->chooser);
  self->chooser = gtk_file_chooser_native_new (
    _ ("Export Shared Memory"), GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL,
    GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), "shared-memory.csv");
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (file_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
p2v_sharing_view_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (p2v_sharing_view_parent_class)->map (widget);
  start (P2V_SHARING_VIEW (widget));
}

static void
p2v_sharing_view_unmap (GtkWidget *widget)
{
  stop (P2V_SHARING_VIEW (widget));
  GTK_WIDGET_CLASS (p2v_sharing_view_parent_class)->unmap (widget);
}

static void
p2v_sharing_view_dispose (GObject *object)
{
  P2vSharingView *self = P2V_SHARING_VIEW (object);

  stop (self);
  if (self->chooser != NULL)
    gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (self->chooser));
  g_clear_object (&self->chooser);
  while (gtk_widget_get_first_child (GTK_WIDGET (self)) != NULL)
    gtk_widget_unparent (gtk_widget_get_first_child (GTK_WIDGET (self)));
  g_clear_pointer (&self->sharing, p2v_sharing_unref);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (p2v_sharing_view_parent_class)->dispose (object);
}

static void
p2v_sharing_view_class_init (P2vSharingViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  p2v_bind_translations ();
  G_OBJECT_CLASS (klass)->dispose = p2v_sharing_view_dispose;
  widget_class->map = p2v_sharing_view_map;
  widget_class->unmap = p2v_sharing_view_unmap;
  gtk_widget_class_set_css_name (widget_class, "p2vsharingview");
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static GtkLabel *
text_new (const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_set_hexpand (label, TRUE);
  return GTK_LABEL (label);
}

/* What the marks in the cells mean. */
static GtkWidget *
key_new (void)
{
  GtkLabel *key
    = text_new (_ ("A dot: both may write. A ring: one may write and the other execute. The "
                   "darker, the more pages."));

  gtk_widget_add_css_class (GTK_WIDGET (key), "dim-label");
  return GTK_WIDGET (key);
}

static GtkWidget *
top_new (P2vSharingView *self)
{
  GtkWidget *top = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);

  self->sentences = text_new (_ ("What is shared appears when the index is complete"));
  self->export_button = gtk_button_new_with_mnemonic (_ ("_Export…"));
  gtk_widget_set_valign (self->export_button, GTK_ALIGN_START);
  gtk_widget_set_sensitive (self->export_button, FALSE);
  g_signal_connect_swapped (self->export_button, "clicked", G_CALLBACK (export_cb), self);
  gtk_box_append (GTK_BOX (top), GTK_WIDGET (self->sentences));
  gtk_box_append (GTK_BOX (top), self->export_button);
  return top;
}

static GtkWidget *
bottom_new (P2vSharingView *self)
{
  GtkWidget *bottom = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);

  self->pair_label = text_new (NULL);
  self->ranges = P2V_RANGE_LIST (p2v_range_list_new ());
  gtk_widget_set_vexpand (GTK_WIDGET (self->ranges), TRUE);
  gtk_box_append (GTK_BOX (bottom), GTK_WIDGET (self->pair_label));
  gtk_box_append (GTK_BOX (bottom), GTK_WIDGET (self->ranges));
  gtk_widget_set_size_request (bottom, -1, 220);
  return bottom;
}

static GtkWidget *
matrix_scroller_new (P2vSharingView *self)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();

  self->matrix = P2V_SHARING_MATRIX (p2v_sharing_matrix_new ());
  g_signal_connect_swapped (self->matrix, "pair-chosen", G_CALLBACK (pair_chosen_cb), self);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), GTK_WIDGET (self->matrix));
  return scroller;
}

static void
p2v_sharing_view_init (P2vSharingView *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *paned = gtk_paned_new (GTK_ORIENTATION_VERTICAL);

  gtk_paned_set_start_child (GTK_PANED (paned), matrix_scroller_new (self));
  gtk_paned_set_end_child (GTK_PANED (paned), bottom_new (self));
  gtk_paned_set_resize_end_child (GTK_PANED (paned), FALSE);
  gtk_paned_set_shrink_end_child (GTK_PANED (paned), FALSE);
  gtk_widget_set_vexpand (paned, TRUE);
  gtk_widget_set_margin_top (box, 6);
  gtk_widget_set_margin_bottom (box, 6);
  gtk_widget_set_margin_start (box, 6);
  gtk_widget_set_margin_end (box, 6);
  gtk_box_append (GTK_BOX (box), top_new (self));
  gtk_box_append (GTK_BOX (box), key_new ());
  gtk_box_append (GTK_BOX (box), paned);
  gtk_widget_set_parent (box, GTK_WIDGET (self));
}

/**
 * p2v_sharing_view_new:
 *
 * Makes a view without a session.
 *
 * Returns: (transfer floating): the widget
 *
 * Since: 1.0
 */
GtkWidget *
p2v_sharing_view_new (void)
{
  return g_object_new (P2V_TYPE_SHARING_VIEW, NULL);
}

/**
 * p2v_sharing_view_set_session:
 * @self: a view
 * @session: (nullable): a session with an open image
 *
 * Shows another image, or none. What is shared appears when the session's index is complete.
 *
 * Since: 1.0
 */
void
p2v_sharing_view_set_session (P2vSharingView *self,
                              P2vSession     *session)
{
  g_return_if_fail (P2V_IS_SHARING_VIEW (self));
  g_return_if_fail (session == NULL || P2V_IS_SESSION (session));

  if (!g_set_object (&self->session, session))
    return;
  stop (self);
  p2v_sharing_matrix_set_sharing (self->matrix, NULL);
  p2v_range_list_set_ranges (self->ranges, NULL);
  gtk_label_set_text (self->pair_label, "");
  gtk_label_set_text (self->sentences, _ ("What is shared appears when the index is complete"));
  gtk_widget_set_sensitive (self->export_button, FALSE);
  g_clear_pointer (&self->sharing, p2v_sharing_unref);
  start (self);
}
