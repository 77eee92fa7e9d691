/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vTypeSource: what somebody knows of a system's structures, whoever it is: the kernel's own BTF,
 * a file of symbols, inference. The reader of a system asks this and does not know whom.
 *
 * Immutable once opened: any thread may ask. A question may walk all members of a structure, and
 * that for an enumerator all types: ask once and keep the answer.
 *
 * To add a source: a struct that begins with a P2vTypeSource, and one constant P2vTypeSourceFuncs.
 */

#pragma once

#include <glib.h>

typedef struct
{
  guint64 offset_bits;         /* from the start of the structure */
  guint32 offset_bytes;        /* of the byte that holds its first bit */
  guint32 size_bytes;          /* of a member, arrays as a whole; 0 if not known or a bit-field */
  guint   bit_offset;          /* of a bit-field: its first bit in that byte, from the lowest */
  guint   bit_width;           /* of a bit-field; 0 for a member that is none */
} P2vMember;

typedef struct _P2vTypeSource P2vTypeSource;

typedef struct
{
  gboolean (*find_member)     (const P2vTypeSource *self,
                               const char          *type_name,
                               const char          *member_path,
                               P2vMember           *ret_member);
  gboolean (*find_size)       (const P2vTypeSource *self,
                               const char          *type_name,
                               guint32             *ret_size_bytes);
  gboolean (*find_enumerator) (const P2vTypeSource *self,
                               const char          *name,
                               gint64              *ret_value);
  void     (*free)            (P2vTypeSource       *self);
} P2vTypeSourceFuncs;

struct _P2vTypeSource
{
  const P2vTypeSourceFuncs *funcs;
};

/* Finds a member by the path "a.b.c" from the struct or union named @type_name; members of unnamed
 * structs and unions count as their parent's. Of several types with that name the first that has
 * the member is meant. FALSE if there is no such type or member; *@ret_member is untouched then. */
G_GNUC_WARN_UNUSED_RESULT static inline gboolean
p2v_type_source_find_member (const P2vTypeSource *self,
                             const char          *type_name,
                             const char          *member_path,
                             P2vMember           *ret_member)
{
  return self->funcs->find_member (self, type_name, member_path, ret_member);
}

/* The size of the first struct or union named @type_name; FALSE if there is none. */
G_GNUC_WARN_UNUSED_RESULT static inline gboolean
p2v_type_source_find_size (const P2vTypeSource *self,
                           const char          *type_name,
                           guint32             *ret_size_bytes)
{
  return self->funcs->find_size (self, type_name, ret_size_bytes);
}

/* The value of an enumerator of any enumeration, the first with that name; FALSE if there is
 * none. */
G_GNUC_WARN_UNUSED_RESULT static inline gboolean
p2v_type_source_find_enumerator (const P2vTypeSource *self,
                                 const char          *name,
                                 gint64              *ret_value)
{
  return self->funcs->find_enumerator (self, name, ret_value);
}

static inline void
p2v_type_source_free (P2vTypeSource *self)
{
  self->funcs->free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vTypeSource, p2v_type_source_free)
