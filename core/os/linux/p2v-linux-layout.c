/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "os/linux/p2v-linux-private.h"

/* Sizes are in bytes, or so many words, the size of pointers and longs. */
#define WORD ((guint32) 0x100)

/* Where each field is looked for. A size of 0 means any. Optional fields differ between versions;
 * whoever reads one asks layout[].known first. No version number is tested anywhere: presence is.
 * Source: the structures in Linux 6.1 and 6.12,
 * include/linux/{sched,mm_types,fs,dcache,mount,pid,xarray}.h and fs/mount.h; names and sizes only,
 * the offsets come from the image. */
static const struct
{
  const char *type;
  const char *member;
  guint32     size_bytes;
  gboolean    optional;
} fields[LINUX_N_FIELDS] = {
  [LINUX_TASK_TASKS] = { "task_struct", "tasks", 2 * WORD, FALSE },
  [LINUX_TASK_PID] = { "task_struct", "pid", 4, FALSE },
  [LINUX_TASK_TGID] = { "task_struct", "tgid", 4, FALSE },
  [LINUX_TASK_COMM] = { "task_struct", "comm", 0, FALSE },
  [LINUX_TASK_FLAGS] = { "task_struct", "flags", 4, FALSE },
  [LINUX_TASK_EXIT_STATE] = { "task_struct", "exit_state", 4, FALSE },
  [LINUX_TASK_MM] = { "task_struct", "mm", WORD, FALSE },
  [LINUX_TASK_SIGNAL] = { "task_struct", "signal", WORD, FALSE },
  [LINUX_TASK_THREAD_NODE] = { "task_struct", "thread_node", 2 * WORD, FALSE },
  [LINUX_TASK_REAL_PARENT] = { "task_struct", "real_parent", WORD, FALSE },
  [LINUX_TASK_START_BOOTTIME] = { "task_struct", "start_boottime", 8, TRUE },
  [LINUX_TASK_CRED] = { "task_struct", "real_cred", WORD, TRUE },
  [LINUX_TASK_THREAD_PID] = { "task_struct", "thread_pid", WORD, TRUE },
  [LINUX_TASK_PID_LINKS] = { "task_struct", "pid_links", 0, TRUE },
  [LINUX_TASK_STACK] = { "task_struct", "stack", WORD, TRUE },
  [LINUX_SIGNAL_THREAD_HEAD] = { "signal_struct", "thread_head", 2 * WORD, FALSE },
  [LINUX_SIGNAL_NR_THREADS] = { "signal_struct", "nr_threads", 4, FALSE },
  [LINUX_CRED_UID] = { "cred", "uid", 4, TRUE },
  [LINUX_PID_TASKS] = { "pid", "tasks", 0, TRUE },
  [LINUX_PID_NUMBERS] = { "pid", "numbers", 0, TRUE },
  [LINUX_UPID_NS] = { "upid", "ns", WORD, TRUE },
  [LINUX_PID_NS_XA_HEAD] = { "pid_namespace", "idr.idr_rt.xa_head", WORD, TRUE },
  [LINUX_XA_NODE_SLOTS] = { "xa_node", "slots", 0, TRUE },
  [LINUX_MM_PGD] = { "mm_struct", "pgd", WORD, FALSE },
  [LINUX_MM_MA_ROOT] = { "mm_struct", "mm_mt.ma_root", WORD, TRUE },
  [LINUX_MM_MMAP] = { "mm_struct", "mmap", WORD, TRUE },
  [LINUX_MM_START_BRK] = { "mm_struct", "start_brk", WORD, FALSE },
  [LINUX_MM_BRK] = { "mm_struct", "brk", WORD, FALSE },
  [LINUX_MM_START_STACK] = { "mm_struct", "start_stack", WORD, FALSE },
  [LINUX_MM_VDSO] = { "mm_struct", "context.vdso", WORD, TRUE },
  [LINUX_VMA_START] = { "vm_area_struct", "vm_start", WORD, FALSE },
  [LINUX_VMA_END] = { "vm_area_struct", "vm_end", WORD, FALSE },
  [LINUX_VMA_NEXT] = { "vm_area_struct", "vm_next", WORD, TRUE },
  [LINUX_VMA_FLAGS] = { "vm_area_struct", "vm_flags", WORD, FALSE },
  [LINUX_VMA_PGOFF] = { "vm_area_struct", "vm_pgoff", WORD, FALSE },
  [LINUX_VMA_FILE] = { "vm_area_struct", "vm_file", WORD, FALSE },
  [LINUX_VMA_OPS] = { "vm_area_struct", "vm_ops", WORD, FALSE },
  [LINUX_VMA_PRIVATE_DATA] = { "vm_area_struct", "vm_private_data", WORD, FALSE },
  [LINUX_RANGE64_PIVOT] = { "maple_range_64", "pivot", 0, TRUE },
  [LINUX_RANGE64_SLOT] = { "maple_range_64", "slot", 0, TRUE },
  [LINUX_ARANGE64_PIVOT] = { "maple_arange_64", "pivot", 0, TRUE },
  [LINUX_ARANGE64_SLOT] = { "maple_arange_64", "slot", 0, TRUE },
  [LINUX_FILE_DENTRY] = { "file", "f_path.dentry", WORD, FALSE },
  [LINUX_FILE_MNT] = { "file", "f_path.mnt", WORD, FALSE },
  [LINUX_DENTRY_NAME] = { "dentry", "d_name.name", WORD, FALSE },
  [LINUX_DENTRY_NAME_LENGTH] = { "dentry", "d_name.len", 4, FALSE },
  [LINUX_DENTRY_PARENT] = { "dentry", "d_parent", WORD, FALSE },
  [LINUX_DENTRY_HASH_PPREV] = { "dentry", "d_hash.pprev", WORD, FALSE },
  [LINUX_VFSMOUNT_ROOT] = { "vfsmount", "mnt_root", WORD, FALSE },
  [LINUX_MOUNT_MNT] = { "mount", "mnt", 0, FALSE },
  [LINUX_MOUNT_PARENT] = { "mount", "mnt_parent", WORD, FALSE },
  [LINUX_MOUNT_MOUNTPOINT] = { "mount", "mnt_mountpoint", WORD, FALSE },
  [LINUX_MOUNT_NAMESPACE] = { "mount", "mnt_ns", WORD, TRUE },
  [LINUX_BACKING_FILE_DENTRY] = { "backing_file", "user_path.dentry", WORD, TRUE },
  [LINUX_BACKING_FILE_MNT] = { "backing_file", "user_path.mnt", WORD, TRUE },
  [LINUX_SPECIAL_MAPPING_NAME] = { "vm_special_mapping", "name", WORD, FALSE },
  [LINUX_UTS_NODENAME] = { "uts_namespace", "name.nodename", 0, TRUE },
  [LINUX_TIMEKEEPER_XTIME_SEC] = { "timekeeper", "xtime_sec", 8, TRUE },
  [LINUX_TASK_PTRACED] = { "task_struct", "ptraced", 2 * WORD, TRUE },
  [LINUX_TASK_PTRACE_ENTRY] = { "task_struct", "ptrace_entry", 2 * WORD, TRUE },
  [LINUX_TASK_GROUP_LEADER] = { "task_struct", "group_leader", WORD, TRUE },
  [LINUX_TASK_SCHED_CLASS] = { "task_struct", "sched_class", WORD, TRUE },
  [LINUX_MM_MMLIST] = { "mm_struct", "mmlist", 2 * WORD, TRUE },
  [LINUX_MM_MMAP_LOCK_WAIT_LIST] = { "mm_struct", "mmap_lock.wait_list", 2 * WORD, TRUE },
  [LINUX_MM_USERS] = { "mm_struct", "mm_users", 4, TRUE },
  [LINUX_MM_OWNER] = { "mm_struct", "owner", WORD, TRUE },
  [LINUX_MM_EXE_FILE] = { "mm_struct", "exe_file", WORD, TRUE },
  [LINUX_PAGE_PT_MM] = { "page", "pt_mm", WORD, TRUE },
  [LINUX_PTDESC_PT_MM] = { "ptdesc", "pt_mm", WORD, TRUE },
};

/* Names that fields had in older kernels; what they hold is the same. A task's pids[0] begins with
 * the node that pid_links[0] is now. Source: include/linux/sched.h and pid.h of Linux 5.4
 * (real_start_time) and 4.18 (pids, struct pid_link). */
static const struct
{
  P2vLinuxField field;
  const char   *member;
} older_names[] = {
  { LINUX_TASK_START_BOOTTIME, "real_start_time" },
  { LINUX_TASK_PID_LINKS, "pids" },
};

static guint32
expected_bytes (const P2vLinux *self,
                P2vLinuxField   field)
{
  guint32 size = fields[field].size_bytes;

  return size < WORD ? size : size / WORD * self->arch->word_bytes;
}

static gboolean
find_member (const P2vLinux *self,
             P2vLinuxField   field,
             const char     *name,
             P2vMember      *ret_member)
{
  return p2v_type_source_find_member (self->types, fields[field].type, name, ret_member) &&
         ret_member->bit_width == 0;
}

/* Under the name of an older kernel another size is another thing: real_start_time was a struct. */
static gboolean
find_older_member (const P2vLinux *self,
                   P2vLinuxField   field,
                   P2vMember      *ret_member)
{
  guint32 size_bytes = expected_bytes (self, field);

  for (gsize i = 0; i < G_N_ELEMENTS (older_names); i++)
    if (older_names[i].field == field &&
        find_member (self, field, older_names[i].member, ret_member))
      return size_bytes == 0 || ret_member->size_bytes == size_bytes;
  return FALSE;
}

gboolean
p2v_linux_layout_resolve (P2vLinux  *self,
                          GError   **error)
{
  for (guint i = 0; i < LINUX_N_FIELDS; i++)
    {
      P2vLinuxLayoutField *field = &self->layout[i];
      guint32 size_bytes = expected_bytes (self, i);
      P2vMember member;

      *field = (P2vLinuxLayoutField) { 0 };
      if (find_member (self, i, fields[i].member, &member) ||
          find_older_member (self, i, &member))
        *field = (P2vLinuxLayoutField) { TRUE, member.offset_bytes, member.size_bytes };
      if (field->known && size_bytes != 0 && size_bytes != field->size_bytes)
        {
          g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_SYMBOLS_MISSING,
                       _("its type information gives struct %s member %s %u bytes, expected %u"),
                       fields[i].type, fields[i].member, field->size_bytes, size_bytes);
          return FALSE;
        }
      if (!field->known && !fields[i].optional)
        {
          g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_SYMBOLS_MISSING,
                       _("its type information has no struct %s with a member %s"), fields[i].type,
                       fields[i].member);
          return FALSE;
        }
    }
  return TRUE;
}

/* What a kernel must at least be known by to tell its processes, in the order of inference. */
static const P2vLinuxField essential_fields[] = {
  LINUX_TASK_COMM,          LINUX_TASK_TASKS,       LINUX_TASK_MM,    LINUX_TASK_PID,
  LINUX_TASK_TGID,          LINUX_TASK_REAL_PARENT, LINUX_TASK_FLAGS, LINUX_TASK_EXIT_STATE,
  LINUX_TASK_SIGNAL,        LINUX_TASK_THREAD_NODE, LINUX_MM_PGD,
  LINUX_SIGNAL_THREAD_HEAD,
};

/* The fields of a layout as a source of types, by the names they have above. */
typedef struct
{
  P2vTypeSource       base;
  P2vLinuxLayoutField layout[LINUX_N_FIELDS];
} LayoutSource;

static gboolean
find_layout_member (const P2vTypeSource *source,
                    const char          *type_name,
                    const char          *member_path,
                    P2vMember           *ret_member)
{
  const LayoutSource *self = (const LayoutSource *) source;

  for (guint i = 0; i < LINUX_N_FIELDS; i++)
    {
      const P2vLinuxLayoutField *field = &self->layout[i];
      if (!field->known || strcmp (fields[i].type, type_name) != 0 ||
          strcmp (fields[i].member, member_path) != 0)
        continue;
      *ret_member = (P2vMember) { .offset_bits = (guint64) field->offset_bytes * 8,
                                  .offset_bytes = field->offset_bytes,
                                  .size_bytes = field->size_bytes };
      return TRUE;
    }
  return FALSE;
}

static gboolean
find_no_size (const P2vTypeSource *source G_GNUC_UNUSED,
              const char          *type_name G_GNUC_UNUSED,
              guint32             *ret_size_bytes G_GNUC_UNUSED)
{
  return FALSE;
}

static gboolean
find_no_enumerator (const P2vTypeSource *source G_GNUC_UNUSED,
                    const char          *name G_GNUC_UNUSED,
                    gint64              *ret_value G_GNUC_UNUSED)
{
  return FALSE;
}

static void
free_layout_source (P2vTypeSource *source)
{
  g_free (source);
}

static const P2vTypeSourceFuncs layout_source_funcs = {
  .find_member = find_layout_member,
  .find_size = find_no_size,
  .find_enumerator = find_no_enumerator,
  .free = free_layout_source,
};

gboolean
p2v_linux_layout_check (P2vLinux  *self,
                        GError   **error)
{
  LayoutSource *source;

  for (gsize i = 0; i < G_N_ELEMENTS (essential_fields); i++)
    if (!self->layout[essential_fields[i]].known)
      {
        g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_SYMBOLS_MISSING,
                     _("it has no type information (BTF), and where struct %s has its member %s "
                       "could not be inferred"),
                     fields[essential_fields[i]].type, fields[essential_fields[i]].member);
        return FALSE;
      }
  source = g_new0 (LayoutSource, 1);
  source->base.funcs = &layout_source_funcs;
  memcpy (source->layout, self->layout, sizeof source->layout);
  self->own_types = &source->base;
  return TRUE;
}
