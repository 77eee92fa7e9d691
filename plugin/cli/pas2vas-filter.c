/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "pas2vas-filter.h"

#include <glib/gi18n.h>

#include "pas2vas-report.h"
#include "pas2vas-run.h"

void
pas2vas_filter_fill_entries (Pas2vasFilter *self,
                             GOptionEntry   ret_entries[])
{
  const GOptionEntry entries[PAS2VAS_FILTER_N_ENTRIES] = {
    { "pid", 'p', G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING_ARRAY, &self->pids,
      N_("Only processes with these ids"), N_("PID,…") },
    { "proc-regex", 'r', G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &self->name_regex,
      N_("Only processes whose name matches"), N_("REGEX") },
    { "object", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING_ARRAY, &self->object_vas,
      N_("Only processes whose structure is at these virtual addresses (also --eprocess)"),
      N_("VIRTUAL,…") },
    { "eprocess", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING_ARRAY, &self->object_vas, NULL,
      NULL },
    { "phys-object", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING_ARRAY, &self->object_pas,
      N_("Only processes whose structure is at these physical addresses (also --phys-eprocess)"),
      N_("PHYSICAL,…") },
    { "phys-eprocess", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING_ARRAY, &self->object_pas, NULL,
      NULL },
    { "method", 'm', G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING_ARRAY, &self->methods,
      N_("Only processes that one of these methods found"), N_("METHOD,…") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    ret_entries[i] = entries[i];
}

void
pas2vas_filter_fill_kernel_entry (Pas2vasFilter *self,
                                  GOptionEntry  *ret_entry)
{
  *ret_entry = (GOptionEntry) {
    "kernel", 'k', G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &self->kernel_rows,
    N_("The kernel’s mappings: none, those that say what a page is, or all"), "none|named|all"
  };
}

/* (transfer full) (element-type utf8): the words of "--x a,b --x c": a, b, c. */
static GPtrArray *
split_lists (char **lists)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);

  for (; lists != NULL && *lists != NULL; lists++)
    {
      g_auto (GStrv) list = g_strsplit (*lists, ",", -1);

      /* An empty list is an empty word, which no parser takes: a script whose variable is empty
       * must not get everybody. */
      if (*list == NULL)
        g_ptr_array_add (words, g_strdup (""));
      for (char **word = list; *word != NULL; word++)
        g_ptr_array_add (words, g_strdup (*word));
    }
  return words;
}

static gboolean
add_pids (Pas2vasFilter        *self,
          const Pas2vasCommand *command,
          P2vFilter            *filter)
{
  g_autoptr (GPtrArray) words = split_lists (self->pids);

  for (guint i = 0; i < words->len; i++)
    {
      gint64 pid;

      if (!pas2vas_parse_pid (command, words->pdata[i], &pid))
        return FALSE;
      p2v_filter_add_pid (filter, pid);
    }
  return TRUE;
}

static gboolean
add_objects (const Pas2vasCommand  *command,
             char                 **lists,
             P2vFilter             *filter,
             void                 (*add) (P2vFilter *filter,
                                          guint64    address))
{
  g_autoptr (GPtrArray) words = split_lists (lists);

  for (guint i = 0; i < words->len; i++)
    {
      guint64 address;

      if (!pas2vas_parse_address (command, words->pdata[i], &address))
        return FALSE;
      add (filter, address);
    }
  return TRUE;
}

static gboolean
set_regex (Pas2vasFilter        *self,
           const Pas2vasCommand *command,
           P2vFilter            *filter)
{
  g_autoptr (GError) error = NULL;

  if (self->name_regex == NULL || p2v_filter_set_name_regex (filter, self->name_regex, &error))
    return TRUE;

  pas2vas_report_usage (command, "%s", error->message);
  return FALSE;
}

static gboolean
set_kernel_rows (Pas2vasFilter        *self,
                 const Pas2vasCommand *command,
                 P2vFilter            *filter)
{
  static const struct
  {
    const char    *word;
    P2vKernelRows  rows;
  } words[] = { { "none", P2V_KERNEL_ROWS_NONE },
                { "named", P2V_KERNEL_ROWS_NAMED },
                { "all", P2V_KERNEL_ROWS_ALL } };

  if (self->kernel_rows == NULL)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i].word, self->kernel_rows))
      {
        p2v_filter_set_kernel_rows (filter, words[i].rows);
        return TRUE;
      }
  pas2vas_report_usage (command, _("--kernel=%s: it must be none, named or all"),
                        self->kernel_rows);
  return FALSE;
}

static void
set_wanted_methods (Pas2vasFilter  *self,
                    Pas2vasOptions *options)
{
  if (self->methods == NULL)
    return;

  GPtrArray *words = split_lists (self->methods);

  g_ptr_array_add (words, NULL);
  g_strfreev (options->methods);
  options->methods = (char **) g_ptr_array_free (words, FALSE);
}

P2vFilter *
pas2vas_filter_make (Pas2vasFilter        *self,
                     const Pas2vasCommand *command,
                     Pas2vasOptions       *options)
{
  g_autoptr (P2vFilter) filter = p2v_filter_new ();

  if (!add_pids (self, command, filter)
      || !add_objects (command, self->object_vas, filter, p2v_filter_add_object_va)
      || !add_objects (command, self->object_pas, filter, p2v_filter_add_object_pa)
      || !set_regex (self, command, filter) || !set_kernel_rows (self, command, filter))
    return NULL;
  set_wanted_methods (self, options);
  return g_steal_pointer (&filter);
}

static guint
find_method (const P2vMethod *methods,
             gsize            n_methods,
             const char      *name)
{
  for (gsize i = 0; i < n_methods; i++)
    if (g_str_equal (methods[i].name, name))
      return methods[i].bit;
  return 0;
}

static char *
list_methods (const P2vMethod *methods,
              gsize            n_methods)
{
  GString *list = g_string_new (NULL);

  for (gsize i = 0; i < n_methods; i++)
    g_string_append_printf (list, "%s%s", i == 0 ? "" : ", ", methods[i].name);
  return g_string_free (list, FALSE);
}

static gboolean
set_methods (Pas2vasFilter        *self,
             const Pas2vasCommand *command,
             P2vFilter            *filter,
             P2vSystem            *system)
{
  g_autoptr (GPtrArray) words = split_lists (self->methods);
  gsize n_methods;
  const P2vMethod *methods = p2v_system_get_methods (system, &n_methods);
  guint bits = 0;

  for (guint i = 0; i < words->len; i++)
    {
      guint bit = find_method (methods, n_methods, words->pdata[i]);

      if (bit == 0)
        {
          g_autofree char *list = list_methods (methods, n_methods);

          pas2vas_report_usage (command, _("“%s” is not a method; this system has: %s"),
                                (char *) words->pdata[i], list);
          return FALSE;
        }
      bits |= bit;
    }
  if (bits != 0)
    p2v_filter_set_methods (filter, bits);
  return TRUE;
}

static gboolean
matches_any (P2vFilter *filter,
             P2vSystem *system)
{
  guint n_processes = p2v_system_get_n_processes (system);
  P2vProcess *kernel = p2v_system_get_kernel (system);

  if (kernel != NULL && p2v_filter_matches (filter, kernel))
    return TRUE;
  for (guint i = 0; i < n_processes; i++)
    if (p2v_filter_matches (filter, p2v_system_get_process (system, i)))
      return TRUE;
  return FALSE;
}

Pas2vasStatus
pas2vas_filter_open (Pas2vasFilter         *self,
                     const Pas2vasCommand  *command,
                     const Pas2vasOptions  *options,
                     P2vFilter             *filter,
                     P2vSession           **ret_session)
{
  g_autoptr (P2vSession) session = pas2vas_run_open (options, P2V_STAGE_SYSTEM);

  if (session == NULL)
    return PAS2VAS_UNREADABLE;

  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  if (!set_methods (self, command, filter, system))
    return PAS2VAS_USAGE;
  if (!matches_any (filter, system))
    {
      pas2vas_note (_("No process of this image is one that was asked for; see “pas2vas ps”."));
      return PAS2VAS_NOTHING;
    }
  *ret_session = g_steal_pointer (&session);
  return PAS2VAS_ANSWERED;
}

void
pas2vas_filter_clear (Pas2vasFilter *self)
{
  g_clear_pointer (&self->pids, g_strfreev);
  g_clear_pointer (&self->name_regex, g_free);
  g_clear_pointer (&self->object_vas, g_strfreev);
  g_clear_pointer (&self->object_pas, g_strfreev);
  g_clear_pointer (&self->methods, g_strfreev);
  g_clear_pointer (&self->kernel_rows, g_free);
}
