/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Processes in the kernel's lists. */

#include "config.h"

#include "os/windows/p2v-windows-finder.h"

/* Follows a ring in one direction until the head comes back. FALSE if it ends otherwise. */
static gboolean
follow (P2vWindowsFinder   *self,
        P2vVirtAddr         head_va,
        guint               link_offset,
        P2vWindowsNodeFunc  visit)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  P2vVirtAddr node_va = head_va;

  while (self->n_links_left > 0)
    {
      self->n_links_left--;
      if (!p2v_windows_read_pointer (self->kernel, self->memory, node_va + link_offset, &node_va))
        return FALSE;
      if (node_va == head_va)
        return TRUE;
      if (!p2v_windows_is_kernel_va (self->kernel, node_va) ||
          !g_hash_table_add (seen, g_memdup2 (&node_va, sizeof node_va)) || !visit (self, node_va))
        return FALSE;
    }
  return FALSE;
}

void
p2v_windows_finder_walk (P2vWindowsFinder   *self,
                         P2vVirtAddr         head_va,
                         P2vWindowsNodeFunc  visit)
{
  if (follow (self, head_va, 0, visit))
    return;
  (void) !follow (self, head_va, self->kernel->pointer_bytes, visit);
  if (self->n_broken_lists++ == 0)
    self->first_broken_va = head_va;
}

static gboolean
visit_process (P2vWindowsFinder *self,
               P2vVirtAddr       node_va)
{
  return p2v_windows_finder_see (
    self, node_va - self->kernel->layout.offsets[WINDOWS_EPROCESS_LINKS], WINDOWS_METHOD_LIST);
}

static gboolean
visit_session_process (P2vWindowsFinder *self,
                       P2vVirtAddr       node_va)
{
  return p2v_windows_finder_see (
    self, node_va - self->kernel->layout.offsets[WINDOWS_EPROCESS_SESSION_LINKS],
    WINDOWS_METHOD_SESSIONS);
}

/* The kernel's head of the list of all handle tables stands in the ring like a table; what is
 * there instead of a process is not one. */
static gboolean
visit_handle_table (P2vWindowsFinder *self,
                    P2vVirtAddr       node_va)
{
  P2vVirtAddr table_va = node_va - self->kernel->layout.offsets[WINDOWS_HANDLE_TABLE_LINKS];
  P2vVirtAddr process_va;

  if (p2v_windows_read_field (self->kernel, self->memory, table_va, WINDOWS_HANDLE_TABLE_PROCESS,
                              &process_va) &&
      p2v_windows_is_kernel_va (self->kernel, process_va))
    (void) !p2v_windows_finder_see (self, process_va, WINDOWS_METHOD_HANDLES);
  return TRUE;
}

static void
search_sessions (P2vWindowsFinder *self)
{
  const P2vWindows *kernel = self->kernel;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  if (!p2v_windows_has (kernel, WINDOWS_SESSION_PROCESSES) ||
      !p2v_windows_has (kernel, WINDOWS_EPROCESS_SESSION_LINKS))
    return;
  for (guint i = 0; i < self->processes->len; i++)
    {
      const P2vWindowsProcess *process = g_ptr_array_index (self->processes, i);
      P2vVirtAddr session_va =
        p2v_windows_object_word (kernel, &process->object, WINDOWS_EPROCESS_SESSION);
      if (p2v_windows_is_kernel_va (kernel, session_va) &&
          g_hash_table_add (seen, g_memdup2 (&session_va, sizeof session_va)))
        p2v_windows_finder_walk (
          self, p2v_windows_field_va (kernel, session_va, WINDOWS_SESSION_PROCESSES),
          visit_session_process);
    }
}

static void
search_handle_tables (P2vWindowsFinder *self)
{
  const P2vWindows *kernel = self->kernel;
  P2vVirtAddr table_va, links_va, next;

  if (!p2v_windows_has (kernel, WINDOWS_HANDLE_TABLE_LINKS) ||
      !p2v_windows_read_field (kernel, self->memory, kernel->system_va,
                               WINDOWS_EPROCESS_OBJECT_TABLE, &table_va) ||
      !p2v_windows_is_kernel_va (kernel, table_va))
    return;
  links_va = p2v_windows_field_va (kernel, table_va, WINDOWS_HANDLE_TABLE_LINKS);
  if (!p2v_windows_read_pointer (kernel, self->memory, links_va, &next) ||
      !p2v_windows_is_kernel_va (kernel, next))
    return;
  (void) !visit_handle_table (self, links_va);
  p2v_windows_finder_walk (self, links_va, visit_handle_table);
}

void
p2v_windows_search_lists (P2vWindowsFinder *self)
{
  const P2vWindows *kernel = self->kernel;

  /* Without the head, what can be reached from System. */
  p2v_windows_finder_walk (self,
                           kernel->list_head_va != 0
                             ? kernel->list_head_va
                             : p2v_windows_field_va (kernel, kernel->system_va,
                                                     WINDOWS_EPROCESS_LINKS),
                           visit_process);
  search_sessions (self);
  search_handle_tables (self);
}
