/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Pages of a part of an address space of the tiny image, against all pages of it. */

#include "p2v-test.h"

/* One process maps this page three times; data/demo/linux-tiny/README.md. */
#define TWICE_PID 88
#define TWICE_PA 0x4a3e000
#define N_RANGES 300

static int
setup (void **state)
{
  P2vSession *session = p2v_session_new ();

  *state = session;
  return p2v_session_open (session, g_getenv ("P2V_TINY_IMAGE"), NULL, NULL)
             && p2v_session_find_system (session, NULL, NULL)
         ? 0
         : -1;
}

static int
teardown (void **state)
{
  g_object_unref (*state);
  return 0;
}

static gboolean
append_page (const P2vPage *page,
             gpointer       user_data)
{
  g_array_append_val (user_data, *page);
  return TRUE;
}

static gboolean
append_one_page (const P2vPage *page,
                 gpointer       user_data)
{
  g_array_append_val (user_data, *page);
  return FALSE;
}

static GArray *
list_pages (P2vSession      *session,
            P2vAddressSpace *space,
            P2vVirtAddr      first_va,
            P2vVirtAddr      last_va,
            P2vPageFunc      callback)
{
  GArray *pages = g_array_new (FALSE, FALSE, sizeof (P2vPage));
  GError *error = NULL;

  assert_true (p2v_session_foreach_page (session, space, first_va, last_va, callback, pages, NULL,
                                         &error));
  assert_no_error (error);
  return pages;
}

static P2vAddressSpace *
get_space (P2vSession *session,
           gint64      pid)
{
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);

  return p2v_process_get_address_space (p2v_system_find_pid (system, pid));
}

static const P2vPage *
get_page (GArray *pages,
          guint   i)
{
  return &g_array_index (pages, P2vPage, i);
}

static void
page_that_is_mapped_three_times_is_met_three_times (void **state)
{
  P2vAddressSpace *space = get_space (*state, TWICE_PID);
  g_autoptr (GArray) pages = list_pages (*state, space, 0, G_MAXUINT64, append_page);
  guint n_met = 0;

  for (guint i = 0; i < pages->len; i++)
    {
      if (i > 0)
        assert_true (get_page (pages, i)->va > get_page (pages, i - 1)->va);
      n_met += get_page (pages, i)->pa == TWICE_PA;
    }
  assert_int_equal (n_met, 3);
}

/* The pages of @all of which a byte is in the range must be those of @some. */
static void
assert_part (GArray      *all,
             GArray      *some,
             P2vVirtAddr  first_va,
             P2vVirtAddr  last_va)
{
  guint n_some = 0;

  for (guint i = 0; i < all->len; i++)
    {
      const P2vPage *page = get_page (all, i);
      P2vVirtAddr page_last_va = page->va + (((guint64) 1 << page->page_shift) - 1);
      if (page->va > last_va || page_last_va < first_va)
        continue;
      assert_true (n_some < some->len);
      assert_int_equal (get_page (some, n_some)->va, page->va);
      assert_int_equal (get_page (some, n_some)->pa, page->pa);
      assert_int_equal (get_page (some, n_some)->rights, page->rights);
      n_some++;
    }
  assert_int_equal (n_some, some->len);
}

/* Near pages, where a mistake of one would show, and up to the whole address space wide. */
static void
check_ranges (P2vSession      *session,
              P2vAddressSpace *space)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (6);
  g_autoptr (GArray) all = list_pages (session, space, 0, G_MAXUINT64, append_page);

  assert_true (all->len > 10);
  for (guint i = 0; i < N_RANGES; i++)
    {
      guint64 near = get_page (all, (guint) g_rand_int_range (random, 0, (gint) all->len))->va;
      P2vVirtAddr first_va = near + (guint64) (gint64) g_rand_int_range (random, -8193, 8194);
      guint64 length = (guint64) g_rand_int (random) << g_rand_int_range (random, 0, 32);
      P2vVirtAddr last_va = first_va + MIN (length, G_MAXUINT64 - first_va);
      g_autoptr (GArray) some = list_pages (session, space, first_va, last_va, append_page);
      assert_part (all, some, first_va, last_va);
    }
}

static void
pages_of_a_range_are_those_of_the_whole (void **state)
{
  g_autoptr (P2vSystem) system = p2v_session_dup_system (*state);

  for (guint i = 0; i < p2v_system_get_n_spaces (system); i++)
    check_ranges (*state, p2v_system_get_space (system, i));
}

static void
listener_stops_the_walk (void **state)
{
  P2vAddressSpace *space = get_space (*state, TWICE_PID);
  g_autoptr (GArray) all = list_pages (*state, space, 0, G_MAXUINT64, append_page);
  P2vVirtAddr behind = get_page (all, 3)->va + P2V_FRAME_SIZE;
  g_autoptr (GArray) next = list_pages (*state, space, behind, G_MAXUINT64, append_one_page);

  assert_int_equal (next->len, 1);
  assert_int_equal (get_page (next, 0)->va, get_page (all, 4)->va);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (page_that_is_mapped_three_times_is_met_three_times),
    cmocka_unit_test (pages_of_a_range_are_those_of_the_whole),
    cmocka_unit_test (listener_stops_the_walk),
  };

  return cmocka_run_group_tests (tests, setup, teardown);
}
