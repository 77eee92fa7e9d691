/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "paging/p2v-paging.h"

/* The rights from which each level takes away. */
#define RIGHTS_ALL (P2V_RIGHTS_READ | P2V_RIGHTS_WRITE | P2V_RIGHTS_EXECUTE | P2V_RIGHTS_USER)

P2vVirtAddr
p2v_paging_canonical (const P2vPagingForm *form,
                      P2vVirtAddr          va)
{
  guint unused_bits = 64 - form->va_bits;

  return (P2vVirtAddr) ((gint64) (va << unused_bits) >> unused_bits);
}

P2vReadStatus
p2v_paging_read_tables (const P2vPageTables  *self,
                        P2vPhysAddr           first_pa,
                        guint                 n_tables,
                        guint64              *entries,
                        GError              **error)
{
  P2vReadStatus status = p2v_image_read (self->image, first_pa, entries,
                                         (gsize) n_tables * P2V_PAGING_TABLE_BYTES, error);

  if (G_BYTE_ORDER == G_BIG_ENDIAN && status == P2V_READ_OK)
    for (gsize i = 0; i < (gsize) n_tables * P2V_PAGING_MAX_ENTRIES; i++)
      entries[i] = GUINT64_FROM_LE (entries[i]);
  return status;
}

P2vReadStatus
p2v_paging_read_table (const P2vPageTables  *self,
                       P2vPhysAddr           table_pa,
                       guint64              *entries,
                       GError              **error)
{
  return p2v_paging_read_tables (self, table_pa, 1, entries, error);
}

/* What the levels above and entry @index of a table allow together. */
static P2vRights
narrow_rights (const P2vPageTables *self,
               guint                level,
               guint64              index,
               guint64              entry,
               P2vRights            rights_above)
{
  P2vRights rights = self->form->rights (entry);

  if (level == 0 && index < self->n_user_root_slots)
    rights |= self->root_grants;
  return rights & rights_above;
}

/* A page that the processor does not reach gives no access, whatever bits its entry keeps for
 * later. */
static P2vRights
leaf_rights (P2vRights rights,
             P2vState  state)
{
  return state == P2V_STATE_VALID ? rights : P2V_RIGHTS_NONE;
}

static void
end_trail_at_page (P2vTrail             *trail,
                   const P2vPagingLevel *level,
                   const P2vPagingLeaf  *leaf,
                   P2vRights             rights)
{
  guint64 page_offset_mask = ((guint64) 1 << level->shift) - 1;

  trail->status = P2V_WALK_MAPPED;
  trail->pa = leaf->pa | (trail->va & page_offset_mask);
  trail->page_shift = level->shift;
  trail->state = leaf->state;
  trail->rights = leaf_rights (rights, leaf->state);
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
  P2vRights rights = RIGHTS_ALL;
  P2vTrail trail = { .va = va, .status = P2V_WALK_NOT_CANONICAL };
  guint n_levels = p2v_paging_canonical (form, va) == va ? form->n_levels : 0;

  for (guint i = 0; i < n_levels; i++)
    {
      const P2vPagingLevel *level = &form->levels[i];
      guint64 index = va >> level->shift & (((guint64) 1 << level->index_bits) - 1);
      P2vTrailStep *step = &trail.steps[i];
      P2vPagingLeaf leaf;
      guint64 raw;

      step->name = level->entry_name;
      step->entry_pa = table_pa + index * sizeof raw;
      P2vReadStatus status = p2v_image_read (self->image, step->entry_pa, &raw, sizeof raw, error);
      if (status == P2V_READ_FAILED)
        return FALSE;
      trail.status = P2V_WALK_OUTSIDE_IMAGE;
      if (status == P2V_READ_HOLE)
        break;

      step->value = GUINT64_FROM_LE (raw);
      trail.n_steps = i + 1;
      rights = narrow_rights (self, i, index, step->value, rights);
      P2vEntryKind kind = p2v_paging_decode (self, level, step->value, &leaf);
      table_pa = step->value & self->pa_mask;
      if (kind == P2V_ENTRY_TABLE)
        continue;
      if (kind == P2V_ENTRY_PAGE)
        end_trail_at_page (&trail, level, &leaf, rights);
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
  P2vRights   rights;          /* of the levels above */
  guint       next_index;
  guint       n_entries;
  guint64     entries[P2V_PAGING_MAX_ENTRIES];
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
             P2vRights     rights,
             GError      **error)
{
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

  status = p2v_paging_read_table (walk->tables, table_pa, place->entries, error);
  if (status == P2V_READ_HOLE)
    p2v_walk_report_note_missing (walk->report, table_pa, i);
  if (status != P2V_READ_OK)
    return status != P2V_READ_FAILED;
  place->table_pa = table_pa;
  place->va = va;
  place->rights = rights;
  place->next_index = i == 0 ? walk->root->first_slot : 0;
  place->n_entries =
    i == 0 ? walk->root->end_slot : 1u << walk->tables->form->levels[i].index_bits;
  return TRUE;
}

static gboolean
report_page (const P2vPagingLevel *level,
             const WalkLevel      *place,
             guint                 index,
             const P2vPagingLeaf  *leaf,
             P2vRights             rights,
             P2vWalkFunc           callback,
             gpointer              user_data)
{
  P2vWalkedPage page = {
    .va = place->va + ((guint64) index << level->shift),
    .pa = leaf->pa,
    .page_shift = level->shift,
    .rights = leaf_rights (rights, leaf->state),
    .state = leaf->state,
    .entry_pa = place->table_pa + index * sizeof (guint64),
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
  P2vRights rights = narrow_rights (walk->tables, i, index, entry, place->rights);
  if (kind == P2V_ENTRY_PAGE)
    {
      *ret_stopped = !report_page (level, place, index, &leaf, rights, callback, user_data);
      return TRUE;
    }
  *ret_i = i + 1;
  return enter_table (walk, i + 1, entry & walk->tables->pa_mask,
                      place->va + ((guint64) index << level->shift), rights, error);
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
  g_autofree Walk *walk = g_new (Walk, 1);
  gboolean stopped = FALSE;
  guint i = 0;

  walk->tables = self;
  walk->root = root;
  walk->report = report;
  walk->n_tables_left = p2v_paging_max_tables (self->image);
  if (!enter_table (walk, 0, root->root_pa, root->base_va, RIGHTS_ALL, error))
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
