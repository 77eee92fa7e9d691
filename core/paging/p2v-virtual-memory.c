/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <string.h>

#include "paging/p2v-paging-private.h"
#include "paging/p2v-virtual-memory.h"

/* Fields of one kernel object share a page or two, and lists come back to the same slabs. */
#define N_CACHED_PAGES 256

typedef struct
{
  P2vVirtAddr page_va;         /* 1, which is no page's address, marks an empty slot */
  P2vPhysAddr page_pa;
  guint8      bytes[P2V_FRAME_SIZE];
} CachedPage;

struct _P2vVirtualMemory
{
  P2vPageTables  tables;
  P2vPhysAddr    root_pa;
  GError        *error;
  CachedPage    *pages;
  P2vEntryWindow windows[P2V_PAGING_MAX_LEVELS];
};

P2vVirtualMemory *
p2v_virtual_memory_new (const P2vPageTables *tables,
                        P2vPhysAddr          root_pa)
{
  P2vVirtualMemory *self = g_new0 (P2vVirtualMemory, 1);

  self->tables = *tables;
  self->root_pa = root_pa;
  self->pages = g_new (CachedPage, N_CACHED_PAGES);
  for (guint i = 0; i < N_CACHED_PAGES; i++)
    self->pages[i].page_va = 1;
  return self;
}

void
p2v_virtual_memory_free (P2vVirtualMemory *self)
{
  g_clear_error (&self->error);
  g_free (self->pages);
  g_free (self);
}

/* The page at @page_va, or NULL if it is not there. */
static const CachedPage *
get_page (P2vVirtualMemory *self,
          P2vVirtAddr       page_va)
{
  CachedPage *page = &self->pages[(page_va >> P2V_FRAME_SHIFT) % N_CACHED_PAGES];
  P2vTrail trail;

  if (page->page_va == page_va)
    return page;
  if (self->error != NULL ||
      !p2v_paging_translate_through (&self->tables, self->windows, self->root_pa, page_va, &trail,
                                     &self->error) ||
      trail.status != P2V_WALK_MAPPED)
    return NULL;

  page->page_va = 1;
  if (p2v_image_read (self->tables.image, trail.pa, page->bytes, P2V_FRAME_SIZE, &self->error) !=
      P2V_READ_OK)
    return NULL;
  page->page_va = page_va;
  page->page_pa = trail.pa;
  return page;
}

gboolean
p2v_virtual_memory_read (P2vVirtualMemory *self,
                         P2vVirtAddr       va,
                         gpointer          buffer,
                         gsize             length_bytes)
{
  guint8 *out = buffer;

  while (length_bytes > 0)
    {
      guint64 offset = va % P2V_FRAME_SIZE;
      gsize n = MIN (length_bytes, P2V_FRAME_SIZE - offset);
      const CachedPage *page = get_page (self, va - offset);

      if (page == NULL)
        return FALSE;
      memcpy (out, page->bytes + offset, n);
      out += n;
      va += n;
      length_bytes -= n;
    }
  return TRUE;
}

gboolean
p2v_virtual_memory_read_u32 (P2vVirtualMemory *self,
                             P2vVirtAddr       va,
                             guint32          *ret_value)
{
  guint32 raw;

  if (!p2v_virtual_memory_read (self, va, &raw, sizeof raw))
    return FALSE;
  *ret_value = GUINT32_FROM_LE (raw);
  return TRUE;
}

gboolean
p2v_virtual_memory_read_u64 (P2vVirtualMemory *self,
                             P2vVirtAddr       va,
                             guint64          *ret_value)
{
  guint64 raw;

  if (!p2v_virtual_memory_read (self, va, &raw, sizeof raw))
    return FALSE;
  *ret_value = GUINT64_FROM_LE (raw);
  return TRUE;
}

void
p2v_virtual_memory_append_string (P2vVirtualMemory *self,
                                  P2vVirtAddr       va,
                                  gsize             max_bytes,
                                  GString          *string)
{
  while (max_bytes > 0)
    {
      guint64 offset = va % P2V_FRAME_SIZE;
      gsize n = MIN (max_bytes, P2V_FRAME_SIZE - offset);
      const CachedPage *page = get_page (self, va - offset);

      if (page == NULL)
        return;
      gsize length = strnlen ((const char *) page->bytes + offset, n);
      g_string_append_len (string, (const char *) page->bytes + offset, (gssize) length);
      if (length < n)
        return;
      va += n;
      max_bytes -= n;
    }
}

gboolean
p2v_virtual_memory_translate (P2vVirtualMemory *self,
                              P2vVirtAddr       va,
                              P2vPhysAddr      *ret_pa)
{
  guint64 offset = va % P2V_FRAME_SIZE;
  const CachedPage *page = get_page (self, va - offset);

  if (page == NULL)
    return FALSE;
  *ret_pa = page->page_pa + offset;
  return TRUE;
}

gboolean
p2v_virtual_memory_check (P2vVirtualMemory  *self,
                          GError           **error)
{
  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, g_error_copy (self->error));
  return FALSE;
}
