/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Linux on x86 processors. */

#include "config.h"

#include "base/p2v-limits.h"
#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-private.h"

/* An entry that the processor does not accept but that keeps its page. Source: Linux
 * arch/x86/include/asm/pgtable_types.h: _PAGE_PROTNONE is the global bit, _PAGE_PSE marks large
 * pages. */
#define PAGE_PROTNONE ((guint64) 1 << 8)
#define PAGE_PSE      ((guint64) 1 << 7)

/* Since the L1TF fix the kernel stores the address of such an entry with all bits inverted.
 * Source: Linux commit 6b28baca9b1f "x86/speculation/l1tf: Protect PROT_NONE PTEs against
 * speculation" (4.19). Older kernels store it plainly: of the two readings the one inside the image
 * is meant. */
static P2vForeignKind
decode_foreign (gconstpointer         system_data,
                const P2vPagingLevel *level,
                guint64               entry,
                P2vPhysAddr          *ret_pa,
                P2vState             *ret_state)
{
  const P2vLinux *self = system_data;
  guint64 address_mask = self->tables.pa_mask & ~(((guint64) 1 << level->shift) - 1);
  guint64 file_offset;
  P2vPhysAddr inverted = ~entry & address_mask;
  P2vPhysAddr plain = entry & address_mask;
  gboolean is_large = level->shift != P2V_FRAME_SHIFT;

  if (!(entry & PAGE_PROTNONE) || (is_large && (!(entry & PAGE_PSE) || level->page_mask == 0)))
    return P2V_FOREIGN_NONE;
  *ret_state = P2V_STATE_PROT_NONE;
  *ret_pa = inverted;
  if (!p2v_image_pa_to_offset (self->image, inverted, &file_offset) &&
      p2v_image_pa_to_offset (self->image, plain, &file_offset))
    *ret_pa = plain;
  return P2V_FOREIGN_PAGE;
}

const P2vLinuxArch p2v_linux_arch_x86_64 = {
  .name = "x86-64",
  .word_bytes = 8,
  /* With page-table isolation mm->pgd is the kernel's copy, where all user entries of the root are
   * no-execute. Source: Linux arch/x86/mm/pti.c __pti_set_user_pgtbl(). No kernel marks them
   * otherwise. */
  .root_grants = P2V_RIGHTS_EXECUTE,
  .decode_foreign = decode_foreign,
};
