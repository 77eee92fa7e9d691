/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the rooms of the builder share. Work goes through them from top to bottom:
 *
 *   p2v-builder-plan     all levels of tables but the last
 *   p2v-builder-leaves   a table of the last level: which pages it has
 *   p2v-builder-fill     the last level, twice: counts each frame's entries, then places them
 *   p2v-builder-watch    the frame that somebody is looking at meanwhile
 *   p2v-builder-gaps     what could not be walked, told to all who use it */

#pragma once

#include "index/p2v-builder.h"
#include "index/p2v-detours.h"
#include "index/p2v-table-reader.h"

/* What becomes of indirect entries of the last level. */
typedef enum
{
  P2V_DETOURS_IGNORED,
  P2V_DETOURS_COLLECTED,               /* to be looked up */
  P2V_DETOURS_PLACED,                  /* they are the pages that were found */
} P2vDetourMode;

typedef struct
{
  const P2vBuildRequest *request;
  const P2vPagingForm   *form;
  P2vReverseMap         *map;
  P2vWalkReport         *spaces;
  GArray                *gaps;         /* P2vGap */
  P2vVisitBudget         budget;
  GArray                *levels[P2V_PAGING_MAX_LEVELS]; /* P2vVisit, sorted by table */
  guint64                frames_per_leaf;               /* at the last level */
  guint64                watched_pfn;
  guint64                n_counted;
  guint64                n_large_leaves;                /* of the last level, kept as extents */
  guint64                leaves_sum;                    /* of those counted and not yet placed */
  P2vDetours            *detours;
  P2vDetourMode          detour_mode;
  const P2vDetour       *last_detours;                  /* of the last level, once looked up */
  gsize                  n_last_detours;
  gsize                  next_detour;                   /* to be placed */
  P2vTableReader         reader;
} P2vBuilder;

/* The index of the first byte that entry @index of a table translates. */
static inline P2vIndexEntry
p2v_builder_entry_at (P2vIndexEntry         table_entry,
                      const P2vPagingLevel *level,
                      guint                 index)
{
  return table_entry + ((guint64) index << (level->shift - P2V_FRAME_SHIFT));
}

/* Pages of the unit size that a table of @level translates. */
static inline guint64
p2v_builder_get_n_pages (const P2vPagingLevel *level)
{
  return (guint64) 1 << (level->shift + level->index_bits - P2V_FRAME_SHIFT);
}

/* p2v-builder.c */

/* Keeps a page that is not kept by frame. */
G_GNUC_WARN_UNUSED_RESULT
gboolean  p2v_builder_add_extent      (P2vBuilder            *self,
                                       guint                  page_shift,
                                       guint64                first_pfn,
                                       P2vIndexEntry          entry,
                                       GError               **error);
void      p2v_builder_sort_extents    (P2vBuilder            *self);
/* Counts at how many more addresses @n pages of the table at @entry are found. */
void      p2v_builder_count_aliases   (P2vBuilder            *self,
                                       P2vIndexEntry          entry,
                                       guint64                n);

/* p2v-builder-plan.c */

/* Walks all levels but the last; returns the visits of the last, sorted by table (transfer
 * none). */
G_GNUC_WARN_UNUSED_RESULT
GArray   *p2v_builder_plan            (P2vBuilder            *self,
                                       GError               **error);

/* p2v-builder-leaves.c */

/* So many entries of the last level are taken at a time: a table of most forms. */
#define P2V_MAX_LEAVES 512

/* The leaves of one table or a part of it, for the loops that take them. */
typedef struct
{
  guint         n;
  guint         n_malformed;
  guint64       pfns[P2V_MAX_LEAVES];
  P2vIndexEntry entries[P2V_MAX_LEAVES];
} P2vLeaves;

/* @leaves: NULL if the table of @visit is not in the image. */
typedef gboolean (*P2vLeavesFunc) (P2vBuilder       *self,
                                   const P2vVisit   *visit,
                                   const P2vLeaves  *leaves,
                                   GError          **error);

/* Gives the leaves of visits @from up to @to of the last level to @take. */
G_GNUC_WARN_UNUSED_RESULT
gboolean  p2v_builder_scan_leaves     (P2vBuilder            *self,
                                       const GArray          *visits,
                                       guint                  from,
                                       guint                  to,
                                       P2vLeavesFunc          take,
                                       GError               **error);
void      p2v_builder_add_detour      (P2vBuilder            *self,
                                       P2vIndexEntry          entry,
                                       guint64                value,
                                       P2vState               state);

/* p2v-builder-fill.c */

/* The first reading of the last level: how many entries each frame has. */
G_GNUC_WARN_UNUSED_RESULT
gboolean  p2v_builder_count           (P2vBuilder            *self,
                                       GArray                *visits,
                                       GError               **error);
/* The second reading: in the order of spaces and addresses, so that each frame's entries come out
 * sorted. */
G_GNUC_WARN_UNUSED_RESULT
gboolean  p2v_builder_place           (P2vBuilder            *self,
                                       GArray                *visits,
                                       GError               **error);

/* p2v-builder-watch.c */

/* Gives the watch what @leaves have of the frame that it wants. */
void      p2v_builder_watch_leaves    (P2vBuilder            *self,
                                       const P2vLeaves       *leaves);
/* Gives the watch what was found by detours from entries of the last level, or of @all. */
void      p2v_builder_watch_detours   (P2vBuilder            *self,
                                       gboolean               all);
/* Searches all that was read before for a frame that has come to be watched just now: of the last
 * level @n_done visits. */
G_GNUC_WARN_UNUSED_RESULT
gboolean  p2v_builder_follow_watch    (P2vBuilder            *self,
                                       GArray                *visits,
                                       guint                  n_done,
                                       GError               **error);

/* p2v-builder-gaps.c */

/* Something in a table, or a table, that could not be followed. */
typedef struct
{
  P2vIndexEntry entry;                 /* of the table that it is in, or that is missing */
  guint64       n_pages;               /* that this table translates */
  P2vWalkReport what;
} P2vGap;

/* Tells the space of @visit, a table of @level_number, that @what is amiss, and remembers it for
 * others that use the table. */
void      p2v_builder_note_gap        (P2vBuilder            *self,
                                       const P2vVisit        *visit,
                                       guint                  level_number,
                                       const P2vWalkReport   *what);
void      p2v_builder_note_missing    (P2vBuilder            *self,
                                       const P2vVisit        *visit,
                                       guint                  level_number);
/* Tells all others, once aliases are known. */
void      p2v_builder_spread_gaps     (P2vBuilder            *self);
