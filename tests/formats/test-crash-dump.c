/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-test.h"

#include "image/p2v-image-private.h"
#include "p2v-image-writers.h"

#include <string.h>

#define PAGE 0x1000

static guint8 memory_bytes[6 * PAGE];

/* Pages 1 to 3, 9, and two above 4 GiB. */
static const P2vTestMemory memory[] = {
  { 0x1000, memory_bytes, 3 * PAGE },
  { 0x9000, memory_bytes + 3 * PAGE, PAGE },
  { 0x123456000, memory_bytes + 4 * PAGE, 2 * PAGE },
};
static const guint64 roots[] = { 0x187000 };
static const P2vTestMachine machine = {
  .memory = memory, .n_memory = 3, .roots = roots, .n_roots = 1
};

static int
fill_memory (void **state)
{
  for (gsize i = 0; i < sizeof memory_bytes; i++)
    memory_bytes[i] = (guint8) (i / PAGE * 37 + i % 253);
  return 0;
}

static P2vImage *
open_bytes (void      **state,
            GByteArray *bytes,
            GError    **error)
{
  g_autofree char *path = p2v_test_write_file (state, "image", bytes->data, bytes->len);
  return p2v_image_open (path, NULL, error);
}

static void
assert_refused (void        **state,
                GByteArray   *bytes,
                P2vImageError code,
                const char   *part)
{
  GError *error = NULL;

  assert_null (open_bytes (state, bytes, &error));
  assert_error (error, P2V_IMAGE_ERROR, code, part);
  assert_contains (error->message, "/image”");
  g_error_free (error);
}

static void
assert_all_memory (P2vImage *image)
{
  guint8 buffer[3 * PAGE];
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);

  assert_int_equal (n_ranges, G_N_ELEMENTS (memory));
  for (gsize i = 0; i < n_ranges; i++)
    {
      assert_true (ranges[i].start_pa == memory[i].pa);
      assert_int_equal (ranges[i].length_bytes, memory[i].length);
      assert_int_equal (p2v_image_read (image, memory[i].pa, buffer, memory[i].length, NULL),
                        P2V_READ_OK);
      assert_memory_equal (buffer, memory[i].bytes, memory[i].length);
    }
}

static void
each_type_gives_the_same_memory (void **state)
{
  static const struct
  {
    gboolean is_64;
    guint    type;
    guint    n_diagnostics;    /* that Windows left pages out */
  } kinds[] = {
    { FALSE, 1, 0 }, { FALSE, 5, 0 }, { TRUE, 1, 0 }, { TRUE, 5, 0 },
    { TRUE, 6, 1 },  { TRUE, 8, 1 },  { TRUE, 9, 1 }, { TRUE, 10, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GByteArray) bytes =
        p2v_test_write_crash_dump (kinds[i].is_64, kinds[i].type, &machine);
      GError *error = NULL;
      g_autoptr (P2vImage) image = open_bytes (state, bytes, &error);
      assert_no_error (error);
      assert_string_equal (p2v_image_get_format_name (image), "Windows crash dump");
      assert_int_equal (p2v_image_get_diagnostics (image)->len, kinds[i].n_diagnostics);
      assert_all_memory (image);
    }
}

static void
header_gives_hints_in_both_widths (void **state)
{
  static const P2vWindowsHints expected[] = {
    { TRUE, TRUE, 0x14c, 7601, 0x82d7c560, 0x82d76850, 0x82d6ee98, 0x82d5dc28 },
    { TRUE, FALSE, 0x8664, 7601, 0xfffff8000310f440, 0xfffff80002e3de90, 0xfffff80002e1fb90,
      0xfffff80002dfc0a0 },
  };

  for (guint is_64 = 0; is_64 < 2; is_64++)
    {
      g_autoptr (GByteArray) bytes = p2v_test_write_crash_dump (is_64, 1, &machine);
      g_autoptr (P2vImage) image = open_bytes (state, bytes, NULL);
      const P2vImageHints *hints = p2v_image_get_hints (image);
      const P2vWindowsHints *windows = &hints->windows;
      assert_int_equal (hints->page_table_roots->len, 1);
      assert_int_equal (g_array_index (hints->page_table_roots, P2vPhysAddr, 0), 0x187000);
      assert_true (windows->known);
      assert_int_equal (windows->is_pae, expected[is_64].is_pae);
      assert_int_equal (windows->machine, expected[is_64].machine);
      assert_int_equal (windows->build, expected[is_64].build);
      assert_true (windows->pfn_database_va == expected[is_64].pfn_database_va);
      assert_true (windows->loaded_modules_va == expected[is_64].loaded_modules_va);
      assert_true (windows->active_processes_va == expected[is_64].active_processes_va);
      assert_true (windows->debugger_data_va == expected[is_64].debugger_data_va);
    }
}

static void
types_without_memory_are_refused_by_name (void **state)
{
  g_autoptr (GByteArray) summary = p2v_test_crash_dump_header (TRUE, 2, 0);
  g_autoptr (GByteArray) minidump = p2v_test_crash_dump_header (FALSE, 4, 0);
  g_autoptr (GByteArray) unknown = p2v_test_crash_dump_header (TRUE, 0x77, 0);

  assert_refused (state, summary, P2V_IMAGE_ERROR_UNSUPPORTED, "type 2 (kernel summary)");
  assert_refused (state, minidump, P2V_IMAGE_ERROR_UNSUPPORTED, "type 4 (minidump)");
  assert_refused (state, unknown, P2V_IMAGE_ERROR_UNSUPPORTED, "type 0x77 (offset 0xf98)");
}

static void
header_that_is_cut_off_is_refused (void **state)
{
  g_autoptr (GByteArray) bytes = p2v_test_crash_dump_header (TRUE, 1, 0);

  g_byte_array_set_size (bytes, 0x1fff);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_TRUNCATED, "ends at offset 0x1fff");
  g_byte_array_set_size (bytes, 8);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_TRUNCATED, "ends at offset 0x8");
}

static void
more_runs_than_there_is_room_for_are_refused (void **state)
{
  g_autoptr (GByteArray) large = p2v_test_write_crash_dump (TRUE, 1, &machine);
  g_autoptr (GByteArray) small = p2v_test_write_crash_dump (FALSE, 1, &machine);
  g_autoptr (GByteArray) none = p2v_test_write_crash_dump (TRUE, 1, &machine);

  p2v_test_put (large, 0x88, 4, 44);
  assert_refused (state, large, P2V_IMAGE_ERROR_CORRUPT, "44 runs of memory");
  p2v_test_put (small, 0x64, 4, 87);
  assert_refused (state, small, P2V_IMAGE_ERROR_CORRUPT, "1 to 86 are expected");
  p2v_test_put (none, 0x88, 4, 0);
  assert_refused (state, none, P2V_IMAGE_ERROR_CORRUPT, "0 runs of memory");
}

static void
run_beyond_all_memory_is_refused (void **state)
{
  g_autoptr (GByteArray) bytes = p2v_test_write_crash_dump (TRUE, 1, &machine);

  p2v_test_put (bytes, 0x98, 8, (guint64) 1 << 40);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_CORRUPT, "page number 0x10000000000");
  p2v_test_put (bytes, 0x98, 8, 1);
  p2v_test_put (bytes, 0xa0, 8, G_MAXUINT64);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_CORRUPT, "0xffffffffffffffff pages");
}

static void
file_that_ends_early_keeps_what_is_there (void **state)
{
  g_autoptr (GByteArray) bytes = p2v_test_write_crash_dump (TRUE, 1, &machine);
  guint8 byte;

  g_byte_array_set_size (bytes, 0x2000 + 4 * PAGE);
  GError *error = NULL;
  g_autoptr (P2vImage) image = open_bytes (state, bytes, &error);
  assert_no_error (error);
  assert_int_equal (p2v_image_get_diagnostics (image)->len, 1);
  assert_int_equal (p2v_image_read (image, 0x9000, &byte, 1, NULL), P2V_READ_OK);
  assert_int_equal (p2v_image_read (image, 0x123456000, &byte, 1, NULL), P2V_READ_HOLE);
}

static void
bitmap_may_end_within_a_byte (void **state)
{
  g_autoptr (GByteArray) bytes = p2v_test_write_crash_dump (TRUE, 5, &machine);
  guint8 byte;

  /* Of the last byte only the first of its two pages counts. */
  p2v_test_put (bytes, 0x2030, 8, 0x123457);
  GError *error = NULL;
  g_autoptr (P2vImage) image = open_bytes (state, bytes, &error);
  assert_no_error (error);
  assert_int_equal (p2v_image_read (image, 0x123456000, &byte, 1, NULL), P2V_READ_OK);
  assert_int_equal (p2v_image_read (image, 0x123457000, &byte, 1, NULL), P2V_READ_HOLE);
}

static void
damaged_bitmap_header_is_refused (void **state)
{
  g_autoptr (GByteArray) bytes = p2v_test_write_crash_dump (TRUE, 5, &machine);

  p2v_test_put (bytes, 0x2030, 8, G_MAXUINT64);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_CORRUPT, "0xffffffffffffffff bits");
  p2v_test_put (bytes, 0x2030, 8, 0x123458);
  p2v_test_put (bytes, 0x2020, 8, (guint64) 1 << 60);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_CORRUPT, "at offset 0x2020");
  p2v_test_put (bytes, 0x2000, 4, 0x504d4452);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_CORRUPT, "0x504d4452 0x504d5544");
}

static void
damaged_range_header_is_refused (void **state)
{
  g_autoptr (GByteArray) bytes = p2v_test_write_crash_dump (TRUE, 10, &machine);

  p2v_test_put (bytes, 0x2018, 8, 0x2010);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_CORRUPT, "offset 0x2018");
  p2v_test_put (bytes, 0x2000, 4, 0x41);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_CORRUPT, "0x00000041 0x504d4452 0x504d5544");
}

static void
second_header_that_is_cut_off_is_refused (void **state)
{
  g_autoptr (GByteArray) bytes = p2v_test_write_crash_dump (TRUE, 5, &machine);

  g_byte_array_set_size (bytes, 0x2010);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_TRUNCATED, "within its second header");
}

static void
bitmap_longer_than_one_piece_is_read_whole (void **state)
{
  const P2vTestMemory far[] = {
    { 0x1000, memory_bytes, PAGE },
    /* Bytes of the bitmap around the end of the first 64 KiB of it. */
    { (guint64) 0x7ffff << 12, memory_bytes + PAGE, 2 * PAGE },
    { (guint64) 0x12fff0 << 12, memory_bytes + 3 * PAGE, PAGE },
  };
  const P2vTestMachine large = { .memory = far, .n_memory = 3 };
  g_autoptr (GByteArray) bytes = p2v_test_write_crash_dump (TRUE, 5, &large);
  GError *error = NULL;
  g_autoptr (P2vImage) image = open_bytes (state, bytes, &error);
  gsize n_ranges;

  assert_no_error (error);
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);
  assert_int_equal (n_ranges, 3);
  assert_true (ranges[1].start_pa == far[1].pa);
  assert_int_equal (ranges[1].length_bytes, 2 * PAGE);
  assert_true (ranges[2].start_pa == far[2].pa);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (each_type_gives_the_same_memory),
    p2v_test_in_folder (header_gives_hints_in_both_widths),
    p2v_test_in_folder (types_without_memory_are_refused_by_name),
    p2v_test_in_folder (header_that_is_cut_off_is_refused),
    p2v_test_in_folder (more_runs_than_there_is_room_for_are_refused),
    p2v_test_in_folder (run_beyond_all_memory_is_refused),
    p2v_test_in_folder (file_that_ends_early_keeps_what_is_there),
    p2v_test_in_folder (bitmap_may_end_within_a_byte),
    p2v_test_in_folder (damaged_bitmap_header_is_refused),
    p2v_test_in_folder (damaged_range_header_is_refused),
    p2v_test_in_folder (second_header_that_is_cut_off_is_refused),
    p2v_test_in_folder (bitmap_longer_than_one_piece_is_read_whole),
  };

  return cmocka_run_group_tests (tests, fill_memory, NULL);
}
