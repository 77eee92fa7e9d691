/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vFrame: what the operating system itself says of a physical frame, mapped or not: whose page
 * table it is, which file's page, of which cache, free. And how many mappings it counts, against
 * those that were found. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-process.h"

G_BEGIN_DECLS

/**
 * P2vFrameKind:
 * @P2V_FRAME_KIND_UNKNOWN: memory, and no more is known of it
 * @P2V_FRAME_KIND_NOT_IN_IMAGE: the image does not hold it, and no more is known of it
 * @P2V_FRAME_KIND_NOT_RAM: an address of a device, or of nothing
 * @P2V_FRAME_KIND_FIRMWARE: memory that the firmware keeps for itself
 * @P2V_FRAME_KIND_RESERVED: memory that the system never hands out
 * @P2V_FRAME_KIND_BAD: taken out of use because of an error of the hardware
 * @P2V_FRAME_KIND_OFFLINE: given back to a hypervisor, or unplugged
 * @P2V_FRAME_KIND_FREE: belongs to nobody; it may still hold what was there before
 * @P2V_FRAME_KIND_ZEROED: free and filled with zeros (Windows' list of zeroed pages)
 * @P2V_FRAME_KIND_STANDBY: left by its owner and clean; still found again (Windows)
 * @P2V_FRAME_KIND_MODIFIED: left by its owner and to be written out (Windows)
 * @P2V_FRAME_KIND_TRANSITION: being read or written, or left but not yet on a list (Windows)
 * @P2V_FRAME_KIND_ANONYMOUS: memory of processes that no file backs
 * @P2V_FRAME_KIND_FILE: contents of a file, of shared memory or of a disk, mapped or only cached
 * @P2V_FRAME_KIND_HUGE: of the pool of huge pages
 * @P2V_FRAME_KIND_ZERO_PAGE: the page of zeros that stands for all that were never written
 * @P2V_FRAME_KIND_SHARED_WITH_USER: the kernel's own memory that processes see (Linux vvar and
 * vdso, Windows KUSER_SHARED_DATA)
 * @P2V_FRAME_KIND_COMPRESSED: pages of processes, compressed (Linux zswap and zram, Windows'
 * memory compression)
 * @P2V_FRAME_KIND_PAGE_TABLE: a page table, of any level
 * @P2V_FRAME_KIND_KERNEL_STACK: the stack that a thread has in the kernel
 * @P2V_FRAME_KIND_SLAB: objects of the kernel, of one cache
 * @P2V_FRAME_KIND_POOL: objects of the kernel (Windows' pools)
 * @P2V_FRAME_KIND_VMALLOC: memory of the kernel that is contiguous in virtual addresses only
 * @P2V_FRAME_KIND_MODULE: code or data of a module or driver
 * @P2V_FRAME_KIND_PER_CPU: variables that each processor has its own of
 * @P2V_FRAME_KIND_FRAME_TABLE: the system's own records of frames (Linux struct page, Windows' PFN
 * database)
 * @P2V_FRAME_KIND_KERNEL_CODE: code of the kernel's image
 * @P2V_FRAME_KIND_KERNEL_DATA: data of the kernel's image
 * @P2V_FRAME_KIND_KERNEL_OTHER: in use by the kernel, for what is not known
 *
 * What a frame is used for.
 */
typedef enum
{
  P2V_FRAME_KIND_UNKNOWN,
  P2V_FRAME_KIND_NOT_IN_IMAGE,
  P2V_FRAME_KIND_NOT_RAM,
  P2V_FRAME_KIND_FIRMWARE,
  P2V_FRAME_KIND_RESERVED,
  P2V_FRAME_KIND_BAD,
  P2V_FRAME_KIND_OFFLINE,
  P2V_FRAME_KIND_FREE,
  P2V_FRAME_KIND_ZEROED,
  P2V_FRAME_KIND_STANDBY,
  P2V_FRAME_KIND_MODIFIED,
  P2V_FRAME_KIND_TRANSITION,
  P2V_FRAME_KIND_ANONYMOUS,
  P2V_FRAME_KIND_FILE,
  P2V_FRAME_KIND_HUGE,
  P2V_FRAME_KIND_ZERO_PAGE,
  P2V_FRAME_KIND_SHARED_WITH_USER,
  P2V_FRAME_KIND_COMPRESSED,
  P2V_FRAME_KIND_PAGE_TABLE,
  P2V_FRAME_KIND_KERNEL_STACK,
  P2V_FRAME_KIND_SLAB,
  P2V_FRAME_KIND_POOL,
  P2V_FRAME_KIND_VMALLOC,
  P2V_FRAME_KIND_MODULE,
  P2V_FRAME_KIND_PER_CPU,
  P2V_FRAME_KIND_FRAME_TABLE,
  P2V_FRAME_KIND_KERNEL_CODE,
  P2V_FRAME_KIND_KERNEL_DATA,
  P2V_FRAME_KIND_KERNEL_OTHER,
} P2vFrameKind;

#define P2V_FRAME_N_KINDS (P2V_FRAME_KIND_KERNEL_OTHER + 1)

/**
 * P2vFrameFlags:
 * @P2V_FRAME_FLAGS_LOCKED: locked while something is done with it
 * @P2V_FRAME_FLAGS_ERROR: reading or writing it failed
 * @P2V_FRAME_FLAGS_REFERENCED: used not long ago
 * @P2V_FRAME_FLAGS_UPTODATE: holds what it should
 * @P2V_FRAME_FLAGS_DIRTY: changed and not written out
 * @P2V_FRAME_FLAGS_LRU: on a list from which frames are taken back
 * @P2V_FRAME_FLAGS_ACTIVE: on the list of those in use
 * @P2V_FRAME_FLAGS_SLAB: of a cache of kernel objects
 * @P2V_FRAME_FLAGS_WRITEBACK: being written out
 * @P2V_FRAME_FLAGS_RECLAIM: to be taken back soon
 * @P2V_FRAME_FLAGS_BUDDY: the first of a block of free frames
 * @P2V_FRAME_FLAGS_MMAP: the system counts mappings of it
 * @P2V_FRAME_FLAGS_ANON: backed by no file
 * @P2V_FRAME_FLAGS_SWAPCACHE: has a place in swap space as well
 * @P2V_FRAME_FLAGS_SWAPBACKED: is written to swap space when memory is short
 * @P2V_FRAME_FLAGS_HEAD: the first of several frames that are handled as one
 * @P2V_FRAME_FLAGS_TAIL: one of those behind a first one
 * @P2V_FRAME_FLAGS_HUGE: of the pool of huge pages
 * @P2V_FRAME_FLAGS_THP: of a huge page that the system made by itself
 * @P2V_FRAME_FLAGS_UNEVICTABLE: may not be taken back
 * @P2V_FRAME_FLAGS_MLOCKED: kept in memory by request of a process
 * @P2V_FRAME_FLAGS_HWPOISON: has a hardware error
 * @P2V_FRAME_FLAGS_NOPAGE: the system has no record of it
 * @P2V_FRAME_FLAGS_KSM: one for several equal pages
 * @P2V_FRAME_FLAGS_OFFLINE: not usable just now
 * @P2V_FRAME_FLAGS_ZERO_PAGE: the page of zeros
 * @P2V_FRAME_FLAGS_PGTABLE: marked as page table by the system
 * @P2V_FRAME_FLAGS_RESERVED: never handed out
 * @P2V_FRAME_FLAGS_PRIVATE: a file system keeps something beside it
 *
 * Marks that the system's record of a frame bears. Those of Linux have the meaning of
 * `/proc/kpageflags`.
 */
typedef enum /*< flags >*/
{
  P2V_FRAME_FLAGS_NONE        = 0,
  P2V_FRAME_FLAGS_LOCKED      = 1 << 0,
  P2V_FRAME_FLAGS_ERROR       = 1 << 1,
  P2V_FRAME_FLAGS_REFERENCED  = 1 << 2,
  P2V_FRAME_FLAGS_UPTODATE    = 1 << 3,
  P2V_FRAME_FLAGS_DIRTY       = 1 << 4,
  P2V_FRAME_FLAGS_LRU         = 1 << 5,
  P2V_FRAME_FLAGS_ACTIVE      = 1 << 6,
  P2V_FRAME_FLAGS_SLAB        = 1 << 7,
  P2V_FRAME_FLAGS_WRITEBACK   = 1 << 8,
  P2V_FRAME_FLAGS_RECLAIM     = 1 << 9,
  P2V_FRAME_FLAGS_BUDDY       = 1 << 10,
  P2V_FRAME_FLAGS_MMAP        = 1 << 11,
  P2V_FRAME_FLAGS_ANON        = 1 << 12,
  P2V_FRAME_FLAGS_SWAPCACHE   = 1 << 13,
  P2V_FRAME_FLAGS_SWAPBACKED  = 1 << 14,
  P2V_FRAME_FLAGS_HEAD        = 1 << 15,
  P2V_FRAME_FLAGS_TAIL        = 1 << 16,
  P2V_FRAME_FLAGS_HUGE        = 1 << 17,
  P2V_FRAME_FLAGS_UNEVICTABLE = 1 << 18,
  P2V_FRAME_FLAGS_HWPOISON    = 1 << 19,
  P2V_FRAME_FLAGS_NOPAGE      = 1 << 20,
  P2V_FRAME_FLAGS_KSM         = 1 << 21,
  P2V_FRAME_FLAGS_THP         = 1 << 22,
  P2V_FRAME_FLAGS_OFFLINE     = 1 << 23,
  P2V_FRAME_FLAGS_ZERO_PAGE   = 1 << 24,
  P2V_FRAME_FLAGS_PGTABLE     = 1 << 25,
  P2V_FRAME_FLAGS_RESERVED    = 1 << 26,
  P2V_FRAME_FLAGS_MLOCKED     = 1 << 27,
  P2V_FRAME_FLAGS_PRIVATE     = 1 << 28,
} P2vFrameFlags;

/**
 * P2vFrame:
 * @pa: physical address of the frame's first byte
 * @in_image: whether the image holds it
 * @kind: what it is used for
 * @flags: what the system's record of it says
 * @n_found: virtual pages of address spaces of processes, each counted once, that the index has for
 * it, but for those that a system which counts does not; -1 without an index
 * @n_expected: how many the system counts; -1 if it does not count those of this frame
 * @n_references: how many users of any kind the system counts; -1 if that is not known
 * @record_va: where the system's record of the frame stands; 0 if there is none
 * @process: (nullable): whose page table or stack it is; the session's system keeps it alive
 * @has_va: whether @va is known
 * @va: what a page table translates from here on, or where the frame stands in the kernel
 * @has_entry: whether @entry_pa is known
 * @entry_pa: the one page-table entry that the system remembers for the frame (Windows)
 * @name: (nullable): the file, cache, module or thread that it belongs to; escaped
 * @has_offset: whether @offset_bytes is known
 * @offset_bytes: which byte of @name the frame begins with
 * @detail: a translated phrase for "it is ...", without a full stop; never %NULL
 *
 * A frame, described.
 */
typedef struct
{
  P2vPhysAddr    pa;
  gboolean       in_image;
  P2vFrameKind   kind;
  P2vFrameFlags  flags;
  gint64         n_found;
  gint64         n_expected;
  gint64         n_references;
  P2vVirtAddr    record_va;
  P2vProcess    *process;
  gboolean       has_va;
  P2vVirtAddr    va;
  gboolean       has_entry;
  P2vPhysAddr    entry_pa;
  const char    *name;
  gboolean       has_offset;
  guint64        offset_bytes;
  const char    *detail;
} P2vFrame;

#define P2V_TYPE_FRAME (p2v_frame_get_type ())
P2V_AVAILABLE_IN_1_0
GType p2v_frame_get_type (void);

P2V_AVAILABLE_IN_1_0
const char     *p2v_frame_kind_get_id      (P2vFrameKind     kind);
P2V_AVAILABLE_IN_1_0
const char     *p2v_frame_kind_get_title   (P2vFrameKind     kind);
P2V_AVAILABLE_IN_1_0
gboolean        p2v_frame_kind_from_id     (const char      *id,
                                            P2vFrameKind    *ret_kind);
P2V_AVAILABLE_IN_1_0
const char     *p2v_frame_flags_get_name   (P2vFrameFlags    flag);
P2V_AVAILABLE_IN_1_0
char           *p2v_frame_flags_dup_text   (P2vFrameFlags    flags);

P2V_AVAILABLE_IN_1_0
gboolean        p2v_frame_is_disagreeing   (const P2vFrame  *self);
P2V_AVAILABLE_IN_1_0
char           *p2v_frame_dup_count_text   (const P2vFrame  *self);
P2V_AVAILABLE_IN_1_0
P2vFrame       *p2v_frame_copy             (const P2vFrame  *self);
P2V_AVAILABLE_IN_1_0
void            p2v_frame_free             (P2vFrame        *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vFrame, p2v_frame_free)

G_END_DECLS
