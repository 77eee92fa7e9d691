/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Processes: all methods together, and what they make up. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "base/p2v-limits.h"
#include "os/windows/p2v-windows-finder.h"

const P2vMethod p2v_windows_methods[P2V_WINDOWS_N_METHODS] = {
  { WINDOWS_METHOD_LIST, "PsActiveProcessHead", N_("The kernel's list of running processes") },
  { WINDOWS_METHOD_CID, "PspCidTable", N_("The table of the numbers of processes and threads") },
  { WINDOWS_METHOD_CSRSS, "CSRSS", N_("The handles that csrss.exe has to all processes") },
  { WINDOWS_METHOD_SESSIONS, "Sessions", N_("Each session's list of its processes") },
  { WINDOWS_METHOD_HANDLES, "Handles", N_("The list of all tables of handles") },
  { WINDOWS_METHOD_SCAN, "PSScan", N_("Objects of processes anywhere in memory") },
  { WINDOWS_METHOD_ROOTS, "DTBScan", N_("Roots of page tables anywhere in memory") },
};

/* Links followed in all lists together; a crafted image could send us round for ever. */
#define MAX_LINKS_FOLLOWED (4 * P2V_LIMIT_TASKS)

/* ImageFileName; the rest of a longer name is cut off. */
#define NAME_BYTES 15

P2vWindowsProcess *
p2v_windows_finder_see_object (P2vWindowsFinder       *self,
                               const P2vWindowsObject *object,
                               guint                   method)
{
  P2vWindowsProcess *process = g_hash_table_lookup (self->by_pa, &object->pa);

  if (process == NULL)
    {
      process = g_new0 (P2vWindowsProcess, 1);
      process->object = *object;
      g_ptr_array_add (self->processes, process);
      g_hash_table_insert (self->by_pa, g_memdup2 (&object->pa, sizeof object->pa), process);
    }
  process->methods |= method;
  return process;
}

/* What is not in the list of processes must have page tables, unless it has ended. */
static gboolean
is_believable (P2vWindowsFinder       *self,
               const P2vWindowsObject *object)
{
  guint self_index;

  return p2v_windows_is_root (self->kernel, object->root_pa, &self_index) ||
         p2v_windows_object_time (self->kernel, object, WINDOWS_EPROCESS_EXIT_TIME) != 0;
}

gboolean
p2v_windows_finder_see (P2vWindowsFinder *self,
                        P2vVirtAddr       va,
                        guint             method)
{
  g_autofree P2vWindowsObject *object = NULL;
  P2vPhysAddr pa;

  if (!p2v_virtual_memory_translate (self->memory, va, &pa))
    return FALSE;
  P2vWindowsProcess *process = g_hash_table_lookup (self->by_pa, &pa);
  if (process != NULL)
    {
      process->methods |= method;
      return TRUE;
    }
  object = g_new (P2vWindowsObject, 1);
  if (self->processes->len >= P2V_LIMIT_TASKS ||
      !p2v_windows_object_read (self->kernel, self->memory, va, 0, object) ||
      !p2v_windows_object_is_process (self->kernel, object) ||
      (method != WINDOWS_METHOD_LIST && !is_believable (self, object)))
    return FALSE;
  p2v_windows_finder_see_object (self, object, method);
  return TRUE;
}

static gboolean
has_ended (const P2vWindowsFinder  *self,
           const P2vWindowsProcess *process)
{
  return p2v_windows_object_time (self->kernel, &process->object, WINDOWS_EPROCESS_EXIT_TIME) != 0;
}

/* Memory that was freed may hold what is left of an object that was elsewhere before, or a copy:
 * whatever only the scan has seen and equals a process in number, start and page tables. */
static void
mark_stale (P2vWindowsFinder *self)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint round = 0; round < 2; round++)
    for (guint i = 0; i < self->processes->len; i++)
      {
        P2vWindowsProcess *process = g_ptr_array_index (self->processes, i);
        gboolean only_scanned = process->methods == WINDOWS_METHOD_SCAN;
        if (only_scanned != (round == 1))
          continue;
        char *key = g_strdup_printf (
          "%" PRIu64 " %" PRIu64 " %" PRIu64,
          p2v_windows_object_word (self->kernel, &process->object, WINDOWS_EPROCESS_PID),
          p2v_windows_object_time (self->kernel, &process->object, WINDOWS_EPROCESS_CREATE_TIME),
          process->object.root_pa);
        if (!g_hash_table_add (known, key) && only_scanned)
          process->is_stale = TRUE;
      }
}

/* Living processes first: the frame of an ended one's root may be another's by now. A root that
 * cannot be read is kept as it is, so that the space counts as one that could not be walked. */
static void
assign_spaces (P2vWindowsFinder *self,
               gboolean          to_ended)
{
  const P2vWindows *kernel = self->kernel;
  guint self_index;

  for (guint i = 0; i < self->processes->len; i++)
    {
      P2vWindowsProcess *process = g_ptr_array_index (self->processes, i);
      P2vPhysAddr root_pa = process->object.root_pa;
      if (process->is_stale || has_ended (self, process) != to_ended || root_pa == 0)
        continue;
      P2vAddressSpace *space = g_hash_table_lookup (self->spaces, &root_pa);
      gboolean is_root = p2v_windows_is_root (kernel, root_pa, &self_index);
      if (to_ended && (space != NULL || !is_root))
        continue;
      if (space == NULL)
        {
          space = p2v_address_space_new (root_pa, process->object.va);
          g_hash_table_insert (self->spaces, g_memdup2 (&root_pa, sizeof root_pa), space);
          p2v_windows_prototypes_add_process (kernel->prototypes, root_pa, process->object.va);
        }
      process->space = space;
    }
}

/* What has ended is kept in the list while somebody has a handle to it. */
static P2vProcessFlags
get_flags (P2vWindowsFinder        *self,
           const P2vWindowsProcess *process)
{
  gboolean is_listed = (process->methods & WINDOWS_METHOD_LIST) != 0;

  if (has_ended (self, process))
    return is_listed ? P2V_PROCESS_ZOMBIE : P2V_PROCESS_EXITED;
  return is_listed ? P2V_PROCESS_NONE : P2V_PROCESS_HIDDEN;
}

static void
add_process (P2vWindowsFinder        *self,
             const P2vWindowsProcess *process)
{
  const P2vWindows *kernel = self->kernel;
  const P2vWindowsObject *object = &process->object;
  const guint8 *name = object->bytes + kernel->layout.offsets[WINDOWS_EPROCESS_NAME];
  P2vProcessData data = {
    .pid = (gint64) p2v_windows_object_word (kernel, object, WINDOWS_EPROCESS_PID),
    .parent_pid = (gint64) p2v_windows_object_word (kernel, object, WINDOWS_EPROCESS_PARENT_PID),
    .raw_name = name,
    .raw_name_length = strnlen ((const char *) name, NAME_BYTES),
    .uid = -1,
    .flags = get_flags (self, process),
    .object_va = object->va,
    .object_pa = object->pa,
    .methods = process->methods,
    .space = process->space,
  };
  g_autofree char *path = p2v_windows_fill_details (self, object, &data);

  data.path = path;
  p2v_system_take_process (self->system, p2v_process_new (&data));
}

static void
report_hidden (P2vWindowsFinder        *self,
               const P2vWindowsProcess *process)
{
  if (get_flags (self, process) == P2V_PROCESS_HIDDEN && self->n_hidden++ < P2V_WINDOWS_MAX_TOLD)
    p2v_system_take_diagnostic (
      self->system,
      g_strdup_printf (_("Process %" PRIu64 " is not in the kernel's list of processes: it is "
                         "hidden, or just starting or exiting"),
                       p2v_windows_object_word (self->kernel, &process->object,
                                                WINDOWS_EPROCESS_PID)));
}

/* How many more there are than were told one by one. */
static void
report_rest (P2vWindowsFinder *self)
{
  if (self->n_hidden > P2V_WINDOWS_MAX_TOLD)
    p2v_system_take_diagnostic (
      self->system,
      g_strdup_printf (ngettext ("%u more process is not in the kernel's list of processes",
                                 "%u more processes are not in the kernel's list of processes",
                                 self->n_hidden - P2V_WINDOWS_MAX_TOLD),
                       self->n_hidden - P2V_WINDOWS_MAX_TOLD));
  if (self->n_orphans > P2V_WINDOWS_MAX_TOLD)
    p2v_system_take_diagnostic (
      self->system,
      g_strdup_printf (ngettext ("%u more root of page tables belongs to no process that was found",
                                 "%u more roots of page tables belong to no process that was found",
                                 self->n_orphans - P2V_WINDOWS_MAX_TOLD),
                       self->n_orphans - P2V_WINDOWS_MAX_TOLD));
}

static void
report_broken_lists (P2vWindowsFinder *self)
{
  if (self->n_broken_lists > 0)
    p2v_system_take_diagnostic (
      self->system,
      g_strdup_printf (
        g_dngettext (GETTEXT_PACKAGE,
                     "%u list of the kernel is torn (it has its head at 0x%" PRIx64
                     "); followed from both ends, processes between the tears may be missing",
                     "%u lists of the kernel are torn (the first has its head at 0x%" PRIx64
                     "); followed from both ends, processes between the tears may be missing",
                     self->n_broken_lists),
                       self->n_broken_lists, self->first_broken_va));
}

static void
add_processes (P2vWindowsFinder     *self,
               const P2vWindowsScan *scan)
{
  mark_stale (self);
  assign_spaces (self, FALSE);
  assign_spaces (self, TRUE);
  p2v_windows_search_roots (self, scan);
  for (guint i = 0; i < self->processes->len; i++)
    {
      const P2vWindowsProcess *process = g_ptr_array_index (self->processes, i);
      if (process->is_stale)
        continue;
      add_process (self, process);
      report_hidden (self, process);
    }
  report_rest (self);
  report_broken_lists (self);
}

gboolean
p2v_windows_find_processes (const P2vWindows       *kernel,
                            P2vSystem              *system,
                            const P2vWindowsScan   *scan,
                            const P2vSystemSearch  *search,
                            GError                **error)
{
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&kernel->tables, kernel->root_pa);
  g_autoptr (GPtrArray) processes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) by_pa =
    g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (GHashTable) spaces =
    g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_object_unref);
  P2vWindowsFinder self = { .kernel = kernel, .system = system, .memory = memory,
                            .processes = processes, .by_pa = by_pa, .spaces = spaces,
                            .n_links_left = MAX_LINKS_FOLLOWED };

  p2v_meter_begin (search->meter, search->reading, 0);
  (void) !p2v_windows_finder_see (&self, kernel->system_va,
                                  kernel->list_head_va == 0 ? WINDOWS_METHOD_LIST : 0);
  p2v_windows_search_lists (&self);
  p2v_windows_search_handles (&self);
  p2v_windows_search_objects (&self, scan);
  add_processes (&self, scan);
  return p2v_virtual_memory_check (memory, error);
}
