/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "base/p2v-limits.h"
#include "os/linux/p2v-linux-areas.h"

gboolean
p2v_linux_find_offsets (const P2vLinux    *self,
                        const char        *type_name,
                        const char *const *members,
                        guint              n_members,
                        guint32           *ret_offsets)
{
  P2vMember member;

  for (guint i = 0; i < n_members; i++)
    {
      if (!p2v_type_source_find_member (self->types, type_name, members[i], &member))
        return FALSE;
      ret_offsets[i] = member.offset_bytes;
    }
  return TRUE;
}

/* A ring that leads back into its middle never comes to its head. A mark that is moved to where we
 * are after 1, 2, 4, 8, ... steps is met again then, before the round has been made twice more.
 * Source: Brent, "An improved Monte Carlo factorization algorithm", 1980. */
void
p2v_linux_collect_ring (const P2vLinux   *self,
                        P2vVirtualMemory *memory,
                        P2vVirtAddr       head_va,
                        guint32           link_offset,
                        GArray           *objects)
{
  P2vVirtAddr link_va, mark_va = head_va;
  guint n_steps = 0;

  if (!p2v_linux_read_word_at (self, memory, head_va, &link_va))
    return;
  while (link_va != head_va && link_va != mark_va && n_steps++ < P2V_LIMIT_REGIONS)
    {
      if ((n_steps & (n_steps - 1)) == 0)
        mark_va = link_va;
      P2vVirtAddr object_va = link_va - link_offset;
      if (!p2v_linux_read_word_at (self, memory, link_va, &link_va))
        return;
      g_array_append_val (objects, object_va);
    }
}
