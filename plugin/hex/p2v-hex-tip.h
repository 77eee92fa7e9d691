/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vHexTip: what a tooltip says about one physical address: who is in memory is said at once, what
 * must be read from the image a moment later. */

#pragma once

#include <gtk/gtk.h>
#include <pas2vas.h>

G_BEGIN_DECLS

#define P2V_TYPE_HEX_TIP (p2v_hex_tip_get_type ())
G_DECLARE_FINAL_TYPE (P2vHexTip, p2v_hex_tip, P2V, HEX_TIP, GObject)

/* Looks @pa up, in memory only. */
P2vHexTip   *p2v_hex_tip_new         (P2vSession          *session,
                                      P2vPhysAddr          pa);
P2vPhysAddr  p2v_hex_tip_get_pa      (P2vHexTip           *self);
/* Whether all of the image that there was when @self was made would say the same again. */
gboolean     p2v_hex_tip_is_complete (P2vHexTip           *self);
/* Reads the rest in a thread, and shows it in the widget. */
void         p2v_hex_tip_read_async  (P2vHexTip           *self,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data);
/* (transfer floating): for gtk_tooltip_set_custom(). */
GtkWidget   *p2v_hex_tip_new_widget  (P2vHexTip           *self);

G_END_DECLS
