/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-go-to.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

struct _P2vGoTo
{
  GtkPopover       parent_instance;

  P2vSession      *session;
  GCancellable    *cancellable; /* of a running translation */

  GtkToggleButton *physical_button;
  GtkToggleButton *offset_button;
  GtkToggleButton *virtual_button;
  GtkEntry        *entry;
  GtkLabel        *message_label;
};

G_DEFINE_FINAL_TYPE (P2vGoTo, p2v_go_to, GTK_TYPE_POPOVER)

enum
{
  GO,
  GO_PHYSICAL,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
show_hint (P2vGoTo *self)
{
  const char *hint = _("A physical address, such as 0x1a58f3c8");
  const char *label = _("Physical address");

  if (gtk_toggle_button_get_active (self->offset_button))
    {
      hint = _("An offset in the file, such as 0x1a5913c8");
      label = _("File offset");
    }
  else if (gtk_toggle_button_get_active (self->virtual_button))
    {
      hint = _("A process and a virtual address, such as 2912:0x766c03c8");
      label = _("Process and virtual address");
    }

  gtk_label_set_label (self->message_label, hint);
  gtk_widget_remove_css_class (GTK_WIDGET (self->message_label), "error");
  gtk_widget_add_css_class (GTK_WIDGET (self->message_label), "dim-label");
  gtk_widget_remove_css_class (GTK_WIDGET (self->entry), "error");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  label, -1);
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_STATE_INVALID,
                               GTK_ACCESSIBLE_INVALID_FALSE, -1);
}

static void
show_error (P2vGoTo *self,
            const char *message)
{
  gtk_label_set_label (self->message_label, message);
  gtk_widget_remove_css_class (GTK_WIDGET (self->message_label), "dim-label");
  gtk_widget_add_css_class (GTK_WIDGET (self->message_label), "error");
  gtk_widget_add_css_class (GTK_WIDGET (self->entry), "error");
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_STATE_INVALID,
                               GTK_ACCESSIBLE_INVALID_TRUE, -1);
}

static void
stop_translation (P2vGoTo *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
go (P2vGoTo *self,
    guint64 file_offset)
{
  gtk_popover_popdown (GTK_POPOVER (self));
  g_signal_emit (self, signals[GO], 0, file_offset);
}

static void
go_to_physical (P2vGoTo *self,
                P2vPhysAddr pa)
{
  g_autoptr (P2vImage) image = p2v_session_dup_image (self->session);

  if (image != NULL && p2v_image_contains (image, pa))
    {
      gtk_popover_popdown (GTK_POPOVER (self));
      g_signal_emit (self, signals[GO_PHYSICAL], 0, pa);
      return;
    }
  g_autofree char *message
      /* Translators: the number is a physical address. */
      = g_strdup_printf (_("The image does not hold physical address 0x%" PRIx64 "."),
                         pa);
  show_error (self, message);
}

static void
go_to_offset (P2vGoTo *self,
              guint64 file_offset)
{
  g_autoptr (P2vImage) image = p2v_session_dup_image (self->session);

  if (image != NULL && file_offset < p2v_image_get_file_size (image))
    {
      go (self, file_offset);
      return;
    }
  g_autofree char *message = g_strdup_printf (
      /* Translators: the numbers are an offset in a file and the file's size. */
      _("Offset 0x%" PRIx64 " is behind the end of the file, which is 0x%" PRIx64 " bytes long."),
      file_offset, image != NULL ? p2v_image_get_file_size (image) : 0);
  show_error (self, message);
}

/* A translation that a thread works on. */
typedef struct
{
  P2vSession *session;
  P2vProcess *process;
  P2vTrail    trail;
} Translation;

static void
translation_free (gpointer data)
{
  Translation *translation = data;

  g_object_unref (translation->process);
  g_object_unref (translation->session);
  g_free (translation);
}

static void
translate_in_thread (GTask *task,
                     gpointer source,
                     gpointer task_data,
                     GCancellable *cancellable)
{
  Translation *translation = task_data;
  GError *error = NULL;

  if (p2v_session_get_trail (translation->session,
                             p2v_process_get_address_space (translation->process),
                             translation->trail.va, &translation->trail, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
translated_cb (GObject *source,
               GAsyncResult *result,
               gpointer user_data)
{
  g_autoptr (P2vGoTo) self = user_data;
  g_autoptr (GError) error = NULL;
  Translation *translation = g_task_get_task_data (G_TASK (result));
  gboolean success = g_task_propagate_boolean (G_TASK (result), &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;
  g_clear_object (&self->cancellable);

  if (!success)
    show_error (self, error->message);
  else if (translation->trail.status == P2V_WALK_MAPPED)
    go_to_physical (self, translation->trail.pa);
  else
    {
      g_autofree char *end = p2v_trail_dup_end_text (&translation->trail);
      /* Translators: a virtual address, a process's number, and why there is nothing. */
      g_autofree char *message = g_strdup_printf (
          _("0x%" PRIx64 " of process %" PRId64 " leads nowhere: %s"),
          translation->trail.va, p2v_process_get_pid (translation->process),
          end);
      show_error (self, message);
    }
}

/* Finds the process that @text names up to the colon; shows why if there is none. */
static P2vProcess *
find_process (P2vGoTo *self,
              const char *pid_text)
{
  g_autoptr (P2vSystem) system = p2v_session_dup_system (self->session);
  g_autoptr (GError) error = NULL;
  gint64 pid = 0;

  if (system == NULL)
    {
      show_error (self, _("No operating system is known yet, so there are no processes."));
      return NULL;
    }
  if (!g_ascii_string_to_signed (pid_text, 10, 0, G_MAXINT64, &pid, &error))
    {
      show_error (self, _("Before the colon must stand a process's number, such as 2912."));
      return NULL;
    }
  P2vProcess *process = p2v_system_find_pid (system, pid);
  if (process != NULL && p2v_process_get_address_space (process) != NULL)
    return g_object_ref (process);

  /* Translators: the number is a process's. */
  g_autofree char *message = g_strdup_printf (
      process == NULL ? _("There is no process %" PRId64 ".")
                      : _("Process %" PRId64 " has no address space of its own."),
      pid);
  show_error (self, message);
  return NULL;
}

static void
go_to_virtual (P2vGoTo *self,
               const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 2);
  g_autoptr (GError) error = NULL;
  guint64 va = 0;

  if (g_strv_length (parts) != 2)
    {
      show_error (self,
                  _("Write a process's number, a colon and a virtual address: 2912:0x766c03c8."));
      return;
    }
  g_autoptr (P2vProcess) process = find_process (self, g_strstrip (parts[0]));
  if (process == NULL)
    return;
  if (!p2v_parse_address (g_strstrip (parts[1]), &va, &error))
    {
      show_error (self, error->message);
      return;
    }

  Translation *translation = g_new0 (Translation, 1);
  translation->session = g_object_ref (self->session);
  translation->process = g_steal_pointer (&process);
  translation->trail.va = va;
  self->cancellable = g_cancellable_new ();
  g_autoptr (GTask) task = g_task_new (NULL, self->cancellable, translated_cb, g_object_ref (self));
  g_task_set_task_data (task, translation, translation_free);
  g_task_run_in_thread (task, translate_in_thread);
}

static void
go_cb (P2vGoTo *self)
{
  g_autofree char *text
      = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->entry))));
  g_autoptr (GError) error = NULL;
  guint64 number = 0;

  stop_translation (self);
  if (self->session == NULL)
    show_error (self, _("No memory image is open."));
  else if (gtk_toggle_button_get_active (self->virtual_button))
    go_to_virtual (self, text);
  else if (!p2v_parse_address (text, &number, &error))
    show_error (self, error->message);
  else if (gtk_toggle_button_get_active (self->offset_button))
    go_to_offset (self, number);
  else
    go_to_physical (self, number);
}

static void
changed_cb (P2vGoTo *self)
{
  stop_translation (self);
  show_hint (self);
}

static void
kind_changed_cb (P2vGoTo *self,
                 GtkToggleButton *button)
{
  if (gtk_toggle_button_get_active (button))
    changed_cb (self);
}

static void
p2v_go_to_show (GtkWidget *widget)
{
  P2vGoTo *self = P2V_GO_TO (widget);

  GTK_WIDGET_CLASS (p2v_go_to_parent_class)->show (widget);
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}

static void
p2v_go_to_dispose (GObject *object)
{
  P2vGoTo *self = P2V_GO_TO (object);

  stop_translation (self);
  g_clear_object (&self->session);
  gtk_widget_dispose_template (GTK_WIDGET (self), P2V_TYPE_GO_TO);

  G_OBJECT_CLASS (p2v_go_to_parent_class)->dispose (object);
}

static void
p2v_go_to_class_init (P2vGoToClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = p2v_go_to_dispose;
  widget_class->show = p2v_go_to_show;

  signals[GO] = g_signal_new ("go", P2V_TYPE_GO_TO, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                              G_TYPE_NONE, 1, G_TYPE_UINT64);
  signals[GO_PHYSICAL] = g_signal_new ("go-physical", P2V_TYPE_GO_TO, G_SIGNAL_RUN_LAST, 0, NULL,
                                       NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT64);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/pas2vas/gtk/p2v-go-to.ui");
  gtk_widget_class_bind_template_child (widget_class, P2vGoTo, physical_button);
  gtk_widget_class_bind_template_child (widget_class, P2vGoTo, offset_button);
  gtk_widget_class_bind_template_child (widget_class, P2vGoTo, virtual_button);
  gtk_widget_class_bind_template_child (widget_class, P2vGoTo, entry);
  gtk_widget_class_bind_template_child (widget_class, P2vGoTo, message_label);
  gtk_widget_class_bind_template_callback (widget_class, go_cb);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, kind_changed_cb);
}

static void
p2v_go_to_init (P2vGoTo *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_direction (GTK_WIDGET (self->entry), GTK_TEXT_DIR_LTR);
  show_hint (self);
}

GtkWidget *
p2v_go_to_new (void)
{
  return g_object_new (P2V_TYPE_GO_TO, NULL);
}

void
p2v_go_to_set_session (P2vGoTo *self,
                       P2vSession *session)
{
  stop_translation (self);
  g_set_object (&self->session, session);
}

void
p2v_go_to_set_kind (P2vGoTo *self,
                    const char *kind)
{
  GtkToggleButton *button = self->physical_button;

  if (g_str_equal (kind, "offset"))
    button = self->offset_button;
  else if (g_str_equal (kind, "virtual"))
    button = self->virtual_button;
  gtk_toggle_button_set_active (button, TRUE);
}
