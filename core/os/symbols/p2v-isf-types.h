/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vIsfTypes: the types of an ISF file, while it is read and afterwards. Each has a number; types
 * refer to each other by name and may come in any order. */

#pragma once

#include "os/symbols/p2v-type-source.h"

typedef enum
{
  P2V_ISF_UNKNOWN,             /* functions, void: no size */
  P2V_ISF_BASE,
  P2V_ISF_COMPOSITE,           /* struct, union, class */
  P2V_ISF_ENUM,
  P2V_ISF_POINTER,
  P2V_ISF_ARRAY,
  P2V_ISF_BITFIELD,
  P2V_ISF_N_KINDS,
} P2vIsfKind;

typedef struct
{
  P2vIsfKind kind;
  guint32    target;           /* of arrays and bit-fields: the number of the type they are of */
  guint32    count;            /* of an array */
  guint      bit_position;
  guint      bit_length;
  guint32    size_bytes;       /* of a base type, composite or enumeration; 0 if not known */
  guint32    first_member;     /* of a composite */
  guint32    n_members;
} P2vIsfType;

typedef struct _P2vIsfTypes P2vIsfTypes;

P2vIsfTypes   *p2v_isf_types_new          (void);
/* (transfer none): as what everybody asks it; it is freed through that. */
P2vTypeSource *p2v_isf_types_get_source   (P2vIsfTypes       *self);
/* The number of the base type, composite or enumeration called @name, whether it was defined or
 * not. */
guint32        p2v_isf_types_refer        (P2vIsfTypes       *self,
                                           P2vIsfKind         kind,
                                           const char        *name);
void           p2v_isf_types_set_size     (P2vIsfTypes       *self,
                                           guint32            type,
                                           guint32            size_bytes);
/* Members added from here on are those of @composite. */
void           p2v_isf_types_begin        (P2vIsfTypes       *self,
                                           guint32            composite);
/* @name: empty for an unnamed one. */
void           p2v_isf_types_add_member   (P2vIsfTypes       *self,
                                           const char        *name,
                                           guint32            type,
                                           guint32            offset_bytes);
/* The number of a type without a name; @type->target must be a number given before. */
guint32        p2v_isf_types_add          (P2vIsfTypes       *self,
                                           const P2vIsfType  *type);
void           p2v_isf_types_add_enumerator (P2vIsfTypes     *self,
                                           const char        *name,
                                           gint64             value);
guint          p2v_isf_types_get_n_members (const P2vIsfTypes *self);
