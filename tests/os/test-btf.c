/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The reader of the kernel's type information: what a kernel writes, and what nobody should. */

#include "p2v-test.h"

#include "os/symbols/p2v-btf.h"
#include "p2v-btf-writer.h"
#include "p2v-image-writers.h"

#include <string.h>

static int
setup (void **state)
{
  *state = p2v_btf_writer_new ();
  return 0;
}

static int
teardown (void **state)
{
  p2v_btf_writer_free (*state);
  return 0;
}

static P2vTypeSource *
parse_bytes (const GByteArray *array,
             GError          **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (array->data, array->len);
  return p2v_btf_parse (bytes, error);
}

static P2vTypeSource *
parse (P2vBtfWriter *writer)
{
  g_autoptr (GByteArray) array = p2v_btf_writer_write (writer);
  GError *error = NULL;
  P2vTypeSource *btf = parse_bytes (array, &error);

  assert_no_error (error);
  assert_non_null (btf);
  assert_int_equal (p2v_btf_get_n_types (btf), writer->n_types);
  return btf;
}

static void
assert_refused (const GByteArray *array,
                const char       *part)
{
  GError *error = NULL;

  assert_null (parse_bytes (array, &error));
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, part);
  g_clear_error (&error);
}

static void
assert_member (const P2vTypeSource *btf,
               const char          *type,
               const char          *path,
               guint32              offset_bytes,
               guint32              size_bytes)
{
  P2vMember member = { 0 };

  if (!p2v_type_source_find_member (btf, type, path, &member))
    fail_msg ("%s.%s was not found", type, path);
  assert_int_equal (member.offset_bytes, offset_bytes);
  assert_int_equal (member.offset_bits, 8 * (guint64) offset_bytes);
  assert_int_equal (member.size_bytes, size_bytes);
  assert_int_equal (member.bit_offset, 0);
  assert_int_equal (member.bit_width, 0);
}

static void
assert_bit_field (const P2vTypeSource *btf,
                  const char          *type,
                  const char          *path,
                  guint64              offset_bits,
                  guint                width)
{
  P2vMember member = { .size_bytes = 99 };

  if (!p2v_type_source_find_member (btf, type, path, &member))
    fail_msg ("%s.%s was not found", type, path);
  assert_int_equal (member.offset_bits, offset_bits);
  assert_int_equal (member.offset_bytes, offset_bits / 8);
  assert_int_equal (member.bit_offset, offset_bits % 8);
  assert_int_equal (member.bit_width, width);
  assert_int_equal (member.size_bytes, 0);
}

static void
assert_no_member (const P2vTypeSource *btf,
                  const char          *type,
                  const char          *path)
{
  P2vMember member = { .offset_bytes = 0x1234, .size_bytes = 0x5678 };

  assert_false (p2v_type_source_find_member (btf, type, path, &member));
  assert_int_equal (member.offset_bytes, 0x1234);
  assert_int_equal (member.size_bytes, 0x5678);
}

static void
members_of_unnamed_structs_and_unions_count_as_their_parents (void **state)
{
  P2vBtfWriter *writer = *state;
  guint32 number = p2v_btf_writer_add_int (writer, "int", 4);
  guint32 inner = p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, NULL, 2, 8);
  p2v_btf_writer_add_member (writer, "left", number, 0);
  p2v_btf_writer_add_member (writer, "right", number, 32);
  guint32 either = p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_UNION, NULL, 2, 8);
  p2v_btf_writer_add_member (writer, "whole", number, 0);
  p2v_btf_writer_add_member (writer, NULL, inner, 0);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "outer", 3, 24);
  p2v_btf_writer_add_member (writer, "head", number, 0);
  p2v_btf_writer_add_member (writer, NULL, either, 64);
  p2v_btf_writer_add_member (writer, "tail", number, 128);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_member (btf, "outer", "head", 0, 4);
  assert_member (btf, "outer", "whole", 8, 4);
  assert_member (btf, "outer", "left", 8, 4);
  assert_member (btf, "outer", "right", 12, 4);
  assert_member (btf, "outer", "tail", 16, 4);
  assert_no_member (btf, "outer", "middle");
  assert_no_member (btf, "inner", "left");
  assert_no_member (btf, "int", "head");
}

static void
path_leads_through_named_members (void **state)
{
  P2vBtfWriter *writer = *state;
  guint32 number = p2v_btf_writer_add_int (writer, "long", 8);
  guint32 c = p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "third", 2, 16);
  p2v_btf_writer_add_member (writer, "x", number, 0);
  p2v_btf_writer_add_member (writer, "c", number, 64);
  guint32 b = p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_UNION, "second", 1, 16);
  p2v_btf_writer_add_member (writer, "b", c, 0);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "first", 2, 24);
  p2v_btf_writer_add_member (writer, "x", number, 0);
  p2v_btf_writer_add_member (writer, "a", b, 64);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_member (btf, "first", "a", 8, 16);
  assert_member (btf, "first", "a.b", 8, 16);
  assert_member (btf, "first", "a.b.c", 16, 8);
  assert_no_member (btf, "first", "a.c");
  assert_no_member (btf, "first", "x.c");
  assert_no_member (btf, "first", "a.b.c.d");
  assert_no_member (btf, "first", "a.");
  assert_no_member (btf, "first", ".a");
  assert_no_member (btf, "first", "");
}

static void
name_that_begins_like_another_is_not_it (void **state)
{
  P2vBtfWriter *writer = *state;
  guint32 number = p2v_btf_writer_add_int (writer, "int", 4);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "task", 3, 12);
  p2v_btf_writer_add_member (writer, "pid_links", number, 0);
  p2v_btf_writer_add_member (writer, "pi", number, 32);
  p2v_btf_writer_add_member (writer, "pid", number, 64);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_member (btf, "task", "pid", 8, 4);
  assert_member (btf, "task", "pi", 4, 4);
  assert_no_member (btf, "task", "pid_link");
}

static void
typedefs_and_qualifiers_are_looked_through (void **state)
{
  P2vBtfWriter *writer = *state;
  const guint kinds[] = { P2V_TEST_BTF_CONST, P2V_TEST_BTF_VOLATILE, P2V_TEST_BTF_TYPE_TAG,
                          P2V_TEST_BTF_RESTRICT, P2V_TEST_BTF_TYPEDEF };
  guint32 number = p2v_btf_writer_add_int (writer, "short", 2);
  guint32 type = p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "inner", 1, 6);
  p2v_btf_writer_add_member (writer, "field", number, 32);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    type = p2v_btf_writer_add_link (writer, kinds[i], "name", type);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "outer", 2, 8);
  p2v_btf_writer_add_member (writer, "number", number, 0);
  p2v_btf_writer_add_member (writer, "inner", type, 16);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_member (btf, "outer", "inner", 2, 6);
  assert_member (btf, "outer", "inner.field", 6, 2);
}

static void
sizes_are_those_of_arrays_pointers_and_enums (void **state)
{
  P2vBtfWriter *writer = *state;
  guint32 number = p2v_btf_writer_add_int (writer, "short", 2);
  guint32 row = p2v_btf_writer_add_array (writer, number, 5);
  guint32 named = p2v_btf_writer_add_link (writer, P2V_TEST_BTF_TYPEDEF, "row_t", row);
  guint32 matrix = p2v_btf_writer_add_array (writer, named, 3);
  guint32 pointer = p2v_btf_writer_add_link (writer, P2V_TEST_BTF_PTR, NULL, matrix);
  guint32 pointers = p2v_btf_writer_add_array (writer, pointer, 4);
  guint32 none = p2v_btf_writer_add_array (writer, number, 0);
  guint32 huge = p2v_btf_writer_add_array (writer, matrix, G_MAXUINT32);
  guint32 state_type
      = p2v_btf_writer_add_type (writer, P2V_TEST_BTF_ENUM, "state", 0, FALSE, 1);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "s", 7, 0);
  p2v_btf_writer_add_member (writer, "row", row, 0);
  p2v_btf_writer_add_member (writer, "matrix", matrix, 80);
  p2v_btf_writer_add_member (writer, "pointer", pointer, 320);
  p2v_btf_writer_add_member (writer, "pointers", pointers, 384);
  p2v_btf_writer_add_member (writer, "none", none, 640);
  p2v_btf_writer_add_member (writer, "huge", huge, 640);
  p2v_btf_writer_add_member (writer, "state", state_type, 648);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_member (btf, "s", "row", 0, 10);
  assert_member (btf, "s", "matrix", 10, 30);
  assert_member (btf, "s", "pointer", 40, 8);
  assert_member (btf, "s", "pointers", 48, 32);
  assert_member (btf, "s", "none", 80, 0);
  /* What does not fit is not known. */
  assert_member (btf, "s", "huge", 80, 0);
  assert_member (btf, "s", "state", 81, 1);
}

/* With the flag the top byte of an offset is the width of a bit-field. */
static void
bit_fields_are_told_with_their_bits (void **state)
{
  P2vBtfWriter *writer = *state;
  guint32 number = p2v_btf_writer_add_int (writer, "int", 4);
  p2v_btf_writer_add_type (writer, P2V_TEST_BTF_STRUCT, "flags", 4, TRUE, 16);
  p2v_btf_writer_add_member (writer, "before", number, 0);
  p2v_btf_writer_add_member (writer, "bit", number, (1u << 24) + 32);
  p2v_btf_writer_add_member (writer, "three", number, (3u << 24) + 45);
  p2v_btf_writer_add_member (writer, "after", number, 64);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "old", 1, 4);
  p2v_btf_writer_add_member (writer, "odd", number, 3);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_member (btf, "flags", "before", 0, 4);
  assert_bit_field (btf, "flags", "bit", 32, 1);
  assert_bit_field (btf, "flags", "three", 45, 3);
  assert_member (btf, "flags", "after", 8, 4);
  /* Old BTF keeps the width elsewhere; no size shows that it is no ordinary member. */
  assert_bit_field (btf, "old", "odd", 3, 0);
}

static void
sizes_of_types_are_found_by_name (void **state)
{
  P2vBtfWriter *writer = *state;
  guint32 size = 0x1234;
  p2v_btf_writer_add_int (writer, "number", 4);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "page", 0, 64);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_UNION, "slab", 0, 40);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_false (p2v_type_source_find_size (btf, "number", &size));
  assert_false (p2v_type_source_find_size (btf, "folio", &size));
  assert_int_equal (size, 0x1234);
  assert_true (p2v_type_source_find_size (btf, "page", &size));
  assert_int_equal (size, 64);
  assert_true (p2v_type_source_find_size (btf, "slab", &size));
  assert_int_equal (size, 40);
}

static void
add_enumerator (P2vBtfWriter *writer,
                const char   *name,
                guint32       low)
{
  p2v_btf_writer_add_word (writer, p2v_btf_writer_add_string (writer, name));
  p2v_btf_writer_add_word (writer, low);
}

static void
assert_enumerator (const P2vTypeSource *btf,
                   const char          *name,
                   gint64               expected)
{
  gint64 value = 0x1234;

  assert_true (p2v_type_source_find_enumerator (btf, name, &value));
  assert_int_equal (value, expected);
}

static void
enumerators_of_any_enumeration_are_found (void **state)
{
  P2vBtfWriter *writer = *state;
  gint64 value = 0x1234;
  p2v_btf_writer_add_type (writer, P2V_TEST_BTF_ENUM, "pageflags", 2, FALSE, 4);
  add_enumerator (writer, "PG_locked", 0);
  add_enumerator (writer, "PG_highest", 0xfffffffe);
  p2v_btf_writer_add_type (writer, P2V_TEST_BTF_ENUM, NULL, 1, TRUE, 4);
  add_enumerator (writer, "negative", 0xfffffffe);
  p2v_btf_writer_add_type (writer, P2V_TEST_BTF_ENUM64, "wide", 1, FALSE, 8);
  add_enumerator (writer, "large", 5);
  p2v_btf_writer_add_word (writer, 1);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_enumerator (btf, "PG_locked", 0);
  assert_enumerator (btf, "PG_highest", 0xfffffffe);
  assert_enumerator (btf, "negative", -2);
  assert_enumerator (btf, "large", 0x100000005);
  assert_false (p2v_type_source_find_enumerator (btf, "PG_lock", &value));
  assert_false (p2v_type_source_find_enumerator (btf, "pageflags", &value));
  assert_int_equal (value, 0x1234);
}

static void
of_types_with_one_name_the_first_with_the_member_is_meant (void **state)
{
  P2vBtfWriter *writer = *state;
  guint32 number = p2v_btf_writer_add_int (writer, "int", 4);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "mount", 1, 8);
  p2v_btf_writer_add_member (writer, "both", number, 0);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "mounted", 1, 8);
  p2v_btf_writer_add_member (writer, "parent", number, 0);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_UNION, "mount", 2, 8);
  p2v_btf_writer_add_member (writer, "both", number, 64);
  p2v_btf_writer_add_member (writer, "parent", number, 32);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "mount", 1, 8);
  p2v_btf_writer_add_member (writer, "parent", number, 96);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_member (btf, "mount", "both", 0, 4);
  assert_member (btf, "mount", "parent", 4, 4);
  assert_no_member (btf, "mount", "child");
}

static void
all_kinds_of_types_are_stepped_over (void **state)
{
  P2vBtfWriter *writer = *state;
  p2v_btf_writer_add_all_kinds (writer);
  assert_int_equal (writer->n_types, 19);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "last", 1, 4);
  p2v_btf_writer_add_member (writer, "found", 1, 0);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_int_equal (p2v_btf_get_n_types (btf), 20);
  assert_member (btf, "every", "member", 4, 4);
  assert_member (btf, "any", "one", 0, 4);
  assert_member (btf, "last", "found", 0, 4);
  assert_no_member (btf, "later", "found");
}

static void
kinds_that_do_not_exist_are_refused (void **state)
{
  const guint kinds[] = { 0, 20, 21, 31 };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (P2vBtfWriter) writer = p2v_btf_writer_new ();
      p2v_btf_writer_add_int (writer, "int", 4);
      p2v_btf_writer_add_type (writer, kinds[i], "strange", 0, FALSE, 0);
      g_autoptr (GByteArray) array = p2v_btf_writer_write (writer);
      /* The second type begins behind the 16 bytes of the first. */
      assert_refused (array, "type 2, at 0x10 ");
    }
}

static void
types_cut_at_any_byte_are_refused (void **state)
{
  P2vBtfWriter *writer = *state;
  p2v_btf_writer_add_all_kinds (writer);
  g_autoptr (GByteArray) whole = p2v_btf_writer_write (writer);

  for (guint length = 0; length < whole->len; length++)
    {
      g_autoptr (GByteArray) cut = g_byte_array_new ();
      g_byte_array_append (cut, whole->data, length);
      assert_refused (cut, "");
    }
}

/* The strings stay, so that the header is right: only the types end too early. */
static void
type_section_cut_within_a_type_is_refused (void **state)
{
  P2vBtfWriter *writer = *state;
  p2v_btf_writer_add_all_kinds (writer);
  guint n_cut = 0;

  for (guint length = 1; length < writer->types->len; length++)
    {
      g_autoptr (GByteArray) array = p2v_btf_writer_write (writer);
      p2v_test_put (array, 12, 4, length);
      GError *error = NULL;
      g_autoptr (P2vTypeSource) btf = parse_bytes (array, &error);
      if (btf != NULL)
        continue;
      assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, "malformed");
      g_clear_error (&error);
      n_cut++;
    }
  /* Only the ends of the 18 types before the last leave a whole section. */
  assert_int_equal (n_cut, writer->types->len - 1 - 18);
}

static void
header_that_is_not_btf_is_refused (void **state)
{
  P2vBtfWriter *writer = *state;
  const struct
  {
    guint offset, width_bytes;
    guint64 value;
  } changes[] = { { 0, 2, 0x9feb }, { 0, 1, 0 }, { 2, 1, 0 }, { 2, 1, 2 } };

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autoptr (GByteArray) array = p2v_btf_writer_write (writer);
      p2v_test_put (array, changes[i].offset, changes[i].width_bytes, changes[i].value);
      assert_refused (array, "does not begin with a BTF header");
    }
}

static void
sections_outside_the_bytes_are_refused (void **state)
{
  P2vBtfWriter *writer = *state;
  p2v_btf_writer_add_int (writer, "int", 4);
  const struct
  {
    guint offset;
    guint64 value;
  } changes[] = { { 4, 25 },         { 4, G_MAXUINT32 },  { 8, G_MAXUINT32 },  { 12, 100 },
                  { 12, G_MAXUINT32 }, { 16, 0x100 },     { 16, G_MAXUINT32 }, { 20, 6 },
                  { 20, G_MAXUINT32 }, { 20, 0 } };

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autoptr (GByteArray) array = p2v_btf_writer_write (writer);
      p2v_test_put (array, changes[i].offset, 4, changes[i].value);
      assert_refused (array, "");
    }
}

static void
longer_header_of_a_later_version_is_stepped_over (void **state)
{
  P2vBtfWriter *writer = *state;
  p2v_btf_writer_add_all_kinds (writer);
  g_autoptr (GByteArray) old = p2v_btf_writer_write (writer);
  g_autoptr (GByteArray) array = g_byte_array_new ();
  g_byte_array_append (array, old->data, 24);
  p2v_test_append (array, 8, 0x1122334455667788);
  g_byte_array_append (array, old->data + 24, old->len - 24);
  p2v_test_put (array, 4, 4, 32);

  GError *error = NULL;
  g_autoptr (P2vTypeSource) btf = parse_bytes (array, &error);
  assert_no_error (error);
  assert_member (btf, "every", "member", 4, 4);
}

static void
strings_that_do_not_end_are_refused (void **state)
{
  P2vBtfWriter *writer = *state;
  p2v_btf_writer_add_all_kinds (writer);
  g_autoptr (GByteArray) array = p2v_btf_writer_write (writer);

  array->data[array->len - 1] = 'x';
  assert_refused (array, "");
}

static void
name_outside_the_strings_is_refused (void **state)
{
  P2vBtfWriter *writer = *state;
  p2v_btf_writer_add_int (writer, "int", 4);
  const guint32 length = writer->strings->len;

  for (guint32 offset = length; offset < length + 2; offset++)
    {
      g_autoptr (GByteArray) array = p2v_btf_writer_write (writer);
      p2v_test_put (array, 24, 4, offset);
      assert_refused (array, "type 1, at 0x0 ");
    }
}

static void
member_with_a_name_outside_the_strings_is_not_found (void **state)
{
  P2vBtfWriter *writer = *state;
  p2v_btf_writer_add_int (writer, "int", 4);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "s", 1, 4);
  p2v_btf_writer_add_word (writer, G_MAXUINT32);
  p2v_btf_writer_add_word (writer, 1);
  p2v_btf_writer_add_word (writer, 0);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_no_member (btf, "s", "x");
}

/* A name beyond any that a kernel accepts is as good as none, and is not read to its end. */
static void
name_longer_than_any_identifier_is_passed_over (void **state)
{
  P2vBtfWriter *writer = *state;
  g_autofree char *name = g_strnfill (600, 'n');
  p2v_btf_writer_add_int (writer, name, 4);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, name, 1, 4);
  p2v_btf_writer_add_member (writer, "x", 1, 0);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "s", 2, 8);
  p2v_btf_writer_add_member (writer, name, 1, 0);
  p2v_btf_writer_add_member (writer, "x", 1, 32);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_no_member (btf, name, "x");
  assert_member (btf, "s", "x", 4, 4);
}

static void
cyclic_typedefs_end (void **state)
{
  P2vBtfWriter *writer = *state;
  p2v_btf_writer_add_link (writer, P2V_TEST_BTF_TYPEDEF, "a", 2);
  p2v_btf_writer_add_link (writer, P2V_TEST_BTF_CONST, NULL, 1);
  p2v_btf_writer_add_array (writer, 3, 1);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "s", 4, 8);
  p2v_btf_writer_add_member (writer, NULL, 1, 0);
  p2v_btf_writer_add_member (writer, "a", 1, 0);
  p2v_btf_writer_add_member (writer, "array", 3, 32);
  p2v_btf_writer_add_member (writer, "beyond", 99, 64);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_member (btf, "s", "a", 0, 0);
  assert_no_member (btf, "s", "a.b");
  assert_member (btf, "s", "array", 4, 0);
  assert_member (btf, "s", "beyond", 8, 0);
  assert_no_member (btf, "s", "other");
}

static void
cyclic_unnamed_members_end (void **state)
{
  P2vBtfWriter *writer = *state;
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "s", 2, 8);
  p2v_btf_writer_add_member (writer, NULL, 2, 8);
  p2v_btf_writer_add_member (writer, NULL, 1, 16);
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_UNION, NULL, 2, 8);
  p2v_btf_writer_add_member (writer, NULL, 1, 32);
  p2v_btf_writer_add_member (writer, "found", 1, 64);

  g_autoptr (P2vTypeSource) btf = parse (writer);
  assert_member (btf, "s", "found", 9, 8);
  assert_no_member (btf, "s", "other");
  assert_no_member (btf, "s", "found.found.other");
}

/* 65,535 unnamed members that are the struct itself: without a budget, 2^32 of them after a
 * step. */
static void
struct_full_of_itself_costs_a_bounded_time (void **state)
{
  P2vBtfWriter *writer = *state;
  const guint n_members = G_MAXUINT16;
  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "s", n_members, 8);
  for (guint i = 0; i < n_members; i++)
    p2v_btf_writer_add_member (writer, NULL, 1, 0);
  for (guint i = 0; i < 100; i++)
    {
      p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "s", 1, 8);
      p2v_btf_writer_add_member (writer, NULL, 1, 0);
    }

  g_autoptr (P2vTypeSource) btf = parse (writer);
  gint64 start = g_get_monotonic_time ();
  assert_no_member (btf, "s", "other");
  assert_true (g_get_monotonic_time () - start < 5 * G_USEC_PER_SEC);
}

#define with_writer(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    with_writer (members_of_unnamed_structs_and_unions_count_as_their_parents),
    with_writer (path_leads_through_named_members),
    with_writer (name_that_begins_like_another_is_not_it),
    with_writer (typedefs_and_qualifiers_are_looked_through),
    with_writer (sizes_are_those_of_arrays_pointers_and_enums),
    with_writer (bit_fields_are_told_with_their_bits),
    with_writer (sizes_of_types_are_found_by_name),
    with_writer (enumerators_of_any_enumeration_are_found),
    with_writer (of_types_with_one_name_the_first_with_the_member_is_meant),
    with_writer (all_kinds_of_types_are_stepped_over),
    cmocka_unit_test (kinds_that_do_not_exist_are_refused),
    with_writer (types_cut_at_any_byte_are_refused),
    with_writer (type_section_cut_within_a_type_is_refused),
    with_writer (header_that_is_not_btf_is_refused),
    with_writer (sections_outside_the_bytes_are_refused),
    with_writer (longer_header_of_a_later_version_is_stepped_over),
    with_writer (strings_that_do_not_end_are_refused),
    with_writer (name_outside_the_strings_is_refused),
    with_writer (member_with_a_name_outside_the_strings_is_not_found),
    with_writer (name_longer_than_any_identifier_is_passed_over),
    with_writer (cyclic_typedefs_end),
    with_writer (cyclic_unnamed_members_end),
    with_writer (struct_full_of_itself_costs_a_bounded_time),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
