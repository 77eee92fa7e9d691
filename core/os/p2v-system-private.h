/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The family of operating systems, and how they fill in a P2vSystem.
 *
 * To add a system: write os/NAME/p2v-NAME.c with one P2vSystemBackend and add it to the table in
 * os/p2v-system.c and its files to core/meson.build. */

#pragma once

#include "base/p2v-meter.h"
#include "os/p2v-process-private.h"
#include "p2v-system.h"
#include "paging/p2v-paging.h"

/* What a back end needs to look for its system, and to tell how far it is. */
typedef struct
{
  P2vImage     *image;
  P2vMeter     *meter;
  guint         searching;       /* activity numbers for @meter */
  guint         reading;
  guint64       hint;            /* what p2v_system_get_hint() said last time, or 0; may be wrong */
  GCancellable *cancellable;
} P2vSystemSearch;

typedef struct
{
  const char       *id;
  const P2vMethod  *methods;     /* ways of finding processes */
  gsize             n_methods;

  /* Looks for the system in the image and, if it is there, fills @system in with the functions
   * below. P2V_OS_ERROR_NOT_DETECTED: it is not there, ask another; any other error is final. */
  gboolean (*open)         (P2vSystem             *system,
                            const P2vSystemSearch *search,
                            GError               **error);
  /* Appends the regions of @space to @regions, sorted and not overlapping. From any thread. */
  gboolean (*load_regions) (P2vSystem             *system,
                            P2vAddressSpace       *space,
                            GPtrArray             *regions,
                            GError               **error);
  /* (transfer full) (nullable): what the system uses the frame at @pa for, as a translated phrase:
   * "the kernel's image"; NULL if it is not known. From memory, without reading the image.
   * Optional. */
  char    *(*dup_frame_use) (P2vSystem            *system,
                             P2vPhysAddr           pa);
  /* Frees what p2v_system_set_backend_data() was given. */
  void     (*free_data)    (gpointer               backend_data);
} P2vSystemBackend;

extern const P2vSystemBackend p2v_linux_backend;

/* For back ends, while they open. */
void                 p2v_system_set_backend_data  (P2vSystem              *self,
                                                   gpointer                backend_data);
void                 p2v_system_set_title         (P2vSystem              *self,
                                                   const char             *title);
void                 p2v_system_set_page_tables   (P2vSystem              *self,
                                                   const P2vPageTables    *tables);
/* @name: marked with N_(), translated here. @value: taken. */
void                 p2v_system_take_fact         (P2vSystem              *self,
                                                   const char             *name,
                                                   char                   *value);
void                 p2v_system_take_process      (P2vSystem              *self,
                                                   P2vProcess             *process);
/* Where to look first when the same image is opened again; in the back end's own terms, not 0. */
void                 p2v_system_set_hint          (P2vSystem              *self,
                                                   guint64                 hint);
/* @message: taken. */
void                 p2v_system_take_diagnostic   (P2vSystem              *self,
                                                   char                   *message);

/* For the session. */
P2vSystem           *p2v_system_find              (const P2vSystemSearch  *search,
                                                   GError                **error);
gpointer             p2v_system_get_backend_data  (P2vSystem              *self);
guint64              p2v_system_get_hint          (P2vSystem              *self);
const P2vPageTables *p2v_system_get_page_tables   (P2vSystem              *self);
/* (transfer none) (element-type utf8) */
GPtrArray           *p2v_system_get_diagnostics   (P2vSystem              *self);
/* (transfer full) (nullable): what the system itself uses the frame at @pa for, or NULL if not
 * known. */
char                *p2v_system_dup_frame_use     (P2vSystem              *self,
                                                   P2vPhysAddr             pa);
/* (transfer none): loads the regions if need be. Any thread. */
GPtrArray           *p2v_system_get_regions       (P2vSystem              *self,
                                                   P2vAddressSpace        *space,
                                                   GError                **error);
