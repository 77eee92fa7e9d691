/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* A program that takes itself for GHex: it has the one function that is looked for first, and none
 * of the others. */

#include <gtk/gtk.h>

GType hex_widget_get_type (void);

GType
hex_widget_get_type (void)
{
  return GTK_TYPE_WIDGET;
}

int
main (void)
{
  return gtk_init_check () ? 0 : 1;
}
