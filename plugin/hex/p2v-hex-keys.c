/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-keys.h"

#include <pas2vas-gtk.h>

#include "p2v-hex-i18n.h"

/* Keys of the link and of the view itself; those of the panel it knows itself. */
static const struct
{
  const char *action;
  const char *accelerators[4]; /* up to the first NULL; the first is shown */
  const char *title;
} keys[] = {
  { "hex.back",
    { "<Control>bracketleft", "<Alt>Home", "Back", NULL },
    N_("Back to where the cursor was before it jumped") },
  { "hex.forward",
    { "<Control>bracketright", "<Alt>End", "Forward", NULL },
    N_("Forward again") },
};

/* What the programs themselves do, alike; and what is fixed in GTK and gtkhex. */
static const struct
{
  const char *accelerator;
  const char *title;
} fixed_keys[] = {
  { "F9", N_("Show or hide the panel") },
  { "F10", N_("Map of memory") },
  { "<Control><Shift>s", N_("Shared memory") },
  { "Return", N_("In the table: go to the page table entry") },
  { "<Shift>F10", N_("In the table: menu of the row") },
  { "F6", N_("From the hex view to the panel and back") },
  { "<Shift><Alt>Left", N_("In the hex view: hexadecimal column") },
  { "<Shift><Alt>Right", N_("In the hex view: text column") },
};

void
p2v_hex_keys_add (GtkApplication *application)
{
  gsize n_keys = 0;
  const P2vPanelKey *panel_keys = p2v_panel_get_keys (&n_keys);

  for (gsize i = 0; i < n_keys; i++)
    {
      g_autofree char *action = g_strconcat ("p2v.", panel_keys[i].action, NULL);
      const char *accelerators[] = { panel_keys[i].accelerator, NULL };
      if (panel_keys[i].is_global)
        gtk_application_set_accels_for_action (application, action, accelerators);
    }
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_application_set_accels_for_action (application, keys[i].action, keys[i].accelerators);
}

void
p2v_hex_keys_attach (GtkWidget *hex)
{
  static const char *const columns[][2] = { { "<Shift><Alt>Left", "gtkhex.toggle-hex" },
                                            { "<Shift><Alt>Right", "gtkhex.toggle-ascii" } };
  GtkEventController *controller = gtk_shortcut_controller_new ();

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    gtk_shortcut_controller_add_shortcut (
        GTK_SHORTCUT_CONTROLLER (controller),
        gtk_shortcut_new (gtk_shortcut_trigger_parse_string (columns[i][0]),
                          gtk_named_action_new (columns[i][1])));
  gtk_widget_add_controller (hex, controller);
}

static void
append_key (GString    *markup,
            const char *accelerator,
            const char *title)
{
  g_autofree char *element = g_markup_printf_escaped (
      "<child><object class='GtkShortcutsShortcut'>"
      "<property name='accelerator'>%s</property><property name='title'>%s</property>"
      "</object></child>",
      accelerator, title);

  g_string_append (markup, element);
}

static void
begin_group (GString    *markup,
             const char *title)
{
  g_autofree char *element
      = g_markup_printf_escaped ("<child><object class='GtkShortcutsGroup'>"
                                 "<property name='title'>%s</property>",
                                 title);

  g_string_append (markup, element);
}

/* GTK 4.8 has no functions to fill such a window; it is only made of markup. */
GtkWindow *
p2v_hex_keys_new_help (void)
{
  g_autoptr (GString) markup = g_string_new (
      "<interface><object class='GtkShortcutsWindow' id='help'><property name='modal'>1</property>"
      "<child><object class='GtkShortcutsSection'>"
      "<property name='section-name'>pas2vas</property><property name='max-height'>14</property>");
  gsize n_keys = 0;
  const P2vPanelKey *panel_keys = p2v_panel_get_keys (&n_keys);

  begin_group (markup, _("Panel"));
  for (gsize i = 0; i < n_keys; i++)
    append_key (markup, panel_keys[i].accelerator, _(panel_keys[i].title));
  g_string_append (markup, "</object></child>");
  begin_group (markup, _("Hex View"));
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    append_key (markup, keys[i].accelerators[0], _(keys[i].title));
  for (guint i = 0; i < G_N_ELEMENTS (fixed_keys); i++)
    append_key (markup, fixed_keys[i].accelerator, _(fixed_keys[i].title));
  g_string_append (markup, "</object></child></object></child></object></interface>");

  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_string (markup->str, (gssize) markup->len);
  return GTK_WINDOW (gtk_builder_get_object (builder, "help"));
}
