/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The process that a command line names: by its id, or, where it has none, by the root of its page
 * tables. */

#pragma once

#include "pas2vas-command.h"

typedef struct
{
  gboolean    is_root;
  gint64      pid;
  P2vPhysAddr root_pa;         /* with is_root */
} Pas2vasOwner;

/* Parses "812" or "root@0x1234000". Reports and returns FALSE if it is neither. */
gboolean         pas2vas_parse_owner (const Pas2vasCommand  *command,
                                      const char            *text,
                                      Pas2vasOwner          *ret_owner);

/* (transfer none): the address space of @owner, which @system keeps alive; *ret_process is the
 * process. NULL after it was reported that there is none: the exit code is PAS2VAS_NOTHING then. */
P2vAddressSpace *pas2vas_find_space  (P2vSystem             *system,
                                      const Pas2vasOwner    *owner,
                                      P2vProcess           **ret_process);
