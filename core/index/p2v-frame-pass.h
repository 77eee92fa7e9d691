/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vFramePass: goes through the frames of an index from low to high, and gives for each frame all
 * entries that map it, also those of large pages and those that only aliases tell. A frame costs
 * what its entries cost; there is no search but for aliases. */

#pragma once

#include "index/p2v-reverse-map.h"

/* Large pages over one frame that are looked at, a page size: a hostile page table can name the
 * same large page a million times, and each has thousands of frames. */
#define P2V_FRAME_PASS_MAX_LARGE_PAGES 4096

/* Places that page tables lead to again and again, of all frames together, for the same reason: a
 * pass takes some seconds at most for them, and one frame a little. */
#define P2V_FRAME_PASS_MAX_ALIASES ((guint64) 1 << 28)
#define P2V_FRAME_PASS_MAX_ALIASES_OF_FRAME ((guint) 1 << 16)

/* Where a pass stands among the large pages of one size. */
typedef struct
{
  const P2vExtentClass *pages;
  guint64               first_pfn;     /* of the large page that the frame would be in */
  guint                 position;      /* of the first extent there or behind */
  guint                 n;             /* extents there */
} P2vFramePassSize;

typedef struct
{
  const P2vReverseMap *map;
  P2vFramePassSize     sizes[P2V_TRAIL_MAX_STEPS];
  guint                n_sizes;
  guint                n_spaces;
  gboolean            *has_aliases;    /* by space; NULL: none */
  guint64              n_aliases_left;
  GArray              *entries;        /* P2vIndexEntry, of a frame that has not only those of the
                                        * map, or other ones */
} P2vFramePass;

/* @map outlives the pass. Entries of address spaces from number @n_spaces on are left out. Clear
 * it. */
void                 p2v_frame_pass_init  (P2vFramePass        *self,
                                           const P2vReverseMap *map,
                                           guint                n_spaces);
void                 p2v_frame_pass_clear (P2vFramePass        *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (P2vFramePass, p2v_frame_pass_clear)

/* All entries of the frame, sorted; valid until the next call. Frames must come in ascending order;
 * some may be left out. *@ret_is_flooded: there are more than we look at. */
const P2vIndexEntry *p2v_frame_pass_get   (P2vFramePass        *self,
                                           guint64              pfn,
                                           guint64              ordinal,
                                           guint64             *ret_n_entries,
                                           gboolean            *ret_is_flooded);
