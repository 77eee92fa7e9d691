/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Index files: how they are read. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/p2v-checked.h"
#include "base/p2v-large-pages.h"
#include "base/p2v-limits.h"
#include "index/p2v-store-blocks.h"
#include "index/p2v-store-private.h"

/* Where in the body what begins. */
typedef struct
{
  guint64 path;
  guint64 reports;
  guint64 tables;
  guint64 aliases;
  guint64 extents;
  guint64 ends;
  guint64 entries;
  guint64 n_bytes;             /* of the body */
} Layout;

typedef struct
{
  const P2vStoreHeader *header;
  Layout                layout;
  P2vStoreReader        body;
  P2vReverseMap        *map;
  P2vBuildReport        report;
} Loader;

/* Adds a section behind *@end; FALSE if that overflows. */
static gboolean
place (guint64  count,
       gsize    element_bytes,
       guint64 *end,
       guint64 *ret_start)
{
  guint64 length;

  *ret_start = *end;
  return p2v_mul_u64 (count, element_bytes, &length) && p2v_add_u64 (*end, length, end);
}

/* By the file's own counts; FALSE if they overflow or exceed what arrays can hold. */
static gboolean
compute_layout (const guint64 *words,
                Layout        *ret_layout)
{
  guint64 end = 0, n_extents = 0;

  for (guint64 i = 0; i < words[STORE_N_CLASSES]; i++)
    {
      if (words[STORE_CLASS_LENGTH + i] > G_MAXINT32)
        return FALSE;
      n_extents += words[STORE_CLASS_LENGTH + i];
    }
  *ret_layout = (Layout) { 0 };
  if (words[STORE_N_ENTRIES] > G_MAXUINT32 || words[STORE_N_TABLES] > G_MAXINT32 ||
      words[STORE_N_ALIASES] > G_MAXINT32 ||
      !place (words[STORE_PATH_BYTES], 1, &end, &ret_layout->path) ||
      !place (words[STORE_N_SPACES], sizeof (P2vWalkReport), &end, &ret_layout->reports) ||
      !place (words[STORE_N_TABLES], sizeof (P2vTableUse), &end, &ret_layout->tables) ||
      !place (words[STORE_N_ALIASES], sizeof (P2vAliasRun), &end, &ret_layout->aliases) ||
      !place (n_extents, sizeof (P2vExtent), &end, &ret_layout->extents) ||
      !place (words[STORE_N_FRAMES], sizeof (guint32), &end, &ret_layout->ends) ||
      !place (words[STORE_N_ENTRIES], sizeof (P2vIndexEntry), &end, &ret_layout->entries))
    return FALSE;
  ret_layout->n_bytes = end;
  return TRUE;
}

/* Whether the header's counts fit the file and the image's frames. */
static gboolean
counts_hold (const P2vStoreHeader *header,
             const P2vFrameSet    *frames,
             guint64               file_bytes,
             Layout               *ret_layout)
{
  const guint64 *words = header->words;
  guint64 bytes;

  return words[STORE_N_CLASSES] <= P2V_TRAIL_MAX_STEPS &&
         words[STORE_N_SPACES] <= P2V_INDEX_MAX_SPACES &&
         words[STORE_N_FRAMES] == frames->n_frames && compute_layout (words, ret_layout) &&
         p2v_store_compute_length (sizeof *header, ret_layout->n_bytes, &bytes) &&
         bytes == file_bytes && words[STORE_FILE_BYTES] == file_bytes;
}

static GArray *
take_array (Loader  *self,
            guint64  offset,
            guint    element_bytes,
            guint64  length)
{
  g_autoptr (GArray) array = g_array_sized_new (FALSE, FALSE, element_bytes, (guint) length);

  g_array_set_size (array, (guint) length);
  return p2v_store_reader_take (&self->body, offset, array->data, length * element_bytes)
           ? g_steal_pointer (&array)
           : NULL;
}

static gboolean
take_extents (Loader *self)
{
  const guint64 *words = self->header->words;
  P2vReverseMap *map = self->map;
  guint64 offset = self->layout.extents;

  for (guint i = 0; i < words[STORE_N_CLASSES]; i++)
    {
      P2vExtentClass *class = &map->classes[i];
      guint64 length = words[STORE_CLASS_LENGTH + i];

      class->page_shift = (guint) words[STORE_CLASS_SHIFT + i];
      class->extents = take_array (self, offset, sizeof (P2vExtent), length);
      if (class->extents == NULL)
        return FALSE;
      offset += length * sizeof (P2vExtent);
      map->n_classes++;
    }
  return TRUE;
}

static gboolean
tables_hold (const P2vReverseMap  *map,
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
  if (class->page_shift < P2V_FRAME_SHIFT || class->page_shift > P2V_LIMIT_PHYS_BITS ||
      !p2v_extent_class_is_sorted (class))
    return FALSE;
  for (guint i = 0; i < class->extents->len; i++)
    if (p2v_index_entry_space (g_array_index (class->extents, P2vExtent, i).entry) >= n_spaces)
      return FALSE;
  return TRUE;
}

/* Takes all but the frames. Numbers that are used as positions must be within bounds, whatever the
 * checksums say. */
static gboolean
take_rest (Loader *self)
{
  const guint64 *words = self->header->words;
  P2vReverseMap *map = self->map;
  guint64 n_spaces = words[STORE_N_SPACES];

  self->report.spaces = g_new0 (P2vWalkReport, n_spaces + 1);
  map->n_entries = words[STORE_N_ENTRIES];
  map->n_folded = words[STORE_N_FOLDED];
  map->tables
    = take_array (self, self->layout.tables, sizeof (P2vTableUse), words[STORE_N_TABLES]);
  map->aliases
    = take_array (self, self->layout.aliases, sizeof (P2vAliasRun), words[STORE_N_ALIASES]);
  if (map->tables == NULL || map->aliases == NULL || !take_extents (self) ||
      !p2v_store_reader_take (&self->body, self->layout.reports, self->report.spaces,
                              n_spaces * sizeof *self->report.spaces) ||
      !tables_hold (map, self->header) || !p2v_aliases_are_sound (map->aliases, (guint) n_spaces))
    return FALSE;
  for (guint i = 0; i < map->n_classes; i++)
    if (!extents_hold (&map->classes[i], n_spaces))
      return FALSE;
  return TRUE;
}

/* Whether the last entry of each frame, which sorts highest, is of a space that there is. */
static gboolean
entries_hold (const P2vReverseMap *map,
              guint64              n_spaces)
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
take_all_frames (Loader *self)
{
  P2vReverseMap *map = self->map;
  guint64 ends_bytes = map->frames->n_frames * sizeof *map->ends;
  guint64 entries_bytes = map->n_entries * sizeof *map->entries;

  map->ends = g_try_malloc (ends_bytes + 1);
  map->entries = g_try_malloc (entries_bytes + 1);
  if (map->ends == NULL || map->entries == NULL)
    return FALSE;
  p2v_use_large_pages (map->ends, ends_bytes);
  p2v_use_large_pages (map->entries, entries_bytes);
  return p2v_store_reader_take (&self->body, self->layout.ends, map->ends, ends_bytes) &&
         p2v_store_reader_take (&self->body, self->layout.entries, map->entries, entries_bytes) &&
         p2v_reverse_map_validate (map) && entries_hold (map, self->header->words[STORE_N_SPACES]);
}

/* Takes the entries of one frame. */
static gboolean
take_frame (Loader  *self,
            guint64  ordinal)
{
  P2vReverseMap *map = self->map;
  guint32 ends[2] = { 0 };
  guint first = ordinal > 0 ? 0 : 1;

  if (!p2v_store_reader_take (&self->body,
                              self->layout.ends + (ordinal - 1 + first) * sizeof ends[0],
                              ends + first, sizeof ends - first * sizeof ends[0]) ||
      ends[0] > ends[1] || ends[1] > map->n_entries)
    return FALSE;
  guint64 n = ends[1] - ends[0];
  g_autofree P2vIndexEntry *entries = g_try_new (P2vIndexEntry, n + 1);
  if (entries == NULL ||
      !p2v_store_reader_take (&self->body, self->layout.entries + ends[0] * sizeof *entries,
                              entries, n * sizeof *entries))
    return FALSE;
  for (guint64 i = 0; i < n; i++)
    if (p2v_index_entry_space (entries[i]) >= self->header->words[STORE_N_SPACES] ||
        (i > 0 && entries[i - 1] > entries[i]))
      return FALSE;
  p2v_reverse_map_add_to_excerpt (map, ordinal, g_steal_pointer (&entries), n);
  return TRUE;
}

static gboolean
take_some_frames (Loader       *self,
                  const GArray *pfns)
{
  P2vReverseMap *map = self->map;
  const P2vFrameRun *hint = NULL;
  guint64 ordinal;

  p2v_reverse_map_begin_excerpt (map);
  for (guint i = 0; i < pfns->len; i++)
    if (p2v_frame_set_get_ordinal (map->frames, g_array_index (pfns, guint64, i), &hint,
                                   &ordinal) &&
        !take_frame (self, ordinal))
      return FALSE;
  return TRUE;
}

static void
loader_clear (Loader *self)
{
  p2v_store_reader_clear (&self->body);
  g_clear_pointer (&self->map, p2v_reverse_map_unref);
  p2v_build_report_clear (&self->report);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Loader, loader_clear)

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

P2vReverseMap *
p2v_store_read_file (int                    fd,
                     const P2vStoreHeader  *expected,
                     P2vImage              *image,
                     const GArray          *pfns,
                     P2vBuildReport        *ret_report,
                     char                 **ret_reason)
{
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
  g_auto (Loader) self = { .header = &header, .map = new_map (image) };
  if (!counts_hold (&header, self.map->frames, (guint64) status.st_size, &self.layout) ||
      !p2v_store_reader_open (&self.body, fd, sizeof header, self.layout.n_bytes,
                              header.words[STORE_BODY_HASH]) ||
      !take_rest (&self) ||
      !(pfns != NULL ? take_some_frames (&self, pfns) : take_all_frames (&self)))
    {
      *ret_reason = g_strdup (_("it is damaged"));
      return NULL;
    }
  *ret_report = self.report;
  self.report.spaces = NULL;
  return g_steal_pointer (&self.map);
}
