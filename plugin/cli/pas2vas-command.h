/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The subcommands of pas2vas, one file each.
 *
 * To add one: write NAME.c with one Pas2vasCommand, name it below, in the table of main.c, in
 * meson.build, in data/pas2vas.1 and in data/completions/pas2vas; add its tests to tests/cli. */

#pragma once

#include <pas2vas.h>

/**
 * Pas2vasStatus:
 * @PAS2VAS_ANSWERED: there was something to show
 * @PAS2VAS_NOTHING: the image was understood, and nothing in it is an answer
 * @PAS2VAS_USAGE: the command line is wrong
 * @PAS2VAS_UNREADABLE: the image could not be read or understood, or the output not be written
 *
 * The program's exit codes; scripts depend on them.
 */
typedef enum
{
  PAS2VAS_ANSWERED   = 0,
  PAS2VAS_NOTHING    = 1,
  PAS2VAS_USAGE      = 2,
  PAS2VAS_UNREADABLE = 3,
} Pas2vasStatus;

typedef struct _Pas2vasCommand Pas2vasCommand;

/**
 * Pas2vasCommand:
 * @name: the word on the command line
 * @arguments: what follows the options, for the help, marked with N_()
 * @n_min_arguments: how many arguments it needs
 * @n_max_arguments: how many it takes
 * @summary: one sentence without a full stop, marked with N_()
 * @run: does it; @argv starts with the command's name
 *
 * A subcommand.
 */
struct _Pas2vasCommand
{
  const char    *name;
  const char    *arguments;
  guint          n_min_arguments;
  guint          n_max_arguments;
  const char    *summary;
  Pas2vasStatus (*run) (char **argv);
};

extern const Pas2vasCommand pas2vas_lookup;
extern const Pas2vasCommand pas2vas_export;
extern const Pas2vasCommand pas2vas_ps;
extern const Pas2vasCommand pas2vas_maps;
extern const Pas2vasCommand pas2vas_vtop;
extern const Pas2vasCommand pas2vas_frames;
extern const Pas2vasCommand pas2vas_info;
extern const Pas2vasCommand pas2vas_index;
extern const Pas2vasCommand pas2vas_shared;
extern const Pas2vasCommand pas2vas_strings;
extern const Pas2vasCommand pas2vas_cache;
extern const Pas2vasCommand pas2vas_ghex;
