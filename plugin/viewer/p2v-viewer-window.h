/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vViewerWindow: a hex view of a memory image with the panel below it. */

#pragma once

#include <adwaita.h>
#include <gtkhex.h>
#include <pas2vas-gtk.h>

G_BEGIN_DECLS

#define P2V_TYPE_VIEWER_WINDOW (p2v_viewer_window_get_type ())
G_DECLARE_FINAL_TYPE (P2vViewerWindow, p2v_viewer_window, P2V, VIEWER_WINDOW, AdwApplicationWindow)

/**
 * P2vViewerStart:
 * @P2V_VIEWER_START_BEGIN: at the first byte
 * @P2V_VIEWER_START_PHYSICAL: at a physical address
 * @P2V_VIEWER_START_OFFSET: at a file offset
 *
 * Where a window opens an image.
 */
typedef enum
{
  P2V_VIEWER_START_BEGIN,
  P2V_VIEWER_START_PHYSICAL,
  P2V_VIEWER_START_OFFSET,
} P2vViewerStart;

GtkWidget *p2v_viewer_window_new       (GtkApplication  *application);
void       p2v_viewer_window_open      (P2vViewerWindow *self,
                                        GFile           *file,
                                        P2vViewerStart   start,
                                        guint64          where);
/* The file of the kernel's symbols for an image that is opened from now on; see
 * p2v_session_set_symbols(). */
void       p2v_viewer_window_set_symbols (P2vViewerWindow *self,
                                        GFile           *file);
/* How an image that is opened from now on is to be read, where it does not say so itself; see
 * p2v_session_set_base() and p2v_session_set_paging(). FALSE if there is no such paging form. */
gboolean   p2v_viewer_window_set_reading (P2vViewerWindow *self,
                                        P2vPhysAddr      base_pa,
                                        const char      *paging,
                                        GError         **error);
/* Whether an image is open or being opened. */
gboolean   p2v_viewer_window_is_used   (P2vViewerWindow *self);
P2vPanel  *p2v_viewer_window_get_panel (P2vViewerWindow *self);
/* (nullable): NULL without an image. */
HexWidget *p2v_viewer_window_get_hex   (P2vViewerWindow *self);

G_END_DECLS
