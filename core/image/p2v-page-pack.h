/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vPagePack: memory that does not stand in the file as it is, but in blocks that must be unpacked
 * one by one. It makes them look like one run of bytes, all blocks one behind the other: that is
 * what the ranges of such an image mean with their offsets.
 *
 * What is prefetched is unpacked ahead by a few threads into a cache of fixed size, so that all
 * that plans its reading (the walk of page tables, the search of all memory) gains from it without
 * knowing. Threads are started with the first prefetch and joined when the pack is freed. Reading
 * and prefetching are safe from any thread. Private to image/. */

#pragma once

#include "p2v-image.h"

/* How the blocks of one kind of container are unpacked. Constant. */
typedef struct
{
  /* Unpacks block @index into @block. P2V_READ_HOLE: the block is damaged or was never written.
   * Called from several threads at once. */
  P2vReadStatus (*unpack) (gpointer   source,
                           guint64    index,
                           guint8    *block,
                           GError   **error);
  void          (*free)   (gpointer   source);
} P2vPackForm;

typedef struct _P2vPagePack P2vPagePack;

/* @source: taken; what @form's functions are given. @block_bytes: a power of two. The product of
 * the two numbers must not wrap. */
P2vPagePack  *p2v_page_pack_new           (const P2vPackForm *form,
                                           gpointer           source,
                                           gsize              block_bytes,
                                           guint64            n_blocks);
void          p2v_page_pack_free          (P2vPagePack       *self);
/* How many bytes there are, unpacked. */
guint64       p2v_page_pack_get_size      (P2vPagePack       *self);
/* How many blocks were read so far that cannot be unpacked. */
guint         p2v_page_pack_get_n_damaged (P2vPagePack       *self);
/* Reads bytes that lie within the size. P2V_READ_HOLE if one of them cannot be unpacked. */
G_GNUC_WARN_UNUSED_RESULT
P2vReadStatus p2v_page_pack_read          (P2vPagePack       *self,
                                           guint64            position,
                                           gpointer           buffer,
                                           gsize              length_bytes,
                                           GError           **error);
void          p2v_page_pack_prefetch      (P2vPagePack       *self,
                                           guint64            position,
                                           guint64            length_bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vPagePack, p2v_page_pack_free)
