/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Index files: their bytes. Which file, and when, is p2v-store.c's. */

#include "config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/p2v-checked.h"
#include "base/p2v-checksum.h"
#include "base/p2v-large-pages.h"
#include "base/p2v-limits.h"
#include "image/p2v-image-private.h"
#include "index/p2v-store-private.h"

/* Pages of the image that are sampled beside its root tables. */
#define N_SAMPLED_PAGES 16
#define N_SAMPLED_ROOTS 64

/* What is written or read, and summed up, at a time: it stays in the processor's cache. */
#define SLICE_BYTES ((gsize) 256 << 10)

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

/* A file that is being written or read from its start to its end, and the checksum of its body. */
typedef struct
{
  int         fd;
  P2vChecksum checksum;
  guint64     n_bytes;
} Stream;

static gboolean
write_exactly (int           fd,
               const void   *bytes,
               gsize         length,
               GError      **error)
{
  const char *at = bytes;

  while (length > 0)
    {
      gssize n = write (fd, at, length);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          int saved_errno = errno;
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "%s",
                       g_strerror (saved_errno));
          return FALSE;
        }
      at += n;
      length -= (gsize) n;
    }
  return TRUE;
}

static gboolean
put (Stream       *stream,
     const void   *bytes,
     guint64       length,
     GError      **error)
{
  const char *at = bytes;

  stream->n_bytes += length;
  while (length > 0)
    {
      gsize n = (gsize) MIN (length, SLICE_BYTES);
      p2v_checksum_update (&stream->checksum, at, n);
      if (!write_exactly (stream->fd, at, n, error))
        return FALSE;
      at += n;
      length -= n;
    }
  return TRUE;
}

static gboolean
put_body (Stream                *stream,
          const char            *image_path,
          P2vReverseMap         *map,
          const P2vStoreHeader  *header,
          const P2vBuildReport  *report,
          GError               **error)
{
  const guint64 *words = header->words;

  if (!put (stream, image_path, words[STORE_PATH_BYTES], error) ||
      !put (stream, report->spaces, words[STORE_N_SPACES] * sizeof *report->spaces, error) ||
      !put (stream, map->ends, words[STORE_N_FRAMES] * sizeof *map->ends, error) ||
      !put (stream, map->entries, words[STORE_N_ENTRIES] * sizeof *map->entries, error) ||
      !put (stream, map->tables->data, words[STORE_N_TABLES] * sizeof (P2vTableUse), error) ||
      !put (stream, map->aliases->data, words[STORE_N_ALIASES] * sizeof (P2vAliasRun), error))
    return FALSE;
  for (guint i = 0; i < map->n_classes; i++)
    if (!put (stream, map->classes[i].extents->data,
              words[STORE_CLASS_LENGTH + i] * sizeof (P2vExtent), error))
      return FALSE;
  return TRUE;
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

gboolean
p2v_store_write_file (int                    fd,
                      P2vStoreHeader        *header,
                      const char            *image_path,
                      P2vReverseMap         *map,
                      const P2vBuildReport  *report,
                      GError               **error)
{
  Stream stream = { .fd = fd, .n_bytes = sizeof *header };

  p2v_checksum_init (&stream.checksum);
  describe_map (header, image_path, map);
  /* The header goes last, over zeros, so that a file that was cut short has none. */
  P2vStoreHeader zeros = { 0 };
  if (!write_exactly (fd, &zeros, sizeof zeros, error) ||
      !put_body (&stream, image_path, map, header, report, error))
    return FALSE;
  header->words[STORE_FILE_BYTES] = stream.n_bytes;
  header->words[STORE_BODY_HASH] = p2v_checksum_get (&stream.checksum);
  p2v_store_header_seal (header);
  if (pwrite (fd, header, sizeof *header, 0) == (gssize) sizeof *header && fsync (fd) == 0)
    return TRUE;
  int saved_errno = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "%s",
               g_strerror (saved_errno));
  return FALSE;
}

static gboolean
read_exactly (int      fd,
              guint64  offset,
              void    *bytes,
              gsize    length)
{
  char *at = bytes;

  while (length > 0)
    {
      gssize n = pread (fd, at, length, (off_t) offset);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      at += n;
      offset += (guint64) n;
      length -= (gsize) n;
    }
  return TRUE;
}

/* Reads the next @length bytes. FALSE at the end of the file, or if it cannot be read. */
static gboolean
take (Stream  *stream,
      void    *bytes,
      guint64  length)
{
  char *at = bytes;

  while (length > 0)
    {
      gsize n = (gsize) MIN (length, SLICE_BYTES);
      if (!read_exactly (stream->fd, stream->n_bytes, at, n))
        return FALSE;
      p2v_checksum_update (&stream->checksum, at, n);
      at += n;
      length -= n;
      stream->n_bytes += n;
    }
  return TRUE;
}

/* How long the file must be by its own counts; FALSE if they overflow or exceed what arrays can
 * hold. */
static gboolean
compute_file_bytes (const guint64 *words,
                    guint64       *ret_bytes)
{
  const struct
  {
    guint64 count;
    guint64 bytes;
  } sections[] = {
    { words[STORE_PATH_BYTES], 1 },
    { words[STORE_N_SPACES], sizeof (P2vWalkReport) },
    { words[STORE_N_FRAMES], sizeof (guint32) },
    { words[STORE_N_ENTRIES], sizeof (P2vIndexEntry) },
    { words[STORE_N_TABLES], sizeof (P2vTableUse) },
    { words[STORE_N_ALIASES], sizeof (P2vAliasRun) },
  };
  guint64 total = sizeof (P2vStoreHeader), section;

  for (gsize i = 0; i < G_N_ELEMENTS (sections); i++)
    if (!p2v_mul_u64 (sections[i].count, sections[i].bytes, &section) ||
        !p2v_add_u64 (total, section, &total))
      return FALSE;
  for (guint64 i = 0; i < words[STORE_N_CLASSES]; i++)
    if (!p2v_mul_u64 (words[STORE_CLASS_LENGTH + i], sizeof (P2vExtent), &section) ||
        words[STORE_CLASS_LENGTH + i] > G_MAXINT32 || !p2v_add_u64 (total, section, &total))
      return FALSE;
  *ret_bytes = total;
  return words[STORE_N_ENTRIES] <= G_MAXUINT32 && words[STORE_N_TABLES] <= G_MAXINT32 &&
         words[STORE_N_ALIASES] <= G_MAXINT32;
}

/* Whether the header's counts fit the file and the image's frames. */
static gboolean
counts_hold (const P2vStoreHeader *header,
             const P2vFrameSet    *frames,
             guint64               file_bytes)
{
  const guint64 *words = header->words;
  guint64 bytes;

  return words[STORE_N_CLASSES] <= P2V_TRAIL_MAX_STEPS &&
         words[STORE_N_SPACES] <= P2V_INDEX_MAX_SPACES &&
         words[STORE_N_FRAMES] == frames->n_frames && compute_file_bytes (words, &bytes) &&
         bytes == file_bytes && words[STORE_FILE_BYTES] == file_bytes;
}

static GArray *
take_array (Stream  *stream,
            guint    element_bytes,
            guint64  length)
{
  g_autoptr (GArray) array = g_array_sized_new (FALSE, FALSE, element_bytes, (guint) length);

  g_array_set_size (array, (guint) length);
  return take (stream, array->data, length * element_bytes) ? g_steal_pointer (&array) : NULL;
}

static gboolean
take_arrays (Stream               *stream,
             const P2vStoreHeader *header,
             P2vReverseMap        *map)
{
  const guint64 *words = header->words;

  map->n_entries = words[STORE_N_ENTRIES];
  map->ends = g_try_new (guint32, MAX (map->frames->n_frames, 1));
  map->entries = g_try_new (P2vIndexEntry, MAX (map->n_entries, 1));
  if (map->ends == NULL || map->entries == NULL)
    return FALSE;
  p2v_use_large_pages (map->ends, map->frames->n_frames * sizeof *map->ends);
  p2v_use_large_pages (map->entries, map->n_entries * sizeof *map->entries);
  if (!take (stream, map->ends, map->frames->n_frames * sizeof *map->ends) ||
      !take (stream, map->entries, map->n_entries * sizeof *map->entries))
    return FALSE;
  map->tables = take_array (stream, sizeof (P2vTableUse), words[STORE_N_TABLES]);
  if (map->tables == NULL)
    return FALSE;
  map->aliases = take_array (stream, sizeof (P2vAliasRun), words[STORE_N_ALIASES]);
  if (map->aliases == NULL)
    return FALSE;
  map->n_folded = words[STORE_N_FOLDED];
  for (guint i = 0; i < words[STORE_N_CLASSES]; i++)
    {
      P2vExtentClass *class = &map->classes[i];
      class->page_shift = (guint) words[STORE_CLASS_SHIFT + i];
      class->extents = take_array (stream, sizeof (P2vExtent), words[STORE_CLASS_LENGTH + i]);
      if (class->extents == NULL)
        return FALSE;
      map->n_classes++;
    }
  return TRUE;
}

/* Whether the last entry of each frame, which sorts highest, is of a space that there is. */
static gboolean
entries_hold (P2vReverseMap *map,
              guint64        n_spaces)
{
  guint32 start = 0;

  for (guint64 ordinal = 0; ordinal < map->frames->n_frames; ordinal++)
    {
      guint32 end = map->ends[ordinal];
      if (end > start && p2v_index_entry_space (map->entries[end - 1]) >= n_spaces)
        return FALSE;
      start = end;
    }
  return TRUE;
}

static gboolean
tables_hold (P2vReverseMap        *map,
             const P2vStoreHeader *header)
{
  for (guint i = 0; i < map->tables->len; i++)
    {
      const P2vTableUse *use = &g_array_index (map->tables, P2vTableUse, i);
      if (p2v_index_entry_space (use->entry) >= header->words[STORE_N_SPACES] ||
          use->level_number >= header->words[STORE_N_LEVELS])
        return FALSE;
    }
  return TRUE;
}

static gboolean
extents_hold (const P2vExtentClass *class,
              guint64               n_spaces)
{
  if (class->page_shift < P2V_FRAME_SHIFT || class->page_shift > P2V_LIMIT_PHYS_BITS)
    return FALSE;
  for (guint i = 0; i < class->extents->len; i++)
    if (p2v_index_entry_space (g_array_index (class->extents, P2vExtent, i).entry) >= n_spaces)
      return FALSE;
  return TRUE;
}

/* Numbers that are used as positions must be within bounds, whatever the checksums say. */
static gboolean
values_hold (P2vReverseMap        *map,
             const P2vStoreHeader *header)
{
  guint64 n_spaces = header->words[STORE_N_SPACES];

  if (!p2v_reverse_map_validate (map) || !entries_hold (map, n_spaces)
      || !tables_hold (map, header) || !p2v_aliases_are_sound (map->aliases, (guint) n_spaces))
    return FALSE;
  for (guint i = 0; i < map->n_classes; i++)
    if (!extents_hold (&map->classes[i], n_spaces))
      return FALSE;
  return TRUE;
}

static P2vReverseMap *
new_map (P2vImage *image)
{
  P2vReverseMap *map = g_new0 (P2vReverseMap, 1);
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);

  g_atomic_ref_count_init (&map->ref_count);
  map->frames = p2v_frame_set_new (ranges, n_ranges);
  return map;
}

/* NULL if the body is damaged. */
static P2vReverseMap *
take_body (Stream               *stream,
           const P2vStoreHeader *header,
           P2vReverseMap        *empty_map,
           P2vBuildReport       *report)
{
  g_autoptr (P2vReverseMap) map = empty_map;
  guint64 n_spaces = header->words[STORE_N_SPACES];
  g_autofree char *path = g_try_malloc (header->words[STORE_PATH_BYTES] + 1);

  report->spaces = g_new0 (P2vWalkReport, n_spaces + 1);
  if (path == NULL || !take (stream, path, header->words[STORE_PATH_BYTES]) ||
      !take (stream, report->spaces, n_spaces * sizeof *report->spaces) ||
      !take_arrays (stream, header, map) ||
      p2v_checksum_get (&stream->checksum) != header->words[STORE_BODY_HASH] ||
      !values_hold (map, header))
    return NULL;
  return g_steal_pointer (&map);
}

P2vReverseMap *
p2v_store_read_file (int                    fd,
                     const P2vStoreHeader  *expected,
                     P2vImage              *image,
                     P2vBuildReport        *ret_report,
                     char                 **ret_reason)
{
  g_auto (P2vBuildReport) report = { 0 };
  P2vStoreHeader header;
  struct stat status;

  if (pread (fd, &header, sizeof header, 0) != (gssize) sizeof header || fstat (fd, &status) < 0 ||
      !p2v_store_header_is_sound (&header))
    {
      *ret_reason = g_strdup (_("it is damaged, or of another version of this program"));
      return NULL;
    }
  if (!p2v_store_header_is_about (&header, expected))
    {
      *ret_reason = g_strdup (_("the image has changed since"));
      return NULL;
    }
  P2vReverseMap *map = new_map (image);
  Stream stream = { .fd = fd, .n_bytes = sizeof header };
  p2v_checksum_init (&stream.checksum);
  gboolean sound = counts_hold (&header, map->frames, (guint64) status.st_size);
  if (sound)
    map = take_body (&stream, &header, map, &report);
  else
    g_clear_pointer (&map, p2v_reverse_map_unref);
  if (map == NULL)
    {
      *ret_reason = g_strdup (_("it is damaged"));
      return NULL;
    }
  *ret_report = report;
  report.spaces = NULL;
  return map;
}
