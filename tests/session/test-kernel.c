/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The kernel's half of the tiny image against a walk of it by another program (kernel-runs.tsv),
 * and what answers make of it. The image's RAM begins at 0. */

#include "p2v-test.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

/* Source: data/demo/linux-tiny: kernel-runs.tsv, modules.txt (virtio_ring). */
#define MODULE_PA  0x1e12000
#define MODULE_VA  0xffffffffc038b000
#define TEXT_PA    0x1000000
#define TEXT_VA    0xffffffffad200000
#define TWICE_PA   0x4a3e000   /* a page that process 88 maps three times */
#define DIRECT_MAP 0xffff89e2c0000000

typedef struct
{
  P2vSession *session;
  P2vSystem  *system;
} Fixture;

static int
setup (void **state)
{
  Fixture *self = g_new0 (Fixture, 1);

  *state = self;
  self->session = p2v_session_new ();
  assert_true (p2v_session_open (self->session, g_getenv ("P2V_TINY_IMAGE"), NULL, NULL));
  assert_true (p2v_session_build_index (self->session, NULL, NULL));
  self->system = p2v_session_dup_system (self->session);
  return 0;
}

static int
teardown (void **state)
{
  Fixture *self = *state;

  g_object_unref (self->system);
  g_object_unref (self->session);
  g_free (self);
  return 0;
}

static P2vAnswer *
look_up (Fixture       *self,
         P2vPhysAddr    pa,
         P2vKernelRows  kernel_rows)
{
  g_autoptr (P2vFilter) filter = p2v_filter_new ();

  p2v_filter_set_kernel_rows (filter, kernel_rows);
  return p2v_session_lookup (self->session, pa, filter);
}

typedef struct
{
  GArray  *runs;               /* guint64[3]: virtual, physical, bytes; whatever the rights are */
  guint64  n_pages[P2V_MAPPING_N_CLASSES];
} Walk;

static gboolean
take_mapping (const P2vMapping *mapping,
              gpointer          user_data)
{
  Walk *walk = user_data;
  guint n = walk->runs->len;
  guint64 *last = n > 0 ? &g_array_index (walk->runs, guint64, 3 * (n - 1)) : NULL;
  guint64 run[3] = { mapping->va, mapping->pa, mapping->length_bytes };

  assert_int_equal (p2v_process_get_flags (mapping->process), P2V_PROCESS_KERNEL);
  walk->n_pages[mapping->mapping_class] += mapping->length_bytes / 4096;
  if (last != NULL && last[0] + last[2] == run[0] && last[1] + last[2] == run[1])
    last[2] += run[2];
  else
    g_array_append_vals (walk->runs, run, 1);
  return TRUE;
}

static void
walk_kernel (Fixture *self,
             Walk    *walk)
{
  g_autoptr (P2vFilter) filter = p2v_filter_new ();

  walk->runs = g_array_new (FALSE, FALSE, sizeof (guint64[3]));
  p2v_filter_add_pid (filter, 0);
  p2v_filter_set_kernel_rows (filter, P2V_KERNEL_ROWS_ALL);
  assert_true (p2v_session_foreach_mapping (self->session, filter, FALSE, take_mapping, walk, NULL,
                                            NULL));
}

static void
the_kernels_half_is_what_another_walk_found (void **state)
{
  Walk walk = { 0 };
  g_autofree char *path = g_build_filename (g_getenv ("P2V_TINY_TRUTH"), "kernel-runs.tsv", NULL);
  g_autofree char *text = NULL;

  walk_kernel (*state, &walk);
  assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_strchomp (text);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  assert_true (walk.runs->len > 180);
  assert_int_equal (walk.runs->len, g_strv_length (lines) - 1);
  for (guint i = 0; i < walk.runs->len; i++)
    {
      const guint64 *run = &g_array_index (walk.runs, guint64, 3 * i);
      g_autofree char *line
          = g_strdup_printf ("%" PRIx64 "\t%" PRIx64 "\t%" PRIx64, run[0], run[1], run[2]);
      assert_string_equal (line, lines[i + 1]);
    }
  g_array_unref (walk.runs);
}

/* Every page of a module's addresses is in a class of its own, and nothing is left over. */
static void
every_page_has_a_class (void **state)
{
  Walk walk = { 0 };

  walk_kernel (*state, &walk);
  g_array_unref (walk.runs);
  for (guint i = 0; i < P2V_MAPPING_N_CLASSES; i++)
    print_message ("%s: %" PRIu64 "\n", p2v_mapping_class_to_string (i), walk.n_pages[i]);
  assert_int_equal (walk.n_pages[P2V_MAPPING_USER], 0);
  assert_int_equal (walk.n_pages[P2V_MAPPING_KERNEL], 0);
  /* Source: the run at DIRECT_MAP has 0x4bdd000 bytes. */
  assert_int_equal (walk.n_pages[P2V_MAPPING_DIRECT_MAP], 0x4bdd);
  assert_true (walk.n_pages[P2V_MAPPING_MODULE] > 0);
  assert_true (walk.n_pages[P2V_MAPPING_VMALLOC] > 0);
  assert_true (walk.n_pages[P2V_MAPPING_FRAME_TABLE] > 0);
  assert_true (walk.n_pages[P2V_MAPPING_CPU_ENTRY] > 0);
  assert_true (walk.n_pages[P2V_MAPPING_KERNEL_IMAGE] > 5000);
}

static void
the_kernel_is_no_process_but_an_owner (void **state)
{
  Fixture *self = *state;
  P2vProcess *kernel = p2v_system_get_kernel (self->system);
  P2vAddressSpace *space = p2v_process_get_address_space (kernel);

  assert_string_equal (p2v_process_get_name (kernel), "kernel");
  assert_int_equal (p2v_process_get_flags (kernel), P2V_PROCESS_KERNEL);
  assert_ptr_equal (p2v_system_find_pid (self->system, 0), kernel);
  for (guint i = 0; i < p2v_system_get_n_processes (self->system); i++)
    assert_ptr_not_equal (p2v_system_get_process (self->system, i), kernel);
  guint n_spaces = p2v_system_get_n_spaces (self->system);
  for (guint i = 0; i < n_spaces; i++)
    assert_int_equal (p2v_address_space_is_kernel (p2v_system_get_space (self->system, i)),
                      i == n_spaces - 1);
  assert_ptr_equal (p2v_system_get_space (self->system, n_spaces - 1), space);
}

/* A page that only the kernel has: its module, then what hides unless it is asked for. */
static void
a_page_of_a_module_names_it (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (self->session, MODULE_PA + 0x123, NULL);
  g_autofree char *verdict = p2v_answer_dup_verdict (answer);
  g_autofree char *hidden = p2v_answer_dup_hidden_text (answer);
  P2vMapping row;

  assert_int_equal (p2v_answer_get_n_rows (answer), 1);
  assert_int_equal (p2v_answer_get_n_owners (answer), 0);
  assert_int_equal (p2v_answer_get_absence (answer), P2V_ABSENCE_NONE);
  assert_string_equal (verdict, "only the kernel maps this frame");
  p2v_answer_get_row (answer, 0, &row);
  assert_int_equal (row.va, MODULE_VA + 0x123);
  assert_int_equal (row.mapping_class, P2V_MAPPING_MODULE);
  assert_int_equal (row.n_addresses, 1);
  assert_true (p2v_session_describe (self->session, &row, NULL));
  g_autofree char *region = p2v_mapping_dup_region_text (&row);
  assert_string_equal (region, "module virtio_ring+0x123");
  assert_false (p2v_mapping_rights_disagree (&row));
  assert_int_equal (row.rights & (P2V_RIGHTS_USER | P2V_RIGHTS_WRITE), 0);
  /* The direct map, and the image where it gave this memory back. */
  assert_int_equal (p2v_answer_get_n_hidden (answer), 2);
  assert_string_equal (hidden, "2 kernel mappings hidden");
}

static gboolean
count_stack (const P2vMapping *mapping,
             gpointer          user_data)
{
  if (mapping->region != NULL && g_str_has_prefix (mapping->region->name, "kernel stack "))
    {
      guint64 *n_pages = user_data;
      n_pages[0] += mapping->length_bytes / 4096;
      n_pages[1] += g_str_has_suffix (mapping->region->name, " (88)") ? 1 : 0;
    }
  return TRUE;
}

/* Of the guest's 72 tasks (rigtruth.tsv) all have a stack of 4 pages there but the first, whose
 * stack is in the image, and the zombie, which has none any more. */
static void
stacks_of_threads_are_named (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vFilter) kernel = p2v_filter_new ();
  guint64 n_pages[2] = { 0 };

  p2v_filter_add_pid (kernel, 0);
  assert_true (p2v_session_foreach_mapping (self->session, kernel, FALSE, count_stack, n_pages,
                                            NULL, NULL));
  assert_int_equal (n_pages[0], 70 * 4);
  assert_int_equal (n_pages[1], 4);
}

static void
blanket_classes_come_last_when_they_are_asked_for (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vAnswer) answer = look_up (self, TWICE_PA + 8, P2V_KERNEL_ROWS_ALL);
  g_autofree char *verdict = p2v_answer_dup_verdict (answer);
  P2vMapping row;

  assert_int_equal (p2v_answer_get_n_rows (answer), 4);
  assert_int_equal (p2v_answer_get_n_owners (answer), 1);
  assert_int_equal (p2v_answer_get_n_hidden (answer), 0);
  assert_string_equal (verdict, "1 owner · private · mapped 3 times · and the kernel");
  p2v_answer_get_row (answer, 2, &row);
  assert_int_equal (row.mapping_class, P2V_MAPPING_USER);
  p2v_answer_get_row (answer, 3, &row);
  assert_int_equal (row.mapping_class, P2V_MAPPING_DIRECT_MAP);
  assert_int_equal (row.va, DIRECT_MAP + TWICE_PA + 8);
  assert_true (p2v_session_describe (self->session, &row, NULL));
  g_autofree char *region = p2v_mapping_dup_region_text (&row);
  assert_string_equal (region, "direct map+0x4a3e008");
}

static void
by_default_a_page_of_a_process_has_its_rows_only (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (self->session, TWICE_PA, NULL);
  g_autofree char *coverage = p2v_answer_dup_coverage (answer);

  assert_int_equal (p2v_answer_get_n_rows (answer), 3);
  assert_int_equal (p2v_answer_get_n_mappings (answer), 3);
  assert_int_equal (p2v_answer_get_n_hidden (answer), 1);
  assert_string_equal (coverage, "22 of 22 address spaces walked");
}

static void
without_the_kernel_its_code_is_unmapped (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vAnswer) named = look_up (self, TEXT_PA, P2V_KERNEL_ROWS_NAMED);
  g_autoptr (P2vAnswer) none = look_up (self, TEXT_PA, P2V_KERNEL_ROWS_NONE);
  P2vMapping row;

  assert_int_equal (p2v_answer_get_n_rows (named), 1);
  p2v_answer_get_row (named, 0, &row);
  assert_int_equal (row.va, TEXT_VA);
  assert_int_equal (row.mapping_class, P2V_MAPPING_KERNEL_IMAGE);
  assert_int_equal (p2v_answer_get_n_rows (none), 0);
  assert_int_equal (p2v_answer_get_n_hidden (none), 2);
  assert_int_equal (p2v_answer_get_absence (none), P2V_ABSENCE_UNMAPPED);
}

/* The other conditions of a filter hold for the kernel, too. */
static void
a_filter_of_processes_leaves_the_kernel_out (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vFilter) filter = p2v_filter_new ();
  p2v_filter_add_pid (filter, 88);
  g_autoptr (P2vAnswer) text = p2v_session_lookup (self->session, TEXT_PA, filter);
  g_autoptr (P2vAnswer) page = p2v_session_lookup (self->session, TWICE_PA, filter);

  assert_int_equal (p2v_answer_get_n_rows (text), 0);
  assert_int_equal (p2v_answer_get_absence (text), P2V_ABSENCE_FILTERED);
  assert_int_equal (p2v_answer_get_n_hidden (text), 0);
  assert_int_equal (p2v_answer_get_n_rows (page), 3);
  assert_int_equal (p2v_answer_get_n_hidden (page), 0);

  g_autoptr (P2vFilter) kernel_only = p2v_filter_new ();
  p2v_filter_add_pid (kernel_only, 0);
  p2v_filter_set_kernel_rows (kernel_only, P2V_KERNEL_ROWS_ALL);
  g_autoptr (P2vAnswer) rest = p2v_session_lookup (self->session, TWICE_PA, kernel_only);
  g_autofree char *verdict = p2v_answer_dup_verdict (rest);
  assert_int_equal (p2v_answer_get_n_rows (rest), 1);
  assert_string_equal (verdict, "the kernel, and processes that the filter does not let through");
}

static gboolean
count_mapping (const P2vMapping *mapping,
               gpointer          user_data)
{
  guint64 *counts = user_data;

  counts[mapping->mapping_class]++;
  return TRUE;
}

static void
all_mappings_are_those_of_processes_unless_the_kernel_is_asked_for (void **state)
{
  Fixture *self = *state;
  g_autoptr (P2vFilter) kernel = p2v_filter_new ();
  guint64 by_default[P2V_MAPPING_N_CLASSES] = { 0 };
  guint64 asked_for[P2V_MAPPING_N_CLASSES] = { 0 };

  p2v_filter_add_pid (kernel, 0);
  assert_true (p2v_session_foreach_mapping (self->session, NULL, TRUE, count_mapping, by_default,
                                            NULL, NULL));
  assert_true (p2v_session_foreach_mapping (self->session, kernel, TRUE, count_mapping, asked_for,
                                            NULL, NULL));
  assert_true (by_default[P2V_MAPPING_USER] > 500);
  assert_int_equal (asked_for[P2V_MAPPING_USER], 0);
  assert_int_equal (asked_for[P2V_MAPPING_DIRECT_MAP], 0);
  assert_true (asked_for[P2V_MAPPING_MODULE] > 0);
  for (guint i = P2V_MAPPING_USER + 1; i < P2V_MAPPING_N_CLASSES; i++)
    assert_int_equal (by_default[i], 0);
}

/* Makes the table that maps MODULE_PA map a single frame, all over. */
static void
flood (const char *path,
       P2vPhysAddr table_pa,
       guint64     entry)
{
  guint64 table[512];
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    table[i] = GUINT64_TO_LE (entry);
  assert_int_equal (pwrite (fd, table, sizeof table, (off_t) table_pa), sizeof table);
  close (fd);
}

static P2vSession *
open_flooded (Fixture    *self,
              const char *path)
{
  g_autoptr (GFile) image = g_file_new_for_path (g_getenv ("P2V_TINY_IMAGE"));
  g_autoptr (GFile) copy = g_file_new_for_path (path);
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (self->session, MODULE_PA, NULL);
  P2vSession *session = p2v_session_new ();
  P2vMapping row;

  p2v_answer_get_row (answer, 0, &row);
  assert_true (p2v_session_describe (self->session, &row, NULL));
  assert_true (g_file_copy (image, copy, G_FILE_COPY_NONE, NULL, NULL, NULL, NULL));
  assert_int_equal (chmod (path, 0600), 0);
  flood (path, row.entry_pa & ~(guint64) 4095, row.entry);
  assert_true (p2v_session_open (session, path, NULL, NULL));
  assert_true (p2v_session_build_index (session, NULL, NULL));
  return session;
}

static gboolean
keep_flood (const P2vMapping *mapping,
            gpointer          user_data)
{
  if (mapping->n_addresses > 1)
    *(P2vMapping *) user_data = *mapping;
  return TRUE;
}

/* The table maps 2 MiB. */
static void
one_page_at_very_many_addresses_is_one_row (void **state)
{
  Fixture *self = *state;
  void *folder_state;
  const P2vVirtAddr first_va = MODULE_VA & ~(guint64) 0x1fffff;
  P2vMapping row, run = { 0 };

  p2v_test_setup_folder (&folder_state);
  g_autofree char *path = p2v_test_path (&folder_state, "flood.raw");
  g_autoptr (P2vSession) session = open_flooded (self, path);
  g_autoptr (P2vFilter) filter = p2v_filter_new ();
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (session, MODULE_PA + 8, NULL);
  assert_int_equal (p2v_answer_get_n_rows (answer), 1);
  assert_int_equal (p2v_answer_get_n_mappings (answer), 512);
  p2v_answer_get_row (answer, 0, &row);
  assert_int_equal (row.va, first_va + 8);
  assert_int_equal (row.last_va, first_va + 511 * 4096 + 8);
  assert_int_equal (row.step_bytes, 4096);
  assert_int_equal (row.n_addresses, 512);
  g_autofree char *text = p2v_mapping_dup_addresses_text (&row);
  assert_string_equal (text, "512 addresses up to 0xffffffffc03ff008, every 0x1000");

  p2v_filter_set_every_address (filter, TRUE);
  g_autoptr (P2vAnswer) every = p2v_session_lookup (session, MODULE_PA + 8, filter);
  assert_int_equal (p2v_answer_get_n_rows (every), 512);
  p2v_answer_get_row (every, 511, &row);
  assert_int_equal (row.va, first_va + 511 * 4096 + 8);
  assert_int_equal (row.n_addresses, 1);

  /* All regions of the addresses have rows of their own. */
  p2v_filter_add_pid (filter, 0);
  assert_true (
      p2v_session_foreach_mapping (session, filter, TRUE, keep_flood, &run, NULL, NULL));
  assert_int_equal (run.pa, MODULE_PA);
  assert_int_equal (run.step_bytes, 4096);
  assert_int_equal (run.last_va, run.va + (run.n_addresses - 1) * 4096);
  p2v_test_teardown_folder (&folder_state);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (the_kernels_half_is_what_another_walk_found),
    cmocka_unit_test (every_page_has_a_class),
    cmocka_unit_test (the_kernel_is_no_process_but_an_owner),
    cmocka_unit_test (a_page_of_a_module_names_it),
    cmocka_unit_test (stacks_of_threads_are_named),
    cmocka_unit_test (blanket_classes_come_last_when_they_are_asked_for),
    cmocka_unit_test (by_default_a_page_of_a_process_has_its_rows_only),
    cmocka_unit_test (without_the_kernel_its_code_is_unmapped),
    cmocka_unit_test (a_filter_of_processes_leaves_the_kernel_out),
    cmocka_unit_test (all_mappings_are_those_of_processes_unless_the_kernel_is_asked_for),
    cmocka_unit_test (one_page_at_very_many_addresses_is_one_row),
  };
  return cmocka_run_group_tests (tests, setup, teardown);
}
