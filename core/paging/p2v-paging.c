/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "paging/p2v-paging-private.h"

const P2vPagingForm *const p2v_paging_forms[P2V_PAGING_N_FORMS] = {
  &p2v_paging_form_x86_32,         &p2v_paging_form_x86_pae,
  &p2v_paging_form_x86_64_4,       &p2v_paging_form_x86_64_5,
  &p2v_paging_form_aarch64_4k_39,  &p2v_paging_form_aarch64_4k_48,
  &p2v_paging_form_aarch64_4k_52,  &p2v_paging_form_aarch64_16k_36,
  &p2v_paging_form_aarch64_16k_47, &p2v_paging_form_aarch64_16k_48,
  &p2v_paging_form_aarch64_16k_52, &p2v_paging_form_aarch64_64k_42,
  &p2v_paging_form_aarch64_64k_48, &p2v_paging_form_aarch64_64k_52,
  &p2v_paging_form_aarch64_4k_joined,
};

const P2vPagingForm *
p2v_paging_form_find (const char *id)
{
  for (gsize i = 0; i < P2V_PAGING_N_FORMS; i++)
    if (g_str_equal (p2v_paging_forms[i]->id, id))
      return p2v_paging_forms[i];
  return NULL;
}

gboolean
p2v_paging_is_canonical (const P2vPagingForm *form,
                         P2vVirtAddr          va)
{
  gint64 upper_bits = (gint64) va >> form->same_from;

  return upper_bits == 0 || (upper_bits == -1 && form->has_upper_half);
}

gboolean
p2v_paging_root_has (const P2vPagingForm *form,
                     const P2vPagingRoot *root,
                     P2vVirtAddr          va)
{
  return !form->has_two_roots || (va - root->base_va) >> form->va_bits == 0;
}

/* Makes 8 bytes in host order of each entry, which may have 4 in the image. From the last to the
 * first: each takes the place of one or two that have been read. */
static void
widen_entries (const P2vPagingForm *form,
               guint64             *entries,
               gsize                n)
{
  if (form->entry_bytes == sizeof (guint64))
    {
      for (gsize i = 0; G_BYTE_ORDER == G_BIG_ENDIAN && i < n; i++)
        entries[i] = GUINT64_FROM_LE (entries[i]);
      return;
    }
  for (gsize i = n; i-- > 0;)
    {
      guint32 raw;
      memcpy (&raw, (const guint8 *) entries + i * sizeof raw, sizeof raw);
      entries[i] = GUINT32_FROM_LE (raw);
    }
}

/* Reads @n entries from @first_pa. */
static P2vReadStatus
read_entries (const P2vPageTables  *self,
              P2vPhysAddr           first_pa,
              gsize                 n,
              guint64              *entries,
              GError              **error)
{
  P2vReadStatus status = p2v_image_read (self->image, first_pa, entries,
                                         n * self->form->entry_bytes, error);

  if (status == P2V_READ_OK)
    widen_entries (self->form, entries, n);
  return status;
}

P2vReadStatus
p2v_paging_read_tables (const P2vPageTables   *self,
                        const P2vPagingLevel  *level,
                        P2vPhysAddr            first_pa,
                        guint                  n_tables,
                        guint64               *entries,
                        GError               **error)
{
  return read_entries (self, first_pa, (gsize) n_tables << level->index_bits, entries, error);
}

P2vEntryKind
p2v_paging_decode_foreign (const P2vPageTables  *self,
                           const P2vPagingLevel *level,
                           guint64               entry,
                           P2vPagingLeaf        *ret_leaf)
{
  if (self->decode_foreign == NULL)
    return P2V_ENTRY_ABSENT;
  switch (self->decode_foreign (self->system_data, level, entry, &ret_leaf->pa, &ret_leaf->state))
    {
    case P2V_FOREIGN_PAGE:
      ret_leaf->pa &= ~(((guint64) 1 << level->shift) - 1);
      return P2V_ENTRY_PAGE;
    case P2V_FOREIGN_TABLE:
      /* Behind the last level there are none. */
      if (level->table_mask == 0)
        return P2V_ENTRY_ABSENT;
      ret_leaf->pa &= ~(p2v_paging_get_table_bytes (self->form, level + 1) - 1);
      return P2V_ENTRY_TABLE;
    case P2V_FOREIGN_INDIRECT:
      return self->resolve != NULL ? P2V_ENTRY_INDIRECT : P2V_ENTRY_ABSENT;
    case P2V_FOREIGN_NONE:
    default:
      return P2V_ENTRY_ABSENT;
    }
}

gboolean
p2v_paging_resolve (const P2vPageTables  *self,
                    P2vIndirectEntry     *entries,
                    gsize                 n_entries,
                    GCancellable         *cancellable,
                    GError              **error)
{
  if (!self->resolve (self->system_data, entries, n_entries, cancellable, error))
    return FALSE;
  for (gsize i = 0; i < n_entries; i++)
    entries[i].leaf.pa &= ~(((guint64) 1 << entries[i].level->shift) - 1);
  return TRUE;
}

guint
p2v_paging_narrow_grants (const P2vPageTables *self,
                          guint                level_number,
                          guint64              index,
                          P2vEntryKind         kind,
                          guint64              entry,
                          guint                grants_above)
{
  const P2vPagingLevel *level = &self->form->levels[level_number];
  const P2vPagingRule *rule = kind == P2V_ENTRY_TABLE ? level->table_rules : level->page_rules;
  guint grants = P2V_GRANTS_ALL;

  /* The processor does not get behind a table that only the system knows. */
  if (kind == P2V_ENTRY_TABLE && (entry & level->table_mask) != level->table_value)
    return 0;
  for (; rule != NULL && rule->takes != 0; rule++)
    if ((entry & rule->mask) == rule->value)
      grants &= ~rule->takes;
  if (level_number == 0 && index < self->n_user_root_slots)
    {
      grants |= self->root_grants;
      if (self->root_grants & P2V_RIGHTS_EXECUTE)
        grants |= P2V_GRANT_KERNEL_EXECUTE;
    }
  return grants & grants_above;
}

P2vRights
p2v_paging_leaf_rights (guint       grants,
                        P2vVirtAddr va,
                        P2vState    state)
{
  /* A page that the processor does not reach gives no access, whatever bits its entry keeps for
   * later. */
  if (state != P2V_STATE_VALID)
    return P2V_RIGHTS_NONE;
  if (grants & P2V_RIGHTS_USER)
    return grants & P2V_RIGHTS_ALL;
  if ((grants & P2V_GRANT_EXECUTE_ONLY) && (gint64) va >= 0)
    return P2V_RIGHTS_EXECUTE | P2V_RIGHTS_USER;
  return (grants & (P2V_RIGHTS_READ | P2V_RIGHTS_WRITE)) |
         (grants & P2V_GRANT_KERNEL_EXECUTE ? P2V_RIGHTS_EXECUTE : P2V_RIGHTS_NONE);
}

static void
end_trail_at_page (P2vTrail             *trail,
                   const P2vPagingLevel *level,
                   const P2vPagingLeaf  *leaf,
                   guint                 grants)
{
  guint64 page_offset_mask = ((guint64) 1 << level->shift) - 1;

  trail->status = P2V_WALK_MAPPED;
  trail->pa = leaf->pa | (trail->va & page_offset_mask);
  trail->page_shift = level->shift;
  trail->state = leaf->state;
  trail->rights = p2v_paging_leaf_rights (grants, trail->va, leaf->state);
}

/* Ends the trail by looking up what its last entry stands for. */
static gboolean
end_trail_indirectly (const P2vPageTables  *self,
                      P2vPhysAddr           root_pa,
                      const P2vPagingLevel *level,
                      P2vState              state,
                      P2vTrail             *trail,
                      GError              **error)
{
  P2vIndirectEntry indirect = {
    .root_pa = root_pa,
    .va = trail->va & ~(((guint64) 1 << level->shift) - 1),
    .level = level,
    .entry = trail->steps[trail->n_steps - 1].value,
    .leaf.state = state,
  };

  if (!p2v_paging_resolve (self, &indirect, 1, NULL, error))
    return FALSE;
  trail->status = P2V_WALK_NOT_PRESENT;
  if (!indirect.is_in_ram)
    {
      trail->placeholder = indirect.placeholder;
      trail->swap_area = indirect.swap_area;
      trail->swap_page = indirect.swap_page;
      return TRUE;
    }
  end_trail_at_page (trail, level, &indirect.leaf, 0);
  trail->resolved = TRUE;
  return TRUE;
}

/* Reads one entry out of the page that it is in, which is read if it was not the one before. */
static P2vReadStatus
read_through_window (const P2vPageTables   *self,
                     P2vEntryWindow        *window,
                     P2vPhysAddr            entry_pa,
                     guint64               *ret_entry,
                     GError               **error)
{
  guint64 offset = entry_pa % P2V_FRAME_SIZE;
  P2vPhysAddr page_pa = entry_pa - offset;

  if (!window->is_filled || window->page_pa != page_pa)
    {
      P2vReadStatus status
        = p2v_image_read (self->image, page_pa, window->bytes, P2V_FRAME_SIZE, error);
      window->is_filled = status == P2V_READ_OK;
      window->page_pa = page_pa;
      if (status == P2V_READ_FAILED)
        return status;
    }
  /* Of a page at the edge of memory the image may hold no more than the entry. */
  if (!window->is_filled)
    return read_entries (self, entry_pa, 1, ret_entry, error);
  memcpy (ret_entry, window->bytes + offset, self->form->entry_bytes);
  widen_entries (self->form, ret_entry, 1);
  return P2V_READ_OK;
}

/* Reads the entry of @va in the table at @table_pa. */
static P2vReadStatus
read_step (const P2vPageTables   *self,
           const P2vPagingLevel  *level,
           P2vPhysAddr            table_pa,
           guint64                index,
           P2vEntryWindow        *window,
           P2vTrailStep          *step,
           GError               **error)
{
  step->name = level->entry_name;
  step->entry_pa = table_pa + index * self->form->entry_bytes;
  if (window != NULL)
    return read_through_window (self, window, step->entry_pa, &step->value, error);
  return read_entries (self, step->entry_pa, 1, &step->value, error);
}

gboolean
p2v_paging_translate (const P2vPageTables  *self,
                      P2vPhysAddr           root_pa,
                      P2vVirtAddr           va,
                      P2vTrail             *ret_trail,
                      GError              **error)
{
  return p2v_paging_translate_through (self, NULL, root_pa, va, ret_trail, error);
}

gboolean
p2v_paging_translate_through (const P2vPageTables  *self,
                              P2vEntryWindow       *windows,
                              P2vPhysAddr           root_pa,
                              P2vVirtAddr           va,
                              P2vTrail             *ret_trail,
                              GError              **error)
{
  const P2vPagingForm *form = self->form;
  gboolean is_canonical = p2v_paging_is_canonical (form, va);
  P2vTrail trail = { .va = va, .status = P2V_WALK_NOT_CANONICAL };
  P2vEntryKind kind = is_canonical ? P2V_ENTRY_TABLE : P2V_ENTRY_EMPTY;
  P2vPagingLeaf leaf = { .pa = root_pa };
  guint grants = P2V_GRANTS_ALL;

  for (guint i = 0; kind == P2V_ENTRY_TABLE && i < form->n_levels; i++)
    {
      const P2vPagingLevel *level = &form->levels[i];
      guint64 index = va >> level->shift & (((guint64) 1 << level->index_bits) - 1);
      P2vTrailStep *step = &trail.steps[i];
      P2vReadStatus status = read_step (self, level, leaf.pa, index,
                                        windows != NULL ? &windows[i] : NULL, step, error);

      if (status == P2V_READ_FAILED)
        return FALSE;
      trail.status = P2V_WALK_OUTSIDE_IMAGE;
      if (status == P2V_READ_HOLE)
        break;
      trail.n_steps = i + 1;
      kind = p2v_paging_decode (self, level, step->value, &leaf);
      grants = p2v_paging_narrow_grants (self, i, index, kind, step->value, grants);
      trail.status = kind == P2V_ENTRY_MALFORMED ? P2V_WALK_MALFORMED : P2V_WALK_NOT_PRESENT;
      if (kind == P2V_ENTRY_PAGE)
        end_trail_at_page (&trail, level, &leaf, grants);
      else if (kind == P2V_ENTRY_INDIRECT &&
               !end_trail_indirectly (self, root_pa, level, leaf.state, &trail, error))
        return FALSE;
    }
  *ret_trail = trail;
  return TRUE;
}

guint64
p2v_paging_max_tables (P2vImage *image)
{
  /* Some thousands are granted to tiny images, where tables may well be outnumbered by what is
   * missing. */
  return 2 * (p2v_image_get_memory_size (image) >> P2V_FRAME_SHIFT) + 4096;
}
