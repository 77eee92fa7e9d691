/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* What a panel asks of the hex view: to go to a place, or to select what stands there. */

#pragma once

#include "p2v-hex-link.h"

G_BEGIN_DECLS

/* Lets @link do what @panel asks for, until the link is broken. */
void p2v_hex_requests_connect (P2vHexLink *link,
                               P2vPanel   *panel);

G_END_DECLS
