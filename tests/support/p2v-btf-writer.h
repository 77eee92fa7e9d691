/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes BTF, the kernel's type information, from a test's description. Made from
 * Documentation/bpf/btf.rst of Linux and independent of the reader: no constant or line is shared
 * with core/os/symbols, so that a misreading there shows. */

#pragma once

#include <glib.h>

/* btf.rst, "2.2 Type Encoding", the list of kinds. */
typedef enum
{
  P2V_TEST_BTF_INT = 1,
  P2V_TEST_BTF_PTR,
  P2V_TEST_BTF_ARRAY,
  P2V_TEST_BTF_STRUCT,
  P2V_TEST_BTF_UNION,
  P2V_TEST_BTF_ENUM,
  P2V_TEST_BTF_FWD,
  P2V_TEST_BTF_TYPEDEF,
  P2V_TEST_BTF_VOLATILE,
  P2V_TEST_BTF_CONST,
  P2V_TEST_BTF_RESTRICT,
  P2V_TEST_BTF_FUNC,
  P2V_TEST_BTF_FUNC_PROTO,
  P2V_TEST_BTF_VAR,
  P2V_TEST_BTF_DATASEC,
  P2V_TEST_BTF_FLOAT,
  P2V_TEST_BTF_DECL_TAG,
  P2V_TEST_BTF_TYPE_TAG,
  P2V_TEST_BTF_ENUM64,
} P2vTestBtfKind;

typedef struct
{
  GByteArray *types;
  GByteArray *strings;
  guint32     n_types;
} P2vBtfWriter;

P2vBtfWriter *p2v_btf_writer_new  (void);
void          p2v_btf_writer_free (P2vBtfWriter *self);
/* Where @text stands among the strings; NULL is the empty one. */
guint32       p2v_btf_writer_add_string (P2vBtfWriter *self,
                                         const char   *text);
/* Each function that adds a type returns its number; the first is 1. This one writes the three
 * words that all types have; what else the kind wants follows with p2v_btf_writer_add_word(). */
guint32       p2v_btf_writer_add_type   (P2vBtfWriter *self,
                                         guint         kind,
                                         const char   *name,
                                         guint         n_parts,
                                         gboolean      kind_flag,
                                         guint32       size_or_type);
void          p2v_btf_writer_add_word   (P2vBtfWriter *self,
                                         guint32       word);
guint32       p2v_btf_writer_add_int    (P2vBtfWriter *self,
                                         const char   *name,
                                         guint32       size_bytes);
/* A pointer, typedef, qualifier or type tag. */
guint32       p2v_btf_writer_add_link   (P2vBtfWriter *self,
                                         guint         kind,
                                         const char   *name,
                                         guint32       type);
guint32       p2v_btf_writer_add_array  (P2vBtfWriter *self,
                                         guint32       type,
                                         guint32       n_elements);
/* A struct or union without bit-fields; its members follow. */
guint32       p2v_btf_writer_add_struct (P2vBtfWriter *self,
                                         guint         kind,
                                         const char   *name,
                                         guint         n_members,
                                         guint32       size_bytes);
void          p2v_btf_writer_add_member (P2vBtfWriter *self,
                                         const char   *name,
                                         guint32       type,
                                         guint32       offset_bits);
/* One type of each kind, in the order of the kinds: the type's number is its kind. The struct is
 * "every" with the member "member" at byte 4. */
void          p2v_btf_writer_add_all_kinds (P2vBtfWriter *self);
/* (transfer full): header, types, strings. */
GByteArray   *p2v_btf_writer_write      (P2vBtfWriter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vBtfWriter, p2v_btf_writer_free)
