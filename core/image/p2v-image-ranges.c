/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "image/p2v-image-ranges.h"

#include "base/p2v-checked.h"
#include "base/p2v-limits.h"
#include "image/p2v-spans.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

/* What was wrong with the ranges of a format. */
typedef struct
{
  GArray     *cut;             /* P2vSpan: what the file is too short for */
  guint64     first_cut_offset;
  guint       n_beyond;
  P2vPhysAddr first_beyond_pa;
} RangeFindings;

/* Remembered by address alone: the same memory, named twice, is missing once. */
static void
note_cut (RangeFindings *findings,
          P2vPhysAddr    first_missing_pa,
          guint64        first_missing_offset,
          guint64        n_bytes)
{
  P2vSpan missing = { .key = first_missing_pa, .length = n_bytes, .value = first_missing_pa };

  if (findings->cut->len == 0)
    findings->first_cut_offset = first_missing_offset;
  g_array_append_val (findings->cut, missing);
}

/* FALSE if nothing of the range can be used. */
static gboolean
clip_range (P2vImageRange *range,
            guint64        file_size,
            RangeFindings *findings)
{
  if (range->length_bytes == 0)
    return FALSE;
  if (!p2v_span_fits (range->start_pa, range->length_bytes, (guint64) 1 << P2V_LIMIT_PHYS_BITS))
    {
      if (findings->n_beyond++ == 0)
        findings->first_beyond_pa = range->start_pa;
      return FALSE;
    }
  guint64 available = range->file_offset < file_size ? file_size - range->file_offset : 0;
  if (range->length_bytes > available)
    {
      note_cut (findings, range->start_pa + available, range->file_offset + available,
                range->length_bytes - available);
      range->length_bytes = available;
    }
  return range->length_bytes > 0;
}

/* The rank is the place in the file's table: the first to name an address is heard. */
static GArray *
clip_ranges (GArray        *ranges,
             guint64        file_size,
             RangeFindings *findings)
{
  GArray *spans = g_array_sized_new (FALSE, FALSE, sizeof (P2vSpan), ranges->len);

  for (guint i = 0; i < ranges->len; i++)
    {
      P2vImageRange range = g_array_index (ranges, P2vImageRange, i);
      P2vSpan span = { .key = range.start_pa, .value = range.file_offset, .rank = i };
      if (!clip_range (&range, file_size, findings))
        continue;
      span.length = range.length_bytes;
      g_array_append_val (spans, span);
    }
  return spans;
}

static void
set_no_memory_error (P2vFile             *file,
                     const RangeFindings *findings,
                     GError             **error)
{
  const char *name = p2v_file_get_display_name (file);

  if (findings->cut->len > 0)
    g_set_error (
        error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED,
        _("“%s” ends at offset 0x%" PRIx64 ", before the first of the memory that its headers "
           "promise at offset 0x%" PRIx64 "; copy the image again from where it came from"),
        name, p2v_file_get_size (file), findings->first_cut_offset);
  else if (findings->n_beyond > 0)
    g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
                 _("“%s” has damaged headers: its memory starts at physical address 0x%" PRIx64
                    " or reaches beyond the 2^%u bytes a machine can have; take the image again"),
                 name, findings->first_beyond_pa, P2V_LIMIT_PHYS_BITS);
  else
    g_set_error (
        error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
        _("“%s” contains no memory: its headers, from offset 0x0 on, name no range of at least "
           "one byte; take the image again"),
        name);
}

static void
diagnose_findings (P2vFile             *file,
                   const RangeFindings *findings,
                   GPtrArray           *diagnostics)
{
  const char *name = p2v_file_get_display_name (file);

  if (findings->cut->len > 0)
    g_ptr_array_add (
        diagnostics,
        g_strdup_printf (
            g_dngettext (GETTEXT_PACKAGE,
                         "“%s” is incomplete: it ends at offset 0x%" PRIx64 ", and %" PRIu64
                         " bytes of %u memory range are missing, from offset 0x%" PRIx64 " on",
                         "“%s” is incomplete: it ends at offset 0x%" PRIx64 ", and %" PRIu64
                         " bytes of %u memory ranges are missing, the first at offset 0x%" PRIx64,
                         findings->cut->len),
            name, p2v_file_get_size (file), p2v_spans_sum_agreeing (findings->cut),
            findings->cut->len, findings->first_cut_offset));
  if (findings->n_beyond > 0)
    g_ptr_array_add (
        diagnostics,
        g_strdup_printf (
            g_dngettext (GETTEXT_PACKAGE,
                         "“%s” has %u memory range beyond the 2^%u bytes a machine can have, "
                         "at physical address 0x%" PRIx64 "; it is not used",
                         "“%s” has %u memory ranges beyond the 2^%u bytes a machine can have, "
                         "the first at physical address 0x%" PRIx64 "; they are not used",
                         findings->n_beyond),
            name, findings->n_beyond, P2V_LIMIT_PHYS_BITS, findings->first_beyond_pa));
}

static void
diagnose_conflict (P2vFile    *file,
                   GArray     *spans,
                   guint64     memory_size,
                   P2vPhysAddr first_pa,
                   GPtrArray  *diagnostics)
{
  guint64 n_bytes = p2v_spans_sum_agreeing (spans) - memory_size;
  if (n_bytes == 0)
    return;
  g_ptr_array_add (
      diagnostics,
      g_strdup_printf (_("“%s” has two contents for %" PRIu64
                          " bytes of memory, the first at physical "
                          "address 0x%" PRIx64 "; the one that its table names first is used"),
                       p2v_file_get_display_name (file), n_bytes, first_pa));
}

static void
keep_ranges (P2vImageRanges *self,
             GArray         *flat)
{
  g_autoptr (GArray) by_offset = g_array_sized_new (FALSE, FALSE, sizeof (P2vSpan), flat->len);
  self->by_pa = g_array_sized_new (FALSE, FALSE, sizeof (P2vImageRange), flat->len);

  for (guint i = 0; i < flat->len; i++)
    {
      const P2vSpan *span = &g_array_index (flat, P2vSpan, i);
      P2vImageRange range = { span->key, span->length, span->value };
      /* Both are below 2^63, so the difference has a sign; the least one gives the lowest address.
       */
      P2vSpan back = { span->value, span->length, span->key, (gint64) (span->key - span->value) };
      g_array_append_val (self->by_pa, range);
      g_array_append_val (by_offset, back);
    }
  guint64 unused;
  self->by_offset = p2v_spans_flatten (by_offset, &unused);
}

void
p2v_image_ranges_clear (P2vImageRanges *self)
{
  g_clear_pointer (&self->by_pa, g_array_unref);
  g_clear_pointer (&self->by_offset, g_array_unref);
}

gboolean
p2v_image_ranges_init (P2vImageRanges *self,
                       P2vFile        *file,
                       guint64         n_bytes,
                       GArray         *ranges,
                       GPtrArray      *diagnostics,
                       GError        **error)
{
  g_autoptr (GArray) cut = g_array_new (FALSE, FALSE, sizeof (P2vSpan));
  RangeFindings findings = { .cut = cut };
  g_autoptr (GArray) spans = clip_ranges (ranges, n_bytes, &findings);
  if (spans->len == 0)
    {
      set_no_memory_error (file, &findings, error);
      return FALSE;
    }
  diagnose_findings (file, &findings, diagnostics);

  P2vPhysAddr first_conflict_pa;
  g_autoptr (GArray) flat = p2v_spans_flatten (spans, &first_conflict_pa);
  self->memory_size = p2v_spans_sum (flat);
  if (first_conflict_pa != G_MAXUINT64)
    diagnose_conflict (file, spans, self->memory_size, first_conflict_pa, diagnostics);
  keep_ranges (self, flat);
  return TRUE;
}

guint
p2v_image_ranges_find (const P2vImageRanges *self,
                       P2vPhysAddr           pa)
{
  guint low = 0, high = self->by_pa->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const P2vImageRange *range = &g_array_index (self->by_pa, P2vImageRange, middle);
      if (range->start_pa + (range->length_bytes - 1) < pa)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

gboolean
p2v_image_ranges_offset_to_pa (const P2vImageRanges *self,
                               guint64               file_offset,
                               P2vPhysAddr          *ret_pa)
{
  const P2vSpan *span = p2v_spans_find (self->by_offset, file_offset);

  if (span == NULL)
    return FALSE;
  *ret_pa = file_offset + p2v_span_delta (span);
  return TRUE;
}
