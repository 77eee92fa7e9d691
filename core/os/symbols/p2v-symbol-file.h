/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vSymbolFile: what a file tells of one kernel, whichever of the formats it has: a Volatility ISF
 * (.json, .json.xz) or an ELF file (vmlinux). To add a format: read it into these fields. */

#pragma once

#include <gio/gio.h>

#include "os/symbols/p2v-symbol-table.h"
#include "os/symbols/p2v-type-source.h"

typedef struct
{
  char           *display_name; /* of the file, escaped */
  char           *banner;       /* of the kernel it is of, without the end of line; of Windows
                                 * p2v_isf_make_pdb_banner() */
  P2vSymbolTable *symbols;      /* addresses as linked; NULL if it has none */
  P2vTypeSource  *types;
} P2vSymbolFile;

/* Reads all of the file. Each error names it and says what is missing. */
P2vSymbolFile *p2v_symbol_file_open (const char     *path,
                                     GCancellable   *cancellable,
                                     GError        **error);
/* Looks in the folders of symbols, pas2vas/symbols in $XDG_DATA_HOME and each of $XDG_DATA_DIRS,
 * for the first file of the kernel with @banner. NULL without an error: there is none, or none that
 * can be read. */
P2vSymbolFile *p2v_symbol_file_find (const char     *banner,
                                     GCancellable   *cancellable,
                                     GError        **error);
/* (transfer full): the folder of the person's own symbols, for messages. */
char          *p2v_symbol_file_dup_folder (void);
void           p2v_symbol_file_free (P2vSymbolFile  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vSymbolFile, p2v_symbol_file_free)
