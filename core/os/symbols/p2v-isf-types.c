/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "base/p2v-checked.h"
#include "os/symbols/p2v-isf-types.h"
#include "os/symbols/p2v-member-search.h"

/* Where the file does not say how wide a pointer is: those for 32 bits all do. */
#define POINTER_BYTES 8

typedef struct
{
  const char *name;            /* in the texts */
  guint32     type;
  guint32     offset_bytes;
} Member;

struct _P2vIsfTypes
{
  P2vTypeSource  parent;
  GStringChunk  *texts;
  GHashTable    *numbers[P2V_ISF_N_KINDS]; /* name -> number of the type plus 1 */
  GArray        *types;        /* P2vIsfType */
  GArray        *members;      /* Member; those of one composite are neighbours */
  GHashTable    *enumerators;  /* name -> position in @values plus 1 */
  GArray        *values;       /* gint64 */
  guint32        current;      /* the composite whose members are being added */
  guint32        pointer;      /* the base type of that name */
};

static P2vIsfType *
get_type (const P2vIsfTypes *self,
          guint32            number)
{
  return &g_array_index (self->types, P2vIsfType, number);
}

guint32
p2v_isf_types_add (P2vIsfTypes      *self,
                   const P2vIsfType *type)
{
  g_array_append_vals (self->types, type, 1);
  return self->types->len - 1;
}

guint32
p2v_isf_types_refer (P2vIsfTypes *self,
                     P2vIsfKind   kind,
                     const char  *name)
{
  guint32 number = GPOINTER_TO_UINT (g_hash_table_lookup (self->numbers[kind], name));
  const P2vIsfType unknown = { .kind = kind };

  if (number != 0)
    return number - 1;
  number = p2v_isf_types_add (self, &unknown);
  g_hash_table_insert (self->numbers[kind], g_string_chunk_insert_const (self->texts, name),
                       GUINT_TO_POINTER (number + 1));
  return number;
}

void
p2v_isf_types_set_size (P2vIsfTypes *self,
                        guint32      type,
                        guint32      size_bytes)
{
  get_type (self, type)->size_bytes = size_bytes;
}

void
p2v_isf_types_begin (P2vIsfTypes *self,
                     guint32      composite)
{
  self->current = composite;
  get_type (self, composite)->first_member = self->members->len;
  get_type (self, composite)->n_members = 0;
}

void
p2v_isf_types_add_member (P2vIsfTypes *self,
                          const char  *name,
                          guint32      type,
                          guint32      offset_bytes)
{
  Member member = { g_string_chunk_insert_const (self->texts, name), type, offset_bytes };

  g_array_append_val (self->members, member);
  get_type (self, self->current)->n_members++;
}

void
p2v_isf_types_add_enumerator (P2vIsfTypes *self,
                              const char  *name,
                              gint64       value)
{
  if (g_hash_table_contains (self->enumerators, name))
    return;
  g_array_append_val (self->values, value);
  g_hash_table_insert (self->enumerators, g_string_chunk_insert_const (self->texts, name),
                       GUINT_TO_POINTER (self->values->len));
}

guint
p2v_isf_types_get_n_members (const P2vIsfTypes *self)
{
  return self->members->len;
}

static gboolean
open_members (gconstpointer  source,
              guint32        number,
              guint64       *ret_members,
              guint         *ret_n_members)
{
  const P2vIsfType *type = get_type (source, number);

  *ret_members = type->first_member;
  *ret_n_members = type->n_members;
  return type->kind == P2V_ISF_COMPOSITE;
}

static gboolean
get_member (gconstpointer  source,
            guint64        members,
            guint          position,
            P2vTypeMember *ret_member)
{
  const P2vIsfTypes *self = source;
  const Member *member = &g_array_index (self->members, Member, members + position);
  const P2vIsfType *type = get_type (self, member->type);

  *ret_member = (P2vTypeMember) {
    .name = member->name,
    .type = member->type,
    .offset_bits = 8 * (guint64) member->offset_bytes + type->bit_position,
    .bit_width = type->bit_length,
  };
  return TRUE;
}

/* In bytes; 0 if it is not known or does not fit. An array's element was numbered before the array,
 * so this ends. */
static guint32
type_size (const P2vIsfTypes *self,
           guint32            number)
{
  const P2vIsfType *type = get_type (self, number);
  guint64 size = 1;

  for (; type->kind == P2V_ISF_ARRAY; type = get_type (self, type->target))
    if (!p2v_mul_u64 (size, type->count, &size) || size > G_MAXUINT32)
      return 0;
  if (type->kind == P2V_ISF_POINTER)
    {
      type = get_type (self, self->pointer);
      size *= type->size_bytes == 0 ? POINTER_BYTES : type->size_bytes;
    }
  else
    size *= type->size_bytes;
  return size <= G_MAXUINT32 ? (guint32) size : 0;
}

/* The number of the composite called @name; FALSE if none was defined. */
static gboolean
find_composite (const P2vIsfTypes *self,
                const char        *name,
                guint32           *ret_number)
{
  gpointer number = g_hash_table_lookup (self->numbers[P2V_ISF_COMPOSITE], name);

  *ret_number = GPOINTER_TO_UINT (number) - 1;
  return number != NULL && get_type (self, *ret_number)->size_bytes > 0;
}

static gboolean
find_member (const P2vTypeSource *source,
             const char          *type_name,
             const char          *member_path,
             P2vMember           *ret_member)
{
  const P2vIsfTypes *self = (const P2vIsfTypes *) source;
  const P2vMemberSearch search = { self, open_members, get_member };
  guint n_left = P2V_MEMBER_SEARCH_BUDGET;
  P2vTypeMember found;
  guint32 composite;

  if (!find_composite (self, type_name, &composite) ||
      !p2v_member_search_run (&search, composite, member_path, &n_left, &found) ||
      found.offset_bits / 8 > G_MAXUINT32)
    return FALSE;
  *ret_member = (P2vMember) {
    .offset_bits = found.offset_bits,
    .offset_bytes = (guint32) (found.offset_bits / 8),
    .size_bytes = type_size (self, found.type),
    .bit_offset = found.offset_bits % 8,
    .bit_width = found.bit_width,
  };
  return TRUE;
}

static gboolean
find_size (const P2vTypeSource *source,
           const char          *type_name,
           guint32             *ret_size_bytes)
{
  const P2vIsfTypes *self = (const P2vIsfTypes *) source;
  guint32 composite;

  if (!find_composite (self, type_name, &composite))
    return FALSE;
  *ret_size_bytes = get_type (self, composite)->size_bytes;
  return TRUE;
}

static gboolean
find_enumerator (const P2vTypeSource *source,
                 const char          *name,
                 gint64              *ret_value)
{
  const P2vIsfTypes *self = (const P2vIsfTypes *) source;
  guint position = GPOINTER_TO_UINT (g_hash_table_lookup (self->enumerators, name));

  if (position == 0)
    return FALSE;
  *ret_value = g_array_index (self->values, gint64, position - 1);
  return TRUE;
}

static void
free_types (P2vTypeSource *source)
{
  P2vIsfTypes *self = (P2vIsfTypes *) source;

  for (guint i = 0; i < P2V_ISF_N_KINDS; i++)
    g_hash_table_unref (self->numbers[i]);
  g_hash_table_unref (self->enumerators);
  g_array_unref (self->types);
  g_array_unref (self->members);
  g_array_unref (self->values);
  g_string_chunk_free (self->texts);
  g_free (self);
}

static const P2vTypeSourceFuncs isf_funcs = {
  .find_member = find_member,
  .find_size = find_size,
  .find_enumerator = find_enumerator,
  .free = free_types,
};

P2vIsfTypes *
p2v_isf_types_new (void)
{
  P2vIsfTypes *self = g_new0 (P2vIsfTypes, 1);

  self->parent.funcs = &isf_funcs;
  self->texts = g_string_chunk_new (64 << 10);
  for (guint i = 0; i < P2V_ISF_N_KINDS; i++)
    self->numbers[i] = g_hash_table_new (g_str_hash, g_str_equal);
  self->enumerators = g_hash_table_new (g_str_hash, g_str_equal);
  self->types = g_array_new (FALSE, FALSE, sizeof (P2vIsfType));
  self->members = g_array_new (FALSE, FALSE, sizeof (Member));
  self->values = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->pointer = p2v_isf_types_refer (self, P2V_ISF_BASE, "pointer");
  return self;
}

P2vTypeSource *
p2v_isf_types_get_source (P2vIsfTypes *self)
{
  return &self->parent;
}
