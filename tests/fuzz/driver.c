/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Runs a fuzz target without libFuzzer, so that seeds and old crashes are part of every test run,
 * with any compiler: each file given, or found in a folder given, as it is, cut short, and with
 * bytes changed. The changes depend on nothing but the file's bytes. */

#include "fuzz.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

/* A target that takes long asks for fewer (meson.build). */
#ifndef N_MUTATIONS
#define N_MUTATIONS 400
#endif
/* Most of what a parser decides on stands at the start. */
#define N_HEAD_BYTES 512

static void
change_bytes (guint8 *bytes,
              gsize   length,
              GRand  *random)
{
  static const guint8 values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
  gsize range = g_rand_boolean (random) ? MIN (length, N_HEAD_BYTES) : length;
  guint n_changes = (guint) g_rand_int_range (random, 1, 5);

  for (guint i = 0; i < n_changes; i++)
    {
      gsize at = (gsize) g_rand_int_range (random, 0, (gint32) MIN (range, G_MAXINT32));
      guint32 choice = (guint32) g_rand_int_range (random, 0, 8);
      gsize n = (gsize) 1 << g_rand_int_range (random, 0, 4);
      if (choice < G_N_ELEMENTS (values))
        memset (bytes + at, values[choice], MIN (length - at, n));
      else
        bytes[at] = (guint8) g_rand_int (random);
    }
}

/* A copy of exactly that length, so that the address sanitizer sees a read beyond it. */
static void
run_copy (const guint8 *bytes,
          gsize         length)
{
  g_autofree guint8 *copy = g_memdup2 (bytes, length);
  (void) LLVMFuzzerTestOneInput (copy, length);
}

static void
run_seed (const guint8 *bytes,
          gsize         length)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) length);
  g_autofree guint8 *changed = g_malloc (length + 1);

  run_copy (bytes, length);
  for (guint i = 0; i < N_MUTATIONS && length > 0; i++)
    {
      memcpy (changed, bytes, length);
      change_bytes (changed, length, random);
      run_copy (changed, length);
      run_copy (bytes, (gsize) g_rand_int_range (random, 0, (gint32) MIN (length, G_MAXINT32)));
    }
}

static gboolean run_path (const char *path, guint *n_seeds);

static gboolean
run_folder (GDir       *folder,
            const char *path,
            guint      *n_seeds)
{
  const char *name;
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      if (g_file_test (child, G_FILE_TEST_IS_REGULAR) && !run_path (child, n_seeds))
        return FALSE;
    }
  return TRUE;
}

static gboolean
run_path (const char *path,
          guint      *n_seeds)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  if (folder != NULL)
    return run_folder (folder, path, n_seeds);

  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = NULL;
  gsize length;
  if (!g_file_get_contents (path, &bytes, &length, &error))
    {
      fprintf (stderr, "%s\n", error->message);
      return FALSE;
    }
  run_seed ((const guint8 *) bytes, length);
  (*n_seeds)++;
  return TRUE;
}

/* A run without seeds would test nothing, so it fails. */
int
main (int    argc,
      char **argv)
{
  guint n_seeds = 0;
  for (int i = 1; i < argc; i++)
    if (!run_path (argv[i], &n_seeds))
      return 1;
  printf ("%u seeds, %u changes of each\n", n_seeds, N_MUTATIONS);
  return n_seeds > 0 ? 0 : 1;
}
