/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-machine.h"

#include <string.h>

char *
p2v_machine_read_truth (const char *name)
{
  g_autofree char *path = g_build_filename (g_getenv ("P2V_TINY_TRUTH"), name, NULL);
  char *text = NULL;
  return g_file_get_contents (path, &text, NULL, NULL) ? text : NULL;
}

int
p2v_machine_setup (void **state)
{
  P2vMachine *self = g_new0 (P2vMachine, 1);
  void *folder = NULL;
  char *bytes;

  *state = self;
  if (p2v_test_setup_folder (&folder) != 0
      || !g_file_get_contents (g_getenv ("P2V_TINY_IMAGE"), &bytes, &self->length, NULL))
    return -1;
  self->folder = folder;
  self->bytes = (guint8 *) bytes;
  self->kernel_txt = p2v_machine_read_truth ("kernel.txt");
  self->rigtruth = p2v_machine_read_truth ("rigtruth.tsv");
  return self->kernel_txt != NULL && self->rigtruth != NULL ? 0 : -1;
}

int
p2v_machine_teardown (void **state)
{
  P2vMachine *self = *state;
  void *folder = self->folder;

  g_free (self->bytes);
  g_free (self->kernel_txt);
  g_free (self->rigtruth);
  g_free (self);
  return p2v_test_teardown_folder (&folder);
}

guint64
p2v_machine_get_truth (const char *text,
                       const char *key,
                       guint       base)
{
  const char *at = strstr (text, key);
  char *end = NULL;

  assert_non_null (at);
  at += strlen (key);
  guint64 value = g_ascii_strtoull (at, &end, base);
  assert_true (end > at);
  return value;
}

/* The kernel's image is contiguous in physical memory, from _text on. */
gsize
p2v_machine_symbol_pa (P2vMachine *self,
                       const char *name)
{
  g_autofree char *key = g_strdup_printf ("sym\t%s\t", name);
  guint64 text_va = p2v_machine_get_truth (self->kernel_txt, "sym\t_text\t", 16);
  guint64 text_pa = p2v_machine_get_truth (self->kernel_txt, "kernel_code_phys\t", 16);

  return (gsize) (p2v_machine_get_truth (self->kernel_txt, key, 16) - text_va + text_pa);
}

guint64
p2v_machine_get_u64 (P2vMachine *self,
                     gsize       pa)
{
  guint64 value = 0;

  assert_true (pa + 8 <= self->length);
  for (guint i = 8; i-- > 0;)
    value = value << 8 | self->bytes[pa + i];
  return value;
}

void
p2v_machine_put (P2vMachine *self,
                 gsize       pa,
                 guint       width_bytes,
                 guint64     value)
{
  assert_true (pa + width_bytes <= self->length);
  for (guint i = 0; i < width_bytes; i++)
    self->bytes[pa + i] = (guint8) (value >> (8 * i));
}

/* The columns are: pid tgid ppid comm task_va task_pa mm_va mm_pa active_mm_va pgd_va pgd_pa. */
gsize
p2v_machine_task_cell (P2vMachine *self,
                       guint       pid,
                       guint       column)
{
  g_autofree char *start = g_strdup_printf ("\n%u\t", pid);
  const char *line = strstr (self->rigtruth, start);

  assert_non_null (line);
  g_auto (GStrv) cells = g_strsplit (line + 1, "\t", (int) column + 2);
  return (gsize) g_ascii_strtoull (cells[column], NULL, 16);
}

gsize
p2v_machine_link_pa (P2vMachine *self,
                     guint       pid)
{
  return p2v_machine_task_cell (self, pid, 5)
         + (gsize) p2v_machine_get_truth (self->rigtruth, "task.tasks=", 10);
}

guint64
p2v_machine_pa_to_va (P2vMachine *self,
                      gsize       pa)
{
  return pa + p2v_machine_get_truth (self->rigtruth, "#page_offset\t", 16);
}

gsize
p2v_machine_va_to_pa (P2vMachine *self,
                      guint64     va)
{
  return (gsize) (va - p2v_machine_get_truth (self->rigtruth, "#page_offset\t", 16));
}

void
p2v_machine_unlink (P2vMachine *self,
                    gsize       link_pa)
{
  guint64 next = p2v_machine_get_u64 (self, link_pa);
  guint64 prev = p2v_machine_get_u64 (self, link_pa + 8);

  p2v_machine_put (self, p2v_machine_va_to_pa (self, prev), 8, next);
  p2v_machine_put (self, p2v_machine_va_to_pa (self, next) + 8, 8, prev);
}

P2vSession *
p2v_machine_find_system (P2vMachine *self,
                         gsize       length,
                         GError    **error)
{
  void *folder = self->folder;
  g_autofree char *path = p2v_test_write_file (&folder, "damaged.raw", self->bytes, length);
  g_autoptr (P2vSession) session = p2v_session_new ();

  if (!p2v_session_open (session, path, NULL, error)
      || !p2v_session_find_system (session, NULL, error))
    return NULL;
  return g_steal_pointer (&session);
}

P2vSession *
p2v_machine_open (P2vMachine *self)
{
  GError *error = NULL;
  P2vSession *session = p2v_machine_find_system (self, self->length, &error);

  assert_no_error (error);
  assert_true (p2v_session_build_index (session, NULL, &error));
  assert_no_error (error);
  return session;
}

gboolean
p2v_machine_has_diagnostic (P2vSession *session,
                            const char *part)
{
  g_auto (GStrv) diagnostics = p2v_session_dup_diagnostics (session);

  for (char **text = diagnostics; *text != NULL; text++)
    if (strstr (*text, part) != NULL)
      return TRUE;
  return FALSE;
}

guint
p2v_machine_method_bit (P2vSystem  *system,
                        const char *name)
{
  gsize n_methods;
  const P2vMethod *methods = p2v_system_get_methods (system, &n_methods);

  for (gsize i = 0; i < n_methods; i++)
    if (g_str_equal (methods[i].name, name))
      return methods[i].bit;
  fail_msg ("no method %s", name);
  return 0;
}
