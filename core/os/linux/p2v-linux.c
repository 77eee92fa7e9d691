/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "base/p2v-text.h"
#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-areas.h"
#include "os/linux/p2v-linux-frame-names.h"
#include "os/linux/p2v-linux-swap.h"

/* The seconds of a plausible clock: from 2000 to 2200. */
#define LEAST_TIME    ((gint64) 946684800)
#define GREATEST_TIME ((gint64) 7258118400)

/* tk_core begins with a sequence counter of 4 bytes; the timekeeper follows at the next multiple of
 * its alignment. Source: Linux kernel/time/timekeeping.c (5.9 to 6.12). */
#define TIMEKEEPER_IN_TK_CORE 8

typedef struct
{
  P2vLinux              *kernel;
  const P2vSystemSearch *search;
  char                  *passed_over;  /* why no VMCOREINFO was of use, though there is one */
} Attempt;

static gboolean
try_kernel (GHashTable  *info,
            gpointer     user_data,
            GError     **error)
{
  const Attempt *attempt = user_data;

  return p2v_linux_kernel_open (attempt->kernel, info, attempt->search, error);
}

static void
free_linux (gpointer data)
{
  P2vLinux *self = data;

  p2v_linux_kernel_clear (self);
  g_clear_pointer (&self->file, p2v_symbol_file_free);
  p2v_linux_frames_free (self->frames);
  p2v_linux_swap_free (self->swap);
  p2v_linux_zero_free (self->zero);
  g_free (self);
}

static void
set_title (P2vSystem        *system,
           const P2vLinux   *self,
           P2vVirtualMemory *memory)
{
  g_autoptr (GString) banner = g_string_new (NULL);

  p2v_virtual_memory_append_string (memory, self->symbols[LINUX_SYMBOL_LINUX_BANNER].va, 1024,
                                    banner);
  g_strchomp (banner->str);
  g_autofree char *escaped = p2v_text_escape (banner->str, -1);
  g_autofree char *release =
    p2v_text_escape (g_hash_table_lookup (self->vmcoreinfo, "OSRELEASE"), -1);
  g_autofree char *title = g_strdup_printf ("Linux %s (%s)", release, self->arch->name);
  p2v_system_set_title (system, title);
  p2v_system_take_fact (system, N_("Version"), g_steal_pointer (&escaped));
}

static void
add_host_name (P2vSystem        *system,
               const P2vLinux   *self,
               P2vVirtualMemory *memory)
{
  P2vVirtAddr uts = self->symbols[LINUX_SYMBOL_INIT_UTS_NS].va;
  g_autoptr (GString) name = g_string_new (NULL);

  if (uts == 0 || !self->layout[LINUX_UTS_NODENAME].known)
    return;
  /* Source: Linux include/uapi/linux/utsname.h, __NEW_UTS_LEN 64. */
  p2v_virtual_memory_append_string (memory, p2v_linux_field_va (self, uts, LINUX_UTS_NODENAME), 64,
                                    name);
  p2v_system_take_fact (system, N_("Host name"), p2v_text_escape (name->str, (gssize) name->len));
}

static void
add_capture_time (P2vSystem        *system,
                  const P2vLinux   *self,
                  P2vVirtualMemory *memory)
{
  P2vVirtAddr tk_core = self->symbols[LINUX_SYMBOL_TK_CORE].va;
  guint64 seconds;

  if (tk_core == 0 || !self->layout[LINUX_TIMEKEEPER_XTIME_SEC].known ||
      !p2v_linux_read_u64 (self, memory, tk_core + TIMEKEEPER_IN_TK_CORE,
                           LINUX_TIMEKEEPER_XTIME_SEC, &seconds) ||
      (gint64) seconds < LEAST_TIME || (gint64) seconds > GREATEST_TIME)
    return;
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc ((gint64) seconds);
  p2v_system_take_fact (system, N_("Captured (UTC)"),
                        g_date_time_format (time, "%Y-%m-%d %H:%M:%S"));
}

static void
add_sources (P2vSystem      *system,
             const P2vLinux *self)
{
  if (self->file != NULL)
    p2v_system_take_fact (system, N_("Symbols"), g_strdup (self->file->display_name));
  p2v_system_take_fact (system, N_("Structures"), g_strdup (_(self->layout_source)));
}

static void
add_facts (P2vSystem        *system,
           const P2vLinux   *self,
           P2vVirtualMemory *memory)
{
  guint64 text_va = self->symbols[LINUX_SYMBOL_TEXT].va;

  add_host_name (system, self, memory);
  add_capture_time (system, self, memory);
  add_sources (system, self);
  if (text_va != 0)
    p2v_system_take_fact (system, N_("Kernel text"),
                          g_strdup_printf (_("0x%" PRIx64 " (virtual), 0x%" PRIx64 " (physical)"),
                                           text_va, text_va - self->delta));
  p2v_system_take_fact (system, N_("Kernel page tables"),
                        g_strdup_printf ("0x%" PRIx64, self->root_pa));
}

/* The variables hold the numbers of frames; that of the large one only once somebody has read
 * there. */
static void
add_zero_page (P2vSystem        *system,
               const P2vLinux   *self,
               P2vVirtualMemory *memory,
               const char       *name,
               guint             page_shift)
{
  guint64 va, pfn;

  if (self->symbol_table != NULL && p2v_symbol_table_find (self->symbol_table, name, &va) &&
      p2v_linux_read_word_at (self, memory, va, &pfn) &&
      p2v_image_contains (self->image, pfn << p2v_linux_get_page_shift (self)))
    p2v_system_add_zero_page (system, pfn << p2v_linux_get_page_shift (self),
                              (guint64) 1 << page_shift);
}

/* What the marks in valid entries mean, that the processor ignores. */
static void
add_masks (P2vSystem      *system,
           const P2vLinux *self)
{
  const P2vLinuxArch *arch = self->arch;

  if (arch->has_uffd_wp == NULL || arch->has_uffd_wp (self))
    p2v_system_set_uffd_wp_mask (system, arch->uffd_wp_mask);
}

static void
add_zero_pages (P2vSystem        *system,
                const P2vLinux   *self,
                P2vVirtualMemory *memory)
{
  const P2vPagingForm *form = self->tables.form;

  /* The first has another name now. Source: Linux include/linux/pgtable.h, is_zero_pfn() (6.12 and
   * 7.2). */
  add_zero_page (system, self, memory, "zero_page_pfn", form->levels[form->n_levels - 1].shift);
  add_zero_page (system, self, memory, "zero_pfn", form->levels[form->n_levels - 1].shift);
  add_zero_page (system, self, memory, "huge_zero_pfn", form->levels[form->n_levels - 2].shift);
}

/* The process on whose page tables a processor runs. With page-table isolation user mode runs on a
 * copy of the root; a root of just that address goes first, for kernels without isolation may not
 * allocate pairs. */
static P2vProcess *
find_running (P2vSystem      *system,
              const P2vLinux *self,
              P2vPhysAddr     root_pa)
{
  const guint64 copies[] = { 0, self->arch->user_copy_bytes };

  for (gsize i = 0; i < G_N_ELEMENTS (copies); i++)
    for (guint j = 0; j < p2v_system_get_n_processes (system); j++)
      {
        P2vProcess *process = p2v_system_get_process (system, j);
        P2vAddressSpace *space = p2v_process_get_address_space (process);
        if (space != NULL && p2v_address_space_get_root_pa (space) + copies[i] == root_pa)
          return process;
      }
  return NULL;
}

/* What each processor was doing, if the image's header has their registers. A processor that runs
 * on page tables of no process is a finding: the process is hidden, or has just ended. */
static void
add_processor (P2vSystem      *system,
               const P2vLinux *self,
               guint           number,
               guint64         cr3)
{
  /* The low 12 bits are flags or a context number. */
  P2vPhysAddr root_pa = cr3 & self->tables.pa_mask;
  P2vProcess *process = find_running (system, self, root_pa);

  if (process != NULL)
    {
      g_autofree char *label = p2v_process_dup_label (process);
      p2v_system_take_fact (system, N_("Processor"),
                            g_strdup_printf (_("%u: page tables of %s"), number, label));
    }
  else if (root_pa == self->root_pa)
    p2v_system_take_fact (system, N_("Processor"),
                          g_strdup_printf (_("%u: page tables of the kernel"), number));
  else
    p2v_system_take_diagnostic (
        system,
        g_strdup_printf (_ ("Processor %u runs on page tables at 0x%" PRIx64
                            ", which belong to no process that was found: it is hidden, or has "
                            "just ended"),
                         number, root_pa));
}

static void
add_processors (P2vSystem      *system,
                const P2vLinux *self)
{
  GArray *roots = p2v_image_get_hints (self->image)->page_table_roots;

  for (guint i = 0; i < roots->len; i++)
    add_processor (system, self, i, g_array_index (roots, P2vPhysAddr, i));
}

/* Finds the kernel that @attempt is for, and tells where to look first the next time, or 0. */
typedef gboolean (*FindFunc) (Attempt      *attempt,
                              P2vPhysAddr  *ret_hint,
                              GError      **error);

/* Memory outlives a restart, and the page that a kernel wrote for crash tools may be found in that
 * of another kernel, which has none: then it is looked for without. A kernel of the same release
 * is not, for it has such a page, and what is wrong with it is to be said. */
static gboolean
find_another (Attempt *attempt,
              GError  *refusal)
{
  GHashTable *info = attempt->kernel->vmcoreinfo;
  g_autofree char *release =
    info != NULL ? g_strdup (g_hash_table_lookup (info, "OSRELEASE")) : NULL;

  if (release == NULL || refusal->domain != P2V_OS_ERROR ||
      refusal->code == P2V_OS_ERROR_NOT_DETECTED ||
      (attempt->search->ret_base_pa != NULL && *attempt->search->ret_base_pa != 0) ||
      !p2v_linux_search_bare (attempt->search, attempt->kernel->file, release, try_kernel, attempt,
                              NULL))
    return FALSE;
  attempt->passed_over = g_strdup (refusal->message);
  return TRUE;
}

static gboolean
find_by_vmcoreinfo (Attempt      *attempt,
                    P2vPhysAddr  *ret_hint,
                    GError      **error)
{
  g_autoptr (GError) refusal = NULL;

  if (p2v_linux_search_vmcoreinfo (attempt->search, try_kernel, attempt, ret_hint, &refusal) ||
      find_another (attempt, refusal))
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (attempt->search->cancellable, error))
    return FALSE;
  g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

static gboolean
find_bare (Attempt      *attempt,
           P2vPhysAddr  *ret_hint,
           GError      **error)
{
  *ret_hint = 0;
  return p2v_linux_search_bare (attempt->search, attempt->kernel->file, NULL, try_kernel, attempt,
                                error);
}

/* What is not as it should be, and was got over. */
static void
add_findings (P2vSystem        *system,
              const Attempt    *attempt,
              P2vVirtualMemory *memory)
{
  const P2vLinux *self = attempt->kernel;
  char *missing = p2v_linux_dup_missing_memory (self, memory);

  if (attempt->passed_over != NULL)
    p2v_system_take_diagnostic (
      system, g_strdup_printf (_("A VMCOREINFO that is not of this kernel was passed over: %s"),
                               attempt->passed_over));
  if (self->types_problem != NULL)
    p2v_system_take_diagnostic (
      system, g_strdup_printf (_("The kernel's own description of its structures cannot be used, "
                                 "what was needed of it was inferred from values: %s"),
                               self->types_problem));
  if (missing != NULL)
    p2v_system_take_diagnostic (system, missing);
}

static gboolean
open_kernel (P2vSystem              *system,
             const P2vSystemSearch  *search,
             FindFunc                find,
             GError                **error)
{
  P2vLinux *self = g_new0 (P2vLinux, 1);
  Attempt attempt = { self, search, NULL };
  P2vPhysAddr hint = 0;

  p2v_system_set_backend_data (system, self);
  self->frames = p2v_linux_frames_new ();
  self->swap = p2v_linux_swap_new (self);
  self->zero = p2v_linux_zero_new (self);
  self->image = search->image;
  self->tables.image = search->image;
  /* Until a kernel is found that says which. */
  self->arch = &p2v_linux_arch_x86_64;
  self->tables.system_data = self;

  if (search->symbols_path != NULL)
    {
      self->file = p2v_symbol_file_open (search->symbols_path, search->cancellable, error);
      if (self->file == NULL)
        return FALSE;
    }
  if (!find (&attempt, &hint, error))
    return FALSE;
  if (hint != 0)
    p2v_system_set_hint (system, hint);
  p2v_system_set_page_tables (system, &self->tables);

  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&self->tables, self->root_pa);
  add_findings (system, &attempt, memory);
  g_free (attempt.passed_over);
  set_title (system, self, memory);
  add_facts (system, self, memory);
  add_masks (system, self);
  add_zero_pages (system, self, memory);
  if (!p2v_virtual_memory_check (memory, error) ||
      !p2v_linux_find_processes (self, system, search, error))
    return FALSE;
  add_processors (system, self);
  p2v_linux_add_kernel_space (self, system, memory);
  return p2v_virtual_memory_check (memory, error);
}

static gboolean
open_linux (P2vSystem              *system,
            const P2vSystemSearch  *search,
            GError                **error)
{
  return open_kernel (system, search, find_by_vmcoreinfo, error);
}

static gboolean
open_bare_linux (P2vSystem              *system,
                 const P2vSystemSearch  *search,
                 GError                **error)
{
  return open_kernel (system, search, find_bare, error);
}

/* Its hints are addresses of pages. */
static gboolean
is_likely (const P2vSystemSearch *search)
{
  return p2v_image_get_hints (search->image)->vmcoreinfo != NULL ||
         (search->hint != 0 && search->hint % P2V_FRAME_SIZE == 0);
}

/* Both differ in how they look for a kernel only. */
#define LINUX_BACKEND(likely_func, open_func) \
  {                                         \
    .id = "linux",                          \
    .is_likely = likely_func,               \
    .methods = p2v_linux_methods,           \
    .n_methods = P2V_LINUX_N_METHODS,       \
    .fields = P2V_PROCESS_FIELD_UID,        \
    .open = open_func,                      \
    .load_regions = p2v_linux_load_regions, \
    .is_device = p2v_linux_is_device,       \
    .is_zero_page = p2v_linux_is_zero_page, \
    .open_frames = p2v_linux_open_frames,   \
    .describe_frame = p2v_linux_describe_frame, \
    .count_mappings = p2v_linux_count_mappings, \
    .close_frames = p2v_linux_close_frames, \
    .free_data = free_linux,                \
  }

const P2vSystemBackend p2v_linux_backend = LINUX_BACKEND (is_likely, open_linux);
const P2vSystemBackend p2v_bare_linux_backend = LINUX_BACKEND (NULL, open_bare_linux);
