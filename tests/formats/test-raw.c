/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-test.h"

#include "image/p2v-image-private.h"
#include "p2v-image-writers.h"

#include <string.h>

#define LEAST 0x10000

static guint8 *
make_memory (gsize length)
{
  guint8 *bytes = g_malloc (length);
  for (gsize i = 0; i < length; i++)
    bytes[i] = (guint8) (i ^ (i >> 8) ^ (i >> 16));
  return bytes;
}

static P2vImage *
open_bytes (void        **state,
            const guint8 *bytes,
            gsize         length,
            GError      **error)
{
  g_autofree char *path = p2v_test_write_file (state, "image", bytes, length);
  return p2v_image_open (path, NULL, error);
}

static void
smallest_flat_image_is_one_range_from_0 (void **state)
{
  g_autofree guint8 *memory = make_memory (LEAST);
  GError *error = NULL;
  g_autoptr (P2vImage) image = open_bytes (state, memory, LEAST, &error);
  gsize n_ranges;

  assert_no_error (error);
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);
  assert_int_equal (n_ranges, 1);
  assert_int_equal (ranges[0].start_pa, 0);
  assert_int_equal (ranges[0].length_bytes, LEAST);
  assert_int_equal (ranges[0].file_offset, 0);
  assert_int_equal (p2v_image_get_memory_size (image), LEAST);
  assert_int_equal (p2v_image_get_file_size (image), LEAST);
  assert_string_equal (p2v_image_get_format_name (image), "Flat image (raw)");
  assert_int_equal (p2v_image_get_diagnostics (image)->len, 0);
}

static void
offsets_are_addresses_and_bytes_are_the_files (void **state)
{
  g_autofree guint8 *memory = make_memory (LEAST);
  g_autoptr (P2vImage) image = open_bytes (state, memory, LEAST, NULL);
  P2vPhysAddr pa = 0;
  guint64 offset = 0;
  guint8 buffer[256];

  assert_true (p2v_image_offset_to_pa (image, 0xffff, &pa));
  assert_int_equal (pa, 0xffff);
  assert_true (p2v_image_pa_to_offset (image, 0xabcd, &offset));
  assert_int_equal (offset, 0xabcd);
  assert_false (p2v_image_offset_to_pa (image, 0x10000, &pa));
  assert_false (p2v_image_pa_to_offset (image, 0x10000, &offset));
  assert_int_equal (p2v_image_read (image, 0x1234, buffer, sizeof buffer, NULL), P2V_READ_OK);
  assert_memory_equal (buffer, memory + 0x1234, sizeof buffer);
}

static void
file_below_64_kib_is_refused (void **state)
{
  g_autofree guint8 *memory = make_memory (LEAST);
  GError *error = NULL;

  assert_null (open_bytes (state, memory, LEAST - 1, &error));
  assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_NOT_RECOGNIZED, "65535 bytes");
  g_clear_error (&error);
  assert_null (open_bytes (state, memory, 1, &error));
  assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_NOT_RECOGNIZED, "1 bytes");
  g_clear_error (&error);
}

static void
file_that_ends_within_a_page_is_opened_with_a_diagnostic (void **state)
{
  g_autofree guint8 *memory = make_memory (LEAST + 1);
  g_autoptr (P2vImage) image = open_bytes (state, memory, LEAST + 1, NULL);
  guint8 byte;

  assert_non_null (image);
  assert_int_equal (p2v_image_get_diagnostics (image)->len, 1);
  assert_contains (p2v_image_get_diagnostics (image)->pdata[0], "offset 0x10001");
  assert_int_equal (p2v_image_read (image, LEAST, &byte, 1, NULL), P2V_READ_OK);
  assert_int_equal (p2v_image_read (image, LEAST + 1, &byte, 1, NULL), P2V_READ_HOLE);
}

/* Taking one of these for memory would end in "no operating system found", which helps nobody. */
static void
containers_we_do_not_read_are_named (void **state)
{
  const struct { const char *magic; gsize n_magic; const char *part; } cases[] = {
    { "DISKDUMP", 8, "diskdump" },
    { "HIBR", 4, "hibernation" },
    { "AVML", 4, "AVML" },
    { "QEVM", 4, "QEMU" },
    { "EVF\x09\x0d\x0a\xff\0", 8, "EWF" },
    { "PK\3\4", 4, "ZIP" },
    { "\x1f\x8b\x08", 3, "gzip" },
    { "\xfd" "7zXZ\0", 6, "xz" },
    { "\x28\xb5\x2f\xfd", 4, "zstd" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree guint8 *memory = make_memory (LEAST);
      GError *error = NULL;
      memcpy (memory, cases[i].magic, cases[i].n_magic);
      assert_null (open_bytes (state, memory, LEAST, &error));
      assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED, cases[i].part);
      g_error_free (error);

      /* One byte less of the magic number is ordinary memory. */
      memory[cases[i].n_magic - 1] ^= 0x40;
      g_autoptr (P2vImage) image = open_bytes (state, memory, LEAST, NULL);
      assert_non_null (image);
    }
}

static void
largest_flat_image_of_a_sparse_file_is_addressed_to_its_end (void **state)
{
  const guint8 last[4096] = { 0x5a };
  /* 5 TiB: far above 32 bits, and what any file system of ours takes as a hole. */
  const guint64 last_pa = ((guint64) 5 << 40) - sizeof last;
  const P2vTestMemory memory = { last_pa, last, sizeof last };
  const P2vTestMachine machine = { .memory = &memory, .n_memory = 1 };
  g_autofree char *path = p2v_test_path (state, "sparse");
  GError *error = NULL;
  guint8 byte = 0;

  assert_true (p2v_test_save (P2V_TEST_RAW, &machine, path));
  g_autoptr (P2vImage) image = p2v_image_open (path, NULL, &error);
  assert_no_error (error);
  assert_true (p2v_image_get_memory_size (image) == (guint64) 5 << 40);
  assert_int_equal (p2v_image_read (image, last_pa, &byte, 1, NULL), P2V_READ_OK);
  assert_int_equal (byte, 0x5a);
}

static void
flat_image_at_a_base_has_its_bytes_behind_it (void **state)
{
  g_autofree guint8 *memory = make_memory (LEAST);
  g_autofree char *path = p2v_test_write_file (state, "image", memory, LEAST);
  const P2vPhysAddr base_pa = 0x40000000;
  GError *error = NULL;
  g_autoptr (P2vImage) image = p2v_image_open_at (path, base_pa, NULL, &error);
  guint64 offset = 0;
  P2vPhysAddr pa = 0;
  guint8 byte = 0;

  assert_no_error (error);
  assert_int_equal (p2v_image_read (image, base_pa + 0x1234, &byte, 1, NULL), P2V_READ_OK);
  assert_int_equal (byte, memory[0x1234]);
  assert_int_equal (p2v_image_read (image, 0x1234, &byte, 1, NULL), P2V_READ_HOLE);
  assert_true (p2v_image_pa_to_offset (image, base_pa + 0x1234, &offset));
  assert_int_equal (offset, 0x1234);
  assert_true (p2v_image_offset_to_pa (image, 0x1234, &pa));
  assert_int_equal (pa, base_pa + 0x1234);
}

static void
base_that_is_no_page_or_too_high_is_refused (void **state)
{
  const P2vPhysAddr bases[] = { 0x40000001, (P2vPhysAddr) 1 << 52, ~(P2vPhysAddr) 0xfff };
  g_autofree guint8 *memory = make_memory (LEAST);
  g_autofree char *path = p2v_test_write_file (state, "image", memory, LEAST);

  for (gsize i = 0; i < G_N_ELEMENTS (bases); i++)
    {
      GError *error = NULL;
      assert_null (p2v_image_open_at (path, bases[i], NULL, &error));
      assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_LIMIT, "base address");
      g_clear_error (&error);
    }
}

static void
base_of_an_image_that_says_it_itself_is_refused (void **state)
{
  const guint8 page[4096] = { 1 };
  const P2vTestMemory memory = { 0x1000, page, sizeof page };
  const P2vTestMachine machine = { .memory = &memory, .n_memory = 1 };
  g_autofree char *path = p2v_test_path (state, "image");
  GError *error = NULL;

  assert_true (p2v_test_save (P2V_TEST_LIME, &machine, path));
  assert_null (p2v_image_open_at (path, 0x40000000, NULL, &error));
  assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED, "LiME");
  g_clear_error (&error);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (smallest_flat_image_is_one_range_from_0),
    p2v_test_in_folder (offsets_are_addresses_and_bytes_are_the_files),
    p2v_test_in_folder (flat_image_at_a_base_has_its_bytes_behind_it),
    p2v_test_in_folder (base_that_is_no_page_or_too_high_is_refused),
    p2v_test_in_folder (base_of_an_image_that_says_it_itself_is_refused),
    p2v_test_in_folder (file_below_64_kib_is_refused),
    p2v_test_in_folder (file_that_ends_within_a_page_is_opened_with_a_diagnostic),
    p2v_test_in_folder (containers_we_do_not_read_are_named),
    p2v_test_in_folder (largest_flat_image_of_a_sparse_file_is_addressed_to_its_end),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
