/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Whose the roots of page tables are: of the kernel's own use, of processes that were found, or of
 * nobody that is known. */

#pragma once

#include "os/linux/p2v-linux-findings.h"

typedef struct
{
  P2vLinuxMarks          *marks;
  const P2vLinuxFindings *findings;
  GHashTable             *seen;        /* guint64 * (P2vPhysAddr) */
  GHashTable             *told;        /* guint64 *: roots that need not be told any more */
} P2vLinuxRoots;

/* Both arguments outlive @self. */
void     p2v_linux_roots_init        (P2vLinuxRoots          *self,
                                      P2vLinuxMarks          *marks,
                                      const P2vLinuxFindings *findings);
void     p2v_linux_roots_clear       (P2vLinuxRoots          *self);
/* Whether the scan has found the root. */
gboolean p2v_linux_roots_has         (P2vLinuxRoots          *self,
                                      P2vPhysAddr             root_pa);
/* Sees the tasks that own an mm_struct of which no task is known. */
void     p2v_linux_roots_see_owners  (P2vLinuxRoots          *self);
/* When all processes are known: names the kernel's own roots, and adds what is left as processes
 * without a pid. */
void     p2v_linux_roots_add_unknown (P2vLinuxRoots          *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (P2vLinuxRoots, p2v_linux_roots_clear)
