/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The memory of the demo machine, to be changed before it is opened. Where things stand in it is
 * taken from the truth beside it, which its own kernel wrote. */

#pragma once

#include "p2v-test.h"

typedef struct
{
  char   *folder;
  guint8 *bytes; /* physical memory from address 0 */
  gsize   length;
  char   *kernel_txt;
  char   *rigtruth;
} P2vMachine;

/* As setup and teardown of a test: *state is a P2vMachine. */
int         p2v_machine_setup     (void       **state);
int         p2v_machine_teardown  (void       **state);

/* (transfer full): a file of the truth. */
char       *p2v_machine_read_truth (const char *name);
/* The number behind @key in a text of the truth. */
guint64     p2v_machine_get_truth (const char  *text,
                                   const char  *key,
                                   guint        base);
/* Where a symbol of the kernel's image stands. */
gsize       p2v_machine_symbol_pa (P2vMachine  *self,
                                   const char  *name);
guint64     p2v_machine_get_u64   (P2vMachine  *self,
                                   gsize        pa);
void        p2v_machine_put       (P2vMachine  *self,
                                   gsize        pa,
                                   guint        width_bytes,
                                   guint64      value);
/* A column of a thread's line in rigtruth.tsv: 5 the physical address of its task, 7 of its mm, 10
 * of the root of its page tables. */
gsize       p2v_machine_task_cell (P2vMachine  *self,
                                   guint        pid,
                                   guint        column);
/* The physical address of the task's link in the ring: next, and 8 bytes behind it prev. */
gsize       p2v_machine_link_pa   (P2vMachine  *self,
                                   guint        pid);
guint64     p2v_machine_pa_to_va  (P2vMachine  *self,
                                   gsize        pa);
gsize       p2v_machine_va_to_pa  (P2vMachine  *self,
                                   guint64      va);
/* Takes a link out of the list it is in, as list_del() does. */
void        p2v_machine_unlink    (P2vMachine  *self,
                                   gsize        link_pa);

/* Opens the first @length bytes and finds the system. */
P2vSession *p2v_machine_find_system (P2vMachine *self,
                                   gsize        length,
                                   GError     **error);
/* (transfer full): finds the system in all of it, and builds the index. */
P2vSession *p2v_machine_open      (P2vMachine  *self);

/* Whether a diagnostic contains @part. */
gboolean    p2v_machine_has_diagnostic (P2vSession *session,
                                   const char  *part);
/* The bit of a method of finding processes. */
guint       p2v_machine_method_bit (P2vSystem  *system,
                                   const char  *name);

#define p2v_test_with_machine(test) \
  cmocka_unit_test_setup_teardown (test, p2v_machine_setup, p2v_machine_teardown)
