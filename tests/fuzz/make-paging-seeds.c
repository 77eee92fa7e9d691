/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes the seeds of fuzz-paging: its two bytes, then page tables, for every paging form with
 * every kind of entry. */

#include "p2v-image-writers.h"

#include <stdio.h>
#include <string.h>

#include "paging/p2v-paging.h"

#define TABLE_BYTES 0x10000
#define N_TABLES 6

/* Entries that lead to a page or a table, without the address. Source: Intel SDM 3A, 4.5: present,
 * writable, user; bit 7 maps a large page. Arm ARM D8.3: valid, table or page; user, accessed. */
typedef struct
{
  guint64 entry;
  guint64 large;
} Kinds;

static const Kinds x86_kinds = { 0x007, 0x087 };
static const Kinds arm_kinds = { 0x443, 0x441 };

static void
put_entry (GByteArray          *bytes,
           const P2vPagingForm *form,
           guint                table,
           guint                index,
           guint64              value)
{
  guint at = 2 + table * TABLE_BYTES + index * form->entry_bytes;

  p2v_test_put (bytes, at, form->entry_bytes, value);
}

/* One table a level, 64 KiB apart; the second page is, with that choice, the root of another
 * space. */
static void
put_tables (GByteArray          *bytes,
            const P2vPagingForm *form,
            const Kinds         *kinds)
{
  const guint last = form->n_levels - 1;

  for (guint level = 0; level < last; level++)
    {
      guint other = (1u << form->levels[level].index_bits) - 1;
      put_entry (bytes, form, level, 0, (level + 1) * TABLE_BYTES | kinds->entry);
      put_entry (bytes, form, level, other, level * TABLE_BYTES | kinds->entry);  /* round */
      if (other > 2)
        {
          put_entry (bytes, form, level, 1, 0x40000000 | kinds->entry);           /* not there */
          put_entry (bytes, form, level, 2, 0x40000000 | kinds->large);           /* or reserved */
        }
    }
  put_entry (bytes, form, last, 0, 5 * TABLE_BYTES | kinds->entry);
  put_entry (bytes, form, last, 1, 5 * TABLE_BYTES | kinds->entry);               /* an alias */
  put_entry (bytes, form, last, 2, 0xfee00000 | kinds->entry);                    /* a device */
  put_entry (bytes, form, last, 3, 1);
  put_entry (bytes, form, last, 4, (guint64) 5 * TABLE_BYTES << 8 | 0xc00);       /* a detour */
  put_entry (bytes, form, last, 5, 0x400);
  /* Not present, but kept: the address of a page inverted, bits 12 to 51. */
  put_entry (bytes, form, last, 511, (0xffffffffff000 & ~((guint64) 5 * TABLE_BYTES)) | 0x100);
}

static gboolean
save (const char          *folder,
      guint                number)
{
  const P2vPagingForm *form = p2v_paging_forms[number];
  g_autofree char *name = g_strdup_printf ("paging-%s", form->id);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_byte_array_set_size (bytes, 2 + N_TABLES * TABLE_BYTES);
  memset (bytes->data, 0, bytes->len);
  /* A second space, foreign entries and detours; the frame watched is that of the alias. */
  bytes->data[0] = (guint8) (number | 16 | 32 | 64);
  bytes->data[1] = 5 * TABLE_BYTES >> P2V_FRAME_SHIFT;
  put_tables (bytes, form, g_str_has_prefix (form->id, "x86") ? &x86_kinds : &arm_kinds);
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

  for (guint i = 0; i < P2V_PAGING_N_FORMS; i++)
    if (!save (argv[1], i))
      {
        perror (argv[1]);
        return 1;
      }
  return 0;
}
