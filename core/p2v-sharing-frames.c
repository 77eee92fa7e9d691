/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-sharing-private.h"

#include "index/p2v-frame-pass.h"
#include "os/p2v-system-private.h"

/* Shares that are kept, 4 GiB of them: a machine of a terabyte with 64 copies of each page has
 * more. */
#define MAX_SLOTS ((guint) 1 << 28)

/* Frames between two looks at the cancellable: 2 MiB. */
#define FRAMES_BETWEEN_CHECKS 512

/* Linux puts this behind the path of a file that has no name any more; memfds, shared anonymous
 * memory and System V segments never had one. Source: Linux fs/d_path.c, path_with_deleted(). */
#define DELETED_SUFFIX " (deleted)"

static void
free_origin (gpointer data)
{
  SharedOrigin *origin = data;

  g_free (origin->name);
  g_free (origin);
}

void
p2v_shared_frames_init (SharedFrames *self)
{
  SharedOrigin *anonymous = g_new0 (SharedOrigin, 1);

  self->frames = g_array_new (FALSE, FALSE, sizeof (SharedFrame));
  self->slots = g_array_new (FALSE, FALSE, sizeof (SharedSlot));
  self->origins = g_ptr_array_new_with_free_func (free_origin);
  /* The same word as in every other table, CSV and language. */
  anonymous->name = g_strdup ("anonymous");
  g_ptr_array_add (self->origins, anonymous);
}

void
p2v_shared_frames_clear (SharedFrames *self)
{
  g_clear_pointer (&self->frames, g_array_unref);
  g_clear_pointer (&self->slots, g_array_unref);
  g_clear_pointer (&self->origins, g_ptr_array_unref);
}

static P2vSharingClass
get_class (guint64 n_processes)
{
  return n_processes >= 10   ? P2V_SHARING_MANY
         : n_processes >= 3  ? P2V_SHARING_FEW
         : n_processes == 2  ? P2V_SHARING_TWO
                             : P2V_SHARING_ONE;
}

/* Whether pairs are wanted of a frame that @n_spaces have, @n_chosen of them chosen. */
static gboolean
is_wanted (const SharedFrames *self,
           guint               n_spaces,
           guint               n_chosen)
{
  if (self->all)
    return n_spaces >= 2;
  return self->n_chosen == 1 ? n_spaces >= 2 && n_chosen == 1 : n_chosen >= 2;
}

/* Keeps the frame's lowest entry in each address space. */
static void
keep_frame (SharedFrames        *self,
            guint64              pfn,
            const P2vIndexEntry *entries,
            guint64              n_entries)
{
  SharedFrame frame = { .pfn = pfn, .first_slot = self->slots->len };
  gboolean only_chosen = !self->all && self->n_chosen > 1;

  for (guint64 i = 0; i < n_entries; i++)
    {
      guint space = p2v_index_entry_space (entries[i]);
      SharedSlot slot = { .entry = entries[i], .origin = SHARED_ANONYMOUS };

      if ((i > 0 && p2v_index_entry_space (entries[i - 1]) == space)
          || (only_chosen && !self->chosen[space]))
        continue;
      g_array_append_val (self->slots, slot);
      frame.n_slots++;
    }
  g_array_append_val (self->frames, frame);
}

static void
take_frame (SharedFrames *result,
            P2vFramePass *pass,
            guint64       pfn,
            guint64       ordinal)
{
  guint64 n_entries, n_processes = 0;
  guint n_spaces = 0, n_chosen = 0;
  gboolean is_flooded;
  const P2vIndexEntry *entries =
    p2v_frame_pass_get (pass, pfn, ordinal, &n_entries, &is_flooded);

  for (guint64 i = 0; i < n_entries; i++)
    {
      guint space = p2v_index_entry_space (entries[i]);
      if (i > 0 && p2v_index_entry_space (entries[i - 1]) == space)
        continue;
      n_processes += p2v_address_space_get_n_owners (p2v_system_get_space (result->system, space));
      n_spaces++;
      n_chosen += result->chosen[space] ? 1 : 0;
    }
  if (n_entries == 0)
    return;
  result->summary.n_frames[get_class (n_processes)]++;
  gboolean wanted = is_wanted (result, n_spaces, n_chosen);
  gboolean too_many = (result->all && n_spaces > P2V_SHARING_MAX_SPACES) ||
                      result->slots->len > MAX_SLOTS;
  /* Of a flood it is not known who else has the frame. */
  if (is_flooded || (wanted && too_many))
    result->summary.n_crowded_frames++;
  else if (wanted)
    keep_frame (result, pfn, entries, n_entries);
}

gboolean
p2v_shared_frames_find (SharedFrames  *self,
                        GCancellable  *cancellable,
                        GError       **error)
{
  const P2vFrameSet *frames = self->map->frames;
  g_auto (P2vFramePass) pass = { 0 };

  /* The kernel is no sharer. */
  p2v_frame_pass_init (&pass, self->map, p2v_system_get_n_user_spaces (self->system));
  for (gsize i = 0; i < frames->n_runs; i++)
    for (guint64 j = 0; j < frames->runs[i].n_frames; j++)
      {
        if (j % FRAMES_BETWEEN_CHECKS == 0
            && g_cancellable_set_error_if_cancelled (cancellable, error))
          return FALSE;
        take_frame (self, &pass, frames->runs[i].first_pfn + j, frames->runs[i].first_ordinal + j);
      }
  return TRUE;
}

/* The walk. */
typedef struct
{
  SharedFrames    *result;
  P2vAddressSpace *space;          /* that of the mapping before */
  guint            number;
  const P2vRegion *region;         /* likewise */
  guint32          origin;
  GHashTable      *origin_numbers; /* by name */
} Description;

static guint32
intern_origin (Description     *self,
               const P2vRegion *region)
{
  gpointer number;

  if (region == NULL || region->name == NULL || *region->name == '\0')
    return SHARED_ANONYMOUS;
  if (g_hash_table_lookup_extended (self->origin_numbers, region->name, NULL, &number))
    return GPOINTER_TO_UINT (number);

  SharedOrigin *origin = g_new0 (SharedOrigin, 1);
  origin->name = g_strdup (region->name);
  origin->is_named_file = region->is_file && !g_str_has_suffix (region->name, DELETED_SUFFIX);
  g_ptr_array_add (self->result->origins, origin);
  guint position = self->result->origins->len - 1;
  g_hash_table_insert (self->origin_numbers, origin->name, GUINT_TO_POINTER (position));
  return position;
}

SharedSlot *
p2v_shared_frames_find_slot (const SharedFrames *self,
                             const SharedFrame  *frame,
                             guint               space)
{
  SharedSlot *slots = p2v_shared_frame_get_slots (self, frame);
  guint64 low = 0, high = frame->n_slots;

  while (low < high)
    {
      guint64 middle = low + (high - low) / 2;
      guint here = p2v_index_entry_space (slots[middle].entry);

      if (here == space)
        return &slots[middle];
      if (here < space)
        low = middle + 1;
      else
        high = middle;
    }
  return NULL;
}

/* The position of the first shared frame at @pfn or behind. */
static guint
find_frame (const SharedFrames *self,
            guint64             pfn)
{
  guint low = 0, high = self->frames->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (self->frames, SharedFrame, middle).pfn < pfn)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static void
describe_frame (Description       *self,
                const SharedFrame *frame,
                const P2vMapping  *mapping)
{
  SharedSlot *slot = p2v_shared_frames_find_slot (self->result, frame, self->number);
  P2vVirtAddr va = mapping->va + ((frame->pfn << P2V_FRAME_SHIFT) - mapping->pa);

  if (slot == NULL)
    return;
  slot->rights |= mapping->rights;
  if (slot->entry == p2v_index_entry (self->number, va))
    slot->origin = self->origin;
}

/* Mappings come by address space and in the order of regions. */
static void
follow (Description      *self,
        const P2vMapping *mapping)
{
  if (mapping->space != self->space)
    {
      self->space = mapping->space;
      self->number = p2v_address_space_get_number (mapping->space);
      self->region = NULL;
      self->origin = SHARED_ANONYMOUS;
    }
  if (mapping->region != self->region)
    {
      self->region = mapping->region;
      self->origin = intern_origin (self, mapping->region);
    }
}

static gboolean
on_mapping (const P2vMapping *mapping,
            gpointer          user_data)
{
  Description *self = user_data;
  const GArray *frames = self->result->frames;
  guint64 first_pfn = mapping->pa >> P2V_FRAME_SHIFT;
  guint64 n_frames = mapping->length_bytes >> P2V_FRAME_SHIFT;
  guint i = find_frame (self->result, first_pfn);

  if (i == frames->len || g_array_index (frames, SharedFrame, i).pfn - first_pfn >= n_frames)
    return TRUE;
  follow (self, mapping);
  for (; i < frames->len && g_array_index (frames, SharedFrame, i).pfn - first_pfn < n_frames; i++)
    describe_frame (self, &g_array_index (frames, SharedFrame, i), mapping);
  return TRUE;
}

gboolean
p2v_shared_frames_describe (SharedFrames  *self,
                            P2vSession    *session,
                            P2vFilter     *filter,
                            GCancellable  *cancellable,
                            GError       **error)
{
  g_autoptr (GHashTable) origin_numbers = g_hash_table_new (g_str_hash, g_str_equal);
  Description description = { .result = self, .origin_numbers = origin_numbers };

  return p2v_session_foreach_mapping (session, filter, TRUE, on_mapping, &description, cancellable,
                                      error);
}

static int
compare_ranges (gconstpointer a,
                gconstpointer b)
{
  P2vVirtAddr x = ((const P2vSharedRange *) a)->a_va, y = ((const P2vSharedRange *) b)->a_va;

  return (x > y) - (x < y);
}

/* Joins pages, sorted, that follow each other on both sides. */
static void
join_ranges (GArray *ranges)
{
  guint n = 0;

  for (guint i = 0; i < ranges->len; i++)
    {
      P2vSharedRange next = g_array_index (ranges, P2vSharedRange, i);
      P2vSharedRange *last = n > 0 ? &g_array_index (ranges, P2vSharedRange, n - 1) : NULL;

      if (last != NULL && last->a_va + last->length_bytes == next.a_va &&
          last->b_va + last->length_bytes == next.b_va && last->a_rights == next.a_rights &&
          last->b_rights == next.b_rights && last->what == next.what)
        last->length_bytes += next.length_bytes;
      else
        g_array_index (ranges, P2vSharedRange, n++) = next;
    }
  g_array_set_size (ranges, n);
}

static P2vVirtAddr
get_va (const SharedFrames *self,
        const SharedSlot   *slot)
{
  P2vAddressSpace *space =
    p2v_system_get_space (self->system, p2v_index_entry_space (slot->entry));

  return p2v_address_space_extend_va (space, p2v_index_entry_va (slot->entry));
}

static void
add_range (const SharedFrames *self,
           const SharedSlot   *a,
           const SharedSlot   *b,
           GArray             *ranges)
{
  const SharedOrigin *origin = g_ptr_array_index (self->origins, a->origin);
  P2vSharedRange range = {
    .a_va = get_va (self, a),
    .b_va = get_va (self, b),
    .length_bytes = P2V_FRAME_SIZE,
    .a_rights = (P2vRights) a->rights,
    .b_rights = (P2vRights) b->rights,
    .what = origin->name,
  };

  g_array_append_val (ranges, range);
}

GArray *
p2v_shared_frames_dup_ranges (const SharedFrames *self,
                              guint               a_space,
                              guint               b_space)
{
  GArray *ranges = g_array_new (FALSE, FALSE, sizeof (P2vSharedRange));

  for (guint i = 0; i < self->frames->len; i++)
    {
      const SharedFrame *frame = &g_array_index (self->frames, SharedFrame, i);
      const SharedSlot *a = p2v_shared_frames_find_slot (self, frame, a_space);
      const SharedSlot *b = p2v_shared_frames_find_slot (self, frame, b_space);

      if (a != NULL && b != NULL)
        add_range (self, a, b, ranges);
    }
  g_array_sort (ranges, compare_ranges);
  join_ranges (ranges);
  return ranges;
}
