/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "base/p2v-reader.h"
#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-page.h"
#include "os/linux/p2v-linux-swap.h"

/* Source: Linux include/linux/swap.h, MAX_SWAPFILES_SHIFT 5. */
#define MAX_AREAS 32

/* Where the kernel's table of swap files is not known: the first type that is taken for a special
 * one. Those of swap files count up from 0, in the order in which they were put to use; the others
 * end at 31. Source: Linux include/linux/swap.h, MAX_SWAPFILES (4.0 to 6.12): 21 at least. */
#define LEAST_SPECIAL 16

/* Offsets of special types below this are marks; no process has a frame so low. Source: Linux
 * include/linux/swapops.h, PTE_MARKER_MASK (5.19 to 6.15): 1, 2 and 4. */
#define END_OF_MARKERS 8

/* Beside the number of a frame that is being moved an offset has two flags. Source: Linux
 * include/linux/swapops.h, SWP_MIG_YOUNG and SWP_MIG_DIRTY (6.1). */
#define MAX_FLAGS_BEHIND 2

/* How far the type is shifted in the kernel's own form of a place, which the record of a page has:
 * as far as an entry of an xarray, or before 4.20 of a radix tree, leaves room. Source: Linux
 * include/linux/swapops.h, SWP_TYPE_SHIFT. */
#define TYPE_BITS           5
#define XARRAY_BITS         1
#define RADIX_TREE_BITS     2

/* What is read of the records of frames at a time. */
#define BUFFER_BYTES ((gsize) 64 << 10)

/* A page in RAM that has a place in a swap file as well. */
typedef struct
{
  guint   type;
  guint64 offset;
  guint64 pfn;
} CachedPage;

struct _P2vLinuxSwap
{
  const P2vLinux           *kernel;
  gsize                     is_loaded;
  gsize                     has_cache;     /* whether cached is filled in, too */
  GMutex                    lock;          /* of the two below and what they point to */
  P2vVirtualMemory         *memory;
  P2vLinuxPageReader        pages;
  const P2vLinuxPageLayout *layout;
  /* Constant once loaded. */
  gboolean                  has_areas;     /* whether the next one is known */
  guint64                   n_pages[MAX_AREAS]; /* of each swap file; 0 where there is none */
  GArray                   *cached;        /* CachedPage, by place */
  guint                     pfn_bits;      /* of any frame in the image */
};

P2vLinuxSwap *
p2v_linux_swap_new (const P2vLinux *kernel)
{
  P2vLinuxSwap *self = g_new0 (P2vLinuxSwap, 1);

  self->kernel = kernel;
  self->cached = g_array_new (FALSE, FALSE, sizeof (CachedPage));
  g_mutex_init (&self->lock);
  return self;
}

void
p2v_linux_swap_free (P2vLinuxSwap *self)
{
  g_clear_pointer (&self->memory, p2v_virtual_memory_free);
  g_array_unref (self->cached);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Reads an unsigned number of 4 or 8 bytes. */
static gboolean
read_member (P2vLinuxSwap    *self,
             P2vVirtAddr      object_va,
             const P2vMember *member,
             guint64         *ret_value)
{
  guint32 narrow;

  if (member->size_bytes == sizeof *ret_value)
    return p2v_virtual_memory_read_u64 (self->memory, object_va + member->offset_bytes, ret_value);
  if (member->size_bytes != sizeof narrow ||
      !p2v_virtual_memory_read_u32 (self->memory, object_va + member->offset_bytes, &narrow))
    return FALSE;
  *ret_value = narrow;
  return TRUE;
}

/* The table of swap files has a pointer for each type; it is shorter than MAX_AREAS, and what is
 * behind it does not know its own type. */
static void
load_areas (P2vLinuxSwap *self)
{
  const P2vLinux *kernel = self->kernel;
  P2vMember max, type;
  P2vVirtAddr table_va, area_va;
  guint8 own_type;

  if (kernel->symbol_table == NULL ||
      !p2v_symbol_table_find (kernel->symbol_table, "swap_info", &table_va) ||
      !p2v_type_source_find_member (kernel->types, "swap_info_struct", "max", &max) ||
      !p2v_type_source_find_member (kernel->types, "swap_info_struct", "type", &type))
    return;
  self->has_areas = TRUE;
  for (guint i = 0; i < MAX_AREAS; i++)
    if (!p2v_linux_read_word_at (kernel, self->memory, table_va + i * kernel->arch->word_bytes,
                                 &area_va) ||
        area_va < kernel->least_kernel_va ||
        !p2v_virtual_memory_read (self->memory, area_va + type.offset_bytes, &own_type, 1) ||
        own_type != i || !read_member (self, area_va, &max, &self->n_pages[i]))
      self->n_pages[i] = 0;
}

static guint
get_type_shift (const P2vLinux *kernel)
{
  guint32 size_bytes;
  gboolean has_radix_tree =
    p2v_type_source_find_size (kernel->types, "radix_tree_node", &size_bytes);

  return 8 * kernel->arch->word_bytes - TYPE_BITS -
         (has_radix_tree ? RADIX_TREE_BITS : XARRAY_BITS);
}

/* Takes a page, or several that are handled as one, into the swap cache. */
static void
add_cached (P2vLinuxSwap *self,
            guint64       pfn,
            guint         type_shift)
{
  P2vLinuxPage page;

  if (!p2v_linux_page_read (&self->pages, pfn, &page) || page.compound_head != 0 ||
      page.type != LINUX_PAGE_TYPE_NONE)
    return;
  const P2vLinuxCompound *compound = p2v_linux_page_get_compound (&self->pages, &page);
  if (!(p2v_linux_page_get_flags (&self->pages, &page, compound, FALSE) &
        P2V_FRAME_FLAGS_SWAPCACHE))
    return;
  for (guint64 i = 0; i < (guint64) 1 << compound->order; i++)
    {
      CachedPage cached = { (guint) (page.private >> type_shift) % MAX_AREAS,
                            (page.private & (((guint64) 1 << type_shift) - 1)) + i, pfn + i };
      g_array_append_val (self->cached, cached);
    }
}

static int
compare_cached (gconstpointer a,
                gconstpointer b)
{
  const CachedPage *x = a, *y = b;

  if (x->type != y->type)
    return x->type < y->type ? -1 : 1;
  if (x->offset != y->offset)
    return x->offset < y->offset ? -1 : 1;
  return (x->pfn > y->pfn) - (x->pfn < y->pfn);
}

static guint64
get_flag_mask (const P2vLinuxPageLayout *layout,
               P2vFrameFlags             flag)
{
  for (guint i = 0; i < layout->n_flags; i++)
    if (layout->flags[i].flag == flag)
      return layout->flags[i].mask;
  return 0;
}

typedef struct
{
  guint64       swap_flags;    /* all of them are set in what may be in the swap cache */
  guint         type_shift;
  P2vPageTables tables;
  guint8       *buffer;        /* of BUFFER_BYTES and a word */
} CacheSearch;

/* Records one by one: where some of them are not in the image. */
static void
search_singly (P2vLinuxSwap      *self,
               const CacheSearch *search,
               guint64            pfn,
               guint64            n)
{
  const P2vLinuxPageLayout *layout = self->layout;
  guint64 flags;

  for (guint64 i = 0; i < n; i++)
    {
      P2vVirtAddr va = layout->first_va + (pfn + i) * layout->size_bytes;
      va &= p2v_linux_max_word (self->kernel);
      if (p2v_linux_read_word_at (self->kernel, self->memory, va + layout->flags_at, &flags) &&
          (flags & search->swap_flags) == search->swap_flags)
        add_cached (self, pfn + i, search->type_shift);
    }
}

/* Looks at the first words of @n records, which stand one behind the other at @pa. */
static void
search_together (P2vLinuxSwap      *self,
                 const CacheSearch *search,
                 guint64            pfn,
                 guint64            n,
                 P2vPhysAddr        pa)
{
  guint32 stride = self->layout->size_bytes;
  P2vReader words = p2v_reader_le (search->buffer, (n - 1) * stride + sizeof (guint32));

  if (p2v_image_read (self->kernel->image, pa, search->buffer, words.length, NULL) != P2V_READ_OK)
    {
      search_singly (self, search, pfn, n);
      return;
    }
  /* All flags that matter stand in the lower half of a word. */
  for (guint64 i = 0; i < n; i++)
    {
      guint32 flags = 0;
      (void) !p2v_reader_get_u32 (&words, i * stride, &flags);
      if ((flags & search->swap_flags) == search->swap_flags)
        add_cached (self, pfn + i, search->type_shift);
    }
}

/* Goes through the records of all frames of a range. The kernel finds its way from a place to the
 * page by trees that it has changed several times, and not all kernels tell where those are; the
 * records it cannot do without. They lie in large pages, and so one translation does for many. */
static void
search_range (P2vLinuxSwap        *self,
              const CacheSearch   *search,
              const P2vImageRange *range)
{
  const P2vLinuxPageLayout *layout = self->layout;
  guint64 last = (range->start_pa + (range->length_bytes - 1)) >> layout->frame_shift;
  guint64 n;

  for (guint64 pfn = range->start_pa >> layout->frame_shift; pfn <= last; pfn += n)
    {
      P2vVirtAddr va = layout->first_va + pfn * layout->size_bytes + layout->flags_at;
      P2vTrail trail;
      va &= p2v_linux_max_word (self->kernel);
      gboolean is_there = p2v_paging_translate (&search->tables, self->kernel->root_pa, va, &trail,
                                                NULL) &&
                          trail.status == P2V_WALK_MAPPED;
      guint64 page_bytes = (guint64) 1 << (is_there ? trail.page_shift : P2V_FRAME_SHIFT);
      guint64 left = page_bytes - (va & (page_bytes - 1));
      if (is_there)
        left = MIN (left, BUFFER_BYTES);
      /* Of the last one at least the first word, which does not lie across the end. */
      n = MIN ((left - 1) / layout->size_bytes + 1, last - pfn + 1);
      if (is_there)
        search_together (self, search, pfn, n, trail.pa);
    }
}

/* Whether there is any swap file, as far as we know. */
static gboolean
may_have_pages (const P2vLinuxSwap *self)
{
  for (guint i = 0; i < MAX_AREAS; i++)
    if (self->n_pages[i] > 0)
      return TRUE;
  return !self->has_areas;
}

static void
find_cached_pages (P2vLinuxSwap *self)
{
  const P2vLinuxPageLayout *layout = self->layout;
  g_autofree guint8 *buffer = g_malloc (BUFFER_BYTES + sizeof (guint32));
  CacheSearch search = {
    .tables = self->kernel->tables,
    .buffer = buffer,
    .swap_flags = layout->bits[LINUX_PAGE_SWAPCACHE] |
                  get_flag_mask (layout, P2V_FRAME_FLAGS_SWAPBACKED),
    .type_shift = get_type_shift (self->kernel),
  };
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (self->kernel->image, &n_ranges);

  /* Its own reading must not come back here. */
  search.tables.resolve = NULL;
  if (!layout->known || !may_have_pages (self))
    return;
  for (gsize i = 0; i < n_ranges; i++)
    search_range (self, &search, &ranges[i]);
  g_array_sort (self->cached, compare_cached);
}

/* The pass over all records, which only an entry with a place in a swap file is worth. */
static void
load_cache (P2vLinuxSwap *self)
{
  if (!g_once_init_enter (&self->has_cache))
    return;
  g_mutex_lock (&self->lock);
  find_cached_pages (self);
  g_mutex_unlock (&self->lock);
  g_once_init_leave (&self->has_cache, 1);
}

static void
find_pfn_bits (P2vLinuxSwap *self)
{
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (self->kernel->image, &n_ranges);

  for (gsize i = 0; i < n_ranges; i++)
    {
      guint64 last_pa = ranges[i].start_pa + (ranges[i].length_bytes - 1);
      self->pfn_bits =
        MAX (self->pfn_bits, g_bit_storage (last_pa >> self->layout->frame_shift));
    }
}

/* Its own reading must not come back here, so that it goes without resolving. */
static void
load (P2vLinuxSwap *self)
{
  P2vPageTables tables = self->kernel->tables;

  if (!g_once_init_enter (&self->is_loaded))
    return;
  tables.resolve = NULL;
  self->memory = p2v_virtual_memory_new (&tables, self->kernel->root_pa);
  self->layout = p2v_linux_frames_get_layout (self->kernel, self->memory);
  p2v_linux_page_reader_init (&self->pages, self->kernel, self->layout, self->memory);
  load_areas (self);
  find_pfn_bits (self);
  g_once_init_leave (&self->is_loaded, 1);
}

P2vLinuxSwapKind
p2v_linux_swap_classify (P2vLinuxSwap *self,
                         guint         type,
                         guint64       offset)
{
  load (self);
  if (!self->has_areas)
    return type < LEAST_SPECIAL ? LINUX_SWAP_PLACE : LINUX_SWAP_SPECIAL;
  if (type >= MAX_AREAS)
    return LINUX_SWAP_NOTHING;
  if (self->n_pages[type] == 0)
    return LINUX_SWAP_SPECIAL;
  return offset < self->n_pages[type] ? LINUX_SWAP_PLACE : LINUX_SWAP_NOTHING;
}

/* The first page at the place, or NULL. */
static const CachedPage *
find_cached (const P2vLinuxSwap *self,
             guint               type,
             guint64             offset)
{
  CachedPage wanted = { type, offset, 0 };
  guint low = 0, high = self->cached->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      if (compare_cached (&g_array_index (self->cached, CachedPage, middle), &wanted) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  if (low == self->cached->len)
    return NULL;
  const CachedPage *found = &g_array_index (self->cached, CachedPage, low);
  return found->type == type && found->offset == offset ? found : NULL;
}

static void
set_page (P2vLinuxSwap     *self,
          guint64           pfn,
          P2vState          state,
          P2vIndirectEntry *entry)
{
  entry->is_in_ram = TRUE;
  entry->leaf.pa = pfn << self->layout->frame_shift;
  entry->leaf.state = state;
}

static void
look_up_place (P2vLinuxSwap     *self,
               guint             type,
               guint64           offset,
               P2vIndirectEntry *entry)
{
  load_cache (self);
  const CachedPage *cached = find_cached (self, type, offset);

  /* Large pages are split before they are swapped, or have an entry for each part. Without records
   * of frames nobody knows what is in the swap cache. */
  if (entry->level->shift != self->layout->frame_shift || !self->layout->known)
    return;
  if (cached != NULL)
    {
      set_page (self, cached->pfn, P2V_STATE_SWAP_CACHE, entry);
      return;
    }
  entry->placeholder = P2V_PLACEHOLDER_SWAPPED;
  entry->swap_area = type;
  entry->swap_page = offset;
}

/* The frame that the offset of a special entry names; FALSE if that cannot be one in the image. */
static gboolean
get_frame (const P2vLinuxSwap *self,
           guint64             offset,
           guint64            *ret_pfn)
{
  guint64 flags = offset >> self->pfn_bits;

  *ret_pfn = offset & (((guint64) 1 << self->pfn_bits) - 1);
  return __builtin_popcountll (flags) <= MAX_FLAGS_BEHIND &&
         p2v_image_contains (self->kernel->image, *ret_pfn << self->layout->frame_shift);
}

/* Whether a frame of an entry that is none of one being moved is broken, where nothing names the
 * flag of these: it is one of those behind PG_unevictable, and the kernel has taken the frame from
 * all of its lists and all who mapped it. Source: Linux include/linux/page-flags.h, enum pageflags;
 * mm/memory-failure.c. */
static gboolean
must_be_broken (const P2vLinuxPageLayout *layout,
                const P2vLinuxPage       *page,
                P2vFrameFlags             flags)
{
  guint64 unevictable = get_flag_mask (layout, P2V_FRAME_FLAGS_UNEVICTABLE);
  guint64 behind = (unevictable << 6) - (unevictable << 1);

  return layout->bits[LINUX_PAGE_HWPOISON] == 0 && layout->inferred.known && page->refcount != 0 &&
         (flags & (P2V_FRAME_FLAGS_LRU | P2V_FRAME_FLAGS_MMAP)) == 0 && (page->flags & behind) != 0;
}

/* By what the kernel does with the frame: a broken one it marks, and one that is being moved it
 * locks. The memory of devices has records as well, but no frame in the image. */
static void
look_up_special (P2vLinuxSwap     *self,
                 guint64           offset,
                 P2vIndirectEntry *entry)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  P2vLinuxPage page;
  guint64 pfn;

  if (offset < END_OF_MARKERS)
    {
      entry->placeholder = P2V_PLACEHOLDER_MARKER;
      return;
    }
  gboolean is_in_image = get_frame (self, offset, &pfn);
  if (!self->layout->known ||
      !p2v_linux_page_read (&self->pages, is_in_image ? pfn : offset, &page))
    return;
  if (!is_in_image)
    {
      entry->placeholder = P2V_PLACEHOLDER_DEVICE;
      return;
    }
  const P2vLinuxCompound *compound = p2v_linux_page_get_compound (&self->pages, &page);
  P2vFrameFlags flags = p2v_linux_page_get_flags (&self->pages, &page, compound, FALSE);
  if (flags & P2V_FRAME_FLAGS_HWPOISON)
    set_page (self, pfn, P2V_STATE_HWPOISON, entry);
  else if (compound->head.flags & get_flag_mask (self->layout, P2V_FRAME_FLAGS_LOCKED))
    set_page (self, pfn, P2V_STATE_MIGRATION, entry);
  else if (must_be_broken (self->layout, &page, flags))
    set_page (self, pfn, P2V_STATE_HWPOISON, entry);
}

void
p2v_linux_swap_look_up (P2vLinuxSwap     *self,
                        P2vLinuxSwapKind  kind,
                        guint             type,
                        guint64           offset,
                        P2vIndirectEntry *entry)
{
  entry->placeholder = P2V_PLACEHOLDER_UNKNOWN;
  if (kind == LINUX_SWAP_PLACE)
    look_up_place (self, type, offset, entry);
  else if (kind == LINUX_SWAP_SPECIAL)
    look_up_special (self, offset, entry);
}

gboolean
p2v_linux_swap_check (P2vLinuxSwap  *self,
                      GError       **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->memory == NULL || p2v_virtual_memory_check (self->memory, error);
}
