/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vJson: reads JSON (RFC 8259) one token at a time, in the order of the text and in constant
 * memory. Numbers stay text: symbols' addresses need all of 64 bits. */

#pragma once

#include "os/symbols/p2v-symbol-stream.h"

typedef enum
{
  P2V_JSON_ERROR,              /* the error is set */
  P2V_JSON_END,                /* of the text */
  P2V_JSON_OBJECT,
  P2V_JSON_OBJECT_END,
  P2V_JSON_ARRAY,
  P2V_JSON_ARRAY_END,
  P2V_JSON_KEY,
  P2V_JSON_STRING,
  P2V_JSON_NUMBER,
  P2V_JSON_WORD,               /* true, false or null */
} P2vJsonToken;

typedef struct _P2vJson P2vJson;

/* @stream: (transfer none), outlives it. */
P2vJson     *p2v_json_new        (P2vSymbolStream  *stream);
void         p2v_json_free       (P2vJson          *self);
/* The next token. P2V_OS_ERROR_CORRUPT tells the offset in the text, P2V_OS_ERROR_LIMIT that it is
 * nested too deeply or a string too long. */
P2vJsonToken p2v_json_next       (P2vJson          *self,
                                  GError          **error);
/* (transfer none): of a key, string, number or word, until the next token. A NUL within a string
 * ends it. */
const char  *p2v_json_get_text   (const P2vJson    *self);
/* FALSE if the last token is no whole number within @max. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_json_get_number (const P2vJson    *self,
                                  guint64           max,
                                  guint64          *ret_number);
/* How many objects and arrays the reader is in. */
guint        p2v_json_get_depth  (const P2vJson    *self);
/* In bytes of the text, decompressed: behind the last token. */
guint64      p2v_json_get_offset (const P2vJson    *self);
/* Reads to the end of the value that begins with @token, the last one that was read. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_json_skip       (P2vJson          *self,
                                  P2vJsonToken      token,
                                  GError          **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vJson, p2v_json_free)
