/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas ps: the processes in an image. */

#include "config.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "pas2vas-command.h"
#include "pas2vas-filter.h"
#include "pas2vas-options.h"
#include "pas2vas-report.h"

/* Tables show the start as a person reads it, seconds since the machine was started. */
static const P2vColumn columns[] = {
  { "pid", N_("Pid"), P2V_CELL_DECIMAL, 6 },
  { "ppid", N_("Ppid"), P2V_CELL_DECIMAL, 6 },
  { "name", N_("Name"), P2V_CELL_TEXT, 15 },
  { "threads", N_("Threads"), P2V_CELL_DECIMAL, 0 },
  { "uid", N_("Uid"), P2V_CELL_DECIMAL, 6 },
  { NULL, N_("Start"), P2V_CELL_TEXT, 9 },
  { "start_ns", NULL, P2V_CELL_DECIMAL, 0 },
  { "flags", N_("Flags"), P2V_CELL_TEXT, 13 },
  { "object", N_("Object (virtual)"), P2V_CELL_HEX, 18 },
  { "object_physical", N_("Object (phys.)"), P2V_CELL_HEX, 14 },
  { "root", N_("Root"), P2V_CELL_HEX, 14 },
  { "methods", N_("Methods"), P2V_CELL_TEXT, 0 },
};

/* In every format the same words, never translated. */
static const struct
{
  P2vProcessFlags  flag;
  const char      *word;
} flag_words[] = {
  { P2V_PROCESS_KERNEL_THREAD, "kernel-thread" },
  { P2V_PROCESS_ZOMBIE, "zombie" },
  { P2V_PROCESS_DEAD_LEADER, "dead-leader" },
  { P2V_PROCESS_SHARES_SPACE, "shares-space" },
  { P2V_PROCESS_HIDDEN, "hidden" },
  { P2V_PROCESS_EXITING, "exiting" },
  { P2V_PROCESS_EXITED, "exited" },
  { P2V_PROCESS_UNKNOWN, "unknown" },
};

static void
append_word (GString    *words,
             const char *word)
{
  if (words->len > 0)
    g_string_append_c (words, ' ');
  g_string_append (words, word);
}

static void
add_flags (P2vExport  *export,
           P2vProcess *process)
{
  P2vProcessFlags flags = p2v_process_get_flags (process);
  g_autoptr (GString) words = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (flag_words); i++)
    if ((flags & flag_words[i].flag) != 0)
      append_word (words, flag_words[i].word);
  p2v_export_add_text (export, words->str);
}

static void
add_methods (P2vExport  *export,
             P2vSystem  *system,
             P2vProcess *process)
{
  gsize n_methods;
  const P2vMethod *methods = p2v_system_get_methods (system, &n_methods);
  guint bits = p2v_process_get_methods (process);
  g_autoptr (GString) words = g_string_new (NULL);

  for (gsize i = 0; i < n_methods; i++)
    if ((bits & methods[i].bit) != 0)
      append_word (words, methods[i].name);
  p2v_export_add_text (export, words->str);
}

static void
add_start (P2vExport  *export,
           P2vProcess *process)
{
  guint64 start_ns = p2v_process_get_start_time_ns (process);

  if (start_ns == 0)
    {
      p2v_export_add_nothing (export);
      p2v_export_add_nothing (export);
      return;
    }

  /* Two digits, as the clock that Linux shows in /proc ticks. Not by floating point, whose
   * decimal sign depends on the locale. */
  g_autofree char *seconds =
    g_strdup_printf ("%6" PRIu64 ".%02" PRIu64,
                     start_ns / G_GUINT64_CONSTANT (1000000000),
                     start_ns / G_GUINT64_CONSTANT (10000000) % 100);

  p2v_export_add_text (export, seconds);
  p2v_export_add_number (export, start_ns);
}

static void
add_uid (P2vExport  *export,
         P2vProcess *process)
{
  gint64 uid = p2v_process_get_uid (process);

  if (uid >= 0)
    p2v_export_add_signed (export, uid);
  else
    p2v_export_add_nothing (export);
}

static void
add_root (P2vExport  *export,
          P2vProcess *process)
{
  P2vAddressSpace *space = p2v_process_get_address_space (process);

  if (space != NULL)
    p2v_export_add_number (export, p2v_address_space_get_root_pa (space));
  else
    p2v_export_add_nothing (export);
}

/* What is known of a process that has a structure of its own. */
static void
add_numbers (P2vExport  *export,
             P2vProcess *process)
{
  gboolean is_known = p2v_process_has_pid (process);

  p2v_export_add_pid (export, process);
  if (is_known)
    p2v_export_add_signed (export, p2v_process_get_parent_pid (process));
  else
    p2v_export_add_nothing (export);
  p2v_export_add_text (export, p2v_process_get_name (process));
  if (is_known)
    p2v_export_add_number (export, p2v_process_get_n_threads (process));
  else
    p2v_export_add_nothing (export);
}

static void
add_object (P2vExport  *export,
            P2vProcess *process)
{
  if (!p2v_process_has_pid (process))
    {
      p2v_export_add_nothing (export);
      p2v_export_add_nothing (export);
      return;
    }
  p2v_export_add_number (export, p2v_process_get_object_va (process));
  p2v_export_add_number (export, p2v_process_get_object_pa (process));
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
add_process (P2vExport   *export,
             P2vSystem   *system,
             P2vProcess  *process,
             GError     **error)
{
  add_numbers (export, process);
  add_uid (export, process);
  add_start (export, process);
  add_flags (export, process);
  add_object (export, process);
  add_root (export, process);
  add_methods (export, system, process);
  return p2v_export_end_row (export, NULL, error);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
print_processes (P2vSystem        *system,
                 P2vFilter        *filter,
                 P2vExportFormat   format,
                 GError          **error)
{
  g_autoptr (GOutputStream) output = pas2vas_open_output ();
  g_autoptr (P2vExport) export = p2v_export_new (output, format, columns, G_N_ELEMENTS (columns));
  guint n_processes = p2v_system_get_n_processes (system);

  for (guint i = 0; i < n_processes; i++)
    {
      P2vProcess *process = p2v_system_get_process (system, i);

      if (p2v_filter_matches (filter, process) && !add_process (export, system, process, error))
        return FALSE;
    }
  return p2v_export_finish (export, NULL, error);
}

static Pas2vasStatus
answer (const Pas2vasOptions *options,
        Pas2vasFilter        *filter_options,
        P2vFilter            *filter)
{
  g_autoptr (P2vSession) session = NULL;
  g_autoptr (GError) error = NULL;
  Pas2vasStatus status = pas2vas_filter_open (filter_options, &pas2vas_ps, options, filter,
                                              &session);

  if (status != PAS2VAS_ANSWERED)
    return status;

  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  return print_processes (system, filter, options->format, &error) ? PAS2VAS_ANSWERED
                                                                   : pas2vas_report_error (error);
}

static Pas2vasStatus
run (char **argv)
{
  g_auto (Pas2vasOptions) options = { .format = P2V_EXPORT_TABLE };
  g_auto (Pas2vasFilter) filter_options = { 0 };
  GOptionEntry entries[PAS2VAS_FILTER_N_ENTRIES + 1] = { 0 };

  pas2vas_filter_fill_entries (&filter_options, entries);
  if (!pas2vas_options_parse (&options, &pas2vas_ps, entries, argv))
    return PAS2VAS_USAGE;

  g_autoptr (P2vFilter) filter = pas2vas_filter_make (&filter_options, &pas2vas_ps, &options);
  return filter != NULL ? answer (&options, &filter_options, filter) : PAS2VAS_USAGE;
}

const Pas2vasCommand pas2vas_ps = {
  .name = "ps",
  .arguments = N_("IMAGE"),
  .n_min_arguments = 1,
  .n_max_arguments = 1,
  .summary = N_("List the processes"),
  .run = run,
};
