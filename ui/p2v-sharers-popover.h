/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vSharersPopover: who else has memory of the region that a row is in. #P2vSharersPopover::go
 * gives the process that was chosen, and where it and the region share their first page. Main
 * thread only. */

#pragma once

#include <gtk/gtk.h>
#include <pas2vas.h>

G_BEGIN_DECLS

#define P2V_TYPE_SHARERS_POPOVER (p2v_sharers_popover_get_type ())
G_DECLARE_FINAL_TYPE (P2vSharersPopover, p2v_sharers_popover, P2V, SHARERS_POPOVER, GtkPopover)

/* Begins to read; @mapping is NULL if no row is selected. */
void p2v_sharers_popover_ask  (P2vSharersPopover *self,
                               P2vSession        *session,
                               const P2vMapping  *mapping);
/* Forgets what is shown. */
void p2v_sharers_popover_stop (P2vSharersPopover *self);

G_END_DECLS
