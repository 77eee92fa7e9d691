/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The session on the real tiny image. The truth of every single page is judged elsewhere
 * (tests/truth); here it is that all ways of asking agree, and what a session promises while it
 * works. */

#include "p2v-test.h"

#include <string.h>
#include <unistd.h>

/* Facts of the image, from its truth files: processes 88 (one page at three addresses), 98 and
 * 99 (one address space), 96 (first thread dead), 89 (PROT_NONE). */
#define PID_TWICE     88
#define PID_PROTNONE  89
#define PID_MARKER    90
#define PID_DEAD      96
#define PID_CLONE_A   98
#define PID_CLONE_B   99
#define MARKER_VA     0x51000000
#define MARKER_PA     78807040  /* where "RIGMARK pid=90 va=51000000" stands in the flat image */

typedef struct
{
  P2vSession *session;
  P2vSystem  *system;
} Fixture;

static int
setup (void **state)
{
  g_autoptr (GError) error = NULL;
  Fixture *self = g_new0 (Fixture, 1);

  *state = self;
  self->session = p2v_session_new ();
  assert_true (p2v_session_open (self->session, g_getenv ("P2V_TINY_IMAGE"), NULL, &error));
  assert_no_error (error);
  assert_true (p2v_session_build_index (self->session, NULL, &error));
  assert_no_error (error);
  self->system = p2v_session_dup_system (self->session);
  return 0;
}

static int
teardown (void **state)
{
  Fixture *self = *state;

  g_object_unref (self->system);
  g_object_unref (self->session);
  g_free (self);
  return 0;
}

typedef struct
{
  Fixture   *fixture;
  P2vFilter *filter;
  guint64    n_pages;          /* that are in the image */
} Count;

/* Each page of the walk must be a row of the answer for its frame. */
static gboolean
find_row (const P2vMapping *mapping,
          gpointer          user_data)
{
  Count *count = user_data;
  g_autoptr (P2vAnswer) answer
      = p2v_session_lookup (count->fixture->session, mapping->pa + 0x10, count->filter);
  guint n_found = 0;

  for (guint64 i = 0; i < p2v_answer_get_n_rows (answer); i++)
    {
      P2vMapping row;
      p2v_answer_get_row (answer, i, &row);
      if (row.process != mapping->process || row.va != mapping->va + 0x10)
        continue;
      n_found++;
      assert_true (p2v_session_describe (count->fixture->session, &row, NULL));
      assert_int_equal (row.rights, mapping->rights);
      assert_int_equal (row.state, mapping->state);
      assert_int_equal (row.page_shift, mapping->page_shift);
      assert_int_equal (row.entry_pa, mapping->entry_pa);
      assert_int_equal (row.entry, mapping->entry);
      assert_ptr_equal (row.region, mapping->region);
      assert_int_equal (row.mapping_class, mapping->mapping_class);
    }
  assert_int_equal (n_found, 1);
  if (p2v_answer_get_file_offset (answer, NULL))
    count->n_pages += mapping->length_bytes >> 12;
  return TRUE;
}

/* Goes through all mappings that @kernel_rows leaves and through all frames. */
static void
check_rows_against_walk (Fixture       *self,
                         P2vKernelRows  kernel_rows,
                         guint64        least)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (P2vFilter) filter = p2v_filter_new ();
  Count count = { .fixture = self, .filter = filter };
  guint64 n_rows = 0;

  p2v_filter_set_kernel_rows (filter, kernel_rows);
  p2v_filter_set_every_address (filter, TRUE);
  assert_true (
      p2v_session_foreach_mapping (self->session, filter, FALSE, find_row, &count, NULL, &error));
  assert_no_error (error);
  g_autoptr (P2vImage) image = p2v_session_dup_image (self->session);
  for (P2vPhysAddr pa = 0; pa < p2v_image_get_memory_size (image); pa += 4096)
    {
      g_autoptr (P2vAnswer) answer = p2v_session_lookup (self->session, pa, filter);
      assert_true (p2v_answer_is_complete (answer));
      n_rows += p2v_answer_get_n_rows (answer);
    }
  assert_true (n_rows > least);
  assert_int_equal (n_rows, count.n_pages);
}

static void
every_walked_page_is_a_row_and_every_row_a_walked_page (void **state)
{
  check_rows_against_walk (*state, P2V_KERNEL_ROWS_NONE, 5000);
}

static void
the_kernels_pages_are_rows_as_well (void **state)
{
  check_rows_against_walk (*state, P2V_KERNEL_ROWS_NAMED, 10000);
  check_rows_against_walk (*state, P2V_KERNEL_ROWS_ALL, 30000);
}

static void
a_marker_gives_its_process_and_address (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (self->session, MARKER_PA + 5, NULL);
  g_autofree char *verdict = p2v_answer_dup_verdict (answer);
  P2vMapping row;

  assert_int_equal (p2v_answer_get_n_rows (answer), 1);
  p2v_answer_get_row (answer, 0, &row);
  assert_int_equal (p2v_process_get_pid (row.process), PID_MARKER);
  assert_int_equal (row.va, MARKER_VA + 5);
  assert_string_equal (p2v_process_get_name (row.process), "rl-marker");
  assert_string_equal (verdict, "1 owner · private");
}

static P2vAnswer *
lookup_virtual (Fixture     *self,
                gint64       pid,
                P2vVirtAddr  va)
{
  P2vProcess *process = p2v_system_find_pid (self->system, pid);
  P2vTrail trail;

  assert_non_null (process);
  assert_true (p2v_session_get_trail (self->session, p2v_process_get_address_space (process), va,
                                      &trail, NULL));
  assert_int_equal (trail.status, P2V_WALK_MAPPED);
  return p2v_session_lookup (self->session, trail.pa, NULL);
}

typedef struct
{
  P2vVirtAddr va;
  guint       n;
} SharedPage;

static gboolean
keep_if_shared_region (const P2vMapping *mapping,
                       gpointer          user_data)
{
  SharedPage *page = user_data;

  if (mapping->region == NULL || !mapping->region->shared)
    return TRUE;
  page->va = mapping->va;
  page->n++;
  return FALSE;
}

/* rl-twice maps the page at 0x4000 of a memfd at three addresses, with three sets of rights. */
static void
a_page_mapped_more_than_once_gives_all_addresses (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vFilter) filter = p2v_filter_new ();
  SharedPage page = { 0 };
  P2vMapping rows[3];

  p2v_filter_add_pid (filter, PID_TWICE);
  assert_true (p2v_session_foreach_mapping (self->session, filter, FALSE, keep_if_shared_region,
                                            &page, NULL, NULL));
  assert_int_equal (page.n, 1);
  g_autoptr (P2vAnswer) answer = lookup_virtual (self, PID_TWICE, page.va);
  g_autofree char *verdict = p2v_answer_dup_verdict (answer);
  assert_int_equal (p2v_answer_get_n_rows (answer), 3);
  assert_int_equal (p2v_answer_get_n_owners (answer), 1);
  assert_string_equal (verdict, "1 owner · private · mapped 3 times");
  for (guint i = 0; i < 3; i++)
    {
      p2v_answer_get_row (answer, i, &rows[i]);
      assert_true (p2v_session_describe (self->session, &rows[i], NULL));
      assert_string_equal (rows[i].region->name, "/memfd:rigtwice (deleted)");
      assert_int_equal (rows[i].region->file_offset + (rows[i].va - rows[i].region->start_va),
                        0x4000);
    }
  assert_int_equal (rows[0].va, 0x7fe716315000);
  assert_int_equal (rows[1].va, 0x7fe71631b000);
  assert_int_equal (rows[2].va, 0x7fe716323000);
  assert_int_equal (rows[0].rights, P2V_RIGHTS_READ | P2V_RIGHTS_EXECUTE | P2V_RIGHTS_USER);
  assert_int_equal (rows[1].rights, P2V_RIGHTS_READ | P2V_RIGHTS_USER);
  assert_int_equal (rows[2].rights, P2V_RIGHTS_READ | P2V_RIGHTS_WRITE | P2V_RIGHTS_USER);
}

static gboolean
keep_first (const P2vMapping *mapping,
            gpointer          user_data)
{
  *(P2vMapping *) user_data = *mapping;
  return FALSE;
}

static P2vMapping
first_mapping (Fixture *self,
               gint64   pid)
{
  g_autoptr (P2vFilter) filter = p2v_filter_new ();
  P2vMapping mapping = { 0 };

  p2v_filter_add_pid (filter, pid);
  assert_true (
      p2v_session_foreach_mapping (self->session, filter, FALSE, keep_first, &mapping, NULL, NULL));
  assert_non_null (mapping.process);
  return mapping;
}

static void
processes_on_one_address_space_are_both_named (void **state)
{
  Fixture *self = *state;
  P2vMapping mapping = first_mapping (self, PID_CLONE_A);
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (self->session, mapping.pa, NULL);
  guint n_a = 0, n_b = 0;

  for (guint64 i = 0; i < p2v_answer_get_n_rows (answer); i++)
    {
      P2vMapping row;
      p2v_answer_get_row (answer, i, &row);
      n_a += p2v_process_get_pid (row.process) == PID_CLONE_A && row.va == mapping.va;
      n_b += p2v_process_get_pid (row.process) == PID_CLONE_B && row.va == mapping.va;
    }
  assert_int_equal (n_a, 1);
  assert_int_equal (n_b, 1);
  assert_true (p2v_process_get_flags (mapping.process) & P2V_PROCESS_SHARES_SPACE);
}

static void
a_process_whose_first_thread_is_dead_keeps_its_mappings (void **state)
{
  Fixture *self = *state;
  P2vMapping mapping = first_mapping (self, PID_DEAD);

  assert_true (p2v_process_get_flags (mapping.process) & P2V_PROCESS_DEAD_LEADER);
  assert_string_equal (p2v_process_get_name (mapping.process), "rl-deadleader");
}

static gboolean
count_prot_none (const P2vMapping *mapping,
                 gpointer          user_data)
{
  if (mapping->state == P2V_STATE_PROT_NONE)
    {
      assert_int_equal (mapping->rights, P2V_RIGHTS_NONE);
      *(guint *) user_data += (guint) (mapping->length_bytes >> 12);
    }
  return TRUE;
}

static void
pages_without_access_are_answers_and_say_so (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vFilter) filter = p2v_filter_new ();
  guint n = 0;

  p2v_filter_add_pid (filter, PID_PROTNONE);
  assert_true (
      p2v_session_foreach_mapping (self->session, filter, TRUE, count_prot_none, &n, NULL, NULL));
  assert_true (n >= 3);
}

static void
an_address_outside_the_image_has_a_reason (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (self->session, 0xfd000000, NULL);

  assert_int_equal (p2v_answer_get_n_rows (answer), 0);
  assert_int_equal (p2v_answer_get_absence (answer), P2V_ABSENCE_NOT_IN_IMAGE);
  assert_false (p2v_answer_get_file_offset (answer, NULL));
}

/* From the image's files: the root of process 81 (rigtruth.tsv), a page of kernel code and one
 * of its data (iomem.txt), and a marker, which is somebody's. */
static void
a_frame_of_nobody_says_what_it_is (void **state)
{
  static const struct
  {
    P2vPhysAddr   pa;
    P2vFrameKind  kind;
    const char   *detail;
  } frames[] = {
    { 0x1eea000, P2V_FRAME_KIND_PAGE_TABLE, "the page-table root of rl-cow (81)" },
    { 0x1f548a8, P2V_FRAME_KIND_PAGE_TABLE,
      "a page table (pte) of rl-twice (88) for 0x7fe716200000" },
    { 0x1800000, P2V_FRAME_KIND_KERNEL_CODE, "code of the kernel's image" },
    { 0x2b00000, P2V_FRAME_KIND_KERNEL_DATA, "data of the kernel's image" },
    { 0xfd000000, P2V_FRAME_KIND_NOT_RAM, "not memory (PCI Bus 0000:00)" },
    { 0x100000000000, P2V_FRAME_KIND_NOT_IN_IMAGE, "not in the image" },
  };
  Fixture *self = *state;

  for (gsize i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (P2vFrame) frame =
        p2v_session_describe_frame (self->session, frames[i].pa, &error);

      assert_no_error (error);
      assert_int_equal (frame->pa, frames[i].pa & ~(guint64) 0xfff);
      assert_int_equal (frame->kind, frames[i].kind);
      assert_string_equal (frame->detail, frames[i].detail);
      assert_int_equal (frame->n_found, 0);
    }
}

static void
a_filter_that_leaves_nobody_is_the_reason (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vFilter) filter = p2v_filter_new ();

  p2v_filter_add_pid (filter, 1);
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (self->session, MARKER_PA, filter);
  assert_int_equal (p2v_answer_get_n_rows (answer), 0);
  assert_int_equal (p2v_answer_get_absence (answer), P2V_ABSENCE_FILTERED);
}

static void
the_index_covers_every_address_space (void **state)
{
  Fixture *self = *state;
  g_auto (GStrv) diagnostics = p2v_session_dup_diagnostics (self->session);
  P2vIndexStatistics statistics;

  assert_true (p2v_session_get_statistics (self->session, &statistics));
  assert_int_equal (statistics.n_spaces, 22);
  assert_int_equal (statistics.n_spaces_walked, 22);
  assert_int_equal (g_strv_length (diagnostics), 0);
}

static gboolean
sum_pages (const P2vMapping *mapping,
           gpointer          user_data)
{
  *(guint64 *) user_data += mapping->length_bytes;
  return TRUE;
}

static void
joined_runs_cover_the_same_bytes (void **state)
{
  Fixture *self = *state;
  guint64 joined = 0, single = 0;

  assert_true (
      p2v_session_foreach_mapping (self->session, NULL, TRUE, sum_pages, &joined, NULL, NULL));
  assert_true (
      p2v_session_foreach_mapping (self->session, NULL, FALSE, sum_pages, &single, NULL, NULL));
  assert_int_equal (joined, single);
}

typedef struct
{
  GMainLoop *loop;
  GError    *error;
  gboolean   ok;
} Ending;

static void
on_built (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  Ending *ending = user_data;

  ending->ok = p2v_session_build_index_finish (P2V_SESSION (source), result, &ending->error);
  g_main_loop_quit (ending->loop);
}

/* Answers may be asked at any time; each says whether it is complete, and none has a row that
 * the complete one has not. */
static void
answers_before_the_end_are_right_and_say_so (void **state)
{
  g_autoptr (P2vSession) session = p2v_session_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Ending ending = { .loop = loop };

  assert_null (p2v_session_lookup (session, MARKER_PA, NULL));
  assert_true (p2v_session_open (session, g_getenv ("P2V_TINY_IMAGE"), NULL, NULL));
  g_autoptr (P2vAnswer) early = p2v_session_lookup (session, MARKER_PA, NULL);
  assert_false (p2v_answer_is_complete (early));
  assert_int_equal (p2v_answer_get_absence (early), P2V_ABSENCE_NOT_YET);

  p2v_session_build_index_async (session, NULL, on_built, &ending);
  while (p2v_session_get_stage (session) < P2V_STAGE_INDEX)
    {
      g_autoptr (P2vAnswer) answer = p2v_session_lookup (session, MARKER_PA, NULL);
      assert_true (p2v_answer_get_n_rows (answer) <= 1);
      if (p2v_answer_get_n_rows (answer) == 0 && !p2v_answer_is_complete (answer))
        assert_int_equal (p2v_answer_get_absence (answer), P2V_ABSENCE_NOT_YET);
    }
  g_main_loop_run (loop);
  assert_no_error (ending.error);
  assert_true (ending.ok);
  g_autoptr (P2vAnswer) last = p2v_session_lookup (session, MARKER_PA, NULL);
  assert_true (p2v_answer_is_complete (last));
  assert_int_equal (p2v_answer_get_n_rows (last), 1);
}

static void
a_cancelled_build_leaves_a_session_that_can_go_on (void **state)
{
  g_autoptr (P2vSession) session = p2v_session_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  assert_true (p2v_session_open (session, g_getenv ("P2V_TINY_IMAGE"), NULL, NULL));
  g_cancellable_cancel (cancellable);
  assert_false (p2v_session_build_index (session, cancellable, &error));
  assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  assert_int_equal (p2v_session_get_stage (session), P2V_STAGE_IMAGE);
  assert_true (p2v_session_build_index (session, NULL, NULL));
}

static P2vSession *
open_with_cache (const char *folder)
{
  P2vSession *session = p2v_session_new ();

  p2v_session_set_cache (session, TRUE, folder);
  assert_true (p2v_session_open (session, g_getenv ("P2V_TINY_IMAGE"), NULL, NULL));
  assert_true (p2v_session_build_index (session, NULL, NULL));
  return session;
}

static void
assert_cached (P2vSession *session,
               gboolean    from_cache,
               const char *note)
{
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (session, MARKER_PA, NULL);
  g_auto (GStrv) diagnostics = p2v_session_dup_diagnostics (session);
  P2vIndexStatistics statistics;

  assert_true (p2v_session_get_statistics (session, &statistics));
  assert_int_equal (statistics.from_cache, from_cache);
  assert_int_equal (statistics.n_spaces_walked, 22);
  assert_int_equal (p2v_answer_get_n_rows (answer), 1);
  assert_int_equal (g_strv_length (diagnostics), note != NULL ? 1 : 0);
  if (note != NULL)
    assert_contains (diagnostics[0], note);
  g_object_unref (session);
}

/* The second time the index is the kept one; a damaged one is told and built anew, and kept
 * again. */
static void
an_index_is_kept_and_a_damaged_one_built_anew (void **state)
{
  void *folder_state;
  guint n_removed;

  p2v_test_setup_folder (&folder_state);
  g_autofree char *folder = p2v_test_path (&folder_state, "cache");
  assert_cached (open_with_cache (folder), FALSE, NULL);
  assert_cached (open_with_cache (folder), TRUE, NULL);

  g_autoptr (GPtrArray) items = p2v_cache_list (folder);
  assert_int_equal (items->len, 1);
  g_autofree char *path =
    g_build_filename (folder, ((P2vCacheItem *) items->pdata[0])->file_name, NULL);
  assert_int_equal (truncate (path, 5000), 0);
  assert_cached (open_with_cache (folder), FALSE, "built anew");
  assert_cached (open_with_cache (folder), TRUE, NULL);
  assert_int_equal (p2v_cache_clear (folder, &n_removed), 0);
  assert_int_equal (n_removed, 1);
  p2v_test_teardown_folder (&folder_state);
}

static void
a_cache_that_cannot_be_written_is_a_note (void **state)
{
  assert_cached (open_with_cache ("/dev/null/cache"), FALSE, "could not be kept");
}

static void
a_session_without_an_image_says_so (void **state)
{
  g_autoptr (P2vSession) session = p2v_session_new ();
  g_autoptr (GError) error = NULL;

  assert_false (p2v_session_build_index (session, NULL, &error));
  assert_error (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY, "");
}

static void
addresses_are_read_as_people_write_them (void **state)
{
  static const struct
  {
    const char *text;
    guint64     address;
  } good[] = { { "0x1000", 0x1000 },
               { "4096", 4096 },
               { "1000h", 0x1000 },
               { " 0X1f ", 0x1f },
               { "0x0000_766c_03c8", 0x766c03c8 },
               { "0xffffffffffffffff", G_MAXUINT64 },
               { "0", 0 } };
  static const char *const bad[]
      = { "", "0x", "1f00", "-1", "+1", "0x1 2", "h", "0x10000000000000000", "12g", "0x-1" };
  guint64 address;

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      assert_true (p2v_parse_address (good[i].text, &address, NULL));
      assert_int_equal (address, good[i].address);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      assert_false (p2v_parse_address (bad[i], &address, &error));
      assert_error (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_SYNTAX, bad[i]);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (every_walked_page_is_a_row_and_every_row_a_walked_page),
    cmocka_unit_test (the_kernels_pages_are_rows_as_well),
    cmocka_unit_test (a_marker_gives_its_process_and_address),
    cmocka_unit_test (a_page_mapped_more_than_once_gives_all_addresses),
    cmocka_unit_test (processes_on_one_address_space_are_both_named),
    cmocka_unit_test (a_process_whose_first_thread_is_dead_keeps_its_mappings),
    cmocka_unit_test (pages_without_access_are_answers_and_say_so),
    cmocka_unit_test (an_address_outside_the_image_has_a_reason),
    cmocka_unit_test (a_frame_of_nobody_says_what_it_is),
    cmocka_unit_test (a_filter_that_leaves_nobody_is_the_reason),
    cmocka_unit_test (the_index_covers_every_address_space),
    cmocka_unit_test (joined_runs_cover_the_same_bytes),
    cmocka_unit_test (answers_before_the_end_are_right_and_say_so),
    cmocka_unit_test (a_cancelled_build_leaves_a_session_that_can_go_on),
    cmocka_unit_test (an_index_is_kept_and_a_damaged_one_built_anew),
    cmocka_unit_test (a_cache_that_cannot_be_written_is_a_note),
    cmocka_unit_test (a_session_without_an_image_says_so),
    cmocka_unit_test (addresses_are_read_as_people_write_them),
  };

  return cmocka_run_group_tests (tests, setup, teardown);
}
