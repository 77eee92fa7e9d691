/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What hangs below tables of one paging form, added up. */

#include "config.h"

#include "os/roots/p2v-roots-private.h"

#include <string.h>

/* A root's tree may be torn, for many images are taken of running machines: for so many used pages
 * an entry may be strange; and the first page of devices' memory is, so that a few always may. */
#define USED_FOR_A_STRANGE 16
#define USED_FOR_A_FEW 8
#define A_FEW 2

/* As many entries of a root must make sense for one that is left to the system. */
#define SOUND_FOR_A_FOREIGN 8

/* A table in which so many entries are strange, and more than make sense, is none: the rest of it
 * is not looked at. */
#define STRANGE_ENOUGH 8

/* A place that was added up. The key comes first, for g_int64_hash(). */
typedef struct
{
  guint64 key;
  P2vRootsSum sum;
  guint n_used;      /* of its own entries alone */
  guint n_foreign;
} Node;

/* One table while it is added up. */
typedef struct
{
  P2vRootsTrees *trees;
  const P2vPagingLevel *level;
  guint level_number;
  P2vPhysAddr table_pa;
  P2vPhysAddr next_pa; /* behind the last page that an entry mapped */
  guint n_user_pages;  /* in the image */
  guint n_kernel_pages;
  guint n_used;      /* of its own entries alone */
  guint n_foreign;
  P2vRootsSum sum;
} Adding;

guint64
p2v_roots_get_root_bytes (const P2vPagingForm *form)
{
  return p2v_paging_get_table_bytes (form, &form->levels[0]);
}

guint
p2v_roots_get_n_lower (const P2vPagingForm *form)
{
  guint n_slots = 1u << form->levels[0].index_bits;

  return form->has_upper_half && !form->has_two_roots ? n_slots / 2 : n_slots;
}

void
p2v_roots_trees_init (P2vRootsTrees *self, P2vImage *image, const P2vPagingForm *form)
{
  *self = (P2vRootsTrees){
    .tables = { .image = image, .form = form, .pa_mask = form->pa_mask },
    .sums = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL),
    .n_reads_left = 4 * p2v_paging_max_tables (image),
    .roots = g_array_new (FALSE, FALSE, sizeof (P2vPhysAddr)),
  };
  for (guint i = 0; i < form->n_levels; i++)
    self->entries[i] = g_new (guint64, (gsize) 1 << form->levels[i].index_bits);
}

void
p2v_roots_trees_clear (P2vRootsTrees *self)
{
  g_clear_pointer (&self->sums, g_hash_table_unref);
  g_clear_pointer (&self->roots, g_array_unref);
  for (guint i = 0; i < P2V_PAGING_MAX_LEVELS; i++)
    g_clear_pointer (&self->entries[i], g_free);
}

static gboolean
is_in_image (const P2vRootsTrees *self, P2vPhysAddr pa)
{
  return p2v_image_pa_to_offset (self->tables.image, pa, NULL);
}

gboolean
p2v_roots_takes (const P2vPagingRule *rule, guint64 entry, P2vRights rights)
{
  for (; rule != NULL && rule->takes != 0; rule++)
    if ((rule->takes & rights) && (entry & rule->mask) == rule->value)
      return TRUE;
  return FALSE;
}

static void
note_strange (Adding *adding, guint index, guint64 entry)
{
  P2vRootsTrees *trees = adding->trees;

  adding->sum.n_strange++;
  trees->last_strange.entry_pa = adding->table_pa + index * trees->tables.form->entry_bytes;
  trees->last_strange.entry = entry;
}

/* Memory of devices lies outside the image, and is mapped in runs. Single pages of the kernel may
 * be anywhere. */
static void
add_page (Adding *adding, guint index, guint64 entry, P2vPhysAddr pa)
{
  const P2vPagingLevel *level = adding->level;
  gboolean is_user = !p2v_roots_takes (level->page_rules, entry, P2V_RIGHTS_USER);
  guint64 accessed = adding->trees->tables.form->accessed_mask;

  if (is_in_image (adding->trees, pa))
    {
      adding->sum.n_sound++;
      adding->n_user_pages += is_user ? 1 : 0;
      adding->n_kernel_pages += is_user ? 0 : 1;
      if (is_user && (entry & accessed) == accessed)
        {
          adding->sum.n_used++;
          adding->n_used++;
        }
    }
  else if ((is_user || level->shift > P2V_FRAME_SHIFT) && pa != adding->next_pa)
    note_strange (adding, index, entry);
  adding->next_pa = pa + ((guint64) 1 << level->shift);
}

/* What user mode cannot reach is not looked at further, for it is the same for all roots. */
static void
add_table (Adding *adding, guint index, guint64 entry, P2vPhysAddr pa)
{
  const P2vPagingForm *form = adding->trees->tables.form;

  if (!is_in_image (adding->trees, pa))
    {
      note_strange (adding, index, entry);
      return;
    }
  adding->sum.n_sound++;
  if (p2v_roots_takes (adding->level->table_rules, entry, P2V_RIGHTS_USER)
      || (adding->level_number == 0 && index >= p2v_roots_get_n_lower (form)))
    return;
  P2vRootsSum below = p2v_roots_trees_sum (adding->trees, adding->level_number + 1, pa);
  adding->sum.n_used += below.n_used;
  adding->sum.n_sound += below.n_sound;
  adding->sum.n_strange += below.n_strange;
  adding->sum.n_foreign += below.n_foreign;
}

/* Bits of an address that are zero where pages are larger than a frame, unless they mean other
 * bits of it. Source: Arm ARM DDI 0487, D8.3.1. */
static guint64
get_low_bits (const P2vPagingForm  *form,
              const P2vPagingLevel *level)
{
  guint64 page_bytes = (guint64) 1 << form->levels[form->n_levels - 1].shift;

  return (page_bytes - P2V_FRAME_SIZE) & ~(level->page_move.mask | level->table_move.mask);
}

static void
add_entry (Adding *adding, guint index, guint64 entry)
{
  P2vPagingLeaf leaf;
  P2vEntryKind kind = p2v_paging_decode (&adding->trees->tables, adding->level, entry, &leaf);

  if ((kind == P2V_ENTRY_TABLE || kind == P2V_ENTRY_PAGE) &&
      (entry & get_low_bits (adding->trees->tables.form, adding->level)) != 0)
    kind = P2V_ENTRY_MALFORMED;
  switch (kind)
    {
    case P2V_ENTRY_TABLE:
      add_table (adding, index, entry, leaf.pa);
      break;
    case P2V_ENTRY_PAGE:
      add_page (adding, index, entry, leaf.pa);
      break;
    case P2V_ENTRY_MALFORMED:
      note_strange (adding, index, entry);
      break;
    case P2V_ENTRY_ABSENT:
    case P2V_ENTRY_INDIRECT:
      adding->sum.n_foreign++;
      adding->n_foreign++;
      break;
    case P2V_ENTRY_EMPTY:
    default:
      break;
    }
}

static Node *
add_up (P2vRootsTrees *self, guint level_number, P2vPhysAddr pa)
{
  const P2vPagingLevel *level = &self->tables.form->levels[level_number];
  Adding adding = { .trees = self, .level = level, .level_number = level_number, .table_pa = pa };
  guint64 *entries = self->entries[level_number];

  if (p2v_paging_read_tables (&self->tables, level, pa, 1, entries, NULL) != P2V_READ_OK)
    adding.sum.n_strange = 1;
  else
    for (guint i = 0; i < 1u << level->index_bits; i++)
      {
        if (entries[i] != 0)
          add_entry (&adding, i, entries[i]);
        if (adding.sum.n_strange >= STRANGE_ENOUGH && adding.sum.n_strange > adding.sum.n_sound)
          break;
      }
  /* No system mixes pages of both in one table of the last level: numbers that mean something else
   * do. */
  if (level_number == self->tables.form->n_levels - 1)
    adding.sum.n_strange += MIN (adding.n_user_pages, adding.n_kernel_pages);
  Node *node = g_new (Node, 1);
  *node = (Node){ pa | level_number, adding.sum, adding.n_used, adding.n_foreign };
  return node;
}

/* Recursion ends at the last level of the form. Tables begin at multiples of 16 bytes at least, so
 * that a key has room for the level. */
static const Node *
get_node (P2vRootsTrees *self, guint level_number, P2vPhysAddr pa)
{
  guint64 key = pa | level_number;
  const Node *known = g_hash_table_lookup (self->sums, &key);

  if (known != NULL || self->n_reads_left == 0)
    return known;
  self->n_reads_left--;
  Node *node = add_up (self, level_number, pa);
  g_hash_table_add (self->sums, node);
  return node;
}

P2vRootsSum
p2v_roots_trees_sum (P2vRootsTrees *self, guint level_number, P2vPhysAddr pa)
{
  const Node *node = get_node (self, level_number, pa);

  return node != NULL ? node->sum : (P2vRootsSum){ .n_strange = 1 };
}

gboolean
p2v_roots_trees_read_root (P2vRootsTrees *self, P2vPhysAddr pa)
{
  return p2v_paging_read_tables (&self->tables, &self->tables.form->levels[0], pa, 1,
                                 self->entries[0], NULL)
         == P2V_READ_OK;
}

gboolean
p2v_roots_trees_is_used_slot (P2vRootsTrees *self, guint slot)
{
  Adding adding = { .trees = self, .level = &self->tables.form->levels[0] };

  if (self->entries[0][slot] != 0)
    add_entry (&adding, slot, self->entries[0][slot]);
  return adding.sum.n_used > 0;
}

/* What the processor ignores may stand where pages may stand, beside more that it does not
 * ignore. */
static gboolean
may_be_foreign (const P2vRootsTrees *self, guint n_foreign, guint n_sound)
{
  return n_foreign == 0
         || (self->tables.form->levels[0].page_mask != 0
             && n_foreign < n_sound / SOUND_FOR_A_FOREIGN);
}

/* Whether no entry of a root is strange, and hardly one left to the system. */
static gboolean
is_root_sound (P2vRootsTrees *self, P2vPhysAddr pa)
{
  const P2vPagingForm *form = self->tables.form;
  const P2vPagingLevel *level = &form->levels[0];
  const guint64 *entries = self->entries[0];
  guint n_foreign = 0, n_sound = 0;

  if (!p2v_roots_trees_read_root (self, pa))
    return FALSE;
  for (guint i = 0; i < 1u << level->index_bits; i++)
    {
      P2vPagingLeaf leaf;
      P2vEntryKind kind = p2v_paging_decode (&self->tables, level, entries[i], &leaf);
      if (kind == P2V_ENTRY_MALFORMED || (entries[i] & form->root_zero_mask) != 0
          || (kind == P2V_ENTRY_TABLE && !is_in_image (self, leaf.pa)))
        return FALSE;
      n_foreign += kind == P2V_ENTRY_ABSENT ? 1 : 0;
      n_sound += kind == P2V_ENTRY_TABLE || kind == P2V_ENTRY_PAGE ? 1 : 0;
    }
  return may_be_foreign (self, n_foreign, n_sound);
}

static gboolean
is_sound (const P2vRootsSum *sum)
{
  guint64 n_allowed
      = sum->n_used / USED_FOR_A_STRANGE + (sum->n_used >= USED_FOR_A_FEW ? A_FEW : 0);

  return sum->n_used > 0 && sum->n_strange <= n_allowed;
}

void
p2v_roots_trees_try (P2vRootsTrees *self, P2vPhysAddr pa)
{
  if (!is_root_sound (self, pa))
    return;
  self->n_candidates++;
  self->last_strange = (P2vRootsMiss){ .root_pa = pa };
  P2vRootsSum sum = p2v_roots_trees_sum (self, 0, pa);
  if (is_sound (&sum))
    g_array_append_val (self->roots, pa);
  else if (sum.n_used > 0 && sum.n_sound > self->best_n_sound)
    {
      self->best_n_sound = sum.n_sound;
      self->best_miss = self->last_strange;
    }
}

static void
note_table (P2vRootsTrees *self, guint level_number, P2vPhysAddr pa, GHashTable *tables)
{
  const P2vPagingForm *form = self->tables.form;
  const P2vPagingLevel *level = &form->levels[level_number];
  guint n = level_number == 0 ? p2v_roots_get_n_lower (form) : 1u << level->index_bits;
  guint64 *entries = self->entries[level_number];
  const Node *node = get_node (self, level_number, pa);
  P2vRootsTable table = { pa, p2v_paging_get_table_bytes (form, level), 0, 0, level_number > 0 };

  if (node == NULL || node->sum.n_used == 0 || g_hash_table_contains (tables, &pa))
    return;
  table.n_used = node->n_used;
  table.n_foreign = node->n_foreign;
  g_hash_table_add (tables, g_memdup2 (&table, sizeof table));
  if (level->table_mask == 0
      || p2v_paging_read_tables (&self->tables, level, pa, 1, entries, NULL) != P2V_READ_OK)
    return;
  for (guint i = 0; i < n; i++)
    {
      P2vPagingLeaf leaf;
      if (entries[i] != 0
          && p2v_paging_decode (&self->tables, level, entries[i], &leaf) == P2V_ENTRY_TABLE
          && !p2v_roots_takes (level->table_rules, entries[i], P2V_RIGHTS_USER))
        note_table (self, level_number + 1, leaf.pa, tables);
    }
}

GHashTable *
p2v_roots_tables_new (void)
{
  return g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
}

void
p2v_roots_trees_note_tables (P2vRootsTrees *self, P2vPhysAddr root_pa, GHashTable *tables)
{
  note_table (self, 0, root_pa, tables);
}
