/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What is told of a process beside its number and name: handles, session, times, path. */

#include "config.h"

#include "os/windows/p2v-windows-finder.h"

/* FILETIME counts 100 ns since 1601. Source: Microsoft, FILETIME; the seconds between 1601 and
 * 1970 are 134774 days. */
#define TICKS_PER_US    10
#define SECONDS_TO_1970 ((gint64) 134774 * 86400)

/* Sessions are numbered from 0; a greater number is none.  */
#define GREATEST_SESSION G_MAXUINT16

/* Of a process's own parts, the same in all versions, for pointers of 4 and of 8 bytes. Source:
 * data/windows/offsets.csv, _PEB and _RTL_USER_PROCESS_PARAMETERS. */
typedef struct
{
  guint parameters;
  guint session_id;
  guint image_path;            /* in the parameters */
} UserOffsets;

static const UserOffsets user_offsets_32 = { 0x10, 0x1d4, 0x38 };
static const UserOffsets user_offsets_64 = { 0x20, 0x2c0, 0x60 };

static const UserOffsets *
get_user_offsets (const P2vWindows *kernel)
{
  return kernel->pointer_bytes == sizeof (guint64) ? &user_offsets_64 : &user_offsets_32;
}

guint64
p2v_windows_object_time (const P2vWindows       *kernel,
                         const P2vWindowsObject *object,
                         P2vWindowsField         field)
{
  return p2v_windows_has (kernel, field)
           ? p2v_windows_object_u64 (object, kernel->layout.offsets[field])
           : 0;
}

/* Nanoseconds since the machine was started, as far as the shared page tells when that was. */
static guint64
get_start (const P2vWindows *kernel,
           guint64           time)
{
  guint64 boot_time = kernel->capture_time - kernel->uptime;

  if (kernel->uptime == 0 || kernel->uptime > kernel->capture_time || time <= boot_time)
    return 0;
  return (time - boot_time) * 100;
}

/* Microseconds since 1970; 0 for what is no time after that. */
static gint64
get_clock (guint64 time)
{
  gint64 time_us = (gint64) (time / TICKS_PER_US) - SECONDS_TO_1970 * G_USEC_PER_SEC;

  return MAX (time_us, 0);
}

/* The number is in the session's own structure, which is mapped in the kernel's half of the
 * session's processes; where that is not published, the process has a copy. */
static gint64
find_session (const P2vWindows       *kernel,
              P2vVirtualMemory       *memory,
              const P2vWindowsObject *object)
{
  P2vVirtAddr session = p2v_windows_object_word (kernel, object, WINDOWS_EPROCESS_SESSION);
  P2vVirtAddr peb = p2v_windows_object_word (kernel, object, WINDOWS_EPROCESS_PEB);
  guint32 number;

  if (p2v_windows_is_kernel_va (kernel, session) &&
      p2v_windows_has (kernel, WINDOWS_SESSION_ID) &&
      p2v_virtual_memory_read_u32 (
        memory, p2v_windows_field_va (kernel, session, WINDOWS_SESSION_ID), &number) &&
      number <= GREATEST_SESSION)
    return number;
  if (peb != 0 && session != 0 &&
      p2v_virtual_memory_read_u32 (memory, peb + get_user_offsets (kernel)->session_id, &number) &&
      number <= GREATEST_SESSION)
    return number;
  return -1;
}

/* Until Windows 7 the table counts its handles; later they are counted here. */
static gint64
count_handles (P2vWindowsFinder       *finder,
               const P2vWindowsObject *object)
{
  const P2vWindows *kernel = finder->kernel;
  P2vVirtAddr table = p2v_windows_object_word (kernel, object, WINDOWS_EPROCESS_OBJECT_TABLE);
  guint32 count;

  if (!p2v_windows_is_kernel_va (kernel, table))
    return -1;
  if (!p2v_windows_has (kernel, WINDOWS_HANDLE_TABLE_COUNT))
    return p2v_windows_count_handles (finder, table);
  if (!p2v_virtual_memory_read_u32 (
        finder->memory, p2v_windows_field_va (kernel, table, WINDOWS_HANDLE_TABLE_COUNT), &count))
    return -1;
  return count;
}

/* The path in the process's own memory, which it can change. */
static char *
dup_own_path (const P2vWindows       *kernel,
              P2vVirtualMemory       *memory,
              const P2vWindowsObject *object)
{
  const UserOffsets *offsets = get_user_offsets (kernel);
  P2vVirtAddr peb = p2v_windows_object_word (kernel, object, WINDOWS_EPROCESS_PEB), parameters;

  if (peb == 0 ||
      !p2v_windows_read_pointer (kernel, memory, peb + offsets->parameters, &parameters) ||
      parameters == 0 || p2v_windows_is_kernel_va (kernel, parameters))
    return NULL;
  return p2v_windows_dup_string (kernel, memory, parameters + offsets->image_path);
}

/* What the kernel noted when it started the process; else the name of the open file; else what the
 * process says itself. */
static char *
dup_path (const P2vWindows       *kernel,
          P2vVirtualMemory       *memory,
          const P2vWindowsObject *object)
{
  P2vVirtAddr audit = p2v_windows_object_word (kernel, object, WINDOWS_EPROCESS_AUDIT_NAME);
  P2vVirtAddr file = p2v_windows_object_word (kernel, object, WINDOWS_EPROCESS_FILE);
  char *path = NULL;

  if (p2v_windows_is_kernel_va (kernel, audit))
    path = p2v_windows_dup_string (kernel, memory, audit);
  if (path == NULL && p2v_windows_is_kernel_va (kernel, file))
    path = p2v_windows_dup_string (kernel, memory,
                                   p2v_windows_field_va (kernel, file, WINDOWS_FILE_NAME));
  return path != NULL ? path : dup_own_path (kernel, memory, object);
}

char *
p2v_windows_fill_details (P2vWindowsFinder       *finder,
                          const P2vWindowsObject *object,
                          P2vProcessData         *data)
{
  const P2vWindows *kernel = finder->kernel;
  guint64 start = p2v_windows_object_time (kernel, object, WINDOWS_EPROCESS_CREATE_TIME);
  guint16 threads = kernel->layout.offsets[WINDOWS_EPROCESS_ACTIVE_THREADS];
  P2vPhysAddr root_pa = data->space != NULL ? p2v_address_space_get_root_pa (data->space)
                                            : kernel->root_pa;
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&kernel->tables, root_pa);

  data->n_threads = threads != P2V_WINDOWS_ABSENT ? p2v_windows_object_u32 (object, threads) : 0;
  data->start_time_ns = get_start (kernel, start);
  data->started_us = get_clock (start);
  data->ended_us =
    get_clock (p2v_windows_object_time (kernel, object, WINDOWS_EPROCESS_EXIT_TIME));
  data->n_handles = count_handles (finder, object);
  data->session = find_session (kernel, memory, object);
  if (kernel->pointer_bytes == sizeof (guint64) &&
      p2v_windows_object_word (kernel, object, WINDOWS_EPROCESS_WOW64) != 0)
    data->flags |= P2V_PROCESS_WOW64;
  return dup_path (kernel, memory, object);
}
