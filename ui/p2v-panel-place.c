/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-panel-private.h"

/* Works out the physical address of the place that the host gave. */
static void
update_place (P2vPanel *self)
{
  g_autoptr (P2vImage) image = self->session != NULL ? p2v_session_dup_image (self->session) : NULL;

  self->has_pa = self->place_kind == P2V_PLACE_PHYSICAL;
  self->pa = self->place;
  if (image != NULL && self->place_kind == P2V_PLACE_OFFSET)
    self->has_pa = p2v_image_offset_to_pa (image, self->place, &self->pa);
}

void
p2v_panel_update (P2vPanel *self)
{
  g_clear_handle_id (&self->update_id, g_source_remove);
  update_place (self);
  g_clear_object (&self->answer);
  if (self->session != NULL && self->has_pa)
    self->answer = p2v_session_lookup (self->session, self->pa, self->filter);
  p2v_mapping_model_set_answer (p2v_mapping_view_get_model (self->view), self->session,
                                self->answer);
  p2v_panel_describe_frame (self);

  p2v_panel_show_arrival (self);
  p2v_panel_show_place (self);
  p2v_panel_show_answer (self);
  p2v_panel_actions_update (self);
}

static gboolean
update_cb (gpointer user_data)
{
  P2vPanel *self = user_data;

  self->update_id = 0;
  p2v_panel_update (self);
  return G_SOURCE_REMOVE;
}

/* However often the cursor moves, there is one look-up a frame: this runs before the next
 * drawing. */
void
p2v_panel_queue_update (P2vPanel *self)
{
  if (self->update_id == 0)
    self->update_id = g_idle_add_full (G_PRIORITY_HIGH_IDLE, update_cb, self, NULL);
}

/* What is asked of the session. */
void
p2v_panel_update_filter (P2vPanel *self)
{
  g_clear_object (&self->filter);
  self->filter = p2v_filter_new ();
  if (self->shows_kernel)
    p2v_filter_set_kernel_rows (self->filter, P2V_KERNEL_ROWS_ALL);
  p2v_filter_set_every_address (self->filter, self->shows_every_address);
  p2v_panel_queue_update (self);
}

static void
set_place (P2vPanel *self,
           P2vPlaceKind kind,
           guint64 place)
{
  self->virtual_process = NULL;
  if (self->place_kind == kind && self->place == place)
    return;
  self->place_kind = kind;
  self->place = place;
  p2v_panel_queue_update (self);
}

/**
 * p2v_panel_set_address:
 * @self: a #P2vPanel
 * @pa: a physical address
 *
 * Shows who maps @pa. Cheap: however often it is called, the panel looks up once a frame.
 */
void
p2v_panel_set_address (P2vPanel *self,
                       P2vPhysAddr pa)
{
  g_return_if_fail (P2V_IS_PANEL (self));

  set_place (self, P2V_PLACE_PHYSICAL, pa);
}

/**
 * p2v_panel_set_file_offset:
 * @self: a #P2vPanel
 * @file_offset: an offset in the image file, such as that of a hex editor's cursor
 *
 * Shows who maps the byte at @file_offset. As cheap as p2v_panel_set_address().
 */
void
p2v_panel_set_file_offset (P2vPanel *self,
                           guint64 file_offset)
{
  g_return_if_fail (P2V_IS_PANEL (self));

  set_place (self, P2V_PLACE_OFFSET, file_offset);
}

/**
 * p2v_panel_set_virtual_address:
 * @self: a #P2vPanel
 * @process: whose memory the host shows by virtual address
 * @va: where the cursor is, as a virtual address of @process
 * @pa: the same as a physical address
 *
 * Shows who maps @pa, as p2v_panel_set_address() does, and selects the row of @va when the cursor
 * comes to another page.
 *
 * Since: 1.0
 */
void
p2v_panel_set_virtual_address (P2vPanel    *self,
                               P2vProcess  *process,
                               P2vVirtAddr  va,
                               P2vPhysAddr  pa)
{
  g_return_if_fail (P2V_IS_PANEL (self));
  g_return_if_fail (P2V_IS_PROCESS (process));
  g_return_if_fail (p2v_process_get_address_space (process) != NULL);

  P2vMapping mapping = { .process = process, .space = p2v_process_get_address_space (process),
                         .va = va, .pa = pa };
  gboolean is_same_page = self->virtual_process == process
                          && self->virtual_page == va >> P2V_FRAME_SHIFT;
  set_place (self, P2V_PLACE_PHYSICAL, pa);
  self->virtual_process = process;
  self->virtual_page = va >> P2V_FRAME_SHIFT;
  if (!is_same_page && !p2v_panel_expects (self, &mapping))
    p2v_panel_expect (self, &mapping, NULL);
}

/**
 * p2v_panel_clear_address:
 * @self: a #P2vPanel
 *
 * Shows nothing but the way to begin: the host's cursor is on no memory, such as a virtual address
 * that is not mapped.
 */
void
p2v_panel_clear_address (P2vPanel *self)
{
  g_return_if_fail (P2V_IS_PANEL (self));

  set_place (self, P2V_PLACE_NONE, 0);
}

/**
 * p2v_panel_get_address:
 * @self: a #P2vPanel
 * @ret_pa: (out): the physical address that is shown
 *
 * Returns: %FALSE if none is shown, for there is no cursor or it is not on memory
 */
gboolean
p2v_panel_get_address (P2vPanel *self,
                       P2vPhysAddr *ret_pa)
{
  g_return_val_if_fail (P2V_IS_PANEL (self), FALSE);
  g_return_val_if_fail (ret_pa != NULL, FALSE);

  if (self->update_id != 0)
    update_place (self);
  if (self->has_pa)
    *ret_pa = self->pa;
  return self->has_pa;
}

/**
 * p2v_panel_get_answer:
 * @self: a #P2vPanel
 *
 * Returns: (nullable) (transfer none): what is shown just now, or %NULL
 */
P2vAnswer *
p2v_panel_get_answer (P2vPanel *self)
{
  g_return_val_if_fail (P2V_IS_PANEL (self), NULL);

  return self->answer;
}
