/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "pas2vas-properties.h"

#include <glib/gi18n.h>

static const P2vColumn columns[] = {
  { "property", N_("Property"), P2V_CELL_TEXT, 0 },
  { "value", N_("Value"), P2V_CELL_TEXT, 0 },
};

struct _Pas2vasProperties
{
  GOutputStream *stream;
  GString       *lines;  /* for reading */
  P2vExport     *export; /* or for a program */
  GError        *error;  /* the first that adding a row met */
};

Pas2vasProperties *
pas2vas_properties_new (GOutputStream   *stream,
                        P2vExportFormat  format)
{
  Pas2vasProperties *self = g_new0 (Pas2vasProperties, 1);

  self->stream = g_object_ref (stream);
  if (format == P2V_EXPORT_TABLE)
    self->lines = g_string_new (NULL);
  else
    self->export = p2v_export_new (stream, format, columns, G_N_ELEMENTS (columns));
  return self;
}

void
pas2vas_properties_free (Pas2vasProperties *self)
{
  if (self->lines != NULL)
    g_string_free (self->lines, TRUE);
  g_clear_pointer (&self->export, p2v_export_free);
  g_clear_error (&self->error);
  g_object_unref (self->stream);
  g_free (self);
}

void
pas2vas_properties_add (Pas2vasProperties *self,
                        const char        *name,
                        const char        *value)
{
  if (self->lines != NULL)
    {
      g_string_append_printf (self->lines, "%s: %s\n", _(name), value);
      return;
    }

  if (self->error != NULL)
    return;
  p2v_export_add_text (self->export, name);
  p2v_export_add_text (self->export, value);
  p2v_export_end_row (self->export, NULL, &self->error);
}

void
pas2vas_properties_printf (Pas2vasProperties *self,
                           const char        *name,
                           const char        *format,
                           ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *value = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  pas2vas_properties_add (self, name, value);
}

void
pas2vas_properties_add_findings (Pas2vasProperties *self,
                                 P2vSession        *session)
{
  g_auto (GStrv) diagnostics = p2v_session_dup_diagnostics (session);

  for (char **diagnostic = diagnostics; diagnostic != NULL && *diagnostic != NULL; diagnostic++)
    pas2vas_properties_add (self, N_("Finding"), *diagnostic);
}

gboolean
pas2vas_properties_finish (Pas2vasProperties  *self,
                           GError            **error)
{
  if (self->lines != NULL)
    return g_output_stream_write_all (self->stream, self->lines->str, self->lines->len, NULL, NULL,
                                      error);
  if (self->error == NULL)
    return p2v_export_finish (self->export, NULL, error);

  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}
