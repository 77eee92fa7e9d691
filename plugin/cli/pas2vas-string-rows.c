/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "pas2vas-string-rows.h"

#include <string.h>

/* In the order of the cells of a row, so many of each kind: those that a line's rows have in common
 * at their start, those of an owner, and the string. */
#define N_START_CELLS 2
#define N_OWNER_CELLS 3

static const P2vColumn columns[] = {
  { "offset", NULL, P2V_CELL_TEXT, 0 }, { "physical", NULL, P2V_CELL_HEX, 0 },
  { "pid", NULL, P2V_CELL_DECIMAL, 0 }, { "virtual", NULL, P2V_CELL_HEX, 0 },
  { "name", NULL, P2V_CELL_TEXT, 0 },   { "string", NULL, P2V_CELL_TEXT, 0 },
};

/* Of a frame's addresses only so many last digits differ from byte to byte. */
#define OFFSET_DIGITS (P2V_FRAME_SHIFT / 4)

/* The cells of one owner, in @cells. */
typedef struct
{
  gsize start;
  gsize digits;                /* the last ones of the virtual address */
  gsize end;
} Owner;

struct _Pas2vasStringRows
{
  P2vExport *export;
  guint64    pfn;              /* whose owners these are */
  GString   *cells;
  GArray    *owners;           /* Owner; empty: none were prepared */
  GString   *start;            /* of the rows of a line */
  GString   *end;
};

Pas2vasStringRows *
pas2vas_string_rows_begin (GOutputStream   *output,
                           P2vExportFormat  format)
{
  Pas2vasStringRows *self = g_new0 (Pas2vasStringRows, 1);

  self->export = p2v_export_new (output, format, columns, G_N_ELEMENTS (columns));
  self->cells = g_string_new (NULL);
  self->owners = g_array_new (FALSE, FALSE, sizeof (Owner));
  self->start = g_string_new (NULL);
  self->end = g_string_new (NULL);
  return self;
}

void
pas2vas_string_rows_free (Pas2vasStringRows *self)
{
  p2v_export_free (self->export);
  g_string_free (self->cells, TRUE);
  g_array_unref (self->owners);
  g_string_free (self->start, TRUE);
  g_string_free (self->end, TRUE);
  g_free (self);
}

static void
add_pa (P2vExport         *export,
        const P2vPhysAddr *pa)
{
  if (pa != NULL)
    p2v_export_add_number (export, *pa);
  else
    p2v_export_add_nothing (export);
}

/* The only row of a line that has no owner. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
end_row_without_owner (P2vExport          *export,
                       const P2vPhysAddr  *pa,
                       const char         *text,
                       GError            **error)
{
  add_pa (export, pa);
  for (guint i = 0; i < N_OWNER_CELLS; i++)
    p2v_export_add_nothing (export);
  p2v_export_add_text (export, text);
  return p2v_export_end_row (export, NULL, error);
}

/* Adds the cells of an owner, and prepares them for the next line in the frame. */
static void
add_owner (Pas2vasStringRows *self,
           const P2vBulkRow  *row,
           P2vPhysAddr        pa)
{
  Owner owner = { .start = self->cells->len };
  gsize mark = p2v_export_mark (self->export);

  p2v_export_add_pid (self->export, row->process);
  p2v_export_add_number (self->export, row->page_va | (pa & (P2V_FRAME_SIZE - 1)));
  p2v_export_copy_cells (self->export, mark, self->cells);
  owner.digits = self->cells->len - OFFSET_DIGITS;
  /* JSON has it in quotes. */
  if (self->cells->str[self->cells->len - 1] == '"')
    owner.digits--;
  mark = p2v_export_mark (self->export);
  p2v_export_add_text (self->export, p2v_process_get_name (row->process));
  p2v_export_copy_cells (self->export, mark, self->cells);
  owner.end = self->cells->len;
  g_array_append_val (self->owners, owner);
}

/* The rows of the first line in a frame. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
add_rows (Pas2vasStringRows  *self,
          const char         *offset,
          P2vPhysAddr         pa,
          const P2vBulkRow   *rows,
          guint64             n_rows,
          const char         *text,
          GError            **error)
{
  gboolean may_repeat = TRUE;

  g_string_truncate (self->cells, 0);
  g_array_set_size (self->owners, 0);
  for (guint64 i = 0; i < n_rows; i++)
    {
      p2v_export_add_text (self->export, offset);
      p2v_export_add_number (self->export, pa);
      add_owner (self, &rows[i], pa);
      p2v_export_add_text (self->export, text);
      if (!p2v_export_end_row (self->export, NULL, error))
        return FALSE;
      /* An address with fewer digits has nothing to be replaced. */
      may_repeat &= rows[i].page_va >= P2V_FRAME_SIZE;
    }
  self->pfn = pa >> P2V_FRAME_SHIFT;
  if (!may_repeat)
    g_array_set_size (self->owners, 0);
  return TRUE;
}

static void
repeat_owner (Pas2vasStringRows *self,
              guint              position,
              const char         digits[OFFSET_DIGITS])
{
  const Owner *owner = &g_array_index (self->owners, Owner, position);

  memcpy (self->cells->str + owner->digits, digits, OFFSET_DIGITS);
  p2v_export_repeat_cells (self->export, self->cells->str + owner->start,
                           owner->end - owner->start, N_OWNER_CELLS);
}

/* Adds the first row of a line and keeps what its others will have in common. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
repeat_first_row (Pas2vasStringRows  *self,
                  const char         *offset,
                  P2vPhysAddr         pa,
                  const char          digits[OFFSET_DIGITS],
                  const char         *text,
                  GError            **error)
{
  gsize mark = p2v_export_mark (self->export);

  g_string_truncate (self->start, 0);
  g_string_truncate (self->end, 0);
  p2v_export_add_text (self->export, offset);
  p2v_export_add_number (self->export, pa);
  p2v_export_copy_cells (self->export, mark, self->start);
  repeat_owner (self, 0, digits);
  mark = p2v_export_mark (self->export);
  p2v_export_add_text (self->export, text);
  p2v_export_copy_cells (self->export, mark, self->end);
  return p2v_export_end_row (self->export, NULL, error);
}

/* The rows of another line in the frame. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
repeat_rows (Pas2vasStringRows  *self,
             const char         *offset,
             P2vPhysAddr         pa,
             const char         *text,
             GError            **error)
{
  char digits[OFFSET_DIGITS];

  for (guint i = 0; i < OFFSET_DIGITS; i++)
    digits[i] = "0123456789abcdef"[pa >> 4 * (OFFSET_DIGITS - 1 - i) & 15];
  if (!repeat_first_row (self, offset, pa, digits, text, error))
    return FALSE;
  for (guint i = 1; i < self->owners->len; i++)
    {
      p2v_export_repeat_cells (self->export, self->start->str, self->start->len, N_START_CELLS);
      repeat_owner (self, i, digits);
      p2v_export_repeat_cells (self->export, self->end->str, self->end->len, 1);
      if (!p2v_export_end_row (self->export, NULL, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
pas2vas_string_rows_add (Pas2vasStringRows  *self,
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
  if (pa == NULL || n_rows == 0)
    {
      p2v_export_add_text (self->export, offset);
      return end_row_without_owner (self->export, pa, text, error);
    }
  if (self->owners->len == n_rows && self->pfn == *pa >> P2V_FRAME_SHIFT)
    return repeat_rows (self, offset, *pa, text, error);
  return add_rows (self, offset, *pa, rows, n_rows, text, error);
}

gboolean
pas2vas_string_rows_add_damaged (Pas2vasStringRows   *self,
                                 const Pas2vasPiece  *piece,
                                 GError             **error)
{
  gboolean has_cr =
    piece->is_end && piece->length > 0 && piece->bytes[piece->length - 1] == '\r';
  g_autofree char *text = p2v_escape_bytes (piece->bytes, piece->length - (has_cr ? 1 : 0));

  p2v_export_add_nothing (self->export);
  return end_row_without_owner (self->export, NULL, text, error);
}

gboolean
pas2vas_string_rows_finish (Pas2vasStringRows  *self,
                            GError            **error)
{
  return p2v_export_finish (self->export, NULL, error);
}
