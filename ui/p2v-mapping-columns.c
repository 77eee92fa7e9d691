/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-mapping-columns.h"

#include "p2v-mapping-cell.h"

#include <glib/gi18n-lib.h>

/* Wider than any screen; what a host has kept may be anything. */
#define MAX_WIDTH 10000

void
p2v_mapping_column_set_id (GtkColumnViewColumn *column,
                           P2vColumnId          id)
{
  g_object_set_data (G_OBJECT (column), "p2v-column", GUINT_TO_POINTER (id));
}

P2vColumnId
p2v_mapping_column_get_id (GtkColumnViewColumn *column)
{
  return (P2vColumnId) GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (column), "p2v-column"));
}

static GtkColumnViewColumn *
get_column (GtkColumnView *view,
            guint          position)
{
  g_autoptr (GtkColumnViewColumn) column
      = g_list_model_get_item (gtk_column_view_get_columns (view), position);

  return column;
}

static guint
find_position (GtkColumnView *view,
               P2vColumnId    id)
{
  guint position = 0;

  while (p2v_mapping_column_get_id (get_column (view, position)) != id)
    position++;
  return position;
}

GtkColumnViewColumn *
p2v_mapping_columns_find (GtkColumnView *view,
                          P2vColumnId    id)
{
  return get_column (view, find_position (view, id));
}

static void
move_column (GtkColumnView *view,
             P2vColumnId    id,
             guint          position)
{
  g_autoptr (GtkColumnViewColumn) column = g_object_ref (p2v_mapping_columns_find (view, id));

  if (find_position (view, id) != position)
    gtk_column_view_insert_column (view, position, column);
}

void
p2v_mapping_columns_move_first (GtkColumnView *view,
                                P2vColumnId    id)
{
  move_column (view, id, 0);
}

char **
p2v_mapping_columns_dup (GtkColumnView *view)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < P2V_N_COLUMNS; i++)
    {
      GtkColumnViewColumn *column = get_column (view, i);
      const char *name = p2v_column_id_to_property (p2v_mapping_column_get_id (column));
      const char *sign = gtk_column_view_column_get_visible (column) ? "" : "-";
      int width = gtk_column_view_column_get_fixed_width (column);
      g_autofree char *text = width > 0 ? g_strdup_printf ("%s%s:%d", sign, name, width)
                                        : g_strconcat (sign, name, NULL);
      g_strv_builder_add (builder, text);
    }
  return g_strv_builder_end (builder);
}

/* One word of what p2v_mapping_columns_dup() gives; FALSE if it names no column. */
static gboolean
parse_column (const char  *text,
              P2vColumnId *ret_id,
              gboolean    *ret_visible,
              int         *ret_width)
{
  guint64 width = 0;

  *ret_visible = text[0] != '-';
  g_auto (GStrv) parts = g_strsplit (*ret_visible ? text : text + 1, ":", 2);
  if (parts[0] == NULL || !p2v_column_id_from_property (parts[0], ret_id))
    return FALSE;
  *ret_width = -1;
  if (parts[1] != NULL && g_ascii_string_to_unsigned (parts[1], 10, 1, MAX_WIDTH, &width, NULL))
    *ret_width = (int) width;
  return TRUE;
}

static void
ensure_one_is_visible (GtkColumnView *view)
{
  for (guint i = 0; i < P2V_N_COLUMNS; i++)
    if (gtk_column_view_column_get_visible (get_column (view, i)))
      return;
  gtk_column_view_column_set_visible (get_column (view, 0), TRUE);
}

void
p2v_mapping_columns_apply (GtkColumnView     *view,
                           const char *const *columns)
{
  gboolean is_placed[P2V_N_COLUMNS] = { FALSE };
  guint n_placed = 0;

  for (guint i = 0; columns != NULL && columns[i] != NULL; i++)
    {
      P2vColumnId id = P2V_N_COLUMNS;
      gboolean visible = TRUE;
      int width = -1;
      if (!parse_column (columns[i], &id, &visible, &width) || is_placed[id])
        continue;
      is_placed[id] = TRUE;
      move_column (view, id, n_placed++);
      GtkColumnViewColumn *column = p2v_mapping_columns_find (view, id);
      gtk_column_view_column_set_visible (column, visible);
      gtk_column_view_column_set_fixed_width (column, width);
    }
  ensure_one_is_visible (view);
}

static void
append_for_column (GMenu       *menu,
                   const char  *action,
                   P2vColumnId  id)
{
  g_autofree char *detailed_action
      = g_strconcat (action, p2v_column_id_to_property (id), NULL);

  g_menu_append (menu, p2v_mapping_cell_get_title (id), detailed_action);
}

static GMenuModel *
new_list_menu (const char *action)
{
  GMenu *menu = g_menu_new ();

  for (guint i = 0; i < P2V_N_COLUMNS; i++)
    append_for_column (menu, action, (P2vColumnId) i);
  return G_MENU_MODEL (menu);
}

static void
append_list (GMenu      *menu,
             const char *label,
             const char *action)
{
  g_autoptr (GMenuModel) list = new_list_menu (action);

  g_menu_append_submenu (menu, label, list);
}

GMenuModel *
p2v_mapping_columns_new_header_menu (P2vColumnId id)
{
  GMenu *menu = g_menu_new ();
  const char *name = p2v_column_id_to_property (id);
  g_autofree char *sort = g_strconcat ("p2v.sort::", name, NULL);
  g_autofree char *first = g_strconcat ("p2v.column-first::", name, NULL);

  g_menu_append (menu, _("_Sort by This Column"), sort);
  g_menu_append (menu, _("_Descending"), "p2v.sort-descending");
  g_menu_append (menu, _("Move to the _Front"), first);
  append_list (menu, _("_Columns"), "p2v.column-");
  return G_MENU_MODEL (menu);
}

GMenuModel *
p2v_mapping_columns_new_menu (void)
{
  GMenu *menu = g_menu_new ();
  g_autoptr (GMenu) sort = g_menu_new ();
  g_autoptr (GMenu) sorts = g_menu_new ();
  g_autoptr (GMenuModel) columns = new_list_menu ("p2v.sort::");

  /* Translators: the order in which rows are found, as opposed to one by a column. */
  g_menu_append (sorts, _("As They Are Found"), "p2v.sort::");
  g_menu_append (sort, _("_Descending"), "p2v.sort-descending");
  g_menu_append_section (sorts, NULL, columns);
  g_menu_append_section (sorts, NULL, G_MENU_MODEL (sort));
  g_menu_append_submenu (menu, _("S_ort by"), G_MENU_MODEL (sorts));
  append_list (menu, _("C_olumns"), "p2v.column-");
  append_list (menu, _("Column to the _Front"), "p2v.column-first::");
  return G_MENU_MODEL (menu);
}
