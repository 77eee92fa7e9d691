/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-panel-private.h"

#define RESOURCE_PATH "/io/github/pas2vas/gtk/"

G_DEFINE_FINAL_TYPE (P2vPanel, p2v_panel, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_SESSION,
  PROP_COLUMNS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
driver_changed_cb (P2vPanel *self)
{
  P2vStage stage = p2v_session_get_stage (self->session);

  p2v_panel_show_status (self);
  p2v_panel_queue_update (self);
  if (stage != self->stage)
    {
      self->stage = stage;
      p2v_panel_tell_stage_changed (self);
    }
}

static void
row_selected_cb (P2vPanel *self)
{
  P2vMappingRow *row = p2v_mapping_view_get_selected (self->view);

  p2v_trail_view_set_row (self->trail_view, self->session, row);
  p2v_panel_show_pages (self);
  p2v_panel_actions_update (self);
}

static void
row_activated_cb (P2vPanel *self)
{
  g_action_group_activate_action (G_ACTION_GROUP (self->actions), "go-to-entry", NULL);
}

static void
step_activated_cb (P2vPanel *self,
                   guint64 entry_pa)
{
  p2v_panel_jump_to_pa (self, entry_pa);
}

static void
sharers_shown_cb (P2vPanel *self)
{
  P2vMappingRow *row = p2v_mapping_view_get_selected (self->view);

  p2v_sharers_popover_ask (self->sharers_popover, self->session,
                           row != NULL ? p2v_mapping_row_get_mapping (row) : NULL);
}

/* To the first page that the two share, and there to the other one's row. */
static void
sharer_chosen_cb (P2vPanel *self,
                  P2vProcess *process,
                  guint64 va,
                  guint64 pa)
{
  P2vMapping mapping = { .process = process, .space = p2v_process_get_address_space (process),
                         .va = va, .pa = pa };

  p2v_panel_expect (self, &mapping, NULL);
  p2v_panel_jump_to_mapping (self, &mapping);
}

/* Which rows of the answer are shown. */
static void
filter_changed_cb (P2vPanel *self)
{
  g_autoptr (P2vRowFilter) filter
      = p2v_row_filter_new (gtk_editable_get_text (GTK_EDITABLE (self->filter_entry)));

  p2v_mapping_model_set_filter (p2v_mapping_view_get_model (self->view), filter);
}

static void
columns_cb (P2vPanel *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COLUMNS]);
}

/* It is known which rows are left. */
static void
arranged_cb (P2vPanel *self)
{
  p2v_panel_show_answer (self);
  p2v_panel_actions_update (self);
}

static void
filter_stopped_cb (P2vPanel *self)
{
  gtk_revealer_set_reveal_child (self->filter_revealer, FALSE);
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

/* A filter that is not to be seen must not hide anything. */
static void
filter_revealed_cb (P2vPanel *self)
{
  if (gtk_revealer_get_reveal_child (self->filter_revealer))
    gtk_widget_grab_focus (GTK_WIDGET (self->filter_entry));
  else
    gtk_editable_set_text (GTK_EDITABLE (self->filter_entry), "");
}

static void
info_response_cb (P2vPanel *self)
{
  if (self->output != NULL)
    g_cancellable_cancel (self->output);
  gtk_info_bar_set_revealed (self->info_bar, FALSE);
}

/* Once for each display, whatever the number of panels on it. */
static void
add_style (GdkDisplay *display)
{
  if (g_object_get_data (G_OBJECT (display), "p2v-style") != NULL)
    return;

  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();
  gtk_css_provider_load_from_resource (provider, RESOURCE_PATH "p2v-panel.css");
  gtk_style_context_add_provider_for_display (display, GTK_STYLE_PROVIDER (provider),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION - 1);
  g_object_set_data_full (G_OBJECT (display), "p2v-style", g_steal_pointer (&provider),
                          g_object_unref);
}

static void
p2v_panel_realize (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (p2v_panel_parent_class)->realize (widget);
  /* Another display than the one that there is first. */
  add_style (gtk_widget_get_display (widget));
}

static void
p2v_panel_get_property (GObject *object,
                        guint prop_id,
                        GValue *value,
                        GParamSpec *pspec)
{
  if (prop_id == PROP_SESSION)
    g_value_set_object (value, P2V_PANEL (object)->session);
  else if (prop_id == PROP_COLUMNS)
    g_object_get_property (G_OBJECT (P2V_PANEL (object)->view), "columns", value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
p2v_panel_set_property (GObject *object,
                        guint prop_id,
                        const GValue *value,
                        GParamSpec *pspec)
{
  if (prop_id == PROP_SESSION)
    p2v_panel_set_session (P2V_PANEL (object), g_value_get_object (value));
  else if (prop_id == PROP_COLUMNS)
    g_object_set_property (G_OBJECT (P2V_PANEL (object)->view), "columns", value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
drop_driver (P2vPanel *self)
{
  if (self->driver == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->driver, self);
  p2v_driver_cancel (self->driver);
  g_clear_object (&self->driver);
}

static void
p2v_panel_dispose (GObject *object)
{
  P2vPanel *self = P2V_PANEL (object);

  drop_driver (self);
  p2v_panel_forget_frame (self);
  p2v_panel_stop_asking (self);
  p2v_panel_forget_arrival (self);
  p2v_panel_actions_dispose (self);
  g_clear_handle_id (&self->update_id, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), P2V_TYPE_PANEL);
  while (gtk_widget_get_first_child (GTK_WIDGET (self)) != NULL)
    gtk_widget_unparent (gtk_widget_get_first_child (GTK_WIDGET (self)));
  g_clear_object (&self->actions);
  g_clear_object (&self->answer);
  g_clear_object (&self->filter);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (p2v_panel_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_PATH "p2v-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, table_menu);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, physical_label);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, offset_label);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, frame_label);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, verdict_label);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, go_to_button);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, go_to);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, sharers_button);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, sharers_popover);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, filter_revealer);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, filter_entry);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, status_box);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, status_label);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, status_button);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, info_bar);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, info_label);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, stack);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, message_title);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, message_text);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, clear_filter_button);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, view);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, trail_view);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, pages_box);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, pages_label);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, coverage_label);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, kernel_button);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, notes_button);
  gtk_widget_class_bind_template_child (widget_class, P2vPanel, notes_label);
  gtk_widget_class_bind_template_callback (widget_class, filter_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_revealed_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_stopped_cb);
  gtk_widget_class_bind_template_callback (widget_class, info_response_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, step_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, p2v_panel_jump_to_offset);
  gtk_widget_class_bind_template_callback (widget_class, p2v_panel_jump_to_pa);
  gtk_widget_class_bind_template_callback (widget_class, sharers_shown_cb);
  gtk_widget_class_bind_template_callback (widget_class, sharer_chosen_cb);
}

static void
p2v_panel_class_init (P2vPanelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  p2v_bind_translations ();
  object_class->get_property = p2v_panel_get_property;
  object_class->set_property = p2v_panel_set_property;
  object_class->dispose = p2v_panel_dispose;
  widget_class->realize = p2v_panel_realize;

  /**
   * P2vPanel:session:
   *
   * The session that answers, or %NULL.
   */
  properties[PROP_SESSION]
      = g_param_spec_object ("session", NULL, NULL, P2V_TYPE_SESSION,
                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * P2vPanel:columns:
   *
   * Which columns of the table are shown, in which order and how wide, in words that a host can
   * keep from one time to the next: "process", with a width "virtual:160", hidden "-state". What
   * is not named stays as it is.
   */
  properties[PROP_COLUMNS]
      = g_param_spec_boxed ("columns", NULL, NULL, G_TYPE_STRV,
                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  p2v_panel_add_signals ();
  g_type_ensure (P2V_TYPE_MAPPING_VIEW);
  g_type_ensure (P2V_TYPE_TRAIL_VIEW);
  g_type_ensure (P2V_TYPE_GO_TO);
  g_type_ensure (P2V_TYPE_SHARERS_POPOVER);
  bind_template (widget_class);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "p2vpanel");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
p2v_panel_init (P2vPanel *self)
{
  /* Before there is anything to be styled, for what was styled once is not all styled again. */
  add_style (gtk_widget_get_display (GTK_WIDGET (self)));
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_orientable_set_orientation (
      GTK_ORIENTABLE (gtk_widget_get_layout_manager (GTK_WIDGET (self))), GTK_ORIENTATION_VERTICAL);

  /* Numbers read from left to right in every language. */
  GtkWidget *numbers[] = { GTK_WIDGET (self->physical_label), GTK_WIDGET (self->offset_label),
                           GTK_WIDGET (self->frame_label) };
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    gtk_widget_set_direction (numbers[i], GTK_TEXT_DIR_LTR);

  g_signal_connect_object (p2v_mapping_view_get_model (self->view), "arranged",
                           G_CALLBACK (arranged_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->view, "notify::columns", G_CALLBACK (columns_cb), self,
                           G_CONNECT_SWAPPED);
  p2v_panel_actions_init (self);
  p2v_panel_update (self);
}

/**
 * p2v_panel_new:
 *
 * Makes a panel without a session.
 *
 * Returns: (transfer floating): a new #P2vPanel
 */
GtkWidget *
p2v_panel_new (void)
{
  return g_object_new (P2V_TYPE_PANEL, NULL);
}

/**
 * p2v_panel_set_session:
 * @self: a #P2vPanel
 * @session: (nullable) (transfer none): a session with an open image, or %NULL to empty the panel
 *
 * Makes @session the one that answers. The panel finds the operating system and builds the index in
 * the background, if that is still to be done; it cancels what it has begun when it gets another
 * session.
 */
void
p2v_panel_set_session (P2vPanel *self,
                       P2vSession *session)
{
  g_return_if_fail (P2V_IS_PANEL (self));
  g_return_if_fail (session == NULL || P2V_IS_SESSION (session));

  if (!g_set_object (&self->session, session))
    return;

  drop_driver (self);
  p2v_panel_stop_output (self);
  p2v_panel_stop_asking (self);
  p2v_panel_forget_arrival (self);
  p2v_sharers_popover_stop (self->sharers_popover);
  self->place_kind = P2V_PLACE_NONE;
  self->stage = P2V_STAGE_EMPTY;
  p2v_go_to_set_session (self->go_to, session);
  p2v_panel_show_info (self, GTK_MESSAGE_INFO, NULL);
  if (session != NULL)
    {
      self->driver = p2v_driver_new (session);
      g_signal_connect_swapped (self->driver, "changed", G_CALLBACK (driver_changed_cb), self);
      p2v_driver_start (self->driver);
    }
  p2v_panel_show_status (self);
  p2v_panel_queue_update (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SESSION]);
}

/**
 * p2v_panel_get_session:
 * @self: a #P2vPanel
 *
 * Returns: (nullable) (transfer none): the session that answers
 */
P2vSession *
p2v_panel_get_session (P2vPanel *self)
{
  g_return_val_if_fail (P2V_IS_PANEL (self), NULL);

  return self->session;
}

/**
 * p2v_panel_get_action_group:
 * @self: a #P2vPanel
 *
 * The panel's actions: "go-to" (with "physical", "offset" or "virtual"), "go-to-entry", "previous-
 * page", "next-page", "select-page", "select-region", "who-shares", "sort" (its state is a
 * column's name, or empty), "sort-descending" and for each column "column-NAME" (a boolean state
 * each), "column-first" (with a column's name), "copy-row", "copy-cell" and "copy-column" (with a
 * column's name), "copy-all", "export-rows", "export-all", "filter", "filter-process", "clear-
 * filter", "show-kernel" and "every-address" (both have a boolean state), "start" and "cancel".
 * The panel's own menus know them under the prefix "p2v"; a host that wants them in its menus or
 * as shortcuts inserts them under that name in its window, and takes them out again before the
 * panel goes.
 *
 * Returns: (transfer none): the actions
 */
GActionGroup *
p2v_panel_get_action_group (P2vPanel *self)
{
  g_return_val_if_fail (P2V_IS_PANEL (self), NULL);

  return G_ACTION_GROUP (self->actions);
}

P2vMappingView *
p2v_panel_get_view (P2vPanel *self)
{
  return self->view;
}
