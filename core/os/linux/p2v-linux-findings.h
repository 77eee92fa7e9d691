/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What looking at every byte of memory finds: one pass over the image for tasks, mm_structs and
 * roots of page tables. It is kept with the image's index and only proved again the next time. */

#pragma once

#include "os/linux/p2v-linux-marks.h"

typedef struct
{
  GArray *tasks;               /* P2vVirtAddr */
  GArray *mms;                 /* P2vVirtAddr */
  GArray *roots;               /* P2vPhysAddr */
} P2vLinuxFindings;

/* Takes over what was found the last time, or scans if @search wants it; else there are none and
 * *@ret_scanned is FALSE. What is not proved by p2v_linux_is_task() and the like is not in them.
 * FALSE if the image cannot be read, or on cancellation. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_findings_make  (P2vLinuxFindings      *self,
                                   P2vLinuxMarks         *marks,
                                   const P2vSystemSearch *search,
                                   gboolean              *ret_scanned,
                                   GError               **error);
void     p2v_linux_findings_clear (P2vLinuxFindings      *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (P2vLinuxFindings, p2v_linux_findings_clear)
