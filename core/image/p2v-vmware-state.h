/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The state file of a VMware machine (.vmss of a suspended one, .vmsn of a snapshot): where the
 * machine's memory stands, in this file or in the .vmem beside it, and the page-table roots of its
 * processors. Private to image/. */

#pragma once

#include "image/p2v-image-private.h"

/* Runs of memory. Source: crash-utility/crash, vmware_vmss.h: MAX_REGIONS is 3. */
#define P2V_VMWARE_MAX_REGIONS 16

/* All three count in pages of 4 KiB. */
typedef struct
{
  guint32 first_page;          /* physical */
  guint32 file_page;           /* counted from the first byte of memory */
  guint32 n_pages;
} P2vVmwareRegion;

/* Zeroed before use, except for @roots. */
typedef struct
{
  P2vVmwareRegion regions[P2V_VMWARE_MAX_REGIONS];
  guint32         n_regions;   /* 0: memory is one run from physical address 0 on */
  guint64         memory_offset; /* of the memory in the state file itself */
  guint64         memory_bytes;  /* 0 if it is not there */
  GArray         *roots;       /* (transfer none): P2vPhysAddr: takes CR3 of each processor */
} P2vVmwareState;

/* Whether a file that begins so is a state file. */
gboolean p2v_vmware_state_is_magic (const guint8    *bytes,
                                    gsize            n_bytes);
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_vmware_state_read     (P2vVmwareState  *self,
                                    P2vFile         *file,
                                    GCancellable    *cancellable,
                                    GError         **error);
