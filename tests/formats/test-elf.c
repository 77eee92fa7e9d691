/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-test.h"

#include "image/p2v-image-private.h"
#include "p2v-image-writers.h"

#include <string.h>

static const guint8 memory[64] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ#$";
static const guint64 roots[] = { 0x2940005, 0x1234000 };

/* Where the fields of a 64-bit file stand: elf(5), Elf64_Ehdr. */
enum
{
  AT_CLASS = 4,
  AT_DATA = 5,
  AT_TYPE = 16,
  AT_MACHINE = 18,
  AT_VERSION = 20,
  AT_PHOFF = 32,
  AT_SHOFF = 40,
  AT_PHENTSIZE = 54,
  AT_PHNUM = 56,
  AT_SHENTSIZE = 58,
  XNUM_AT_SH_INFO = 64 + 44,
};

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

/* 64 bytes of memory at 0x1000, in a file of one segment. */
static GByteArray *
make_elf (gboolean is_64,
          gboolean xnum)
{
  const guint64 at = p2v_test_elf_headers_length (is_64, xnum, 1);
  const P2vTestSegment segment = { 1, at, 0, 0x1000, 64, 64, 0 };
  GByteArray *bytes = p2v_test_elf_headers (is_64, xnum, &segment, 1);

  g_byte_array_append (bytes, memory, sizeof memory);
  return bytes;
}

static GByteArray *
make_broken (gsize   offset,
             guint   width,
             guint64 value)
{
  GByteArray *bytes = make_elf (TRUE, FALSE);
  p2v_test_put (bytes, offset, width, value);
  return bytes;
}

static void
assert_is_the_memory (P2vImage *image)
{
  guint8 buffer[64];

  assert_int_equal (p2v_image_get_memory_size (image), 64);
  assert_int_equal (p2v_image_read (image, 0x1000, buffer, 64, NULL), P2V_READ_OK);
  assert_memory_equal (buffer, memory, 64);
  assert_string_equal (p2v_image_get_format_name (image), "ELF core");
}

static void
smallest_cores_of_both_classes_are_read (void **state)
{
  for (int i = 0; i < 4; i++)
    {
      g_autoptr (GByteArray) bytes = make_elf (i & 1, i & 2);
      g_autoptr (P2vImage) image = open_good (state, bytes, 0);
      assert_is_the_memory (image);
    }
}

/* Whatever the length: an error that says where, or what is left. */
static void
file_truncated_at_every_byte_gives_an_error_or_what_is_left (void **state)
{
  for (int i = 0; i < 4; i++)
    {
      g_autoptr (GByteArray) whole = make_elf (i & 1, i & 2);
      const gsize headers = whole->len - sizeof memory;
      for (guint length = 4; length < whole->len; length++)
        {
          g_autoptr (GByteArray) bytes = g_byte_array_new ();
          GError *error = NULL;
          g_byte_array_append (bytes, whole->data, length);
          g_autoptr (P2vImage) image = open_bytes (state, bytes, &error);
          if (length <= headers)
            {
              g_autofree char *end = g_strdup_printf ("ends at offset 0x%x", length);
              assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED, end);
              g_error_free (error);
              continue;
            }
          assert_no_error (error);
          assert_int_equal (p2v_image_get_memory_size (image), length - headers);
          assert_int_equal (p2v_image_get_diagnostics (image)->len, 1);
        }
    }
}

static void
each_broken_header_field_is_named_with_its_offset (void **state)
{
  const struct
  {
    gsize at;
    guint width;
    guint64 value;
    P2vImageError code;
    const char *part;
  } cases[] = {
    { AT_CLASS, 1, 0, P2V_IMAGE_ERROR_CORRUPT, "offset 0x4 are 0x00 0x01" },
    { AT_CLASS, 1, 3, P2V_IMAGE_ERROR_CORRUPT, "offset 0x4 are 0x03 0x01" },
    { AT_DATA, 1, 0, P2V_IMAGE_ERROR_CORRUPT, "offset 0x4 are 0x02 0x00" },
    { AT_DATA, 1, 2, P2V_IMAGE_ERROR_UNSUPPORTED, "big-endian" },
    { AT_TYPE, 2, 0, P2V_IMAGE_ERROR_UNSUPPORTED, "type 0 at offset 0x10" },
    { AT_TYPE, 2, 2, P2V_IMAGE_ERROR_UNSUPPORTED, "type 2 at offset 0x10" },
    { AT_TYPE, 2, 3, P2V_IMAGE_ERROR_UNSUPPORTED, "type 3 at offset 0x10" },
    { AT_PHOFF, 8, 1 << 20, P2V_IMAGE_ERROR_TRUNCATED, "headers at offset 0x100000" },
    { AT_PHOFF, 8, G_MAXUINT64, P2V_IMAGE_ERROR_TRUNCATED, "headers at offset 0xffffffffffffffff" },
    { AT_PHENTSIZE, 2, 0, P2V_IMAGE_ERROR_CORRUPT, "e_phentsize at offset 0x36 is 0, expected 56" },
    { AT_PHENTSIZE, 2, 55, P2V_IMAGE_ERROR_CORRUPT, "is 55, expected 56" },
    { AT_PHENTSIZE, 2, 57, P2V_IMAGE_ERROR_CORRUPT, "is 57, expected 56" },
    { AT_PHNUM, 2, 0, P2V_IMAGE_ERROR_UNSUPPORTED, "at offset 0x38, is 0" },
    { AT_PHNUM, 2, 3, P2V_IMAGE_ERROR_TRUNCATED, "within its 3 ELF program headers" },
    { AT_PHNUM, 2, 0xfffe, P2V_IMAGE_ERROR_TRUNCATED, "within its 65534 ELF program headers" },
    { AT_PHNUM, 2, 0xffff, P2V_IMAGE_ERROR_CORRUPT,
      "e_shentsize at offset 0x3a is 0, expected 64" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) bytes = make_broken (cases[i].at, cases[i].width, cases[i].value);
      assert_refused (state, bytes, cases[i].code, cases[i].part);
    }
}

static void
fields_that_say_nothing_about_memory_do_not_matter (void **state)
{
  const struct { gsize at; guint width;
  } fields[] = {
    { 6, 8 },
    { AT_MACHINE, 2 },
    { AT_VERSION, 4 },
    { 24, 8 },
    { 48, 4 },
    { 52, 2 },
    { 60, 2 },
    { 62, 2 },
    { AT_SHOFF, 8 },
    { AT_SHENTSIZE, 2 },
    /* Of the program header: flags, virtual address, alignment. */
    { 64 + 4, 4 },
    { 64 + 16, 8 },
    { 64 + 48, 8 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      g_autoptr (GByteArray) bytes = make_broken (fields[i].at, fields[i].width, G_MAXUINT64);
      g_autoptr (P2vImage) image = open_good (state, bytes, 0);
      assert_is_the_memory (image);
    }
}

static void
each_broken_segment_field_is_an_error_when_nothing_is_left (void **state)
{
  const struct
  {
    gsize at;
    guint width;
    guint64 value;
    P2vImageError code;
    const char *part;
  } cases[] = {
    { 64 + 0, 4, 2, P2V_IMAGE_ERROR_CORRUPT, "contains no memory" },
    { 64 + 8, 8, G_MAXUINT64, P2V_IMAGE_ERROR_TRUNCATED, "promise at offset 0xffffffffffffffff" },
    { 64 + 8, 8, 64 + 56 + 64, P2V_IMAGE_ERROR_TRUNCATED, "promise at offset 0xb8" },
    { 64 + 24, 8, G_MAXUINT64, P2V_IMAGE_ERROR_CORRUPT, "address 0xffffffffffffffff" },
    { 64 + 32, 8, 0, P2V_IMAGE_ERROR_CORRUPT, "contains no memory" },
    { 64 + 32, 8, G_MAXUINT64, P2V_IMAGE_ERROR_CORRUPT, "address 0x1000" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) bytes = make_broken (cases[i].at, cases[i].width, cases[i].value);
      assert_refused (state, bytes, cases[i].code, cases[i].part);
    }
}

static void
broken_section_header_of_a_long_table_is_refused (void **state)
{
  const struct
  {
    gsize at;
    guint width;
    guint64 value;
    P2vImageError code;
    const char *part;
  } cases[] = {
    { AT_SHOFF, 8, 0x10000, P2V_IMAGE_ERROR_TRUNCATED,
      "section header 0 of 64 bytes at offset 0x10000" },
    { AT_SHOFF, 8, G_MAXUINT64, P2V_IMAGE_ERROR_TRUNCATED, "section header 0" },
    { AT_SHENTSIZE, 2, 40, P2V_IMAGE_ERROR_CORRUPT,
      "e_shentsize at offset 0x3a is 40, expected 64" },
    { XNUM_AT_SH_INFO, 4, 0, P2V_IMAGE_ERROR_UNSUPPORTED, "no ELF program headers" },
    { XNUM_AT_SH_INFO, 4, 4 << 20, P2V_IMAGE_ERROR_TRUNCATED,
      "within its 4194304 ELF program headers" },
    { XNUM_AT_SH_INFO, 4, (4 << 20) + 1, P2V_IMAGE_ERROR_LIMIT, "4194305 ELF program headers" },
    { XNUM_AT_SH_INFO, 4, G_MAXUINT32, P2V_IMAGE_ERROR_LIMIT, "4294967295 ELF program headers" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) bytes = make_elf (TRUE, TRUE);
      p2v_test_put (bytes, cases[i].at, cases[i].width, cases[i].value);
      assert_refused (state, bytes, cases[i].code, cases[i].part);
    }
}

static void
empty_segments_and_the_part_beyond_filesz_are_holes (void **state)
{
  const guint64 at = p2v_test_elf_headers_length (TRUE, FALSE, 3);
  const P2vTestSegment segments[] = {
    { 1, at, 0, 0xfee00000, 0, 0x1000, 0 },
    { 1, at, 0, 0x1000, 64, 0x1000, 0 },
    { 1, 0, 0, 0, 0, 0, 0 },
  };
  g_autoptr (GByteArray) bytes = p2v_test_elf_headers (TRUE, FALSE, segments, 3);
  g_byte_array_append (bytes, memory, sizeof memory);
  g_autoptr (P2vImage) image = open_good (state, bytes, 0);
  guint8 byte;

  assert_is_the_memory (image);
  assert_int_equal (p2v_image_read (image, 0x1040, &byte, 1, NULL), P2V_READ_HOLE);
  assert_int_equal (p2v_image_read (image, 0xfee00000, &byte, 1, NULL), P2V_READ_HOLE);
}

static void
core_of_a_process_is_refused (void **state)
{
  const guint64 at = p2v_test_elf_headers_length (TRUE, FALSE, 3);
  P2vTestSegment segments[] = {
    { 1, at, 0x400000, 0, 32, 32, 0x1000 },
    { 1, at + 32, 0x600000, 0, 32, 32, 0x1000 },
    { 1, at + 64, 0x7fff00000000, 0, 0, 0x1000, 0x1000 },
  };
  g_autoptr (GByteArray) process = p2v_test_elf_headers (TRUE, FALSE, segments, 3);
  g_byte_array_append (process, memory, sizeof memory);
  assert_refused (state, process, P2V_IMAGE_ERROR_UNSUPPORTED,
                  "the core dump of a process, not of a machine's memory");

  /* A single other address makes it a machine's. */
  segments[1].pa = 0x20;
  g_autoptr (GByteArray) machine = p2v_test_elf_headers (TRUE, FALSE, segments, 3);
  g_byte_array_append (machine, memory, sizeof memory);
  g_autoptr (P2vImage) image = open_good (state, machine, 0);
  assert_int_equal (p2v_image_get_memory_size (image), 64);
}

/* QEMU with paging names the same page at physical 0 under several virtual addresses. */
static void
aliases_of_physical_0_are_no_process (void **state)
{
  const guint64 at = p2v_test_elf_headers_length (TRUE, FALSE, 2);
  const P2vTestSegment segments[] = {
    { 1, at, 0xffff888000000000, 0, 64, 64, 0 },
    { 1, at, 0xffffc90000000000, 0, 32, 32, 0 },
  };
  g_autoptr (GByteArray) bytes = p2v_test_elf_headers (TRUE, FALSE, segments, 2);
  g_byte_array_append (bytes, memory, sizeof memory);
  g_autoptr (P2vImage) image = open_good (state, bytes, 0);
  assert_int_equal (p2v_image_get_memory_size (image), 64);
}

static P2vImage *
open_machine (void           **state,
              P2vTestContainer container,
              guint            n_aliases)
{
  const P2vTestMemory runs[] = { { 0x1000, memory, 64 } };
  const P2vTestMachine machine
      = { runs, 1, roots, 2, "OSRELEASE=6.1.0\nPAGESIZE=4096\n", n_aliases };
  g_autoptr (GByteArray) bytes = p2v_test_write (container, &machine);
  return open_good (state, bytes, 0);
}

static void
assert_roots (P2vImage *image)
{
  const GArray *found = p2v_image_get_hints (image)->page_table_roots;

  assert_int_equal (found->len, 2);
  assert_int_equal (g_array_index (found, P2vPhysAddr, 0), roots[0]);
  assert_int_equal (g_array_index (found, P2vPhysAddr, 1), roots[1]);
}

static void
notes_of_qemu_give_cr3_and_vmcoreinfo_in_both_classes (void **state)
{
  for (P2vTestContainer container = P2V_TEST_ELF64; container <= P2V_TEST_ELF64_PAGING; container++)
    {
      g_autoptr (P2vImage) image = open_machine (state, container, 0);
      const P2vImageHints *hints = p2v_image_get_hints (image);
      g_autoptr (GBytes) expected = g_bytes_new_static ("OSRELEASE=6.1.0\nPAGESIZE=4096\n", 30);
      assert_roots (image);
      assert_non_null (hints->vmcoreinfo);
      assert_true (g_bytes_equal (hints->vmcoreinfo, expected));
    }
}

static void
notes_of_virtualbox_give_cr3 (void **state)
{
  g_autoptr (P2vImage) image = open_machine (state, P2V_TEST_VBOX, 0);

  assert_is_the_memory (image);
  assert_roots (image);
  assert_null (p2v_image_get_hints (image)->vmcoreinfo);
}

static void
sixty_six_thousand_segments_of_the_same_memory_are_one_range (void **state)
{
  g_autoptr (P2vImage) image = open_machine (state, P2V_TEST_ELF64_PAGING, 65950);
  gsize n_ranges;

  p2v_image_get_ranges (image, &n_ranges);
  assert_int_equal (n_ranges, 1);
  assert_is_the_memory (image);
  assert_roots (image);
}

/* A core whose only notes are these. */
static GByteArray *
make_core_with_notes (GByteArray *notes,
                      guint64     align)
{
  const guint64 at = p2v_test_elf_headers_length (TRUE, FALSE, 2);
  const P2vTestSegment segments[] = {
    { 4, at, 0, 0, notes->len, notes->len, align },
    { 1, at + notes->len, 0, 0x1000, 64, 64, 0 },
  };
  GByteArray *bytes = p2v_test_elf_headers (TRUE, FALSE, segments, 2);
  g_byte_array_append (bytes, notes->data, notes->len);
  g_byte_array_append (bytes, memory, sizeof memory);
  return bytes;
}

static GByteArray *
make_qemu_note (guint32 version,
                guint32 size,
                gsize   length)
{
  g_autofree guint8 *state = g_malloc0 (MAX (length, 0x1a8));
  GByteArray *notes = g_byte_array_new ();
  g_autoptr (GByteArray) words = g_byte_array_new ();

  p2v_test_append (words, 4, version);
  p2v_test_append (words, 4, size);
  memcpy (state, words->data, 8);
  memcpy (state + 0x1a0, "\x00\x00\x94\x02\x00\x00\x00\x00", 8);
  p2v_test_append_note (notes, "QEMU", TRUE, 0, state, length);
  return notes;
}

static void
qemu_state_gives_cr3_only_if_version_and_size_allow (void **state)
{
  const struct { guint32 version, size; gsize length; guint n_roots; } cases[] = {
    { 1, 0x1b8, 0x1b8, 1 }, { 1, 0x1a8, 0x1a8, 1 }, { 1, 0x1a7, 0x1b8, 0 }, { 1, 0x1b8, 0x1a7, 0 },
    { 2, 0x1b8, 0x1b8, 0 }, { 0, 0x1b8, 0x1b8, 0 }, { 1, 0, 0x1b8, 0 },     { 1, 0x1b8, 4, 0 },
    { 1, 0x1b8, 0, 0 },     { 1, G_MAXUINT32, 0x1b8, 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) notes
          = make_qemu_note (cases[i].version, cases[i].size, cases[i].length);
      g_autoptr (GByteArray) bytes = make_core_with_notes (notes, 0);
      g_autoptr (P2vImage) image = open_good (state, bytes, 0);
      const GArray *found = p2v_image_get_hints (image)->page_table_roots;
      assert_int_equal (found->len, cases[i].n_roots);
      if (found->len > 0)
        assert_int_equal (g_array_index (found, P2vPhysAddr, 0), 0x2940000);
    }
}

static void
qemu_state_of_another_processor_is_not_read_as_x86 (void **state)
{
  g_autoptr (GByteArray) notes = make_qemu_note (1, 0x1b8, 0x1b8);
  g_autoptr (GByteArray) bytes = make_core_with_notes (notes, 0);
  p2v_test_put (bytes, AT_MACHINE, 2, 183);
  g_autoptr (P2vImage) image = open_good (state, bytes, 0);
  assert_int_equal (p2v_image_get_hints (image)->page_table_roots->len, 0);
}

/* Damage anywhere in the notes never costs a byte of memory. */
static void
notes_with_any_byte_broken_leave_the_memory_readable (void **state)
{
  g_autoptr (GByteArray) notes = make_qemu_note (1, 0x1b8, 0x1b8);
  p2v_test_append_note (notes, "VMCOREINFO", TRUE, 0, memory, 20);

  for (guint i = 0; i < notes->len; i++)
    {
      g_autoptr (GByteArray) bytes = make_core_with_notes (notes, 0);
      GError *error = NULL;
      bytes->data[p2v_test_elf_headers_length (TRUE, FALSE, 2) + i] ^= 0xff;
      g_autoptr (P2vImage) image = open_bytes (state, bytes, &error);
      assert_no_error (error);
      assert_is_the_memory (image);
    }
}

static void
note_that_runs_over_its_segment_is_told_with_its_offset (void **state)
{
  const gsize at_notes = p2v_test_elf_headers_length (TRUE, FALSE, 2);
  g_autofree char *expected = g_strdup_printf ("at offset 0x%x", (guint) at_notes + 40);
  /* The size of the description and of the name of the second note. */
  const gsize fields[] = { 44, 40 };

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      g_autoptr (GByteArray) notes = g_byte_array_new ();
      p2v_test_append_note (notes, "CORE", TRUE, 1, memory, 20);
      p2v_test_append_note (notes, "VMCOREINFO", TRUE, 0, memory, 20);
      p2v_test_put (notes, fields[i], 4, G_MAXUINT32);
      g_autoptr (GByteArray) bytes = make_core_with_notes (notes, 0);
      g_autoptr (P2vImage) image = open_good (state, bytes, 1);
      assert_contains (p2v_image_get_diagnostics (image)->pdata[0], expected);
      assert_null (p2v_image_get_hints (image)->vmcoreinfo);
      assert_is_the_memory (image);
    }
}

static void
notes_beyond_the_file_are_told (void **state)
{
  g_autoptr (GByteArray) notes = make_qemu_note (1, 0x1b8, 0x1b8);
  g_autoptr (GByteArray) bytes = make_core_with_notes (notes, 0);
  p2v_test_put (bytes, 64 + 8, 8, G_MAXUINT64 - 1);
  g_autoptr (P2vImage) image = open_good (state, bytes, 1);

  assert_contains (p2v_image_get_diagnostics (image)->pdata[0], "1 ELF note ");
  assert_is_the_memory (image);
}

static void
notes_may_be_aligned_to_8_bytes (void **state)
{
  g_autoptr (GByteArray) notes = g_byte_array_new ();
  /* Name of 4 and description of 4 bytes: with 8-byte alignment each note takes 24 bytes, with 4
   * only 20. */
  const char *names[] = { "ABC", "VMCOREINFO" };
  for (gsize i = 0; i < 2; i++)
    {
      p2v_test_append (notes, 4, strlen (names[i]) + 1);
      p2v_test_append (notes, 4, 4);
      p2v_test_append (notes, 4, 0);
      g_byte_array_append (notes, (const guint8 *) names[i], (guint) strlen (names[i]) + 1);
      while (notes->len % 8 != 0)
        p2v_test_append (notes, 1, 0);
      g_byte_array_append (notes, memory, 4);
      while (notes->len % 8 != 0)
        p2v_test_append (notes, 1, 0);
    }
  g_autoptr (GByteArray) bytes = make_core_with_notes (notes, 8);
  g_autoptr (P2vImage) image = open_good (state, bytes, 0);
  g_autoptr (GBytes) expected = g_bytes_new_static ("0123", 4);

  assert_non_null (p2v_image_get_hints (image)->vmcoreinfo);
  assert_true (g_bytes_equal (p2v_image_get_hints (image)->vmcoreinfo, expected));
}

static void
magic_before_garbage_is_an_error_of_elf (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_byte_array_append (bytes, (const guint8 *) "\x7f" "ELF", 4);
  for (guint i = 0; i < 0x20000; i++)
    p2v_test_append (bytes, 1, i * 37 + 11);
  assert_refused (state, bytes, P2V_IMAGE_ERROR_CORRUPT, "damaged ELF header");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (smallest_cores_of_both_classes_are_read),
    p2v_test_in_folder (file_truncated_at_every_byte_gives_an_error_or_what_is_left),
    p2v_test_in_folder (each_broken_header_field_is_named_with_its_offset),
    p2v_test_in_folder (fields_that_say_nothing_about_memory_do_not_matter),
    p2v_test_in_folder (each_broken_segment_field_is_an_error_when_nothing_is_left),
    p2v_test_in_folder (broken_section_header_of_a_long_table_is_refused),
    p2v_test_in_folder (empty_segments_and_the_part_beyond_filesz_are_holes),
    p2v_test_in_folder (core_of_a_process_is_refused),
    p2v_test_in_folder (aliases_of_physical_0_are_no_process),
    p2v_test_in_folder (notes_of_qemu_give_cr3_and_vmcoreinfo_in_both_classes),
    p2v_test_in_folder (notes_of_virtualbox_give_cr3),
    p2v_test_in_folder (sixty_six_thousand_segments_of_the_same_memory_are_one_range),
    p2v_test_in_folder (qemu_state_gives_cr3_only_if_version_and_size_allow),
    p2v_test_in_folder (qemu_state_of_another_processor_is_not_read_as_x86),
    p2v_test_in_folder (notes_with_any_byte_broken_leave_the_memory_readable),
    p2v_test_in_folder (note_that_runs_over_its_segment_is_told_with_its_offset),
    p2v_test_in_folder (notes_beyond_the_file_are_told),
    p2v_test_in_folder (notes_may_be_aligned_to_8_bytes),
    p2v_test_in_folder (magic_before_garbage_is_an_error_of_elf),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
