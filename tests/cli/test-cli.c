/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The built pas2vas, run as a person or a script runs it.
 *
 * Each file of golden/ is a transcript: a command after "$ ", its exit code after "? ", then
 * what it printed on stdout after "> " and on stderr after "! ". Lines that begin with "#" say
 * where the expectation comes from. The commands run in a folder that holds mem.raw, the tiny
 * image, and files that are no images; those of windows.txt win7.elf, a machine of the tests'
 * own. */

#include "p2v-test.h"

#include "p2v-image-writers.h"
#include "p2v-windows-machine.h"

#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* Behind a known magic: whatever a format reads there as a count, a size or an offset is
 * nonsense. */
#define GARBAGE_BYTES 5000

static void
fill_with_garbage (guint8     *bytes,
                   gsize       length_bytes,
                   const char *magic,
                   gsize       n_magic)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (4711);

  for (gsize i = 0; i < length_bytes; i++)
    bytes[i] = i < n_magic ? (guint8) magic[i] : (guint8) g_rand_int_range (random, 0, 256);
}

static void
write_file (void       **state,
            const char  *name,
            const void  *bytes,
            gsize        length_bytes)
{
  g_autofree char *path = p2v_test_write_file (state, name, bytes, length_bytes);
}

static void
write_bad_files (void **state)
{
  guint8 garbage[GARBAGE_BYTES];

  write_file (state, "empty", "", 0);
  write_file (state, "letter.txt", "Dear Sir or Madam,\n", 19);
  fill_with_garbage (garbage, sizeof garbage, "\x7f" "ELF\x02\x01\x01", 7);
  write_file (state, "garbage.elf", garbage, sizeof garbage);
  write_file (state, "cut.elf", garbage, 40);
  /* Source: LiME doc/README.md: magic 0x4C694D45, version 1, little-endian. */
  fill_with_garbage (garbage, sizeof garbage, "EMiL\x01\x00\x00\x00", 8);
  write_file (state, "garbage.lime", garbage, sizeof garbage);
  write_file (state, "cut.lime", garbage, 20);

  g_autofree char *folder = p2v_test_path (state, "folder");
  g_autofree char *loop = p2v_test_path (state, "loop");
  g_autofree char *fifo = p2v_test_path (state, "fifo");
  assert_int_equal (g_mkdir (folder, 0700), 0);
  assert_int_equal (symlink ("loop", loop), 0);
  assert_int_equal (mkfifo (fifo, 0600), 0);
}

/* What other programs found in the image; see golden/strings.txt for the offsets. */
static void
write_found_files (void **state)
{
  static const struct
  {
    const char *name;
    const char *lines;
  } files[] = {
    { "found.strings", "77848592 written three times\n79138820 of  five\n32852136 in a page table\n"
                       "   4096 low\n\nno offset\n79691776 behind the end\n" },
    { "found.features", "\xef\xbb\xbf# BULK_EXTRACTOR\r\n77848592\ta@b.example\tto: a@b.example\r\n"
                        "79138820-GZIP-7\t=1+1\tx\\0y\r\nbroken\tline\r\n" },
    { "found.list", "77848592\n4096\n0x4a3e010" },
    { "found.hex", "4a3e010 a\n4b79004 b\n1000 c\n" },
    { "found.near", "77848592 =a\n77848600 b\n79138820 c\n79138824 \"d,\"\n79138832\n" },
    { "found.octal", "450760020 a\n10000 c\n8 no octal digit\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    write_file (state, files[i].name, files[i].lines, strlen (files[i].lines));
}

/* Windows 7 of 64 bits in an ELF core of VirtualBox. */
static void
write_windows (void **state)
{
  g_autofree char *csv_path =
    g_build_filename (g_getenv ("P2V_TEST_SOURCE"), "data", "windows", "offsets.csv", NULL);
  g_autofree char *path = p2v_test_path (state, "win7.elf");
  P2vWindowsMachine *machine = p2v_windows_machine_new (P2V_TEST_WINDOWS_X64, "6.1.7601",
                                                        P2V_TEST_WINDOWS_PLAIN, csv_path);
  const P2vTestMemory memory = { 0, machine->bytes, machine->length };
  const P2vTestMachine description = { .memory = &memory, .n_memory = 1 };

  assert_true (p2v_test_save (P2V_TEST_VBOX, &description, path));
  p2v_windows_machine_free (machine);
}

static int
set_up (void **state)
{
  if (p2v_test_setup_folder (state) != 0)
    return -1;

  g_autofree char *image = p2v_test_path (state, "mem.raw");
  if (symlink (g_getenv ("P2V_TINY_IMAGE"), image) != 0)
    return -1;
  write_bad_files (state);
  write_found_files (state);
  return 0;
}

static GSubprocess *
start (void                 **state,
       char                 **argv,
       GSpawnChildSetupFunc   child_setup,
       const char            *stdout_path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
    G_SUBPROCESS_FLAGS_STDERR_PIPE
    | (stdout_path == NULL ? G_SUBPROCESS_FLAGS_STDOUT_PIPE : G_SUBPROCESS_FLAGS_NONE));

  g_subprocess_launcher_set_cwd (launcher, *state);
  if (stdout_path != NULL)
    g_subprocess_launcher_set_stdout_file_path (launcher, stdout_path);
  if (child_setup != NULL)
    g_subprocess_launcher_set_child_setup (launcher, child_setup, NULL, NULL);

  g_autofree char *name = g_steal_pointer (&argv[0]);
  argv[0] = g_strdup (g_getenv ("P2V_CLI"));
  assert_string_equal (name, "pas2vas");

  GSubprocess *process =
    g_subprocess_launcher_spawnv (launcher, (const char *const *) argv, &error);
  assert_no_error (error);
  return process;
}

static void
append_lines (GString    *transcript,
              const char *mark,
              GBytes     *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  g_autofree char *text = g_strndup (length > 0 ? data : "", length);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    if (line[1] != NULL)
      g_string_append_printf (transcript, "%s%s%s\n", mark, **line != '\0' ? " " : "", *line);
    else if (**line != '\0')
      g_string_append_printf (transcript, "%s %s(no end of line)\n", mark, *line);
}

static void
append_run (GString     *transcript,
            void       **state,
            const char  *command)
{
  g_auto (GStrv) argv = NULL;
  g_autoptr (GBytes) output = NULL;
  g_autoptr (GBytes) errors = NULL;
  g_autoptr (GError) error = NULL;

  assert_true (g_shell_parse_argv (command, NULL, &argv, &error));
  g_autoptr (GSubprocess) process = start (state, argv, NULL, NULL);
  assert_true (g_subprocess_communicate (process, NULL, NULL, &output, &errors, &error));
  assert_no_error (error);
  if (g_subprocess_get_if_exited (process))
    g_string_append_printf (transcript, "? %d\n", g_subprocess_get_exit_status (process));
  else
    g_string_append_printf (transcript, "? killed by signal %d\n",
                            g_subprocess_get_term_sig (process));
  append_lines (transcript, ">", output);
  append_lines (transcript, "!", errors);
}

static gboolean
is_expectation (const char *line)
{
  return *line != '\0' && strchr ("?>!", *line) != NULL;
}

/* The transcript that running the commands of @golden gives; what is no expectation is kept. */
static char *
make_transcript (void       **state,
                 const char  *golden)
{
  g_auto (GStrv) lines = g_strsplit (golden, "\n", -1);
  GString *transcript = g_string_new (NULL);

  for (char **line = lines; *line != NULL; line++)
    {
      if (is_expectation (*line))
        continue;
      if (line[1] != NULL)
        g_string_append_printf (transcript, "%s\n", *line);
      if (g_str_has_prefix (*line, "$ "))
        append_run (transcript, state, *line + 2);
    }
  return g_string_free (transcript, FALSE);
}

/* Line by line: what cmocka prints of two long texts ends before they differ. */
static void
assert_same_lines (const char *transcript,
                   const char *golden)
{
  g_auto (GStrv) actual = g_strsplit (transcript, "\n", -1);
  g_auto (GStrv) expected = g_strsplit (golden, "\n", -1);

  for (guint i = 0; actual[i] != NULL && expected[i] != NULL; i++)
    assert_string_equal (actual[i], expected[i]);
  assert_string_equal (transcript, golden);
}

static void
check_golden (void       **state,
              const char  *name)
{
  g_autofree char *path = g_build_filename (g_getenv ("P2V_GOLDEN"), name, NULL);
  g_autofree char *golden = NULL;
  g_autoptr (GError) error = NULL;

  assert_true (g_file_get_contents (path, &golden, NULL, &error));
  g_autofree char *transcript = make_transcript (state, golden);
  assert_same_lines (transcript, golden);
}

/* The transcript with "#" for the digits that @pattern finds behind its first group. */
static char *
mask (const char *transcript,
      const char *pattern)
{
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_MULTILINE, 0, NULL);

  return g_regex_replace (regex, transcript, -1, 0, "\\1#", 0, NULL);
}

static guint64
get_number (const GMatchInfo *match,
            int               group)
{
  g_autofree char *digits = g_match_info_fetch (match, group);

  return g_ascii_strtoull (digits, NULL, 10);
}

/* How large an index is depends on how it is made, and so is no matter of a golden file. But each
 * time it is told it must be the same, and no more than 8 bytes a mapping, 4 a frame of the image
 * and 32 a page table, and 1 KiB. */
static void
check_sizes (const char *transcript)
{
  const guint64 n_frames = 79691776 / 4096;
  g_autoptr (GRegex) regex = g_regex_new ("Page tables[:,] ?([0-9]+)\n> Mappings[:,] ?([0-9]+)\n"
                                          "> Index size[:,] ?([0-9]+)\n"
                                          "> Bytes per mapping[:,] ?([0-9.]+)\n",
                                          0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  guint64 first = 0;
  guint n = 0;

  for (g_regex_match (regex, transcript, 0, &match); g_match_info_matches (match);
       g_match_info_next (match, NULL), n++)
    {
      guint64 n_tables = get_number (match, 1), n_mappings = get_number (match, 2);
      guint64 size = get_number (match, 3);
      g_autofree char *each = g_match_info_fetch (match, 4);
      g_autofree char *quotient = g_strdup_printf ("%.2f", (double) size / (double) n_mappings);

      first = n == 0 ? size : first;
      assert_int_equal (size, first);
      assert_true (size > 8 * n_mappings);
      assert_true (size <= 8 * n_mappings + 4 * n_frames + 32 * n_tables + 1024);
      assert_string_equal (each, quotient);
    }
  assert_int_equal (n, 3);
}

static void
lookup_shows_all_owners_and_says_when_there_is_none (void **state)
{
  check_golden (state, "lookup.txt");
}

static void
filters_narrow_an_answer (void **state)
{
  check_golden (state, "filters.txt");
}

static void
export_prints_every_mapping_of_a_process (void **state)
{
  check_golden (state, "export.txt");
}

static void
ps_lists_processes_with_names_of_any_bytes (void **state)
{
  check_golden (state, "ps.txt");
}

static void
maps_lists_the_regions_of_a_process (void **state)
{
  check_golden (state, "maps.txt");
}

static void
kernel_is_an_owner_that_hides_what_says_nothing (void **state)
{
  check_golden (state, "kernel.txt");
}

static void
vtop_shows_every_entry_of_a_translation (void **state)
{
  check_golden (state, "vtop.txt");
}

static void
frames_are_what_the_kernel_uses_them_for (void **state)
{
  check_golden (state, "frames.txt");
}

/* What Rekall's documentation of pas2vas shows: a page of a library that three processes share. */
static void
windows_processes_share_a_library (void **state)
{
  write_windows (state);
  check_golden (state, "windows.txt");
}

/* Not a golden file: the system may tell more facts one day. */
static void
info_tells_what_an_image_is (void **state)
{
  g_autoptr (GString) transcript = g_string_new (NULL);

  append_run (transcript, state, "pas2vas info mem.raw");
  assert_true (g_str_has_prefix (transcript->str, "? 0\n"));
  assert_contains (transcript->str, "> File size: 79691776\n");
  assert_contains (transcript->str, "> Memory size: 79691776\n");
  assert_contains (transcript->str, "> Ranges: 1\n");
  assert_contains (transcript->str, "> Range: 0x000000000000-0x000004bfffff at file offset "
                                    "0x000000000000\n");
  assert_contains (transcript->str, "Linux version 6.1.0-56-cloud-amd64");
  assert_contains (transcript->str, "> Processes: 67\n");
  assert_contains (transcript->str, "> Address spaces walked: 22\n");
  assert_contains (transcript->str, "> Address spaces skipped: 0\n");
  assert_contains (transcript->str,
                   "> Frames with as many mappings as the system counts: 2208 of 2208\n");

  append_run (transcript, state, "pas2vas info --format csv mem.raw");
  assert_contains (transcript->str, "> property,value\n");
  assert_contains (transcript->str, "> File size,79691776\n");
}

static void
index_is_built_once_and_then_kept (void **state)
{
  g_autofree char *path = g_build_filename (g_getenv ("P2V_GOLDEN"), "index.txt", NULL);
  g_autofree char *golden = NULL;

  assert_true (g_file_get_contents (path, &golden, NULL, NULL));
  g_autofree char *transcript = make_transcript (state, golden);
  g_autofree char *timeless = mask (transcript, "(Seconds for [a-z]+[:,] ?)[0-9]+[.][0-9]{3}$");
  g_autofree char *masked
    = mask (timeless, "((?:Index size|Bytes per mapping)[:,] ?)[0-9]+(?:[.][0-9]{2})?$");
  assert_same_lines (masked, golden);
  check_sizes (transcript);
}

static void
strings_adds_all_owners_to_each_line (void **state)
{
  check_golden (state, "strings.txt");
}

static void
shared_lists_pairs_and_ranges (void **state)
{
  check_golden (state, "shared.txt");
}

static guint
count_lines (const char *text,
             const char *prefix)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = 0;

  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, prefix))
      n++;
  return n;
}

static void
export_of_pages_has_a_row_for_each_page (void **state)
{
  g_autoptr (GString) transcript = g_string_new (NULL);

  append_run (transcript, state, "pas2vas export --pages --pid 100 mem.raw");
  assert_true (g_str_has_prefix (transcript->str, "? 0\n> physical,"));
  /* Source: truth.tsv has 191 rows of pid 100. */
  assert_int_equal (count_lines (transcript->str, "> 0x"), 191);
}

static void
wrong_command_line_is_one_line_and_exit_2 (void **state)
{
  check_golden (state, "usage.txt");
}

static void
file_that_is_no_image_is_one_line_and_exit_3 (void **state)
{
  static const char *const commands[] = { "info", "ps", "export", "lookup" };
  static const char *const names[] = {
    "empty",        "letter.txt", "garbage.elf", "cut.elf",   "garbage.lime",
    "cut.lime",     "folder",     "loop",        "fifo",      "not-there",
    "mem.raw/file",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (commands); j++)
      {
        g_autoptr (GString) transcript = g_string_new (NULL);
        g_autofree char *command = g_strdup_printf ("pas2vas %s %s%s", commands[j], names[i],
                                                    j == 3 ? " 0x1000" : "");

        append_run (transcript, state, command);
        assert_true (g_str_has_prefix (transcript->str, "? 3\n"));
        assert_int_equal (count_lines (transcript->str, "! "), 1);
        assert_int_equal (count_lines (transcript->str, "! pas2vas: "), 1);
        assert_contains (transcript->str, names[i]);
      }
}

/* Writes the start of the tiny image as cut.raw, runs a command on it and returns the
 * transcript. */
static char *
run_on_cut_image (void       **state,
                  gsize        length,
                  const char  *command)
{
  g_autofree char *path = p2v_test_path (state, "cut.raw");
  g_autofree char *contents = NULL;
  gsize full_length;
  GString *transcript = g_string_new (NULL);

  assert_true (g_file_get_contents (g_getenv ("P2V_TINY_IMAGE"), &contents, &full_length, NULL));
  assert_true (length < full_length);
  assert_true (g_file_set_contents (path, contents, (gssize) length, NULL));
  append_run (transcript, state, command);
  return g_string_free (transcript, FALSE);
}

static void
page_behind_the_end_of_a_cut_image_has_owners_and_no_file_offset (void **state)
{
  /* Frame 0x4a7d is gone, the page table that points to it is not. Source: truth.tsv, pid 89. */
  g_autofree char *transcript =
    run_on_cut_image (state, 0x4800000, "pas2vas lookup --quiet --format csv cut.raw 0x4a7d010");

  assert_true (g_str_has_prefix (transcript, "? 0\n"));
  assert_contains (transcript,
                   "> 0x4a7d010,0x4c2010,1,89,rl-protnone,rw- u,valid,anonymous,,4096,");
}

static void
image_cut_before_its_system_is_one_line_and_exit_3 (void **state)
{
  g_autofree char *transcript = run_on_cut_image (state, 0x2000000, "pas2vas export cut.raw");

  assert_true (g_str_has_prefix (transcript, "? 3\n! pas2vas: "));
  assert_contains (transcript, "cut.raw");
  assert_int_equal (count_lines (transcript, ""), 3);
}

static char **
split (const char *command)
{
  char **argv = NULL;

  assert_true (g_shell_parse_argv (command, NULL, &argv, NULL));
  return argv;
}

static void
file_without_permission_is_one_line_and_exit_3 (void **state)
{
  /* Nothing is forbidden to root. */
  if (geteuid () == 0)
    skip ();

  g_autofree char *path = p2v_test_write_file (state, "secret", "x", 1);
  assert_int_equal (g_chmod (path, 0), 0);

  g_autoptr (GString) transcript = g_string_new (NULL);
  append_run (transcript, state, "pas2vas info secret");
  assert_true (g_str_has_prefix (transcript->str, "? 3\n! pas2vas: "));
  assert_contains (transcript->str, "secret");
}

/* A loop device with the demo image, or NULL where there are none: not everybody may make one. */
static char *
attach_loop_device (void)
{
  g_autofree char *device = NULL;
  const char *argv[]
    = { "losetup", "--find", "--show", "--read-only", g_getenv ("P2V_TINY_IMAGE"), NULL };
  int status = -1;

  if (!g_spawn_sync (NULL, (char **) argv, NULL,
                     G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &device, NULL,
                     &status, NULL)
      || status != 0)
    return NULL;
  return g_strdup (g_strchomp (device));
}

static void
index_of_a_disk_is_not_kept_and_that_is_told (void **state)
{
  g_autofree char *device = attach_loop_device ();
  const char *detach[] = { "losetup", "--detach", device, NULL };

  /* It leaves the function as a long jump does: nothing may be allocated by then. */
  if (device == NULL)
    skip ();
  g_autoptr (GString) transcript = g_string_new (NULL);
  g_autofree char *info = g_strdup_printf ("pas2vas info --quiet --cache-dir kept %s", device);
  append_run (transcript, state, info);
  append_run (transcript, state, "pas2vas cache list --quiet --cache-dir kept");
  g_spawn_sync (NULL, (char **) detach, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
  assert_contains (transcript->str, "> Address spaces walked: 22\n");
  assert_contains (transcript->str, "The index is not kept for the next time");
  assert_true (strstr (transcript->str, "p2vindex") == NULL);
}

static void
ignore_broken_pipes (gpointer user_data)
{
  signal (SIGPIPE, SIG_IGN);
}

static void
close_standard_streams (gpointer user_data)
{
  close (STDIN_FILENO);
  close (STDOUT_FILENO);
}

/* Reads the first line of an export and closes the pipe, as head(1) does. */
static GSubprocess *
read_one_line (void                 **state,
               GSpawnChildSetupFunc   child_setup)
{
  g_auto (GStrv) argv = split ("pas2vas export --quiet --pages mem.raw");
  GSubprocess *process = start (state, argv, child_setup, NULL);
  GInputStream *output = g_subprocess_get_stdout_pipe (process);
  char start_of_output[9];

  assert_true (g_input_stream_read_all (output, start_of_output, sizeof start_of_output, NULL, NULL,
                                        NULL));
  assert_memory_equal (start_of_output, "physical,", sizeof start_of_output);
  assert_true (g_input_stream_close (output, NULL, NULL));
  assert_true (g_subprocess_wait (process, NULL, NULL));
  return process;
}

static void
assert_silent (GSubprocess *process)
{
  char byte;

  assert_int_equal (
      g_input_stream_read (g_subprocess_get_stderr_pipe (process), &byte, 1, NULL, NULL), 0);
}

static void
reader_that_has_seen_enough_ends_it_quietly (void **state)
{
  g_autoptr (GSubprocess) process = read_one_line (state, NULL);

  assert_true (g_subprocess_get_if_signaled (process));
  assert_int_equal (g_subprocess_get_term_sig (process), SIGPIPE);
  assert_silent (process);
}

static void
broken_pipe_that_is_ignored_ends_it_quietly (void **state)
{
  g_autoptr (GSubprocess) process = read_one_line (state, ignore_broken_pipes);

  assert_true (g_subprocess_get_if_exited (process));
  assert_int_equal (g_subprocess_get_exit_status (process), 0);
  assert_silent (process);
}

static void
closed_standard_streams_do_no_harm (void **state)
{
  g_auto (GStrv) argv = split ("pas2vas export --quiet mem.raw");
  g_autoptr (GSubprocess) process = start (state, argv, close_standard_streams, NULL);

  assert_true (g_subprocess_wait (process, NULL, NULL));
  assert_true (g_subprocess_get_if_exited (process));
  assert_int_equal (g_subprocess_get_exit_status (process), 0);
  assert_silent (process);
}

static void
full_disk_is_one_line_and_exit_3 (void **state)
{
  g_auto (GStrv) argv = split ("pas2vas export --quiet mem.raw");
  g_autoptr (GSubprocess) process = start (state, argv, NULL, "/dev/full");
  char errors[256] = "";
  gsize n_read;

  assert_true (g_input_stream_read_all (g_subprocess_get_stderr_pipe (process), errors,
                                        sizeof errors - 1, &n_read, NULL, NULL));
  assert_true (g_subprocess_wait (process, NULL, NULL));
  assert_int_equal (g_subprocess_get_exit_status (process), 3);
  assert_true (g_str_has_prefix (errors, "pas2vas: "));
  assert_ptr_equal (strchr (errors, '\n'), errors + n_read - 1);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown (test, set_up, p2v_test_teardown_folder)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    IN_FOLDER (lookup_shows_all_owners_and_says_when_there_is_none),
    IN_FOLDER (filters_narrow_an_answer),
    IN_FOLDER (export_prints_every_mapping_of_a_process),
    IN_FOLDER (export_of_pages_has_a_row_for_each_page),
    IN_FOLDER (ps_lists_processes_with_names_of_any_bytes),
    IN_FOLDER (maps_lists_the_regions_of_a_process),
    IN_FOLDER (kernel_is_an_owner_that_hides_what_says_nothing),
    IN_FOLDER (vtop_shows_every_entry_of_a_translation),
    IN_FOLDER (frames_are_what_the_kernel_uses_them_for),
    IN_FOLDER (windows_processes_share_a_library),
    IN_FOLDER (info_tells_what_an_image_is),
    IN_FOLDER (index_is_built_once_and_then_kept),
    IN_FOLDER (strings_adds_all_owners_to_each_line),
    IN_FOLDER (shared_lists_pairs_and_ranges),
    IN_FOLDER (wrong_command_line_is_one_line_and_exit_2),
    IN_FOLDER (file_that_is_no_image_is_one_line_and_exit_3),
    IN_FOLDER (page_behind_the_end_of_a_cut_image_has_owners_and_no_file_offset),
    IN_FOLDER (image_cut_before_its_system_is_one_line_and_exit_3),
    IN_FOLDER (file_without_permission_is_one_line_and_exit_3),
    IN_FOLDER (index_of_a_disk_is_not_kept_and_that_is_told),
    IN_FOLDER (reader_that_has_seen_enough_ends_it_quietly),
    IN_FOLDER (broken_pipe_that_is_ignored_ends_it_quietly),
    IN_FOLDER (closed_standard_streams_do_no_harm),
    IN_FOLDER (full_disk_is_one_line_and_exit_3),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
