/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The objects of processes (EPROCESS): reading one, and finding its address from its frame. */

#include "config.h"

#include <string.h>

#include "os/windows/p2v-windows-private.h"

/* Source: DISPATCHER_HEADER.Type of a process; the byte stands first in all versions. */
#define PROCESS_TYPE 3

/* ImageFileName has 15 characters and, in some versions, a NUL. Source: data/windows/offsets.csv,
 * the distance to the next field. */
#define NAME_BYTES   15

/* Process numbers are multiples of 4, as handles are, and small. */
#define GREATEST_PID ((guint64) 1 << 28)

guint64
p2v_windows_object_u64 (const P2vWindowsObject *object,
                        guint                   offset)
{
  return p2v_windows_u64_at (object->bytes, sizeof object->bytes, offset);
}

guint32
p2v_windows_object_u32 (const P2vWindowsObject *object,
                        guint                   offset)
{
  return p2v_windows_u32_at (object->bytes, sizeof object->bytes, offset);
}

P2vVirtAddr
p2v_windows_object_word (const P2vWindows       *self,
                         const P2vWindowsObject *object,
                         P2vWindowsField         field)
{
  if (!p2v_windows_has (self, field))
    return 0;
  return p2v_windows_pointer_at (self, object->bytes, sizeof object->bytes,
                                 self->layout.offsets[field]);
}

/* The rest of the object may lie in a page that is not there. */
static gsize
read_virtual (P2vVirtualMemory *memory,
              P2vVirtAddr       va,
              guint8           *bytes)
{
  gsize n_first = MIN (P2V_WINDOWS_OBJECT_BYTES, P2V_FRAME_SIZE - va % P2V_FRAME_SIZE);

  if (!p2v_virtual_memory_read (memory, va, bytes, n_first))
    return 0;
  if (n_first == P2V_WINDOWS_OBJECT_BYTES ||
      p2v_virtual_memory_read (memory, va + n_first, bytes + n_first,
                               P2V_WINDOWS_OBJECT_BYTES - n_first))
    return P2V_WINDOWS_OBJECT_BYTES;
  memset (bytes + n_first, 0, P2V_WINDOWS_OBJECT_BYTES - n_first);
  return n_first;
}

/* Without its address an object is read as if its frames followed each other: the pool keeps what
 * is smaller than a page within one. */
static gsize
read_physical (P2vImage    *image,
               P2vPhysAddr  pa,
               guint8      *bytes)
{
  gsize n_first = MIN (P2V_WINDOWS_OBJECT_BYTES, P2V_FRAME_SIZE - pa % P2V_FRAME_SIZE);

  if (p2v_image_read (image, pa, bytes, P2V_WINDOWS_OBJECT_BYTES, NULL) == P2V_READ_OK)
    return P2V_WINDOWS_OBJECT_BYTES;
  memset (bytes, 0, P2V_WINDOWS_OBJECT_BYTES);
  return p2v_image_read (image, pa, bytes, n_first, NULL) == P2V_READ_OK ? n_first : 0;
}

gboolean
p2v_windows_object_read (const P2vWindows *self,
                         P2vVirtualMemory *memory,
                         P2vVirtAddr       va,
                         P2vPhysAddr       pa,
                         P2vWindowsObject *ret_object)
{
  gsize n_read;

  if (va != 0 && !p2v_virtual_memory_translate (memory, va, &pa))
    return FALSE;
  n_read = va != 0 ? read_virtual (memory, va, ret_object->bytes)
                   : read_physical (self->image, pa, ret_object->bytes);
  if (n_read == 0 || ret_object->bytes[0] != PROCESS_TYPE)
    return FALSE;
  ret_object->pa = pa;
  ret_object->va = va;
  ret_object->root_pa =
    p2v_windows_root_of (self, p2v_windows_object_word (self, ret_object, WINDOWS_KPROCESS_DTB));
  return TRUE;
}

static gboolean
has_name (const P2vWindows       *self,
          const P2vWindowsObject *object)
{
  const guint8 *name = object->bytes + self->layout.offsets[WINDOWS_EPROCESS_NAME];
  gsize length = strnlen ((const char *) name, NAME_BYTES);

  for (gsize i = 0; i < length; i++)
    if (name[i] < ' ')
      return FALSE;
  return length > 0;
}

/* Whoever hides can change a name to anything, or wipe it, but needs page tables. */
gboolean
p2v_windows_object_is_process (const P2vWindows       *self,
                               const P2vWindowsObject *object)
{
  guint64 pid = p2v_windows_object_word (self, object, WINDOWS_EPROCESS_PID);
  guint self_index;

  return pid != 0 && pid < GREATEST_PID && pid % 4 == 0 &&
         (has_name (self, object) || p2v_windows_is_root (self, object->root_pa, &self_index));
}

/* Whether the list head at @offset leads back: it is empty, or its neighbour points to it. */
static P2vVirtAddr
find_va_by_list (const P2vWindows       *self,
                 P2vVirtualMemory       *memory,
                 const P2vWindowsObject *object,
                 guint                   offset)
{
  P2vVirtAddr next = p2v_windows_pointer_at (self, object->bytes, sizeof object->bytes, offset);
  P2vVirtAddr candidates[2] = { next, 0 };
  P2vPhysAddr pa;

  if (!p2v_windows_is_kernel_va (self, next))
    return 0;
  if (!p2v_windows_read_pointer (self, memory, next + self->pointer_bytes, &candidates[1]))
    return 0;
  for (gsize i = 0; i < G_N_ELEMENTS (candidates); i++)
    if (((candidates[i] - offset - object->pa) % P2V_FRAME_SIZE) == 0 &&
        p2v_virtual_memory_translate (memory, candidates[i] - offset, &pa) && pa == object->pa)
      return candidates[i] - offset;
  return 0;
}

P2vVirtAddr
p2v_windows_object_find_va (const P2vWindows       *self,
                            P2vVirtualMemory       *memory,
                            const P2vWindowsObject *object)
{
  /* Every object has list heads near its start: who waits for it, its threads, its neighbours.
   * Source: data/windows/offsets.csv, _KPROCESS and _EPROCESS. */
  const guint end = self->layout.offsets[WINDOWS_EPROCESS_NAME];

  for (guint offset = self->pointer_bytes; offset < end; offset += self->pointer_bytes)
    {
      P2vVirtAddr va = find_va_by_list (self, memory, object, offset);
      if (va != 0)
        return va;
    }
  return 0;
}
