/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* For SEEK_DATA. */
#define _GNU_SOURCE

#include "config.h"

#include "base/p2v-file.h"

#include "base/p2v-checked.h"
#include "base/p2v-text.h"
#include "p2v-types.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

struct _P2vFile
{
  char   *path;
  char   *display_name;
  int     fd;
  guint64 size;
  gboolean has_identity;
  P2vFileIdentity identity;
};

static void
p2v_file_clear (gpointer data)
{
  P2vFile *self = data;

  if (self->fd >= 0)
    close (self->fd);
  g_free (self->path);
  g_free (self->display_name);
}

P2vFile *
p2v_file_ref (P2vFile *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
p2v_file_unref (P2vFile *self)
{
  g_atomic_rc_box_release_full (self, p2v_file_clear);
}

/* What people call a thing that is no file of evidence. */
static const char *
describe_kind (mode_t mode)
{
  switch (mode & S_IFMT)
    {
    case S_IFDIR:
      return _("a folder");
    case S_IFIFO:
      return _("a pipe");
    case S_IFSOCK:
      return _("a socket");
    case S_IFCHR:
      return _("a character device");
    default:
      return _("neither a file nor a disk");
    }
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
check_kind (P2vFile *self,
            mode_t   mode,
            GError **error)
{
  if (S_ISREG (mode) || S_ISBLK (mode))
    return TRUE;

  g_set_error (
      error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_NOT_RECOGNIZED,
      _("“%s” is %s, but a memory image is a file or a disk; choose the image file itself"),
      self->display_name, describe_kind (mode));
  return FALSE;
}

static void
set_open_error (P2vFile *self,
                int      code,
                GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), _("Cannot open “%s”: %s"),
               self->display_name, g_strerror (code));
}

/* O_NONBLOCK keeps a pipe without a writer from holding us; for files and disks it means nothing. A
 * socket cannot be opened at all, and its ENXIO says little, so we look what stands there. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
open_descriptor (P2vFile *self,
                 GError **error)
{
  do
    self->fd = open (self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  while (self->fd < 0 && errno == EINTR);
  if (self->fd >= 0)
    return TRUE;

  int code = errno;
  struct stat status;
  if (code == ENXIO && stat (self->path, &status) == 0 && !check_kind (self, status.st_mode, error))
    return FALSE;
  set_open_error (self, code, error);
  return FALSE;
}

/* A disk says 0 as its st_size, but can be asked for its end. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
learn_size (P2vFile *self,
            GError **error)
{
  struct stat status;
  if (fstat (self->fd, &status) != 0)
    {
      set_open_error (self, errno, error);
      return FALSE;
    }
  if (!check_kind (self, status.st_mode, error))
    return FALSE;

  off_t size = S_ISBLK (status.st_mode) ? lseek (self->fd, 0, SEEK_END) : status.st_size;
  if (size < 0)
    {
      set_open_error (self, errno, error);
      return FALSE;
    }
  if (size == 0)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_NOT_RECOGNIZED,
                   _("“%s” is empty (0 bytes), so it is not a memory image; "
                      "if it is still being written, wait until that is done"),
                   self->display_name);
      return FALSE;
    }
  self->size = (guint64) size;
  self->has_identity = S_ISREG (status.st_mode);
  self->identity = (P2vFileIdentity) {
    .size_bytes = self->size,
    .mtime_ns = (gint64) status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec,
    .inode = status.st_ino,
    .device = status.st_dev,
  };
  return TRUE;
}

P2vFile *
p2v_file_open (const char *path,
               GError    **error)
{
  g_autoptr (P2vFile) self = g_atomic_rc_box_new0 (P2vFile);
  self->fd = -1;
  self->path = g_strdup (path);
  self->display_name = p2v_text_escape (path, -1);

  if (!open_descriptor (self, error) || !learn_size (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

const char *
p2v_file_get_path (P2vFile *self)
{
  return self->path;
}

const char *
p2v_file_get_display_name (P2vFile *self)
{
  return self->display_name;
}

const P2vFileIdentity *
p2v_file_get_identity (P2vFile *self)
{
  return self->has_identity ? &self->identity : NULL;
}

guint64
p2v_file_get_size (P2vFile *self)
{
  return self->size;
}

static void
set_beyond_end_error (P2vFile *self,
                      guint64  offset,
                      gsize    length_bytes,
                      GError **error)
{
  g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED,
               _("“%s” ends at offset 0x%" PRIx64
                  ", but %zu bytes are expected at offset 0x%" PRIx64
                  "; the file is incomplete: copy it again from where it came from"),
               self->display_name, self->size, length_bytes, offset);
}

static void
set_shrunk_error (P2vFile *self,
                  guint64  offset,
                  gsize    length_bytes,
                  GError **error)
{
  g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED,
               _("“%s” has become shorter while it was open: it had 0x%" PRIx64
                  " bytes, now it ends at offset 0x%" PRIx64 ", where %zu more bytes are expected; "
                  "make a copy that nobody writes to, and open that"),
               self->display_name, self->size, offset, length_bytes);
}

static void
set_read_error (P2vFile *self,
                guint64  offset,
                gsize    length_bytes,
                int      code,
                GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _("Cannot read %zu bytes at offset 0x%" PRIx64 " of “%s”: %s; "
                  "check the disk, or copy the image to another one and open the copy"),
               length_bytes, offset, self->display_name, g_strerror (code));
}

gboolean
p2v_file_read (P2vFile *self,
               guint64  offset,
               gpointer buffer,
               gsize    length_bytes,
               GError **error)
{
  if (!p2v_span_fits (offset, length_bytes, self->size))
    {
      set_beyond_end_error (self, offset, length_bytes, error);
      return FALSE;
    }

  guint8 *to = buffer;
  while (length_bytes > 0)
    {
      /* The offset is below the size, and that came out of an off_t. */
      ssize_t n_read = pread (self->fd, to, length_bytes, (off_t) offset);
      if (n_read < 0 && errno == EINTR)
        continue;
      if (n_read < 0)
        {
          set_read_error (self, offset, length_bytes, errno, error);
          return FALSE;
        }
      if (n_read == 0)
        {
          set_shrunk_error (self, offset, length_bytes, error);
          return FALSE;
        }
      to += n_read;
      offset += (guint64) n_read;
      length_bytes -= (gsize) n_read;
    }
  return TRUE;
}

void
p2v_file_prefetch (P2vFile *self,
                   guint64  offset,
                   guint64  length_bytes)
{
  if (p2v_span_fits (offset, length_bytes, self->size))
    (void) posix_fadvise (self->fd, (off_t) offset, (off_t) length_bytes, POSIX_FADV_WILLNEED);
}

guint64
p2v_file_measure_hole (P2vFile *self,
                       guint64  offset,
                       guint64  length_bytes)
{
  if (!p2v_span_fits (offset, length_bytes, self->size))
    return 0;
  /* Everything else is read by pread(), which does not care where the file stands. */
  off_t data = lseek (self->fd, (off_t) offset, SEEK_DATA);
  if (data < 0)
    return errno == ENXIO ? length_bytes : 0;
  return MIN ((guint64) data - offset, length_bytes);
}
