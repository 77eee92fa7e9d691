/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-geometry.h"

/* More is not easier to read. */
#define MAX_BYTES_PER_LINE 64

static GtkWidget *
find_area (HexWidget  *hex,
           const char *name)
{
  GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (hex));

  /* Source: src/gtkhex.c of GHex 43.1 names them, for its style sheet. */
  while (child != NULL && g_strcmp0 (gtk_widget_get_name (child), name) != 0)
    child = gtk_widget_get_next_sibling (child);
  return child;
}

static void
measure_font (P2vHexGeometry *self,
              HexWidget      *hex)
{
  PangoContext *context = gtk_widget_get_pango_context (GTK_WIDGET (hex));
  PangoFontMetrics *metrics = pango_context_get_metrics (context, NULL, NULL);
  int digit = pango_font_metrics_get_approximate_digit_width (metrics);
  int character = pango_font_metrics_get_approximate_char_width (metrics);

  self->char_width = PANGO_PIXELS (MAX (digit, character));
  self->line_height = PANGO_PIXELS (pango_font_metrics_get_height (metrics));
  pango_font_metrics_unref (metrics);
}

/* The scroll range counts lines: so many lines for so many bytes leave, if they are many, one
 * length of a line. 0 if they leave several. */
static gint64
solve_bytes_per_line (gint64 size,
                      gint64 n_lines)
{
  if (size <= 0 || n_lines <= 1)
    return 0;
  gint64 shortest = size / n_lines + (size % n_lines != 0);
  gint64 longest = (size - 1) / (n_lines - 1);
  return shortest == longest ? shortest : 0;
}

gboolean
p2v_hex_geometry_init (P2vHexGeometry *self,
                       HexWidget      *hex)
{
  GtkAdjustment *adjustment = hex_widget_get_adjustment (hex);
  HexDocument *document = hex_widget_get_document (hex);

  self->hex_area = find_area (hex, "hex-display");
  self->ascii_area = find_area (hex, "ascii-display");
  if (self->hex_area == NULL || self->ascii_area == NULL || document == NULL
      || !gtk_widget_get_mapped (GTK_WIDGET (hex)))
    return FALSE;

  measure_font (self, hex);
  self->size = hex_buffer_get_payload_size (hex_document_get_buffer (document));
  self->bytes_per_line
      = solve_bytes_per_line (self->size, (gint64) gtk_adjustment_get_upper (adjustment));
  self->group_bytes = (int) hex_widget_get_group_type (hex);
  self->top_line = (gint64) gtk_adjustment_get_value (adjustment);
  if (self->char_width <= 0 || self->line_height <= 0 || self->bytes_per_line == 0
      || self->group_bytes <= 0)
    return FALSE;
  self->n_lines = gtk_widget_get_height (GTK_WIDGET (hex)) / self->line_height + 1;
  return TRUE;
}

/* The byte of a line at a cell of the digits, where a group of bytes has a blank behind it; the
 * blank belongs to the next byte, as it does for a click. */
static gint64
get_byte_at_cell (const P2vHexGeometry *self,
                  gint64                cell)
{
  gint64 group_cells = 2 * self->group_bytes + 1;

  return cell / group_cells * self->group_bytes + cell % group_cells / 2;
}

/* GTK translates with floating point numbers, in which 230 may come out as 229.99999. What is left
 * of or above the first cell is padding, and a click there means that cell. */
static gint64
to_whole_pixels (double coordinate)
{
  return (gint64) MAX (coordinate + 1.0 / 64, 0);
}

gboolean
p2v_hex_geometry_get_position (const P2vHexGeometry *self,
                               HexWidget            *hex,
                               double                x,
                               double                y,
                               gint64               *ret_position)
{
  GtkWidget *area = gtk_widget_pick (GTK_WIDGET (hex), x, y, GTK_PICK_DEFAULT);
  double area_x = 0;
  double area_y = 0;

  if ((area != self->hex_area && area != self->ascii_area)
      || !gtk_widget_translate_coordinates (GTK_WIDGET (hex), area, x, y, &area_x, &area_y))
    return FALSE;

  gint64 cell = to_whole_pixels (area_x) / self->char_width;
  gint64 line = self->top_line + to_whole_pixels (area_y) / self->line_height;
  gint64 byte = area == self->hex_area ? get_byte_at_cell (self, cell) : cell;
  gint64 position = line * self->bytes_per_line + byte;
  if (byte >= self->bytes_per_line || position >= self->size)
    return FALSE;
  *ret_position = position;
  return TRUE;
}

gint64
p2v_hex_geometry_get_fitting (const P2vHexGeometry *self)
{
  int width = gtk_widget_get_width (self->hex_area) + gtk_widget_get_width (self->ascii_area);
  gint64 n_bytes = MAX_BYTES_PER_LINE;

  /* Two digits and a character for each, and a blank between groups. */
  while (n_bytes > self->group_bytes
         && 3 * n_bytes + n_bytes / self->group_bytes - 1 > width / self->char_width)
    n_bytes /= 2;
  return n_bytes;
}

void
p2v_hex_geometry_get_cells (const P2vHexGeometry *self,
                            GtkWidget            *area,
                            gint64                first,
                            gint64                last,
                            GdkRectangle         *ret_cells)
{
  gint64 line = first / self->bytes_per_line - self->top_line;
  gint64 from = first % self->bytes_per_line;
  gint64 to = last % self->bytes_per_line;

  if (area == self->hex_area)
    {
      from = 2 * from + from / self->group_bytes;
      to = 2 * to + to / self->group_bytes + 1;
    }
  ret_cells->x = (int) from * self->char_width;
  ret_cells->y = (int) line * self->line_height;
  ret_cells->width = (int) (to - from + 1) * self->char_width;
  ret_cells->height = self->line_height;
}
