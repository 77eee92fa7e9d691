/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Sorting, filtering and choosing columns of the panel's table, on pages of the tiny image. */

#include "p2v-ui-test.h"

#include "p2v-mapping-columns.h"
#include "p2v-panel-private.h"
#include "p2v-row-writer.h"

#include <glib/gstdio.h>

/* One process maps this page three times: r-x, r-- and rw-, see test-mapping-model.c. */
#define TWICE_PA 0x4a3e010
#define TWICE_READ_VA 0x7fe71631b010
#define TWICE_WRITE_VA 0x7fe716323010
#define TWICE_EXECUTE_VA 0x7fe716315010
/* Code that twenty processes run. */
#define CODE_PA 0x327010

typedef struct
{
  P2vSession *session; /* of the group */
  GtkWidget  *window;
  P2vPanel   *panel;
} Fixture;

static int
setup_group (void **state)
{
  return p2v_ui_test_setup_group (state, sizeof (Fixture));
}

static int
setup (void **state)
{
  Fixture *fixture = *state;

  fixture->window = p2v_ui_test_show_panel (&fixture->panel);
  p2v_panel_set_session (fixture->panel, fixture->session);
  return 0;
}

static int
teardown (void **state)
{
  p2v_ui_test_close (((Fixture *) *state)->window);
  return 0;
}

static P2vMappingModel *
get_model (Fixture *fixture)
{
  return p2v_mapping_view_get_model (p2v_panel_get_view (fixture->panel));
}

static gboolean
is_arranged (gpointer data)
{
  Fixture *fixture = data;
  guint n_rows = 0;

  return fixture->panel->update_id == 0 && fixture->panel->describing == NULL
         && p2v_mapping_model_get_n_arranged (get_model (fixture), &n_rows)
         && g_list_model_get_n_items (G_LIST_MODEL (get_model (fixture))) == n_rows;
}

static void
show (Fixture    *fixture,
      P2vPhysAddr pa)
{
  p2v_panel_set_address (fixture->panel, pa);
  p2v_ui_test_wait (is_arranged, fixture);
}

static void
filter (Fixture    *fixture,
        const char *text)
{
  gtk_editable_set_text (GTK_EDITABLE (fixture->panel->filter_entry), text);
  g_signal_emit_by_name (fixture->panel->filter_entry, "search-changed");
  p2v_ui_test_wait (is_arranged, fixture);
}

static guint
count_rows (Fixture *fixture)
{
  return g_list_model_get_n_items (G_LIST_MODEL (get_model (fixture)));
}

static P2vVirtAddr
get_va (Fixture *fixture,
        guint    position)
{
  g_autoptr (P2vMappingRow) row
      = g_list_model_get_item (G_LIST_MODEL (get_model (fixture)), position);

  return p2v_mapping_row_get_mapping (row)->va;
}

static void
activate (Fixture    *fixture,
          const char *action,
          GVariant   *parameter)
{
  g_action_group_activate_action (p2v_panel_get_action_group (fixture->panel), action, parameter);
  p2v_ui_test_wait (is_arranged, fixture);
}

static void
words_find_rows_by_any_column_or_by_one (void **state)
{
  Fixture *fixture = *state;
  static const struct
  {
    const char *text;
    guint       n_rows;
  } cases[] = {
    { "", 3 },
    { "   ", 3 },
    { "88", 3 },
    { "rl-twice", 3 },
    { "RL-Twice", 3 },
    { "rights:w", 1 },
    { "rights:x", 1 },
    { "rights:r", 3 },
    { "rights:wx", 0 },
    { "rights:r--", 1 },
    { "-rights:w", 2 },
    { "rights:", 3 },
    { "71631b", 1 },
    { "virtual:71631b", 1 },
    { "virtual:memfd", 0 },
    { "region:memfd", 3 },
    { "memfd:rigtwice", 3 },
    { "region:\"rigtwice (deleted)\"", 3 },
    { "region:\"rigtwice (deleted", 3 },
    { "pid:8", 0 },
    { "pid:88", 3 },
    { "size:4k", 3 },
    { "size:4", 0 },
    { "state:valid -virtual:71631b", 2 },
    { "process:twice rights:w", 1 },
    { "process:twice rights:w no-such-word", 0 },
  };

  show (fixture, TWICE_PA);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      filter (fixture, cases[i].text);
      if (count_rows (fixture) != cases[i].n_rows)
        fail_msg ("\"%s\" leaves %u rows, not %u", cases[i].text, count_rows (fixture),
                  cases[i].n_rows);
    }
  assert_contains (gtk_label_get_label (fixture->panel->message_title), "The filter hides all");
  assert_true (gtk_widget_get_visible (fixture->panel->clear_filter_button));
  filter (fixture, "rights:w");
  assert_int_equal (get_va (fixture, 0), TWICE_WRITE_VA);
  assert_contains (gtk_label_get_label (fixture->panel->coverage_label), "1 of 3 rows · 22 of 22");
  gtk_revealer_set_reveal_child (fixture->panel->filter_revealer, TRUE);
  p2v_ui_test_screenshot (fixture->window, "panel-filter");
}

/* The address, and the place in the region, are another byte's then. */
static void
filter_holds_while_the_cursor_moves (void **state)
{
  Fixture *fixture = *state;

  show (fixture, TWICE_PA);
  filter (fixture, "virtual:010");
  assert_int_equal (count_rows (fixture), 3);
  show (fixture, TWICE_PA + 1);
  assert_int_equal (count_rows (fixture), 0);
  show (fixture, TWICE_PA);
  assert_int_equal (count_rows (fixture), 3);
  show (fixture, CODE_PA);
  assert_int_equal (count_rows (fixture), 20);
}

static void
every_column_sorts (void **state)
{
  Fixture *fixture = *state;
  GActionGroup *actions = p2v_panel_get_action_group (fixture->panel);

  show (fixture, TWICE_PA);
  for (guint i = 0; i < P2V_N_COLUMNS; i++)
    {
      const char *name = p2v_column_id_to_property ((P2vColumnId) i);
      activate (fixture, "sort", g_variant_new_string (name));
      g_autoptr (GVariant) sort = g_action_group_get_action_state (actions, "sort");
      assert_string_equal (g_variant_get_string (sort, NULL), name);
      assert_int_equal (count_rows (fixture), 3);
    }
  activate (fixture, "sort", g_variant_new_string ("rights"));
  assert_int_equal (get_va (fixture, 0), TWICE_READ_VA);
  assert_int_equal (get_va (fixture, 1), TWICE_WRITE_VA);
  assert_int_equal (get_va (fixture, 2), TWICE_EXECUTE_VA);
  activate (fixture, "sort-descending", NULL);
  assert_int_equal (get_va (fixture, 0), TWICE_EXECUTE_VA);
  assert_int_equal (get_va (fixture, 2), TWICE_READ_VA);
  activate (fixture, "sort", g_variant_new_string (""));
  assert_int_equal (get_va (fixture, 0), TWICE_EXECUTE_VA);
  assert_int_equal (get_va (fixture, 1), TWICE_READ_VA);
  assert_false (g_action_group_get_action_enabled (actions, "sort-descending"));
}

static void
order_and_filter_go_into_the_export (void **state)
{
  Fixture *fixture = *state;
  g_autofree char *folder = g_dir_make_tmp ("p2v-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "rows.csv", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (fixture->session, TWICE_PA, NULL);
  g_autofree char *csv = NULL;

  show (fixture, TWICE_PA);
  filter (fixture, "-rights:x");
  activate (fixture, "sort", g_variant_new_string ("virtual"));
  activate (fixture, "sort-descending", NULL);
  g_autoptr (GArray) order = p2v_mapping_model_dup_order (get_model (fixture));
  p2v_row_writer_export_async (fixture->session, answer, order, file, NULL, NULL, NULL);
  while (csv == NULL || strchr (csv, '\n') == NULL)
    {
      g_clear_pointer (&csv, g_free);
      g_main_context_iteration (NULL, FALSE);
      g_file_get_contents (path, &csv, NULL, NULL);
    }
  g_auto (GStrv) lines = g_strsplit (csv, "\n", -1);
  assert_contains (lines[1], "0x7fe716323010");
  assert_contains (lines[2], "0x7fe71631b010");
  assert_string_equal (lines[3], "");
  g_unlink (path);
  g_rmdir (folder);
}

static void
only_this_process_is_a_word_in_the_filter (void **state)
{
  Fixture *fixture = *state;

  show (fixture, CODE_PA);
  p2v_mapping_view_select (p2v_panel_get_view (fixture->panel), 3);
  activate (fixture, "filter-process", NULL);
  g_signal_emit_by_name (fixture->panel->filter_entry, "search-changed");
  p2v_ui_test_wait (is_arranged, fixture);
  assert_contains (gtk_editable_get_text (GTK_EDITABLE (fixture->panel->filter_entry)), "pid:");
  assert_int_equal (count_rows (fixture), 1);
}

static char *
dup_columns (Fixture *fixture)
{
  g_auto (GStrv) columns = NULL;

  g_object_get (fixture->panel, "columns", &columns, NULL);
  return g_strjoinv (" ", columns);
}

static void
assert_columns (Fixture    *fixture,
                const char *wanted)
{
  g_autofree char *columns = dup_columns (fixture);

  assert_string_equal (columns, wanted);
}

static void
set_columns (Fixture    *fixture,
             const char *text)
{
  g_auto (GStrv) columns = g_strsplit (text, " ", -1);

  g_object_set (fixture->panel, "columns", columns, NULL);
}

static gboolean
is_told (gpointer data)
{
  return *(guint *) data > 0;
}

static void
count_cb (guint *n_times)
{
  (*n_times)++;
}

static void
columns_are_hidden_moved_and_kept (void **state)
{
  Fixture *fixture = *state;
  guint n_told = 0;

  assert_columns (fixture, "process pid virtual rights size state region");
  g_signal_connect_swapped (fixture->panel, "notify::columns", G_CALLBACK (count_cb), &n_told);
  activate (fixture, "column-size", NULL);
  activate (fixture, "column-first", g_variant_new_string ("region"));
  GtkColumnView *view = p2v_mapping_view_get_column_view (p2v_panel_get_view (fixture->panel));
  gtk_column_view_column_set_fixed_width (p2v_mapping_columns_find (view, P2V_COLUMN_VIRTUAL), 222);
  p2v_ui_test_wait (is_told, &n_told);
  assert_columns (fixture, "region process pid virtual:222 rights -size state");

  set_columns (fixture, "state -process pid:70");
  assert_columns (fixture, "state -process pid:70 region virtual:222 rights -size");
  show (fixture, TWICE_PA);
  p2v_ui_test_screenshot (fixture->window, "panel-columns");
}

/* What was kept may be of another version, or of somebody else. */
static void
nonsense_for_columns_leaves_a_table (void **state)
{
  Fixture *fixture = *state;

  set_columns (fixture, "banana process:0 pid:-3 pid - : virtual:99999999999999999999 region:x");
  assert_columns (fixture, "process pid virtual region rights size state");
  set_columns (fixture, "-process -pid -virtual -rights -size -state -region");
  assert_columns (fixture, "process -pid -virtual -rights -size -state -region");
  g_object_set (fixture->panel, "columns", NULL, NULL);
  assert_columns (fixture, "process -pid -virtual -rights -size -state -region");
}

static gboolean
is_described (gpointer data)
{
  P2vMappingRow *row = p2v_mapping_view_get_selected (p2v_panel_get_view (data));

  return row != NULL && p2v_mapping_row_is_described (row);
}

static void
rows_are_read_whichever_columns_there_are (void **state)
{
  Fixture *fixture = *state;

  set_columns (fixture, "-process -pid -virtual -rights -size -state region");
  show (fixture, TWICE_PA);
  p2v_ui_test_wait (is_described, fixture->panel);
}

static gboolean
has_spoken_rows (gpointer data)
{
  P2vPanel *panel = data;
  GtkWidget *view = GTK_WIDGET (p2v_panel_get_view (panel));

  return p2v_ui_test_find (view, GTK_TYPE_WIDGET,
                           "rl-twice, 88, 0x7fe71631b010, r-- u, 4K, valid, "
                           "/memfd:rigtwice (deleted)+0x4010")
             != NULL
         && p2v_ui_test_find (view, GTK_TYPE_WIDGET,
                              "rl-twice, 88, 0x7fe716323010, rw- u, 4K, valid, "
                              "/memfd:rigtwice (deleted)+0x4010")
                != NULL;
}

/* What has the focus is a widget of GTK's for a whole row. */
static void
rows_and_the_verdict_are_there_to_be_heard (void **state)
{
  Fixture *fixture = *state;

  show (fixture, TWICE_PA);
  gtk_test_widget_wait_for_draw (fixture->window);
  p2v_ui_test_wait (has_spoken_rows, fixture->panel);
  g_autofree char *difference = gtk_test_accessible_check_property (
      GTK_ACCESSIBLE (fixture->panel), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
      "1 owner · private · mapped 3 times");
  assert_null (difference);
}

/* Sizes in which nothing may be cut off or lie on top of another. Looked at by people. */
static void
pictures_dark_and_narrow (void **state)
{
  Fixture *fixture = *state;
  GtkSettings *settings = gtk_widget_get_settings (fixture->window);

  show (fixture, CODE_PA);
  g_object_set (settings, "gtk-application-prefer-dark-theme", TRUE, NULL);
  p2v_ui_test_screenshot (fixture->window, "panel-dark");
  g_object_set (settings, "gtk-application-prefer-dark-theme", FALSE, NULL);
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 560, 300);
  gtk_test_widget_wait_for_draw (fixture->window);
  p2v_ui_test_settle ();
  p2v_ui_test_screenshot (fixture->window, "panel-narrow");
  assert_true (gtk_widget_get_width (GTK_WIDGET (fixture->panel)) <= 600);
}

static gboolean
has_menu (gpointer data)
{
  GtkWidget *menu = p2v_ui_test_find (data, GTK_TYPE_POPOVER_MENU, NULL);

  return menu != NULL && gtk_widget_get_mapped (menu);
}

/* The Menu key and Shift+F10 activate it. */
static void
row_has_its_menu_by_keyboard (void **state)
{
  Fixture *fixture = *state;
  GtkWidget *view = GTK_WIDGET (p2v_panel_get_view (fixture->panel));

  show (fixture, TWICE_PA);
  assert_true (gtk_widget_activate_action (view, "menu.popup", NULL));
  p2v_ui_test_wait (has_menu, view);
}

#define test(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    test (words_find_rows_by_any_column_or_by_one),
    test (filter_holds_while_the_cursor_moves),
    test (every_column_sorts),
    test (order_and_filter_go_into_the_export),
    test (only_this_process_is_a_word_in_the_filter),
    test (columns_are_hidden_moved_and_kept),
    test (nonsense_for_columns_leaves_a_table),
    test (rows_and_the_verdict_are_there_to_be_heard),
    test (pictures_dark_and_narrow),
    test (row_has_its_menu_by_keyboard),
    test (rows_are_read_whichever_columns_there_are),
  };

  if (p2v_ui_test_get_image () == NULL || !gtk_init_check () || gdk_display_get_default () == NULL)
    return P2V_UI_TEST_SKIP;
  return cmocka_run_group_tests (tests, setup_group, p2v_ui_test_teardown_group);
}
