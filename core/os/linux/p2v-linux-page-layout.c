/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Where the kernel keeps its records of frames, and what is where in them. */

#include "config.h"

#include "os/linux/p2v-linux-page.h"

/* Sizes of a record: with 64 bits, and without control groups; with 32 bits; with what serves
 * debugging. Source: Linux include/linux/mm_types.h, struct page (5.4 to 7.2). */
static const guint32 usual_sizes[] = { 64, 56, 32, 36, 40, 48, 72, 80, 88, 96, 112, 128 };

/* The low bits of section_mem_map are flags, the second one says that there is a map. Source: Linux
 * include/linux/mmzone.h, SECTION_HAS_MEM_MAP and SECTION_MAP_LAST_BIT. */
#define SECTION_HAS_MEM_MAP 2
#define SECTION_FLAGS       0x3f

static gboolean
get_number (const P2vLinux *kernel,
            const char     *format,
            const char     *name,
            gint64         *ret_number)
{
  g_autofree char *key = g_strdup_printf ("%s(%s)", format, name);
  const char *text = g_hash_table_lookup (kernel->vmcoreinfo, key);

  if (text == NULL)
    return FALSE;
  *ret_number = g_ascii_strtoll (text, NULL, 10);
  return TRUE;
}

/* The offset of a member of struct page: from the types, else from VMCOREINFO, else @usual. */
static guint32
find_page_member (const P2vLinux *kernel,
                  const char     *name,
                  guint32         usual)
{
  g_autofree char *key = g_strconcat ("page.", name, NULL);
  P2vMember member;
  gint64 number;

  if (p2v_type_source_find_member (kernel->types, "page", name, &member))
    return member.offset_bytes;
  if (get_number (kernel, "OFFSET", key, &number) && number >= 0
      && number < (gint64) P2V_FRAME_SIZE)
    return (guint32) number;
  return usual;
}

static void
find_members (const P2vLinux     *kernel,
              P2vLinuxPageLayout *layout)
{
  guint32 word = kernel->arch->word_bytes;
  gint64 number;
  P2vMember member;

  if (!p2v_type_source_find_size (kernel->types, "page", &layout->size_bytes)
      && get_number (kernel, "SIZE", "page", &number) && number > 0
      && number <= (gint64) P2V_FRAME_SIZE)
    layout->size_bytes = (guint32) number;
  /* What is not told is as it has been since 4.18. Source: Linux include/linux/mm_types.h. */
  layout->flags_at = find_page_member (kernel, "flags", 0);
  layout->head_at = find_page_member (kernel, "compound_head", word);
  layout->mapping_at = find_page_member (kernel, "mapping", 3 * word);
  layout->index_at = find_page_member (kernel, "index", layout->mapping_at + word);
  layout->private_at = find_page_member (kernel, "private", layout->index_at + word);
  layout->mapcount_at = find_page_member (kernel, "_mapcount", layout->private_at + word);
  layout->refcount_at = find_page_member (kernel, "_refcount", layout->mapcount_at + 4);
  layout->lru_at = find_page_member (kernel, "lru", word);
  /* Since 5.17 a slab's record has a name of its own. */
  if (p2v_type_source_find_member (kernel->types, "slab", "slab_cache", &member) ||
      p2v_type_source_find_member (kernel->types, "page", "slab_cache", &member))
    layout->slab_cache_at = member.offset_bytes;
}

/* Kernels that describe no types tell of two members of the second record, a byte each; the count
 * stands at the next multiple of its size, for as long as they were told. Source: Linux
 * include/linux/mm_types.h, kernel/crash_core.c (4.18 to 6.5). */
static void
find_told_compound_members (const P2vLinux     *kernel,
                            P2vLinuxPageLayout *layout)
{
  gint64 dtor_at, order_at, dtor_hugetlb;

  if (!get_number (kernel, "OFFSET", "page.compound_dtor", &dtor_at) ||
      !get_number (kernel, "OFFSET", "page.compound_order", &order_at) ||
      !get_number (kernel, "NUMBER", "HUGETLB_PAGE_DTOR", &dtor_hugetlb) || dtor_at < 0 ||
      order_at != dtor_at + 1 || order_at >= (gint64) layout->size_bytes)
    return;
  if (layout->order_at == 0)
    layout->order_at = layout->size_bytes + (guint32) order_at;
  if (layout->entire_mapcount_at == 0)
    layout->entire_mapcount_at = layout->size_bytes + (((guint32) order_at + 4) & ~3u);
  if (layout->dtor_at == 0)
    {
      layout->dtor_at = layout->size_bytes + (guint32) dtor_at;
      layout->dtor_hugetlb = (guint8) dtor_hugetlb;
    }
}

/* Kernels of which nothing tells the members of struct folio: those with types in top bytes. The
 * order is in the flags of the second record; the count has moved since, at the latest when
 * compound_head got another name. Source: Linux include/linux/mm_types.h, struct folio (6.12 and
 * 7.2), and folio_order(); 32-bit processors have the count in the third record in 7.2. */
static void
set_usual_folio_members (const P2vLinux     *kernel,
                         P2vLinuxPageLayout *layout)
{
  guint32 word = kernel->arch->word_bytes;
  gint64 head_at;

  layout->order_at = layout->size_bytes + layout->flags_at;
  if (!get_number (kernel, "OFFSET", "page.compound_info", &head_at))
    layout->entire_mapcount_at = layout->size_bytes + 2 * word + sizeof (guint32);
  else if (word == sizeof (guint64))
    layout->entire_mapcount_at = layout->size_bytes + 2 * word + 2 * sizeof (guint32);
  else
    layout->entire_mapcount_at = 2 * layout->size_bytes + 4 * word;
}

/* Nothing tells it of a kernel with flags of the old order: then it is as in the kernels above, and
 * the third kind of large pages is that of huge ones. Source: as above, enum compound_dtor_id. */
static void
set_usual_compound_members (const P2vLinux     *kernel,
                            P2vLinuxPageLayout *layout)
{
  guint32 dtor_at = layout->size_bytes + 2 * kernel->arch->word_bytes;

  layout->dtor_at = dtor_at;
  layout->dtor_hugetlb = 2;
  layout->order_at = dtor_at + 1;
  layout->entire_mapcount_at = dtor_at + 4;
}

static void
find_compound_members (const P2vLinux     *kernel,
                       P2vLinuxPageLayout *layout)
{
  P2vMember member;
  gint64 value;

  /* In the second record by the name of struct page, or from the first on by that of struct
   * folio. */
  if (p2v_type_source_find_member (kernel->types, "folio", "_entire_mapcount", &member))
    layout->entire_mapcount_at = member.offset_bytes;
  else if (p2v_type_source_find_member (kernel->types, "folio", "_compound_mapcount", &member))
    layout->entire_mapcount_at = member.offset_bytes;
  else if (p2v_type_source_find_member (kernel->types, "page", "compound_mapcount", &member))
    layout->entire_mapcount_at = layout->size_bytes + member.offset_bytes;
  if (p2v_type_source_find_member (kernel->types, "folio", "_large_mapcount", &member))
    layout->large_mapcount_at = member.offset_bytes;
  if (p2v_type_source_find_member (kernel->types, "page", "compound_order", &member))
    layout->order_at = layout->size_bytes + member.offset_bytes;
  else if (p2v_type_source_find_member (kernel->types, "folio", "_flags_1", &member))
    layout->order_at = member.offset_bytes;
  /* Both forms fit a byte. Source: Linux include/linux/mm.h folio_order() (6.12). */
  if (p2v_type_source_find_member (kernel->types, "page", "compound_dtor", &member) &&
      p2v_type_source_find_enumerator (kernel->types, "HUGETLB_PAGE_DTOR", &value))
    {
      layout->dtor_at = layout->size_bytes + member.offset_bytes;
      layout->dtor_hugetlb = (guint8) value;
    }
  find_told_compound_members (kernel, layout);
  if (layout->order_at == 0 && layout->entire_mapcount_at == 0 &&
      layout->types[LINUX_PAGE_TYPE_SLAB].mask != 0)
    set_usual_folio_members (kernel, layout);
  else if (layout->order_at == 0 && layout->entire_mapcount_at == 0 && layout->inferred.known)
    set_usual_compound_members (kernel, layout);
}

/* The order of the page that stands for a large page of zeros, where no symbol says which it is. */
static guint
get_unnamed_zero_order (const P2vLinux *kernel)
{
  const P2vPagingForm *form = kernel->tables.form;
  guint64 va;

  if (p2v_symbol_table_find (kernel->symbol_table, "huge_zero_pfn", &va))
    return 0;
  return form->levels[form->n_levels - 2].shift - form->levels[form->n_levels - 1].shift;
}

/* A variable that holds a long or a pointer. */
static gboolean
read_variable (const P2vLinux   *kernel,
               P2vVirtualMemory *memory,
               const char       *name,
               guint64          *ret_value)
{
  guint64 va;

  return (p2v_symbol_table_find (kernel->symbol_table, name, &va) ||
          p2v_linux_get_info_symbol (kernel->vmcoreinfo, name, &va)) &&
         p2v_linux_read_word_at (kernel, memory, va, ret_value);
}

/* "NUMBER(name)=hex", as arm64 writes addresses. */
/* The three ways to keep all records in one array, of which a kernel has one: a flat array, and an
 * array in virtual addresses of which only that is there which has memory behind it, with a base
 * that is drawn at boot (x86-64) or fixed (arm64, where it begins with the first frame). */
static gboolean
find_array (const P2vLinux     *kernel,
            P2vVirtualMemory   *memory,
            P2vLinuxPageLayout *layout)
{
  guint64 start, memory_start;

  /* Kernels for machines without nodes have a mem_map, too, and leave it empty if it is not
   * used. */
  if ((read_variable (kernel, memory, "mem_map", &layout->first_va) && layout->first_va != 0) ||
      read_variable (kernel, memory, "vmemmap_base", &layout->first_va))
    return TRUE;
  if (!p2v_linux_get_info_hex (kernel->vmcoreinfo, "VMEMMAP_START", &start) ||
      !p2v_linux_get_info_hex (kernel->vmcoreinfo, "PHYS_OFFSET", &memory_start))
    return FALSE;
  /* Source: Linux arch/arm64/include/asm/pgtable.h, vmemmap. PHYS_OFFSET is signed. */
  gint64 first_pfn = (gint64) memory_start >> layout->frame_shift;
  layout->first_va = start - (guint64) first_pfn * layout->size_bytes;
  return TRUE;
}

typedef struct
{
  guint64 n_roots, size_bytes, map_at;
  guint64 roots_va;
} Sections;

static gboolean
find_sections (const P2vLinux *kernel,
               Sections       *ret_sections)
{
  gint64 n_roots, size_bytes, map_at;

  if (!p2v_linux_get_info_symbol (kernel->vmcoreinfo, "mem_section", &ret_sections->roots_va) ||
      !get_number (kernel, "LENGTH", "mem_section", &n_roots) ||
      !get_number (kernel, "SIZE", "mem_section", &size_bytes) || size_bytes <= 0 ||
      !get_number (kernel, "OFFSET", "mem_section.section_mem_map", &map_at))
    return FALSE;
  ret_sections->n_roots = CLAMP (n_roots, 0, (gint64) P2V_FRAME_SIZE);
  ret_sections->size_bytes = (guint64) size_bytes;
  ret_sections->map_at = (guint64) map_at;
  return TRUE;
}

/* Looks at the sections of one root: *@ret_first_va is where they put the record of frame 0. FALSE
 * if they contradict each other or an earlier root. */
static gboolean
agree (const P2vLinux   *kernel,
       P2vVirtualMemory *memory,
       const Sections   *sections,
       P2vVirtAddr       root_va,
       P2vVirtAddr      *ret_first_va)
{
  guint64 map;

  /* Source: Linux include/linux/mmzone.h SECTIONS_PER_ROOT: as many as fit a page. */
  for (guint64 at = 0; at + sections->size_bytes <= P2V_FRAME_SIZE; at += sections->size_bytes)
    if (p2v_linux_read_word_at (kernel, memory, root_va + at + sections->map_at, &map) &&
        map & SECTION_HAS_MEM_MAP)
      {
        P2vVirtAddr first_va = map & ~(guint64) SECTION_FLAGS;
        if (*ret_first_va != 0 && *ret_first_va != first_va)
          return FALSE;
        *ret_first_va = first_va;
      }
  return TRUE;
}

/* With an array in virtual addresses all sections agree on where the record of frame 0 would be.
 * Where each section has an array of its own they do not, and we cannot tell. */
static gboolean
find_section_array (const P2vLinux     *kernel,
                    P2vVirtualMemory   *memory,
                    P2vLinuxPageLayout *layout)
{
  Sections sections;
  P2vVirtAddr root_va, first_va = 0;

  if (!find_sections (kernel, &sections))
    return FALSE;
  for (guint64 i = 0; i < sections.n_roots; i++)
    if (!p2v_linux_read_word_at (kernel, memory,
                                 sections.roots_va + i * kernel->arch->word_bytes, &root_va) ||
        (root_va != 0 && !agree (kernel, memory, &sections, root_va, &first_va)))
      return FALSE;
  layout->first_va = first_va;
  return first_va != 0;
}

static guint64
find_zero_pfn (const P2vLinux   *kernel,
               P2vVirtualMemory *memory,
               const char       *name)
{
  guint64 pfn;

  return read_variable (kernel, memory, name, &pfn) ? pfn : G_MAXUINT64;
}

static gboolean
has_array (const P2vLinux     *kernel,
           P2vVirtualMemory   *memory,
           P2vLinuxPageLayout *layout)
{
  return layout->size_bytes >= 8 * sizeof (guint32) &&
         (find_array (kernel, memory, layout) || find_section_array (kernel, memory, layout));
}

/* A kernel of which nothing tells the size of a record has the one by which the kernel's image has
 * records. */
static gboolean
infer_size (const P2vLinux     *kernel,
            P2vVirtualMemory   *memory,
            P2vLinuxPageLayout *layout)
{
  for (gsize i = 0; i < G_N_ELEMENTS (usual_sizes); i++)
    {
      layout->size_bytes = usual_sizes[i];
      find_members (kernel, layout);
      if (has_array (kernel, memory, layout) && p2v_linux_page_layout_fits (kernel, memory, layout))
        return TRUE;
    }
  layout->size_bytes = 0;
  return FALSE;
}

/* The array, and what the bits in it mean. */
static void
find_records (const P2vLinux     *kernel,
              P2vVirtualMemory   *memory,
              P2vLinuxPageLayout *layout)
{
  find_members (kernel, layout);
  layout->known = layout->size_bytes != 0 ? has_array (kernel, memory, layout)
                                          : infer_size (kernel, memory, layout);
  if (layout->known && !p2v_linux_page_bits_are_named (kernel))
    p2v_linux_page_layout_infer_bits (kernel, memory, layout);
  p2v_linux_page_layout_find_bits (kernel, layout);
}

void
p2v_linux_page_layout_find (const P2vLinux     *kernel,
                            P2vVirtualMemory   *memory,
                            P2vLinuxPageLayout *ret_layout)
{
  P2vLinuxPageLayout layout = { .frame_shift = p2v_linux_get_page_shift (kernel) };

  find_records (kernel, memory, &layout);
  find_compound_members (kernel, &layout);
  /* Source: Linux include/linux/pgtable.h, is_zero_pfn() (6.12 and 7.2). */
  layout.zero_pfn = find_zero_pfn (kernel, memory, "zero_pfn");
  if (layout.zero_pfn == G_MAXUINT64)
    layout.zero_pfn = find_zero_pfn (kernel, memory, "zero_page_pfn");
  layout.huge_zero_pfn = find_zero_pfn (kernel, memory, "huge_zero_pfn");
  layout.unnamed_zero_order = get_unnamed_zero_order (kernel);
  /* Both came with 6.10: slabs have a type, and kpageflags reads the flags of the head. */
  layout.tails_share_flags = layout.types[LINUX_PAGE_TYPE_SLAB].mask != 0;
  *ret_layout = layout;
}
