/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Any bytes as physical memory with page tables in it. The first byte chooses: bits 0 to 3 the
 * paging form, bit 4 a second address space (the kernel's, rooted in the second page, the first in
 * the first), bit 5 whether a system claims entries that the processor does not accept, bit 6
 * whether some of them are detours. The second byte is the frame watched.
 *
 * The walk of each space and the index of all must end and say the same. */

/* For memfd_create(). */
#define _GNU_SOURCE

#include "fuzz.h"

#include "image/p2v-image-private.h"
#include "index/p2v-builder.h"
#include "paging/p2v-paging.h"

#include <sys/mman.h>
#include <unistd.h>

/* A flat image has at least this. */
#define LEAST_BYTES ((size_t) 64 << 10)
#define HEADER_BYTES 2
#define MAX_ROOTS 2
/* Pages that are looked up one by one; all are compared by their sum. */
#define N_LOOKUPS 16
/* Floods of aliases that are compared one by one. */
#define MAX_ALIASES (1 << 16)

/* Page-table entries of Linux that are not present but keep their page have this bit. Source: Linux
 * arch/x86/include/asm/pgtable_types.h, _PAGE_PROTNONE. */
#define PROT_NONE_BIT ((guint64) 1 << 8)

/* Windows' prototype entries have this one. Source: _MMPTE_PROTOTYPE of Windows 7 to 11. */
#define DETOUR_BIT ((guint64) 1 << 10)

typedef struct
{
  guint64       pfn;
  P2vIndexEntry entry;
} Page;

/* What was found, by walking or in the index: how many pages, and a sum that is the same whatever
 * their order. */
typedef struct
{
  guint   space; /* being walked */
  guint64 n_pages;
  guint64 sum;
  Page    samples[N_LOOKUPS];
} Tally;

static P2vForeignKind
decode_foreign (gconstpointer         system_data,
                const P2vPagingLevel *level,
                guint64               entry,
                P2vPhysAddr          *ret_pa,
                P2vState             *ret_state)
{
  const P2vPageTables *tables = system_data;
  if (entry & DETOUR_BIT)
    {
      *ret_state = P2V_STATE_PROTOTYPE;
      return P2V_FOREIGN_INDIRECT;
    }
  if (!(entry & PROT_NONE_BIT) || (level->page_mask == 0))
    return P2V_FOREIGN_NONE;
  *ret_pa = ~entry & tables->pa_mask & ~(((guint64) 1 << level->shift) - 1);
  *ret_state = P2V_STATE_PROT_NONE;
  return P2V_FOREIGN_PAGE;
}

/* Half of the detours lead to a page, some of them outside the image. */
static gboolean
resolve (gconstpointer      system_data,
         P2vIndirectEntry  *entries,
         gsize              n_entries,
         GCancellable      *cancellable,
         GError           **error)
{
  for (gsize i = 0; i < n_entries; i++)
    {
      entries[i].is_in_ram = entries[i].entry & (DETOUR_BIT << 1);
      entries[i].leaf.pa = entries[i].entry >> 8 & G_MAXUINT32;
    }
  return TRUE;
}

static void
add_page (Tally        *tally,
          guint64       pfn,
          guint         page_shift,
          P2vIndexEntry entry)
{
  /* Source: odd constants of splitmix64 (Steele, Lea, Flood 2014): any that mix well would do. */
  guint64 mixed = (pfn ^ (entry + page_shift) * 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
  tally->sum += mixed ^ mixed >> 31;
  tally->samples[tally->n_pages % N_LOOKUPS] = (Page) { pfn, entry };
  tally->n_pages++;
}

static gboolean
take_walked (const P2vWalkedPage *page,
             gpointer             user_data)
{
  Tally *tally = user_data;
  g_assert_cmpuint (page->pa & (((guint64) 1 << page->page_shift) - 1), ==, 0);
  add_page (tally, page->pa >> P2V_FRAME_SHIFT, page->page_shift,
            p2v_index_entry (tally->space, page->va));
  return TRUE;
}

/* Adds a page at all addresses that the index means by @entry. */
static void
add_entry (P2vReverseMap *map,
           guint64        pfn,
           guint          page_shift,
           P2vIndexEntry  entry,
           Tally         *tally)
{
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  g_array_append_val (entries, entry);
  p2v_aliases_expand (map->aliases, entries, MAX_ALIASES);
  for (guint i = 0; i < entries->len; i++)
    add_page (tally, pfn, page_shift, g_array_index (entries, P2vIndexEntry, i));
}

static void
tally_index (P2vReverseMap *map,
             Tally         *tally)
{
  for (gsize i = 0; i < map->frames->n_runs; i++)
    for (guint64 j = 0; j < map->frames->runs[i].n_frames; j++)
      {
        guint64 pfn = map->frames->runs[i].first_pfn + j, n;
        const P2vIndexEntry *entries = p2v_reverse_map_get_entries (map, pfn, &n);
        for (guint64 k = 0; k < n; k++)
          add_entry (map, pfn, P2V_FRAME_SHIFT, entries[k], tally);
      }
  for (guint i = 0; i < map->n_classes; i++)
    for (guint j = 0; j < map->classes[i].extents->len; j++)
      {
        const P2vExtent *extent = &g_array_index (map->classes[i].extents, P2vExtent, j);
        add_entry (map, extent->first_pfn, map->classes[i].page_shift, extent->entry, tally);
      }
}

/* All entries of a frame, as an answer collects them. */
static GArray *
look_up (P2vReverseMap *map,
         guint64        pfn)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  guint64 n;
  const P2vIndexEntry *entries = p2v_reverse_map_get_entries (map, pfn, &n);
  if (n > 0)
    g_array_append_vals (found, entries, (guint) n);
  p2v_extent_classes_lookup (map->classes, map->n_classes, pfn, found);
  return found;
}

static void
check_lookups (P2vReverseMap *map,
               const Tally   *walked)
{
  for (guint64 i = 0; i < MIN (walked->n_pages, N_LOOKUPS); i++)
    {
      g_autoptr (GArray) found = look_up (map, walked->samples[i].pfn);
      p2v_aliases_expand (map->aliases, found, G_MAXUINT);
      gboolean is_there = FALSE;
      for (guint j = 0; j < found->len && !is_there; j++)
        is_there = g_array_index (found, P2vIndexEntry, j) == walked->samples[i].entry;
      g_assert_true (is_there);
    }
}

static void
check_watch (P2vReverseMap *map,
             P2vWatch      *watch,
             guint64        pfn)
{
  g_autoptr (GArray) watched = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  g_autoptr (GArray) found = look_up (map, pfn);
  p2v_watch_get (watch, pfn, watched);
  p2v_aliases_expand (map->aliases, found, MAX (MAX_ALIASES, found->len));
  if (found->len < MAX_ALIASES)
    g_assert_cmpuint (watched->len, ==, found->len);
}

/* Walks every space by itself; FALSE if that does not say the same as the index: if one has too
 * many tables to be walked whole, or if tables lead round, which a walk sees each time that it
 * comes by, and the builder not where it has folded them. */
static gboolean
walk_spaces (const P2vBuildRequest *request,
             P2vReverseMap         *map,
             const P2vBuildReport  *report,
             Tally                 *tally)
{
  gboolean has_aliases = map->aliases->len > 0;
  gboolean is_same = TRUE;
  for (guint i = 0; i < request->n_roots; i++)
    {
      P2vWalkReport walk = { 0 };
      const P2vWalkReport *built = &report->spaces[i];
      tally->space = i;
      g_assert_true (p2v_paging_walk (request->tables, &request->roots[i], take_walked, tally,
                                      &walk, NULL, NULL));
      g_assert_true (walk.root_missing == built->root_missing);
      is_same = is_same && !walk.too_many_tables && !built->too_many_tables;
      is_same = is_same && (!has_aliases || walk.n_looped_tables == 0);
      if (!is_same)
        continue;
      g_assert_cmpuint (walk.n_missing_tables, ==, built->n_missing_tables);
      g_assert_cmpuint (walk.n_looped_tables, ==, built->n_looped_tables);
      g_assert_cmpuint (walk.n_malformed_entries, ==, built->n_malformed_entries);
    }
  return is_same;
}

/* A process's and the kernel's half: of one root each, or of roots of their own. */
static void
fill_roots (P2vPageTables *tables,
            P2vPagingRoot  roots[MAX_ROOTS])
{
  const P2vPagingForm *form = tables->form;
  guint n_slots = 1u << form->levels[0].index_bits;
  tables->n_user_root_slots = form->has_two_roots ? n_slots : n_slots / 2;
  roots[0] = (P2vPagingRoot) { .end_slot = tables->n_user_root_slots };
  roots[1] = (P2vPagingRoot) {
    .root_pa = P2V_FRAME_SIZE,
    .base_va = form->has_upper_half ? -((guint64) 1 << form->va_bits) : 0,
    .first_slot = form->has_two_roots ? 0 : tables->n_user_root_slots,
    .end_slot = n_slots,
  };
}

static void
compare (P2vImage     *image,
         const guint8 *choice)
{
  P2vPagingRoot roots[MAX_ROOTS];
  P2vPageTables tables = {
    .image = image,
    .form = p2v_paging_forms[(choice[0] & 15) % P2V_PAGING_N_FORMS],
    .decode_foreign = choice[0] & 32 ? decode_foreign : NULL,
    .resolve = choice[0] & 64 ? resolve : NULL,
    .system_data = &tables,
  };
  tables.pa_mask = tables.form->pa_mask;
  fill_roots (&tables, roots);
  g_autoptr (P2vWatch) watch = p2v_watch_new ();
  P2vMeter meter = { 0 };
  P2vBuildReport report = { 0 };
  const P2vBuildRequest request = {
    .tables = &tables,
    .roots = roots,
    .n_roots = choice[0] & 16 ? 2 : 1,
    .watch = watch,
    .meter = &meter,
  };
  p2v_watch_set (watch, choice[1]);

  g_autoptr (GError) error = NULL;
  g_autoptr (P2vReverseMap) map = p2v_builder_run (&request, &report, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (p2v_reverse_map_validate (map));
  Tally walked = { 0 }, indexed = { 0 };
  tally_index (map, &indexed);
  if (map->n_folded < MAX_ALIASES)
    g_assert_cmpuint (indexed.n_pages, ==, p2v_reverse_map_get_n_mappings (map));
  check_watch (map, watch, choice[1]);
  if (walk_spaces (&request, map, &report, &walked) && map->n_folded < MAX_ALIASES)
    {
      g_assert_cmpuint (walked.n_pages, ==, indexed.n_pages);
      g_assert_cmpuint (walked.sum, ==, indexed.sum);
      check_lookups (map, &walked);
    }
  p2v_build_report_clear (&report);
}

/* Bytes that begin like a container are another target's. */
static gboolean
is_flat (P2vImage *image)
{
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);
  return ranges[0].start_pa == 0 && ranges[0].length_bytes == p2v_image_get_file_size (image);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  if (size < HEADER_BYTES)
    return 0;
  int fd = memfd_create ("fuzz-paging", MFD_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pwrite (fd, data + HEADER_BYTES, size - HEADER_BYTES, 0), ==,
                   (ssize_t) (size - HEADER_BYTES));
  g_assert_cmpint (ftruncate (fd, (off_t) MAX (size - HEADER_BYTES, LEAST_BYTES)), ==, 0);

  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autoptr (P2vImage) image = p2v_image_open (path, NULL, NULL);
  if (image != NULL && is_flat (image))
    compare (image, data);
  close (fd);
  return 0;
}
