/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-ui-test.h"

#include <glib/gstdio.h>

/* Far more than anything here takes, also with sanitizers on a busy machine. */
#define PATIENCE_US (30 * G_USEC_PER_SEC)

const char *
p2v_ui_test_get_image (void)
{
  const char *path = g_getenv ("P2V_TINY_IMAGE");

  return path != NULL && g_file_test (path, G_FILE_TEST_IS_REGULAR) ? path : NULL;
}

P2vSession *
p2v_ui_test_session (P2vStage stage)
{
  P2vSession *session = p2v_session_new ();
  g_autoptr (GError) error = NULL;

  assert_true (p2v_session_open (session, p2v_ui_test_get_image (), NULL, &error));
  assert_no_error (error);
  if (stage >= P2V_STAGE_SYSTEM)
    assert_true (p2v_session_find_system (session, NULL, &error));
  assert_no_error (error);
  if (stage >= P2V_STAGE_INDEX)
    assert_true (p2v_session_build_index (session, NULL, &error));
  assert_no_error (error);
  return session;
}

int
p2v_ui_test_setup_group (void **state,
                         gsize  fixture_bytes)
{
  P2vSession **fixture = g_malloc0 (fixture_bytes);

  *fixture = p2v_ui_test_session (P2V_STAGE_INDEX);
  *state = fixture;
  return 0;
}

int
p2v_ui_test_teardown_group (void **state)
{
  P2vSession **fixture = *state;

  g_object_unref (*fixture);
  g_free (fixture);
  return 0;
}

GtkWidget *
p2v_ui_test_show_panel (P2vPanel **ret_panel)
{
  GtkWidget *window = gtk_window_new ();
  GtkWidget *panel = p2v_panel_new ();

  gtk_window_set_child (GTK_WINDOW (window), panel);
  gtk_window_set_default_size (GTK_WINDOW (window), 1000, 400);
  gtk_window_present (GTK_WINDOW (window));
  *ret_panel = P2V_PANEL (panel);
  return window;
}

void
p2v_ui_test_close (GtkWidget *window)
{
  gtk_window_destroy (GTK_WINDOW (window));
  p2v_ui_test_settle ();
}

static gboolean
tick_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

void
p2v_ui_test_wait (P2vUiTestFunc condition,
                  gpointer data)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;
  /* Wakes the loop up, so that the deadline is seen. */
  guint tick_id = g_timeout_add (5, tick_cb, NULL);

  while (!condition (data))
    {
      assert_true (g_get_monotonic_time () < deadline);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (tick_id);
}

void
p2v_ui_test_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

static gboolean
is_named (GtkWidget *widget,
          const char *name)
{
  g_autofree char *difference = NULL;

  if (!gtk_test_accessible_has_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL))
    return FALSE;
  difference = gtk_test_accessible_check_property (GTK_ACCESSIBLE (widget),
                                                   GTK_ACCESSIBLE_PROPERTY_LABEL, name);
  return difference == NULL;
}

GtkWidget *
p2v_ui_test_find (GtkWidget *root,
                  GType type,
                  const char *name)
{
  if (g_type_is_a (G_OBJECT_TYPE (root), type) && (name == NULL || is_named (root, name)))
    return root;

  GtkWidget *found = NULL;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = p2v_ui_test_find (child, type, name);
  return found;
}

void
p2v_ui_test_screenshot (GtkWidget *widget,
                        const char *name)
{
  const char *folder = g_getenv ("P2V_SCREENSHOTS");
  g_autofree char *path = g_strdup_printf ("%s/%s.png", folder != NULL ? folder : ".", name);
  /* What has not been drawn yet has no picture either. */
  gtk_test_widget_wait_for_draw (widget);
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (widget);
  GtkSnapshot *snapshot = gtk_snapshot_new ();

  if (folder != NULL)
    assert_int_equal (g_mkdir_with_parents (folder, 0755), 0);
  gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (widget),
                          gtk_widget_get_height (widget));
  g_autoptr (GskRenderNode) node = gtk_snapshot_free_to_node (snapshot);
  assert_non_null (node);
  GskRenderer *renderer = gtk_native_get_renderer (gtk_widget_get_native (widget));
  g_autoptr (GdkTexture) texture = gsk_renderer_render_texture (renderer, node, NULL);
  assert_true (gdk_texture_save_to_png (texture, path));
}
