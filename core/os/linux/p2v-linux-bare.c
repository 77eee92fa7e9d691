/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* A kernel without VMCOREINFO: not built with it, or its page is not in the image any more.
 *
 * What it would say is put together from the memory: a banner says which kernel it is and where its
 * image is; the symbol table, its own or a file's, says where banner and root page table are to the
 * kernel. The difference of the banner's two addresses is that of all of the image. Nothing is
 * believed: whoever opens a kernel by a VMCOREINFO proves it, and so this one. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "base/p2v-text.h"
#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-bare.h"
#include "os/symbols/p2v-banner.h"
#include "os/symbols/p2v-kallsyms-search.h"

/* What is read at a time, and what is looked at again in the next piece. */
#define CHUNK_BYTES   ((gsize) 1 << 20)
#define OVERLAP_BYTES P2V_KALLSYMS_TOKEN_BYTES

/* A machine has one, and copies of files with other kernels in them. */
#define MAX_BANNERS 64

/* Around as many of them page tables are searched, which takes longest. */
#define MAX_TABLE_SEARCHES 8

/* Where the kernel's image is linked on x86-64, and how far and in what steps KASLR moves it.
 * Source: Linux arch/x86/include/asm/page_64_types.h, __START_KERNEL_map, KERNEL_IMAGE_SIZE;
 * arch/x86/Kconfig, PHYSICAL_ALIGN. */
#define START_KERNEL_MAP ((guint64) 0xffffffff80000000)
#define MAX_SHIFT        ((guint64) 1 << 30)
#define SHIFT_STEP       ((guint64) 2 << 20)

typedef struct
{
  P2vPhysAddr  pa;
  char        *text;
} Banner;

typedef struct
{
  const P2vSystemSearch *search;
  P2vVmcoreinfoFunc      try_candidate;
  gpointer               user_data;
  const char            *skipped_release;
  GArray                *banners;       /* Banner */
  P2vSymbolTable        *symbols;       /* the first that was found in memory, or NULL */
  gboolean               is_physical;   /* its addresses are physical ones */
  guint                  n_attempts;
  guint                  n_table_searches;
  GError                *first_error;
} Bare;

static void
clear_banner (gpointer data)
{
  g_free (((Banner *) data)->text);
}

static void
look_for_banners (Bare         *self,
                  const guint8 *bytes,
                  gsize         length,
                  P2vPhysAddr   pa)
{
  const char *start = (const char *) bytes;
  const char *at = start;
  char *text;

  while (self->banners->len < MAX_BANNERS &&
         (text = p2v_banner_find_next (&at, start + length, P2V_BANNER_START)) != NULL)
    {
      Banner banner = { pa + (at++ - start), text };
      g_array_append_val (self->banners, banner);
    }
}

static void
look_for_symbols (Bare         *self,
                  const guint8 *bytes,
                  gsize         length,
                  P2vPhysAddr   pa)
{
  for (gsize at = p2v_kallsyms_find_digits (bytes, length, 0);
       at < length && self->symbols == NULL;
       at = p2v_kallsyms_find_digits (bytes, length, at + 1))
    {
      P2vKallsyms kallsyms;
      if (!p2v_kallsyms_may_be_tokens (bytes + at, length - at) ||
          self->n_attempts++ >= P2V_LINUX_MAX_KALLSYMS_ATTEMPTS ||
          !p2v_linux_locate_kallsyms (self->search->image, pa + at, &kallsyms))
        continue;
      self->symbols = p2v_kallsyms_read (&kallsyms, NULL);
      self->is_physical = kallsyms.is_place_relative;
      p2v_kallsyms_clear (&kallsyms);
    }
}

/* The pieces overlap, so that what lies across an end is found in one of them; banners only in the
 * one where they begin. */
static gboolean
search_range (Bare                *self,
              const P2vImageRange *range,
              guint8              *buffer,
              guint64             *bytes_done,
              GError             **error)
{
  for (guint64 offset = 0; offset < range->length_bytes; offset += CHUNK_BYTES)
    {
      gsize length = (gsize) MIN (CHUNK_BYTES + OVERLAP_BYTES, range->length_bytes - offset);
      P2vPhysAddr pa = range->start_pa + offset;

      if (g_cancellable_set_error_if_cancelled (self->search->cancellable, error) ||
          p2v_image_read (self->search->image, pa, buffer, length, error) != P2V_READ_OK)
        return FALSE;
      look_for_banners (self, buffer,
                        MIN (length, CHUNK_BYTES + P2V_BANNER_MAX_BYTES), pa);
      look_for_symbols (self, buffer, length, pa);
      *bytes_done += MIN (length, CHUNK_BYTES);
      p2v_meter_set_done (self->search->meter, *bytes_done);
    }
  return TRUE;
}

static gboolean
search_memory (Bare    *self,
               GError **error)
{
  P2vImage *image = self->search->image;
  g_autofree guint8 *buffer = g_malloc (CHUNK_BYTES + OVERLAP_BYTES);
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);
  guint64 bytes_done = 0;

  p2v_meter_begin (self->search->meter, self->search->searching,
                   p2v_image_get_memory_size (image));
  for (gsize i = 0; i < n_ranges; i++)
    if (!search_range (self, &ranges[i], buffer, &bytes_done, error))
      return FALSE;
  return TRUE;
}

/* What tells one kind of kernel for x86 from another in VMCOREINFO, beside the addresses. Each is
 * tried: only the right one leads through the page tables to the banner. */
typedef enum
{
  DELTA_UNSAID,                /* the linear map's, which the reader finds out */
  DELTA_PHYS_BASE,
} DeltaKey;

typedef struct
{
  DeltaKey    delta_key;
  const char *page_size;
  const char *key;             /* one more key, or NULL */
  const char *value;
} Shape;

static const Shape shapes[] = {
  { DELTA_PHYS_BASE, "4096", NULL, NULL },
  { DELTA_PHYS_BASE, "4096", "NUMBER(pgtable_l5_enabled)", "1" },
  { DELTA_UNSAID, "4096", "CONFIG_X86_PAE", "y" },
  { DELTA_UNSAID, "4096", NULL, NULL },
};

/* The root page table's symbol: its name on x86-64 from 4.13 on, before, and elsewhere. Source:
 * Linux arch/x86/kernel/head_64.S, 4.12 and 4.13. */
static const char *const root_names[] = { "init_top_pgt", "init_level4_pgt", "swapper_pg_dir" };

static gboolean
find_root (const P2vSymbolTable *symbols,
           guint64              *ret_va)
{
  for (gsize i = 0; i < G_N_ELEMENTS (root_names); i++)
    if (p2v_symbol_table_find (symbols, root_names[i], ret_va))
      return TRUE;
  return FALSE;
}

static char *
dup_release (const Banner *banner)
{
  const char *release = banner->text + strlen (P2V_BANNER_START);

  return g_strndup (release, strcspn (release, " "));
}

void
p2v_linux_add_info (GHashTable *info,
                    const char *key,
                    char       *value)
{
  g_hash_table_replace (info, g_strdup (key), value);
}

/* As the kernel would have written it. */
static GHashTable *
make_info (const Shape          *shape,
           const Banner         *banner,
           const P2vSymbolTable *symbols,
           guint64               delta,
           guint64               shift)
{
  g_autoptr (GHashTable) info = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  guint64 va;

  p2v_linux_add_info (info, "OSRELEASE", dup_release (banner));
  p2v_linux_add_info (info, "PAGESIZE", g_strdup (shape->page_size));
  if (find_root (symbols, &va))
    p2v_linux_add_info (info, "SYMBOL(swapper_pg_dir)", g_strdup_printf ("%" PRIx64, va + shift));
  if (p2v_symbol_table_find (symbols, "_stext", &va))
    p2v_linux_add_info (info, "SYMBOL(_stext)", g_strdup_printf ("%" PRIx64, va + shift));
  if (shape->delta_key == DELTA_PHYS_BASE)
    p2v_linux_add_info (info, "NUMBER(phys_base)",
                        g_strdup_printf ("%" PRId64, (gint64) (START_KERNEL_MAP - delta)));
  if (shape->key != NULL)
    p2v_linux_add_info (info, shape->key, g_strdup (shape->value));
  return g_steal_pointer (&info);
}

static gboolean
offer (Bare                 *self,
       const Banner         *banner,
       const P2vSymbolTable *symbols,
       guint64               delta,
       guint64               shift)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_autoptr (GHashTable) info = make_info (&shapes[i], banner, symbols, delta, shift);
      g_autoptr (GError) error = NULL;

      if (self->try_candidate (info, self->user_data, &error))
        return TRUE;
      if (self->first_error == NULL)
        self->first_error = g_steal_pointer (&error);
    }
  return FALSE;
}

/* How far KASLR has moved the kernel from where it was linked: so far that its page tables lead to
 * the banner. FALSE if they do not lead there at all. */
static gboolean
find_shift (Bare                *self,
            const P2vPagingForm *form,
            const Banner        *banner,
            P2vPhysAddr          root_pa,
            guint64              banner_va,
            guint64             *ret_shift)
{
  const P2vPageTables tables = {
    .image = self->search->image,
    .form = form,
    .pa_mask = form->pa_mask,
  };

  for (guint64 shift = 0; shift < MAX_SHIFT; shift += SHIFT_STEP)
    {
      P2vTrail trail;
      if (p2v_paging_translate (&tables, root_pa, banner_va + shift, &trail, NULL) &&
          trail.status == P2V_WALK_MAPPED && trail.pa == banner->pa)
        {
          *ret_shift = shift;
          return TRUE;
        }
    }
  return FALSE;
}

/* Forms of page tables that are tried where nothing says which one it is. */
static const P2vPagingForm *const trial_forms[] = {
  &p2v_paging_form_x86_64_4,
  &p2v_paging_form_x86_64_5,
};

/* A table that tells places in memory becomes one of addresses where page tables lead to the banner
 * from. The kernel keeps its place within a large page wherever it is moved to. */
static gboolean
move_symbols (Bare         *self,
              const Banner *banner)
{
  guint64 banner_va = START_KERNEL_MAP + banner->pa % SHIFT_STEP;
  guint64 banner_pa, root_pa, shift;

  if (!p2v_symbol_table_find (self->symbols, "linux_banner", &banner_pa) ||
      banner_pa != banner->pa || !find_root (self->symbols, &root_pa))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (trial_forms); i++)
    if (find_shift (self, trial_forms[i], banner, root_pa, banner_va, &shift))
      {
        p2v_symbol_table_shift (self->symbols, 0, banner_va + shift - banner_pa);
        self->is_physical = FALSE;
        return TRUE;
      }
  return FALSE;
}

/* The table found in memory has the addresses at which the kernel runs. */
static gboolean
offer_own (Bare         *self,
           const Banner *banner)
{
  guint64 banner_va, root_va;

  return self->symbols != NULL && (!self->is_physical || move_symbols (self, banner)) &&
         p2v_symbol_table_find (self->symbols, "linux_banner", &banner_va) &&
         find_root (self->symbols, &root_va) &&
         (banner_va - banner->pa) % P2V_FRAME_SIZE == 0 &&
         offer (self, banner, self->symbols, banner_va - banner->pa, 0);
}

/* The table of a file has the addresses at which the kernel was linked. */
static gboolean
offer_file (Bare                *self,
            const P2vSymbolFile *file,
            const Banner        *banner)
{
  guint64 banner_va, root_va, shift;

  if (file == NULL || file->symbols == NULL || !g_str_equal (file->banner, banner->text) ||
      !p2v_symbol_table_find (file->symbols, "linux_banner", &banner_va) ||
      !find_root (file->symbols, &root_va))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (trial_forms); i++)
    if (find_shift (self, trial_forms[i], banner, banner->pa + root_va - banner_va, banner_va,
                    &shift))
      return offer (self, banner, file->symbols, banner_va + shift - banner->pa, shift);
  return FALSE;
}

/* The file that was given, or one of the kernel with this banner. */
static gboolean
offer_files (Bare                *self,
             const P2vSymbolFile *file,
             const Banner        *banner)
{
  if (file != NULL)
    return offer_file (self, file, banner);
  g_autoptr (P2vSymbolFile) found =
    p2v_symbol_file_find (banner->text, self->search->cancellable, NULL);
  return offer_file (self, found, banner);
}

/* The flat image is to be opened anew, for it begins elsewhere. */
static gboolean
set_base_error (const Bare   *self,
                const Banner *banner,
                P2vPhysAddr   base_pa,
                GError      **error)
{
  g_autofree char *text = p2v_text_escape (banner->text + strlen (P2V_BANNER_START), -1);
  g_autofree char *reason = g_strdup_printf (
    _("the flat image begins at physical address 0x%" PRIx64
      ", where its page tables lead to themselves"),
    base_pa);

  *self->search->ret_base_pa = base_pa;
  /* Translators: file name, kernel release such as 6.1.0-56-amd64, a sentence. */
  g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, _("“%s”: Linux %s: %s"),
               p2v_image_get_display_name (self->search->image), text, reason);
  return FALSE;
}

/* Processors, and what of a kernel their page tables tell. */
static const struct
{
  gboolean    (*find) (const P2vSystemSearch *search,
                       P2vPhysAddr            banner_pa,
                       P2vLinuxBareTables    *ret_found);
  GHashTable *(*make_info) (P2vImage                 *image,
                            const P2vLinuxBareTables *found,
                            const char               *release);
} table_searches[] = {
  { p2v_linux_find_x86_tables, p2v_linux_make_x86_info },
  { p2v_linux_find_bare_tables, p2v_linux_make_arm64_info },
};

/* Without symbols, by what its page tables map. */
static gboolean
offer_tables (Bare          *self,
              const Banner  *banner,
              GError       **error)
{
  P2vLinuxBareTables found = { 0 };
  gsize i = 0;

  if (self->n_table_searches++ >= MAX_TABLE_SEARCHES)
    return FALSE;
  while (i < G_N_ELEMENTS (table_searches) &&
         !table_searches[i].find (self->search, banner->pa, &found))
    i++;
  if (i == G_N_ELEMENTS (table_searches))
    return FALSE;
  if (found.base_pa != 0)
    return set_base_error (self, banner, found.base_pa, error);
  g_autofree char *release = dup_release (banner);
  g_autoptr (GHashTable) info =
    table_searches[i].make_info (self->search->image, &found, release);
  /* What is wrong with a kernel of which this much is known is worth more than what was wrong with
   * what was only tried. */
  g_clear_error (&self->first_error);
  return self->try_candidate (info, self->user_data, &self->first_error);
}

/* What was found and what is missing. */
static void
set_error (const Bare           *self,
           const P2vSymbolFile  *file,
           GError              **error)
{
  const Banner *banner = &g_array_index (self->banners, Banner, 0);
  g_autofree char *text = p2v_text_escape (banner->text, -1);
  g_autofree char *folder = p2v_symbol_file_dup_folder ();
  g_autofree char *shown = p2v_text_escape (folder, -1);
  const char *name = p2v_image_get_display_name (self->search->image);

  if (file != NULL)
    {
      g_autofree char *in_file = p2v_text_escape (file->banner, -1);
      g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_SYMBOLS_MISSING,
                   _("“%s”: a kernel is in it, “%s” at physical address 0x%" PRIx64
                     ", but no VMCOREINFO, and with the symbols in “%s”, of “%s”, its page tables "
                     "were not found"),
                   name, text, banner->pa, file->display_name, in_file);
      return;
    }
  g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_SYMBOLS_MISSING,
               _("“%s”: a kernel is in it, “%s” at physical address 0x%" PRIx64
                 ", but neither VMCOREINFO nor a symbol table (kallsyms) with data that says where "
                 "its page tables are; give the symbols of this kernel with --symbols FILE (a "
                 "Volatility ISF, or a vmlinux with .BTF), or put such a file into “%s”"),
               name, text, banner->pa, shown);
}

static gboolean
is_skipped (const Bare   *self,
            const Banner *banner)
{
  g_autofree char *release = dup_release (banner);

  return g_strcmp0 (release, self->skipped_release) == 0;
}

static gboolean
search_and_offer (Bare                 *self,
                  const P2vSymbolFile  *file,
                  GError              **error)
{
  g_autoptr (GError) local_error = NULL;

  if (!search_memory (self, error))
    return FALSE;
  for (guint i = 0; i < self->banners->len; i++)
    {
      const Banner *banner = &g_array_index (self->banners, Banner, i);
      if (is_skipped (self, banner))
        continue;
      if (offer_own (self, banner) || offer_files (self, file, banner) ||
          offer_tables (self, banner, &local_error))
        return TRUE;
      if (local_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      if (g_cancellable_set_error_if_cancelled (self->search->cancellable, error))
        return FALSE;
    }
  if (self->first_error != NULL)
    g_propagate_error (error, g_steal_pointer (&self->first_error));
  else if (self->banners->len > 0)
    set_error (self, file, error);
  else
    g_set_error_literal (error, P2V_OS_ERROR, P2V_OS_ERROR_NOT_DETECTED, "no banner");
  return FALSE;
}

gboolean
p2v_linux_search_bare (const P2vSystemSearch  *search,
                       const P2vSymbolFile    *file,
                       const char             *skipped_release,
                       P2vVmcoreinfoFunc       try_candidate,
                       gpointer                user_data,
                       GError                **error)
{
  g_autoptr (GArray) banners = g_array_new (FALSE, FALSE, sizeof (Banner));
  Bare self = { .search = search,
                .try_candidate = try_candidate,
                .user_data = user_data,
                .skipped_release = skipped_release,
                .banners = banners };

  g_array_set_clear_func (banners, clear_banner);
  gboolean ok = search_and_offer (&self, file, error);
  g_clear_pointer (&self.symbols, p2v_symbol_table_free);
  g_clear_error (&self.first_error);
  return ok;
}
