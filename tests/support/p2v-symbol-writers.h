/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Small files of symbols, and kallsyms as it lies in memory: made from the descriptions of the
 * formats and independent of the readers. */

#pragma once

#include <glib.h>

/* The banner of the kernel that all of these are of, without the end of line. */
#define P2V_TEST_BANNER "Linux version 6.1.0-test (a@b) (gcc) #1 SMP (2026-11-16)"

/* A Volatility ISF with every kind of type in it. */
extern const char p2v_test_isf_text[];

typedef struct
{
  const char *name;
  guint64     va;
  guint8      info;            /* binding and type, st_info */
  guint16     section;         /* st_shndx */
} P2vTestElfSymbol;

/* @elf_class: 1 for 32 bits, 2 for 64. @symbols: @n_symbols of them, or NULL for no symbol table.
 * @btf: or NULL for no types. @extra_section: the name of one more section, empty, or NULL. */
GByteArray *p2v_test_vmlinux_new (guint                   elf_class,
                                  const P2vTestElfSymbol *symbols,
                                  gsize                   n_symbols,
                                  const GByteArray       *btf,
                                  const char             *extra_section);

/* How one version of scripts/kallsyms.c writes its tables. */
typedef struct
{
  guint    word_bytes;
  gboolean has_addresses;      /* whole, not relative */
  gboolean offsets_last;       /* behind the token index (6.4) */
  guint    marker_bytes;
  gboolean has_seqs;           /* between markers and token table (6.2) */
  gboolean is_negative;        /* ABSOLUTE_PERCPU */
  gboolean has_plain_lengths;  /* before 6.1; then name 1000 has 200 characters */
  gboolean from_places;        /* offsets count from where they stand (7.0); no base behind them */
} P2vTestKallsymsOrder;

/* @n_symbols named "tsymbol_0", "tsymbol_1" ..., 16 bytes apart from @base on, among other bytes;
 * where offsets count from their own places these are taken from the start of the bytes.
 * *@ret_digits is where "0" stands in the token table. */
GByteArray *p2v_test_kallsyms_new (const P2vTestKallsymsOrder *order,
                                   guint64                     base,
                                   guint                       n_symbols,
                                   gsize                      *ret_digits);
