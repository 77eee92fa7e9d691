/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/**
 * P2vSharing:
 *
 * Memory that address spaces share.
 *
 * Immutable; readable from any thread.
 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "p2v-sharing-private.h"

#include "os/p2v-system-private.h"

/* Pairs that are kept: of 1,400 address spaces each with each, or 100 MB. */
#define MAX_PAIRS ((guint) 1 << 20)

/* Origins that are counted for a pair; all further ones together. */
#define MAX_PARTS 32

typedef struct
{
  guint32 origin;
  guint64 n_pages;
} Part;

typedef struct
{
  gint64         key;          /* both spaces' numbers */
  P2vSharedPair  shown;
  GArray        *parts;        /* Part, most pages first */
} Pair;

struct _P2vSharing
{
  gatomicrefcount ref_count;
  SharedFrames  frames;
  gboolean     *chosen;        /* by number of the address space */
  GHashTable   *pairs_by_key;  /* gint64 to Pair, while they are counted */
  GPtrArray    *pairs;         /* Pair */
  gboolean     *writers;       /* by number: whether it may write what others may write */
};

G_DEFINE_BOXED_TYPE (P2vSharing, p2v_sharing, p2v_sharing_ref, p2v_sharing_unref)

static void
free_pair (gpointer data)
{
  Pair *pair = data;

  g_clear_pointer (&pair->parts, g_array_unref);
  g_free (pair);
}

static gint64
make_key (guint a,
          guint b)
{
  return (gint64) a << P2V_INDEX_SPACE_BITS | b;
}

/* The pair of two spaces, a new one if need be; NULL if there are too many. */
static Pair *
get_pair (P2vSharing *self,
          guint       a,
          guint       b)
{
  gint64 key = make_key (a, b);
  Pair *pair = g_hash_table_lookup (self->pairs_by_key, &key);

  if (pair != NULL || self->pairs->len >= MAX_PAIRS)
    return pair;
  pair = g_new0 (Pair, 1);
  pair->key = key;
  pair->shown.a = p2v_system_get_space (self->frames.system, a);
  pair->shown.b = p2v_system_get_space (self->frames.system, b);
  pair->parts = g_array_new (FALSE, FALSE, sizeof (Part));
  g_ptr_array_add (self->pairs, pair);
  g_hash_table_insert (self->pairs_by_key, &pair->key, pair);
  return pair;
}

static void
add_part (Pair    *pair,
          guint32  origin,
          guint64  n_pages)
{
  Part part = { .origin = origin, .n_pages = n_pages };

  for (guint i = 0; i < pair->parts->len; i++)
    if (g_array_index (pair->parts, Part, i).origin == origin)
      {
        g_array_index (pair->parts, Part, i).n_pages += n_pages;
        return;
      }
  if (pair->parts->len < MAX_PARTS)
    g_array_append_val (pair->parts, part);
}

static void
add_pair (P2vSharing       *self,
          const SharedSlot *a,
          const SharedSlot *b,
          guint64           n_pages)
{
  guint a_space = p2v_index_entry_space (a->entry), b_space = p2v_index_entry_space (b->entry);
  gboolean is_executable =
    ((a->rights & P2V_RIGHTS_WRITE) != 0 && (b->rights & P2V_RIGHTS_EXECUTE) != 0) ||
    ((b->rights & P2V_RIGHTS_WRITE) != 0 && (a->rights & P2V_RIGHTS_EXECUTE) != 0);

  if (self->frames.n_chosen == 1 && !self->chosen[a_space] && !self->chosen[b_space])
    return;
  Pair *pair = get_pair (self, a_space, b_space);
  if (pair == NULL)
    {
      self->frames.summary.n_left_out_pages += n_pages;
      return;
    }
  pair->shown.n_pages += n_pages;
  pair->shown.n_writable += (a->rights & b->rights & P2V_RIGHTS_WRITE) != 0 ? n_pages : 0;
  pair->shown.n_executable += is_executable ? n_pages : 0;
  add_part (pair, a->origin, n_pages);
}

/* Frames that two may write and that are in no file with a name. */
static void
count_writable (P2vSharing       *self,
                const SharedSlot *slots,
                guint64           n_slots,
                guint64           n_pages)
{
  guint64 n_writers = 0;

  for (guint64 i = 0; i < n_slots; i++)
    {
      const SharedOrigin *origin = g_ptr_array_index (self->frames.origins, slots[i].origin);

      if (origin->is_named_file)
        return;
      n_writers += (slots[i].rights & P2V_RIGHTS_WRITE) != 0 ? 1 : 0;
    }
  if (n_writers < 2)
    return;
  self->frames.summary.n_writable_frames += n_pages;
  for (guint64 i = 0; i < n_slots; i++)
    if ((slots[i].rights & P2V_RIGHTS_WRITE) != 0)
      self->writers[p2v_index_entry_space (slots[i].entry)] = TRUE;
}

/* Whether two frames are shared by the same, in the same way. */
static gboolean
is_same_share (const SharedFrames *self,
               const SharedFrame  *a,
               const SharedFrame  *b)
{
  const SharedSlot *x = p2v_shared_frame_get_slots (self, a);
  const SharedSlot *y = p2v_shared_frame_get_slots (self, b);

  if (a->n_slots != b->n_slots)
    return FALSE;
  for (guint64 i = 0; i < a->n_slots; i++)
    if (p2v_index_entry_space (x[i].entry) != p2v_index_entry_space (y[i].entry) ||
        x[i].origin != y[i].origin || x[i].rights != y[i].rights)
      return FALSE;
  return TRUE;
}

static void
count_frames (P2vSharing        *self,
              const SharedFrame *frame,
              guint64            n_pages)
{
  const SharedSlot *slots = p2v_shared_frame_get_slots (&self->frames, frame);

  for (guint64 i = 0; i < frame->n_slots; i++)
    for (guint64 j = i + 1; j < frame->n_slots; j++)
      add_pair (self, &slots[i], &slots[j], n_pages);
  count_writable (self, slots, frame->n_slots, n_pages);
}

/* Neighbours mostly belong to one file, and so to the same processes: they are counted at once. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
count_pairs (P2vSharing    *self,
             GCancellable  *cancellable,
             GError       **error)
{
  const GArray *frames = self->frames.frames;

  for (guint start = 0, end; start < frames->len; start = end)
    {
      const SharedFrame *first = &g_array_index (frames, SharedFrame, start);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      for (end = start + 1; end < frames->len;)
        if (is_same_share (&self->frames, first, &g_array_index (frames, SharedFrame, end)))
          end++;
        else
          break;
      count_frames (self, first, end - start);
    }
  return TRUE;
}

static int
compare_numbers (guint64 a,
                 guint64 b)
{
  return (a > b) - (a < b);
}

static int
compare_pairs (gconstpointer a,
               gconstpointer b)
{
  const Pair *x = *(const Pair *const *) a, *y = *(const Pair *const *) b;
  int by_writable = compare_numbers (y->shown.n_writable, x->shown.n_writable);
  int by_pages = compare_numbers (y->shown.n_pages, x->shown.n_pages);

  return by_writable != 0 ? by_writable
         : by_pages != 0  ? by_pages
                          : compare_numbers ((guint64) x->key, (guint64) y->key);
}

static int
compare_parts (gconstpointer a,
               gconstpointer b)
{
  const Part *x = a, *y = b;
  int by_pages = compare_numbers (y->n_pages, x->n_pages);

  return by_pages != 0 ? by_pages : compare_numbers (x->origin, y->origin);
}

static void
finish (P2vSharing *self)
{
  for (guint i = 0; i < self->pairs->len; i++)
    {
      Pair *pair = g_ptr_array_index (self->pairs, i);

      g_array_sort (pair->parts, compare_parts);
      pair->shown.n_parts = pair->parts->len;
    }
  g_ptr_array_sort (self->pairs, compare_pairs);
  for (guint i = 0; i < p2v_system_get_n_spaces (self->frames.system); i++)
    if (self->writers[i])
      self->frames.summary.n_writers +=
        p2v_address_space_get_n_owners (p2v_system_get_space (self->frames.system, i));
  g_clear_pointer (&self->pairs_by_key, g_hash_table_unref);
}

static gboolean
is_chosen (P2vAddressSpace *space,
           P2vFilter       *filter)
{
  for (guint i = 0; i < p2v_address_space_get_n_owners (space); i++)
    if (filter == NULL || p2v_filter_matches (filter, p2v_address_space_get_owner (space, i)))
      return TRUE;
  return FALSE;
}

static P2vSharing *
sharing_new (P2vSessionView *view,
             P2vFilter      *filter)
{
  P2vSharing *self = g_new0 (P2vSharing, 1);
  guint n_spaces = p2v_system_get_n_spaces (view->system);

  g_atomic_ref_count_init (&self->ref_count);
  self->chosen = g_new0 (gboolean, MAX (n_spaces, 1));
  self->writers = g_new0 (gboolean, MAX (n_spaces, 1));
  self->pairs = g_ptr_array_new_with_free_func (free_pair);
  self->pairs_by_key = g_hash_table_new (g_int64_hash, g_int64_equal);
  p2v_shared_frames_init (&self->frames);
  self->frames.map = p2v_reverse_map_ref (view->map);
  self->frames.system = g_object_ref (view->system);
  self->frames.chosen = self->chosen;
  self->frames.all = filter == NULL;
  /* The kernel is no sharer. */
  for (guint i = 0; i < p2v_system_get_n_user_spaces (view->system); i++)
    {
      self->chosen[i] = is_chosen (p2v_system_get_space (view->system, i), filter);
      self->frames.n_chosen += self->chosen[i] ? 1 : 0;
    }
  return self;
}

/**
 * p2v_sharing_new:
 * @session: a session whose index is complete
 * @filter: (nullable): which processes it is about; %NULL for all
 * @cancellable: (nullable): to stop early
 * @error: return location
 *
 * Finds out which memory is shared. If @filter leaves one address space, the pairs are those of it
 * with any other; if it leaves more, those among them. Goes through the index once, and through the
 * page tables of the address spaces in question to read rights, so not for a main loop. Takes 16
 * bytes of memory for each address space's share in each shared frame.
 *
 * Returns: (transfer full) (nullable): release it with p2v_sharing_unref(); %NULL with
 *   %P2V_QUERY_ERROR_NOT_READY without an index, or if the image cannot be read
 * Since: 1.0
 */
P2vSharing *
p2v_sharing_new (P2vSession    *session,
                 P2vFilter     *filter,
                 GCancellable  *cancellable,
                 GError       **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (session), NULL);

  g_auto (P2vSessionView) view = p2v_session_view (session);
  if (view.map == NULL)
    {
      g_set_error_literal (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY,
                           _("The index of the image is not complete yet"));
      return NULL;
    }

  g_autoptr (P2vSharing) self = sharing_new (&view, filter);
  P2vFilter *walked = self->frames.n_chosen > 1 ? filter : NULL;
  if (!p2v_shared_frames_find (&self->frames, cancellable, error)
      || !p2v_shared_frames_describe (&self->frames, session, walked, cancellable, error)
      || !count_pairs (self, cancellable, error))
    return NULL;
  finish (self);
  return g_steal_pointer (&self);
}

/**
 * p2v_sharing_ref: (skip)
 * @self: a sharing
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
P2vSharing *
p2v_sharing_ref (P2vSharing *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * p2v_sharing_unref: (skip)
 * @self: (transfer full): a sharing
 *
 * Releases it.
 *
 * Since: 1.0
 */
void
p2v_sharing_unref (P2vSharing *self)
{
  g_return_if_fail (self != NULL);
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_pointer (&self->pairs_by_key, g_hash_table_unref);
  g_ptr_array_unref (self->pairs);
  p2v_reverse_map_unref (self->frames.map);
  g_object_unref (self->frames.system);
  p2v_shared_frames_clear (&self->frames);
  g_free (self->writers);
  g_free (self->chosen);
  g_free (self);
}

/**
 * p2v_sharing_get_summary:
 * @self: a sharing
 * @ret_summary: (out caller-allocates): the sums
 *
 * Gets the sums.
 *
 * Since: 1.0
 */
void
p2v_sharing_get_summary (P2vSharing        *self,
                         P2vSharingSummary *ret_summary)
{
  g_return_if_fail (self != NULL && ret_summary != NULL);
  *ret_summary = self->frames.summary;
}

/**
 * p2v_sharing_get_n_chosen:
 * @self: a sharing
 *
 * Gets how many address spaces the filter left.
 *
 * Returns: the count; that of all without a filter
 * Since: 1.0
 */
guint
p2v_sharing_get_n_chosen (P2vSharing *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->frames.n_chosen;
}

/**
 * p2v_sharing_get_n_pairs:
 * @self: a sharing
 *
 * Gets how many pairs of address spaces share memory.
 *
 * Returns: the count
 * Since: 1.0
 */
guint
p2v_sharing_get_n_pairs (P2vSharing *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->pairs->len;
}

/**
 * p2v_sharing_get_pair:
 * @self: a sharing
 * @position: less than p2v_sharing_get_n_pairs()
 * @ret_pair: (out caller-allocates): the pair
 *
 * Gets a pair. Those that both write most come first, then those that share most.
 *
 * Since: 1.0
 */
void
p2v_sharing_get_pair (P2vSharing    *self,
                      guint          position,
                      P2vSharedPair *ret_pair)
{
  g_return_if_fail (self != NULL && ret_pair != NULL);
  g_return_if_fail (position < self->pairs->len);

  *ret_pair = ((const Pair *) g_ptr_array_index (self->pairs, position))->shown;
}

/**
 * p2v_sharing_get_part:
 * @self: a sharing
 * @position: less than p2v_sharing_get_n_pairs()
 * @part: less than the pair's number of parts
 * @ret_n_pages: (out): how many of the pair's pages it is
 *
 * Tells what a pair's pages are part of, most pages first, as the pair's first address space sees
 * it. Not more than 32 parts are told; the pages of others are only in the pair's sum.
 *
 * Returns: (transfer none): path of the file, name of the region, or "anonymous"
 * Since: 1.0
 */
const char *
p2v_sharing_get_part (P2vSharing *self,
                      guint       position,
                      guint       part,
                      guint64    *ret_n_pages)
{
  g_return_val_if_fail (self != NULL && ret_n_pages != NULL, NULL);
  g_return_val_if_fail (position < self->pairs->len, NULL);

  const Pair *pair = g_ptr_array_index (self->pairs, position);
  g_return_val_if_fail (part < pair->parts->len, NULL);

  const Part *found = &g_array_index (pair->parts, Part, part);
  const SharedOrigin *origin = g_ptr_array_index (self->frames.origins, found->origin);
  *ret_n_pages = found->n_pages;
  return origin->name;
}

/**
 * p2v_sharing_dup_ranges:
 * @self: a sharing
 * @position: less than p2v_sharing_get_n_pairs()
 *
 * Lists where a pair's pages are in both address spaces.
 *
 * Returns: (transfer full) (element-type P2vSharedRange): in the order of addresses of the pair's
 *   first address space; not to be used after @self
 * Since: 1.0
 */
GArray *
p2v_sharing_dup_ranges (P2vSharing *self,
                        guint       position)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (position < self->pairs->len, NULL);

  const Pair *pair = g_ptr_array_index (self->pairs, position);
  guint a_space = (guint) (pair->key >> P2V_INDEX_SPACE_BITS);
  guint b_space = (guint) (pair->key & (P2V_INDEX_MAX_SPACES - 1));

  return p2v_shared_frames_dup_ranges (&self->frames, a_space, b_space);
}
