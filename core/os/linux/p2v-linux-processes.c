/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What tasks make up: processes and address spaces. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "base/p2v-limits.h"
#include "os/linux/p2v-linux-roots.h"

const P2vMethod p2v_linux_methods[P2V_LINUX_N_METHODS] = {
  { P2V_LINUX_METHOD_TASKS, "tasks",
    N_("The ring of all tasks, from init_task, and each process's ring of threads") },
  { P2V_LINUX_METHOD_PIDS, "pids", N_("The tree of process ids of the initial pid namespace") },
  { P2V_LINUX_METHOD_OBJECTS, "objects",
    N_("All of memory, searched for task_struct and mm_struct by what they contain") },
  { P2V_LINUX_METHOD_ROOTS, "roots",
    N_("All of memory, searched for roots of page tables by the kernel's half of them") },
};

/* Hidden processes that are told one by one; of more, only the number is told. */
#define MAX_HIDDEN_TOLD 10

/* A process while it is put together. */
typedef struct
{
  guint leader;                /* position of the task that leads, or of the first that was seen */
  guint mm_holder;             /* position of the first task with an mm, or G_MAXUINT */
  guint n_tasks;
  guint methods;
} Group;

/* All tasks with one signal_struct are one process. */
static GPtrArray *
group_tasks (P2vLinuxFinder *self)
{
  g_autoptr (GHashTable) by_signal = g_hash_table_new (g_int64_hash, g_int64_equal);
  GPtrArray *groups = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->tasks->len; i++)
    {
      P2vLinuxTask *task = &g_array_index (self->tasks, P2vLinuxTask, i);
      /* The idle tasks (pid 0) are nobody's; a thread that is gone has left its process. */
      gboolean is_gone = p2v_linux_task_is_gone (task);
      if (task->pid == 0 || (is_gone && task->pid != task->tgid))
        continue;
      /* What a task that is gone points to may be another's by now. */
      guint64 *key = is_gone ? &task->va : &task->signal;
      Group *group = g_hash_table_lookup (by_signal, key);
      if (group == NULL)
        {
          group = g_new0 (Group, 1);
          group->leader = i;
          group->mm_holder = G_MAXUINT;
          g_ptr_array_add (groups, group);
          g_hash_table_insert (by_signal, key, group);
        }
      if (task->pid == task->tgid)
        group->leader = i;
      if (group->mm_holder == G_MAXUINT && p2v_linux_task_has_space (task))
        group->mm_holder = i;
      group->n_tasks++;
      group->methods |= task->methods;
    }
  return groups;
}

/* A root that cannot be read is kept as an address that no image holds, so that the space counts as
 * one that could not be walked. */
P2vAddressSpace *
p2v_linux_get_space (P2vLinuxFinder *self,
                     P2vVirtAddr     mm)
{
  P2vAddressSpace *space = g_hash_table_lookup (self->spaces, &mm);
  P2vVirtAddr pgd_va;
  P2vPhysAddr root_pa = G_MAXUINT64 & ~(P2V_FRAME_SIZE - 1);

  if (space != NULL)
    return space;
  if (!p2v_linux_read_word (self->kernel, self->memory, mm, LINUX_MM_PGD, &pgd_va) ||
      !p2v_virtual_memory_translate (self->memory, pgd_va, &root_pa))
    p2v_system_take_diagnostic (
      self->system, g_strdup_printf (_("The page-table root of the address space at 0x%" PRIx64
                                       " (mm_struct) cannot be read; its mappings are missing"),
                                     mm));
  space = p2v_address_space_new (root_pa, mm);
  g_hash_table_insert (self->spaces, g_memdup2 (&mm, sizeof mm), space);
  return space;
}

/* The list of tasks is what the kernel goes through itself, the ids are what /proc shows: who is
 * not in both has been taken out of one. Where many are, the image is damaged. */
static gboolean
is_hidden (const P2vLinuxFinder *self,
           const Group          *group)
{
  return !(group->methods & P2V_LINUX_METHOD_TASKS) ||
         (self->ids_hold && !(group->methods & P2V_LINUX_METHOD_PIDS));
}

static gboolean
do_ids_hold (GPtrArray *groups)
{
  guint n_listed = 0, n_both = 0;

  for (guint i = 0; i < groups->len; i++)
    {
      guint methods = ((const Group *) g_ptr_array_index (groups, i))->methods;
      n_listed += (methods & P2V_LINUX_METHOD_TASKS) != 0;
      n_both += (methods & P2V_LINUX_METHOD_TASKS) && (methods & P2V_LINUX_METHOD_PIDS);
    }
  return n_both > n_listed - n_listed / 8 - 1;
}

static P2vProcessFlags
group_flags (P2vLinuxFinder *self,
             const Group    *group)
{
  const P2vLinuxTask *leader = &g_array_index (self->tasks, P2vLinuxTask, group->leader);
  P2vProcessFlags flags = P2V_PROCESS_NONE;

  if (leader->flags & P2V_LINUX_PF_KTHREAD)
    flags |= P2V_PROCESS_KERNEL_THREAD;
  if (p2v_linux_task_is_gone (leader) && group->mm_holder == G_MAXUINT)
    return flags | P2V_PROCESS_EXITED;
  if (is_hidden (self, group))
    flags |= P2V_PROCESS_HIDDEN;
  if (leader->exit_state & (P2V_LINUX_EXIT_ZOMBIE | P2V_LINUX_EXIT_DEAD))
    flags |= group->mm_holder != G_MAXUINT ? P2V_PROCESS_DEAD_LEADER : P2V_PROCESS_ZOMBIE;
  else if ((leader->flags & P2V_LINUX_PF_EXITING) && group->mm_holder == G_MAXUINT)
    flags |= P2V_PROCESS_EXITING;
  return flags;
}

static gint64
read_uid (P2vLinuxFinder *self,
          P2vVirtAddr     task_va)
{
  const P2vLinux *kernel = self->kernel;
  P2vVirtAddr cred_va;
  guint32 uid;

  if (!kernel->layout[LINUX_TASK_CRED].known || !kernel->layout[LINUX_CRED_UID].known ||
      !p2v_linux_read_word (kernel, self->memory, task_va, LINUX_TASK_CRED, &cred_va) ||
      !p2v_linux_read_u32 (kernel, self->memory, cred_va, LINUX_CRED_UID, &uid))
    return -1;
  return uid;
}

static gint64
read_parent_pid (P2vLinuxFinder *self,
                 P2vVirtAddr     task_va)
{
  P2vVirtAddr parent_va;
  guint32 tgid;

  if (!p2v_linux_read_word (self->kernel, self->memory, task_va, LINUX_TASK_REAL_PARENT,
                           &parent_va) ||
      !p2v_linux_read_u32 (self->kernel, self->memory, parent_va, LINUX_TASK_TGID, &tgid))
    return 0;
  return (gint32) tgid;
}

/* Its space, and what the search for roots has to say of it. */
static P2vAddressSpace *
find_space (P2vLinuxFinder *self,
            P2vLinuxRoots  *roots,
            const Group    *group,
            guint          *methods)
{
  if (group->mm_holder == G_MAXUINT)
    return NULL;
  P2vAddressSpace *space =
    p2v_linux_get_space (self, g_array_index (self->tasks, P2vLinuxTask, group->mm_holder).mm);
  if (p2v_linux_roots_has (roots, p2v_address_space_get_root_pa (space)))
    *methods |= P2V_LINUX_METHOD_ROOTS;
  return space;
}

/* What is kept in other structures than the task's own; those of one that is gone may be others'
 * by now. */
static void
read_relations (P2vLinuxFinder *self,
                const Group    *group,
                P2vProcessData *data)
{
  const P2vLinux *kernel = self->kernel;
  const P2vLinuxTask *leader = &g_array_index (self->tasks, P2vLinuxTask, group->leader);
  guint32 n_threads = group->n_tasks;

  data->uid = -1;
  if (p2v_linux_task_is_gone (leader))
    return;
  (void) !p2v_linux_read_u32 (kernel, self->memory, leader->signal, LINUX_SIGNAL_NR_THREADS,
                              &n_threads);
  data->n_threads = n_threads;
  data->parent_pid = read_parent_pid (self, leader->va);
  data->uid = read_uid (self, leader->va);
}

static void
add_process (P2vLinuxFinder *self,
             P2vLinuxRoots  *roots,
             const Group    *group)
{
  const P2vLinux *kernel = self->kernel;
  const P2vLinuxTask *leader = &g_array_index (self->tasks, P2vLinuxTask, group->leader);
  guint8 comm[P2V_LINUX_COMM_BYTES] = { 0 };
  P2vProcessData data = {
    .pid = leader->tgid,
    .raw_name = comm,
    .flags = group_flags (self, group),
    .n_handles = -1,
    .session = -1,
    .object_va = leader->va,
    .object_pa = leader->pa,
    .methods = group->methods,
  };

  (void) !p2v_virtual_memory_read (
    self->memory, p2v_linux_field_va (kernel, leader->va, LINUX_TASK_COMM), comm, sizeof comm);
  data.raw_name_length = strnlen ((const char *) comm, sizeof comm);
  if (kernel->layout[LINUX_TASK_START_BOOTTIME].known)
    (void) !p2v_linux_read_u64 (kernel, self->memory, leader->va, LINUX_TASK_START_BOOTTIME,
                                &data.start_time_ns);
  data.space = find_space (self, roots, group, &data.methods);
  read_relations (self, group, &data);
  p2v_system_take_process (self->system, p2v_process_new (&data));
}

static char *
dup_method_names (guint methods)
{
  GString *names = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (p2v_linux_methods); i++)
    if (methods & p2v_linux_methods[i].bit)
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "",
                              p2v_linux_methods[i].name);
  return g_string_free (names, FALSE);
}

static char *
dup_hidden_text (P2vLinuxFinder *self,
                 const Group    *group)
{
  g_autofree char *names = dup_method_names (group->methods);
  gint32 pid = g_array_index (self->tasks, P2vLinuxTask, group->leader).tgid;

  if (group->methods & P2V_LINUX_METHOD_TASKS)
    /* Translators: process id, names of methods: "tasks, objects". */
    return g_strdup_printf (_("Process %d is not found by its id, but by other methods (%s): it is "
                              "hidden from /proc, or just exiting"),
                            pid, names);
  /* Translators: process id, names of methods: "pids, objects". */
  return g_strdup_printf (_("Process %d is not in the task list, but was found by other methods "
                            "(%s): it is hidden, or just starting or exiting"),
                          pid, names);
}

static void
report_hidden (P2vLinuxFinder *self,
               GPtrArray      *groups)
{
  guint n_hidden = 0;

  for (guint i = 0; i < groups->len; i++)
    {
      const Group *group = g_ptr_array_index (groups, i);
      if (!(group_flags (self, group) & P2V_PROCESS_HIDDEN) || n_hidden++ >= MAX_HIDDEN_TOLD)
        continue;
      p2v_system_take_diagnostic (self->system, dup_hidden_text (self, group));
    }
  if (n_hidden > MAX_HIDDEN_TOLD)
    p2v_system_take_diagnostic (
      self->system, g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                                  "%u more process is not in the task list",
                                                  "%u more processes are not in the task list",
                                                  n_hidden - MAX_HIDDEN_TOLD),
                                     n_hidden - MAX_HIDDEN_TOLD));
}

static void
report_broken_rings (P2vLinuxFinder *self)
{
  if (self->n_broken_rings > 0)
    p2v_system_take_diagnostic (
      self->system,
      g_strdup_printf (
        g_dngettext (GETTEXT_PACKAGE,
                     "%u list of tasks is torn (it has its head at 0x%" PRIx64
                     "); followed from both ends, tasks between the tears may be missing",
                     "%u lists of tasks are torn (the first has its head at 0x%" PRIx64
                     "); followed from both ends, tasks between the tears may be missing",
                     self->n_broken_rings),
                       self->n_broken_rings, self->first_broken_va));
}

/* The tasks that were found without the lists, and those to which address spaces say they
 * belong. */
static void
see_findings (P2vLinuxFinder         *self,
              const P2vLinuxFindings *findings,
              P2vLinuxRoots          *roots)
{
  for (guint i = 0; i < findings->tasks->len; i++)
    (void) !p2v_linux_see_task (self, g_array_index (findings->tasks, P2vVirtAddr, i),
                                P2V_LINUX_METHOD_OBJECTS);
  p2v_linux_roots_see_owners (roots);
}

static gboolean
add_processes (P2vLinuxFinder  *self,
               P2vLinuxRoots   *roots,
               GCancellable    *cancellable,
               GError         **error)
{
  g_autoptr (GPtrArray) groups = group_tasks (self);

  self->ids_hold = do_ids_hold (groups);
  for (guint i = 0; i < groups->len; i++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      add_process (self, roots, g_ptr_array_index (groups, i));
    }
  report_broken_rings (self);
  report_hidden (self, groups);
  return TRUE;
}

gboolean
p2v_linux_find_processes (const P2vLinux         *kernel,
                          P2vSystem              *system,
                          const P2vSystemSearch  *search,
                          GError                **error)
{
  g_auto (P2vLinuxFinder) self = { 0 };
  g_auto (P2vLinuxFindings) findings = { 0 };
  g_auto (P2vLinuxRoots) roots = { 0 };
  P2vLinuxMarks marks;
  gboolean scanned;

  p2v_linux_finder_init (&self, kernel, system);
  p2v_meter_begin (search->meter, search->reading, 0);
  p2v_linux_search_task_ring (&self);
  p2v_linux_search_pid_tree (&self);
  p2v_linux_marks_init (&marks, &self);
  if (!p2v_linux_findings_make (&findings, &marks, search, &scanned, error))
    return FALSE;
  p2v_linux_roots_init (&roots, &marks, &findings);
  see_findings (&self, &findings, &roots);
  if (!add_processes (&self, &roots, search->cancellable, error))
    return FALSE;
  p2v_linux_roots_add_unknown (&roots);
  return p2v_virtual_memory_check (self.memory, error);
}
