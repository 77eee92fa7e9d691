/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What the bits of a frame's record mean: its flags, and its type. The types of the kernel know
 * both by name. A kernel without types tells some of their numbers in its VMCOREINFO, and from
 * those the rest follows. */

#include "config.h"

#include "os/linux/p2v-linux-page.h"

/* The types know a flag by its name. A kernel without type information still names some in its
 * VMCOREINFO; the other columns are for the rest there: the bits in the order in which flags stood
 * for long, and in a later one, which is told by PG_lru and has been changed since, so that there
 * some are counted from a neighbour that is named. -1: a kernel of that order does not have it, or
 * nothing tells. Source: Linux include/linux/page-flags.h, enum pageflags (6.1; 6.12 and 7.2). */
static const struct
{
  P2vFrameFlags flag;
  const char   *name;
  gint          old_bit;
  gint          new_bit;
  const char   *neighbour;
  gint          distance;
} flag_rules[] = {
  { P2V_FRAME_FLAGS_LOCKED, "PG_locked", 0, 0, NULL, 0 },
  { P2V_FRAME_FLAGS_REFERENCED, "PG_referenced", 1, 2, NULL, 0 },
  { P2V_FRAME_FLAGS_UPTODATE, "PG_uptodate", 2, 3, NULL, 0 },
  { P2V_FRAME_FLAGS_DIRTY, "PG_dirty", 3, 4, NULL, 0 },
  { P2V_FRAME_FLAGS_LRU, "PG_lru", 4, 5, NULL, 0 },
  { P2V_FRAME_FLAGS_ACTIVE, "PG_active", 5, 8, NULL, 0 },
  { P2V_FRAME_FLAGS_ERROR, "PG_error", 8, -1, NULL, 0 },
  { P2V_FRAME_FLAGS_RESERVED, "PG_reserved", 12, 13, "PG_private", -1 },
  { P2V_FRAME_FLAGS_PRIVATE, "PG_private", 13, 14, NULL, 0 },
  { P2V_FRAME_FLAGS_WRITEBACK, "PG_writeback", 15, 1, NULL, 0 },
  { P2V_FRAME_FLAGS_RECLAIM, "PG_reclaim", 18, 16, "PG_swapbacked", -1 },
  { P2V_FRAME_FLAGS_SWAPBACKED, "PG_swapbacked", 19, 17, NULL, 0 },
  { P2V_FRAME_FLAGS_UNEVICTABLE, "PG_unevictable", 20, 18, "PG_swapbacked", 1 },
  { P2V_FRAME_FLAGS_MLOCKED, "PG_mlocked", 21, -1, "PG_hwpoison", -1 },
};

G_STATIC_ASSERT (G_N_ELEMENTS (flag_rules) <= P2V_LINUX_MAX_FLAGS);

/* PG_swapcache is another name of PG_owner_priv_1 (or PG_owner_2), PG_hugetlb and
 * PG_large_rmappable stand in the second record. Source: as above. */
static const struct
{
  const char *name;
  gint        old_bit;
  gint        new_bit;
} bit_rules[LINUX_N_PAGE_BITS] = {
  [LINUX_PAGE_HEAD] = { "PG_head", 16, 6 },
  [LINUX_PAGE_SWAPCACHE] = { "PG_swapcache", 10, 10 },
  [LINUX_PAGE_SLAB] = { "PG_slab", 9, -1 },
  [LINUX_PAGE_DOUBLE_MAP] = { "PG_double_map", 6, -1 },
  [LINUX_PAGE_HUGETLB] = { "PG_hugetlb", -1, -1 },
  [LINUX_PAGE_LARGE_RMAPPABLE] = { "PG_large_rmappable", -1, 9 },
  [LINUX_PAGE_HWPOISON] = { "PG_hwpoison", -1, -1 },
};

/* How the word that _mapcount shares tells its types. From 6.12 on the top byte is the type (enum
 * pagetype, PGTY_); in 6.11 each has a bit, that is clear, among the top ones (enum pagetype, PG_);
 * before, the bits are macros that only VMCOREINFO gives away, as the complement. Where that has
 * none, the next columns: from 5.11 to 6.10, and while there was a type between for memory of the
 * kernel that is charged to a control group. The last one is for top bytes. Source: Linux
 * include/linux/page-flags.h; commit 18b2db3b0385 "mm: Convert page kmemcg type to a page memcg
 * flag" (5.11). */
static const struct
{
  const char *type_name;
  const char *bit_name;
  const char *info_name;
  guint32     usual_bit;
  guint32     bit_with_kmemcg;
  guint32     usual_byte;
} type_rules[LINUX_N_PAGE_TYPES] = {
  [LINUX_PAGE_TYPE_BUDDY] = { "PGTY_buddy", "PG_buddy", "PAGE_BUDDY_MAPCOUNT_VALUE", 0x80, 0x80,
                              0xf0 },
  [LINUX_PAGE_TYPE_OFFLINE] = { "PGTY_offline", "PG_offline", "PAGE_OFFLINE_MAPCOUNT_VALUE",
                                0x100, 0x100, 0xf1 },
  [LINUX_PAGE_TYPE_TABLE] = { "PGTY_table", "PG_table", NULL, 0x200, 0x400, 0xf2 },
  [LINUX_PAGE_TYPE_GUARD] = { "PGTY_guard", "PG_guard", NULL, 0x400, 0x800, 0xf3 },
  [LINUX_PAGE_TYPE_HUGETLB] = { "PGTY_hugetlb", "PG_hugetlb", "PAGE_HUGETLB_MAPCOUNT_VALUE", 0,
                                0, 0xf4 },
  [LINUX_PAGE_TYPE_SLAB] = { "PGTY_slab", "PG_slab", "PAGE_SLAB_MAPCOUNT_VALUE", 0, 0, 0xf5 },
  [LINUX_PAGE_TYPE_ZSMALLOC] = { "PGTY_zsmalloc", "PG_zsmalloc", NULL, 0, 0, 0xf6 },
  [LINUX_PAGE_TYPE_UNACCEPTED] = { "PGTY_unaccepted", "PG_unaccepted", NULL, 0, 0, 0xf7 },
  [LINUX_PAGE_TYPE_LARGE_KMALLOC] = { "PGTY_large_kmalloc", "PG_large_kmalloc", NULL, 0, 0,
                                      0xf8 },
};

/* Flags are bits of a long; what is greater is the enumerator of a type with the same name. */
#define MAX_FLAG_BIT 63

/* Source: Linux include/linux/page-flags.h, PAGE_TYPE_BASE (4.18 to 6.10). */
#define OLD_TYPE_BASE ((guint32) 0xf0000000)

/* Where bits of types stand within that. Source: as above (6.11). */
#define LONE_TYPE_BASE ((guint32) 1 << 31)

/* Source: Linux include/linux/page-flags.h (6.12), page_type_has_type(): the top byte. */
#define TYPE_MASK ((guint32) 0xff000000)

/* A number below this is a type. Source: Linux include/linux/page-flags.h, PAGE_MAPCOUNT_RESERVE
 * (to 6.10): -128. */
#define OLD_MAPCOUNT_RESERVE ((guint32) -128)

/* The top byte of numbers that have no type. Source: Linux include/linux/page-flags.h (6.12),
 * PGTY_mapcount_underflow. */
#define NO_TYPE ((guint32) 0xff << 24)

/* A mask, or 0 if there is no such bit. */
static guint64
get_mask (gint64 bit)
{
  return bit >= 0 && bit <= MAX_FLAG_BIT ? (guint64) 1 << bit : 0;
}

/* What was inferred, by the names that VMCOREINFO has for it. */
static gboolean
find_inferred (const P2vLinuxPageBits *inferred,
               const char             *name,
               gint64                 *ret_value)
{
  const struct
  {
    const char *name;
    gint64      value;
    gboolean    known;
  } values[] = {
    { "PG_lru", inferred->lru, inferred->lru >= 0 },
    { "PG_swapbacked", inferred->swapbacked, inferred->swapbacked >= 0 },
    { "PAGE_BUDDY_MAPCOUNT_VALUE", inferred->buddy_mark, inferred->buddy_mark != 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (values) && inferred->known; i++)
    if (values[i].known && g_str_equal (name, values[i].name))
      {
        *ret_value = values[i].value;
        return TRUE;
      }
  return FALSE;
}

static gboolean
find_number (const P2vLinux           *kernel,
             const P2vLinuxPageLayout *layout,
             const char               *name,
             gint64                   *ret_value)
{
  return p2v_linux_get_info_number (kernel->vmcoreinfo, name, ret_value) ||
         find_inferred (&layout->inferred, name, ret_value);
}

/* The bit of a flag by its name; FALSE if nothing names it. */
static gboolean
find_bit (const P2vLinux           *kernel,
          const P2vLinuxPageLayout *layout,
          const char               *name,
          gint64                   *ret_bit)
{
  return p2v_type_source_find_enumerator (kernel->types, name, ret_bit) ||
         find_number (kernel, layout, name, ret_bit);
}

gboolean
p2v_linux_page_bits_are_named (const P2vLinux *kernel)
{
  gint64 bit;

  return p2v_type_source_find_enumerator (kernel->types, "PG_locked", &bit) ||
         p2v_linux_get_info_number (kernel->vmcoreinfo, "PG_lru", &bit);
}

typedef enum
{
  ORDER_NAMED,
  ORDER_OLD,
  ORDER_NEW,
} FlagOrder;

/* A kernel that names one of its flags names all that it has. */
static FlagOrder
find_order (const P2vLinux           *kernel,
            const P2vLinuxPageLayout *layout)
{
  gint64 bit;

  if (p2v_type_source_find_enumerator (kernel->types, "PG_locked", &bit))
    return ORDER_NAMED;
  return find_bit (kernel, layout, "PG_lru", &bit) && bit == P2V_LINUX_NEW_LRU ? ORDER_NEW
                                                                                : ORDER_OLD;
}

/* A mask, or 0 if the kernel has no such flag. */
static guint64
find_flag (const P2vLinux           *kernel,
           const P2vLinuxPageLayout *layout,
           FlagOrder                 order,
           guint                     rule)
{
  gint64 bit;

  if (find_bit (kernel, layout, flag_rules[rule].name, &bit))
    return get_mask (bit);
  if (order == ORDER_NEW && flag_rules[rule].neighbour != NULL &&
      find_bit (kernel, layout, flag_rules[rule].neighbour, &bit))
    return get_mask (bit + flag_rules[rule].distance);
  if (order == ORDER_NAMED)
    return 0;
  return get_mask (order == ORDER_NEW ? flag_rules[rule].new_bit : flag_rules[rule].old_bit);
}

static void
find_flags (const P2vLinux     *kernel,
            FlagOrder           order,
            P2vLinuxPageLayout *layout)
{
  for (guint i = 0; i < G_N_ELEMENTS (flag_rules); i++)
    {
      guint64 mask = find_flag (kernel, layout, order, i);
      if (mask == 0)
        continue;
      layout->flags[layout->n_flags].flag = flag_rules[i].flag;
      layout->flags[layout->n_flags++].mask = mask;
    }
}

static void
find_bits (const P2vLinux     *kernel,
           FlagOrder           order,
           P2vLinuxPageLayout *layout)
{
  gint64 value;

  for (guint i = 0; i < LINUX_N_PAGE_BITS; i++)
    if (find_bit (kernel, layout, bit_rules[i].name, &value))
      layout->bits[i] = get_mask (value);
    else if (order != ORDER_NAMED)
      layout->bits[i] =
        get_mask (order == ORDER_NEW ? bit_rules[i].new_bit : bit_rules[i].old_bit);
  if (order != ORDER_NAMED &&
      p2v_linux_get_info_number (kernel->vmcoreinfo, "PG_head_mask", &value))
    layout->bits[LINUX_PAGE_HEAD] = (guint64) value;
}

/* TRUE if the kernel tells types by the top byte. Without types the value of a free page says so,
 * which has nothing below that byte. */
static gboolean
find_type_bytes (const P2vLinux     *kernel,
                 P2vLinuxPageLayout *layout)
{
  gint64 value;
  gboolean has_names = p2v_type_source_find_enumerator (
    kernel->types, type_rules[LINUX_PAGE_TYPE_BUDDY].type_name, &value);

  if (!has_names &&
      (!find_number (kernel, layout, type_rules[LINUX_PAGE_TYPE_BUDDY].info_name, &value) ||
       (guint32) value != type_rules[LINUX_PAGE_TYPE_BUDDY].usual_byte << 24))
    return FALSE;
  layout->untyped_from = NO_TYPE;
  for (guint i = LINUX_PAGE_TYPE_NONE + 1; i < LINUX_N_PAGE_TYPES; i++)
    {
      value = type_rules[i].usual_byte;
      if (has_names &&
          !p2v_type_source_find_enumerator (kernel->types, type_rules[i].type_name, &value))
        continue;
      layout->types[i].mask = TYPE_MASK;
      layout->types[i].value = (guint32) value << 24;
    }
  return TRUE;
}

/* The bit of a type, 0 if the kernel does not have it. */
static guint32
find_type_bit (const P2vLinux           *kernel,
               const P2vLinuxPageLayout *layout,
               guint                     type,
               gboolean                  has_kmemcg)
{
  gint64 value;

  if (p2v_type_source_find_enumerator (kernel->types, type_rules[type].bit_name, &value) &&
      value > MAX_FLAG_BIT)
    return (guint32) value;
  if (type_rules[type].info_name != NULL &&
      find_number (kernel, layout, type_rules[type].info_name, &value))
    return ~(guint32) value;
  return has_kmemcg ? type_rules[type].bit_with_kmemcg : type_rules[type].usual_bit;
}

static void
find_type_bits (const P2vLinux     *kernel,
                P2vLinuxPageLayout *layout)
{
  guint32 base = OLD_TYPE_BASE;
  gint64 value;
  P2vMember member;
  /* The change that took the type away gave this member another name. */
  gboolean has_kmemcg =
    p2v_type_source_find_member (kernel->types, "page", "mem_cgroup", &member);

  layout->untyped_from = OLD_MAPCOUNT_RESERVE;
  if (p2v_type_source_find_enumerator (kernel->types, "PAGE_MAPCOUNT_RESERVE", &value))
    layout->untyped_from = (guint32) value;
  if (p2v_type_source_find_enumerator (kernel->types, "PAGE_TYPE_BASE", &value))
    base = (guint32) value;
  else if (find_type_bit (kernel, layout, LINUX_PAGE_TYPE_BUDDY, has_kmemcg) & base)
    base = LONE_TYPE_BASE;
  for (guint i = LINUX_PAGE_TYPE_NONE + 1; i < LINUX_N_PAGE_TYPES; i++)
    {
      guint32 bit = find_type_bit (kernel, layout, i, has_kmemcg);
      layout->types[i].mask = bit != 0 ? base | bit : 0;
      layout->types[i].value = base;
    }
}

void
p2v_linux_page_layout_find_bits (const P2vLinux     *kernel,
                                 P2vLinuxPageLayout *layout)
{
  FlagOrder order = find_order (kernel, layout);

  find_flags (kernel, order, layout);
  find_bits (kernel, order, layout);
  if (!find_type_bytes (kernel, layout))
    find_type_bits (kernel, layout);
}

gboolean
p2v_linux_page_layout_can_be_type (const P2vLinuxPageLayout *layout,
                                   guint32                   word)
{
  guint32 buddy_mask = layout->types[LINUX_PAGE_TYPE_BUDDY].mask;

  return word >= (guint32) 1 << 31 && word < layout->untyped_from &&
         (word & buddy_mask) != layout->types[LINUX_PAGE_TYPE_BUDDY].value;
}

/* Between the two columns of bits in type_rules[] the mark decides, of the type that comes behind
 * it, too. */
void
p2v_linux_page_layout_set_table_mark (P2vLinuxPageLayout *layout,
                                      guint32             word)
{
  guint32 table_mask = layout->types[LINUX_PAGE_TYPE_TABLE].mask;
  guint32 guard_mask = layout->types[LINUX_PAGE_TYPE_GUARD].mask;

  if (table_mask != 0 && (word & table_mask) == layout->types[LINUX_PAGE_TYPE_TABLE].value)
    return;
  layout->types[LINUX_PAGE_TYPE_TABLE].mask = G_MAXUINT32;
  layout->types[LINUX_PAGE_TYPE_TABLE].value = word;
  if (guard_mask != 0 && (word & guard_mask) == layout->types[LINUX_PAGE_TYPE_GUARD].value)
    layout->types[LINUX_PAGE_TYPE_GUARD].mask =
      OLD_TYPE_BASE | type_rules[LINUX_PAGE_TYPE_GUARD].bit_with_kmemcg;
}
