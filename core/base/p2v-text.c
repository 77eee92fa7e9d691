/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "base/p2v-text.h"

static const char hex_digits[] = "0123456789abcdef";

/* Characters that have a general category of letters, marks or symbols and yet show nothing: two
 * names that differ only in them would look the same. The format characters (Cf) are not
 * repeated here. Source: Unicode 15 DerivedCoreProperties.txt, Default_Ignorable_Code_Point
 * without Cf and Cn. */
static const struct
{
  gunichar first;
  gunichar last;
} invisible_ranges[] = {
  { 0x034f, 0x034f },   /* combining grapheme joiner */
  { 0x115f, 0x1160 },   /* Hangul fillers */
  { 0x17b4, 0x17b5 },   /* Khmer inherent vowels */
  { 0x180b, 0x180f },   /* Mongolian variation selectors */
  { 0x3164, 0x3164 },   /* Hangul filler */
  { 0xfe00, 0xfe0f },   /* variation selectors */
  { 0xffa0, 0xffa0 },   /* halfwidth Hangul filler */
  { 0xe0100, 0xe01ef }, /* variation selectors supplement */
};

#define TYPE_BIT(type) (1u << (type))

/* The format characters hold the direction overrides, the isolates and the zero-width ones; the
 * unassigned ones hold the noncharacters. Source: Unicode 15 chapter 4.5, General Category. */
#define UNSHOWN_TYPES                                                           \
  (TYPE_BIT (G_UNICODE_CONTROL) | TYPE_BIT (G_UNICODE_FORMAT)                   \
   | TYPE_BIT (G_UNICODE_UNASSIGNED) | TYPE_BIT (G_UNICODE_PRIVATE_USE)         \
   | TYPE_BIT (G_UNICODE_SURROGATE) | TYPE_BIT (G_UNICODE_LINE_SEPARATOR)       \
   | TYPE_BIT (G_UNICODE_PARAGRAPH_SEPARATOR))

#define MARK_TYPES                                                              \
  (TYPE_BIT (G_UNICODE_SPACING_MARK) | TYPE_BIT (G_UNICODE_ENCLOSING_MARK)      \
   | TYPE_BIT (G_UNICODE_NON_SPACING_MARK))

static gboolean
is_invisible (gunichar character)
{
  for (gsize i = 0; i < G_N_ELEMENTS (invisible_ranges); i++)
    if (character >= invisible_ranges[i].first && character <= invisible_ranges[i].last)
      return TRUE;
  return FALSE;
}

/* A mark needs a character before it that was shown: otherwise it would sit on what a caller put
 * before the name, or on the last digit of an escape. */
static gboolean
is_showable (gunichar character,
             gboolean follows_shown)
{
  guint type = TYPE_BIT (g_unichar_type (character));

  if ((type & UNSHOWN_TYPES) != 0 || is_invisible (character))
    return FALSE;
  return (type & MARK_TYPES) == 0 || follows_shown;
}

static void
append_escaped_bytes (GString    *string,
                      const char *bytes,
                      gsize       length)
{
  for (gsize i = 0; i < length; i++)
    {
      guchar byte = (guchar) bytes[i];
      const char escape[] = { '\\', 'x', hex_digits[byte >> 4], hex_digits[byte & 15] };

      g_string_append_len (string, escape, sizeof escape);
    }
}

/* How many bytes make up the valid character at @bytes; 1 and *ret_character = 0 if there is
 * none. */
static gsize
decode_character (const char *bytes,
                  gsize       length,
                  gunichar   *ret_character)
{
  /* Both results that stand for "not valid" are above every character. */
  gunichar character = g_utf8_get_char_validated (bytes, (gssize) MIN (length, 6));

  *ret_character = character <= 0x10ffff ? character : 0;
  return *ret_character != 0 ? (gsize) g_unichar_to_utf8 (character, NULL) : 1;
}

static gboolean
is_plain_ascii (char byte)
{
  return byte >= ' ' && byte < 0x7f && byte != '\\';
}

char *
p2v_text_escape (const char *bytes,
                 gssize      length)
{
  gsize n_bytes = length < 0 ? strlen (bytes) : (gsize) length;
  GString *string = g_string_sized_new (n_bytes + 1);
  gboolean follows_shown = FALSE;
  gsize n_character;

  for (gsize i = 0; i < n_bytes; i += n_character)
    {
      gunichar character;

      n_character = decode_character (bytes + i, n_bytes - i, &character);
      if (is_plain_ascii (bytes[i])
          || (character >= 0x80 && is_showable (character, follows_shown)))
        {
          g_string_append_len (string, bytes + i, (gssize) n_character);
          follows_shown = TRUE;
          continue;
        }

      if (bytes[i] == '\\')
        g_string_append (string, "\\\\");
      else
        append_escaped_bytes (string, bytes + i, n_character);
      follows_shown = FALSE;
    }
  return g_string_free (string, FALSE);
}

/* How many bytes at the start of @text a spreadsheet takes for the start of a formula. The
 * fullwidth forms are taken for one by spreadsheets set to East Asian languages. Source: OWASP,
 * CSV Injection. */
static gsize
get_formula_prefix_length (const char *text)
{
  static const char *const fullwidth[] = { "\uff1d", "\uff0b", "\uff0d", "\uff20" };

  switch (*text)
    {
    case '=':
    case '+':
    case '-':
    case '@':
    case '\t':
    case '\r':
      return 1;
    case '\xef': /* the first byte of all of the above */
      break;
    default:
      return 0;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (fullwidth); i++)
    if (g_str_has_prefix (text, fullwidth[i]))
      return strlen (fullwidth[i]);
  return 0;
}

void
p2v_text_append_csv_cell (GString    *string,
                          const char *text)
{
  gsize n_prefix = get_formula_prefix_length (text);
  const char *rest = text + n_prefix;

  if (G_UNLIKELY (n_prefix > 0))
    append_escaped_bytes (string, text, n_prefix);

  /* Some spreadsheets part cells at semicolons or tabs, and would find a formula behind one. */
  gsize n_rest = strcspn (rest, "\",;\t\r\n");
  if (rest[n_rest] == '\0')
    {
      p2v_text_append_bytes (string, rest, n_rest);
      return;
    }

  g_string_insert_c (string, (gssize) (string->len - n_prefix * strlen ("\\xHH")), '"');
  for (const char *quote; (quote = strchr (rest, '"')) != NULL; rest = quote + 1)
    {
      g_string_append_len (string, rest, quote - rest);
      g_string_append (string, "\"\"");
    }
  g_string_append (string, rest);
  g_string_append_c (string, '"');
}

static void
append_json_byte (GString *string,
                  guchar   byte)
{
  if (byte == '"' || byte == '\\')
    {
      g_string_append_c (string, '\\');
      g_string_append_c (string, (char) byte);
      return;
    }

  g_string_append (string, "\\u00");
  g_string_append_c (string, hex_digits[byte >> 4]);
  g_string_append_c (string, hex_digits[byte & 15]);
}

void
p2v_text_append_json (GString    *string,
                      const char *text)
{
  g_string_append_c (string, '"');
  for (const char *c = text; *c != '\0'; c++)
    {
      guchar byte = (guchar) *c;

      if (byte < ' ' || byte == '"' || byte == '\\' || byte == 0x7f)
        append_json_byte (string, byte);
      else
        g_string_append_c (string, *c);
    }
  g_string_append_c (string, '"');
}

void
p2v_text_append_hex (GString *string,
                     guint64  number,
                     guint    min_digits)
{
  g_return_if_fail (min_digits <= 16);

  char *start = p2v_text_reserve (string, P2V_TEXT_HEX_SIZE);
  p2v_text_commit (string, p2v_text_put_hex (start, number, min_digits));
}
