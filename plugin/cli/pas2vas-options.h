/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The options and arguments of a subcommand. */

#pragma once

#include "pas2vas-command.h"

/**
 * Pas2vasOptions:
 * @format: how to print; set it before parsing to what the command prefers
 * @quiet: no progress and no closing line
 * @no_cache: neither look for a kept index nor keep one
 * @methods: (nullable): names of the methods of finding processes that are wanted; %NULL for all
 * @cache_folder: where indices are kept, in the file name encoding; %NULL for the usual place
 * @symbols_path: a file of the kernel's symbols, in the file name encoding, or %NULL
 * @paging: the id of a paging form, or %NULL
 * @base_pa: where the first byte of a flat image belongs; 0 to find out
 * @arguments: what follows the options, in the file name encoding
 *
 * What every subcommand takes.
 */
typedef struct
{
  P2vExportFormat   format;
  gboolean          quiet;
  gboolean          no_cache;
  char            **methods;
  char             *cache_folder;
  char             *symbols_path;
  char             *paging;
  guint64           base_pa;
  char            **arguments;
} Pas2vasOptions;

/* Parses @argv; @entries are the command's own options, or NULL. If the command line is wrong,
 * reports that and returns FALSE: the exit code is PAS2VAS_USAGE then. */
gboolean pas2vas_options_parse (Pas2vasOptions        *self,
                                const Pas2vasCommand  *command,
                                const GOptionEntry    *entries,
                                char                 **argv);
void     pas2vas_options_clear (Pas2vasOptions        *self);

/* Parses a process id. Reports and returns FALSE if it is none. */
gboolean pas2vas_parse_pid     (const Pas2vasCommand  *command,
                                const char            *text,
                                gint64                *ret_pid);
/* Parses an address or a file offset. Reports and returns FALSE if it is none. */
gboolean pas2vas_parse_address (const Pas2vasCommand  *command,
                                const char            *text,
                                guint64               *ret_address);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pas2vasOptions, pas2vas_options_clear)
