/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes one small image in each container: the seeds of fuzz-image. So no binary is in the
 * repository. */

#include "p2v-image-writers.h"

#include <stdio.h>

int
main (int    argc,
      char **argv)
{
  if (argc != 2)
    {
      fprintf (stderr, "usage: %s FOLDER\n", argv[0]);
      return 2;
    }

  /* The second run touches the first but stands elsewhere in the file; the last is beyond a hole
   * and makes the flat image long enough to be one. All are whole pages, for containers that hold
   * nothing else. */
  static const guint8 bytes[0x3000] = { 0x55 };
  const P2vTestMemory memory[] = {
    { 0x2000, bytes + 0x1000, 0x1000 },
    { 0x1000, bytes, 0x1000 },
    { 0x10000, bytes + 0x2000, 0x1000 },
  };
  const guint64 roots[] = { 0x1000, 0x2000 };
  const P2vTestMachine machine = { memory, 3, roots, 2, "OSRELEASE=6.1.0\n", 5 };

  for (P2vTestContainer container = 0; container < P2V_TEST_N_CONTAINERS; container++)
    {
      g_autofree char *path = g_build_filename (argv[1], p2v_test_container_name (container), NULL);
      if (!p2v_test_save (container, &machine, path))
        {
          perror (path);
          return 1;
        }
    }
  return 0;
}
