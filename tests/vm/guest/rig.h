/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the scenarios of rigload share. */

#pragma once

#include <stddef.h>
#include <sys/types.h>

extern size_t PG;                          /* bytes of a page */
extern size_t HP;                          /* bytes of a transparent huge page */

/* Says something on the console. */
void   note         (const char *fmt, ...);
/* Says that the scenario, or one process of it, is where it shall be. */
void   ready        (void);
void   forever      (void) __attribute__ ((noreturn));
void   done         (void) __attribute__ ((noreturn));
/* As mmap(), but NULL and a note if it fails. */
void  *map          (void *at, size_t len, int prot, int flags, int fd, off_t off);
/* Writes into each page which process and address it is of; reads each page. Nothing if @p is
 * NULL. */
void   mark         (void *p, size_t len);
void   touch        (volatile char *p, size_t len);
/* Marked memory of one's own. */
char  *anon         (size_t len);
/* A file of at least @len bytes. */
int    mkfile       (const char *path, size_t len);
long   read_number  (const char *path);
void   write_text   (const char *path, const char *text);
int    uffd_open    (void);
void   uffd_protect (int fd, char *p, size_t len);

/* rigmore.c: plays the scenario @name, if it knows it. */
void   play_more    (const char *name, long n);
