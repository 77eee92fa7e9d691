/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vHexSpace: what the positions of a hex view mean.
 *
 * A view shows the file as it is, or physical memory by address, or what one process sees by
 * virtual address. A position is always the very number that is meant: a file offset, a physical
 * address, a virtual address; so the numbers that the hex view itself shows and takes are right.
 * Immutable; may be used from any thread. */

#pragma once

#include <gio/gio.h>
#include <pas2vas.h>

G_BEGIN_DECLS

/**
 * P2vHexSpaceKind:
 * @P2V_HEX_SPACE_FILE: positions are file offsets
 * @P2V_HEX_SPACE_PHYSICAL: positions are physical addresses
 * @P2V_HEX_SPACE_VIRTUAL: positions are virtual addresses of one process
 *
 * What a view shows.
 */
typedef enum
{
  P2V_HEX_SPACE_FILE,
  P2V_HEX_SPACE_PHYSICAL,
  P2V_HEX_SPACE_VIRTUAL,
} P2vHexSpaceKind;

#define P2V_TYPE_HEX_SPACE (p2v_hex_space_get_type ())
G_DECLARE_FINAL_TYPE (P2vHexSpace, p2v_hex_space, P2V, HEX_SPACE, GObject)

P2vHexSpace     *p2v_hex_space_new_file           (P2vImage             *image);
P2vHexSpace     *p2v_hex_space_new_physical       (P2vImage             *image);
/* Walks the page tables of @process, in a thread. The pages that are found are those of its user
 * half; a position cannot express the others. */
void             p2v_hex_space_new_virtual_async  (P2vSession           *session,
                                                   P2vProcess           *process,
                                                   GCancellable         *cancellable,
                                                   GAsyncReadyCallback   callback,
                                                   gpointer              user_data);
P2vHexSpace     *p2v_hex_space_new_virtual_finish (GAsyncResult         *result,
                                                   GError              **error);

P2vHexSpaceKind  p2v_hex_space_get_kind           (P2vHexSpace          *self);
/* (nullable): whose virtual addresses they are. */
P2vProcess      *p2v_hex_space_get_process        (P2vHexSpace          *self);
/* One past the last position. */
guint64          p2v_hex_space_get_size           (P2vHexSpace          *self);
/* FALSE if no physical memory stands at @position. */
gboolean         p2v_hex_space_get_pa             (P2vHexSpace          *self,
                                                   guint64               position,
                                                   P2vPhysAddr          *ret_pa);
/* Whether the image has the byte: one that is mapped to memory outside the image it has not. */
gboolean         p2v_hex_space_holds              (P2vHexSpace          *self,
                                                   guint64               position);
/* FALSE if the file does not hold what stands at @position. */
gboolean         p2v_hex_space_get_file_offset    (P2vHexSpace          *self,
                                                   guint64               position,
                                                   guint64              *ret_file_offset);
/* The first position where @pa stands; FALSE if there is none. */
gboolean         p2v_hex_space_find_pa            (P2vHexSpace          *self,
                                                   P2vPhysAddr           pa,
                                                   guint64              *ret_position);
/* TRUE if nothing stands at @position: then from where to where (exclusive) there is nothing. */
gboolean         p2v_hex_space_get_gap            (P2vHexSpace          *self,
                                                   guint64               position,
                                                   guint64              *ret_start,
                                                   guint64              *ret_end);
/* The beginning of the memory behind a gap at @position, or the end (exclusive) of that before it;
 * FALSE if there is no gap, or no memory on that side. */
gboolean         p2v_hex_space_find_edge          (P2vHexSpace          *self,
                                                   guint64               position,
                                                   gboolean              forwards,
                                                   guint64              *ret_edge);
/* The first and the last position, as far as something stands there without a gap around
 * @position; FALSE in a gap. */
gboolean         p2v_hex_space_get_run            (P2vHexSpace          *self,
                                                   guint64               position,
                                                   guint64              *ret_start,
                                                   guint64              *ret_end);
/* Fills @bytes with what stands at @position; with zeros where nothing does. Not for the kind
 * %P2V_HEX_SPACE_FILE, whose bytes are the file's. FALSE if the file could not be read; its bytes
 * are zeros then. */
gboolean         p2v_hex_space_read               (P2vHexSpace          *self,
                                                   guint64               position,
                                                   guint8               *bytes,
                                                   gsize                 n_bytes);

G_END_DECLS
