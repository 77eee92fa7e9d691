/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "base/p2v-limits.h"
#include "base/p2v-reader.h"
#include "base/p2v-text.h"
#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-private.h"

/* Where the kernel's image is linked on x86-64; its physical address is this far below plus
 * phys_base. Source: Linux arch/x86/include/asm/page_64_types.h __START_KERNEL_map. */
#define START_KERNEL_MAP ((guint64) 0xffffffff80000000)

/* Bytes that the longest of kallsyms' variable tables may have; Debian 6.12 needs 2.6 MB of
 * names. */
#define MAX_NAMES_BYTES ((guint64) 64 << 20)

/* Bytes that 256 tokens can have: each fits a symbol name. */
#define TOKEN_TABLE_BYTES ((gsize) 64 << 10)
#define TOKEN_INDEX_BYTES ((gsize) 512)

static const char *const symbol_names[LINUX_N_SYMBOLS] = {
  [LINUX_SYMBOL_INIT_TASK] = "init_task",
  [LINUX_SYMBOL_LINUX_BANNER] = "linux_banner",
  [LINUX_SYMBOL_TEXT] = "_text",
  [LINUX_SYMBOL_ETEXT] = "_etext",
  [LINUX_SYMBOL_END] = "_end",
  [LINUX_SYMBOL_START_BTF] = "__start_BTF",
  [LINUX_SYMBOL_STOP_BTF] = "__stop_BTF",
  [LINUX_SYMBOL_INIT_PID_NS] = "init_pid_ns",
  [LINUX_SYMBOL_INIT_UTS_NS] = "init_uts_ns",
  [LINUX_SYMBOL_SPECIAL_MAPPING_VMOPS] = "special_mapping_vmops",
  [LINUX_SYMBOL_TK_CORE] = "tk_core",
};

static const char *
get_release (const P2vLinux *self)
{
  return g_hash_table_lookup (self->vmcoreinfo, "OSRELEASE");
}

/* An error of this kernel: which one it is, then what is wrong. */
G_GNUC_PRINTF (4, 5) static void
set_kernel_error (const P2vLinux  *self,
                  P2vOsError       code,
                  GError         **error,
                  const char      *format,
                  ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *release = p2v_text_escape (get_release (self), -1);
  /* Translators: file name, kernel release such as 6.1.0-56-amd64, a sentence. */
  g_set_error (error, P2V_OS_ERROR, code, _("“%s”: Linux %s: %s"),
               p2v_image_get_display_name (self->image), release, reason);
}

/* Bytes of the kernel's image, which is contiguous in physical memory. */
static GBytes *
read_kernel_bytes (const P2vLinux  *self,
                   guint64          va,
                   gsize            length,
                   const char      *what,
                   GError         **error)
{
  g_autofree guint8 *buffer = g_try_malloc (length);

  P2vReadStatus status = buffer == NULL
                           ? P2V_READ_HOLE
                           : p2v_image_read (self->image, va - self->delta, buffer, length, error);
  if (status == P2V_READ_OK)
    return g_bytes_new_take (g_steal_pointer (&buffer), length);
  if (status == P2V_READ_HOLE)
    set_kernel_error (self, P2V_OS_ERROR_SYMBOLS_MISSING, error,
                      _("%s, 0x%zx bytes at physical address 0x%" PRIx64
                        ", is not in the image; is the image complete?"),
                      what, length, va - self->delta);
  return NULL;
}

/* As read_kernel_bytes(), for a table whose end is not known: as many of @max_length bytes as there
 * are. */
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
      GBytes *bytes = read_kernel_bytes (self, va, length, what, &local_error);
      if (bytes != NULL)
        return bytes;
    }
  return read_kernel_bytes (self, va, P2V_FRAME_SIZE, what, error);
}

static gboolean
get_required_symbol (const P2vLinux  *self,
                     const char      *name,
                     guint64         *ret_va,
                     GError         **error)
{
  if (p2v_linux_get_info_symbol (self->vmcoreinfo, name, ret_va))
    return TRUE;
  set_kernel_error (
    self, P2V_OS_ERROR_SYMBOLS_MISSING, error,
    _("its VMCOREINFO does not say where %s is; kernels before 6.0 are not read yet"), name);
  return FALSE;
}

/* Where the kernel's image lies and how its page tables are made. */
static gboolean
open_page_tables (P2vLinux  *self,
                  GError   **error)
{
  const char *page_size = g_hash_table_lookup (self->vmcoreinfo, "PAGESIZE");
  gint64 phys_base, five_levels = 0, sme_mask = 0;
  guint64 root_va;

  if (!p2v_linux_get_info_number (self->vmcoreinfo, "phys_base", &phys_base) ||
      !g_str_equal (page_size, "4096"))
    {
      set_kernel_error (
        self, P2V_OS_ERROR_SYMBOLS_MISSING, error,
        _("it runs on a processor that is not read yet: its VMCOREINFO has no phys_base, so it "
          "is not x86-64"));
      return FALSE;
    }
  if (!get_required_symbol (self, "swapper_pg_dir", &root_va, error))
    return FALSE;
  /* Both are absent where they are 0. */
  (void) !p2v_linux_get_info_number (self->vmcoreinfo, "pgtable_l5_enabled", &five_levels);
  (void) !p2v_linux_get_info_number (self->vmcoreinfo, "sme_mask", &sme_mask);

  self->delta = START_KERNEL_MAP - (guint64) phys_base;
  self->root_pa = root_va - self->delta;
  self->tables.form = five_levels ? &p2v_paging_form_x86_64_5 : &p2v_paging_form_x86_64_4;
  self->tables.pa_mask = self->tables.form->pa_mask & ~(guint64) sme_mask;
  return TRUE;
}

static gboolean
open_kallsyms_strings (const P2vLinux  *self,
                       P2vKallsyms     *kallsyms,
                       GError         **error)
{
  guint64 names_va, token_table_va, token_index_va;

  if (!get_required_symbol (self, "kallsyms_names", &names_va, error) ||
      !get_required_symbol (self, "kallsyms_token_table", &token_table_va, error) ||
      !get_required_symbol (self, "kallsyms_token_index", &token_index_va, error))
    return FALSE;
  /* Before and after the change of order in 6.4 the tokens come behind the names. */
  guint64 names_bytes = token_table_va - names_va;
  if (token_table_va <= names_va || names_bytes > MAX_NAMES_BYTES)
    {
      set_kernel_error (self, P2V_OS_ERROR_CORRUPT, error,
                        _("kallsyms_names at 0x%" PRIx64 " and kallsyms_token_table at 0x%" PRIx64
                          " do not belong together"),
                        names_va, token_table_va);
      return FALSE;
    }
  kallsyms->names = read_kernel_bytes (self, names_va, names_bytes, "kallsyms_names", error);
  if (kallsyms->names == NULL)
    return FALSE;
  kallsyms->token_table = read_kernel_bytes_up_to (self, token_table_va, TOKEN_TABLE_BYTES,
                                                   "kallsyms_token_table", error);
  if (kallsyms->token_table == NULL)
    return FALSE;
  kallsyms->token_index =
    read_kernel_bytes (self, token_index_va, TOKEN_INDEX_BYTES, "kallsyms_token_index", error);
  return kallsyms->token_index != NULL;
}

static gboolean
open_kallsyms_numbers (const P2vLinux  *self,
                       P2vKallsyms     *kallsyms,
                       GError         **error)
{
  guint64 n_symbols_va, base_va, offsets_va;

  if (!get_required_symbol (self, "kallsyms_num_syms", &n_symbols_va, error) ||
      !get_required_symbol (self, "kallsyms_relative_base", &base_va, error) ||
      !get_required_symbol (self, "kallsyms_offsets", &offsets_va, error))
    return FALSE;
  g_autoptr (GBytes) n_bytes =
    read_kernel_bytes (self, n_symbols_va, 4, "kallsyms_num_syms", error);
  if (n_bytes == NULL)
    return FALSE;
  g_autoptr (GBytes) base_bytes =
    read_kernel_bytes (self, base_va, 8, "kallsyms_relative_base", error);
  if (base_bytes == NULL)
    return FALSE;
  P2vReader n_reader = p2v_reader_le (g_bytes_get_data (n_bytes, NULL), 4);
  P2vReader base_reader = p2v_reader_le (g_bytes_get_data (base_bytes, NULL), 8);
  if (!p2v_reader_get_u32 (&n_reader, 0, &kallsyms->n_symbols) ||
      !p2v_reader_get_u64 (&base_reader, 0, &kallsyms->relative_base))
    g_assert_not_reached ();
  if (kallsyms->n_symbols == 0 || kallsyms->n_symbols > P2V_LIMIT_SYMBOLS)
    {
      set_kernel_error (self, P2V_OS_ERROR_LIMIT, error,
                        _("kallsyms_num_syms is %u; between 1 and %u symbols were expected"),
                        kallsyms->n_symbols, P2V_LIMIT_SYMBOLS);
      return FALSE;
    }
  kallsyms->offsets = read_kernel_bytes (self, offsets_va, kallsyms->n_symbols * sizeof (gint32),
                                         "kallsyms_offsets", error);
  return kallsyms->offsets != NULL;
}

static void
clear_kallsyms (P2vKallsyms *kallsyms)
{
  g_clear_pointer (&kallsyms->names, g_bytes_unref);
  g_clear_pointer (&kallsyms->token_table, g_bytes_unref);
  g_clear_pointer (&kallsyms->token_index, g_bytes_unref);
  g_clear_pointer (&kallsyms->offsets, g_bytes_unref);
}

/* Puts which kernel it is in front of an error of a room that does not know. Always FALSE. */
static gboolean
prefix_kernel (const P2vLinux  *self,
               GError         **error)
{
  g_autofree char *release = p2v_text_escape (get_release (self), -1);

  g_prefix_error (error, _("“%s”: Linux %s: "), p2v_image_get_display_name (self->image), release);
  return FALSE;
}

static gboolean
resolve_symbols (P2vLinux  *self,
                 GError   **error)
{
  P2vKallsyms kallsyms = { 0 };

  if (open_kallsyms_numbers (self, &kallsyms, error) &&
      open_kallsyms_strings (self, &kallsyms, error))
    {
      self->symbol_table = p2v_kallsyms_read (&kallsyms, error);
      if (self->symbol_table == NULL)
        prefix_kernel (self, error);
    }
  clear_kallsyms (&kallsyms);
  if (self->symbol_table == NULL)
    return FALSE;
  for (guint i = 0; i < LINUX_N_SYMBOLS; i++)
    {
      self->symbols[i] = (P2vSymbol) { .name = symbol_names[i] };
      /* 0 where there is none. */
      (void) !p2v_symbol_table_find (self->symbol_table, symbol_names[i], &self->symbols[i].va);
    }
  return TRUE;
}

/* The banner must stand where the symbol table says, in the release that VMCOREINFO names, and the
 * page tables must translate its address to just there. */
static gboolean
prove_kernel (const P2vLinux  *self,
              GError         **error)
{
  guint64 banner_va = self->symbols[LINUX_SYMBOL_LINUX_BANNER].va;
  g_autofree char *expected = g_strdup_printf ("Linux version %s ", get_release (self));
  gsize length = strlen (expected);
  P2vTrail trail;

  /* Even a table of functions only has this one. */
  if (self->symbols[LINUX_SYMBOL_TEXT].va == 0)
    {
      set_kernel_error (self, P2V_OS_ERROR_CORRUPT, error,
                        _("its symbol table is damaged: it has no _text"));
      return FALSE;
    }
  if (banner_va == 0)
    {
      set_kernel_error (
        self, P2V_OS_ERROR_SYMBOLS_MISSING, error,
        _("its symbol table lists functions only (no CONFIG_KALLSYMS_ALL); such kernels are "
          "not read yet"));
      return FALSE;
    }
  g_autoptr (GBytes) banner = read_kernel_bytes (self, banner_va, length, "linux_banner", error);
  if (banner == NULL)
    return FALSE;
  if (memcmp (g_bytes_get_data (banner, NULL), expected, length) != 0)
    {
      set_kernel_error (
        self, P2V_OS_ERROR_CORRUPT, error,
        _("no banner of it stands at physical address 0x%" PRIx64
          ", where its symbols put it; this VMCOREINFO is of an earlier boot or of another "
          "machine"),
        banner_va - self->delta);
      return FALSE;
    }
  if (!p2v_paging_translate (&self->tables, self->root_pa, banner_va, &trail, error))
    return FALSE;
  if (trail.status != P2V_WALK_MAPPED || trail.pa != banner_va - self->delta)
    {
      set_kernel_error (self, P2V_OS_ERROR_CORRUPT, error,
                        _("its page tables at 0x%" PRIx64 " (%s) do not lead to its banner at "
                          "0x%" PRIx64 ": %s"),
                        self->root_pa, _(self->tables.form->name), banner_va - self->delta,
                        p2v_walk_status_to_string (trail.status));
      return FALSE;
    }
  return TRUE;
}

static gboolean
resolve_layout (P2vLinux  *self,
                GError   **error)
{
  guint64 start = self->symbols[LINUX_SYMBOL_START_BTF].va;
  guint64 stop = self->symbols[LINUX_SYMBOL_STOP_BTF].va;

  if (start == 0 || stop <= start || stop - start > P2V_LIMIT_BTF_BYTES)
    {
      set_kernel_error (
        self, P2V_OS_ERROR_SYMBOLS_MISSING, error,
        _("it has no type information (BTF) between __start_BTF and __stop_BTF; such kernels "
          "are not read yet"));
      return FALSE;
    }
  g_autoptr (GBytes) bytes = read_kernel_bytes (self, start, stop - start, "BTF", error);
  if (bytes == NULL)
    return FALSE;
  self->types = p2v_btf_parse (bytes, error);
  return (self->types != NULL && p2v_linux_layout_resolve (self, error)) ||
         prefix_kernel (self, error);
}

void
p2v_linux_kernel_clear (P2vLinux *self)
{
  g_clear_pointer (&self->vmcoreinfo, g_hash_table_unref);
  g_clear_pointer (&self->symbol_table, p2v_symbol_table_free);
  g_clear_pointer (&self->types, p2v_type_source_free);
}

gboolean
p2v_linux_kernel_open (P2vLinux    *self,
                       GHashTable  *info,
                       GError     **error)
{
  p2v_linux_kernel_clear (self);
  self->vmcoreinfo = g_hash_table_ref (info);
  return open_page_tables (self, error) && resolve_symbols (self, error) &&
         prove_kernel (self, error) && resolve_layout (self, error);
}
