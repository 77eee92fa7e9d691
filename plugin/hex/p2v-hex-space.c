/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-space.h"

#include "p2v-hex-i18n.h"

/* Runs of pages that we take from one process: 96 MiB of them. Page tables that refer to
 * themselves can describe more mappings than any memory holds. */
#define MAX_RUNS (4 * 1024 * 1024)

/* Memory that continues both here and physically. */
typedef struct
{
  guint64     start;
  guint64     length_bytes;
  P2vPhysAddr pa;
} Run;

struct _P2vHexSpace
{
  GObject          parent_instance;

  P2vHexSpaceKind  kind;
  P2vImage        *image;
  P2vSystem       *system;  /* keeps @process; NULL without one */
  P2vProcess      *process;
  P2vHexSpace     *memory;  /* physical memory, of a process's space; NULL otherwise */
  GArray          *runs;    /* of Run, by start, without overlaps; none of a file */
  guint64          size;
};

G_DEFINE_FINAL_TYPE (P2vHexSpace, p2v_hex_space, G_TYPE_OBJECT)

static void
p2v_hex_space_finalize (GObject *object)
{
  P2vHexSpace *self = P2V_HEX_SPACE (object);

  g_clear_object (&self->image);
  g_clear_object (&self->memory);
  g_clear_object (&self->process);
  g_clear_object (&self->system);
  g_clear_pointer (&self->runs, g_array_unref);

  G_OBJECT_CLASS (p2v_hex_space_parent_class)->finalize (object);
}

static void
p2v_hex_space_class_init (P2vHexSpaceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = p2v_hex_space_finalize;
}

static void
p2v_hex_space_init (P2vHexSpace *self)
{
  self->runs = g_array_new (FALSE, FALSE, sizeof (Run));
}

static const Run *
get_run (P2vHexSpace *self,
         guint        index)
{
  return &g_array_index (self->runs, Run, index);
}

/* How many runs begin at or before @position. */
static guint
count_runs_to (P2vHexSpace *self,
               guint64      position)
{
  guint low = 0;
  guint high = self->runs->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      if (get_run (self, middle)->start <= position)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* (nullable): the run that @position is in. */
static const Run *
find_run (P2vHexSpace *self,
          guint64      position)
{
  guint n_runs = count_runs_to (self, position);
  const Run *run = n_runs > 0 ? get_run (self, n_runs - 1) : NULL;

  return run != NULL && position - run->start < run->length_bytes ? run : NULL;
}

/* Positions are signed in a hex view; what it cannot express is left out. FALSE if that is all. */
static gboolean
clip_run (Run *run)
{
  if (run->start > G_MAXINT64)
    return FALSE;
  run->length_bytes = MIN (run->length_bytes, G_MAXINT64 - run->start);
  return run->length_bytes > 0;
}

static void
append_run (P2vHexSpace *self,
            Run          run)
{
  guint n_runs = self->runs->len;
  Run *last = n_runs > 0 ? &g_array_index (self->runs, Run, n_runs - 1) : NULL;

  /* By position, each once: what begins before the end of what is there already is not shown. */
  if (!clip_run (&run) || run.start < self->size)
    return;
  self->size = run.start + run.length_bytes;
  if (last != NULL && last->start + last->length_bytes == run.start
      && last->pa + last->length_bytes == run.pa)
    last->length_bytes += run.length_bytes;
  else
    g_array_append_val (self->runs, run);
}

P2vHexSpace *
p2v_hex_space_new_file (P2vImage *image)
{
  P2vHexSpace *self = g_object_new (P2V_TYPE_HEX_SPACE, NULL);

  self->kind = P2V_HEX_SPACE_FILE;
  self->image = g_object_ref (image);
  self->size = MIN (p2v_image_get_file_size (image), G_MAXINT64);
  return self;
}

P2vHexSpace *
p2v_hex_space_new_physical (P2vImage *image)
{
  P2vHexSpace *self = g_object_new (P2V_TYPE_HEX_SPACE, NULL);
  gsize n_ranges = 0;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);

  self->kind = P2V_HEX_SPACE_PHYSICAL;
  self->image = g_object_ref (image);
  for (gsize i = 0; i < n_ranges; i++)
    append_run (self, (Run){ ranges[i].start_pa, ranges[i].length_bytes, ranges[i].start_pa });
  return self;
}

/* A walk on its way. */
typedef struct
{
  P2vSession   *session;
  P2vHexSpace  *space;
  GCancellable *cancellable;
} Walk;

static void
walk_free (gpointer data)
{
  Walk *walk = data;

  g_object_unref (walk->session);
  g_object_unref (walk->space);
  g_clear_object (&walk->cancellable);
  g_free (walk);
}

static gboolean
take_mapping (const P2vMapping *mapping,
              gpointer          user_data)
{
  Walk *walk = user_data;
  P2vHexSpace *space = walk->space;

  append_run (space, (Run){ mapping->va, mapping->length_bytes, mapping->pa });
  return space->runs->len < MAX_RUNS && !g_cancellable_is_cancelled (walk->cancellable);
}

static void
walk_in_thread (GTask        *task,
                gpointer      source,
                gpointer      task_data,
                GCancellable *cancellable)
{
  Walk *walk = task_data;
  g_autoptr (P2vFilter) filter = p2v_filter_new ();
  GError *error = NULL;

  p2v_filter_add_object_va (filter, p2v_process_get_object_va (walk->space->process));
  if (!p2v_session_foreach_mapping (walk->session, filter, TRUE, take_mapping, walk, cancellable,
                                    &error))
    g_task_return_error (task, error);
  else if (walk->space->runs->len == 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                             /* Translators: a process's name. */
                             _("%s has no memory of its own in the image."),
                             p2v_process_get_name (walk->space->process));
  else
    g_task_return_pointer (task, g_object_ref (walk->space), g_object_unref);
}

void
p2v_hex_space_new_virtual_async (P2vSession          *session,
                                 P2vProcess          *process,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Walk *walk = g_new0 (Walk, 1);

  walk->session = g_object_ref (session);
  walk->space = g_object_new (P2V_TYPE_HEX_SPACE, NULL);
  walk->space->kind = P2V_HEX_SPACE_VIRTUAL;
  walk->space->image = p2v_session_dup_image (session);
  walk->space->memory = p2v_hex_space_new_physical (walk->space->image);
  walk->space->system = p2v_session_dup_system (session);
  walk->space->process = g_object_ref (process);
  walk->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  g_task_set_task_data (task, walk, walk_free);
  g_task_run_in_thread (task, walk_in_thread);
}

P2vHexSpace *
p2v_hex_space_new_virtual_finish (GAsyncResult  *result,
                                  GError       **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

P2vHexSpaceKind
p2v_hex_space_get_kind (P2vHexSpace *self)
{
  return self->kind;
}

P2vProcess *
p2v_hex_space_get_process (P2vHexSpace *self)
{
  return self->process;
}

guint64
p2v_hex_space_get_size (P2vHexSpace *self)
{
  return self->size;
}

gboolean
p2v_hex_space_get_pa (P2vHexSpace *self,
                      guint64      position,
                      P2vPhysAddr *ret_pa)
{
  if (self->kind == P2V_HEX_SPACE_FILE)
    return p2v_image_offset_to_pa (self->image, position, ret_pa);

  const Run *run = find_run (self, position);
  if (run != NULL)
    *ret_pa = run->pa + (position - run->start);
  return run != NULL;
}

gboolean
p2v_hex_space_holds (P2vHexSpace *self,
                     guint64      position)
{
  P2vPhysAddr pa = 0;

  if (self->kind == P2V_HEX_SPACE_FILE)
    return position < self->size;
  return p2v_hex_space_get_pa (self, position, &pa)
         && find_run (self->memory != NULL ? self->memory : self, pa) != NULL;
}

gboolean
p2v_hex_space_get_file_offset (P2vHexSpace *self,
                               guint64      position,
                               guint64     *ret_file_offset)
{
  P2vPhysAddr pa = 0;

  if (self->kind == P2V_HEX_SPACE_FILE)
    {
      *ret_file_offset = position;
      return position < self->size;
    }
  return p2v_hex_space_get_pa (self, position, &pa)
         && p2v_image_pa_to_offset (self->image, pa, ret_file_offset);
}

gboolean
p2v_hex_space_find_pa (P2vHexSpace *self,
                       P2vPhysAddr  pa,
                       guint64     *ret_position)
{
  if (self->kind == P2V_HEX_SPACE_FILE)
    return p2v_image_pa_to_offset (self->image, pa, ret_position);

  for (guint i = 0; i < self->runs->len; i++)
    {
      const Run *run = get_run (self, i);
      if (pa >= run->pa && pa - run->pa < run->length_bytes)
        {
          *ret_position = run->start + (pa - run->pa);
          return TRUE;
        }
    }
  return FALSE;
}

gboolean
p2v_hex_space_get_gap (P2vHexSpace *self,
                       guint64      position,
                       guint64     *ret_start,
                       guint64     *ret_end)
{
  if (self->kind == P2V_HEX_SPACE_FILE || find_run (self, position) != NULL)
    return FALSE;

  guint n_before = count_runs_to (self, position);
  const Run *before = n_before > 0 ? get_run (self, n_before - 1) : NULL;
  *ret_start = before != NULL ? before->start + before->length_bytes : 0;
  *ret_end = n_before < self->runs->len ? get_run (self, n_before)->start : G_MAXUINT64;
  return TRUE;
}

gboolean
p2v_hex_space_find_edge (P2vHexSpace *self,
                         guint64      position,
                         gboolean     forwards,
                         guint64     *ret_edge)
{
  guint64 start = 0;
  guint64 end = 0;

  if (!p2v_hex_space_get_gap (self, position, &start, &end))
    return FALSE;
  *ret_edge = forwards ? end : start;
  return forwards ? end < p2v_hex_space_get_size (self) : start > 0;
}

gboolean
p2v_hex_space_get_run (P2vHexSpace *self,
                       guint64      position,
                       guint64     *ret_start,
                       guint64     *ret_end)
{
  if (self->kind == P2V_HEX_SPACE_FILE)
    {
      *ret_start = 0;
      *ret_end = self->size;
      return position < self->size;
    }
  if (find_run (self, position) == NULL)
    return FALSE;

  guint first = count_runs_to (self, position) - 1;
  guint last = first;
  while (first > 0
         && get_run (self, first - 1)->start + get_run (self, first - 1)->length_bytes
                == get_run (self, first)->start)
    first--;
  while (last + 1 < self->runs->len
         && get_run (self, last)->start + get_run (self, last)->length_bytes
                == get_run (self, last + 1)->start)
    last++;
  *ret_start = get_run (self, first)->start;
  *ret_end = get_run (self, last)->start + get_run (self, last)->length_bytes;
  return TRUE;
}

/* A page that is mapped, but not in the image, is a hole between others: page by page, then. */
static gboolean
read_run (P2vHexSpace *self,
          P2vPhysAddr  pa,
          guint8      *bytes,
          gsize        n_bytes)
{
  gboolean success = TRUE;
  gsize n_piece = 0;

  for (gsize done = 0; done < n_bytes; done += n_piece)
    {
      n_piece = MIN (n_bytes - done, P2V_FRAME_SIZE - (pa + done) % P2V_FRAME_SIZE);
      P2vReadStatus status = p2v_image_read (self->image, pa + done, bytes + done, n_piece, NULL);
      if (status != P2V_READ_OK)
        memset (bytes + done, 0, n_piece);
      if (status == P2V_READ_FAILED)
        success = FALSE;
    }
  return success;
}

gboolean
p2v_hex_space_read (P2vHexSpace *self,
                    guint64      position,
                    guint8      *bytes,
                    gsize        n_bytes)
{
  gboolean success = TRUE;

  memset (bytes, 0, n_bytes);
  for (guint i = MAX (count_runs_to (self, position), 1) - 1; i < self->runs->len; i++)
    {
      const Run *run = get_run (self, i);
      guint64 start = MAX (run->start, position);
      guint64 end = MIN (run->start + run->length_bytes, position + n_bytes);
      if (run->start >= position + n_bytes)
        break;
      if (start < end
          && !read_run (self, run->pa + (start - run->start), bytes + (start - position),
                        end - start))
        success = FALSE;
    }
  return success;
}
