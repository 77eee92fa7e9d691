/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vImage: a memory image file as a physical address space. It knows container formats and nothing
 * of page tables. Immutable once opened; every function may be called from any thread. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-types.h"

G_BEGIN_DECLS

#define P2V_TYPE_IMAGE (p2v_image_get_type ())
P2V_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (P2vImage, p2v_image, P2V, IMAGE, GObject)

/**
 * P2vImageRange:
 * @start_pa: physical address of the first byte
 * @length_bytes: length, never 0; @start_pa + (@length_bytes - 1) does not wrap
 * @file_offset: where the first byte stands in the file; if memory is packed, where it would if all
 * pages were unpacked one behind the other
 *
 * A run of physical memory that the file holds. Ranges are sorted by @start_pa and do not overlap.
 */
typedef struct
{
  P2vPhysAddr start_pa;
  guint64     length_bytes;
  guint64     file_offset;
} P2vImageRange;

/**
 * P2vReadStatus:
 * @P2V_READ_OK: all bytes were read
 * @P2V_READ_HOLE: at least one byte is not in the image; the buffer is undefined. Not an error.
 * @P2V_READ_FAILED: the file could not be read where the image says the bytes are; the error is set
 *
 * What came of reading physical memory.
 */
typedef enum
{
  P2V_READ_OK,
  P2V_READ_HOLE,
  P2V_READ_FAILED,
} P2vReadStatus;

P2V_AVAILABLE_IN_1_0
P2vImage            *p2v_image_open            (const char    *path,
                                                GCancellable  *cancellable,
                                                GError       **error);
P2V_AVAILABLE_IN_1_0
P2vImage            *p2v_image_open_at         (const char    *path,
                                                P2vPhysAddr    base_pa,
                                                GCancellable  *cancellable,
                                                GError       **error);
P2V_AVAILABLE_IN_1_0
const char          *p2v_image_get_path        (P2vImage      *self);
P2V_AVAILABLE_IN_1_0
const char          *p2v_image_get_format_name (P2vImage      *self);
P2V_AVAILABLE_IN_1_0
guint64              p2v_image_get_file_size   (P2vImage      *self);
P2V_AVAILABLE_IN_1_0
guint64              p2v_image_get_memory_size (P2vImage      *self);
P2V_AVAILABLE_IN_1_0
const P2vImageRange *p2v_image_get_ranges      (P2vImage      *self,
                                                gsize         *ret_n_ranges);
P2V_AVAILABLE_IN_1_0
gboolean             p2v_image_offset_to_pa    (P2vImage      *self,
                                                guint64        file_offset,
                                                P2vPhysAddr   *ret_pa);
P2V_AVAILABLE_IN_1_0
gboolean             p2v_image_pa_to_offset    (P2vImage      *self,
                                                P2vPhysAddr    pa,
                                                guint64       *ret_file_offset);
P2V_AVAILABLE_IN_1_0
gboolean             p2v_image_contains        (P2vImage      *self,
                                                P2vPhysAddr    pa);
P2V_AVAILABLE_IN_1_0
gboolean             p2v_image_is_packed       (P2vImage      *self);
P2V_AVAILABLE_IN_1_0
P2vReadStatus        p2v_image_read            (P2vImage      *self,
                                                P2vPhysAddr    pa,
                                                gpointer       buffer,
                                                gsize          length_bytes,
                                                GError       **error);

G_END_DECLS
