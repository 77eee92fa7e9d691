/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vMappingRow: one row of an answer while it is on the screen.
 *
 * The process, the pid and the virtual address are in memory and there from the start. The rest
 * must be read from the image; until the model's worker has done so, those texts are empty. Main
 * thread only. */

#pragma once

#include <pas2vas.h>

G_BEGIN_DECLS

/* A mapping and what a worker thread found out about it, in words. */
typedef struct
{
  P2vMapping  mapping;
  char       *rights;
  char       *size;
  const char *state;
  char       *region;
  char       *warning;    /* why the row deserves a second look, or NULL */
} P2vRowDetails;

#define P2V_TYPE_MAPPING_ROW (p2v_mapping_row_get_type ())
G_DECLARE_FINAL_TYPE (P2vMappingRow, p2v_mapping_row, P2V, MAPPING_ROW, GObject)

/**
 * P2vColumnId:
 * @P2V_COLUMN_PROCESS: the process's name
 * @P2V_COLUMN_PID: its number
 * @P2V_COLUMN_VIRTUAL: virtual address
 * @P2V_COLUMN_RIGHTS: what the page tables allow
 * @P2V_COLUMN_SIZE: size of the page
 * @P2V_COLUMN_STATE: how the page is reached
 * @P2V_COLUMN_REGION: what part of the address space it is
 * @P2V_N_COLUMNS: how many columns there are
 *
 * The columns, from left to right.
 */
typedef enum
{
  P2V_COLUMN_PROCESS,
  P2V_COLUMN_PID,
  P2V_COLUMN_VIRTUAL,
  P2V_COLUMN_RIGHTS,
  P2V_COLUMN_SIZE,
  P2V_COLUMN_STATE,
  P2V_COLUMN_REGION,
  P2V_N_COLUMNS,
} P2vColumnId;

/* (transfer none): the name of the row's property that holds the column's text; also the
 * column's name in actions. */
const char       *p2v_column_id_to_property       (P2vColumnId          column);
/* FALSE if no column has that name. */
gboolean          p2v_column_id_from_property     (const char          *property,
                                                   P2vColumnId         *ret_column);

void              p2v_row_details_read            (P2vRowDetails       *self,
                                                   P2vSession          *session);
void              p2v_row_details_clear           (P2vRowDetails       *self);
/* (nullable): the words of one column, or NULL if they have not been read. */
char             *p2v_row_details_dup_text        (const P2vRowDetails *self,
                                                   P2vColumnId          column);

P2vMappingRow    *p2v_mapping_row_new             (const P2vMapping    *mapping);
const P2vMapping *p2v_mapping_row_get_mapping     (P2vMappingRow       *self);
char             *p2v_mapping_row_dup_text        (P2vMappingRow       *self,
                                                   P2vColumnId          column);
/* (transfer full): the whole row in one line, for those who hear it; with the warning. */
char             *p2v_mapping_row_dup_line        (P2vMappingRow       *self);
const char       *p2v_mapping_row_get_warning     (P2vMappingRow       *self);
gboolean          p2v_mapping_row_is_described    (P2vMappingRow       *self);
/* Counts the cells that show the row; TRUE for the first, and when the last goes. */
gboolean          p2v_mapping_row_add_cell        (P2vMappingRow       *self);
gboolean          p2v_mapping_row_remove_cell     (P2vMappingRow       *self);
/* Another byte of the same page: announces the new address; what was read stays until it is read
 * again. */
void              p2v_mapping_row_set_mapping     (P2vMappingRow       *self,
                                                   const P2vMapping    *mapping);
/* Takes the strings of @details over and leaves it empty. */
void              p2v_mapping_row_take_details    (P2vMappingRow       *self,
                                                   P2vRowDetails       *details);

G_END_DECLS
