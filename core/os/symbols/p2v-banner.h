/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The line of text by which a Linux kernel says which one it is, in memory and in files.
 *
 * There are several texts like it: the one with the number of the build ("#1 SMP ..."), that ends
 * with LF and NUL, is what the symbol linux_banner stands for; another lacks the number, and the
 * log has it without the end. */

#pragma once

#include <glib.h>

#define P2V_BANNER_START "Linux version "

/* Observed: banners have some 250 bytes. */
#define P2V_BANNER_MAX_BYTES 1024

/* (transfer full) (nullable): the banner that @text begins with, without the end of line, if it is
 * the kernel's own and begins with @prefix. */
char *p2v_banner_parse     (const char  *text,
                            gsize        length,
                            const char  *prefix);
/* (transfer full) (nullable): the first such banner from *@at on that ends before @end; *@at
 * becomes where it begins. */
char *p2v_banner_find_next (const char **at,
                            const char  *end,
                            const char  *prefix);
