/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vHexLink: ties a HexWidget, the P2vHexBuffer behind it and a P2vPanel together.
 *
 * The panel follows the cursor, the cursor goes where the panel wants it, and both stay on the same
 * byte when the view changes from the file to physical memory or to a process. In views with gaps
 * scrolling passes over what would only show nothing. ::changed tells that the view is another,
 * that the list of processes is there, or that the cursor went from something to nothing or back.
 * Main thread only. */

#pragma once

#include <gtkhex.h>
#include <pas2vas-gtk.h>

#include "p2v-hex-buffer.h"
#include "p2v-hex-space.h"

G_BEGIN_DECLS

#define P2V_TYPE_HEX_LINK (p2v_hex_link_get_type ())
G_DECLARE_FINAL_TYPE (P2vHexLink, p2v_hex_link, P2V, HEX_LINK, GObject)

/* Makes a link that lasts until p2v_hex_link_break() or until @hex goes. */
P2vHexLink  *p2v_hex_link_new          (HexWidget       *hex,
                                        P2vHexBuffer    *buffer,
                                        P2vPanel        *panel);
void         p2v_hex_link_break        (P2vHexLink      *self);
/* @session has an open image, that of the buffer's file. */
void         p2v_hex_link_set_session  (P2vHexLink      *self,
                                        P2vSession      *session);

/* (nullable): NULL after @hex has gone. */
HexWidget   *p2v_hex_link_get_hex      (P2vHexLink      *self);
P2vPanel    *p2v_hex_link_get_panel    (P2vHexLink      *self);
/* (nullable): NULL without a session. */
P2vSession  *p2v_hex_link_get_session  (P2vHexLink      *self);
/* (nullable): what the positions mean; NULL without a session. */
P2vHexSpace *p2v_hex_link_get_space    (P2vHexLink      *self);
/* (transfer container): the processes that can be viewed; none before the system is known. */
GPtrArray   *p2v_hex_link_list_processes (P2vHexLink    *self);

/* Shows the file, physical memory, or (once its page tables have been walked) a process. */
void         p2v_hex_link_show_kind    (P2vHexLink      *self,
                                        P2vHexSpaceKind  kind,
                                        P2vProcess      *process);
/* (nullable): the process whose page tables are being walked. */
P2vProcess  *p2v_hex_link_get_awaited  (P2vHexLink      *self);
/* Moves the cursor to where a file offset or a physical address stands; the view changes if it
 * does not show that. FALSE if no view does. */
gboolean     p2v_hex_link_go_to_offset (P2vHexLink      *self,
                                        guint64          file_offset);
gboolean     p2v_hex_link_go_to_pa     (P2vHexLink      *self,
                                        P2vPhysAddr      pa);
/* The same for a virtual address, if the view is of @process and the process maps it. */
gboolean     p2v_hex_link_go_to_virtual (P2vHexLink     *self,
                                        P2vProcess      *process,
                                        guint64          va);
/* Where the cursor was before it jumped, or before it went back. FALSE if there is nothing on that
 * side. */
gboolean     p2v_hex_link_go_in_history (P2vHexLink     *self,
                                        gboolean         forwards);
/* (transfer none): "back" and "forward", to be inserted as "hex" where the panel's are as "p2v". */
GActionGroup *p2v_hex_link_get_action_group (P2vHexLink *self);
/* Moves the cursor to the beginning of the next memory behind a gap, or of the previous. FALSE if
 * there is none. */
gboolean     p2v_hex_link_go_to_run    (P2vHexLink      *self,
                                        gboolean         forwards);
/* The physical memory that is on the screen, from its first to its last byte, around the cursor if
 * that is there too; FALSE if it shows none. */
gboolean     p2v_hex_link_get_shown    (P2vHexLink      *self,
                                        P2vPhysAddr     *ret_first,
                                        P2vPhysAddr     *ret_last);
/* (transfer full): why there is nothing under the cursor, or NULL if there is something. */
char        *p2v_hex_link_dup_absence  (P2vHexLink      *self);
/* (nullable): why a process could not be shown; until the view is changed again. */
const char  *p2v_hex_link_get_error    (P2vHexLink      *self);

G_END_DECLS
