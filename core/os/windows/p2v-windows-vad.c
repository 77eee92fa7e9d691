/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Regions: the tree of virtual address descriptors (VADs) of a process. */

#include "config.h"

#include "base/p2v-limits.h"
#include "os/windows/p2v-windows-private.h"

/* Kinds of areas. Source: data/windows/README.md, "areas". */
#define VAD_TYPE_MASK         7
#define VAD_TYPE_PHYSICAL     1
#define VAD_TYPE_IMAGE        2

/* The access an area was made with: three bits, above them two that modify it. Source: ibidem. */
#define VAD_PROTECTION_MASK   7

static const P2vRights protection_rights[VAD_PROTECTION_MASK + 1] = {
  0,
  P2V_RIGHTS_READ,
  P2V_RIGHTS_EXECUTE,
  P2V_RIGHTS_READ | P2V_RIGHTS_EXECUTE,
  P2V_RIGHTS_READ | P2V_RIGHTS_WRITE,
  P2V_RIGHTS_READ | P2V_RIGHTS_WRITE,
  P2V_RIGHTS_READ | P2V_RIGHTS_WRITE | P2V_RIGHTS_EXECUTE,
  P2V_RIGHTS_READ | P2V_RIGHTS_WRITE | P2V_RIGHTS_EXECUTE,
};

/* The low bits of a reference to a file count uses. Source: data/windows/README.md, "areas". */
#define FAST_REFERENCE_64     ((P2vVirtAddr) 0xf)
#define FAST_REFERENCE_32     ((P2vVirtAddr) 0x7)

/* The unit of places in files. Source: data/windows/README.md, "areas". */
#define SECTOR_BYTES          512

typedef struct
{
  const P2vWindows *kernel;
  P2vVirtualMemory *memory;
  GPtrArray        *regions;
} Loader;

/* Page numbers were as wide as a pointer until Windows 8, then four bytes, with the bits above in a
 * byte each. */
static gboolean
read_page_number (const P2vWindows *kernel,
                  P2vVirtualMemory *memory,
                  P2vVirtAddr       vad_va,
                  P2vWindowsField   low,
                  P2vWindowsField   high,
                  guint64          *ret_number)
{
  gsize width = kernel->layout.offsets[WINDOWS_VAD_END] - kernel->layout.offsets[WINDOWS_VAD_START];
  guint64 number = 0;
  guint8 high_byte;

  if (!p2v_windows_has (kernel, low) || width > sizeof number ||
      !p2v_virtual_memory_read (memory, p2v_windows_field_va (kernel, vad_va, low), &number, width))
    return FALSE;
  *ret_number = GUINT64_FROM_LE (number);
  if (kernel->pointer_bytes == sizeof (guint64) && p2v_windows_has (kernel, high) &&
      p2v_virtual_memory_read (memory, p2v_windows_field_va (kernel, vad_va, high), &high_byte, 1))
    *ret_number |= (guint64) high_byte << 32;
  return TRUE;
}

static gboolean
read_vad (const P2vWindows *kernel,
          P2vVirtualMemory *memory,
          P2vVirtAddr       va,
          P2vWindowsVad    *ret_vad)
{
  guint64 first, last;
  guint64 n_pages = (guint64) 1 << (kernel->tables.form->va_bits - P2V_FRAME_SHIFT);

  ret_vad->va = va;
  ret_vad->flags = 0;
  /* A node's pointer to its parent has how the tree leans in its low bits. */
  if (va % kernel->pointer_bytes != 0 ||
      !read_page_number (kernel, memory, va, WINDOWS_VAD_START, WINDOWS_VAD_START_HIGH, &first) ||
      !read_page_number (kernel, memory, va, WINDOWS_VAD_END, WINDOWS_VAD_END_HIGH, &last) ||
      !p2v_windows_read_field (kernel, memory, va, WINDOWS_VAD_FLAGS, &ret_vad->flags) ||
      first > last || last >= n_pages)
    return FALSE;
  ret_vad->start = first << P2V_FRAME_SHIFT;
  ret_vad->end = (last << P2V_FRAME_SHIFT) | (P2V_FRAME_SIZE - 1);
  return !p2v_windows_is_kernel_va (kernel, ret_vad->end);
}

/* Where the tree begins: a pointer, or until Windows 8 a node that is a part of the process, whose
 * right child is the first area. All of its words are tried; what is no area is passed over. */
static gsize
get_root_offsets (const P2vWindows *kernel,
                  guint             ret_offsets[3])
{
  ret_offsets[0] = 0;
  ret_offsets[1] = kernel->layout.offsets[WINDOWS_VAD_LEFT];
  ret_offsets[2] = kernel->layout.offsets[WINDOWS_VAD_RIGHT];
  /* Where a node's children come first, or behind its range, the root is a pointer. */
  return ret_offsets[1] == 0 || ret_offsets[1] > kernel->layout.offsets[WINDOWS_VAD_START] ? 1 : 3;
}

gboolean
p2v_windows_is_vad_root (const P2vWindows       *self,
                         P2vVirtualMemory       *memory,
                         const P2vWindowsObject *object,
                         guint                   offset)
{
  guint offsets[3];
  gsize n_offsets = get_root_offsets (self, offsets);

  for (gsize i = 0; i < n_offsets; i++)
    {
      P2vVirtAddr va = p2v_windows_pointer_at (self, object->bytes, sizeof object->bytes,
                                               offset + offsets[i]);
      P2vWindowsVad vad;
      if (p2v_windows_is_kernel_va (self, va) && read_vad (self, memory, va, &vad) &&
          vad.start != 0)
        return TRUE;
    }
  return FALSE;
}

static void
queue_child (const P2vWindows *kernel,
             P2vVirtualMemory *memory,
             P2vVirtAddr       va,
             GArray           *queue,
             GHashTable       *seen)
{
  P2vVirtAddr child;

  if (p2v_windows_read_pointer (kernel, memory, va, &child) &&
      p2v_windows_is_kernel_va (kernel, child) && queue->len < P2V_LIMIT_REGIONS &&
      g_hash_table_add (seen, g_memdup2 (&child, sizeof child)))
    g_array_append_val (queue, child);
}

static int
compare_vads (gconstpointer a,
              gconstpointer b)
{
  P2vVirtAddr start_a = ((const P2vWindowsVad *) a)->start;
  P2vVirtAddr start_b = ((const P2vWindowsVad *) b)->start;

  return (start_a > start_b) - (start_a < start_b);
}

static void
collect_vads (const P2vWindows *kernel,
              P2vVirtualMemory *memory,
              P2vVirtAddr       root_va,
              GArray           *vads)
{
  g_autoptr (GArray) queue = g_array_new (FALSE, FALSE, sizeof (P2vVirtAddr));
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  guint offsets[3];
  gsize n_offsets = get_root_offsets (kernel, offsets);

  /* The parent of a root that is a node is itself. */
  g_hash_table_add (seen, g_memdup2 (&root_va, sizeof root_va));
  for (gsize i = 0; i < n_offsets; i++)
    queue_child (kernel, memory, root_va + offsets[i], queue, seen);
  for (guint i = 0; i < queue->len; i++)
    {
      P2vVirtAddr va = g_array_index (queue, P2vVirtAddr, i);
      P2vWindowsVad vad;
      if (!read_vad (kernel, memory, va, &vad))
        continue;
      g_array_append_val (vads, vad);
      queue_child (kernel, memory, p2v_windows_field_va (kernel, va, WINDOWS_VAD_LEFT), queue,
                   seen);
      queue_child (kernel, memory, p2v_windows_field_va (kernel, va, WINDOWS_VAD_RIGHT), queue,
                   seen);
    }
}

GArray *
p2v_windows_get_vads (const P2vWindows *kernel,
                      P2vVirtualMemory *memory,
                      P2vVirtAddr       object_va)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (P2vWindowsVad));
  GArray *vads = g_array_new (FALSE, FALSE, sizeof (P2vWindowsVad));
  P2vVirtAddr end = 0;

  if (object_va != 0 && p2v_windows_has (kernel, WINDOWS_EPROCESS_VAD_ROOT))
    collect_vads (kernel, memory,
                  p2v_windows_field_va (kernel, object_va, WINDOWS_EPROCESS_VAD_ROOT), found);
  g_array_sort (found, compare_vads);
  for (guint i = 0; i < found->len; i++)
    {
      const P2vWindowsVad *vad = &g_array_index (found, P2vWindowsVad, i);
      /* What overlaps the area before is stale. */
      if (vads->len > 0 && vad->start <= end)
        continue;
      g_array_append_vals (vads, vad, 1);
      end = vad->end;
    }
  return vads;
}

static guint64
get_bits (const P2vWindows    *kernel,
          const P2vWindowsVad *vad,
          P2vWindowsField      field)
{
  guint bit = kernel->layout.offsets[field];

  return bit < 64 ? vad->flags >> bit : 0;
}

gboolean
p2v_windows_vad_is_private (const P2vWindows    *kernel,
                            const P2vWindowsVad *vad)
{
  return get_bits (kernel, vad, WINDOWS_VAD_PRIVATE_BIT) & 1;
}

/* Until 2003 one bit, that of an image, stands where the number is later. */
static guint
get_type (const P2vWindows    *kernel,
          const P2vWindowsVad *vad)
{
  if (p2v_windows_has (kernel, WINDOWS_VAD_IMAGE_BIT))
    return get_bits (kernel, vad, WINDOWS_VAD_IMAGE_BIT) & 1 ? VAD_TYPE_IMAGE : 0;
  return (guint) get_bits (kernel, vad, WINDOWS_VAD_TYPE_BIT) & VAD_TYPE_MASK;
}

/* What lies behind an area: the object of the file or of the memory that is shared. */
static gboolean
find_control_area (Loader      *self,
                   P2vVirtAddr  vad_va,
                   P2vVirtAddr *ret_subsection,
                   P2vVirtAddr *ret_control_area)
{
  const P2vWindows *kernel = self->kernel;

  *ret_subsection = 0;
  if (p2v_windows_has (kernel, WINDOWS_VAD_CONTROL_AREA))
    return p2v_windows_read_field (kernel, self->memory, vad_va, WINDOWS_VAD_CONTROL_AREA,
                                   ret_control_area);
  return p2v_windows_read_field (kernel, self->memory, vad_va, WINDOWS_VAD_SUBSECTION,
                                 ret_subsection) &&
         p2v_windows_is_kernel_va (kernel, *ret_subsection) &&
         p2v_windows_read_field (kernel, self->memory, *ret_subsection,
                                 WINDOWS_SUBSECTION_CONTROL_AREA, ret_control_area);
}

char *
p2v_windows_dup_file_name (const P2vWindows *kernel,
                           P2vVirtualMemory *memory,
                           P2vVirtAddr       control_area)
{
  P2vVirtAddr file_va;

  if (!p2v_windows_is_kernel_va (kernel, control_area) ||
      !p2v_windows_read_field (kernel, memory, control_area, WINDOWS_CONTROL_AREA_FILE, &file_va))
    return NULL;
  file_va &= ~(kernel->pointer_bytes == sizeof (guint64) ? FAST_REFERENCE_64 : FAST_REFERENCE_32);
  if (!p2v_windows_is_kernel_va (kernel, file_va))
    return NULL;
  return p2v_windows_dup_string (kernel, memory,
                                 p2v_windows_field_va (kernel, file_va, WINDOWS_FILE_NAME));
}

/* By the prototype's place in the array of the subsection. */
gboolean
p2v_windows_get_file_offset (const P2vWindows *kernel,
                             P2vVirtualMemory *memory,
                             P2vVirtAddr       subsection,
                             P2vVirtAddr       prototype_va,
                             guint64          *ret_offset_bytes)
{
  P2vVirtAddr base;
  guint32 sector;

  if (!p2v_windows_is_kernel_va (kernel, subsection) ||
      !p2v_windows_read_field (kernel, memory, subsection, WINDOWS_SUBSECTION_BASE, &base) ||
      base == 0 || prototype_va < base || !p2v_windows_has (kernel, WINDOWS_SUBSECTION_SECTOR) ||
      !p2v_virtual_memory_read_u32 (
        memory, p2v_windows_field_va (kernel, subsection, WINDOWS_SUBSECTION_SECTOR), &sector))
    return FALSE;
  *ret_offset_bytes =
    (prototype_va - base) / kernel->tables.form->entry_bytes * P2V_FRAME_SIZE +
    (guint64) sector * SECTOR_BYTES;
  return TRUE;
}

/* Where in its file an area of data begins; 0 if that is not known. */
static guint64
find_file_offset (Loader      *self,
                  P2vVirtAddr  vad_va,
                  P2vVirtAddr  subsection)
{
  P2vVirtAddr prototype;
  guint64 offset_bytes;

  if (!p2v_windows_read_field (self->kernel, self->memory, vad_va, WINDOWS_VAD_FIRST_PROTOTYPE,
                               &prototype) ||
      !p2v_windows_get_file_offset (self->kernel, self->memory, subsection, prototype,
                                    &offset_bytes))
    return 0;
  return offset_bytes;
}

/* The file behind an area, and the place in it where an area of data begins. */
static void
find_file (Loader              *self,
           const P2vWindowsVad *vad,
           P2vRegion           *region)
{
  P2vVirtAddr subsection, control_area;
  guint64 offset_bytes = 0;

  if (find_control_area (self, vad->va, &subsection, &control_area) && control_area != 0)
    {
      region->name = p2v_windows_dup_file_name (self->kernel, self->memory, control_area);
      offset_bytes = find_file_offset (self, vad->va, subsection);
    }
  else
    region->name =
      p2v_windows_dup_memory_area_name (self->kernel, self->memory, vad, &offset_bytes);
  region->is_file = region->name != NULL;
  if (region->is_file && get_type (self->kernel, vad) != VAD_TYPE_IMAGE)
    region->file_offset = offset_bytes;
}

static void
add_region (Loader              *self,
            const P2vWindowsVad *vad)
{
  const P2vWindows *kernel = self->kernel;
  P2vRegion *region = g_new0 (P2vRegion, 1);
  guint protection = (guint) get_bits (kernel, vad, WINDOWS_VAD_PROTECTION_BIT);

  region->start_va = vad->start;
  region->length_bytes = vad->end - vad->start + 1;
  region->rights = P2V_RIGHTS_USER | protection_rights[protection & VAD_PROTECTION_MASK];
  region->shared = !p2v_windows_vad_is_private (kernel, vad);
  if (region->shared && get_type (kernel, vad) != VAD_TYPE_PHYSICAL)
    find_file (self, vad, region);
  if (region->name == NULL)
    region->name = g_strdup ("");
  g_ptr_array_add (self->regions, region);
}

gboolean
p2v_windows_load_regions (P2vSystem        *system,
                          P2vAddressSpace  *space,
                          GPtrArray        *regions,
                          GError          **error)
{
  const P2vWindows *kernel = p2v_system_get_backend_data (system);
  if (p2v_address_space_is_kernel (space))
    {
      p2v_windows_load_kernel_regions (space, regions);
      return TRUE;
    }
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&kernel->tables, kernel->root_pa);
  g_autoptr (GArray) vads =
    p2v_windows_get_vads (kernel, memory, p2v_address_space_get_object_va (space));
  Loader self = { .kernel = kernel, .memory = memory, .regions = regions };

  for (guint i = 0; i < vads->len; i++)
    add_region (&self, &g_array_index (vads, P2vWindowsVad, i));
  p2v_windows_label_regions (kernel, space, regions);
  return p2v_virtual_memory_check (memory, error);
}
