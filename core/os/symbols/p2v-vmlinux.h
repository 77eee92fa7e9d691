/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* A kernel's own ELF file (vmlinux): its symbol table and its type information (BTF).
 * Little-endian, 32 or 64 bits. DWARF is not read.
 * Source: System V ABI, chapter 4 (gABI 4.1), and ELF-64 Object File Format 1.5. */

#pragma once

#include "base/p2v-file.h"
#include "os/symbols/p2v-symbol-table.h"
#include "os/symbols/p2v-type-source.h"

typedef struct
{
  P2vSymbolTable *symbols;     /* sealed; addresses as linked; NULL if it was stripped of them */
  P2vTypeSource  *types;       /* NULL if it has no .BTF */
  char           *banner;      /* up to its end of line; NULL if none was found */
} P2vVmlinux;

/* Whether @file begins as an ELF file does. */
gboolean p2v_vmlinux_is_elf      (P2vFile     *file);
/* Fills in @ret_vmlinux, which p2v_vmlinux_clear() frees, also after an error. P2V_OS_ERROR_CORRUPT
 * names the field that is wrong, P2V_OS_ERROR_SYMBOLS_MISSING says that it has neither. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_vmlinux_read        (P2vFile     *file,
                                  P2vVmlinux  *ret_vmlinux,
                                  GError     **error);
/* (transfer full) (nullable): the banner alone. NULL without an error: there is none. */
char    *p2v_vmlinux_read_banner (P2vFile     *file,
                                  GError     **error);
void     p2v_vmlinux_clear       (P2vVmlinux  *self);
