/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Any bytes as VMCOREINFO: no text, or one whose values can be asked for. */

#include "fuzz.h"

#include "os/linux/p2v-linux-private.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  static const char *const names[] = { "swapper_pg_dir", "phys_base", "kallsyms_names", "", "x" };
  g_autoptr (GHashTable) info = p2v_linux_parse_vmcoreinfo ((const char *) data, size);
  if (info == NULL)
    return 0;

  g_assert_nonnull (g_hash_table_lookup (info, "OSRELEASE"));
  g_assert_nonnull (g_hash_table_lookup (info, "PAGESIZE"));
  g_assert_cmpuint (g_hash_table_size (info), <, size);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      guint64 va = 0;
      gint64 number = 0;
      g_assert_true (p2v_linux_get_info_symbol (info, names[i], &va) == (va != 0));
      g_assert_true (p2v_linux_get_info_number (info, names[i], &number) || number == 0);
    }
  return 0;
}
