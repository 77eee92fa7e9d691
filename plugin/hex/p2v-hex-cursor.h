/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vHexCursor: moves the cursor of a HexWidget, and what it shows of its lines.
 *
 * The widget can be told where to go at any time, also before it has been drawn and knows its
 * lines; it shows some lines before the cursor; its lines have a length that fits, and keep the
 * place on the screen when that changes; where a space has gaps, what would end in one goes on to
 * the memory behind it. It knows what positions are, and no panel. Main thread only. */

#pragma once

#include <gtkhex.h>

#include "p2v-hex-buffer.h"
#include "p2v-hex-space.h"

G_BEGIN_DECLS

typedef struct _P2vHexCursor P2vHexCursor;

P2vHexCursor *p2v_hex_cursor_new          (HexWidget    *hex);
void          p2v_hex_cursor_free         (P2vHexCursor *self);

/* Where the cursor is, or will be as soon as the widget has been drawn. */
guint64       p2v_hex_cursor_get_position (P2vHexCursor *self);
/* TRUE while it is us who move: nobody has typed or clicked. */
gboolean      p2v_hex_cursor_is_moving    (P2vHexCursor *self);
/* Moves to @position as soon as the widget can. */
void          p2v_hex_cursor_go_to        (P2vHexCursor *self,
                                           guint64       position);
/* Puts @space behind the widget, with the cursor on @position. */
void          p2v_hex_cursor_show         (P2vHexCursor *self,
                                           P2vHexBuffer *buffer,
                                           P2vHexSpace  *space,
                                           guint64       position);
/* A step from @before to @now that ended in a gap goes on to the memory behind it; a jump or a
 * click may show the gap. FALSE if it did not go on. */
gboolean      p2v_hex_cursor_pass_gap     (P2vHexCursor *self,
                                           P2vHexSpace  *space,
                                           gint64        before,
                                           gint64        now);
/* Scrolling that would end in a gap goes on to its other side. @space is NULL if nothing is known
 * of gaps. */
void          p2v_hex_cursor_follow_scroll
                                          (P2vHexCursor *self,
                                           P2vHexSpace  *space);
/* Whether the way from @before to @now is farther than a key or the wheel goes. */
gboolean      p2v_hex_cursor_is_jump      (P2vHexCursor *self,
                                           gint64        before,
                                           gint64        now);
/* The physical memory that is on the screen, from its first to its last byte, around the cursor if
 * that is there too; FALSE if it shows none. */
gboolean      p2v_hex_cursor_get_shown    (P2vHexCursor *self,
                                           P2vHexSpace  *space,
                                           P2vPhysAddr  *ret_first,
                                           P2vPhysAddr  *ret_last);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vHexCursor, p2v_hex_cursor_free)

G_END_DECLS
