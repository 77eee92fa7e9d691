/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vViewerApplication: the command line, the keys and the windows of the viewer. */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define P2V_TYPE_VIEWER_APPLICATION (p2v_viewer_application_get_type ())
G_DECLARE_FINAL_TYPE (
    P2vViewerApplication, p2v_viewer_application, P2V, VIEWER_APPLICATION, AdwApplication)

P2vViewerApplication *p2v_viewer_application_new (void);

G_END_DECLS
