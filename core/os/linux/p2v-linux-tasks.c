/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Tasks (the kernel's word for threads) and what they make up: processes and address spaces. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "base/p2v-limits.h"
#include "os/linux/p2v-linux-private.h"

enum
{
  METHOD_TASKS = 1 << 0,
  METHOD_PIDS = 1 << 1,
};

const P2vMethod p2v_linux_methods[P2V_LINUX_N_METHODS] = {
  { METHOD_TASKS, "tasks",
    N_("The ring of all tasks, from init_task, and each process's ring of threads") },
  { METHOD_PIDS, "pids", N_("The tree of process ids of the initial pid namespace") },
};

/* Source: Linux include/linux/sched.h, PF_KTHREAD, EXIT_DEAD and EXIT_ZOMBIE (unchanged 3.x
 * to 6.12). */
#define PF_KTHREAD  0x00200000
#define EXIT_DEAD   0x10
#define EXIT_ZOMBIE 0x20

/* Source: Linux include/linux/xarray.h, xa_is_node(): an entry that ends in binary 10 is a node. */
#define XA_TAG_MASK 3
#define XA_TAG_NODE 2

/* Source: Linux include/linux/sched.h, TASK_COMM_LEN. */
#define TASK_COMM_BYTES 16

typedef struct
{
  P2vVirtAddr  va;
  P2vPhysAddr  pa;
  gint32       pid;
  gint32       tgid;
  guint32      flags;
  guint32      exit_state;
  P2vVirtAddr  mm;
  P2vVirtAddr  signal;
  guint        methods;
} Task;

/* A process while it is put together. */
typedef struct
{
  guint leader;                /* position of the task that leads, or of the first that was seen */
  guint mm_holder;             /* position of the first task with an mm, or G_MAXUINT */
  guint n_tasks;
  guint methods;
} Group;

/* Links followed in all rings together. In a sane kernel each task is in two; in a crafted one each
 * of a million could be the head of a ring that leads into one long list. */
#define MAX_LINKS_FOLLOWED (4 * P2V_LIMIT_TASKS)

typedef struct
{
  const P2vLinux   *kernel;
  P2vSystem        *system;
  P2vVirtualMemory *memory;
  GArray           *tasks;     /* Task */
  GHashTable       *by_va;     /* guint64 * -> position + 1 */
  GHashTable       *spaces;    /* guint64 * (mm) -> P2vAddressSpace */
  guint             n_links_left;
  guint             n_broken_rings;
  P2vVirtAddr       first_broken_va;
} Finder;

static gboolean
read_task (Finder      *self,
           P2vVirtAddr  va,
           Task        *ret_task)
{
  const P2vLinux *kernel = self->kernel;
  guint32 pid, tgid;
  Task task = { .va = va };

  if (!p2v_virtual_memory_translate (self->memory, va, &task.pa) ||
      !p2v_linux_read_u32 (kernel, self->memory, va, LINUX_TASK_PID, &pid) ||
      !p2v_linux_read_u32 (kernel, self->memory, va, LINUX_TASK_TGID, &tgid) ||
      !p2v_linux_read_u32 (kernel, self->memory, va, LINUX_TASK_FLAGS, &task.flags) ||
      !p2v_linux_read_u32 (kernel, self->memory, va, LINUX_TASK_EXIT_STATE, &task.exit_state) ||
      !p2v_linux_read_word (kernel, self->memory, va, LINUX_TASK_MM, &task.mm) ||
      !p2v_linux_read_word (kernel, self->memory, va, LINUX_TASK_SIGNAL, &task.signal))
    return FALSE;
  task.pid = (gint32) pid;
  task.tgid = (gint32) tgid;
  *ret_task = task;
  return task.pid >= 0 && task.tgid >= 0;
}

/* Notes the task at @va as seen by @method. FALSE if nothing like a task is there. */
static gboolean
see_task (Finder      *self,
          P2vVirtAddr  va,
          guint        method)
{
  guint position = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_va, &va));
  Task task;

  if (position != 0)
    {
      g_array_index (self->tasks, Task, position - 1).methods |= method;
      return TRUE;
    }
  if (self->tasks->len >= P2V_LIMIT_TASKS || !read_task (self, va, &task))
    return FALSE;
  task.methods = method;
  g_array_append_val (self->tasks, task);
  g_hash_table_insert (self->by_va, g_memdup2 (&va, sizeof va),
                       GUINT_TO_POINTER (self->tasks->len));
  return TRUE;
}

typedef gboolean (*RingFunc) (Finder      *self,
                              P2vVirtAddr  node_va);

/* Follows a struct list_head ring in one direction (@link_offset 0: next, one word: prev) until the
 * head comes back. FALSE if it ends otherwise: unreadable, repeated, refused by @visit or over the
 * budget. */
static gboolean
follow_ring (Finder      *self,
             P2vVirtAddr  head_va,
             guint        link_offset,
             RingFunc     visit)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  P2vVirtAddr node_va = head_va;

  while (self->n_links_left > 0)
    {
      self->n_links_left--;
      if (!p2v_linux_read_word_at (self->kernel, self->memory, node_va + link_offset, &node_va))
        return FALSE;
      if (node_va == head_va)
        return TRUE;
      if (!g_hash_table_add (seen, g_memdup2 (&node_va, sizeof node_va)) || !visit (self, node_va))
        return FALSE;
    }
  return FALSE;
}

/* A ring that is torn going forward is followed backward from its head as well: what either way
 * reaches is kept, and the tear is reported. */
static void
walk_ring (Finder      *self,
           P2vVirtAddr  head_va,
           RingFunc     visit)
{
  if (follow_ring (self, head_va, 0, visit))
    return;
  (void) !follow_ring (self, head_va, self->kernel->arch->word_bytes, visit);
  if (self->n_broken_rings++ == 0)
    self->first_broken_va = head_va;
}

static gboolean
visit_thread (Finder      *self,
              P2vVirtAddr  node_va)
{
  return see_task (self, node_va - self->kernel->layout[LINUX_TASK_THREAD_NODE].offset_bytes,
                   METHOD_TASKS);
}

static gboolean
visit_leader (Finder      *self,
              P2vVirtAddr  node_va)
{
  P2vVirtAddr task_va = node_va - self->kernel->layout[LINUX_TASK_TASKS].offset_bytes;
  P2vVirtAddr signal_va;

  if (!see_task (self, task_va, METHOD_TASKS) ||
      !p2v_linux_read_word (self->kernel, self->memory, task_va, LINUX_TASK_SIGNAL, &signal_va))
    return FALSE;
  /* A task that is being freed has none any more. */
  if (signal_va != 0)
    walk_ring (self, p2v_linux_field_va (self->kernel, signal_va, LINUX_SIGNAL_THREAD_HEAD),
               visit_thread);
  return TRUE;
}

static void
search_task_ring (Finder *self)
{
  P2vVirtAddr init_task = self->kernel->symbols[LINUX_SYMBOL_INIT_TASK].va;

  walk_ring (self, p2v_linux_field_va (self->kernel, init_task, LINUX_TASK_TASKS), visit_leader);
}

/* The task whose process id a struct pid is, if there is one: pids also stand for groups and
 * sessions. */
static void
see_pid (Finder      *self,
         P2vVirtAddr  pid_va)
{
  P2vVirtAddr link_va;

  /* tasks[PIDTYPE_PID].first and pid_links[PIDTYPE_PID]: PIDTYPE_PID is 0.
   * Source: Linux include/linux/pid_types.h. */
  if (p2v_linux_read_word (self->kernel, self->memory, pid_va, LINUX_PID_TASKS, &link_va) &&
      link_va != 0)
    (void) !see_task (self, link_va - self->kernel->layout[LINUX_TASK_PID_LINKS].offset_bytes,
                      METHOD_PIDS);
}

/* Puts the children of a radix-tree node on @queue. */
static void
queue_slots (Finder      *self,
             P2vVirtAddr  node_va,
             GArray      *queue)
{
  const P2vLinuxLayoutField *slots = &self->kernel->layout[LINUX_XA_NODE_SLOTS];

  for (guint32 offset = 0; offset < slots->size_bytes; offset += self->kernel->arch->word_bytes)
    {
      guint64 entry;
      if (p2v_linux_read_word_at (self->kernel, self->memory,
                                  node_va + slots->offset_bytes + offset, &entry) &&
          entry != 0)
        g_array_append_val (queue, entry);
    }
}

static void
search_pid_tree (Finder *self)
{
  static const P2vLinuxField needed[] = { LINUX_PID_TASKS, LINUX_PID_NS_XA_HEAD,
                                          LINUX_XA_NODE_SLOTS, LINUX_TASK_PID_LINKS };
  g_autoptr (GArray) queue = g_array_new (FALSE, FALSE, sizeof (guint64));
  P2vVirtAddr namespace_va = self->kernel->symbols[LINUX_SYMBOL_INIT_PID_NS].va;
  guint64 entry;

  for (guint i = 0; i < G_N_ELEMENTS (needed); i++)
    if (!self->kernel->layout[needed[i]].known)
      namespace_va = 0;
  if (namespace_va == 0 ||
      !p2v_linux_read_word (self->kernel, self->memory, namespace_va, LINUX_PID_NS_XA_HEAD,
                           &entry) ||
      entry == 0)
    {
      p2v_system_take_diagnostic (
        self->system, g_strdup (_("The tree of process ids could not be read; processes "
                                  "hidden from the task list would not be found")));
      return;
    }
  g_array_append_val (queue, entry);
  for (guint i = 0; i < queue->len && i < P2V_LIMIT_TASKS; i++)
    {
      entry = g_array_index (queue, guint64, i);
      if ((entry & XA_TAG_MASK) == XA_TAG_NODE)
        queue_slots (self, entry & ~(guint64) XA_TAG_MASK, queue);
      else if ((entry & XA_TAG_MASK) == 0)
        see_pid (self, entry);
    }
}

static gboolean
has_user_space (const Task *task)
{
  /* A kernel thread may borrow a user's mm for a while; the mappings are not its own. */
  return task->mm != 0 && !(task->flags & PF_KTHREAD);
}

/* All tasks with one signal_struct are one process. */
static GPtrArray *
group_tasks (Finder *self)
{
  g_autoptr (GHashTable) by_signal = g_hash_table_new (g_int64_hash, g_int64_equal);
  GPtrArray *groups = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->tasks->len; i++)
    {
      Task *task = &g_array_index (self->tasks, Task, i);
      /* The idle tasks (pid 0) are nobody's. */
      if (task->pid == 0)
        continue;
      guint64 *key = task->signal != 0 ? &task->signal : &task->va;
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
      if (group->mm_holder == G_MAXUINT && has_user_space (task))
        group->mm_holder = i;
      group->n_tasks++;
      group->methods |= task->methods;
    }
  return groups;
}

/* A root that cannot be read is kept as an address that no image holds, so that the space counts as
 * one that could not be walked. */
static P2vAddressSpace *
get_space (Finder      *self,
           P2vVirtAddr  mm)
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

static P2vProcessFlags
group_flags (Finder      *self,
             const Group *group)
{
  const Task *leader = &g_array_index (self->tasks, Task, group->leader);

  if (leader->flags & PF_KTHREAD)
    return P2V_PROCESS_KERNEL_THREAD;
  if (!(leader->exit_state & (EXIT_ZOMBIE | EXIT_DEAD)))
    return P2V_PROCESS_NONE;
  return group->mm_holder != G_MAXUINT ? P2V_PROCESS_DEAD_LEADER : P2V_PROCESS_ZOMBIE;
}

static gint64
read_uid (Finder      *self,
          P2vVirtAddr  task_va)
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
read_parent_pid (Finder      *self,
                 P2vVirtAddr  task_va)
{
  P2vVirtAddr parent_va;
  guint32 tgid;

  if (!p2v_linux_read_word (self->kernel, self->memory, task_va, LINUX_TASK_REAL_PARENT,
                           &parent_va) ||
      !p2v_linux_read_u32 (self->kernel, self->memory, parent_va, LINUX_TASK_TGID, &tgid))
    return 0;
  return (gint32) tgid;
}

static void
add_process (Finder      *self,
             const Group *group)
{
  const P2vLinux *kernel = self->kernel;
  const Task *leader = &g_array_index (self->tasks, Task, group->leader);
  guint8 comm[TASK_COMM_BYTES] = { 0 };
  guint32 n_threads = group->n_tasks;
  guint64 start_time = 0;
  P2vAddressSpace *space = NULL;

  (void) !p2v_virtual_memory_read (
    self->memory, p2v_linux_field_va (kernel, leader->va, LINUX_TASK_COMM), comm, sizeof comm);
  if (leader->signal != 0)
    (void) !p2v_linux_read_u32 (kernel, self->memory, leader->signal, LINUX_SIGNAL_NR_THREADS,
                                &n_threads);
  if (kernel->layout[LINUX_TASK_START_BOOTTIME].known)
    (void) !p2v_linux_read_u64 (kernel, self->memory, leader->va, LINUX_TASK_START_BOOTTIME,
                                &start_time);
  if (group->mm_holder != G_MAXUINT)
    space = get_space (self, g_array_index (self->tasks, Task, group->mm_holder).mm);

  P2vProcessData data = {
    .pid = leader->tgid,
    .parent_pid = read_parent_pid (self, leader->va),
    .raw_name = comm,
    .raw_name_length = strnlen ((const char *) comm, sizeof comm),
    .n_threads = n_threads,
    .uid = read_uid (self, leader->va),
    .start_time_ns = start_time,
    .flags = group_flags (self, group),
    .object_va = leader->va,
    .object_pa = leader->pa,
    .methods = group->methods,
    .space = space,
  };
  p2v_system_take_process (self->system, p2v_process_new (&data));
}

static void
report_hidden (Finder    *self,
               GPtrArray *groups)
{
  for (guint i = 0; i < groups->len; i++)
    {
      const Group *group = g_ptr_array_index (groups, i);
      const Task *leader = &g_array_index (self->tasks, Task, group->leader);
      if (!(group->methods & METHOD_TASKS))
        p2v_system_take_diagnostic (
          self->system, g_strdup_printf (
                          _("Process %d is not in the task list, only in the tree of process ids: "
                            "it is hidden, or just starting or exiting"),
                          leader->tgid));
    }
}

static void
report_broken_rings (Finder *self)
{
  if (self->n_broken_rings > 0)
    p2v_system_take_diagnostic (
      self->system,
      g_strdup_printf (_("%u lists of tasks are torn (the first has its head at 0x%" PRIx64
                         "); followed from both ends, tasks between the tears may be missing"),
                       self->n_broken_rings, self->first_broken_va));
}

gboolean
p2v_linux_find_processes (const P2vLinux         *kernel,
                          P2vSystem              *system,
                          const P2vSystemSearch  *search,
                          GError                **error)
{
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&kernel->tables, kernel->root_pa);
  g_autoptr (GArray) tasks = g_array_new (FALSE, FALSE, sizeof (Task));
  g_autoptr (GHashTable) by_va = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (GHashTable) spaces =
    g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_object_unref);
  Finder self = { .kernel = kernel,
                  .system = system,
                  .memory = memory,
                  .tasks = tasks,
                  .by_va = by_va,
                  .spaces = spaces,
                  .n_links_left = MAX_LINKS_FOLLOWED };

  p2v_meter_begin (search->meter, search->reading, 0);
  search_task_ring (&self);
  search_pid_tree (&self);
  g_autoptr (GPtrArray) groups = group_tasks (&self);
  for (guint i = 0; i < groups->len; i++)
    {
      if (g_cancellable_set_error_if_cancelled (search->cancellable, error))
        return FALSE;
      add_process (&self, g_ptr_array_index (groups, i));
    }
  report_broken_rings (&self);
  report_hidden (&self, groups);
  return p2v_virtual_memory_check (memory, error);
}
