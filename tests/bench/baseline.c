/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The plainest walker there can be: a flat image, mapped; recursive; every table once for each
 * parent; no holes, no loops, no foreign entries, no damage, no cancellation. It writes down
 * (frame, entry) and then sorts by frame, counting. On a damaged image it crashes. */

#include "baseline.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Address space that costs nothing until it is used: no growing, no copying. */
#define RESERVED_PAIRS ((guint64) 1 << 32)

typedef struct
{
  guint64 pfn;
  guint64 entry;
} Pair;

typedef struct
{
  const guint64 *memory;
  guint64 n_frames;
  Pair *pairs;
  guint64 n_pairs;
  guint64 n_tables;
} Walker;

static void
walk_table (Walker *walker,
            guint64 table_pfn,
            guint level,
            guint first,
            guint end,
            guint64 entry)
{
  const guint64 *table = walker->memory + table_pfn * 512;

  walker->n_tables++;
  for (guint i = first; i < end; i++)
    {
      guint64 value = table[i];
      guint64 pfn = value >> 12 & 0xffffffffff;

      if (!(value & 1) || pfn >= walker->n_frames)
        continue;
      if (level > 0 && !(value & 0x80))
        walk_table (walker, pfn, level - 1, 0, 512, entry + ((guint64) i << 9 * level));
      else
        walker->pairs[walker->n_pairs++] = (Pair){ pfn, entry + ((guint64) i << 9 * level) };
    }
}

static void
sort_by_frame (const Walker *walker, Baseline *result)
{
  guint32 start = 0;

  result->ends = g_new0 (guint32, walker->n_frames);
  result->entries = g_new (guint64, walker->n_pairs);
  for (guint64 i = 0; i < walker->n_pairs; i++)
    result->ends[walker->pairs[i].pfn]++;
  for (guint64 i = 0; i < walker->n_frames; i++)
    {
      guint32 n = result->ends[i];
      result->ends[i] = start;
      start += n;
    }
  for (guint64 i = 0; i < walker->n_pairs; i++)
    result->entries[result->ends[walker->pairs[i].pfn]++] = walker->pairs[i].entry;
}

void
baseline_run (const char *path,
              guint64 size_bytes,
              const P2vPagingRoot *roots,
              guint n_roots,
              guint n_levels,
              Baseline *ret_baseline)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gint64 start_us = g_get_monotonic_time ();
  Walker walker = {
    .memory = mmap (NULL, size_bytes, PROT_READ, MAP_PRIVATE, fd, 0),
    .n_frames = size_bytes / 4096,
    .pairs = mmap (NULL, RESERVED_PAIRS * sizeof (Pair), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
  };

  for (guint space = 0; space < n_roots; space++)
    walk_table (&walker, roots[space].root_pa / 4096, n_levels - 1, roots[space].first_slot,
                roots[space].end_slot, p2v_index_entry (space, roots[space].base_va));
  gint64 walked_us = g_get_monotonic_time ();
  sort_by_frame (&walker, ret_baseline);
  ret_baseline->seconds_walk = (double) (walked_us - start_us) / G_USEC_PER_SEC;
  ret_baseline->seconds_sort = (double) (g_get_monotonic_time () - walked_us) / G_USEC_PER_SEC;
  ret_baseline->n_tables = walker.n_tables;
  ret_baseline->n_mappings = walker.n_pairs;
  munmap (walker.pairs, RESERVED_PAIRS * sizeof (Pair));
  munmap ((void *) walker.memory, size_bytes);
  close (fd);
}

void
baseline_clear (Baseline *self)
{
  g_free (self->entries);
  g_free (self->ends);
}
