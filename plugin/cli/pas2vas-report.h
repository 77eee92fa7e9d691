/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What pas2vas says on stderr: errors, notes and the closing line; and where its output goes. */

#pragma once

#include "pas2vas-command.h"

/* Writes "pas2vas: ..." as exactly one line, whatever the text holds. */
void           pas2vas_report       (const char           *format,
                                     ...) G_GNUC_PRINTF (1, 2);

/* Reports what is wrong with a command line, and where help is. @command may be NULL.
 * Returns PAS2VAS_USAGE. */
Pas2vasStatus  pas2vas_report_usage (const Pas2vasCommand *command,
                                     const char           *format,
                                     ...) G_GNUC_PRINTF (2, 3);

/* Reports an error, unless it is that nobody reads our output any more. Returns the exit code. */
Pas2vasStatus  pas2vas_report_error (const GError         *error);

/* Writes a line that is no error. */
void           pas2vas_note         (const char           *format,
                                     ...) G_GNUC_PRINTF (1, 2);

/* (transfer full): standard output, unbuffered. */
GOutputStream *pas2vas_open_output  (void);
