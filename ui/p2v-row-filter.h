/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vRowFilter: what somebody typed to see fewer rows. Immutable; may be used from any thread.
 *
 * Words that a row must all match. "column:value" looks in one column: a pid must be that number, a
 * size that size, rights must have all those letters; elsewhere the value may be a part of the
 * text, in capitals or not. A word alone may match any column. A minus before a word hides what
 * matches; quotation marks hold blanks together. */

#pragma once

#include "p2v-mapping-row.h"

G_BEGIN_DECLS

typedef struct _P2vRowFilter P2vRowFilter;

/* NULL if @text says nothing. */
P2vRowFilter *p2v_row_filter_new           (const char          *text);
P2vRowFilter *p2v_row_filter_ref           (P2vRowFilter        *self);
void          p2v_row_filter_unref         (P2vRowFilter        *self);
/* Whether some word asks for what must be read from the image. */
gboolean      p2v_row_filter_needs_details (P2vRowFilter        *self);
gboolean      p2v_row_filter_matches       (P2vRowFilter        *self,
                                            const P2vRowDetails *details);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vRowFilter, p2v_row_filter_unref)

G_END_DECLS
