/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Compressed kdump: what makedumpfile writes (zlib, LZO, snappy, zstd), and QEMU's
 * dump-guest-memory with -z, -l or -s. All numbers have the byte order and the width of the machine
 * that was dumped; a block is a page of it.
 *
 *   block 0                the header
 *   block 1                a second header, then notes
 *   behind these           a bitmap of the pages there were, and, unless the dump is an early one
 *                          that has only one, a bitmap of the pages that were dumped
 *   behind the bitmaps     a descriptor of 24 bytes for each page that was dumped, in order
 *   behind the descriptors the packed pages
 *
 * Source: makedumpfile 1.7.2, IMPLEMENTATION, diskdump_mod.h and makedumpfile.h (struct
 * disk_dump_header and kdump_sub_header); QEMU include/sysemu/dump.h. */

#include "config.h"

#include "image/p2v-bitmap-runs.h"
#include "image/p2v-elf-notes.h"
#include "image/p2v-image-private.h"
#include "image/p2v-kdump-pages.h"

#include "base/p2v-checked.h"
#include "base/p2v-limits.h"
#include "base/p2v-reader.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#define SIGNATURE       "KDUMP   "
#define SIGNATURE_BYTES 8

/* Both headers are read up to here; each has a block of at least 4096 bytes. */
#define HEADER_BYTES    512

/* Where the fields stand that both widths have in the same place. */
#define VERSION_AT      8      /* 4 bytes */
#define MACHINE_AT      272    /* text of 65 bytes: utsname.machine */
#define MACHINE_BYTES   65

/* How much of a bitmap is read at once. */
#define PIECE_BYTES     ((gsize) 64 << 10)

/* Source: linux/mmzone.h: pages of the processors that we know. */
#define MIN_BLOCK_BYTES 4096
#define MAX_BLOCK_BYTES 65536

/* Source: makedumpfile, diskdump_mod.h: DUMP_DH_COMPRESSED_INCOMPLETE, a bit of the status. */
#define STATUS_INCOMPLETE 0x8

/* Source: makedumpfile(8), "dump_level". */
#define LEVEL_ZERO 1

/* Where the other fields stand. The second header's are in the second block; "word" is 4 or 8
 * bytes. */
typedef struct
{
  guint word_bytes;
  guint status_at;           /* 4 bytes */
  guint block_size_at;       /* 4 bytes */
  guint sub_blocks_at;       /* 4 bytes: how many the second header and its notes have */
  guint bitmap_blocks_at;    /* 4 bytes: how many all bitmaps have */
  guint max_mapnr_at;        /* 4 bytes: pages in a bitmap, cut to 32 bits */
  guint level_at;            /* 4 bytes, version 1 and later: what was left out */
  guint split_at;            /* 4 bytes, version 2: one of several files */
  guint first_pfn_at;        /* word, version 2: of this file */
  guint end_pfn_at;          /* word */
  guint vmcoreinfo_at;       /* 8 bytes, version 3: file offset */
  guint vmcoreinfo_size_at;  /* word */
  guint notes_at;            /* 8 bytes, version 4: file offset */
  guint notes_size_at;       /* word */
  guint first_pfn_64_at;     /* 8 bytes, version 6 */
  guint end_pfn_64_at;       /* 8 bytes, version 6 */
  guint max_mapnr_64_at;     /* 8 bytes, version 6 */
} HeaderForm;

/* Source: see the head of this file. i386 aligns 8 bytes to 4. */
static const HeaderForm header_forms[] = {
  { 8, 424, 428, 432, 436, 440, 8, 12, 16, 24, 32, 40, 48, 56, 80, 88, 96 },
  { 4, 412, 416, 420, 424, 428, 4, 8, 12, 16, 20, 28, 32, 40, 56, 64, 72 },
};

/* What the headers say. */
typedef struct
{
  const HeaderForm *form;
  guint32 version;
  guint32 status;
  guint32 block_bytes;
  guint32 sub_blocks;
  guint32 bitmap_blocks;
  guint32 level;
  guint64 n_frames;            /* bits of a bitmap */
  guint64 first_pfn;           /* of those in this file */
  guint64 end_pfn;
  guint64 vmcoreinfo_offset;
  guint64 vmcoreinfo_bytes;
  guint64 notes_offset;
  guint64 notes_bytes;
  guint16 elf_machine;         /* for its notes */
} Header;

typedef struct
{
  P2vImageBuilder *builder;
  P2vKdumpFile    *file;
  Header           header;
  guint64          n_pages;    /* dumped, so far */
  guint64          n_described; /* pages for which the file has a descriptor */
} Kdump;

static guint
bid (const P2vImageHead *head)
{
  if (p2v_kdump_file_is_flat (head))
    return 128;
  return head->n_bytes >= SIGNATURE_BYTES && memcmp (head->bytes, SIGNATURE, SIGNATURE_BYTES) == 0
           ? 64
           : 0;
}

/* Fields of headers that were read whole. */
static guint32
get_u32 (const P2vReader *reader,
         guint            at)
{
  guint32 value = 0;

  if (!p2v_reader_get_u32 (reader, at, &value))
    g_assert_not_reached ();
  return value;
}

static guint64
get_u64 (const P2vReader *reader,
         guint            at)
{
  guint64 value = 0;

  if (!p2v_reader_get_u64 (reader, at, &value))
    g_assert_not_reached ();
  return value;
}

static guint64
get_word (const HeaderForm *form,
          const P2vReader  *reader,
          guint             at)
{
  return form->word_bytes == 8 ? get_u64 (reader, at) : get_u32 (reader, at);
}

static gboolean
is_block_size (guint32 n_bytes)
{
  return n_bytes >= MIN_BLOCK_BYTES && n_bytes <= MAX_BLOCK_BYTES &&
         (n_bytes & (n_bytes - 1)) == 0;
}

/* The width is told by where a size stands that a block can have. */
static const HeaderForm *
find_form (const P2vReader *reader)
{
  for (gsize i = 0; i < G_N_ELEMENTS (header_forms); i++)
    if (is_block_size (get_u32 (reader, header_forms[i].block_size_at)))
      return &header_forms[i];
  return NULL;
}

static void
set_form_error (Kdump           *self,
                const P2vReader *reader,
                GError         **error)
{
  const char *name = p2v_file_get_display_name (self->builder->file);
  P2vReader swapped = *reader;

  swapped.big_endian = TRUE;
  if (find_form (&swapped) != NULL)
    g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
                 _ ("“%s” is a kdump of a big-endian machine; machines of that kind are not "
                    "supported"),
                 name);
  else
    g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
                 _ ("“%s” is a damaged kdump: its block size, at offset 0x%x or 0x%x, is 0x%x or "
                    "0x%x, where a power of two from 0x%x to 0x%x is expected; copy it again from "
                    "where it came from"),
                 name, header_forms[0].block_size_at, header_forms[1].block_size_at,
                 get_u32 (reader, header_forms[0].block_size_at),
                 get_u32 (reader, header_forms[1].block_size_at), MIN_BLOCK_BYTES, MAX_BLOCK_BYTES);
}

static void
set_truncated (Kdump      *self,
               const char *what,
               guint64     offset,
               guint64     length,
               GError    **error)
{
  g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED,
               _ ("“%s” is a kdump that ends at offset 0x%" PRIx64 ", within its %s of 0x%" PRIx64
                  " bytes at offset 0x%" PRIx64 "; copy it again from where it came from"),
               p2v_file_get_display_name (self->builder->file),
               p2v_kdump_file_get_size (self->file), what, length, offset);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
read_piece (Kdump      *self,
            const char *what,
            guint64     offset,
            gpointer    buffer,
            gsize       length,
            GError    **error)
{
  if (p2v_span_fits (offset, length, p2v_kdump_file_get_size (self->file)))
    return p2v_kdump_file_read (self->file, offset, buffer, length, error);
  set_truncated (self, what, offset, length, error);
  return FALSE;
}

/* Source: System V ABI supplements: EM_386, EM_X86_64. Others have no notes that we read. */
static guint16
find_elf_machine (const guint8 *name)
{
  static const struct
  {
    const char *name;
    guint16     elf_machine;
  } machines[] = { { "x86_64", 62 }, { "i386", 3 }, { "i486", 3 }, { "i586", 3 }, { "i686", 3 } };

  for (gsize i = 0; i < G_N_ELEMENTS (machines); i++)
    if (memcmp (name, machines[i].name, strlen (machines[i].name) + 1) == 0)
      return machines[i].elf_machine;
  return 0;
}

static void
decode_first (Header          *header,
              const P2vReader *reader)
{
  const HeaderForm *form = header->form;

  header->version = get_u32 (reader, VERSION_AT);
  header->status = get_u32 (reader, form->status_at);
  header->block_bytes = get_u32 (reader, form->block_size_at);
  header->sub_blocks = get_u32 (reader, form->sub_blocks_at);
  header->bitmap_blocks = get_u32 (reader, form->bitmap_blocks_at);
  header->n_frames = get_u32 (reader, form->max_mapnr_at);
  header->end_pfn = G_MAXUINT64;
  header->elf_machine = find_elf_machine (reader->bytes + MACHINE_AT);
}

static void
decode_second (Header          *header,
               const P2vReader *reader)
{
  const HeaderForm *form = header->form;
  gboolean is_split = header->version >= 2 && get_u32 (reader, form->split_at) != 0;

  if (header->version >= 1)
    header->level = get_u32 (reader, form->level_at);
  if (is_split)
    {
      header->first_pfn = header->version >= 6 ? get_u64 (reader, form->first_pfn_64_at)
                                               : get_word (form, reader, form->first_pfn_at);
      header->end_pfn = header->version >= 6 ? get_u64 (reader, form->end_pfn_64_at)
                                             : get_word (form, reader, form->end_pfn_at);
    }
  if (header->version >= 3)
    {
      header->vmcoreinfo_offset = get_u64 (reader, form->vmcoreinfo_at);
      header->vmcoreinfo_bytes = get_word (form, reader, form->vmcoreinfo_size_at);
    }
  if (header->version >= 4)
    {
      header->notes_offset = get_u64 (reader, form->notes_at);
      header->notes_bytes = get_word (form, reader, form->notes_size_at);
    }
  if (header->version >= 6)
    header->n_frames = get_u64 (reader, form->max_mapnr_64_at);
}

/* The bitmaps must hold what the header counts: else nothing behind them stands where we think. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
check_header (Kdump   *self,
              GError **error)
{
  const Header *header = &self->header;
  const char *name = p2v_file_get_display_name (self->builder->file);
  guint64 room = (guint64) header->bitmap_blocks * header->block_bytes * 8;
  const char *missing = p2v_kdump_pages_name_missing (header->status);

  if (missing != NULL)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
                   _ ("“%s” is a kdump packed with %s, and this pas2vas was built without it; "
                      "build it with the library for %s, or pack the dump with makedumpfile -c"),
                   name, missing, missing);
      return FALSE;
    }
  if (header->n_frames > 0 && header->n_frames <= room &&
      header->n_frames <= P2V_LIMIT_KDUMP_FRAMES)
    return TRUE;
  g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
               _ ("“%s” is a damaged kdump: it says that there were 0x%" PRIx64
                  " pages of memory, and has bitmaps for 0x%" PRIx64
                  " (offset 0x%x); copy it again from where it came from"),
               name, header->n_frames, room, header->form->bitmap_blocks_at);
  return FALSE;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
read_headers (Kdump   *self,
              GError **error)
{
  Header *header = &self->header;
  guint8 bytes[HEADER_BYTES];
  P2vReader reader = p2v_reader_le (bytes, sizeof bytes);

  if (!read_piece (self, _ ("header"), 0, bytes, sizeof bytes, error))
    return FALSE;
  if (memcmp (bytes, SIGNATURE, SIGNATURE_BYTES) != 0)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
                   _ ("“%s” is a flattened file, but no kdump is in it: it does not begin with "
                      "“%s”; if it is an ELF core, let makedumpfile -R make a plain one of it"),
                   p2v_file_get_display_name (self->builder->file), SIGNATURE);
      return FALSE;
    }
  header->form = find_form (&reader);
  if (header->form == NULL)
    {
      set_form_error (self, &reader, error);
      return FALSE;
    }
  decode_first (header, &reader);
  if (!read_piece (self, _ ("second header"), header->block_bytes, bytes, sizeof bytes, error))
    return FALSE;
  decode_second (header, &reader);
  return check_header (self, error);
}

/* Takes the run's pages that are in this file; pages without a descriptor are counted alone. */
static gboolean
take_run (gpointer   user_data,
          guint64    first_pfn,
          guint64    n_frames,
          GError   **error)
{
  Kdump *self = user_data;
  const Header *header = &self->header;
  guint64 first = MAX (first_pfn, header->first_pfn);
  guint64 end = MIN (first_pfn + n_frames, header->end_pfn);

  if (first >= end)
    return TRUE;
  if (self->builder->ranges->len >= P2V_LIMIT_RANGES)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_LIMIT,
                   _ ("“%s” is a kdump of more than %" PRIu64
                      " runs of pages; it is probably damaged"),
                   p2v_file_get_display_name (self->builder->file), P2V_LIMIT_RANGES);
      return FALSE;
    }
  guint64 n_left = self->n_described - MIN (self->n_pages, self->n_described);
  P2vImageRange range = { .start_pa = first * header->block_bytes,
                          .length_bytes = MIN (end - first, n_left) * header->block_bytes,
                          .file_offset = self->n_pages * header->block_bytes };
  if (range.length_bytes > 0)
    g_array_append_val (self->builder->ranges, range);
  self->n_pages += end - first;
  return TRUE;
}

/* A dump has two bitmaps unless it is an early one: then the only one is of the dumped pages. */
static guint64
find_bitmap (const Header *header)
{
  guint64 start = (1 + (guint64) header->sub_blocks) * header->block_bytes;
  guint64 block_bits = (guint64) header->block_bytes * 8;
  guint64 n_needed = (header->n_frames + block_bits - 1) / block_bits;
  gboolean has_two = header->bitmap_blocks >= 2 * n_needed;

  return start + (has_two ? (guint64) header->bitmap_blocks / 2 * header->block_bytes : 0);
}

static guint64
find_descriptors (const Header *header)
{
  return (1 + (guint64) header->sub_blocks + header->bitmap_blocks) * header->block_bytes;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
read_bitmap (Kdump        *self,
             GCancellable *cancellable,
             GError      **error)
{
  const Header *header = &self->header;
  guint64 offset = find_bitmap (header);
  guint64 n_bytes = (header->n_frames + 7) / 8;
  g_autofree guint8 *piece = g_malloc (PIECE_BYTES);
  P2vBitmapRuns runs = { .take = take_run, .user_data = self };

  for (guint64 done = 0; done < n_bytes; done += PIECE_BYTES)
    {
      gsize length = (gsize) MIN (n_bytes - done, PIECE_BYTES);
      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !read_piece (self, _ ("bitmap"), offset + done, piece, length, error) ||
          !p2v_bitmap_runs_feed (&runs, done * 8, piece,
                                 MIN (header->n_frames - done * 8, length * 8), error))
        return FALSE;
    }
  return p2v_bitmap_runs_finish (&runs, error);
}

/* What the kernel says of itself, and the state of the processors: hints only. */
G_GNUC_WARN_UNUSED_RESULT static gboolean
read_hints (Kdump   *self,
            GError **error)
{
  const Header *header = &self->header;
  guint64 size = p2v_kdump_file_get_size (self->file);
  P2vElfNotes notes = { .builder = self->builder, .machine = header->elf_machine };

  if (header->vmcoreinfo_bytes > 0 && header->vmcoreinfo_bytes <= P2V_LIMIT_NOTES_BYTES &&
      p2v_span_fits (header->vmcoreinfo_offset, header->vmcoreinfo_bytes, size))
    {
      g_autofree guint8 *text = g_malloc (header->vmcoreinfo_bytes);
      if (!p2v_kdump_file_read (self->file, header->vmcoreinfo_offset, text,
                                header->vmcoreinfo_bytes, error))
        return FALSE;
      self->builder->hints.vmcoreinfo =
        g_bytes_new_take (g_steal_pointer (&text), header->vmcoreinfo_bytes);
    }
  if (header->notes_bytes > 0 && header->notes_bytes <= P2V_LIMIT_NOTES_BYTES &&
      p2v_span_fits (header->notes_offset, header->notes_bytes, size))
    {
      g_autofree guint8 *bytes = g_malloc (header->notes_bytes);
      if (!p2v_kdump_file_read (self->file, header->notes_offset, bytes, header->notes_bytes,
                                error))
        return FALSE;
      p2v_elf_notes_take (&notes, bytes, header->notes_bytes, 4, header->notes_offset);
      p2v_elf_notes_diagnose (&notes);
    }
  return TRUE;
}

static void
add_diagnostic (Kdump *self,
                char  *message)
{
  g_ptr_array_add (self->builder->diagnostics, message);
}

static void
diagnose (Kdump *self)
{
  const Header *header = &self->header;
  const char *name = p2v_file_get_display_name (self->builder->file);

  if (header->end_pfn != G_MAXUINT64)
    add_diagnostic (self, g_strdup_printf (_ ("“%s” is one of several files of a dump: it has the "
                                              "memory from physical address 0x%" PRIx64
                                              " up to 0x%" PRIx64),
                                           name, header->first_pfn * header->block_bytes,
                                           header->end_pfn * header->block_bytes));
  if (header->level == LEVEL_ZERO)
    add_diagnostic (self, g_strdup_printf (_ ("“%s” was written with dump level %u: pages of zeros "
                                              "were left out of it, and count as missing"),
                                           name, header->level));
  else if (header->level != 0)
    add_diagnostic (self, g_strdup_printf (_ ("“%s” was written with dump level %u: pages of "
                                              "zeros, files, processes or free memory were left "
                                              "out of it, and what they hold cannot be seen"),
                                           name, header->level));
  if ((header->status & STATUS_INCOMPLETE) != 0)
    add_diagnostic (self, g_strdup_printf (_ ("“%s” is incomplete: there was no room left when it "
                                              "was written"),
                                           name));
  if (self->n_pages > self->n_described)
    add_diagnostic (self,
                    g_strdup_printf (_ ("“%s” is incomplete: it ends at offset 0x%" PRIx64
                                        ", within the descriptors of its pages, and %" PRIu64
                                        " of %" PRIu64 " pages are missing"),
                                     name, p2v_kdump_file_get_size (self->file),
                                     self->n_pages - self->n_described, self->n_pages));
}

static gboolean
open_kdump (P2vImageBuilder *builder,
            GCancellable    *cancellable,
            GError         **error)
{
  g_autoptr (P2vKdumpFile) file = p2v_kdump_file_open (builder, cancellable, error);
  if (file == NULL)
    return FALSE;

  Kdump self = { .builder = builder, .file = file };
  if (!read_headers (&self, error) || !read_hints (&self, error))
    return FALSE;
  guint64 descriptors_at = find_descriptors (&self.header);
  guint64 size = p2v_kdump_file_get_size (file);
  if (descriptors_at < size)
    self.n_described = (size - descriptors_at) / P2V_KDUMP_DESCRIPTOR_BYTES;
  if (!read_bitmap (&self, cancellable, error))
    return FALSE;
  if (self.n_pages > 0 && self.n_described == 0)
    {
      set_truncated (&self, _ ("descriptors of pages"), descriptors_at,
                     self.n_pages * P2V_KDUMP_DESCRIPTOR_BYTES, error);
      return FALSE;
    }
  diagnose (&self);
  builder->pack = p2v_kdump_pages_new (g_steal_pointer (&file), descriptors_at,
                                       self.header.block_bytes,
                                       MIN (self.n_pages, self.n_described));
  return TRUE;
}

const P2vImageFormat p2v_format_kdump = {
  .id = "kdump",
  .name = N_ ("kdump, compressed"),
  .bid = bid,
  .open = open_kdump,
};
