/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Where the translations of what these libraries say are found. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-types.h"

G_BEGIN_DECLS

P2V_AVAILABLE_IN_1_0
void p2v_bind_translations (void);

G_END_DECLS
