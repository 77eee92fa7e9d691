/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-row-reader.h"

/* Rows read before the screen is brought up to date: a screenful, and soon cancelled. */
#define BATCH_ROWS 64

struct _P2vRowReader
{
  GObject       parent_instance;

  P2vSession   *session;
  P2vAnswer    *answer;
  GPtrArray    *wanted;      /* P2vMappingRow, oldest first */
  GPtrArray    *reading;     /* P2vMappingRow of the running batch */
  GCancellable *cancellable; /* of the running batch, or NULL */
  guint         idle_id;
};

G_DEFINE_FINAL_TYPE (P2vRowReader, p2v_row_reader, G_TYPE_OBJECT)

/* What a worker thread works on. It holds no rows, for they belong to the main thread. */
typedef struct
{
  P2vSession *session;
  P2vAnswer  *answer; /* keeps the owners of the mappings alive */
  GArray     *details;
} Batch;

static void start_soon (P2vRowReader *self);

static void
batch_free (gpointer data)
{
  Batch *batch = data;

  g_array_unref (batch->details);
  g_object_unref (batch->answer);
  g_object_unref (batch->session);
  g_free (batch);
}

static Batch *
batch_new (P2vRowReader *self)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->session = g_object_ref (self->session);
  batch->answer = g_object_ref (self->answer);
  batch->details = g_array_new (FALSE, TRUE, sizeof (P2vRowDetails));
  g_array_set_clear_func (batch->details, (GDestroyNotify) p2v_row_details_clear);
  for (guint i = 0; i < self->reading->len; i++)
    {
      P2vMappingRow *row = g_ptr_array_index (self->reading, i);
      P2vRowDetails details = { .mapping = *p2v_mapping_row_get_mapping (row) };
      g_array_append_val (batch->details, details);
    }
  return batch;
}

static void
read_batch_in_thread (GTask *task,
                      gpointer source,
                      gpointer task_data,
                      GCancellable *cancellable)
{
  Batch *batch = task_data;

  for (guint i = 0; i < batch->details->len && !g_cancellable_is_cancelled (cancellable); i++)
    p2v_row_details_read (&g_array_index (batch->details, P2vRowDetails, i), batch->session);
  g_task_return_boolean (task, TRUE);
}

static void
batch_read_cb (GObject *source,
               GAsyncResult *result,
               gpointer user_data)
{
  g_autoptr (P2vRowReader) self = user_data;
  GTask *task = G_TASK (result);

  /* A cancelled batch is not ours any more: the next one may be running already. */
  if (!g_task_propagate_boolean (task, NULL) || g_task_get_cancellable (task) != self->cancellable)
    return;

  g_clear_object (&self->cancellable);
  Batch *batch = g_task_get_task_data (task);
  for (guint i = 0; i < self->reading->len; i++)
    p2v_mapping_row_take_details (g_ptr_array_index (self->reading, i),
                                  &g_array_index (batch->details, P2vRowDetails, i));
  g_ptr_array_set_size (self->reading, 0);
  start_soon (self);
}

static gboolean
start_batch_cb (gpointer user_data)
{
  P2vRowReader *self = user_data;
  guint n_rows = MIN (self->wanted->len, BATCH_ROWS);

  self->idle_id = 0;
  for (guint i = 0; i < n_rows; i++)
    g_ptr_array_add (self->reading, g_object_ref (g_ptr_array_index (self->wanted, i)));
  g_ptr_array_remove_range (self->wanted, 0, n_rows);

  self->cancellable = g_cancellable_new ();
  /* The task has no source object: it would drop its reference in the worker thread. */
  g_autoptr (GTask) task = g_task_new (NULL, self->cancellable, batch_read_cb, g_object_ref (self));
  g_task_set_task_data (task, batch_new (self), batch_free);
  g_task_run_in_thread (task, read_batch_in_thread);
  return G_SOURCE_REMOVE;
}

static void
start_soon (P2vRowReader *self)
{
  if (self->idle_id != 0 || self->cancellable != NULL || self->wanted->len == 0)
    return;
  self->idle_id = g_idle_add_full (G_PRIORITY_DEFAULT, start_batch_cb, self, NULL);
}

static void
p2v_row_reader_dispose (GObject *object)
{
  P2vRowReader *self = P2V_ROW_READER (object);

  p2v_row_reader_reset (self, NULL, NULL);
  g_clear_pointer (&self->wanted, g_ptr_array_unref);
  g_clear_pointer (&self->reading, g_ptr_array_unref);

  G_OBJECT_CLASS (p2v_row_reader_parent_class)->dispose (object);
}

static void
p2v_row_reader_class_init (P2vRowReaderClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_row_reader_dispose;
}

static void
p2v_row_reader_init (P2vRowReader *self)
{
  self->wanted = g_ptr_array_new_with_free_func (g_object_unref);
  self->reading = g_ptr_array_new_with_free_func (g_object_unref);
}

P2vRowReader *
p2v_row_reader_new (void)
{
  return g_object_new (P2V_TYPE_ROW_READER, NULL);
}

void
p2v_row_reader_reset (P2vRowReader *self,
                      P2vSession *session,
                      P2vAnswer *answer)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->idle_id, g_source_remove);
  if (self->wanted != NULL)
    {
      g_ptr_array_set_size (self->wanted, 0);
      g_ptr_array_set_size (self->reading, 0);
    }
  g_set_object (&self->session, session);
  g_set_object (&self->answer, answer);
}

void
p2v_row_reader_request (P2vRowReader *self,
                        P2vMappingRow *row)
{
  if (self->session == NULL || self->answer == NULL || p2v_mapping_row_is_described (row)
      || g_ptr_array_find (self->wanted, row, NULL) || g_ptr_array_find (self->reading, row, NULL))
    return;

  g_ptr_array_add (self->wanted, g_object_ref (row));
  start_soon (self);
}

void
p2v_row_reader_forget (P2vRowReader *self,
                       P2vMappingRow *row)
{
  g_ptr_array_remove (self->wanted, row);
}
