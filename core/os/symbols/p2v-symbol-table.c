/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <string.h>

#include "base/p2v-limits.h"
#include "os/symbols/p2v-symbol-table.h"

typedef struct
{
  guint64 va;
  guint32 name_offset;         /* rises with each symbol added, so it orders equals */
  guint32 name_hash;
} Entry;

struct _P2vSymbolTable
{
  GArray  *entries;            /* Entry; by address once sealed */
  GString *names;              /* each ends with a NUL */
  /* Once sealed: an open-addressed hash of the names, position in @entries plus 1, or 0. There is
   * always a free place, so every search ends. */
  guint32 *places;
  guint32  places_mask;
};

/* Eight bytes at a time: there are 150,000 names, and each is hashed whenever an image is opened.
 * Source of the factor: the odd number nearest to 2^64 divided by the golden ratio (Knuth, TAOCP 3,
 * 6.4). */
static guint32
hash_name (const char *name,
           gsize       length)
{
  guint64 hash = length, word = 0;

  for (; length >= sizeof word; name += sizeof word, length -= sizeof word)
    {
      memcpy (&word, name, sizeof word);
      hash = (hash ^ word) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 32;
    }
  for (word = 0; length > 0; name++, length--)
    word = word << 8 | (guint8) *name;
  hash = (hash ^ word) * 0x9e3779b97f4a7c15;
  return (guint32) (hash >> 32);
}

P2vSymbolTable *
p2v_symbol_table_new (void)
{
  P2vSymbolTable *self = g_new0 (P2vSymbolTable, 1);

  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  self->names = g_string_new (NULL);
  return self;
}

void
p2v_symbol_table_free (P2vSymbolTable *self)
{
  g_array_unref (self->entries);
  g_string_free (self->names, TRUE);
  g_free (self->places);
  g_free (self);
}

gboolean
p2v_symbol_table_add (P2vSymbolTable *self,
                      const char     *name,
                      gsize           length,
                      guint64         va)
{
  Entry entry = { va, (guint32) self->names->len, hash_name (name, length) };

  g_assert (self->places == NULL);
  if (self->entries->len >= P2V_LIMIT_SYMBOLS ||
      length >= P2V_LIMIT_SYMBOL_NAME_BYTES - self->names->len)
    return FALSE;
  g_string_append_len (self->names, name, (gssize) length);
  g_string_append_c (self->names, '\0');
  g_array_append_val (self->entries, entry);
  return TRUE;
}

static int
compare_entries (gconstpointer a,
                 gconstpointer b)
{
  const Entry *left = a;
  const Entry *right = b;

  if (left->va != right->va)
    return left->va < right->va ? -1 : 1;
  return left->name_offset < right->name_offset ? -1 : left->name_offset > right->name_offset;
}

static const Entry *
get_entry (const P2vSymbolTable *self,
           guint                 position)
{
  return &g_array_index (self->entries, Entry, position);
}

static const char *
get_name (const P2vSymbolTable *self,
          guint                 position)
{
  return self->names->str + get_entry (self, position)->name_offset;
}

/* Files are in any order; kallsyms is sorted as it comes, and need not be sorted again. */
static gboolean
is_sorted (const P2vSymbolTable *self)
{
  for (guint i = 1; i < self->entries->len; i++)
    if (get_entry (self, i - 1)->va > get_entry (self, i)->va)
      return FALSE;
  return TRUE;
}

void
p2v_symbol_table_seal (P2vSymbolTable *self)
{
  gsize n_places = 16;

  g_clear_pointer (&self->places, g_free);
  if (!is_sorted (self))
    g_array_sort (self->entries, compare_entries);
  while (n_places < (gsize) self->entries->len * 3 / 2)
    n_places *= 2;
  self->places = g_new0 (guint32, n_places);
  self->places_mask = (guint32) (n_places - 1);
  for (guint i = 0; i < self->entries->len; i++)
    {
      guint32 place = get_entry (self, i)->name_hash & self->places_mask;
      while (self->places[place] != 0)
        place = (place + 1) & self->places_mask;
      self->places[place] = i + 1;
    }
}

void
p2v_symbol_table_shift (P2vSymbolTable *self,
                        guint64         first_va,
                        guint64         shift)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = &g_array_index (self->entries, Entry, i);
      if (entry->va >= first_va)
        entry->va += shift;
    }
  p2v_symbol_table_seal (self);
}

guint
p2v_symbol_table_get_n_symbols (const P2vSymbolTable *self)
{
  return self->entries->len;
}

gboolean
p2v_symbol_table_find (const P2vSymbolTable *self,
                       const char           *name,
                       guint64              *ret_va)
{
  guint32 hash = hash_name (name, strlen (name)), place = hash & self->places_mask;

  g_assert (self->places != NULL);
  for (; self->places[place] != 0; place = (place + 1) & self->places_mask)
    if (get_entry (self, self->places[place] - 1)->name_hash == hash &&
        strcmp (get_name (self, self->places[place] - 1), name) == 0)
      {
        *ret_va = get_entry (self, self->places[place] - 1)->va;
        return TRUE;
      }
  return FALSE;
}

/* How many entries are below @va. */
static guint
count_below (const P2vSymbolTable *self,
             guint64               va)
{
  guint start = 0, end = self->entries->len;

  while (start < end)
    {
      guint middle = start + (end - start) / 2;
      if (get_entry (self, middle)->va < va)
        start = middle + 1;
      else
        end = middle;
    }
  return start;
}

const char *
p2v_symbol_table_find_nearest (const P2vSymbolTable *self,
                               guint64               va,
                               guint64              *ret_symbol_va)
{
  guint position = count_below (self, va);

  g_assert (self->places != NULL);
  if (position == self->entries->len || get_entry (self, position)->va != va)
    {
      if (position == 0)
        return NULL;
      /* Back to the first of those that share the address. */
      position = count_below (self, get_entry (self, position - 1)->va);
    }
  *ret_symbol_va = get_entry (self, position)->va;
  return get_name (self, position);
}
