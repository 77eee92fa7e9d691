/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "synthetic.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#define N_LEVELS 4
#define TABLE 0x67              /* present, writable, user, accessed, dirty */
#define PAGE 0x8000000000000067 /* and no-execute */
#define GROUP_FRAMES 8          /* frames that are handed out in one piece */
#define STEP 2654435761         /* a prime: GROUP * STEP modulo N comes everywhere once */
#define SHARERS 10
/* An area has so many pages and begins somewhere in a stretch of 64 MiB; all areas one behind the
 * other. So 5 to 6 of the last tables are begun for it and are 85 % full. */
#define AREA_PAGES 2500
#define AREA_SHIFT 26
#define FIRST_VA ((guint64) 0x555500000000)

typedef struct
{
  guint64 entries[512];
  guint64 pfn;
  guint64 prefix; /* the bits of virtual addresses above its own */
} Table;

typedef struct
{
  int fd;
  gboolean failed;
  guint64 n_groups;
  guint64 n_taken;        /* frames */
  Table tables[N_LEVELS]; /* those being filled; 0: the last level */
  guint64 *shared;        /* pfns of the pages that the next spaces share */
  guint64 *roots;
} Maker;

static guint64
take_frame (Maker *maker)
{
  guint64 group = maker->n_taken / GROUP_FRAMES * STEP % maker->n_groups;

  return group * GROUP_FRAMES + maker->n_taken++ % GROUP_FRAMES;
}

static void
write_at (Maker *maker, guint64 offset, const void *bytes, gsize n)
{
  if (pwrite (maker->fd, bytes, n, (off_t) offset) != (ssize_t) n)
    maker->failed = TRUE;
}

static void
flush_table (Maker *maker, guint level)
{
  Table *table = &maker->tables[level];

  if (table->pfn != 0)
    write_at (maker, table->pfn * 4096, table->entries, sizeof table->entries);
  table->pfn = 0;
}

/* Makes the table of @level that translates @va the one being filled. */
static void
turn_to_table (Maker *maker, guint level, guint64 va)
{
  Table *table = &maker->tables[level];
  guint shift = 12 + 9 * (level + 1);

  if (table->pfn != 0 && table->prefix == va >> shift)
    return;
  for (guint below = 0; below <= level; below++)
    flush_table (maker, below);
  memset (table->entries, 0, sizeof table->entries);
  table->prefix = va >> shift;
  table->pfn = take_frame (maker);
  if (level + 1 < N_LEVELS)
    maker->tables[level + 1].entries[va >> shift & 511] = table->pfn << 12 | TABLE;
}

static void
map_page (Maker *maker, guint64 va, guint64 pfn)
{
  for (guint level = N_LEVELS; level-- > 0;)
    turn_to_table (maker, level, va);
  maker->tables[0].entries[va >> 12 & 511] = pfn << 12 | PAGE;
}

static void
write_space (Maker *maker, guint space, guint n_pages)
{
  for (guint i = 0; i < n_pages; i++)
    {
      guint area = i / AREA_PAGES;
      guint64 first_va
          = FIRST_VA + ((guint64) area << AREA_SHIFT) + ((space * 7 + area * 37) % 512 << 12);
      gboolean is_shared = area % 2 == 1;
      guint64 va = first_va + ((guint64) (i % AREA_PAGES) << 12);

      if (is_shared && space % SHARERS == 0)
        maker->shared[i] = take_frame (maker);
      map_page (maker, va, is_shared ? maker->shared[i] : take_frame (maker));
    }
  maker->roots[space] = maker->tables[N_LEVELS - 1].pfn << 12;
  for (guint level = 0; level < N_LEVELS; level++)
    flush_table (maker, level);
}

static guint64
count_frames (guint n_spaces, guint n_pages)
{
  guint64 own = (guint64) n_spaces * n_pages / 2 + (guint64) n_spaces * AREA_PAGES;
  guint64 tables = (guint64) n_spaces * (n_pages / 350 + 16);

  return (own + own / SHARERS + tables) * 4 / 3 + n_spaces / 512 + GROUP_FRAMES;
}

static void
write_all (Maker *maker, guint n_spaces, guint n_pages)
{
  guint64 count = n_spaces;

  maker->n_groups = count_frames (n_spaces, n_pages) / GROUP_FRAMES;
  if (ftruncate (maker->fd, (off_t) (maker->n_groups * GROUP_FRAMES * 4096)) != 0)
    maker->failed = TRUE;
  for (guint space = 0; space < n_spaces && !maker->failed; space++)
    write_space (maker, space, n_pages);
  write_at (maker, 0, SYNTHETIC_MAGIC, 8);
  write_at (maker, 8, &count, sizeof count);
  write_at (maker, 16, maker->roots, 8 * (gsize) n_spaces);
  if (fsync (maker->fd) != 0)
    maker->failed = TRUE;
}

gboolean
synthetic_write (const char *path, guint n_spaces, guint n_pages, GError **error)
{
  g_assert (n_spaces <= SYNTHETIC_MAX_SPACES);
  g_autofree Maker *maker = g_new0 (Maker, 1);
  g_autofree guint64 *shared = g_new0 (guint64, n_pages);
  g_autofree guint64 *roots = g_new0 (guint64, n_spaces);

  maker->fd = open (path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  maker->shared = shared;
  maker->roots = roots;
  /* The first group is the header's. */
  maker->n_taken = GROUP_FRAMES;
  if (maker->fd < 0)
    maker->failed = TRUE;
  else
    write_all (maker, n_spaces, n_pages);
  if (maker->failed)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", path,
                 g_strerror (errno));
  if (maker->fd >= 0)
    close (maker->fd);
  return !maker->failed;
}
