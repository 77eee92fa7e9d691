/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The stacks that threads have in the kernel. */

#include "config.h"

#include <string.h>

#include "base/p2v-text.h"
#include "os/linux/p2v-linux-areas.h"

/* Source: Linux include/linux/sched.h, TASK_COMM_LEN. */
#define COMM_BYTES 16

static void
free_stack (gpointer data)
{
  P2vLinuxStack *stack = data;

  g_free (stack->name);
  g_free (stack);
}

static void
add_stack (const P2vLinux   *self,
           P2vVirtualMemory *memory,
           P2vProcess       *process,
           P2vVirtAddr       task_va,
           guint32           stack_at,
           GPtrArray        *stacks)
{
  guint8 comm[COMM_BYTES] = { 0 };
  P2vVirtAddr stack_va;
  guint32 tid;

  if (!p2v_linux_read_word_at (self, memory, task_va + stack_at, &stack_va) || stack_va == 0 ||
      !p2v_linux_read_u32 (self, memory, task_va, LINUX_TASK_PID, &tid) ||
      !p2v_virtual_memory_read (memory, p2v_linux_field_va (self, task_va, LINUX_TASK_COMM), comm,
                                sizeof comm))
    return;
  g_autofree char *name =
    p2v_text_escape ((const char *) comm, (gssize) strnlen ((const char *) comm, sizeof comm));
  P2vLinuxStack *stack = g_new0 (P2vLinuxStack, 1);
  stack->start_va = stack_va;
  stack->process = process;
  stack->name = g_strdup_printf ("%s (%u)", name, tid);
  g_ptr_array_add (stacks, stack);
}

/* The threads of a process; of one whose ring cannot be read, the first. */
static void
collect_threads (const P2vLinux   *self,
                 P2vVirtualMemory *memory,
                 P2vVirtAddr       leader_va,
                 GArray           *threads)
{
  P2vVirtAddr signal_va;

  g_array_set_size (threads, 0);
  if (p2v_linux_read_word (self, memory, leader_va, LINUX_TASK_SIGNAL, &signal_va) &&
      signal_va != 0)
    p2v_linux_collect_ring (self, memory,
                            p2v_linux_field_va (self, signal_va, LINUX_SIGNAL_THREAD_HEAD),
                            self->layout[LINUX_TASK_THREAD_NODE].offset_bytes, threads);
  if (threads->len == 0)
    g_array_append_val (threads, leader_va);
}

GPtrArray *
p2v_linux_load_stacks (const P2vLinux   *self,
                       P2vSystem        *system,
                       P2vVirtualMemory *memory)
{
  static const char *const members[] = { "stack" };
  g_autoptr (GArray) threads = g_array_new (FALSE, FALSE, sizeof (P2vVirtAddr));
  GPtrArray *stacks = g_ptr_array_new_with_free_func (free_stack);
  guint32 stack_at;

  if (!p2v_linux_find_offsets (self, "task_struct", members, 1, &stack_at))
    return stacks;
  for (guint i = 0; i < p2v_system_get_n_processes (system); i++)
    {
      P2vProcess *process = p2v_system_get_process (system, i);

      collect_threads (self, memory, p2v_process_get_object_va (process), threads);
      for (guint j = 0; j < threads->len; j++)
        add_stack (self, memory, process, g_array_index (threads, P2vVirtAddr, j), stack_at,
                   stacks);
    }
  return stacks;
}
