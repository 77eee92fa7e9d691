/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Files of symbols: Volatility's ISF and vmlinux, as they are written, and as nobody should. */

#include "p2v-test.h"

#include "os/symbols/p2v-isf.h"
#include "os/symbols/p2v-symbol-file.h"
#include "p2v-btf-writer.h"
#include "p2v-image-writers.h"
#include "p2v-symbol-writers.h"

#include <string.h>

static P2vSymbolFile *
open_bytes (void            **state,
            const void       *bytes,
            gsize             length,
            GError          **error)
{
  g_autofree char *path = p2v_test_write_file (state, "symbols", bytes, length);

  return p2v_symbol_file_open (path, NULL, error);
}

static void
assert_refused (void      **state,
                const void *bytes,
                gsize       length,
                P2vOsError  code,
                const char *part)
{
  GError *error = NULL;

  assert_null (open_bytes (state, bytes, length, &error));
  assert_error (error, P2V_OS_ERROR, code, part);
  assert_contains (error->message, "symbols”");
  g_clear_error (&error);
}

static void
assert_text_refused (void      **state,
                     const char *text,
                     P2vOsError  code,
                     const char *part)
{
  assert_refused (state, text, strlen (text), code, part);
}

static void
assert_member (const P2vTypeSource *types,
               const char          *path,
               guint64              offset_bits,
               guint32              size_bytes,
               guint                bit_width)
{
  P2vMember member = { 0 };

  if (!p2v_type_source_find_member (types, "task_struct", path, &member))
    fail_msg ("%s was not found", path);
  assert_int_equal (member.offset_bits, offset_bits);
  assert_int_equal (member.offset_bytes, offset_bits / 8);
  assert_int_equal (member.bit_offset, offset_bits % 8);
  assert_int_equal (member.size_bytes, size_bytes);
  assert_int_equal (member.bit_width, bit_width);
}

static void
isf_tells_every_kind_of_member (void **state)
{
  GError *error = NULL;
  g_autoptr (P2vSymbolFile) file
      = open_bytes (state, p2v_test_isf_text, strlen (p2v_test_isf_text), &error);
  P2vMember member;
  guint32 size = 0;

  assert_no_error (error);
  assert_string_equal (file->banner, P2V_TEST_BANNER);
  assert_member (file->types, "pid", 32, 4, 0);
  assert_member (file->types, "mm", 64, 8, 0);
  assert_member (file->types, "comm", 128, 60, 0);
  assert_member (file->types, "bit", 8 * 40 + 11, 0, 2);
  assert_member (file->types, "left", 8 * 44, 4, 0);
  assert_member (file->types, "right", 8 * 49, 4, 0);
  assert_member (file->types, "named.left", 8 * 52, 4, 0);
  assert_member (file->types, "state", 8 * 56, 4, 0);
  assert_member (file->types, "call", 8 * 60, 0, 0);
  assert_false (p2v_type_source_find_member (file->types, "task_struct", "either", &member));
  assert_false (p2v_type_source_find_member (file->types, "mm_struct", "pgd", &member));
  assert_true (p2v_type_source_find_size (file->types, "task_struct", &size));
  assert_int_equal (size, 64);
  assert_false (p2v_type_source_find_size (file->types, "mm_struct", &size));
}

static void
isf_tells_symbols_and_enumerators (void **state)
{
  GError *error = NULL;
  g_autoptr (P2vSymbolFile) file
      = open_bytes (state, p2v_test_isf_text, strlen (p2v_test_isf_text), &error);
  guint64 va = 0;
  gint64 value = 0;

  assert_no_error (error);
  assert_int_equal (p2v_symbol_table_get_n_symbols (file->symbols), 2);
  assert_true (p2v_symbol_table_find (file->symbols, "init_task", &va));
  assert_true (va == G_GUINT64_CONSTANT (18446744071590000000));
  assert_true (p2v_type_source_find_enumerator (file->types, "PG_locked", &value));
  assert_int_equal (value, 0);
  assert_true (p2v_type_source_find_enumerator (file->types, "PG_low", &value));
  assert_int_equal (value, -3);
  assert_true (p2v_type_source_find_enumerator (file->types, "PG_huge", &value));
  assert_int_equal (value, -1);
  assert_false (p2v_type_source_find_enumerator (file->types, "PG_none", &value));
}

static void
banner_is_read_alone (void **state)
{
  /* What is behind it is not read. */
  const char *end = strstr (p2v_test_isf_text, "no\\u0074hing");
  P2vSymbolStream *stream = p2v_symbol_stream_new_static ((const guint8 *) p2v_test_isf_text,
                                                          (gsize) (end - p2v_test_isf_text));
  GError *error = NULL;
  g_autofree char *banner = p2v_isf_read_banner (stream, &error);

  p2v_symbol_stream_free (stream);
  assert_no_error (error);
  assert_string_equal (banner, P2V_TEST_BANNER);
}

static void
isf_cut_at_any_byte_is_refused (void **state)
{
  /* The text ends with a line feed, which may be missing. */
  for (gsize length = 1; length < strlen (p2v_test_isf_text) - 1; length++)
    {
      P2vSymbolStream *stream
          = p2v_symbol_stream_new_static ((const guint8 *) p2v_test_isf_text, length);
      GError *error = NULL;
      P2vIsf isf;
      gboolean ok = p2v_isf_read (stream, &isf, &error);

      p2v_isf_clear (&isf);
      p2v_symbol_stream_free (stream);
      assert_false (ok);
      assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, "JSON text");
      g_clear_error (&error);
    }
}

static void
text_that_is_no_json_is_refused_with_the_place (void **state)
{
  static const struct
  {
    const char *text;
    const char *part;
  } cases[] = {
    { "hello", "offset 0x5: a value was expected" },
    { "{\"a\" 1}", "offset 0x5: “:”" },
    { "{\"a\": 1,}", "offset 0x8: a name in quotes" },
    { "{\"a\": 1 2}", "offset 0x8: “,” or “}”" },
    { "{\"a\": [1 2]}", "offset 0x9: “,” or “]”" },
    { "{\"a\": [1,]}", "offset 0x9: a value" },
    { "{\"a\": \"\\q\"}", "an escape sequence" },
    { "{\"a\": \"\\u12x4\"}", "an escape sequence" },
    { "{\"a\": \"line\nbreak\"}", "the end of a string" },
    { "{\"a\": nothing}", "a value" },
    { "{\"symbols\": {\"a\": {\"address\": 1}}} x", "the end of the text" },
    { "{\"a\": }", "a value" },
    { "[]", "an object" },
    { "{\"symbols\": 1}", "an object" },
    { "{\"symbols\": {\"a\": {\"address\": -1}}}", "a whole number" },
    { "{\"symbols\": {\"a\": {\"address\": 18446744073709551616}}}", "a whole number" },
    { "{\"user_types\": {\"a\": {\"size\": 4294967296}}}", "a whole number" },
    { "{\"user_types\": {\"a\": {\"fields\": {\"b\": {\"offset\": 1}}}}}", "a field with a type" },
    { "{\"user_types\": {\"a\": {\"fields\": {\"b\": {\"type\": 1}}}}}", "description of a type" },
    { "{\"enums\": {\"a\": {\"constants\": {\"b\": \"c\"}}}}", "number of an enumerator" },
    { "{}", "“user_types” or “symbols”" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_text_refused (state, cases[i].text, P2V_OS_ERROR_CORRUPT, cases[i].part);
}

static void
nesting_and_strings_beyond_the_limits_are_refused (void **state)
{
  g_autofree char *brackets = g_strnfill (100, '[');
  g_autofree char *nested = g_strdup_printf ("{\"a\": %s", brackets);
  g_autofree char *letters = g_strnfill (100000, 'x');
  g_autofree char *string = g_strdup_printf ("{\"a\": \"%s\"}", letters);
  g_autoptr (GString) type
      = g_string_new ("{\"user_types\": {\"a\": {\"fields\": {\"b\": {\"type\": ");

  for (guint i = 0; i < 40; i++)
    g_string_append (type, "{\"subtype\": ");
  assert_text_refused (state, nested, P2V_OS_ERROR_LIMIT, "nested too deeply");
  assert_text_refused (state, string, P2V_OS_ERROR_LIMIT, "a string is too long");
  assert_text_refused (state, type->str, P2V_OS_ERROR_CORRUPT, "nested less deeply");
}

static void
file_that_does_not_name_its_kernel_is_refused (void **state)
{
  assert_text_refused (state, "{\"symbols\": {\"init_task\": {\"address\": 1}}}",
                       P2V_OS_ERROR_SYMBOLS_MISSING, "linux_banner");
}

static GByteArray *
make_btf (void)
{
  g_autoptr (P2vBtfWriter) writer = p2v_btf_writer_new ();
  guint32 number = p2v_btf_writer_add_int (writer, "int", 4);

  p2v_btf_writer_add_struct (writer, P2V_TEST_BTF_STRUCT, "task_struct", 1, 8);
  p2v_btf_writer_add_member (writer, "pid", number, 32);
  return p2v_btf_writer_write (writer);
}

/* A function, data, and what is no symbol: a file, a section, what is elsewhere, local labels. */
static const P2vTestElfSymbol symbols[] = {
  { "", 0, 0, 0 },
  { "a.c", 0x1, 4, 0xfff1 },
  { "section", 0x2, 3, 1 },
  { "elsewhere", 0x3, 0x10, 0 },
  { ".Llabel", 0x4, 0, 1 },
  { "$x", 0x5, 0, 1 },
  { "_text", 0xc1000000, 0x12, 1 },
  { "linux_banner", 0xc1800020, 0x11, 2 },
};

static void
vmlinux_of_both_sizes_tells_symbols_and_types (void **state)
{
  g_autoptr (GByteArray) btf = make_btf ();

  for (guint elf_class = 1; elf_class <= 2; elf_class++)
    {
      g_autoptr (GByteArray) bytes
          = p2v_test_vmlinux_new (elf_class, symbols, G_N_ELEMENTS (symbols), btf, NULL);
      GError *error = NULL;
      g_autoptr (P2vSymbolFile) file = open_bytes (state, bytes->data, bytes->len, &error);
      guint64 va = 0;

      assert_no_error (error);
      assert_string_equal (file->banner, P2V_TEST_BANNER);
      assert_int_equal (p2v_symbol_table_get_n_symbols (file->symbols), 2);
      assert_true (p2v_symbol_table_find (file->symbols, "linux_banner", &va));
      assert_int_equal (va, 0xc1800020);
      assert_member (file->types, "pid", 32, 4, 0);
    }
}

static void
vmlinux_without_symbols_tells_types (void **state)
{
  g_autoptr (GByteArray) btf = make_btf ();
  g_autoptr (GByteArray) bytes = p2v_test_vmlinux_new (2, NULL, 0, btf, NULL);
  GError *error = NULL;
  g_autoptr (P2vSymbolFile) file = open_bytes (state, bytes->data, bytes->len, &error);

  assert_no_error (error);
  assert_null (file->symbols);
  assert_member (file->types, "pid", 32, 4, 0);
}

static void
vmlinux_without_types_says_how_to_make_them (void **state)
{
  g_autoptr (GByteArray) plain
      = p2v_test_vmlinux_new (2, symbols, G_N_ELEMENTS (symbols), NULL, NULL);
  g_autoptr (GByteArray) dwarf
      = p2v_test_vmlinux_new (2, symbols, G_N_ELEMENTS (symbols), NULL, ".debug_info");

  assert_refused (state, plain->data, plain->len, P2V_OS_ERROR_SYMBOLS_MISSING, "section .BTF");
  assert_refused (state, dwarf->data, dwarf->len, P2V_OS_ERROR_SYMBOLS_MISSING, "pahole -J");
}

static void
vmlinux_cut_anywhere_is_refused (void **state)
{
  g_autoptr (GByteArray) btf = make_btf ();
  g_autoptr (GByteArray) bytes
      = p2v_test_vmlinux_new (2, symbols, G_N_ELEMENTS (symbols), btf, NULL);

  for (guint length = 64; length < bytes->len; length += 7)
    assert_refused (state, bytes->data, length, P2V_OS_ERROR_CORRUPT, "section headers");
}

static void
wrong_fields_of_a_vmlinux_are_refused (void **state)
{
  static const struct
  {
    gsize       offset;
    guint       width;
    guint64     value;
    const char *part;
  } changes[] = {
    { 4, 1, 3, "no little-endian ELF file" },   { 5, 1, 2, "no little-endian ELF file" },
    { 58, 2, 63, "sections of 63 bytes" },      { 60, 2, 0, "It has 0 sections" },
    { 60, 2, 0xffff, "It has 65535 sections" }, { 62, 2, 99, "e_shstrndx is 99" },
    { 40, 8, G_MAXUINT64, "section headers" },
  };
  g_autoptr (GByteArray) btf = make_btf ();
  g_autoptr (GByteArray) whole
      = p2v_test_vmlinux_new (2, symbols, G_N_ELEMENTS (symbols), btf, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_byte_array_append (bytes, whole->data, whole->len);
      p2v_test_put (bytes, changes[i].offset, changes[i].width, changes[i].value);
      assert_refused (state, bytes->data, bytes->len, P2V_OS_ERROR_CORRUPT, changes[i].part);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (isf_tells_every_kind_of_member),
    p2v_test_in_folder (isf_tells_symbols_and_enumerators),
    cmocka_unit_test (banner_is_read_alone),
    cmocka_unit_test (isf_cut_at_any_byte_is_refused),
    p2v_test_in_folder (text_that_is_no_json_is_refused_with_the_place),
    p2v_test_in_folder (nesting_and_strings_beyond_the_limits_are_refused),
    p2v_test_in_folder (file_that_does_not_name_its_kernel_is_refused),
    p2v_test_in_folder (vmlinux_of_both_sizes_tells_symbols_and_types),
    p2v_test_in_folder (vmlinux_without_symbols_tells_types),
    p2v_test_in_folder (vmlinux_without_types_says_how_to_make_them),
    p2v_test_in_folder (vmlinux_cut_anywhere_is_refused),
    p2v_test_in_folder (wrong_fields_of_a_vmlinux_are_refused),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
