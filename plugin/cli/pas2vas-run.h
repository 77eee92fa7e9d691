/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Long work in the background, with progress on a terminal. */

#pragma once

#include "pas2vas-options.h"

/* (transfer full): a session with the image that is the first argument, come to @stage. NULL
 * after the error was reported: the exit code is PAS2VAS_UNREADABLE then. */
P2vSession *pas2vas_run_open    (const Pas2vasOptions *options,
                                 P2vStage              stage);

/* Takes a session on to @stage. */
gboolean    pas2vas_run_advance (P2vSession   *session,
                                 P2vStage      stage,
                                 gboolean      quiet,
                                 GError      **error);

/* Something that takes long and prints; called in a thread. */
typedef gboolean (*Pas2vasWork)     (P2vSession       *session,
                                     gpointer          data,
                                     GError          **error);
/* (transfer full): how far it is; called while it runs, in another thread. */
typedef char    *(*Pas2vasProgress) (gpointer          data);

gboolean    pas2vas_run_work    (P2vSession       *session,
                                 Pas2vasWork       work,
                                 Pas2vasProgress   progress,
                                 gpointer          data,
                                 gboolean          quiet,
                                 GError          **error);
