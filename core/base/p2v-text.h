/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Foreign bytes as text that is safe to show. Names come from machines that may be hostile: no
 * control character, no invalid UTF-8, no text direction override may reach a terminal, a label
 * or a file. */

#pragma once

#include <glib.h>
#include <string.h>

/* As g_string_append_len(), which costs a call and several checks in the GLib that is our floor; an
 * export of ten million rows makes a hundred million of them. */
static inline void
p2v_text_append_bytes (GString    *string,
                       const char *bytes,
                       gsize       length)
{
  if (G_UNLIKELY (length >= string->allocated_len - string->len))
    {
      g_string_append_len (string, bytes, (gssize) length);
      return;
    }

  memcpy (string->str + string->len, bytes, length);
  string->len += length;
  string->str[string->len] = '\0';
}

/* The most characters that the put functions write. */
#define P2V_TEXT_HEX_SIZE     18
#define P2V_TEXT_DECIMAL_SIZE 20

/* Writing where it was made sure that there is room: without a check for each number. Each
 * returns the place behind what it wrote, and writes no NUL. */
static inline char *
p2v_text_put_hex (char    *cursor,
                  guint64  number,
                  guint    min_digits)
{
  guint n_bits = 64 - (guint) __builtin_clzll (number | 1);
  guint n_digits = MAX ((n_bits + 3) / 4, min_digits);

  *cursor++ = '0';
  *cursor++ = 'x';
  for (guint i = n_digits; i > 0; i--, number >>= 4)
    cursor[i - 1] = "0123456789abcdef"[number & 15];
  return cursor + n_digits;
}

static inline char *
p2v_text_put_decimal (char    *cursor,
                      guint64  number)
{
  char digits[P2V_TEXT_DECIMAL_SIZE];
  char *end = digits + sizeof digits;
  char *start = end;

  do
    {
      *--start = (char) ('0' + number % 10);
      number /= 10;
    }
  while (number != 0);
  while (start < end)
    *cursor++ = *start++;
  return cursor;
}

/* Makes room for @n_bytes at the end of @string; returns where they begin. */
static inline char *
p2v_text_reserve (GString *string,
                  gsize    n_bytes)
{
  gsize length = string->len;

  if (G_UNLIKELY (n_bytes >= string->allocated_len - length))
    {
      g_string_set_size (string, length + n_bytes);
      string->len = length;
    }
  return string->str + length;
}

/* Ends @string at @end, which lies within what was reserved. */
static inline void
p2v_text_commit (GString *string,
                 char    *end)
{
  string->len = (gsize) (end - string->str);
  *end = '\0';
}

/* (transfer full): valid UTF-8 in which every byte that is not part of a printable character
 * stands as \xHH and a backslash as \\. Reversible; never fails. @length may be -1 for
 * NUL-terminated bytes. */
char *p2v_text_escape          (const char *bytes,
                                gssize      length);

/* Appends @text (valid UTF-8, as p2v_text_escape() makes it) as one RFC 4180 cell. A first
 * character that a spreadsheet takes for a formula (= + - @ TAB CR) is written as \xHH, so that
 * the cell stays text and the name can still be read back. */
void  p2v_text_append_csv_cell (GString    *string,
                                const char *text);

/* Appends @text (valid UTF-8) as a JSON string with its quotes. */
void  p2v_text_append_json     (GString    *string,
                                const char *text);

/* Appends 0x and at least @min_digits hexadecimal digits; a quarter of the cost of printf. */
void  p2v_text_append_hex      (GString    *string,
                                guint64     number,
                                guint       min_digits);
