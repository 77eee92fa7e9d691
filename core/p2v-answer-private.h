/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* How the session makes answers. */

#pragma once

#include "index/p2v-reverse-map.h"
#include "p2v-answer.h"
#include "p2v-session.h"

/* What an answer is made of; it takes references. */
typedef struct
{
  P2vPhysAddr          pa;
  P2vImage            *image;
  P2vSystem           *system;         /* NULL: not known yet, so there are no entries */
  P2vReverseMap       *map;            /* NULL: not complete; entries are what was found so far */
  GArray              *entries;        /* P2vIndexEntry, beside those of @map, in any order */
  P2vFilter           *filter;         /* or NULL */
  P2vIndexStatistics   statistics;     /* with @map */
  P2vProgress          progress;       /* without @map */
} P2vAnswerParts;

P2vAnswer *p2v_answer_new (const P2vAnswerParts *parts);
