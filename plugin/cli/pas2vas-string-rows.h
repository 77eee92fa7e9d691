/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Annotated lines as CSV and JSON: a row for each owner of a line's offset. */

#pragma once

#include "pas2vas-command.h"
#include "pas2vas-lines.h"

P2vExport *pas2vas_string_rows_begin (GOutputStream       *output,
                                      P2vExportFormat      format);
/* @pa: where the line's offset leads, or NULL if to no memory. If it has no owner there is one row
 * without, and that has a physical address only if it is in the image. */
G_GNUC_WARN_UNUSED_RESULT
gboolean   pas2vas_string_rows_add   (P2vExport           *export,
                                      P2vBulk             *bulk,
                                      const Pas2vasLine   *line,
                                      const P2vPhysAddr   *pa,
                                      gboolean            *ret_is_mapped,
                                      GError             **error);
/* A line without an offset: a row that has it as its string and nothing else. */
G_GNUC_WARN_UNUSED_RESULT
gboolean   pas2vas_string_rows_add_damaged
                                     (P2vExport           *export,
                                      const Pas2vasPiece  *piece,
                                      GError             **error);
