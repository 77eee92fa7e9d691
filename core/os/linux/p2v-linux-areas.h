/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the kernel keeps lists of in its own half: modules and vmalloc areas. Read from the image
 * each time; an empty list where the kernel does not say where it is. */

#pragma once

#include "os/linux/p2v-linux-private.h"

/* How the start of an area is found: it is the number itself, what a variable of that name holds,
 * or the address of a symbol of that name, rounded up to a page; or that, rounded up to a large
 * page. */
typedef enum
{
  LINUX_AREA_FIXED,
  LINUX_AREA_VARIABLE,
  LINUX_AREA_SYMBOL,
  LINUX_AREA_BEHIND,
} P2vLinuxAreaStart;

/* An area of the kernel's half of the addresses. It ends where the next one begins, if that is
 * earlier than its length says. */
typedef struct
{
  P2vMappingClass    mapping_class;
  const char        *name;             /* of its region; in every language the same */
  P2vLinuxAreaStart  start;
  const char        *symbol;           /* unless it is fixed */
  P2vVirtAddr        start_va;         /* if the symbol is not known; 0: no such area then */
  guint64            length_bytes;
  const char        *only_with;        /* or NULL: a symbol that kernels with this area have */
} P2vLinuxAreaSpec;

/* p2v-linux-kernel-space.c */

/* For arch->add_areas: one area, and those of a table. */
void        p2v_linux_add_area         (GArray                 *areas,
                                        P2vMappingClass         mapping_class,
                                        const char             *name,
                                        P2vVirtAddr             start_va,
                                        guint64                 length_bytes);
void        p2v_linux_add_area_specs   (const P2vLinux         *self,
                                        P2vVirtualMemory       *memory,
                                        const P2vLinuxAreaSpec *specs,
                                        gsize                   n_specs,
                                        GArray                 *areas);
/* p2v-linux-image-areas.c: the parts of the kernel's image, as its own list of resources has them,
 * or its code where that is not known; behind each begins an area of @class_behind. */
void        p2v_linux_add_image_areas  (const P2vLinux         *self,
                                        P2vVirtualMemory       *memory,
                                        P2vMappingClass         class_behind,
                                        const char             *name_behind,
                                        GArray                 *areas);

/* Tells @system of the kernel's half, if it is known for the processor. */
void        p2v_linux_add_kernel_space (const P2vLinux     *self,
                                        P2vSystem          *system,
                                        P2vVirtualMemory   *memory);
/* As p2v_linux_load_regions(), for the kernel's half. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_load_kernel_regions (const P2vLinux  *self,
                                           P2vSystem       *system,
                                           P2vAddressSpace *space,
                                           GPtrArray       *regions,
                                           GError         **error);

/* Where the variables of the kernel are, of which no symbol tells where each is. FALSE if the list
 * of resources was not found. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_find_data        (const P2vLinux         *self,
                                        P2vVirtualMemory       *memory,
                                        P2vVirtAddr            *ret_start_va,
                                        guint64                *ret_length);

/* p2v-linux-areas-NAME.c: for arch->add_areas of these processors. */
void        p2v_linux_add_areas_of_arm64 (const P2vLinux       *self,
                                         P2vVirtualMemory      *memory,
                                         GArray                *areas);
void        p2v_linux_add_areas_of_i386 (const P2vLinux        *self,
                                         P2vVirtualMemory      *memory,
                                         GArray                *areas);

/* p2v-linux-list.c */

/* Where members of a structure are. FALSE if one of them is not known. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_find_offsets   (const P2vLinux     *self,
                                      const char         *type_name,
                                      const char *const  *members,
                                      guint               n_members,
                                      guint32            *ret_offsets);
/* Follows a ring of list heads from @head_va and appends to @objects (P2vVirtAddr) the structures
 * that have their link at @link_offset; @head_va itself is none. Ends at what cannot be read, and
 * after P2V_LIMIT_REGIONS steps. */
void        p2v_linux_collect_ring   (const P2vLinux     *self,
                                      P2vVirtualMemory   *memory,
                                      P2vVirtAddr         head_va,
                                      guint32             link_offset,
                                      GArray             *objects);

/* p2v-linux-modules.c */

/* A run of addresses that belongs to a module. Kernels before 6.4 have one or two a module, code
 * and data together; later ones have them apart. */
typedef struct
{
  P2vVirtAddr  start_va;
  guint64      length_bytes;
  char        *name;           /* escaped: "ext4", "ext4 (data)" */
} P2vLinuxModulePart;

/* (transfer full) (element-type P2vLinuxModulePart): by address; may overlap if the image is
 * damaged. */
GPtrArray                *p2v_linux_load_modules   (const P2vLinux     *self,
                                                    P2vVirtualMemory   *memory);
/* (nullable): the part that holds @va. */
const P2vLinuxModulePart *p2v_linux_find_module    (GPtrArray          *modules,
                                                    P2vVirtAddr         va);

/* p2v-linux-modules-search.c: what no symbol or type tells. */

/* Whether a struct module is at @va: its name stands in it, and once more behind a pointer. */
gboolean                  p2v_linux_is_module      (const P2vLinux     *self,
                                                    P2vVirtualMemory   *memory,
                                                    P2vVirtAddr         va);
/* Finds the list of all modules by what it holds; FALSE also if there are none. */
gboolean                  p2v_linux_find_module_list (const P2vLinux   *self,
                                                    P2vVirtualMemory   *memory,
                                                    P2vVirtAddr        *ret_head_va);

/* p2v-linux-stacks.c */

/* The stack that a thread has in the kernel. */
typedef struct
{
  P2vVirtAddr  start_va;
  P2vProcess  *process;        /* (transfer none): whose thread it is */
  char        *name;           /* escaped: the thread's name and id, "bash (812)" */
} P2vLinuxStack;

/* (transfer full) (element-type P2vLinuxStack): of all threads of the processes that were found. */
GPtrArray                *p2v_linux_load_stacks    (const P2vLinux     *self,
                                                    P2vSystem          *system,
                                                    P2vVirtualMemory   *memory);

/* p2v-linux-vmalloc.c */

/* An area of vmalloc: of pages, of a device's memory (ioremap), of modules too. */
typedef struct
{
  P2vVirtAddr start_va;
  guint64     length_bytes;    /* with the guard page behind, if it has one */
  P2vVirtAddr caller_va;       /* the code that asked for it; 0 if that is not known */
  gboolean    is_device;       /* ioremap */
} P2vLinuxVmArea;

/* (transfer full) (element-type P2vLinuxVmArea): by address; may overlap if the image is
 * damaged. */
GArray                   *p2v_linux_load_vm_areas  (const P2vLinux     *self,
                                                    P2vVirtualMemory   *memory);
/* p2v-linux-vmalloc-search.c: where members are that no type tells, by the values that they have in
 * most of @objects (P2vVirtAddr: struct vmap_area, whose start is known). */
gboolean                  p2v_linux_infer_vm_members (const P2vLinux   *self,
                                                    P2vVirtualMemory   *memory,
                                                    GArray             *objects,
                                                    guint32             start,
                                                    guint32            *ret_vm,
                                                    guint32            *ret_flags,
                                                    guint32            *ret_caller);
/* (nullable): the area that holds @va. */
const P2vLinuxVmArea     *p2v_linux_find_vm_area   (GArray             *areas,
                                                    P2vVirtAddr         va);
/* (transfer full) (nullable): who asked for an area: the function's name, or the module's; NULL if
 * it is not known. */
char                     *p2v_linux_dup_vm_caller  (const P2vLinux       *self,
                                                    GPtrArray            *modules,
                                                    const P2vLinuxVmArea *area);
