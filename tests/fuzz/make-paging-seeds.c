/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes the seeds of fuzz-paging: its first byte, then page tables of four and of five levels,
 * each with every kind of entry. */

#include "p2v-image-writers.h"

#include <stdio.h>
#include <string.h>

#define PAGE 0x1000
#define N_PAGES 8

/* Intel SDM 3A, 4.5: present, writable, user; bit 7 of a middle level maps a large page. */
#define ENTRY 0x007
#define LARGE 0x087

static void
put_entry (GByteArray *bytes,
           guint       page,
           guint       index,
           guint64     value)
{
  p2v_test_put (bytes, 1 + page * PAGE + index * 8, 8, value);
}

static gboolean
save (const char *folder,
      const char *name,
      guint8      choice,
      guint       n_levels)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  const guint last = n_levels - 1;
  g_byte_array_set_size (bytes, 1 + N_PAGES * PAGE);
  memset (bytes->data, 0, bytes->len);
  bytes->data[0] = choice;

  /* One table a level, each in the page of its number; the first is a root and the second is, with
   * that choice, the root of another space. */
  for (guint level = 0; level < last; level++)
    put_entry (bytes, level, level, (level + 1) * PAGE | ENTRY);
  put_entry (bytes, 0, 5, 0x40000000 | ENTRY);            /* a table that is not there */
  put_entry (bytes, 0, 6, 0 | ENTRY);                     /* round */
  put_entry (bytes, last - 3, 7, PAGE | LARGE);           /* reserved at the top */
  put_entry (bytes, last - 2, 8, 0x40000000 | LARGE);     /* 1 GiB */
  put_entry (bytes, last - 1, 9, 0x200000 | LARGE);       /* 2 MiB */
  put_entry (bytes, last, 0, 6 * PAGE | ENTRY);
  put_entry (bytes, last, 1, 6 * PAGE | ENTRY);           /* an alias */
  put_entry (bytes, last, 2, 0xfee00000 | ENTRY);         /* a device */
  /* Not present, but kept: the address of page 7 inverted, bits 12 to 51. */
  put_entry (bytes, last, 511, (0xffffffffff000 & ~((guint64) 7 * PAGE)) | 0x100);
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

  /* 6 and 7: a second space and foreign entries; the frame watched is 6. */
  if (!save (argv[1], "paging-4-levels", 6 << 3 | 6, 4)
      || !save (argv[1], "paging-5-levels", 6 << 3 | 7, 5))
    {
      perror (argv[1]);
      return 1;
    }
  return 0;
}
