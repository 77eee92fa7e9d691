/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-row-writer.h"

/* What a thread writes. The tasks have no source object: it would lose its reference in the
 * thread. */
typedef struct
{
  P2vSession  *session;
  P2vAnswer   *answer; /* NULL: everything */
  GArray      *order;  /* guint32: which rows of it; NULL: all */
  P2vColumnId  column;
  GFile       *file;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_object (&job->session);
  g_clear_object (&job->answer);
  g_clear_pointer (&job->order, g_array_unref);
  g_clear_object (&job->file);
  g_free (job);
}

static Job *
job_new (P2vSession *session,
         P2vAnswer *answer,
         GArray *order)
{
  Job *job = g_new0 (Job, 1);

  job->session = g_object_ref (session);
  g_set_object (&job->answer, answer);
  job->order = order != NULL ? g_array_ref (order) : NULL;
  return job;
}

static guint64
count_rows (Job *job)
{
  return job->order != NULL ? job->order->len : p2v_answer_get_n_rows (job->answer);
}

static void
get_row (Job *job,
         guint64 position,
         P2vMapping *ret_mapping)
{
  guint64 row = job->order != NULL ? g_array_index (job->order, guint32, position) : position;

  p2v_answer_get_row (job->answer, row, ret_mapping);
}

static gboolean
write_rows (Job *job,
            P2vExportFormat format,
            GOutputStream *stream,
            GCancellable *cancellable,
            GError **error)
{
  gsize n_columns = 0;
  const P2vColumn *columns = p2v_export_get_mapping_columns (&n_columns);
  g_autoptr (P2vExport) export = p2v_export_new (stream, format, columns, n_columns);

  for (guint64 i = 0; i < count_rows (job); i++)
    {
      P2vMapping mapping = { 0 };
      get_row (job, i, &mapping);
      if (!p2v_session_describe (job->session, &mapping, error)
          || !p2v_export_add_mapping (export, job->session, &mapping, cancellable, error))
        return FALSE;
    }
  return p2v_export_finish (export, cancellable, error);
}

static gboolean
write_column (Job *job,
              GOutputStream *stream,
              GCancellable *cancellable,
              GError **error)
{
  for (guint64 i = 0; i < count_rows (job); i++)
    {
      P2vRowDetails details = { 0 };
      get_row (job, i, &details.mapping);
      if (job->column >= P2V_COLUMN_RIGHTS)
        p2v_row_details_read (&details, job->session);
      g_autofree char *text = p2v_row_details_dup_text (&details, job->column);
      p2v_row_details_clear (&details);
      if (!g_output_stream_printf (stream, NULL, cancellable, error, "%s\n",
                                   text != NULL ? text : ""))
        return FALSE;
    }
  return TRUE;
}

static void
copy_in_thread (GTask *task,
                gpointer source,
                gpointer task_data,
                GCancellable *cancellable)
{
  Job *job = task_data;
  g_autoptr (GOutputStream) stream = g_memory_output_stream_new_resizable ();
  GError *error = NULL;
  gboolean success = FALSE;

  if (job->column < P2V_N_COLUMNS)
    success = write_column (job, stream, cancellable, &error);
  else
    success = write_rows (job, P2V_EXPORT_TABLE, stream, cancellable, &error);
  success = success && g_output_stream_write_all (stream, "", 1, NULL, cancellable, &error)
            && g_output_stream_close (stream, cancellable, &error);
  if (success)
    g_task_return_pointer (
        task, g_memory_output_stream_steal_data (G_MEMORY_OUTPUT_STREAM (stream)), g_free);
  else
    g_task_return_error (task, error);
}

void
p2v_row_writer_copy_async (P2vSession *session,
                           P2vAnswer *answer,
                           GArray *order,
                           P2vColumnId column,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  Job *job = job_new (session, answer, order);
  job->column = column;

  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  /* What counts is whether it was written, not whether it was cancelled a moment later. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, copy_in_thread);
}

char *
p2v_row_writer_copy_finish (GAsyncResult *result,
                            GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static P2vExportFormat
format_for_file (GFile *file)
{
  g_autofree char *name = g_file_get_basename (file);

  return name != NULL && g_str_has_suffix (name, ".json") ? P2V_EXPORT_JSON : P2V_EXPORT_CSV;
}

static gboolean
write_file (Job *job,
            GOutputStream *stream,
            GCancellable *cancellable,
            GError **error)
{
  P2vExportFormat format = format_for_file (job->file);

  if (job->answer != NULL)
    return write_rows (job, format, stream, cancellable, error);
  return p2v_session_export_all (job->session, NULL, TRUE, format, stream, cancellable, error);
}

static void
export_in_thread (GTask *task,
                  gpointer source,
                  gpointer task_data,
                  GCancellable *cancellable)
{
  Job *job = task_data;
  GError *error = NULL;
  gboolean existed = g_file_query_exists (job->file, NULL);
  g_autoptr (GFileOutputStream) stream
      = g_file_replace (job->file, NULL, FALSE, G_FILE_CREATE_PRIVATE, cancellable, &error);

  if (stream == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (write_file (job, G_OUTPUT_STREAM (stream), cancellable, &error)
      && g_output_stream_close (G_OUTPUT_STREAM (stream), cancellable, &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  /* Closing would put the half-written file in the place of the old one, unless it is cancelled. */
  g_autoptr (GCancellable) already_cancelled = g_cancellable_new ();
  g_cancellable_cancel (already_cancelled);
  (void) g_output_stream_close (G_OUTPUT_STREAM (stream), already_cancelled, NULL);
  if (!existed)
    (void) g_file_delete (job->file, NULL, NULL);
  g_task_return_error (task, error);
}

void
p2v_row_writer_export_async (P2vSession *session,
                             P2vAnswer *answer,
                             GArray *order,
                             GFile *file,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  Job *job = job_new (session, answer, order);
  job->file = g_object_ref (file);

  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  /* What counts is whether it was written, not whether it was cancelled a moment later. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, export_in_thread);
}

gboolean
p2v_row_writer_export_finish (GAsyncResult *result,
                              GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
