/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Page tables that one address space uses over and over: Linux' espfix area and KASAN's shadow lead
 * to one table by thousands of ways, and crafted tables may do so by more ways than can be counted.
 * Such a table is walked for a few of them only, and its pages are kept as any others. For the rest
 * there is a record that multiplies: what the table translates is found at other addresses too.
 *
 * A GArray of P2vAliasRun, sorted, is all there is to it; mostly it is empty. */

#pragma once

#include <glib.h>

#include "index/p2v-index-entry.h"

/* Addresses, evenly spaced, at which one space uses a table again. */
typedef struct
{
  guint64       n_pages;       /* that the table translates, a power of two: tells its level */
  P2vIndexEntry table;         /* of the first byte it translates, where it is walked first */
  P2vIndexEntry alias;         /* the same for the first time it is used again */
  guint64       step;          /* from one to the next, in pages */
  guint64       n;
  guint64       n_ways;        /* addresses that each of them stands for: more than one if a table
                                * above it is used again */
} P2vAliasRun;

/* Takes note of one more; those of a table come together and in the order of addresses. Joins it to
 * the last run if @may_join, that is if both are used by the same table. */
void     p2v_aliases_add         (GArray        *self,
                                  guint64        n_pages,
                                  P2vIndexEntry  table,
                                  P2vIndexEntry  alias,
                                  gboolean       may_join);
/* Once all are there: sorts them, and fills in n_ways. */
void     p2v_aliases_finish      (GArray        *self);
/* At how many addresses the page at @entry is found, itself included; not more than
 * G_MAXUINT64. */
guint64  p2v_aliases_get_n_ways  (const GArray  *self,
                                  P2vIndexEntry  entry);
/* Appends to @entries (P2vIndexEntry) those at which each of its pages is found beside, in no
 * order; no more than make them @max. */
void     p2v_aliases_expand      (const GArray  *self,
                                  GArray        *entries,
                                  guint          max);
/* Whether the records are sorted and their addresses within the space of their table. */
gboolean p2v_aliases_are_sound   (const GArray  *self);
