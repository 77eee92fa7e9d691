/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "image/p2v-image-private.h"
#include "image/p2v-image-ranges.h"

#include "base/p2v-checked.h"

#include <glib/gi18n-lib.h>

/* The family. Order decides only between equal bids. */
static const P2vImageFormat *const formats[] = {
  &p2v_format_elf,
  &p2v_format_kdump,
  &p2v_format_lime,
  &p2v_format_crash_dump,
  &p2v_format_vmware_state,
  &p2v_format_vmem,
  &p2v_format_raw,
};

struct _P2vImage
{
  GObject        parent_instance;

  P2vFile       *file;
  P2vPagePack   *pack;         /* NULL: memory stands in the file as it is */
  const P2vImageFormat *format;
  P2vImageRanges ranges;
  P2vImageHints  hints;
  GPtrArray     *diagnostics;
};

G_DEFINE_FINAL_TYPE (P2vImage, p2v_image, G_TYPE_OBJECT)

static void
p2v_image_finalize (GObject *object)
{
  P2vImage *self = P2V_IMAGE (object);

  g_clear_pointer (&self->pack, p2v_page_pack_free);
  g_clear_pointer (&self->file, p2v_file_unref);
  p2v_image_ranges_clear (&self->ranges);
  g_clear_pointer (&self->hints.page_table_roots, g_array_unref);
  g_clear_pointer (&self->hints.vmcoreinfo, g_bytes_unref);
  g_clear_pointer (&self->diagnostics, g_ptr_array_unref);
  G_OBJECT_CLASS (p2v_image_parent_class)->finalize (object);
}

static void
p2v_image_class_init (P2vImageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = p2v_image_finalize;
}

static void
p2v_image_init (P2vImage *self)
{
  self->hints.page_table_roots = g_array_new (FALSE, FALSE, sizeof (P2vPhysAddr));
  self->diagnostics = g_ptr_array_new_with_free_func (g_free);
}

/* NULL if the file's start cannot be read. The flat format bids for everything. */
G_GNUC_WARN_UNUSED_RESULT static const P2vImageFormat *
choose_format (P2vFile *file,
               GError **error)
{
  g_autofree guint8 *head = g_malloc (P2V_IMAGE_HEAD_BYTES);
  P2vImageHead start = { .bytes = head,
                         .n_bytes = (gsize) MIN (p2v_file_get_size (file), P2V_IMAGE_HEAD_BYTES),
                         .path = p2v_file_get_path (file) };
  if (!p2v_file_read (file, 0, head, start.n_bytes, error))
    return NULL;

  const P2vImageFormat *best = NULL;
  guint best_bid = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      guint bid = formats[i]->bid (&start);
      if (bid > best_bid)
        {
          best = formats[i];
          best_bid = bid;
        }
    }
  g_assert (best != NULL);
  return best;
}

/**
 * p2v_image_open:
 * @path: (type filename): the image file or disk
 * @cancellable: (nullable): cancels reading the headers
 * @error: return location for an error
 *
 * Opens a memory image, whatever its container: the format is recognised by content, never by name.
 * Reads the headers only; the file stays open until the last reference goes. May take long for a
 * file on a slow disk, or with millions of ranges: call it from a thread.
 *
 * Damage that leaves some of the memory readable is no error.
 *
 * Fails with %G_IO_ERROR if the system refuses or @cancellable is cancelled, or with
 * %P2V_IMAGE_ERROR: %P2V_IMAGE_ERROR_NOT_RECOGNIZED for what is no image,
 * %P2V_IMAGE_ERROR_TRUNCATED if the file ends within its headers or before all memory,
 * %P2V_IMAGE_ERROR_CORRUPT if headers contradict themselves, %P2V_IMAGE_ERROR_UNSUPPORTED for a
 * variant we do not read, %P2V_IMAGE_ERROR_LIMIT for too many ranges.
 *
 * Returns: (transfer full): the image, or %NULL with @error set
 *
 * Since: 1.0
 */
P2vImage *
p2v_image_open (const char   *path,
                GCancellable *cancellable,
                GError      **error)
{
  return p2v_image_open_at (path, 0, cancellable, error);
}

/**
 * p2v_image_open_at:
 * @path: (type filename): the image file or disk
 * @base_pa: the physical address of a flat image's first byte, a multiple of %P2V_FRAME_SIZE; 0 for
 * what p2v_image_open() does
 * @cancellable: (nullable): cancels reading the headers
 * @error: return location for an error
 *
 * As p2v_image_open(), for a flat image of a machine whose memory does not begin at 0. Other
 * formats say themselves where their bytes belong; with them %P2V_IMAGE_ERROR_UNSUPPORTED.
 *
 * Returns: (transfer full): the image, or %NULL with @error set
 *
 * Since: 1.0
 */
P2vImage *
p2v_image_open_at (const char   *path,
                   P2vPhysAddr   base_pa,
                   GCancellable *cancellable,
                   GError      **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  g_autoptr (P2vImage) self = g_object_new (P2V_TYPE_IMAGE, NULL);
  self->file = p2v_file_open (path, error);
  if (self->file == NULL)
    return NULL;
  const P2vImageFormat *format = choose_format (self->file, error);
  if (format == NULL)
    return NULL;

  self->format = format;
  if (base_pa != 0 && format != &p2v_format_raw)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
                   _("“%s” is no flat image (%s) and says itself where in memory its bytes belong; "
                     "leave the base address out"),
                   p2v_file_get_display_name (self->file), _(format->name));
      return NULL;
    }
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (P2vImageRange));
  P2vImageBuilder builder = { .file = self->file,
                              .ranges = ranges,
                              .hints = self->hints,
                              .base_pa = base_pa,
                              .diagnostics = self->diagnostics };
  gboolean ok = format->open (&builder, cancellable, error);
  self->hints = builder.hints;
  self->pack = builder.pack;
  guint64 n_bytes =
    self->pack != NULL ? p2v_page_pack_get_size (self->pack) : p2v_file_get_size (self->file);
  if (!ok || !p2v_image_ranges_init (&self->ranges, self->file, n_bytes, ranges, self->diagnostics,
                                     error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * p2v_image_get_path:
 * @self: an image
 *
 * Gets the path as it was given to p2v_image_open().
 *
 * Returns: (transfer none) (type filename): the path
 *
 * Since: 1.0
 */
const char *
p2v_image_get_path (P2vImage *self)
{
  g_return_val_if_fail (P2V_IS_IMAGE (self), NULL);
  return p2v_file_get_path (self->file);
}

/**
 * p2v_image_get_format_name:
 * @self: an image
 *
 * Gets the name of the container format for people, in their language.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
p2v_image_get_format_name (P2vImage *self)
{
  g_return_val_if_fail (P2V_IS_IMAGE (self), NULL);
  return _(self->format->name);
}

/**
 * p2v_image_get_file_size:
 * @self: an image
 *
 * Gets the size of the file in bytes, as it was when the image was opened.
 *
 * Returns: the size, never 0
 *
 * Since: 1.0
 */
guint64
p2v_image_get_file_size (P2vImage *self)
{
  g_return_val_if_fail (P2V_IS_IMAGE (self), 0);
  return p2v_file_get_size (self->file);
}

/**
 * p2v_image_get_memory_size:
 * @self: an image
 *
 * Gets how many bytes of physical memory the image holds: the sum of its ranges, without holes.
 *
 * Returns: the size in bytes, never 0
 *
 * Since: 1.0
 */
guint64
p2v_image_get_memory_size (P2vImage *self)
{
  g_return_val_if_fail (P2V_IS_IMAGE (self), 0);
  return self->ranges.memory_size;
}

/**
 * p2v_image_get_ranges:
 * @self: an image
 * @ret_n_ranges: (out): how many there are, never 0
 *
 * Gets the runs of physical memory that the image holds, sorted by address, not overlapping.
 * Neighbours that continue each other both in memory and in the file are one range; what is in no
 * range is a hole.
 *
 * Returns: (transfer none) (array length=ret_n_ranges): the ranges; they live as long as @self
 *
 * Since: 1.0
 */
const P2vImageRange *
p2v_image_get_ranges (P2vImage *self,
                      gsize    *ret_n_ranges)
{
  g_return_val_if_fail (P2V_IS_IMAGE (self), NULL);
  g_return_val_if_fail (ret_n_ranges != NULL, NULL);
  *ret_n_ranges = self->ranges.by_pa->len;
  return (const P2vImageRange *) (gconstpointer) self->ranges.by_pa->data;
}

/* (nullable): the range that holds @pa. */
static const P2vImageRange *
find_range (P2vImage   *self,
            P2vPhysAddr pa)
{
  guint i = p2v_image_ranges_find (&self->ranges, pa);

  if (i == self->ranges.by_pa->len)
    return NULL;
  const P2vImageRange *range = &g_array_index (self->ranges.by_pa, P2vImageRange, i);
  return pa < range->start_pa ? NULL : range;
}

/**
 * p2v_image_offset_to_pa:
 * @self: an image
 * @file_offset: an offset in the file, in bytes
 * @ret_pa: (out) (optional): the physical address of that byte
 *
 * Translates a file offset, as a hex editor shows it, to the physical address of the byte that
 * stands there. A damaged or crafted file may give the same byte to several addresses; then it is
 * the lowest.
 *
 * Costs a binary search.
 *
 * Returns: %FALSE if the byte is not memory (a header, padding, beyond the end), or if memory is
 * packed; then @ret_pa is untouched
 *
 * Since: 1.0
 */
gboolean
p2v_image_offset_to_pa (P2vImage    *self,
                        guint64      file_offset,
                        P2vPhysAddr *ret_pa)
{
  g_return_val_if_fail (P2V_IS_IMAGE (self), FALSE);

  P2vPhysAddr pa;
  if (self->pack != NULL || !p2v_image_ranges_offset_to_pa (&self->ranges, file_offset, &pa))
    return FALSE;
  if (ret_pa != NULL)
    *ret_pa = pa;
  return TRUE;
}

/**
 * p2v_image_pa_to_offset:
 * @self: an image
 * @pa: a physical address
 * @ret_file_offset: (out) (optional): where its byte stands in the file
 *
 * Translates a physical address to the file offset of its byte. Costs a binary search.
 *
 * Returns: %FALSE if the address is in a hole, or if memory is packed; then @ret_file_offset is
 * untouched
 *
 * Since: 1.0
 */
gboolean
p2v_image_pa_to_offset (P2vImage   *self,
                        P2vPhysAddr pa,
                        guint64    *ret_file_offset)
{
  g_return_val_if_fail (P2V_IS_IMAGE (self), FALSE);

  const P2vImageRange *range = find_range (self, pa);
  if (range == NULL || self->pack != NULL)
    return FALSE;
  if (ret_file_offset != NULL)
    *ret_file_offset = range->file_offset + (pa - range->start_pa);
  return TRUE;
}

/**
 * p2v_image_contains:
 * @self: an image
 * @pa: a physical address
 *
 * Tells whether the image holds a byte of memory. Costs a binary search.
 *
 * Returns: %FALSE if the address is in a hole
 *
 * Since: 1.0
 */
gboolean
p2v_image_contains (P2vImage   *self,
                    P2vPhysAddr pa)
{
  g_return_val_if_fail (P2V_IS_IMAGE (self), FALSE);
  return find_range (self, pa) != NULL;
}

/**
 * p2v_image_is_packed:
 * @self: an image
 *
 * Tells whether the container keeps memory packed. Then a byte of memory has no place in the file,
 * only the block has from which it is unpacked, with others: p2v_image_pa_to_offset() and
 * p2v_image_offset_to_pa() know of none.
 *
 * Returns: %TRUE if it does
 *
 * Since: 1.0
 */
gboolean
p2v_image_is_packed (P2vImage *self)
{
  g_return_val_if_fail (P2V_IS_IMAGE (self), FALSE);
  return self->pack != NULL;
}

static P2vReadStatus
read_bytes (P2vImage *self,
            guint64   offset,
            guint8   *to,
            gsize     length_bytes,
            GError  **error)
{
  if (self->pack != NULL)
    return p2v_page_pack_read (self->pack, offset, to, length_bytes, error);
  return p2v_file_read (self->file, offset, to, length_bytes, error) ? P2V_READ_OK
                                                                     : P2V_READ_FAILED;
}

/**
 * p2v_image_read:
 * @self: an image
 * @pa: the physical address of the first byte
 * @buffer: (out caller-allocates) (array length=length_bytes) (element-type guint8): takes the
 * bytes
 * @length_bytes: how many bytes
 * @error: return location for an error, set only with %P2V_READ_FAILED
 *
 * Reads physical memory, over as many adjacent ranges as it takes. Memory that the image does not
 * hold is never made up: if a single byte lies in a hole, or in a packed page that is damaged, the
 * answer is %P2V_READ_HOLE.
 *
 * Fails with %G_IO_ERROR, or with %P2V_IMAGE_ERROR_TRUNCATED if the file has shrunk since it was
 * opened.
 *
 * Returns: what came of it; unless it is %P2V_READ_OK, the contents of @buffer are undefined
 *
 * Since: 1.0
 */
P2vReadStatus
p2v_image_read (P2vImage   *self,
                P2vPhysAddr pa,
                gpointer    buffer,
                gsize       length_bytes,
                GError    **error)
{
  guint8 *to = buffer;

  for (guint i = p2v_image_ranges_find (&self->ranges, pa); length_bytes > 0; i++)
    {
      if (i >= self->ranges.by_pa->len)
        return P2V_READ_HOLE;
      const P2vImageRange *range = &g_array_index (self->ranges.by_pa, P2vImageRange, i);
      if (pa < range->start_pa)
        return P2V_READ_HOLE;
      guint64 skip = pa - range->start_pa;
      gsize piece = (gsize) MIN (length_bytes, range->length_bytes - skip);
      P2vReadStatus status = read_bytes (self, range->file_offset + skip, to, piece, error);
      if (status != P2V_READ_OK)
        return status;
      to += piece;
      pa += piece;
      length_bytes -= piece;
    }
  return P2V_READ_OK;
}

guint64
p2v_image_measure_hole (P2vImage   *self,
                        P2vPhysAddr pa,
                        guint64     length_bytes)
{
  const P2vImageRange *range = find_range (self, pa);

  if (range == NULL || self->pack != NULL)
    return 0;
  guint64 skip = pa - range->start_pa;
  return p2v_file_measure_hole (self->file, range->file_offset + skip,
                                MIN (length_bytes, range->length_bytes - skip));
}

void
p2v_image_prefetch (P2vImage   *self,
                    P2vPhysAddr pa,
                    guint64     length_bytes)
{
  guint64 end;
  if (!p2v_add_u64 (pa, length_bytes, &end))
    end = G_MAXUINT64;

  for (guint i = p2v_image_ranges_find (&self->ranges, pa); i < self->ranges.by_pa->len; i++)
    {
      const P2vImageRange *range = &g_array_index (self->ranges.by_pa, P2vImageRange, i);
      guint64 from = MAX (pa, range->start_pa);
      guint64 to = MIN (end, range->start_pa + range->length_bytes);
      if (from >= to)
        return;
      guint64 offset = range->file_offset + (from - range->start_pa);
      if (self->pack != NULL)
        p2v_page_pack_prefetch (self->pack, offset, to - from);
      else
        p2v_file_prefetch (self->file, offset, to - from);
    }
}

gboolean
p2v_image_is_flat (P2vImage *self)
{
  return self->format == &p2v_format_raw;
}

const P2vImageHints *
p2v_image_get_hints (P2vImage *self)
{
  return &self->hints;
}

GPtrArray *
p2v_image_get_diagnostics (P2vImage *self)
{
  return self->diagnostics;
}

char *
p2v_image_dup_damage (P2vImage *self)
{
  guint n = self->pack != NULL ? p2v_page_pack_get_n_damaged (self->pack) : 0;

  if (n == 0)
    return NULL;
  return g_strdup_printf (
    g_dngettext (GETTEXT_PACKAGE,
                 "“%s” has %u page that is damaged or was never written: it cannot be unpacked and "
                 "was passed over",
                 "“%s” has %u pages that are damaged or were never written: they cannot be "
                 "unpacked and were passed over",
                 n),
    p2v_file_get_display_name (self->file), n);
}

const char *
p2v_image_get_display_name (P2vImage *self)
{
  return p2v_file_get_display_name (self->file);
}

const P2vFileIdentity *
p2v_image_get_identity (P2vImage *self)
{
  return p2v_file_get_identity (self->file);
}
