/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The kernel's symbol table where no VMCOREINFO says where it is: searched in memory. */

#include "config.h"

#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-private.h"
#include "os/symbols/p2v-kallsyms-search.h"

/* Reads as much as there is of up to @max_length bytes, in halves: the image may have a hole in it,
 * and not all of it is needed. 0 if there is nothing. */
static gsize
read_behind (P2vImage    *image,
             P2vPhysAddr  pa,
             gsize        max_length,
             guint8      *buffer)
{
  for (gsize length = max_length; length >= P2V_FRAME_SIZE; length /= 2)
    if (p2v_image_read (image, pa, buffer, length, NULL) == P2V_READ_OK)
      return length;
  return 0;
}

/* As read_behind(), what ends at @end_pa; into the end of @buffer. */
static gsize
read_before (P2vImage    *image,
             P2vPhysAddr  end_pa,
             gsize        max_length,
             guint8      *buffer)
{
  for (gsize length = max_length; length >= P2V_FRAME_SIZE; length /= 2)
    if (length <= end_pa && p2v_image_read (image, end_pa - length, buffer + max_length - length,
                                            length, NULL) == P2V_READ_OK)
      return length;
  return 0;
}

gboolean
p2v_linux_locate_kallsyms (P2vImage    *image,
                           P2vPhysAddr  digits_pa,
                           P2vKallsyms *ret_kallsyms)
{
  const gsize before = P2V_KALLSYMS_BYTES_BEFORE;
  const gsize behind = P2V_KALLSYMS_BYTES_BEHIND;
  P2vPhysAddr page_pa = digits_pa & ~(P2V_FRAME_SIZE - 1);
  g_autofree guint8 *buffer = g_try_malloc (before + behind);

  if (buffer == NULL)
    return FALSE;
  gsize n_before = read_before (image, page_pa, before, buffer);
  gsize n_behind = read_behind (image, page_pa, behind, buffer + before);
  if (!p2v_kallsyms_locate (buffer + before - n_before, n_before + n_behind,
                            n_before + (digits_pa - page_pa), ret_kallsyms))
    return FALSE;
  if (ret_kallsyms->is_place_relative)
    ret_kallsyms->relative_base += page_pa - n_before;
  return TRUE;
}

/* What is read at a time, and what is looked at again in the next piece. */
#define CHUNK_BYTES ((gsize) 1 << 20)

gboolean
p2v_linux_search_kallsyms (P2vImage    *image,
                           P2vPhysAddr  start_pa,
                           guint64      length,
                           P2vKallsyms *ret_kallsyms)
{
  const gsize overlap = P2V_KALLSYMS_TOKEN_BYTES;
  g_autofree guint8 *buffer = g_malloc (CHUNK_BYTES + overlap);
  guint n_attempts = 0;

  for (guint64 offset = 0; offset < length; offset += CHUNK_BYTES)
    {
      gsize n = read_behind (image, start_pa + offset, CHUNK_BYTES + overlap, buffer);
      for (gsize at = p2v_kallsyms_find_digits (buffer, n, 0); at < n;
           at = p2v_kallsyms_find_digits (buffer, n, at + 1))
        if (p2v_kallsyms_may_be_tokens (buffer + at, n - at) &&
            n_attempts++ < P2V_LINUX_MAX_KALLSYMS_ATTEMPTS &&
            p2v_linux_locate_kallsyms (image, start_pa + offset + at, ret_kallsyms))
          return TRUE;
    }
  return FALSE;
}
