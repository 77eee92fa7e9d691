/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* The way into an unmodified GHex, which has no interface for plug-ins: GTK loads what it finds in
 * $GTK_PATH/immodules while it starts. This is no input method; it looks whether the program is
 * what we expect, and loads what does the work from the folder above. Kept small, so that the way
 * in can change. */

/* For dladdr(). */
#define _GNU_SOURCE

#include "config.h"

#include <dlfcn.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <gmodule.h>

#include "p2v-ghex.h"

G_MODULE_EXPORT void g_io_module_load (GIOModule *module);
G_MODULE_EXPORT void g_io_module_unload (GIOModule *module);
G_MODULE_EXPORT char **g_io_module_query (void);

/* A message where the one who called the program sees it; the program goes on without us. */
static void
stay_out (const char *reason)
{
  /* Translators: %s is a sentence. */
  g_printerr (_("pas2vas: %s GHex goes on without the panel.\n"), reason);
}

/* The launcher changed the variable for GTK alone; children of GHex are to have the old one. */
static void
restore_variable (const char *name,
                  const char *kept_in)
{
  const char *kept = g_getenv (kept_in);

  if (kept == NULL)
    return;
  if (kept[0] != '\0')
    g_setenv (name, kept, TRUE);
  else
    g_unsetenv (name);
  g_unsetenv (kept_in);
}

/* (nullable): the folder above that of this file. */
static char *
find_folder (void)
{
  Dl_info info;

  if (dladdr ((gpointer) g_io_module_load, &info) == 0 || info.dli_fname == NULL)
    return NULL;
  g_autofree char *here = g_path_get_dirname (info.dli_fname);
  return g_path_get_dirname (here);
}

static void
load_panel (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, P2V_GHEX_MODULE, NULL);
  P2vGhexStartFunc start = NULL;

  /* It is linked so that all symbols are looked for now: what GHex's library lacks is said here,
   * and does not end the program later. */
  GModule *module = g_module_open (path, G_MODULE_BIND_LOCAL);
  if (module == NULL || !g_module_symbol (module, P2V_GHEX_START, (gpointer *) &start))
    {
      g_autofree char *reason
          /* Translators: %s is what the system's loader says. */
          = g_strdup_printf (_("This version of GHex is not supported (%s)."), g_module_error ());
      stay_out (reason);
      return;
    }
  g_module_make_resident (module);
  start (folder);
}

void
g_io_module_load (GIOModule *module)
{
  g_autofree char *folder = find_folder ();

  /* GTK loads what it scans and lets go of it. */
  g_type_module_use (G_TYPE_MODULE (module));
  restore_variable ("GTK_PATH", P2V_GHEX_KEPT_GTK_PATH);
  restore_variable ("DBUS_SESSION_BUS_ADDRESS", P2V_GHEX_KEPT_BUS);
  bindtextdomain (GETTEXT_PACKAGE, P2V_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");

  if (folder == NULL || dlsym (RTLD_DEFAULT, "hex_widget_get_type") == NULL)
    stay_out (_("This program has no hex view of gtkhex."));
  else
    load_panel (folder);
}

void
g_io_module_unload (GIOModule *module)
{
}

char **
g_io_module_query (void)
{
  return g_new0 (char *, 1);
}
