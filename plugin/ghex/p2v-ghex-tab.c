/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-ghex-tab.h"

#include "p2v-hex-bar.h"
#include "p2v-hex-guard.h"
#include "p2v-hex-hover.h"
#include "p2v-hex-keys.h"
#include "p2v-hex-i18n.h"

#define DATA_KEY "p2v-ghex-tab"

struct _P2vGhexTab
{
  GObject       parent_instance;

  P2vHexLink   *link;
  GtkWidget    *page;
  P2vHexBar    *bar;     /* owned by @page */
  GtkLabel     *message; /* owned by @page */
  GCancellable *opening;
};

G_DEFINE_FINAL_TYPE (P2vGhexTab, p2v_ghex_tab, G_TYPE_OBJECT)

static void
show_message (P2vGhexTab *self,
              const char *text)
{
  gtk_label_set_label (self->message, text);
  gtk_widget_set_visible (GTK_WIDGET (self->message), TRUE);
}

static void
read_failed_cb (P2vGhexTab *self)
{
  show_message (self, _("Part of the file cannot be read. Its bytes are shown as zeros."));
}

static void
opened_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (P2vGhexTab) self = user_data;
  g_autoptr (GError) error = NULL;
  P2vSession *session = P2V_SESSION (source);
  gboolean success = p2v_session_open_finish (session, result, &error);

  /* The view has gone. */
  if (self->opening == NULL)
    return;
  g_clear_object (&self->opening);
  if (success)
    p2v_hex_link_set_session (self->link, session);
  else
    show_message (self, error->message);
}

static void
open_image (P2vGhexTab *self,
            GFile      *file)
{
  g_autoptr (P2vSession) session = p2v_session_new ();

  p2v_session_set_cache (session, TRUE, NULL);
  self->opening = g_cancellable_new ();
  p2v_session_open_async (session, g_file_peek_path (file), self->opening, opened_cb,
                          g_object_ref (self));
}

/* The view goes: nothing may hold on to it or go on working for it. */
static void
hex_destroyed_cb (P2vGhexTab *self)
{
  GtkWidget *stack = gtk_widget_get_parent (self->page);

  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  p2v_hex_bar_set_link (self->bar, NULL);
  p2v_hex_link_break (self->link);
  p2v_panel_set_session (p2v_hex_link_get_panel (self->link), NULL);
  if (GTK_IS_STACK (stack))
    gtk_stack_remove (GTK_STACK (stack), self->page);
}

static void
p2v_ghex_tab_dispose (GObject *object)
{
  P2vGhexTab *self = P2V_GHEX_TAB (object);

  g_clear_object (&self->opening);
  g_clear_object (&self->link);
  g_clear_object (&self->page);

  G_OBJECT_CLASS (p2v_ghex_tab_parent_class)->dispose (object);
}

static void
p2v_ghex_tab_class_init (P2vGhexTabClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_ghex_tab_dispose;
}

static void
p2v_ghex_tab_init (P2vGhexTab *self)
{
}

static void
make_page (P2vGhexTab     *self,
           GtkWidget      *panel,
           P2vHexSettings *settings)
{
  self->page = g_object_ref_sink (gtk_box_new (GTK_ORIENTATION_VERTICAL, 3));
  self->bar = P2V_HEX_BAR (p2v_hex_bar_new (settings));
  self->message = GTK_LABEL (gtk_label_new (""));
  gtk_label_set_wrap (self->message, TRUE);
  gtk_label_set_xalign (self->message, 0);
  gtk_widget_set_margin_start (GTK_WIDGET (self->message), 6);
  gtk_widget_set_visible (GTK_WIDGET (self->message), FALSE);
  gtk_widget_set_margin_top (GTK_WIDGET (self->bar), 3);
  gtk_widget_set_vexpand (panel, TRUE);
  gtk_box_append (GTK_BOX (self->page), GTK_WIDGET (self->bar));
  gtk_box_append (GTK_BOX (self->page), GTK_WIDGET (self->message));
  gtk_box_append (GTK_BOX (self->page), panel);
}

static void
reveal_cb (P2vHexSettings *settings)
{
  g_object_set (settings, "panel-visible", TRUE, NULL);
}

P2vGhexTab *
p2v_ghex_tab_attach (HexWidget      *hex,
                     P2vHexSettings *settings)
{
  P2vGhexTab *self = g_object_new (P2V_TYPE_GHEX_TAB, NULL);
  HexDocument *document = hex_widget_get_document (hex);
  P2vHexBuffer *buffer = P2V_HEX_BUFFER (hex_document_get_buffer (document));
  GtkWidget *panel = p2v_panel_new ();

  make_page (self, panel, settings);
  p2v_hex_settings_bind_panel (settings, G_OBJECT (panel));
  self->link = p2v_hex_link_new (hex, buffer, P2V_PANEL (panel));
  p2v_hex_bar_set_link (self->bar, self->link);
  p2v_hex_hover_attach (self->link, settings);
  p2v_hex_guard (hex);
  p2v_hex_keys_attach (GTK_WIDGET (hex));
  g_signal_connect_object (buffer, "read-failed", G_CALLBACK (read_failed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (panel, "reveal", G_CALLBACK (reveal_cb), settings, G_CONNECT_SWAPPED);
  g_signal_connect_object (hex, "destroy", G_CALLBACK (hex_destroyed_cb), self, G_CONNECT_SWAPPED);
  g_object_set_data_full (G_OBJECT (hex), DATA_KEY, self, g_object_unref);
  open_image (self, hex_document_get_file (document));
  return self;
}

P2vGhexTab *
p2v_ghex_tab_from_hex (HexWidget *hex)
{
  return g_object_get_data (G_OBJECT (hex), DATA_KEY);
}

P2vHexLink *
p2v_ghex_tab_get_link (P2vGhexTab *self)
{
  return self->link;
}

GtkWidget *
p2v_ghex_tab_get_page (P2vGhexTab *self)
{
  return self->page;
}
