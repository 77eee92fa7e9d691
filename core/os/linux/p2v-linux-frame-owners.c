/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <inttypes.h>

#include "os/linux/p2v-linux-areas.h"
#include "os/linux/p2v-linux-frame-names.h"

/* Frames that are taken in: 64 GiB of the kernel's own. What is beyond is damage, or stays
 * unnamed. */
#define MAX_OWNED_FRAMES ((guint) 16 << 20)

/* Source: Linux include/linux/threads.h and arch/x86/Kconfig NR_CPUS: at most 8192. */
#define MAX_UNITS 8192

/* A unit has the static variables of the kernel and of modules; 2 MiB is usual. */
#define MAX_UNIT_BYTES ((guint64) 64 << 20)

/* Stacks have 8, 16 or, with KASAN, 32 or 64 KiB: those that have no area 16, or 8 where a word has
 * 4 bytes. Source: Linux arch/x86/include/asm/page_64_types.h, page_32_types.h,
 * THREAD_SIZE_ORDER. */
#define STACK_WORDS     ((guint64) 2 << 10)
#define MAX_STACK_BYTES ((guint64) 64 << 10)

typedef struct
{
  const P2vLinux      *kernel;
  P2vSystem           *system;
  P2vVirtualMemory    *memory;
  P2vLinuxFrameOwners *owners;
  GPtrArray           *modules;
  GArray              *areas;  /* P2vLinuxVmArea */
  GArray              *claims; /* Claim */
} Loader;

/* A run of the kernel's addresses. */
typedef struct
{
  P2vVirtAddr  start_va;
  guint64      length_bytes;
  P2vFrameKind kind;
  guint        name;
} Claim;

static guint
take_name (Loader     *self,
           char       *name,
           P2vProcess *process)
{
  g_ptr_array_add (self->owners->names, name);
  g_array_append_val (self->owners->processes, process);
  return self->owners->names->len - 1;
}

static void
claim (Loader      *self,
       P2vFrameKind kind,
       P2vVirtAddr  start_va,
       guint64      length_bytes,
       guint        name)
{
  Claim run = { start_va, length_bytes, kind, name };

  g_array_append_val (self->claims, run);
}

/* A stack is as long as its area, where it has one. */
static void
claim_stacks (Loader *self)
{
  g_autoptr (GPtrArray) stacks = p2v_linux_load_stacks (self->kernel, self->system, self->memory);

  for (guint i = 0; i < stacks->len; i++)
    {
      const P2vLinuxStack *stack = g_ptr_array_index (stacks, i);
      const P2vLinuxVmArea *area = p2v_linux_find_vm_area (self->areas, stack->start_va);
      guint64 length =
        area != NULL && area->length_bytes <= MAX_STACK_BYTES
          ? area->length_bytes
          : STACK_WORDS * self->kernel->arch->word_bytes;
      claim (self, P2V_FRAME_KIND_KERNEL_STACK, stack->start_va, length,
             take_name (self, g_strdup (stack->name), stack->process));
    }
}

static void
claim_modules (Loader *self)
{
  for (guint i = 0; i < self->modules->len; i++)
    {
      const P2vLinuxModulePart *part = g_ptr_array_index (self->modules, i);
      claim (self, P2V_FRAME_KIND_MODULE, part->start_va, part->length_bytes,
             take_name (self, g_strdup (part->name), NULL));
    }
}

/* All areas but those of devices, which are no memory. */
static void
claim_areas (Loader *self)
{
  for (guint i = 0; i < self->areas->len; i++)
    {
      const P2vLinuxVmArea *area = &g_array_index (self->areas, P2vLinuxVmArea, i);
      if (area->is_device)
        continue;
      g_autofree char *caller = p2v_linux_dup_vm_caller (self->kernel, self->modules, area);
      /* Source: Linux mm/vmalloc.c, pcpu_get_vm_areas(), which names itself as the caller. */
      gboolean is_per_cpu = g_strcmp0 (caller, "pcpu_get_vm_areas") == 0;
      claim (self, is_per_cpu ? P2V_FRAME_KIND_PER_CPU : P2V_FRAME_KIND_VMALLOC, area->start_va,
             area->length_bytes,
             take_name (self, g_strdup (caller != NULL && !is_per_cpu ? caller : ""), NULL));
    }
}

static gboolean
read_variable (Loader     *self,
               const char *name,
               guint64    *ret_value)
{
  P2vVirtAddr va;

  return p2v_symbol_table_find (self->kernel->symbol_table, name, &va) &&
         p2v_linux_read_word_at (self->kernel, self->memory, va, ret_value);
}

/* The first chunk, which is set up before there is vmalloc: a unit for each processor, of which the
 * rear part was given back: what of it is not reserved is somebody else's. Source: Linux
 * mm/percpu.c, pcpu_setup_first_chunk(). */
static void
claim_units (Loader *self)
{
  guint64 base_va, offsets_va, unit_bytes, n_units, offset;

  if (!read_variable (self, "pcpu_base_addr", &base_va) ||
      !read_variable (self, "pcpu_unit_offsets", &offsets_va) ||
      !read_variable (self, "pcpu_unit_size", &unit_bytes) ||
      !read_variable (self, "pcpu_nr_units", &n_units))
    return;
  /* The last two are int, not long. */
  n_units = (guint32) n_units;
  unit_bytes = (guint32) unit_bytes;
  if (n_units > MAX_UNITS || unit_bytes > MAX_UNIT_BYTES)
    return;
  for (guint64 i = 0; i < n_units; i++)
    if (p2v_linux_read_word_at (self->kernel, self->memory,
                                offsets_va + i * self->kernel->arch->word_bytes, &offset))
      claim (self, P2V_FRAME_KIND_PER_CPU, base_va + offset, unit_bytes,
             take_name (self, g_strdup_printf ("%" PRIu64, i), NULL));
}

/* The records of all frames that the image has; those of others may not be there at all. */
static void
claim_records (Loader                   *self,
               const P2vLinuxPageLayout *layout)
{
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (self->kernel->image, &n_ranges);
  guint name = take_name (self, g_strdup (""), NULL);

  if (!layout->known)
    return;
  for (gsize i = 0; i < n_ranges; i++)
    {
      guint64 first = ranges[i].start_pa >> layout->frame_shift;
      guint64 last = (ranges[i].start_pa + (ranges[i].length_bytes - 1)) >> layout->frame_shift;
      P2vVirtAddr start_va = layout->first_va + first * layout->size_bytes;
      P2vVirtAddr page_va = start_va & ~(P2V_FRAME_SIZE - 1);

      claim (self, P2V_FRAME_KIND_FRAME_TABLE, page_va,
             (start_va - page_va) + (last - first + 1) * layout->size_bytes, name);
    }
}

/* With page-table isolation a root is two frames that were asked for at once: behind the one that
 * mm->pgd tells comes the one for user mode. Source: Linux arch/x86/include/asm/pgtable.h,
 * PTI_PGTABLE_SWITCH_BIT. */
static void
add_root_copies (Loader *self)
{
  for (guint i = 0; i < p2v_system_get_n_user_spaces (self->system); i++)
    {
      P2vAddressSpace *space = p2v_system_get_space (self->system, i);
      P2vLinuxFrameOwner owner = {
        .pfn = (p2v_address_space_get_root_pa (space) >> P2V_FRAME_SHIFT) + 1,
        .kind = P2V_FRAME_KIND_PAGE_TABLE,
      };

      if (p2v_address_space_get_n_owners (space) == 0)
        continue;
      P2vProcess *process = p2v_address_space_get_owner (space, 0);
      owner.name = take_name (self,
                              g_strdup_printf ("%s (%" PRId64 ")", p2v_process_get_name (process),
                                               p2v_process_get_pid (process)),
                              process);
      g_array_append_val (self->owners->owners, owner);
    }
}

/* Adds the frames of a page that begins at @va. */
static void
add_frames (Loader      *self,
            const Claim *run,
            P2vVirtAddr  va,
            P2vPhysAddr  pa,
            guint64      length_bytes)
{
  for (guint64 at = 0; at < length_bytes && self->owners->owners->len < MAX_OWNED_FRAMES;
       at += P2V_FRAME_SIZE)
    {
      P2vLinuxFrameOwner owner = { .pfn = (pa + at) >> P2V_FRAME_SHIFT,
                                   .kind = run->kind,
                                   .name = run->name,
                                   .va = va + at,
                                   .offset_bytes = va + at - run->start_va };
      g_array_append_val (self->owners->owners, owner);
    }
}

/* Follows the kernel's page tables for a run, a page at a time. What is not mapped is passed over:
 * guard pages, and what has memory behind it only in part. */
static gboolean
add_run (Loader       *self,
         const Claim  *run,
         GError      **error)
{
  P2vVirtAddr va = run->start_va;
  guint64 left = run->length_bytes;

  while (left > 0 && self->owners->owners->len < MAX_OWNED_FRAMES)
    {
      P2vTrail trail;

      if (!p2v_paging_translate (&self->kernel->tables, self->kernel->root_pa, va, &trail, error))
        return FALSE;
      guint shift = trail.status == P2V_WALK_MAPPED ? trail.page_shift : P2V_FRAME_SHIFT;
      guint64 length = ((guint64) 1 << shift) - (va & (((guint64) 1 << shift) - 1));
      length = MIN (length, left);
      if (trail.status == P2V_WALK_MAPPED)
        add_frames (self, run, va, trail.pa, length);
      va += length;
      left -= length;
    }
  return TRUE;
}

/* By frame; of several owners the one that was claimed first, which says most. */
static int
compare_owners (gconstpointer a,
                gconstpointer b)
{
  const P2vLinuxFrameOwner *x = a, *y = b;

  if (x->pfn != y->pfn)
    return (x->pfn > y->pfn) - (x->pfn < y->pfn);
  return (x->name > y->name) - (x->name < y->name);
}

static gboolean
add_claims (Loader  *self,
            GError **error)
{
  for (guint i = 0; i < self->claims->len; i++)
    if (!add_run (self, &g_array_index (self->claims, Claim, i), error))
      return FALSE;
  add_root_copies (self);
  g_array_sort (self->owners->owners, compare_owners);
  return TRUE;
}

static P2vLinuxFrameOwners *
new_empty (const P2vLinux   *kernel,
           P2vVirtualMemory *memory)
{
  P2vLinuxFrameOwners *self = g_new0 (P2vLinuxFrameOwners, 1);

  self->owners = g_array_new (FALSE, FALSE, sizeof (P2vLinuxFrameOwner));
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->processes = g_array_new (FALSE, FALSE, sizeof (P2vProcess *));
  self->modules = p2v_linux_load_modules (kernel, memory);
  return self;
}

P2vLinuxFrameOwners *
p2v_linux_frame_owners_new (const P2vLinux            *kernel,
                            P2vSystem                 *system,
                            P2vVirtualMemory          *memory,
                            const P2vLinuxPageLayout  *layout,
                            GError                   **error)
{
  g_autoptr (P2vLinuxFrameOwners) owners = new_empty (kernel, memory);
  g_autoptr (GArray) areas = p2v_linux_load_vm_areas (kernel, memory);
  g_autoptr (GArray) claims = g_array_new (FALSE, FALSE, sizeof (Claim));
  Loader self = { .kernel = kernel,
                  .system = system,
                  .memory = memory,
                  .owners = owners,
                  .modules = owners->modules,
                  .areas = areas,
                  .claims = claims };

  claim_stacks (&self);
  claim_modules (&self);
  claim_areas (&self);
  claim_units (&self);
  claim_records (&self, layout);
  if (!add_claims (&self, error) || !p2v_virtual_memory_check (memory, error))
    return NULL;
  return g_steal_pointer (&owners);
}

void
p2v_linux_frame_owners_free (P2vLinuxFrameOwners *self)
{
  g_array_unref (self->owners);
  g_ptr_array_unref (self->names);
  g_array_unref (self->processes);
  g_ptr_array_unref (self->modules);
  g_free (self);
}

const P2vLinuxFrameOwner *
p2v_linux_frame_owners_find (const P2vLinuxFrameOwners *self,
                             guint64                    pfn,
                             guint                     *ret_n_owners)
{
  const P2vLinuxFrameOwner *owners = (const P2vLinuxFrameOwner *) (gpointer) self->owners->data;
  guint low = 0, high = self->owners->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      if (owners[middle].pfn < pfn)
        low = middle + 1;
      else
        high = middle;
    }
  while (high < self->owners->len && owners[high].pfn == pfn)
    high++;
  *ret_n_owners = high - low;
  return low < high ? owners + low : NULL;
}
