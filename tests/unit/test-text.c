/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Foreign bytes as text that is safe to show. */

#include "p2v-test.h"

#include "base/p2v-text.h"

static void
assert_escaped (const char *bytes,
                gssize      length,
                const char *expected)
{
  g_autofree char *text = p2v_text_escape (bytes, length);

  assert_string_equal (text, expected);
  assert_true (g_utf8_validate (text, -1, NULL));
}

static void
printable_text_passes_unchanged (void **state)
{
  assert_escaped ("", -1, "");
  assert_escaped ("init", -1, "init");
  assert_escaped ("a b,c\"d'e;f", -1, "a b,c\"d'e;f");
  assert_escaped (" ~", -1, " ~");
  assert_escaped ("l\u00e4nge \u65e5\u672c \U0001f600", -1, "l\u00e4nge \u65e5\u672c \U0001f600");
}

static void
length_bounds_the_bytes (void **state)
{
  assert_escaped ("initrest", 4, "init");
  assert_escaped ("init", 0, "");
  /* The first byte of a character whose second lies outside. */
  assert_escaped ("a\xc3\xa4", 2, "a\\xc3");
}

static void
backslash_is_doubled (void **state)
{
  assert_escaped ("\\", -1, "\\\\");
  assert_escaped ("\\x41", -1, "\\\\x41");
  assert_escaped ("\\Windows\\System32", -1, "\\\\Windows\\\\System32");
}

static void
control_characters_are_escaped (void **state)
{
  assert_escaped ("a\nb\tc\rd", -1, "a\\x0ab\\x09c\\x0dd");
  assert_escaped ("\x1b[31mred", -1, "\\x1b[31mred");
  assert_escaped ("\x7f", -1, "\\x7f");
  assert_escaped ("a\0b", 3, "a\\x00b");
  /* U+0085 and U+009B, the C1 forms of NEL and CSI, are valid UTF-8. */
  assert_escaped ("\xc2\x85\xc2\x9b", -1, "\\xc2\\x85\\xc2\\x9b");
}

static void
invalid_utf8_is_escaped_byte_by_byte (void **state)
{
  assert_escaped ("l\xc3\xa4nge\xff\\x", -1, "l\xc3\xa4nge\\xff\\\\x");
  assert_escaped ("\x80", -1, "\\x80");
  /* Overlong, a surrogate, and above the last character. */
  assert_escaped ("\xc0\xaf", -1, "\\xc0\\xaf");
  assert_escaped ("\xed\xa0\x80", -1, "\\xed\\xa0\\x80");
  assert_escaped ("\xf4\x90\x80\x80", -1, "\\xf4\\x90\\x80\\x80");
  /* What follows a broken sequence is read afresh. */
  assert_escaped ("\xe6\x97" "A", -1, "\\xe6\\x97" "A");
}

static void
direction_overrides_are_escaped (void **state)
{
  assert_escaped ("\u200e\u200f", -1, "\\xe2\\x80\\x8e\\xe2\\x80\\x8f");
  assert_escaped ("exe\u202egpj", -1, "exe\\xe2\\x80\\xaegpj");
  assert_escaped ("\u202a\u202b\u202c\u202d", -1,
                  "\\xe2\\x80\\xaa\\xe2\\x80\\xab\\xe2\\x80\\xac\\xe2\\x80\\xad");
  assert_escaped ("\u2066\u2067\u2068\u2069", -1,
                  "\\xe2\\x81\\xa6\\xe2\\x81\\xa7\\xe2\\x81\\xa8\\xe2\\x81\\xa9");
}

static void
characters_that_show_nothing_are_escaped (void **state)
{
  assert_escaped ("in\u200bit", -1, "in\\xe2\\x80\\x8bit");
  assert_escaped ("\ufeffinit", -1, "\\xef\\xbb\\xbfinit");
  assert_escaped ("in\u034fit", -1, "in\\xcd\\x8fit");
  assert_escaped ("in\u3164it", -1, "in\\xe3\\x85\\xa4it");
  assert_escaped ("i\ufe0f", -1, "i\\xef\\xb8\\x8f");
}

static void
line_separators_private_use_and_noncharacters_are_escaped (void **state)
{
  assert_escaped ("\u2028\u2029", -1, "\\xe2\\x80\\xa8\\xe2\\x80\\xa9");
  assert_escaped ("\ue000", -1, "\\xee\\x80\\x80");
  assert_escaped ("\U0010fffd", -1, "\\xf4\\x8f\\xbf\\xbd");
  assert_escaped ("\ufdd0\uffff", -1, "\\xef\\xb7\\x90\\xef\\xbf\\xbf");
  assert_escaped ("\U0001fffe", -1, "\\xf0\\x9f\\xbf\\xbe");
}

static void
combining_mark_passes_only_on_a_shown_character (void **state)
{
  assert_escaped ("a\u0308\u0301", -1, "a\u0308\u0301");
  assert_escaped ("\u0308\u0301" "a", -1, "\\xcc\\x88\\xcc\\x81" "a");
  /* Otherwise it would sit on the last digit of the escape. */
  assert_escaped ("\n\u0308", -1, "\\x0a\\xcc\\x88");
}

/* The reader's side of \xHH and \\, written from the rule and not from the code. */
static GByteArray *
unescape (const char *text)
{
  GByteArray *bytes = g_byte_array_new ();

  while (*text != '\0')
    {
      guint8 byte = (guint8) *text++;

      if (byte == '\\' && *text == '\\')
        text++;
      else if (byte == '\\')
        {
          assert_int_equal (text[0], 'x');
          byte = (guint8) (g_ascii_xdigit_value (text[1]) << 4 | g_ascii_xdigit_value (text[2]));
          text += 3;
        }
      g_byte_array_append (bytes, &byte, 1);
    }
  return bytes;
}

static void
escaping_random_bytes_can_be_undone (void **state)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2912);

  for (guint i = 0; i < 20000; i++)
    {
      char bytes[16];
      gsize length = (gsize) g_rand_int_range (random, 0, sizeof bytes);

      for (gsize j = 0; j < length; j++)
        bytes[j] = (char) g_rand_int_range (random, 0, 256);

      g_autofree char *text = p2v_text_escape (bytes, (gssize) length);
      g_autoptr (GByteArray) undone = unescape (text);

      assert_true (g_utf8_validate (text, -1, NULL));
      assert_int_equal (undone->len, length);
      assert_memory_equal (undone->data != NULL ? (char *) undone->data : "", bytes, length);
    }
}

static void
assert_csv_cell (const char *text,
                 const char *expected)
{
  /* Something is there before, as in a row. */
  g_autoptr (GString) string = g_string_new ("1,");

  p2v_text_append_csv_cell (string, text);
  assert_true (g_str_has_prefix (string->str, "1,"));
  assert_string_equal (string->str + 2, expected);
}

static void
csv_cell_is_quoted_when_it_must_be (void **state)
{
  assert_csv_cell ("", "");
  assert_csv_cell ("init", "init");
  assert_csv_cell ("a b", "a b");
  assert_csv_cell ("a,b", "\"a,b\"");
  assert_csv_cell ("a;b", "\"a;b\"");
  assert_csv_cell ("\"", "\"\"\"\"");
  assert_csv_cell ("a b,c\"d'e;f", "\"a b,c\"\"d'e;f\"");
  assert_csv_cell ("\"\"", "\"\"\"\"\"\"");
}

static void
csv_cell_never_begins_a_formula (void **state)
{
  assert_csv_cell ("=1+1", "\\x3d1+1");
  assert_csv_cell ("+1", "\\x2b1");
  assert_csv_cell ("-1", "\\x2d1");
  assert_csv_cell ("@sum", "\\x40sum");
  assert_csv_cell ("\tx", "\\x09x");
  assert_csv_cell ("\uff1d1", "\\xef\\xbc\\x9d1");
  assert_csv_cell ("=\"a\",b", "\"\\x3d\"\"a\"\",b\"");
  assert_csv_cell ("1=1", "1=1");
}

static void
assert_json (const char *text,
             const char *expected)
{
  g_autoptr (GString) string = g_string_new (NULL);

  p2v_text_append_json (string, text);
  assert_string_equal (string->str, expected);
}

static void
json_string_is_escaped (void **state)
{
  assert_json ("", "\"\"");
  assert_json ("l\u00e4nge", "\"l\u00e4nge\"");
  assert_json ("\\xff", "\"\\\\xff\"");
  assert_json ("a\"b", "\"a\\\"b\"");
  assert_json ("\n\x7f", "\"\\u000a\\u007f\"");
}

static void
assert_hex (guint64     number,
            guint       min_digits,
            const char *expected)
{
  g_autoptr (GString) string = g_string_new ("x");

  p2v_text_append_hex (string, number, min_digits);
  assert_string_equal (string->str + 1, expected);
}

static void
hex_has_at_least_the_digits_asked_for (void **state)
{
  assert_hex (0, 0, "0x0");
  assert_hex (0, 1, "0x0");
  assert_hex (0, 12, "0x000000000000");
  assert_hex (0x1a58f3c8, 1, "0x1a58f3c8");
  assert_hex (0x1a58f3c8, 12, "0x00001a58f3c8");
  assert_hex (0x1a58f3c8, 4, "0x1a58f3c8");
  assert_hex (G_MAXUINT64, 16, "0xffffffffffffffff");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (printable_text_passes_unchanged),
    cmocka_unit_test (length_bounds_the_bytes),
    cmocka_unit_test (backslash_is_doubled),
    cmocka_unit_test (control_characters_are_escaped),
    cmocka_unit_test (invalid_utf8_is_escaped_byte_by_byte),
    cmocka_unit_test (direction_overrides_are_escaped),
    cmocka_unit_test (characters_that_show_nothing_are_escaped),
    cmocka_unit_test (line_separators_private_use_and_noncharacters_are_escaped),
    cmocka_unit_test (combining_mark_passes_only_on_a_shown_character),
    cmocka_unit_test (escaping_random_bytes_can_be_undone),
    cmocka_unit_test (csv_cell_is_quoted_when_it_must_be),
    cmocka_unit_test (csv_cell_never_begins_a_formula),
    cmocka_unit_test (json_string_is_escaped),
    cmocka_unit_test (hex_has_at_least_the_digits_asked_for),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
