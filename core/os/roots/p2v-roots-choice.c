/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Which of the roots of a form are address spaces of their own. */

#include "config.h"

#include "os/roots/p2v-roots-private.h"

/* With fewer roots nothing is said of what most have in common. */
#define LEAST_ROOTS_TO_COMPARE 3

/* A root of PAE has four entries, and the one for the kernel may be each process's own. Source:
 * Linux arch/x86/include/asm/pgtable-3level_types.h, SHARED_KERNEL_PMD. */
#define LEAST_BITS_TO_SHARE 3

typedef struct
{
  P2vPhysAddr pa;
  guint64 n_used;
} Weighed;

static int
compare_weights (gconstpointer a, gconstpointer b)
{
  const Weighed *x = a, *y = b;

  return x->n_used != y->n_used ? (x->n_used < y->n_used) - (x->n_used > y->n_used)
                                : (x->pa > y->pa) - (x->pa < y->pa);
}

static int
compare_addresses (gconstpointer a, gconstpointer b)
{
  P2vPhysAddr x = *(const P2vPhysAddr *) a, y = *(const P2vPhysAddr *) b;

  return (x > y) - (x < y);
}

/* A table of a lower level may look like a root too; that it is, one that leads to more shows. */
static void
leave_out_inner (P2vRootsChoice *self, P2vRootsTrees *trees)
{
  g_autoptr (GArray) weighed = g_array_new (FALSE, FALSE, sizeof (Weighed));
  g_autoptr (GHashTable) tables = p2v_roots_tables_new ();

  for (guint i = 0; i < trees->roots->len; i++)
    {
      P2vPhysAddr pa = g_array_index (trees->roots, P2vPhysAddr, i);
      Weighed one = { pa, p2v_roots_trees_sum (trees, 0, pa).n_used };
      g_array_append_val (weighed, one);
    }
  g_array_sort (weighed, compare_weights);
  for (guint i = 0; i < weighed->len; i++)
    {
      P2vPhysAddr pa = g_array_index (weighed, Weighed, i).pa;
      const P2vRootsTable *known = g_hash_table_lookup (tables, &pa);
      if (known != NULL && known->is_inner)
        continue;
      g_array_append_val (self->roots, pa);
      p2v_roots_trees_note_tables (trees, pa, tables);
    }
  g_array_sort (self->roots, compare_addresses);
}

/* Room for the slot beside an address, which is a multiple of the size of a frame. */
#define SLOT_KEYS P2V_FRAME_SIZE

/* The address in each entry, 0 where there is none. */
static guint64
get_address (const P2vRootsTrees *trees, guint64 entry)
{
  return entry & trees->tables.form->present_mask ? entry & trees->tables.pa_mask : 0;
}

/* Tells the entry of @slot of the root that was read from all others; 0 if it is empty. */
static guint64
get_key (const P2vRootsTrees *trees, guint slot)
{
  guint64 address = get_address (trees, trees->entries[0][slot]);

  return address == 0 ? 0 : address | slot;
}

/* Notes how often each slot of the roots has which address, as a count by (slot, address), and
 * which roots lead to themselves. */
static GHashTable *
count_entries (P2vRootsChoice *self, P2vRootsTrees *trees)
{
  GHashTable *counts = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  guint n_slots = 1u << trees->tables.form->levels[0].index_bits;

  self->n_self = 0;
  for (guint i = 0; i < self->roots->len; i++)
    {
      P2vPhysAddr root_pa = g_array_index (self->roots, P2vPhysAddr, i);
      gboolean leads_to_itself = FALSE;
      if (!p2v_roots_trees_read_root (trees, root_pa))
        continue;
      for (guint slot = 0; slot < n_slots; slot++)
        {
          guint64 key = get_key (trees, slot);
          if (key == 0)
            continue;
          guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, &key));
          g_hash_table_replace (counts, g_memdup2 (&key, sizeof key), GUINT_TO_POINTER (count + 1));
          leads_to_itself
              = leads_to_itself || get_address (trees, trees->entries[0][slot]) == root_pa;
        }
      self->n_self += leads_to_itself ? 1 : 0;
    }
  return counts;
}

/* The entry that most roots have: its key, or 0. It is one of the kernel's half, for processes
 * share no tables of the second level but by accident. */
static guint64
find_commonest (P2vRootsChoice *self, GHashTable *counts)
{
  GHashTableIter iter;
  gpointer key_pointer, count_pointer;
  guint64 best_key = 0;
  guint best = 0;

  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &key_pointer, &count_pointer))
    {
      guint64 key = *(guint64 *) key_pointer;
      guint count = GPOINTER_TO_UINT (count_pointer);
      if (count > best || (count == best && key < best_key))
        {
          best = count;
          best_key = key;
        }
    }
  self->is_compared = self->roots->len >= LEAST_ROOTS_TO_COMPARE;
  self->has_common = best > self->roots->len / 2;
  return self->is_compared && self->has_common ? best_key : 0;
}

/* The kernel's half is the same in all roots. What lacks the part of it that most have is no root
 * by which this system's processors ever ran: left over, or of a machine in the machine. */
static void
leave_out_strangers (P2vRootsChoice *self, P2vRootsTrees *trees, guint64 commonest)
{
  guint n_kept = 0;

  if (commonest == 0)
    return;
  for (guint i = 0; i < self->roots->len; i++)
    {
      P2vPhysAddr root_pa = g_array_index (self->roots, P2vPhysAddr, i);
      if (p2v_roots_trees_read_root (trees, root_pa)
          && get_key (trees, (guint) (commonest % SLOT_KEYS)) == commonest)
        g_array_index (self->roots, P2vPhysAddr, n_kept++) = root_pa;
      else if (self->n_strangers++ == 0)
        self->first_stranger_pa = root_pa;
    }
  g_array_set_size (self->roots, n_kept);
}

/* The user half ends behind the last slot that leads to pages of user mode, but for what all roots
 * share. Only 32-bit systems have the choice. */
static void
find_user_slots (P2vRootsChoice *self, P2vRootsTrees *trees)
{
  const P2vPagingForm *form = trees->tables.form;
  g_autoptr (GHashTable) counts = NULL;

  self->n_user_slots = p2v_roots_get_n_lower (form);
  if (form->has_upper_half || form->has_two_roots)
    return;
  counts = count_entries (self, trees);
  guint n_slots = self->n_user_slots;
  self->n_user_slots = 1;
  for (guint i = 0; i < self->roots->len; i++)
    {
      if (!p2v_roots_trees_read_root (trees, g_array_index (self->roots, P2vPhysAddr, i)))
        continue;
      for (guint slot = n_slots; slot-- > self->n_user_slots;)
        {
          guint64 key = get_key (trees, slot);
          guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, &key));
          if ((count < self->roots->len || count == 1)
              && p2v_roots_trees_is_used_slot (trees, slot))
            self->n_user_slots = slot + 1;
        }
    }
}

/* What the user half of a root is, for comparing, and how much there is behind it. */
static GBytes *
dup_user_half (const P2vRootsChoice *self,
               P2vRootsTrees *trees,
               P2vPhysAddr root_pa,
               guint *ret_n_behind)
{
  guint n_slots = 1u << trees->tables.form->levels[0].index_bits;
  g_autofree guint64 *addresses = g_new0 (guint64, self->n_user_slots);

  *ret_n_behind = 0;
  if (!p2v_roots_trees_read_root (trees, root_pa))
    return NULL;
  for (guint slot = 0; slot < n_slots; slot++)
    if (slot < self->n_user_slots)
      addresses[slot] = get_address (trees, trees->entries[0][slot]);
    else if (trees->entries[0][slot] != 0)
      (*ret_n_behind)++;
  return g_bytes_new (addresses, self->n_user_slots * sizeof *addresses);
}

/* Whether user mode may execute by @a what it may not by @b, for entries of the roots themselves
 * say so. */
static gboolean
grants_more (const P2vRootsChoice *self, P2vRootsTrees *trees, P2vPhysAddr a, P2vPhysAddr b)
{
  const P2vPagingRule *rules = trees->tables.form->levels[0].table_rules;
  g_autofree guint64 *entries = NULL;

  if (!p2v_roots_trees_read_root (trees, b))
    return FALSE;
  entries = g_memdup2 (trees->entries[0], self->n_user_slots * sizeof *entries);
  if (!p2v_roots_trees_read_root (trees, a))
    return FALSE;
  for (guint slot = 0; slot < self->n_user_slots; slot++)
    if (entries[slot] != 0 && p2v_roots_takes (rules, entries[slot], P2V_RIGHTS_EXECUTE)
        && !p2v_roots_takes (rules, trees->entries[0][slot], P2V_RIGHTS_EXECUTE))
      return TRUE;
  return FALSE;
}

/* With page-table isolation a process has two roots with the same user half: the one on which user
 * mode runs has next to nothing of the kernel, and is left out. The other one may forbid to
 * execute what user mode executes, which then says nothing. */
static void
leave_out_copies (P2vRootsChoice *self, P2vRootsTrees *trees)
{
  g_autoptr (GHashTable) seen
      = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  g_autofree guint *n_behind = g_new0 (guint, self->roots->len);
  guint n_kept = 0;

  for (guint i = 0; i < self->roots->len; i++)
    {
      P2vPhysAddr root_pa = g_array_index (self->roots, P2vPhysAddr, i);
      guint n;
      GBytes *half = dup_user_half (self, trees, root_pa, &n);
      gpointer found;
      if (half == NULL)
        continue;
      if (!g_hash_table_lookup_extended (seen, half, NULL, &found))
        {
          g_hash_table_insert (seen, half, GUINT_TO_POINTER (n_kept));
          n_behind[n_kept] = n;
          g_array_index (self->roots, P2vPhysAddr, n_kept++) = root_pa;
          continue;
        }
      g_bytes_unref (half);
      P2vPhysAddr *kept = &g_array_index (self->roots, P2vPhysAddr, GPOINTER_TO_UINT (found));
      P2vPhysAddr other = root_pa;
      self->n_copies++;
      if (n > n_behind[GPOINTER_TO_UINT (found)])
        {
          other = *kept;
          *kept = root_pa;
          n_behind[GPOINTER_TO_UINT (found)] = n;
        }
      self->grants_execute = self->grants_execute || grants_more (self, trees, other, *kept);
    }
  g_array_set_size (self->roots, n_kept);
}

/* What is told of the roots that are left. */
static void
note_evidence (P2vRootsChoice *self, P2vRootsTrees *trees)
{
  GHashTableIter iter;
  gpointer key, count;

  g_autoptr (GHashTable) counts = count_entries (self, trees);
  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &key, &count))
    if (*(guint64 *) key % SLOT_KEYS >= self->n_user_slots
        && GPOINTER_TO_UINT (count) == self->roots->len)
      self->n_shared++;
}

void
p2v_roots_choice_init (P2vRootsChoice *self, P2vRootsTrees *trees)
{
  *self = (P2vRootsChoice){ .roots = g_array_new (FALSE, FALSE, sizeof (P2vPhysAddr)) };
  leave_out_inner (self, trees);
  g_autoptr (GHashTable) all_counts = count_entries (self, trees);
  if (!trees->tables.form->has_two_roots)
    leave_out_strangers (self, trees, find_commonest (self, all_counts));
  find_user_slots (self, trees);
  leave_out_copies (self, trees);
  note_evidence (self, trees);
}

gboolean
p2v_roots_choice_is_credible (const P2vRootsChoice *self,
                              const P2vRootsTrees  *trees)
{
  const P2vPagingForm *form = trees->tables.form;

  return form->has_two_roots || form->levels[0].index_bits < LEAST_BITS_TO_SHARE ||
         !self->is_compared || self->has_common;
}

void
p2v_roots_choice_clear (P2vRootsChoice *self)
{
  g_clear_pointer (&self->roots, g_array_unref);
}
