/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vSystem: the operating system found in an image: its processes, address spaces and facts.
 * Immutable; may be used from any thread. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-process.h"

G_BEGIN_DECLS

#define P2V_TYPE_SYSTEM (p2v_system_get_type ())
P2V_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (P2vSystem, p2v_system, P2V, SYSTEM, GObject)

/**
 * P2vFact:
 * @name: (transfer none): what it is, translated
 * @value: the value, for reading
 *
 * A line of `pas2vas info`.
 */
typedef struct
{
  const char *name;
  char       *value;
} P2vFact;

/**
 * P2vMethod:
 * @bit: its bit in p2v_process_get_methods()
 * @name: the word given to --method
 * @description: (transfer none): one sentence
 *
 * A way of finding processes, independent of the others.
 */
typedef struct
{
  guint       bit;
  const char *name;
  const char *description;
} P2vMethod;

P2V_AVAILABLE_IN_1_0
const char      *p2v_system_get_title            (P2vSystem  *self);
P2V_AVAILABLE_IN_1_0
const char      *p2v_system_get_paging_form_name (P2vSystem  *self);
P2V_AVAILABLE_IN_1_0
guint            p2v_system_get_n_facts          (P2vSystem  *self);
P2V_AVAILABLE_IN_1_0
const P2vFact   *p2v_system_get_fact             (P2vSystem  *self,
                                                  guint       position);
P2V_AVAILABLE_IN_1_0
const P2vMethod *p2v_system_get_methods          (P2vSystem  *self,
                                                  gsize      *ret_n_methods);
P2V_AVAILABLE_IN_1_0
P2vProcessFields p2v_system_get_process_fields   (P2vSystem  *self);
P2V_AVAILABLE_IN_1_0
guint            p2v_system_get_n_processes      (P2vSystem  *self);
P2V_AVAILABLE_IN_1_0
P2vProcess      *p2v_system_get_process          (P2vSystem  *self,
                                                  guint       position);
P2V_AVAILABLE_IN_1_0
P2vProcess      *p2v_system_find_pid             (P2vSystem  *self,
                                                  gint64      pid);
P2V_AVAILABLE_IN_1_0
P2vProcess      *p2v_system_get_kernel           (P2vSystem  *self);
P2V_AVAILABLE_IN_1_0
guint            p2v_system_get_n_spaces         (P2vSystem  *self);
P2V_AVAILABLE_IN_1_0
P2vAddressSpace *p2v_system_get_space            (P2vSystem  *self,
                                                  guint       position);

G_END_DECLS
