/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The panel in a window of one's own: panel IMAGE PHYSICAL_ADDRESS */

#include <pas2vas-gtk.h>

static void
jump_cb (P2vPanel *panel,
         guint64   file_offset)
{
  g_print ("go to 0x%" G_GINT64_MODIFIER "x\n", file_offset);
}

static void
activate_cb (GtkApplication *application,
             gpointer        user_data)
{
  char **arguments = user_data;
  g_autoptr (P2vSession) session = p2v_session_new ();
  g_autoptr (GError) error = NULL;
  GtkWidget *window = gtk_application_window_new (application);
  GtkWidget *panel = p2v_panel_new ();

  if (!p2v_session_open (session, arguments[1], NULL, &error))
    g_error ("%s", error->message);
  p2v_panel_set_session (P2V_PANEL (panel), session);
  p2v_panel_set_address (P2V_PANEL (panel), g_ascii_strtoull (arguments[2], NULL, 0));
  g_signal_connect (panel, "jump-to-offset", G_CALLBACK (jump_cb), NULL);
  gtk_window_set_child (GTK_WINDOW (window), panel);
  gtk_window_set_default_size (GTK_WINDOW (window), 900, 400);
  gtk_window_present (GTK_WINDOW (window));
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (GtkApplication) application = gtk_application_new (NULL, G_APPLICATION_DEFAULT_FLAGS);

  if (argc != 3)
    return 2;
  g_signal_connect (application, "activate", G_CALLBACK (activate_cb), argv);
  return g_application_run (G_APPLICATION (application), 1, argv);
}
