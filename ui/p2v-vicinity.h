/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What lies around a page in the address space that maps it: the pages before and behind it, and
 * the stretch that it belongs to. Read in a thread. */

#pragma once

#include <pas2vas.h>

G_BEGIN_DECLS

/**
 * P2vVicinityKind:
 * @P2V_VICINITY_PREVIOUS: the frame before, by virtual address, that the image holds
 * @P2V_VICINITY_NEXT: the one behind
 * @P2V_VICINITY_PAGE: the page, which may be a large one
 * @P2V_VICINITY_REGION: the region; without one, the page
 *
 * What is asked for.
 */
typedef enum
{
  P2V_VICINITY_PREVIOUS,
  P2V_VICINITY_NEXT,
  P2V_VICINITY_PAGE,
  P2V_VICINITY_REGION,
} P2vVicinityKind;

typedef struct
{
  gboolean    found;
  P2vVirtAddr va;              /* of the first byte */
  guint64     length_bytes;
  P2vPhysAddr pa;              /* of a frame before or behind */
  /* What of it stands in one piece in the file, around the byte that was asked about. */
  guint64     file_offset;
  guint64     n_file_bytes;    /* 0: the image does not hold that byte, or packed */
  /* What was passed over on the way to the frame. */
  guint64     n_absent_bytes;  /* of regions, and not in RAM */
  guint64     n_outside_bytes; /* mapped to memory that the image does not hold */
} P2vVicinity;

/* @mapping: copied; need not be described. */
void     p2v_vicinity_read_async  (P2vSession          *session,
                                   const P2vMapping    *mapping,
                                   P2vVicinityKind      kind,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data);
gboolean p2v_vicinity_read_finish (GAsyncResult        *result,
                                   P2vVicinity         *ret_vicinity,
                                   GError             **error);

G_END_DECLS
