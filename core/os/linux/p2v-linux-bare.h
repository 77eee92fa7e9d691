/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What is found of a kernel that has neither VMCOREINFO nor symbols of its data. */

#pragma once

#include "os/linux/p2v-linux-private.h"

typedef struct
{
  const P2vPagingForm *form;
  P2vPhysAddr          root_pa;
  P2vPhysAddr          banner_pa;
  P2vVirtAddr          banner_va;   /* where the kernel runs */
  P2vVirtAddr          linear_va;   /* of the banner in the map of all memory */
  P2vPhysAddr          base_pa;     /* of the first byte of a flat image that does not say it */
} P2vLinuxBareTables;

/* p2v-linux-bare.c: a line of a VMCOREINFO that is being made; @value is (transfer full). */
void        p2v_linux_add_info         (GHashTable               *info,
                                        const char               *key,
                                        char                     *value);

/* p2v-linux-bare-x86.c: the root page table of the kernel whose banner is at @banner_pa, and what
 * such a kernel would say of itself in its VMCOREINFO (transfer full). */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_find_x86_tables  (const P2vSystemSearch    *search,
                                        P2vPhysAddr               banner_pa,
                                        P2vLinuxBareTables       *ret_found);
GHashTable *p2v_linux_make_x86_info    (P2vImage                 *image,
                                        const P2vLinuxBareTables *found,
                                        const char               *release);

/* p2v-linux-bare-tables.c: the root page table of the kernel whose banner is at @banner_pa. Only
 * where the two halves of the addresses have a root each: others have their symbols. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_find_bare_tables (const P2vSystemSearch    *search,
                                        P2vPhysAddr               banner_pa,
                                        P2vLinuxBareTables       *ret_found);

/* p2v-linux-bare-arm64.c: (transfer full): what such a kernel would say of itself in its
 * VMCOREINFO. */
GHashTable *p2v_linux_make_arm64_info  (P2vImage                 *image,
                                        const P2vLinuxBareTables *found,
                                        const char               *release);

/* p2v-linux-bare-records.c: whether the records of some frames of the kernel's image stand from
 * @first_va on. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_has_image_records (P2vVirtualMemory *memory,
                                         P2vVirtAddr       first_va,
                                         guint32           record_bytes);
