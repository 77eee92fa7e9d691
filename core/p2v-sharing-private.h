/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the sharing's two files share: which frames have several address spaces, and what each of
 * those may do to them. */

#pragma once

#include "p2v-session-private.h"
#include "p2v-sharing.h"

/* Names of what shared pages are part of, numbered; number 0 is anonymous memory. */
#define SHARED_ANONYMOUS 0

typedef struct
{
  char     *name;
  gboolean  is_named_file;
} SharedOrigin;

/* One address space's share of a frame. */
typedef struct
{
  P2vIndexEntry entry;         /* of its lowest mapping */
  guint32       origin;        /* in origins */
  guint32       rights;        /* P2vRights of all its mappings together */
} SharedSlot;

typedef struct
{
  guint64 pfn;
  guint64 first_slot;          /* sorted by address space */
  guint64 n_slots;
} SharedFrame;

typedef struct
{
  P2vReverseMap     *map;
  P2vSystem         *system;
  const gboolean    *chosen;   /* by number of the address space */
  guint              n_chosen; /* 1: pairs with that one; more: pairs of those */
  gboolean           all;      /* all are chosen: pairs of any */

  GArray            *frames;   /* SharedFrame, sorted by frame */
  GArray            *slots;    /* SharedSlot */
  GPtrArray         *origins;  /* SharedOrigin */
  P2vSharingSummary  summary;
} SharedFrames;

void              p2v_shared_frames_init       (SharedFrames        *self);
void              p2v_shared_frames_clear      (SharedFrames        *self);
/* Finds the frames in the index, and counts them all. */
G_GNUC_WARN_UNUSED_RESULT
gboolean          p2v_shared_frames_find       (SharedFrames        *self,
                                                GCancellable        *cancellable,
                                                GError             **error);
/* Walks the address spaces that @filter leaves to fill in rights and origins. */
G_GNUC_WARN_UNUSED_RESULT
gboolean          p2v_shared_frames_describe   (SharedFrames        *self,
                                                P2vSession          *session,
                                                P2vFilter           *filter,
                                                GCancellable        *cancellable,
                                                GError             **error);
/* The share of an address space in a frame; NULL if it has none. */
SharedSlot       *p2v_shared_frames_find_slot  (const SharedFrames  *self,
                                                const SharedFrame   *frame,
                                                guint                space);

/* (transfer full) (element-type P2vSharedRange): where the pages are that both have; names are
 * those of @self. */
GArray           *p2v_shared_frames_dup_ranges (const SharedFrames  *self,
                                                guint                a_space,
                                                guint                b_space);

static inline SharedSlot *
p2v_shared_frame_get_slots (const SharedFrames *self,
                            const SharedFrame  *frame)
{
  return &g_array_index (self->slots, SharedSlot, frame->first_slot);
}
