/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Names of what is in the page cache: from a struct address_space to the file it belongs to. Only
 * open files say where they are mounted, so a name is made of one of the inode's directory entries
 * and the first mount of its file system. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "base/p2v-text.h"
#include "os/linux/p2v-linux-frame-names.h"

/* Source: Linux include/linux/fs.h, super_block.s_id; include/linux/genhd.h DISK_NAME_LEN. */
#define MAX_NAME_BYTES 32

/* Source: Linux include/linux/kdev_t.h, MINORBITS. */
#define MINOR_BITS 20

/* A member of one of the structures between an address space and a name. */
static gboolean
find_member_va (const P2vLinux *kernel,
                const char     *type,
                const char     *member,
                P2vVirtAddr     object_va,
                P2vVirtAddr    *ret_va)
{
  P2vMember found;

  if (!p2v_type_source_find_member (kernel->types, type, member, &found))
    return FALSE;
  *ret_va = object_va + found.offset_bytes;
  return TRUE;
}

static gboolean
read_member (const P2vLinux   *kernel,
             P2vVirtualMemory *memory,
             const char       *type,
             const char       *member,
             P2vVirtAddr       object_va,
             guint64          *ret_value)
{
  P2vVirtAddr va;

  return find_member_va (kernel, type, member, object_va, &va) &&
         p2v_linux_read_word_at (kernel, memory, va, ret_value);
}

/* The structure that has its @member at @member_va. */
static gboolean
find_container (const P2vLinux *kernel,
                const char     *type,
                const char     *member,
                P2vVirtAddr     member_va,
                P2vVirtAddr    *ret_va)
{
  P2vVirtAddr offset;

  if (!find_member_va (kernel, type, member, 0, &offset))
    return FALSE;
  *ret_va = member_va - offset;
  return TRUE;
}

static char *
dup_text (P2vVirtualMemory *memory,
          P2vVirtAddr       va)
{
  g_autoptr (GString) text = g_string_new (NULL);

  p2v_virtual_memory_append_string (memory, va, MAX_NAME_BYTES, text);
  return p2v_text_escape (text->str, (gssize) text->len);
}

/* The inode's first directory entry, by the first mount of its file system; NULL if it has none, as
 * after the entry was dropped from the cache. */
static char *
dup_path (const P2vLinux   *kernel,
          P2vVirtualMemory *memory,
          P2vVirtAddr       inode_va)
{
  P2vVirtAddr alias_va, dentry_va, sb_va, instance_va, mount_va;

  if (!read_member (kernel, memory, "inode", "i_dentry", inode_va, &alias_va) || alias_va == 0 ||
      !find_container (kernel, "dentry", "d_u.d_alias", alias_va, &dentry_va) ||
      !read_member (kernel, memory, "inode", "i_sb", inode_va, &sb_va) ||
      !read_member (kernel, memory, "super_block", "s_mounts", sb_va, &instance_va) ||
      !find_container (kernel, "mount", "mnt_instance", instance_va, &mount_va))
    return NULL;
  return p2v_linux_dup_path (kernel, memory, dentry_va,
                             p2v_linux_field_va (kernel, mount_va, LINUX_MOUNT_MNT));
}

/* The name of a disk, whose cache is not that of a file; NULL if the inode is not of one. */
static char *
dup_disk_name (const P2vLinux   *kernel,
               P2vVirtualMemory *memory,
               P2vVirtAddr       inode_va,
               const char       *fs_type)
{
  P2vVirtAddr device_at;
  guint32 device;

  if (!g_str_equal (fs_type, "bdev") ||
      !find_member_va (kernel, "inode", "i_rdev", inode_va, &device_at) ||
      !p2v_virtual_memory_read_u32 (memory, device_at, &device))
    return NULL;
  /* Translators: major and minor number of a disk or partition. */
  return g_strdup_printf (_("disk %u:%u"), device >> MINOR_BITS,
                          device & (((guint32) 1 << MINOR_BITS) - 1));
}

static char *
dup_file_system_type (const P2vLinux   *kernel,
                      P2vVirtualMemory *memory,
                      P2vVirtAddr       sb_va)
{
  P2vVirtAddr type_va, name_va;

  if (!read_member (kernel, memory, "super_block", "s_type", sb_va, &type_va) ||
      !read_member (kernel, memory, "file_system_type", "name", type_va, &name_va))
    return g_strdup ("?");
  return dup_text (memory, name_va);
}

/* An inode that has no name any more, or never had one. */
static char *
dup_number (const P2vLinux   *kernel,
            P2vVirtualMemory *memory,
            P2vVirtAddr       inode_va)
{
  P2vVirtAddr sb_va, id_va;
  guint64 number;

  if (!read_member (kernel, memory, "inode", "i_ino", inode_va, &number) ||
      !read_member (kernel, memory, "inode", "i_sb", inode_va, &sb_va) ||
      !find_member_va (kernel, "super_block", "s_id", sb_va, &id_va))
    return NULL;
  g_autofree char *fs_type = dup_file_system_type (kernel, memory, sb_va);
  g_autofree char *disk = dup_disk_name (kernel, memory, inode_va, fs_type);
  if (disk != NULL)
    return g_steal_pointer (&disk);
  g_autofree char *id = dup_text (memory, id_va);
  /* Translators: number of a file, type of its file system, disk: "inode 12 of ext4 (vda1)". */
  return g_strdup_printf (_("inode %" PRIu64 " of %s (%s)"), number, fs_type, id);
}

char *
p2v_linux_dup_mapping_name (const P2vLinux   *kernel,
                            P2vVirtualMemory *memory,
                            P2vVirtAddr       mapping_va)
{
  P2vVirtAddr inode_va;

  if (!read_member (kernel, memory, "address_space", "host", mapping_va, &inode_va) ||
      inode_va == 0)
    return NULL;
  char *path = dup_path (kernel, memory, inode_va);
  return path != NULL ? path : dup_number (kernel, memory, inode_va);
}
