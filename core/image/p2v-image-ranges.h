/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vImageRanges: the ranges of an image in order, from what a format found in its headers. What a
 * format names may be unsorted, overlap, contradict itself and reach beyond the file; what is here
 * is disjoint and within the file, by physical address and by file offset. Private to image/. */

#pragma once

#include "image/p2v-image-private.h"

typedef struct
{
  GArray *by_pa;       /* P2vImageRange by start_pa, disjoint */
  GArray *by_offset;   /* P2vSpan by file offset, disjoint; for p2v_image_ranges_offset_to_pa() */
  guint64 memory_size; /* bytes of all of by_pa */
} P2vImageRanges;

/* Fills in a zeroed @self from @ranges (P2vImageRange as the format found them). @n_bytes is where
 * offsets end: the file's size, or that of what is packed in it. What had to be left out is
 * appended to @diagnostics; FALSE if nothing is left. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_image_ranges_init         (P2vImageRanges       *self,
                                        P2vFile              *file,
                                        guint64               n_bytes,
                                        GArray               *ranges,
                                        GPtrArray            *diagnostics,
                                        GError              **error);
void     p2v_image_ranges_clear        (P2vImageRanges       *self);
/* The position in by_pa of the first range that ends behind @pa: the one that holds @pa, or the
 * next after a hole. */
guint    p2v_image_ranges_find         (const P2vImageRanges *self,
                                        P2vPhysAddr           pa);
/* FALSE if the byte is not memory. If several addresses share it, *ret_pa is the lowest. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_image_ranges_offset_to_pa (const P2vImageRanges *self,
                                        guint64               file_offset,
                                        P2vPhysAddr          *ret_pa);
