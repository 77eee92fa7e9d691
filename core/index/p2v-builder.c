/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "base/p2v-checked.h"
#include "base/p2v-large-pages.h"
#include "image/p2v-image-private.h"
#include "index/p2v-builder.h"
#include "index/p2v-detours.h"

/* The interval for cancellation, progress and the watch. 256 tables are 1 MiB, 131,072 entries:
 * about two milliseconds. */
#define BATCH_TABLES 256

/* Batches asked of the kernel ahead of the one that is read, so that the disk is at work while we
 * are, and sees enough of what is to come to go about it in its own order. */
#define BATCHES_AHEAD 8

/* Tables that follow each other in memory are read together, up to so many entries: 64 KiB stay in
 * the processor's cache. It is the largest table of any form, and 16 of those with 512 entries. */
#define MAX_ENTRIES_LOADED P2V_PAGING_MAX_ENTRIES

/* So many entries of the last level are taken at a time: a table of most forms. */
#define MAX_LEAVES 512

/* Tables of all levels and spaces together, a table counting for each space that uses it. Beyond it
 * the image is damaged or crafted: this is 8 times what there would be if every frame were a
 * table. */
#define MAX_VISITS_PER_FRAME 8

/* Mappings outside the image's frames; each costs 16 bytes and real machines have some hundreds. */
#define MAX_EXTENTS ((guint) 64 << 20)

/* A table that one space uses more often is walked so often, and the rest is told by a record. */
#define MAX_WALKS_OF_TABLE 8

/* A table to be read at one level: once for each (space, address) it serves. */
typedef struct
{
  P2vPhysAddr   table_pa;
  P2vIndexEntry entry;                 /* of the first byte the table translates */
  guint32       parent;                /* position of the visit that led here, one level above */
} Visit;

/* What becomes of indirect entries of the last level. */
typedef enum
{
  DETOURS_IGNORED,
  DETOURS_COLLECTED,                   /* to be looked up */
  DETOURS_PLACED,                      /* they are the pages that were found */
} DetourMode;

typedef struct
{
  const P2vBuildRequest *request;
  const P2vPageTables   *tables;
  const P2vPagingForm   *form;
  GCancellable          *cancellable;
  P2vReverseMap         *map;
  P2vWalkReport         *spaces;
  guint64               *visits_left;                   /* by space */
  guint64                n_visits_left;                 /* of all spaces */
  GArray                *levels[P2V_PAGING_MAX_LEVELS]; /* Visit, sorted by table */
  const P2vPagingLevel  *level;                         /* the one being read */
  guint64                table_bytes;                   /* at this level */
  guint64                frames_per_leaf;               /* at the last level */
  guint64                watched_pfn;
  guint64                n_counted;
  guint64                n_large_leaves;                /* of the last level, kept as extents */
  guint64                leaves_sum;                    /* of those counted and not yet placed */
  const guint64         *table;                         /* the one being read, in @loaded */
  P2vPhysAddr            loaded_pa;
  guint                  n_loaded;
  guint32                folded_parent;                 /* of the visit that was folded last */
  P2vDetours            *detours;
  DetourMode             detour_mode;
  const P2vDetour       *last_detours;                  /* of the last level, once looked up */
  gsize                  n_last_detours;
  gsize                  next_detour;                   /* to be placed */
  guint64                loaded[MAX_ENTRIES_LOADED];
} Builder;

/* The leaves of one table or a part of it, for the loops that take them. */
typedef struct
{
  guint         n;
  guint         n_malformed;
  guint64       pfns[MAX_LEAVES];
  P2vIndexEntry entries[MAX_LEAVES];
} Leaves;

static int
compare_visits_by_table (gconstpointer a,
                         gconstpointer b)
{
  const Visit *x = a, *y = b;

  if (x->table_pa != y->table_pa)
    return x->table_pa < y->table_pa ? -1 : 1;
  return (x->entry > y->entry) - (x->entry < y->entry);
}

static int
compare_visits_by_entry (gconstpointer a,
                         gconstpointer b)
{
  const Visit *x = a, *y = b;

  return (x->entry > y->entry) - (x->entry < y->entry);
}

static int
compare_table_uses (gconstpointer a,
                    gconstpointer b)
{
  const P2vTableUse *x = a, *y = b;

  return (x->pfn > y->pfn) - (x->pfn < y->pfn);
}

static int
compare_extents (gconstpointer a,
                 gconstpointer b)
{
  const P2vExtent *x = a, *y = b;

  if (x->first_pfn != y->first_pfn)
    return x->first_pfn < y->first_pfn ? -1 : 1;
  return (x->entry > y->entry) - (x->entry < y->entry);
}

static gboolean
add_extent (Builder        *self,
            guint           page_shift,
            guint64         first_pfn,
            P2vIndexEntry   entry,
            GError        **error)
{
  P2vReverseMap *map = self->map;
  P2vExtent extent = { first_pfn, entry };
  guint i = 0;

  while (i < map->n_classes && map->classes[i].page_shift != page_shift)
    i++;
  if (i == map->n_classes)
    {
      map->classes[i].page_shift = page_shift;
      map->classes[i].extents = g_array_new (FALSE, FALSE, sizeof (P2vExtent));
      map->n_classes++;
    }
  if (map->classes[i].extents->len >= MAX_EXTENTS)
    {
      g_set_error (
        error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
        _("More than %u large pages, or pages outside the image; the page tables are damaged"),
        MAX_EXTENTS);
      return FALSE;
    }
  g_array_append_val (map->classes[i].extents, extent);
  return TRUE;
}

static P2vIndexEntry
entry_at (P2vIndexEntry         table_entry,
          const P2vPagingLevel *level,
          guint                 index)
{
  return table_entry + ((guint64) index << (level->shift - P2V_FRAME_SHIFT));
}

/* Takes from the budgets; FALSE if the space has used its own up. */
static gboolean
may_visit (Builder *self,
           guint    space)
{
  if (self->visits_left[space] == 0 || self->n_visits_left == 0)
    {
      self->spaces[space].too_many_tables = TRUE;
      return FALSE;
    }
  self->visits_left[space]--;
  self->n_visits_left--;
  return TRUE;
}

static void
begin_level (Builder *self,
             guint    level_number)
{
  self->level = &self->form->levels[level_number];
  self->table_bytes = p2v_paging_get_table_bytes (self->form, self->level);
  self->n_loaded = 0;
}

/* The first visit after @i whose table does not follow in memory on those of the visits before it,
 * and how many tables these are. Looks at visits up to @to and up to @max tables. */
static guint
find_break (const Builder *self,
            GArray        *visits,
            guint          i,
            guint          to,
            guint          max,
            guint         *ret_n_tables)
{
  P2vPhysAddr last_pa = g_array_index (visits, Visit, i).table_pa;
  guint n = 1;

  for (i++; i < to; i++)
    {
      P2vPhysAddr table_pa = g_array_index (visits, Visit, i).table_pa;
      if (table_pa == last_pa)
        continue;
      if (table_pa != last_pa + self->table_bytes || n == max)
        break;
      last_pa = table_pa;
      n++;
    }
  *ret_n_tables = n;
  return i;
}

static gboolean
use_loaded (Builder     *self,
            P2vPhysAddr  table_pa)
{
  guint64 offset = table_pa - self->loaded_pa;

  if (offset % self->table_bytes != 0 || offset / self->table_bytes >= self->n_loaded)
    return FALSE;
  self->table = self->loaded + offset / self->form->entry_bytes;
  return TRUE;
}

/* Makes the table of visit @i the one being read. With it come those behind it in memory that the
 * visits up to @to will ask for; if one of these is not in the image, it alone. */
static P2vReadStatus
load_table (Builder  *self,
            GArray   *visits,
            guint     i,
            guint     to,
            GError  **error)
{
  P2vPhysAddr table_pa = g_array_index (visits, Visit, i).table_pa;

  if (use_loaded (self, table_pa))
    return P2V_READ_OK;
  guint n;
  (void) find_break (self, visits, i, to, MAX_ENTRIES_LOADED >> self->level->index_bits, &n);
  P2vReadStatus status
    = p2v_paging_read_tables (self->tables, self->level, table_pa, n, self->loaded, error);
  if (status == P2V_READ_HOLE && n > 1)
    {
      n = 1;
      status = p2v_paging_read_tables (self->tables, self->level, table_pa, n, self->loaded, error);
    }
  self->loaded_pa = table_pa;
  self->n_loaded = status == P2V_READ_OK ? n : 0;
  self->table = self->loaded;
  return status;
}

static P2vWalkReport *
report_of (Builder     *self,
           const Visit *visit)
{
  return &self->spaces[p2v_index_entry_space (visit->entry)];
}

/* Whether the table is one of those on the way to visit @position of @level_number, itself
 * included: following it would lead round. */
static gboolean
is_on_the_way (Builder     *self,
               guint        level_number,
               guint        position,
               P2vPhysAddr  table_pa)
{
  for (guint i = level_number + 1; i-- > 0;)
    {
      const Visit *visit = &g_array_index (self->levels[i], Visit, position);
      if (visit->table_pa == table_pa)
        return TRUE;
      position = visit->parent;
    }
  return FALSE;
}

static void
add_detour (Builder       *self,
            P2vIndexEntry  entry,
            guint64        value,
            P2vState       state)
{
  if (!p2v_detours_add (self->detours, self->level, entry, value, state))
    self->spaces[p2v_index_entry_space (entry)].n_indirect_entries++;
}

/* Sorts the entries of an upper table into tables to visit next and large pages. */
static gboolean
expand_table (Builder  *self,
              guint     level_number,
              guint     position,
              GArray   *next,
              GError  **error)
{
  const P2vPagingLevel *level = &self->form->levels[level_number];
  const Visit *visit = &g_array_index (self->levels[level_number], Visit, position);
  const P2vPagingRoot *root = &self->request->roots[p2v_index_entry_space (visit->entry)];
  guint first = level_number == 0 ? root->first_slot : 0;
  guint end = level_number == 0 ? root->end_slot : 1u << level->index_bits;
  P2vWalkReport *report = report_of (self, visit);
  P2vPagingLeaf leaf;

  for (guint i = first; i < end; i++)
    {
      if (self->table[i] == 0)
        continue;
      P2vEntryKind kind = p2v_paging_decode (self->tables, level, self->table[i], &leaf);
      Visit child = { leaf.pa, entry_at (visit->entry, level, i), position };

      if (kind == P2V_ENTRY_TABLE && is_on_the_way (self, level_number, position, child.table_pa))
        report->n_looped_tables++;
      else if (kind == P2V_ENTRY_TABLE && may_visit (self, p2v_index_entry_space (child.entry)))
        g_array_append_val (next, child);
      else if (kind == P2V_ENTRY_PAGE &&
               !add_extent (self, level->shift, leaf.pa >> P2V_FRAME_SHIFT, child.entry, error))
        return FALSE;
      else if (kind == P2V_ENTRY_MALFORMED)
        report->n_malformed_entries++;
      else if (kind == P2V_ENTRY_INDIRECT)
        add_detour (self, child.entry, self->table[i], leaf.state);
    }
  return TRUE;
}

/* Prefetches the tables of visits @from up to @to, or to the end. */
static void
prefetch_visits (Builder *self,
                 GArray  *visits,
                 guint    from,
                 guint    to)
{
  guint next, n_tables;

  to = MIN (to, visits->len);
  for (guint i = from; i < to; i = next)
    {
      next = find_break (self, visits, i, to, G_MAXUINT, &n_tables);
      p2v_image_prefetch (self->tables->image, g_array_index (visits, Visit, i).table_pa,
                          n_tables * self->table_bytes);
    }
}

/* If a batch begins at @i: prefetches what comes after it; notices cancellation. */
static gboolean
begin_batch (Builder   *self,
             GArray    *visits,
             guint      i,
             GError   **error)
{
  if (i % BATCH_TABLES != 0)
    return TRUE;
  guint ahead = i + BATCHES_AHEAD * BATCH_TABLES;
  prefetch_visits (self, visits, i == 0 ? 0 : ahead, ahead + BATCH_TABLES);
  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

/* Keeps of each table what it translates first. @visits are sorted by table. */
static void
note_tables (Builder *self,
             GArray  *visits,
             guint    level_number)
{
  guint64 table_bytes
    = p2v_paging_get_table_bytes (self->form, &self->form->levels[level_number]);

  for (guint i = 0; i < visits->len; i++)
    {
      const Visit *visit = &g_array_index (visits, Visit, i);
      guint64 end_in_frame = (visit->table_pa & (P2V_FRAME_SIZE - 1)) + table_bytes;
      P2vTableUse use = { visit->table_pa >> P2V_FRAME_SHIFT, visit->entry, level_number,
                          (guint32) ((end_in_frame + P2V_FRAME_SIZE - 1) >> P2V_FRAME_SHIFT) };
      if (i == 0 || g_array_index (visits, Visit, i - 1).table_pa != visit->table_pa)
        g_array_append_val (self->map->tables, use);
    }
}

/* Notes that the table of @first is used by @visit as well, and gives back what that took from the
 * budgets. */
static void
fold_visit (Builder     *self,
            guint        level_number,
            const Visit *first,
            const Visit *visit,
            gboolean     same_parent)
{
  const P2vPagingLevel *level = &self->form->levels[level_number];
  guint64 n_pages = (guint64) 1 << (level->shift + level->index_bits - P2V_FRAME_SHIFT);

  p2v_aliases_add (self->map->aliases, n_pages, first->entry, visit->entry, same_parent);
  self->visits_left[p2v_index_entry_space (visit->entry)]++;
  self->n_visits_left++;
}

/* Leaves of the visits that a space makes of one table the first few. */
static void
fold_visits (Builder *self,
             GArray  *visits,
             guint    level_number)
{
  guint n_kept = 0, n_walks = 0;

  for (guint i = 0; i < visits->len; i++)
    {
      Visit visit = g_array_index (visits, Visit, i);
      const Visit *first = &g_array_index (visits, Visit, n_kept - n_walks);

      if (n_kept == 0 || visit.table_pa != first->table_pa ||
          p2v_index_entry_space (visit.entry) != p2v_index_entry_space (first->entry))
        n_walks = 0;
      if (n_walks == MAX_WALKS_OF_TABLE)
        {
          fold_visit (self, level_number, first, &visit, visit.parent == self->folded_parent);
          self->folded_parent = visit.parent;
          continue;
        }
      g_array_index (visits, Visit, n_kept) = visit;
      n_kept++;
      n_walks++;
    }
  g_array_set_size (visits, n_kept);
}

/* Takes the visits of a level and puts them in order. */
static void
arrange_level (Builder *self,
               GArray  *visits,
               guint    level_number)
{
  g_array_sort (visits, compare_visits_by_table);
  fold_visits (self, visits, level_number);
  note_tables (self, visits, level_number);
  self->levels[level_number] = visits;
}

/* Reads one upper level and returns the visits of the next. */
static GArray *
expand_level (Builder  *self,
              guint     level_number,
              GError  **error)
{
  GArray *visits = self->levels[level_number];
  g_autoptr (GArray) next = g_array_new (FALSE, FALSE, sizeof (Visit));

  begin_level (self, level_number);
  p2v_meter_begin (self->request->meter, self->request->planning, visits->len);
  for (guint i = 0; i < visits->len; i++)
    {
      const Visit *visit = &g_array_index (visits, Visit, i);

      if (!begin_batch (self, visits, i, error))
        return NULL;
      P2vReadStatus status = load_table (self, visits, i, visits->len, error);
      if (status == P2V_READ_FAILED)
        return NULL;
      if (status == P2V_READ_HOLE)
        p2v_walk_report_note_missing (report_of (self, visit), visit->table_pa, level_number);
      else if (!expand_table (self, level_number, i, next, error))
        return NULL;
      p2v_meter_set_done (self->request->meter, i + 1);
    }
  return g_steal_pointer (&next);
}

static GArray *
root_visits (Builder *self)
{
  GArray *visits = g_array_new (FALSE, FALSE, sizeof (Visit));

  for (guint space = 0; space < self->request->n_roots; space++)
    {
      const P2vPagingRoot *root = &self->request->roots[space];
      Visit visit = { root->root_pa, p2v_index_entry (space, root->base_va), 0 };
      g_array_append_val (visits, visit);
    }
  return visits;
}

/* Counts at how many more addresses @n pages of the table at @entry are found. */
static void
count_aliases (Builder       *self,
               P2vIndexEntry  entry,
               guint          n)
{
  guint64 *n_folded = &self->map->n_folded;
  guint64 product;

  if (!p2v_mul_u64 (p2v_aliases_get_n_ways (self->map->aliases, entry) - 1, n, &product) ||
      !p2v_add_u64 (*n_folded, product, n_folded))
    *n_folded = G_MAXUINT64;
}

static void
count_large_aliases (Builder *self)
{
  const P2vReverseMap *map = self->map;

  for (guint i = 0; map->aliases->len > 0 && i < map->n_classes; i++)
    for (guint j = 0; j < map->classes[i].extents->len; j++)
      count_aliases (self, g_array_index (map->classes[i].extents, P2vExtent, j).entry, 1);
}

/* Walks all levels but the last; returns the visits of the last, sorted by table. */
static GArray *
plan (Builder  *self,
      GError  **error)
{
  guint last = self->form->n_levels - 1;

  arrange_level (self, root_visits (self), 0);
  for (guint level = 0; level < last; level++)
    {
      GArray *next = expand_level (self, level, error);
      if (next == NULL)
        return NULL;
      arrange_level (self, next, level + 1);
    }
  for (guint i = 0; i < self->map->n_classes; i++)
    g_array_sort (self->map->classes[i].extents, compare_extents);
  g_array_sort (self->map->tables, compare_table_uses);
  p2v_aliases_finish (self->map->aliases);
  count_large_aliases (self);
  return self->levels[last];
}

/* While entries are placed, all that are indirect come by in the order of what was found for some
 * of them. */
static gboolean
place_detour (Builder       *self,
              P2vIndexEntry  entry,
              P2vPagingLeaf *ret_leaf)
{
  while (self->next_detour < self->n_last_detours &&
         self->last_detours[self->next_detour].entry < entry)
    self->next_detour++;
  if (self->next_detour == self->n_last_detours ||
      self->last_detours[self->next_detour].entry != entry)
    return FALSE;
  ret_leaf->pa = self->last_detours[self->next_detour].first_pfn << P2V_FRAME_SHIFT;
  return TRUE;
}

/* Decodes entry @index of the table of @visit, which is not a valid page. */
static gboolean
decode_other (Builder       *self,
              const Visit   *visit,
              guint          index,
              Leaves        *leaves,
              P2vPagingLeaf *ret_leaf)
{
  guint64 value = self->table[index];
  P2vEntryKind kind = p2v_paging_decode (self->tables, self->level, value, ret_leaf);

  if (kind == P2V_ENTRY_MALFORMED)
    leaves->n_malformed++;
  if (kind != P2V_ENTRY_INDIRECT)
    return kind == P2V_ENTRY_PAGE;
  P2vIndexEntry entry = entry_at (visit->entry, self->level, index);
  if (self->detour_mode == DETOURS_COLLECTED)
    add_detour (self, entry, value, ret_leaf->state);
  return self->detour_mode == DETOURS_PLACED && place_detour (self, entry, ret_leaf);
}

/* Decodes entries from @first on, at most MAX_LEAVES of them, of the table of the last level that
 * was loaded for @visit. In the hot path. */
static void
decode_leaves (Builder     *self,
               const Visit *visit,
               guint        first,
               Leaves      *leaves)
{
  const P2vPagingLevel *level = self->level;
  const P2vPageTest test = p2v_paging_get_page_test (self->tables, level);
  const guint64 *table = self->table;
  guint end = MIN (1u << level->index_bits, first + MAX_LEAVES);
  guint n = 0;

  leaves->n_malformed = 0;
  for (guint i = first; i < end; i++)
    {
      P2vPagingLeaf leaf;
      if (table[i] == 0 || (!p2v_page_test_entry (&test, table[i], &leaf.pa) &&
                            !decode_other (self, visit, i, leaves, &leaf)))
        continue;
      leaves->pfns[n] = leaf.pa >> P2V_FRAME_SHIFT;
      leaves->entries[n] = entry_at (visit->entry, level, i);
      n++;
    }
  leaves->n = n;
}

/* @leaves: NULL if the table of @visit is not in the image. */
typedef gboolean (*LeavesFunc) (Builder       *self,
                                const Visit   *visit,
                                const Leaves  *leaves,
                                GError       **error);

/* Gives the leaves of the table that was loaded for @visit to @take. */
static gboolean
scan_table (Builder      *self,
            const Visit  *visit,
            LeavesFunc    take,
            GError      **error)
{
  Leaves leaves;

  for (guint first = 0; first < 1u << self->level->index_bits; first += MAX_LEAVES)
    {
      decode_leaves (self, visit, first, &leaves);
      if (!take (self, visit, &leaves, error))
        return FALSE;
    }
  return TRUE;
}

/* Gives the leaves of visits @from up to @to to @take. */
static gboolean
scan_visits (Builder     *self,
             GArray      *visits,
             guint        from,
             guint        to,
             LeavesFunc   take,
             GError     **error)
{
  begin_level (self, self->form->n_levels - 1);
  for (guint i = from; i < to; i++)
    {
      const Visit *visit = &g_array_index (visits, Visit, i);
      P2vReadStatus status = load_table (self, visits, i, to, error);
      if (status == P2V_READ_FAILED ||
          (status == P2V_READ_HOLE && !take (self, visit, NULL, error)) ||
          (status == P2V_READ_OK && !scan_table (self, visit, take, error)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
take_watched (Builder       *self,
              const Visit   *visit,
              const Leaves  *leaves,
              GError       **error)
{
  P2vIndexEntry found[MAX_LEAVES];
  guint n_found = 0;

  if (self->watched_pfn == G_MAXUINT64)
    return TRUE;
  for (guint i = 0; leaves != NULL && i < leaves->n; i++)
    {
      guint64 offset = self->watched_pfn - leaves->pfns[i];
      if (offset < self->frames_per_leaf)
        found[n_found++] = leaves->entries[i] + offset;
    }
  p2v_watch_add (self->request->watch, found, n_found);
  return TRUE;
}

/* Adds up what a table leads to, whatever the order of tables. Both readings of the last level must
 * come to the same sum: with another entry in an unchanged number of them, some frame would get the
 * room of its neighbour. */
static guint64
sum_leaves (const guint64       *pfns,
            const P2vIndexEntry *entries,
            guint                n)
{
  /* Source: the odd number nearest to 2^64 divided by the golden ratio (Knuth, TAOCP 3, 6.4). */
  const guint64 factor = 0x9e3779b97f4a7c15;
  guint64 sum = 0;

  for (guint i = 0; i < n; i++)
    sum += (pfns[i] * factor) ^ entries[i];
  return sum;
}

/* Where in ends[] the frames of @leaves are, NULL for those outside the image. Frames lie far from
 * each other, so the processor is told to fetch them all before the first is needed: with a place
 * for each it waits once for a table, not for every entry. */
static void
find_slots (P2vReverseMap  *map,
            const Leaves   *leaves,
            guint32       **slots)
{
  const P2vFrameRun *hint = NULL;
  guint64 ordinal;

  for (guint i = 0; i < leaves->n; i++)
    {
      slots[i] = NULL;
      if (!p2v_frame_set_get_ordinal (map->frames, leaves->pfns[i], &hint, &ordinal))
        continue;
      slots[i] = &map->ends[ordinal];
      __builtin_prefetch (slots[i], 1);
    }
}

/* Notes what is wrong with a table of the last level; FALSE if it is not there at all. */
static gboolean
note_leaves (Builder      *self,
             const Visit  *visit,
             const Leaves *leaves)
{
  P2vWalkReport *report = report_of (self, visit);

  if (leaves == NULL)
    p2v_walk_report_note_missing (report, visit->table_pa, self->form->n_levels - 1);
  else
    report->n_malformed_entries += leaves->n_malformed;
  if (leaves != NULL && self->map->aliases->len > 0)
    count_aliases (self, visit->entry, leaves->n);
  return leaves != NULL;
}

static gboolean
count_leaves (Builder       *self,
              const Visit   *visit,
              const Leaves  *leaves,
              GError       **error)
{
  guint32 *slots[MAX_LEAVES];

  if (!note_leaves (self, visit, leaves))
    return TRUE;
  self->leaves_sum += sum_leaves (leaves->pfns, leaves->entries, leaves->n);
  find_slots (self->map, leaves, slots);
  for (guint i = 0; i < leaves->n; i++)
    {
      if (slots[i] != NULL)
        {
          ++*slots[i];
          self->n_counted++;
        }
      else if (!add_extent (self, P2V_FRAME_SHIFT, leaves->pfns[i], leaves->entries[i], error))
        return FALSE;
    }
  return take_watched (self, visit, leaves, error);
}

/* As count_leaves(), where even the smallest pages have several frames: they are kept as large ones
 * are, and there is nothing to be placed. */
static gboolean
keep_large_leaves (Builder       *self,
                   const Visit   *visit,
                   const Leaves  *leaves,
                   GError       **error)
{
  if (!note_leaves (self, visit, leaves))
    return TRUE;
  for (guint i = 0; i < leaves->n; i++)
    if (!add_extent (self, self->level->shift, leaves->pfns[i], leaves->entries[i], error))
      return FALSE;
  self->n_large_leaves += leaves->n;
  return take_watched (self, visit, leaves, error);
}

/* Gives the watch what was found by detours from entries of the last level, or of @all. */
static void
watch_detours (Builder  *self,
               gboolean  all)
{
  gsize n;
  const P2vDetour *detours = p2v_detours_get (self->detours, &n);
  guint last_shift = self->form->levels[self->form->n_levels - 1].shift;

  for (gsize i = 0; i < n; i++)
    {
      guint64 offset = self->watched_pfn - detours[i].first_pfn;
      P2vIndexEntry entry = detours[i].entry + offset;
      if (offset < (guint64) 1 << (detours[i].page_shift - P2V_FRAME_SHIFT) &&
          (all || detours[i].page_shift == last_shift))
        p2v_watch_add (self->request->watch, &entry, 1);
    }
}

/* Searches all that was read before for a frame that has come to be watched just now. */
static gboolean
follow_watch (Builder  *self,
              GArray   *visits,
              guint     n_done,
              GError  **error)
{
  if (!p2v_watch_restart (self->request->watch, &self->watched_pfn))
    return TRUE;
  g_autoptr (GArray) large = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  for (guint i = 0; i < self->map->n_classes; i++)
    if (self->map->classes[i].page_shift != self->form->levels[self->form->n_levels - 1].shift)
      p2v_extent_classes_lookup (&self->map->classes[i], 1, self->watched_pfn, large);
  p2v_watch_add (self->request->watch, (const P2vIndexEntry *) (gpointer) large->data, large->len);
  if (self->n_last_detours > 0)
    watch_detours (self, FALSE);
  return scan_visits (self, visits, 0, n_done, take_watched, error);
}

/* Counts a page of the last level that was found by a detour, if it will be placed; keeps all
 * others. */
static gboolean
count_detour (Builder          *self,
              const P2vDetour  *detour,
              GError          **error)
{
  const P2vFrameRun *hint = NULL;
  guint64 ordinal;

  count_aliases (self, detour->entry, 1);
  if (detour->page_shift == P2V_FRAME_SHIFT)
    self->leaves_sum += sum_leaves (&detour->first_pfn, &detour->entry, 1);
  if (detour->page_shift != P2V_FRAME_SHIFT ||
      !p2v_frame_set_get_ordinal (self->map->frames, detour->first_pfn, &hint, &ordinal))
    return add_extent (self, (guint) detour->page_shift, detour->first_pfn, detour->entry, error);
  self->map->ends[ordinal]++;
  self->n_counted++;
  return TRUE;
}

/* After the first reading of the last level: looks up what the indirect entries stand for. */
static gboolean
follow_detours (Builder  *self,
                GError  **error)
{
  gsize n;

  if (!p2v_detours_look_up (self->detours, TRUE, self->cancellable, error))
    return FALSE;
  const P2vDetour *detours = p2v_detours_get (self->detours, &n);
  for (gsize i = 0; i < n; i++)
    if (!count_detour (self, &detours[i], error))
      return FALSE;
  for (guint i = 0; n > 0 && i < self->map->n_classes; i++)
    g_array_sort (self->map->classes[i].extents, compare_extents);
  self->last_detours = detours;
  self->n_last_detours = n;
  watch_detours (self, TRUE);
  return TRUE;
}

/* The first reading of the last level: how many entries each frame has. */
static gboolean
count (Builder  *self,
       GArray   *visits,
       GError  **error)
{
  LeavesFunc take = self->frames_per_leaf == 1 ? count_leaves : keep_large_leaves;

  begin_level (self, self->form->n_levels - 1);
  p2v_meter_begin (self->request->meter, self->request->counting, visits->len);
  for (guint i = 0; i < visits->len; i += BATCH_TABLES)
    {
      guint end = MIN (i + BATCH_TABLES, visits->len);
      if (!begin_batch (self, visits, i, error) || !follow_watch (self, visits, i, error))
        return FALSE;
      self->detour_mode = DETOURS_COLLECTED;
      if (!scan_visits (self, visits, i, end, take, error) ||
          !p2v_detours_look_up (self->detours, FALSE, self->cancellable, error))
        return FALSE;
      self->detour_mode = DETOURS_IGNORED;
      p2v_meter_set_done (self->request->meter, end);
      atomic_store_explicit (&self->request->meter->n_mappings,
                             self->n_counted + self->n_large_leaves, memory_order_relaxed);
    }
  return follow_detours (self, error) && follow_watch (self, visits, visits->len, error);
}

/* Turns counts into where each frame's entries begin, and makes room for them. */
static gboolean
allot (Builder  *self,
       GError  **error)
{
  P2vReverseMap *map = self->map;
  guint32 start = 0;

  map->n_entries = self->n_counted;
  map->entries = g_try_new (P2vIndexEntry, MAX (map->n_entries, 1));
  if (map->n_entries > G_MAXUINT32 || map->entries == NULL)
    {
      g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
                   _("No room for an index of %" PRIu64 " mappings (%" PRIu64 " MiB)"),
                   map->n_entries, map->n_entries * sizeof (P2vIndexEntry) >> 20);
      return FALSE;
    }
  p2v_use_large_pages (map->entries, map->n_entries * sizeof *map->entries);
  for (guint64 ordinal = 0; ordinal < map->frames->n_frames; ordinal++)
    {
      guint32 n = map->ends[ordinal];
      map->ends[ordinal] = start;
      start += n;
    }
  return TRUE;
}

static gboolean
set_changed_error (GError **error)
{
  g_set_error_literal (
    error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
    _("The image changed while it was read: the same page tables had other entries before; "
      "work on a copy that nothing writes to"));
  return FALSE;
}

/* While entries are placed, ends[] is where the next entry of each frame goes: once all are placed
 * it is where they end. */
static gboolean
place_leaves (Builder       *self,
              const Visit   *visit,
              const Leaves  *leaves,
              GError       **error)
{
  P2vReverseMap *map = self->map;
  guint32 *slots[MAX_LEAVES];

  if (leaves == NULL)
    return TRUE;
  self->leaves_sum -= sum_leaves (leaves->pfns, leaves->entries, leaves->n);
  find_slots (map, leaves, slots);
  for (guint i = 0; i < leaves->n; i++)
    if (slots[i] != NULL)
      __builtin_prefetch (&map->entries[*slots[i]], 1);
  for (guint i = 0; i < leaves->n; i++)
    {
      if (slots[i] == NULL)
        continue;
      if (*slots[i] >= map->n_entries)
        return set_changed_error (error);
      map->entries[(*slots[i])++] = leaves->entries[i];
      self->n_counted--;
    }
  return TRUE;
}

/* The second reading: in the order of spaces and addresses, so that each frame's entries come out
 * sorted. */
static gboolean
place (Builder  *self,
       GArray   *visits,
       GError  **error)
{
  begin_level (self, self->form->n_levels - 1);
  self->detour_mode = DETOURS_PLACED;
  p2v_meter_begin (self->request->meter, self->request->sorting, visits->len);
  g_array_sort (visits, compare_visits_by_entry);
  for (guint i = 0; i < visits->len; i += BATCH_TABLES)
    {
      guint end = MIN (i + BATCH_TABLES, visits->len);
      if (!begin_batch (self, visits, i, error) ||
          !scan_visits (self, visits, i, end, place_leaves, error))
        return FALSE;
      p2v_meter_set_done (self->request->meter, end);
    }
  return (self->n_counted == 0 && self->leaves_sum == 0) || set_changed_error (error);
}

static P2vReverseMap *
new_map (P2vImage  *image,
         GError   **error)
{
  g_autoptr (P2vReverseMap) map = g_new0 (P2vReverseMap, 1);
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);

  g_atomic_ref_count_init (&map->ref_count);
  map->frames = p2v_frame_set_new (ranges, n_ranges);
  map->tables = g_array_new (FALSE, FALSE, sizeof (P2vTableUse));
  map->aliases = g_array_new (FALSE, FALSE, sizeof (P2vAliasRun));
  map->ends = g_try_new0 (guint32, map->frames->n_frames);
  if (map->ends == NULL)
    {
      g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
                   _("No room for an index of %" PRIu64 " frames"), map->frames->n_frames);
      return NULL;
    }
  p2v_use_large_pages (map->ends, map->frames->n_frames * sizeof *map->ends);
  return g_steal_pointer (&map);
}

/* Seconds since *@us, which becomes now. */
static double
lap (gint64 *us)
{
  gint64 before_us = *us;

  *us = g_get_monotonic_time ();
  return (double) (*us - before_us) / G_USEC_PER_SEC;
}

static gboolean
build (Builder         *self,
       P2vBuildReport  *report,
       GError         **error)
{
  gint64 us = g_get_monotonic_time ();
  GArray *visits = plan (self, error);

  report->seconds_planning = lap (&us);
  if (visits == NULL || !count (self, visits, error))
    return FALSE;
  report->seconds_counting = lap (&us);
  if (!allot (self, error) || (self->frames_per_leaf == 1 && !place (self, visits, error)))
    return FALSE;
  for (guint i = 0; i < self->map->n_classes; i++)
    g_array_sort (self->map->classes[i].extents, compare_extents);
  report->seconds_sorting = lap (&us);
  return TRUE;
}

void
p2v_build_report_clear (P2vBuildReport *report)
{
  g_clear_pointer (&report->spaces, g_free);
}

P2vReverseMap *
p2v_builder_run (const P2vBuildRequest  *request,
                 P2vBuildReport         *ret_report,
                 GCancellable           *cancellable,
                 GError                **error)
{
  g_autoptr (P2vReverseMap) map = new_map (request->tables->image, error);
  g_autofree P2vWalkReport *spaces = g_new0 (P2vWalkReport, MAX (request->n_roots, 1));
  g_autofree guint64 *visits_left = g_new (guint64, MAX (request->n_roots, 1));
  g_autoptr (P2vDetours) detours = p2v_detours_new (request->tables, request->roots);
  g_autofree Builder *self = g_new0 (Builder, 1);

  if (map == NULL)
    return NULL;
  for (guint i = 0; i < request->n_roots; i++)
    visits_left[i] = p2v_paging_max_tables (request->tables->image);
  self->request = request;
  self->tables = request->tables;
  self->form = request->tables->form;
  self->frames_per_leaf
    = (guint64) 1 << (self->form->levels[self->form->n_levels - 1].shift - P2V_FRAME_SHIFT);
  self->cancellable = cancellable;
  self->map = map;
  self->spaces = spaces;
  self->visits_left = visits_left;
  self->n_visits_left = MAX_VISITS_PER_FRAME * p2v_paging_max_tables (request->tables->image);
  self->watched_pfn = G_MAXUINT64;
  self->detours = detours;

  gboolean ok = build (self, ret_report, error);
  for (guint i = 0; i < P2V_PAGING_MAX_LEVELS; i++)
    g_clear_pointer (&self->levels[i], g_array_unref);
  if (!ok)
    return NULL;
  ret_report->spaces = g_steal_pointer (&spaces);
  return g_steal_pointer (&map);
}
