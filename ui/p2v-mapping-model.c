/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-mapping-model.h"

#include "p2v-row-reader.h"

/* GTK makes widgets for the first 200 rows of a list, at once. Making a row takes about 1 ms, and
 * the next drawing about 0.5 ms for each new one. So we begin with a few, bring what fits on the
 * screen before it is drawn, but in more than one turn of the main loop, add some more for each
 * later drawing, and all the others when no more widgets will be made for them.
 * Source: GTK 4.8 gtklistview.c, GTK_LIST_VIEW_MAX_LIST_ITEMS. */
#define ROWS_PER_STEP 4
#define ROWS_ON_SCREEN 8
#define ROWS_WITH_WIDGETS 256
#define STEP_INTERVAL_MS 17

/* Rows that may be visited on the main thread in one go: some hundred microseconds. */
#define MAX_ROWS_AT_ONCE 2048

struct _P2vMappingModel
{
  GObject       parent_instance;

  P2vSession   *session;
  P2vAnswer    *answer;
  guint         n_rows;        /* that the list has so far */
  guint         n_rows_in_all; /* that it is going to have */
  guint         more_id;
  GHashTable   *slots; /* position -> Slot: the rows that somebody holds */
  P2vRowReader *reader;

  P2vArrangement arrangement;
  GArray       *order; /* guint32: the row at each position; NULL: the answer's order */
  GCancellable *sorting;
};

/* A row that is alive. The model does not hold it; it is told when the row goes. */
typedef struct
{
  P2vMappingModel *model;
  P2vMappingRow   *row;
  guint            position;
} Slot;

enum
{
  ABOUT_TO_CHANGE,
  ARRANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void p2v_mapping_model_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (P2vMappingModel,
                               p2v_mapping_model,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      p2v_mapping_model_list_model_init))

static void
row_gone_cb (gpointer data,
             GObject *where_the_row_was)
{
  Slot *slot = data;

  g_hash_table_steal (slot->model->slots, GUINT_TO_POINTER (slot->position));
  g_free (slot);
}

static void
slot_free (gpointer data)
{
  Slot *slot = data;

  g_object_weak_unref (G_OBJECT (slot->row), row_gone_cb, slot);
  g_free (slot);
}

static guint64
row_of_position (P2vMappingModel *self,
                 guint position)
{
  return self->order != NULL ? g_array_index (self->order, guint32, position) : position;
}

static GType
p2v_mapping_model_get_item_type (GListModel *list)
{
  return P2V_TYPE_MAPPING_ROW;
}

static guint
p2v_mapping_model_get_n_items (GListModel *list)
{
  return P2V_MAPPING_MODEL (list)->n_rows;
}

static gpointer
p2v_mapping_model_get_item (GListModel *list,
                            guint position)
{
  P2vMappingModel *self = P2V_MAPPING_MODEL (list);

  if (position >= self->n_rows)
    return NULL;

  Slot *slot = g_hash_table_lookup (self->slots, GUINT_TO_POINTER (position));
  if (slot != NULL)
    return g_object_ref (slot->row);

  P2vMapping mapping = { 0 };
  p2v_answer_get_row (self->answer, row_of_position (self, position), &mapping);
  slot = g_new0 (Slot, 1);
  slot->model = self;
  slot->row = p2v_mapping_row_new (&mapping);
  slot->position = position;
  g_object_weak_ref (G_OBJECT (slot->row), row_gone_cb, slot);
  g_hash_table_insert (self->slots, GUINT_TO_POINTER (position), slot);
  return slot->row;
}

static void
p2v_mapping_model_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = p2v_mapping_model_get_item_type;
  iface->get_n_items = p2v_mapping_model_get_n_items;
  iface->get_item = p2v_mapping_model_get_item;
}

static void
p2v_mapping_model_dispose (GObject *object)
{
  P2vMappingModel *self = P2V_MAPPING_MODEL (object);

  if (self->sorting != NULL)
    g_cancellable_cancel (self->sorting);
  g_clear_object (&self->sorting);
  g_clear_handle_id (&self->more_id, g_source_remove);
  g_clear_object (&self->reader);
  g_clear_pointer (&self->slots, g_hash_table_unref);
  g_clear_pointer (&self->order, g_array_unref);
  g_clear_pointer (&self->arrangement.filter, p2v_row_filter_unref);
  g_clear_object (&self->answer);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (p2v_mapping_model_parent_class)->dispose (object);
}

static void
p2v_mapping_model_class_init (P2vMappingModelClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_mapping_model_dispose;

  signals[ABOUT_TO_CHANGE] = g_signal_new ("about-to-change", P2V_TYPE_MAPPING_MODEL,
                                           G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ARRANGED] = g_signal_new ("arranged", P2V_TYPE_MAPPING_MODEL, G_SIGNAL_RUN_LAST, 0, NULL,
                                    NULL, NULL, G_TYPE_NONE, 0);
}

static void
p2v_mapping_model_init (P2vMappingModel *self)
{
  self->slots = g_hash_table_new_full (NULL, NULL, NULL, slot_free);
  self->reader = p2v_row_reader_new ();
  self->arrangement.column = P2V_N_COLUMNS;
}

P2vMappingModel *
p2v_mapping_model_new (void)
{
  return g_object_new (P2V_TYPE_MAPPING_MODEL, NULL);
}

static void show_more_soon (P2vMappingModel *self);

static gboolean
show_more_cb (gpointer user_data)
{
  P2vMappingModel *self = user_data;
  guint n_before = self->n_rows;

  self->more_id = 0;
  if (n_before < ROWS_WITH_WIDGETS)
    self->n_rows = MIN (self->n_rows_in_all, n_before + ROWS_PER_STEP);
  else
    self->n_rows = self->n_rows_in_all;
  show_more_soon (self);
  g_list_model_items_changed (G_LIST_MODEL (self), n_before, 0, self->n_rows - n_before);
  return G_SOURCE_REMOVE;
}

static void
show_more_soon (P2vMappingModel *self)
{
  gboolean is_urgent = self->n_rows < ROWS_ON_SCREEN;

  g_clear_handle_id (&self->more_id, g_source_remove);
  if (self->n_rows < self->n_rows_in_all)
    /* What is urgent goes before the next drawing, see GDK_PRIORITY_REDRAW. */
    self->more_id
        = g_timeout_add_full (is_urgent ? G_PRIORITY_HIGH_IDLE : G_PRIORITY_DEFAULT_IDLE,
                              is_urgent ? 0 : STEP_INTERVAL_MS, show_more_cb, self, NULL);
}

/* Forgets the rows that are alive: from now on the positions hold others. */
static void
forget_rows (P2vMappingModel *self)
{
  g_hash_table_remove_all (self->slots);
  p2v_row_reader_reset (self->reader, self->session, self->answer);
}

/* All rows are others from now on. */
static void
replace_rows (P2vMappingModel *self)
{
  guint n_removed = self->n_rows;

  self->n_rows = MIN (self->n_rows_in_all, ROWS_PER_STEP);
  forget_rows (self);
  if (n_removed > 0 || self->n_rows > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, n_removed, self->n_rows);
  show_more_soon (self);
}

/* How many rows there are without a filter. The interface counts in guint, and G_MAXUINT itself
 * means "no such position" to GTK. */
static guint
count_answer_rows (P2vMappingModel *self)
{
  guint64 n_rows = self->answer != NULL ? p2v_answer_get_n_rows (self->answer) : 0;

  return (guint) MIN (n_rows, G_MAXUINT - 1);
}

static void
take_order (P2vMappingModel *self,
            GArray *order)
{
  g_clear_pointer (&self->order, g_array_unref);
  self->order = order;
  self->n_rows_in_all = order != NULL ? order->len : count_answer_rows (self);
}

static gboolean
is_same_order (GArray *a,
               GArray *b)
{
  return a != NULL && a->len == b->len
         && (a->len == 0 || memcmp (a->data, b->data, a->len * sizeof (guint32)) == 0);
}

static void
order_ready_cb (GObject *source,
                GAsyncResult *result,
                gpointer user_data)
{
  g_autoptr (P2vMappingModel) self = user_data;
  GTask *task = G_TASK (result);
  g_autoptr (GArray) order = g_task_propagate_pointer (task, NULL);

  if (order == NULL || g_task_get_cancellable (task) != self->sorting)
    return;

  g_clear_object (&self->sorting);
  if (!is_same_order (self->order, order))
    {
      g_signal_emit (self, signals[ABOUT_TO_CHANGE], 0);
      take_order (self, g_steal_pointer (&order));
      replace_rows (self);
    }
  g_signal_emit (self, signals[ARRANGED], 0);
}

static void
stop_sorting (P2vMappingModel *self)
{
  if (self->sorting != NULL)
    g_cancellable_cancel (self->sorting);
  g_clear_object (&self->sorting);
}

static gboolean
can_arrange (P2vMappingModel *self)
{
  return self->answer != NULL && !p2v_arrangement_is_plain (&self->arrangement)
         && !p2v_mapping_model_is_too_long (self);
}

static void
start_sorting (P2vMappingModel *self)
{
  stop_sorting (self);
  self->sorting = g_cancellable_new ();
  p2v_row_order_new_async (self->session, self->answer, &self->arrangement, self->sorting,
                           order_ready_cb, g_object_ref (self));
}

/* Brings the order up to date: at once for a short answer if all is in memory, later else; until
 * then there are no rows. */
static void
update_order (P2vMappingModel *self)
{
  stop_sorting (self);
  take_order (self, NULL);
  if (!can_arrange (self))
    return;

  if (self->n_rows_in_all <= MAX_ROWS_AT_ONCE
      && !p2v_arrangement_needs_details (&self->arrangement))
    {
      take_order (self, p2v_row_order_new (self->session, self->answer, &self->arrangement, NULL));
      return;
    }
  self->n_rows_in_all = 0;
  start_sorting (self);
}

/* All rows are others, or in other places. */
static void
arrange_anew (P2vMappingModel *self)
{
  update_order (self);
  replace_rows (self);
  if (self->sorting == NULL)
    g_signal_emit (self, signals[ARRANGED], 0);
}

/* Whether the rows that somebody holds are, at their positions, also those of @answer: of the
 * same pages of the same processes. What nobody holds, nobody can miss. */
static gboolean
live_rows_fit (P2vMappingModel *self,
               P2vAnswer *answer)
{
  GHashTableIter iter;
  gpointer value = NULL;

  g_hash_table_iter_init (&iter, self->slots);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Slot *slot = value;
      const P2vMapping *old_row = p2v_mapping_row_get_mapping (slot->row);
      P2vMapping new_row = { 0 };
      p2v_answer_get_row (answer, row_of_position (self, slot->position), &new_row);
      if (old_row->process != new_row.process || old_row->space != new_row.space
          || old_row->va >> P2V_FRAME_SHIFT != new_row.va >> P2V_FRAME_SHIFT
          || old_row->n_addresses != new_row.n_addresses)
        return FALSE;
    }
  return TRUE;
}

/* Whether @answer can be shown by the rows there are: it is about the same frame, from the same
 * index. */
static gboolean
can_keep_rows (P2vMappingModel *self,
               P2vSession *session,
               P2vAnswer *answer)
{
  if (self->session != session || self->answer == NULL || answer == NULL || self->n_rows == 0
      || self->sorting != NULL
      || p2v_answer_get_n_rows (self->answer) != p2v_answer_get_n_rows (answer)
      || p2v_answer_get_pa (self->answer) >> P2V_FRAME_SHIFT
             != p2v_answer_get_pa (answer) >> P2V_FRAME_SHIFT)
    return FALSE;
  /* A sort order, or one that is being made, is only good for the very same rows. */
  if (!p2v_arrangement_is_plain (&self->arrangement)
      && p2v_answer_is_complete (self->answer) != p2v_answer_is_complete (answer))
    return FALSE;
  return live_rows_fit (self, answer);
}

/* Moves the rows that somebody holds to the byte that @answer is about. */
static void
move_rows (P2vMappingModel *self)
{
  GHashTableIter iter;
  gpointer value = NULL;

  p2v_row_reader_reset (self->reader, self->session, self->answer);
  g_hash_table_iter_init (&iter, self->slots);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Slot *slot = value;
      P2vMapping mapping = { 0 };
      p2v_answer_get_row (self->answer, row_of_position (self, slot->position), &mapping);
      p2v_mapping_row_set_mapping (slot->row, &mapping);
      p2v_row_reader_request (self->reader, slot->row);
    }
}

/* Shows @answer, or nothing if it is NULL. An answer about the same page, as it comes while an
 * index is being built or the cursor moves in it, disturbs nothing: neither the selection nor
 * the widgets. */
void
p2v_mapping_model_set_answer (P2vMappingModel *self,
                              P2vSession *session,
                              P2vAnswer *answer)
{
  if (can_keep_rows (self, session, answer))
    {
      gboolean moves = p2v_answer_get_pa (self->answer) != p2v_answer_get_pa (answer);
      g_set_object (&self->answer, answer);
      if (moves)
        move_rows (self);
      /* Another byte's address and place in its region may be what is filtered by. */
      if (moves && self->arrangement.filter != NULL && can_arrange (self))
        start_sorting (self);
      return;
    }

  g_signal_emit (self, signals[ABOUT_TO_CHANGE], 0);
  g_set_object (&self->session, session);
  g_set_object (&self->answer, answer);
  arrange_anew (self);
}

P2vAnswer *
p2v_mapping_model_get_answer (P2vMappingModel *self)
{
  return self->answer;
}

void
p2v_mapping_model_set_sort (P2vMappingModel *self,
                            P2vColumnId column,
                            gboolean descending)
{
  if (self->arrangement.column == column && self->arrangement.descending == descending)
    return;

  g_signal_emit (self, signals[ABOUT_TO_CHANGE], 0);
  self->arrangement.column = column;
  self->arrangement.descending = descending;
  arrange_anew (self);
}

void
p2v_mapping_model_set_filter (P2vMappingModel *self,
                              P2vRowFilter *filter)
{
  if (self->arrangement.filter == NULL && filter == NULL)
    return;

  g_signal_emit (self, signals[ABOUT_TO_CHANGE], 0);
  g_clear_pointer (&self->arrangement.filter, p2v_row_filter_unref);
  self->arrangement.filter = filter != NULL ? p2v_row_filter_ref (filter) : NULL;
  arrange_anew (self);
}

gboolean
p2v_mapping_model_get_n_arranged (P2vMappingModel *self,
                                  guint *ret_n_rows)
{
  *ret_n_rows = self->n_rows_in_all;
  return self->sorting == NULL;
}

gboolean
p2v_mapping_model_is_too_long (P2vMappingModel *self)
{
  return self->answer != NULL && p2v_answer_get_n_rows (self->answer) > P2V_ROW_ORDER_MAX_ROWS;
}

GArray *
p2v_mapping_model_dup_order (P2vMappingModel *self)
{
  return self->order != NULL ? g_array_ref (self->order) : NULL;
}

void
p2v_mapping_model_request (P2vMappingModel *self,
                           P2vMappingRow *row)
{
  p2v_row_reader_request (self->reader, row);
}

void
p2v_mapping_model_forget (P2vMappingModel *self,
                          P2vMappingRow *row)
{
  p2v_row_reader_forget (self->reader, row);
}

gboolean
p2v_mapping_model_find (P2vMappingModel *self,
                        const P2vMapping *mapping,
                        guint *ret_position)
{
  for (guint i = 0; i < MIN (self->n_rows, MAX_ROWS_AT_ONCE); i++)
    {
      P2vMapping other = { 0 };
      p2v_answer_get_row (self->answer, row_of_position (self, i), &other);
      if (other.process == mapping->process
          && other.va >> P2V_FRAME_SHIFT == mapping->va >> P2V_FRAME_SHIFT)
        {
          *ret_position = i;
          return TRUE;
        }
    }
  return FALSE;
}

guint
p2v_mapping_model_get_n_live_rows (P2vMappingModel *self)
{
  return g_hash_table_size (self->slots);
}
