/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What an export is made of, for p2v-export.c, which writes cells, and p2v-mapping-export.c,
 * which knows what the cells of a mapping are. */

#pragma once

#include "p2v-export.h"

/* How a column looks in this export. */
typedef struct
{
  char  *prefix;        /* what stands before each of its cells; NULL if it is not shown */
  gsize  prefix_length;
  guint  width;         /* in tables */
} P2vColumnLayout;

struct _P2vExport
{
  GOutputStream    *stream;
  P2vExportFormat   format;
  const P2vColumn  *columns;
  P2vColumnLayout  *layouts;        /* one a column */
  gsize             n_columns;

  GString          *buffer;
  gsize             position;       /* column of the next cell */
  gsize             n_shown;        /* cells of this row written so far */
  guint64           n_rows;
  gsize             pending_spaces; /* in tables: written before the next cell that is not empty */

  P2vSession       *session;        /* whose image @image is */
  P2vImage         *image;
  GString          *scratch;
};
