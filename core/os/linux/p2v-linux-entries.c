/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* How entries of page tables that have no page of their own are read. */

#include "config.h"

#include "os/linux/p2v-linux-swap.h"

P2vForeignKind
p2v_linux_decode_swap (const P2vPagingLevel *level,
                       P2vState             *ret_state)
{
  /* A level that never maps pages has no such entries. */
  if (level->page_mask == 0)
    return P2V_FOREIGN_NONE;
  *ret_state = P2V_STATE_SWAP_CACHE;
  return P2V_FOREIGN_INDIRECT;
}

static guint64
get_bits (guint64 entry,
          guint   shift,
          guint   n)
{
  return entry >> shift & (G_MAXUINT64 >> (64 - n));
}

/* Looks the entry up as one of @layout; FALSE if none says that. */
static gboolean
look_up_as (const P2vLinux           *kernel,
            const P2vLinuxSwapLayout *layout,
            P2vIndirectEntry         *entry)
{
  guint type = (guint) get_bits (entry->entry, layout->type_shift, layout->type_bits);
  guint64 offset = get_bits (layout->is_inverted ? ~entry->entry : entry->entry,
                             layout->offset_shift, layout->offset_bits);
  P2vLinuxSwapKind kind = p2v_linux_swap_classify (kernel->swap, type, offset);

  if (kind == LINUX_SWAP_NOTHING)
    return FALSE;
  p2v_linux_swap_look_up (kernel->swap, kind, type, offset, entry);
  return TRUE;
}

static void
resolve_entry (const P2vLinux   *kernel,
               P2vIndirectEntry *entry)
{
  entry->is_in_ram = FALSE;
  entry->placeholder = P2V_PLACEHOLDER_NONE;
  /* The kernel has no swapped pages: an entry of its own half that is not valid is none. */
  if (entry->va >= kernel->least_kernel_va)
    return;
  entry->placeholder = P2V_PLACEHOLDER_UNKNOWN;
  for (const P2vLinuxSwapLayout *layout = kernel->arch->swap_layouts; layout->type_bits > 0;
       layout++)
    {
      if (layout->is_used != NULL && !layout->is_used (kernel))
        continue;
      if (look_up_as (kernel, layout, entry) || layout->is_used != NULL)
        return;
    }
}

gboolean
p2v_linux_resolve_entries (gconstpointer      system_data,
                           P2vIndirectEntry  *entries,
                           gsize              n_entries,
                           GCancellable      *cancellable,
                           GError           **error)
{
  const P2vLinux *kernel = system_data;

  for (gsize i = 0; i < n_entries; i++)
    {
      if (i % 4096 == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      resolve_entry (kernel, &entries[i]);
    }
  return p2v_linux_swap_check (kernel->swap, error);
}
