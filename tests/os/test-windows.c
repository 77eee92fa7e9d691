/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Windows machines of every version and kind: every process by every method that should see it, and
 * every mapping, none missing and none extra. */

#include "p2v-test.h"

#include "p2v-image-writers.h"
#include "p2v-windows-machine.h"

#include <inttypes.h>
#include <string.h>

typedef struct
{
  P2vTestWindowsKind  kind;
  const char         *build;
  P2vTestWindowsFlags flags;
} Variant;

/* What a session says of a machine. */
typedef struct
{
  P2vWindowsMachine *machine;
  P2vSession        *session;
  P2vSystem         *system;
} Fixture;

static char *
dup_csv_path (void)
{
  return g_build_filename (g_getenv ("P2V_TEST_SOURCE"), "data", "windows", "offsets.csv", NULL);
}

static P2vWindowsMachine *
new_machine (const Variant *variant)
{
  g_autofree char *csv_path = dup_csv_path ();

  return p2v_windows_machine_new (variant->kind, variant->build, variant->flags, csv_path);
}

static char *
save_machine (void              **state,
              P2vWindowsMachine  *machine,
              P2vTestContainer    container)
{
  const P2vTestMemory memory = { 0, machine->bytes, machine->length };
  const P2vTestMachine description = { .memory = &memory, .n_memory = 1 };
  char *path = p2v_test_path (state, "windows.img");

  assert_true (p2v_test_save (container, &description, path));
  return path;
}

/* Takes @machine. @symbols: (nullable). */
static Fixture
open_with_symbols (P2vWindowsMachine *machine,
                   const char        *path,
                   const char        *symbols)
{
  Fixture fixture = { .machine = machine, .session = p2v_session_new () };
  GError *error = NULL;

  p2v_session_set_cache (fixture.session, FALSE, NULL);
  p2v_session_set_symbols (fixture.session, symbols);
  p2v_session_open (fixture.session, path, NULL, &error);
  assert_no_error (error);
  p2v_session_find_system (fixture.session, NULL, &error);
  assert_no_error (error);
  p2v_session_build_index (fixture.session, NULL, &error);
  assert_no_error (error);
  fixture.system = p2v_session_dup_system (fixture.session);
  return fixture;
}

static Fixture
open_file (P2vWindowsMachine *machine,
           const char        *path)
{
  return open_with_symbols (machine, path, NULL);
}

static Fixture
open_machine (void              **state,
              P2vWindowsMachine  *machine,
              P2vTestContainer    container)
{
  g_autofree char *path = save_machine (state, machine, container);

  return open_file (machine, path);
}

static void
close_machine (Fixture *fixture)
{
  g_object_unref (fixture->system);
  g_object_unref (fixture->session);
  p2v_windows_machine_free (fixture->machine);
}

static guint
get_method (P2vSystem  *system,
            const char *name)
{
  gsize n_methods;
  const P2vMethod *methods = p2v_system_get_methods (system, &n_methods);

  for (gsize i = 0; i < n_methods; i++)
    if (strcmp (methods[i].name, name) == 0)
      return methods[i].bit;
  fail_msg ("no method %s", name);
  return 0;
}

/* The answer's row for the mapping, described, or a failure that names it. */
static P2vMapping
find_row (Fixture                     *fixture,
          const P2vTestWindowsMapping *expected)
{
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (fixture->session, expected->pa, NULL);

  for (guint64 i = 0; i < p2v_answer_get_n_rows (answer); i++)
    {
      P2vMapping row;
      p2v_answer_get_row (answer, i, &row);
      gint64 pid = p2v_process_get_pid (row.process);
      if (row.va != expected->va || (expected->pid != 0 && pid != expected->pid) ||
          (expected->pid == 0 && p2v_process_get_object_va (row.process) != 0))
        continue;
      assert_true (p2v_session_describe (fixture->session, &row, NULL));
      return row;
    }
  fail_msg ("%s: 0x%" PRIx64 " does not lead to pid %d, 0x%" PRIx64, fixture->machine->build,
            expected->pa, (int) expected->pid, expected->va);
  return (P2vMapping) { 0 };
}

static void
check_mappings (Fixture *fixture)
{
  const GArray *mappings = fixture->machine->mappings;
  P2vIndexStatistics statistics;

  for (guint i = 0; i < mappings->len; i++)
    {
      const P2vTestWindowsMapping *expected = &g_array_index (mappings, P2vTestWindowsMapping, i);
      P2vMapping row = find_row (fixture, expected);
      assert_string_equal (p2v_state_to_string (row.state), expected->state);
      if (expected->region == NULL)
        assert_null (row.region);
      else
        assert_string_equal (row.region->name, expected->region);
      assert_int_equal ((guint64) 1 << row.page_shift, expected->length);
    }
  assert_true (p2v_session_get_statistics (fixture->session, &statistics));
  assert_int_equal (statistics.n_mappings, mappings->len + fixture->machine->n_kernel_mappings);
}

/* The first rows of the kernel's regions that have a name of their own. */
static void
check_kernel (Fixture *fixture)
{
  P2vProcess *kernel = p2v_system_get_kernel (fixture->system);
  P2vAddressSpace *space = p2v_process_get_address_space (kernel);
  g_autoptr (GPtrArray) regions = p2v_session_dup_regions (fixture->session, space, NULL);
  guint n_found = 0;

  for (guint i = 0; i < regions->len; i++)
    {
      const P2vRegion *region = g_ptr_array_index (regions, i);
      if (strcmp (region->name, "kernel image ntoskrnl.exe") == 0)
        n_found += region->start_va == fixture->machine->kernel_va &&
                   region->mapping_class == P2V_MAPPING_KERNEL_IMAGE;
      if (strcmp (region->name, "module probe.sys") == 0)
        n_found += region->start_va == fixture->machine->driver_va &&
                   region->length_bytes == 0x20000 &&
                   region->mapping_class == P2V_MAPPING_MODULE;
      if (strcmp (region->name, "PFN database") == 0)
        n_found += region->start_va == p2v_windows_machine_records_va (fixture->machine) &&
                   region->mapping_class == P2V_MAPPING_FRAME_TABLE;
    }
  if (n_found != 3)
    fail_msg ("%s: %u of the kernel's three regions found", fixture->machine->build, n_found);
}

static P2vProcessFlags
get_expected_flags (const P2vTestWindowsProcess *expected)
{
  P2vProcessFlags flags = expected->is_wow64 ? P2V_PROCESS_WOW64 : 0;

  if (expected->has_ended)
    return flags | (expected->is_listed ? P2V_PROCESS_ZOMBIE : P2V_PROCESS_EXITED);
  return flags | (expected->is_listed ? 0 : P2V_PROCESS_HIDDEN);
}

static void
check_details (Fixture                     *fixture,
               P2vProcess                  *process,
               const P2vTestWindowsProcess *expected)
{
  /* 0x01d8fffff0000000 in 100 ns since 1601 is 2022-11-24 12:26:11. */
  const gint64 started_us = 1669292771570483;

  if (p2v_process_get_flags (process) != get_expected_flags (expected))
    fail_msg ("%s: flags of %s are 0x%x", fixture->machine->build, expected->name,
              p2v_process_get_flags (process));
  assert_int_equal (p2v_process_get_session (process), expected->session);
  assert_int_equal (p2v_process_get_n_handles (process), expected->n_handles);
  assert_in_range (p2v_process_get_started_us (process), started_us, started_us + 1000);
  assert_int_equal (p2v_process_get_ended_us (process) != 0, expected->has_ended);
  if (expected->path == NULL)
    assert_null (p2v_process_get_path (process));
  else
    assert_string_equal (p2v_process_get_path (process), expected->path);
}

static void
check_process (Fixture                     *fixture,
               const P2vTestWindowsProcess *expected)
{
  P2vProcess *process = p2v_system_find_pid (fixture->system, expected->pid);

  if (process == NULL)
    fail_msg ("%s: no process %d", fixture->machine->build, (int) expected->pid);
  guint methods = p2v_process_get_methods (process);
  assert_string_equal (p2v_process_get_name (process), expected->name);
  assert_int_equal (p2v_process_get_object_va (process), expected->object_va);
  assert_int_equal ((methods & get_method (fixture->system, "PsActiveProcessHead")) != 0,
                    expected->is_listed);
  assert_int_equal ((methods & get_method (fixture->system, "PspCidTable")) != 0,
                    expected->in_cid_table);
  assert_true (methods & get_method (fixture->system, "PSScan"));
  check_details (fixture, process, expected);
}

static void
check_processes (Fixture *fixture)
{
  const GArray *processes = fixture->machine->processes;
  guint n_processes = p2v_system_get_n_processes (fixture->system);

  for (guint i = 0; i < processes->len; i++)
    check_process (fixture, &g_array_index (processes, P2vTestWindowsProcess, i));
  /* One more: the page tables that belong to none. */
  assert_int_equal (n_processes, processes->len + 1);
}

static void
check_variant (void          **state,
               const Variant  *variant)
{
  Fixture fixture = open_machine (state, new_machine (variant), P2V_TEST_RAW);

  check_processes (&fixture);
  check_mappings (&fixture);
  check_kernel (&fixture);
  close_machine (&fixture);
}

#define CHECK_VARIANTS(name, ...)                                  \
  static void name (void **state)                                  \
  {                                                                \
    static const Variant variants[] = { __VA_ARGS__ };             \
    for (gsize i = 0; i < G_N_ELEMENTS (variants); i++)            \
      check_variant (state, &variants[i]);                         \
  }

CHECK_VARIANTS (every_mapping_of_32_bit_windows_is_found,
                { P2V_TEST_WINDOWS_X86, "5.1.2600.5512", 0 },
                { P2V_TEST_WINDOWS_X86, "5.2.3790.3959", 0 },
                { P2V_TEST_WINDOWS_X86, "6.0.6002", P2V_TEST_WINDOWS_NO_DEBUGGER },
                { P2V_TEST_WINDOWS_X86, "6.1.7601", P2V_TEST_WINDOWS_NOISE },
                { P2V_TEST_WINDOWS_X86, "5.2.3790.3959", P2V_TEST_WINDOWS_3GB })

/* Where the paged pool begins, from which addresses of prototypes count, the kernel says or not. */
CHECK_VARIANTS (every_mapping_of_windows_xp_and_2003_is_found,
                { P2V_TEST_WINDOWS_X86, "5.1.2600.5512", P2V_TEST_WINDOWS_NO_DEBUGGER },
                { P2V_TEST_WINDOWS_X86, "5.2.3790", 0 },
                { P2V_TEST_WINDOWS_X86, "5.2.3790.3959", P2V_TEST_WINDOWS_NO_DEBUGGER })

CHECK_VARIANTS (every_mapping_of_reactos_is_found,
                { P2V_TEST_WINDOWS_X86, "5.2.3790.1830", P2V_TEST_WINDOWS_REACTOS },
                { P2V_TEST_WINDOWS_X64, "5.2.3790.1830", P2V_TEST_WINDOWS_REACTOS })

CHECK_VARIANTS (every_mapping_of_windows_with_pae_is_found,
                { P2V_TEST_WINDOWS_PAE, "5.1.2600.5512", 0 },
                { P2V_TEST_WINDOWS_PAE, "6.0.6002", 0 },
                { P2V_TEST_WINDOWS_PAE, "6.1.7601.24000", P2V_TEST_WINDOWS_NO_DEBUGGER },
                { P2V_TEST_WINDOWS_PAE, "6.2.9200", 0 },
                { P2V_TEST_WINDOWS_PAE, "6.0.6002", P2V_TEST_WINDOWS_3GB },
                { P2V_TEST_WINDOWS_PAE, "6.3.9600", 0 },
                { P2V_TEST_WINDOWS_PAE, "10.0.10586", P2V_TEST_WINDOWS_NOISE },
                { P2V_TEST_WINDOWS_PAE, "10.0.19041", 0 })

CHECK_VARIANTS (every_mapping_of_64_bit_windows_before_10_is_found,
                { P2V_TEST_WINDOWS_X64, "5.2.3790.3959", 0 },
                { P2V_TEST_WINDOWS_X64, "6.0.6002", 0 },
                { P2V_TEST_WINDOWS_X64, "6.1.7601", P2V_TEST_WINDOWS_NOISE },
                { P2V_TEST_WINDOWS_X64, "6.1.7601.24540", P2V_TEST_WINDOWS_SHADOW },
                { P2V_TEST_WINDOWS_X64, "6.2.9200", P2V_TEST_WINDOWS_ENCODED },
                { P2V_TEST_WINDOWS_X64, "6.3.9600", P2V_TEST_WINDOWS_NO_DEBUGGER },
                { P2V_TEST_WINDOWS_X64, "6.3.9600.19913", P2V_TEST_WINDOWS_ENCODED })

CHECK_VARIANTS (every_mapping_of_64_bit_windows_10_and_11_is_found,
                { P2V_TEST_WINDOWS_X64, "10.0.10586", 0 },
                { P2V_TEST_WINDOWS_X64, "10.0.14393.4583", P2V_TEST_WINDOWS_SHADOW },
                { P2V_TEST_WINDOWS_X64, "10.0.15063", P2V_TEST_WINDOWS_NO_DEBUGGER },
                { P2V_TEST_WINDOWS_X64, "10.0.17763", P2V_TEST_WINDOWS_NOISE },
                { P2V_TEST_WINDOWS_X64, "10.0.18362", P2V_TEST_WINDOWS_SHADOW },
                { P2V_TEST_WINDOWS_X64, "10.0.19041", P2V_TEST_WINDOWS_ENCODED },
                { P2V_TEST_WINDOWS_X64, "10.0.22000", P2V_TEST_WINDOWS_ENCODED },
                { P2V_TEST_WINDOWS_X64, "10.0.22621", P2V_TEST_WINDOWS_SHADOW },
                { P2V_TEST_WINDOWS_X64, "10.0.26100", P2V_TEST_WINDOWS_ENCODED })

CHECK_VARIANTS (every_mapping_of_windows_with_five_levels_or_on_arm_is_found,
                { P2V_TEST_WINDOWS_LA57, "10.0.20348.288", P2V_TEST_WINDOWS_NO_DEBUGGER },
                { P2V_TEST_WINDOWS_ARM64, "10.0.19569", 0 },
                { P2V_TEST_WINDOWS_ARM64, "10.0.26100", 0 })

/* The example in the documentation of Rekall's pas2vas, whose answer this tool is to give: Windows
 * 7 in an ELF core of VirtualBox; a library at one address in several processes. */
static void
a_page_of_a_library_leads_to_all_who_share_it (void **state)
{
  static const Variant variant = { P2V_TEST_WINDOWS_X64, "6.1.7601", 0 };
  static const char *const sharers[] = { "services.exe", "svchost.exe", "explorer.exe" };
  const P2vVirtAddr va = 0x766c0000;
  Fixture fixture = open_machine (state, new_machine (&variant), P2V_TEST_VBOX);
  P2vProcess *process = p2v_system_find_pid (fixture.system, 1004);
  P2vTrail trail;

  assert_true (p2v_session_get_trail (fixture.session, p2v_process_get_address_space (process), va,
                                      &trail, NULL));
  assert_int_equal (trail.status, P2V_WALK_MAPPED);
  assert_int_equal (trail.n_steps, 4);
  assert_string_equal (trail.steps[0].name, "pml4e");
  assert_string_equal (trail.steps[3].name, "pte");
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (fixture.session, trail.pa, NULL);
  guint n_found = 0;
  assert_int_equal (p2v_answer_get_n_rows (answer), G_N_ELEMENTS (sharers));
  for (guint64 i = 0; i < p2v_answer_get_n_rows (answer); i++)
    {
      P2vMapping row;
      p2v_answer_get_row (answer, i, &row);
      assert_int_equal (row.va, va);
      assert_true (p2v_session_describe (fixture.session, &row, NULL));
      assert_string_equal (row.region->name, "\\Windows\\SysWOW64\\ws2_32.dll");
      for (gsize j = 0; j < G_N_ELEMENTS (sharers); j++)
        n_found += strcmp (p2v_process_get_name (row.process), sharers[j]) == 0;
    }
  assert_int_equal (n_found, G_N_ELEMENTS (sharers));
  close_machine (&fixture);
}

/* The first process's links are torn both ways, so its list is not found through it. The dump's
 * header says where the list begins. */
static guint
count_listed (void    **state,
              gboolean  is_right)
{
  static const Variant variant = { P2V_TEST_WINDOWS_X64, "10.0.17763",
                                   P2V_TEST_WINDOWS_NO_DEBUGGER };
  P2vWindowsMachine *machine = new_machine (&variant);
  guint64 links_va = p2v_windows_machine_find (machine, "System")->object_va +
                     (guint) p2v_windows_machine_offset (machine, "_EPROCESS",
                                                         "ActiveProcessLinks");
  g_autofree char *path = NULL;
  g_autofree char *bytes = NULL;
  gsize length;
  guint n_listed = 0;

  p2v_windows_machine_put (machine, links_va, 0x41414141, 8);
  p2v_windows_machine_put (machine, links_va + 8, machine->kernel_va + 0x9000, 8);
  path = save_machine (state, machine, P2V_TEST_DUMP64);
  assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  /* Source: facts of the format, DUMP_HEADER64.PsActiveProcessHead. */
  guint64 head_va = GUINT64_TO_LE (is_right ? machine->list_head_va : machine->kernel_va + 0x8000);
  memcpy (bytes + 0x28, &head_va, sizeof head_va);
  assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));
  Fixture fixture = open_file (machine, path);
  guint listed = get_method (fixture.system, "PsActiveProcessHead");
  for (guint i = 0; i < p2v_system_get_n_processes (fixture.system); i++)
    n_listed +=
      (p2v_process_get_methods (p2v_system_get_process (fixture.system, i)) & listed) != 0;
  check_mappings (&fixture);
  close_machine (&fixture);
  return n_listed;
}

static void
the_header_of_a_dump_says_where_the_list_is (void **state)
{
  assert_int_equal (count_listed (state, TRUE), 9);
  assert_int_equal (count_listed (state, FALSE), 1);
}

static void
check_frame (Fixture      *fixture,
             P2vPhysAddr   pa,
             P2vFrameKind  kind,
             const char   *detail)
{
  g_autoptr (P2vFrameReader) reader = p2v_frame_reader_new (fixture->session, NULL);
  P2vFrame frame;

  assert_true (p2v_frame_reader_read (reader, pa, &frame, NULL));
  if (frame.kind != kind || strstr (frame.detail, detail) == NULL)
    fail_msg ("%s: 0x%" PRIx64 " is %u: %s", fixture->machine->build, pa, frame.kind,
              frame.detail);
}

static void
frames_say_whose_they_are_and_on_which_list (void **state)
{
  static const Variant variants[] = {
    { P2V_TEST_WINDOWS_X64, "5.2.3790.1830", P2V_TEST_WINDOWS_REACTOS },
    { P2V_TEST_WINDOWS_X64, "6.1.7601", P2V_TEST_WINDOWS_NO_DEBUGGER },
    { P2V_TEST_WINDOWS_X64, "6.3.9600", P2V_TEST_WINDOWS_ENCODED },
    { P2V_TEST_WINDOWS_X64, "10.0.19041", P2V_TEST_WINDOWS_NO_DEBUGGER },
    { P2V_TEST_WINDOWS_X64, "10.0.22621", P2V_TEST_WINDOWS_ENCODED },
    { P2V_TEST_WINDOWS_ARM64, "10.0.26100", 0 },
    { P2V_TEST_WINDOWS_X86, "5.1.2600.5512", 0 },
    { P2V_TEST_WINDOWS_X86, "6.1.7601", P2V_TEST_WINDOWS_NO_DEBUGGER },
    { P2V_TEST_WINDOWS_PAE, "5.1.2600.5512", P2V_TEST_WINDOWS_NO_DEBUGGER },
    { P2V_TEST_WINDOWS_PAE, "6.1.7601.24000", 0 },
    { P2V_TEST_WINDOWS_PAE, "10.0.19041", P2V_TEST_WINDOWS_NO_DEBUGGER },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (variants); i++)
    {
      Fixture fixture = open_machine (state, new_machine (&variants[i]), P2V_TEST_RAW);
      const P2vTestWindowsProcess *process =
        p2v_windows_machine_find (fixture.machine, "explorer.exe");
      const GArray *mappings = fixture.machine->mappings;

      /* The root of PAE is no frame of its own. */
      if (variants[i].kind != P2V_TEST_WINDOWS_PAE)
        check_frame (&fixture, process->root_pa, P2V_FRAME_KIND_PAGE_TABLE, "explorer.exe (1004)");
      check_frame (&fixture, 0x1d00000, P2V_FRAME_KIND_ZEROED, "");
      check_frame (&fixture, fixture.machine->driver_pa + 0x3000, P2V_FRAME_KIND_MODULE,
                   "module probe.sys at offset 0x3000");
      if (fixture.machine->pointer_bytes == 8)
        check_frame (&fixture, fixture.machine->library_pa[3], P2V_FRAME_KIND_STANDBY,
                     "on the standby list, \\Windows\\SysWOW64\\ws2_32.dll at offset 0x3000");
      for (guint j = 0; j < mappings->len; j++)
        {
          const P2vTestWindowsMapping *mapping =
            &g_array_index (mappings, P2vTestWindowsMapping, j);
          if (mapping->pid == process->pid && mapping->va == 0x1005000)
            check_frame (&fixture, mapping->pa, P2V_FRAME_KIND_ANONYMOUS,
                         "0x1005000 of explorer.exe (1004)");
          if (mapping->pid == process->pid && mapping->va == 0x1007000)
            check_frame (&fixture, mapping->pa, P2V_FRAME_KIND_STANDBY,
                         "on the standby list, 0x1007000 of explorer.exe (1004)");
        }
      close_machine (&fixture);
    }
}

/* Where the number of threads is in the machine that symbols are needed for. */
#define MOVED_THREADS 0x900

/* What Volatility makes of a kernel's PDB; of the name it says what cannot be. */
static char *
save_symbols (void       **state,
              const char  *name,
              const char  *guid)
{
  g_autofree char *text = g_strdup_printf (
    "{\"base_types\": {\"unsigned long\": {\"kind\": \"int\", \"size\": 4, \"signed\": false,"
    " \"endian\": \"little\"}}, \"enums\": {}, \"metadata\": {\"format\": \"6.1.0\", \"windows\":"
    " {\"pdb\": {\"GUID\": \"%s\", \"age\": 3, \"database\": \"ntkrnlmp.pdb\","
    " \"machine_type\": 34404}}}, \"symbols\": {\"PspCidTable\": {\"address\": 3211264}},"
    " \"user_types\": {\"_EPROCESS\": {\"kind\": \"struct\", \"size\": 2500, \"fields\":"
    " {\"ActiveThreads\": {\"offset\": %u, \"type\": {\"kind\": \"base\", \"name\":"
    " \"unsigned long\"}}, \"ImageFileName\": {\"offset\": 16, \"type\": {\"kind\": \"base\","
    " \"name\": \"unsigned long\"}}}}}}",
    guid, MOVED_THREADS);

  return p2v_test_write_file (state, name, text, strlen (text));
}

/* A machine whose processes have the number of their threads where no version has it. */
static P2vWindowsMachine *
new_moved_machine (void)
{
  static const Variant variant = { P2V_TEST_WINDOWS_X64, "10.0.17763", 0 };
  P2vWindowsMachine *machine = new_machine (&variant);
  int threads = p2v_windows_machine_offset (machine, "_EPROCESS", "ActiveThreads");

  for (guint i = 0; i < machine->processes->len; i++)
    {
      const P2vTestWindowsProcess *process =
        &g_array_index (machine->processes, P2vTestWindowsProcess, i);
      p2v_windows_machine_put (machine, process->object_va + (guint) threads, 0xfffffff0, 4);
      p2v_windows_machine_put (machine, process->object_va + MOVED_THREADS, 5, 4);
    }
  return machine;
}

static void
symbols_of_this_kernel_tell_where_fields_are (void **state)
{
  P2vWindowsMachine *machine = new_moved_machine ();
  g_autofree char *image = save_machine (state, machine, P2V_TEST_RAW);
  /* The machine's identifier has the bytes 1 to 16, the age 3. */
  g_autofree char *right = save_symbols (state, "right.json", "0403020106050807090A0B0C0D0E0F10");
  Fixture fixture = open_with_symbols (machine, image, right);

  check_mappings (&fixture);
  P2vProcess *process = p2v_system_find_pid (fixture.system, 1004);
  assert_int_equal (p2v_process_get_n_threads (process), 5);
  assert_string_equal (p2v_process_get_name (process), "explorer.exe");
  close_machine (&fixture);
}

static void
symbols_of_another_kernel_are_refused (void **state)
{
  P2vWindowsMachine *machine = new_moved_machine ();
  g_autofree char *image = save_machine (state, machine, P2V_TEST_RAW);
  g_autofree char *symbols =
    save_symbols (state, "wrong.json", "0403020106050807090A0B0C0D0E0F11");
  g_autoptr (P2vSession) session = p2v_session_new ();
  GError *error = NULL;

  p2v_session_set_cache (session, FALSE, NULL);
  p2v_session_set_symbols (session, symbols);
  p2v_session_open (session, image, NULL, &error);
  assert_no_error (error);
  assert_false (p2v_session_find_system (session, NULL, &error));
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_SYMBOLS_MISSING, "");
  assert_contains (error->message, "wrong.json");
  assert_contains (error->message, "ntkrnlmp.pdb 0403020106050807090A0B0C0D0E0F103");
  g_error_free (error);
  p2v_windows_machine_free (machine);
}

/* Fields under other names than any version has: what they must be tells where they are. */
static void
fields_that_nobody_published_are_found (void **state)
{
  static const Variant variant = { P2V_TEST_WINDOWS_X64, "10.0.26100", 0 };
  P2vWindowsMachine *machine = new_machine (&variant);
  int name = p2v_windows_machine_offset (machine, "_EPROCESS", "ImageFileName");

  /* The name moves in every process, to where no other field is. */
  for (guint i = 0; i < machine->processes->len; i++)
    {
      guint8 *object = p2v_windows_machine_at (
        machine, g_array_index (machine->processes, P2vTestWindowsProcess, i).object_va);
      memmove (object + name + 0x200, object + name, 16);
      memset (object + name, 0, 16);
    }
  Fixture fixture = open_machine (state, machine, P2V_TEST_RAW);
  check_processes (&fixture);
  check_mappings (&fixture);
  close_machine (&fixture);
}

static void
check_title (void          **state,
             const Variant  *variant,
             guint32         resource_bytes,
             const char     *title,
             const char     *product)
{
  P2vWindowsMachine *machine = new_machine (variant);
  const char *found = NULL;

  if (resource_bytes != 0)
    p2v_windows_machine_put (machine, machine->kernel_va + 0x100 + 0x8c, resource_bytes, 4);
  Fixture fixture = open_machine (state, machine, P2V_TEST_RAW);
  for (guint i = 0; i < p2v_system_get_n_facts (fixture.system); i++)
    if (strcmp (p2v_system_get_fact (fixture.system, i)->name, "Kernel's product") == 0)
      found = p2v_system_get_fact (fixture.system, i)->value;
  assert_string_equal (p2v_system_get_title (fixture.system), title);
  if (product != NULL)
    assert_string_equal (found, product);
  else
    assert_null (found);
  close_machine (&fixture);
}

/* ReactOS says that it is Windows, but not in its file. */
static void
the_file_says_what_the_kernel_is (void **state)
{
  static const Variant reactos = { P2V_TEST_WINDOWS_X86, "5.2.3790.1830",
                                   P2V_TEST_WINDOWS_REACTOS };
  static const Variant windows = { P2V_TEST_WINDOWS_X86, "5.2.3790.1830", 0 };

  check_title (state, &reactos, 0, "ReactOS (NT 5.2.3790, x86)",
               "ReactOS Operating System, 5.2.3790.3959");
  check_title (state, &windows, 0, "Windows Server 2003 (5.2.3790, x86)",
               "A test, 5.2.3790.3959");
  /* A section that ends before its strings, and one that never ends. */
  check_title (state, &reactos, 0x20, "Windows Server 2003 (5.2.3790, x86)", NULL);
  check_title (state, &reactos, G_MAXUINT32, "ReactOS (NT 5.2.3790, x86)",
               "ReactOS Operating System, 5.2.3790.3959");
}

/* What a process has left when it has ended: a root that is its own parent. */
static void
a_tree_without_areas_has_none (void **state)
{
  static const Variant variants[] = {
    { P2V_TEST_WINDOWS_X86, "5.2.3790.1830", 0 },
    { P2V_TEST_WINDOWS_X64, "6.1.7601", 0 },
    { P2V_TEST_WINDOWS_PAE, "6.2.9200", 0 },
  };

  for (gsize i = 0; i < 2 * G_N_ELEMENTS (variants); i++)
    {
      P2vWindowsMachine *machine = new_machine (&variants[i / 2]);
      guint width = machine->pointer_bytes;
      const P2vTestWindowsProcess *explorer = p2v_windows_machine_find (machine, "explorer.exe");
      guint64 root_va = explorer->object_va +
                        (guint) p2v_windows_machine_offset (machine, "_EPROCESS", "VadRoot");

      /* The tree leans to the right, or neither way. */
      p2v_windows_machine_put (machine, root_va, i % 2 == 0 ? root_va | 3 : root_va, width);
      p2v_windows_machine_put (machine, root_va + 2 * width, 0, width);
      Fixture fixture = open_machine (state, machine, P2V_TEST_RAW);
      P2vProcess *process = p2v_system_find_pid (fixture.system, explorer->pid);
      GPtrArray *regions = p2v_session_dup_regions (
        fixture.session, p2v_process_get_address_space (process), NULL);
      assert_int_equal (regions->len, 0);
      g_ptr_array_unref (regions);
      close_machine (&fixture);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (every_mapping_of_32_bit_windows_is_found),
    p2v_test_in_folder (every_mapping_of_windows_xp_and_2003_is_found),
    p2v_test_in_folder (every_mapping_of_reactos_is_found),
    p2v_test_in_folder (every_mapping_of_windows_with_pae_is_found),
    p2v_test_in_folder (every_mapping_of_64_bit_windows_before_10_is_found),
    p2v_test_in_folder (every_mapping_of_64_bit_windows_10_and_11_is_found),
    p2v_test_in_folder (every_mapping_of_windows_with_five_levels_or_on_arm_is_found),
    p2v_test_in_folder (a_page_of_a_library_leads_to_all_who_share_it),
    p2v_test_in_folder (the_header_of_a_dump_says_where_the_list_is),
    p2v_test_in_folder (symbols_of_this_kernel_tell_where_fields_are),
    p2v_test_in_folder (symbols_of_another_kernel_are_refused),
    p2v_test_in_folder (fields_that_nobody_published_are_found),
    p2v_test_in_folder (a_tree_without_areas_has_none),
    p2v_test_in_folder (the_file_says_what_the_kernel_is),
    p2v_test_in_folder (frames_say_whose_they_are_and_on_which_list),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
