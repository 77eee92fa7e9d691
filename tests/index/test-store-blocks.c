/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Blocks with a checksum each: any part comes back as it was put, in whatever pieces; damage in one
 * block is noticed by who needs it, and by nobody else. */

#include "p2v-test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "index/p2v-store-blocks.h"

#define START   24             /* something stands before the body */
#define N_BYTES (5 * P2V_STORE_BLOCK_BYTES + 123)

typedef struct
{
  guint8  body[N_BYTES];
  guint64 hash;
  int     fd;
} Fixture;

static Fixture *
write_body (void **state)
{
  static const gsize pieces[] = { 1, 65535, 70000, 7, 0, 131072, 40000 };
  Fixture *self = g_new0 (Fixture, 1);
  g_autofree char *path = p2v_test_path (state, "blocks");
  g_auto (P2vStoreWriter) writer;
  guint64 n_bytes;
  gsize at = 0;

  for (gsize i = 0; i < N_BYTES; i++)
    self->body[i] = (guint8) (i * 31 >> 3);
  self->fd = open (path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  assert_true (self->fd >= 0);
  assert_int_equal (lseek (self->fd, START, SEEK_SET), START);
  p2v_store_writer_init (&writer, self->fd);
  for (guint i = 0; at < N_BYTES; i++)
    {
      gsize n = MIN (pieces[i % G_N_ELEMENTS (pieces)], N_BYTES - at);
      assert_true (p2v_store_writer_put (&writer, self->body + at, n, NULL));
      at += n;
    }
  assert_true (p2v_store_writer_finish (&writer, &n_bytes, &self->hash, NULL));
  assert_int_equal (n_bytes, N_BYTES + 6 * 8);
  assert_int_equal (lseek (self->fd, 0, SEEK_END), START + n_bytes);
  assert_true (p2v_store_compute_length (START, N_BYTES, &n_bytes));
  assert_int_equal (lseek (self->fd, 0, SEEK_END), n_bytes);
  return self;
}

static void
free_fixture (Fixture *self)
{
  close (self->fd);
  g_free (self);
}

static gboolean
take (Fixture *self,
      guint64  offset,
      guint64  length)
{
  g_auto (P2vStoreReader) reader = { 0 };
  g_autofree guint8 *bytes = g_malloc (length + 1);

  if (!p2v_store_reader_open (&reader, self->fd, START, N_BYTES, self->hash) ||
      !p2v_store_reader_take (&reader, offset, bytes, length))
    return FALSE;
  assert_true (offset + length <= N_BYTES);
  assert_memory_equal (bytes, self->body + offset, length);
  return TRUE;
}

static void
every_part_comes_back (void **state)
{
  Fixture *self = write_body (state);

  assert_true (take (self, 0, N_BYTES));
  assert_true (take (self, 1, N_BYTES - 1));
  assert_true (take (self, 5 * P2V_STORE_BLOCK_BYTES, 123));
  assert_true (take (self, N_BYTES, 0));
  for (guint64 offset = 0; offset < N_BYTES; offset += 9973)
    assert_true (take (self, offset, MIN (N_BYTES - offset, offset)));
  assert_false (take (self, N_BYTES, 1));
  assert_false (take (self, 5, N_BYTES));
  assert_false (take (self, G_MAXUINT64, 2));
  free_fixture (self);
}

static void
damage_is_noticed_by_who_needs_the_block (void **state)
{
  Fixture *self = write_body (state);
  guint64 offset = 2 * P2V_STORE_BLOCK_BYTES + 4711;
  guint8 byte = self->body[offset] ^ 4;

  assert_int_equal (pwrite (self->fd, &byte, 1, (off_t) (START + offset)), 1);
  assert_true (take (self, 0, 2 * P2V_STORE_BLOCK_BYTES));
  assert_true (take (self, 3 * P2V_STORE_BLOCK_BYTES, N_BYTES - 3 * P2V_STORE_BLOCK_BYTES));
  assert_false (take (self, 2 * P2V_STORE_BLOCK_BYTES, 1));
  assert_false (take (self, 0, N_BYTES));
  /* Damage among the checksums: nothing is believed. */
  assert_int_equal (pwrite (self->fd, &byte, 1, START + N_BYTES + 5 * 8), 1);
  assert_false (take (self, 0, 1));
  free_fixture (self);
}

static void
a_file_that_was_cut_short_is_noticed (void **state)
{
  Fixture *self = write_body (state);

  assert_int_equal (ftruncate (self->fd, START + N_BYTES + 6 * 8 - 1), 0);
  assert_false (take (self, 0, 1));
  free_fixture (self);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (every_part_comes_back),
    p2v_test_in_folder (damage_is_noticed_by_who_needs_the_block),
    p2v_test_in_folder (a_file_that_was_cut_short_is_noticed),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
