/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Volatility 3's Intermediate Symbol Format: JSON with a kernel's types, enumerations and symbols,
 * as dwarf2json writes it. Read in one pass; what is kept are the types in a compact form and the
 * symbols.
 * Source: Volatility 3, schemas/schema-6.2.0.json. */

#pragma once

#include "os/symbols/p2v-json.h"
#include "os/symbols/p2v-symbol-table.h"
#include "os/symbols/p2v-type-source.h"

typedef struct
{
  P2vTypeSource  *types;
  P2vSymbolTable *symbols;     /* sealed; addresses as the kernel was linked */
  /* Which kernel it is of: linux_banner up to its end of line, or p2v_isf_make_pdb_banner(); NULL
   * if it does not say. */
  char           *banner;
} P2vIsf;

/* Fills @ret_isf, which p2v_isf_clear() frees, also after an error. P2V_OS_ERROR_CORRUPT tells the
 * offset in the text and what was expected. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_isf_read        (P2vSymbolStream  *stream,
                              P2vIsf           *ret_isf,
                              GError          **error);
/* (transfer full) (nullable): the banner alone, read no further than to it. NULL without an error:
 * there is none. */
char    *p2v_isf_read_banner (P2vSymbolStream  *stream,
                              GError          **error);
/* (transfer full): what tells one Windows kernel from another, "ntkrnlmp.pdb 0011...FF1": the name,
 * the identifier without dashes, the age in hexadecimal digits. */
char    *p2v_isf_make_pdb_banner (const char   *name,
                              const char       *guid,
                              guint32           age);
void     p2v_isf_clear       (P2vIsf           *self);
