/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Names to addresses and back. */

#include "p2v-test.h"

#include "base/p2v-limits.h"
#include "os/symbols/p2v-symbol-table.h"

#include <string.h>

static void
add (P2vSymbolTable *table,
     const char     *name,
     guint64         va)
{
  assert_true (p2v_symbol_table_add (table, name, strlen (name), va));
}

static void
assert_found (const P2vSymbolTable *table,
              const char           *name,
              guint64               expected_va)
{
  guint64 va = 0;

  if (!p2v_symbol_table_find (table, name, &va))
    fail_msg ("%s was not found", name);
  assert_int_equal (va, expected_va);
}

static void
assert_nearest (const P2vSymbolTable *table,
                guint64               va,
                const char           *expected_name,
                guint64               expected_va)
{
  guint64 symbol_va = 0;

  assert_string_equal (p2v_symbol_table_find_nearest (table, va, &symbol_va), expected_name);
  assert_int_equal (symbol_va, expected_va);
}

static void
symbols_in_any_order_are_found_in_both_directions (void **state)
{
  g_autoptr (P2vSymbolTable) table = p2v_symbol_table_new ();
  guint64 va = 0x1234;
  add (table, "last", G_MAXUINT64);
  add (table, "third", 0x3000);
  add (table, "first", 0x1000);
  add (table, "second", 0x2000);
  p2v_symbol_table_seal (table);

  assert_int_equal (p2v_symbol_table_get_n_symbols (table), 4);
  assert_found (table, "first", 0x1000);
  assert_found (table, "last", G_MAXUINT64);
  assert_false (p2v_symbol_table_find (table, "fourth", &va));
  assert_false (p2v_symbol_table_find (table, "", &va));
  assert_null (p2v_symbol_table_find_nearest (table, 0xfff, &va));
  assert_int_equal (va, 0x1234);
  assert_nearest (table, 0x1000, "first", 0x1000);
  assert_nearest (table, 0x1fff, "first", 0x1000);
  assert_nearest (table, 0x2000, "second", 0x2000);
  assert_nearest (table, G_MAXUINT64 - 1, "third", 0x3000);
  assert_nearest (table, G_MAXUINT64, "last", G_MAXUINT64);
}

static void
of_names_at_one_address_the_first_added_is_the_nearest (void **state)
{
  g_autoptr (P2vSymbolTable) table = p2v_symbol_table_new ();
  add (table, "above", 0x3000);
  add (table, "startup_64", 0x1000);
  add (table, "_text", 0x1000);
  add (table, "_stext", 0x1000);
  p2v_symbol_table_seal (table);

  assert_nearest (table, 0x1000, "startup_64", 0x1000);
  assert_nearest (table, 0x2fff, "startup_64", 0x1000);
  assert_found (table, "_stext", 0x1000);
}

static void
of_equal_names_the_lowest_address_is_meant (void **state)
{
  g_autoptr (P2vSymbolTable) table = p2v_symbol_table_new ();
  add (table, "local", 0x5000);
  add (table, "local", 0x3000);
  add (table, "local", 0x4000);
  p2v_symbol_table_seal (table);

  assert_found (table, "local", 0x3000);
}

static void
many_symbols_are_all_found (void **state)
{
  const guint n_symbols = 100000;
  g_autoptr (P2vSymbolTable) table = p2v_symbol_table_new ();
  char name[32];
  for (guint i = 0; i < n_symbols; i++)
    {
      g_snprintf (name, sizeof name, "symbol_%u", i);
      add (table, name, 0x10 * (guint64) (n_symbols - i));
    }
  p2v_symbol_table_seal (table);

  for (guint i = 0; i < n_symbols; i++)
    {
      guint64 va = 0x10 * (guint64) (n_symbols - i);
      g_snprintf (name, sizeof name, "symbol_%u", i);
      assert_found (table, name, va);
      assert_nearest (table, va + 15, name, va);
    }
}

static void
empty_table_knows_nothing (void **state)
{
  g_autoptr (P2vSymbolTable) table = p2v_symbol_table_new ();
  guint64 va;
  p2v_symbol_table_seal (table);

  assert_int_equal (p2v_symbol_table_get_n_symbols (table), 0);
  assert_false (p2v_symbol_table_find (table, "init_task", &va));
  assert_null (p2v_symbol_table_find_nearest (table, G_MAXUINT64, &va));
}

static void
names_beyond_the_limit_are_refused (void **state)
{
  const gsize length = (gsize) 1 << 20;
  g_autoptr (P2vSymbolTable) table = p2v_symbol_table_new ();
  g_autofree char *name = g_strnfill (length, 'n');
  guint n_added = 0;
  while (p2v_symbol_table_add (table, name, length, n_added))
    n_added++;

  assert_int_equal (n_added, P2V_LIMIT_SYMBOL_NAME_BYTES / (length + 1));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (symbols_in_any_order_are_found_in_both_directions),
    cmocka_unit_test (of_names_at_one_address_the_first_added_is_the_nearest),
    cmocka_unit_test (of_equal_names_the_lowest_address_is_meant),
    cmocka_unit_test (many_symbols_are_all_found),
    cmocka_unit_test (empty_table_knows_nothing),
    cmocka_unit_test (names_beyond_the_limit_are_refused),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
