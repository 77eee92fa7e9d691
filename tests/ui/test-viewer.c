/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-ui-test.h"

#include "p2v-mapping-view.h"
#include "p2v-panel-private.h"
#include "p2v-viewer-application.h"
#include "p2v-hex-buffer.h"
#include "p2v-viewer-window.h"

#include <glib/gstdio.h>
#include <unistd.h>

/* Places in the tiny image whose owners the kernel itself has told; see test-mapping-model.c. */
#define TWICE_PA 0x4a3e010
#define CLONE_PA 0x2860010
#define CODE_PA 0x327010

typedef struct
{
  P2vViewerApplication *application;
  P2vViewerWindow      *window;
} Fixture;

static int
setup_group (void **state)
{
  Fixture *fixture = g_new0 (Fixture, 1);

  fixture->application = p2v_viewer_application_new ();
  /* Not to be taken for another viewer that this person has open. */
  g_application_set_flags (G_APPLICATION (fixture->application),
                           G_APPLICATION_HANDLES_COMMAND_LINE | G_APPLICATION_NON_UNIQUE);
  assert_true (g_application_register (G_APPLICATION (fixture->application), NULL, NULL));
  *state = fixture;
  return 0;
}

static int
teardown_group (void **state)
{
  Fixture *fixture = *state;

  g_object_unref (fixture->application);
  g_free (fixture);
  return 0;
}

static int
setup (void **state)
{
  Fixture *fixture = *state;

  fixture->window
      = P2V_VIEWER_WINDOW (p2v_viewer_window_new (GTK_APPLICATION (fixture->application)));
  gtk_window_present (GTK_WINDOW (fixture->window));
  return 0;
}

static int
teardown (void **state)
{
  Fixture *fixture = *state;

  gtk_window_destroy (GTK_WINDOW (fixture->window));
  p2v_ui_test_settle ();
  return 0;
}

static gboolean
is_open_or_refused (gpointer data)
{
  P2vViewerWindow *window = data;
  GtkWidget *page = p2v_ui_test_find (GTK_WIDGET (window), ADW_TYPE_STATUS_PAGE, NULL);

  return p2v_viewer_window_get_hex (window) != NULL
         || g_strcmp0 (adw_status_page_get_title (ADW_STATUS_PAGE (page)),
                       "This File Cannot Be Shown")
                == 0;
}

static gboolean
has_index (gpointer data)
{
  P2vPanel *panel = p2v_viewer_window_get_panel (data);
  P2vMappingRow *row = p2v_mapping_view_get_selected (p2v_panel_get_view (panel));
  P2vSession *session = p2v_panel_get_session (panel);

  return session != NULL && p2v_session_get_stage (session) == P2V_STAGE_INDEX
         && panel->update_id == 0 && panel->answer != NULL && p2v_answer_is_complete (panel->answer)
         && (row == NULL || p2v_mapping_row_is_described (row));
}

static void
open_image (Fixture *fixture,
            P2vViewerStart start,
            guint64 where)
{
  g_autoptr (GFile) file = g_file_new_for_path (p2v_ui_test_get_image ());

  p2v_viewer_window_open (fixture->window, file, start, where);
  p2v_ui_test_wait (is_open_or_refused, fixture->window);
  assert_non_null (p2v_viewer_window_get_hex (fixture->window));
  gtk_test_widget_wait_for_draw (GTK_WIDGET (fixture->window));
  p2v_ui_test_wait (has_index, fixture->window);
}

typedef struct
{
  Fixture *fixture;
  gint64   cursor;
} Wish;

static gboolean
is_there (gpointer data)
{
  Wish *wish = data;
  P2vPhysAddr pa = 0;

  /* The tiny image is flat: a file offset is a physical address. */
  return hex_widget_get_cursor (p2v_viewer_window_get_hex (wish->fixture->window)) == wish->cursor
         && p2v_panel_get_address (p2v_viewer_window_get_panel (wish->fixture->window), &pa)
         && pa == (P2vPhysAddr) wish->cursor && has_index (wish->fixture->window);
}

static void
wait_for_cursor (Fixture *fixture,
                 gint64 offset)
{
  Wish wish = { fixture, offset };

  p2v_ui_test_wait (is_there, &wish);
}

static void
assert_row (Fixture *fixture,
            guint position,
            const char *name,
            const char *pid,
            const char *va)
{
  P2vPanel *panel = p2v_viewer_window_get_panel (fixture->window);
  GListModel *model = G_LIST_MODEL (p2v_mapping_view_get_model (p2v_panel_get_view (panel)));
  g_autoptr (P2vMappingRow) row = g_list_model_get_item (model, position);
  assert_non_null (row);
  g_autofree char *row_name = p2v_mapping_row_dup_text (row, P2V_COLUMN_PROCESS);
  g_autofree char *row_pid = p2v_mapping_row_dup_text (row, P2V_COLUMN_PID);
  g_autofree char *row_va = p2v_mapping_row_dup_text (row, P2V_COLUMN_VIRTUAL);

  assert_string_equal (row_name, name);
  assert_string_equal (row_pid, pid);
  assert_string_equal (row_va, va);
}

static void
image_opens_at_the_address_given (void **state)
{
  Fixture *fixture = *state;

  open_image (fixture, P2V_VIEWER_START_PHYSICAL, TWICE_PA);
  wait_for_cursor (fixture, TWICE_PA);
  assert_row (fixture, 0, "rl-twice", "88", "0x7fe716315010");
  assert_row (fixture, 2, "rl-twice", "88", "0x7fe716323010");
  p2v_ui_test_screenshot (GTK_WIDGET (fixture->window), "viewer-light");
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      ADW_COLOR_SCHEME_FORCE_DARK);
  p2v_ui_test_screenshot (GTK_WIDGET (fixture->window), "viewer-dark");
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (), ADW_COLOR_SCHEME_DEFAULT);
}

static void
panel_follows_the_cursor (void **state)
{
  Fixture *fixture = *state;

  open_image (fixture, P2V_VIEWER_START_OFFSET, 0x123);
  wait_for_cursor (fixture, 0x123);
  hex_widget_set_cursor (p2v_viewer_window_get_hex (fixture->window), CLONE_PA);
  wait_for_cursor (fixture, CLONE_PA);
  assert_row (fixture, 0, "rl-clonevm", "98", "0x7f9c7abc6010");
  assert_row (fixture, 1, "rig-clonevm-kid", "99", "0x7f9c7abc6010");
}

static void
cursor_follows_the_panel (void **state)
{
  Fixture *fixture = *state;

  open_image (fixture, P2V_VIEWER_START_BEGIN, 0);
  g_signal_emit_by_name (p2v_viewer_window_get_panel (fixture->window), "jump-to-offset",
                         (guint64) CODE_PA);
  wait_for_cursor (fixture, CODE_PA);
  assert_row (fixture, 0, "rigload", "79", "0x000000401010");
}

/* Presses a key as the capture phase of the hex view sees it. */
static gboolean
is_key_kept_away (HexWidget *hex,
                  guint keyval,
                  GdkModifierType modifiers)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (GTK_WIDGET (hex));
  gboolean stopped = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);
      if (GTK_IS_EVENT_CONTROLLER_KEY (controller)
          && gtk_event_controller_get_propagation_phase (controller) == GTK_PHASE_CAPTURE)
        g_signal_emit_by_name (controller, "key-pressed", keyval, 0, modifiers, &stopped);
    }
  return stopped;
}

static void
nothing_can_be_changed (void **state)
{
  Fixture *fixture = *state;

  open_image (fixture, P2V_VIEWER_START_OFFSET, TWICE_PA);
  HexWidget *hex = p2v_viewer_window_get_hex (fixture->window);
  HexDocument *document = hex_widget_get_document (hex);
  assert_true (is_key_kept_away (hex, GDK_KEY_a, 0));
  assert_true (is_key_kept_away (hex, GDK_KEY_0, 0));
  assert_true (is_key_kept_away (hex, GDK_KEY_KP_7, 0));
  assert_true (is_key_kept_away (hex, GDK_KEY_space, GDK_SHIFT_MASK));
  assert_true (is_key_kept_away (hex, GDK_KEY_BackSpace, 0));
  assert_true (is_key_kept_away (hex, GDK_KEY_Delete, GDK_CONTROL_MASK));
  assert_false (is_key_kept_away (hex, GDK_KEY_Down, 0));
  assert_false (is_key_kept_away (hex, GDK_KEY_Page_Up, 0));
  assert_false (is_key_kept_away (hex, GDK_KEY_Tab, 0));
  assert_false (is_key_kept_away (hex, GDK_KEY_c, GDK_CONTROL_MASK));
  hex_widget_set_selection (hex, TWICE_PA, TWICE_PA + 3);
  gtk_widget_activate_action (GTK_WIDGET (hex), "gtkhex.cut", NULL);
  gtk_widget_activate_action (GTK_WIDGET (hex), "gtkhex.paste", NULL);
  p2v_ui_test_settle ();
  assert_false (hex_document_has_changed (document));

  /* Even if something got so far, the buffer refuses. */
  char before = hex_buffer_get_byte (hex_document_get_buffer (document), TWICE_PA);
  assert_int_equal (before, 'a');
  assert_false (
      hex_buffer_set_data (hex_document_get_buffer (document), TWICE_PA, 1, 1, (char[]){ 'X' }));
  assert_int_equal (hex_buffer_get_byte (hex_document_get_buffer (document), TWICE_PA), before);
  assert_false (hex_document_write (document));
}

static void
buffer_reads_what_the_file_holds_and_nothing_beyond (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *bytes = g_malloc (200000);
  int fd = g_file_open_tmp ("p2v-XXXXXX", &path, &error);

  assert_no_error (error);
  g_close (fd, NULL);
  for (guint i = 0; i < 200000; i++)
    bytes[i] = (char) (i * 7 / 3);
  assert_true (g_file_set_contents (path, bytes, 200000, NULL));
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (P2vHexBuffer) buffer = p2v_hex_buffer_new (file, &error);
  assert_no_error (error);

  assert_int_equal (hex_buffer_get_payload_size (HEX_BUFFER (buffer)), 200000);
  for (gint64 i = 0; i < 200000; i += 13)
    assert_int_equal (hex_buffer_get_byte (HEX_BUFFER (buffer), i), bytes[i]);
  g_autofree char *part = hex_buffer_get_data (HEX_BUFFER (buffer), 65530, 20);
  assert_memory_equal (part, bytes + 65530, 20);
  assert_int_equal (hex_buffer_get_byte (HEX_BUFFER (buffer), -1), 0);
  assert_int_equal (hex_buffer_get_byte (HEX_BUFFER (buffer), 200000), 0);
  g_unlink (path);
}

static void
count_cb (guint *n_times)
{
  (*n_times)++;
}

static gboolean
is_not_zero (gpointer data)
{
  return *(guint *) data != 0;
}

static void
buffer_tells_when_the_file_has_shrunk (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *bytes = g_strnfill (200000, 'x');
  guint n_times = 0;
  int fd = g_file_open_tmp ("p2v-XXXXXX", &path, &error);

  assert_no_error (error);
  g_close (fd, NULL);
  assert_true (g_file_set_contents (path, bytes, 200000, NULL));
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (P2vHexBuffer) buffer = p2v_hex_buffer_new (file, &error);
  assert_no_error (error);
  g_signal_connect_swapped (buffer, "read-failed", G_CALLBACK (count_cb), &n_times);
  assert_int_equal (truncate (path, 100), 0);
  assert_int_equal (hex_buffer_get_byte (HEX_BUFFER (buffer), 50), 'x');
  assert_int_equal (hex_buffer_get_byte (HEX_BUFFER (buffer), 150000), 0);
  assert_int_equal (hex_buffer_get_byte (HEX_BUFFER (buffer), 199999), 0);
  p2v_ui_test_wait (is_not_zero, &n_times);
  p2v_ui_test_settle ();
  assert_int_equal (n_times, 1);
  g_unlink (path);
}

static void
assert_refused (Fixture *fixture,
                const char *path,
                const char *part)
{
  g_autoptr (GFile) file = g_file_new_for_commandline_arg (path);

  p2v_viewer_window_open (fixture->window, file, P2V_VIEWER_START_BEGIN, 0);
  p2v_ui_test_wait (is_open_or_refused, fixture->window);
  assert_null (p2v_viewer_window_get_hex (fixture->window));
  GtkWidget *page = p2v_ui_test_find (GTK_WIDGET (fixture->window), ADW_TYPE_STATUS_PAGE, NULL);
  assert_contains (adw_status_page_get_description (ADW_STATUS_PAGE (page)), part);
  assert_false (p2v_viewer_window_is_used (fixture->window));
}

static void
file_that_is_no_image_is_refused_in_the_window (void **state)
{
  Fixture *fixture = *state;
  g_autofree char *folder = g_dir_make_tmp ("p2v-<b>-XXXXXX", NULL);
  g_autofree char *empty = g_build_filename (folder, "empty.raw", NULL);
  g_autofree char *missing = g_build_filename (folder, "missing.raw", NULL);

  assert_true (g_file_set_contents (empty, "", 0, NULL));
  assert_refused (fixture, empty, "empty.raw");
  p2v_ui_test_screenshot (GTK_WIDGET (fixture->window), "viewer-refused");
  assert_refused (fixture, missing, "missing.raw");
  assert_refused (fixture, folder, "p2v-");
  assert_refused (fixture, "https://example.com/mem.raw", "not a local file");
  g_unlink (empty);
  g_rmdir (folder);

  /* And the window can still be used. */
  open_image (fixture, P2V_VIEWER_START_PHYSICAL, TWICE_PA);
  assert_row (fixture, 0, "rl-twice", "88", "0x7fe716315010");
}

static void
address_outside_the_image_is_answered_by_the_panel (void **state)
{
  Fixture *fixture = *state;
  P2vPhysAddr pa = 0;

  open_image (fixture, P2V_VIEWER_START_PHYSICAL, 0x100000000);
  assert_true (p2v_panel_get_address (p2v_viewer_window_get_panel (fixture->window), &pa));
  assert_int_equal (pa, 0x100000000);
}

static void
window_closes_without_a_question_while_work_is_running (void **state)
{
  Fixture *fixture = *state;
  g_autoptr (GFile) file = g_file_new_for_path (p2v_ui_test_get_image ());
  GtkWidget *window = p2v_viewer_window_new (GTK_APPLICATION (fixture->application));

  g_object_add_weak_pointer (G_OBJECT (window), (gpointer *) &window);
  p2v_viewer_window_open (P2V_VIEWER_WINDOW (window), file, P2V_VIEWER_START_PHYSICAL, TWICE_PA);
  gtk_window_present (GTK_WINDOW (window));
  p2v_ui_test_wait (is_open_or_refused, window);
  gtk_window_close (GTK_WINDOW (window));
  p2v_ui_test_settle ();
  while (window != NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
panel_can_be_hidden_and_comes_back_for_what_needs_it (void **state)
{
  Fixture *fixture = *state;

  open_image (fixture, P2V_VIEWER_START_BEGIN, 0);
  GtkWidget *panel = GTK_WIDGET (p2v_viewer_window_get_panel (fixture->window));
  g_action_group_activate_action (G_ACTION_GROUP (fixture->window), "show-panel", NULL);
  assert_false (gtk_widget_get_visible (panel));
  assert_true (gtk_widget_activate_action (GTK_WIDGET (fixture->window), "p2v.filter", NULL));
  assert_true (gtk_widget_get_visible (panel));
}

static void
everything_has_a_name (void **state)
{
  Fixture *fixture = *state;
  GtkWidget *window = GTK_WIDGET (fixture->window);

  open_image (fixture, P2V_VIEWER_START_BEGIN, 0);
  assert_non_null (p2v_ui_test_find (window, HEX_TYPE_WIDGET, "Bytes of the image"));
  assert_non_null (p2v_ui_test_find (window, GTK_TYPE_MENU_BUTTON, "Main menu"));
  assert_non_null (p2v_ui_test_find (window, GTK_TYPE_TOGGLE_BUTTON, "Show the panel"));
  assert_non_null (gtk_application_window_get_help_overlay (GTK_APPLICATION_WINDOW (window)));
}

static gboolean
has_focus_within (Fixture   *fixture,
                  GtkWidget *widget)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (fixture->window));

  return focus != NULL && (focus == widget || gtk_widget_is_ancestor (focus, widget));
}

static void
f6_leads_from_the_hex_view_to_the_panel_and_back (void **state)
{
  Fixture *fixture = *state;
  gboolean handled = FALSE;

  open_image (fixture, P2V_VIEWER_START_PHYSICAL, TWICE_PA);
  GtkWidget *hex = GTK_WIDGET (p2v_viewer_window_get_hex (fixture->window));
  GtkWidget *panel_box
      = gtk_widget_get_parent (GTK_WIDGET (p2v_viewer_window_get_panel (fixture->window)));
  GtkWidget *paned = gtk_widget_get_ancestor (panel_box, GTK_TYPE_PANED);
  gtk_widget_grab_focus (hex);
  assert_true (has_focus_within (fixture, hex));
  /* What GTK binds to F6. */
  g_signal_emit_by_name (paned, "cycle-child-focus", FALSE, &handled);
  assert_true (has_focus_within (fixture, panel_box));
  g_signal_emit_by_name (paned, "cycle-child-focus", FALSE, &handled);
  assert_true (has_focus_within (fixture, hex));
}

static void
collect_keys (GtkWidget *root,
              GString   *keys)
{
  g_autofree char *accelerator = NULL;

  if (GTK_IS_SHORTCUTS_SHORTCUT (root))
    {
      g_object_get (root, "accelerator", &accelerator, NULL);
      g_string_append_printf (keys, " %s ", accelerator);
    }
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect_keys (child, keys);
}

static void
every_key_is_in_the_shortcuts_window_and_works_in_the_whole_window (void **state)
{
  Fixture *fixture = *state;
  GtkApplicationWindow *window = GTK_APPLICATION_WINDOW (fixture->window);
  GtkWidget *overlay = GTK_WIDGET (gtk_application_window_get_help_overlay (window));
  g_autoptr (GString) shown = g_string_new (NULL);
  gsize n_keys = 0;
  const P2vPanelKey *keys = p2v_panel_get_keys (&n_keys);

  collect_keys (overlay, shown);
  assert_true (n_keys > 10);
  for (gsize i = 0; i < n_keys; i++)
    {
      g_autofree char *accelerator = g_strdup_printf (" %s ", keys[i].accelerator);
      g_autofree char *action = g_strconcat ("p2v.", keys[i].action, NULL);
      g_auto (GStrv) accelerators = gtk_application_get_accels_for_action (
          GTK_APPLICATION (fixture->application), action);
      assert_contains (shown->str, accelerator);
      if (keys[i].is_global)
        assert_non_null (accelerators[0]);
    }
}

static GtkWidget *
find_sharing (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *item = windows; item != NULL; item = item->next)
    {
      GtkWidget *found = p2v_ui_test_find (item->data, P2V_TYPE_SHARING_VIEW, NULL);
      if (found != NULL)
        return found;
    }
  return NULL;
}

static gboolean
has_map (gpointer data)
{
  GtkWidget *legend = p2v_ui_test_find (data, GTK_TYPE_LIST_BOX, "Legend");

  return legend != NULL && gtk_widget_get_mapped (legend) &&
         gtk_list_box_get_row_at_index (GTK_LIST_BOX (legend), 0) != NULL;
}

static void
map_shows_beside_the_bytes_and_leads_the_cursor (void **state)
{
  Fixture *fixture = *state;
  GtkWidget *window = GTK_WIDGET (fixture->window);

  assert_null (find_sharing ());
  open_image (fixture, P2V_VIEWER_START_PHYSICAL, TWICE_PA);
  wait_for_cursor (fixture, TWICE_PA);
  assert_true (gtk_widget_activate_action (window, "win.show-map", NULL));
  p2v_ui_test_wait (has_map, window);
  p2v_ui_test_screenshot (window, "viewer-map");
  GtkWidget *map = p2v_ui_test_find (window, P2V_TYPE_MEMORY_MAP, NULL);
  g_signal_emit_by_name (map, "jump-to-address", (guint64) (CLONE_PA & ~0xfff));
  wait_for_cursor (fixture, CLONE_PA & ~0xfff);
  assert_true (gtk_widget_activate_action (window, "win.show-map", NULL));
  assert_false (gtk_widget_get_visible (map));
}

static void
shared_memory_has_one_window_which_goes_with_the_viewer (void **state)
{
  Fixture *fixture = *state;
  GtkWidget *window = GTK_WIDGET (fixture->window);

  open_image (fixture, P2V_VIEWER_START_BEGIN, 0);
  assert_null (find_sharing ());
  assert_true (gtk_widget_activate_action (window, "win.show-sharing", NULL));
  GtkWidget *first = find_sharing ();
  assert_non_null (first);
  assert_true (gtk_widget_activate_action (window, "win.show-sharing", NULL));
  assert_ptr_equal (find_sharing (), first);
  gtk_window_destroy (GTK_WINDOW (gtk_widget_get_root (first)));
  assert_null (find_sharing ());
  assert_true (gtk_widget_activate_action (window, "win.show-sharing", NULL));
  assert_non_null (find_sharing ());
  /* The teardown destroys the viewer; a sharing window that stays behind fails the next test. */
}

static void
icon_is_there_without_being_installed (void **state)
{
  GtkIconTheme *theme = gtk_icon_theme_get_for_display (gdk_display_get_default ());

  assert_true (gtk_icon_theme_has_icon (theme, "io.github.pas2vas.Viewer"));
  assert_true (gtk_icon_theme_has_icon (theme, "io.github.pas2vas.Viewer-symbolic"));
}

#define test(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    test (image_opens_at_the_address_given),
    test (panel_follows_the_cursor),
    test (cursor_follows_the_panel),
    test (nothing_can_be_changed),
    cmocka_unit_test (buffer_reads_what_the_file_holds_and_nothing_beyond),
    cmocka_unit_test (buffer_tells_when_the_file_has_shrunk),
    test (file_that_is_no_image_is_refused_in_the_window),
    test (address_outside_the_image_is_answered_by_the_panel),
    test (window_closes_without_a_question_while_work_is_running),
    test (panel_can_be_hidden_and_comes_back_for_what_needs_it),
    test (shared_memory_has_one_window_which_goes_with_the_viewer),
    test (map_shows_beside_the_bytes_and_leads_the_cursor),
    test (everything_has_a_name),
    test (every_key_is_in_the_shortcuts_window_and_works_in_the_whole_window),
    test (f6_leads_from_the_hex_view_to_the_panel_and_back),
    cmocka_unit_test (icon_is_there_without_being_installed),
  };

  if (p2v_ui_test_get_image () == NULL || !gtk_init_check () || gdk_display_get_default () == NULL)
    return P2V_UI_TEST_SKIP;
  return cmocka_run_group_tests (tests, setup_group, teardown_group);
}
