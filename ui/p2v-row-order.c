/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-row-order.h"

/* How often a long loop asks whether it is still wanted, in rows. */
#define ROWS_PER_CHECK 1024

/* What a row is sorted by: texts before numbers. */
typedef struct
{
  guint32     row;
  const char *text;   /* borrowed from what the answer keeps alive; NULL: none */
  guint64     number;
} Key;

typedef struct
{
  P2vSession     *session;
  P2vAnswer      *answer;
  P2vArrangement  arrangement;
} Job;

gboolean
p2v_arrangement_is_plain (const P2vArrangement *self)
{
  return self->column == P2V_N_COLUMNS && self->filter == NULL;
}

gboolean
p2v_arrangement_needs_details (const P2vArrangement *self)
{
  return (self->column >= P2V_COLUMN_RIGHTS && self->column < P2V_N_COLUMNS)
         || (self->filter != NULL && p2v_row_filter_needs_details (self->filter));
}

static int
compare_keys (gconstpointer a,
              gconstpointer b,
              gpointer      user_data)
{
  const Key *left = a;
  const Key *right = b;
  const P2vArrangement *arrangement = user_data;
  int result = g_strcmp0 (left->text, right->text);

  if (result == 0)
    result = (left->number > right->number) - (left->number < right->number);
  if (result == 0)
    return (left->row > right->row) - (left->row < right->row);
  return arrangement->descending ? -result : result;
}

/* Regions by their names, then by where in them: "+0x9000" would stand behind "+0x12000". */
static guint64
get_region_number (const P2vMapping *mapping)
{
  return mapping->region != NULL
             ? mapping->va - mapping->region->start_va + mapping->region->file_offset
             : mapping->va;
}

static Key
make_key (guint32              row,
          const P2vRowDetails *details,
          P2vColumnId          column)
{
  const P2vMapping *mapping = &details->mapping;
  Key key = { .row = row };

  switch (column)
    {
    case P2V_COLUMN_PROCESS:
      key.text = p2v_process_get_name (mapping->process);
      break;
    case P2V_COLUMN_PID:
      key.number = (guint64) p2v_process_get_pid (mapping->process);
      break;
    case P2V_COLUMN_VIRTUAL:
      key.number = mapping->va;
      break;
    case P2V_COLUMN_RIGHTS:
      key.number = mapping->rights;
      break;
    case P2V_COLUMN_SIZE:
      key.number = mapping->page_shift;
      break;
    case P2V_COLUMN_STATE:
      key.text = details->state;
      break;
    case P2V_COLUMN_REGION:
      key.text = mapping->region != NULL ? mapping->region->name : "";
      key.number = get_region_number (mapping);
      break;
    case P2V_N_COLUMNS:
    default:
      break;
    }
  return key;
}

/* One key for each row that the filter leaves. */
static GArray *
read_keys (const Job    *job,
           GCancellable *cancellable)
{
  const P2vArrangement *arrangement = &job->arrangement;
  guint n_rows = (guint) MIN (p2v_answer_get_n_rows (job->answer), P2V_ROW_ORDER_MAX_ROWS);
  gboolean needs_details = p2v_arrangement_needs_details (arrangement);
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (Key));

  for (guint i = 0; i < n_rows; i++)
    {
      P2vRowDetails details = { 0 };
      if (i % ROWS_PER_CHECK == 0 && g_cancellable_is_cancelled (cancellable))
        return NULL;
      p2v_answer_get_row (job->answer, i, &details.mapping);
      if (needs_details)
        p2v_row_details_read (&details, job->session);
      if (arrangement->filter == NULL || p2v_row_filter_matches (arrangement->filter, &details))
        {
          Key key = make_key (i, &details, arrangement->column);
          g_array_append_val (keys, key);
        }
      p2v_row_details_clear (&details);
    }
  return g_steal_pointer (&keys);
}

static GArray *
make_order (Job          *job,
            GCancellable *cancellable)
{
  g_autoptr (GArray) keys = read_keys (job, cancellable);
  if (keys == NULL)
    return NULL;

  if (job->arrangement.column < P2V_N_COLUMNS)
    g_array_sort_with_data (keys, compare_keys, &job->arrangement);
  GArray *rows = g_array_sized_new (FALSE, FALSE, sizeof (guint32), keys->len);
  for (guint i = 0; i < keys->len; i++)
    g_array_append_val (rows, g_array_index (keys, Key, i).row);
  return rows;
}

GArray *
p2v_row_order_new (P2vSession           *session,
                   P2vAnswer            *answer,
                   const P2vArrangement *arrangement,
                   GCancellable         *cancellable)
{
  Job job = { session, answer, *arrangement };

  return make_order (&job, cancellable);
}

static void
job_free (gpointer data)
{
  Job *job = data;

  g_object_unref (job->session);
  g_object_unref (job->answer);
  g_clear_pointer (&job->arrangement.filter, p2v_row_filter_unref);
  g_free (job);
}

static void
sort_in_thread (GTask        *task,
                gpointer      source,
                gpointer      task_data,
                GCancellable *cancellable)
{
  g_task_return_pointer (task, make_order (task_data, cancellable),
                         (GDestroyNotify) g_array_unref);
}

void
p2v_row_order_new_async (P2vSession           *session,
                         P2vAnswer            *answer,
                         const P2vArrangement *arrangement,
                         GCancellable         *cancellable,
                         GAsyncReadyCallback   callback,
                         gpointer              user_data)
{
  Job *job = g_new0 (Job, 1);
  job->session = g_object_ref (session);
  job->answer = g_object_ref (answer);
  job->arrangement = *arrangement;
  if (arrangement->filter != NULL)
    p2v_row_filter_ref (arrangement->filter);

  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, sort_in_thread);
}
