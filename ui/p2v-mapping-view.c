/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-mapping-view.h"

#include "p2v-mapping-cell.h"
#include "p2v-mapping-columns.h"

#include <glib/gi18n-lib.h>

/* A column that is dragged wider changes with every motion of the pointer. */
#define COLUMNS_DELAY_MS 300

struct _P2vMappingView
{
  GtkWidget           parent_instance;

  P2vMappingModel    *model;
  GtkSingleSelection *selection;
  GtkColumnView      *column_view;
  GtkWidget          *scrolled_window;
  GtkWidget          *menu;
  P2vMappingRow      *selected_before; /* what to select again once the model has changed */
  gboolean            is_changing;
  P2vColumnId         probed_column;
  P2vColumnId         sort_column;
  gboolean            sort_descending;
  guint               columns_id;
};

G_DEFINE_FINAL_TYPE (P2vMappingView, p2v_mapping_view, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_COLUMNS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

enum
{
  SORT_CHANGED,
  ROW_SELECTED,
  ROW_ACTIVATED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* GtkSingleSelection would fetch every new row in search of the selected one, a million if there
 * are so many. So nothing is selected while the rows change, and we search ourselves afterwards. */
static void
about_to_change_cb (P2vMappingView *self)
{
  gpointer selected = gtk_single_selection_get_selected_item (self->selection);

  g_set_object (&self->selected_before, selected);
  self->is_changing = TRUE;
  gtk_single_selection_set_selected (self->selection, GTK_INVALID_LIST_POSITION);
}

/* The model brings its rows bit by bit, so the one that was selected may come later. */
static void
items_changed_cb (P2vMappingView *self)
{
  guint position = 0;
  gboolean found = self->selected_before != NULL
                   && p2v_mapping_model_find (
                       self->model, p2v_mapping_row_get_mapping (self->selected_before), &position);

  if (found || self->is_changing)
    p2v_mapping_view_select (self, position);
  if (found)
    g_clear_object (&self->selected_before);
  self->is_changing = FALSE;
}

static void
selected_item_cb (P2vMappingView *self)
{
  g_signal_emit (self, signals[ROW_SELECTED], 0);
}

static void
activate_cb (P2vMappingView *self,
             guint position)
{
  p2v_mapping_view_select (self, position);
  g_signal_emit (self, signals[ROW_ACTIVATED], 0);
}

/* There is no way to ask GTK 4.8 which column its view is sorted by, but its sorter asks ours,
 * the first column's first. */
static int
probe_cb (gconstpointer a,
          gconstpointer b,
          gpointer user_data)
{
  GtkColumnViewColumn *column = user_data;
  P2vMappingView *self = g_object_get_data (G_OBJECT (column), "p2v-view");

  if (self->probed_column == P2V_N_COLUMNS)
    self->probed_column = p2v_mapping_column_get_id (column);
  return -1;
}

static void
sorter_changed_cb (P2vMappingView *self)
{
  /* The columns go with the view. */
  if (self->scrolled_window == NULL)
    return;
  GtkSorter *sorter = gtk_column_view_get_sorter (self->column_view);
  self->probed_column = P2V_N_COLUMNS;
  GtkOrdering ordering = gtk_sorter_compare (sorter, self, self->model);
  self->sort_column = self->probed_column;
  self->sort_descending = ordering == GTK_ORDERING_LARGER;
  p2v_mapping_model_set_sort (self->model, self->sort_column, self->sort_descending);
  g_signal_emit (self, signals[SORT_CHANGED], 0);
}

static gboolean
tell_columns_cb (gpointer user_data)
{
  P2vMappingView *self = user_data;

  self->columns_id = 0;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COLUMNS]);
  return G_SOURCE_REMOVE;
}

static void
columns_changed_cb (P2vMappingView *self)
{
  /* Nobody has chosen what is made and unmade with the view. */
  if (self->scrolled_window == NULL)
    return;
  g_clear_handle_id (&self->columns_id, g_source_remove);
  self->columns_id = g_timeout_add (COLUMNS_DELAY_MS, tell_columns_cb, self);
}

static GMenu *
menu_model_new (P2vColumnId column)
{
  g_autoptr (GMenu) copy = g_menu_new ();
  g_autoptr (GMenu) go = g_menu_new ();
  g_autoptr (GMenu) select = g_menu_new ();
  GMenu *menu = g_menu_new ();
  const char *name = p2v_column_id_to_property (column);
  const char *title = p2v_mapping_cell_get_title (column);
  /* Translators: %s is a column's heading, such as "Virtual address". */
  g_autofree char *cell_label = g_strdup_printf (_("Copy “%s”"), title);
  /* Translators: %s is a column's heading, such as "Virtual address". */
  g_autofree char *column_label = g_strdup_printf (_("Copy Column “%s”"), title);
  g_autofree char *cell_action = g_strdup_printf ("p2v.copy-cell::%s", name);
  g_autofree char *column_action = g_strdup_printf ("p2v.copy-column::%s", name);

  g_menu_append (copy, cell_label, cell_action);
  g_menu_append (copy, _("Copy _Row"), "p2v.copy-row");
  g_menu_append (copy, column_label, column_action);
  g_menu_append (copy, _("Copy _All Rows"), "p2v.copy-all");
  g_menu_append (go, _("Show _Only This Process"), "p2v.filter-process");
  g_menu_append (go, _("Go to Page Table _Entry"), "p2v.go-to-entry");
  g_menu_append (go, _("_Who Else Shares This"), "p2v.who-shares");
  g_menu_append (go, _("_Next Page of This Process"), "p2v.next-page");
  g_menu_append (go, _("_Previous Page of This Process"), "p2v.previous-page");
  g_menu_append (select, _("_Select the Page in the Hex View"), "p2v.select-page");
  g_menu_append (select, _("Select the Re_gion in the Hex View"), "p2v.select-region");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (copy));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (go));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (select));
  return menu;
}

static void
popup_menu_at (P2vMappingView *self,
               P2vColumnId column,
               double x,
               double y)
{
  g_autoptr (GMenu) model = menu_model_new (column);
  GdkRectangle place = { (int) x, (int) y, 1, 1 };

  gtk_popover_menu_set_menu_model (GTK_POPOVER_MENU (self->menu), G_MENU_MODEL (model));
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu), &place);
  gtk_popover_popup (GTK_POPOVER (self->menu));
}

static void
secondary_pressed_cb (P2vMappingView *self,
                      int n_press,
                      double x,
                      double y,
                      GtkGesture *gesture)
{
  GtkWidget *picked = gtk_widget_pick (GTK_WIDGET (self), x, y, GTK_PICK_DEFAULT);
  P2vColumnId column = P2V_N_COLUMNS;
  guint position = 0;

  if (!p2v_mapping_cell_find (picked, &column, &position))
    return;
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  p2v_mapping_view_select (self, position);
  popup_menu_at (self, column, x, y);
}

static void
menu_popup_action (GtkWidget *widget,
                   const char *action_name,
                   GVariant *parameter)
{
  P2vMappingView *self = P2V_MAPPING_VIEW (widget);

  if (p2v_mapping_view_get_selected (self) != NULL)
    popup_menu_at (self, P2V_COLUMN_VIRTUAL, gtk_widget_get_width (widget) / 2.0,
                   gtk_widget_get_height (widget) / 2.0);
}

static void
add_column (P2vMappingView *self,
            P2vColumnId id)
{
  GtkListItemFactory *factory = p2v_mapping_cell_factory_new (id, self->model);
  g_autoptr (GtkColumnViewColumn) column
      = gtk_column_view_column_new (p2v_mapping_cell_get_title (id), factory);

  gtk_column_view_column_set_resizable (column, TRUE);
  gtk_column_view_column_set_expand (column, id == P2V_COLUMN_REGION);
  g_autoptr (GMenuModel) header_menu = p2v_mapping_columns_new_header_menu (id);
  gtk_column_view_column_set_header_menu (column, header_menu);
  p2v_mapping_column_set_id (column, id);
  g_signal_connect_object (column, "notify::visible", G_CALLBACK (columns_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (column, "notify::fixed-width", G_CALLBACK (columns_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_object_set_data (G_OBJECT (column), "p2v-view", self);
  g_autoptr (GtkCustomSorter) sorter = gtk_custom_sorter_new (probe_cb, column, NULL);
  gtk_column_view_column_set_sorter (column, GTK_SORTER (sorter));
  gtk_column_view_append_column (self->column_view, column);
}

static void
p2v_mapping_view_size_allocate (GtkWidget *widget,
                                int width,
                                int height,
                                int baseline)
{
  P2vMappingView *self = P2V_MAPPING_VIEW (widget);
  GtkAllocation all = { 0, 0, width, height };

  gtk_widget_size_allocate (self->scrolled_window, &all, baseline);
  gtk_popover_present (GTK_POPOVER (self->menu));
}

static void
p2v_mapping_view_measure (GtkWidget *widget,
                          GtkOrientation orientation,
                          int for_size,
                          int *minimum,
                          int *natural,
                          int *minimum_baseline,
                          int *natural_baseline)
{
  gtk_widget_measure (P2V_MAPPING_VIEW (widget)->scrolled_window, orientation, for_size, minimum,
                      natural, minimum_baseline, natural_baseline);
}

static gboolean
p2v_mapping_view_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (P2V_MAPPING_VIEW (widget)->column_view));
}

static void
p2v_mapping_view_get_property (GObject *object,
                               guint prop_id,
                               GValue *value,
                               GParamSpec *pspec)
{
  if (prop_id == PROP_COLUMNS)
    g_value_take_boxed (value,
                        p2v_mapping_columns_dup (P2V_MAPPING_VIEW (object)->column_view));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
p2v_mapping_view_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  if (prop_id == PROP_COLUMNS)
    p2v_mapping_columns_apply (P2V_MAPPING_VIEW (object)->column_view,
                               g_value_get_boxed (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
p2v_mapping_view_dispose (GObject *object)
{
  P2vMappingView *self = P2V_MAPPING_VIEW (object);

  g_clear_handle_id (&self->columns_id, g_source_remove);

  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_clear_pointer (&self->menu, gtk_widget_unparent);
  g_clear_pointer (&self->scrolled_window, gtk_widget_unparent);
  g_clear_object (&self->selected_before);
  g_clear_object (&self->selection);
  g_clear_object (&self->model);

  G_OBJECT_CLASS (p2v_mapping_view_parent_class)->dispose (object);
}

static void
p2v_mapping_view_class_init (P2vMappingViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->get_property = p2v_mapping_view_get_property;
  G_OBJECT_CLASS (klass)->set_property = p2v_mapping_view_set_property;
  G_OBJECT_CLASS (klass)->dispose = p2v_mapping_view_dispose;
  widget_class->size_allocate = p2v_mapping_view_size_allocate;
  widget_class->measure = p2v_mapping_view_measure;
  widget_class->grab_focus = p2v_mapping_view_grab_focus;

  properties[PROP_COLUMNS]
      = g_param_spec_boxed ("columns", NULL, NULL, G_TYPE_STRV,
                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);

  signals[SORT_CHANGED] = g_signal_new ("sort-changed", P2V_TYPE_MAPPING_VIEW, G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ROW_SELECTED] = g_signal_new ("row-selected", P2V_TYPE_MAPPING_VIEW, G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ROW_ACTIVATED] = g_signal_new ("row-activated", P2V_TYPE_MAPPING_VIEW, G_SIGNAL_RUN_LAST,
                                         0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_install_action (widget_class, "menu.popup", NULL, menu_popup_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F10, GDK_SHIFT_MASK, "menu.popup",
                                       NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Menu, 0, "menu.popup", NULL);
  gtk_widget_class_set_css_name (widget_class, "p2vmappingview");
}

static void
connect_model (P2vMappingView *self)
{
  g_signal_connect_swapped (self->model, "about-to-change", G_CALLBACK (about_to_change_cb), self);
  self->selection = gtk_single_selection_new (NULL);
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_single_selection_set_model (self->selection, G_LIST_MODEL (self->model));
  g_signal_connect_object (self->selection, "notify::selected-item", G_CALLBACK (selected_item_cb),
                           self, G_CONNECT_SWAPPED);
  /* After the selection has learnt of the new rows itself. */
  g_signal_connect_data (self->model, "items-changed", G_CALLBACK (items_changed_cb), self, NULL,
                         G_CONNECT_AFTER | G_CONNECT_SWAPPED);
}

static void
add_menu (P2vMappingView *self)
{
  GtkGesture *click = gtk_gesture_click_new ();

  self->menu = gtk_popover_menu_new_from_model (NULL);
  gtk_popover_set_has_arrow (GTK_POPOVER (self->menu), FALSE);
  gtk_widget_set_halign (self->menu, GTK_ALIGN_START);
  gtk_widget_set_parent (self->menu, GTK_WIDGET (self));

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect_swapped (click, "pressed", G_CALLBACK (secondary_pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
}

static void
p2v_mapping_view_init (P2vMappingView *self)
{
  self->model = p2v_mapping_model_new ();
  connect_model (self);

  self->column_view = GTK_COLUMN_VIEW (
      gtk_column_view_new (GTK_SELECTION_MODEL (g_object_ref (self->selection))));
  gtk_widget_add_css_class (GTK_WIDGET (self->column_view), "data-table");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->column_view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Mappings of this byte"), -1);
  for (guint i = 0; i < P2V_N_COLUMNS; i++)
    add_column (self, (P2vColumnId) i);
  self->sort_column = P2V_N_COLUMNS;
  g_signal_connect_object (gtk_column_view_get_columns (self->column_view), "items-changed",
                           G_CALLBACK (columns_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->column_view, "activate", G_CALLBACK (activate_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_column_view_get_sorter (self->column_view), "changed",
                           G_CALLBACK (sorter_changed_cb), self, G_CONNECT_SWAPPED);

  self->scrolled_window = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scrolled_window),
                                 GTK_WIDGET (self->column_view));
  gtk_widget_set_parent (self->scrolled_window, GTK_WIDGET (self));
  add_menu (self);
}

GtkWidget *
p2v_mapping_view_new (void)
{
  return g_object_new (P2V_TYPE_MAPPING_VIEW, NULL);
}

P2vMappingModel *
p2v_mapping_view_get_model (P2vMappingView *self)
{
  return self->model;
}

P2vMappingRow *
p2v_mapping_view_get_selected (P2vMappingView *self)
{
  return gtk_single_selection_get_selected_item (self->selection);
}

void
p2v_mapping_view_select (P2vMappingView *self,
                         guint position)
{
  gtk_single_selection_set_selected (self->selection, position);
}

gboolean
p2v_mapping_view_prefer (P2vMappingView *self,
                         const P2vMapping *mapping)
{
  guint position = 0;

  g_clear_object (&self->selected_before);
  if (p2v_mapping_model_find (self->model, mapping, &position))
    {
      p2v_mapping_view_select (self, position);
      return TRUE;
    }
  self->selected_before = p2v_mapping_row_new (mapping);
  return FALSE;
}

GtkColumnView *
p2v_mapping_view_get_column_view (P2vMappingView *self)
{
  return self->column_view;
}

void
p2v_mapping_view_sort (P2vMappingView *self,
                       P2vColumnId column,
                       gboolean descending)
{
  GtkColumnViewColumn *sorted_by = NULL;

  if (column < P2V_N_COLUMNS)
    sorted_by = p2v_mapping_columns_find (self->column_view, column);
  /* Of the same column again it would only turn the order round. */
  gtk_column_view_sort_by_column (self->column_view, NULL, GTK_SORT_ASCENDING);
  if (sorted_by != NULL)
    gtk_column_view_sort_by_column (self->column_view, sorted_by,
                                    descending ? GTK_SORT_DESCENDING : GTK_SORT_ASCENDING);
}

void
p2v_mapping_view_get_sort (P2vMappingView *self,
                           P2vColumnId *ret_column,
                           gboolean *ret_descending)
{
  *ret_column = self->sort_column;
  *ret_descending = self->sort_descending;
}
