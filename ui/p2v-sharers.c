/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-sharers.h"

/* How many pages one call takes before it looks whether it is still wanted is the walk's business;
 * a large page has many frames, though. */
#define FRAMES_PER_CHECK 4096

typedef struct
{
  P2vSession   *session;
  P2vMapping    mapping;   /* owners are kept below */
  P2vProcess   *process;
  P2vAddressSpace *space;
  P2vBulk      *bulk;
  GCancellable *cancellable;
  P2vVirtAddr   first_va;
  P2vVirtAddr   last_va;
  GHashTable   *positions; /* process -> its place in the sharers, plus one */
  GArray       *last_frame; /* guint64: by sharer, the number of the frame that was counted last */
  P2vSharers   *result;
} Reading;

void
p2v_sharers_free (P2vSharers *self)
{
  for (guint i = 0; i < self->sharers->len; i++)
    g_object_unref (g_array_index (self->sharers, P2vSharer, i).process);
  g_array_unref (self->sharers);
  g_free (self->region);
  g_free (self);
}

static void
reading_free (gpointer data)
{
  Reading *self = data;

  g_clear_pointer (&self->bulk, p2v_bulk_free);
  g_clear_pointer (&self->result, p2v_sharers_free);
  g_hash_table_unref (self->positions);
  g_array_unref (self->last_frame);
  g_object_unref (self->session);
  g_object_unref (self->process);
  g_object_unref (self->space);
  g_free (self);
}

/* A process may have a frame more than once. */
static void
count_sharer (Reading          *self,
              const P2vBulkRow *row,
              P2vPhysAddr       pa)
{
  GArray *sharers = self->result->sharers;
  guint position = GPOINTER_TO_UINT (g_hash_table_lookup (self->positions, row->process));

  if (position == 0)
    {
      P2vSharer sharer = { g_object_ref (row->process), 0, pa, row->page_va };
      guint64 none = 0;
      g_array_append_val (sharers, sharer);
      g_array_append_val (self->last_frame, none);
      position = sharers->len;
      g_hash_table_insert (self->positions, row->process, GUINT_TO_POINTER (position));
    }
  guint64 *last_frame = &g_array_index (self->last_frame, guint64, position - 1);
  if (*last_frame != self->result->n_frames)
    g_array_index (sharers, P2vSharer, position - 1).n_frames++;
  *last_frame = self->result->n_frames;
}

static void
count_frame (Reading     *self,
             P2vPhysAddr  pa)
{
  guint64 n_rows = 0;
  const P2vBulkRow *rows = p2v_bulk_look_up (self->bulk, pa, &n_rows);
  gboolean is_shared = FALSE;

  self->result->n_frames++;
  for (guint64 i = 0; i < n_rows; i++)
    if (p2v_process_get_address_space (rows[i].process) != self->space)
      {
        is_shared = TRUE;
        count_sharer (self, &rows[i], pa);
      }
  self->result->n_shared += is_shared;
}

static gboolean
take_page (const P2vPage *page,
           gpointer       user_data)
{
  Reading *self = user_data;
  P2vVirtAddr page_last_va = page->va + (((guint64) 1 << page->page_shift) - 1);
  P2vVirtAddr va = MAX (page->va, self->first_va);
  guint64 n_frames
      = (MIN (page_last_va, self->last_va) >> P2V_FRAME_SHIFT) - (va >> P2V_FRAME_SHIFT) + 1;

  for (guint64 i = 0; i < n_frames; i++)
    {
      if (i % FRAMES_PER_CHECK == 0 && g_cancellable_is_cancelled (self->cancellable))
        return FALSE;
      count_frame (self, page->pa + (va - page->va) + (i << P2V_FRAME_SHIFT));
    }
  return TRUE;
}

static int
compare_sharers (gconstpointer a,
                 gconstpointer b)
{
  const P2vSharer *left = a;
  const P2vSharer *right = b;
  gint64 left_pid = p2v_process_get_pid (left->process);
  gint64 right_pid = p2v_process_get_pid (right->process);

  if (left->n_frames != right->n_frames)
    return left->n_frames > right->n_frames ? -1 : 1;
  return (left_pid > right_pid) - (left_pid < right_pid);
}

/* Where the region begins and ends, and how it is named. */
static gboolean
find_region (Reading *self,
             GError **error)
{
  if (!p2v_session_describe (self->session, &self->mapping, error))
    return FALSE;
  const P2vRegion *region = self->mapping.region;
  self->first_va = self->mapping.va & ~(P2V_FRAME_SIZE - 1);
  self->last_va = self->first_va + (P2V_FRAME_SIZE - 1);
  if (region != NULL)
    {
      self->first_va = region->start_va;
      self->last_va = region->start_va + (region->length_bytes - 1);
    }
  P2vMapping start = self->mapping;
  start.va = self->first_va;
  self->result->region = p2v_mapping_dup_region_text (&start);
  return TRUE;
}

static void
read_in_thread (GTask        *task,
                gpointer      source,
                gpointer      task_data,
                GCancellable *cancellable)
{
  Reading *self = task_data;
  g_autoptr (P2vFilter) filter = p2v_filter_new ();
  GError *error = NULL;

  p2v_filter_set_kernel_rows (filter, P2V_KERNEL_ROWS_NONE);
  self->cancellable = cancellable;
  self->bulk = p2v_bulk_new (self->session, filter, &error);
  if (self->bulk == NULL || !find_region (self, &error)
      || !p2v_session_foreach_page (self->session, self->space, self->first_va, self->last_va,
                                    take_page, self, cancellable, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  g_array_sort (self->result->sharers, compare_sharers);
  g_task_return_pointer (task, g_steal_pointer (&self->result),
                         (GDestroyNotify) p2v_sharers_free);
}

void
p2v_sharers_read_async (P2vSession          *session,
                        const P2vMapping    *mapping,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  Reading *self = g_new0 (Reading, 1);

  self->session = g_object_ref (session);
  self->mapping = *mapping;
  self->process = g_object_ref (mapping->process);
  self->space = g_object_ref (mapping->space);
  self->positions = g_hash_table_new (NULL, NULL);
  self->last_frame = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->result = g_new0 (P2vSharers, 1);
  self->result->sharers = g_array_new (FALSE, FALSE, sizeof (P2vSharer));
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_task_data (task, self, reading_free);
  g_task_run_in_thread (task, read_in_thread);
}

P2vSharers *
p2v_sharers_read_finish (GAsyncResult  *result,
                         GError       **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
