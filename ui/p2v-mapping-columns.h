/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Which columns of a mapping view are shown, in which order and how wide, as texts that a host can
 * keep; and the menus about them, whose actions are the panel's. */

#pragma once

#include <gtk/gtk.h>

#include "p2v-mapping-row.h"

G_BEGIN_DECLS

/* Tells which column it is, once. */
void                 p2v_mapping_column_set_id       (GtkColumnViewColumn *column,
                                                      P2vColumnId          id);
P2vColumnId          p2v_mapping_column_get_id       (GtkColumnViewColumn *column);

/* (transfer none): the column of that name. */
GtkColumnViewColumn *p2v_mapping_columns_find        (GtkColumnView       *view,
                                                      P2vColumnId          id);
void                 p2v_mapping_columns_move_first  (GtkColumnView       *view,
                                                      P2vColumnId          id);
/* (transfer full): from left to right "process", with a width "virtual:160", hidden "-state". */
char               **p2v_mapping_columns_dup         (GtkColumnView       *view);
/* Takes what is known of @columns and leaves the rest behind it as it is. One column at least stays
 * visible. */
void                 p2v_mapping_columns_apply       (GtkColumnView       *view,
                                                      const char *const   *columns);

/* (transfer full): of the heading of a column, and of the whole table. */
GMenuModel          *p2v_mapping_columns_new_header_menu (P2vColumnId      id);
GMenuModel          *p2v_mapping_columns_new_menu        (void);

G_END_DECLS
