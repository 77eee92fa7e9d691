/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Reads the records of frames, and says of them what /proc/kpageflags and /proc/kpagecount would.
 * Source: Linux fs/proc/page.c, stable_page_flags() and kpagecount_read() (6.1 and 6.12). */

#include "config.h"

#include "base/p2v-reader.h"
#include "os/linux/p2v-linux-page.h"

/* Bytes of a record that are read: what we know of lies within. */
#define MAX_RECORD_BYTES 128

/* Frames of a compound page whose counts are looked at one by one; larger ones are huge pages that
 * are mapped as a whole. Source: Linux include/linux/huge_mm.h HPAGE_PMD_ORDER: 9 with 4 KiB, 13
 * with 64 KiB. */
#define MAX_THP_ORDER 13

/* The largest compound page: 1 GiB of 4 KiB frames, 16 GiB of them on other processors. */
#define MAX_ORDER 22

/* The records of one of these, of 64 bytes each. */
#define MAX_MASK_SPAN ((guint64) 64 << MAX_ORDER)

/* Source: Linux include/linux/mmzone.h MAX_PAGE_ORDER: 10 on x86, 13 on arm64 with 64 KiB. */
#define MAX_FREE_ORDER 13

/* Free or not, a frame that has this number is none. */
#define NO_PFN G_MAXUINT64

void
p2v_linux_page_reader_init (P2vLinuxPageReader       *self,
                            const P2vLinux           *kernel,
                            const P2vLinuxPageLayout *layout,
                            P2vVirtualMemory         *memory)
{
  *self = (P2vLinuxPageReader) { .kernel = kernel, .layout = layout, .memory = memory };
  self->compound.head.pfn = NO_PFN;
}

/* What lies beyond the record reads as 0. */
static guint32
get_u32 (const P2vReader *record,
         guint32          offset)
{
  guint32 value = 0;

  (void) !p2v_reader_get_u32 (record, offset, &value);
  return value;
}

static guint64
get_word (const P2vLinuxPageReader *self,
          const P2vReader          *record,
          guint32                   offset)
{
  guint64 value = 0;

  if (self->kernel->arch->word_bytes == sizeof (guint32))
    return get_u32 (record, offset);
  (void) !p2v_reader_get_u64 (record, offset, &value);
  return value;
}

static P2vLinuxPageType
find_type (const P2vLinuxPageReader *self,
           guint32                   word)
{
  const P2vLinuxPageLayout *layout = self->layout;

  /* A count that is not negative is no type. */
  if (word < (guint32) 1 << 31 || word >= layout->untyped_from)
    return LINUX_PAGE_TYPE_NONE;
  for (guint i = LINUX_PAGE_TYPE_NONE + 1; i < LINUX_N_PAGE_TYPES; i++)
    if (layout->types[i].mask != 0 && (word & layout->types[i].mask) == layout->types[i].value)
      return (P2vLinuxPageType) i;
  return LINUX_PAGE_TYPE_NONE;
}

static P2vVirtAddr
get_record_va (const P2vLinuxPageReader *self,
               guint64                   pfn)
{
  return (self->layout->first_va + pfn * self->layout->size_bytes) &
         p2v_linux_max_word (self->kernel);
}

/* The frame whose record stands at @va. */
static guint64
get_record_pfn (const P2vLinuxPageReader *self,
                P2vVirtAddr               va)
{
  return ((va - self->layout->first_va) & p2v_linux_max_word (self->kernel)) /
         self->layout->size_bytes;
}

/* Where the record of the head is, by that of a tail; 0 if @va is none, which bit 0 says. The rest
 * is the head's address, or, on 64-bit processors since 7.1, a mask that makes the one of the
 * other: such a mask would be the address of a record at the very end of all addresses, where there
 * are none.
 * Source: Linux include/linux/page-flags.h, _compound_head() and set_compound_head() (6.12 and
 * 7.2). */
static P2vVirtAddr
get_head_va (const P2vLinuxPageReader *self,
             P2vVirtAddr               va,
             guint64                   word)
{
  guint64 span = ~word + 2;

  if (!(word & 1))
    return 0;
  return span <= MAX_MASK_SPAN && (span & (span - 1)) == 0 ? va & word : word - 1;
}

gboolean
p2v_linux_page_read (P2vLinuxPageReader *self,
                     guint64             pfn,
                     P2vLinuxPage       *ret_page)
{
  const P2vLinuxPageLayout *layout = self->layout;
  guint8 bytes[MAX_RECORD_BYTES];
  P2vReader reader = p2v_reader_le (bytes, MIN (layout->size_bytes, sizeof bytes));
  const P2vReader *record = &reader;
  P2vVirtAddr va = get_record_va (self, pfn);

  if (!p2v_virtual_memory_read (self->memory, va, bytes, reader.length))
    return FALSE;
  guint64 head = get_word (self, record, layout->head_at);
  *ret_page = (P2vLinuxPage) {
    .pfn = pfn,
    .va = va,
    .flags = get_word (self, record, layout->flags_at),
    .mapping = get_word (self, record, layout->mapping_at),
    .index = get_word (self, record, layout->index_at),
    .private = get_word (self, record, layout->private_at),
    .slab_cache =
      layout->slab_cache_at != 0 ? get_word (self, record, layout->slab_cache_at) : 0,
    .compound_head = get_head_va (self, va, head),
    .mapcount = get_u32 (record, layout->mapcount_at),
    .refcount = get_u32 (record, layout->refcount_at),
  };
  ret_page->type = find_type (self, ret_page->mapcount);
  return TRUE;
}

static gboolean
is_slab (const P2vLinuxPageReader *self,
         const P2vLinuxPage       *page)
{
  return page->type == LINUX_PAGE_TYPE_SLAB || page->flags & self->layout->bits[LINUX_PAGE_SLAB];
}

/* One of the members that a compound page keeps behind its first record. */
static gboolean
read_compound_u32 (P2vLinuxPageReader     *self,
                   const P2vLinuxCompound *compound,
                   guint32                 offset,
                   guint32                *ret_value)
{
  return offset != 0 &&
         p2v_virtual_memory_read_u32 (self->memory, compound->head.va + offset, ret_value);
}

static void
read_order (P2vLinuxPageReader *self,
            P2vLinuxCompound   *compound)
{
  guint32 word;

  compound->order = 0;
  if (read_compound_u32 (self, compound, self->layout->order_at, &word) &&
      (word & 0xff) <= MAX_ORDER)
    compound->order = word & 0xff;
}

static void
read_hugetlb (P2vLinuxPageReader *self,
              P2vLinuxCompound   *compound)
{
  const P2vLinuxPageLayout *layout = self->layout;
  guint64 second_flag = layout->bits[LINUX_PAGE_HUGETLB];
  P2vLinuxPage second;
  guint32 word;

  if (compound->head.type == LINUX_PAGE_TYPE_HUGETLB)
    compound->is_hugetlb = TRUE;
  else if (read_compound_u32 (self, compound, layout->dtor_at, &word))
    compound->is_hugetlb = (word & 0xff) == layout->dtor_hugetlb;
  else if (second_flag != 0 && p2v_linux_page_read (self, compound->head.pfn + 1, &second))
    compound->is_hugetlb = (second.flags & second_flag) != 0;
}

/* Frames of a page that are looked at, evenly spread. */
#define N_ZERO_SAMPLES 16

/* Whether a page that is in use, and by no list, file or process as its record says, holds nothing
 * but zeros: where no symbol names it, that is the one that processes map in the place of memory
 * that they have only read. A heuristic; the kernel has hardly another use for a page of that size
 * that it has cleared and left alone. */
static gboolean
looks_like_huge_zero (P2vLinuxPageReader     *self,
                      const P2vLinuxCompound *compound,
                      guint64                 lru)
{
  static const guint8 zeros[P2V_FRAME_SIZE];
  guint order = self->layout->unnamed_zero_order;
  guint8 frame[P2V_FRAME_SIZE];

  if (order == 0 || compound->order != order || compound->is_slab || compound->is_hugetlb ||
      compound->head.type != LINUX_PAGE_TYPE_NONE || compound->head.flags & lru ||
      compound->head.mapping != 0 || compound->head.refcount == 0)
    return FALSE;
  for (guint i = 0; i < N_ZERO_SAMPLES; i++)
    {
      guint64 pfn = compound->head.pfn + (((guint64) i << order) / N_ZERO_SAMPLES);
      if (p2v_image_read (self->kernel->image, pfn << self->layout->frame_shift, frame,
                          sizeof frame, NULL) != P2V_READ_OK ||
          memcmp (frame, zeros, sizeof frame) != 0)
        return FALSE;
    }
  return TRUE;
}

static void
read_thp (P2vLinuxPageReader *self,
          P2vLinuxCompound   *compound)
{
  guint64 rmappable = self->layout->bits[LINUX_PAGE_LARGE_RMAPPABLE];
  guint64 lru = 0;
  P2vLinuxPage second;

  for (guint i = 0; i < self->layout->n_flags; i++)
    if (self->layout->flags[i].flag == P2V_FRAME_FLAGS_LRU)
      lru = self->layout->flags[i].mask;
  compound->is_huge_zero = compound->head.pfn == self->layout->huge_zero_pfn ||
                           looks_like_huge_zero (self, compound, lru);
  if (compound->is_huge_zero)
    compound->is_thp = TRUE;
  else if (rmappable == 0)
    compound->is_thp = compound->head.flags & lru ||
                       (!compound->is_slab && compound->head.mapping & P2V_LINUX_MAPPING_ANON);
  else if (p2v_linux_page_read (self, compound->head.pfn + 1, &second))
    compound->is_thp = (second.flags & rmappable) != 0;
}

/* What one record counts by itself. */
static gint64
get_own_mapcount (const P2vLinuxPage *page)
{
  return page->type == LINUX_PAGE_TYPE_NONE ? (gint64) (gint32) page->mapcount + 1 : 0;
}

static gboolean
is_any_mapped (P2vLinuxPageReader     *self,
               const P2vLinuxCompound *compound)
{
  guint64 n_pages = (guint64) 1 << MIN (compound->order, MAX_THP_ORDER);
  P2vLinuxPage page;

  if (compound->is_slab || (!compound->is_hugetlb && compound->head.type != LINUX_PAGE_TYPE_NONE))
    return FALSE;
  if (compound->n_entire > 0 || compound->is_hugetlb)
    return compound->n_entire > 0;
  for (guint64 i = 0; i < n_pages; i++)
    if (p2v_linux_page_read (self, compound->head.pfn + i, &page) && get_own_mapcount (&page) > 0)
      return TRUE;
  return FALSE;
}

/* A kernel may count the mappings of a large page's parts in sum only, and then says an average of
 * each: it has more of them than are mappings of all of it, and none of any part. Source: Linux
 * mm/Kconfig, NO_PAGE_MAPCOUNT; mm/rmap.c, __folio_add_rmap() (6.15 to 7.2). */
static gboolean
is_counted_whole (P2vLinuxPageReader     *self,
                  const P2vLinuxCompound *compound)
{
  guint64 n_pages = (guint64) 1 << MIN (compound->order, MAX_THP_ORDER);
  P2vLinuxPage page;
  guint32 word;

  if (compound->is_hugetlb || compound->is_slab ||
      compound->head.type != LINUX_PAGE_TYPE_NONE ||
      !read_compound_u32 (self, compound, self->layout->large_mapcount_at, &word) ||
      (gint64) (gint32) word + 1 <= compound->n_entire)
    return FALSE;
  for (guint64 i = 0; i < n_pages; i++)
    if (p2v_linux_page_read (self, compound->head.pfn + i, &page) && get_own_mapcount (&page) > 0)
      return FALSE;
  return TRUE;
}

static void
read_compound (P2vLinuxPageReader *self,
               P2vLinuxCompound   *compound)
{
  guint32 word;

  if (!(compound->head.flags & self->layout->bits[LINUX_PAGE_HEAD]))
    {
      compound->is_mapped = !compound->is_slab && get_own_mapcount (&compound->head) > 0;
      return;
    }
  read_order (self, compound);
  read_hugetlb (self, compound);
  if (!compound->is_hugetlb)
    read_thp (self, compound);
  if (read_compound_u32 (self, compound, self->layout->entire_mapcount_at, &word))
    compound->n_entire = (gint64) (gint32) word + 1;
  compound->is_counted_whole = is_counted_whole (self, compound);
  compound->is_mapped = compound->is_counted_whole || is_any_mapped (self, compound);
}

const P2vLinuxCompound *
p2v_linux_page_get_compound (P2vLinuxPageReader *self,
                             const P2vLinuxPage *page)
{
  P2vLinuxCompound *compound = &self->compound;
  guint64 pfn =
    page->compound_head != 0 ? get_record_pfn (self, page->compound_head) : page->pfn;

  if (compound->head.pfn == pfn)
    return compound;
  *compound = (P2vLinuxCompound) { .head = *page };
  /* A head that cannot be read, or is a tail itself, is none: the image is damaged there. */
  if (pfn != page->pfn && (!p2v_linux_page_read (self, pfn, &compound->head) ||
                           compound->head.compound_head != 0))
    {
      compound->head = *page;
      compound->head.compound_head = 0;
    }
  compound->is_slab = is_slab (self, &compound->head);
  read_compound (self, compound);
  return compound;
}

gboolean
p2v_linux_page_is_free (P2vLinuxPageReader *self,
                        const P2vLinuxPage *page,
                        guint              *ret_order)
{
  P2vLinuxPage head = *page;

  if (page->refcount != 0 || page->compound_head != 0)
    return FALSE;
  if (page->pfn - self->free_start < self->n_free)
    {
      *ret_order = g_bit_storage (self->n_free) - 1;
      return TRUE;
    }
  /* The first frame of a block is marked, and tells how long the block is. */
  for (guint order = 0; order <= MAX_FREE_ORDER; order++)
    {
      guint64 pfn = page->pfn & ~(((guint64) 1 << order) - 1);
      if (pfn != head.pfn && !p2v_linux_page_read (self, pfn, &head))
        return FALSE;
      if (head.type != LINUX_PAGE_TYPE_BUDDY || head.private > MAX_FREE_ORDER)
        continue;
      if (head.private < order)
        return FALSE;
      self->free_start = pfn;
      self->n_free = (guint64) 1 << head.private;
      *ret_order = (guint) head.private;
      return TRUE;
    }
  return FALSE;
}

static P2vFrameFlags
get_plain_flags (const P2vLinuxPageLayout *layout,
                 guint64                   word)
{
  P2vFrameFlags flags = P2V_FRAME_FLAGS_NONE;

  for (guint i = 0; i < layout->n_flags; i++)
    if (word & layout->flags[i].mask)
      flags |= layout->flags[i].flag;
  return flags;
}

static P2vFrameFlags
get_type_flags (const P2vLinuxPage *page)
{
  switch (page->type)
    {
    case LINUX_PAGE_TYPE_OFFLINE:
      return P2V_FRAME_FLAGS_OFFLINE;
    case LINUX_PAGE_TYPE_TABLE:
      return P2V_FRAME_FLAGS_PGTABLE;
    case LINUX_PAGE_TYPE_NONE:
    case LINUX_PAGE_TYPE_BUDDY:
    case LINUX_PAGE_TYPE_GUARD:
    case LINUX_PAGE_TYPE_HUGETLB:
    case LINUX_PAGE_TYPE_SLAB:
    case LINUX_PAGE_TYPE_ZSMALLOC:
    case LINUX_PAGE_TYPE_UNACCEPTED:
    case LINUX_PAGE_TYPE_LARGE_KMALLOC:
    case LINUX_N_PAGE_TYPES:
    default:
      return P2V_FRAME_FLAGS_NONE;
    }
}

/* What the mapping of the head says, which means something else in a page with a type. */
static P2vFrameFlags
get_mapping_flags (const P2vLinuxPageLayout *layout,
                   const P2vLinuxCompound   *compound)
{
  P2vFrameFlags flags = P2V_FRAME_FLAGS_NONE;
  gboolean has_type =
    compound->is_slab || (compound->head.type != LINUX_PAGE_TYPE_NONE && !compound->is_hugetlb);

  if (!has_type && compound->head.mapping & P2V_LINUX_MAPPING_ANON)
    {
      flags |= P2V_FRAME_FLAGS_ANON;
      if (compound->head.mapping & P2V_LINUX_MAPPING_MOVABLE)
        flags |= P2V_FRAME_FLAGS_KSM;
    }
  if (compound->head.flags & layout->bits[LINUX_PAGE_SWAPCACHE] &&
      get_plain_flags (layout, compound->head.flags) & P2V_FRAME_FLAGS_SWAPBACKED)
    flags |= P2V_FRAME_FLAGS_SWAPCACHE;
  return flags;
}

static P2vFrameFlags
get_compound_flags (const P2vLinuxPageLayout *layout,
                    const P2vLinuxPage       *page,
                    const P2vLinuxCompound   *compound)
{
  P2vFrameFlags flags = P2V_FRAME_FLAGS_NONE;

  if (page->compound_head != 0)
    flags |= P2V_FRAME_FLAGS_TAIL;
  else if (page->flags & layout->bits[LINUX_PAGE_HEAD])
    flags |= P2V_FRAME_FLAGS_HEAD;
  if (compound->is_hugetlb)
    flags |= P2V_FRAME_FLAGS_HUGE;
  if (compound->is_thp)
    flags |= P2V_FRAME_FLAGS_THP;
  if (compound->is_slab)
    flags |= P2V_FRAME_FLAGS_SLAB;
  if (compound->is_mapped)
    flags |= P2V_FRAME_FLAGS_MMAP;
  if (compound->is_huge_zero || page->pfn == layout->zero_pfn)
    flags |= P2V_FRAME_FLAGS_ZERO_PAGE;
  return flags;
}

P2vFrameFlags
p2v_linux_page_get_flags (P2vLinuxPageReader     *self,
                          const P2vLinuxPage     *page,
                          const P2vLinuxCompound *compound,
                          gboolean                is_free)
{
  const P2vLinuxPageLayout *layout = self->layout;
  guint64 word = layout->tails_share_flags ? compound->head.flags : page->flags;
  P2vFrameFlags flags = get_plain_flags (layout, word) | get_type_flags (page) |
                        get_mapping_flags (layout, compound) |
                        get_compound_flags (layout, page, compound);

  /* The page of a huge one that is broken is not marked itself. */
  if ((compound->is_hugetlb ? word : page->flags) & layout->bits[LINUX_PAGE_HWPOISON])
    flags |= P2V_FRAME_FLAGS_HWPOISON;
  if (is_free)
    flags |= P2V_FRAME_FLAGS_BUDDY;
  return flags;
}

gint64
p2v_linux_page_get_mapcount (P2vLinuxPageReader     *self,
                             const P2vLinuxPage     *page,
                             const P2vLinuxCompound *compound)
{
  gboolean is_double = (self->layout->bits[LINUX_PAGE_DOUBLE_MAP]) != 0;
  gboolean is_anonymous = (compound->head.mapping & P2V_LINUX_MAPPING_ANON) != 0;
  gint64 n = get_own_mapcount (page);
  P2vLinuxPage second;

  if (compound->is_slab || (page->type != LINUX_PAGE_TYPE_NONE && !compound->is_hugetlb))
    return 0;
  if (compound->is_hugetlb)
    return compound->n_entire;
  if (compound->is_counted_whole)
    return -1;
  /* As long as there was a flag for "mapped both ways", files counted their huge mappings in each
   * record, and anonymous memory counted a mapping too many in each while the flag was set. Source:
   * Linux mm/util.c __page_mapcount() (6.1). */
  if (!is_double)
    return n + compound->n_entire;
  if (!is_anonymous || compound->n_entire == 0)
    return n;
  if (p2v_linux_page_read (self, compound->head.pfn + 1, &second) &&
      second.flags & self->layout->bits[LINUX_PAGE_DOUBLE_MAP])
    n--;
  return n + compound->n_entire;
}
