/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Entries that the processor does not accept but behind which a page is in RAM. */

#include "config.h"

#include "os/windows/p2v-windows-private.h"

/* Source: data/windows/README.md, "entries": an entry that is not valid has bit 10 set if it leads
 * to a prototype, else bit 11 if the page is in transition, on the standby or modified list. */
#define ENTRY_PROTOTYPE  ((guint64) 1 << 10)
#define ENTRY_TRANSITION ((guint64) 1 << 11)

/* Kernels that are safe from L1TF set bits of the address that no memory has, unless bit 4 says
 * that they did not. Without them the address is in the image, and no bit below the highest of any
 * address in it is changed. */
static P2vPhysAddr
clear_mask (const P2vWindows *self,
            P2vPhysAddr       pa)
{
  guint64 below;

  if (pa <= self->end_pa)
    return pa;
  below = G_MAXUINT64 >> __builtin_clzll (self->end_pa | 1);
  return pa & below;
}

P2vForeignKind
p2v_windows_decode_foreign (gconstpointer         system_data,
                            const P2vPagingLevel *level,
                            guint64               entry,
                            P2vPhysAddr          *ret_pa,
                            P2vState             *ret_state)
{
  const P2vWindows *self = system_data;
  guint64 file_offset;

  if (level->shift != P2V_FRAME_SHIFT || (entry & ENTRY_PROTOTYPE) || !(entry & ENTRY_TRANSITION))
    return P2V_FOREIGN_NONE;
  *ret_pa = clear_mask (self, entry & self->tables.pa_mask);
  *ret_state = P2V_STATE_TRANSITION;
  return p2v_image_pa_to_offset (self->image, *ret_pa, &file_offset) ? P2V_FOREIGN_PAGE
                                                                     : P2V_FOREIGN_NONE;
}
