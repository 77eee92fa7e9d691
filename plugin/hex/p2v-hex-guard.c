/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-guard.h"

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

void
p2v_hex_guard (HexWidget *hex)
{
  GtkWidget *widget = GTK_WIDGET (hex);
  GtkEventController *keys = gtk_event_controller_key_new ();
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (key_pressed_cb), NULL);
  gtk_widget_add_controller (widget, keys);

  /* The middle button pastes. */
  GtkGesture *middle = gtk_gesture_click_new ();
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (middle), GDK_BUTTON_MIDDLE);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (middle), GTK_PHASE_CAPTURE);
  g_signal_connect (middle, "pressed", G_CALLBACK (claim_cb), NULL);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (middle));

  gtk_widget_action_set_enabled (widget, "gtkhex.cut", FALSE);
  gtk_widget_action_set_enabled (widget, "gtkhex.paste", FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (hex), GTK_ACCESSIBLE_PROPERTY_READ_ONLY, TRUE,
                                  -1);
}
