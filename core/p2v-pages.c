/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-session-private.h"

#include "os/p2v-process-private.h"
#include "os/p2v-system-private.h"

/* Whom to tell of pages. */
typedef struct
{
  P2vPageFunc callback;
  gpointer    user_data;
} Listener;

static gboolean
take_page (const P2vWalkedPage *walked,
           gpointer             user_data)
{
  const Listener *listener = user_data;
  P2vPage page = { walked->va, walked->pa, walked->page_shift, walked->rights };

  return listener->callback (&page, listener->user_data);
}

/**
 * p2v_session_foreach_page:
 * @self: a session that knows the system; the index is not needed
 * @space: an address space of the session's system
 * @first_va: where to begin
 * @last_va: where to end, inclusive
 * @callback: (scope call): called for each page that is in memory, by virtual address; the first
 *   and the last may reach beyond what was asked for
 * @user_data: (closure): for @callback
 * @cancellable: (nullable): to stop early
 * @error: return location for an error
 *
 * Goes through the pages of a part of an address space. It reads the page tables of that part only,
 * so asking for the next page of one that is alone in terabytes is cheap. Not for a main loop.
 *
 * Returns: %FALSE if the image cannot be read; %TRUE also if @callback stopped
 *
 * Since: 1.0
 */
gboolean
p2v_session_foreach_page (P2vSession       *self,
                          P2vAddressSpace  *space,
                          P2vVirtAddr       first_va,
                          P2vVirtAddr       last_va,
                          P2vPageFunc       callback,
                          gpointer          user_data,
                          GCancellable     *cancellable,
                          GError          **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), FALSE);
  g_return_val_if_fail (P2V_IS_ADDRESS_SPACE (space), FALSE);
  g_return_val_if_fail (first_va <= last_va, FALSE);
  g_return_val_if_fail (callback != NULL, FALSE);

  g_autoptr (P2vSystem) system = p2v_session_dup_required_system (self, error);
  Listener listener = { callback, user_data };
  P2vWalkReport report = { 0 };

  return system != NULL &&
         p2v_paging_walk_range (p2v_system_get_page_tables (system),
                                p2v_address_space_get_root (space), first_va, last_va, take_page,
                                &listener, &report, cancellable, error);
}
