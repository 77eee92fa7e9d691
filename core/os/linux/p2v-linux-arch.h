/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The processors that Linux was built for, one constant each: what differs between them beside the
 * paging form.
 *
 * To add one: describe it in os/linux/p2v-linux-arch-NAME.c and declare it below. */

#pragma once

#include "paging/p2v-paging.h"

typedef struct _P2vLinux P2vLinux;

typedef struct
{
  const char         *name;            /* as people write it; not translated */
  guint               word_bytes;      /* of a pointer and of a long */
  /* Rights that entries of a root do not take away, and how entries that the processor ignores are
   * read; see P2vPageTables. Their system_data is the P2vLinux. */
  P2vRights           root_grants;
  P2vForeignEntryFunc decode_foreign;
} P2vLinuxArch;

extern const P2vLinuxArch p2v_linux_arch_x86_64;
