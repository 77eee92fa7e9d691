/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "p2v-answer-private.h"

#include "os/p2v-system-private.h"

/* The rows of one address space: each of its owners has all of its entries, one owner after the
 * other. */
typedef struct
{
  guint64          first_row;
  guint64          first_entry;
  guint64          n_entries;
  P2vAddressSpace *space;
  guint            first_owner;        /* in owners */
  guint            n_owners;
} AnswerGroup;

/**
 * P2vAnswer:
 *
 * Who maps one physical address, to the byte.
 *
 * Immutable; may be used from any thread.
 */
struct _P2vAnswer
{
  GObject               parent_instance;
  P2vPhysAddr           pa;
  gboolean              in_image;
  guint64               file_offset;
  P2vSystem            *system;
  P2vReverseMap        *map;
  GArray               *own_entries;   /* where entries points to, unless to the map's */
  const P2vIndexEntry  *entries;
  guint64               n_entries;
  GArray               *groups;        /* AnswerGroup */
  GPtrArray            *owners;        /* P2vProcess, of all groups; the system keeps them */
  guint64               n_rows;
  P2vIndexStatistics    statistics;
  P2vProgress           progress;
};

G_DEFINE_FINAL_TYPE (P2vAnswer, p2v_answer, G_TYPE_OBJECT)

static void
p2v_answer_finalize (GObject *object)
{
  P2vAnswer *self = P2V_ANSWER (object);

  g_clear_pointer (&self->own_entries, g_array_unref);
  g_clear_pointer (&self->groups, g_array_unref);
  g_clear_pointer (&self->owners, g_ptr_array_unref);
  g_clear_pointer (&self->map, p2v_reverse_map_unref);
  g_clear_object (&self->system);
  G_OBJECT_CLASS (p2v_answer_parent_class)->finalize (object);
}

static void
p2v_answer_class_init (P2vAnswerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = p2v_answer_finalize;
}

static void
p2v_answer_init (P2vAnswer *self)
{
  self->groups = g_array_new (FALSE, FALSE, sizeof (AnswerGroup));
  self->owners = g_ptr_array_new ();
}

static int
compare_entries (gconstpointer a,
                 gconstpointer b)
{
  P2vIndexEntry x = *(const P2vIndexEntry *) a, y = *(const P2vIndexEntry *) b;

  return (x > y) - (x < y);
}

/* The map's entries as they are or, where others come in (large pages, what was found so far), a
 * copy of all, sorted. */
static void
gather_entries (P2vAnswer            *self,
                const P2vAnswerParts *parts)
{
  if (parts->map != NULL)
    self->entries =
      p2v_reverse_map_get_entries (parts->map, parts->pa >> P2V_FRAME_SHIFT, &self->n_entries);
  if (parts->entries->len == 0)
    return;
  self->own_entries = g_array_copy (parts->entries);
  if (self->n_entries > 0)
    g_array_append_vals (self->own_entries, self->entries, (guint) self->n_entries);
  g_array_sort (self->own_entries, compare_entries);
  self->entries = (const P2vIndexEntry *) (gpointer) self->own_entries->data;
  self->n_entries = self->own_entries->len;
}

/* The first entry at or behind @from that is not of @space. */
static guint64
find_group_end (P2vAnswer *self,
                guint64    from,
                guint      space)
{
  guint64 low = from, high = self->n_entries;

  while (low < high)
    {
      guint64 middle = low + (high - low) / 2;
      if (p2v_index_entry_space (self->entries[middle]) <= space)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static void
add_group (P2vAnswer *self,
           guint64    first_entry,
           guint64    n_entries,
           P2vFilter *filter)
{
  guint number = p2v_index_entry_space (self->entries[first_entry]);
  AnswerGroup group = { .first_row = self->n_rows,
                        .first_entry = first_entry,
                        .n_entries = n_entries,
                        .space = p2v_system_get_space (self->system, number),
                        .first_owner = self->owners->len };

  for (guint i = 0; i < p2v_address_space_get_n_owners (group.space); i++)
    {
      P2vProcess *owner = p2v_address_space_get_owner (group.space, i);
      if (filter == NULL || p2v_filter_matches (filter, owner))
        g_ptr_array_add (self->owners, owner);
    }
  group.n_owners = self->owners->len - group.first_owner;
  if (group.n_owners == 0)
    return;
  self->n_rows += group.n_entries * group.n_owners;
  g_array_append_val (self->groups, group);
}

P2vAnswer *
p2v_answer_new (const P2vAnswerParts *parts)
{
  P2vAnswer *self = g_object_new (P2V_TYPE_ANSWER, NULL);

  self->pa = parts->pa;
  self->in_image = p2v_image_pa_to_offset (parts->image, parts->pa, &self->file_offset);
  self->map = parts->map != NULL ? p2v_reverse_map_ref (parts->map) : NULL;
  self->statistics = parts->statistics;
  self->progress = parts->progress;
  if (parts->system == NULL)
    return self;

  self->system = g_object_ref (parts->system);
  gather_entries (self, parts);
  for (guint64 i = 0; i < self->n_entries;)
    {
      guint64 end = find_group_end (self, i, p2v_index_entry_space (self->entries[i]));
      add_group (self, i, end - i, parts->filter);
      i = end;
    }
  return self;
}

/**
 * p2v_answer_get_pa:
 * @self: an answer
 *
 * Gets the address that was asked for.
 *
 * Returns: a physical address, to the byte
 */
P2vPhysAddr
p2v_answer_get_pa (P2vAnswer *self)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), 0);
  return self->pa;
}

/**
 * p2v_answer_get_file_offset:
 * @self: an answer
 * @ret_file_offset: (out) (optional): where the byte stands in the file
 *
 * Gets where the byte that was asked for stands in the image file.
 *
 * Returns: %FALSE if the image does not hold it
 */
gboolean
p2v_answer_get_file_offset (P2vAnswer *self,
                            guint64   *ret_file_offset)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), FALSE);
  if (self->in_image && ret_file_offset != NULL)
    *ret_file_offset = self->file_offset;
  return self->in_image;
}

/**
 * p2v_answer_get_n_rows:
 * @self: an answer
 *
 * Gets how many mappings there are: every virtual address of every owner.
 *
 * Returns: the count
 */
guint64
p2v_answer_get_n_rows (P2vAnswer *self)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), 0);
  return self->n_rows;
}

static const AnswerGroup *
find_group (P2vAnswer *self,
            guint64    row)
{
  guint low = 0, high = self->groups->len;

  while (high - low > 1)
    {
      guint middle = low + (high - low) / 2;
      if (g_array_index (self->groups, AnswerGroup, middle).first_row <= row)
        low = middle;
      else
        high = middle;
    }
  return &g_array_index (self->groups, AnswerGroup, low);
}

/**
 * p2v_answer_get_row:
 * @self: an answer
 * @position: less than p2v_answer_get_n_rows()
 * @ret_mapping: (out caller-allocates): the mapping, not described yet
 *
 * Gets one mapping from memory, in the order of processes, then addresses. p2v_session_describe()
 * fills in the rest from the image.
 */
void
p2v_answer_get_row (P2vAnswer  *self,
                    guint64     position,
                    P2vMapping *ret_mapping)
{
  g_return_if_fail (P2V_IS_ANSWER (self));
  g_return_if_fail (position < self->n_rows);
  g_return_if_fail (ret_mapping != NULL);

  const AnswerGroup *group = find_group (self, position);
  guint64 offset = position - group->first_row;
  P2vIndexEntry entry = self->entries[group->first_entry + offset % group->n_entries];
  guint owner = group->first_owner + (guint) (offset / group->n_entries);
  P2vVirtAddr page_va = p2v_address_space_extend_va (group->space, p2v_index_entry_va (entry));

  *ret_mapping = (P2vMapping) {
    .pa = self->pa,
    .va = page_va | (self->pa & (P2V_FRAME_SIZE - 1)),
    .length_bytes = 1,
    .process = g_ptr_array_index (self->owners, owner),
    .space = group->space,
  };
}

/**
 * p2v_answer_get_n_owners:
 * @self: an answer
 *
 * Gets how many processes map the address.
 *
 * Returns: the count
 */
guint
p2v_answer_get_n_owners (P2vAnswer *self)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), 0);
  return self->owners->len;
}

/**
 * p2v_answer_is_complete:
 * @self: an answer
 *
 * Asks whether the index was complete when the answer was given. If it was not, there may be more
 * rows.
 *
 * Returns: %TRUE if it was
 */
gboolean
p2v_answer_is_complete (P2vAnswer *self)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), FALSE);
  return self->map != NULL;
}

/**
 * p2v_answer_get_absence:
 * @self: an answer
 *
 * Gets why there are no rows.
 *
 * Returns: the reason, or %P2V_ABSENCE_NONE if there are rows
 */
P2vAbsence
p2v_answer_get_absence (P2vAnswer *self)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), P2V_ABSENCE_NONE);
  if (self->n_rows > 0)
    return P2V_ABSENCE_NONE;
  if (self->n_entries > 0)
    return P2V_ABSENCE_FILTERED;
  if (self->map == NULL)
    return P2V_ABSENCE_NOT_YET;
  return self->in_image ? P2V_ABSENCE_UNMAPPED : P2V_ABSENCE_NOT_IN_IMAGE;
}

static char *
dup_owners_text (P2vAnswer *self)
{
  guint n_owners = self->owners->len;
  g_autofree char *owners =
    g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u owner", "%u owners", n_owners), n_owners);
  /* Translators: behind "3 owners": other processes have the page too, or nobody else has. */
  const char *kind = n_owners > 1 ? _("shared") : _("private");

  if (self->n_rows == n_owners)
    return g_strdup_printf ("%s · %s", owners, kind);
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s · %s · mapped %" PRIu64 " time",
                                       "%s · %s · mapped %" PRIu64 " times", self->n_rows),
                          owners, kind, self->n_rows);
}

/**
 * p2v_answer_dup_verdict:
 * @self: an answer
 *
 * Puts the answer in a few words: how many owners, or why there are none.
 *
 * Returns: (transfer full): translated text
 */
char *
p2v_answer_dup_verdict (P2vAnswer *self)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), NULL);

  switch (p2v_answer_get_absence (self))
    {
    case P2V_ABSENCE_NONE:
      {
        g_autofree char *owners = dup_owners_text (self);
        if (self->map != NULL)
          return g_steal_pointer (&owners);
        /* Translators: the index is still being built: "3 owners · shared, so far". */
        return g_strdup_printf (_("%s, so far"), owners);
      }
    case P2V_ABSENCE_NOT_IN_IMAGE:
      return g_strdup (_("not in the image, and nobody maps it"));
    case P2V_ABSENCE_FILTERED:
      return g_strdup (_("mapped, but by no process that the filter lets through"));
    case P2V_ABSENCE_NOT_YET:
      return g_strdup (self->system == NULL
                         ? _("not known yet: no operating system was found so far")
                         : _("nobody so far; the index is not complete"));
    case P2V_ABSENCE_UNMAPPED:
    default:
      return g_strdup (_("nobody maps this frame in user space"));
    }
}

/**
 * p2v_answer_dup_coverage:
 * @self: an answer
 *
 * Says how much the answer rests on: address spaces walked, or how far the index has come.
 *
 * Returns: (transfer full): translated text
 */
char *
p2v_answer_dup_coverage (P2vAnswer *self)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), NULL);

  if (self->map != NULL)
    return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u of %u address space walked",
                                         "%u of %u address spaces walked",
                                         self->statistics.n_spaces),
                            self->statistics.n_spaces_walked, self->statistics.n_spaces);
  if (self->progress.activity == P2V_ACTIVITY_NONE)
    return g_strdup (_("no index"));
  return p2v_progress_dup_text (&self->progress);
}
