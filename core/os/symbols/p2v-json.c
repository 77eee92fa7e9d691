/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "p2v-types.h"

#include "os/symbols/p2v-json.h"

/* Arrays of arrays of pointers in a kernel's types stay below 20. */
#define MAX_DEPTH 64

/* A banner in base64 has some 400 bytes; the longest names 512. */
#define MAX_STRING_BYTES ((gsize) 64 << 10)

#define NO_BYTE (-1)

/* What may come next. */
typedef enum
{
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END,         /* behind "[" */
  EXPECT_KEY_OR_END,           /* behind "{" */
  EXPECT_COMMA_OR_END,
  EXPECT_NOTHING,              /* behind the outermost value */
} Expectation;

struct _P2vJson
{
  P2vSymbolStream *stream;
  const guint8    *bytes;      /* the piece that is being read */
  gsize            length;
  gsize            position;   /* in it */
  guint64          piece_offset;
  gboolean         at_end;
  Expectation      expectation;
  guint            depth;
  guint64          arrays;     /* a bit a level: whether it is an array */
  GString         *text;
};

P2vJson *
p2v_json_new (P2vSymbolStream *stream)
{
  P2vJson *self = g_new0 (P2vJson, 1);

  self->stream = stream;
  self->text = g_string_new (NULL);
  return self;
}

void
p2v_json_free (P2vJson *self)
{
  g_string_free (self->text, TRUE);
  g_free (self);
}

const char *
p2v_json_get_text (const P2vJson *self)
{
  return self->text->str;
}

gboolean
p2v_json_get_number (const P2vJson *self,
                     guint64        max,
                     guint64       *ret_number)
{
  return g_ascii_string_to_unsigned (self->text->str, 10, 0, max, ret_number, NULL);
}

guint
p2v_json_get_depth (const P2vJson *self)
{
  return self->depth;
}

guint64
p2v_json_get_offset (const P2vJson *self)
{
  return self->piece_offset + self->position;
}

/* FALSE on failure; at the end of the text self->at_end is set. */
static gboolean
fill (P2vJson  *self,
      GError  **error)
{
  self->piece_offset += self->length;
  self->length = 0;
  self->position = 0;
  if (!p2v_symbol_stream_next (self->stream, &self->bytes, &self->length, error))
    return FALSE;
  self->at_end = self->length == 0;
  return TRUE;
}

/* The next byte, left where it is; NO_BYTE at the end and, with the error set, on failure. */
static inline int
peek_byte (P2vJson  *self,
           GError  **error)
{
  if (self->position == self->length && (self->at_end || !fill (self, error) || self->at_end))
    return NO_BYTE;
  return self->bytes[self->position];
}

static P2vJsonToken
fail (P2vJson     *self,
      const char  *expected,
      GError     **error)
{
  /* Reading failed before: that error says more. */
  if (error == NULL || *error == NULL)
    g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
                 self->at_end ? _("The JSON text ends early, at offset 0x%" PRIx64
                                  ": %s was expected")
                              : _("The JSON text is damaged at offset 0x%" PRIx64
                                  ": %s was expected"),
                 p2v_json_get_offset (self), expected);
  return P2V_JSON_ERROR;
}

static P2vJsonToken
fail_limit (P2vJson     *self,
            const char  *what,
            GError     **error)
{
  g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
               _("The JSON text at offset 0x%" PRIx64 " is beyond the limits: %s"),
               p2v_json_get_offset (self), what);
  return P2V_JSON_ERROR;
}

static int
skip_spaces (P2vJson  *self,
             GError  **error)
{
  int byte;

  while ((byte = peek_byte (self, error)) == ' ' || byte == '\n' || byte == '\r' || byte == '\t')
    self->position++;
  return byte;
}

static gboolean
is_in_array (const P2vJson *self)
{
  return self->depth > 0 && (self->arrays >> (self->depth - 1) & 1);
}

static void
end_value (P2vJson *self)
{
  self->expectation = self->depth == 0 ? EXPECT_NOTHING : EXPECT_COMMA_OR_END;
}

static P2vJsonToken
open_level (P2vJson   *self,
            gboolean   is_array,
            GError   **error)
{
  if (self->depth >= MAX_DEPTH)
    return fail_limit (self, _("it is nested too deeply"), error);
  self->position++;
  self->arrays &= ~((guint64) 1 << self->depth);
  self->arrays |= (guint64) is_array << self->depth;
  self->depth++;
  self->expectation = is_array ? EXPECT_VALUE_OR_END : EXPECT_KEY_OR_END;
  return is_array ? P2V_JSON_ARRAY : P2V_JSON_OBJECT;
}

static P2vJsonToken
close_level (P2vJson *self)
{
  gboolean was_array = is_in_array (self);

  self->position++;
  self->depth--;
  end_value (self);
  return was_array ? P2V_JSON_ARRAY_END : P2V_JSON_OBJECT_END;
}

/* Four hexadecimal digits; -1 if they are none. */
static int
read_code_unit (P2vJson  *self,
                GError  **error)
{
  int unit = 0;

  for (guint i = 0; i < 4; i++)
    {
      int byte = peek_byte (self, error);
      if (byte == NO_BYTE || !g_ascii_isxdigit (byte))
        return -1;
      unit = unit << 4 | g_ascii_xdigit_value ((char) byte);
      self->position++;
    }
  return unit;
}

/* Behind the backslash. Halves of pairs each stand for nothing: symbols are ASCII. */
static gboolean
read_escape (P2vJson  *self,
             GError  **error)
{
  static const char letters[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  int byte = peek_byte (self, error);

  if (byte == NO_BYTE)
    return FALSE;
  self->position++;
  if (byte == 'u')
    {
      int unit = read_code_unit (self, error);
      if (unit >= 0)
        g_string_append_unichar (self->text, unit >= 0xd800 && unit < 0xe000 ? 0xfffd
                                                                             : (gunichar) unit);
      return unit >= 0;
    }
  const char *letter = byte == 0 ? NULL : strchr (letters, byte);
  if (letter != NULL)
    g_string_append_c (self->text, meanings[letter - letters]);
  return letter != NULL;
}

/* Into self->text, both quotes read. */
static P2vJsonToken
read_string (P2vJson       *self,
             P2vJsonToken   token,
             GError       **error)
{
  int byte;

  g_string_truncate (self->text, 0);
  self->position++;
  while ((byte = peek_byte (self, error)) != '"')
    {
      if (byte == NO_BYTE || byte < ' ')
        return fail (self, _("the end of a string"), error);
      if (self->text->len >= MAX_STRING_BYTES)
        return fail_limit (self, _("a string is too long"), error);
      self->position++;
      if (byte != '\\')
        g_string_append_c (self->text, (char) byte);
      else if (!read_escape (self, error))
        return fail (self, _("an escape sequence"), error);
    }
  self->position++;
  return token;
}

static P2vJsonToken
read_key (P2vJson  *self,
          GError  **error)
{
  if (read_string (self, P2V_JSON_KEY, error) == P2V_JSON_ERROR)
    return P2V_JSON_ERROR;
  if (skip_spaces (self, error) != ':')
    return fail (self, "“:”", error);
  self->position++;
  self->expectation = EXPECT_VALUE;
  return P2V_JSON_KEY;
}

/* Numbers and words: what their characters allow. Whoever asks for a number checks it. */
static P2vJsonToken
read_bare (P2vJson       *self,
           P2vJsonToken   token,
           GError       **error)
{
  int byte;

  g_string_truncate (self->text, 0);
  while ((byte = peek_byte (self, error)) != NO_BYTE &&
         (g_ascii_isalnum (byte) || byte == '+' || byte == '-' || byte == '.'))
    {
      if (self->text->len >= 64)
        return fail (self, _("the end of a number"), error);
      g_string_append_c (self->text, (char) byte);
      self->position++;
    }
  if (token == P2V_JSON_WORD && !g_str_equal (self->text->str, "true") &&
      !g_str_equal (self->text->str, "false") && !g_str_equal (self->text->str, "null"))
    return fail (self, _("a value"), error);
  end_value (self);
  return token;
}

static P2vJsonToken
read_value (P2vJson  *self,
            int       byte,
            GError  **error)
{
  if (byte == '{' || byte == '[')
    return open_level (self, byte == '[', error);
  if (byte == '"')
    {
      end_value (self);
      return read_string (self, P2V_JSON_STRING, error);
    }
  if (byte == '-' || (byte >= '0' && byte <= '9'))
    return read_bare (self, P2V_JSON_NUMBER, error);
  if (byte != NO_BYTE && g_ascii_islower (byte))
    return read_bare (self, P2V_JSON_WORD, error);
  return fail (self, _("a value"), error);
}

/* Behind a value in an object or array. */
static P2vJsonToken
read_comma (P2vJson  *self,
            int       byte,
            GError  **error)
{
  gboolean in_array = is_in_array (self);

  if (byte == (in_array ? ']' : '}'))
    return close_level (self);
  if (byte != ',')
    return fail (self, in_array ? _("“,” or “]”") : _("“,” or “}”"), error);
  self->position++;
  byte = skip_spaces (self, error);
  if (in_array)
    return read_value (self, byte, error);
  return byte == '"' ? read_key (self, error) : fail (self, _("a name in quotes"), error);
}

P2vJsonToken
p2v_json_next (P2vJson  *self,
               GError  **error)
{
  int byte = skip_spaces (self, error);

  switch (self->expectation)
    {
    case EXPECT_NOTHING:
      if (byte == NO_BYTE && self->at_end)
        return P2V_JSON_END;
      return fail (self, _("the end of the text"), error);
    case EXPECT_COMMA_OR_END:
      return read_comma (self, byte, error);
    case EXPECT_KEY_OR_END:
      if (byte == '}')
        return close_level (self);
      return byte == '"' ? read_key (self, error) : fail (self, _("a name in quotes"), error);
    case EXPECT_VALUE_OR_END:
      if (byte == ']')
        return close_level (self);
      return read_value (self, byte, error);
    case EXPECT_VALUE:
      return read_value (self, byte, error);
    default:
      g_assert_not_reached ();
    }
}

gboolean
p2v_json_skip (P2vJson       *self,
               P2vJsonToken   token,
               GError       **error)
{
  guint depth = self->depth - (token == P2V_JSON_OBJECT || token == P2V_JSON_ARRAY);

  while (token != P2V_JSON_ERROR && self->depth > depth)
    token = p2v_json_next (self, error);
  return token != P2V_JSON_ERROR;
}
