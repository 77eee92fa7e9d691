/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Which published layout the kernel has: the one under which most fields of most processes are what
 * they must be. The build decides between those that do equally well. A field that fails under it
 * is looked for elsewhere in the objects. */

#include "config.h"

#include "os/windows/p2v-windows-private.h"

#include "p2v-windows-layout-table.h"

const P2vWindowsLayout *
p2v_windows_layouts_get (gsize *ret_n_layouts)
{
  *ret_n_layouts = G_N_ELEMENTS (layouts);
  return layouts;
}

const char *
p2v_windows_field_name (P2vWindowsField field)
{
  return field_names[field];
}

/* How objects voted on one offset. */
typedef struct
{
  guint n_for;
  guint n_against;
} Votes;

static Votes
count_votes (const P2vWindows *self,
             P2vVirtualMemory *memory,
             GPtrArray        *objects,
             gsize             position,
             guint             offset)
{
  Votes votes = { 0, 0 };

  for (guint i = 0; i < objects->len; i++)
    {
      int vote = p2v_windows_check (self, memory, g_ptr_array_index (objects, i), position, offset);
      votes.n_for += vote > 0;
      votes.n_against += vote < 0;
    }
  return votes;
}

/* What self->layout is worth: a field that cannot be is worse than one that is right is good. Less
 * than 0 if a process cannot be told from it. */
static gint64
score_layout (P2vWindows       *self,
              P2vVirtualMemory *memory,
              GPtrArray        *objects)
{
  gint64 score = 0;
  P2vWindowsField field;

  for (gsize i = 0; (field = p2v_windows_get_checked_field (i)) != WINDOWS_N_FIELDS; i++)
    {
      if (!p2v_windows_has (self, field))
        continue;
      Votes votes = count_votes (self, memory, objects, i, self->layout.offsets[field]);
      score += (gint64) votes.n_for - 2 * (gint64) votes.n_against;
      self->votes[field] = votes.n_for;
    }
  return score;
}

/* How far a layout's build is from the kernel's: layouts hold from their build on. */
static guint
build_distance (const P2vWindows       *self,
                const P2vWindowsLayout *layout)
{
  if (self->build == 0)
    return 0;
  return layout->version.build <= self->build ? self->build - layout->version.build
                                              : (guint) G_MAXUINT16 + layout->version.build;
}

static const P2vWindowsLayout *
find_best_layout (P2vWindows       *self,
                  P2vVirtualMemory *memory,
                  GPtrArray        *objects)
{
  const P2vWindowsLayout *best = NULL;
  gint64 best_score = G_MININT64;

  for (gsize i = 0; i < G_N_ELEMENTS (layouts); i++)
    {
      if (layouts[i].kind != self->kind)
        continue;
      self->layout = layouts[i];
      gint64 score = score_layout (self, memory, objects);
      if (best == NULL || score > best_score ||
          (score == best_score &&
           build_distance (self, &layouts[i]) <= build_distance (self, best)))
        {
          best = &layouts[i];
          best_score = score;
        }
    }
  return best;
}

/* Looks for a field where the layout has not put it: where most objects agree and none objects. */
static void
infer_field (P2vWindows       *self,
             P2vVirtualMemory *memory,
             GPtrArray        *objects,
             gsize             position,
             P2vWindowsField   field)
{
  guint least = self->layout.offsets[WINDOWS_KPROCESS_SIZE] / 2;
  Votes best = { 1, 0 };

  for (guint offset = least; offset + sizeof (guint64) <= P2V_WINDOWS_OBJECT_BYTES; offset += 4)
    {
      if (offset % self->pointer_bytes != 0 && field != WINDOWS_EPROCESS_ACTIVE_THREADS)
        continue;
      Votes votes = count_votes (self, memory, objects, position, offset);
      if (votes.n_against != 0 || votes.n_for <= best.n_for)
        continue;
      best = votes;
      self->layout.offsets[field] = (guint16) offset;
      self->inferred |= (guint64) 1 << field;
    }
}

/* Fields that may be looked for: what they must be is hardly ever met by chance. */
static gboolean
can_be_inferred (P2vWindowsField field)
{
  return field == WINDOWS_EPROCESS_NAME || field == WINDOWS_EPROCESS_PID ||
         field == WINDOWS_EPROCESS_LINKS || field == WINDOWS_EPROCESS_PEB ||
         field == WINDOWS_EPROCESS_OBJECT_TABLE || field == WINDOWS_EPROCESS_VAD_ROOT ||
         field == WINDOWS_EPROCESS_AUDIT_NAME || field == WINDOWS_EPROCESS_CREATE_TIME;
}

static void
check_fields (P2vWindows       *self,
              P2vVirtualMemory *memory,
              GPtrArray        *objects)
{
  P2vWindowsField field;

  for (gsize i = 0; (field = p2v_windows_get_checked_field (i)) != WINDOWS_N_FIELDS; i++)
    {
      Votes votes = { 0, 1 };
      if (p2v_windows_has (self, field))
        votes = count_votes (self, memory, objects, i, self->layout.offsets[field]);
      if (votes.n_against > votes.n_for && can_be_inferred (field))
        infer_field (self, memory, objects, i, field);
      if (p2v_windows_has (self, field))
        votes = count_votes (self, memory, objects, i, self->layout.offsets[field]);
      self->votes[field] = votes.n_for;
      /* A field that nobody agrees with is better not known than wrong. */
      if (votes.n_against > votes.n_for)
        self->layout.offsets[field] = P2V_WINDOWS_ABSENT;
    }
}

gboolean
p2v_windows_choose_layout (P2vWindows       *self,
                           P2vVirtualMemory *memory,
                           GPtrArray        *objects)
{
  const P2vWindowsLayout *best = find_best_layout (self, memory, objects);

  if (best == NULL)
    return FALSE;
  self->layout = *best;
  self->inferred = 0;
  self->score = score_layout (self, memory, objects);
  check_fields (self, memory, objects);
  return p2v_windows_has (self, WINDOWS_EPROCESS_NAME) &&
         p2v_windows_has (self, WINDOWS_EPROCESS_PID) &&
         p2v_windows_has (self, WINDOWS_EPROCESS_LINKS) &&
         self->votes[WINDOWS_EPROCESS_LINKS] > 0;
}
