/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The options that narrow an answer to some processes: those of the original pas2vas. */

#pragma once

#include "pas2vas-options.h"

typedef struct
{
  char **pids;
  char  *name_regex;
  char **object_vas;
  char **object_pas;
  char **methods;
  char  *kernel_rows;
} Pas2vasFilter;

#define PAS2VAS_FILTER_N_ENTRIES 7

/* Fills in @ret_entries; they store into @self. */
void          pas2vas_filter_fill_entries
                                           (Pas2vasFilter         *self,
                                            GOptionEntry           ret_entries[]);

/* Fills in the option that chooses among the kernel's mappings, for commands that have them. */
void          pas2vas_filter_fill_kernel_entry
                                           (Pas2vasFilter         *self,
                                            GOptionEntry          *ret_entry);

/* Makes a filter of everything but the methods, whose names only a system knows; those go to
 * @options, so that no other is tried at length. If an option is wrong, reports that and returns
 * NULL: the exit code is PAS2VAS_USAGE then. */
P2vFilter    *pas2vas_filter_make          (Pas2vasFilter         *self,
                                            const Pas2vasCommand  *command,
                                            Pas2vasOptions        *options);

/* Opens the image that @options name, finds its system and adds the methods to @filter. Unless it
 * returns PAS2VAS_ANSWERED, with a session and a filter that leaves some process, it has reported
 * why. */
Pas2vasStatus pas2vas_filter_open          (Pas2vasFilter         *self,
                                            const Pas2vasCommand  *command,
                                            const Pas2vasOptions  *options,
                                            P2vFilter             *filter,
                                            P2vSession           **ret_session);
void          pas2vas_filter_clear         (Pas2vasFilter         *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pas2vasFilter, pas2vas_filter_clear)
