/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Any bytes as an image file: bid, open, and if that works, everything an image must hold to. */

/* For memfd_create(). */
#define _GNU_SOURCE

#include "fuzz.h"

#include "image/p2v-image-private.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
check_range (P2vImage            *image,
             const P2vImageRange *range,
             const P2vImageRange *before)
{
  P2vPhysAddr last_pa = range->start_pa + (range->length_bytes - 1);
  guint8 bytes[2];
  guint64 file_size = p2v_image_get_file_size (image);

  g_assert_cmpuint (range->length_bytes, >, 0);
  g_assert_cmpuint (last_pa, >=, range->start_pa);
  g_assert_cmpuint (last_pa >> 52, ==, 0);
  if (before != NULL)
    g_assert_cmpuint (range->start_pa - before->start_pa, >=, before->length_bytes);
  g_assert_true (p2v_image_contains (image, last_pa));
  /* A page may be damaged where it is packed, and then counts as a hole. */
  if (!p2v_image_is_packed (image))
    {
      g_assert_cmpuint (range->file_offset, <, file_size);
      g_assert_cmpuint (range->length_bytes, <=, file_size - range->file_offset);
      g_assert_cmpint (p2v_image_read (image, last_pa, bytes, 1, NULL), ==, P2V_READ_OK);
    }
  g_assert_cmpint (p2v_image_read (image, last_pa, bytes, 1, NULL), !=, P2V_READ_FAILED);
  g_assert_cmpint (p2v_image_read (image, last_pa, bytes, 2, NULL), !=, P2V_READ_FAILED);
}

static void
check_translation (P2vImage            *image,
                   const P2vImageRange *range)
{
  P2vPhysAddr middle_pa = range->start_pa + range->length_bytes / 2, pa;
  guint64 offset, back;

  if (p2v_image_is_packed (image))
    {
      g_assert_false (p2v_image_pa_to_offset (image, middle_pa, &offset));
      return;
    }
  g_assert_true (p2v_image_pa_to_offset (image, middle_pa, &offset));
  g_assert_cmpuint (offset, ==, range->file_offset + range->length_bytes / 2);
  g_assert_true (p2v_image_offset_to_pa (image, offset, &pa));
  /* Another address may share the byte, but then it is lower and leads to the same one. */
  g_assert_cmpuint (pa, <=, middle_pa);
  g_assert_true (p2v_image_pa_to_offset (image, pa, &back));
  g_assert_cmpuint (back, ==, offset);
}

static void
check_image (P2vImage *image)
{
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);
  guint64 sum = 0;

  g_assert_cmpuint (n_ranges, >, 0);
  for (gsize i = 0; i < n_ranges; i++)
    {
      check_range (image, &ranges[i], i > 0 ? &ranges[i - 1] : NULL);
      check_translation (image, &ranges[i]);
      sum += ranges[i].length_bytes;
    }
  g_assert_cmpuint (sum, ==, p2v_image_get_memory_size (image));
  for (guint i = 0; i < p2v_image_get_diagnostics (image)->len; i++)
    g_assert_true (g_utf8_validate (p2v_image_get_diagnostics (image)->pdata[i], -1, NULL));
  p2v_image_prefetch (image, 0, G_MAXUINT64);
}

static gboolean
write_all (int            fd,
           const uint8_t *data,
           size_t         size)
{
  while (size > 0)
    {
      ssize_t n = write (fd, data, size);
      if (n <= 0)
        return FALSE;
      data += n;
      size -= (size_t) n;
    }
  return TRUE;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  int fd = memfd_create ("fuzz-image", MFD_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  g_assert_true (write_all (fd, data, size));

  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autoptr (GError) error = NULL;
  g_autoptr (P2vImage) image = p2v_image_open (path, NULL, &error);
  g_assert_true ((image == NULL) == (error != NULL));
  if (image != NULL)
    check_image (image);
  else
    g_assert_nonnull (strstr (error->message, path));
  close (fd);
  return 0;
}
