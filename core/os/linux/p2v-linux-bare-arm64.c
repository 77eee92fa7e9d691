/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The VMCOREINFO of an arm64 kernel that has none, from its page tables.
 *
 * Beside what the tables say themselves, that is where the records of frames are. Their array
 * begins at an address that depends on the kernel's release and on how many bits of an address it
 * was built for, which may be more than the machine has. Each is tried; right is the one by which
 * the frames of the kernel's image, which is never freed, have the records of such. */

#include "config.h"

#include <inttypes.h>

#include "os/linux/p2v-linux-bare.h"

/* Source: Linux arch/arm64/include/asm/memory.h (6.12), VMEMMAP_END: -SZ_1G; (5.10), VMEMMAP_START:
 * SZ_2M lower. */
#define VMEMMAP_END  ((guint64) -((gint64) 1 << 30))
#define VMEMMAP_GAP  ((guint64) 2 << 20)

/* Source: as above, STRUCT_PAGE_MAX_SHIFT: records have 64 bytes in all kernels that are not made
 * for debugging. */
#define RECORD_SHIFT 6

typedef struct
{
  guint   built_for_bits;      /* of an address, at most */
  guint   least_bits;          /* that the kernel may have to do with */
  guint64 vmemmap_start;
} Place;

/* Source: as above, PAGE_OFFSET. */
static guint64
get_page_offset (guint bits)
{
  return G_MAXUINT64 << bits;
}

/* How many bytes of records there may be: for the map of all memory, as far as it reaches with the
 * fewest bits. Source: as above, VMEMMAP_SIZE. */
static guint64
get_vmemmap_bytes (guint built_for_bits,
                   guint least_bits,
                   guint page_shift)
{
  guint64 page_end = G_MAXUINT64 << (least_bits - 1);

  return (page_end - get_page_offset (built_for_bits)) >> (page_shift - RECORD_SHIFT);
}

/* Source: as above, VMEMMAP_START (7.2 and 6.12; 6.1; 5.10). */
static void
add_places (GArray *places,
            guint   built_for_bits,
            guint   least_bits,
            guint   page_shift)
{
  guint64 bytes = get_vmemmap_bytes (built_for_bits, least_bits, page_shift);
  const guint64 starts[] = {
    VMEMMAP_END - bytes,
    G_MAXUINT64 << (built_for_bits - (page_shift - RECORD_SHIFT)),
    -bytes - VMEMMAP_GAP,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      Place place = { built_for_bits, least_bits, starts[i] };
      g_array_append_val (places, place);
    }
}

/* A kernel built for 52 bits starts with 48 where the machine has no more, or with pages of 16 KiB
 * with 47. */
static GArray *
list_places (const P2vPagingForm *form,
             guint                page_shift)
{
  GArray *places = g_array_new (FALSE, FALSE, sizeof (Place));

  add_places (places, form->va_bits, form->va_bits, page_shift);
  if (form->va_bits >= 47)
    add_places (places, 52, page_shift == 14 ? 47 : 48, page_shift);
  return places;
}

/* What the physical address at the start of the map of all memory would be; it may be below 0. */
static guint64
get_phys_offset (const P2vLinuxBareTables *found,
                 const Place              *place)
{
  return found->banner_pa - (found->linear_va - get_page_offset (place->built_for_bits));
}

static gboolean
is_right (P2vVirtualMemory         *memory,
          const P2vLinuxBareTables *found,
          const Place              *place,
          guint                     page_shift)
{
  guint64 distance = found->banner_pa - get_phys_offset (found, place);
  P2vVirtAddr va = place->vmemmap_start + (distance >> page_shift << RECORD_SHIFT);

  return p2v_linux_has_image_records (memory, va, 1u << RECORD_SHIFT);
}

static void
add_number (GHashTable *info,
            const char *name,
            guint64     value)
{
  g_hash_table_replace (info, g_strdup_printf ("NUMBER(%s)", name),
                        g_strdup_printf ("0x%" PRIx64, value));
}

static void
add_records (GHashTable               *info,
             P2vVirtualMemory         *memory,
             const P2vLinuxBareTables *found,
             guint                     page_shift)
{
  g_autoptr (GArray) places = list_places (found->form, page_shift);

  for (guint i = 0; i < places->len; i++)
    {
      const Place *place = &g_array_index (places, Place, i);
      if (!is_right (memory, found, place, page_shift))
        continue;
      add_number (info, "PHYS_OFFSET", get_phys_offset (found, place));
      add_number (info, "VMEMMAP_START", place->vmemmap_start);
      return;
    }
}

/* The kernel's image begins with its code, and is mapped as it stands in memory down to there. */
static P2vVirtAddr
find_image_start (P2vVirtualMemory         *memory,
                  const P2vLinuxBareTables *found,
                  guint                     page_shift)
{
  guint64 page_bytes = (guint64) 1 << page_shift;
  P2vVirtAddr start_va = found->banner_va & ~(page_bytes - 1);
  P2vPhysAddr pa;

  for (guint64 n = 0; n < P2V_LINUX_IMAGE_DISTANCE; n += page_bytes)
    {
      if (!p2v_virtual_memory_translate (memory, start_va - page_bytes, &pa) ||
          start_va - page_bytes - pa != found->banner_va - found->banner_pa)
        break;
      start_va -= page_bytes;
    }
  return start_va;
}

GHashTable *
p2v_linux_make_arm64_info (P2vImage                 *image,
                           const P2vLinuxBareTables *found,
                           const char               *release)
{
  GHashTable *info = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  const P2vPagingForm *form = found->form;
  guint page_shift = form->levels[form->n_levels - 1].shift;
  guint64 delta = found->banner_va - found->banner_pa;
  const P2vPageTables tables = { .image = image, .form = form, .pa_mask = form->pa_mask };
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&tables, found->root_pa);

  g_hash_table_replace (info, g_strdup ("OSRELEASE"), g_strdup (release));
  g_hash_table_replace (info, g_strdup ("PAGESIZE"), g_strdup_printf ("%u", 1u << page_shift));
  g_hash_table_replace (info, g_strdup ("SYMBOL(swapper_pg_dir)"),
                        g_strdup_printf ("%" PRIx64, found->root_pa + delta));
  g_hash_table_replace (
    info, g_strdup ("SYMBOL(_stext)"),
    g_strdup_printf ("%" PRIx64, find_image_start (memory, found, page_shift)));
  g_hash_table_replace (info, g_strdup ("NUMBER(VA_BITS)"), g_strdup_printf ("%u", form->va_bits));
  add_number (info, "kimage_voffset", delta);
  add_records (info, memory, found, page_shift);
  return info;
}
