/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-test.h"

#include "base/p2v-checked.h"
#include "base/p2v-reader.h"

static const guint8 bytes[] = { 0x01, 0x82, 0x03, 0x84, 0x05, 0x86, 0x07, 0x88, 0x09 };

static void
little_endian_numbers_are_read_at_any_alignment (void **state)
{
  P2vReader reader = p2v_reader_le (bytes, sizeof bytes);
  guint16 u16;
  guint32 u32;
  guint64 u64;

  assert_true (p2v_reader_get_u16 (&reader, 0, &u16));
  assert_int_equal (u16, 0x8201);
  assert_true (p2v_reader_get_u32 (&reader, 1, &u32));
  assert_int_equal (u32, 0x05840382);
  assert_true (p2v_reader_get_u64 (&reader, 0, &u64));
  assert_true (u64 == 0x8807860584038201);
  assert_true (p2v_reader_get_u64 (&reader, 1, &u64));
  assert_true (u64 == 0x0988078605840382);
}

static void
big_endian_numbers_are_read_when_asked (void **state)
{
  P2vReader reader = { .bytes = bytes, .length = sizeof bytes, .big_endian = TRUE };
  guint16 u16;
  guint32 u32;
  guint64 u64;

  assert_true (p2v_reader_get_u16 (&reader, 7, &u16));
  assert_int_equal (u16, 0x8809);
  assert_true (p2v_reader_get_u32 (&reader, 0, &u32));
  assert_int_equal (u32, 0x01820384);
  assert_true (p2v_reader_get_u64 (&reader, 1, &u64));
  assert_true (u64 == 0x8203840586078809);
}

static void
number_beyond_the_end_fails_and_leaves_the_result (void **state)
{
  P2vReader reader = p2v_reader_le (bytes, sizeof bytes);
  const guint64 offsets[] = { 2, 8, 9, 10, G_MAXUINT64 - 7, G_MAXUINT64 };

  for (gsize i = 0; i < G_N_ELEMENTS (offsets); i++)
    {
      guint64 u64 = 0x1234;
      assert_false (p2v_reader_get_u64 (&reader, offsets[i], &u64));
      assert_true (u64 == 0x1234);
    }
  guint16 u16 = 0x1234;
  assert_false (p2v_reader_get_u16 (&reader, 8, &u16));
  guint32 u32 = 0x1234;
  assert_false (p2v_reader_get_u32 (&reader, 6, &u32));
  assert_int_equal (u16, 0x1234);
  assert_int_equal (u32, 0x1234);
}

static void
nothing_can_be_read_from_no_bytes (void **state)
{
  P2vReader reader = p2v_reader_le (NULL, 0);
  guint16 u16 = 7;

  assert_false (p2v_reader_get_u16 (&reader, 0, &u16));
  assert_int_equal (u16, 7);
  assert_null (p2v_reader_get_string (&reader, 0));
}

static void
string_must_end_within_the_bytes (void **state)
{
  P2vReader reader = p2v_reader_le ((const guint8 *) "ab\0cd", 5);

  assert_string_equal (p2v_reader_get_string (&reader, 0), "ab");
  assert_string_equal (p2v_reader_get_string (&reader, 2), "");
  assert_null (p2v_reader_get_string (&reader, 3));
  assert_null (p2v_reader_get_string (&reader, 5));
  assert_null (p2v_reader_get_string (&reader, G_MAXUINT64));
}

static void
span_fits_never_wraps (void **state)
{
  assert_true (p2v_span_fits (0, 0, 0));
  assert_true (p2v_span_fits (0, 10, 10));
  assert_true (p2v_span_fits (10, 0, 10));
  assert_true (p2v_span_fits (0, G_MAXUINT64, G_MAXUINT64));
  assert_false (p2v_span_fits (0, 11, 10));
  assert_false (p2v_span_fits (11, 0, 10));
  assert_false (p2v_span_fits (5, G_MAXUINT64 - 2, 10));
  assert_false (p2v_span_fits (G_MAXUINT64, 2, G_MAXUINT64));
}

static void
sums_and_products_that_do_not_fit_are_refused (void **state)
{
  guint64 result;

  assert_true (p2v_add_u64 (G_MAXUINT64 - 1, 1, &result));
  assert_true (result == G_MAXUINT64);
  assert_false (p2v_add_u64 (G_MAXUINT64, 1, &result));
  assert_true (p2v_mul_u64 (0x100000000, 0xffffffff, &result));
  assert_true (result == 0xffffffff00000000);
  assert_false (p2v_mul_u64 (0x100000000, 0x100000000, &result));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (little_endian_numbers_are_read_at_any_alignment),
    cmocka_unit_test (big_endian_numbers_are_read_when_asked),
    cmocka_unit_test (number_beyond_the_end_fails_and_leaves_the_result),
    cmocka_unit_test (nothing_can_be_read_from_no_bytes),
    cmocka_unit_test (string_must_end_within_the_bytes),
    cmocka_unit_test (span_fits_never_wraps),
    cmocka_unit_test (sums_and_products_that_do_not_fit_are_refused),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
