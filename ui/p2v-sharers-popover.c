/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-sharers-popover.h"

#include "p2v-hue.h"
#include "p2v-sharers.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

/* More than anybody reads; how many there are is said above. */
#define MAX_SHOWN 200
#define MAX_HEIGHT 320

struct _P2vSharersPopover
{
  GtkPopover    parent_instance;

  GCancellable *reading;
  P2vSharers   *sharers;  /* NULL: not read yet */
  GtkLabel     *title;
  GtkLabel     *text;
  GtkWidget    *scroller;
  GtkListBox   *list;
};

G_DEFINE_FINAL_TYPE (P2vSharersPopover, p2v_sharers_popover, GTK_TYPE_POPOVER)

enum
{
  GO,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static char *
dup_name (P2vProcess *process)
{
  if (!p2v_process_has_pid (process))
    return g_strdup (p2v_process_get_name (process));
  /* Translators: the name of a process, and its number. */
  return g_strdup_printf (_("%s (%" PRId64 ")"), p2v_process_get_name (process),
                          p2v_process_get_pid (process));
}

static char *
dup_pages (guint64 n_frames)
{
  return g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%" PRIu64 " page", "%" PRIu64 " pages", (gulong) n_frames),
      n_frames);
}

static GtkWidget *
label_new (const char *text,
           float       xalign)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), xalign);
  return label;
}

static GtkWidget *
row_new (const P2vSharer *sharer)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *bar
      = g_object_new (GTK_TYPE_BOX, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  g_autofree char *hue
      = g_strdup_printf ("p2v-hue-%u", p2v_hue_of_pid (p2v_process_get_pid (sharer->process)));
  g_autofree char *name = dup_name (sharer->process);
  g_autofree char *pages = dup_pages (sharer->n_frames);
  GtkWidget *name_label = label_new (name, 0);

  gtk_widget_add_css_class (bar, "p2v-hue");
  gtk_widget_add_css_class (bar, hue);
  gtk_widget_set_hexpand (name_label, TRUE);
  gtk_box_append (GTK_BOX (box), bar);
  gtk_box_append (GTK_BOX (box), name_label);
  gtk_box_append (GTK_BOX (box), label_new (pages, 1));
  return box;
}

static void
clear_list (P2vSharersPopover *self)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  gtk_widget_set_visible (self->scroller, FALSE);
}

static char *
dup_summary (const P2vSharers *sharers)
{
  g_autofree char *in_ram = g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%" PRIu64 " page in RAM", "%" PRIu64 " pages in RAM",
                   (gulong) sharers->n_frames),
      sharers->n_frames);
  guint n_sharers = sharers->sharers->len;

  if (n_sharers == 0)
    /* Translators: %s is "12 pages in RAM". */
    return g_strdup_printf (_("%s; no other process has any of them."), in_ram);
  g_autofree char *shared = g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%" PRIu64 " of them shared with %u other process",
                   "%" PRIu64 " of them shared with %u other processes", n_sharers),
      sharers->n_shared, n_sharers);
  /* Translators: "12 pages in RAM; 3 of them shared with 2 other processes." */
  return g_strdup_printf (_("%s; %s."), in_ram, shared);
}

static void
show_sharers (P2vSharersPopover *self)
{
  g_autofree char *summary = dup_summary (self->sharers);
  guint n_shown = MIN (self->sharers->sharers->len, MAX_SHOWN);

  gtk_label_set_label (self->title, self->sharers->region);
  gtk_label_set_label (self->text, summary);
  for (guint i = 0; i < n_shown; i++)
    gtk_list_box_append (self->list,
                         row_new (&g_array_index (self->sharers->sharers, P2vSharer, i)));
  gtk_widget_set_visible (self->scroller, n_shown > 0);
  if (n_shown > 0)
    gtk_widget_grab_focus (GTK_WIDGET (gtk_list_box_get_row_at_index (self->list, 0)));
}

static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (P2vSharersPopover) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (P2vSharers) sharers = p2v_sharers_read_finish (result, &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->reading)
    return;
  g_clear_object (&self->reading);
  if (sharers == NULL)
    {
      gtk_label_set_label (self->text, error->message);
      return;
    }
  self->sharers = g_steal_pointer (&sharers);
  show_sharers (self);
}

void
p2v_sharers_popover_stop (P2vSharersPopover *self)
{
  if (self->reading != NULL)
    g_cancellable_cancel (self->reading);
  g_clear_object (&self->reading);
  g_clear_pointer (&self->sharers, p2v_sharers_free);
}

void
p2v_sharers_popover_ask (P2vSharersPopover *self,
                         P2vSession        *session,
                         const P2vMapping  *mapping)
{
  p2v_sharers_popover_stop (self);
  clear_list (self);
  gtk_label_set_label (self->title, _("Who Else Shares This"));
  if (session == NULL || mapping == NULL)
    {
      gtk_label_set_label (self->text, _("Select a row to see who shares its region."));
      return;
    }
  gtk_label_set_label (self->text, _("Reading the region’s pages…"));
  self->reading = g_cancellable_new ();
  p2v_sharers_read_async (session, mapping, self->reading, read_cb, g_object_ref (self));
}

static void
row_activated_cb (P2vSharersPopover *self,
                  GtkListBoxRow     *row)
{
  guint position = (guint) gtk_list_box_row_get_index (row);

  if (self->sharers == NULL || position >= self->sharers->sharers->len)
    return;
  P2vSharer sharer = g_array_index (self->sharers->sharers, P2vSharer, position);
  g_autoptr (P2vProcess) process = g_object_ref (sharer.process);
  gtk_popover_popdown (GTK_POPOVER (self));
  g_signal_emit (self, signals[GO], 0, process, sharer.va, sharer.pa);
}

static void
p2v_sharers_popover_dispose (GObject *object)
{
  p2v_sharers_popover_stop (P2V_SHARERS_POPOVER (object));

  G_OBJECT_CLASS (p2v_sharers_popover_parent_class)->dispose (object);
}

static void
p2v_sharers_popover_class_init (P2vSharersPopoverClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_sharers_popover_dispose;

  signals[GO] = g_signal_new ("go", P2V_TYPE_SHARERS_POPOVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                              NULL, G_TYPE_NONE, 3, P2V_TYPE_PROCESS, G_TYPE_UINT64,
                              G_TYPE_UINT64);
}

static GtkLabel *
add_text (GtkWidget  *box,
          const char *css_class)
{
  GtkWidget *label = label_new (NULL, 0);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_width_chars (GTK_LABEL (label), 36);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 48);
  gtk_widget_add_css_class (label, css_class);
  gtk_box_append (GTK_BOX (box), label);
  return GTK_LABEL (label);
}

static void
p2v_sharers_popover_init (P2vSharersPopover *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *scroller = gtk_scrolled_window_new ();

  self->title = add_text (box, "heading");
  self->text = add_text (box, "dim-label");
  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_selection_mode (self->list, GTK_SELECTION_BROWSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Processes that share the region"), -1);
  g_signal_connect_swapped (self->list, "row-activated", G_CALLBACK (row_activated_cb), self);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scroller), MAX_HEIGHT);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), GTK_WIDGET (self->list));
  self->scroller = scroller;
  gtk_box_append (GTK_BOX (box), scroller);
  gtk_popover_set_child (GTK_POPOVER (self), box);
}
