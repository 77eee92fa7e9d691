/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes the seeds of fuzz-windows: each of its machines as it is, and one with patches of every
 * sort. */

#include <glib.h>
#include <stdio.h>

static gboolean
save (const char   *folder,
      const char   *name,
      const guint8 *bytes,
      gsize         length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_set_contents (path, (const char *) bytes, (gssize) length, NULL);
}

int
main (int    argc,
      char **argv)
{
  static const char *const names[] = { "windows-x64", "windows-pae", "windows-x86",
                                       "windows-arm64", "windows-7" };
  static const guint8 patched[] = {
    0,
    28, 0x00, 0x10, 0x01, 0x41, 0x41, 0x41, 0x41, 0x00, 0x00, 0x00, 0x00,
    1,  0x08, 0x20, 0x02, 0x10, 0x20, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
    2,  0x00, 0x80, 0x02, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  };

  if (argc != 2)
    {
      fprintf (stderr, "usage: %s FOLDER\n", argv[0]);
      return 2;
    }
  for (guint8 i = 0; i < G_N_ELEMENTS (names); i++)
    if (!save (argv[1], names[i], &i, 1))
      return 1;
  return save (argv[1], "windows-patched", patched, sizeof patched) ? 0 : 1;
}
