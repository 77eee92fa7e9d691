/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Where the fields of a Windows kernel's structures stand. The table is made from
 * data/windows/offsets.csv by make-layouts.py, whose FIELDS name the same fields. */

#pragma once

#include <glib.h>

#include "os/symbols/p2v-type-source.h"

typedef enum
{
  P2V_WINDOWS_X64,
  P2V_WINDOWS_X86,             /* 32 bits, two levels of tables */
  P2V_WINDOWS_PAE,             /* 32 bits, three levels */
  P2V_WINDOWS_ARM64,
  P2V_WINDOWS_N_KINDS,
} P2vWindowsKind;

typedef enum
{
  WINDOWS_KPROCESS_SIZE,
  WINDOWS_KPROCESS_DTB,
  WINDOWS_KPROCESS_USER_DTB,
  WINDOWS_EPROCESS_PID,
  WINDOWS_EPROCESS_LINKS,
  WINDOWS_EPROCESS_PARENT_PID,
  WINDOWS_EPROCESS_NAME,
  WINDOWS_EPROCESS_CREATE_TIME,
  WINDOWS_EPROCESS_EXIT_TIME,
  WINDOWS_EPROCESS_PEB,
  WINDOWS_EPROCESS_OBJECT_TABLE,
  WINDOWS_EPROCESS_SESSION,
  WINDOWS_EPROCESS_SESSION_LINKS,
  WINDOWS_EPROCESS_ACTIVE_THREADS,
  WINDOWS_EPROCESS_FLAGS,
  WINDOWS_EPROCESS_VAD_ROOT,
  WINDOWS_EPROCESS_AUDIT_NAME,
  WINDOWS_EPROCESS_WOW64,
  WINDOWS_HANDLE_TABLE_CODE,
  WINDOWS_HANDLE_TABLE_PROCESS,
  WINDOWS_HANDLE_TABLE_LINKS,
  WINDOWS_HANDLE_TABLE_COUNT,
  WINDOWS_OBJECT_TYPE,
  WINDOWS_OBJECT_TYPE_INDEX,
  WINDOWS_OBJECT_BODY,
  WINDOWS_VAD_LEFT,
  WINDOWS_VAD_RIGHT,
  WINDOWS_VAD_START,
  WINDOWS_VAD_END,
  WINDOWS_VAD_START_HIGH,
  WINDOWS_VAD_END_HIGH,
  WINDOWS_VAD_FLAGS,
  WINDOWS_VAD_TYPE_BIT,        /* the number of the lowest bit, as the next three */
  WINDOWS_VAD_PROTECTION_BIT,
  WINDOWS_VAD_PRIVATE_BIT,
  WINDOWS_VAD_IMAGE_BIT,
  WINDOWS_VAD_SUBSECTION,
  WINDOWS_VAD_CONTROL_AREA,
  WINDOWS_VAD_FIRST_PROTOTYPE,
  WINDOWS_VAD_LAST_PROTOTYPE,
  WINDOWS_SUBSECTION_CONTROL_AREA,
  WINDOWS_SUBSECTION_BASE,
  WINDOWS_SUBSECTION_NEXT,
  WINDOWS_SUBSECTION_N_PTES,
  WINDOWS_SUBSECTION_SECTOR,
  WINDOWS_CONTROL_AREA_FILE,
  WINDOWS_CONTROL_AREA_FLAGS,
  WINDOWS_FILE_NAME,
  WINDOWS_SESSION_ID,
  WINDOWS_SESSION_PROCESSES,
  WINDOWS_PFN_SIZE,
  WINDOWS_PFN_PTE_ADDRESS,
  WINDOWS_PFN_ORIGINAL_PTE,
  WINDOWS_PFN_FLAGS,
  WINDOWS_PFN_FRAME,
  WINDOWS_PFN_PROTOTYPE_BIT,
  WINDOWS_EPROCESS_FILE,
  WINDOWS_KPROCESS_THREADS,
  WINDOWS_KTHREAD_LINKS,
  WINDOWS_KTHREAD_TEB,
  WINDOWS_N_FIELDS,
} P2vWindowsField;

/* The offset of a field that a kernel does not have, or that nobody published. */
#define P2V_WINDOWS_ABSENT G_MAXUINT16

typedef struct
{
  guint16 major;
  guint16 minor;
  guint16 build;
  guint16 revision;
} P2vWindowsVersion;

typedef struct
{
  P2vWindowsKind    kind;
  P2vWindowsVersion version;   /* the first kernel that was seen with it */
  guint16           offsets[WINDOWS_N_FIELDS];
} P2vWindowsLayout;

const P2vWindowsLayout *p2v_windows_layouts_get (gsize *ret_n_layouts);
/* Overwrites what @types tell; @taken is set for those fields. */
void                    p2v_windows_take_types  (P2vWindowsLayout    *layout,
                                                 const P2vTypeSource *types,
                                                 gboolean            *taken);
/* For messages: "_EPROCESS.Peb". */
const char             *p2v_windows_field_name  (P2vWindowsField field);
