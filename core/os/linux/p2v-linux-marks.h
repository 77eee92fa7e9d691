/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* By what a task_struct, an mm_struct and a root of page tables are recognized without any list
 * that leads to them. */

#pragma once

#include "os/linux/p2v-linux-tasks.h"

/* How a root of page tables looks on this machine: where the entries of user space and of the
 * kernel share one root, those that lead to the kernel's own image and to its map of all memory are
 * the same in every root. */
typedef struct
{
  gboolean known;              /* FALSE: the kernel has roots of its own; none is recognized */
  guint    table_bytes;        /* also the alignment */
  guint    text_slot;
  guint    linear_slot;
  guint64  text_entry;
  guint64  linear_entry;
  guint64  compared_bits;      /* all but those that the processor sets by itself */
} P2vLinuxRootRule;

typedef struct
{
  P2vLinuxFinder   *finder;    /* (transfer none) */
  gboolean          linear_known;
  guint64           linear_delta; /* virtual minus physical address in the map of all memory */
  P2vLinuxRootRule  root;
} P2vLinuxMarks;

/* An mm_struct that is in use. */
typedef struct
{
  P2vVirtAddr va;
  P2vPhysAddr root_pa;
  P2vVirtAddr owner_va;        /* of a task, or 0 */
} P2vLinuxMm;

/* @finder has followed the lists: where no symbol tells, its tasks tell where the map of all memory
 * begins. */
void     p2v_linux_marks_init (P2vLinuxMarks  *self,
                               P2vLinuxFinder *finder);
/* Whether a task_struct is at @va: of a living task, or of one that is gone and whose memory has
 * not been used again. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_is_task    (P2vLinuxMarks  *self,
                               P2vVirtAddr     va);
/* Whether an mm_struct that somebody uses is at @va. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_is_mm      (P2vLinuxMarks  *self,
                               P2vVirtAddr     va,
                               P2vLinuxMm     *ret_mm);
/* Whether a root is at @pa. *@ret_is_whole (nullable): whether it leads to all memory as well, as
 * those of processes do; one for starting a processor does not. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_is_root    (P2vLinuxMarks  *self,
                               P2vPhysAddr     pa,
                               gboolean       *ret_is_whole);
