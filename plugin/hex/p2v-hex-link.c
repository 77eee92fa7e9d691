/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-link.h"

#include "p2v-hex-cursor.h"
#include "p2v-hex-history.h"
#include "p2v-hex-i18n.h"
#include "p2v-hex-requests.h"
#include <inttypes.h>

/* Buttons on the side of a mouse, as X and Wayland number them.
 * Source: GDK, which has no names for them; libinput's BTN_SIDE and BTN_EXTRA. */
#define BUTTON_BACK 8
#define BUTTON_FORWARD 9

struct _P2vHexLink
{
  GObject        parent_instance;

  HexWidget     *hex;              /* weak */
  GtkAdjustment *adjustment;       /* of @hex */
  P2vHexCursor  *cursor;           /* of @hex */
  P2vHexBuffer  *buffer;
  P2vPanel      *panel;
  P2vSession    *session;
  P2vHexSpace   *space;            /* NULL without a session */

  GCancellable  *walking;          /* a process's page tables; NULL if none are walked */
  P2vProcess    *awaited;
  gint64         awaited_position; /* where to go then; -1: to the same byte */
  char          *error;

  P2vHexHistory *history;
  GSimpleActionGroup *actions;

  gint64         told_position;    /* of the cursor, as it was told last, or -1 */
  gboolean       was_absent;
};

G_DEFINE_FINAL_TYPE (P2vHexLink, p2v_hex_link, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
tell_changed (P2vHexLink *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

/* Tells the panel where the cursor is. */
static void
tell_panel (P2vHexLink *self)
{
  guint64 position = p2v_hex_cursor_get_position (self->cursor);
  P2vHexSpaceKind kind = self->space != NULL ? p2v_hex_space_get_kind (self->space)
                                             : P2V_HEX_SPACE_FILE;
  P2vPhysAddr pa = position;

  if (kind == P2V_HEX_SPACE_FILE)
    p2v_panel_set_file_offset (self->panel, position);
  else if (kind == P2V_HEX_SPACE_VIRTUAL && p2v_hex_space_get_pa (self->space, position, &pa))
    p2v_panel_set_virtual_address (self->panel, p2v_hex_space_get_process (self->space), position,
                                   pa);
  /* A physical address that the image does not hold is still a question; a virtual one that is not
   * mapped is none. */
  else if (p2v_hex_space_get_pa (self->space, position, &pa) || kind == P2V_HEX_SPACE_PHYSICAL)
    p2v_panel_set_address (self->panel, pa);
  else
    p2v_panel_clear_address (self->panel);
}

static P2vHexPlace
get_place (P2vHexLink *self)
{
  return (P2vHexPlace){ p2v_hex_space_get_kind (self->space),
                        p2v_hex_space_get_process (self->space),
                        p2v_hex_cursor_get_position (self->cursor) };
}

static void
update_actions (P2vHexLink *self)
{
  static const char *const names[] = { "back", "forward" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), names[i]);
      g_simple_action_set_enabled (G_SIMPLE_ACTION (action),
                                   p2v_hex_history_can_go (self->history, i > 0));
    }
}

/* The cursor is about to jump away from @place. */
static void
leave (P2vHexLink  *self,
       P2vHexPlace  place)
{
  p2v_hex_history_leave (self->history, &place);
  update_actions (self);
}

static void
go_to_position (P2vHexLink *self,
                guint64     position)
{
  p2v_hex_cursor_go_to (self->cursor, position);
  tell_panel (self);
}

/* Somebody else has moved the cursor farther than a key or the wheel does: the host's own dialog,
 * or a jump to the end. */
static void
note_jump (P2vHexLink *self,
           gint64      before,
           gint64      now)
{
  if (self->space == NULL || p2v_hex_cursor_is_moving (self->cursor) || before < 0
      || !p2v_hex_cursor_is_jump (self->cursor, before, now))
    return;
  P2vHexPlace place = get_place (self);
  place.position = (guint64) before;
  leave (self, place);
}

static void
cursor_moved_cb (P2vHexLink *self)
{
  gint64 before = self->told_position;
  gint64 now = hex_widget_get_cursor (self->hex);

  note_jump (self, before, now);
  self->told_position = now;
  if (self->space != NULL && !p2v_hex_cursor_is_moving (self->cursor)
      && p2v_hex_cursor_pass_gap (self->cursor, self->space, before, now))
    return;

  tell_panel (self);
  g_autofree char *absence = p2v_hex_link_dup_absence (self);
  if (absence != NULL || self->was_absent)
    tell_changed (self);
  self->was_absent = absence != NULL;
}

static void
scrolled_cb (P2vHexLink *self)
{
  if (self->hex != NULL)
    p2v_hex_cursor_follow_scroll (self->cursor, self->space);
}

/* A document that somebody tried to change counts as changed, and could not be closed without a
 * question. Writing it to its own file, which the buffer takes for done, makes it what it is. */
static void
edit_refused_cb (P2vHexLink *self)
{
  HexDocument *document = self->hex != NULL ? hex_widget_get_document (self->hex) : NULL;

  if (document != NULL && hex_document_has_changed (document)
      && G_IS_FILE (hex_document_get_file (document)))
    hex_document_write_async (document, NULL, NULL, NULL);
}

static void
stop_walking (P2vHexLink *self)
{
  if (self->walking != NULL)
    g_cancellable_cancel (self->walking);
  g_clear_object (&self->walking);
  g_clear_object (&self->awaited);
  self->awaited_position = -1;
}

void
p2v_hex_link_break (P2vHexLink *self)
{
  stop_walking (self);
  if (self->panel != NULL)
    g_signal_handlers_disconnect_by_data (self->panel, self);
  if (self->buffer != NULL)
    g_signal_handlers_disconnect_by_data (self->buffer, self);
  if (self->adjustment != NULL)
    g_signal_handlers_disconnect_by_data (self->adjustment, self);
  if (self->hex != NULL)
    g_signal_handlers_disconnect_by_data (self->hex, self);
  g_clear_weak_pointer (&self->hex);
  g_clear_object (&self->adjustment);
  g_clear_pointer (&self->cursor, p2v_hex_cursor_free);
}

static void
back_action (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       user_data)
{
  p2v_hex_link_go_in_history (user_data, FALSE);
}

static void
forward_action (GSimpleAction *action,
                GVariant      *parameter,
                gpointer       user_data)
{
  p2v_hex_link_go_in_history (user_data, TRUE);
}

static const GActionEntry actions[] = {
  { .name = "back", .activate = back_action },
  { .name = "forward", .activate = forward_action },
};

static void
p2v_hex_link_dispose (GObject *object)
{
  P2vHexLink *self = P2V_HEX_LINK (object);

  p2v_hex_link_break (self);
  g_clear_object (&self->panel);
  g_clear_object (&self->buffer);
  g_clear_object (&self->space);
  g_clear_object (&self->session);
  g_clear_pointer (&self->error, g_free);
  g_clear_pointer (&self->history, p2v_hex_history_free);
  /* A host may keep the group longer. */
  for (guint i = 0; self->actions != NULL && i < G_N_ELEMENTS (actions); i++)
    g_action_map_remove_action (G_ACTION_MAP (self->actions), actions[i].name);
  g_clear_object (&self->actions);

  G_OBJECT_CLASS (p2v_hex_link_parent_class)->dispose (object);
}

static void
p2v_hex_link_class_init (P2vHexLinkClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = p2v_hex_link_dispose;

  signals[CHANGED] = g_signal_new ("changed", P2V_TYPE_HEX_LINK, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
p2v_hex_link_init (P2vHexLink *self)
{
  self->awaited_position = -1;
  self->told_position = -1;
  self->history = p2v_hex_history_new ();
  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), actions, G_N_ELEMENTS (actions),
                                   self);
  update_actions (self);
}

static void
side_button_cb (P2vHexLink *self,
                int         n_press,
                double      x,
                double      y,
                GtkGesture *gesture)
{
  guint button = gtk_gesture_single_get_current_button (GTK_GESTURE_SINGLE (gesture));

  if (button != BUTTON_BACK && button != BUTTON_FORWARD)
    return;
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  p2v_hex_link_go_in_history (self, button == BUTTON_FORWARD);
}

static void
watch_side_buttons (P2vHexLink *self,
                    GtkWidget  *widget)
{
  GtkGesture *click = gtk_gesture_click_new ();

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), 0);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (click), GTK_PHASE_CAPTURE);
  g_signal_connect_object (click, "pressed", G_CALLBACK (side_button_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
}

P2vHexLink *
p2v_hex_link_new (HexWidget    *hex,
                  P2vHexBuffer *buffer,
                  P2vPanel     *panel)
{
  P2vHexLink *self = g_object_new (P2V_TYPE_HEX_LINK, NULL);

  g_set_weak_pointer (&self->hex, hex);
  self->adjustment = g_object_ref (hex_widget_get_adjustment (hex));
  self->cursor = p2v_hex_cursor_new (hex);
  self->buffer = g_object_ref (buffer);
  self->panel = g_object_ref (panel);
  g_signal_connect_swapped (hex, "cursor-moved", G_CALLBACK (cursor_moved_cb), self);
  g_signal_connect_swapped (self->adjustment, "value-changed", G_CALLBACK (scrolled_cb), self);
  g_signal_connect_swapped (buffer, "edit-refused", G_CALLBACK (edit_refused_cb), self);
  p2v_hex_requests_connect (self, panel);
  watch_side_buttons (self, GTK_WIDGET (hex));
  watch_side_buttons (self, GTK_WIDGET (panel));
  g_signal_connect_swapped (panel, "stage-changed", G_CALLBACK (tell_changed), self);
  return self;
}

void
p2v_hex_link_set_session (P2vHexLink *self,
                          P2vSession *session)
{
  g_autoptr (P2vImage) image = p2v_session_dup_image (session);

  p2v_hex_history_clear (self->history);
  update_actions (self);
  g_set_object (&self->session, session);
  g_clear_object (&self->space);
  self->space = p2v_hex_space_new_file (image);
  p2v_panel_set_session (self->panel, session);
  if (self->hex != NULL)
    tell_panel (self);
  tell_changed (self);
  /* The bytes of such a file say nothing until they are unpacked. */
  if (p2v_image_is_packed (image))
    p2v_hex_link_show_kind (self, P2V_HEX_SPACE_PHYSICAL, NULL);
}

HexWidget *
p2v_hex_link_get_hex (P2vHexLink *self)
{
  return self->hex;
}

P2vPanel *
p2v_hex_link_get_panel (P2vHexLink *self)
{
  return self->panel;
}

P2vSession *
p2v_hex_link_get_session (P2vHexLink *self)
{
  return self->session;
}

P2vHexSpace *
p2v_hex_link_get_space (P2vHexLink *self)
{
  return self->space;
}

GPtrArray *
p2v_hex_link_list_processes (P2vHexLink *self)
{
  GPtrArray *processes = g_ptr_array_new ();
  g_autoptr (P2vSystem) system
      = self->session != NULL ? p2v_session_dup_system (self->session) : NULL;
  guint n_processes = system != NULL ? p2v_system_get_n_processes (system) : 0;

  for (guint i = 0; i < n_processes; i++)
    {
      P2vProcess *process = p2v_system_get_process (system, i);
      /* Positions are signed: the kernel's half of the addresses cannot be shown. */
      if (p2v_process_get_address_space (process) != NULL
          && (p2v_process_get_flags (process) & P2V_PROCESS_KERNEL) == 0)
        g_ptr_array_add (processes, process);
    }
  return processes;
}

/* Shows @space with the cursor on @position. */
static void
show_space (P2vHexLink  *self,
            P2vHexSpace *space,
            guint64      position)
{
  stop_walking (self);
  g_clear_pointer (&self->error, g_free);
  g_set_object (&self->space, space);
  p2v_hex_cursor_show (self->cursor, self->buffer, space, position);
  tell_changed (self);
}

static gboolean
is_shown (P2vHexLink      *self,
          P2vHexSpaceKind  kind,
          P2vProcess      *process)
{
  return p2v_hex_space_get_kind (self->space) == kind
         && p2v_hex_space_get_process (self->space) == process;
}

/* Where in @space the byte under the cursor stands. Of what does not stand there, such as a header
 * among physical memory, the beginning must do. */
static guint64
carry_over (P2vHexLink  *self,
            P2vHexSpace *space)
{
  guint64 position = p2v_hex_cursor_get_position (self->cursor);
  guint64 start = 0;
  guint64 end = 0;
  P2vPhysAddr pa = 0;

  if (p2v_hex_space_get_pa (self->space, position, &pa)
      && p2v_hex_space_find_pa (space, pa, &position))
    return position;
  return p2v_hex_space_get_gap (space, 0, &start, &end) ? end : 0;
}

static void
walked_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (P2vHexLink) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (P2vHexSpace) space = p2v_hex_space_new_virtual_finish (result, &error);

  /* Another view was asked for in the meantime, or the widget has gone. */
  if (g_task_get_cancellable (G_TASK (result)) != self->walking)
    return;
  if (space != NULL)
    {
      guint64 position = self->awaited_position >= 0 ? (guint64) self->awaited_position
                                                     : carry_over (self, space);
      show_space (self, space, position);
      return;
    }
  stop_walking (self);
  self->error = g_strdup (error->message);
  tell_changed (self);
}

static void
walk_process (P2vHexLink *self,
              P2vProcess *process)
{
  self->walking = g_cancellable_new ();
  self->awaited = g_object_ref (process);
  p2v_hex_space_new_virtual_async (self->session, process, self->walking, walked_cb,
                                   g_object_ref (self));
  tell_changed (self);
}

/* With the cursor on @position, or with -1 on the same byte as now. */
static void
show_kind_at (P2vHexLink      *self,
              P2vHexSpaceKind  kind,
              P2vProcess      *process,
              gint64           position)
{
  g_autoptr (P2vHexSpace) space = NULL;

  if (kind == P2V_HEX_SPACE_VIRTUAL)
    {
      walk_process (self, process);
      self->awaited_position = position;
      return;
    }
  g_autoptr (P2vImage) image = p2v_session_dup_image (self->session);
  space = kind == P2V_HEX_SPACE_FILE ? p2v_hex_space_new_file (image)
                                     : p2v_hex_space_new_physical (image);
  show_space (self, space, position >= 0 ? (guint64) position : carry_over (self, space));
}

void
p2v_hex_link_show_kind (P2vHexLink      *self,
                        P2vHexSpaceKind  kind,
                        P2vProcess      *process)
{
  if (self->space == NULL || self->hex == NULL)
    return;
  stop_walking (self);
  if (is_shown (self, kind, process))
    {
      tell_changed (self);
      return;
    }
  leave (self, get_place (self));
  show_kind_at (self, kind, process, -1);
}

gboolean
p2v_hex_link_go_in_history (P2vHexLink *self,
                            gboolean    forwards)
{
  P2vHexPlace place;

  if (self->space == NULL || self->hex == NULL)
    return FALSE;
  P2vHexPlace here = get_place (self);
  gboolean found = p2v_hex_history_go (self->history, forwards, &here, &place);
  update_actions (self);
  if (!found)
    return FALSE;
  stop_walking (self);
  if (is_shown (self, place.kind, place.process))
    {
      go_to_position (self, place.position);
      tell_changed (self);
    }
  else
    show_kind_at (self, place.kind, place.process, (gint64) place.position);
  return TRUE;
}

GActionGroup *
p2v_hex_link_get_action_group (P2vHexLink *self)
{
  return G_ACTION_GROUP (self->actions);
}

P2vProcess *
p2v_hex_link_get_awaited (P2vHexLink *self)
{
  return self->awaited;
}

gboolean
p2v_hex_link_go_to_offset (P2vHexLink *self,
                           guint64     file_offset)
{
  g_autoptr (P2vImage) image
      = self->session != NULL ? p2v_session_dup_image (self->session) : NULL;
  P2vPhysAddr pa = 0;

  if (self->hex == NULL || image == NULL || file_offset >= p2v_image_get_file_size (image))
    return FALSE;
  if (!is_shown (self, P2V_HEX_SPACE_FILE, NULL)
      && p2v_image_offset_to_pa (image, file_offset, &pa))
    return p2v_hex_link_go_to_pa (self, pa);

  leave (self, get_place (self));
  /* A header is in the file only. */
  p2v_hex_link_show_kind (self, P2V_HEX_SPACE_FILE, NULL);
  go_to_position (self, file_offset);
  return TRUE;
}

gboolean
p2v_hex_link_go_to_pa (P2vHexLink  *self,
                       P2vPhysAddr  pa)
{
  guint64 position = 0;

  if (self->hex == NULL || self->space == NULL)
    return FALSE;
  P2vHexPlace here = get_place (self);
  g_autoptr (P2vImage) image = p2v_session_dup_image (self->session);
  /* The process need not map it, and in a file that keeps memory packed it has no place. */
  if (!p2v_hex_space_find_pa (self->space, pa, &position)
      && (p2v_hex_space_get_kind (self->space) == P2V_HEX_SPACE_VIRTUAL
          || p2v_image_is_packed (image)))
    p2v_hex_link_show_kind (self, P2V_HEX_SPACE_PHYSICAL, NULL);
  if (!p2v_hex_space_find_pa (self->space, pa, &position))
    return FALSE;
  if (is_shown (self, here.kind, here.process))
    leave (self, here);
  go_to_position (self, position);
  return TRUE;
}

gboolean
p2v_hex_link_go_to_virtual (P2vHexLink *self,
                            P2vProcess *process,
                            guint64     va)
{
  P2vPhysAddr pa = 0;

  if (self->hex == NULL || self->space == NULL
      || p2v_hex_space_get_process (self->space) != process
      || !p2v_hex_space_get_pa (self->space, va, &pa))
    return FALSE;
  leave (self, get_place (self));
  go_to_position (self, va);
  return TRUE;
}

gboolean
p2v_hex_link_go_to_run (P2vHexLink *self,
                        gboolean    forwards)
{
  guint64 start = 0;
  guint64 end = 0;

  if (self->hex == NULL || self->space == NULL)
    return FALSE;
  guint64 position = p2v_hex_cursor_get_position (self->cursor);
  /* Forwards over the rest of this memory and the gap behind it; backwards the same, and then to
   * the beginning. */
  if (p2v_hex_space_get_run (self->space, position, &start, &end))
    {
      position = forwards ? end : start - 1;
      if (forwards ? end >= p2v_hex_space_get_size (self->space) : start == 0)
        return FALSE;
    }
  if (!p2v_hex_space_find_edge (self->space, position, forwards, &position))
    return FALSE;
  if (!forwards && p2v_hex_space_get_run (self->space, position - 1, &start, &end))
    position = start;
  leave (self, get_place (self));
  go_to_position (self, position);
  gtk_widget_grab_focus (GTK_WIDGET (self->hex));
  return TRUE;
}

gboolean
p2v_hex_link_get_shown (P2vHexLink  *self,
                        P2vPhysAddr *ret_first,
                        P2vPhysAddr *ret_last)
{
  return self->hex != NULL && self->space != NULL
         && p2v_hex_cursor_get_shown (self->cursor, self->space, ret_first, ret_last);
}

char *
p2v_hex_link_dup_absence (P2vHexLink *self)
{
  guint64 start = 0;
  guint64 end = 0;

  if (self->hex == NULL || self->space == NULL)
    return NULL;
  if (!p2v_hex_space_get_gap (self->space, p2v_hex_cursor_get_position (self->cursor), &start,
                              &end))
    return NULL;
  if (p2v_hex_space_get_kind (self->space) == P2V_HEX_SPACE_PHYSICAL)
    /* Translators: physical addresses, the first one and the last one. */
    return g_strdup_printf (_("Not in the image: 0x%" PRIx64 " to 0x%" PRIx64), start, end - 1);
  /* Translators: virtual addresses, the first one and the last one. */
  return g_strdup_printf (_("Not mapped: 0x%" PRIx64 " to 0x%" PRIx64), start, end - 1);
}

const char *
p2v_hex_link_get_error (P2vHexLink *self)
{
  return self->error;
}
