/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The tasks that the kernel's own lists lead to. */

#include "config.h"

#include "os/linux/p2v-linux-tasks.h"

#include <glib/gi18n-lib.h>

#include "base/p2v-limits.h"

/* Source: Linux include/linux/xarray.h, xa_is_node(): an entry that ends in binary 10 is a node. */
#define XA_TAG_MASK 3
#define XA_TAG_NODE 2

/* Links followed in all rings together. In a sane kernel each task is in two; in a crafted one each
 * of a million could be the head of a ring that leads into one long list. */
#define MAX_LINKS_FOLLOWED (4 * P2V_LIMIT_TASKS)

void
p2v_linux_finder_init (P2vLinuxFinder *self,
                       const P2vLinux *kernel,
                       P2vSystem      *system)
{
  *self = (P2vLinuxFinder) {
    .kernel = kernel,
    .system = system,
    .memory = p2v_virtual_memory_new (&kernel->tables, kernel->root_pa),
    .tasks = g_array_new (FALSE, FALSE, sizeof (P2vLinuxTask)),
    .by_va = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL),
    .spaces = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_object_unref),
    .n_links_left = MAX_LINKS_FOLLOWED,
  };
}

void
p2v_linux_finder_clear (P2vLinuxFinder *self)
{
  g_clear_pointer (&self->memory, p2v_virtual_memory_free);
  g_clear_pointer (&self->tasks, g_array_unref);
  g_clear_pointer (&self->by_va, g_hash_table_unref);
  g_clear_pointer (&self->spaces, g_hash_table_unref);
}

gboolean
p2v_linux_task_is_gone (const P2vLinuxTask *task)
{
  /* Source: Linux kernel/exit.c release_task(), __exit_signal(): a task that is reaped is dead and
   * loses its signal_struct. */
  return (task->exit_state & P2V_LINUX_EXIT_DEAD) != 0 || task->signal == 0;
}

gboolean
p2v_linux_task_has_space (const P2vLinuxTask *task)
{
  return task->mm != 0 && !(task->flags & P2V_LINUX_PF_KTHREAD);
}

gboolean
p2v_linux_read_task (P2vLinuxFinder *self,
                     P2vVirtAddr     va,
                     P2vLinuxTask   *ret_task)
{
  const P2vLinux *kernel = self->kernel;
  guint32 pid, tgid;
  P2vLinuxTask task = { .va = va };

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

gboolean
p2v_linux_see_task (P2vLinuxFinder *self,
                    P2vVirtAddr     va,
                    guint           method)
{
  guint position = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_va, &va));
  P2vLinuxTask task;

  if (position != 0)
    {
      g_array_index (self->tasks, P2vLinuxTask, position - 1).methods |= method;
      return TRUE;
    }
  if (self->tasks->len >= P2V_LIMIT_TASKS || !p2v_linux_read_task (self, va, &task))
    return FALSE;
  task.methods = method;
  g_array_append_val (self->tasks, task);
  g_hash_table_insert (self->by_va, g_memdup2 (&va, sizeof va),
                       GUINT_TO_POINTER (self->tasks->len));
  return TRUE;
}

typedef gboolean (*RingFunc) (P2vLinuxFinder *self,
                              P2vVirtAddr     node_va);

/* Follows a struct list_head ring in one direction (@link_offset 0: next, one word: prev) until the
 * head comes back. FALSE if it ends otherwise: unreadable, repeated, refused by @visit or over the
 * budget. */
static gboolean
follow_ring (P2vLinuxFinder *self,
             P2vVirtAddr     head_va,
             guint           link_offset,
             RingFunc        visit)
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
walk_ring (P2vLinuxFinder *self,
           P2vVirtAddr     head_va,
           RingFunc        visit)
{
  if (follow_ring (self, head_va, 0, visit))
    return;
  (void) !follow_ring (self, head_va, self->kernel->arch->word_bytes, visit);
  if (self->n_broken_rings++ == 0)
    self->first_broken_va = head_va;
}

static gboolean
visit_thread (P2vLinuxFinder *self,
              P2vVirtAddr     node_va)
{
  return p2v_linux_see_task (
    self, node_va - self->kernel->layout[LINUX_TASK_THREAD_NODE].offset_bytes,
    P2V_LINUX_METHOD_TASKS);
}

static gboolean
visit_leader (P2vLinuxFinder *self,
              P2vVirtAddr     node_va)
{
  P2vVirtAddr task_va = node_va - self->kernel->layout[LINUX_TASK_TASKS].offset_bytes;
  P2vVirtAddr signal_va;

  if (!p2v_linux_see_task (self, task_va, P2V_LINUX_METHOD_TASKS) ||
      !p2v_linux_read_word (self->kernel, self->memory, task_va, LINUX_TASK_SIGNAL, &signal_va))
    return FALSE;
  /* A task that is being freed has none any more. */
  if (signal_va != 0)
    walk_ring (self, p2v_linux_field_va (self->kernel, signal_va, LINUX_SIGNAL_THREAD_HEAD),
               visit_thread);
  return TRUE;
}

void
p2v_linux_search_task_ring (P2vLinuxFinder *self)
{
  P2vVirtAddr init_task = self->kernel->symbols[LINUX_SYMBOL_INIT_TASK].va;

  walk_ring (self, p2v_linux_field_va (self->kernel, init_task, LINUX_TASK_TASKS), visit_leader);
}

/* The task whose process id a struct pid is, if there is one: pids also stand for groups and
 * sessions. */
static void
see_pid (P2vLinuxFinder *self,
         P2vVirtAddr     pid_va)
{
  P2vVirtAddr link_va;

  /* tasks[PIDTYPE_PID].first and pid_links[PIDTYPE_PID]: PIDTYPE_PID is 0.
   * Source: Linux include/linux/pid_types.h. */
  if (p2v_linux_read_word (self->kernel, self->memory, pid_va, LINUX_PID_TASKS, &link_va) &&
      link_va != 0)
    (void) !p2v_linux_see_task (
      self, link_va - self->kernel->layout[LINUX_TASK_PID_LINKS].offset_bytes,
      P2V_LINUX_METHOD_PIDS);
}

/* Puts the children of a radix-tree node on @queue, up to the greatest number of tasks: in a
 * crafted image a node is its own child, 64 times. */
static void
queue_slots (P2vLinuxFinder *self,
             P2vVirtAddr     node_va,
             GArray         *queue)
{
  const P2vLinuxLayoutField *slots = &self->kernel->layout[LINUX_XA_NODE_SLOTS];

  for (guint32 offset = 0; offset < slots->size_bytes; offset += self->kernel->arch->word_bytes)
    {
      guint64 entry;
      if (p2v_linux_read_word_at (self->kernel, self->memory,
                                  node_va + slots->offset_bytes + offset, &entry) &&
          entry != 0 && queue->len < P2V_LIMIT_TASKS)
        g_array_append_val (queue, entry);
    }
}

void
p2v_linux_search_pid_tree (P2vLinuxFinder *self)
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
  for (guint i = 0; i < queue->len; i++)
    {
      entry = g_array_index (queue, guint64, i);
      if ((entry & XA_TAG_MASK) == XA_TAG_NODE)
        queue_slots (self, entry & ~(guint64) XA_TAG_MASK, queue);
      else if ((entry & XA_TAG_MASK) == 0)
        see_pid (self, entry);
    }
}

