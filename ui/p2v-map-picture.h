/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vMapPicture: a survey of memory in colours, with its legend. Knows nothing of widgets. Main
 * thread only. */

#pragma once

#include <gtk/gtk.h>
#include <pas2vas.h>

G_BEGIN_DECLS

/**
 * P2vMapColouring:
 * @P2V_MAP_BY_OWNER: by the process that has most of a cell for itself
 * @P2V_MAP_BY_KIND: by what most of a cell is used for
 * @P2V_MAP_BY_SHARING: by how many processes have most of it
 * @P2V_MAP_N_COLOURINGS: how many there are
 *
 * What the colours mean.
 */
typedef enum
{
  P2V_MAP_BY_OWNER,
  P2V_MAP_BY_KIND,
  P2V_MAP_BY_SHARING,
  P2V_MAP_N_COLOURINGS,
} P2vMapColouring;

/* 0xrrggbb */
typedef guint32 P2vColour;

/* A line of the legend. */
typedef struct
{
  char     *label;
  guint64   n_frames;
  P2vColour colour;
} P2vMapEntry;

/* No line of the legend. */
#define P2V_MAP_NO_ENTRY G_MAXUINT

typedef struct _P2vMapPicture P2vMapPicture;

/* @dark: for a dark background. */
P2vMapPicture     *p2v_map_picture_new         (P2vSurvey           *survey,
                                                P2vMapColouring      colouring,
                                                gboolean             dark);
void               p2v_map_picture_free        (P2vMapPicture       *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vMapPicture, p2v_map_picture_free)

P2vSurvey         *p2v_map_picture_get_survey  (const P2vMapPicture *self);
/* Largest first. */
guint              p2v_map_picture_get_n_entries (const P2vMapPicture *self);
const P2vMapEntry *p2v_map_picture_get_entry   (const P2vMapPicture *self,
                                                guint                entry);
/* All other lines' cells fade; P2V_MAP_NO_ENTRY: none does. */
void               p2v_map_picture_isolate     (P2vMapPicture       *self,
                                                guint                entry);
guint              p2v_map_picture_get_isolated (const P2vMapPicture *self);
/* Which line a cell belongs to. */
guint              p2v_map_picture_find_entry  (const P2vMapPicture *self,
                                                guint                cell);
P2vColour          p2v_map_picture_get_colour  (const P2vMapPicture *self,
                                                guint                cell);
/* What surrounds the cells. */
P2vColour          p2v_map_picture_get_background (const P2vMapPicture *self);
/* (transfer full): whose it is, or what it is used for. */
char              *p2v_map_picture_dup_what    (const P2vMapPicture *self,
                                                guint                cell);
/* (transfer full): one sentence on a cell, for a tooltip or a screen reader. */
char              *p2v_map_picture_dup_cell_text (const P2vMapPicture *self,
                                                guint                cell);

G_END_DECLS
