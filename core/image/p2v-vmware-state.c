/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* A state file is a table of groups, each a list of tags; little-endian.
 *
 *   header  4 magic, 4 version, 4 number of groups
 *   group   64 name, 8 offset of its tags, 8 length
 *   tag     1 flags, 1 length of the name, the name, up to three indices of 4 bytes
 *           (flags, bits 6 and 7), then the data: as many bytes as the lower six bits of the flags
 *           say, or, if they say 62 or 63, length in the file, length in memory (8 bytes each; 4
 *           in old files), 2 length of padding, the padding, the data
 *
 * A tag with neither flags nor name ends the list. Source: Volatility 2 (vmware.py), Volatility 3
 * (layers/vmware.py), LeechCore (device_file.c) and crash (vmware_vmss.c), which agree. */

#include "config.h"

#include "image/p2v-vmware-state.h"

#include "base/p2v-checked.h"
#include "base/p2v-reader.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

/* Source: crash, vmware_vmss.h, and Volatility 3 for the last. */
static const guint32 magics[] = {
  0xbed2bed2, /* suspended, or a snapshot */
  0xbed3bed3, /* partial */
  0xbad1bad1, /* restored */
  0xbad2bad2, /* not to be restored */
  0xbed0bed0, /* of the 32-bit products */
  0xbed2bed0,
};

#define HEADER_BYTES 12
#define GROUP_BYTES  80
#define NAME_BYTES   64

/* Far above what there is: some 60 groups, some thousand tags in a group. */
#define MAX_GROUPS   1024
#define MAX_TAGS     65536

/* The lengths that announce the long form; 62 means that the data are compressed. */
#define LENGTH_COMPRESSED 62
#define LENGTH_LONG       63

/* CR64 of a processor as one block: nine registers of 8 bytes, CR3 the fourth. Source: crash,
 * vmware_vmss.c. */
#define CR_BLOCK_BYTES 72
#define CR3            3

/* A tag's head, which is never longer than this: flags, name, three indices, long form. */
#define MAX_TAG_BYTES (2 + 255 + 3 * 4 + 2 * 8 + 2)

typedef struct
{
  P2vVmwareState *state;
  P2vFile        *file;
  GCancellable   *cancellable;
  guint           wide_bytes;  /* of the lengths in the long form */
} Parser;

typedef struct
{
  char    name[256];
  guint   n_indices;
  guint32 indices[3];
  guint64 data_offset;
  guint64 data_bytes;
  gboolean is_compressed;
} Tag;

G_GNUC_PRINTF (4, 5) static gboolean
set_corrupt (const Parser  *self,
             guint64        offset,
             GError       **error,
             const char    *format,
             ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  /* Translators: file name, offset, what was found and what was expected. */
  g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
               _ ("“%s” is a damaged state file of a VMware machine (at offset 0x%" PRIx64 "): %s"),
               p2v_file_get_display_name (self->file), offset, what);
  return FALSE;
}

gboolean
p2v_vmware_state_is_magic (const guint8 *bytes,
                           gsize         n_bytes)
{
  P2vReader reader = p2v_reader_le (bytes, n_bytes);
  guint32 magic;

  if (p2v_reader_get_u32 (&reader, 0, &magic))
    for (gsize i = 0; i < G_N_ELEMENTS (magics); i++)
      if (magics[i] == magic)
        return TRUE;
  return FALSE;
}

/* The long form's fields at @at within @reader. FALSE if they are cut off. */
static gboolean
get_long_form (const Parser    *self,
               const P2vReader *reader,
               guint64         *at,
               guint64         *ret_data_bytes)
{
  guint16 n_padding;
  guint32 narrow = 0;

  if (self->wide_bytes == 8 ? !p2v_reader_get_u64 (reader, *at, ret_data_bytes)
                            : !p2v_reader_get_u32 (reader, *at, &narrow))
    return FALSE;
  if (self->wide_bytes == 4)
    *ret_data_bytes = narrow;
  *at += 2 * self->wide_bytes;
  if (!p2v_reader_get_u16 (reader, *at, &n_padding))
    return FALSE;
  *at += 2 + (guint64) n_padding;
  return TRUE;
}

/* Takes a tag apart, whose head begins at @offset. FALSE if it is cut off. */
static gboolean
parse_tag (const Parser    *self,
           const P2vReader *reader,
           guint64          offset,
           Tag             *ret_tag)
{
  guint8 flags = reader->bytes[0], n_name = reader->bytes[1];
  guint64 at = 2 + (guint64) n_name;
  Tag tag = { .n_indices = flags >> 6 };

  if (!p2v_span_fits (2, n_name, reader->length))
    return FALSE;
  memcpy (tag.name, reader->bytes + 2, n_name);
  for (guint i = 0; i < tag.n_indices; i++, at += 4)
    if (!p2v_reader_get_u32 (reader, at, &tag.indices[i]))
      return FALSE;
  tag.data_bytes = flags & 0x3f;
  tag.is_compressed = tag.data_bytes == LENGTH_COMPRESSED;
  if (tag.data_bytes >= LENGTH_COMPRESSED && !get_long_form (self, reader, &at, &tag.data_bytes))
    return FALSE;
  tag.data_offset = offset + at;
  *ret_tag = tag;
  return p2v_span_fits (tag.data_offset, tag.data_bytes, p2v_file_get_size (self->file));
}

/* Up to eight bytes of a tag's data as a number. */
static gboolean
read_number (const Parser  *self,
             guint64        offset,
             guint64        n_bytes,
             guint64       *ret_number,
             GError       **error)
{
  guint8 bytes[8] = { 0 };
  P2vReader reader = p2v_reader_le (bytes, sizeof bytes);

  return p2v_file_read (self->file, offset, bytes, (gsize) MIN (n_bytes, sizeof bytes), error) &&
         p2v_reader_get_u64 (&reader, 0, ret_number);
}

/* Where in the state a tag of the group "memory" belongs, or NULL. */
static guint32 *
find_memory_field (P2vVmwareState *state,
                   const Tag      *tag)
{
  guint32 region = tag->n_indices > 0 ? tag->indices[0] : 0;

  if (g_str_equal (tag->name, "regionsCount"))
    return &state->n_regions;
  if (region >= P2V_VMWARE_MAX_REGIONS)
    return NULL;
  if (g_str_equal (tag->name, "regionPPN"))
    return &state->regions[region].first_page;
  if (g_str_equal (tag->name, "regionPageNum"))
    return &state->regions[region].file_page;
  if (g_str_equal (tag->name, "regionSize"))
    return &state->regions[region].n_pages;
  return NULL;
}

static gboolean
take_memory_tag (const Parser  *self,
                 const Tag     *tag,
                 GError       **error)
{
  P2vVmwareState *state = self->state;
  guint32 *field = find_memory_field (state, tag);
  guint64 number;

  if (field != NULL)
    {
      if (!read_number (self, tag->data_offset, tag->data_bytes, &number, error))
        return FALSE;
      *field = (guint32) number;
      if (state->n_regions > P2V_VMWARE_MAX_REGIONS)
        return set_corrupt (self, tag->data_offset, error,
                            _ ("memory is said to have %u runs, where at most %u are expected"),
                            state->n_regions, P2V_VMWARE_MAX_REGIONS);
      return TRUE;
    }
  /* Short data of this name are something else. */
  if (!g_str_equal (tag->name, "Memory") || tag->data_bytes < P2V_FRAME_SIZE)
    return TRUE;
  if (tag->is_compressed)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
                   _ ("“%s” is the state of a VMware machine with compressed memory, which pas2vas "
                      "does not read; take a snapshot that writes a .vmem file"),
                   p2v_file_get_display_name (self->file));
      return FALSE;
    }
  if (state->memory_bytes == 0)
    {
      state->memory_offset = tag->data_offset;
      state->memory_bytes = tag->data_bytes;
    }
  return TRUE;
}

/* CR3 stands either alone, as CR64[processor][3], or in a block of all, CR64[processor]. */
static gboolean
take_cpu_tag (const Parser  *self,
              const Tag     *tag,
              GError       **error)
{
  guint64 offset = tag->data_offset;
  guint64 root_pa;

  if (!g_str_equal (tag->name, "CR64"))
    return TRUE;
  if (tag->n_indices == 1 && tag->data_bytes == CR_BLOCK_BYTES)
    offset += CR3 * 8;
  else if (tag->n_indices != 2 || tag->indices[1] != CR3 || tag->data_bytes != 8)
    return TRUE;
  if (!read_number (self, offset, 8, &root_pa, error))
    return FALSE;
  g_array_append_val (self->state->roots, root_pa);
  return TRUE;
}

typedef gboolean (*TagFunc) (const Parser  *self,
                             const Tag     *tag,
                             GError       **error);

static gboolean
read_tags (const Parser  *self,
           guint64        offset,
           TagFunc        take_tag,
           GError       **error)
{
  guint64 size = p2v_file_get_size (self->file);

  for (guint i = 0; i < MAX_TAGS; i++)
    {
      guint8 bytes[MAX_TAG_BYTES];
      gsize n_bytes = offset < size ? (gsize) MIN (size - offset, sizeof bytes) : 0;
      P2vReader reader = p2v_reader_le (bytes, n_bytes);
      Tag tag;

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error) ||
          !p2v_file_read (self->file, MIN (offset, size), bytes, n_bytes, error))
        return FALSE;
      if (n_bytes >= 2 && bytes[0] == 0 && bytes[1] == 0)
        return TRUE;
      if (n_bytes < 2 || !parse_tag (self, &reader, offset, &tag))
        return set_corrupt (self, offset, error, _ ("a tag reaches beyond the end of the file"));
      if (!take_tag (self, &tag, error))
        return FALSE;
      offset = tag.data_offset + tag.data_bytes;
    }
  return set_corrupt (self, offset, error, _ ("a group has more than %u tags"), MAX_TAGS);
}

static gboolean
read_group (const Parser  *self,
            guint64        offset,
            GError       **error)
{
  static const struct
  {
    const char *name;
    TagFunc     take_tag;
  } groups[] = {
    { "memory", take_memory_tag },
    { "cpu", take_cpu_tag },
  };
  guint8 bytes[GROUP_BYTES];
  P2vReader reader = p2v_reader_le (bytes, sizeof bytes);
  guint64 tags_offset;

  if (!p2v_file_read (self->file, offset, bytes, sizeof bytes, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (groups); i++)
    if (strncmp ((const char *) bytes, groups[i].name, NAME_BYTES) == 0 &&
        p2v_reader_get_u64 (&reader, NAME_BYTES, &tags_offset))
      return read_tags (self, tags_offset, groups[i].take_tag, error);
  return TRUE;
}

gboolean
p2v_vmware_state_read (P2vVmwareState  *state,
                       P2vFile         *file,
                       GCancellable    *cancellable,
                       GError         **error)
{
  guint8 header[HEADER_BYTES] = { 0 };
  gsize n_bytes = (gsize) MIN (p2v_file_get_size (file), sizeof header);
  P2vReader reader = p2v_reader_le (header, n_bytes);
  Parser self = { .state = state, .file = file, .cancellable = cancellable };
  guint32 n_groups;

  if (!p2v_file_read (file, 0, header, n_bytes, error))
    return FALSE;
  if (!p2v_vmware_state_is_magic (header, n_bytes))
    return set_corrupt (&self, 0, error, _ ("its magic number is not there"));
  /* The old files' magic ends in 0. */
  self.wide_bytes = (header[0] & 0x0f) == 0 ? 4 : 8;
  if (!p2v_reader_get_u32 (&reader, 8, &n_groups) || n_groups > MAX_GROUPS ||
      !p2v_span_fits (HEADER_BYTES, (guint64) n_groups * GROUP_BYTES, p2v_file_get_size (file)))
    return set_corrupt (&self, 8, error,
                        _ ("the table of groups is larger than the file or has more than %u"),
                        MAX_GROUPS);
  for (guint i = 0; i < n_groups; i++)
    if (!read_group (&self, HEADER_BYTES + (guint64) i * GROUP_BYTES, error))
      return FALSE;
  return TRUE;
}
