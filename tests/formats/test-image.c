/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What all containers have in common: the same memory out of each, holes, overlaps, both
 * translations. The ranges that a test needs are written as LiME, the plainest container that can
 * name any range. */

#include "p2v-test.h"

#include "image/p2v-image-private.h"
#include "p2v-image-writers.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 0x1000

/* Three runs: the first two touch, but not in file order; behind them a hole; then one below 4 GiB.
 */
typedef struct
{
  guint8         bytes[20 * PAGE];
  P2vTestMemory  memory[3];
  P2vTestMachine machine;
} Machine;

static const guint64 roots[] = { 0x2940005, 0x1234000 };

static void
init_machine (Machine *self)
{
  for (gsize i = 0; i < sizeof self->bytes; i++)
    self->bytes[i] = (guint8) (i / PAGE * 31 + i % 251);
  self->memory[0] = (P2vTestMemory) { 8 * PAGE, self->bytes + 8 * PAGE, 8 * PAGE };
  self->memory[1] = (P2vTestMemory) { 0, self->bytes, 8 * PAGE };
  self->memory[2] = (P2vTestMemory) { 0x100000, self->bytes + 16 * PAGE, 4 * PAGE };
  self->machine = (P2vTestMachine) {
    .memory = self->memory,
    .n_memory = 3,
    .roots = roots,
    .n_roots = G_N_ELEMENTS (roots),
    .vmcoreinfo = "OSRELEASE=6.1.0\nPAGESIZE=4096\n",
  };
}

static P2vImage *
open_bytes (void        **state,
            const guint8 *bytes,
            gsize         length)
{
  g_autofree char *path = p2v_test_write_file (state, "image", bytes, length);
  GError *error = NULL;
  P2vImage *image = p2v_image_open (path, NULL, &error);

  assert_no_error (error);
  return image;
}

static P2vImage *
open_container (void           **state,
                P2vTestContainer container,
                Machine         *self)
{
  g_autoptr (GByteArray) bytes = p2v_test_write (container, &self->machine);
  return open_bytes (state, bytes->data, bytes->len);
}

static const P2vImageRange *
get_range (P2vImage *image,
           gsize     i,
           gsize     n_expected)
{
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);

  assert_int_equal (n_ranges, n_expected);
  return &ranges[i];
}

static void
assert_memory (P2vImage     *image,
               P2vPhysAddr   pa,
               const guint8 *expected,
               gsize         length)
{
  g_autofree guint8 *buffer = g_malloc (length);
  GError *error = NULL;

  assert_int_equal (p2v_image_read (image, pa, buffer, length, &error), P2V_READ_OK);
  assert_no_error (error);
  assert_memory_equal (buffer, expected, length);
}

static void
assert_hole (P2vImage   *image,
             P2vPhysAddr pa,
             gsize       length)
{
  g_autofree guint8 *buffer = g_malloc (length);
  GError *error = NULL;

  assert_int_equal (p2v_image_read (image, pa, buffer, length, &error), P2V_READ_HOLE);
  assert_null (error);
}

static void
every_container_gives_the_same_memory (void **state)
{
  for (P2vTestContainer container = 0; container < P2V_TEST_N_CONTAINERS; container++)
    {
      g_autofree Machine *self = g_new (Machine, 1);
      init_machine (self);
      g_autoptr (P2vImage) image = open_container (state, container, self);

      assert_int_equal (p2v_image_get_diagnostics (image)->len, 0);
      assert_memory (image, 0, self->bytes, 16 * PAGE);
      assert_memory (image, 0x100000, self->bytes + 16 * PAGE, 4 * PAGE);
    }
}

static void
hole_is_a_hole_and_not_zeros (void **state)
{
  for (P2vTestContainer container = P2V_TEST_RAW + 1; container < P2V_TEST_N_CONTAINERS;
       container++)
    {
      g_autofree Machine *self = g_new (Machine, 1);
      init_machine (self);
      g_autoptr (P2vImage) image = open_container (state, container, self);
      guint64 offset = 0x77;

      assert_int_equal (p2v_image_get_memory_size (image), 20 * PAGE);
      assert_hole (image, 16 * PAGE, 1);
      assert_hole (image, 0xfffff, 1);
      assert_hole (image, 16 * PAGE - 1, 2);
      assert_hole (image, 0xfffff, 2);
      assert_hole (image, 0x100000 + 4 * PAGE - 1, 2);
      assert_hole (image, G_MAXUINT64, 2);
      assert_true (p2v_image_contains (image, 16 * PAGE - 1));
      assert_false (p2v_image_contains (image, 16 * PAGE));
      assert_false (p2v_image_contains (image, 0xfffff));
      assert_true (p2v_image_contains (image, 0x100000));
      assert_false (p2v_image_contains (image, G_MAXUINT64));
      assert_false (p2v_image_pa_to_offset (image, 0xfffff, &offset));
      assert_false (p2v_image_pa_to_offset (image, G_MAXUINT64, &offset));
      assert_int_equal (offset, 0x77);
    }
}

static void
every_byte_is_translated_there_and_back (void **state)
{
  for (P2vTestContainer container = 0; container < P2V_TEST_N_CONTAINERS; container++)
    {
      g_autofree Machine *self = g_new (Machine, 1);
      init_machine (self);
      g_autoptr (GByteArray) bytes = p2v_test_write (container, &self->machine);
      g_autoptr (P2vImage) image = open_bytes (state, bytes->data, bytes->len);
      guint64 n_memory = 0;

      for (guint64 offset = 0; offset <= bytes->len; offset++)
        {
          P2vPhysAddr pa;
          guint64 back;
          if (!p2v_image_offset_to_pa (image, offset, &pa))
            continue;
          n_memory++;
          assert_true (p2v_image_pa_to_offset (image, pa, &back));
          assert_int_equal (back, offset);
        }
      assert_int_equal (n_memory, p2v_image_is_packed (image) ? 0
                                                              : p2v_image_get_memory_size (image));
    }
}

static void
headers_are_no_memory (void **state)
{
  g_autofree Machine *self = g_new (Machine, 1);
  init_machine (self);
  g_autoptr (P2vImage) image = open_container (state, P2V_TEST_LIME, self);
  P2vPhysAddr pa = 0x77;

  assert_false (p2v_image_offset_to_pa (image, 0, &pa));
  assert_false (p2v_image_offset_to_pa (image, 0x1f, &pa));
  assert_false (p2v_image_offset_to_pa (image, 0x20 + 8 * PAGE, &pa));
  assert_false (p2v_image_offset_to_pa (image, p2v_image_get_file_size (image), &pa));
  assert_false (p2v_image_offset_to_pa (image, G_MAXUINT64, &pa));
  assert_int_equal (pa, 0x77);
  assert_true (p2v_image_offset_to_pa (image, 0x20, &pa));
  assert_int_equal (pa, 8 * PAGE);
}

static void
reading_goes_on_across_adjacent_ranges (void **state)
{
  g_autofree Machine *self = g_new (Machine, 1);
  init_machine (self);
  g_autoptr (P2vImage) image = open_container (state, P2V_TEST_LIME, self);

  assert_int_equal (get_range (image, 1, 3)->start_pa, 8 * PAGE);
  assert_memory (image, 8 * PAGE - 1, self->bytes + 8 * PAGE - 1, 2);
  assert_memory (image, 3, self->bytes + 3, 16 * PAGE - 3);
}

static void
reading_nothing_is_ok_even_in_a_hole (void **state)
{
  g_autofree Machine *self = g_new (Machine, 1);
  init_machine (self);
  g_autoptr (P2vImage) image = open_container (state, P2V_TEST_LIME, self);
  guint8 byte = 1;

  assert_int_equal (p2v_image_read (image, 0xfffff, &byte, 0, NULL), P2V_READ_OK);
  assert_int_equal (byte, 1);
}

/* The ranges of one test, in file order, all over the same sixteen-byte records. */
static GByteArray *
append_letters (GByteArray *bytes,
                guint64     pa,
                char        letter,
                guint       n)
{
  g_autofree guint8 *memory = g_malloc (n);
  memset (memory, letter, n);
  p2v_test_append_lime (bytes, pa, pa + n - 1, memory, n);
  return bytes;
}

static void
of_two_contents_the_first_in_the_file_is_used (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  append_letters (bytes, 0x10, 'a', 16);
  append_letters (bytes, 0x18, 'b', 16);
  append_letters (bytes, 0x08, 'c', 48);
  g_autoptr (P2vImage) image = open_bytes (state, bytes->data, bytes->len);

  assert_memory (image, 0x08, (const guint8 *) "ccccccccaaaaaaaaaaaaaaaabbbbbbbbcccccccccccccccc",
                 48);
  assert_int_equal (p2v_image_get_memory_size (image), 48);
  assert_int_equal (p2v_image_get_diagnostics (image)->len, 1);
  /* b loses 8 bytes to a, c loses 16 to a and 8 to b. */
  assert_contains (p2v_image_get_diagnostics (image)->pdata[0], "two contents for 32 bytes");
  assert_contains (p2v_image_get_diagnostics (image)->pdata[0], "address 0x10");
  assert_int_equal (get_range (image, 0, 4)->start_pa, 0x08);
}

static void
range_hidden_by_an_earlier_one_is_not_in_the_file_either (void **state)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  append_letters (bytes, 0x10, 'a', 16);
  append_letters (bytes, 0x14, 'b', 4);
  g_autoptr (P2vImage) image = open_bytes (state, bytes->data, bytes->len);

  assert_memory (image, 0x10, (const guint8 *) "aaaaaaaaaaaaaaaa", 16);
  assert_false (p2v_image_offset_to_pa (image, 0x20 + 16 + 0x20, NULL));
}

/* An ELF whose segments are given as (pa, offset, size); what they mean is a run of counting bytes.
 */
static P2vImage *
open_segments (void                **state,
               const P2vTestSegment *segments,
               gsize                 n_segments,
               gsize                 n_bytes)
{
  g_autoptr (GByteArray) bytes
      = p2v_test_elf_headers (TRUE, n_segments >= 0xffff, segments, n_segments);
  for (gsize i = 0; i < n_bytes; i++)
    p2v_test_append (bytes, 1, i);
  return open_bytes (state, bytes->data, bytes->len);
}

static void
overlaps_that_agree_are_merged_without_a_word (void **state)
{
  const guint64 at = p2v_test_elf_headers_length (TRUE, FALSE, 4);
  const P2vTestSegment segments[] = {
    { 1, at + 0x20, 0, 0x1020, 0x20, 0x20, 0 },
    { 1, at + 0x00, 0, 0x1000, 0x30, 0x30, 0 },
    { 1, at + 0x40, 0, 0x1040, 0x10, 0x10, 0 },
    { 1, at + 0x00, 0, 0x1000, 0x30, 0x30, 0 },
  };
  g_autoptr (P2vImage) image = open_segments (state, segments, 4, 0x50);

  assert_int_equal (get_range (image, 0, 1)->start_pa, 0x1000);
  assert_int_equal (get_range (image, 0, 1)->length_bytes, 0x50);
  assert_int_equal (get_range (image, 0, 1)->file_offset, at);
  assert_int_equal (p2v_image_get_diagnostics (image)->len, 0);
}

static void
neighbours_that_do_not_continue_in_the_file_stay_apart (void **state)
{
  const guint64 at = p2v_test_elf_headers_length (TRUE, FALSE, 2);
  const P2vTestSegment segments[] = {
    { 1, at + 0x10, 0, 0x1000, 0x10, 0x10, 0 },
    { 1, at + 0x00, 0, 0x1010, 0x10, 0x10, 0 },
  };
  g_autoptr (P2vImage) image = open_segments (state, segments, 2, 0x20);

  assert_int_equal (get_range (image, 1, 2)->start_pa, 0x1010);
  assert_memory (image, 0x100f, (const guint8 *) "\x1f\x00", 2);
}

static void
byte_of_the_file_with_several_addresses_gives_the_lowest (void **state)
{
  const guint64 at = p2v_test_elf_headers_length (TRUE, FALSE, 3);
  const P2vTestSegment segments[] = {
    { 1, at + 0x00, 0, 0x9000, 0x20, 0x20, 0 },
    { 1, at + 0x10, 0, 0x3000, 0x10, 0x10, 0 },
    { 1, at + 0x08, 0, 0x5000, 0x20, 0x20, 0 },
  };
  g_autoptr (P2vImage) image = open_segments (state, segments, 3, 0x28);
  P2vPhysAddr pa = 0;

  assert_true (p2v_image_offset_to_pa (image, at + 0x07, &pa));
  assert_int_equal (pa, 0x9007);
  assert_true (p2v_image_offset_to_pa (image, at + 0x0f, &pa));
  assert_int_equal (pa, 0x5007);
  assert_true (p2v_image_offset_to_pa (image, at + 0x10, &pa));
  assert_int_equal (pa, 0x3000);
  assert_true (p2v_image_offset_to_pa (image, at + 0x20, &pa));
  assert_int_equal (pa, 0x5018);
  assert_memory (image, 0x9010, (const guint8 *) "\x10\x11", 2);
}

/* Random ranges against the obvious way: a byte-wide map in which the first to come stays. */
static void
random_overlaps_give_what_a_byte_map_gives (void **state)
{
  enum { N_BYTES = 512, N_SEGMENTS = 24, N_ROUNDS = 200 };
  g_autoptr (GRand) random = g_rand_new_with_seed (20260101);

  for (int round = 0; round < N_ROUNDS; round++)
    {
      const guint64 at = p2v_test_elf_headers_length (TRUE, FALSE, N_SEGMENTS);
      P2vTestSegment segments[N_SEGMENTS];
      int map[N_BYTES];
      memset (map, 0xff, sizeof map);
      for (int i = 0; i < N_SEGMENTS; i++)
        {
          guint32 pa = g_rand_int_range (random, 0, N_BYTES),
                  from = g_rand_int_range (random, 0, 200);
          guint32 length = g_rand_int_range (random, 0, 56);
          length = MIN (length, N_BYTES - pa);
          segments[i] = (P2vTestSegment) { 1, at + from, 0, pa, length, length, 0 };
          for (guint32 j = 0; j < length; j++)
            if (map[pa + j] < 0)
              map[pa + j] = (int) (from + j);
        }
      /* An address of 0 for all would be a process; see test-elf.c. */
      segments[0].pa |= segments[0].filesz == 0;
      g_autoptr (P2vImage) image = open_segments (state, segments, N_SEGMENTS, 256);
      for (guint32 pa = 0; pa < N_BYTES; pa++)
        {
          guint64 offset = at - 1;
          assert_int_equal (p2v_image_pa_to_offset (image, pa, &offset), map[pa] >= 0);
          assert_int_equal ((int) (offset - at), map[pa]);
        }
    }
}

static void
many_conflicting_ranges_do_not_take_long (void **state)
{
  enum { N = 200000 };
  const guint64 at = p2v_test_elf_headers_length (TRUE, TRUE, N);
  g_autofree P2vTestSegment *segments = g_new0 (P2vTestSegment, N);
  /* Each starts one byte later, reaches over all that follow and disagrees with all of them. */
  for (guint i = 0; i < N; i++)
    segments[i] = (P2vTestSegment) { 1, at + i % 7, 0, 0x1000 + i, N - i, N - i, 0 };
  gint64 start = g_get_monotonic_time ();
  g_autoptr (P2vImage) image = open_segments (state, segments, N, N + 7);

  assert_int_equal (p2v_image_get_memory_size (image), N);
  assert_int_equal (get_range (image, 0, 1)->file_offset, at);
  /* It takes a fraction of a second; anything quadratic would take minutes. */
  assert_true (g_get_monotonic_time () - start < 30 * G_USEC_PER_SEC);
}

static void
file_that_shrinks_fails_when_the_lost_part_is_read (void **state)
{
  g_autofree Machine *self = g_new (Machine, 1);
  init_machine (self);
  g_autoptr (P2vImage) image = open_container (state, P2V_TEST_RAW, self);
  GError *error = NULL;
  guint8 buffer[16];

  assert_int_equal (truncate (p2v_image_get_path (image), 0x5004), 0);
  assert_memory (image, 0x4000, self->bytes + 0x4000, 16);
  assert_int_equal (p2v_image_read (image, 0x5000, buffer, 16, &error), P2V_READ_FAILED);
  assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED, "ends at offset 0x5004");
  g_error_free (error);
}

static void
ranges_beyond_the_end_are_cut_off_and_counted (void **state)
{
  const guint64 at = p2v_test_elf_headers_length (TRUE, FALSE, 4);
  /* The last names memory that the second names too; what is missing of it is missing once. */
  const P2vTestSegment segments[] = {
    { 1, at, 0, 0x1000, 0x100, 0x100, 0 },
    { 1, at + 0x100, 0, 0x3000, 0x100, 0x100, 0 },
    { 1, at + 0x1000, 0, 0x2000, 0x100, 0x100, 0 },
    { 1, at + 0x120, 0, 0x3020, 0xe0, 0xe0, 0 },
  };
  g_autoptr (P2vImage) image = open_segments (state, segments, 4, 0x180);
  g_autofree char *first = g_strdup_printf ("the first at offset 0x%x", (guint) at + 0x180);

  assert_int_equal (p2v_image_get_memory_size (image), 0x180);
  assert_int_equal (get_range (image, 1, 2)->length_bytes, 0x80);
  assert_int_equal (p2v_image_get_diagnostics (image)->len, 1);
  assert_contains (p2v_image_get_diagnostics (image)->pdata[0], "384 bytes of 3 memory ranges");
  assert_contains (p2v_image_get_diagnostics (image)->pdata[0], first);
}

static void
ranges_no_machine_can_have_are_dropped_and_counted (void **state)
{
  const guint64 at = p2v_test_elf_headers_length (TRUE, FALSE, 4);
  const P2vTestSegment segments[] = {
    { 1, at, 0, 0x1000, 0x10, 0x10, 0 },
    { 1, at, 0, G_MAXUINT64 - 0xf, 0x10, 0x10, 0 },
    { 1, at, 0, G_MAXUINT64 - 0xf, 0x20, 0x20, 0 },
    { 1, at, 0, ((guint64) 1 << 52) - 0xf, 0x10, 0x10, 0 },
  };
  g_autoptr (P2vImage) image = open_segments (state, segments, 4, 0x10);

  assert_int_equal (p2v_image_get_memory_size (image), 0x10);
  assert_int_equal (p2v_image_get_diagnostics (image)->len, 1);
  assert_contains (p2v_image_get_diagnostics (image)->pdata[0], "3 memory ranges beyond the 2^52");
  assert_contains (p2v_image_get_diagnostics (image)->pdata[0], "0xfffffffffffffff0");
}

static void
file_without_permission_to_write_is_opened (void **state)
{
  g_autofree Machine *self = g_new (Machine, 1);
  init_machine (self);
  g_autoptr (GByteArray) bytes = p2v_test_write (P2V_TEST_LIME, &self->machine);
  g_autofree char *path = p2v_test_write_file (state, "evidence", bytes->data, bytes->len);
  GError *error = NULL;

  assert_int_equal (chmod (path, 0400), 0);
  g_autoptr (P2vImage) image = p2v_image_open (path, NULL, &error);
  assert_no_error (error);
  assert_string_equal (p2v_image_get_path (image), path);
}

static void
prefetching_reads_nothing_wrong (void **state)
{
  g_autofree Machine *self = g_new (Machine, 1);
  init_machine (self);
  g_autoptr (P2vImage) image = open_container (state, P2V_TEST_LIME, self);

  p2v_image_prefetch (image, 0, G_MAXUINT64);
  p2v_image_prefetch (image, 16 * PAGE, 1);
  p2v_image_prefetch (image, G_MAXUINT64, G_MAXUINT64);
  assert_memory (image, 0, self->bytes, 16 * PAGE);
}

static void
folder_and_empty_file_are_refused_by_the_image_too (void **state)
{
  g_autofree char *empty = p2v_test_write_file (state, "empty", "", 0);
  GError *error = NULL;

  assert_null (p2v_image_open (*state, NULL, &error));
  assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_NOT_RECOGNIZED, "folder");
  g_clear_error (&error);
  assert_null (p2v_image_open (empty, NULL, &error));
  assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_NOT_RECOGNIZED, "empty");
  g_clear_error (&error);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (every_container_gives_the_same_memory),
    p2v_test_in_folder (hole_is_a_hole_and_not_zeros),
    p2v_test_in_folder (every_byte_is_translated_there_and_back),
    p2v_test_in_folder (headers_are_no_memory),
    p2v_test_in_folder (reading_goes_on_across_adjacent_ranges),
    p2v_test_in_folder (reading_nothing_is_ok_even_in_a_hole),
    p2v_test_in_folder (of_two_contents_the_first_in_the_file_is_used),
    p2v_test_in_folder (range_hidden_by_an_earlier_one_is_not_in_the_file_either),
    p2v_test_in_folder (overlaps_that_agree_are_merged_without_a_word),
    p2v_test_in_folder (neighbours_that_do_not_continue_in_the_file_stay_apart),
    p2v_test_in_folder (byte_of_the_file_with_several_addresses_gives_the_lowest),
    p2v_test_in_folder (random_overlaps_give_what_a_byte_map_gives),
    p2v_test_in_folder (many_conflicting_ranges_do_not_take_long),
    p2v_test_in_folder (file_that_shrinks_fails_when_the_lost_part_is_read),
    p2v_test_in_folder (ranges_beyond_the_end_are_cut_off_and_counted),
    p2v_test_in_folder (ranges_no_machine_can_have_are_dropped_and_counted),
    p2v_test_in_folder (file_without_permission_to_write_is_opened),
    p2v_test_in_folder (prefetching_reads_nothing_wrong),
    p2v_test_in_folder (folder_and_empty_file_are_refused_by_the_image_too),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
