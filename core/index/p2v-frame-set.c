/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "index/p2v-frame-set.h"

P2vFrameSet *
p2v_frame_set_new (const P2vImageRange *ranges,
                   gsize                n_ranges)
{
  P2vFrameSet *self = g_new0 (P2vFrameSet, 1);

  self->runs = g_new (P2vFrameRun, MAX (n_ranges, 1));
  for (gsize i = 0; i < n_ranges; i++)
    {
      guint64 first = ranges[i].start_pa >> P2V_FRAME_SHIFT;
      guint64 last = (ranges[i].start_pa + (ranges[i].length_bytes - 1)) >> P2V_FRAME_SHIFT;
      P2vFrameRun *previous = self->n_runs > 0 ? &self->runs[self->n_runs - 1] : NULL;

      /* Ranges that end within a frame share it with the next one. */
      if (previous != NULL && first <= previous->first_pfn + previous->n_frames)
        {
          guint64 n_frames = last - previous->first_pfn + 1;
          self->n_frames += n_frames - previous->n_frames;
          previous->n_frames = n_frames;
          continue;
        }
      self->runs[self->n_runs++] = (P2vFrameRun) { first, last - first + 1, self->n_frames };
      self->n_frames += last - first + 1;
    }
  return self;
}

void
p2v_frame_set_free (P2vFrameSet *self)
{
  g_free (self->runs);
  g_free (self);
}

const P2vFrameRun *
p2v_frame_set_find_run (const P2vFrameSet *self,
                        guint64            pfn)
{
  gsize low = 0, high = self->n_runs;

  while (low < high)
    {
      gsize middle = low + (high - low) / 2;
      const P2vFrameRun *run = &self->runs[middle];
      if (pfn < run->first_pfn)
        high = middle;
      else if (pfn - run->first_pfn < run->n_frames)
        return run;
      else
        low = middle + 1;
    }
  return NULL;
}
