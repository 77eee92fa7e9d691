/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What walks and translations share. */

#pragma once

#include "paging/p2v-paging.h"

#define P2V_RIGHTS_ALL \
  (P2V_RIGHTS_READ | P2V_RIGHTS_WRITE | P2V_RIGHTS_EXECUTE | P2V_RIGHTS_USER)

/* What each level takes away from. */
#define P2V_GRANTS_ALL (P2V_RIGHTS_ALL | P2V_GRANT_KERNEL_EXECUTE | P2V_GRANT_EXECUTE_ONLY)

/* What entry @index of a table of @level_number leaves of what the levels above grant. */
guint     p2v_paging_narrow_grants (const P2vPageTables *self,
                                    guint                level_number,
                                    guint64              index,
                                    P2vEntryKind         kind,
                                    guint64              entry,
                                    guint                grants_above);
/* What the grants of all levels come to for a page at @va. */
P2vRights p2v_paging_leaf_rights   (guint                grants,
                                    P2vVirtAddr          va,
                                    P2vState             state);

/* The page of physical memory that the last entry of a level was read from: translations that
 * follow each other mostly use the same tables. Zeros to begin with. */
typedef struct
{
  gboolean    is_filled;
  P2vPhysAddr page_pa;
  guint8      bytes[P2V_FRAME_SIZE];
} P2vEntryWindow;

/* As p2v_paging_translate(), reading through @windows, one a level; NULL for none. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_paging_translate_through (const P2vPageTables  *self,
                                       P2vEntryWindow       *windows,
                                       P2vPhysAddr           root_pa,
                                       P2vVirtAddr           va,
                                       P2vTrail             *ret_trail,
                                       GError              **error);
