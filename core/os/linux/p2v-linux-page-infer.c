/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What is where in the records of frames, and what their bits mean, by the records themselves: for
 * kernels of which neither types nor VMCOREINFO say it.
 *
 * The frames of the kernel's image are never freed and nobody maps them, so that their records are
 * known: that gives the size of one. Of the others, the first frame of a free block has a mark that
 * no other frame has, and pages of processes and of files have flags that they must have. */

#include "config.h"

#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-page.h"

/* As many frames of the image are asked. */
#define N_ASKED 8

/* Frames that are looked at, evenly spread, and how many of a kind must be among them. */
#define MAX_SAMPLES   ((guint64) 1 << 17)
#define LEAST_SAMPLES 32

/* Bits of a word that are flags in every kernel; those above may be a zone's number. Source: Linux
 * include/linux/page-flags.h, enum pageflags: 21 at least. */
#define N_FLAG_BITS 22

/* PG_swapbacked is not below this. Source: as above (6.12: 17; 6.1: 19). */
#define LEAST_SWAPBACKED 16

/* No block is longer. Source: as in p2v-linux-page.c. */
#define MAX_FREE_ORDER 13

/* What the count of mappings is replaced with in the first frame of a free block: since 6.12, in
 * 6.11, and before. Source: Linux include/linux/page-flags.h, PGTY_buddy; PG_buddy (6.11; 4.18 to
 * 6.10), ~ of it. */
static const guint32 buddy_marks[] = { 0xf0000000, 0xbfffffff, 0xffffff7f };

typedef struct
{
  guint n;
  guint n_set[N_FLAG_BITS];
} Kind;

typedef struct
{
  P2vLinuxPageReader pages;
  Kind               anonymous;    /* pages of processes that are mapped */
  Kind               files;        /* pages of files that are mapped */
  guint              n_marked[G_N_ELEMENTS (buddy_marks)];
} Sample;

gboolean
p2v_linux_page_layout_fits (const P2vLinux           *kernel,
                            P2vVirtualMemory         *memory,
                            const P2vLinuxPageLayout *layout)
{
  guint64 pfn = (kernel->banner_va - kernel->delta) >> layout->frame_shift;
  P2vLinuxPageReader pages;
  P2vLinuxPage page;

  p2v_linux_page_reader_init (&pages, kernel, layout, memory);
  for (guint i = 0; i < N_ASKED; i++)
    if (!p2v_linux_page_read (&pages, pfn + i, &page) || page.mapcount != (guint32) -1 ||
        page.refcount != 1)
      return FALSE;
  return TRUE;
}

static void
count (Kind    *kind,
       guint64  flags)
{
  kind->n++;
  for (guint i = 0; i < N_FLAG_BITS; i++)
    kind->n_set[i] += (guint) (flags >> i & 1);
}

static void
look_at (Sample             *self,
         const P2vLinuxPage *page)
{
  if (page->refcount == 0 && page->private <= MAX_FREE_ORDER)
    for (gsize i = 0; i < G_N_ELEMENTS (buddy_marks); i++)
      self->n_marked[i] += page->mapcount == buddy_marks[i];
  if (page->refcount == 0 || page->compound_head != 0 || (gint32) page->mapcount < 0 ||
      page->mapping < self->pages.kernel->least_kernel_va)
    return;
  if ((page->mapping & 3) == P2V_LINUX_MAPPING_ANON)
    count (&self->anonymous, page->flags);
  else if ((page->mapping & 3) == 0)
    count (&self->files, page->flags);
}

static void
take_sample (Sample         *self,
             const P2vLinux *kernel)
{
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (kernel->image, &n_ranges);
  guint shift = self->pages.layout->frame_shift;
  guint64 step =
    MAX (p2v_image_get_memory_size (kernel->image) >> shift, MAX_SAMPLES) / MAX_SAMPLES;

  for (gsize i = 0; i < n_ranges; i++)
    for (guint64 n = 0; n < ranges[i].length_bytes >> shift; n += step)
      {
        P2vLinuxPage page;
        if (p2v_linux_page_read (&self->pages, (ranges[i].start_pa >> shift) + n, &page))
          look_at (self, &page);
      }
}

/* The mark that most free blocks have, or 0. */
static guint32
choose_mark (const Sample *self)
{
  guint best = 0;

  for (gsize i = 1; i < G_N_ELEMENTS (buddy_marks); i++)
    if (self->n_marked[i] > self->n_marked[best])
      best = (guint) i;
  return self->n_marked[best] > 0 ? buddy_marks[best] : 0;
}

/* The bit that nearly all pages of processes have and fewest of files: nothing but memory that may
 * be swapped has it. -1 if that is not clear. */
static gint
choose_swapbacked (const Sample *self)
{
  guint best = 0, least = G_MAXUINT;

  if (self->anonymous.n < LEAST_SAMPLES || self->files.n < LEAST_SAMPLES)
    return -1;
  for (guint i = LEAST_SWAPBACKED; i < N_FLAG_BITS; i++)
    if (self->anonymous.n_set[i] > self->anonymous.n / 10 * 9 && self->files.n_set[i] < least)
      {
        best = i;
        least = self->files.n_set[i];
      }
  return least < self->files.n / 2 ? (gint) best : -1;
}

/* Pages of files that are mapped are up to date, and few of them were written to: the bit behind is
 * that of these in the old order, and in the new one it is the other way round. */
static gboolean
has_new_order (const Sample *self)
{
  return self->files.n_set[P2V_LINUX_NEW_UPTODATE] > self->files.n_set[P2V_LINUX_OLD_UPTODATE];
}

void
p2v_linux_page_layout_infer_bits (const P2vLinux     *kernel,
                                  P2vVirtualMemory   *memory,
                                  P2vLinuxPageLayout *layout)
{
  Sample sample = { 0 };

  p2v_linux_page_reader_init (&sample.pages, kernel, layout, memory);
  take_sample (&sample, kernel);
  layout->inferred = (P2vLinuxPageBits) {
    .known = TRUE,
    .lru = has_new_order (&sample) ? P2V_LINUX_NEW_LRU : P2V_LINUX_OLD_LRU,
    .swapbacked = choose_swapbacked (&sample),
    .buddy_mark = choose_mark (&sample),
  };
}
