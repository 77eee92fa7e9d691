/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vFrameSet: the frames of physical memory that an image holds, numbered without gaps. What is
 * kept a frame is an array over these ordinals, so holes cost nothing and a hostile page table,
 * which may name any frame, cannot make it grow. Immutable. */

#pragma once

#include <glib.h>

#include "p2v-image.h"

typedef struct
{
  guint64 first_pfn;
  guint64 n_frames;
  guint64 first_ordinal;
} P2vFrameRun;

typedef struct
{
  P2vFrameRun *runs;           /* sorted, not overlapping, not adjacent */
  gsize        n_runs;
  guint64      n_frames;
} P2vFrameSet;

/* Frames of which any byte is in @ranges (sorted, not overlapping) belong to the set. */
P2vFrameSet *p2v_frame_set_new  (const P2vImageRange *ranges,
                                 gsize                n_ranges);
void         p2v_frame_set_free (P2vFrameSet         *self);
/* The run that holds @pfn, or NULL. */
const P2vFrameRun *p2v_frame_set_find_run (const P2vFrameSet *self,
                                           guint64            pfn);

/* FALSE if @pfn is not in the set. *@hint is the run found last (any run to begin with): entries
 * that follow each other mostly stay in one. */
static inline gboolean
p2v_frame_set_get_ordinal (const P2vFrameSet  *self,
                           guint64             pfn,
                           const P2vFrameRun **hint,
                           guint64            *ret_ordinal)
{
  const P2vFrameRun *run = *hint;

  if (run == NULL || pfn - run->first_pfn >= run->n_frames)
    {
      run = p2v_frame_set_find_run (self, pfn);
      if (run == NULL)
        return FALSE;
      *hint = run;
    }
  *ret_ordinal = run->first_ordinal + (pfn - run->first_pfn);
  return TRUE;
}
