/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* struct page: the record that the kernel keeps of each frame, mapped or not.
 *
 * Most of its members share their room with others, and which one is meant depends on what the
 * frame is used for; several frames that are handled as one (a compound page, a folio) keep what
 * concerns all of them in the records of the first two. Nothing here depends on a version number:
 * members, flags and types are asked for by name, and what a kernel does not have is not there. */

#pragma once

#include "os/linux/p2v-linux-private.h"

/* What the word that _mapcount shares can say instead of a count. */
typedef enum
{
  LINUX_PAGE_TYPE_NONE,
  LINUX_PAGE_TYPE_BUDDY,
  LINUX_PAGE_TYPE_OFFLINE,
  LINUX_PAGE_TYPE_TABLE,
  LINUX_PAGE_TYPE_GUARD,
  LINUX_PAGE_TYPE_HUGETLB,
  LINUX_PAGE_TYPE_SLAB,
  LINUX_PAGE_TYPE_ZSMALLOC,
  LINUX_PAGE_TYPE_UNACCEPTED,
  LINUX_PAGE_TYPE_LARGE_KMALLOC,
  LINUX_N_PAGE_TYPES,
} P2vLinuxPageType;

/* Bits of flags beyond those that P2vFrameFlags has. */
typedef enum
{
  LINUX_PAGE_HEAD,
  LINUX_PAGE_SWAPCACHE,
  LINUX_PAGE_SLAB,
  LINUX_PAGE_DOUBLE_MAP,
  LINUX_PAGE_HUGETLB,
  LINUX_PAGE_LARGE_RMAPPABLE,
  LINUX_PAGE_HWPOISON,
  LINUX_N_PAGE_BITS,
} P2vLinuxPageBit;

#define P2V_LINUX_MAX_FLAGS 20

/* Low bits of mapping. Source: Linux include/linux/page-flags.h PAGE_MAPPING_ANON and
 * PAGE_MAPPING_MOVABLE; both together are PAGE_MAPPING_KSM. */
#define P2V_LINUX_MAPPING_ANON    1
#define P2V_LINUX_MAPPING_MOVABLE 2
#define P2V_LINUX_MAPPING_MASK    3

/* How a kernel keeps its records: plain data, constant once filled in. */
/* What the records of frames themselves tell of their bits. */
typedef struct
{
  gboolean known;
  gint     lru, swapbacked;    /* bits; -1 if not clear */
  guint32  buddy_mark;         /* stands in the place of a free block's count; 0 if not clear */
} P2vLinuxPageBits;

/* PG_lru and PG_uptodate in the two orders of flags. Source: as in p2v-linux-page-bits.c. */
#define P2V_LINUX_OLD_LRU      4
#define P2V_LINUX_NEW_LRU      5
#define P2V_LINUX_OLD_UPTODATE 2
#define P2V_LINUX_NEW_UPTODATE 3

typedef struct
{
  gboolean     known;
  guint        frame_shift;        /* log2 of the kernel's page size */
  P2vVirtAddr  first_va;           /* where the record of frame 0 is, or would be */
  guint32      size_bytes;         /* of a record */
  guint32      flags_at, mapping_at, index_at, private_at, head_at, mapcount_at, refcount_at;
  guint32      slab_cache_at, lru_at; /* 0 if not known: flags are there */

  struct
  {
    P2vFrameFlags flag;
    guint64       mask;
  } flags[P2V_LINUX_MAX_FLAGS];
  guint        n_flags;
  guint64      bits[LINUX_N_PAGE_BITS]; /* masks, 0 for a flag that the kernel does not have */
  gboolean     tails_share_flags;  /* a tail's flags are those of its head */

  /* A word is of the type if (word & mask) == value; a mask of 0 for a type it does not have. */
  struct
  {
    guint32 mask;
    guint32 value;
  } types[LINUX_N_PAGE_TYPES];
  guint32      untyped_from;       /* negative words below this are types, not counts */

  /* Of a compound page, in bytes behind its first record; 0 if not known. */
  guint32      order_at, order_bytes;
  guint32      entire_mapcount_at;
  guint32      large_mapcount_at;
  guint32      dtor_at;
  guint8       dtor_hugetlb;

  P2vLinuxPageBits inferred;            /* where nothing tells by names */
  guint64      zero_pfn, huge_zero_pfn; /* G_MAXUINT64 if not known */
  guint        unnamed_zero_order;      /* 0: a symbol says which is the large page of zeros */
} P2vLinuxPageLayout;

/* A record. */
typedef struct
{
  guint64           pfn;
  P2vVirtAddr       va;            /* of the record */
  guint64           flags;
  guint64           mapping;
  guint64           index;
  guint64           private;
  guint64           slab_cache;    /* 0 if not known */
  guint64           compound_head; /* of a tail: the head's record; else 0 */
  guint32           mapcount;      /* as it stands there: one less than the count */
  guint32           refcount;
  P2vLinuxPageType  type;
} P2vLinuxPage;

/* Several frames handled as one; a single frame is its own head. */
typedef struct
{
  P2vLinuxPage head;
  guint        order;              /* log2 of the number of frames */
  gint64       n_entire;           /* mappings of all of it at once */
  gboolean     is_mapped;          /* anything of it */
  gboolean     is_counted_whole;   /* not each page by itself */
  gboolean     is_slab;
  gboolean     is_hugetlb;
  gboolean     is_thp;
  gboolean     is_huge_zero;       /* the large page of zeros */
} P2vLinuxCompound;

/* p2v-linux-page-layout.c: where everything is; layout->known says whether enough was found. */
void     p2v_linux_page_layout_find   (const P2vLinux           *kernel,
                                       P2vVirtualMemory         *memory,
                                       P2vLinuxPageLayout       *ret_layout);

/* p2v-linux-page-infer.c: whether the records of frames of the kernel's image are where @layout has
 * them. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_page_layout_fits   (const P2vLinux           *kernel,
                                       P2vVirtualMemory         *memory,
                                       const P2vLinuxPageLayout *layout);
/* Fills in layout->inferred, of a layout that fits. */
void     p2v_linux_page_layout_infer_bits
                                      (const P2vLinux           *kernel,
                                       P2vVirtualMemory         *memory,
                                       P2vLinuxPageLayout       *layout);

/* p2v-linux-page-bits.c: whether names say what the bits mean. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_page_bits_are_named (const P2vLinux          *kernel);
/* Fills in flags, bits and types. */
void     p2v_linux_page_layout_find_bits (const P2vLinux        *kernel,
                                       P2vLinuxPageLayout       *layout);
/* Whether a record whose _mapcount is @word can have a type by it. */
gboolean p2v_linux_page_layout_can_be_type
                                      (const P2vLinuxPageLayout *layout,
                                       guint32                   word);
/* Page tables have this word, whatever was believed before. */
void     p2v_linux_page_layout_set_table_mark
                                      (P2vLinuxPageLayout       *layout,
                                       guint32                   word);

/* p2v-linux-page-proof.c: the word that page tables have in the place of _mapcount, by those of
 * processes; 0 if they do not agree on one. */
guint32  p2v_linux_page_find_table_mark (const P2vLinux         *kernel,
                                       P2vSystem                *system,
                                       P2vVirtualMemory         *memory,
                                       const P2vLinuxPageLayout *layout);

/* p2v-linux-frames.c: as the kernel tells it, found once for all; (transfer none). Any thread. */
const P2vLinuxPageLayout *p2v_linux_frames_get_layout
                                      (const P2vLinux           *kernel,
                                       P2vVirtualMemory         *memory);

/* p2v-linux-page.c: reads records, for one thread. */
typedef struct
{
  const P2vLinux           *kernel;
  const P2vLinuxPageLayout *layout;
  P2vVirtualMemory         *memory;
  P2vLinuxCompound          compound;     /* what was asked for last; pfn G_MAXUINT64: nothing */
  guint64                   free_start;   /* the free block that was found last */
  guint64                   n_free;
} P2vLinuxPageReader;

void     p2v_linux_page_reader_init   (P2vLinuxPageReader       *self,
                                       const P2vLinux           *kernel,
                                       const P2vLinuxPageLayout *layout,
                                       P2vVirtualMemory         *memory);
/* FALSE if the kernel has no record of the frame, or the image does not have the record. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_page_read          (P2vLinuxPageReader       *self,
                                       guint64                   pfn,
                                       P2vLinuxPage             *ret_page);
/* What @page is part of; (transfer none), valid until the next call. */
const P2vLinuxCompound *p2v_linux_page_get_compound
                                      (P2vLinuxPageReader       *self,
                                       const P2vLinuxPage       *page);
/* Whether @page is in a block of free frames; *@ret_order is the block's. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_page_is_free       (P2vLinuxPageReader       *self,
                                       const P2vLinuxPage       *page,
                                       guint                    *ret_order);
/* What /proc/kpageflags would say. */
P2vFrameFlags p2v_linux_page_get_flags (P2vLinuxPageReader      *self,
                                       const P2vLinuxPage       *page,
                                       const P2vLinuxCompound   *compound,
                                       gboolean                  is_free);
/* What /proc/kpagecount would say; -1 if the kernel does not know. */
gint64   p2v_linux_page_get_mapcount  (P2vLinuxPageReader       *self,
                                       const P2vLinuxPage       *page,
                                       const P2vLinuxCompound   *compound);
