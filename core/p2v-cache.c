/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-cache.h"

#include "index/p2v-store.h"

/**
 * p2v_cache_item_free:
 * @item: (transfer full): an item
 *
 * Frees an item; the file stays.
 */
void
p2v_cache_item_free (P2vCacheItem *item)
{
  g_free (item->file_name);
  g_free (item->image_path);
  g_free (item);
}

/**
 * p2v_cache_dup_folder:
 * @folder: (type filename) (nullable): a folder; %NULL for pas2vas in the user's cache folder
 *
 * Gets where indices are kept.
 *
 * Returns: (transfer full) (type filename): the folder's path; it need not exist
 */
char *
p2v_cache_dup_folder (const char *folder)
{
  g_autoptr (P2vStore) store = p2v_store_new (folder);

  return g_strdup (p2v_store_get_folder (store));
}

/**
 * p2v_cache_list:
 * @folder: (type filename) (nullable): as in p2v_session_set_cache()
 *
 * Lists the kept indices, used last first. What a crash left of writing one is listed as well.
 *
 * Returns: (transfer full) (element-type P2vCacheItem): the items; none if there is no such folder
 */
GPtrArray *
p2v_cache_list (const char *folder)
{
  g_autoptr (P2vStore) store = p2v_store_new (folder);

  return p2v_store_list (store);
}

/**
 * p2v_cache_clear:
 * @folder: (type filename) (nullable): as in p2v_session_set_cache()
 * @ret_n_removed: (out): how many indices were removed
 *
 * Removes all kept indices, and no other file.
 *
 * Returns: how many could not be removed
 */
guint
p2v_cache_clear (const char *folder,
                 guint      *ret_n_removed)
{
  g_return_val_if_fail (ret_n_removed != NULL, 0);

  g_autoptr (P2vStore) store = p2v_store_new (folder);
  return p2v_store_clear (store, ret_n_removed);
}
