/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the fields of a process must be, whatever the version: so offsets are checked, and found
 * where nobody published them. */

#include "config.h"

#include <string.h>

#include "base/p2v-text.h"
#include "os/windows/p2v-windows-private.h"

/* FILETIME counts 100 ns since 1601: its upper half between about 1985 and 2110. */
#define LEAST_TIME    ((guint64) 0x01a00000 << 32) /* Source: 1985-10-06, computed */
#define GREATEST_TIME ((guint64) 0x02300000 << 32) /* Source: 2099-10-20, computed */

/* Process numbers are multiples of 4, as handles are, and small. */
#define GREATEST_PID  ((guint64) 1 << 28)

/* No process has its parts in the first 64 KiB of its space. */
#define LEAST_USER_VA ((guint64) 1 << 16)

#define NAME_BYTES    15

typedef struct
{
  const P2vWindows       *self;
  P2vVirtualMemory       *memory;
  const P2vWindowsObject *object;
  guint                   offset;
} Check;

static P2vVirtAddr
word_at (const Check *check,
         guint        offset)
{
  return p2v_windows_pointer_at (check->self, check->object->bytes, sizeof check->object->bytes,
                                 offset);
}

static int
check_number (const Check *check)
{
  guint64 pid = word_at (check, check->offset);

  return pid % 4 == 0 && pid < GREATEST_PID ? pid != 0 : -1;
}

/* ActiveProcessLinks follow the number in all versions. */
static int
check_pid (const Check *check)
{
  P2vVirtAddr next = word_at (check, check->offset + check->self->pointer_bytes);

  return check_number (check) == 1 && p2v_windows_is_kernel_va (check->self, next) ? 1 : -1;
}

/* The neighbour in the list leads back to this very object. */
static int
check_links (const Check *check)
{
  P2vVirtAddr next = word_at (check, check->offset), back;
  P2vVirtAddr previous = word_at (check, check->offset + check->self->pointer_bytes);
  P2vPhysAddr pa;

  if (!p2v_windows_is_kernel_va (check->self, next) ||
      !p2v_windows_is_kernel_va (check->self, previous))
    return -1;
  if (!p2v_windows_read_pointer (check->self, check->memory, next + check->self->pointer_bytes,
                                 &back) ||
      !p2v_virtual_memory_translate (check->memory, back - check->offset, &pa))
    return 0;
  return pa == check->object->pa;
}

/* A name begins where no character is before it, else we are in the middle of one. */
static int
check_name (const Check *check)
{
  const char *name = (const char *) check->object->bytes + check->offset;

  if (check->offset + NAME_BYTES > sizeof check->object->bytes || check->offset == 0)
    return -1;
  gsize length = strnlen (name, NAME_BYTES);
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isprint (name[i]))
      return -1;
  if (length == 0)
    return -1;
  return length > 1 && !g_ascii_isprint (name[-1]);
}

static int
check_time (const Check *check)
{
  guint64 time = p2v_windows_object_u64 (check->object, check->offset);

  if (time == 0)
    return 0;
  return time >= LEAST_TIME && time < GREATEST_TIME ? 1 : -1;
}

/* A page of the process's own. */
static int
check_peb (const Check *check)
{
  P2vVirtAddr va = word_at (check, check->offset);
  P2vTrail trail;

  if (va == 0)
    return 0;
  if (p2v_windows_is_kernel_va (check->self, va) || va < LEAST_USER_VA ||
      va % P2V_FRAME_SIZE != 0)
    return -1;
  return p2v_paging_translate (&check->self->tables, check->object->root_pa, va, &trail, NULL) &&
         trail.status == P2V_WALK_MAPPED;
}

/* A table of handles names the process it belongs to. */
static int
check_object_table (const Check *check)
{
  P2vVirtAddr va = word_at (check, check->offset), owner;
  P2vPhysAddr pa;

  if (va == 0)
    return 0;
  if (!p2v_windows_is_kernel_va (check->self, va))
    return -1;
  if (!p2v_windows_read_field (check->self, check->memory, va, WINDOWS_HANDLE_TABLE_PROCESS,
                               &owner) ||
      owner == 0)
    return 0;
  return p2v_virtual_memory_translate (check->memory, owner, &pa) && pa == check->object->pa ? 1
                                                                                             : -1;
}

static int
check_vad_root (const Check *check)
{
  P2vVirtAddr va = word_at (check, check->offset);

  if (va == 0)
    return 0;
  if (!p2v_windows_is_kernel_va (check->self, va))
    return -1;
  return p2v_windows_is_vad_root (check->self, check->memory, check->object, check->offset) ? 1
                                                                                            : -1;
}

/* A path of the kernel's name space. */
static int
check_audit_name (const Check *check)
{
  P2vVirtAddr va = word_at (check, check->offset);

  if (va == 0)
    return 0;
  if (!p2v_windows_is_kernel_va (check->self, va))
    return -1;
  g_autofree char *name = p2v_windows_dup_string (check->self, check->memory, va);
  return name != NULL && name[0] == '\\' ? 1 : -1;
}

static int
check_session (const Check *check)
{
  P2vVirtAddr va = word_at (check, check->offset);
  guint32 number;

  if (va == 0)
    return 0;
  if (!p2v_windows_is_kernel_va (check->self, va))
    return -1;
  if (!p2v_windows_has (check->self, WINDOWS_SESSION_ID) ||
      !p2v_virtual_memory_read_u32 (
        check->memory, p2v_windows_field_va (check->self, va, WINDOWS_SESSION_ID), &number))
    return 0;
  return number <= G_MAXUINT16 ? 1 : -1;
}

static int
check_threads (const Check *check)
{
  guint32 n_threads = p2v_windows_object_u32 (check->object, check->offset);

  return n_threads <= G_MAXUINT16 ? n_threads != 0 : -1;
}

static int
check_wow64 (const Check *check)
{
  P2vVirtAddr va = word_at (check, check->offset);

  if (va == 0)
    return 0;
  return p2v_windows_is_kernel_va (check->self, va) ||
         (va % P2V_FRAME_SIZE == 0 && va >= LEAST_USER_VA && va <= G_MAXUINT32) ? 1 : -1;
}

typedef struct
{
  P2vWindowsField field;
  int           (*check) (const Check *check);
} FieldCheck;

static const FieldCheck checks[] = {
  { WINDOWS_EPROCESS_NAME, check_name },
  { WINDOWS_EPROCESS_PID, check_pid },
  { WINDOWS_EPROCESS_LINKS, check_links },
  { WINDOWS_EPROCESS_PARENT_PID, check_number },
  { WINDOWS_EPROCESS_CREATE_TIME, check_time },
  { WINDOWS_EPROCESS_EXIT_TIME, check_time },
  { WINDOWS_EPROCESS_PEB, check_peb },
  { WINDOWS_EPROCESS_OBJECT_TABLE, check_object_table },
  { WINDOWS_EPROCESS_VAD_ROOT, check_vad_root },
  { WINDOWS_EPROCESS_AUDIT_NAME, check_audit_name },
  { WINDOWS_EPROCESS_SESSION, check_session },
  { WINDOWS_EPROCESS_ACTIVE_THREADS, check_threads },
  { WINDOWS_EPROCESS_WOW64, check_wow64 },
};

P2vWindowsField
p2v_windows_get_checked_field (gsize position)
{
  return position < G_N_ELEMENTS (checks) ? checks[position].field : WINDOWS_N_FIELDS;
}

int
p2v_windows_check (const P2vWindows       *self,
                   P2vVirtualMemory       *memory,
                   const P2vWindowsObject *object,
                   gsize                   position,
                   guint                   offset)
{
  Check check = { self, memory, object, offset };

  return checks[position].check (&check);
}
