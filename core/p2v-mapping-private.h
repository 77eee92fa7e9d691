/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The words of a mapping, appended in place: an export of ten million rows allocates nothing per
 * row. */

#pragma once

#include "p2v-mapping.h"

/* "rwx u" and the NUL. */
#define P2V_RIGHTS_TEXT_SIZE 6

void p2v_rights_fill_text           (P2vRights          rights,
                                     char               ret_text[P2V_RIGHTS_TEXT_SIZE]);
/* As p2v_mapping_dup_region_text(). */
void p2v_mapping_append_region_text (const P2vMapping  *self,
                                     GString           *string);
/* All cells of a described mapping, in the order of p2v_export_get_mapping_columns().
 * @region_text is that of p2v_mapping_append_region_text(); @file_offset may be NULL. */
void p2v_mapping_append_csv_row     (const P2vMapping  *self,
                                     const char        *region_text,
                                     const guint64     *file_offset,
                                     GString           *string);
