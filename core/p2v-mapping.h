/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vMapping: one answer to "whose is this byte?", and the words in which every front door shows
 * it. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-process.h"

G_BEGIN_DECLS

/**
 * P2vMapping:
 * @pa: physical address asked for, to the byte
 * @va: the virtual address that maps @pa, to the byte
 * @length_bytes: how many bytes from @va on this row stands for; 1 for a single address asked for
 * @process: (transfer none): the owner; kept alive by the session's system
 * @space: (transfer none): the owner's address space
 * @mapping_class: what kind of address @va is
 * @n_addresses: how many addresses of the owner lead to the same byte and are told by this row: 1,
 * or many, of which @va is the first and @last_va the last
 * @last_va: the last of them; @va if it is the only one
 * @step_bytes: the distance from each of them to the next; 0 if there is only one, or it varies
 * @described: whether the fields below are filled in; see p2v_session_describe()
 * @page_shift: log2 of the page's size: 12 is 4 KiB, 21 is 2 MiB, 30 is 1 GiB
 * @rights: what the page-table entries of all levels together allow
 * @state: how the page is reached
 * @entry_pa: physical address of the entry that maps the page, for checking by hand
 * @entry: that entry's value
 * @region: (transfer none) (nullable): the part of the address space, or %NULL if the system knows
 * none
 *
 * One virtual address of one process that maps a physical address.
 */
struct _P2vMapping
{
  P2vPhysAddr      pa;
  P2vVirtAddr      va;
  guint64          length_bytes;
  P2vProcess      *process;
  P2vAddressSpace *space;
  P2vMappingClass  mapping_class;
  guint64          n_addresses;
  P2vVirtAddr      last_va;
  guint64          step_bytes;

  gboolean         described;
  guint            page_shift;
  P2vRights        rights;
  P2vState         state;
  P2vPhysAddr      entry_pa;
  guint64          entry;
  const P2vRegion *region;
};

P2V_AVAILABLE_IN_1_0
const char *p2v_state_to_string           (P2vState          state);
P2V_AVAILABLE_IN_1_0
const char *p2v_placeholder_to_string         (P2vPlaceholder        placeholder);
P2V_AVAILABLE_IN_1_0
char       *p2v_rights_to_string          (P2vRights         rights);
P2V_AVAILABLE_IN_1_0
char       *p2v_page_shift_to_string      (guint             page_shift);
P2V_AVAILABLE_IN_1_0
const char *p2v_mapping_class_to_string   (P2vMappingClass   mapping_class);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_mapping_class_is_blanket  (P2vMappingClass   mapping_class);
P2V_AVAILABLE_IN_1_0
char       *p2v_mapping_dup_region_text   (const P2vMapping *self);
P2V_AVAILABLE_IN_1_0
char       *p2v_mapping_dup_addresses_text (const P2vMapping *self);
P2V_AVAILABLE_IN_1_0
gboolean    p2v_mapping_rights_disagree   (const P2vMapping *self);
P2V_AVAILABLE_IN_1_0
char       *p2v_mapping_dup_disagreement  (const P2vMapping *self);

/**
 * P2vTrailStep:
 * @name: (transfer none): the field's name of the entry: "pml4e", "pte", ...
 * @entry_pa: physical address of the entry
 * @value: its value
 *
 * One level of a translation.
 */
typedef struct
{
  const char  *name;
  P2vPhysAddr  entry_pa;
  guint64      value;
} P2vTrailStep;

#define P2V_TRAIL_MAX_STEPS 5

/**
 * P2vWalkStatus:
 * @P2V_WALK_MAPPED: a page in physical memory
 * @P2V_WALK_NOT_PRESENT: the last entry read is empty, or names no page in RAM (swapped, ...)
 * @P2V_WALK_OUTSIDE_IMAGE: a table that the walk needs is not in the image
 * @P2V_WALK_MALFORMED: an entry breaks the rules of the paging form (reserved bits)
 * @P2V_WALK_NOT_CANONICAL: the virtual address is not one the paging form can translate
 *
 * How a translation ended.
 */
typedef enum
{
  P2V_WALK_MAPPED,
  P2V_WALK_NOT_PRESENT,
  P2V_WALK_OUTSIDE_IMAGE,
  P2V_WALK_MALFORMED,
  P2V_WALK_NOT_CANONICAL,
} P2vWalkStatus;

/**
 * P2vTrail:
 * @va: the virtual address that was translated
 * @n_steps: how many of @steps are filled in
 * @steps: the entries read, from the root down
 * @status: how it ended
 * @pa: the physical address, to the byte; only with %P2V_WALK_MAPPED
 * @page_shift: log2 of the page's size; only with %P2V_WALK_MAPPED
 * @rights: of all levels together; only with %P2V_WALK_MAPPED
 * @state: only with %P2V_WALK_MAPPED
 * @placeholder: what the last entry stands for; only with %P2V_WALK_NOT_PRESENT
 * @swap_area: number of the swap file; only with %P2V_PLACEHOLDER_SWAPPED
 * @swap_page: number of the page in it; only with %P2V_PLACEHOLDER_SWAPPED
 * @resolved: whether the last entry does not name the page itself: the system's own records were
 *   asked for it (a prototype entry, a page in the swap cache)
 *
 * The evidence for one translation (what Rekall's vtop prints).
 */
struct _P2vTrail
{
  P2vVirtAddr   va;
  guint         n_steps;
  P2vTrailStep  steps[P2V_TRAIL_MAX_STEPS];
  P2vWalkStatus status;
  P2vPhysAddr   pa;
  guint         page_shift;
  P2vRights     rights;
  P2vState      state;
  P2vPlaceholder    placeholder;
  guint         swap_area;
  guint64       swap_page;
  gboolean      resolved;
};

P2V_AVAILABLE_IN_1_0
const char *p2v_walk_status_to_string     (P2vWalkStatus     status);
P2V_AVAILABLE_IN_1_0
char       *p2v_trail_dup_end_text        (const P2vTrail   *self);
P2V_AVAILABLE_IN_1_0
char       *p2v_trail_dup_text            (const P2vTrail   *self);

G_END_DECLS
