/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "pas2vas-process.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "pas2vas-report.h"

P2vAddressSpace *
pas2vas_find_space (P2vSystem   *system,
                    gint64       pid,
                    P2vProcess **ret_process)
{
  P2vProcess *process = p2v_system_find_pid (system, pid);

  if (process == NULL)
    {
      pas2vas_note (_("No process has the id %" PRId64 "; see “pas2vas ps”."), pid);
      return NULL;
    }

  P2vAddressSpace *space = p2v_process_get_address_space (process);
  if (space == NULL)
    {
      pas2vas_note (_("Process %" PRId64 " (%s) has no address space of its own: it is a thread "
                      "of the kernel or has exited."),
                    pid, p2v_process_get_name (process));
      return NULL;
    }

  *ret_process = process;
  return space;
}
