/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "pas2vas-report.h"

#include <gio/gunixoutputstream.h>
#include <glib/gi18n.h>
#include <unistd.h>

/* Arguments of the command line get into messages; a terminal must not obey them, and a message
 * must stay one line. Names out of an image are escaped by the library already. */
static char *
make_one_printable_line (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *line = g_string_new (NULL);

  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar character = g_utf8_get_char (c);

      g_string_append_unichar (line, g_unichar_isprint (character) ? character : 0xfffd);
    }
  return g_string_free (line, FALSE);
}

static void
print_line (const char *prefix,
            const char *format,
            va_list     arguments)
{
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  g_autofree char *line = make_one_printable_line (text);

  g_printerr ("%s%s\n", prefix, line);
}

void
pas2vas_report (const char *format,
                ...)
{
  va_list arguments;

  va_start (arguments, format);
  print_line ("pas2vas: ", format, arguments);
  va_end (arguments);
}

void
pas2vas_note (const char *format,
              ...)
{
  va_list arguments;

  va_start (arguments, format);
  print_line ("", format, arguments);
  va_end (arguments);
}

Pas2vasStatus
pas2vas_report_usage (const Pas2vasCommand *command,
                      const char           *format,
                      ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  /* Translators: the first %s is what is wrong, the others a command line to type. */
  pas2vas_report (_("%s; see “pas2vas%s%s --help”"), text, command != NULL ? " " : "",
                  command != NULL ? command->name : "");
  return PAS2VAS_USAGE;
}

Pas2vasStatus
pas2vas_report_error (const GError *error)
{
  /* Whoever read our output has seen enough. Usually SIGPIPE has ended us by now, but a parent
   * may have told us to ignore it. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE))
    return PAS2VAS_ANSWERED;

  pas2vas_report ("%s", error->message);
  return PAS2VAS_UNREADABLE;
}

GOutputStream *
pas2vas_open_output (void)
{
  return g_unix_output_stream_new (STDOUT_FILENO, FALSE);
}
