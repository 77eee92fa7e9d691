/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The only header that includes cmocka, and what every test needs beside it.
 *
 * A failing assert jumps out of the test: what it has allocated by then leaks. So whatever must not
 * stay behind, such as files, belongs to the folder of p2v_test_setup_folder(). */

#pragma once

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pas2vas.h"

/* Fails with the message of an error that should not be there. */
#define assert_no_error(error) p2v_test_assert_no_error ((error), __FILE__, __LINE__)
/* Fails unless the error is of that kind and its message contains @part, which may be "". */
#define assert_error(error, domain, code, part) \
  p2v_test_assert_error ((error), (domain), (int) (code), (part), __FILE__, __LINE__)
/* Fails unless @text contains @part. */
#define assert_contains(text, part) p2v_test_assert_contains ((text), (part), __FILE__, __LINE__)

void  p2v_test_assert_no_error (const GError *error,
                                const char   *file,
                                int           line);
void  p2v_test_assert_error    (const GError *error,
                                GQuark        domain,
                                int           code,
                                const char   *part,
                                const char   *file,
                                int           line);
void  p2v_test_assert_contains (const char   *text,
                                const char   *part,
                                const char   *file,
                                int           line);

/* As setup and teardown: a fresh folder in *state (char *, its path), removed with all that is in
 * it. */
int   p2v_test_setup_folder    (void        **state);
int   p2v_test_teardown_folder (void        **state);

/* (transfer full): the path of a file of that name in the folder, not created. */
char *p2v_test_path            (void        **state,
                                const char   *name);
/* (transfer full): the path of a new file with these bytes, in place of an old one of that name. */
char *p2v_test_write_file      (void        **state,
                                const char   *name,
                                const void   *bytes,
                                gsize         length_bytes);

/* The test and its folder. */
#define p2v_test_in_folder(test) \
  cmocka_unit_test_setup_teardown (test, p2v_test_setup_folder, p2v_test_teardown_folder)
