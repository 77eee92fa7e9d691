/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* A table of the last level: which pages it has. In the hot path. */

#include "config.h"

#include "index/p2v-builder-private.h"

void
p2v_builder_add_detour (P2vBuilder    *self,
                        P2vIndexEntry  entry,
                        guint64        value,
                        P2vState       state)
{
  if (!p2v_detours_add (self->detours, self->reader.level, entry, value, state))
    self->spaces[p2v_index_entry_space (entry)].n_indirect_entries++;
}

/* While entries are placed, all that are indirect come by in the order of what was found for some
 * of them. */
static gboolean
place_detour (P2vBuilder    *self,
              P2vIndexEntry  entry,
              P2vPagingLeaf *ret_leaf)
{
  while (self->next_detour < self->n_last_detours &&
         self->last_detours[self->next_detour].entry < entry)
    self->next_detour++;
  if (self->next_detour == self->n_last_detours ||
      self->last_detours[self->next_detour].entry != entry)
    return FALSE;
  ret_leaf->pa = self->last_detours[self->next_detour].first_pfn << P2V_FRAME_SHIFT;
  return TRUE;
}

/* Decodes entry @index of the table of @visit, which is not a valid page. */
static gboolean
decode_other (P2vBuilder     *self,
              const P2vVisit *visit,
              guint           index,
              P2vLeaves      *leaves,
              P2vPagingLeaf  *ret_leaf)
{
  const P2vTableReader *reader = &self->reader;
  guint64 value = reader->table[index];
  P2vEntryKind kind = p2v_paging_decode (reader->tables, reader->level, value, ret_leaf);

  if (kind == P2V_ENTRY_MALFORMED)
    leaves->n_malformed++;
  if (kind != P2V_ENTRY_INDIRECT)
    return kind == P2V_ENTRY_PAGE;
  P2vIndexEntry entry = p2v_builder_entry_at (visit->entry, reader->level, index);
  if (self->detour_mode == P2V_DETOURS_COLLECTED)
    p2v_builder_add_detour (self, entry, value, ret_leaf->state);
  return self->detour_mode == P2V_DETOURS_PLACED && place_detour (self, entry, ret_leaf);
}

/* Decodes entries from @first on, at most P2V_MAX_LEAVES of them, of the table of the last level
 * that was loaded for @visit. */
static void
decode_leaves (P2vBuilder     *self,
               const P2vVisit *visit,
               guint           first,
               P2vLeaves      *leaves)
{
  const P2vPagingLevel *level = self->reader.level;
  const P2vPageTest test = p2v_paging_get_page_test (self->reader.tables, level);
  const guint64 *table = self->reader.table;
  guint end = MIN (1u << level->index_bits, first + P2V_MAX_LEAVES);
  guint n = 0;

  leaves->n_malformed = 0;
  for (guint i = first; i < end; i++)
    {
      P2vPagingLeaf leaf;
      if (table[i] == 0 || (!p2v_page_test_entry (&test, table[i], &leaf.pa) &&
                            !decode_other (self, visit, i, leaves, &leaf)))
        continue;
      leaves->pfns[n] = leaf.pa >> P2V_FRAME_SHIFT;
      leaves->entries[n] = p2v_builder_entry_at (visit->entry, level, i);
      n++;
    }
  leaves->n = n;
}

/* Gives the leaves of the table that was loaded for @visit to @take. */
static gboolean
scan_table (P2vBuilder      *self,
            const P2vVisit  *visit,
            P2vLeavesFunc    take,
            GError         **error)
{
  P2vLeaves leaves;

  for (guint first = 0; first < 1u << self->reader.level->index_bits; first += P2V_MAX_LEAVES)
    {
      decode_leaves (self, visit, first, &leaves);
      if (!take (self, visit, &leaves, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
p2v_builder_scan_leaves (P2vBuilder     *self,
                         const GArray   *visits,
                         guint           from,
                         guint           to,
                         P2vLeavesFunc   take,
                         GError        **error)
{
  p2v_table_reader_begin_level (&self->reader, self->form->n_levels - 1);
  for (guint i = from; i < to; i++)
    {
      const P2vVisit *visit = &g_array_index (visits, P2vVisit, i);
      P2vReadStatus status = p2v_table_reader_load (&self->reader, visits, i, to, error);
      if (status == P2V_READ_FAILED ||
          (status == P2V_READ_HOLE && !take (self, visit, NULL, error)) ||
          (status == P2V_READ_OK && !scan_table (self, visit, take, error)))
        return FALSE;
    }
  return TRUE;
}
