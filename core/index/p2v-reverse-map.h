/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vReverseMap: from a physical frame to all (address space, virtual page) that map it.
 *
 * Pages of the unit size in frames of the image are kept by frame: a table of where each frame's
 * entries end, and all entries one behind the other, 8 bytes each. All else (large pages; frames
 * outside the image, such as devices) is kept in one sorted list a page size, so that a look-up is
 * a binary search a size. Immutable once built; reference counted; readable from any thread. */

#pragma once

#include "index/p2v-aliases.h"
#include "index/p2v-extents.h"
#include "index/p2v-frame-set.h"
#include "index/p2v-index-entry.h"
#include "p2v-mapping.h"

/* A page table that was walked. */
typedef struct
{
  guint64       pfn;           /* the first frame it is in */
  P2vIndexEntry entry;         /* of the first byte it translates, in the first space to use it */
  guint32       level_number;  /* 0: a root */
  guint32       n_frames;      /* 1, but for the large tables of some forms */
} P2vTableUse;

/* The entries of one frame of an excerpt. */
typedef struct
{
  guint64        ordinal;
  P2vIndexEntry *entries;
  guint64        n_entries;
} P2vExcerptFrame;

typedef struct
{
  gatomicrefcount  ref_count;
  P2vFrameSet     *frames;
  guint32         *ends;       /* by ordinal: where the frame's entries end, the next one's begin */
  P2vIndexEntry   *entries;
  GArray          *excerpt;    /* P2vExcerptFrame, mostly NULL: instead of the two above what is
                                * known of some frames, and nothing of any other */
  guint64          n_entries;
  P2vExtentClass   classes[P2V_TRAIL_MAX_STEPS];
  guint            n_classes;
  GArray          *tables;     /* P2vTableUse, sorted by frame */
  GArray          *aliases;    /* P2vAliasRun: the entries above mean more addresses than one */
  guint64          n_folded;   /* mappings that only @aliases tell; or G_MAXUINT64 */
} P2vReverseMap;

/* Puts what page tables were walked in order. */
void           p2v_table_uses_sort       (GArray          *tables);
P2vReverseMap *p2v_reverse_map_ref       (P2vReverseMap   *self);
void           p2v_reverse_map_unref     (P2vReverseMap   *self);
/* The entries of a frame that are kept by frame, sorted; (transfer none), valid as long as
 * @self. */
const P2vIndexEntry *p2v_reverse_map_get_entries (P2vReverseMap *self,
                                          guint64          pfn,
                                          guint64         *ret_n_entries);
/* Whether the map is whole, or an excerpt that the frame belongs to. */
gboolean       p2v_reverse_map_knows     (P2vReverseMap   *self,
                                          guint64          pfn);
/* For whoever makes an excerpt; takes @entries. */
void           p2v_reverse_map_begin_excerpt  (P2vReverseMap *self);
void           p2v_reverse_map_add_to_excerpt (P2vReverseMap *self,
                                          guint64          ordinal,
                                          P2vIndexEntry   *entries,
                                          guint64          n_entries);
/* What page table is in the frame; (transfer none), NULL if none that was walked. */
const P2vTableUse *p2v_reverse_map_find_table (P2vReverseMap *self,
                                          guint64          pfn);
/* Mappings, those that aliases tell too; a large page is one. */
guint64        p2v_reverse_map_get_n_mappings (P2vReverseMap *self);
/* Bytes of memory. */
guint64        p2v_reverse_map_get_size  (P2vReverseMap   *self);
/* Whether all invariants hold, for tests: ends rise, entries and extents are sorted. */
gboolean       p2v_reverse_map_validate  (P2vReverseMap   *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vReverseMap, p2v_reverse_map_unref)
