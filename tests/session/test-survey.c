/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The survey of the tiny image against one look-up a frame. */

#include "p2v-test.h"

static int
setup (void **state)
{
  P2vSession *session = p2v_session_new ();

  *state = session;
  return p2v_session_open (session, g_getenv ("P2V_TINY_IMAGE"), NULL, NULL)
             && p2v_session_find_system (session, NULL, NULL)
             && p2v_session_build_index (session, NULL, NULL)
         ? 0
         : -1;
}

static int
teardown (void **state)
{
  g_object_unref (*state);
  return 0;
}

static P2vSurvey *
make_survey (P2vSession *session,
             guint64     first_frame,
             guint64     n_frames,
             guint       n_cells,
             gboolean    with_kinds)
{
  GError *error = NULL;
  P2vSurvey *survey =
    p2v_survey_new (session, first_frame, n_frames, n_cells, with_kinds, NULL, &error);

  assert_no_error (error);
  return survey;
}

static P2vSharingClass
get_class (guint n_owners)
{
  return n_owners >= 10 ? P2V_SHARING_MANY : n_owners >= 3 ? P2V_SHARING_FEW : n_owners - 1;
}

static void
cells_of_one_frame_are_what_look_ups_say (void **state)
{
  P2vSession *session = *state;
  g_autoptr (P2vSurvey) survey = make_survey (session, 0, G_MAXUINT64, G_MAXUINT, FALSE);
  guint64 n_mapped = 0;

  assert_int_equal (p2v_survey_get_n_cells (survey), p2v_survey_get_n_all_frames (survey));
  for (guint i = 0; i < p2v_survey_get_n_cells (survey); i++)
    {
      const P2vSurveyCell *cell = p2v_survey_get_cell (survey, i);
      g_autoptr (P2vAnswer) answer = p2v_session_lookup (session, cell->start_pa, NULL);
      guint n_owners = p2v_answer_get_n_owners (answer);
      assert_int_equal (cell->n_frames, 1);
      assert_int_equal (cell->end_pa, cell->start_pa + P2V_FRAME_SIZE);
      assert_int_equal (cell->n_mapped, n_owners > 0);
      assert_int_equal (cell->n_shared, n_owners > 1);
      if (n_owners > 0)
        assert_int_equal (cell->sharing, get_class (n_owners));
      if (n_owners == 1)
        {
          P2vMapping mapping;
          p2v_answer_get_row (answer, 0, &mapping);
          assert_ptr_equal (cell->owner, mapping.space);
          assert_int_equal (cell->n_owned, 1);
        }
      n_mapped += cell->n_mapped;
    }
  assert_true (n_mapped > 1000);
  assert_int_equal (n_mapped + p2v_survey_get_n_unmapped (survey),
                    p2v_survey_get_n_all_frames (survey));
}

static void
totals_do_not_depend_on_the_cells (void **state)
{
  static const guint n_cells[] = { 1, 7, 1000, 10007 };
  g_autoptr (P2vSurvey) finest = make_survey (*state, 0, G_MAXUINT64, G_MAXUINT, FALSE);
  guint n_owners, n_expected_owners;
  const P2vSurveyOwner *expected = p2v_survey_get_owners (finest, &n_expected_owners);

  for (gsize i = 0; i < G_N_ELEMENTS (n_cells); i++)
    {
      g_autoptr (P2vSurvey) survey = make_survey (*state, 0, G_MAXUINT64, n_cells[i], FALSE);
      const P2vSurveyOwner *owners = p2v_survey_get_owners (survey, &n_owners);
      guint64 n_frames = 0;
      assert_int_equal (p2v_survey_get_n_cells (survey), n_cells[i]);
      for (guint j = 0; j < n_cells[i]; j++)
        n_frames += p2v_survey_get_cell (survey, j)->n_frames;
      assert_int_equal (n_frames, p2v_survey_get_n_all_frames (finest));
      assert_int_equal (p2v_survey_get_n_shared (survey), p2v_survey_get_n_shared (finest));
      assert_int_equal (p2v_survey_get_n_unmapped (survey), p2v_survey_get_n_unmapped (finest));
      for (guint j = 0; j < P2V_SHARING_N_CLASSES; j++)
        assert_int_equal (p2v_survey_get_n_sharing (survey, j),
                          p2v_survey_get_n_sharing (finest, j));
      assert_int_equal (n_owners, n_expected_owners);
      assert_memory_equal (owners, expected, n_owners * sizeof *owners);
    }
}

static void
owners_come_with_the_most_frames_first (void **state)
{
  g_autoptr (P2vSurvey) survey = make_survey (*state, 0, G_MAXUINT64, 100, FALSE);
  guint n_owners;
  const P2vSurveyOwner *owners = p2v_survey_get_owners (survey, &n_owners);
  guint64 sum = 0;

  assert_true (n_owners > 3);
  for (guint i = 0; i < n_owners; i++)
    {
      assert_true (owners[i].n_frames > 0);
      assert_true (i == 0 || owners[i].n_frames <= owners[i - 1].n_frames);
      sum += owners[i].n_frames;
    }
  /* What one address space has alone is what one process has, but for processes that share one. */
  assert_true (sum >= p2v_survey_get_n_sharing (survey, P2V_SHARING_ONE));
}

static void
stretch_begins_where_it_is_asked_to (void **state)
{
  g_autoptr (P2vSurvey) whole = make_survey (*state, 0, G_MAXUINT64, G_MAXUINT, FALSE);
  g_autoptr (P2vSurvey) part = make_survey (*state, 5000, 300, 100, FALSE);
  guint position = 0;

  assert_int_equal (p2v_survey_get_first_frame (part), 5000);
  assert_int_equal (p2v_survey_get_n_frames (part), 300);
  assert_int_equal (p2v_survey_get_n_cells (part), 100);
  assert_int_equal (p2v_survey_get_cell (part, 1)->start_pa,
                    p2v_survey_get_cell (whole, 5003)->start_pa);
  assert_true (p2v_survey_find_cell (part, p2v_survey_get_cell (whole, 5003)->start_pa + 0x123,
                                     &position));
  assert_int_equal (position, 1);
  assert_false (p2v_survey_find_cell (part, p2v_survey_get_cell (whole, 4999)->start_pa,
                                      &position));
  assert_false (p2v_survey_find_cell (part, p2v_survey_get_cell (whole, 5300)->start_pa,
                                      &position));
  g_autoptr (P2vSurvey) beyond = make_survey (*state, G_MAXUINT64, 300, 100, FALSE);
  assert_int_equal (p2v_survey_get_n_cells (beyond), 0);
}

static void
kinds_are_those_of_the_frames (void **state)
{
  P2vSession *session = *state;
  g_autoptr (P2vSurvey) survey = make_survey (session, 0, 4096, 4096, TRUE);
  guint64 n_of_kind[P2V_FRAME_N_KINDS] = { 0 };

  for (guint i = 0; i < p2v_survey_get_n_cells (survey); i++)
    {
      const P2vSurveyCell *cell = p2v_survey_get_cell (survey, i);
      g_autoptr (P2vFrame) frame = p2v_session_describe_frame (session, cell->start_pa, NULL);
      assert_int_equal (cell->kind, frame->kind);
      n_of_kind[frame->kind]++;
    }
  for (guint i = 0; i < P2V_FRAME_N_KINDS; i++)
    assert_int_equal (p2v_survey_get_n_of_kind (survey, i), n_of_kind[i]);
}

static void
survey_without_an_index_is_an_error (void **state)
{
  g_autoptr (P2vSession) session = p2v_session_new ();
  g_autoptr (GError) error = NULL;

  assert_null (p2v_survey_new (session, 0, 1, 1, FALSE, NULL, &error));
  assert_error (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY, "");
}

static void
survey_can_be_cancelled (void **state)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  assert_null (p2v_survey_new (*state, 0, G_MAXUINT64, 100, FALSE, cancellable, &error));
  assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (cells_of_one_frame_are_what_look_ups_say),
    cmocka_unit_test (totals_do_not_depend_on_the_cells),
    cmocka_unit_test (owners_come_with_the_most_frames_first),
    cmocka_unit_test (stretch_begins_where_it_is_asked_to),
    cmocka_unit_test (kinds_are_those_of_the_frames),
    cmocka_unit_test (survey_without_an_index_is_an_error),
    cmocka_unit_test (survey_can_be_cancelled),
  };

  return cmocka_run_group_tests (tests, setup, teardown);
}
