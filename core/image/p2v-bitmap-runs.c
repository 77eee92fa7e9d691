/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "image/p2v-bitmap-runs.h"

gboolean
p2v_bitmap_runs_finish (P2vBitmapRuns *self,
                        GError       **error)
{
  guint64 n_bits = self->n_bits;

  self->n_bits = 0;
  return n_bits == 0 || self->take (self->user_data, self->first_bit, n_bits, error);
}

static gboolean
continues (const P2vBitmapRuns *self,
           guint64              bit)
{
  return self->n_bits > 0 && self->first_bit + self->n_bits == bit;
}

static gboolean
feed_bits (P2vBitmapRuns *self,
           guint64        first_bit,
           guint8         bits,
           guint          n_bits,
           GError       **error)
{
  for (guint i = 0; i < n_bits; i++)
    {
      if (!(bits & (1u << i)))
        continue;
      if (!continues (self, first_bit + i))
        {
          if (!p2v_bitmap_runs_finish (self, error))
            return FALSE;
          self->first_bit = first_bit + i;
        }
      self->n_bits++;
    }
  return TRUE;
}

gboolean
p2v_bitmap_runs_feed (P2vBitmapRuns *self,
                      guint64        first_bit,
                      const guint8  *bytes,
                      guint64        n_bits,
                      GError       **error)
{
  for (guint64 done = 0; done < n_bits; done += 8)
    {
      guint8 bits = bytes[done / 8];
      guint n = (guint) MIN (n_bits - done, 8);
      /* Whole bytes of one value are most of a bitmap. */
      if (bits == 0xff && n == 8 && continues (self, first_bit + done))
        self->n_bits += 8;
      else if (bits != 0 && !feed_bits (self, first_bit + done, bits, n, error))
        return FALSE;
    }
  return TRUE;
}
