/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* ELF core files of machines, 32- and 64-bit: QEMU's dump-guest-memory (with and without paging),
 * libvirt's dump --memory-only, VirtualBox's dumpvmcore, a kernel's vmcore.
 *
 * Each PT_LOAD says where physical memory [p_paddr, p_paddr + p_filesz) stands in the file. With
 * paging, QEMU writes one PT_LOAD for each run of *virtual* addresses, so that the same memory is
 * named many times; all of them agree, and the image merges them. p_memsz beyond p_filesz is a
 * hole: what VirtualBox does for device memory.
 *
 * Notes are hints only: damage in them is a diagnostic and never keeps the memory from being read
 * (image/p2v-elf-notes.c).
 *
 * Source for all layouts: System V ABI, edition 4.1, chapters 4 and 5 and its 64-bit draft; elf(5).
 */

#include "config.h"

#include "image/p2v-elf-notes.h"
#include "image/p2v-image-private.h"

#include "base/p2v-checked.h"
#include "base/p2v-limits.h"
#include "base/p2v-reader.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

/* Source: elf(5): EI_CLASS, EI_DATA, ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, ET_CORE. */
#define EI_CLASS      4
#define EI_DATA       5
#define EI_NIDENT     16
#define ELFCLASS32    1
#define ELFCLASS64    2
#define ELFDATA2LSB   1
#define ELFDATA2MSB   2
#define ET_CORE       4
#define E_TYPE_AT     16
#define E_MACHINE_AT  18
/* Source: elf(5): PT_LOAD, PT_NOTE, PN_XNUM (the count is in sh_info of section header 0). */
#define PT_LOAD       1
#define PT_NOTE       4
#define PN_XNUM       0xffff
/* How many program headers are read at once. */
#define SEGMENTS_AT_ONCE 1024

/* Where the fields stand: the two classes have the same ones in another order. */
typedef struct
{
  gboolean is_64;
  guint8   header_bytes;
  guint8   e_phoff_at;
  guint8   e_shoff_at;
  guint8   e_phentsize_at;
  guint8   e_phnum_at;
  guint8   e_shentsize_at;
  guint8   segment_bytes;
  guint8   p_offset_at;
  guint8   p_vaddr_at;
  guint8   p_paddr_at;
  guint8   p_filesz_at;
  guint8   p_align_at;
  guint8   section_bytes;
  guint8   sh_info_at;
} ElfLayout;

/* Source: elf(5), Elf32_Ehdr, Elf32_Phdr, Elf32_Shdr. */
static const ElfLayout layout_32 = {
  FALSE, 52, 28, 32, 42, 44, 46, 32, 4, 8, 12, 16, 28, 40, 28,
};
/* Source: elf(5), Elf64_Ehdr, Elf64_Phdr, Elf64_Shdr. */
static const ElfLayout layout_64 = {
  TRUE, 64, 32, 40, 54, 56, 58, 56, 8, 16, 24, 32, 48, 64, 44,
};

typedef struct
{
  const ElfLayout *layout;
  guint16          machine;
  guint64          phoff;
  guint64          shoff;
  guint16          phentsize;
  guint16          shentsize;
  guint32          phnum;
} ElfHeader;

typedef struct
{
  guint32     type;
  guint64     file_offset;
  P2vVirtAddr va;
  P2vPhysAddr pa;
  guint64     filesz;
  guint64     align;
} ElfSegment;

/* What is learnt while the program headers pass by. */
typedef struct
{
  P2vImageBuilder *builder;
  ElfHeader        header;
  P2vElfNotes      notes;
  guint64          n_loads;
  ElfSegment       first_load;
  gboolean         any_pa;          /* a PT_LOAD has a p_paddr other than 0 */
  gboolean         any_other_place; /* a PT_LOAD differs from the first in p_vaddr and p_offset */
} ElfParser;

static guint
bid (const P2vImageHead *head)
{
  /* Source: elf(5): ELFMAG. */
  return head->n_bytes >= 4 && memcmp (head->bytes, "\x7f" "ELF", 4) == 0 ? 32 : 0;
}

/* The callers have read the whole structure, and the offsets are from our tables. */
static guint16
get_half (const P2vReader *reader,
          guint64          at)
{
  guint16 value = 0;
  gboolean ok = p2v_reader_get_u16 (reader, at, &value);
  g_assert (ok);
  return value;
}

static guint32
get_word (const P2vReader *reader,
          guint64          at)
{
  guint32 value = 0;
  gboolean ok = p2v_reader_get_u32 (reader, at, &value);
  g_assert (ok);
  return value;
}

/* An address, offset or size: 4 or 8 bytes wide by class. */
static guint64
get_wide (const ElfLayout *layout,
          const P2vReader *reader,
          guint64          at)
{
  if (!layout->is_64)
    return get_word (reader, at);
  guint64 value = 0;
  gboolean ok = p2v_reader_get_u64 (reader, at, &value);
  g_assert (ok);
  return value;
}

/* Reads a structure that must be there for anything to be read at all. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
read_structure (P2vFile    *file,
                const char *what,
                guint64     offset,
                gpointer    buffer,
                gsize       length_bytes,
                GError    **error)
{
  if (p2v_span_fits (offset, length_bytes, p2v_file_get_size (file)))
    return p2v_file_read (file, offset, buffer, length_bytes, error);

  g_set_error (
      error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED,
      _("“%s” ends at offset 0x%" PRIx64 ", within its %s of %zu bytes at offset 0x%" PRIx64
         "; copy the image again from where it came from"),
      p2v_file_get_display_name (file), p2v_file_get_size (file), what, length_bytes, offset);
  return FALSE;
}

/* Finds the class; refuses what can never be read. @ident has EI_NIDENT bytes. */
G_GNUC_WARN_UNUSED_RESULT static const ElfLayout *
choose_layout (P2vFile      *file,
               const guint8 *ident,
               GError      **error)
{
  const char *name = p2v_file_get_display_name (file);

  if (ident[EI_DATA] == ELFDATA2MSB)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
                   _("“%s” is a big-endian ELF file (0x%02x at offset 0x%x), and pas2vas reads "
                      "little-endian ones (0x%02x); machines of that kind are not supported"),
                   name, ident[EI_DATA], EI_DATA, ELFDATA2LSB);
      return NULL;
    }
  if (ident[EI_DATA] == ELFDATA2LSB && ident[EI_CLASS] == ELFCLASS32)
    return &layout_32;
  if (ident[EI_DATA] == ELFDATA2LSB && ident[EI_CLASS] == ELFCLASS64)
    return &layout_64;

  g_set_error (
      error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
      _("“%s” has a damaged ELF header: class and byte order at offset 0x%x are 0x%02x 0x%02x, "
         "expected 0x01 or 0x02, then 0x01; copy the image again from where it came from"),
      name, EI_CLASS, ident[EI_CLASS], ident[EI_DATA]);
  return NULL;
}

static ElfHeader
decode_header (const ElfLayout *layout,
               const P2vReader *reader)
{
  return (ElfHeader) {
    .layout = layout,
    .machine = get_half (reader, E_MACHINE_AT),
    .phoff = get_wide (layout, reader, layout->e_phoff_at),
    .shoff = get_wide (layout, reader, layout->e_shoff_at),
    .phentsize = get_half (reader, layout->e_phentsize_at),
    .shentsize = get_half (reader, layout->e_shentsize_at),
    .phnum = get_half (reader, layout->e_phnum_at),
  };
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
check_core_type (P2vFile *file,
                 guint16  type,
                 GError **error)
{
  if (type == ET_CORE)
    return TRUE;
  g_set_error (
      error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
      _("“%s” is an ELF program, library or object (type %u at offset 0x%x), and a memory image "
         "has type %u (core); choose the memory image itself"),
      p2v_file_get_display_name (file), type, E_TYPE_AT, ET_CORE);
  return FALSE;
}

/* An entry size that is not ours means a damaged header: everything behind it would be misread. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
check_entry_size (P2vFile    *file,
                  const char *field,
                  guint       at,
                  guint       found,
                  guint       expected,
                  GError    **error)
{
  if (found == expected)
    return TRUE;
  g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
               _("“%s” has a damaged ELF header: %s at offset 0x%x is %u, expected %u; "
                  "copy the image again from where it came from"),
               p2v_file_get_display_name (file), field, at, found, expected);
  return FALSE;
}

/* More than 65,534 program headers do not fit e_phnum; then section header 0 has the number. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
read_extended_phnum (P2vFile   *file,
                     ElfHeader *header,
                     GError   **error)
{
  const ElfLayout *layout = header->layout;
  guint8 section[64];
  g_assert (layout->section_bytes <= sizeof section);
  if (!check_entry_size (file, "e_shentsize", layout->e_shentsize_at, header->shentsize,
                         layout->section_bytes, error)
      || !read_structure (file, _("section header 0"), header->shoff, section,
                          layout->section_bytes, error))
    return FALSE;

  P2vReader reader = p2v_reader_le (section, layout->section_bytes);
  header->phnum = get_word (&reader, layout->sh_info_at);
  return TRUE;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
check_phnum (P2vFile         *file,
             const ElfHeader *header,
             GError         **error)
{
  const char *name = p2v_file_get_display_name (file);

  if (header->phnum == 0)
    {
      g_set_error (
          error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
          _("“%s” has no ELF program headers (their number, at offset 0x%x, is 0), as Xen writes "
             "it; take or convert the image so that program headers describe the memory"),
          name, header->layout->e_phnum_at);
      return FALSE;
    }
  if (header->phnum > P2V_LIMIT_RANGES)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_LIMIT,
                   _("“%s” says that it has %u ELF program headers, at most %" PRIu64
                      " are expected; "
                      "the file is probably damaged: copy it again from where it came from"),
                   name, header->phnum, P2V_LIMIT_RANGES);
      return FALSE;
    }
  return TRUE;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
read_header (P2vFile   *file,
             ElfHeader *ret_header,
             GError   **error)
{
  guint8 bytes[64];
  if (!read_structure (file, _("ELF identification"), 0, bytes, EI_NIDENT, error))
    return FALSE;
  const ElfLayout *layout = choose_layout (file, bytes, error);
  if (layout == NULL)
    return FALSE;
  g_assert (layout->header_bytes <= sizeof bytes);
  if (!read_structure (file, _("ELF header"), 0, bytes, layout->header_bytes, error))
    return FALSE;

  P2vReader reader = p2v_reader_le (bytes, layout->header_bytes);
  ElfHeader header = decode_header (layout, &reader);
  if (!check_core_type (file, get_half (&reader, E_TYPE_AT), error)
      || (header.phnum == PN_XNUM && !read_extended_phnum (file, &header, error))
      || !check_phnum (file, &header, error)
      || !check_entry_size (file, "e_phentsize", layout->e_phentsize_at, header.phentsize,
                            layout->segment_bytes, error))
    return FALSE;
  *ret_header = header;
  return TRUE;
}

static void
take_load (ElfParser        *self,
           const ElfSegment *segment)
{
  if (self->n_loads++ == 0)
    self->first_load = *segment;
  self->any_pa = self->any_pa || segment->pa != 0;
  self->any_other_place = self->any_other_place
                          || (segment->va != self->first_load.va
                              && segment->file_offset != self->first_load.file_offset);

  P2vImageRange range = {
    .start_pa = segment->pa,
    .length_bytes = segment->filesz,
    .file_offset = segment->file_offset,
  };
  if (range.length_bytes > 0)
    g_array_append_val (self->builder->ranges, range);
}

static ElfSegment
decode_segment (const ElfLayout *layout,
                const P2vReader *reader,
                guint64          at)
{
  return (ElfSegment) {
    .type = get_word (reader, at),
    .file_offset = get_wide (layout, reader, at + layout->p_offset_at),
    .va = get_wide (layout, reader, at + layout->p_vaddr_at),
    .pa = get_wide (layout, reader, at + layout->p_paddr_at),
    .filesz = get_wide (layout, reader, at + layout->p_filesz_at),
    .align = get_wide (layout, reader, at + layout->p_align_at),
  };
}

/* Reads @n_segments program headers that stand at @offset. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
read_segments (ElfParser *self,
               guint64    offset,
               guint8    *buffer,
               guint32    n_segments,
               GError   **error)
{
  const ElfLayout *layout = self->header.layout;
  gsize length = (gsize) n_segments * layout->segment_bytes;
  if (!p2v_file_read (self->builder->file, offset, buffer, length, error))
    return FALSE;

  P2vReader reader = p2v_reader_le (buffer, length);
  for (guint32 i = 0; i < n_segments; i++)
    {
      ElfSegment segment = decode_segment (layout, &reader, (guint64) i * layout->segment_bytes);
      if (segment.type == PT_LOAD)
        take_load (self, &segment);
      else if (segment.type == PT_NOTE && segment.filesz > 0
               && !p2v_elf_notes_read (&self->notes, segment.file_offset, segment.filesz,
                                       segment.align, error))
        return FALSE;
    }
  return TRUE;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
read_segment_table (ElfParser    *self,
                    GCancellable *cancellable,
                    GError      **error)
{
  P2vFile *file = self->builder->file;
  const ElfHeader *header = &self->header;
  guint64 length = (guint64) header->phnum * header->layout->segment_bytes;
  if (!p2v_span_fits (header->phoff, length, p2v_file_get_size (file)))
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED,
                   _("“%s” ends at offset 0x%" PRIx64
                      ", within its %u ELF program headers at offset 0x%" PRIx64
                      "; copy the image again from where it came from"),
                   p2v_file_get_display_name (file), p2v_file_get_size (file), header->phnum,
                   header->phoff);
      return FALSE;
    }

  gsize segment_bytes = header->layout->segment_bytes;
  g_autofree guint8 *buffer = g_malloc (SEGMENTS_AT_ONCE * segment_bytes);
  for (guint32 i = 0; i < header->phnum; i += SEGMENTS_AT_ONCE)
    {
      guint32 n_segments = MIN (header->phnum - i, SEGMENTS_AT_ONCE);
      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !read_segments (self, header->phoff + i * segment_bytes, buffer, n_segments, error))
        return FALSE;
    }
  return TRUE;
}

/* A heuristic. The core of a process has p_paddr 0 throughout and tells its segments apart by
 * p_vaddr and p_offset; a machine's has at most one segment at physical 0, or several that share
 * its place in the file. A process with a single segment would pass; no real one has that. Test:
 * core_of_a_process_is_refused. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
check_machine (ElfParser *self,
               GError   **error)
{
  if (self->any_pa || !self->any_other_place)
    return TRUE;
  g_set_error (
      error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
      _("“%s” is the core dump of a process, not of a machine's memory: the physical address of "
         "each of its %" PRIu64 " segments (the headers start at offset 0x%" PRIx64
         ") is 0; choose an image of the whole machine"),
      p2v_file_get_display_name (self->builder->file), self->n_loads, self->header.phoff);
  return FALSE;
}

static gboolean
open_elf (P2vImageBuilder *builder,
          GCancellable    *cancellable,
          GError         **error)
{
  ElfParser self = { .builder = builder };
  if (!read_header (builder->file, &self.header, error))
    return FALSE;
  self.notes = (P2vElfNotes) { .builder = builder, .machine = self.header.machine };
  if (!read_segment_table (&self, cancellable, error) || !check_machine (&self, error))
    return FALSE;
  p2v_elf_notes_diagnose (&self.notes);
  return TRUE;
}

const P2vImageFormat p2v_format_elf = {
  .id = "elf",
  .name = N_ ("ELF core"),
  .bid = bid,
  .open = open_elf,
};
