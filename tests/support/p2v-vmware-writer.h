/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes the state file of a VMware machine, tag by tag. */

#pragma once

#include <glib.h>

/* A state file while it is written: a table of two groups, "memory" (0) and "cpu" (1), then the
 * tags of each. */
typedef struct
{
  GByteArray *bytes;
  guint       wide_bytes;      /* of a length in the long form */
} P2vTestVmware;

/* The caller frees its bytes. */
P2vTestVmware p2v_test_vmware_begin         (guint32        magic);
void          p2v_test_vmware_begin_group   (P2vTestVmware *state,
                                             guint          group);
/* @n_indices of @first and @second are written; @value in @width bytes. */
void          p2v_test_vmware_append_number (P2vTestVmware *state,
                                             const char    *name,
                                             guint          n_indices,
                                             guint32        first,
                                             guint32        second,
                                             guint          width,
                                             guint64        value);
/* In the long form that @kind says, 62 or 63; all indices are 0. */
void          p2v_test_vmware_append_block  (P2vTestVmware *state,
                                             guint          kind,
                                             const char    *name,
                                             guint          n_indices,
                                             const guint8  *data,
                                             gsize          length);
void          p2v_test_vmware_end_group     (P2vTestVmware *state);
