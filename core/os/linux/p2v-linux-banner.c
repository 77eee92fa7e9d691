/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The banner of a kernel of which there is a VMCOREINFO. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-private.h"
#include "os/symbols/p2v-banner.h"

/* What is read at a time. */
#define CHUNK_BYTES ((gsize) 256 << 10)

/* At the place that the symbols tell. */
static gboolean
read_banner (P2vLinux    *self,
             guint64      va,
             const char  *prefix,
             GError     **error)
{
  gsize n_bytes;
  g_autoptr (GBytes) bytes
      = p2v_linux_read_kernel_bytes (self, va, P2V_BANNER_MAX_BYTES, "linux_banner", error);

  if (bytes == NULL)
    return FALSE;
  const char *text = g_bytes_get_data (bytes, &n_bytes);
  self->banner = p2v_banner_parse (text, n_bytes, prefix);
  self->banner_va = va;
  if (self->banner == NULL)
    p2v_linux_set_error (
        self, P2V_OS_ERROR_CORRUPT, error,
        _("no banner of it stands at physical address 0x%" PRIx64
           ", where its symbols put it; this VMCOREINFO is of an earlier boot or of another "
           "machine"),
        va - self->delta);
  return self->banner != NULL;
}

/* Looks in one chunk; its last bytes are looked at again in the next one. */
static gboolean
search_chunk (P2vLinux     *self,
              const guint8 *bytes,
              gsize         length,
              P2vPhysAddr   pa,
              const char   *prefix)
{
  const char *start = (const char *) bytes;
  const char *at = start;

  self->banner = p2v_banner_find_next (&at, start + length, prefix);
  self->banner_va = pa + (at - start) + self->delta;
  return self->banner != NULL;
}

/* Around the root page table. What is not in the image is passed over. */
static gboolean
search_neighbourhood (P2vLinux    *self,
                      const char  *prefix,
                      GError     **error)
{
  const gsize overlap = P2V_BANNER_MAX_BYTES;
  g_autofree guint8 *buffer = g_malloc (CHUNK_BYTES + overlap);
  const guint64 distance = P2V_LINUX_IMAGE_DISTANCE;
  P2vPhysAddr start = self->root_pa > distance ? self->root_pa - distance : 0;

  for (P2vPhysAddr pa = start; pa - start < 2 * distance; pa += CHUNK_BYTES)
    {
      P2vReadStatus status = p2v_image_read (self->image, pa, buffer, CHUNK_BYTES + overlap, error);
      if (status == P2V_READ_FAILED)
        return FALSE;
      if (status == P2V_READ_OK && search_chunk (self, buffer, CHUNK_BYTES + overlap, pa, prefix))
        return TRUE;
    }
  return TRUE;
}

gboolean
p2v_linux_find_banner (P2vLinux      *self,
                       const GError  *symbols_error,
                       GError       **error)
{
  const char *release = g_hash_table_lookup (self->vmcoreinfo, "OSRELEASE");
  g_autofree char *prefix = g_strdup_printf (P2V_BANNER_START "%s ", release);
  guint64 va;

  if (self->own_symbols != NULL && p2v_symbol_table_find (self->own_symbols, "linux_banner", &va))
    return read_banner (self, va, prefix, error);
  if (self->n_image_searches++ < P2V_LINUX_MAX_IMAGE_SEARCHES &&
      !search_neighbourhood (self, prefix, error))
    return FALSE;
  if (self->banner != NULL)
    return TRUE;
  if (symbols_error != NULL)
    g_propagate_error (error, g_error_copy (symbols_error));
  else
    p2v_linux_set_error (self, P2V_OS_ERROR_CORRUPT, error,
                         _("no banner of it stands within 128 MiB of its page tables at physical "
                            "address 0x%" PRIx64
                            "; this VMCOREINFO is of an earlier boot or of another machine"),
                         self->root_pa);
  return FALSE;
}
