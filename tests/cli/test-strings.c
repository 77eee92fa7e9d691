/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas strings between a pipe and a pipe or a terminal: which bytes come through. With the
 * argument "terminal" the cases that need one; they are skipped as a whole where there are none. */

/* For posix_openpt() and its kin, which are no part of C17. */
#define _GNU_SOURCE

#include "p2v-test.h"

#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Source: data/demo/linux-tiny/README.md: the page that pid 88 maps three times. */
#define OWNERS " [88:0x7fe716315010 88:0x7fe71631b010 88:0x7fe716323010] "

/* What a hostile image may hold: clear the screen, ring, set the title, text from right to left, a
 * byte that is no UTF-8, and a NUL. */
#define HOSTILE "\x1b[2J\a\x1b]0;x\a\xe2\x80\xae\xff\0z"

static GSubprocess *
start (int    output,
       char **arguments)
{
  g_autoptr (GSubprocessLauncher) launcher =
    g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE
                               | (output < 0 ? G_SUBPROCESS_FLAGS_STDOUT_PIPE : 0));
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (argv, (gpointer) g_getenv ("P2V_CLI"));
  g_ptr_array_add (argv, "strings");
  for (char **argument = arguments; *argument != NULL; argument++)
    g_ptr_array_add (argv, *argument);
  g_ptr_array_add (argv, (gpointer) g_getenv ("P2V_TINY_IMAGE"));
  g_ptr_array_add (argv, NULL);
  if (output >= 0)
    g_subprocess_launcher_take_stdout_fd (launcher, output);
  GSubprocess *process =
    g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, &error);
  assert_no_error (error);
  return process;
}

/* What comes out of a pipe when @input goes into one. */
static GBytes *
annotate (const char *input,
          gsize       length,
          char      **arguments)
{
  g_autoptr (GSubprocess) process = start (-1, arguments);
  g_autoptr (GBytes) bytes = g_bytes_new (input, length);
  GBytes *output = NULL;

  assert_true (g_subprocess_communicate (process, bytes, NULL, &output, NULL, NULL));
  assert_int_equal (g_subprocess_get_exit_status (process), 0);
  return output;
}

static void
assert_bytes (GBytes     *bytes,
              const char *expected,
              gsize       length)
{
  assert_int_equal (g_bytes_get_size (bytes), length);
  assert_memory_equal (g_bytes_get_data (bytes, NULL), expected, length);
}

static void
bytes_pass_through_a_pipe_as_they_are (void **state)
{
  static const char input[] = "77848592 " HOSTILE "\n";
  static const char expected[] = "77848592" OWNERS HOSTILE "\n";
  char *arguments[] = { NULL };
  g_autoptr (GBytes) output = annotate (input, sizeof input - 1, arguments);

  assert_bytes (output, expected, sizeof expected - 1);
}

static void
feature_file_keeps_its_columns (void **state)
{
  static const char input[] = "\xef\xbb\xbf# BANNER\r\n77848592\ta@b\tto: a@b\r\n"
                              "77848592-GZIP-7\ta\tb\r\nbroken\tline\r\n\r\n";
  static const char expected[] =
    "\xef\xbb\xbf# BANNER\r\n"
    "77848592\t[88:0x7fe716315010 88:0x7fe71631b010 88:0x7fe716323010]\ta@b\tto: a@b\r\n"
    "77848592-GZIP-7\t[88:0x7fe716315010 88:0x7fe71631b010 88:0x7fe716323010]\ta\tb\r\n"
    "broken\tline\r\n\r\n";
  char *arguments[] = { NULL };
  g_autoptr (GBytes) output = annotate (input, sizeof input - 1, arguments);

  assert_bytes (output, expected, sizeof expected - 1);
}

static void
last_line_without_an_end_gets_one (void **state)
{
  static const char input[] = "77848592 a";
  static const char expected[] = "77848592" OWNERS "a\n";
  char *arguments[] = { NULL };
  g_autoptr (GBytes) output = annotate (input, sizeof input - 1, arguments);

  assert_bytes (output, expected, sizeof expected - 1);
}

static void
line_of_three_mebibytes_is_passed_on_whole (void **state)
{
  g_autofree char *text = g_strnfill (3 << 20, 'x');
  g_autofree char *input = g_strconcat ("77848592 ", text, "\n77848592 next\n", NULL);
  g_autofree char *expected =
    g_strconcat ("77848592" OWNERS, text, "\n77848592" OWNERS "next\n", NULL);
  char *arguments[] = { NULL };
  g_autoptr (GBytes) output = annotate (input, strlen (input), arguments);

  assert_bytes (output, expected, strlen (expected));
}

static guint
count_lines (GBytes *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  guint n = 0;

  for (gsize i = 0; i < length; i++)
    n += data[i] == '\n' ? 1 : 0;
  return n;
}

static void
rows_of_a_line_of_three_mebibytes_hold_its_start (void **state)
{
  g_autofree char *text = g_strnfill (3 << 20, 'x');
  g_autofree char *input = g_strconcat ("77848592 ", text, "\n", NULL);
  char *arguments[] = { "--format=csv", NULL };
  g_autoptr (GBytes) output = annotate (input, strlen (input), arguments);

  assert_int_equal (count_lines (output), 4);
  assert_in_range (g_bytes_get_size (output), 3 << 20, (3 << 20) + 500);
}

static char *
read_terminal (int terminal)
{
  GString *text = g_string_new (NULL);
  char bytes[256];

  /* Linux ends a terminal that nobody holds any more with EIO. */
  for (gssize n; (n = read (terminal, bytes, sizeof bytes)) > 0;)
    g_string_append_len (text, bytes, n);
  return g_string_free (text, FALSE);
}

static void
terminal_gets_no_control_characters (void **state)
{
  static const char input[] = "77848592 " HOSTILE "\n77848592\ta\tb\r\n" HOSTILE "\n";
  int terminal = posix_openpt (O_RDWR | O_NOCTTY);
  char *arguments[] = { NULL };

  assert_true (terminal >= 0);
  assert_int_equal (grantpt (terminal), 0);
  assert_int_equal (unlockpt (terminal), 0);
  int output = open (ptsname (terminal), O_RDWR | O_NOCTTY);
  assert_true (output >= 0);

  g_autoptr (GSubprocess) process = start (output, arguments);
  g_autoptr (GBytes) bytes = g_bytes_new (input, sizeof input - 1);
  assert_true (g_subprocess_communicate (process, bytes, NULL, NULL, NULL, NULL));
  g_autofree char *text = read_terminal (terminal);
  close (terminal);

  /* The terminal itself makes CR LF of LF, and blanks of tabs if it likes. */
#define ESCAPED "\\x1b[2J\\x07\\x1b]0;x\\x07\\xe2\\x80\\xae\\xff\\x00z\r\n"
  assert_true (g_str_has_prefix (text, "77848592" OWNERS ESCAPED "77848592"));
  assert_true (g_str_has_suffix (text, "b\r\n" ESCAPED));
  assert_null (strchr (text, '\x1b'));
}

/* A chroot may lack the file system of pseudo-terminals. */
static gboolean
has_terminals (void)
{
  int terminal = posix_openpt (O_RDWR | O_NOCTTY);

  if (terminal < 0)
    return FALSE;
  close (terminal);
  return TRUE;
}

int
main (int    argc,
      char **argv)
{
  const struct CMUnitTest pipes[] = {
    cmocka_unit_test (bytes_pass_through_a_pipe_as_they_are),
    cmocka_unit_test (feature_file_keeps_its_columns),
    cmocka_unit_test (last_line_without_an_end_gets_one),
    cmocka_unit_test (line_of_three_mebibytes_is_passed_on_whole),
    cmocka_unit_test (rows_of_a_line_of_three_mebibytes_hold_its_start),
  };
  const struct CMUnitTest terminals[] = {
    cmocka_unit_test (terminal_gets_no_control_characters),
  };

  if (argc < 2)
    return cmocka_run_group_tests (pipes, NULL, NULL);
  if (has_terminals ())
    return cmocka_run_group_tests (terminals, NULL, NULL);
  print_message ("skipped: there are no pseudo-terminals (/dev/pts) here\n");
  return 77;
}
