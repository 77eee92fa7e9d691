/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-range-list.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

typedef enum
{
  COLUMN_A_VIRTUAL,
  COLUMN_A_RIGHTS,
  COLUMN_B_VIRTUAL,
  COLUMN_B_RIGHTS,
  COLUMN_SIZE,
  COLUMN_WHAT,
  N_COLUMNS,
} Column;

static const char *const titles[N_COLUMNS] = {
  [COLUMN_A_VIRTUAL] = N_ ("Virtual address"),
  [COLUMN_A_RIGHTS] = N_ ("Rights"),
  /* Translators: heading: the virtual address in the other of two processes. */
  [COLUMN_B_VIRTUAL] = N_ ("In the other"),
  [COLUMN_B_RIGHTS] = N_ ("Rights"),
  [COLUMN_SIZE] = N_ ("Size"),
  [COLUMN_WHAT] = N_ ("What"),
};

/* More rows than anybody reads; the export has all. */
#define MAX_ROWS 20000

/* A row: its cells as text. */
#define P2V_TYPE_RANGE_ROW (p2v_range_row_get_type ())
G_DECLARE_FINAL_TYPE (P2vRangeRow, p2v_range_row, P2V, RANGE_ROW, GObject)

struct _P2vRangeRow
{
  GObject parent_instance;
  char   *cells[N_COLUMNS];
};

G_DEFINE_FINAL_TYPE (P2vRangeRow, p2v_range_row, G_TYPE_OBJECT)

static void
p2v_range_row_finalize (GObject *object)
{
  for (guint i = 0; i < N_COLUMNS; i++)
    g_free (P2V_RANGE_ROW (object)->cells[i]);
  G_OBJECT_CLASS (p2v_range_row_parent_class)->finalize (object);
}

static void
p2v_range_row_class_init (P2vRangeRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = p2v_range_row_finalize;
}

static void
p2v_range_row_init (P2vRangeRow *self)
{
}

struct _P2vRangeList
{
  GtkWidget   parent_instance;

  GListStore *rows;            /* P2vRangeRow */
};

G_DEFINE_FINAL_TYPE (P2vRangeList, p2v_range_list, GTK_TYPE_WIDGET)

static P2vRangeRow *
row_new (const P2vSharedRange *range)
{
  P2vRangeRow *row = g_object_new (P2V_TYPE_RANGE_ROW, NULL);

  row->cells[COLUMN_A_VIRTUAL] = g_strdup_printf ("0x%" PRIx64, range->a_va);
  row->cells[COLUMN_A_RIGHTS] = p2v_rights_to_string (range->a_rights);
  row->cells[COLUMN_B_VIRTUAL] = g_strdup_printf ("0x%" PRIx64, range->b_va);
  row->cells[COLUMN_B_RIGHTS] = p2v_rights_to_string (range->b_rights);
  row->cells[COLUMN_SIZE] = g_format_size_full (range->length_bytes, G_FORMAT_SIZE_IEC_UNITS);
  row->cells[COLUMN_WHAT] = g_strdup (range->what);
  return row;
}

static void
setup_cb (GtkSignalListItemFactory *factory,
          GtkListItem              *item)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_add_css_class (label, "numeric");
  gtk_list_item_set_child (item, label);
}

static void
bind_cb (GtkSignalListItemFactory *factory,
         GtkListItem              *item,
         gpointer                  column)
{
  P2vRangeRow *row = gtk_list_item_get_item (item);

  gtk_label_set_text (GTK_LABEL (gtk_list_item_get_child (item)),
                      row->cells[GPOINTER_TO_UINT (column)]);
}

static void
add_column (GtkColumnView *view,
            Column         id)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), GUINT_TO_POINTER (id));
  g_autoptr (GtkColumnViewColumn) column = gtk_column_view_column_new (_ (titles[id]), factory);
  gtk_column_view_column_set_resizable (column, TRUE);
  gtk_column_view_column_set_expand (column, id == COLUMN_WHAT);
  gtk_column_view_append_column (view, column);
}

static void
p2v_range_list_dispose (GObject *object)
{
  GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (object));

  if (child != NULL)
    gtk_widget_unparent (child);
  g_clear_object (&P2V_RANGE_LIST (object)->rows);
  G_OBJECT_CLASS (p2v_range_list_parent_class)->dispose (object);
}

static void
p2v_range_list_class_init (P2vRangeListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_range_list_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
p2v_range_list_init (P2vRangeList *self)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();

  self->rows = g_list_store_new (P2V_TYPE_RANGE_ROW);
  GtkSelectionModel *selection =
    GTK_SELECTION_MODEL (gtk_single_selection_new (g_object_ref (G_LIST_MODEL (self->rows))));
  GtkWidget *view = gtk_column_view_new (selection);
  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Shared ranges"), -1);
  for (guint i = 0; i < N_COLUMNS; i++)
    add_column (GTK_COLUMN_VIEW (view), i);
  gtk_widget_set_vexpand (scroller, TRUE);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), view);
  gtk_widget_set_parent (scroller, GTK_WIDGET (self));
}

GtkWidget *
p2v_range_list_new (void)
{
  return g_object_new (P2V_TYPE_RANGE_LIST, NULL);
}

void
p2v_range_list_set_ranges (P2vRangeList *self,
                           GArray       *ranges)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; ranges != NULL && i < MIN (ranges->len, MAX_ROWS); i++)
    g_ptr_array_add (rows, row_new (&g_array_index (ranges, P2vSharedRange, i)));
  g_list_store_splice (self->rows, 0, g_list_model_get_n_items (G_LIST_MODEL (self->rows)),
                       rows->pdata, rows->len);
}
