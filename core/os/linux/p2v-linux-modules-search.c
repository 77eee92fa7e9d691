/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The list of modules, for kernels that list no symbols of data: found by what stands at the start
 * of every struct module. */

#include "config.h"

#include <string.h>

#include "os/linux/p2v-linux-areas.h"

/* The start of struct module: its state, which has four values, its link, its name; behind that,
 * in some configurations, the build's identity; then the kobject, which begins with a pointer to
 * the name. Source: Linux include/linux/module.h, struct module, enum module_state,
 * MODULE_NAME_LEN; include/linux/buildid.h, BUILD_ID_SIZE_MAX; include/linux/kobject.h. */
#define LAST_STATE     3
#define STRUCT_BYTES   64    /* of the name, with the word that it leaves */
#define BUILD_ID_BYTES 20

typedef struct
{
  const P2vLinux   *kernel;
  P2vVirtualMemory *memory;
  P2vVirtAddr       head_va;
} Search;

static gboolean
is_name (const char *name,
         gsize       length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (name[i]) && name[i] != '_' && name[i] != '-')
      return FALSE;
  return length > 0;
}

static gboolean
leads_to_name (const P2vLinux   *kernel,
               P2vVirtualMemory *memory,
               P2vVirtAddr       pointer_va,
               const char       *name)
{
  g_autoptr (GString) text = g_string_new (NULL);
  P2vVirtAddr text_va;

  if (!p2v_linux_read_word_at (kernel, memory, pointer_va, &text_va) || text_va == 0)
    return FALSE;
  p2v_virtual_memory_append_string (memory, text_va, STRUCT_BYTES, text);
  return g_str_equal (text->str, name);
}

gboolean
p2v_linux_is_module (const P2vLinux   *self,
                     P2vVirtualMemory *memory,
                     P2vVirtAddr       va)
{
  const guint word = self->arch->word_bytes;
  const gsize name_bytes = STRUCT_BYTES - word;
  P2vVirtAddr name_va = va + 3 * word;
  char name[STRUCT_BYTES] = { 0 };
  guint32 state;

  if (!p2v_virtual_memory_read_u32 (memory, va, &state) || state > LAST_STATE ||
      !p2v_virtual_memory_read (memory, name_va, (guint8 *) name, name_bytes) ||
      !is_name (name, strnlen (name, name_bytes)))
    return FALSE;
  const guint gap = (BUILD_ID_BYTES + word - 1) / word * word;
  return leads_to_name (self, memory, name_va + name_bytes, name) ||
         leads_to_name (self, memory, name_va + name_bytes + gap, name);
}

/* The head leads to the first module, and that one back to it. */
static gboolean
try_head (P2vVirtAddr va,
          guint64     first_va,
          gpointer    user_data)
{
  Search *self = user_data;
  const guint word = self->kernel->arch->word_bytes;
  P2vVirtAddr back_va;

  if (first_va == va ||
      !p2v_linux_read_word_at (self->kernel, self->memory, first_va + word, &back_va) ||
      back_va != va || !p2v_linux_is_module (self->kernel, self->memory, first_va - word))
    return FALSE;
  self->head_va = va;
  return TRUE;
}

gboolean
p2v_linux_find_module_list (const P2vLinux   *self,
                            P2vVirtualMemory *memory,
                            P2vVirtAddr      *ret_head_va)
{
  Search found = { self, memory, 0 };
  const P2vLinuxNumberSearch search = { .size_bytes = self->arch->word_bytes,
                                        .least = self->least_kernel_va,
                                        .greatest = p2v_linux_max_word (self),
                                        .try_number = try_head,
                                        .user_data = &found };
  P2vVirtAddr start_va;
  guint64 length;

  if (!p2v_linux_find_data (self, memory, &start_va, &length) ||
      !p2v_linux_find_number (self, &search, start_va, length))
    return FALSE;
  *ret_head_va = found.head_va;
  return TRUE;
}
