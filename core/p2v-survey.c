/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-survey.h"

#include "index/p2v-frame-pass.h"
#include "os/p2v-system-private.h"
#include "p2v-frame-reader.h"
#include "p2v-session-private.h"

#include <glib/gi18n-lib.h>

/* So many frames of a cell are asked what they are; a picture of a large memory has cells of
 * hundreds, and asking takes a microsecond each. */
#define KINDS_A_CELL 8

/* Cells between two looks at the cancellable. */
#define CELLS_BETWEEN_CHECKS 256

struct _P2vSurvey
{
  gatomicrefcount ref_count;
  P2vSystem      *system;
  guint64         first_frame;
  guint64         n_frames;
  guint64         n_all_frames;
  GArray         *cells;       /* P2vSurveyCell */
  GArray         *owners;      /* P2vSurveyOwner, most frames first */
  guint64         n_shared;
  guint64         n_unmapped;
  guint64         n_sharing[P2V_SHARING_N_CLASSES];
  guint64         n_of_kind[P2V_FRAME_N_KINDS];
};

G_DEFINE_BOXED_TYPE (P2vSurvey, p2v_survey, p2v_survey_ref, p2v_survey_unref)

/* While a survey is made. The arrays have an element a space. */
typedef struct
{
  P2vSurvey         *survey;
  P2vReverseMap     *map;
  P2vFramePass       pass;
  P2vFrameReader    *reader;   /* NULL: kinds are not wanted */
  const P2vFrameRun *run;
  guint64           *n_owned;  /* in all */
  guint64           *n_here;   /* in the cell; all 0 between cells */
  GArray            *here;     /* guint: spaces whose n_here is not 0 */
} Survey;

static P2vSharingClass
get_class (guint64 n_processes)
{
  return n_processes >= 10  ? P2V_SHARING_MANY
         : n_processes >= 3 ? P2V_SHARING_FEW
         : n_processes == 2 ? P2V_SHARING_TWO
                            : P2V_SHARING_ONE;
}

static guint64
count_owners (const Survey *self,
              guint         space)
{
  return p2v_address_space_get_n_owners (p2v_system_get_space (self->survey->system, space));
}

/* Notes a frame that one address space alone has. */
static void
own (Survey *self,
     guint   space)
{
  if (self->n_here[space]++ == 0)
    g_array_append_val (self->here, space);
  self->n_owned[space]++;
}

/* The number of processes that have the frame. */
static guint64
take_entries (Survey              *self,
              const P2vIndexEntry *entries,
              guint64              n_entries)
{
  guint64 n_processes = 0;
  guint last_space = G_MAXUINT, n_spaces = 0;

  for (guint64 i = 0; i < n_entries; i++)
    {
      guint space = p2v_index_entry_space (entries[i]);
      if (space == last_space)
        continue;
      last_space = space;
      n_spaces++;
      n_processes += count_owners (self, space);
    }
  if (n_spaces == 1)
    own (self, last_space);
  return n_processes;
}

static void
take_frame (Survey        *self,
            P2vSurveyCell *cell,
            guint64        pfn,
            guint64        ordinal,
            guint64       *n_sharing)
{
  guint64 n_entries;
  gboolean is_flooded;
  const P2vIndexEntry *entries =
    p2v_frame_pass_get (&self->pass, pfn, ordinal, &n_entries, &is_flooded);
  guint64 n_processes = take_entries (self, entries, n_entries);

  if (n_processes == 0)
    {
      self->survey->n_unmapped++;
      return;
    }
  cell->n_mapped++;
  n_sharing[get_class (n_processes)]++;
  if (n_processes > 1)
    {
      cell->n_shared++;
      self->survey->n_shared++;
    }
}

/* Chooses the cell's owner and forgets who is here. */
static void
choose_owner (Survey        *self,
              P2vSurveyCell *cell)
{
  for (guint i = 0; i < self->here->len; i++)
    {
      guint space = g_array_index (self->here, guint, i);
      if (self->n_here[space] > cell->n_owned)
        {
          cell->n_owned = self->n_here[space];
          cell->owner = p2v_system_get_space (self->survey->system, space);
        }
      self->n_here[space] = 0;
    }
  g_array_set_size (self->here, 0);
}

/* The frame number of an ordinal. Ordinals come in ascending order. */
static guint64
get_pfn (Survey  *self,
         guint64  ordinal)
{
  const P2vFrameSet *frames = self->map->frames;

  while (self->run + 1 < frames->runs + frames->n_runs && ordinal >= self->run[1].first_ordinal)
    self->run++;
  return self->run->first_pfn + (ordinal - self->run->first_ordinal);
}

static void
take_frames (Survey        *self,
             P2vSurveyCell *cell,
             guint64        first_ordinal)
{
  guint64 n_sharing[P2V_SHARING_N_CLASSES] = { 0 };

  for (guint64 i = 0; i < cell->n_frames; i++)
    {
      guint64 pfn = get_pfn (self, first_ordinal + i);
      if (i == 0)
        cell->start_pa = pfn << P2V_FRAME_SHIFT;
      cell->end_pa = (pfn + 1) << P2V_FRAME_SHIFT;
      take_frame (self, cell, pfn, first_ordinal + i, n_sharing);
    }
  choose_owner (self, cell);
  for (guint i = 0; i < P2V_SHARING_N_CLASSES; i++)
    {
      self->survey->n_sharing[i] += n_sharing[i];
      if (n_sharing[i] > n_sharing[cell->sharing])
        cell->sharing = i;
    }
}

/* Asks some frames of the cell what they are: all of a small one, a few of a large one, which then
 * stand for the others. */
static gboolean
read_kinds (Survey         *self,
            P2vSurveyCell  *cell,
            guint64         first_ordinal,
            GError        **error)
{
  guint64 n_asked = MIN (cell->n_frames, KINDS_A_CELL);
  guint64 n_of_kind[P2V_FRAME_N_KINDS] = { 0 };

  for (guint64 i = 0; i < n_asked; i++)
    {
      guint64 from = cell->n_frames * i / n_asked, to = cell->n_frames * (i + 1) / n_asked;
      P2vFrame frame;
      if (!p2v_frame_reader_read (self->reader,
                                  get_pfn (self, first_ordinal + from) << P2V_FRAME_SHIFT, &frame,
                                  error))
        return FALSE;
      n_of_kind[frame.kind] += to - from;
    }
  for (guint i = 0; i < P2V_FRAME_N_KINDS; i++)
    {
      self->survey->n_of_kind[i] += n_of_kind[i];
      if (n_of_kind[i] > n_of_kind[cell->kind])
        cell->kind = i;
    }
  return TRUE;
}

static gboolean
take_cell (Survey   *self,
           guint64   first,
           guint64   end,
           GError  **error)
{
  P2vSurveyCell cell = { .n_frames = end - first };
  const P2vFrameRun *run = self->run;

  take_frames (self, &cell, first);
  /* The frames are gone through a second time. */
  self->run = run;
  if (self->reader != NULL && !read_kinds (self, &cell, first, error))
    return FALSE;
  g_array_append_val (self->survey->cells, cell);
  return TRUE;
}

static int
compare_owners (gconstpointer a,
                gconstpointer b)
{
  guint64 x = ((const P2vSurveyOwner *) a)->n_frames, y = ((const P2vSurveyOwner *) b)->n_frames;

  return (x < y) - (x > y);
}

static void
list_owners (Survey *self)
{
  P2vSurvey *survey = self->survey;

  for (guint i = 0; i < p2v_system_get_n_spaces (survey->system); i++)
    {
      P2vSurveyOwner owner = { p2v_system_get_space (survey->system, i), self->n_owned[i] };
      if (owner.n_frames > 0)
        g_array_append_val (survey->owners, owner);
    }
  /* Stable, so that equal ones keep the system's order. */
  g_array_sort (survey->owners, compare_owners);
}

static gboolean
take_cells (Survey        *self,
            guint          n_cells,
            GCancellable  *cancellable,
            GError       **error)
{
  P2vSurvey *survey = self->survey;
  guint64 first = survey->first_frame;

  for (guint i = 0; i < n_cells; i++)
    {
      /* In 128 bits, for a hostile header may promise 2^40 frames. */
      guint64 end = survey->first_frame +
                    (guint64) ((unsigned __int128) survey->n_frames * (i + 1) / n_cells);
      if (i % CELLS_BETWEEN_CHECKS == 0 &&
          g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (!take_cell (self, first, end, error))
        return FALSE;
      first = end;
    }
  list_owners (self);
  return TRUE;
}

static P2vSurvey *
survey_alloc (const P2vSessionView *view,
              guint64               first_frame,
              guint64               n_frames)
{
  P2vSurvey *self = g_new0 (P2vSurvey, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->system = g_object_ref (view->system);
  self->n_all_frames = view->map->frames->n_frames;
  self->first_frame = MIN (first_frame, self->n_all_frames);
  self->n_frames = MIN (n_frames, self->n_all_frames - self->first_frame);
  self->cells = g_array_new (FALSE, FALSE, sizeof (P2vSurveyCell));
  self->owners = g_array_new (FALSE, FALSE, sizeof (P2vSurveyOwner));
  return self;
}

/**
 * p2v_survey_new:
 * @session: a session with an index
 * @first_frame: where to begin, counted in frames that the image holds
 * @n_frames: how many frames; cut off at the end of memory, so %G_MAXUINT64 means all
 * @n_cells: into how many cells of nearly equal size to divide them, at least 1
 * @with_kinds: whether to ask what the frames are used for, which reads the image
 * @cancellable: (nullable): cancels it
 * @error: return location for an error
 *
 * Surveys a stretch of memory. There are never more cells than frames. Without kinds 16 million
 * frames take well under a second; with them, some microseconds a cell are added: at most 8
 * frames of a cell are asked. Call it from a thread.
 *
 * Fails with %P2V_QUERY_ERROR_NOT_READY without an index, with %G_IO_ERROR on cancellation or if
 * the image cannot be read.
 *
 * Returns: (transfer full): the survey, or %NULL with @error set
 *
 * Since: 1.0
 */
P2vSurvey *
p2v_survey_new (P2vSession    *session,
                guint64        first_frame,
                guint64        n_frames,
                guint          n_cells,
                gboolean       with_kinds,
                GCancellable  *cancellable,
                GError       **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (session), NULL);
  g_return_val_if_fail (n_cells > 0, NULL);
  g_auto (P2vSessionView) view = p2v_session_view (session);

  if (view.map == NULL)
    {
      g_set_error_literal (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY,
                           _("The index of the image is not complete yet"));
      return NULL;
    }
  g_autoptr (P2vSurvey) survey = survey_alloc (&view, first_frame, n_frames);
  guint n_spaces = p2v_system_get_n_spaces (view.system);
  g_autofree guint64 *n_owned = g_new0 (guint64, n_spaces), *n_here = g_new0 (guint64, n_spaces);
  g_autoptr (GArray) here = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (P2vFrameReader) reader = with_kinds ? p2v_frame_reader_new_for_view (&view) : NULL;
  Survey self = { .survey = survey,
                  .map = view.map,
                  .reader = reader,
                  .run = view.map->frames->runs,
                  .n_owned = n_owned,
                  .n_here = n_here,
                  .here = here };

  /* The kernel, which has nearly all, would own it all. */
  p2v_frame_pass_init (&self.pass, view.map, p2v_system_get_n_user_spaces (view.system));
  gboolean ok = take_cells (&self, (guint) MIN (n_cells, survey->n_frames), cancellable, error);
  p2v_frame_pass_clear (&self.pass);
  return ok ? g_steal_pointer (&survey) : NULL;
}

/**
 * p2v_survey_ref: (skip)
 * @self: a survey
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
P2vSurvey *
p2v_survey_ref (P2vSurvey *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * p2v_survey_unref: (skip)
 * @self: (transfer full): a survey
 *
 * Since: 1.0
 */
void
p2v_survey_unref (P2vSurvey *self)
{
  g_return_if_fail (self != NULL);
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_object (&self->system);
  g_clear_pointer (&self->cells, g_array_unref);
  g_clear_pointer (&self->owners, g_array_unref);
  g_free (self);
}

/**
 * p2v_survey_get_first_frame:
 * @self: a survey
 *
 * Returns: where it begins, in frames that the image holds
 *
 * Since: 1.0
 */
guint64
p2v_survey_get_first_frame (P2vSurvey *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->first_frame;
}

/**
 * p2v_survey_get_n_frames:
 * @self: a survey
 *
 * Returns: how many frames it covers
 *
 * Since: 1.0
 */
guint64
p2v_survey_get_n_frames (P2vSurvey *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->n_frames;
}

/**
 * p2v_survey_get_n_all_frames:
 * @self: a survey
 *
 * Returns: how many frames the image holds
 *
 * Since: 1.0
 */
guint64
p2v_survey_get_n_all_frames (P2vSurvey *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->n_all_frames;
}

/**
 * p2v_survey_get_n_cells:
 * @self: a survey
 *
 * Returns: the number of cells: as asked for, or that of the frames if these are fewer
 *
 * Since: 1.0
 */
guint
p2v_survey_get_n_cells (P2vSurvey *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->cells->len;
}

/**
 * p2v_survey_get_cell:
 * @self: a survey
 * @position: less than p2v_survey_get_n_cells()
 *
 * Returns: (transfer none): the cell
 *
 * Since: 1.0
 */
const P2vSurveyCell *
p2v_survey_get_cell (P2vSurvey *self,
                     guint      position)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (position < self->cells->len, NULL);
  return &g_array_index (self->cells, P2vSurveyCell, position);
}

/**
 * p2v_survey_find_cell:
 * @self: a survey
 * @pa: a physical address
 * @ret_position: (out): the cell that @pa is in
 *
 * Returns: %FALSE if it is in none: before or behind the stretch
 *
 * Since: 1.0
 */
gboolean
p2v_survey_find_cell (P2vSurvey   *self,
                      P2vPhysAddr  pa,
                      guint       *ret_position)
{
  g_return_val_if_fail (self != NULL, FALSE);
  guint low = 0, high = self->cells->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const P2vSurveyCell *cell = &g_array_index (self->cells, P2vSurveyCell, middle);
      if (pa >= cell->start_pa && pa < cell->end_pa)
        {
          *ret_position = middle;
          return TRUE;
        }
      if (pa < cell->start_pa)
        high = middle;
      else
        low = middle + 1;
    }
  return FALSE;
}

/**
 * p2v_survey_get_owners:
 * @self: a survey
 * @ret_n_owners: (out): how many
 *
 * Gets the address spaces that have frames for themselves, those with the most first.
 *
 * Returns: (transfer none) (array length=ret_n_owners): the owners
 *
 * Since: 1.0
 */
const P2vSurveyOwner *
p2v_survey_get_owners (P2vSurvey *self,
                       guint     *ret_n_owners)
{
  g_return_val_if_fail (self != NULL, NULL);
  *ret_n_owners = self->owners->len;
  return (const P2vSurveyOwner *) (gconstpointer) self->owners->data;
}

/**
 * p2v_survey_get_n_shared:
 * @self: a survey
 *
 * Returns: frames that two processes or more map
 *
 * Since: 1.0
 */
guint64
p2v_survey_get_n_shared (P2vSurvey *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->n_shared;
}

/**
 * p2v_survey_get_n_unmapped:
 * @self: a survey
 *
 * Returns: frames that no process maps
 *
 * Since: 1.0
 */
guint64
p2v_survey_get_n_unmapped (P2vSurvey *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->n_unmapped;
}

/**
 * p2v_survey_get_n_sharing:
 * @self: a survey
 * @sharing: by how many processes
 *
 * Returns: frames that so many processes map
 *
 * Since: 1.0
 */
guint64
p2v_survey_get_n_sharing (P2vSurvey       *self,
                          P2vSharingClass  sharing)
{
  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (sharing < P2V_SHARING_N_CLASSES, 0);
  return self->n_sharing[sharing];
}

/**
 * p2v_survey_get_n_of_kind:
 * @self: a survey
 * @kind: a use
 *
 * Gets how many frames are used for that: exact if the cells have at most 8 frames, otherwise an
 * estimate from 8 of each; 0 for all in a survey without kinds.
 *
 * Returns: the number of frames
 *
 * Since: 1.0
 */
guint64
p2v_survey_get_n_of_kind (P2vSurvey    *self,
                          P2vFrameKind  kind)
{
  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (kind < P2V_FRAME_N_KINDS, 0);
  return self->n_of_kind[kind];
}
