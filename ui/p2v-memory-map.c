/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-memory-map.h"

#include "p2v-map-canvas.h"
#include "p2v-map-export.h"
#include "p2v-map-legend.h"
#include "p2v-map-picture.h"
#include "p2v-map-table.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* How often is looked whether the index is complete by now. */
#define POLL_MS 250

/* A picture is not made for each step of a window that is being resized. */
#define SETTLE_MS 80

/* The least that a zoomed picture shows, in frames. */
#define LEAST_FRAMES 64

struct _P2vMemoryMap
{
  GtkWidget             parent_instance;

  P2vSession           *session;
  P2vSurvey            *survey;    /* the last one that was finished */
  P2vMapPicture        *picture;   /* of @survey */
  GCancellable         *surveying; /* while one is being made */
  guint                 update_id; /* of a time-out: poll, or settle */
  GSimpleActionGroup   *actions;
  GtkFileChooserNative *chooser;
  P2vMapColouring       colouring;
  guint64               first_frame;
  guint64               n_frames;  /* G_MAXUINT64: to the end */
  gboolean              has_view;
  P2vPhysAddr           first_pa;  /* of what the host shows */
  P2vPhysAddr           last_pa;

  GtkLabel             *message;   /* above the canvas: why there is no picture */
  GtkStack             *stack;     /* with the canvas, and the table in its place */
  P2vMapCanvas         *canvas;
  P2vMapTable          *table;
  P2vMapLegend         *legend;
};

enum
{
  JUMP_TO_ADDRESS,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (P2vMemoryMap, p2v_memory_map, GTK_TYPE_WIDGET)

static void queue_update (P2vMemoryMap *self,
                          guint         after_ms);

static void
show_view (P2vMemoryMap *self)
{
  guint first, last;

  if (self->survey == NULL || !self->has_view ||
      !p2v_survey_find_cell (self->survey, self->first_pa, &first))
    first = last = P2V_MAP_NO_ENTRY;
  else if (!p2v_survey_find_cell (self->survey, self->last_pa, &last))
    last = p2v_survey_get_n_cells (self->survey) - 1;
  p2v_map_canvas_set_window (self->canvas, first, last);
}

/* Whether text is light on dark here, whoever chose the theme. */
static gboolean
is_dark (P2vMemoryMap *self)
{
  GdkRGBA colour;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &colour);
  return colour.red + colour.green + colour.blue > 1.5f;
}

/* Only while it is looked at: it has a row for each run of cells. */
static void
show_table (P2vMemoryMap *self)
{
  gboolean is_shown = gtk_stack_get_visible_child (self->stack) == GTK_WIDGET (self->table);

  p2v_map_table_set_picture (self->table, is_shown ? self->picture : NULL);
}

/* Makes the picture of the survey that is there. */
static void
show_survey (P2vMemoryMap *self)
{
  P2vMapPicture *old = self->picture;

  self->picture = self->survey != NULL
                      ? p2v_map_picture_new (self->survey, self->colouring, is_dark (self))
                      : NULL;
  p2v_map_canvas_set_picture (self->canvas, self->picture);
  p2v_map_legend_set_picture (self->legend, self->picture);
  show_table (self);
  g_clear_pointer (&old, p2v_map_picture_free);
  show_view (self);
  gtk_widget_set_visible (GTK_WIDGET (self->message), self->picture == NULL);
}

typedef struct
{
  guint64  first_frame;
  guint64  n_frames;
  guint    n_cells;
  gboolean with_kinds;
} Request;

static void
survey_thread (GTask        *task,
               gpointer      source,
               gpointer      task_data,
               GCancellable *cancellable)
{
  const Request *request = task_data;
  GError *error = NULL;
  P2vSurvey *survey = p2v_survey_new (source, request->first_frame, request->n_frames,
                                      request->n_cells, request->with_kinds, cancellable, &error);

  if (survey != NULL)
    g_task_return_pointer (task, survey, (GDestroyNotify) p2v_survey_unref);
  else
    g_task_return_error (task, error);
}

static void
surveyed_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (P2vMemoryMap) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (P2vSurvey) survey = g_task_propagate_pointer (G_TASK (result), &error);

  /* Another one has been asked for since. */
  if (g_task_get_cancellable (G_TASK (result)) != self->surveying)
    return;
  g_clear_object (&self->surveying);
  if (survey == NULL)
    gtk_label_set_text (self->message, error->message);
  g_clear_pointer (&self->survey, p2v_survey_unref);
  self->survey = g_steal_pointer (&survey);
  show_survey (self);
}

static void
stop_surveying (P2vMemoryMap *self)
{
  if (self->surveying != NULL)
    g_cancellable_cancel (self->surveying);
  g_clear_object (&self->surveying);
}

static void
start_survey (P2vMemoryMap *self)
{
  Request *request = g_new (Request, 1);

  stop_surveying (self);
  self->surveying = g_cancellable_new ();
  *request = (Request) { .first_frame = self->first_frame,
                         .n_frames = self->n_frames,
                         .n_cells = p2v_map_canvas_get_n_cells (self->canvas),
                         .with_kinds = self->colouring == P2V_MAP_BY_KIND };
  g_autoptr (GTask) task =
    g_task_new (self->session, self->surveying, surveyed_cb, g_object_ref (self));
  g_task_set_task_data (task, request, g_free);
  g_task_run_in_thread (task, survey_thread);
}

static gboolean
update_cb (gpointer user_data)
{
  P2vMemoryMap *self = user_data;

  self->update_id = 0;
  if (self->session == NULL || p2v_map_canvas_get_n_cells (self->canvas) == 0)
    return G_SOURCE_REMOVE;
  if (p2v_session_get_stage (self->session) == P2V_STAGE_INDEX)
    start_survey (self);
  else
    queue_update (self, POLL_MS);
  return G_SOURCE_REMOVE;
}

static void
queue_update (P2vMemoryMap *self,
              guint         after_ms)
{
  if (self->update_id == 0 && gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->update_id = g_timeout_add (after_ms, update_cb, self);
}

static void
grid_changed_cb (P2vMemoryMap *self)
{
  queue_update (self, SETTLE_MS);
}

static void
cell_activated_cb (P2vMemoryMap *self,
                   guint         cell)
{
  g_signal_emit (self, signals[JUMP_TO_ADDRESS], 0,
                 p2v_survey_get_cell (self->survey, cell)->start_pa);
}

/* Shows so many frames from @first_frame on, as near as memory allows. */
static void
show_frames (P2vMemoryMap *self,
             guint64       first_frame,
             guint64       n_frames)
{
  guint64 n_all = p2v_survey_get_n_all_frames (self->survey);

  n_frames = MIN (MAX (n_frames, LEAST_FRAMES), n_all);
  self->n_frames = n_frames;
  self->first_frame = MIN (first_frame, n_all - n_frames);
  start_survey (self);
}

static void
zoom_to_cb (P2vMemoryMap *self,
            guint         first,
            guint         last)
{
  guint64 n_frames = p2v_survey_get_n_frames (self->survey);
  guint n_cells = p2v_survey_get_n_cells (self->survey);
  guint64 from = n_frames * first / n_cells, to = n_frames * ((guint64) last + 1) / n_cells;

  show_frames (self, p2v_survey_get_first_frame (self->survey) + from, to - from);
}

static void
zoom_at_cb (P2vMemoryMap *self,
            guint         cell,
            gboolean      nearer)
{
  guint64 n_frames = p2v_survey_get_n_frames (self->survey);
  guint n_cells = p2v_survey_get_n_cells (self->survey);
  guint64 wanted = nearer ? n_frames / 2 : n_frames * 2;
  guint64 fixed = p2v_survey_get_first_frame (self->survey) + n_frames * cell / n_cells;
  guint64 before = wanted * cell / n_cells;

  show_frames (self, fixed > before ? fixed - before : 0, wanted);
}

static void
zoom_out_cb (P2vMemoryMap *self)
{
  if (self->survey != NULL)
    show_frames (self, 0, G_MAXUINT64);
}

static void
isolated_cb (P2vMemoryMap *self,
             guint         entry)
{
  p2v_map_picture_isolate (self->picture, entry);
  p2v_map_canvas_set_picture (self->canvas, self->picture);
}

static void
colouring_changed_cb (P2vMemoryMap *self,
                      GParamSpec   *pspec,
                      GtkDropDown  *drop_down)
{
  self->colouring = gtk_drop_down_get_selected (drop_down);
  if (self->survey == NULL)
    return;
  if (self->colouring == P2V_MAP_BY_KIND)
    start_survey (self);
  else
    show_survey (self);
}

static void
zoom_action (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       user_data)
{
  P2vMemoryMap *self = user_data;

  if (self->survey != NULL)
    zoom_at_cb (self, p2v_survey_get_n_cells (self->survey) / 2, g_variant_get_boolean (parameter));
}

static void
zoom_all_action (GSimpleAction *action,
                 GVariant      *parameter,
                 gpointer       user_data)
{
  zoom_out_cb (user_data);
}

static void
table_action (GSimpleAction *action,
              GVariant      *state,
              gpointer       user_data)
{
  P2vMemoryMap *self = user_data;

  g_simple_action_set_state (action, state);
  gtk_stack_set_visible_child (self->stack, g_variant_get_boolean (state)
                                              ? GTK_WIDGET (self->table)
                                              : GTK_WIDGET (self->canvas));
  show_table (self);
}

static void
written_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (P2vMemoryMap) self = user_data;
  g_autoptr (GError) error = NULL;

  if (g_file_replace_contents_finish (G_FILE (source), result, NULL, &error))
    return;
  gtk_label_set_text (self->message, error->message);
  gtk_widget_set_visible (GTK_WIDGET (self->message), TRUE);
}

static void
file_chosen_cb (P2vMemoryMap         *self,
                int                   response,
                GtkFileChooserNative *chooser)
{
  gboolean is_svg = g_object_get_data (G_OBJECT (chooser), "p2v-svg") != NULL;
  g_autoptr (GFile) file =
    response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (chooser)) : NULL;
  guint n_columns = p2v_map_canvas_get_n_columns (self->canvas);

  g_clear_object (&self->chooser);
  if (file == NULL || self->picture == NULL || n_columns == 0)
    return;
  g_autoptr (GBytes) bytes = is_svg ? p2v_map_export_svg (self->picture, n_columns)
                                    : p2v_map_export_png (self->picture, n_columns);
  g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_NONE, NULL,
                                       written_cb, g_object_ref (self));
}

static void
export_action (GSimpleAction *action,
               GVariant      *parameter,
               gpointer       user_data)
{
  P2vMemoryMap *self = user_data;
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  gboolean is_svg = g_str_equal (g_variant_get_string (parameter, NULL), "svg");

  g_clear_object (&self->chooser);
  self->chooser = gtk_file_chooser_native_new (
    _ ("Export the Map"), GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL,
    GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser),
                                     is_svg ? "memory-map.svg" : "memory-map.png");
  if (is_svg)
    g_object_set_data (G_OBJECT (self->chooser), "p2v-svg", self);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (file_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
p2v_memory_map_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (p2v_memory_map_parent_class)->map (widget);
  queue_update (P2V_MEMORY_MAP (widget), SETTLE_MS);
}

static void
p2v_memory_map_unmap (GtkWidget *widget)
{
  P2vMemoryMap *self = P2V_MEMORY_MAP (widget);

  g_clear_handle_id (&self->update_id, g_source_remove);
  stop_surveying (self);
  GTK_WIDGET_CLASS (p2v_memory_map_parent_class)->unmap (widget);
}

static void
p2v_memory_map_css_changed (GtkWidget         *widget,
                            GtkCssStyleChange *change)
{
  P2vMemoryMap *self = P2V_MEMORY_MAP (widget);

  GTK_WIDGET_CLASS (p2v_memory_map_parent_class)->css_changed (widget, change);
  if (self->survey != NULL)
    show_survey (self);
}

static void
p2v_memory_map_dispose (GObject *object)
{
  P2vMemoryMap *self = P2V_MEMORY_MAP (object);

  g_clear_handle_id (&self->update_id, g_source_remove);
  stop_surveying (self);
  if (self->chooser != NULL)
    gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (self->chooser));
  g_clear_object (&self->chooser);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "map", NULL);
  g_clear_object (&self->actions);
  if (self->canvas != NULL)
    p2v_map_canvas_set_picture (self->canvas, NULL);
  self->canvas = NULL;
  while (gtk_widget_get_first_child (GTK_WIDGET (self)) != NULL)
    gtk_widget_unparent (gtk_widget_get_first_child (GTK_WIDGET (self)));
  g_clear_pointer (&self->picture, p2v_map_picture_free);
  g_clear_pointer (&self->survey, p2v_survey_unref);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (p2v_memory_map_parent_class)->dispose (object);
}

static void
p2v_memory_map_class_init (P2vMemoryMapClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  p2v_bind_translations ();
  G_OBJECT_CLASS (klass)->dispose = p2v_memory_map_dispose;
  widget_class->map = p2v_memory_map_map;
  widget_class->unmap = p2v_memory_map_unmap;
  widget_class->css_changed = p2v_memory_map_css_changed;
  gtk_widget_class_set_css_name (widget_class, "p2vmemorymap");
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);

  /**
   * P2vMemoryMap::jump-to-address:
   * @self: the map
   * @pa: where to, a physical address that the image holds
   *
   * The user wants to see another place.
   */
  signals[JUMP_TO_ADDRESS] =
    g_signal_new ("jump-to-address", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 1, G_TYPE_UINT64);
}

static GtkWidget *
tool_new (const char *icon_name,
          const char *label,
          const char *detailed_action)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon_name);

  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  gtk_actionable_set_detailed_action_name (GTK_ACTIONABLE (button), detailed_action);
  return button;
}

static GtkWidget *
menu_button_new (void)
{
  g_autoptr (GMenu) menu = g_menu_new ();
  g_autoptr (GMenu) export = g_menu_new ();
  GtkWidget *button = gtk_menu_button_new ();

  g_menu_append (menu, _ ("Show as a _Table"), "map.table");
  g_menu_append (export, _ ("Export as _PNG…"), "map.export('png')");
  g_menu_append (export, _ ("Export as _SVG, with Legend…"), "map.export('svg')");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (export));
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (button), G_MENU_MODEL (menu));
  gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (button), "view-more-symbolic");
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, _ ("More"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("More"), -1);
  return button;
}

static GtkWidget *
tools_new (P2vMemoryMap *self)
{
  const char *const choices[] = { _ ("By owner"), _ ("By use"), _ ("By number of sharers"), NULL };
  GtkWidget *tools = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  GtkWidget *drop_down = gtk_drop_down_new_from_strings (choices);

  gtk_widget_add_css_class (tools, "toolbar");
  gtk_widget_add_css_class (drop_down, "flat");
  gtk_accessible_update_property (GTK_ACCESSIBLE (drop_down), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Colours"), -1);
  gtk_widget_set_hexpand (drop_down, TRUE);
  gtk_widget_set_halign (drop_down, GTK_ALIGN_START);
  g_signal_connect_swapped (drop_down, "notify::selected", G_CALLBACK (colouring_changed_cb), self);
  gtk_box_append (GTK_BOX (tools), drop_down);
  gtk_box_append (GTK_BOX (tools), tool_new ("zoom-in-symbolic", _ ("Nearer"), "map.zoom(true)"));
  gtk_box_append (GTK_BOX (tools),
                  tool_new ("zoom-out-symbolic", _ ("Farther"), "map.zoom(false)"));
  gtk_box_append (GTK_BOX (tools),
                  tool_new ("zoom-fit-best-symbolic", _ ("All of Memory"), "map.zoom-all"));
  gtk_box_append (GTK_BOX (tools), menu_button_new ());
  return tools;
}

static GtkWidget *
content_new (P2vMemoryMap *self)
{
  GtkWidget *content = gtk_paned_new (GTK_ORIENTATION_VERTICAL);
  GtkWidget *overlay = gtk_overlay_new ();

  self->message = GTK_LABEL (gtk_label_new (_ ("The map appears when the index is complete")));
  gtk_label_set_wrap (self->message, TRUE);
  gtk_label_set_justify (self->message, GTK_JUSTIFY_CENTER);
  gtk_widget_set_can_target (GTK_WIDGET (self->message), FALSE);
  self->canvas = P2V_MAP_CANVAS (p2v_map_canvas_new ());
  self->table = P2V_MAP_TABLE (p2v_map_table_new ());
  self->stack = GTK_STACK (gtk_stack_new ());
  gtk_stack_add_child (self->stack, GTK_WIDGET (self->canvas));
  gtk_stack_add_child (self->stack, GTK_WIDGET (self->table));
  self->legend = P2V_MAP_LEGEND (p2v_map_legend_new ());
  g_signal_connect_swapped (self->table, "cell-activated", G_CALLBACK (cell_activated_cb), self);
  g_signal_connect_swapped (self->canvas, "grid-changed", G_CALLBACK (grid_changed_cb), self);
  g_signal_connect_swapped (self->canvas, "cell-activated", G_CALLBACK (cell_activated_cb), self);
  g_signal_connect_swapped (self->canvas, "zoom-to", G_CALLBACK (zoom_to_cb), self);
  g_signal_connect_swapped (self->canvas, "zoom-at", G_CALLBACK (zoom_at_cb), self);
  g_signal_connect_swapped (self->canvas, "zoom-out", G_CALLBACK (zoom_out_cb), self);
  g_signal_connect_swapped (self->legend, "isolated", G_CALLBACK (isolated_cb), self);
  gtk_widget_set_size_request (GTK_WIDGET (self->legend), -1, 120);
  gtk_overlay_set_child (GTK_OVERLAY (overlay), GTK_WIDGET (self->stack));
  gtk_overlay_add_overlay (GTK_OVERLAY (overlay), GTK_WIDGET (self->message));
  gtk_widget_set_vexpand (content, TRUE);
  gtk_paned_set_start_child (GTK_PANED (content), overlay);
  gtk_paned_set_end_child (GTK_PANED (content), GTK_WIDGET (self->legend));
  gtk_paned_set_resize_end_child (GTK_PANED (content), FALSE);
  gtk_paned_set_shrink_end_child (GTK_PANED (content), FALSE);
  return content;
}

static void
p2v_memory_map_init (P2vMemoryMap *self)
{
  static const GActionEntry entries[] = {
    { .name = "zoom", .activate = zoom_action, .parameter_type = "b" },
    { .name = "zoom-all", .activate = zoom_all_action },
    { .name = "export", .activate = export_action, .parameter_type = "s" },
    { .name = "table", .state = "false", .change_state = table_action },
  };
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  self->n_frames = G_MAXUINT64;
  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), entries, G_N_ELEMENTS (entries),
                                   self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "map", G_ACTION_GROUP (self->actions));
  gtk_box_append (GTK_BOX (box), tools_new (self));
  gtk_box_append (GTK_BOX (box), content_new (self));
  gtk_widget_set_parent (box, GTK_WIDGET (self));
}

/**
 * p2v_memory_map_new:
 *
 * Makes a map without a session.
 *
 * Returns: (transfer floating): the widget
 *
 * Since: 1.0
 */
GtkWidget *
p2v_memory_map_new (void)
{
  return g_object_new (P2V_TYPE_MEMORY_MAP, NULL);
}

/**
 * p2v_memory_map_set_session:
 * @self: a map
 * @session: (nullable): a session with an open image
 *
 * Shows another image, or none. The picture appears when the session's index is complete.
 *
 * Since: 1.0
 */
void
p2v_memory_map_set_session (P2vMemoryMap *self,
                            P2vSession   *session)
{
  g_return_if_fail (P2V_IS_MEMORY_MAP (self));
  g_return_if_fail (session == NULL || P2V_IS_SESSION (session));

  if (!g_set_object (&self->session, session))
    return;
  stop_surveying (self);
  g_clear_pointer (&self->survey, p2v_survey_unref);
  self->first_frame = 0;
  self->n_frames = G_MAXUINT64;
  show_survey (self);
  queue_update (self, SETTLE_MS);
}

/**
 * p2v_memory_map_set_view:
 * @self: a map
 * @first_pa: physical address of the first byte that the host shows
 * @last_pa: of the last one
 *
 * Outlines on the map what the host's own view shows.
 *
 * Since: 1.0
 */
void
p2v_memory_map_set_view (P2vMemoryMap *self,
                         P2vPhysAddr   first_pa,
                         P2vPhysAddr   last_pa)
{
  g_return_if_fail (P2V_IS_MEMORY_MAP (self));

  self->has_view = TRUE;
  self->first_pa = first_pa;
  self->last_pa = last_pa;
  show_view (self);
}

/**
 * p2v_memory_map_clear_view:
 * @self: a map
 *
 * Outlines nothing: what the host's own view shows is no memory of the image.
 *
 * Since: 1.0
 */
void
p2v_memory_map_clear_view (P2vMemoryMap *self)
{
  g_return_if_fail (P2V_IS_MEMORY_MAP (self));

  self->has_view = FALSE;
  show_view (self);
}
