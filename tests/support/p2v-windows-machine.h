/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The memory of a machine that runs Windows, of any version and kind that data/windows/offsets.csv
 * has: page tables, the kernel's image without any code, processes, areas, handles, and beside
 * them what each process maps. No byte of it is Microsoft's.
 *
 * Fields are put where the file says, read anew here: no line or constant is shared with
 * core/os/windows. */

#pragma once

#include <glib.h>

typedef enum
{
  P2V_TEST_WINDOWS_X64,
  P2V_TEST_WINDOWS_LA57,       /* five levels */
  P2V_TEST_WINDOWS_X86,
  P2V_TEST_WINDOWS_PAE,
  P2V_TEST_WINDOWS_ARM64,
  P2V_TEST_WINDOWS_N_KINDS,
} P2vTestWindowsKind;

typedef enum
{
  P2V_TEST_WINDOWS_PLAIN       = 0,
  P2V_TEST_WINDOWS_SHADOW      = 1 << 0, /* each process has a second root for user mode */
  P2V_TEST_WINDOWS_ENCODED     = 1 << 1, /* the debugger's data is encoded */
  P2V_TEST_WINDOWS_NO_DEBUGGER = 1 << 2, /* there is none */
  P2V_TEST_WINDOWS_NOISE       = 1 << 3, /* unused memory holds random bytes */
  P2V_TEST_WINDOWS_3GB         = 1 << 4, /* 32 bits: the user's part has 3 GiB */
  P2V_TEST_WINDOWS_REACTOS     = 1 << 5, /* structures as ReactOS has them */
} P2vTestWindowsFlags;

/* A page that the process maps. */
typedef struct
{
  gint64      pid;
  guint64     va;
  guint64     pa;
  guint64     length;
  const char *state;           /* "valid", "transition", "prototype" */
  const char *region;          /* the name of the area it lies in; NULL: in none */
} P2vTestWindowsMapping;

typedef struct
{
  gint64      pid;
  const char *name;
  guint64     object_va;
  guint64     root_pa;
  guint64     vad_va;          /* of the first area, 0 if there is none */
  gboolean    is_listed;       /* in the kernel's list */
  gboolean    in_cid_table;
  gboolean    has_ended;
  gboolean    is_wow64;
  gint64      session;         /* -1: in none */
  gint64      n_handles;       /* -1: no table */
  const char *path;            /* of the program; NULL: nothing says it */
} P2vTestWindowsProcess;

typedef struct
{
  P2vTestWindowsKind  kind;
  const char         *build;
  P2vTestWindowsFlags flags;
  guint8             *bytes;     /* physical memory from address 0 */
  gsize               length;
  GArray             *mappings;  /* P2vTestWindowsMapping, each page once */
  GArray             *processes; /* P2vTestWindowsProcess */
  guint64             orphan_root_pa; /* page tables of no process: they map one page */
  guint               n_kernel_mappings;
  guint64             driver_va; /* of probe.sys, behind the kernel's image */
  guint64             driver_pa;
  guint64             list_head_va;
  guint64             kernel_va;
  /* For tests that damage the machine, and for the functions that make it. */
  guint               pointer_bytes;
  guint64             next_frame_pa;
  guint64             pool_used;
  guint64             system_root_pa;
  guint64             shared_page_pa;
  guint64             library_prototypes_va;
  guint64             library_pa[5];
  guint64             peb_pa;    /* of the process that was made last */
  GPtrArray          *offsets;   /* lines of offsets.csv, cut up */
  GRand              *random;
} P2vWindowsMachine;

/* @build: "10.0.19041". @csv_path: data/windows/offsets.csv. */
P2vWindowsMachine *p2v_windows_machine_new    (P2vTestWindowsKind   kind,
                                               const char          *build,
                                               P2vTestWindowsFlags  flags,
                                               const char          *csv_path);
void               p2v_windows_machine_free   (P2vWindowsMachine   *self);
/* Where a field stands; -1 if nobody knows. */
int                p2v_windows_machine_offset (P2vWindowsMachine   *self,
                                               const char          *structure,
                                               const char          *field);
/* The bytes at an address of the kernel's pool or image. */
guint8            *p2v_windows_machine_at     (P2vWindowsMachine   *self,
                                               guint64              va);
/* A number of that width at such an address. */
void               p2v_windows_machine_put    (P2vWindowsMachine   *self,
                                               guint64              va,
                                               guint64              value,
                                               guint                width);
guint64            p2v_windows_machine_get    (P2vWindowsMachine   *self,
                                               guint64              va,
                                               guint                width);
const P2vTestWindowsProcess *p2v_windows_machine_find (P2vWindowsMachine *self,
                                                       const char        *name);

/* p2v-windows-machine-memory.c */
void    p2v_windows_machine_read_offsets (P2vWindowsMachine *self,
                                          const char        *csv_path);
/* Where the paged pool of a machine with 32 bits begins. */
guint64 p2v_windows_machine_paged_pool_va (P2vWindowsMachine *self);
guint64 p2v_windows_machine_take_frame   (P2vWindowsMachine *self);
/* A block of the pool: its address, behind its header. */
guint64 p2v_windows_machine_allocate     (P2vWindowsMachine *self,
                                          gsize              n_bytes,
                                          const char        *tag);
/* A root with the kernel's half. */
guint64 p2v_windows_machine_new_root     (P2vWindowsMachine *self);
/* A root with the user half of @root_pa and nearly nothing of the kernel's. */
guint64 p2v_windows_machine_new_shadow   (P2vWindowsMachine *self,
                                          guint64            root_pa);
/* Where the PFN database is. */
guint64 p2v_windows_machine_records_va   (P2vWindowsMachine *self);
/* Makes the kernel's tables; all that it maps must be there before the first other root. */
void    p2v_windows_machine_map_kernel   (P2vWindowsMachine *self);
typedef enum
{
  P2V_TEST_PAGE_KERNEL,
  P2V_TEST_PAGE_USER,
  P2V_TEST_PAGE_USER_READ,
  P2V_TEST_PAGE_LARGE,         /* user: 2 MiB, on x86 4 MiB */
  P2V_TEST_PAGE_TRANSITION,
  P2V_TEST_PAGE_TRANSITION_MASKED, /* with a bit of the address set against L1TF */
  P2V_TEST_PAGE_FILE,          /* not in RAM */
  P2V_TEST_PAGE_DEMAND_ZERO,   /* there is none yet */
} P2vTestPage;
/* Entries that lead to a prototype at @prototype_va; 0: the area is to be asked. */
void    p2v_windows_machine_map_prototype (P2vWindowsMachine *self,
                                           guint64            root_pa,
                                           guint64            va,
                                           guint64            prototype_va);
/* Makes the last table on the way to @va one in transition. */
void    p2v_windows_machine_lose_table   (P2vWindowsMachine *self,
                                          guint64            root_pa,
                                          guint64            va);
/* Notes in the PFN database that the page at @va and the tables on the way to
 * it are in use, the page on the list of that number. */
void    p2v_windows_machine_note_page    (P2vWindowsMachine *self,
                                          guint64            root_pa,
                                          guint64            va,
                                          guint              list);
/* The same for a page that only a prototype leads to, on 64-bit machines. */
void    p2v_windows_machine_note_prototype (P2vWindowsMachine *self,
                                            guint64            pa,
                                            guint64            prototype_va,
                                            guint64            subsection_va,
                                            guint              list);
/* What an entry holds. */
guint64 p2v_windows_machine_make_entry   (P2vWindowsMachine *self,
                                          guint64            pa,
                                          P2vTestPage        page);
/* The width of an entry. */
guint   p2v_windows_machine_entry_bytes  (P2vWindowsMachine *self);
void    p2v_windows_machine_map          (P2vWindowsMachine *self,
                                          guint64            root_pa,
                                          guint64            va,
                                          guint64            pa,
                                          P2vTestPage        page);
gsize   p2v_windows_machine_large_bytes  (P2vWindowsMachine *self);
