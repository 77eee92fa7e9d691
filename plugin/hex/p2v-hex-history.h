/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vHexHistory: where a cursor has been before it jumped, as in a browser. */

#pragma once

#include "p2v-hex-space.h"

G_BEGIN_DECLS

typedef struct
{
  P2vHexSpaceKind  kind;
  P2vProcess      *process;  /* of a virtual place */
  guint64          position;
} P2vHexPlace;

typedef struct _P2vHexHistory P2vHexHistory;

P2vHexHistory *p2v_hex_history_new      (void);
void           p2v_hex_history_free     (P2vHexHistory     *self);
void           p2v_hex_history_clear    (P2vHexHistory     *self);
/* The cursor is about to jump away from @place, which is copied. */
void           p2v_hex_history_leave    (P2vHexHistory     *self,
                                         const P2vHexPlace *place);
gboolean       p2v_hex_history_can_go   (P2vHexHistory     *self,
                                         gboolean           forwards);
/* Where to, from @here; FALSE if there is nothing on that side. *@ret_place is valid until the next
 * call. */
gboolean       p2v_hex_history_go       (P2vHexHistory     *self,
                                         gboolean           forwards,
                                         const P2vHexPlace *here,
                                         P2vHexPlace       *ret_place);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vHexHistory, p2v_hex_history_free)

G_END_DECLS
