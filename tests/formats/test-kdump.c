/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-test.h"

#include "image/p2v-image-private.h"
#include "p2v-kdump-writer.h"

#include <string.h>

#define PAGE 4096
#define N_PAGES 40

/* Pages 0x10 to 0x1f, one by itself, and the rest above 4 GiB. */
#define HIGH_PA 0x123456000

static guint8 memory_bytes[N_PAGES * PAGE];
static const P2vTestMemory memory[] = {
  { 0x10 * PAGE, memory_bytes, 16 * PAGE },
  { 0x99 * PAGE, memory_bytes + 16 * PAGE, PAGE },
  { HIGH_PA, memory_bytes + 17 * PAGE, (N_PAGES - 17) * PAGE },
};
static const guint64 roots[] = { 0x187000, 0x2aaa000 };
static const P2vTestMachine machine = { .memory = memory,
                                        .n_memory = G_N_ELEMENTS (memory),
                                        .roots = roots,
                                        .n_roots = G_N_ELEMENTS (roots),
                                        .vmcoreinfo = "OSRELEASE=6.1.0\nPAGESIZE=4096\n" };

static const P2vTestKdump plain = { .version = 6,
                                    .packings = P2V_TEST_PACKED_ZLIB | P2V_TEST_PACKED_LZO };

/* By turns: a page that repeats itself, one of zeros, one of another value, one that does not
 * shrink. */
static int
fill_memory (void **state)
{
  guint32 noise = 1;

  for (guint page = 0; page < N_PAGES; page++)
    for (guint i = 0; i < PAGE; i++)
      {
        noise = noise * 1664525 + 1013904223;
        const guint values[] = { i % (page + 3), 0, page, noise >> 24 };
        memory_bytes[page * PAGE + i] = (guint8) values[page % 4];
      }
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

static P2vImage *
open_form (void              **state,
           const P2vTestKdump *form)
{
  g_autoptr (GByteArray) bytes = p2v_test_write_kdump (form, &machine);
  GError *error = NULL;
  P2vImage *image = open_bytes (state, bytes, &error);

  assert_no_error (error);
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
assert_diagnosed (P2vImage   *image,
                  const char *part)
{
  assert_int_equal (p2v_image_get_diagnostics (image)->len, 1);
  assert_contains (p2v_image_get_diagnostics (image)->pdata[0], part);
}

static void
assert_all_memory (P2vImage *image)
{
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);
  g_autofree guint8 *buffer = g_malloc (sizeof memory_bytes);

  assert_true (p2v_image_is_packed (image));
  assert_int_equal (p2v_image_get_memory_size (image), sizeof memory_bytes);
  assert_int_equal (n_ranges, G_N_ELEMENTS (memory));
  for (gsize i = 0; i < n_ranges; i++)
    {
      assert_true (ranges[i].start_pa == memory[i].pa);
      assert_int_equal (ranges[i].length_bytes, memory[i].length);
      assert_int_equal (p2v_image_read (image, memory[i].pa, buffer, memory[i].length, NULL),
                        P2V_READ_OK);
      assert_memory_equal (buffer, memory[i].bytes, memory[i].length);
      /* Not from its start, nor to its end. */
      assert_int_equal (p2v_image_read (image, memory[i].pa + 100, buffer, 3000, NULL),
                        P2V_READ_OK);
      assert_memory_equal (buffer, memory[i].bytes + 100, 3000);
    }
  assert_null (p2v_image_dup_damage (image));
}

static void
each_packing_gives_the_same_memory (void **state)
{
  static const guint packings[] = {
    0,
    P2V_TEST_PACKED_ZLIB,
    P2V_TEST_PACKED_LZO,
#ifdef P2V_HAVE_SNAPPY
    P2V_TEST_PACKED_SNAPPY,
#endif
#ifdef P2V_HAVE_ZSTD
    P2V_TEST_PACKED_ZSTD,
#endif
    P2V_TEST_PACKED_ZLIB | P2V_TEST_PACKED_LZO,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (packings); i++)
    for (guint is_32 = 0; is_32 < 2; is_32++)
      {
        P2vTestKdump form = { .is_32 = is_32, .version = 6, .packings = packings[i] };
        g_autoptr (P2vImage) image = open_form (state, &form);
        assert_string_equal (p2v_image_get_format_name (image), "kdump, compressed");
        assert_int_equal (p2v_image_get_diagnostics (image)->len, 0);
        assert_all_memory (image);
      }
}

static void
each_version_gives_the_same_memory (void **state)
{
  for (guint version = 1; version <= 6; version++)
    for (guint has_one = 0; has_one < 2; has_one++)
      {
        P2vTestKdump form = plain;
        form.version = version;
        form.has_one_bitmap = has_one;
        g_autoptr (P2vImage) image = open_form (state, &form);
        assert_all_memory (image);
      }
}

static void
headers_give_hints (void **state)
{
  for (guint is_32 = 0; is_32 < 2; is_32++)
    {
      P2vTestKdump form = plain;
      form.is_32 = is_32;
      g_autoptr (P2vImage) image = open_form (state, &form);
      const P2vImageHints *hints = p2v_image_get_hints (image);

      assert_int_equal (hints->page_table_roots->len, 2);
      assert_int_equal (g_array_index (hints->page_table_roots, P2vPhysAddr, 1), 0x2aaa000);
      assert_non_null (hints->vmcoreinfo);
      assert_int_equal (g_bytes_get_size (hints->vmcoreinfo), strlen (machine.vmcoreinfo));
      assert_memory_equal (g_bytes_get_data (hints->vmcoreinfo, NULL), machine.vmcoreinfo,
                           strlen (machine.vmcoreinfo));
    }
}

static void
flattened_records_come_in_any_order (void **state)
{
  static const gsize record_bytes[] = { 977, PAGE, 1 << 20 };
  g_autoptr (GByteArray) kdump = p2v_test_write_kdump (&plain, &machine);

  for (gsize i = 0; i < G_N_ELEMENTS (record_bytes); i++)
    for (guint backwards = 0; backwards < 2; backwards++)
      {
        g_autoptr (GByteArray) flat = p2v_test_flatten_kdump (kdump, record_bytes[i], backwards);
        GError *error = NULL;
        g_autoptr (P2vImage) image = open_bytes (state, flat, &error);
        assert_no_error (error);
        assert_int_equal (p2v_image_get_diagnostics (image)->len, 0);
        assert_all_memory (image);
      }
}

/* makedumpfile writes the headers once more at the end. */
static void
last_record_of_a_place_is_heard (void **state)
{
  g_autoptr (GByteArray) kdump = p2v_test_write_kdump (&plain, &machine);
  g_autofree guint8 *header = g_memdup2 (kdump->data, PAGE);

  memset (kdump->data, 0xee, PAGE);
  g_autoptr (GByteArray) flat = p2v_test_flatten_kdump (kdump, 10000, FALSE);
  g_byte_array_set_size (flat, flat->len - 16);
  p2v_test_append_record (flat, 0, PAGE);
  g_byte_array_append (flat, header, PAGE);
  p2v_test_append_record (flat, G_MAXUINT64, G_MAXUINT64);
  g_autoptr (P2vImage) image = open_bytes (state, flat, NULL);
  assert_non_null (image);
  assert_all_memory (image);
}

static void
flattened_file_without_its_end_is_told (void **state)
{
  g_autoptr (GByteArray) kdump = p2v_test_write_kdump (&plain, &machine);
  g_autoptr (GByteArray) flat = p2v_test_flatten_kdump (kdump, 10000, FALSE);

  g_byte_array_set_size (flat, flat->len - 16);
  g_autoptr (P2vImage) no_end = open_bytes (state, flat, NULL);
  assert_diagnosed (no_end, "incomplete flattened kdump");
  assert_all_memory (no_end);

  /* A record that reaches beyond the file, and one that wraps. */
  static const guint64 offsets[] = { 0x100, G_MAXUINT64 - 10 };
  for (guint i = 0; i < 2; i++)
    {
      g_byte_array_set_size (flat, flat->len - (i > 0 ? 16 : 0));
      p2v_test_append_record (flat, offsets[i], 1000);
      g_autoptr (P2vImage) image = open_bytes (state, flat, NULL);
      assert_diagnosed (image, "a record is expected that fits the file");
      assert_all_memory (image);
    }
}

static void
flattened_file_of_another_kind_is_refused (void **state)
{
  g_autoptr (GByteArray) kdump = p2v_test_write_kdump (&plain, &machine);
  memcpy (kdump->data, "\177ELF", 4);
  g_autoptr (GByteArray) elf = p2v_test_flatten_kdump (kdump, 10000, FALSE);
  assert_refused (state, elf, P2V_IMAGE_ERROR_UNSUPPORTED, "no kdump is in it");

  elf->data[0x1f] = 9;
  assert_refused (state, elf, P2V_IMAGE_ERROR_UNSUPPORTED, "type 1, version 9");
}

static void
part_of_a_split_dump_has_its_part (void **state)
{
  P2vTestKdump form = plain;
  form.is_split = TRUE;
  form.first_pfn = 0x18;
  form.end_pfn = 0x9a;
  g_autoptr (P2vImage) image = open_form (state, &form);
  guint8 buffer[9 * PAGE];

  assert_diagnosed (image, "from physical address 0x18000 up to 0x9a000");
  assert_int_equal (p2v_image_get_memory_size (image), 9 * PAGE);
  assert_int_equal (p2v_image_read (image, 0x18 * PAGE, buffer, 8 * PAGE, NULL), P2V_READ_OK);
  assert_memory_equal (buffer, memory_bytes + 8 * PAGE, 8 * PAGE);
  assert_int_equal (p2v_image_read (image, 0x99 * PAGE, buffer, PAGE, NULL), P2V_READ_OK);
  assert_memory_equal (buffer, memory_bytes + 16 * PAGE, PAGE);
  assert_false (p2v_image_contains (image, HIGH_PA));
}

static void
what_was_left_out_is_told (void **state)
{
  P2vTestKdump form = plain;

  form.level = 1;
  g_autoptr (P2vImage) zeros = open_form (state, &form);
  assert_diagnosed (zeros, "dump level 1: pages of zeros were left out");
  form.level = 31;
  g_autoptr (P2vImage) much = open_form (state, &form);
  assert_diagnosed (much, "dump level 31: pages of zeros, files, processes");
}

/* Descriptors that make no sense, and packed bytes that do not unpack. */
static void
damaged_page_is_a_hole_and_counted (void **state)
{
  static const struct
  {
    guint   at;                /* in the descriptor */
    guint   width;
    guint64 value;
  } damages[] = {
    { 0, 8, 0 },               /* never written */
    { 0, 8, G_MAXUINT64 - 5 },
    { 0, 8, (guint64) 1 << 62 },
    { 0, 8, 1 },               /* other bytes */
    { 8, 4, 0 },
    { 8, 4, PAGE + 1 },
    { 8, 4, G_MAXUINT32 },
    { 8, 4, 3 },
    { 12, 4, 2 },              /* zlib taken for LZO */
    { 12, 4, 0 },              /* and for a stored page */
  };
  gsize at = p2v_test_kdump_find (&plain, &machine, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      g_autoptr (GByteArray) bytes = p2v_test_write_kdump (&plain, &machine);
      p2v_test_put (bytes, at + damages[i].at, damages[i].width, damages[i].value);
      g_autoptr (P2vImage) image = open_bytes (state, bytes, NULL);
      assert_non_null (image);
      guint8 page[PAGE];
      GError *error = NULL;

      for (guint n = 0; n < 2; n++)
        {
          P2vReadStatus status = p2v_image_read (image, 0x10 * PAGE, page, PAGE, &error);
          assert_no_error (error);
          assert_int_equal (status, P2V_READ_HOLE);
        }
      g_autofree char *damage = p2v_image_dup_damage (image);
      assert_contains (damage, "1 page that is damaged");
      assert_int_equal (p2v_image_read (image, 0x11 * PAGE, page, PAGE, NULL), P2V_READ_OK);
      assert_memory_equal (page, memory_bytes + PAGE, PAGE);
    }
}

static void
cut_anywhere_it_is_an_error_or_told (void **state)
{
  g_autoptr (GByteArray) whole = p2v_test_write_kdump (&plain, &machine);
  gsize descriptors_at = p2v_test_kdump_find (&plain, &machine, 0);
  gsize data_at = p2v_test_kdump_find (&plain, &machine, N_PAGES);

  for (guint n = 16; n < whole->len; n += n < data_at && n > descriptors_at ? 1 : 509)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_byte_array_append (bytes, whole->data, n);
      GError *error = NULL;
      g_autoptr (P2vImage) image = open_bytes (state, bytes, &error);
      g_autofree guint8 *page = g_malloc (PAGE);

      if (n < descriptors_at + 24)
        {
          assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED, "ends at offset");
          g_error_free (error);
          continue;
        }
      assert_no_error (error);
      if (n < data_at)
        assert_contains (p2v_image_get_diagnostics (image)->pdata[0], "pages are missing");
      else
        assert_int_equal (p2v_image_read (image, HIGH_PA + (N_PAGES - 18) * PAGE, page, PAGE, NULL),
                          P2V_READ_HOLE);
    }
}

static void
damaged_header_is_refused_with_its_numbers (void **state)
{
  static const struct
  {
    guint         at;
    guint64       value;
    P2vImageError code;
    const char   *part;
  } damages[] = {
    { 428, 0, P2V_IMAGE_ERROR_CORRUPT, "block size, at offset 0x1ac or 0x1a0, is 0x0" },
    { 428, 4097, P2V_IMAGE_ERROR_CORRUPT, "is 0x1001" },
    { 428, 0x100000, P2V_IMAGE_ERROR_UNSUPPORTED, "big-endian" },
    { 432, 0x7fffffff, P2V_IMAGE_ERROR_TRUNCATED, "bitmap" },
    { 436, 0, P2V_IMAGE_ERROR_CORRUPT, "has bitmaps for 0x0" },
    { 436, 0xffffffff, P2V_IMAGE_ERROR_TRUNCATED, "bitmap" },
    { PAGE + 96, 0, P2V_IMAGE_ERROR_CORRUPT, "0x0 pages of memory" },
    { PAGE + 96, G_MAXUINT32, P2V_IMAGE_ERROR_CORRUPT, "0xffffffff pages of memory" },
    { PAGE + 100, G_MAXUINT32, P2V_IMAGE_ERROR_CORRUPT, "pages of memory" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      g_autoptr (GByteArray) bytes = p2v_test_write_kdump (&plain, &machine);
      p2v_test_put (bytes, damages[i].at, 4, damages[i].value);
      assert_refused (state, bytes, damages[i].code, damages[i].part);
    }
}

/* What the threads unpack is what is read; and none is left when the image goes, at work or not. */
static void
prefetched_memory_is_the_same (void **state)
{
  g_autoptr (GByteArray) bytes = p2v_test_write_kdump (&plain, &machine);

  for (guint n = 0; n < 50; n++)
    {
      g_autoptr (P2vImage) image = open_bytes (state, bytes, NULL);
      p2v_image_prefetch (image, 0, G_MAXUINT64);
      if (n % 2 == 0)
        assert_all_memory (image);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (each_packing_gives_the_same_memory),
    p2v_test_in_folder (each_version_gives_the_same_memory),
    p2v_test_in_folder (headers_give_hints),
    p2v_test_in_folder (flattened_records_come_in_any_order),
    p2v_test_in_folder (last_record_of_a_place_is_heard),
    p2v_test_in_folder (flattened_file_without_its_end_is_told),
    p2v_test_in_folder (flattened_file_of_another_kind_is_refused),
    p2v_test_in_folder (part_of_a_split_dump_has_its_part),
    p2v_test_in_folder (what_was_left_out_is_told),
    p2v_test_in_folder (damaged_page_is_a_hole_and_counted),
    p2v_test_in_folder (cut_anywhere_it_is_an_error_or_told),
    p2v_test_in_folder (damaged_header_is_refused_with_its_numbers),
    p2v_test_in_folder (prefetched_memory_is_the_same),
  };

  return cmocka_run_group_tests_name ("kdump", tests, fill_memory, NULL);
}
