/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <string.h>

#include "os/symbols/p2v-member-search.h"

/* The step of a path that is being taken. */
typedef struct
{
  const P2vMemberSearch *search;
  const char            *name;          /* of the member, not NUL-terminated */
  gsize                  name_length;
  GArray                *queue;         /* P2vTypeMember: what to look into */
  guint                 *n_left;
} Step;

/* Looks for the member among those of @place. Unnamed members are put on the queue to be looked
 * into. */
static gboolean
search_members (const Step          *step,
                const P2vTypeMember *place,
                P2vTypeMember       *ret_member)
{
  guint64 members;
  guint n_members;

  if (!step->search->open_members (step->search->source, place->type, &members, &n_members))
    return FALSE;
  for (guint i = 0; i < n_members && *step->n_left > 0; i++)
    {
      P2vTypeMember member;

      --*step->n_left;
      if (!step->search->get_member (step->search->source, members, i, &member))
        return FALSE;
      member.offset_bits += place->offset_bits;
      if (*member.name == '\0')
        g_array_append_val (step->queue, member);
      else if (strncmp (member.name, step->name, step->name_length) == 0 &&
               member.name[step->name_length] == '\0')
        {
          *ret_member = member;
          return TRUE;
        }
    }
  return FALSE;
}

/* One step of a path: the member called @name of the composite at *@place, breadth first. */
static gboolean
step_into (const P2vMemberSearch *self,
           P2vTypeMember         *place,
           const char            *name,
           gsize                  name_length,
           guint                 *n_left)
{
  g_autoptr (GArray) queue = g_array_new (FALSE, FALSE, sizeof (P2vTypeMember));
  Step step = { self, name, name_length, queue, n_left };

  g_array_append_val (queue, *place);
  for (guint i = 0; i < queue->len; i++)
    {
      P2vTypeMember current = g_array_index (queue, P2vTypeMember, i);
      if (search_members (&step, &current, place))
        return TRUE;
    }
  return FALSE;
}

gboolean
p2v_member_search_run (const P2vMemberSearch *self,
                       guint32                type,
                       const char            *path,
                       guint                 *n_left,
                       P2vTypeMember         *ret_member)
{
  P2vTypeMember place = { .name = "", .type = type };

  for (;;)
    {
      gsize length = strcspn (path, ".");
      if (!step_into (self, &place, path, length, n_left))
        return FALSE;
      path += length;
      if (*path == '\0')
        break;
      path++;
    }
  *ret_member = place;
  return TRUE;
}
