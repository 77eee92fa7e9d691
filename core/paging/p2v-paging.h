/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The family of paging forms: what the entries of page tables mean to a processor, as data.
 *
 * To add a form: describe it as one constant P2vPagingForm in paging/p2v-paging-ARCH.c, declare it
 * below, add it to the table in paging/p2v-paging.c, and choose it in the system that meets it. A
 * form knows nothing of operating systems: how a system writes entries that the processor ignores
 * comes in through P2vPageTables. */

#pragma once

#include "p2v-image.h"
#include "p2v-mapping.h"

/* The largest table of any form we know: 64 KiB of 8-byte entries. */
#define P2V_PAGING_MAX_INDEX_BITS 13
#define P2V_PAGING_MAX_ENTRIES    ((guint) 1 << P2V_PAGING_MAX_INDEX_BITS)
#define P2V_PAGING_MAX_LEVELS     P2V_TRAIL_MAX_STEPS

/* What the entries on the way to a page leave of its rights: P2vRights, and two that decide what
 * P2V_RIGHTS_EXECUTE says of pages that user mode may not read. */
#define P2V_GRANT_KERNEL_EXECUTE ((guint) 1 << 8)
#define P2V_GRANT_EXECUTE_ONLY   ((guint) 1 << 9)

/* An entry with (entry & mask) == value takes away what is in @takes. A list of rules ends with one
 * that takes nothing. */
typedef struct
{
  guint64 mask;
  guint64 value;
  guint   takes;               /* P2vRights and P2V_GRANT_... */
} P2vPagingRule;

/* Bits of an entry that are a part of the address, but stand lower than they belong. */
typedef struct
{
  guint64 mask;
  guint   left;                /* by how many bits they are shifted; 0 beside a mask of 0 */
} P2vPagingMove;

/* One level of a form. An entry that is neither a table nor a page by these tests is not valid to
 * the processor at this level: empty, or foreign. */
typedef struct
{
  const char          *entry_name;  /* the field's name of an entry: "pml4e" */
  guint                shift;       /* the lowest bit of the index in a virtual address */
  guint                index_bits;  /* log2 of the number of entries */
  guint64              table_mask;  /* leads to a table if (entry & table_mask) == table_value */
  guint64              table_value;
  guint64              page_mask;   /* maps 1 << shift bytes if (entry & page_mask) == page_value */
  guint64              page_value;
  P2vPagingMove        table_move;
  P2vPagingMove        page_move;
  const P2vPagingRule *table_rules; /* NULL: such entries say nothing of rights */
  const P2vPagingRule *page_rules;
} P2vPagingLevel;

/* For table_value and page_value beside a mask of 0: a test that no entry passes. */
#define P2V_PAGING_NEVER 1

typedef struct
{
  const char    *id;             /* for tests and messages: "x86-64-4" */
  const char    *name;           /* for people, marked with N_() */
  guint          entry_bytes;    /* 4 or 8 */
  guint          va_bits;        /* bits of a virtual address that are translated */
  guint          same_from;      /* the bits of a virtual address from this one up are the same */
  gboolean       has_upper_half; /* they may be ones; else only zeros */
  /* The two halves have a root each, which translates the same lower bits. A system that meets such
   * a form keeps the kernel's root apart. */
  gboolean       has_two_roots;
  guint          n_levels;
  P2vPagingLevel levels[P2V_PAGING_MAX_LEVELS]; /* from the root down */
  guint64        pa_mask;        /* bits of an entry that are a physical address as they stand */
  guint64        present_mask;   /* bits of which one at least is set in every valid entry */
  guint64        accessed_mask;  /* set in the entry of a page that has been used */
  guint64        root_zero_mask; /* clear in all of a root's entries, beside what its level tests */
} P2vPagingForm;

/* Intel and AMD: 32-bit, PAE, 64-bit with four and five levels. */
extern const P2vPagingForm p2v_paging_form_x86_32;
extern const P2vPagingForm p2v_paging_form_x86_pae;
extern const P2vPagingForm p2v_paging_form_x86_64_4;
extern const P2vPagingForm p2v_paging_form_x86_64_5;

/* AArch64 by size of a page and bits of a virtual address. With 52 bits pages of 4 and of 16 KiB
 * are those of LPA2; pages of 64 KiB have the 52 physical bits of LPA in all three forms, for the
 * bits are zero without. */
extern const P2vPagingForm p2v_paging_form_aarch64_4k_39;
extern const P2vPagingForm p2v_paging_form_aarch64_4k_48;
/* Windows: one root for both halves. */
extern const P2vPagingForm p2v_paging_form_aarch64_4k_joined;
extern const P2vPagingForm p2v_paging_form_aarch64_4k_52;
extern const P2vPagingForm p2v_paging_form_aarch64_16k_36;
extern const P2vPagingForm p2v_paging_form_aarch64_16k_47;
extern const P2vPagingForm p2v_paging_form_aarch64_16k_48;
extern const P2vPagingForm p2v_paging_form_aarch64_16k_52;
extern const P2vPagingForm p2v_paging_form_aarch64_64k_42;
extern const P2vPagingForm p2v_paging_form_aarch64_64k_48;
extern const P2vPagingForm p2v_paging_form_aarch64_64k_52;

#define P2V_PAGING_N_FORMS 15

/* All of them. */
extern const P2vPagingForm *const p2v_paging_forms[P2V_PAGING_N_FORMS];

typedef enum
{
  P2V_ENTRY_EMPTY,             /* all zero */
  P2V_ENTRY_TABLE,             /* points to the table of the next level */
  P2V_ENTRY_PAGE,              /* maps a page */
  P2V_ENTRY_ABSENT,            /* not valid, and the system keeps no page in RAM through it */
  P2V_ENTRY_INDIRECT,          /* not valid, and what it stands for must be looked up elsewhere */
  P2V_ENTRY_MALFORMED,         /* the processor would fault on reserved bits */
} P2vEntryKind;

/* An entry that maps a page, or leads to a table. */
typedef struct
{
  P2vPhysAddr pa;              /* of the first byte */
  P2vState    state;           /* of a page */
} P2vPagingLeaf;

/* What an entry that the processor does not accept still is to the system that wrote it. */
typedef enum
{
  P2V_FOREIGN_NONE,            /* nothing in RAM */
  P2V_FOREIGN_PAGE,            /* a page at *@ret_pa */
  P2V_FOREIGN_TABLE,           /* the table of the next level at *@ret_pa */
  P2V_FOREIGN_INDIRECT,        /* a page, if it is in RAM, that only P2vResolveFunc can tell */
} P2vForeignKind;

/* Says what such an entry is. Called for entries that are not zero and not valid, in any thread and
 * many times for each, and more than once while an index is built: it must be a pure function of
 * its arguments, from memory. *@ret_pa need not be aligned. *@ret_state is filled in for
 * P2V_FOREIGN_PAGE, and for P2V_FOREIGN_INDIRECT with what the page will be unless resolving says
 * otherwise. */
typedef P2vForeignKind (*P2vForeignEntryFunc) (gconstpointer         system_data,
                                               const P2vPagingLevel *level,
                                               guint64               entry,
                                               P2vPhysAddr          *ret_pa,
                                               P2vState             *ret_state);

/* An entry that names a page by a detour: through a table of the system's own, such as Windows'
 * prototype entries or Linux' swap cache. */
typedef struct
{
  P2vPhysAddr           root_pa;   /* of the address space */
  P2vVirtAddr           va;        /* of the page's first byte, as the root's base_va extends it */
  const P2vPagingLevel *level;     /* a page has 1 << level->shift bytes */
  guint64               entry;
  guint64               tag;       /* the asker's own */
  /* To be filled in. */
  gboolean              is_in_ram; /* FALSE at first */
  P2vPagingLeaf         leaf;      /* pa need not be aligned; state is as it was decoded at first */
  P2vPlaceholder        placeholder; /* if it is not in RAM */
  guint                 swap_area; /* with P2V_PLACEHOLDER_SWAPPED: where it is instead */
  guint64               swap_page;
} P2vIndirectEntry;

/* Looks up @n_entries entries that were P2V_FOREIGN_INDIRECT and fills in what they stand for. It
 * may read the image, and is called from any thread, from several at once: what it keeps from call
 * to call it must lock. An index comes with up to P2V_PAGING_MAX_RESOLVED entries at a time, sorted
 * by level, then by their value, which for both systems above is the order in which the detours
 * stand in memory, so that neighbours share what is read; a walk with those of a table; a
 * translation with one. The same entry is always answered alike. FALSE only if the image cannot be
 * read; that a detour leads nowhere is no error. */
typedef gboolean (*P2vResolveFunc) (gconstpointer      system_data,
                                    P2vIndirectEntry  *entries,
                                    gsize              n_entries,
                                    GCancellable      *cancellable,
                                    GError           **error);

#define P2V_PAGING_MAX_RESOLVED ((guint) 1 << 16)

/* A paging form as one system in one image uses it. Plain data, constant while in use; the image
 * and system_data outlive it. */
typedef struct
{
  P2vImage            *image;
  const P2vPagingForm *form;
  guint64              pa_mask;           /* the form's, without bits this machine uses otherwise */
  guint                n_user_root_slots; /* entries of a root, from 0, that belong to user space */
  guint                own_root_slot;     /* one behind them that is each process's own; or 0 */
  /* Rights that user entries of a root do not take away, whatever they say. Linux with page-table
   * isolation marks the kernel's copy of user entries no-execute there; the process runs on the
   * other copy. */
  P2vRights            root_grants;
  P2vForeignEntryFunc  decode_foreign;    /* or NULL: then such entries own nothing */
  P2vResolveFunc       resolve;           /* or NULL: then indirect entries own nothing */
  gconstpointer        system_data;
} P2vPageTables;

/* The part of a root that is one address space: of a process the entries of user space, of the
 * kernel those behind them, or another root's. */
typedef struct
{
  P2vPhysAddr root_pa;
  P2vVirtAddr base_va;         /* of entry 0, with the bits above those that the form translates */
  guint       first_slot;
  guint       end_slot;
  /* Addresses at which tables are not followed: where the tables map themselves. 0 bytes: none. */
  P2vVirtAddr skipped_va;
  guint64     skipped_bytes;
  /* One entry more, behind the others; 0: there is none. What it translates begins at @own_va. */
  guint       own_slot;
  P2vVirtAddr own_va;
  guint64     own_bytes;
} P2vPagingRoot;

/* The virtual address of which @low_va has the bits that the form translates. */
static inline P2vVirtAddr
p2v_paging_root_extend_va (const P2vPagingRoot *self,
                           P2vVirtAddr          low_va)
{
  guint64 own_low_va = self->own_slot * self->own_bytes;

  if (self->own_slot != 0 && low_va - own_low_va < self->own_bytes)
    return self->own_va + (low_va - own_low_va);
  return self->base_va | low_va;
}

/* Whether a table that translates @va on, by an entry of @level, is not followed; of @va the bits
 * above those that are translated do not matter. */
static inline gboolean
p2v_paging_root_skips (const P2vPagingRoot  *self,
                       const P2vPagingForm  *form,
                       const P2vPagingLevel *level,
                       P2vVirtAddr           va)
{
  guint64 distance = (va - self->skipped_va) & (((guint64) 1 << form->va_bits) - 1);

  return distance < self->skipped_bytes && (guint64) 1 << level->shift <= self->skipped_bytes;
}

/* The user half of a root. */
static inline P2vPagingRoot
p2v_page_tables_get_user_root (const P2vPageTables *self,
                               P2vPhysAddr          root_pa)
{
  return (P2vPagingRoot) { .root_pa = root_pa, .end_slot = self->n_user_root_slots };
}

/* The user half of the root of a process, and its own entry behind it. */
static inline P2vPagingRoot
p2v_page_tables_get_process_root (const P2vPageTables *self,
                                  P2vPhysAddr          root_pa)
{
  P2vPagingRoot root = p2v_page_tables_get_user_root (self, root_pa);

  if (self->own_root_slot == 0)
    return root;
  root.own_slot = self->own_root_slot;
  root.own_bytes = (guint64) 1 << self->form->levels[0].shift;
  root.own_va = G_MAXUINT64 << self->form->va_bits | root.own_slot * root.own_bytes;
  return root;
}

/* How the entries of one level that are valid pages are told, ready for a loop over many. */
typedef struct
{
  guint64       mask;
  guint64       value;
  guint64       pa_mask;
  P2vPagingMove move;
} P2vPageTest;

static inline P2vPageTest
p2v_paging_get_page_test (const P2vPageTables  *self,
                          const P2vPagingLevel *level)
{
  return (P2vPageTest) {
    .mask = level->page_mask,
    .value = level->page_value,
    .pa_mask = self->pa_mask & ~(((guint64) 1 << level->shift) - 1),
    .move = level->page_move,
  };
}

/* In the hot path of the index. */
static inline gboolean
p2v_page_test_entry (const P2vPageTest *self,
                     guint64            entry,
                     P2vPhysAddr       *ret_pa)
{
  if ((entry & self->mask) != self->value)
    return FALSE;
  *ret_pa = (entry & self->pa_mask) | (entry & self->move.mask) << self->move.left;
  return TRUE;
}

/* Decodes an entry of @level that the processor does not accept. */
P2vEntryKind  p2v_paging_decode_foreign (const P2vPageTables *self,
                                     const P2vPagingLevel *level,
                                     guint64               entry,
                                     P2vPagingLeaf        *ret_leaf);

/* Decodes one entry of @level. *ret_leaf is filled in for P2V_ENTRY_PAGE; for P2V_ENTRY_TABLE its
 * address, for P2V_ENTRY_INDIRECT its state. */
static inline P2vEntryKind
p2v_paging_decode (const P2vPageTables  *self,
                   const P2vPagingLevel *level,
                   guint64               entry,
                   P2vPagingLeaf        *ret_leaf)
{
  P2vPageTest test = p2v_paging_get_page_test (self, level);

  if (entry == 0)
    return P2V_ENTRY_EMPTY;
  ret_leaf->state = P2V_STATE_VALID;
  if (p2v_page_test_entry (&test, entry, &ret_leaf->pa))
    return P2V_ENTRY_PAGE;
  if ((entry & level->table_mask) == level->table_value)
    {
      ret_leaf->pa = (entry & self->pa_mask) |
                     (entry & level->table_move.mask) << level->table_move.left;
      return P2V_ENTRY_TABLE;
    }
  if (entry & self->form->present_mask)
    return P2V_ENTRY_MALFORMED;
  return p2v_paging_decode_foreign (self, level, entry, ret_leaf);
}

/* The size of a table of @level; a root begins at a multiple of its own. */
static inline guint64
p2v_paging_get_table_bytes (const P2vPagingForm  *form,
                            const P2vPagingLevel *level)
{
  return (guint64) form->entry_bytes << level->index_bits;
}

/* The form of that id, or NULL. */
const P2vPagingForm *p2v_paging_form_find (const char *id);
/* Whether the processor would translate such an address at all. */
gboolean      p2v_paging_is_canonical (const P2vPagingForm *form,
                                     P2vVirtAddr           va);
/* Whether the root is the one by which the processor would translate the address, where each half
 * has its own. */
gboolean      p2v_paging_root_has   (const P2vPagingForm  *form,
                                     const P2vPagingRoot  *root,
                                     P2vVirtAddr           va);
/* Reads @n_tables tables of @level, one behind the other in memory, into @entries: in host byte
 * order, 8 bytes each, whatever their size in the image. */
G_GNUC_WARN_UNUSED_RESULT
P2vReadStatus p2v_paging_read_tables (const P2vPageTables *self,
                                     const P2vPagingLevel *level,
                                     P2vPhysAddr           first_pa,
                                     guint                 n_tables,
                                     guint64              *entries,
                                     GError              **error);
/* Looks up what indirect entries stand for; see P2vResolveFunc. Aligns what is found. */
G_GNUC_WARN_UNUSED_RESULT
gboolean      p2v_paging_resolve    (const P2vPageTables  *self,
                                     P2vIndirectEntry     *entries,
                                     gsize                 n_entries,
                                     GCancellable         *cancellable,
                                     GError              **error);
/* Translates one address and keeps the evidence. FALSE only if the image cannot be read; how the
 * translation ended is in the trail. */
G_GNUC_WARN_UNUSED_RESULT
gboolean      p2v_paging_translate  (const P2vPageTables  *self,
                                     P2vPhysAddr           root_pa,
                                     P2vVirtAddr           va,
                                     P2vTrail             *ret_trail,
                                     GError              **error);

/* A page found by p2v_paging_walk(). */
typedef struct
{
  P2vVirtAddr va;
  P2vPhysAddr pa;
  guint       page_shift;
  P2vRights   rights;          /* of all levels together */
  P2vState    state;
  P2vPhysAddr entry_pa;
  guint64     entry;
} P2vWalkedPage;

/* Returns FALSE to stop the walk. */
typedef gboolean (*P2vWalkFunc) (const P2vWalkedPage *page,
                                 gpointer             user_data);

/* What kept a walk of one address space from being whole. */
typedef struct
{
  guint32     n_missing_tables;    /* not in the image */
  guint32     n_looped_tables;     /* tables that lead to themselves or to one above: passed over */
  guint32     n_malformed_entries; /* with reserved bits set: passed over */
  guint32     n_indirect_entries;  /* not looked up, for there were too many */
  gboolean    root_missing;        /* nothing could be walked */
  gboolean    too_many_tables;     /* more than p2v_paging_max_tables(): the rest was passed over */
  P2vPhysAddr first_missing_pa;
  guint64     n_placeholders[P2V_N_PLACEHOLDERS]; /* entries behind which no page is in RAM */
} P2vWalkReport;

/* Notes a table of @level_number (0: the root) that is not in the image. */
void          p2v_walk_report_note_missing (P2vWalkReport *report,
                                            P2vPhysAddr    table_pa,
                                            guint          level_number);
/* Whether nothing was passed over. */
gboolean      p2v_walk_report_is_whole     (const P2vWalkReport *report);

/* Walks one address space in the order of virtual addresses; what is passed over is added to
 * @report. FALSE only if the image cannot be read or on cancellation; stopping by @callback is
 * success. */
G_GNUC_WARN_UNUSED_RESULT
gboolean      p2v_paging_walk       (const P2vPageTables  *self,
                                     const P2vPagingRoot  *root,
                                     P2vWalkFunc           callback,
                                     gpointer              user_data,
                                     P2vWalkReport        *report,
                                     GCancellable         *cancellable,
                                     GError              **error);

/* The same for the pages of which a byte is in @first_va to @last_va (inclusive); tables that only
 * have others are not read. */
G_GNUC_WARN_UNUSED_RESULT
gboolean      p2v_paging_walk_range (const P2vPageTables  *self,
                                     const P2vPagingRoot  *root,
                                     P2vVirtAddr           first_va,
                                     P2vVirtAddr           last_va,
                                     P2vWalkFunc           callback,
                                     gpointer              user_data,
                                     P2vWalkReport        *report,
                                     GCancellable         *cancellable,
                                     GError              **error);

/* How many tables one address space may have before we say that they refer to themselves: each
 * table of a sane one is a frame of its own, but for the few that one process maps twice (hugetlb
 * sharing). */
guint64       p2v_paging_max_tables (P2vImage             *image);
