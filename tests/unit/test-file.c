/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-test.h"

#include "base/p2v-file.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void
assert_open_fails (const char *path,
                   GQuark      domain,
                   int         code,
                   const char *part)
{
  GError *error = NULL;

  assert_null (p2v_file_open (path, &error));
  assert_error (error, domain, code, part);
  assert_contains (error->message, path);
  g_error_free (error);
}

static P2vFile *
open_file (const char *path)
{
  GError *error = NULL;
  P2vFile *file = p2v_file_open (path, &error);

  assert_no_error (error);
  assert_non_null (file);
  return file;
}

static void
regular_file_is_opened_with_its_size_and_path (void **state)
{
  g_autofree char *path = p2v_test_write_file (state, "image", "0123456789", 10);
  g_autoptr (P2vFile) file = open_file (path);

  assert_int_equal (p2v_file_get_size (file), 10);
  assert_string_equal (p2v_file_get_path (file), path);
  assert_string_equal (p2v_file_get_display_name (file), path);
}

static void
reading_gives_exactly_the_bytes_asked_for (void **state)
{
  g_autofree char *path = p2v_test_write_file (state, "image", "0123456789", 10);
  g_autoptr (P2vFile) file = open_file (path);
  GError *error = NULL;
  char buffer[11] = "##########";

  assert_true (p2v_file_read (file, 3, buffer, 4, &error));
  assert_no_error (error);
  assert_string_equal (buffer, "3456######");
  assert_true (p2v_file_read (file, 0, buffer, 10, &error));
  assert_string_equal (buffer, "0123456789");
  assert_true (p2v_file_read (file, 10, buffer, 0, &error));
}

static void
reading_beyond_the_end_is_truncation (void **state)
{
  g_autofree char *path = p2v_test_write_file (state, "image", "0123456789", 10);
  g_autoptr (P2vFile) file = open_file (path);
  char buffer[16];
  const struct { guint64 offset; gsize length; const char *part; } cases[] = {
    { 9, 2, "offset 0x9" },
    { 10, 1, "offset 0xa" },
    { 11, 0, "offset 0xb" },
    { G_MAXUINT64, 1, "offset 0xffffffffffffffff" },
    { G_MAXUINT64 - 3, 8, "offset 0xfffffffffffffffc" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GError *error = NULL;
      assert_false (p2v_file_read (file, cases[i].offset, buffer, cases[i].length, &error));
      assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED, cases[i].part);
      assert_contains (error->message, path);
      g_error_free (error);
    }
}

static void
file_that_shrinks_is_an_error_that_says_so (void **state)
{
  g_autofree char *path = p2v_test_write_file (state, "image", "0123456789", 10);
  g_autoptr (P2vFile) file = open_file (path);
  GError *error = NULL;
  char buffer[8];

  assert_int_equal (truncate (path, 6), 0);
  assert_false (p2v_file_read (file, 2, buffer, 8, &error));
  assert_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED, "ends at offset 0x6");
  assert_contains (error->message, "make a copy");
  g_error_free (error);
}

static void
file_stays_readable_until_the_last_reference_goes (void **state)
{
  g_autofree char *path = p2v_test_write_file (state, "image", "0123456789", 10);
  P2vFile *file = open_file (path);
  P2vFile *other = p2v_file_ref (file);
  char buffer[2];

  p2v_file_unref (file);
  assert_int_equal (unlink (path), 0);
  assert_true (p2v_file_read (other, 8, buffer, 2, NULL));
  assert_memory_equal (buffer, "89", 2);
  p2v_file_unref (other);
}

static void
prefetching_beyond_the_end_is_harmless (void **state)
{
  g_autofree char *path = p2v_test_write_file (state, "image", "0123456789", 10);
  g_autoptr (P2vFile) file = open_file (path);
  char buffer[10];

  p2v_file_prefetch (file, 0, 10);
  p2v_file_prefetch (file, 5, 100);
  p2v_file_prefetch (file, G_MAXUINT64, G_MAXUINT64);
  assert_true (p2v_file_read (file, 0, buffer, 10, NULL));
}

static void
empty_file_is_refused (void **state)
{
  g_autofree char *path = p2v_test_write_file (state, "empty", "", 0);
  assert_open_fails (path, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_NOT_RECOGNIZED, "empty");
}

static void
missing_file_is_refused (void **state)
{
  g_autofree char *path = p2v_test_path (state, "missing");
  assert_open_fails (path, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "Cannot open “");
}

static void
folder_is_refused (void **state)
{
  assert_open_fails (*state, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_NOT_RECOGNIZED, "is a folder");
}

static void
pipe_without_writer_is_refused_and_does_not_hang (void **state)
{
  g_autofree char *path = p2v_test_path (state, "pipe");
  assert_int_equal (mkfifo (path, 0600), 0);
  assert_open_fails (path, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_NOT_RECOGNIZED, "is a pipe");
}

static void
socket_is_refused (void **state)
{
  g_autofree char *path = p2v_test_path (state, "socket");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  assert_true (g_strlcpy (address.sun_path, path, sizeof address.sun_path)
               < sizeof address.sun_path);
  assert_int_equal (bind (fd, (struct sockaddr *) &address, sizeof address), 0);
  assert_open_fails (path, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_NOT_RECOGNIZED, "is a socket");
  close (fd);
}

static void
character_device_is_refused (void **state)
{
  assert_open_fails ("/dev/null", P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_NOT_RECOGNIZED,
                     "is a character device");
}

static void
loop_of_symbolic_links_is_refused (void **state)
{
  g_autofree char *a = p2v_test_path (state, "a");
  g_autofree char *b = p2v_test_path (state, "b");

  assert_int_equal (symlink (a, b), 0);
  assert_int_equal (symlink (b, a), 0);
  assert_open_fails (a, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS, "Cannot open “");
}

/* Root may read everything, so there is nothing to see. */
static void
file_without_permission_is_refused (void **state)
{
  g_autofree char *path = p2v_test_write_file (state, "secret", "0123456789", 10);

  assert_int_equal (chmod (path, 0), 0);
  if (geteuid () == 0)
    return;
  assert_open_fails (path, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "Cannot open “");
}

static void
hostile_file_name_is_escaped_in_messages (void **state)
{
  g_autofree char *path = p2v_test_path (state, "x\n\x1b[31m\xff");
  GError *error = NULL;

  assert_null (p2v_file_open (path, &error));
  assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "x\\x0a\\x1b[31m\\xff");
  assert_true (g_utf8_validate (error->message, -1, NULL));
  assert_null (strpbrk (error->message, "\n\x1b"));
  g_error_free (error);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (regular_file_is_opened_with_its_size_and_path),
    p2v_test_in_folder (reading_gives_exactly_the_bytes_asked_for),
    p2v_test_in_folder (reading_beyond_the_end_is_truncation),
    p2v_test_in_folder (file_that_shrinks_is_an_error_that_says_so),
    p2v_test_in_folder (file_stays_readable_until_the_last_reference_goes),
    p2v_test_in_folder (prefetching_beyond_the_end_is_harmless),
    p2v_test_in_folder (empty_file_is_refused),
    p2v_test_in_folder (missing_file_is_refused),
    p2v_test_in_folder (folder_is_refused),
    p2v_test_in_folder (pipe_without_writer_is_refused_and_does_not_hang),
    p2v_test_in_folder (socket_is_refused),
    p2v_test_in_folder (character_device_is_refused),
    p2v_test_in_folder (loop_of_symbolic_links_is_refused),
    p2v_test_in_folder (file_without_permission_is_refused),
    p2v_test_in_folder (hostile_file_name_is_escaped_in_messages),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
