/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the tiny image's kernel keeps lists of, against what the guest itself printed. */

#include "p2v-test.h"

#include <string.h>

#include "os/linux/p2v-linux-areas.h"

typedef struct
{
  P2vSession       *session;
  P2vSystem        *system;
  const P2vLinux   *kernel;
  P2vVirtualMemory *memory;
} Fixture;

static int
setup (void **state)
{
  Fixture *self = g_new0 (Fixture, 1);
  g_autoptr (GError) error = NULL;

  self->session = p2v_session_new ();
  assert_true (p2v_session_open (self->session, g_getenv ("P2V_TINY_IMAGE"), NULL, &error));
  assert_true (p2v_session_find_system (self->session, NULL, &error));
  assert_no_error (error);
  self->system = p2v_session_dup_system (self->session);
  self->kernel = p2v_system_get_backend_data (self->system);
  self->memory = p2v_virtual_memory_new (&self->kernel->tables, self->kernel->root_pa);
  *state = self;
  return 0;
}

static int
teardown (void **state)
{
  Fixture *self = *state;

  p2v_virtual_memory_free (self->memory);
  g_object_unref (self->system);
  g_object_unref (self->session);
  g_free (self);
  return 0;
}

/* (transfer full): the lines of the guest's /proc/modules: name, size, users, address. */
static char **
read_true_modules (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("P2V_TINY_TRUTH"), "modules.txt", NULL);
  g_autofree char *text = NULL;

  assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_strchomp (text);
  return g_strsplit (text, "\n", -1);
}

static void
modules_are_those_of_the_guest (void **state)
{
  Fixture *self = *state;
  g_auto (GStrv) lines = read_true_modules ();
  g_autoptr (GPtrArray) modules = p2v_linux_load_modules (self->kernel, self->memory);

  assert_int_equal (modules->len, g_strv_length (lines));
  assert_true (modules->len >= 9);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], " ", -1);
      guint64 start = g_ascii_strtoull (words[5], NULL, 0);
      guint64 size = g_ascii_strtoull (words[1], NULL, 0);
      const P2vLinuxModulePart *part = p2v_linux_find_module (modules, start + size - 1);

      assert_non_null (part);
      assert_string_equal (part->name, words[0]);
      assert_int_equal (part->start_va, start);
      assert_int_equal (part->length_bytes, size);
      assert_null (p2v_linux_find_module (modules, start + 0x10000000));
    }
}

/* Makes the @n-th link of the list of modules lead back to the first one. */
static void
tear_list (Fixture    *self,
           guint       n,
           const char *path)
{
  g_autofree char *bytes = NULL;
  P2vVirtAddr first_va, va;
  P2vPhysAddr pa;
  gsize length;

  assert_true (p2v_symbol_table_find (self->kernel->symbol_table, "modules", &va));
  assert_true (p2v_virtual_memory_read_u64 (self->memory, va, &first_va));
  va = first_va;
  for (guint i = 1; i < n; i++)
    assert_true (p2v_virtual_memory_read_u64 (self->memory, va, &va));
  assert_true (p2v_virtual_memory_translate (self->memory, va, &pa));
  assert_true (g_file_get_contents (g_getenv ("P2V_TINY_IMAGE"), &bytes, &length, NULL));
  first_va = GUINT64_TO_LE (first_va);
  memcpy (bytes + pa, &first_va, sizeof first_va);
  assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));
}

/* The round is noticed before it has been made many times. */
static void
list_that_leads_round_ends (void **state)
{
  Fixture *self = *state;
  void *folder_state;

  p2v_test_setup_folder (&folder_state);
  g_autofree char *path = p2v_test_path (&folder_state, "torn.raw");
  for (guint n = 1; n < 9; n++)
    {
      g_autoptr (P2vImage) image = NULL;
      P2vLinux kernel = *self->kernel;

      tear_list (self, n, path);
      image = p2v_image_open (path, NULL, NULL);
      assert_non_null (image);
      kernel.tables.image = image;
      g_autoptr (P2vVirtualMemory) memory
          = p2v_virtual_memory_new (&kernel.tables, kernel.root_pa);
      g_autoptr (GPtrArray) modules = p2v_linux_load_modules (&kernel, memory);
      assert_in_range (modules->len, n, 4 * n);
    }
  p2v_test_teardown_folder (&folder_state);
}

/* vmalloc gives modules their memory, and kernel threads and processes their stacks. */
static void
areas_say_who_asked_for_them (void **state)
{
  Fixture *self = *state;
  g_autoptr (GPtrArray) modules = p2v_linux_load_modules (self->kernel, self->memory);
  g_autoptr (GArray) areas = p2v_linux_load_vm_areas (self->kernel, self->memory);
  guint n_stacks = 0;

  for (guint i = 0; i < modules->len; i++)
    {
      const P2vLinuxModulePart *part = g_ptr_array_index (modules, i);
      const P2vLinuxVmArea *area = p2v_linux_find_vm_area (areas, part->start_va);

      assert_non_null (area);
      assert_int_equal (area->start_va, part->start_va);
      assert_true (area->length_bytes >= part->length_bytes);
      g_autofree char *caller = p2v_linux_dup_vm_caller (self->kernel, modules, area);
      assert_string_equal (caller, "load_module");
    }
  for (guint i = 0; i < areas->len; i++)
    {
      const P2vLinuxVmArea *area = &g_array_index (areas, P2vLinuxVmArea, i);
      g_autofree char *caller = p2v_linux_dup_vm_caller (self->kernel, modules, area);
      /* Four pages and the guard page. */
      if (g_strcmp0 (caller, "kernel_clone") == 0 && area->length_bytes == 0x5000)
        n_stacks++;
      if (i > 0)
        assert_true (area[-1].start_va + area[-1].length_bytes <= area->start_va);
    }
  /* The guest has 72 tasks (rigtruth.tsv); the first one's stack is in the kernel's image, the
   * zombie has none any more, and one stack is kept for the next task. */
  assert_int_equal (n_stacks, 71);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (modules_are_those_of_the_guest, setup, teardown),
    cmocka_unit_test_setup_teardown (list_that_leads_round_ends, setup, teardown),
    cmocka_unit_test_setup_teardown (areas_say_who_asked_for_them, setup, teardown),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
