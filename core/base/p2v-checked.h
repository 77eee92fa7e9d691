/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Arithmetic on numbers that a file or an image gave us. */

#pragma once

#include <glib.h>

/* Whether [offset, offset + length) lies within [0, limit); never wraps. */
static inline gboolean
p2v_span_fits (guint64 offset,
               guint64 length,
               guint64 limit)
{
  return offset <= limit && length <= limit - offset;
}

/* FALSE if the sum does not fit; then *ret_sum is undefined. */
static inline gboolean
p2v_add_u64 (guint64  a,
             guint64  b,
             guint64 *ret_sum)
{
  return !__builtin_add_overflow (a, b, ret_sum);
}

/* FALSE if the product does not fit; then *ret_product is undefined. */
static inline gboolean
p2v_mul_u64 (guint64  a,
             guint64  b,
             guint64 *ret_product)
{
  return !__builtin_mul_overflow (a, b, ret_product);
}
