/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-viewer-hex.h"

#include "p2v-hex-guard.h"
#include "p2v-hex-keys.h"

#include <glib/gi18n.h>

#define BYTES_PER_LINE 16

GtkWidget *
p2v_viewer_hex_new (P2vHexBuffer *buffer)
{
  g_autoptr (HexDocument) document = hex_document_new ();

  /* The document takes over the reference it is given. */
  hex_document_set_buffer (document, HEX_BUFFER (g_object_ref (buffer)));
  hex_document_set_file (document, HEX_BUFFER_GET_IFACE (buffer)->get_file (HEX_BUFFER (buffer)));

  GtkWidget *hex = hex_widget_new (g_object_ref (document));
  hex_widget_set_geometry (HEX_WIDGET (hex), BYTES_PER_LINE, 0);
  hex_widget_show_offsets (HEX_WIDGET (hex), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (hex), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Bytes of the image"), -1);
  p2v_hex_guard (HEX_WIDGET (hex));
  p2v_hex_keys_attach (hex);
  return hex;
}
