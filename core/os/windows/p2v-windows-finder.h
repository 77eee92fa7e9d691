/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Finding the processes: what the methods share. */

#pragma once

#include "os/windows/p2v-windows-private.h"

typedef enum
{
  WINDOWS_METHOD_LIST     = 1 << 0,
  WINDOWS_METHOD_CID      = 1 << 1,
  WINDOWS_METHOD_CSRSS    = 1 << 2,
  WINDOWS_METHOD_SESSIONS = 1 << 3,
  WINDOWS_METHOD_HANDLES  = 1 << 4,
  WINDOWS_METHOD_SCAN     = 1 << 5,
  WINDOWS_METHOD_ROOTS    = 1 << 6,
} P2vWindowsMethod;

/* How many of a kind are told one by one; of the rest only how many. */
#define P2V_WINDOWS_MAX_TOLD 16

typedef struct
{
  P2vWindowsObject object;
  guint            methods;
  gboolean         is_stale;   /* a copy of another object: not shown */
  P2vAddressSpace *space;      /* (transfer none) */
} P2vWindowsProcess;

typedef struct
{
  const P2vWindows *kernel;
  P2vSystem        *system;
  P2vVirtualMemory *memory;
  GPtrArray        *processes; /* P2vWindowsProcess */
  GHashTable       *by_pa;     /* guint64 * (of the object) -> P2vWindowsProcess */
  GHashTable       *spaces;    /* guint64 * (root) -> P2vAddressSpace */
  guint             n_links_left;
  guint             n_hidden;
  guint             n_orphans;
  guint             n_broken_lists;
  P2vVirtAddr       first_broken_va;
} P2vWindowsFinder;

/* p2v-windows-processes.c: notes the process whose object is at @va as seen by @method. FALSE if
 * nothing like a process is there. */
gboolean p2v_windows_finder_see   (P2vWindowsFinder *self,
                                   P2vVirtAddr       va,
                                   guint             method);
/* (transfer none): as p2v_system_get_process(), by the object's place. */
P2vWindowsProcess *p2v_windows_finder_see_object (P2vWindowsFinder       *self,
                                                  const P2vWindowsObject *object,
                                                  guint                   method);

/* p2v-windows-lists.c */

/* Visits the nodes of a ring of list entries; FALSE to go no further. */
typedef gboolean (*P2vWindowsNodeFunc) (P2vWindowsFinder *self,
                                        P2vVirtAddr       node_va);
/* Follows the ring from @head_va, which is not visited, both ways if it is torn. */
void     p2v_windows_finder_walk  (P2vWindowsFinder   *self,
                                   P2vVirtAddr         head_va,
                                   P2vWindowsNodeFunc  visit);
/* PsActiveProcessHead, Sessions and Handles. */
void     p2v_windows_search_lists (P2vWindowsFinder   *self);

/* p2v-windows-handles.c: PspCidTable and CSRSS. */
void     p2v_windows_search_handles (P2vWindowsFinder *self);

/* How many entries of a table of handles are in use; -1 if it cannot be read. */
gint64   p2v_windows_count_handles (P2vWindowsFinder  *self,
                                    P2vVirtAddr        table_va);

/* p2v-windows-details.c */

/* Fills in what is told of a process beside its number and name, in @data, whose space is set.
 * Returns the path of its program, (transfer full) (nullable): data->path is not set. */
char    *p2v_windows_fill_details (P2vWindowsFinder       *self,
                                   const P2vWindowsObject *object,
                                   P2vProcessData         *data);
/* A field of eight bytes that is a time; 0 if the layout does not have it. */
guint64  p2v_windows_object_time  (const P2vWindows       *self,
                                   const P2vWindowsObject *object,
                                   P2vWindowsField         field);

/* p2v-windows-search.c: objects and roots that the scan of memory met. */
void     p2v_windows_search_objects (P2vWindowsFinder     *self,
                                     const P2vWindowsScan *scan);
void     p2v_windows_search_roots   (P2vWindowsFinder     *self,
                                     const P2vWindowsScan *scan);
/* Whether the kernel's half of the root at @root_pa is the one System has. */
gboolean p2v_windows_shares_kernel  (const P2vWindows     *self,
                                     P2vPhysAddr           root_pa);
