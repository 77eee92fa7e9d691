/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Recipes: small texts that describe physical memory and page tables, and what must be found in
 * them. The expectations are stated, not computed by the code under test. One statement a line, #
 * begins a comment:
 *
 *    form ID                the paging form: x86-64-4 or another id; comes first
 *    memory PA LENGTH       a run of physical memory, zeros at first; as many as there are
 *    slots N                how many entries of the roots that follow are the lower half; 256 at
 *                           first
 *    space ROOT_PA          an address space: the root's lower half; numbered from 0 in the order
 *                           they stand
 *    kernel ROOT_PA BASE_VA an address space: the root's upper half; BASE_VA is of entry 0
 *    entry TABLE_PA[INDEX] VALUE
 *                           an entry of a page table, of the form's size, little-endian
 *    detour VALUE PA        where an indirect entry of that value leads; those that no line names
 *                           lead nowhere
 *    page SPACE VA PA SIZE RIGHTS STATE
 *                           an expected mapping: 4K or the like; rwxu with - for what is missing;
 *                           valid, prot-none, prototype ...; by space, then address
 *    report SPACE COUNTER N an expected counter: missing, looped, malformed, root-missing,
 *                           too-many; all others must be 0 */

#pragma once

#include "paging/p2v-paging.h"
#include "p2v-image-writers.h"

typedef struct
{
  guint       space;
  P2vVirtAddr va;
  P2vPhysAddr pa;
  guint       page_shift;
  P2vRights   rights;
  P2vState    state;
} P2vRecipePage;

typedef struct
{
  guint64     value;
  P2vPhysAddr pa;
} P2vRecipeDetour;

typedef enum
{
  P2V_RECIPE_MISSING,
  P2V_RECIPE_LOOPED,
  P2V_RECIPE_MALFORMED,
  P2V_RECIPE_ROOT_MISSING,
  P2V_RECIPE_TOO_MANY,
  P2V_RECIPE_N_COUNTERS,
} P2vRecipeCounter;

typedef struct
{
  const P2vPagingForm *form;
  guint                n_user_slots;   /* of the roots that come next */
  GArray              *memory;         /* P2vTestMemory; the bytes are the recipe's */
  GArray              *roots;          /* P2vPagingRoot */
  GArray              *detours;        /* P2vRecipeDetour */
  GArray              *pages;          /* P2vRecipePage */
  GArray              *counters;       /* guint[P2V_RECIPE_N_COUNTERS] by space */
} P2vRecipe;

/* Reads a recipe; NULL with a message on stderr that names the line if it is malformed. */
P2vRecipe *p2v_recipe_load (const char *path);
void       p2v_recipe_free (P2vRecipe  *recipe);
/* The 8 bytes at @pa of the recipe's memory, or NULL: for tests that build memory by themselves. */
guint8    *p2v_recipe_find (P2vRecipe  *recipe,
                            P2vPhysAddr pa);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vRecipe, p2v_recipe_free)
