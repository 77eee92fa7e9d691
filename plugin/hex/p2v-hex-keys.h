/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* The keys of the panel and of what surrounds it, for programs with a hex view. */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Gives the keys that are meant for whole windows to @application. In its windows the panel's
 * actions are "p2v", the link's are "hex". */
void       p2v_hex_keys_add      (GtkApplication *application);
/* gtkhex goes from the digits to the characters and back with keys that go through pages now: it
 * gets others. */
void       p2v_hex_keys_attach   (GtkWidget      *hex);
/* (transfer full): a window with all keys, for programs that have no place for them. */
GtkWindow *p2v_hex_keys_new_help (void);

G_END_DECLS
