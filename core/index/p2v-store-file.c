/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Index files: their header, and how they are written. Which file, and when, is p2v-store.c's. */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/p2v-checksum.h"
#include "image/p2v-image-private.h"
#include "index/p2v-store-blocks.h"
#include "index/p2v-store-private.h"

/* Pages of the image that are sampled beside its root tables. */
#define N_SAMPLED_PAGES 16
#define N_SAMPLED_ROOTS 64

static guint64
layout_word (void)
{
  return (sizeof (P2vWalkReport) + sizeof (P2vAliasRun)) << 48 |
         sizeof (P2vTableUse) << 32 | sizeof (P2vExtent) << 16 |
         sizeof (P2vIndexEntry);
}

static guint64
hash_header (const P2vStoreHeader *header)
{
  return p2v_checksum_of (header->words, STORE_HEADER_HASH * sizeof header->words[0]);
}

void
p2v_store_header_seal (P2vStoreHeader *header)
{
  header->words[STORE_HEADER_HASH] = hash_header (header);
}

gboolean
p2v_store_header_is_sound (const P2vStoreHeader *header)
{
  return header->words[STORE_MAGIC_WORD] == STORE_MAGIC &&
         header->words[STORE_VERSION_WORD] == STORE_VERSION &&
         header->words[STORE_LAYOUT] == layout_word () &&
         header->words[STORE_HEADER_HASH] == hash_header (header);
}

/* A page that is not in the image counts as such. */
static gboolean
sample_page (P2vChecksum   *checksum,
             P2vImage      *image,
             P2vPhysAddr    pa,
             GError       **error)
{
  guint8 page[P2V_FRAME_SIZE];
  P2vReadStatus status = p2v_image_read (image, pa, page, sizeof page, error);

  if (status == P2V_READ_OK)
    p2v_checksum_update (checksum, page, sizeof page);
  else
    p2v_checksum_update (checksum, &pa, sizeof pa);
  return status != P2V_READ_FAILED;
}

/* Root tables differ between any two moments of a machine; the pages between them catch the
 * rest. */
static gboolean
hash_sample (const P2vStoreSubject  *subject,
             guint64                *ret_hash,
             GError                **error)
{
  P2vChecksum checksum;
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (subject->image, &n_ranges);

  p2v_checksum_init (&checksum);
  for (guint i = 0; i < subject->n_roots; i += 1 + subject->n_roots / N_SAMPLED_ROOTS)
    if (!sample_page (&checksum, subject->image, subject->roots[i].root_pa, error))
      return FALSE;
  for (gsize i = 0; i < n_ranges; i += 1 + n_ranges / N_SAMPLED_PAGES)
    for (guint j = 0; j < N_SAMPLED_PAGES; j++)
      if (!sample_page (&checksum, subject->image,
                        ranges[i].start_pa + ranges[i].length_bytes / N_SAMPLED_PAGES * j, error))
        return FALSE;
  p2v_checksum_update (&checksum, ranges, n_ranges * sizeof *ranges);
  *ret_hash = p2v_checksum_get (&checksum);
  return TRUE;
}

gboolean
p2v_store_describe_subject (const P2vStoreSubject  *subject,
                            P2vStoreHeader         *header,
                            GError                **error)
{
  const P2vFileIdentity *identity = p2v_image_get_identity (subject->image);

  memset (header, 0, sizeof *header);
  header->words[STORE_MAGIC_WORD] = STORE_MAGIC;
  header->words[STORE_VERSION_WORD] = STORE_VERSION;
  header->words[STORE_LAYOUT] = layout_word ();
  header->words[STORE_IMAGE_BYTES] = identity->size_bytes;
  header->words[STORE_IMAGE_MTIME_NS] = (guint64) identity->mtime_ns;
  header->words[STORE_IMAGE_INODE] = identity->inode;
  header->words[STORE_IMAGE_DEVICE] = identity->device;
  header->words[STORE_ROOTS_HASH] =
    p2v_checksum_of (subject->roots, subject->n_roots * sizeof *subject->roots);
  header->words[STORE_SYSTEM_HINT] = subject->system_hint;
  header->words[STORE_N_SPACES] = subject->n_roots;
  header->words[STORE_N_LEVELS] = subject->n_levels;
  return hash_sample (subject, &header->words[STORE_SAMPLE_HASH], error);
}

/* The words that say what an index is about must be the same in the file; those behind say how
 * much. */
gboolean
p2v_store_header_is_about (const P2vStoreHeader *header,
                           const P2vStoreHeader *expected)
{
  static const guint words[] = { STORE_IMAGE_BYTES, STORE_IMAGE_MTIME_NS, STORE_IMAGE_INODE,
                                 STORE_IMAGE_DEVICE, STORE_SAMPLE_HASH, STORE_ROOTS_HASH,
                                 STORE_N_SPACES, STORE_N_LEVELS };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (header->words[words[i]] != expected->words[words[i]])
      return FALSE;
  return TRUE;
}

static gboolean
put_body (P2vStoreWriter        *writer,
          const char            *image_path,
          P2vReverseMap         *map,
          const P2vStoreHeader  *header,
          const P2vBuildReport  *report,
          GError               **error)
{
  const guint64 *words = header->words;
  const struct
  {
    const void *bytes;
    guint64     count;
    gsize       element_bytes;
  } sections[] = {
    { image_path, words[STORE_PATH_BYTES], 1 },
    { report->spaces, words[STORE_N_SPACES], sizeof *report->spaces },
    { map->tables->data, words[STORE_N_TABLES], sizeof (P2vTableUse) },
    { map->aliases->data, words[STORE_N_ALIASES], sizeof (P2vAliasRun) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (sections); i++)
    if (!p2v_store_writer_put (writer, sections[i].bytes,
                               sections[i].count * sections[i].element_bytes, error))
      return FALSE;
  for (guint i = 0; i < map->n_classes; i++)
    if (!p2v_store_writer_put (writer, map->classes[i].extents->data,
                               words[STORE_CLASS_LENGTH + i] * sizeof (P2vExtent), error))
      return FALSE;
  return p2v_store_writer_put (writer, map->ends, words[STORE_N_FRAMES] * sizeof *map->ends,
                               error) &&
         p2v_store_writer_put (writer, map->entries, words[STORE_N_ENTRIES] * sizeof *map->entries,
                               error);
}

static void
describe_map (P2vStoreHeader *header,
              const char     *image_path,
              P2vReverseMap  *map)
{
  header->words[STORE_PATH_BYTES] = strlen (image_path);
  header->words[STORE_N_FRAMES] = map->frames->n_frames;
  header->words[STORE_N_ENTRIES] = map->n_entries;
  header->words[STORE_N_TABLES] = map->tables->len;
  header->words[STORE_N_ALIASES] = map->aliases->len;
  header->words[STORE_N_FOLDED] = map->n_folded;
  header->words[STORE_N_CLASSES] = map->n_classes;
  for (guint i = 0; i < map->n_classes; i++)
    {
      header->words[STORE_CLASS_SHIFT + i] = map->classes[i].page_shift;
      header->words[STORE_CLASS_LENGTH + i] = map->classes[i].extents->len;
    }
}

/* The header goes last, over zeros, so that a file that was cut short has none. */
static gboolean
write_at_start (int                    fd,
                const P2vStoreHeader  *header,
                GError               **error)
{
  if (pwrite (fd, header, sizeof *header, 0) == (gssize) sizeof *header)
    return TRUE;
  int saved_errno = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "%s",
               g_strerror (saved_errno));
  return FALSE;
}

gboolean
p2v_store_write_file (int                    fd,
                      P2vStoreHeader        *header,
                      const char            *image_path,
                      P2vReverseMap         *map,
                      const P2vBuildReport  *report,
                      GError               **error)
{
  g_auto (P2vStoreWriter) writer;
  const P2vStoreHeader zeros = { 0 };
  guint64 n_bytes;

  p2v_store_writer_init (&writer, fd);
  describe_map (header, image_path, map);
  if (!write_at_start (fd, &zeros, error))
    return FALSE;
  if (lseek (fd, sizeof zeros, SEEK_SET) < 0 ||
      !put_body (&writer, image_path, map, header, report, error) ||
      !p2v_store_writer_finish (&writer, &n_bytes, &header->words[STORE_BODY_HASH], error))
    return FALSE;
  header->words[STORE_FILE_BYTES] = sizeof *header + n_bytes;
  p2v_store_header_seal (header);
  if (!write_at_start (fd, header, error))
    return FALSE;
  if (fsync (fd) == 0)
    return TRUE;
  int saved_errno = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "%s",
               g_strerror (saved_errno));
  return FALSE;
}
