/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The Linux kernel's own symbol table (kallsyms), as it lies in memory.
 *
 * The tables, as scripts/kallsyms.c writes them and kernel/kallsyms.c reads them:
 *   names        a record a symbol: its length, then so many bytes that each stand for a token;
 *                the first character of the text that comes out is the type letter
 *   token_index  256 x u16: where each token's text starts in token_table
 *   token_table  256 NUL-terminated texts
 *   offsets      a s32 a symbol, relative to relative_base; or its whole address, in kernels before
 *                4.6 and where CONFIG_KALLSYMS_BASE_RELATIVE was off; since 7.0 relative to where
 *                it stands itself
 * Source: Linux commit 2213e9a66bb8 "kallsyms: add support for relative offsets in kallsyms address
 * table" (4.6); commit a081b5789255 "kallsyms: Get rid of kallsyms relative base" (7.0,
 * inferred from its date of January 2026; observed on Debian's 7.2). */

#pragma once

#include "os/symbols/p2v-symbol-table.h"

typedef struct
{
  GBytes  *names;              /* may be longer than the names are */
  GBytes  *token_table;        /* may be longer than the table is */
  GBytes  *token_index;        /* 512 bytes */
  GBytes  *offsets;            /* 4 bytes a symbol, or address_bytes */
  guint32  n_symbols;
  guint64  relative_base;      /* or the address of the first offset */
  gboolean is_place_relative;  /* an offset counts from its own address */
  guint    address_bytes;      /* of whole addresses in offsets: 4 or 8; 0 for relative ones */
  gboolean has_plain_lengths;  /* a name's length is one byte always: kernels before 6.1 */
} P2vKallsyms;

/* Frees the bytes. */
void            p2v_kallsyms_clear (P2vKallsyms *self);

/* Reads all of it into a sealed table. P2V_OS_ERROR_CORRUPT names the table that contradicts
 * itself, P2V_OS_ERROR_LIMIT says that it is too large. */
G_GNUC_WARN_UNUSED_RESULT
P2vSymbolTable *p2v_kallsyms_read (const P2vKallsyms  *self,
                                   GError            **error);
