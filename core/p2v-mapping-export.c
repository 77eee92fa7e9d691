/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-export-private.h"

#include <glib/gi18n-lib.h>

#include "p2v-mapping-private.h"

/* A mapping: the columns. In tables the first four are those of the original pas2vas, and the
 * page's size is a word. */
static const P2vColumn mapping_columns[] = {
  { "physical", N_("Physical"), P2V_CELL_HEX, 14 },
  { "virtual", N_("Virtual"), P2V_CELL_HEX, 14 },
  { "length", NULL, P2V_CELL_DECIMAL, 0 },
  { "pid", N_("Pid"), P2V_CELL_DECIMAL, 6 },
  { "name", N_("Name"), P2V_CELL_TEXT, 15 },
  { "rights", N_("Rights"), P2V_CELL_TEXT, 6 },
  { NULL, N_("Size"), P2V_CELL_TEXT, 4 },
  { "state", N_("State"), P2V_CELL_TEXT, 9 },
  { "region", N_("Region"), P2V_CELL_TEXT, 30 },
  { "file_offset", N_("File offset"), P2V_CELL_HEX, 14 },
  { "page_size", NULL, P2V_CELL_DECIMAL, 0 },
  { "entry", NULL, P2V_CELL_HEX, 0 },
  { "region_rights", NULL, P2V_CELL_TEXT, 0 },
  { "class", NULL, P2V_CELL_TEXT, 0 },
  { "addresses", NULL, P2V_CELL_DECIMAL, 0 },
  { "last_virtual", NULL, P2V_CELL_HEX, 0 },
  { "step", NULL, P2V_CELL_HEX, 0 },
};

/**
 * p2v_export_get_mapping_columns:
 * @ret_n_columns: (out): how many
 *
 * The columns that p2v_export_add_mapping() fills: physical, virtual, length (bytes), pid, name,
 * rights, state, region, file_offset (in the image file), page_size (bytes), entry (the physical
 * address of the entry that maps the page), region_rights, class, addresses (how many the row
 * stands for), last_virtual and step (if they are many). Tables show them as Physical, Virtual,
 * Pid, Name, Rights, Size, State, Region and File offset; rights that the region denies are marked
 * with an exclamation mark there.
 *
 * Returns: (array length=ret_n_columns) (transfer none): the columns
 * Since: 1.0
 */
const P2vColumn *
p2v_export_get_mapping_columns (gsize *ret_n_columns)
{
  g_return_val_if_fail (ret_n_columns != NULL, NULL);

  *ret_n_columns = G_N_ELEMENTS (mapping_columns);
  return mapping_columns;
}

static P2vImage *
get_image (P2vExport  *self,
           P2vSession *session)
{
  if (g_set_object (&self->session, session))
    {
      g_clear_object (&self->image);
      self->image = p2v_session_dup_image (session);
    }
  return self->image;
}

static void
add_rights (P2vExport        *self,
            const P2vMapping *mapping)
{
  char text[P2V_RIGHTS_TEXT_SIZE + 1];

  p2v_rights_fill_text (mapping->rights, text);
  if (self->format == P2V_EXPORT_TABLE && p2v_mapping_rights_disagree (mapping))
    g_strlcat (text, "!", sizeof text);
  p2v_export_add_text (self, text);
}

static void
add_size_word (P2vExport *self,
               guint      page_shift)
{
  if (self->format != P2V_EXPORT_TABLE)
    {
      p2v_export_add_nothing (self);
      return;
    }

  g_autofree char *size = p2v_page_shift_to_string (page_shift);
  p2v_export_add_text (self, size);
}

static void
add_region (P2vExport        *self,
            const P2vMapping *mapping)
{
  if (mapping->region == NULL && mapping->mapping_class != P2V_MAPPING_LDT)
    {
      p2v_export_add_nothing (self);
      return;
    }

  g_string_truncate (self->scratch, 0);
  p2v_mapping_append_region_text (mapping, self->scratch);
  g_autofree char *addresses =
    self->format == P2V_EXPORT_TABLE ? p2v_mapping_dup_addresses_text (mapping) : NULL;
  if (addresses != NULL)
    g_string_append_printf (self->scratch, " (%s)", addresses);
  p2v_export_add_text (self, self->scratch->str);
}

static void
add_file_offset (P2vExport   *self,
                 P2vImage    *image,
                 P2vPhysAddr  pa)
{
  guint64 file_offset;

  if (image != NULL && p2v_image_pa_to_offset (image, pa, &file_offset))
    p2v_export_add_number (self, file_offset);
  else
    p2v_export_add_nothing (self);
}

static void
add_region_rights (P2vExport        *self,
                   const P2vMapping *mapping)
{
  const P2vRegion *region = mapping->region;
  char text[P2V_RIGHTS_TEXT_SIZE];

  if (region == NULL || mapping->mapping_class != P2V_MAPPING_USER)
    {
      p2v_export_add_nothing (self);
      return;
    }

  p2v_rights_fill_text (region->rights, text);
  text[3] = '\0';
  p2v_export_add_text (self, text);
}

static void
add_addresses (P2vExport        *self,
               const P2vMapping *mapping)
{
  p2v_export_add_text (self, p2v_mapping_class_to_string (mapping->mapping_class));
  p2v_export_add_number (self, MAX (mapping->n_addresses, 1));
  if (mapping->n_addresses > 1)
    p2v_export_add_number (self, mapping->last_va);
  else
    p2v_export_add_nothing (self);
  if (mapping->n_addresses > 1 && mapping->step_bytes > 0)
    p2v_export_add_number (self, mapping->step_bytes);
  else
    p2v_export_add_nothing (self);
}

/* The part of a row that p2v_session_describe() finds out. */
static void
add_description (P2vExport        *self,
                 P2vImage         *image,
                 const P2vMapping *mapping)
{
  add_rights (self, mapping);
  add_size_word (self, mapping->page_shift);
  p2v_export_add_text (self, p2v_state_to_string (mapping->state));
  add_region (self, mapping);
  add_file_offset (self, image, mapping->pa);
  p2v_export_add_number (self, (guint64) 1 << mapping->page_shift);
  p2v_export_add_number (self, mapping->entry_pa);
  add_region_rights (self, mapping);
}

static void
add_no_description (P2vExport        *self,
                    P2vImage         *image,
                    const P2vMapping *mapping)
{
  for (guint i = 0; i < 4; i++)
    p2v_export_add_nothing (self);
  add_file_offset (self, image, mapping->pa);
  for (guint i = 0; i < 3; i++)
    p2v_export_add_nothing (self);
}

/* What the functions above write, in a third of the time. */
static void
add_csv_row (P2vExport        *self,
             P2vImage         *image,
             const P2vMapping *mapping)
{
  guint64 file_offset;
  gboolean is_in_image =
    image != NULL && p2v_image_pa_to_offset (image, mapping->pa, &file_offset);

  g_string_truncate (self->scratch, 0);
  p2v_mapping_append_region_text (mapping, self->scratch);
  p2v_mapping_append_csv_row (mapping, self->scratch->str, is_in_image ? &file_offset : NULL,
                              self->buffer);
  self->position = self->n_columns;
}

/**
 * p2v_export_add_mapping:
 * @self: an export with the columns of p2v_export_get_mapping_columns()
 * @session: whose mapping it is
 * @mapping: (transfer none): a mapping; if it is not described, the cells that need it stay empty
 * @cancellable: (nullable): cancels
 * @error: return location
 *
 * Adds a whole row.
 *
 * Returns: %FALSE with @error as of p2v_export_end_row()
 * Since: 1.0
 */
gboolean
p2v_export_add_mapping (P2vExport         *self,
                        P2vSession        *session,
                        const P2vMapping  *mapping,
                        GCancellable      *cancellable,
                        GError           **error)
{
  g_return_val_if_fail (self != NULL && self->columns == mapping_columns, FALSE);
  g_return_val_if_fail (mapping != NULL && mapping->page_shift < 64, FALSE);

  P2vImage *image = get_image (self, session);

  if (self->format == P2V_EXPORT_CSV && mapping->described)
    {
      add_csv_row (self, image, mapping);
      return p2v_export_end_row (self, cancellable, error);
    }

  p2v_export_add_number (self, mapping->pa);
  p2v_export_add_number (self, mapping->va);
  p2v_export_add_number (self, mapping->length_bytes);
  p2v_export_add_pid (self, mapping->process);
  p2v_export_add_text (self, p2v_process_get_name (mapping->process));
  if (mapping->described)
    add_description (self, image, mapping);
  else
    add_no_description (self, image, mapping);
  add_addresses (self, mapping);
  return p2v_export_end_row (self, cancellable, error);
}

static void
add_nothings (P2vExport *self,
              guint      n_cells)
{
  for (guint i = 0; i < n_cells; i++)
    p2v_export_add_nothing (self);
}

/**
 * p2v_export_add_frame:
 * @self: an export with the columns of p2v_export_get_mapping_columns()
 * @session: whose frame it is
 * @pa: the physical address that was asked for
 * @frame: (transfer none): what the frame is that @pa is in
 * @cancellable: (nullable): cancels
 * @error: return location
 *
 * Adds a row for an address that has no mapping: its state is "unmapped" or "not-in-image", its
 * region what the frame is, its class the frame's kind, and it stands for no address.
 *
 * Returns: %FALSE with @error as of p2v_export_end_row()
 * Since: 1.0
 */
gboolean
p2v_export_add_frame (P2vExport       *self,
                      P2vSession      *session,
                      P2vPhysAddr      pa,
                      const P2vFrame  *frame,
                      GCancellable    *cancellable,
                      GError         **error)
{
  g_return_val_if_fail (self != NULL && self->columns == mapping_columns, FALSE);
  g_return_val_if_fail (frame != NULL, FALSE);

  p2v_export_add_number (self, pa);
  p2v_export_add_nothing (self);
  p2v_export_add_number (self, 1);
  add_nothings (self, 4);
  p2v_export_add_text (self, frame->in_image ? "unmapped" : "not-in-image");
  p2v_export_add_text (self, frame->detail);
  add_file_offset (self, get_image (self, session), pa);
  add_nothings (self, 3);
  p2v_export_add_text (self, p2v_frame_kind_get_id (frame->kind));
  p2v_export_add_number (self, 0);
  add_nothings (self, 2);
  return p2v_export_end_row (self, cancellable, error);
}

/**
 * p2v_session_export_answer:
 * @session: a session
 * @answer: (transfer none): an answer of it
 * @format: how to write
 * @stream: (transfer none): where to; stays open
 * @cancellable: (nullable): cancels
 * @error: return location
 *
 * Writes all rows of an answer, each described. Reads the image: call it in a thread.
 *
 * Returns: %FALSE with @error if the image could not be read or the stream not be written
 * Since: 1.0
 */
gboolean
p2v_session_export_answer (P2vSession       *session,
                           P2vAnswer        *answer,
                           P2vExportFormat   format,
                           GOutputStream    *stream,
                           GCancellable     *cancellable,
                           GError          **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (session) && P2V_IS_ANSWER (answer), FALSE);

  g_autoptr (P2vExport) export = p2v_export_new (stream, format, mapping_columns,
                                                 G_N_ELEMENTS (mapping_columns));
  guint64 n_rows = p2v_answer_get_n_rows (answer);

  for (guint64 i = 0; i < n_rows; i++)
    {
      P2vMapping mapping;

      p2v_answer_get_row (answer, i, &mapping);
      if (!p2v_session_describe (session, &mapping, error)
          || !p2v_export_add_mapping (export, session, &mapping, cancellable, error))
        return FALSE;
    }
  return p2v_export_finish (export, cancellable, error);
}

typedef struct
{
  P2vExport    *export;
  P2vSession   *session;
  GCancellable *cancellable;
  GError       *error;
} ExportAll;

static gboolean
on_mapping (const P2vMapping *mapping,
            gpointer          user_data)
{
  ExportAll *all = user_data;

  return p2v_export_add_mapping (all->export, all->session, mapping, all->cancellable, &all->error);
}

/**
 * p2v_session_export_all:
 * @session: a session that knows the system
 * @filter: (nullable): which processes
 * @join_pages: whether neighbouring pages that differ in nothing but their addresses become one
 *   row
 * @format: how to write
 * @stream: (transfer none): where to; stays open
 * @cancellable: (nullable): cancels
 * @error: return location
 *
 * Writes every mapping. Reads all page tables: call it in a thread. Needs no index and keeps no
 * rows.
 *
 * Returns: %FALSE with @error if the image could not be read or the stream not be written
 * Since: 1.0
 */
gboolean
p2v_session_export_all (P2vSession       *session,
                        P2vFilter        *filter,
                        gboolean          join_pages,
                        P2vExportFormat   format,
                        GOutputStream    *stream,
                        GCancellable     *cancellable,
                        GError          **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (session), FALSE);

  g_autoptr (P2vExport) export = p2v_export_new (stream, format, mapping_columns,
                                                 G_N_ELEMENTS (mapping_columns));
  ExportAll all = { .export = export, .session = session, .cancellable = cancellable };
  g_autoptr (GError) walk_error = NULL;

  gboolean is_walked = p2v_session_foreach_mapping (session, filter, join_pages, on_mapping, &all,
                                                    cancellable, &walk_error);

  /* A row that could not be written stops the walk, and is the reason to tell. */
  if (all.error != NULL)
    {
      g_propagate_error (error, all.error);
      return FALSE;
    }
  if (!is_walked)
    {
      g_propagate_error (error, g_steal_pointer (&walk_error));
      return FALSE;
    }
  return p2v_export_finish (export, cancellable, error);
}
