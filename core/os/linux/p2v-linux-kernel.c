/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "base/p2v-text.h"
#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-private.h"

/* How far behind its first code the kernel's page tables are at most; Debian's 34 MiB. */
#define CODE_BYTES ((guint64) 64 << 20)

static const P2vLinuxArch *const archs[] = {
  &p2v_linux_arch_x86_64,
  &p2v_linux_arch_arm64,
  &p2v_linux_arch_i386_pae,
  &p2v_linux_arch_i386,
};

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
  [LINUX_SYMBOL_PAGE_OFFSET_BASE] = "page_offset_base",
  [LINUX_SYMBOL_VMEMMAP_BASE] = "vmemmap_base",
  [LINUX_SYMBOL_POKING_MM] = "poking_mm",
  [LINUX_SYMBOL_EFI_MM] = "efi_mm",
  [LINUX_SYMBOL_TBOOT_MM] = "tboot_mm",
};

/* Names that symbols have in newer kernels. Source: Linux commits "x86/alternatives:
 * Rename 'poking_mm' to 'text_poke_mm'" and "timekeeping: Introduce auxiliary timekeepers" (6.16
 * and 6.17 by a secondary page, not looked up), kernel/time/timekeeping.c: the first of
 * timekeeper_data is what tk_core was; observed on Debian's 7.2. */
static const struct
{
  P2vLinuxSymbol symbol;
  const char    *name;
} newer_names[] = {
  { LINUX_SYMBOL_POKING_MM, "text_poke_mm" },
  { LINUX_SYMBOL_TK_CORE, "timekeeper_data" },
};

static const char *
get_release (const P2vLinux *self)
{
  return g_hash_table_lookup (self->vmcoreinfo, "OSRELEASE");
}

void
p2v_linux_set_error (const P2vLinux *self, P2vOsError code, GError **error, const char *format, ...)
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

GBytes *
p2v_linux_read_kernel_bytes (const P2vLinux  *self,
                             guint64          va,
                             gsize            length,
                             const char      *what,
                             GError         **error)
{
  g_autofree guint8 *buffer = g_try_malloc (length);

  P2vReadStatus status
      = buffer == NULL ? P2V_READ_HOLE
                       : p2v_image_read (self->image, va - self->delta, buffer, length, error);
  if (status == P2V_READ_OK)
    return g_bytes_new_take (g_steal_pointer (&buffer), length);
  if (status == P2V_READ_HOLE)
    p2v_linux_set_error (self, P2V_OS_ERROR_SYMBOLS_MISSING, error,
                         _("%s, 0x%zx bytes at physical address 0x%" PRIx64
                           ", is not in the image: the image is not complete, or this VMCOREINFO "
                           "is of an earlier boot or of another machine"),
                         what, length, va - self->delta);
  return NULL;
}

/* FALSE if the image is to be opened anew, for it begins elsewhere. */
static gboolean
check_base (const P2vLinux         *self,
            const P2vSystemSearch  *search,
            P2vVirtAddr             root_va,
            GError                **error)
{
  if (search->ret_base_pa == NULL || self->arch->find_base == NULL ||
      !self->arch->find_base (self, root_va, search->ret_base_pa))
    return TRUE;
  p2v_linux_set_error (self, P2V_OS_ERROR_CORRUPT, error,
                       _("the flat image begins at physical address 0x%" PRIx64
                         ", where its page tables lead to themselves"),
                       *search->ret_base_pa);
  return FALSE;
}

/* Which processor it was built for, where its image lies and how its page tables are made. */
static gboolean
open_page_tables (P2vLinux               *self,
                  const P2vSystemSearch  *search,
                  GError                **error)
{
  guint64 root_va;

  const P2vLinuxArch *arch = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (archs) && arch == NULL; i++)
    if (archs[i]->is_meant (self->vmcoreinfo))
      arch = archs[i];
  if (arch == NULL)
    {
      p2v_linux_set_error (self, P2V_OS_ERROR_SYMBOLS_MISSING, error,
                           _("it runs on a processor that is not read yet: its VMCOREINFO has the "
                             "marks of neither x86-64, i386 nor arm64"));
      return FALSE;
    }
  self->arch = arch;
  self->tables.root_grants = self->arch->root_grants;
  self->tables.decode_foreign = self->arch->decode_foreign;
  self->tables.resolve = p2v_linux_resolve_entries;
  if (!p2v_linux_get_required_symbol (self, "swapper_pg_dir", &root_va, error))
    return FALSE;
  /* One that was made up for want of another does not say it: the table is behind the code. */
  if (!p2v_linux_get_info_symbol (self->vmcoreinfo, "_stext", &self->image_va))
    self->image_va = root_va - MIN (root_va, CODE_BYTES);
  if (self->arch->open_page_tables (self, root_va))
    return check_base (self, search, root_va, error);
  p2v_linux_set_error (self, P2V_OS_ERROR_CORRUPT, error,
                       _("how its page tables at 0x%" PRIx64 " are made (%s) is not told by its "
                         "VMCOREINFO, or they do not lead to themselves"),
                       root_va, self->arch->name);
  return FALSE;
}

gboolean
p2v_linux_prefix_error (const P2vLinux  *self,
                        GError         **error)
{
  g_autofree char *release = p2v_text_escape (get_release (self), -1);

  g_prefix_error (error, _("“%s”: Linux %s: "), p2v_image_get_display_name (self->image), release);
  return FALSE;
}

/* The addresses of the symbols that are always asked for; 0 where there is none. */
static void
resolve_symbols (P2vLinux *self)
{
  for (guint i = 0; i < LINUX_N_SYMBOLS; i++)
    {
      self->symbols[i] = (P2vSymbol){ .name = symbol_names[i] };
      if (self->symbol_table != NULL)
        (void) !p2v_symbol_table_find (self->symbol_table, symbol_names[i], &self->symbols[i].va);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (newer_names) && self->symbol_table != NULL; i++)
    if (self->symbols[newer_names[i].symbol].va == 0)
      (void) !p2v_symbol_table_find (self->symbol_table, newer_names[i].name,
                                     &self->symbols[newer_names[i].symbol].va);
  if (self->symbols[LINUX_SYMBOL_LINUX_BANNER].va == 0)
    self->symbols[LINUX_SYMBOL_LINUX_BANNER].va = self->banner_va;
  if (self->symbols[LINUX_SYMBOL_INIT_UTS_NS].va == 0)
    (void) !p2v_linux_get_info_symbol (self->vmcoreinfo, "init_uts_ns",
                                       &self->symbols[LINUX_SYMBOL_INIT_UTS_NS].va);
  /* Tables of functions only may not reach down to it. */
  if (self->symbols[LINUX_SYMBOL_TEXT].va == 0 && self->symbol_table != NULL)
    (void) !p2v_symbol_table_find (self->symbol_table, "_stext",
                                   &self->symbols[LINUX_SYMBOL_TEXT].va);
}

/* How the way to the banner ended. */
static char *
dup_trail_end (const P2vTrail *trail)
{
  const char *status = p2v_walk_status_to_string (trail->status);

  if (trail->status == P2V_WALK_MAPPED)
    return g_strdup_printf (_("they lead to 0x%" PRIx64), trail->pa);
  if (trail->n_steps == 0)
    return g_strdup (status);
  /* Translators: how a translation ended, such as "not present", and the last entry on the way. */
  return g_strdup_printf (_("%s, by the entry 0x%" PRIx64 " at 0x%" PRIx64), status,
                          trail->steps[trail->n_steps - 1].value,
                          trail->steps[trail->n_steps - 1].entry_pa);
}

/* The page tables must translate the banner's address to where it stands. */
static gboolean
prove_page_tables (const P2vLinux  *self,
                   GError         **error)
{
  P2vTrail trail;

  if (!p2v_paging_translate (&self->tables, self->root_pa, self->banner_va, &trail, error))
    return FALSE;
  if (trail.status == P2V_WALK_MAPPED && trail.pa == self->banner_va - self->delta)
    return TRUE;
  g_autofree char *end = dup_trail_end (&trail);
  p2v_linux_set_error (self, P2V_OS_ERROR_CORRUPT, error,
                       _("its page tables at 0x%" PRIx64 " (%s) do not lead to its banner at "
                         "0x%" PRIx64 ": %s; the image is not complete, or damaged, or what runs "
                         "this kernel (Xen) translates its addresses once more"),
                       self->root_pa, _ (self->tables.form->name), self->banner_va - self->delta,
                       end);
  return FALSE;
}

void
p2v_linux_kernel_clear (P2vLinux *self)
{
  g_clear_pointer (&self->vmcoreinfo, g_hash_table_unref);
  g_clear_pointer (&self->own_symbols, p2v_symbol_table_free);
  g_clear_pointer (&self->own_types, p2v_type_source_free);
  g_clear_pointer (&self->banner, g_free);
  g_clear_pointer (&self->types_problem, g_free);
  self->symbol_table = NULL;
  self->types = NULL;
  self->banner_va = 0;
}

/* Symbols that contradict themselves are no end: a file may know better. */
static gboolean
open_sources (P2vLinux               *self,
              const P2vSystemSearch  *search,
              GError                **error)
{
  g_autoptr (GError) symbols_error = NULL;
  g_autoptr (GError) types_error = NULL;

  if (!p2v_linux_open_own_symbols (self, &symbols_error) && symbols_error->domain != P2V_OS_ERROR)
    {
      g_propagate_error (error, g_steal_pointer (&symbols_error));
      return FALSE;
    }
  if (!p2v_linux_find_banner (self, symbols_error, error) || !prove_page_tables (self, error))
    return FALSE;
  self->symbol_table = self->own_symbols;
  resolve_symbols (self);
  if (self->file == NULL && !p2v_linux_open_own_types (self, &types_error) &&
      types_error->domain != P2V_OS_ERROR)
    {
      g_propagate_error (error, g_steal_pointer (&types_error));
      return FALSE;
    }
  self->types = self->own_types;
  if (!p2v_linux_use_file (self, search, error))
    return FALSE;
  resolve_symbols (self);
  return p2v_linux_complete_sources (self, symbols_error, types_error, error);
}

gboolean
p2v_linux_kernel_open (P2vLinux               *self,
                       GHashTable             *info,
                       const P2vSystemSearch  *search,
                       GError                **error)
{
  p2v_linux_kernel_clear (self);
  self->vmcoreinfo = g_hash_table_ref (info);
  return open_page_tables (self, search, error) && open_sources (self, search, error);
}
