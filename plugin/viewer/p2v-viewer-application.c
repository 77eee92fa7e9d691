/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-viewer-application.h"

#include "p2v-hex-keys.h"
#include "p2v-viewer-window.h"

#include <glib/gi18n.h>

/* The exit code for a command line that makes no sense, as that of the command line tool. */
#define EXIT_USAGE 2

struct _P2vViewerApplication
{
  AdwApplication parent_instance;
};

G_DEFINE_FINAL_TYPE (P2vViewerApplication, p2v_viewer_application, ADW_TYPE_APPLICATION)

static void
new_window_action (GSimpleAction *action,
                   GVariant *parameter,
                   gpointer user_data)
{
  gtk_window_present (GTK_WINDOW (p2v_viewer_window_new (GTK_APPLICATION (user_data))));
}

static void
about_action (GSimpleAction *action,
              GVariant *parameter,
              gpointer user_data)
{
  adw_show_about_window (gtk_application_get_active_window (GTK_APPLICATION (user_data)),
                         "application-name", _("pas2vas Viewer"), "application-icon",
                         "io.github.pas2vas.Viewer", "developer-name", _("The pas2vas authors"),
                         "version", P2V_VERSION, "copyright", "© 2026 The pas2vas authors",
                         "license-type", GTK_LICENSE_GPL_2_0, "comments",
                         _("Shows which processes map a byte of physical memory."), NULL);
}

static void
quit_action (GSimpleAction *action,
             GVariant *parameter,
             gpointer user_data)
{
  g_application_quit (G_APPLICATION (user_data));
}

static const GActionEntry entries[] = {
  { .name = "new-window", .activate = new_window_action },
  { .name = "about", .activate = about_action },
  { .name = "quit", .activate = quit_action },
};

static const struct
{
  const char *action;
  const char *key;
} accelerators[] = {
  { "win.open", "<Control>o" },
  { "p2v.filter", "<Control>f" },
  { "win.show-panel", "F9" },
  { "win.show-map", "F10" },
  { "win.show-sharing", "<Control><Shift>s" },
  { "app.new-window", "<Control>n" },
  { "window.close", "<Control>w" },
  { "app.quit", "<Control>q" },
};

static void
p2v_viewer_application_startup (GApplication *application)
{
  G_APPLICATION_CLASS (p2v_viewer_application_parent_class)->startup (application);

  g_action_map_add_action_entries (G_ACTION_MAP (application), entries, G_N_ELEMENTS (entries),
                                   application);
  p2v_hex_keys_add (GTK_APPLICATION (application));
  for (guint i = 0; i < G_N_ELEMENTS (accelerators); i++)
    {
      const char *keys[] = { accelerators[i].key, NULL };
      gtk_application_set_accels_for_action (GTK_APPLICATION (application), accelerators[i].action,
                                             keys);
    }
}

static void
p2v_viewer_application_activate (GApplication *application)
{
  gtk_window_present (GTK_WINDOW (p2v_viewer_window_new (GTK_APPLICATION (application))));
}

/* Reads ADDRESS; FALSE with @error set if it is none. */
static gboolean
parse_start (GVariantDict *options,
             const char *const *arguments,
             P2vViewerStart *ret_start,
             guint64 *ret_where,
             GError **error)
{
  *ret_start = P2V_VIEWER_START_BEGIN;
  *ret_where = 0;
  if (g_strv_length ((char **) arguments) < 2)
    return TRUE;
  *ret_start = g_variant_dict_contains (options, "file-offset") ? P2V_VIEWER_START_OFFSET
                                                                : P2V_VIEWER_START_PHYSICAL;
  return p2v_parse_address (arguments[1], ret_where, error);
}

/* A relative name is relative to where the command was given. */
static void
take_symbols (P2vViewerWindow *window,
              GApplicationCommandLine *command_line)
{
  GVariantDict *options = g_application_command_line_get_options_dict (command_line);
  const char *name;

  if (!g_variant_dict_lookup (options, "symbols", "^&ay", &name))
    return;
  g_autoptr (GFile) file = g_application_command_line_create_file_for_arg (command_line, name);
  p2v_viewer_window_set_symbols (window, file);
}

/* FALSE with @error set if an option is wrong. */
static gboolean
take_reading (P2vViewerWindow *window,
              GVariantDict    *options,
              GError         **error)
{
  const char *base = NULL, *paging = NULL;
  guint64 base_pa = 0;

  (void) !g_variant_dict_lookup (options, "base", "&s", &base);
  (void) !g_variant_dict_lookup (options, "paging", "&s", &paging);
  return (base == NULL || p2v_parse_address (base, &base_pa, error)) &&
         p2v_viewer_window_set_reading (window, base_pa, paging, error);
}

static int
p2v_viewer_application_command_line (GApplication *application,
                                     GApplicationCommandLine *command_line)
{
  GVariantDict *options = g_application_command_line_get_options_dict (command_line);
  g_autofree const char **arguments = NULL;
  g_autoptr (GError) error = NULL;
  P2vViewerStart start = P2V_VIEWER_START_BEGIN;
  guint64 where = 0;

  if (!g_variant_dict_lookup (options, G_OPTION_REMAINING, "^a&ay", &arguments))
    {
      g_application_activate (application);
      return 0;
    }
  if (g_strv_length ((char **) arguments) > 2)
    {
      g_application_command_line_printerr (command_line, "%s\n",
                                           _("At most an image and an address can be given."));
      return EXIT_USAGE;
    }
  if (!parse_start (options, arguments, &start, &where, &error))
    {
      g_application_command_line_printerr (command_line, "%s\n", error->message);
      return EXIT_USAGE;
    }

  g_autoptr (GFile) file
      = g_application_command_line_create_file_for_arg (command_line, arguments[0]);
  GtkWidget *window = p2v_viewer_window_new (GTK_APPLICATION (application));
  take_symbols (P2V_VIEWER_WINDOW (window), command_line);
  if (!take_reading (P2V_VIEWER_WINDOW (window), options, &error))
    {
      g_application_command_line_printerr (command_line, "%s\n", error->message);
      gtk_window_destroy (GTK_WINDOW (window));
      return EXIT_USAGE;
    }
  p2v_viewer_window_open (P2V_VIEWER_WINDOW (window), file, start, where);
  gtk_window_present (GTK_WINDOW (window));
  return 0;
}

static void
p2v_viewer_application_class_init (P2vViewerApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->startup = p2v_viewer_application_startup;
  application_class->activate = p2v_viewer_application_activate;
  application_class->command_line = p2v_viewer_application_command_line;
}

static void
p2v_viewer_application_init (P2vViewerApplication *self)
{
  static const GOptionEntry options[] = {
    { "file-offset", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("ADDRESS is an offset in the file"), NULL },
    { "symbols", 0, 0, G_OPTION_ARG_FILENAME, NULL,
      N_ ("Take the kernel's symbols from FILE, a Volatility ISF or a vmlinux"), N_ ("FILE") },
    { "base", 0, 0, G_OPTION_ARG_STRING, NULL,
      N_ ("The first byte of a flat image is at this physical address"), N_ ("ADDRESS") },
    { "paging", 0, 0, G_OPTION_ARG_STRING, NULL,
      N_ ("The page tables are of this form, such as x86-64-4"), N_ ("FORM") },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL, NULL, N_ ("[IMAGE [ADDRESS]]") },
    { NULL }
  };

  g_application_add_main_option_entries (G_APPLICATION (self), options);
  g_application_set_option_context_summary (
      G_APPLICATION (self),
      _("Shows a memory image, and which processes map the byte under the cursor.\n"
         "ADDRESS is a physical address to start at."));
}

P2vViewerApplication *
p2v_viewer_application_new (void)
{
  return g_object_new (P2V_TYPE_VIEWER_APPLICATION, "application-id", "io.github.pas2vas.Viewer",
                       "flags", G_APPLICATION_HANDLES_COMMAND_LINE, "resource-base-path",
                       "/io/github/pas2vas/Viewer", NULL);
}
