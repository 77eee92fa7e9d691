/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Roots of page tables. Windows maps the tables of each process by an entry of its root that points
 * to the root itself, so a root can be told from any other page. */

#include "config.h"

#include "os/windows/p2v-windows-private.h"

/* Source: Intel SDM 3A 4.5, bit 0 is present, bits 12..51 the address; Arm ARM D8.3 has the same
 * bits in the same places. */
#define ENTRY_PRESENT ((guint64) 1)
#define ENTRY_ADDRESS ((((guint64) 1 << 52) - 1) & ~(P2V_FRAME_SIZE - 1))

/* With PAE a root has four entries and stands at a multiple of its size. Source: Intel SDM 3A
 * 4.4.1. */
#define PAE_ENTRIES   4
#define PAE_ROOT_MASK ((guint64) 0xffffffe0)

/* The processor's tables of 32 bits map themselves at 0xc0000000. Source: data/windows/README.md,
 * "self-map". */
#define X86_SELF_INDEX 0x300

/* The kernel begins at 2 GiB, with /3GB (and, for less, /USERVA) between there and 3 GiB; it always
 * has something in the first of its memory. Source: data/windows/README.md, "kernel space". */
#define X86_USER_END    ((P2vVirtAddr) 0x80000000)
#define X86_USER_MAX    ((P2vVirtAddr) 0xc0000000)
#define X86_KERNEL_GAP  ((guint64) 512 << 20)

#define X86_SELF_VA    ((P2vVirtAddr) 0xc0000000)
#define X86_SELF_BYTES ((guint64) 4 << 20)
#define PAE_SELF_BYTES ((guint64) 8 << 20)

/* The ways machines that run Windows translate addresses. */
typedef struct
{
  P2vWindowsKind       kind;
  const P2vPagingForm *form;
  guint                pointer_bytes;
  guint                n_root_entries;
} MachinePaging;

static const MachinePaging pagings[P2V_WINDOWS_N_PAGINGS] = {
  { P2V_WINDOWS_X64, &p2v_paging_form_x86_64_4, 8, 512 },
  { P2V_WINDOWS_X64, &p2v_paging_form_x86_64_5, 8, 512 },
  { P2V_WINDOWS_PAE, &p2v_paging_form_x86_pae, 4, PAE_ENTRIES },
  { P2V_WINDOWS_X86, &p2v_paging_form_x86_32, 4, 1024 },
  { P2V_WINDOWS_ARM64, &p2v_paging_form_aarch64_4k_joined, 8, 512 },
};

gboolean
p2v_windows_set_paging (P2vWindows *self,
                        P2vImage   *image,
                        guint       position)
{
  const MachinePaging *paging = &pagings[position];
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);

  if (n_ranges == 0)
    return FALSE;
  self->image = image;
  self->kind = paging->kind;
  self->pointer_bytes = paging->pointer_bytes;
  self->n_root_entries = paging->n_root_entries;
  self->user_end = X86_USER_END;
  self->end_pa = ranges[n_ranges - 1].start_pa + (ranges[n_ranges - 1].length_bytes - 1);
  self->tables = (P2vPageTables) {
    .image = image,
    .form = paging->form,
    .pa_mask = paging->form->pa_mask,
    .n_user_root_slots = paging->n_root_entries / 2,
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
  return value & (self->kind == P2V_WINDOWS_PAE ? PAE_ROOT_MASK : ENTRY_ADDRESS);
}

gboolean
p2v_windows_read_entries (const P2vWindows *self,
                          P2vPhysAddr       table_pa,
                          guint             first,
                          guint             count,
                          guint64          *entries)
{
  const gsize width = self->tables.form->entry_bytes;
  guint8 bytes[P2V_FRAME_SIZE];

  if (count * width > sizeof bytes ||
      p2v_image_read (self->image, table_pa + first * width, bytes, count * width, NULL) !=
        P2V_READ_OK)
    return FALSE;
  for (guint i = 0; i < count; i++)
    entries[i] = width == sizeof (guint32)
                   ? p2v_windows_u32_at (bytes, sizeof bytes, i * sizeof (guint32))
                   : p2v_windows_u64_at (bytes, sizeof bytes, i * sizeof (guint64));
  return TRUE;
}

/* The kernel's entry of the root at @root_pa that leads back to it, among @count from @first. */
static gboolean
find_self_entry (const P2vWindows *self,
                 P2vPhysAddr       root_pa,
                 guint             first,
                 guint             count,
                 guint            *ret_index)
{
  guint64 entries[P2V_WINDOWS_MAX_HALF];

  if (!p2v_windows_read_entries (self, root_pa, first, count, entries))
    return FALSE;
  for (guint i = 0; i < count; i++)
    if ((entries[i] & ENTRY_PRESENT) && (entries[i] & ENTRY_ADDRESS) == root_pa)
      {
        *ret_index = first + i;
        return TRUE;
      }
  return FALSE;
}

/* With PAE the first entries of the fourth directory are the four directories. */
static gboolean
is_pae_root (const P2vWindows *self,
             P2vPhysAddr       root_pa,
             guint            *ret_self_index)
{
  guint64 entries[PAE_ENTRIES], own[PAE_ENTRIES];

  if (root_pa % sizeof entries != 0 ||
      !p2v_windows_read_entries (self, root_pa, 0, PAE_ENTRIES, entries) ||
      !p2v_windows_read_entries (self, entries[PAE_ENTRIES - 1] & ENTRY_ADDRESS, 0, PAE_ENTRIES,
                                 own))
    return FALSE;
  for (guint i = 0; i < PAE_ENTRIES; i++)
    if (!(entries[i] & own[i] & ENTRY_PRESENT) || ((entries[i] ^ own[i]) & ENTRY_ADDRESS) != 0)
      return FALSE;
  *ret_self_index = PAE_ENTRIES - 1;
  return TRUE;
}

gboolean
p2v_windows_is_root (const P2vWindows *self,
                     P2vPhysAddr       root_pa,
                     guint            *ret_self_index)
{
  guint half = self->n_root_entries / 2;

  if (root_pa == 0 || root_pa > self->end_pa)
    return FALSE;
  if (self->kind == P2V_WINDOWS_PAE)
    return is_pae_root (self, root_pa, ret_self_index);
  if (self->kind == P2V_WINDOWS_X86)
    return find_self_entry (self, root_pa, X86_SELF_INDEX, 1, ret_self_index);
  if (self->self_index != 0)
    return find_self_entry (self, root_pa, self->self_index, 1, ret_self_index);
  return find_self_entry (self, root_pa, half, half, ret_self_index);
}

void
p2v_windows_find_user_end (P2vWindows *self)
{
  const P2vPagingLevel *level = &self->tables.form->levels[0];
  guint64 entries[P2V_WINDOWS_MAX_HALF];
  guint n, first = 0;

  if (self->pointer_bytes != sizeof (guint32) ||
      !p2v_windows_read_half (self, self->root_pa, TRUE, entries, &n))
    return;
  while (first < n && entries[first] == 0)
    first++;
  guint64 gap = first * (X86_USER_END / n);
  self->user_end = MIN (X86_USER_END + gap, X86_USER_MAX);
  if (gap < X86_KERNEL_GAP)
    self->user_end = X86_USER_END;
  /* Of PAE an entry of the root is 1 GiB: what of the kernel is below counts as the user's. */
  self->tables.n_user_root_slots =
    (guint) ((self->user_end + ((guint64) 1 << level->shift) - 1) >> level->shift);
}

void
p2v_windows_get_self_map (const P2vWindows *self,
                          P2vVirtAddr      *ret_va,
                          guint64          *ret_length_bytes)
{
  const P2vPagingForm *form = self->tables.form;

  *ret_va = X86_SELF_VA;
  *ret_length_bytes = self->kind == P2V_WINDOWS_PAE ? PAE_SELF_BYTES : X86_SELF_BYTES;
  if (self->pointer_bytes != sizeof (guint64))
    return;
  *ret_va = G_MAXUINT64 << form->va_bits | (guint64) self->self_index << form->levels[0].shift;
  *ret_length_bytes = (guint64) 1 << form->levels[0].shift;
}

/* Appends one half of the top of the tables: of PAE that is two directories. */
gboolean
p2v_windows_read_half (const P2vWindows *self,
                       P2vPhysAddr       root_pa,
                       gboolean          kernel_half,
                       guint64          *entries,
                       guint            *ret_n_entries)
{
  const guint half = self->n_root_entries / 2;
  const guint first = kernel_half ? half : 0;
  guint64 directories[PAE_ENTRIES / 2];
  guint n = half;

  if (self->kind != P2V_WINDOWS_PAE)
    {
      if (!p2v_windows_read_entries (self, root_pa, first, half, entries))
        return FALSE;
    }
  else
    {
      if (!p2v_windows_read_entries (self, root_pa, first, half, directories))
        return FALSE;
      n = P2V_WINDOWS_MAX_HALF / half;
      for (guint i = 0; i < half; i++)
        if (!p2v_windows_read_entries (self, directories[i] & ENTRY_ADDRESS, 0, n, entries + i * n))
          return FALSE;
      n *= half;
    }
  for (guint i = 0; i < n; i++)
    entries[i] &= ENTRY_ADDRESS;
  *ret_n_entries = n;
  return TRUE;
}
