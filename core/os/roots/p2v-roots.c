/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The last back end: no system is recognized, but its page tables are. Each root is answered as a
 * process without a pid, named after the root's address. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "image/p2v-image-private.h"
#include "os/roots/p2v-roots-private.h"

#define METHOD_ROOTS 1u

static const P2vMethod methods[] = {
  { METHOD_ROOTS, "roots",
    N_ ("All of memory, searched for roots of page tables of any paging form") },
};

/* All forms are tried, whichever was asked for: others may speak against it. Windows' joined halves
 * are those of AArch64 with 48 bits, but for the upper half, and only tried if they are meant. */
static gsize
init_trees (const P2vSystemSearch *search, P2vRootsTrees *trees)
{
  gsize n = 0;

  for (gsize i = 0; i < P2V_PAGING_N_FORMS; i++)
    {
      const P2vPagingForm *form = p2v_paging_forms[i];
      const P2vPagingForm *unwanted = search->form == &p2v_paging_form_aarch64_4k_joined
                                          ? &p2v_paging_form_aarch64_4k_48
                                          : &p2v_paging_form_aarch64_4k_joined;
      if (form != unwanted)
        p2v_roots_trees_init (&trees[n++], search->image, form);
    }
  return n;
}

/* Whether a processor ran on this root, or on the copy of it in the next frame. */
static gboolean
is_hint (P2vImage *image,
         const P2vPageTables *tables,
         const P2vRootsChoice *choice,
         P2vPhysAddr hint_pa)
{
  P2vPhysAddr root_pa = hint_pa & tables->pa_mask & ~(p2v_roots_get_root_bytes (tables->form) - 1);

  for (guint i = 0; i < choice->roots->len; i++)
    {
      P2vPhysAddr pa = g_array_index (choice->roots, P2vPhysAddr, i);
      if (root_pa == pa || (choice->n_copies > 0 && root_pa == pa + P2V_FRAME_SIZE))
        return TRUE;
    }
  return FALSE;
}

static void
add_processors (P2vSystem *system, const P2vPageTables *tables, const P2vRootsChoice *choice)
{
  GArray *hints = p2v_image_get_hints (tables->image)->page_table_roots;

  for (guint i = 0; i < hints->len; i++)
    {
      P2vPhysAddr pa = g_array_index (hints, P2vPhysAddr, i);
      p2v_system_take_fact (
          system, N_ ("Processor"),
          g_strdup_printf (is_hint (tables->image, tables, choice, pa)
                               ? _ ("%u: page tables at 0x%" PRIx64 ", one of the roots")
                               : _ ("%u: page tables at 0x%" PRIx64
                                    ", none of the roots: those of the kernel alone, or not found"),
                           i, pa));
    }
}

static void
add_left_out (P2vSystem *system, const P2vRootsChoice *choice)
{
  if (choice->n_copies > 0)
    p2v_system_take_fact (
        system, N_ ("Other page tables"),
        g_strdup_printf (ngettext ("%u root with the same user half as another",
                                   "%u roots with the same user half as another", choice->n_copies),
                         choice->n_copies));
  if (choice->n_strangers > 0)
    p2v_system_take_diagnostic (
        system, g_strdup_printf (
                    ngettext ("%u place that looks like a root, at 0x%" PRIx64 ", lacks what most "
                              "roots have in common, and is left out: it may be of an earlier "
                              "boot, or of a machine within this one",
                              "%u places that look like roots, the first at 0x%" PRIx64 ", lack "
                              "what most roots have in common, and are left out: they may be of "
                              "an earlier boot, or of a machine within this one",
                              choice->n_strangers),
                    choice->n_strangers, choice->first_stranger_pa));
}

/* Why the roots are believed. */
static void
add_evidence (P2vSystem *system,
              const P2vRootsTrees *trees,
              const P2vRootsChoice *choice,
              const P2vRootsSum *sum)
{
  p2v_system_take_fact (
      system, N_ ("Roots of page tables"),
      g_strdup_printf (_ ("%u, by what they hold: %" PRIu64 " entries make sense, %" PRIu64
                          " do not; they lead to %" PRIu64 " pages that user mode has used"),
                       choice->roots->len, sum->n_sound, sum->n_strange, sum->n_used));
  if (!trees->tables.form->has_two_roots)
    p2v_system_take_fact (
        system, N_ ("Common to all roots"),
        g_strdup_printf (ngettext ("%u entry behind the user half",
                                   "%u entries behind the user half", choice->n_shared),
                         choice->n_shared));
  if (choice->n_self > 0)
    p2v_system_take_fact (system, N_ ("Self-references"),
                          g_strdup_printf (ngettext ("%u root leads to itself",
                                                     "%u roots lead to themselves", choice->n_self),
                                           choice->n_self));
}

/* Of entries that the processor ignores the address cannot be told from other numbers: Linux on
 * x86-64 keeps that of a page without rights inverted, on i386 as it stands, with another bit set
 * on arm64, Windows that of a page in transition as it stands; and each has places in swap files
 * beside those, any of which could be the address of memory in the image. So they are counted. */
static void
add_diagnostics (P2vSystem *system, const P2vRootsSum *sum)
{
  p2v_system_take_diagnostic (
      system,
      g_strdup (_ ("No operating system was recognized: processes have no names but the roots "
                   "of their page tables, there are no areas and files, and the kernel’s half "
                   "is not told")));
  if (sum->n_foreign > 0)
    p2v_system_take_diagnostic (
        system, g_strdup_printf (
                    ngettext ("%" PRIu64 " entry of the page tables is neither empty nor one that "
                              "the processor takes. It may be a page in memory that was locked "
                              "away for a time, or a place in a swap file: systems write both in "
                              "ways of their own, so that it is not answered. vtop shows it",
                              "%" PRIu64 " entries of the page tables are neither empty nor such "
                              "that the processor takes them. They may be pages in memory that "
                              "were locked away for a time, or places in a swap file: systems "
                              "write both in ways of their own, so that they are not answered. "
                              "vtop shows them",
                              (gulong) sum->n_foreign),
                    sum->n_foreign));
}

static void
add_roots (P2vSystem *system, P2vRootsTrees *trees, const P2vRootsChoice *choice)
{
  P2vRootsSum all = { 0 };

  for (guint i = 0; i < choice->roots->len; i++)
    {
      P2vPhysAddr root_pa = g_array_index (choice->roots, P2vPhysAddr, i);
      g_autoptr (P2vAddressSpace) space = p2v_address_space_new (root_pa, 0);
      P2vRootsSum sum = p2v_roots_trees_sum (trees, 0, root_pa);
      p2v_system_take_unknown (system, space, P2V_PROCESS_UNKNOWN, METHOD_ROOTS);
      all.n_used += sum.n_used;
      all.n_sound += sum.n_sound;
      all.n_strange += sum.n_strange;
      all.n_foreign += sum.n_foreign;
    }
  add_evidence (system, trees, choice, &all);
  add_left_out (system, choice);
  add_processors (system, &trees->tables, choice);
  add_diagnostics (system, &all);
}

/* TRUE if the person says so, or the roots do. */
static gboolean
check_choice (const P2vSystemSearch *search,
              const P2vRootsTrees   *trees,
              const P2vRootsChoice  *choice,
              GError               **error)
{
  if (search->form != NULL || p2v_roots_choice_is_credible (choice, trees))
    return TRUE;
  g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
               _("“%s”: no operating system was recognized, and how its page tables are made "
                 "cannot be told: read as %s, %u places look like roots, the first at 0x%" PRIx64
                 ", but have no kernel’s half in common; is the image complete? If that is the "
                 "right form, give --paging %s"),
               p2v_image_get_display_name (search->image), _(trees->tables.form->name),
               trees->roots->len, g_array_index (trees->roots, P2vPhysAddr, 0),
               trees->tables.form->id);
  return FALSE;
}

static gboolean
open_with_trees (P2vSystem *system,
                 const P2vSystemSearch *search,
                 P2vRootsTrees *trees,
                 gsize n_forms,
                 GError **error)
{
  if (!p2v_roots_search (search, trees, n_forms, error))
    return FALSE;
  P2vRootsTrees *chosen = p2v_roots_choose_form (search, trees, n_forms, error);
  if (chosen == NULL)
    return FALSE;

  g_auto (P2vRootsChoice) choice = { 0 };
  p2v_roots_choice_init (&choice, chosen);
  if (!check_choice (search, chosen, &choice, error))
    return FALSE;
  P2vPageTables tables = chosen->tables;
  tables.n_user_root_slots = choice.n_user_slots;
  tables.root_grants = choice.grants_execute ? P2V_RIGHTS_EXECUTE : P2V_RIGHTS_NONE;
  p2v_system_set_title (system, _ ("Not recognized"));
  p2v_system_set_page_tables (system, &tables);
  add_roots (system, chosen, &choice);
  return TRUE;
}

static gboolean
open_roots (P2vSystem *system, const P2vSystemSearch *search, GError **error)
{
  P2vRootsTrees trees[P2V_PAGING_N_FORMS];
  gsize n_forms = init_trees (search, trees);
  gboolean ok = open_with_trees (system, search, trees, n_forms, error);

  for (gsize i = 0; i < n_forms; i++)
    p2v_roots_trees_clear (&trees[i]);
  return ok;
}

/* Nothing is known of areas. */
static gboolean
load_regions (P2vSystem *system, P2vAddressSpace *space, GPtrArray *regions, GError **error)
{
  return TRUE;
}

const P2vSystemBackend p2v_roots_backend = {
  .id = "roots",
  .methods = methods,
  .n_methods = G_N_ELEMENTS (methods),
  .open = open_roots,
  .load_regions = load_regions,
};
