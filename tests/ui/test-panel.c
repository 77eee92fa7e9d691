/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-ui-test.h"

#include "p2v-panel-private.h"
#include "p2v-row-writer.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Places in the tiny image whose owners the kernel itself has told; see test-mapping-model.c. */
#define SHARED_FILE_PA 0x4a4a123
#define CODE_PA 0x327010
#define CLONE_PA 0x2860000
#define NOBODY_PA 0x0
#define NOT_IN_IMAGE_PA 0x100000000

/* What one turn of the main loop may cost in CPU time. The aim is 10 ms; this must hold with
 * sanitizers on a slow machine too, and is still far below what a walk on the main thread would
 * take. */
#define MAX_TURN_US 500000

typedef struct
{
  P2vSession *session; /* of the group: its index is complete */
  GtkWidget  *window;
  P2vPanel   *panel;
  guint64     jumped_to;
  guint       n_jumps;
} Fixture;

static int
setup_group (void **state)
{
  return p2v_ui_test_setup_group (state, sizeof (Fixture));
}

static void
jump_cb (Fixture *fixture,
         guint64 file_offset)
{
  fixture->jumped_to = file_offset;
  fixture->n_jumps++;
}

static int
setup (void **state)
{
  Fixture *fixture = *state;

  fixture->window = p2v_ui_test_show_panel (&fixture->panel);
  fixture->n_jumps = 0;
  g_signal_connect_swapped (fixture->panel, "jump-to-offset", G_CALLBACK (jump_cb), fixture);
  return 0;
}

static int
teardown (void **state)
{
  p2v_ui_test_close (((Fixture *) *state)->window);
  return 0;
}

static gboolean
has_jumped (gpointer data)
{
  return ((Fixture *) data)->n_jumps > 0;
}

static guint
count_rows (Fixture *fixture)
{
  return g_list_model_get_n_items (
      G_LIST_MODEL (p2v_mapping_view_get_model (p2v_panel_get_view (fixture->panel))));
}

static gboolean
has_all_rows (Fixture *fixture)
{
  guint n_rows = 0;

  return p2v_mapping_model_get_n_arranged (
             p2v_mapping_view_get_model (p2v_panel_get_view (fixture->panel)), &n_rows)
         && count_rows (fixture) == n_rows;
}

static gboolean
is_settled (gpointer data)
{
  Fixture *fixture = data;
  P2vMappingRow *row = p2v_mapping_view_get_selected (p2v_panel_get_view (fixture->panel));

  return fixture->panel->update_id == 0 && fixture->panel->describing == NULL
         && has_all_rows (fixture)
         && (row == NULL
             || (p2v_mapping_row_is_described (row)
                 && p2v_trail_view_get_text (fixture->panel->trail_view)[0] != '\0'));
}

static void
show (Fixture *fixture,
      P2vPhysAddr pa)
{
  p2v_panel_set_session (fixture->panel, fixture->session);
  p2v_panel_set_address (fixture->panel, pa);
  p2v_ui_test_wait (is_settled, fixture);
}

static void
activate (Fixture *fixture,
          const char *action,
          GVariant *parameter)
{
  g_action_group_activate_action (p2v_panel_get_action_group (fixture->panel), action, parameter);
}

static gboolean
is_enabled (Fixture *fixture,
            const char *action)
{
  return g_action_group_get_action_enabled (p2v_panel_get_action_group (fixture->panel), action);
}

static void
assert_label (GtkLabel *label,
              const char *text)
{
  assert_string_equal (gtk_label_get_label (label), text);
}

static void
assert_page (Fixture *fixture,
             const char *name)
{
  assert_string_equal (gtk_stack_get_visible_child_name (fixture->panel->stack), name);
}

static void
without_a_session_the_panel_says_so (void **state)
{
  Fixture *fixture = *state;

  p2v_ui_test_wait (is_settled, fixture);
  assert_page (fixture, "message");
  assert_contains (gtk_label_get_label (fixture->panel->message_title), "No memory image is open");
  assert_false (is_enabled (fixture, "go-to"));
  assert_false (is_enabled (fixture, "copy-row"));
  assert_false (is_enabled (fixture, "export-all"));
}

static void
place_verdict_rows_and_trail_are_shown (void **state)
{
  Fixture *fixture = *state;
  P2vPhysAddr pa = 0;

  show (fixture, SHARED_FILE_PA);
  assert_label (fixture->panel->physical_label, "0x4a4a123");
  assert_label (fixture->panel->offset_label, "0x4a4a123");
  assert_label (fixture->panel->frame_label, "0x4a4a");
  assert_contains (gtk_label_get_label (fixture->panel->verdict_label), "2 owners");
  assert_contains (gtk_label_get_label (fixture->panel->coverage_label), "22 of 22");
  assert_contains (gtk_label_get_label (fixture->panel->coverage_label),
                   "the system counts no others");
  assert_page (fixture, "rows");
  assert_int_equal (count_rows (fixture), 2);
  assert_contains (p2v_trail_view_get_text (fixture->panel->trail_view), "pte 0x");
  assert_true (p2v_panel_get_address (fixture->panel, &pa));
  assert_int_equal (pa, SHARED_FILE_PA);
  p2v_ui_test_screenshot (fixture->window, "panel-rows");
}

static void
visible_rows_fill_themselves_in (void **state)
{
  Fixture *fixture = *state;

  show (fixture, SHARED_FILE_PA);
  assert_non_null (p2v_ui_test_find (GTK_WIDGET (fixture->panel), GTK_TYPE_LABEL, NULL));
  GListModel *model
      = G_LIST_MODEL (p2v_mapping_view_get_model (p2v_panel_get_view (fixture->panel)));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (P2vMappingRow) row = g_list_model_get_item (model, i);
      g_autofree char *region = p2v_mapping_row_dup_text (row, P2V_COLUMN_REGION);
      assert_string_equal (region, "/data/shared.bin+0x12123");
    }
}

static void
cursor_may_move_often_between_two_frames (void **state)
{
  Fixture *fixture = *state;

  show (fixture, SHARED_FILE_PA);
  P2vAnswer *before = p2v_panel_get_answer (fixture->panel);
  for (guint64 offset = 0; offset < 100000; offset++)
    p2v_panel_set_file_offset (fixture->panel, offset);
  p2v_panel_set_file_offset (fixture->panel, CODE_PA);
  assert_ptr_equal (p2v_panel_get_answer (fixture->panel), before);
  p2v_ui_test_wait (is_settled, fixture);
  assert_label (fixture->panel->physical_label, "0x327010");
  assert_int_equal (count_rows (fixture), 20);
}

static void
selection_and_its_trail_follow_the_cursor_in_a_page (void **state)
{
  Fixture *fixture = *state;

  show (fixture, SHARED_FILE_PA);
  p2v_mapping_view_select (p2v_panel_get_view (fixture->panel), 1);
  p2v_ui_test_wait (is_settled, fixture);
  P2vMappingRow *row = p2v_mapping_view_get_selected (p2v_panel_get_view (fixture->panel));
  show (fixture, SHARED_FILE_PA + 0x10);
  assert_ptr_equal (p2v_mapping_view_get_selected (p2v_panel_get_view (fixture->panel)), row);
  g_autofree char *va = p2v_mapping_row_dup_text (row, P2V_COLUMN_VIRTUAL);
  g_autofree char *region = p2v_mapping_row_dup_text (row, P2V_COLUMN_REGION);
  assert_string_equal (va, "0x7f1ad080c133");
  assert_string_equal (region, "/data/shared.bin+0x12133");
}

static void
frame_of_nobody_is_an_answer_on_its_own_page (void **state)
{
  Fixture *fixture = *state;

  show (fixture, NOBODY_PA);
  assert_page (fixture, "message");
  assert_contains (gtk_label_get_label (fixture->panel->message_title), "Nobody maps this frame");
  assert_label (fixture->panel->frame_label, "0x0");
  assert_false (is_enabled (fixture, "copy-row"));
  assert_false (is_enabled (fixture, "export-rows"));
  assert_true (is_enabled (fixture, "export-all"));
  p2v_ui_test_screenshot (fixture->window, "panel-nobody");
}

/* The root of process 81, from the image's rigtruth.tsv. */
static void
frame_of_nobody_says_what_it_is (void **state)
{
  Fixture *fixture = *state;

  show (fixture, 0x1eea010);
  assert_page (fixture, "message");
  assert_string_equal (gtk_label_get_label (fixture->panel->message_text),
                       "It is the page-table root of rl-cow (81).");
}

static void
address_outside_the_image_has_no_file_offset (void **state)
{
  Fixture *fixture = *state;

  show (fixture, NOT_IN_IMAGE_PA);
  assert_label (fixture->panel->physical_label, "0x100000000");
  assert_label (fixture->panel->offset_label, "–");
  assert_contains (gtk_label_get_label (fixture->panel->message_title), "Not in the image");
}

static void
filter_leaves_one_process_or_says_that_it_hides_all (void **state)
{
  Fixture *fixture = *state;

  show (fixture, CODE_PA);
  activate (fixture, "filter", NULL);
  assert_true (gtk_revealer_get_reveal_child (fixture->panel->filter_revealer));
  gtk_editable_set_text (GTK_EDITABLE (fixture->panel->filter_entry), "rl-huge");
  g_signal_emit_by_name (fixture->panel->filter_entry, "search-changed");
  p2v_ui_test_wait (is_settled, fixture);
  assert_int_equal (count_rows (fixture), 1);

  gtk_editable_set_text (GTK_EDITABLE (fixture->panel->filter_entry), "no such process");
  g_signal_emit_by_name (fixture->panel->filter_entry, "search-changed");
  p2v_ui_test_wait (is_settled, fixture);
  assert_page (fixture, "message");
  assert_true (gtk_widget_get_visible (fixture->panel->clear_filter_button));

  activate (fixture, "clear-filter", NULL);
  g_signal_emit_by_name (fixture->panel->filter_entry, "search-changed");
  p2v_ui_test_wait (is_settled, fixture);
  assert_int_equal (count_rows (fixture), 20);
}

/* The direct map is hidden; one click, key or menu item shows it, and hides it again. */
static void
kernel_mappings_are_counted_and_shown_when_asked_for (void **state)
{
  Fixture *fixture = *state;
  GtkWidget *button = fixture->panel->kernel_button;

  show (fixture, SHARED_FILE_PA);
  assert_true (gtk_widget_get_visible (button));
  assert_string_equal (gtk_button_get_label (GTK_BUTTON (button)), "1 kernel mapping hidden");
  activate (fixture, "show-kernel", NULL);
  p2v_ui_test_wait (is_settled, fixture);
  assert_int_equal (count_rows (fixture), 3);
  assert_true (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (button)));
  assert_contains (gtk_label_get_label (fixture->panel->verdict_label), "and the kernel");
  p2v_ui_test_screenshot (fixture->window, "panel-kernel");
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), FALSE);
  g_signal_emit_by_name (button, "clicked");
  p2v_ui_test_wait (is_settled, fixture);
  assert_int_equal (count_rows (fixture), 2);
}

/* The entry that a row names must really be there and hold the frame: asked of the file, not of
 * us. */
static guint64
read_entry (guint64 file_offset)
{
  guint8 bytes[8];
  guint64 entry = 0;
  int fd = open (p2v_ui_test_get_image (), O_RDONLY | O_CLOEXEC);

  assert_true (fd >= 0);
  assert_int_equal (pread (fd, bytes, sizeof bytes, (off_t) file_offset), sizeof bytes);
  close (fd);
  for (guint i = 8; i > 0; i--)
    entry = entry << 8 | bytes[i - 1];
  return entry;
}

static void
activating_a_row_jumps_to_the_entry_that_maps_it (void **state)
{
  Fixture *fixture = *state;

  show (fixture, SHARED_FILE_PA);
  activate (fixture, "go-to-entry", NULL);
  assert_int_equal (fixture->n_jumps, 1);
  /* Source: Intel SDM 3A 4.5, table 4-20: bits 51:12 of a PTE are the frame, bit 0 is "present". */
  guint64 entry = read_entry (fixture->jumped_to);
  assert_int_equal (entry >> 12 & 0xffffffffff, SHARED_FILE_PA >> 12);
  assert_int_equal (entry & 1, 1);
}

static void
go_to (Fixture *fixture,
       const char *kind,
       const char *text)
{
  GtkWidget *popover = GTK_WIDGET (fixture->panel->go_to);
  GtkWidget *entry = p2v_ui_test_find (popover, GTK_TYPE_ENTRY, NULL);

  fixture->n_jumps = 0;
  activate (fixture, "go-to", g_variant_new_string (kind));
  gtk_editable_set_text (GTK_EDITABLE (entry), text);
  g_signal_emit_by_name (entry, "activate");
}

static void
going_to_each_kind_of_address_jumps_to_its_file_offset (void **state)
{
  Fixture *fixture = *state;

  show (fixture, NOBODY_PA);
  go_to (fixture, "physical", "0x2860010");
  assert_int_equal (fixture->n_jumps, 1);
  assert_int_equal (fixture->jumped_to, 0x2860010);
  go_to (fixture, "offset", " 0x123 ");
  assert_int_equal (fixture->n_jumps, 1);
  assert_int_equal (fixture->jumped_to, 0x123);
  go_to (fixture, "virtual", "99:0x7f9c7abc6010");
  p2v_ui_test_wait (has_jumped, fixture);
  assert_int_equal (fixture->jumped_to, 0x2860010);
}

static void
going_nowhere_is_explained_beside_the_entry (void **state)
{
  Fixture *fixture = *state;
  const char *const places[][2] = { { "physical", "banana" },    { "physical", "0x100000000" },
                                    { "offset", "0x100000000" }, { "virtual", "0x1000" },
                                    { "virtual", "x:0x1000" },   { "virtual", "99999:0x1000" },
                                    { "virtual", "2:0x1000" } };

  show (fixture, NOBODY_PA);
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      GtkWidget *entry
          = p2v_ui_test_find (GTK_WIDGET (fixture->panel->go_to), GTK_TYPE_ENTRY, NULL);
      go_to (fixture, places[i][0], places[i][1]);
      assert_true (gtk_widget_has_css_class (entry, "error"));
      assert_int_equal (fixture->n_jumps, 0);
    }
}

static gboolean
has_clipboard_text (gpointer data)
{
  g_auto (GValue) value = G_VALUE_INIT;
  GdkContentProvider *content = gdk_clipboard_get_content (gtk_widget_get_clipboard (data));

  g_value_init (&value, G_TYPE_STRING);
  return content != NULL && gdk_content_provider_get_value (content, &value, NULL)
         && g_value_get_string (&value)[0] != '\0';
}

static char *
take_clipboard_text (Fixture *fixture)
{
  g_auto (GValue) value = G_VALUE_INIT;
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (fixture->panel));

  p2v_ui_test_wait (has_clipboard_text, fixture->panel);
  g_value_init (&value, G_TYPE_STRING);
  assert_true (
      gdk_content_provider_get_value (gdk_clipboard_get_content (clipboard), &value, NULL));
  gdk_clipboard_set_text (clipboard, "");
  return g_value_dup_string (&value);
}

static void
row_cell_column_and_all_are_copied (void **state)
{
  Fixture *fixture = *state;

  show (fixture, SHARED_FILE_PA);
  activate (fixture, "copy-row", NULL);
  g_autofree char *row = take_clipboard_text (fixture);
  assert_contains (row, "0x000004a4a123\trl-shfile\t86\t0x7fbed4261123\t");
  assert_contains (row, "\t/data/shared.bin+0x12123");

  activate (fixture, "copy-cell", g_variant_new_string ("virtual"));
  g_autofree char *cell = take_clipboard_text (fixture);
  assert_string_equal (cell, "0x7fbed4261123");

  activate (fixture, "copy-column", g_variant_new_string ("virtual"));
  g_autofree char *addresses = take_clipboard_text (fixture);
  assert_string_equal (addresses, "0x7fbed4261123\n0x7f1ad080c123\n");

  activate (fixture, "copy-column", g_variant_new_string ("region"));
  g_autofree char *regions = take_clipboard_text (fixture);
  assert_string_equal (regions, "/data/shared.bin+0x12123\n/data/shared.bin+0x12123\n");

  activate (fixture, "copy-all", NULL);
  g_autofree char *all = take_clipboard_text (fixture);
  assert_contains (all, "7fbed4261123");
  assert_contains (all, "7f1ad080c123");
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static void
keep_result_cb (GObject *source,
                GAsyncResult *result,
                gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
rows_are_exported_as_csv (void **state)
{
  Fixture *fixture = *state;
  g_autofree char *folder = g_dir_make_tmp ("p2v-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "rows.csv", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (fixture->session, SHARED_FILE_PA, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *csv = NULL;

  p2v_row_writer_export_async (fixture->session, answer, NULL, file, NULL, keep_result_cb, &result);
  p2v_ui_test_wait (is_set, &result);
  assert_true (p2v_row_writer_export_finish (result, &error));
  assert_no_error (error);
  assert_true (g_file_get_contents (path, &csv, NULL, NULL));
  assert_contains (csv, "physical");
  assert_contains (csv, "7f1ad080c123");
  g_unlink (path);
  g_rmdir (folder);
}

static gboolean
export_and_cancel (Fixture *fixture,
                   GFile *file,
                   gboolean cancel_first)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  if (cancel_first)
    g_cancellable_cancel (cancellable);
  p2v_row_writer_export_async (fixture->session, NULL, NULL, file, cancellable, keep_result_cb,
                               &result);
  g_cancellable_cancel (cancellable);
  p2v_ui_test_wait (is_set, &result);
  if (p2v_row_writer_export_finish (result, &error))
    return TRUE;
  assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  return FALSE;
}

static void
cancelled_export_leaves_no_half_file (void **state)
{
  Fixture *fixture = *state;
  g_autofree char *folder = g_dir_make_tmp ("p2v-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "all.csv", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  assert_false (export_and_cancel (fixture, file, TRUE));
  assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  /* The thread may be through before it is cancelled; then the file is there, and the result
   * says so. */
  for (guint i = 0; i < 20; i++)
    {
      gboolean written = export_and_cancel (fixture, file, FALSE);
      assert_int_equal (g_file_test (path, G_FILE_TEST_EXISTS), written);
      g_unlink (path);
    }

  /* A file that was there keeps what it held. */
  assert_true (g_file_set_contents (path, "older", -1, NULL));
  assert_false (export_and_cancel (fixture, file, TRUE));
  g_autofree char *contents = NULL;
  assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  assert_string_equal (contents, "older");
  g_unlink (path);
  g_rmdir (folder);
}

static gboolean
is_cancelled (gpointer data)
{
  P2vPanel *panel = data;

  return p2v_driver_get_state (panel->driver) == P2V_DRIVER_CANCELLED;
}

static gboolean
is_done (gpointer data)
{
  P2vPanel *panel = data;

  return p2v_driver_get_state (panel->driver) == P2V_DRIVER_DONE;
}

static void
cancelled_work_leaves_a_sentence_and_a_button_to_go_on (void **state)
{
  Fixture *fixture = *state;
  P2vPanel *panel = fixture->panel;
  g_autoptr (P2vSession) session = p2v_ui_test_session (P2V_STAGE_IMAGE);

  p2v_panel_set_session (panel, session);
  p2v_panel_set_address (panel, CODE_PA);
  assert_true (gtk_widget_get_visible (panel->status_box));
  assert_string_equal (gtk_actionable_get_action_name (GTK_ACTIONABLE (panel->status_button)),
                       "p2v.cancel");
  activate (fixture, "cancel", NULL);
  p2v_ui_test_wait (is_cancelled, panel);
  assert_contains (gtk_label_get_label (panel->status_label), "cancelled");
  assert_string_equal (gtk_actionable_get_action_name (GTK_ACTIONABLE (panel->status_button)),
                       "p2v.start");
  p2v_ui_test_screenshot (fixture->window, "panel-cancelled");

  activate (fixture, "start", NULL);
  p2v_ui_test_wait (is_done, panel);
  p2v_ui_test_wait (is_settled, fixture);
  assert_false (gtk_widget_get_visible (panel->status_box));
  assert_int_equal (count_rows (fixture), 20);
}

static void
panel_may_go_while_work_is_running (void **state)
{
  Fixture *fixture = *state;
  g_autoptr (P2vSession) session = p2v_ui_test_session (P2V_STAGE_IMAGE);
  P2vPanel *panel = fixture->panel;

  g_object_add_weak_pointer (G_OBJECT (panel), (gpointer *) &panel);
  p2v_panel_set_session (panel, session);
  p2v_panel_set_address (panel, CODE_PA);
  gtk_window_set_child (GTK_WINDOW (fixture->window), NULL);
  p2v_ui_test_settle ();
  assert_null (panel);
}

static void
fill_table (int fd,
            P2vPhysAddr table_pa,
            guint64 entry)
{
  guint8 table[4096];

  for (guint i = 0; i < sizeof table; i++)
    table[i] = (guint8) (entry >> 8 * (i % 8));
  assert_int_equal (pwrite (fd, table, sizeof table, (off_t) table_pa), sizeof table);
}

/* A copy of the tiny image in which every entry of one page table maps the same frame, and every
 * entry of the directory above it points to that table. Processes 98 and 99 share them: 2 * 512
 * * 512 rows. */
static P2vSession *
session_with_aliases (const char *path)
{
  g_autoptr (GFile) image = g_file_new_for_path (p2v_ui_test_get_image ());
  g_autoptr (GFile) copy = g_file_new_for_path (path);
  g_autoptr (GError) error = NULL;
  P2vSession *session = p2v_session_new ();

  assert_true (g_file_copy (image, copy, G_FILE_COPY_NONE, NULL, NULL, NULL, &error));
  assert_int_equal (chmod (path, 0600), 0);
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  fill_table (fd, 0x1fc6000, 0x8000000000000867 | CLONE_PA);
  fill_table (fd, 0x1fc7000, 0x67 | 0x1fc6000);
  close (fd);
  assert_true (p2v_session_open (session, path, NULL, &error));
  assert_true (p2v_session_find_system (session, NULL, &error));
  assert_true (p2v_session_build_index (session, NULL, &error));
  assert_no_error (error);
  return session;
}

static void
page_with_half_a_million_aliases_is_a_row_an_owner (void **state)
{
  Fixture *fixture = *state;
  g_autofree char *folder = g_dir_make_tmp ("p2v-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "aliases.raw", NULL);
  g_autoptr (P2vSession) session = session_with_aliases (path);
  P2vMappingModel *model = p2v_mapping_view_get_model (p2v_panel_get_view (fixture->panel));

  p2v_panel_set_session (fixture->panel, session);
  p2v_panel_set_address (fixture->panel, CLONE_PA);
  p2v_ui_test_wait (is_settled, fixture);
  gtk_test_widget_wait_for_draw (fixture->window);
  assert_int_equal (count_rows (fixture), 2);
  assert_int_equal (p2v_mapping_model_get_n_live_rows (model), 2);
  activate (fixture, "every-address", NULL);
  p2v_ui_test_wait (is_settled, fixture);
  gtk_test_widget_wait_for_draw (fixture->window);
  assert_int_equal (count_rows (fixture), 2 * 512 * 512);
  assert_in_range (p2v_mapping_model_get_n_live_rows (model), 1, 1000);
  g_unlink (path);
  g_rmdir (folder);
}

static gint64
thread_cpu_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
main_loop_is_never_blocked_while_the_index_is_built (void **state)
{
  Fixture *fixture = *state;
  g_autoptr (P2vSession) session = p2v_ui_test_session (P2V_STAGE_IMAGE);
  gint64 max_wall_us = 0;
  gint64 max_cpu_us = 0;

  /* What drawing costs for the first time is not what is measured here. */
  gtk_test_widget_wait_for_draw (fixture->window);
  p2v_ui_test_settle ();
  p2v_panel_set_session (fixture->panel, session);
  for (guint64 pa = 0; !is_done (fixture->panel) || !is_settled (fixture); pa += P2V_FRAME_SIZE)
    {
      gint64 wall_us = g_get_monotonic_time ();
      gint64 cpu_us = thread_cpu_us ();
      if (!is_done (fixture->panel))
        p2v_panel_set_address (fixture->panel, CODE_PA + pa % 0x100000);
      g_main_context_iteration (NULL, FALSE);
      max_wall_us = MAX (max_wall_us, g_get_monotonic_time () - wall_us);
      max_cpu_us = MAX (max_cpu_us, thread_cpu_us () - cpu_us);
      g_usleep (1000);
    }
  print_message ("longest turn of the main loop: %.1f ms, of them %.1f ms CPU\n",
                 (double) max_wall_us / 1000, (double) max_cpu_us / 1000);
  assert_true (max_cpu_us < MAX_TURN_US);
}

static void
assert_named (Fixture *fixture,
              GType type,
              const char *name)
{
  assert_non_null (p2v_ui_test_find (GTK_WIDGET (fixture->panel), type, name));
}

static void
everything_has_a_role_and_a_name (void **state)
{
  Fixture *fixture = *state;

  show (fixture, SHARED_FILE_PA);
  assert_true (
      gtk_test_accessible_has_role (GTK_ACCESSIBLE (fixture->panel), GTK_ACCESSIBLE_ROLE_GROUP));
  assert_named (fixture, P2V_TYPE_PANEL, "Owners of the byte");
  assert_named (fixture, GTK_TYPE_TOGGLE_BUTTON, "Filter rows");
  assert_named (fixture, GTK_TYPE_SEARCH_ENTRY, "Filter rows by text, or by column and value");
  assert_named (fixture, GTK_TYPE_MENU_BUTTON, "Go to an address");
  assert_named (fixture, GTK_TYPE_BUTTON, "Copy the selected row");
  assert_named (fixture, GTK_TYPE_MENU_BUTTON, "More");
  assert_named (fixture, GTK_TYPE_COLUMN_VIEW, "Mappings of this byte");
  assert_named (fixture, P2V_TYPE_TRAIL_VIEW, "Page table entries of the selected row");
  assert_true (gtk_test_accessible_has_relation (GTK_ACCESSIBLE (fixture->panel->physical_label),
                                                 GTK_ACCESSIBLE_RELATION_LABELLED_BY));
  assert_true (gtk_test_accessible_has_relation (GTK_ACCESSIBLE (fixture->panel->offset_label),
                                                 GTK_ACCESSIBLE_RELATION_LABELLED_BY));
}

static void
addresses_read_from_left_to_right_in_every_language (void **state)
{
  Fixture *fixture = *state;

  gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  show (fixture, SHARED_FILE_PA);
  gtk_test_widget_wait_for_draw (fixture->window);
  p2v_ui_test_screenshot (fixture->window, "panel-right-to-left");
  GtkTextDirection panel = gtk_widget_get_direction (GTK_WIDGET (fixture->panel));
  GtkTextDirection address = gtk_widget_get_direction (GTK_WIDGET (fixture->panel->physical_label));
  gtk_widget_set_default_direction (GTK_TEXT_DIR_LTR);
  assert_int_equal (panel, GTK_TEXT_DIR_RTL);
  assert_int_equal (address, GTK_TEXT_DIR_LTR);
}

#define test(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    test (without_a_session_the_panel_says_so),
    test (place_verdict_rows_and_trail_are_shown),
    test (visible_rows_fill_themselves_in),
    test (cursor_may_move_often_between_two_frames),
    test (selection_and_its_trail_follow_the_cursor_in_a_page),
    test (frame_of_nobody_is_an_answer_on_its_own_page),
    test (frame_of_nobody_says_what_it_is),
    test (address_outside_the_image_has_no_file_offset),
    test (filter_leaves_one_process_or_says_that_it_hides_all),
    test (kernel_mappings_are_counted_and_shown_when_asked_for),
    test (activating_a_row_jumps_to_the_entry_that_maps_it),
    test (going_to_each_kind_of_address_jumps_to_its_file_offset),
    test (going_nowhere_is_explained_beside_the_entry),
    test (row_cell_column_and_all_are_copied),
    test (rows_are_exported_as_csv),
    test (cancelled_export_leaves_no_half_file),
    test (cancelled_work_leaves_a_sentence_and_a_button_to_go_on),
    test (panel_may_go_while_work_is_running),
    test (page_with_half_a_million_aliases_is_a_row_an_owner),
    test (main_loop_is_never_blocked_while_the_index_is_built),
    test (everything_has_a_role_and_a_name),
    test (addresses_read_from_left_to_right_in_every_language),
  };

  if (p2v_ui_test_get_image () == NULL || !gtk_init_check () || gdk_display_get_default () == NULL)
    return P2V_UI_TEST_SKIP;
  return cmocka_run_group_tests (tests, setup_group, p2v_ui_test_teardown_group);
}
