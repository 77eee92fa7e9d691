/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "p2v-session-private.h"

#include "os/p2v-system-private.h"
#include "p2v-answer-private.h"

/* Questions to a session: they may be asked from any thread, also while a step is running. */

/**
 * p2v_session_lookup:
 * @self: a session with an image
 * @pa: a physical address, in or out of the image
 * @filter: (nullable): which processes to tell of
 *
 * Asks who maps a physical address. Answers from memory in microseconds. While the index is being
 * built the answer holds what was found so far, and the frame is looked for first from then on:
 * ask again.
 *
 * Returns: (transfer full) (nullable): the answer, or %NULL if no image is open
 */
P2vAnswer *
p2v_session_lookup (P2vSession  *self,
                    P2vPhysAddr  pa,
                    P2vFilter   *filter)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), NULL);

  g_auto (P2vSessionView) view = p2v_session_view (self);
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry));
  guint64 pfn = pa >> P2V_FRAME_SHIFT;

  if (view.image == NULL)
    return NULL;
  P2vReverseMap *map = view.excerpt;
  if (map != NULL && !p2v_reverse_map_knows (map, pfn))
    map = NULL;
  if (map != NULL)
    p2v_extent_classes_lookup (map->classes, map->n_classes, pfn, entries);
  else if (view.watch != NULL)
    {
      p2v_watch_set (view.watch, pfn);
      p2v_watch_get (view.watch, pfn, entries);
    }
  P2vAnswerParts parts = { .pa = pa,
                           .image = view.image,
                           .system = view.system,
                           .map = map,
                           .entries = entries,
                           .filter = filter,
                           .statistics = view.statistics,
                           .progress = p2v_session_read_progress (self, view.watch) };
  return p2v_answer_new (&parts);
}

static gboolean
translate (P2vSystem        *system,
           P2vAddressSpace  *space,
           P2vVirtAddr       va,
           P2vTrail         *ret_trail,
           GError          **error)
{
  const P2vPageTables *tables = p2v_system_get_page_tables (system);
  const P2vPagingRoot *root = p2v_address_space_get_root (space);

  if (p2v_paging_root_has (tables->form, root, va))
    return p2v_paging_translate (tables, root->root_pa, va, ret_trail, error);
  *ret_trail = (P2vTrail) { .va = va, .status = P2V_WALK_NOT_CANONICAL };
  return TRUE;
}

P2vSystem *
p2v_session_dup_required_system (P2vSession  *self,
                                 GError     **error)
{
  P2vSystem *system = p2v_session_dup_system (self);

  if (system == NULL)
    g_set_error_literal (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_NOT_READY,
                         _("No operating system has been found in the image yet"));
  return system;
}

/**
 * p2v_session_describe:
 * @self: a session
 * @mapping: a row of an answer, whose other fields are filled in
 * @error: return location for an error
 *
 * Fills in what is not in memory: rights, page size, state, the entry and the region. Reads the
 * image, so not for a main loop.
 *
 * Returns: %FALSE if the image cannot be read, or no longer holds the mapping
 */
gboolean
p2v_session_describe (P2vSession  *self,
                      P2vMapping  *mapping,
                      GError     **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), FALSE);
  g_return_val_if_fail (mapping != NULL, FALSE);

  g_autoptr (P2vSystem) system = p2v_session_dup_required_system (self, error);
  P2vTrail trail;

  if (system == NULL || !translate (system, mapping->space, mapping->va, &trail, error))
    return FALSE;
  if (trail.status != P2V_WALK_MAPPED || trail.pa != mapping->pa)
    {
      g_set_error (
          error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
          _("The image changed since its index was built: virtual address 0x%" PRIx64
             " no longer leads to physical address 0x%" PRIx64),
          mapping->va, mapping->pa);
      return FALSE;
    }
  GPtrArray *regions = p2v_system_get_regions (system, mapping->space, error);
  if (regions == NULL)
    return FALSE;
  mapping->region = p2v_regions_find (regions, mapping->va);
  mapping->mapping_class = mapping->region != NULL
                             ? mapping->region->mapping_class
                             : p2v_address_space_classify (mapping->space, mapping->va);
  mapping->page_shift = trail.page_shift;
  mapping->rights = trail.rights;
  mapping->entry_pa = trail.steps[trail.n_steps - 1].entry_pa;
  mapping->entry = trail.steps[trail.n_steps - 1].value;
  mapping->state = p2v_system_refine_state (system, mapping->region, mapping->entry, trail.pa,
                                            trail.state);
  mapping->described = TRUE;
  return TRUE;
}

/**
 * p2v_session_get_trail:
 * @self: a session
 * @space: an address space of the session's system
 * @va: a virtual address of it
 * @ret_trail: (out caller-allocates): every entry on the way
 * @error: return location for an error
 *
 * Translates a virtual address and shows the evidence. How the translation ended is in the trail.
 * Reads the image, so not for a main loop.
 *
 * Returns: %FALSE if the image cannot be read
 */
gboolean
p2v_session_get_trail (P2vSession       *self,
                       P2vAddressSpace  *space,
                       P2vVirtAddr       va,
                       P2vTrail         *ret_trail,
                       GError          **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), FALSE);
  g_return_val_if_fail (P2V_IS_ADDRESS_SPACE (space), FALSE);
  g_return_val_if_fail (ret_trail != NULL, FALSE);

  g_autoptr (P2vSystem) system = p2v_session_dup_required_system (self, error);
  return system != NULL && translate (system, space, va, ret_trail, error);
}

/**
 * p2v_session_dup_regions:
 * @self: a session
 * @space: an address space of the session's system
 * @error: return location for an error
 *
 * Gets what the address space is made of. Reads the image the first time, so not for a main loop.
 *
 * Returns: (transfer container) (element-type P2vRegion) (nullable): the regions, sorted and not
 *   overlapping, or %NULL if the image cannot be read
 */
GPtrArray *
p2v_session_dup_regions (P2vSession       *self,
                         P2vAddressSpace  *space,
                         GError          **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), NULL);
  g_return_val_if_fail (P2V_IS_ADDRESS_SPACE (space), NULL);

  g_autoptr (P2vSystem) system = p2v_session_dup_required_system (self, error);
  GPtrArray *regions = system != NULL ? p2v_system_get_regions (system, space, error) : NULL;
  return regions != NULL ? g_ptr_array_ref (regions) : NULL;
}

/**
 * p2v_parse_address:
 * @text: what somebody typed
 * @ret_address: (out): the number
 * @error: return location for an error
 *
 * Reads a number: "0x1f000" or "1f000h" is hexadecimal, digits alone are decimal. Underscores
 * between digits are allowed, as the panel shows them. Hexadecimal digits without a mark are
 * refused, since "1000" and "1f00" would then be read differently.
 *
 * Returns: %FALSE with %P2V_QUERY_ERROR_SYNTAX
 */
gboolean
p2v_parse_address (const char  *text,
                   guint64     *ret_address,
                   GError     **error)
{
  g_return_val_if_fail (text != NULL, FALSE);
  g_return_val_if_fail (ret_address != NULL, FALSE);

  g_autofree char *stripped = g_strstrip (g_strdup (text));
  g_auto (GStrv) parts = g_strsplit (stripped, "_", -1);
  g_autofree char *joined = g_strjoinv ("", parts);
  const char *start = joined;
  gsize length = strlen (joined);
  guint base = 10;

  if (g_str_has_prefix (joined, "0x") || g_str_has_prefix (joined, "0X"))
    {
      start += 2;
      base = 16;
    }
  else if (length > 1 && (joined[length - 1] == 'h' || joined[length - 1] == 'H'))
    {
      joined[length - 1] = '\0';
      base = 16;
    }
  if (g_ascii_string_to_unsigned (start, base, 0, G_MAXUINT64, ret_address, NULL))
    return TRUE;
  g_set_error (
      error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_SYNTAX,
      _("“%s” is not an address; write hexadecimal numbers as 0x1f000, decimal ones as digits"),
      text);
  return FALSE;
}
