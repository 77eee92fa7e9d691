/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Processes and address spaces that are in no list: objects and roots of page tables that were met
 * in memory. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "os/windows/p2v-windows-finder.h"

/* Objects that are looked at closely; there are reads for each. */
#define MAX_OBJECTS_READ ((guint) 1 << 18)

/* Roots of one kernel have nearly all entries of its half in common; but each its own to itself,
 * and those of a session. With the kernel's half hidden from user mode (KVA shadow), the second
 * root of a process has but one or two. */
gboolean
p2v_windows_shares_kernel (const P2vWindows *self,
                           P2vPhysAddr       root_pa)
{
  guint64 system[P2V_WINDOWS_MAX_HALF], other[P2V_WINDOWS_MAX_HALF];
  guint n_entries = 0, n_shared = 0, n;

  if (!p2v_windows_read_half (self, self->root_pa, TRUE, system, &n) ||
      !p2v_windows_read_half (self, root_pa, TRUE, other, &n))
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (system[i] != 0 && system[i] != self->root_pa)
      {
        n_entries++;
        n_shared += system[i] == other[i];
      }
  return n_shared > 0 && 2 * n_shared >= n_entries;
}

/* Whether the object is one of this kernel: it is in the kernel's memory, or its page tables are
 * the kernel's. Memory of guests holds objects that are not. */
static gboolean
is_of_this_kernel (P2vWindowsFinder *self,
                   P2vWindowsObject *object)
{
  guint self_index;

  object->va = p2v_windows_object_find_va (self->kernel, self->memory, object);
  if (p2v_windows_is_root (self->kernel, object->root_pa, &self_index))
    return object->va != 0 || p2v_windows_shares_kernel (self->kernel, object->root_pa);
  return object->va != 0 &&
         p2v_windows_object_time (self->kernel, object, WINDOWS_EPROCESS_EXIT_TIME) != 0;
}

void
p2v_windows_search_objects (P2vWindowsFinder     *self,
                            const P2vWindowsScan *scan)
{
  const P2vWindows *kernel = self->kernel;
  GArray *candidates = scan->objects[kernel->pointer_bytes == sizeof (guint64)];
  g_autofree P2vWindowsObject *object = g_new (P2vWindowsObject, 1);

  for (guint i = 0; i < candidates->len && i < MAX_OBJECTS_READ; i++)
    {
      P2vPhysAddr pa = g_array_index (candidates, P2vPhysAddr, i);
      P2vWindowsProcess *known = g_hash_table_lookup (self->by_pa, &pa);
      if (known != NULL)
        known->methods |= WINDOWS_METHOD_SCAN;
      else if (p2v_windows_object_read (kernel, self->memory, 0, pa, object) &&
               p2v_windows_object_is_process (kernel, object) && is_of_this_kernel (self, object) &&
               (object->va == 0 ||
                p2v_windows_object_read (kernel, self->memory, object->va, 0, object)))
        p2v_windows_finder_see_object (self, object, WINDOWS_METHOD_SCAN);
    }
}

/* Addresses of the tables that user halves of known roots lead to. */
static GHashTable *
collect_user_tables (P2vWindowsFinder *self)
{
  GHashTable *tables = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  guint64 entries[P2V_WINDOWS_MAX_HALF];
  GHashTableIter iter;
  gpointer root_pa;
  guint n;

  g_hash_table_iter_init (&iter, self->spaces);
  while (g_hash_table_iter_next (&iter, &root_pa, NULL))
    {
      if (!p2v_windows_read_half (self->kernel, *(guint64 *) root_pa, FALSE, entries, &n))
        continue;
      for (guint i = 0; i < n; i++)
        if (entries[i] != 0)
          g_hash_table_add (tables, g_memdup2 (&entries[i], sizeof entries[i]));
    }
  return tables;
}

/* Whether a user half leads anywhere that no known root does: the second root of a process, for
 * user mode, leads to the same tables as the first. */
static gboolean
has_user_tables_of_its_own (const P2vWindows *kernel,
                            P2vPhysAddr       root_pa,
                            GHashTable       *known_tables)
{
  guint64 entries[P2V_WINDOWS_MAX_HALF];
  guint n;

  if (!p2v_windows_read_half (kernel, root_pa, FALSE, entries, &n))
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (entries[i] != 0 && !g_hash_table_contains (known_tables, &entries[i]))
      return TRUE;
  return FALSE;
}

static void
add_orphan (P2vWindowsFinder *self,
            P2vPhysAddr       root_pa)
{
  g_autofree char *name = g_strdup_printf ("unknown (root 0x%" PRIx64 ")", root_pa);
  P2vAddressSpace *space = p2v_address_space_new (root_pa, 0);
  P2vProcessData data = {
    .pid = -1,
    .raw_name = (const guint8 *) name,
    .raw_name_length = strlen (name),
    .uid = -1,
    .n_handles = -1,
    .session = -1,
    .flags = P2V_PROCESS_UNKNOWN | P2V_PROCESS_HIDDEN,
    .methods = WINDOWS_METHOD_ROOTS,
    .space = space,
  };

  g_hash_table_insert (self->spaces, g_memdup2 (&root_pa, sizeof root_pa), space);
  p2v_system_take_process (self->system, p2v_process_new (&data));
  if (self->n_orphans++ >= P2V_WINDOWS_MAX_TOLD)
    return;
  p2v_system_take_diagnostic (
    self->system,
    g_strdup_printf (_("The page tables at 0x%" PRIx64 " belong to no process that was found: "
                       "it is hidden, or has just ended"),
                     root_pa));
}

void
p2v_windows_search_roots (P2vWindowsFinder     *self,
                          const P2vWindowsScan *scan)
{
  const P2vWindows *kernel = self->kernel;
  GArray *roots = scan->roots[kernel->kind];
  g_autoptr (GHashTable) known_tables = collect_user_tables (self);
  guint self_index;

  for (guint i = 0; i < self->processes->len; i++)
    {
      P2vWindowsProcess *process = g_ptr_array_index (self->processes, i);
      if (process->space != NULL && p2v_windows_is_root (kernel, process->object.root_pa,
                                                         &self_index))
        process->methods |= WINDOWS_METHOD_ROOTS;
    }
  for (guint i = 0; i < roots->len; i++)
    {
      P2vPhysAddr root_pa = g_array_index (roots, P2vPhysAddr, i);
      if (!g_hash_table_contains (self->spaces, &root_pa) &&
          p2v_windows_is_root (kernel, root_pa, &self_index) &&
          p2v_windows_shares_kernel (kernel, root_pa) &&
          has_user_tables_of_its_own (kernel, root_pa, known_tables))
        add_orphan (self, root_pa);
    }
}
