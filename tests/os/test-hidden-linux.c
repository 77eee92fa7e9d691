/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Copies of a real machine's memory in which a process was hidden, in more and more ways: it must
 * be found and flagged as long as anything of it is left, and its mappings told. */

#include "p2v-machine.h"

#include <string.h>

/* rl-twice, an ordinary process; see procs.tsv beside the image. */
#define HIDDEN 88

/* What the kernel gives a task on this processor: in the image tasks stand so far apart. The type
 * has more bytes, for processors with more registers. */
#define TASK_BYTES ((gsize) 0x1800)

static void
hide_from_ring (P2vMachine *self)
{
  p2v_machine_unlink (self, p2v_machine_link_pa (self, HIDDEN));
}

/* What points to the task's links from its struct pid: an hlist_node is last in its list, and leads
 * back to what points to it. No list_head of a task looks like that, for its next is not 0. */
static void
hide_from_pids (P2vMachine *self)
{
  gsize task_pa = p2v_machine_task_cell (self, HIDDEN, 5);
  guint n_cut = 0;

  for (gsize pa = task_pa; pa + 16 <= task_pa + TASK_BYTES; pa += 8)
    {
      gsize head_pa = p2v_machine_va_to_pa (self, p2v_machine_get_u64 (self, pa + 8));
      if (p2v_machine_get_u64 (self, pa) != 0 || head_pa % 8 != 0 || head_pa + 8 > self->length
          || p2v_machine_get_u64 (self, head_pa) != p2v_machine_pa_to_va (self, pa))
        continue;
      p2v_machine_put (self, head_pa, 8, 0);
      n_cut++;
    }
  /* Of a process that leads no group and no session: its id as a thread and as a process. */
  assert_true (n_cut >= 2);
}

static void
wipe_task (P2vMachine *self)
{
  memset (self->bytes + p2v_machine_task_cell (self, HIDDEN, 5), 0, TASK_BYTES);
}

static void
wipe_mm (P2vMachine *self)
{
  memset (self->bytes + p2v_machine_task_cell (self, HIDDEN, 7), 0,
          (gsize) p2v_machine_get_truth (self->rigtruth, "sizeof_mm=", 10));
}

/* The only process on these page tables. */
static P2vProcess *
find_owner (P2vSystem   *system,
            P2vPhysAddr  root_pa)
{
  P2vProcess *found = NULL;

  for (guint i = 0; i < p2v_system_get_n_processes (system); i++)
    {
      P2vProcess *process = p2v_system_get_process (system, i);
      P2vAddressSpace *space = p2v_process_get_address_space (process);
      if (space == NULL || p2v_address_space_get_root_pa (space) != root_pa)
        continue;
      assert_null (found);
      found = process;
    }
  return found;
}

typedef struct
{
  P2vPhysAddr root_pa;
  guint64     n_bytes;
  guint64     n_in_files;
} Count;

static gboolean
count_mapping (const P2vMapping *mapping,
               gpointer          user_data)
{
  Count *count = user_data;

  if (p2v_address_space_get_root_pa (mapping->space) != count->root_pa)
    return TRUE;
  count->n_bytes += mapping->length_bytes;
  if (mapping->region != NULL && mapping->region->is_file)
    count->n_in_files += mapping->length_bytes;
  return TRUE;
}

static Count
count_mappings (P2vSession  *session,
                P2vPhysAddr  root_pa)
{
  Count count = { .root_pa = root_pa };

  assert_true (
    p2v_session_foreach_mapping (session, NULL, TRUE, count_mapping, &count, NULL, NULL));
  return count;
}

static guint
names_to_bits (P2vSystem  *system,
               const char *names)
{
  g_auto (GStrv) words = g_strsplit (names, " ", -1);
  guint bits = 0;

  for (char **word = words; *word != NULL; word++)
    bits |= p2v_machine_method_bit (system, *word);
  return bits;
}

/* Counts the mappings of the process that is to be hidden, before. */
static Count
count_before (P2vMachine *self)
{
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  P2vPhysAddr root_pa = p2v_machine_task_cell (self, HIDDEN, 10);
  P2vProcess *process = find_owner (system, root_pa);

  assert_int_equal (p2v_process_get_flags (process), P2V_PROCESS_NONE);
  assert_int_equal (p2v_process_get_methods (process),
                    names_to_bits (system, "tasks pids objects roots"));
  Count count = count_mappings (session, root_pa);
  assert_true (count.n_bytes > 0 && count.n_in_files > 0);
  return count;
}

/* The process is there with @flags, found by @methods, and has all of its mappings. */
static void
assert_found (P2vSession      *session,
              const Count     *before,
              P2vProcessFlags  flags,
              const char      *methods)
{
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  P2vProcess *process = find_owner (system, before->root_pa);

  assert_non_null (process);
  assert_int_equal (p2v_process_get_flags (process), flags);
  assert_int_equal (p2v_process_get_methods (process), names_to_bits (system, methods));
  assert_true (count_mappings (session, before->root_pa).n_bytes == before->n_bytes);
}

static void
process_out_of_the_ring_is_found_by_its_pid_and_in_memory (void **state)
{
  Count before = count_before (*state);

  hide_from_ring (*state);
  g_autoptr (P2vSession) session = p2v_machine_open (*state);
  assert_found (session, &before, P2V_PROCESS_HIDDEN, "pids objects roots");
  assert_true (p2v_machine_has_diagnostic (session, "Process 88 is not in the task list"));
}

static void
process_without_an_id_is_flagged_though_it_is_in_the_ring (void **state)
{
  Count before = count_before (*state);

  hide_from_pids (*state);
  g_autoptr (P2vSession) session = p2v_machine_open (*state);
  assert_found (session, &before, P2V_PROCESS_HIDDEN, "tasks objects roots");
  assert_true (p2v_machine_has_diagnostic (session, "Process 88 is not found by its id"));
}

static void
process_out_of_ring_and_pids_is_found_in_memory (void **state)
{
  Count before = count_before (*state);

  hide_from_ring (*state);
  hide_from_pids (*state);
  g_autoptr (P2vSession) session = p2v_machine_open (*state);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  assert_found (session, &before, P2V_PROCESS_HIDDEN, "objects roots");
  P2vProcess *process = p2v_system_find_pid (system, HIDDEN);
  assert_non_null (process);
  assert_string_equal (p2v_process_get_name (process), "rl-twice");
  assert_true (p2v_machine_has_diagnostic (session, "(objects)"));
}

static void
process_whose_task_is_wiped_is_unknown_with_its_regions (void **state)
{
  P2vMachine *self = *state;
  Count before = count_before (self);
  g_autofree char *name = g_strdup_printf ("unknown (root 0x%" G_GINT64_MODIFIER "x)",
                                           before.root_pa);

  hide_from_ring (self);
  hide_from_pids (self);
  wipe_task (self);
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  assert_found (session, &before, P2V_PROCESS_HIDDEN | P2V_PROCESS_UNKNOWN, "objects roots");
  P2vProcess *process = find_owner (system, before.root_pa);
  assert_false (p2v_process_has_pid (process));
  assert_string_equal (p2v_process_get_name (process), name);
  assert_null (p2v_system_find_pid (system, HIDDEN));
  assert_true (count_mappings (session, before.root_pa).n_in_files == before.n_in_files);
  /* The mm_struct still says which program it was made for. */
  assert_true (p2v_machine_has_diagnostic (session, "program: /"));
}

static void
root_alone_is_answered_as_an_unknown_process (void **state)
{
  P2vMachine *self = *state;
  Count before = count_before (self);

  hide_from_ring (self);
  hide_from_pids (self);
  wipe_task (self);
  wipe_mm (self);
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  assert_found (session, &before, P2V_PROCESS_HIDDEN | P2V_PROCESS_UNKNOWN, "roots");
  assert_true (count_mappings (session, before.root_pa).n_in_files == 0);
  assert_true (p2v_machine_has_diagnostic (session, "program: not known"));
}

/* A mapping of it has no pid in CSV, and null in JSON. */
static void
process_without_a_pid_has_an_empty_cell (void **state)
{
  P2vMachine *self = *state;
  P2vPhysAddr root_pa = p2v_machine_task_cell (self, HIDDEN, 10);
  static const struct
  {
    P2vExportFormat  format;
    const char      *part;
  } expected[] = {
    { P2V_EXPORT_CSV, ",4096,,unknown (root 0x" },
    { P2V_EXPORT_JSON, "\"pid\":null,\"name\":\"unknown (root 0x" },
  };
  g_autoptr (P2vFilter) filter = p2v_filter_new ();

  hide_from_ring (self);
  hide_from_pids (self);
  wipe_task (self);
  assert_true (p2v_filter_set_name_regex (filter, "^unknown", NULL));
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (GOutputStream) stream = g_memory_output_stream_new_resizable ();
      assert_true (p2v_session_export_all (session, filter, FALSE, expected[i].format, stream, NULL,
                                           NULL));
      assert_true (g_output_stream_write_all (stream, "", 1, NULL, NULL, NULL));
      const char *text = g_memory_output_stream_get_data (G_MEMORY_OUTPUT_STREAM (stream));
      assert_contains (text, expected[i].part);
    }
  assert_true (root_pa != 0);
}

static void
task_that_has_ended_is_told_apart (void **state)
{
  P2vMachine *self = *state;
  gsize task_pa = p2v_machine_task_cell (self, HIDDEN, 5);

  hide_from_ring (self);
  hide_from_pids (self);
  p2v_machine_put (
    self, task_pa + (gsize) p2v_machine_get_truth (self->rigtruth, "task.signal=", 10), 8, 0);
  p2v_machine_put (self, task_pa + (gsize) p2v_machine_get_truth (self->rigtruth, "task.mm=", 10),
                   8, 0);
  wipe_mm (self);
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  P2vProcess *process = p2v_system_find_pid (system, HIDDEN);
  assert_non_null (process);
  assert_int_equal (p2v_process_get_flags (process), P2V_PROCESS_EXITED);
  assert_false (p2v_machine_has_diagnostic (session, "Process 88 is not in the task list"));
}

static P2vSystem *
find_system_by (P2vMachine        *self,
                const char *const *methods,
                const char        *cache_folder)
{
  void *folder = self->folder;
  g_autofree char *path = p2v_test_path (&folder, "methods.raw");
  g_autoptr (P2vSession) session = p2v_session_new ();

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    g_free (p2v_test_write_file (&folder, "methods.raw", self->bytes, self->length));
  p2v_session_set_methods (session, methods);
  p2v_session_set_cache (session, cache_folder != NULL, cache_folder);
  assert_true (p2v_session_open (session, path, NULL, NULL));
  assert_true (p2v_session_find_system (session, NULL, NULL));
  return p2v_session_dup_system (session);
}

static void
only_the_methods_that_are_wanted_search_all_of_memory (void **state)
{
  static const char *const quick[] = { "tasks", "pids", NULL };
  static const char *const slow[] = { "roots", NULL };

  hide_from_ring (*state);
  hide_from_pids (*state);
  g_autoptr (P2vSystem) without = find_system_by (*state, quick, NULL);
  assert_null (p2v_system_find_pid (without, HIDDEN));
  g_autoptr (P2vSystem) with = find_system_by (*state, slow, NULL);
  assert_non_null (p2v_system_find_pid (with, HIDDEN));
}

/* The second time nothing may search: what it finds must come from the cache. */
static void
what_was_found_is_kept_for_the_next_time (void **state)
{
  static const char *const quick[] = { "tasks", NULL };
  P2vMachine *self = *state;
  void *folder = self->folder;
  g_autofree char *cache_folder = p2v_test_path (&folder, "cache");

  hide_from_ring (self);
  hide_from_pids (self);
  g_autoptr (P2vSystem) first = find_system_by (self, NULL, cache_folder);
  assert_non_null (p2v_system_find_pid (first, HIDDEN));
  g_autoptr (P2vSystem) second = find_system_by (self, quick, cache_folder);
  assert_non_null (p2v_system_find_pid (second, HIDDEN));
  assert_int_equal (p2v_system_get_n_processes (second), p2v_system_get_n_processes (first));

  guint n_removed;
  assert_int_equal (p2v_cache_clear (cache_folder, &n_removed), 0);
  g_autoptr (P2vSystem) third = find_system_by (self, quick, cache_folder);
  assert_null (p2v_system_find_pid (third, HIDDEN));
}

/* The kernel's own page tables are no hidden processes. */
static void
machine_as_it_was_has_nobody_hidden (void **state)
{
  g_autoptr (P2vSession) session = p2v_machine_open (*state);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  gboolean is_poking_mm_named = FALSE;

  for (guint i = 0; i < p2v_system_get_n_processes (system); i++)
    assert_false (p2v_process_get_flags (p2v_system_get_process (system, i))
                  & (P2V_PROCESS_HIDDEN | P2V_PROCESS_UNKNOWN));
  for (guint i = 0; i < p2v_system_get_n_facts (system); i++)
    if (strstr (p2v_system_get_fact (system, i)->value, "(poking_mm)") != NULL)
      is_poking_mm_named = TRUE;
  assert_true (is_poking_mm_named);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_with_machine (machine_as_it_was_has_nobody_hidden),
    p2v_test_with_machine (process_out_of_the_ring_is_found_by_its_pid_and_in_memory),
    p2v_test_with_machine (process_without_an_id_is_flagged_though_it_is_in_the_ring),
    p2v_test_with_machine (process_out_of_ring_and_pids_is_found_in_memory),
    p2v_test_with_machine (process_whose_task_is_wiped_is_unknown_with_its_regions),
    p2v_test_with_machine (root_alone_is_answered_as_an_unknown_process),
    p2v_test_with_machine (process_without_a_pid_has_an_empty_cell),
    p2v_test_with_machine (task_that_has_ended_is_told_apart),
    p2v_test_with_machine (only_the_methods_that_are_wanted_search_all_of_memory),
    p2v_test_with_machine (what_was_found_is_kept_for_the_next_time),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
