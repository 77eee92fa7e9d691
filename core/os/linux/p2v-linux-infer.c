/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "os/linux/p2v-linux-infer.h"

void
p2v_inference_set (P2vInference  *self,
                   P2vLinuxField  field,
                   guint32        offset_bytes,
                   guint32        size_bytes)
{
  self->kernel->layout[field] = (P2vLinuxLayoutField) { TRUE, offset_bytes, size_bytes };
}

gboolean
p2v_inference_is_pointer (const P2vInference *self,
                          guint64             value)
{
  return value >= self->kernel->least_kernel_va && value <= p2v_linux_max_word (self->kernel) &&
         p2v_paging_is_canonical (self->kernel->tables.form, value);
}

guint64
p2v_inference_read_word (P2vInference *self,
                         P2vVirtAddr   va)
{
  guint64 value;

  return p2v_linux_read_word_at (self->kernel, self->memory, va, &value) ? value : 0;
}

gboolean
p2v_inference_has_sample (GArray      *samples,
                          P2vVirtAddr  va)
{
  for (guint i = 0; i < samples->len; i++)
    if (p2v_sample_get (samples, i)->va == va)
      return TRUE;
  return FALSE;
}

gboolean
p2v_inference_take_sample (P2vInference *self,
                           GArray       *samples,
                           P2vVirtAddr   va,
                           guint32       length)
{
  g_autofree guint8 *bytes = g_malloc (length);
  P2vSample sample = { .va = va };

  /* An object may end shortly before a page that is not mapped. */
  while (sample.length < length)
    {
      guint32 n = (guint32) (P2V_FRAME_SIZE - (va + sample.length) % P2V_FRAME_SIZE);
      n = MIN (n, length - sample.length);
      if (!p2v_virtual_memory_read (self->memory, va + sample.length, bytes + sample.length, n))
        break;
      sample.length += n;
    }
  if (sample.length == 0)
    return FALSE;
  sample.bytes = g_steal_pointer (&bytes);
  g_array_append_val (samples, sample);
  return TRUE;
}

guint
p2v_inference_search (P2vInference     *self,
                      guint32           start,
                      guint32           end,
                      guint32           step,
                      P2vInferenceTest  test,
                      guint32          *ret_offset)
{
  guint n = 0;

  for (guint32 offset = start; offset < end; offset += step)
    if (test (self, offset) && n++ == 0)
      *ret_offset = offset;
  return n;
}

static void
clear_sample (gpointer data)
{
  g_free (((P2vSample *) data)->bytes);
}

static GArray *
new_samples (void)
{
  GArray *samples = g_array_new (FALSE, FALSE, sizeof (P2vSample));

  g_array_set_clear_func (samples, clear_sample);
  return samples;
}

gboolean
p2v_linux_infer (P2vLinux  *kernel,
                 GError   **error)
{
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&kernel->tables, kernel->root_pa);
  g_autoptr (GArray) tasks = new_samples ();
  g_autoptr (GArray) mms = new_samples ();
  g_autoptr (GArray) areas = new_samples ();
  g_autoptr (GArray) files = new_samples ();
  P2vInference self = { kernel, memory, kernel->arch->word_bytes, tasks, mms, areas, files };

  for (guint i = 0; i < LINUX_N_FIELDS; i++)
    kernel->layout[i] = (P2vLinuxLayoutField) { 0 };
  /* Each step needs what the one before found. Without areas there are processes all the same. */
  if (p2v_linux_infer_tasks (&self) && p2v_linux_infer_threads (&self) &&
      p2v_linux_infer_spaces (&self))
    p2v_linux_infer_files (&self);
  return p2v_virtual_memory_check (memory, error) && p2v_linux_layout_check (kernel, error);
}
