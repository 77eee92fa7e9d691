/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "p2v-answer.h"
#include "p2v-filter-private.h"

/**
 * P2vFilter:
 *
 * Which processes an answer or an export is about. Conditions of different kinds must all hold; of
 * several values of one kind one must. A new filter lets everything through.
 *
 * Set it up in one thread; once in use it must not change and may be read from any thread.
 */
struct _P2vFilter
{
  GObject        parent_instance;
  GArray        *pids;         /* gint64 */
  GArray        *object_vas;   /* guint64 */
  GArray        *object_pas;   /* guint64 */
  GRegex        *name_regex;
  char          *text;         /* case-folded */
  guint          methods;      /* 0: any */
  P2vKernelRows  kernel_rows;
  gboolean       every_address;
};

G_DEFINE_FINAL_TYPE (P2vFilter, p2v_filter, G_TYPE_OBJECT)

static void
p2v_filter_finalize (GObject *object)
{
  P2vFilter *self = P2V_FILTER (object);

  g_array_unref (self->pids);
  g_array_unref (self->object_vas);
  g_array_unref (self->object_pas);
  g_clear_pointer (&self->name_regex, g_regex_unref);
  g_free (self->text);
  G_OBJECT_CLASS (p2v_filter_parent_class)->finalize (object);
}

static void
p2v_filter_class_init (P2vFilterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = p2v_filter_finalize;
}

static void
p2v_filter_init (P2vFilter *self)
{
  self->pids = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->object_vas = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->object_pas = g_array_new (FALSE, FALSE, sizeof (guint64));
}

/**
 * p2v_filter_new:
 *
 * Makes a filter that lets everything through.
 *
 * Returns: (transfer full): the filter
 */
P2vFilter *
p2v_filter_new (void)
{
  return g_object_new (P2V_TYPE_FILTER, NULL);
}

/**
 * p2v_filter_add_pid:
 * @self: a filter
 * @pid: a process id to let through
 *
 * Lets one process through, beside those added before.
 */
void
p2v_filter_add_pid (P2vFilter *self,
                    gint64     pid)
{
  g_return_if_fail (P2V_IS_FILTER (self));
  g_array_append_val (self->pids, pid);
}

/**
 * p2v_filter_set_name_regex:
 * @self: a filter
 * @pattern: a regular expression (PCRE), case-insensitive
 * @error: return location for an error
 *
 * Lets processes through whose name, as it is shown, matches anywhere.
 *
 * Returns: %FALSE with %P2V_QUERY_ERROR_SYNTAX if @pattern is malformed
 */
gboolean
p2v_filter_set_name_regex (P2vFilter   *self,
                           const char  *pattern,
                           GError     **error)
{
  g_return_val_if_fail (P2V_IS_FILTER (self), FALSE);
  g_return_val_if_fail (pattern != NULL, FALSE);

  g_autoptr (GError) local_error = NULL;
  GRegex *regex = g_regex_new (pattern, G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, &local_error);
  if (regex == NULL)
    {
      g_set_error_literal (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_SYNTAX, local_error->message);
      return FALSE;
    }
  g_clear_pointer (&self->name_regex, g_regex_unref);
  self->name_regex = regex;
  return TRUE;
}

/**
 * p2v_filter_add_object_va:
 * @self: a filter
 * @object_va: virtual address of a process's structure (task_struct, EPROCESS)
 *
 * Lets the process through that the system keeps there.
 */
void
p2v_filter_add_object_va (P2vFilter   *self,
                          P2vVirtAddr  object_va)
{
  g_return_if_fail (P2V_IS_FILTER (self));
  g_array_append_val (self->object_vas, object_va);
}

/**
 * p2v_filter_add_object_pa:
 * @self: a filter
 * @object_pa: physical address of a process's structure
 *
 * Lets the process through that the system keeps there.
 */
void
p2v_filter_add_object_pa (P2vFilter   *self,
                          P2vPhysAddr  object_pa)
{
  g_return_if_fail (P2V_IS_FILTER (self));
  g_array_append_val (self->object_pas, object_pa);
}

/**
 * p2v_filter_set_methods:
 * @self: a filter
 * @methods: bits as in p2v_system_get_methods(); 0 for all
 *
 * Lets processes through that one of these methods found.
 */
void
p2v_filter_set_methods (P2vFilter *self,
                        guint      methods)
{
  g_return_if_fail (P2V_IS_FILTER (self));
  self->methods = methods;
}

/**
 * p2v_filter_set_text:
 * @self: a filter
 * @text: (nullable): what somebody typed; %NULL or empty for no condition
 *
 * Lets processes through whose name contains @text, whatever the case, or whose id is @text.
 */
void
p2v_filter_set_text (P2vFilter  *self,
                     const char *text)
{
  g_return_if_fail (P2V_IS_FILTER (self));
  g_free (self->text);
  self->text = text != NULL && *text != '\0' ? g_utf8_casefold (text, -1) : NULL;
}

/**
 * p2v_filter_set_kernel_rows:
 * @self: a filter
 * @kernel_rows: which mappings of the kernel to tell of
 *
 * Chooses among the kernel's own mappings; those of processes are not concerned. The other
 * conditions hold for the kernel as for a process of its name and the id 0.
 */
void
p2v_filter_set_kernel_rows (P2vFilter     *self,
                            P2vKernelRows  kernel_rows)
{
  g_return_if_fail (P2V_IS_FILTER (self));
  self->kernel_rows = kernel_rows;
}

/**
 * p2v_filter_get_kernel_rows:
 * @self: a filter
 *
 * Gets what p2v_filter_set_kernel_rows() was told.
 *
 * Returns: which mappings of the kernel are told of
 */
P2vKernelRows
p2v_filter_get_kernel_rows (P2vFilter *self)
{
  g_return_val_if_fail (P2V_IS_FILTER (self), P2V_KERNEL_ROWS_DEFAULT);
  return self->kernel_rows;
}

/**
 * p2v_filter_set_every_address:
 * @self: a filter
 * @every_address: whether each address gets a row of its own
 *
 * Chooses whether an answer has a row for each of very many addresses at which one owner has the
 * same page, or one row that tells of them all.
 */
void
p2v_filter_set_every_address (P2vFilter *self,
                              gboolean   every_address)
{
  g_return_if_fail (P2V_IS_FILTER (self));
  self->every_address = every_address;
}

/**
 * p2v_filter_get_every_address:
 * @self: a filter
 *
 * Gets what p2v_filter_set_every_address() was told.
 *
 * Returns: %TRUE if each address gets a row of its own
 */
gboolean
p2v_filter_get_every_address (P2vFilter *self)
{
  g_return_val_if_fail (P2V_IS_FILTER (self), FALSE);
  return self->every_address;
}

static gboolean
holds (GArray  *values,
       guint64  value)
{
  for (guint i = 0; i < values->len; i++)
    if (g_array_index (values, guint64, i) == value)
      return TRUE;
  return values->len == 0;
}

static gboolean
matches_text (P2vFilter  *self,
              P2vProcess *process)
{
  if (self->text == NULL)
    return TRUE;
  g_autofree char *pid = g_strdup_printf ("%" PRId64, p2v_process_get_pid (process));
  g_autofree char *name = g_utf8_casefold (p2v_process_get_name (process), -1);
  return g_str_equal (pid, self->text) || strstr (name, self->text) != NULL;
}

/**
 * p2v_filter_matches:
 * @self: a filter
 * @process: a process
 *
 * Asks whether the filter lets a process through.
 *
 * Returns: %TRUE if it does
 */
gboolean
p2v_filter_matches (P2vFilter  *self,
                    P2vProcess *process)
{
  g_return_val_if_fail (P2V_IS_FILTER (self), FALSE);
  g_return_val_if_fail (P2V_IS_PROCESS (process), FALSE);

  return holds (self->pids, (guint64) p2v_process_get_pid (process)) &&
         holds (self->object_vas, p2v_process_get_object_va (process)) &&
         holds (self->object_pas, p2v_process_get_object_pa (process)) &&
         (self->methods == 0 || (self->methods & p2v_process_get_methods (process))) &&
         (self->name_regex == NULL ||
          g_regex_match (self->name_regex, p2v_process_get_name (process), 0, NULL)) &&
         matches_text (self, process);
}

P2vKernelRows
p2v_filter_choose_kernel_rows (P2vFilter     *self,
                               P2vProcess    *kernel,
                               P2vKernelRows  by_default)
{
  if (self == NULL)
    return by_default;
  if (kernel != NULL && !p2v_filter_matches (self, kernel))
    return P2V_KERNEL_ROWS_NONE;
  if (self->kernel_rows != P2V_KERNEL_ROWS_DEFAULT)
    return self->kernel_rows;
  /* Whoever names the kernel's id wants to see it. */
  return self->pids->len > 0 ? P2V_KERNEL_ROWS_NAMED : by_default;
}

gboolean
p2v_kernel_rows_include (P2vKernelRows   kernel_rows,
                         P2vMappingClass mapping_class)
{
  return mapping_class == P2V_MAPPING_USER || kernel_rows == P2V_KERNEL_ROWS_ALL ||
         (kernel_rows == P2V_KERNEL_ROWS_NAMED && !p2v_mapping_class_is_blanket (mapping_class));
}
