/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-image-writers.h"

#include <string.h>

#define PAGE 0x1000

typedef struct
{
  guint64 page;
  guint8  bytes[PAGE];
} Page;

static gint
compare_pages (gconstpointer a,
               gconstpointer b)
{
  guint64 left = (*(const Page *const *) a)->page, right = (*(const Page *const *) b)->page;

  return left < right ? -1 : left > right;
}

/* (transfer full) (element-type Page): whole pages in order; what no run covers of one is zero. */
static GPtrArray *
collect_pages (const P2vTestMachine *machine)
{
  GPtrArray *pages = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) by_number = g_hash_table_new (g_int64_hash, g_int64_equal);

  for (gsize i = 0; i < machine->n_memory; i++)
    {
      const P2vTestMemory *memory = &machine->memory[i];
      for (gsize done = 0; done < memory->length;)
        {
          guint64 pa = memory->pa + done, number = pa / PAGE;
          gsize length = MIN (memory->length - done, PAGE - pa % PAGE);
          Page *page = g_hash_table_lookup (by_number, &number);
          if (page == NULL)
            {
              page = g_new0 (Page, 1);
              page->page = number;
              g_hash_table_insert (by_number, &page->page, page);
              g_ptr_array_add (pages, page);
            }
          memcpy (page->bytes + pa % PAGE, memory->bytes + done, length);
          done += length;
        }
    }
  g_ptr_array_sort (pages, compare_pages);
  return pages;
}

/* Calls for each run of consecutive pages. */
static guint
append_runs (GByteArray *bytes,
             GPtrArray  *pages,
             guint       width)
{
  guint n_runs = 0;

  for (guint i = 0; i < pages->len; n_runs++)
    {
      guint first = i;
      guint64 number = ((const Page *) g_ptr_array_index (pages, first))->page;
      while (i < pages->len &&
             ((const Page *) g_ptr_array_index (pages, i))->page == number + (i - first))
        i++;
      p2v_test_append (bytes, width, number);
      p2v_test_append (bytes, width, i - first);
    }
  return n_runs;
}

static void
pad_to (GByteArray *bytes,
        gsize       length)
{
  g_assert (bytes->len <= length);
  while (bytes->len < length)
    p2v_test_append (bytes, 1, 0);
}

/* Unused fields of a real header are filled with the text PAGE. */
GByteArray *
p2v_test_crash_dump_header (gboolean is_64,
                            guint    type,
                            guint64  root)
{
  GByteArray *bytes = g_byte_array_new ();
  gsize length = is_64 ? 0x2000 : 0x1000;

  while (bytes->len < length)
    g_byte_array_append (bytes, (const guint8 *) "PAGE", 4);
  memcpy (bytes->data + 4, is_64 ? "DU64" : "DUMP", 4);
  p2v_test_put (bytes, 0x8, 4, 15);
  p2v_test_put (bytes, 0xc, 4, 7601);
  p2v_test_put (bytes, 0x10, is_64 ? 8 : 4, root);
  p2v_test_put (bytes, is_64 ? 0x18 : 0x14, is_64 ? 8 : 4, is_64 ? 0xfffff8000310f440 : 0x82d7c560);
  p2v_test_put (bytes, is_64 ? 0x20 : 0x18, is_64 ? 8 : 4, is_64 ? 0xfffff80002e3de90 : 0x82d76850);
  p2v_test_put (bytes, is_64 ? 0x28 : 0x1c, is_64 ? 8 : 4, is_64 ? 0xfffff80002e1fb90 : 0x82d6ee98);
  p2v_test_put (bytes, is_64 ? 0x80 : 0x60, is_64 ? 8 : 4, is_64 ? 0xfffff80002dfc0a0 : 0x82d5dc28);
  p2v_test_put (bytes, is_64 ? 0x30 : 0x20, 4, is_64 ? 0x8664 : 0x14c);
  if (!is_64)
    p2v_test_put (bytes, 0x5c, 1, 1);
  p2v_test_put (bytes, is_64 ? 0xf98 : 0xf88, 4, type);
  return bytes;
}

static void
put_runs (GByteArray *bytes,
          gboolean    is_64,
          GPtrArray  *pages)
{
  g_autoptr (GByteArray) runs = g_byte_array_new ();
  guint n_runs = append_runs (runs, pages, is_64 ? 8 : 4);

  p2v_test_put (bytes, is_64 ? 0x88 : 0x64, 4, n_runs);
  p2v_test_put (bytes, is_64 ? 0x90 : 0x68, is_64 ? 8 : 4, pages->len);
  g_assert (runs->len <= (is_64 ? 0x348u - 0x98u : 0x320u - 0x6cu));
  memcpy (bytes->data + (is_64 ? 0x98 : 0x6c), runs->data, runs->len);
}

static void
append_bitmap (GByteArray *bytes,
               GPtrArray  *pages)
{
  guint start = bytes->len;
  guint64 n_bits = ((const Page *) g_ptr_array_index (pages, pages->len - 1))->page + 1;

  g_byte_array_append (bytes, (const guint8 *) "SDMPDUMP", 8);
  pad_to (bytes, start + 0x28);
  p2v_test_append (bytes, 8, pages->len);
  p2v_test_append (bytes, 8, n_bits);
  pad_to (bytes, bytes->len + (n_bits + 7) / 8);
  for (guint i = 0; i < pages->len; i++)
    {
      guint64 number = ((const Page *) g_ptr_array_index (pages, i))->page;
      bytes->data[start + 0x38 + number / 8] |= (guint8) (1u << (number % 8));
    }
  pad_to (bytes, (bytes->len + PAGE - 1) / PAGE * PAGE);
  p2v_test_put (bytes, start + 0x20, 8, bytes->len);
}

/* Page 0 cannot be listed: it ends the list. */
static void
append_ranges (GByteArray *bytes,
               GPtrArray  *pages)
{
  guint start = bytes->len;

  g_assert (((const Page *) g_ptr_array_index (pages, 0))->page > 0);
  p2v_test_append (bytes, 4, 0x40);
  g_byte_array_append (bytes, (const guint8 *) "RDMPDUMP", 8);
  pad_to (bytes, start + 0x30);
  append_runs (bytes, pages, 8);
  pad_to (bytes, (bytes->len + 16 + PAGE - 1) / PAGE * PAGE);
  p2v_test_put (bytes, start + 0x10, 8, bytes->len - 0x2040 + 0x20);
  p2v_test_put (bytes, start + 0x18, 8, bytes->len);
  p2v_test_put (bytes, start + 0x28, 8, pages->len);
}

GByteArray *
p2v_test_write_crash_dump (gboolean              is_64,
                           guint                 type,
                           const P2vTestMachine *machine)
{
  GByteArray *bytes =
    p2v_test_crash_dump_header (is_64, type, machine->n_roots > 0 ? machine->roots[0] : 0);
  g_autoptr (GPtrArray) pages = collect_pages (machine);

  if (type == 1)
    put_runs (bytes, is_64, pages);
  else if (type == 5 || type == 6)
    append_bitmap (bytes, pages);
  else
    append_ranges (bytes, pages);
  for (guint i = 0; i < pages->len; i++)
    g_byte_array_append (bytes, ((const Page *) g_ptr_array_index (pages, i))->bytes, PAGE);
  return bytes;
}
