/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Symbols of the kernel from a file: they are of use only if they are of this very kernel, which
 * its image says by the identity of its PDB. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/p2v-text.h"
#include "os/windows/p2v-windows-private.h"

/* (nullable): as the file says of itself. */
static char *
dup_banner (const P2vWindows *self)
{
  if (self->kernel.pdb_name == NULL)
    return NULL;
  g_autofree char *name = g_ascii_strdown (self->kernel.pdb_name, -1);
  return g_strdup_printf ("%s %s", name, self->kernel.pdb_guid);
}

static gboolean
refuse (const P2vWindows  *self,
        const char        *banner,
        GError           **error)
{
  g_autofree char *in_file = p2v_text_escape (self->symbols->banner, -1);

  if (banner == NULL)
    g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_SYMBOLS_MISSING,
                 _("The symbols in “%s” are of “%s”, but which kernel the image has cannot be "
                   "told: the part of it that says so is not in memory; try without --symbols"),
                 self->symbols->display_name, in_file);
  else
    g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_SYMBOLS_MISSING,
                 _("The symbols in “%s” are of another kernel: they are of “%s”, the image has "
                   "“%s”; try without --symbols"),
                 self->symbols->display_name, in_file, banner);
  return FALSE;
}

/* Without the person's wish a file that cannot be read is as good as none. */
gboolean
p2v_windows_find_symbols (P2vWindows             *self,
                          const P2vSystemSearch  *search,
                          GError                **error)
{
  g_autofree char *banner = dup_banner (self);

  if (search->symbols_path == NULL)
    {
      if (banner != NULL)
        self->symbols = p2v_symbol_file_find (banner, search->cancellable, NULL);
      return !g_cancellable_set_error_if_cancelled (search->cancellable, error);
    }
  self->symbols = p2v_symbol_file_open (search->symbols_path, search->cancellable, error);
  if (self->symbols == NULL)
    return FALSE;
  return g_strcmp0 (self->symbols->banner, banner) == 0 || refuse (self, banner, error);
}

/* Addresses in the file are distances from where the kernel begins. */
P2vVirtAddr
p2v_windows_symbol_va (const P2vWindows *self,
                       const char       *name)
{
  guint64 distance;

  if (self->symbols == NULL || self->symbols->symbols == NULL ||
      !p2v_symbol_table_find (self->symbols->symbols, name, &distance) ||
      distance >= self->kernel.size_bytes)
    return 0;
  return self->kernel.va + distance;
}
