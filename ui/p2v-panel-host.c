/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-panel-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

enum
{
  JUMP_TO_OFFSET,
  JUMP_TO_ADDRESS,
  JUMP_TO_VIRTUAL,
  SELECT_OFFSETS,
  SELECT_VIRTUAL,
  REVEAL,
  STAGE_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* Wishes that not every host can fulfil: a handler that does returns %TRUE. */
static guint
add_wish (const char *name,
          guint       n_numbers)
{
  return g_signal_new (name, P2V_TYPE_PANEL, G_SIGNAL_RUN_LAST, 0,
                       g_signal_accumulator_true_handled, NULL, NULL, G_TYPE_BOOLEAN,
                       1 + n_numbers, P2V_TYPE_PROCESS, G_TYPE_UINT64, G_TYPE_UINT64);
}

void
p2v_panel_add_signals (void)
{
  /**
   * P2vPanel::jump-to-offset:
   * @self: the panel
   * @file_offset: where to, as an offset in the image file
   *
   * The user wants to see another place. The host moves its cursor there, and tells the panel so
   * with p2v_panel_set_file_offset().
   */
  signals[JUMP_TO_OFFSET] = g_signal_new ("jump-to-offset", P2V_TYPE_PANEL, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT64);

  /**
   * P2vPanel::jump-to-address:
   * @self: the panel
   * @pa: where to, as a physical address
   *
   * As #P2vPanel::jump-to-offset, for images that keep memory packed, so that it has no place in
   * the file (p2v_image_is_packed()).
   */
  signals[JUMP_TO_ADDRESS] = g_signal_new ("jump-to-address", P2V_TYPE_PANEL, G_SIGNAL_RUN_LAST, 0,
                                           NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT64);

  /**
   * P2vPanel::jump-to-virtual:
   * @self: the panel
   * @process: whose memory
   * @va: a virtual address of it
   *
   * The user wants to see another place of a process. For a host that just shows memory of @process
   * by virtual address; for others there is #P2vPanel::jump-to-offset.
   *
   * Returns: whether the cursor was moved
   */
  signals[JUMP_TO_VIRTUAL] = add_wish ("jump-to-virtual", 1);

  /**
   * P2vPanel::select-offsets:
   * @self: the panel
   * @file_offset: the first byte, as an offset in the image file
   * @length_bytes: how many bytes
   *
   * The user wants a part of the file selected. The cursor stays.
   */
  signals[SELECT_OFFSETS] = g_signal_new ("select-offsets", P2V_TYPE_PANEL, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT64,
                                          G_TYPE_UINT64);

  /**
   * P2vPanel::select-virtual:
   * @self: the panel
   * @process: whose memory
   * @va: virtual address of the first byte
   * @length_bytes: how many bytes
   *
   * The user wants a part of a process's memory selected. For a host that just shows memory of
   * @process by virtual address; for others there is #P2vPanel::select-offsets.
   *
   * Returns: whether it was selected
   */
  signals[SELECT_VIRTUAL] = add_wish ("select-virtual", 2);

  /**
   * P2vPanel::reveal:
   * @self: the panel
   *
   * An action of the panel is about to show something in it. A host that has hidden it makes it
   * visible.
   */
  signals[REVEAL] = g_signal_new ("reveal", P2V_TYPE_PANEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 0);

  /**
   * P2vPanel::stage-changed:
   * @self: the panel
   *
   * The session has come further: its system is known, or its index is complete. See
   * p2v_session_get_stage().
   */
  signals[STAGE_CHANGED] = g_signal_new ("stage-changed", P2V_TYPE_PANEL, G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);
}

void
p2v_panel_reveal (P2vPanel *self)
{
  g_signal_emit (self, signals[REVEAL], 0);
}

void
p2v_panel_tell_stage_changed (P2vPanel *self)
{
  g_signal_emit (self, signals[STAGE_CHANGED], 0);
}

void
p2v_panel_jump_to_offset (P2vPanel *self,
                          guint64   file_offset)
{
  g_signal_emit (self, signals[JUMP_TO_OFFSET], 0, file_offset);
}

void
p2v_panel_jump_to_mapping (P2vPanel *self,
                           const P2vMapping *mapping)
{
  gboolean is_done = FALSE;

  g_signal_emit (self, signals[JUMP_TO_VIRTUAL], 0, mapping->process, mapping->va, &is_done);
  if (!is_done)
    p2v_panel_jump_to_pa (self, mapping->pa);
}

gboolean
p2v_panel_select_in_host (P2vPanel *self,
                          P2vProcess *process,
                          const P2vVicinity *vicinity)
{
  gboolean is_done = FALSE;

  if (vicinity->found)
    g_signal_emit (self, signals[SELECT_VIRTUAL], 0, process, vicinity->va, vicinity->length_bytes,
                   &is_done);
  if (!is_done && vicinity->n_file_bytes > 0)
    g_signal_emit (self, signals[SELECT_OFFSETS], 0, vicinity->file_offset,
                   vicinity->n_file_bytes);
  return is_done || vicinity->n_file_bytes > 0;
}

void
p2v_panel_jump_to_pa (P2vPanel *self,
                      P2vPhysAddr pa)
{
  g_autoptr (P2vImage) image = p2v_session_dup_image (self->session);
  guint64 file_offset = 0;

  if (image != NULL && p2v_image_pa_to_offset (image, pa, &file_offset))
    {
      g_signal_emit (self, signals[JUMP_TO_OFFSET], 0, file_offset);
      return;
    }
  if (image != NULL && p2v_image_contains (image, pa))
    {
      g_signal_emit (self, signals[JUMP_TO_ADDRESS], 0, pa);
      return;
    }
  /* Translators: the number is a physical address. */
  g_autofree char *text = g_strdup_printf (
      _("The image does not hold physical address 0x%" PRIx64 "."), pa);
  p2v_panel_show_info (self, GTK_MESSAGE_ERROR, text);
}
