/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "image/p2v-image-private.h"
#include "index/p2v-table-reader.h"

/* Batches asked of the kernel ahead of the one that is read, so that the disk is at work while we
 * are, and sees enough of what is to come to go about it in its own order. */
#define BATCHES_AHEAD 8

void
p2v_table_reader_begin_level (P2vTableReader *self,
                              guint           level_number)
{
  self->level_number = level_number;
  self->level = &self->tables->form->levels[level_number];
  self->table_bytes = p2v_paging_get_table_bytes (self->tables->form, self->level);
  self->n_loaded = 0;
}

/* The first visit after @i whose table does not follow in memory on those of the visits before it,
 * and how many tables these are. Looks at visits up to @to and up to @max tables. */
static guint
find_break (const P2vTableReader *self,
            const GArray         *visits,
            guint                 i,
            guint                 to,
            guint                 max,
            guint                *ret_n_tables)
{
  P2vPhysAddr last_pa = g_array_index (visits, P2vVisit, i).table_pa;
  guint n = 1;

  for (i++; i < to; i++)
    {
      P2vPhysAddr table_pa = g_array_index (visits, P2vVisit, i).table_pa;
      if (table_pa == last_pa)
        continue;
      if (table_pa != last_pa + self->table_bytes || n == max)
        break;
      last_pa = table_pa;
      n++;
    }
  *ret_n_tables = n;
  return i;
}

static gboolean
use_loaded (P2vTableReader *self,
            P2vPhysAddr     table_pa)
{
  guint64 offset = table_pa - self->loaded_pa;

  if (offset % self->table_bytes != 0 || offset / self->table_bytes >= self->n_loaded)
    return FALSE;
  self->table = self->loaded + offset / self->tables->form->entry_bytes;
  return TRUE;
}

P2vReadStatus
p2v_table_reader_load (P2vTableReader *self,
                       const GArray   *visits,
                       guint           i,
                       guint           to,
                       GError        **error)
{
  P2vPhysAddr table_pa = g_array_index (visits, P2vVisit, i).table_pa;
  guint n;

  if (use_loaded (self, table_pa))
    return P2V_READ_OK;
  (void) find_break (self, visits, i, to,
                     P2V_TABLE_READER_MAX_ENTRIES >> self->level->index_bits, &n);
  P2vReadStatus status
    = p2v_paging_read_tables (self->tables, self->level, table_pa, n, self->loaded, error);
  if (status == P2V_READ_HOLE && n > 1)
    {
      n = 1;
      status = p2v_paging_read_tables (self->tables, self->level, table_pa, n, self->loaded, error);
    }
  self->loaded_pa = table_pa;
  self->n_loaded = status == P2V_READ_OK ? n : 0;
  self->table = self->loaded;
  return status;
}

/* Announces the tables of visits @from up to @to, or to the end. */
static void
prefetch (const P2vTableReader *self,
          const GArray         *visits,
          guint                 from,
          guint                 to)
{
  guint next, n_tables;

  to = MIN (to, visits->len);
  for (guint i = from; i < to; i = next)
    {
      next = find_break (self, visits, i, to, G_MAXUINT, &n_tables);
      p2v_image_prefetch (self->tables->image, g_array_index (visits, P2vVisit, i).table_pa,
                          n_tables * self->table_bytes);
    }
}

gboolean
p2v_table_reader_begin_batch (P2vTableReader  *self,
                              const GArray    *visits,
                              guint            i,
                              GError         **error)
{
  if (i % P2V_BATCH_TABLES != 0)
    return TRUE;
  guint ahead = i + BATCHES_AHEAD * P2V_BATCH_TABLES;
  prefetch (self, visits, i == 0 ? 0 : ahead, ahead + P2V_BATCH_TABLES);
  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}
