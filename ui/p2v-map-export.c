/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-map-export.h"

#include <inttypes.h>

/* The side of a cell in units of the SVG, and in pixels of the PNG. */
#define CELL_SIZE 5

/* Of the legend, in units of the SVG. */
#define LEGEND_WIDTH   260
#define LINE_HEIGHT    16
#define MAX_LINES      40

static guint
count_rows (const P2vMapPicture *picture,
            guint                n_columns)
{
  guint n_cells = p2v_survey_get_n_cells (p2v_map_picture_get_survey (picture));

  return (n_cells + n_columns - 1) / n_columns;
}

/* Cells of one colour that follow each other are one rectangle. */
static void
append_row (GString             *svg,
            const P2vMapPicture *picture,
            guint                row,
            guint                n_columns)
{
  guint n_cells = p2v_survey_get_n_cells (p2v_map_picture_get_survey (picture));
  guint end = MIN ((row + 1) * n_columns, n_cells);

  for (guint first = row * n_columns, next; first < end; first = next)
    {
      P2vColour colour = p2v_map_picture_get_colour (picture, first);
      for (next = first + 1; next < end; next++)
        if (p2v_map_picture_get_colour (picture, next) != colour)
          break;
      g_string_append_printf (svg,
                              "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" "
                              "fill=\"#%06x\"/>\n",
                              (first - row * n_columns) * CELL_SIZE, row * CELL_SIZE,
                              (next - first) * CELL_SIZE, CELL_SIZE, colour);
    }
}

static void
append_legend (GString             *svg,
               const P2vMapPicture *picture,
               guint                left)
{
  guint n_lines = MIN (p2v_map_picture_get_n_entries (picture), MAX_LINES);

  for (guint i = 0; i < n_lines; i++)
    {
      const P2vMapEntry *entry = p2v_map_picture_get_entry (picture, i);
      g_autofree char *size =
        g_format_size_full (entry->n_frames * P2V_FRAME_SIZE, G_FORMAT_SIZE_IEC_UNITS);
      g_autofree char *text =
        g_markup_printf_escaped ("<text x=\"%u\" y=\"%u\">%s, %s</text>\n", left + LINE_HEIGHT,
                                 i * LINE_HEIGHT + LINE_HEIGHT - 4, entry->label, size);
      g_string_append_printf (svg,
                              "<rect x=\"%u\" y=\"%u\" width=\"10\" height=\"10\" "
                              "fill=\"#%06x\"/>\n",
                              left, i * LINE_HEIGHT + 3, entry->colour);
      g_string_append (svg, text);
    }
}

GBytes *
p2v_map_export_svg (const P2vMapPicture *picture,
                    guint                n_columns)
{
  guint n_rows = count_rows (picture, n_columns), width = n_columns * CELL_SIZE;
  guint n_lines = MIN (p2v_map_picture_get_n_entries (picture), MAX_LINES);
  guint height = MAX (n_rows * CELL_SIZE, n_lines * LINE_HEIGHT);
  P2vColour ground = p2v_map_picture_get_background (picture);
  GString *svg = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");

  g_string_append_printf (svg,
                          "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
                          "font-family=\"sans-serif\" font-size=\"11\" fill=\"#%06x\" "
                          "shape-rendering=\"crispEdges\">\n"
                          "<rect width=\"100%%\" height=\"100%%\" fill=\"#%06x\"/>\n",
                          width + LINE_HEIGHT + LEGEND_WIDTH, height, ground ^ 0xffffff, ground);
  for (guint row = 0; row < n_rows; row++)
    append_row (svg, picture, row, n_columns);
  append_legend (svg, picture, width + LINE_HEIGHT);
  g_string_append (svg, "</svg>\n");
  return g_string_free_to_bytes (svg);
}

GBytes *
p2v_map_export_png (const P2vMapPicture *picture,
                    guint                n_columns)
{
  guint n_rows = count_rows (picture, n_columns);
  guint n_cells = p2v_survey_get_n_cells (p2v_map_picture_get_survey (picture));
  gsize stride = (gsize) n_columns * CELL_SIZE * 3;
  g_autoptr (GByteArray) pixels = g_byte_array_new ();

  for (guint y = 0; y < n_rows * CELL_SIZE; y++)
    for (guint x = 0; x < n_columns * CELL_SIZE; x++)
      {
        guint cell = y / CELL_SIZE * n_columns + x / CELL_SIZE;
        P2vColour colour = cell < n_cells ? p2v_map_picture_get_colour (picture, cell)
                                          : p2v_map_picture_get_background (picture);
        const guint8 pixel[] = { (guint8) (colour >> 16), (guint8) (colour >> 8),
                                 (guint8) colour };
        g_byte_array_append (pixels, pixel, sizeof pixel);
      }
  g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (g_steal_pointer (&pixels));
  g_autoptr (GdkTexture) texture =
    gdk_memory_texture_new ((int) (n_columns * CELL_SIZE), (int) (n_rows * CELL_SIZE),
                            GDK_MEMORY_R8G8B8, bytes, stride);
  return gdk_texture_save_to_png_bytes (texture);
}
