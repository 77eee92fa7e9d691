/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "p2v-types.h"

#include "base/p2v-limits.h"
#include "base/p2v-reader.h"
#include "os/symbols/p2v-btf.h"
#include "os/symbols/p2v-member-search.h"

/* Source for all of this table and the header: Linux include/uapi/linux/btf.h (6.12). */
#define BTF_MAGIC   0xeb9f
#define BTF_VERSION 1

enum
{
  KIND_INT = 1,
  KIND_PTR = 2,
  KIND_ARRAY = 3,
  KIND_STRUCT = 4,
  KIND_UNION = 5,
  KIND_ENUM = 6,
  KIND_TYPEDEF = 8,
  KIND_VOLATILE = 9,
  KIND_CONST = 10,
  KIND_RESTRICT = 11,
  KIND_FUNC_PROTO = 13,
  KIND_VAR = 14,
  KIND_DATASEC = 15,
  KIND_DECL_TAG = 17,
  KIND_TYPE_TAG = 18,
  KIND_ENUM64 = 19,
  N_KINDS = 20,
};

/* What follows the 12 bytes that each type has: so many bytes, and so many for each of its vlen
 * parts. */
static const struct
{
  guint8 fixed_bytes;
  guint8 bytes_per_part;
} kind_layout[N_KINDS] = {
  [KIND_INT] = { 4, 0 },          [KIND_ARRAY] = { 12, 0 },   [KIND_STRUCT] = { 0, 12 },
  [KIND_UNION] = { 0, 12 },       [KIND_ENUM] = { 0, 8 },     [KIND_FUNC_PROTO] = { 0, 8 },
  [KIND_VAR] = { 4, 0 },          [KIND_DATASEC] = { 0, 12 }, [KIND_DECL_TAG] = { 4, 0 },
  [KIND_ENUM64] = { 0, 12 },
};

#define TYPE_BYTES   12
#define MEMBER_BYTES 12

/* How long a chain of typedefs and qualifiers may be; real ones stay below 8. */
#define MAX_DEPTH 32

/* Bytes of a name that is looked for: longer ones are passed over, so that damaged data cannot make
 * us read to the end of the strings for each of a million types. Source: Linux kernel/bpf/btf.c
 * btf_name_valid_identifier() accepts less than KSYM_NAME_LEN, 512 since 6.1. */
#define MAX_NAME_BYTES 512

typedef struct
{
  guint32 name_offset;
  guint   kind;
  guint   n_parts;
  gboolean kind_flag;
  guint32 size_or_type;
  guint64 parts_offset;        /* in the type section */
} BtfType;

typedef struct
{
  P2vTypeSource parent;
  GBytes       *bytes;
  P2vReader     types;         /* the type section */
  P2vReader     strings;       /* the string section */
  GArray       *type_offsets;  /* guint32 by type number; number 0 is void */
  GArray       *enum_offsets;  /* guint32: the types of them that are enumerations */
  GHashTable   *structs;       /* name -> number of the first struct or union of that name */
} P2vBtf;

static gboolean
read_type (const P2vBtf *self,
           guint64       offset,
           BtfType      *ret_type)
{
  guint32 info;

  if (!p2v_reader_get_u32 (&self->types, offset, &ret_type->name_offset) ||
      !p2v_reader_get_u32 (&self->types, offset + 4, &info) ||
      !p2v_reader_get_u32 (&self->types, offset + 8, &ret_type->size_or_type))
    return FALSE;
  ret_type->n_parts = info & 0xffff;
  ret_type->kind = info >> 24 & 0x1f;
  ret_type->kind_flag = info >> 31;
  ret_type->parts_offset = offset + TYPE_BYTES;
  return TRUE;
}

static gboolean
get_type (const P2vBtf *self,
          guint32       number,
          BtfType      *ret_type)
{
  if (number == 0 || number >= self->type_offsets->len)
    return FALSE;
  return read_type (self, g_array_index (self->type_offsets, guint32, number), ret_type);
}

/* NULL outside the strings, which end with a NUL: see open_sections(). */
static const char *
get_name (const P2vBtf *self,
          guint32       offset)
{
  return offset < self->strings.length ? (const char *) self->strings.bytes + offset : NULL;
}

static gboolean
is_composite (const BtfType *type)
{
  return type->kind == KIND_STRUCT || type->kind == KIND_UNION;
}

/* The sections' places, from the header. */
static gboolean
open_sections (P2vBtf  *self,
               GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (self->bytes, &length);
  P2vReader reader = p2v_reader_le (data, length);
  guint16 magic = 0;
  guint32 header_bytes, type_start, type_bytes, string_start, string_bytes;
  guint64 type_offset, string_offset;

  if (!p2v_reader_get_u16 (&reader, 0, &magic) || magic != BTF_MAGIC || length < 24 ||
      data[2] != BTF_VERSION)
    {
      g_set_error (
        error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
        _("The kernel's type information does not begin with a BTF header: found 0x%04x, "
          "expected 0x%04x version %u"),
        magic, BTF_MAGIC, BTF_VERSION);
      return FALSE;
    }
  if (!p2v_reader_get_u32 (&reader, 4, &header_bytes) ||
      !p2v_reader_get_u32 (&reader, 8, &type_start) ||
      !p2v_reader_get_u32 (&reader, 12, &type_bytes) ||
      !p2v_reader_get_u32 (&reader, 16, &string_start) ||
      !p2v_reader_get_u32 (&reader, 20, &string_bytes))
    g_assert_not_reached ();
  type_offset = (guint64) header_bytes + type_start;
  string_offset = (guint64) header_bytes + string_start;
  if (!p2v_span_fits (type_offset, type_bytes, length) ||
      !p2v_span_fits (string_offset, string_bytes, length) || string_bytes == 0)
    {
      g_set_error (
        error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
        _("The kernel's type information is cut off: its header promises types up to 0x%" PRIx64
          " and strings up to 0x%" PRIx64 " of 0x%zx bytes"),
        type_offset + type_bytes, string_offset + string_bytes, length);
      return FALSE;
    }
  /* Source: Linux kernel/bpf/btf.c btf_parse_str_sec(). */
  if (data[string_offset + string_bytes - 1] != '\0')
    {
      g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
                   _("The kernel's type information is damaged: its strings do not end with a NUL "
                     "at 0x%" PRIx64),
                   string_offset + string_bytes - 1);
      return FALSE;
    }
  self->types = p2v_reader_le (data + type_offset, type_bytes);
  self->strings = p2v_reader_le (data + string_offset, string_bytes);
  return TRUE;
}

/* Records one type and moves *@offset behind it; FALSE if the type is malformed. */
static gboolean
index_type (P2vBtf  *self,
            guint64 *offset)
{
  BtfType type;
  guint32 start = (guint32) *offset;

  if (!read_type (self, *offset, &type) || type.kind == 0 || type.kind >= N_KINDS)
    return FALSE;
  const char *name = get_name (self, type.name_offset);
  guint64 part_bytes = kind_layout[type.kind].fixed_bytes +
                       (guint64) kind_layout[type.kind].bytes_per_part * type.n_parts;
  if (name == NULL || !p2v_span_fits (type.parts_offset, part_bytes, self->types.length))
    return FALSE;
  if (is_composite (&type) && *name != '\0' && strnlen (name, MAX_NAME_BYTES) < MAX_NAME_BYTES &&
      !g_hash_table_contains (self->structs, name))
    g_hash_table_insert (self->structs, (gpointer) name,
                         GUINT_TO_POINTER (self->type_offsets->len));
  g_array_append_val (self->type_offsets, start);
  if (type.kind == KIND_ENUM || type.kind == KIND_ENUM64)
    g_array_append_val (self->enum_offsets, start);
  *offset = type.parts_offset + part_bytes;
  return TRUE;
}

/* The type behind typedefs and qualifiers. */
static gboolean
resolve_type (const P2vBtf *self,
              guint32       number,
              BtfType      *ret_type)
{
  for (guint depth = 0; depth < MAX_DEPTH; depth++)
    {
      if (!get_type (self, number, ret_type))
        return FALSE;
      if (ret_type->kind != KIND_TYPEDEF && ret_type->kind != KIND_VOLATILE &&
          ret_type->kind != KIND_CONST && ret_type->kind != KIND_RESTRICT &&
          ret_type->kind != KIND_TYPE_TAG)
        return TRUE;
      number = ret_type->size_or_type;
    }
  return FALSE;
}

/* In bytes; 0 if it is not known or does not fit. Only little-endian 64-bit kernels carry BTF that
 * we read. */
static guint32
type_size (const P2vBtf *self,
           guint32       number)
{
  guint64 n_elements = 1;
  BtfType type;

  for (guint depth = 0; depth < MAX_DEPTH; depth++)
    {
      guint32 count;
      if (!resolve_type (self, number, &type))
        return 0;
      if (type.kind == KIND_PTR)
        type.size_or_type = sizeof (guint64);
      if (type.kind != KIND_ARRAY)
        return n_elements * type.size_or_type <= G_MAXUINT32
                 ? (guint32) (n_elements * type.size_or_type)
                 : 0;
      if (!p2v_reader_get_u32 (&self->types, type.parts_offset, &number) ||
          !p2v_reader_get_u32 (&self->types, type.parts_offset + 8, &count) ||
          !p2v_mul_u64 (n_elements, count, &n_elements) || n_elements > G_MAXUINT32)
        return 0;
    }
  return 0;
}

static gboolean
open_members (gconstpointer  source,
              guint32        type,
              guint64       *ret_members,
              guint         *ret_n_members)
{
  BtfType found;

  if (!resolve_type (source, type, &found) || !is_composite (&found))
    return FALSE;
  /* Both fit: places in the section have 32 bits. */
  *ret_members = found.parts_offset << 1 | (guint64) found.kind_flag;
  *ret_n_members = found.n_parts;
  return TRUE;
}

static gboolean
get_member (gconstpointer  source,
            guint64        members,
            guint          position,
            P2vTypeMember *ret_member)
{
  const P2vBtf *self = source;
  guint64 at = (members >> 1) + (guint64) position * MEMBER_BYTES;
  gboolean has_widths = members & 1;
  guint32 name_offset, type, offset_bits;

  if (!p2v_reader_get_u32 (&self->types, at, &name_offset) ||
      !p2v_reader_get_u32 (&self->types, at + 4, &type) ||
      !p2v_reader_get_u32 (&self->types, at + 8, &offset_bits))
    return FALSE;
  /* With the flag, the top byte is the width of a bit-field. */
  *ret_member = (P2vTypeMember) {
    .name = get_name (self, name_offset),
    .type = type,
    .offset_bits = has_widths ? offset_bits & 0xffffff : offset_bits,
    .bit_width = has_widths ? offset_bits >> 24 : 0,
  };
  return ret_member->name != NULL;
}

/* Of several types with the name, from number @first on, the first that has the member. */
static gboolean
find_place (const P2vBtf  *self,
            guint32        first,
            const char    *type_name,
            const char    *member_path,
            P2vTypeMember *ret_member)
{
  const P2vMemberSearch search = { self, open_members, get_member };
  guint n_left = P2V_MEMBER_SEARCH_BUDGET;

  if (p2v_member_search_run (&search, first, member_path, &n_left, ret_member))
    return TRUE;
  for (guint number = first + 1; number < self->type_offsets->len && n_left > 0; number++)
    {
      BtfType type;
      if (get_type (self, number, &type) && is_composite (&type) &&
          g_str_equal (get_name (self, type.name_offset), type_name) &&
          p2v_member_search_run (&search, number, member_path, &n_left, ret_member))
        return TRUE;
    }
  return FALSE;
}

/* Without the flag (before 4.20) a bit-field is told by its type's encoding only, which nobody has
 * asked for: one that does not begin with a byte is at least not given a size. */
static gboolean
find_member (const P2vTypeSource *source,
             const char          *type_name,
             const char          *member_path,
             P2vMember           *ret_member)
{
  const P2vBtf *self = (const P2vBtf *) source;
  guint first = GPOINTER_TO_UINT (g_hash_table_lookup (self->structs, type_name));
  P2vTypeMember place;

  if (first == 0 || !find_place (self, first, type_name, member_path, &place) ||
      place.offset_bits / 8 > G_MAXUINT32)
    return FALSE;
  *ret_member = (P2vMember) {
    .offset_bits = place.offset_bits,
    .offset_bytes = (guint32) (place.offset_bits / 8),
    .bit_offset = place.offset_bits % 8,
    .bit_width = place.bit_width,
  };
  if (place.bit_width == 0 && place.offset_bits % 8 == 0)
    ret_member->size_bytes = type_size (self, place.type);
  return TRUE;
}

static gboolean
find_size (const P2vTypeSource *source,
           const char          *type_name,
           guint32             *ret_size_bytes)
{
  const P2vBtf *self = (const P2vBtf *) source;
  BtfType type;

  if (!get_type (self, GPOINTER_TO_UINT (g_hash_table_lookup (self->structs, type_name)), &type))
    return FALSE;
  *ret_size_bytes = type.size_or_type;
  return TRUE;
}

/* Looks among the values of one enumeration: 32 bits each, signed with the flag; or 64 in two
 * words. */
static gboolean
search_enumerators (const P2vBtf  *self,
                    const BtfType *type,
                    const char    *name,
                    gint64        *ret_value)
{
  guint part_bytes = kind_layout[type->kind].bytes_per_part;

  for (guint i = 0; i < type->n_parts; i++)
    {
      guint64 at = type->parts_offset + (guint64) i * part_bytes;
      guint32 name_offset, low, high = 0;

      if (!p2v_reader_get_u32 (&self->types, at, &name_offset) ||
          !p2v_reader_get_u32 (&self->types, at + 4, &low) ||
          (type->kind == KIND_ENUM64 && !p2v_reader_get_u32 (&self->types, at + 8, &high)))
        return FALSE;
      const char *found = get_name (self, name_offset);
      if (found == NULL || strncmp (found, name, MAX_NAME_BYTES) != 0)
        continue;
      *ret_value = type->kind == KIND_ENUM64 ? (gint64) ((guint64) high << 32 | low)
                   : type->kind_flag         ? (gint64) (gint32) low
                                             : (gint64) low;
      return TRUE;
    }
  return FALSE;
}

static gboolean
find_enumerator (const P2vTypeSource *source,
                 const char          *name,
                 gint64              *ret_value)
{
  const P2vBtf *self = (const P2vBtf *) source;

  for (guint i = 0; i < self->enum_offsets->len; i++)
    {
      BtfType type;
      if (read_type (self, g_array_index (self->enum_offsets, guint32, i), &type) &&
          search_enumerators (self, &type, name, ret_value))
        return TRUE;
    }
  return FALSE;
}

static void
free_btf (P2vTypeSource *source)
{
  P2vBtf *self = (P2vBtf *) source;

  g_bytes_unref (self->bytes);
  g_array_unref (self->type_offsets);
  g_array_unref (self->enum_offsets);
  g_hash_table_unref (self->structs);
  g_free (self);
}

static const P2vTypeSourceFuncs btf_funcs = {
  .find_member = find_member,
  .find_size = find_size,
  .find_enumerator = find_enumerator,
  .free = free_btf,
};

static gboolean
index_types (P2vBtf  *self,
             GError **error)
{
  guint64 offset = 0;

  while (offset < self->types.length)
    if (!index_type (self, &offset))
      {
        g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
                     _("The kernel's type information is damaged: type %u, at 0x%" PRIx64
                       " of the type section, is malformed"),
                     self->type_offsets->len, offset);
        return FALSE;
      }
  return TRUE;
}

P2vTypeSource *
p2v_btf_parse (GBytes  *bytes,
               GError **error)
{
  P2vBtf *self = g_new0 (P2vBtf, 1);
  g_autoptr (P2vTypeSource) source = &self->parent;
  const guint32 void_offset = 0;

  self->parent.funcs = &btf_funcs;
  self->bytes = g_bytes_ref (bytes);
  self->type_offsets = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->enum_offsets = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->structs = g_hash_table_new (g_str_hash, g_str_equal);
  g_array_append_val (self->type_offsets, void_offset);
  return open_sections (self, error) && index_types (self, error) ? g_steal_pointer (&source)
                                                                  : NULL;
}

guint
p2v_btf_get_n_types (const P2vTypeSource *btf)
{
  return ((const P2vBtf *) btf)->type_offsets->len - 1;
}
