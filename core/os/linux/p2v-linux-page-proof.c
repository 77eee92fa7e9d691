/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* How the records of page tables are marked, by those that are known from walking: the number of
 * that mark has changed from kernel to kernel, and only a kernel's types tell it. */

#include "config.h"

#include "os/linux/p2v-linux-page.h"

/* Tables that are looked at, and how many of one address space at most: each belongs to a process
 * whose records were written at another time. */
#define MAX_TABLES          256
#define MAX_TABLES_OF_SPACE 16

/* So many at least must agree, and of all that are looked at as many as this part: a table that was
 * given back while the image was taken has another mark, or none. */
#define LEAST_TABLES     4
#define LEAST_AGREEMENT  9
#define OF_SO_MANY       10

typedef struct
{
  P2vLinuxPageReader pages;
  const P2vLinux    *kernel;
  guint32            words[MAX_TABLES];
  guint              n_words;
  guint              end;                            /* where this address space's share ends */
  guint64           *entries[P2V_PAGING_MAX_LEVELS]; /* a table of each level */
} Sample;

static void
add_table (Sample     *self,
           P2vPhysAddr table_pa)
{
  P2vLinuxPage page;

  if (p2v_linux_page_read (&self->pages, table_pa >> self->pages.layout->frame_shift, &page))
    self->words[self->n_words++] = page.mapcount;
}

/* Takes the tables of the last level that are below a table of @level. As deep as there are
 * levels. */
static void
add_tables_below (Sample     *self,
                  guint       level,
                  P2vPhysAddr table_pa)
{
  const P2vPageTables *tables = &self->kernel->tables;
  const P2vPagingLevel *form = &tables->form->levels[level];
  guint n_entries = level == 0 ? tables->n_user_root_slots : (guint) 1 << form->index_bits;
  guint64 *entries = self->entries[level];
  P2vPagingLeaf leaf;

  if (p2v_paging_read_tables (tables, form, table_pa, 1, entries, NULL) != P2V_READ_OK)
    return;
  for (guint i = 0; i < n_entries && self->n_words < self->end; i++)
    {
      if (p2v_paging_decode (tables, form, entries[i], &leaf) != P2V_ENTRY_TABLE)
        continue;
      if (level + 2 == tables->form->n_levels)
        add_table (self, leaf.pa);
      else
        add_tables_below (self, level + 1, leaf.pa);
    }
}

static void
take_sample (Sample    *self,
             P2vSystem *system)
{
  for (guint i = 0; i < p2v_system_get_n_user_spaces (system); i++)
    {
      P2vAddressSpace *space = p2v_system_get_space (system, i);

      self->end = MIN (self->n_words + MAX_TABLES_OF_SPACE, MAX_TABLES);
      add_tables_below (self, 0, p2v_address_space_get_root_pa (space));
    }
}

static guint
count_word (const Sample *self,
            guint32       word)
{
  guint n = 0;

  for (guint i = 0; i < self->n_words; i++)
    n += self->words[i] == word;
  return n;
}

/* The word that nearly all records have, if that can be a mark; else 0. */
static guint32
find_common_word (const Sample *self)
{
  for (guint i = 0; i < self->n_words; i++)
    {
      guint n = count_word (self, self->words[i]);
      if (n >= LEAST_TABLES && n * OF_SO_MANY >= self->n_words * LEAST_AGREEMENT)
        return p2v_linux_page_layout_can_be_type (self->pages.layout, self->words[i])
                 ? self->words[i]
                 : 0;
    }
  return 0;
}

guint32
p2v_linux_page_find_table_mark (const P2vLinux            *kernel,
                                P2vSystem                 *system,
                                P2vVirtualMemory          *memory,
                                const P2vLinuxPageLayout  *layout)
{
  Sample sample = { .kernel = kernel };

  if (!layout->known || kernel->tables.form->n_levels < 2)
    return 0;
  p2v_linux_page_reader_init (&sample.pages, kernel, layout, memory);
  for (guint i = 0; i < kernel->tables.form->n_levels; i++)
    sample.entries[i] = g_new (guint64, P2V_PAGING_MAX_ENTRIES);
  take_sample (&sample, system);
  for (guint i = 0; i < kernel->tables.form->n_levels; i++)
    g_free (sample.entries[i]);
  return find_common_word (&sample);
}
