/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The words in which every front door shows a mapping. */

#include "p2v-test.h"

#define RWX (P2V_RIGHTS_READ | P2V_RIGHTS_WRITE | P2V_RIGHTS_EXECUTE)

static void
states_have_words (void **state)
{
  assert_string_equal (p2v_state_to_string (P2V_STATE_VALID), "valid");
  assert_string_equal (p2v_state_to_string (P2V_STATE_PROT_NONE), "prot-none");
  assert_string_equal (p2v_state_to_string (P2V_STATE_TRANSITION), "transition");
  assert_string_equal (p2v_state_to_string (P2V_STATE_PROTOTYPE), "prototype");
  assert_string_equal (p2v_state_to_string (P2V_STATE_SWAP_CACHE), "swap-cache");
  assert_string_equal (p2v_state_to_string (P2V_STATE_MIGRATION), "migration");
  assert_string_equal (p2v_state_to_string (P2V_STATE_HWPOISON), "hwpoison");
  assert_string_equal (p2v_state_to_string (P2V_STATE_PFN_MAP), "pfn-map");
  assert_string_equal (p2v_state_to_string (P2V_STATE_DEVICE), "device");
  assert_string_equal (p2v_state_to_string (P2V_STATE_UFFD_WP), "uffd-wp");
}

static void
assert_rights (guint       rights,
               const char *expected)
{
  g_autofree char *text = p2v_rights_to_string (rights);

  assert_string_equal (text, expected);
}

static void
rights_are_three_letters_and_who_has_them (void **state)
{
  assert_rights (P2V_RIGHTS_NONE, "--- k");
  assert_rights (P2V_RIGHTS_USER, "--- u");
  assert_rights (P2V_RIGHTS_READ | P2V_RIGHTS_EXECUTE | P2V_RIGHTS_USER, "r-x u");
  assert_rights (P2V_RIGHTS_READ | P2V_RIGHTS_WRITE, "rw- k");
  assert_rights (RWX | P2V_RIGHTS_USER, "rwx u");
}

static void
assert_page_size (guint       page_shift,
                  const char *expected)
{
  g_autofree char *text = p2v_page_shift_to_string (page_shift);

  assert_string_equal (text, expected);
}

static void
page_sizes_have_the_largest_whole_unit (void **state)
{
  assert_page_size (0, "1");
  assert_page_size (12, "4K");
  assert_page_size (16, "64K");
  assert_page_size (21, "2M");
  assert_page_size (22, "4M");
  assert_page_size (25, "32M");
  assert_page_size (30, "1G");
  assert_page_size (39, "512G");
}

static P2vRegion
make_region (const char *name,
             gboolean    is_file)
{
  return (P2vRegion) {
    .start_va = 0x7f0000400000,
    .length_bytes = 0x10000,
    .rights = P2V_RIGHTS_READ | P2V_RIGHTS_EXECUTE | P2V_RIGHTS_USER,
    .file_offset = is_file ? 0x2000 : 0,
    .is_file = is_file,
    .name = (char *) name,
  };
}

static P2vMapping
make_mapping (const P2vRegion *region,
              guint            rights)
{
  return (P2vMapping) {
    .va = 0x7f00004013c8,
    .length_bytes = 1,
    .described = TRUE,
    .page_shift = 12,
    .rights = rights,
    .region = region,
  };
}

static void
assert_region_text (const P2vRegion *region,
                    const char      *expected)
{
  P2vMapping mapping = make_mapping (region, P2V_RIGHTS_READ);
  g_autofree char *text = p2v_mapping_dup_region_text (&mapping);

  assert_string_equal (text, expected);
}

static void
file_region_tells_the_offset_in_the_file (void **state)
{
  P2vRegion region = make_region ("/usr/lib/libc.so.6", TRUE);

  assert_region_text (&region, "/usr/lib/libc.so.6+0x33c8");
}

static void
named_region_tells_the_offset_in_it (void **state)
{
  P2vRegion region = make_region ("[heap]", FALSE);

  assert_region_text (&region, "[heap]+0x13c8");
}

static void
region_without_a_name_is_anonymous (void **state)
{
  P2vRegion region = make_region ("", FALSE);

  assert_region_text (&region, "anonymous");
  region.name = NULL;
  assert_region_text (&region, "anonymous");
  assert_region_text (NULL, "");
}

static void
assert_disagree (guint    in_tables,
                 guint    in_region,
                 gboolean expected)
{
  P2vRegion region = make_region ("", FALSE);
  P2vMapping mapping = make_mapping (&region, in_tables);

  region.rights = in_region;
  assert_int_equal (p2v_mapping_rights_disagree (&mapping), expected);
}

static void
rights_disagree_when_the_entry_allows_more (void **state)
{
  assert_disagree (RWX, P2V_RIGHTS_READ | P2V_RIGHTS_EXECUTE, TRUE);
  assert_disagree (P2V_RIGHTS_READ | P2V_RIGHTS_EXECUTE, P2V_RIGHTS_READ | P2V_RIGHTS_WRITE, TRUE);
  assert_disagree (P2V_RIGHTS_READ, P2V_RIGHTS_NONE, TRUE);
}

static void
rights_agree_when_the_entry_allows_less (void **state)
{
  assert_disagree (P2V_RIGHTS_READ, RWX, FALSE);
  assert_disagree (P2V_RIGHTS_NONE, P2V_RIGHTS_READ, FALSE);
  assert_disagree (RWX | P2V_RIGHTS_USER, RWX, FALSE);
}

static void
reading_goes_with_writing_and_executing (void **state)
{
  assert_disagree (P2V_RIGHTS_READ | P2V_RIGHTS_WRITE, P2V_RIGHTS_WRITE, FALSE);
  assert_disagree (P2V_RIGHTS_READ | P2V_RIGHTS_EXECUTE, P2V_RIGHTS_EXECUTE, FALSE);
}

static void
mapping_without_region_or_description_does_not_disagree (void **state)
{
  P2vRegion region = make_region ("", FALSE);
  P2vMapping no_region = make_mapping (NULL, RWX);
  P2vMapping not_described = make_mapping (&region, RWX);

  not_described.described = FALSE;
  assert_false (p2v_mapping_rights_disagree (&no_region));
  assert_false (p2v_mapping_rights_disagree (&not_described));
  assert_null (p2v_mapping_dup_disagreement (&no_region));
}

static void
disagreement_is_told_in_a_sentence (void **state)
{
  P2vRegion region = make_region ("/bin/x", TRUE);
  P2vMapping mapping = make_mapping (&region, RWX | P2V_RIGHTS_USER);
  g_autofree char *text = p2v_mapping_dup_disagreement (&mapping);

  assert_string_equal (text, "The page tables allow rwx here, but the region says r-x.");
}

static void
trail_shows_every_entry_and_the_address (void **state)
{
  const P2vTrail trail = {
    .va = 0x766c03c8,
    .n_steps = 2,
    .steps = { { "pml4e", 0x271ec000, 0x0070000008844867 }, { "pdpte", 0x8844008, 0x1a5 } },
    .status = P2V_WALK_MAPPED,
    .pa = 0x1a58f3c8,
  };
  g_autofree char *text = p2v_trail_dup_text (&trail);

  assert_string_equal (text, "pml4e 0x271ec000 = 0x0070000008844867 → "
                             "pdpte 0x08844008 = 0x00000000000001a5 → 0x1a58f3c8");
}

static void
trail_that_ends_early_says_how (void **state)
{
  const P2vTrail not_present = {
    .n_steps = 1,
    .steps = { { "pml4e", 0x1000, 0 } },
    .status = P2V_WALK_NOT_PRESENT,
  };
  const P2vTrail not_canonical = { .status = P2V_WALK_NOT_CANONICAL };
  g_autofree char *text = p2v_trail_dup_text (&not_present);
  g_autofree char *no_steps = p2v_trail_dup_text (&not_canonical);

  assert_string_equal (text, "pml4e 0x00001000 = 0x0000000000000000 → not present");
  assert_string_equal (no_steps, "not a canonical address");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (states_have_words),
    cmocka_unit_test (rights_are_three_letters_and_who_has_them),
    cmocka_unit_test (page_sizes_have_the_largest_whole_unit),
    cmocka_unit_test (file_region_tells_the_offset_in_the_file),
    cmocka_unit_test (named_region_tells_the_offset_in_it),
    cmocka_unit_test (region_without_a_name_is_anonymous),
    cmocka_unit_test (rights_disagree_when_the_entry_allows_more),
    cmocka_unit_test (rights_agree_when_the_entry_allows_less),
    cmocka_unit_test (reading_goes_with_writing_and_executing),
    cmocka_unit_test (mapping_without_region_or_description_does_not_disagree),
    cmocka_unit_test (disagreement_is_told_in_a_sentence),
    cmocka_unit_test (trail_shows_every_entry_and_the_address),
    cmocka_unit_test (trail_that_ends_early_says_how),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
