/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vStore: finished indices on disk, one file an image, so that opening an image again costs
 * milliseconds.
 *
 * A file is bound to its image by what the image is (size, time of change, inode, device), by a
 * sample of its bytes, and by the page-table roots that were walked; never by a hash of the whole
 * image, which would take longer than building the index. Nothing in a file is trusted: it must be
 * ours alone to write, every byte that is read is checksummed, every number is checked against the
 * image at hand. Whatever does not hold is a reason in words and no index; the caller then builds
 * one.
 *
 * Files are written aside, synced and renamed, so that two programs may build at once and a crash
 * leaves the old file or the new one. All functions may be called from any thread. */

#pragma once

#include "index/p2v-builder.h"
#include "p2v-cache.h"

typedef struct _P2vStore P2vStore;

/* @folder: (nullable): where the files are; NULL for pas2vas in the user's cache folder. */
P2vStore *p2v_store_new         (const char            *folder);
P2vStore *p2v_store_ref         (P2vStore              *self);
void      p2v_store_unref       (P2vStore              *self);

/* What an index is about: of the image and of the system found in it. */
typedef struct
{
  P2vImage            *image;
  const P2vPagingRoot *roots;          /* by number of the address space */
  guint                n_roots;
  guint                n_levels;       /* of the paging form */
  guint64              system_hint;    /* where the system was found; see p2v_store_get_hint() */
} P2vStoreSubject;

/* NULL if there is no file that fits; then *ret_reason (transfer full) says why, or is NULL if
 * there is just none. @ret_report is filled in on success; clear it.
 *
 * @pfns: (nullable) (element-type guint64): the only frames that will be asked for. Then no more is
 * read and checked than what is kept of them, and what is returned knows no others; see
 * p2v_reverse_map_knows(). */
P2vReverseMap *p2v_store_load   (P2vStore              *self,
                                 const P2vStoreSubject *subject,
                                 const GArray          *pfns,
                                 P2vBuildReport        *ret_report,
                                 char                 **ret_reason);
/* Keeps an index, then removes the files that were used longest ago until all together have at most
 * @max_bytes. FALSE if the file could not be written (a full disk, a read-only folder): nothing is
 * lost but time. */
gboolean  p2v_store_save        (P2vStore              *self,
                                 const P2vStoreSubject *subject,
                                 P2vReverseMap         *map,
                                 const P2vBuildReport  *report,
                                 guint64                max_bytes,
                                 GError               **error);
/* Where the system was found when the image's index was kept, in the system's own terms; 0 if there
 * is no file. Only a hint: it comes from a file whose contents have not been checked. */
guint64   p2v_store_get_hint    (P2vStore              *self,
                                 P2vImage              *image);

/* What a search of all of the image's memory has found, as bytes of the system that searched: kept
 * in a file of its own, for an index may not be wanted. NULL if there is none that fits the image.
 * Its contents are only a hint: whoever reads them proves them again. */
GBytes   *p2v_store_load_findings (P2vStore            *self,
                                 P2vImage              *image);
G_GNUC_WARN_UNUSED_RESULT
gboolean  p2v_store_save_findings (P2vStore            *self,
                                 P2vImage              *image,
                                 GBytes                *findings,
                                 GError               **error);

/* (transfer none): the folder, in the file name encoding. */
const char *p2v_store_get_folder (P2vStore             *self);
/* (transfer full) (element-type P2vCacheItem): used last first; empty if there is no folder. */
GPtrArray  *p2v_store_list      (P2vStore              *self);
/* Removes all files; returns how many could not be. */
guint       p2v_store_clear     (P2vStore              *self,
                                 guint                 *ret_n_removed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vStore, p2v_store_unref)
