/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-symbol-writers.h"

#include "p2v-image-writers.h"

#include <string.h>

/* The constant is the base64 of "Linux version 6.1.0-test (a@b) (gcc) #1 SMP (2026-11-16)\n\0". */
const char p2v_test_isf_text[]
    = "{\"metadata\": {\"format\": \"6.2.0\", \"producer\":"
      " {\"name\": \"x\", \"n\": [1, [2, {}]]}},\n"
      "\"base_types\": {\n"
      " \"int\": {\"size\": 4, \"signed\": true, \"kind\": \"int\", \"endian\": \"little\"},\n"
      " \"pointer\": {\"size\": 8, \"signed\": false, \"kind\": \"int\","
      " \"endian\": \"little\"}},\n"
      "\"enums\": {\"pageflags\": {\"size\": 4, \"base\": \"int\", \"constants\":\n"
      " {\"PG_locked\": 0, \"PG_low\": -3, \"PG_huge\": 18446744073709551615}}},\n"
      "\"symbols\": {\n"
      " \"init_task\": {\"type\": {\"kind\": \"struct\", \"name\": \"task_struct\"},"
      " \"address\": 18446744071590000000},\n"
      " \"linux_banner\": {\"address\": 18446744071589000000, \"constant_data\": "
      "\"TGludXggdmVyc2lvbiA2LjEuMC10ZXN0IChhQGIpIChnY2MpICMxIFNNUCAoMjAyNi0xMS0xNikKAA==\"},\n"
      " \"no\\u0074hing\": {}},\n"
      "\"user_types\": {\n"
      " \"task_struct\": {\"kind\": \"struct\", \"size\": 64, \"fields\": {\n"
      "  \"pid\": {\"type\": {\"kind\": \"base\", \"name\": \"int\"}, \"offset\": 4},\n"
      "  \"mm\": {\"offset\": 8, \"type\": {\"kind\": \"pointer\", \"subtype\":"
      " {\"kind\": \"struct\", \"name\": \"mm_struct\"}}},\n"
      "  \"comm\": {\"type\": {\"count\": 3, \"kind\": \"array\", \"subtype\":"
      " {\"kind\": \"array\", \"count\": 5, \"subtype\": {\"kind\": \"base\", \"name\": \"int\"}}},"
      " \"offset\": 16},\n"
      "  \"bit\": {\"type\": {\"kind\": \"bitfield\", \"bit_position\": 11, \"bit_length\": 2,"
      " \"type\": {\"kind\": \"base\", \"name\": \"int\"}}, \"offset\": 40},\n"
      "  \"either\": {\"anonymous\": true, \"type\": {\"kind\": \"union\", \"name\": \"inner\"},"
      " \"offset\": 44},\n"
      "  \"unnamed_field_7\": {\"type\": {\"kind\": \"union\", \"name\": \"other\"},"
      " \"offset\": 48},\n"
      "  \"named\": {\"type\": {\"kind\": \"union\", \"name\": \"inner\"}, \"offset\": 52},\n"
      "  \"state\": {\"type\": {\"kind\": \"enum\", \"name\": \"pageflags\"}, \"offset\": 56},\n"
      "  \"call\": {\"type\": {\"kind\": \"function\"}, \"offset\": 60}}},\n"
      " \"inner\": {\"kind\": \"union\", \"size\": 4, \"fields\": {\"left\":"
      " {\"type\": {\"kind\": \"base\", \"name\": \"int\"}, \"offset\": 0}}},\n"
      " \"other\": {\"kind\": \"union\", \"size\": 4, \"fields\": {\"right\":"
      " {\"type\": {\"kind\": \"base\", \"name\": \"int\"}, \"offset\": 1}}}}\n"
      "}\n";

/* System V ABI, chapter 4: section headers and symbols of both classes. */
typedef struct
{
  guint       word_bytes;
  GByteArray *names;           /* of the sections */
  GByteArray *body;            /* the file */
  GByteArray *headers;         /* of the sections */
  guint       n_sections;
} Elf;

static void
append_section (Elf              *elf,
                const char       *name,
                guint32           type,
                guint32           link,
                const GByteArray *content)
{
  p2v_test_append (elf->headers, 4, elf->names->len);
  p2v_test_append (elf->headers, 4, type);
  p2v_test_append (elf->headers, elf->word_bytes, 0);
  p2v_test_append (elf->headers, elf->word_bytes, 0);
  p2v_test_append (elf->headers, elf->word_bytes, elf->body->len);
  p2v_test_append (elf->headers, elf->word_bytes, content != NULL ? content->len : 0);
  p2v_test_append (elf->headers, 4, link);
  p2v_test_append (elf->headers, 4, 0);
  p2v_test_append (elf->headers, elf->word_bytes, 8);
  p2v_test_append (elf->headers, elf->word_bytes, 0);
  g_byte_array_append (elf->names, (const guint8 *) name, (guint) strlen (name) + 1);
  if (content != NULL)
    g_byte_array_append (elf->body, content->data, content->len);
  elf->n_sections++;
}

static void
append_symbol (GByteArray             *table,
               GByteArray             *names,
               guint                   word_bytes,
               const P2vTestElfSymbol *symbol)
{
  p2v_test_append (table, 4, names->len);
  if (word_bytes == 4)
    {
      p2v_test_append (table, 4, symbol->va);
      p2v_test_append (table, 4, 0);
    }
  p2v_test_append (table, 1, symbol->info);
  p2v_test_append (table, 1, 0);
  p2v_test_append (table, 2, symbol->section);
  if (word_bytes == 8)
    {
      p2v_test_append (table, 8, symbol->va);
      p2v_test_append (table, 8, 0);
    }
  g_byte_array_append (names, (const guint8 *) symbol->name, (guint) strlen (symbol->name) + 1);
}

static void
append_symbols (Elf                    *elf,
                const P2vTestElfSymbol *symbols,
                gsize                   n_symbols)
{
  g_autoptr (GByteArray) table = g_byte_array_new ();
  g_autoptr (GByteArray) names = g_byte_array_new ();

  for (gsize i = 0; i < n_symbols; i++)
    append_symbol (table, names, elf->word_bytes, &symbols[i]);
  append_section (elf, ".symtab", 2, elf->n_sections + 1, table);
  append_section (elf, ".strtab", 3, 0, names);
}

static void
finish_header (Elf  *elf,
               guint elf_class)
{
  const guint8 ident[] = { 0x7f, 'E', 'L', 'F', (guint8) elf_class, 1, 1 };
  gboolean wide = elf->word_bytes == 8;

  memcpy (elf->body->data, ident, sizeof ident);
  p2v_test_put (elf->body, wide ? 40 : 32, elf->word_bytes, elf->body->len);
  p2v_test_put (elf->body, wide ? 58 : 46, 2, wide ? 64 : 40);
  p2v_test_put (elf->body, wide ? 60 : 48, 2, elf->n_sections);
  p2v_test_put (elf->body, wide ? 62 : 50, 2, elf->n_sections - 1);
  g_byte_array_append (elf->body, elf->headers->data, elf->headers->len);
}

GByteArray *
p2v_test_vmlinux_new (guint                   elf_class,
                      const P2vTestElfSymbol *symbols,
                      gsize                   n_symbols,
                      const GByteArray       *btf,
                      const char             *extra_section)
{
  static const char rodata[]
      = "Linux version 6.1.0-test (a@b) (gcc) # SMP\n\0" P2V_TEST_BANNER "\n";
  g_autoptr (GByteArray) names = g_byte_array_new ();
  g_autoptr (GByteArray) headers = g_byte_array_new ();
  g_autoptr (GByteArray) constants = g_byte_array_new ();
  GByteArray *body = g_byte_array_new ();
  Elf elf = { elf_class == 1 ? 4 : 8, names, body, headers, 0 };

  g_byte_array_set_size (body, 64);
  memset (body->data, 0, body->len);
  g_byte_array_append (constants, (const guint8 *) rodata, sizeof rodata);
  append_section (&elf, "", 0, 0, NULL);
  append_section (&elf, ".rodata", 1, 0, constants);
  if (symbols != NULL)
    append_symbols (&elf, symbols, n_symbols);
  if (btf != NULL)
    append_section (&elf, ".BTF", 1, 0, btf);
  if (extra_section != NULL)
    append_section (&elf, extra_section, 1, 0, NULL);
  /* Its own name must be among the names when their length is written. */
  g_autoptr (GByteArray) label = g_byte_array_new ();
  g_byte_array_append (label, names->data, names->len);
  g_byte_array_append (label, (const guint8 *) ".shstrtab", 10);
  append_section (&elf, ".shstrtab", 3, 0, label);
  finish_header (&elf, elf_class);
  return body;
}

static void
align (GByteArray *bytes,
       guint       boundary)
{
  while (bytes->len % boundary != 0)
    p2v_test_append (bytes, 1, 0);
}

static guint64
get_va (guint64 base,
        guint   i)
{
  return base + 16 * (guint64) i;
}

static void
append_offsets (GByteArray                 *bytes,
                const P2vTestKallsymsOrder *order,
                guint64                     base,
                guint                       n_symbols)
{
  align (bytes, order->word_bytes);
  for (guint i = 0; i < n_symbols; i++)
    if (order->has_addresses)
      p2v_test_append (bytes, order->word_bytes, get_va (base, i));
    else if (order->from_places)
      p2v_test_append (bytes, 4, get_va (base, i) - bytes->len);
    else
      p2v_test_append (bytes, 4, order->is_negative ? base - 1 - get_va (base, i) : 16 * i);
  align (bytes, order->word_bytes);
  if (!order->has_addresses && !order->from_places)
    p2v_test_append (bytes, order->word_bytes, base);
}

/* Records of single characters; where the markers go is noted. */
static void
append_names (GByteArray                 *bytes,
              const P2vTestKallsymsOrder *order,
              guint                       n_symbols,
              GArray                     *markers)
{
  guint start = bytes->len;

  for (guint i = 0; i < n_symbols; i++)
    {
      g_autofree char *name = i == 1000 && order->has_plain_lengths
                                  ? g_strnfill (200, 'n')
                                  : g_strdup_printf ("tsymbol_%u", i);
      guint32 offset = bytes->len - start;
      if (i % 256 == 0)
        g_array_append_val (markers, offset);
      p2v_test_append (bytes, 1, strlen (name));
      g_byte_array_append (bytes, (const guint8 *) name, (guint) strlen (name));
    }
}

static gsize
append_tokens (GByteArray *bytes,
               guint       word_bytes)
{
  guint start = bytes->len;
  guint starts[256];

  for (guint code = 0; code < 256; code++)
    {
      const guint8 text[] = { (guint8) code, 0 };
      starts[code] = bytes->len;
      g_byte_array_append (bytes, text, code == 0 ? 1 : 2);
    }
  align (bytes, word_bytes);
  for (guint code = 0; code < 256; code++)
    p2v_test_append (bytes, 2, starts[code] - start);
  return starts['0'];
}

GByteArray *
p2v_test_kallsyms_new (const P2vTestKallsymsOrder *order,
                       guint64                     base,
                       guint                       n_symbols,
                       gsize                      *ret_digits)
{
  GByteArray *bytes = g_byte_array_new ();
  g_autoptr (GArray) markers = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint i = 0; i < 5000; i++)
    p2v_test_append (bytes, 4, 0x9e3779b9u * (i + 1));
  if (!order->offsets_last)
    append_offsets (bytes, order, base, n_symbols);
  align (bytes, order->word_bytes);
  p2v_test_append (bytes, 4, n_symbols);
  align (bytes, order->word_bytes);
  append_names (bytes, order, n_symbols, markers);
  align (bytes, order->word_bytes);
  for (guint i = 0; i < markers->len; i++)
    p2v_test_append (bytes, order->marker_bytes, g_array_index (markers, guint32, i));
  for (guint i = 0; order->has_seqs && i < n_symbols; i++)
    p2v_test_append (bytes, 3, 0x9e3779b9u * (i + 1) % n_symbols);
  align (bytes, order->word_bytes);
  *ret_digits = append_tokens (bytes, order->word_bytes);
  if (order->offsets_last)
    append_offsets (bytes, order, base, n_symbols);
  for (guint i = 0; i < 5000; i++)
    p2v_test_append (bytes, 4, 0x9e3779b9u * (i + 1));
  return bytes;
}
