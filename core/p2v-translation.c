/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* For dladdr(). */
#define _GNU_SOURCE

#include "config.h"

#include "p2v-translation.h"

#include <dlfcn.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>

/* (transfer full) (nullable): the translations of a build folder, if the code runs from one. */
static char *
find_in_build_folder (void)
{
  Dl_info info;

  if (dladdr ((gpointer) p2v_bind_translations, &info) == 0 || info.dli_fname == NULL)
    return NULL;
  g_autofree char *here = g_path_get_dirname (info.dli_fname);
  g_autofree char *ninja = g_build_filename (here, "..", "build.ninja", NULL);
  if (!g_file_test (ninja, G_FILE_TEST_IS_REGULAR))
    return NULL;
  g_autofree char *folder = g_build_filename (here, "..", "po", NULL);
  return g_canonicalize_filename (folder, NULL);
}

/**
 * p2v_bind_translations:
 *
 * Tells gettext where the translations of the libraries' own messages are: where they were
 * installed, in the build folder if the libraries are used from there, or where the variable
 * TEXTDOMAINDIR says, which gettext's own programs take, too. It changes neither the locale nor the
 * program's own text domain.
 *
 * Sessions and widgets do this by themselves. A program that has a message before it makes one
 * calls it after setlocale(). May be called from any thread, as often as one likes.
 *
 * Since: 1.0
 */
void
p2v_bind_translations (void)
{
  g_autofree char *beside = find_in_build_folder ();
  const char *given = g_getenv ("TEXTDOMAINDIR");
  bindtextdomain (GETTEXT_PACKAGE, given != NULL    ? given
                                   : beside != NULL ? beside
                                                    : P2V_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
}
