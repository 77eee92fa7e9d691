/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* How systems make processes and address spaces. Everything is set before the object is shown to
 * anyone. */

#pragma once

#include "p2v-process.h"
#include "paging/p2v-paging.h"

/* What a system knows of a process; the object copies it. */
typedef struct
{
  gint64           pid;               /* -1 with P2V_PROCESS_UNKNOWN */
  gint64           parent_pid;
  const guint8    *raw_name;
  gsize            raw_name_length;
  guint            n_threads;
  gint64           uid;               /* -1 if not known */
  guint64          start_time_ns;     /* since boot; 0 if not known */
  gint64           n_handles;         /* -1 if not known */
  gint64           session;           /* -1 if it has none */
  gint64           started_us;        /* since 1970, by the clock; 0 if not known, as the next */
  gint64           ended_us;
  const char      *path;              /* (nullable): of the program, escaped */
  P2vProcessFlags  flags;
  P2vVirtAddr      object_va;
  P2vPhysAddr      object_pa;
  guint            methods;           /* bits of P2vMethod */
  P2vAddressSpace *space;             /* (transfer none) or NULL */
} P2vProcessData;

/* A run of addresses in the kernel's half and what they are for. */
typedef struct
{
  P2vVirtAddr      start_va;
  guint64          length_bytes;
  P2vMappingClass  mapping_class;
  const char      *name;              /* of the region where nothing is known in more detail */
} P2vKernelArea;

P2vProcess      *p2v_process_new                (const P2vProcessData *data);
/* (transfer full): name and pid, "bash (812)"; the name alone if there is no pid. */
char            *p2v_process_dup_label          (P2vProcess           *self);
/* @object_va: the system's own structure of the space (Linux mm_struct). */
P2vAddressSpace *p2v_address_space_new          (P2vPhysAddr           root_pa,
                                                 P2vVirtAddr           object_va);
P2vVirtAddr      p2v_address_space_get_object_va (P2vAddressSpace     *self);
/* Owners are not referenced: the system holds both and each process holds its space. */
void             p2v_address_space_add_owner    (P2vAddressSpace      *self,
                                                 P2vProcess           *process);
/* The number under which the index knows the space: its position in the system. */
guint            p2v_address_space_get_number   (P2vAddressSpace      *self);
void             p2v_address_space_set_number   (P2vAddressSpace      *self,
                                                 guint                 number);
/* What of the root is walked; the system sets it when it numbers its spaces. */
const P2vPagingRoot *p2v_address_space_get_root (P2vAddressSpace      *self);
void             p2v_address_space_set_root     (P2vAddressSpace      *self,
                                                 const P2vPagingRoot  *root);
/* The whole of a virtual address of the space of which the index keeps the low bits. */
P2vVirtAddr      p2v_address_space_extend_va    (P2vAddressSpace      *self,
                                                 P2vVirtAddr           low_va);

/* (transfer none) (element-type P2vKernelArea) (nullable): what the kernel's half is made of, by
 * address; NULL for the space of a process. */
GArray          *p2v_address_space_get_areas    (P2vAddressSpace      *self);
/* @areas: (transfer full): makes it the kernel's. */
void             p2v_address_space_take_areas   (P2vAddressSpace      *self,
                                                 GArray               *areas);
/* (nullable): the area that holds @va; NULL also for the space of a process. */
const P2vKernelArea *p2v_address_space_find_area (P2vAddressSpace     *self,
                                                 P2vVirtAddr           va);
P2vMappingClass  p2v_address_space_classify     (P2vAddressSpace      *self,
                                                 P2vVirtAddr           va);

/* Regions are loaded when first asked for and then kept: sorted, not overlapping. Any thread may
 * load; the first result wins. (transfer none) or NULL if they are not loaded yet. */
GPtrArray       *p2v_address_space_peek_regions (P2vAddressSpace      *self);
GPtrArray       *p2v_address_space_take_regions (P2vAddressSpace      *self,
                                                 GPtrArray            *regions);
/* (transfer none) (nullable): the region of @regions that holds @va. */
const P2vRegion *p2v_regions_find               (GPtrArray            *regions,
                                                 P2vVirtAddr           va);
