/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-ghex-window.h"

#include "p2v-hex-keys.h"
#include "p2v-hex-pane.h"
#include "p2v-hex-pictures.h"
#include "p2v-hex-shade.h"

#include "p2v-hex-i18n.h"

#define DATA_KEY "p2v-ghex-window"

struct _P2vGhexWindow
{
  GObject         parent_instance;

  GtkWindow      *window;   /* holds us */
  P2vHexSettings *settings;
  GtkWidget      *overlay;  /* owned by the window; NULL after it has gone */
  GtkWidget      *pages;    /* the same */
  P2vHexPictures *pictures;
  P2vGhexTab     *tab;      /* that the user looks at; NULL: none */
  guint           idle_id;
};

G_DEFINE_FINAL_TYPE (P2vGhexWindow, p2v_ghex_window, G_TYPE_OBJECT)

/* Without an image there is no pane. */
static void
update_visible (P2vGhexWindow *self)
{
  gboolean wanted = TRUE;

  g_object_get (self->settings, "panel-visible", &wanted, NULL);
  gtk_widget_set_visible (self->pages, wanted && self->tab != NULL);
}

/* @link: (nullable): whose actions are those of the window. */
static void
insert_actions (P2vGhexWindow *self,
                P2vHexLink    *link)
{
  GtkWidget *window = GTK_WIDGET (self->window);
  GActionGroup *panel_actions
      = link != NULL ? p2v_panel_get_action_group (p2v_hex_link_get_panel (link)) : NULL;

  gtk_widget_insert_action_group (window, "p2v", panel_actions);
  gtk_widget_insert_action_group (window, "hex",
                                  link != NULL ? p2v_hex_link_get_action_group (link) : NULL);
}

static void
show_keys_action (GSimpleAction *action,
                  GVariant      *parameter,
                  gpointer       user_data)
{
  P2vGhexWindow *self = user_data;
  GtkWindow *help = p2v_hex_keys_new_help ();

  gtk_window_set_transient_for (help, self->window);
  gtk_window_present (help);
}

static void
about_action (GSimpleAction *action,
              GVariant      *parameter,
              gpointer       user_data)
{
  P2vGhexWindow *self = user_data;

  gtk_show_about_dialog (self->window, "program-name", "pas2vas", "version", P2V_VERSION,
                         "copyright", "© 2026 The pas2vas authors", "license-type",
                         GTK_LICENSE_GPL_2_0, "comments",
                         _("Shows which processes map a byte of physical memory."), NULL);
}

static void
map_action (GSimpleAction *action,
            GVariant      *parameter,
            gpointer       user_data)
{
  p2v_hex_pictures_show_map (((P2vGhexWindow *) user_data)->pictures);
}

static void
sharing_action (GSimpleAction *action,
                GVariant      *parameter,
                gpointer       user_data)
{
  p2v_hex_pictures_show_sharing (((P2vGhexWindow *) user_data)->pictures);
}

static const GActionEntry actions[] = {
  { .name = "pas2vas-about", .activate = about_action },
  { .name = "pas2vas-keys", .activate = show_keys_action },
  { .name = "pas2vas-map", .activate = map_action },
  { .name = "pas2vas-sharing", .activate = sharing_action },
};

/* The image that the user looks at is another one, or there is none: then our keys are GHex's. */
static void
follow_tab (P2vGhexWindow *self)
{
  P2vHexLink *link = self->tab != NULL ? p2v_ghex_tab_get_link (self->tab) : NULL;

  insert_actions (self, link);
  p2v_hex_shade_set_link (GTK_OVERLAY (self->overlay), link);
  p2v_hex_pictures_set_link (self->pictures, link);
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->window), actions[i].name);
      g_simple_action_set_enabled (G_SIMPLE_ACTION (action), link != NULL);
    }
  update_visible (self);
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

static GMenuModel *
make_menu (void)
{
  GMenu *menu = g_menu_new ();

  g_menu_append (menu, _("Show the _Panel"), "app.pas2vas-panel");
  g_menu_append (menu, _("Owners in _Tooltips"), "app.pas2vas-hover");
  g_menu_append (menu, _("Show the _Map of Memory"), "app.pas2vas-map");
  g_menu_append (menu, _("Map in a _Window of Its Own"), "win.pas2vas-map");
  g_menu_append (menu, _("_Shared Memory"), "win.pas2vas-sharing");
  g_menu_append (menu, _("Go to _Physical Address…"), "p2v.go-to::physical");
  g_menu_append (menu, _("Go to P_ID:Virtual…"), "p2v.go-to::virtual");
  g_menu_append (menu, _("_Back"), "hex.back");
  g_menu_append (menu, _("F_orward"), "hex.forward");
  g_menu_append (menu, _("_Export These Rows…"), "p2v.export-rows");
  g_menu_append (menu, _("_Keyboard Shortcuts"), "win.pas2vas-keys");
  g_menu_append (menu, _("_About pas2vas"), "win.pas2vas-about");
  return G_MENU_MODEL (menu);
}

static void
add_button (GtkHeaderBar *header,
            const char   *icon_name,
            const char   *text,
            const char   *action_name)
{
  GtkWidget *button = gtk_toggle_button_new ();

  gtk_button_set_icon_name (GTK_BUTTON (button), icon_name);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (button, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action_name);
  gtk_header_bar_pack_end (header, button);
}

/* What cannot be found is left out: there is still the key. */
static void
add_to_header (GtkWidget *content)
{
  GtkWidget *header = find_widget (content, GTK_TYPE_HEADER_BAR);
  GtkWidget *menu_button = header != NULL ? find_widget (header, GTK_TYPE_MENU_BUTTON) : NULL;
  GMenuModel *menu
      = menu_button != NULL ? gtk_menu_button_get_menu_model (GTK_MENU_BUTTON (menu_button)) : NULL;

  if (G_IS_MENU (menu))
    {
      g_autoptr (GMenuModel) ours = make_menu ();
      g_autoptr (GMenu) section = g_menu_new ();
      g_menu_append_submenu (section, "pas_2vas", ours);
      g_menu_append_section (G_MENU (menu), NULL, G_MENU_MODEL (section));
    }
  if (header == NULL)
    return;
  add_button (GTK_HEADER_BAR (header), "view-list-symbolic",
              _("Show who maps the byte under the cursor"), "app.pas2vas-panel");
  add_button (GTK_HEADER_BAR (header), "view-grid-symbolic", _("Show the map of memory"),
              "app.pas2vas-map");
}

/* (transfer full): a pane with @body, to which shades are added, above the panel's pages. */
static GtkWidget *
make_pane (P2vGhexWindow *self,
           GtkWidget     *body)
{
  GtkWidget *paned = gtk_paned_new (GTK_ORIENTATION_VERTICAL);

  self->overlay = p2v_hex_shade_wrap (body);
  self->pages = gtk_stack_new ();
  gtk_stack_set_hhomogeneous (GTK_STACK (self->pages), FALSE);
  gtk_stack_set_vhomogeneous (GTK_STACK (self->pages), FALSE);
  gtk_paned_set_start_child (GTK_PANED (paned), self->overlay);
  gtk_paned_set_end_child (GTK_PANED (paned), self->pages);
  p2v_hex_pane_remember (GTK_PANED (paned), self->settings, "panel-height");
  return g_object_ref_sink (paned);
}

/* (nullable): the part of @content, below the header bar, that has the tabs. */
static GtkWidget *
find_body (GtkWidget *content)
{
  GType type = g_type_from_name ("AdwTabView");
  GtkWidget *body = type != 0 && GTK_IS_BOX (content) ? find_widget (content, type) : NULL;

  while (body != NULL && gtk_widget_get_parent (body) != content)
    body = gtk_widget_get_parent (body);
  return body;
}

/* Puts the pane, and beside it the map, in the place of @body. GHex hides that when there is no
 * file, and shows something else. */
static void
wrap_body (P2vGhexWindow *self,
           GtkWidget     *content,
           GtkWidget     *body)
{
  GtkWidget *beside = gtk_paned_new (GTK_ORIENTATION_HORIZONTAL);
  GtkWidget *before = gtk_widget_get_prev_sibling (body);
  g_autoptr (GtkWidget) kept = g_object_ref (body);

  gtk_box_remove (GTK_BOX (content), body);
  g_autoptr (GtkWidget) paned = make_pane (self, body);
  gtk_paned_set_start_child (GTK_PANED (beside), paned);
  gtk_box_insert_child_after (GTK_BOX (content), beside, before);
  g_object_bind_property (body, "visible", beside, "visible", G_BINDING_SYNC_CREATE);
  self->pictures = p2v_hex_pictures_new (self->window, GTK_PANED (beside), self->settings);
}

/* Puts the pane around everything that the window shows. */
static void
wrap_everything (P2vGhexWindow *self,
                 const char    *property,
                 GtkWidget     *content)
{
  g_object_set (self->window, property, NULL, NULL);
  g_autoptr (GtkWidget) paned = make_pane (self, content);
  g_object_set (self->window, property, paned, NULL);
  self->pictures = p2v_hex_pictures_new (self->window, NULL, self->settings);
}

/* The focus, which goes when widgets are moved, comes back. */
static void
wrap_content (P2vGhexWindow *self,
              const char    *property)
{
  GtkWidget *focus = gtk_window_get_focus (self->window);
  g_autoptr (GtkWidget) content = NULL;

  g_object_get (self->window, property, &content, NULL);
  add_to_header (content);
  GtkWidget *body = find_body (content);
  if (body != NULL)
    wrap_body (self, content, body);
  else
    wrap_everything (self, property, content);
  if (focus != NULL)
    gtk_widget_grab_focus (focus);
}

/* (nullable): the property that holds what the window shows: that of libadwaita's windows, which
 * do not allow a child, or GTK's own. */
static const char *
find_content_property (GtkWindow *window)
{
  static const char *const names[] = { "content", "child" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      GParamSpec *pspec
          = g_object_class_find_property (G_OBJECT_GET_CLASS (window), names[i]);
      g_autoptr (GtkWidget) content = NULL;
      if (pspec == NULL || !g_type_is_a (pspec->value_type, GTK_TYPE_WIDGET))
        continue;
      g_object_get (window, names[i], &content, NULL);
      if (content != NULL)
        return names[i];
    }
  return NULL;
}

static void
window_destroyed_cb (P2vGhexWindow *self)
{
  g_clear_handle_id (&self->idle_id, g_source_remove);
  g_clear_object (&self->tab);
  p2v_hex_pictures_close (self->pictures);
  insert_actions (self, NULL);
  self->overlay = NULL;
  self->pages = NULL;
}

static void
settings_changed_cb (P2vGhexWindow *self)
{
  if (self->pages != NULL)
    update_visible (self);
}

static void
p2v_ghex_window_dispose (GObject *object)
{
  P2vGhexWindow *self = P2V_GHEX_WINDOW (object);

  g_clear_handle_id (&self->idle_id, g_source_remove);
  g_clear_object (&self->tab);
  g_clear_object (&self->pictures);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (p2v_ghex_window_parent_class)->dispose (object);
}

static void
p2v_ghex_window_class_init (P2vGhexWindowClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_ghex_window_dispose;
}

static void
p2v_ghex_window_init (P2vGhexWindow *self)
{
}

P2vGhexWindow *
p2v_ghex_window_ensure (GtkWindow       *window,
                        P2vHexSettings  *settings,
                        GError         **error)
{
  P2vGhexWindow *self = g_object_get_data (G_OBJECT (window), DATA_KEY);
  const char *property = find_content_property (window);

  if (self != NULL)
    return self;
  if (property == NULL || !G_IS_ACTION_MAP (window))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   /* Translators: %s is the name of a class of windows. */
                   _("The window (%s) has no place for a panel."), G_OBJECT_TYPE_NAME (window));
      return NULL;
    }

  self = g_object_new (P2V_TYPE_GHEX_WINDOW, NULL);
  self->window = window;
  self->settings = g_object_ref (settings);
  g_action_map_add_action_entries (G_ACTION_MAP (window), actions, G_N_ELEMENTS (actions), self);
  wrap_content (self, property);
  follow_tab (self);
  g_signal_connect_object (settings, "notify::panel-visible", G_CALLBACK (settings_changed_cb),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_object (window, "destroy", G_CALLBACK (window_destroyed_cb), self,
                           G_CONNECT_SWAPPED);
  g_object_set_data_full (G_OBJECT (window), DATA_KEY, self, g_object_unref);
  return self;
}

/* A view may have been dragged over from another window. */
static void
adopt_page (P2vGhexWindow *self,
            GtkWidget     *page)
{
  GtkWidget *parent = gtk_widget_get_parent (page);

  if (parent == self->pages)
    return;
  if (GTK_IS_STACK (parent))
    gtk_stack_remove (GTK_STACK (parent), page);
  gtk_stack_add_child (GTK_STACK (self->pages), page);
}

void
p2v_ghex_window_show_tab (P2vGhexWindow *self,
                          P2vGhexTab    *tab)
{
  GtkWidget *page = p2v_ghex_tab_get_page (tab);

  if (self->pages == NULL)
    return;
  g_clear_handle_id (&self->idle_id, g_source_remove);
  adopt_page (self, page);
  g_set_object (&self->tab, tab);
  gtk_stack_set_visible_child (GTK_STACK (self->pages), page);
  follow_tab (self);
}

static gboolean
empty_cb (gpointer user_data)
{
  P2vGhexWindow *self = user_data;

  self->idle_id = 0;
  g_clear_object (&self->tab);
  follow_tab (self);
  return G_SOURCE_REMOVE;
}

void
p2v_ghex_window_forget_tab (GtkWindow  *window,
                            P2vGhexTab *tab)
{
  P2vGhexWindow *self = g_object_get_data (G_OBJECT (window), DATA_KEY);

  /* Later: another tab may be shown at once, or the window may be about to go. */
  if (self != NULL && self->tab == tab && self->idle_id == 0 && self->pages != NULL)
    self->idle_id = g_idle_add (empty_cb, self);
}
