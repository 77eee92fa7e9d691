/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Any bytes as memory in which the kernel's symbol table is looked for: what is found is complete
 * and can be read, or says why not. */

#include "fuzz.h"

#include "os/symbols/p2v-kallsyms-search.h"

static void
check_found (P2vKallsyms *kallsyms)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (P2vSymbolTable) symbols = p2v_kallsyms_read (kallsyms, &error);
  guint width = kallsyms->address_bytes != 0 ? kallsyms->address_bytes : 4;

  g_assert_true ((symbols == NULL) == (error != NULL));
  g_assert_cmpuint (g_bytes_get_size (kallsyms->offsets), ==, width * (gsize) kallsyms->n_symbols);
  g_assert_cmpuint (g_bytes_get_size (kallsyms->token_index), ==, 512);
  p2v_kallsyms_clear (kallsyms);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  for (gsize at = p2v_kallsyms_find_digits (data, size, 0); at < size;
       at = p2v_kallsyms_find_digits (data, size, at + 1))
    {
      P2vKallsyms kallsyms = { 0 };
      gboolean may_be = p2v_kallsyms_may_be_tokens (data + at, size - at);
      gboolean found = p2v_kallsyms_locate (data, size, at, &kallsyms);
      g_assert_true (may_be || !found);
      if (found)
        check_found (&kallsyms);
    }
  return 0;
}
