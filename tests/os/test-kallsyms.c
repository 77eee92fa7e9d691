/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The reader of the kernel's own symbol table. */

#include "p2v-test.h"

#include "os/symbols/p2v-kallsyms.h"
#include "p2v-image-writers.h"
#include "p2v-kallsyms-writer.h"

#include <string.h>

/* A kernel with KASLR, as one stood in a real image. */
#define BASE G_GUINT64_CONSTANT (0xffffffffad200000)

static GBytes *
to_bytes (const GByteArray *array)
{
  return g_bytes_new (array->data, array->len);
}

static P2vSymbolTable *
read_table (const P2vKallsymsWriter *writer,
            GError                 **error)
{
  g_autoptr (GBytes) names = to_bytes (writer->names);
  g_autoptr (GBytes) table = to_bytes (writer->token_table);
  g_autoptr (GBytes) index = to_bytes (writer->token_index);
  g_autoptr (GBytes) offsets = to_bytes (writer->offsets);
  const P2vKallsyms kallsyms = {
    .names = names,
    .token_table = table,
    .token_index = index,
    .offsets = offsets,
    .n_symbols = writer->n_symbols,
    .relative_base = writer->base,
    .is_place_relative = writer->form == P2V_TEST_KALLSYMS_PLACES,
  };
  return p2v_kallsyms_read (&kallsyms, error);
}

static void
assert_symbol (const P2vKallsymsWriter *writer,
               const char              *name,
               guint64                  expected_va)
{
  GError *error = NULL;
  g_autoptr (P2vSymbolTable) table = read_table (writer, &error);
  guint64 va = 0;

  assert_no_error (error);
  assert_non_null (table);
  assert_int_equal (p2v_symbol_table_get_n_symbols (table), writer->n_symbols);
  assert_int_equal (p2v_symbol_table_find (table, name, &va), expected_va != 0);
  assert_true (va == expected_va);
}

static void
assert_refused (const P2vKallsymsWriter *writer,
                const char              *part)
{
  GError *error = NULL;

  assert_null (read_table (writer, &error));
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, part);
  g_clear_error (&error);
}

static void
offsets_from_the_base_are_addresses (void **state)
{
  g_autoptr (P2vKallsymsWriter) writer
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, NULL);
  p2v_kallsyms_writer_add (writer, "t_text", BASE);
  p2v_kallsyms_writer_add (writer, "dinit_task", BASE + 0x1a1aa40);
  p2v_kallsyms_writer_add (writer, "b_end", BASE + 0x7fffffff);

  assert_symbol (writer, "_text", BASE);
  assert_symbol (writer, "init_task", BASE + 0x1a1aa40);
  assert_symbol (writer, "_end", BASE + 0x7fffffff);
}

static void
negative_offsets_are_addresses_and_others_per_cpu_values (void **state)
{
  g_autoptr (P2vKallsymsWriter) writer
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_NEGATIVE, BASE, NULL);
  p2v_kallsyms_writer_add (writer, "acurrent_task", 0x1fb80);
  p2v_kallsyms_writer_add (writer, "t_text", BASE);
  p2v_kallsyms_writer_add (writer, "dinit_task", BASE + 0x1a1aa40);

  assert_symbol (writer, "current_task", 0x1fb80);
  assert_symbol (writer, "_text", BASE);
  assert_symbol (writer, "init_task", BASE + 0x1a1aa40);
}

static void
offsets_from_their_own_places_are_addresses (void **state)
{
  g_autoptr (P2vKallsymsWriter) writer
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLACES, BASE + 0x1000000, NULL);
  p2v_kallsyms_writer_add (writer, "t_text", BASE);
  p2v_kallsyms_writer_add (writer, "dinit_task", BASE + 0x1a1aa40);
  p2v_kallsyms_writer_add (writer, "b_end", BASE + 0x2000000);

  assert_symbol (writer, "_text", BASE);
  assert_symbol (writer, "init_task", BASE + 0x1a1aa40);
  assert_symbol (writer, "_end", BASE + 0x2000000);
}

static void
tokens_stand_for_their_texts (void **state)
{
  const char *const tokens[] = { "init", "_task", "__x64_sys_", "din", NULL };
  g_autoptr (P2vKallsymsWriter) writer
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, tokens);
  p2v_kallsyms_writer_add (writer, "dAB", BASE + 1);
  p2v_kallsyms_writer_add (writer, "TCread", BASE + 2);
  /* The type letter may be a part of a token. */
  p2v_kallsyms_writer_add (writer, "Dode", BASE + 3);

  assert_symbol (writer, "init_task", BASE + 1);
  assert_symbol (writer, "__x64_sys_read", BASE + 2);
  assert_symbol (writer, "inode", BASE + 3);
}

static void
of_equal_names_the_first_is_taken_and_missing_ones_are_not_found (void **state)
{
  g_autoptr (P2vKallsymsWriter) writer
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, NULL);
  p2v_kallsyms_writer_add (writer, "ttwice", BASE + 0x10);
  p2v_kallsyms_writer_add (writer, "tonce", BASE + 0x20);
  p2v_kallsyms_writer_add (writer, "ttwice", BASE + 0x30);

  assert_symbol (writer, "twice", BASE + 0x10);
  assert_symbol (writer, "never", 0);
  assert_symbol (writer, "once", BASE + 0x20);
}

/* kernel/kallsyms.c: a name may have KSYM_NAME_LEN - 1 characters beside its type letter. */
static void
long_name_has_a_length_of_two_bytes (void **state)
{
  const gsize lengths[] = { 127, 128, 129, 300, 511, 512 };

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (P2vKallsymsWriter) writer
          = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, NULL);
      g_autofree char *record = g_strnfill (lengths[i], 'n');
      p2v_kallsyms_writer_add (writer, record, BASE + 8);
      p2v_kallsyms_writer_add (writer, "tnext", BASE + 16);

      assert_symbol (writer, record + 1, BASE + 8);
      assert_symbol (writer, "next", BASE + 16);
    }
}

static void
name_longer_than_the_limit_is_refused (void **state)
{
  const char *const tokens[] = { "0123456789abcdef0123456789abcdef", NULL };
  g_autoptr (P2vKallsymsWriter) plain
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, NULL);
  g_autoptr (P2vKallsymsWriter) expanding
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, tokens);
  g_autofree char *record = g_strnfill (513, 'n');
  p2v_kallsyms_writer_add (plain, record, BASE);
  p2v_kallsyms_writer_add (expanding, "tfine", BASE);
  p2v_kallsyms_writer_add (expanding, "AAAAAAAAAAAAAAAAA", BASE);

  assert_refused (plain, "symbol 0 of 1");
  assert_refused (expanding, "symbol 1 of 2");
}

static void
names_cut_at_any_byte_are_refused (void **state)
{
  g_autoptr (P2vKallsymsWriter) writer
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, NULL);
  g_autofree char *record = g_strnfill (200, 'n');
  p2v_kallsyms_writer_add (writer, "tone", BASE);
  p2v_kallsyms_writer_add (writer, record, BASE);
  p2v_kallsyms_writer_add (writer, "tthree", BASE);

  for (guint length = writer->names->len; length-- > 0;)
    {
      g_byte_array_set_size (writer->names, length);
      assert_refused (writer, "of 3");
    }
}

static void
offsets_that_end_early_are_refused (void **state)
{
  g_autoptr (P2vKallsymsWriter) writer
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, NULL);
  p2v_kallsyms_writer_add (writer, "tone", BASE);
  p2v_kallsyms_writer_add (writer, "ttwo", BASE);

  for (guint length = writer->offsets->len; length-- > 0;)
    {
      g_byte_array_set_size (writer->offsets, length);
      assert_refused (writer, length < 4 ? "symbol 0 of 2" : "symbol 1 of 2");
    }
}

static void
empty_record_is_refused (void **state)
{
  g_autoptr (P2vKallsymsWriter) writer
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, NULL);
  p2v_kallsyms_writer_add (writer, "tone", BASE);
  p2v_kallsyms_writer_add (writer, "", BASE);

  assert_refused (writer, "symbol 1 of 2");
}

static void
type_letter_without_a_name_is_no_symbol (void **state)
{
  g_autoptr (P2vKallsymsWriter) writer
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, NULL);
  p2v_kallsyms_writer_add (writer, "t", BASE + 4);
  p2v_kallsyms_writer_add (writer, "tnext", BASE + 8);

  assert_symbol (writer, "next", BASE + 8);
  assert_symbol (writer, "t", 0);
}

static void
token_outside_the_table_is_refused (void **state)
{
  g_autoptr (P2vKallsymsWriter) writer
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, NULL);
  p2v_kallsyms_writer_add (writer, "tone", BASE);
  const guint length = writer->token_table->len;

  p2v_test_put (writer->token_index, 2 * 255, 2, length);
  assert_refused (writer, "kallsyms_token_index");
  p2v_test_put (writer->token_index, 2 * 255, 2, length - 2);
  assert_symbol (writer, "one", BASE);
  /* The last token does not end any more. */
  g_byte_array_set_size (writer->token_table, length - 1);
  assert_refused (writer, "kallsyms_token_index");
}

static void
short_index_of_tokens_is_refused (void **state)
{
  g_autoptr (P2vKallsymsWriter) writer
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, NULL);
  p2v_kallsyms_writer_add (writer, "tone", BASE);

  g_byte_array_set_size (writer->token_index, 511);
  assert_refused (writer, "kallsyms_token_index");
}

static void
bytes_behind_the_tables_do_no_harm (void **state)
{
  g_autoptr (P2vKallsymsWriter) writer
      = p2v_kallsyms_writer_new (P2V_TEST_KALLSYMS_PLAIN, BASE, NULL);
  p2v_kallsyms_writer_add (writer, "tone", BASE + 4);
  p2v_test_append (writer->names, 8, G_MAXUINT64);
  p2v_test_append (writer->token_table, 8, G_MAXUINT64);
  p2v_test_append (writer->offsets, 8, G_MAXUINT64);

  assert_symbol (writer, "one", BASE + 4);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (offsets_from_the_base_are_addresses),
    cmocka_unit_test (negative_offsets_are_addresses_and_others_per_cpu_values),
    cmocka_unit_test (offsets_from_their_own_places_are_addresses),
    cmocka_unit_test (tokens_stand_for_their_texts),
    cmocka_unit_test (of_equal_names_the_first_is_taken_and_missing_ones_are_not_found),
    cmocka_unit_test (long_name_has_a_length_of_two_bytes),
    cmocka_unit_test (name_longer_than_the_limit_is_refused),
    cmocka_unit_test (names_cut_at_any_byte_are_refused),
    cmocka_unit_test (offsets_that_end_early_are_refused),
    cmocka_unit_test (empty_record_is_refused),
    cmocka_unit_test (type_letter_without_a_name_is_no_symbol),
    cmocka_unit_test (token_outside_the_table_is_refused),
    cmocka_unit_test (short_index_of_tokens_is_refused),
    cmocka_unit_test (bytes_behind_the_tables_do_no_harm),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
