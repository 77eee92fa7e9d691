/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* One reading of all memory, in its order: what looks like a root of page tables, like the object
 * of a process, or like the page that the kernel shares with all processes. What is collected is
 * only a candidate. */

#include "config.h"

#include "image/p2v-image-private.h"
#include "os/windows/p2v-windows-private.h"

/* What is read at a time. A process object that goes beyond the end is not seen there, so chunks
 * overlap by as much as is looked at. */
#define CHUNK_BYTES  ((gsize) 1 << 20)
#define N_WORDS      (CHUNK_BYTES / sizeof (guint64))
#define PAGE_WORDS   (P2V_FRAME_SIZE / sizeof (guint64))
#define LAST_WORDS   8

/* Where the root of the first process stands: kernels of 64 bits take it from memory that is free
 * at the start. Source: data/windows/README.md, "self-map". */
#define LOW_BYTES    ((P2vPhysAddr) 16 << 20)

/* Kernels have at least an image, a pool, the shared page and the tables themselves, far apart. */
#define MIN_KERNEL_ENTRIES 4

/* Candidates of each sort; real machines have some thousands. */
#define MAX_CANDIDATES ((guint) 1 << 20)

/* Source: Intel SDM 3A 4.5, bit 0 is present, bit 1 allows writing (on ARM64 both say that an entry
 * leads to a table, Arm ARM D8.3), bit 7 marks a page or is reserved, bits 12..51 are
 * the address; table 4-8 (PAE): of a page-directory-pointer entry bits 1, 2, 5..8 and those above
 * the address are reserved. */
#define ENTRY_PRESENT  ((guint64) 1)
#define ENTRY_TABLE    ((guint64) 3)
#define ENTRY_PAGE     ((guint64) 1 << 7)
#define ENTRY_ADDRESS  ((((guint64) 1 << 52) - 1) & ~(P2V_FRAME_SIZE - 1))
#define PAE_ADDRESS    ((((guint64) 1 << 36) - 1) & ~(P2V_FRAME_SIZE - 1))
#define PAE_CACHE_BITS ((guint64) 0x18)

/* The processor's tables of 32 bits: the entry that maps them is that of address 0xc0000000.
 * Source: data/windows/README.md, "self-map". */
#define X86_SELF_WORD  (0x300 * sizeof (guint32) / sizeof (guint64))

/* Addresses of the kernel's half: with four or five levels, and of 32 bits. Source: Intel SDM 3A
 * 4.5; data/windows/README.md, "self-map". */
#define HALF_SHIFT_64   56
#define HALF_64         ((guint64) 0xff)
#define HALF_32         ((guint32) 0x80000000)

/* A process object begins with DISPATCHER_HEADER: type 3 in the lowest byte, SignalState in the
 * second half of the word, which is 1 when the process has ended, then a list. Its page tables'
 * root stands at these offsets in all versions. Source: data/windows/offsets.csv, _KPROCESS. */
#define PROCESS_TYPE    3
#define DTB_WORD_64     (0x28 / sizeof (guint64))
#define DTB_WORD_32     (0x18 / sizeof (guint64))

/* The pool's mark of process objects, before Windows 8 with the bit for protected. Source:
 * data/windows/README.md, "pool". */
#define TAG_PROCESS     ((guint32) 0x636f7250)
#define TAG_PROCESS_OLD ((guint32) 0xe36f7250)
/* The most that stands between the mark and the object: the headers of an object. */
#define TAG_DISTANCE    (0xc0 / sizeof (guint64))

/* KUSER_SHARED_DATA. Source: data/windows/README.md, "shared page". */
#define SHARED_ROOT_PATH 0x30
#define SHARED_MAJOR     0x26c
#define SHARED_MINOR     0x270

typedef struct
{
  P2vWindowsScan *scan;
  P2vPhysAddr     end_pa;
  gsize           tag_word;    /* where the last mark of the pool stood */
} Scanner;

static void
add (GArray      *array,
     P2vPhysAddr  pa)
{
  if (array->len < MAX_CANDIDATES)
    g_array_append_val (array, pa);
}

/* A root of four levels: one entry of the upper half leads back to the page, and no entry maps a
 * page, for that is not possible there. Pages full of one value lead back to themselves often. */
static void
look_for_root (Scanner       *self,
               const guint64 *words,
               P2vPhysAddr    pa)
{
  guint n_self = 0;
  gboolean is_x86_64 = TRUE;

  for (guint i = PAGE_WORDS / 2; i < PAGE_WORDS; i++)
    if ((words[i] & ENTRY_TABLE) == ENTRY_TABLE && (words[i] & ENTRY_ADDRESS) == pa)
      n_self++;
  if (n_self != 1)
    return;
  for (guint i = 0; i < PAGE_WORDS; i++)
    if ((words[i] & ENTRY_PRESENT) && (words[i] & ENTRY_PAGE))
      is_x86_64 = FALSE;
  if (is_x86_64)
    add (self->scan->roots[P2V_WINDOWS_X64], pa);
  add (self->scan->roots[P2V_WINDOWS_ARM64], pa);
}

static void
look_for_x86_root (Scanner       *self,
                   const guint64 *words,
                   P2vPhysAddr    pa)
{
  guint32 entry = (guint32) words[X86_SELF_WORD];

  if ((entry & ENTRY_TABLE) == ENTRY_TABLE && pa != 0 &&
      (entry & ~(guint32) (P2V_FRAME_SIZE - 1)) == pa)
    add (self->scan->roots[P2V_WINDOWS_X86], pa);
}

static gboolean
is_shared_page (const guint64 *words)
{
  const guint64 path = words[SHARED_ROOT_PATH / sizeof (guint64)];
  guint32 major = (guint32) (words[SHARED_MAJOR / sizeof (guint64)] >> 32);
  guint32 minor = (guint32) words[SHARED_MINOR / sizeof (guint64)];
  gunichar2 drive = (gunichar2) path;

  return (guint16) (path >> 16) == ':' && (guint16) (path >> 32) == '\\' &&
         drive < 0x80 && g_ascii_isalpha ((char) drive) && major >= 5 && major <= 10 && minor <= 3;
}

static gboolean
is_pae_entry (guint64     entry,
              P2vPhysAddr end_pa)
{
  return (entry & ~(PAE_ADDRESS | PAE_CACHE_BITS)) == ENTRY_PRESENT &&
         (entry & PAE_ADDRESS) <= end_pa && (entry & PAE_ADDRESS) != 0;
}

static void
look_for_pae_root (Scanner       *self,
                   const guint64 *words,
                   P2vPhysAddr    pa)
{
  for (guint i = 0; i < 4; i++)
    if (!is_pae_entry (words[i], self->end_pa))
      return;
  if (words[0] != words[1] && words[1] != words[2] && words[2] != words[3])
    add (self->scan->roots[P2V_WINDOWS_PAE], pa);
}

/* Whether there are page tables at @value: a frame of the machine, or with PAE a part of one. */
static gboolean
may_be_root (const Scanner *self,
             guint64        value,
             guint64        alignment)
{
  return value >= P2V_FRAME_SIZE && value <= self->end_pa && value % alignment == 0;
}

/* Who waits for an object: two addresses of the kernel's half. */
static gboolean
is_list_64 (guint64 next,
            guint64 previous)
{
  return next >> HALF_SHIFT_64 == HALF_64 && previous >> HALF_SHIFT_64 == HALF_64;
}

static gboolean
is_list_32 (guint64 both)
{
  return (guint32) both >= HALF_32 && both >> 32 >= HALF_32;
}

static void
look_for_object (Scanner       *self,
                 const guint64 *words,
                 gsize          i,
                 P2vPhysAddr    pa)
{
  gboolean is_marked = self->tag_word <= i && i - self->tag_word <= TAG_DISTANCE;
  guint64 root_64 = words[i + DTB_WORD_64] & ENTRY_ADDRESS;
  guint32 root_32 = (guint32) words[i + DTB_WORD_32];

  /* Page tables are full of what looks like a header and a root, but have no list behind it. */
  if (is_marked || (may_be_root (self, root_64, P2V_FRAME_SIZE) &&
                    is_list_64 (words[i + 1], words[i + 2])))
    add (self->scan->objects[1], pa);
  /* The smallest alignment of a root is PAE's. */
  if (is_marked || (may_be_root (self, root_32, 0x20) && is_list_32 (words[i + 1])))
    add (self->scan->objects[0], pa);
}

static void
look_at_words (Scanner       *self,
               const guint64 *words,
               gsize          first,
               gsize          end,
               P2vPhysAddr    chunk_pa)
{
  for (gsize i = first; i < end; i++)
    {
      guint32 high = (guint32) (words[i] >> 32);
      if (high == TAG_PROCESS || high == TAG_PROCESS_OLD)
        self->tag_word = i;
      if ((guint8) words[i] == PROCESS_TYPE && high <= 1)
        look_for_object (self, words, i, chunk_pa + i * sizeof (guint64));
      if (i % 4 == 0 && (words[i] & ENTRY_PRESENT) && !(words[i] >> 36))
        look_for_pae_root (self, words + i, chunk_pa + i * sizeof (guint64));
    }
}

/* @words has LAST_WORDS behind the end, zeros where the image ends. */
static void
look_at_chunk (Scanner     *self,
               guint64     *words,
               gsize        n_words,
               P2vPhysAddr  chunk_pa)
{
  self->tag_word = G_MAXSIZE;
  for (gsize i = 0; i < n_words + LAST_WORDS; i++)
    words[i] = GUINT64_FROM_LE (words[i]);
  for (gsize page = 0; page + PAGE_WORDS <= n_words; page += PAGE_WORDS)
    {
      P2vPhysAddr pa = chunk_pa + page * sizeof (guint64);

      look_for_root (self, words + page, pa);
      look_for_x86_root (self, words + page, pa);
      if (is_shared_page (words + page))
        add (self->scan->shared_pages, pa);
      look_at_words (self, words, page, page + PAGE_WORDS, chunk_pa);
    }
}

/* Reads what of the LAST_WORDS behind a chunk is there. */
static gboolean
read_chunk (const P2vSystemSearch  *search,
            P2vPhysAddr             pa,
            gsize                   n_words,
            guint64                *words,
            GError                **error)
{
  P2vReadStatus status = p2v_image_read (search->image, pa, words,
                                         (n_words + LAST_WORDS) * sizeof *words, error);

  if (status == P2V_READ_HOLE)
    {
      memset (words + n_words, 0, LAST_WORDS * sizeof *words);
      status = p2v_image_read (search->image, pa, words, n_words * sizeof *words, error);
    }
  return status != P2V_READ_FAILED;
}

static gboolean
scan_range (Scanner                *self,
            const P2vSystemSearch  *search,
            const P2vImageRange    *range,
            guint64                *words,
            guint64                *bytes_done,
            GError                **error)
{
  guint64 skipped = -range->start_pa & (P2V_FRAME_SIZE - 1);

  for (guint64 offset = skipped; offset + P2V_FRAME_SIZE <= range->length_bytes;
       offset += CHUNK_BYTES)
    {
      guint64 left = (range->length_bytes - offset) & ~(P2V_FRAME_SIZE - 1);
      gsize n_words = (gsize) MIN (left, CHUNK_BYTES) / sizeof *words;

      if (g_cancellable_set_error_if_cancelled (search->cancellable, error) ||
          !read_chunk (search, range->start_pa + offset, n_words, words, error))
        return FALSE;
      look_at_chunk (self, words, n_words, range->start_pa + offset);
      *bytes_done += n_words * sizeof *words;
      p2v_meter_set_done (search->meter, *bytes_done);
    }
  return TRUE;
}

static void
scan_init (P2vWindowsScan *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->roots); i++)
    self->roots[i] = g_array_new (FALSE, FALSE, sizeof (P2vPhysAddr));
  for (gsize i = 0; i < G_N_ELEMENTS (self->objects); i++)
    self->objects[i] = g_array_new (FALSE, FALSE, sizeof (P2vPhysAddr));
  self->shared_pages = g_array_new (FALSE, FALSE, sizeof (P2vPhysAddr));
}

void
p2v_windows_scan_clear (P2vWindowsScan *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->roots); i++)
    g_clear_pointer (&self->roots[i], g_array_unref);
  for (gsize i = 0; i < G_N_ELEMENTS (self->objects); i++)
    g_clear_pointer (&self->objects[i], g_array_unref);
  g_clear_pointer (&self->shared_pages, g_array_unref);
}

gboolean
p2v_windows_scan (P2vWindowsScan         *self,
                  const P2vSystemSearch  *search,
                  GError                **error)
{
  g_autofree guint64 *words = g_new (guint64, N_WORDS + LAST_WORDS);
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (search->image, &n_ranges);
  Scanner scanner = { .scan = self };
  guint64 bytes_done = 0;

  scan_init (self);
  p2v_meter_begin (search->meter, search->searching, p2v_image_get_memory_size (search->image));
  if (n_ranges > 0)
    scanner.end_pa = ranges[n_ranges - 1].start_pa + (ranges[n_ranges - 1].length_bytes - 1);
  for (gsize i = 0; i < n_ranges; i++)
    if (!scan_range (&scanner, search, &ranges[i], words, &bytes_done, error))
      return FALSE;
  return TRUE;
}

static gboolean
has_kernel_entries (const guint64 *words)
{
  guint n_entries = 0;

  for (guint i = PAGE_WORDS / 2; i < PAGE_WORDS; i++)
    n_entries += (words[i] & ENTRY_TABLE) == ENTRY_TABLE;
  return n_entries >= MIN_KERNEL_ENTRIES;
}

/* Roots of 32 bits are too like other things to be believed in alone. */
gboolean
p2v_windows_has_low_root (P2vImage *image)
{
  g_autofree guint64 *words = g_new (guint64, N_WORDS);
  P2vWindowsScan scan = { 0 };
  Scanner scanner = { .scan = &scan };
  gboolean found = FALSE;

  scan_init (&scan);
  for (P2vPhysAddr chunk_pa = 0; chunk_pa < LOW_BYTES && !found; chunk_pa += CHUNK_BYTES)
    {
      if (p2v_image_read (image, chunk_pa, words, CHUNK_BYTES, NULL) != P2V_READ_OK)
        continue;
      for (gsize i = 0; i < N_WORDS; i++)
        words[i] = GUINT64_FROM_LE (words[i]);
      for (gsize page = 0; page < N_WORDS; page += PAGE_WORDS)
        if (has_kernel_entries (words + page))
          look_for_root (&scanner, words + page, chunk_pa + page * sizeof *words);
      found = scan.roots[P2V_WINDOWS_ARM64]->len > 0;
    }
  p2v_windows_scan_clear (&scan);
  return found;
}
