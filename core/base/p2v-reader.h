/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vReader: numbers and strings out of foreign bytes, always within bounds, byte order explicit.
 *
 * A plain struct on the stack over bytes it does not own. The get functions return FALSE beyond the
 * end and leave the result untouched; the caller knows what the field is called and says so in its
 * error. */

#pragma once

#include <glib.h>
#include <string.h>

#include "base/p2v-checked.h"

typedef struct
{
  const guint8 *bytes;
  gsize         length;
  gboolean      big_endian;
} P2vReader;

static inline P2vReader
p2v_reader_le (const guint8 *bytes,
               gsize         length)
{
  return (P2vReader) { .bytes = bytes, .length = length, .big_endian = FALSE };
}

/* The three widths differ in type and byte-order macro only, and each is a copy of bytes: no cast
 * of a byte pointer to a wider type, so alignment does not matter. */
#define P2V_READER_DEFINE(name, type, from_le, from_be)                     \
  G_GNUC_WARN_UNUSED_RESULT static inline gboolean                          \
  p2v_reader_get_##name (const P2vReader *self,                             \
                         guint64          offset,                           \
                         type            *ret_value)                        \
  {                                                                         \
    type raw;                                                               \
    if (!p2v_span_fits (offset, sizeof raw, self->length))                  \
      return FALSE;                                                         \
    memcpy (&raw, self->bytes + offset, sizeof raw);                        \
    *ret_value = (type) (self->big_endian ? from_be (raw) : from_le (raw)); \
    return TRUE;                                                            \
  }

P2V_READER_DEFINE (u16, guint16, GUINT16_FROM_LE, GUINT16_FROM_BE)
P2V_READER_DEFINE (u32, guint32, GUINT32_FROM_LE, GUINT32_FROM_BE)
P2V_READER_DEFINE (u64, guint64, GUINT64_FROM_LE, GUINT64_FROM_BE)

#undef P2V_READER_DEFINE

/* A string that ends with NUL within the bytes, or NULL. */
G_GNUC_WARN_UNUSED_RESULT static inline const char *
p2v_reader_get_string (const P2vReader *self,
                       guint64          offset)
{
  if (offset >= self->length)
    return NULL;
  const char *text = (const char *) self->bytes + offset;
  return memchr (text, 0, self->length - offset) != NULL ? text : NULL;
}
