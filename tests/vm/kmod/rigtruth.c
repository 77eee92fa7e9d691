/* SPDX-License-Identifier: GPL-2.0-only
 * Copyright 2026 The pas2vas authors */

/* rigtruth: a test-rig kernel module.  /proc/rigtruth lists every thread with
 * the kernel's own idea of its task_struct, mm_struct and top page table, every
 * page in the swap cache with its place in swap space, and every local descriptor
 * table that user mode sees.  /proc/rigmigrate is told an address of the writer,
 * and begins to move the page there to another frame, but never goes on. */
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
#include <linux/kprobes.h>
#include <linux/mmzone.h>
#include <linux/pagemap.h>
#include <linux/pid_namespace.h>
#include <linux/rmap.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#ifdef CONFIG_X86_64
#include <asm/mmu_context.h>
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0)
/* the whole folio's first place in swap space */
static swp_entry_t
first_place (struct folio *folio)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
  return folio->swap;
#else
  return (swp_entry_t){ .val = page_private (&folio->page) };
#endif
}

static void
show_swap_cache (struct seq_file *m)
{
  int nid;
  unsigned long pfn, i;

  for_each_online_node (nid)
    for (pfn = node_start_pfn (nid); pfn < node_end_pfn (nid); pfn++)
      {
        struct folio *folio;
        swp_entry_t e;

        if (!pfn_valid (pfn))
          continue;
        folio = page_folio (pfn_to_page (pfn));
        if (folio_pfn (folio) != pfn || !folio_test_swapcache (folio))
          continue;
        e = first_place (folio);
        for (i = 0; i < folio_nr_pages (folio); i++)
          seq_printf (m, "#swapcache\t%lx\t%u:%lx\n", pfn + i, (unsigned)swp_type (e),
                      (unsigned long)swp_offset (e) + i);
      }
}

static void (*migrate) (struct folio *folio, int flags);

static ssize_t
rig_migrate (struct file *file, const char __user *buf, size_t n, loff_t *at)
{
  unsigned long va;
  struct page *page;
  int err = kstrtoul_from_user (buf, n, 16, &va);

  if (err)
    return err;
  if (get_user_pages_fast (va, 1, 0, &page) != 1)
    return -EFAULT;
  lock_page (page);
  /* 32-bit kernels split huge pages first */
  migrate (page_folio (page), IS_ENABLED (CONFIG_ARCH_ENABLE_THP_MIGRATION)
                                  ? 0
                                  : TTU_SPLIT_HUGE_PMD);
  return n;
}

static const struct proc_ops migrate_ops = { .proc_write = rig_migrate };

/* the function is not exported; a probe finds it */
static void
offer_migration (void)
{
  struct kprobe probe = { .symbol_name = "try_to_migrate" };

  if (register_kprobe (&probe))
    return;
  migrate = (void *)probe.addr;
  unregister_kprobe (&probe);
  proc_create ("rigmigrate", 0200, NULL, &migrate_ops);
}
#else
/* each page of a compound one has its own place */
static void
show_swap_cache (struct seq_file *m)
{
  int nid;
  unsigned long pfn;

  for_each_online_node (nid)
    for (pfn = node_start_pfn (nid); pfn < node_end_pfn (nid); pfn++)
      if (pfn_valid (pfn) && PageSwapCache (compound_head (pfn_to_page (pfn))))
        {
          swp_entry_t e = { .val = page_private (pfn_to_page (pfn)) };

          seq_printf (m, "#swapcache\t%lx\t%u:%lx\n", pfn, (unsigned)swp_type (e),
                      (unsigned long)swp_offset (e));
        }
}
static void
offer_migration (void)
{
}
#endif

#if defined CONFIG_X86_64 && defined CONFIG_MODIFY_LDT_SYSCALL
/* with page-table isolation user mode sees it at an address of its own */
static void
show_ldt (struct seq_file *m, struct task_struct *t)
{
  struct ldt_struct *ldt = t->mm ? READ_ONCE (t->mm->context.ldt) : NULL;
  unsigned long i;

  if (!ldt || ldt->slot < 0 || !boot_cpu_has (X86_FEATURE_PTI))
    return;
  for (i = 0; i * PAGE_SIZE < ldt->nr_entries * LDT_ENTRY_SIZE; i++)
    {
      void *va = (char *)ldt->entries + i * PAGE_SIZE;

      seq_printf (m, "#ldt\t%d\t%lx\t%lx\n", t->pid,
                  LDT_BASE_ADDR + ldt->slot * LDT_ENTRIES * LDT_ENTRY_SIZE + i * PAGE_SIZE,
                  is_vmalloc_addr (va) ? vmalloc_to_pfn (va) : PHYS_PFN (__pa (va)));
    }
}
#else
static void
show_ldt (struct seq_file *m, struct task_struct *t)
{
}
#endif

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
  for_each_process (g)
    show_ldt (m, g);
  rcu_read_unlock ();
  show_swap_cache (m);
  return 0;
}

static int __init
rig_init (void)
{
  offer_migration ();
  return proc_create_single ("rigtruth", 0400, NULL, rig_show) ? 0 : -ENOMEM;
}
static void __exit
rig_exit (void)
{
  remove_proc_entry ("rigtruth", NULL);
  remove_proc_subtree ("rigmigrate", NULL);
}
module_init (rig_init);
module_exit (rig_exit);
MODULE_LICENSE ("GPL");
