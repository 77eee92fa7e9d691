/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-row-order.h"

/* How often a long loop asks whether it is still wanted, in rows. */
#define ROWS_PER_CHECK 65536

/* What a row is sorted by. Names are borrowed from processes that the answer keeps alive. */
typedef struct
{
  guint32     row;
  const char *name;
  gint64      pid;
  guint64     va;
} Key;

typedef struct
{
  P2vColumnId column;
  gboolean    descending;
} Order;

static int
compare_keys (gconstpointer a,
              gconstpointer b,
              gpointer user_data)
{
  const Key *left = a;
  const Key *right = b;
  const Order *order = user_data;
  int result = 0;

  if (order->column == P2V_COLUMN_PROCESS)
    result = strcmp (left->name, right->name);
  else if (order->column == P2V_COLUMN_PID)
    result = (left->pid > right->pid) - (left->pid < right->pid);
  else
    result = (left->va > right->va) - (left->va < right->va);

  if (result == 0)
    return (left->row > right->row) - (left->row < right->row);
  return order->descending ? -result : result;
}

static GArray *
read_keys (P2vAnswer *answer,
           GCancellable *cancellable)
{
  guint n_rows = (guint) MIN (p2v_answer_get_n_rows (answer), G_MAXUINT - 1);
  g_autoptr (GArray) keys = g_array_sized_new (FALSE, FALSE, sizeof (Key), n_rows);

  for (guint i = 0; i < n_rows; i++)
    {
      P2vMapping mapping = { 0 };
      if (i % ROWS_PER_CHECK == 0 && g_cancellable_is_cancelled (cancellable))
        return NULL;
      p2v_answer_get_row (answer, i, &mapping);
      Key key = { i, p2v_process_get_name (mapping.process), p2v_process_get_pid (mapping.process),
                  mapping.va };
      g_array_append_val (keys, key);
    }
  return g_steal_pointer (&keys);
}

GArray *
p2v_row_order_new (P2vAnswer *answer,
                   P2vColumnId column,
                   gboolean descending,
                   GCancellable *cancellable)
{
  g_autoptr (GArray) keys = read_keys (answer, cancellable);
  if (keys == NULL)
    return NULL;

  Order order = { column, descending };
  g_array_sort_with_data (keys, compare_keys, &order);

  GArray *rows = g_array_sized_new (FALSE, FALSE, sizeof (guint32), keys->len);
  for (guint i = 0; i < keys->len; i++)
    g_array_append_val (rows, g_array_index (keys, Key, i).row);
  return rows;
}

typedef struct
{
  P2vAnswer *answer;
  Order      order;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_object_unref (job->answer);
  g_free (job);
}

static void
sort_in_thread (GTask *task,
                gpointer source,
                gpointer task_data,
                GCancellable *cancellable)
{
  Job *job = task_data;

  g_task_return_pointer (task,
                         p2v_row_order_new (job->answer, job->order.column, job->order.descending,
                                            cancellable),
                         (GDestroyNotify) g_array_unref);
}

void
p2v_row_order_new_async (P2vAnswer *answer,
                         P2vColumnId column,
                         gboolean descending,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  Job *job = g_new0 (Job, 1);
  job->answer = g_object_ref (answer);
  job->order = (Order){ column, descending };

  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, sort_in_thread);
}
