/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "image/p2v-kdump-pages.h"

#include "base/p2v-checked.h"
#include "base/p2v-lzo.h"
#include "base/p2v-reader.h"

#include <string.h>
#include <zlib.h>
#ifdef P2V_HAVE_SNAPPY
#include <snappy-c.h>
#endif
#ifdef P2V_HAVE_ZSTD
#include <zstd.h>
#endif

/* TRUE if exactly @length_bytes come out. */
typedef gboolean (*UnpackFunc) (const guint8 *packed,
                                gsize         packed_bytes,
                                guint8       *to,
                                gsize         length_bytes);

typedef struct
{
  guint32     flag;
  const char *name;
  UnpackFunc  unpack;          /* NULL: this program was built without it */
} Packing;

typedef struct
{
  P2vKdumpFile *file;
  guint64       descriptors_at;
  gsize         page_bytes;
  /* Where the one page of zeros is kept that all others stand for; 0: not met yet. Atomic; no more
   * than a short cut. */
  guint64       zeros_at;
} Pages;

typedef struct
{
  guint64 offset;
  guint32 n_bytes;
  guint32 flags;
} Descriptor;

static gboolean
unpack_zlib (const guint8 *packed,
             gsize         packed_bytes,
             guint8       *to,
             gsize         length_bytes)
{
  uLongf n = length_bytes;

  return uncompress (to, &n, packed, packed_bytes) == Z_OK && n == length_bytes;
}

#ifdef P2V_HAVE_SNAPPY
static gboolean
unpack_snappy (const guint8 *packed,
               gsize         packed_bytes,
               guint8       *to,
               gsize         length_bytes)
{
  size_t n = length_bytes;

  return snappy_uncompress ((const char *) packed, packed_bytes, (char *) to, &n) == SNAPPY_OK &&
         n == length_bytes;
}
#else
#define unpack_snappy NULL
#endif

#ifdef P2V_HAVE_ZSTD
static gboolean
unpack_zstd (const guint8 *packed,
             gsize         packed_bytes,
             guint8       *to,
             gsize         length_bytes)
{
  return ZSTD_decompress (to, length_bytes, packed, packed_bytes) == length_bytes;
}
#else
#define unpack_zstd NULL
#endif

/* Source: makedumpfile 1.7.2, diskdump_mod.h: DUMP_DH_COMPRESSED_ZLIB, _LZO, _SNAPPY, _ZSTD; the
 * same bits in the header's status. */
static const Packing packings[] = {
  { 0x01, "zlib", unpack_zlib },
  { 0x02, "LZO", p2v_lzo_unpack },
  { 0x04, "snappy", unpack_snappy },
  { 0x20, "zstd", unpack_zstd },
};

const char *
p2v_kdump_pages_name_missing (guint32 flags)
{
  for (gsize i = 0; i < G_N_ELEMENTS (packings); i++)
    if ((flags & packings[i].flag) != 0 && packings[i].unpack == NULL)
      return packings[i].name;
  return NULL;
}

/* (nullable): what unpacks a page with these flags. */
static UnpackFunc
find_unpacker (guint32 flags)
{
  for (gsize i = 0; i < G_N_ELEMENTS (packings); i++)
    if ((flags & packings[i].flag) != 0)
      return packings[i].unpack;
  return NULL;
}

static gboolean
is_packed (guint32 flags)
{
  for (gsize i = 0; i < G_N_ELEMENTS (packings); i++)
    if ((flags & packings[i].flag) != 0)
      return TRUE;
  return FALSE;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
read_descriptor (Pages      *self,
                 guint64     index,
                 Descriptor *ret_descriptor,
                 GError    **error)
{
  guint8 bytes[P2V_KDUMP_DESCRIPTOR_BYTES];
  P2vReader reader = p2v_reader_le (bytes, sizeof bytes);

  if (!p2v_kdump_file_read (self->file, self->descriptors_at + index * sizeof bytes, bytes,
                            sizeof bytes, error))
    return FALSE;
  if (!p2v_reader_get_u64 (&reader, 0, &ret_descriptor->offset) ||
      !p2v_reader_get_u32 (&reader, 8, &ret_descriptor->n_bytes) ||
      !p2v_reader_get_u32 (&reader, 12, &ret_descriptor->flags))
    g_assert_not_reached ();
  return TRUE;
}

/* A page that does not shrink is stored as it is; so none is larger packed. Offset 0 is that of a
 * page for which there was no room left when the dump was written. */
static gboolean
is_sound (Pages            *self,
          const Descriptor *descriptor)
{
  return descriptor->offset != 0 && descriptor->n_bytes > 0 &&
         descriptor->n_bytes <= self->page_bytes &&
         p2v_span_fits (descriptor->offset, descriptor->n_bytes,
                        p2v_kdump_file_get_size (self->file));
}

static gboolean
is_all_zeros (const guint8 *bytes,
              gsize         n_bytes)
{
  return bytes[0] == 0 && memcmp (bytes, bytes + 1, n_bytes - 1) == 0;
}

G_GNUC_WARN_UNUSED_RESULT static P2vReadStatus
unpack_packed (Pages            *self,
               const Descriptor *descriptor,
               guint8           *page,
               GError          **error)
{
  UnpackFunc unpack = find_unpacker (descriptor->flags);
  g_autofree guint8 *packed = g_malloc (descriptor->n_bytes);

  if (!p2v_kdump_file_read (self->file, descriptor->offset, packed, descriptor->n_bytes, error))
    return P2V_READ_FAILED;
  if (unpack == NULL || !unpack (packed, descriptor->n_bytes, page, self->page_bytes))
    return P2V_READ_HOLE;
  if (is_all_zeros (page, self->page_bytes))
    __atomic_store_n (&self->zeros_at, descriptor->offset, __ATOMIC_RELAXED);
  return P2V_READ_OK;
}

static P2vReadStatus
unpack (gpointer source,
        guint64  index,
        guint8  *page,
        GError **error)
{
  Pages *self = source;
  Descriptor descriptor;

  if (!read_descriptor (self, index, &descriptor, error))
    return P2V_READ_FAILED;
  if (!is_sound (self, &descriptor))
    return P2V_READ_HOLE;
  if (is_packed (descriptor.flags))
    {
      if (descriptor.offset != __atomic_load_n (&self->zeros_at, __ATOMIC_RELAXED))
        return unpack_packed (self, &descriptor, page, error);
      memset (page, 0, self->page_bytes);
      return P2V_READ_OK;
    }
  if (descriptor.n_bytes != self->page_bytes)
    return P2V_READ_HOLE;
  return p2v_kdump_file_read (self->file, descriptor.offset, page, self->page_bytes, error)
           ? P2V_READ_OK
           : P2V_READ_FAILED;
}

static void
free_pages (gpointer source)
{
  Pages *self = source;

  p2v_kdump_file_free (self->file);
  g_free (self);
}

static const P2vPackForm kdump_form = { unpack, free_pages };

P2vPagePack *
p2v_kdump_pages_new (P2vKdumpFile *file,
                     guint64       descriptors_at,
                     gsize         page_bytes,
                     guint64       n_pages)
{
  Pages *self = g_new0 (Pages, 1);

  self->file = file;
  self->descriptors_at = descriptors_at;
  self->page_bytes = page_bytes;
  return p2v_page_pack_new (&kdump_form, self, page_bytes, n_pages);
}
