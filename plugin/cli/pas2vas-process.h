/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The process that a command line names by its id. */

#pragma once

#include "pas2vas-command.h"

/* (transfer none): the address space of the process with @pid, which @system keeps alive;
 * *ret_process is the process. NULL after it was reported that there is none: the exit code is
 * PAS2VAS_NOTHING then. */
P2vAddressSpace *pas2vas_find_space (P2vSystem   *system,
                                     gint64       pid,
                                     P2vProcess **ret_process);
