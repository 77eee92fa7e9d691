/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/**
 * P2vBulk:
 *
 * Who maps each of many physical addresses.
 *
 * What it answers from is that of the session at the time it was made.
 */

#include "config.h"

#include "p2v-bulk.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "base/p2v-text.h"
#include "p2v-answer-rows.h"
#include "p2v-session-private.h"

/* No frame has this number: physical addresses have at most P2V_LIMIT_PHYS_BITS bits. */
#define NO_FRAME G_MAXUINT64

struct _P2vBulk
{
  P2vImage            *image;
  P2vSystem           *system;
  P2vReverseMap       *map;
  P2vRowChoice         choice;

  P2vPhysAddr          pa;       /* asked for last */
  guint64              pfn;      /* of it, or NO_FRAME: what the following fields are about */
  P2vAnswerRows        found;
  P2vFrameReader      *frames;
  guint64              described_pfn;  /* what the frame below is, or NO_FRAME */
  P2vFrame             frame;
  GArray              *rows;     /* P2vBulkRow */
  GArray              *extents;  /* P2vIndexEntry, only for use while looking up */
};

/**
 * p2v_bulk_new: (skip)
 * @session: a session whose index is complete
 * @filter: (nullable): which processes to tell of; it is asked now and not kept
 * @error: return location
 *
 * Prepares to look up many addresses.
 *
 * Returns: (transfer full) (nullable): free it with p2v_bulk_free(); %NULL with
 *   %P2V_QUERY_ERROR_NOT_READY if there is no complete index
 * Since: 1.0
 */
P2vBulk *
p2v_bulk_new (P2vSession  *session,
              P2vFilter   *filter,
              GError     **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (session), NULL);

  g_auto (P2vSessionView) view = p2v_session_view (session);
  if (view.map == NULL)
    {
      g_set_error_literal (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY,
                           _("The index of the image is not complete yet"));
      return NULL;
    }

  P2vBulk *self = g_new0 (P2vBulk, 1);
  self->frames = p2v_frame_reader_new_for_view (&view);
  self->image = g_steal_pointer (&view.image);
  self->system = g_steal_pointer (&view.system);
  self->map = g_steal_pointer (&view.map);
  p2v_row_choice_init (&self->choice, self->system, self->map, filter, TRUE);
  /* It is asked now and not kept. */
  self->choice.filter = NULL;
  p2v_answer_rows_init (&self->found);
  self->pfn = NO_FRAME;
  self->described_pfn = NO_FRAME;
  self->rows = g_array_new (FALSE, FALSE, sizeof (P2vBulkRow));
  self->extents = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  return self;
}

/**
 * p2v_bulk_free:
 * @self: (transfer full) (nullable): what p2v_bulk_new() returned
 *
 * Frees it and the rows it gave.
 *
 * Since: 1.0
 */
void
p2v_bulk_free (P2vBulk *self)
{
  if (self == NULL)
    return;

  p2v_frame_reader_free (self->frames);
  g_array_unref (self->extents);
  g_array_unref (self->rows);
  p2v_answer_rows_clear (&self->found);
  p2v_row_choice_clear (&self->choice);
  p2v_reverse_map_unref (self->map);
  g_object_unref (self->system);
  g_object_unref (self->image);
  g_free (self);
}

static void
look_up_frame (P2vBulk *self,
               guint64  pfn)
{
  self->pfn = pfn;
  g_array_set_size (self->extents, 0);
  p2v_extent_classes_lookup (self->map->classes, self->map->n_classes, pfn, self->extents);
  p2v_answer_rows_find (&self->found, &self->choice, pfn << P2V_FRAME_SHIFT, self->extents);
  g_array_set_size (self->rows, 0);
  for (guint64 i = 0; i < self->found.n_rows; i++)
    {
      P2vMapping mapping;

      p2v_answer_rows_get (&self->found, pfn << P2V_FRAME_SHIFT, i, &mapping);
      P2vBulkRow row = { .process = mapping.process,
                         .page_va = mapping.va,
                         .mapping_class = mapping.mapping_class,
                         .n_addresses = mapping.n_addresses };
      g_array_append_val (self->rows, row);
    }
}

/**
 * p2v_bulk_look_up:
 * @self: bulk look-ups
 * @pa: a physical address, in or out of the image
 * @ret_n_rows: (out): how many rows there are
 *
 * Asks who maps a physical address. The rows are those of an answer, in its order.
 *
 * Returns: (array length=ret_n_rows) (transfer none) (nullable): the mappings of the frame that
 *   @pa is in; valid until the next call
 * Since: 1.0
 */
const P2vBulkRow *
p2v_bulk_look_up (P2vBulk     *self,
                  P2vPhysAddr  pa,
                  guint64     *ret_n_rows)
{
  g_return_val_if_fail (self != NULL && ret_n_rows != NULL, NULL);

  self->pa = pa;
  if (self->pfn != pa >> P2V_FRAME_SHIFT)
    look_up_frame (self, pa >> P2V_FRAME_SHIFT);
  *ret_n_rows = self->rows->len;
  return (const P2vBulkRow *) (gpointer) self->rows->data;
}

/**
 * p2v_bulk_get_absence:
 * @self: bulk look-ups; one was made
 *
 * Asks why the last look-up gave no rows.
 *
 * Returns: the reason, or %P2V_ABSENCE_NONE if it gave rows
 * Since: 1.0
 */
P2vAbsence
p2v_bulk_get_absence (P2vBulk *self)
{
  g_return_val_if_fail (self != NULL && self->pfn != NO_FRAME, P2V_ABSENCE_NONE);

  if (self->rows->len > 0)
    return P2V_ABSENCE_NONE;
  if (self->found.is_filtered)
    return P2V_ABSENCE_FILTERED;
  return p2v_image_contains (self->image, self->pa) ? P2V_ABSENCE_UNMAPPED
                                                    : P2V_ABSENCE_NOT_IN_IMAGE;
}

/**
 * p2v_bulk_describe:
 * @self: bulk look-ups; one was made
 * @ret_frame: (out caller-allocates): the frame that was looked up last; its texts are valid until
 * the next call
 * @error: return location
 *
 * Tells what the frame is that was looked up last. Reads the image.
 *
 * Returns: %FALSE if the image cannot be read
 * Since: 1.0
 */
gboolean
p2v_bulk_describe (P2vBulk   *self,
                   P2vFrame  *ret_frame,
                   GError   **error)
{
  g_return_val_if_fail (self != NULL && self->pfn != NO_FRAME, FALSE);

  if (self->described_pfn != self->pfn)
    {
      self->described_pfn = NO_FRAME;
      if (!p2v_frame_reader_read (self->frames, self->pa, &self->frame, error))
        return FALSE;
      self->described_pfn = self->pfn;
    }
  *ret_frame = self->frame;
  return TRUE;
}

/**
 * p2v_escape_bytes:
 * @bytes: (array length=length): foreign bytes
 * @length: how many
 *
 * Makes foreign bytes safe to show, as all names are that the library gives out: every byte that is
 * no part of a printable character stands as \xHH, a backslash as two. Reversible.
 *
 * Returns: (transfer full): valid UTF-8 without control characters
 * Since: 1.0
 */
char *
p2v_escape_bytes (const char *bytes,
                  gsize       length)
{
  g_return_val_if_fail (bytes != NULL || length == 0, NULL);
  g_return_val_if_fail (length <= G_MAXSSIZE, NULL);

  return p2v_text_escape (length > 0 ? bytes : "", (gssize) length);
}
