/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-viewer-window.h"

#include "p2v-hex-bar.h"
#include "p2v-hex-hover.h"
#include "p2v-hex-link.h"
#include "p2v-hex-pane.h"
#include "p2v-hex-pictures.h"
#include "p2v-hex-shade.h"
#include "p2v-viewer-hex.h"

#include <glib/gi18n.h>

struct _P2vViewerWindow
{
  AdwApplicationWindow  parent_instance;

  GCancellable         *opening;
  P2vPhysAddr           base_pa;      /* of flat images; 0: to be found out */
  char                 *paging;       /* (nullable): id of a paging form */
  char                 *symbols_path; /* (nullable): for images that are opened from now on */
  GtkFileChooserNative *chooser;
  P2vHexSettings       *settings;
  P2vHexLink           *link;  /* NULL without an image */
  P2vHexBar            *bar;   /* owned by @panel_box */
  P2vHexPictures       *pictures;

  AdwWindowTitle       *window_title;
  GtkInfoBar           *read_error_bar;
  GtkStack             *stack;
  AdwStatusPage        *status_page;
  GtkPaned             *paned;
  GtkBox               *panel_box;
  P2vPanel             *panel;
  GtkPaned             *map_paned;
};

G_DEFINE_FINAL_TYPE (P2vViewerWindow, p2v_viewer_window, ADW_TYPE_APPLICATION_WINDOW)

/* A file on its way into a window. */
typedef struct
{
  P2vViewerWindow *window;
  GCancellable    *cancellable;
  GFile           *file;
  P2vViewerStart   start;
  guint64          where;
} Opening;

static void
opening_free (Opening *opening)
{
  g_object_unref (opening->window);
  g_object_unref (opening->cancellable);
  g_object_unref (opening->file);
  g_free (opening);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Opening, opening_free)

static void
show_status (P2vViewerWindow *self,
             const char *icon_name,
             const char *title,
             const char *text)
{
  /* The description is markup, and the text may hold a file's name. */
  g_autofree char *markup = g_markup_escape_text (text, -1);

  adw_status_page_set_icon_name (self->status_page, icon_name);
  adw_status_page_set_title (self->status_page, title);
  adw_status_page_set_description (self->status_page, markup);
  gtk_stack_set_visible_child_name (self->stack, "status");
}

static void
reveal_cb (P2vViewerWindow *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->panel), TRUE);
}

static void
read_failed_cb (P2vViewerWindow *self)
{
  gtk_info_bar_set_revealed (self->read_error_bar, TRUE);
}

static void
read_error_closed_cb (P2vViewerWindow *self)
{
  gtk_info_bar_set_revealed (self->read_error_bar, FALSE);
}

/* FALSE if the image does not hold the address. */
static gboolean
go_to_start (P2vViewerWindow *self,
             const Opening   *opening,
             P2vImage        *image)
{
  switch (opening->start)
    {
    case P2V_VIEWER_START_PHYSICAL:
      return p2v_hex_link_go_to_pa (self->link, opening->where);
    case P2V_VIEWER_START_OFFSET:
      return p2v_hex_link_go_to_offset (
          self->link, MIN (opening->where, p2v_image_get_file_size (image) - 1));
    case P2V_VIEWER_START_BEGIN:
    default:
      return TRUE;
    }
}

static void
show_title (P2vViewerWindow *self,
            const Opening   *opening,
            P2vImage        *image)
{
  g_autofree char *name = g_file_get_parse_name (opening->file);
  g_autofree char *base = g_path_get_basename (name);

  adw_window_title_set_title (self->window_title, base);
  adw_window_title_set_subtitle (self->window_title, p2v_image_get_format_name (image));
  gtk_window_set_title (GTK_WINDOW (self), base);
}

static void
show_image (P2vViewerWindow *self,
            const Opening   *opening,
            P2vSession      *session,
            P2vHexBuffer    *buffer)
{
  g_autoptr (P2vImage) image = p2v_session_dup_image (session);
  GtkWidget *hex = p2v_viewer_hex_new (buffer);
  GtkWidget *overlay = p2v_hex_shade_wrap (hex);

  show_title (self, opening, image);
  gtk_paned_set_start_child (self->paned, overlay);
  self->link = p2v_hex_link_new (HEX_WIDGET (hex), buffer, self->panel);
  g_signal_connect_object (buffer, "read-failed", G_CALLBACK (read_failed_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_stack_set_visible_child_name (self->stack, "image");

  p2v_hex_link_set_session (self->link, session);
  p2v_hex_pictures_set_link (self->pictures, self->link);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "hex",
                                  p2v_hex_link_get_action_group (self->link));
  p2v_hex_bar_set_link (self->bar, self->link);
  p2v_hex_shade_set_link (GTK_OVERLAY (overlay), self->link);
  p2v_hex_hover_attach (self->link, self->settings);
  if (!go_to_start (self, opening, image))
    /* An address that the image does not hold is still a question, and the panel has the answer. */
    p2v_panel_set_address (self->panel, opening->where);
  gtk_widget_grab_focus (hex);
}

static void
opened_cb (GObject *source,
           GAsyncResult *result,
           gpointer user_data)
{
  g_autoptr (Opening) opening = user_data;
  g_autoptr (GError) error = NULL;
  P2vViewerWindow *self = opening->window;
  P2vSession *session = P2V_SESSION (source);
  gboolean success = p2v_session_open_finish (session, result, &error);

  /* The window may have been closed in the meantime. */
  if (opening->cancellable != self->opening)
    return;
  g_clear_object (&self->opening);

  g_autoptr (P2vHexBuffer) buffer
      = success ? p2v_hex_buffer_new (opening->file, &error) : NULL;
  if (buffer != NULL)
    show_image (self, opening, session, buffer);
  else
    show_status (self, "dialog-error-symbolic", _("This File Cannot Be Shown"), error->message);
}

static void
file_chosen_cb (P2vViewerWindow *self,
                int response,
                GtkFileChooserNative *chooser)
{
  g_autoptr (GFile) file = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (chooser));
  g_clear_object (&self->chooser);
  if (file == NULL)
    return;

  GtkWidget *window = GTK_WIDGET (self);
  if (p2v_viewer_window_is_used (self))
    window = p2v_viewer_window_new (gtk_window_get_application (GTK_WINDOW (self)));
  p2v_viewer_window_open (P2V_VIEWER_WINDOW (window), file, P2V_VIEWER_START_BEGIN, 0);
  gtk_window_present (GTK_WINDOW (window));
}

static void
open_action (GtkWidget *widget,
             const char *action_name,
             GVariant *parameter)
{
  P2vViewerWindow *self = P2V_VIEWER_WINDOW (widget);

  if (self->chooser != NULL)
    gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (self->chooser));
  g_clear_object (&self->chooser);
  self->chooser = gtk_file_chooser_native_new (_("Open a Memory Image"), GTK_WINDOW (self),
                                               GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (file_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
show_map_apart_action (GtkWidget  *widget,
                       const char *action_name,
                       GVariant   *parameter)
{
  p2v_hex_pictures_show_map (P2V_VIEWER_WINDOW (widget)->pictures);
}

static void
show_sharing_action (GtkWidget  *widget,
                     const char *action_name,
                     GVariant   *parameter)
{
  p2v_hex_pictures_show_sharing (P2V_VIEWER_WINDOW (widget)->pictures);
}

static void
p2v_viewer_window_dispose (GObject *object)
{
  P2vViewerWindow *self = P2V_VIEWER_WINDOW (object);

  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  if (self->chooser != NULL)
    gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (self->chooser));
  g_clear_object (&self->chooser);
  if (self->pictures != NULL)
    p2v_hex_pictures_close (self->pictures);
  g_clear_object (&self->pictures);
  if (self->link != NULL)
    p2v_hex_link_break (self->link);
  g_clear_object (&self->link);
  g_clear_object (&self->settings);
  /* It holds a widget, which must not outlive the window's actions that refer to it. */
  g_action_map_remove_action (G_ACTION_MAP (self), "show-panel");
  gtk_widget_insert_action_group (GTK_WIDGET (self), "p2v", NULL);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "hex", NULL);
  /* The panel cancels what it is doing; the window may live on in somebody's reference. */
  if (self->panel != NULL)
    p2v_panel_set_session (self->panel, NULL);

  g_clear_pointer (&self->symbols_path, g_free);
  g_clear_pointer (&self->paging, g_free);
  G_OBJECT_CLASS (p2v_viewer_window_parent_class)->dispose (object);
}

static void
p2v_viewer_window_class_init (P2vViewerWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = p2v_viewer_window_dispose;

  g_type_ensure (P2V_TYPE_PANEL);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/pas2vas/Viewer/p2v-viewer-window.ui");
  gtk_widget_class_bind_template_child (widget_class, P2vViewerWindow, window_title);
  gtk_widget_class_bind_template_child (widget_class, P2vViewerWindow, read_error_bar);
  gtk_widget_class_bind_template_child (widget_class, P2vViewerWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, P2vViewerWindow, status_page);
  gtk_widget_class_bind_template_child (widget_class, P2vViewerWindow, paned);
  gtk_widget_class_bind_template_child (widget_class, P2vViewerWindow, panel_box);
  gtk_widget_class_bind_template_child (widget_class, P2vViewerWindow, panel);
  gtk_widget_class_bind_template_child (widget_class, P2vViewerWindow, map_paned);
  gtk_widget_class_bind_template_callback (widget_class, reveal_cb);
  gtk_widget_class_bind_template_callback (widget_class, read_error_closed_cb);

  gtk_widget_class_install_action (widget_class, "win.open", NULL, open_action);
  gtk_widget_class_install_action (widget_class, "win.show-map-apart", NULL,
                                   show_map_apart_action);
  gtk_widget_class_install_action (widget_class, "win.show-sharing", NULL, show_sharing_action);
}

static void
p2v_viewer_window_init (P2vViewerWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->settings = p2v_hex_settings_new (NULL);
  self->bar = P2V_HEX_BAR (p2v_hex_bar_new (self->settings));
  gtk_box_prepend (self->panel_box, GTK_WIDGET (self->bar));
  g_object_bind_property (self->settings, "panel-visible", self->panel, "visible",
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  g_object_bind_property (self->panel, "visible", self->panel_box, "visible",
                          G_BINDING_SYNC_CREATE);
  p2v_hex_settings_bind_panel (self->settings, G_OBJECT (self->panel));
  p2v_hex_pane_remember (self->paned, self->settings, "panel-height");
  self->pictures = p2v_hex_pictures_new (GTK_WINDOW (self), self->map_paned, self->settings);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "p2v",
                                  p2v_panel_get_action_group (self->panel));

  g_autoptr (GPropertyAction) show_panel
      = g_property_action_new ("show-panel", self->panel, "visible");
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (show_panel));
  g_autoptr (GPropertyAction) show_map
      = g_property_action_new ("show-map", self->settings, "map-visible");
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (show_map));

  /* Not an accelerator of the application: that would come before whatever has the focus, and
   * Escape closes popovers and search entries first. */
  GtkEventController *keys = gtk_shortcut_controller_new ();
  gtk_shortcut_controller_add_shortcut (
      GTK_SHORTCUT_CONTROLLER (keys),
      gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Escape, 0),
                        gtk_named_action_new ("p2v.cancel")));
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
}

GtkWidget *
p2v_viewer_window_new (GtkApplication *application)
{
  return g_object_new (P2V_TYPE_VIEWER_WINDOW, "application", application, NULL);
}

void
p2v_viewer_window_open (P2vViewerWindow *self,
                        GFile *file,
                        P2vViewerStart start,
                        guint64 where)
{
  const char *path = g_file_peek_path (file);
  g_autofree char *name = g_file_get_parse_name (file);

  g_return_if_fail (!p2v_viewer_window_is_used (self));

  if (path == NULL)
    {
      /* Translators: %s is the address of a file on another machine. */
      g_autofree char *text
          = g_strdup_printf (_("%s is not a local file. Copy it to this machine first."), name);
      show_status (self, "dialog-error-symbolic", _("This File Cannot Be Shown"), text);
      return;
    }

  show_status (self, "document-open-symbolic", _("Opening"), name);
  self->opening = g_cancellable_new ();
  Opening *opening = g_new0 (Opening, 1);
  *opening = (Opening){ g_object_ref (self), g_object_ref (self->opening), g_object_ref (file),
                        start, where };
  g_autoptr (P2vSession) session = p2v_session_new ();

  p2v_session_set_cache (session, TRUE, NULL);
  p2v_session_set_symbols (session, self->symbols_path);
  p2v_session_set_base (session, self->base_pa);
  (void) !p2v_session_set_paging (session, self->paging, NULL);
  p2v_session_open_async (session, path, self->opening, opened_cb, opening);
}

gboolean
p2v_viewer_window_set_reading (P2vViewerWindow *self,
                               P2vPhysAddr      base_pa,
                               const char      *paging,
                               GError         **error)
{
  g_autoptr (P2vSession) session = p2v_session_new ();

  if (!p2v_session_set_paging (session, paging, error))
    return FALSE;
  self->base_pa = base_pa;
  g_free (self->paging);
  self->paging = g_strdup (paging);
  return TRUE;
}

void
p2v_viewer_window_set_symbols (P2vViewerWindow *self,
                               GFile *file)
{
  g_free (self->symbols_path);
  self->symbols_path = g_file_get_path (file);
}

gboolean
p2v_viewer_window_is_used (P2vViewerWindow *self)
{
  return self->link != NULL || self->opening != NULL;
}

P2vPanel *
p2v_viewer_window_get_panel (P2vViewerWindow *self)
{
  return self->panel;
}

HexWidget *
p2v_viewer_window_get_hex (P2vViewerWindow *self)
{
  return self->link != NULL ? p2v_hex_link_get_hex (self->link) : NULL;
}
