/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Any bytes as the kernel's symbol table. They are, little-endian and one behind the other: how
 * many symbols (u32), the base (u64), the length of the token table (u16) and of the names (u16),
 * the token index (512 bytes), the token table, the names, and the offsets. */

#include "fuzz.h"

#include "base/p2v-reader.h"
#include "os/symbols/p2v-kallsyms.h"

#define HEADER_BYTES 16
#define INDEX_BYTES  512
/* So that an input that lies is not worth more time than one that does not. */
#define MAX_SYMBOLS  4096

/* A copy of the next bytes, as many as there are, so that a step beyond them shows. */
static GBytes *
take_bytes (const uint8_t *data,
            size_t         size,
            gsize         *at,
            gsize          length)
{
  length = MIN (length, size - *at);
  GBytes *bytes = g_bytes_new (data + *at, length);
  *at += length;
  return bytes;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  P2vReader reader = p2v_reader_le (data, size);
  P2vKallsyms kallsyms = { 0 };
  guint16 table_bytes, names_bytes;
  gsize at = HEADER_BYTES;
  if (!p2v_reader_get_u32 (&reader, 0, &kallsyms.n_symbols)
      || !p2v_reader_get_u64 (&reader, 4, &kallsyms.relative_base)
      || !p2v_reader_get_u16 (&reader, 12, &table_bytes)
      || !p2v_reader_get_u16 (&reader, 14, &names_bytes))
    return 0;

  kallsyms.n_symbols = MIN (kallsyms.n_symbols, MAX_SYMBOLS);
  g_autoptr (GBytes) index = take_bytes (data, size, &at, INDEX_BYTES);
  g_autoptr (GBytes) table = take_bytes (data, size, &at, table_bytes);
  g_autoptr (GBytes) names = take_bytes (data, size, &at, names_bytes);
  g_autoptr (GBytes) offsets = take_bytes (data, size, &at, size);
  kallsyms.token_index = index;
  kallsyms.token_table = table;
  kallsyms.names = names;
  kallsyms.offsets = offsets;

  g_autoptr (GError) error = NULL;
  g_autoptr (P2vSymbolTable) symbols = p2v_kallsyms_read (&kallsyms, &error);
  g_assert_true ((symbols == NULL) == (error != NULL));
  if (symbols == NULL)
    return 0;
  g_assert_cmpuint (p2v_symbol_table_get_n_symbols (symbols), ==, kallsyms.n_symbols);
  /* Both directions agree on every symbol of the first few. */
  guint64 va = G_MAXUINT64, found_va;
  for (guint i = 0; i < 64; i++)
    {
      const char *name = p2v_symbol_table_find_nearest (symbols, va, &va);
      if (name == NULL)
        break;
      g_assert_true (p2v_symbol_table_find (symbols, name, &found_va) && found_va <= va);
      if (va-- == 0)
        break;
    }
  return 0;
}
