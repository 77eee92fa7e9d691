/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-map-table.h"

#include "p2v-text-table.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

static const char *const titles[] = {
  /* Translators: heading: the first physical address of some memory. */
  N_ ("From"),
  /* Translators: heading: the last physical address of some memory. */
  N_ ("To"),
  N_ ("Size"),
  /* Translators: heading: how much of some memory processes map. */
  N_ ("Mapped"),
  N_ ("What"),
  NULL,
};

struct _P2vMapTable
{
  GtkWidget     parent_instance;

  P2vTextTable *table;
  GArray       *first_cells;   /* guint, of each row */
};

enum
{
  CELL_ACTIVATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (P2vMapTable, p2v_map_table, GTK_TYPE_WIDGET)

static void
row_activated_cb (P2vMapTable *self,
                  guint        row)
{
  g_signal_emit (self, signals[CELL_ACTIVATED], 0, g_array_index (self->first_cells, guint, row));
}

static void
p2v_map_table_dispose (GObject *object)
{
  P2vMapTable *self = P2V_MAP_TABLE (object);

  if (self->table != NULL)
    gtk_widget_unparent (GTK_WIDGET (self->table));
  self->table = NULL;
  g_clear_pointer (&self->first_cells, g_array_unref);
  G_OBJECT_CLASS (p2v_map_table_parent_class)->dispose (object);
}

static void
p2v_map_table_class_init (P2vMapTableClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_map_table_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
  signals[CELL_ACTIVATED] = g_signal_new ("cell-activated", G_TYPE_FROM_CLASS (klass),
                                          G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                          G_TYPE_UINT);
}

static void
p2v_map_table_init (P2vMapTable *self)
{
  self->first_cells = g_array_new (FALSE, FALSE, sizeof (guint));
  self->table = P2V_TEXT_TABLE (p2v_text_table_new (_ ("Memory, as a table"), titles));
  g_signal_connect_swapped (self->table, "row-activated", G_CALLBACK (row_activated_cb), self);
  gtk_widget_set_parent (GTK_WIDGET (self->table), GTK_WIDGET (self));
}

GtkWidget *
p2v_map_table_new (void)
{
  return g_object_new (P2V_TYPE_MAP_TABLE, NULL);
}

/* (transfer full): the cells from @first on, before @end, as a row. */
static GStrv
row_new (const P2vMapPicture *picture,
         guint                first,
         guint                end)
{
  P2vSurvey *survey = p2v_map_picture_get_survey (picture);
  GStrv texts = g_new0 (char *, G_N_ELEMENTS (titles));
  guint64 n_frames = 0, n_mapped = 0;

  for (guint i = first; i < end; i++)
    {
      n_frames += p2v_survey_get_cell (survey, i)->n_frames;
      n_mapped += p2v_survey_get_cell (survey, i)->n_mapped;
    }
  texts[0] = g_strdup_printf ("0x%" PRIx64, p2v_survey_get_cell (survey, first)->start_pa);
  texts[1] = g_strdup_printf ("0x%" PRIx64, p2v_survey_get_cell (survey, end - 1)->end_pa - 1);
  texts[2] = g_format_size_full (n_frames * P2V_FRAME_SIZE, G_FORMAT_SIZE_IEC_UNITS);
  texts[3] = g_format_size_full (n_mapped * P2V_FRAME_SIZE, G_FORMAT_SIZE_IEC_UNITS);
  texts[4] = p2v_map_picture_dup_what (picture, first);
  return texts;
}

static gboolean
are_alike (const P2vMapPicture *picture,
           guint                a,
           guint                b)
{
  P2vSurvey *survey = p2v_map_picture_get_survey (picture);

  return p2v_map_picture_find_entry (picture, a) == p2v_map_picture_find_entry (picture, b) &&
         p2v_survey_get_cell (survey, a)->kind == p2v_survey_get_cell (survey, b)->kind;
}

void
p2v_map_table_set_picture (P2vMapTable         *self,
                           const P2vMapPicture *picture)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  guint n_cells
    = picture != NULL ? p2v_survey_get_n_cells (p2v_map_picture_get_survey (picture)) : 0;

  g_array_set_size (self->first_cells, 0);
  for (guint first = 0, end; first < n_cells; first = end)
    {
      for (end = first + 1; end < n_cells && are_alike (picture, first, end); end++)
        continue;
      g_ptr_array_add (rows, row_new (picture, first, end));
      g_array_append_val (self->first_cells, first);
    }
  p2v_text_table_set_rows (self->table, rows);
}
