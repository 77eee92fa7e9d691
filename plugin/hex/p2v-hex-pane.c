/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-pane.h"

typedef struct
{
  GtkPaned       *paned; /* holds us */
  P2vHexSettings *settings;
  const char     *key;
  guint           idle_id;
  gboolean        is_set;
} Pane;

static void
pane_free (gpointer data)
{
  Pane *pane = data;

  g_clear_handle_id (&pane->idle_id, g_source_remove);
  g_object_unref (pane->settings);
  g_free (pane);
}

static int
get_length (Pane *pane)
{
  GtkWidget *widget = GTK_WIDGET (pane->paned);
  GtkOrientation orientation = gtk_orientable_get_orientation (GTK_ORIENTABLE (pane->paned));

  return orientation == GTK_ORIENTATION_VERTICAL ? gtk_widget_get_height (widget)
                                                 : gtk_widget_get_width (widget);
}

/* Where the end has the size that was chosen, as far as there is room. The paned counts from the
 * start, a person from the end. */
static int
get_wanted_position (Pane *pane)
{
  int size = 0;
  int lowest = 0;
  int highest = 0;

  g_object_get (pane->settings, pane->key, &size, NULL);
  g_object_get (pane->paned, "min-position", &lowest, "max-position", &highest, NULL);
  return MAX (lowest, MIN (get_length (pane) - size, highest));
}

static gboolean
set_position_cb (gpointer user_data)
{
  Pane *pane = user_data;

  pane->idle_id = 0;
  gtk_paned_set_position (pane->paned, get_wanted_position (pane));
  pane->is_set = TRUE;
  return G_SOURCE_REMOVE;
}

/* The size is known as soon as there is a greatest position; but that is told in the middle of
 * laying out. */
static void
allocated_cb (Pane *pane)
{
  if (!pane->is_set && pane->idle_id == 0)
    pane->idle_id = g_idle_add_full (G_PRIORITY_HIGH_IDLE, set_position_cb, pane, NULL);
}

/* By a person; not by a window that has become too small. */
static void
moved_cb (Pane *pane)
{
  int position = gtk_paned_get_position (pane->paned);
  GtkWidget *end = gtk_paned_get_end_child (pane->paned);

  if (pane->is_set && end != NULL && gtk_widget_get_mapped (end)
      && position != get_wanted_position (pane))
    g_object_set (pane->settings, pane->key, MAX (0, get_length (pane) - position), NULL);
}

void
p2v_hex_pane_remember (GtkPaned       *paned,
                       P2vHexSettings *settings,
                       const char     *key)
{
  Pane *pane = g_new0 (Pane, 1);

  pane->paned = paned;
  pane->settings = g_object_ref (settings);
  pane->key = key;
  gtk_paned_set_resize_start_child (paned, TRUE);
  gtk_paned_set_resize_end_child (paned, FALSE);
  gtk_paned_set_shrink_start_child (paned, FALSE);
  gtk_paned_set_shrink_end_child (paned, FALSE);
  g_signal_connect_swapped (paned, "notify::max-position", G_CALLBACK (allocated_cb), pane);
  g_signal_connect_swapped (paned, "notify::position", G_CALLBACK (moved_cb), pane);
  g_object_set_data_full (G_OBJECT (paned), "p2v-pane", pane, pane_free);
}
