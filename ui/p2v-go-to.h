/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vGoTo: a popover that asks for a place: a physical address, a file offset, or a process's
 * virtual address. #P2vGoTo::go gives the place's file offset, #P2vGoTo::go-physical its physical
 * address. Main thread only. */

#pragma once

#include <gtk/gtk.h>
#include <pas2vas.h>

G_BEGIN_DECLS

#define P2V_TYPE_GO_TO (p2v_go_to_get_type ())
G_DECLARE_FINAL_TYPE (P2vGoTo, p2v_go_to, P2V, GO_TO, GtkPopover)

GtkWidget *p2v_go_to_new         (void);
void       p2v_go_to_set_session (P2vGoTo    *self,
                                  P2vSession *session);
/* @kind is "physical", "offset" or "virtual". */
void       p2v_go_to_set_kind    (P2vGoTo    *self,
                                  const char *kind);

G_END_DECLS
