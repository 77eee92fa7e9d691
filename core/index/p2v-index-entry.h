/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vIndexEntry: where a page is found, in eight bytes. */

#pragma once

#include "p2v-types.h"

/* An address space's number and a virtual page number: 19 and 45 bits, so that entries sort by
 * space, then by address. 45 bits of page number cover the 57 bits that 5 levels translate. */
typedef guint64 P2vIndexEntry;

#define P2V_INDEX_VPN_BITS   45
#define P2V_INDEX_SPACE_BITS 19
#define P2V_INDEX_MAX_SPACES ((guint) 1 << P2V_INDEX_SPACE_BITS)

static inline P2vIndexEntry
p2v_index_entry (guint       space,
                 P2vVirtAddr va)
{
  guint64 vpn = va >> P2V_FRAME_SHIFT & (((guint64) 1 << P2V_INDEX_VPN_BITS) - 1);

  return (guint64) space << P2V_INDEX_VPN_BITS | vpn;
}

static inline guint
p2v_index_entry_space (P2vIndexEntry entry)
{
  return (guint) (entry >> P2V_INDEX_VPN_BITS);
}

/* The virtual address's low 57 bits; those above are the same in all of an address space, see
 * P2vPagingRoot. */
static inline P2vVirtAddr
p2v_index_entry_va (P2vIndexEntry entry)
{
  return (entry & (((guint64) 1 << P2V_INDEX_VPN_BITS) - 1)) << P2V_FRAME_SHIFT;
}
