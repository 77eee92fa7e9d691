/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Every recipe, written in every container: the index, the walk and single translations must
 * find what the recipe states, all of it and nothing else. */

#include "p2v-test.h"

#include "index/p2v-builder.h"
#include "p2v-recipe.h"

/* How Linux writes PROT_NONE entries and Windows prototype, transition and page-table ones, told a
 * second time: see prot-none.recipe and detours.recipe. */
static P2vForeignKind
decode_foreign (gconstpointer         system_data,
                const P2vPagingLevel *level,
                guint64               entry,
                P2vPhysAddr          *ret_pa,
                P2vState             *ret_state)
{
  gboolean large = level->shift > 12;

  if (entry & 0x400)
    {
      *ret_state = P2V_STATE_PROTOTYPE;
      return P2V_FOREIGN_INDIRECT;
    }
  if (entry & 0x800)
    {
      *ret_pa = entry & 0x000fffffffffffff;
      *ret_state = P2V_STATE_TRANSITION;
      return large ? P2V_FOREIGN_TABLE : P2V_FOREIGN_PAGE;
    }
  if (!(entry & 0x100) || (large && !(entry & 0x80)))
    return P2V_FOREIGN_NONE;
  *ret_pa = ~entry & 0x000ffffffffff000;
  *ret_state = P2V_STATE_PROT_NONE;
  return P2V_FOREIGN_PAGE;
}

static gboolean
resolve (gconstpointer      system_data,
         P2vIndirectEntry  *entries,
         gsize              n_entries,
         GCancellable      *cancellable,
         GError           **error)
{
  const P2vRecipe *recipe = system_data;

  for (gsize i = 0; i < n_entries; i++)
    for (guint j = 0; j < recipe->detours->len; j++)
      {
        const P2vRecipeDetour *detour = &g_array_index (recipe->detours, P2vRecipeDetour, j);
        if (detour->value != entries[i].entry)
          continue;
        entries[i].is_in_ram = TRUE;
        entries[i].leaf.pa = detour->pa;
      }
  return TRUE;
}

typedef struct
{
  P2vRecipe      *recipe;
  P2vImage       *image;
  P2vPageTables   tables;
  P2vReverseMap  *map;
  P2vBuildReport  report;
} Fixture;

static void
open_fixture (Fixture    *self,
              P2vRecipe  *recipe,
              const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (P2vWatch) watch = p2v_watch_new ();
  P2vMeter meter = { 0 };

  self->recipe = recipe;
  self->image = p2v_image_open (path, NULL, &error);
  assert_no_error (error);
  /* Only x86-64 has roots whose no-execute bits do not count. */
  gboolean is_x86_64 = g_str_has_prefix (recipe->form->id, "x86-64");
  self->tables = (P2vPageTables) { .image = self->image,
                                   .form = recipe->form,
                                   .pa_mask = recipe->form->pa_mask,
                                   .n_user_root_slots = 256,
                                   .root_grants = is_x86_64 ? P2V_RIGHTS_EXECUTE : 0,
                                   .decode_foreign = decode_foreign,
                                   .resolve = resolve,
                                   .system_data = recipe };
  P2vBuildRequest request = { .tables = &self->tables,
                              .roots = (const P2vPagingRoot *) (gpointer) recipe->roots->data,
                              .n_roots = recipe->roots->len,
                              .watch = watch,
                              .meter = &meter };
  self->map = p2v_builder_run (&request, &self->report, NULL, &error);
  assert_no_error (error);
  assert_true (p2v_reverse_map_validate (self->map));
}

static void
close_fixture (Fixture *self)
{
  p2v_build_report_clear (&self->report);
  p2v_reverse_map_unref (self->map);
  g_object_unref (self->image);
}

static gboolean
index_has (P2vReverseMap *map,
           guint64        pfn,
           P2vIndexEntry  entry)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  guint64 n;
  const P2vIndexEntry *entries = p2v_reverse_map_get_entries (map, pfn, &n);

  if (n > 0)
    g_array_append_vals (all, entries, (guint) n);
  p2v_extent_classes_lookup (map->classes, map->n_classes, pfn, all);
  p2v_aliases_expand (map->aliases, all, G_MAXUINT);
  for (guint i = 0; i < all->len; i++)
    if (g_array_index (all, P2vIndexEntry, i) == entry)
      return TRUE;
  return FALSE;
}

/* The first, a middle and the last frame of each expected page lead to it; no other mapping is
 * there. */
static void
check_index (Fixture *self)
{
  GArray *pages = self->recipe->pages;

  assert_int_equal (p2v_reverse_map_get_n_mappings (self->map), pages->len);
  for (guint i = 0; i < pages->len; i++)
    {
      const P2vRecipePage *page = &g_array_index (pages, P2vRecipePage, i);
      guint64 size = (guint64) 1 << page->page_shift;
      const guint64 offsets[] = { 0, size / 2, size - 1 };

      for (gsize j = 0; j < G_N_ELEMENTS (offsets); j++)
        assert_true (index_has (self->map, (page->pa + offsets[j]) >> 12,
                                p2v_index_entry (page->space, page->va + offsets[j])));
    }
}

typedef struct
{
  Fixture *fixture;
  guint    space;
  guint    next;               /* the recipe's page that must come now */
} WalkCheck;

static gboolean
check_walked_page (const P2vWalkedPage *walked,
                   gpointer             user_data)
{
  WalkCheck *check = user_data;
  GArray *pages = check->fixture->recipe->pages;
  guint64 entry = 0;

  assert_true (check->next < pages->len);
  const P2vRecipePage *page = &g_array_index (pages, P2vRecipePage, check->next++);
  assert_int_equal (page->space, check->space);
  assert_int_equal (walked->va, page->va);
  assert_int_equal (walked->pa, page->pa);
  assert_int_equal (walked->page_shift, page->page_shift);
  assert_int_equal (walked->rights, page->rights);
  assert_int_equal (walked->state, page->state);
  assert_int_equal (
      p2v_image_read (check->fixture->image, walked->entry_pa, &entry,
                      check->fixture->recipe->form->entry_bytes, NULL),
      P2V_READ_OK);
  assert_int_equal (GUINT64_FROM_LE (entry), walked->entry);
  return TRUE;
}

static void
check_report (const P2vRecipe     *recipe,
              guint                space,
              const P2vWalkReport *report)
{
  const guint *expected
      = (const guint *) (gpointer) recipe->counters->data + space * P2V_RECIPE_N_COUNTERS;

  assert_int_equal (report->n_missing_tables, expected[P2V_RECIPE_MISSING]);
  assert_int_equal (report->n_looped_tables, expected[P2V_RECIPE_LOOPED]);
  assert_int_equal (report->n_malformed_entries, expected[P2V_RECIPE_MALFORMED]);
  assert_int_equal (report->root_missing, expected[P2V_RECIPE_ROOT_MISSING]);
  assert_int_equal (report->too_many_tables, expected[P2V_RECIPE_TOO_MANY]);
}

static void
check_walks (Fixture *self)
{
  WalkCheck check = { .fixture = self };

  for (check.space = 0; check.space < self->recipe->roots->len; check.space++)
    {
      g_autoptr (GError) error = NULL;
      P2vWalkReport report = { 0 };
      const P2vPagingRoot *root
          = &g_array_index (self->recipe->roots, P2vPagingRoot, check.space);

      assert_true (
          p2v_paging_walk (&self->tables, root, check_walked_page, &check, &report, NULL, &error));
      assert_no_error (error);
      check_report (self->recipe, check.space, &report);
      check_report (self->recipe, check.space, &self->report.spaces[check.space]);
    }
  assert_int_equal (check.next, self->recipe->pages->len);
}

/* How many entries lead to a page of that size. */
static guint
n_levels_to (const P2vPagingForm *form,
             guint                page_shift)
{
  guint n = 0;

  while (n < form->n_levels && form->levels[n].shift != page_shift)
    n++;
  return n + 1;
}

static void
check_translations (Fixture *self)
{
  for (guint i = 0; i < self->recipe->pages->len; i++)
    {
      const P2vRecipePage *page = &g_array_index (self->recipe->pages, P2vRecipePage, i);
      const P2vPagingRoot *root
          = &g_array_index (self->recipe->roots, P2vPagingRoot, page->space);
      P2vTrail trail;

      assert_true (
          p2v_paging_translate (&self->tables, root->root_pa, page->va + 0x123, &trail, NULL));
      assert_int_equal (trail.status, P2V_WALK_MAPPED);
      assert_int_equal (trail.pa, page->pa + 0x123);
      assert_int_equal (trail.page_shift, page->page_shift);
      assert_int_equal (trail.rights, page->rights);
      assert_int_equal (trail.state, page->state);
      assert_int_equal (trail.resolved, page->state == P2V_STATE_PROTOTYPE);
      assert_int_equal (trail.n_steps, n_levels_to (self->recipe->form, page->page_shift));
    }
}

/* Flat files, 32-bit ELF, crash dumps and VMware's files cannot hold every machine. */
static gboolean
container_can_hold (P2vTestContainer  container,
                    P2vRecipe        *recipe)
{
  for (guint i = 0; i < recipe->memory->len; i++)
    {
      const P2vTestMemory *memory = &g_array_index (recipe->memory, P2vTestMemory, i);
      if (container == P2V_TEST_ELF32 && memory->pa + memory->length > G_MAXUINT32)
        return FALSE;
      /* A flat file begins at 0 and has zeros where the others have holes. */
      if (container == P2V_TEST_RAW && (recipe->memory->len > 1 || memory->pa != 0))
        return FALSE;
      /* Crash dumps, VMware's files and kdumps have whole pages. */
      if (container >= P2V_TEST_DUMP32 && (memory->pa | memory->length) % P2V_FRAME_SIZE != 0)
        return FALSE;
      /* Their bitmaps would be large beyond. */
      if (container >= P2V_TEST_KDUMP && memory->pa + memory->length > (guint64) 1 << 36)
        return FALSE;
    }
  if (container == P2V_TEST_VMWARE && recipe->memory->len > 16)
    return FALSE;
  /* Nor does the format accept files that small. */
  return container != P2V_TEST_RAW
         || g_array_index (recipe->memory, P2vTestMemory, 0).length >= 65536;
}

static guint
check_recipe (void       **state,
              const char  *folder,
              const char  *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (P2vRecipe) recipe = p2v_recipe_load (path);
  guint n_containers = 0;

  assert_non_null (recipe);
  g_autofree guint64 *roots = g_new (guint64, recipe->roots->len);
  for (guint i = 0; i < recipe->roots->len; i++)
    roots[i] = g_array_index (recipe->roots, P2vPagingRoot, i).root_pa;
  P2vTestMachine machine = { .memory = (const P2vTestMemory *) (gpointer) recipe->memory->data,
                             .n_memory = recipe->memory->len,
                             .roots = roots,
                             .n_roots = recipe->roots->len };
  for (guint i = 0; i < P2V_TEST_N_CONTAINERS; i++)
    {
      Fixture fixture = { 0 };
      g_autofree char *image_path = p2v_test_path (state, p2v_test_container_name (i));

      if (!container_can_hold (i, recipe))
        continue;
      print_message ("%s in %s\n", name, p2v_test_container_name (i));
      assert_true (p2v_test_save (i, &machine, image_path));
      open_fixture (&fixture, recipe, image_path);
      check_index (&fixture);
      check_walks (&fixture);
      check_translations (&fixture);
      close_fixture (&fixture);
      n_containers++;
    }
  return n_containers;
}

static void
every_recipe_holds_in_every_container (void **state)
{
  g_autofree char *folder
      = g_build_filename (g_getenv ("P2V_TEST_SOURCE"), "tests", "recipes", NULL);
  g_autoptr (GDir) recipes = g_dir_open (folder, 0, NULL);
  guint n_recipes = 0;
  const char *name;

  assert_non_null (recipes);
  while ((name = g_dir_read_name (recipes)) != NULL)
    if (g_str_has_suffix (name, ".recipe"))
      {
        assert_true (check_recipe (state, folder, name) >= 4);
        n_recipes++;
      }
  assert_true (n_recipes >= 31);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (every_recipe_holds_in_every_container),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
