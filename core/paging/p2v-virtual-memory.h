/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vVirtualMemory: bytes at virtual addresses of one address space, with a small cache of pages,
 * for following a kernel's pointers. Belongs to one thread at a time.
 *
 * "Not there" is an ordinary answer here (a list may lead anywhere), so reading returns a boolean
 * without an error. A file that cannot be read is kept as an error until
 * p2v_virtual_memory_check(). */

#pragma once

#include "paging/p2v-paging.h"

typedef struct _P2vVirtualMemory P2vVirtualMemory;

P2vVirtualMemory *p2v_virtual_memory_new       (const P2vPageTables  *tables,
                                                P2vPhysAddr           root_pa);
void              p2v_virtual_memory_free      (P2vVirtualMemory     *self);
/* FALSE if any byte is not mapped or not in the image; then @buffer is undefined. */
G_GNUC_WARN_UNUSED_RESULT
gboolean          p2v_virtual_memory_read      (P2vVirtualMemory     *self,
                                                P2vVirtAddr           va,
                                                gpointer              buffer,
                                                gsize                 length_bytes);
G_GNUC_WARN_UNUSED_RESULT
gboolean          p2v_virtual_memory_read_u32  (P2vVirtualMemory     *self,
                                                P2vVirtAddr           va,
                                                guint32              *ret_value);
G_GNUC_WARN_UNUSED_RESULT
gboolean          p2v_virtual_memory_read_u64  (P2vVirtualMemory     *self,
                                                P2vVirtAddr           va,
                                                guint64              *ret_value);
/* Reads up to @max_bytes or to a NUL or to the first byte that is not there. Appends to @string. */
void              p2v_virtual_memory_append_string (P2vVirtualMemory *self,
                                                P2vVirtAddr           va,
                                                gsize                 max_bytes,
                                                GString              *string);
G_GNUC_WARN_UNUSED_RESULT
gboolean          p2v_virtual_memory_translate (P2vVirtualMemory     *self,
                                                P2vVirtAddr           va,
                                                P2vPhysAddr          *ret_pa);
/* FALSE if the file failed at any time since the start: then all absences in between mean
 * nothing. */
G_GNUC_WARN_UNUSED_RESULT
gboolean          p2v_virtual_memory_check     (P2vVirtualMemory     *self,
                                                GError              **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vVirtualMemory, p2v_virtual_memory_free)
