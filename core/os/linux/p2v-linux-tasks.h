/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Tasks (the kernel's word for threads) while they are being found, and the ways to find them. A
 * task is known by its address, so that whatever finds it again only adds a method. */

#pragma once

#include "os/linux/p2v-linux-private.h"

/* The ways, as bits of P2vMethod. */
enum
{
  P2V_LINUX_METHOD_TASKS = 1 << 0,
  P2V_LINUX_METHOD_PIDS = 1 << 1,
  P2V_LINUX_METHOD_OBJECTS = 1 << 2,
  P2V_LINUX_METHOD_ROOTS = 1 << 3,
};

/* Bits of task_struct.flags and .exit_state. Source: Linux include/linux/sched.h, PF_EXITING,
 * PF_KTHREAD, EXIT_DEAD and EXIT_ZOMBIE (unchanged 3.x to 6.12). */
#define P2V_LINUX_PF_EXITING  0x00000004
#define P2V_LINUX_PF_KTHREAD  0x00200000
#define P2V_LINUX_EXIT_DEAD   0x10
#define P2V_LINUX_EXIT_ZOMBIE 0x20

/* Source: Linux include/linux/sched.h, TASK_COMM_LEN. */
#define P2V_LINUX_COMM_BYTES 16

typedef struct
{
  P2vVirtAddr  va;
  P2vPhysAddr  pa;
  gint32       pid;
  gint32       tgid;
  guint32      flags;
  guint32      exit_state;
  P2vVirtAddr  mm;
  P2vVirtAddr  signal;
  guint        methods;
} P2vLinuxTask;

typedef struct
{
  const P2vLinux   *kernel;
  P2vSystem        *system;
  P2vVirtualMemory *memory;
  GArray           *tasks;     /* P2vLinuxTask */
  GHashTable       *by_va;     /* guint64 * -> position + 1 */
  GHashTable       *spaces;    /* guint64 * (mm) -> P2vAddressSpace */
  gboolean          ids_hold;  /* the ids lead to nearly all processes of the list of tasks */
  guint             n_links_left;
  guint             n_broken_rings;
  P2vVirtAddr       first_broken_va;
} P2vLinuxFinder;

/* p2v-linux-tasks.c */

void     p2v_linux_finder_init      (P2vLinuxFinder *self,
                                     const P2vLinux *kernel,
                                     P2vSystem      *system);
void     p2v_linux_finder_clear     (P2vLinuxFinder *self);
/* FALSE if nothing like a task is there. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_read_task        (P2vLinuxFinder *self,
                                     P2vVirtAddr     va,
                                     P2vLinuxTask   *ret_task);
/* Notes the task at @va as seen by @method. FALSE if nothing like a task is there. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_see_task         (P2vLinuxFinder *self,
                                     P2vVirtAddr     va,
                                     guint           method);
void     p2v_linux_search_task_ring (P2vLinuxFinder *self);
void     p2v_linux_search_pid_tree  (P2vLinuxFinder *self);
/* Whether the task has left the system for good: only its memory is still there. */
gboolean p2v_linux_task_is_gone     (const P2vLinuxTask *task);
/* A kernel thread may borrow a user's mm for a while; the mappings are not its own. */
gboolean p2v_linux_task_has_space   (const P2vLinuxTask *task);

/* p2v-linux-processes.c: (transfer none): the space of the mm_struct at @mm, made when first asked
 * for. */
P2vAddressSpace *p2v_linux_get_space (P2vLinuxFinder *self,
                                      P2vVirtAddr     mm);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (P2vLinuxFinder, p2v_linux_finder_clear)
