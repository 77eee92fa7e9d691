/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vSharing: which address spaces have the same memory, how much, and who may do what to it. Made
 * by one pass over the index and one walk, which reads the rights; immutable then, and readable
 * from any thread.
 *
 * It is about frames that the image holds. Processes with one address space (CLONE_VM, vfork) share
 * everything; they are no pair here, but owners of that address space. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-session.h"

G_BEGIN_DECLS

/* A page that k address spaces have is in k(k-1)/2 pairs, so pages of more spaces are only counted
 * (%P2vSharingSummary). Source: our own choice; that of a C library in every process is above. */
#define P2V_SHARING_MAX_SPACES 64

/**
 * P2vSharingClass:
 * @P2V_SHARING_ONE: of one process
 * @P2V_SHARING_TWO: of two
 * @P2V_SHARING_FEW: of three to nine
 * @P2V_SHARING_MANY: of ten or more
 * @P2V_SHARING_N_CLASSES: how many classes there are
 *
 * How many processes have a page.
 */
typedef enum
{
  P2V_SHARING_ONE,
  P2V_SHARING_TWO,
  P2V_SHARING_FEW,
  P2V_SHARING_MANY,
  P2V_SHARING_N_CLASSES,
} P2vSharingClass;

/**
 * P2vSharingSummary:
 * @n_frames: frames of 4 KiB by the number of processes that map them
 * @n_crowded_frames: of them, those that are in no pair: more than %P2V_SHARING_MAX_SPACES address
 * spaces map them, or they are mapped thousands of times as parts of large pages
 * @n_writable_frames: frames that two address spaces or more may write, outside files: anonymous,
 * or of a file without a name (memfd, shared memory, deleted)
 * @n_writers: processes that may write one of those
 * @n_left_out_pages: pages of pairs above the number of pairs that is kept
 *
 * The sums. The first two are about all processes, the others about those that the filter chose and
 * whom they share with.
 */
typedef struct
{
  guint64 n_frames[P2V_SHARING_N_CLASSES];
  guint64 n_crowded_frames;
  guint64 n_writable_frames;
  guint   n_writers;
  guint64 n_left_out_pages;
} P2vSharingSummary;

/**
 * P2vSharedPair:
 * @a: (transfer none): an address space; the sharing keeps it
 * @b: (transfer none): another one
 * @n_pages: frames of 4 KiB that both map
 * @n_writable: of them, writable by both
 * @n_executable: of them, writable by one and executable by the other
 * @n_parts: of how many parts p2v_sharing_get_part() tells
 *
 * What two address spaces share.
 */
typedef struct
{
  P2vAddressSpace *a;
  P2vAddressSpace *b;
  guint64          n_pages;
  guint64          n_writable;
  guint64          n_executable;
  guint            n_parts;
} P2vSharedPair;

/**
 * P2vSharedRange:
 * @a_va: where it begins in the pair's first address space
 * @b_va: where it begins in the second
 * @length_bytes: its length
 * @a_rights: what the first may do; if it maps a page several times, by all of them together
 * @b_rights: what the second may do
 * @what: (transfer none): path of the file, name of the region, or "anonymous", as the first sees
 * it
 *
 * Pages that follow each other in both address spaces. Of a page that one maps several times, the
 * lowest address is told.
 */
typedef struct
{
  P2vVirtAddr  a_va;
  P2vVirtAddr  b_va;
  guint64      length_bytes;
  P2vRights    a_rights;
  P2vRights    b_rights;
  const char  *what;
} P2vSharedRange;

typedef struct _P2vSharing P2vSharing;

#define P2V_TYPE_SHARING (p2v_sharing_get_type ())
P2V_AVAILABLE_IN_1_0
GType p2v_sharing_get_type (void);

P2V_AVAILABLE_IN_1_0
P2vSharing          *p2v_sharing_new         (P2vSession           *session,
                                              P2vFilter            *filter,
                                              GCancellable         *cancellable,
                                              GError              **error);
P2V_AVAILABLE_IN_1_0
P2vSharing          *p2v_sharing_ref         (P2vSharing           *self);
P2V_AVAILABLE_IN_1_0
void                 p2v_sharing_unref       (P2vSharing           *self);
P2V_AVAILABLE_IN_1_0
void                 p2v_sharing_get_summary (P2vSharing           *self,
                                              P2vSharingSummary    *ret_summary);
P2V_AVAILABLE_IN_1_0
guint                p2v_sharing_get_n_chosen (P2vSharing          *self);
P2V_AVAILABLE_IN_1_0
guint                p2v_sharing_get_n_pairs (P2vSharing           *self);
P2V_AVAILABLE_IN_1_0
void                 p2v_sharing_get_pair    (P2vSharing           *self,
                                              guint                 position,
                                              P2vSharedPair        *ret_pair);
P2V_AVAILABLE_IN_1_0
const char          *p2v_sharing_get_part    (P2vSharing           *self,
                                              guint                 position,
                                              guint                 part,
                                              guint64              *ret_n_pages);
P2V_AVAILABLE_IN_1_0
GArray              *p2v_sharing_dup_ranges  (P2vSharing           *self,
                                              guint                 position);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vSharing, p2v_sharing_unref)

G_END_DECLS
