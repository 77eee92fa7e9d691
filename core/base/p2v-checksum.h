/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vChecksum: tells damaged bytes of our own files from sound ones, at the speed of memory. No
 * protection against somebody who forges them on purpose: whoever reads checks the values too.
 *
 * Ours because of its speed alone: an index of 80 MiB must open within some ten milliseconds, and
 * zlib's CRC-32, which GLib brings along, takes 45 of them. Four lanes of multiply and rotate, so
 * that the processor works on all at once; every bit of a word reaches every bit above it, and the
 * rotation brings the high ones down. */

#pragma once

#include <glib.h>
#include <string.h>

#define P2V_CHECKSUM_LANES 4

typedef struct
{
  guint64 lanes[P2V_CHECKSUM_LANES];
} P2vChecksum;

static inline void
p2v_checksum_init (P2vChecksum *self)
{
  for (guint i = 0; i < P2V_CHECKSUM_LANES; i++)
    self->lanes[i] = i + 1;
}

/* Source: the odd number nearest to 2^64 divided by the golden ratio (Knuth, TAOCP 3, 6.4). */
#define P2V_CHECKSUM_FACTOR ((guint64) 0x9e3779b97f4a7c15)

static inline guint64
p2v_checksum_mix (guint64 lane,
                  guint64 word)
{
  lane = (lane ^ word) * P2V_CHECKSUM_FACTOR;
  return lane << 29 | lane >> 35;
}

static inline void
p2v_checksum_take_block (P2vChecksum  *self,
                         const guint8 *bytes)
{
  guint64 block[P2V_CHECKSUM_LANES];

  memcpy (block, bytes, sizeof block);
  for (guint i = 0; i < P2V_CHECKSUM_LANES; i++)
    self->lanes[i] = p2v_checksum_mix (self->lanes[i], block[i]);
}

#define P2V_CHECKSUM_BLOCK_BYTES (P2V_CHECKSUM_LANES * sizeof (guint64))

/* What does not fill a block at the end is taken with zeros behind it: feed the same pieces when
 * writing and when reading. */
static inline void
p2v_checksum_update (P2vChecksum *self,
                     const void  *bytes,
                     gsize        length)
{
  const guint8 *at = bytes;

  for (; length >= P2V_CHECKSUM_BLOCK_BYTES; length -= P2V_CHECKSUM_BLOCK_BYTES)
    {
      p2v_checksum_take_block (self, at);
      at += P2V_CHECKSUM_BLOCK_BYTES;
    }
  if (length > 0)
    {
      guint8 last[P2V_CHECKSUM_BLOCK_BYTES] = { 0 };
      memcpy (last, at, length);
      p2v_checksum_take_block (self, last);
    }
}

static inline guint64
p2v_checksum_get (const P2vChecksum *self)
{
  guint64 sum = 0;

  for (guint i = 0; i < P2V_CHECKSUM_LANES; i++)
    sum = p2v_checksum_mix (sum, self->lanes[i]);
  return sum ^ sum >> 32;
}

static inline guint64
p2v_checksum_of (const void *bytes,
                 gsize       length)
{
  P2vChecksum checksum;

  p2v_checksum_init (&checksum);
  p2v_checksum_update (&checksum, bytes, length);
  return p2v_checksum_get (&checksum);
}
