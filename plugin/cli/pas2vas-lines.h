/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Lines that begin with an offset: the output of strings -t, feature files of bulk_extractor, lists
 * of offsets. The reader's memory does not depend on how many lines there are, nor on how long one
 * is: a line longer than its buffer comes in pieces. */

#pragma once

#include <gio/gio.h>

/* Bytes of a line that are parsed, and told in CSV and JSON; far above what anybody reads. */
#define PAS2VAS_LINE_BYTES ((gsize) 1 << 20)

/**
 * Pas2vasLineKind:
 * @PAS2VAS_LINE_OFFSET: begins with an offset
 * @PAS2VAS_LINE_REMARK: empty, or a comment of bulk_extractor
 * @PAS2VAS_LINE_DAMAGED: anything else
 *
 * What a line is.
 */
typedef enum
{
  PAS2VAS_LINE_OFFSET,
  PAS2VAS_LINE_REMARK,
  PAS2VAS_LINE_DAMAGED,
} Pas2vasLineKind;

/**
 * Pas2vasLine:
 * @kind: what it is; the rest is filled in for %PAS2VAS_LINE_OFFSET only
 * @number: the offset
 * @offset: the offset as it stands there, without blanks before it
 * @n_offset: bytes of @offset; @offset + @n_offset is where the rest of the line begins
 * @separator: what stands between offset and text: a blank or a tab; a blank if there is no text
 * @text: what stands behind the separator, without the CR that may end the line
 * @n_text: bytes of @text
 *
 * A line, or the first piece of a long one; points into the bytes it was parsed from.
 */
typedef struct
{
  Pas2vasLineKind  kind;
  guint64          number;
  const char      *offset;
  gsize            n_offset;
  char             separator;
  const char      *text;
  gsize            n_text;
} Pas2vasLine;

/* Parses @bytes, which hold no LF. Numbers have the base @radix (8, 10 or 16) unless they begin
 * with 0x. */
void     pas2vas_line_parse    (Pas2vasLine   *self,
                                const char    *bytes,
                                gsize          length,
                                guint          radix);
/* 16 or 10: in which base the offsets of these lines seem to be. Never 8: octal offsets look like
 * decimal ones. The last line may be cut. */
guint    pas2vas_guess_radix   (const char    *bytes,
                                gsize          length);

/* A line or a part of one, without the LF; valid until the next fill. */
typedef struct
{
  const char *bytes;
  gsize       length;
  gboolean    is_start;        /* of a line */
  gboolean    is_end;
} Pas2vasPiece;

typedef struct
{
  GInputStream *stream;
  char         *name;          /* of the stream, for messages */
  char         *buffer;        /* PAS2VAS_LINE_BYTES */
  gsize         start;         /* what is in the buffer and was not given out yet */
  gsize         end;
  gboolean      is_within;     /* a line whose start was given out already */
  gboolean      is_at_end;     /* of the stream */
} Pas2vasLines;

/* @stream: (transfer full) */
void     pas2vas_lines_init    (Pas2vasLines  *self,
                                GInputStream  *stream,
                                const char    *name);
/* @path: in the file name encoding; NULL or "-" is standard input. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pas2vas_lines_open    (Pas2vasLines  *self,
                                const char    *path,
                                GError       **error);
void     pas2vas_lines_clear   (Pas2vasLines  *self);
/* Gives the next piece of what was read; FALSE if a fill is needed or, at the end of the stream,
 * there is no more. */
gboolean pas2vas_lines_next    (Pas2vasLines  *self,
                                Pas2vasPiece  *ret_piece);
/* Reads what is there, waiting for at least one byte. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pas2vas_lines_fill    (Pas2vasLines  *self,
                                GError       **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pas2vasLines, pas2vas_lines_clear)
