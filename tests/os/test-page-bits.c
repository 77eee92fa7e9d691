/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The bits of records of frames, of kernels that describe no types: what four releases tell of them
 * in VMCOREINFO, and the numbers in their sources. */

#include "p2v-test.h"

#include "os/linux/p2v-linux-page.h"

#include <string.h>

/* Types of which none is known. */
static gboolean
find_no_member (const P2vTypeSource *self,
                const char          *type_name,
                const char          *member_path,
                P2vMember           *ret_member)
{
  return FALSE;
}

static gboolean
find_no_enumerator (const P2vTypeSource *self,
                    const char          *name,
                    gint64              *ret_value)
{
  return FALSE;
}

static const P2vTypeSourceFuncs no_types = {
  .find_member = find_no_member,
  .find_enumerator = find_no_enumerator,
};

static void
find_bits (const char         *lines,
           P2vLinuxPageLayout *ret_layout)
{
  P2vTypeSource types = { &no_types };
  g_autofree char *text = g_strconcat ("OSRELEASE=test\nPAGESIZE=4096\n", lines, NULL);
  g_autoptr (GHashTable) info = p2v_linux_parse_vmcoreinfo (text, strlen (text));
  P2vLinux kernel = { .vmcoreinfo = info, .types = &types };

  *ret_layout = (P2vLinuxPageLayout) { 0 };
  p2v_linux_page_layout_find_bits (&kernel, ret_layout);
}

static guint64
get_mask (const P2vLinuxPageLayout *layout,
          P2vFrameFlags             flag)
{
  for (guint i = 0; i < layout->n_flags; i++)
    if (layout->flags[i].flag == flag)
      return layout->flags[i].mask;
  return 0;
}

static P2vLinuxPageType
find_type (const P2vLinuxPageLayout *layout,
           guint32                   word)
{
  for (guint i = LINUX_PAGE_TYPE_NONE + 1; i < LINUX_N_PAGE_TYPES; i++)
    if (layout->types[i].mask != 0 && (word & layout->types[i].mask) == layout->types[i].value)
      return (P2vLinuxPageType) i;
  return LINUX_PAGE_TYPE_NONE;
}

#define LINES_OF_6_1 \
  "NUMBER(PG_lru)=4\nNUMBER(PG_private)=13\nNUMBER(PG_swapcache)=10\nNUMBER(PG_swapbacked)=19\n" \
  "NUMBER(PG_slab)=9\nNUMBER(PG_hwpoison)=23\nNUMBER(PG_head_mask)=65536\n" \
  "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\nNUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n"

static void
flags_stand_in_the_old_order (void **state)
{
  P2vLinuxPageLayout layout;

  find_bits (LINES_OF_6_1, &layout);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_UPTODATE), 1 << 2);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_RESERVED), 1 << 12);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_MLOCKED), 1 << 21);
  assert_int_equal (layout.bits[LINUX_PAGE_HEAD], 1 << 16);
  assert_int_equal (layout.bits[LINUX_PAGE_SLAB], 1 << 9);
  assert_int_equal (find_type (&layout, 0xffffff7f), LINUX_PAGE_TYPE_BUDDY);
  assert_int_equal (find_type (&layout, 0xfffffdff), LINUX_PAGE_TYPE_TABLE);
  assert_int_equal (find_type (&layout, 0xfffffbff), LINUX_PAGE_TYPE_GUARD);
}

/* That of 5.10, which says the same in VMCOREINFO. */
static void
mark_of_a_table_moves_the_type_behind_it (void **state)
{
  P2vLinuxPageLayout layout;

  find_bits (LINES_OF_6_1, &layout);
  assert_true (p2v_linux_page_layout_can_be_type (&layout, 0xfffffbff));
  p2v_linux_page_layout_set_table_mark (&layout, 0xfffffbff);
  assert_int_equal (find_type (&layout, 0xfffffbff), LINUX_PAGE_TYPE_TABLE);
  assert_int_equal (find_type (&layout, 0xfffff7ff), LINUX_PAGE_TYPE_GUARD);
  assert_int_equal (find_type (&layout, 0xfffffdff), LINUX_PAGE_TYPE_NONE);
}

static void
counts_and_free_frames_are_no_mark (void **state)
{
  P2vLinuxPageLayout layout;

  find_bits (LINES_OF_6_1, &layout);
  assert_false (p2v_linux_page_layout_can_be_type (&layout, 0xffffffff));
  assert_false (p2v_linux_page_layout_can_be_type (&layout, 7));
  assert_false (p2v_linux_page_layout_can_be_type (&layout, 0xffffff7f));
}

static void
types_are_lone_bits (void **state)
{
  P2vLinuxPageLayout layout;

  /* Source: Linux include/linux/page-flags.h, enum pagetype (6.11), complements. */
  find_bits ("NUMBER(PG_lru)=5\nNUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-1073741825\n"
             "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-536870913\n"
             "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-33554433\n",
             &layout);
  assert_int_equal (find_type (&layout, 0xbfffffff), LINUX_PAGE_TYPE_BUDDY);
  assert_int_equal (find_type (&layout, 0xdfffffff), LINUX_PAGE_TYPE_OFFLINE);
  assert_int_equal (find_type (&layout, 0xfdffffff), LINUX_PAGE_TYPE_SLAB);
  assert_true (p2v_linux_page_layout_can_be_type (&layout, 0xefffffff));
  p2v_linux_page_layout_set_table_mark (&layout, 0xefffffff);
  assert_int_equal (find_type (&layout, 0xefffffff), LINUX_PAGE_TYPE_TABLE);
  assert_int_equal (find_type (&layout, 0xbfffffff), LINUX_PAGE_TYPE_BUDDY);
}

#define LINES_OF_6_12 \
  "NUMBER(PG_lru)=5\nNUMBER(PG_private)=14\nNUMBER(PG_swapcache)=10\nNUMBER(PG_swapbacked)=17\n" \
  "NUMBER(PG_head_mask)=64\nNUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n"

static void
flags_stand_in_the_new_order (void **state)
{
  P2vLinuxPageLayout layout;

  find_bits (LINES_OF_6_12 "NUMBER(PG_hwpoison)=20\n", &layout);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_WRITEBACK), 1 << 1);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_UPTODATE), 1 << 3);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_ACTIVE), 1 << 8);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_ERROR), 0);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_RESERVED), 1 << 13);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_RECLAIM), 1 << 16);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_UNEVICTABLE), 1 << 18);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_MLOCKED), 1 << 19);
  assert_int_equal (layout.bits[LINUX_PAGE_HEAD], 1 << 6);
  assert_int_equal (layout.bits[LINUX_PAGE_SLAB], 0);
  assert_int_equal (layout.bits[LINUX_PAGE_DOUBLE_MAP], 0);
}

/* 7.2 has a flag more before it, and tells another number of its neighbour. */
static void
flag_is_counted_from_its_neighbour (void **state)
{
  P2vLinuxPageLayout layout;

  find_bits (LINES_OF_6_12 "NUMBER(PG_hwpoison)=21\n", &layout);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_MLOCKED), 1 << 20);
  find_bits (LINES_OF_6_12, &layout);
  assert_int_equal (get_mask (&layout, P2V_FRAME_FLAGS_MLOCKED), 0);
}

static void
types_are_top_bytes (void **state)
{
  P2vLinuxPageLayout layout;

  find_bits (LINES_OF_6_12, &layout);
  assert_int_equal (find_type (&layout, 0xf0000000), LINUX_PAGE_TYPE_BUDDY);
  assert_int_equal (find_type (&layout, 0xf2000000), LINUX_PAGE_TYPE_TABLE);
  assert_int_equal (find_type (&layout, 0xf5000000), LINUX_PAGE_TYPE_SLAB);
  assert_int_equal (find_type (&layout, 0xf6001234), LINUX_PAGE_TYPE_ZSMALLOC);
  p2v_linux_page_layout_set_table_mark (&layout, 0xf2000000);
  assert_int_equal (find_type (&layout, 0xf2000001), LINUX_PAGE_TYPE_TABLE);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (flags_stand_in_the_old_order),
    cmocka_unit_test (mark_of_a_table_moves_the_type_behind_it),
    cmocka_unit_test (counts_and_free_frames_are_no_mark),
    cmocka_unit_test (types_are_lone_bits),
    cmocka_unit_test (flags_stand_in_the_new_order),
    cmocka_unit_test (flag_is_counted_from_its_neighbour),
    cmocka_unit_test (types_are_top_bytes),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
