/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Entries of page tables without a page of their own: what they name, and whether that is in RAM.
 *
 * Such an entry has a type and an offset. Of a small type it names a page in a swap file; a copy of
 * it may be in RAM all the same, in the swap cache. Types behind those of swap files are special,
 * and the offset is the number of a frame that is being moved to another place, is broken, or is on
 * a device; or it is a mark without a frame. Which number means what depends on how the kernel was
 * configured and is written nowhere, so that what the kernel's records say decides. */

#pragma once

#include "os/linux/p2v-linux-private.h"

/* Where an entry keeps its type and its offset. */
struct _P2vLinuxSwapLayout
{
  guint    type_shift;
  guint    type_bits;                      /* 0: the end of a list */
  guint    offset_shift;
  guint    offset_bits;
  gboolean is_inverted;                    /* the offset is stored as its complement */
  /* Whether this kernel writes entries so, and not otherwise. Where that cannot be asked it is
   * NULL, and the first layout is believed by which an entry makes sense. */
  gboolean (*is_used) (const P2vLinux *kernel);
};

/* p2v-linux-swap.c: what is known of swap space; found when first asked for. Any thread. */

/* What a type and an offset name. */
typedef enum
{
  LINUX_SWAP_PLACE,                        /* a page in a swap file */
  LINUX_SWAP_SPECIAL,                      /* the type is of no swap file */
  LINUX_SWAP_NOTHING,                      /* what no kernel writes: a swap file that ends before */
} P2vLinuxSwapKind;

P2vLinuxSwap     *p2v_linux_swap_new       (const P2vLinux   *kernel);
void              p2v_linux_swap_free      (P2vLinuxSwap     *self);
P2vLinuxSwapKind  p2v_linux_swap_classify  (P2vLinuxSwap     *self,
                                            guint             type,
                                            guint64           offset);
/* Fills in what the entry is: p2v_linux_swap_classify() has called it a place or special, and
 * @type and @offset are what it says. */
void              p2v_linux_swap_look_up   (P2vLinuxSwap     *self,
                                            P2vLinuxSwapKind  kind,
                                            guint             type,
                                            guint64           offset,
                                            P2vIndirectEntry *entry);
/* FALSE if reading the image has failed, since it was first asked. */
G_GNUC_WARN_UNUSED_RESULT
gboolean          p2v_linux_swap_check     (P2vLinuxSwap     *self,
                                            GError          **error);
