/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Names for what frames belong to. */

#pragma once

#include "os/linux/p2v-linux-page.h"

/* p2v-linux-inode.c: (transfer full) (nullable): the file that a struct address_space caches; NULL
 * if that is not known. */
char *p2v_linux_dup_mapping_name (const P2vLinux   *kernel,
                                  P2vVirtualMemory *memory,
                                  P2vVirtAddr       mapping_va);

/* p2v-linux-resources.c */

typedef struct
{
  P2vPhysAddr  start_pa;
  P2vPhysAddr  last_pa;        /* of the last byte */
  guint        depth;          /* 0: not within another one */
  char        *name;           /* escaped: "System RAM" */
} P2vLinuxResource;

/* (transfer full) (element-type P2vLinuxResource): in no order; empty if the kernel does not say
 * where they are. */
GArray                 *p2v_linux_load_resources (const P2vLinux   *kernel,
                                                  P2vVirtualMemory *memory);
/* (nullable): the innermost resource that has a byte of the frame. */
const P2vLinuxResource *p2v_linux_find_resource  (GArray           *resources,
                                                  P2vPhysAddr       frame_pa);
/* p2v-linux-missing.c: (transfer full) (nullable): what to say of memory that the kernel had and
 * the image has not. */
char                   *p2v_linux_dup_missing_memory
                                                 (const P2vLinux   *kernel,
                                                  P2vVirtualMemory *memory);

/* P2V_FRAME_KIND_RESERVED for memory that the kernel has, P2V_FRAME_KIND_FIRMWARE for what the
 * firmware keeps, P2V_FRAME_KIND_NOT_RAM for the rest. */
P2vFrameKind            p2v_linux_resource_get_kind
                                                 (const P2vLinuxResource *resource);
/* p2v-linux-frames.c: (transfer none): the same list for all, read when it is first asked for. */
GArray                 *p2v_linux_frames_get_resources
                                                 (const P2vLinux   *kernel,
                                                  P2vVirtualMemory *memory);

/* p2v-linux-frame-owners.c: frames that the kernel uses through addresses of its own half, where
 * struct page does not say what for: stacks, modules, vmalloc, variables of processors, and the
 * array of struct page itself. */

typedef struct
{
  guint64       pfn;           /* in units of P2V_FRAME_SIZE */
  P2vFrameKind  kind;
  guint         name;          /* in names */
  P2vVirtAddr   va;            /* where the kernel has the frame */
  guint64       offset_bytes;  /* in what the name stands for */
} P2vLinuxFrameOwner;

typedef struct
{
  GArray    *owners;           /* P2vLinuxFrameOwner, by frame */
  GPtrArray *names;            /* char *, escaped; "" for none */
  GArray    *processes;        /* P2vProcess *, beside names; NULL for none */
  GPtrArray *modules;          /* P2vLinuxModulePart */
} P2vLinuxFrameOwners;

G_GNUC_WARN_UNUSED_RESULT
P2vLinuxFrameOwners      *p2v_linux_frame_owners_new  (const P2vLinux            *kernel,
                                                       P2vSystem                 *system,
                                                       P2vVirtualMemory          *memory,
                                                       const P2vLinuxPageLayout  *layout,
                                                       GError                   **error);
void                      p2v_linux_frame_owners_free (P2vLinuxFrameOwners       *self);
/* (transfer none) (array length=ret_n_owners) (nullable): all that claim the frame; who says most
 * comes first. */
const P2vLinuxFrameOwner *p2v_linux_frame_owners_find (const P2vLinuxFrameOwners *self,
                                                       guint64                    pfn,
                                                       guint                     *ret_n_owners);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vLinuxFrameOwners, p2v_linux_frame_owners_free)
