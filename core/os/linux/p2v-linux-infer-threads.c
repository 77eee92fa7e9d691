/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Inference of what hangs on a task: its threads (struct signal_struct), its process id (struct
 * pid) and the tree of these, its rights (struct cred). */

#include "config.h"

#include <string.h>

#include "os/linux/p2v-linux-infer.h"

/* How far into a signal_struct the list of threads is at most; Debian's are at 16. Source: Linux
 * include/linux/sched/signal.h. */
#define MAX_THREAD_HEAD 64

/* How far into a struct pid are its lists of tasks and its numbers at most; into a pid_namespace
 * its tree; into a node of the tree its slots. Source: Linux include/linux/{pid,pid_namespace,
 * xarray}.h. */
#define MAX_PID_TASKS   64
#define MAX_PID_NUMBERS 256
#define MAX_PID_TREE    128
#define MAX_SLOTS       128

/* Source: Linux include/linux/pid_types.h: PIDTYPE_PID, TGID, PGID and SID. */
#define N_PID_TYPES 4

/* Source: Linux include/linux/xarray.h: xa_is_node(), XA_CHUNK_SIZE 64, or 16 with
 * CONFIG_BASE_SMALL. */
#define XA_TAG_MASK    3
#define XA_TAG_NODE    2
#define XA_SLOTS       64
#define XA_SLOTS_SMALL 16

/* Whether the list node of @task, @node into it, is the only one in the ring at @head_va. */
static gboolean
is_only_thread (P2vInference    *self,
                const P2vSample *task,
                guint32          node,
                P2vVirtAddr      head_va)
{
  return p2v_sample_word (self, task, node) == head_va &&
         p2v_sample_word (self, task, node + self->word) == head_va &&
         p2v_inference_read_word (self, head_va) == task->va + node &&
         p2v_inference_read_word (self, head_va + self->word) == task->va + node;
}

/* Whether the pointer at @offset leads to a signal_struct: kthreadd and init_task have one thread
 * each, so a head in it and a node in the task make a ring of two. */
static gboolean
is_signal (P2vInference *self,
           guint32       offset)
{
  const P2vSample *task = p2v_sample_get (self->tasks, SAMPLE_KTHREADD);
  const P2vSample *first = p2v_sample_get (self->tasks, SAMPLE_INIT_TASK);
  P2vVirtAddr signal = p2v_sample_word (self, task, offset);
  P2vVirtAddr first_signal = p2v_sample_word (self, first, offset);

  if (!p2v_inference_is_pointer (self, signal) || !p2v_inference_is_pointer (self, first_signal) ||
      (signal >= task->va && signal < task->va + task->length))
    return FALSE;
  /* Counts come before the head; at 0 it would be the node's own pointers that lead there. */
  for (guint32 head = self->word; head < MAX_THREAD_HEAD; head += self->word)
    {
      P2vVirtAddr node = p2v_inference_read_word (self, signal + head) - task->va;
      if (node >= task->length || !is_only_thread (self, task, (guint32) node, signal + head) ||
          !is_only_thread (self, first, (guint32) node, first_signal + head))
        continue;
      p2v_inference_set (self, LINUX_SIGNAL_THREAD_HEAD, head, 2 * self->word);
      p2v_inference_set (self, LINUX_TASK_THREAD_NODE, (guint32) node, 2 * self->word);
      return TRUE;
    }
  return FALSE;
}

/* thread_pid and behind it pid_links: the first of these is in the first list of that struct pid,
 * and alone there. Source: Linux include/linux/sched.h (5.0 to 6.12). */
static gboolean
is_thread_pid (P2vInference *self,
               guint32       offset)
{
  guint32 tasks = 0;
  guint n = 0;

  for (guint i = SAMPLE_INIT; i < self->tasks->len; i++)
    {
      const P2vSample *task = p2v_sample_get (self->tasks, i);
      P2vVirtAddr pid = p2v_sample_word (self, task, offset);
      P2vVirtAddr list_va = p2v_sample_word (self, task, offset + 2 * self->word);
      if (!p2v_inference_is_pointer (self, pid) || list_va <= pid || list_va > pid + MAX_PID_TASKS
          || (pid >= task->va && pid < task->va + task->length)
          || p2v_inference_read_word (self, list_va) != task->va + offset + self->word)
        continue;
      tasks = (guint32) (list_va - pid);
      n++;
    }
  if (!p2v_inference_most (n, self->tasks->len - SAMPLE_INIT))
    return FALSE;
  p2v_inference_set (self, LINUX_PID_TASKS, tasks, N_PID_TYPES * self->word);
  return TRUE;
}

static P2vVirtAddr
get_pid (P2vInference *self,
         guint         sample)
{
  return p2v_sample_word (self, p2v_sample_get (self->tasks, sample),
                          self->kernel->layout[LINUX_TASK_THREAD_PID].offset_bytes);
}

/* numbers[0] of a struct pid: the number and behind it the initial namespace. Source: Linux
 * include/linux/pid.h, struct upid. */
static gboolean
is_pid_numbers (P2vInference *self,
                guint32       offset)
{
  P2vVirtAddr namespace_va
      = p2v_inference_read_word (self, get_pid (self, 0) + offset + self->word);

  for (guint i = 0; i < N_FIRST_SAMPLES; i++)
    {
      P2vVirtAddr pid = get_pid (self, i);
      guint32 number;
      if (!p2v_virtual_memory_read_u32 (self->memory, pid + offset, &number) || number != i ||
          p2v_inference_read_word (self, pid + offset + self->word) != namespace_va)
        return FALSE;
    }
  return p2v_inference_is_pointer (self, namespace_va);
}

/* The leftmost node of the tree whose root is at @offset of the namespace, or 0. */
static P2vVirtAddr
find_leftmost_node (P2vInference *self,
                    guint32       offset,
                    guint32       slots)
{
  guint64 entry = p2v_inference_read_word (
    self, self->kernel->symbols[LINUX_SYMBOL_INIT_PID_NS].va + offset);
  P2vVirtAddr node_va = 0;

  /* Six levels hold all 32 bits of a number. */
  for (guint i = 0; i < 6 && (entry & XA_TAG_MASK) == XA_TAG_NODE; i++)
    {
      node_va = entry & ~(guint64) XA_TAG_MASK;
      entry = p2v_inference_read_word (self, node_va + slots);
    }
  return entry == 0 ? node_va : 0;
}

/* How many slots a node has, by whether a number that only a large one holds is in it. */
static guint
count_slots (P2vInference *self,
             P2vVirtAddr   node_va,
             guint32       slots)
{
  guint32 pid = self->kernel->layout[LINUX_TASK_PID].offset_bytes;

  for (guint i = 0; i < self->tasks->len; i++)
    {
      guint32 number = p2v_sample_u32 (p2v_sample_get (self->tasks, i), pid);
      if (number >= XA_SLOTS_SMALL && number < XA_SLOTS &&
          p2v_inference_read_word (self, node_va + slots + number * self->word) ==
            get_pid (self, i))
        return XA_SLOTS;
    }
  return XA_SLOTS_SMALL;
}

/* Whether the tree's root stands at @offset of the namespace: no process has the number 0, and in
 * the slots behind stand init's pid and kthreadd's. */
static gboolean
is_pid_tree (P2vInference *self,
             guint32       offset)
{
  for (guint32 slots = self->word; slots < MAX_SLOTS; slots += self->word)
    {
      P2vVirtAddr node_va = find_leftmost_node (self, offset, slots);
      if (node_va == 0 ||
          p2v_inference_read_word (self, node_va + slots + self->word) !=
            get_pid (self, SAMPLE_INIT) ||
          p2v_inference_read_word (self, node_va + slots + 2 * self->word) !=
            get_pid (self, SAMPLE_KTHREADD))
        continue;
      p2v_inference_set (self, LINUX_XA_NODE_SLOTS, slots,
                         count_slots (self, node_va, slots) * self->word);
      return TRUE;
    }
  return FALSE;
}

/* Whether most tasks have a struct list_head there that leads to itself. */
static gboolean
is_empty_list (P2vInference *self,
               guint32       offset)
{
  guint n = 0;

  for (guint i = SAMPLE_INIT; i < self->tasks->len; i++)
    {
      const P2vSample *task = p2v_sample_get (self->tasks, i);
      n += p2v_sample_word (self, task, offset) == task->va + offset &&
           p2v_sample_word (self, task, offset + self->word) == task->va + offset;
    }
  return p2v_inference_most (n, self->tasks->len - SAMPLE_INIT);
}

/* The lists of debuggers, by which a task is recognized where no list leads to it, and the leader
 * of its threads: they stand before thread_pid. Source: Linux include/linux/sched.h,
 * group_leader, ptraced, ptrace_entry (5.0 to 7.2). */
static void
infer_traced (P2vInference *self,
              guint32       thread_pid)
{
  guint32 list_bytes = 2 * self->word;
  guint32 ptraced = thread_pid - 2 * list_bytes, entry = thread_pid - list_bytes;

  if (thread_pid < 2 * list_bytes + self->word || !is_empty_list (self, ptraced) ||
      !is_empty_list (self, entry))
    return;
  p2v_inference_set (self, LINUX_TASK_PTRACED, ptraced, list_bytes);
  p2v_inference_set (self, LINUX_TASK_PTRACE_ENTRY, entry, list_bytes);
  p2v_inference_set (self, LINUX_TASK_GROUP_LEADER, ptraced - self->word, self->word);
}

static void
infer_pid_tree (P2vInference *self)
{
  guint32 comm = self->kernel->layout[LINUX_TASK_COMM].offset_bytes;
  guint32 offset;

  /* The links of other kinds of ids, which most leaders have too, come behind the first. */
  if (p2v_inference_search (self, 0, comm, self->word, is_thread_pid, &offset) == 0 ||
      !is_thread_pid (self, offset))
    return;
  p2v_inference_set (self, LINUX_TASK_THREAD_PID, offset, self->word);
  p2v_inference_set (self, LINUX_TASK_PID_LINKS, offset + self->word,
                     2 * N_PID_TYPES * self->word);
  infer_traced (self, offset);
  if (p2v_inference_search (self, 0, MAX_PID_NUMBERS, self->word, is_pid_numbers, &offset) != 1)
    return;
  p2v_inference_set (self, LINUX_PID_NUMBERS, offset, 2 * self->word);
  p2v_inference_set (self, LINUX_UPID_NS, self->word, self->word);
  p2v_linux_find_pid_namespace (self->kernel);
  if (p2v_inference_search (self, 0, MAX_PID_TREE, self->word, is_pid_tree, &offset) == 1)
    p2v_inference_set (self, LINUX_PID_NS_XA_HEAD, offset, self->word);
}

/* uid, the first of eight ids behind a count of 4 bytes, or of 8 since 6.7: then the count's upper
 * half is 0 in all, as it is nowhere else if any process is not root's. Source: Linux
 * include/linux/cred.h. */
static void
infer_uid (P2vInference *self)
{
  guint32 uid = 0;
  gboolean found = FALSE;

  for (guint i = 0; i < self->tasks->len; i++)
    {
      P2vVirtAddr cred = p2v_sample_word (self, p2v_sample_get (self->tasks, i),
                                          self->kernel->layout[LINUX_TASK_CRED].offset_bytes);
      if (p2v_virtual_memory_read_u32 (self->memory, cred + 4, &uid) && uid != 0)
        found = TRUE;
    }
  p2v_inference_set (self, LINUX_CRED_UID, found || self->word == 4 ? 4 : 8, 4);
}

gboolean
p2v_linux_infer_threads (P2vInference *self)
{
  guint32 length = p2v_sample_get (self->tasks, SAMPLE_KTHREADD)->length;
  guint32 offset;

  if (self->kernel->layout[LINUX_TASK_CRED].known)
    infer_uid (self);
  infer_pid_tree (self);
  if (p2v_inference_search (self, 0, length, self->word, is_signal, &offset) != 1)
    return FALSE;
  p2v_inference_set (self, LINUX_TASK_SIGNAL, offset, self->word);
  return TRUE;
}
