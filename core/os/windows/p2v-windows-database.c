/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The PFN database: a record of each frame. Where it is, and what a record says. */

#include "config.h"

#include "image/p2v-image-private.h"
#include "os/windows/p2v-windows-private.h"

/* Where the database is in the debugger's data, and where it always was until 10586. Source:
 * data/windows/README.md, "frames". */
#define DEBUGGER_PFN_DATABASE 0xc0
#define OLD_DATABASE_VA       ((P2vVirtAddr) 0xfffffa8000000000)
#define DATABASE_ALIGNMENT    ((guint64) 1 << 32)

/* The lists a frame can be on. Source: ibidem; before Vista the number stands 8 bits higher, and a
 * bit beside it says that the entry is a prototype. */
#define BUILD_OF_VISTA        6000
#define LOCATION_MASK         7
#define OLD_LOCATION_SHIFT    8
#define OLD_PROTOTYPE_BIT     3

/* Frame numbers have at least 36 bits on 64-bit machines and 24 on others, whatever stands above
 * them. Source: ibidem. */
#define FRAME_MASK_64         (((guint64) 1 << 36) - 1)
#define FRAME_MASK_32         (((guint64) 1 << 24) - 1)

/* The largest record that is looked for. Published kernels have at most 0x30 (data/windows/
 * offsets.csv, _MMPFN); those of others add to it. */
#define MAX_RECORD_BYTES      0x80

gboolean
p2v_windows_read_record (const P2vWindows *kernel,
                         P2vVirtualMemory *memory,
                         P2vVirtAddr       database_va,
                         guint64           frame,
                         P2vWindowsRecord *ret_record)
{
  const guint16 *offsets = kernel->layout.offsets;
  gsize size = offsets[WINDOWS_PFN_SIZE];
  gboolean is_64 = kernel->pointer_bytes == sizeof (guint64);
  guint8 bytes[MAX_RECORD_BYTES];

  if (size > sizeof bytes || !p2v_windows_has (kernel, WINDOWS_PFN_FRAME) ||
      !p2v_windows_has (kernel, WINDOWS_PFN_FLAGS))
    return FALSE;
  ret_record->va = database_va + frame * size;
  if (!p2v_virtual_memory_read (memory, ret_record->va, bytes, size))
    return FALSE;
  guint32 flags = p2v_windows_u32_at (bytes, sizeof bytes, offsets[WINDOWS_PFN_FLAGS]);
  guint64 word = p2v_windows_pointer_at (kernel, bytes, size, offsets[WINDOWS_PFN_FRAME]);
  gboolean is_old = kernel->build < BUILD_OF_VISTA;
  ret_record->location = (is_old ? flags >> OLD_LOCATION_SHIFT : flags) & LOCATION_MASK;
  ret_record->is_prototype = is_old ? flags >> OLD_PROTOTYPE_BIT & 1
                                    : word >> (offsets[WINDOWS_PFN_PROTOTYPE_BIT] & 63) & 1;
  ret_record->table_frame = word & (is_64 ? FRAME_MASK_64 : FRAME_MASK_32);
  /* The low bits of the address are a lock and a note. */
  ret_record->pte_va =
    p2v_windows_pointer_at (kernel, bytes, size, offsets[WINDOWS_PFN_PTE_ADDRESS]) &
    ~(P2vVirtAddr) (kernel->tables.form->entry_bytes - 1);
  ret_record->original =
    kernel->tables.form->entry_bytes == sizeof (guint64)
      ? p2v_windows_u64_at (bytes, size, offsets[WINDOWS_PFN_ORIGINAL_PTE])
      : p2v_windows_u32_at (bytes, size, offsets[WINDOWS_PFN_ORIGINAL_PTE]);
  return TRUE;
}

/* The root's own entry is that which maps it: so the database proves itself. Of PAE the root is no
 * frame; there the fourth directory is asked. */
static gboolean
is_database (const P2vWindows *kernel,
             P2vVirtualMemory *memory,
             P2vVirtAddr       va)
{
  guint64 frame = kernel->root_pa >> P2V_FRAME_SHIFT, entries[4];
  guint index = kernel->self_index;
  P2vWindowsRecord record;

  if (va == 0 || !p2v_windows_is_kernel_va (kernel, va))
    return FALSE;
  if (kernel->kind == P2V_WINDOWS_PAE)
    {
      if (!p2v_windows_read_entries (kernel, kernel->root_pa, 0, 4, entries))
        return FALSE;
      frame = (entries[3] & kernel->tables.pa_mask) >> P2V_FRAME_SHIFT;
    }
  return p2v_windows_read_record (kernel, memory, va, frame, &record) &&
         record.table_frame == frame &&
         record.pte_va % P2V_FRAME_SIZE / kernel->tables.form->entry_bytes == index &&
         record.location == WINDOWS_LOCATION_ACTIVE;
}

/* The database begins at a multiple of 4 GiB, somewhere in the kernel's half. */
static P2vVirtAddr
search_database (const P2vWindows *kernel,
                 P2vVirtualMemory *memory)
{
  guint shift = kernel->tables.form->levels[0].shift;
  guint64 entries[P2V_WINDOWS_MAX_HALF];
  guint n;

  if (kernel->pointer_bytes != sizeof (guint64) || kernel->tables.form->n_levels != 4 ||
      !p2v_windows_read_half (kernel, kernel->root_pa, TRUE, entries, &n))
    return 0;
  for (guint i = 0; i < n; i++)
    for (guint64 offset = 0; entries[i] != 0 && offset < (guint64) 1 << shift;
         offset += DATABASE_ALIGNMENT)
      {
        P2vVirtAddr va = G_MAXUINT64 << kernel->tables.form->va_bits |
                         (guint64) (kernel->n_root_entries / 2 + i) << shift | offset;
        if (is_database (kernel, memory, va))
          return va;
      }
  return 0;
}

/* MmPfnDatabase is a variable of the kernel's image: a pointer to a page that is the database. */
static P2vVirtAddr
search_variable (const P2vWindows *kernel,
                 P2vVirtualMemory *memory)
{
  guint8 bytes[P2V_FRAME_SIZE];

  for (guint32 at = 0; at < kernel->kernel.size_bytes; at += sizeof bytes)
    {
      if (!p2v_virtual_memory_read (memory, kernel->kernel.va + at, bytes, sizeof bytes))
        continue;
      for (guint i = 0; i < sizeof bytes; i += kernel->pointer_bytes)
        {
          P2vVirtAddr va = p2v_windows_pointer_at (kernel, bytes, sizeof bytes, i);
          if (va % P2V_FRAME_SIZE == 0 && is_database (kernel, memory, va))
            return va;
        }
    }
  return 0;
}

guint64
p2v_windows_get_database_bytes (const P2vWindows *kernel)
{
  guint64 n_bytes =
    ((kernel->end_pa >> P2V_FRAME_SHIFT) + 1) * kernel->layout.offsets[WINDOWS_PFN_SIZE];

  return (n_bytes + P2V_FRAME_SIZE - 1) & ~(P2V_FRAME_SIZE - 1);
}

/* The places where kernels say that the database is, and where it was before they chose one. */
static P2vVirtAddr
find_said_database (const P2vWindows *kernel,
                    P2vVirtualMemory *memory)
{
  P2vVirtAddr variable = p2v_windows_debugger_word (kernel, DEBUGGER_PFN_DATABASE);
  P2vVirtAddr candidates[] = { 0, p2v_image_get_hints (kernel->image)->windows.pfn_database_va,
                               OLD_DATABASE_VA };

  if (!p2v_windows_is_kernel_va (kernel, variable) ||
      !p2v_windows_read_pointer (kernel, memory, variable, &candidates[0]))
    candidates[0] = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (candidates); i++)
    if (is_database (kernel, memory, candidates[i]))
      return candidates[i];
  return 0;
}

/* A kernel that has more in its records than any published one: the root's record is only where its
 * frame's number times the right size is. */
static P2vVirtAddr
infer_record_size (P2vWindows       *self,
                   P2vVirtualMemory *memory)
{
  guint16 *size = &self->layout.offsets[WINDOWS_PFN_SIZE];
  const guint16 published = *size;

  if (!p2v_windows_has (self, WINDOWS_PFN_FRAME))
    return 0;
  for (guint bytes = self->layout.offsets[WINDOWS_PFN_FRAME] + self->pointer_bytes;
       bytes <= MAX_RECORD_BYTES; bytes += self->pointer_bytes)
    {
      *size = (guint16) bytes;
      P2vVirtAddr va = find_said_database (self, memory);
      if (va == 0)
        continue;
      self->sources[WINDOWS_PFN_SIZE] = P2V_WINDOWS_INFERRED;
      return va;
    }
  *size = published;
  return 0;
}

void
p2v_windows_find_database (P2vWindows       *self,
                           P2vVirtualMemory *memory)
{
  self->database_va = find_said_database (self, memory);
  if (self->database_va == 0)
    self->database_va = infer_record_size (self, memory);
  if (self->database_va == 0)
    self->database_va = search_variable (self, memory);
  if (self->database_va == 0)
    self->database_va = search_database (self, memory);
}
