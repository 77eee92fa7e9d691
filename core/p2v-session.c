/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

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

