/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The rows of an answer: which entries of the index they are, of which owners, in which order.
 * They cost memory by the number of address spaces, not by the number of rows. */

#pragma once

#include "index/p2v-reverse-map.h"
#include "os/p2v-system-private.h"
#include "p2v-answer.h"

/* The owners of one address space that pass a filter. */
typedef struct
{
  guint first;                 /* in owners */
  guint n;
} P2vOwnerRange;

/* How rows are chosen from what maps a frame. */
typedef struct
{
  P2vSystem     *system;       /* (transfer none), as all here */
  P2vReverseMap *map;          /* or NULL: not complete */
  P2vFilter     *filter;       /* or NULL */
  guint          n_user_spaces;
  P2vKernelRows  kernel_rows;
  gboolean       has_kernel;   /* whether the filter lets the kernel through */
  gboolean       every_address;
  /* For many look-ups: the owners by number of the space, for the filter to be asked only once.
   * NULL: it is asked each time. */
  P2vOwnerRange *ranges;
  GPtrArray     *owners;       /* P2vProcess */
} P2vRowChoice;

/* @filter: or NULL. @is_for_many: whether owners are chosen now. */
void p2v_row_choice_init   (P2vRowChoice        *self,
                            P2vSystem           *system,
                            P2vReverseMap       *map,
                            P2vFilter           *filter,
                            gboolean             is_for_many);
void p2v_row_choice_clear  (P2vRowChoice        *self);

typedef struct
{
  GArray    *user_entries;     /* P2vIndexEntry; copies, where those of the map are not enough */
  GArray    *kernel_entries;
  GArray    *alias_entries;    /* all of them, where some stand for several addresses */
  GArray    *groups;           /* rows of one space and class, see p2v-answer-rows.c */
  GPtrArray *owners;           /* P2vProcess, of all groups; the system keeps them */
  guint      n_processes;      /* that have rows; the kernel is none */
  guint64    n_rows;
  guint64    n_user_mappings;  /* which the rows of processes stand for */
  guint64    n_mappings;       /* which all rows stand for */
  guint64    n_hidden;         /* mappings of the kernel that are not among them */
  gboolean   is_filtered;      /* whether somebody is left out who has the page */
} P2vAnswerRows;

void p2v_answer_rows_init  (P2vAnswerRows       *self);
/* Also if all of it is zero. */
void p2v_answer_rows_clear (P2vAnswerRows       *self);
/* Makes them those of the frame at @pa. @entries: (element-type P2vIndexEntry): what maps it beside
 * the map's entries of the frame, in any order. @choice must outlive the rows, if it is for
 * many. */
void p2v_answer_rows_find  (P2vAnswerRows       *self,
                            const P2vRowChoice  *choice,
                            P2vPhysAddr          pa,
                            const GArray        *entries);
/* @position: less than n_rows. */
void p2v_answer_rows_get   (const P2vAnswerRows *self,
                            P2vPhysAddr          pa,
                            guint64              position,
                            P2vMapping          *ret_mapping);
