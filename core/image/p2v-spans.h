/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vSpan: a run of one numbering that stands for a run of another: physical addresses for file
 * offsets, or the offsets of a file for those of a file that holds its pieces. Private to image/.
 */

#pragma once

#include <glib.h>

typedef struct
{
  guint64 key;
  guint64 length;
  guint64 value;
  gint64  rank; /* where runs overlap, the lowest rank is heard */
} P2vSpan;

/* The difference says which byte of one numbering is which of the other: spans that share it agree.
 */
static inline guint64
p2v_span_delta (const P2vSpan *span)
{
  return span->value - span->key;
}

/* (transfer full) (element-type P2vSpan): turns spans that may overlap, and are sorted here, into
 * disjoint ones, sorted by key. The ends of all spans are below 2^63. *ret_conflict_key is where
 * two spans that disagree first meet, or G_MAXUINT64. */
GArray        *p2v_spans_flatten       (GArray  *spans,
                                        guint64 *ret_conflict_key);
/* The sum of all lengths. */
guint64        p2v_spans_sum           (GArray  *spans);
/* How many bytes are left when only spans that agree are merged: what exceeds the flat ones is in
 * conflict. Sorts @spans. */
guint64        p2v_spans_sum_agreeing  (GArray  *spans);
/* The position in the flattened @spans of the first that ends behind @key: the one in which it
 * lies, or the next. */
guint          p2v_spans_seek          (GArray  *spans,
                                        guint64  key);
/* (transfer none) (nullable): the span of the flattened @spans in which @key lies. */
const P2vSpan *p2v_spans_find          (GArray  *spans,
                                        guint64  key);
