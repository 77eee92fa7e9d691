/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Paging forms of x86 processors.
 *
 * Source for all of this file: Intel SDM 3A (revision 083), 4.3 "32-bit paging" (tables 4-3 to
 * 4-6), 4.4 "PAE paging" (tables 4-8 to 4-11), 4.5 "4-level paging and 5-level paging" (tables 4-14
 * to 4-20). Bits 52..58 are ignored, 59..62 are protection keys, 63 is XD. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/p2v-limits.h"
#include "paging/p2v-paging.h"

#define X86_P    ((guint64) 1 << 0)   /* Source: table 4-20, bit 0, present */
#define X86_RW   ((guint64) 1 << 1)   /* Source: table 4-20, bit 1, writes allowed */
#define X86_US   ((guint64) 1 << 2)   /* Source: table 4-20, bit 2, user-mode accesses allowed */
#define X86_A    ((guint64) 1 << 5)   /* Source: table 4-20, bit 5, has been used */
#define X86_PS   ((guint64) 1 << 7)   /* Source: table 4-16, bit 7, maps a page; reserved above */
#define X86_XD   ((guint64) 1 << 63)  /* Source: table 4-20, bit 63, execute-disable */
/* Source: table 4-20, bits 12..51 */
#define X86_ADDR (((guint64) 1 << P2V_LIMIT_PHYS_BITS) - P2V_FRAME_SIZE)
/* Source: table 4-6, bits 12..31 */
#define X86_32_ADDR (((guint64) 1 << 32) - P2V_FRAME_SIZE)

/* Source: table 4-8, bits 1, 2, 6..8 and those above the address; not bit 5, see below. */
#define X86_PDPTE_RESERVED (X86_RW | X86_US | (guint64) 7 << 6 | ~(X86_ADDR | (P2V_FRAME_SIZE - 1)))

/* User mode executes what it may read; the kernel what is its own. */
#define X86_EXECUTE (P2V_RIGHTS_EXECUTE | P2V_GRANT_KERNEL_EXECUTE)

static const P2vPagingRule x86_rules[] = {
  { X86_RW, 0, P2V_RIGHTS_WRITE },
  { X86_US, 0, P2V_RIGHTS_USER },
  { X86_XD, X86_XD, X86_EXECUTE },
  { 0, 0, P2V_GRANT_EXECUTE_ONLY },
  { 0, 0, 0 },
};

/* Above PDPTE level bit 7 is reserved: such an entry is neither a table nor a page. */
#define X86_LEVEL_TOP(entry, bit)                                             \
  {                                                                           \
    .entry_name = entry, .shift = bit, .index_bits = 9,                       \
    .table_mask = X86_P | X86_PS, .table_value = X86_P,                       \
    .page_mask = 0, .page_value = P2V_PAGING_NEVER,                           \
    .table_rules = x86_rules,                                                 \
  }
#define X86_LEVEL_MIDDLE(entry, bit)                                          \
  {                                                                           \
    .entry_name = entry, .shift = bit, .index_bits = 9,                       \
    .table_mask = X86_P | X86_PS, .table_value = X86_P,                       \
    .page_mask = X86_P | X86_PS, .page_value = X86_P | X86_PS,                \
    .table_rules = x86_rules, .page_rules = x86_rules,                        \
  }
#define X86_LEVEL_LAST(entry, bits)                                           \
  {                                                                           \
    .entry_name = entry, .shift = 12, .index_bits = bits,                     \
    .table_mask = 0, .table_value = P2V_PAGING_NEVER,                         \
    .page_mask = X86_P, .page_value = X86_P,                                  \
    .page_rules = x86_rules,                                                  \
  }

const P2vPagingForm p2v_paging_form_x86_32 = {
  .id = "x86-32",
  .name = N_("x86, 2 levels"),
  .entry_bytes = 4,
  .va_bits = 32,
  .same_from = 32,
  .n_levels = 2,
  .levels = {
    {
      .entry_name = "pde", .shift = 22, .index_bits = 10,
      .table_mask = X86_P | X86_PS, .table_value = X86_P,
      .page_mask = X86_P | X86_PS, .page_value = X86_P | X86_PS,
      /* PSE-36. Source: table 4-4, bits 13..20 are bits 32..39 of the address; zero where the
       * processor has no more than 32. */
      .page_move = { (guint64) 0xff << 13, 32 - 13 },
      .table_rules = x86_rules, .page_rules = x86_rules,
    },
    X86_LEVEL_LAST ("pte", 10),
  },
  .pa_mask = X86_32_ADDR,
  .present_mask = X86_P,
  .accessed_mask = X86_A,
};

const P2vPagingForm p2v_paging_form_x86_pae = {
  .id = "x86-pae",
  .name = N_("x86, PAE"),
  .entry_bytes = 8,
  .va_bits = 32,
  .same_from = 32,
  .n_levels = 3,
  .levels = {
    /* Four entries that say nothing of rights. Source: table 4-8; bits 1, 2 and 5..8 are reserved,
     * but there are emulators that set bit 5 as in other tables (observed: QEMU 7.2, TCG), so they
     * are not looked at. */
    {
      .entry_name = "pdpte", .shift = 30, .index_bits = 2,
      .table_mask = X86_P, .table_value = X86_P,
      .page_mask = 0, .page_value = P2V_PAGING_NEVER,
    },
    X86_LEVEL_MIDDLE ("pde", 21),
    X86_LEVEL_LAST ("pte", 9),
  },
  .pa_mask = X86_ADDR,
  .present_mask = X86_P,
  .accessed_mask = X86_A,
  .root_zero_mask = X86_PDPTE_RESERVED,
};

const P2vPagingForm p2v_paging_form_x86_64_4 = {
  .id = "x86-64-4",
  .name = N_("x86-64, 4 levels"),
  .entry_bytes = 8,
  .va_bits = 48,
  .same_from = 47,
  .has_upper_half = TRUE,
  .n_levels = 4,
  .levels = {
    X86_LEVEL_TOP ("pml4e", 39),
    X86_LEVEL_MIDDLE ("pdpte", 30),
    X86_LEVEL_MIDDLE ("pde", 21),
    X86_LEVEL_LAST ("pte", 9),
  },
  .pa_mask = X86_ADDR,
  .present_mask = X86_P,
  .accessed_mask = X86_A,
};

const P2vPagingForm p2v_paging_form_x86_64_5 = {
  .id = "x86-64-5",
  .name = N_("x86-64, 5 levels"),
  .entry_bytes = 8,
  .va_bits = 57,
  .same_from = 56,
  .has_upper_half = TRUE,
  .n_levels = 5,
  .levels = {
    X86_LEVEL_TOP ("pml5e", 48),
    X86_LEVEL_TOP ("pml4e", 39),
    X86_LEVEL_MIDDLE ("pdpte", 30),
    X86_LEVEL_MIDDLE ("pde", 21),
    X86_LEVEL_LAST ("pte", 9),
  },
  .pa_mask = X86_ADDR,
  .present_mask = X86_P,
  .accessed_mask = X86_A,
};
