/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-test.h"

#include "image/p2v-image-private.h"
#include "p2v-image-writers.h"

#include <string.h>

static const guint8 memory[64] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ#$";

static P2vImage *
open_bytes (void      **state,
            GByteArray *bytes,
            GError    **error)
{
  g_autofree char *path = p2v_test_write_file (state, "image", bytes->data, bytes->len);
  return p2v_image_open (path, NULL, error);
}

static P2vImage *
open_good (void      **state,
           GByteArray *bytes,
           guint       n_diagnostics)
{
  GError *error = NULL;
  P2vImage *image = open_bytes (state, bytes, &error);

  assert_no_error (error);
  assert_int_equal (p2v_image_get_diagnostics (image)->len, n_diagnostics);
  return image;
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
smallest_lime_has_one_byte_of_memory (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, 0x1000, 0x1000, memory, 1);
  g_autoptr (P2vImage) image = open_good (state, bytes, 0);
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);

  assert_int_equal (n_ranges, 1);
  assert_int_equal (ranges[0].start_pa, 0x1000);
  assert_int_equal (ranges[0].length_bytes, 1);
  assert_int_equal (ranges[0].file_offset, 0x20);
  assert_string_equal (p2v_image_get_format_name (image), "LiME");
}

static void
ranges_need_not_be_page_aligned_or_sorted (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, 0x100000123, 0x100000123 + 9, memory, 10);
  p2v_test_append_lime (bytes, 0x77, 0x77 + 4, memory + 10, 5);
  g_autoptr (P2vImage) image = open_good (state, bytes, 0);
  guint8 buffer[10];
  guint64 offset = 0;
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);

  assert_int_equal (n_ranges, 2);
  assert_int_equal (ranges[0].start_pa, 0x77);
  assert_true (ranges[1].start_pa == 0x100000123);
  assert_int_equal (p2v_image_read (image, 0x77, buffer, 5, NULL), P2V_READ_OK);
  assert_memory_equal (buffer, "abcde", 5);
  assert_true (p2v_image_pa_to_offset (image, 0x77, &offset));
  assert_int_equal (offset, 0x20 + 10 + 0x20);
}

static void
last_address_is_inclusive (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, 0x1000, 0x103f, memory, 64);
  g_autoptr (P2vImage) image = open_good (state, bytes, 0);
  guint8 byte = 0;

  assert_int_equal (p2v_image_read (image, 0x103f, &byte, 1, NULL), P2V_READ_OK);
  assert_int_equal (byte, '$');
  assert_int_equal (p2v_image_read (image, 0x1040, &byte, 1, NULL), P2V_READ_HOLE);
}

static void
header_with_wrong_magic_is_not_lime (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, 0x1000, 0x103f, memory, 64);
  bytes->data[0] = 'e';
  assert_refused (state, bytes, P2V_IMAGE_ERROR_NOT_RECOGNIZED, "too small for a flat image");
}

static void
other_version_is_refused (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, 0x1000, 0x103f, memory, 64);
  p2v_test_put (bytes, 4, 4, 2);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_UNSUPPORTED, "LiME version 2 at offset 0x4");
}

static void
header_with_end_before_start_is_refused (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, 0x1000, 0x103f, memory, 64);
  p2v_test_append_lime (bytes, 0x2000, 0x1fff, memory, 64);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_CORRUPT, "offset 0x60: the range ends at 0x1fff");
}

static void
range_over_all_64_bits_is_refused (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, 0, G_MAXUINT64, memory, 64);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_CORRUPT, "offset 0x0");
}

static void
range_beyond_the_largest_address_is_refused_if_it_is_all (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, (guint64) 1 << 52, ((guint64) 1 << 52) + 63, memory, 64);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_CORRUPT, "0x10000000000000");
}

static void
range_up_to_the_largest_address_is_read (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, ((guint64) 1 << 52) - 64, ((guint64) 1 << 52) - 1, memory, 64);
  g_autoptr (P2vImage) image = open_good (state, bytes, 0);
  guint8 byte = 0;

  assert_int_equal (p2v_image_read (image, ((guint64) 1 << 52) - 1, &byte, 1, NULL), P2V_READ_OK);
  assert_int_equal (byte, '$');
  assert_int_equal (p2v_image_read (image, (guint64) 1 << 52, &byte, 1, NULL), P2V_READ_HOLE);
}

static void
reserved_bytes_do_not_matter (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, 0x1000, 0x103f, memory, 64);
  p2v_test_put (bytes, 0x18, 8, G_MAXUINT64);
  g_autoptr (P2vImage) image = open_good (state, bytes, 0);
  assert_int_equal (p2v_image_get_memory_size (image), 64);
}

/* Whatever the length: an error or what is there, and every byte that is given is the right one. */
static void
file_truncated_at_every_byte_gives_what_is_left (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, 0x1000, 0x101f, memory, 32);
  p2v_test_append_lime (bytes, 0x8000, 0x801f, memory + 32, 32);

  for (guint length = 4; length <= 0x80; length++)
    {
      GError *error = NULL;
      g_byte_array_set_size (bytes, 0);
      p2v_test_append_lime (bytes, 0x1000, 0x101f, memory, 32);
      p2v_test_append_lime (bytes, 0x8000, 0x801f, memory + 32, 32);
      g_byte_array_set_size (bytes, length);
      g_autoptr (P2vImage) image = open_bytes (state, bytes, &error);
      if (length <= 0x20)
        {
          assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED, "");
          g_error_free (error);
          continue;
        }
      assert_no_error (error);
      guint first = MIN (length - 0x20, 32), second = length > 0x60 ? length - 0x60 : 0;
      assert_int_equal (p2v_image_get_memory_size (image), first + second);
      assert_int_equal (p2v_image_get_diagnostics (image)->len, length != 0x40 && length != 0x80);
    }
}

static void
zero_padding_behind_the_last_record_is_accepted (void **state)
{
  for (guint n_zeros = 1; n_zeros < 5000; n_zeros *= 7)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      p2v_test_append_lime (bytes, 0x1000, 0x103f, memory, 64);
      for (guint i = 0; i < n_zeros; i++)
        p2v_test_append (bytes, 1, 0);
      g_autoptr (P2vImage) image = open_good (state, bytes, 1);
      assert_contains (p2v_image_get_diagnostics (image)->pdata[0], "zero bytes");
      assert_contains (p2v_image_get_diagnostics (image)->pdata[0], "offset 0x60");
      assert_int_equal (p2v_image_get_memory_size (image), 64);
    }
}

static void
garbage_behind_the_last_record_is_told_with_its_offset (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, 0x1000, 0x103f, memory, 64);
  g_byte_array_append (bytes, memory, sizeof memory);
  g_autoptr (P2vImage) image = open_good (state, bytes, 1);

  assert_contains (p2v_image_get_diagnostics (image)->pdata[0],
                   "no complete LiME header at offset 0x60");
  assert_contains (p2v_image_get_diagnostics (image)->pdata[0], "the last 64 bytes");
  assert_int_equal (p2v_image_get_memory_size (image), 64);
}

static void
a_hundred_thousand_records_are_read (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  const guint n = 100000;
  for (guint i = 0; i < n; i++)
    p2v_test_append_lime (bytes, (guint64) i * 0x2000, (guint64) i * 0x2000, memory + i % 64, 1);
  g_autoptr (P2vImage) image = open_good (state, bytes, 0);
  guint8 byte = 0;

  assert_int_equal (p2v_image_get_memory_size (image), n);
  assert_int_equal (p2v_image_read (image, (guint64) (n - 1) * 0x2000, &byte, 1, NULL),
                    P2V_READ_OK);
  assert_int_equal (byte, memory[(n - 1) % 64]);
}

static void
magic_before_garbage_is_an_error_of_lime (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_byte_array_append (bytes, (const guint8 *) "EMiL", 4);
  for (guint i = 0; i < 0x20000; i++)
    p2v_test_append (bytes, 1, i * 37 + 11);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_UNSUPPORTED, "LiME version");
}

static void
opening_can_be_cancelled (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  p2v_test_append_lime (bytes, 0x1000, 0x103f, memory, 64);
  g_autofree char *path = p2v_test_write_file (state, "image", bytes->data, bytes->len);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GError *error = NULL;

  g_cancellable_cancel (cancellable);
  assert_null (p2v_image_open (path, cancellable, &error));
  assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  g_error_free (error);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (smallest_lime_has_one_byte_of_memory),
    p2v_test_in_folder (ranges_need_not_be_page_aligned_or_sorted),
    p2v_test_in_folder (last_address_is_inclusive),
    p2v_test_in_folder (header_with_wrong_magic_is_not_lime),
    p2v_test_in_folder (other_version_is_refused),
    p2v_test_in_folder (header_with_end_before_start_is_refused),
    p2v_test_in_folder (range_over_all_64_bits_is_refused),
    p2v_test_in_folder (range_beyond_the_largest_address_is_refused_if_it_is_all),
    p2v_test_in_folder (range_up_to_the_largest_address_is_read),
    p2v_test_in_folder (reserved_bytes_do_not_matter),
    p2v_test_in_folder (file_truncated_at_every_byte_gives_what_is_left),
    p2v_test_in_folder (zero_padding_behind_the_last_record_is_accepted),
    p2v_test_in_folder (garbage_behind_the_last_record_is_told_with_its_offset),
    p2v_test_in_folder (a_hundred_thousand_records_are_read),
    p2v_test_in_folder (magic_before_garbage_is_an_error_of_lime),
    p2v_test_in_folder (opening_can_be_cancelled),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
