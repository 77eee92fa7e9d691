/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The layout of a store's file. All in the byte order of the machine that wrote it; a file of the
 * other order does not have the right magic.
 *
 *   header       STORE_N_WORDS x u64
 *   body:
 *   image path   header[STORE_PATH_BYTES], not terminated
 *   reports      P2vWalkReport x header[STORE_N_SPACES]
 *   tables       P2vTableUse x header[STORE_N_TABLES]
 *   aliases      P2vAliasRun x header[STORE_N_ALIASES]
 *   extents      P2vExtent, class by class, x header[STORE_CLASS_LENGTH + i]
 *   ends         u32 x header[STORE_N_FRAMES]
 *   entries      u64 x header[STORE_N_ENTRIES]
 *   checksums    u64, one for each 64 KiB of the body; see p2v-store-blocks.h */

#pragma once

#include "index/p2v-store.h"

/* "P2VINDEX" read as a number of this machine's byte order. Source: our own choice. */
#define STORE_MAGIC ((guint64) 0x50325649 << 32 | 0x4e444558)

/* Counts up with every change of what a file means: of this layout or of how entries are made. */
#define STORE_VERSION 6

#define STORE_SUFFIX ".p2vindex"
/* Beside an index: see p2v_store_save_findings(). */
#define STORE_FINDINGS_SUFFIX ".p2vscan"

/* Numbers of the header. */
enum
{
  STORE_MAGIC_WORD,
  STORE_VERSION_WORD,
  STORE_LAYOUT,                        /* sizes of the records, see p2v-store-file.c */
  STORE_FILE_BYTES,
  STORE_IMAGE_BYTES,
  STORE_IMAGE_MTIME_NS,
  STORE_IMAGE_INODE,
  STORE_IMAGE_DEVICE,
  STORE_SAMPLE_HASH,
  STORE_ROOTS_HASH,
  STORE_SYSTEM_HINT,
  STORE_PATH_BYTES,
  STORE_N_SPACES,
  STORE_N_LEVELS,
  STORE_N_FRAMES,
  STORE_N_ENTRIES,
  STORE_N_TABLES,
  STORE_N_ALIASES,
  STORE_N_FOLDED,
  STORE_N_CLASSES,
  STORE_CLASS_SHIFT,
  STORE_CLASS_LENGTH = STORE_CLASS_SHIFT + P2V_TRAIL_MAX_STEPS,
  STORE_BODY_HASH = STORE_CLASS_LENGTH + P2V_TRAIL_MAX_STEPS, /* of the checksums of its blocks */
  STORE_HEADER_HASH,                   /* of all words before it */
  STORE_N_WORDS,
};

typedef struct
{
  guint64 words[STORE_N_WORDS];
} P2vStoreHeader;

/* p2v-store.c */

/* (transfer full): the path of the file that belongs to @image. */
char          *p2v_store_dup_path         (P2vStore              *self,
                                           P2vImage              *image,
                                           const char            *suffix);
/* Opens a file that nobody but us may have written. -1 if there is none, or with a reason if it is
 * not so. */
int            p2v_store_open_own_file    (const char            *path,
                                           char                 **ret_reason);

/* p2v-store-file.c, p2v-store-load.c */

/* Fills in the words that say what the index is about. FALSE if the image cannot be read. */
G_GNUC_WARN_UNUSED_RESULT
gboolean       p2v_store_describe_subject (const P2vStoreSubject *subject,
                                           P2vStoreHeader        *header,
                                           GError               **error);
/* Whether magic, version and checksum of a header hold. */
gboolean       p2v_store_header_is_sound  (const P2vStoreHeader  *header);
/* Whether a file is about what is @expected. */
gboolean       p2v_store_header_is_about  (const P2vStoreHeader  *header,
                                           const P2vStoreHeader  *expected);
/* Fills in the header's own checksum, when all else is. */
void           p2v_store_header_seal      (P2vStoreHeader        *header);
/* Writes all of an index to @fd. */
G_GNUC_WARN_UNUSED_RESULT
gboolean       p2v_store_write_file       (int                    fd,
                                           P2vStoreHeader        *header,
                                           const char            *image_path,
                                           P2vReverseMap         *map,
                                           const P2vBuildReport  *report,
                                           GError               **error);
/* Reads and checks an index: all of it, or what it says of the frames @pfns (guint64) alone. NULL
 * with a reason. */
P2vReverseMap *p2v_store_read_file        (int                    fd,
                                           const P2vStoreHeader  *expected,
                                           P2vImage              *image,
                                           const GArray          *pfns,
                                           P2vBuildReport        *ret_report,
                                           char                 **ret_reason);
