/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "image/p2v-image-private.h"
#include "os/windows/p2v-windows-private.h"

/* FILETIME counts 100 ns since 1601. Source: Microsoft, FILETIME; the seconds between 1601 and
 * 1970 are 134774 days. */
#define TICKS_PER_SECOND ((guint64) 10000000)
#define SECONDS_TO_1970  ((gint64) 134774 * 86400)

/* The first build that is called Windows 11, and a product that is no server. */
#define FIRST_BUILD_OF_11 22000
#define PRODUCT_WORKSTATION 1

typedef struct
{
  guint       major;
  guint       minor;
  const char *name;
  const char *server_name;
} VersionName;

static const VersionName version_names[] = {
  { 5, 0, "2000", "2000 Server" },
  { 5, 1, "XP", "XP" },
  { 5, 2, "XP x64", "Server 2003" },
  { 6, 0, "Vista", "Server 2008" },
  { 6, 1, "7", "Server 2008 R2" },
  { 6, 2, "8", "Server 2012" },
  { 6, 3, "8.1", "Server 2012 R2" },
  { 10, 0, "10", "Server" },
};

static const char *const kind_names[P2V_WINDOWS_N_KINDS] = {
  [P2V_WINDOWS_X64] = "x86-64",
  [P2V_WINDOWS_X86] = "x86",
  [P2V_WINDOWS_PAE] = "x86, PAE",
  [P2V_WINDOWS_ARM64] = "ARM64",
};

static void
free_windows (gpointer data)
{
  P2vWindows *self = data;

  p2v_windows_kernel_image_clear (&self->kernel);
  g_clear_pointer (&self->debugger_data, g_bytes_unref);
  g_clear_pointer (&self->prototypes, p2v_windows_prototypes_free);
  g_clear_pointer (&self->modules, g_ptr_array_unref);
  g_clear_pointer (&self->symbols, p2v_symbol_file_free);
  g_free (self);
}

static const char *
get_version_name (const P2vWindows *self)
{
  /* The workstation of that number was for 64 bits only. */
  gboolean is_server = self->product > PRODUCT_WORKSTATION ||
                       (self->major == 5 && self->minor == 2 && self->kind != P2V_WINDOWS_X64);

  if (self->major == 10 && self->build >= FIRST_BUILD_OF_11 && !is_server)
    return "11";
  for (gsize i = 0; i < G_N_ELEMENTS (version_names); i++)
    if (version_names[i].major == self->major && version_names[i].minor == self->minor)
      return is_server ? version_names[i].server_name : version_names[i].name;
  return "";
}

/* ReactOS says of itself that it is the Windows it is compatible with; its file says what it is. */
static gboolean
is_reactos (const P2vWindows *self)
{
  return self->kernel.product_name != NULL &&
         g_str_has_prefix (self->kernel.product_name, "ReactOS");
}

static void
set_title (P2vSystem        *system,
           const P2vWindows *self)
{
  g_autofree char *name = g_strdup_printf ("Windows %s", get_version_name (self));
  g_autofree char *title = g_strdup_printf (
    "%s (%s%u.%u.%u, %s)", is_reactos (self) ? "ReactOS" : g_strchomp (name),
    is_reactos (self) ? "NT " : "", self->major, self->minor, self->build, kind_names[self->kind]);

  p2v_system_set_title (system, title);
}

static void
add_capture_time (P2vSystem        *system,
                  const P2vWindows *self)
{
  gint64 seconds = (gint64) (self->capture_time / TICKS_PER_SECOND) - SECONDS_TO_1970;
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  if (self->capture_time != 0 && time != NULL)
    p2v_system_take_fact (system, N_("Captured (UTC)"),
                          g_date_time_format (time, "%Y-%m-%d %H:%M:%S"));
}

static void
add_kernel_image (P2vSystem        *system,
                  const P2vWindows *self)
{
  const P2vWindowsKernelImage *kernel = &self->kernel;

  if (kernel->va == 0)
    return;
  p2v_system_take_fact (system, N_("Kernel image"),
                        g_strdup_printf (_("0x%" PRIx64 ", %u bytes, time stamp 0x%08x"),
                                         kernel->va, kernel->size_bytes, kernel->timestamp));
  if (kernel->product_name != NULL)
    p2v_system_take_fact (system, N_("Kernel's product"),
                          g_strjoin (", ", kernel->product_name, kernel->file_version, NULL));
  if (kernel->pdb_name != NULL)
    p2v_system_take_fact (system, N_("Kernel symbols"),
                          g_strdup_printf ("%s %s", kernel->pdb_name, kernel->pdb_guid));
  if (self->debugger_data != NULL)
    p2v_system_take_fact (system, N_("Debugger data"),
                          g_strdup (self->debugger_data_encoded ? _("found, encoded")
                                                                : _("found")));
}

/* The offsets that come from @source, and how many processes agree with them. */
static char *
dup_offsets (const P2vWindows *self,
             P2vWindowsSource  source)
{
  GString *list = g_string_new (NULL);
  P2vWindowsField field;

  for (gsize i = 0; (field = p2v_windows_get_checked_field (i)) != WINDOWS_N_FIELDS; i++)
    if (self->sources[field] == source && p2v_windows_has (self, field) &&
        (self->votes[field] > 0 || source == P2V_WINDOWS_INFERRED))
      g_string_append_printf (list, "%s%s 0x%x (%u)", list->len > 0 ? ", " : "",
                              p2v_windows_field_name (field), self->layout.offsets[field],
                              self->votes[field]);
  return g_string_free (list, FALSE);
}

/* Where the offsets come from: which published kernel, how many processes agree with each field
 * that can be checked, and which fields had to be found. */
static void
add_layout (P2vSystem        *system,
            const P2vWindows *self)
{
  const P2vWindowsVersion *version = &self->layout.version;
  static const char *const titles[] = {
    [P2V_WINDOWS_PUBLISHED] = N_("Checked offsets (by processes)"),
    [P2V_WINDOWS_FROM_SYMBOLS] = N_("Offsets from symbols (by processes)"),
    [P2V_WINDOWS_INFERRED] = N_("Inferred offsets (by processes)"),
  };
  g_autofree char *published =
    g_strdup_printf ("%u.%u.%u.%u", version->major, version->minor, version->build,
                     version->revision);

  p2v_system_take_fact (
    system, N_("Structures"),
    self->shift == 0
      ? g_strdup_printf (_("as published of %s and later"), published)
      : g_strdup_printf (_("as published of %s and later, in processes moved by %d bytes"),
                         published, self->shift));
  for (guint source = 0; source < G_N_ELEMENTS (titles); source++)
    {
      char *list = dup_offsets (self, source);
      if (*list != '\0')
        p2v_system_take_fact (system, titles[source], list);
      else
        g_free (list);
    }
  if (self->symbols != NULL)
    p2v_system_take_fact (system, N_("File of symbols"), g_strdup (self->symbols->display_name));
}

static void
add_facts (P2vSystem        *system,
           const P2vWindows *self)
{
  add_capture_time (system, self);
  add_kernel_image (system, self);
  p2v_system_take_fact (system, N_("Kernel page tables"),
                        g_strdup_printf ("0x%" PRIx64, self->root_pa));
  add_layout (system, self);
}

static gboolean
add_kernel (P2vSystem   *system,
            P2vWindows  *self,
            GError     **error)
{
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&self->tables, self->root_pa);

  self->modules = p2v_windows_load_modules (self, memory);
  p2v_windows_find_database (self, memory);
  if (self->sources[WINDOWS_PFN_SIZE] == P2V_WINDOWS_INFERRED)
    p2v_system_take_fact (system, N_("Frame records"),
                          g_strdup_printf (_("0x%x bytes each, inferred"),
                                           self->layout.offsets[WINDOWS_PFN_SIZE]));
  p2v_windows_add_kernel_space (self, system, memory);
  return p2v_virtual_memory_check (memory, error);
}

/* Where the root of System's tables was; the lowest bit tells such a hint from Linux's. */
static guint64
make_hint (const P2vWindows *self)
{
  return self->root_pa | 1;
}

static gboolean
open_windows (P2vSystem              *system,
              const P2vSystemSearch  *search,
              GError                **error)
{
  P2vWindows *self = g_new0 (P2vWindows, 1);
  P2vWindowsScan scan = { 0 };
  gboolean found;

  p2v_system_set_backend_data (system, self);
  found = p2v_windows_scan (&scan, search, error) &&
          p2v_windows_find_kernel (self, search, &scan, error);
  if (found)
    {
      self->prototypes = p2v_windows_prototypes_new ();
      self->tables.resolve = p2v_windows_resolve;
      p2v_system_set_hint (system, make_hint (self));
      p2v_system_set_page_tables (system, &self->tables);
      set_title (system, self);
      add_facts (system, self);
      found = add_kernel (system, self, error) &&
              p2v_windows_find_processes (self, system, &scan, search, error);
    }
  p2v_windows_scan_clear (&scan);
  return found;
}

static gboolean
is_likely (const P2vSystemSearch *search)
{
  if (search->hint != 0)
    return (search->hint & 1) != 0;
  return p2v_image_get_hints (search->image)->windows.known ||
         p2v_windows_has_low_root (search->image);
}

const P2vSystemBackend p2v_windows_backend = {
  .id = "windows",
  .is_likely = is_likely,
  .methods = p2v_windows_methods,
  .n_methods = P2V_WINDOWS_N_METHODS,
  .fields = P2V_PROCESS_FIELD_HANDLES | P2V_PROCESS_FIELD_SESSION | P2V_PROCESS_FIELD_WOW64 |
            P2V_PROCESS_FIELD_TIMES | P2V_PROCESS_FIELD_PATH,
  .open = open_windows,
  .load_regions = p2v_windows_load_regions,
  .open_frames = p2v_windows_open_frames,
  .describe_frame = p2v_windows_describe_frame,
  .close_frames = p2v_windows_close_frames,
  .free_data = free_windows,
};
