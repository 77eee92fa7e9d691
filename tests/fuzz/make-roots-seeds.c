/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes the seeds of fuzz-roots: tables of one form as they are, of another with one of the others
 * forced, and some with patches of every sort among the tables. The fuzzer finds the other forms by
 * the first byte. */

#include <glib.h>
#include <stdio.h>

typedef struct
{
  const char *name;
  guint8      bytes[2 + 3 * 12];
  gsize       length;
} Seed;

static const Seed seeds[] = {
  { "roots-plain", { 2, 255 }, 2 },
  { "roots-forced", { 1, 2 }, 2 },
  { "roots-patched",
    { 5, 255,
      28, 0x00, 0x10, 0x02, 0x67, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x80,
      1,  0x08, 0x20, 0x02, 0x10, 0x20, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
      2,  0x00, 0x80, 0x02, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 },
    2 + 3 * 12 },
};

int
main (int    argc,
      char **argv)
{
  if (argc != 2)
    {
      fprintf (stderr, "usage: %s FOLDER\n", argv[0]);
      return 2;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (seeds); i++)
    {
      g_autofree char *path = g_build_filename (argv[1], seeds[i].name, NULL);
      if (!g_file_set_contents (path, (const char *) seeds[i].bytes, (gssize) seeds[i].length,
                                NULL))
        {
          perror (argv[1]);
          return 1;
        }
    }
  return 0;
}
