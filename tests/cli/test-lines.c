/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Lines that begin with an offset, as strings and bulk_extractor write them, and as files hold them
 * that neither wrote. */

#include "p2v-test.h"

#include <string.h>

#include "pas2vas-lines.h"

static Pas2vasLine
parse (const char *text,
       guint       radix)
{
  Pas2vasLine line;

  pas2vas_line_parse (&line, text, strlen (text), radix);
  return line;
}

static void
assert_offset (const char *text,
               guint       radix,
               guint64     number,
               const char *offset,
               char        separator,
               const char *rest)
{
  Pas2vasLine line = parse (text, radix);

  assert_int_equal (line.kind, PAS2VAS_LINE_OFFSET);
  assert_int_equal (line.number, number);
  assert_int_equal (line.n_offset, strlen (offset));
  assert_memory_equal (line.offset, offset, line.n_offset);
  assert_int_equal (line.separator, separator);
  assert_int_equal (line.n_text, strlen (rest));
  assert_memory_equal (line.text, rest, line.n_text);
}

static void
assert_kind (const char      *text,
             Pas2vasLineKind  kind)
{
  assert_int_equal (parse (text, 10).kind, kind);
}

static void
lines_of_strings_are_read_in_each_radix (void **state)
{
  assert_offset ("     27 some  text", 10, 27, "27", ' ', "some  text");
  assert_offset ("     1f some text", 16, 0x1f, "1f", ' ', "some text");
  assert_offset ("     27 some text", 8, 027, "27", ' ', "some text");
  assert_offset ("12345678  led by a blank", 10, 12345678, "12345678", ' ', " led by a blank");
}

static void
prefix_makes_an_offset_hexadecimal_in_each_radix (void **state)
{
  assert_offset ("0x10 a", 10, 16, "0x10", ' ', "a");
  assert_offset ("0X1F a", 8, 31, "0X1F", ' ', "a");
  assert_offset ("0x10", 16, 16, "0x10", ' ', "");
}

static void
features_are_read_with_tabs_and_paths (void **state)
{
  assert_offset ("123\tfeature\tcontext", 10, 123, "123", '\t', "feature\tcontext");
  assert_offset ("123-GZIP-45\tfeature\t", 10, 123, "123-GZIP-45", '\t', "feature\t");
  assert_offset ("\xef\xbb\xbf" "5\tx", 10, 5, "5", '\t', "x");
}

static void
bare_offset_has_no_text (void **state)
{
  assert_offset ("4096", 10, 4096, "4096", ' ', "");
  assert_offset ("4096 ", 10, 4096, "4096", ' ', "");
}

static void
carriage_return_belongs_to_the_end_of_the_line (void **state)
{
  assert_offset ("4096\r", 10, 4096, "4096", ' ', "");
  assert_offset ("4096 text\r", 10, 4096, "4096", ' ', "text");
  assert_offset ("4096 a\rb", 10, 4096, "4096", ' ', "a\rb");
  assert_kind ("\r", PAS2VAS_LINE_REMARK);
}

static void
empty_lines_and_comments_are_remarks (void **state)
{
  assert_kind ("", PAS2VAS_LINE_REMARK);
  assert_kind ("   ", PAS2VAS_LINE_REMARK);
  assert_kind ("# BANNER FILE NOT PROVIDED", PAS2VAS_LINE_REMARK);
  assert_kind ("\xef\xbb\xbf# BANNER", PAS2VAS_LINE_REMARK);
}

static void
what_is_no_offset_is_damaged (void **state)
{
  static const char *const texts[] = { "text",  "12a text", "-5 text", "+5",     "0x",       "0xg",
                                       "12,34", "12-x y",   "\t5 a",   "12\x01", "\xff\xfe" "5" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_kind (texts[i], PAS2VAS_LINE_DAMAGED);
  assert_int_equal (parse ("8 text", 8).kind, PAS2VAS_LINE_DAMAGED);
  assert_int_equal (parse ("1g text", 16).kind, PAS2VAS_LINE_DAMAGED);
}

static void
greatest_offset_is_read_and_one_more_is_damaged (void **state)
{
  assert_offset ("18446744073709551615 a", 10, G_MAXUINT64, "18446744073709551615", ' ', "a");
  assert_offset ("ffffffffffffffff", 16, G_MAXUINT64, "ffffffffffffffff", ' ', "");
  assert_offset ("1777777777777777777777", 8, G_MAXUINT64, "1777777777777777777777", ' ', "");
  assert_kind ("18446744073709551616 a", PAS2VAS_LINE_DAMAGED);
  assert_int_equal (parse ("10000000000000000", 16).kind, PAS2VAS_LINE_DAMAGED);
  assert_int_equal (parse ("2000000000000000000000", 8).kind, PAS2VAS_LINE_DAMAGED);
}

/* The bytes are of that length exactly, so that a sanitizer sees a read behind them. */
static void
every_start_of_a_line_is_parsed_within_its_bounds (void **state)
{
  static const char whole[] = "\xef\xbb\xbf  0x12-GZIP-3\ttext\r";

  for (gsize length = 0; length < sizeof whole; length++)
    {
      g_autofree char *start = g_memdup2 (whole, length);
      Pas2vasLine line;

      pas2vas_line_parse (&line, start, length, 10);
      assert_int_equal (pas2vas_guess_radix (start, length), length > 7 ? 16 : 10);
      if (line.kind == PAS2VAS_LINE_OFFSET)
        assert_true (line.text + line.n_text <= start + length);
    }
}

static guint
guess (const char *text)
{
  return pas2vas_guess_radix (text, strlen (text));
}

static void
radix_is_guessed_as_a_person_would (void **state)
{
  assert_int_equal (guess (""), 10);
  assert_int_equal (guess ("100 a\n200 b\n"), 10);
  assert_int_equal (guess ("    100 face\n    1f0 b\n"), 16);
  assert_int_equal (guess ("# face\n100\tadd\n"), 10);
  assert_int_equal (guess ("0x100\n0x200"), 16);
  /* Without 0x beside others that have it: decimal. */
  assert_int_equal (guess ("0x100\n200\n"), 10);
  /* Octal offsets look decimal. */
  assert_int_equal (guess ("   1750 a\n"), 10);
}

static void
stray_word_does_not_make_a_file_hexadecimal (void **state)
{
  g_autoptr (GString) text = g_string_new ("add this\n");

  for (guint i = 0; i < 20; i++)
    g_string_append_printf (text, "%u00 text\n", i);
  assert_int_equal (guess (text->str), 10);
}

static GInputStream *
new_stream (const char *text,
            gsize       length)
{
  return g_memory_input_stream_new_from_data (g_memdup2 (text, length), (gssize) length, g_free);
}

/* Joins all pieces, with an LF at each end of a line; counts the pieces. */
static char *
read_all (GInputStream *stream,
          guint        *ret_n_pieces)
{
  g_auto (Pas2vasLines) lines = { 0 };
  GString *text = g_string_new (NULL);
  gboolean expects_start = TRUE;
  Pas2vasPiece piece;

  *ret_n_pieces = 0;
  pas2vas_lines_init (&lines, stream, "memory");
  while (!lines.is_at_end)
    {
      assert_true (pas2vas_lines_fill (&lines, NULL));
      for (; pas2vas_lines_next (&lines, &piece); (*ret_n_pieces)++)
        {
          assert_int_equal (piece.is_start, expects_start);
          expects_start = piece.is_end;
          g_string_append_len (text, piece.bytes, (gssize) piece.length);
          if (piece.is_end)
            g_string_append_c (text, '\n');
        }
    }
  assert_true (expects_start);
  return g_string_free (text, FALSE);
}

static void
assert_read (const char *text,
             const char *expected,
             guint       n_expected)
{
  guint n_pieces;
  g_autofree char *got = read_all (new_stream (text, strlen (text)), &n_pieces);

  assert_string_equal (got, expected);
  assert_int_equal (n_pieces, n_expected);
}

static void
reader_gives_each_line_once (void **state)
{
  assert_read ("", "", 0);
  assert_read ("\n\n", "\n\n", 2);
  assert_read ("one\n\ntwo\n", "one\n\ntwo\n", 3);
  assert_read ("one\ntwo", "one\ntwo\n", 2);
}

/* Around the buffer's size, with and without an LF at the end. */
static void
line_that_is_longer_than_the_buffer_comes_in_pieces (void **state)
{
  for (gsize length = PAS2VAS_LINE_BYTES - 1; length <= PAS2VAS_LINE_BYTES + 1; length++)
    for (guint i = 0; i < 2; i++)
      {
        g_autofree char *line = g_strnfill (length, 'x');
        g_autofree char *expected = g_strconcat (line, "\nnext\n", NULL);
        g_autofree char *text = g_strconcat (line, i == 0 ? "\nnext\n" : "\nnext", NULL);
        guint n_pieces;
        g_autofree char *got = read_all (new_stream (text, strlen (text)), &n_pieces);

        assert_true (g_str_equal (got, expected));
        assert_int_equal (n_pieces, length < PAS2VAS_LINE_BYTES ? 2 : 3);
      }
}

static void
stream_that_ends_with_a_full_buffer_ends_its_line (void **state)
{
  g_autofree char *line = g_strnfill (2 * PAS2VAS_LINE_BYTES, 'x');
  guint n_pieces;
  g_autofree char *got = read_all (new_stream (line, 2 * PAS2VAS_LINE_BYTES), &n_pieces);

  assert_int_equal (strlen (got), 2 * PAS2VAS_LINE_BYTES + 1);
  assert_int_equal (n_pieces, 3);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (lines_of_strings_are_read_in_each_radix),
    cmocka_unit_test (prefix_makes_an_offset_hexadecimal_in_each_radix),
    cmocka_unit_test (features_are_read_with_tabs_and_paths),
    cmocka_unit_test (bare_offset_has_no_text),
    cmocka_unit_test (carriage_return_belongs_to_the_end_of_the_line),
    cmocka_unit_test (empty_lines_and_comments_are_remarks),
    cmocka_unit_test (what_is_no_offset_is_damaged),
    cmocka_unit_test (greatest_offset_is_read_and_one_more_is_damaged),
    cmocka_unit_test (every_start_of_a_line_is_parsed_within_its_bounds),
    cmocka_unit_test (radix_is_guessed_as_a_person_would),
    cmocka_unit_test (stray_word_does_not_make_a_file_hexadecimal),
    cmocka_unit_test (reader_gives_each_line_once),
    cmocka_unit_test (line_that_is_longer_than_the_buffer_comes_in_pieces),
    cmocka_unit_test (stream_that_ends_with_a_full_buffer_ends_its_line),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
