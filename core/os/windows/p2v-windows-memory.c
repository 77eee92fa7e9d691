/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Words and strings of the size the kernel uses. */

#include "config.h"

#include "base/p2v-limits.h"
#include "base/p2v-reader.h"
#include "base/p2v-text.h"
#include "os/windows/p2v-windows-private.h"

gboolean
p2v_windows_is_kernel_va (const P2vWindows *self,
                          P2vVirtAddr       va)
{
  if (self->pointer_bytes == sizeof (guint32))
    return va >= self->user_end && va <= G_MAXUINT32;
  return va >> (self->tables.form->va_bits - 1) == G_MAXUINT64 >> (self->tables.form->va_bits - 1);
}

guint32
p2v_windows_u32_at (const guint8 *bytes,
                    gsize         n_bytes,
                    guint         offset)
{
  P2vReader reader = p2v_reader_le (bytes, n_bytes);
  guint32 value;

  return p2v_reader_get_u32 (&reader, offset, &value) ? value : 0;
}

guint64
p2v_windows_u64_at (const guint8 *bytes,
                    gsize         n_bytes,
                    guint         offset)
{
  P2vReader reader = p2v_reader_le (bytes, n_bytes);
  guint64 value;

  return p2v_reader_get_u64 (&reader, offset, &value) ? value : 0;
}

P2vVirtAddr
p2v_windows_pointer_at (const P2vWindows *self,
                        const guint8     *bytes,
                        gsize             n_bytes,
                        guint             offset)
{
  return self->pointer_bytes == sizeof (guint32) ? p2v_windows_u32_at (bytes, n_bytes, offset)
                                                 : p2v_windows_u64_at (bytes, n_bytes, offset);
}

gboolean
p2v_windows_read_pointer (const P2vWindows *self,
                          P2vVirtualMemory *memory,
                          P2vVirtAddr       va,
                          P2vVirtAddr      *ret_value)
{
  guint8 bytes[sizeof (guint64)];

  if (!p2v_virtual_memory_read (memory, va, bytes, self->pointer_bytes))
    return FALSE;
  *ret_value = p2v_windows_pointer_at (self, bytes, self->pointer_bytes, 0);
  return TRUE;
}

gboolean
p2v_windows_read_field (const P2vWindows *self,
                        P2vVirtualMemory *memory,
                        P2vVirtAddr       object_va,
                        P2vWindowsField   field,
                        P2vVirtAddr      *ret_value)
{
  return p2v_windows_has (self, field) &&
         p2v_windows_read_pointer (self, memory, p2v_windows_field_va (self, object_va, field),
                                   ret_value);
}

/* Backslashes are what paths are made of here, and stay single; all else is escaped as usual. */
static char *
escape_path (const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "\\", -1);

  for (char **part = parts; *part != NULL; part++)
    {
      char *escaped = p2v_text_escape (*part, -1);
      g_free (*part);
      *part = escaped;
    }
  return g_strjoinv ("\\", parts);
}

/* Source: UNICODE_STRING of the public Windows headers: Length, MaximumLength, then the pointer at
 * its own alignment. */
char *
p2v_windows_dup_string (const P2vWindows *self,
                        P2vVirtualMemory *memory,
                        P2vVirtAddr       va)
{
  guint32 lengths;
  P2vVirtAddr text_va;

  if (!p2v_virtual_memory_read_u32 (memory, va, &lengths) ||
      !p2v_windows_read_pointer (self, memory, va + self->pointer_bytes, &text_va))
    return NULL;
  guint length = lengths & G_MAXUINT16;
  if (length == 0 || length % sizeof (gunichar2) != 0 || length > lengths >> 16 ||
      length > P2V_LIMIT_PATH_BYTES)
    return NULL;
  g_autofree gunichar2 *text = g_malloc0 (length);
  if (!p2v_virtual_memory_read (memory, text_va, text, length))
    return NULL;
  for (guint i = 0; i < length / sizeof (gunichar2); i++)
    text[i] = GUINT16_FROM_LE (text[i]);
  g_autofree char *utf8 = g_utf16_to_utf8 (text, length / sizeof (gunichar2), NULL, NULL, NULL);
  return utf8 != NULL ? escape_path (utf8) : NULL;
}
