/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "os/linux/p2v-linux-roots.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

/* Below this the kernel has what starts other processors, which begin in 16-bit mode. Source: Intel
 * SDM 3A 9.4.4 (the start-up vector is a page below 1 MiB). */
#define START_UP_END ((P2vPhysAddr) 1 << 20)

/* Owners that are told one by one; of more, only the number is told. */
#define MAX_UNKNOWN_TOLD 10

/* Address spaces that the kernel makes for itself: pointers to an mm_struct, or one itself. Source:
 * Linux arch/x86/kernel/alternative.c, drivers/firmware/efi/efi.c, arch/x86/kernel/tboot.c. */
static const struct
{
  P2vLinuxSymbol  symbol;
  const char     *name;
  gboolean        is_pointer;
} kernel_mms[] = {
  { LINUX_SYMBOL_POKING_MM, "poking_mm", TRUE },
  { LINUX_SYMBOL_EFI_MM, "efi_mm", FALSE },
  { LINUX_SYMBOL_TBOOT_MM, "tboot_mm", FALSE },
};

static gboolean
add_address (GHashTable *set,
             guint64     address)
{
  return g_hash_table_add (set, g_memdup2 (&address, sizeof address));
}

void
p2v_linux_roots_init (P2vLinuxRoots          *self,
                      P2vLinuxMarks          *marks,
                      const P2vLinuxFindings *findings)
{
  *self = (P2vLinuxRoots) {
    .marks = marks,
    .findings = findings,
    .seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL),
    .told = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL),
  };
  for (guint i = 0; i < findings->roots->len; i++)
    add_address (self->seen, g_array_index (findings->roots, P2vPhysAddr, i));
}

void
p2v_linux_roots_clear (P2vLinuxRoots *self)
{
  g_clear_pointer (&self->seen, g_hash_table_unref);
  g_clear_pointer (&self->told, g_hash_table_unref);
}

gboolean
p2v_linux_roots_has (P2vLinuxRoots *self,
                     P2vPhysAddr    root_pa)
{
  return g_hash_table_contains (self->seen, &root_pa);
}

/* The mm_struct that the kernel notes in the struct page of a root. Source: Linux
 * include/linux/mm_types.h, pt_mm of struct page, of struct ptdesc since 6.6; arch/x86/mm/pgtable.c
 * pgd_set_mm(). */
static gboolean
find_mm_of_root (P2vLinuxRoots *self,
                 P2vPhysAddr    root_pa,
                 P2vLinuxMm    *ret_mm)
{
  P2vLinuxFinder *finder = self->marks->finder;
  const P2vLinux *kernel = finder->kernel;
  P2vLinuxField field =
    kernel->layout[LINUX_PAGE_PT_MM].known ? LINUX_PAGE_PT_MM : LINUX_PTDESC_PT_MM;
  const char *size_text = g_hash_table_lookup (kernel->vmcoreinfo, "SIZE(page)");
  P2vVirtAddr symbol_va = kernel->symbols[LINUX_SYMBOL_VMEMMAP_BASE].va;
  guint64 page_bytes, base_va, mm_va;

  return kernel->layout[field].known && symbol_va != 0 && size_text != NULL &&
         g_ascii_string_to_unsigned (size_text, 10, 1, P2V_FRAME_SIZE, &page_bytes, NULL) &&
         p2v_linux_read_word_at (kernel, finder->memory, symbol_va, &base_va) &&
         p2v_linux_read_word (kernel, finder->memory,
                             base_va + (root_pa >> P2V_FRAME_SHIFT) * page_bytes, field, &mm_va) &&
         p2v_linux_is_mm (self->marks, mm_va, ret_mm) && ret_mm->root_pa == root_pa;
}

static void
note_mms_of_tasks (P2vLinuxFinder *finder,
                   GHashTable     *mms)
{
  for (guint i = 0; i < finder->tasks->len; i++)
    {
      const P2vLinuxTask *task = &g_array_index (finder->tasks, P2vLinuxTask, i);
      if (p2v_linux_task_has_space (task))
        add_address (mms, task->mm);
    }
}

/* A task that is not to be found may still be the one that an mm_struct names. */
static void
see_owner (P2vLinuxFinder   *finder,
           const P2vLinuxMm *mm,
           guint             method)
{
  P2vLinuxTask task;

  if (mm->owner_va != 0 && p2v_linux_read_task (finder, mm->owner_va, &task) && task.pid > 0 &&
      task.mm == mm->va)
    (void) !p2v_linux_see_task (finder, mm->owner_va, method);
}

void
p2v_linux_roots_see_owners (P2vLinuxRoots *self)
{
  P2vLinuxFinder *finder = self->marks->finder;
  g_autoptr (GHashTable) mms = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  P2vLinuxMm mm;

  note_mms_of_tasks (finder, mms);
  for (guint i = 0; i < self->findings->mms->len; i++)
    if (p2v_linux_is_mm (self->marks, g_array_index (self->findings->mms, P2vVirtAddr, i), &mm) &&
        add_address (mms, mm.va))
      see_owner (finder, &mm, P2V_LINUX_METHOD_OBJECTS);
  for (guint i = 0; i < self->findings->roots->len; i++)
    if (find_mm_of_root (self, g_array_index (self->findings->roots, P2vPhysAddr, i), &mm) &&
        add_address (mms, mm.va))
      see_owner (finder, &mm, P2V_LINUX_METHOD_ROOTS);
}

/* A line of `pas2vas info`, once a root. */
static void
tell_kernel_root (P2vLinuxRoots *self,
                  P2vPhysAddr    root_pa,
                  const char    *what)
{
  if (add_address (self->told, root_pa))
    p2v_system_take_fact (self->marks->finder->system, N_("Other page tables"),
                          g_strdup_printf ("0x%" PRIx64 " (%s)", root_pa, what));
}

static void
tell_kernel_mms (P2vLinuxRoots *self)
{
  P2vLinuxFinder *finder = self->marks->finder;

  for (gsize i = 0; i < G_N_ELEMENTS (kernel_mms); i++)
    {
      P2vVirtAddr mm_va = finder->kernel->symbols[kernel_mms[i].symbol].va, pgd_va;
      P2vPhysAddr root_pa;
      if (mm_va != 0 &&
          (!kernel_mms[i].is_pointer ||
           p2v_linux_read_word_at (finder->kernel, finder->memory, mm_va, &mm_va)) &&
          p2v_linux_read_word (finder->kernel, finder->memory, mm_va, LINUX_MM_PGD, &pgd_va) &&
          pgd_va != 0 && p2v_virtual_memory_translate (finder->memory, pgd_va, &root_pa) &&
          root_pa != finder->kernel->root_pa)
        tell_kernel_root (self, root_pa, kernel_mms[i].name);
    }
}

/* Roots that are no address space's, for a process's does not look so. */
static void
tell_kernel_roots (P2vLinuxRoots *self)
{
  const P2vLinux *kernel = self->marks->finder->kernel;

  for (guint i = 0; i < self->findings->roots->len; i++)
    {
      P2vPhysAddr root_pa = g_array_index (self->findings->roots, P2vPhysAddr, i);
      gboolean is_whole = FALSE;
      if (root_pa == kernel->root_pa)
        add_address (self->told, root_pa);
      else if (root_pa < START_UP_END)
        tell_kernel_root (self, root_pa, _("for starting processors"));
      else if (!p2v_linux_is_root (self->marks, root_pa, &is_whole) || !is_whole)
        tell_kernel_root (self, root_pa, _("without the map of all memory"));
    }
}

/* Whether an entry of the user half leads to a table in the image. */
static gboolean
has_user_tables (const P2vLinux *kernel,
                 P2vPhysAddr     root_pa)
{
  const P2vPagingLevel *top = &kernel->tables.form->levels[0];
  g_autofree guint64 *entries = g_new (guint64, (gsize) 1 << top->index_bits);
  P2vPagingLeaf leaf;

  if (p2v_paging_read_tables (&kernel->tables, top, root_pa, 1, entries, NULL) != P2V_READ_OK)
    return FALSE;
  for (guint i = 0; i < kernel->tables.n_user_root_slots; i++)
    if (p2v_paging_decode (&kernel->tables, top, entries[i], &leaf) == P2V_ENTRY_TABLE &&
        p2v_image_contains (kernel->image, leaf.pa))
      return TRUE;
  return FALSE;
}

static gboolean
stop_at_user_page (const P2vWalkedPage *page,
                   gpointer             user_data)
{
  gboolean *found = user_data;

  *found = (page->rights & P2V_RIGHTS_USER) != 0 || page->state != P2V_STATE_VALID;
  return !*found;
}

/* Whether user mode has a page there. The kernel's own roots, which are not known by name where
 * there are no data symbols, have tables in the user half but pages for the kernel alone, or none.
 */
static gboolean
has_user_pages (const P2vLinux *kernel,
                P2vPhysAddr     root_pa)
{
  P2vPagingRoot root = p2v_page_tables_get_user_root (&kernel->tables, root_pa);
  P2vWalkReport report = { 0 };
  gboolean found = FALSE;

  return p2v_paging_walk (&kernel->tables, &root, stop_at_user_page, &found, &report, NULL, NULL) &&
         found;
}

/* The path of the program that an address space was made for. */
static char *
dup_program (P2vLinuxFinder *finder,
             P2vVirtAddr     mm_va)
{
  P2vVirtAddr file_va;

  if (mm_va == 0 || !finder->kernel->layout[LINUX_MM_EXE_FILE].known ||
      !p2v_linux_read_word (finder->kernel, finder->memory, mm_va, LINUX_MM_EXE_FILE, &file_va) ||
      file_va == 0)
    return g_strdup (_("not known"));
  return p2v_linux_dup_file_path (finder->kernel, finder->memory, file_va);
}

static void
report_unknown (P2vLinuxFinder *finder,
                P2vPhysAddr     root_pa,
                P2vVirtAddr     mm_va)
{
  g_autofree char *program = dup_program (finder, mm_va);

  p2v_system_take_diagnostic (
    finder->system,
    /* Translators: address, path of a program or "not known". */
    g_strdup_printf (_("The page tables with their root at 0x%" PRIx64
                       " belong to no process that was found (program: %s): it is hidden and its "
                       "structure was wiped, or it is just starting or exiting"),
                     root_pa, program));
}

/* Adds a process without a pid; @mm_va is 0 if no mm_struct is known. */
static void
add_unknown (P2vLinuxRoots *self,
             P2vPhysAddr    root_pa,
             P2vVirtAddr    mm_va,
             guint          methods,
             guint         *n_unknown)
{
  P2vLinuxFinder *finder = self->marks->finder;
  g_autoptr (P2vAddressSpace) space = mm_va != 0
                                        ? g_object_ref (p2v_linux_get_space (finder, mm_va))
                                        : p2v_address_space_new (root_pa, 0);

  add_address (self->told, root_pa);
  p2v_system_take_unknown (finder->system, space, P2V_PROCESS_UNKNOWN | P2V_PROCESS_HIDDEN,
                           methods);
  if ((*n_unknown)++ < MAX_UNKNOWN_TOLD)
    report_unknown (finder, root_pa, mm_va);
}

static void
add_unknown_mms (P2vLinuxRoots *self,
                 guint         *n_unknown)
{
  for (guint i = 0; i < self->findings->mms->len; i++)
    {
      P2vLinuxMm mm;
      if (!p2v_linux_is_mm (self->marks, g_array_index (self->findings->mms, P2vVirtAddr, i), &mm)
          || g_hash_table_contains (self->told, &mm.root_pa))
        continue;
      guint methods = P2V_LINUX_METHOD_OBJECTS;
      if (p2v_linux_roots_has (self, mm.root_pa))
        methods |= P2V_LINUX_METHOD_ROOTS;
      add_unknown (self, mm.root_pa, mm.va, methods, n_unknown);
    }
}

/* Parts of the kernel's image are given to processes once it has started, so that being there says
 * nothing of a root that has user mappings. */
static void
tell_empty_root (P2vLinuxRoots *self,
                 P2vPhysAddr    root_pa,
                 guint         *n_empty)
{
  const P2vLinux *kernel = self->marks->finder->kernel;
  P2vVirtAddr image_va = root_pa + kernel->delta;

  if (image_va >= kernel->symbols[LINUX_SYMBOL_TEXT].va &&
      image_va < kernel->symbols[LINUX_SYMBOL_END].va)
    tell_kernel_root (self, root_pa, _("in the kernel's image"));
  else
    (*n_empty)++;
}

static void
add_unknown_roots (P2vLinuxRoots *self,
                   guint         *n_unknown)
{
  P2vLinuxFinder *finder = self->marks->finder;
  guint n_empty = 0;

  for (guint i = 0; i < self->findings->roots->len; i++)
    {
      P2vPhysAddr root_pa = g_array_index (self->findings->roots, P2vPhysAddr, i);
      P2vLinuxMm mm;
      if (g_hash_table_contains (self->told, &root_pa))
        continue;
      if (find_mm_of_root (self, root_pa, &mm))
        add_unknown (self, root_pa, mm.va, P2V_LINUX_METHOD_ROOTS, n_unknown);
      else if (has_user_tables (finder->kernel, root_pa) &&
               has_user_pages (finder->kernel, root_pa))
        add_unknown (self, root_pa, 0, P2V_LINUX_METHOD_ROOTS, n_unknown);
      else
        tell_empty_root (self, root_pa, &n_empty);
    }
  if (n_empty > 0)
    p2v_system_take_fact (finder->system, N_("Other page tables"),
                          g_strdup_printf (ngettext ("%u root without user mappings, of an address "
                                                     "space that has ended",
                                                     "%u roots without user mappings, of address "
                                                     "spaces that have ended",
                                                     n_empty),
                                           n_empty));
}

static void
note_roots_of_spaces (P2vLinuxRoots *self)
{
  GHashTableIter iter;
  gpointer space;

  g_hash_table_iter_init (&iter, self->marks->finder->spaces);
  while (g_hash_table_iter_next (&iter, NULL, &space))
    add_address (self->told, p2v_address_space_get_root_pa (space));
}

void
p2v_linux_roots_add_unknown (P2vLinuxRoots *self)
{
  guint n_unknown = 0;

  note_roots_of_spaces (self);
  tell_kernel_mms (self);
  tell_kernel_roots (self);
  add_unknown_mms (self, &n_unknown);
  add_unknown_roots (self, &n_unknown);
  if (n_unknown > MAX_UNKNOWN_TOLD)
    p2v_system_take_diagnostic (
      self->marks->finder->system,
      g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                    "%u more root of page tables belongs to no process that was "
                                    "found",
                                    "%u more roots of page tables belong to no process that was "
                                    "found",
                                    n_unknown - MAX_UNKNOWN_TOLD),
                       n_unknown - MAX_UNKNOWN_TOLD));
}
