/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Paging forms of 64-bit Arm processors, stage 1 of EL1 and EL0.
 *
 * Source for all of this file: Arm Architecture Reference Manual DDI 0487 (K.a), D8.2 "Translation
 * process" (bits of an address by granule and level), D8.3 "Translation table descriptor formats",
 * D8.4 "Memory access control". The contiguous hint (bit 52) needs no attention: sixteen or more
 * entries say together what each of them says too. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "paging/p2v-paging.h"

/* Source: D8.3.1, bits 1:0: 1 is a block, 3 a table or, at the last level, a page; with bit 0 clear
 * a descriptor is not valid. */
#define ARM_VALID ((guint64) 1 << 0)
#define ARM_TYPE  ((guint64) 3)
#define ARM_BLOCK ((guint64) 1)
#define ARM_TABLE ((guint64) 3)
#define ARM_PAGE  ((guint64) 3)

/* Source: D8.3.2, attributes of blocks and pages. */
#define ARM_AP_EL0    ((guint64) 1 << 6)   /* AP[1]: EL0 may access */
#define ARM_READ_ONLY ((guint64) 1 << 7)   /* AP[2] */
#define ARM_ACCESSED  ((guint64) 1 << 10)  /* AF */
#define ARM_DBM       ((guint64) 1 << 51)  /* writable although AP[2]: it notes the first write */
#define ARM_PXN       ((guint64) 1 << 53)  /* EL1 may not execute */
#define ARM_UXN       ((guint64) 1 << 54)  /* EL0 may not execute */

/* Source: D8.3.2, attributes of tables; they hold for all below. */
#define ARM_TABLE_PXN       ((guint64) 1 << 59)
#define ARM_TABLE_UXN       ((guint64) 1 << 60)
#define ARM_TABLE_NO_EL0    ((guint64) 1 << 61)  /* APTable[0] */
#define ARM_TABLE_READ_ONLY ((guint64) 1 << 62)  /* APTable[1] */

/* What EL0 may not read it may execute nevertheless, if UXN lets it. */
#define ARM_EL0_EXECUTE (P2V_RIGHTS_EXECUTE | P2V_GRANT_EXECUTE_ONLY)

static const P2vPagingRule table_rules[] = {
  { ARM_TABLE_READ_ONLY, ARM_TABLE_READ_ONLY, P2V_RIGHTS_WRITE },
  { ARM_TABLE_NO_EL0, ARM_TABLE_NO_EL0, P2V_RIGHTS_USER },
  { ARM_TABLE_UXN, ARM_TABLE_UXN, ARM_EL0_EXECUTE },
  { ARM_TABLE_PXN, ARM_TABLE_PXN, P2V_GRANT_KERNEL_EXECUTE },
  { 0, 0, 0 },
};

static const P2vPagingRule page_rules[] = {
  { ARM_READ_ONLY | ARM_DBM, ARM_READ_ONLY, P2V_RIGHTS_WRITE },
  { ARM_AP_EL0, 0, P2V_RIGHTS_USER },
  { ARM_UXN, ARM_UXN, ARM_EL0_EXECUTE },
  { ARM_PXN, ARM_PXN, P2V_GRANT_KERNEL_EXECUTE },
  { 0, 0, 0 },
};

/* Bits of an address above those that stand where they belong. Source: D8.3.1: with pages of
 * 64 KiB bits 15:12 of a descriptor are bits 51:48 (LPA); with LPA2 bits 9:8 are bits 51:50. */
#define ARM_MOVE_NONE { 0, 0 }
#define ARM_MOVE_LPA  { (guint64) 0xf << 12, 48 - 12 }
#define ARM_MOVE_LPA2 { (guint64) 3 << 8, 50 - 8 }

/* Bits @first to @last. */
#define ARM_BITS(first, last) ((((guint64) 2 << (last)) - 1) & ~(((guint64) 1 << (first)) - 1))

#define ARM_LEVEL_TOP(number, bit, bits, move)                                \
  {                                                                           \
    .entry_name = "l" number, .shift = bit, .index_bits = bits,               \
    .table_mask = ARM_TYPE, .table_value = ARM_TABLE,                         \
    .page_mask = 0, .page_value = P2V_PAGING_NEVER,                           \
    .table_move = move, .table_rules = table_rules,                           \
  }
/* A level where blocks are allowed. */
#define ARM_LEVEL_BLOCK(number, bit, bits, move)                              \
  {                                                                           \
    .entry_name = "l" number, .shift = bit, .index_bits = bits,               \
    .table_mask = ARM_TYPE, .table_value = ARM_TABLE,                         \
    .page_mask = ARM_TYPE, .page_value = ARM_BLOCK,                           \
    .table_move = move, .page_move = move,                                    \
    .table_rules = table_rules, .page_rules = page_rules,                     \
  }
#define ARM_LEVEL_LAST(bit, bits, move)                                       \
  {                                                                           \
    .entry_name = "l3", .shift = bit, .index_bits = bits,                     \
    .table_mask = 0, .table_value = P2V_PAGING_NEVER,                         \
    .page_mask = ARM_TYPE, .page_value = ARM_PAGE,                            \
    .page_move = move, .page_rules = page_rules,                              \
  }

/* What all forms have in common. */
#define ARM_FORM(form_id, form_name, bits, levels_below)                      \
  .id = form_id, .name = form_name, .entry_bytes = 8, .va_bits = bits,        \
  .same_from = bits, .has_upper_half = TRUE, .has_two_roots = TRUE,           \
  .n_levels = levels_below, .present_mask = ARM_VALID, .accessed_mask = ARM_ACCESSED

/* Pages of 4 KiB, blocks of 2 MiB and 1 GiB, with LPA2 of 512 GiB too. */

const P2vPagingForm p2v_paging_form_aarch64_4k_39 = {
  ARM_FORM ("aarch64-4k-39", N_("AArch64, 4 KiB pages, 39 bits"), 39, 3),
  .levels = {
    ARM_LEVEL_BLOCK ("1", 30, 9, ARM_MOVE_NONE),
    ARM_LEVEL_BLOCK ("2", 21, 9, ARM_MOVE_NONE),
    ARM_LEVEL_LAST (12, 9, ARM_MOVE_NONE),
  },
  .pa_mask = ARM_BITS (12, 47),
};

const P2vPagingForm p2v_paging_form_aarch64_4k_48 = {
  ARM_FORM ("aarch64-4k-48", N_("AArch64, 4 KiB pages, 48 bits"), 48, 4),
  .levels = {
    ARM_LEVEL_TOP ("0", 39, 9, ARM_MOVE_NONE),
    ARM_LEVEL_BLOCK ("1", 30, 9, ARM_MOVE_NONE),
    ARM_LEVEL_BLOCK ("2", 21, 9, ARM_MOVE_NONE),
    ARM_LEVEL_LAST (12, 9, ARM_MOVE_NONE),
  },
  .pa_mask = ARM_BITS (12, 47),
};

/* Windows keeps both halves in one table: each register for a half starts at its half of it, and
 * bit 47 chooses. Source: data/windows/README.md, "self-map". */
const P2vPagingForm p2v_paging_form_aarch64_4k_joined = {
  .id = "aarch64-4k-joined", .name = N_("AArch64, 4 KiB pages, 47 bits, halves in one table"),
  .entry_bytes = 8, .va_bits = 48, .same_from = 47, .has_upper_half = TRUE,
  .n_levels = 4, .present_mask = ARM_VALID, .accessed_mask = ARM_ACCESSED,
  .levels = {
    ARM_LEVEL_TOP ("0", 39, 9, ARM_MOVE_NONE),
    ARM_LEVEL_BLOCK ("1", 30, 9, ARM_MOVE_NONE),
    ARM_LEVEL_BLOCK ("2", 21, 9, ARM_MOVE_NONE),
    ARM_LEVEL_LAST (12, 9, ARM_MOVE_NONE),
  },
  .pa_mask = ARM_BITS (12, 47),
};

const P2vPagingForm p2v_paging_form_aarch64_4k_52 = {
  ARM_FORM ("aarch64-4k-52", N_("AArch64, 4 KiB pages, 52 bits"), 52, 5),
  .levels = {
    ARM_LEVEL_TOP ("-1", 48, 4, ARM_MOVE_LPA2),
    ARM_LEVEL_BLOCK ("0", 39, 9, ARM_MOVE_LPA2),
    ARM_LEVEL_BLOCK ("1", 30, 9, ARM_MOVE_LPA2),
    ARM_LEVEL_BLOCK ("2", 21, 9, ARM_MOVE_LPA2),
    ARM_LEVEL_LAST (12, 9, ARM_MOVE_LPA2),
  },
  .pa_mask = ARM_BITS (12, 49),
};

/* Pages of 16 KiB, blocks of 32 MiB, with LPA2 of 64 GiB too. */

const P2vPagingForm p2v_paging_form_aarch64_16k_36 = {
  ARM_FORM ("aarch64-16k-36", N_("AArch64, 16 KiB pages, 36 bits"), 36, 2),
  .levels = {
    ARM_LEVEL_BLOCK ("2", 25, 11, ARM_MOVE_NONE),
    ARM_LEVEL_LAST (14, 11, ARM_MOVE_NONE),
  },
  .pa_mask = ARM_BITS (14, 47),
};

const P2vPagingForm p2v_paging_form_aarch64_16k_47 = {
  ARM_FORM ("aarch64-16k-47", N_("AArch64, 16 KiB pages, 47 bits"), 47, 3),
  .levels = {
    ARM_LEVEL_TOP ("1", 36, 11, ARM_MOVE_NONE),
    ARM_LEVEL_BLOCK ("2", 25, 11, ARM_MOVE_NONE),
    ARM_LEVEL_LAST (14, 11, ARM_MOVE_NONE),
  },
  .pa_mask = ARM_BITS (14, 47),
};

const P2vPagingForm p2v_paging_form_aarch64_16k_48 = {
  ARM_FORM ("aarch64-16k-48", N_("AArch64, 16 KiB pages, 48 bits"), 48, 4),
  .levels = {
    ARM_LEVEL_TOP ("0", 47, 1, ARM_MOVE_NONE),
    ARM_LEVEL_TOP ("1", 36, 11, ARM_MOVE_NONE),
    ARM_LEVEL_BLOCK ("2", 25, 11, ARM_MOVE_NONE),
    ARM_LEVEL_LAST (14, 11, ARM_MOVE_NONE),
  },
  .pa_mask = ARM_BITS (14, 47),
};

const P2vPagingForm p2v_paging_form_aarch64_16k_52 = {
  ARM_FORM ("aarch64-16k-52", N_("AArch64, 16 KiB pages, 52 bits"), 52, 4),
  .levels = {
    ARM_LEVEL_TOP ("0", 47, 5, ARM_MOVE_LPA2),
    ARM_LEVEL_BLOCK ("1", 36, 11, ARM_MOVE_LPA2),
    ARM_LEVEL_BLOCK ("2", 25, 11, ARM_MOVE_LPA2),
    ARM_LEVEL_LAST (14, 11, ARM_MOVE_LPA2),
  },
  .pa_mask = ARM_BITS (14, 49),
};

/* Pages of 64 KiB, blocks of 512 MiB, with 52-bit addresses of 4 TiB too. */

const P2vPagingForm p2v_paging_form_aarch64_64k_42 = {
  ARM_FORM ("aarch64-64k-42", N_("AArch64, 64 KiB pages, 42 bits"), 42, 2),
  .levels = {
    ARM_LEVEL_BLOCK ("2", 29, 13, ARM_MOVE_LPA),
    ARM_LEVEL_LAST (16, 13, ARM_MOVE_LPA),
  },
  .pa_mask = ARM_BITS (16, 47),
};

const P2vPagingForm p2v_paging_form_aarch64_64k_48 = {
  ARM_FORM ("aarch64-64k-48", N_("AArch64, 64 KiB pages, 48 bits"), 48, 3),
  .levels = {
    ARM_LEVEL_TOP ("1", 42, 6, ARM_MOVE_LPA),
    ARM_LEVEL_BLOCK ("2", 29, 13, ARM_MOVE_LPA),
    ARM_LEVEL_LAST (16, 13, ARM_MOVE_LPA),
  },
  .pa_mask = ARM_BITS (16, 47),
};

const P2vPagingForm p2v_paging_form_aarch64_64k_52 = {
  ARM_FORM ("aarch64-64k-52", N_("AArch64, 64 KiB pages, 52 bits"), 52, 3),
  .levels = {
    ARM_LEVEL_BLOCK ("1", 42, 10, ARM_MOVE_LPA),
    ARM_LEVEL_BLOCK ("2", 29, 13, ARM_MOVE_LPA),
    ARM_LEVEL_LAST (16, 13, ARM_MOVE_LPA),
  },
  .pa_mask = ARM_BITS (16, 47),
};
