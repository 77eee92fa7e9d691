/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What could not be walked. A table is walked once however many use it, but each space is told what
 * is amiss with it as if it had been walked for that space. */

#include "config.h"

#include "index/p2v-builder-private.h"

/* Remembered for others. Beyond that, which only crafted images reach, what is amiss is told for
 * the place alone where a table was walked. */
#define MAX_GAPS ((guint) 1 << 20)

/* Places that are told of all gaps together, for the same reason. */
#define MAX_TOLD ((guint) 1 << 24)

static void
add_count (guint32 *count,
           guint32  n)
{
  *count = n > G_MAXUINT32 - *count ? G_MAXUINT32 : *count + n;
}

static void
add_report (P2vWalkReport       *self,
            const P2vWalkReport *what)
{
  if (self->n_missing_tables == 0 || what->root_missing)
    self->first_missing_pa = what->n_missing_tables > 0 ? what->first_missing_pa
                                                        : self->first_missing_pa;
  self->root_missing |= what->root_missing;
  add_count (&self->n_missing_tables, what->n_missing_tables);
  add_count (&self->n_looped_tables, what->n_looped_tables);
  add_count (&self->n_malformed_entries, what->n_malformed_entries);
  add_count (&self->n_indirect_entries, what->n_indirect_entries);
}

void
p2v_builder_note_gap (P2vBuilder          *self,
                      const P2vVisit      *visit,
                      guint                level_number,
                      const P2vWalkReport *what)
{
  P2vGap gap = { visit->entry, p2v_builder_get_n_pages (&self->form->levels[level_number]), *what };

  add_report (&self->spaces[p2v_index_entry_space (visit->entry)], what);
  if (self->gaps->len < MAX_GAPS)
    g_array_append_val (self->gaps, gap);
}

void
p2v_builder_note_missing (P2vBuilder     *self,
                          const P2vVisit *visit,
                          guint           level_number)
{
  P2vWalkReport what = { .n_missing_tables = 1,
                         .root_missing = level_number == 0,
                         .first_missing_pa = visit->table_pa };

  p2v_builder_note_gap (self, visit, level_number, &what);
}

void
p2v_builder_spread_gaps (P2vBuilder *self)
{
  const GArray *aliases = self->map->aliases;
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  guint n_left = MAX_TOLD;

  for (guint i = 0; aliases->len > 0 && i < self->gaps->len && n_left > 0; i++)
    {
      const P2vGap *gap = &g_array_index (self->gaps, P2vGap, i);

      g_array_set_size (places, 0);
      p2v_aliases_expand_table (aliases, gap->entry, gap->n_pages, places, n_left);
      n_left -= MIN (n_left, places->len);
      /* The first is where it was walked. */
      for (guint j = 1; j < places->len; j++)
        add_report (&self->spaces[p2v_index_entry_space (g_array_index (places, P2vIndexEntry, j))],
                    &gap->what);
    }
}
