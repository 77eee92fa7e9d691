/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "image/p2v-image-private.h"
#include "os/p2v-system-private.h"

/* All systems we know, asked in this order. */
static const P2vSystemBackend *const backends[] = {
  &p2v_linux_backend,
  &p2v_windows_backend,
  /* Late, since text about a kernel can be in the memory of any system. */
  &p2v_bare_linux_backend,
  /* Takes any system's page tables. */
  &p2v_roots_backend,
};

/**
 * P2vSystem:
 *
 * The operating system found in an image.
 *
 * Immutable once found; may be used from any thread.
 */
struct _P2vSystem
{
  GObject                 parent_instance;
  const P2vSystemBackend *backend;
  gpointer                backend_data;
  P2vImage               *image;
  P2vPageTables           tables;
  P2vImageRange           zero_pages[2];
  guint                   n_zero_pages;
  guint64                 uffd_wp_mask;
  guint64                 hint;
  GBytes                 *findings;
  char                   *title;
  GArray                 *facts;         /* P2vFact */
  GPtrArray              *processes;     /* P2vProcess, by pid */
  GPtrArray              *spaces;        /* P2vAddressSpace, by the first owner's pid */
  P2vProcess             *kernel;        /* the owner of the last of them; NULL: not known */
  GPtrArray              *diagnostics;   /* char * */
};

G_DEFINE_FINAL_TYPE (P2vSystem, p2v_system, G_TYPE_OBJECT)

static void
p2v_system_finalize (GObject *object)
{
  P2vSystem *self = P2V_SYSTEM (object);

  if (self->backend_data != NULL)
    self->backend->free_data (self->backend_data);
  g_clear_object (&self->kernel);
  g_clear_pointer (&self->processes, g_ptr_array_unref);
  g_clear_pointer (&self->spaces, g_ptr_array_unref);
  g_clear_pointer (&self->facts, g_array_unref);
  g_clear_pointer (&self->diagnostics, g_ptr_array_unref);
  g_clear_pointer (&self->title, g_free);
  g_clear_pointer (&self->findings, g_bytes_unref);
  g_clear_object (&self->image);
  G_OBJECT_CLASS (p2v_system_parent_class)->finalize (object);
}

static void
p2v_system_class_init (P2vSystemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = p2v_system_finalize;
}

static void
clear_fact (gpointer fact)
{
  g_free (((P2vFact *) fact)->value);
}

static void
p2v_system_init (P2vSystem *self)
{
  self->facts = g_array_new (FALSE, FALSE, sizeof (P2vFact));
  g_array_set_clear_func (self->facts, clear_fact);
  self->processes = g_ptr_array_new_with_free_func (g_object_unref);
  self->spaces = g_ptr_array_new_with_free_func (g_object_unref);
  self->diagnostics = g_ptr_array_new_with_free_func (g_free);
}

/* By pid; of several with one pid those that are gone last; those without a pid by their roots, at
 * the end. */
static int
compare_processes (gconstpointer a,
                   gconstpointer b)
{
  P2vProcess *x = *(P2vProcess **) a, *y = *(P2vProcess **) b;
  P2vProcessFlags last = P2V_PROCESS_UNKNOWN, late = P2V_PROCESS_EXITED;
  P2vProcessFlags x_flags = p2v_process_get_flags (x), y_flags = p2v_process_get_flags (y);

  if ((x_flags ^ y_flags) & last)
    return (x_flags & last) != 0 ? 1 : -1;
  gint64 pid_x = p2v_process_get_pid (x), pid_y = p2v_process_get_pid (y);
  if (pid_x != pid_y)
    return pid_x > pid_y ? 1 : -1;
  if ((x_flags ^ y_flags) & late)
    return (x_flags & late) != 0 ? 1 : -1;
  P2vVirtAddr va_x = p2v_process_get_object_va (x), va_y = p2v_process_get_object_va (y);
  if (va_x != va_y)
    return va_x > va_y ? 1 : -1;
  return strcmp (p2v_process_get_name (x), p2v_process_get_name (y));
}

static void
add_space (P2vSystem       *self,
           P2vAddressSpace *space)
{
  P2vPagingRoot root =
    p2v_page_tables_get_process_root (&self->tables, p2v_address_space_get_root_pa (space));

  p2v_address_space_set_root (space, &root);
  p2v_address_space_set_number (space, self->spaces->len);
  g_ptr_array_add (self->spaces, g_object_ref (space));
}

/* Puts processes and spaces in the order in which everything is shown, and numbers the spaces. */
static void
put_in_order (P2vSystem *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  g_ptr_array_sort (self->processes, compare_processes);
  for (guint i = 0; i < self->processes->len; i++)
    {
      P2vProcess *process = g_ptr_array_index (self->processes, i);
      P2vAddressSpace *space = p2v_process_get_address_space (process);
      if (space == NULL)
        continue;
      if (g_hash_table_add (seen, space))
        add_space (self, space);
      p2v_address_space_add_owner (space, process);
    }
  if (self->kernel != NULL)
    {
      P2vAddressSpace *space = p2v_process_get_address_space (self->kernel);
      p2v_address_space_set_number (space, self->spaces->len);
      p2v_address_space_add_owner (space, self->kernel);
      g_ptr_array_add (self->spaces, g_object_ref (space));
    }
}

gboolean
p2v_system_search_wants (const P2vSystemSearch *search,
                         const char            *method)
{
  return search->wanted_methods == NULL || g_strv_contains (search->wanted_methods, method);
}

static gboolean
count_page (const P2vWalkedPage *page, gpointer user_data)
{
  guint64 *n_pages = user_data;

  (*n_pages)++;
  return TRUE;
}

/* What speaks against a form: what comes of reading a root by it. */
static char *
dup_objection (P2vImage *image, const P2vPagingForm *form, P2vPhysAddr root_pa)
{
  P2vPageTables tables = { .image = image, .form = form, .pa_mask = form->pa_mask };
  P2vPagingRoot root
      = { .root_pa = root_pa & ~(p2v_paging_get_table_bytes (form, &form->levels[0]) - 1),
          .end_slot = 1u << form->levels[0].index_bits };
  P2vWalkReport report = { 0 };
  guint64 n_pages = 0;

  if (!p2v_paging_walk (&tables, &root, count_page, &n_pages, &report, NULL, NULL))
    return g_strdup (_ ("its root cannot be read"));
  if (report.n_missing_tables > 0)
    return g_strdup_printf (
        ngettext ("from its root %u table lies outside the image, at 0x%" PRIx64,
                  "from its root %u tables lie outside the image, the first at "
                  "0x%" PRIx64,
                  report.n_missing_tables),
        report.n_missing_tables, report.first_missing_pa);
  if (report.n_malformed_entries > 0)
    return g_strdup_printf (ngettext ("from its root %u entry has reserved bits set",
                                      "from its root %u entries have reserved bits set",
                                      report.n_malformed_entries),
                            report.n_malformed_entries);
  return g_strdup_printf (ngettext ("its root leads to %" PRIu64 " page",
                                    "its root leads to %" PRIu64 " pages", (gulong) n_pages),
                          n_pages);
}

/* The form that the person gave must be that of the system's page tables. */
static gboolean
check_form (P2vSystem *self, const P2vSystemSearch *search, GError **error)
{
  if (search->form == NULL || search->form == self->tables.form)
    return TRUE;
  P2vPhysAddr root_pa = 0;
  for (guint i = 0; i < self->processes->len && root_pa == 0; i++)
    {
      P2vAddressSpace *space
          = p2v_process_get_address_space (g_ptr_array_index (self->processes, i));
      root_pa = space != NULL ? p2v_address_space_get_root_pa (space) : 0;
    }
  g_autofree char *objection = dup_objection (self->image, search->form, root_pa);
  /* Translators: file, system, its paging form, the one that was asked for, address, what speaks
   * against it, id of the paging form. */
  g_set_error (
      error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
      _ ("“%s”: the page tables of %s are %s, not %s: read as the latter, the first address "
         "space, at 0x%" PRIx64 ", makes no sense (%s); give --paging %s, or leave it out"),
      p2v_image_get_display_name (self->image), self->title, _ (self->tables.form->name),
      _ (search->form->name), root_pa, objection, self->tables.form->id);
  return FALSE;
}

/* NULL without an error: it is not there. */
static P2vSystem *
try_backend (const P2vSystemBackend  *backend,
             const P2vSystemSearch   *search,
             GError                 **error)
{
  g_autoptr (P2vSystem) self = g_object_new (P2V_TYPE_SYSTEM, NULL);
  g_autoptr (GError) local_error = NULL;

  self->backend = backend;
  self->image = g_object_ref (search->image);
  if (backend->open (self, search, &local_error) && check_form (self, search, &local_error))
    {
      put_in_order (self);
      return g_steal_pointer (&self);
    }
  if (!g_error_matches (local_error, P2V_OS_ERROR, P2V_OS_ERROR_NOT_DETECTED))
    g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}

P2vSystem *
p2v_system_find (const P2vSystemSearch  *search,
                 GError                **error)
{
  gboolean likely[G_N_ELEMENTS (backends)];

  for (gsize i = 0; i < G_N_ELEMENTS (backends); i++)
    likely[i] = backends[i]->is_likely != NULL && backends[i]->is_likely (search);
  for (gsize i = 0; i < 2 * G_N_ELEMENTS (backends); i++)
    {
      gsize position = i % G_N_ELEMENTS (backends);
      GError *local_error = NULL;

      if (likely[position] != (i < G_N_ELEMENTS (backends)))
        continue;
      P2vSystem *self = try_backend (backends[position], search, &local_error);
      if (self != NULL)
        return self;
      if (local_error != NULL || (search->ret_base_pa != NULL && *search->ret_base_pa != 0))
        {
          g_propagate_error (error, local_error);
          return NULL;
        }
    }
  g_set_error (
    error, P2V_OS_ERROR, P2V_OS_ERROR_NOT_DETECTED,
    _("“%s” (%s): no operating system was recognized in %" PRIu64
      " MiB of memory, searched to the end, nor page tables of any kind; is it a complete image of "
      "physical memory? A flat image begins at physical address 0, unless --base says otherwise"),
    p2v_image_get_display_name (search->image), p2v_image_get_format_name (search->image),
    p2v_image_get_memory_size (search->image) >> 20);
  return NULL;
}

void
p2v_system_set_backend_data (P2vSystem *self,
                             gpointer   backend_data)
{
  self->backend_data = backend_data;
}

void
p2v_system_set_title (P2vSystem  *self,
                      const char *title)
{
  g_free (self->title);
  self->title = g_strdup (title);
}

void
p2v_system_set_page_tables (P2vSystem           *self,
                            const P2vPageTables *tables)
{
  self->tables = *tables;
}

void
p2v_system_take_fact (P2vSystem  *self,
                      const char *name,
                      char       *value)
{
  P2vFact fact = { .name = _(name), .value = value };

  g_array_append_val (self->facts, fact);
}

void
p2v_system_take_process (P2vSystem  *self,
                         P2vProcess *process)
{
  g_ptr_array_add (self->processes, process);
}

void
p2v_system_take_unknown (P2vSystem *self,
                         P2vAddressSpace *space,
                         P2vProcessFlags flags,
                         guint methods)
{
  g_autofree char *name
      = g_strdup_printf ("unknown (root 0x%" PRIx64 ")", p2v_address_space_get_root_pa (space));
  P2vProcessData data = {
    .pid = -1,
    .raw_name = (const guint8 *) name,
    .raw_name_length = strlen (name),
    .uid = -1,
    .n_handles = -1,
    .session = -1,
    .flags = flags,
    .methods = methods,
    .space = space,
  };

  p2v_system_take_process (self, p2v_process_new (&data));
}

void
p2v_system_take_kernel (P2vSystem           *self,
                        const P2vPagingRoot *root,
                        GArray              *areas)
{
  static const char name[] = "kernel";
  g_autoptr (P2vAddressSpace) space = p2v_address_space_new (root->root_pa, 0);
  P2vProcessData data = { .raw_name = (const guint8 *) name,
                          .raw_name_length = strlen (name),
                          .uid = -1,
                          .n_handles = -1,
                          .session = -1,
                          .flags = P2V_PROCESS_KERNEL,
                          .space = space };

  p2v_address_space_set_root (space, root);
  p2v_address_space_take_areas (space, areas);
  self->kernel = p2v_process_new (&data);
}

void
p2v_system_add_zero_page (P2vSystem   *self,
                          P2vPhysAddr  start_pa,
                          guint64      length_bytes)
{
  g_return_if_fail (self->n_zero_pages < G_N_ELEMENTS (self->zero_pages));

  self->zero_pages[self->n_zero_pages++] = (P2vImageRange) {
    .start_pa = start_pa,
    .length_bytes = length_bytes,
  };
}

void
p2v_system_set_uffd_wp_mask (P2vSystem *self,
                             guint64    mask)
{
  self->uffd_wp_mask = mask;
}

static gboolean
is_zero_page (P2vSystem   *self,
              guint64      entry,
              P2vPhysAddr  pa)
{
  for (guint i = 0; i < self->n_zero_pages; i++)
    if (pa - self->zero_pages[i].start_pa < self->zero_pages[i].length_bytes)
      return TRUE;
  return self->backend->is_zero_page != NULL && self->backend->is_zero_page (self, entry, pa);
}

static gboolean
is_device (P2vSystem   *self,
           P2vPhysAddr  pa)
{
  return self->backend->is_device != NULL && self->backend->is_device (self, pa);
}

P2vState
p2v_system_refine_state (P2vSystem       *self,
                         const P2vRegion *region,
                         guint64          entry,
                         P2vPhysAddr      pa,
                         P2vState         state)
{
  guint access = P2V_RIGHTS_READ | P2V_RIGHTS_WRITE | P2V_RIGHTS_EXECUTE;

  if (region == NULL || region->mapping_class != P2V_MAPPING_USER)
    return state;
  if (state == P2V_STATE_PROT_NONE)
    return region->rights & access ? P2V_STATE_NUMA_HINT : P2V_STATE_PROT_NONE;
  if (state != P2V_STATE_VALID)
    return state;
  if (region->is_pfn_map)
    return is_device (self, pa) ? P2V_STATE_DEVICE : P2V_STATE_PFN_MAP;
  if (is_zero_page (self, entry, pa))
    return P2V_STATE_ZERO_PAGE;
  return region->has_uffd_wp && entry & self->uffd_wp_mask ? P2V_STATE_UFFD_WP : state;
}

void
p2v_system_take_diagnostic (P2vSystem *self,
                            char      *message)
{
  g_ptr_array_add (self->diagnostics, message);
}

gpointer
p2v_system_get_backend_data (P2vSystem *self)
{
  return self->backend_data;
}

void
p2v_system_set_hint (P2vSystem *self,
                     guint64    hint)
{
  self->hint = hint;
}

guint64
p2v_system_get_hint (P2vSystem *self)
{
  return self->hint;
}

void
p2v_system_take_findings (P2vSystem *self,
                          GBytes    *findings)
{
  g_clear_pointer (&self->findings, g_bytes_unref);
  self->findings = findings;
}

GBytes *
p2v_system_get_findings (P2vSystem *self)
{
  return self->findings;
}

const P2vPageTables *
p2v_system_get_page_tables (P2vSystem *self)
{
  return &self->tables;
}

guint
p2v_system_get_n_user_spaces (P2vSystem *self)
{
  return self->spaces->len - (self->kernel != NULL ? 1 : 0);
}

GPtrArray *
p2v_system_get_diagnostics (P2vSystem *self)
{
  return self->diagnostics;
}

gpointer
p2v_system_open_frames (P2vSystem *self)
{
  return self->backend->open_frames != NULL ? self->backend->open_frames (self) : NULL;
}

gboolean
p2v_system_describe_frame (P2vSystem  *self,
                           gpointer    source,
                           P2vFrame   *frame,
                           GString    *detail,
                           GError    **error)
{
  return self->backend->describe_frame (self, source, frame, detail, error);
}

gboolean
p2v_system_count_mappings (P2vSystem    *self,
                           gpointer      source,
                           P2vPhysAddr   pa,
                           gint64       *ret_n_mappings,
                           GError      **error)
{
  P2vFrame frame = { .pa = pa, .n_expected = -1 };

  if (self->backend->count_mappings != NULL)
    return self->backend->count_mappings (self, source, pa, ret_n_mappings, error);
  g_autoptr (GString) detail = g_string_new (NULL);
  gboolean ok = p2v_system_describe_frame (self, source, &frame, detail, error);
  *ret_n_mappings = frame.n_expected;
  return ok;
}

void
p2v_system_close_frames (P2vSystem *self,
                         gpointer   source)
{
  self->backend->close_frames (source);
}

static void
free_region (gpointer region)
{
  p2v_region_free (region);
}

GPtrArray *
p2v_system_get_regions (P2vSystem        *self,
                        P2vAddressSpace  *space,
                        GError          **error)
{
  GPtrArray *regions = p2v_address_space_peek_regions (space);

  if (regions != NULL)
    return regions;
  g_autoptr (GPtrArray) loaded = g_ptr_array_new_with_free_func (free_region);
  if (!self->backend->load_regions (self, space, loaded, error))
    return NULL;
  return p2v_address_space_take_regions (space, g_steal_pointer (&loaded));
}

/**
 * p2v_system_get_title:
 * @self: a system
 *
 * Gets the system's name and version in a line.
 *
 * Returns: (transfer none): escaped text
 */
const char *
p2v_system_get_title (P2vSystem *self)
{
  g_return_val_if_fail (P2V_IS_SYSTEM (self), NULL);
  return self->title;
}

/**
 * p2v_system_get_paging_form_name:
 * @self: a system
 *
 * Gets how the system's page tables are made.
 *
 * Returns: (transfer none): translated text
 */
const char *
p2v_system_get_paging_form_name (P2vSystem *self)
{
  g_return_val_if_fail (P2V_IS_SYSTEM (self), NULL);
  return _(self->tables.form->name);
}

/**
 * p2v_system_get_n_facts:
 * @self: a system
 *
 * Gets how many facts are known.
 *
 * Returns: the count
 */
guint
p2v_system_get_n_facts (P2vSystem *self)
{
  g_return_val_if_fail (P2V_IS_SYSTEM (self), 0);
  return self->facts->len;
}

/**
 * p2v_system_get_fact:
 * @self: a system
 * @position: less than p2v_system_get_n_facts()
 *
 * Gets one fact, in the order in which to show them.
 *
 * Returns: (transfer none): the fact
 */
const P2vFact *
p2v_system_get_fact (P2vSystem *self,
                     guint      position)
{
  g_return_val_if_fail (P2V_IS_SYSTEM (self), NULL);
  g_return_val_if_fail (position < self->facts->len, NULL);
  return &g_array_index (self->facts, P2vFact, position);
}

/**
 * p2v_system_get_methods:
 * @self: a system
 * @ret_n_methods: (out): how many there are
 *
 * Gets the ways of finding processes that this system has.
 *
 * Returns: (transfer none) (array length=ret_n_methods): the methods
 */
const P2vMethod *
p2v_system_get_methods (P2vSystem *self,
                        gsize     *ret_n_methods)
{
  g_return_val_if_fail (P2V_IS_SYSTEM (self), NULL);
  g_return_val_if_fail (ret_n_methods != NULL, NULL);
  *ret_n_methods = self->backend->n_methods;
  return self->backend->methods;
}

/**
 * p2v_system_get_process_fields:
 * @self: a system
 *
 * Gets what this system knows of its processes beyond what all systems do. Of one process it may
 * still be unknown.
 *
 * Returns: the fields
 */
P2vProcessFields
p2v_system_get_process_fields (P2vSystem *self)
{
  g_return_val_if_fail (P2V_IS_SYSTEM (self), P2V_PROCESS_FIELD_NONE);
  return self->backend->fields;
}

/**
 * p2v_system_get_n_processes:
 * @self: a system
 *
 * Gets how many processes were found by all methods together.
 *
 * Returns: the count
 */
guint
p2v_system_get_n_processes (P2vSystem *self)
{
  g_return_val_if_fail (P2V_IS_SYSTEM (self), 0);
  return self->processes->len;
}

/**
 * p2v_system_get_process:
 * @self: a system
 * @position: less than p2v_system_get_n_processes()
 *
 * Gets one process, in the order of their ids.
 *
 * Returns: (transfer none): the process
 */
P2vProcess *
p2v_system_get_process (P2vSystem *self,
                        guint      position)
{
  g_return_val_if_fail (P2V_IS_SYSTEM (self), NULL);
  g_return_val_if_fail (position < self->processes->len, NULL);
  return g_ptr_array_index (self->processes, position);
}

/**
 * p2v_system_find_pid:
 * @self: a system
 * @pid: a process id
 *
 * Finds a process by its id.
 *
 * Returns: (transfer none) (nullable): the first process with that id; for 0, where no process has
 *   it, the kernel; or %NULL
 */
P2vProcess *
p2v_system_find_pid (P2vSystem *self,
                     gint64     pid)
{
  g_return_val_if_fail (P2V_IS_SYSTEM (self), NULL);
  for (guint i = 0; i < self->processes->len; i++)
    {
      P2vProcess *process = g_ptr_array_index (self->processes, i);
      if (p2v_process_get_pid (process) == pid)
        return process;
    }
  return pid == 0 ? self->kernel : NULL;
}

/**
 * p2v_system_get_kernel:
 * @self: a system
 *
 * Gets the owner of the kernel's half of the addresses: no process, and none of those that
 * p2v_system_get_process() gives. Its id is 0 and its name "kernel".
 *
 * Returns: (transfer none) (nullable): the kernel, or %NULL if its half is not known
 */
P2vProcess *
p2v_system_get_kernel (P2vSystem *self)
{
  g_return_val_if_fail (P2V_IS_SYSTEM (self), NULL);
  return self->kernel;
}

/**
 * p2v_system_get_n_spaces:
 * @self: a system
 *
 * Gets how many address spaces there are: those of the processes, each counted once, and the
 * kernel's half.
 *
 * Returns: the count
 */
guint
p2v_system_get_n_spaces (P2vSystem *self)
{
  g_return_val_if_fail (P2V_IS_SYSTEM (self), 0);
  return self->spaces->len;
}

/**
 * p2v_system_get_space:
 * @self: a system
 * @position: less than p2v_system_get_n_spaces()
 *
 * Gets one address space, in the order of their first owner's ids; the kernel's half comes last.
 *
 * Returns: (transfer none): the address space
 */
P2vAddressSpace *
p2v_system_get_space (P2vSystem *self,
                      guint      position)
{
  g_return_val_if_fail (P2V_IS_SYSTEM (self), NULL);
  g_return_val_if_fail (position < self->spaces->len, NULL);
  return g_ptr_array_index (self->spaces, position);
}
