/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* For memfd_create(). */
#define _GNU_SOURCE

#include "p2v-patched-file.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_CHANGE 64

static void
write_all (int           fd,
           const guint8 *bytes,
           gsize         length,
           gsize         offset)
{
  while (length > 0)
    {
      ssize_t n = pwrite (fd, bytes, length, (off_t) offset);
      g_assert_cmpint (n, >, 0);
      bytes += n;
      offset += (gsize) n;
      length -= (gsize) n;
    }
}

void
p2v_patched_file_init (P2vPatchedFile *self,
                       const guint8   *bytes,
                       gsize           length)
{
  self->fd = memfd_create ("patched", MFD_CLOEXEC);
  g_assert_cmpint (self->fd, >=, 0);
  self->length = length;
  self->bytes = g_memdup2 (bytes, length);
  write_all (self->fd, self->bytes, self->length, 0);
}

char *
p2v_patched_file_dup_path (const P2vPatchedFile *self)
{
  return g_strdup_printf ("/proc/self/fd/%d", self->fd);
}

/* What a patch changes. Places are anywhere in the file. */
static gsize
apply (const P2vPatchedFile *file,
       const guint8         *patch,
       gsize                *ret_length)
{
  guint32 place = (guint32) patch[1] | (guint32) patch[2] << 8 | (guint32) patch[3] << 16;
  gsize at = place % (file->length - MAX_CHANGE), from;
  guint8 value[MAX_CHANGE];

  *ret_length = 1 + patch[0] / 4 % 8;
  memcpy (value, patch + 4, 8);
  if (patch[0] % 4 == 1)
    {
      /* A word of another place: a pointer or an entry that leads somewhere. */
      guint32 other = (guint32) patch[4] | (guint32) patch[5] << 8 | (guint32) patch[6] << 16;
      from = other % (file->length - MAX_CHANGE) & ~(gsize) 3;
      at &= ~(gsize) 3;
      memcpy (value, file->bytes + from, *ret_length = patch[0] & 4 ? 4 : 8);
    }
  else if (patch[0] % 4 == 2)
    memset (value, patch[4], *ret_length = MAX_CHANGE);
  write_all (file->fd, value, *ret_length, at);
  return at;
}

void
p2v_patched_file_apply (P2vPatchedFile *self,
                        const guint8   *patches,
                        gsize           length)
{
  for (gsize at = 0; at + P2V_PATCH_BYTES <= length && self->n_patches < P2V_MAX_PATCHES;
       at += P2V_PATCH_BYTES)
    {
      self->places[self->n_patches] = apply (self, patches + at, &self->lengths[self->n_patches]);
      self->n_patches++;
    }
}

void
p2v_patched_file_restore (P2vPatchedFile *self)
{
  for (gsize i = 0; i < self->n_patches; i++)
    write_all (self->fd, self->bytes + self->places[i], self->lengths[i], self->places[i]);
  self->n_patches = 0;
}
