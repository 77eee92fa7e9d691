/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the files of the Linux back end share.
 *
 * Who needs a member or a symbol that is not in the tables below asks for it by name:
 *
 *     P2vMember member;
 *     if (p2v_type_source_find_member (self->types, "slab", "slab_cache", &member)) ...
 *     if (p2v_symbol_table_find (self->symbol_table, "vmemmap_base", &va)) ...
 *     name = p2v_symbol_table_find_nearest (self->symbol_table, va, &symbol_va);
 *
 * Both live as long as the system and may be asked from any thread. Neither says where it has it
 * from, and either may know little: a kernel without data symbols, types that were inferred. So
 * each use needs an answer for "not known".
 *
 * The way in, each step from the image alone: VMCOREINFO (a text that the kernel keeps for crash
 * tools) tells the processor (P2vLinuxArch), the page tables and the addresses of the symbol table;
 * the symbol table gives the type information (BTF) and the roots of the lists; the type
 * information gives the offset of every field. What symbols and types do not tell, for many kernels
 * have less of them, is found by value (p2v-linux-find.c) or inferred (p2v-linux-infer.h). Nothing
 * is believed alone: the banner must stand where the symbols say, and the page tables must lead
 * there. */

#pragma once

#include "os/linux/p2v-linux-arch.h"
#include "os/p2v-system-private.h"
#include "os/symbols/p2v-btf.h"
#include "os/symbols/p2v-kallsyms.h"
#include "os/symbols/p2v-symbol-file.h"
#include "paging/p2v-virtual-memory.h"

/* Symbols that are looked up; the names are in p2v-linux-kernel.c. */
typedef enum
{
  LINUX_SYMBOL_INIT_TASK,
  LINUX_SYMBOL_LINUX_BANNER,
  LINUX_SYMBOL_TEXT,
  LINUX_SYMBOL_ETEXT,
  LINUX_SYMBOL_END,
  LINUX_SYMBOL_START_BTF,
  LINUX_SYMBOL_STOP_BTF,
  LINUX_SYMBOL_INIT_PID_NS,
  LINUX_SYMBOL_INIT_UTS_NS,
  LINUX_SYMBOL_SPECIAL_MAPPING_VMOPS,
  LINUX_SYMBOL_TK_CORE,
  LINUX_SYMBOL_PAGE_OFFSET_BASE,
  LINUX_SYMBOL_VMEMMAP_BASE,
  LINUX_SYMBOL_POKING_MM,
  LINUX_SYMBOL_EFI_MM,
  LINUX_SYMBOL_TBOOT_MM,
  LINUX_N_SYMBOLS,
} P2vLinuxSymbol;

/* Fields of the kernel's structures; the table of types and members is in p2v-linux-layout.c. */
typedef enum
{
  LINUX_TASK_TASKS,
  LINUX_TASK_PID,
  LINUX_TASK_TGID,
  LINUX_TASK_COMM,
  LINUX_TASK_FLAGS,
  LINUX_TASK_EXIT_STATE,
  LINUX_TASK_MM,
  LINUX_TASK_SIGNAL,
  LINUX_TASK_THREAD_NODE,
  LINUX_TASK_REAL_PARENT,
  LINUX_TASK_START_BOOTTIME,
  LINUX_TASK_CRED,
  LINUX_TASK_THREAD_PID,
  LINUX_TASK_PID_LINKS,
  LINUX_TASK_STACK,
  LINUX_SIGNAL_THREAD_HEAD,
  LINUX_SIGNAL_NR_THREADS,
  LINUX_CRED_UID,
  LINUX_PID_TASKS,
  LINUX_PID_NUMBERS,
  LINUX_UPID_NS,
  LINUX_PID_NS_XA_HEAD,
  LINUX_XA_NODE_SLOTS,
  LINUX_MM_PGD,
  LINUX_MM_MA_ROOT,
  LINUX_MM_MMAP,
  LINUX_MM_START_BRK,
  LINUX_MM_BRK,
  LINUX_MM_START_STACK,
  LINUX_MM_VDSO,
  LINUX_VMA_START,
  LINUX_VMA_END,
  LINUX_VMA_NEXT,
  LINUX_VMA_FLAGS,
  LINUX_VMA_PGOFF,
  LINUX_VMA_FILE,
  LINUX_VMA_OPS,
  LINUX_VMA_PRIVATE_DATA,
  LINUX_RANGE64_PIVOT,
  LINUX_RANGE64_SLOT,
  LINUX_ARANGE64_PIVOT,
  LINUX_ARANGE64_SLOT,
  LINUX_FILE_DENTRY,
  LINUX_FILE_MNT,
  LINUX_DENTRY_NAME,
  LINUX_DENTRY_NAME_LENGTH,
  LINUX_DENTRY_PARENT,
  LINUX_DENTRY_HASH_PPREV,
  LINUX_VFSMOUNT_ROOT,
  LINUX_MOUNT_MNT,
  LINUX_MOUNT_PARENT,
  LINUX_MOUNT_MOUNTPOINT,
  LINUX_MOUNT_NAMESPACE,
  LINUX_BACKING_FILE_DENTRY,
  LINUX_BACKING_FILE_MNT,
  LINUX_SPECIAL_MAPPING_NAME,
  LINUX_UTS_NODENAME,
  LINUX_TIMEKEEPER_XTIME_SEC,
  LINUX_TASK_PTRACED,
  LINUX_TASK_PTRACE_ENTRY,
  LINUX_TASK_GROUP_LEADER,
  LINUX_TASK_SCHED_CLASS,
  LINUX_MM_MMLIST,
  LINUX_MM_MMAP_LOCK_WAIT_LIST,
  LINUX_MM_USERS,
  LINUX_MM_OWNER,
  LINUX_MM_EXE_FILE,
  LINUX_PAGE_PT_MM,
  LINUX_PTDESC_PT_MM,
  LINUX_N_FIELDS,
} P2vLinuxField;

typedef struct
{
  gboolean known;
  guint32  offset_bytes;
  guint32  size_bytes;
} P2vLinuxLayoutField;

/* One of the symbols above; va is 0 where it is not known. */
typedef struct
{
  const char *name;
  guint64     va;
} P2vSymbol;

typedef struct _P2vLinuxFrames P2vLinuxFrames;
typedef struct _P2vLinuxSwap   P2vLinuxSwap;
typedef struct _P2vLinuxZero   P2vLinuxZero;

struct _P2vLinux
{
  const P2vLinuxArch  *arch;                /* the processor that the kernel was built for */
  P2vImage            *image;               /* (transfer none): the system keeps it */
  GHashTable          *vmcoreinfo;          /* key -> value */
  guint64              delta;               /* virtual minus physical address of its image */
  P2vVirtAddr          image_va;            /* of its first code */
  P2vVirtAddr          least_kernel_va;     /* no address of the kernel's half is less */
  guint64              prot_none_bit;       /* for the table of arm64 */
  P2vPageTables        tables;
  P2vPhysAddr          root_pa;             /* of the kernel's own page tables */
  char                *banner;              /* its line of text, without the end of line */
  P2vVirtAddr          banner_va;
  guint                n_image_searches;    /* of P2V_LINUX_MAX_IMAGE_SEARCHES */
  P2vSymbolTable      *symbol_table;        /* all symbols, with their addresses at run time */
  P2vTypeSource       *types;               /* of all structures */
  /* What the two above are taken from: the kernel itself, where it is known, or a file. */
  P2vSymbolTable      *own_symbols;
  P2vTypeSource       *own_types;
  P2vSymbolFile       *file;                /* that was given or found, or NULL */
  const char          *layout_source;       /* where offsets come from; marked with N_() */
  char                *types_problem;       /* why they had to be inferred, or NULL */
  P2vSymbol            symbols[LINUX_N_SYMBOLS];
  P2vLinuxLayoutField  layout[LINUX_N_FIELDS];
  P2vLinuxFrames      *frames;              /* what is known of frames; has a lock of its own */
  P2vLinuxSwap        *swap;                /* of swap space; has a lock of its own */
  P2vLinuxZero        *zero;                /* of pages of zeros; likewise */
};

/* Where @field of the structure at @object_va stands. */
static inline P2vVirtAddr
p2v_linux_field_va (const P2vLinux *self,
                    P2vVirtAddr     object_va,
                    P2vLinuxField   field)
{
  return object_va + self->layout[field].offset_bytes;
}

G_GNUC_WARN_UNUSED_RESULT static inline gboolean
p2v_linux_read_u64 (const P2vLinux   *self,
                    P2vVirtualMemory *memory,
                    P2vVirtAddr       object_va,
                    P2vLinuxField     field,
                    guint64          *ret_value)
{
  return p2v_virtual_memory_read_u64 (memory, p2v_linux_field_va (self, object_va, field),
                                      ret_value);
}

/* log2 of the size of the kernel's pages: numbers of frames and of pages in files count these. */
static inline guint
p2v_linux_get_page_shift (const P2vLinux *self)
{
  return self->tables.form->levels[self->tables.form->n_levels - 1].shift;
}

/* Reads a pointer or long at @va: as wide as a word of the kernel's processor. */
G_GNUC_WARN_UNUSED_RESULT static inline gboolean
p2v_linux_read_word_at (const P2vLinux   *self,
                        P2vVirtualMemory *memory,
                        P2vVirtAddr       va,
                        guint64          *ret_value)
{
  guint32 narrow = 0;

  if (self->arch->word_bytes == sizeof *ret_value)
    return p2v_virtual_memory_read_u64 (memory, va, ret_value);
  gboolean ok = p2v_virtual_memory_read_u32 (memory, va, &narrow);
  *ret_value = narrow;
  return ok;
}

/* As p2v_linux_read_word_at(), a field; FALSE if it is not known where that is.
 * p2v_linux_read_u64() is for what has 64 bits everywhere. */
G_GNUC_WARN_UNUSED_RESULT static inline gboolean
p2v_linux_read_word (const P2vLinux   *self,
                     P2vVirtualMemory *memory,
                     P2vVirtAddr       object_va,
                     P2vLinuxField     field,
                     guint64          *ret_value)
{
  return self->layout[field].known &&
         p2v_linux_read_word_at (self, memory, p2v_linux_field_va (self, object_va, field),
                                 ret_value);
}

/* The greatest address and the greatest long. */
static inline guint64
p2v_linux_max_word (const P2vLinux *self)
{
  return G_MAXUINT64 >> (64 - 8 * self->arch->word_bytes);
}

G_GNUC_WARN_UNUSED_RESULT static inline gboolean
p2v_linux_read_u32 (const P2vLinux   *self,
                    P2vVirtualMemory *memory,
                    P2vVirtAddr       object_va,
                    P2vLinuxField     field,
                    guint32          *ret_value)
{
  return self->layout[field].known &&
         p2v_virtual_memory_read_u32 (memory, p2v_linux_field_va (self, object_va, field),
                                      ret_value);
}

/* p2v-linux-vmcoreinfo.c */

/* Tries one candidate, @info being (transfer none). FALSE with an error: not this one, or
 * broken. */
typedef gboolean (*P2vVmcoreinfoFunc) (GHashTable   *info,
                                       gpointer      user_data,
                                       GError      **error);
/* Offers every VMCOREINFO in the image's headers and memory to @try_candidate until it accepts one.
 * FALSE with P2V_OS_ERROR_NOT_DETECTED if there is none, with the first candidate's error if all
 * were refused. *@ret_pa is the page where it was, 0 if it came from the header. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_search_vmcoreinfo (const P2vSystemSearch *search,
                                         P2vVmcoreinfoFunc      try_candidate,
                                         gpointer               user_data,
                                         P2vPhysAddr           *ret_pa,
                                         GError               **error);
/* NULL if @text is not a VMCOREINFO. */
GHashTable *p2v_linux_parse_vmcoreinfo  (const char            *text,
                                         gsize                  length);
/* "SYMBOL(name)=hex": FALSE if it is not there. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_get_info_symbol   (GHashTable            *info,
                                         const char            *name,
                                         guint64               *ret_va);
/* "NUMBER(name)=decimal", possibly negative: FALSE if it is not there. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_get_info_number   (GHashTable            *info,
                                         const char            *name,
                                         gint64                *ret_number);

/* "NUMBER(name)=0xhex", as limits of areas are told. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_get_info_hex      (GHashTable            *info,
                                         const char            *name,
                                         guint64               *ret_number);

/* "OFFSET(structure.member)=decimal" */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_get_info_offset   (GHashTable            *info,
                                         const char            *name,
                                         guint32               *ret_offset);

/* p2v-linux-kernel.c */

/* Fills in self from a VMCOREINFO, and proves it. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_kernel_open       (P2vLinux              *self,
                                         GHashTable            *info,
                                         const P2vSystemSearch *search,
                                         GError               **error);
/* Frees what p2v_linux_kernel_open() filled in; it may be opened again. */
void        p2v_linux_kernel_clear      (P2vLinux              *self);
/* Sets an error of this kernel: which one it is, then what is wrong. */
void        p2v_linux_set_error         (const P2vLinux        *self,
                                         P2vOsError             code,
                                         GError               **error,
                                         const char            *format,
                                         ...) G_GNUC_PRINTF (4, 5);
/* Puts which kernel it is in front of an error of a room that does not know. Always FALSE. */
gboolean    p2v_linux_prefix_error      (const P2vLinux        *self,
                                         GError               **error);
/* (transfer full) (nullable): bytes of the kernel's image, which is contiguous in physical memory;
 * NULL with P2V_OS_ERROR_SYMBOLS_MISSING, naming @what, if they are not in the image. */
GBytes     *p2v_linux_read_kernel_bytes (const P2vLinux        *self,
                                         guint64                va,
                                         gsize                  length,
                                         const char            *what,
                                         GError               **error);

/* How far from its root page table the kernel's image is searched: the table is a part of it.
 * Debian's images have up to 60 MB. */
#define P2V_LINUX_IMAGE_DISTANCE     ((guint64) 128 << 20)
/* Such searches that one image is worth; each is for one VMCOREINFO, of which a crafted image may
 * have one in every page. */
#define P2V_LINUX_MAX_IMAGE_SEARCHES 16

/* p2v-linux-entries.c: entries without a page of their own. */

/* For those that are no page to the processor nor, by their bits, to the kernel. */
P2vForeignKind p2v_linux_decode_swap    (const P2vPagingLevel  *level,
                                         P2vState              *ret_state);
/* A P2vResolveFunc. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_resolve_entries   (gconstpointer          system_data,
                                         P2vIndirectEntry      *entries,
                                         gsize                  n_entries,
                                         GCancellable          *cancellable,
                                         GError               **error);

/* p2v-linux-kallsyms.c */

/* Places that look like token tables and are worth reading what is around them. */
#define P2V_LINUX_MAX_KALLSYMS_ATTEMPTS 64

/* Fills in @ret_kallsyms, which is to be cleared, from around the digits of its token table. Where
 * offsets count from their own places the addresses are physical ones. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_locate_kallsyms   (P2vImage              *image,
                                         P2vPhysAddr            digits_pa,
                                         P2vKallsyms           *ret_kallsyms);
/* As above, from the first table in a part of physical memory. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_search_kallsyms   (P2vImage              *image,
                                         P2vPhysAddr            start_pa,
                                         guint64                length,
                                         P2vKallsyms           *ret_kallsyms);

/* p2v-linux-bare.c: makes the VMCOREINFO that the image does not have from banners, symbols and
 * page tables found in memory, and offers it to @try_candidate as p2v_linux_search_vmcoreinfo()
 * does. @skipped_release: (nullable): of a kernel that need not be looked for. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_search_bare       (const P2vSystemSearch *search,
                                         const P2vSymbolFile   *file,
                                         const char            *skipped_release,
                                         P2vVmcoreinfoFunc      try_candidate,
                                         gpointer               user_data,
                                         GError               **error);

/* p2v-linux-banner.c */

/* Fills in banner and banner_va, by the own symbols or by searching the
 * kernel's image. @symbols_error: why there are no symbols, or NULL: told if there is no banner
 * either. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_find_banner       (P2vLinux              *self,
                                         const GError          *symbols_error,
                                         GError               **error);

/* p2v-linux-symbols.c: where names, addresses and structures come from. */

/* As p2v_linux_get_info_symbol(), with an error. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_get_required_symbol (const P2vLinux      *self,
                                         const char            *name,
                                         guint64               *ret_va,
                                         GError               **error);
/* Each fills in own_symbols or own_types; FALSE with P2V_OS_ERROR says why there are none. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_open_own_symbols  (P2vLinux              *self,
                                         GError               **error);
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_open_own_types    (P2vLinux              *self,
                                         GError               **error);
/* Takes symbols and types from the file that was given, or looks for one in the folders of symbols
 * if something is missing. FALSE if it is of another kernel, or cannot be read. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_use_file          (P2vLinux              *self,
                                         const P2vSystemSearch *search,
                                         GError               **error);
/* Fills in the layout, and finds by value what symbols and types do not tell; FALSE, saying what is
 * missing and how to supply it, if there is not enough to go on. The errors are those of opening
 * the kernel's own, or NULL. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_complete_sources  (P2vLinux              *self,
                                         const GError          *symbols_error,
                                         const GError          *types_error,
                                         GError               **error);

/* p2v-linux-find.c: data that the symbol table does not list. */

/* Whether what was found at @va is meant. */
typedef gboolean (*P2vFoundFunc) (P2vVirtAddr va,
                                  gpointer    user_data);
/* Searches the kernel's image for the name of the first task; TRUE as soon as @try_found is. */
gboolean    p2v_linux_find_init_comm    (const P2vLinux        *self,
                                         P2vVirtualMemory      *memory,
                                         P2vFoundFunc           try_found,
                                         gpointer               user_data);
/* A search for numbers from @least to @greatest, each at a multiple of its size; @try_number says
 * whether the one at @va is meant. */
typedef struct
{
  guint    size_bytes;
  guint64  least;
  guint64  greatest;
  gboolean (*try_number) (P2vVirtAddr va,
                          guint64     number,
                          gpointer    user_data);
  gpointer user_data;
} P2vLinuxNumberSearch;

/* Searches the kernel's image from @start_va on; TRUE as soon as the number is found. */
gboolean    p2v_linux_find_number       (const P2vLinux        *self,
                                         const P2vLinuxNumberSearch *search,
                                         P2vVirtAddr            start_va,
                                         guint64                length);
/* These fill in own_types, or the symbol, if they find it. */
gboolean    p2v_linux_find_btf          (P2vLinux              *self);
gboolean    p2v_linux_find_init_task    (P2vLinux              *self);
void        p2v_linux_find_pid_namespace (P2vLinux             *self);

/* p2v-linux-layout.c: the offsets of all fields, from self->types; P2V_OS_ERROR_SYMBOLS_MISSING
 * names what is missing. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_layout_resolve    (P2vLinux              *self,
                                         GError               **error);
/* After inference: makes what was found own_types. */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_layout_check      (P2vLinux              *self,
                                         GError               **error);

/* p2v-linux-processes.c */
#define P2V_LINUX_N_METHODS 4
extern const P2vMethod p2v_linux_methods[P2V_LINUX_N_METHODS];
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_find_processes    (const P2vLinux        *self,
                                         P2vSystem             *system,
                                         const P2vSystemSearch *search,
                                         GError               **error);

/* p2v-linux-maple.c */

/* Appends the addresses of all areas of @mm_va to @addresses (guint64), in no order. */
void        p2v_linux_collect_areas     (const P2vLinux        *self,
                                         P2vVirtualMemory      *memory,
                                         P2vVirtAddr            mm_va,
                                         GArray                *addresses);

/* p2v-linux-regions.c */
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_load_regions      (P2vSystem             *system,
                                         P2vAddressSpace       *space,
                                         GPtrArray             *regions,
                                         GError               **error);

/* p2v-linux-frames.c: what a frame is; for P2vSystemBackend. */
P2vLinuxFrames *p2v_linux_frames_new    (void);
void        p2v_linux_frames_free       (P2vLinuxFrames        *self);
gpointer    p2v_linux_open_frames       (P2vSystem             *system);
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_describe_frame    (P2vSystem             *system,
                                         gpointer               source,
                                         P2vFrame              *frame,
                                         GString               *detail,
                                         GError               **error);
G_GNUC_WARN_UNUSED_RESULT
gboolean    p2v_linux_count_mappings    (P2vSystem             *system,
                                         gpointer               source,
                                         P2vPhysAddr            pa,
                                         gint64                *ret_n_mappings,
                                         GError               **error);
void        p2v_linux_close_frames      (gpointer               source);

/* p2v-linux-zero.c: pages of zeros that no symbol names. */
P2vLinuxZero *p2v_linux_zero_new        (const P2vLinux        *kernel);
void        p2v_linux_zero_free         (P2vLinuxZero          *self);
/* Whether a valid entry, not of memory that is mapped by its number, leads to one. */
gboolean    p2v_linux_is_zero_page      (P2vSystem             *system,
                                         guint64                entry,
                                         P2vPhysAddr            pa);
/* Whether the frame is the small one, by the entries of processes: the first time this is asked of
 * one that can be they are gone through. */
gboolean    p2v_linux_zero_is_frame     (P2vLinuxZero          *self,
                                         P2vSystem             *system,
                                         P2vPhysAddr            pa);

/* p2v-linux-resources.c: whether a process that maps the frame by its number has a
 * device there, and no memory of the machine. */
gboolean    p2v_linux_is_device         (P2vSystem             *system,
                                         P2vPhysAddr            pa);

/* p2v-linux-path.c: (transfer full): the path of a struct dentry, within a struct vfsmount, as
 * escaped text; never NULL. */
char       *p2v_linux_dup_path          (const P2vLinux        *self,
                                         P2vVirtualMemory      *memory,
                                         P2vVirtAddr            dentry_va,
                                         P2vVirtAddr            mnt_va);
/* p2v-linux-nameless.c: the name of a file that never was in a directory; @name is that of its
 * dentry. */
void        p2v_linux_append_nameless   (const P2vLinux        *self,
                                         P2vVirtualMemory      *memory,
                                         P2vVirtAddr            dentry_va,
                                         P2vVirtAddr            mnt_va,
                                         const char            *name,
                                         GString               *path);
/* As p2v_linux_dup_path(), of a struct file. */
char       *p2v_linux_dup_file_path     (const P2vLinux        *self,
                                         P2vVirtualMemory      *memory,
                                         P2vVirtAddr            file_va);
