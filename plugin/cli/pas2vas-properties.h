/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Names and values, one a line: "name: value" for reading, rows of property and value in CSV and
 * JSON. */

#pragma once

#include "pas2vas-command.h"

typedef struct _Pas2vasProperties Pas2vasProperties;

Pas2vasProperties *pas2vas_properties_new    (GOutputStream      *stream,
                                              P2vExportFormat     format);
void               pas2vas_properties_free   (Pas2vasProperties  *self);
/* @name is marked with N_() or translated already; @value is printable UTF-8. */
void               pas2vas_properties_add    (Pas2vasProperties  *self,
                                              const char         *name,
                                              const char         *value);
void               pas2vas_properties_printf (Pas2vasProperties  *self,
                                              const char         *name,
                                              const char         *format,
                                              ...) G_GNUC_PRINTF (3, 4);
/* What the session could not read, a line each. */
void               pas2vas_properties_add_findings (Pas2vasProperties *self,
                                              P2vSession         *session);
gboolean           pas2vas_properties_finish (Pas2vasProperties  *self,
                                              GError            **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pas2vasProperties, pas2vas_properties_free)
