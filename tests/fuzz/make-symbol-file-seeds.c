/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes the seeds of fuzz-symbol-file: an ISF, and a vmlinux of each size. */

#include "p2v-btf-writer.h"
#include "p2v-symbol-writers.h"

#include <stdio.h>
#include <string.h>

static gboolean
save (const char *folder,
      const char *name,
      const void *bytes,
      gsize       length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_set_contents (path, bytes, (gssize) length, NULL);
}

static gboolean
save_vmlinux (const char *folder,
              const char *name,
              guint       elf_class)
{
  static const P2vTestElfSymbol symbols[] = {
    { "_text", 0xc1000000, 0x12, 1 },
    { "linux_banner", 0xc1800020, 0x11, 2 },
  };
  g_autoptr (P2vBtfWriter) writer = p2v_btf_writer_new ();
  p2v_btf_writer_add_all_kinds (writer);
  g_autoptr (GByteArray) btf = p2v_btf_writer_write (writer);
  g_autoptr (GByteArray) bytes
      = p2v_test_vmlinux_new (elf_class, symbols, G_N_ELEMENTS (symbols), btf, NULL);

  return save (folder, name, bytes->data, bytes->len);
}

int
main (int    argc,
      char **argv)
{
  if (argc != 2)
    {
      fprintf (stderr, "usage: %s FOLDER\n", argv[0]);
      return 2;
    }

  if (!save (argv[1], "isf", p2v_test_isf_text, strlen (p2v_test_isf_text))
      || !save_vmlinux (argv[1], "vmlinux-32", 1) || !save_vmlinux (argv[1], "vmlinux-64", 2))
    {
      perror (argv[1]);
      return 1;
    }
  return 0;
}
