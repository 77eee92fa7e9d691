/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes the seeds of fuzz-kallsyms, whose head comment says what is where: a table in each form of
 * addresses. */

#include "p2v-image-writers.h"
#include "p2v-kallsyms-writer.h"

#include <stdio.h>

static gboolean
save (P2vTestKallsymsForm form,
      const char         *folder,
      const char         *name)
{
  const char *const tokens[] = { "init", "_task", NULL };
  const guint64 base = G_GUINT64_CONSTANT (0xffffffff81000000);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *long_name = g_strnfill (200, 'n');
  g_autoptr (P2vKallsymsWriter) writer = p2v_kallsyms_writer_new (form, base, tokens);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_kallsyms_writer_add (writer, "t_text", base);
  p2v_kallsyms_writer_add (writer, long_name, base + 0x10);
  p2v_kallsyms_writer_add (writer, "dAB", base + 0x20);

  p2v_test_append (bytes, 4, writer->n_symbols);
  p2v_test_append (bytes, 8, base);
  p2v_test_append (bytes, 2, writer->token_table->len);
  p2v_test_append (bytes, 2, writer->names->len);
  g_byte_array_append (bytes, writer->token_index->data, writer->token_index->len);
  g_byte_array_append (bytes, writer->token_table->data, writer->token_table->len);
  g_byte_array_append (bytes, writer->names->data, writer->names->len);
  g_byte_array_append (bytes, writer->offsets->data, writer->offsets->len);
  return g_file_set_contents (path, (const char *) bytes->data, (gssize) bytes->len, NULL);
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

  if (!save (P2V_TEST_KALLSYMS_PLAIN, argv[1], "kallsyms-plain")
      || !save (P2V_TEST_KALLSYMS_NEGATIVE, argv[1], "kallsyms-negative"))
    {
      perror (argv[1]);
      return 1;
    }
  return 0;
}
