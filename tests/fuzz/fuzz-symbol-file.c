/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Any bytes as a file of symbols, whichever format they begin like: refused with an error that
 * names the file, or searched to an end. */

/* For memfd_create(). */
#define _GNU_SOURCE

#include "fuzz.h"

#include "os/symbols/p2v-symbol-file.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
check_file (const P2vSymbolFile *file)
{
  static const char *const paths[] = { "pid", "comm", "left", "named.left", "x.y" };
  guint64 va = G_MAXUINT64, found_va;
  P2vMember member;
  guint32 size;
  gint64 value;

  g_assert_nonnull (file->banner);
  g_assert_nonnull (file->types);
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    if (p2v_type_source_find_member (file->types, "task_struct", paths[i], &member))
      g_assert_cmpuint (member.offset_bits / 8, ==, member.offset_bytes);
  (void)!p2v_type_source_find_size (file->types, "task_struct", &size);
  (void)!p2v_type_source_find_enumerator (file->types, "PG_locked", &value);
  if (file->symbols == NULL)
    return;
  const char *name = p2v_symbol_table_find_nearest (file->symbols, va, &va);
  g_assert_true (name == NULL
                 || (p2v_symbol_table_find (file->symbols, name, &found_va) && found_va <= va));
}

static gboolean
write_all (int            fd,
           const uint8_t *data,
           size_t         size)
{
  while (size > 0)
    {
      ssize_t n = write (fd, data, size);
      if (n <= 0)
        return FALSE;
      data += n;
      size -= (size_t) n;
    }
  return TRUE;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  int fd = memfd_create ("fuzz-symbol-file", MFD_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  g_assert_true (write_all (fd, data, size));

  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autoptr (GError) error = NULL;
  g_autoptr (P2vSymbolFile) file = p2v_symbol_file_open (path, NULL, &error);
  g_assert_true ((file == NULL) == (error != NULL));
  if (file != NULL)
    check_file (file);
  else
    g_assert_nonnull (strstr (error->message, path));
  close (fd);
  return 0;
}
