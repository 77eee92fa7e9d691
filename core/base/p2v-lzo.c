/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* An LZO1X stream is a row of instructions. Each copies bytes that were written before (a match),
 * given by distance and length, and then up to 3 bytes of the stream itself (literals); or it is a
 * run of more literals. What an instruction below 16 means depends on how many literals came just
 * before it: that is the state.
 *
 * Source for all of it: Linux, Documentation/staging/lzo.rst, "LZO stream format as understood by
 * Linux's LZO decompressor", version 0 of the stream; tried on what makedumpfile 1.7.2 wrote. */

#include "config.h"

#include "base/p2v-lzo.h"

#include <string.h>

/* The state behind a run of 4 or more literals. */
#define AFTER_RUN 4

typedef struct
{
  const guint8 *from;
  gsize         n_from;    /* bytes left of the stream */
  guint8       *start;
  gsize         n_done;
  gsize         length;    /* bytes there must be in the end */
  guint         state;
} Lzo;

typedef struct
{
  gsize distance;
  gsize length;            /* 0: the end of the stream */
  guint n_literals;        /* that follow: 0 to 3 */
} Match;

static gboolean
take_byte (Lzo    *self,
           guint8 *ret_byte)
{
  if (self->n_from == 0)
    return FALSE;
  *ret_byte = *self->from++;
  self->n_from--;
  return TRUE;
}

/* The length in the instruction's low bits; if they are all 0, it is in the bytes that follow, 255
 * for each zero among them. It stays below 256 times the size of the stream. */
static gboolean
take_length (Lzo   *self,
             guint8 instruction,
             guint8 mask,
             gsize *ret_length)
{
  gsize length = instruction & mask;
  guint8 byte;

  if (length == 0)
    {
      length = mask;
      do
        {
          if (!take_byte (self, &byte))
            return FALSE;
          length += byte == 0 ? 255 : byte;
        }
      while (byte == 0);
    }
  *ret_length = length;
  return TRUE;
}

static gboolean
copy_literals (Lzo  *self,
               gsize n)
{
  if (n > self->n_from || n > self->length - self->n_done)
    return FALSE;
  memcpy (self->start + self->n_done, self->from, n);
  self->from += n;
  self->n_from -= n;
  self->n_done += n;
  return TRUE;
}

/* The two may overlap: then what was just written is written again. */
static gboolean
copy_match (Lzo         *self,
            const Match *match)
{
  if (match->distance > self->n_done || match->length > self->length - self->n_done)
    return FALSE;
  guint8 *to = self->start + self->n_done;
  if (match->distance >= match->length)
    memcpy (to, to - match->distance, match->length);
  else
    for (gsize i = 0; i < match->length; i++)
      to[i] = *(to + i - match->distance);
  self->n_done += match->length;
  return TRUE;
}

/* 0000DDSS H, not behind state 0. */
static gboolean
take_short_match (Lzo   *self,
                  guint8 instruction,
                  Match *ret_match)
{
  gboolean after_run = self->state == AFTER_RUN;
  guint8 high;

  if (!take_byte (self, &high))
    return FALSE;
  *ret_match = (Match) {
    .distance = ((gsize) high << 2) + (instruction >> 2) + (after_run ? 2049 : 1),
    .length = after_run ? 3 : 2,
    .n_literals = instruction & 3,
  };
  return TRUE;
}

/* 0001HLLL and 001LLLLL, then 16 bits: distance and number of literals. */
static gboolean
take_far_match (Lzo   *self,
                guint8 instruction,
                Match *ret_match)
{
  gboolean is_near = instruction >= 32;
  gsize length;
  guint8 low, high;

  if (!take_length (self, instruction, is_near ? 31 : 7, &length) || !take_byte (self, &low) ||
      !take_byte (self, &high))
    return FALSE;
  gsize distance = (gsize) high << 6 | low >> 2;
  if (is_near)
    distance += 1;
  else
    distance += 16384 + ((gsize) (instruction & 8) << 11);
  gboolean is_end = !is_near && distance == 16384;
  *ret_match = (Match) { distance, is_end ? 0 : length + 2, low & 3 };
  return TRUE;
}

/* 01LDDDSS H and 1LLDDDSS H. */
static gboolean
take_near_match (Lzo   *self,
                 guint8 instruction,
                 Match *ret_match)
{
  guint8 high;

  if (!take_byte (self, &high))
    return FALSE;
  *ret_match = (Match) {
    .distance = ((gsize) high << 3) + (instruction >> 2 & 7) + 1,
    .length = instruction < 128 ? 3 + (instruction >> 5 & 1) : 5 + (instruction >> 5 & 3),
    .n_literals = instruction & 3,
  };
  return TRUE;
}

static gboolean
take_match (Lzo   *self,
            guint8 instruction,
            Match *ret_match)
{
  if (instruction < 16)
    return take_short_match (self, instruction, ret_match);
  if (instruction < 64)
    return take_far_match (self, instruction, ret_match);
  return take_near_match (self, instruction, ret_match);
}

/* 0000LLLL behind state 0. */
static gboolean
take_run (Lzo   *self,
          guint8 instruction)
{
  gsize length;

  self->state = AFTER_RUN;
  return take_length (self, instruction, 15, &length) && copy_literals (self, length + 3);
}

/* The stream may begin with a run that is shorter than others can be. */
static gboolean
take_first_run (Lzo *self)
{
  if (self->n_from == 0 || self->from[0] <= 17)
    return TRUE;

  guint8 byte = 0;
  gboolean ok = take_byte (self, &byte);
  g_assert (ok);
  guint length = byte - 17u;
  self->state = MIN (length, AFTER_RUN);
  return copy_literals (self, length);
}

gboolean
p2v_lzo_unpack (const guint8 *packed,
                gsize         packed_bytes,
                guint8       *to,
                gsize         length_bytes)
{
  Lzo self = { .from = packed, .n_from = packed_bytes, .start = to, .length = length_bytes };
  guint8 instruction;

  if (!take_first_run (&self))
    return FALSE;
  /* Each turn takes at least one byte of the stream. */
  while (take_byte (&self, &instruction))
    {
      Match match;
      if (instruction < 16 && self.state == 0)
        {
          if (!take_run (&self, instruction))
            return FALSE;
          continue;
        }
      if (!take_match (&self, instruction, &match))
        return FALSE;
      if (match.length == 0)
        return self.n_from == 0 && self.n_done == length_bytes;
      if (!copy_match (&self, &match) || !copy_literals (&self, match.n_literals))
        return FALSE;
      self.state = match.n_literals;
    }
  return FALSE;
}
