/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The pages of zeros, where no symbol names them: those that processes map in the place of memory
 * that they have only read. They are told by what they are: the small one is a part of the kernel's
 * image, which its record calls reserved and mapped by nobody, it is all zeros, and the entry that
 * leads to it is marked special; the large one is in use but by no file, process or list. */

#include "config.h"

#include <string.h>

#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-page.h"
#include "os/p2v-process-private.h"

/* Large pages of zeros that are kept; one is right, and another's are never mapped by processes. */
#define MAX_LARGE 4

/* The record of a frame that nobody maps. */
#define UNMAPPED ((guint32) -1)

struct _P2vLinuxZero
{
  const P2vLinux           *kernel;
  gsize                     is_loaded;
  /* Constant once loaded. */
  const P2vLinuxPageLayout *layout;
  guint64                   large[MAX_LARGE];
  guint                     n_large;
  GMutex                    lock;          /* of all below */
  P2vVirtualMemory         *memory;
  P2vLinuxPageReader        pages;
  guint64                   pfn;           /* of the small one; G_MAXUINT64 if not known */
  gboolean                  has_searched;  /* the page tables of all processes, for it */
};

P2vLinuxZero *
p2v_linux_zero_new (const P2vLinux *kernel)
{
  P2vLinuxZero *self = g_new0 (P2vLinuxZero, 1);

  self->kernel = kernel;
  self->pfn = G_MAXUINT64;
  g_mutex_init (&self->lock);
  return self;
}

void
p2v_linux_zero_free (P2vLinuxZero *self)
{
  g_clear_pointer (&self->memory, p2v_virtual_memory_free);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
find_large_in (P2vLinuxZero        *self,
               const P2vImageRange *range)
{
  guint order = self->layout->unnamed_zero_order;
  guint64 step = (guint64) 1 << order;
  guint64 last = (range->start_pa + (range->length_bytes - 1)) >> self->layout->frame_shift;
  guint64 pfn = ((range->start_pa >> self->layout->frame_shift) + step - 1) & ~(step - 1);
  P2vLinuxPage page;

  for (; pfn <= last && self->n_large < MAX_LARGE; pfn += step)
    if (p2v_linux_page_read (&self->pages, pfn, &page) && page.compound_head == 0 &&
        p2v_linux_page_get_compound (&self->pages, &page)->is_huge_zero)
      self->large[self->n_large++] = pfn;
}

static void
load (P2vLinuxZero *self)
{
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (self->kernel->image, &n_ranges);

  if (!g_once_init_enter (&self->is_loaded))
    return;
  self->memory = p2v_virtual_memory_new (&self->kernel->tables, self->kernel->root_pa);
  self->layout = p2v_linux_frames_get_layout (self->kernel, self->memory);
  p2v_linux_page_reader_init (&self->pages, self->kernel, self->layout, self->memory);
  if (self->layout->known && self->layout->unnamed_zero_order != 0)
    for (gsize i = 0; i < n_ranges; i++)
      find_large_in (self, &ranges[i]);
  g_once_init_leave (&self->is_loaded, 1);
}

static gboolean
is_reserved (P2vLinuxZero *self,
             guint64       pfn)
{
  P2vLinuxPage page;

  if (!p2v_linux_page_read (&self->pages, pfn, &page) || page.mapcount != UNMAPPED)
    return FALSE;
  for (guint i = 0; i < self->layout->n_flags; i++)
    if (self->layout->flags[i].flag == P2V_FRAME_FLAGS_RESERVED)
      return (page.flags & self->layout->flags[i].mask) != 0;
  return FALSE;
}

static gboolean
has_only_zeros (P2vLinuxZero *self,
                guint64       pfn)
{
  static const guint8 zeros[P2V_FRAME_SIZE];
  guint shift = self->layout->frame_shift;
  guint8 bytes[P2V_FRAME_SIZE];

  for (guint64 at = 0; at < (guint64) 1 << shift; at += sizeof bytes)
    if (p2v_image_read (self->kernel->image, (pfn << shift) + at, bytes, sizeof bytes, NULL) !=
          P2V_READ_OK ||
        memcmp (bytes, zeros, sizeof bytes) != 0)
      return FALSE;
  return TRUE;
}

/* Whether a frame to which a special entry leads is the small one; it is known from then on. */
static gboolean
prove (P2vLinuxZero *self,
       guint64       pfn)
{
  if (self->pfn != G_MAXUINT64)
    return pfn == self->pfn;
  /* Without records the contents must do. */
  if ((self->layout->known && !is_reserved (self, pfn)) || !has_only_zeros (self, pfn))
    return FALSE;
  self->pfn = pfn;
  return TRUE;
}

gboolean
p2v_linux_is_zero_page (P2vSystem   *system,
                        guint64      entry,
                        P2vPhysAddr  pa)
{
  const P2vLinux *kernel = p2v_system_get_backend_data (system);
  P2vLinuxZero *self = kernel->zero;

  load (self);
  guint64 pfn = pa >> self->layout->frame_shift;
  for (guint i = 0; i < self->n_large; i++)
    if (pfn >> self->layout->unnamed_zero_order ==
        self->large[i] >> self->layout->unnamed_zero_order)
      return TRUE;
  if (self->layout->zero_pfn != G_MAXUINT64 || !(entry & kernel->arch->special_mask))
    return FALSE;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  return prove (self, pfn);
}

typedef struct
{
  P2vLinuxZero    *zero;
  P2vSystem       *system;
  P2vAddressSpace *space;
} Search;

/* Not in memory that is mapped by its number: it is marked, too. */
static gboolean
look_at_page (const P2vWalkedPage *page,
              gpointer             user_data)
{
  Search *self = user_data;
  P2vLinuxZero *zero = self->zero;

  if (page->page_shift != zero->layout->frame_shift || page->state != P2V_STATE_VALID ||
      !(page->entry & zero->kernel->arch->special_mask) || page->rights & P2V_RIGHTS_WRITE)
    return TRUE;
  GPtrArray *regions = p2v_system_get_regions (self->system, self->space, NULL);
  const P2vRegion *region = regions != NULL ? p2v_regions_find (regions, page->va) : NULL;
  return region == NULL || region->is_pfn_map ||
         !prove (zero, page->pa >> zero->layout->frame_shift);
}

/* In the page tables of all processes, until one has it. */
static void
search (P2vLinuxZero *self,
        P2vSystem    *system)
{
  const P2vPageTables *tables = &self->kernel->tables;

  self->has_searched = TRUE;
  for (guint i = 0; i < p2v_system_get_n_user_spaces (system) && self->pfn == G_MAXUINT64; i++)
    {
      Search walk = { self, system, p2v_system_get_space (system, i) };
      P2vPagingRoot root =
        p2v_page_tables_get_user_root (tables, p2v_address_space_get_root_pa (walk.space));
      P2vWalkReport report = { 0 };
      (void) !p2v_paging_walk (tables, &root, look_at_page, &walk, &report, NULL, NULL);
    }
}

gboolean
p2v_linux_zero_is_frame (P2vLinuxZero *self,
                         P2vSystem    *system,
                         P2vPhysAddr   pa)
{
  load (self);
  guint64 pfn = pa >> self->layout->frame_shift;
  if (self->layout->zero_pfn != G_MAXUINT64)
    return FALSE;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  if (self->pfn == G_MAXUINT64 && !self->has_searched && is_reserved (self, pfn) &&
      has_only_zeros (self, pfn))
    search (self, system);
  return pfn == self->pfn;
}
