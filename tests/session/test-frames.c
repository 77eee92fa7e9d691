/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What frames of the tiny image are, by what its own kernel wrote beside it. Flags and counts of
 * every frame: tests/truth/test-tiny-frames.py. */

#include "p2v-test.h"

#include <stdlib.h>
#include <string.h>

#define FRAME ((gsize) 0x1000)

typedef struct
{
  P2vSession     *session;
  P2vFrameReader *reader;
} Fixture;

static char *
read_truth (const char *name)
{
  g_autofree char *path = g_build_filename (g_getenv ("P2V_TINY_TRUTH"), name, NULL);
  char *text = NULL;
  return g_file_get_contents (path, &text, NULL, NULL) ? text : NULL;
}

static P2vSession *
open_session (const char *path)
{
  GError *error = NULL;
  P2vSession *session = p2v_session_new ();

  assert_true (p2v_session_open (session, path, NULL, &error));
  assert_true (p2v_session_build_index (session, NULL, &error));
  assert_no_error (error);
  return session;
}

static int
setup (void **state)
{
  Fixture *self = g_new0 (Fixture, 1);

  *state = self;
  self->session = open_session (g_getenv ("P2V_TINY_IMAGE"));
  self->reader = p2v_frame_reader_new (self->session, NULL);
  return self->reader != NULL ? 0 : -1;
}

static int
teardown (void **state)
{
  Fixture *self = *state;

  p2v_frame_reader_free (self->reader);
  g_object_unref (self->session);
  g_free (self);
  return 0;
}

static P2vFrame
describe (void        **state,
          P2vPhysAddr   pa)
{
  Fixture *self = *state;
  GError *error = NULL;
  P2vFrame frame;

  assert_true (p2v_frame_reader_read (self->reader, pa, &frame, &error));
  assert_no_error (error);
  assert_int_equal (frame.pa, pa & ~(P2vPhysAddr) (FRAME - 1));
  assert_true (frame.detail[0] != '\0');
  return frame;
}

static void
every_kind_and_flag_has_a_word_of_its_own (void **state)
{
  g_autoptr (GHashTable) words = g_hash_table_new (g_str_hash, g_str_equal);
  P2vFrameKind kind;

  for (guint i = 0; i < P2V_FRAME_N_KINDS; i++)
    {
      const char *id = p2v_frame_kind_get_id ((P2vFrameKind) i);
      assert_true (g_hash_table_add (words, (gpointer) id));
      assert_true (p2v_frame_kind_from_id (id, &kind));
      assert_int_equal (kind, i);
      assert_true (p2v_frame_kind_get_title ((P2vFrameKind) i)[0] != '\0');
    }
  assert_false (p2v_frame_kind_from_id ("Slab", &kind));
  for (guint bit = 0; bit < 29; bit++)
    assert_non_null (p2v_frame_flags_get_name ((P2vFrameFlags) 1 << bit));
  assert_null (p2v_frame_flags_get_name ((P2vFrameFlags) 1 << 29));
  g_autofree char *text =
    p2v_frame_flags_dup_text (P2V_FRAME_FLAGS_MMAP | P2V_FRAME_FLAGS_DIRTY);
  assert_string_equal (text, "dirty,mmap");
}

static void
counts_disagree_only_if_both_are_known (void **state)
{
  P2vFrame frame = { .n_found = 2, .n_expected = 3 };

  assert_true (p2v_frame_is_disagreeing (&frame));
  frame.n_found = 3;
  assert_false (p2v_frame_is_disagreeing (&frame));
  frame.n_found = -1;
  assert_false (p2v_frame_is_disagreeing (&frame));
  frame = (P2vFrame) { .n_found = 3, .n_expected = -1 };
  assert_false (p2v_frame_is_disagreeing (&frame));
}

static void
assert_slab (void       **state,
             const char  *pa_text,
             const char  *cache)
{
  P2vPhysAddr pa = g_ascii_strtoull (pa_text, NULL, 16);

  if (pa == 0)
    return;
  P2vFrame frame = describe (state, pa);
  assert_int_equal (frame.kind, P2V_FRAME_KIND_SLAB);
  assert_string_equal (frame.name, cache);
}

/* rigtruth.tsv: task_pa, mm_pa and pgd_pa are columns 5, 7 and 10. */
static void
structures_of_every_thread_are_where_the_kernel_says (void **state)
{
  g_autofree char *text = read_truth ("rigtruth.tsv");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n_threads = 0;

  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) cells = g_strsplit (*line, "\t", -1);
      if (**line == '#' || g_strv_length (cells) < 11)
        continue;
      assert_slab (state, cells[5], "task_struct");
      assert_slab (state, cells[7], "mm_struct");
      P2vPhysAddr root_pa = g_ascii_strtoull (cells[10], NULL, 16);
      n_threads++;
      if (root_pa == 0)
        continue;
      assert_int_equal (describe (state, root_pa).kind, P2V_FRAME_KIND_PAGE_TABLE);
      /* This kernel gives each root a second frame, for page-table isolation. */
      assert_int_equal (describe (state, root_pa + FRAME).kind, P2V_FRAME_KIND_PAGE_TABLE);
    }
  assert_int_equal (n_threads, 72);
}

/* The outer resources that have no memory of the system. */
static void
resources_are_what_the_kernel_lists (void **state)
{
  static const struct
  {
    const char  *name;
    P2vFrameKind kind;
  } names[] = { { "Reserved", P2V_FRAME_KIND_FIRMWARE },
                { "Video ROM", P2V_FRAME_KIND_FIRMWARE },
                { "PCI Bus", P2V_FRAME_KIND_NOT_RAM } };
  g_autofree char *text = read_truth ("iomem.txt");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n_found = 0;

  for (char **line = lines; *line != NULL; line++)
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
      {
        char *end;
        P2vPhysAddr start = g_ascii_strtoull (*line, &end, 16);
        if (**line == ' ' || strstr (*line, names[i].name) == NULL || start % FRAME != 0)
          continue;
        assert_int_equal (describe (state, start).kind, names[i].kind);
        n_found++;
      }
  assert_true (n_found >= 5);
}

/* modules.txt: name, size, ... The frames of a module together have at least its size; the kernel
 * gives more to it than it says only in whole pages and for what it freed after starting. */
static void
modules_have_the_frames_that_they_take (void **state)
{
  g_autofree char *text = read_truth ("modules.txt");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GHashTable) sizes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint n_modules = 0;

  for (P2vPhysAddr pa = 0; pa < 0x4c00000; pa += FRAME)
    {
      P2vFrame frame = describe (state, pa);
      if (frame.kind == P2V_FRAME_KIND_MODULE)
        g_hash_table_replace (
          sizes, g_strdup (frame.name),
          GSIZE_TO_POINTER (GPOINTER_TO_SIZE (g_hash_table_lookup (sizes, frame.name)) + FRAME));
    }
  for (char **line = lines; *line != NULL && **line != '\0'; line++, n_modules++)
    {
      g_auto (GStrv) cells = g_strsplit (*line, " ", 3);
      gsize size = GPOINTER_TO_SIZE (g_hash_table_lookup (sizes, cells[0]));
      assert_int_equal (size, g_ascii_strtoull (cells[1], NULL, 10));
    }
  assert_int_equal (n_modules, 9);
}

/* Page 0 of the file is in the image's truth: pid 100 maps it at 0x400000. */
static void
cached_file_is_named_with_its_offset (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vSystem) system = p2v_session_dup_system (self->session);
  P2vProcess *process = p2v_system_find_pid (system, 100);
  P2vTrail trail;

  assert_true (p2v_session_get_trail (self->session, p2v_process_get_address_space (process),
                                      0x401000, &trail, NULL));
  P2vFrame frame = describe (state, trail.pa);
  assert_int_equal (frame.kind, P2V_FRAME_KIND_FILE);
  assert_string_equal (frame.name, "/bin/rigload");
  assert_true (frame.has_offset);
  assert_int_equal (frame.offset_bytes, 0x1000);
  assert_true (frame.n_found > 0);
  assert_int_equal (frame.n_found, frame.n_expected);
  assert_true (frame.flags & P2V_FRAME_FLAGS_MMAP);
}

static void
described_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  P2vFrame **frame = user_data;

  *frame = p2v_session_describe_frame_finish (P2V_SESSION (source), result, NULL);
}

static void
single_frame_is_described_in_a_thread (void **state)
{
  Fixture *self = *state;
  P2vFrame *frame = NULL;

  p2v_session_describe_frame_async (self->session, 0x1eea010, NULL, described_cb, &frame);
  while (frame == NULL)
    g_main_context_iteration (NULL, TRUE);
  assert_string_equal (frame->detail, "the page-table root of rl-cow (81)");
  assert_int_equal (p2v_process_get_pid (frame->process), 81);
  p2v_frame_free (frame);
}

static void
without_a_system_nothing_is_described (void **state)
{
  g_autoptr (P2vSession) session = p2v_session_new ();
  GError *error = NULL;

  assert_null (p2v_session_describe_frame (session, 0, &error));
  assert_error (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY, "");
  g_clear_error (&error);
}

/* A copy of the image in which every record of a frame is noise: @seed says which. */
static char *
write_noisy_copy (Fixture *self,
                  void    *folder,
                  guint32  seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  char *bytes = NULL;
  gsize length;
  P2vFrame frame;

  assert_true (g_file_get_contents (g_getenv ("P2V_TINY_IMAGE"), &bytes, &length, NULL));
  g_autofree char *owned = bytes;
  for (P2vPhysAddr pa = 0; pa < length; pa += FRAME)
    if (p2v_frame_reader_read (self->reader, pa, &frame, NULL) &&
        frame.kind == P2V_FRAME_KIND_FRAME_TABLE)
      for (gsize i = 0; i < FRAME; i++)
        bytes[pa + i] = (char) g_rand_int_range (random, 0, 256);
  return p2v_test_write_file (&folder, "noise.raw", bytes, length);
}

static void
records_of_noise_are_described_to_the_end (void **state)
{
  Fixture *self = *state;
  void *folder = NULL;

  assert_int_equal (p2v_test_setup_folder (&folder), 0);
  g_autofree char *path = write_noisy_copy (self, folder, 1);
  g_autoptr (P2vSession) session = open_session (path);
  g_autoptr (P2vFrameReader) reader = p2v_frame_reader_new (session, NULL);
  for (P2vPhysAddr pa = 0; pa < 0x4c00000; pa += FRAME)
    {
      GError *error = NULL;
      P2vFrame frame;
      assert_true (p2v_frame_reader_read (reader, pa, &frame, &error));
      assert_no_error (error);
      assert_true ((guint) frame.kind < P2V_FRAME_N_KINDS);
      assert_true (g_utf8_validate (frame.detail, -1, NULL));
    }
  assert_int_equal (p2v_test_teardown_folder (&folder), 0);
}

static void
every_mapping_that_the_kernel_counts_was_found (void **state)
{
  Fixture *self = *state;
  P2vCountCheck check;

  assert_true (p2v_session_check_counts (self->session, &check, NULL, NULL));
  assert_int_equal (check.n_compared, 2208);
  assert_int_equal (check.n_fewer, 0);
  assert_int_equal (check.n_more, 0);
  /* vvar and the page of zeros. */
  assert_int_equal (check.n_uncounted, 2);
}

/* Where the image has what the kernel has at @va of its array of records. */
static gsize
find_record (Fixture     *self,
             P2vVirtAddr  va)
{
  for (P2vPhysAddr pa = 0; pa < 0x4c00000; pa += FRAME)
    {
      P2vFrame frame;
      assert_true (p2v_frame_reader_read (self->reader, pa, &frame, NULL));
      if (frame.kind == P2V_FRAME_KIND_FRAME_TABLE && frame.va == va / FRAME * FRAME)
        return (gsize) pa + va % FRAME;
    }
  fail_msg ("no record");
  return 0;
}

/* Source: vmcoreinfo.txt: OFFSET(page._mapcount)=48. */
static void
add_to_mapcount (Fixture     *self,
                 char        *bytes,
                 P2vPhysAddr  pa,
                 gint         number)
{
  P2vFrame frame;

  assert_true (p2v_frame_reader_read (self->reader, pa, &frame, NULL));
  bytes[find_record (self, frame.record_va) + 48] += (char) number;
}

/* One more than there are, as if an address space were missing, of a frame that pid 88 maps three
 * times; and one less of a frame that pids 86 and 87 share (truth.tsv). */
static void
other_counts_of_the_kernel_are_told (void **state)
{
  Fixture *self = *state;
  void *folder = NULL;
  char *bytes = NULL;
  gsize length;
  P2vCountCheck check;

  assert_true (g_file_get_contents (g_getenv ("P2V_TINY_IMAGE"), &bytes, &length, NULL));
  g_autofree char *owned = bytes;
  add_to_mapcount (self, bytes, 0x4a3e000, 1);
  add_to_mapcount (self, bytes, 0x4aae000, -1);
  assert_int_equal (p2v_test_setup_folder (&folder), 0);
  g_autofree char *path = p2v_test_write_file (&folder, "counts.raw", bytes, length);
  g_autoptr (P2vSession) session = open_session (path);
  assert_true (p2v_session_check_counts (session, &check, NULL, NULL));
  assert_int_equal (check.n_fewer, 1);
  assert_int_equal (check.n_more, 1);
  assert_int_equal (check.first_differing_pa, 0x4a3e000);
  g_autoptr (P2vFrame) frame = p2v_session_describe_frame (session, 0x4a3e000, NULL);
  g_autofree char *text = p2v_frame_dup_count_text (frame);
  assert_string_equal (text, "3 found, but the system counts 4");
  assert_int_equal (p2v_test_teardown_folder (&folder), 0);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (every_kind_and_flag_has_a_word_of_its_own),
    cmocka_unit_test (counts_disagree_only_if_both_are_known),
    cmocka_unit_test (structures_of_every_thread_are_where_the_kernel_says),
    cmocka_unit_test (resources_are_what_the_kernel_lists),
    cmocka_unit_test (modules_have_the_frames_that_they_take),
    cmocka_unit_test (cached_file_is_named_with_its_offset),
    cmocka_unit_test (single_frame_is_described_in_a_thread),
    cmocka_unit_test (without_a_system_nothing_is_described),
    cmocka_unit_test (records_of_noise_are_described_to_the_end),
    cmocka_unit_test (every_mapping_that_the_kernel_counts_was_found),
    cmocka_unit_test (other_counts_of_the_kernel_are_told),
  };

  return cmocka_run_group_tests_name ("frames", tests, setup, teardown);
}
