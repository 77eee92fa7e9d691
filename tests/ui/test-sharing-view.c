/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-ui-test.h"

#include "p2v-sharing-matrix.h"
#include "p2v-sharing-view.h"

#include <string.h>

typedef struct
{
  P2vSession       *session;
  GtkWidget        *window;
  P2vSharingView   *view;
  P2vSharingMatrix *matrix;
} Fixture;

static int
setup_group (void **state)
{
  Fixture *self = g_new0 (Fixture, 1);

  self->session = p2v_ui_test_session (P2V_STAGE_INDEX);
  *state = self;
  return 0;
}

static int
teardown_group (void **state)
{
  Fixture *self = *state;

  g_object_unref (self->session);
  g_free (self);
  return 0;
}

static gboolean
has_members (gpointer data)
{
  guint n_all;

  return p2v_sharing_matrix_get_n_shown (((Fixture *) data)->matrix, &n_all) > 0;
}

static int
setup (void **state)
{
  Fixture *self = *state;

  self->window = gtk_window_new ();
  self->view = P2V_SHARING_VIEW (p2v_sharing_view_new ());
  self->matrix = P2V_SHARING_MATRIX (p2v_ui_test_find (
    GTK_WIDGET (self->view), P2V_TYPE_SHARING_MATRIX, "Which processes share memory"));
  gtk_window_set_default_size (GTK_WINDOW (self->window), 700, 720);
  gtk_window_set_child (GTK_WINDOW (self->window), GTK_WIDGET (self->view));
  gtk_window_present (GTK_WINDOW (self->window));
  p2v_sharing_view_set_session (self->view, self->session);
  p2v_ui_test_wait (has_members, self);
  return 0;
}

static int
teardown (void **state)
{
  gtk_window_destroy (GTK_WINDOW (((Fixture *) *state)->window));
  p2v_ui_test_settle ();
  return 0;
}

static gboolean
has_label (GtkWidget  *root,
           const char *part)
{
  if (GTK_IS_LABEL (root) && strstr (gtk_label_get_label (GTK_LABEL (root)), part) != NULL)
    return TRUE;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (has_label (child, part))
      return TRUE;
  return FALSE;
}

/* The pair of these two processes, of whom the kernel says that they share /data/shared.bin. */
static guint
find_pair (P2vSharing *sharing,
           gint64      a,
           gint64      b)
{
  for (guint i = 0; i < p2v_sharing_get_n_pairs (sharing); i++)
    {
      P2vSharedPair pair;
      p2v_sharing_get_pair (sharing, i, &pair);
      gint64 x = p2v_process_get_pid (p2v_address_space_get_owner (pair.a, 0));
      gint64 y = p2v_process_get_pid (p2v_address_space_get_owner (pair.b, 0));
      if ((x == a && y == b) || (x == b && y == a))
        return i;
    }
  fail ();
  return 0;
}

static void
sentence_and_matrix_appear_by_themselves (void **state)
{
  Fixture *self = *state;
  guint n_all, n_shown = p2v_sharing_matrix_get_n_shown (self->matrix, &n_all);

  assert_true (n_shown > 5);
  assert_int_equal (n_shown, n_all);
  assert_true (has_label (GTK_WIDGET (self->view), "writable memory outside files"));
  p2v_ui_test_screenshot (self->window, "sharing-matrix");
}

static void
chosen_pair_lists_its_ranges (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vSharing) sharing = p2v_sharing_new (self->session, NULL, NULL, NULL);

  g_signal_emit_by_name (self->matrix, "pair-chosen", find_pair (sharing, 86, 87));
  p2v_ui_test_settle ();
  gtk_test_widget_wait_for_draw (self->window);
  assert_true (has_label (GTK_WIDGET (self->view), "rl-shfile (86) and rl-shfile (87) share "));
  assert_true (has_label (GTK_WIDGET (self->view), "/data/shared.bin"));
  assert_true (has_label (GTK_WIDGET (self->view), "0x7fbed425f000"));
  p2v_ui_test_screenshot (self->window, "sharing-ranges");
}

static void
another_image_takes_everything_away (void **state)
{
  Fixture *self = *state;
  guint n_all;

  p2v_sharing_view_set_session (self->view, NULL);
  assert_int_equal (p2v_sharing_matrix_get_n_shown (self->matrix, &n_all), 0);
  assert_false (has_label (GTK_WIDGET (self->view), "writable memory outside files"));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (sentence_and_matrix_appear_by_themselves, setup, teardown),
    cmocka_unit_test_setup_teardown (chosen_pair_lists_its_ranges, setup, teardown),
    cmocka_unit_test_setup_teardown (another_image_takes_everything_away, setup, teardown),
  };

  if (p2v_ui_test_get_image () == NULL)
    return P2V_UI_TEST_SKIP;
  gtk_init ();
  return cmocka_run_group_tests (tests, setup_group, teardown_group);
}
