/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vTableVisits: the page tables of one level that are to be read.
 *
 * They come as the entries of the level above name them, a table once for each of its users. In
 * the end each table is there once, for the lowest (space, address) that it serves; its other uses
 * have become records that multiply (P2vAliasRun). Nor are they held before that: what comes again
 * and again is folded while it comes, so that a crafted table which a million entries name takes
 * the room of one. */

#pragma once

#include "index/p2v-index-entry.h"
#include "paging/p2v-paging.h"

/* A table to be read, for the first place that it serves. */
typedef struct
{
  P2vPhysAddr   table_pa;
  P2vIndexEntry entry;                 /* of the first byte the table translates */
  guint32       parent;                /* position of the visit that led here, one level above */
} P2vVisit;

/* Which visits to one table are folded into one. */
typedef enum
{
  P2V_FOLDING_NONE,
  /* All by processes, and all by the kernel: an owner of the one kind is never told by a record of
   * the other. */
  P2V_FOLDING_ALL,
  /* From the ninth on of those that one space makes. For tables that lead round: whether a way is
   * one that leads round is not the same for all users of a table. */
  P2V_FOLDING_CAUTIOUS,
} P2vFolding;

/* How many tables may be walked. Beyond that the image is damaged or crafted. */
typedef struct
{
  guint64       *n_left_of_space;
  guint64        n_left;               /* of all spaces */
  P2vWalkReport *spaces;               /* where it is told that a space has used its own up */
} P2vVisitBudget;

typedef struct
{
  P2vFolding      folding;
  guint           n_user_spaces;       /* those from this number on are the kernel's */
  P2vVisitBudget *budget;
  GArray         *visits;              /* P2vVisit */
  GArray         *uses;                /* FoldedUse: what was folded */
  guint           max_unfolded;        /* visits at which it is time to fold them */
} P2vTableVisits;

/* @budget must outlive it. Clear it. */
void     p2v_table_visits_init   (P2vTableVisits *self,
                                  P2vFolding      folding,
                                  guint           n_user_spaces,
                                  P2vVisitBudget *budget);
void     p2v_table_visits_clear  (P2vTableVisits *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (P2vTableVisits, p2v_table_visits_clear)
void     p2v_table_visits_add    (P2vTableVisits *self,
                                  P2vPhysAddr     table_pa,
                                  P2vIndexEntry   entry,
                                  guint32         parent);
/* To be called when a table of the level above has been read to its end. */
void     p2v_table_visits_pause  (P2vTableVisits *self);
/* When all are there: (transfer full) P2vVisit, sorted by table. What was folded of tables of
 * @n_pages pages is added to @aliases. */
GArray  *p2v_table_visits_finish (P2vTableVisits *self,
                                  guint64         n_pages,
                                  GArray         *aliases);
/* In the order of what they translate. */
void     p2v_visits_sort_by_entry (GArray        *visits);
/* Whether a table is in both, which are sorted by table. */
gboolean p2v_visits_meet         (const GArray   *few,
                                  const GArray   *many);
