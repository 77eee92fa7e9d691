/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas ghex: GHex with the panel in it.
 *
 * GHex is started as it is; GTK is told by a variable to load our module into it
 * (plugin/ghex/immodules), which gives the variable its old value back. */

#include "config.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <unistd.h>

#include "pas2vas-command.h"
#include "pas2vas-report.h"

#define PROGRAM "ghex"
#define BUS_NAME_OF_GHEX "org.gnome.GHex"
/* Owned by a GHex that has the panel. */
#define BUS_NAME_OF_PANEL "io.github.pas2vas.GHex"

static gboolean
holds_module (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "immodules", P2V_GHEX_ENTRY, NULL);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

/* (transfer full) (nullable): where the module is: beside this program in the build folder, or
 * where it was installed. */
static char *
find_folder (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *here = program != NULL ? g_path_get_dirname (program) : NULL;
  g_autofree char *beside = here != NULL ? g_build_filename (here, "..", "ghex", NULL) : NULL;

  if (beside != NULL && holds_module (beside))
    return g_canonicalize_filename (beside, NULL);
  return holds_module (P2V_GHEX_FOLDER) ? g_strdup (P2V_GHEX_FOLDER) : NULL;
}

static gboolean
has_owner (GDBusConnection *bus,
           const char      *name)
{
  gboolean owned = FALSE;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner",
      g_variant_new ("(s)", name), G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);

  if (reply != NULL)
    g_variant_get (reply, "(b)", &owned);
  return owned;
}

/* A GHex that runs without the panel would open the file in place of the one that we start. */
static gboolean
is_running_without_panel (void)
{
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);

  return bus != NULL && has_owner (bus, BUS_NAME_OF_GHEX) && !has_owner (bus, BUS_NAME_OF_PANEL);
}

static void
change_variable (const char *name,
                 const char *value,
                 const char *kept_in)
{
  const char *old = g_getenv (name);

  g_setenv (kept_in, old != NULL ? old : "", TRUE);
  g_setenv (name, value, TRUE);
}

static void
set_variables (const char *folder)
{
  const char *old_path = g_getenv ("GTK_PATH");
  g_autofree char *path
      = old_path != NULL ? g_strdup_printf ("%s:%s", folder, old_path) : g_strdup (folder);

  change_variable ("GTK_PATH", path, P2V_GHEX_KEPT_GTK_PATH);
  /* Without a bus it does not find the other one, and the module gives it the bus back. */
  if (is_running_without_panel ())
    change_variable ("DBUS_SESSION_BUS_ADDRESS", "disabled:", P2V_GHEX_KEPT_BUS);
}

/* Does not return if it succeeds. */
static Pas2vasStatus
start (const char *program,
       const char *folder,
       char      **files)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();

  g_ptr_array_add (arguments, PROGRAM);
  g_ptr_array_add (arguments, "--");
  for (guint i = 0; files != NULL && files[i] != NULL; i++)
    g_ptr_array_add (arguments, files[i]);
  g_ptr_array_add (arguments, NULL);
  set_variables (folder);
  execv (program, (char **) arguments->pdata);
  pas2vas_report (_("GHex cannot be started: %s"), g_strerror (errno));
  return PAS2VAS_UNREADABLE;
}

/* The other commands' options mean nothing here. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
parse_files (char   **argv,
             char  ***ret_files,
             GError **error)
{
  g_auto (GStrv) arguments = g_strdupv (argv);
  const GOptionEntry entries[] = {
    { G_OPTION_REMAINING, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME_ARRAY, ret_files, NULL,
      pas2vas_ghex.arguments },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, pas2vas_ghex.summary);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_set_prgname ("pas2vas ghex");
  return g_option_context_parse_strv (context, &arguments, error);
}

static Pas2vasStatus
run (char **argv)
{
  g_auto (GStrv) files = NULL;
  g_autoptr (GError) error = NULL;

  if (!parse_files (argv, &files, &error))
    return pas2vas_report_usage (&pas2vas_ghex, "%s", error->message);

  g_autofree char *program = g_find_program_in_path (PROGRAM);
  g_autofree char *folder = find_folder ();
  if (program != NULL && folder != NULL)
    return start (program, folder, files);
  pas2vas_report ("%s", program == NULL
                            ? _("GHex is not installed; in Debian it is the package “ghex”")
                            : _("this pas2vas was built or installed without its part for GHex"));
  return PAS2VAS_UNREADABLE;
}

const Pas2vasCommand pas2vas_ghex = {
  .name = "ghex",
  .arguments = N_("[IMAGE…]"),
  .n_min_arguments = 0,
  .n_max_arguments = G_MAXUINT,
  .summary = N_("Open images in GHex, read-only, with the panel"),
  .run = run,
};
