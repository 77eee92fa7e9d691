/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vProcess, P2vAddressSpace and P2vRegion: who owns mappings, and what a virtual address is part
 * of. All three are immutable; they live as long as the P2vSystem that found them, or while
 * referenced. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-types.h"

G_BEGIN_DECLS

#define P2V_TYPE_PROCESS (p2v_process_get_type ())
P2V_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (P2vProcess, p2v_process, P2V, PROCESS, GObject)

/**
 * P2vProcessFlags:
 * @P2V_PROCESS_NONE: an ordinary process
 * @P2V_PROCESS_KERNEL_THREAD: a thread of the kernel: it has no user mappings
 * @P2V_PROCESS_ZOMBIE: has exited and waits for its parent
 * @P2V_PROCESS_DEAD_LEADER: its first thread has exited, others live on and hold the address space
 * @P2V_PROCESS_SHARES_SPACE: another process has the same address space (vfork, CLONE_VM)
 * @P2V_PROCESS_HIDDEN: lives, but is not in the system's own list of processes, or its id does not
 * lead to it
 * @P2V_PROCESS_EXITING: on its way out: it has given up its memory
 * @P2V_PROCESS_EXITED: gone; only its structure is still in memory, until that is used again
 * @P2V_PROCESS_UNKNOWN: page tables whose process was not found, in the place of one: it has no pid
 * and is named after the root of its page tables
 * @P2V_PROCESS_KERNEL: no process, but the kernel: the owner of its own half of the addresses
 * @P2V_PROCESS_WOW64: a program of 32 bits on a system of 64 (Windows)
 *
 * What is special about a process.
 */
typedef enum /*< flags >*/
{
  P2V_PROCESS_NONE          = 0,
  P2V_PROCESS_KERNEL_THREAD = 1 << 0,
  P2V_PROCESS_ZOMBIE        = 1 << 1,
  P2V_PROCESS_DEAD_LEADER   = 1 << 2,
  P2V_PROCESS_SHARES_SPACE  = 1 << 3,
  P2V_PROCESS_HIDDEN        = 1 << 4,
  P2V_PROCESS_EXITING       = 1 << 5,
  P2V_PROCESS_EXITED        = 1 << 6,
  P2V_PROCESS_UNKNOWN       = 1 << 7,
  P2V_PROCESS_KERNEL        = 1 << 8,
  P2V_PROCESS_WOW64         = 1 << 9,
} P2vProcessFlags;

/**
 * P2vProcessFields:
 * @P2V_PROCESS_FIELD_NONE: nothing beyond what all systems have
 * @P2V_PROCESS_FIELD_UID: the user's number
 * @P2V_PROCESS_FIELD_HANDLES: how many handles it has open
 * @P2V_PROCESS_FIELD_SESSION: the session it belongs to
 * @P2V_PROCESS_FIELD_WOW64: whether it is a program of 32 bits on a system of 64
 * @P2V_PROCESS_FIELD_TIMES: when it started and ended, by the clock
 * @P2V_PROCESS_FIELD_PATH: the path of its program
 *
 * What only some systems know of their processes.
 */
typedef enum /*< flags >*/
{
  P2V_PROCESS_FIELD_NONE    = 0,
  P2V_PROCESS_FIELD_UID     = 1 << 0,
  P2V_PROCESS_FIELD_HANDLES = 1 << 1,
  P2V_PROCESS_FIELD_SESSION = 1 << 2,
  P2V_PROCESS_FIELD_WOW64   = 1 << 3,
  P2V_PROCESS_FIELD_TIMES   = 1 << 4,
  P2V_PROCESS_FIELD_PATH    = 1 << 5,
} P2vProcessFields;

P2V_AVAILABLE_IN_1_0
gint64           p2v_process_get_pid           (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
gboolean         p2v_process_has_pid           (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
gint64           p2v_process_get_parent_pid    (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
const char      *p2v_process_get_name          (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
GBytes          *p2v_process_get_raw_name      (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
guint            p2v_process_get_n_threads     (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
gint64           p2v_process_get_uid           (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
guint64          p2v_process_get_start_time_ns (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
gint64           p2v_process_get_n_handles     (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
gint64           p2v_process_get_session       (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
gint64           p2v_process_get_started_us    (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
gint64           p2v_process_get_ended_us      (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
const char      *p2v_process_get_path          (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
P2vProcessFlags  p2v_process_get_flags         (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
P2vVirtAddr      p2v_process_get_object_va     (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
P2vPhysAddr      p2v_process_get_object_pa     (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
guint            p2v_process_get_methods       (P2vProcess *self);
P2V_AVAILABLE_IN_1_0
P2vAddressSpace *p2v_process_get_address_space (P2vProcess *self);

#define P2V_TYPE_ADDRESS_SPACE (p2v_address_space_get_type ())
P2V_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (P2vAddressSpace, p2v_address_space, P2V, ADDRESS_SPACE, GObject)

P2V_AVAILABLE_IN_1_0
P2vPhysAddr      p2v_address_space_get_root_pa  (P2vAddressSpace *self);
P2V_AVAILABLE_IN_1_0
guint            p2v_address_space_get_n_owners (P2vAddressSpace *self);
P2V_AVAILABLE_IN_1_0
P2vProcess      *p2v_address_space_get_owner    (P2vAddressSpace *self,
                                                 guint            position);
P2V_AVAILABLE_IN_1_0
gboolean         p2v_address_space_is_kernel    (P2vAddressSpace *self);

/**
 * P2vRegion:
 * @start_va: first virtual address
 * @length_bytes: length, never 0
 * @rights: what the operating system recorded, which may differ from the page tables; none in the
 * kernel's half, where nothing is recorded
 * @shared: whether writes are seen by other mappings of the same object
 * @file_offset: offset in the file that @start_va shows; 0 without a file
 * @is_file: whether @name is a file's path
 * @is_pfn_map: whether it shows memory by its number that is not the process's own, see
 * %P2V_STATE_PFN_MAP and %P2V_STATE_DEVICE
 * @has_uffd_wp: whether somebody may have asked for its pages to be kept from writing, see
 * %P2V_STATE_UFFD_WP
 * @mapping_class: what kind of address these are
 * @name: escaped, valid UTF-8: a path, "[heap]", "[stack]", "module ext4", ...; empty for anonymous
 * memory
 *
 * A part of an address space as its operating system describes it (Linux VMA, Windows VAD), or a
 * part of the kernel's half.
 */
struct _P2vRegion
{
  P2vVirtAddr      start_va;
  guint64          length_bytes;
  P2vRights        rights;
  gboolean         shared;
  guint64          file_offset;
  gboolean         is_file;
  gboolean         is_pfn_map;
  gboolean         has_uffd_wp;
  P2vMappingClass  mapping_class;
  char            *name;
};

#define P2V_TYPE_REGION (p2v_region_get_type ())
P2V_AVAILABLE_IN_1_0
GType            p2v_region_get_type            (void) G_GNUC_CONST;
P2V_AVAILABLE_IN_1_0
P2vRegion       *p2v_region_copy                (const P2vRegion *self);
P2V_AVAILABLE_IN_1_0
void             p2v_region_free                (P2vRegion       *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vRegion, p2v_region_free)

G_END_DECLS
