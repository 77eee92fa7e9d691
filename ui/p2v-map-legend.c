/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-map-legend.h"

#include <glib/gi18n-lib.h>

/* More lines than anybody reads; the rest is summed up in one. */
#define MAX_LINES 100

#define SWATCH_SIZE 14

struct _P2vMapLegend
{
  GtkWidget   parent_instance;

  GtkListBox *list;
  guint       isolated;
};

enum
{
  ISOLATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (P2vMapLegend, p2v_map_legend, GTK_TYPE_WIDGET)

/* A square of one colour. */
static GtkWidget *
swatch_new (P2vColour colour)
{
  const guint8 pixel[] = { (guint8) (colour >> 16), (guint8) (colour >> 8), (guint8) colour };
  g_autoptr (GBytes) bytes = g_bytes_new (pixel, sizeof pixel);
  g_autoptr (GdkTexture) texture = gdk_memory_texture_new (1, 1, GDK_MEMORY_R8G8B8, bytes, 3);
  GtkWidget *swatch = g_object_new (GTK_TYPE_IMAGE, "paintable", texture, "pixel-size",
                                    SWATCH_SIZE, "accessible-role",
                                    GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

  return swatch;
}

static GtkWidget *
line_new (const char *label,
          guint64     n_frames)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  g_autofree char *size = g_format_size_full (n_frames * P2V_FRAME_SIZE, G_FORMAT_SIZE_IEC_UNITS);
  GtkWidget *name = gtk_label_new (label);
  GtkWidget *amount = gtk_label_new (size);

  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_set_tooltip_text (name, label);
  gtk_widget_set_hexpand (name, TRUE);
  gtk_widget_add_css_class (amount, "numeric");
  gtk_widget_add_css_class (amount, "dim-label");
  gtk_box_append (GTK_BOX (box), name);
  gtk_box_append (GTK_BOX (box), amount);
  return box;
}

static void
append_entry (P2vMapLegend      *self,
              const P2vMapEntry *entry)
{
  GtkWidget *line = line_new (entry->label, entry->n_frames);

  gtk_box_prepend (GTK_BOX (line), swatch_new (entry->colour));
  gtk_list_box_append (self->list, line);
}

static void
append_rest (P2vMapLegend        *self,
             const P2vMapPicture *picture)
{
  guint n_entries = p2v_map_picture_get_n_entries (picture), n_rest = n_entries - MAX_LINES;
  guint64 n_frames = 0;
  g_autofree char *label =
    g_strdup_printf (ngettext ("%u more", "%u more", n_rest), n_rest);

  for (guint i = MAX_LINES; i < n_entries; i++)
    n_frames += p2v_map_picture_get_entry (picture, i)->n_frames;
  gtk_list_box_append (self->list, line_new (label, n_frames));
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, MAX_LINES);
  gtk_list_box_row_set_activatable (row, FALSE);
  gtk_list_box_row_set_selectable (row, FALSE);
}

/* Choosing a line a second time lets it go. */
static void
row_activated_cb (P2vMapLegend  *self,
                  GtkListBoxRow *row)
{
  guint entry = (guint) gtk_list_box_row_get_index (row);

  self->isolated = entry == self->isolated ? P2V_MAP_NO_ENTRY : entry;
  if (self->isolated == P2V_MAP_NO_ENTRY)
    gtk_list_box_unselect_all (self->list);
  g_signal_emit (self, signals[ISOLATED], 0, self->isolated);
}

static void
p2v_map_legend_dispose (GObject *object)
{
  GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (object));

  if (child != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (p2v_map_legend_parent_class)->dispose (object);
}

static void
p2v_map_legend_class_init (P2vMapLegendClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = p2v_map_legend_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  /* The line, or P2V_MAP_NO_ENTRY. */
  signals[ISOLATED] = g_signal_new ("isolated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
p2v_map_legend_init (P2vMapLegend *self)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();

  self->isolated = P2V_MAP_NO_ENTRY;
  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Legend"), -1);
  g_signal_connect_swapped (self->list, "row-activated", G_CALLBACK (row_activated_cb), self);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), GTK_WIDGET (self->list));
  gtk_widget_set_parent (scroller, GTK_WIDGET (self));
}

GtkWidget *
p2v_map_legend_new (void)
{
  return g_object_new (P2V_TYPE_MAP_LEGEND, NULL);
}

void
p2v_map_legend_set_picture (P2vMapLegend        *self,
                            const P2vMapPicture *picture)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  self->isolated = P2V_MAP_NO_ENTRY;
  if (picture == NULL)
    return;
  guint n_entries = p2v_map_picture_get_n_entries (picture);
  for (guint i = 0; i < MIN (n_entries, MAX_LINES); i++)
    append_entry (self, p2v_map_picture_get_entry (picture, i));
  if (n_entries > MAX_LINES)
    append_rest (self, picture);
}
