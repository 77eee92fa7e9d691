/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "base/p2v-checked.h"
#include "index/p2v-reverse-map.h"

static int
compare_table_uses (gconstpointer a,
                    gconstpointer b)
{
  const P2vTableUse *x = a, *y = b;

  return (x->pfn > y->pfn) - (x->pfn < y->pfn);
}

void
p2v_table_uses_sort (GArray *tables)
{
  g_array_sort (tables, compare_table_uses);
}

P2vReverseMap *
p2v_reverse_map_ref (P2vReverseMap *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
p2v_reverse_map_unref (P2vReverseMap *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (guint i = 0; i < self->n_classes; i++)
    g_array_unref (self->classes[i].extents);
  g_clear_pointer (&self->tables, g_array_unref);
  g_clear_pointer (&self->aliases, g_array_unref);
  g_clear_pointer (&self->excerpt, g_array_unref);
  g_clear_pointer (&self->frames, p2v_frame_set_free);
  g_free (self->ends);
  g_free (self->entries);
  g_free (self);
}

static void
clear_excerpt_frame (gpointer frame)
{
  g_clear_pointer (&((P2vExcerptFrame *) frame)->entries, g_free);
}

void
p2v_reverse_map_begin_excerpt (P2vReverseMap *self)
{
  self->excerpt = g_array_new (FALSE, FALSE, sizeof (P2vExcerptFrame));
  g_array_set_clear_func (self->excerpt, clear_excerpt_frame);
}

void
p2v_reverse_map_add_to_excerpt (P2vReverseMap *self,
                                guint64        ordinal,
                                P2vIndexEntry *entries,
                                guint64        n_entries)
{
  P2vExcerptFrame frame = { ordinal, entries, n_entries };

  g_array_append_val (self->excerpt, frame);
}

/* There are only as many as somebody has typed. */
static const P2vExcerptFrame *
find_in_excerpt (const P2vReverseMap *self,
                 guint64              ordinal)
{
  for (guint i = 0; i < self->excerpt->len; i++)
    {
      const P2vExcerptFrame *frame = &g_array_index (self->excerpt, P2vExcerptFrame, i);
      if (frame->ordinal == ordinal)
        return frame;
    }
  return NULL;
}

gboolean
p2v_reverse_map_knows (P2vReverseMap *self,
                       guint64        pfn)
{
  const P2vFrameRun *hint = NULL;
  guint64 ordinal;

  /* What is said of frames outside the image is not kept by frame. */
  return self->excerpt == NULL ||
         !p2v_frame_set_get_ordinal (self->frames, pfn, &hint, &ordinal) ||
         find_in_excerpt (self, ordinal) != NULL;
}

const P2vIndexEntry *
p2v_reverse_map_get_entries (P2vReverseMap *self,
                             guint64        pfn,
                             guint64       *ret_n_entries)
{
  const P2vFrameRun *hint = NULL;
  guint64 ordinal;

  *ret_n_entries = 0;
  if (!p2v_frame_set_get_ordinal (self->frames, pfn, &hint, &ordinal))
    return NULL;
  if (self->excerpt != NULL)
    {
      const P2vExcerptFrame *frame = find_in_excerpt (self, ordinal);
      *ret_n_entries = frame != NULL ? frame->n_entries : 0;
      return frame != NULL ? frame->entries : NULL;
    }
  guint32 start = ordinal > 0 ? self->ends[ordinal - 1] : 0;
  *ret_n_entries = self->ends[ordinal] - start;
  return self->entries + start;
}

const P2vTableUse *
p2v_reverse_map_find_table (P2vReverseMap *self,
                            guint64        pfn)
{
  guint low = 0, high = self->tables->len;

  /* The last table that begins in the frame or before it. */
  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      if (g_array_index (self->tables, P2vTableUse, middle).pfn <= pfn)
        low = middle + 1;
      else
        high = middle;
    }
  if (low == 0)
    return NULL;
  const P2vTableUse *use = &g_array_index (self->tables, P2vTableUse, low - 1);
  return pfn - use->pfn < use->n_frames ? use : NULL;
}

guint64
p2v_reverse_map_get_n_mappings (P2vReverseMap *self)
{
  guint64 n = self->n_entries;

  for (guint i = 0; i < self->n_classes; i++)
    n += self->classes[i].extents->len;
  return p2v_add_u64 (n, self->n_folded, &n) ? n : G_MAXUINT64;
}

guint64
p2v_reverse_map_get_size (P2vReverseMap *self)
{
  guint64 size = sizeof *self + self->n_entries * sizeof *self->entries +
                 self->frames->n_frames * sizeof *self->ends +
                 self->frames->n_runs * sizeof *self->frames->runs +
                 self->tables->len * sizeof (P2vTableUse) +
                 self->aliases->len * sizeof (P2vAliasRun);

  for (guint i = 0; i < self->n_classes; i++)
    size += self->classes[i].extents->len * sizeof (P2vExtent);
  return size;
}

static gboolean
entries_are_sorted (P2vReverseMap *self,
                    guint32        start,
                    guint32        end)
{
  for (guint32 i = start; i + 1 < end; i++)
    if (self->entries[i] > self->entries[i + 1])
      return FALSE;
  return TRUE;
}

gboolean
p2v_reverse_map_validate (P2vReverseMap *self)
{
  guint32 start = 0;

  for (guint64 ordinal = 0; ordinal < self->frames->n_frames; ordinal++)
    {
      guint32 end = self->ends[ordinal];
      if (end < start || end > self->n_entries || !entries_are_sorted (self, start, end))
        return FALSE;
      start = end;
    }
  for (guint i = 0; i < self->n_classes; i++)
    if (!p2v_extent_class_is_sorted (&self->classes[i]))
      return FALSE;
  return start == self->n_entries && p2v_aliases_are_sound (self->aliases, P2V_INDEX_MAX_SPACES);
}
