/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-sharing-matrix.h"

#include "p2v-hue.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#define NO_PAIR G_MAXUINT

/* In logical pixels. Names are left out below the size at which they can be read. */
#define LABEL_WIDTH     150
#define MIN_CELL_SIZE   4
#define MAX_CELL_SIZE   20
#define LABEL_CELL_SIZE 11

/* An address space in the picture. */
typedef struct
{
  P2vAddressSpace *space;
  guint64          n_pages;    /* in all its pairs */
} Member;

struct _P2vSharingMatrix
{
  GtkWidget   parent_instance;

  P2vSharing *sharing;
  GArray     *members;         /* Member, most pages first */
  guint       n_all;
  guint      *pairs;           /* members->len squared: a pair's position, or NO_PAIR */
  guint64     most_pages;      /* of a pair */
  guint       focus_row;
  guint       focus_column;
};

enum
{
  PAIR_CHOSEN,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (P2vSharingMatrix, p2v_sharing_matrix, GTK_TYPE_WIDGET)

/* The process that stands for an address space. */
static P2vProcess *
get_process (P2vAddressSpace *space)
{
  return p2v_address_space_get_owner (space, 0);
}

static char *
dup_name (P2vAddressSpace *space)
{
  P2vProcess *process = get_process (space);

  return g_strdup_printf ("%s (%" PRId64 ")", p2v_process_get_name (process),
                          p2v_process_get_pid (process));
}

char *
p2v_sharing_dup_pair_text (P2vSharing *sharing,
                           guint       pair)
{
  P2vSharedPair shared;

  p2v_sharing_get_pair (sharing, pair, &shared);
  g_autofree char *a = dup_name (shared.a), *b = dup_name (shared.b);
  /* Translators: two processes, each as "name (pid)", then numbers of pages. */
  return g_strdup_printf (ngettext ("%s and %s share %" PRIu64 " page; writable by both: %" PRIu64
                                    "; writable by one and executable by the other: %" PRIu64,
                                    "%s and %s share %" PRIu64
                                    " pages; writable by both: %" PRIu64
                                    "; writable by one and executable by the other: %" PRIu64,
                                    (gulong) shared.n_pages),
                          a, b, shared.n_pages, shared.n_writable, shared.n_executable);
}

static guint
get_cell_size (P2vSharingMatrix *self)
{
  int width = gtk_widget_get_width (GTK_WIDGET (self)) - LABEL_WIDTH;
  int size = MIN (width, gtk_widget_get_height (GTK_WIDGET (self)));
  guint n = self->members->len;

  return n == 0 || size <= 0 ? MIN_CELL_SIZE
                             : CLAMP ((guint) size / n, MIN_CELL_SIZE, MAX_CELL_SIZE);
}

static guint
get_pair (P2vSharingMatrix *self,
          guint             row,
          guint             column)
{
  return self->pairs[row * self->members->len + column];
}

/* Columns run from the labels on, which stand at the side where a line begins. */
static double
get_column_x (P2vSharingMatrix *self,
              guint             column,
              guint             size)
{
  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    return gtk_widget_get_width (GTK_WIDGET (self)) - LABEL_WIDTH - (double) (column + 1) * size;
  return LABEL_WIDTH + (double) column * size;
}

static gboolean
find_cell (P2vSharingMatrix *self,
           double            x,
           double            y,
           guint            *ret_row,
           guint            *ret_column)
{
  guint size = get_cell_size (self), n = self->members->len;
  double distance = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL
                        ? gtk_widget_get_width (GTK_WIDGET (self)) - LABEL_WIDTH - x
                        : x - LABEL_WIDTH;

  if (distance < 0 || y < 0 || distance >= (double) n * size || y >= (double) n * size)
    return FALSE;
  *ret_row = (guint) y / size;
  *ret_column = (guint) distance / size;
  return TRUE;
}

/* The shade grows with the logarithm, for a C library and one page are in the same picture. */
static double
get_shade (P2vSharingMatrix *self,
           guint64           n_pages)
{
  return 0.12 + 0.78 * g_bit_storage (n_pages) / g_bit_storage (self->most_pages);
}

static void
draw_cell (P2vSharingMatrix *self,
           cairo_t          *cr,
           const GdkRGBA    *ink,
           guint             row,
           guint             column,
           guint             size)
{
  double x = get_column_x (self, column, size), y = (double) row * size;
  double middle_x = x + size / 2.0, middle_y = y + size / 2.0;
  guint pair = get_pair (self, row, column);
  P2vSharedPair shared;

  if (pair == NO_PAIR)
    return;
  p2v_sharing_get_pair (self->sharing, pair, &shared);
  cairo_set_source_rgba (cr, 0.21, 0.52, 0.89, get_shade (self, shared.n_pages));
  cairo_rectangle (cr, x, y, size - 1, size - 1);
  cairo_fill (cr);
  gdk_cairo_set_source_rgba (cr, ink);
  if (shared.n_writable > 0)
    {
      cairo_arc (cr, middle_x, middle_y, size / 6.0, 0, 2 * G_PI);
      cairo_fill (cr);
    }
  if (shared.n_executable > 0)
    {
      cairo_arc (cr, middle_x, middle_y, size / 3.0, 0, 2 * G_PI);
      cairo_set_line_width (cr, MAX (1, size / 10.0));
      cairo_stroke (cr);
    }
}

static void
append_label (P2vSharingMatrix *self,
              GtkSnapshot      *snapshot,
              const GdkRGBA    *ink,
              guint             row,
              guint             size)
{
  g_autofree char *name = dup_name (g_array_index (self->members, Member, row).space);
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), name);
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  PangoRectangle area;
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

  pango_attr_list_insert (attributes, pango_attr_size_new_absolute ((int) MIN (size - 1, 12) *
                                                                    PANGO_SCALE));
  pango_layout_set_attributes (layout, attributes);
  pango_layout_set_width (layout, (LABEL_WIDTH - 6) * PANGO_SCALE);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_MIDDLE);
  /* Next to the cells, whichever direction the name itself has. */
  pango_layout_get_pixel_extents (layout, NULL, &area);
  float left = mirrored
                   ? (float) (gtk_widget_get_width (GTK_WIDGET (self)) - LABEL_WIDTH + 6 - area.x)
                   : (float) (LABEL_WIDTH - 6 - area.x - area.width);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (left, (float) (row * size)));
  gtk_snapshot_append_layout (snapshot, layout, ink);
  gtk_snapshot_restore (snapshot);
}

static void
append_focus (P2vSharingMatrix *self,
              GtkSnapshot      *snapshot,
              const GdkRGBA    *ink,
              guint             size)
{
  GskRoundedRect outline;
  const float widths[] = { 2, 2, 2, 2 };
  const GdkRGBA colours[] = { *ink, *ink, *ink, *ink };

  gsk_rounded_rect_init_from_rect (
    &outline,
    &GRAPHENE_RECT_INIT ((float) get_column_x (self, self->focus_column, size) - 1,
                         (float) (self->focus_row * size) - 1, (float) size + 1, (float) size + 1),
    0);
  gtk_snapshot_append_border (snapshot, &outline, widths, colours);
}

static void
p2v_sharing_matrix_snapshot (GtkWidget   *widget,
                             GtkSnapshot *snapshot)
{
  P2vSharingMatrix *self = P2V_SHARING_MATRIX (widget);
  guint n = self->members->len, size = get_cell_size (self);
  GdkRGBA ink;

  if (n == 0)
    return;
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &ink);
  cairo_t *cr = gtk_snapshot_append_cairo (
    snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) gtk_widget_get_width (widget),
                                   (float) gtk_widget_get_height (widget)));
  for (guint row = 0; row < n; row++)
    for (guint column = 0; column < n; column++)
      draw_cell (self, cr, &ink, row, column, size);
  cairo_destroy (cr);
  for (guint row = 0; size >= LABEL_CELL_SIZE && row < n; row++)
    append_label (self, snapshot, &ink, row, size);
  append_focus (self, snapshot, &ink, size);
}

static void
p2v_sharing_matrix_measure (GtkWidget      *widget,
                            GtkOrientation  orientation,
                            int             for_size,
                            int            *minimum,
                            int            *natural,
                            int            *minimum_baseline,
                            int            *natural_baseline)
{
  P2vSharingMatrix *self = P2V_SHARING_MATRIX (widget);
  int n = (int) MAX (self->members->len, 1);
  int labels = orientation == GTK_ORIENTATION_HORIZONTAL ? LABEL_WIDTH : 0;

  *minimum = labels + n * MIN_CELL_SIZE;
  *natural = labels + n * MAX_CELL_SIZE;
}

/* (transfer full): what the cell tells. */
static char *
dup_cell_text (P2vSharingMatrix *self,
               guint             row,
               guint             column)
{
  guint pair = get_pair (self, row, column);

  if (pair != NO_PAIR)
    return p2v_sharing_dup_pair_text (self->sharing, pair);
  g_autofree char *a = dup_name (g_array_index (self->members, Member, row).space);
  g_autofree char *b = dup_name (g_array_index (self->members, Member, column).space);
  if (row == column)
    return g_steal_pointer (&a);
  /* Translators: two processes, each as "name (pid)". */
  return g_strdup_printf (_ ("%s and %s share nothing"), a, b);
}

static gboolean
p2v_sharing_matrix_query_tooltip (GtkWidget  *widget,
                                  int         x,
                                  int         y,
                                  gboolean    keyboard_mode,
                                  GtkTooltip *tooltip)
{
  P2vSharingMatrix *self = P2V_SHARING_MATRIX (widget);
  guint row = self->focus_row, column = self->focus_column;

  if (self->members->len == 0 || (!keyboard_mode && !find_cell (self, x, y, &row, &column)))
    return FALSE;
  g_autofree char *text = dup_cell_text (self, row, column);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static void
choose (P2vSharingMatrix *self,
        guint             row,
        guint             column)
{
  self->focus_row = row;
  self->focus_column = column;
  g_autofree char *text = dup_cell_text (self, row, column);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (get_pair (self, row, column) != NO_PAIR)
    g_signal_emit (self, signals[PAIR_CHOSEN], 0, get_pair (self, row, column));
}

static void
pressed_cb (P2vSharingMatrix *self,
            int               n_presses,
            double            x,
            double            y)
{
  guint row, column;

  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (find_cell (self, x, y, &row, &column))
    choose (self, row, column);
}

static gboolean
key_pressed_cb (P2vSharingMatrix *self,
                guint             keyval)
{
  int right = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL ? -1 : 1;
  const struct
  {
    guint keyval;
    int   rows;
    int   columns;
  } keys[] = {
    { GDK_KEY_Right, 0, right },
    { GDK_KEY_Left, 0, -right },
    { GDK_KEY_Down, 1, 0 },
    { GDK_KEY_Up, -1, 0 },
  };
  int last = (int) self->members->len - 1;

  for (gsize i = 0; last >= 0 && i < G_N_ELEMENTS (keys); i++)
    if (keys[i].keyval == keyval)
      {
        choose (self, (guint) CLAMP ((int) self->focus_row + keys[i].rows, 0, last),
                (guint) CLAMP ((int) self->focus_column + keys[i].columns, 0, last));
        return TRUE;
      }
  return FALSE;
}

static void
p2v_sharing_matrix_finalize (GObject *object)
{
  P2vSharingMatrix *self = P2V_SHARING_MATRIX (object);

  g_array_unref (self->members);
  g_free (self->pairs);
  G_OBJECT_CLASS (p2v_sharing_matrix_parent_class)->finalize (object);
}

static void
p2v_sharing_matrix_class_init (P2vSharingMatrixClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = p2v_sharing_matrix_finalize;
  widget_class->snapshot = p2v_sharing_matrix_snapshot;
  widget_class->measure = p2v_sharing_matrix_measure;
  widget_class->query_tooltip = p2v_sharing_matrix_query_tooltip;
  gtk_widget_class_set_css_name (widget_class, "p2vsharingmatrix");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  /* The pair's position in the sharing. */
  signals[PAIR_CHOSEN] = g_signal_new ("pair-chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                       0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
p2v_sharing_matrix_init (P2vSharingMatrix *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkGesture *click = gtk_gesture_click_new ();
  GtkEventController *key = gtk_event_controller_key_new ();

  self->members = g_array_new (FALSE, FALSE, sizeof (Member));
  gtk_widget_set_focusable (widget, TRUE);
  gtk_widget_set_has_tooltip (widget, TRUE);
  gtk_widget_set_hexpand (widget, TRUE);
  gtk_widget_set_vexpand (widget, TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Which processes share memory"), -1);
  g_signal_connect_swapped (click, "pressed", G_CALLBACK (pressed_cb), self);
  g_signal_connect_swapped (key, "key-pressed", G_CALLBACK (key_pressed_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
  gtk_widget_add_controller (widget, key);
}

GtkWidget *
p2v_sharing_matrix_new (void)
{
  return g_object_new (P2V_TYPE_SHARING_MATRIX, NULL);
}

static int
compare_members (gconstpointer a,
                 gconstpointer b)
{
  guint64 x = ((const Member *) a)->n_pages, y = ((const Member *) b)->n_pages;

  return (x < y) - (x > y);
}

/* The position of a space among the members, which are few. */
static guint
find_member (P2vSharingMatrix *self,
             P2vAddressSpace  *space)
{
  for (guint i = 0; i < self->members->len; i++)
    if (g_array_index (self->members, Member, i).space == space)
      return i;
  return G_MAXUINT;
}

static void
add_pages (GHashTable      *sums,
           P2vAddressSpace *space,
           guint64          n_pages)
{
  guint64 *sum = g_hash_table_lookup (sums, space);

  if (sum == NULL)
    {
      sum = g_new0 (guint64, 1);
      g_hash_table_insert (sums, space, sum);
    }
  *sum += n_pages;
}

static void
list_members (P2vSharingMatrix *self)
{
  g_autoptr (GHashTable) sums = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  GHashTableIter iter;
  gpointer space, sum;

  g_array_set_size (self->members, 0);
  self->most_pages = 1;
  for (guint i = 0; self->sharing != NULL && i < p2v_sharing_get_n_pairs (self->sharing); i++)
    {
      P2vSharedPair pair;
      p2v_sharing_get_pair (self->sharing, i, &pair);
      add_pages (sums, pair.a, pair.n_pages);
      add_pages (sums, pair.b, pair.n_pages);
      self->most_pages = MAX (self->most_pages, pair.n_pages);
    }
  g_hash_table_iter_init (&iter, sums);
  while (g_hash_table_iter_next (&iter, &space, &sum))
    {
      Member member = { space, *(guint64 *) sum };
      g_array_append_val (self->members, member);
    }
  self->n_all = self->members->len;
  g_array_sort (self->members, compare_members);
  g_array_set_size (self->members, MIN (self->n_all, P2V_SHARING_MATRIX_MAX_SPACES));
}

void
p2v_sharing_matrix_set_sharing (P2vSharingMatrix *self,
                                P2vSharing       *sharing)
{
  self->sharing = sharing;
  list_members (self);
  guint n = self->members->len;
  g_free (self->pairs);
  self->pairs = g_new (guint, (gsize) n * n);
  for (guint i = 0; i < n * n; i++)
    self->pairs[i] = NO_PAIR;
  for (guint i = 0; sharing != NULL && i < p2v_sharing_get_n_pairs (sharing); i++)
    {
      P2vSharedPair pair;
      p2v_sharing_get_pair (sharing, i, &pair);
      guint a = find_member (self, pair.a), b = find_member (self, pair.b);
      if (a < n && b < n)
        self->pairs[a * n + b] = self->pairs[b * n + a] = i;
    }
  self->focus_row = self->focus_column = 0;
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

guint
p2v_sharing_matrix_get_n_shown (P2vSharingMatrix *self,
                                guint            *ret_n_all)
{
  *ret_n_all = self->n_all;
  return self->members->len;
}
