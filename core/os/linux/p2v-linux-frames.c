/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What a frame is, as the kernel itself records it: first what its struct page says, then who has
 * it in the kernel's half, then where it lies. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "os/linux/p2v-linux-frame-source.h"

/* The largest block that processors keep or the kernel asks for. Source: Linux
 * include/linux/mmzone.h, MAX_PAGE_ORDER. */
#define MAX_BLOCK_ORDER 10

P2vLinuxFrames *
p2v_linux_frames_new (void)
{
  P2vLinuxFrames *self = g_new0 (P2vLinuxFrames, 1);

  g_mutex_init (&self->lock);
  return self;
}

void
p2v_linux_frames_free (P2vLinuxFrames *self)
{
  g_clear_pointer (&self->owners, p2v_linux_frame_owners_free);
  g_clear_pointer (&self->resources, g_array_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
free_cache (gpointer data)
{
  P2vLinuxCache *cache = data;

  g_free (cache->name);
  g_free (cache);
}

const P2vLinuxPageLayout *
p2v_linux_frames_get_layout (const P2vLinux   *kernel,
                             P2vVirtualMemory *memory)
{
  P2vLinuxFrames *self = kernel->frames;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (!self->has_told)
    p2v_linux_page_layout_find (kernel, memory, &self->told);
  self->has_told = TRUE;
  return &self->told;
}

/* The layout for frames. What others have of it, while address spaces are walked, must not change
 * under them. */
static const P2vLinuxPageLayout *
prove_layout (const P2vLinux   *kernel,
              P2vSystem        *system,
              P2vVirtualMemory *memory)
{
  P2vLinuxFrames *self = kernel->frames;
  const P2vLinuxPageLayout *told = p2v_linux_frames_get_layout (kernel, memory);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->has_layout)
    return &self->layout;
  self->layout = *told;
  self->has_layout = TRUE;
  guint32 mark = p2v_linux_page_find_table_mark (kernel, system, memory, told);
  if (mark != 0)
    p2v_linux_page_layout_set_table_mark (&self->layout, mark);
  return &self->layout;
}

GArray *
p2v_linux_frames_get_resources (const P2vLinux   *kernel,
                                P2vVirtualMemory *memory)
{
  P2vLinuxFrames *self = kernel->frames;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->resources == NULL)
    self->resources = p2v_linux_load_resources (kernel, memory);
  return self->resources;
}

gpointer
p2v_linux_open_frames (P2vSystem *system)
{
  P2vLinuxFrameSource *self = g_new0 (P2vLinuxFrameSource, 1);
  P2vLinux *kernel = p2v_system_get_backend_data (system);

  self->system = system;
  self->kernel = kernel;
  self->shared = kernel->frames;
  self->memory = p2v_virtual_memory_new (&kernel->tables, kernel->root_pa);
  self->caches = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, free_cache);
  self->files = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  p2v_linux_page_reader_init (&self->pages, kernel, prove_layout (kernel, system, self->memory),
                              self->memory);
  return self;
}

void
p2v_linux_close_frames (gpointer source)
{
  P2vLinuxFrameSource *self = source;

  g_hash_table_unref (self->caches);
  g_hash_table_unref (self->files);
  p2v_virtual_memory_free (self->memory);
  g_free (self);
}

gboolean
p2v_linux_frame_source_load (P2vLinuxFrameSource  *self,
                             GError              **error)
{
  P2vLinuxFrames *shared = self->shared;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&shared->lock);

  if (shared->owners == NULL)
    shared->owners = p2v_linux_frame_owners_new (self->kernel, self->system, self->memory,
                                                 &shared->layout, error);
  return shared->owners != NULL;
}

/* Whether the frame is a member of a list with others: one that points to itself is in none. */
static gboolean
is_listed (P2vLinuxFrameSource *self,
           const P2vLinuxPage  *page)
{
  guint32 lru_at = self->shared->layout.lru_at;
  P2vVirtAddr next, back;

  return lru_at != 0
         && p2v_linux_read_word_at (self->kernel, self->memory, page->va + lru_at, &next)
         && next != page->va + lru_at
         && p2v_linux_read_word_at (self->kernel, self->memory,
                                    next + self->kernel->arch->word_bytes, &back)
         && back == page->va + lru_at;
}

/* Several frames that are free or were asked for at once need not be a compound page: then the rear
 * ones bear no mark at all. Such a block is as long as it is aligned, so that its first frame is
 * the nearest aligned one before @page that is of another kind; FALSE if there is none. */
static gboolean
find_block (P2vLinuxFrameSource *self,
            const P2vLinuxPage  *page,
            P2vLinuxPage        *ret_first)
{
  for (guint order = 1; order <= MAX_BLOCK_ORDER; order++)
    {
      guint64 pfn = page->pfn & ~(((guint64) 1 << order) - 1);
      if (pfn == page->pfn)
        continue;
      if (!p2v_linux_page_read (&self->pages, pfn, ret_first)
          || ret_first->type != LINUX_PAGE_TYPE_NONE || ret_first->compound_head != 0)
        return FALSE;
      if (ret_first->refcount != 0 || is_listed (self, ret_first))
        return TRUE;
    }
  return FALSE;
}

/* A frame without users of its own: free in a processor's list, or a rear one of several. */
static gboolean
describe_unused (P2vLinuxFrameSource  *self,
                 const P2vLinuxPage   *page,
                 P2vFrame             *frame,
                 GString              *detail,
                 GError              **error)
{
  P2vLinuxPage first;
  gboolean is_rear = !is_listed (self, page);

  if (is_rear && !p2v_linux_describe_place (self, FALSE, frame, detail, error))
    return FALSE;
  if (is_rear && frame->kind != P2V_FRAME_KIND_KERNEL_OTHER)
    return TRUE;
  if (is_rear && find_block (self, page, &first) && first.refcount != 0)
    g_string_printf (detail,
                     _("memory of the kernel, one of several frames from 0x%" PRIx64 " on"),
                     first.pfn << self->shared->layout.frame_shift);
  else
    {
      frame->kind = P2V_FRAME_KIND_FREE;
      g_string_assign (detail, _("free, in a processor's list"));
    }
  return TRUE;
}

/* By the type that the record bears; FALSE if that says nothing. */
static gboolean
describe_type (const P2vLinuxPage *page,
               P2vFrame           *frame,
               GString            *detail)
{
  switch (page->type)
    {
    case LINUX_PAGE_TYPE_TABLE:
      frame->kind = P2V_FRAME_KIND_PAGE_TABLE;
      g_string_assign (detail, _("a page table of the kernel, or of a process that is gone"));
      return TRUE;
    case LINUX_PAGE_TYPE_OFFLINE:
      frame->kind = P2V_FRAME_KIND_OFFLINE;
      return TRUE;
    case LINUX_PAGE_TYPE_ZSMALLOC:
      frame->kind = P2V_FRAME_KIND_COMPRESSED;
      return TRUE;
    case LINUX_PAGE_TYPE_GUARD:
    case LINUX_PAGE_TYPE_UNACCEPTED:
      frame->kind = P2V_FRAME_KIND_RESERVED;
      return TRUE;
    case LINUX_PAGE_TYPE_NONE:
    case LINUX_PAGE_TYPE_BUDDY:
    case LINUX_PAGE_TYPE_HUGETLB:
    case LINUX_PAGE_TYPE_SLAB:
    case LINUX_PAGE_TYPE_LARGE_KMALLOC:
    case LINUX_N_PAGE_TYPES:
    default:
      return FALSE;
    }
}

/* By the mapping of a page in use. */
static gboolean
describe_mapping (P2vLinuxFrameSource     *self,
                  const P2vLinuxPage      *page,
                  const P2vLinuxCompound  *compound,
                  P2vFrame                *frame,
                  GString                 *detail,
                  GError                 **error)
{
  guint64 mapping = compound->head.mapping;

  if (mapping & P2V_LINUX_MAPPING_ANON)
    p2v_linux_describe_anonymous (frame, detail);
  else if (mapping & P2V_LINUX_MAPPING_MOVABLE)
    return p2v_linux_describe_movable (self, compound, frame, error);
  else if (mapping != 0)
    p2v_linux_describe_file (self, page, compound, frame, detail);
  else if (compound->head.refcount == 0)
    return describe_unused (self, page, frame, detail, error);
  else
    return p2v_linux_describe_place (self, FALSE, frame, detail, error);
  return TRUE;
}

static gboolean
describe_page (P2vLinuxFrameSource     *self,
               const P2vLinuxPage      *page,
               const P2vLinuxCompound  *compound,
               gboolean                 is_free,
               guint                    order,
               P2vFrame                *frame,
               GString                 *detail,
               GError                 **error)
{
  if (frame->flags & P2V_FRAME_FLAGS_HWPOISON)
    frame->kind = P2V_FRAME_KIND_BAD;
  else if (frame->flags & P2V_FRAME_FLAGS_ZERO_PAGE)
    frame->kind = P2V_FRAME_KIND_ZERO_PAGE;
  else if (is_free)
    {
      frame->kind = P2V_FRAME_KIND_FREE;
      g_string_printf (
          detail,
          ngettext ("free, in a block of %u frame", "free, in a block of %u frames", 1u << order),
          1u << order);
    }
  else if (compound->is_slab)
    p2v_linux_describe_slab (self, compound, frame, detail);
  else if (compound->is_hugetlb)
    p2v_linux_describe_huge (self, page, compound, frame, detail);
  else if (frame->flags & P2V_FRAME_FLAGS_RESERVED)
    return p2v_linux_describe_place (self, TRUE, frame, detail, error);
  else if (!describe_type (page, frame, detail))
    return describe_mapping (self, page, compound, frame, detail, error);
  return TRUE;
}

/* Mappings of frames that no list of free ones ever sees are not counted: those of the page of
 * zeros, and of memory that a driver maps by its address (vvar, /dev/mem). Every mapping is a
 * reference, too: a count without any stands in a record that was never set up. */
static gint64
get_expected (const P2vFrame         *frame,
              const P2vLinuxCompound *compound,
              gint64                  n_counted)
{
  P2vFrameFlags uncounted = P2V_FRAME_FLAGS_RESERVED | P2V_FRAME_FLAGS_ZERO_PAGE;

  if (n_counted < 0 || (n_counted == 0 && frame->flags & uncounted) ||
      (n_counted > 0 && compound->head.refcount == 0))
    return -1;
  return n_counted;
}

gboolean
p2v_linux_describe_frame (P2vSystem  *system,
                          gpointer    source,
                          P2vFrame   *frame,
                          GString    *detail,
                          GError    **error)
{
  P2vLinuxFrameSource *self = source;
  P2vLinuxPage page;
  guint order = 0;

  if (!self->shared->layout.known)
    {
      p2v_linux_describe_image (self, frame);
      return TRUE;
    }
  if (!p2v_linux_page_read (&self->pages, frame->pa >> self->shared->layout.frame_shift, &page))
    {
      frame->flags = P2V_FRAME_FLAGS_NOPAGE;
      return p2v_virtual_memory_check (self->memory, error)
             && p2v_linux_describe_place (self, TRUE, frame, detail, error);
    }
  const P2vLinuxCompound *compound = p2v_linux_page_get_compound (&self->pages, &page);
  gboolean is_free = p2v_linux_page_is_free (&self->pages, &page, &order);
  frame->flags = p2v_linux_page_get_flags (&self->pages, &page, compound, is_free);
  if (frame->flags & P2V_FRAME_FLAGS_RESERVED &&
      p2v_linux_zero_is_frame (self->kernel->zero, self->system, frame->pa))
    frame->flags |= P2V_FRAME_FLAGS_ZERO_PAGE;
  frame->n_expected
      = get_expected (frame, compound, p2v_linux_page_get_mapcount (&self->pages, &page, compound));
  frame->n_references = compound->head.refcount;
  frame->record_va = page.va;
  return describe_page (self, &page, compound, is_free, order, frame, detail, error)
         && p2v_virtual_memory_check (self->memory, error);
}

gboolean
p2v_linux_count_mappings (P2vSystem    *system,
                          gpointer      source,
                          P2vPhysAddr   pa,
                          gint64       *ret_n_mappings,
                          GError      **error)
{
  P2vLinuxFrameSource *self = source;
  P2vFrame frame = { .pa = pa, .n_expected = -1 };
  P2vLinuxPage page;
  gboolean ok = TRUE;

  if (self->shared->layout.known &&
      p2v_linux_page_read (&self->pages, pa >> self->shared->layout.frame_shift, &page))
    {
      const P2vLinuxCompound *compound = p2v_linux_page_get_compound (&self->pages, &page);
      frame.flags = p2v_linux_page_get_flags (&self->pages, &page, compound, FALSE);
      frame.n_expected =
        get_expected (&frame, compound,
                      p2v_linux_page_get_mapcount (&self->pages, &page, compound));
      /* Who has a page that a driver moves is only asked where it seems to be mapped. */
      if (frame.n_expected > 0 &&
          (compound->head.mapping & P2V_LINUX_MAPPING_MASK) == P2V_LINUX_MAPPING_MOVABLE)
        ok = p2v_linux_describe_movable (self, compound, &frame, error);
    }
  *ret_n_mappings = frame.n_expected;
  return ok && p2v_virtual_memory_check (self->memory, error);
}
