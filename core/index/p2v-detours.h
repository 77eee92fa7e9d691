/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vDetours: the indirect entries that a builder meets, looked up in batches; see
 * P2vIndirectEntry. For one thread. */

#pragma once

#include "index/p2v-reverse-map.h"
#include "paging/p2v-paging.h"

typedef struct _P2vDetours P2vDetours;

/* A page that an indirect entry stands for. */
typedef struct
{
  P2vIndexEntry entry;         /* of the page's first byte */
  guint64       first_pfn;
  guint64       page_shift;    /* this wide to leave no padding */
} P2vDetour;

/* All three must outlive it; @roots are by number of the address space, and so are @reports, where
 * entries are counted behind which no page is in RAM. */
P2vDetours      *p2v_detours_new     (const P2vPageTables  *tables,
                                      const P2vPagingRoot  *roots,
                                      P2vWalkReport        *reports);
void             p2v_detours_free    (P2vDetours           *self);
/* Takes an entry of @level that p2v_paging_decode() called P2V_ENTRY_INDIRECT. FALSE if there have
 * been too many: it is not looked up then. */
G_GNUC_WARN_UNUSED_RESULT
gboolean         p2v_detours_add     (P2vDetours           *self,
                                      const P2vPagingLevel *level,
                                      P2vIndexEntry         entry,
                                      guint64               value,
                                      P2vState              state);
/* Looks up what was added, if there is enough of it to be worth while, or @all of it. FALSE if the
 * image cannot be read, or on cancellation. */
G_GNUC_WARN_UNUSED_RESULT
gboolean         p2v_detours_look_up (P2vDetours           *self,
                                      gboolean              all,
                                      GCancellable         *cancellable,
                                      GError              **error);
/* What was found, in the order of entries once all has been looked up; (transfer none). */
const P2vDetour *p2v_detours_get     (P2vDetours           *self,
                                      gsize                *ret_n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vDetours, p2v_detours_free)
