/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-text-table.h"

#include <glib/gi18n-lib.h>

#define P2V_TYPE_TEXT_ROW (p2v_text_row_get_type ())
G_DECLARE_FINAL_TYPE (P2vTextRow, p2v_text_row, P2V, TEXT_ROW, GObject)

struct _P2vTextRow
{
  GObject   parent_instance;
  GStrv     cells;
};

G_DEFINE_FINAL_TYPE (P2vTextRow, p2v_text_row, G_TYPE_OBJECT)

static void
p2v_text_row_finalize (GObject *object)
{
  g_strfreev (P2V_TEXT_ROW (object)->cells);
  G_OBJECT_CLASS (p2v_text_row_parent_class)->finalize (object);
}

static void
p2v_text_row_class_init (P2vTextRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = p2v_text_row_finalize;
}

static void
p2v_text_row_init (P2vTextRow *self)
{
}

struct _P2vTextTable
{
  GtkWidget   parent_instance;

  GListStore *rows;            /* P2vTextRow */
};

enum
{
  ROW_ACTIVATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (P2vTextTable, p2v_text_table, GTK_TYPE_WIDGET)

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
  P2vTextRow *row = gtk_list_item_get_item (item);

  gtk_label_set_text (GTK_LABEL (gtk_list_item_get_child (item)),
                      row->cells[GPOINTER_TO_UINT (column)]);
}

static void
add_column (GtkColumnView *view,
            const char    *title,
            guint          position,
            gboolean       is_last)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), GUINT_TO_POINTER (position));
  g_autoptr (GtkColumnViewColumn) column = gtk_column_view_column_new (_ (title), factory);
  gtk_column_view_column_set_resizable (column, TRUE);
  gtk_column_view_column_set_expand (column, is_last);
  gtk_column_view_append_column (view, column);
}

static void
activated_cb (P2vTextTable *self,
              guint         position)
{
  g_signal_emit (self, signals[ROW_ACTIVATED], 0, position);
}

static void
p2v_text_table_dispose (GObject *object)
{
  GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (object));

  if (child != NULL)
    gtk_widget_unparent (child);
  g_clear_object (&P2V_TEXT_TABLE (object)->rows);
  G_OBJECT_CLASS (p2v_text_table_parent_class)->dispose (object);
}

static void
p2v_text_table_class_init (P2vTextTableClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_text_table_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
  signals[ROW_ACTIVATED] = g_signal_new ("row-activated", G_TYPE_FROM_CLASS (klass),
                                         G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                         G_TYPE_UINT);
}

static void
p2v_text_table_init (P2vTextTable *self)
{
  self->rows = g_list_store_new (P2V_TYPE_TEXT_ROW);
}

GtkWidget *
p2v_text_table_new (const char        *label,
                    const char *const *titles)
{
  P2vTextTable *self = g_object_new (P2V_TYPE_TEXT_TABLE, NULL);
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkSelectionModel *selection =
    GTK_SELECTION_MODEL (gtk_single_selection_new (g_object_ref (G_LIST_MODEL (self->rows))));
  GtkWidget *view = gtk_column_view_new (selection);

  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  for (guint i = 0; titles[i] != NULL; i++)
    add_column (GTK_COLUMN_VIEW (view), titles[i], i, titles[i + 1] == NULL);
  g_signal_connect_swapped (view, "activate", G_CALLBACK (activated_cb), self);
  gtk_widget_add_css_class (view, "data-table");
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), view);
  gtk_widget_set_parent (scroller, GTK_WIDGET (self));
  gtk_widget_set_vexpand (GTK_WIDGET (self), TRUE);
  return GTK_WIDGET (self);
}

void
p2v_text_table_set_rows (P2vTextTable *self,
                         GPtrArray    *rows)
{
  g_autoptr (GPtrArray) objects = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; rows != NULL && i < rows->len; i++)
    {
      P2vTextRow *row = g_object_new (P2V_TYPE_TEXT_ROW, NULL);
      row->cells = g_strdupv (g_ptr_array_index (rows, i));
      g_ptr_array_add (objects, row);
    }
  g_list_store_splice (self->rows, 0, g_list_model_get_n_items (G_LIST_MODEL (self->rows)),
                       objects->pdata, objects->len);
}
