/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* A program that is not GHex: it starts GTK, which loads our module into it, and ends. */

#include <gtk/gtk.h>

int
main (void)
{
  return gtk_init_check () ? 0 : 1;
}
