/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-vicinity.h"

/* Where looking backwards begins, and by how much each further look is longer: what is near is
 * found by reading one page table. */
#define FIRST_LOOK_BYTES ((guint64) 1 << 21)
#define LOOK_GROWTH_SHIFT 3

typedef struct
{
  P2vSession      *session;
  P2vAddressSpace *space;
  P2vImage        *image;
  P2vVicinityKind  kind;
  P2vVirtAddr      va;       /* of the frame that was asked about */
  P2vVirtAddr      first_va; /* of what is looked at just now */
  P2vVirtAddr      last_va;
  P2vVicinity      result;
  P2vVirtAddr      run_va;   /* where what the result has of the file begins */
} Reading;

/* The offset of a frame that does not stand in the file as it is. */
#define NO_OFFSET G_MAXUINT64

/* FALSE to stop. @in_image tells whether the image holds the frame; @file_offset is then where, or
 * NO_OFFSET if it is packed. */
typedef gboolean (*FrameFunc) (Reading     *self,
                               P2vVirtAddr  va,
                               P2vPhysAddr  pa,
                               gboolean     in_image,
                               guint64      file_offset);

static void
reading_free (gpointer data)
{
  Reading *self = data;

  g_object_unref (self->session);
  g_object_unref (self->space);
  g_clear_object (&self->image);
  g_free (self);
}

/* Gives the frames of a page, as far as they are looked at, to @func. */
static gboolean
visit_frames (Reading       *self,
              const P2vPage *page,
              FrameFunc      func)
{
  P2vVirtAddr page_last_va = page->va + (((guint64) 1 << page->page_shift) - 1);
  P2vVirtAddr first_va = MAX (page->va, self->first_va);
  guint64 n_frames = (MIN (page_last_va, self->last_va) >> P2V_FRAME_SHIFT)
                     - (first_va >> P2V_FRAME_SHIFT) + 1;

  for (guint64 i = 0; i < n_frames; i++)
    {
      P2vVirtAddr va = first_va + (i << P2V_FRAME_SHIFT);
      P2vPhysAddr pa = page->pa + (va - page->va);
      guint64 file_offset = NO_OFFSET;
      gboolean in_image = p2v_image_pa_to_offset (self->image, pa, &file_offset)
                          || p2v_image_contains (self->image, pa);
      if (!func (self, va, pa, in_image, file_offset))
        return FALSE;
    }
  return TRUE;
}

static void
take_neighbour (Reading     *self,
                P2vVirtAddr  va,
                P2vPhysAddr  pa,
                guint64      file_offset)
{
  self->result.found = TRUE;
  self->result.va = va;
  self->result.pa = pa;
  self->result.length_bytes = P2V_FRAME_SIZE;
  self->result.file_offset = file_offset;
  self->result.n_file_bytes = file_offset != NO_OFFSET ? P2V_FRAME_SIZE : 0;
}

static gboolean
take_first_frame (Reading     *self,
                  P2vVirtAddr  va,
                  P2vPhysAddr  pa,
                  gboolean     in_image,
                  guint64      file_offset)
{
  if (in_image)
    take_neighbour (self, va, pa, file_offset);
  else
    self->result.n_outside_bytes += P2V_FRAME_SIZE;
  return !in_image;
}

static gboolean
take_last_frame (Reading     *self,
                 P2vVirtAddr  va,
                 P2vPhysAddr  pa,
                 gboolean     in_image,
                 guint64      file_offset)
{
  if (in_image)
    {
      take_neighbour (self, va, pa, file_offset);
      self->result.n_outside_bytes = 0;
    }
  else
    self->result.n_outside_bytes += P2V_FRAME_SIZE;
  return TRUE;
}

/* Joins frames that follow each other in the file as well, until the run with the one that was
 * asked about ends. */
static gboolean
take_run (Reading     *self,
          P2vVirtAddr  va,
          P2vPhysAddr  pa,
          gboolean     in_image,
          guint64      file_offset)
{
  P2vVicinity *result = &self->result;
  P2vVirtAddr run_end = self->run_va + result->n_file_bytes;
  gboolean continues = file_offset != NO_OFFSET && result->n_file_bytes > 0 && va == run_end
                       && file_offset == result->file_offset + result->n_file_bytes;

  if (continues)
    {
      result->n_file_bytes += P2V_FRAME_SIZE;
      return TRUE;
    }
  if (result->n_file_bytes > 0 && self->va >= self->run_va && self->va < run_end)
    return FALSE;
  self->run_va = va;
  result->file_offset = file_offset;
  result->n_file_bytes = file_offset != NO_OFFSET ? P2V_FRAME_SIZE : 0;
  return TRUE;
}

static gboolean
take_page (const P2vPage *page,
           gpointer       user_data)
{
  static const FrameFunc funcs[] = {
    [P2V_VICINITY_PREVIOUS] = take_last_frame,
    [P2V_VICINITY_NEXT] = take_first_frame,
    [P2V_VICINITY_PAGE] = take_run,
    [P2V_VICINITY_REGION] = take_run,
  };
  Reading *self = user_data;

  return visit_frames (self, page, funcs[self->kind]);
}

static gboolean
look (Reading      *self,
      P2vVirtAddr   first_va,
      P2vVirtAddr   last_va,
      GCancellable *cancellable,
      GError      **error)
{
  self->first_va = first_va;
  self->last_va = last_va;
  return p2v_session_foreach_page (self->session, self->space, first_va, last_va, take_page, self,
                                   cancellable, error);
}

static gboolean
look_backwards (Reading      *self,
                GCancellable *cancellable,
                GError      **error)
{
  guint64 n_bytes = FIRST_LOOK_BYTES;
  P2vVirtAddr end_va = self->va;

  while (end_va > 0 && !self->result.found)
    {
      P2vVirtAddr first_va = end_va > n_bytes ? end_va - n_bytes : 0;
      if (!look (self, first_va, end_va - 1, cancellable, error))
        return FALSE;
      end_va = first_va;
      if (n_bytes < (guint64) 1 << (63 - LOOK_GROWTH_SHIFT))
        n_bytes <<= LOOK_GROWTH_SHIFT;
    }
  return TRUE;
}

/* Of what was passed over, the part that regions have. What is in RAM of it was counted while
 * passing. */
static gboolean
count_absent (Reading *self,
              GError **error)
{
  g_autoptr (GPtrArray) regions = p2v_session_dup_regions (self->session, self->space, error);
  gboolean forwards = self->kind == P2V_VICINITY_NEXT;
  P2vVirtAddr start = forwards ? self->va + P2V_FRAME_SIZE
                               : (self->result.found ? self->result.va + P2V_FRAME_SIZE : 0);
  P2vVirtAddr end = forwards ? (self->result.found ? self->result.va : G_MAXUINT64) : self->va;
  guint64 n_bytes = 0;

  if (regions == NULL)
    return FALSE;
  for (guint i = 0; i < regions->len && start < end; i++)
    {
      const P2vRegion *region = g_ptr_array_index (regions, i);
      P2vVirtAddr last_va = region->start_va + (region->length_bytes - 1);
      if (region->start_va < end && last_va >= start)
        n_bytes += MIN (last_va, end - 1) - MAX (region->start_va, start) + 1;
    }
  self->result.n_absent_bytes = n_bytes - MIN (n_bytes, self->result.n_outside_bytes);
  return TRUE;
}

static gboolean
read_neighbour (Reading      *self,
                GCancellable *cancellable,
                GError      **error)
{
  if (self->kind == P2V_VICINITY_PREVIOUS && !look_backwards (self, cancellable, error))
    return FALSE;
  if (self->kind == P2V_VICINITY_NEXT && self->va < G_MAXUINT64 - P2V_FRAME_SIZE
      && !look (self, self->va + P2V_FRAME_SIZE, G_MAXUINT64, cancellable, error))
    return FALSE;
  return count_absent (self, error);
}

static gboolean
keep_page (const P2vPage *page,
           gpointer       user_data)
{
  Reading *self = user_data;

  self->result.found = TRUE;
  self->result.va = page->va;
  self->result.length_bytes = (guint64) 1 << page->page_shift;
  return FALSE;
}

static gboolean
find_region (Reading *self,
             GError **error)
{
  g_autoptr (GPtrArray) regions = p2v_session_dup_regions (self->session, self->space, error);

  if (regions == NULL)
    return FALSE;
  for (guint i = 0; i < regions->len; i++)
    {
      const P2vRegion *region = g_ptr_array_index (regions, i);
      if (self->va < region->start_va || self->va - region->start_va >= region->length_bytes)
        continue;
      self->result.va = region->start_va;
      self->result.length_bytes = region->length_bytes;
    }
  return TRUE;
}

static gboolean
read_stretch (Reading      *self,
              GCancellable *cancellable,
              GError      **error)
{
  if (!p2v_session_foreach_page (self->session, self->space, self->va, self->va, keep_page, self,
                                 cancellable, error))
    return FALSE;
  if (!self->result.found)
    return TRUE;
  if (self->kind == P2V_VICINITY_REGION && !find_region (self, error))
    return FALSE;
  if (!look (self, self->result.va, self->result.va + (self->result.length_bytes - 1), cancellable,
             error))
    return FALSE;
  /* If the image does not hold the frame, what was kept is another run. */
  if (self->va < self->run_va || self->va - self->run_va >= self->result.n_file_bytes)
    self->result.n_file_bytes = 0;
  return TRUE;
}

static void
read_in_thread (GTask        *task,
                gpointer      source,
                gpointer      task_data,
                GCancellable *cancellable)
{
  Reading *self = task_data;
  gboolean is_neighbour
      = self->kind == P2V_VICINITY_PREVIOUS || self->kind == P2V_VICINITY_NEXT;
  GError *error = NULL;

  if (is_neighbour ? read_neighbour (self, cancellable, &error)
                   : read_stretch (self, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
p2v_vicinity_read_async (P2vSession          *session,
                         const P2vMapping    *mapping,
                         P2vVicinityKind      kind,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  Reading *self = g_new0 (Reading, 1);

  self->session = g_object_ref (session);
  self->space = g_object_ref (mapping->space);
  self->image = p2v_session_dup_image (session);
  self->kind = kind;
  self->va = mapping->va & ~(P2V_FRAME_SIZE - 1);
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_task_data (task, self, reading_free);
  g_task_run_in_thread (task, read_in_thread);
}

gboolean
p2v_vicinity_read_finish (GAsyncResult *result,
                          P2vVicinity  *ret_vicinity,
                          GError      **error)
{
  const Reading *self = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  *ret_vicinity = self->result;
  return TRUE;
}
