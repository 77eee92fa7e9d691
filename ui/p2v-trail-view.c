/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-trail-view.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

struct _P2vTrailView
{
  GtkWidget      parent_instance;

  P2vSession    *session;
  P2vMappingRow *row;
  GSignalGroup  *row_signals;
  GCancellable  *reading;
  GtkWidget     *warning_label;
  GtkWidget     *trail_label;
};

/* Narrower than any panel. Without it GTK finds out the least width by breaking the text at every
 * single character, which took 5 ms each time the cursor moved. */
#define MIN_CHARS 40

G_DEFINE_FINAL_TYPE (P2vTrailView, p2v_trail_view, GTK_TYPE_WIDGET)

enum
{
  STEP_ACTIVATED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* Between two steps in p2v_trail_dup_text(). */
#define ARROW " → "

/* What a thread reads. */
typedef struct
{
  P2vSession      *session;
  P2vAddressSpace *space;
  P2vTrail         trail;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_object_unref (job->space);
  g_object_unref (job->session);
  g_free (job);
}

/* Appends "pml4e 0x271ec000 = 0x…" with a link behind the entry's address. */
static void
append_step (GString            *markup,
             const P2vTrailStep *step,
             const char         *text)
{
  const char *address = strchr (text, ' ');
  const char *rest = address != NULL ? strchr (address + 1, ' ') : NULL;

  if (rest == NULL)
    {
      g_string_append (markup, text);
      return;
    }
  g_string_append_len (markup, text, address + 1 - text);
  g_string_append_printf (markup, "<a href=\"%" PRIu64 "\">", step->entry_pa);
  g_string_append_len (markup, address + 1, rest - address - 1);
  g_string_append_printf (markup, "</a>%s", rest);
}

/* The same line as everywhere, with links. */
static char *
dup_markup (const P2vTrail *trail)
{
  g_autofree char *text = p2v_trail_dup_text (trail);
  g_autofree char *escaped = g_markup_escape_text (text, -1);
  g_auto (GStrv) parts = g_strsplit (escaped, ARROW, -1);
  GString *markup = g_string_new (NULL);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append (markup, ARROW);
      if (i < trail->n_steps)
        append_step (markup, &trail->steps[i], parts[i]);
      else
        g_string_append (markup, parts[i]);
    }
  return g_string_free (markup, FALSE);
}

static gboolean
link_activated_cb (P2vTrailView *self,
                   const char   *link)
{
  g_signal_emit (self, signals[STEP_ACTIVATED], 0, g_ascii_strtoull (link, NULL, 10));
  return TRUE;
}

static void
read_in_thread (GTask *task,
                gpointer source,
                gpointer task_data,
                GCancellable *cancellable)
{
  Job *job = task_data;
  GError *error = NULL;

  if (p2v_session_get_trail (job->session, job->space, job->trail.va, &job->trail, &error))
    g_task_return_pointer (task, dup_markup (&job->trail), g_free);
  else
    g_task_return_error (task, error);
}

static void
read_cb (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  g_autoptr (P2vTrailView) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *markup = g_task_propagate_pointer (G_TASK (result), &error);

  /* Another row may have been selected in the meantime. */
  if (g_task_get_cancellable (G_TASK (result)) != self->reading)
    return;
  g_clear_object (&self->reading);
  if (markup == NULL)
    gtk_label_set_text (GTK_LABEL (self->trail_label), error->message);
  else if (!g_str_equal (gtk_label_get_label (GTK_LABEL (self->trail_label)), markup))
    gtk_label_set_markup (GTK_LABEL (self->trail_label), markup);
}

static void
stop_reading (P2vTrailView *self)
{
  if (self->reading != NULL)
    g_cancellable_cancel (self->reading);
  g_clear_object (&self->reading);
}

/* What is shown stays until there is something else to show. */
static void
start_reading (P2vTrailView *self)
{
  const P2vMapping *mapping = p2v_mapping_row_get_mapping (self->row);
  Job *job = g_new0 (Job, 1);

  stop_reading (self);
  job->session = g_object_ref (self->session);
  job->space = g_object_ref (mapping->space);
  job->trail.va = mapping->va;
  self->reading = g_cancellable_new ();
  /* The task has no source object: it would drop its reference in the worker thread. */
  g_autoptr (GTask) task = g_task_new (NULL, self->reading, read_cb, g_object_ref (self));
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, read_in_thread);
}

static void
update_warning (P2vTrailView *self)
{
  const char *warning = self->row != NULL ? p2v_mapping_row_get_warning (self->row) : NULL;
  g_autofree char *text = warning != NULL ? g_strconcat ("⚠ ", warning, NULL) : NULL;

  gtk_widget_set_visible (self->warning_label, text != NULL);
  gtk_label_set_label (GTK_LABEL (self->warning_label), text != NULL ? text : "");
}

static void
p2v_trail_view_dispose (GObject *object)
{
  P2vTrailView *self = P2V_TRAIL_VIEW (object);

  stop_reading (self);
  g_clear_object (&self->row_signals);
  g_clear_object (&self->row);
  g_clear_object (&self->session);
  g_clear_pointer (&self->warning_label, gtk_widget_unparent);
  g_clear_pointer (&self->trail_label, gtk_widget_unparent);

  G_OBJECT_CLASS (p2v_trail_view_parent_class)->dispose (object);
}

static void
p2v_trail_view_class_init (P2vTrailViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = p2v_trail_view_dispose;

  signals[STEP_ACTIVATED] = g_signal_new ("step-activated", P2V_TYPE_TRAIL_VIEW, G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT64);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "p2vtrailview");
}

static GtkWidget *
label_new (P2vTrailView *self)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_width_chars (GTK_LABEL (label), MIN_CHARS);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_set_parent (label, GTK_WIDGET (self));
  return label;
}

static void
p2v_trail_view_init (P2vTrailView *self)
{
  GtkLayoutManager *layout = gtk_widget_get_layout_manager (GTK_WIDGET (self));

  gtk_orientable_set_orientation (GTK_ORIENTABLE (layout), GTK_ORIENTATION_VERTICAL);
  self->warning_label = label_new (self);
  self->trail_label = label_new (self);
  gtk_widget_add_css_class (self->trail_label, "p2v-code");
  /* Numbers and names of entries read from left to right in every language. */
  gtk_widget_set_direction (self->trail_label, GTK_TEXT_DIR_LTR);
  g_signal_connect_swapped (self->trail_label, "activate-link", G_CALLBACK (link_activated_cb),
                            self);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Page table entries of the selected row"), -1);

  self->row_signals = g_signal_group_new (P2V_TYPE_MAPPING_ROW);
  g_signal_group_connect_swapped (self->row_signals, "notify::warning", G_CALLBACK (update_warning),
                                  self);
  g_signal_group_connect_swapped (self->row_signals, "notify::virtual", G_CALLBACK (start_reading),
                                  self);
  update_warning (self);
}

void
p2v_trail_view_set_row (P2vTrailView *self,
                        P2vSession *session,
                        P2vMappingRow *row)
{
  stop_reading (self);
  g_set_object (&self->session, session);
  g_set_object (&self->row, row);
  g_signal_group_set_target (self->row_signals, row);
  update_warning (self);
  if (row != NULL)
    start_reading (self);
  else
    gtk_label_set_text (GTK_LABEL (self->trail_label), "");
}

const char *
p2v_trail_view_get_text (P2vTrailView *self)
{
  return gtk_label_get_text (GTK_LABEL (self->trail_label));
}
