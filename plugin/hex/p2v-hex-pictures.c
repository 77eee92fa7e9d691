/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-pictures.h"

#include "p2v-hex-i18n.h"
#include "p2v-hex-pane.h"

/* What can still be pointed at. */
#define LEAST_MAP_WIDTH 240

struct _P2vHexPictures
{
  GObject         parent_instance;

  GtkWindow      *window;   /* the host's, which holds us; NULL after it has gone */
  P2vHexSettings *settings;
  P2vHexLink     *link;     /* NULL: none */
  P2vMemoryMap   *beside;   /* weak; NULL: there is no place for it, or it has gone */
  P2vMemoryMap   *apart;    /* owned by its window; NULL: that is not open */
  P2vSharingView *sharing;  /* the same */
  guint           frame_id;
  guint           close_id; /* the windows are about to be closed, if no link comes */
};

/* From one tab to the next there may be none for a moment, until its file is known. */
#define MOMENT_MS 1000

G_DEFINE_FINAL_TYPE (P2vHexPictures, p2v_hex_pictures, G_TYPE_OBJECT)

static void
frame_on_map (P2vHexPictures *self,
              P2vMemoryMap   *map)
{
  P2vPhysAddr first = 0;
  P2vPhysAddr last = 0;

  if (map == NULL)
    return;
  if (self->link != NULL && p2v_hex_link_get_shown (self->link, &first, &last))
    p2v_memory_map_set_view (map, first, last);
  else
    p2v_memory_map_clear_view (map);
}

static gboolean
frame_cb (gpointer user_data)
{
  P2vHexPictures *self = user_data;

  self->frame_id = 0;
  frame_on_map (self, self->beside);
  frame_on_map (self, self->apart);
  return G_SOURCE_REMOVE;
}

/* Whatever else is on the screen has been drawn: scrolled, jumped to, or in another view. Nothing
 * may be changed while it is. */
static void
draw_complete_cb (P2vHexPictures *self)
{
  if (self->frame_id == 0)
    self->frame_id = g_idle_add (frame_cb, self);
}

/* (nullable): */
static P2vSession *
get_session (P2vHexPictures *self)
{
  return self->link != NULL ? p2v_hex_link_get_session (self->link) : NULL;
}

static void
show_session (P2vHexPictures *self)
{
  P2vSession *session = get_session (self);

  if (self->beside != NULL)
    p2v_memory_map_set_session (self->beside, session);
  if (self->apart != NULL)
    p2v_memory_map_set_session (self->apart, session);
  if (self->sharing != NULL)
    p2v_sharing_view_set_session (self->sharing, session);
  draw_complete_cb (self);
}

static void
jump_cb (P2vHexPictures *self,
         guint64         pa)
{
  if (self->link == NULL || !p2v_hex_link_go_to_pa (self->link, pa))
    return;
  gtk_window_present (self->window);
  gtk_widget_grab_focus (GTK_WIDGET (p2v_hex_link_get_hex (self->link)));
}

static P2vMemoryMap *
map_new (P2vHexPictures *self)
{
  GtkWidget *map = p2v_memory_map_new ();

  gtk_widget_set_size_request (map, LEAST_MAP_WIDTH, -1);
  g_signal_connect_object (map, "jump-to-address", G_CALLBACK (jump_cb), self, G_CONNECT_SWAPPED);
  return P2V_MEMORY_MAP (map);
}

/* Without an image there is nothing to be shown beside. */
static void
update_visible (P2vHexPictures *self)
{
  gboolean wanted = FALSE;

  g_object_get (self->settings, "map-visible", &wanted, NULL);
  if (self->beside != NULL)
    gtk_widget_set_visible (GTK_WIDGET (self->beside), wanted && self->link != NULL);
  else if (wanted)
    p2v_hex_pictures_show_map (self);
  else if (self->apart != NULL)
    gtk_window_destroy (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self->apart))));
}

static void
settings_changed_cb (P2vHexPictures *self)
{
  if (self->window != NULL)
    update_visible (self);
}

static void
drop_link (P2vHexPictures *self)
{
  g_clear_handle_id (&self->frame_id, g_source_remove);
  g_clear_handle_id (&self->close_id, g_source_remove);
  if (self->link != NULL)
    g_signal_handlers_disconnect_by_data (self->link, self);
  if (self->link != NULL && p2v_hex_link_get_hex (self->link) != NULL)
    g_signal_handlers_disconnect_by_data (p2v_hex_link_get_hex (self->link), self);
  g_clear_object (&self->link);
}

static void
p2v_hex_pictures_dispose (GObject *object)
{
  P2vHexPictures *self = P2V_HEX_PICTURES (object);

  p2v_hex_pictures_close (self);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (p2v_hex_pictures_parent_class)->dispose (object);
}

static void
p2v_hex_pictures_class_init (P2vHexPicturesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_hex_pictures_dispose;
}

static void
p2v_hex_pictures_init (P2vHexPictures *self)
{
}

static void
measure_steadily (GtkWidget      *widget,
                  GtkOrientation  orientation,
                  int             for_size,
                  int            *minimum,
                  int            *natural,
                  int            *minimum_baseline,
                  int            *natural_baseline)
{
  gtk_widget_measure (gtk_widget_get_first_child (widget), orientation,
                      orientation == GTK_ORIENTATION_HORIZONTAL ? -1 : for_size, minimum, natural,
                      minimum_baseline, natural_baseline);
}

static void
allocate_steadily (GtkWidget *widget,
                   int        width,
                   int        height,
                   int        baseline)
{
  gtk_widget_allocate (gtk_widget_get_first_child (widget), width, height, baseline, NULL);
}

static GtkSizeRequestMode
get_steady_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

/* A pane asks its children how wide they must be for the height that they have. Text that wraps is
 * then as wide as it is long, and pushes the map out of the window. Here width comes first. */
static void
steady_start (GtkPaned *paned)
{
  g_autoptr (GtkWidget) child = g_object_ref (gtk_paned_get_start_child (paned));
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  gtk_paned_set_start_child (paned, NULL);
  gtk_box_append (GTK_BOX (box), child);
  gtk_widget_set_layout_manager (
      box, gtk_custom_layout_new (get_steady_mode, measure_steadily, allocate_steadily));
  gtk_paned_set_start_child (paned, box);
}

P2vHexPictures *
p2v_hex_pictures_new (GtkWindow      *window,
                      GtkPaned       *paned,
                      P2vHexSettings *settings)
{
  P2vHexPictures *self = g_object_new (P2V_TYPE_HEX_PICTURES, NULL);

  self->window = window;
  self->settings = g_object_ref (settings);
  if (paned != NULL)
    {
      steady_start (paned);
      g_set_weak_pointer (&self->beside, map_new (self));
      gtk_paned_set_end_child (paned, GTK_WIDGET (self->beside));
      p2v_hex_pane_remember (paned, settings, "map-width");
    }
  g_signal_connect_object (settings, "notify::map-visible", G_CALLBACK (settings_changed_cb), self,
                           G_CONNECT_SWAPPED);
  update_visible (self);
  return self;
}

/* Escape closes it as it closes a dialog. */
static void
add_escape (GtkWidget *window)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();

  gtk_shortcut_controller_add_shortcut (
      GTK_SHORTCUT_CONTROLLER (keys),
      gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Escape, 0),
                        gtk_named_action_new ("window.close")));
  gtk_widget_add_controller (window, keys);
}

/* A window that goes with the host's. @pointer to the widget in it becomes NULL when it goes. */
static void
open_window (P2vHexPictures *self,
             const char     *title,
             GtkWidget     **pointer)
{
  GtkWidget *window = gtk_window_new ();

  g_object_add_weak_pointer (G_OBJECT (*pointer), (gpointer *) pointer);
  gtk_window_set_title (GTK_WINDOW (window), title);
  gtk_window_set_default_size (GTK_WINDOW (window), 760, 720);
  gtk_window_set_transient_for (GTK_WINDOW (window), self->window);
  gtk_window_set_destroy_with_parent (GTK_WINDOW (window), TRUE);
  gtk_window_set_child (GTK_WINDOW (window), *pointer);
  add_escape (window);
  gtk_window_present (GTK_WINDOW (window));
}

/* @pointer: to the widget in the window, if that is open */
static void
close_window (GtkWidget **pointer)
{
  GtkWidget *widget = *pointer;

  if (widget == NULL)
    return;
  g_clear_weak_pointer (pointer);
  gtk_window_destroy (GTK_WINDOW (gtk_widget_get_root (widget)));
}

/* The only map there is: who closes it does not want one. */
static gboolean
close_request_cb (P2vHexPictures *self)
{
  g_object_set (self->settings, "map-visible", FALSE, NULL);
  return TRUE;
}

void
p2v_hex_pictures_show_map (P2vHexPictures *self)
{
  if (self->link == NULL)
    return;
  if (self->apart != NULL)
    {
      gtk_window_present (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self->apart))));
      return;
    }
  self->apart = map_new (self);
  open_window (self, _("Map of Memory"), (GtkWidget **) &self->apart);
  if (self->beside == NULL)
    g_signal_connect_object (gtk_widget_get_root (GTK_WIDGET (self->apart)), "close-request",
                             G_CALLBACK (close_request_cb), self, G_CONNECT_SWAPPED);
  show_session (self);
}

void
p2v_hex_pictures_show_sharing (P2vHexPictures *self)
{
  if (self->link == NULL)
    return;
  if (self->sharing != NULL)
    {
      gtk_window_present (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self->sharing))));
      return;
    }
  self->sharing = P2V_SHARING_VIEW (p2v_sharing_view_new ());
  open_window (self, _("Shared Memory"), (GtkWidget **) &self->sharing);
  show_session (self);
}

static gboolean
close_cb (gpointer user_data)
{
  P2vHexPictures *self = user_data;

  self->close_id = 0;
  close_window ((GtkWidget **) &self->apart);
  close_window ((GtkWidget **) &self->sharing);
  return G_SOURCE_REMOVE;
}

void
p2v_hex_pictures_set_link (P2vHexPictures *self,
                           P2vHexLink     *link)
{
  if (self->window == NULL || self->link == link)
    return;
  drop_link (self);
  if (link != NULL)
    {
      self->link = g_object_ref (link);
      g_signal_connect_swapped (link, "changed", G_CALLBACK (show_session), self);
      g_signal_connect_swapped (p2v_hex_link_get_hex (link), "draw-complete",
                                G_CALLBACK (draw_complete_cb), self);
    }
  else
    self->close_id = g_timeout_add (MOMENT_MS, close_cb, self);
  show_session (self);
  update_visible (self);
}

void
p2v_hex_pictures_close (P2vHexPictures *self)
{
  if (self->window == NULL)
    return;
  drop_link (self);
  close_window ((GtkWidget **) &self->apart);
  close_window ((GtkWidget **) &self->sharing);
  /* It stops what it is doing; the window may live on in somebody's reference. */
  if (self->beside != NULL)
    p2v_memory_map_set_session (self->beside, NULL);
  g_clear_weak_pointer (&self->beside);
  self->window = NULL;
}
