/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-types.h"

G_DEFINE_QUARK (p2v-image-error-quark, p2v_image_error)
G_DEFINE_QUARK (p2v-os-error-quark, p2v_os_error)
G_DEFINE_QUARK (p2v-query-error-quark, p2v_query_error)
