/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vSession: the one door to everything. It opens an image, finds the operating system in it,
 * builds the reverse index and answers. The command line and the panel show the same answer because
 * both ask here.
 *
 * The three steps are open, find the system, build the index; each synchronous function is the
 * implementation and may take long, each _async one runs it in a thread and reports in the caller's
 * main context. One step at a time; everything else may be called from any thread, at any time,
 * also while a step is running: progress and answers then say how far it is. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-answer.h"
#include "p2v-image.h"
#include "p2v-system.h"

G_BEGIN_DECLS

#define P2V_TYPE_SESSION (p2v_session_get_type ())
P2V_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (P2vSession, p2v_session, P2V, SESSION, GObject)

/**
 * P2vStage:
 * @P2V_STAGE_EMPTY: no image
 * @P2V_STAGE_IMAGE: an image is open
 * @P2V_STAGE_SYSTEM: its operating system is known
 * @P2V_STAGE_INDEX: the reverse index is complete
 *
 * How far a session has come.
 */
typedef enum
{
  P2V_STAGE_EMPTY,
  P2V_STAGE_IMAGE,
  P2V_STAGE_SYSTEM,
  P2V_STAGE_INDEX,
} P2vStage;

/**
 * P2vActivity:
 * @P2V_ACTIVITY_NONE: nothing is running
 * @P2V_ACTIVITY_OPENING: reading the container's headers
 * @P2V_ACTIVITY_SEARCHING: searching the image for an operating system; done and total are bytes
 * @P2V_ACTIVITY_READING_SYSTEM: reading processes
 * @P2V_ACTIVITY_SCANNING: searching all of memory for processes; done and total are bytes
 * @P2V_ACTIVITY_PLANNING: walking the upper levels of the page tables; done and total are address
 * spaces
 * @P2V_ACTIVITY_COUNTING: reading the last level; done and total are tables
 * @P2V_ACTIVITY_SORTING: putting the mappings in order; done and total are tables
 *
 * What a step is doing just now.
 */
typedef enum
{
  P2V_ACTIVITY_NONE,
  P2V_ACTIVITY_OPENING,
  P2V_ACTIVITY_SEARCHING,
  P2V_ACTIVITY_READING_SYSTEM,
  P2V_ACTIVITY_PLANNING,
  P2V_ACTIVITY_COUNTING,
  P2V_ACTIVITY_SORTING,
  P2V_ACTIVITY_SCANNING,
} P2vActivity;

/**
 * P2vProgress:
 * @activity: what is being done
 * @done: how much of @activity is done, in its own unit
 * @total: of how much; 0 when unknown
 * @n_mappings: mappings found so far
 * @n_found: rows found so far for the frame asked for last (grows while the index is built)
 *
 * A snapshot for a progress bar; cheap, so poll it ten times a second.
 */
typedef struct
{
  P2vActivity activity;
  guint64     done;
  guint64     total;
  guint64     n_mappings;
  guint64     n_found;
} P2vProgress;

/**
 * P2vIndexStatistics:
 * @n_spaces: address spaces the system has
 * @n_spaces_walked: of them, walked to the end
 * @n_tables: page tables read, each once
 * @n_mappings: mappings in the index (a large page is one)
 * @n_swapped: entries of page tables that name a page in swap space of which no copy is in memory
 * @n_markers: entries that are a mark without a page, see %P2V_PLACEHOLDER_MARKER
 * @n_on_devices: entries that name a page in the memory of a device
 * @n_unknown: entries behind which there may be a page, but it could not be found out which
 * @index_bytes: memory that the index holds
 * @from_cache: whether the index was kept from an earlier time, see p2v_session_set_cache()
 * @seconds_planning: time for reading the upper levels of the page tables; 0 with @from_cache, as
 * the next two
 * @seconds_counting: time for reading the last level
 * @seconds_sorting: time for putting the mappings in order
 * @seconds_storing: time for finding the index on disk or keeping it there; 0 without a cache
 *
 * What the index covers and costs.
 */
typedef struct
{
  guint   n_spaces;
  guint   n_spaces_walked;
  guint64 n_tables;
  guint64 n_mappings;
  guint64 n_swapped;
  guint64 n_markers;
  guint64 n_on_devices;
  guint64 n_unknown;
  guint64 index_bytes;
  gboolean from_cache;
  double  seconds_planning;
  double  seconds_counting;
  double  seconds_sorting;
  double  seconds_storing;
} P2vIndexStatistics;

P2V_AVAILABLE_IN_1_0
P2vSession *p2v_session_new                  (void);

P2V_AVAILABLE_IN_1_0
void        p2v_session_set_cache            (P2vSession           *self,
                                              gboolean              enabled,
                                              const char           *folder);
P2V_AVAILABLE_IN_1_0
void        p2v_session_set_symbols          (P2vSession           *self,
                                              const char           *path);
P2V_AVAILABLE_IN_1_0
void        p2v_session_set_base             (P2vSession           *self,
                                              P2vPhysAddr           base_pa);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_session_set_paging           (P2vSession           *self,
                                              const char           *form_id,
                                              GError              **error);
P2V_AVAILABLE_IN_1_0
void        p2v_session_set_methods          (P2vSession           *self,
                                              const char *const    *names);
P2V_AVAILABLE_IN_1_0
void        p2v_session_set_wanted           (P2vSession           *self,
                                              const P2vPhysAddr    *pas,
                                              gsize                 n_pas);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_session_open                 (P2vSession           *self,
                                              const char           *path,
                                              GCancellable         *cancellable,
                                              GError              **error);
P2V_AVAILABLE_IN_1_0
void        p2v_session_open_async           (P2vSession           *self,
                                              const char           *path,
                                              GCancellable         *cancellable,
                                              GAsyncReadyCallback   callback,
                                              gpointer              user_data);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_session_open_finish          (P2vSession           *self,
                                              GAsyncResult         *result,
                                              GError              **error);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_session_find_system          (P2vSession           *self,
                                              GCancellable         *cancellable,
                                              GError              **error);
P2V_AVAILABLE_IN_1_0
void        p2v_session_find_system_async    (P2vSession           *self,
                                              GCancellable         *cancellable,
                                              GAsyncReadyCallback   callback,
                                              gpointer              user_data);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_session_find_system_finish   (P2vSession           *self,
                                              GAsyncResult         *result,
                                              GError              **error);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_session_build_index          (P2vSession           *self,
                                              GCancellable         *cancellable,
                                              GError              **error);
P2V_AVAILABLE_IN_1_0
void        p2v_session_build_index_async    (P2vSession           *self,
                                              GCancellable         *cancellable,
                                              GAsyncReadyCallback   callback,
                                              gpointer              user_data);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_session_build_index_finish   (P2vSession           *self,
                                              GAsyncResult         *result,
                                              GError              **error);

P2V_AVAILABLE_IN_1_0
P2vStage    p2v_session_get_stage            (P2vSession           *self);
P2V_AVAILABLE_IN_1_0
void        p2v_session_get_progress         (P2vSession           *self,
                                              P2vProgress          *ret_progress);
P2V_AVAILABLE_IN_1_0
char       *p2v_progress_dup_text            (const P2vProgress    *progress);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_session_get_statistics       (P2vSession           *self,
                                              P2vIndexStatistics   *ret_statistics);
P2V_AVAILABLE_IN_1_0
char      **p2v_session_dup_diagnostics      (P2vSession           *self);
P2V_AVAILABLE_IN_1_0
P2vImage   *p2v_session_dup_image            (P2vSession           *self);
P2V_AVAILABLE_IN_1_0
P2vSystem  *p2v_session_dup_system           (P2vSession           *self);

P2V_AVAILABLE_IN_1_0
P2vAnswer  *p2v_session_lookup               (P2vSession           *self,
                                              P2vPhysAddr           pa,
                                              P2vFilter            *filter);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_session_describe             (P2vSession           *self,
                                              P2vMapping           *mapping,
                                              GError              **error);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_session_get_trail            (P2vSession           *self,
                                              P2vAddressSpace      *space,
                                              P2vVirtAddr           va,
                                              P2vTrail             *ret_trail,
                                              GError              **error);
P2V_AVAILABLE_IN_1_0
GPtrArray  *p2v_session_dup_regions          (P2vSession           *self,
                                              P2vAddressSpace      *space,
                                              GError              **error);

/**
 * P2vMappingFunc:
 * @mapping: (transfer none): a described mapping; valid during the call only
 * @user_data: (closure): the caller's
 *
 * Receives the mappings of p2v_session_foreach_mapping().
 *
 * Returns: %FALSE to stop
 */
typedef gboolean (*P2vMappingFunc) (const P2vMapping *mapping,
                                    gpointer          user_data);

P2V_AVAILABLE_IN_1_0
gboolean    p2v_session_foreach_mapping      (P2vSession           *self,
                                              P2vFilter            *filter,
                                              gboolean              join_pages,
                                              P2vMappingFunc        callback,
                                              gpointer              user_data,
                                              GCancellable         *cancellable,
                                              GError              **error);

/**
 * P2vPage:
 * @va: virtual address of its first byte
 * @pa: physical address of its first byte
 * @page_shift: log2 of its size
 * @rights: what the page-table entries of all levels together allow
 *
 * A page of an address space.
 */
typedef struct
{
  P2vVirtAddr va;
  P2vPhysAddr pa;
  guint       page_shift;
  P2vRights   rights;
} P2vPage;

/**
 * P2vPageFunc:
 * @page: (transfer none): a page; valid during the call only
 * @user_data: (closure): the caller's
 *
 * Receives the pages of p2v_session_foreach_page().
 *
 * Returns: %FALSE to stop
 */
typedef gboolean (*P2vPageFunc) (const P2vPage *page,
                                 gpointer       user_data);

P2V_AVAILABLE_IN_1_0
gboolean    p2v_session_foreach_page         (P2vSession           *self,
                                              P2vAddressSpace      *space,
                                              P2vVirtAddr           first_va,
                                              P2vVirtAddr           last_va,
                                              P2vPageFunc           callback,
                                              gpointer              user_data,
                                              GCancellable         *cancellable,
                                              GError              **error);

/* Parses "0x1000", "4096" or "1000h"; hexadecimal digits without a prefix are refused as
 * ambiguous. */
P2V_AVAILABLE_IN_1_0
gboolean    p2v_parse_address                (const char           *text,
                                              guint64              *ret_address,
                                              GError              **error);

G_END_DECLS
