/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vBulk: the owners of millions of addresses, one after the other. It gives the rows that
 * p2v_session_lookup() gives, but allocates nothing per address, and addresses of one frame in
 * succession cost one look-up. Belongs to the thread that uses it. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-frame.h"
#include "p2v-session.h"

G_BEGIN_DECLS

typedef struct _P2vBulk P2vBulk;

/**
 * P2vBulkRow:
 * @process: (transfer none): the owner; lives as long as the #P2vBulk
 * @page_va: the virtual address of the frame's first byte
 * @mapping_class: what kind of address that is
 * @n_addresses: how many addresses of the owner the row stands for, of which @page_va is the first
 *
 * One mapping of a frame.
 */
typedef struct
{
  P2vProcess      *process;
  P2vVirtAddr      page_va;
  P2vMappingClass  mapping_class;
  guint64          n_addresses;
} P2vBulkRow;

P2V_AVAILABLE_IN_1_0
P2vBulk          *p2v_bulk_new           (P2vSession   *session,
                                          P2vFilter    *filter,
                                          GError      **error);
P2V_AVAILABLE_IN_1_0
void              p2v_bulk_free          (P2vBulk      *self);
P2V_AVAILABLE_IN_1_0
const P2vBulkRow *p2v_bulk_look_up       (P2vBulk      *self,
                                          P2vPhysAddr   pa,
                                          guint64      *ret_n_rows);
P2V_AVAILABLE_IN_1_0
P2vAbsence        p2v_bulk_get_absence   (P2vBulk      *self);
P2V_AVAILABLE_IN_1_0
gboolean          p2v_bulk_describe      (P2vBulk      *self,
                                          P2vFrame     *ret_frame,
                                          GError      **error);

P2V_AVAILABLE_IN_1_0
char             *p2v_escape_bytes       (const char   *bytes,
                                          gsize         length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vBulk, p2v_bulk_free)

G_END_DECLS
