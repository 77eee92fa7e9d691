/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Bulk look-ups and the sharing statistics on the real tiny image. Figures of sharing against the
 * kernel's own are judged in tests/truth. */

#include "p2v-test.h"

#include <string.h>

/* Source: data/demo/linux-tiny/README.md. */
#define TWICE_PA 0x4a3e000

static int
setup (void **state)
{
  g_autoptr (GError) error = NULL;
  P2vSession *session = p2v_session_new ();

  assert_true (p2v_session_open (session, g_getenv ("P2V_TINY_IMAGE"), NULL, &error));
  assert_no_error (error);
  assert_true (p2v_session_build_index (session, NULL, &error));
  assert_no_error (error);
  *state = session;
  return 0;
}

static int
teardown (void **state)
{
  g_object_unref (*state);
  return 0;
}

static void
assert_same_rows (P2vAnswer        *answer,
                  const P2vBulkRow *rows,
                  guint64           n_rows)
{
  assert_int_equal (n_rows, p2v_answer_get_n_rows (answer));
  for (guint64 i = 0; i < n_rows; i++)
    {
      P2vMapping row;

      p2v_answer_get_row (answer, i, &row);
      assert_ptr_equal (rows[i].process, row.process);
      assert_int_equal (rows[i].page_va, row.va & ~(guint64) 0xfff);
    }
}

/* Large pages (rl-huge), shared ones and holes among them; and two frames behind the end. */
static void
assert_every_frame_is_the_same (P2vSession *session,
                                P2vFilter  *filter)
{
  g_autoptr (P2vImage) image = p2v_session_dup_image (session);
  g_autoptr (P2vBulk) bulk = p2v_bulk_new (session, filter, NULL);
  guint64 size = p2v_image_get_memory_size (image), n_all_rows = 0;

  for (guint64 pa = 0x10; pa < size + 0x2000; pa += 0x1000)
    {
      g_autoptr (P2vAnswer) answer = p2v_session_lookup (session, pa, filter);
      guint64 n_rows;
      const P2vBulkRow *rows = p2v_bulk_look_up (bulk, pa, &n_rows);

      assert_same_rows (answer, rows, n_rows);
      assert_int_equal (p2v_bulk_get_absence (bulk), p2v_answer_get_absence (answer));
      n_all_rows += n_rows;
    }
  assert_true (n_all_rows > 100);
}

static void
bulk_gives_the_rows_of_an_answer_for_every_frame (void **state)
{
  assert_every_frame_is_the_same (*state, NULL);
}

static void
bulk_gives_the_rows_that_a_filter_leaves (void **state)
{
  g_autoptr (P2vFilter) filter = p2v_filter_new ();

  p2v_filter_add_pid (filter, 88);
  p2v_filter_add_pid (filter, 99);
  assert_every_frame_is_the_same (*state, filter);
}

static void
frame_of_a_page_table_is_told (void **state)
{
  g_autoptr (P2vBulk) bulk = p2v_bulk_new (*state, NULL, NULL);
  guint64 n_rows;
  P2vFrame frame;

  /* Source: README.md, "pas2vas vtop": the pte of 0x7fe716315000 of pid 88. */
  p2v_bulk_look_up (bulk, 0x1f548a8, &n_rows);
  assert_int_equal (n_rows, 0);
  assert_true (p2v_bulk_describe (bulk, &frame, NULL));
  assert_int_equal (frame.kind, P2V_FRAME_KIND_PAGE_TABLE);
  assert_string_equal (frame.detail, "a page table (pte) of rl-twice (88) for 0x7fe716200000");

  p2v_bulk_look_up (bulk, TWICE_PA, &n_rows);
  assert_int_equal (n_rows, 3);
  assert_true (p2v_bulk_describe (bulk, &frame, NULL));
  assert_int_equal (frame.n_found, 3);
}

static void
session_without_an_index_gives_neither (void **state)
{
  g_autoptr (P2vSession) session = p2v_session_new ();
  g_autoptr (GError) bulk_error = NULL;
  g_autoptr (GError) sharing_error = NULL;

  assert_null (p2v_bulk_new (session, NULL, &bulk_error));
  assert_error (bulk_error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY, "index");
  assert_null (p2v_sharing_new (session, NULL, NULL, &sharing_error));
  assert_error (sharing_error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY, "index");
}

static void
foreign_bytes_are_escaped (void **state)
{
  g_autofree char *text = p2v_escape_bytes ("a\x1b[2J\\\xff\0z", 9);
  g_autofree char *nothing = p2v_escape_bytes (NULL, 0);

  assert_string_equal (text, "a\\x1b[2J\\\\\\xff\\x00z");
  assert_string_equal (nothing, "");
}

static P2vSharing *
share (P2vSession *session,
       gint64      a,
       gint64      b)
{
  g_autoptr (P2vFilter) filter = p2v_filter_new ();
  g_autoptr (GError) error = NULL;

  p2v_filter_add_pid (filter, a);
  p2v_filter_add_pid (filter, b);
  P2vSharing *sharing = p2v_sharing_new (session, filter, NULL, &error);
  assert_no_error (error);
  return sharing;
}

/* Pids 86 and 87 map one file writable: 32 pages, all of /data/shared.bin. Source: maps.tsv and
 * truth.tsv. */
static void
ranges_of_a_pair_add_up_to_its_pages (void **state)
{
  g_autoptr (P2vSharing) sharing = share (*state, 86, 87);
  P2vSharedPair pair;
  guint64 n_bytes = 0, n_writable = 0;

  assert_int_equal (p2v_sharing_get_n_chosen (sharing), 2);
  assert_int_equal (p2v_sharing_get_n_pairs (sharing), 1);
  p2v_sharing_get_pair (sharing, 0, &pair);
  assert_int_equal (pair.n_pages, 209);
  assert_int_equal (pair.n_writable, 32);
  assert_int_equal (pair.n_executable, 0);

  g_autoptr (GArray) ranges = p2v_sharing_dup_ranges (sharing, 0);
  for (guint i = 0; i < ranges->len; i++)
    {
      const P2vSharedRange *range = &g_array_index (ranges, P2vSharedRange, i);

      n_bytes += range->length_bytes;
      if ((range->a_rights & range->b_rights & P2V_RIGHTS_WRITE) == 0)
        continue;
      n_writable += range->length_bytes;
      assert_string_equal (range->what, "/data/shared.bin");
    }
  assert_int_equal (n_bytes, 209 * 4096);
  assert_int_equal (n_writable, 32 * 4096);
}

static void
parts_of_a_pair_add_up_to_its_pages (void **state)
{
  g_autoptr (P2vSharing) sharing = p2v_sharing_new (*state, NULL, NULL, NULL);

  for (guint i = 0; i < p2v_sharing_get_n_pairs (sharing); i++)
    {
      P2vSharedPair pair;
      guint64 n_pages, n_before = G_MAXUINT64, sum = 0;

      p2v_sharing_get_pair (sharing, i, &pair);
      for (guint j = 0; j < pair.n_parts; j++, n_before = n_pages)
        {
          assert_non_null (p2v_sharing_get_part (sharing, i, j, &n_pages));
          assert_true (n_pages <= n_before);
          sum += n_pages;
        }
      assert_int_equal (sum, pair.n_pages);
    }
}

/* Pids 98 and 99 have one address space: no pair of each other, but pairs with 19 others.
 * Source: count_pairs() of tests/truth/test-tiny-sharing.py. */
static void
one_address_space_of_two_processes_is_no_pair (void **state)
{
  g_autoptr (P2vSharing) sharing = share (*state, 98, 99);

  assert_int_equal (p2v_sharing_get_n_chosen (sharing), 1);
  assert_int_equal (p2v_sharing_get_n_pairs (sharing), 19);
  for (guint i = 0; i < p2v_sharing_get_n_pairs (sharing); i++)
    {
      P2vSharedPair pair;

      p2v_sharing_get_pair (sharing, i, &pair);
      assert_true (pair.a != pair.b);
      assert_int_equal (MAX (p2v_address_space_get_n_owners (pair.a),
                             p2v_address_space_get_n_owners (pair.b)),
                        2);
    }
}

static void
sharing_that_is_cancelled_ends (void **state)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  assert_null (p2v_sharing_new (*state, NULL, cancellable, &error));
  assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (bulk_gives_the_rows_of_an_answer_for_every_frame),
    cmocka_unit_test (bulk_gives_the_rows_that_a_filter_leaves),
    cmocka_unit_test (frame_of_a_page_table_is_told),
    cmocka_unit_test (session_without_an_index_gives_neither),
    cmocka_unit_test (foreign_bytes_are_escaped),
    cmocka_unit_test (ranges_of_a_pair_add_up_to_its_pages),
    cmocka_unit_test (parts_of_a_pair_add_up_to_its_pages),
    cmocka_unit_test (one_address_space_of_two_processes_is_no_pair),
    cmocka_unit_test (sharing_that_is_cancelled_ends),
  };

  return cmocka_run_group_tests (tests, setup, teardown);
}
