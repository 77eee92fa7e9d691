/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-viewer-application.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <pas2vas.h>

int
main (int argc,
      char **argv)
{
  setlocale (LC_ALL, "");
  p2v_bind_translations ();
  textdomain (GETTEXT_PACKAGE);

  g_autoptr (P2vViewerApplication) application = p2v_viewer_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
