/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Mappings that are not kept by frame: large pages, and frames outside the image. A sorted list a
 * page size, so that a look-up is a binary search a size. */

#pragma once

#include <glib.h>

#include "index/p2v-index-entry.h"

typedef struct
{
  guint64       first_pfn;
  P2vIndexEntry entry;         /* of the page's first byte */
} P2vExtent;

/* Extents of one page size; 12 is the unit, for frames outside the image. */
typedef struct
{
  guint   page_shift;
  GArray *extents;             /* P2vExtent, sorted by frame, then entry */
} P2vExtentClass;

/* Puts all extents of a class in order. */
void     p2v_extent_class_sort      (P2vExtentClass       *self);
gboolean p2v_extent_class_is_sorted (const P2vExtentClass *self);
/* Appends to @ret_entries (P2vIndexEntry) what the extents say of @pfn: the exact page within large
 * ones. */
void     p2v_extent_classes_lookup  (const P2vExtentClass *classes,
                                     guint                 n_classes,
                                     guint64               pfn,
                                     GArray               *ret_entries);
