/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the tests of the widgets share: the tiny image, a main loop that waits, and pictures. */

#pragma once

#include "p2v-test.h"

#include "pas2vas-gtk.h"

/* What meson takes for "skipped". */
#define P2V_UI_TEST_SKIP 77

/* (transfer none) (nullable): where the tiny image is, or NULL if this machine does not have it. */
const char *p2v_ui_test_get_image  (void);
/* (transfer full): a session on the tiny image; with @stage, already taken so far. */
P2vSession *p2v_ui_test_session    (P2vStage     stage);

/* For the setup of a group: a fixture of @fixture_bytes zeros that begins with a P2vSession *, on
 * the tiny image with its index. Always 0. */
int         p2v_ui_test_setup_group    (void       **state,
                                        gsize        fixture_bytes);
int         p2v_ui_test_teardown_group (void       **state);
/* (transfer none): a window on the screen, and in it a new panel. */
GtkWidget  *p2v_ui_test_show_panel     (P2vPanel   **ret_panel);
/* Closes a window, and lets the main loop notice. */
void        p2v_ui_test_close          (GtkWidget   *window);

typedef gboolean (*P2vUiTestFunc)  (gpointer     data);

/* Runs the main loop until @condition is TRUE; the test fails if that takes half a minute. */
void        p2v_ui_test_wait       (P2vUiTestFunc condition,
                                    gpointer      data);
/* Runs what the main loop has ready. */
void        p2v_ui_test_settle     (void);
/* (transfer none) (nullable): the first widget below @root, depth first, of that type; with
 * @name not NULL, whose accessible label it is. */
GtkWidget  *p2v_ui_test_find       (GtkWidget   *root,
                                    GType        type,
                                    const char  *name);
/* Writes a picture of @widget to the build folder. */
void        p2v_ui_test_screenshot (GtkWidget   *widget,
                                    const char  *name);
