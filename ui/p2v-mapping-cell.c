/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-mapping-cell.h"

#include "p2v-hue.h"

#include <glib/gi18n-lib.h>

/* How the cells of a column look. The widths, in characters, keep columns in place while details
 * are still being read. */
typedef struct
{
  const char        *title;
  int                min_chars;
  float              xalign;
  gboolean           is_code; /* digits of equal width, always from left to right */
  PangoEllipsizeMode ellipsize;
} CellStyle;

static const CellStyle cell_styles[P2V_N_COLUMNS] = {
  [P2V_COLUMN_PROCESS] = { N_ ("Process"), 16, 0.0f, FALSE, PANGO_ELLIPSIZE_END },
  [P2V_COLUMN_PID] = { N_ ("PID"), 7, 1.0f, TRUE, PANGO_ELLIPSIZE_NONE },
  [P2V_COLUMN_VIRTUAL] = { N_ ("Virtual address"), 18, 0.0f, TRUE, PANGO_ELLIPSIZE_NONE },
  [P2V_COLUMN_RIGHTS] = { N_ ("Rights"), 6, 0.0f, TRUE, PANGO_ELLIPSIZE_NONE },
  [P2V_COLUMN_SIZE] = { N_ ("Size"), 4, 1.0f, TRUE, PANGO_ELLIPSIZE_NONE },
  [P2V_COLUMN_STATE] = { N_ ("State"), 9, 0.0f, FALSE, PANGO_ELLIPSIZE_NONE },
  [P2V_COLUMN_REGION] = { N_ ("Region"), 20, 0.0f, FALSE, PANGO_ELLIPSIZE_MIDDLE },
};

typedef struct
{
  P2vColumnId      column;
  P2vMappingModel *model;
  int              min_width; /* in pixels; 0: not known yet */
} CellFactory;

const char *
p2v_mapping_cell_get_title (P2vColumnId column)
{
  g_return_val_if_fail (column < P2V_N_COLUMNS, NULL);

  return _ (cell_styles[column].title);
}

/* The mark is an addition: the sentence is also in the tooltip, in the accessible label, and
 * below the table when the row is selected. */
static GtkWidget *
warning_mark_new (void)
{
  GtkWidget *mark = gtk_image_new_from_icon_name ("dialog-warning-symbolic");

  gtk_widget_add_css_class (mark, "warning");
  gtk_widget_set_visible (mark, FALSE);
  return mark;
}

static GtkWidget *
colour_bar_new (void)
{
  return g_object_new (GTK_TYPE_BOX, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
}

/* The whole text of one that does not fit. Asked for when a tooltip is to appear: telling GTK each
 * time that a text changes costs a question to the display server each time. */
static gboolean
query_tooltip_cb (GtkLabel *label,
                  int x,
                  int y,
                  gboolean keyboard_mode,
                  GtkTooltip *tooltip)
{
  gtk_tooltip_set_text (tooltip, gtk_label_get_label (label));
  return pango_layout_is_ellipsized (gtk_label_get_layout (label));
}

/* GtkLabel:width-chars would be the plain way, but with it GTK sets a sample text in the font each
 * time it measures a label, which took most of the time that a screenful of cells takes. So we ask
 * for the font's width once a column. Source: GTK 4.8 gtklabel.c, get_char_pixels(). */
static int
measure_chars (GtkWidget *label,
               int n_chars)
{
  PangoContext *context = gtk_widget_get_pango_context (label);
  PangoFontMetrics *metrics = pango_context_get_metrics (context, NULL, NULL);
  int char_width = MAX (pango_font_metrics_get_approximate_char_width (metrics),
                        pango_font_metrics_get_approximate_digit_width (metrics));

  pango_font_metrics_unref (metrics);
  return PANGO_PIXELS_CEIL (n_chars * char_width);
}

static GtkWidget *
text_new (CellFactory *factory)
{
  const CellStyle *style = &cell_styles[factory->column];
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), style->xalign);
  gtk_label_set_ellipsize (GTK_LABEL (label), style->ellipsize);
  gtk_label_set_single_line_mode (GTK_LABEL (label), TRUE);
  if (style->is_code)
    {
      gtk_widget_add_css_class (label, "p2v-code");
      gtk_widget_set_direction (label, GTK_TEXT_DIR_LTR);
    }
  if (style->ellipsize != PANGO_ELLIPSIZE_NONE)
    {
      gtk_widget_set_has_tooltip (label, TRUE);
      g_signal_connect (label, "query-tooltip", G_CALLBACK (query_tooltip_cb), NULL);
    }
  if (factory->min_width == 0)
    factory->min_width = measure_chars (label, style->min_chars);
  gtk_widget_set_size_request (label, factory->min_width, -1);
  return label;
}

/* Most cells are a label and nothing else: there may be some hundred rows of them, and each
 * widget costs. */
static GtkWidget *
cell_new (CellFactory *factory)
{
  P2vColumnId column = factory->column;
  GtkWidget *label = text_new (factory);

  if (column != P2V_COLUMN_PROCESS && column != P2V_COLUMN_RIGHTS)
    return label;

  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  if (column == P2V_COLUMN_PROCESS)
    gtk_box_append (GTK_BOX (box), colour_bar_new ());
  gtk_box_append (GTK_BOX (box), label);
  if (column == P2V_COLUMN_RIGHTS)
    gtk_box_append (GTK_BOX (box), warning_mark_new ());
  return box;
}

static void
setup_cb (GtkSignalListItemFactory *signal_factory,
          GtkListItem *item,
          CellFactory *factory)
{
  GtkWidget *cell = cell_new (factory);

  /* For p2v_mapping_cell_find(). The item owns the cell. */
  g_object_set_data (G_OBJECT (cell), "p2v-item", item);
  g_object_set_data (G_OBJECT (cell), "p2v-column", GUINT_TO_POINTER (factory->column));
  gtk_list_item_set_child (item, cell);
}

static void
set_hue (GtkWidget *bar,
         P2vMappingRow *row)
{
  gint64 pid = p2v_process_get_pid (p2v_mapping_row_get_mapping (row)->process);
  g_autofree char *hue = g_strdup_printf ("p2v-hue-%u", p2v_hue_of_pid (pid));
  const char *classes[] = { "p2v-hue", hue, NULL };

  gtk_widget_set_css_classes (bar, classes);
}

static void
set_warning (GtkWidget *mark,
             P2vMappingRow *row)
{
  const char *warning = p2v_mapping_row_get_warning (row);

  if (g_strcmp0 (gtk_widget_get_tooltip_text (mark), warning) == 0)
    return;
  gtk_widget_set_visible (mark, warning != NULL);
  gtk_widget_set_tooltip_text (mark, warning);
  gtk_accessible_update_property (GTK_ACCESSIBLE (mark), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  warning != NULL ? warning : "", -1);
}

static P2vColumnId
get_column (GtkWidget *cell)
{
  return (P2vColumnId) GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (cell), "p2v-column"));
}

static void
update_cell (GtkListItem *item)
{
  GtkWidget *cell = gtk_list_item_get_child (item);
  P2vMappingRow *row = gtk_list_item_get_item (item);
  P2vColumnId column = get_column (cell);
  g_autofree char *known_text = p2v_mapping_row_dup_text (row, column);
  const char *text = known_text != NULL ? known_text : "";
  GtkWidget *label = cell;

  if (column == P2V_COLUMN_PROCESS)
    label = gtk_widget_get_last_child (cell);
  else if (column == P2V_COLUMN_RIGHTS)
    label = gtk_widget_get_first_child (cell);

  /* While the cursor moves in a page, nearly all texts stay as they are; setting them again would
   * lay out the whole table again. */
  if (!g_str_equal (gtk_label_get_label (GTK_LABEL (label)), text))
    gtk_label_set_label (GTK_LABEL (label), text);
  if (column == P2V_COLUMN_RIGHTS)
    set_warning (gtk_widget_get_last_child (cell), row);
}

/* GTK 4.8 knows no label for a list item, but its widget is that of the row, and has the focus; a
 * screen reader says its label. One cell of each row sees to it. */
static void
update_row_label (GtkListItem *item)
{
  GtkWidget *cell = gtk_widget_get_parent (gtk_list_item_get_child (item));
  GtkWidget *row_widget = cell != NULL ? gtk_widget_get_parent (cell) : NULL;

  if (row_widget == NULL || gtk_widget_get_first_child (row_widget) != cell)
    return;
  g_autofree char *line = p2v_mapping_row_dup_line (gtk_list_item_get_item (item));
  gtk_accessible_update_property (GTK_ACCESSIBLE (row_widget), GTK_ACCESSIBLE_PROPERTY_LABEL, line,
                                  -1);
}

static void
bind_cb (GtkSignalListItemFactory *signal_factory,
         GtkListItem *item,
         CellFactory *factory)
{
  P2vMappingRow *row = gtk_list_item_get_item (item);
  g_autofree char *signal
      = g_strconcat ("notify::", p2v_column_id_to_property (factory->column), NULL);

  update_cell (item);
  g_signal_connect_swapped (row, signal, G_CALLBACK (update_cell), item);
  update_row_label (item);
  g_signal_connect_swapped (row, "notify::virtual", G_CALLBACK (update_row_label), item);
  g_signal_connect_swapped (row, "notify::described", G_CALLBACK (update_row_label), item);
  if (factory->column == P2V_COLUMN_PROCESS)
    set_hue (gtk_widget_get_first_child (gtk_list_item_get_child (item)), row);
  if (p2v_mapping_row_add_cell (row))
    p2v_mapping_model_request (factory->model, row);
}

static void
unbind_cb (GtkSignalListItemFactory *signal_factory,
           GtkListItem *item,
           CellFactory *factory)
{
  P2vMappingRow *row = gtk_list_item_get_item (item);

  g_signal_handlers_disconnect_by_data (row, item);
  if (p2v_mapping_row_remove_cell (row))
    p2v_mapping_model_forget (factory->model, row);
}

GtkListItemFactory *
p2v_mapping_cell_factory_new (P2vColumnId column,
                              P2vMappingModel *model)
{
  GtkListItemFactory *signal_factory = gtk_signal_list_item_factory_new ();
  CellFactory *factory = g_new0 (CellFactory, 1);

  *factory = (CellFactory){ column, model, 0 };
  g_object_set_data_full (G_OBJECT (signal_factory), "p2v-factory", factory, g_free);
  g_signal_connect (signal_factory, "setup", G_CALLBACK (setup_cb), factory);
  g_signal_connect (signal_factory, "bind", G_CALLBACK (bind_cb), factory);
  g_signal_connect (signal_factory, "unbind", G_CALLBACK (unbind_cb), factory);
  return signal_factory;
}

/* Around our cell is a padding, and between two of them a gap, that belong to widgets of GTK. So
 * look a little further down at each step up. */
gboolean
p2v_mapping_cell_find (GtkWidget *picked,
                       P2vColumnId *ret_column,
                       guint *ret_position)
{
  for (GtkWidget *widget = picked; widget != NULL; widget = gtk_widget_get_parent (widget))
    for (GtkWidget *cell = widget; cell != NULL; cell = gtk_widget_get_first_child (cell))
      {
        GtkListItem *item = g_object_get_data (G_OBJECT (cell), "p2v-item");
        if (item == NULL || GTK_IS_COLUMN_VIEW (widget))
          continue;
        *ret_column = get_column (cell);
        *ret_position = gtk_list_item_get_position (item);
        return *ret_position != GTK_INVALID_LIST_POSITION;
      }
  return FALSE;
}
