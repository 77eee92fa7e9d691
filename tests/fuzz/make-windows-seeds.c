/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes the seeds of fuzz-windows: a machine as it is, and one with patches of every sort. Few,
 * for the tests change each 400 times, and a run takes some milliseconds; the fuzzer finds the
 * other machines by the first byte. */

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
  static const guint8 plain[] = { 2 };
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
  if (!save (argv[1], "windows-x86", plain, sizeof plain) ||
      !save (argv[1], "windows-patched", patched, sizeof patched))
    {
      perror (argv[1]);
      return 1;
    }
  return 0;
}
