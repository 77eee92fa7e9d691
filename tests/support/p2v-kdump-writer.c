/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-kdump-writer.h"

#include <string.h>
#include <zlib.h>

#define PAGE 4096

/* How far back a page is looked for that repeats itself. */
#define MAX_PERIOD 256

static void
append_byte (GByteArray *bytes,
             guint       byte)
{
  p2v_test_append (bytes, 1, byte);
}

/* The least n for which every byte is the one n before it; 0 if there is none. */
static gsize
find_period (const guint8 *bytes,
             gsize         length)
{
  for (gsize n = 1; n <= MAX_PERIOD && n < length; n++)
    if (memcmp (bytes, bytes + n, length - n) == 0)
      return n;
  return 0;
}

static GByteArray *
pack_zlib (const guint8 *bytes,
           gsize         length)
{
  uLongf n = compressBound (length);
  GByteArray *packed = g_byte_array_new ();

  g_byte_array_set_size (packed, (guint) n);
  g_assert (compress2 (packed->data, &n, bytes, length, 6) == Z_OK);
  g_byte_array_set_size (packed, (guint) n);
  return packed;
}

/* Literals, one long match, the end. Linux, Documentation/staging/lzo.rst. */
static GByteArray *
pack_lzo (const guint8 *bytes,
          gsize         length,
          gsize         period)
{
  GByteArray *packed = g_byte_array_new ();
  gsize rest = length - period - 2;

  if (period <= 238)
    append_byte (packed, 17 + (guint) period);
  else
    {
      append_byte (packed, 0);
      append_byte (packed, (guint) period - 18);
    }
  g_byte_array_append (packed, bytes, (guint) period);
  append_byte (packed, 32);
  for (rest -= 31; rest > 255; rest -= 255)
    append_byte (packed, 0);
  append_byte (packed, (guint) rest);
  p2v_test_append (packed, 2, (period - 1) << 2);
  p2v_test_append (packed, 3, 0x11);
  return packed;
}

/* Length, literals, copies of at most 64 bytes. google/snappy, format_description.txt. */
static GByteArray *
pack_snappy (const guint8 *bytes,
             gsize         length,
             gsize         period)
{
  GByteArray *packed = g_byte_array_new ();

  append_byte (packed, 0x80 | (length & 0x7f));
  append_byte (packed, (guint) length >> 7);
  append_byte (packed, 60 << 2);
  append_byte (packed, (guint) period - 1);
  g_byte_array_append (packed, bytes, (guint) period);
  for (gsize rest = length - period; rest > 0;)
    {
      gsize n = MIN (rest, 64);
      append_byte (packed, (guint) (n - 1) << 2 | 2);
      p2v_test_append (packed, 2, period);
      rest -= n;
    }
  return packed;
}

/* A frame of one block that repeats a byte. RFC 8878, 3.1.1. */
static GByteArray *
pack_zstd (const guint8 *bytes,
           gsize         length)
{
  GByteArray *packed = g_byte_array_new ();

  p2v_test_append (packed, 4, 0xfd2fb528);
  append_byte (packed, 0x60);
  p2v_test_append (packed, 2, length - 256);
  p2v_test_append (packed, 3, length << 3 | 1 << 1 | 1);
  append_byte (packed, bytes[0]);
  return packed;
}

GByteArray *
p2v_test_pack (guint         packing,
               const guint8 *bytes,
               gsize         length_bytes)
{
  gsize period = find_period (bytes, length_bytes);

  if (packing == P2V_TEST_PACKED_ZLIB)
    return pack_zlib (bytes, length_bytes);
  if (packing == P2V_TEST_PACKED_LZO && period > 0)
    return pack_lzo (bytes, length_bytes, period);
  if (packing == P2V_TEST_PACKED_SNAPPY && period > 0)
    return pack_snappy (bytes, length_bytes, period);
  if (packing == P2V_TEST_PACKED_ZSTD && period == 1)
    return pack_zstd (bytes, length_bytes);
  return NULL;
}

/* A machine's pages, in order: (element-type guint8 *), NULL where there is no memory. */
static GPtrArray *
collect_pages (const P2vTestMachine *machine)
{
  GPtrArray *pages = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < machine->n_memory; i++)
    {
      const P2vTestMemory *memory = &machine->memory[i];
      g_assert (memory->pa + memory->length <= (guint64) 1 << 36);
      for (gsize done = 0; done < memory->length;)
        {
          guint64 pa = memory->pa + done;
          gsize n = MIN (memory->length - done, PAGE - pa % PAGE);
          if (pages->len <= pa / PAGE)
            g_ptr_array_set_size (pages, (gint) (pa / PAGE + 1));
          if (pages->pdata[pa / PAGE] == NULL)
            pages->pdata[pa / PAGE] = g_malloc0 (PAGE);
          memcpy ((guint8 *) pages->pdata[pa / PAGE] + pa % PAGE, memory->bytes + done, n);
          done += n;
        }
    }
  return pages;
}

static guint
count_blocks (gsize n_bytes)
{
  return (guint) ((n_bytes + PAGE - 1) / PAGE);
}

/* The second header has a block for itself, the notes and the VMCOREINFO one of their own. */
#define SUB_BLOCKS 3

static gsize
find_descriptors (const P2vTestKdump *form,
                  gsize               n_frames)
{
  guint n_bitmaps = form->has_one_bitmap ? 1 : 2;

  return (1 + SUB_BLOCKS + (gsize) n_bitmaps * count_blocks ((n_frames + 7) / 8)) * PAGE;
}

gsize
p2v_test_kdump_find (const P2vTestKdump   *form,
                     const P2vTestMachine *machine,
                     guint                 index)
{
  g_autoptr (GPtrArray) pages = collect_pages (machine);

  return find_descriptors (form, pages->len) + (gsize) index * 24;
}

/* QEMU's state of a processor, of which only the size and CR3 matter. */
static void
append_notes (GByteArray           *notes,
              const P2vTestMachine *machine)
{
  guint8 state[0x1b8] = { 1, 0, 0, 0, 0xb8, 1 };

  for (gsize i = 0; i < machine->n_roots; i++)
    {
      for (guint k = 0; k < 8; k++)
        state[0x1a0 + k] = (guint8) (machine->roots[i] >> (8 * k));
      p2v_test_append_note (notes, "QEMU", TRUE, 0, state, sizeof state);
    }
}

static void
put_headers (GByteArray           *bytes,
             const P2vTestKdump   *form,
             const P2vTestMachine *machine,
             gsize                 n_frames)
{
  gsize first = form->is_32 ? 412 : 424, sub = PAGE;
  guint word = form->is_32 ? 4 : 8;
  const char *name = form->is_32 ? "i686" : "x86_64";
  g_autoptr (GByteArray) notes = g_byte_array_new ();

  memcpy (bytes->data, "KDUMP   ", 8);
  p2v_test_put (bytes, 8, 4, form->version);
  memcpy (bytes->data + 12 + 4 * 65, name, strlen (name));
  p2v_test_put (bytes, first, 4, form->packings);
  p2v_test_put (bytes, first + 4, 4, PAGE);
  p2v_test_put (bytes, first + 8, 4, SUB_BLOCKS);
  p2v_test_put (bytes, first + 12, 4, find_descriptors (form, n_frames) / PAGE - 1 - SUB_BLOCKS);
  p2v_test_put (bytes, first + 16, 4, n_frames);

  p2v_test_put (bytes, sub + word, 4, form->level);
  p2v_test_put (bytes, sub + word + 4, 4, form->is_split);
  p2v_test_put (bytes, sub + word + 8, word, form->first_pfn);
  p2v_test_put (bytes, sub + 2 * word + 8, word, form->end_pfn);
  sub += 3 * word + 8;
  if (form->version >= 3 && machine->vmcoreinfo != NULL)
    {
      g_assert (strlen (machine->vmcoreinfo) <= PAGE);
      memcpy (bytes->data + 2 * PAGE, machine->vmcoreinfo, strlen (machine->vmcoreinfo));
      p2v_test_put (bytes, sub, 8, 2 * PAGE);
      p2v_test_put (bytes, sub + 8, word, strlen (machine->vmcoreinfo));
    }
  append_notes (notes, machine);
  if (form->version >= 4 && notes->len > 0)
    {
      g_assert (notes->len <= PAGE);
      memcpy (bytes->data + 3 * PAGE, notes->data, notes->len);
      p2v_test_put (bytes, sub + 8 + word, 8, 3 * PAGE);
      p2v_test_put (bytes, sub + 16 + word, word, notes->len);
    }
  if (form->version >= 6)
    {
      p2v_test_put (bytes, sub + 24 + 3 * word, 8, form->first_pfn);
      p2v_test_put (bytes, sub + 32 + 3 * word, 8, form->end_pfn);
      p2v_test_put (bytes, sub + 40 + 3 * word, 8, n_frames);
      p2v_test_put (bytes, first + 16, 4, 0);
    }
}

/* The page's packed bytes and its descriptor. All pages of zeros share what the first got. */
static void
append_page (GByteArray         *descriptors,
             GByteArray         *data,
             gsize               data_at,
             const P2vTestKdump *form,
             const guint8       *page,
             guint              *next_packing,
             gsize              *zeros)
{
  static const guint packings[] = { P2V_TEST_PACKED_ZLIB, P2V_TEST_PACKED_LZO,
                                    P2V_TEST_PACKED_SNAPPY, P2V_TEST_PACKED_ZSTD };
  gboolean is_zeros = page[0] == 0 && find_period (page, PAGE) == 1;
  guint flags = 0;
  g_autoptr (GByteArray) packed = NULL;

  if (is_zeros && *zeros > 0)
    {
      g_autofree guint8 *same = g_memdup2 (descriptors->data + *zeros - 24, 24);
      g_byte_array_append (descriptors, same, 24);
      return;
    }
  for (guint i = 0; i < 4 && flags == 0; i++)
    {
      guint next = packings[(*next_packing)++ % 4];
      flags = form->packings & next;
    }
  if (flags != 0)
    packed = p2v_test_pack (flags, page, PAGE);
  if (packed == NULL || packed->len >= PAGE)
    flags = 0;
  p2v_test_append (descriptors, 8, data_at + data->len);
  p2v_test_append (descriptors, 4, flags != 0 ? packed->len : PAGE);
  p2v_test_append (descriptors, 4, flags);
  p2v_test_append (descriptors, 8, 0);
  g_byte_array_append (data, flags != 0 ? packed->data : page, flags != 0 ? packed->len : PAGE);
  if (is_zeros)
    *zeros = descriptors->len;
}

GByteArray *
p2v_test_write_kdump (const P2vTestKdump   *form,
                      const P2vTestMachine *machine)
{
  g_autoptr (GPtrArray) pages = collect_pages (machine);
  g_autoptr (GByteArray) descriptors = g_byte_array_new ();
  g_autoptr (GByteArray) data = g_byte_array_new ();
  gsize descriptors_at = find_descriptors (form, pages->len);
  gsize bitmap_at = (1 + SUB_BLOCKS) * PAGE, zeros = 0;
  guint n_pages = 0, next_packing = 0;
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_set_size (bytes, (guint) descriptors_at);
  memset (bytes->data, 0, descriptors_at);
  put_headers (bytes, form, machine, pages->len);
  gsize half = form->has_one_bitmap ? 0 : (descriptors_at - bitmap_at) / 2;
  for (guint i = 0; i < pages->len; i++)
    if (pages->pdata[i] != NULL)
      {
        bytes->data[bitmap_at + i / 8] |= (guint8) (1 << i % 8);
        bytes->data[bitmap_at + half + i / 8] |= (guint8) (1 << i % 8);
        if (!form->is_split || (i >= form->first_pfn && i < form->end_pfn))
          n_pages++;
      }
  for (guint i = 0; i < pages->len; i++)
    if (pages->pdata[i] != NULL &&
        (!form->is_split || (i >= form->first_pfn && i < form->end_pfn)))
      append_page (descriptors, data, descriptors_at + (gsize) n_pages * 24, form,
                   pages->pdata[i], &next_packing, &zeros);
  g_byte_array_append (bytes, descriptors->data, descriptors->len);
  g_byte_array_append (bytes, data->data, data->len);
  return bytes;
}

static void
append_big_endian (GByteArray *bytes,
                   guint64     value)
{
  for (gint shift = 56; shift >= 0; shift -= 8)
    append_byte (bytes, (guint) (value >> shift) & 0xff);
}

void
p2v_test_append_record (GByteArray *bytes,
                        guint64     offset,
                        guint64     n_bytes)
{
  append_big_endian (bytes, offset);
  append_big_endian (bytes, n_bytes);
}

GByteArray *
p2v_test_flatten_kdump (GByteArray *kdump,
                        gsize       record_bytes,
                        gboolean    backwards)
{
  GByteArray *bytes = g_byte_array_new ();
  gsize n_records = (kdump->len + record_bytes - 1) / record_bytes;

  g_byte_array_append (bytes, (const guint8 *) "makedumpfile\0\0\0", 16);
  p2v_test_append_record (bytes, 1, 1);
  while (bytes->len < PAGE)
    append_byte (bytes, 0);
  for (gsize i = 0; i < n_records; i++)
    {
      gsize at = (backwards ? n_records - 1 - i : i) * record_bytes;
      gsize n = MIN (record_bytes, kdump->len - at);
      p2v_test_append_record (bytes, at, n);
      g_byte_array_append (bytes, kdump->data + at, (guint) n);
    }
  p2v_test_append_record (bytes, G_MAXUINT64, G_MAXUINT64);
  return bytes;
}
