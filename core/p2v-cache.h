/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The indices that sessions have kept on disk: what there is, and how to be rid of it. See
 * p2v_session_set_cache(). May be called from any thread. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-types.h"

G_BEGIN_DECLS

/**
 * P2vCacheItem:
 * @file_name: its name in the folder, in the file name encoding
 * @image_path: the image it was made from: escaped, valid UTF-8; "?" if the file cannot be read
 * @size_bytes: its size
 * @used_unix_s: when it was last written or read, in seconds since 1970
 *
 * A kept index.
 */
typedef struct
{
  char    *file_name;
  char    *image_path;
  guint64  size_bytes;
  gint64   used_unix_s;
} P2vCacheItem;

P2V_AVAILABLE_IN_1_0
void        p2v_cache_item_free  (P2vCacheItem *item);
P2V_AVAILABLE_IN_1_0
char       *p2v_cache_dup_folder (const char   *folder);
P2V_AVAILABLE_IN_1_0
GPtrArray  *p2v_cache_list       (const char   *folder);
P2V_AVAILABLE_IN_1_0
guint       p2v_cache_clear      (const char   *folder,
                                  guint        *ret_n_removed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vCacheItem, p2v_cache_item_free)

G_END_DECLS
