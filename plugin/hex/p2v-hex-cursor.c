/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-cursor.h"

#include "p2v-hex-geometry.h"

/* Lines of a gap that stay on the screen when the rest is passed over: its beginning or end is to
 * be seen. */
#define GAP_LINES 2

struct _P2vHexCursor
{
  HexWidget     *hex;              /* weak */
  GtkAdjustment *adjustment;       /* of @hex */
  GtkGesture    *press;            /* of @hex, which owns it */

  gboolean       is_drawn;
  gboolean       is_fitted;        /* the length of its lines is ours */
  guint          idle_id;
  guint          fit_id;
  gint64         pending_position; /* where to go once it is drawn, or -1 */

  double         top;              /* the first line, as it was told last */
  gboolean       is_moving;        /* it is us who move */
};

guint64
p2v_hex_cursor_get_position (P2vHexCursor *self)
{
  gint64 pending = self->pending_position;

  return (guint64) (pending >= 0 ? pending : hex_widget_get_cursor (self->hex));
}

gboolean
p2v_hex_cursor_is_moving (P2vHexCursor *self)
{
  return self->is_moving;
}

/* Puts the cursor on @position and some lines before it. */
static void
place_cursor (P2vHexCursor *self,
              gint64        position)
{
  P2vHexGeometry geometry;

  self->is_moving = TRUE;
  if (p2v_hex_geometry_init (&geometry, self->hex))
    {
      double line = (double) (position / geometry.bytes_per_line);
      double top = gtk_adjustment_get_value (self->adjustment);
      double n_lines = gtk_adjustment_get_page_size (self->adjustment);
      /* The widget scrolls just far enough, to its first or last line. Some context is better. */
      if (line <= top || line >= top + n_lines - 1)
        gtk_adjustment_set_value (self->adjustment, MAX (0, line - (double) (int) (n_lines / 3)));
    }
  hex_widget_set_cursor (self->hex, position);
  self->is_moving = FALSE;
  self->top = gtk_adjustment_get_value (self->adjustment);
}

void
p2v_hex_cursor_go_to (P2vHexCursor *self,
                      guint64       position)
{
  /* Before it is drawn the widget does not know its lines, and ignores half of this. */
  if (!self->is_drawn || self->idle_id != 0)
    self->pending_position = (gint64) position;
  else
    place_cursor (self, (gint64) position);
}

static gboolean
first_move_cb (gpointer user_data)
{
  P2vHexCursor *self = user_data;

  gint64 position = self->pending_position;

  self->idle_id = 0;
  self->pending_position = -1;
  if (position >= 0)
    place_cursor (self, position);
  return G_SOURCE_REMOVE;
}

/* Tells the widget how many positions there are, and which shall be at the top, before it finds out
 * while it draws: so that the cursor can be moved at once. */
static void
set_scroll_range (P2vHexCursor *self,
                  guint64       bytes_per_line,
                  guint64       size,
                  double        top)
{
  double page = gtk_adjustment_get_page_size (self->adjustment);
  double n_lines = (double) (size / bytes_per_line + (size % bytes_per_line != 0));

  gtk_adjustment_configure (self->adjustment, CLAMP (top, 0, MAX (0, n_lines - page)), 0, n_lines,
                            1, MAX (page - 1, 1), page);
}

void
p2v_hex_cursor_show (P2vHexCursor *self,
                     P2vHexBuffer *buffer,
                     P2vHexSpace  *space,
                     guint64       position)
{
  P2vHexGeometry geometry;
  gboolean is_laid_out = p2v_hex_geometry_init (&geometry, self->hex);

  p2v_hex_buffer_set_space (buffer, space);
  /* What was to be shown when it is drawn was another view's. */
  if (self->pending_position >= 0)
    self->pending_position = (gint64) position;
  self->is_moving = TRUE;
  if (is_laid_out)
    {
      double n_before = (double) (int) (gtk_adjustment_get_page_size (self->adjustment) / 3);
      guint64 line = position / (guint64) geometry.bytes_per_line;
      set_scroll_range (self, (guint64) geometry.bytes_per_line, p2v_hex_space_get_size (space),
                        (double) line - n_before);
    }
  hex_widget_set_cursor (self->hex, (gint64) position);
  self->is_moving = FALSE;
  self->top = gtk_adjustment_get_value (self->adjustment);
  gtk_widget_queue_draw (GTK_WIDGET (self->hex));
}

/* The first line to show with lines of another length, of which old numbers say nothing: with the
 * cursor, if that is on the screen, and else what stands in the first line now. */
static double
get_new_top (P2vHexCursor         *self,
             const P2vHexGeometry *geometry,
             gint64                bytes_per_line)
{
  gint64 cursor = hex_widget_get_cursor (self->hex);
  gint64 n_down = cursor / geometry->bytes_per_line - geometry->top_line;

  if (n_down >= 0 && n_down < geometry->n_lines)
    return (double) (cursor / bytes_per_line - n_down);
  return (double) (geometry->top_line * geometry->bytes_per_line / bytes_per_line);
}

/* The widget itself would change the length of its lines with its width, keep the number of the
 * first one, and so show another place. */
static gboolean
fit_cb (gpointer user_data)
{
  P2vHexCursor *self = user_data;
  P2vHexGeometry geometry;

  self->fit_id = 0;
  if (!p2v_hex_geometry_init (&geometry, self->hex))
    return G_SOURCE_REMOVE;
  gint64 fitting = p2v_hex_geometry_get_fitting (&geometry);

  self->is_fitted = TRUE;
  self->is_moving = TRUE;
  hex_widget_set_geometry (self->hex, (int) fitting, 0);
  set_scroll_range (self, (guint64) fitting, (guint64) geometry.size,
                    get_new_top (self, &geometry, fitting));
  self->is_moving = FALSE;
  self->top = gtk_adjustment_get_value (self->adjustment);
  /* It takes the new length over as it draws; before, it puts the cursor into wrong lines. */
  self->is_drawn = FALSE;
  gtk_widget_queue_draw (GTK_WIDGET (self->hex));
  return G_SOURCE_REMOVE;
}

/* Emitted while the widget draws, when nothing may be changed. */
static void
draw_complete_cb (P2vHexCursor *self)
{
  P2vHexGeometry geometry;

  if (self->fit_id == 0 && p2v_hex_geometry_init (&geometry, self->hex)
      && (p2v_hex_geometry_get_fitting (&geometry) != geometry.bytes_per_line || !self->is_fitted))
    self->fit_id = g_idle_add (fit_cb, self);
  if (self->is_drawn)
    return;
  self->is_drawn = TRUE;
  self->idle_id = g_idle_add (first_move_cb, self);
}

static void
cursor_moved_cb (P2vHexCursor *self)
{
  /* Somebody has moved on before we have got there. */
  if (!self->is_moving)
    self->pending_position = -1;
}

/* Only to be asked whether the button is down. */
static GtkGesture *
watch_button (GtkWidget *hex)
{
  GtkGesture *press = gtk_gesture_click_new ();

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (press), GDK_BUTTON_PRIMARY);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (press), GTK_PHASE_CAPTURE);
  gtk_widget_add_controller (hex, GTK_EVENT_CONTROLLER (press));
  return press;
}

P2vHexCursor *
p2v_hex_cursor_new (HexWidget *hex)
{
  P2vHexCursor *self = g_new0 (P2vHexCursor, 1);

  g_set_weak_pointer (&self->hex, hex);
  self->adjustment = g_object_ref (hex_widget_get_adjustment (hex));
  self->press = watch_button (GTK_WIDGET (hex));
  self->pending_position = -1;
  g_signal_connect_swapped (hex, "draw-complete", G_CALLBACK (draw_complete_cb), self);
  g_signal_connect_swapped (hex, "cursor-moved", G_CALLBACK (cursor_moved_cb), self);
  return self;
}

void
p2v_hex_cursor_free (P2vHexCursor *self)
{
  g_clear_handle_id (&self->idle_id, g_source_remove);
  g_clear_handle_id (&self->fit_id, g_source_remove);
  if (self->hex != NULL)
    g_signal_handlers_disconnect_by_data (self->hex, self);
  g_clear_weak_pointer (&self->hex);
  g_clear_object (&self->adjustment);
  g_free (self);
}

gboolean
p2v_hex_cursor_pass_gap (P2vHexCursor *self,
                         P2vHexSpace  *space,
                         gint64        before,
                         gint64        now)
{
  P2vHexGeometry geometry;
  guint64 edge = 0;

  if (gtk_gesture_is_active (self->press) || !p2v_hex_geometry_init (&geometry, self->hex)
      || ABS (now - before) > geometry.n_lines * geometry.bytes_per_line
      || !p2v_hex_space_find_edge (space, (guint64) now, now > before, &edge))
    return FALSE;
  place_cursor (self, (gint64) (now > before ? edge : edge - 1));
  return TRUE;
}

/* A gap in which the cursor is was asked for, and stays. */
void
p2v_hex_cursor_follow_scroll (P2vHexCursor *self,
                              P2vHexSpace  *space)
{
  P2vHexGeometry geometry;
  double before = self->top;
  double top = gtk_adjustment_get_value (self->adjustment);
  double n_lines = gtk_adjustment_get_page_size (self->adjustment);
  guint64 start = 0;
  guint64 end = 0;
  guint64 edge = 0;

  self->top = top;
  if (space == NULL || self->is_moving || !p2v_hex_geometry_init (&geometry, self->hex))
    return;
  gint64 cursor = hex_widget_get_cursor (self->hex);
  guint64 first = (guint64) top * (guint64) geometry.bytes_per_line;
  guint64 last = (guint64) (top + n_lines) * (guint64) geometry.bytes_per_line - 1;
  if (!p2v_hex_space_get_gap (space, first, &start, &end) || last >= end
      || ((guint64) cursor >= first && (guint64) cursor <= last))
    return;
  gboolean forwards = top > before;
  if (!p2v_hex_space_find_edge (space, first, forwards, &edge)
      && !p2v_hex_space_find_edge (space, first, !forwards, &edge))
    return;

  double line = (double) (edge / (guint64) geometry.bytes_per_line);
  self->top = edge == end ? line - GAP_LINES : line - n_lines + GAP_LINES + 1;
  self->is_moving = TRUE;
  gtk_adjustment_set_value (self->adjustment, MAX (0, self->top));
  self->is_moving = FALSE;
}

gboolean
p2v_hex_cursor_is_jump (P2vHexCursor *self,
                        gint64        before,
                        gint64        now)
{
  P2vHexGeometry geometry;

  return p2v_hex_geometry_init (&geometry, self->hex)
         && ABS (now - before) > (geometry.n_lines + 1) * geometry.bytes_per_line;
}

/* As far as physical memory goes on from @position to @limit, which is on the screen. In views of
 * virtual memory it may be another page's; then it is the end of this one. */
static P2vPhysAddr
extend (P2vHexSpace *space,
        guint64      position,
        P2vPhysAddr  pa,
        guint64      limit)
{
  P2vPhysAddr reached = 0;
  P2vPhysAddr page = pa & ~(P2vPhysAddr) (P2V_FRAME_SIZE - 1);

  /* Unsigned: the same for a limit before @position. */
  if (p2v_hex_space_get_pa (space, limit, &reached) && reached - pa == limit - position)
    return reached;
  return limit < position ? page : page + P2V_FRAME_SIZE - 1;
}

gboolean
p2v_hex_cursor_get_shown (P2vHexCursor *self,
                          P2vHexSpace  *space,
                          P2vPhysAddr  *ret_first,
                          P2vPhysAddr  *ret_last)
{
  P2vHexGeometry geometry;
  guint64 gap_start = 0;
  guint64 gap_end = 0;
  P2vPhysAddr pa = 0;

  if (!p2v_hex_geometry_init (&geometry, self->hex) || geometry.size == 0)
    return FALSE;
  guint64 first = (guint64) (geometry.top_line * geometry.bytes_per_line);
  guint64 last = MIN (first + (guint64) (geometry.n_lines * geometry.bytes_per_line),
                      (guint64) geometry.size) - 1;
  guint64 position = p2v_hex_cursor_get_position (self);
  if (position < first || position > last)
    position = first;
  if (p2v_hex_space_get_gap (space, position, &gap_start, &gap_end))
    position = gap_end;
  if (position > last || !p2v_hex_space_get_pa (space, position, &pa))
    return FALSE;
  *ret_first = extend (space, position, pa, first);
  *ret_last = extend (space, position, pa, last);
  return TRUE;
}
