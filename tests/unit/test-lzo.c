/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-test.h"

#include "base/p2v-lzo.h"

#include <string.h>

/* A stream by hand, and what it stands for. Linux, Documentation/staging/lzo.rst. */
typedef struct
{
  const char *name;
  const char *packed;
  gsize       packed_bytes;
  const char *expected;
} Stream;

#define STREAM(name, packed, expected) { name, packed, sizeof packed - 1, expected }
#define END "\x11\0\0"

static const Stream streams[] = {
  STREAM ("first run of 4 and more", "\x16" "abcde" END, "abcde"),
  /* 18: one literal, state 1; then 2 bytes from 1 back. */
  STREAM ("short first run, match of 2", "\x12" "a" "\0\0" END, "aaa"),
  /* Behind a longer run the same instruction means 3 bytes from 2049 back; here two literals
   * follow a match, and then 2 bytes from 3 back. */
  STREAM ("match of 2 behind literals of a match", "\x15" "abcd" "\x42\0" "xy" "\x08\0" END,
          "abcddddxydx"),
  STREAM ("run behind state 0", "\x01" "abcd" END, "abcd"),
  STREAM ("run of 15 + 3 and more", "\0\x01" "abcdefghijklmnopqrs" END, "abcdefghijklmnopqrs"),
  STREAM ("3 and 4 bytes from 1 to 2048 back", "\x15" "abcd" "\x4c\0" "\x60\0" END,
          "abcdabccccc"),
  STREAM ("5 to 8 bytes", "\x15" "abcd" "\x8c\0" "\xec\0" END, "abcdabcdabcdabcda"),
  STREAM ("long match, its length in the instruction", "\x13" "ab" "\x25\x04\0" END, "ababababa"),
  STREAM ("long match, its length behind", "\x12" "a" "\x20\x01\0\0" END,
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
  STREAM ("literals behind a long match", "\x12" "a" "\x21\x02\0" "yz" END, "aaaayz"),
};

static gboolean
unpacks (const char *packed,
         gsize       packed_bytes,
         const char *expected)
{
  gsize length = strlen (expected);
  g_autofree guint8 *from = g_memdup2 (packed, MAX (packed_bytes, 1));
  g_autofree guint8 *to = g_malloc (length);

  return p2v_lzo_unpack (from, packed_bytes, to, length) && memcmp (to, expected, length) == 0;
}

static void
each_instruction_does_what_is_written (void **state)
{
  for (gsize i = 0; i < G_N_ELEMENTS (streams); i++)
    {
      print_message ("%s\n", streams[i].name);
      assert_true (unpacks (streams[i].packed, streams[i].packed_bytes, streams[i].expected));
    }
}

/* 0x800 and 0x4000 are where the short and the long distances end. */
static void
distances_reach_as_far_as_they_can (void **state)
{
  static const struct
  {
    const char *match;
    gsize       n_match;
    gsize       distance;
    gsize       length;
  } matches[] = {
    { "\x5c\xff", 2, 0x800, 3 },
    { "\0\0", 2, 0x801, 3 },          /* behind a run */
    { "\x0c\xff", 2, 0xc00, 3 },
    { "\x21\xfc\xff", 3, 0x4000, 3 },
    { "\x11\x04\0", 3, 0x4001, 3 },
    { "\x19\xfc\xff", 3, 0xbfff, 3 },
  };
  g_autofree guint8 *expected = g_malloc (0xc000 + 8);

  for (gsize i = 0; i < 0xc000; i++)
    expected[i] = (guint8) (i * 7 + i / 251);
  for (gsize i = 0; i < G_N_ELEMENTS (matches); i++)
    {
      g_autoptr (GByteArray) packed = g_byte_array_new ();
      gsize n_zeros = (0xc000 - 18 - 1) / 255;
      guint8 rest = (guint8) (0xc000 - 18 - n_zeros * 255);
      g_autofree guint8 *zeros = g_malloc0 (n_zeros + 1);
      g_autofree guint8 *to = g_malloc (0xc003);

      g_byte_array_append (packed, zeros, (guint) n_zeros + 1);
      g_byte_array_append (packed, &rest, 1);
      g_byte_array_append (packed, expected, 0xc000);
      g_byte_array_append (packed, (const guint8 *) matches[i].match, (guint) matches[i].n_match);
      g_byte_array_append (packed, (const guint8 *) END, 3);
      for (gsize k = 0; k < matches[i].length; k++)
        expected[0xc000 + k] = expected[0xc000 + k - matches[i].distance];
      assert_true (p2v_lzo_unpack (packed->data, packed->len, to, 0xc003));
      assert_memory_equal (to, expected, 0xc003);
    }
}

static void
cut_or_longer_streams_are_refused (void **state)
{
  for (gsize i = 0; i < G_N_ELEMENTS (streams); i++)
    {
      const Stream *stream = &streams[i];
      g_autofree char *longer = g_strconcat (stream->expected, "x", NULL);
      g_autofree char *shorter = g_strndup (stream->expected, strlen (stream->expected) - 1);
      g_autofree char *more = g_malloc0 (stream->packed_bytes + 1);

      for (gsize n = 0; n < stream->packed_bytes; n++)
        assert_false (unpacks (stream->packed, n, stream->expected));
      assert_false (unpacks (stream->packed, stream->packed_bytes, longer));
      assert_false (unpacks (stream->packed, stream->packed_bytes, shorter));
      memcpy (more, stream->packed, stream->packed_bytes);
      assert_false (unpacks (more, stream->packed_bytes + 1, stream->expected));
    }
}

static void
match_before_the_start_is_refused (void **state)
{
  assert_false (unpacks ("\x15" "abcd" "\x50\0" END, 10, "abcdabc"));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (each_instruction_does_what_is_written),
    cmocka_unit_test (distances_reach_as_far_as_they_can),
    cmocka_unit_test (cut_or_longer_streams_are_refused),
    cmocka_unit_test (match_before_the_start_is_refused),
  };

  return cmocka_run_group_tests_name ("lzo", tests, NULL, NULL);
}
