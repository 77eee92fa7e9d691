/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Going from page to page of a process with the panel, and selecting in the host. The pages are
 * those that the kernel of the tiny image told: truth.tsv and maps.tsv beside it. */

#include "p2v-ui-test.h"

#include "p2v-panel-private.h"

/* Process 86 maps a file at 0x7fbed424f000, 48 pages long. */
#define FILE_VA 0x7fbed424f000
#define FILE_BYTES 0x30000
#define MIDDLE_VA 0x7fbed4261123
#define MIDDLE_PA 0x4a4a123
/* From that page to the last one the file's pages follow each other in the image as well. */
#define RUN_BYTES 0x1e000
#define BEFORE_PA 0x4aaf123
#define BEHIND_PA 0x4a4b123
#define LAST_PA 0x4a67010
/* Then comes the stack, whose first 30 pages were never touched. */
#define STACK_PA 0x4b1d010
/* GLib puts a space that does not break before a unit. */
#define PASSED_OVER "Passed over 120.0\302\240KiB that are not in RAM"

typedef struct
{
  P2vSession *session; /* of the group */
  GtkWidget  *window;
  P2vPanel   *panel;
  gboolean    shows_process; /* whether the host shows the process's own addresses */
  guint64     virtual_jump;
  guint64     start;   /* of what was selected */
  guint64     length;
  guint       n_selections;
} Fixture;

static int
setup_group (void **state)
{
  return p2v_ui_test_setup_group (state, sizeof (Fixture));
}

static void
jump_to_offset_cb (Fixture *fixture,
                   guint64  file_offset)
{
  p2v_panel_set_file_offset (fixture->panel, file_offset);
}

static gboolean
jump_to_virtual_cb (Fixture    *fixture,
                    P2vProcess *process,
                    guint64     va)
{
  fixture->virtual_jump = va;
  return fixture->shows_process;
}

static void
select_offsets_cb (Fixture *fixture,
                   guint64  file_offset,
                   guint64  length_bytes)
{
  fixture->start = file_offset;
  fixture->length = length_bytes;
  fixture->n_selections++;
}

static gboolean
select_virtual_cb (Fixture    *fixture,
                   P2vProcess *process,
                   guint64     va,
                   guint64     length_bytes)
{
  if (fixture->shows_process)
    select_offsets_cb (fixture, va, length_bytes);
  return fixture->shows_process;
}

static int
setup (void **state)
{
  Fixture *fixture = *state;

  fixture->window = p2v_ui_test_show_panel (&fixture->panel);
  fixture->shows_process = FALSE;
  fixture->n_selections = 0;
  g_signal_connect_swapped (fixture->panel, "jump-to-offset", G_CALLBACK (jump_to_offset_cb),
                            fixture);
  g_signal_connect_swapped (fixture->panel, "jump-to-virtual", G_CALLBACK (jump_to_virtual_cb),
                            fixture);
  g_signal_connect_swapped (fixture->panel, "select-offsets", G_CALLBACK (select_offsets_cb),
                            fixture);
  g_signal_connect_swapped (fixture->panel, "select-virtual", G_CALLBACK (select_virtual_cb),
                            fixture);
  p2v_panel_set_session (fixture->panel, fixture->session);
  return 0;
}

static int
teardown (void **state)
{
  p2v_ui_test_close (((Fixture *) *state)->window);
  return 0;
}

static gboolean
is_settled (gpointer data)
{
  P2vPanel *panel = ((Fixture *) data)->panel;
  P2vMappingRow *row = p2v_mapping_view_get_selected (panel->view);

  return panel->update_id == 0 && panel->describing == NULL && panel->asking == NULL
         && (row == NULL || p2v_trail_view_get_text (panel->trail_view)[0] != '\0');
}

static void
show (Fixture    *fixture,
      P2vPhysAddr pa)
{
  p2v_panel_set_address (fixture->panel, pa);
  p2v_ui_test_wait (is_settled, fixture);
}

static void
activate (Fixture    *fixture,
          const char *action)
{
  g_action_group_activate_action (p2v_panel_get_action_group (fixture->panel), action, NULL);
  p2v_ui_test_wait (is_settled, fixture);
}

static void
assert_at (Fixture    *fixture,
           P2vPhysAddr pa,
           P2vVirtAddr va)
{
  P2vPhysAddr panel_pa = 0;
  P2vMappingRow *row = p2v_mapping_view_get_selected (p2v_panel_get_view (fixture->panel));

  assert_true (p2v_panel_get_address (fixture->panel, &panel_pa));
  assert_int_equal (panel_pa, pa);
  assert_int_equal (p2v_mapping_row_get_mapping (row)->va, va);
  assert_int_equal (p2v_process_get_pid (p2v_mapping_row_get_mapping (row)->process), 86);
}

static void
next_and_previous_page_are_those_of_the_process (void **state)
{
  Fixture *fixture = *state;

  show (fixture, MIDDLE_PA);
  assert_string_equal (gtk_label_get_label (fixture->panel->pages_label), "Page of rl-shfile (86)");
  activate (fixture, "next-page");
  assert_at (fixture, BEHIND_PA, MIDDLE_VA + 0x1000);
  activate (fixture, "previous-page");
  activate (fixture, "previous-page");
  assert_at (fixture, BEFORE_PA, MIDDLE_VA - 0x1000);
  assert_null (p2v_panel_get_note (fixture->panel));
}

/* The file has two owners, and the stack behind it one. */
static void
what_is_not_in_ram_is_passed_over_and_told (void **state)
{
  Fixture *fixture = *state;

  show (fixture, LAST_PA);
  activate (fixture, "next-page");
  assert_at (fixture, STACK_PA, 0x7ffc0aa08010);
  assert_string_equal (gtk_label_get_label (fixture->panel->coverage_label),
                       PASSED_OVER);
  p2v_ui_test_screenshot (fixture->window, "panel-passed-over");
  activate (fixture, "previous-page");
  assert_at (fixture, LAST_PA, FILE_VA + 0x2f010);
  assert_string_equal (gtk_label_get_label (fixture->panel->coverage_label),
                       PASSED_OVER);
  /* It is about the way here, and goes with the place. */
  show (fixture, MIDDLE_PA);
  assert_contains (gtk_label_get_label (fixture->panel->coverage_label), "22 of 22");
}

/* Another row, another process: the second owner's pages. */
static void
row_of_the_same_process_stays_selected (void **state)
{
  Fixture *fixture = *state;

  show (fixture, MIDDLE_PA);
  p2v_mapping_view_select (p2v_panel_get_view (fixture->panel), 1);
  for (guint i = 0; i < 3; i++)
    activate (fixture, "next-page");
  P2vMappingRow *row = p2v_mapping_view_get_selected (p2v_panel_get_view (fixture->panel));
  assert_int_equal (p2v_process_get_pid (p2v_mapping_row_get_mapping (row)->process), 87);
  assert_int_equal (p2v_mapping_row_get_mapping (row)->va, 0x7f1ad080f123);
}

static void
behind_the_last_page_there_is_a_sentence (void **state)
{
  Fixture *fixture = *state;

  /* The code page that the kernel gives all processes at their end. */
  show (fixture, STACK_PA);
  for (guint i = 0; i < 4; i++)
    activate (fixture, "next-page");
  assert_true (gtk_info_bar_get_revealed (fixture->panel->info_bar));
  assert_string_equal (gtk_label_get_label (fixture->panel->info_label),
                       "No page of rl-shfile behind this one is in RAM.");
}

static void
page_and_region_are_selected_as_far_as_the_file_has_them_in_one_piece (void **state)
{
  Fixture *fixture = *state;

  show (fixture, MIDDLE_PA);
  activate (fixture, "select-page");
  assert_int_equal (fixture->n_selections, 1);
  assert_int_equal (fixture->start, MIDDLE_PA & ~0xfff);
  assert_int_equal (fixture->length, 0x1000);
  activate (fixture, "select-region");
  assert_int_equal (fixture->start, MIDDLE_PA & ~0xfff);
  assert_int_equal (fixture->length, RUN_BYTES);
}

static void
host_that_shows_the_process_selects_the_whole_region (void **state)
{
  Fixture *fixture = *state;

  fixture->shows_process = TRUE;
  show (fixture, MIDDLE_PA);
  activate (fixture, "select-page");
  assert_int_equal (fixture->start, MIDDLE_VA & ~(guint64) 0xfff);
  activate (fixture, "select-region");
  assert_int_equal (fixture->n_selections, 2);
  assert_int_equal (fixture->start, FILE_VA);
  assert_int_equal (fixture->length, FILE_BYTES);
  activate (fixture, "next-page");
  assert_int_equal (fixture->virtual_jump, MIDDLE_VA + 0x1000);
}

/* One process maps this page three times. */
static void
cursor_in_a_process_selects_the_row_of_its_address (void **state)
{
  Fixture *fixture = *state;
  g_autoptr (P2vSystem) system = p2v_session_dup_system (fixture->session);
  P2vProcess *process = p2v_system_find_pid (system, 88);

  p2v_panel_set_virtual_address (fixture->panel, process, 0x7fe71631b010, 0x4a3e010);
  p2v_ui_test_wait (is_settled, fixture);
  P2vMappingView *view = p2v_panel_get_view (fixture->panel);
  assert_int_equal (p2v_mapping_row_get_mapping (p2v_mapping_view_get_selected (view))->va,
                    0x7fe71631b010);
  /* Within the page it is the user who selects. */
  p2v_mapping_view_select (view, 2);
  p2v_panel_set_virtual_address (fixture->panel, process, 0x7fe71631b011, 0x4a3e011);
  p2v_ui_test_wait (is_settled, fixture);
  assert_int_equal (p2v_mapping_row_get_mapping (p2v_mapping_view_get_selected (view))->va,
                    0x7fe716323011);
}

static void
each_step_of_the_trail_leads_to_its_entry (void **state)
{
  Fixture *fixture = *state;
  GtkWidget *label = NULL;
  gboolean handled = FALSE;

  show (fixture, MIDDLE_PA);
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (fixture->panel->trail_view));
       child != NULL; child = gtk_widget_get_next_sibling (child))
    label = child;
  /* The entry of the last level, which tests/session compares with the export. */
  assert_contains (gtk_label_get_label (GTK_LABEL (label)), "<a href=\"32699144\">0x01f2f308</a>");
  assert_contains (p2v_trail_view_get_text (fixture->panel->trail_view),
                   "pte 0x01f2f308 = 0x8000000004a4a027 → 0x04a4a123");
  g_signal_emit_by_name (label, "activate-link", "32699144", &handled);
  assert_true (handled);
  p2v_ui_test_wait (is_settled, fixture);
  assert_string_equal (gtk_label_get_label (fixture->panel->physical_label), "0x1f2f308");
}

static gboolean
has_sharers (gpointer data)
{
  P2vPanel *panel = ((Fixture *) data)->panel;

  return p2v_ui_test_find (GTK_WIDGET (panel->sharers_popover), GTK_TYPE_LIST_BOX_ROW, NULL)
         != NULL;
}

static const char *
get_text_below (GtkWidget *root,
                guint      n_before)
{
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (GTK_IS_LABEL (child) && n_before-- == 0)
      return gtk_label_get_label (GTK_LABEL (child));
  return NULL;
}

/* pas2vas shared --pid 86,87 lists 131072 bytes of the file, from its page 16 on. */
static void
who_else_has_the_region_is_listed_and_leads_there (void **state)
{
  Fixture *fixture = *state;
  GtkWidget *popover = GTK_WIDGET (fixture->panel->sharers_popover);

  show (fixture, MIDDLE_PA);
  g_action_group_activate_action (p2v_panel_get_action_group (fixture->panel), "who-shares", NULL);
  p2v_ui_test_wait (has_sharers, fixture);
  GtkWidget *box = gtk_popover_get_child (GTK_POPOVER (popover));
  assert_string_equal (get_text_below (box, 0), "/data/shared.bin+0x0");
  assert_string_equal (get_text_below (box, 1),
                       "48 pages in RAM; 32 of them shared with 1 other process.");
  GtkWidget *row = p2v_ui_test_find (popover, GTK_TYPE_LIST_BOX_ROW, NULL);
  GtkWidget *row_box = gtk_list_box_row_get_child (GTK_LIST_BOX_ROW (row));
  assert_string_equal (get_text_below (row_box, 0), "rl-shfile (87)");
  assert_string_equal (get_text_below (row_box, 1), "32 pages");
  gtk_test_widget_wait_for_draw (fixture->window);
  p2v_ui_test_screenshot (popover, "panel-sharers");

  g_signal_emit_by_name (gtk_widget_get_ancestor (row, GTK_TYPE_LIST_BOX), "row-activated", row);
  p2v_ui_test_wait (is_settled, fixture);
  assert_string_equal (gtk_label_get_label (fixture->panel->physical_label), "0x4aae000");
  P2vMappingRow *selected = p2v_mapping_view_get_selected (p2v_panel_get_view (fixture->panel));
  assert_int_equal (p2v_mapping_row_get_mapping (selected)->va, 0x7f1ad080a000);
}

#define test(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    test (next_and_previous_page_are_those_of_the_process),
    test (what_is_not_in_ram_is_passed_over_and_told),
    test (row_of_the_same_process_stays_selected),
    test (behind_the_last_page_there_is_a_sentence),
    test (page_and_region_are_selected_as_far_as_the_file_has_them_in_one_piece),
    test (host_that_shows_the_process_selects_the_whole_region),
    test (cursor_in_a_process_selects_the_row_of_its_address),
    test (each_step_of_the_trail_leads_to_its_entry),
    test (who_else_has_the_region_is_listed_and_leads_there),
  };

  if (p2v_ui_test_get_image () == NULL || !gtk_init_check () || gdk_display_get_default () == NULL)
    return P2V_UI_TEST_SKIP;
  return cmocka_run_group_tests (tests, setup_group, p2v_ui_test_teardown_group);
}
