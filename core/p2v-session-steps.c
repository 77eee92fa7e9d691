/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "p2v-session-private.h"

#include "image/p2v-image-private.h"
#include "os/p2v-system-private.h"

/* Each step begins and ends with these, so that two never run at once. */
static gboolean
begin_step (P2vSession   *self,
            P2vActivity   activity,
            GError      **error)
{
  if (!g_atomic_int_compare_and_exchange (&self->busy, FALSE, TRUE))
    {
      g_set_error_literal (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY,
                           _("The session is busy with an earlier step; cancel it or wait for it"));
      return FALSE;
    }
  p2v_meter_begin (&self->meter, activity, 0);
  return TRUE;
}

static void
end_step (P2vSession *self)
{
  p2v_meter_begin (&self->meter, P2V_ACTIVITY_NONE, 0);
  g_atomic_int_set (&self->busy, FALSE);
}

/**
 * p2v_session_open:
 * @self: a session
 * @path: (type filename): the image's path
 * @cancellable: (nullable): to stop early
 * @error: return location for an error
 *
 * Opens an image: reads its headers only, whatever its size. What the session knew of an earlier
 * image is forgotten, also on failure.
 *
 * Returns: %FALSE with %P2V_IMAGE_ERROR or %G_IO_ERROR if the image cannot be opened
 */
gboolean
p2v_session_open (P2vSession    *self,
                  const char    *path,
                  GCancellable  *cancellable,
                  GError       **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  if (!begin_step (self, P2V_ACTIVITY_OPENING, error))
    return FALSE;
  P2vImage *image = p2v_image_open_at (path, self->base_pa, cancellable, error);
  g_mutex_lock (&self->lock);
  p2v_session_clear_index (self);
  g_clear_object (&self->system);
  g_clear_object (&self->image);
  self->image = image;
  g_mutex_unlock (&self->lock);
  end_step (self);
  return image != NULL;
}

/* Keeps what a search of all of memory has found, for it takes long. If that fails, so will keeping
 * the index, which tells. */
static void
keep_findings (P2vSession *self,
               P2vImage   *image,
               P2vSystem  *system,
               GBytes     *known)
{
  GBytes *findings = p2v_system_get_findings (system);

  if (self->store != NULL && findings != NULL &&
      (known == NULL || !g_bytes_equal (findings, known)))
    (void) !p2v_store_save_findings (self->store, image, findings, NULL);
}

/* @ret_base_pa: as in P2vSystemSearch. */
static gboolean
find_system_in (P2vSession    *self,
                P2vImage      *image,
                P2vPhysAddr   *ret_base_pa,
                GCancellable  *cancellable,
                GError       **error)
{
  gboolean may_keep = self->store != NULL;
  g_autoptr (GBytes) findings = may_keep ? p2v_store_load_findings (self->store, image) : NULL;
  P2vSystemSearch search = { .image = image,
                             .meter = &self->meter,
                             .searching = P2V_ACTIVITY_SEARCHING,
                             .reading = P2V_ACTIVITY_READING_SYSTEM,
                             .symbols_path = self->symbols_path,
                             .ret_base_pa = ret_base_pa,
                             .form = self->form,
                             .scanning = P2V_ACTIVITY_SCANNING,
                             .hint = may_keep ? p2v_store_get_hint (self->store, image) : 0,
                             .findings = findings,
                             .wanted_methods = (const char *const *) self->wanted_methods,
                             .cancellable = cancellable };
  P2vSystem *system = p2v_system_find (&search, error);
  if (system == NULL)
    return FALSE;
  keep_findings (self, image, system, findings);
  g_mutex_lock (&self->lock);
  p2v_session_clear_index (self);
  g_clear_object (&self->system);
  self->system = system;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* Opens a flat image anew, with its first byte at @base_pa. */
static gboolean
move_image (P2vSession    *self,
            P2vPhysAddr    base_pa,
            GCancellable  *cancellable,
            GError       **error)
{
  P2vImage *moved =
    p2v_image_open_at (p2v_image_get_path (self->image), base_pa, cancellable, error);

  if (moved == NULL)
    return FALSE;
  g_mutex_lock (&self->lock);
  g_clear_object (&self->image);
  self->image = moved;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* Whatever is missing or damaged may be so because everything is looked for in a wrong place. */
static void
blame_base (P2vSession *self,
            GError     *error)
{
  if (self->base_pa == 0 || error->domain != P2V_OS_ERROR)
    return;
  char *message = g_strdup_printf (_("%s; by --base the first byte of the image is at 0x%" PRIx64
                                     ": is that right? Without --base it is at 0, or found out"),
                                   error->message, self->base_pa);
  g_free (error->message);
  error->message = message;
}

static gboolean
find_system_step (P2vSession    *self,
                  GCancellable  *cancellable,
                  GError       **error)
{
  g_autoptr (P2vImage) image = p2v_session_dup_image (self);
  g_autoptr (GError) local_error = NULL;
  P2vPhysAddr base_pa = 0;

  if (image == NULL)
    {
      g_set_error_literal (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY,
                           _("No image is open"));
      return FALSE;
    }
  gboolean may_move = self->base_pa == 0 && p2v_image_is_flat (image);
  if (find_system_in (self, image, may_move ? &base_pa : NULL, cancellable, &local_error))
    return TRUE;
  if (base_pa == 0)
    {
      blame_base (self, local_error);
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  return move_image (self, base_pa, cancellable, error) &&
         find_system_in (self, self->image, NULL, cancellable, error);
}

/**
 * p2v_session_find_system:
 * @self: a session with an image
 * @cancellable: (nullable): to stop early
 * @error: return location for an error
 *
 * Looks for the operating system in the image and reads its processes. May read the whole image.
 * If the system says where in memory a flat image belongs, the session's image is another one
 * afterwards, unless p2v_session_set_base() had said it; see p2v_session_dup_image().
 *
 * Returns: %FALSE with %P2V_OS_ERROR, %P2V_IMAGE_ERROR or %G_IO_ERROR
 */
gboolean
p2v_session_find_system (P2vSession    *self,
                         GCancellable  *cancellable,
                         GError       **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), FALSE);

  if (!begin_step (self, P2V_ACTIVITY_SEARCHING, error))
    return FALSE;
  gboolean ok = find_system_step (self, cancellable, error);
  end_step (self);
  return ok;
}

static void
set_watch (P2vSession *self,
           P2vWatch   *watch)
{
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->watch, p2v_watch_unref);
  self->watch = watch != NULL ? p2v_watch_ref (watch) : NULL;
  g_mutex_unlock (&self->lock);
}

/**
 * p2v_session_build_index:
 * @self: a session with an image
 * @cancellable: (nullable): to stop early
 * @error: return location for an error
 *
 * Walks all page tables and builds the reverse index, finding the system first if that was not
 * done.
 *
 * Returns: %FALSE with %P2V_OS_ERROR, %P2V_IMAGE_ERROR or %G_IO_ERROR
 */
gboolean
p2v_session_build_index (P2vSession    *self,
                         GCancellable  *cancellable,
                         GError       **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), FALSE);

  if (!begin_step (self, P2V_ACTIVITY_SEARCHING, error))
    return FALSE;
  gboolean ok = p2v_session_get_stage (self) >= P2V_STAGE_SYSTEM
                || find_system_step (self, cancellable, error);
  if (ok)
    {
      g_autoptr (P2vWatch) watch = p2v_watch_new ();
      atomic_store_explicit (&self->meter.n_mappings, 0, memory_order_relaxed);
      set_watch (self, watch);
      ok = p2v_session_make_index (self, watch, cancellable, error);
      set_watch (self, NULL);
    }
  end_step (self);
  return ok;
}

static void
open_in_thread (GTask        *task,
                gpointer      source_object,
                gpointer      task_data,
                GCancellable *cancellable)
{
  GError *error = NULL;

  if (p2v_session_open (source_object, task_data, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * p2v_session_open_async:
 * @self: a session
 * @path: (type filename): the image's path
 * @cancellable: (nullable): to stop early
 * @callback: (scope async): called in the caller's main context
 * @user_data: (closure): for @callback
 *
 * As p2v_session_open(), in a thread.
 */
void
p2v_session_open_async (P2vSession          *self,
                        const char          *path,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_return_if_fail (P2V_IS_SESSION (self));
  g_return_if_fail (path != NULL);

  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, p2v_session_open_async);
  g_task_set_task_data (task, g_strdup (path), g_free);
  g_task_run_in_thread (task, open_in_thread);
}

/**
 * p2v_session_open_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Ends p2v_session_open_async().
 *
 * Returns: as p2v_session_open()
 */
gboolean
p2v_session_open_finish (P2vSession    *self,
                         GAsyncResult  *result,
                         GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
find_system_in_thread (GTask        *task,
                       gpointer      source_object,
                       gpointer      task_data,
                       GCancellable *cancellable)
{
  GError *error = NULL;

  if (p2v_session_find_system (source_object, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * p2v_session_find_system_async:
 * @self: a session with an image
 * @cancellable: (nullable): to stop early
 * @callback: (scope async): called in the caller's main context
 * @user_data: (closure): for @callback
 *
 * As p2v_session_find_system(), in a thread.
 */
void
p2v_session_find_system_async (P2vSession          *self,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_return_if_fail (P2V_IS_SESSION (self));

  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, p2v_session_find_system_async);
  g_task_run_in_thread (task, find_system_in_thread);
}

/**
 * p2v_session_find_system_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Ends p2v_session_find_system_async().
 *
 * Returns: as p2v_session_find_system()
 */
gboolean
p2v_session_find_system_finish (P2vSession    *self,
                                GAsyncResult  *result,
                                GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
build_index_in_thread (GTask        *task,
                       gpointer      source_object,
                       gpointer      task_data,
                       GCancellable *cancellable)
{
  GError *error = NULL;

  if (p2v_session_build_index (source_object, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * p2v_session_build_index_async:
 * @self: a session with an image
 * @cancellable: (nullable): to stop early
 * @callback: (scope async): called in the caller's main context
 * @user_data: (closure): for @callback
 *
 * As p2v_session_build_index(), in a thread.
 */
void
p2v_session_build_index_async (P2vSession          *self,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_return_if_fail (P2V_IS_SESSION (self));

  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, p2v_session_build_index_async);
  g_task_run_in_thread (task, build_index_in_thread);
}

/**
 * p2v_session_build_index_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Ends p2v_session_build_index_async().
 *
 * Returns: as p2v_session_build_index()
 */
gboolean
p2v_session_build_index_finish (P2vSession    *self,
                                GAsyncResult  *result,
                                GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
