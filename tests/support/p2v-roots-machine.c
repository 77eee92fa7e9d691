/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-roots-machine.h"

#include <string.h>

typedef struct
{
  const P2vPagingForm *form;
  guint8              *bytes;
  gsize                length;
  gsize                end;          /* of what is used */
  guint                n_pages;
  GHashTable          *expected;
} Machine;

#define MAX_BYTES ((gsize) 24 << 20)
#define N_ROOTS   4
#define PAGE      ((gsize) 0x1000)

/* What entries have beside an address. Source: Intel SDM 3A, tables 4-8 to 4-20: present, writable,
 * user, accessed; Arm ARM DDI 0487, D8.3: table or page, for EL0, shareable, accessed, not
 * global. */
static guint64
get_bits (const Machine *self,
          guint          level_number,
          gboolean       is_page)
{
  if (self->form->present_mask == 1 && g_str_has_prefix (self->form->id, "aarch64"))
    return is_page ? 0xc43 : 0x3;
  return self->form == &p2v_paging_form_x86_pae && level_number == 0 ? 0x1 : 0x27;
}

static void
put_entry (Machine *self,
           gsize    table_pa,
           guint    index,
           guint64  entry)
{
  guint64 raw = GUINT64_TO_LE (entry);

  memcpy (self->bytes + table_pa + (gsize) index * self->form->entry_bytes, &raw,
          self->form->entry_bytes);
}

static guint64
get_entry (const Machine *self,
           gsize          table_pa,
           guint          index)
{
  guint64 raw = 0;

  memcpy (&raw, self->bytes + table_pa + (gsize) index * self->form->entry_bytes,
          self->form->entry_bytes);
  return GUINT64_FROM_LE (raw);
}

/* Memory that nobody has used yet, at a multiple of its size. */
static gsize
take (Machine *self,
      gsize    length)
{
  gsize pa = (self->end + length - 1) & ~(length - 1);

  self->end = pa + length;
  g_assert_true (self->end <= self->length);
  return pa;
}

static void
map_page (Machine *self,
          gsize    root_pa,
          guint64  va)
{
  const P2vPagingForm *form = self->form;
  gsize page_bytes = (gsize) 1 << form->levels[form->n_levels - 1].shift;
  gsize table_pa = root_pa;

  for (guint i = 0; i < form->n_levels; i++)
    {
      const P2vPagingLevel *level = &form->levels[i];
      gboolean is_last = i == form->n_levels - 1;
      guint index = (guint) (va >> level->shift) & ((1u << level->index_bits) - 1);
      guint64 entry = get_entry (self, table_pa, index);
      if (entry == 0)
        {
          gsize bytes = is_last ? page_bytes
                                : MAX (p2v_paging_get_table_bytes (form, level + 1), page_bytes);
          entry = take (self, bytes) | get_bits (self, i, is_last);
          put_entry (self, table_pa, index, entry);
        }
      table_pa = (gsize) (entry & ~(page_bytes - 1));
    }
  memset (self->bytes + table_pa, 'x', page_bytes);
  if (self->expected != NULL)
    g_hash_table_add (self->expected,
                      g_strdup_printf ("root %zx: %" G_GINT64_MODIFIER "x %zx %u %x", root_pa, va,
                                       table_pa, form->levels[form->n_levels - 1].shift, 0xf));
}

/* A table for the kernel alone, which is the same in all roots. */
static void
share_kernel (Machine *self,
              gsize    root_pa,
              gsize    kernel_pa)
{
  guint last = (1u << self->form->levels[0].index_bits) - 1;

  if (!self->form->has_two_roots)
    put_entry (self, root_pa, last,
               kernel_pa | (self->form == &p2v_paging_form_x86_pae ? 0x1 : 0x23));
}

static void
fill_machine (Machine *self)
{
  gsize root_bytes = p2v_paging_get_table_bytes (self->form, &self->form->levels[0]);
  gsize page_bytes = (gsize) 1 << self->form->levels[self->form->n_levels - 1].shift;
  gsize kernel_pa = take (self, PAGE);
  gsize roots[N_ROOTS];

  /* Small roots lie together, as they do in slabs. */
  for (guint i = 0; i < N_ROOTS; i++)
    roots[i] = take (self, root_bytes);
  for (guint i = 0; i < N_ROOTS; i++)
    {
      guint64 top = (guint64) 1 << (MIN (self->form->va_bits, 48) - 2);
      for (guint j = 0; j < self->n_pages; j++)
        map_page (self, roots[i], (j % 2 == 0 ? 0x400000 : top) + (guint64) j * page_bytes);
      share_kernel (self, roots[i], kernel_pa);
    }
}

guint8 *
p2v_roots_machine_make (const P2vPagingForm *form,
                        guint                n_pages,
                        GHashTable          *expected,
                        gsize               *ret_length)
{
  guint8 *bytes = g_malloc0 (MAX_BYTES);
  Machine self = { form, bytes, MAX_BYTES, 0x20000, n_pages, expected };

  fill_machine (&self);
  *ret_length = self.end;
  return g_realloc (bytes, self.end);
}
