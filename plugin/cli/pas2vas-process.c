/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "pas2vas-process.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#include "pas2vas-options.h"
#include "pas2vas-report.h"

#define ROOT_PREFIX "root@"

gboolean
pas2vas_parse_owner (const Pas2vasCommand *command,
                     const char           *text,
                     Pas2vasOwner         *ret_owner)
{
  *ret_owner = (Pas2vasOwner) { .is_root = g_str_has_prefix (text, ROOT_PREFIX) };
  if (ret_owner->is_root)
    return pas2vas_parse_address (command, text + strlen (ROOT_PREFIX), &ret_owner->root_pa);
  return pas2vas_parse_pid (command, text, &ret_owner->pid);
}

static P2vAddressSpace *
find_root (P2vSystem   *system,
           P2vPhysAddr  root_pa,
           P2vProcess **ret_process)
{
  for (guint i = 0; i < p2v_system_get_n_spaces (system); i++)
    {
      P2vAddressSpace *space = p2v_system_get_space (system, i);

      if (p2v_address_space_get_root_pa (space) != root_pa)
        continue;
      *ret_process = p2v_address_space_get_owner (space, 0);
      return space;
    }
  pas2vas_note (_("No process has the root of its page tables at 0x%" PRIx64
                  "; see “pas2vas ps”."),
                root_pa);
  return NULL;
}

P2vAddressSpace *
pas2vas_find_space (P2vSystem           *system,
                    const Pas2vasOwner  *owner,
                    P2vProcess         **ret_process)
{
  if (owner->is_root)
    return find_root (system, owner->root_pa, ret_process);

  P2vProcess *process = p2v_system_find_pid (system, owner->pid);
  if (process == NULL)
    {
      pas2vas_note (_("No process has the id %" PRId64 "; see “pas2vas ps”."), owner->pid);
      return NULL;
    }

  P2vAddressSpace *space = p2v_process_get_address_space (process);
  if (space == NULL)
    {
      pas2vas_note (_("Process %" PRId64 " (%s) has no address space of its own: it is a thread "
                      "of the kernel or has exited."),
                    owner->pid, p2v_process_get_name (process));
      return NULL;
    }

  *ret_process = process;
  return space;
}
