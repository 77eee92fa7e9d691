/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes the seeds of fuzz-kallsyms-search: the tables in the oldest and in the newest order. */

#include "p2v-symbol-writers.h"

#include <stdio.h>

static gboolean
save (const char                 *folder,
      const char                 *name,
      const P2vTestKallsymsOrder *order)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  gsize digits;
  g_autoptr (GByteArray) bytes
      = p2v_test_kallsyms_new (order, G_GUINT64_CONSTANT (0xffffffffad200000), 2400, &digits);

  return g_file_set_contents (path, (const char *) bytes->data, (gssize) bytes->len, NULL);
}

int
main (int    argc,
      char **argv)
{
  const P2vTestKallsymsOrder oldest = { 8, TRUE, FALSE, 8, FALSE, FALSE, TRUE, FALSE };
  const P2vTestKallsymsOrder newest = { 8, FALSE, TRUE, 4, FALSE, TRUE, FALSE, FALSE };
  const P2vTestKallsymsOrder places = { 8, FALSE, TRUE, 4, FALSE, FALSE, FALSE, TRUE };

  if (argc != 2)
    {
      fprintf (stderr, "usage: %s FOLDER\n", argv[0]);
      return 2;
    }

  if (!save (argv[1], "kallsyms-oldest", &oldest) ||
      !save (argv[1], "kallsyms-newest", &newest) || !save (argv[1], "kallsyms-places", &places))
    {
      perror (argv[1]);
      return 1;
    }
  return 0;
}
