/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-filter-private.h"
#include "p2v-session-private.h"

#include "os/p2v-system-private.h"

/* All mappings of all processes, by a walk in the order of addresses; the index is not needed. */

/* An export in the middle of an address space. */
typedef struct
{
  P2vSystem       *system;
  P2vAddressSpace *space;
  P2vFilter       *filter;
  P2vKernelRows    kernel_rows;
  gboolean         join_pages;
  P2vMappingFunc   callback;
  gpointer         user_data;
  GPtrArray       *regions;
  guint            region_position;
  P2vMapping       run;        /* not given to the callback yet; length 0: none */
  gboolean         stopped;
} Enumeration;

/* Gives the run to the callback, once for each owner. */
static gboolean
flush_run (Enumeration *self)
{
  for (guint i = 0; self->run.length_bytes > 0 && i < p2v_address_space_get_n_owners (self->space);
       i++)
    {
      self->run.process = p2v_address_space_get_owner (self->space, i);
      if (self->filter != NULL && !p2v_filter_matches (self->filter, self->run.process))
        continue;
      if (!self->callback (&self->run, self->user_data))
        {
          self->stopped = TRUE;
          break;
        }
    }
  self->run.length_bytes = 0;
  return !self->stopped;
}

/* Addresses come in order, so the region is the same as last time or one behind it. */
static const P2vRegion *
next_region (Enumeration *self,
             P2vVirtAddr  va)
{
  while (self->region_position < self->regions->len)
    {
      const P2vRegion *region = g_ptr_array_index (self->regions, self->region_position);
      if (va < region->start_va)
        return NULL;
      if (va - region->start_va < region->length_bytes)
        return region;
      self->region_position++;
    }
  return NULL;
}

static gboolean
continues_run (const P2vMapping    *run,
               const P2vWalkedPage *page,
               guint64              offset_bytes,
               P2vState             state,
               const P2vRegion     *region,
               P2vMappingClass      mapping_class)
{
  return run->length_bytes > 0 && run->va + run->length_bytes == page->va + offset_bytes &&
         run->pa + run->length_bytes == page->pa + offset_bytes &&
         run->page_shift == page->page_shift && run->rights == page->rights &&
         run->state == state && run->region == region &&
         run->mapping_class == mapping_class;
}

/* Whether the kernel has the page of the run once more, as far from its last address as that is
 * from the one before. Each mapping of a process has a row of its own. */
static gboolean
repeats_run (const Enumeration   *self,
             const P2vWalkedPage *page,
             const P2vRegion     *region)
{
  const P2vMapping *run = &self->run;

  return p2v_address_space_is_kernel (self->space) && run->pa == page->pa &&
         run->length_bytes == (guint64) 1 << page->page_shift &&
         run->page_shift == page->page_shift && run->rights == page->rights &&
         run->state == page->state && run->region == region &&
         (run->n_addresses == 1 || page->va - run->last_va == run->step_bytes);
}

/* Takes a page into the run, if that is of the same kind; FALSE if not. */
static gboolean
join_run (Enumeration         *self,
          const P2vWalkedPage *page,
          guint64              offset_bytes,
          guint64              length_bytes,
          P2vState             state,
          const P2vRegion     *region,
          P2vMappingClass      mapping_class)
{
  if (self->run.n_addresses == 1 &&
      continues_run (&self->run, page, offset_bytes, state, region, mapping_class))
    {
      self->run.length_bytes += length_bytes;
      return TRUE;
    }
  if (!repeats_run (self, page, region))
    return FALSE;
  self->run.step_bytes = page->va - self->run.last_va;
  self->run.last_va = page->va;
  self->run.n_addresses++;
  return TRUE;
}

/* Takes @length_bytes of a page from @offset_bytes on, which are all of one region and class. */
static gboolean
take_piece (Enumeration *self,
            const P2vWalkedPage *page,
            guint64 offset_bytes,
            guint64 length_bytes,
            const P2vRegion *region)
{
  P2vVirtAddr va = page->va + offset_bytes;
  P2vMappingClass mapping_class = region != NULL ? region->mapping_class
                                                 : p2v_address_space_classify (self->space, va);
  P2vState state = p2v_system_refine_state (self->system, region, page->entry,
                                            page->pa + offset_bytes, page->state);

  if (p2v_address_space_is_kernel (self->space) &&
      !p2v_kernel_rows_include (self->kernel_rows, mapping_class))
    return TRUE;
  if (self->join_pages &&
      join_run (self, page, offset_bytes, length_bytes, state, region, mapping_class))
    return TRUE;
  if (!flush_run (self))
    return FALSE;
  self->run = (P2vMapping) {
    .pa = page->pa + offset_bytes,
    .va = va,
    .length_bytes = length_bytes,
    .space = self->space,
    .mapping_class = mapping_class,
    .n_addresses = 1,
    .last_va = va,
    .described = TRUE,
    .page_shift = page->page_shift,
    .rights = page->rights,
    .state = state,
    .entry_pa = page->entry_pa,
    .entry = page->entry,
    .region = region,
  };
  return TRUE;
}

/* A page of a process is in one region. A large one of the kernel may reach over several, of other
 * classes. */
static gboolean
take_page (const P2vWalkedPage *page,
           gpointer             user_data)
{
  Enumeration *self = user_data;
  guint64 length_bytes = (guint64) 1 << page->page_shift;
  gboolean is_kernel = p2v_address_space_is_kernel (self->space);
  guint64 n;

  for (guint64 done = 0; done < length_bytes; done += n)
    {
      P2vVirtAddr va = page->va + done;
      const P2vRegion *region = next_region (self, va);
      n = length_bytes - done;
      if (is_kernel)
        n = MIN (n, region != NULL ? region->length_bytes - (va - region->start_va)
                                   : P2V_FRAME_SIZE);
      if (!take_piece (self, page, done, n, region))
        return FALSE;
    }
  return TRUE;
}

static gboolean
has_match (P2vAddressSpace *space,
           P2vFilter       *filter,
           P2vKernelRows    kernel_rows)
{
  if (p2v_address_space_is_kernel (space) && kernel_rows == P2V_KERNEL_ROWS_NONE)
    return FALSE;
  for (guint i = 0; i < p2v_address_space_get_n_owners (space); i++)
    if (filter == NULL || p2v_filter_matches (filter, p2v_address_space_get_owner (space, i)))
      return TRUE;
  return FALSE;
}

static gboolean
enumerate_space (P2vSystem      *system,
                 Enumeration    *self,
                 P2vWalkReport  *report,
                 GCancellable   *cancellable,
                 GError        **error)
{
  const P2vPageTables *tables = p2v_system_get_page_tables (system);

  self->system = system;
  self->regions = p2v_system_get_regions (system, self->space, error);
  self->region_position = 0;
  if (self->regions == NULL
      || !p2v_paging_walk (tables, p2v_address_space_get_root (self->space), take_page, self,
                           report, cancellable, error))
    return FALSE;
  flush_run (self);
  return TRUE;
}

static gboolean
enumerate_spaces (P2vSystem      *system,
                  Enumeration    *self,
                  P2vWalkReport  *reports,
                  GCancellable   *cancellable,
                  GError        **error)
{
  for (guint i = 0; i < p2v_system_get_n_spaces (system) && !self->stopped; i++)
    {
      self->space = p2v_system_get_space (system, i);
      if (has_match (self->space, self->filter, self->kernel_rows) &&
          !enumerate_space (system, self, &reports[i], cancellable, error))
        return FALSE;
    }
  return TRUE;
}

/* With an index, its builder has told the same; but it need not walk a table each time that it is
 * used, so it comes to the end of some address spaces that a walk does not. Call with the lock. */
static void
tell_reports (P2vSession          *self,
              P2vSystem           *system,
              const P2vWalkReport *reports)
{
  g_autoptr (GPtrArray) told = NULL;
  guint n_spaces = p2v_system_get_n_spaces (system);
  g_autofree P2vWalkReport *cut = g_new0 (P2vWalkReport, n_spaces + 1);

  if (self->map == NULL)
    {
      g_clear_pointer (&self->walk_diagnostics, g_ptr_array_unref);
      self->walk_diagnostics = p2v_session_dup_walk_diagnostics (system, reports);
      return;
    }
  for (guint i = 0; i < n_spaces; i++)
    cut[i].too_many_tables = reports[i].too_many_tables;
  told = p2v_session_dup_walk_diagnostics (system, cut);
  for (guint i = 0; i < told->len; i++)
    if (!g_ptr_array_find_with_equal_func (self->walk_diagnostics, told->pdata[i], g_str_equal,
                                           NULL))
      g_ptr_array_add (self->walk_diagnostics, g_strdup (told->pdata[i]));
}

/**
 * p2v_session_foreach_mapping:
 * @self: a session that knows the system; the index is not needed
 * @filter: (nullable): which processes to tell of
 * @join_pages: whether pages that continue each other, virtually and physically, with the same
 *   rights, state and region, come as one mapping; and those of the kernel that it has at one
 *   address after the other
 * @callback: (scope call): called for each mapping, by process, then virtual address
 * @user_data: (closure): for @callback
 * @cancellable: (nullable): to stop early
 * @error: return location for an error
 *
 * Goes through all mappings of all processes, and of the kernel if @filter asks for them. What had
 * to be passed over is told by p2v_session_dup_diagnostics() afterwards. Takes as long as a walk of
 * all page tables, so not for a main loop.
 *
 * Returns: %FALSE if the image cannot be read; %TRUE also if @callback stopped
 */
gboolean
p2v_session_foreach_mapping (P2vSession      *self,
                             P2vFilter       *filter,
                             gboolean         join_pages,
                             P2vMappingFunc   callback,
                             gpointer         user_data,
                             GCancellable    *cancellable,
                             GError         **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), FALSE);
  g_return_val_if_fail (callback != NULL, FALSE);

  g_autoptr (P2vSystem) system = p2v_session_dup_required_system (self, error);
  Enumeration enumeration = { .filter = filter, .join_pages = join_pages, .callback = callback,
                              .user_data = user_data };
  if (system == NULL)
    return FALSE;
  enumeration.kernel_rows = p2v_filter_choose_kernel_rows (filter, p2v_system_get_kernel (system),
                                                           P2V_KERNEL_ROWS_NONE);
  g_autofree P2vWalkReport *reports = g_new0 (P2vWalkReport, p2v_system_get_n_spaces (system) + 1);
  if (!enumerate_spaces (system, &enumeration, reports, cancellable, error))
    return FALSE;

  g_mutex_lock (&self->lock);
  if (self->system == system)
    tell_reports (self, system, reports);
  g_mutex_unlock (&self->lock);
  return TRUE;
}
