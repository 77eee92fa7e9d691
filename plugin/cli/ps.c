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
           P2vSystem  *system,
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

/* Two digits, as the clock that Linux shows in /proc ticks. Not by floating point, whose decimal
 * sign depends on the locale. */
static void
add_start (P2vExport  *export,
           P2vSystem  *system,
           P2vProcess *process)
{
  guint64 start_ns = p2v_process_get_start_time_ns (process);
  g_autofree char *seconds =
    g_strdup_printf ("%6" PRIu64 ".%02" PRIu64,
                     start_ns / G_GUINT64_CONSTANT (1000000000),
                     start_ns / G_GUINT64_CONSTANT (10000000) % 100);

  if (start_ns != 0)
    p2v_export_add_text (export, seconds);
  else
    p2v_export_add_nothing (export);
}

static void
add_start_ns (P2vExport  *export,
              P2vSystem  *system,
              P2vProcess *process)
{
  guint64 start_ns = p2v_process_get_start_time_ns (process);

  if (start_ns != 0)
    p2v_export_add_number (export, start_ns);
  else
    p2v_export_add_nothing (export);
}

/* A time by the clock. */
static void
add_clock (P2vExport *export,
           gint64     time_us)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (time_us / G_USEC_PER_SEC);
  g_autofree char *text = time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S") : NULL;

  if (time_us != 0 && text != NULL)
    p2v_export_add_text (export, text);
  else
    p2v_export_add_nothing (export);
}

static void
add_started (P2vExport  *export,
             P2vSystem  *system,
             P2vProcess *process)
{
  add_clock (export, p2v_process_get_started_us (process));
}

static void
add_ended (P2vExport  *export,
           P2vSystem  *system,
           P2vProcess *process)
{
  add_clock (export, p2v_process_get_ended_us (process));
}

/* -1 is what is not known. */
static void
add_optional (P2vExport *export,
              gint64     number)
{
  if (number >= 0)
    p2v_export_add_signed (export, number);
  else
    p2v_export_add_nothing (export);
}

static void
add_uid (P2vExport  *export,
         P2vSystem  *system,
         P2vProcess *process)
{
  add_optional (export, p2v_process_get_uid (process));
}

static void
add_handles (P2vExport  *export,
             P2vSystem  *system,
             P2vProcess *process)
{
  add_optional (export, p2v_process_get_n_handles (process));
}

static void
add_session (P2vExport  *export,
             P2vSystem  *system,
             P2vProcess *process)
{
  add_optional (export, p2v_process_get_session (process));
}

static void
add_wow64 (P2vExport  *export,
           P2vSystem  *system,
           P2vProcess *process)
{
  gboolean is_wow64 = (p2v_process_get_flags (process) & P2V_PROCESS_WOW64) != 0;

  if (p2v_process_has_pid (process))
    p2v_export_add_text (export, is_wow64 ? "yes" : "no");
  else
    p2v_export_add_nothing (export);
}

static void
add_path (P2vExport  *export,
          P2vSystem  *system,
          P2vProcess *process)
{
  const char *path = p2v_process_get_path (process);

  if (path != NULL)
    p2v_export_add_text (export, path);
  else
    p2v_export_add_nothing (export);
}

static void
add_root (P2vExport  *export,
          P2vSystem  *system,
          P2vProcess *process)
{
  P2vAddressSpace *space = p2v_process_get_address_space (process);

  if (space != NULL)
    p2v_export_add_number (export, p2v_address_space_get_root_pa (space));
  else
    p2v_export_add_nothing (export);
}

static void
add_pid (P2vExport  *export,
         P2vSystem  *system,
         P2vProcess *process)
{
  p2v_export_add_pid (export, process);
}

static void
add_parent_pid (P2vExport  *export,
                P2vSystem  *system,
                P2vProcess *process)
{
  if (p2v_process_has_pid (process))
    p2v_export_add_signed (export, p2v_process_get_parent_pid (process));
  else
    p2v_export_add_nothing (export);
}

static void
add_name (P2vExport  *export,
          P2vSystem  *system,
          P2vProcess *process)
{
  p2v_export_add_text (export, p2v_process_get_name (process));
}

/* A number that every process with a structure of its own has. */
static void
add_own (P2vExport  *export,
         P2vProcess *process,
         guint64     number)
{
  if (p2v_process_has_pid (process))
    p2v_export_add_number (export, number);
  else
    p2v_export_add_nothing (export);
}

static void
add_threads (P2vExport  *export,
             P2vSystem  *system,
             P2vProcess *process)
{
  add_own (export, process, p2v_process_get_n_threads (process));
}

static void
add_object_va (P2vExport  *export,
               P2vSystem  *system,
               P2vProcess *process)
{
  add_own (export, process, p2v_process_get_object_va (process));
}

static void
add_object_pa (P2vExport  *export,
               P2vSystem  *system,
               P2vProcess *process)
{
  add_own (export, process, p2v_process_get_object_pa (process));
}

/* A column, what fills it, the field that a system must have to have the column (0: all systems
 * have it), and the one it must not have. */
typedef struct
{
  P2vColumn         column;
  void            (*add) (P2vExport  *export,
                          P2vSystem  *system,
                          P2vProcess *process);
  P2vProcessFields  only_with;
  P2vProcessFields  not_with;
} ProcessColumn;

/* Tables show the start as a person reads it, by the clock, or if that is not known in seconds
 * since the machine was started. */
static const ProcessColumn process_columns[] = {
  { { "pid", N_("Pid"), P2V_CELL_DECIMAL, 6 }, add_pid, 0, 0 },
  { { "ppid", N_("Ppid"), P2V_CELL_DECIMAL, 6 }, add_parent_pid, 0, 0 },
  { { "name", N_("Name"), P2V_CELL_TEXT, 15 }, add_name, 0, 0 },
  { { "threads", N_("Threads"), P2V_CELL_DECIMAL, 0 }, add_threads, 0, 0 },
  { { "handles", N_("Handles"), P2V_CELL_DECIMAL, 0 }, add_handles, P2V_PROCESS_FIELD_HANDLES, 0 },
  { { "session", N_("Session"), P2V_CELL_DECIMAL, 0 }, add_session, P2V_PROCESS_FIELD_SESSION, 0 },
  { { "wow64", N_("Wow64"), P2V_CELL_TEXT, 5 }, add_wow64, P2V_PROCESS_FIELD_WOW64, 0 },
  { { "uid", N_("Uid"), P2V_CELL_DECIMAL, 6 }, add_uid, P2V_PROCESS_FIELD_UID, 0 },
  { { NULL, N_("Start"), P2V_CELL_TEXT, 9 }, add_start, 0, P2V_PROCESS_FIELD_TIMES },
  { { "start_ns", NULL, P2V_CELL_DECIMAL, 0 }, add_start_ns, 0, 0 },
  { { "started", N_("Started (UTC)"), P2V_CELL_TEXT, 19 }, add_started,
    P2V_PROCESS_FIELD_TIMES, 0 },
  { { "ended", N_("Ended (UTC)"), P2V_CELL_TEXT, 19 }, add_ended,
    P2V_PROCESS_FIELD_TIMES, 0 },
  { { "flags", N_("Flags"), P2V_CELL_TEXT, 13 }, add_flags, 0, 0 },
  { { "object", N_("Object (virtual)"), P2V_CELL_HEX, 18 }, add_object_va, 0, 0 },
  { { "object_physical", N_("Object (phys.)"), P2V_CELL_HEX, 14 }, add_object_pa, 0, 0 },
  { { "root", N_("Root"), P2V_CELL_HEX, 14 }, add_root, 0, 0 },
  { { "methods", N_("Methods"), P2V_CELL_TEXT, 0 }, add_methods, 0, 0 },
  { { "path", N_("Path"), P2V_CELL_TEXT, 0 }, add_path, P2V_PROCESS_FIELD_PATH, 0 },
};

/* The columns that the system has. */
typedef struct
{
  guint     n_columns;
  P2vColumn columns[G_N_ELEMENTS (process_columns)];
  gsize     positions[G_N_ELEMENTS (process_columns)];
} Columns;

static void
choose_columns (P2vSystem *system,
                Columns   *self)
{
  P2vProcessFields fields = p2v_system_get_process_fields (system);

  self->n_columns = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (process_columns); i++)
    if ((process_columns[i].only_with & ~fields) == 0 &&
        (process_columns[i].not_with & fields) == 0)
      {
        self->columns[self->n_columns] = process_columns[i].column;
        self->positions[self->n_columns++] = i;
      }
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
print_processes (P2vSystem        *system,
                 P2vFilter        *filter,
                 P2vExportFormat   format,
                 GError          **error)
{
  g_autoptr (GOutputStream) output = pas2vas_open_output ();
  guint n_processes = p2v_system_get_n_processes (system);
  Columns columns;

  choose_columns (system, &columns);
  g_autoptr (P2vExport) export =
    p2v_export_new (output, format, columns.columns, columns.n_columns);

  for (guint i = 0; i < n_processes; i++)
    {
      P2vProcess *process = p2v_system_get_process (system, i);

      if (!p2v_filter_matches (filter, process))
        continue;
      for (guint j = 0; j < columns.n_columns; j++)
        process_columns[columns.positions[j]].add (export, system, process);
      if (!p2v_export_end_row (export, NULL, error))
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
