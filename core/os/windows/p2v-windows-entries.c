/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Entries that the processor does not accept but behind which a page is in RAM. */

#include "config.h"

#include "os/windows/p2v-windows-private.h"

/* Source: data/windows/README.md, "entries": an entry that is not valid has bit 10 set if it leads
 * to a prototype, else bit 11 if the page is in transition, on the standby or modified list. Bit 4
 * says that no bits of the address were set against L1TF. */
#define ENTRY_NOT_MASKED ((guint64) 1 << 4)
#define ENTRY_PROTOTYPE  ((guint64) 1 << 10)
#define ENTRY_TRANSITION ((guint64) 1 << 11)

/* Kernels that are safe from L1TF set bits of the address that no memory has. Without them the
 * address is in the image, and no bit below the highest of any address in it is changed. */
static P2vPhysAddr
get_transition_pa (const P2vWindows *self,
                   guint64           entry)
{
  P2vPhysAddr pa = entry & self->tables.pa_mask;

  if (pa <= self->end_pa || (entry & ENTRY_NOT_MASKED) ||
      (self->kind != P2V_WINDOWS_X64 && self->kind != P2V_WINDOWS_PAE))
    return pa;
  return pa & G_MAXUINT64 >> __builtin_clzll (self->end_pa | 1);
}

gboolean
p2v_windows_get_transition (const P2vWindows *self,
                            guint64           entry,
                            P2vPhysAddr      *ret_pa)
{
  if ((entry & ENTRY_PROTOTYPE) || !(entry & ENTRY_TRANSITION))
    return FALSE;
  *ret_pa = get_transition_pa (self, entry);
  return p2v_image_contains (self->image, *ret_pa);
}

P2vForeignKind
p2v_windows_decode_foreign (gconstpointer         system_data,
                            const P2vPagingLevel *level,
                            guint64               entry,
                            P2vPhysAddr          *ret_pa,
                            P2vState             *ret_state)
{
  const P2vWindows *self = system_data;
  gboolean is_last = level->shift == P2V_FRAME_SHIFT;

  *ret_state = P2V_STATE_TRANSITION;
  /* Tables are lost by their owners as other pages are, but have no prototypes. */
  if (p2v_windows_get_transition (self, entry, ret_pa))
    return is_last ? P2V_FOREIGN_PAGE : P2V_FOREIGN_TABLE;
  if (!is_last || !(entry & ENTRY_PROTOTYPE))
    return P2V_FOREIGN_NONE;
  *ret_state = P2V_STATE_PROTOTYPE;
  return P2V_FOREIGN_INDIRECT;
}
