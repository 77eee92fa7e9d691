/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-tip.h"

#include "p2v-hex-i18n.h"
#include <inttypes.h>

/* More would be a table, and there is one below. */
#define MAX_ROWS 5
#define MAX_REGION_CHARS 60

typedef struct
{
  P2vMapping mapping;
  char      *rights; /* NULL: not read */
  char      *region;
} Row;

struct _P2vHexTip
{
  GObject      parent_instance;

  P2vSession  *session;
  P2vAnswer   *answer; /* keeps the owners */
  Row          rows[MAX_ROWS];
  guint        n_rows;
  char        *use;    /* of a frame that nobody maps; NULL: not known */
  GtkWidget   *widget; /* that shows it; weak */
};

G_DEFINE_FINAL_TYPE (P2vHexTip, p2v_hex_tip, G_TYPE_OBJECT)

/* What a thread reads. Nobody else looks at it meanwhile. */
typedef struct
{
  P2vSession *session;
  P2vAnswer  *answer;
  Row         rows[MAX_ROWS];
  guint       n_rows;
  char       *use;
} Reading;

static void
clear_rows (Row   *rows,
            guint  n_rows)
{
  for (guint i = 0; i < n_rows; i++)
    {
      g_clear_pointer (&rows[i].rights, g_free);
      g_clear_pointer (&rows[i].region, g_free);
    }
}

static void
p2v_hex_tip_finalize (GObject *object)
{
  P2vHexTip *self = P2V_HEX_TIP (object);

  g_clear_weak_pointer (&self->widget);
  clear_rows (self->rows, self->n_rows);
  g_free (self->use);
  g_clear_object (&self->answer);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (p2v_hex_tip_parent_class)->finalize (object);
}

static void
p2v_hex_tip_class_init (P2vHexTipClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = p2v_hex_tip_finalize;
}

static void
p2v_hex_tip_init (P2vHexTip *self)
{
}

P2vHexTip *
p2v_hex_tip_new (P2vSession  *session,
                 P2vPhysAddr  pa)
{
  P2vHexTip *self = g_object_new (P2V_TYPE_HEX_TIP, NULL);

  self->session = g_object_ref (session);
  self->answer = p2v_session_lookup (session, pa, NULL);
  if (self->answer == NULL)
    return self;
  self->n_rows = (guint) MIN (p2v_answer_get_n_rows (self->answer), MAX_ROWS);
  for (guint i = 0; i < self->n_rows; i++)
    p2v_answer_get_row (self->answer, i, &self->rows[i].mapping);
  return self;
}

P2vPhysAddr
p2v_hex_tip_get_pa (P2vHexTip *self)
{
  return self->answer != NULL ? p2v_answer_get_pa (self->answer) : 0;
}

gboolean
p2v_hex_tip_is_complete (P2vHexTip *self)
{
  return self->answer != NULL && p2v_answer_is_complete (self->answer);
}

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  clear_rows (reading->rows, reading->n_rows);
  g_free (reading->use);
  g_object_unref (reading->answer);
  g_object_unref (reading->session);
  g_free (reading);
}

static void
read_in_thread (GTask        *task,
                gpointer      source,
                gpointer      task_data,
                GCancellable *cancellable)
{
  Reading *reading = task_data;

  for (guint i = 0; i < reading->n_rows; i++)
    {
      Row *row = &reading->rows[i];
      /* What cannot be read stays empty; the panel says why. */
      if (!p2v_session_describe (reading->session, &row->mapping, NULL))
        continue;
      row->rights = p2v_rights_to_string (row->mapping.rights);
      row->region = p2v_mapping_dup_region_text (&row->mapping);
    }
  if (p2v_answer_get_absence (reading->answer) == P2V_ABSENCE_UNMAPPED)
    {
      g_autoptr (P2vFrame) frame = p2v_session_describe_frame (
          reading->session, p2v_answer_get_pa (reading->answer), NULL);
      if (frame != NULL && frame->kind != P2V_FRAME_KIND_UNKNOWN)
        reading->use = g_strdup (frame->detail);
    }
  g_task_return_boolean (task, TRUE);
}

static void
add_cell (GtkGrid    *grid,
          const char *text,
          int         column,
          int         row)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_START);
  gtk_label_set_width_chars (GTK_LABEL (label),
                             (int) MIN (g_utf8_strlen (text, -1), MAX_REGION_CHARS));
  gtk_label_set_max_width_chars (GTK_LABEL (label), MAX_REGION_CHARS);
  gtk_grid_attach (grid, label, column, row, 1, 1);
}

static void
add_row (GtkGrid   *grid,
         const Row *row,
         int        position)
{
  P2vProcess *process = row->mapping.process;
  /* Translators: the name of a process, and its number. */
  g_autofree char *owner = g_strdup_printf (_("%s (%" PRId64 ")"), p2v_process_get_name (process),
                                            p2v_process_get_pid (process));
  g_autofree char *va = g_strdup_printf ("0x%" PRIx64, row->mapping.va);

  add_cell (grid, owner, 0, position);
  add_cell (grid, va, 1, position);
  add_cell (grid, row->rights != NULL ? row->rights : "", 2, position);
  add_cell (grid, row->region != NULL ? row->region : "", 3, position);
}

/* What there is to say without a row. */
static char *
dup_absence (P2vHexTip *self)
{
  if (self->answer == NULL)
    return g_strdup (_("No operating system is known yet"));
  switch (p2v_answer_get_absence (self->answer))
    {
    case P2V_ABSENCE_NOT_IN_IMAGE:
      return g_strdup (_("Not in the image"));
    case P2V_ABSENCE_NOT_YET:
      return g_strdup (_("Nobody so far"));
    case P2V_ABSENCE_UNMAPPED:
      if (self->use != NULL)
        /* Translators: what a frame is: "the page-table root of bash (812)". */
        return g_strdup_printf (_("Nobody maps this frame. It is %s."), self->use);
      return g_strdup (_("Nobody maps this frame"));
    case P2V_ABSENCE_NONE:
    case P2V_ABSENCE_FILTERED:
    default:
      return NULL;
    }
}

/* The last line: how many more, and where it is. */
static char *
dup_place (P2vHexTip *self)
{
  P2vPhysAddr pa = p2v_hex_tip_get_pa (self);
  guint64 n_all = p2v_answer_get_n_rows (self->answer);
  guint64 file_offset = 0;
  GString *text = g_string_new (NULL);

  if (n_all > self->n_rows)
    {
      guint64 n_more = n_all - self->n_rows;
      g_string_append_printf (text,
                              g_dngettext (GETTEXT_PACKAGE, "and %" PRIu64 " more",
                                           "and %" PRIu64 " more", n_more),
                              n_more);
      g_string_append (text, " · ");
    }
  g_string_append_printf (text, _("physical 0x%" PRIx64), pa);
  if (p2v_answer_get_file_offset (self->answer, &file_offset))
    {
      g_string_append (text, " · ");
      g_string_append_printf (text, _("file offset 0x%" PRIx64), file_offset);
    }
  return g_string_free (text, FALSE);
}

static void
fill_widget (P2vHexTip *self)
{
  GtkBox *box = GTK_BOX (self->widget);
  GtkWidget *grid = gtk_grid_new ();
  g_autofree char *absence = dup_absence (self);

  while (gtk_widget_get_first_child (self->widget) != NULL)
    gtk_box_remove (box, gtk_widget_get_first_child (self->widget));
  gtk_grid_set_column_spacing (GTK_GRID (grid), 12);
  gtk_box_append (box, grid);
  for (guint i = 0; i < self->n_rows; i++)
    add_row (GTK_GRID (grid), &self->rows[i], (int) i);
  if (absence != NULL)
    add_cell (GTK_GRID (grid), absence, 0, 0);
  if (self->answer == NULL)
    return;
  g_autofree char *place = dup_place (self);
  GtkWidget *label = gtk_label_new (place);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "dim-label");
  gtk_box_append (box, label);
}

GtkWidget *
p2v_hex_tip_new_widget (P2vHexTip *self)
{
  g_set_weak_pointer (&self->widget, gtk_box_new (GTK_ORIENTATION_VERTICAL, 3));
  fill_widget (self);
  return self->widget;
}

static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  P2vHexTip *self = g_task_get_source_object (task);
  Reading *reading = g_task_get_task_data (G_TASK (result));

  clear_rows (self->rows, self->n_rows);
  memcpy (self->rows, reading->rows, sizeof self->rows);
  memset (reading->rows, 0, sizeof reading->rows);
  g_free (self->use);
  self->use = g_steal_pointer (&reading->use);
  /* GTK can be asked to ask again, but up to 4.8 it then takes the pointer to be elsewhere, by the
   * shadow of the window. */
  if (self->widget != NULL)
    fill_widget (self);
  g_task_return_boolean (task, TRUE);
}

void
p2v_hex_tip_read_async (P2vHexTip           *self,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  GTask *told = g_task_new (self, NULL, callback, user_data);
  Reading *reading = g_new0 (Reading, 1);

  if (self->answer == NULL)
    {
      g_task_return_boolean (told, TRUE);
      g_object_unref (told);
      g_free (reading);
      return;
    }
  reading->session = g_object_ref (self->session);
  reading->answer = g_object_ref (self->answer);
  reading->n_rows = self->n_rows;
  for (guint i = 0; i < self->n_rows; i++)
    reading->rows[i].mapping = self->rows[i].mapping;
  /* The task of the thread has no source object: it would drop its reference there. */
  g_autoptr (GTask) task = g_task_new (NULL, NULL, read_cb, told);
  g_task_set_task_data (task, reading, reading_free);
  g_task_run_in_thread (task, read_in_thread);
}
