/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vExport: writes rows as a table, CSV or JSON Lines to a stream. Used by every front door alike,
 * so that they show the same columns, in the same order, in the same words. Belongs to the thread
 * that uses it. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-frame.h"
#include "p2v-session.h"

G_BEGIN_DECLS

/**
 * P2vExportFormat:
 * @P2V_EXPORT_TABLE: columns for a terminal
 * @P2V_EXPORT_CSV: RFC 4180 with a header line; cells that a spreadsheet would take for a formula
 * are escaped
 * @P2V_EXPORT_JSON: one JSON array of objects
 *
 * How rows are written.
 */
typedef enum
{
  P2V_EXPORT_TABLE,
  P2V_EXPORT_CSV,
  P2V_EXPORT_JSON,
} P2vExportFormat;

/**
 * P2vCellKind:
 * @P2V_CELL_TEXT: foreign or translated text, left-aligned
 * @P2V_CELL_HEX: an address or other number shown as 0x..., right-aligned
 * @P2V_CELL_DECIMAL: a count or id, right-aligned
 *
 * What a column holds.
 */
typedef enum
{
  P2V_CELL_TEXT,
  P2V_CELL_HEX,
  P2V_CELL_DECIMAL,
} P2vCellKind;

/**
 * P2vColumn:
 * @id: the name in CSV and JSON; never translated
 * @title: the heading in a table, translated by the writer (mark it with N_())
 * @kind: what it holds
 * @min_width: least width in a table, in characters
 *
 * A column of an export.
 */
typedef struct
{
  const char  *id;
  const char  *title;
  P2vCellKind  kind;
  guint        min_width;
} P2vColumn;

typedef struct _P2vExport P2vExport;

P2V_AVAILABLE_IN_1_0
P2vExport *p2v_export_new           (GOutputStream     *stream,
                                     P2vExportFormat    format,
                                     const P2vColumn   *columns,
                                     gsize              n_columns);
P2V_AVAILABLE_IN_1_0
void       p2v_export_free          (P2vExport         *self);
P2V_AVAILABLE_IN_1_0
void       p2v_export_add_text      (P2vExport         *self,
                                     const char        *text);
P2V_AVAILABLE_IN_1_0
void       p2v_export_add_number    (P2vExport         *self,
                                     guint64            number);
P2V_AVAILABLE_IN_1_0
void       p2v_export_add_signed    (P2vExport         *self,
                                     gint64             number);
P2V_AVAILABLE_IN_1_0
void       p2v_export_add_pid       (P2vExport         *self,
                                     P2vProcess        *process);
P2V_AVAILABLE_IN_1_0
void       p2v_export_add_nothing   (P2vExport         *self);
P2V_AVAILABLE_IN_1_0
gsize      p2v_export_mark          (P2vExport         *self);
P2V_AVAILABLE_IN_1_0
void       p2v_export_copy_cells    (P2vExport         *self,
                                     gsize              mark,
                                     GString           *text);
P2V_AVAILABLE_IN_1_0
void       p2v_export_repeat_cells  (P2vExport         *self,
                                     const char        *text,
                                     gsize              length,
                                     gsize              n_cells);
P2V_AVAILABLE_IN_1_0
gboolean   p2v_export_end_row       (P2vExport         *self,
                                     GCancellable      *cancellable,
                                     GError           **error);
P2V_AVAILABLE_IN_1_0
gboolean   p2v_export_finish        (P2vExport         *self,
                                     GCancellable      *cancellable,
                                     GError           **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vExport, p2v_export_free)

/* The columns of a mapping, and one call for a whole export. */
P2V_AVAILABLE_IN_1_0
const P2vColumn *p2v_export_get_mapping_columns (gsize *ret_n_columns);
P2V_AVAILABLE_IN_1_0
gboolean   p2v_export_add_mapping   (P2vExport         *self,
                                     P2vSession        *session,
                                     const P2vMapping  *mapping,
                                     GCancellable      *cancellable,
                                     GError           **error);
P2V_AVAILABLE_IN_1_0
gboolean   p2v_export_add_frame      (P2vExport         *self,
                                     P2vSession        *session,
                                     P2vPhysAddr        pa,
                                     const P2vFrame    *frame,
                                     GCancellable      *cancellable,
                                     GError           **error);
P2V_AVAILABLE_IN_1_0
gboolean   p2v_session_export_answer (P2vSession       *session,
                                     P2vAnswer         *answer,
                                     P2vExportFormat    format,
                                     GOutputStream     *stream,
                                     GCancellable      *cancellable,
                                     GError           **error);
P2V_AVAILABLE_IN_1_0
gboolean   p2v_session_export_all   (P2vSession        *session,
                                     P2vFilter         *filter,
                                     gboolean           join_pages,
                                     P2vExportFormat    format,
                                     GOutputStream     *stream,
                                     GCancellable      *cancellable,
                                     GError           **error);

G_END_DECLS
