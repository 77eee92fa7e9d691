/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-ui-test.h"

#include "p2v-mapping-model.h"

/* What the kernel of the tiny image itself said about these pages, in /proc/PID/pagemap and
 * /proc/PID/maps; see truth.tsv and maps.tsv beside the image. */
#define SHARED_FILE_PA 0x4a4a123
#define TWICE_PA 0x4a3e010
#define CODE_PA 0x327010 /* the first page of code of the program that nearly all processes run */
#define DEAD_LEADER_PA 0x284b000
#define CLONE_PA 0x2860000
#define COMMA_NAME_PA 0x2876000
#define BINARY_NAME_PA 0x287a000

typedef struct
{
  P2vSession      *session;
  P2vMappingModel *model;
} Fixture;

static int
setup_group (void **state)
{
  return p2v_ui_test_setup_group (state, sizeof (Fixture));
}

static int
setup (void **state)
{
  ((Fixture *) *state)->model = p2v_mapping_model_new ();
  return 0;
}

static int
teardown (void **state)
{
  g_clear_object (&((Fixture *) *state)->model);
  return 0;
}

static void
show (Fixture *fixture,
      P2vPhysAddr pa)
{
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (fixture->session, pa, NULL);

  p2v_mapping_model_set_answer (fixture->model, fixture->session, answer);
}

static P2vMappingRow *
get_row (Fixture *fixture,
         guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (fixture->model), position);
}

static void
assert_row (Fixture *fixture,
            guint position,
            const char *name,
            const char *pid,
            const char *va)
{
  g_autoptr (P2vMappingRow) row = get_row (fixture, position);
  g_autofree char *row_name = p2v_mapping_row_dup_text (row, P2V_COLUMN_PROCESS);
  g_autofree char *row_pid = p2v_mapping_row_dup_text (row, P2V_COLUMN_PID);
  g_autofree char *row_va = p2v_mapping_row_dup_text (row, P2V_COLUMN_VIRTUAL);

  assert_string_equal (row_name, name);
  assert_string_equal (row_pid, pid);
  assert_string_equal (row_va, va);
}

static gboolean
has_all_rows (gpointer data)
{
  Fixture *fixture = data;

  return g_list_model_get_n_items (G_LIST_MODEL (fixture->model))
         == p2v_answer_get_n_rows (p2v_mapping_model_get_answer (fixture->model));
}

static void
assert_n_rows (Fixture *fixture,
               guint n_rows)
{
  p2v_ui_test_wait (has_all_rows, fixture);
  assert_int_equal (g_list_model_get_n_items (G_LIST_MODEL (fixture->model)), n_rows);
}

static gboolean
is_described (gpointer row)
{
  return p2v_mapping_row_is_described (row);
}

static void
page_of_a_shared_file_has_a_row_of_each_process (void **state)
{
  Fixture *fixture = *state;

  show (fixture, SHARED_FILE_PA);
  assert_n_rows (fixture, 2);
  assert_row (fixture, 0, "rl-shfile", "86", "0x7fbed4261123");
  assert_row (fixture, 1, "rl-shfile", "87", "0x7f1ad080c123");
}

static void
page_mapped_three_times_by_one_process_has_three_rows (void **state)
{
  Fixture *fixture = *state;

  show (fixture, TWICE_PA);
  assert_n_rows (fixture, 3);
  assert_row (fixture, 0, "rl-twice", "88", "0x7fe716315010");
  assert_row (fixture, 1, "rl-twice", "88", "0x7fe71631b010");
  assert_row (fixture, 2, "rl-twice", "88", "0x7fe716323010");
}

static void
process_whose_first_thread_is_dead_has_its_row (void **state)
{
  Fixture *fixture = *state;

  show (fixture, DEAD_LEADER_PA);
  assert_n_rows (fixture, 1);
  assert_row (fixture, 0, "rl-deadleader", "96", "0x7f23891af000");
}

static void
processes_with_one_address_space_are_both_named (void **state)
{
  Fixture *fixture = *state;

  show (fixture, CLONE_PA);
  assert_n_rows (fixture, 2);
  assert_row (fixture, 0, "rl-clonevm", "98", "0x7f9c7abc6000");
  assert_row (fixture, 1, "rig-clonevm-kid", "99", "0x7f9c7abc6000");
}

static void
odd_names_are_shown_as_text (void **state)
{
  Fixture *fixture = *state;

  show (fixture, COMMA_NAME_PA);
  assert_row (fixture, 0, "a b,c\"d'e;f", "100", "0x7fac17add000");
  show (fixture, BINARY_NAME_PA);
  assert_row (fixture, 0, "l\xc3\xa4nge\\xff\\\\x", "101", "0x7ffcca00f000");
}

static void
rows_exist_only_while_they_are_held (void **state)
{
  Fixture *fixture = *state;

  show (fixture, CODE_PA);
  assert_n_rows (fixture, 20);
  assert_int_equal (p2v_mapping_model_get_n_live_rows (fixture->model), 0);

  P2vMappingRow *row = get_row (fixture, 7);
  P2vMappingRow *same_row = get_row (fixture, 7);
  assert_ptr_equal (row, same_row);
  assert_int_equal (p2v_mapping_model_get_n_live_rows (fixture->model), 1);

  g_object_unref (same_row);
  g_object_unref (row);
  assert_int_equal (p2v_mapping_model_get_n_live_rows (fixture->model), 0);
}

static void
row_outlives_the_model_and_its_answer (void **state)
{
  Fixture *fixture = *state;

  show (fixture, SHARED_FILE_PA);
  g_autoptr (P2vMappingRow) row = get_row (fixture, 0);
  g_clear_object (&fixture->model);
  g_autofree char *name = p2v_mapping_row_dup_text (row, P2V_COLUMN_PROCESS);
  assert_string_equal (name, "rl-shfile");
}

static void
count_cb (guint *n_times)
{
  (*n_times)++;
}

static void
details_are_read_by_a_worker_and_announced (void **state)
{
  Fixture *fixture = *state;
  guint n_times = 0;

  show (fixture, SHARED_FILE_PA);
  g_autoptr (P2vMappingRow) row = get_row (fixture, 1);
  g_autofree char *before = p2v_mapping_row_dup_text (row, P2V_COLUMN_RIGHTS);
  assert_null (before);
  g_signal_connect_swapped (row, "notify::region", G_CALLBACK (count_cb), &n_times);
  p2v_mapping_model_request (fixture->model, row);
  p2v_ui_test_wait (is_described, row);

  g_autofree char *rights = p2v_mapping_row_dup_text (row, P2V_COLUMN_RIGHTS);
  g_autofree char *size = p2v_mapping_row_dup_text (row, P2V_COLUMN_SIZE);
  g_autofree char *state_text = p2v_mapping_row_dup_text (row, P2V_COLUMN_STATE);
  g_autofree char *region = p2v_mapping_row_dup_text (row, P2V_COLUMN_REGION);
  assert_int_equal (n_times, 1);
  assert_string_equal (size, "4K");
  assert_string_equal (state_text, "valid");
  assert_string_equal (region, "/data/shared.bin+0x12123");
  assert_contains (rights, "u");
  assert_null (p2v_mapping_row_get_warning (row));
}

static void
forgotten_request_is_not_read (void **state)
{
  Fixture *fixture = *state;

  show (fixture, SHARED_FILE_PA);
  g_autoptr (P2vMappingRow) forgotten = get_row (fixture, 0);
  g_autoptr (P2vMappingRow) wanted = get_row (fixture, 1);
  p2v_mapping_model_request (fixture->model, forgotten);
  p2v_mapping_model_request (fixture->model, wanted);
  p2v_mapping_model_forget (fixture->model, forgotten);
  p2v_ui_test_wait (is_described, wanted);
  assert_false (p2v_mapping_row_is_described (forgotten));
}

static void
requests_about_an_older_answer_are_not_read (void **state)
{
  Fixture *fixture = *state;

  show (fixture, SHARED_FILE_PA);
  g_autoptr (P2vMappingRow) old_row = get_row (fixture, 0);
  p2v_mapping_model_request (fixture->model, old_row);
  show (fixture, TWICE_PA);
  g_autoptr (P2vMappingRow) row = get_row (fixture, 0);
  p2v_mapping_model_request (fixture->model, row);
  p2v_ui_test_wait (is_described, row);
  assert_false (p2v_mapping_row_is_described (old_row));
}

static void
all_rows_of_a_screen_are_read (void **state)
{
  Fixture *fixture = *state;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_object_unref);

  show (fixture, CODE_PA);
  assert_n_rows (fixture, 20);
  for (guint i = 0; i < 20; i++)
    {
      g_ptr_array_add (rows, get_row (fixture, i));
      p2v_mapping_model_request (fixture->model, g_ptr_array_index (rows, i));
    }
  for (guint i = 0; i < rows->len; i++)
    {
      p2v_ui_test_wait (is_described, g_ptr_array_index (rows, i));
      g_autofree char *region
          = p2v_mapping_row_dup_text (g_ptr_array_index (rows, i), P2V_COLUMN_REGION);
      assert_string_equal (region, "/bin/rigload+0x1010");
    }
}

static void
rows_can_be_sorted_without_making_them (void **state)
{
  Fixture *fixture = *state;

  show (fixture, CODE_PA);
  assert_n_rows (fixture, 20);
  assert_row (fixture, 0, "rigload", "79", "0x000000401010");
  p2v_mapping_model_set_sort (fixture->model, P2V_COLUMN_PID, TRUE);
  assert_int_equal (p2v_mapping_model_get_n_live_rows (fixture->model), 0);
  assert_n_rows (fixture, 20);
  assert_row (fixture, 0, "rl-huge", "104", "0x000000401010");
  assert_row (fixture, 19, "rigload", "79", "0x000000401010");
  p2v_mapping_model_set_sort (fixture->model, P2V_COLUMN_PROCESS, FALSE);
  assert_row (fixture, 0, "a b,c\"d'e;f", "100", "0x000000401010");

  show (fixture, SHARED_FILE_PA);
  p2v_mapping_model_set_sort (fixture->model, P2V_COLUMN_VIRTUAL, FALSE);
  assert_row (fixture, 0, "rl-shfile", "87", "0x7f1ad080c123");
  p2v_mapping_model_set_sort (fixture->model, P2V_N_COLUMNS, FALSE);
  assert_row (fixture, 0, "rl-shfile", "86", "0x7fbed4261123");
}

static void
rows_of_the_same_page_stay_and_move_with_the_cursor (void **state)
{
  Fixture *fixture = *state;
  guint n_times = 0;

  show (fixture, SHARED_FILE_PA);
  g_autoptr (P2vMappingRow) row = get_row (fixture, 1);
  g_signal_connect_swapped (fixture->model, "items-changed", G_CALLBACK (count_cb), &n_times);
  show (fixture, SHARED_FILE_PA);
  show (fixture, SHARED_FILE_PA + 1);
  g_autoptr (P2vMappingRow) row_after = get_row (fixture, 1);
  assert_int_equal (n_times, 0);
  assert_ptr_equal (row, row_after);
  assert_row (fixture, 1, "rl-shfile", "87", "0x7f1ad080c124");
  p2v_ui_test_wait (is_described, row);
  g_autofree char *region = p2v_mapping_row_dup_text (row, P2V_COLUMN_REGION);
  assert_string_equal (region, "/data/shared.bin+0x12124");

  show (fixture, SHARED_FILE_PA + P2V_FRAME_SIZE);
  assert_int_equal (n_times, 1);
}

static void
same_page_is_found_again_after_the_cursor_has_moved_in_it (void **state)
{
  Fixture *fixture = *state;
  guint position = 0;

  show (fixture, SHARED_FILE_PA);
  g_autoptr (P2vMappingRow) row = get_row (fixture, 1);
  show (fixture, SHARED_FILE_PA + 1);
  assert_true (
      p2v_mapping_model_find (fixture->model, p2v_mapping_row_get_mapping (row), &position));
  assert_int_equal (position, 1);
  show (fixture, TWICE_PA);
  assert_false (
      p2v_mapping_model_find (fixture->model, p2v_mapping_row_get_mapping (row), &position));
}

static void
no_answer_has_no_rows (void **state)
{
  Fixture *fixture = *state;

  show (fixture, SHARED_FILE_PA);
  p2v_mapping_model_set_answer (fixture->model, NULL, NULL);
  assert_int_equal (g_list_model_get_n_items (G_LIST_MODEL (fixture->model)), 0);
  assert_null (g_list_model_get_item (G_LIST_MODEL (fixture->model), 0));
}

#define test(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    test (page_of_a_shared_file_has_a_row_of_each_process),
    test (page_mapped_three_times_by_one_process_has_three_rows),
    test (process_whose_first_thread_is_dead_has_its_row),
    test (processes_with_one_address_space_are_both_named),
    test (odd_names_are_shown_as_text),
    test (rows_exist_only_while_they_are_held),
    test (row_outlives_the_model_and_its_answer),
    test (details_are_read_by_a_worker_and_announced),
    test (forgotten_request_is_not_read),
    test (requests_about_an_older_answer_are_not_read),
    test (all_rows_of_a_screen_are_read),
    test (rows_can_be_sorted_without_making_them),
    test (rows_of_the_same_page_stay_and_move_with_the_cursor),
    test (same_page_is_found_again_after_the_cursor_has_moved_in_it),
    test (no_answer_has_no_rows),
  };

  if (p2v_ui_test_get_image () == NULL)
    return P2V_UI_TEST_SKIP;
  return cmocka_run_group_tests (tests, setup_group, p2v_ui_test_teardown_group);
}
