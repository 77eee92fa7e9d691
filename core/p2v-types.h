/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Addresses, rights, states and error domains: the words every other header uses. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

#define P2V_AVAILABLE_IN_1_0 __attribute__ ((visibility ("default"))) extern

/**
 * P2vPhysAddr:
 *
 * A physical address in bytes: what page tables hold. Never a file offset.
 */
typedef guint64 P2vPhysAddr;

/**
 * P2vVirtAddr:
 *
 * A virtual address in bytes, sign-extended to 64 bits where the processor does so.
 */
typedef guint64 P2vVirtAddr;

/* The unit of the reverse index. Every paging form we know has pages that are multiples of it. */
#define P2V_FRAME_SHIFT 12
#define P2V_FRAME_SIZE  ((guint64) 1 << P2V_FRAME_SHIFT)

/**
 * P2vRights:
 * @P2V_RIGHTS_NONE: no access at all
 * @P2V_RIGHTS_READ: may be read
 * @P2V_RIGHTS_WRITE: may be written
 * @P2V_RIGHTS_EXECUTE: may be executed
 * @P2V_RIGHTS_USER: reachable from user mode
 *
 * What a page-table entry, or a region of an operating system, allows.
 */
typedef enum /*< flags >*/
{
  P2V_RIGHTS_NONE    = 0,
  P2V_RIGHTS_READ    = 1 << 0,
  P2V_RIGHTS_WRITE   = 1 << 1,
  P2V_RIGHTS_EXECUTE = 1 << 2,
  P2V_RIGHTS_USER    = 1 << 3,
} P2vRights;

/**
 * P2vState:
 * @P2V_STATE_VALID: the processor itself translates through this entry
 * @P2V_STATE_PROT_NONE: the page is in RAM and owned, but the entry denies all access (Linux
 * PROT_NONE areas and NUMA hints)
 * @P2V_STATE_TRANSITION: the process has lost the page, but the page still holds its contents and
 * waits on a list to be taken back or to be used for others (Windows standby and modified lists)
 * @P2V_STATE_PROTOTYPE: the page is shared and in RAM; the process's entry says where to ask for it
 * (Windows prototype entries)
 * @P2V_STATE_SWAP_CACHE: the entry names a place on the swap device, and a copy of it is in RAM
 * (Linux)
 * @P2V_STATE_MIGRATION: the page was being moved to another frame (Linux)
 * @P2V_STATE_HWPOISON: the memory is broken and the system keeps the page from being used (Linux)
 * @P2V_STATE_NUMA_HINT: as %P2V_STATE_PROT_NONE, but the process may use the page: the system waits
 * for that, to learn which processor does (Linux)
 * @P2V_STATE_ZERO_PAGE: the processor translates through this entry, to the page of zeros that all
 * share who have only read there so far (Linux)
 * @P2V_STATE_PFN_MAP: the processor translates through this entry, but to memory that is not
 * counted as the process's: of the firmware, of the kernel itself, or of a driver (Linux VM_PFNMAP:
 * [vvar], /dev/mem)
 * @P2V_STATE_DEVICE: as %P2V_STATE_PFN_MAP, but what is there is no memory of the machine:
 * registers or memory of a device (PCI memory, a frame buffer)
 * @P2V_STATE_UFFD_WP: the processor translates through this entry, but writing is kept from it
 * until another thread or process, which asked for that, says so (Linux userfaultfd)
 *
 * How a page that is in RAM is reached.
 */
typedef enum
{
  P2V_STATE_VALID,
  P2V_STATE_PROT_NONE,
  P2V_STATE_TRANSITION,
  P2V_STATE_PROTOTYPE,
  P2V_STATE_SWAP_CACHE,
  P2V_STATE_MIGRATION,
  P2V_STATE_HWPOISON,
  P2V_STATE_PFN_MAP,
  P2V_STATE_NUMA_HINT,
  P2V_STATE_ZERO_PAGE,
  P2V_STATE_DEVICE,
  P2V_STATE_UFFD_WP,
} P2vState;

/**
 * P2vPlaceholder:
 * @P2V_PLACEHOLDER_NONE: nothing: the entry is empty, or a page is there
 * @P2V_PLACEHOLDER_SWAPPED: a page that is in swap space only
 * @P2V_PLACEHOLDER_MARKER: a mark that the system left where a page may come (Linux:
 * write-protected by userfaultfd, poisoned, guard)
 * @P2V_PLACEHOLDER_DEVICE: a page that lives in the memory of a device (Linux device-private)
 * @P2V_PLACEHOLDER_UNKNOWN: something that could not be found out
 *
 * What an entry of a page table stands for behind which there is no page in RAM.
 */
typedef enum
{
  P2V_PLACEHOLDER_NONE,
  P2V_PLACEHOLDER_SWAPPED,
  P2V_PLACEHOLDER_MARKER,
  P2V_PLACEHOLDER_DEVICE,
  P2V_PLACEHOLDER_UNKNOWN,
} P2vPlaceholder;

#define P2V_N_PLACEHOLDERS (P2V_PLACEHOLDER_UNKNOWN + 1)

/**
 * P2vMappingClass:
 * @P2V_MAPPING_USER: of a process, in user space
 * @P2V_MAPPING_KERNEL_IMAGE: the kernel's code and data
 * @P2V_MAPPING_MODULE: code or data of a module or driver
 * @P2V_MAPPING_VMALLOC: memory that the kernel maps page by page, and devices' (Linux vmalloc and
 * ioremap)
 * @P2V_MAPPING_FRAME_TABLE: the system's records of frames (Linux vmemmap)
 * @P2V_MAPPING_CPU_ENTRY: each processor's stacks and tables for entering the kernel
 * @P2V_MAPPING_FIXMAP: addresses that were fixed when the kernel was built
 * @P2V_MAPPING_LDT: a process's own segment descriptors
 * @P2V_MAPPING_FIRMWARE: code and data of the firmware (EFI)
 * @P2V_MAPPING_ESPFIX: stacks for returning to 16-bit code; one page at very many addresses
 * @P2V_MAPPING_SHADOW: what an address sanitizer keeps of every byte (KASAN)
 * @P2V_MAPPING_SELF_MAP: page tables, by the entry of a root that leads back to it
 * @P2V_MAPPING_KERNEL: in the kernel's half, for what is not known
 * @P2V_MAPPING_FREED: the kernel's image, where it gave its memory back: what is there now has
 * nothing to do with the image
 * @P2V_MAPPING_DIRECT_MAP: all of memory, once more; says nothing of what a frame is for
 *
 * What kind of address maps a page. Rows of an answer come in this order.
 */
typedef enum
{
  P2V_MAPPING_USER,
  P2V_MAPPING_KERNEL_IMAGE,
  P2V_MAPPING_MODULE,
  P2V_MAPPING_VMALLOC,
  P2V_MAPPING_FRAME_TABLE,
  P2V_MAPPING_CPU_ENTRY,
  P2V_MAPPING_FIXMAP,
  P2V_MAPPING_LDT,
  P2V_MAPPING_FIRMWARE,
  P2V_MAPPING_ESPFIX,
  P2V_MAPPING_SHADOW,
  P2V_MAPPING_SELF_MAP,
  P2V_MAPPING_KERNEL,
  P2V_MAPPING_FREED,
  P2V_MAPPING_DIRECT_MAP,
} P2vMappingClass;

#define P2V_MAPPING_N_CLASSES (P2V_MAPPING_DIRECT_MAP + 1)

/**
 * P2vImageError:
 * @P2V_IMAGE_ERROR_NOT_RECOGNIZED: the file is not a memory image in a format we read
 * @P2V_IMAGE_ERROR_TRUNCATED: the file ends before something its header promises, or shrank while
 * open
 * @P2V_IMAGE_ERROR_CORRUPT: a header field contradicts the file or another field
 * @P2V_IMAGE_ERROR_UNSUPPORTED: a known format, in a variant we do not read
 * @P2V_IMAGE_ERROR_LIMIT: a count in the file is above what we accept
 *
 * Why a file could not be opened or read as a memory image.
 */
typedef enum
{
  P2V_IMAGE_ERROR_NOT_RECOGNIZED,
  P2V_IMAGE_ERROR_TRUNCATED,
  P2V_IMAGE_ERROR_CORRUPT,
  P2V_IMAGE_ERROR_UNSUPPORTED,
  P2V_IMAGE_ERROR_LIMIT,
} P2vImageError;

#define P2V_IMAGE_ERROR (p2v_image_error_quark ())
P2V_AVAILABLE_IN_1_0
GQuark p2v_image_error_quark (void);

/**
 * P2vOsError:
 * @P2V_OS_ERROR_NOT_DETECTED: no operating system we know was found in the image
 * @P2V_OS_ERROR_SYMBOLS_MISSING: the system was found, but not the symbols or types needed to read
 * it
 * @P2V_OS_ERROR_CORRUPT: a structure of the system contradicts itself
 * @P2V_OS_ERROR_LIMIT: a structure of the system is larger than we accept
 *
 * Why the operating system in an image could not be understood.
 */
typedef enum
{
  P2V_OS_ERROR_NOT_DETECTED,
  P2V_OS_ERROR_SYMBOLS_MISSING,
  P2V_OS_ERROR_CORRUPT,
  P2V_OS_ERROR_LIMIT,
} P2vOsError;

#define P2V_OS_ERROR (p2v_os_error_quark ())
P2V_AVAILABLE_IN_1_0
GQuark p2v_os_error_quark (void);

/**
 * P2vQueryError:
 * @P2V_QUERY_ERROR_SYNTAX: a number, address or pattern could not be parsed
 * @P2V_QUERY_ERROR_RANGE: a well-formed value that is not in the image or names no process
 * @P2V_QUERY_ERROR_NOT_READY: the session has not come so far yet
 *
 * Why a question could not be answered.
 */
typedef enum
{
  P2V_QUERY_ERROR_SYNTAX,
  P2V_QUERY_ERROR_RANGE,
  P2V_QUERY_ERROR_NOT_READY,
} P2vQueryError;

#define P2V_QUERY_ERROR (p2v_query_error_quark ())
P2V_AVAILABLE_IN_1_0
GQuark p2v_query_error_quark (void);

typedef struct _P2vAddressSpace P2vAddressSpace;
typedef struct _P2vAnswer       P2vAnswer;
typedef struct _P2vFilter       P2vFilter;
typedef struct _P2vImage        P2vImage;
typedef struct _P2vMapping      P2vMapping;
typedef struct _P2vProcess      P2vProcess;
typedef struct _P2vRegion       P2vRegion;
typedef struct _P2vSession      P2vSession;
typedef struct _P2vSystem       P2vSystem;
typedef struct _P2vTrail        P2vTrail;

G_END_DECLS
