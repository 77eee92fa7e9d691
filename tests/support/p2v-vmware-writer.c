/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-vmware-writer.h"

#include "p2v-image-writers.h"

#include <string.h>

P2vTestVmware
p2v_test_vmware_begin (guint32 magic)
{
  P2vTestVmware state = { .bytes = g_byte_array_new (), .wide_bytes = (magic & 0x0f) == 0 ? 4 : 8 };
  static const char *const names[] = { "memory", "cpu" };

  p2v_test_append (state.bytes, 4, magic);
  p2v_test_append (state.bytes, 4, 8);
  p2v_test_append (state.bytes, 4, G_N_ELEMENTS (names));
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      guint start = state.bytes->len;
      g_byte_array_append (state.bytes, (const guint8 *) names[i], (guint) strlen (names[i]));
      while (state.bytes->len < start + 80)
        p2v_test_append (state.bytes, 1, 0);
    }
  return state;
}

void
p2v_test_vmware_begin_group (P2vTestVmware *state,
             guint  group)
{
  p2v_test_put (state->bytes, 12 + 80 * group + 64, 8, state->bytes->len);
}

static void
append_name (P2vTestVmware      *state,
             guint       length,
             const char *name,
             guint       n_indices,
             guint32     first,
             guint32     second)
{
  const guint32 indices[] = { first, second };

  p2v_test_append (state->bytes, 1, n_indices << 6 | length);
  p2v_test_append (state->bytes, 1, strlen (name));
  g_byte_array_append (state->bytes, (const guint8 *) name, (guint) strlen (name));
  for (guint i = 0; i < n_indices; i++)
    p2v_test_append (state->bytes, 4, indices[i]);
}

void
p2v_test_vmware_append_number (P2vTestVmware      *state,
               const char *name,
               guint       n_indices,
               guint32     first,
               guint32     second,
               guint       width,
               guint64     value)
{
  append_name (state, width, name, n_indices, first, second);
  p2v_test_append (state->bytes, width, value);
}

/* With three bytes of padding before the data. */
void
p2v_test_vmware_append_block (P2vTestVmware        *state,
              guint         kind,
              const char   *name,
              guint         n_indices,
              const guint8 *data,
              gsize         length)
{
  append_name (state, kind, name, n_indices, 0, 0);
  p2v_test_append (state->bytes, state->wide_bytes, length);
  p2v_test_append (state->bytes, state->wide_bytes, length);
  p2v_test_append (state->bytes, 2, 3);
  p2v_test_append (state->bytes, 3, 0);
  g_byte_array_append (state->bytes, data, (guint) length);
}

void
p2v_test_vmware_end_group (P2vTestVmware *state)
{
  p2v_test_append (state->bytes, 2, 0);
}

/* Runs of whole pages, at most 16. */
GByteArray *
p2v_test_write_vmware_state (const P2vTestMachine *machine)
{
  P2vTestVmware state = p2v_test_vmware_begin (0xbed2bed2);
  g_autoptr (GByteArray) memory = g_byte_array_new ();

  p2v_test_vmware_begin_group (&state, 0);
  p2v_test_vmware_append_number (&state, "regionsCount", 0, 0, 0, 4, machine->n_memory);
  for (guint i = 0; i < machine->n_memory; i++)
    {
      const P2vTestMemory *run = &machine->memory[i];
      p2v_test_vmware_append_number (&state, "regionPPN", 1, i, 0, 4, run->pa >> 12);
      p2v_test_vmware_append_number (&state, "regionPageNum", 1, i, 0, 4, memory->len >> 12);
      p2v_test_vmware_append_number (&state, "regionSize", 1, i, 0, 4, run->length >> 12);
      g_byte_array_append (memory, run->bytes, (guint) run->length);
    }
  p2v_test_vmware_append_block (&state, 63, "Memory", 2, memory->data, memory->len);
  p2v_test_vmware_end_group (&state);
  p2v_test_vmware_begin_group (&state, 1);
  for (guint i = 0; i < machine->n_roots; i++)
    p2v_test_vmware_append_number (&state, "CR64", 2, i, 3, 8, machine->roots[i]);
  p2v_test_vmware_end_group (&state);
  return state.bytes;
}
