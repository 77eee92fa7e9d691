/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The family of operating systems, and how they fill in a P2vSystem.
 *
 * To add a system: write os/NAME/p2v-NAME.c with one P2vSystemBackend and add it to the table in
 * os/p2v-system.c and its files to core/meson.build. */

#pragma once

#include "base/p2v-meter.h"
#include "os/p2v-process-private.h"
#include "p2v-frame.h"
#include "p2v-system.h"
#include "paging/p2v-paging.h"

/* What a back end needs to look for its system, and to tell how far it is. */
typedef struct
{
  P2vImage     *image;
  P2vMeter     *meter;
  guint         searching;       /* activity numbers for @meter */
  guint         reading;
  guint         scanning;
  guint64       hint;            /* what p2v_system_get_hint() said last time, or 0; may be wrong */
  const char   *symbols_path;    /* (nullable): a file of symbols that the person gave */
  /* (nullable): the image is flat, and nobody has said where its first byte belongs. A back end
   * that can tell that the place is another stores it here, and fails: the image is opened anew
   * then. */
  P2vPhysAddr  *ret_base_pa;
  const P2vPagingForm *form;     /* (nullable): how page tables are made, as the person says */
  GBytes       *findings;        /* (nullable): p2v_system_get_findings() of last time; the same */
  /* (nullable): names of methods; those that are not named and cost a search of all of memory may
   * be left out. */
  const char *const *wanted_methods;
  GCancellable *cancellable;
} P2vSystemSearch;

typedef struct
{
  const char       *id;
  const P2vMethod  *methods;     /* ways of finding processes */
  gsize             n_methods;
  P2vProcessFields  fields;      /* what processes have beyond what all systems' have */

  /* Whether the image's header, what was found last time or a glance at the first memory speak for
   * this system: then it is asked before others, for a search may read all of memory.
   * Optional. */
  gboolean (*is_likely)    (const P2vSystemSearch *search);
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
  /* Of memory that a process maps by its number (P2vRegion is_pfn_map): whether there is no memory
   * of the machine, but a device. Optional. From any thread. */
  gboolean (*is_device)    (P2vSystem             *system,
                            P2vPhysAddr            pa);
  /* Of other memory, and if it was not told by p2v_system_add_zero_page(): whether a valid entry
   * leads to a page of zeros. Optional. From any thread. */
  gboolean (*is_zero_page) (P2vSystem             *system,
                            guint64                entry,
                            P2vPhysAddr            pa);
  /* What the system says of frames: NULL, or all three of them. A source is what one caller keeps
   * while it asks about frames, mostly in ascending order, and is asked by one thread at a time.
   * Whatever takes long to find is found once, when it is first needed, and kept with the system
   * for all sources. */
  gpointer (*open_frames)  (P2vSystem             *system);
  /* Fills in what the system knows of @frame, whose pa and in_image are set and whose other fields
   * say that they are not known; but not n_found. @detail is empty and becomes the frame's detail;
   * if it stays so, the title of the kind does. Names in @frame stay valid until the next call.
   * What cannot be found out is left as it is; FALSE only if the image cannot be read. */
  gboolean (*describe_frame) (P2vSystem           *system,
                            gpointer               source,
                            P2vFrame              *frame,
                            GString               *detail,
                            GError               **error);
  /* As describe_frame, but says only how many mappings the system counts, -1 for none, and much
   * faster. Optional beside the three. */
  gboolean (*count_mappings) (P2vSystem           *system,
                            gpointer               source,
                            P2vPhysAddr            pa,
                            gint64                *ret_n_mappings,
                            GError               **error);
  void     (*close_frames) (gpointer               source);
  /* Frees what p2v_system_set_backend_data() was given. */
  void     (*free_data)    (gpointer               backend_data);
} P2vSystemBackend;

extern const P2vSystemBackend p2v_linux_backend;
/* Linux in an image that has no VMCOREINFO: takes longer to look for. */
extern const P2vSystemBackend p2v_bare_linux_backend;
extern const P2vSystemBackend p2v_windows_backend;
/* Any system's page tables, where the system itself is not recognized. */
extern const P2vSystemBackend p2v_roots_backend;

/* Whether a method of that name is wanted. */
gboolean             p2v_system_search_wants      (const P2vSystemSearch  *search,
                                                   const char             *method);

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
/* Adds page tables whose process is not known, named after their root. @methods: bits of
 * P2vMethod. */
void                 p2v_system_take_unknown      (P2vSystem              *self,
                                                   P2vAddressSpace        *space,
                                                   P2vProcessFlags         flags,
                                                   guint                   methods);
/* Adds the kernel's half as an address space of its own, behind those of all processes. @areas:
 * (transfer full) (element-type P2vKernelArea): by address, not overlapping. */
void                 p2v_system_take_kernel       (P2vSystem              *self,
                                                   const P2vPagingRoot    *root,
                                                   GArray                 *areas);
/* Where to look first when the same image is opened again; in the back end's own terms, not 0. */
void                 p2v_system_set_hint          (P2vSystem              *self,
                                                   guint64                 hint);
/* What looking at all of memory has found, in the back end's own terms: kept with the image's
 * index, and given back in P2vSystemSearch the next time. @findings: taken. */
void                 p2v_system_take_findings     (P2vSystem              *self,
                                                   GBytes                 *findings);
/* A page of zeros that all share who have only read. Twice at most. */
void                 p2v_system_add_zero_page     (P2vSystem              *self,
                                                   P2vPhysAddr             start_pa,
                                                   guint64                 length_bytes);
/* A bit of valid entries whose page is kept from writing for userfaultfd; it means that in regions
 * that have it (P2vRegion has_uffd_wp) only. 0, as at first: there is none. */
void                 p2v_system_set_uffd_wp_mask  (P2vSystem              *self,
                                                   guint64                 mask);
/* @message: taken. */
void                 p2v_system_take_diagnostic   (P2vSystem              *self,
                                                   char                   *message);

/* For the session. */
P2vSystem           *p2v_system_find              (const P2vSystemSearch  *search,
                                                   GError                **error);
gpointer             p2v_system_get_backend_data  (P2vSystem              *self);
guint64              p2v_system_get_hint          (P2vSystem              *self);
/* (transfer none) (nullable) */
GBytes              *p2v_system_get_findings      (P2vSystem              *self);
const P2vPageTables *p2v_system_get_page_tables   (P2vSystem              *self);
/* How many spaces are of processes; the kernel's is numbered behind them. */
guint                p2v_system_get_n_user_spaces (P2vSystem              *self);
/* (transfer none) (element-type utf8) */
GPtrArray           *p2v_system_get_diagnostics   (P2vSystem              *self);
/* The state of a page that was decoded as @state: by the region that it is in, and by what page it
 * is. */
P2vState             p2v_system_refine_state      (P2vSystem              *self,
                                                   const P2vRegion        *region,
                                                   guint64                 entry,
                                                   P2vPhysAddr             pa,
                                                   P2vState                state);
/* The functions of the back end; the source is NULL if the system knows nothing of frames. */
gpointer             p2v_system_open_frames       (P2vSystem              *self);
G_GNUC_WARN_UNUSED_RESULT
gboolean             p2v_system_describe_frame    (P2vSystem              *self,
                                                   gpointer                source,
                                                   P2vFrame               *frame,
                                                   GString                *detail,
                                                   GError                **error);
G_GNUC_WARN_UNUSED_RESULT
gboolean             p2v_system_count_mappings    (P2vSystem              *self,
                                                   gpointer                source,
                                                   P2vPhysAddr             pa,
                                                   gint64                 *ret_n_mappings,
                                                   GError                **error);
void                 p2v_system_close_frames      (P2vSystem              *self,
                                                   gpointer                source);
/* (transfer none): loads the regions if need be. Any thread. */
GPtrArray           *p2v_system_get_regions       (P2vSystem              *self,
                                                   P2vAddressSpace        *space,
                                                   GError                **error);
