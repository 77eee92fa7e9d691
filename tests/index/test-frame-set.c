/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-test.h"

#include "index/p2v-frame-set.h"

static void
assert_ordinal (const P2vFrameSet *set,
                guint64            pfn,
                guint64            expected)
{
  const P2vFrameRun *hint = NULL;
  guint64 ordinal;

  assert_true (p2v_frame_set_get_ordinal (set, pfn, &hint, &ordinal));
  assert_int_equal (ordinal, expected);
  assert_true (p2v_frame_set_get_ordinal (set, pfn, &hint, &ordinal));
  assert_int_equal (ordinal, expected);
}

static void
assert_no_ordinal (const P2vFrameSet *set,
                   guint64            pfn)
{
  const P2vFrameRun *hint = set->runs;
  guint64 ordinal;

  assert_false (p2v_frame_set_get_ordinal (set, pfn, &hint, &ordinal));
}

static void
holes_have_no_ordinals (void **state)
{
  const P2vImageRange ranges[] = { { 0x1000, 0x2000, 0 }, { 0x100000000, 0x3000, 0x2000 } };
  P2vFrameSet *set = p2v_frame_set_new (ranges, G_N_ELEMENTS (ranges));

  assert_int_equal (set->n_frames, 5);
  assert_no_ordinal (set, 0);
  assert_ordinal (set, 1, 0);
  assert_ordinal (set, 2, 1);
  assert_no_ordinal (set, 3);
  assert_no_ordinal (set, 0xfffff);
  assert_ordinal (set, 0x100000, 2);
  assert_ordinal (set, 0x100002, 4);
  assert_no_ordinal (set, 0x100003);
  p2v_frame_set_free (set);
}

static void
ranges_that_share_a_frame_count_it_once (void **state)
{
  const P2vImageRange ranges[]
      = { { 0x1800, 0x400, 0 }, { 0x1c00, 0x800, 0x1000 }, { 0x3fff, 1, 0x2000 } };
  P2vFrameSet *set = p2v_frame_set_new (ranges, G_N_ELEMENTS (ranges));

  assert_int_equal (set->n_frames, 3);
  assert_int_equal (set->n_runs, 1);
  assert_ordinal (set, 1, 0);
  assert_ordinal (set, 2, 1);
  assert_ordinal (set, 3, 2);
  p2v_frame_set_free (set);
}

static void
the_last_frame_of_52_bits_has_an_ordinal (void **state)
{
  const P2vImageRange ranges[] = { { 0xffffffffff000, 0x1000, 0 } };
  P2vFrameSet *set = p2v_frame_set_new (ranges, G_N_ELEMENTS (ranges));

  assert_ordinal (set, 0xffffffffff, 0);
  assert_no_ordinal (set, 0xfffffffffe);
  assert_no_ordinal (set, 0x10000000000);
  p2v_frame_set_free (set);
}

static void
a_set_of_nothing_holds_nothing (void **state)
{
  P2vFrameSet *set = p2v_frame_set_new (NULL, 0);

  assert_int_equal (set->n_frames, 0);
  assert_null (p2v_frame_set_find_run (set, 0));
  p2v_frame_set_free (set);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (holes_have_no_ordinals),
    cmocka_unit_test (ranges_that_share_a_frame_count_it_once),
    cmocka_unit_test (the_last_frame_of_52_bits_has_an_ordinal),
    cmocka_unit_test (a_set_of_nothing_holds_nothing),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
