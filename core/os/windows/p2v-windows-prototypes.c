/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Prototype entries: what a page that processes share is doing is kept in one entry for all of
 * them, in the kernel's memory. The entry of a process says where it is, or that the area it lies
 * in says so. */

#include "config.h"

#include "os/windows/p2v-windows-private.h"

/* Source: Intel SDM 3A 4.5, bit 0 is present; Arm ARM D8.3 has a valid bit there. */
#define ENTRY_PRESENT ((guint64) 1)

/* Where the address stands in an entry, and what stands there if the area is to be asked. Source:
 * data/windows/README.md, "entries". */
#define ADDRESS_SHIFT_64 16
#define ADDRESS_SHIFT_PAE 32
#define ASK_64           ((guint64) 0xffffffff << 32)
#define ASK_32           ((guint64) 0xfffff800)

/* 32 bits without PAE: two parts of the address, from Vista on relative to the kernel's half,
 * before to the start of the paged pool, which the kernel says; else its usual start. Source:
 * ibidem. */
#define BUILD_OF_VISTA   6000
#define BASE_32_VISTA    ((P2vVirtAddr) 0x80000000)
#define BASE_32_OLD      ((P2vVirtAddr) 0xe1000000)

/* A part of an address space that is shared, and where its prototypes stand. */
typedef struct
{
  P2vVirtAddr start;
  P2vVirtAddr end;             /* the last byte */
  P2vVirtAddr first;           /* the prototype of @start; 0: there are none */
  P2vVirtAddr last;
} Area;

struct _P2vWindowsPrototypes
{
  GMutex      lock;
  GHashTable *objects;         /* guint64 * (root) -> guint64 * (object); not changed any more */
  GHashTable *areas;           /* guint64 * (root) -> GArray of Area */
};

static void
free_array (gpointer array)
{
  g_array_unref (array);
}

P2vWindowsPrototypes *
p2v_windows_prototypes_new (void)
{
  P2vWindowsPrototypes *self = g_new0 (P2vWindowsPrototypes, 1);

  g_mutex_init (&self->lock);
  self->objects = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  self->areas = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, free_array);
  return self;
}

void
p2v_windows_prototypes_free (P2vWindowsPrototypes *self)
{
  g_mutex_clear (&self->lock);
  g_hash_table_unref (self->objects);
  g_hash_table_unref (self->areas);
  g_free (self);
}

void
p2v_windows_prototypes_add_process (P2vWindowsPrototypes *self,
                                    P2vPhysAddr           root_pa,
                                    P2vVirtAddr           object_va)
{
  g_hash_table_insert (self->objects, g_memdup2 (&root_pa, sizeof root_pa),
                       g_memdup2 (&object_va, sizeof object_va));
}

static GArray *
load_areas (const P2vWindows *kernel,
            P2vVirtualMemory *memory,
            P2vVirtAddr       object_va)
{
  g_autoptr (GArray) vads = p2v_windows_get_vads (kernel, memory, object_va);
  GArray *areas = g_array_new (FALSE, TRUE, sizeof (Area));

  for (guint i = 0; i < vads->len; i++)
    {
      const P2vWindowsVad *vad = &g_array_index (vads, P2vWindowsVad, i);
      Area area = { vad->start, vad->end, 0, 0 };
      if (!p2v_windows_vad_is_private (kernel, vad) &&
          p2v_windows_read_field (kernel, memory, vad->va, WINDOWS_VAD_FIRST_PROTOTYPE,
                                  &area.first) &&
          p2v_windows_read_field (kernel, memory, vad->va, WINDOWS_VAD_LAST_PROTOTYPE,
                                  &area.last) &&
          p2v_windows_is_kernel_va (kernel, area.first) && area.first <= area.last)
        g_array_append_val (areas, area);
    }
  return areas;
}

/* (transfer full): the areas of the address space at @root_pa. */
static GArray *
get_areas (const P2vWindows *kernel,
           P2vVirtualMemory *memory,
           P2vPhysAddr       root_pa)
{
  P2vWindowsPrototypes *self = kernel->prototypes;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GArray *areas = g_hash_table_lookup (self->areas, &root_pa);
  const P2vVirtAddr *object_va = g_hash_table_lookup (self->objects, &root_pa);

  if (areas == NULL)
    {
      areas = load_areas (kernel, memory, object_va != NULL ? *object_va : 0);
      g_hash_table_insert (self->areas, g_memdup2 (&root_pa, sizeof root_pa), areas);
    }
  return g_array_ref (areas);
}

static gboolean
find_by_area (const P2vWindows       *kernel,
              P2vVirtualMemory       *memory,
              const P2vIndirectEntry *entry,
              P2vVirtAddr            *ret_va)
{
  g_autoptr (GArray) areas = get_areas (kernel, memory, entry->root_pa);
  guint low = 0, high = areas->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const Area *area = &g_array_index (areas, Area, middle);
      if (entry->va < area->start)
        high = middle;
      else if (entry->va > area->end)
        low = middle + 1;
      else
        {
          *ret_va = area->first + (entry->va - area->start) / P2V_FRAME_SIZE *
                                    kernel->tables.form->entry_bytes;
          return *ret_va <= area->last;
        }
    }
  return FALSE;
}

static P2vVirtAddr
get_address_32 (const P2vWindows *kernel,
                guint64           entry)
{
  if (kernel->build >= BUILD_OF_VISTA)
    return BASE_32_VISTA | (entry >> 1 & 0x7ffffc00) | (entry << 1 & 0x3ff);
  P2vVirtAddr base = kernel->paged_pool_va != 0 ? kernel->paged_pool_va : BASE_32_OLD;

  return (base + (entry >> 11 << 9) + ((entry & 0xfe) << 1)) & G_MAXUINT32;
}

/* Where the prototype of @entry stands. */
static gboolean
find_prototype (const P2vWindows       *kernel,
                P2vVirtualMemory       *memory,
                const P2vIndirectEntry *entry,
                P2vVirtAddr            *ret_va)
{
  gboolean asks = kernel->kind == P2V_WINDOWS_X86 ? (entry->entry & ASK_32) == ASK_32
                                                  : (entry->entry & ASK_64) == ASK_64;

  if (asks)
    return find_by_area (kernel, memory, entry, ret_va);
  if (kernel->kind == P2V_WINDOWS_X86)
    *ret_va = get_address_32 (kernel, entry->entry);
  else if (kernel->kind == P2V_WINDOWS_PAE)
    *ret_va = entry->entry >> ADDRESS_SHIFT_PAE;
  else
    *ret_va = (P2vVirtAddr) ((gint64) entry->entry >> ADDRESS_SHIFT_64);
  return p2v_windows_is_kernel_va (kernel, *ret_va);
}

/* What the prototype says: the page is valid for somebody, in transition, or not in RAM. */
static void
resolve_entry (const P2vWindows *kernel,
               P2vVirtualMemory *memory,
               P2vIndirectEntry *entry)
{
  gsize width = kernel->tables.form->entry_bytes;
  guint8 bytes[sizeof (guint64)] = { 0 };
  P2vVirtAddr va;

  if (!find_prototype (kernel, memory, entry, &va) ||
      !p2v_virtual_memory_read (memory, va, bytes, width))
    return;
  guint64 prototype = p2v_windows_u64_at (bytes, sizeof bytes, 0);
  entry->leaf.pa = prototype & kernel->tables.pa_mask;
  entry->is_in_ram = prototype & ENTRY_PRESENT
                       ? p2v_image_contains (kernel->image, entry->leaf.pa)
                       : p2v_windows_get_transition (kernel, prototype, &entry->leaf.pa);
}

gboolean
p2v_windows_resolve (gconstpointer      system_data,
                     P2vIndirectEntry  *entries,
                     gsize              n_entries,
                     GCancellable      *cancellable,
                     GError           **error)
{
  const P2vWindows *kernel = system_data;
  P2vPageTables tables = kernel->tables;

  /* The memory in which prototypes stand has none itself. */
  tables.resolve = NULL;
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&tables, kernel->root_pa);
  for (gsize i = 0; i < n_entries; i++)
    {
      if (i % 1024 == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      resolve_entry (kernel, memory, &entries[i]);
    }
  return p2v_virtual_memory_check (memory, error);
}
