/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "p2v-session-private.h"
#include "p2v-translation.h"

#include "image/p2v-image-private.h"
#include "os/p2v-system-private.h"

/**
 * P2vSession:
 *
 * An image, the operating system found in it and the reverse index: the one door to everything.
 */
G_DEFINE_FINAL_TYPE (P2vSession, p2v_session, G_TYPE_OBJECT)

void
p2v_session_view_clear (P2vSessionView *view)
{
  g_clear_object (&view->image);
  g_clear_object (&view->system);
  g_clear_pointer (&view->map, p2v_reverse_map_unref);
  g_clear_pointer (&view->excerpt, p2v_reverse_map_unref);
  g_clear_pointer (&view->watch, p2v_watch_unref);
}

P2vSessionView
p2v_session_view (P2vSession *self)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  gboolean is_whole = self->map != NULL && self->map->excerpt == NULL;

  return (P2vSessionView) {
    .image = self->image != NULL ? g_object_ref (self->image) : NULL,
    .system = self->system != NULL ? g_object_ref (self->system) : NULL,
    .map = is_whole ? p2v_reverse_map_ref (self->map) : NULL,
    .excerpt = self->map != NULL ? p2v_reverse_map_ref (self->map) : NULL,
    .watch = self->watch != NULL ? p2v_watch_ref (self->watch) : NULL,
    .statistics = self->statistics,
  };
}

void
p2v_session_clear_index (P2vSession *self)
{
  g_clear_pointer (&self->map, p2v_reverse_map_unref);
  g_clear_pointer (&self->walk_diagnostics, g_ptr_array_unref);
  self->statistics = (P2vIndexStatistics) { 0 };
}

static void
p2v_session_finalize (GObject *object)
{
  P2vSession *self = P2V_SESSION (object);

  p2v_session_clear_index (self);
  g_clear_pointer (&self->watch, p2v_watch_unref);
  g_clear_pointer (&self->store, p2v_store_unref);
  g_clear_pointer (&self->symbols_path, g_free);
  g_clear_pointer (&self->wanted_methods, g_strfreev);
  g_clear_pointer (&self->wanted_pfns, g_array_unref);
  g_clear_object (&self->system);
  g_clear_object (&self->image);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (p2v_session_parent_class)->finalize (object);
}

static void
p2v_session_class_init (P2vSessionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = p2v_session_finalize;
  p2v_bind_translations ();
}

static void
p2v_session_init (P2vSession *self)
{
  g_mutex_init (&self->lock);
}

/**
 * p2v_session_new:
 *
 * Makes a session without an image.
 *
 * Returns: (transfer full): the session
 */
P2vSession *
p2v_session_new (void)
{
  return g_object_new (P2V_TYPE_SESSION, NULL);
}

/**
 * p2v_session_set_cache:
 * @self: a session, before its first step
 * @enabled: whether finished indices are kept on disk and found again
 * @folder: (type filename) (nullable): where; %NULL for pas2vas in the user's cache folder
 *
 * Lets the session keep indices, so that opening an image again costs milliseconds. A new session
 * keeps none. What goes wrong with the cache is told by p2v_session_dup_diagnostics() and never
 * fails a step.
 */
void
p2v_session_set_cache (P2vSession *self,
                       gboolean    enabled,
                       const char *folder)
{
  g_return_if_fail (P2V_IS_SESSION (self));

  g_clear_pointer (&self->store, p2v_store_unref);
  if (enabled)
    self->store = p2v_store_new (folder);
}

/**
 * p2v_session_set_symbols:
 * @self: a session
 * @path: (type filename) (nullable): a file that describes the system's kernel, or %NULL
 *
 * Gives what an image does not say of itself: the kernel's symbols and structures, as a Volatility
 * ISF (.json, .json.xz) or a vmlinux with a symbol table and a section .BTF. What the file says is
 * taken before what the image says. %NULL, as at the beginning, takes what the image says, and only
 * what is missing there from a file of the same kernel in pas2vas/symbols in $XDG_DATA_HOME or one
 * of $XDG_DATA_DIRS.
 *
 * The file is read by p2v_session_find_system(), which refuses with %P2V_OS_ERROR_SYMBOLS_MISSING a
 * file of another kernel than the image has. Not while a step is running.
 */
void
p2v_session_set_symbols (P2vSession *self,
                         const char *path)
{
  g_return_if_fail (P2V_IS_SESSION (self));

  g_mutex_lock (&self->lock);
  g_free (self->symbols_path);
  self->symbols_path = g_strdup (path);
  g_mutex_unlock (&self->lock);
}

/**
 * p2v_session_set_base:
 * @self: a session, before it opens an image
 * @base_pa: the physical address of the first byte of a flat image; 0 to find out
 *
 * Says where the memory of a machine begins whose image does not say it itself, see
 * p2v_image_open_at(). Not while a step is running.
 */
void
p2v_session_set_base (P2vSession  *self,
                      P2vPhysAddr  base_pa)
{
  g_return_if_fail (P2V_IS_SESSION (self));

  g_mutex_lock (&self->lock);
  self->base_pa = base_pa;
  g_mutex_unlock (&self->lock);
}

static void
set_unknown_form_error (const char  *form_id,
                        GError     **error)
{
  g_autoptr (GString) ids = g_string_new (NULL);

  for (gsize i = 0; i < P2V_PAGING_N_FORMS; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? ", " : "", p2v_paging_forms[i]->id);
  g_set_error (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_SYNTAX,
               _("“%s” is not a paging form; there are %s"), form_id, ids->str);
}

/**
 * p2v_session_set_paging:
 * @self: a session
 * @form_id: (nullable): how the page tables are made, such as "x86-64-4"; %NULL to find out
 * @error: return location for an error
 *
 * Says how the page tables in the image are made. p2v_session_find_system() fails if they are not,
 * and says what speaks against it. Where no system is recognized, roots of this form are looked for
 * and no others. Not while a step is running.
 *
 * Returns: %FALSE with %P2V_QUERY_ERROR_SYNTAX, naming all forms, if there is no such form
 */
gboolean
p2v_session_set_paging (P2vSession  *self,
                        const char  *form_id,
                        GError     **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), FALSE);

  const P2vPagingForm *form = form_id != NULL ? p2v_paging_form_find (form_id) : NULL;
  if (form_id != NULL && form == NULL)
    {
      set_unknown_form_error (form_id, error);
      return FALSE;
    }
  g_mutex_lock (&self->lock);
  self->form = form;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/**
 * p2v_session_set_methods:
 * @self: a session, before it looks for a system
 * @names: (nullable) (array zero-terminated=1): names of p2v_system_get_methods(); %NULL for all
 *
 * Says which methods of finding processes are wanted. A method that has to read all of memory is
 * left out if it is not named; what other methods find is there nevertheless, see
 * p2v_filter_set_methods(). Names that the system does not have are passed over.
 */
void
p2v_session_set_methods (P2vSession        *self,
                         const char *const *names)
{
  g_return_if_fail (P2V_IS_SESSION (self));

  g_strfreev (self->wanted_methods);
  self->wanted_methods = g_strdupv ((char **) names);
}

/* More frames are read as fast with all others. */
#define MAX_WANTED_FRAMES 64

/**
 * p2v_session_set_wanted:
 * @self: a session, before it makes its index
 * @pas: (array length=n_pas): physical addresses
 * @n_pas: how many; 0, as at the beginning, for all
 *
 * Says that p2v_session_lookup() will be asked for no other addresses, and nothing else that needs
 * the index. Of one that was kept on disk no more is read then than what it says of these: quick
 * for a program that asks once and ends. An index that has to be built is whole all the same, and
 * so is what is read if there are many addresses.
 *
 * An address that was not named is answered as before there is an index.
 *
 * Since: 1.0
 */
void
p2v_session_set_wanted (P2vSession        *self,
                        const P2vPhysAddr *pas,
                        gsize              n_pas)
{
  g_return_if_fail (P2V_IS_SESSION (self));
  g_return_if_fail (pas != NULL || n_pas == 0);

  g_clear_pointer (&self->wanted_pfns, g_array_unref);
  if (n_pas == 0 || n_pas > MAX_WANTED_FRAMES)
    return;
  self->wanted_pfns = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (gsize i = 0; i < n_pas; i++)
    {
      guint64 pfn = pas[i] >> P2V_FRAME_SHIFT;
      g_array_append_val (self->wanted_pfns, pfn);
    }
}

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

/**
 * p2v_session_get_stage:
 * @self: a session
 *
 * Gets how far the session has come.
 *
 * Returns: the stage
 */
P2vStage
p2v_session_get_stage (P2vSession *self)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), P2V_STAGE_EMPTY);

  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  if (self->map != NULL)
    return P2V_STAGE_INDEX;
  if (self->system != NULL)
    return P2V_STAGE_SYSTEM;
  return self->image != NULL ? P2V_STAGE_IMAGE : P2V_STAGE_EMPTY;
}

P2vProgress
p2v_session_read_progress (P2vSession *self,
                           P2vWatch   *watch)
{
  return (P2vProgress) {
    .activity = atomic_load_explicit (&self->meter.activity, memory_order_relaxed),
    .done = atomic_load_explicit (&self->meter.done, memory_order_relaxed),
    .total = atomic_load_explicit (&self->meter.total, memory_order_relaxed),
    .n_mappings = atomic_load_explicit (&self->meter.n_mappings, memory_order_relaxed),
    .n_found = watch != NULL ? p2v_watch_get_n_found (watch) : 0,
  };
}

/**
 * p2v_session_get_progress:
 * @self: a session
 * @ret_progress: (out caller-allocates): what is being done
 *
 * Gets what the session is doing just now.
 */
void
p2v_session_get_progress (P2vSession  *self,
                          P2vProgress *ret_progress)
{
  g_return_if_fail (P2V_IS_SESSION (self));
  g_return_if_fail (ret_progress != NULL);

  g_auto (P2vSessionView) view = p2v_session_view (self);
  *ret_progress = p2v_session_read_progress (self, view.watch);
}

/**
 * p2v_session_get_statistics:
 * @self: a session
 * @ret_statistics: (out caller-allocates): what the index covers and costs
 *
 * Gets what the index covers.
 *
 * Returns: %FALSE if there is no index
 */
gboolean
p2v_session_get_statistics (P2vSession         *self,
                            P2vIndexStatistics *ret_statistics)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), FALSE);
  g_return_val_if_fail (ret_statistics != NULL, FALSE);

  g_auto (P2vSessionView) view = p2v_session_view (self);
  if (view.excerpt == NULL)
    return FALSE;
  *ret_statistics = view.statistics;
  return TRUE;
}

static void
append_messages (GPtrArray *messages,
                 GPtrArray *from)
{
  for (guint i = 0; from != NULL && i < from->len; i++)
    g_ptr_array_add (messages, g_strdup (g_ptr_array_index (from, i)));
}

/**
 * p2v_session_dup_diagnostics:
 * @self: a session
 *
 * Gets what was found wrong with the image, its system and its page tables and did not prevent an
 * answer, but may have made it incomplete.
 *
 * Returns: (transfer full) (array zero-terminated=1): a sentence each
 */
char **
p2v_session_dup_diagnostics (P2vSession *self)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), NULL);

  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GPtrArray *messages = g_ptr_array_new ();
  append_messages (messages, self->image != NULL ? p2v_image_get_diagnostics (self->image) : NULL);
  char *damage = self->image != NULL ? p2v_image_dup_damage (self->image) : NULL;
  if (damage != NULL)
    g_ptr_array_add (messages, damage);
  append_messages (messages,
                   self->system != NULL ? p2v_system_get_diagnostics (self->system) : NULL);
  append_messages (messages, self->walk_diagnostics);
  g_ptr_array_add (messages, NULL);
  return (char **) g_ptr_array_free (messages, FALSE);
}

/**
 * p2v_session_dup_image:
 * @self: a session
 *
 * Gets the image.
 *
 * Returns: (transfer full) (nullable): the image, or %NULL if none is open
 */
P2vImage *
p2v_session_dup_image (P2vSession *self)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), NULL);

  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  return self->image != NULL ? g_object_ref (self->image) : NULL;
}

/**
 * p2v_session_dup_system:
 * @self: a session
 *
 * Gets the operating system.
 *
 * Returns: (transfer full) (nullable): the system, or %NULL if none was found yet
 */
P2vSystem *
p2v_session_dup_system (P2vSession *self)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), NULL);

  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  return self->system != NULL ? g_object_ref (self->system) : NULL;
}

