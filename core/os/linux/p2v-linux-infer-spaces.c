/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Inference of struct mm_struct and struct vm_area_struct. */

#include "config.h"

#include <string.h>

#include "base/p2v-limits.h"
#include "os/linux/p2v-linux-infer.h"

/* What of an mm_struct and of a vm_area_struct is read; Debian's have what is sought within 640 and
 * 140. */
#define MM_BYTES   1536
#define AREA_BYTES 256

/* As many say all that there is to say. */
#define MAX_SPACES          32
#define MAX_AREAS           1024
#define MAX_AREAS_OF_A_TREE 64

/* Areas that must agree at least. */
#define LEAST_AREAS 8

/* A node of the maple tree has 256 bytes: a pointer, and pivots and slots of these numbers; an
 * arange node has gaps behind the slots. Source: Linux include/linux/maple_tree.h (6.1 to 6.12):
 * struct maple_range_64, maple_arange_64. */
#define RANGE64_SLOTS(word)  ((word) == 8 ? 16u : 32u)
#define ARANGE64_SLOTS(word) ((word) == 8 ? 10u : 21u)

/* Source: Linux include/linux/mm.h: VM_MAYREAD, VM_MAYWRITE and VM_MAYEXEC, which nearly all areas
 * have; VM_GROWSDOWN, which stacks have; VM_EXEC. */
#define VM_MAY_ALL   0x70
#define VM_GROWSDOWN 0x100
#define VM_EXEC      0x04

static gboolean
is_user_pointer (P2vInference *self,
                 guint64       value)
{
  return value != 0 && value < self->kernel->least_kernel_va;
}

static void
take_mms (P2vInference *self)
{
  guint32 offset = self->kernel->layout[LINUX_TASK_MM].offset_bytes;

  for (guint i = SAMPLE_INIT; i < self->tasks->len && self->mms->len < MAX_SPACES; i++)
    {
      P2vVirtAddr mm = p2v_sample_word (self, p2v_sample_get (self->tasks, i), offset);
      if (mm != 0 && !p2v_inference_has_sample (self->mms, mm))
        (void) !p2v_inference_take_sample (self, self->mms, mm, MM_BYTES);
    }
}

/* Whether the table at @root_pa has nothing but tables below it; processes have no pages as large
 * as a root's entry, and what a root is not has other things. */
static gboolean
has_only_tables (P2vInference *self,
                 P2vPhysAddr   root_pa)
{
  const P2vPageTables *tables = &self->kernel->tables;
  const P2vPagingLevel *level = &tables->form->levels[0];
  g_autofree guint64 *entries = g_new (guint64, 1u << level->index_bits);
  guint n_tables = 0;

  if (p2v_paging_read_tables (tables, level, root_pa, 1, entries, NULL) != P2V_READ_OK)
    return FALSE;
  for (guint i = 0; i < 1u << level->index_bits; i++)
    {
      P2vPagingLeaf leaf;
      P2vEntryKind kind = p2v_paging_decode (tables, level, entries[i], &leaf);
      if (kind != P2V_ENTRY_TABLE && kind != P2V_ENTRY_EMPTY)
        return FALSE;
      n_tables += kind == P2V_ENTRY_TABLE;
    }
  return n_tables > 0;
}

/* Whether page tables of a process start at @root_va. Where they have the kernel's half too, they
 * lead to init_task like the kernel's own. */
static gboolean
is_root (P2vInference *self,
         P2vVirtAddr   root_va)
{
  P2vVirtAddr init_task = self->kernel->symbols[LINUX_SYMBOL_INIT_TASK].va;
  P2vPhysAddr root_pa;
  P2vTrail trail;

  if (!p2v_inference_is_pointer (self, root_va) ||
      !p2v_virtual_memory_translate (self->memory, root_va, &root_pa) ||
      root_pa == self->kernel->root_pa)
    return FALSE;
  if (!self->kernel->arch->has_kernel_half)
    return has_only_tables (self, root_pa);
  return p2v_paging_translate (&self->kernel->tables, root_pa, init_task, &trail, NULL) &&
         trail.status == P2V_WALK_MAPPED && trail.pa == init_task - self->kernel->delta;
}

static gboolean
is_pgd (P2vInference *self,
        guint32       offset)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_int64_hash, g_int64_equal);
  guint64 roots[MAX_SPACES];

  for (guint i = 0; i < self->mms->len; i++)
    {
      roots[i] = p2v_sample_word (self, p2v_sample_get (self->mms, i), offset);
      if (!g_hash_table_add (seen, &roots[i]) || !is_root (self, roots[i]))
        return FALSE;
    }
  return self->mms->len > 0;
}

/* The addresses that an mm knows by name: eleven words in the order of start_code, end_code,
 * start_data, end_data, start_brk, brk, start_stack, arg_start, arg_end, env_start, env_end.
 * Source: Linux include/linux/mm_types.h (2.6 to 6.12). */
enum
{
  MARK_START_CODE,
  MARK_END_CODE,
  MARK_START_DATA,
  MARK_END_DATA,
  MARK_START_BRK,
  MARK_BRK,
  MARK_START_STACK,
  MARK_ARG_START,
  MARK_ARG_END,
  MARK_ENV_START,
  MARK_ENV_END,
  N_MARKS,
};

static gboolean
is_marks (P2vInference *self,
          guint32       offset)
{
  guint n = 0;

  for (guint i = 0; i < self->mms->len; i++)
    {
      guint64 marks[N_MARKS];
      gboolean is_user = TRUE;
      for (guint j = 0; j < N_MARKS; j++)
        {
          marks[j] = p2v_sample_word (self, p2v_sample_get (self->mms, i),
                                      offset + j * self->word);
          is_user = is_user && is_user_pointer (self, marks[j]);
        }
      n += is_user && marks[MARK_START_CODE] < marks[MARK_END_CODE] &&
           marks[MARK_START_DATA] <= marks[MARK_END_DATA] &&
           marks[MARK_START_BRK] <= marks[MARK_BRK] &&
           marks[MARK_START_STACK] < marks[MARK_ARG_START] &&
           marks[MARK_ARG_START] <= marks[MARK_ARG_END] &&
           marks[MARK_ARG_END] <= marks[MARK_ENV_START] &&
           marks[MARK_ENV_START] <= marks[MARK_ENV_END];
    }
  return p2v_inference_most (n, self->mms->len);
}

static void
infer_marks (P2vInference *self)
{
  guint32 offset;

  /* What is read may reach into the next mm_struct. */
  if (p2v_inference_search (self, 0, MM_BYTES, self->word, is_marks, &offset) == 0)
    return;
  p2v_inference_set (self, LINUX_MM_START_BRK, offset + MARK_START_BRK * self->word, self->word);
  p2v_inference_set (self, LINUX_MM_BRK, offset + MARK_BRK * self->word, self->word);
  p2v_inference_set (self, LINUX_MM_START_STACK, offset + MARK_START_STACK * self->word,
                     self->word);
}

static void
set_maple_layout (P2vInference *self)
{
  guint word = self->word;
  guint range = RANGE64_SLOTS (word), arange = ARANGE64_SLOTS (word);

  p2v_inference_set (self, LINUX_RANGE64_PIVOT, word, (range - 1) * word);
  p2v_inference_set (self, LINUX_RANGE64_SLOT, range * word, range * word);
  p2v_inference_set (self, LINUX_ARANGE64_PIVOT, word, (arange - 1) * word);
  p2v_inference_set (self, LINUX_ARANGE64_SLOT, arange * word, arange * word);
}

/* Fills self->areas by the tree or list that the layout names now. */
static void
take_areas (P2vInference *self)
{
  g_array_set_size (self->areas, 0);
  for (guint i = 0; i < self->mms->len; i++)
    {
      g_autoptr (GArray) addresses = g_array_new (FALSE, FALSE, sizeof (guint64));
      p2v_linux_collect_areas (self->kernel, self->memory, p2v_sample_get (self->mms, i)->va,
                               addresses);
      for (guint j = 0; j < MIN (addresses->len, MAX_AREAS_OF_A_TREE); j++)
        if (self->areas->len < MAX_AREAS)
          (void) !p2v_inference_take_sample (self, self->areas,
                                             g_array_index (addresses, guint64, j), AREA_BYTES);
    }
}

/* vm_start and behind it vm_end: multiples of the frame size, and areas have no other. */
static gboolean
is_start (P2vInference *self,
          guint32       offset)
{
  for (guint i = 0; i < self->areas->len; i++)
    {
      const P2vSample *area = p2v_sample_get (self->areas, i);
      guint64 start = p2v_sample_word (self, area, offset);
      guint64 end = p2v_sample_word (self, area, offset + self->word);
      if (end <= start || !is_user_pointer (self, end - 1) ||
          start % P2V_FRAME_SIZE != 0 || end % P2V_FRAME_SIZE != 0)
        return FALSE;
    }
  return self->areas->len >= LEAST_AREAS;
}

/* An area knows whose it is. */
static gboolean
has_mm (P2vInference    *self,
        const P2vSample *area)
{
  for (guint32 offset = 0; offset < area->length; offset += self->word)
    if (p2v_inference_has_sample (self->mms, p2v_sample_word (self, area, offset)))
      return TRUE;
  return FALSE;
}

static gboolean
have_mms (P2vInference *self)
{
  for (guint i = 0; i < self->areas->len; i++)
    if (!has_mm (self, p2v_sample_get (self->areas, i)))
      return FALSE;
  return TRUE;
}

/* Whether what @field names stands at @offset of an mm_struct: then it leads to areas, of which a
 * process has several. */
static gboolean
leads_to_areas (P2vInference  *self,
                P2vLinuxField  field,
                guint32        offset)
{
  guint32 start;

  for (guint i = 0; i < self->mms->len; i++)
    if (!p2v_inference_is_pointer (
          self, p2v_sample_word (self, p2v_sample_get (self->mms, i), offset)))
      return FALSE;
  p2v_inference_set (self, field, offset, self->word);
  take_areas (self);
  return self->areas->len > self->mms->len &&
         p2v_inference_search (self, 0, 4 * self->word, self->word, is_start, &start) == 1 &&
         have_mms (self);
}

static gboolean
is_tree (P2vInference *self,
         guint32       offset)
{
  return leads_to_areas (self, LINUX_MM_MA_ROOT, offset);
}

static gboolean
is_list (P2vInference *self,
         guint32       offset)
{
  return leads_to_areas (self, LINUX_MM_MMAP, offset);
}

/* Before the tree an area began with its two addresses and led to the next one. Source: Linux
 * include/linux/mm_types.h (2.6.12 to 6.0), struct vm_area_struct. */
static gboolean
infer_list (P2vInference *self)
{
  P2vLinuxLayoutField *layout = self->kernel->layout;
  guint32 offset;

  layout[LINUX_MM_MA_ROOT].known = FALSE;
  p2v_inference_set (self, LINUX_VMA_NEXT, 2 * self->word, self->word);
  if (p2v_inference_search (self, 0, MM_BYTES / 4, self->word, is_list, &offset) == 1 &&
      is_list (self, offset))
    return TRUE;
  layout[LINUX_MM_MMAP].known = FALSE;
  layout[LINUX_VMA_NEXT].known = FALSE;
  return FALSE;
}

/* Where an mm_struct has what leads to its areas. */
static gboolean
infer_areas (P2vInference *self)
{
  guint32 offset;

  set_maple_layout (self);
  return (p2v_inference_search (self, 0, MM_BYTES / 4, self->word, is_tree, &offset) == 1 &&
          is_tree (self, offset)) ||
         infer_list (self);
}

static gboolean
is_vm_flags (P2vInference *self,
             guint32       offset)
{
  guint n = 0, n_stacks = 0, n_code = 0;

  for (guint i = 0; i < self->areas->len; i++)
    {
      guint64 flags = p2v_sample_word (self, p2v_sample_get (self->areas, i), offset);
      n += (flags & VM_MAY_ALL) == VM_MAY_ALL;
      n_stacks += (flags & VM_GROWSDOWN) != 0;
      n_code += (flags & VM_EXEC) != 0;
      if (flags >= self->kernel->least_kernel_va)
        return FALSE;
    }
  return p2v_inference_most (n, self->areas->len) && n_stacks > 0 && n_code > n_stacks &&
         n_stacks < self->areas->len / 2 && n_code < self->areas->len;
}

/* vm_ops, vm_pgoff, vm_file and vm_private_data, one behind the other: an area of no file and no
 * operations is anonymous, and its offset is its address, unless it was moved. Source: Linux
 * include/linux/mm_types.h (2.6.12 to 6.12), mm/mmap.c do_brk_flags(). */
static gboolean
is_pgoff (P2vInference *self,
          guint32       offset)
{
  guint32 start = self->kernel->layout[LINUX_VMA_START].offset_bytes;
  guint n = 0, n_anonymous = 0, n_files = 0;

  for (guint i = 0; i < self->areas->len; i++)
    {
      const P2vSample *area = p2v_sample_get (self->areas, i);
      guint64 ops = p2v_sample_word (self, area, offset - self->word);
      guint64 file = p2v_sample_word (self, area, offset + self->word);
      if ((ops != 0 && !p2v_inference_is_pointer (self, ops)) ||
          (file != 0 && !p2v_inference_is_pointer (self, file)))
        return FALSE;
      n_files += file != 0;
      if (ops != 0 || file != 0)
        continue;
      n_anonymous++;
      n += p2v_sample_word (self, area, offset) ==
           p2v_sample_word (self, area, start) >> p2v_linux_get_page_shift (self->kernel);
    }
  /* Stacks are moved when a program starts: one in each space. */
  return n >= LEAST_AREAS && n >= n_anonymous / 2 && n_files > 0;
}

static void
infer_area_fields (P2vInference *self)
{
  guint32 start = self->kernel->layout[LINUX_VMA_START].offset_bytes;
  guint word = self->word;
  guint32 offset;

  /* What is read may reach into the next areas. */
  if (p2v_inference_search (self, start + 2 * word, AREA_BYTES, word, is_vm_flags, &offset) > 0)
    p2v_inference_set (self, LINUX_VMA_FLAGS, offset, word);
  if (p2v_inference_search (self, start + 3 * word, AREA_BYTES - 2 * word, word, is_pgoff,
                            &offset) == 0)
    return;
  p2v_inference_set (self, LINUX_VMA_OPS, offset - word, word);
  p2v_inference_set (self, LINUX_VMA_PGOFF, offset, word);
  p2v_inference_set (self, LINUX_VMA_FILE, offset + word, word);
  p2v_inference_set (self, LINUX_VMA_PRIVATE_DATA, offset + 2 * word, word);
}

gboolean
p2v_linux_infer_spaces (P2vInference *self)
{
  guint word = self->word;
  guint32 offset, start;

  take_mms (self);
  if (p2v_inference_search (self, 0, MM_BYTES, word, is_pgd, &offset) == 0)
    return FALSE;
  p2v_inference_set (self, LINUX_MM_PGD, offset, word);
  infer_marks (self);
  if (!infer_areas (self))
    return FALSE;
  if (p2v_inference_search (self, 0, 4 * word, word, is_start, &start) != 1)
    return FALSE;
  p2v_inference_set (self, LINUX_VMA_START, start, word);
  p2v_inference_set (self, LINUX_VMA_END, start + word, word);
  infer_area_fields (self);
  return self->kernel->layout[LINUX_VMA_FILE].known;
}
