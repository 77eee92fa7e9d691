/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Annotated lines as CSV and JSON: a row for each owner of a line's offset.
 *
 * A page of a library has a hundred owners, and a string a row for each. Their rows differ in
 * little: what they have in common is made once for a line, what tells of an owner once for all
 * strings that follow each other in a frame. */

#pragma once

#include "pas2vas-command.h"
#include "pas2vas-lines.h"

typedef struct _Pas2vasStringRows Pas2vasStringRows;

Pas2vasStringRows *pas2vas_string_rows_begin (GOutputStream       *output,
                                      P2vExportFormat      format);
void       pas2vas_string_rows_free  (Pas2vasStringRows   *self);
/* @pa: where the line's offset leads, or NULL if to no memory. If it has no owner there is one row
 * without, and that has a physical address only if it is in the image. */
G_GNUC_WARN_UNUSED_RESULT
gboolean   pas2vas_string_rows_add   (Pas2vasStringRows   *self,
                                      P2vBulk             *bulk,
                                      const Pas2vasLine   *line,
                                      const P2vPhysAddr   *pa,
                                      gboolean            *ret_is_mapped,
                                      GError             **error);
/* A line without an offset: a row that has it as its string and nothing else. */
G_GNUC_WARN_UNUSED_RESULT
gboolean   pas2vas_string_rows_add_damaged
                                     (Pas2vasStringRows   *self,
                                      const Pas2vasPiece  *piece,
                                      GError             **error);
G_GNUC_WARN_UNUSED_RESULT
gboolean   pas2vas_string_rows_finish (Pas2vasStringRows  *self,
                                      GError             **error);
