/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/p2v-text.h"
#include "image/p2v-image-private.h"
#include "index/p2v-store-private.h"

struct _P2vStore
{
  gatomicrefcount  ref_count;
  char            *folder;
};

P2vStore *
p2v_store_new (const char *folder)
{
  P2vStore *self = g_new0 (P2vStore, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->folder = folder != NULL ? g_strdup (folder)
                                : g_build_filename (g_get_user_cache_dir (), "pas2vas", NULL);
  return self;
}

P2vStore *
p2v_store_ref (P2vStore *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
p2v_store_unref (P2vStore *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->folder);
  g_free (self);
}

const char *
p2v_store_get_folder (P2vStore *self)
{
  return self->folder;
}

/* The image's own path, whatever way it was given: one file an image. */
static char *
dup_image_path (P2vImage *image)
{
  g_autofree char *real = realpath (p2v_image_get_path (image), NULL);

  return g_strdup (real != NULL ? real : p2v_image_get_path (image));
}

char *
p2v_store_dup_path (P2vStore   *self,
                    P2vImage   *image,
                    const char *suffix)
{
  g_autofree char *path = dup_image_path (image);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, path, -1);
  g_autofree char *name = g_strdup_printf ("%.32s%s", hash, suffix);

  return g_build_filename (self->folder, name, NULL);
}

int
p2v_store_open_own_file (const char  *path,
                         char       **ret_reason)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat status;

  if (fd < 0)
    return -1;
  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode) && status.st_uid == geteuid () &&
      !(status.st_mode & (S_IWGRP | S_IWOTH)))
    return fd;
  *ret_reason = g_strdup (_("others may have written it"));
  close (fd);
  return -1;
}

/* The time of use orders the files when the oldest must go. */
static void
touch (int fd)
{
  (void) futimens (fd, NULL);
}

P2vReverseMap *
p2v_store_load (P2vStore               *self,
                const P2vStoreSubject  *subject,
                const GArray           *pfns,
                P2vBuildReport         *ret_report,
                char                  **ret_reason)
{
  g_autofree char *path = p2v_store_dup_path (self, subject->image, STORE_SUFFIX);
  P2vStoreHeader expected;

  *ret_reason = NULL;
  int fd = p2v_store_open_own_file (path, ret_reason);
  if (fd < 0)
    return NULL;
  P2vReverseMap *map = NULL;
  if (p2v_store_describe_subject (subject, &expected, NULL))
    map = p2v_store_read_file (fd, &expected, subject->image, pfns, ret_report, ret_reason);
  if (map != NULL)
    touch (fd);
  close (fd);
  return map;
}

guint64
p2v_store_get_hint (P2vStore *self,
                    P2vImage *image)
{
  g_autofree char *path = p2v_store_dup_path (self, image, STORE_SUFFIX);
  g_autofree char *reason = NULL;
  P2vStoreHeader header;
  guint64 hint = 0;

  int fd = p2v_store_open_own_file (path, &reason);
  if (fd < 0)
    return 0;
  if (pread (fd, &header, sizeof header, 0) == (gssize) sizeof header &&
      p2v_store_header_is_sound (&header))
    hint = header.words[STORE_SYSTEM_HINT];
  close (fd);
  return hint;
}

/* An error of ours, with what the system said. */
static gboolean
set_errno_error (const char  *path,
                 GError     **error)
{
  int saved_errno = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "“%s”: %s", path,
               g_strerror (saved_errno));
  return FALSE;
}

static gboolean
write_aside (const P2vStoreSubject  *subject,
             P2vStoreHeader         *header,
             P2vReverseMap          *map,
             const P2vBuildReport   *report,
             const char             *path,
             const char             *aside,
             int                     fd,
             GError                **error)
{
  g_autofree char *image_path = dup_image_path (subject->image);
  gboolean ok = p2v_store_write_file (fd, header, image_path, map, report, error);

  ok = close (fd) == 0 && ok;
  if (ok && rename (aside, path) < 0)
    ok = set_errno_error (path, error);
  if (!ok)
    g_unlink (aside);
  return ok;
}

/* Makes the rename last through a crash. */
static void
sync_folder (P2vStore *self)
{
  int fd = open (self->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return;
  (void) !fsync (fd);
  close (fd);
}

static int
compare_items_by_use (gconstpointer a,
                      gconstpointer b)
{
  const P2vCacheItem *x = *(P2vCacheItem **) a, *y = *(P2vCacheItem **) b;

  return (x->used_unix_s < y->used_unix_s) - (x->used_unix_s > y->used_unix_s);
}

/* Removes an index and what was found for it. */
static gboolean
remove_item (P2vStore           *self,
             const P2vCacheItem *item)
{
  g_autofree char *path = g_build_filename (self->folder, item->file_name, NULL);

  if (g_str_has_suffix (path, STORE_SUFFIX))
    {
      g_autofree char *stem = g_strndup (path, strlen (path) - strlen (STORE_SUFFIX));
      g_autofree char *findings = g_strconcat (stem, STORE_FINDINGS_SUFFIX, NULL);
      g_unlink (findings);
    }
  return g_unlink (path) == 0;
}

/* The newest, which has just been written, stays, however large it is. */
static void
remove_oldest (P2vStore *self,
               guint64   max_bytes)
{
  g_autoptr (GPtrArray) items = p2v_store_list (self);
  guint64 total = 0;

  for (guint i = 0; i < items->len; i++)
    {
      const P2vCacheItem *item = g_ptr_array_index (items, i);
      total += item->size_bytes;
      if (i > 0 && total > max_bytes)
        remove_item (self, item);
    }
}

gboolean
p2v_store_save (P2vStore               *self,
                const P2vStoreSubject  *subject,
                P2vReverseMap          *map,
                const P2vBuildReport   *report,
                guint64                 max_bytes,
                GError                **error)
{
  g_autofree char *path = p2v_store_dup_path (self, subject->image, STORE_SUFFIX);
  g_autofree char *aside = g_strconcat (path, ".XXXXXX", NULL);
  P2vStoreHeader header;

  if (!p2v_store_describe_subject (subject, &header, error))
    return FALSE;
  if (g_mkdir_with_parents (self->folder, 0700) < 0)
    return set_errno_error (self->folder, error);
  int fd = g_mkstemp_full (aside, O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0)
    return set_errno_error (self->folder, error);
  if (!write_aside (subject, &header, map, report, path, aside, fd, error))
    return FALSE;
  sync_folder (self);
  remove_oldest (self, max_bytes);
  return TRUE;
}

static void
free_item (gpointer item)
{
  p2v_cache_item_free (item);
}

/* The path that a file was written for, as it says itself. */
static char *
read_image_path (const char *path)
{
  g_autofree char *reason = NULL;
  P2vStoreHeader header;
  char text[4096];
  gssize n = -1;

  int fd = p2v_store_open_own_file (path, &reason);
  if (fd < 0)
    return g_strdup ("?");
  if (pread (fd, &header, sizeof header, 0) == (gssize) sizeof header &&
      p2v_store_header_is_sound (&header))
    n = pread (fd, text, MIN (sizeof text, header.words[STORE_PATH_BYTES]), sizeof header);
  close (fd);
  return n > 0 ? p2v_text_escape (text, n) : g_strdup ("?");
}

static void
add_item (GPtrArray  *items,
          const char *folder,
          const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  GStatBuf status;

  if (g_lstat (path, &status) < 0 || !S_ISREG (status.st_mode))
    return;
  P2vCacheItem *item = g_new0 (P2vCacheItem, 1);
  item->file_name = g_strdup (name);
  item->image_path = read_image_path (path);
  item->size_bytes = (guint64) status.st_size;
  item->used_unix_s = status.st_mtime;
  g_ptr_array_add (items, item);
}

GPtrArray *
p2v_store_list (P2vStore *self)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (free_item);
  g_autoptr (GDir) folder = g_dir_open (self->folder, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    /* What a crash has left of writing has more behind the suffix; it is listed and removed as
     * well. */
    if (strstr (name, STORE_SUFFIX) != NULL)
      add_item (items, self->folder, name);
  g_ptr_array_sort (items, compare_items_by_use);
  return items;
}

/* What was found for images that have no index. */
static void
remove_findings (P2vStore *self)
{
  g_autoptr (GDir) folder = g_dir_open (self->folder, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    if (strstr (name, STORE_FINDINGS_SUFFIX) != NULL)
      {
        g_autofree char *path = g_build_filename (self->folder, name, NULL);
        g_unlink (path);
      }
}

guint
p2v_store_clear (P2vStore *self,
                 guint    *ret_n_removed)
{
  g_autoptr (GPtrArray) items = p2v_store_list (self);
  guint n_failed = 0;

  for (guint i = 0; i < items->len; i++)
    if (!remove_item (self, g_ptr_array_index (items, i)))
      n_failed++;
  remove_findings (self);
  *ret_n_removed = items->len - n_failed;
  return n_failed;
}
