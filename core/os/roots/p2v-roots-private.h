/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the files of this back end share: it is for images of which no system is recognized, and
 * knows nothing but what processors demand of page tables.
 *
 * The way: one pass over memory notes, for each paging form, all places that look like a root
 * (p2v-roots-search.c). Whatever hangs below each of them is added up, table by table, each only
 * once (p2v-roots-trees.c): in the trees of a true root nearly everything makes sense, and they end
 * in pages that user mode has used. Of the forms by which there are such roots one is chosen
 * (p2v-roots-form.c), and of its roots those are left out that are inner tables, or copies
 * (p2v-roots-choice.c). */

#pragma once

#include "os/p2v-system-private.h"

/* What hangs below a table, in sum. */
typedef struct
{
  guint64 n_used;        /* pages in the image that user mode may use and has used */
  guint64 n_sound;       /* entries that make sense */
  guint64 n_strange;     /* entries that lead nowhere, or that the processor would refuse */
  guint64 n_foreign;     /* entries that the processor ignores, though they are not empty */
} P2vRootsSum;

/* A table of which the trees below some roots consist. The address comes first, for
 * g_int64_hash(). */
typedef struct
{
  P2vPhysAddr pa;
  guint64     bytes;
  guint       n_used;        /* pages that its own entries map, and user mode has used */
  guint       n_foreign;     /* entries of its own that the processor ignores */
  gboolean    is_inner;      /* it is below a root */
} P2vRootsTable;

/* An entry that kept a place from being a root, for the person to look at. */
typedef struct
{
  P2vPhysAddr root_pa;
  P2vPhysAddr entry_pa;
  guint64     entry;
} P2vRootsMiss;

/* All tables read by one form. */
typedef struct
{
  P2vPageTables tables;
  GHashTable   *sums;          /* Node *, by address and level */
  guint64      *entries[P2V_PAGING_MAX_LEVELS]; /* a table of each level, while it is read */
  guint64       n_reads_left;  /* crafted images could make it endless */
  guint64       n_candidates;
  P2vRootsMiss  last_strange;
  P2vRootsMiss  best_miss;     /* of the place from which most made sense */
  guint64       best_n_sound;  /* 0: there was no such place */
  GArray       *roots;         /* P2vPhysAddr: by address */
} P2vRootsTrees;

/* p2v-roots-trees.c */
void     p2v_roots_trees_init       (P2vRootsTrees         *self,
                                     P2vImage              *image,
                                     const P2vPagingForm   *form);
void     p2v_roots_trees_clear      (P2vRootsTrees         *self);
/* Adds @pa to the roots if what hangs below it is sound. */
void     p2v_roots_trees_try        (P2vRootsTrees         *self,
                                     P2vPhysAddr            pa);
/* What hangs below the table at @pa. */
P2vRootsSum p2v_roots_trees_sum     (P2vRootsTrees         *self,
                                     guint                  level_number,
                                     P2vPhysAddr            pa);
/* Reads a root into @self->entries[0]; FALSE if it is not in the image. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_roots_trees_read_root  (P2vRootsTrees         *self,
                                     P2vPhysAddr            pa);
/* Whether @slot of the root that was read leads to pages that user mode has used. */
gboolean p2v_roots_trees_is_used_slot (P2vRootsTrees       *self,
                                     guint                  slot);
/* A set of P2vRootsTable *. */
GHashTable *p2v_roots_tables_new    (void);
/* Adds a root and all tables that lead from it to pages that user mode has used. */
void     p2v_roots_trees_note_tables (P2vRootsTrees        *self,
                                     P2vPhysAddr            root_pa,
                                     GHashTable            *tables);
/* Whether one of the rules lets @entry take away one of @rights. */
gboolean p2v_roots_takes            (const P2vPagingRule   *rule,
                                     guint64                entry,
                                     P2vRights              rights);
/* The bytes of a root. */
guint64  p2v_roots_get_root_bytes   (const P2vPagingForm   *form);
/* Entries of a root, from 0, that may be user space's: those of the lower half, where there are
 * two. */
guint    p2v_roots_get_n_lower      (const P2vPagingForm   *form);

/* p2v-roots-search.c: looks for roots of @n_forms forms; @trees, one a form, are initialized and
 * get their roots. FALSE if the image cannot be read, or on cancellation. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_roots_search           (const P2vSystemSearch *search,
                                     P2vRootsTrees         *trees,
                                     gsize                  n_forms,
                                     GError               **error);

/* p2v-roots-form.c: the trees of the form by which the image is to be read; NULL with
 * P2V_OS_ERROR_NOT_DETECTED if there are no roots, with P2V_OS_ERROR_CORRUPT if there are roots of
 * several forms that contradict each other, or none of the form that was asked for. */
P2vRootsTrees *p2v_roots_choose_form (const P2vSystemSearch *search,
                                     P2vRootsTrees         *trees,
                                     gsize                  n_forms,
                                     GError               **error);

/* What is left of the roots of one form. */
typedef struct
{
  GArray *roots;         /* P2vPhysAddr: by address */
  guint   n_user_slots;
  guint   n_copies;      /* left out: roots with the same user half as another */
  gboolean is_compared;  /* there were enough of them to say what they have in common */
  gboolean has_common;   /* most had an entry in common */
  guint   n_strangers;   /* left out: without what most have in common */
  P2vPhysAddr first_stranger_pa;
  guint   n_shared;      /* entries behind the user half that all have in common */
  guint   n_self;        /* roots with an entry that leads to themselves */
  gboolean grants_execute; /* copies may execute what the roots that were kept may not */
} P2vRootsChoice;

/* p2v-roots-choice.c */
void     p2v_roots_choice_init      (P2vRootsChoice        *self,
                                     P2vRootsTrees         *trees);
/* Where both halves have one root, the kernel's half is the same in most: else they are none. */
gboolean p2v_roots_choice_is_credible (const P2vRootsChoice *self,
                                     const P2vRootsTrees   *trees);
void     p2v_roots_choice_clear     (P2vRootsChoice        *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (P2vRootsChoice, p2v_roots_choice_clear)
