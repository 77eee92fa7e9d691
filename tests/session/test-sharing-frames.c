/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Shared frames in indices made by hand, with large pages, which the tiny image has but does not
 * share. The address spaces are the first three of the tiny image's system, of one process each. */

#include "p2v-test.h"

#include "p2v-sharing-private.h"

#define N_FRAMES 1536 /* three pages of 2 MiB */

typedef struct
{
  P2vSystem     *system;
  P2vReverseMap *map;
  gboolean      *chosen;
  SharedFrames   shared;
} Fixture;

static void
add_page (Fixture *self,
          guint64  pfn,
          guint    space,
          guint64  va)
{
  P2vReverseMap *map = self->map;

  map->entries = g_renew (P2vIndexEntry, map->entries, map->n_entries + 1);
  map->entries[map->n_entries++] = p2v_index_entry (space, va);
  for (guint64 i = pfn; i < N_FRAMES; i++)
    map->ends[i]++;
}

static void
add_large_page (Fixture *self,
                guint64  pfn,
                guint    space,
                guint64  va)
{
  P2vExtent extent = { .first_pfn = pfn, .entry = p2v_index_entry (space, va) };

  g_array_append_val (self->map->classes[0].extents, extent);
}

static P2vReverseMap *
new_map (void)
{
  P2vImageRange range = { .start_pa = 0, .length_bytes = N_FRAMES * P2V_FRAME_SIZE };
  P2vReverseMap *map = g_new0 (P2vReverseMap, 1);

  g_atomic_ref_count_init (&map->ref_count);
  map->frames = p2v_frame_set_new (&range, 1);
  map->ends = g_new0 (guint32, N_FRAMES);
  map->aliases = g_array_new (FALSE, FALSE, sizeof (P2vAliasRun));
  map->n_classes = 1;
  map->classes[0].page_shift = 21;
  map->classes[0].extents = g_array_new (FALSE, FALSE, sizeof (P2vExtent));
  return map;
}

static int
setup (void **state)
{
  g_autoptr (P2vSession) session = p2v_session_new ();
  Fixture *self = g_new0 (Fixture, 1);

  if (!p2v_session_open (session, g_getenv ("P2V_TINY_IMAGE"), NULL, NULL)
      || !p2v_session_find_system (session, NULL, NULL))
    return -1;
  self->system = p2v_session_dup_system (session);
  self->map = new_map ();
  self->chosen = g_new0 (gboolean, p2v_system_get_n_spaces (self->system));
  p2v_shared_frames_init (&self->shared);
  self->shared.map = self->map;
  self->shared.system = self->system;
  self->shared.chosen = self->chosen;
  self->shared.all = TRUE;
  *state = self;
  return 0;
}

static int
teardown (void **state)
{
  Fixture *self = *state;

  p2v_shared_frames_clear (&self->shared);
  p2v_reverse_map_unref (self->map);
  g_object_unref (self->system);
  g_free (self->chosen);
  g_free (self);
  return 0;
}

static void
find (Fixture *self)
{
  assert_true (p2v_shared_frames_find (&self->shared, NULL, NULL));
}

static const SharedFrame *
get_frame (Fixture *self,
           guint    position)
{
  assert_true (position < self->shared.frames->len);
  return &g_array_index (self->shared.frames, SharedFrame, position);
}

static void
assert_slot (Fixture           *self,
             const SharedFrame *frame,
             guint              space,
             guint64            va)
{
  const SharedSlot *slot = p2v_shared_frames_find_slot (&self->shared, frame, space);

  assert_non_null (slot);
  assert_int_equal (slot->entry, p2v_index_entry (space, va));
}

/* Two have all of a large page, a third only one small page of it. */
static void
large_page_counts_all_its_frames (void **state)
{
  Fixture *self = *state;

  add_large_page (self, 512, 0, 0x40000000);
  add_large_page (self, 512, 1, 0x80000000);
  add_page (self, 3, 0, 0x1000);
  add_page (self, 517, 2, 0x5000);
  find (self);
  assert_int_equal (self->shared.frames->len, 512);
  assert_int_equal (self->shared.summary.n_frames[P2V_SHARING_ONE], 1);
  assert_int_equal (self->shared.summary.n_frames[P2V_SHARING_TWO], 511);
  assert_int_equal (self->shared.summary.n_frames[P2V_SHARING_FEW], 1);

  const SharedFrame *frame = get_frame (self, 5);
  assert_int_equal (frame->pfn, 517);
  assert_int_equal (frame->n_slots, 3);
  assert_slot (self, frame, 0, 0x40005000);
  assert_slot (self, frame, 1, 0x80005000);
  assert_slot (self, frame, 2, 0x5000);
  assert_int_equal (get_frame (self, 6)->n_slots, 2);
  assert_null (p2v_shared_frames_find_slot (&self->shared, get_frame (self, 6), 2));
}

static void
page_that_one_space_has_many_times_is_not_shared (void **state)
{
  Fixture *self = *state;

  add_page (self, 7, 0, 0x1000);
  add_page (self, 7, 0, 0x2000);
  add_page (self, 8, 0, 0x3000);
  add_page (self, 8, 0, 0x4000);
  add_page (self, 8, 1, 0x3000);
  find (self);
  assert_int_equal (self->shared.frames->len, 1);
  assert_int_equal (self->shared.summary.n_frames[P2V_SHARING_ONE], 1);
  assert_int_equal (self->shared.summary.n_frames[P2V_SHARING_TWO], 1);
  /* The lowest address stands for both. */
  assert_int_equal (get_frame (self, 0)->n_slots, 2);
  assert_slot (self, get_frame (self, 0), 0, 0x3000);
}

/* The page table of the lowest 2 MiB of one space is also that of another at 4 MiB, and of one of
 * the others twice. */
static void
shared_tables_are_shares_of_all_who_use_them (void **state)
{
  Fixture *self = *state;
  GArray *aliases = self->map->aliases;

  p2v_aliases_add (aliases, 512, p2v_index_entry (0, 0), p2v_index_entry (1, 0x400000), 0, 1);
  p2v_aliases_add (aliases, 512, p2v_index_entry (0, 0), p2v_index_entry (2, 0x600000), 512, 2);
  p2v_aliases_finish (aliases);
  add_page (self, 7, 0, 0x5000);
  add_page (self, 8, 0, 0x200000);
  find (self);
  assert_int_equal (self->shared.summary.n_frames[P2V_SHARING_ONE], 1);
  assert_int_equal (self->shared.summary.n_frames[P2V_SHARING_FEW], 1);
  assert_int_equal (self->shared.frames->len, 1);
  assert_int_equal (get_frame (self, 0)->n_slots, 3);
  assert_slot (self, get_frame (self, 0), 0, 0x5000);
  assert_slot (self, get_frame (self, 0), 1, 0x405000);
  /* The lower of its two. */
  assert_slot (self, get_frame (self, 0), 2, 0x605000);
}

/* No frame is followed to a million addresses, and none of those is passed over in silence. */
static void
flood_of_shared_tables_is_counted_and_not_followed (void **state)
{
  Fixture *self = *state;

  p2v_aliases_add (self->map->aliases, 512, p2v_index_entry (0, 0), p2v_index_entry (1, 0), 512,
                   1 << 20);
  p2v_aliases_finish (self->map->aliases);
  add_page (self, 7, 0, 0x5000);
  find (self);
  assert_int_equal (self->shared.frames->len, 0);
  assert_int_equal (self->shared.summary.n_crowded_frames, 1);
}

static void
flood_of_large_pages_is_counted_and_not_followed (void **state)
{
  Fixture *self = *state;

  for (guint64 i = 0; i < 5000; i++)
    add_large_page (self, 0, 0, i << 21);
  add_large_page (self, 0, 1, 0);
  add_large_page (self, 1024, 0, 0);
  add_large_page (self, 1024, 1, 0);
  add_page (self, 5, 1, 0x1000);
  find (self);
  assert_int_equal (self->shared.frames->len, 512);
  assert_int_equal (get_frame (self, 0)->pfn, 1024);
  assert_int_equal (self->shared.summary.n_crowded_frames, 512);
}

static void
only_frames_of_those_that_were_chosen_are_kept (void **state)
{
  Fixture *self = *state;

  self->chosen[0] = self->chosen[2] = TRUE;
  self->shared.all = FALSE;
  self->shared.n_chosen = 2;
  add_page (self, 1, 0, 0x1000);
  add_page (self, 1, 1, 0x1000);
  add_page (self, 2, 0, 0x2000);
  add_page (self, 2, 1, 0x2000);
  add_page (self, 2, 2, 0x2000);
  find (self);
  assert_int_equal (self->shared.frames->len, 1);
  assert_int_equal (get_frame (self, 0)->pfn, 2);
  assert_int_equal (get_frame (self, 0)->n_slots, 2);
  assert_null (p2v_shared_frames_find_slot (&self->shared, get_frame (self, 0), 1));
}

static void
index_without_mappings_shares_nothing (void **state)
{
  Fixture *self = *state;

  find (self);
  assert_int_equal (self->shared.frames->len, 0);
  assert_int_equal (self->shared.summary.n_frames[P2V_SHARING_ONE], 0);
}

#define WITH_MAP(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    WITH_MAP (large_page_counts_all_its_frames),
    WITH_MAP (page_that_one_space_has_many_times_is_not_shared),
    WITH_MAP (shared_tables_are_shares_of_all_who_use_them),
    WITH_MAP (flood_of_shared_tables_is_counted_and_not_followed),
    WITH_MAP (flood_of_large_pages_is_counted_and_not_followed),
    WITH_MAP (only_frames_of_those_that_were_chosen_are_kept),
    WITH_MAP (index_without_mappings_shares_nothing),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
