/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The cells of a mapping view: one factory for each column. */

#pragma once

#include <gtk/gtk.h>

#include "p2v-mapping-model.h"

G_BEGIN_DECLS

/* (transfer none): the column's heading, translated. */
const char         *p2v_mapping_cell_get_title   (P2vColumnId      column);
/* (transfer full): makes cells that ask @model for their details while they are on the screen.
 * @model must outlive the view that uses the factory. */
GtkListItemFactory *p2v_mapping_cell_factory_new (P2vColumnId      column,
                                                  P2vMappingModel *model);
/* Which cell a widget that was picked under the pointer belongs to; FALSE if to none. */
gboolean            p2v_mapping_cell_find        (GtkWidget       *picked,
                                                  P2vColumnId     *ret_column,
                                                  guint           *ret_position);

G_END_DECLS
