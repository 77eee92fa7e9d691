/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the frame of the panel's place is: read from the image in a thread, for the panel's main
 * loop touches memory only. */

#include "config.h"

#include "p2v-panel-private.h"

void
p2v_panel_forget_frame (P2vPanel *self)
{
  g_cancellable_cancel (self->describing);
  g_clear_object (&self->describing);
  g_clear_pointer (&self->frame, p2v_frame_free);
}

static void
described_cb (GObject *source,
              GAsyncResult *result,
              gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  P2vFrame *frame = p2v_session_describe_frame_finish (P2V_SESSION (source), result, &error);
  P2vPanel *self = user_data;

  /* The place has changed meanwhile, or the panel is gone: it cancels before it goes. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->describing);
  self->frame = frame;
  if (frame != NULL)
    p2v_panel_show_answer (self);
  else
    p2v_panel_show_info (self, GTK_MESSAGE_ERROR, error->message);
}

/* Also what was read before the index was complete is read again. */
static gboolean
is_known (P2vPanel *self)
{
  return self->frame != NULL && self->frame->pa >> P2V_FRAME_SHIFT == self->pa >> P2V_FRAME_SHIFT &&
         (self->frame->n_found >= 0 || !p2v_answer_is_complete (self->answer));
}

void
p2v_panel_describe_frame (P2vPanel *self)
{
  if (self->answer == NULL || p2v_session_get_stage (self->session) < P2V_STAGE_SYSTEM)
    {
      p2v_panel_forget_frame (self);
      return;
    }
  if (is_known (self))
    return;
  p2v_panel_forget_frame (self);
  self->describing = g_cancellable_new ();
  p2v_session_describe_frame_async (self->session, self->pa, self->describing, described_cb,
                                    self);
}
