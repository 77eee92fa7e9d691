/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-panel-private.h"

#include "p2v-mapping-columns.h"

#include <glib/gi18n-lib.h>

static void
go_to_action (GSimpleAction *action,
              GVariant *parameter,
              gpointer user_data)
{
  P2vPanel *self = user_data;

  p2v_panel_reveal (self);
  p2v_go_to_set_kind (self->go_to, g_variant_get_string (parameter, NULL));
  gtk_menu_button_popup (self->go_to_button);
}

static void
go_to_entry_action (GSimpleAction *action,
                    GVariant *parameter,
                    gpointer user_data)
{
  P2vPanel *self = user_data;
  P2vMappingRow *row = p2v_mapping_view_get_selected (self->view);

  if (row == NULL)
    return;
  const P2vMapping *mapping = p2v_mapping_row_get_mapping (row);
  if (mapping->described)
    p2v_panel_jump_to_pa (self, mapping->entry_pa);
  else
    p2v_panel_show_info (
        self, GTK_MESSAGE_INFO,
        _("Where this row comes from has not been read yet. Try again in a moment."));
}

static void
previous_page_action (GSimpleAction *action,
                      GVariant *parameter,
                      gpointer user_data)
{
  p2v_panel_ask (user_data, P2V_VICINITY_PREVIOUS);
}

static void
next_page_action (GSimpleAction *action,
                  GVariant *parameter,
                  gpointer user_data)
{
  p2v_panel_ask (user_data, P2V_VICINITY_NEXT);
}

static void
select_page_action (GSimpleAction *action,
                    GVariant *parameter,
                    gpointer user_data)
{
  p2v_panel_ask (user_data, P2V_VICINITY_PAGE);
}

static void
select_region_action (GSimpleAction *action,
                      GVariant *parameter,
                      gpointer user_data)
{
  p2v_panel_ask (user_data, P2V_VICINITY_REGION);
}

static void
who_shares_action (GSimpleAction *action,
                   GVariant *parameter,
                   gpointer user_data)
{
  P2vPanel *self = user_data;

  p2v_panel_reveal (self);
  gtk_menu_button_popup (self->sharers_button);
}

static void
copy_row_action (GSimpleAction *action,
                 GVariant *parameter,
                 gpointer user_data)
{
  P2vPanel *self = user_data;
  P2vMappingRow *row = p2v_mapping_view_get_selected (self->view);

  if (row == NULL)
    return;
  g_autoptr (GString) text = g_string_new (NULL);
  g_string_append_printf (text, "0x%012" G_GINT64_MODIFIER "x",
                          p2v_mapping_row_get_mapping (row)->pa);
  for (guint i = 0; i < P2V_N_COLUMNS; i++)
    {
      g_autofree char *cell = p2v_mapping_row_dup_text (row, (P2vColumnId) i);
      g_string_append_c (text, '\t');
      g_string_append (text, cell != NULL ? cell : "");
    }
  p2v_panel_copy_text (self, text->str);
}

static void
copy_cell_action (GSimpleAction *action,
                  GVariant *parameter,
                  gpointer user_data)
{
  P2vPanel *self = user_data;
  P2vMappingRow *row = p2v_mapping_view_get_selected (self->view);
  P2vColumnId column = P2V_N_COLUMNS;

  if (row == NULL || !p2v_column_id_from_property (g_variant_get_string (parameter, NULL), &column))
    return;
  g_autofree char *cell = p2v_mapping_row_dup_text (row, column);
  p2v_panel_copy_text (self, cell != NULL ? cell : "");
}

static void
copy_column_action (GSimpleAction *action,
                    GVariant *parameter,
                    gpointer user_data)
{
  P2vColumnId column = P2V_N_COLUMNS;

  if (p2v_column_id_from_property (g_variant_get_string (parameter, NULL), &column))
    p2v_panel_copy_rows (user_data, column);
}

static void
copy_all_action (GSimpleAction *action,
                 GVariant *parameter,
                 gpointer user_data)
{
  p2v_panel_copy_rows (user_data, P2V_N_COLUMNS);
}

static void
export_rows_action (GSimpleAction *action,
                    GVariant *parameter,
                    gpointer user_data)
{
  P2vPanel *self = user_data;

  if (self->answer != NULL)
    p2v_panel_export (self, _("Export These Rows"), self->answer);
}

static void
export_all_action (GSimpleAction *action,
                   GVariant *parameter,
                   gpointer user_data)
{
  P2vPanel *self = user_data;

  if (self->session != NULL)
    p2v_panel_export (self, _("Export Everything"), NULL);
}

static void
filter_action (GSimpleAction *action,
               GVariant *parameter,
               gpointer user_data)
{
  P2vPanel *self = user_data;

  p2v_panel_reveal (self);
  gtk_revealer_set_reveal_child (self->filter_revealer, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->filter_entry));
}

static void
filter_process_action (GSimpleAction *action,
                       GVariant *parameter,
                       gpointer user_data)
{
  P2vPanel *self = user_data;
  P2vMappingRow *row = p2v_mapping_view_get_selected (self->view);

  if (row == NULL)
    return;
  P2vProcess *process = p2v_mapping_row_get_mapping (row)->process;
  g_autofree char *text
      = p2v_process_has_pid (process)
            ? g_strdup_printf ("pid:%" G_GINT64_FORMAT, p2v_process_get_pid (process))
            : g_strdup_printf ("process:\"%s\"", p2v_process_get_name (process));
  gtk_revealer_set_reveal_child (self->filter_revealer, TRUE);
  gtk_editable_set_text (GTK_EDITABLE (self->filter_entry), text);
}

static void
clear_filter_action (GSimpleAction *action,
                     GVariant *parameter,
                     gpointer user_data)
{
  P2vPanel *self = user_data;

  gtk_revealer_set_reveal_child (self->filter_revealer, FALSE);
}

static void
show_kernel_state (GSimpleAction *action,
                   GVariant *state,
                   gpointer user_data)
{
  P2vPanel *self = user_data;

  g_simple_action_set_state (action, state);
  self->shows_kernel = g_variant_get_boolean (state);
  p2v_panel_update_filter (self);
}

static void
every_address_state (GSimpleAction *action,
                     GVariant *state,
                     gpointer user_data)
{
  P2vPanel *self = user_data;

  g_simple_action_set_state (action, state);
  self->shows_every_address = g_variant_get_boolean (state);
  p2v_panel_update_filter (self);
}

static void
sort_state (GSimpleAction *action,
            GVariant *state,
            gpointer user_data)
{
  P2vPanel *self = user_data;
  P2vColumnId column = P2V_N_COLUMNS;
  P2vColumnId old_column = P2V_N_COLUMNS;
  gboolean descending = FALSE;

  p2v_mapping_view_get_sort (self->view, &old_column, &descending);
  p2v_column_id_from_property (g_variant_get_string (state, NULL), &column);
  p2v_mapping_view_sort (self->view, column, descending);
}

static void
sort_descending_state (GSimpleAction *action,
                       GVariant *state,
                       gpointer user_data)
{
  P2vPanel *self = user_data;
  P2vColumnId column = P2V_N_COLUMNS;
  gboolean descending = FALSE;

  p2v_mapping_view_get_sort (self->view, &column, &descending);
  p2v_mapping_view_sort (self->view, column, g_variant_get_boolean (state));
}

/* The headings sort as well. */
static void
sort_changed_cb (P2vPanel *self)
{
  GAction *sort = g_action_map_lookup_action (G_ACTION_MAP (self->actions), "sort");
  GAction *turn = g_action_map_lookup_action (G_ACTION_MAP (self->actions), "sort-descending");
  P2vColumnId column = P2V_N_COLUMNS;
  gboolean descending = FALSE;

  p2v_mapping_view_get_sort (self->view, &column, &descending);
  const char *name = column < P2V_N_COLUMNS ? p2v_column_id_to_property (column) : "";
  g_simple_action_set_state (G_SIMPLE_ACTION (sort), g_variant_new_string (name));
  g_simple_action_set_state (G_SIMPLE_ACTION (turn), g_variant_new_boolean (descending));
  g_simple_action_set_enabled (G_SIMPLE_ACTION (turn), column < P2V_N_COLUMNS);
}

static void
column_first_action (GSimpleAction *action,
                     GVariant *parameter,
                     gpointer user_data)
{
  P2vPanel *self = user_data;
  P2vColumnId column = P2V_N_COLUMNS;

  if (p2v_column_id_from_property (g_variant_get_string (parameter, NULL), &column))
    p2v_mapping_columns_move_first (p2v_mapping_view_get_column_view (self->view), column);
}

static void
start_action (GSimpleAction *action,
              GVariant *parameter,
              gpointer user_data)
{
  P2vPanel *self = user_data;

  if (self->driver != NULL)
    p2v_driver_start (self->driver);
}

/* Stops the youngest thing that is going on. */
static void
cancel_action (GSimpleAction *action,
               GVariant *parameter,
               gpointer user_data)
{
  P2vPanel *self = user_data;

  if (self->output != NULL)
    g_cancellable_cancel (self->output);
  else if (self->driver != NULL && p2v_driver_get_state (self->driver) == P2V_DRIVER_RUNNING)
    p2v_driver_cancel (self->driver);
  else
    gtk_revealer_set_reveal_child (self->filter_revealer, FALSE);
}

static const GActionEntry entries[] = {
  { .name = "go-to", .activate = go_to_action, .parameter_type = "s" },
  { .name = "go-to-entry", .activate = go_to_entry_action },
  { .name = "previous-page", .activate = previous_page_action },
  { .name = "next-page", .activate = next_page_action },
  { .name = "select-page", .activate = select_page_action },
  { .name = "select-region", .activate = select_region_action },
  { .name = "who-shares", .activate = who_shares_action },
  { .name = "copy-row", .activate = copy_row_action },
  { .name = "copy-cell", .activate = copy_cell_action, .parameter_type = "s" },
  { .name = "copy-column", .activate = copy_column_action, .parameter_type = "s" },
  { .name = "copy-all", .activate = copy_all_action },
  { .name = "export-rows", .activate = export_rows_action },
  { .name = "export-all", .activate = export_all_action },
  { .name = "filter", .activate = filter_action },
  { .name = "filter-process", .activate = filter_process_action },
  { .name = "clear-filter", .activate = clear_filter_action },
  { .name = "show-kernel", .state = "false", .change_state = show_kernel_state },
  { .name = "every-address", .state = "false", .change_state = every_address_state },
  { .name = "sort", .parameter_type = "s", .state = "''", .change_state = sort_state },
  { .name = "sort-descending", .state = "false", .change_state = sort_descending_state },
  { .name = "column-first", .activate = column_first_action, .parameter_type = "s" },
  { .name = "start", .activate = start_action },
  { .name = "cancel", .activate = cancel_action },
};

/* The keys work wherever the focus is in the panel. Elsewhere they may be the host's. */
static void
add_keys (P2vPanel *self)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();
  gsize n_keys = 0;
  const P2vPanelKey *keys = p2v_panel_get_keys (&n_keys);

  for (gsize i = 0; i < n_keys; i++)
    {
      g_autofree char *detailed_action = g_strconcat ("p2v.", keys[i].action, NULL);
      g_autofree char *name = NULL;
      g_autoptr (GVariant) target = NULL;
      if (!g_action_parse_detailed_name (detailed_action, &name, &target, NULL))
        continue;
      GtkShortcut *shortcut
          = gtk_shortcut_new (gtk_shortcut_trigger_parse_string (keys[i].accelerator),
                              gtk_named_action_new (name));
      gtk_shortcut_set_arguments (shortcut, target);
      gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller), shortcut);
    }
  gtk_widget_add_controller (GTK_WIDGET (self), controller);
}

static char *
dup_column_action_name (P2vColumnId id)
{
  return g_strconcat ("column-", p2v_column_id_to_property (id), NULL);
}

/* What can be done about the table's columns: an action for each, and the menu. */
static void
add_columns (P2vPanel *self)
{
  g_autoptr (GMenuModel) menu = p2v_mapping_columns_new_menu ();

  for (guint i = 0; i < P2V_N_COLUMNS; i++)
    {
      GtkColumnViewColumn *column = p2v_mapping_columns_find (
          p2v_mapping_view_get_column_view (self->view), (P2vColumnId) i);
      g_autofree char *name = dup_column_action_name ((P2vColumnId) i);
      g_autoptr (GPropertyAction) action = g_property_action_new (name, column, "visible");
      g_action_map_add_action (G_ACTION_MAP (self->actions), G_ACTION (action));
    }
  g_menu_append_section (self->table_menu, NULL, menu);
  g_signal_connect_object (self->view, "sort-changed", G_CALLBACK (sort_changed_cb), self,
                           G_CONNECT_SWAPPED);
  sort_changed_cb (self);
}

void
p2v_panel_actions_init (P2vPanel *self)
{
  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), entries, G_N_ELEMENTS (entries),
                                   self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "p2v", G_ACTION_GROUP (self->actions));

  add_columns (self);
  add_keys (self);
}

static void
set_enabled (P2vPanel *self,
             const char *name,
             gboolean enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

void
p2v_panel_actions_update (P2vPanel *self)
{
  gboolean has_image
      = self->session != NULL && p2v_session_get_stage (self->session) >= P2V_STAGE_IMAGE;
  gboolean has_index
      = self->session != NULL && p2v_session_get_stage (self->session) == P2V_STAGE_INDEX;
  guint n_rows = 0;
  gboolean has_rows
      = p2v_mapping_model_get_n_arranged (p2v_mapping_view_get_model (self->view), &n_rows)
        && n_rows > 0;
  gboolean has_row = p2v_mapping_view_get_selected (self->view) != NULL;
  gboolean is_idle = self->output == NULL;

  set_enabled (self, "go-to", has_image);
  set_enabled (self, "go-to-entry", has_row);
  set_enabled (self, "previous-page", has_row);
  set_enabled (self, "next-page", has_row);
  set_enabled (self, "select-page", has_row);
  set_enabled (self, "select-region", has_row);
  set_enabled (self, "who-shares", has_row);
  gtk_widget_set_sensitive (GTK_WIDGET (self->sharers_button), has_row);
  set_enabled (self, "copy-row", has_row);
  set_enabled (self, "copy-cell", has_row);
  set_enabled (self, "copy-column", has_rows && is_idle);
  set_enabled (self, "copy-all", has_rows && is_idle);
  set_enabled (self, "export-rows", has_rows && is_idle);
  set_enabled (self, "export-all", has_index && is_idle);
  set_enabled (self, "filter-process", has_row);
}

/* A host may keep the group longer than the panel, so nothing in it may still point here. */
void
p2v_panel_actions_dispose (P2vPanel *self)
{
  p2v_panel_stop_output (self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "p2v", NULL);
  for (guint i = 0; self->actions != NULL && i < G_N_ELEMENTS (entries); i++)
    g_action_map_remove_action (G_ACTION_MAP (self->actions), entries[i].name);
  for (guint i = 0; self->actions != NULL && i < P2V_N_COLUMNS; i++)
    {
      g_autofree char *name = dup_column_action_name ((P2vColumnId) i);
      g_action_map_remove_action (G_ACTION_MAP (self->actions), name);
    }
}
