/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "pas2vas-run.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "pas2vas-report.h"

#define PROGRESS_INTERVAL_MS 100
/* Most work is done before anybody could read a line about it. */
#define PROGRESS_PATIENCE_US (300 * G_TIME_SPAN_MILLISECOND)
#define FALLBACK_TERMINAL_COLUMNS 80

/* One asynchronous call and the line of progress that lasts as long as it. */
typedef struct
{
  P2vSession       *session;
  Pas2vasProgress   progress;       /* or NULL: the session's */
  gpointer          progress_data;
  GMainLoop        *loop;
  GAsyncResult     *result;
  guint             timer;
  gint64            start_us;
  gboolean          is_line_shown;
} Wait;

static void
on_done (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Wait *wait = user_data;

  wait->result = g_object_ref (result);
  g_main_loop_quit (wait->loop);
}

static guint
get_terminal_columns (void)
{
  struct winsize size = { 0 };

  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
    return FALLBACK_TERMINAL_COLUMNS;
  return size.ws_col;
}

static void
clear_line (Wait *wait)
{
  /* CSI K clears to the end of the line. Source: ECMA-48 8.3.41, EL. */
  if (wait->is_line_shown)
    g_printerr ("\r\033[K");
  wait->is_line_shown = FALSE;
}

/* (transfer full): what to show, or NULL if there is nothing to tell. */
static char *
dup_progress_text (Wait *wait)
{
  P2vProgress progress;

  if (wait->progress != NULL)
    return wait->progress (wait->progress_data);
  p2v_session_get_progress (wait->session, &progress);
  return progress.activity != P2V_ACTIVITY_NONE ? p2v_progress_dup_text (&progress) : NULL;
}

static gboolean
on_progress_timer (gpointer user_data)
{
  Wait *wait = user_data;

  if (g_get_monotonic_time () - wait->start_us < PROGRESS_PATIENCE_US)
    return G_SOURCE_CONTINUE;

  g_autofree char *text = dup_progress_text (wait);
  clear_line (wait);
  if (text == NULL)
    return G_SOURCE_CONTINUE;

  /* A line that wraps could not be cleared again. */
  g_autofree char *shown = g_utf8_substring (text, 0,
                                             MIN (g_utf8_strlen (text, -1),
                                                  (glong) get_terminal_columns () - 1));
  g_printerr ("%s", shown);
  wait->is_line_shown = TRUE;
  return G_SOURCE_CONTINUE;
}

static gboolean
can_show_progress (void)
{
  const char *terminal = g_getenv ("TERM");

  return isatty (STDERR_FILENO) && terminal != NULL && !g_str_equal (terminal, "dumb");
}

static void
wait_init (Wait       *wait,
           P2vSession *session,
           gboolean    quiet)
{
  *wait = (Wait) {
    .session = session,
    .loop = g_main_loop_new (NULL, FALSE),
    .start_us = g_get_monotonic_time (),
  };
  if (!quiet && can_show_progress ())
    wait->timer = g_timeout_add (PROGRESS_INTERVAL_MS, on_progress_timer, wait);
}

/* Returns (transfer full) the result of the call that was given on_done(). */
static GAsyncResult *
wait_for_result (Wait *wait)
{
  g_main_loop_run (wait->loop);
  g_clear_handle_id (&wait->timer, g_source_remove);
  clear_line (wait);
  g_clear_pointer (&wait->loop, g_main_loop_unref);
  return g_steal_pointer (&wait->result);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
open_image (P2vSession  *session,
            const char  *path,
            gboolean     quiet,
            GError     **error)
{
  Wait wait;

  wait_init (&wait, session, quiet);
  p2v_session_open_async (session, path, NULL, on_done, &wait);

  g_autoptr (GAsyncResult) result = wait_for_result (&wait);
  return p2v_session_open_finish (session, result, error);
}

/* How a session gets from the stage before to @stage. */
static const struct
{
  P2vStage   stage;
  void     (*start)  (P2vSession           *session,
                      GCancellable         *cancellable,
                      GAsyncReadyCallback   callback,
                      gpointer              user_data);
  gboolean (*finish) (P2vSession           *session,
                      GAsyncResult         *result,
                      GError              **error);
} steps[] = {
  { P2V_STAGE_SYSTEM, p2v_session_find_system_async, p2v_session_find_system_finish },
  { P2V_STAGE_INDEX, p2v_session_build_index_async, p2v_session_build_index_finish },
};

gboolean
pas2vas_run_advance (P2vSession  *session,
                     P2vStage     stage,
                     gboolean     quiet,
                     GError     **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (steps) && steps[i].stage <= stage; i++)
    {
      Wait wait;

      if (p2v_session_get_stage (session) >= steps[i].stage)
        continue;
      wait_init (&wait, session, quiet);
      steps[i].start (session, NULL, on_done, &wait);

      g_autoptr (GAsyncResult) result = wait_for_result (&wait);
      if (!steps[i].finish (session, result, error))
        return FALSE;
    }
  return TRUE;
}

P2vSession *
pas2vas_run_open (const Pas2vasOptions *options,
                  P2vStage              stage)
{
  g_autoptr (P2vSession) session = p2v_session_new ();
  g_autoptr (GError) error = NULL;

  p2v_session_set_cache (session, !options->no_cache, options->cache_folder);
  p2v_session_set_symbols (session, options->symbols_path);
  p2v_session_set_methods (session, (const char *const *) options->methods);
  p2v_session_set_base (session, options->base_pa);
  if (!p2v_session_set_paging (session, options->paging, &error)
      || !open_image (session, options->arguments[0], options->quiet, &error)
      || !pas2vas_run_advance (session, stage, options->quiet, &error))
    {
      pas2vas_report ("%s", error->message);
      return NULL;
    }
  return g_steal_pointer (&session);
}

typedef struct
{
  Pas2vasWork work;
  gpointer    data;
} WorkCall;

static void
run_work_in_thread (GTask        *task,
                    gpointer      source,
                    gpointer      task_data,
                    GCancellable *cancellable)
{
  WorkCall *call = task_data;
  g_autoptr (GError) error = NULL;

  if (call->work (P2V_SESSION (source), call->data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

gboolean
pas2vas_run_work (P2vSession       *session,
                  Pas2vasWork       work,
                  Pas2vasProgress   progress,
                  gpointer          data,
                  gboolean          quiet,
                  GError          **error)
{
  Wait wait;
  WorkCall call = { .work = work, .data = data };

  /* On one terminal, progress would stand between the rows. */
  wait_init (&wait, session, quiet || progress == NULL || isatty (STDOUT_FILENO));
  wait.progress = progress;
  wait.progress_data = data;

  g_autoptr (GTask) task = g_task_new (session, NULL, on_done, &wait);
  g_task_set_task_data (task, &call, NULL);
  g_task_run_in_thread (task, run_work_in_thread);

  g_autoptr (GAsyncResult) result = wait_for_result (&wait);
  return g_task_propagate_boolean (G_TASK (result), error);
}
