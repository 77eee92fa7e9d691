/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Names of files that never were in a directory, as /proc/PID/maps shows them: the file system
 * that the kernel has for them makes the name when it is asked for. */

#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "os/linux/p2v-linux-private.h"

#define DELETED " (deleted)"

/* Source: Linux include/linux/fs.h, names of file systems; the longest we ask for has 12. */
#define MAX_TYPE_BYTES 32

/* Source: Linux include/linux/dma-buf.h, DMA_BUF_NAME_LEN. */
#define MAX_BUFFER_NAME_BYTES 32

/* Where types say nothing a pointer is looked for in so many words. */
#define MAX_WORDS 24

/* What a structure of a kernel for 64 bits may be long, at most; so far a pointer into itself
 * reaches. */
#define MAX_INODE_BYTES 1024

/* A word of a structure: by its type, or else @otherwise bytes behind the start. */
static gboolean
read_member (const P2vLinux   *self,
             P2vVirtualMemory *memory,
             const char       *type,
             const char       *member,
             P2vVirtAddr       object_va,
             guint32           otherwise,
             guint64          *ret_value)
{
  P2vMember found = { .offset_bytes = otherwise };

  (void) !p2v_type_source_find_member (self->types, type, member, &found);
  return p2v_linux_read_word_at (self, memory, object_va + found.offset_bytes, ret_value) &&
         *ret_value != 0;
}

/* The name of a file system's type: its first member. FALSE if there is none at @type_va. */
static gboolean
read_type_name (const P2vLinux   *self,
                P2vVirtualMemory *memory,
                P2vVirtAddr       type_va,
                GString          *name)
{
  P2vVirtAddr name_va;

  g_string_truncate (name, 0);
  if (type_va < self->least_kernel_va ||
      !p2v_linux_read_word_at (self, memory, type_va, &name_va) ||
      name_va < self->least_kernel_va)
    return FALSE;
  p2v_virtual_memory_append_string (memory, name_va, MAX_TYPE_BYTES, name);
  return name->len > 1 && name->len < MAX_TYPE_BYTES &&
         strspn (name->str, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == name->len;
}

/* The type of the file system that is mounted; empty if it is not known. Behind the root of a mount
 * stands its file system, in which no other pointer than that to the type leads to a name.
 * Source: Linux include/linux/mount.h struct vfsmount, include/linux/fs.h struct super_block and
 * struct file_system_type (5.10, 6.1, 7.2). */
static void
read_file_system (const P2vLinux   *self,
                  P2vVirtualMemory *memory,
                  P2vVirtAddr       mnt_va,
                  GString          *name)
{
  guint32 word = self->arch->word_bytes;
  P2vVirtAddr sb_va, type_va;
  P2vMember type;

  if (!read_member (self, memory, "vfsmount", "mnt_sb", mnt_va,
                    self->layout[LINUX_VFSMOUNT_ROOT].offset_bytes + word, &sb_va))
    return;
  if (p2v_type_source_find_member (self->types, "super_block", "s_type", &type))
    {
      (void) !(p2v_linux_read_word_at (self, memory, sb_va + type.offset_bytes, &type_va) &&
               read_type_name (self, memory, type_va, name));
      return;
    }
  for (guint i = 0; i < MAX_WORDS; i++)
    if (p2v_linux_read_word_at (self, memory, sb_va + i * word, &type_va) &&
        read_type_name (self, memory, type_va, name))
      return;
  g_string_truncate (name, 0);
}

/* The number of a file. Where types say nothing: it stands behind the pointer to what is cached of
 * the file, which leads into the inode itself, and one that modules for security have.
 * Source: Linux include/linux/fs.h struct inode: i_mapping, i_security, i_ino (5.10, 6.1). */
static gboolean
read_inode_number (const P2vLinux   *self,
                   P2vVirtualMemory *memory,
                   P2vVirtAddr       inode_va,
                   guint64          *ret_number)
{
  guint32 word = self->arch->word_bytes;
  gboolean is_behind = FALSE;
  P2vMember number;

  if (p2v_type_source_find_member (self->types, "inode", "i_ino", &number))
    return p2v_linux_read_word_at (self, memory, inode_va + number.offset_bytes, ret_number);
  for (guint i = 0; i < MAX_WORDS; i++)
    {
      if (!p2v_linux_read_word_at (self, memory, inode_va + i * word, ret_number))
        return FALSE;
      if (is_behind && *ret_number < self->least_kernel_va)
        return TRUE;
      is_behind |= *ret_number > inode_va && *ret_number - inode_va < MAX_INODE_BYTES;
    }
  return FALSE;
}

/* Source: Linux net/socket.c sockfs_dname(), fs/pipe.c pipefs_dname(). */
static void
append_numbered (const P2vLinux   *self,
                 P2vVirtualMemory *memory,
                 P2vVirtAddr       dentry_va,
                 const char       *kind,
                 GString          *path)
{
  P2vVirtAddr inode_va;
  guint64 number;

  /* Behind the name stands the inode. Source: Linux include/linux/dcache.h struct dentry. */
  if (read_member (self, memory, "dentry", "d_inode", dentry_va,
                   self->layout[LINUX_DENTRY_NAME].offset_bytes + self->arch->word_bytes,
                   &inode_va) &&
      read_inode_number (self, memory, inode_va, &number))
    g_string_append_printf (path, "%s:[%" PRIu64 "]", kind, number);
  else
    g_string_append_printf (path, "%s:[?]", kind);
}

/* Source: Linux drivers/dma-buf/dma-buf.c dmabuffs_dname(). */
static void
append_buffer (const P2vLinux   *self,
               P2vVirtualMemory *memory,
               P2vVirtAddr       dentry_va,
               const char       *name,
               GString          *path)
{
  P2vVirtAddr buffer_va, name_va;
  P2vMember data, label;

  g_string_append_printf (path, "/%s:", name);
  if (p2v_type_source_find_member (self->types, "dentry", "d_fsdata", &data) &&
      p2v_type_source_find_member (self->types, "dma_buf", "name", &label) &&
      p2v_linux_read_word_at (self, memory, dentry_va + data.offset_bytes, &buffer_va) &&
      p2v_linux_read_word_at (self, memory, buffer_va + label.offset_bytes, &name_va) &&
      name_va != 0)
    p2v_virtual_memory_append_string (memory, name_va, MAX_BUFFER_NAME_BYTES, path);
}

void
p2v_linux_append_nameless (const P2vLinux   *self,
                           P2vVirtualMemory *memory,
                           P2vVirtAddr       dentry_va,
                           P2vVirtAddr       mnt_va,
                           const char       *name,
                           GString          *path)
{
  g_autoptr (GString) type = g_string_new (NULL);

  read_file_system (self, memory, mnt_va, type);
  /* Source: Linux fs/anon_inodes.c anon_inodefs_dname(). */
  if (g_str_equal (type->str, "anon_inodefs"))
    g_string_append_printf (path, "anon_inode:%s", name);
  else if (g_str_equal (type->str, "sockfs"))
    append_numbered (self, memory, dentry_va, "socket", path);
  else if (g_str_equal (type->str, "pipefs"))
    append_numbered (self, memory, dentry_va, "pipe", path);
  else if (g_str_equal (type->str, "dmabuf"))
    append_buffer (self, memory, dentry_va, name, path);
  else
    /* Source: Linux fs/d_path.c simple_dname(). */
    g_string_append_printf (path, "/%s" DELETED, name);
}
