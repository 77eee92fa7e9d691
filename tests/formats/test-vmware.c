/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-test.h"

#include "image/p2v-image-private.h"
#include "p2v-image-writers.h"
#include "p2v-vmware-writer.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PAGE 0x1000
#define MIB  ((guint64) 1 << 20)
#define GIB  ((guint64) 1 << 30)

static void
append_region (P2vTestVmware   *state,
               guint    number,
               guint32  first_page,
               guint32  file_page,
               guint32  n_pages)
{
  p2v_test_vmware_append_number (state, "regionPPN", 1, number, 0, 4, first_page);
  p2v_test_vmware_append_number (state, "regionPageNum", 1, number, 0, 4, file_page);
  p2v_test_vmware_append_number (state, "regionSize", 1, number, 0, 4, n_pages);
}

/* Four pages: three at physical address 0, one at 4 GiB. */
static void
append_two_regions (P2vTestVmware *state)
{
  p2v_test_vmware_append_number (state, "regionsCount", 0, 0, 0, 4, 2);
  append_region (state, 0, 0, 0, 3);
  append_region (state, 1, 0x100000, 3, 1);
}

static P2vImage *
open_path (const char *path,
           GError    **error)
{
  return p2v_image_open (path, NULL, error);
}

static char *
write_pages (void      **state,
             const char *name,
             guint       n_pages)
{
  g_autofree guint8 *bytes = g_malloc0 ((gsize) n_pages * PAGE);

  for (guint i = 0; i < n_pages; i++)
    bytes[(gsize) i * PAGE] = (guint8) (0xa0 + i);
  return p2v_test_write_file (state, name, bytes, (gsize) n_pages * PAGE);
}

static void
assert_byte (P2vImage   *image,
             P2vPhysAddr pa,
             guint8      expected)
{
  guint8 byte = 0;

  assert_int_equal (p2v_image_read (image, pa, &byte, 1, NULL), P2V_READ_OK);
  assert_int_equal (byte, expected);
}

static void
state_file_says_where_the_memory_lies (void **state)
{
  static const char *const endings[] = { "m.vmss", "m.vmsn" };
  g_autofree char *path = write_pages (state, "m.vmem", 20);

  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      P2vTestVmware file = p2v_test_vmware_begin (0xbed2bed2);
      g_autoptr (GByteArray) bytes = file.bytes;
      p2v_test_vmware_begin_group (&file, 0);
      append_two_regions (&file);
      p2v_test_vmware_end_group (&file);
      p2v_test_vmware_begin_group (&file, 1);
      p2v_test_vmware_append_number (&file, "CR64", 2, 0, 0, 8, 0x80050033);
      p2v_test_vmware_append_number (&file, "CR64", 2, 0, 3, 8, 0x187000);
      p2v_test_vmware_end_group (&file);
      g_autofree char *state_path =
        p2v_test_write_file (state, endings[i], bytes->data, bytes->len);
      GError *error = NULL;
      g_autoptr (P2vImage) image = open_path (path, &error);

      assert_no_error (error);
      assert_int_equal (p2v_image_get_diagnostics (image)->len, 0);
      assert_int_equal (p2v_image_get_memory_size (image), 4 * PAGE);
      assert_byte (image, 0x2000, 0xa2);
      assert_byte (image, 4 * GIB, 0xa3);
      GArray *roots = p2v_image_get_hints (image)->page_table_roots;
      assert_int_equal (roots->len, 1);
      assert_int_equal (g_array_index (roots, P2vPhysAddr, 0), 0x187000);
      assert_int_equal (unlink (state_path), 0);
    }
}

static void
registers_may_stand_in_one_block (void **state)
{
  P2vTestVmware file = p2v_test_vmware_begin (0xbad1bad1);
  g_autoptr (GByteArray) bytes = file.bytes;
  guint8 registers[72] = { 0 };
  g_autofree char *path = write_pages (state, "m.vmem", 20);

  registers[3 * 8 + 1] = 0x70;
  registers[3 * 8 + 2] = 0x18;
  p2v_test_vmware_begin_group (&file, 0);
  p2v_test_vmware_end_group (&file);
  p2v_test_vmware_begin_group (&file, 1);
  p2v_test_vmware_append_block (&file, 63, "CR64", 1, registers, sizeof registers);
  p2v_test_vmware_end_group (&file);
  g_autofree char *state_path = p2v_test_write_file (state, "m.vmss", bytes->data, bytes->len);
  GError *error = NULL;
  g_autoptr (P2vImage) image = open_path (path, &error);

  assert_no_error (error);
  GArray *roots = p2v_image_get_hints (image)->page_table_roots;
  assert_int_equal (roots->len, 1);
  assert_int_equal (g_array_index (roots, P2vPhysAddr, 0), 0x187000);
  /* Without regions all of it is one run. */
  assert_int_equal (p2v_image_get_memory_size (image), 20 * PAGE);
}

static void
state_file_may_hold_the_memory (void **state)
{
  static const guint32 magics[] = { 0xbed3bed3, 0xbed0bed0 };

  for (gsize i = 0; i < G_N_ELEMENTS (magics); i++)
    {
      P2vTestVmware file = p2v_test_vmware_begin (magics[i]);
      g_autoptr (GByteArray) bytes = file.bytes;
      g_autofree guint8 *memory = g_malloc0 (4 * PAGE);
      memory[3 * PAGE] = 0x33;
      p2v_test_vmware_begin_group (&file, 0);
      append_two_regions (&file);
      p2v_test_vmware_append_block (&file, 63, "Memory", 2, memory, 4 * PAGE);
      p2v_test_vmware_end_group (&file);
      p2v_test_vmware_begin_group (&file, 1);
      p2v_test_vmware_end_group (&file);
      g_autofree char *path = p2v_test_write_file (state, "snapshot", bytes->data, bytes->len);
      GError *error = NULL;
      g_autoptr (P2vImage) image = open_path (path, &error);

      assert_no_error (error);
      assert_int_equal (p2v_image_get_memory_size (image), 4 * PAGE);
      assert_byte (image, 4 * GIB, 0x33);
    }
}

static void
state_file_without_memory_names_the_other_file (void **state)
{
  P2vTestVmware file = p2v_test_vmware_begin (0xbed2bed2);
  g_autoptr (GByteArray) bytes = file.bytes;
  GError *error = NULL;

  p2v_test_vmware_begin_group (&file, 0);
  append_two_regions (&file);
  p2v_test_vmware_end_group (&file);
  p2v_test_vmware_begin_group (&file, 1);
  p2v_test_vmware_end_group (&file);
  g_autofree char *path = p2v_test_write_file (state, "m.vmss", bytes->data, bytes->len);
  assert_null (open_path (path, &error));
  assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED, "ends in .vmem");
  g_error_free (error);
}

static void
compressed_memory_is_refused (void **state)
{
  P2vTestVmware file = p2v_test_vmware_begin (0xbed2bed2);
  g_autoptr (GByteArray) bytes = file.bytes;
  g_autofree guint8 *memory = g_malloc0 (PAGE);
  GError *error = NULL;

  p2v_test_vmware_begin_group (&file, 0);
  p2v_test_vmware_append_block (&file, 62, "Memory", 2, memory, PAGE);
  p2v_test_vmware_end_group (&file);
  p2v_test_vmware_begin_group (&file, 1);
  p2v_test_vmware_end_group (&file);
  g_autofree char *path = p2v_test_write_file (state, "snapshot", bytes->data, bytes->len);
  assert_null (open_path (path, &error));
  assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED, "compressed memory");
  g_error_free (error);
}

/* Cut off at every byte: an error with an offset, or, where only the last group is lost, all of the
 * memory. */
static void
state_file_cut_off_anywhere_is_an_error (void **state)
{
  P2vTestVmware file = p2v_test_vmware_begin (0xbed2bed2);
  g_autoptr (GByteArray) bytes = file.bytes;

  p2v_test_vmware_begin_group (&file, 1);
  p2v_test_vmware_append_number (&file, "CR64", 2, 0, 3, 8, 0x187000);
  p2v_test_vmware_end_group (&file);
  p2v_test_vmware_begin_group (&file, 0);
  append_two_regions (&file);
  p2v_test_vmware_end_group (&file);
  for (guint length = 4; length < bytes->len; length++)
    {
      g_autofree char *path = p2v_test_write_file (state, "m", bytes->data, length);
      GError *error = NULL;
      assert_null (open_path (path, &error));
      assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT, "at offset 0x");
      g_error_free (error);
    }
}

static void
damaged_state_file_is_told_and_passed_over (void **state)
{
  g_autofree char *path = write_pages (state, "m.vmem", 20);
  g_autofree char *state_path = p2v_test_write_file (state, "m.vmss", "nothing of the kind", 19);
  GError *error = NULL;
  g_autoptr (P2vImage) image = open_path (path, &error);

  assert_no_error (error);
  assert_int_equal (p2v_image_get_diagnostics (image)->len, 1);
  assert_int_equal (p2v_image_get_memory_size (image), 20 * PAGE);
}

/* A file of 3 GiB and 8 MiB that takes no room on the disk, and one page of it. */
static char *
write_large (void        **state,
             guint64       page_offset,
             const guint8 *page)
{
  char *path = p2v_test_path (state, "large.vmem");
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  assert_true (fd >= 0);
  assert_int_equal (ftruncate (fd, (off_t) (3 * GIB + 8 * MIB)), 0);
  assert_int_equal (pwrite (fd, page, PAGE, (off_t) page_offset), PAGE);
  assert_int_equal (close (fd), 0);
  return path;
}

/* A root of page tables that refers to itself as the page at @pa. */
static P2vImage *
open_with_self_reference (void   **state,
                          guint64  pa)
{
  guint8 page[PAGE] = { 0 };
  guint64 entry = GUINT64_TO_LE (pa | 0x63);
  GError *error = NULL;

  memcpy (page + 0x1ed * 8, &entry, sizeof entry);
  g_autofree char *path = write_large (state, 3 * GIB + 5 * MIB, page);
  P2vImage *image = open_path (path, &error);
  assert_no_error (error);
  return image;
}

static void
without_state_file_the_hole_is_assumed_and_told (void **state)
{
  g_autoptr (P2vImage) image = open_with_self_reference (state, 0x1000);
  guint64 offset = 0;

  assert_int_equal (p2v_image_get_diagnostics (image)->len, 1);
  assert_true (p2v_image_pa_to_offset (image, 4 * GIB, &offset));
  assert_true (offset == 3 * GIB);
  assert_false (p2v_image_pa_to_offset (image, 3 * GIB, &offset));
}

static void
page_tables_confirm_the_hole_or_deny_it (void **state)
{
  g_autoptr (P2vImage) holed = open_with_self_reference (state, 4 * GIB + 5 * MIB);
  g_autoptr (P2vImage) flat = open_with_self_reference (state, 3 * GIB + 5 * MIB);
  guint64 offset = 0;

  assert_false (p2v_image_pa_to_offset (holed, 3 * GIB, &offset));
  assert_true (p2v_image_pa_to_offset (flat, 3 * GIB, &offset));
  assert_true (offset == 3 * GIB);
  assert_int_equal (p2v_image_get_diagnostics (flat)->len, 0);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (state_file_says_where_the_memory_lies),
    p2v_test_in_folder (registers_may_stand_in_one_block),
    p2v_test_in_folder (state_file_may_hold_the_memory),
    p2v_test_in_folder (state_file_without_memory_names_the_other_file),
    p2v_test_in_folder (compressed_memory_is_refused),
    p2v_test_in_folder (state_file_cut_off_anywhere_is_an_error),
    p2v_test_in_folder (damaged_state_file_is_told_and_passed_over),
    p2v_test_in_folder (without_state_file_the_hole_is_assumed_and_told),
    p2v_test_in_folder (page_tables_confirm_the_hole_or_deny_it),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
