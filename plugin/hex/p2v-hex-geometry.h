/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* Where a HexWidget draws which byte. The widget does not tell, so this is worked out from what
 * it shows: its font, its scroll range, and its two areas. Whoever relies on it compares it with a
 * click now and then (p2v-hex-hover.c). */

#pragma once

#include <gtkhex.h>

G_BEGIN_DECLS

/**
 * P2vHexGeometry:
 * @hex_area: the digits
 * @ascii_area: the characters
 * @char_width: of a character, in pixels
 * @line_height: of a line, in pixels
 * @bytes_per_line: how many bytes stand in a line
 * @group_bytes: bytes without a blank between them
 * @top_line: number of the first line on the screen
 * @n_lines: how many lines are on the screen, the last one perhaps in part
 * @size: how many positions there are
 *
 * How a HexWidget is laid out just now.
 */
typedef struct
{
  GtkWidget *hex_area;
  GtkWidget *ascii_area;
  int        char_width;
  int        line_height;
  gint64     bytes_per_line;
  int        group_bytes;
  gint64     top_line;
  int        n_lines;
  gint64     size;
} P2vHexGeometry;

/* FALSE if the widget is not laid out, or not as this file expects. */
gboolean p2v_hex_geometry_init         (P2vHexGeometry       *self,
                                        HexWidget            *hex);
/* The position at a point of @hex; FALSE if there is none. */
gboolean p2v_hex_geometry_get_position (const P2vHexGeometry *self,
                                        HexWidget            *hex,
                                        double                x,
                                        double                y,
                                        gint64               *ret_position);
/* How many bytes could stand in a line; a power of two, for pages and structures to begin at the
 * beginning of one. */
gint64   p2v_hex_geometry_get_fitting  (const P2vHexGeometry *self);
/* Where the bytes from @first to @last, both in the same line of the screen, stand in the digits
 * or characters, in that area's coordinates. */
void     p2v_hex_geometry_get_cells    (const P2vHexGeometry *self,
                                        GtkWidget            *area,
                                        gint64                first,
                                        gint64                last,
                                        GdkRectangle         *ret_cells);

G_END_DECLS
