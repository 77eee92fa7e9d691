/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vDriver: takes a session with an open image the rest of its way: finds the system, builds
 * the index.
 *
 * #P2vDriver::changed tells ten times a second how far a running step is, and that it ended. A
 * running step holds a reference, so whoever loses interest cancels before dropping its own.
 * Main thread only. */

#pragma once

#include <pas2vas.h>

G_BEGIN_DECLS

#define P2V_TYPE_DRIVER (p2v_driver_get_type ())
G_DECLARE_FINAL_TYPE (P2vDriver, p2v_driver, P2V, DRIVER, GObject)

/**
 * P2vDriverState:
 * @P2V_DRIVER_IDLE: nothing was started, for there is no image
 * @P2V_DRIVER_RUNNING: a step is running
 * @P2V_DRIVER_DONE: the index is complete
 * @P2V_DRIVER_CANCELLED: the user has stopped a step
 * @P2V_DRIVER_FAILED: a step has failed
 *
 * What became of the steps.
 */
typedef enum
{
  P2V_DRIVER_IDLE,
  P2V_DRIVER_RUNNING,
  P2V_DRIVER_DONE,
  P2V_DRIVER_CANCELLED,
  P2V_DRIVER_FAILED,
} P2vDriverState;

P2vDriver      *p2v_driver_new          (P2vSession *session);
/* Runs the steps that are still to be done; nothing if they run already. */
void            p2v_driver_start        (P2vDriver  *self);
void            p2v_driver_cancel       (P2vDriver  *self);
P2vDriverState  p2v_driver_get_state    (P2vDriver  *self);
/* (transfer full): what is being done, or why it ended, in one sentence. */
char           *p2v_driver_dup_message  (P2vDriver  *self);
/* How much of the running step is done, from 0 to 1; negative if unknown. */
double          p2v_driver_get_fraction (P2vDriver  *self);

G_END_DECLS
