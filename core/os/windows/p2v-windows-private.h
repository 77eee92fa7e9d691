/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the files of the Windows back end share.
 *
 * The way in: one reading of all memory collects what looks like a root of page tables (it maps
 * itself), like a process object (its header, and a root where its page tables should be) and like
 * the page that all processes share. A process object whose root maps itself is hardly chance.
 * Which of the published layouts is right, the objects themselves say: the one under which most
 * fields of most processes are what they must be. Names of symbols, version resources and the
 * kernel's file are not needed; where they are found, they are facts for the user. */

#pragma once

#include "os/p2v-system-private.h"
#include "os/symbols/p2v-symbol-file.h"
#include "os/windows/p2v-windows-layout.h"
#include "paging/p2v-virtual-memory.h"

/* What was learned from one reading of the memory. */
typedef struct
{
  GArray *roots[P2V_WINDOWS_N_KINDS]; /* P2vPhysAddr: page tables that map themselves */
  GArray *objects[2];          /* P2vPhysAddr: headers of processes with 4-byte, 8-byte pointers */
  GArray *shared_pages;        /* P2vPhysAddr: KUSER_SHARED_DATA */
} P2vWindowsScan;

/* An area of a process. */
typedef struct
{
  P2vVirtAddr va;              /* of the descriptor */
  P2vVirtAddr start;
  P2vVirtAddr end;             /* the last byte */
  guint64     flags;
} P2vWindowsVad;

typedef struct _P2vWindowsPrototypes P2vWindowsPrototypes;

/* The kernel's image, or a driver. */
typedef struct
{
  P2vVirtAddr  start_va;
  guint64      length_bytes;   /* of whole frames */
  gboolean     is_kernel;
  char        *label;          /* of its region: "module win32k.sys", escaped */
} P2vWindowsModule;

/* One frame's record in the PFN database. */
typedef enum
{
  WINDOWS_LOCATION_ZEROED,
  WINDOWS_LOCATION_FREE,
  WINDOWS_LOCATION_STANDBY,
  WINDOWS_LOCATION_MODIFIED,
  WINDOWS_LOCATION_MODIFIED_NO_WRITE,
  WINDOWS_LOCATION_BAD,
  WINDOWS_LOCATION_ACTIVE,
  WINDOWS_LOCATION_TRANSITION,
} P2vWindowsLocation;

typedef struct
{
  P2vVirtAddr        va;
  P2vWindowsLocation location;
  gboolean           is_prototype;
  P2vVirtAddr        pte_va;   /* the entry that leads to the frame, in the table's own mapping */
  guint64            table_frame; /* the frame of that table */
  guint64            original; /* the entry that is put back when the page leaves memory */
} P2vWindowsRecord;

typedef struct
{
  P2vVirtAddr va;              /* 0: not found */
  guint32     size_bytes;
  guint32     timestamp;
  char       *pdb_name;        /* escaped, or NULL */
  char       *pdb_guid;        /* with the age behind it, as symbol servers name it */
  char       *product_name;    /* escaped, or NULL; as the next */
  char       *file_version;
} P2vWindowsKernelImage;

/* Where an offset comes from. */
typedef enum
{
  P2V_WINDOWS_PUBLISHED,
  P2V_WINDOWS_FROM_SYMBOLS,
  P2V_WINDOWS_INFERRED,
} P2vWindowsSource;

typedef struct
{
  P2vImage             *image;       /* (transfer none): the system keeps it */
  P2vWindowsKind        kind;
  guint                 pointer_bytes;
  guint                 n_root_entries;
  P2vPageTables         tables;
  P2vPhysAddr           root_pa;     /* of the System process */
  guint                 self_index;  /* the entry of a root that maps the root; x64 and ARM64 */
  P2vPhysAddr           end_pa;      /* behind the image's last byte */
  P2vVirtAddr           user_end;    /* of 32 bits: where the kernel's half begins */
  P2vWindowsLayout      layout;
  int                   shift;       /* by how many bytes the fields of processes are moved in it */
  guint32               votes[WINDOWS_N_FIELDS]; /* processes that confirmed the offset */
  gint64                score;       /* how well the layout fits the processes */
  guint8                sources[WINDOWS_N_FIELDS]; /* P2vWindowsSource */
  P2vSymbolFile        *symbols;     /* of this very kernel; NULL: none */
  P2vVirtAddr           system_va;   /* System's object */
  P2vVirtAddr           list_head_va; /* PsActiveProcessHead, or 0 */
  P2vVirtAddr           inside_va;   /* perhaps in the kernel's image, or 0 */
  P2vWindowsKernelImage kernel;
  GBytes               *debugger_data; /* KDDEBUGGER_DATA64, decoded; NULL if not found */
  gboolean              debugger_data_encoded;
  P2vVirtAddr           paged_pool_va; /* where the paged pool begins; 0: not known */
  guint                 major;
  guint                 minor;
  guint                 build;       /* 0: not known */
  guint                 product;     /* 1: a workstation; 2, 3: a server */
  P2vWindowsPrototypes *prototypes;
  GPtrArray            *modules;     /* P2vWindowsModule */
  P2vVirtAddr           database_va; /* the PFN database; 0: not found */
  guint64               capture_time;  /* FILETIME, or 0 */
  guint64               uptime;      /* in 100 ns, or 0 */
} P2vWindows;

/* A process object that was checked, and its first bytes. */
#define P2V_WINDOWS_OBJECT_BYTES 0xc00

typedef struct
{
  P2vPhysAddr pa;
  P2vVirtAddr va;              /* 0: not known */
  P2vPhysAddr root_pa;
  guint8      bytes[P2V_WINDOWS_OBJECT_BYTES];
} P2vWindowsObject;

static inline gboolean
p2v_windows_has (const P2vWindows *self,
                 P2vWindowsField   field)
{
  return self->layout.offsets[field] != P2V_WINDOWS_ABSENT;
}

static inline P2vVirtAddr
p2v_windows_field_va (const P2vWindows *self,
                      P2vVirtAddr       object_va,
                      P2vWindowsField   field)
{
  return object_va + self->layout.offsets[field];
}

/* p2v-windows-memory.c: words of the kernel's size. */

/* Whether @va is an address of the kernel's half. */
gboolean     p2v_windows_is_kernel_va (const P2vWindows *self,
                                       P2vVirtAddr       va);
/* A pointer at @offset of @bytes, sign-extended; 0 beyond the end. */
P2vVirtAddr  p2v_windows_pointer_at   (const P2vWindows *self,
                                       const guint8     *bytes,
                                       gsize             n_bytes,
                                       guint             offset);
/* A little-endian number at @offset of @bytes; 0 beyond the end. */
guint64      p2v_windows_u64_at       (const guint8     *bytes,
                                       gsize             n_bytes,
                                       guint             offset);
guint32      p2v_windows_u32_at       (const guint8     *bytes,
                                       gsize             n_bytes,
                                       guint             offset);
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_read_pointer (const P2vWindows *self,
                                       P2vVirtualMemory *memory,
                                       P2vVirtAddr       va,
                                       P2vVirtAddr      *ret_value);
/* FALSE too if the layout does not have @field. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_read_field   (const P2vWindows *self,
                                       P2vVirtualMemory *memory,
                                       P2vVirtAddr       object_va,
                                       P2vWindowsField   field,
                                       P2vVirtAddr      *ret_value);
/* (transfer full) (nullable): the UNICODE_STRING at @va as escaped text; NULL if there is none. */
char        *p2v_windows_dup_string   (const P2vWindows *self,
                                       P2vVirtualMemory *memory,
                                       P2vVirtAddr       va);

/* p2v-windows-roots.c: page tables. */

#define P2V_WINDOWS_N_PAGINGS 5

/* Fills in the kind and its paging, one of P2V_WINDOWS_N_PAGINGS. FALSE for an empty image. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_set_paging   (P2vWindows       *self,
                                       P2vImage         *image,
                                       guint             position);
/* Reads @count entries of a table, no more than a frame has. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_read_entries (const P2vWindows *self,
                                       P2vPhysAddr       table_pa,
                                       guint             first,
                                       guint             count,
                                       guint64          *entries);
/* The most entries of one half of the top of the tables: PAE's two directories. */
#define P2V_WINDOWS_MAX_HALF 1024
/* Reads the addresses that one half of the top of the tables leads to, without flags. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_read_half    (const P2vWindows *self,
                                       P2vPhysAddr       root_pa,
                                       gboolean          kernel_half,
                                       guint64          *entries,
                                       guint            *ret_n_entries);
/* The root that a field with @value means: without flags. */
P2vPhysAddr  p2v_windows_root_of      (const P2vWindows *self,
                                       guint64           value);
/* Whether the tables at @root_pa map themselves, as those of every process do. */
gboolean     p2v_windows_is_root      (const P2vWindows *self,
                                       P2vPhysAddr       root_pa,
                                       guint            *ret_self_index);

/* Finds out, on 32 bits, whether the kernel begins at 2 GiB or higher (/3GB): by where System has
 * nothing. */
void         p2v_windows_find_user_end (P2vWindows      *self);
/* Where the tables map themselves. */
void         p2v_windows_get_self_map (const P2vWindows *self,
                                       P2vVirtAddr      *ret_va,
                                       guint64          *ret_length_bytes);

/* p2v-windows-scan.c */
void         p2v_windows_scan_clear   (P2vWindowsScan         *self);
/* Whether a root that maps itself stands in the first memory, as that of the first process does. */
gboolean     p2v_windows_has_low_root (P2vImage               *image);
/* Reads all memory once. FALSE if it cannot be read, or on cancellation. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_scan         (P2vWindowsScan         *self,
                                       const P2vSystemSearch  *search,
                                       GError                **error);

/* p2v-windows-checks.c: what a field must be. */

/* The fields that can be judged; WINDOWS_N_FIELDS behind the last. */
P2vWindowsField p2v_windows_get_checked_field (gsize position);
/* What one object says of an offset of the field at @position: 1 it is as it must be, 0 nothing,
 * -1 it cannot be. */
int          p2v_windows_check        (const P2vWindows       *self,
                                       P2vVirtualMemory       *memory,
                                       const P2vWindowsObject *object,
                                       gsize                   position,
                                       guint                   offset);

/* p2v-windows-layout.c: chooses self->layout by what @objects (P2vWindowsObject) say, and notes the
 * votes. FALSE if none fits. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_choose_layout (P2vWindows            *self,
                                        P2vVirtualMemory      *memory,
                                        GPtrArray             *objects);

/* Takes offsets from self->symbols, where what @objects say does not contradict. */
void         p2v_windows_use_symbols  (P2vWindows             *self,
                                       P2vVirtualMemory       *memory,
                                       GPtrArray              *objects);

/* p2v-windows-symbols.c */

/* Looks for the symbols of the kernel in the image: in the file that the person gave, or in the
 * folders of symbols. FALSE if the file is not of this kernel. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_find_symbols (P2vWindows             *self,
                                       const P2vSystemSearch  *search,
                                       GError                **error);
/* Where a variable of the kernel is by its symbols; 0 if they do not tell. */
P2vVirtAddr  p2v_windows_symbol_va    (const P2vWindows       *self,
                                       const char             *name);

/* p2v-windows-objects.c: process objects. */

/* Reads the object at @va, or at @pa if @va is 0; FALSE if it is not there or no process. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_object_read  (const P2vWindows       *self,
                                       P2vVirtualMemory       *memory,
                                       P2vVirtAddr             va,
                                       P2vPhysAddr             pa,
                                       P2vWindowsObject       *ret_object);
/* Whether the layout makes a process of it: number and name are possible. */
gboolean     p2v_windows_object_is_process (const P2vWindows       *self,
                                            const P2vWindowsObject *object);
/* Finds the object's own address through a list that leads back to it; 0 if there is none. */
P2vVirtAddr  p2v_windows_object_find_va (const P2vWindows       *self,
                                         P2vVirtualMemory       *memory,
                                         const P2vWindowsObject *object);
guint64      p2v_windows_object_u64   (const P2vWindowsObject *object,
                                       guint                   offset);
guint32      p2v_windows_object_u32   (const P2vWindowsObject *object,
                                       guint                   offset);
/* The field as a pointer or a word of the kernel's size; 0 if the layout does not have it. */
P2vVirtAddr  p2v_windows_object_word  (const P2vWindows       *self,
                                       const P2vWindowsObject *object,
                                       P2vWindowsField         field);

/* p2v-windows-kernel.c: finds System, the layout, the kernel's image and what it says. Fills in
 * self; P2V_OS_ERROR_NOT_DETECTED if no Windows is there. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_find_kernel  (P2vWindows             *self,
                                       const P2vSystemSearch  *search,
                                       const P2vWindowsScan   *scan,
                                       GError                **error);

/* p2v-windows-image.c: the kernel's file in memory, and the debugger's data in it. */
void         p2v_windows_find_image   (P2vWindows             *self,
                                       P2vVirtualMemory       *memory);
void         p2v_windows_kernel_image_clear (P2vWindowsKernelImage *self);
/* p2v-windows-version.c: what the file says of its maker. */
void         p2v_windows_find_version (P2vWindows             *self,
                                       P2vVirtualMemory       *memory);
/* A pointer out of the debugger's data; 0 if it is not known. */
P2vVirtAddr  p2v_windows_debugger_word (const P2vWindows      *self,
                                        guint                  offset);

/* p2v-windows-processes.c */
#define P2V_WINDOWS_N_METHODS 7
extern const P2vMethod p2v_windows_methods[P2V_WINDOWS_N_METHODS];
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_find_processes (const P2vWindows      *self,
                                         P2vSystem             *system,
                                         const P2vWindowsScan  *scan,
                                         const P2vSystemSearch *search,
                                         GError               **error);

/* p2v-windows-vad.c */

/* (transfer full): P2vWindowsVad of the process at @object_va, sorted and not overlapping. */
GArray      *p2v_windows_get_vads     (const P2vWindows       *self,
                                       P2vVirtualMemory       *memory,
                                       P2vVirtAddr             object_va);
/* (transfer full) (nullable): the path of the file behind a control area, escaped. */
char        *p2v_windows_dup_file_name (const P2vWindows      *self,
                                        P2vVirtualMemory      *memory,
                                        P2vVirtAddr            control_area);
/* Where in its file the page of a prototype of the subsection is. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_get_file_offset (const P2vWindows    *self,
                                          P2vVirtualMemory    *memory,
                                          P2vVirtAddr          subsection,
                                          P2vVirtAddr          prototype_va,
                                          guint64             *ret_offset_bytes);
gboolean     p2v_windows_vad_is_private (const P2vWindows     *self,
                                         const P2vWindowsVad  *vad);
/* Whether a tree of areas hangs at @offset of @object. */
gboolean     p2v_windows_is_vad_root  (const P2vWindows       *self,
                                       P2vVirtualMemory       *memory,
                                       const P2vWindowsObject *object,
                                       guint                   offset);
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_load_regions (P2vSystem              *system,
                                       P2vAddressSpace        *space,
                                       GPtrArray              *regions,
                                       GError                **error);

/* p2v-windows-reactos.c */

/* (transfer full) (nullable): the path of the file behind an area that has no control area, and
 * where in the file the area begins. */
char        *p2v_windows_dup_memory_area_name (const P2vWindows    *self,
                                               P2vVirtualMemory    *memory,
                                               const P2vWindowsVad *vad,
                                               guint64             *ret_offset_bytes);

/* p2v-windows-labels.c: names what private areas of the process are used for. */
void         p2v_windows_label_regions (const P2vWindows      *self,
                                        P2vAddressSpace       *space,
                                        GPtrArray             *regions);

/* p2v-windows-prototypes.c: P2vResolveFunc for prototype entries. */
P2vWindowsPrototypes *p2v_windows_prototypes_new (void);
void         p2v_windows_prototypes_free (P2vWindowsPrototypes *self);
/* The process at @object_va runs on @root_pa: its areas say what some of its entries stand for. */
void         p2v_windows_prototypes_add_process (P2vWindowsPrototypes *self,
                                                 P2vPhysAddr           root_pa,
                                                 P2vVirtAddr           object_va);
gboolean     p2v_windows_resolve      (gconstpointer           system_data,
                                       P2vIndirectEntry       *entries,
                                       gsize                   n_entries,
                                       GCancellable           *cancellable,
                                       GError                **error);

/* p2v-windows-entries.c */

/* Whether the entry keeps a page in transition that the image holds, and where. */
gboolean     p2v_windows_get_transition (const P2vWindows     *self,
                                         guint64               entry,
                                         P2vPhysAddr          *ret_pa);
/* P2vForeignEntryFunc for the entries Windows writes. */
P2vForeignKind p2v_windows_decode_foreign (gconstpointer         system_data,
                                           const P2vPagingLevel *level,
                                           guint64               entry,
                                           P2vPhysAddr          *ret_pa,
                                           P2vState             *ret_state);

/* p2v-windows-modules.c */

/* (transfer full) (element-type P2vWindowsModule): the kernel's image first, if it was found. */
GPtrArray   *p2v_windows_load_modules (const P2vWindows       *self,
                                       P2vVirtualMemory       *memory);

/* p2v-windows-kernel-space.c: tells @system of the kernel's half. */
void         p2v_windows_add_kernel_space (const P2vWindows   *self,
                                           P2vSystem          *system,
                                           P2vVirtualMemory   *memory);
void         p2v_windows_load_kernel_regions (P2vAddressSpace *space,
                                              GPtrArray       *regions);

/* p2v-windows-database.c: the PFN database. */

/* Fills in where it is, and how large its records are if that is not as published. */
void         p2v_windows_find_database (P2vWindows            *self,
                                        P2vVirtualMemory      *memory);
/* How long it is, by the image's last frame. */
guint64      p2v_windows_get_database_bytes (const P2vWindows *self);
/* Reads the record of a frame in a database at @database_va. FALSE if it is not there. */
G_GNUC_WARN_UNUSED_RESULT
gboolean     p2v_windows_read_record  (const P2vWindows       *self,
                                       P2vVirtualMemory       *memory,
                                       P2vVirtAddr             database_va,
                                       guint64                 frame,
                                       P2vWindowsRecord       *ret_record);

/* p2v-windows-frames.c: of P2vSystemBackend. */
gpointer     p2v_windows_open_frames  (P2vSystem              *system);
void         p2v_windows_close_frames (gpointer                source);
gboolean     p2v_windows_describe_frame (P2vSystem            *system,
                                         gpointer              source,
                                         P2vFrame             *frame,
                                         GString              *detail,
                                         GError              **error);
