/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The pages around the selected row's: going to the one before and behind, and selecting the page
 * or its region in the host. */

#include "config.h"

#include "p2v-panel-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

/* What is shown as soon as the host's cursor has arrived: whose row is selected, and what was
 * passed over on the way. */
struct _P2vArrival
{
  P2vMappingRow *row;
  P2vPhysAddr    pa;
  char          *note;     /* (nullable) */
  gboolean       is_shown;
};

static P2vArrival *
arrival_new (const P2vMapping *mapping,
             char             *note)
{
  P2vArrival *self = g_new0 (P2vArrival, 1);

  self->row = p2v_mapping_row_new (mapping);
  self->pa = mapping->pa;
  self->note = note;
  return self;
}

void
p2v_panel_forget_arrival (P2vPanel *self)
{
  if (self->arrival == NULL)
    return;
  g_object_unref (self->arrival->row);
  g_free (self->arrival->note);
  g_clear_pointer (&self->arrival, g_free);
}

void
p2v_panel_expect (P2vPanel         *self,
                  const P2vMapping *mapping,
                  char             *note)
{
  P2vArrival *arrival = arrival_new (mapping, note);

  p2v_panel_forget_arrival (self);
  self->arrival = arrival;
}

gboolean
p2v_panel_expects (P2vPanel         *self,
                   const P2vMapping *mapping)
{
  const P2vMapping *expected
      = self->arrival != NULL ? p2v_mapping_row_get_mapping (self->arrival->row) : NULL;

  return expected != NULL && expected->space == mapping->space && expected->va == mapping->va;
}

void
p2v_panel_show_arrival (P2vPanel *self)
{
  if (self->arrival == NULL)
    return;
  if (!self->has_pa || self->arrival->pa >> P2V_FRAME_SHIFT != self->pa >> P2V_FRAME_SHIFT)
    {
      p2v_panel_forget_arrival (self);
      return;
    }
  /* Once: the user may select another row then. */
  if (!self->arrival->is_shown)
    self->arrival->is_shown = p2v_mapping_view_prefer (
        self->view, p2v_mapping_row_get_mapping (self->arrival->row));
}

const char *
p2v_panel_get_note (P2vPanel *self)
{
  return self->arrival != NULL ? self->arrival->note : NULL;
}

/* (nullable): the mapping whose vicinity is meant: that of the row that is selected, or is going to
 * be. */
static const P2vMapping *
get_mapping (P2vPanel *self)
{
  P2vMappingRow *row = p2v_mapping_view_get_selected (self->view);

  if (self->arrival != NULL && !self->arrival->is_shown)
    row = self->arrival->row;
  return row != NULL ? p2v_mapping_row_get_mapping (row) : NULL;
}

static char *
dup_size (guint64 n_bytes)
{
  return g_format_size_full (n_bytes, G_FORMAT_SIZE_IEC_UNITS);
}

/* (nullable): what was passed over. */
static char *
dup_passed_text (const P2vVicinity *vicinity)
{
  g_autofree char *absent = dup_size (vicinity->n_absent_bytes);
  g_autofree char *outside = dup_size (vicinity->n_outside_bytes);

  if (vicinity->n_absent_bytes > 0 && vicinity->n_outside_bytes > 0)
    /* Translators: sizes, such as "12.0 KiB". */
    return g_strdup_printf (
        _("Passed over %s that are not in RAM and %s that are not in the image"), absent, outside);
  if (vicinity->n_absent_bytes > 0)
    /* Translators: a size, such as "12.0 KiB". */
    return g_strdup_printf (_("Passed over %s that are not in RAM"), absent);
  if (vicinity->n_outside_bytes > 0)
    /* Translators: a size, such as "12.0 KiB". */
    return g_strdup_printf (_("Passed over %s that are not in the image"), outside);
  return NULL;
}

/* A question about a page, on its way. */
typedef struct
{
  P2vPanel       *panel;
  P2vMappingRow  *row;
  P2vVicinityKind kind;
} Question;

static void
question_free (Question *question)
{
  g_object_unref (question->panel);
  g_object_unref (question->row);
  g_free (question);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

static void
go_to_neighbour (P2vPanel          *self,
                 const Question    *question,
                 const P2vVicinity *vicinity)
{
  P2vMapping mapping = *p2v_mapping_row_get_mapping (question->row);
  guint64 byte = mapping.va & (P2V_FRAME_SIZE - 1);

  if (!vicinity->found)
    {
      const char *name = p2v_process_get_name (mapping.process);
      g_autofree char *text
          = question->kind == P2V_VICINITY_NEXT
                /* Translators: %s is the name of a process. */
                ? g_strdup_printf (_("No page of %s behind this one is in RAM."), name)
                /* Translators: %s is the name of a process. */
                : g_strdup_printf (_("No page of %s before this one is in RAM."), name);
      p2v_panel_show_info (self, GTK_MESSAGE_INFO, text);
      return;
    }
  mapping.va = vicinity->va + byte;
  mapping.pa = vicinity->pa + byte;
  p2v_panel_show_info (self, GTK_MESSAGE_INFO, NULL);
  p2v_panel_expect (self, &mapping, dup_passed_text (vicinity));
  p2v_panel_jump_to_mapping (self, &mapping);
}

static void
select_stretch (P2vPanel          *self,
                const Question    *question,
                const P2vVicinity *vicinity)
{
  const P2vMapping *mapping = p2v_mapping_row_get_mapping (question->row);

  if (!p2v_panel_select_in_host (self, mapping->process, vicinity))
    p2v_panel_show_info (self, GTK_MESSAGE_INFO,
                         _("The image does not hold this page, so it cannot be selected."));
}

static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  P2vPanel *self = question->panel;
  P2vVicinity vicinity = { 0 };
  gboolean success = p2v_vicinity_read_finish (result, &vicinity, &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->asking)
    return;
  g_clear_object (&self->asking);
  if (!success)
    p2v_panel_show_info (self, GTK_MESSAGE_ERROR, error->message);
  else if (question->kind == P2V_VICINITY_NEXT || question->kind == P2V_VICINITY_PREVIOUS)
    go_to_neighbour (self, question, &vicinity);
  else
    select_stretch (self, question, &vicinity);
}

void
p2v_panel_stop_asking (P2vPanel *self)
{
  if (self->asking != NULL)
    g_cancellable_cancel (self->asking);
  g_clear_object (&self->asking);
}

void
p2v_panel_ask (P2vPanel        *self,
               P2vVicinityKind  kind)
{
  const P2vMapping *mapping = get_mapping (self);

  if (mapping == NULL)
    return;
  p2v_panel_stop_asking (self);
  self->asking = g_cancellable_new ();
  Question *question = g_new0 (Question, 1);
  *question = (Question){ g_object_ref (self), p2v_mapping_row_new (mapping), kind };
  p2v_vicinity_read_async (self->session, mapping, kind, self->asking, read_cb, question);
}
