/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Which pages a Windows crash dump holds: added run by run, or read from the second header, which
 * is a bitmap or a list of ranges. Private to image/. */

#pragma once

#include "image/p2v-image-private.h"

/* Begin with .next_offset at the first page, if no second header says where that is. */
typedef struct
{
  P2vImageBuilder *builder;    /* (transfer none): takes the ranges */
  GCancellable    *cancellable;
  guint64          next_offset; /* of the page that comes next */
} P2vCrashDumpPages;

/* Adds @n_pages pages from page number @first_page on, which stand where the last ones ended. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_crash_dump_pages_add         (P2vCrashDumpPages *self,
                                           guint64            first_page,
                                           guint64            n_pages,
                                           GError           **error);
/* Reads the header and bitmap at @header_offset. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_crash_dump_pages_read_bitmap (P2vCrashDumpPages *self,
                                           guint64            header_offset,
                                           GError           **error);
/* Reads the header and list of ranges at @header_offset. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_crash_dump_pages_read_ranges (P2vCrashDumpPages *self,
                                           guint64            header_offset,
                                           GError           **error);
