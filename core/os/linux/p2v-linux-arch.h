/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The processors that Linux was built for, one constant each: what differs between them beside the
 * paging form.
 *
 * To add one: describe it in os/linux/p2v-linux-arch-NAME.c, declare it below and add it to the
 * table in p2v-linux-kernel.c. */

#pragma once

#include "paging/p2v-virtual-memory.h"

typedef struct _P2vLinux P2vLinux;
typedef struct _P2vLinuxSwapLayout P2vLinuxSwapLayout;

typedef struct
{
  const char         *name;            /* as people write it; not translated */
  guint               word_bytes;      /* of a pointer and of a long */
  gboolean            has_kernel_half; /* roots of processes lead to the kernel, too */
  /* The root on which the processor runs in user mode may be a copy so many bytes behind mm->pgd;
   * 0 if there is none. */
  guint               user_copy_bytes;
  /* Rights that entries of a root do not take away, and how entries that the processor ignores are
   * read; see P2vPageTables. Their system_data is the P2vLinux. */
  P2vRights           root_grants;
  P2vForeignEntryFunc decode_foreign;
  const P2vLinuxSwapLayout *swap_layouts;  /* how entries of swapped pages are written */
  guint64             special_mask;    /* of entries to pages that are not counted */
  guint64             uffd_wp_mask;    /* of entries that userfaultfd keeps from writing; 0: none */
  /* Whether this kernel has the latter. NULL: every one. */
  gboolean          (*has_uffd_wp)      (const P2vLinux *self);
  /* Appends the areas of the kernel's half (P2vKernelArea) to @areas, in any order: each ends where
   * the next one begins, if that is earlier than its length says. What is in none is said to be the
   * kernel's and no more. */
  void              (*add_areas)       (const P2vLinux   *self,
                                        P2vVirtualMemory *memory,
                                        GArray           *areas);

  /* Whether a VMCOREINFO is of such a kernel. */
  gboolean          (*is_meant)         (GHashTable  *info);
  /* Where the kernel's image lies and how its page tables are made: delta, the form, the user's
   * part of a root, least_kernel_va. @self has its VMCOREINFO, @root_va is swapper_pg_dir. FALSE if
   * what is needed for that is not there or contradicts itself. */
  gboolean          (*open_page_tables) (P2vLinux    *self,
                                         P2vVirtAddr  root_va);
  /* After that, for a flat image, as if it began at address 0: whether it begins elsewhere, and
   * where, by its page tables, which must lead to themselves. NULL: memory always begins at 0. */
  gboolean          (*find_base)        (const P2vLinux *self,
                                         P2vVirtAddr     root_va,
                                         P2vPhysAddr    *ret_base_pa);
} P2vLinuxArch;

extern const P2vLinuxArch p2v_linux_arch_x86_64;
extern const P2vLinuxArch p2v_linux_arch_i386;
extern const P2vLinuxArch p2v_linux_arch_i386_pae;
extern const P2vLinuxArch p2v_linux_arch_arm64;

/* Where the kernel's half of an i386 kernel may begin. */
#define P2V_LINUX_N_PAGE_OFFSETS 5
extern const guint64 p2v_linux_page_offsets[P2V_LINUX_N_PAGE_OFFSETS];
