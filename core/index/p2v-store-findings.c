/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What a search of all of an image's memory has found, on disk: a header as that of an index,
 * without page-table roots, and behind it bytes that only the system which wrote them reads. */

#include "config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/p2v-checksum.h"
#include "image/p2v-image-private.h"
#include "index/p2v-store-private.h"

/* More than any system finds: 8 bytes for each task and address space. */
#define MAX_FINDINGS_BYTES ((gsize) 128 << 20)

static GBytes *
read_findings (int                   fd,
               const P2vStoreHeader *expected)
{
  P2vStoreHeader header;
  struct stat status;

  if (pread (fd, &header, sizeof header, 0) != (gssize) sizeof header || fstat (fd, &status) < 0 ||
      !p2v_store_header_is_sound (&header) || !p2v_store_header_is_about (&header, expected) ||
      header.words[STORE_FILE_BYTES] != (guint64) status.st_size)
    return NULL;
  guint64 length = (guint64) status.st_size - sizeof header;
  if (length > MAX_FINDINGS_BYTES)
    return NULL;
  g_autofree guint8 *bytes = g_try_malloc (length + 1);
  if (bytes == NULL || pread (fd, bytes, length, sizeof header) != (gssize) length ||
      p2v_checksum_of (bytes, length) != header.words[STORE_BODY_HASH])
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&bytes), length);
}

GBytes *
p2v_store_load_findings (P2vStore *self,
                         P2vImage *image)
{
  g_autofree char *path = p2v_store_dup_path (self, image, STORE_FINDINGS_SUFFIX);
  P2vStoreSubject subject = { .image = image };
  g_autofree char *reason = NULL;
  P2vStoreHeader expected;
  GBytes *bytes = NULL;

  if (p2v_image_get_identity (image) == NULL)
    return NULL;
  int fd = p2v_store_open_own_file (path, &reason);
  if (fd < 0)
    return NULL;
  if (p2v_store_describe_subject (&subject, &expected, NULL))
    bytes = read_findings (fd, &expected);
  close (fd);
  return bytes;
}

gboolean
p2v_store_save_findings (P2vStore  *self,
                         P2vImage  *image,
                         GBytes    *findings,
                         GError   **error)
{
  g_autofree char *path = p2v_store_dup_path (self, image, STORE_FINDINGS_SUFFIX);
  P2vStoreSubject subject = { .image = image };
  P2vStoreHeader header;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (findings, &length);

  if (p2v_image_get_identity (image) == NULL || length > MAX_FINDINGS_BYTES)
    return TRUE;
  if (!p2v_store_describe_subject (&subject, &header, error))
    return FALSE;
  header.words[STORE_FILE_BYTES] = sizeof header + length;
  header.words[STORE_BODY_HASH] = p2v_checksum_of (bytes, length);
  p2v_store_header_seal (&header);
  g_autofree char *contents = g_malloc (sizeof header + length);
  memcpy (contents, &header, sizeof header);
  memcpy (contents + sizeof header, bytes, length);
  if (g_mkdir_with_parents (p2v_store_get_folder (self), 0700) < 0)
    {
      int saved_errno = errno;
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "“%s”: %s",
                   p2v_store_get_folder (self), g_strerror (saved_errno));
      return FALSE;
    }
  return g_file_set_contents_full (path, contents, (gssize) (sizeof header + length),
                                   G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}
