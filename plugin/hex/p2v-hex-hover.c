/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-hover.h"

#include "p2v-hex-geometry.h"
#include "p2v-hex-tip.h"

/* So many clicks in a row that were not where we thought. One may be a host that moved. */
#define MAX_MISSES 2

struct _P2vHexHover
{
  GObject         parent_instance;

  HexWidget      *hex;       /* holds us */
  P2vHexLink     *link;
  P2vHexSettings *settings;
  P2vHexTip      *tip;       /* shown last; NULL: none */
  gboolean        is_read;   /* all of @tip */
  gboolean        is_reading;

  guint           n_misses;
  gint64          predicted; /* of a click; -1: none */
  guint           check_id;
};

G_DEFINE_FINAL_TYPE (P2vHexHover, p2v_hex_hover, G_TYPE_OBJECT)

static void read_tip (P2vHexHover *self);

static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (P2vHexHover) self = user_data;

  self->is_reading = FALSE;
  self->is_read = P2V_HEX_TIP (source) == self->tip;
  if (!self->is_read && self->tip != NULL)
    read_tip (self);
}

/* One at a time: of the bytes that the pointer passes meanwhile only the last one matters. */
static void
read_tip (P2vHexHover *self)
{
  /* An answer that is not complete is not worth reading for: the next one is another. */
  if (self->is_read || self->is_reading || !p2v_hex_tip_is_complete (self->tip))
    return;
  self->is_reading = TRUE;
  p2v_hex_tip_read_async (self->tip, read_cb, g_object_ref (self));
}

/* The tip for @pa, which may be the one that is shown already. */
static P2vHexTip *
get_tip (P2vHexHover *self,
         P2vPhysAddr  pa)
{
  P2vSession *session = p2v_hex_link_get_session (self->link);

  if (self->tip == NULL || p2v_hex_tip_get_pa (self->tip) != pa
      || !p2v_hex_tip_is_complete (self->tip))
    {
      g_clear_object (&self->tip);
      self->tip = p2v_hex_tip_new (session, pa);
      self->is_read = FALSE;
    }
  read_tip (self);
  return self->tip;
}

static gboolean
query_tooltip_cb (P2vHexHover *self,
                  int          x,
                  int          y,
                  gboolean     keyboard_mode,
                  GtkTooltip  *tooltip)
{
  P2vHexGeometry geometry;
  P2vHexSpace *space = p2v_hex_link_get_space (self->link);
  gint64 position = 0;
  P2vPhysAddr pa = 0;

  if (space == NULL || !p2v_hex_hover_is_trusted (self)
      || !p2v_hex_settings_get_hover (self->settings)
      || !p2v_hex_geometry_init (&geometry, self->hex))
    return FALSE;
  if (keyboard_mode)
    position = hex_widget_get_cursor (self->hex);
  else if (!p2v_hex_geometry_get_position (&geometry, self->hex, x, y, &position))
    return FALSE;
  if (!p2v_hex_space_get_pa (space, (guint64) position, &pa))
    return FALSE;

  /* No area is named in which the tooltip stays: out of it GTK waits for the pointer to move once
   * more, and a hand may rest by then. So it stays where it is, and names the byte that the
   * pointer goes to. */
  gtk_tooltip_set_custom (tooltip, p2v_hex_tip_new_widget (get_tip (self, pa)));
  return TRUE;
}

/* The click has been handled: is the cursor where it should be? */
static gboolean
check_cb (gpointer user_data)
{
  P2vHexHover *self = user_data;
  gint64 predicted = self->predicted;

  self->check_id = 0;
  self->predicted = -1;
  if (predicted >= 0)
    self->n_misses = hex_widget_get_cursor (self->hex) == predicted ? 0 : self->n_misses + 1;
  return G_SOURCE_REMOVE;
}

static void
pressed_cb (GtkGestureClick *click,
            int              n_press,
            double           x,
            double           y,
            gpointer         user_data)
{
  P2vHexHover *self = user_data;
  P2vHexGeometry geometry;
  P2vHexSpace *space = p2v_hex_link_get_space (self->link);
  gint64 position = 0;
  P2vPhysAddr pa = 0;

  /* A click into a gap may be sent on to where there is something. */
  if (space == NULL || n_press != 1 || self->check_id != 0 || !p2v_hex_hover_is_trusted (self)
      || !p2v_hex_geometry_init (&geometry, self->hex)
      || !p2v_hex_geometry_get_position (&geometry, self->hex, x, y, &position)
      || !p2v_hex_space_get_pa (space, (guint64) position, &pa))
    return;
  self->predicted = position;
  self->check_id = g_idle_add_full (G_PRIORITY_DEFAULT, check_cb, self, NULL);
}

static void
hex_destroyed_cb (P2vHexHover *self)
{
  g_clear_handle_id (&self->check_id, g_source_remove);
  self->hex = NULL;
}

static void
p2v_hex_hover_dispose (GObject *object)
{
  P2vHexHover *self = P2V_HEX_HOVER (object);

  g_clear_handle_id (&self->check_id, g_source_remove);
  g_clear_object (&self->tip);
  g_clear_object (&self->link);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (p2v_hex_hover_parent_class)->dispose (object);
}

static void
p2v_hex_hover_class_init (P2vHexHoverClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_hex_hover_dispose;
}

static void
p2v_hex_hover_init (P2vHexHover *self)
{
  self->predicted = -1;
}

P2vHexHover *
p2v_hex_hover_attach (P2vHexLink     *link,
                      P2vHexSettings *settings)
{
  P2vHexHover *self = g_object_new (P2V_TYPE_HEX_HOVER, NULL);
  HexWidget *hex = p2v_hex_link_get_hex (link);

  self->hex = hex;
  self->link = g_object_ref (link);
  self->settings = g_object_ref (settings);
  gtk_widget_set_has_tooltip (GTK_WIDGET (hex), TRUE);
  g_signal_connect_object (hex, "query-tooltip", G_CALLBACK (query_tooltip_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (hex, "destroy", G_CALLBACK (hex_destroyed_cb), self, G_CONNECT_SWAPPED);

  GtkGesture *click = gtk_gesture_click_new ();
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_PRIMARY);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (click), GTK_PHASE_CAPTURE);
  g_signal_connect_object (click, "pressed", G_CALLBACK (pressed_cb), self, 0);
  gtk_widget_add_controller (GTK_WIDGET (hex), GTK_EVENT_CONTROLLER (click));
  g_object_set_data_full (G_OBJECT (hex), "p2v-hover", self, g_object_unref);
  return self;
}

gboolean
p2v_hex_hover_is_trusted (P2vHexHover *self)
{
  return self->n_misses < MAX_MISSES;
}
