/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vMeter: how far long work has come. Written by the thread that works, read by any other; the
 * fields are independent of each other, so a reader may see a new activity with an old count for a
 * moment. */

#pragma once

#include <glib.h>
#include <stdatomic.h>

typedef struct
{
  _Atomic guint   activity;
  _Atomic guint64 done;
  _Atomic guint64 total;
  _Atomic guint64 n_mappings;
} P2vMeter;

static inline void
p2v_meter_begin (P2vMeter *self,
                 guint     activity,
                 guint64   total)
{
  atomic_store_explicit (&self->done, 0, memory_order_relaxed);
  atomic_store_explicit (&self->total, total, memory_order_relaxed);
  atomic_store_explicit (&self->activity, activity, memory_order_relaxed);
}

static inline void
p2v_meter_set_done (P2vMeter *self,
                    guint64   done)
{
  atomic_store_explicit (&self->done, done, memory_order_relaxed);
}
