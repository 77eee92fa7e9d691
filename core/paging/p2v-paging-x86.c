/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Paging forms of x86 processors.
 *
 * Source for all of this file: Intel SDM 3A (revision 083), 4.5 "4-level paging and 5-level
 * paging", tables 4-14 to 4-20. Bits 52..58 are ignored, 59..62 are protection keys, 63 is XD. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/p2v-limits.h"
#include "paging/p2v-paging.h"

#define X86_P    ((guint64) 1 << 0)   /* Source: table 4-20, bit 0, present */
#define X86_RW   ((guint64) 1 << 1)   /* Source: table 4-20, bit 1, writes allowed */
#define X86_US   ((guint64) 1 << 2)   /* Source: table 4-20, bit 2, user-mode accesses allowed */
#define X86_PS   ((guint64) 1 << 7)   /* Source: table 4-16, bit 7, maps a page; reserved above */
#define X86_XD   ((guint64) 1 << 63)  /* Source: table 4-20, bit 63, execute-disable */
/* Source: table 4-20, bits 12..51 */
#define X86_ADDR (((guint64) 1 << P2V_LIMIT_PHYS_BITS) - P2V_FRAME_SIZE)

/* Above PDPTE level bit 7 is reserved: such an entry is neither a table nor a page. */
#define X86_LEVEL_TOP(entry, bit)                                             \
  {                                                                           \
    .entry_name = entry, .shift = bit, .index_bits = 9,                       \
    .table_mask = X86_P | X86_PS, .table_value = X86_P,                       \
    .page_mask = 0, .page_value = P2V_PAGING_NEVER,                           \
  }
#define X86_LEVEL_MIDDLE(entry, bit)                                          \
  {                                                                           \
    .entry_name = entry, .shift = bit, .index_bits = 9,                       \
    .table_mask = X86_P | X86_PS, .table_value = X86_P,                       \
    .page_mask = X86_P | X86_PS, .page_value = X86_P | X86_PS,                \
  }
#define X86_LEVEL_LAST(entry, bit)                                            \
  {                                                                           \
    .entry_name = entry, .shift = bit, .index_bits = 9,                       \
    .table_mask = 0, .table_value = P2V_PAGING_NEVER,                         \
    .page_mask = X86_P, .page_value = X86_P,                                  \
  }

static P2vRights
x86_rights (guint64 entry)
{
  P2vRights rights = P2V_RIGHTS_READ;

  if (entry & X86_RW)
    rights |= P2V_RIGHTS_WRITE;
  if (entry & X86_US)
    rights |= P2V_RIGHTS_USER;
  if (!(entry & X86_XD))
    rights |= P2V_RIGHTS_EXECUTE;
  return rights;
}

const P2vPagingForm p2v_paging_form_x86_64_4 = {
  .id = "x86-64-4",
  .name = N_("x86-64, 4 levels"),
  .va_bits = 48,
  .n_levels = 4,
  .levels = {
    X86_LEVEL_TOP ("pml4e", 39),
    X86_LEVEL_MIDDLE ("pdpte", 30),
    X86_LEVEL_MIDDLE ("pde", 21),
    X86_LEVEL_LAST ("pte", 12),
  },
  .pa_mask = X86_ADDR,
  .present_mask = X86_P,
  .rights = x86_rights,
};

const P2vPagingForm p2v_paging_form_x86_64_5 = {
  .id = "x86-64-5",
  .name = N_("x86-64, 5 levels"),
  .va_bits = 57,
  .n_levels = 5,
  .levels = {
    X86_LEVEL_TOP ("pml5e", 48),
    X86_LEVEL_TOP ("pml4e", 39),
    X86_LEVEL_MIDDLE ("pdpte", 30),
    X86_LEVEL_MIDDLE ("pde", 21),
    X86_LEVEL_LAST ("pte", 12),
  },
  .pa_mask = X86_ADDR,
  .present_mask = X86_P,
  .rights = x86_rights,
};
