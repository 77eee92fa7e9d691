/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vTextTable: rows of text under headings, for reading. #P2vTextTable::row-activated tells the
 * position of a row that was chosen. */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define P2V_TYPE_TEXT_TABLE (p2v_text_table_get_type ())
G_DECLARE_FINAL_TYPE (P2vTextTable, p2v_text_table, P2V, TEXT_TABLE, GtkWidget)

/* @label: translated, what the table is
 * @titles: not translated yet, as many as there are columns, then NULL; stay where they are. The
 *   last column takes the room that is left. */
GtkWidget *p2v_text_table_new      (const char        *label,
                                    const char *const *titles);
/* @rows: (transfer none) (nullable): of GStrv with as many cells as there are columns */
void       p2v_text_table_set_rows (P2vTextTable      *self,
                                    GPtrArray         *rows);

G_END_DECLS
