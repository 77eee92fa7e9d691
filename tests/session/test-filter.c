/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-test.h"

#include "os/p2v-process-private.h"

static P2vProcess *
new_process (gint64      pid,
             const char *name)
{
  P2vProcessData data = { .pid = pid,
                          .raw_name = (const guint8 *) name,
                          .raw_name_length = strlen (name),
                          .object_va = 0xffff000000000000 + (guint64) pid * 0x1000,
                          .object_pa = (guint64) pid * 0x1000,
                          .methods = pid % 2 ? 3 : 2 };

  return p2v_process_new (&data);
}

static int
setup (void **state)
{
  P2vProcess **processes = g_new (P2vProcess *, 2);

  processes[0] = new_process (7, "Console.exe");
  processes[1] = new_process (12, "a.b");
  *state = processes;
  return 0;
}

static int
teardown (void **state)
{
  P2vProcess **processes = *state;

  g_object_unref (processes[0]);
  g_object_unref (processes[1]);
  g_free (processes);
  return 0;
}

static void
assert_matches (void      **state,
                P2vFilter  *filter,
                gboolean    first,
                gboolean    second)
{
  P2vProcess **processes = *state;

  assert_int_equal (p2v_filter_matches (filter, processes[0]), first);
  assert_int_equal (p2v_filter_matches (filter, processes[1]), second);
  g_object_unref (filter);
}

static void
a_new_filter_lets_everything_through (void **state)
{
  assert_matches (state, p2v_filter_new (), TRUE, TRUE);
}

static void
several_pids_are_alternatives (void **state)
{
  P2vFilter *filter = p2v_filter_new ();

  p2v_filter_add_pid (filter, 12);
  p2v_filter_add_pid (filter, 99);
  assert_matches (state, filter, FALSE, TRUE);
}

static void
conditions_of_different_kinds_must_all_hold (void **state)
{
  P2vFilter *filter = p2v_filter_new ();

  p2v_filter_add_pid (filter, 12);
  p2v_filter_add_pid (filter, 7);
  p2v_filter_set_text (filter, "console");
  assert_matches (state, filter, TRUE, FALSE);
}

static void
names_match_a_regex_whatever_the_case (void **state)
{
  P2vFilter *filter = p2v_filter_new ();

  assert_true (p2v_filter_set_name_regex (filter, "^CONSOLE\\.", NULL));
  assert_matches (state, filter, TRUE, FALSE);
}

static void
a_malformed_regex_is_refused (void **state)
{
  g_autoptr (P2vFilter) filter = p2v_filter_new ();
  g_autoptr (GError) error = NULL;

  assert_false (p2v_filter_set_name_regex (filter, "a(", &error));
  assert_error (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_SYNTAX, "");
}

static void
text_is_no_regex_and_may_be_a_pid (void **state)
{
  P2vFilter *filter = p2v_filter_new ();

  p2v_filter_set_text (filter, ".");
  assert_matches (state, filter, TRUE, TRUE);
  filter = p2v_filter_new ();
  p2v_filter_set_text (filter, "7");
  assert_matches (state, filter, TRUE, FALSE);
  filter = p2v_filter_new ();
  p2v_filter_set_text (filter, "");
  assert_matches (state, filter, TRUE, TRUE);
}

static void
objects_are_found_by_either_address (void **state)
{
  P2vFilter *filter = p2v_filter_new ();

  p2v_filter_add_object_va (filter, 0xffff000000007000);
  assert_matches (state, filter, TRUE, FALSE);
  filter = p2v_filter_new ();
  p2v_filter_add_object_pa (filter, 0xc000);
  assert_matches (state, filter, FALSE, TRUE);
}

static void
one_of_the_methods_must_have_found_it (void **state)
{
  P2vFilter *filter = p2v_filter_new ();

  p2v_filter_set_methods (filter, 1);
  assert_matches (state, filter, TRUE, FALSE);
  filter = p2v_filter_new ();
  p2v_filter_set_methods (filter, 2);
  assert_matches (state, filter, TRUE, TRUE);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (a_new_filter_lets_everything_through),
    cmocka_unit_test (several_pids_are_alternatives),
    cmocka_unit_test (conditions_of_different_kinds_must_all_hold),
    cmocka_unit_test (names_match_a_regex_whatever_the_case),
    cmocka_unit_test (a_malformed_regex_is_refused),
    cmocka_unit_test (text_is_no_regex_and_may_be_a_pid),
    cmocka_unit_test (objects_are_found_by_either_address),
    cmocka_unit_test (one_of_the_methods_must_have_found_it),
  };

  return cmocka_run_group_tests (tests, setup, teardown);
}
