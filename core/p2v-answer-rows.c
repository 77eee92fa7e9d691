/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-answer-rows.h"

#include "base/p2v-checked.h"
#include "p2v-filter-private.h"

/* So many addresses of one owner are shown one by one; more become one row, unless the filter wants
 * every address. */
#define MAX_ADDRESSES_SHOWN 64

/* A frame that crafted page tables map more often gets no more rows than that; the number of all is
 * told. */
#define MAX_ADDRESSES_LISTED ((guint) 1 << 20)

/* The rows of one class of addresses of one space: each of its owners has all of its entries, one
 * owner after the other. */
typedef struct
{
  guint64              first_row;
  const P2vIndexEntry *entries;
  guint64              n_entries;
  P2vAddressSpace     *space;
  P2vMappingClass      mapping_class;
  guint                first_owner;    /* in owners */
  guint                n_owners;
  gboolean             is_folded;      /* one row an owner tells of all entries */
  guint64              step_bytes;     /* then: from each entry to the next, 0 if that varies */
} RowGroup;

typedef struct
{
  P2vAnswerRows      *rows;
  const P2vRowChoice *choice;
} Builder;

static guint
add_owners (GPtrArray       *owners,
            P2vAddressSpace *space,
            P2vFilter       *filter)
{
  guint n_before = owners->len;

  for (guint i = 0; i < p2v_address_space_get_n_owners (space); i++)
    {
      P2vProcess *owner = p2v_address_space_get_owner (space, i);
      if (filter == NULL || p2v_filter_matches (filter, owner))
        g_ptr_array_add (owners, owner);
    }
  return owners->len - n_before;
}

void
p2v_row_choice_init (P2vRowChoice  *self,
                     P2vSystem     *system,
                     P2vReverseMap *map,
                     P2vFilter     *filter,
                     gboolean       is_for_many)
{
  P2vProcess *kernel = p2v_system_get_kernel (system);
  guint n_spaces = p2v_system_get_n_spaces (system);

  *self = (P2vRowChoice) {
    .system = system,
    .map = map,
    .filter = filter,
    .n_user_spaces = p2v_system_get_n_user_spaces (system),
    .kernel_rows = p2v_filter_choose_kernel_rows (filter, kernel, P2V_KERNEL_ROWS_NAMED),
    .has_kernel = kernel != NULL && (filter == NULL || p2v_filter_matches (filter, kernel)),
    .every_address = filter != NULL && p2v_filter_get_every_address (filter),
  };
  if (!is_for_many)
    return;
  self->ranges = g_new (P2vOwnerRange, MAX (n_spaces, 1));
  self->owners = g_ptr_array_new ();
  for (guint i = 0; i < n_spaces; i++)
    {
      self->ranges[i].first = self->owners->len;
      self->ranges[i].n = add_owners (self->owners, p2v_system_get_space (system, i), filter);
    }
}

void
p2v_row_choice_clear (P2vRowChoice *self)
{
  g_clear_pointer (&self->ranges, g_free);
  g_clear_pointer (&self->owners, g_ptr_array_unref);
}

static int
compare_entries (gconstpointer a,
                 gconstpointer b)
{
  P2vIndexEntry x = *(const P2vIndexEntry *) a, y = *(const P2vIndexEntry *) b;

  return (x > y) - (x < y);
}

static int
compare_groups (gconstpointer a,
                gconstpointer b)
{
  return (int) ((const RowGroup *) a)->mapping_class - (int) ((const RowGroup *) b)->mapping_class;
}

/* The first of the sorted @entries that is not below @limit. */
static guint64
find_entry (const P2vIndexEntry *entries,
            guint64              n_entries,
            P2vIndexEntry        limit)
{
  guint64 low = 0, high = n_entries;

  while (low < high)
    {
      guint64 middle = low + (high - low) / 2;
      if (entries[middle] < limit)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static P2vVirtAddr
get_va (P2vAddressSpace *space,
        P2vIndexEntry    entry)
{
  return p2v_address_space_extend_va (space, p2v_index_entry_va (entry));
}

/* The distance from each entry to the next; 0 if it varies. */
static guint64
find_step (const P2vIndexEntry *entries,
           guint64              n_entries)
{
  guint64 step = entries[1] - entries[0];

  for (guint64 i = 2; i < n_entries; i++)
    if (entries[i] - entries[i - 1] != step)
      return 0;
  return step << P2V_FRAME_SHIFT;
}

static void
add_group (Builder             *self,
           guint                number,
           P2vMappingClass      mapping_class,
           const P2vIndexEntry *entries,
           guint64              n_entries)
{
  const P2vRowChoice *choice = self->choice;
  P2vAnswerRows *rows = self->rows;
  P2vOwnerRange owners = { .first = rows->owners->len };
  RowGroup group = { .entries = entries,
                     .n_entries = n_entries,
                     .space = p2v_system_get_space (choice->system, number),
                     .mapping_class = mapping_class };

  if (choice->ranges != NULL)
    owners = choice->ranges[number];
  else
    owners.n = add_owners (rows->owners, group.space, choice->filter);
  group.first_owner = owners.first;
  group.n_owners = owners.n;
  rows->is_filtered |= owners.n == 0;
  if (owners.n == 0)
    return;
  group.is_folded = n_entries > MAX_ADDRESSES_SHOWN && !choice->every_address;
  if (group.is_folded)
    group.step_bytes = find_step (entries, n_entries);
  g_array_append_val (rows->groups, group);
}

/* Adds the sorted entries of processes. */
static void
add_user_groups (Builder             *self,
                 const P2vIndexEntry *entries,
                 guint64              n_entries)
{
  guint64 n;

  for (; n_entries > 0; entries += n, n_entries -= n)
    {
      guint number = p2v_index_entry_space (entries[0]);
      n = find_entry (entries, n_entries, (P2vIndexEntry) (number + 1) << P2V_INDEX_VPN_BITS);
      add_group (self, number, P2V_MAPPING_USER, entries, n);
    }
}

/* How many of the sorted entries of the kernel, from the first on, are of one area. */
static guint64
count_area (P2vAddressSpace     *space,
            const P2vIndexEntry *entries,
            guint64              n_entries,
            P2vMappingClass     *ret_class)
{
  const P2vKernelArea *area = p2v_address_space_find_area (space, get_va (space, entries[0]));
  guint64 n = 1;

  *ret_class = area != NULL ? area->mapping_class : P2V_MAPPING_KERNEL;
  if (area != NULL)
    return find_entry (entries, n_entries,
                       p2v_index_entry (p2v_index_entry_space (entries[0]),
                                        area->start_va + (area->length_bytes - 1)) + 1);
  while (n < n_entries && p2v_address_space_find_area (space, get_va (space, entries[n])) == NULL)
    n++;
  return n;
}

/* Adds the sorted entries of the kernel's half, or counts them as hidden. */
static void
add_kernel_groups (Builder             *self,
                   const P2vIndexEntry *entries,
                   guint64              n_entries)
{
  const P2vRowChoice *choice = self->choice;
  guint64 n;

  for (; n_entries > 0; entries += n, n_entries -= n)
    {
      guint number = p2v_index_entry_space (entries[0]);
      P2vMappingClass mapping_class;
      n = count_area (p2v_system_get_space (choice->system, number), entries, n_entries,
                      &mapping_class);
      if (p2v_kernel_rows_include (choice->kernel_rows, mapping_class))
        add_group (self, number, mapping_class, entries, n);
      else if (choice->has_kernel)
        self->rows->n_hidden += n;
      else if (!p2v_mapping_class_is_blanket (mapping_class))
        self->rows->is_filtered = TRUE;
    }
}

/* Makes of the @n_entries of the map and the others one list of all addresses, of which the
 * aliases of the map's page tables are a part. */
static const GArray *
list_aliases (Builder             *self,
              const P2vIndexEntry *entries,
              guint64              n_entries,
              const GArray        *extra_entries)
{
  const GArray *aliases = self->choice->map->aliases;
  GArray *all = self->rows->alias_entries;
  guint64 n_ways = 0;

  g_array_set_size (all, 0);
  if (n_entries > 0)
    g_array_append_vals (all, entries, (guint) n_entries);
  if (extra_entries->len > 0)
    g_array_append_vals (all, extra_entries->data, extra_entries->len);
  for (guint i = 0; i < all->len; i++)
    if (!p2v_add_u64 (n_ways,
                      p2v_aliases_get_n_ways (aliases, g_array_index (all, P2vIndexEntry, i)),
                      &n_ways))
      n_ways = G_MAXUINT64;
  p2v_aliases_expand (aliases, all, MAX_ADDRESSES_LISTED);
  self->rows->n_mappings += n_ways - all->len;
  return all;
}

/* Sorts what does not come from the map into entries of processes and of the kernel. */
static void
take_extra_entries (Builder      *self,
                    const GArray *entries)
{
  for (guint i = 0; i < entries->len; i++)
    {
      P2vIndexEntry entry = g_array_index (entries, P2vIndexEntry, i);
      if (p2v_index_entry_space (entry) < self->choice->n_user_spaces)
        g_array_append_val (self->rows->user_entries, entry);
      else
        g_array_append_val (self->rows->kernel_entries, entry);
    }
}

/* The map's entries of processes as they are or, where others come in (large pages, what was found
 * so far), a copy of all, sorted. */
static void
gather_user_entries (Builder             *self,
                     const P2vIndexEntry *entries,
                     guint64              n_entries)
{
  GArray *all = self->rows->user_entries;

  if (all->len == 0)
    {
      add_user_groups (self, entries, n_entries);
      return;
    }
  if (n_entries > 0)
    g_array_append_vals (all, entries, (guint) n_entries);
  g_array_sort (all, compare_entries);
  add_user_groups (self, (const P2vIndexEntry *) (gpointer) all->data, all->len);
}

/* The kernel's large pages, of which the direct map nearly always has one, are not mixed with its
 * small ones: they are of another class. */
static void
gather (Builder      *self,
        guint64       pfn,
        const GArray *extra_entries)
{
  const P2vRowChoice *choice = self->choice;
  GArray *large = self->rows->kernel_entries;
  const P2vIndexEntry *entries = NULL;
  guint64 n_entries = 0;

  if (choice->map != NULL)
    entries = p2v_reverse_map_get_entries (choice->map, pfn, &n_entries);
  if (choice->map != NULL && choice->map->aliases->len > 0)
    {
      extra_entries = list_aliases (self, entries, n_entries, extra_entries);
      n_entries = 0;
    }
  guint64 n_user = find_entry (entries, n_entries,
                               (P2vIndexEntry) choice->n_user_spaces << P2V_INDEX_VPN_BITS);
  take_extra_entries (self, extra_entries);
  gather_user_entries (self, entries, n_user);
  if (n_user < n_entries)
    add_kernel_groups (self, entries + n_user, n_entries - n_user);
  g_array_sort (large, compare_entries);
  add_kernel_groups (self, (const P2vIndexEntry *) (gpointer) large->data, large->len);
}

/* Puts the groups in the order of their classes; those of processes are in order already. */
static void
arrange (P2vAnswerRows *self)
{
  g_array_sort (self->groups, compare_groups);
  for (guint i = 0; i < self->groups->len; i++)
    {
      RowGroup *group = &g_array_index (self->groups, RowGroup, i);
      guint64 n_mappings = group->n_entries * group->n_owners;

      group->first_row = self->n_rows;
      self->n_rows += group->is_folded ? group->n_owners : n_mappings;
      self->n_mappings += n_mappings;
      if (group->mapping_class != P2V_MAPPING_USER)
        continue;
      self->n_user_mappings += n_mappings;
      self->n_processes += group->n_owners;
    }
}

void
p2v_answer_rows_init (P2vAnswerRows *self)
{
  *self = (P2vAnswerRows) {
    .user_entries = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry)),
    .kernel_entries = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry)),
    .alias_entries = g_array_new (FALSE, FALSE, sizeof (P2vIndexEntry)),
    .groups = g_array_new (FALSE, FALSE, sizeof (RowGroup)),
    .owners = g_ptr_array_new (),
  };
}

void
p2v_answer_rows_clear (P2vAnswerRows *self)
{
  g_clear_pointer (&self->user_entries, g_array_unref);
  g_clear_pointer (&self->kernel_entries, g_array_unref);
  g_clear_pointer (&self->alias_entries, g_array_unref);
  g_clear_pointer (&self->groups, g_array_unref);
  g_clear_pointer (&self->owners, g_ptr_array_unref);
}

void
p2v_answer_rows_find (P2vAnswerRows      *self,
                      const P2vRowChoice *choice,
                      P2vPhysAddr         pa,
                      const GArray       *entries)
{
  Builder builder = { .rows = self, .choice = choice };

  g_array_set_size (self->user_entries, 0);
  g_array_set_size (self->kernel_entries, 0);
  g_array_set_size (self->groups, 0);
  if (choice->owners != NULL && self->owners != choice->owners)
    {
      g_ptr_array_unref (self->owners);
      self->owners = g_ptr_array_ref (choice->owners);
    }
  else if (choice->owners == NULL)
    g_ptr_array_set_size (self->owners, 0);
  self->n_processes = 0;
  self->n_rows = 0;
  self->n_user_mappings = 0;
  self->n_mappings = 0;
  self->n_hidden = 0;
  self->is_filtered = FALSE;
  gather (&builder, pa >> P2V_FRAME_SHIFT, entries);
  arrange (self);
}

static const RowGroup *
find_group (const P2vAnswerRows *self,
            guint64              row)
{
  guint low = 0, high = self->groups->len;

  while (high - low > 1)
    {
      guint middle = low + (high - low) / 2;
      if (g_array_index (self->groups, RowGroup, middle).first_row <= row)
        low = middle;
      else
        high = middle;
    }
  return &g_array_index (self->groups, RowGroup, low);
}

void
p2v_answer_rows_get (const P2vAnswerRows *self,
                     P2vPhysAddr          pa,
                     guint64              position,
                     P2vMapping          *ret_mapping)
{
  const RowGroup *group = find_group (self, position);
  guint64 n_per_owner = group->is_folded ? 1 : group->n_entries;
  guint64 offset = position - group->first_row;
  guint owner = group->first_owner + (guint) (offset / n_per_owner);
  guint64 first = offset % n_per_owner;
  guint64 last = group->is_folded ? group->n_entries - 1 : first;
  guint64 offset_in_page = pa & (P2V_FRAME_SIZE - 1);

  *ret_mapping = (P2vMapping) {
    .pa = pa,
    .va = get_va (group->space, group->entries[first]) | offset_in_page,
    .length_bytes = 1,
    .process = g_ptr_array_index (self->owners, owner),
    .space = group->space,
    .mapping_class = group->mapping_class,
    .n_addresses = last - first + 1,
    .last_va = get_va (group->space, group->entries[last]) | offset_in_page,
    .step_bytes = group->step_bytes,
  };
}
