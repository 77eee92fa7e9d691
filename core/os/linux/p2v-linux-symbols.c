/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Where the names, addresses and structures of a kernel come from: what it says of itself in
 * memory, or a file. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "base/p2v-limits.h"
#include "base/p2v-reader.h"
#include "base/p2v-text.h"
#include "os/linux/p2v-linux-infer.h"
#include "os/linux/p2v-linux-private.h"

/* Bytes that the longest of kallsyms' variable tables may have; Debian 6.12 needs 2.6 MB of
 * names. */
#define MAX_NAMES_BYTES ((guint64) 64 << 20)

/* Bytes that 256 tokens can have: each fits a symbol name. */
#define TOKEN_TABLE_BYTES ((gsize) 64 << 10)
#define TOKEN_INDEX_BYTES ((gsize) 512)

/* As p2v_linux_read_kernel_bytes(), for a table whose end is not known: as many of @max_length
 * bytes as there are. */
static GBytes *
read_kernel_bytes_up_to (const P2vLinux  *self,
                         guint64          va,
                         gsize            max_length,
                         const char      *what,
                         GError         **error)
{
  for (gsize length = max_length; length > P2V_FRAME_SIZE; length /= 2)
    {
      g_autoptr (GError) local_error = NULL;
      GBytes *bytes = p2v_linux_read_kernel_bytes (self, va, length, what, &local_error);
      if (bytes != NULL)
        return bytes;
    }
  return p2v_linux_read_kernel_bytes (self, va, P2V_FRAME_SIZE, what, error);
}

gboolean
p2v_linux_get_required_symbol (const P2vLinux  *self,
                               const char      *name,
                               guint64         *ret_va,
                               GError         **error)
{
  if (p2v_linux_get_info_symbol (self->vmcoreinfo, name, ret_va))
    return TRUE;
  p2v_linux_set_error (self, P2V_OS_ERROR_SYMBOLS_MISSING, error,
                       _("its VMCOREINFO does not say where %s is"), name);
  return FALSE;
}

static gboolean
open_kallsyms_strings (const P2vLinux  *self,
                       P2vKallsyms     *kallsyms,
                       GError         **error)
{
  guint64 names_va, token_table_va, token_index_va;

  if (!p2v_linux_get_required_symbol (self, "kallsyms_names", &names_va, error) ||
      !p2v_linux_get_required_symbol (self, "kallsyms_token_table", &token_table_va, error) ||
      !p2v_linux_get_required_symbol (self, "kallsyms_token_index", &token_index_va, error))
    return FALSE;
  /* Before and after the change of order in 6.4 the tokens come behind the names. */
  guint64 names_bytes = token_table_va - names_va;
  if (token_table_va <= names_va || names_bytes > MAX_NAMES_BYTES)
    {
      p2v_linux_set_error (self, P2V_OS_ERROR_CORRUPT, error,
                           _("kallsyms_names at 0x%" PRIx64
                              " and kallsyms_token_table at 0x%" PRIx64 " do not belong together"),
                           names_va, token_table_va);
      return FALSE;
    }
  kallsyms->names
      = p2v_linux_read_kernel_bytes (self, names_va, names_bytes, "kallsyms_names", error);
  if (kallsyms->names == NULL)
    return FALSE;
  kallsyms->token_table = read_kernel_bytes_up_to (self, token_table_va, TOKEN_TABLE_BYTES,
                                                   "kallsyms_token_table", error);
  if (kallsyms->token_table == NULL)
    return FALSE;
  kallsyms->token_index = p2v_linux_read_kernel_bytes (self, token_index_va, TOKEN_INDEX_BYTES,
                                                       "kallsyms_token_index", error);
  return kallsyms->token_index != NULL;
}

/* What the offsets count from: a base that the kernel keeps, or each from its own place. */
static gboolean
open_kallsyms_base (const P2vLinux  *self,
                    P2vKallsyms     *kallsyms,
                    GError         **error)
{
  guint64 base_va, base = 0;

  if (!p2v_linux_get_info_symbol (self->vmcoreinfo, "kallsyms_relative_base", &base_va))
    {
      kallsyms->is_place_relative = TRUE;
      return p2v_linux_get_required_symbol (self, "kallsyms_offsets", &kallsyms->relative_base,
                                            error);
    }
  g_autoptr (GBytes) bytes = p2v_linux_read_kernel_bytes (self, base_va, self->arch->word_bytes,
                                                          "kallsyms_relative_base", error);
  if (bytes == NULL)
    return FALSE;
  memcpy (&base, g_bytes_get_data (bytes, NULL), self->arch->word_bytes);
  kallsyms->relative_base = GUINT64_FROM_LE (base);
  return TRUE;
}

static gboolean
open_kallsyms_numbers (const P2vLinux  *self,
                       P2vKallsyms     *kallsyms,
                       GError         **error)
{
  guint64 n_symbols_va, offsets_va;

  if (!p2v_linux_get_required_symbol (self, "kallsyms_num_syms", &n_symbols_va, error) ||
      !p2v_linux_get_required_symbol (self, "kallsyms_offsets", &offsets_va, error) ||
      !open_kallsyms_base (self, kallsyms, error))
    return FALSE;
  g_autoptr (GBytes) n_bytes
      = p2v_linux_read_kernel_bytes (self, n_symbols_va, 4, "kallsyms_num_syms", error);
  if (n_bytes == NULL)
    return FALSE;
  P2vReader n_reader = p2v_reader_le (g_bytes_get_data (n_bytes, NULL), 4);
  if (!p2v_reader_get_u32 (&n_reader, 0, &kallsyms->n_symbols))
    g_assert_not_reached ();
  if (kallsyms->n_symbols == 0 || kallsyms->n_symbols > P2V_LIMIT_SYMBOLS)
    {
      p2v_linux_set_error (self, P2V_OS_ERROR_LIMIT, error,
                           _("kallsyms_num_syms is %u; between 1 and %u symbols were expected"),
                           kallsyms->n_symbols, P2V_LIMIT_SYMBOLS);
      return FALSE;
    }
  kallsyms->offsets = p2v_linux_read_kernel_bytes (
      self, offsets_va, kallsyms->n_symbols * sizeof (gint32), "kallsyms_offsets", error);
  return kallsyms->offsets != NULL;
}

/* Kernels before 6.0 do not say where the tables are: then they are searched around the root page
 * table, which is a part of the kernel's image as they are. */
static gboolean
search_kallsyms (P2vLinux     *self,
                 P2vKallsyms  *kallsyms,
                 GError      **error)
{
  const guint64 distance = P2V_LINUX_IMAGE_DISTANCE;
  P2vPhysAddr start_pa = self->root_pa > distance ? self->root_pa - distance : 0;

  if (self->n_image_searches++ < P2V_LINUX_MAX_IMAGE_SEARCHES &&
      p2v_linux_search_kallsyms (self->image, start_pa & ~(P2V_FRAME_SIZE - 1), 2 * distance,
                                    kallsyms))
    {
      if (kallsyms->is_place_relative)
        kallsyms->relative_base += self->delta;
      return TRUE;
    }
  p2v_linux_set_error (self, P2V_OS_ERROR_SYMBOLS_MISSING, error,
                       _("its VMCOREINFO does not say where its symbol table (kallsyms) is, and "
                         "within 128 MiB of its page tables at 0x%" PRIx64 " none was found"),
                       self->root_pa);
  return FALSE;
}

static gboolean
open_kallsyms (P2vLinux     *self,
               P2vKallsyms  *kallsyms,
               GError      **error)
{
  guint64 unused;

  if (!p2v_linux_get_info_symbol (self->vmcoreinfo, "kallsyms_names", &unused))
    return search_kallsyms (self, kallsyms, error);
  return open_kallsyms_numbers (self, kallsyms, error) &&
         open_kallsyms_strings (self, kallsyms, error);
}

gboolean
p2v_linux_open_own_symbols (P2vLinux  *self,
                            GError   **error)
{
  P2vKallsyms kallsyms = { 0 };

  if (open_kallsyms (self, &kallsyms, error))
    {
      self->own_symbols = p2v_kallsyms_read (&kallsyms, error);
      if (self->own_symbols == NULL)
        p2v_linux_prefix_error (self, error);
    }
  p2v_kallsyms_clear (&kallsyms);
  return self->own_symbols != NULL;
}

gboolean
p2v_linux_open_own_types (P2vLinux  *self,
                          GError   **error)
{
  guint64 start = self->symbols[LINUX_SYMBOL_START_BTF].va;
  guint64 stop = self->symbols[LINUX_SYMBOL_STOP_BTF].va;

  if (start == 0 || stop <= start || stop - start > P2V_LIMIT_BTF_BYTES)
    {
      /* A table of functions only does not list it. */
      if (p2v_linux_find_btf (self))
        return TRUE;
      p2v_linux_set_error (self, P2V_OS_ERROR_SYMBOLS_MISSING, error,
                           _ ("it has no type information (BTF)"));
      return FALSE;
    }
  g_autoptr (GBytes) bytes = p2v_linux_read_kernel_bytes (self, start, stop - start, "BTF", error);
  if (bytes == NULL)
    return FALSE;
  self->own_types = p2v_btf_parse (bytes, error);
  return self->own_types != NULL || p2v_linux_prefix_error (self, error);
}

/* The file is of the kernel in the image if both say the same of themselves. */
static gboolean
check_file (const P2vLinux  *self,
            GError         **error)
{
  if (g_str_equal (self->file->banner, self->banner))
    return TRUE;
  g_autofree char *in_file = p2v_text_escape (self->file->banner, -1);
  g_autofree char *in_image = p2v_text_escape (self->banner, -1);
  p2v_linux_set_error (self, P2V_OS_ERROR_SYMBOLS_MISSING, error,
                       _("the symbols in “%s” are of another kernel: they are of “%s”, the image "
                          "has “%s”"),
                       self->file->display_name, in_file, in_image);
  return FALSE;
}

/* The file has addresses as the kernel was linked, the image may have it elsewhere (KASLR): the
 * banner's two addresses tell how far. */
static gboolean
use_file_symbols (P2vLinux  *self,
                  GError   **error)
{
  guint64 first_va = (p2v_linux_max_word (self) >> 1) + 1;
  guint64 banner_va;

  if (!p2v_symbol_table_find (self->file->symbols, "linux_banner", &banner_va))
    {
      p2v_linux_set_error (self, P2V_OS_ERROR_SYMBOLS_MISSING, error,
                           _("the symbols in “%s” do not say where linux_banner is"),
                           self->file->display_name);
      return FALSE;
    }
  p2v_symbol_table_shift (self->file->symbols, first_va, self->banner_va - banner_va);
  self->symbol_table = self->file->symbols;
  return TRUE;
}

gboolean
p2v_linux_use_file (P2vLinux               *self,
                    const P2vSystemSearch  *search,
                    GError                **error)
{
  g_autoptr (GError) local_error = NULL;
  gboolean is_complete = self->types != NULL && self->symbols[LINUX_SYMBOL_INIT_TASK].va != 0;

  if (self->file == NULL && !is_complete)
    {
      self->file = p2v_symbol_file_find (self->banner, search->cancellable, &local_error);
      if (local_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
    }
  if (self->file == NULL)
    return TRUE;
  if (!check_file (self, error) || (self->file->symbols != NULL && !use_file_symbols (self, error)))
    return FALSE;
  self->types = self->file->types;
  return TRUE;
}

/* Says what is missing, as @reason does if there is one, and how to supply it. */
static void
set_missing (const P2vLinux  *self,
             const GError    *reason,
             const char      *what,
             GError         **error)
{
  g_autofree char *folder = p2v_symbol_file_dup_folder ();
  g_autofree char *shown = p2v_text_escape (folder, -1);

  if (reason == NULL)
    p2v_linux_set_error (self, P2V_OS_ERROR_SYMBOLS_MISSING, error, "%s", what);
  else
    g_propagate_error (error, g_error_copy (reason));
  if (error != NULL)
    {
      /* Translators: appended to a sentence that says what is missing; a folder's name. */
      g_autofree char *message = g_strdup_printf (
          _("%s; give the symbols of this kernel with --symbols FILE (a Volatility "
             "ISF, or a vmlinux with .BTF), or put such a file into “%s”"),
          (*error)->message, shown);
      g_free ((*error)->message);
      (*error)->message = g_steal_pointer (&message);
    }
}

/* A VMCOREINFO that does not name the tables (before 6.0) is no damage: then there are no names. A
 * table that is there must be right. */
static gboolean
complete_symbols (P2vLinux *self, const GError *symbols_error, GError **error)
{
  guint64 names_va;

  if (self->symbol_table == NULL
      && p2v_linux_get_info_symbol (self->vmcoreinfo, "kallsyms_names", &names_va))
    {
      set_missing (self, symbols_error, "", error);
      return FALSE;
    }
  if (self->symbol_table == NULL)
    {
      self->symbol_table = self->own_symbols = p2v_symbol_table_new ();
      p2v_symbol_table_seal (self->own_symbols);
      self->symbols[LINUX_SYMBOL_TEXT].va = self->image_va;
    }
  if (self->symbols[LINUX_SYMBOL_TEXT].va != 0)
    return TRUE;
  /* Even a table of functions only has one of these. */
  p2v_linux_set_error (self, P2V_OS_ERROR_CORRUPT, error,
                       _ ("its symbol table is damaged: it has neither _text nor _stext"));
  return FALSE;
}

/* What types do not tell is inferred from values. That they are damaged is told. */
static gboolean
complete_layout (P2vLinux *self, const GError *types_error, GError **error)
{
  g_autoptr (GError) infer_error = NULL;

  if (self->types != NULL)
    {
      self->layout_source = self->file != NULL ? N_ ("the file of symbols")
                                               : N_ ("the kernel's type information (BTF)");
      return p2v_linux_layout_resolve (self, error) || p2v_linux_prefix_error (self, error);
    }
  self->layout_source = N_ ("inferred from values");
  if (p2v_linux_infer (self, &infer_error))
    {
      self->types = self->own_types;
      if (g_error_matches (types_error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT))
        self->types_problem = g_strdup (types_error->message);
      return TRUE;
    }
  if (infer_error->domain != P2V_OS_ERROR)
    {
      g_propagate_error (error, g_steal_pointer (&infer_error));
      return FALSE;
    }
  p2v_linux_prefix_error (self, &infer_error);
  set_missing (self, infer_error, "", error);
  return FALSE;
}

gboolean
p2v_linux_complete_sources (P2vLinux *self,
                            const GError *symbols_error,
                            const GError *types_error,
                            GError **error)
{
  if (!complete_symbols (self, symbols_error, error)
      || !complete_layout (self, types_error, error))
    return FALSE;
  if (self->symbols[LINUX_SYMBOL_INIT_TASK].va == 0 && !p2v_linux_find_init_task (self))
    {
      set_missing (self, NULL,
                   _ ("its symbols do not say where init_task is, nor is it found in its image"),
                   error);
      return FALSE;
    }
  p2v_linux_find_pid_namespace (self);
  return TRUE;
}
