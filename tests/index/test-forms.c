/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Every paging form on random tables: the index and the walk against a naive twin, which has the
 * manuals' figures in a table of its own. */

#include "p2v-test.h"

#include <string.h>

#include "index/p2v-builder.h"
#include "p2v-image-writers.h"

/* Tables stand 64 KiB apart, from the first: of each level some, the roots first. */
#define TABLE_STEP  0x10000
#define N_OF_LEVEL  4
#define N_TABLES    (5 * N_OF_LEVEL)
#define MEMORY      (N_TABLES * TABLE_STEP)
#define N_ROUNDS    6

typedef struct
{
  const char *id;
  guint       entry_bytes;
  guint       page_shift;
  guint       n_levels;
  guint       bits[5];
  const char *blocks;        /* by level, from the root: b where an entry may map a page */
  guint       low_bit;       /* of an address, as it stands in an entry */
  guint       high_bit;
  guint       moved_bit;     /* others, that belong up to bit 51 or 39 */
  guint       n_moved;
  const char *moved;         /* by level: t in entries of tables too, p of pages only */
} Twin;

/* Source: Intel SDM 3A, 4.3 to 4.5; Arm ARM DDI 0487, D8.2 and D8.3. */
static const Twin twins[] = {
  { "x86-32", 4, 12, 2, { 10, 10 }, "b ", 12, 31, 13, 8, "p " },
  { "x86-pae", 8, 12, 3, { 2, 9, 9 }, " b ", 12, 51, 0, 0, "   " },
  { "x86-64-4", 8, 12, 4, { 9, 9, 9, 9 }, " bb ", 12, 51, 0, 0, "    " },
  { "x86-64-5", 8, 12, 5, { 9, 9, 9, 9, 9 }, "  bb ", 12, 51, 0, 0, "     " },
  { "aarch64-4k-39", 8, 12, 3, { 9, 9, 9 }, "bb ", 12, 47, 0, 0, "   " },
  { "aarch64-4k-48", 8, 12, 4, { 9, 9, 9, 9 }, " bb ", 12, 47, 0, 0, "    " },
  { "aarch64-4k-joined", 8, 12, 4, { 9, 9, 9, 9 }, " bb ", 12, 47, 0, 0, "    " },
  { "aarch64-4k-52", 8, 12, 5, { 4, 9, 9, 9, 9 }, " bbb ", 12, 49, 8, 2, "ttttt" },
  { "aarch64-16k-36", 8, 14, 2, { 11, 11 }, "b ", 14, 47, 0, 0, "  " },
  { "aarch64-16k-47", 8, 14, 3, { 11, 11, 11 }, " b ", 14, 47, 0, 0, "   " },
  { "aarch64-16k-48", 8, 14, 4, { 1, 11, 11, 11 }, "  b ", 14, 47, 0, 0, "    " },
  { "aarch64-16k-52", 8, 14, 4, { 5, 11, 11, 11 }, " bb ", 14, 49, 8, 2, "tttt" },
  { "aarch64-64k-42", 8, 16, 2, { 13, 13 }, "b ", 16, 47, 12, 4, "tt" },
  { "aarch64-64k-48", 8, 16, 3, { 6, 13, 13 }, " b ", 16, 47, 12, 4, "ttt" },
  { "aarch64-64k-52", 8, 16, 3, { 10, 13, 13 }, "bb ", 16, 47, 12, 4, "ttt" },
};

typedef struct
{
  guint64 entry;             /* as the index has it: space and page number */
  guint64 pfn;
  guint64 shift;
} Page;

typedef struct
{
  const Twin *twin;
  guint8     *memory;
  GArray     *pages;         /* Page */
  guint       n_malformed;
  guint       n_missing;
  guint       space;
} Walker;

static gboolean
is_arm (const Twin *twin)
{
  return g_str_has_prefix (twin->id, "aarch64");
}

/* 't' a table, 'p' a page, '!' neither though it is present, ' ' nothing. */
static char
kind_of (const Twin *twin,
         guint       level,
         guint64     entry)
{
  gboolean is_last = level == twin->n_levels - 1;
  gboolean has_blocks = twin->blocks[level] == 'b';

  if (!(entry & 1))
    return ' ';
  if (is_arm (twin))
    {
      if (entry & 2)
        return is_last ? 'p' : 't';
      return has_blocks ? 'p' : '!';
    }
  if (is_last)
    return 'p';
  /* Bit 7; but PAE's root has none. */
  if (entry & 0x80 && !(level == 0 && strcmp (twin->id, "x86-pae") == 0))
    return has_blocks ? 'p' : '!';
  return 't';
}

static guint64
address_of (const Twin *twin,
            guint       level,
            guint64     entry,
            char        kind)
{
  guint64 address = 0;
  guint top = strcmp (twin->id, "x86-32") == 0 ? 39 : 51;
  char moved = twin->moved[level];

  for (guint bit = twin->low_bit; bit <= twin->high_bit; bit++)
    address |= entry & (guint64) 1 << bit;
  for (guint i = 0; i < twin->n_moved && (moved == 't' || moved == kind); i++)
    if (entry >> (twin->moved_bit + i) & 1)
      {
        address &= ~((guint64) 1 << (twin->moved_bit + i));
        address |= (guint64) 1 << (top + 1 - twin->n_moved + i);
      }
  return address;
}

static guint
shift_of (const Twin *twin,
          guint       level)
{
  guint shift = twin->page_shift;

  for (guint i = level + 1; i < twin->n_levels; i++)
    shift += twin->bits[i];
  return shift;
}

static void
walk_naively (Walker  *self,
              guint    level,
              guint64  table_pa,
              guint64  va)
{
  guint64 bytes = (guint64) self->twin->entry_bytes << self->twin->bits[level];

  if (table_pa + bytes > MEMORY)
    {
      self->n_missing++;
      return;
    }
  for (guint i = 0; i < 1u << self->twin->bits[level]; i++)
    {
      guint64 entry = 0;
      memcpy (&entry, self->memory + table_pa + i * self->twin->entry_bytes,
              self->twin->entry_bytes);
      entry = GUINT64_FROM_LE (entry);
      char kind = kind_of (self->twin, level, entry);
      guint64 address = address_of (self->twin, level, entry, kind);
      guint shift = shift_of (self->twin, level);
      guint64 entry_va = va + ((guint64) i << shift);
      Page page = { (guint64) self->space << 45 | entry_va >> 12, address >> shift << shift >> 12,
                    shift };
      if (kind == '!')
        self->n_malformed++;
      if (kind == 't')
        walk_naively (self, level + 1, address, entry_va);
      if (kind == 'p')
        g_array_append_val (self->pages, page);
    }
}

static guint64
random_entry (GRand      *random,
              const Twin *twin,
              guint       level)
{
  guint64 below = (level + 1) % twin->n_levels * N_OF_LEVEL
                  + (guint64) g_rand_int_range (random, 0, N_OF_LEVEL);
  guint64 flags = is_arm (twin) ? 0x443 : 0x067;
  guint64 far = (guint64) g_rand_int (random) << 20;

  switch (g_rand_int_range (random, 0, 10))
    {
    case 0:
      return far & ~(guint64) 1;                                  /* nothing */
    case 1:
      return (far & ~(guint64) 0xfff) | flags;                    /* outside the image */
    case 2:
      return (far & ~(guint64) 0xfff) | (is_arm (twin) ? 0x441 : 0x0e7);
    case 3:
      if (twin->n_moved > 0)
        return below * TABLE_STEP | flags | (guint64) 1 << twin->moved_bit;
      /* fall through */
    default:
      return below * TABLE_STEP | flags;
    }
}

static void
fill_randomly (GRand      *random,
               const Twin *twin,
               guint8     *memory)
{
  memset (memory, 0, MEMORY);
  for (guint table = 0; table < twin->n_levels * N_OF_LEVEL; table++)
    {
      guint level = table / N_OF_LEVEL;
      guint n = 1u << twin->bits[level];
      for (guint i = 0; i < MIN (n, 8); i++)
        {
          guint index = i == 0 ? n - 1 : (guint) g_rand_int_range (random, 0, (gint32) n);
          guint64 entry = GUINT64_TO_LE (random_entry (random, twin, level));
          memcpy (memory + table * TABLE_STEP + index * twin->entry_bytes, &entry,
                  twin->entry_bytes);
        }
    }
}

static int
compare_pages (gconstpointer a,
               gconstpointer b)
{
  const Page *x = a, *y = b;

  if (x->entry != y->entry)
    return x->entry < y->entry ? -1 : 1;
  return (x->pfn > y->pfn) - (x->pfn < y->pfn);
}

/* Lists a page with all addresses that the index means by @entry. */
static void
list_entry (P2vReverseMap *map,
            P2vIndexEntry  entry,
            guint64        pfn,
            guint64        shift,
            GArray        *pages)
{
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));

  g_array_append_val (entries, entry);
  p2v_aliases_expand (map->aliases, entries, G_MAXUINT);
  assert_int_equal (entries->len, p2v_aliases_get_n_ways (map->aliases, entry));
  for (guint i = 0; i < entries->len; i++)
    {
      Page page = { g_array_index (entries, P2vIndexEntry, i), pfn, shift };
      g_array_append_val (pages, page);
    }
}

static void
list_index (P2vReverseMap *map,
            GArray        *pages)
{
  for (gsize i = 0; i < map->frames->n_runs; i++)
    for (guint64 j = 0; j < map->frames->runs[i].n_frames; j++)
      {
        guint64 n, pfn = map->frames->runs[i].first_pfn + j;
        const P2vIndexEntry *entries = p2v_reverse_map_get_entries (map, pfn, &n);
        for (guint64 k = 0; k < n; k++)
          list_entry (map, entries[k], pfn, 12, pages);
      }
  for (guint i = 0; i < map->n_classes; i++)
    for (guint j = 0; j < map->classes[i].extents->len; j++)
      {
        const P2vExtent *extent = &g_array_index (map->classes[i].extents, P2vExtent, j);
        list_entry (map, extent->entry, extent->first_pfn, map->classes[i].page_shift, pages);
      }
  assert_int_equal (pages->len, p2v_reverse_map_get_n_mappings (map));
  g_array_sort (pages, compare_pages);
}

static gboolean
list_walked (const P2vWalkedPage *walked,
             gpointer             user_data)
{
  Walker *self = user_data;
  Page page = { p2v_index_entry (self->space, walked->va), walked->pa >> 12, walked->page_shift };

  g_array_append_val (self->pages, page);
  return TRUE;
}

static void
assert_same_pages (GArray *found,
                   GArray *expected)
{
  assert_int_equal (found->len, expected->len);
  for (guint i = 0; i < found->len; i++)
    {
      const Page *a = &g_array_index (found, Page, i), *b = &g_array_index (expected, Page, i);
      assert_int_equal (a->entry, b->entry);
      assert_int_equal (a->pfn, b->pfn);
      assert_int_equal (a->shift, b->shift);
    }
}

/* Walks every root and compares; the order must be that of addresses. */
static void
check_walks (const P2vBuildRequest *request,
             const P2vBuildReport  *report,
             const Walker          *twins_of_space)
{
  for (guint space = 0; space < request->n_roots; space++)
    {
      const Walker *twin = &twins_of_space[space];
      g_autoptr (GArray) pages = g_array_new (FALSE, FALSE, sizeof (Page));
      Walker walker = { .pages = pages, .space = space };
      P2vWalkReport walk = { 0 };

      assert_true (p2v_paging_walk (request->tables, &request->roots[space], list_walked, &walker,
                                    &walk, NULL, NULL));
      assert_same_pages (pages, twin->pages);
      assert_false (walk.too_many_tables);
      assert_int_equal (walk.n_malformed_entries, twin->n_malformed);
      assert_int_equal (walk.n_missing_tables, twin->n_missing);
      /* A table that is used over and over is looked at once, but counts each time. */
      assert_int_equal (report->spaces[space].n_malformed_entries, twin->n_malformed);
      assert_int_equal (report->spaces[space].n_missing_tables, twin->n_missing);
    }
}

/* Whether there were tables that are walked for a few of their uses only. */
static gboolean
check_round (P2vImage   *image,
             const Twin *twin,
             guint8     *memory)
{
  const P2vPagingForm *form = p2v_paging_form_find (twin->id);
  P2vPageTables tables = { .image = image,
                           .form = form,
                           .pa_mask = form->pa_mask,
                           .n_user_root_slots = 1u << twin->bits[0] };
  P2vPagingRoot roots[2];
  Walker walkers[2] = { 0 };
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (Page));
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (Page));
  g_autoptr (P2vWatch) watch = p2v_watch_new ();
  g_auto (P2vBuildReport) report = { 0 };
  P2vMeter meter = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (roots); i++)
    {
      roots[i] = p2v_page_tables_get_user_root (&tables, i * TABLE_STEP);
      walkers[i] = (Walker){ .twin = twin, .memory = memory, .space = i };
      walkers[i].pages = g_array_new (FALSE, FALSE, sizeof (Page));
      walk_naively (&walkers[i], 0, i * TABLE_STEP, 0);
      g_array_append_vals (all, walkers[i].pages->data, walkers[i].pages->len);
    }
  P2vBuildRequest request = { .tables = &tables, .roots = roots, .n_roots = G_N_ELEMENTS (roots),
                              .watch = watch, .meter = &meter };
  g_autoptr (P2vReverseMap) map = p2v_builder_run (&request, &report, NULL, NULL);
  assert_non_null (map);
  assert_true (p2v_reverse_map_validate (map));
  list_index (map, found);
  g_array_sort (all, compare_pages);
  assert_same_pages (found, all);
  check_walks (&request, &report, walkers);
  for (guint i = 0; i < G_N_ELEMENTS (walkers); i++)
    g_array_unref (walkers[i].pages);
  return map->aliases->len > 0;
}

static void
every_form_gives_what_its_naive_twin_finds (void **state)
{
  guint n_with_aliases = 0;
  g_autofree guint8 *memory = g_malloc (MEMORY);
  g_autofree char *path = p2v_test_path (state, "machine.lime");
  g_autoptr (GRand) random = g_rand_new_with_seed (4);

  assert_int_equal (G_N_ELEMENTS (twins), P2V_PAGING_N_FORMS);
  for (guint i = 0; i < G_N_ELEMENTS (twins) * N_ROUNDS; i++)
    {
      const Twin *twin = &twins[i / N_ROUNDS];
      P2vTestMemory run = { .pa = 0, .bytes = memory, .length = MEMORY };
      P2vTestMachine machine = { .memory = &run, .n_memory = 1 };

      print_message ("%s\n", twin->id);
      fill_randomly (random, twin, memory);
      assert_true (p2v_test_save (P2V_TEST_LIME, &machine, path));
      g_autoptr (P2vImage) image = p2v_image_open (path, NULL, NULL);
      assert_non_null (image);
      n_with_aliases += check_round (image, twin, memory);
    }
  assert_true (n_with_aliases > 10);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (every_form_gives_what_its_naive_twin_finds),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
