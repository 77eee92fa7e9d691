/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The Linux kernel's own symbol table (kallsyms), as it lies in memory.
 *
 * The tables, as scripts/kallsyms.c writes them and kernel/kallsyms.c reads them:
 *   names        a record a symbol: its length, then so many bytes that each stand for a token;
 *                the first character of the text that comes out is the type letter
 *   token_index  256 x u16: where each token's text starts in token_table
 *   token_table  256 NUL-terminated texts
 *   offsets      a s32 a symbol, relative to relative_base
 * Source: Linux commit 2213e9a66bb8 "kallsyms: add support for relative offsets in kallsyms address
 * table" (4.6). Kernels without relative offsets are not read. */

#pragma once

#include <glib.h>

typedef struct
{
  GBytes  *names;              /* may be longer than the names are */
  GBytes  *token_table;        /* may be longer than the table is */
  GBytes  *token_index;        /* 512 bytes */
  GBytes  *offsets;            /* 4 bytes a symbol */
  guint32  n_symbols;
  guint64  relative_base;
} P2vKallsyms;

/* A symbol wanted and, after p2v_kallsyms_resolve(), its virtual address, or 0 if there is none. Of
 * several symbols with the same name (local ones may repeat) the first in the table is taken. */
typedef struct
{
  const char *name;
  guint64     va;
} P2vSymbol;

/* Finds all of @symbols in one pass. P2V_OS_ERROR_CORRUPT names the table that contradicts
 * itself. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_kallsyms_resolve (const P2vKallsyms  *self,
                               P2vSymbol          *symbols,
                               gsize               n_symbols,
                               GError            **error);
