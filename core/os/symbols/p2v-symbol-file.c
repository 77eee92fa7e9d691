/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "p2v-types.h"

#include "base/p2v-file.h"
#include "base/p2v-text.h"
#include "os/symbols/p2v-isf.h"
#include "os/symbols/p2v-symbol-file.h"
#include "os/symbols/p2v-vmlinux.h"

/* Files looked into in one folder; reading the banner of an ISF can take a second. */
#define MAX_FILES 256

static gboolean
read_vmlinux (P2vFile        *file,
              P2vSymbolFile  *self,
              GError        **error)
{
  P2vVmlinux vmlinux;
  gboolean ok = p2v_vmlinux_read (file, &vmlinux, error);

  self->banner = g_steal_pointer (&vmlinux.banner);
  self->symbols = g_steal_pointer (&vmlinux.symbols);
  self->types = g_steal_pointer (&vmlinux.types);
  p2v_vmlinux_clear (&vmlinux);
  return ok;
}

static gboolean
read_isf (const char     *path,
          GCancellable   *cancellable,
          P2vSymbolFile  *self,
          GError        **error)
{
  g_autoptr (P2vSymbolStream) stream = p2v_symbol_stream_open (path, cancellable, error);
  P2vIsf isf = { 0 };
  gboolean ok = stream != NULL && p2v_isf_read (stream, &isf, error);

  self->banner = g_steal_pointer (&isf.banner);
  self->symbols = g_steal_pointer (&isf.symbols);
  self->types = g_steal_pointer (&isf.types);
  p2v_isf_clear (&isf);
  return ok;
}

P2vSymbolFile *
p2v_symbol_file_open (const char    *path,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_autoptr (P2vSymbolFile) self = g_new0 (P2vSymbolFile, 1);
  g_autoptr (P2vFile) file = p2v_file_open (path, error);
  g_autoptr (GError) local_error = NULL;

  if (file == NULL)
    return NULL;
  self->display_name = g_strdup (p2v_file_get_display_name (file));
  gboolean ok = p2v_vmlinux_is_elf (file) ? read_vmlinux (file, self, &local_error)
                                          : read_isf (path, cancellable, self, &local_error);
  if (ok && self->banner == NULL)
    g_set_error_literal (&local_error, P2V_OS_ERROR, P2V_OS_ERROR_SYMBOLS_MISSING,
                         _("It does not say which kernel it is of (linux_banner, or the metadata "
                           "of a PDB)"));
  if (local_error == NULL)
    return g_steal_pointer (&self);
  if (local_error->domain == P2V_OS_ERROR)
    /* Translators: file name, a sentence. */
    g_prefix_error (&local_error, _("“%s” cannot be used as symbols (a Volatility ISF as .json or "
                                    ".json.xz, or a vmlinux with .BTF): "),
                    self->display_name);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}

/* NULL if the file is none of symbols, or cannot be read. */
static char *
read_banner (const char   *path,
             GCancellable *cancellable)
{
  g_autoptr (P2vFile) file = p2v_file_open (path, NULL);

  if (file == NULL)
    return NULL;
  if (p2v_vmlinux_is_elf (file))
    return p2v_vmlinux_read_banner (file, NULL);
  g_autoptr (P2vSymbolStream) stream = p2v_symbol_stream_open (path, cancellable, NULL);
  return stream != NULL ? p2v_isf_read_banner (stream, NULL) : NULL;
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The file in @folder that is of the kernel with @banner; in the order of their names, so that the
 * same one is found each time. */
static char *
find_in_folder (const char   *folder,
                const char   *banner,
                GCancellable *cancellable)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  if (dir == NULL)
    return NULL;
  while ((name = g_dir_read_name (dir)) != NULL && names->len < MAX_FILES)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      g_autofree char *path = g_build_filename (folder, g_ptr_array_index (names, i), NULL);
      g_autofree char *found = read_banner (path, cancellable);
      if (g_strcmp0 (found, banner) == 0)
        return g_steal_pointer (&path);
    }
  return NULL;
}

P2vSymbolFile *
p2v_symbol_file_find (const char    *banner,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_autofree char *own_folder = p2v_symbol_file_dup_folder ();
  g_autofree char *path = find_in_folder (own_folder, banner, cancellable);
  const char *const *folders = g_get_system_data_dirs ();

  for (gsize i = 0; path == NULL && folders[i] != NULL; i++)
    {
      g_autofree char *folder = g_build_filename (folders[i], "pas2vas", "symbols", NULL);
      path = find_in_folder (folder, banner, cancellable);
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error) || path == NULL)
    return NULL;
  return p2v_symbol_file_open (path, cancellable, error);
}

char *
p2v_symbol_file_dup_folder (void)
{
  return g_build_filename (g_get_user_data_dir (), "pas2vas", "symbols", NULL);
}

void
p2v_symbol_file_free (P2vSymbolFile *self)
{
  g_clear_pointer (&self->symbols, p2v_symbol_table_free);
  g_clear_pointer (&self->types, p2v_type_source_free);
  g_free (self->banner);
  g_free (self->display_name);
  g_free (self);
}
