/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* VMCOREINFO: the text itself, and where in an image it is looked for. */

#include "p2v-test.h"

#include "os/linux/p2v-linux-private.h"
#include "p2v-image-writers.h"

#include <string.h>

#define PAGE 0x1000
#define N_PAGES 64

#define TEXT(release) "OSRELEASE=" release "\nPAGESIZE=4096\n"

static GHashTable *
parse (const char *text)
{
  return p2v_linux_parse_vmcoreinfo (text, strlen (text));
}

static void
lines_become_keys_and_values (void **state)
{
  g_autoptr (GHashTable) info = parse ("OSRELEASE=6.1.0-56\nPAGESIZE=4096\nKERNELOFFSET=2c200000\n"
                                       "no equals sign\nEMPTY=\nTWO=a=b");

  assert_non_null (info);
  assert_string_equal (g_hash_table_lookup (info, "OSRELEASE"), "6.1.0-56");
  assert_string_equal (g_hash_table_lookup (info, "KERNELOFFSET"), "2c200000");
  assert_string_equal (g_hash_table_lookup (info, "EMPTY"), "");
  assert_string_equal (g_hash_table_lookup (info, "TWO"), "a=b");
  assert_int_equal (g_hash_table_size (info), 5);
}

static void
text_ends_at_its_length_or_at_a_nul (void **state)
{
  const char text[] = "OSRELEASE=6.1.0\nPAGESIZE=4096\nCUT=123456";
  g_autoptr (GHashTable) cut = p2v_linux_parse_vmcoreinfo (text, sizeof text - 4);
  const char with_nul[] = "OSRELEASE=6.1.0\nPAGESIZE=4096\n\0MORE=1\n";
  g_autoptr (GHashTable) ended = p2v_linux_parse_vmcoreinfo (with_nul, sizeof with_nul);
  /* A copy of exactly that length: the address sanitizer sees a byte more. */
  g_autofree char *exact = g_memdup2 (text, strlen (text));
  g_autoptr (GHashTable) whole = p2v_linux_parse_vmcoreinfo (exact, strlen (text));

  assert_string_equal (g_hash_table_lookup (cut, "CUT"), "123");
  assert_int_equal (g_hash_table_size (ended), 2);
  assert_string_equal (g_hash_table_lookup (whole, "CUT"), "123456");
}

static void
other_texts_are_no_vmcoreinfo (void **state)
{
  const char *const texts[] = {
    "",
    "OSRELEASE",
    "OSRELEASE=",
    "OSRELEASE=6.1.0\n",
    "PAGESIZE=4096\nOSRELEASE=6.1.0\n",
    " OSRELEASE=6.1.0\nPAGESIZE=4096\n",
    "OSRELEASE=6.1.0\nPAGESIZE\n",
    "osrelease=6.1.0\nPAGESIZE=4096\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (parse (texts[i]) != NULL)
      fail_msg ("“%s” was taken for a VMCOREINFO", texts[i]);
  assert_null (p2v_linux_parse_vmcoreinfo (NULL, 0));
}

static void
symbols_are_hexadecimal (void **state)
{
  g_autoptr (GHashTable) info
      = parse (TEXT ("6.1.0") "SYMBOL(a)=ffffffffaec10000\nSYMBOL(b)=1\nSYMBOL(c)=FF\n");
  guint64 va;

  assert_true (p2v_linux_get_info_symbol (info, "a", &va));
  assert_true (va == G_GUINT64_CONSTANT (0xffffffffaec10000));
  assert_true (p2v_linux_get_info_symbol (info, "b", &va));
  assert_true (va == 1);
  assert_true (p2v_linux_get_info_symbol (info, "c", &va));
  assert_true (va == 0xff);
}

static void
numbers_are_decimal_and_may_be_negative (void **state)
{
  g_autoptr (GHashTable) info
      = parse (TEXT ("6.1.0") "NUMBER(phys_base)=-740294656\nNUMBER(zero)=0\n"
               "NUMBER(least)=-9223372036854775808\nNUMBER(most)=9223372036854775807\n");
  gint64 number;

  assert_true (p2v_linux_get_info_number (info, "phys_base", &number));
  assert_true (number == -740294656);
  assert_true (p2v_linux_get_info_number (info, "zero", &number));
  assert_true (number == 0);
  assert_true (p2v_linux_get_info_number (info, "least", &number));
  assert_true (number == G_MININT64);
  assert_true (p2v_linux_get_info_number (info, "most", &number));
  assert_true (number == G_MAXINT64);
}

static void
malformed_and_missing_values_are_not_there (void **state)
{
  const char *const values[] = { "", "x", "12 ", "-", "--1", "1e3", "9223372036854775808" };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *text = g_strconcat (TEXT ("6.1.0"), "NUMBER(n)=", values[i], "\n", NULL);
      g_autoptr (GHashTable) info = parse (text);
      gint64 number = 77;
      if (p2v_linux_get_info_number (info, "n", &number) || number != 77)
        fail_msg ("“%s” was taken for a number", values[i]);
    }

  g_autoptr (GHashTable) info
      = parse (TEXT ("6.1.0") "SYMBOL(wide)=1ffffffffaec10000\nSYMBOL(sign)=-1\nSYMBOL(x)=0x10\n"
               "SYMBOL(zero)=0\nSYMBOL(none)=\nNUMBER(other)=1\n");
  guint64 va = 77;
  gint64 number = 77;
  assert_false (p2v_linux_get_info_symbol (info, "wide", &va));
  assert_false (p2v_linux_get_info_symbol (info, "sign", &va));
  assert_false (p2v_linux_get_info_symbol (info, "x", &va));
  assert_false (p2v_linux_get_info_symbol (info, "zero", &va));
  assert_false (p2v_linux_get_info_symbol (info, "none", &va));
  assert_false (p2v_linux_get_info_symbol (info, "other", &va));
  assert_false (p2v_linux_get_info_symbol (info, "missing", &va));
  assert_false (p2v_linux_get_info_number (info, "wide", &number));
  assert_int_equal (va, 77);
  assert_int_equal (number, 77);
}

/* The memory of a test, and what was offered. */
typedef struct
{
  guint8     *bytes;
  GPtrArray  *offered; /* char *: the releases, in the order they came */
  const char *accepted;
  P2vPhysAddr found_pa;
} Search;

static int
setup (void **state)
{
  Search *self = g_new0 (Search, 1);

  self->bytes = g_malloc0 (N_PAGES * PAGE);
  self->offered = g_ptr_array_new_with_free_func (g_free);
  *state = self;
  return 0;
}

static int
teardown (void **state)
{
  Search *self = *state;

  g_free (self->bytes);
  g_ptr_array_unref (self->offered);
  g_free (self);
  return 0;
}

static void
put_text (Search     *self,
          gsize       at,
          const char *text)
{
  memcpy (self->bytes + at, text, strlen (text));
}

static gboolean
take (GHashTable *info,
      gpointer    user_data,
      GError    **error)
{
  Search *self = user_data;
  const char *release = g_hash_table_lookup (info, "OSRELEASE");

  g_ptr_array_add (self->offered, g_strdup (release));
  if (g_strcmp0 (release, self->accepted) == 0)
    return TRUE;
  g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, "refused %s", release);
  return FALSE;
}

static gboolean
search_file (Search       *self,
             const char   *path,
             GCancellable *cancellable,
             GError      **error)
{
  GError *open_error = NULL;
  g_autoptr (P2vImage) image = p2v_image_open (path, NULL, &open_error);
  P2vMeter meter = { 0 };
  const P2vSystemSearch search = { .image = image, .meter = &meter, .cancellable = cancellable };

  assert_no_error (open_error);
  return p2v_linux_search_vmcoreinfo (&search, take, self, &self->found_pa, error);
}

/* Searches the memory in a container; each run of it begins where the one before ends. */
static gboolean
search_machine (Search              *self,
                P2vTestContainer     container,
                const P2vTestMemory *memory,
                gsize                n_memory,
                const char          *hint,
                GError             **error)
{
  const P2vTestMachine machine = { .memory = memory, .n_memory = n_memory, .vmcoreinfo = hint };
  void *folder = NULL;
  assert_int_equal (p2v_test_setup_folder (&folder), 0);
  g_autofree char *path = p2v_test_path (&folder, "image");
  assert_true (p2v_test_save (container, &machine, path));

  gboolean found = search_file (self, path, NULL, error);
  assert_int_equal (p2v_test_teardown_folder (&folder), 0);
  return found;
}

static gboolean
search_raw (Search  *self,
            GError **error)
{
  const P2vTestMemory memory = { 0, self->bytes, N_PAGES * PAGE };
  return search_machine (self, P2V_TEST_RAW, &memory, 1, NULL, error);
}

static void
assert_found_at (Search *self,
                 gsize   at)
{
  GError *error = NULL;

  put_text (self, at, TEXT ("6.1.0"));
  self->accepted = "6.1.0";
  assert_true (search_raw (self, &error));
  assert_no_error (error);
  assert_int_equal (self->offered->len, 1);
}

static void
text_is_found_at_the_start_of_a_page (void **state)
{
  assert_found_at (*state, 9 * PAGE);
}

static void
text_is_found_in_the_first_page (void **state)
{
  assert_found_at (*state, 0);
}

static void
text_is_found_in_the_last_page (void **state)
{
  assert_found_at (*state, (N_PAGES - 1) * PAGE);
}

/* An ELF note: three words of 4 bytes, and the name padded to 12. */
static void
text_is_found_behind_the_header_of_a_note (void **state)
{
  Search *self = *state;
  static const guint8 header[24] = { 11, 0,   0,   0,   0xa8, 3,   0,   0,   0,   0,   0,
                                     0,  'V', 'M', 'C', 'O',  'R', 'E', 'I', 'N', 'F', 'O' };
  memcpy (self->bytes + 5 * PAGE, header, sizeof header);

  assert_found_at (self, 5 * PAGE + sizeof header);
}

static void
text_anywhere_else_in_a_page_is_not_taken (void **state)
{
  Search *self = *state;
  GError *error = NULL;
  put_text (self, 3 * PAGE + 0x100, TEXT ("6.1.0"));
  put_text (self, 4 * PAGE + 1, TEXT ("6.1.0"));

  assert_false (search_raw (self, &error));
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_NOT_DETECTED, "");
  assert_int_equal (self->offered->len, 0);
  g_clear_error (&error);
}

static void
nothing_found_is_not_detected (void **state)
{
  Search *self = *state;
  GError *error = NULL;

  assert_false (search_raw (self, &error));
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_NOT_DETECTED, "");
  g_clear_error (&error);
}

static void
text_that_fills_its_page_is_not_read_beyond_it (void **state)
{
  Search *self = *state;
  memset (self->bytes + (N_PAGES - 1) * PAGE, 'x', PAGE);

  assert_found_at (self, (N_PAGES - 1) * PAGE);
}

static void
hint_in_the_headers_comes_first (void **state)
{
  Search *self = *state;
  const P2vTestMemory memory = { 0x100000, self->bytes, N_PAGES * PAGE };
  GError *error = NULL;
  put_text (self, 0, TEXT ("6.1.0-memory"));
  self->accepted = "6.1.0-hint";

  assert_true (
      search_machine (self, P2V_TEST_ELF64, &memory, 1, TEXT ("6.1.0-hint"), &error));
  assert_no_error (error);
  assert_int_equal (self->offered->len, 1);
}

static void
hint_that_is_refused_leads_to_the_memory (void **state)
{
  Search *self = *state;
  const P2vTestMemory memory = { 0x100000, self->bytes, N_PAGES * PAGE };
  GError *error = NULL;
  put_text (self, 7 * PAGE, TEXT ("6.1.0-memory"));
  self->accepted = "6.1.0-memory";

  assert_true (
      search_machine (self, P2V_TEST_ELF64, &memory, 1, TEXT ("6.1.0-hint"), &error));
  assert_no_error (error);
  assert_int_equal (self->offered->len, 2);
}

static void
refused_text_is_offered_once_and_the_first_error_kept (void **state)
{
  Search *self = *state;
  GError *error = NULL;
  put_text (self, 2 * PAGE, TEXT ("one"));
  put_text (self, 3 * PAGE + 24, TEXT ("one"));
  put_text (self, 4 * PAGE, TEXT ("two"));
  put_text (self, 8 * PAGE, TEXT ("one"));

  assert_false (search_raw (self, &error));
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, "refused one");
  g_clear_error (&error);
  assert_int_equal (self->offered->len, 2);
  assert_string_equal (g_ptr_array_index (self->offered, 0), "one");
  assert_string_equal (g_ptr_array_index (self->offered, 1), "two");
}

static void
accepted_text_ends_the_search_whatever_was_refused (void **state)
{
  Search *self = *state;
  GError *error = NULL;
  put_text (self, 2 * PAGE, TEXT ("one"));
  put_text (self, 4 * PAGE, TEXT ("two"));
  put_text (self, 6 * PAGE, TEXT ("three"));
  self->accepted = "two";

  assert_true (search_raw (self, &error));
  assert_no_error (error);
  assert_int_equal (self->offered->len, 2);
}

/* Page @i is candidate @i of as many as asked for; all are different. */
static gboolean
search_candidates (Search  *self,
                   gsize    n_pages,
                   GError **error)
{
  g_autofree guint8 *bytes = g_malloc0 (n_pages * PAGE);
  const P2vTestMemory memory = { 0, bytes, n_pages * PAGE };

  for (gsize i = 0; i < n_pages; i++)
    g_snprintf ((char *) bytes + i * PAGE, PAGE, TEXT ("%zu"), i);
  return search_machine (self, P2V_TEST_RAW, &memory, 1, NULL, error);
}

/* Thousands of virtual machines in the memory, or of forged pages, must not hide the kernel. */
static void
many_candidates_do_not_hide_the_right_one (void **state)
{
  Search *self = *state;
  GError *error = NULL;
  /* Memory is searched from both ends in large pieces: these 4,000 pages are one, read upwards. */
  self->accepted = "3999";

  assert_true (search_candidates (self, 4000, &error));
  assert_no_error (error);
  assert_int_equal (self->found_pa, 3999 * PAGE);
}

/* A crafted image may have a candidate in every page: that must come to an end. */
static void
only_so_many_candidates_are_tried (void **state)
{
  Search *self = *state;
  GError *error = NULL;

  assert_false (search_candidates (self, 70000, &error));
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, "refused 0");
  g_clear_error (&error);
  assert_int_equal (self->offered->len, 65536);
}

/* Pages are those of physical memory, whatever a range begins with. */
static void
ranges_that_are_not_whole_pages_are_searched (void **state)
{
  Search *self = *state;
  /* The bytes of memory from 0x100800 on, with a hole within a page. */
  const P2vTestMemory memory[] = {
    { 0x100800, self->bytes + 0x800, 6 * PAGE },
    { 0x108400, self->bytes + 0x8400, 4 * PAGE },
    { 0x110000, self->bytes + 0x10000, 0x800 },
  };
  GError *error = NULL;
  put_text (self, 0x800, TEXT ("no page"));
  put_text (self, 0x5000, TEXT ("first"));
  put_text (self, 0x6000, TEXT ("half a page"));
  put_text (self, 0x9018, TEXT ("second"));
  put_text (self, 0x10000, TEXT ("too short"));

  assert_false (search_machine (self, P2V_TEST_LIME, memory, 3, NULL, &error));
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, "refused first");
  g_clear_error (&error);
  assert_int_equal (self->offered->len, 2);
  assert_string_equal (g_ptr_array_index (self->offered, 1), "second");
}

static void
cancelled_search_ends_with_that_error (void **state)
{
  Search *self = *state;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  void *folder = NULL;
  GError *error = NULL;
  assert_int_equal (p2v_test_setup_folder (&folder), 0);
  g_autofree char *path
      = p2v_test_write_file (&folder, "image", self->bytes, N_PAGES * PAGE);
  put_text (self, 0, TEXT ("6.1.0"));

  g_cancellable_cancel (cancellable);
  assert_false (search_file (self, path, cancellable, &error));
  assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  g_clear_error (&error);
  assert_int_equal (p2v_test_teardown_folder (&folder), 0);
}

#define with_memory(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (lines_become_keys_and_values),
    cmocka_unit_test (text_ends_at_its_length_or_at_a_nul),
    cmocka_unit_test (other_texts_are_no_vmcoreinfo),
    cmocka_unit_test (symbols_are_hexadecimal),
    cmocka_unit_test (numbers_are_decimal_and_may_be_negative),
    cmocka_unit_test (malformed_and_missing_values_are_not_there),
    with_memory (text_is_found_at_the_start_of_a_page),
    with_memory (text_is_found_in_the_first_page),
    with_memory (text_is_found_in_the_last_page),
    with_memory (text_is_found_behind_the_header_of_a_note),
    with_memory (text_anywhere_else_in_a_page_is_not_taken),
    with_memory (nothing_found_is_not_detected),
    with_memory (text_that_fills_its_page_is_not_read_beyond_it),
    with_memory (hint_in_the_headers_comes_first),
    with_memory (hint_that_is_refused_leads_to_the_memory),
    with_memory (refused_text_is_offered_once_and_the_first_error_kept),
    with_memory (accepted_text_ends_the_search_whatever_was_refused),
    with_memory (many_candidates_do_not_hide_the_right_one),
    with_memory (only_so_many_candidates_are_tried),
    with_memory (ranges_that_are_not_whole_pages_are_searched),
    with_memory (cancelled_search_ends_with_that_error),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
