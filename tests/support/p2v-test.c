/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-test.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

void
p2v_test_assert_no_error (const GError *error,
                          const char   *file,
                          int           line)
{
  if (error == NULL)
    return;
  print_error ("unexpected error: %s (%s, %d)\n", error->message, g_quark_to_string (error->domain),
               error->code);
  _fail (file, line);
}

void
p2v_test_assert_error (const GError *error,
                       GQuark        domain,
                       int           code,
                       const char   *part,
                       const char   *file,
                       int           line)
{
  if (error == NULL)
    {
      print_error ("expected an error (%s, %d), got none\n", g_quark_to_string (domain), code);
      _fail (file, line);
      return;
    }
  if (error->domain != domain || error->code != code)
    {
      print_error ("expected an error (%s, %d), got: %s (%s, %d)\n", g_quark_to_string (domain),
                   code, error->message, g_quark_to_string (error->domain), error->code);
      _fail (file, line);
    }
  p2v_test_assert_contains (error->message, part, file, line);
}

void
p2v_test_assert_contains (const char *text,
                          const char *part,
                          const char *file,
                          int         line)
{
  if (text != NULL && strstr (text, part) != NULL)
    return;
  print_error ("expected a text with “%s”, got “%s”\n", part, text != NULL ? text : "(null)");
  _fail (file, line);
}

int
p2v_test_setup_folder (void **state)
{
  *state = g_dir_make_tmp ("p2v-test-XXXXXX", NULL);
  return *state != NULL ? 0 : -1;
}

/* The folders of tests are flat, but a test may leave an empty one in it. */
int
p2v_test_teardown_folder (void **state)
{
  g_autofree char *folder = *state;
  g_autoptr (GDir) entries = g_dir_open (folder, 0, NULL);
  const char *name;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if (unlink (path) != 0 && g_rmdir (path) != 0)
        return -1;
    }
  return g_rmdir (folder);
}

char *
p2v_test_path (void      **state,
               const char *name)
{
  return g_build_filename (*state, name, NULL);
}

char *
p2v_test_write_file (void      **state,
                     const char *name,
                     const void *bytes,
                     gsize       length_bytes)
{
  char *path = p2v_test_path (state, name);
  GError *error = NULL;

  /* Without flags GLib writes into an old file of that name and leaves the rest of it behind. */
  (void) unlink (path);
  g_file_set_contents_full (path, bytes, (gssize) length_bytes, G_FILE_SET_CONTENTS_NONE, 0600,
                            &error);
  assert_no_error (error);
  return path;
}
