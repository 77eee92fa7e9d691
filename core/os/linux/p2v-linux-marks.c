/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "os/linux/p2v-linux-marks.h"

#include <string.h>

#include "base/p2v-limits.h"

/* The bits of an entry that x86 processors set by themselves: accessed and dirty. Source: Intel SDM
 * 3A 4.8. */
#define X86_ACCESSED_DIRTY ((guint64) 0x60)

/* How far two kinds of scheduling are apart at most: a few structures of some 200 bytes. */
#define SCHED_CLASSES_BYTES 4096

/* What the kernel writes into the backward pointer of what it takes out of a list; kernels for 64
 * bits add a number of their own above. Source: Linux include/linux/poison.h, LIST_POISON2
 * (5.10). */
#define LIST_POISON 0x122
#define POISON_MASK 0xffff

/* Users of one mm_struct: threads, and whoever looks at it through /proc. */
#define MAX_MM_USERS (4 * P2V_LIMIT_TASKS)

/* Where the map of all memory begins: the kernel says, or any task but the first shows it, for all
 * others are allocated. */
static gboolean
find_linear_delta (P2vLinuxFinder *finder,
                   guint64        *ret_delta)
{
  P2vVirtAddr symbol_va = finder->kernel->symbols[LINUX_SYMBOL_PAGE_OFFSET_BASE].va;

  if (symbol_va != 0
      && p2v_linux_read_word_at (finder->kernel, finder->memory, symbol_va, ret_delta))
    return TRUE;
  for (guint i = 0; i < finder->tasks->len; i++)
    {
      const P2vLinuxTask *task = &g_array_index (finder->tasks, P2vLinuxTask, i);
      *ret_delta = task->va - task->pa;
      if (task->va != finder->kernel->symbols[LINUX_SYMBOL_INIT_TASK].va)
        return TRUE;
    }
  return FALSE;
}

static gboolean
read_entry (const P2vLinux *kernel,
            P2vPhysAddr     root_pa,
            guint           slot,
            guint64        *ret_entry)
{
  guint entry_bytes = kernel->tables.form->entry_bytes;
  guint64 raw = 0;

  /* A narrow entry is the low half, for what is in an image is little-endian. */
  if (p2v_image_read (kernel->image, root_pa + slot * entry_bytes, &raw, entry_bytes, NULL)
      != P2V_READ_OK)
    return FALSE;
  *ret_entry = GUINT64_FROM_LE (raw);
  return TRUE;
}

static void
init_root_rule (P2vLinuxMarks *self)
{
  const P2vLinux *kernel = self->finder->kernel;
  const P2vPagingLevel *top = &kernel->tables.form->levels[0];
  guint n_slots = 1u << top->index_bits;
  P2vLinuxRootRule *rule = &self->root;

  rule->table_bytes = (guint) p2v_paging_get_table_bytes (kernel->tables.form, top);
  rule->text_slot = (guint) (kernel->symbols[LINUX_SYMBOL_TEXT].va >> top->shift) & (n_slots - 1);
  rule->linear_slot = (guint) (self->linear_delta >> top->shift) & (n_slots - 1);
  rule->compared_bits = ~X86_ACCESSED_DIRTY;
  rule->known = self->linear_known && !kernel->tables.form->has_two_roots &&
                kernel->tables.n_user_root_slots < n_slots &&
                read_entry (kernel, kernel->root_pa, rule->text_slot, &rule->text_entry) &&
                read_entry (kernel, kernel->root_pa, rule->linear_slot, &rule->linear_entry) &&
                rule->text_entry != 0;
}

void
p2v_linux_marks_init (P2vLinuxMarks  *self,
                      P2vLinuxFinder *finder)
{
  *self = (P2vLinuxMarks) { .finder = finder };
  self->linear_known = find_linear_delta (finder, &self->linear_delta);
  init_root_rule (self);
}

/* Whether the struct list_head @field of the object at @va is empty, that is, leads to itself. */
static gboolean
is_list_empty (P2vLinuxFinder *finder,
               P2vVirtAddr     va,
               P2vLinuxField   field)
{
  P2vVirtAddr head_va = p2v_linux_field_va (finder->kernel, va, field);
  guint64 next, prev;

  return finder->kernel->layout[field].known &&
         p2v_linux_read_word_at (finder->kernel, finder->memory, head_va, &next) &&
         next == head_va &&
         p2v_linux_read_word_at (finder->kernel, finder->memory,
                                 head_va + finder->kernel->arch->word_bytes, &prev) &&
         prev == head_va;
}

/* Whether the list of the task's threads holds where it is in it. */
static gboolean
is_linked_thread (P2vLinuxFinder     *finder,
                  const P2vLinuxTask *task)
{
  P2vVirtAddr node_va = p2v_linux_field_va (finder->kernel, task->va, LINUX_TASK_THREAD_NODE);
  P2vVirtAddr next_va, back_va;

  return p2v_linux_read_word_at (finder->kernel, finder->memory, node_va, &next_va) &&
         p2v_linux_read_word_at (finder->kernel, finder->memory,
                                 next_va + finder->kernel->arch->word_bytes, &back_va) &&
         back_va == node_va;
}

/* Of threads of a kernel that does not say where their number stands the list is asked. */
static gboolean
has_threads (P2vLinuxFinder     *finder,
             const P2vLinuxTask *task)
{
  guint32 n_threads;

  if (!finder->kernel->layout[LINUX_SIGNAL_NR_THREADS].known)
    return is_linked_thread (finder, task);
  return p2v_linux_read_u32 (finder->kernel, finder->memory, task->signal,
                             LINUX_SIGNAL_NR_THREADS, &n_threads) &&
         n_threads >= 1 && n_threads <= P2V_LIMIT_TASKS;
}

/* A task that is alive has a living group of threads. */
static gboolean
is_group_sound (P2vLinuxFinder     *finder,
                const P2vLinuxTask *task)
{
  P2vVirtAddr leader_va;
  guint32 leader_pid;

  return has_threads (finder, task) &&
         (!finder->kernel->layout[LINUX_TASK_GROUP_LEADER].known ||
          (p2v_linux_read_word (finder->kernel, finder->memory, task->va, LINUX_TASK_GROUP_LEADER,
                               &leader_va) &&
           p2v_linux_read_u32 (finder->kernel, finder->memory, leader_va, LINUX_TASK_PID,
                               &leader_pid) &&
           leader_pid == (guint32) task->tgid));
}

/* What schedules a task is of this kernel: what an earlier boot has left behind is not. Where no
 * symbol says where the kernel's image ends, it is near to what schedules the first task, for they
 * stand in a row. Source: Linux include/asm-generic/vmlinux.lds.h SCHED_DATA (5.10). */
static gboolean
is_of_this_kernel (P2vLinuxFinder *finder,
                   P2vVirtAddr     va)
{
  const P2vLinux *kernel = finder->kernel;
  const P2vSymbol *symbols = kernel->symbols;
  guint64 class_va, first_va;

  if (!kernel->layout[LINUX_TASK_SCHED_CLASS].known)
    return TRUE;
  if (!p2v_linux_read_word (kernel, finder->memory, va, LINUX_TASK_SCHED_CLASS, &class_va))
    return FALSE;
  if (symbols[LINUX_SYMBOL_END].va != 0)
    return class_va >= symbols[LINUX_SYMBOL_TEXT].va && class_va < symbols[LINUX_SYMBOL_END].va;
  return p2v_linux_read_word (kernel, finder->memory, symbols[LINUX_SYMBOL_INIT_TASK].va,
                              LINUX_TASK_SCHED_CLASS, &first_va) &&
         class_va + SCHED_CLASSES_BYTES > first_va && class_va < first_va + SCHED_CLASSES_BYTES;
}

/* Whether a task that is gone was taken out of the list of its threads: where little is known of
 * the kernel, too many things look like a task that is gone. */
static gboolean
is_gone_thread (P2vLinuxFinder     *finder,
                const P2vLinuxTask *task)
{
  const P2vLinux *kernel = finder->kernel;
  P2vVirtAddr node_va = p2v_linux_field_va (kernel, task->va, LINUX_TASK_THREAD_NODE);
  guint64 prev;

  return kernel->layout[LINUX_TASK_SCHED_CLASS].known ||
         (p2v_linux_read_word_at (kernel, finder->memory, node_va + kernel->arch->word_bytes,
                                  &prev) &&
          (prev & POISON_MASK) == LIST_POISON);
}

gboolean
p2v_linux_is_task (P2vLinuxMarks *self,
                   P2vVirtAddr    va)
{
  P2vLinuxFinder *finder = self->finder;
  guint8 comm[P2V_LINUX_COMM_BYTES];
  P2vLinuxTask task;

  return p2v_linux_read_task (finder, va, &task) && task.pid > 0 && task.tgid > 0 &&
         task.pid <= (gint32) P2V_LIMIT_TASKS && task.tgid <= (gint32) P2V_LIMIT_TASKS &&
         (is_list_empty (finder, va, LINUX_TASK_PTRACED) ||
          is_list_empty (finder, va, LINUX_TASK_PTRACE_ENTRY)) &&
         p2v_virtual_memory_read (finder->memory,
                                  p2v_linux_field_va (finder->kernel, va, LINUX_TASK_COMM), comm,
                                  sizeof comm) &&
         memchr (comm, 0, sizeof comm) != NULL && is_of_this_kernel (finder, va) &&
         (p2v_linux_task_is_gone (&task) ? is_gone_thread (finder, &task)
                                         : is_group_sound (finder, &task));
}

/* Whether a root with nothing of the kernel in it, as those of arm64 have, can be one: entries lead
 * to tables in the image, and there are no others, but for huge pages. */
static gboolean
is_user_root (const P2vLinux *kernel,
              P2vPhysAddr     root_pa)
{
  const P2vPagingLevel *top = &kernel->tables.form->levels[0];
  guint n_entries = kernel->tables.n_user_root_slots, n_tables = 0;
  g_autofree guint64 *entries = g_new (guint64, (gsize) 1 << top->index_bits);

  if (p2v_paging_read_tables (&kernel->tables, top, root_pa, 1, entries, NULL) != P2V_READ_OK)
    return FALSE;
  for (guint i = 0; i < n_entries; i++)
    {
      P2vPagingLeaf leaf;
      P2vEntryKind kind = p2v_paging_decode (&kernel->tables, top, entries[i], &leaf);
      if (kind == P2V_ENTRY_TABLE && p2v_image_contains (kernel->image, leaf.pa))
        n_tables++;
      else if (entries[i] != 0 && kind != P2V_ENTRY_PAGE)
        return FALSE;
    }
  return n_tables > 0;
}

gboolean
p2v_linux_is_mm (P2vLinuxMarks *self,
                 P2vVirtAddr    va,
                 P2vLinuxMm    *ret_mm)
{
  P2vLinuxFinder *finder = self->finder;
  const P2vLinux *kernel = finder->kernel;
  P2vLinuxMm mm = { .va = va };
  P2vVirtAddr pgd_va;
  guint32 n_users;

  if (!kernel->layout[LINUX_MM_USERS].known ||
      !p2v_linux_read_word (kernel, finder->memory, va, LINUX_MM_PGD, &pgd_va) ||
      !p2v_linux_read_u32 (kernel, finder->memory, va, LINUX_MM_USERS, &n_users) || n_users == 0 ||
      n_users > MAX_MM_USERS || !p2v_virtual_memory_translate (finder->memory, pgd_va, &mm.root_pa)
      || mm.root_pa % self->root.table_bytes != 0 ||
      (self->root.known ? !p2v_linux_is_root (self, mm.root_pa, NULL)
                        : !is_user_root (kernel, mm.root_pa)))
    return FALSE;
  if (!kernel->layout[LINUX_MM_OWNER].known ||
      !p2v_linux_read_word (kernel, finder->memory, va, LINUX_MM_OWNER, &mm.owner_va))
    mm.owner_va = 0;
  *ret_mm = mm;
  return TRUE;
}

gboolean
p2v_linux_is_root (P2vLinuxMarks *self,
                   P2vPhysAddr    pa,
                   gboolean      *ret_is_whole)
{
  const P2vLinuxRootRule *rule = &self->root;
  const P2vLinux *kernel = self->finder->kernel;
  guint64 text_entry, linear_entry;

  if (!rule->known || !read_entry (kernel, pa, rule->text_slot, &text_entry) ||
      !read_entry (kernel, pa, rule->linear_slot, &linear_entry) ||
      ((text_entry ^ rule->text_entry) & rule->compared_bits) != 0)
    return FALSE;
  if (ret_is_whole != NULL)
    *ret_is_whole = ((linear_entry ^ rule->linear_entry) & rule->compared_bits) == 0;
  return TRUE;
}
