/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Inference of how a file leads to its path: struct file, dentry, vfsmount and mount. */

#include "config.h"

#include <string.h>

#include "base/p2v-limits.h"
#include "os/linux/p2v-linux-infer.h"

/* What of a file is read, and how far into a dentry and a mount we look. Debian's have what is
 * sought within 32, 48 and 40. */
#define FILE_BYTES   256
#define DENTRY_BYTES 192
#define MAX_MNT      256

#define MAX_FILES    256
#define LEAST_FILES  4

/* Directories and mounts on the way up, at most. */
#define MAX_STEPS 64

/* Source: Linux include/uapi/linux/limits.h, NAME_MAX. */
#define NAME_MAX_BYTES 255

/* Source: Linux include/linux/utsname.h and uapi/linux/utsname.h: the name of the system is first,
 * the host's behind it, each of __NEW_UTS_LEN + 1 bytes. */
#define UTS_FIELD_BYTES 65

static void
take_files (P2vInference *self)
{
  guint32 offset = self->kernel->layout[LINUX_VMA_FILE].offset_bytes;

  for (guint i = 0; i < self->areas->len && self->files->len < MAX_FILES; i++)
    {
      P2vVirtAddr file = p2v_sample_word (self, p2v_sample_get (self->areas, i), offset);
      if (file != 0 && !p2v_inference_has_sample (self->files, file))
        (void) !p2v_inference_take_sample (self, self->files, file, FILE_BYTES);
    }
}

/* Whether at @name of @dentry a struct qstr ends: the name's length and a pointer to it. Source:
 * Linux include/linux/dcache.h: hash and length of 4 bytes each, then the pointer. */
static gboolean
has_name (P2vInference *self,
          P2vVirtAddr   dentry,
          guint32       name)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint32 length;

  if (!p2v_inference_is_pointer (self, dentry) ||
      !p2v_virtual_memory_read_u32 (self->memory, dentry + name - 4, &length) || length == 0 ||
      length > NAME_MAX_BYTES)
    return FALSE;
  p2v_virtual_memory_append_string (
    self->memory, p2v_inference_read_word (self, dentry + name), NAME_MAX_BYTES + 1, text);
  return text->len == length;
}

/* Whether f_path.dentry stands at @offset: then the same place in all these dentries has a name. */
static gboolean
is_file_dentry (P2vInference *self,
                guint32       offset)
{
  for (guint32 name = 2 * self->word; name < DENTRY_BYTES; name += self->word)
    {
      guint n = 0;
      for (guint i = 0; i < self->files->len; i++)
        n += has_name (self, p2v_sample_word (self, p2v_sample_get (self->files, i), offset), name);
      if (!p2v_inference_most (n, self->files->len))
        continue;
      p2v_inference_set (self, LINUX_DENTRY_NAME, name, self->word);
      p2v_inference_set (self, LINUX_DENTRY_NAME_LENGTH, name - 4, 4);
      return TRUE;
    }
  return FALSE;
}

/* The dentry above all others over @dentry by the pointer at @parent, or 0. */
static P2vVirtAddr
climb_to_top (P2vInference *self,
              P2vVirtAddr   dentry,
              guint32       parent)
{
  for (guint i = 0; i < MAX_STEPS; i++)
    {
      P2vVirtAddr above = p2v_inference_read_word (self, dentry + parent);
      if (!has_name (self, above, self->kernel->layout[LINUX_DENTRY_NAME].offset_bytes))
        return 0;
      if (above == dentry)
        return above;
      dentry = above;
    }
  return 0;
}

static P2vVirtAddr
get_file_word (P2vInference *self,
               guint         i,
               P2vLinuxField field)
{
  return p2v_sample_word (self, p2v_sample_get (self->files, i),
                          self->kernel->layout[field].offset_bytes);
}

/* d_parent leads from name to name up to one that is its own; not all at once. */
static gboolean
is_parent (P2vInference *self,
           guint32       offset)
{
  guint n = 0, n_deep = 0;

  for (guint i = 0; i < self->files->len; i++)
    {
      P2vVirtAddr dentry = get_file_word (self, i, LINUX_FILE_DENTRY);
      P2vVirtAddr top = climb_to_top (self, dentry, offset);
      n += top != 0;
      n_deep += top != 0 && top != dentry;
    }
  return p2v_inference_most (n, self->files->len) && n_deep > 0;
}

/* Whether a vfsmount stands at @offset in its mount, with mnt_parent and mnt_mountpoint before it:
 * from mount to mount one comes to one that is its own parent, over roots of mounts. Source: Linux
 * fs/mount.h, struct mount (3.3 to 6.12); mnt_root is the first field of struct vfsmount. */
static gboolean
is_mnt (P2vInference *self,
        guint32       offset)
{
  for (guint i = 0; i < self->files->len; i++)
    {
      P2vVirtAddr mnt = get_file_word (self, i, LINUX_FILE_MNT);
      guint steps = 0;
      while (p2v_inference_is_pointer (self, mnt) && steps < MAX_STEPS)
        {
          P2vVirtAddr parent = p2v_inference_read_word (self, mnt - 2 * self->word);
          if (parent == mnt - offset)
            break;
          mnt = parent + offset;
          steps++;
        }
      if (steps == MAX_STEPS || !p2v_inference_is_pointer (self, mnt))
        return FALSE;
    }
  return TRUE;
}

static void
infer_mounts (P2vInference *self)
{
  guint word = self->word;
  guint32 offset;

  if (p2v_inference_search (self, 2 * word, MAX_MNT, word, is_mnt, &offset) == 0)
    return;
  p2v_inference_set (self, LINUX_VFSMOUNT_ROOT, 0, word);
  p2v_inference_set (self, LINUX_MOUNT_MNT, offset, word);
  p2v_inference_set (self, LINUX_MOUNT_PARENT, offset - 2 * word, word);
  p2v_inference_set (self, LINUX_MOUNT_MOUNTPOINT, offset - word, word);
}

/* The name of a special mapping is its first field. Source: Linux include/linux/mm_types.h, struct
 * vm_special_mapping (3.16 to 6.12). */
static void
set_known (P2vInference *self)
{
  const char *offset = g_hash_table_lookup (self->kernel->vmcoreinfo, "OFFSET(uts_namespace.name)");
  guint64 name;

  p2v_inference_set (self, LINUX_SPECIAL_MAPPING_NAME, 0, self->word);
  if (offset != NULL && g_ascii_string_to_unsigned (offset, 10, 0, G_MAXUINT16, &name, NULL))
    p2v_inference_set (self, LINUX_UTS_NODENAME, (guint32) name + UTS_FIELD_BYTES,
                       UTS_FIELD_BYTES);
}

void
p2v_linux_infer_files (P2vInference *self)
{
  guint word = self->word;
  guint32 offset;

  set_known (self);
  g_array_set_size (self->files, 0);
  take_files (self);
  /* What is read may reach into the next files. */
  if (self->files->len < LEAST_FILES ||
      p2v_inference_search (self, word, FILE_BYTES, word, is_file_dentry, &offset) == 0 ||
      !is_file_dentry (self, offset))
    return;
  p2v_inference_set (self, LINUX_FILE_DENTRY, offset, word);
  /* f_path is mnt and dentry. Source: Linux include/linux/path.h. */
  p2v_inference_set (self, LINUX_FILE_MNT, offset - word, word);
  if (p2v_inference_search (self, word, self->kernel->layout[LINUX_DENTRY_NAME].offset_bytes, word,
                            is_parent, &offset) != 1)
    return;
  p2v_inference_set (self, LINUX_DENTRY_PARENT, offset, word);
  /* d_hash, a pointer forward and one back, stands before d_parent. Source: Linux
   * include/linux/dcache.h (2.6.39 to 6.12). */
  p2v_inference_set (self, LINUX_DENTRY_HASH_PPREV, offset - word, word);
  infer_mounts (self);
}
