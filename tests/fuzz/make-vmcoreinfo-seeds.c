/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes the seed of fuzz-vmcoreinfo: a text with a line of each kind, as a kernel writes them. */

#include <glib.h>
#include <stdio.h>

static const char text[] = "OSRELEASE=6.1.0-56-amd64\n"
                           "BUILD-ID=3b43fad5034874490492495d552c0af6a5fab235\n"
                           "PAGESIZE=4096\n"
                           "SYMBOL(swapper_pg_dir)=ffffffffaec10000\n"
                           "SYMBOL(kallsyms_names)=ffffffffae375590\n"
                           "OFFSET(list_head.next)=0\n"
                           "LENGTH(node_data)=1024\n"
                           "NUMBER(phys_base)=-740294656\n"
                           "KERNELOFFSET=2c200000\n";

int
main (int    argc,
      char **argv)
{
  if (argc != 2)
    {
      fprintf (stderr, "usage: %s FOLDER\n", argv[0]);
      return 2;
    }

  g_autofree char *path = g_build_filename (argv[1], "vmcoreinfo-text", NULL);
  if (!g_file_set_contents (path, text, sizeof text, NULL))
    {
      perror (path);
      return 1;
    }
  return 0;
}
