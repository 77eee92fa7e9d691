/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vBitmapRuns: the runs of set bits in a bitmap that is read piece by piece. Bits count from the
 * lowest of each byte. Begin with { .take, .user_data }. Private to image/. */

#pragma once

#include <glib.h>

typedef struct
{
  /* Is given each run once, in order. FALSE ends it all. */
  gboolean (*take) (gpointer   user_data,
                    guint64    first_bit,
                    guint64    n_bits,
                    GError   **error);
  gpointer   user_data;
  guint64    first_bit;        /* of the run that may go on */
  guint64    n_bits;           /* 0: there is none */
} P2vBitmapRuns;

/* @first_bit: the number of the first bit in @bytes; that of the first piece plus what was fed. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_bitmap_runs_feed   (P2vBitmapRuns *self,
                                 guint64        first_bit,
                                 const guint8  *bytes,
                                 guint64        n_bits,
                                 GError       **error);
/* Takes the last run. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_bitmap_runs_finish (P2vBitmapRuns *self,
                                 GError       **error);
