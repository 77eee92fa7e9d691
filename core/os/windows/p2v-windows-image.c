/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The kernel's file as it lies in memory, its identity, and the data it keeps for a debugger. */

#include "config.h"

#include <string.h>

#include "base/p2v-reader.h"
#include "base/p2v-text.h"
#include "image/p2v-image-private.h"
#include "os/windows/p2v-windows-private.h"

/* Source: Microsoft PE format, MS-DOS stub, COFF header, optional header. */
#define PE_POINTER          0x3c
#define PE_POINTER_MAX      0x700
#define PE_TIMESTAMP        0x08
#define PE_SIZE_OF_IMAGE    0x50
#define PE_DEBUG_32         0xa8  /* directory 6 of an optional header for 32 bits */
#define PE_DEBUG_64         0xb8
#define DEBUG_ENTRY_BYTES   28
#define DEBUG_TYPE          0x0c
#define DEBUG_SIZE          0x10
#define DEBUG_ADDRESS       0x14
#define DEBUG_CODEVIEW      2
#define CODEVIEW_SIGNATURE  ((guint32) 0x53445352) /* Source: ibidem, "RSDS" */
#define CODEVIEW_NAME       0x18
#define MAX_DEBUG_ENTRIES   16

/* Kernels have up to 0x145b000 bytes. Source: data/windows/README.md, "kernels". */
#define MAX_IMAGE_BYTES     ((guint32) 64 << 20)

/* KDDEBUGGER_DATA64. Source: data/windows/README.md, "debugger data". */
#define DEBUGGER_TAG        0x10
#define DEBUGGER_SIZE       0x14
#define DEBUGGER_BASE       0x18
#define DEBUGGER_SIGNATURE  ((guint32) 0x4742444b) /* Source: ibidem, "KDBG" */
#define DEBUGGER_PAGED_POOL 0x120
#define DEBUGGER_MIN_BYTES  0x200
#define DEBUGGER_MAX_BYTES  0x1000

/* What is read of the kernel at a time. */
#define CHUNK_BYTES         P2V_FRAME_SIZE

static gboolean
read_headers (P2vVirtualMemory *memory,
              P2vVirtAddr       va,
              guint8           *bytes)
{
  guint32 signature, pe;

  if (!p2v_virtual_memory_read (memory, va, bytes, P2V_FRAME_SIZE) || memcmp (bytes, "MZ", 2) != 0)
    return FALSE;
  pe = p2v_windows_u32_at (bytes, P2V_FRAME_SIZE, PE_POINTER);
  if (pe > PE_POINTER_MAX)
    return FALSE;
  signature = p2v_windows_u32_at (bytes, P2V_FRAME_SIZE, pe);
  return signature == 0x00004550; /* Source: ibidem, "PE" and two NULs */
}

/* The kernel holds the head of its list of processes: its file begins below. Pages between may be
 * missing. */
static gboolean
find_base (P2vWindows       *self,
           P2vVirtualMemory *memory,
           P2vVirtAddr       va,
           guint8           *headers)
{
  va &= ~(P2V_FRAME_SIZE - 1);
  for (guint32 back = 0; back < MAX_IMAGE_BYTES; back += P2V_FRAME_SIZE)
    {
      if (!p2v_windows_is_kernel_va (self, va - back) || !read_headers (memory, va - back, headers))
        continue;
      guint32 pe = p2v_windows_u32_at (headers, P2V_FRAME_SIZE, PE_POINTER);
      guint32 size = p2v_windows_u32_at (headers, P2V_FRAME_SIZE, pe + PE_SIZE_OF_IMAGE);
      if (size <= back || size > MAX_IMAGE_BYTES)
        continue;
      self->kernel.va = va - back;
      self->kernel.size_bytes = size;
      self->kernel.timestamp = p2v_windows_u32_at (headers, P2V_FRAME_SIZE, pe + PE_TIMESTAMP);
      return TRUE;
    }
  return FALSE;
}

/* As symbol servers name it: the identifier's first three numbers, its other bytes, the age. */
static char *
dup_guid (const guint8 *record,
          guint32       age)
{
  g_autoptr (GString) text = g_string_new (NULL);
  static const guint8 order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

  for (gsize i = 0; i < sizeof order; i++)
    g_string_append_printf (text, "%02X", record[4 + order[i]]);
  g_string_append_printf (text, "%X", age);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
read_codeview (P2vWindows       *self,
               P2vVirtualMemory *memory,
               P2vVirtAddr       va)
{
  guint8 record[CODEVIEW_NAME];
  g_autoptr (GString) name = g_string_new (NULL);

  if (!p2v_virtual_memory_read (memory, va, record, sizeof record) ||
      p2v_windows_u32_at (record, sizeof record, 0) != CODEVIEW_SIGNATURE)
    return FALSE;
  p2v_virtual_memory_append_string (memory, va + CODEVIEW_NAME, 64, name);
  self->kernel.pdb_name = p2v_text_escape (name->str, (gssize) name->len);
  self->kernel.pdb_guid = dup_guid (record, p2v_windows_u32_at (record, sizeof record, 0x14));
  return TRUE;
}

/* The debug directory names the file of symbols; it may be paged out. */
static void
find_codeview (P2vWindows       *self,
               P2vVirtualMemory *memory,
               const guint8     *headers)
{
  guint32 pe = p2v_windows_u32_at (headers, P2V_FRAME_SIZE, PE_POINTER);
  guint directory = self->pointer_bytes == sizeof (guint64) ? PE_DEBUG_64 : PE_DEBUG_32;
  guint32 rva = p2v_windows_u32_at (headers, P2V_FRAME_SIZE, pe + directory);
  guint32 n = p2v_windows_u32_at (headers, P2V_FRAME_SIZE, pe + directory + 4) / DEBUG_ENTRY_BYTES;

  if (rva >= self->kernel.size_bytes)
    return;
  for (guint i = 0; i < MIN (n, MAX_DEBUG_ENTRIES); i++)
    {
      guint8 entry[DEBUG_ENTRY_BYTES];
      if (!p2v_virtual_memory_read (memory, self->kernel.va + rva + i * sizeof entry, entry,
                                    sizeof entry))
        return;
      if (p2v_windows_u32_at (entry, sizeof entry, DEBUG_TYPE) == DEBUG_CODEVIEW &&
          read_codeview (self, memory,
                         self->kernel.va + p2v_windows_u32_at (entry, sizeof entry, DEBUG_ADDRESS)))
        return;
    }
}

/* The debugger's data is stored encoded while no debugger is attached: each word is
 *
 *   encoded = ror (swap (plain ^ always) ^ address, never % 64) ^ never
 *
 * with three secrets that are the same for all words. Of two words the secrets fall out, but for
 * the rotation:
 *
 *   plain_a ^ plain_b = swap (rol (encoded_a ^ encoded_b, rotation))
 *
 * The words of the tag and of the kernel's base are known, so of 64 rotations the right one shows
 * itself, and then all other words follow from the base. Source of the encoding:
 * data/windows/README.md, "debugger data". */
static guint64
decode_difference (guint64 difference,
                   guint   rotation)
{
  if (rotation != 0)
    difference = difference << rotation | difference >> (64 - rotation);
  return GUINT64_SWAP_LE_BE (difference);
}

#define NOT_ENCODED 64

static gboolean
is_tag (guint64 word)
{
  guint32 size = (guint32) (word >> 32);

  return (guint32) word == DEBUGGER_SIGNATURE && size >= DEBUGGER_MIN_BYTES &&
         size < DEBUGGER_MAX_BYTES;
}

/* Whether the words @tag and @base are those of the debugger's data; @ret_rotation is NOT_ENCODED
 * if they are plain. */
static gboolean
find_rotation (const P2vWindows *self,
               guint64           tag,
               guint64           base,
               guint            *ret_rotation,
               guint32          *ret_size)
{
  *ret_rotation = NOT_ENCODED;
  if (is_tag (tag) && base == self->kernel.va)
    {
      *ret_size = (guint32) (tag >> 32);
      return TRUE;
    }
  if (self->pointer_bytes != sizeof (guint64) || tag == base)
    return FALSE;
  for (guint rotation = 0; rotation < NOT_ENCODED; rotation++)
    {
      guint64 word = decode_difference (tag ^ base, rotation) ^ self->kernel.va;
      if (!is_tag (word))
        continue;
      *ret_rotation = rotation;
      *ret_size = (guint32) (word >> 32);
      return TRUE;
    }
  return FALSE;
}

static void
take_debugger_data (P2vWindows       *self,
                    P2vVirtualMemory *memory,
                    P2vVirtAddr       va,
                    guint             rotation,
                    guint32           size)
{
  g_autofree guint64 *words = g_new0 (guint64, size / sizeof (guint64) + 1);

  if (!p2v_virtual_memory_read (memory, va, words, size))
    return;
  guint64 base = GUINT64_FROM_LE (words[DEBUGGER_BASE / sizeof *words]);
  for (gsize i = 0; i < size / sizeof *words; i++)
    if (rotation != NOT_ENCODED)
      words[i] = GUINT64_TO_LE (decode_difference (GUINT64_FROM_LE (words[i]) ^ base, rotation) ^
                                self->kernel.va);
  self->debugger_data = g_bytes_new (words, size);
  self->debugger_data_encoded = rotation != NOT_ENCODED;
}

static gboolean
search_page (P2vWindows       *self,
             P2vVirtualMemory *memory,
             P2vVirtAddr       va,
             const guint8     *bytes,
             gsize             n_bytes)
{
  guint64 tag, base = p2v_windows_u64_at (bytes, n_bytes, 0);
  guint rotation;
  guint32 size;

  for (guint i = 0; i + 2 * sizeof tag <= n_bytes; i += sizeof tag)
    {
      tag = base;
      base = p2v_windows_u64_at (bytes, n_bytes, i + sizeof tag);
      if (tag == 0 || !find_rotation (self, tag, base, &rotation, &size))
        continue;
      take_debugger_data (self, memory, va + i - DEBUGGER_TAG, rotation, size);
      if (self->debugger_data != NULL)
        return TRUE;
    }
  return FALSE;
}

static void
find_debugger_data (P2vWindows       *self,
                    P2vVirtualMemory *memory)
{
  guint8 bytes[CHUNK_BYTES + sizeof (guint64)];

  for (guint32 offset = 0; offset < self->kernel.size_bytes; offset += CHUNK_BYTES)
    {
      P2vVirtAddr va = self->kernel.va + offset;
      gsize n_bytes = sizeof bytes;
      if (!p2v_virtual_memory_read (memory, va, bytes, n_bytes))
        n_bytes = CHUNK_BYTES;
      if (n_bytes == CHUNK_BYTES && !p2v_virtual_memory_read (memory, va, bytes, n_bytes))
        continue;
      if (search_page (self, memory, va, bytes, n_bytes))
        return;
    }
}

/* The header of a dump says where the data is; they must say so themselves. */
static gboolean
find_hinted_data (P2vWindows       *self,
                  P2vVirtualMemory *memory)
{
  P2vVirtAddr va = p2v_image_get_hints (self->image)->windows.debugger_data_va;
  guint8 bytes[2 * sizeof (guint64)];

  return p2v_windows_is_kernel_va (self, va) &&
         p2v_virtual_memory_read (memory, va + DEBUGGER_TAG, bytes, sizeof bytes) &&
         search_page (self, memory, va + DEBUGGER_TAG, bytes, sizeof bytes);
}

/* The variable that holds the start of the paged pool; a page's boundary of the kernel's half. */
static void
find_paged_pool (P2vWindows       *self,
                 P2vVirtualMemory *memory)
{
  P2vVirtAddr variable = p2v_windows_debugger_word (self, DEBUGGER_PAGED_POOL), va;

  if (p2v_windows_is_kernel_va (self, variable) &&
      p2v_windows_read_pointer (self, memory, variable, &va) &&
      p2v_windows_is_kernel_va (self, va) && va % P2V_FRAME_SIZE == 0)
    self->paged_pool_va = va;
}

void
p2v_windows_find_image (P2vWindows       *self,
                        P2vVirtualMemory *memory)
{
  const P2vWindowsHints *hints = &p2v_image_get_hints (self->image)->windows;
  /* All of them are variables of the kernel's image. */
  const P2vVirtAddr inside[] = { self->list_head_va, self->inside_va, hints->active_processes_va,
                                 hints->loaded_modules_va, hints->debugger_data_va };
  guint8 headers[P2V_FRAME_SIZE];

  for (gsize i = 0; i < G_N_ELEMENTS (inside); i++)
    if (inside[i] != 0 && find_base (self, memory, inside[i], headers))
      {
        find_codeview (self, memory, headers);
        p2v_windows_find_version (self, memory);
        if (!find_hinted_data (self, memory))
          find_debugger_data (self, memory);
        find_paged_pool (self, memory);
        return;
      }
}

P2vVirtAddr
p2v_windows_debugger_word (const P2vWindows *self,
                           guint             offset)
{
  gsize n_bytes = 0;
  const guint8 *bytes =
    self->debugger_data != NULL ? g_bytes_get_data (self->debugger_data, &n_bytes) : NULL;

  return p2v_windows_pointer_at (self, bytes, n_bytes, offset);
}

void
p2v_windows_kernel_image_clear (P2vWindowsKernelImage *self)
{
  g_clear_pointer (&self->pdb_name, g_free);
  g_clear_pointer (&self->pdb_guid, g_free);
  g_clear_pointer (&self->product_name, g_free);
  g_clear_pointer (&self->file_version, g_free);
}
