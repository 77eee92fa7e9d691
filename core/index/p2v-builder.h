/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vBuilder: walks the page tables of all address spaces and builds a P2vReverseMap.
 *
 * Not depth first but level by level: the tables of one level, of all spaces, are read in the order
 * in which they stand in memory. The last level, where nearly all tables are, is read twice: once
 * to count the entries of each frame, once to put each entry in its place. So nothing but the
 * finished index is ever held, and the second time the tables come from the page cache.
 *
 * A table is walked once, however many address spaces use it and however often: see
 * P2vTableVisits. */

#pragma once

#include "base/p2v-meter.h"
#include "index/p2v-reverse-map.h"
#include "index/p2v-watch.h"
#include "paging/p2v-paging.h"

/* What a builder is told. */
typedef struct
{
  const P2vPageTables *tables;
  const P2vPagingRoot *roots;          /* by number of the address space */
  guint                n_roots;        /* at most P2V_INDEX_MAX_SPACES */
  guint                n_user_spaces;  /* those from this number on are the kernel's: a page table
                                        * that both kinds use is walked for both */
  P2vWatch            *watch;
  P2vMeter            *meter;
  guint                planning;       /* activity numbers for @meter */
  guint                counting;
  guint                sorting;
} P2vBuildRequest;

typedef struct
{
  P2vWalkReport *spaces;               /* n_roots of them */
  double         seconds_planning;     /* reading the upper levels */
  double         seconds_counting;     /* reading the last level, first time */
  double         seconds_sorting;      /* second time, putting entries in their places */
} P2vBuildReport;

void           p2v_build_report_clear (P2vBuildReport         *report);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (P2vBuildReport, p2v_build_report_clear)

/* NULL on cancellation, on I/O errors, or when memory or a limit does not suffice. @ret_report is
 * filled in on success; clear it. */
P2vReverseMap *p2v_builder_run        (const P2vBuildRequest  *request,
                                       P2vBuildReport         *ret_report,
                                       GCancellable           *cancellable,
                                       GError                **error);
