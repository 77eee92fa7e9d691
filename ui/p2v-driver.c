/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-driver.h"

#include <glib/gi18n-lib.h>

/* As often as p2v-session.h recommends. */
#define POLL_INTERVAL_MS 100

struct _P2vDriver
{
  GObject         parent_instance;

  P2vSession     *session;
  P2vDriverState  state;
  GCancellable   *cancellable; /* of the running step */
  GError         *error;
  guint           poll_id;
};

G_DEFINE_FINAL_TYPE (P2vDriver, p2v_driver, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void run_next_step (P2vDriver *self);

static void
set_state (P2vDriver *self,
           P2vDriverState state)
{
  self->state = state;
  if (state != P2V_DRIVER_RUNNING)
    {
      g_clear_handle_id (&self->poll_id, g_source_remove);
      g_clear_object (&self->cancellable);
    }
  g_signal_emit (self, signals[CHANGED], 0);
}

/* A step that reports back after a dispose or a newer start has nothing to say any more. */
static void
step_done (P2vDriver *self,
           GCancellable *cancellable,
           gboolean success,
           GError *error)
{
  if (cancellable != self->cancellable)
    {
      g_clear_error (&error);
      return;
    }

  if (success)
    {
      run_next_step (self);
      return;
    }
  gboolean cancelled = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&self->error);
  self->error = error;
  set_state (self, cancelled ? P2V_DRIVER_CANCELLED : P2V_DRIVER_FAILED);
}

/* Which step an answer belongs to. */
typedef struct
{
  P2vDriver    *driver;
  GCancellable *cancellable;
} Step;

static Step *
step_new (P2vDriver *self)
{
  Step *step = g_new0 (Step, 1);

  step->driver = g_object_ref (self);
  step->cancellable = g_object_ref (self->cancellable);
  return step;
}

static void
step_free (Step *step)
{
  g_object_unref (step->driver);
  g_object_unref (step->cancellable);
  g_free (step);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Step, step_free)

static void
find_system_cb (GObject *source,
                GAsyncResult *result,
                gpointer user_data)
{
  g_autoptr (Step) step = user_data;
  GError *error = NULL;
  gboolean success = p2v_session_find_system_finish (P2V_SESSION (source), result, &error);

  step_done (step->driver, step->cancellable, success, error);
}

static void
build_index_cb (GObject *source,
                GAsyncResult *result,
                gpointer user_data)
{
  g_autoptr (Step) step = user_data;
  GError *error = NULL;
  gboolean success = p2v_session_build_index_finish (P2V_SESSION (source), result, &error);

  step_done (step->driver, step->cancellable, success, error);
}

static void
run_next_step (P2vDriver *self)
{
  switch (p2v_session_get_stage (self->session))
    {
    case P2V_STAGE_EMPTY:
      set_state (self, P2V_DRIVER_IDLE);
      break;
    case P2V_STAGE_IMAGE:
      p2v_session_find_system_async (self->session, self->cancellable, find_system_cb,
                                     step_new (self));
      break;
    case P2V_STAGE_SYSTEM:
      p2v_session_build_index_async (self->session, self->cancellable, build_index_cb,
                                     step_new (self));
      break;
    case P2V_STAGE_INDEX:
    default:
      set_state (self, P2V_DRIVER_DONE);
      break;
    }
}

static gboolean
poll_cb (gpointer user_data)
{
  g_signal_emit (user_data, signals[CHANGED], 0);
  return G_SOURCE_CONTINUE;
}

static void
p2v_driver_dispose (GObject *object)
{
  P2vDriver *self = P2V_DRIVER (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->poll_id, g_source_remove);
  g_clear_error (&self->error);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (p2v_driver_parent_class)->dispose (object);
}

static void
p2v_driver_class_init (P2vDriverClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_driver_dispose;

  signals[CHANGED] = g_signal_new ("changed", P2V_TYPE_DRIVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
p2v_driver_init (P2vDriver *self)
{
}

P2vDriver *
p2v_driver_new (P2vSession *session)
{
  P2vDriver *self = g_object_new (P2V_TYPE_DRIVER, NULL);

  self->session = g_object_ref (session);
  return self;
}

void
p2v_driver_start (P2vDriver *self)
{
  if (self->state == P2V_DRIVER_RUNNING)
    return;

  g_clear_error (&self->error);
  self->cancellable = g_cancellable_new ();
  self->poll_id = g_timeout_add (POLL_INTERVAL_MS, poll_cb, self);
  set_state (self, P2V_DRIVER_RUNNING);
  run_next_step (self);
}

void
p2v_driver_cancel (P2vDriver *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
}

P2vDriverState
p2v_driver_get_state (P2vDriver *self)
{
  return self->state;
}

char *
p2v_driver_dup_message (P2vDriver *self)
{
  P2vProgress progress = { 0 };

  switch (self->state)
    {
    case P2V_DRIVER_RUNNING:
      p2v_session_get_progress (self->session, &progress);
      return p2v_progress_dup_text (&progress);
    case P2V_DRIVER_CANCELLED:
      if (p2v_session_get_stage (self->session) >= P2V_STAGE_SYSTEM)
        return g_strdup (_("The index is not complete: building it was cancelled."));
      return g_strdup (_("The search for an operating system was cancelled."));
    case P2V_DRIVER_FAILED:
      return g_strdup (self->error->message);
    case P2V_DRIVER_IDLE:
    case P2V_DRIVER_DONE:
    default:
      return g_strdup ("");
    }
}

double
p2v_driver_get_fraction (P2vDriver *self)
{
  P2vProgress progress = { 0 };

  p2v_session_get_progress (self->session, &progress);
  if (progress.total == 0)
    return -1;
  return CLAMP ((double) progress.done / (double) progress.total, 0, 1);
}
