/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vFilter and P2vAnswer: a question's narrowing, and all mappings of one physical address.
 *
 * An answer costs memory by the number of address spaces in it, not by the number of rows: rows are
 * made when asked for, so a page with 10^6 aliases is no burden. Immutable; may be used from any
 * thread. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-mapping.h"

G_BEGIN_DECLS

#define P2V_TYPE_FILTER (p2v_filter_get_type ())
P2V_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (P2vFilter, p2v_filter, P2V, FILTER, GObject)

/**
 * P2vKernelRows:
 * @P2V_KERNEL_ROWS_DEFAULT: in an answer, and in bulk, those that say what a page is; none where
 * all mappings of all processes are gone through. A filter with the kernel's id, 0, among others
 * asks for it everywhere
 * @P2V_KERNEL_ROWS_NONE: none
 * @P2V_KERNEL_ROWS_NAMED: those that say what a page is: all but the blanket classes, see
 * p2v_mapping_class_is_blanket()
 * @P2V_KERNEL_ROWS_ALL: all
 *
 * Which mappings of the kernel's half are wanted.
 */
typedef enum
{
  P2V_KERNEL_ROWS_DEFAULT,
  P2V_KERNEL_ROWS_NONE,
  P2V_KERNEL_ROWS_NAMED,
  P2V_KERNEL_ROWS_ALL,
} P2vKernelRows;

P2V_AVAILABLE_IN_1_0
P2vFilter  *p2v_filter_new             (void);
P2V_AVAILABLE_IN_1_0
void        p2v_filter_add_pid         (P2vFilter    *self,
                                        gint64        pid);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_filter_set_name_regex  (P2vFilter    *self,
                                        const char   *pattern,
                                        GError      **error);
P2V_AVAILABLE_IN_1_0
void        p2v_filter_add_object_va   (P2vFilter    *self,
                                        P2vVirtAddr   object_va);
P2V_AVAILABLE_IN_1_0
void        p2v_filter_add_object_pa   (P2vFilter    *self,
                                        P2vPhysAddr   object_pa);
P2V_AVAILABLE_IN_1_0
void        p2v_filter_set_methods     (P2vFilter    *self,
                                        guint         methods);
P2V_AVAILABLE_IN_1_0
void        p2v_filter_set_text        (P2vFilter    *self,
                                        const char   *text);
P2V_AVAILABLE_IN_1_0
void        p2v_filter_set_kernel_rows (P2vFilter    *self,
                                        P2vKernelRows kernel_rows);
P2V_AVAILABLE_IN_1_0
P2vKernelRows p2v_filter_get_kernel_rows (P2vFilter  *self);
P2V_AVAILABLE_IN_1_0
void        p2v_filter_set_every_address (P2vFilter  *self,
                                        gboolean      every_address);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_filter_get_every_address (P2vFilter  *self);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_filter_matches         (P2vFilter    *self,
                                        P2vProcess   *process);

/**
 * P2vAbsence:
 * @P2V_ABSENCE_NONE: there are rows
 * @P2V_ABSENCE_NOT_IN_IMAGE: the image holds no such physical address
 * @P2V_ABSENCE_UNMAPPED: every address space that could be walked was walked, and none maps the
 * frame
 * @P2V_ABSENCE_FILTERED: somebody maps the frame, but the filter leaves none of them
 * @P2V_ABSENCE_NOT_YET: the index is not complete, and nobody was found so far
 *
 * Why an answer has no rows.
 */
typedef enum
{
  P2V_ABSENCE_NONE,
  P2V_ABSENCE_NOT_IN_IMAGE,
  P2V_ABSENCE_UNMAPPED,
  P2V_ABSENCE_FILTERED,
  P2V_ABSENCE_NOT_YET,
} P2vAbsence;

#define P2V_TYPE_ANSWER (p2v_answer_get_type ())
P2V_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (P2vAnswer, p2v_answer, P2V, ANSWER, GObject)

P2V_AVAILABLE_IN_1_0
P2vPhysAddr p2v_answer_get_pa          (P2vAnswer    *self);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_answer_get_file_offset (P2vAnswer    *self,
                                        guint64      *ret_file_offset);
P2V_AVAILABLE_IN_1_0
guint64     p2v_answer_get_n_rows      (P2vAnswer    *self);
P2V_AVAILABLE_IN_1_0
void        p2v_answer_get_row         (P2vAnswer    *self,
                                        guint64       position,
                                        P2vMapping   *ret_mapping);
P2V_AVAILABLE_IN_1_0
guint       p2v_answer_get_n_owners    (P2vAnswer    *self);
P2V_AVAILABLE_IN_1_0
guint64     p2v_answer_get_n_mappings  (P2vAnswer    *self);
P2V_AVAILABLE_IN_1_0
guint64     p2v_answer_get_n_hidden    (P2vAnswer    *self);
P2V_AVAILABLE_IN_1_0
char       *p2v_answer_dup_hidden_text (P2vAnswer    *self);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_answer_is_complete     (P2vAnswer    *self);
P2V_AVAILABLE_IN_1_0
P2vAbsence  p2v_answer_get_absence     (P2vAnswer    *self);
P2V_AVAILABLE_IN_1_0
char       *p2v_answer_dup_verdict     (P2vAnswer    *self);
P2V_AVAILABLE_IN_1_0
char       *p2v_answer_dup_coverage    (P2vAnswer    *self);

G_END_DECLS
