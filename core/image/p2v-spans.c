/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "image/p2v-spans.h"

static int
compare_u64 (guint64 a,
             guint64 b)
{
  return (a > b) - (a < b);
}

static int
compare_spans_by_key (gconstpointer a,
                      gconstpointer b)
{
  return compare_u64 (((const P2vSpan *) a)->key, ((const P2vSpan *) b)->key);
}

static int
compare_spans_by_delta (gconstpointer a,
                        gconstpointer b)
{
  int order = compare_u64 (p2v_span_delta (a), p2v_span_delta (b));
  return order != 0 ? order : compare_spans_by_key (a, b);
}

/* Addresses break the tie: the order must be total, or the tree would take two spans for one. */
static int
compare_spans_by_rank (gconstpointer a,
                       gconstpointer b)
{
  gint64 rank_a = ((const P2vSpan *) a)->rank, rank_b = ((const P2vSpan *) b)->rank;
  return rank_a != rank_b ? (rank_a > rank_b) - (rank_a < rank_b)
                          : compare_u64 ((guintptr) a, (guintptr) b);
}

/* Appends [key, end) as @winner has it; grows the last span if it continues in both numberings. */
static void
append_piece (GArray     *flat,
              guint64     key,
              guint64     end,
              const P2vSpan *winner)
{
  P2vSpan piece = { .key = key, .length = end - key, .value = key + p2v_span_delta (winner) };
  P2vSpan *last = flat->len > 0 ? &g_array_index (flat, P2vSpan, flat->len - 1) : NULL;

  if (last != NULL && last->key + last->length == key &&
      p2v_span_delta (last) == p2v_span_delta (&piece))
    last->length += piece.length;
  else
    g_array_append_val (flat, piece);
}

/* (transfer none): the span with the lowest rank of those that reach beyond @key. */
static const P2vSpan *
get_winner (GTree  *active,
            guint64 key)
{
  for (;;)
    {
      GTreeNode *node = g_tree_node_first (active);
      if (node == NULL)
        return NULL;
      P2vSpan *span = g_tree_node_key (node);
      if (span->key + span->length > key)
        return span;
      g_tree_remove (active, span);
    }
}

/* In O(n log n): a sweep from start to start and end to end, with the spans that reach over the
 * current key in a tree by rank. */
GArray *
p2v_spans_flatten (GArray  *spans,
               guint64 *ret_conflict_key)
{
  g_autoptr (GTree) active = g_tree_new (compare_spans_by_rank);
  GArray *flat = g_array_new (FALSE, FALSE, sizeof (P2vSpan));
  guint next = 0;
  g_array_sort (spans, compare_spans_by_key);
  *ret_conflict_key = G_MAXUINT64;

  for (guint64 key = 0;;)
    {
      const P2vSpan *winner = get_winner (active, key);
      P2vSpan *entering = next < spans->len ? &g_array_index (spans, P2vSpan, next) : NULL;
      if (winner == NULL && entering == NULL)
        return flat;
      if (entering != NULL && (winner == NULL || entering->key == key))
        {
          if (winner != NULL && p2v_span_delta (winner) != p2v_span_delta (entering))
            *ret_conflict_key = MIN (*ret_conflict_key, key);
          g_tree_insert (active, entering, entering);
          key = entering->key;
          next++;
          continue;
        }
      guint64 end = winner->key + winner->length;
      if (entering != NULL)
        end = MIN (end, entering->key);
      append_piece (flat, key, end, winner);
      key = end;
    }
}

guint64
p2v_spans_sum (GArray *spans)
{
  guint64 sum = 0;
  for (guint i = 0; i < spans->len; i++)
    sum += g_array_index (spans, P2vSpan, i).length;
  return sum;
}

guint64
p2v_spans_sum_agreeing (GArray *spans)
{
  guint64 sum = 0, end = 0;
  g_array_sort (spans, compare_spans_by_delta);
  for (guint i = 0; i < spans->len; i++)
    {
      const P2vSpan *span = &g_array_index (spans, P2vSpan, i);
      if (i == 0 || p2v_span_delta (span) != p2v_span_delta (span - 1))
        end = 0;
      guint64 start = MAX (span->key, end);
      end = MAX (span->key + span->length, end);
      sum += end - start;
    }
  return sum;
}

guint
p2v_spans_seek (GArray *spans,
                guint64 key)
{
  guint low = 0, high = spans->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const P2vSpan *span = &g_array_index (spans, P2vSpan, middle);
      if (span->key + (span->length - 1) < key)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

const P2vSpan *
p2v_spans_find (GArray *spans,
                guint64 key)
{
  guint i = p2v_spans_seek (spans, key);

  if (i == spans->len || g_array_index (spans, P2vSpan, i).key > key)
    return NULL;
  return &g_array_index (spans, P2vSpan, i);
}
