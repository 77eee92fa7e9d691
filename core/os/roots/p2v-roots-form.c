/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Which paging form the roots in an image are of. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "image/p2v-image-private.h"
#include "os/roots/p2v-roots-private.h"

/* Tables of another form are passed over if they map so many times fewer pages: one for the kernel
 * alone, read wrongly, may seem to have some. */
#define ACCIDENT 8

/* Even of a system that has swapped out nearly all, this many entries that the processor ignores
 * are to be expected for each page that is there, over all processes together. */
#define FOREIGN_FOR_A_USED 4

/* A form by which there are roots. */
typedef struct
{
  P2vRootsTrees *trees;
  GHashTable *tables; /* P2vRootsTable * */
  GHashTable *frames; /* the frames that they touch: address / P2V_FRAME_SIZE */
  guint64 n_used;     /* pages that user mode has used, by each table once */
  guint64        n_foreign;    /* entries of them that the processor ignores */
} Claim;

static Claim *
claim_new (P2vRootsTrees *trees)
{
  Claim *self = g_new (Claim, 1);
  GHashTableIter iter;
  gpointer pointer;

  *self = (Claim){ trees, p2v_roots_tables_new (), g_hash_table_new (NULL, NULL), 0, 0 };
  for (guint i = 0; i < trees->roots->len; i++)
    p2v_roots_trees_note_tables (trees, g_array_index (trees->roots, P2vPhysAddr, i), self->tables);
  g_hash_table_iter_init (&iter, self->tables);
  while (g_hash_table_iter_next (&iter, &pointer, NULL))
    {
      const P2vRootsTable *table = pointer;
      self->n_used += table->n_used;
      self->n_foreign += table->n_foreign;
      for (guint64 offset = 0; offset < table->bytes; offset += P2V_FRAME_SIZE)
        g_hash_table_add (self->frames, GSIZE_TO_POINTER ((table->pa + offset) >> P2V_FRAME_SHIFT));
    }
  return self;
}

static void
claim_free (gpointer data)
{
  Claim *self = data;

  g_hash_table_unref (self->tables);
  g_hash_table_unref (self->frames);
  g_free (self);
}

/* The pages in tables of @other that are none by @self. */
static guint64
weigh_rest (const Claim *self, const Claim *other)
{
  GHashTableIter iter;
  gpointer pointer;
  guint64 n_used = 0;

  g_hash_table_iter_init (&iter, other->tables);
  while (g_hash_table_iter_next (&iter, &pointer, NULL))
    {
      const P2vRootsTable *table = pointer;
      if (!g_hash_table_contains (self->frames, GSIZE_TO_POINTER (table->pa >> P2V_FRAME_SHIFT)))
        n_used += table->n_used;
    }
  return n_used;
}

/* Whether tables of @self are nearly all tables that there are. *@ret_rival is the first of the
 * others that has more. */
static gboolean
explains_all (const Claim *self, GPtrArray *claims, const Claim **ret_rival)
{
  for (guint i = 0; i < claims->len; i++)
    {
      const Claim *other = g_ptr_array_index (claims, i);
      if (other == self
          || (other->n_used / ACCIDENT <= self->n_used
              && weigh_rest (self, other) <= self->n_used / ACCIDENT))
        continue;
      *ret_rival = other;
      return FALSE;
    }
  return TRUE;
}

static gboolean
is_dubious (const Claim *self)
{
  return self->n_foreign / FOREIGN_FOR_A_USED > self->n_used;
}

/* Data that is taken for tables is full of entries that the processor would ignore. Claims to such
 * are dropped, unless all are. */
static void
drop_dubious (GPtrArray *claims)
{
  guint n_dubious = 0;

  for (guint i = 0; i < claims->len; i++)
    n_dubious += is_dubious (g_ptr_array_index (claims, i)) ? 1 : 0;
  for (guint i = claims->len; i-- > 0 && n_dubious < claims->len;)
    if (is_dubious (g_ptr_array_index (claims, i)))
      {
        n_dubious--;
        g_ptr_array_remove_index (claims, i);
      }
}

static guint
get_page_shift (const P2vPagingForm *form)
{
  return form->levels[form->n_levels - 1].shift;
}

/* Parts of tables for larger pages are good tables for smaller ones; tables of the lower levels are
 * good roots of forms with fewer levels; and where roots are so small that several share a frame,
 * as many of one form are one of another. So larger pages, then more levels, then more roots come
 * first. */
static int
compare_claims (gconstpointer a, gconstpointer b)
{
  const P2vRootsTrees *x = (*(Claim *const *) a)->trees, *y = (*(Claim *const *) b)->trees;
  const P2vPagingForm *form_x = x->tables.form, *form_y = y->tables.form;

  if (get_page_shift (form_x) != get_page_shift (form_y))
    return get_page_shift (form_x) < get_page_shift (form_y) ? 1 : -1;
  if (form_x->n_levels != form_y->n_levels)
    return form_x->n_levels < form_y->n_levels ? 1 : -1;
  if (x->roots->len != y->roots->len)
    return x->roots->len < y->roots->len ? 1 : -1;
  return (form_x->va_bits > form_y->va_bits) - (form_x->va_bits < form_y->va_bits);
}

/* What speaks against the form of @trees. */
static char *
dup_objection (const P2vRootsTrees *trees)
{
  const P2vRootsMiss *miss = &trees->best_miss;

  if (trees->roots->len > 0)
    return g_strdup_printf (
        ngettext ("%u root of that form, the first at 0x%" PRIx64 ", leaves tables unexplained",
                  "%u roots of that form, the first at 0x%" PRIx64 ", leave tables unexplained",
                  trees->roots->len),
        trees->roots->len, g_array_index (trees->roots, P2vPhysAddr, 0));
  if (trees->best_n_sound > 0 && miss->entry_pa != 0)
    return g_strdup_printf (
        _ ("no root of that form was found; from the most likely place, 0x%" PRIx64
           ", entries lead nowhere, such as 0x%" PRIx64 " at 0x%" PRIx64),
        miss->root_pa, miss->entry, miss->entry_pa);
  if (trees->n_candidates == 0)
    return g_strdup (_ ("no place in memory looks like a root of that form"));
  return g_strdup_printf (ngettext ("%" PRIu64
                                    " place looks like a root of that form, but leads to "
                                    "no page that user mode has used",
                                    "%" PRIu64 " places look like roots of that form, but lead to "
                                    "no page that user mode has used",
                                    (gulong) trees->n_candidates),
                          trees->n_candidates);
}

/* @forced is the form that was asked for, @chosen the one that the tables are of, or NULL. */
static void
set_forced_error (const P2vSystemSearch *search,
                  const P2vRootsTrees *forced,
                  const P2vRootsTrees *chosen,
                  GError **error)
{
  const char *image = p2v_image_get_display_name (search->image);
  const char *form = _ (forced->tables.form->name);
  g_autofree char *objection = dup_objection (forced);

  if (chosen == NULL)
    /* Translators: file, paging form, what speaks against it. */
    g_set_error (
        error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
        _ ("“%s”: no operating system was recognized, nor page tables of any form, %s among "
           "them: %s; is it a complete image of physical memory?"),
        image, form, objection);
  else
    /* Translators: file, the page tables' form, number, address, the form that was asked for, what
     * speaks against it, id of the first. */
    g_set_error (
        error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
        _ ("“%s”: no operating system was recognized, and its page tables are %s (%u roots, "
           "the first at 0x%" PRIx64 "), not %s: %s; give --paging %s, or leave it out"),
        image, _ (chosen->tables.form->name), chosen->roots->len,
        g_array_index (chosen->roots, P2vPhysAddr, 0), form, objection, chosen->tables.form->id);
}

static void
set_rivals_error (const P2vSystemSearch *search,
                  const P2vRootsTrees *first,
                  const P2vRootsTrees *second,
                  GError **error)
{
  g_set_error (
      error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
      _ ("“%s”: no operating system was recognized, and its page tables can be read in two "
         "ways: as %s there are %u roots, the first at 0x%" PRIx64
         ", as %s %u, the first at 0x%" PRIx64 "; say which with --paging %s or --paging %s"),
      p2v_image_get_display_name (search->image), _ (first->tables.form->name), first->roots->len,
      g_array_index (first->roots, P2vPhysAddr, 0), _ (second->tables.form->name),
      second->roots->len, g_array_index (second->roots, P2vPhysAddr, 0), first->tables.form->id,
      second->tables.form->id);
}

/* The form of the claim that explains all others; NULL if none does, and then *@ret_first and
 * *@ret_rival are two that contradict each other, or NULL. */
static P2vRootsTrees *
find_best (GPtrArray *claims, P2vRootsTrees **ret_first, P2vRootsTrees **ret_rival)
{
  const Claim *first = NULL, *rival = NULL;

  for (guint i = 0; i < claims->len; i++)
    {
      const Claim *claim = g_ptr_array_index (claims, i), *other;
      if (explains_all (claim, claims, &other))
        return claim->trees;
      if (first == NULL || claim->n_used > first->n_used)
        {
          first = claim;
          rival = other;
        }
    }
  *ret_first = first != NULL ? first->trees : NULL;
  *ret_rival = rival != NULL ? rival->trees : NULL;
  return NULL;
}

static P2vRootsTrees *
find_forced (const P2vSystemSearch *search, P2vRootsTrees *trees, gsize n_forms)
{
  for (gsize i = 0; i < n_forms; i++)
    if (trees[i].tables.form == search->form)
      return &trees[i];
  return NULL;
}

P2vRootsTrees *
p2v_roots_choose_form (const P2vSystemSearch *search,
                       P2vRootsTrees *trees,
                       gsize n_forms,
                       GError **error)
{
  g_autoptr (GPtrArray) claims = g_ptr_array_new_with_free_func (claim_free);
  P2vRootsTrees *first = NULL, *rival = NULL;
  P2vRootsTrees *forced = find_forced (search, trees, n_forms);

  for (gsize i = 0; i < n_forms; i++)
    if (trees[i].roots->len > 0)
      g_ptr_array_add (claims, claim_new (&trees[i]));
  drop_dubious (claims);
  g_ptr_array_sort (claims, compare_claims);
  P2vRootsTrees *best = find_best (claims, &first, &rival);
  if (best == NULL && first != NULL && forced != NULL && forced->roots->len > 0)
    best = forced;
  if (best != NULL && (forced == NULL || best == forced))
    return best;
  if (forced != NULL)
    set_forced_error (search, forced, best != NULL ? best : first, error);
  else if (first != NULL)
    set_rivals_error (search, first, rival, error);
  else
    g_set_error_literal (error, P2V_OS_ERROR, P2V_OS_ERROR_NOT_DETECTED, "no page tables");
  return NULL;
}
