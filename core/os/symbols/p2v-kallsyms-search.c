/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#define _GNU_SOURCE /* memmem() */
#include "config.h"

#include <string.h>

#include "base/p2v-limits.h"
#include "base/p2v-reader.h"
#include "os/symbols/p2v-kallsyms-search.h"

#define N_TOKENS          256
#define FIRST_DIGIT       '0'
#define INDEX_BYTES       (N_TOKENS * sizeof (guint16))
#define NAMES_PER_MARKER  256

/* The ten digits as they stand in the token table. */
static const char digits_text[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";

/* Names that one marker is ahead of the one before: 256, each with a length and at least one code,
 * at most some hundred. */
#define LEAST_BLOCK_BYTES    512
#define GREATEST_BLOCK_BYTES 51200

/* Blocks that there are at least: a kernel has more than 2048 symbols. */
#define LEAST_MARKERS 9

/* How far the markers may be before the token table: seqs_of_names, 3 bytes a symbol, can be
 * between them. Source: Linux commit 60443c88f3a8 "kallsyms: Improve the performance of
 * kallsyms_lookup_name()" (6.2; also in Debian's 6.1). */
#define MAX_MARKERS_DISTANCE ((gsize) 16 << 20)

/* The least address of a kernel for 64 bits: with 52 bits of a virtual address on arm64. Source:
 * Linux arch/arm64/include/asm/memory.h, PAGE_OFFSET. For 32 bits: a split at 1 GiB. */
#define LEAST_VA_64 ((guint64) 0xfff0000000000000)
#define LEAST_VA_32 ((guint64) 0x40000000)

/* Names that are walked in one search: the right ones take 163,205 in the largest that was seen,
 * and crafted bytes could make every place look like a beginning. */
#define MAX_STEPS ((guint64) 64 << 20)

typedef struct
{
  P2vReader bytes;
  guint64   n_steps_left;
  gsize     token_table;       /* offsets in bytes */
  gsize     token_index;
  gsize     markers;
  guint     marker_bytes;      /* 4, or 8 in kernels of 64 bits before 4.20 */
  guint     n_markers;
  gsize     count;             /* kallsyms_num_syms */
  gsize     names;
  gsize     names_end;
  guint32   n_symbols;
  gboolean  has_plain_lengths;
} Search;

gsize
p2v_kallsyms_find_digits (const guint8 *bytes,
                          gsize         length,
                          gsize         start)
{
  const guint8 *hit = memmem (bytes + start, length - start, digits_text, sizeof digits_text);

  return hit != NULL ? (gsize) (hit - bytes) : length;
}

/* The distances of the texts of tokens '0' to 255, and of the first byte behind them, from the
 * digits on. */
static gboolean
measure_tokens (const P2vReader *bytes,
                gsize            digits,
                guint16         *distances,
                gsize           *ret_end)
{
  gsize at = digits;

  for (guint token = FIRST_DIGIT; token < N_TOKENS; token++)
    {
      const char *text = p2v_reader_get_string (bytes, at);
      if (text == NULL || at - digits > G_MAXUINT16)
        return FALSE;
      distances[token - FIRST_DIGIT] = (guint16) (at - digits);
      at += strlen (text) + 1;
    }
  *ret_end = at;
  return TRUE;
}

/* Whether the index at @at has just these distances. */
static gboolean
is_index (const P2vReader *bytes,
          gsize            at,
          const guint16   *distances,
          guint16         *ret_first_digit)
{
  guint16 before = 0, entry = 0, first_digit;

  if (!p2v_reader_get_u16 (bytes, at + FIRST_DIGIT * sizeof entry, &first_digit))
    return FALSE;
  for (guint token = 0; token < N_TOKENS; token++)
    {
      if (!p2v_reader_get_u16 (bytes, at + token * sizeof entry, &entry) ||
          (token == 0 ? entry != 0 : entry <= before) ||
          (token >= FIRST_DIGIT && entry - first_digit != distances[token - FIRST_DIGIT]))
        return FALSE;
      before = entry;
    }
  *ret_first_digit = first_digit;
  return TRUE;
}

/* The index, behind the tokens at a multiple of 2, 4 or 8. */
static gboolean
find_index (Search *self,
            gsize   digits)
{
  guint16 distances[N_TOKENS - FIRST_DIGIT];
  guint16 first_digit;
  gsize end;

  if (!measure_tokens (&self->bytes, digits, distances, &end))
    return FALSE;
  for (gsize at = end; at < end + 8; at++)
    if (is_index (&self->bytes, at, distances, &first_digit) && first_digit <= digits)
      {
        self->token_index = at;
        self->token_table = digits - first_digit;
        return TRUE;
      }
  return FALSE;
}

gboolean
p2v_kallsyms_may_be_tokens (const guint8 *bytes,
                            gsize         length)
{
  P2vReader reader = p2v_reader_le (bytes, length);
  guint16 distances[N_TOKENS - FIRST_DIGIT];
  guint16 first_digit;
  gsize end;

  if (!measure_tokens (&reader, 0, distances, &end))
    return FALSE;
  for (gsize at = end; at < end + 8; at++)
    if (is_index (&reader, at, distances, &first_digit))
      return TRUE;
  return FALSE;
}

static gboolean
get_marker (const Search *self,
            gsize         at,
            guint         i,
            guint64      *ret_marker)
{
  guint32 narrow = 0;

  if (self->marker_bytes == sizeof *ret_marker)
    return p2v_reader_get_u64 (&self->bytes, at + (gsize) i * sizeof *ret_marker, ret_marker);
  gboolean ok = p2v_reader_get_u32 (&self->bytes, at + (gsize) i * sizeof narrow, &narrow);
  *ret_marker = narrow;
  return ok;
}

/* How many markers there are at @at; fewer than LEAST_MARKERS mean none. */
static guint
count_markers (const Search *self,
               gsize         at)
{
  guint64 before, marker;
  guint n = 1;

  if (!get_marker (self, at, 0, &before) || before != 0)
    return 0;
  while (at + (gsize) (n + 1) * self->marker_bytes <= self->token_table &&
         get_marker (self, at, n, &marker) && marker >= before + LEAST_BLOCK_BYTES &&
         marker <= before + GREATEST_BLOCK_BYTES)
    {
      before = marker;
      n++;
    }
  return n;
}

/* Moves *@position behind one name. */
static gboolean
skip_name (const Search *self,
           gsize        *position)
{
  gsize at = *position;

  if (at + 2 > self->markers)
    return FALSE;
  gsize n_codes = self->bytes.bytes[at++];
  if ((n_codes & 0x80) && !self->has_plain_lengths)
    n_codes = (n_codes & 0x7f) | (gsize) self->bytes.bytes[at++] << 7;
  *position = at + n_codes;
  return n_codes > 0 && *position <= self->markers;
}

/* Whether @n_symbols names from @names on pass every marker and end just before the markers. */
static gboolean
names_fit (Search  *self,
           gsize    names,
           guint32  n_symbols)
{
  gsize at = names;
  guint64 marker;

  for (guint32 i = 0; i < n_symbols; i++)
    {
      if (self->n_steps_left == 0)
        return FALSE;
      self->n_steps_left--;
      if (i % NAMES_PER_MARKER == 0 &&
          (!get_marker (self, self->markers, i / NAMES_PER_MARKER, &marker) ||
            at - names != marker))
        return FALSE;
      if (!skip_name (self, &at))
        return FALSE;
    }
  if (self->markers - at >= 8)
    return FALSE;
  self->names_end = at;
  for (; at < self->markers; at++)
    if (self->bytes.bytes[at] != 0)
      return FALSE;
  return TRUE;
}

/* The count stands before the names, padded to what a word or its own size asks for. */
static gboolean
try_names (Search *self,
           gsize   names)
{
  const gsize paddings[] = { 8, 4 };

  for (gsize i = 0; i < G_N_ELEMENTS (paddings); i++)
    {
      guint32 n;
      if (names < paddings[i] ||
          !p2v_reader_get_u32 (&self->bytes, names - paddings[i], &n) || n > P2V_LIMIT_SYMBOLS ||
          (n + NAMES_PER_MARKER - 1) / NAMES_PER_MARKER != self->n_markers)
        continue;
      for (guint plain = 0; plain < 2; plain++)
        {
          self->has_plain_lengths = plain;
          if (!names_fit (self, names, n))
            continue;
          self->count = names - paddings[i];
          self->names = names;
          self->n_symbols = n;
          return TRUE;
        }
    }
  return FALSE;
}

/* The last marker tells how far before the markers the names begin, but for the length of the last
 * block. */
static gboolean
find_names (Search *self)
{
  guint64 last;

  if (!get_marker (self, self->markers, self->n_markers - 1, &last) || last > self->markers)
    return FALSE;
  gsize greatest = self->markers - last;
  gsize least = greatest > GREATEST_BLOCK_BYTES ? greatest - GREATEST_BLOCK_BYTES : 0;
  /* Tables begin at a multiple of 4 or 8 in memory, and @bytes at one, too. */
  for (gsize names = greatest & ~(gsize) 3; names > least; names -= 4)
    if (try_names (self, names))
      return TRUE;
  return FALSE;
}

/* Goes back from the token table to the markers. */
static gboolean
find_markers (Search *self)
{
  const guint widths[] = { 4, 8 };
  gsize least =
    self->token_table > MAX_MARKERS_DISTANCE ? self->token_table - MAX_MARKERS_DISTANCE : 0;

  for (gsize i = 0; i < G_N_ELEMENTS (widths); i++)
    {
      self->marker_bytes = widths[i];
      for (gsize at = self->token_table & ~(gsize) 3; at > least && self->n_steps_left > 0;
           at -= 4)
        {
          self->n_markers = count_markers (self, at);
          self->markers = at;
          if (self->n_markers >= LEAST_MARKERS && find_names (self))
            return TRUE;
        }
    }
  return FALSE;
}

static gboolean
get_word (const Search *self,
          gsize         at,
          guint         word_bytes,
          guint64      *ret_word)
{
  guint32 narrow = 0;

  if (word_bytes == sizeof *ret_word)
    return p2v_reader_get_u64 (&self->bytes, at, ret_word);
  gboolean ok = p2v_reader_get_u32 (&self->bytes, at, &narrow);
  *ret_word = narrow;
  return ok;
}

static gboolean
is_kernel_va (guint64 va,
              guint   word_bytes)
{
  return word_bytes == 8 ? va >= LEAST_VA_64 : va >= LEAST_VA_32;
}

/* Whether the @n_symbols numbers at @at rise as addresses do that count from a base: those below 0
 * are all addresses and the others are not of the kernel's image, or there are none below 0. */
static gboolean
offsets_rise (const Search *self,
              gsize         at)
{
  gint64 before = G_MININT64;
  gint64 before_negative = G_MAXINT64;
  guint32 n_negative = 0, n_distinct = 0;

  for (guint32 i = 0; i < self->n_symbols; i++)
    {
      guint32 raw;
      if (!p2v_reader_get_u32 (&self->bytes, at + (gsize) i * sizeof raw, &raw))
        return FALSE;
      gint32 offset = (gint32) raw;
      /* Counted down from the base, they fall. */
      if (offset < 0 && offset > before_negative)
        return FALSE;
      if (offset >= 0 && offset < before)
        return FALSE;
      if (offset < 0)
        n_negative++;
      n_distinct += offset < 0 ? offset != before_negative : offset != before;
      before_negative = offset < 0 ? offset : before_negative;
      before = offset >= 0 ? offset : before;
    }
  return n_distinct > self->n_symbols / 2 && (n_negative == 0 || n_negative > self->n_symbols / 2);
}

static gboolean
addresses_rise (const Search *self,
                gsize         at,
                guint         word_bytes)
{
  guint64 before = 0, va;
  guint32 n_kernel = 0;

  for (guint32 i = 0; i < self->n_symbols; i++)
    {
      if (!get_word (self, at + (gsize) i * word_bytes, word_bytes, &va) || va < before)
        return FALSE;
      n_kernel += is_kernel_va (va, word_bytes);
      before = va;
    }
  return n_kernel > self->n_symbols / 2;
}

static gsize
align_up (gsize value,
          gsize alignment)
{
  return (value + alignment - 1) / alignment * alignment;
}

/* Where offsets and base stand in one order of the tables, for one size of words; FALSE if there is
 * no room for them. */
typedef gboolean (*OrderFunc) (const Search *self,
                               guint         word_bytes,
                               gsize        *ret_offsets,
                               gsize        *ret_base);

/* From 6.4 on: behind the token index. */
static gboolean
order_behind (const Search *self,
              guint         word_bytes,
              gsize        *ret_offsets,
              gsize        *ret_base)
{
  *ret_offsets = align_up (self->token_index + INDEX_BYTES, word_bytes);
  *ret_base = align_up (*ret_offsets + (gsize) self->n_symbols * sizeof (guint32), word_bytes);
  return TRUE;
}

/* To 6.3: before the count. */
static gboolean
order_before (const Search *self,
              guint         word_bytes,
              gsize        *ret_offsets,
              gsize        *ret_base)
{
  gsize offsets_bytes = align_up ((gsize) self->n_symbols * sizeof (guint32), word_bytes);

  if (self->count < offsets_bytes + word_bytes)
    return FALSE;
  *ret_base = self->count - word_bytes;
  *ret_offsets = *ret_base - offsets_bytes;
  return TRUE;
}

static GBytes *
copy_bytes (const Search *self,
            gsize         at,
            gsize         length)
{
  return g_bytes_new (self->bytes.bytes + at, length);
}

static gboolean
find_offsets (const Search *self,
              P2vKallsyms  *kallsyms)
{
  static const OrderFunc orders[] = { order_behind, order_before };
  const guint words[] = { 8, 4 };

  for (gsize i = 0; i < G_N_ELEMENTS (orders); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (words); j++)
      {
        gsize offsets, base;
        if (!orders[i](self, words[j], &offsets, &base) ||
            !get_word (self, base, words[j], &kallsyms->relative_base) ||
            !is_kernel_va (kallsyms->relative_base, words[j]) || !offsets_rise (self, offsets))
          continue;
        kallsyms->offsets =
          copy_bytes (self, offsets, (gsize) self->n_symbols * sizeof (guint32));
        return TRUE;
      }
  return FALSE;
}

/* Whether the @n_symbols numbers at @at, each added to the place where it stands, rise. Symbols at
 * one address are common, but hardly any are at most of them. */
static gboolean
places_rise (const Search *self,
             gsize         at)
{
  gint64 before = G_MININT64;
  guint32 n_distinct = 0;

  for (guint32 i = 0; i < self->n_symbols; i++)
    {
      guint32 raw;
      if (!p2v_reader_get_u32 (&self->bytes, at + (gsize) i * sizeof raw, &raw))
        return FALSE;
      gint64 place = (gint64) i * (gint64) sizeof raw + (gint32) raw;
      if (place < before)
        return FALSE;
      n_distinct += place != before;
      before = place;
    }
  return n_distinct > self->n_symbols / 2;
}

/* Offsets without a base: behind the token index, in all kernels that have them. */
static gboolean
find_places (const Search *self,
             P2vKallsyms  *kallsyms)
{
  gsize offsets = align_up (self->token_index + INDEX_BYTES, sizeof (guint32));

  if (!places_rise (self, offsets))
    return FALSE;
  kallsyms->offsets = copy_bytes (self, offsets, (gsize) self->n_symbols * sizeof (guint32));
  kallsyms->relative_base = offsets;
  kallsyms->is_place_relative = TRUE;
  return TRUE;
}

/* Whole addresses: before the count, in all kernels that have them. */
static gboolean
find_addresses (const Search *self,
                P2vKallsyms  *kallsyms)
{
  const guint words[] = { 8, 4 };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    {
      gsize length = (gsize) self->n_symbols * words[i];
      if (self->count < length || !addresses_rise (self, self->count - length, words[i]))
        continue;
      kallsyms->offsets = copy_bytes (self, self->count - length, length);
      kallsyms->address_bytes = words[i];
      return TRUE;
    }
  return FALSE;
}

gboolean
p2v_kallsyms_locate (const guint8 *bytes,
                     gsize         length,
                     gsize         digits,
                     P2vKallsyms  *ret_kallsyms)
{
  Search self = { .bytes = p2v_reader_le (bytes, length), .n_steps_left = MAX_STEPS };
  P2vKallsyms kallsyms = { 0 };

  if (!find_index (&self, digits) || !find_markers (&self))
    return FALSE;
  if (!find_offsets (&self, &kallsyms) && !find_places (&self, &kallsyms) &&
      !find_addresses (&self, &kallsyms))
    return FALSE;
  kallsyms.n_symbols = self.n_symbols;
  kallsyms.has_plain_lengths = self.has_plain_lengths;
  kallsyms.names = copy_bytes (&self, self.names, self.names_end - self.names);
  kallsyms.token_table = copy_bytes (&self, self.token_table, self.token_index - self.token_table);
  kallsyms.token_index = copy_bytes (&self, self.token_index, INDEX_BYTES);
  *ret_kallsyms = kallsyms;
  return TRUE;
}
