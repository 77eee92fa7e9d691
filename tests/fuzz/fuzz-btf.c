/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Any bytes as the kernel's type information: refused with an error, or searched to an end. */

#include "fuzz.h"

#include "os/symbols/p2v-btf.h"

/* The first three are in the seeds; the others reach whatever the names become. */
static const struct
{
  const char *type;
  const char *path;
} questions[] = {
  { "every", "member" },
  { "outer", "inner.field" },
  { "outer", "deep" },
  { "any", "one.one" },
  { "any", "x" },
  { "int", "" },
};

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (P2vTypeSource) btf = p2v_btf_parse (bytes, &error);

  g_assert_true ((btf == NULL) == (error != NULL));
  if (btf == NULL)
    return 0;
  /* Each type has at least three words. */
  g_assert_cmpuint (p2v_btf_get_n_types (btf), <=, size / 12);
  for (gsize i = 0; i < G_N_ELEMENTS (questions); i++)
    {
      P2vMember member = { 0 };
      gboolean found
          = p2v_type_source_find_member (btf, questions[i].type, questions[i].path, &member);
      g_assert_true (found || (member.offset_bits == 0 && member.size_bytes == 0));
      guint32 length;
      gint64 value;
      (void)!p2v_type_source_find_size (btf, questions[i].type, &length);
      (void)!p2v_type_source_find_enumerator (btf, questions[i].path, &value);
    }
  return 0;
}
