/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Systems that are not recognized: their page tables are, and which form they are of. */

#include "p2v-machine.h"
#include "p2v-roots-machine.h"

#include <string.h>

#include "paging/p2v-paging.h"

#define PAGE ((gsize) 0x1000)

/* Overwrites every @word in memory. */
static void
wipe_word (P2vMachine *self,
           const char *word,
           gsize       length)
{
  for (gsize at = 0; at + length <= self->length; at++)
    if (self->bytes[at] == (guint8) word[0] && memcmp (self->bytes + at, word, length) == 0)
      memset (self->bytes + at, 0, length);
}

/* What Linux is recognized by, and what its processes are: banners, VMCOREINFO, the header of BTF,
 * the symbol table, every task. */
static void
wipe_linux (P2vMachine *self)
{
  g_autofree char *info = p2v_machine_read_truth ("vmcoreinfo.txt");
  guint64 text_va = p2v_machine_get_truth (self->kernel_txt, "sym\t_text\t", 16);
  guint64 text_pa = p2v_machine_get_truth (self->kernel_txt, "kernel_code_phys\t", 16);
  guint64 names_va = p2v_machine_get_truth (info, "SYMBOL(kallsyms_names)=", 16);
  g_auto (GStrv) lines = g_strsplit (self->rigtruth, "\n", -1);

  wipe_word (self, "Linux version ", 14);
  wipe_word (self, "OSRELEASE=", 10);
  wipe_word (self, "\x9f\xeb\x01\x00\x18\x00\x00\x00", 8);
  memset (self->bytes + (names_va - text_va + text_pa), 0, (gsize) 1 << 20);
  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) cells = g_strsplit (*line, "\t", -1);
      if (**line == '#' || g_strv_length (cells) < 6)
        continue;
      guint64 task_pa = g_ascii_strtoull (cells[5], NULL, 16);
      assert_true (task_pa + PAGE <= self->length);
      memset (self->bytes + task_pa, 0, PAGE);
    }
}

static gboolean
add_to_set (const P2vMapping *mapping,
            gpointer          user_data)
{
  GHashTable *set = user_data;
  P2vAddressSpace *space = p2v_process_get_address_space (mapping->process);

  /* Entries that the processor ignores are known to Linux alone. */
  if (mapping->state != P2V_STATE_PROT_NONE)
    g_hash_table_add (set, g_strdup_printf ("root %" G_GINT64_MODIFIER "x: %" G_GINT64_MODIFIER
                                            "x %" G_GINT64_MODIFIER "x %u %x",
                                            p2v_address_space_get_root_pa (space), mapping->va,
                                            mapping->pa, mapping->page_shift, mapping->rights));
  return TRUE;
}

/* (transfer full): all mappings of user space, with the roots they hang below. */
static GHashTable *
list_mappings (P2vSession *session)
{
  GHashTable *set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (P2vFilter) filter = p2v_filter_new ();
  GError *error = NULL;

  p2v_filter_set_kernel_rows (filter, P2V_KERNEL_ROWS_NONE);
  assert_true (p2v_session_foreach_mapping (session, filter, FALSE, add_to_set, set, NULL, &error));
  return set;
}

static void
assert_same_sets (GHashTable *expected,
                  GHashTable *found)
{
  GHashTableIter iter;
  gpointer text;

  g_hash_table_iter_init (&iter, expected);
  while (g_hash_table_iter_next (&iter, &text, NULL))
    if (!g_hash_table_contains (found, text))
      fail_msg ("missing: %s", (char *) text);
  g_hash_table_iter_init (&iter, found);
  while (g_hash_table_iter_next (&iter, &text, NULL))
    if (!g_hash_table_contains (expected, text))
      fail_msg ("extra: %s", (char *) text);
}

static void
wiped_linux_answers_all_its_mappings_by_their_roots (void **state)
{
  P2vMachine *self = *state;
  g_autoptr (P2vSession) whole = p2v_machine_open (self);
  g_autoptr (GHashTable) expected = list_mappings (whole);

  wipe_linux (self);
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  g_autoptr (GHashTable) found = list_mappings (session);

  assert_string_equal (p2v_system_get_paging_form_name (system), "x86-64, 4 levels");
  assert_true (g_hash_table_size (expected) > 4000);
  assert_same_sets (expected, found);
  for (guint i = 0; i < p2v_system_get_n_processes (system); i++)
    {
      P2vProcess *process = p2v_system_get_process (system, i);
      assert_false (p2v_process_has_pid (process));
      assert_true (g_str_has_prefix (p2v_process_get_name (process), "unknown (root 0x"));
    }
  assert_true (p2v_machine_has_diagnostic (session, "No operating system was recognized"));
  /* The eleven pages of the load that are PROT_NONE. */
  assert_true (p2v_machine_has_diagnostic (session, "11 entries of the page tables are neither"));
}

/* Opens the machine's memory with a paging form forced; NULL with an error. */
static P2vSession *
open_forced (P2vMachine  *self,
             const char  *form_id,
             GError     **error)
{
  g_autofree char *path = g_build_filename (self->folder, "forced.raw", NULL);
  g_autoptr (P2vSession) session = p2v_session_new ();

  assert_true (g_file_set_contents (path, (const char *) self->bytes, (gssize) self->length, NULL));
  assert_true (p2v_session_set_paging (session, form_id, NULL));
  assert_true (p2v_session_open (session, path, NULL, NULL));
  return p2v_session_find_system (session, NULL, error) ? g_steal_pointer (&session) : NULL;
}

static void
assert_form_refused (P2vMachine *self,
                     const char *form_id,
                     const char *name)
{
  GError *error = NULL;
  g_autoptr (P2vSession) session = open_forced (self, form_id, &error);

  assert_null (session);
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, name);
  assert_contains (error->message, "forced.raw");
  assert_contains (error->message, "x86-64, 4 levels");
  assert_contains (error->message, "0x");
  assert_contains (error->message, "--paging x86-64-4");
  g_clear_error (&error);
}

static void
wrong_form_is_refused_with_what_speaks_against_it (void **state)
{
  P2vMachine *self = *state;
  GError *error = NULL;

  for (int is_wiped = 0; is_wiped < 2; is_wiped++)
    {
      assert_form_refused (self, "x86-32", "x86, 2 levels");
      assert_form_refused (self, "x86-64-5", "x86-64, 5 levels");
      assert_form_refused (self, "aarch64-4k-48", "AArch64, 4 KiB pages, 48 bits");
      g_autoptr (P2vSession) session = open_forced (self, "x86-64-4", &error);
      assert_non_null (session);
      wipe_linux (self);
    }
}

static void
unknown_form_is_refused_with_those_that_there_are (void **state)
{
  g_autoptr (P2vSession) session = p2v_session_new ();
  GError *error = NULL;

  assert_false (p2v_session_set_paging (session, "vax", &error));
  assert_error (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_SYNTAX, "x86-64-5");
  g_clear_error (&error);
}

/* An image that ends before most of its roots: the tables that are left could be of a form with
 * fewer levels, and nothing tells. */
static void
image_cut_before_its_roots_is_refused (void **state)
{
  P2vMachine *self = *state;
  GError *error = NULL;
  g_autoptr (P2vSession) session = p2v_machine_find_system (self, 0x2000000, &error);

  assert_null (session);
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, "cannot be told");
  g_clear_error (&error);
}

/* Of each root. */
#define N_PAGES 40

static void
check_form (P2vMachine          *machine,
            const P2vPagingForm *form)
{
  g_autoptr (GHashTable) expected = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *path = g_build_filename (machine->folder, "synthetic.raw", NULL);
  gsize length;
  g_autofree guint8 *bytes = p2v_roots_machine_make (form, N_PAGES, expected, &length);
  g_autoptr (P2vSession) session = p2v_session_new ();
  GError *error = NULL;

  assert_true (g_file_set_contents (path, (const char *) bytes, (gssize) length, NULL));
  assert_true (p2v_session_open (session, path, NULL, NULL));
  if (!p2v_session_build_index (session, NULL, &error))
    fail_msg ("%s: %s", form->id, error->message);
  g_autoptr (GHashTable) found = list_mappings (session);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  if (g_hash_table_size (found) != g_hash_table_size (expected))
    fail_msg ("%s read as %s", form->id, p2v_system_get_paging_form_name (system));
  assert_same_sets (expected, found);
}

static void
each_form_is_told_from_the_others_by_its_tables (void **state)
{
  for (gsize i = 0; i < P2V_PAGING_N_FORMS; i++)
    if (p2v_paging_forms[i] != &p2v_paging_form_aarch64_4k_joined)
      check_form (*state, p2v_paging_forms[i]);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_with_machine (wiped_linux_answers_all_its_mappings_by_their_roots),
    p2v_test_with_machine (wrong_form_is_refused_with_what_speaks_against_it),
    cmocka_unit_test (unknown_form_is_refused_with_those_that_there_are),
    p2v_test_with_machine (image_cut_before_its_roots_is_refused),
    p2v_test_with_machine (each_form_is_told_from_the_others_by_its_tables),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
