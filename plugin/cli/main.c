/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <fcntl.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <unistd.h>

#include "pas2vas-command.h"
#include "pas2vas-report.h"

static const Pas2vasCommand *const commands[] = {
  &pas2vas_lookup, &pas2vas_export, &pas2vas_ps, &pas2vas_maps, &pas2vas_vtop,
  &pas2vas_frames, &pas2vas_info,
  &pas2vas_index, &pas2vas_shared, &pas2vas_strings, &pas2vas_cache,
  &pas2vas_ghex,
};

static const Pas2vasCommand *
find_command (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i]->name, name))
      return commands[i];
  return NULL;
}

static void
print_help (void)
{
  g_print ("%s\n  pas2vas %s\n\n%s\n\n", _("Usage:"), _("COMMAND [OPTION…] IMAGE…"),
           _("Tells which processes map a physical page of a memory image."));
  g_print ("%s\n", _("Commands:"));
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    g_print ("  %-8s %s\n", commands[i]->name, _(commands[i]->summary));
  g_print ("\n%s\n", _("“pas2vas COMMAND --help” shows the options of a command."));
}

/* A file opened later must not take the place of a standard stream that our caller has closed:
 * an error message would be written into it. */
static void
open_standard_streams (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && open ("/dev/null", O_RDWR) < 0)
      _exit (PAS2VAS_UNREADABLE);
}

static void
set_up_locale (void)
{
  setlocale (LC_ALL, "");
  p2v_bind_translations ();
  textdomain (GETTEXT_PACKAGE);
}

int
main (int    argc,
      char **argv)
{
  open_standard_streams ();
  set_up_locale ();
  g_set_prgname ("pas2vas");

  if (argc < 2)
    return pas2vas_report_usage (NULL, _("no command was given"));
  if (g_str_equal (argv[1], "--version"))
    {
      g_print ("pas2vas %s\n", P2V_VERSION);
      return PAS2VAS_ANSWERED;
    }
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h"))
    {
      print_help ();
      return PAS2VAS_ANSWERED;
    }

  const Pas2vasCommand *command = find_command (argv[1]);
  if (command == NULL)
    return pas2vas_report_usage (NULL, _("“%s” is not a command"), argv[1]);
  return (int) command->run (argv + 1);
}
