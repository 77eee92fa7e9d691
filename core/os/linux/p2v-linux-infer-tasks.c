/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Inference of struct task_struct: the ring of tasks, and what identifies each. */

#include "config.h"

#include <string.h>

#include "base/p2v-limits.h"
#include "os/linux/p2v-linux-infer.h"

/* Source: Linux include/linux/sched.h, TASK_COMM_LEN. */
#define COMM_BYTES 16

/* How far the name of a task is from its start at most, and what of it is read; Debian's are at
 * 1412 (i386) to 3032 (x86-64 6.12). */
#define MAX_COMM_OFFSET   8192
#define BYTES_BEHIND_COMM 1024

/* As many tasks say all that there is to say. */
#define MAX_SAMPLES 256

/* How many of the first tasks a field must agree in at least, for a machine with few. */
#define LEAST_SAMPLES 8

/* Source: Linux include/linux/sched.h, PF_KTHREAD, PF_FORKNOEXEC, EXIT_DEAD, EXIT_ZOMBIE;
 * asm-generic/signal.h, SIGCHLD. */
#define PF_KTHREAD    0x00200000
#define PF_FORKNOEXEC 0x00000040
#define EXIT_STATES   (0x10 | 0x20)
#define SIGCHLD       17

/* The last word that a stack may use. Source: Linux include/uapi/linux/magic.h, STACK_END_MAGIC;
 * include/linux/sched/task_stack.h, end_of_stack(): the first of its memory, where struct
 * thread_info is in the task (x86 from 4.9 on). */
#define STACK_END_MAGIC 0x57ac6e9d

/* A start time above this, 36 years in ns, is none. */
#define MAX_START_TIME ((guint64) 1 << 60)

/* Two readings of a clock are less than this apart, in ns. */
#define JITTER ((guint64) 1000000000)

static gboolean
take_task (P2vInference *self,
           P2vVirtAddr   va)
{
  guint32 length = self->kernel->layout[LINUX_TASK_COMM].offset_bytes + BYTES_BEHIND_COMM;

  return p2v_inference_take_sample (self, self->tasks, va, length);
}

static const char *
get_comm (P2vInference    *self,
          const P2vSample *task)
{
  guint32 offset = self->kernel->layout[LINUX_TASK_COMM].offset_bytes;

  return task->length >= offset + COMM_BYTES && task->bytes[offset + COMM_BYTES - 1] == '\0'
           ? (const char *) task->bytes + offset
           : "";
}

/* Whether the ring with its head at @offset of init_task leads to init and then to kthreadd, there
 * and back. */
static gboolean
is_ring_of_tasks (P2vInference *self,
                  guint32       offset)
{
  P2vVirtAddr node_va = p2v_sample_get (self->tasks, SAMPLE_INIT_TASK)->va + offset;
  gboolean is_kthreadd = FALSE;

  g_array_set_size (self->tasks, 1);
  for (guint i = 1; i < N_FIRST_SAMPLES; i++)
    {
      P2vVirtAddr next_va = p2v_inference_read_word (self, node_va);
      if (!p2v_inference_is_pointer (self, next_va) ||
          p2v_inference_read_word (self, next_va + self->word) != node_va ||
          !take_task (self, next_va - offset))
        return FALSE;
      is_kthreadd = g_str_equal (get_comm (self, p2v_sample_get (self->tasks, i)), "kthreadd");
      node_va = next_va;
    }
  return is_kthreadd;
}

/* The leaders behind kthreadd, as far as the ring holds. */
static void
take_ring (P2vInference *self,
           guint32       offset)
{
  P2vVirtAddr head_va = p2v_sample_get (self->tasks, SAMPLE_INIT_TASK)->va + offset;
  P2vVirtAddr node_va = p2v_sample_get (self->tasks, SAMPLE_KTHREADD)->va + offset;

  while (self->tasks->len < MAX_SAMPLES)
    {
      P2vVirtAddr next_va = p2v_inference_read_word (self, node_va);
      if (next_va == head_va || !p2v_inference_is_pointer (self, next_va) ||
          p2v_inference_read_word (self, next_va + self->word) != node_va ||
          !take_task (self, next_va - offset))
        return;
      node_va = next_va;
    }
}

/* Whether a task_struct starts at @task_va with its name at @comm_va, and is init_task. */
static gboolean
try_task_start (P2vInference *self,
                P2vVirtAddr   task_va,
                P2vVirtAddr   comm_va)
{
  guint32 comm = (guint32) (comm_va - task_va);
  guint32 offset;

  p2v_inference_set (self, LINUX_TASK_COMM, comm, COMM_BYTES);
  g_array_set_size (self->tasks, 0);
  if (!take_task (self, task_va) ||
      p2v_inference_search (self, 0, comm, self->word, is_ring_of_tasks, &offset) != 1)
    return FALSE;
  p2v_inference_set (self, LINUX_TASK_TASKS, offset, 2 * self->word);
  return is_ring_of_tasks (self, offset);
}

/* Whether the first tasks have init_task for their parent there, as init and kthreadd do, too. */
static gboolean
is_pair_of_parents (P2vInference *self,
                    guint32       offset)
{
  P2vVirtAddr init_task = p2v_sample_get (self->tasks, SAMPLE_INIT_TASK)->va;

  for (guint i = 0; i < N_FIRST_SAMPLES; i++)
    {
      const P2vSample *task = p2v_sample_get (self->tasks, i);
      if (p2v_sample_word (self, task, offset) != init_task ||
          p2v_sample_word (self, task, offset + self->word) != init_task)
        return FALSE;
    }
  return TRUE;
}

/* Whether init_task's name stands at @comm_va. The first task is its own parent: where it starts is
 * a word that stands twice side by side (real_parent and parent) between there and the name.
 * Source: Linux init/init_task.c. An empty list points to itself twice, too, but just there; a list
 * of one points to that twice, from where the tasks would form a ring as well. */
static gboolean
find_init_task (P2vInference *self,
                P2vVirtAddr   comm_va,
                gboolean      needs_parents)
{
  P2vVirtAddr refused_va = 0;

  g_array_set_size (self->files, 0);
  if (!p2v_inference_take_sample (self, self->files, comm_va - MAX_COMM_OFFSET, MAX_COMM_OFFSET))
    return FALSE;
  const P2vSample *before = p2v_sample_get (self->files, 0);
  for (guint32 offset = 0; offset + 2 * self->word <= before->length; offset += self->word)
    {
      P2vVirtAddr va = p2v_sample_word (self, before, offset);
      if (va < before->va || va >= before->va + offset || va == refused_va ||
          p2v_sample_word (self, before, offset + self->word) != va)
        continue;
      if (!try_task_start (self, va, comm_va))
        refused_va = va;
      else if (!needs_parents ||
               is_pair_of_parents (self, (guint32) (before->va + offset - va)))
        return TRUE;
    }
  return FALSE;
}

static gboolean
try_init_task (P2vVirtAddr  comm_va,
               gpointer     user_data)
{
  return find_init_task (user_data, comm_va, TRUE);
}

/* Of a damaged machine: what is wrong with its parents is said then. */
static gboolean
try_ring_alone (P2vVirtAddr  comm_va,
                gpointer     user_data)
{
  return find_init_task (user_data, comm_va, FALSE);
}

/* mm and behind it active_mm, which a kernel thread borrows. Source: Linux include/linux/sched.h
 * (2.6 to 6.12). */
static gboolean
is_mm (P2vInference *self,
       guint32       offset)
{
  for (guint i = 0; i < self->tasks->len; i++)
    {
      const P2vSample *task = p2v_sample_get (self->tasks, i);
      guint64 mm = p2v_sample_word (self, task, offset);
      if (mm != 0 && (!p2v_inference_is_pointer (self, mm) ||
                      p2v_sample_word (self, task, offset + self->word) != mm))
        return FALSE;
      if ((mm != 0) != (i == SAMPLE_INIT) && i < N_FIRST_SAMPLES)
        return FALSE;
    }
  return TRUE;
}

/* pid and behind it tgid, equal in leaders. Source: as above. */
static gboolean
is_pid (P2vInference *self,
        guint32       offset)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < self->tasks->len; i++)
    {
      guint32 pid = p2v_sample_u32 (p2v_sample_get (self->tasks, i), offset);
      if ((i < N_FIRST_SAMPLES && pid != i) ||
          p2v_sample_u32 (p2v_sample_get (self->tasks, i), offset + 4) != pid ||
          !g_hash_table_add (seen, GUINT_TO_POINTER (pid)))
        return FALSE;
    }
  return TRUE;
}

/* real_parent and behind it parent, which only a debugger changes. Source: as above. */
static gboolean
is_real_parent (P2vInference *self,
                guint32       offset)
{
  P2vVirtAddr init_task = p2v_sample_get (self->tasks, SAMPLE_INIT_TASK)->va;
  guint n = 0;

  for (guint i = 0; i < self->tasks->len; i++)
    {
      const P2vSample *task = p2v_sample_get (self->tasks, i);
      guint64 parent = p2v_sample_word (self, task, offset);
      if (i < N_FIRST_SAMPLES &&
          (parent != init_task || p2v_sample_word (self, task, offset + self->word) != parent))
        return FALSE;
      n += p2v_inference_has_sample (self->tasks, parent);
    }
  return p2v_inference_most (n, self->tasks->len);
}

/* The flag of kernel threads is set in kthreadd and its children, not where there is an mm; so is
 * that of tasks that never executed a program, while init did. A child of kthreadd with an mm says
 * nothing: it is a program that the kernel has started (to take a core dump), or a thread that uses
 * somebody's memory (vhost). */
static gboolean
is_flags (P2vInference *self,
          guint32       offset)
{
  const P2vLinuxLayoutField *layout = self->kernel->layout;
  P2vVirtAddr kthreadd = p2v_sample_get (self->tasks, SAMPLE_KTHREADD)->va;
  guint n_threads = 0, n_strange = 0;

  for (guint i = SAMPLE_INIT; i < self->tasks->len; i++)
    {
      const P2vSample *task = p2v_sample_get (self->tasks, i);
      gboolean is_set = (p2v_sample_u32 (task, offset) & PF_KTHREAD) != 0;
      gboolean has_mm = p2v_sample_word (self, task, layout[LINUX_TASK_MM].offset_bytes) != 0;
      gboolean is_kernel_thread =
        task->va == kthreadd ||
        p2v_sample_word (self, task, layout[LINUX_TASK_REAL_PARENT].offset_bytes) == kthreadd;
      gboolean never_executed = (p2v_sample_u32 (task, offset) & PF_FORKNOEXEC) != 0;
      /* Half a pointer of kernel threads may have the same bits in all of them. */
      gboolean is_half =
        self->word == 8 && p2v_inference_is_pointer (self, p2v_sample_u64 (task, offset & ~7u));
      if (is_half || (i == SAMPLE_INIT && never_executed))
        return FALSE;
      if (is_kernel_thread && has_mm)
        continue;
      /* Such a program has no mm any more when it has ended and nobody has asked for it yet. */
      n_strange += is_kernel_thread && !(is_set && never_executed);
      if (has_mm && is_set)
        return FALSE;
      n_threads += is_kernel_thread;
    }
  return n_threads >= LEAST_SAMPLES && p2v_inference_most (n_threads - n_strange, n_threads);
}

/* exit_state, exit_code and exit_signal, one behind the other: the last is SIGCHLD in nearly all
 * leaders. Source: as above. */
static gboolean
is_exit_state (P2vInference *self,
               guint32       offset)
{
  guint n = 0;

  for (guint i = SAMPLE_KTHREADD; i < self->tasks->len; i++)
    {
      const P2vSample *task = p2v_sample_get (self->tasks, i);
      if (p2v_sample_u32 (task, offset) & ~(guint32) EXIT_STATES)
        return FALSE;
      n += p2v_sample_u32 (task, offset + 8) == SIGCHLD;
    }
  return p2v_inference_most (n, self->tasks->len - SAMPLE_KTHREADD);
}

/* start_time and behind it start_boottime (real_start_time): nanoseconds that grow along the ring,
 * read one after the other, so that they are apart by as much as the machine has slept and a little
 * more. Early in the start of a machine the clock may stand still. Source: as above, and
 * kernel/fork.c copy_process(). */
static gboolean
is_start_time (P2vInference *self,
               guint32       offset)
{
  guint64 last = 0, slept = 0;
  guint n_ordered = 0, n_different = 0;

  for (guint i = SAMPLE_INIT; i < self->tasks->len; i++)
    {
      const P2vSample *task = p2v_sample_get (self->tasks, i);
      guint64 start = p2v_sample_u64 (task, offset);
      guint64 boot = p2v_sample_u64 (task, offset + 8);
      if (start == 0 || boot < start || boot > MAX_START_TIME || boot - start + JITTER < slept)
        return FALSE;
      n_ordered += start >= last;
      n_different += start != last;
      slept = boot - start;
      last = start;
    }
  return p2v_inference_most (n_ordered, self->tasks->len - SAMPLE_INIT) &&
         n_different >= LEAST_SAMPLES;
}

/* real_cred and cred, which differ only while a task acts for another. Source: Linux
 * include/linux/sched.h (2.6.29 to 6.12). */
static gboolean
is_cred (P2vInference *self,
         guint32       offset)
{
  guint n = 0;

  for (guint i = 0; i < self->tasks->len; i++)
    {
      const P2vSample *task = p2v_sample_get (self->tasks, i);
      guint64 cred = p2v_sample_word (self, task, offset);
      if (!p2v_inference_is_pointer (self, cred))
        return FALSE;
      n += p2v_sample_word (self, task, offset + self->word) == cred;
    }
  return p2v_inference_most (n, self->tasks->len);
}

/* A field that must be the only one of its kind. */
static gboolean
find_only (P2vInference     *self,
           P2vInferenceTest  test,
           guint32           step,
           P2vLinuxField     field,
           guint32           size_bytes)
{
  guint32 end = self->kernel->layout[LINUX_TASK_COMM].offset_bytes;
  guint32 offset;

  if (p2v_inference_search (self, 0, end, step, test, &offset) != 1)
    return FALSE;
  p2v_inference_set (self, field, offset, size_bytes);
  return TRUE;
}

/* stack leads to the bytes of a mark, but in a task that is gone. */
static gboolean
is_stack (P2vInference *self,
          guint32       offset)
{
  guint n = 0;

  for (guint i = 0; i < self->tasks->len; i++)
    {
      P2vVirtAddr stack = p2v_sample_word (self, p2v_sample_get (self->tasks, i), offset);
      guint32 mark;
      n += stack % P2V_FRAME_SIZE == 0 && p2v_inference_is_pointer (self, stack) &&
           p2v_virtual_memory_read_u32 (self->memory, stack, &mark) && mark == STACK_END_MAGIC;
    }
  return p2v_inference_most (n, self->tasks->len);
}

/* What is told of a process but is not needed to find it. */
static void
infer_details (P2vInference *self)
{
  guint32 comm = self->kernel->layout[LINUX_TASK_COMM].offset_bytes;
  guint32 mm = self->kernel->layout[LINUX_TASK_MM].offset_bytes;
  guint32 offset;

  if (p2v_inference_search (self, mm + 2 * self->word, MIN (mm + 256, comm), 4, is_exit_state,
                            &offset) == 1)
    p2v_inference_set (self, LINUX_TASK_EXIT_STATE, offset, 4);
  if (p2v_inference_search (self, 0, comm, self->word, is_stack, &offset) == 1)
    p2v_inference_set (self, LINUX_TASK_STACK, offset, self->word);
  if (p2v_inference_search (self, 0, comm, self->word, is_start_time, &offset) == 1)
    p2v_inference_set (self, LINUX_TASK_START_BOOTTIME, offset + 8, 8);
  /* The pair stands just before the name, with a pointer or two between. Source: as above. */
  if (p2v_inference_search (self, comm - MIN (comm, 6 * self->word), comm - self->word, self->word,
                            is_cred, &offset) == 1)
    p2v_inference_set (self, LINUX_TASK_CRED, offset, self->word);
}

gboolean
p2v_linux_infer_tasks (P2vInference *self)
{
  guint word = self->word;

  if (!p2v_linux_find_init_comm (self->kernel, self->memory, try_init_task, self) &&
      !p2v_linux_find_init_comm (self->kernel, self->memory, try_ring_alone, self))
    return FALSE;
  take_ring (self, self->kernel->layout[LINUX_TASK_TASKS].offset_bytes);
  self->kernel->symbols[LINUX_SYMBOL_INIT_TASK].va =
    p2v_sample_get (self->tasks, SAMPLE_INIT_TASK)->va;
  if (self->tasks->len < LEAST_SAMPLES || !find_only (self, is_mm, word, LINUX_TASK_MM, word) ||
      !find_only (self, is_pid, 4, LINUX_TASK_PID, 4))
    return FALSE;
  p2v_inference_set (self, LINUX_TASK_TGID,
                     self->kernel->layout[LINUX_TASK_PID].offset_bytes + 4, 4);
  if (!find_only (self, is_real_parent, word, LINUX_TASK_REAL_PARENT, word))
    return FALSE;
  infer_details (self);
  return find_only (self, is_flags, 4, LINUX_TASK_FLAGS, 4);
}
