/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <inttypes.h>

#include "base/p2v-text.h"
#include "os/p2v-process-private.h"

/**
 * P2vProcess:
 *
 * A process as the operating system in an image has it: what owns mappings.
 *
 * Immutable; may be used from any thread.
 */
struct _P2vProcess
{
  GObject          parent_instance;
  P2vProcessData   data;              /* raw_name and path are not used here */
  GBytes          *raw_name;
  char            *name;
  char            *path;              /* or NULL */
};

G_DEFINE_FINAL_TYPE (P2vProcess, p2v_process, G_TYPE_OBJECT)

/**
 * P2vAddressSpace:
 *
 * A set of page tables and the processes that run on it, mostly one.
 *
 * Immutable; may be used from any thread.
 */
struct _P2vAddressSpace
{
  GObject        parent_instance;
  P2vPagingRoot  root;
  P2vVirtAddr    object_va;
  guint          number;
  GPtrArray     *owners;              /* (element-type P2vProcess) not referenced */
  GPtrArray     *regions;             /* atomic; set once */
  GArray        *areas;               /* P2vKernelArea; NULL: of a process */
};

G_DEFINE_FINAL_TYPE (P2vAddressSpace, p2v_address_space, G_TYPE_OBJECT)

G_DEFINE_BOXED_TYPE (P2vRegion, p2v_region, p2v_region_copy, p2v_region_free)

static void
p2v_process_finalize (GObject *object)
{
  P2vProcess *self = P2V_PROCESS (object);

  g_clear_object (&self->data.space);
  g_clear_pointer (&self->raw_name, g_bytes_unref);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->path, g_free);
  G_OBJECT_CLASS (p2v_process_parent_class)->finalize (object);
}

static void
p2v_process_class_init (P2vProcessClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = p2v_process_finalize;
}

static void
p2v_process_init (P2vProcess *self)
{
}

P2vProcess *
p2v_process_new (const P2vProcessData *data)
{
  P2vProcess *self = g_object_new (P2V_TYPE_PROCESS, NULL);

  self->data = *data;
  self->data.raw_name = NULL;
  self->data.path = NULL;
  self->path = g_strdup (data->path);
  if (data->space != NULL)
    g_object_ref (data->space);
  self->raw_name = g_bytes_new (data->raw_name, data->raw_name_length);
  self->name = p2v_text_escape ((const char *) data->raw_name, (gssize) data->raw_name_length);
  return self;
}

/**
 * p2v_process_get_pid:
 * @self: a process
 *
 * Gets the process id, in the system's outermost pid namespace.
 *
 * Returns: the id, or -1 if it has none (%P2V_PROCESS_UNKNOWN)
 */
gint64
p2v_process_get_pid (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), -1);
  return self->data.pid;
}

/**
 * p2v_process_has_pid:
 * @self: a process
 *
 * Asks whether the process has an id. Page tables whose process was not found have none
 * (%P2V_PROCESS_UNKNOWN); where ids are shown, theirs is empty.
 *
 * Returns: %TRUE if it has
 */
gboolean
p2v_process_has_pid (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), FALSE);
  return (self->data.flags & P2V_PROCESS_UNKNOWN) == 0;
}

char *
p2v_process_dup_label (P2vProcess *self)
{
  if (!p2v_process_has_pid (self))
    return g_strdup (self->name);
  return g_strdup_printf ("%s (%" PRId64 ")", self->name, self->data.pid);
}

/**
 * p2v_process_get_parent_pid:
 * @self: a process
 *
 * Gets the id of the process that waits for this one.
 *
 * Returns: the id, or 0 if there is none
 */
gint64
p2v_process_get_parent_pid (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), -1);
  return self->data.parent_pid;
}

/**
 * p2v_process_get_name:
 * @self: a process
 *
 * Gets the name for showing: valid UTF-8 without control characters, other bytes as \xHH.
 *
 * Returns: (transfer none): the escaped name
 */
const char *
p2v_process_get_name (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), NULL);
  return self->name;
}

/**
 * p2v_process_get_raw_name:
 * @self: a process
 *
 * Gets the name as the bytes that the system has.
 *
 * Returns: (transfer none): the bytes, without a terminator
 */
GBytes *
p2v_process_get_raw_name (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), NULL);
  return self->raw_name;
}

/**
 * p2v_process_get_n_threads:
 * @self: a process
 *
 * Gets how many threads the process has.
 *
 * Returns: the count
 */
guint
p2v_process_get_n_threads (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), 0);
  return self->data.n_threads;
}

/**
 * p2v_process_get_uid:
 * @self: a process
 *
 * Gets the user the process runs as.
 *
 * Returns: the user's id, or -1 if it is not known
 */
gint64
p2v_process_get_uid (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), -1);
  return self->data.uid;
}

/**
 * p2v_process_get_start_time_ns:
 * @self: a process
 *
 * Gets when the process started.
 *
 * Returns: nanoseconds since boot, or 0 if it is not known
 */
guint64
p2v_process_get_start_time_ns (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), 0);
  return self->data.start_time_ns;
}

/**
 * p2v_process_get_n_handles:
 * @self: a process
 *
 * Gets how many handles the process has open, where %P2V_PROCESS_FIELD_HANDLES says that the system
 * tells.
 *
 * Returns: the count, or -1 if it is not known
 */
gint64
p2v_process_get_n_handles (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), -1);
  return self->data.n_handles;
}

/**
 * p2v_process_get_session:
 * @self: a process
 *
 * Gets the session the process belongs to, where %P2V_PROCESS_FIELD_SESSION says that the system
 * tells.
 *
 * Returns: the session's number, or -1 if it belongs to none
 */
gint64
p2v_process_get_session (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), -1);
  return self->data.session;
}

/**
 * p2v_process_get_started_us:
 * @self: a process
 *
 * Gets when the process was started, by the clock of its machine.
 *
 * Returns: microseconds since 1970 (UTC), or 0 if it is not known
 */
gint64
p2v_process_get_started_us (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), 0);
  return self->data.started_us;
}

/**
 * p2v_process_get_ended_us:
 * @self: a process
 *
 * Gets when the process ended, by the clock of its machine.
 *
 * Returns: microseconds since 1970 (UTC), or 0 if it has not ended or that is not known
 */
gint64
p2v_process_get_ended_us (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), 0);
  return self->data.ended_us;
}

/**
 * p2v_process_get_path:
 * @self: a process
 *
 * Gets the path of the program that the process runs, as its system names it.
 *
 * Returns: (transfer none) (nullable): escaped text, or %NULL if it is not known
 */
const char *
p2v_process_get_path (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), NULL);
  return self->path;
}

/**
 * p2v_process_get_flags:
 * @self: a process
 *
 * Gets what is special about the process.
 *
 * Returns: the flags
 */
P2vProcessFlags
p2v_process_get_flags (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), P2V_PROCESS_NONE);

  P2vProcessFlags flags = self->data.flags;
  if (self->data.space != NULL && self->data.space->owners->len > 1)
    flags |= P2V_PROCESS_SHARES_SPACE;
  return flags;
}

/**
 * p2v_process_get_object_va:
 * @self: a process
 *
 * Gets where the system keeps the process (Linux task_struct, Windows EPROCESS).
 *
 * Returns: a virtual address of the kernel
 */
P2vVirtAddr
p2v_process_get_object_va (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), 0);
  return self->data.object_va;
}

/**
 * p2v_process_get_object_pa:
 * @self: a process
 *
 * Gets where the system keeps the process, as p2v_process_get_object_va().
 *
 * Returns: a physical address
 */
P2vPhysAddr
p2v_process_get_object_pa (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), 0);
  return self->data.object_pa;
}

/**
 * p2v_process_get_methods:
 * @self: a process
 *
 * Gets which methods found the process.
 *
 * Returns: bits as in p2v_system_get_methods()
 */
guint
p2v_process_get_methods (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), 0);
  return self->data.methods;
}

/**
 * p2v_process_get_address_space:
 * @self: a process
 *
 * Gets the page tables the process runs on.
 *
 * Returns: (transfer none) (nullable): the address space, or %NULL for kernel threads and zombies
 */
P2vAddressSpace *
p2v_process_get_address_space (P2vProcess *self)
{
  g_return_val_if_fail (P2V_IS_PROCESS (self), NULL);
  return self->data.space;
}

static void
p2v_address_space_finalize (GObject *object)
{
  P2vAddressSpace *self = P2V_ADDRESS_SPACE (object);

  g_clear_pointer (&self->owners, g_ptr_array_unref);
  g_clear_pointer (&self->regions, g_ptr_array_unref);
  g_clear_pointer (&self->areas, g_array_unref);
  G_OBJECT_CLASS (p2v_address_space_parent_class)->finalize (object);
}

static void
p2v_address_space_class_init (P2vAddressSpaceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = p2v_address_space_finalize;
}

static void
p2v_address_space_init (P2vAddressSpace *self)
{
  self->owners = g_ptr_array_new ();
}

P2vAddressSpace *
p2v_address_space_new (P2vPhysAddr root_pa,
                       P2vVirtAddr object_va)
{
  P2vAddressSpace *self = g_object_new (P2V_TYPE_ADDRESS_SPACE, NULL);

  self->root.root_pa = root_pa;
  self->object_va = object_va;
  return self;
}

/**
 * p2v_address_space_get_root_pa:
 * @self: an address space
 *
 * Gets the root of the page tables (CR3 without its flags, Windows DTB).
 *
 * Returns: a physical address
 */
P2vPhysAddr
p2v_address_space_get_root_pa (P2vAddressSpace *self)
{
  g_return_val_if_fail (P2V_IS_ADDRESS_SPACE (self), 0);
  return self->root.root_pa;
}

/**
 * p2v_address_space_get_n_owners:
 * @self: an address space
 *
 * Gets how many processes run on these page tables.
 *
 * Returns: the count; threads do not count
 */
guint
p2v_address_space_get_n_owners (P2vAddressSpace *self)
{
  g_return_val_if_fail (P2V_IS_ADDRESS_SPACE (self), 0);
  return self->owners->len;
}

/**
 * p2v_address_space_get_owner:
 * @self: an address space
 * @position: less than p2v_address_space_get_n_owners()
 *
 * Gets one of the processes, in the order of their ids.
 *
 * Returns: (transfer none): the process
 */
P2vProcess *
p2v_address_space_get_owner (P2vAddressSpace *self,
                             guint            position)
{
  g_return_val_if_fail (P2V_IS_ADDRESS_SPACE (self), NULL);
  g_return_val_if_fail (position < self->owners->len, NULL);
  return g_ptr_array_index (self->owners, position);
}

/**
 * p2v_address_space_is_kernel:
 * @self: an address space
 *
 * Asks whether this is the kernel's half, which all processes have and which is kept once.
 *
 * Returns: %TRUE if it is; its only owner has %P2V_PROCESS_KERNEL then
 */
gboolean
p2v_address_space_is_kernel (P2vAddressSpace *self)
{
  g_return_val_if_fail (P2V_IS_ADDRESS_SPACE (self), FALSE);
  return self->areas != NULL;
}

P2vVirtAddr
p2v_address_space_get_object_va (P2vAddressSpace *self)
{
  return self->object_va;
}

void
p2v_address_space_add_owner (P2vAddressSpace *self,
                             P2vProcess      *process)
{
  g_ptr_array_add (self->owners, process);
}

guint
p2v_address_space_get_number (P2vAddressSpace *self)
{
  return self->number;
}

void
p2v_address_space_set_number (P2vAddressSpace *self,
                              guint            number)
{
  self->number = number;
}

const P2vPagingRoot *
p2v_address_space_get_root (P2vAddressSpace *self)
{
  return &self->root;
}

void
p2v_address_space_set_root (P2vAddressSpace     *self,
                            const P2vPagingRoot *root)
{
  self->root = *root;
}

P2vVirtAddr
p2v_address_space_extend_va (P2vAddressSpace *self,
                             P2vVirtAddr      low_va)
{
  return p2v_paging_root_extend_va (&self->root, low_va);
}

GArray *
p2v_address_space_get_areas (P2vAddressSpace *self)
{
  return self->areas;
}

void
p2v_address_space_take_areas (P2vAddressSpace *self,
                              GArray          *areas)
{
  self->areas = areas;
}

const P2vKernelArea *
p2v_address_space_find_area (P2vAddressSpace *self,
                             P2vVirtAddr      va)
{
  for (guint i = 0; self->areas != NULL && i < self->areas->len; i++)
    {
      const P2vKernelArea *area = &g_array_index (self->areas, P2vKernelArea, i);
      if (va >= area->start_va && va - area->start_va < area->length_bytes)
        return area;
    }
  return NULL;
}

P2vMappingClass
p2v_address_space_classify (P2vAddressSpace *self,
                            P2vVirtAddr      va)
{
  const P2vKernelArea *area = p2v_address_space_find_area (self, va);

  if (area != NULL)
    return area->mapping_class;
  if (self->root.own_slot != 0 && va - self->root.own_va < self->root.own_bytes)
    return P2V_MAPPING_LDT;
  return self->areas != NULL ? P2V_MAPPING_KERNEL : P2V_MAPPING_USER;
}

GPtrArray *
p2v_address_space_peek_regions (P2vAddressSpace *self)
{
  return g_atomic_pointer_get (&self->regions);
}

GPtrArray *
p2v_address_space_take_regions (P2vAddressSpace *self,
                                GPtrArray       *regions)
{
  if (!g_atomic_pointer_compare_and_exchange (&self->regions, NULL, regions))
    g_ptr_array_unref (regions);
  return p2v_address_space_peek_regions (self);
}

const P2vRegion *
p2v_regions_find (GPtrArray   *regions,
                  P2vVirtAddr  va)
{
  guint low = 0, high = regions->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const P2vRegion *region = g_ptr_array_index (regions, middle);
      if (va < region->start_va)
        high = middle;
      else if (va - region->start_va < region->length_bytes)
        return region;
      else
        low = middle + 1;
    }
  return NULL;
}

/**
 * p2v_region_copy:
 * @self: a region
 *
 * Copies a region.
 *
 * Returns: (transfer full): the copy
 */
P2vRegion *
p2v_region_copy (const P2vRegion *self)
{
  P2vRegion *copy = g_memdup2 (self, sizeof *self);

  copy->name = g_strdup (self->name);
  return copy;
}

/**
 * p2v_region_free:
 * @self: (transfer full): a region
 *
 * Frees a region.
 */
void
p2v_region_free (P2vRegion *self)
{
  g_free (self->name);
  g_free (self);
}
