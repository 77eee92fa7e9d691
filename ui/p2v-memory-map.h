/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vMemoryMap: one picture of all physical memory, coloured by owner, by use or by the number of
 * sharers, with its legend. Clicking asks the host to go there.
 *
 * It shows a session whose index is complete, and until then waits for it; something else, such
 * as a P2vPanel with the same session, has it built. Main thread only. */

#pragma once

#if !defined (P2V_GTK_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas-gtk.h> can be included directly."
#endif

#include <gtk/gtk.h>
#include <pas2vas.h>

G_BEGIN_DECLS

#define P2V_TYPE_MEMORY_MAP (p2v_memory_map_get_type ())
P2V_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (P2vMemoryMap, p2v_memory_map, P2V, MEMORY_MAP, GtkWidget)

P2V_AVAILABLE_IN_1_0
GtkWidget *p2v_memory_map_new         (void);
P2V_AVAILABLE_IN_1_0
void       p2v_memory_map_set_session (P2vMemoryMap *self,
                                       P2vSession   *session);
P2V_AVAILABLE_IN_1_0
void       p2v_memory_map_set_view    (P2vMemoryMap *self,
                                       P2vPhysAddr   first_pa,
                                       P2vPhysAddr   last_pa);
P2V_AVAILABLE_IN_1_0
void       p2v_memory_map_clear_view  (P2vMemoryMap *self);

G_END_DECLS
