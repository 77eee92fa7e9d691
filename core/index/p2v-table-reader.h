/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vTableReader: reads the tables that are to be visited at one level, in the order of the visits.
 *
 * What is to come is announced to the kernel some batches ahead, and tables that follow each other
 * in memory are announced and read together. For one thread. */

#pragma once

#include "index/p2v-table-visits.h"

/* The interval for cancellation, progress and the watch. 256 tables are 1 MiB, 131,072 entries:
 * about two milliseconds. */
#define P2V_BATCH_TABLES 256

/* Tables that follow each other in memory are read together, up to so many entries: 64 KiB stay in
 * the processor's cache. It is the largest table of any form, and 16 of those with 512 entries. */
#define P2V_TABLE_READER_MAX_ENTRIES P2V_PAGING_MAX_ENTRIES

typedef struct
{
  const P2vPageTables  *tables;
  GCancellable         *cancellable;
  guint                 level_number;
  const P2vPagingLevel *level;
  guint64               table_bytes;   /* at this level */
  const guint64        *table;         /* the one that was loaded last, in @loaded */
  P2vPhysAddr           loaded_pa;
  guint                 n_loaded;
  guint64               loaded[P2V_TABLE_READER_MAX_ENTRIES];
} P2vTableReader;

/* Visits that follow are of this level. */
void          p2v_table_reader_begin_level (P2vTableReader *self,
                                            guint           level_number);
/* If a batch begins at visit @i: announces what comes after it; FALSE on cancellation. */
G_GNUC_WARN_UNUSED_RESULT
gboolean      p2v_table_reader_begin_batch (P2vTableReader *self,
                                            const GArray   *visits,
                                            guint           i,
                                            GError        **error);
/* Makes the table of visit @i the one that @table points to. With it come those behind it in memory
 * that the visits up to @to will ask for; if one of these is not in the image, it alone. */
G_GNUC_WARN_UNUSED_RESULT
P2vReadStatus p2v_table_reader_load        (P2vTableReader *self,
                                            const GArray   *visits,
                                            guint           i,
                                            guint           to,
                                            GError        **error);
