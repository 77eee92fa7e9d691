/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-ui-test.h"

#include "p2v-hex-bar.h"
#include "p2v-hex-geometry.h"
#include "p2v-hex-guard.h"
#include "p2v-hex-hover.h"
#include "p2v-hex-link.h"
#include "p2v-hex-pane.h"
#include "p2v-hex-shade.h"
#include "p2v-hex-tip.h"
#include "p2v-panel-private.h"

#include <glib/gstdio.h>
#include <time.h>

/* A place in the tiny image whose owners the kernel itself has told: see test-mapping-model.c. */
#define TWICE_PA 0x4a3e010
#define TWICE_VA 0x7fe716315010
/* The root of a process's page tables, which nobody maps: see test-panel.c. */
#define NOBODY_PA 0x1f5c000

typedef struct
{
  GtkWidget      *window;
  GtkWidget      *overlay;
  HexWidget      *hex;
  P2vHexBuffer   *buffer;
  P2vHexLink     *link;
  P2vHexHover    *hover;
  P2vHexSettings *settings;
  P2vSession     *session;
  GtkWidget      *view; /* the drop-down */
} Fixture;

static void
add_widgets (Fixture *fixture)
{
  HexDocument *document = hex_document_new ();
  GtkWidget *paned = gtk_paned_new (GTK_ORIENTATION_VERTICAL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *panel = p2v_panel_new ();
  GtkWidget *bar = p2v_hex_bar_new (fixture->settings);

  hex_document_set_buffer (document, HEX_BUFFER (g_object_ref (fixture->buffer)));
  hex_document_set_file (document, HEX_BUFFER_GET_IFACE (fixture->buffer)
                                       ->get_file (HEX_BUFFER (fixture->buffer)));
  fixture->hex = HEX_WIDGET (hex_widget_new (document));
  hex_widget_set_geometry (fixture->hex, 16, 0);
  hex_widget_show_offsets (fixture->hex, TRUE);
  p2v_hex_guard (fixture->hex);
  fixture->overlay = p2v_hex_shade_wrap (GTK_WIDGET (fixture->hex));
  gtk_box_append (GTK_BOX (box), bar);
  gtk_box_append (GTK_BOX (box), panel);
  gtk_paned_set_start_child (GTK_PANED (paned), fixture->overlay);
  gtk_paned_set_end_child (GTK_PANED (paned), box);
  p2v_hex_pane_remember (GTK_PANED (paned), fixture->settings, "panel-height");

  fixture->window = gtk_window_new ();
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 1000, 700);
  gtk_window_set_child (GTK_WINDOW (fixture->window), paned);
  fixture->link = p2v_hex_link_new (fixture->hex, fixture->buffer, P2V_PANEL (panel));
  p2v_hex_bar_set_link (P2V_HEX_BAR (bar), fixture->link);
  p2v_hex_shade_set_link (GTK_OVERLAY (fixture->overlay), fixture->link);
  fixture->hover = p2v_hex_hover_attach (fixture->link, fixture->settings);
  fixture->view = p2v_ui_test_find (bar, GTK_TYPE_DROP_DOWN, "View");
  assert_non_null (fixture->view);
}

static void
open_file (Fixture    *fixture,
           const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) error = NULL;

  fixture->settings = p2v_hex_settings_new (NULL);
  fixture->buffer = p2v_hex_buffer_new (file, &error);
  assert_no_error (error);
  fixture->session = p2v_session_new ();
  assert_true (p2v_session_open (fixture->session, path, NULL, &error));
  assert_no_error (error);
  add_widgets (fixture);
  gtk_window_present (GTK_WINDOW (fixture->window));
  gtk_test_widget_wait_for_draw (fixture->window);
  p2v_ui_test_settle ();
  p2v_hex_link_set_session (fixture->link, fixture->session);
}

static gboolean
has_index (gpointer data)
{
  return p2v_session_get_stage (data) == P2V_STAGE_INDEX;
}

static int
setup_tiny (void **state)
{
  Fixture *fixture = g_new0 (Fixture, 1);

  *state = fixture;
  open_file (fixture, p2v_ui_test_get_image ());
  p2v_ui_test_wait (has_index, fixture->session);
  return 0;
}

static void
append_u64 (GByteArray *bytes,
            guint64     value)
{
  guint64 little = GUINT64_TO_LE (value);

  g_byte_array_append (bytes, (const guint8 *) &little, sizeof little);
}

/* A range of a LiME image; each byte of it is the number of its page. */
static void
append_range (GByteArray *bytes,
              guint64     start,
              guint64     length)
{
  /* Source: the header of LiME: "EMiL", version 1, first and last address, 8 bytes reserved. */
  g_byte_array_append (bytes, (const guint8 *) "EMiL\1\0\0\0", 8);
  append_u64 (bytes, start);
  append_u64 (bytes, start + length - 1);
  append_u64 (bytes, 0);
  for (guint64 i = 0; i < length; i++)
    {
      guint8 byte = (guint8) ((start + i) >> 12);
      g_byte_array_append (bytes, &byte, 1);
    }
}

static int
setup_bytes (void      **state,
             GByteArray *bytes)
{
  Fixture *fixture = g_new0 (Fixture, 1);
  g_autofree char *path = NULL;

  int fd = g_file_open_tmp ("p2v-XXXXXX.image", &path, NULL);
  assert_true (fd >= 0);
  assert_int_equal (write (fd, bytes->data, bytes->len), bytes->len);
  g_close (fd, NULL);
  *state = fixture;
  open_file (fixture, path);
  g_unlink (path);
  return 0;
}

/* Memory with a small hole and one of 64 MiB; the file has a header at offset 0. */
static int
setup_holes (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  append_range (bytes, 0x10000, 0x2000);
  append_range (bytes, 0x12010, 0x1000);
  append_range (bytes, 0x4020000, 0x10000);
  return setup_bytes (state, bytes);
}

static void
put_u32 (GByteArray *bytes,
         guint       at,
         guint32     value)
{
  for (guint i = 0; i < 4; i++)
    bytes->data[at + i] = (guint8) (value >> (8 * i));
}

/* A kdump of 8 pages from 0x10000 on, each full of its number. Source: makedumpfile,
 * IMPLEMENTATION: two headers of a page, two bitmaps of one, descriptors, pages; the header's
 * fields from 424 on are flags, the page's size, pages of the second header and of bitmaps,
 * bits. */
static int
setup_packed (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_byte_array_set_size (bytes, 4 * 4096);
  memset (bytes->data, 0, bytes->len);
  memcpy (bytes->data, "KDUMP   \1", 9);
  put_u32 (bytes, 428, 4096);
  put_u32 (bytes, 432, 1);
  put_u32 (bytes, 436, 2);
  put_u32 (bytes, 440, 0x18);
  bytes->data[2 * 4096 + 2] = bytes->data[3 * 4096 + 2] = 0xff;
  for (guint64 i = 0; i < 8; i++)
    {
      append_u64 (bytes, 4 * 4096 + 8 * 24 + i * 4096);
      append_u64 (bytes, 4096);
      append_u64 (bytes, 0);
    }
  for (guint i = 0; i < 8 * 4096; i++)
    {
      guint8 byte = (guint8) (0x10 + i / 4096);
      g_byte_array_append (bytes, &byte, 1);
    }
  return setup_bytes (state, bytes);
}

static int
teardown (void **state)
{
  Fixture *fixture = *state;

  p2v_hex_link_break (fixture->link);
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_object_unref (fixture->link);
  g_object_unref (fixture->buffer);
  g_object_unref (fixture->settings);
  g_object_unref (fixture->session);
  p2v_ui_test_settle ();
  g_free (fixture);
  return 0;
}

static void
choose_view (Fixture    *fixture,
             const char *label)
{
  GListModel *model = gtk_drop_down_get_model (GTK_DROP_DOWN (fixture->view));

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (GtkStringObject) choice = g_list_model_get_item (model, i);
      if (g_str_equal (gtk_string_object_get_string (choice), label))
        {
          gtk_drop_down_set_selected (GTK_DROP_DOWN (fixture->view), i);
          return;
        }
    }
  fail_msg ("No view is named %s", label);
}

static gboolean
is_virtual (gpointer data)
{
  return p2v_hex_space_get_kind (p2v_hex_link_get_space (data)) == P2V_HEX_SPACE_VIRTUAL;
}

/* The view lays itself out once more when it has found out how wide its addresses are. */
static void
take_picture (Fixture    *fixture,
              const char *name)
{
  for (guint i = 0; i < 3; i++)
    {
      gtk_test_widget_wait_for_draw (fixture->window);
      p2v_ui_test_settle ();
    }
  p2v_ui_test_screenshot (fixture->window, name);
}

static void
assert_byte (Fixture *fixture,
             gint64   position,
             int      byte)
{
  assert_int_equal ((guint8) hex_buffer_get_byte (HEX_BUFFER (fixture->buffer), position), byte);
}

static P2vPhysAddr
get_panel_pa (Fixture *fixture)
{
  P2vPhysAddr pa = 0;

  assert_true (p2v_panel_get_address (p2v_hex_link_get_panel (fixture->link), &pa));
  return pa;
}

static gint64
get_cursor (Fixture *fixture)
{
  return hex_widget_get_cursor (fixture->hex);
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

  return get_cursor (wish->fixture) == wish->cursor;
}

/* The view may have to be laid out before its cursor can be moved. */
static void
wait_for_cursor (Fixture *fixture,
                 gint64   position)
{
  Wish wish = { fixture, position };

  p2v_ui_test_wait (is_there, &wish);
}

static void
process_is_viewed_by_virtual_address_with_the_cursor_on_the_same_byte (void **state)
{
  Fixture *fixture = *state;

  assert_true (p2v_hex_link_go_to_offset (fixture->link, TWICE_PA));
  choose_view (fixture, "rl-twice (88)");
  p2v_ui_test_wait (is_virtual, fixture->link);
  wait_for_cursor (fixture, TWICE_VA);
  assert_int_equal (get_panel_pa (fixture), TWICE_PA);
  assert_byte (fixture, TWICE_VA, 'a');
  take_picture (fixture, "hex-view-process");
  /* The first of three mappings; the others show the same bytes. */
  assert_byte (fixture, 0x7fe71631b010, 'a');
  assert_byte (fixture, 0x7fe716323010, 'a');
  choose_view (fixture, "Physical memory");
  wait_for_cursor (fixture, TWICE_PA);
  choose_view (fixture, "File");
  wait_for_cursor (fixture, TWICE_PA);
}

static void
stepping_out_of_memory_goes_on_where_there_is_some (void **state)
{
  Fixture *fixture = *state;
  guint64 start = 0;
  guint64 end = 0;

  assert_true (p2v_hex_link_go_to_offset (fixture->link, TWICE_PA));
  choose_view (fixture, "rl-twice (88)");
  p2v_ui_test_wait (is_virtual, fixture->link);
  P2vHexSpace *space = p2v_hex_link_get_space (fixture->link);
  assert_true (p2v_hex_space_get_run (space, TWICE_VA, &start, &end));
  hex_widget_set_cursor (fixture->hex, (gint64) end - 1);
  hex_widget_set_cursor (fixture->hex, (gint64) end);
  gint64 next = get_cursor (fixture);
  assert_true (next > (gint64) end);
  assert_false (p2v_hex_space_get_gap (space, (guint64) next, &start, &start));
  hex_widget_set_cursor (fixture->hex, next - 1);
  wait_for_cursor (fixture, (gint64) end - 1);

  /* A jump may end where nothing is, and says so. */
  hex_widget_set_cursor (fixture->hex, 0x1000);
  wait_for_cursor (fixture, 0x1000);
  g_autofree char *absence = p2v_hex_link_dup_absence (fixture->link);
  assert_contains (absence, "Not mapped: 0x0 to ");
  P2vPhysAddr pa = 0;
  assert_false (p2v_panel_get_address (p2v_hex_link_get_panel (fixture->link), &pa));
}

static void
row_of_what_a_process_does_not_see_is_shown_in_physical_memory (void **state)
{
  Fixture *fixture = *state;

  assert_true (p2v_hex_link_go_to_offset (fixture->link, TWICE_PA));
  choose_view (fixture, "rl-twice (88)");
  p2v_ui_test_wait (is_virtual, fixture->link);
  g_signal_emit_by_name (p2v_hex_link_get_panel (fixture->link), "jump-to-offset",
                         (guint64) NOBODY_PA);
  assert_int_equal (p2v_hex_space_get_kind (p2v_hex_link_get_space (fixture->link)),
                    P2V_HEX_SPACE_PHYSICAL);
  wait_for_cursor (fixture, NOBODY_PA);
  assert_int_equal (gtk_drop_down_get_selected (GTK_DROP_DOWN (fixture->view)), 1);
}

static void
packed_memory_is_shown_by_physical_address (void **state)
{
  Fixture *fixture = *state;
  P2vPanel *panel = p2v_hex_link_get_panel (fixture->link);
  P2vPhysAddr pa = 0;

  wait_for_cursor (fixture, 0x10000);
  assert_int_equal (p2v_hex_space_get_kind (p2v_hex_link_get_space (fixture->link)),
                    P2V_HEX_SPACE_PHYSICAL);
  assert_byte (fixture, 0x12345, 0x12);
  g_signal_emit_by_name (panel, "jump-to-address", (guint64) 0x15008);
  wait_for_cursor (fixture, 0x15008);
  assert_true (p2v_panel_get_address (panel, &pa));
  assert_int_equal (pa, 0x15008);

  /* The file itself can be looked at; but what is asked for then leads back to memory. */
  choose_view (fixture, "File");
  assert_int_equal (p2v_hex_space_get_kind (p2v_hex_link_get_space (fixture->link)),
                    P2V_HEX_SPACE_FILE);
  assert_byte (fixture, 0, 'K');
  assert_true (p2v_hex_link_go_to_pa (fixture->link, 0x13000));
  wait_for_cursor (fixture, 0x13000);
  assert_byte (fixture, 0x13000, 0x13);
}

static P2vMappingRow *
get_selected_row (Fixture *fixture)
{
  P2vPanel *panel = p2v_hex_link_get_panel (fixture->link);

  return p2v_mapping_view_get_selected (p2v_panel_get_view (panel));
}

static gboolean
has_row (gpointer data)
{
  return get_selected_row (data) != NULL;
}

static void
activate (Fixture    *fixture,
          const char *action)
{
  p2v_ui_test_wait (has_row, fixture);
  g_action_group_activate_action (
      p2v_panel_get_action_group (p2v_hex_link_get_panel (fixture->link)), action, NULL);
}

static gboolean
has_selection (gpointer data)
{
  return hex_widget_get_selection (((Fixture *) data)->hex, NULL, NULL);
}

static void
assert_selected (Fixture *fixture,
                 gint64   first,
                 gint64   last)
{
  gint64 start = 0;
  gint64 end = 0;

  p2v_ui_test_wait (has_selection, fixture);
  assert_true (hex_widget_get_selection (fixture->hex, &start, &end));
  assert_int_equal (start, first);
  assert_int_equal (end, last);
}

static void
page_is_selected_around_the_cursor (void **state)
{
  Fixture *fixture = *state;

  assert_true (p2v_hex_link_go_to_offset (fixture->link, TWICE_PA));
  wait_for_cursor (fixture, TWICE_PA);
  activate (fixture, "select-page");
  assert_selected (fixture, 0x4a3e000, 0x4a3efff);
  assert_int_equal (get_cursor (fixture), TWICE_PA);
  take_picture (fixture, "hex-view-selected-page");
}

/* The process maps the memory at three addresses, so the second page of its file is not the next
 * one in physical memory only. */
static void
process_view_steps_and_selects_by_virtual_address (void **state)
{
  Fixture *fixture = *state;

  assert_true (p2v_hex_link_go_to_offset (fixture->link, TWICE_PA));
  choose_view (fixture, "rl-twice (88)");
  p2v_ui_test_wait (is_virtual, fixture->link);
  wait_for_cursor (fixture, TWICE_VA);
  hex_widget_set_cursor (fixture->hex, 0x7fe71631b010);
  p2v_ui_test_settle ();
  assert_int_equal (p2v_mapping_row_get_mapping (get_selected_row (fixture))->va, 0x7fe71631b010);
  activate (fixture, "next-page");
  wait_for_cursor (fixture, 0x7fe71631c010);
  activate (fixture, "previous-page");
  wait_for_cursor (fixture, 0x7fe71631b010);
  p2v_ui_test_settle ();
  activate (fixture, "select-region");
  /* maps.tsv: 7fe716317000-7fe71631f000. */
  assert_selected (fixture, 0x7fe716317000, 0x7fe71631efff);
}

static gboolean
is_back (Fixture *fixture,
         gboolean forwards)
{
  return p2v_hex_link_go_in_history (fixture->link, forwards);
}

static void
jumps_are_gone_back_and_forward_again (void **state)
{
  Fixture *fixture = *state;
  GActionGroup *actions = p2v_hex_link_get_action_group (fixture->link);

  assert_false (g_action_group_get_action_enabled (actions, "back"));
  assert_true (p2v_hex_link_go_to_offset (fixture->link, TWICE_PA));
  wait_for_cursor (fixture, TWICE_PA);
  /* Some steps with the keys are no jump. */
  for (gint64 i = 1; i <= 5; i++)
    hex_widget_set_cursor (fixture->hex, TWICE_PA + i);
  assert_true (p2v_hex_link_go_to_offset (fixture->link, NOBODY_PA));
  wait_for_cursor (fixture, NOBODY_PA);
  /* GHex's own dialog moves the cursor without asking us. */
  hex_widget_set_cursor (fixture->hex, 0x100000);

  g_action_group_activate_action (actions, "back", NULL);
  assert_int_equal (get_cursor (fixture), NOBODY_PA);
  assert_true (is_back (fixture, FALSE));
  assert_int_equal (get_cursor (fixture), TWICE_PA + 5);
  g_action_group_activate_action (actions, "forward", NULL);
  g_action_group_activate_action (actions, "forward", NULL);
  assert_int_equal (get_cursor (fixture), 0x100000);
  assert_false (g_action_group_get_action_enabled (actions, "forward"));
  assert_false (is_back (fixture, TRUE));
}

static gboolean
is_file (gpointer data)
{
  return p2v_hex_space_get_kind (p2v_hex_link_get_space (data)) == P2V_HEX_SPACE_FILE;
}

static void
history_leads_back_into_the_view_that_it_left (void **state)
{
  Fixture *fixture = *state;

  assert_true (p2v_hex_link_go_to_offset (fixture->link, TWICE_PA));
  choose_view (fixture, "rl-twice (88)");
  p2v_ui_test_wait (is_virtual, fixture->link);
  wait_for_cursor (fixture, TWICE_VA);
  hex_widget_set_cursor (fixture->hex, TWICE_VA + 3);
  choose_view (fixture, "File");
  wait_for_cursor (fixture, TWICE_PA + 3);
  assert_true (is_back (fixture, FALSE));
  p2v_ui_test_wait (is_virtual, fixture->link);
  wait_for_cursor (fixture, TWICE_VA + 3);
  assert_true (is_back (fixture, FALSE));
  p2v_ui_test_wait (is_file, fixture->link);
  wait_for_cursor (fixture, TWICE_PA);
}

static void
physical_view_stands_by_address_and_has_holes (void **state)
{
  Fixture *fixture = *state;

  /* The file begins with a header of 32 bytes. */
  hex_widget_set_cursor (fixture->hex, 32 + 0x1005);
  choose_view (fixture, "Physical memory");
  P2vHexSpace *space = p2v_hex_link_get_space (fixture->link);
  assert_int_equal (p2v_hex_space_get_size (space), 0x4030000);
  wait_for_cursor (fixture, 0x11005);
  assert_byte (fixture, 0x11005, 0x11);
  assert_byte (fixture, 0x11fff, 0x11);
  assert_byte (fixture, 0x12000, 0);
  assert_byte (fixture, 0x1200f, 0);
  assert_byte (fixture, 0x12010, 0x12);
  assert_byte (fixture, 0x1300f, 0x13);
  assert_byte (fixture, 0x13010, 0);
  assert_byte (fixture, 0x402ffff, 0x2f);
  assert_false (p2v_hex_space_holds (space, 0x12000));
  assert_true (p2v_hex_space_holds (space, 0x12010));

  /* A header is in no physical memory: the first byte of that must do. */
  choose_view (fixture, "File");
  wait_for_cursor (fixture, 32 + 0x1005);
  hex_widget_set_cursor (fixture->hex, 3);
  choose_view (fixture, "Physical memory");
  wait_for_cursor (fixture, 0x10000);
}

static void
buttons_lead_over_the_holes (void **state)
{
  Fixture *fixture = *state;
  GtkWidget *next = p2v_ui_test_find (fixture->window, GTK_TYPE_BUTTON,
                                      "Go to the memory behind this");
  GtkWidget *previous = p2v_ui_test_find (fixture->window, GTK_TYPE_BUTTON,
                                          "Go to the memory before this");

  assert_false (gtk_widget_get_visible (next));
  choose_view (fixture, "Physical memory");
  assert_true (gtk_widget_get_visible (next));
  wait_for_cursor (fixture, 0x10000);
  g_signal_emit_by_name (next, "clicked");
  wait_for_cursor (fixture, 0x12010);
  take_picture (fixture, "hex-view-holes");
  g_signal_emit_by_name (next, "clicked");
  wait_for_cursor (fixture, 0x4020000);
  g_signal_emit_by_name (next, "clicked");
  wait_for_cursor (fixture, 0x4020000);
  g_signal_emit_by_name (previous, "clicked");
  wait_for_cursor (fixture, 0x12010);
  g_signal_emit_by_name (previous, "clicked");
  wait_for_cursor (fixture, 0x10000);
}

/* FALSE if nothing is. */
static gboolean
read_shown (Fixture     *fixture,
            P2vPhysAddr *ret_first,
            P2vPhysAddr *ret_last)
{
  gtk_test_widget_wait_for_draw (fixture->window);
  p2v_ui_test_settle ();
  return p2v_hex_link_get_shown (fixture->link, ret_first, ret_last);
}

static void
memory_on_the_screen_is_told_in_every_view (void **state)
{
  Fixture *fixture = *state;
  GtkAdjustment *adjustment = hex_widget_get_adjustment (fixture->hex);
  P2vPhysAddr first = 0;
  P2vPhysAddr last = 0;

  assert_true (p2v_hex_link_go_to_offset (fixture->link, TWICE_PA));
  assert_true (read_shown (fixture, &first, &last));
  /* Some lines of the page before are on the screen, too; the last line perhaps in part. */
  guint64 n_lines = (guint64) gtk_adjustment_get_page_size (adjustment);
  assert_true (first < (TWICE_PA & ~0xfff) && last > TWICE_PA);
  assert_int_equal (first, gtk_adjustment_get_value (adjustment) * 16);
  assert_in_range (last, first + n_lines * 16 - 1, first + (n_lines + 2) * 16 - 1);

  /* What is before this page in the process's memory is elsewhere in physical memory. */
  choose_view (fixture, "rl-twice (88)");
  p2v_ui_test_wait (is_virtual, fixture->link);
  assert_true (read_shown (fixture, &first, &last));
  assert_int_equal (first, TWICE_PA & ~0xfff);
  assert_in_range (last, TWICE_PA + 1, TWICE_PA | 0xfff);
}

static void
memory_on_the_screen_ends_at_a_hole (void **state)
{
  Fixture *fixture = *state;
  P2vPhysAddr first = 0;
  P2vPhysAddr last = 0;

  choose_view (fixture, "Physical memory");
  assert_true (p2v_hex_link_go_to_pa (fixture->link, 0x12020));
  assert_true (read_shown (fixture, &first, &last));
  assert_in_range (first, 0x11000, 0x12020);
  assert_in_range (last, 0x12021, 0x12fff);
  hex_widget_set_cursor (fixture->hex, 0x1000000);
  assert_false (read_shown (fixture, &first, &last));
}

static void
scrolling_passes_over_what_would_show_nothing (void **state)
{
  Fixture *fixture = *state;
  GtkAdjustment *adjustment = hex_widget_get_adjustment (fixture->hex);

  choose_view (fixture, "Physical memory");
  gtk_test_widget_wait_for_draw (fixture->window);
  p2v_ui_test_settle ();
  gtk_adjustment_set_value (adjustment, 0x13100 / 16);
  /* Two lines of the hole, then memory. */
  assert_int_equal (gtk_adjustment_get_value (adjustment), 0x4020000 / 16 - 2);
  gtk_adjustment_set_value (adjustment, 0x3000000 / 16);
  double n_lines = gtk_adjustment_get_page_size (adjustment);
  assert_int_equal (gtk_adjustment_get_value (adjustment), 0x13010 / 16 - n_lines + 3);
  /* The small hole is on the screen with what surrounds it. */
  gtk_adjustment_set_value (adjustment, 0x12000 / 16);
  assert_int_equal (gtk_adjustment_get_value (adjustment), 0x12000 / 16);
}

static gboolean
is_unchanged (gpointer data)
{
  return !hex_document_has_changed (data);
}

static void
change_that_gets_as_far_as_the_buffer_leaves_no_trace (void **state)
{
  Fixture *fixture = *state;
  HexDocument *document = hex_widget_get_document (fixture->hex);

  hex_document_set_byte (document, 'X', 100, FALSE, TRUE);
  assert_true (hex_document_has_changed (document));
  p2v_ui_test_wait (is_unchanged, document);
  assert_byte (fixture, 100, 0x10);
  assert_false (hex_document_can_undo (document));
}

/* The labels of a tooltip, one after the other. */
static void
collect_text (GtkWidget *widget,
              GString   *text)
{
  if (GTK_IS_LABEL (widget) && gtk_label_get_label (GTK_LABEL (widget))[0] != '\0')
    g_string_append_printf (text, "%s|", gtk_label_get_label (GTK_LABEL (widget)));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect_text (child, text);
}

static void
set_true_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  *(gboolean *) user_data = TRUE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

static char *
dup_tip_text (P2vHexTip *tip)
{
  GString *text = g_string_new (NULL);
  GtkWidget *widget = g_object_ref_sink (p2v_hex_tip_new_widget (tip));

  collect_text (widget, text);
  g_object_unref (widget);
  return g_string_free (text, FALSE);
}

static void
tooltip_names_owners_at_once_and_the_rest_soon (void **state)
{
  Fixture *fixture = *state;
  g_autoptr (P2vHexTip) tip = p2v_hex_tip_new (fixture->session, TWICE_PA);
  gboolean is_read = FALSE;

  g_autofree char *at_once = dup_tip_text (tip);
  assert_string_equal (at_once, "rl-twice (88)|0x7fe716315010|rl-twice (88)|0x7fe71631b010|"
                                "rl-twice (88)|0x7fe716323010|"
                                "physical 0x4a3e010 · file offset 0x4a3e010|");
  p2v_hex_tip_read_async (tip, set_true_cb, &is_read);
  p2v_ui_test_wait (is_true, &is_read);
  g_autofree char *later = dup_tip_text (tip);
  assert_contains (later, "rl-twice (88)|0x7fe716315010|r-x u|/memfd:rigtwice (deleted)+0x4010|");
}

static void
tooltip_says_how_many_more_there_are_and_what_nobody_has (void **state)
{
  Fixture *fixture = *state;
  /* A page of the program's file, which most processes map. */
  g_autoptr (P2vHexTip) shared = p2v_hex_tip_new (fixture->session, 0x327010);
  g_autoptr (P2vHexTip) nobody = p2v_hex_tip_new (fixture->session, NOBODY_PA);
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (fixture->session, 0x327010, NULL);
  gboolean is_read = FALSE;

  assert_true (p2v_answer_get_n_rows (answer) > 6);
  g_autofree char *more
      = g_strdup_printf ("|and %d more · physical 0x327010",
                         (int) p2v_answer_get_n_rows (answer) - 5);
  g_autofree char *text = dup_tip_text (shared);
  assert_contains (text, more);
  p2v_hex_tip_read_async (nobody, set_true_cb, &is_read);
  p2v_ui_test_wait (is_true, &is_read);
  g_autofree char *nobody_text = dup_tip_text (nobody);
  assert_contains (nobody_text,
                   "Nobody maps this frame. It is the page-table root of rl-twice (88).");
}

static gboolean
query (Fixture *fixture,
       int      x,
       int      y)
{
  g_autoptr (GObject) tooltip = g_object_new (g_type_from_name ("GtkTooltip"), NULL);
  gboolean is_shown = FALSE;

  g_signal_emit_by_name (fixture->hex, "query-tooltip", x, y, FALSE, tooltip, &is_shown);
  return is_shown;
}

/* One frame of a screen that draws sixty a second. Sanitizers, with the slow unwinder that the leak
 * suppressions need, take some times that; a walk of page tables would still take longer. */
#ifdef __SANITIZE_ADDRESS__
#define FRAME_NS (16 * 1000 * 1000 * (gint64) 20)
#else
#define FRAME_NS (16 * 1000 * 1000)
#endif

/* What this thread has worked so far: a busy machine takes no part in it. */
static gint64
get_work_ns (void)
{
  struct timespec time;

  assert_int_equal (clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time), 0);
  return time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

static void
tooltip_is_there_within_a_frame_and_can_be_switched_off (void **state)
{
  Fixture *fixture = *state;
  int x = gtk_widget_get_width (GTK_WIDGET (fixture->hex)) / 3;

  assert_true (p2v_hex_link_go_to_offset (fixture->link, TWICE_PA));
  gtk_test_widget_wait_for_draw (fixture->window);
  p2v_ui_test_settle ();
  gint64 slowest = 0;
  for (int y = 5; y < 300; y++)
    {
      gint64 start = get_work_ns ();
      assert_true (query (fixture, x, y));
      slowest = MAX (slowest, get_work_ns () - start);
    }
  assert_true (slowest < FRAME_NS);
  g_object_set (fixture->settings, "hover", FALSE, NULL);
  assert_false (query (fixture, x, 100));
  g_object_set (fixture->settings, "hover", TRUE, NULL);
  assert_true (query (fixture, x, 100));
}

#define of_tiny(name) cmocka_unit_test_setup_teardown (name, setup_tiny, teardown)
#define of_holes(name) cmocka_unit_test_setup_teardown (name, setup_holes, teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    of_tiny (process_is_viewed_by_virtual_address_with_the_cursor_on_the_same_byte),
    of_tiny (stepping_out_of_memory_goes_on_where_there_is_some),
    of_tiny (row_of_what_a_process_does_not_see_is_shown_in_physical_memory),
    cmocka_unit_test_setup_teardown (packed_memory_is_shown_by_physical_address, setup_packed,
                                     teardown),
    of_tiny (page_is_selected_around_the_cursor),
    of_tiny (process_view_steps_and_selects_by_virtual_address),
    of_tiny (jumps_are_gone_back_and_forward_again),
    of_tiny (history_leads_back_into_the_view_that_it_left),
    of_holes (physical_view_stands_by_address_and_has_holes),
    of_holes (buttons_lead_over_the_holes),
    of_holes (scrolling_passes_over_what_would_show_nothing),
    of_tiny (memory_on_the_screen_is_told_in_every_view),
    of_holes (memory_on_the_screen_ends_at_a_hole),
    of_holes (change_that_gets_as_far_as_the_buffer_leaves_no_trace),
    of_tiny (tooltip_names_owners_at_once_and_the_rest_soon),
    of_tiny (tooltip_says_how_many_more_there_are_and_what_nobody_has),
    of_tiny (tooltip_is_there_within_a_frame_and_can_be_switched_off),
  };

  if (p2v_ui_test_get_image () == NULL || !gtk_init_check () || gdk_display_get_default () == NULL)
    return P2V_UI_TEST_SKIP;
  return cmocka_run_group_tests (tests, NULL, NULL);
}
