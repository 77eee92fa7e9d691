/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The kernel's own symbol table, found by what it holds. */

#include "p2v-test.h"

#include "os/symbols/p2v-kallsyms-search.h"
#include "p2v-image-writers.h"
#include "p2v-symbol-writers.h"

#include <string.h>

#define BASE_64 G_GUINT64_CONSTANT (0xffffffffad200000)
#define BASE_32 G_GUINT64_CONSTANT (0xde000000)
/* Such tables may be moved. */
#define BASE_PLACE 0x1000000

/* More than 2048, and the last block of 256 is not full. */
#define N_SYMBOLS 3001

/* Words, whole addresses, offsets last, markers' bytes, seqs, negative, plain lengths, from their
 * places. */
static const P2vTestKallsymsOrder orders[] = {
  { 8, TRUE, FALSE, 8, FALSE, FALSE, TRUE, FALSE },   /* x86-64 before 4.6 */
  { 8, FALSE, FALSE, 8, FALSE, TRUE, TRUE, FALSE },   /* to 4.19 */
  { 8, FALSE, FALSE, 4, FALSE, TRUE, TRUE, FALSE },   /* from 4.20 on */
  { 8, FALSE, FALSE, 4, TRUE, TRUE, FALSE, FALSE },   /* 6.1 of Debian, 6.2 */
  { 8, FALSE, TRUE, 4, FALSE, TRUE, FALSE, FALSE },   /* from 6.4 on */
  { 8, FALSE, TRUE, 4, FALSE, FALSE, FALSE, FALSE },  /* arm64 */
  { 8, FALSE, TRUE, 4, FALSE, FALSE, FALSE, TRUE },  /* from 7.0 on */
  { 4, FALSE, FALSE, 4, TRUE, FALSE, FALSE, FALSE },  /* i386 */
  { 4, FALSE, TRUE, 4, FALSE, FALSE, FALSE, FALSE },  /* i386 from 6.4 on */
  { 4, TRUE, FALSE, 4, FALSE, FALSE, TRUE, FALSE },   /* i386 before 4.6 */
};

static guint64
get_base (const P2vTestKallsymsOrder *order)
{
  if (order->from_places)
    return BASE_PLACE;
  return order->word_bytes == 8 ? BASE_64 : BASE_32;
}

static gboolean
locate (const GByteArray *bytes,
        gsize             digits,
        P2vKallsyms      *kallsyms)
{
  return p2v_kallsyms_locate (bytes->data, bytes->len, digits, kallsyms);
}

static void
assert_symbols (const P2vTestKallsymsOrder *order,
                const P2vKallsyms          *kallsyms)
{
  GError *error = NULL;
  g_autoptr (P2vSymbolTable) table = p2v_kallsyms_read (kallsyms, &error);
  const guint wanted[] = { 0, 1, 255, 256, 2999, 3000 };

  assert_no_error (error);
  assert_int_equal (p2v_symbol_table_get_n_symbols (table), N_SYMBOLS);
  for (gsize i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      g_autofree char *name = g_strdup_printf ("symbol_%u", wanted[i]);
      guint64 va = 0;
      assert_true (p2v_symbol_table_find (table, name, &va));
      assert_int_equal (va, get_base (order) + 16 * wanted[i]);
    }
}

static void
tables_are_found_in_every_order (void **state)
{
  for (gsize i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      gsize digits;
      g_autoptr (GByteArray) bytes
          = p2v_test_kallsyms_new (&orders[i], get_base (&orders[i]), N_SYMBOLS, &digits);
      P2vKallsyms kallsyms = { 0 };

      assert_int_equal (p2v_kallsyms_find_digits (bytes->data, bytes->len, 0), digits);
      assert_true (p2v_kallsyms_may_be_tokens (bytes->data + digits, bytes->len - digits));
      if (!locate (bytes, digits, &kallsyms))
        fail_msg ("order %zu was not found", i);
      assert_int_equal (kallsyms.has_plain_lengths, orders[i].has_plain_lengths);
      assert_int_equal (kallsyms.is_place_relative, orders[i].from_places);
      assert_symbols (&orders[i], &kallsyms);
      p2v_kallsyms_clear (&kallsyms);
    }
}

static void
digits_elsewhere_are_no_token_table (void **state)
{
  static const char text[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009\0and so on";
  P2vKallsyms kallsyms;

  assert_int_equal (p2v_kallsyms_find_digits ((const guint8 *) text, sizeof text, 0), 0);
  assert_int_equal (p2v_kallsyms_find_digits ((const guint8 *) text, sizeof text, 1), sizeof text);
  assert_false (p2v_kallsyms_may_be_tokens ((const guint8 *) text, sizeof text));
  assert_false (p2v_kallsyms_locate ((const guint8 *) text, sizeof text, 0, &kallsyms));
}

static void
table_that_contradicts_another_is_refused (void **state)
{
  const P2vTestKallsymsOrder *order = &orders[4];
  gsize digits;
  g_autoptr (GByteArray) whole
      = p2v_test_kallsyms_new (order, BASE_64, N_SYMBOLS, &digits);
  P2vKallsyms kallsyms;
  /* From the filling before to the count, and on to the names. */
  const gsize count = 20000;
  const gsize names = count + 8;
  const gsize token_table = digits - 2 * '0' + 1;
  const gsize index = (digits + 2 * (256 - '0') + 7) / 8 * 8;
  const struct
  {
    gsize   offset;
    guint   width;
    guint64 value;
  } changes[] = {
    { count, 4, N_SYMBOLS + 256 },
    { count, 4, N_SYMBOLS - 1 },
    { names, 1, 99 },
    { token_table - 8, 4, 0xdead },
    { index + 2 * 200, 2, 0 },
    { index + 512 + 4 * 5, 4, G_MAXUINT32 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_byte_array_append (bytes, whole->data, whole->len);
      p2v_test_put (bytes, changes[i].offset, changes[i].width, changes[i].value);
      if (locate (bytes, digits, &kallsyms))
        fail_msg ("change %zu was not noticed", i);
    }
}

static void
tables_cut_at_either_end_are_refused (void **state)
{
  gsize digits;
  g_autoptr (GByteArray) bytes
      = p2v_test_kallsyms_new (&orders[4], BASE_64, N_SYMBOLS, &digits);
  P2vKallsyms kallsyms;

  for (gsize start = 20004; start <= digits; start += 1024)
    assert_false (p2v_kallsyms_locate (bytes->data + start, bytes->len - start, digits - start,
                                       &kallsyms));
  for (gsize length = digits; length < bytes->len - 20008; length += 128)
    assert_false (p2v_kallsyms_locate (bytes->data, length, digits, &kallsyms));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (tables_are_found_in_every_order),
    cmocka_unit_test (digits_elsewhere_are_no_token_table),
    cmocka_unit_test (table_that_contradicts_another_is_refused),
    cmocka_unit_test (tables_cut_at_either_end_are_refused),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
