/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-kallsyms-writer.h"

#include "p2v-image-writers.h"

#include <string.h>

static void
add_token (P2vKallsymsWriter *self,
           const char        *text)
{
  p2v_test_append (self->token_index, 2, self->token_table->len);
  g_byte_array_append (self->token_table, (const guint8 *) text, (guint) strlen (text) + 1);
}

P2vKallsymsWriter *
p2v_kallsyms_writer_new (P2vTestKallsymsForm form,
                         guint64             base,
                         const char *const  *tokens)
{
  P2vKallsymsWriter *self = g_new0 (P2vKallsymsWriter, 1);

  self->form = form;
  self->base = base;
  self->names = g_byte_array_new ();
  self->offsets = g_byte_array_new ();
  self->token_table = g_byte_array_new ();
  self->token_index = g_byte_array_new ();
  for (guint code = 0; code < 256; code++)
    {
      const char own[] = { (char) code, '\0' };
      gboolean given = tokens != NULL && *tokens != NULL && code >= 'A' && code <= 'Z';
      add_token (self, given ? *tokens++ : own);
    }
  return self;
}

void
p2v_kallsyms_writer_free (P2vKallsymsWriter *self)
{
  g_byte_array_unref (self->names);
  g_byte_array_unref (self->offsets);
  g_byte_array_unref (self->token_table);
  g_byte_array_unref (self->token_index);
  g_free (self);
}

/* scripts/kallsyms.c write_src(): "To represent a length of more than 127 two bytes are used". */
static void
add_length (P2vKallsymsWriter *self,
            gsize              length)
{
  g_assert (length < 0x4000);
  if (length < 0x80)
    p2v_test_append (self->names, 1, length);
  else
    p2v_test_append (self->names, 2, 0x80 + length % 0x80 + (length / 0x80 << 8));
}

void
p2v_kallsyms_writer_add (P2vKallsymsWriter *self,
                         const char        *record,
                         guint64            va)
{
  guint64 offset = va - self->base;

  if (self->form == P2V_TEST_KALLSYMS_NEGATIVE)
    offset = va < 0x80000000 ? va : self->base - 1 - va;
  if (self->form == P2V_TEST_KALLSYMS_PLACES)
    offset -= self->offsets->len;
  p2v_test_append (self->offsets, 4, offset);
  add_length (self, strlen (record));
  g_byte_array_append (self->names, (const guint8 *) record, (guint) strlen (record));
  self->n_symbols++;
}
