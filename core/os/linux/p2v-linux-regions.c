/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Regions: the vm_area_structs of an mm_struct, as /proc/PID/maps would list them. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/p2v-limits.h"
#include "base/p2v-text.h"
#include "os/linux/p2v-linux-areas.h"

/* Source: Linux include/linux/mm.h (6.1, 6.12): VM_READ, VM_WRITE, VM_EXEC, VM_MAYSHARE,
 * VM_PFNMAP, VM_UFFD_WP (5.7). */
#define VM_READ     0x01
#define VM_WRITE    0x02
#define VM_EXEC     0x04
#define VM_MAYSHARE 0x80
#define VM_PFNMAP   0x400
#define VM_UFFD_WP  0x1000

typedef struct
{
  const P2vLinux   *kernel;
  P2vVirtualMemory *memory;
  P2vVirtAddr       mm;
  GHashTable       *paths;     /* guint64 * (struct file) -> path */
  GPtrArray        *regions;
} Loader;

/* What lies between these marks of an mm has a name of its own. */
typedef struct
{
  guint64 start_brk;
  guint64 brk;
  guint64 start_stack;
  guint64 vdso;
} MmMarks;

typedef struct
{
  P2vVirtAddr va;
  guint64     start;
  guint64     end;
  guint64     flags;
  guint64     pgoff;
  guint64     file;
  guint64     ops;
  guint64     private_data;
} Vma;

static gboolean
read_vma (Loader      *self,
          P2vVirtAddr  va,
          Vma         *ret_vma)
{
  const P2vLinux *kernel = self->kernel;
  P2vVirtualMemory *memory = self->memory;

  *ret_vma = (Vma) { .va = va };
  /* Of a kernel whose fields were inferred some may not be known. */
  (void) !p2v_linux_read_word (kernel, memory, va, LINUX_VMA_FLAGS, &ret_vma->flags);
  (void) !p2v_linux_read_word (kernel, memory, va, LINUX_VMA_PGOFF, &ret_vma->pgoff);
  (void) !p2v_linux_read_word (kernel, memory, va, LINUX_VMA_FILE, &ret_vma->file);
  (void) !p2v_linux_read_word (kernel, memory, va, LINUX_VMA_OPS, &ret_vma->ops);
  (void) !p2v_linux_read_word (kernel, memory, va, LINUX_VMA_PRIVATE_DATA, &ret_vma->private_data);
  return p2v_linux_read_word (kernel, memory, va, LINUX_VMA_START, &ret_vma->start) &&
         p2v_linux_read_word (kernel, memory, va, LINUX_VMA_END, &ret_vma->end) &&
         ret_vma->start < ret_vma->end;
}

static const char *
get_path (Loader      *self,
          P2vVirtAddr  file)
{
  char *path = g_hash_table_lookup (self->paths, &file);

  if (path == NULL)
    {
      path = p2v_linux_dup_file_path (self->kernel, self->memory, file);
      g_hash_table_insert (self->paths, g_memdup2 (&file, sizeof file), path);
    }
  return path;
}

/* The name of an area that the kernel made by itself, or NULL if it is another. Where it is not
 * known which operations such areas have, the name tells: it is in brackets. */
static char *
dup_special_name (Loader    *self,
                  const Vma *vma)
{
  guint64 special_ops = self->kernel->symbols[LINUX_SYMBOL_SPECIAL_MAPPING_VMOPS].va;
  g_autoptr (GString) name = g_string_new (NULL);
  P2vVirtAddr name_va;

  if (vma->ops == 0 || (special_ops != 0 && vma->ops != special_ops))
    return NULL;
  if (p2v_linux_read_word (self->kernel, self->memory, vma->private_data,
                           LINUX_SPECIAL_MAPPING_NAME, &name_va))
    p2v_virtual_memory_append_string (self->memory, name_va, P2V_LIMIT_PATH_BYTES, name);
  if (special_ops == 0 && !(g_str_has_prefix (name->str, "[") && g_str_has_suffix (name->str, "]")))
    return NULL;
  return p2v_text_escape (name->str, (gssize) name->len);
}

/* Source: Linux fs/proc/task_mmu.c show_map_vma(), get_vma_name(); mm.h vma_is_initial_heap() and
 * vma_is_initial_stack(). */
static char *
dup_region_name (Loader        *self,
                 const MmMarks *marks,
                 const Vma     *vma)
{
  char *special_name;

  if (vma->file != 0)
    return g_strdup (get_path (self, vma->file));
  special_name = dup_special_name (self, vma);
  if (special_name != NULL)
    return special_name;
  if (vma->start == marks->vdso && marks->vdso != 0)
    return g_strdup ("[vdso]");
  if (vma->start <= marks->brk && vma->end >= marks->start_brk)
    return g_strdup ("[heap]");
  if (vma->start <= marks->start_stack && vma->end >= marks->start_stack)
    return g_strdup ("[stack]");
  return g_strdup ("");
}

static void
add_region (Loader        *self,
            const MmMarks *marks,
            const Vma     *vma)
{
  P2vRegion *region = g_new0 (P2vRegion, 1);

  region->start_va = vma->start;
  region->length_bytes = vma->end - vma->start;
  region->rights = P2V_RIGHTS_USER | (vma->flags & VM_READ ? P2V_RIGHTS_READ : 0) |
                   (vma->flags & VM_WRITE ? P2V_RIGHTS_WRITE : 0) |
                   (vma->flags & VM_EXEC ? P2V_RIGHTS_EXECUTE : 0);
  region->shared = (vma->flags & VM_MAYSHARE) != 0;
  region->is_pfn_map = (vma->flags & VM_PFNMAP) != 0;
  region->has_uffd_wp = (vma->flags & VM_UFFD_WP) != 0;
  region->is_file = vma->file != 0;
  region->file_offset = region->is_file ? vma->pgoff << p2v_linux_get_page_shift (self->kernel) : 0;
  region->name = dup_region_name (self, marks, vma);
  g_ptr_array_add (self->regions, region);
}

static int
compare_vmas (gconstpointer a,
              gconstpointer b)
{
  guint64 start_a = ((const Vma *) a)->start, start_b = ((const Vma *) b)->start;

  return (start_a > start_b) - (start_a < start_b);
}

static MmMarks
read_marks (Loader *self)
{
  const P2vLinux *kernel = self->kernel;
  MmMarks marks = { .start_brk = G_MAXUINT64, .start_stack = G_MAXUINT64 };

  (void) !p2v_linux_read_word (kernel, self->memory, self->mm, LINUX_MM_START_BRK,
                               &marks.start_brk);
  (void) !p2v_linux_read_word (kernel, self->memory, self->mm, LINUX_MM_BRK, &marks.brk);
  (void) !p2v_linux_read_word (kernel, self->memory, self->mm, LINUX_MM_START_STACK,
                              &marks.start_stack);
  if (kernel->layout[LINUX_MM_VDSO].known)
    (void) !p2v_linux_read_word (kernel, self->memory, self->mm, LINUX_MM_VDSO, &marks.vdso);
  return marks;
}

/* Reads, sorts and adds the areas; what overlaps the one before was stale. */
static void
add_regions (Loader *self,
             GArray *addresses)
{
  g_autoptr (GArray) vmas = g_array_new (FALSE, FALSE, sizeof (Vma));
  MmMarks marks = read_marks (self);
  guint64 end = 0;

  for (guint i = 0; i < addresses->len; i++)
    {
      Vma vma;
      if (read_vma (self, g_array_index (addresses, guint64, i), &vma))
        g_array_append_val (vmas, vma);
    }
  g_array_sort (vmas, compare_vmas);
  for (guint i = 0; i < vmas->len; i++)
    {
      const Vma *vma = &g_array_index (vmas, Vma, i);
      if (vma->start < end)
        continue;
      add_region (self, &marks, vma);
      end = vma->end;
    }
}

gboolean
p2v_linux_load_regions (P2vSystem        *system,
                        P2vAddressSpace  *space,
                        GPtrArray        *regions,
                        GError          **error)
{
  const P2vLinux *kernel = p2v_system_get_backend_data (system);
  if (p2v_address_space_is_kernel (space))
    return p2v_linux_load_kernel_regions (kernel, system, space, regions, error);
  g_autoptr (P2vVirtualMemory) memory = p2v_virtual_memory_new (&kernel->tables, kernel->root_pa);
  g_autoptr (GHashTable) paths =
    g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  g_autoptr (GArray) addresses = g_array_new (FALSE, FALSE, sizeof (guint64));
  Loader self = { .kernel = kernel, .memory = memory, .mm = p2v_address_space_get_object_va (space),
                  .paths = paths, .regions = regions };

  p2v_linux_collect_areas (kernel, memory, self.mm, addresses);
  add_regions (&self, addresses);
  return p2v_virtual_memory_check (memory, error);
}
