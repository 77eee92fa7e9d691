/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Which of the kernel's mappings an answer, a bulk look-up or an enumeration is to have. */

#pragma once

#include "p2v-answer.h"

/* What @self, which may be NULL, wants of @kernel, which may be NULL too: never
 * P2V_KERNEL_ROWS_DEFAULT unless @by_default is. */
P2vKernelRows p2v_filter_choose_kernel_rows (P2vFilter       *self,
                                             P2vProcess      *kernel,
                                             P2vKernelRows    by_default);
gboolean      p2v_kernel_rows_include       (P2vKernelRows    kernel_rows,
                                             P2vMappingClass  mapping_class);
