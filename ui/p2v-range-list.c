/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-range-list.h"

#include "p2v-text-table.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

static const char *const titles[] = {
  N_ ("Virtual address"),
  N_ ("Rights"),
  /* Translators: heading: the virtual address in the other of two processes. */
  N_ ("In the other"),
  N_ ("Rights"),
  N_ ("Size"),
  N_ ("What"),
  NULL,
};

/* More rows than anybody reads; the export has all. */
#define MAX_ROWS 20000

struct _P2vRangeList
{
  GtkWidget     parent_instance;

  P2vTextTable *table;
};

G_DEFINE_FINAL_TYPE (P2vRangeList, p2v_range_list, GTK_TYPE_WIDGET)

/* (transfer full): the cells of a row. */
static GStrv
row_new (const P2vSharedRange *range)
{
  GStrv cells = g_new0 (char *, G_N_ELEMENTS (titles));

  cells[0] = g_strdup_printf ("0x%" PRIx64, range->a_va);
  cells[1] = p2v_rights_to_string (range->a_rights);
  cells[2] = g_strdup_printf ("0x%" PRIx64, range->b_va);
  cells[3] = p2v_rights_to_string (range->b_rights);
  cells[4] = g_format_size_full (range->length_bytes, G_FORMAT_SIZE_IEC_UNITS);
  cells[5] = g_strdup (range->what);
  return cells;
}

static void
p2v_range_list_dispose (GObject *object)
{
  P2vRangeList *self = P2V_RANGE_LIST (object);

  if (self->table != NULL)
    gtk_widget_unparent (GTK_WIDGET (self->table));
  self->table = NULL;
  G_OBJECT_CLASS (p2v_range_list_parent_class)->dispose (object);
}

static void
p2v_range_list_class_init (P2vRangeListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_range_list_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
p2v_range_list_init (P2vRangeList *self)
{
  self->table = P2V_TEXT_TABLE (p2v_text_table_new (_ ("Shared ranges"), titles));
  gtk_widget_set_parent (GTK_WIDGET (self->table), GTK_WIDGET (self));
}

GtkWidget *
p2v_range_list_new (void)
{
  return g_object_new (P2V_TYPE_RANGE_LIST, NULL);
}

void
p2v_range_list_set_ranges (P2vRangeList *self,
                           GArray       *ranges)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);

  for (guint i = 0; ranges != NULL && i < MIN (ranges->len, MAX_ROWS); i++)
    g_ptr_array_add (rows, row_new (&g_array_index (ranges, P2vSharedRange, i)));
  p2v_text_table_set_rows (self->table, rows);
}
