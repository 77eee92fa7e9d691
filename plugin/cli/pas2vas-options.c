/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "pas2vas-options.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "pas2vas-report.h"

static gboolean
parse_format (Pas2vasOptions       *self,
              const Pas2vasCommand *command,
              const char           *text)
{
  static const char *const names[] = {
    [P2V_EXPORT_TABLE] = "table",
    [P2V_EXPORT_CSV] = "csv",
    [P2V_EXPORT_JSON] = "json",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i], text))
      {
        self->format = (P2vExportFormat) i;
        /* What programs read is the same in every language. Before anything is opened, for what a
         * system says of itself is worded then. */
        if (self->format != P2V_EXPORT_TABLE)
          setlocale (LC_MESSAGES, "C");
        return TRUE;
      }
  pas2vas_report_usage (command, _("“%s” is not a format: it must be table, csv or json"), text);
  return FALSE;
}

static gboolean
check_paging (Pas2vasOptions       *self,
              const Pas2vasCommand *command)
{
  g_autoptr (P2vSession) session = p2v_session_new ();
  g_autoptr (GError) error = NULL;

  if (p2v_session_set_paging (session, self->paging, &error))
    return TRUE;
  pas2vas_report_usage (command, "%s", error->message);
  return FALSE;
}

static gboolean
check_n_arguments (Pas2vasOptions       *self,
                   const Pas2vasCommand *command)
{
  guint n_arguments = self->arguments != NULL ? g_strv_length (self->arguments) : 0;

  if (n_arguments < command->n_min_arguments)
    {
      pas2vas_report_usage (command, _("%s needs %s"), command->name, _(command->arguments));
      return FALSE;
    }
  if (n_arguments > command->n_max_arguments)
    {
      pas2vas_report_usage (command, _("%s takes no further argument “%s”"), command->name,
                            self->arguments[command->n_max_arguments]);
      return FALSE;
    }
  return TRUE;
}

static GOptionContext *
new_context (const Pas2vasCommand *command,
             const GOptionEntry   *own,
             const GOptionEntry   *shared)
{
  GOptionContext *context = g_option_context_new (NULL);

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, command->summary);
  if (own != NULL)
    g_option_context_add_main_entries (context, own, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, shared, GETTEXT_PACKAGE);
  return context;
}

gboolean
pas2vas_options_parse (Pas2vasOptions        *self,
                       const Pas2vasCommand  *command,
                       const GOptionEntry    *entries,
                       char                 **argv)
{
  g_autofree char *format = NULL;
  g_autofree char *base = NULL;
  g_autofree char *program = g_strdup_printf ("pas2vas %s", command->name);
  g_auto (GStrv) arguments = g_strdupv (argv);
  g_autoptr (GError) error = NULL;
  const GOptionEntry shared[] = {
    { "format", 'f', G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &format,
      N_("Print a table, csv or json"), N_("FORMAT") },
    { "quiet", 'q', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &self->quiet,
      N_("No progress and no closing line on stderr"), NULL },
    { "no-cache", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &self->no_cache,
      N_("Neither use nor keep an index on disk"), NULL },
    { "cache-dir", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, &self->cache_folder,
      N_("Keep indices in FOLDER"), N_("FOLDER") },
    { "symbols", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, &self->symbols_path,
      N_("Take the kernel's symbols from FILE, a Volatility ISF or a vmlinux"), N_("FILE") },
    { "paging", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &self->paging,
      N_("The page tables are of this form, such as x86-64-4"), N_("FORM") },
    { "base", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &base,
      N_("The first byte of a flat image is at this physical address"), N_("ADDRESS") },
    { G_OPTION_REMAINING, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME_ARRAY, &self->arguments,
      NULL, command->arguments },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = new_context (command, entries, shared);

  /* The help names the program by this. */
  g_set_prgname (program);
  if (!g_option_context_parse_strv (context, &arguments, &error))
    {
      pas2vas_report_usage (command, "%s", error->message);
      return FALSE;
    }
  return (format == NULL || parse_format (self, command, format))
         && (base == NULL || pas2vas_parse_address (command, base, &self->base_pa))
         && check_paging (self, command) && check_n_arguments (self, command);
}

void
pas2vas_options_clear (Pas2vasOptions *self)
{
  g_clear_pointer (&self->arguments, g_strfreev);
  g_clear_pointer (&self->methods, g_strfreev);
  g_clear_pointer (&self->cache_folder, g_free);
  g_clear_pointer (&self->symbols_path, g_free);
  g_clear_pointer (&self->paging, g_free);
}

gboolean
pas2vas_parse_pid (const Pas2vasCommand *command,
                   const char           *text,
                   gint64               *ret_pid)
{
  *ret_pid = 0;
  if (g_str_equal (text, "kernel")
      || g_ascii_string_to_signed (text, 10, 0, G_MAXINT32, ret_pid, NULL))
    return TRUE;

  pas2vas_report_usage (command, _("“%s” is not a process id"), text);
  return FALSE;
}

gboolean
pas2vas_parse_address (const Pas2vasCommand *command,
                       const char           *text,
                       guint64              *ret_address)
{
  g_autoptr (GError) error = NULL;

  if (p2v_parse_address (text, ret_address, &error))
    return TRUE;

  pas2vas_report_usage (command, "%s", error->message);
  return FALSE;
}
