/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "pas2vas-string-rows.h"

static const P2vColumn columns[] = {
  { "offset", NULL, P2V_CELL_TEXT, 0 }, { "physical", NULL, P2V_CELL_HEX, 0 },
  { "pid", NULL, P2V_CELL_DECIMAL, 0 }, { "virtual", NULL, P2V_CELL_HEX, 0 },
  { "name", NULL, P2V_CELL_TEXT, 0 },   { "string", NULL, P2V_CELL_TEXT, 0 },
};

P2vExport *
pas2vas_string_rows_begin (GOutputStream   *output,
                           P2vExportFormat  format)
{
  return p2v_export_new (output, format, columns, G_N_ELEMENTS (columns));
}

/* The cells behind the offset. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
end_row (P2vExport          *export,
         const P2vPhysAddr  *pa,
         const P2vBulkRow   *row,
         const char         *text,
         GError            **error)
{
  if (pa != NULL)
    p2v_export_add_number (export, *pa);
  else
    p2v_export_add_nothing (export);
  if (pa != NULL && row != NULL)
    {
      p2v_export_add_pid (export, row->process);
      p2v_export_add_number (export, row->page_va | (*pa & (P2V_FRAME_SIZE - 1)));
      p2v_export_add_text (export, p2v_process_get_name (row->process));
    }
  else
    for (guint i = 0; i < 3; i++)
      p2v_export_add_nothing (export);
  p2v_export_add_text (export, text);
  return p2v_export_end_row (export, NULL, error);
}

gboolean
pas2vas_string_rows_add (P2vExport          *export,
                         P2vBulk            *bulk,
                         const Pas2vasLine  *line,
                         const P2vPhysAddr  *pa,
                         gboolean           *ret_is_mapped,
                         GError            **error)
{
  g_autofree char *offset = p2v_escape_bytes (line->offset, line->n_offset);
  g_autofree char *text = p2v_escape_bytes (line->text, line->n_text);
  const P2vBulkRow *rows = NULL;
  guint64 n_rows = 0;

  if (pa != NULL)
    {
      rows = p2v_bulk_look_up (bulk, *pa, &n_rows);
      if (p2v_bulk_get_absence (bulk) == P2V_ABSENCE_NOT_IN_IMAGE)
        pa = NULL;
    }
  *ret_is_mapped = n_rows > 0;
  for (guint64 i = 0; i < MAX (n_rows, 1); i++)
    {
      p2v_export_add_text (export, offset);
      if (!end_row (export, pa, n_rows > 0 ? &rows[i] : NULL, text, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
pas2vas_string_rows_add_damaged (P2vExport           *export,
                                 const Pas2vasPiece  *piece,
                                 GError             **error)
{
  gboolean has_cr =
    piece->is_end && piece->length > 0 && piece->bytes[piece->length - 1] == '\r';
  g_autofree char *text = p2v_escape_bytes (piece->bytes, piece->length - (has_cr ? 1 : 0));

  p2v_export_add_nothing (export);
  return end_row (export, NULL, NULL, text, error);
}
