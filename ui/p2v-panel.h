/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vPanel: shows who maps the byte under a host's cursor.
 *
 * A host gives it a session with an open image, tells it where the cursor is, and moves the
 * cursor when #P2vPanel::jump-to-offset asks for it. Everything else the panel does itself: it
 * finds the operating system, builds the index, shows progress, answers, copies and exports.
 * Main thread only. */

#pragma once

#if !defined (P2V_GTK_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas-gtk.h> can be included directly."
#endif

#include <gtk/gtk.h>
#include <pas2vas.h>

G_BEGIN_DECLS

#define P2V_TYPE_PANEL (p2v_panel_get_type ())
P2V_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (P2vPanel, p2v_panel, P2V, PANEL, GtkWidget)

/**
 * P2vPanelKey:
 * @action: an action of the panel, with its target: "go-to::physical"
 * @accelerator: its key, as gtk_accelerator_parse() takes it
 * @title: what it does, in a few words; not translated yet (gettext domain "pas2vas")
 * @is_global: whether it is meant for the host's whole window; if not, only for when the focus is
 * in the panel, since other parts of a window use the same key
 *
 * A key of the panel.
 */
typedef struct
{
  const char *action;
  const char *accelerator;
  const char *title;
  gboolean    is_global;
} P2vPanelKey;

P2V_AVAILABLE_IN_1_0
const P2vPanelKey *p2v_panel_get_keys    (gsize       *ret_n_keys);

P2V_AVAILABLE_IN_1_0
GtkWidget    *p2v_panel_new              (void);
P2V_AVAILABLE_IN_1_0
void          p2v_panel_set_session      (P2vPanel    *self,
                                          P2vSession  *session);
P2V_AVAILABLE_IN_1_0
P2vSession   *p2v_panel_get_session      (P2vPanel    *self);
P2V_AVAILABLE_IN_1_0
void          p2v_panel_set_address      (P2vPanel    *self,
                                          P2vPhysAddr  pa);
P2V_AVAILABLE_IN_1_0
void          p2v_panel_set_file_offset  (P2vPanel    *self,
                                          guint64      file_offset);
P2V_AVAILABLE_IN_1_0
void          p2v_panel_set_virtual_address (P2vPanel *self,
                                          P2vProcess  *process,
                                          P2vVirtAddr  va,
                                          P2vPhysAddr  pa);
P2V_AVAILABLE_IN_1_0
void          p2v_panel_clear_address    (P2vPanel    *self);
P2V_AVAILABLE_IN_1_0
gboolean      p2v_panel_get_address      (P2vPanel    *self,
                                          P2vPhysAddr *ret_pa);
P2V_AVAILABLE_IN_1_0
P2vAnswer    *p2v_panel_get_answer       (P2vPanel    *self);
P2V_AVAILABLE_IN_1_0
GActionGroup *p2v_panel_get_action_group (P2vPanel    *self);

G_END_DECLS
