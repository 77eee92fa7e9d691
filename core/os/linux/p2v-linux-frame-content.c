/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What a frame holds, by its struct page. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "base/p2v-text.h"
#include "os/linux/p2v-linux-areas.h"
#include "os/linux/p2v-linux-frame-source.h"

/* Source: Linux mm/slab.h; names of caches are short, this is for damage. */
#define MAX_CACHE_NAME_BYTES 128

static const P2vLinuxCache *
get_cache (P2vLinuxFrameSource *self,
           P2vVirtAddr          va)
{
  P2vLinuxCache *cache = g_hash_table_lookup (self->caches, &va);
  P2vMember name_at, size_at;
  P2vVirtAddr name_va;

  if (cache != NULL)
    return cache;
  cache = g_new0 (P2vLinuxCache, 1);
  g_hash_table_insert (self->caches, g_memdup2 (&va, sizeof va), cache);
  if (p2v_type_source_find_member (self->kernel->types, "kmem_cache", "size", &size_at))
    (void) !p2v_virtual_memory_read_u32 (self->memory, va + size_at.offset_bytes,
                                         &cache->object_bytes);
  if (p2v_type_source_find_member (self->kernel->types, "kmem_cache", "name", &name_at)
      && p2v_linux_read_word_at (self->kernel, self->memory, va + name_at.offset_bytes, &name_va))
    {
      g_autoptr (GString) name = g_string_new (NULL);
      p2v_virtual_memory_append_string (self->memory, name_va, MAX_CACHE_NAME_BYTES, name);
      if (name->len > 0)
        cache->name = p2v_text_escape (name->str, (gssize) name->len);
    }
  return cache;
}

void
p2v_linux_describe_slab (P2vLinuxFrameSource    *self,
                         const P2vLinuxCompound *compound,
                         P2vFrame               *frame,
                         GString                *detail)
{
  const P2vLinuxCache *cache
      = compound->head.slab_cache != 0 ? get_cache (self, compound->head.slab_cache) : NULL;

  frame->kind = P2V_FRAME_KIND_SLAB;
  if (cache == NULL || cache->name == NULL)
    return;
  frame->name = cache->name;
  /* Translators: name of a cache of kernel objects, size of each. */
  g_string_printf (detail, _("a slab of the kernel's cache %s (objects of %u bytes)"), cache->name,
                   cache->object_bytes);
}

/* (nullable) */
static const char *
get_file_name (P2vLinuxFrameSource *self,
               P2vVirtAddr          mapping_va)
{
  char *name = g_hash_table_lookup (self->files, &mapping_va);

  if (name == NULL)
    {
      name = p2v_linux_dup_mapping_name (self->kernel, self->memory, mapping_va);
      if (name == NULL)
        name = g_strdup ("");
      g_hash_table_insert (self->files, g_memdup2 (&mapping_va, sizeof mapping_va), name);
    }
  return *name != '\0' ? name : NULL;
}

/* Index counts pages of the kernel; that of a huge page counted huge pages until the function was
 * removed that turned the one into the other (6.7). Source: Linux commit a08c7193e4f1 "mm/filemap:
 * remove hugetlb special casing in filemap.c". */
static guint64
get_file_offset (P2vLinuxFrameSource    *self,
                 const P2vLinuxPage     *page,
                 const P2vLinuxCompound *compound)
{
  guint64 index = compound->head.index, va;

  if (compound->is_hugetlb
      && p2v_symbol_table_find (self->kernel->symbol_table, "hugetlb_basepage_index", &va))
    index <<= compound->order;
  return (index + (page->pfn - compound->head.pfn)) << self->shared->layout.frame_shift;
}

void
p2v_linux_describe_file (P2vLinuxFrameSource    *self,
                         const P2vLinuxPage     *page,
                         const P2vLinuxCompound *compound,
                         P2vFrame               *frame,
                         GString                *detail)
{
  frame->kind = P2V_FRAME_KIND_FILE;
  frame->name = get_file_name (self, compound->head.mapping);
  frame->offset_bytes = get_file_offset (self, page, compound);
  frame->has_offset = TRUE;
  if (frame->name == NULL)
    g_string_printf (detail, _("cached contents of a file without a name, at byte 0x%" PRIx64),
                     frame->offset_bytes);
  else
    /* Translators: a file, an offset in it. */
    g_string_printf (detail, _("cached contents of %s at byte 0x%" PRIx64), frame->name,
                     frame->offset_bytes);
}

void
p2v_linux_describe_huge (P2vLinuxFrameSource    *self,
                         const P2vLinuxPage     *page,
                         const P2vLinuxCompound *compound,
                         P2vFrame               *frame,
                         GString                *detail)
{
  guint64 kib = ((guint64) 1 << (compound->order + self->shared->layout.frame_shift)) >> 10;
  guint64 mapping = compound->head.mapping;

  frame->kind = P2V_FRAME_KIND_HUGE;
  if (compound->head.refcount == 0)
    g_string_printf (detail, _("a part of a huge page of %" PRIu64 " KiB that is free"), kib);
  else if (mapping == 0 || mapping & P2V_LINUX_MAPPING_MASK)
    g_string_printf (detail, _("a part of a huge page of %" PRIu64 " KiB"), kib);
  else
    {
      frame->name = get_file_name (self, mapping);
      frame->offset_bytes = get_file_offset (self, page, compound);
      frame->has_offset = TRUE;
      g_string_printf (detail,
                       _("a part of a huge page of %" PRIu64 " KiB: %s at byte 0x%" PRIx64), kib,
                       frame->name != NULL ? frame->name : "?", frame->offset_bytes);
    }
}

void
p2v_linux_describe_anonymous (P2vFrame *frame,
                              GString  *detail)
{
  frame->kind = P2V_FRAME_KIND_ANONYMOUS;
  if (frame->flags & P2V_FRAME_FLAGS_KSM)
    g_string_assign (detail, _("anonymous memory of processes, one page for several equal ones"));
  else if (frame->flags & P2V_FRAME_FLAGS_SWAPCACHE)
    g_string_assign (detail, _("anonymous memory of processes that has a place in swap space"));
}

/* The name of the table of functions at @va, or of the module that has it. */
static const char *
find_driver (P2vLinuxFrameSource *self,
             P2vVirtAddr          va)
{
  const P2vLinuxModulePart *module = p2v_linux_find_module (self->shared->owners->modules, va);
  guint64 symbol_va;

  if (module != NULL)
    return module->name;
  const char *name = p2v_symbol_table_find_nearest (self->kernel->symbol_table, va, &symbol_va);
  return name != NULL && symbol_va == va ? name : "";
}

/* Before 6.0 they said it by an address_space of the driver's, which has the table. Source: Linux
 * commit 68f2736a8583 "mm: Convert all PageMovable users to movable_operations" (6.0). */
static const char *
find_older_driver (P2vLinuxFrameSource *self,
                   P2vVirtAddr          va)
{
  P2vMember member;
  P2vVirtAddr operations_va;

  if (!p2v_type_source_find_member (self->kernel->types, "address_space", "a_ops", &member) ||
      !p2v_linux_read_word_at (self->kernel, self->memory, va + member.offset_bytes,
                               &operations_va))
    return "";
  return find_driver (self, operations_va);
}

/* Pages that a driver can move say whose they are by a table of the driver's functions. Source:
 * Linux mm/zsmalloc.c zsmalloc_mops, mm/z3fold.c z3fold_mops, mm/balloon_compaction.c
 * balloon_mops. */
gboolean
p2v_linux_describe_movable (P2vLinuxFrameSource     *self,
                            const P2vLinuxCompound  *compound,
                            P2vFrame                *frame,
                            GError                 **error)
{
  guint64 va = compound->head.mapping & ~(guint64) P2V_LINUX_MAPPING_MASK;

  if (!p2v_linux_frame_source_load (self, error))
    return FALSE;
  const char *name = find_driver (self, va);
  if (*name == '\0')
    name = find_older_driver (self, va);
  frame->kind = P2V_FRAME_KIND_KERNEL_OTHER;
  if (g_str_has_prefix (name, "zsmalloc") || g_str_has_prefix (name, "z3fold"))
    {
      frame->kind = P2V_FRAME_KIND_COMPRESSED;
      /* What stands where the count should is something else. Source: Linux mm/zsmalloc.c (to
       * 6.11), set_first_obj_offset(). */
      frame->n_expected = -1;
    }
  else if (g_str_has_prefix (name, "balloon"))
    frame->kind = P2V_FRAME_KIND_OFFLINE;
  return TRUE;
}
