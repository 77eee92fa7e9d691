/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Kept indices: what comes back is what was kept, and whatever does not hold is a reason and no
 * index. */

#include "p2v-test.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/p2v-checksum.h"
#include "index/p2v-store-blocks.h"
#include "index/p2v-store-private.h"
#include "p2v-recipe.h"

typedef struct
{
  void           *folder_state;        /* of p2v_test_setup_folder() */
  char           *image_path;
  char           *cache_folder;
  P2vRecipe      *recipe;
  P2vImage       *image;
  P2vPageTables   tables;
  P2vReverseMap  *map;
  P2vBuildReport  report;
  P2vStore       *store;
  P2vStoreSubject subject;
} Fixture;

static void
write_image (Fixture *self)
{
  P2vTestMachine machine
      = { .memory = (const P2vTestMemory *) (gpointer) self->recipe->memory->data,
          .n_memory = self->recipe->memory->len };

  assert_true (p2v_test_save (P2V_TEST_LIME, &machine, self->image_path));
}

static void
open_image (Fixture *self)
{
  g_clear_object (&self->image);
  self->image = p2v_image_open (self->image_path, NULL, NULL);
  assert_non_null (self->image);
  self->subject.image = self->image;
  self->tables.image = self->image;
}

static void
build (Fixture *self)
{
  g_autoptr (P2vWatch) watch = p2v_watch_new ();
  P2vMeter meter = { 0 };
  P2vBuildRequest request = { .tables = &self->tables,
                              .roots = self->subject.roots,
                              .n_roots = self->subject.n_roots,
                              .watch = watch,
                              .meter = &meter };

  self->map = p2v_builder_run (&request, &self->report, NULL, NULL);
  assert_non_null (self->map);
}

static int
setup (void **state)
{
  Fixture *self = g_new0 (Fixture, 1);
  g_autofree char *recipe =
    g_build_filename (g_getenv ("P2V_TEST_SOURCE"), "tests", "recipes", "shared.recipe", NULL);

  p2v_test_setup_folder (&self->folder_state);
  self->image_path = p2v_test_path (&self->folder_state, "machine.lime");
  self->cache_folder = p2v_test_path (&self->folder_state, "cache");
  self->recipe = p2v_recipe_load (recipe);
  assert_non_null (self->recipe);
  write_image (self);
  self->tables = (P2vPageTables) { .form = self->recipe->form,
                                   .pa_mask = self->recipe->form->pa_mask,
                                   .n_user_root_slots = 256 };
  self->subject
      = (P2vStoreSubject){ .roots = (const P2vPagingRoot *) (gpointer) self->recipe->roots->data,
                           .n_roots = self->recipe->roots->len,
                           .n_levels = self->recipe->form->n_levels,
                           .system_hint = 0x1234000 };
  open_image (self);
  build (self);
  self->store = p2v_store_new (self->cache_folder);
  *state = self;
  return 0;
}

static int
teardown (void **state)
{
  Fixture *self = *state;

  p2v_store_unref (self->store);
  p2v_build_report_clear (&self->report);
  p2v_reverse_map_unref (self->map);
  g_object_unref (self->image);
  p2v_recipe_free (self->recipe);
  g_free (self->cache_folder);
  g_free (self->image_path);
  p2v_test_teardown_folder (&self->folder_state);
  g_free (self);
  return 0;
}

static void
save (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  assert_true (
      p2v_store_save (self->store, &self->subject, self->map, &self->report, G_MAXUINT64, &error));
  assert_no_error (error);
}

/* The path of the only file. */
static char *
dup_store_path (Fixture *self)
{
  g_autoptr (GPtrArray) items = p2v_store_list (self->store);

  assert_int_equal (items->len, 1);
  return g_build_filename (self->cache_folder, ((P2vCacheItem *) items->pdata[0])->file_name, NULL);
}

static void
assert_not_loaded (Fixture    *self,
                   const char *reason_part)
{
  P2vBuildReport report = { 0 };
  g_autofree char *reason = NULL;

  assert_null (p2v_store_load (self->store, &self->subject, NULL, &report, &reason));
  assert_null (report.spaces);
  if (reason_part == NULL)
    assert_null (reason);
  else
    assert_contains (reason, reason_part);
}

static void
assert_maps_equal (const P2vReverseMap *a,
                   const P2vReverseMap *b)
{
  assert_int_equal (a->n_entries, b->n_entries);
  assert_int_equal (a->frames->n_frames, b->frames->n_frames);
  assert_memory_equal (a->ends, b->ends, a->frames->n_frames * sizeof *a->ends);
  assert_memory_equal (a->entries, b->entries, a->n_entries * sizeof *a->entries);
  assert_int_equal (a->tables->len, b->tables->len);
  assert_memory_equal (a->tables->data, b->tables->data, a->tables->len * sizeof (P2vTableUse));
  assert_int_equal (a->n_classes, b->n_classes);
}

static void
what_is_kept_comes_back_the_same (void **state)
{
  Fixture *self = *state;
  P2vBuildReport report = { 0 };
  g_autofree char *reason = NULL;

  save (self);
  g_autoptr (P2vReverseMap) map
    = p2v_store_load (self->store, &self->subject, NULL, &report, &reason);
  assert_non_null (map);
  assert_null (reason);
  assert_maps_equal (map, self->map);
  assert_memory_equal (report.spaces, self->report.spaces,
                       self->subject.n_roots * sizeof *report.spaces);
  p2v_build_report_clear (&report);
}

static void
without_a_file_there_is_no_index_and_no_reason (void **state)
{
  assert_not_loaded (*state, NULL);
}

static void
files_are_private_and_nothing_is_left_aside (void **state)
{
  Fixture *self = *state;
  struct stat status;

  save (self);
  save (self);
  g_autofree char *path = dup_store_path (self);
  assert_int_equal (stat (path, &status), 0);
  assert_int_equal (status.st_mode & 0777, 0600);
  assert_int_equal (stat (self->cache_folder, &status), 0);
  assert_int_equal (status.st_mode & 0777, 0700);
}

/* Bit by bit, through the whole file: nothing gets through. */
static void
any_flipped_bit_is_noticed (void **state)
{
  Fixture *self = *state;
  g_autofree char *bytes = NULL;
  gsize length;

  save (self);
  g_autofree char *path = dup_store_path (self);
  assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  for (gsize i = 0; i < length; i++)
    {
      int fd = open (path, O_RDWR);
      char flipped = (char) (bytes[i] ^ (1 << i % 8));
      assert_int_equal (pwrite (fd, &flipped, 1, (off_t) i), 1);
      /* The hint is only told to the search; that it is wrong the header's checksum knows. */
      assert_not_loaded (self, "");
      assert_int_equal (pwrite (fd, &bytes[i], 1, (off_t) i), 1);
      close (fd);
    }
}

static void
a_file_cut_anywhere_is_noticed (void **state)
{
  Fixture *self = *state;
  struct stat status;

  save (self);
  g_autofree char *path = dup_store_path (self);
  assert_int_equal (stat (path, &status), 0);
  for (off_t length = status.st_size - 1; length >= 0; length -= 1 + length / 64)
    {
      assert_int_equal (truncate (path, length), 0);
      assert_not_loaded (self, "damaged");
    }
}

static void
a_file_with_more_behind_it_is_refused (void **state)
{
  Fixture *self = *state;
  struct stat status;

  save (self);
  g_autofree char *path = dup_store_path (self);
  assert_int_equal (stat (path, &status), 0);
  assert_int_equal (truncate (path, status.st_size + 8), 0);
  assert_not_loaded (self, "damaged");
}

static void
a_changed_image_has_no_index (void **state)
{
  Fixture *self = *state;
  const struct timespec times[] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

  save (self);
  assert_int_equal (utimensat (AT_FDCWD, self->image_path, times, 0), 0);
  open_image (self);
  assert_not_loaded (self, "changed");
}

/* Same size, same time, same inode: the sample of the bytes tells. */
static void
an_image_changed_behind_our_back_has_no_index (void **state)
{
  Fixture *self = *state;
  struct stat status;

  save (self);
  assert_int_equal (stat (self->image_path, &status), 0);
  int fd = open (self->image_path, O_RDWR);
  /* An entry of the first root, which is at 0x1000, behind a LiME header of 32 bytes. */
  assert_int_equal (pwrite (fd, "x", 1, 32 + 8), 1);
  const struct timespec times[] = { status.st_atim, status.st_mtim };
  assert_int_equal (futimens (fd, times), 0);
  close (fd);
  open_image (self);
  assert_not_loaded (self, "changed");
}

static void
other_roots_have_no_index (void **state)
{
  Fixture *self = *state;
  P2vPagingRoot roots[] = { { .root_pa = 0x1000, .end_slot = 256 },
                            { .root_pa = 0x7000, .end_slot = 256 } };

  save (self);
  self->subject.roots = roots;
  assert_not_loaded (self, "changed");
}

static void
a_file_that_others_may_write_is_not_read (void **state)
{
  Fixture *self = *state;

  save (self);
  g_autofree char *path = dup_store_path (self);
  assert_int_equal (chmod (path, 0620), 0);
  assert_not_loaded (self, "others");
}

static void
a_link_in_place_of_the_file_is_not_followed (void **state)
{
  Fixture *self = *state;

  save (self);
  g_autofree char *path = dup_store_path (self);
  g_autofree char *elsewhere = g_strconcat (self->cache_folder, "/elsewhere", NULL);
  assert_int_equal (rename (path, elsewhere), 0);
  assert_int_equal (symlink (elsewhere, path), 0);
  assert_not_loaded (self, NULL);
}

/* Forges a file with sound checksums: what its numbers would do is checked all the same. */
static void
forge (const char *path,
       guint64     offset_in_body,
       guint64     value,
       gsize       width)
{
  g_autofree char *bytes = NULL;
  P2vStoreHeader header;
  gsize length;

  assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  memcpy (&header, bytes, sizeof header);
  char *body = bytes + sizeof header;
  memcpy (body + offset_in_body, &value, width);
  /* A small file: one block, and its checksum behind it. */
  gsize body_bytes = length - sizeof header - sizeof (guint64);
  assert_true (body_bytes < P2V_STORE_BLOCK_BYTES);
  guint64 sum = p2v_checksum_of (body, body_bytes);
  memcpy (body + body_bytes, &sum, sizeof sum);
  header.words[STORE_BODY_HASH] = p2v_checksum_of (&sum, sizeof sum);
  header.words[STORE_HEADER_HASH] =
    p2v_checksum_of (header.words, STORE_HEADER_HASH * sizeof header.words[0]);
  memcpy (bytes, &header, sizeof header);
  assert_true (g_file_set_contents_full (path, bytes, (gssize) length, G_FILE_SET_CONTENTS_NONE,
                                         0600, NULL));
}

/* One that was loaded of the frames @pfns only; NULL if it was not accepted. */
static P2vReverseMap *
load_excerpt (Fixture       *self,
              const guint64 *pfns,
              guint          n_pfns)
{
  g_autoptr (GArray) wanted = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_auto (P2vBuildReport) report = { 0 };
  g_autofree char *reason = NULL;

  g_array_append_vals (wanted, pfns, n_pfns);
  return p2v_store_load (self->store, &self->subject, wanted, &report, &reason);
}

/* Neither as a whole nor as an excerpt of the frame in question. */
static void
assert_refused (Fixture *self,
                guint64  pfn)
{
  g_autoptr (P2vReverseMap) map = load_excerpt (self, &pfn, 1);

  assert_null (map);
  assert_not_loaded (self, "damaged");
}

static void
forged_numbers_are_refused (void **state)
{
  Fixture *self = *state;
  P2vBuildReport report = { 0 };
  g_autofree char *reason = NULL;
  const P2vReverseMap *built = self->map;
  const P2vAliasRun *run = &g_array_index (built->aliases, P2vAliasRun, 0);

  save (self);
  g_autofree char *path = dup_store_path (self);
  guint64 tables = strlen (self->image_path) + self->subject.n_roots * sizeof (P2vWalkReport);
  guint64 aliases = tables + built->tables->len * sizeof (P2vTableUse);
  guint64 ends = aliases + built->aliases->len * sizeof (P2vAliasRun);
  guint64 entries = ends + built->frames->n_frames * sizeof (guint32);
  guint64 ordinal = 0;

  /* Of the frame that has the first entry. */
  while (built->ends[ordinal] == 0)
    ordinal++;
  guint64 pfn = built->frames->runs[0].first_pfn + ordinal;

  /* First that forging itself leaves a sound file: the same value again. */
  forge (path, entries, built->entries[0], 8);
  g_autoptr (P2vReverseMap) map
    = p2v_store_load (self->store, &self->subject, NULL, &report, &reason);
  assert_non_null (map);
  p2v_build_report_clear (&report);
  g_autoptr (P2vReverseMap) excerpt = load_excerpt (self, &pfn, 1);
  assert_non_null (excerpt);

  forge (path, entries, G_MAXUINT64, 8);
  assert_refused (self, pfn);
  forge (path, entries, built->entries[0], 8);
  forge (path, ends + ordinal * 4, G_MAXUINT32, 4);
  assert_refused (self, pfn);
  forge (path, ends + ordinal * 4, built->ends[ordinal], 4);
  forge (path, aliases + G_STRUCT_OFFSET (P2vAliasRun, n), 1 << 20, 8);
  forge (path, aliases + G_STRUCT_OFFSET (P2vAliasRun, step), (guint64) 1 << 45, 8);
  assert_refused (self, pfn);
  forge (path, aliases + G_STRUCT_OFFSET (P2vAliasRun, n), run->n, 8);
  forge (path, aliases + G_STRUCT_OFFSET (P2vAliasRun, alias), 5, 8);
  assert_refused (self, pfn);
  forge (path, aliases + G_STRUCT_OFFSET (P2vAliasRun, alias), run->alias, 8);
  forge (path, tables + G_STRUCT_OFFSET (P2vTableUse, level_number), 99, 8);
  assert_refused (self, pfn);
}

static void
an_excerpt_has_what_the_whole_has_of_its_frames (void **state)
{
  Fixture *self = *state;
  const guint64 wanted[] = { 0xa, 0xc, 0xffffff };
  guint64 n_expected, n;

  save (self);
  g_autoptr (P2vReverseMap) map = load_excerpt (self, wanted, G_N_ELEMENTS (wanted));
  assert_non_null (map);
  assert_int_equal (p2v_reverse_map_get_n_mappings (map),
                    p2v_reverse_map_get_n_mappings (self->map));
  assert_int_equal (p2v_reverse_map_get_size (map), p2v_reverse_map_get_size (self->map));
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      const P2vIndexEntry *expected
        = p2v_reverse_map_get_entries (self->map, wanted[i], &n_expected);
      const P2vIndexEntry *entries = p2v_reverse_map_get_entries (map, wanted[i], &n);
      assert_true (p2v_reverse_map_knows (map, wanted[i]));
      assert_int_equal (n, n_expected);
      assert_true (n == 0 || memcmp (entries, expected, n * sizeof *entries) == 0);
    }
  p2v_reverse_map_get_entries (map, 0xa, &n);
  assert_int_equal (n, 3);
  /* The frame that both processes have by one table is not in the excerpt. */
  assert_false (p2v_reverse_map_knows (map, 0xb));
  assert_true (p2v_reverse_map_knows (self->map, 0xb));
}

static void
a_folder_that_cannot_be_made_is_an_error_and_no_more (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vStore) store = p2v_store_new ("/dev/null/cache");
  g_autoptr (GError) error = NULL;
  P2vBuildReport report = { 0 };
  g_autofree char *reason = NULL;

  assert_false (
      p2v_store_save (store, &self->subject, self->map, &self->report, G_MAXUINT64, &error));
  assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY, "/dev/null/cache");
  assert_null (p2v_store_load (store, &self->subject, NULL, &report, &reason));
  assert_int_equal (p2v_store_get_hint (store, self->image), 0);
}

static void
the_hint_comes_back_without_loading (void **state)
{
  Fixture *self = *state;

  assert_int_equal (p2v_store_get_hint (self->store, self->image), 0);
  save (self);
  assert_int_equal (p2v_store_get_hint (self->store, self->image), 0x1234000);
}

static void
the_files_used_longest_ago_go_first (void **state)
{
  Fixture *self = *state;
  g_autofree char *old = g_build_filename (self->cache_folder, "0123" STORE_SUFFIX, NULL);
  g_autofree char *older = g_build_filename (self->cache_folder, "4567" STORE_SUFFIX, NULL);
  g_autofree char *foreign = g_build_filename (self->cache_folder, "notes.txt", NULL);
  const struct timespec old_times[] = { { .tv_sec = 2000 }, { .tv_sec = 2000 } };
  const struct timespec older_times[] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
  g_autoptr (GError) error = NULL;

  assert_int_equal (g_mkdir (self->cache_folder, 0700), 0);
  assert_true (g_file_set_contents (old, "0123456789", 10, NULL));
  assert_true (g_file_set_contents (older, "0123456789", 10, NULL));
  assert_true (g_file_set_contents (foreign, "mine", 4, NULL));
  assert_int_equal (utimensat (AT_FDCWD, old, old_times, 0), 0);
  assert_int_equal (utimensat (AT_FDCWD, older, older_times, 0), 0);
  save (self);
  g_autofree char *path = g_strdup (old);
  assert_true (g_file_test (older, G_FILE_TEST_EXISTS));

  g_autoptr (GPtrArray) items = p2v_store_list (self->store);
  guint64 size = ((P2vCacheItem *) items->pdata[0])->size_bytes;
  assert_int_equal (items->len, 3);
  assert_true (
      p2v_store_save (self->store, &self->subject, self->map, &self->report, size + 10, &error));
  assert_false (g_file_test (older, G_FILE_TEST_EXISTS));
  assert_true (g_file_test (old, G_FILE_TEST_EXISTS));
  assert_true (g_file_test (foreign, G_FILE_TEST_EXISTS));
  /* Too large alone, the one just written stays. */
  assert_true (p2v_store_save (self->store, &self->subject, self->map, &self->report, 1, &error));
  g_autoptr (GPtrArray) left = p2v_store_list (self->store);
  assert_int_equal (left->len, 1);
}

static void
clearing_removes_indices_and_nothing_else (void **state)
{
  Fixture *self = *state;
  g_autofree char *foreign = g_build_filename (self->cache_folder, "notes.txt", NULL);
  guint n_removed;

  save (self);
  assert_true (g_file_set_contents (foreign, "mine", 4, NULL));
  g_autoptr (GPtrArray) items = p2v_store_list (self->store);
  g_autofree char *real = g_canonicalize_filename (self->image_path, NULL);
  assert_string_equal (((P2vCacheItem *) items->pdata[0])->image_path, real);
  assert_int_equal (p2v_store_clear (self->store, &n_removed), 0);
  assert_int_equal (n_removed, 1);
  assert_true (g_file_test (foreign, G_FILE_TEST_EXISTS));
  assert_not_loaded (self, NULL);
}

static void
findings_come_back_for_the_same_image_only (void **state)
{
  Fixture *self = *state;
  g_autoptr (GBytes) findings = g_bytes_new_static ("found", 5);
  g_autoptr (GError) error = NULL;

  assert_null (p2v_store_load_findings (self->store, self->image));
  assert_true (p2v_store_save_findings (self->store, self->image, findings, &error));
  assert_no_error (error);
  g_autoptr (GBytes) loaded = p2v_store_load_findings (self->store, self->image);
  assert_non_null (loaded);
  assert_true (g_bytes_equal (loaded, findings));

  const struct timespec times[] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
  assert_int_equal (utimensat (AT_FDCWD, self->image_path, times, 0), 0);
  open_image (self);
  assert_null (p2v_store_load_findings (self->store, self->image));
}

static void
damaged_findings_are_not_read (void **state)
{
  Fixture *self = *state;
  g_autoptr (GBytes) findings = g_bytes_new_static ("found", 5);

  assert_true (p2v_store_save_findings (self->store, self->image, findings, NULL));
  g_autofree char *path = p2v_store_dup_path (self->store, self->image, STORE_FINDINGS_SUFFIX);
  char *contents;
  gsize length;
  assert_true (g_file_get_contents (path, &contents, &length, NULL));
  for (gsize i = 0; i < length; i++)
    {
      contents[i] ^= 1;
      assert_true (g_file_set_contents_full (path, contents, (gssize) length,
                                             G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      assert_null (p2v_store_load_findings (self->store, self->image));
      contents[i] ^= 1;
    }
  g_free (contents);
}

#define store_test(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    store_test (what_is_kept_comes_back_the_same),
    store_test (without_a_file_there_is_no_index_and_no_reason),
    store_test (files_are_private_and_nothing_is_left_aside),
    store_test (any_flipped_bit_is_noticed),
    store_test (a_file_cut_anywhere_is_noticed),
    store_test (a_file_with_more_behind_it_is_refused),
    store_test (a_changed_image_has_no_index),
    store_test (an_image_changed_behind_our_back_has_no_index),
    store_test (other_roots_have_no_index),
    store_test (a_file_that_others_may_write_is_not_read),
    store_test (a_link_in_place_of_the_file_is_not_followed),
    store_test (forged_numbers_are_refused),
    store_test (an_excerpt_has_what_the_whole_has_of_its_frames),
    store_test (a_folder_that_cannot_be_made_is_an_error_and_no_more),
    store_test (the_hint_comes_back_without_loading),
    store_test (the_files_used_longest_ago_go_first),
    store_test (clearing_removes_indices_and_nothing_else),
    store_test (findings_come_back_for_the_same_image_only),
    store_test (damaged_findings_are_not_read),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
