/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-history.h"

/* More than anybody goes back; the oldest are forgotten. */
#define MAX_PLACES 256

struct _P2vHexHistory
{
  GArray     *before; /* P2vHexPlace, the last to be met first; processes are owned */
  GArray     *behind; /* the same forwards */
  P2vProcess *kept;   /* of the place that was given last */
};

static void
place_clear (gpointer data)
{
  g_clear_object (&((P2vHexPlace *) data)->process);
}

static GArray *
places_new (void)
{
  GArray *places = g_array_new (FALSE, FALSE, sizeof (P2vHexPlace));

  g_array_set_clear_func (places, place_clear);
  return places;
}

P2vHexHistory *
p2v_hex_history_new (void)
{
  P2vHexHistory *self = g_new0 (P2vHexHistory, 1);

  self->before = places_new ();
  self->behind = places_new ();
  return self;
}

void
p2v_hex_history_free (P2vHexHistory *self)
{
  g_array_unref (self->before);
  g_array_unref (self->behind);
  g_clear_object (&self->kept);
  g_free (self);
}

void
p2v_hex_history_clear (P2vHexHistory *self)
{
  g_array_set_size (self->before, 0);
  g_array_set_size (self->behind, 0);
}

static gboolean
ends_with (GArray            *places,
           const P2vHexPlace *place)
{
  if (places->len == 0)
    return FALSE;
  const P2vHexPlace *last = &g_array_index (places, P2vHexPlace, places->len - 1);
  return last->kind == place->kind && last->process == place->process
         && last->position == place->position;
}

static void
push (GArray            *places,
      const P2vHexPlace *place)
{
  P2vHexPlace copy = *place;

  if (ends_with (places, place))
    return;
  if (places->len == MAX_PLACES)
    g_array_remove_index (places, 0);
  if (copy.process != NULL)
    g_object_ref (copy.process);
  g_array_append_val (places, copy);
}

void
p2v_hex_history_leave (P2vHexHistory     *self,
                       const P2vHexPlace *place)
{
  push (self->before, place);
  g_array_set_size (self->behind, 0);
}

gboolean
p2v_hex_history_can_go (P2vHexHistory *self,
                        gboolean       forwards)
{
  return (forwards ? self->behind : self->before)->len > 0;
}

gboolean
p2v_hex_history_go (P2vHexHistory     *self,
                    gboolean           forwards,
                    const P2vHexPlace *here,
                    P2vHexPlace       *ret_place)
{
  GArray *from = forwards ? self->behind : self->before;

  /* A jump to where one was already left a place that is no other. */
  while (ends_with (from, here))
    g_array_set_size (from, from->len - 1);
  if (from->len == 0)
    return FALSE;
  *ret_place = g_array_index (from, P2vHexPlace, from->len - 1);
  g_set_object (&self->kept, ret_place->process);
  g_array_set_size (from, from->len - 1);
  push (forwards ? self->before : self->behind, here);
  return TRUE;
}
