/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/**
 * P2vFrameReader:
 *
 * What each of many frames is used for.
 *
 * Two know something: the index knows the page tables that were walked and how many mappings it
 * has, the system knows the rest.
 */

#include "config.h"

#include "p2v-frame-reader.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "os/p2v-system-private.h"
#include "p2v-session-private.h"

/* Frames between two looks at whether to stop. */
#define FRAMES_AT_ONCE 4096

/* Mappings of one frame that are looked at one by one. */
#define MAX_RECOUNTED 4096

struct _P2vFrameReader
{
  P2vImage      *image;
  P2vSystem     *system;
  P2vReverseMap *map;          /* or NULL */
  gpointer       source;       /* the system's own, or NULL if it knows nothing of frames */
  GArray        *extents;      /* P2vIndexEntry, only for use while counting */
  GString       *detail;
};

P2vFrameReader *
p2v_frame_reader_new_for_view (const P2vSessionView *view)
{
  P2vFrameReader *self = g_new0 (P2vFrameReader, 1);

  self->image = g_object_ref (view->image);
  self->system = g_object_ref (view->system);
  self->map = view->excerpt != NULL ? p2v_reverse_map_ref (view->excerpt) : NULL;
  self->source = p2v_system_open_frames (self->system);
  self->extents = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  self->detail = g_string_new (NULL);
  return self;
}

/**
 * p2v_frame_reader_new: (skip)
 * @session: a session that knows its system
 * @error: return location for an error
 *
 * Prepares to describe frames. Without a complete index, page tables may go unnamed and mappings
 * uncounted.
 *
 * Returns: (transfer full) (nullable): free it with p2v_frame_reader_free(); %NULL with
 *   %P2V_QUERY_ERROR_NOT_READY if no system was found yet
 */
P2vFrameReader *
p2v_frame_reader_new (P2vSession  *session,
                      GError     **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (session), NULL);

  g_auto (P2vSessionView) view = p2v_session_view (session);
  if (view.system != NULL)
    return p2v_frame_reader_new_for_view (&view);
  g_set_error_literal (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY,
                       _("No operating system has been found in the image yet"));
  return NULL;
}

/**
 * p2v_frame_reader_free:
 * @self: (transfer full) (nullable): a reader
 *
 * Frees it and the texts of the frame it described last.
 */
void
p2v_frame_reader_free (P2vFrameReader *self)
{
  if (self == NULL)
    return;

  if (self->source != NULL)
    p2v_system_close_frames (self->system, self->source);
  g_string_free (self->detail, TRUE);
  g_array_unref (self->extents);
  g_clear_pointer (&self->map, p2v_reverse_map_unref);
  g_object_unref (self->system);
  g_object_unref (self->image);
  g_free (self);
}

/* The system does not count its own mappings, so neither do we. */
static gint64
count_mappings (P2vFrameReader *self,
                guint64         pfn)
{
  guint n_user_spaces = p2v_system_get_n_user_spaces (self->system);
  GArray *extents = self->extents;
  guint64 n_entries, n = 0;
  const P2vIndexEntry *entries = p2v_reverse_map_get_entries (self->map, pfn, &n_entries);

  g_array_set_size (extents, 0);
  p2v_extent_classes_lookup (self->map->classes, self->map->n_classes, pfn, extents);
  for (guint64 i = 0; i < n_entries; i++)
    if (p2v_index_entry_space (entries[i]) < n_user_spaces)
      n += p2v_aliases_get_n_ways (self->map->aliases, entries[i]);
  for (guint i = 0; i < extents->len; i++)
    if (p2v_index_entry_space (g_array_index (extents, P2vIndexEntry, i)) < n_user_spaces)
      n += p2v_aliases_get_n_ways (self->map->aliases, g_array_index (extents, P2vIndexEntry, i));
  return (gint64) MIN (n, G_MAXINT64);
}

/* Whether the system counts a mapping: not if its page was taken from the process, though the entry
 * still tells which it was, or if it is none of the process's memory. */
static gboolean
is_counted (P2vFrameReader *self,
            P2vIndexEntry   entry)
{
  P2vAddressSpace *space = p2v_system_get_space (self->system, p2v_index_entry_space (entry));
  P2vVirtAddr va = p2v_address_space_extend_va (space, p2v_index_entry_va (entry));
  P2vTrail trail;

  return p2v_address_space_classify (space, va) == P2V_MAPPING_USER &&
         p2v_paging_translate (p2v_system_get_page_tables (self->system),
                               p2v_address_space_get_root_pa (space), va, &trail, NULL) &&
         trail.status == P2V_WALK_MAPPED && trail.state != P2V_STATE_SWAP_CACHE &&
         trail.state != P2V_STATE_MIGRATION && trail.state != P2V_STATE_HWPOISON;
}

/* The index does not keep states, so that they are asked for where there is a need: if it has more
 * mappings than the system counts. */
static gint64
recount_mappings (P2vFrameReader *self,
                  guint64         pfn,
                  gint64          n_found,
                  gint64          n_expected)
{
  guint n_user_spaces = p2v_system_get_n_user_spaces (self->system);
  guint64 n_entries;
  const P2vIndexEntry *entries;

  if (n_expected < 0 || n_found <= n_expected || n_found > MAX_RECOUNTED)
    return n_found;
  entries = p2v_reverse_map_get_entries (self->map, pfn, &n_entries);
  g_array_set_size (self->extents, 0);
  p2v_extent_classes_lookup (self->map->classes, self->map->n_classes, pfn, self->extents);
  g_array_append_vals (self->extents, entries, (guint) n_entries);
  for (guint i = 0; i < self->extents->len; i++)
    {
      P2vIndexEntry entry = g_array_index (self->extents, P2vIndexEntry, i);
      if (p2v_index_entry_space (entry) < n_user_spaces && !is_counted (self, entry))
        n_found -= (gint64) p2v_aliases_get_n_ways (self->map->aliases, entry);
    }
  return n_found;
}

static void
describe_table_of_kernel (P2vFrameReader    *self,
                          const P2vTableUse *use,
                          const P2vFrame    *frame)
{
  const P2vPagingForm *form = p2v_system_get_page_tables (self->system)->form;

  if (use->level_number == 0)
    g_string_assign (self->detail, _("the page-table root of the kernel"));
  else
    /* Translators: kind of its entries such as pte, virtual address. */
    g_string_printf (self->detail, _("a page table (%s) of the kernel for 0x%" PRIx64),
                     form->levels[use->level_number].entry_name, frame->va);
}

/* A table that was walked is known better than the system can say. */
static void
describe_table (P2vFrameReader    *self,
                const P2vTableUse *use,
                P2vFrame          *frame)
{
  const P2vPagingForm *form = p2v_system_get_page_tables (self->system)->form;
  P2vAddressSpace *space = p2v_system_get_space (self->system, p2v_index_entry_space (use->entry));

  frame->kind = P2V_FRAME_KIND_PAGE_TABLE;
  frame->process = p2v_address_space_get_owner (space, 0);
  frame->has_va = TRUE;
  frame->va = p2v_address_space_extend_va (space, p2v_index_entry_va (use->entry));
  g_autofree char *label = p2v_process_dup_label (frame->process);
  if (p2v_address_space_is_kernel (space))
    describe_table_of_kernel (self, use, frame);
  else if (use->level_number == 0)
    /* Translators: process name and id: "bash (812)". */
    g_string_printf (self->detail, _("the page-table root of %s"), label);
  else
    /* Translators: kind of its entries such as pte, process name and id, virtual address. */
    g_string_printf (self->detail, _("a page table (%s) of %s for 0x%" PRIx64),
                     form->levels[use->level_number].entry_name, label, frame->va);
}

static void
describe_from_index (P2vFrameReader *self,
                     guint64         pfn,
                     P2vFrame       *frame)
{
  const P2vTableUse *use = p2v_reverse_map_find_table (self->map, pfn);

  frame->n_found = recount_mappings (self, pfn, count_mappings (self, pfn), frame->n_expected);
  if (use != NULL)
    describe_table (self, use, frame);
  else if (frame->n_found > 0 && frame->kind == P2V_FRAME_KIND_UNKNOWN)
    g_string_assign (self->detail, _("memory of processes"));
}

/**
 * p2v_frame_reader_read:
 * @self: a reader
 * @pa: a physical address, in or out of the image
 * @ret_frame: (out caller-allocates): the frame it is in; its texts are valid until the next call
 * @error: return location for an error
 *
 * Describes a frame.
 *
 * Returns: %FALSE with %P2V_IMAGE_ERROR or %G_IO_ERROR if the image cannot be read
 */
gboolean
p2v_frame_reader_read (P2vFrameReader  *self,
                       P2vPhysAddr      pa,
                       P2vFrame        *ret_frame,
                       GError         **error)
{
  g_return_val_if_fail (self != NULL && ret_frame != NULL, FALSE);

  P2vPhysAddr frame_pa = pa & ~(P2V_FRAME_SIZE - 1);
  P2vFrame frame = { .pa = frame_pa, .n_found = -1, .n_expected = -1, .n_references = -1 };

  frame.in_image = p2v_image_contains (self->image, frame_pa);
  g_string_truncate (self->detail, 0);
  if (self->source != NULL &&
      !p2v_system_describe_frame (self->system, self->source, &frame, self->detail, error))
    return FALSE;
  if (self->map != NULL && p2v_reverse_map_knows (self->map, pa >> P2V_FRAME_SHIFT))
    describe_from_index (self, pa >> P2V_FRAME_SHIFT, &frame);
  if (frame.kind == P2V_FRAME_KIND_UNKNOWN && !frame.in_image)
    frame.kind = P2V_FRAME_KIND_NOT_IN_IMAGE;
  if (self->detail->len == 0)
    g_string_assign (self->detail, p2v_frame_kind_get_title (frame.kind));
  frame.detail = self->detail->str;
  *ret_frame = frame;
  return TRUE;
}

static void
add_to_check (P2vCountCheck *check,
              P2vPhysAddr    pa,
              gint64         n_found,
              gint64         n_expected)
{
  if (n_expected < 0)
    {
      check->n_uncounted += n_found > 0 ? 1 : 0;
      return;
    }
  if (n_found == 0 && n_expected == 0)
    return;
  if (n_found != n_expected && check->n_fewer + check->n_more == 0)
    check->first_differing_pa = pa;
  check->n_compared++;
  check->n_fewer += n_found < n_expected ? 1 : 0;
  check->n_more += n_found > n_expected ? 1 : 0;
}

static gboolean
check_range (P2vFrameReader       *self,
             const P2vImageRange  *range,
             P2vCountCheck        *check,
             GCancellable         *cancellable,
             GError              **error)
{
  guint64 last = (range->start_pa + (range->length_bytes - 1)) >> P2V_FRAME_SHIFT;

  for (guint64 pfn = range->start_pa >> P2V_FRAME_SHIFT; pfn <= last; pfn++)
    {
      gint64 n_expected;

      if (pfn % FRAMES_AT_ONCE == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (!p2v_system_count_mappings (self->system, self->source, pfn << P2V_FRAME_SHIFT,
                                      &n_expected, error))
        return FALSE;
      add_to_check (check, pfn << P2V_FRAME_SHIFT,
                    recount_mappings (self, pfn, count_mappings (self, pfn), n_expected),
                    n_expected);
    }
  return TRUE;
}

/**
 * p2v_session_check_counts:
 * @self: a session whose index is complete
 * @ret_check: (out caller-allocates): what came of it; all 0 if the system counts nothing
 * @cancellable: (nullable): to stop early
 * @error: return location for an error
 *
 * Compares the mappings of every frame of the image with what the system counts. Takes a fraction
 * of a second for a gigabyte, so not for a main loop.
 *
 * Returns: %FALSE if the image cannot be read, or with %P2V_QUERY_ERROR_NOT_READY if there is no
 *   complete index
 */
gboolean
p2v_session_check_counts (P2vSession     *self,
                          P2vCountCheck  *ret_check,
                          GCancellable   *cancellable,
                          GError        **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (self) && ret_check != NULL, FALSE);

  g_auto (P2vSessionView) view = p2v_session_view (self);
  if (view.map == NULL)
    {
      g_set_error_literal (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY,
                           _("The index of the image is not complete yet"));
      return FALSE;
    }
  g_autoptr (P2vFrameReader) reader = p2v_frame_reader_new_for_view (&view);
  P2vCountCheck check = { 0 };
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (view.image, &n_ranges);
  for (gsize i = 0; i < n_ranges && reader->source != NULL; i++)
    if (!check_range (reader, &ranges[i], &check, cancellable, error))
      return FALSE;
  *ret_check = check;
  return TRUE;
}

/**
 * p2v_session_describe_frame:
 * @self: a session that knows its system
 * @pa: a physical address, in or out of the image
 * @error: return location for an error
 *
 * Describes a single frame. Reads the image, so not for a main loop.
 *
 * Returns: (transfer full) (nullable): the frame; %NULL if the image cannot be read, or with
 *   %P2V_QUERY_ERROR_NOT_READY if no system was found yet
 */
P2vFrame *
p2v_session_describe_frame (P2vSession   *self,
                            P2vPhysAddr   pa,
                            GError      **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), NULL);

  g_autoptr (P2vFrameReader) reader = p2v_frame_reader_new (self, error);
  P2vFrame frame;

  if (reader == NULL || !p2v_frame_reader_read (reader, pa, &frame, error))
    return NULL;
  return p2v_frame_copy (&frame);
}

static void
describe_in_thread (GTask        *task,
                    gpointer      source_object,
                    gpointer      task_data,
                    GCancellable *cancellable)
{
  const P2vPhysAddr *pa = task_data;
  GError *error = NULL;
  P2vFrame *frame = p2v_session_describe_frame (source_object, *pa, &error);

  if (frame != NULL)
    g_task_return_pointer (task, frame, (GDestroyNotify) p2v_frame_free);
  else
    g_task_return_error (task, error);
}

/**
 * p2v_session_describe_frame_async:
 * @self: a session that knows its system
 * @pa: a physical address, in or out of the image
 * @cancellable: (nullable): to lose interest
 * @callback: (scope async): called in the caller's main context
 * @user_data: (closure): for @callback
 *
 * As p2v_session_describe_frame(), in a thread.
 */
void
p2v_session_describe_frame_async (P2vSession          *self,
                                  P2vPhysAddr          pa,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  g_return_if_fail (P2V_IS_SESSION (self));

  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, p2v_session_describe_frame_async);
  g_task_set_task_data (task, g_memdup2 (&pa, sizeof pa), g_free);
  g_task_run_in_thread (task, describe_in_thread);
}

/**
 * p2v_session_describe_frame_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Ends p2v_session_describe_frame_async().
 *
 * Returns: (transfer full) (nullable): as p2v_session_describe_frame()
 */
P2vFrame *
p2v_session_describe_frame_finish (P2vSession    *self,
                                   GAsyncResult  *result,
                                   GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
