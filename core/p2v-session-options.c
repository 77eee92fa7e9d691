/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "p2v-session-private.h"

/**
 * p2v_session_set_cache:
 * @self: a session, before its first step
 * @enabled: whether finished indices are kept on disk and found again
 * @folder: (type filename) (nullable): where; %NULL for pas2vas in the user's cache folder
 *
 * Lets the session keep indices, so that opening an image again costs milliseconds. A new session
 * keeps none. What goes wrong with the cache is told by p2v_session_dup_diagnostics() and never
 * fails a step.
 */
void
p2v_session_set_cache (P2vSession *self,
                       gboolean    enabled,
                       const char *folder)
{
  g_return_if_fail (P2V_IS_SESSION (self));

  g_clear_pointer (&self->store, p2v_store_unref);
  if (enabled)
    self->store = p2v_store_new (folder);
}

/**
 * p2v_session_set_symbols:
 * @self: a session
 * @path: (type filename) (nullable): a file that describes the system's kernel, or %NULL
 *
 * Gives what an image does not say of itself: the kernel's symbols and structures, as a Volatility
 * ISF (.json, .json.xz) or a vmlinux with a symbol table and a section .BTF. What the file says is
 * taken before what the image says. %NULL, as at the beginning, takes what the image says, and only
 * what is missing there from a file of the same kernel in pas2vas/symbols in $XDG_DATA_HOME or one
 * of $XDG_DATA_DIRS.
 *
 * The file is read by p2v_session_find_system(), which refuses with %P2V_OS_ERROR_SYMBOLS_MISSING a
 * file of another kernel than the image has. Not while a step is running.
 */
void
p2v_session_set_symbols (P2vSession *self,
                         const char *path)
{
  g_return_if_fail (P2V_IS_SESSION (self));

  g_mutex_lock (&self->lock);
  g_free (self->symbols_path);
  self->symbols_path = g_strdup (path);
  g_mutex_unlock (&self->lock);
}

/**
 * p2v_session_set_base:
 * @self: a session, before it opens an image
 * @base_pa: the physical address of the first byte of a flat image; 0 to find out
 *
 * Says where the memory of a machine begins whose image does not say it itself, see
 * p2v_image_open_at(). Not while a step is running.
 */
void
p2v_session_set_base (P2vSession  *self,
                      P2vPhysAddr  base_pa)
{
  g_return_if_fail (P2V_IS_SESSION (self));

  g_mutex_lock (&self->lock);
  self->base_pa = base_pa;
  g_mutex_unlock (&self->lock);
}

static void
set_unknown_form_error (const char  *form_id,
                        GError     **error)
{
  g_autoptr (GString) ids = g_string_new (NULL);

  for (gsize i = 0; i < P2V_PAGING_N_FORMS; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? ", " : "", p2v_paging_forms[i]->id);
  g_set_error (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_SYNTAX,
               _("“%s” is not a paging form; there are %s"), form_id, ids->str);
}

/**
 * p2v_session_set_paging:
 * @self: a session
 * @form_id: (nullable): how the page tables are made, such as "x86-64-4"; %NULL to find out
 * @error: return location for an error
 *
 * Says how the page tables in the image are made. p2v_session_find_system() fails if they are not,
 * and says what speaks against it. Where no system is recognized, roots of this form are looked for
 * and no others. Not while a step is running.
 *
 * Returns: %FALSE with %P2V_QUERY_ERROR_SYNTAX, naming all forms, if there is no such form
 */
gboolean
p2v_session_set_paging (P2vSession  *self,
                        const char  *form_id,
                        GError     **error)
{
  g_return_val_if_fail (P2V_IS_SESSION (self), FALSE);

  const P2vPagingForm *form = form_id != NULL ? p2v_paging_form_find (form_id) : NULL;
  if (form_id != NULL && form == NULL)
    {
      set_unknown_form_error (form_id, error);
      return FALSE;
    }
  g_mutex_lock (&self->lock);
  self->form = form;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/**
 * p2v_session_set_methods:
 * @self: a session, before it looks for a system
 * @names: (nullable) (array zero-terminated=1): names of p2v_system_get_methods(); %NULL for all
 *
 * Says which methods of finding processes are wanted. A method that has to read all of memory is
 * left out if it is not named; what other methods find is there nevertheless, see
 * p2v_filter_set_methods(). Names that the system does not have are passed over.
 */
void
p2v_session_set_methods (P2vSession        *self,
                         const char *const *names)
{
  g_return_if_fail (P2V_IS_SESSION (self));

  g_strfreev (self->wanted_methods);
  self->wanted_methods = g_strdupv ((char **) names);
}

/* More frames are read as fast with all others. */
#define MAX_WANTED_FRAMES 64

/**
 * p2v_session_set_wanted:
 * @self: a session, before it makes its index
 * @pas: (array length=n_pas): physical addresses
 * @n_pas: how many; 0, as at the beginning, for all
 *
 * Says that p2v_session_lookup() will be asked for no other addresses, and nothing else that needs
 * the index. Of one that was kept on disk no more is read then than what it says of these: quick
 * for a program that asks once and ends. An index that has to be built is whole all the same, and
 * so is what is read if there are many addresses.
 *
 * An address that was not named is answered as before there is an index.
 *
 * Since: 1.0
 */
void
p2v_session_set_wanted (P2vSession        *self,
                        const P2vPhysAddr *pas,
                        gsize              n_pas)
{
  g_return_if_fail (P2V_IS_SESSION (self));
  g_return_if_fail (pas != NULL || n_pas == 0);

  g_clear_pointer (&self->wanted_pfns, g_array_unref);
  if (n_pas == 0 || n_pas > MAX_WANTED_FRAMES)
    return;
  self->wanted_pfns = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (gsize i = 0; i < n_pas; i++)
    {
      guint64 pfn = pas[i] >> P2V_FRAME_SHIFT;
      g_array_append_val (self->wanted_pfns, pfn);
    }
}
