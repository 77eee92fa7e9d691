/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Paths of open files, as /proc/PID/maps would show them.
 * Source: Linux fs/d_path.c, prepend_path() and simple_dname(). */

#include "config.h"

#include <string.h>

#include "base/p2v-limits.h"
#include "base/p2v-text.h"
#include "os/linux/p2v-linux-private.h"

#define DELETED " (deleted)"

typedef struct
{
  P2vVirtAddr dentry;
  P2vVirtAddr mnt;             /* struct vfsmount, within struct mount */
} PathPlace;

static gboolean
read_pointer (const P2vLinux   *self,
              P2vVirtualMemory *memory,
              P2vVirtAddr       object_va,
              P2vLinuxField     field,
              P2vVirtAddr      *ret_va)
{
  return p2v_linux_read_word (self, memory, object_va, field, ret_va) && *ret_va != 0;
}

/* A name that cannot be read is told as one. */
static GString *
read_name (const P2vLinux   *self,
           P2vVirtualMemory *memory,
           P2vVirtAddr       dentry)
{
  GString *name = g_string_new (NULL);
  P2vVirtAddr name_va;
  guint32 length;

  if (read_pointer (self, memory, dentry, LINUX_DENTRY_NAME, &name_va)
      && p2v_linux_read_u32 (self, memory, dentry, LINUX_DENTRY_NAME_LENGTH, &length))
    p2v_virtual_memory_append_string (memory, name_va, MIN (length, P2V_LIMIT_PATH_BYTES), name);
  if (name->len == 0)
    g_string_append_c (name, '?');
  return name;
}

typedef enum
{
  CLIMB_ON,
  CLIMB_ROOT,                  /* the path is whole */
  CLIMB_LOST,                  /* what comes before cannot be read */
} Climb;

/* From the root of a mount to the directory it covers, or to the root of all mounts. */
static Climb
leave_mount (const P2vLinux   *self,
             P2vVirtualMemory *memory,
             PathPlace        *place)
{
  P2vVirtAddr mount = place->mnt - self->layout[LINUX_MOUNT_MNT].offset_bytes;
  P2vVirtAddr parent;

  if (!read_pointer (self, memory, mount, LINUX_MOUNT_PARENT, &parent))
    return CLIMB_LOST;
  if (parent == mount)
    return CLIMB_ROOT;
  if (!read_pointer (self, memory, mount, LINUX_MOUNT_MOUNTPOINT, &place->dentry))
    return CLIMB_LOST;
  place->mnt = p2v_linux_field_va (self, parent, LINUX_MOUNT_MNT);
  return CLIMB_ON;
}

/* Moves to the parent and appends the name that was left, with the slash before it, to @path,
 * whose bytes are in reverse order. */
static Climb
climb (const P2vLinux   *self,
       P2vVirtualMemory *memory,
       PathPlace        *place,
       GString          *path)
{
  P2vVirtAddr mount_root, parent;

  if (!read_pointer (self, memory, place->mnt, LINUX_VFSMOUNT_ROOT, &mount_root)
      || !read_pointer (self, memory, place->dentry, LINUX_DENTRY_PARENT, &parent))
    return CLIMB_LOST;
  if (mount_root == place->dentry)
    return leave_mount (self, memory, place);
  /* A root that is not this mount's: the file lies outside of what is mounted. */
  if (parent == place->dentry)
    return CLIMB_ROOT;

  g_autoptr (GString) name = read_name (self, memory, place->dentry);
  g_string_append_len (path, g_strreverse (name->str), (gssize) name->len);
  g_string_append_c (path, '/');
  place->dentry = parent;
  return path->len < P2V_LIMIT_DEEP_PATH_BYTES ? CLIMB_ON : CLIMB_LOST;
}

/* Up to the root of all mounts; a cycle in damaged memory is lost when it meets a place of before,
 * which is kept for twice as many steps each time. */
static Climb
climb_all (const P2vLinux   *self,
           P2vVirtualMemory *memory,
           PathPlace         place,
           GString          *path)
{
  PathPlace kept = { 0 };
  Climb result = CLIMB_ON;

  for (guint i = 1; i <= P2V_LIMIT_DEEP_PATH_STEPS && result == CLIMB_ON; i++)
    {
      result = climb (self, memory, &place, path);
      if (place.dentry == kept.dentry && place.mnt == kept.mnt && result == CLIMB_ON)
        return CLIMB_LOST;
      if ((i & (i - 1)) == 0)
        kept = place;
    }
  return result;
}

/* A file that was never in a directory (memfd, shared memory, anonymous inodes): its dentry is its
 * own parent and not the root of its mount. */
static gboolean
is_nameless (const P2vLinux   *self,
             P2vVirtualMemory *memory,
             const PathPlace  *place)
{
  P2vVirtAddr mount_root, parent;

  return read_pointer (self, memory, place->dentry, LINUX_DENTRY_PARENT, &parent) &&
         parent == place->dentry &&
         read_pointer (self, memory, place->mnt, LINUX_VFSMOUNT_ROOT, &mount_root) &&
         mount_root != place->dentry;
}

/* A removed file's dentry is in no hash chain any more. Source: include/linux/list_bl.h
 * hlist_bl_unhashed(). */
static gboolean
is_deleted (const P2vLinux   *self,
            P2vVirtualMemory *memory,
            P2vVirtAddr       dentry)
{
  P2vVirtAddr pprev;

  return p2v_linux_read_word (self, memory, dentry, LINUX_DENTRY_HASH_PPREV, &pprev) && pprev == 0;
}

char *
p2v_linux_dup_path (const P2vLinux   *self,
                    P2vVirtualMemory *memory,
                    P2vVirtAddr       file_dentry,
                    P2vVirtAddr       mnt)
{
  g_autoptr (GString) path = g_string_new (NULL);
  PathPlace place = { file_dentry, mnt };

  if (is_nameless (self, memory, &place))
    {
      g_autoptr (GString) name = read_name (self, memory, place.dentry);
      p2v_linux_append_nameless (self, memory, file_dentry, mnt, name->str, path);
      return p2v_text_escape (path->str, (gssize) path->len);
    }

  Climb result = climb_all (self, memory, place, path);
  g_strreverse (path->str);
  if (result != CLIMB_ROOT)
    g_string_prepend_c (path, '?');
  else if (path->len == 0)
    g_string_append_c (path, '/');
  if (is_deleted (self, memory, file_dentry))
    g_string_append (path, DELETED);
  return p2v_text_escape (path->str, (gssize) path->len);
}

/* The mount of files that a file system opens for itself is in no namespace. Source: Linux
 * fs/namespace.c MNT_NS_INTERNAL, clone_private_mount(): an error number in place of a pointer. */
#define LINUX_EINVAL 22

static gboolean
is_internal_mount (const P2vLinux   *self,
                   P2vVirtualMemory *memory,
                   P2vVirtAddr       mnt)
{
  P2vVirtAddr mount = mnt - self->layout[LINUX_MOUNT_MNT].offset_bytes;
  guint64 namespace_va;

  return p2v_linux_read_word (self, memory, mount, LINUX_MOUNT_NAMESPACE, &namespace_va) &&
         namespace_va == p2v_linux_max_word (self) - LINUX_EINVAL + 1;
}

/* An area that maps a file of an overlay (of a container) has the file below it, which knows the
 * one that was opened. Only such files have that behind what all have, and a mark, but that mark is
 * another bit now and then: so it must be a file of an internal mount, with a place of another.
 * Source: Linux commit "fs: store real path instead of fake path in backing file f_path" (its
 * release, 6.7, from memory and not looked up), include/linux/fs.h file_user_path() (7.2); observed
 * on Debian's 6.12 and 7.2. Nothing here depends on the release. */
static gboolean
find_user_path (const P2vLinux   *self,
                P2vVirtualMemory *memory,
                P2vVirtAddr       file_va,
                P2vVirtAddr      *dentry,
                P2vVirtAddr      *mnt)
{
  P2vVirtAddr user_dentry, user_mnt, name_va, root;

  if (!is_internal_mount (self, memory, *mnt) ||
      !read_pointer (self, memory, file_va, LINUX_BACKING_FILE_DENTRY, &user_dentry) ||
      !read_pointer (self, memory, file_va, LINUX_BACKING_FILE_MNT, &user_mnt) ||
      !read_pointer (self, memory, user_dentry, LINUX_DENTRY_NAME, &name_va) ||
      !read_pointer (self, memory, user_mnt, LINUX_VFSMOUNT_ROOT, &root))
    return FALSE;
  *dentry = user_dentry;
  *mnt = user_mnt;
  return TRUE;
}

char *
p2v_linux_dup_file_path (const P2vLinux   *self,
                         P2vVirtualMemory *memory,
                         P2vVirtAddr       file_va)
{
  P2vVirtAddr dentry, mnt;

  if (!read_pointer (self, memory, file_va, LINUX_FILE_DENTRY, &dentry) ||
      !read_pointer (self, memory, file_va, LINUX_FILE_MNT, &mnt))
    return g_strdup ("?");
  (void) find_user_path (self, memory, file_va, &dentry, &mnt);
  return p2v_linux_dup_path (self, memory, dentry, mnt);
}
