/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the registers in an image's header tell: on whose page tables each processor was running.
 * The tiny image as an ELF core whose processors' CR3 the test chooses. */

#include "p2v-test.h"

#include "p2v-image-writers.h"

/* Roots, from the image's rigtruth.tsv. */
#define ROOT_OF_80      0x1eda000
#define ROOT_OF_KERNEL  0x2a10000
#define ROOT_OF_NOBODY  0x1000

static P2vSession *
open_with_registers (void          **state,
                     const guint64  *cr3,
                     gsize           n_cr3)
{
  g_autofree char *path = p2v_test_path (state, "machine.elf");
  g_autofree char *bytes = NULL;
  gsize length;

  assert_true (g_file_get_contents (g_getenv ("P2V_TINY_IMAGE"), &bytes, &length, NULL));
  P2vTestMemory memory = { 0, (const guint8 *) bytes, length };
  P2vTestMachine machine = { .memory = &memory, .n_memory = 1, .roots = cr3, .n_roots = n_cr3 };
  assert_true (p2v_test_save (P2V_TEST_ELF64, &machine, path));

  P2vSession *session = p2v_session_new ();
  g_autoptr (GError) error = NULL;
  assert_true (p2v_session_open (session, path, NULL, &error));
  assert_true (p2v_session_find_system (session, NULL, &error));
  assert_no_error (error);
  return session;
}

static void
assert_fact (P2vSession *session,
             const char *value)
{
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  guint n_found = 0;

  for (guint i = 0; i < p2v_system_get_n_facts (system); i++)
    n_found += g_str_equal (p2v_system_get_fact (system, i)->value, value);
  assert_int_equal (n_found, 1);
}

static void
processors_are_told_by_the_page_tables_they_run_on (void **state)
{
  /* With a context number; on the copy for user mode, with its flag; on the kernel's own. */
  const guint64 cr3[] = { ROOT_OF_80 | 0x7, ROOT_OF_80 | 0x1801, ROOT_OF_KERNEL };
  g_autoptr (P2vSession) session = open_with_registers (state, cr3, G_N_ELEMENTS (cr3));
  g_auto (GStrv) diagnostics = p2v_session_dup_diagnostics (session);

  assert_fact (session, "0: page tables of rigload (80)");
  assert_fact (session, "1: page tables of rigload (80)");
  assert_fact (session, "2: page tables of the kernel");
  assert_int_equal (g_strv_length (diagnostics), 0);
}

static void
page_tables_of_no_known_process_are_a_finding (void **state)
{
  const guint64 cr3[] = { ROOT_OF_NOBODY };
  g_autoptr (P2vSession) session = open_with_registers (state, cr3, G_N_ELEMENTS (cr3));
  g_auto (GStrv) diagnostics = p2v_session_dup_diagnostics (session);

  assert_int_equal (g_strv_length (diagnostics), 1);
  assert_contains (diagnostics[0], "Processor 0 runs on page tables at 0x1000");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (processors_are_told_by_the_page_tables_they_run_on),
    p2v_test_in_folder (page_tables_of_no_known_process_are_a_finding),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
