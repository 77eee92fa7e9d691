/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "p2v-answer-private.h"
#include "p2v-answer-rows.h"

#include "os/p2v-system-private.h"

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
  gboolean              has_file_offset;
  guint64               file_offset;
  P2vSystem            *system;
  P2vReverseMap        *map;
  P2vAnswerRows         rows;          /* none without @system */
  P2vIndexStatistics    statistics;
  P2vProgress           progress;
};

G_DEFINE_FINAL_TYPE (P2vAnswer, p2v_answer, G_TYPE_OBJECT)

static void
p2v_answer_finalize (GObject *object)
{
  P2vAnswer *self = P2V_ANSWER (object);

  p2v_answer_rows_clear (&self->rows);
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
}

P2vAnswer *
p2v_answer_new (const P2vAnswerParts *parts)
{
  P2vAnswer *self = g_object_new (P2V_TYPE_ANSWER, NULL);

  self->pa = parts->pa;
  self->in_image = p2v_image_contains (parts->image, parts->pa);
  self->has_file_offset =
    p2v_image_pa_to_offset (parts->image, parts->pa, &self->file_offset);
  self->map = parts->map != NULL ? p2v_reverse_map_ref (parts->map) : NULL;
  self->statistics = parts->statistics;
  self->progress = parts->progress;
  if (parts->system == NULL)
    return self;

  self->system = g_object_ref (parts->system);
  P2vRowChoice choice;
  p2v_row_choice_init (&choice, self->system, self->map, parts->filter, FALSE);
  p2v_answer_rows_init (&self->rows);
  p2v_answer_rows_find (&self->rows, &choice, parts->pa, parts->entries);
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
 * Returns: %FALSE if the image does not hold it, or holds it packed
 */
gboolean
p2v_answer_get_file_offset (P2vAnswer *self,
                            guint64   *ret_file_offset)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), FALSE);
  if (self->has_file_offset && ret_file_offset != NULL)
    *ret_file_offset = self->file_offset;
  return self->has_file_offset;
}

/**
 * p2v_answer_get_n_rows:
 * @self: an answer
 *
 * Gets how many rows there are: one for every virtual address of every owner, but one for all the
 * addresses of an owner who has the page at very many.
 *
 * Returns: the count
 */
guint64
p2v_answer_get_n_rows (P2vAnswer *self)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), 0);
  return self->rows.n_rows;
}

/**
 * p2v_answer_get_row:
 * @self: an answer
 * @position: less than p2v_answer_get_n_rows()
 * @ret_mapping: (out caller-allocates): the mapping, not described yet
 *
 * Gets one row from memory, in the order of processes, then addresses; the kernel's come last, in
 * the order of their classes. p2v_session_describe() fills in the rest from the image.
 */
void
p2v_answer_get_row (P2vAnswer  *self,
                    guint64     position,
                    P2vMapping *ret_mapping)
{
  g_return_if_fail (P2V_IS_ANSWER (self));
  g_return_if_fail (position < self->rows.n_rows);
  g_return_if_fail (ret_mapping != NULL);

  p2v_answer_rows_get (&self->rows, self->pa, position, ret_mapping);
}

/**
 * p2v_answer_get_n_owners:
 * @self: an answer
 *
 * Gets how many processes map the address. The kernel is none.
 *
 * Returns: the count
 */
guint
p2v_answer_get_n_owners (P2vAnswer *self)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), 0);
  return self->rows.n_processes;
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
  if (self->rows.n_rows > 0)
    return P2V_ABSENCE_NONE;
  if (self->rows.is_filtered)
    return P2V_ABSENCE_FILTERED;
  if (self->map == NULL)
    return P2V_ABSENCE_NOT_YET;
  return self->in_image ? P2V_ABSENCE_UNMAPPED : P2V_ABSENCE_NOT_IN_IMAGE;
}

static char *
dup_processes_text (P2vAnswer *self)
{
  guint n_owners = self->rows.n_processes;
  guint64 n_mappings = self->rows.n_user_mappings;
  g_autofree char *owners =
    g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u owner", "%u owners", n_owners), n_owners);
  /* Translators: behind "3 owners": other processes have the page too, or nobody else has. */
  const char *kind = n_owners > 1 ? _("shared") : _("private");

  if (n_mappings == n_owners)
    return g_strdup_printf ("%s · %s", owners, kind);
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s · %s · mapped %" PRIu64 " time",
                                       "%s · %s · mapped %" PRIu64 " times", n_mappings),
                          owners, kind, n_mappings);
}

static char *
dup_owners_text (P2vAnswer *self)
{
  guint64 n_of_kernel = self->rows.n_mappings - self->rows.n_user_mappings;

  if (self->rows.n_processes == 0 && self->rows.is_filtered)
    return g_strdup (_("the kernel, and processes that the filter does not let through"));
  if (self->rows.n_processes == 0)
    return n_of_kernel == 1
             ? g_strdup (_("only the kernel maps this frame"))
             : g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                             "only the kernel maps this frame, %" PRIu64 " time",
                                             "only the kernel maps this frame, %" PRIu64 " times",
                                             (gulong) n_of_kernel),
                                n_of_kernel);
  g_autofree char *processes = dup_processes_text (self);
  if (n_of_kernel == 0)
    return g_steal_pointer (&processes);
  /* Translators: %s is "3 owners · shared"; the kernel's code or data has the page, too. */
  return g_strdup_printf (_("%s · and the kernel"), processes);
}

/**
 * p2v_answer_get_n_mappings:
 * @self: an answer
 *
 * Gets how many mappings the rows stand for: a row of many addresses counts as many.
 *
 * Returns: the count
 */
guint64
p2v_answer_get_n_mappings (P2vAnswer *self)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), 0);
  return self->rows.n_mappings;
}

/**
 * p2v_answer_get_n_hidden:
 * @self: an answer
 *
 * Gets how many mappings of the kernel have no row because the filter does not want their class.
 * See p2v_filter_set_kernel_rows().
 *
 * Returns: the count
 */
guint64
p2v_answer_get_n_hidden (P2vAnswer *self)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), 0);
  return self->rows.n_hidden;
}

/**
 * p2v_answer_dup_hidden_text:
 * @self: an answer
 *
 * Says how many mappings of the kernel are not shown.
 *
 * Returns: (transfer full) (nullable): translated text, "1 kernel mapping hidden"; %NULL if there
 *   are none
 */
char *
p2v_answer_dup_hidden_text (P2vAnswer *self)
{
  g_return_val_if_fail (P2V_IS_ANSWER (self), NULL);

  guint64 n_hidden = self->rows.n_hidden;
  if (n_hidden == 0)
    return NULL;
  return g_strdup_printf (
    g_dngettext (GETTEXT_PACKAGE, "%" PRIu64 " kernel mapping hidden",
                 "%" PRIu64 " kernel mappings hidden", n_hidden),
    n_hidden);
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
