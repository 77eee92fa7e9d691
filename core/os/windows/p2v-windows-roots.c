/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Roots of page tables. Windows maps the tables of each process by an entry of its root that points
 * to the root itself, so a root can be told from any other page. */

#include "config.h"

#include "os/windows/p2v-windows-private.h"

/* Source: Intel SDM 3A 4.5, bit 0 is present, bits 12..51 the address. */
#define ENTRY_PRESENT ((guint64) 1)
#define ENTRY_ADDRESS ((((guint64) 1 << 52) - 1) & ~(P2V_FRAME_SIZE - 1))

/* The half of a root that is the kernel's. */
#define N_KERNEL_ENTRIES 256

typedef struct
{
  const P2vPagingForm *form;
  guint                pointer_bytes;
  guint                entry_bytes;
  guint                n_user_root_slots;
} KindPaging;

static const KindPaging pagings[P2V_WINDOWS_N_KINDS] = {
  [P2V_WINDOWS_X64] = { &p2v_paging_form_x86_64_4, 8, 8, 256 },
};

gboolean
p2v_windows_set_kind (P2vWindows     *self,
                      P2vImage       *image,
                      P2vWindowsKind  kind)
{
  const KindPaging *paging = &pagings[kind];
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);

  if (paging->form == NULL || n_ranges == 0)
    return FALSE;
  self->image = image;
  self->kind = kind;
  self->pointer_bytes = paging->pointer_bytes;
  self->entry_bytes = paging->entry_bytes;
  self->end_pa = ranges[n_ranges - 1].start_pa + (ranges[n_ranges - 1].length_bytes - 1);
  self->tables = (P2vPageTables) {
    .image = image,
    .form = paging->form,
    .pa_mask = paging->form->pa_mask,
    .n_user_root_slots = paging->n_user_root_slots,
    .decode_foreign = p2v_windows_decode_foreign,
    .system_data = self,
  };
  return TRUE;
}

P2vPhysAddr
p2v_windows_root_of (const P2vWindows *self,
                     guint64           value)
{
  /* The low bits are a context number or, with virtualization-based security, flags. Source: Intel
   * SDM 3A 4.10.1 for the former; data/windows/README.md for the latter. */
  return value & ENTRY_ADDRESS;
}

/* The kernel's entry of the root at @root_pa that leads back to it, among @count from @first. */
static gboolean
find_self_entry (const P2vWindows *self,
                 P2vPhysAddr       root_pa,
                 guint             first,
                 guint             count,
                 guint            *ret_index)
{
  guint64 entries[N_KERNEL_ENTRIES];

  if (p2v_image_read (self->image, root_pa + first * sizeof *entries, entries,
                      count * sizeof *entries, NULL) != P2V_READ_OK)
    return FALSE;
  for (guint i = 0; i < count; i++)
    {
      guint64 entry = GUINT64_FROM_LE (entries[i]);
      if ((entry & ENTRY_PRESENT) && (entry & ENTRY_ADDRESS) == root_pa)
        {
          *ret_index = first + i;
          return TRUE;
        }
    }
  return FALSE;
}

gboolean
p2v_windows_is_root (const P2vWindows *self,
                     P2vPhysAddr       root_pa,
                     guint            *ret_self_index)
{
  if (root_pa == 0 || root_pa > self->end_pa)
    return FALSE;
  if (self->self_index != 0)
    return find_self_entry (self, root_pa, self->self_index, 1, ret_self_index);
  return find_self_entry (self, root_pa, N_KERNEL_ENTRIES, N_KERNEL_ENTRIES, ret_self_index);
}
