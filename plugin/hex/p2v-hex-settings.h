/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vHexSettings: what a person has chosen about hex views, and finds again next time.
 *
 * Its properties can be bound. Where the GSettings schema is not installed they work just as well,
 * and are forgotten at the end. Main thread only. */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define P2V_TYPE_HEX_SETTINGS (p2v_hex_settings_get_type ())
G_DECLARE_FINAL_TYPE (P2vHexSettings, p2v_hex_settings, P2V, HEX_SETTINGS, GObject)

/* @folder: (nullable): where a compiled schema may be, if it is not installed. */
P2vHexSettings *p2v_hex_settings_new       (const char     *folder);
/* Gives @panel the columns that were chosen last, and keeps what is chosen from now on. */
void            p2v_hex_settings_bind_panel (P2vHexSettings *self,
                                            GObject        *panel);
/* Whether resting the pointer on a byte shows its owners. */
gboolean        p2v_hex_settings_get_hover (P2vHexSettings *self);

G_END_DECLS
