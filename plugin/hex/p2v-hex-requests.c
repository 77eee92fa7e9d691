/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-requests.h"

static void
jump_to_offset_cb (P2vHexLink *link,
                   guint64     file_offset)
{
  if (p2v_hex_link_go_to_offset (link, file_offset))
    gtk_widget_grab_focus (GTK_WIDGET (p2v_hex_link_get_hex (link)));
}

static void
jump_to_address_cb (P2vHexLink *link,
                    guint64     pa)
{
  if (p2v_hex_link_go_to_pa (link, pa))
    gtk_widget_grab_focus (GTK_WIDGET (p2v_hex_link_get_hex (link)));
}

static gboolean
jump_to_virtual_cb (P2vHexLink *link,
                    P2vProcess *process,
                    guint64     va)
{
  if (!p2v_hex_link_go_to_virtual (link, process, va))
    return FALSE;
  gtk_widget_grab_focus (GTK_WIDGET (p2v_hex_link_get_hex (link)));
  return TRUE;
}

/* The cursor stays where it is; copying is for the hex view, so it gets the focus. */
static void
select_positions (P2vHexLink *link,
                  guint64     start,
                  guint64     length_bytes)
{
  HexWidget *hex = p2v_hex_link_get_hex (link);
  guint64 size = p2v_hex_space_get_size (p2v_hex_link_get_space (link));

  if (start >= size)
    return;
  /* The widget means the last byte, not one behind it. */
  hex_widget_set_selection (hex, (gint64) start,
                            (gint64) (start + (MIN (length_bytes, size - start) - 1)));
  gtk_widget_grab_focus (GTK_WIDGET (hex));
}

static gboolean
select_virtual_cb (P2vHexLink *link,
                   P2vProcess *process,
                   guint64     va,
                   guint64     length_bytes)
{
  P2vHexSpace *space = p2v_hex_link_get_space (link);

  if (p2v_hex_link_get_hex (link) == NULL || space == NULL
      || p2v_hex_space_get_process (space) != process || va >= p2v_hex_space_get_size (space))
    return FALSE;
  select_positions (link, va, length_bytes);
  return TRUE;
}

static void
select_offsets_cb (P2vHexLink *link,
                   guint64     file_offset,
                   guint64     length_bytes)
{
  P2vHexSpace *space = p2v_hex_link_get_space (link);
  guint64 position = file_offset;

  if (p2v_hex_link_get_hex (link) == NULL || space == NULL)
    return;
  g_autoptr (P2vImage) image = p2v_session_dup_image (p2v_hex_link_get_session (link));
  /* In one piece in the file is not in one piece in what another process sees. */
  if (p2v_hex_space_get_kind (space) == P2V_HEX_SPACE_VIRTUAL)
    p2v_hex_link_show_kind (link, P2V_HEX_SPACE_PHYSICAL, NULL);
  if (p2v_hex_space_get_kind (p2v_hex_link_get_space (link)) == P2V_HEX_SPACE_FILE
      || p2v_image_offset_to_pa (image, file_offset, &position))
    select_positions (link, position, length_bytes);
}

void
p2v_hex_requests_connect (P2vHexLink *link,
                          P2vPanel   *panel)
{
  static const struct
  {
    const char *signal;
    GCallback   callback;
  } requests[] = {
    { "jump-to-offset", G_CALLBACK (jump_to_offset_cb) },
    { "jump-to-address", G_CALLBACK (jump_to_address_cb) },
    { "jump-to-virtual", G_CALLBACK (jump_to_virtual_cb) },
    { "select-virtual", G_CALLBACK (select_virtual_cb) },
    { "select-offsets", G_CALLBACK (select_offsets_cb) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    g_signal_connect_swapped (panel, requests[i].signal, requests[i].callback, link);
}
