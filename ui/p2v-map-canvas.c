/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-map-canvas.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* The side of a cell in logical pixels: small enough for an overview, large enough to point at. */
#define CELL_SIZE 5

/* A press that moves less than this is a click. Source: GtkSettings:gtk-dnd-drag-threshold's
 * default. */
#define DRAG_THRESHOLD 8

struct _P2vMapCanvas
{
  GtkWidget      parent_instance;

  P2vMapPicture *picture;
  GdkTexture    *texture;      /* of the picture at this size and scale; NULL: to be made */
  guint          n_columns;
  guint          n_rows;
  guint          focus_cell;
  gboolean       has_window;
  guint          window_first;
  guint          window_last;
  double         pointer_x;
  double         pointer_y;
  gboolean       is_dragging;
  guint          drag_first;
  guint          drag_last;
};

enum
{
  GRID_CHANGED,
  CELL_ACTIVATED,
  ZOOM_TO,
  ZOOM_AT,
  ZOOM_OUT,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (P2vMapCanvas, p2v_map_canvas, GTK_TYPE_WIDGET)

static guint
count_cells (P2vMapCanvas *self)
{
  return self->picture != NULL
             ? p2v_survey_get_n_cells (p2v_map_picture_get_survey (self->picture))
             : 0;
}

/* FALSE if no cell is there. */
static gboolean
find_cell (P2vMapCanvas *self,
           double        x,
           double        y,
           guint        *ret_cell)
{
  double column = floor (x / CELL_SIZE), row = floor (y / CELL_SIZE);

  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    column = self->n_columns - 1 - column;
  if (column < 0 || column >= self->n_columns || row < 0 || row >= self->n_rows)
    return FALSE;
  *ret_cell = (guint) row * self->n_columns + (guint) column;
  return *ret_cell < count_cells (self);
}

/* As find_cell(), for a place that may lie outside: the nearest cell. */
static guint
clamp_cell (P2vMapCanvas *self,
            double        x,
            double        y)
{
  guint cell = 0;

  x = CLAMP (x, 0, (double) self->n_columns * CELL_SIZE - 1);
  y = CLAMP (y, 0, (double) self->n_rows * CELL_SIZE - 1);
  return find_cell (self, x, y, &cell) ? cell : MAX (count_cells (self), 1) - 1;
}

static graphene_rect_t
get_cell_rect (P2vMapCanvas *self,
               guint         cell)
{
  guint column = cell % self->n_columns, row = cell / self->n_columns;

  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    column = self->n_columns - 1 - column;
  return GRAPHENE_RECT_INIT ((float) (column * CELL_SIZE), (float) (row * CELL_SIZE), CELL_SIZE,
                             CELL_SIZE);
}

/* One square of the texture, @size pixels wide. */
static void
fill_cell (guint8    *pixels,
           gsize      stride,
           guint      column,
           guint      row,
           guint      size,
           P2vColour  colour)
{
  for (guint y = 0; y < size; y++)
    for (guint x = 0; x < size; x++)
      {
        guint8 *pixel = pixels + (row * size + y) * stride + (column * size + x) * 3;
        pixel[0] = (guint8) (colour >> 16);
        pixel[1] = (guint8) (colour >> 8);
        pixel[2] = (guint8) colour;
      }
}

/* At the display's own resolution, so that edges stay sharp. */
static GdkTexture *
make_texture (P2vMapCanvas *self)
{
  guint size = CELL_SIZE * (guint) gtk_widget_get_scale_factor (GTK_WIDGET (self));
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  gsize stride = (gsize) self->n_columns * size * 3;
  gsize length = stride * self->n_rows * size;
  guint8 *pixels = g_malloc (length);
  guint n_cells = count_cells (self);

  for (guint i = 0; i < self->n_columns * self->n_rows; i++)
    {
      guint column = i % self->n_columns;
      fill_cell (pixels, stride, mirrored ? self->n_columns - 1 - column : column,
                 i / self->n_columns, size,
                 i < n_cells ? p2v_map_picture_get_colour (self->picture, i)
                             : p2v_map_picture_get_background (self->picture));
    }
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, length);
  return gdk_memory_texture_new ((int) (self->n_columns * size), (int) (self->n_rows * size),
                                 GDK_MEMORY_R8G8B8, bytes, stride);
}

static void
append_colour (GtkSnapshot           *snapshot,
               const GdkRGBA         *colour,
               const graphene_rect_t *rect,
               float                  width)
{
  GskRoundedRect outline;
  const float widths[] = { width, width, width, width };
  const GdkRGBA colours[] = { *colour, *colour, *colour, *colour };

  gsk_rounded_rect_init_from_rect (&outline, rect, 0);
  gtk_snapshot_append_border (snapshot, &outline, widths, colours);
}

/* Outlines the rows that cells lie in, or the cells themselves if they are in one row. Two lines,
 * for one alone is invisible on its own colour. */
static void
append_outline (P2vMapCanvas *self,
                GtkSnapshot  *snapshot,
                guint         first,
                guint         last)
{
  static const GdkRGBA inner = { 1, 1, 1, 1 }, outer = { 0, 0, 0, 1 };
  graphene_rect_t from = get_cell_rect (self, first), to = get_cell_rect (self, last), all;

  graphene_rect_union (&from, &to, &all);
  if (first / self->n_columns != last / self->n_columns)
    {
      all.origin.x = 0;
      all.size.width = (float) (self->n_columns * CELL_SIZE);
    }
  graphene_rect_inset (&all, -1, -1);
  append_colour (snapshot, &inner, &all, 1);
  graphene_rect_inset (&all, -1, -1);
  append_colour (snapshot, &outer, &all, 1);
}

static void
p2v_map_canvas_snapshot (GtkWidget   *widget,
                         GtkSnapshot *snapshot)
{
  P2vMapCanvas *self = P2V_MAP_CANVAS (widget);
  guint n_cells = count_cells (self);

  if (n_cells == 0 || self->n_columns == 0 || self->n_rows == 0)
    return;
  if (self->texture == NULL)
    self->texture = make_texture (self);
  gtk_snapshot_append_texture (snapshot, self->texture,
                               &GRAPHENE_RECT_INIT (0, 0, (float) (self->n_columns * CELL_SIZE),
                                                    (float) (self->n_rows * CELL_SIZE)));
  if (self->has_window && self->window_first < n_cells)
    append_outline (self, snapshot, self->window_first, MIN (self->window_last, n_cells - 1));
  if (self->is_dragging)
    append_outline (self, snapshot, MIN (self->drag_first, self->drag_last),
                    MIN (MAX (self->drag_first, self->drag_last), n_cells - 1));
  if (gtk_widget_has_visible_focus (widget) && self->focus_cell < n_cells)
    append_outline (self, snapshot, self->focus_cell, self->focus_cell);
}

static void
redraw (P2vMapCanvas *self)
{
  g_clear_object (&self->texture);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
p2v_map_canvas_size_allocate (GtkWidget *widget,
                              int        width,
                              int        height,
                              int        baseline)
{
  P2vMapCanvas *self = P2V_MAP_CANVAS (widget);
  guint n_columns = (guint) width / CELL_SIZE, n_rows = (guint) height / CELL_SIZE;

  if (n_columns == self->n_columns && n_rows == self->n_rows)
    return;
  self->n_columns = n_columns;
  self->n_rows = n_rows;
  redraw (self);
  g_signal_emit (self, signals[GRID_CHANGED], 0);
}

static void
p2v_map_canvas_measure (GtkWidget      *widget,
                        GtkOrientation  orientation,
                        int             for_size,
                        int            *minimum,
                        int            *natural,
                        int            *minimum_baseline,
                        int            *natural_baseline)
{
  /* As little as still shows something, as much as an overview wants. */
  *minimum = 16 * CELL_SIZE;
  *natural = 64 * CELL_SIZE;
}

static gboolean
p2v_map_canvas_query_tooltip (GtkWidget  *widget,
                              int         x,
                              int         y,
                              gboolean    keyboard_mode,
                              GtkTooltip *tooltip)
{
  P2vMapCanvas *self = P2V_MAP_CANVAS (widget);
  guint cell = self->focus_cell;

  if (!keyboard_mode && !find_cell (self, x, y, &cell))
    return FALSE;
  if (cell >= count_cells (self))
    return FALSE;
  g_autofree char *text = p2v_map_picture_dup_cell_text (self->picture, cell);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static void
set_focus_cell (P2vMapCanvas *self,
                guint         cell)
{
  guint n_cells = count_cells (self);

  if (n_cells == 0)
    return;
  self->focus_cell = MIN (cell, n_cells - 1);
  g_autofree char *text = p2v_map_picture_dup_cell_text (self->picture, self->focus_cell);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* Where a key leads from the cell that has the focus. FALSE: it is no such key. */
static gboolean
find_target (P2vMapCanvas *self,
             guint         keyval,
             gint64       *ret_cell)
{
  gint64 cell = self->focus_cell, columns = self->n_columns, last = (gint64) count_cells (self) - 1;
  gint64 right = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL ? -1 : 1;
  const struct
  {
    guint  keyval;
    guint  keypad;
    gint64 target;
  } keys[] = {
    { GDK_KEY_Right, GDK_KEY_KP_Right, cell + right },
    { GDK_KEY_Left, GDK_KEY_KP_Left, cell - right },
    { GDK_KEY_Down, GDK_KEY_KP_Down, cell + columns },
    { GDK_KEY_Up, GDK_KEY_KP_Up, cell - columns },
    { GDK_KEY_Page_Down, GDK_KEY_KP_Page_Down, cell + 10 * columns },
    { GDK_KEY_Page_Up, GDK_KEY_KP_Page_Up, cell - 10 * columns },
    { GDK_KEY_Home, GDK_KEY_KP_Home, 0 },
    { GDK_KEY_End, GDK_KEY_KP_End, last },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keyval == keys[i].keyval || keyval == keys[i].keypad)
      {
        *ret_cell = CLAMP (keys[i].target, 0, MAX (last, 0));
        return TRUE;
      }
  return FALSE;
}

static gboolean
key_pressed_cb (P2vMapCanvas    *self,
                guint            keyval,
                guint            keycode,
                GdkModifierType  modifiers)
{
  gint64 target;

  if (count_cells (self) == 0 || (modifiers & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return FALSE;
  if (find_target (self, keyval, &target))
    set_focus_cell (self, (guint) target);
  else if (keyval == GDK_KEY_Return || keyval == GDK_KEY_KP_Enter || keyval == GDK_KEY_space)
    g_signal_emit (self, signals[CELL_ACTIVATED], 0, self->focus_cell);
  else if (keyval == GDK_KEY_plus || keyval == GDK_KEY_KP_Add)
    g_signal_emit (self, signals[ZOOM_AT], 0, self->focus_cell, TRUE);
  else if (keyval == GDK_KEY_minus || keyval == GDK_KEY_KP_Subtract)
    g_signal_emit (self, signals[ZOOM_AT], 0, self->focus_cell, FALSE);
  else if (keyval == GDK_KEY_0 || keyval == GDK_KEY_KP_0)
    g_signal_emit (self, signals[ZOOM_OUT], 0);
  else
    return FALSE;
  return TRUE;
}

/* Scroll events do not say where the pointer is. */
static void
motion_cb (P2vMapCanvas *self,
           double        x,
           double        y)
{
  self->pointer_x = x;
  self->pointer_y = y;
}

static gboolean
scroll_cb (P2vMapCanvas *self,
           double        dx,
           double        dy)
{
  if (dy == 0 || count_cells (self) == 0)
    return FALSE;
  g_signal_emit (self, signals[ZOOM_AT], 0, clamp_cell (self, self->pointer_x, self->pointer_y),
                 dy < 0);
  return TRUE;
}

static void
drag_begin_cb (P2vMapCanvas *self,
               double        x,
               double        y)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
  self->drag_first = clamp_cell (self, x, y);
}

static gboolean
is_far (double dx,
        double dy)
{
  return fabs (dx) > DRAG_THRESHOLD || fabs (dy) > DRAG_THRESHOLD;
}

static void
drag_update_cb (P2vMapCanvas   *self,
                double          dx,
                double          dy,
                GtkGestureDrag *gesture)
{
  double x, y;

  gtk_gesture_drag_get_start_point (gesture, &x, &y);
  self->is_dragging = is_far (dx, dy) && count_cells (self) > 0;
  self->drag_last = clamp_cell (self, x + dx, y + dy);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
drag_end_cb (P2vMapCanvas   *self,
             double          dx,
             double          dy,
             GtkGestureDrag *gesture)
{
  double x, y;
  guint cell;

  gtk_gesture_drag_get_start_point (gesture, &x, &y);
  self->is_dragging = FALSE;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (is_far (dx, dy))
    {
      guint last = clamp_cell (self, x + dx, y + dy);
      if (count_cells (self) > 0)
        g_signal_emit (self, signals[ZOOM_TO], 0, MIN (self->drag_first, last),
                       MAX (self->drag_first, last));
    }
  else if (find_cell (self, x, y, &cell))
    {
      set_focus_cell (self, cell);
      g_signal_emit (self, signals[CELL_ACTIVATED], 0, cell);
    }
}

static void
p2v_map_canvas_state_flags_changed (GtkWidget     *widget,
                                    GtkStateFlags  previous)
{
  GTK_WIDGET_CLASS (p2v_map_canvas_parent_class)->state_flags_changed (widget, previous);
  gtk_widget_queue_draw (widget);
}

static void
p2v_map_canvas_direction_changed (GtkWidget        *widget,
                                  GtkTextDirection  previous)
{
  redraw (P2V_MAP_CANVAS (widget));
}

static void
p2v_map_canvas_dispose (GObject *object)
{
  g_clear_object (&P2V_MAP_CANVAS (object)->texture);
  G_OBJECT_CLASS (p2v_map_canvas_parent_class)->dispose (object);
}

static void
add_signals (GType type)
{
  signals[GRID_CHANGED] = g_signal_new ("grid-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                        NULL, G_TYPE_NONE, 0);
  /* The cell. */
  signals[CELL_ACTIVATED] = g_signal_new ("cell-activated", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  /* First and last cell of what is to fill the widget. */
  signals[ZOOM_TO] = g_signal_new ("zoom-to", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_UINT);
  /* The cell that is to stay in its place, and whether to come nearer. */
  signals[ZOOM_AT] = g_signal_new ("zoom-at", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_BOOLEAN);
  signals[ZOOM_OUT] = g_signal_new ("zoom-out", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 0);
}

static void
p2v_map_canvas_class_init (P2vMapCanvasClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = p2v_map_canvas_dispose;
  widget_class->snapshot = p2v_map_canvas_snapshot;
  widget_class->size_allocate = p2v_map_canvas_size_allocate;
  widget_class->measure = p2v_map_canvas_measure;
  widget_class->query_tooltip = p2v_map_canvas_query_tooltip;
  widget_class->state_flags_changed = p2v_map_canvas_state_flags_changed;
  widget_class->direction_changed = p2v_map_canvas_direction_changed;
  gtk_widget_class_set_css_name (widget_class, "p2vmapcanvas");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  add_signals (G_TYPE_FROM_CLASS (klass));
}

static void
add_controllers (P2vMapCanvas *self)
{
  GtkEventController *key = gtk_event_controller_key_new ();
  GtkEventController *scroll =
    gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL |
                                     GTK_EVENT_CONTROLLER_SCROLL_DISCRETE);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkGesture *drag = gtk_gesture_drag_new ();

  g_signal_connect_swapped (motion, "enter", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (key, "key-pressed", G_CALLBACK (key_pressed_cb), self);
  g_signal_connect_swapped (scroll, "scroll", G_CALLBACK (scroll_cb), self);
  g_signal_connect_swapped (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
  g_signal_connect_swapped (drag, "drag-end", G_CALLBACK (drag_end_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), key);
  gtk_widget_add_controller (GTK_WIDGET (self), scroll);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
}

static void
p2v_map_canvas_init (P2vMapCanvas *self)
{
  GtkWidget *widget = GTK_WIDGET (self);

  gtk_widget_set_focusable (widget, TRUE);
  gtk_widget_set_has_tooltip (widget, TRUE);
  gtk_widget_set_hexpand (widget, TRUE);
  gtk_widget_set_vexpand (widget, TRUE);
  gtk_widget_set_overflow (widget, GTK_OVERFLOW_HIDDEN);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Map of physical memory"), -1);
  g_signal_connect (self, "notify::scale-factor", G_CALLBACK (redraw), NULL);
  add_controllers (self);
}

GtkWidget *
p2v_map_canvas_new (void)
{
  return g_object_new (P2V_TYPE_MAP_CANVAS, NULL);
}

void
p2v_map_canvas_set_picture (P2vMapCanvas  *self,
                            P2vMapPicture *picture)
{
  self->picture = picture;
  if (self->focus_cell >= count_cells (self))
    self->focus_cell = 0;
  redraw (self);
}

guint
p2v_map_canvas_get_n_cells (P2vMapCanvas *self)
{
  return self->n_columns * self->n_rows;
}

guint
p2v_map_canvas_get_n_columns (P2vMapCanvas *self)
{
  return self->n_columns;
}

void
p2v_map_canvas_set_window (P2vMapCanvas *self,
                           guint         first,
                           guint         last)
{
  self->has_window = first != P2V_MAP_NO_ENTRY;
  self->window_first = first;
  self->window_last = last;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
