/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Damaged copies of a real machine's memory: each must end in an error that says what is wrong, or
 * in an answer with a diagnostic that says what is missing. Where things stand in the image is
 * taken from the truth beside it, which its own kernel wrote. */

#include "p2v-machine.h"

#include <string.h>

#define PAGE 0x1000
#define MIB ((gsize) 1 << 20)

static void
assert_refused (P2vMachine *self,
                P2vOsError  code,
                const char *part)
{
  GError *error = NULL;
  g_autoptr (P2vSession) session = p2v_machine_find_system (self, self->length, &error);

  assert_null (session);
  assert_error (error, P2V_OS_ERROR, code, part);
  /* Whatever is wrong, the sentence names the file. */
  assert_contains (error->message, "damaged.raw");
  g_clear_error (&error);
}

static void
assert_diagnostic (P2vSession *session,
                   const char *part)
{
  g_auto (GStrv) diagnostics = p2v_session_dup_diagnostics (session);
  g_autofree char *all = g_strjoinv ("\n", diagnostics);

  assert_contains (all, part);
}

static void
assert_no_diagnostic (P2vSession *session,
                      const char *part)
{
  g_auto (GStrv) diagnostics = p2v_session_dup_diagnostics (session);

  for (char **text = diagnostics; *text != NULL; text++)
    if (strstr (*text, part) != NULL)
      fail_msg ("unexpected diagnostic: %s", *text);
}

/* Page tables whose process was not found are no process of the truth. */
static guint
count_known (P2vSystem *system)
{
  guint n_known = 0;

  for (guint i = 0; i < p2v_system_get_n_processes (system); i++)
    if (p2v_process_has_pid (p2v_system_get_process (system, i)))
      n_known++;
  return n_known;
}

/* Every process of the truth is there, and all but @hidden_pid were seen in the ring of tasks. */
static void
assert_processes (P2vSession *session,
                  guint       hidden_pid)
{
  g_autofree char *text = p2v_machine_read_truth ("procs.tsv");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  guint n_processes = 0;

  for (char **line = lines + 1; *line != NULL && **line != '\0'; line++)
    {
      guint pid = (guint) g_ascii_strtoull (*line, NULL, 10);
      P2vProcess *process = p2v_system_find_pid (system, pid);
      if (process == NULL)
        fail_msg ("process %u was not found", pid);
      guint methods = p2v_process_get_methods (process);
      if (((methods & p2v_machine_method_bit (system, "tasks")) != 0) != (pid != hidden_pid))
        fail_msg ("process %u has methods %u", pid, methods);
      assert_true (methods & p2v_machine_method_bit (system, "pids"));
      n_processes++;
    }
  assert_int_equal (count_known (system), n_processes);
}

static void
undamaged_copy_has_all_processes_and_no_tear (void **state)
{
  g_autoptr (P2vSession) session = p2v_machine_open (*state);

  assert_processes (session, 0);
  assert_no_diagnostic (session, "torn");
  assert_no_diagnostic (session, "not in the task list");
}

/* In each copy of the text puts @after in the place of @before. */
static void
change_vmcoreinfo (P2vMachine *self,
                   const char *before,
                   const char *after)
{
  const gsize offsets[] = { 0, 0x18 };
  guint n_changed = 0;

  for (gsize page = 0; page < self->length; page += PAGE)
    for (gsize i = 0; i < G_N_ELEMENTS (offsets); i++)
      {
        char *text = (char *) self->bytes + page + offsets[i];
        if (memcmp (text, "OSRELEASE=", 10) != 0)
          continue;
        const char *hit = strstr (text, before);
        assert_non_null (hit);
        g_autofree char *changed = g_strdup_printf ("%.*s%s%s", (int) (hit - text), text, after,
                                                    hit + strlen (before));
        assert_true (strlen (changed) < PAGE - offsets[i]);
        memset (text, 0, strlen (text));
        memcpy (text, changed, strlen (changed));
        n_changed++;
      }
  assert_int_equal (n_changed, 2);
}

typedef struct
{
  const char *before;
  const char *after;
  P2vOsError  code;
  const char *part;
} VmcoreinfoChange;

static void
assert_changes_refused (void                  **state,
                        const VmcoreinfoChange *changes,
                        gsize                   n_changes)
{
  P2vMachine *self = *state;

  for (gsize i = 0; i < n_changes; i++)
    {
      change_vmcoreinfo (self, changes[i].before, changes[i].after);
      assert_refused (self, changes[i].code, changes[i].part);
      change_vmcoreinfo (self, changes[i].after, changes[i].before);
    }
}

/* As if it had been left in memory by a kernel that ran before: the one that is there is found
 * without, and what was passed over is said. */
static void
vmcoreinfo_of_another_release_is_passed_over (void **state)
{
  P2vMachine *self = *state;

  change_vmcoreinfo (self, "OSRELEASE=6.1.0-56", "OSRELEASE=\033[31m");
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  assert_processes (session, 0);
  assert_diagnostic (session, "is not of this kernel was passed over");
  assert_diagnostic (session, "\\x1b[31m");
}

static void
vmcoreinfo_of_another_release_alone_is_refused (void **state)
{
  P2vMachine *self = *state;
  gsize banner = p2v_machine_symbol_pa (self, "linux_banner");

  change_vmcoreinfo (self, "OSRELEASE=6.1.0-56", "OSRELEASE=6.1.0-57");
  memcpy (self->bytes + banner, "LINUX", 5);
  assert_refused (self, P2V_OS_ERROR_CORRUPT, "of an earlier boot or of another machine");
}

static void
wrong_base_is_blamed (void **state)
{
  static const guint64 bases[] = { 0x1000, 0x200000, 0x40000000 };
  P2vMachine *self = *state;
  g_autofree char *path = g_build_filename (self->folder, "damaged.raw", NULL);

  assert_true (g_file_set_contents (path, (char *) self->bytes, (gssize) self->length, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (bases); i++)
    {
      GError *error = NULL;
      g_autoptr (P2vSession) session = p2v_session_new ();
      g_autofree char *base = g_strdup_printf ("is at 0x%" G_GINT64_MODIFIER "x", bases[i]);

      p2v_session_set_base (session, bases[i]);
      assert_true (p2v_session_open (session, path, NULL, &error));
      assert_false (p2v_session_find_system (session, NULL, &error));
      assert_contains (error->message, base);
      assert_contains (error->message, "--base");
      g_clear_error (&error);
    }
}

/* Behind the last page of a process: nothing that is needed is missing. */
static void
memory_that_is_not_in_the_image_is_told (void **state)
{
  P2vMachine *self = *state;
  GError *error = NULL;
  g_autoptr (P2vSession) whole = p2v_machine_open (self);
  g_autoptr (P2vSession) cut = p2v_machine_find_system (self, self->length - MIB, &error);

  assert_no_diagnostic (whole, "the kernel had");
  assert_no_diagnostic (whole, "The kernel had");
  assert_no_error (error);
  assert_diagnostic (cut, "had memory up to 0x4bdd000, but the image ends at 0x4b00000");
}

static void
wrong_phys_base_is_refused (void **state)
{
#define PHYS_BASE "NUMBER(phys_base)=-740294656"
  static const char *const values[] = {
    "NUMBER(phys_base)=-740290560",          "NUMBER(phys_base)=-742391808",
    "NUMBER(phys_base)=0",                   "NUMBER(phys_base)=9223372036854775807",
    "NUMBER(phys_base)=-9223372036854775808",
  };
  P2vMachine *self = *state;

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      GError *error = NULL;
      change_vmcoreinfo (self, PHYS_BASE, values[i]);
      g_autoptr (P2vSession) session = p2v_machine_find_system (self, self->length, &error);
      assert_null (session);
      assert_true (error->domain == P2V_OS_ERROR);
      assert_contains (error->message, "damaged.raw");
      assert_contains (error->message, "Linux 6.1.0-56-cloud-amd64");
      g_clear_error (&error);
      change_vmcoreinfo (self, values[i], PHYS_BASE);
    }
}

static void
other_wrong_lines_of_vmcoreinfo_are_refused (void **state)
{
  static const VmcoreinfoChange changes[] = {
    { PHYS_BASE, "NUMBER(phys_bass)=1", P2V_OS_ERROR_SYMBOLS_MISSING,
      "neither x86-64" },
    { PHYS_BASE, "NUMBER(phys_base)=x", P2V_OS_ERROR_SYMBOLS_MISSING, "neither x86-64" },
    { "PAGESIZE=4096", "PAGESIZE=65536", P2V_OS_ERROR_CORRUPT, "(x86-64)" },
    { "SYMBOL(swapper_pg_dir)", "SYMBOL(swapper)", P2V_OS_ERROR_SYMBOLS_MISSING,
      "swapper_pg_dir" },
    { "SYMBOL(kallsyms_names)=ffffffffae375590", "SYMBOL(kallsyms_names)=ffffffffae4c9d08",
      P2V_OS_ERROR_CORRUPT, "kallsyms_names" },
    { "SYMBOL(kallsyms_names)=ffffffffae375590", "SYMBOL(kallsyms_names)=1",
      P2V_OS_ERROR_CORRUPT, "kallsyms_names" },
    { "SYMBOL(kallsyms_token_index)=ffffffffae4ca0a0",
      "SYMBOL(kallsyms_token_index)=ffffffffae000000", P2V_OS_ERROR_CORRUPT,
      "_text" },
    { "SYMBOL(kallsyms_offsets)=ffffffffae3200b0", "SYMBOL(kallsyms_offsets)=10",
      P2V_OS_ERROR_SYMBOLS_MISSING, "kallsyms_offsets" },
    { "NUMBER(pgtable_l5_enabled)=0", "NUMBER(pgtable_l5_enabled)=1", P2V_OS_ERROR_CORRUPT,
      "page tables" },
    { "NUMBER(sme_mask)=0", "NUMBER(sme_mask)=-1", P2V_OS_ERROR_CORRUPT, "page tables" },
  };
  assert_changes_refused (state, changes, G_N_ELEMENTS (changes));
}

static void
image_without_vmcoreinfo_has_all_processes (void **state)
{
  change_vmcoreinfo (*state, "OSRELEASE=", "osrelease=");
  g_autoptr (P2vSession) session = p2v_machine_open (*state);

  assert_processes (session, 0);
}

static gsize
kallsyms_num_syms_pa (P2vMachine *self)
{
  /* From vmcoreinfo.txt beside the image; kernel.txt does not list it. */
  guint64 text_va = p2v_machine_get_truth (self->kernel_txt, "sym\t_text\t", 16);
  guint64 text_pa = p2v_machine_get_truth (self->kernel_txt, "kernel_code_phys\t", 16);
  g_autofree char *info = p2v_machine_read_truth ("vmcoreinfo.txt");

  return (gsize) (p2v_machine_get_truth (info, "SYMBOL(kallsyms_num_syms)=", 16) - text_va
                  + text_pa);
}

static void
number_of_symbols_beyond_the_tables_is_refused (void **state)
{
  P2vMachine *self = *state;
  gsize pa = kallsyms_num_syms_pa (self);

  p2v_machine_put (self, pa, 4, G_MAXUINT32);
  assert_refused (self, P2V_OS_ERROR_LIMIT, "kallsyms_num_syms is 4294967295");
  p2v_machine_put (self, pa, 4, 0);
  assert_refused (self, P2V_OS_ERROR_LIMIT, "kallsyms_num_syms is 0");
  p2v_machine_put (self, pa, 4, 4 << 20);
  assert_refused (self, P2V_OS_ERROR_CORRUPT, "symbol");
}

/* All that the types are good for is inferred from values. */
static void
assert_inferred (P2vMachine *self,
                 const char *part)
{
  g_autoptr (P2vSession) session = p2v_machine_open (self);

  assert_processes (session, 0);
  assert_diagnostic (session, "inferred from values");
  assert_diagnostic (session, part);
}

static void
broken_type_information_is_replaced_by_inference (void **state)
{
  P2vMachine *self = *state;
  gsize pa = p2v_machine_symbol_pa (self, "__start_BTF");
  assert_true ((p2v_machine_get_u64 (self, pa) & 0xffffff) == 0x1eb9f);
  guint64 lengths = p2v_machine_get_u64 (self, pa + 8);

  p2v_machine_put (self, pa, 2, 0x9feb);
  assert_inferred (self, "BTF header");
  p2v_machine_put (self, pa, 2, 0xeb9f);
  /* More types than there are bytes: as if it had been cut. */
  p2v_machine_put (self, pa + 12, 4, 0x10000000);
  assert_inferred (self, "cut off");
  p2v_machine_put (self, pa + 8, 8, lengths);
  memset (self->bytes + pa + MIB, 0, PAGE);
  assert_inferred (self, "type information is damaged");
}

/* Nothing is inferred that contradicts itself. */
static void
kernel_that_says_nothing_consistent_is_refused (void **state)
{
  static const struct
  {
    const char *offset;
    guint       width_bytes;
    guint64     value;
    const char *missing;
  } changes[] = {
    /* kthreadd is not second; it is a process; it is its own parent; it has no number. */
    { "task.comm=", 8, 0x6464646464646464, "tasks" },
    { "task.mm=", 8, 0xffff888000000000, "mm" },
    { "task.real_parent=", 8, 0, "real_parent" },
    { "task.pid=", 4, 77777, "pid" },
    { "task.signal=", 8, 0, "signal" },
  };
  P2vMachine *self = *state;

  p2v_machine_put (self, p2v_machine_symbol_pa (self, "__start_BTF"), 2, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      gsize pa = p2v_machine_task_cell (self, 2, 5)
                 + (gsize) p2v_machine_get_truth (self->rigtruth, changes[i].offset, 10);
      guint64 before = p2v_machine_get_u64 (self, pa);
      p2v_machine_put (self, pa, changes[i].width_bytes, changes[i].value);
      assert_refused (self, P2V_OS_ERROR_SYMBOLS_MISSING, changes[i].missing);
      p2v_machine_put (self, pa, 8, before);
    }
}

static void
empty_page_table_of_the_kernel_is_refused (void **state)
{
  P2vMachine *self = *state;

  memset (self->bytes + p2v_machine_symbol_pa (self, "init_top_pgt"), 0, PAGE);
  assert_refused (self, P2V_OS_ERROR_CORRUPT, "page tables");
}

static void
ring_torn_forward_is_followed_backward (void **state)
{
  const guint64 values[] = { 0, 0x4141414141414141, G_MAXUINT64 };
  P2vMachine *self = *state;

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      p2v_machine_put (self, p2v_machine_link_pa (self, 30), 8, values[i]);
      g_autoptr (P2vSession) session = p2v_machine_open (self);
      assert_processes (session, 0);
      assert_diagnostic (session, "torn");
    }
}

/* Process 86 comes between the two tears: only the tree of process ids still has it. */
static void
process_between_two_tears_is_found_by_its_pid (void **state)
{
  P2vMachine *self = *state;
  gsize next
      = p2v_machine_va_to_pa (self, p2v_machine_get_u64 (self, p2v_machine_link_pa (self, 86)));

  p2v_machine_put (
      self,
      p2v_machine_va_to_pa (self, p2v_machine_get_u64 (self, p2v_machine_link_pa (self, 86) + 8)),
      8, 0);
  p2v_machine_put (self, next + 8, 8, 0);
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  assert_processes (session, 86);
  assert_diagnostic (session, "torn");
  assert_diagnostic (session, "Process 86 is not in the task list");
}

static void
process_taken_out_of_the_ring_is_flagged_as_hidden (void **state)
{
  P2vMachine *self = *state;
  guint64 next = p2v_machine_get_u64 (self, p2v_machine_link_pa (self, 88));
  guint64 prev = p2v_machine_get_u64 (self, p2v_machine_link_pa (self, 88) + 8);

  p2v_machine_put (self, p2v_machine_va_to_pa (self, prev), 8, next);
  p2v_machine_put (self, p2v_machine_va_to_pa (self, next) + 8, 8, prev);
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  assert_processes (session, 88);
  assert_diagnostic (session, "Process 88 is not in the task list");
  assert_no_diagnostic (session, "torn");
}

static void
ring_that_cycles_without_its_head_ends (void **state)
{
  P2vMachine *self = *state;

  p2v_machine_put (self, p2v_machine_link_pa (self, 90), 8,
                   p2v_machine_pa_to_va (self, p2v_machine_link_pa (self, 80)));
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  assert_processes (session, 0);
  assert_diagnostic (session, "torn");
}

static void
ring_of_one_task_that_leads_to_itself_ends (void **state)
{
  P2vMachine *self = *state;
  gsize link = p2v_machine_link_pa (self, 30);

  p2v_machine_put (self, link, 8, p2v_machine_pa_to_va (self, link));
  p2v_machine_put (self, link + 8, 8, p2v_machine_pa_to_va (self, link));
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  assert_processes (session, 0);
  assert_diagnostic (session, "torn");
}

/* Wherever the next pointer leads, a process that is not one must not hide those behind it. */
static void
ring_that_leads_into_other_data_keeps_the_processes (void **state)
{
  P2vMachine *self = *state;

  p2v_machine_put (self, p2v_machine_link_pa (self, 82), 8,
                   p2v_machine_get_truth (self->kernel_txt, "sym\t__start_BTF\t", 16));
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  for (guint pid = 79; pid <= 90; pid++)
    assert_non_null (p2v_system_find_pid (system, pid));
  assert_diagnostic (session, "torn");
}

static void
root_of_an_address_space_that_leads_nowhere_is_reported (void **state)
{
  const guint64 values[] = { 0, 0x4141414141414141 };
  P2vMachine *self = *state;
  g_auto (GStrv) cells = g_strsplit (strstr (self->rigtruth, "\n90\t90\t") + 1, "\t", 9);
  gsize pa = (gsize) (g_ascii_strtoull (cells[7], NULL, 16)
                      + p2v_machine_get_truth (self->rigtruth, "mm.pgd=", 10));

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      p2v_machine_put (self, pa, 8, values[i]);
      g_autoptr (P2vSession) session = p2v_machine_open (self);
      P2vIndexStatistics statistics;
      assert_processes (session, 0);
      assert_diagnostic (session, "cannot be read; its mappings are missing");
      assert_true (p2v_session_get_statistics (session, &statistics));
      assert_int_equal (statistics.n_spaces_walked, statistics.n_spaces - 1);
    }
}

/* Every child of the root of the tree is the root again. Were each followed for each, this would
 * take gigabytes; the processes are in the other lists as well. */
static void
tree_of_process_ids_that_is_its_own_child_ends (void **state)
{
  P2vMachine *self = *state;
  /* Source: Linux 6.1 include/linux/xarray.h, struct xarray and struct xa_node, 64 slots. */
  gsize head_pa = p2v_machine_symbol_pa (self, "init_pid_ns") + 8;
  guint64 entry = p2v_machine_get_u64 (self, head_pa);

  assert_int_equal (entry & 3, 2);
  for (guint slot = 0; slot < 64; slot++)
    p2v_machine_put (self, p2v_machine_va_to_pa (self, entry - 2) + 40 + 8 * slot, 8, entry);
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  for (guint pid = 79; pid <= 90; pid++)
    {
      P2vProcess *process = p2v_system_find_pid (system, pid);
      assert_non_null (process);
      assert_false (p2v_process_get_methods (process) & p2v_machine_method_bit (system, "pids"));
    }
}

/* Cut anywhere: an error that names the file, or an answer that says what it lacks. */
static void
assert_cut_is_noticed (P2vMachine *self,
                       gsize       length)
{
  GError *error = NULL;
  g_autoptr (P2vSession) session = p2v_machine_find_system (self, length, &error);

  if (session == NULL)
    {
      assert_true (error->domain == P2V_OS_ERROR || error->domain == P2V_IMAGE_ERROR);
      assert_contains (error->message, "damaged.raw");
      g_clear_error (&error);
      return;
    }
  assert_true (p2v_session_build_index (session, NULL, &error));
  assert_no_error (error);
  g_auto (GStrv) diagnostics = p2v_session_dup_diagnostics (session);
  if (g_strv_length (diagnostics) == 0)
    fail_msg ("nothing was said of an image cut to 0x%zx bytes", length);
}

static void
image_cut_anywhere_is_noticed (void **state)
{
  P2vMachine *self = *state;
  const gsize starts[] = { 0x1000, 64 << 10, 17 * MIB, 33 * MIB, 36 * MIB, 40 * MIB, 60 * MIB };

  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    assert_cut_is_noticed (self, starts[i]);
  assert_cut_is_noticed (self, p2v_machine_symbol_pa (self, "__start_BTF") + 0x1234);
  assert_cut_is_noticed (self, kallsyms_num_syms_pa (self) + 2);
  assert_cut_is_noticed (self, p2v_machine_symbol_pa (self, "init_top_pgt") + 0x800);
  /* The text is there now; what is behind it is not. */
  gsize info = (gsize) p2v_machine_get_truth (self->kernel_txt, "vmcoreinfo_phys\t0x", 16);
  for (gsize length = info - 0x1001; length < self->length - MIB; length += MIB + 0x123)
    assert_cut_is_noticed (self, length);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_with_machine (undamaged_copy_has_all_processes_and_no_tear),
    p2v_test_with_machine (vmcoreinfo_of_another_release_is_passed_over),
    p2v_test_with_machine (vmcoreinfo_of_another_release_alone_is_refused),
    p2v_test_with_machine (wrong_base_is_blamed),
    p2v_test_with_machine (memory_that_is_not_in_the_image_is_told),
    p2v_test_with_machine (wrong_phys_base_is_refused),
    p2v_test_with_machine (other_wrong_lines_of_vmcoreinfo_are_refused),
    p2v_test_with_machine (image_without_vmcoreinfo_has_all_processes),
    p2v_test_with_machine (number_of_symbols_beyond_the_tables_is_refused),
    p2v_test_with_machine (broken_type_information_is_replaced_by_inference),
    p2v_test_with_machine (kernel_that_says_nothing_consistent_is_refused),
    p2v_test_with_machine (empty_page_table_of_the_kernel_is_refused),
    p2v_test_with_machine (ring_torn_forward_is_followed_backward),
    p2v_test_with_machine (process_between_two_tears_is_found_by_its_pid),
    p2v_test_with_machine (process_taken_out_of_the_ring_is_flagged_as_hidden),
    p2v_test_with_machine (ring_that_cycles_without_its_head_ends),
    p2v_test_with_machine (ring_of_one_task_that_leads_to_itself_ends),
    p2v_test_with_machine (ring_that_leads_into_other_data_keeps_the_processes),
    p2v_test_with_machine (root_of_an_address_space_that_leads_nowhere_is_reported),
    p2v_test_with_machine (tree_of_process_ids_that_is_its_own_child_ends),
    p2v_test_with_machine (image_cut_anywhere_is_noticed),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
