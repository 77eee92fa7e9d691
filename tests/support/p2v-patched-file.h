/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* A file in memory that a fuzz target damages and restores: made once, for that takes longer than
 * to look at it. */

#pragma once

#include <glib.h>

#define P2V_PATCH_BYTES 12
#define P2V_MAX_PATCHES 64

typedef struct
{
  guint8 *bytes;               /* as it was made; NULL: not yet */
  gsize   length;
  int     fd;                  /* with the same bytes, between runs */
  gsize   n_patches;
  gsize   places[P2V_MAX_PATCHES], lengths[P2V_MAX_PATCHES];
} P2vPatchedFile;

void  p2v_patched_file_init     (P2vPatchedFile       *self,
                                 const guint8         *bytes,
                                 gsize                 length);
/* (transfer full) */
char *p2v_patched_file_dup_path (const P2vPatchedFile *self);
/* @patches: P2V_PATCH_BYTES each, an operation, a place in three bytes, and a value: up to 8 of
 * those bytes, a word of another place, or 64 times the same byte. */
void  p2v_patched_file_apply    (P2vPatchedFile       *self,
                                 const guint8         *patches,
                                 gsize                 length);
void  p2v_patched_file_restore  (P2vPatchedFile       *self);
