/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the kernel's file says of its maker: the strings of its version resource, where it is still
 * in memory. */

#include "config.h"

#include <string.h>

#include "base/p2v-text.h"
#include "os/windows/p2v-windows-private.h"

/* Source: Microsoft PE format: the header's place, and directory 2 of an optional header, for 32
 * and 64 bits. */
#define PE_POINTER         0x3c
#define PE_POINTER_MAX     0x700
#define PE_RESOURCES_32    0x88
#define PE_RESOURCES_64    0x98

/* Kernels have few resources beside their messages. */
#define MAX_RESOURCE_BYTES ((gsize) 1 << 20)

/* A string is a name, a NUL, and at the next multiple of four bytes its value. Source: Microsoft,
 * String structure of version information. */
#define VALUE_ALIGNMENT    4
#define MAX_VALUE_UNITS    128

/* (transfer full) (nullable): the section of resources; pages that are not in memory are zeros. */
static guint8 *
read_resources (const P2vWindows *self,
                P2vVirtualMemory *memory,
                gsize            *ret_n_bytes)
{
  guint8 headers[P2V_FRAME_SIZE];

  if (self->kernel.va == 0 ||
      !p2v_virtual_memory_read (memory, self->kernel.va, headers, sizeof headers))
    return NULL;
  guint32 pe = p2v_windows_u32_at (headers, sizeof headers, PE_POINTER);
  if (pe > PE_POINTER_MAX)
    return NULL;
  pe += self->pointer_bytes == sizeof (guint64) ? PE_RESOURCES_64 : PE_RESOURCES_32;
  guint32 rva = p2v_windows_u32_at (headers, sizeof headers, pe);
  gsize n_bytes = p2v_windows_u32_at (headers, sizeof headers, pe + sizeof rva);
  if (rva == 0 || rva % P2V_FRAME_SIZE != 0 || rva >= self->kernel.size_bytes)
    return NULL;
  n_bytes = MIN (MIN (n_bytes, self->kernel.size_bytes - rva), MAX_RESOURCE_BYTES);
  guint8 *bytes = g_malloc0 (n_bytes);
  for (gsize at = 0; at < n_bytes; at += P2V_FRAME_SIZE)
    if (!p2v_virtual_memory_read (memory, self->kernel.va + rva + at, bytes + at,
                                  MIN (P2V_FRAME_SIZE, n_bytes - at)))
      memset (bytes + at, 0, MIN (P2V_FRAME_SIZE, n_bytes - at));
  *ret_n_bytes = n_bytes;
  return bytes;
}

static gunichar2
get_unit (const guint8 *bytes,
          gsize         at)
{
  return (gunichar2) (bytes[at] | bytes[at + 1] << 8);
}

/* Whether the text at @at is @name and a NUL. */
static gboolean
is_name (const guint8 *bytes,
         gsize         n_bytes,
         gsize         at,
         const char   *name)
{
  gsize n_units = strlen (name) + 1;

  if (n_bytes - at < n_units * sizeof (gunichar2))
    return FALSE;
  for (gsize i = 0; i < n_units; i++)
    if (get_unit (bytes, at + i * sizeof (gunichar2)) != (gunichar2) name[i])
      return FALSE;
  return TRUE;
}

static char *
dup_value (const guint8 *bytes,
           gsize         n_bytes,
           gsize         at)
{
  gunichar2 units[MAX_VALUE_UNITS];
  glong n_units = 0;

  for (; n_units < MAX_VALUE_UNITS && at + sizeof *units <= n_bytes; at += sizeof *units)
    {
      units[n_units] = get_unit (bytes, at);
      if (units[n_units] == 0)
        break;
      n_units++;
    }
  g_autofree char *utf8 = g_utf16_to_utf8 (units, n_units, NULL, NULL, NULL);
  return utf8 != NULL && *utf8 != '\0' ? p2v_text_escape (utf8, -1) : NULL;
}

static char *
dup_string (const guint8 *bytes,
            gsize         n_bytes,
            const char   *name)
{
  for (gsize at = 0; at + sizeof (gunichar2) <= n_bytes; at += sizeof (gunichar2))
    if (is_name (bytes, n_bytes, at, name))
      {
        at += (strlen (name) + 1) * sizeof (gunichar2) + VALUE_ALIGNMENT - 1;
        return dup_value (bytes, n_bytes, at - at % VALUE_ALIGNMENT);
      }
  return NULL;
}

void
p2v_windows_find_version (P2vWindows       *self,
                          P2vVirtualMemory *memory)
{
  gsize n_bytes = 0;
  g_autofree guint8 *bytes = read_resources (self, memory, &n_bytes);

  if (bytes == NULL)
    return;
  self->kernel.product_name = dup_string (bytes, n_bytes, "ProductName");
  self->kernel.file_version = dup_string (bytes, n_bytes, "FileVersion");
}
