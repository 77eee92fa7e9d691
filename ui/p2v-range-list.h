/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vRangeList: the ranges that two processes share, in a table. */

#pragma once

#include <gtk/gtk.h>
#include <pas2vas.h>

G_BEGIN_DECLS

#define P2V_TYPE_RANGE_LIST (p2v_range_list_get_type ())
G_DECLARE_FINAL_TYPE (P2vRangeList, p2v_range_list, P2V, RANGE_LIST, GtkWidget)

GtkWidget *p2v_range_list_new        (void);
/* @ranges: (nullable) (element-type P2vSharedRange): copied. */
void       p2v_range_list_set_ranges (P2vRangeList *self,
                                      GArray       *ranges);

G_END_DECLS
