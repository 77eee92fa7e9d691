/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The flat image: byte n of the file is physical byte n, or n bytes behind a base address that
 * somebody must know. It has no header, so it is what remains
 * when no other format bids; and because anything could be it, it refuses what is surely something
 * else. */

#include "config.h"

#include "base/p2v-limits.h"
#include "image/p2v-image-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

/* No machine that has page tables has less memory, and one address space alone takes four tables of
 * 4 KiB. What is smaller is a text, a key or a header that was chosen by mistake, and a sentence
 * that says so helps more than "no operating system found". Source: the IBM PC's smallest mainboard
 * of 1981 had 16 to 64 KiB. */
#define RAW_LEAST_BYTES ((guint64) 64 << 10)

#define RAW_MAGIC_BYTES 13

/* A file that begins with the header of a container is no flat image, though it may hold one. */
typedef struct
{
  guint8      n_magic;
  char        magic[RAW_MAGIC_BYTES];
  const char *name;
} ForeignFormat;

/* Source of each: image-format notes of the named programs, as given beside the row. */
static const ForeignFormat foreign_formats[] = {
  /* Source: Windows MINIDUMP_HEADER (minidumpapiset.h). */
  { 4, "MDMP", N_ ("a minidump of one Windows process") },
  /* Source: Windows PO_MEMORY_IMAGE.Signature: 2000 to XP, Vista and later, and the two states of
     each. */
  { 4, "hibr", N_ ("a Windows hibernation file") },
  { 4, "HIBR", N_ ("a Windows hibernation file") },
  { 4, "wake", N_ ("a Windows hibernation file") },
  { 4, "WAKE", N_ ("a Windows hibernation file") },
  { 4, "RSTR", N_ ("a Windows hibernation file") },
  /* Source: makedumpfile, diskdump_mod.h and IMPLEMENTATION. */
  { 8, "DISKDUMP", N_ ("a compressed diskdump file") },
  /* Source: AVML, src/image.rs: 0x4c4d5641, little-endian. */
  { 4, "AVML", N_ ("a compressed AVML image") },
  /* Source: QEMU migration/savevm.h: QEMU_VM_FILE_MAGIC, big-endian. */
  { 4, "QEVM", N_ ("a saved QEMU machine") },
  /* Source: libewf, "Expert Witness Compression Format specification", 2. */
  { 8, "EVF\x09\x0d\x0a\xff\x00", N_ ("an EnCase (EWF) image") },
  /* Source: APPNOTE.TXT 4.3.7; RFC 1952 2.3.1; xz file format 2.1.1.1; RFC 8878 3.1.1. */
  { 4, "PK\x03\x04", N_ ("a ZIP or AFF4 archive") },
  { 3, "\x1f\x8b\x08", N_ ("a file compressed by gzip") },
  { 6,
    "\xfd"
    "7zXZ\x00",
    N_ ("a file compressed by xz") },
  { 4, "\x28\xb5\x2f\xfd", N_ ("a file compressed by zstd") },
};

static const ForeignFormat *
find_foreign_format (const guint8 *head,
                     gsize         n_head)
{
  for (gsize i = 0; i < G_N_ELEMENTS (foreign_formats); i++)
    {
      const ForeignFormat *format = &foreign_formats[i];
      if (n_head >= format->n_magic && memcmp (head, format->magic, format->n_magic) == 0)
        return format;
    }
  return NULL;
}

/* The least bid of all: any file could be a flat image. */
static guint
bid (const P2vImageHead *head)
{
  return 1;
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
refuse_foreign_format (P2vFile *file,
                       GError **error)
{
  guint8 head[RAW_MAGIC_BYTES];
  gsize n_head = (gsize) MIN (p2v_file_get_size (file), sizeof head);
  if (!p2v_file_read (file, 0, head, n_head, error))
    return FALSE;

  const ForeignFormat *format = find_foreign_format (head, n_head);
  if (format == NULL)
    return TRUE;
  g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
               _("“%s” is %s by its first %u bytes, which pas2vas does not read; "
                  "unpack or convert it to a flat (raw), ELF core or LiME image"),
               p2v_file_get_display_name (file), _ (format->name), format->n_magic);
  return FALSE;
}

static gboolean
check_base (const P2vImageBuilder *builder,
            guint64                size,
            GError               **error)
{
  const guint64 end = (guint64) 1 << P2V_LIMIT_PHYS_BITS;

  if (builder->base_pa % P2V_FRAME_SIZE == 0 && size <= end && builder->base_pa <= end - size)
    return TRUE;
  g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_LIMIT,
               _("“%s”: the base address 0x%" PRIx64 " is not a multiple of 0x%" PRIx64
                 ", or so high that the image ends behind address 0x%" PRIx64),
               p2v_file_get_display_name (builder->file), builder->base_pa, P2V_FRAME_SIZE,
               end - 1);
  return FALSE;
}

static gboolean
open_raw (P2vImageBuilder *builder,
          GCancellable    *cancellable,
          GError         **error)
{
  const char *name = p2v_file_get_display_name (builder->file);
  guint64 size = p2v_file_get_size (builder->file);
  if (!refuse_foreign_format (builder->file, error))
    return FALSE;
  if (size < RAW_LEAST_BYTES)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_NOT_RECOGNIZED,
                   _("“%s” is not a memory image: no known header at offset 0x0, and with %" PRIu64
                      " bytes too small for a flat image, which has at least %" PRIu64
                      "; choose another file"),
                   name, size, RAW_LEAST_BYTES);
      return FALSE;
    }
  if (size % P2V_FRAME_SIZE != 0)
    g_ptr_array_add (builder->diagnostics,
                     g_strdup_printf (_("“%s” ends in the middle of a page, at offset 0x%" PRIx64
                                         "; it may be incomplete"),
                                      name, size));

  if (!check_base (builder, size, error))
    return FALSE;
  P2vImageRange all = { .start_pa = builder->base_pa, .length_bytes = size, .file_offset = 0 };
  g_array_append_val (builder->ranges, all);
  return TRUE;
}

const P2vImageFormat p2v_format_raw = {
  .id = "raw",
  .name = N_ ("Flat image (raw)"),
  .bid = bid,
  .open = open_raw,
};
