/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The pages of a kdump: a table of descriptors, one for each page that was dumped, in the order of
 * their addresses, and the packed bytes they point to. Private to image/. */

#pragma once

#include "image/p2v-kdump-file.h"
#include "image/p2v-page-pack.h"

/* Source: makedumpfile, diskdump_mod.h: struct page_desc. */
#define P2V_KDUMP_DESCRIPTOR_BYTES 24

/* (transfer full): @file: taken. The descriptors lie within it. */
P2vPagePack *p2v_kdump_pages_new            (P2vKdumpFile *file,
                                             guint64       descriptors_at,
                                             gsize         page_bytes,
                                             guint64       n_pages);
/* (transfer none) (nullable): the name of a way of packing that this program was built without, if
 * the flags of the header or of a descriptor ask for it. */
const char  *p2v_kdump_pages_name_missing   (guint32       flags);
