/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes the tables of a kernel's symbols from a test's list. Made from scripts/kallsyms.c of Linux
 * and independent of the reader. The tokens are simple: codes 'A' to 'Z', which no test's name
 * contains, stand for texts that the test gives; every other code stands for its own character. */

#pragma once

#include <glib.h>

/* How addresses are kept. */
typedef enum
{
  P2V_TEST_KALLSYMS_PLAIN,    /* offset = address - base */
  P2V_TEST_KALLSYMS_NEGATIVE, /* ABSOLUTE_PERCPU: base - 1 - offset, or the value itself if >= 0 */
  P2V_TEST_KALLSYMS_PLACES,   /* offset = address - where it stands, the first one at base */
} P2vTestKallsymsForm;

typedef struct
{
  P2vTestKallsymsForm form;
  guint64             base;
  guint32             n_symbols;
  GByteArray         *names;
  GByteArray         *offsets;
  GByteArray         *token_table;
  GByteArray         *token_index;
} P2vKallsymsWriter;

/* @tokens: texts for the codes from 'A' on, ended by NULL; or NULL. */
P2vKallsymsWriter *p2v_kallsyms_writer_new  (P2vTestKallsymsForm form,
                                             guint64             base,
                                             const char *const  *tokens);
void               p2v_kallsyms_writer_free (P2vKallsymsWriter  *self);
/* @record: the type letter and the name, as codes. */
void               p2v_kallsyms_writer_add  (P2vKallsymsWriter  *self,
                                             const char         *record,
                                             guint64             va);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vKallsymsWriter, p2v_kallsyms_writer_free)
