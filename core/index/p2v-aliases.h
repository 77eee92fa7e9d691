/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Page tables that are used more than once: by several address spaces (Linux shares tables of
 * huge pages between processes, page-table isolation between a process's two roots, Windows those
 * of a session) or by one space over and over (Linux' espfix area and KASAN's shadow lead to one
 * table by thousands of ways; crafted tables may do so by more ways than can be counted). Such a
 * table is walked once, where it is used first, and its pages are kept as any others. For the
 * rest there is a record that multiplies: what the table translates is found at other addresses
 * too.
 *
 * A GArray of P2vAliasRun, sorted, is all there is to it; mostly it is empty. */

#pragma once

#include <glib.h>

#include "index/p2v-index-entry.h"

/* Places, evenly spaced, where a table is used again. Both parts of an entry count: a run may go
 * from address to address, or from space to space. */
typedef struct
{
  guint64       n_pages;       /* that the table translates, a power of two: tells its level */
  P2vIndexEntry table;         /* of the first byte it translates, where it is walked */
  P2vIndexEntry alias;         /* the same for the first time it is used again; above table */
  guint64       step;          /* from one to the next, as entries differ */
  guint64       n;
  guint64       n_ways;        /* addresses that all runs of this table so far stand for, this one
                                * included: more than their n if a table above is used again */
} P2vAliasRun;

/* Takes note of one more. */
void     p2v_aliases_add         (GArray        *self,
                                  guint64        n_pages,
                                  P2vIndexEntry  table,
                                  P2vIndexEntry  alias,
                                  guint64        step,
                                  guint64        n);
/* Once all are there: sorts them, joins them, and fills in n_ways. */
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
/* The same for the table at @entry of @n_pages, itself one of those it is found at. */
void     p2v_aliases_expand_table (const GArray *self,
                                  P2vIndexEntry  entry,
                                  guint64        n_pages,
                                  GArray        *entries,
                                  guint          max);
/* (transfer full): by number of the address space below @n_spaces, whether any page of it is found
 * at other addresses too; NULL if there are none. */
gboolean *p2v_aliases_dup_spaces (const GArray  *self,
                                  guint          n_spaces);
/* Whether the records are sorted, and no address is in a space of number @n_spaces or above. */
gboolean p2v_aliases_are_sound   (const GArray  *self,
                                  guint          n_spaces);
