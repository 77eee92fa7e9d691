/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-btf-writer.h"

#include "p2v-image-writers.h"

#include <string.h>

P2vBtfWriter *
p2v_btf_writer_new (void)
{
  P2vBtfWriter *self = g_new0 (P2vBtfWriter, 1);

  self->types = g_byte_array_new ();
  self->strings = g_byte_array_new ();
  p2v_test_append (self->strings, 1, 0);
  return self;
}

void
p2v_btf_writer_free (P2vBtfWriter *self)
{
  g_byte_array_unref (self->types);
  g_byte_array_unref (self->strings);
  g_free (self);
}

guint32
p2v_btf_writer_add_string (P2vBtfWriter *self,
                           const char   *text)
{
  if (text == NULL || *text == '\0')
    return 0;
  guint32 offset = self->strings->len;
  g_byte_array_append (self->strings, (const guint8 *) text, (guint) strlen (text) + 1);
  return offset;
}

/* btf.rst, struct btf_type: info has vlen in bits 0 to 15, the kind in 24 to 28, the flag in 31. */
guint32
p2v_btf_writer_add_type (P2vBtfWriter *self,
                         guint         kind,
                         const char   *name,
                         guint         n_parts,
                         gboolean      kind_flag,
                         guint32       size_or_type)
{
  p2v_btf_writer_add_word (self, p2v_btf_writer_add_string (self, name));
  p2v_btf_writer_add_word (self, n_parts + (kind << 24) + (kind_flag ? 1u << 31 : 0));
  p2v_btf_writer_add_word (self, size_or_type);
  return ++self->n_types;
}

void
p2v_btf_writer_add_word (P2vBtfWriter *self,
                         guint32       word)
{
  p2v_test_append (self->types, 4, word);
}

guint32
p2v_btf_writer_add_int (P2vBtfWriter *self,
                        const char   *name,
                        guint32       size_bytes)
{
  guint32 number
      = p2v_btf_writer_add_type (self, P2V_TEST_BTF_INT, name, 0, FALSE, size_bytes);

  p2v_btf_writer_add_word (self, size_bytes * 8);
  return number;
}

guint32
p2v_btf_writer_add_link (P2vBtfWriter *self,
                         guint         kind,
                         const char   *name,
                         guint32       type)
{
  return p2v_btf_writer_add_type (self, kind, name, 0, FALSE, type);
}

/* The type of the index is not looked at by anybody. */
guint32
p2v_btf_writer_add_array (P2vBtfWriter *self,
                          guint32       type,
                          guint32       n_elements)
{
  guint32 number = p2v_btf_writer_add_type (self, P2V_TEST_BTF_ARRAY, NULL, 0, FALSE, 0);

  p2v_btf_writer_add_word (self, type);
  p2v_btf_writer_add_word (self, 1);
  p2v_btf_writer_add_word (self, n_elements);
  return number;
}

guint32
p2v_btf_writer_add_struct (P2vBtfWriter *self,
                           guint         kind,
                           const char   *name,
                           guint         n_members,
                           guint32       size_bytes)
{
  return p2v_btf_writer_add_type (self, kind, name, n_members, FALSE, size_bytes);
}

void
p2v_btf_writer_add_member (P2vBtfWriter *self,
                           const char   *name,
                           guint32       type,
                           guint32       offset_bits)
{
  p2v_btf_writer_add_word (self, p2v_btf_writer_add_string (self, name));
  p2v_btf_writer_add_word (self, type);
  p2v_btf_writer_add_word (self, offset_bits);
}

static void
add_words (P2vBtfWriter *self,
           guint         n_words)
{
  for (guint i = 0; i < n_words; i++)
    p2v_btf_writer_add_word (self, 0);
}

void
p2v_btf_writer_add_all_kinds (P2vBtfWriter *self)
{
  g_assert (self->n_types == 0);
  p2v_btf_writer_add_int (self, "int", 4);
  p2v_btf_writer_add_link (self, P2V_TEST_BTF_PTR, NULL, 1);
  p2v_btf_writer_add_array (self, 1, 3);
  p2v_btf_writer_add_struct (self, P2V_TEST_BTF_STRUCT, "every", 2, 8);
  p2v_btf_writer_add_member (self, "first", 1, 0);
  p2v_btf_writer_add_member (self, "member", 1, 32);
  p2v_btf_writer_add_struct (self, P2V_TEST_BTF_UNION, "any", 1, 4);
  p2v_btf_writer_add_member (self, "one", 1, 0);
  p2v_btf_writer_add_type (self, P2V_TEST_BTF_ENUM, "enum", 2, FALSE, 4);
  add_words (self, 4);
  p2v_btf_writer_add_link (self, P2V_TEST_BTF_FWD, "later", 0);
  p2v_btf_writer_add_link (self, P2V_TEST_BTF_TYPEDEF, "number", 1);
  p2v_btf_writer_add_link (self, P2V_TEST_BTF_VOLATILE, NULL, 1);
  p2v_btf_writer_add_link (self, P2V_TEST_BTF_CONST, NULL, 1);
  p2v_btf_writer_add_link (self, P2V_TEST_BTF_RESTRICT, NULL, 2);
  /* The number of parts of a function is its linkage. */
  p2v_btf_writer_add_type (self, P2V_TEST_BTF_FUNC, "function", 1, FALSE, 13);
  p2v_btf_writer_add_type (self, P2V_TEST_BTF_FUNC_PROTO, NULL, 1, FALSE, 1);
  add_words (self, 2);
  p2v_btf_writer_add_link (self, P2V_TEST_BTF_VAR, "variable", 1);
  add_words (self, 1);
  p2v_btf_writer_add_type (self, P2V_TEST_BTF_DATASEC, ".data", 1, FALSE, 4);
  add_words (self, 3);
  p2v_btf_writer_add_link (self, P2V_TEST_BTF_FLOAT, "double", 8);
  p2v_btf_writer_add_link (self, P2V_TEST_BTF_DECL_TAG, "tag", 4);
  add_words (self, 1);
  p2v_btf_writer_add_link (self, P2V_TEST_BTF_TYPE_TAG, "user", 1);
  p2v_btf_writer_add_type (self, P2V_TEST_BTF_ENUM64, "enum64", 1, FALSE, 8);
  add_words (self, 3);
}

/* btf.rst, struct btf_header: offsets count from the header's end. */
GByteArray *
p2v_btf_writer_write (P2vBtfWriter *self)
{
  GByteArray *bytes = g_byte_array_new ();

  p2v_test_append (bytes, 2, 0xeb9f);
  p2v_test_append (bytes, 1, 1);
  p2v_test_append (bytes, 1, 0);
  p2v_test_append (bytes, 4, 24);
  p2v_test_append (bytes, 4, 0);
  p2v_test_append (bytes, 4, self->types->len);
  p2v_test_append (bytes, 4, self->types->len);
  p2v_test_append (bytes, 4, self->strings->len);
  g_byte_array_append (bytes, self->types->data, self->types->len);
  g_byte_array_append (bytes, self->strings->data, self->strings->len);
  return bytes;
}
