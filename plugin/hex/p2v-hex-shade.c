/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-shade.h"

#include "p2v-hex-geometry.h"

struct _P2vHexShade
{
  GtkWidget      parent_instance;

  P2vHexLink    *link;       /* NULL: nothing to shade */
  GtkAdjustment *adjustment; /* of its widget */
  double         drawn_x;    /* where the widget's digits were when we drew */
  guint          idle_id;
};

G_DEFINE_FINAL_TYPE (P2vHexShade, p2v_hex_shade, GTK_TYPE_WIDGET)

/* Of a gap only: GTK draws the background of the whole widget by itself. */
static const char style[] = "p2vhexshade.gap {"
                            "  background-color: @theme_bg_color;"
                            "  background-image: repeating-linear-gradient(135deg,"
                            "    alpha(currentColor, 0.12) 0, alpha(currentColor, 0.12) 2px,"
                            "    transparent 2px, transparent 8px);"
                            "}";

/* Once for each display. */
static void
add_style (GdkDisplay *display)
{
  if (g_object_get_data (G_OBJECT (display), "p2v-hex-shade") != NULL)
    return;

  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();
  gtk_css_provider_load_from_data (provider, style, -1);
  gtk_style_context_add_provider_for_display (display, GTK_STYLE_PROVIDER (provider),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION - 1);
  g_object_set_data_full (G_OBJECT (display), "p2v-hex-shade", g_steal_pointer (&provider),
                          g_object_unref);
}

/* Bytes from @first to @last, in the same line. */
static void
shade_cells (P2vHexShade          *self,
             GtkSnapshot          *snapshot,
             const P2vHexGeometry *geometry,
             gint64                first,
             gint64                last)
{
  GtkWidget *areas[] = { geometry->hex_area, geometry->ascii_area };
  GtkStyleContext *context = gtk_widget_get_style_context (GTK_WIDGET (self));

  gtk_style_context_save (context);
  gtk_style_context_add_class (context, "gap");
  for (guint i = 0; i < G_N_ELEMENTS (areas); i++)
    {
      GdkRectangle cells;
      double x = 0;
      double y = 0;
      /* The last line may be on the screen in part. */
      const GdkRectangle area
          = { 0, 0, gtk_widget_get_width (areas[i]), gtk_widget_get_height (areas[i]) };
      p2v_hex_geometry_get_cells (geometry, areas[i], first, last, &cells);
      if (gtk_widget_get_mapped (areas[i]) && gdk_rectangle_intersect (&cells, &area, &cells)
          && gtk_widget_translate_coordinates (areas[i], GTK_WIDGET (self), cells.x, cells.y, &x,
                                               &y))
        gtk_snapshot_render_background (snapshot, context, x, y, cells.width, cells.height);
    }
  gtk_style_context_restore (context);
}

/* The cursor stays to be seen, also where there is nothing else to see. */
static void
shade_around_cursor (P2vHexShade          *self,
                     GtkSnapshot          *snapshot,
                     const P2vHexGeometry *geometry,
                     gint64                first,
                     gint64                last)
{
  gint64 cursor = hex_widget_get_cursor (p2v_hex_link_get_hex (self->link));

  if (cursor < first || cursor > last)
    {
      shade_cells (self, snapshot, geometry, first, last);
      return;
    }
  if (cursor > first)
    shade_cells (self, snapshot, geometry, first, cursor - 1);
  if (cursor < last)
    shade_cells (self, snapshot, geometry, cursor + 1, last);
}

static void
shade_line (P2vHexShade          *self,
            GtkSnapshot          *snapshot,
            const P2vHexGeometry *geometry,
            gint64                first)
{
  P2vHexSpace *space = p2v_hex_link_get_space (self->link);
  gint64 end = MIN (first + geometry->bytes_per_line, geometry->size);
  gint64 position = first;

  while (position < end)
    {
      guint64 start = 0;
      guint64 stop = 0;
      gboolean is_gap = p2v_hex_space_get_gap (space, (guint64) position, &start, &stop);
      if (!is_gap && !p2v_hex_space_get_run (space, (guint64) position, &start, &stop))
        return;
      gint64 next = (gint64) MIN (stop, (guint64) end);
      if (is_gap || !p2v_hex_space_holds (space, (guint64) position))
        shade_around_cursor (self, snapshot, geometry, position, next - 1);
      position = next;
    }
}

static double
get_digits_x (P2vHexShade          *self,
              const P2vHexGeometry *geometry)
{
  double x = -1;
  double y = 0;

  (void) gtk_widget_translate_coordinates (geometry->hex_area, GTK_WIDGET (self), 0, 0, &x, &y);
  return x;
}

static gboolean
redraw_cb (gpointer user_data)
{
  P2vHexShade *self = user_data;
  HexWidget *hex = self->link != NULL ? p2v_hex_link_get_hex (self->link) : NULL;
  P2vHexGeometry geometry;

  self->idle_id = 0;
  if (hex != NULL && p2v_hex_geometry_init (&geometry, hex)
      && get_digits_x (self, &geometry) != self->drawn_x)
    gtk_widget_queue_draw (GTK_WIDGET (self));
  return G_SOURCE_REMOVE;
}

/* While the widget draws it finds out how wide its addresses are, and is laid out again: then we
 * have drawn in the wrong place. */
static void
draw_complete_cb (P2vHexShade *self)
{
  if (self->idle_id == 0)
    self->idle_id = g_idle_add (redraw_cb, self);
}

static void
p2v_hex_shade_snapshot (GtkWidget   *widget,
                        GtkSnapshot *snapshot)
{
  P2vHexShade *self = P2V_HEX_SHADE (widget);
  HexWidget *hex = self->link != NULL ? p2v_hex_link_get_hex (self->link) : NULL;
  P2vHexSpace *space = self->link != NULL ? p2v_hex_link_get_space (self->link) : NULL;
  P2vHexGeometry geometry;

  if (hex == NULL || space == NULL || p2v_hex_space_get_kind (space) == P2V_HEX_SPACE_FILE
      || !p2v_hex_geometry_init (&geometry, hex))
    return;
  self->drawn_x = get_digits_x (self, &geometry);
  for (int i = 0; i < geometry.n_lines; i++)
    {
      gint64 first = (geometry.top_line + i) * geometry.bytes_per_line;
      if (first < geometry.size)
        shade_line (self, snapshot, &geometry, first);
    }
}

static void
drop_link (P2vHexShade *self)
{
  if (self->adjustment != NULL)
    g_signal_handlers_disconnect_by_data (self->adjustment, self);
  if (self->link != NULL)
    g_signal_handlers_disconnect_by_data (self->link, self);
  if (self->link != NULL && p2v_hex_link_get_hex (self->link) != NULL)
    g_signal_handlers_disconnect_by_data (p2v_hex_link_get_hex (self->link), self);
  g_clear_handle_id (&self->idle_id, g_source_remove);
  g_clear_object (&self->adjustment);
  g_clear_object (&self->link);
}

static void
p2v_hex_shade_dispose (GObject *object)
{
  drop_link (P2V_HEX_SHADE (object));

  G_OBJECT_CLASS (p2v_hex_shade_parent_class)->dispose (object);
}

static void
p2v_hex_shade_realize (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (p2v_hex_shade_parent_class)->realize (widget);
  add_style (gtk_widget_get_display (widget));
}

static void
p2v_hex_shade_class_init (P2vHexShadeClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = p2v_hex_shade_dispose;
  widget_class->snapshot = p2v_hex_shade_snapshot;
  widget_class->realize = p2v_hex_shade_realize;
  gtk_widget_class_set_css_name (widget_class, "p2vhexshade");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
p2v_hex_shade_init (P2vHexShade *self)
{
  gtk_widget_set_can_target (GTK_WIDGET (self), FALSE);
  gtk_widget_set_can_focus (GTK_WIDGET (self), FALSE);
}

GtkWidget *
p2v_hex_shade_wrap (GtkWidget *child)
{
  GtkWidget *overlay = gtk_overlay_new ();
  GtkWidget *shade = g_object_new (P2V_TYPE_HEX_SHADE, NULL);

  gtk_overlay_set_child (GTK_OVERLAY (overlay), child);
  gtk_overlay_add_overlay (GTK_OVERLAY (overlay), shade);
  g_object_set_data (G_OBJECT (overlay), "p2v-shade", shade);
  return overlay;
}

void
p2v_hex_shade_set_link (GtkOverlay *overlay,
                        P2vHexLink *link)
{
  P2vHexShade *self = g_object_get_data (G_OBJECT (overlay), "p2v-shade");
  HexWidget *hex = link != NULL ? p2v_hex_link_get_hex (link) : NULL;

  if (self->link == link)
    return;
  drop_link (self);
  if (hex != NULL)
    {
      self->link = g_object_ref (link);
      self->adjustment = g_object_ref (hex_widget_get_adjustment (hex));
      g_signal_connect_swapped (self->adjustment, "value-changed",
                                G_CALLBACK (gtk_widget_queue_draw), self);
      g_signal_connect_swapped (self->adjustment, "changed", G_CALLBACK (gtk_widget_queue_draw),
                                self);
      g_signal_connect_swapped (hex, "draw-complete", G_CALLBACK (draw_complete_cb), self);
      g_signal_connect_swapped (hex, "cursor-moved", G_CALLBACK (gtk_widget_queue_draw), self);
      g_signal_connect_swapped (link, "changed", G_CALLBACK (gtk_widget_queue_draw), self);
    }
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
