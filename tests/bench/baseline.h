/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the builder is measured against. */

#pragma once

#include "index/p2v-reverse-map.h"
#include "paging/p2v-paging.h"

typedef struct
{
  guint64  n_tables;
  guint64  n_mappings;
  double   seconds_walk;
  double   seconds_sort;
  guint64 *entries;            /* space << 45 | virtual page number, by frame; owned */
  guint32 *ends;               /* by frame; owned */
} Baseline;

void baseline_run   (const char          *path,
                     guint64              size_bytes,
                     const P2vPagingRoot *roots,
                     guint                n_roots,
                     guint                n_levels,
                     Baseline            *ret_baseline);
void baseline_clear (Baseline            *self);
