/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "os/p2v-scan.h"

#include "image/p2v-image-private.h"

/* What is read at a time: it is looked at while it is still in the processor's cache. */
#define CHUNK_BYTES ((gsize) 256 << 10)

/* How far ahead a disk is told what comes. */
#define AHEAD_BYTES ((guint64) 8 << 20)

typedef struct
{
  const P2vSystemSearch *search;
  P2vScanFunc            look;
  gpointer               user_data;
  guint8                *buffer;
  guint64                n_bytes_done;
} Scan;

static void
note_done (Scan    *self,
           guint64  length)
{
  self->n_bytes_done += length;
  p2v_meter_set_done (self->search->meter, self->n_bytes_done);
}

static gboolean
scan_chunk (Scan         *self,
            P2vPhysAddr   pa,
            gsize         length,
            GError      **error)
{
  if (g_cancellable_set_error_if_cancelled (self->search->cancellable, error))
    return FALSE;
  P2vReadStatus status = p2v_image_read (self->search->image, pa, self->buffer, length, error);
  if (status == P2V_READ_FAILED)
    return FALSE;
  if (status == P2V_READ_OK)
    self->look (self->buffer, length, pa, self->user_data);
  note_done (self, length);
  return TRUE;
}

/* What a sparse file does not store holds nothing to be found: whole chunks of it are passed
 * over. */
static guint64
measure_hole (Scan        *self,
              P2vPhysAddr  pa,
              guint64      length)
{
  guint64 hole = p2v_image_measure_hole (self->search->image, pa, length);

  return hole == length ? hole : hole & ~(guint64) (CHUNK_BYTES - 1);
}

static gboolean
scan_range (Scan                 *self,
            const P2vImageRange  *range,
            GError              **error)
{
  guint64 skipped = -range->start_pa & (P2V_FRAME_SIZE - 1);
  P2vPhysAddr start = range->start_pa + skipped;
  guint64 length =
    range->length_bytes > skipped ? (range->length_bytes - skipped) & ~(P2V_FRAME_SIZE - 1) : 0;
  guint64 done = 0, announced = 0;

  while (done < length)
    {
      guint64 hole = measure_hole (self, start + done, length - done);
      guint64 n = hole > 0 ? hole : MIN (CHUNK_BYTES, length - done);
      if (hole == 0 && done >= announced)
        {
          p2v_image_prefetch (self->search->image, start + done, MIN (AHEAD_BYTES, length - done));
          announced = done + AHEAD_BYTES;
        }
      if (hole > 0)
        note_done (self, hole);
      else if (!scan_chunk (self, start + done, (gsize) n, error))
        return FALSE;
      done += n;
    }
  return TRUE;
}

static int
compare_ranges (gconstpointer a,
                gconstpointer b)
{
  const P2vImageRange *x = a, *y = b;

  return (x->file_offset > y->file_offset) - (x->file_offset < y->file_offset);
}

gboolean
p2v_scan_run (const P2vSystemSearch  *search,
              P2vScanFunc             look,
              gpointer                user_data,
              GError                **error)
{
  g_autofree guint8 *buffer = g_malloc (CHUNK_BYTES);
  Scan self = { .search = search, .look = look, .user_data = user_data, .buffer = buffer };
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (search->image, &n_ranges);
  g_autoptr (GArray) by_offset = g_array_new (FALSE, FALSE, sizeof *ranges);

  g_array_append_vals (by_offset, ranges, (guint) n_ranges);
  g_array_sort (by_offset, compare_ranges);
  p2v_meter_begin (search->meter, search->scanning, p2v_image_get_memory_size (search->image));
  for (guint i = 0; i < by_offset->len; i++)
    if (!scan_range (&self, &g_array_index (by_offset, P2vImageRange, i), error))
      return FALSE;
  return TRUE;
}
