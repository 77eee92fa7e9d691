/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The builder against a naive twin on random page tables, and what recipes cannot state: floods,
 * cancellation, the watch. */

#include "p2v-test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "index/p2v-builder.h"
#include "p2v-image-writers.h"

#define N_FRAMES 96
#define ENTRY    0x67           /* present, writable, user, accessed, dirty */

typedef struct
{
  guint64 frames[N_FRAMES][512];
} Memory;

typedef struct
{
  guint64 pfn;
  guint64 entry;
} Pair;

/* The naive twin: recursive, one page at a time, no checks, plain C. */
static void
walk_naively (const Memory *memory,
              guint64       table_pa,
              guint         level,
              guint64       va,
              guint         space,
              GArray       *pairs)
{
  guint n = level == 3 ? 256 : 512;

  if (table_pa / 4096 >= N_FRAMES)
    return;
  for (guint i = 0; i < n; i++)
    {
      guint64 entry = memory->frames[table_pa / 4096][i];
      guint64 entry_va = va + ((guint64) i << (12 + 9 * level));
      guint64 pa = entry & 0x000ffffffffff000;

      if (!(entry & 1))
        continue;
      if (level > 0 && !(entry & 0x80))
        walk_naively (memory, pa, level - 1, entry_va, space, pairs);
      else if (level < 3)
        for (guint64 page = 0; page < (guint64) 1 << (9 * level); page++)
          {
            Pair pair = { (pa >> 12 & ~(((guint64) 1 << (9 * level)) - 1)) + page,
                          ((guint64) space << 45) + (entry_va >> 12) + page };
            g_array_append_val (pairs, pair);
          }
    }
}

static int
compare_pairs (gconstpointer a,
               gconstpointer b)
{
  const Pair *x = a, *y = b;

  if (x->pfn != y->pfn)
    return x->pfn < y->pfn ? -1 : 1;
  return (x->entry > y->entry) - (x->entry < y->entry);
}

/* Frames by the level they are tables of, so that random tables have no loops, which the twin would
 * follow; the rest are data. Tables are shared freely. */
static guint64
random_frame_of_level (GRand *random,
                       guint  level)
{
  static const guint first[] = { 40, 20, 10, 4 };
  static const guint n[] = { 20, 20, 10, 6 };

  return first[level] + (guint64) g_rand_int_range (random, 0, (gint32) n[level]);
}

static guint64
random_entry (GRand *random,
              guint  level)
{
  guint kind = (guint) g_rand_int_range (random, 0, 16);

  if (kind == 0)
    return (guint64) g_rand_int (random) << 12;         /* not present */
  if (kind == 1)
    /* A table outside the image, or a page there. */
    return 0x100000000 + ((guint64) g_rand_int (random) << 12) + ENTRY;
  if (kind == 3 && level == 2 && g_rand_int_range (random, 0, 16) == 0)
    return 0x40000000 | ENTRY | 0x80;
  if (kind == 2 && level == 1)
    return ((guint64) g_rand_int_range (random, 0, 4) << 21) | ENTRY | 0x80;
  if (level > 0)
    return random_frame_of_level (random, level - 1) << 12 | ENTRY;
  return (guint64) g_rand_int_range (random, 0, N_FRAMES) << 12 | ENTRY;
}

static void
fill_randomly (GRand  *random,
               Memory *memory)
{
  memset (memory, 0, sizeof *memory);
  for (guint level = 0; level < 4; level++)
    for (guint i = 0; i < 80; i++)
      {
        guint64 frame = random_frame_of_level (random, level);
        guint slot = (guint) g_rand_int_range (random, 0, 512);
        if (g_rand_int_range (random, 0, 8) == 0)
          slot = slot % 2 ? 511 : 0;
        memory->frames[frame][slot] = random_entry (random, level);
      }
}

typedef struct
{
  P2vImage      *image;
  P2vPageTables  tables;
  P2vPagingRoot  roots[6];
  P2vMeter       meter;
} Machine;

static void
open_machine (Machine *self,
              Memory  *memory,
              void   **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = p2v_test_path (state, "machine.lime");
  P2vTestMemory run = { .pa = 0, .bytes = (const guint8 *) memory, .length = sizeof *memory };
  P2vTestMachine machine = { .memory = &run, .n_memory = 1 };

  assert_true (p2v_test_save (P2V_TEST_LIME, &machine, path));
  self->image = p2v_image_open (path, NULL, &error);
  assert_no_error (error);
  self->tables = (P2vPageTables) { .image = self->image,
                                   .form = &p2v_paging_form_x86_64_4,
                                   .pa_mask = p2v_paging_form_x86_64_4.pa_mask,
                                   .n_user_root_slots = 256 };
  for (guint i = 0; i < G_N_ELEMENTS (self->roots); i++)
    self->roots[i] = p2v_page_tables_get_user_root (&self->tables, (4 + i) << 12);
}

static P2vReverseMap *
build (Machine         *self,
       P2vWatch        *watch,
       P2vBuildReport  *report,
       GCancellable    *cancellable,
       GError         **error)
{
  P2vBuildRequest request = { .tables = &self->tables,
                              .roots = self->roots,
                              .n_roots = G_N_ELEMENTS (self->roots),
                              .watch = watch,
                              .meter = &self->meter };

  return p2v_builder_run (&request, report, cancellable, error);
}

static int
compare_entries (gconstpointer a,
                 gconstpointer b)
{
  P2vIndexEntry x = *(const P2vIndexEntry *) a, y = *(const P2vIndexEntry *) b;

  return (x > y) - (x < y);
}

/* All entries of each frame that a pair names must be just the pairs of that frame. */
static void
check_against_pairs (P2vReverseMap *map,
                     GArray        *pairs)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));

  for (guint i = 0; i < pairs->len;)
    {
      guint64 pfn = g_array_index (pairs, Pair, i).pfn, n;
      const P2vIndexEntry *entries = p2v_reverse_map_get_entries (map, pfn, &n);

      g_array_set_size (found, 0);
      p2v_extent_classes_lookup (map->classes, map->n_classes, pfn, found);
      g_array_append_vals (found, entries, (guint) n);
      p2v_aliases_expand (map->aliases, found, G_MAXUINT);
      g_array_sort (found, compare_entries);
      for (guint j = 0; j < found->len; j++, i++)
        {
          assert_true (i < pairs->len);
          assert_int_equal (g_array_index (pairs, Pair, i).pfn, pfn);
          assert_int_equal (g_array_index (pairs, Pair, i).entry,
                            g_array_index (found, P2vIndexEntry, j));
        }
      assert_true (found->len > 0);
      assert_true (i == pairs->len || g_array_index (pairs, Pair, i).pfn != pfn);
    }
}

static void
random_tables_give_what_the_naive_twin_finds (void **state)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (20261123);
  g_autofree Memory *memory = g_new (Memory, 1);
  guint64 n_pairs = 0;

  for (guint round = 0; round < 20; round++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (Pair));
      g_autoptr (P2vWatch) watch = p2v_watch_new ();
      P2vBuildReport report = { 0 };
      Machine machine = { 0 };

      fill_randomly (random, memory);
      open_machine (&machine, memory, state);
      for (guint space = 0; space < G_N_ELEMENTS (machine.roots); space++)
        walk_naively (memory, machine.roots[space].root_pa, 3, 0, space, pairs);
      g_array_sort (pairs, compare_pairs);
      g_autoptr (P2vReverseMap) map = build (&machine, watch, &report, NULL, &error);
      assert_no_error (error);
      assert_true (p2v_reverse_map_validate (map));
      check_against_pairs (map, pairs);
      n_pairs += pairs->len;
      p2v_build_report_clear (&report);
      g_object_unref (machine.image);
    }
  /* The tables must not have been empty by accident. */
  assert_true (n_pairs > 100000);
}

/* Each is that of the page behind the flood, and there is none twice. */
static void
check_flood (P2vReverseMap *map)
{
  const guint max = 100000;
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  guint64 n, n_ways = 0;
  const P2vIndexEntry *entries = p2v_reverse_map_get_entries (map, 0x23, &n);

  assert_int_equal (n, 1);
  for (guint64 i = 0; i < n; i++)
    n_ways += p2v_aliases_get_n_ways (map->aliases, entries[i]);
  assert_int_equal (n_ways, 256 * 512 * 512);
  g_array_append_vals (found, entries, (guint) n);
  p2v_aliases_expand (map->aliases, found, max);
  assert_int_equal (found->len, max);
  g_array_sort (found, compare_entries);
  for (guint i = 0; i < found->len; i++)
    {
      P2vIndexEntry entry = g_array_index (found, P2vIndexEntry, i);
      assert_int_equal (p2v_index_entry_space (entry), 0);
      assert_int_equal (entry % 512, 7);
      assert_true (entry < (guint64) 1 << 35);
      assert_true (i == 0 || entry != g_array_index (found, P2vIndexEntry, i - 1));
    }
}

/* 256 * 512 * 512 ways lead to one page table: a few of them are walked, and the others told. */
static void
a_flood_of_aliases_is_one_record (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree Memory *memory = g_new0 (Memory, 1);
  g_autoptr (P2vWatch) watch = p2v_watch_new ();
  P2vBuildReport report = { 0 };
  Machine machine = { 0 };

  for (guint i = 0; i < 512; i++)
    {
      memory->frames[4][i] = 0x20000 | ENTRY;
      memory->frames[0x20][i] = 0x21000 | ENTRY;
      memory->frames[0x21][i] = 0x22000 | ENTRY;
    }
  memory->frames[0x22][7] = 0x23000 | ENTRY;
  open_machine (&machine, memory, state);
  g_autoptr (P2vReverseMap) map = build (&machine, watch, &report, NULL, &error);
  assert_no_error (error);
  assert_true (p2v_reverse_map_validate (map));
  for (guint i = 0; i < G_N_ELEMENTS (machine.roots); i++)
    assert_true (p2v_walk_report_is_whole (&report.spaces[i]));
  assert_int_equal (p2v_reverse_map_get_n_mappings (map), 256 * 512 * 512);
  assert_true (map->aliases->len < 100);
  check_flood (map);
  p2v_build_report_clear (&report);
  g_object_unref (machine.image);
}

/* By how many ways a table leads to @pfn: the naive twin's own arithmetic, a table at a time. */
static guint64
count_naively (const Memory *memory,
               guint64       table,
               guint         level,
               guint64       pfn,
               guint64      *ways)
{
  guint n = level == 3 ? 256 : 512;

  if (ways[table] == G_MAXUINT64)
    {
      ways[table] = 0;
      for (guint i = 0; i < n; i++)
        {
          guint64 entry = memory->frames[table][i];
          if (entry != 0 && level > 0)
            ways[table] += count_naively (memory, entry >> 12, level - 1, pfn, ways);
          else if (entry >> 12 == pfn)
            ways[table]++;
        }
    }
  return ways[table];
}

/* Six processes use fifty tables wildly: there are more ways than could be walked. All are
 * counted. */
static void
a_maze_of_tables_is_counted (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (9);
  g_autofree Memory *memory = g_new0 (Memory, 1);
  g_autoptr (P2vWatch) watch = p2v_watch_new ();
  P2vBuildReport report = { 0 };
  Machine machine = { 0 };

  for (guint i = 4; i < 60; i++)
    for (guint j = 0; j < 512; j++)
      memory->frames[i][j] = (i < 40 ? random_frame_of_level (random, i < 10 ? 2 : i < 20 ? 1 : 0)
                                     : (guint64) g_rand_int_range (random, 60, N_FRAMES))
                               << 12 | ENTRY;
  open_machine (&machine, memory, state);
  g_autoptr (P2vReverseMap) map = build (&machine, watch, &report, NULL, &error);
  assert_no_error (error);
  assert_true (p2v_reverse_map_validate (map));
  for (guint i = 0; i < G_N_ELEMENTS (machine.roots); i++)
    assert_true (p2v_walk_report_is_whole (&report.spaces[i]));
  for (guint64 pfn = 60; pfn < N_FRAMES; pfn++)
    {
      guint64 ways[N_FRAMES], expected = 0, found = 0, n;
      memset (ways, 0xff, sizeof ways);
      for (guint i = 0; i < G_N_ELEMENTS (machine.roots); i++)
        expected += count_naively (memory, 4 + i, 3, pfn, ways);
      const P2vIndexEntry *entries = p2v_reverse_map_get_entries (map, pfn, &n);
      for (guint64 i = 0; i < n; i++)
        found += p2v_aliases_get_n_ways (map->aliases, entries[i]);
      assert_int_equal (found, expected);
      assert_true (expected > (guint64) 1 << 30);
    }
  p2v_build_report_clear (&report);
  g_object_unref (machine.image);
}

#define N_FLOODED_SPACES 6000

/* Thousands of spaces, each with 256 ways into one tree of tables: walked once, counted exactly,
 * with a record for each space at most, and in no more memory than a few thousand records take. */
static void
a_tree_that_thousands_share_is_walked_once (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree Memory *memory = g_new0 (Memory, 1);
  g_autofree P2vPagingRoot *roots = g_new (P2vPagingRoot, N_FLOODED_SPACES);
  g_autoptr (P2vWatch) watch = p2v_watch_new ();
  g_auto (P2vBuildReport) report = { 0 };
  Machine machine = { 0 };
  guint64 n;

  for (guint i = 0; i < 256; i++)
    memory->frames[4][i] = 0x20000 | ENTRY;
  memory->frames[5][9] = 0x20000 | ENTRY;
  for (guint i = 0; i < 512; i++)
    {
      memory->frames[0x20][i] = (i % 2 ? 0x21000 : 0x22000) | ENTRY;
      memory->frames[0x21][i] = 0x23000 | ENTRY;
      memory->frames[0x22][i] = 0x23000 | ENTRY;
      memory->frames[0x23][i] = 0x24000 | ENTRY;
    }
  open_machine (&machine, memory, state);
  for (guint i = 0; i < N_FLOODED_SPACES; i++)
    roots[i] = p2v_page_tables_get_user_root (&machine.tables, i % 3 == 2 ? 0x5000 : 0x4000);
  P2vBuildRequest request = { .tables = &machine.tables,
                              .roots = roots,
                              .n_roots = N_FLOODED_SPACES,
                              .n_user_spaces = N_FLOODED_SPACES,
                              .watch = watch,
                              .meter = &machine.meter };
  gint64 start_us = g_get_monotonic_time ();
  g_autoptr (P2vReverseMap) map = p2v_builder_run (&request, &report, NULL, &error);
  assert_no_error (error);
  /* It takes a fifth of a second; under sanitizers some more. */
  assert_true (g_get_monotonic_time () - start_us < 20 * G_USEC_PER_SEC);
  assert_true (p2v_reverse_map_validate (map));
  assert_int_equal (p2v_reverse_map_get_n_mappings (map),
                    (guint64) (4000 * 256 + 2000) * 512 * 512 * 512);
  p2v_reverse_map_get_entries (map, 0x24, &n);
  assert_int_equal (n, 512);
  /* A root that several have is read for each of them; all else is five tables. */
  assert_int_equal (map->tables->len, 2 + 4);
  assert_true (map->aliases->len <= N_FLOODED_SPACES + 16);
  assert_true (p2v_reverse_map_get_size (map) < 1 << 20);
  for (guint i = 0; i < N_FLOODED_SPACES; i++)
    assert_true (p2v_walk_report_is_whole (&report.spaces[i]));
  g_object_unref (machine.image);
}

/* One table at one address in each of 3,000 spaces is one record; of processes and of the kernel
 * there are two, for the kernel's are not the system's to count. */
static void
sharing_at_one_address_is_one_record (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree Memory *memory = g_new0 (Memory, 1);
  g_autofree P2vPagingRoot *roots = g_new (P2vPagingRoot, 3000);
  g_autoptr (P2vWatch) watch = p2v_watch_new ();
  g_auto (P2vBuildReport) report = { 0 };
  Machine machine = { 0 };
  guint64 n;

  memory->frames[4][1] = 0x20000 | ENTRY;
  memory->frames[0x20][2] = 0x21000 | ENTRY;
  memory->frames[0x21][3] = 0x22000 | ENTRY;
  memory->frames[0x22][4] = 0x24000 | ENTRY;
  open_machine (&machine, memory, state);
  for (guint i = 0; i < 3000; i++)
    roots[i] = p2v_page_tables_get_user_root (&machine.tables, 0x4000);
  P2vBuildRequest request = { .tables = &machine.tables,
                              .roots = roots,
                              .n_roots = 3000,
                              .n_user_spaces = 2990,
                              .watch = watch,
                              .meter = &machine.meter };
  g_autoptr (P2vReverseMap) map = p2v_builder_run (&request, &report, NULL, &error);
  assert_no_error (error);
  assert_true (p2v_reverse_map_validate (map));
  assert_int_equal (map->aliases->len, 2);
  const P2vIndexEntry *entries = p2v_reverse_map_get_entries (map, 0x24, &n);
  assert_int_equal (n, 2);
  assert_int_equal (p2v_index_entry_space (entries[0]), 0);
  assert_int_equal (p2v_index_entry_space (entries[1]), 2990);
  assert_int_equal (p2v_aliases_get_n_ways (map->aliases, entries[0]), 2990);
  assert_int_equal (p2v_aliases_get_n_ways (map->aliases, entries[1]), 10);
  g_object_unref (machine.image);
}

static void
a_cancelled_build_ends_with_that_error (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree Memory *memory = g_new0 (Memory, 1);
  g_autoptr (P2vWatch) watch = p2v_watch_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  P2vBuildReport report = { 0 };
  Machine machine = { 0 };

  open_machine (&machine, memory, state);
  g_cancellable_cancel (cancellable);
  assert_null (build (&machine, watch, &report, cancellable, &error));
  assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  g_object_unref (machine.image);
}

static gpointer
change_watch (gpointer user_data)
{
  P2vWatch *watch = user_data;

  for (guint i = 0; i < 2000; i++)
    p2v_watch_set (watch, 40 + i % 50);
  return NULL;
}

/* What the watch found of a frame, also when another was watched before, is what the index has. */
static void
the_watch_finds_what_the_index_has (void **state)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  g_autofree Memory *memory = g_new (Memory, 1);
  guint64 n_checked = 0;

  for (guint round = 0; round < 20; round++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (P2vWatch) watch = p2v_watch_new ();
      g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
      g_autoptr (GArray) extents = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
      P2vBuildReport report = { 0 };
      Machine machine = { 0 };
      guint64 n;

      fill_randomly (random, memory);
      open_machine (&machine, memory, state);
      p2v_watch_set (watch, 42 + round);
      GThread *thread = round % 2 ? g_thread_new ("watch", change_watch, watch) : NULL;
      g_autoptr (P2vReverseMap) map = build (&machine, watch, &report, NULL, &error);
      assert_no_error (error);
      if (thread != NULL)
        g_thread_join (thread);
      for (guint64 pfn = 40; pfn < 92; pfn++)
        {
          g_array_set_size (found, 0);
          g_array_set_size (extents, 0);
          p2v_watch_get (watch, pfn, found);
          const P2vIndexEntry *entries = p2v_reverse_map_get_entries (map, pfn, &n);
          p2v_extent_classes_lookup (map->classes, map->n_classes, pfn, extents);
          g_array_append_vals (extents, entries, (guint) n);
          p2v_aliases_expand (map->aliases, extents, G_MAXUINT);
          /* Only the frame that was searched for last has anything, and then all of it. */
          if (found->len > 0 || (thread == NULL && pfn == 42 + round))
            {
              assert_int_equal (found->len, extents->len);
              n_checked += found->len;
            }
        }
      p2v_build_report_clear (&report);
      g_object_unref (machine.image);
    }
  assert_true (n_checked > 100);
}

/* A file that is written to between the two readings: the one foreign entry is decoded first in
 * the reading that counts, and then a page changes its frame, so that the number stays the same. */
typedef struct
{
  const char *path;
  off_t       table_offset;
  gboolean    changed;
} Meddler;

static P2vForeignKind
meddle (gconstpointer         system_data,
        const P2vPagingLevel *level,
        guint64               entry,
        P2vPhysAddr          *ret_pa,
        P2vState             *ret_state)
{
  Meddler *self = (Meddler *) system_data;
  const guint64 entries[] = { GUINT64_TO_LE (0x42000 | ENTRY), GUINT64_TO_LE (0x42000 | ENTRY) };

  if (self->changed)
    return P2V_FOREIGN_NONE;
  int fd = open (self->path, O_WRONLY);
  assert_int_equal (pwrite (fd, entries, sizeof entries, self->table_offset), sizeof entries);
  close (fd);
  self->changed = TRUE;
  return P2V_FOREIGN_NONE;
}

static void
an_image_that_changes_meanwhile_is_an_error (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree Memory *memory = g_new0 (Memory, 1);
  g_autofree char *path = p2v_test_path (state, "machine.lime");
  g_autoptr (P2vWatch) watch = p2v_watch_new ();
  /* Behind the LiME header of 32 bytes. */
  Meddler meddler = { .path = path, .table_offset = 32 + 0x22000 };
  P2vBuildReport report = { 0 };
  Machine machine = { 0 };

  memory->frames[4][0] = 0x20000 | ENTRY;
  memory->frames[0x20][0] = 0x21000 | ENTRY;
  memory->frames[0x21][0] = 0x22000 | ENTRY;
  memory->frames[0x22][0] = 0x42000 | ENTRY;
  memory->frames[0x22][1] = 0x43000 | ENTRY;
  memory->frames[0x22][2] = 0x1000;     /* not present */
  open_machine (&machine, memory, state);
  machine.tables.decode_foreign = meddle;
  machine.tables.system_data = &meddler;
  assert_null (build (&machine, watch, &report, NULL, &error));
  assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT, "changed while it was read");
  assert_true (meddler.changed);
  g_object_unref (machine.image);
}

typedef struct
{
  guint       n;
  P2vVirtAddr va[4];
} WalkedPages;

static gboolean
note_page (const P2vWalkedPage *page,
           gpointer             user_data)
{
  WalkedPages *pages = user_data;

  assert_true (pages->n < G_N_ELEMENTS (pages->va));
  pages->va[pages->n++] = page->va;
  return TRUE;
}

static WalkedPages
walk_part (const Machine *machine,
           P2vVirtAddr    first_va,
           P2vVirtAddr    last_va)
{
  WalkedPages pages = { 0 };
  P2vWalkReport report = { 0 };

  assert_true (p2v_paging_walk_range (&machine->tables, &machine->roots[0], first_va, last_va,
                                      note_page, &pages, &report, NULL, NULL));
  return pages;
}

/* Slot 272 of a root begins at 0xffff880000000000; slots 271 and 273 are the kernel's. */
static void
entry_behind_user_space_may_be_the_process_s_own (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree Memory *memory = g_new0 (Memory, 1);
  g_autoptr (P2vWatch) watch = p2v_watch_new ();
  P2vBuildReport report = { 0 };
  Machine machine = { 0 };

  for (guint slot = 271; slot <= 273; slot++)
    memory->frames[4][slot] = (guint64) 0x10 << 12 | ENTRY;
  memory->frames[4][1] = (guint64) 0x10 << 12 | ENTRY;
  memory->frames[0x10][0] = (guint64) 0x20 << 12 | ENTRY;
  memory->frames[0x20][0] = (guint64) 0x21 << 12 | ENTRY;
  memory->frames[0x21][16] = (guint64) 0x30 << 12 | ENTRY;
  open_machine (&machine, memory, state);
  machine.tables.own_root_slot = 272;
  machine.roots[0] = p2v_page_tables_get_process_root (&machine.tables, 0x4000);

  WalkedPages all = walk_part (&machine, 0, G_MAXUINT64);
  assert_int_equal (all.n, 2);
  assert_true (all.va[0] == 0x8000010000 && all.va[1] == 0xffff880000010000);
  assert_int_equal (walk_part (&machine, 0, 0x7fffffffffff).n, 1);
  WalkedPages own = walk_part (&machine, 0xffff880000010000, 0xffff880000010fff);
  assert_int_equal (own.n, 1);
  assert_true (own.va[0] == 0xffff880000010000);

  g_autoptr (P2vReverseMap) map = build (&machine, watch, &report, NULL, &error);
  assert_no_error (error);
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  guint64 n;
  const P2vIndexEntry *entries = p2v_reverse_map_get_entries (map, 0x30, &n);
  g_array_append_vals (found, entries, (guint) n);
  p2v_aliases_expand (map->aliases, found, 16);
  g_array_sort (found, compare_entries);
  assert_int_equal (found->len, 2);
  for (guint i = 0; i < found->len; i++)
    assert_true (p2v_paging_root_extend_va (
                   &machine.roots[0],
                   p2v_index_entry_va (g_array_index (found, P2vIndexEntry, i))) == all.va[i]);
  p2v_build_report_clear (&report);
  g_object_unref (machine.image);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (random_tables_give_what_the_naive_twin_finds),
    p2v_test_in_folder (a_flood_of_aliases_is_one_record),
    p2v_test_in_folder (a_maze_of_tables_is_counted),
    p2v_test_in_folder (a_tree_that_thousands_share_is_walked_once),
    p2v_test_in_folder (sharing_at_one_address_is_one_record),
    p2v_test_in_folder (entry_behind_user_space_may_be_the_process_s_own),
    p2v_test_in_folder (a_cancelled_build_ends_with_that_error),
    p2v_test_in_folder (the_watch_finds_what_the_index_has),
    p2v_test_in_folder (an_image_that_changes_meanwhile_is_an_error),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
