/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The members of the kernel's records of vmalloc, for kernels that describe them nowhere. */

#include "config.h"

#include "os/linux/p2v-linux-areas.h"

/* How far into struct vmap_area and struct vm_struct they are looked for, in words. Source: Linux
 * include/linux/vmalloc.h (5.10 to 7.2): 10 and 11. */
#define AREA_WORDS 16
#define VM_WORDS   16

/* As many areas say all that there is to say. */
#define MAX_SAMPLES 1024

/* How struct vm_struct begins: a link, the address, the size, the flags. Source: Linux
 * include/linux/vmalloc.h, since 2.6. */
#define VM_ADDRESS_WORD 1
#define VM_FLAGS_WORD   3

typedef struct
{
  const P2vLinux   *kernel;
  P2vVirtualMemory *memory;
  GArray           *objects;
  guint             n_samples;
  guint             word;
  guint32           start;
  guint32           vm;
} Search;

/* How many objects say that a member is at @offset. */
typedef guint (*CountFunc) (const Search *self,
                            guint32       offset);

static guint64
read_word (const Search *self,
           P2vVirtAddr   va)
{
  guint64 value;

  return p2v_linux_read_word_at (self->kernel, self->memory, va, &value) ? value : 0;
}

/* The struct vm_struct of the @i-th area, by the pointer at @offset; 0 if that leads to none, for
 * its address is that of the area. */
static P2vVirtAddr
get_vm (const Search *self,
        guint         i,
        guint32       offset)
{
  P2vVirtAddr area_va = g_array_index (self->objects, P2vVirtAddr, i);
  P2vVirtAddr vm_va = read_word (self, area_va + offset);

  if (vm_va < self->kernel->least_kernel_va ||
      read_word (self, vm_va + VM_ADDRESS_WORD * self->word) !=
        read_word (self, area_va + self->start))
    return 0;
  return vm_va;
}

/* Whether @va may be where a function was called from: in the kernel's code, or in a module. */
static gboolean
is_code (const Search *self,
         P2vVirtAddr   va)
{
  const P2vSymbol *symbols = self->kernel->symbols;

  return va >= symbols[LINUX_SYMBOL_TEXT].va && va < symbols[LINUX_SYMBOL_ETEXT].va;
}

/* How many areas have a struct vm_struct by the pointer at @offset. */
static guint
count_vms (const Search *self,
           guint32       offset)
{
  guint n = 0;

  for (guint i = 0; i < self->n_samples; i++)
    n += get_vm (self, i, offset) != 0;
  return n;
}

static guint
count_callers (const Search *self,
               guint32       offset)
{
  guint n = 0;

  for (guint i = 0; i < self->n_samples; i++)
    {
      P2vVirtAddr vm_va = get_vm (self, i, self->vm);
      n += vm_va != 0 && is_code (self, read_word (self, vm_va + offset));
    }
  return n;
}

/* The offset of which most of @total say that it is the one; FALSE if there is none. */
static gboolean
find_most (const Search *self,
           CountFunc     count,
           guint         n_words,
           guint         total,
           guint32      *ret_offset)
{
  guint best = 0;

  for (guint i = 0; i < n_words; i++)
    {
      guint n = count (self, i * self->word);
      if (n <= best)
        continue;
      best = n;
      *ret_offset = i * self->word;
    }
  return best > 0 && best >= total / 2;
}

/* Areas of vm_map_ram() have no struct vm_struct; modules' drivers ask for some areas, the kernel
 * for most. */
gboolean
p2v_linux_infer_vm_members (const P2vLinux   *self,
                            P2vVirtualMemory *memory,
                            GArray           *objects,
                            guint32           start,
                            guint32          *ret_vm,
                            guint32          *ret_flags,
                            guint32          *ret_caller)
{
  Search search = { .kernel = self,
                    .memory = memory,
                    .objects = objects,
                    .n_samples = MIN (objects->len, MAX_SAMPLES),
                    .word = self->arch->word_bytes,
                    .start = start };

  if (!find_most (&search, count_vms, AREA_WORDS, search.n_samples, &search.vm) ||
      !find_most (&search, count_callers, VM_WORDS, count_vms (&search, search.vm), ret_caller))
    return FALSE;
  *ret_vm = search.vm;
  *ret_flags = VM_FLAGS_WORD * search.word;
  return TRUE;
}
