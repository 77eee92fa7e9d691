/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "paging/p2v-paging.h"

#define RIGHTS_ALL (P2V_RIGHTS_READ | P2V_RIGHTS_WRITE | P2V_RIGHTS_EXECUTE | P2V_RIGHTS_USER)

/* What each level takes away from. */
#define GRANTS_ALL (RIGHTS_ALL | P2V_GRANT_KERNEL_EXECUTE | P2V_GRANT_EXECUTE_ONLY)

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

/* What entry @index of a table leaves of what the levels above grant. */
static guint
narrow_grants (const P2vPageTables *self,
               guint                level,
               guint64              index,
               P2vEntryKind         kind,
               guint64              entry,
               guint                grants_above)
{
  const P2vPagingRule *rule = kind == P2V_ENTRY_TABLE ? self->form->levels[level].table_rules
                                                      : self->form->levels[level].page_rules;
  guint grants = GRANTS_ALL;

  for (; rule != NULL && rule->takes != 0; rule++)
    if ((entry & rule->mask) == rule->value)
      grants &= ~rule->takes;
  if (level == 0 && index < self->n_user_root_slots)
    {
      grants |= self->root_grants;
      if (self->root_grants & P2V_RIGHTS_EXECUTE)
        grants |= P2V_GRANT_KERNEL_EXECUTE;
    }
  return grants & grants_above;
}

/* What the grants of all levels come to. A page that the processor does not reach gives no access,
 * whatever bits its entry keeps for later. */
static P2vRights
leaf_rights (guint       grants,
             P2vVirtAddr va,
             P2vState    state)
{
  if (state != P2V_STATE_VALID)
    return P2V_RIGHTS_NONE;
  if (grants & P2V_RIGHTS_USER)
    return grants & RIGHTS_ALL;
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
  trail->rights = leaf_rights (grants, trail->va, leaf->state);
}

gboolean
p2v_paging_translate (const P2vPageTables  *self,
                      P2vPhysAddr           root_pa,
                      P2vVirtAddr           va,
                      P2vTrail             *ret_trail,
                      GError              **error)
{
  const P2vPagingForm *form = self->form;
  P2vPhysAddr table_pa = root_pa;
  guint grants = GRANTS_ALL;
  P2vTrail trail = { .va = va, .status = P2V_WALK_NOT_CANONICAL };
  guint n_levels = p2v_paging_is_canonical (form, va) ? form->n_levels : 0;

  for (guint i = 0; i < n_levels; i++)
    {
      const P2vPagingLevel *level = &form->levels[i];
      guint64 index = va >> level->shift & (((guint64) 1 << level->index_bits) - 1);
      P2vTrailStep *step = &trail.steps[i];
      P2vPagingLeaf leaf;

      step->name = level->entry_name;
      step->entry_pa = table_pa + index * form->entry_bytes;
      P2vReadStatus status = read_entries (self, step->entry_pa, 1, &step->value, error);
      if (status == P2V_READ_FAILED)
        return FALSE;
      trail.status = P2V_WALK_OUTSIDE_IMAGE;
      if (status == P2V_READ_HOLE)
        break;

      trail.n_steps = i + 1;
      P2vEntryKind kind = p2v_paging_decode (self, level, step->value, &leaf);
      grants = narrow_grants (self, i, index, kind, step->value, grants);
      table_pa = p2v_paging_get_table_pa (self, level, step->value);
      if (kind == P2V_ENTRY_TABLE)
        continue;
      if (kind == P2V_ENTRY_PAGE)
        end_trail_at_page (&trail, level, &leaf, grants);
      else
        trail.status = kind == P2V_ENTRY_MALFORMED ? P2V_WALK_MALFORMED : P2V_WALK_NOT_PRESENT;
      break;
    }
  *ret_trail = trail;
  return TRUE;
}

/* The place of a depth-first walk in one level. */
typedef struct
{
  P2vPhysAddr table_pa;
  P2vVirtAddr va;              /* of the table's first entry */
  guint       grants;          /* of the levels above */
  guint       next_index;
  guint       n_entries;
  guint64    *entries;
} WalkLevel;

typedef struct
{
  const P2vPageTables *tables;
  const P2vPagingRoot *root;
  P2vWalkReport       *report;
  guint64              n_tables_left;
  WalkLevel            levels[P2V_PAGING_MAX_LEVELS];
} Walk;

void
p2v_walk_report_note_missing (P2vWalkReport *report,
                              P2vPhysAddr    table_pa,
                              guint          level_number)
{
  if (report->n_missing_tables++ == 0)
    report->first_missing_pa = table_pa;
  if (level_number == 0)
    report->root_missing = TRUE;
}

gboolean
p2v_walk_report_is_whole (const P2vWalkReport *report)
{
  return report->n_missing_tables == 0 && report->n_looped_tables == 0 &&
         report->n_malformed_entries == 0 && !report->too_many_tables;
}

/* Whether the table is one of those on the way to level @n_levels: following it would lead
 * round. */
static gboolean
is_on_the_way (const Walk  *walk,
               guint        n_levels,
               P2vPhysAddr  table_pa)
{
  for (guint i = 0; i < n_levels; i++)
    if (walk->levels[i].table_pa == table_pa)
      return TRUE;
  return FALSE;
}

/* Reads the table of level @i. One that cannot be followed is left with no entries, and noted. */
static gboolean
enter_table (Walk         *walk,
             guint         i,
             P2vPhysAddr   table_pa,
             P2vVirtAddr   va,
             guint         grants,
             GError      **error)
{
  const P2vPagingLevel *level = &walk->tables->form->levels[i];
  WalkLevel *place = &walk->levels[i];
  P2vReadStatus status;

  place->n_entries = 0;
  place->next_index = 0;
  if (is_on_the_way (walk, i, table_pa))
    {
      walk->report->n_looped_tables++;
      return TRUE;
    }
  if (walk->n_tables_left == 0)
    {
      walk->report->too_many_tables = TRUE;
      return TRUE;
    }
  walk->n_tables_left--;

  status = p2v_paging_read_tables (walk->tables, level, table_pa, 1, place->entries, error);
  if (status == P2V_READ_HOLE)
    p2v_walk_report_note_missing (walk->report, table_pa, i);
  if (status != P2V_READ_OK)
    return status != P2V_READ_FAILED;
  place->table_pa = table_pa;
  place->va = va;
  place->grants = grants;
  place->next_index = i == 0 ? walk->root->first_slot : 0;
  place->n_entries = i == 0 ? walk->root->end_slot : 1u << level->index_bits;
  return TRUE;
}

static gboolean
report_page (const P2vPagingForm *form,
             guint                i,
             const WalkLevel     *place,
             guint                index,
             const P2vPagingLeaf *leaf,
             guint                grants,
             P2vWalkFunc          callback,
             gpointer             user_data)
{
  P2vVirtAddr va = place->va + ((guint64) index << form->levels[i].shift);
  P2vWalkedPage page = {
    .va = va,
    .pa = leaf->pa,
    .page_shift = form->levels[i].shift,
    .rights = leaf_rights (grants, va, leaf->state),
    .state = leaf->state,
    .entry_pa = place->table_pa + (guint64) index * form->entry_bytes,
    .entry = place->entries[index],
  };

  return callback (&page, user_data);
}

/* Takes the next entry of level @i: gives a page to @callback, or enters a table. *@ret_i is the
 * level to go on with. */
static gboolean
take_entry (Walk          *walk,
            guint          i,
            P2vWalkFunc    callback,
            gpointer       user_data,
            guint         *ret_i,
            gboolean      *ret_stopped,
            GError       **error)
{
  WalkLevel *place = &walk->levels[i];
  const P2vPagingLevel *level = &walk->tables->form->levels[i];
  guint index = place->next_index++;
  guint64 entry = place->entries[index];
  P2vPagingLeaf leaf;
  P2vEntryKind kind = p2v_paging_decode (walk->tables, level, entry, &leaf);

  *ret_i = i;
  if (kind == P2V_ENTRY_MALFORMED)
    walk->report->n_malformed_entries++;
  if (kind != P2V_ENTRY_TABLE && kind != P2V_ENTRY_PAGE)
    return TRUE;
  guint grants = narrow_grants (walk->tables, i, index, kind, entry, place->grants);
  if (kind == P2V_ENTRY_PAGE)
    {
      *ret_stopped = !report_page (walk->tables->form, i, place, index, &leaf, grants, callback,
                                   user_data);
      return TRUE;
    }
  *ret_i = i + 1;
  return enter_table (walk, i + 1, p2v_paging_get_table_pa (walk->tables, level, entry),
                      place->va + ((guint64) index << level->shift), grants, error);
}

/* Room for the tables on the way to a page, one a level. */
static guint64 *
allot_entries (Walk *walk)
{
  const P2vPagingForm *form = walk->tables->form;
  gsize n = 0;

  for (guint i = 0; i < form->n_levels; i++)
    n += (gsize) 1 << form->levels[i].index_bits;
  guint64 *entries = g_new (guint64, n);
  n = 0;
  for (guint i = 0; i < form->n_levels; i++)
    {
      walk->levels[i].entries = entries + n;
      n += (gsize) 1 << form->levels[i].index_bits;
    }
  return entries;
}

gboolean
p2v_paging_walk (const P2vPageTables  *self,
                 const P2vPagingRoot  *root,
                 P2vWalkFunc           callback,
                 gpointer              user_data,
                 P2vWalkReport        *report,
                 GCancellable         *cancellable,
                 GError              **error)
{
  Walk state = { .tables = self, .root = root, .report = report };
  Walk *walk = &state;
  g_autofree guint64 *entries = allot_entries (walk);
  gboolean stopped = FALSE;
  guint i = 0;

  walk->n_tables_left = p2v_paging_max_tables (self->image);
  if (!enter_table (walk, 0, root->root_pa, root->base_va, GRANTS_ALL, error))
    return FALSE;
  while (!stopped)
    {
      const WalkLevel *place = &walk->levels[i];
      if (place->next_index < place->n_entries)
        {
          if (!take_entry (walk, i, callback, user_data, &i, &stopped, error))
            return FALSE;
        }
      else if (i == 0)
        break;
      else if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      else
        i--;
    }
  return TRUE;
}

guint64
p2v_paging_max_tables (P2vImage *image)
{
  /* Some thousands are granted to tiny images, where tables may well be outnumbered by what is
   * missing. */
  return 2 * (p2v_image_get_memory_size (image) >> P2V_FRAME_SHIFT) + 4096;
}
