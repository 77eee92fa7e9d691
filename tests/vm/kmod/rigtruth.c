/* SPDX-License-Identifier: GPL-2.0-only
 * Copyright 2026 The pas2vas authors */

/* rigtruth: a test-rig kernel module.  /proc/rigtruth lists every thread with
 * the kernel's own idea of its task_struct, mm_struct and top page table. */
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/init.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/mm.h>
#include <linux/io.h>
#include <linux/pid_namespace.h>

static int
rig_show (struct seq_file *m, void *v)
{
  struct task_struct *g, *t;

  seq_printf (m, "#page_offset\t%lx\n", (unsigned long)PAGE_OFFSET);
  seq_printf (m, "#init_task\t%px\n", &init_task);
  seq_printf (m,
              "#off\ttask.mm=%zu task.pid=%zu task.tgid=%zu task.comm=%zu task.tasks=%zu "
              "task.active_mm=%zu task.real_parent=%zu task.signal=%zu mm.pgd=%zu mm.mm_users=%zu "
              "mm.mm_count=%zu sizeof_task=%zu sizeof_mm=%zu\n",
              offsetof (struct task_struct, mm), offsetof (struct task_struct, pid),
              offsetof (struct task_struct, tgid), offsetof (struct task_struct, comm),
              offsetof (struct task_struct, tasks), offsetof (struct task_struct, active_mm),
              offsetof (struct task_struct, real_parent), offsetof (struct task_struct, signal),
              offsetof (struct mm_struct, pgd), offsetof (struct mm_struct, mm_users),
              offsetof (struct mm_struct, mm_count), sizeof (struct task_struct),
              sizeof (struct mm_struct));
  seq_puts (m, "#pid\ttgid\tppid\tcomm_hex\ttask_va\ttask_pa\tmm_va\tmm_pa\tactive_mm_va\tpgd_"
               "va\tpgd_pa\tflags\texit_state\tmm_users\tmm_count\tstart_ns\n");
  rcu_read_lock ();
  for_each_process_thread (g, t)
  {
    struct mm_struct *mm = t->mm;
    u64 mmpa = mm ? (u64)virt_to_phys (mm) : 0;
    u64 pgpa = mm ? (u64)virt_to_phys (mm->pgd) : 0;

    seq_printf (m,
                "%d\t%d\t%d\t%*phN\t%px\t%llx\t%px\t%llx\t%px\t%px\t%llx\t%x\t%x\t%d\t%d\t%llu\n",
                t->pid, t->tgid, rcu_dereference (t->real_parent)->tgid, TASK_COMM_LEN, t->comm, t,
                (u64)virt_to_phys (t), mm, mmpa, t->active_mm, mm ? mm->pgd : NULL, pgpa, t->flags,
                t->exit_state, mm ? atomic_read (&mm->mm_users) : 0,
                mm ? atomic_read (&mm->mm_count) : 0, t->start_time);
  }
  rcu_read_unlock ();
  return 0;
}

static int __init
rig_init (void)
{
  return proc_create_single ("rigtruth", 0400, NULL, rig_show) ? 0 : -ENOMEM;
}
static void __exit
rig_exit (void)
{
  remove_proc_entry ("rigtruth", NULL);
}
module_init (rig_init);
module_exit (rig_exit);
MODULE_LICENSE ("GPL");
