/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-viewer-hex.h"

#include <glib/gi18n.h>

#define BYTES_PER_LINE 16

/* What the widget cannot be asked for: whether it has been drawn, and where to go once it has
 * been. */
typedef struct
{
  gboolean is_drawn;
  gint64   pending_offset; /* -1: nowhere */
  guint    idle_id;
} HexState;

static HexState *
get_state (HexWidget *hex)
{
  return g_object_get_data (G_OBJECT (hex), "p2v-state");
}

static void
state_free (gpointer data)
{
  HexState *state = data;

  g_clear_handle_id (&state->idle_id, g_source_remove);
  g_free (state);
}

static gboolean
would_edit (guint keyval,
            GdkModifierType modifiers)
{
  switch (keyval)
    {
    case GDK_KEY_BackSpace:
    case GDK_KEY_Delete:
    case GDK_KEY_KP_Delete:
    case GDK_KEY_Insert:
    case GDK_KEY_KP_Insert:
      return TRUE;
    case GDK_KEY_Tab:
    case GDK_KEY_ISO_Left_Tab:
    case GDK_KEY_Escape:
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
      return FALSE;
    default:
      return gdk_keyval_to_unicode (keyval) != 0
             && (modifiers & (GDK_CONTROL_MASK | GDK_ALT_MASK)) == 0;
    }
}

static gboolean
key_pressed_cb (GtkEventControllerKey *controller,
                guint keyval,
                guint keycode,
                GdkModifierType modifiers,
                gpointer user_data)
{
  return would_edit (keyval, modifiers) ? GDK_EVENT_STOP : GDK_EVENT_PROPAGATE;
}

static void
claim_cb (GtkGesture *gesture)
{
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
}

static void
forbid_editing (GtkWidget *hex)
{
  GtkEventController *keys = gtk_event_controller_key_new ();
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (key_pressed_cb), NULL);
  gtk_widget_add_controller (hex, keys);

  /* The middle button pastes. */
  GtkGesture *middle = gtk_gesture_click_new ();
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (middle), GDK_BUTTON_MIDDLE);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (middle), GTK_PHASE_CAPTURE);
  g_signal_connect (middle, "pressed", G_CALLBACK (claim_cb), NULL);
  gtk_widget_add_controller (hex, GTK_EVENT_CONTROLLER (middle));

  gtk_widget_action_set_enabled (hex, "gtkhex.cut", FALSE);
  gtk_widget_action_set_enabled (hex, "gtkhex.paste", FALSE);
}

static void
move_cursor (HexWidget *hex,
             gint64 offset)
{
  GtkAdjustment *adjustment = hex_widget_get_adjustment (hex);

  hex_widget_set_cursor (hex, offset);
  double line = (double) (offset / BYTES_PER_LINE);
  double top = gtk_adjustment_get_value (adjustment);
  double n_lines = gtk_adjustment_get_page_size (adjustment);
  /* The widget scrolls just far enough, to its first or last line. Some context is better. */
  if (line <= top || line >= top + n_lines - 1)
    gtk_adjustment_set_value (adjustment, MAX (0, line - n_lines / 3));
}

static gboolean
first_move_cb (gpointer user_data)
{
  HexWidget *hex = user_data;
  HexState *state = get_state (hex);

  state->idle_id = 0;
  if (state->pending_offset >= 0)
    move_cursor (hex, state->pending_offset);
  state->pending_offset = -1;
  return G_SOURCE_REMOVE;
}

/* Emitted while the widget draws, when nothing may be changed. */
static void
draw_complete_cb (HexWidget *hex)
{
  HexState *state = get_state (hex);

  if (state->is_drawn)
    return;
  state->is_drawn = TRUE;
  state->idle_id = g_idle_add (first_move_cb, hex);
}

GtkWidget *
p2v_viewer_hex_new (P2vViewerBuffer *buffer)
{
  g_autoptr (HexDocument) document = hex_document_new ();
  HexState *state = g_new0 (HexState, 1);

  /* The document takes over the reference it is given. */
  hex_document_set_buffer (document, HEX_BUFFER (g_object_ref (buffer)));
  hex_document_set_file (document, HEX_BUFFER_GET_IFACE (buffer)->get_file (HEX_BUFFER (buffer)));

  GtkWidget *hex = hex_widget_new (g_object_ref (document));
  state->pending_offset = -1;
  g_object_set_data_full (G_OBJECT (hex), "p2v-state", state, state_free);
  hex_widget_set_geometry (HEX_WIDGET (hex), BYTES_PER_LINE, 0);
  hex_widget_show_offsets (HEX_WIDGET (hex), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (hex), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Bytes of the image"), GTK_ACCESSIBLE_PROPERTY_READ_ONLY, TRUE,
                                  -1);
  g_signal_connect (hex, "draw-complete", G_CALLBACK (draw_complete_cb), NULL);
  forbid_editing (hex);
  return hex;
}

void
p2v_viewer_hex_go_to (HexWidget *hex,
                      gint64 offset)
{
  HexState *state = get_state (hex);

  /* Before it is drawn the widget does not know its lines, and ignores half of this. */
  if (!state->is_drawn || state->idle_id != 0)
    state->pending_offset = offset;
  else
    move_cursor (hex, offset);
}
