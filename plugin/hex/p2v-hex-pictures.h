/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vHexPictures: the map of memory, beside a hex view and in a window of its own, and the window
 * of shared memory. One for each of the host's windows.
 *
 * They show the image of the link that is set, which may change as often as the host likes, and the
 * map frames what the hex view shows. Main thread only. */

#pragma once

#include "p2v-hex-link.h"
#include "p2v-hex-settings.h"

G_BEGIN_DECLS

#define P2V_TYPE_HEX_PICTURES (p2v_hex_pictures_get_type ())
G_DECLARE_FINAL_TYPE (P2vHexPictures, p2v_hex_pictures, P2V, HEX_PICTURES, GObject)

/* @paned: (nullable): horizontal, with the hex view at its start; the map goes to its end. NULL:
 * the window has no place for that, and the map is always in a window of its own. */
P2vHexPictures *p2v_hex_pictures_new          (GtkWindow      *window,
                                               GtkPaned       *paned,
                                               P2vHexSettings *settings);
/* @link: (nullable): the one that the user looks at. */
void            p2v_hex_pictures_set_link     (P2vHexPictures *self,
                                               P2vHexLink     *link);
/* These do nothing without a link. */
void            p2v_hex_pictures_show_map     (P2vHexPictures *self);
void            p2v_hex_pictures_show_sharing (P2vHexPictures *self);
/* The host's window goes. */
void            p2v_hex_pictures_close        (P2vHexPictures *self);

G_END_DECLS
