/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes the seeds of fuzz-btf: one type of each kind, and structures within structures. */

#include "p2v-btf-writer.h"

#include <stdio.h>

static gboolean
save (P2vBtfWriter *writer,
      const char   *folder,
      const char   *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GByteArray) bytes = p2v_btf_writer_write (writer);

  return g_file_set_contents (path, (const char *) bytes->data, (gssize) bytes->len, NULL);
}

static void
add_nested (P2vBtfWriter *writer)
{
  guint32 number = p2v_btf_writer_add_int (writer, "int", 4);
  guint32 array = p2v_btf_writer_add_array (writer, number, 7);
  guint32 inner = p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "inner", 1, 28);
  p2v_btf_writer_add_member (writer, "field", array, 0);
  guint32 type = p2v_btf_writer_add_link (writer, P2V_TEST_BTF_TYPEDEF, "inner_t", inner);
  guint32 unnamed = p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_UNION, NULL, 2, 28);
  p2v_btf_writer_add_member (writer, "inner", type, 0);
  p2v_btf_writer_add_member (writer, "deep", number, 0);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "outer", 2, 32);
  p2v_btf_writer_add_member (writer, "head", number, 0);
  p2v_btf_writer_add_member (writer, NULL, unnamed, 32);
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

  g_autoptr (P2vBtfWriter) kinds = p2v_btf_writer_new ();
  g_autoptr (P2vBtfWriter) nested = p2v_btf_writer_new ();
  p2v_btf_writer_add_all_kinds (kinds);
  add_nested (nested);
  if (!save (kinds, argv[1], "btf-kinds") || !save (nested, argv[1], "btf-nested"))
    {
      perror (argv[1]);
      return 1;
    }
  return 0;
}
