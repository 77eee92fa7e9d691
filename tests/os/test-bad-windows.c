/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Damaged and hostile Windows machines: each must end in time, with what can be found and a word on
 * what cannot, or with the answer that no system is there. */

#include "p2v-test.h"

#include "p2v-image-writers.h"
#include "p2v-windows-machine.h"

#include <string.h>
#include <time.h>

#define PAGE 0x1000

typedef struct
{
  P2vWindowsMachine *machine;
  P2vSession        *session;
  P2vSystem         *system;
} Fixture;

static P2vWindowsMachine *
new_machine (void)
{
  g_autofree char *csv_path = g_build_filename (g_getenv ("P2V_TEST_SOURCE"), "data", "windows",
                                                "offsets.csv", NULL);

  return p2v_windows_machine_new (P2V_TEST_WINDOWS_X64, "10.0.19041", 0, csv_path);
}

static P2vSession *
open_session (void              **state,
              P2vWindowsMachine  *machine)
{
  const P2vTestMemory memory = { 0, machine->bytes, machine->length };
  const P2vTestMachine description = { .memory = &memory, .n_memory = 1 };
  g_autofree char *path = p2v_test_path (state, "windows.img");
  P2vSession *session = p2v_session_new ();
  GError *error = NULL;

  assert_true (p2v_test_save (P2V_TEST_RAW, &description, path));
  p2v_session_set_cache (session, FALSE, NULL);
  p2v_session_open (session, path, NULL, &error);
  assert_no_error (error);
  return session;
}

/* Opens the machine, which takes no longer than a second of processor time. */
static Fixture
open_machine (void              **state,
              P2vWindowsMachine  *machine)
{
  Fixture fixture = { .machine = machine, .session = open_session (state, machine) };
  GError *error = NULL;
  clock_t start = clock ();

  p2v_session_find_system (fixture.session, NULL, &error);
  assert_no_error (error);
  p2v_session_build_index (fixture.session, NULL, &error);
  assert_no_error (error);
  assert_true (clock () - start < CLOCKS_PER_SEC);
  fixture.system = p2v_session_dup_system (fixture.session);
  return fixture;
}

static void
close_machine (Fixture *fixture)
{
  g_object_unref (fixture->system);
  g_object_unref (fixture->session);
  p2v_windows_machine_free (fixture->machine);
}

static guint64
get_links_va (P2vWindowsMachine *machine,
              const char        *name)
{
  return p2v_windows_machine_find (machine, name)->object_va +
         (guint) p2v_windows_machine_offset (machine, "_EPROCESS", "ActiveProcessLinks");
}

static void
assert_says (Fixture    *fixture,
             const char *part)
{
  g_auto (GStrv) diagnostics = p2v_session_dup_diagnostics (fixture->session);
  g_autofree char *text = g_strjoinv ("\n", diagnostics);

  assert_contains (text, part);
}

/* All processes, whatever their list is like. */
static void
assert_all_found (Fixture *fixture)
{
  const GArray *processes = fixture->machine->processes;

  for (guint i = 0; i < processes->len; i++)
    assert_non_null (p2v_system_find_pid (
      fixture->system, g_array_index (processes, P2vTestWindowsProcess, i).pid));
}

static void
a_list_that_goes_round_without_its_head_is_left (void **state)
{
  P2vWindowsMachine *machine = new_machine ();

  p2v_windows_machine_put (machine, get_links_va (machine, "explorer.exe"),
                           get_links_va (machine, "svchost.exe"), 8);
  Fixture fixture = open_machine (state, machine);
  assert_all_found (&fixture);
  assert_says (&fixture, "torn");
  close_machine (&fixture);
}

static void
a_list_that_leads_into_user_space_is_left (void **state)
{
  P2vWindowsMachine *machine = new_machine ();

  p2v_windows_machine_put (machine, get_links_va (machine, "services.exe"), 0x7ffe0000, 8);
  Fixture fixture = open_machine (state, machine);
  assert_all_found (&fixture);
  assert_says (&fixture, "torn");
  close_machine (&fixture);
}

static guint
count_regions (Fixture    *fixture,
               const char *name)
{
  P2vProcess *process =
    p2v_system_find_pid (fixture->system, p2v_windows_machine_find (fixture->machine, name)->pid);
  GError *error = NULL;
  g_autoptr (GPtrArray) regions = p2v_session_dup_regions (
    fixture->session, p2v_process_get_address_space (process), &error);

  assert_no_error (error);
  return regions->len;
}

static void
a_tree_of_areas_that_leads_back_to_itself_ends (void **state)
{
  P2vWindowsMachine *machine = new_machine ();
  guint64 vad_va = p2v_windows_machine_find (machine, "explorer.exe")->vad_va;
  guint64 left_va = p2v_windows_machine_get (machine, vad_va, 8);

  p2v_windows_machine_put (machine, left_va, vad_va, 8);
  p2v_windows_machine_put (machine, left_va + 8, left_va, 8);
  Fixture fixture = open_machine (state, machine);
  assert_int_equal (count_regions (&fixture, "svchost.exe"), 4);
  assert_int_equal (count_regions (&fixture, "explorer.exe"), 3);
  close_machine (&fixture);
}

static void
a_tree_of_noise_is_no_areas (void **state)
{
  P2vWindowsMachine *machine = new_machine ();
  guint64 vad_va = p2v_windows_machine_find (machine, "explorer.exe")->vad_va;

  memset (p2v_windows_machine_at (machine, vad_va), 0xa5, 0x40);
  Fixture fixture = open_machine (state, machine);
  assert_int_equal (count_regions (&fixture, "explorer.exe"), 0);
  assert_all_found (&fixture);
  close_machine (&fixture);
}

/* The root's first user entry leads to the root itself, and so does every entry of another's. */
static void
tables_that_lead_to_themselves_are_passed_over (void **state)
{
  P2vWindowsMachine *machine = new_machine ();
  guint64 root_pa = p2v_windows_machine_find (machine, "explorer.exe")->root_pa;
  guint64 entry = GUINT64_TO_LE (root_pa | 0x67);

  for (guint i = 1; i < 256; i++)
    memcpy (machine->bytes + root_pa + i * 8, &entry, 8);
  Fixture fixture = open_machine (state, machine);
  assert_all_found (&fixture);
  assert_says (&fixture, "explorer.exe");
  close_machine (&fixture);
}

/* Whoever hides may change the names, of the first process, too. */
static void
processes_without_their_names_are_found (void **state)
{
  static const char *const names[] = { "System", "explorer.exe", "hidden.exe" };
  P2vWindowsMachine *machine = new_machine ();
  int offset = p2v_windows_machine_offset (machine, "_EPROCESS", "ImageFileName");

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    memset (p2v_windows_machine_at (
              machine, p2v_windows_machine_find (machine, names[i])->object_va + (guint) offset),
            i == 0 ? 7 : 0, 8);
  Fixture fixture = open_machine (state, machine);
  assert_all_found (&fixture);
  close_machine (&fixture);
}

/* Pages that each hold what the search looks for, but are not it. */
static void
look_alikes_are_no_processes (void **state)
{
  P2vWindowsMachine *machine = new_machine ();
  guint64 pa = p2v_windows_machine_take_frame (machine);
  guint64 entry = GUINT64_TO_LE (pa | 0x63);
  const guint64 header = GUINT64_TO_LE (3);

  /* A page full of entries that lead to it, and headers of objects without page tables. */
  for (guint i = 0; i < PAGE / 8; i++)
    memcpy (machine->bytes + pa + i * 8, &entry, 8);
  pa = p2v_windows_machine_take_frame (machine);
  for (guint i = 0; i < PAGE; i += 0x40)
    {
      memcpy (machine->bytes + pa + i, "XXXXProcKDBGRSDS", 16);
      memcpy (machine->bytes + pa + i + 0x10, &header, 8);
      memcpy (machine->bytes + pa + i + 0x20, "System\0\0\0\0\0\0\0\0\0", 16);
    }
  Fixture fixture = open_machine (state, machine);
  assert_all_found (&fixture);
  assert_int_equal (p2v_system_get_n_processes (fixture.system), machine->processes->len + 1);
  close_machine (&fixture);
}

static void
handles_that_lead_round_end (void **state)
{
  P2vWindowsMachine *machine = new_machine ();
  guint64 object_va = p2v_windows_machine_find (machine, "csrss.exe")->object_va;
  guint64 table_va = p2v_windows_machine_get (
    machine, object_va + (guint) p2v_windows_machine_offset (machine, "_EPROCESS", "ObjectTable"),
    8);
  guint64 code_va =
    table_va + (guint) p2v_windows_machine_offset (machine, "_HANDLE_TABLE", "TableCode");
  guint64 page_va = p2v_windows_machine_get (machine, code_va, 8) & ~(guint64) 7;

  for (guint i = 0; i < PAGE; i += 8)
    p2v_windows_machine_put (machine, page_va + i, page_va, 8);
  p2v_windows_machine_put (machine, code_va, page_va | 2, 8);
  Fixture fixture = open_machine (state, machine);
  assert_all_found (&fixture);
  close_machine (&fixture);
}

static void
noise_is_no_windows (void **state)
{
  P2vWindowsMachine *machine = new_machine ();
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  GError *error = NULL;

  for (gsize i = 0; i < machine->length; i++)
    machine->bytes[i] = (guint8) g_rand_int (random);
  g_autoptr (P2vSession) session = open_session (state, machine);
  assert_false (p2v_session_find_system (session, NULL, &error));
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_NOT_DETECTED, "");
  g_error_free (error);
  p2v_windows_machine_free (machine);
}

/* The second half of memory is missing, with the kernel's image in it. */
static void
a_short_image_has_the_processes_that_are_in_it (void **state)
{
  P2vWindowsMachine *machine = new_machine ();

  machine->length = 0xc00000;
  Fixture fixture = open_machine (state, machine);
  assert_all_found (&fixture);
  close_machine (&fixture);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (a_list_that_goes_round_without_its_head_is_left),
    p2v_test_in_folder (a_list_that_leads_into_user_space_is_left),
    p2v_test_in_folder (a_tree_of_areas_that_leads_back_to_itself_ends),
    p2v_test_in_folder (a_tree_of_noise_is_no_areas),
    p2v_test_in_folder (tables_that_lead_to_themselves_are_passed_over),
    p2v_test_in_folder (processes_without_their_names_are_found),
    p2v_test_in_folder (look_alikes_are_no_processes),
    p2v_test_in_folder (handles_that_lead_round_end),
    p2v_test_in_folder (noise_is_no_windows),
    p2v_test_in_folder (a_short_image_has_the_processes_that_are_in_it),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
