/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-bar.h"

#include "p2v-hex-i18n.h"
#include <inttypes.h>

/* Before the processes. */
#define FILE_POSITION 0
#define PHYSICAL_POSITION 1
#define FIRST_PROCESS 2

struct _P2vHexBar
{
  GtkWidget       parent_instance;

  P2vHexLink     *link;       /* NULL: none */
  GPtrArray      *processes;  /* of P2vProcess, as the choices behind the first two; owned */
  GtkStringList  *choices;
  gboolean        is_showing; /* it is us who change the selection */

  GtkDropDown    *view;
  GtkButton      *previous;
  GtkButton      *next;
  GtkLabel       *message;
  GtkToggleButton *hover;
};

G_DEFINE_FINAL_TYPE (P2vHexBar, p2v_hex_bar, GTK_TYPE_WIDGET)

/* The position of what is viewed, or will be as soon as it has been read. */
static guint
find_choice (P2vHexBar *self)
{
  P2vHexSpace *space = p2v_hex_link_get_space (self->link);
  P2vProcess *process = p2v_hex_link_get_awaited (self->link);
  guint index = 0;

  if (process == NULL && space != NULL)
    process = p2v_hex_space_get_process (space);
  if (process != NULL && g_ptr_array_find (self->processes, process, &index))
    return FIRST_PROCESS + index;
  return space != NULL && p2v_hex_space_get_kind (space) == P2V_HEX_SPACE_PHYSICAL
             ? PHYSICAL_POSITION
             : FILE_POSITION;
}

static gboolean
has_same_processes (P2vHexBar *self,
                    GPtrArray *processes)
{
  if (processes->len != self->processes->len)
    return FALSE;
  for (guint i = 0; i < processes->len; i++)
    if (g_ptr_array_index (processes, i) != g_ptr_array_index (self->processes, i))
      return FALSE;
  return TRUE;
}

static void
fill_choices (P2vHexBar *self,
              GPtrArray *processes)
{
  g_autoptr (GPtrArray) labels = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_set_size (self->processes, 0);
  for (guint i = 0; i < processes->len; i++)
    {
      P2vProcess *process = g_ptr_array_index (processes, i);
      g_ptr_array_add (self->processes, g_object_ref (process));
      /* Translators: the name of a process, and its number. */
      g_ptr_array_add (labels, g_strdup_printf (_("%s (%" PRId64 ")"),
                                                p2v_process_get_name (process),
                                                p2v_process_get_pid (process)));
    }
  g_ptr_array_add (labels, NULL);
  gtk_string_list_splice (self->choices, FIRST_PROCESS,
                          g_list_model_get_n_items (G_LIST_MODEL (self->choices)) - FIRST_PROCESS,
                          (const char *const *) labels->pdata);
}

static char *
dup_message (P2vHexBar *self)
{
  P2vProcess *awaited = p2v_hex_link_get_awaited (self->link);

  if (awaited != NULL)
    /* Translators: the name of a process, and its number. */
    return g_strdup_printf (_("Reading the page tables of %s (%" PRId64 ")"),
                            p2v_process_get_name (awaited), p2v_process_get_pid (awaited));
  if (p2v_hex_link_get_error (self->link) != NULL)
    return g_strdup (p2v_hex_link_get_error (self->link));
  return p2v_hex_link_dup_absence (self->link);
}

static void
show_message (P2vHexBar *self)
{
  g_autofree char *message = self->link != NULL ? dup_message (self) : NULL;

  gtk_label_set_label (self->message, message != NULL ? message : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->message), message);
}

static void
show_state (P2vHexBar *self)
{
  P2vHexSpace *space = self->link != NULL ? p2v_hex_link_get_space (self->link) : NULL;
  gboolean has_gaps = space != NULL && p2v_hex_space_get_kind (space) != P2V_HEX_SPACE_FILE;

  if (self->link != NULL)
    {
      g_autoptr (GPtrArray) processes = p2v_hex_link_list_processes (self->link);
      self->is_showing = TRUE;
      if (!has_same_processes (self, processes))
        fill_choices (self, processes);
      gtk_drop_down_set_selected (self->view, find_choice (self));
      self->is_showing = FALSE;
    }
  gtk_widget_set_sensitive (GTK_WIDGET (self->view), space != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->previous), has_gaps);
  gtk_widget_set_visible (GTK_WIDGET (self->next), has_gaps);
  show_message (self);
}

static void
selected_cb (P2vHexBar *self)
{
  guint position = gtk_drop_down_get_selected (self->view);

  if (self->is_showing || self->link == NULL || position == GTK_INVALID_LIST_POSITION)
    return;
  if (position == FILE_POSITION)
    p2v_hex_link_show_kind (self->link, P2V_HEX_SPACE_FILE, NULL);
  else if (position == PHYSICAL_POSITION)
    p2v_hex_link_show_kind (self->link, P2V_HEX_SPACE_PHYSICAL, NULL);
  else if (position - FIRST_PROCESS < self->processes->len)
    p2v_hex_link_show_kind (self->link, P2V_HEX_SPACE_VIRTUAL,
                            g_ptr_array_index (self->processes, position - FIRST_PROCESS));
}

static void
previous_cb (P2vHexBar *self)
{
  if (self->link == NULL || !p2v_hex_link_go_to_run (self->link, FALSE))
    gtk_widget_error_bell (GTK_WIDGET (self));
}

static void
next_cb (P2vHexBar *self)
{
  if (self->link == NULL || !p2v_hex_link_go_to_run (self->link, TRUE))
    gtk_widget_error_bell (GTK_WIDGET (self));
}

static void
drop_link (P2vHexBar *self)
{
  if (self->link != NULL)
    g_signal_handlers_disconnect_by_data (self->link, self);
  g_clear_object (&self->link);
}

static void
p2v_hex_bar_dispose (GObject *object)
{
  P2vHexBar *self = P2V_HEX_BAR (object);

  drop_link (self);
  while (gtk_widget_get_first_child (GTK_WIDGET (self)) != NULL)
    gtk_widget_unparent (gtk_widget_get_first_child (GTK_WIDGET (self)));
  g_clear_object (&self->choices);
  g_clear_pointer (&self->processes, g_ptr_array_unref);

  G_OBJECT_CLASS (p2v_hex_bar_parent_class)->dispose (object);
}

static void
p2v_hex_bar_class_init (P2vHexBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = p2v_hex_bar_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "p2vhexbar");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_TOOLBAR);
}

static GtkWidget *
add_button (P2vHexBar  *self,
            GtkWidget  *button,
            const char *icon_name,
            const char *text)
{
  gtk_button_set_icon_name (GTK_BUTTON (button), icon_name);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_widget_set_parent (button, GTK_WIDGET (self));
  return button;
}

/* (nullable): the first widget below @root of that type, depth first. */
static GtkWidget *
find_widget (GtkWidget *root,
             GType      type)
{
  GtkWidget *found = NULL;

  if (g_type_is_a (G_OBJECT_TYPE (root), type))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find_widget (child, type);
  return found;
}

static gboolean
focus_cb (gpointer user_data)
{
  GtkWidget *entry = user_data;

  if (gtk_widget_get_mapped (entry))
    gtk_widget_grab_focus (entry);
  return G_SOURCE_REMOVE;
}

/* Later, for the list takes the focus after it has been shown. */
static void
search_mapped_cb (GtkWidget *entry)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, focus_cb, g_object_ref (entry), g_object_unref);
}

static void
add_view (P2vHexBar *self)
{
  const char *first[] = { _("File"), _("Physical memory"), NULL };
  /* Translators: what a hex view shows: the file, physical memory, or a process's memory. */
  GtkWidget *label = gtk_label_new_with_mnemonic (_("_View:"));
  GtkExpression *expression = gtk_property_expression_new (GTK_TYPE_STRING_OBJECT, NULL, "string");

  self->choices = gtk_string_list_new (first);
  self->view = GTK_DROP_DOWN (
      gtk_drop_down_new (G_LIST_MODEL (g_object_ref (self->choices)), expression));
  gtk_drop_down_set_enable_search (self->view, TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("View"), -1);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), GTK_WIDGET (self->view));
  gtk_widget_set_parent (label, GTK_WIDGET (self));
  gtk_widget_set_parent (GTK_WIDGET (self->view), GTK_WIDGET (self));
  g_signal_connect_swapped (self->view, "notify::selected", G_CALLBACK (selected_cb), self);

  /* There may be hundreds of processes: who opens the list can type a name at once. */
  GtkWidget *search = find_widget (GTK_WIDGET (self->view), GTK_TYPE_SEARCH_ENTRY);
  if (search != NULL)
    g_signal_connect (search, "map", G_CALLBACK (search_mapped_cb), NULL);
}

static void
p2v_hex_bar_init (P2vHexBar *self)
{
  self->processes = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_box_layout_set_spacing (
      GTK_BOX_LAYOUT (gtk_widget_get_layout_manager (GTK_WIDGET (self))), 6);
  add_view (self);
  self->previous = GTK_BUTTON (add_button (self, gtk_button_new (), "go-previous-symbolic",
                                           _("Go to the memory before this")));
  self->next = GTK_BUTTON (
      add_button (self, gtk_button_new (), "go-next-symbolic", _("Go to the memory behind this")));
  g_signal_connect_swapped (self->previous, "clicked", G_CALLBACK (previous_cb), self);
  g_signal_connect_swapped (self->next, "clicked", G_CALLBACK (next_cb), self);

  self->message = GTK_LABEL (gtk_label_new (""));
  gtk_label_set_ellipsize (self->message, PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (self->message, 0);
  gtk_widget_set_hexpand (GTK_WIDGET (self->message), TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->message), "dim-label");
  gtk_widget_set_parent (GTK_WIDGET (self->message), GTK_WIDGET (self));
  self->hover
      = GTK_TOGGLE_BUTTON (add_button (self, gtk_toggle_button_new (), "view-reveal-symbolic",
                                       _("Show owners where the pointer rests")));

  gtk_widget_set_margin_start (GTK_WIDGET (self), 6);
  gtk_widget_set_margin_end (GTK_WIDGET (self), 6);
}

GtkWidget *
p2v_hex_bar_new (P2vHexSettings *settings)
{
  P2vHexBar *self = g_object_new (P2V_TYPE_HEX_BAR, NULL);

  g_object_bind_property (settings, "hover", self->hover, "active",
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  show_state (self);
  return GTK_WIDGET (self);
}

void
p2v_hex_bar_set_link (P2vHexBar  *self,
                      P2vHexLink *link)
{
  drop_link (self);
  if (link != NULL)
    {
      self->link = g_object_ref (link);
      g_signal_connect_swapped (link, "changed", G_CALLBACK (show_state), self);
    }
  show_state (self);
}
