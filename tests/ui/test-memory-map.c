/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-ui-test.h"

#include "p2v-hue.h"
#include "p2v-map-canvas.h"
#include "p2v-map-export.h"
#include "p2v-map-legend.h"
#include "p2v-memory-map.h"

#include <string.h>

typedef struct
{
  P2vSession   *session;
  GtkWidget    *window;
  P2vMemoryMap *map;
  P2vMapCanvas *canvas;
  guint         n_jumps;
  guint64       jumped_to;
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

static void
jump_cb (Fixture *self,
         guint64  pa)
{
  self->n_jumps++;
  self->jumped_to = pa;
}

static GtkListBox *
get_legend (Fixture *self)
{
  return GTK_LIST_BOX (p2v_ui_test_find (GTK_WIDGET (self->map), GTK_TYPE_LIST_BOX, "Legend"));
}

static gboolean
has_legend (gpointer data)
{
  return gtk_list_box_get_row_at_index (get_legend (data), 0) != NULL;
}

static int
setup (void **state)
{
  Fixture *self = *state;

  self->n_jumps = 0;
  self->window = gtk_window_new ();
  self->map = P2V_MEMORY_MAP (p2v_memory_map_new ());
  self->canvas = P2V_MAP_CANVAS (
    p2v_ui_test_find (GTK_WIDGET (self->map), P2V_TYPE_MAP_CANVAS, "Map of physical memory"));
  g_signal_connect_swapped (self->map, "jump-to-address", G_CALLBACK (jump_cb), self);
  gtk_window_set_default_size (GTK_WINDOW (self->window), 500, 600);
  gtk_window_set_child (GTK_WINDOW (self->window), GTK_WIDGET (self->map));
  gtk_window_present (GTK_WINDOW (self->window));
  p2v_memory_map_set_session (self->map, self->session);
  p2v_ui_test_wait (has_legend, self);
  return 0;
}

static int
teardown (void **state)
{
  Fixture *self = *state;

  gtk_window_destroy (GTK_WINDOW (self->window));
  p2v_ui_test_settle ();
  return 0;
}

/* The name on a line of the legend. */
static const char *
get_line (Fixture *self,
          int      position)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (get_legend (self), position);

  if (row == NULL)
    return NULL;
  GtkWidget *swatch = gtk_widget_get_first_child (gtk_list_box_row_get_child (row));
  return gtk_label_get_label (GTK_LABEL (gtk_widget_get_next_sibling (swatch)));
}

static gboolean
has_line (Fixture    *self,
          const char *name)
{
  for (int i = 0; get_line (self, i) != NULL; i++)
    if (g_str_equal (get_line (self, i), name))
      return TRUE;
  return FALSE;
}

static void
choose_colours (Fixture *self,
                guint    choice)
{
  GtkWidget *drop_down = p2v_ui_test_find (GTK_WIDGET (self->map), GTK_TYPE_DROP_DOWN, "Colours");

  gtk_drop_down_set_selected (GTK_DROP_DOWN (drop_down), choice);
}

static void
legend_names_owners_largest_first (void **state)
{
  Fixture *self = *state;

  assert_true (has_line (self, "No process"));
  assert_true (has_line (self, "Shared"));
  assert_true (has_line (self, "rl-twice (88)"));
  p2v_ui_test_screenshot (self->window, "memory-map-owner");
}

static gboolean
shows_kinds (gpointer data)
{
  return has_line (data, "Kernel");
}

static void
kinds_and_sharers_have_their_own_legends (void **state)
{
  Fixture *self = *state;

  choose_colours (self, P2V_MAP_BY_KIND);
  p2v_ui_test_wait (shows_kinds, self);
  assert_true (has_line (self, "Kernel"));
  assert_true (has_line (self, "Page tables"));
  assert_false (has_line (self, "rl-twice (88)"));
  p2v_ui_test_screenshot (self->window, "memory-map-kind");

  choose_colours (self, P2V_MAP_BY_SHARING);
  assert_true (has_line (self, "One process"));
  assert_true (has_line (self, "10 processes or more"));
  p2v_ui_test_screenshot (self->window, "memory-map-sharing");
}

static void
activated_cell_is_jumped_to (void **state)
{
  Fixture *self = *state;
  guint n_cells = p2v_map_canvas_get_n_cells (self->canvas);
  g_autoptr (P2vSurvey) survey =
    p2v_survey_new (self->session, 0, G_MAXUINT64, n_cells, FALSE, NULL, NULL);

  assert_true (n_cells > 1000);
  g_signal_emit_by_name (self->canvas, "cell-activated", 777);
  assert_int_equal (self->n_jumps, 1);
  assert_true (self->jumped_to == p2v_survey_get_cell (survey, 777)->start_pa);
}

/* The first address of the picture, by activating its first cell. */
static guint64
get_first_pa (Fixture *self)
{
  g_signal_emit_by_name (self->canvas, "cell-activated", 0);
  return self->jumped_to;
}

static gboolean
is_zoomed (gpointer data)
{
  return get_first_pa (data) > 0x100000;
}

static gboolean
is_whole (gpointer data)
{
  return get_first_pa (data) == 0;
}

static void
zoom_goes_in_and_comes_back (void **state)
{
  Fixture *self = *state;
  guint n_cells = p2v_map_canvas_get_n_cells (self->canvas);

  assert_true (is_whole (self));
  g_signal_emit_by_name (self->canvas, "zoom-at", n_cells / 2, TRUE);
  p2v_ui_test_wait (is_zoomed, self);
  g_signal_emit_by_name (self->canvas, "zoom-to", n_cells / 4, n_cells / 2);
  p2v_ui_test_wait (is_zoomed, self);
  gtk_widget_activate_action (GTK_WIDGET (self->canvas), "map.zoom-all", NULL);
  p2v_ui_test_wait (is_whole, self);
  /* Farther than all is all. */
  gtk_widget_activate_action (GTK_WIDGET (self->canvas), "map.zoom", "b", FALSE);
  p2v_ui_test_settle ();
  assert_true (is_whole (self));
}

static void
isolating_a_line_fades_the_others_and_letting_go_restores (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vSurvey) survey =
    p2v_survey_new (self->session, 0, G_MAXUINT64, 2000, FALSE, NULL, NULL);
  g_autoptr (P2vMapPicture) picture = p2v_map_picture_new (survey, P2V_MAP_BY_OWNER, FALSE);
  guint chosen = p2v_map_picture_find_entry (picture, 1500);
  guint n_faded = 0, n_same = 0;

  g_autofree P2vColour *before = g_new (P2vColour, 2000);
  for (guint i = 0; i < 2000; i++)
    before[i] = p2v_map_picture_get_colour (picture, i);
  p2v_map_picture_isolate (picture, chosen);
  for (guint i = 0; i < 2000; i++)
    if (p2v_map_picture_find_entry (picture, i) == chosen)
      n_same += p2v_map_picture_get_colour (picture, i) == before[i];
    else
      n_faded += p2v_map_picture_get_colour (picture, i) != before[i];
  assert_true (n_same > 0 && n_faded > 0);
  assert_int_equal (n_same + n_faded, 2000);
  p2v_map_picture_isolate (picture, P2V_MAP_NO_ENTRY);
  for (guint i = 0; i < 2000; i++)
    assert_int_equal (p2v_map_picture_get_colour (picture, i), before[i]);

  GtkListBoxRow *row = gtk_list_box_get_row_at_index (get_legend (self), 1);
  g_signal_emit_by_name (get_legend (self), "row-activated", row);
  p2v_ui_test_screenshot (self->window, "memory-map-isolated");
}

static void
cell_says_whose_it_is (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vSurvey) survey =
    p2v_survey_new (self->session, 0, G_MAXUINT64, G_MAXUINT, FALSE, NULL, NULL);
  g_autoptr (P2vMapPicture) picture = p2v_map_picture_new (survey, P2V_MAP_BY_OWNER, FALSE);
  guint cell = 0;

  assert_true (p2v_survey_find_cell (survey, 0x4a3e000, &cell));
  g_autofree char *text = p2v_map_picture_dup_cell_text (picture, cell);
  assert_string_equal (text, "0x4a3e000: rl-twice (88)");
}

/* The cells of the table's first row, with blanks between. */
static char *
dup_first_row (Fixture *self)
{
  GtkWidget *view = p2v_ui_test_find (GTK_WIDGET (self->map), GTK_TYPE_COLUMN_VIEW,
                                      "Memory, as a table");
  g_autoptr (GString) text = g_string_new (NULL);
  GtkWidget *list = gtk_widget_get_last_child (view);
  GtkWidget *row = gtk_widget_get_first_child (list);

  for (GtkWidget *cell = row != NULL ? gtk_widget_get_first_child (row) : NULL; cell != NULL;
       cell = gtk_widget_get_next_sibling (cell))
    {
      GtkWidget *label = p2v_ui_test_find (cell, GTK_TYPE_LABEL, NULL);
      g_string_append_printf (text, "%s ", gtk_label_get_text (GTK_LABEL (label)));
    }
  return g_strdup (g_strchomp (text->str));
}

static gboolean
has_row (gpointer data)
{
  g_autofree char *row = dup_first_row (data);

  return row[0] != '\0';
}

static void
map_is_a_table_too_whose_rows_lead_there (void **state)
{
  Fixture *self = *state;
  GtkWidget *view = p2v_ui_test_find (GTK_WIDGET (self->map), GTK_TYPE_COLUMN_VIEW,
                                      "Memory, as a table");
  GListModel *rows = G_LIST_MODEL (gtk_column_view_get_model (GTK_COLUMN_VIEW (view)));

  assert_int_equal (g_list_model_get_n_items (rows), 0);
  gtk_widget_activate_action (GTK_WIDGET (self->canvas), "map.table", NULL);
  p2v_ui_test_wait (has_row, self);
  p2v_ui_test_screenshot (self->window, "memory-map-table");
  /* The machine's memory begins with what no process has; the image says so of 0x0. */
  g_autofree char *first = dup_first_row (self);
  assert_memory_equal (first, "0x0 0x", strlen ("0x0 0x"));
  assert_non_null (strstr (first, "0 bytes No process"));
  assert_in_range (g_list_model_get_n_items (rows), 10,
                   p2v_map_canvas_get_n_cells (self->canvas));
  g_signal_emit_by_name (view, "activate", 0);
  assert_int_equal (self->n_jumps, 1);
  assert_true (self->jumped_to == 0);
  gtk_widget_activate_action (GTK_WIDGET (self->canvas), "map.table", NULL);
  assert_int_equal (g_list_model_get_n_items (rows), 0);
}

static void
exported_svg_has_the_legend_and_png_is_one (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vSurvey) survey =
    p2v_survey_new (self->session, 0, G_MAXUINT64, 4000, FALSE, NULL, NULL);
  g_autoptr (P2vMapPicture) picture = p2v_map_picture_new (survey, P2V_MAP_BY_OWNER, TRUE);
  g_autoptr (GBytes) svg = p2v_map_export_svg (picture, 80);
  g_autoptr (GBytes) png = p2v_map_export_png (picture, 80);
  g_autoptr (GdkTexture) texture = gdk_texture_new_from_bytes (png, NULL);
  g_autofree char *text =
    g_strndup (g_bytes_get_data (svg, NULL), g_bytes_get_size (svg));

  assert_non_null (texture);
  assert_int_equal (gdk_texture_get_width (texture), 400);
  assert_int_equal (gdk_texture_get_height (texture), 250);
  assert_contains (text, "rl-twice (88)");
  GMarkupParser parser = { 0 };
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, NULL, NULL);
  GError *error = NULL;
  assert_true (g_markup_parse_context_parse (context, text, -1, &error));
  assert_no_error (error);
}

/* Two tables of one thing: this keeps them one. */
static void
hues_are_those_of_the_style_sheet (void **state)
{
  g_autoptr (GBytes) css =
    g_resources_lookup_data ("/io/github/pas2vas/gtk/p2v-panel.css", 0, NULL);

  assert_non_null (css);
  for (guint i = 0; i < P2V_N_HUES; i++)
    {
      g_autofree char *rule =
        g_strdup_printf (".p2v-hue-%u { background-color: #%06x; }", i, p2v_hue_get_colour (i));
      assert_non_null (g_strstr_len (g_bytes_get_data (css, NULL),
                                     (gssize) g_bytes_get_size (css), rule));
    }
}

static void
map_without_a_session_is_quiet (void **state)
{
  Fixture *self = *state;

  p2v_memory_map_set_session (self->map, NULL);
  p2v_memory_map_set_view (self->map, 0x1000, 0x2000);
  gtk_widget_activate_action (GTK_WIDGET (self->canvas), "map.zoom", "b", TRUE);
  p2v_ui_test_settle ();
  assert_int_equal (self->n_jumps, 0);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (legend_names_owners_largest_first, setup, teardown),
    cmocka_unit_test_setup_teardown (kinds_and_sharers_have_their_own_legends, setup, teardown),
    cmocka_unit_test_setup_teardown (activated_cell_is_jumped_to, setup, teardown),
    cmocka_unit_test_setup_teardown (zoom_goes_in_and_comes_back, setup, teardown),
    cmocka_unit_test_setup_teardown (isolating_a_line_fades_the_others_and_letting_go_restores,
                                     setup, teardown),
    cmocka_unit_test_setup_teardown (cell_says_whose_it_is, setup, teardown),
    cmocka_unit_test_setup_teardown (map_is_a_table_too_whose_rows_lead_there, setup, teardown),
    cmocka_unit_test_setup_teardown (exported_svg_has_the_legend_and_png_is_one, setup, teardown),
    cmocka_unit_test (hues_are_those_of_the_style_sheet),
    cmocka_unit_test_setup_teardown (map_without_a_session_is_quiet, setup, teardown),
  };

  if (p2v_ui_test_get_image () == NULL)
    return P2V_UI_TEST_SKIP;
  gtk_init ();
  return cmocka_run_group_tests (tests, setup_group, teardown_group);
}
