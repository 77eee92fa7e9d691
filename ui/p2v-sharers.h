/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vSharers: which other processes have frames of one region of a process. Read in a thread. */

#pragma once

#include <pas2vas.h>

G_BEGIN_DECLS

typedef struct
{
  P2vProcess  *process;  /* (transfer none): kept by the sharers */
  guint64      n_frames; /* of the region that it has, too */
  P2vPhysAddr  pa;       /* of the first of them */
  P2vVirtAddr  va;       /* where it has that one */
} P2vSharer;

typedef struct
{
  char    *region;       /* the region in words */
  guint64  n_frames;     /* of it in RAM */
  guint64  n_shared;     /* of them with another owner */
  GArray  *sharers;      /* P2vSharer: who has the most first, then by pid */
} P2vSharers;

void        p2v_sharers_free        (P2vSharers           *self);

/* Of the region around @mapping, which need not be described; without one, of the page alone. */
void        p2v_sharers_read_async  (P2vSession           *session,
                                     const P2vMapping     *mapping,
                                     GCancellable         *cancellable,
                                     GAsyncReadyCallback   callback,
                                     gpointer              user_data);
/* NULL with @error set if the index is not complete, or the image cannot be read. */
P2vSharers *p2v_sharers_read_finish (GAsyncResult         *result,
                                     GError              **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vSharers, p2v_sharers_free)

G_END_DECLS
