/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Source for the layout of notes: System V ABI, edition 4.1, chapter 5; elf(5). */

#include "config.h"

#include "image/p2v-elf-notes.h"

#include "base/p2v-checked.h"
#include "base/p2v-limits.h"
#include "base/p2v-reader.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

/* Source: System V ABI, AMD64 and i386 supplements: e_machine. */
#define EM_386        3
#define EM_X86_64     62
/* Source: elf(5): Elf32_Nhdr and Elf64_Nhdr are the same three words. */
#define NOTE_HEADER_BYTES 12

/* Source: QEMU target/i386/arch_dump.c, struct QEMUCPUState (version 1): u32 version, u32 size, 16
 * registers, rip and rflags of 8 bytes, 10 segments of 24 bytes, cr[5]; the same for both ELF
 * classes. */
#define QEMU_STATE_VERSION 1
#define QEMU_STATE_SIZE_AT 4
#define QEMU_STATE_CR3_AT  0x1a0
/* Source: VirtualBox include/VBox/vmm/dbgfcorefmt.h, DBGFCORECPU::cr3; note types in
 * DBGFCoreWrite.cpp. */
#define VBOX_CPU_TYPE      0xb01
#define VBOX_CPU_CR3_AT    0x130

typedef struct
{
  guint32 n_name;
  guint32 n_description;
  guint32 type;
} NoteHeader;

static void
add_root_at (P2vElfNotes     *self,
             const P2vReader *description,
             guint64          at)
{
  P2vPhysAddr root;
  if (p2v_reader_get_u64 (description, at, &root))
    g_array_append_val (self->builder->hints.page_table_roots, root);
}

/* The state is an x86 one only in an x86 file, and the size field must cover what we take from it.
 */
static void
take_qemu_state (P2vElfNotes     *self,
                 const P2vReader *description)
{
  guint32 version, size;

  if (self->machine != EM_X86_64 && self->machine != EM_386)
    return;
  if (p2v_reader_get_u32 (description, 0, &version) && version == QEMU_STATE_VERSION
      && p2v_reader_get_u32 (description, QEMU_STATE_SIZE_AT, &size)
      && size >= QEMU_STATE_CR3_AT + sizeof (P2vPhysAddr))
    add_root_at (self, description, QEMU_STATE_CR3_AT);
}

/* QEMU counts the NUL in n_namesz, VirtualBox does not (DBGFCoreWrite.cpp, "a discrepancy between
 * ELF-64 and Solaris"). */
static gboolean
name_is (const guint8 *name,
         gsize         n_name,
         const char   *expected)
{
  while (n_name > 0 && name[n_name - 1] == 0)
    n_name--;
  return n_name == strlen (expected) && memcmp (name, expected, n_name) == 0;
}

static void
take_note (P2vElfNotes     *self,
           const guint8    *name,
           gsize            n_name,
           guint32          type,
           const P2vReader *description)
{
  P2vImageHints *hints = &self->builder->hints;

  if (name_is (name, n_name, "QEMU") && type == 0)
    take_qemu_state (self, description);
  else if (name_is (name, n_name, "VBCPU") && type == VBOX_CPU_TYPE)
    add_root_at (self, description, VBOX_CPU_CR3_AT);
  else if (name_is (name, n_name, "VMCOREINFO") && hints->vmcoreinfo == NULL)
    hints->vmcoreinfo = g_bytes_new (description->bytes, description->length);
}

static guint64
align_up (guint64 value,
          guint64 alignment)
{
  return (value + alignment - 1) / alignment * alignment;
}

static void
count_damaged_note (P2vElfNotes *self,
                    guint64      file_offset)
{
  if (self->n_damaged++ == 0)
    self->first_damaged_offset = file_offset;
}

/* FALSE where the rest is too short for a header: padding. */
static gboolean
read_note_header (const P2vReader *reader,
                  guint64          at,
                  NoteHeader      *ret_header)
{
  return p2v_reader_get_u32 (reader, at, &ret_header->n_name)
         && p2v_reader_get_u32 (reader, at + 4, &ret_header->n_description)
         && p2v_reader_get_u32 (reader, at + 8, &ret_header->type);
}

/* The sums cannot wrap: a length of at most 64 MiB and two 32-bit sizes. */
void
p2v_elf_notes_take (P2vElfNotes  *self,
                    const guint8 *bytes,
                    gsize         length_bytes,
                    guint64       segment_alignment,
                    guint64       segment_offset)
{
  /* Notes are aligned to 4 bytes in both classes, unless the segment says 8. Source: binutils
   * readelf, process_notes_at; System V ABI, "Note Section". */
  guint64 alignment = segment_alignment == 8 ? 8 : 4;
  P2vReader reader = p2v_reader_le (bytes, length_bytes);
  NoteHeader header;

  for (guint64 at = 0; read_note_header (&reader, at, &header);)
    {
      guint64 description_at = align_up (at + NOTE_HEADER_BYTES + header.n_name, alignment);
      if (!p2v_span_fits (description_at, header.n_description, length_bytes))
        {
          count_damaged_note (self, segment_offset + at);
          return;
        }
      P2vReader description = p2v_reader_le (bytes + description_at, header.n_description);
      take_note (self, bytes + at + NOTE_HEADER_BYTES, header.n_name, header.type, &description);
      at = align_up (description_at + header.n_description, alignment);
    }
}

gboolean
p2v_elf_notes_read (P2vElfNotes *self,
                    guint64      segment_offset,
                    guint64      length_bytes,
                    guint64      segment_alignment,
                    GError     **error)
{
  P2vFile *file = self->builder->file;
  if (!p2v_span_fits (segment_offset, length_bytes, p2v_file_get_size (file))
      || length_bytes > P2V_LIMIT_NOTES_BYTES - self->n_bytes)
    {
      count_damaged_note (self, segment_offset);
      return TRUE;
    }

  self->n_bytes += length_bytes;
  g_autofree guint8 *bytes = g_try_malloc (length_bytes);
  if (bytes == NULL)
    return TRUE;
  if (!p2v_file_read (file, segment_offset, bytes, length_bytes, error))
    return FALSE;
  p2v_elf_notes_take (self, bytes, length_bytes, segment_alignment, segment_offset);
  return TRUE;
}

void
p2v_elf_notes_diagnose (const P2vElfNotes *self)
{
  if (self->n_damaged == 0)
    return;
  g_ptr_array_add (
      self->builder->diagnostics,
      g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                    "“%s” has %" PRIu64
                                    " ELF note that is damaged or incomplete, "
                                    "at offset 0x%" PRIx64 "; it is not used",
                                    "“%s” has %" PRIu64
                                    " ELF notes that are damaged or incomplete, "
                                    "the first at offset 0x%" PRIx64 "; they are not used",
                                    (gulong) self->n_damaged),
                       p2v_file_get_display_name (self->builder->file), self->n_damaged,
                       self->first_damaged_offset));
}
