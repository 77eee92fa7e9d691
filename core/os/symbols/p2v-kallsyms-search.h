/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The kernel's symbol table found by what it holds, where nobody says where it is.
 *
 * The digits are always tokens that stand for themselves, so the token table has the ten texts "0"
 * to "9" in a row. From there on each table is found from the one before and must agree with it:
 * the token index lies behind the token table and has the distances of its texts; before it lie the
 * markers, which tell every 256th name; they must fit the names, the names the count, and the count
 * the addresses, which must rise. A chance hit passes none of this.
 *
 * The order of the tables has changed, and with it what lies between them.
 * Source: Linux scripts/kallsyms.c write_src(), of 4.6, 4.20, 6.1, 6.2, 6.4, 6.12 and 7.0. */

#pragma once

#include "os/symbols/p2v-kallsyms.h"

/* How much memory before and behind the digits the tables may take. Debian 6.12's, the largest that
 * was seen, take 4.3 MB. */
#define P2V_KALLSYMS_BYTES_BEFORE ((gsize) 24 << 20)
#define P2V_KALLSYMS_BYTES_BEHIND ((gsize) 8 << 20)

/* What p2v_kallsyms_may_be_tokens() has to see from the digits on. */
#define P2V_KALLSYMS_TOKEN_BYTES ((gsize) 8 << 10)

/* The offset of the first place at or behind @start that has the digits, or @length. */
gsize    p2v_kallsyms_find_digits (const guint8  *bytes,
                                   gsize          length,
                                   gsize          start);
/* Whether the digits at the start of @bytes are in a token table, with its index behind it. */
gboolean p2v_kallsyms_may_be_tokens (const guint8 *bytes,
                                   gsize          length);
/* Fills in @ret_kallsyms, which is to be cleared, with copies from @bytes, where the digits are at
 * @digits and the rest is around it. Offsets that count from their own places are left to count
 * from the start of @bytes: their address is for the caller to add to relative_base. FALSE if there
 * are no tables. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_kallsyms_locate      (const guint8  *bytes,
                                   gsize          length,
                                   gsize          digits,
                                   P2vKallsyms   *ret_kallsyms);
