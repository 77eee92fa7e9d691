/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Tells ThreadSanitizer what GLib's own synchronisation does. Debian's GLib is not instrumented
 * and its locks are futexes, so without this every access under a lock looks like a race. Linked
 * into the tests of a -Db_sanitize=thread build only: each function stands before GLib's of the
 * same name, says what it orders, and calls GLib's. */

#include <dlfcn.h>
#include <gio/gio.h>
#include <sanitizer/tsan_interface.h>

/* GLib's function of that name. */
#define REAL(name) ((__typeof__ (&name)) dlsym (RTLD_NEXT, #name))

/* Some of these are macros that do the same in place. */
#undef g_object_ref
#undef g_mutex_lock

/* GLib's own memory, such as the queue of its threads: its locks inside are out of our reach. */
const char *__tsan_default_suppressions (void);

const char *
__tsan_default_suppressions (void)
{
  return "race:g_queue_pop_tail\ncalled_from_lib:libglib-2.0.so.0\n";
}

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock) (mutex);
  __tsan_acquire (mutex);
}

void
g_mutex_unlock (GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_mutex_unlock) (mutex);
}

/* Whoever gives up the last reference sees all that the others did before they gave up theirs. */
#define GIVE_UP(pointer)       \
  {                            \
    __tsan_release (pointer);  \
    __tsan_acquire (pointer);  \
  }

void
g_object_unref (gpointer object)
{
  GIVE_UP (object);
  REAL (g_object_unref) (object);
}

void
g_bytes_unref (GBytes *bytes)
{
  if (bytes != NULL)
    GIVE_UP (bytes);
  REAL (g_bytes_unref) (bytes);
}

void
g_array_unref (GArray *array)
{
  GIVE_UP (array);
  REAL (g_array_unref) (array);
}

void
g_ptr_array_unref (GPtrArray *array)
{
  GIVE_UP (array);
  REAL (g_ptr_array_unref) (array);
}

gboolean
(g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  GIVE_UP (count);
  return REAL (g_atomic_ref_count_dec) (count);
}

/* What was done before a task was started is seen in its thread, and what the thread did where
 * the result is taken. */
static void
run_task (GTask        *task,
          gpointer      source_object,
          gpointer      task_data,
          GCancellable *cancellable)
{
  GTaskThreadFunc run = (GTaskThreadFunc) g_object_get_data (G_OBJECT (task), "p2v-tsan");

  __tsan_acquire (task);
  run (task, source_object, task_data, cancellable);
}

void
g_task_run_in_thread (GTask           *task,
                      GTaskThreadFunc  run)
{
  g_object_set_data (G_OBJECT (task), "p2v-tsan", (gpointer) run);
  __tsan_release (task);
  REAL (g_task_run_in_thread) (task, run_task);
}

void
g_task_return_boolean (GTask    *task,
                       gboolean  result)
{
  __tsan_release (task);
  REAL (g_task_return_boolean) (task, result);
}

void
g_task_return_error (GTask  *task,
                     GError *error)
{
  __tsan_release (task);
  REAL (g_task_return_error) (task, error);
}

gboolean
g_task_propagate_boolean (GTask   *task,
                          GError **error)
{
  __tsan_acquire (task);
  return REAL (g_task_propagate_boolean) (task, error);
}

/* What was done before a job was pushed is seen by the thread that takes it, and what threads did
 * is seen by whoever has waited for them. The pool is told by a record that stays, for the few that
 * tests make. */
typedef struct
{
  GFunc    func;
  gpointer user_data;
} Pool;

static void
work (gpointer data,
      gpointer user_data)
{
  Pool *pool = user_data;

  __tsan_acquire (pool);
  pool->func (data, pool->user_data);
  __tsan_release (pool);
}

GThreadPool *
g_thread_pool_new (GFunc     func,
                   gpointer  user_data,
                   gint      max_threads,
                   gboolean  exclusive,
                   GError  **error)
{
  Pool *pool = g_new (Pool, 1);

  *pool = (Pool) { func, user_data };
  return REAL (g_thread_pool_new) (work, pool, max_threads, exclusive, error);
}

gboolean
g_thread_pool_push (GThreadPool *pool,
                    gpointer     data,
                    GError     **error)
{
  __tsan_release (pool->user_data);
  return REAL (g_thread_pool_push) (pool, data, error);
}

void
g_thread_pool_free (GThreadPool *pool,
                    gboolean     immediate,
                    gboolean     wait)
{
  gpointer record = pool->user_data;

  REAL (g_thread_pool_free) (pool, immediate, wait);
  __tsan_acquire (record);
}
