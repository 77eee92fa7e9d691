/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Physical memory, page tables and the pool of a Windows machine, and where fields stand. */

#include "p2v-windows-machine.h"

#include <stdio.h>
#include <string.h>

#define PAGE ((guint64) 0x1000)

/* Where what stands: tables and other frames first, then the pool, the kernel's image, large
 * pages. */
#define FRAMES_PA   0x00200000
#define POOL_PA     0x00800000
#define POOL_PAGES  0x180
#define KERNEL_PA   0x00c00000
#define KERNEL_SIZE 0x00400000
#define LARGE_PA    0x01000000
#define LENGTH      0x02000000

/* Addresses of kernels before 8.1 have all ones from bit 44 on. */
#define POOL_VA_64  0xfffffa8001230000
#define POOL_VA_32  0x85000000
#define RECORDS_VA  0xfffffa8000000000
#define RECORDS_PA  0x01e00000
#define RECORDS_VA_32 0xb0000000
#define POOL_VA_3GB 0xc9000000
#define RECORDS_VA_3GB 0xd0000000
#define PAGED_VA_32 0xe1000000 /* where it begins unless the kernel says otherwise */
#define MOVED_VA_32 0xe2400000

/* How each kind of machine translates: the shifts of its levels, the width of an entry, and which
 * entry of the root leads back to it. */
typedef struct
{
  guint n_levels;
  guint shifts[5];
  guint entry_bytes;
  guint root_entries;
  guint self_index;
} Paging;

static const Paging pagings[P2V_TEST_WINDOWS_N_KINDS] = {
  [P2V_TEST_WINDOWS_X64] = { 4, { 39, 30, 21, 12 }, 8, 512, 0x1e7 },
  [P2V_TEST_WINDOWS_LA57] = { 5, { 48, 39, 30, 21, 12 }, 8, 512, 0x1c3 },
  [P2V_TEST_WINDOWS_X86] = { 2, { 22, 12 }, 4, 1024, 0x300 },
  [P2V_TEST_WINDOWS_PAE] = { 3, { 30, 21, 12 }, 8, 4, 0 },
  [P2V_TEST_WINDOWS_ARM64] = { 4, { 39, 30, 21, 12 }, 8, 512, 0x1d2 },
};

/* Flags of entries: to a table for the kernel and for users, and each sort of page. Source: Intel
 * SDM 3A 4.5 and 4.3, Arm ARM D8.3; the software's formats: data/windows/README.md. */
typedef struct
{
  guint64 table_kernel;
  guint64 table_user;
  guint64 pages[8];
} Flags;

static const Flags flags_x86 = { 0x63, 0x67, { 0x163, 0x067, 0x025, 0x0e7, 0x880, 0x880,
                                             0x00456082, 0x80 } };
static const Flags flags_nx = {
  0x63, 0x67,
  { 0x8000000000000163, 0x8000000000000067, 0x8000000000000025, 0x80000000000000e7, 0x890,
    0x0000200000000880, 0x0000123400001090, 0x90 },
};
static const Flags flags_arm = {
  0x0060000000000003, 0x3,
  { 0x0060000000000403, 0x0060000000000443, 0x00600000000004c3, 0x0060000000000441, 0x808, 0x808,
    0x0000123400000048, 0x8 },
};

static const Flags *
get_flags (P2vWindowsMachine *self)
{
  if (self->kind == P2V_TEST_WINDOWS_ARM64)
    return &flags_arm;
  return self->kind == P2V_TEST_WINDOWS_X86 ? &flags_x86 : &flags_nx;
}

static guint64
get_pa (P2vWindowsMachine *self,
        guint64            pa,
        guint              width)
{
  guint64 value = 0;

  g_assert (pa + width <= self->length);
  memcpy (&value, self->bytes + pa, width);
  return GUINT64_FROM_LE (value);
}

static void
put_pa (P2vWindowsMachine *self,
        guint64            pa,
        guint64            value,
        guint              width)
{
  g_assert (pa + width <= self->length);
  value = GUINT64_TO_LE (value);
  memcpy (self->bytes + pa, &value, width);
}

guint64
p2v_windows_machine_take_frame (P2vWindowsMachine *self)
{
  guint64 pa = self->next_frame_pa;

  self->next_frame_pa += PAGE;
  g_assert (self->next_frame_pa <= POOL_PA);
  memset (self->bytes + pa, 0, PAGE);
  return pa;
}

static guint64
get_pool_va (P2vWindowsMachine *self)
{
  if (self->flags & P2V_TEST_WINDOWS_3GB)
    return POOL_VA_3GB;
  return self->pointer_bytes == 8 ? POOL_VA_64 : POOL_VA_32;
}

guint64
p2v_windows_machine_records_va (P2vWindowsMachine *self)
{
  if (self->flags & P2V_TEST_WINDOWS_3GB)
    return RECORDS_VA_3GB;
  return self->pointer_bytes == 8 ? RECORDS_VA : RECORDS_VA_32;
}

guint64
p2v_windows_machine_paged_pool_va (P2vWindowsMachine *self)
{
  return self->flags & P2V_TEST_WINDOWS_NO_DEBUGGER ? PAGED_VA_32 : MOVED_VA_32;
}

/* The pool's pages stand in memory in the opposite order. */
static guint64
get_pool_pa (guint64 page)
{
  return POOL_PA + (POOL_PAGES - 1 - page) * PAGE;
}

guint8 *
p2v_windows_machine_at (P2vWindowsMachine *self,
                        guint64            va)
{
  if (va - self->kernel_va < KERNEL_SIZE)
    return self->bytes + KERNEL_PA + (va - self->kernel_va);
  guint64 offset = va - get_pool_va (self);
  g_assert (offset < POOL_PAGES * PAGE);
  return self->bytes + get_pool_pa (offset / PAGE) + offset % PAGE;
}

void
p2v_windows_machine_put (P2vWindowsMachine *self,
                         guint64            va,
                         guint64            value,
                         guint              width)
{
  put_pa (self, (guint64) (p2v_windows_machine_at (self, va) - self->bytes), value, width);
}

guint64
p2v_windows_machine_get (P2vWindowsMachine *self,
                         guint64            va,
                         guint              width)
{
  return get_pa (self, (guint64) (p2v_windows_machine_at (self, va) - self->bytes), width);
}

guint64
p2v_windows_machine_allocate (P2vWindowsMachine *self,
                              gsize              n_bytes,
                              const char        *tag)
{
  guint header = 2 * self->pointer_bytes;
  gsize length = (header + n_bytes + 15) & ~(gsize) 15;

  /* What is as large as a page has no header and begins with a page. */
  if (n_bytes >= PAGE)
    {
      header = 0;
      length = n_bytes;
    }
  if (self->pool_used % PAGE + length > PAGE)
    self->pool_used = (self->pool_used + PAGE - 1) & ~(PAGE - 1);
  guint64 va = get_pool_va (self) + self->pool_used;
  self->pool_used += length;
  for (guint64 at = va; at < va + length; at++)
    *p2v_windows_machine_at (self, at) = 0;
  if (header != 0)
    memcpy (p2v_windows_machine_at (self, va + 4), tag, 4);
  return va + header;
}

gsize
p2v_windows_machine_large_bytes (P2vWindowsMachine *self)
{
  return self->kind == P2V_TEST_WINDOWS_X86 ? (gsize) 4 << 20 : (gsize) 2 << 20;
}

guint
p2v_windows_machine_entry_bytes (P2vWindowsMachine *self)
{
  return pagings[self->kind].entry_bytes;
}

guint64
p2v_windows_machine_make_entry (P2vWindowsMachine *self,
                                guint64            pa,
                                P2vTestPage        page)
{
  return pa ^ get_flags (self)->pages[page];
}

/* Where the entry of that level on the way to @va stands; tables are made that are missing. */
static guint64
find_entry (P2vWindowsMachine *self,
            guint64            root_pa,
            guint64            va,
            guint              last,
            guint64            table_flags)
{
  const Paging *paging = &pagings[self->kind];
  guint64 table = root_pa;

  for (guint i = 0;; i++)
    {
      guint index_bits = paging->entry_bytes == 4 ? 10 : 9;
      guint64 index = va >> paging->shifts[i] & (((guint64) 1 << index_bits) - 1);
      if (self->kind == P2V_TEST_WINDOWS_PAE && i == 0)
        index &= 3;
      guint64 entry_pa = table + index * paging->entry_bytes;
      if (i == last)
        return entry_pa;
      if (!(get_pa (self, entry_pa, paging->entry_bytes) & 1))
        put_pa (self, entry_pa, p2v_windows_machine_take_frame (self) | table_flags,
                paging->entry_bytes);
      table = get_pa (self, entry_pa, paging->entry_bytes) & 0xfffffffff000;
    }
}

void
p2v_windows_machine_map (P2vWindowsMachine *self,
                         guint64            root_pa,
                         guint64            va,
                         guint64            pa,
                         P2vTestPage        page)
{
  const Paging *paging = &pagings[self->kind];
  const Flags *flags = get_flags (self);
  guint last = page == P2V_TEST_PAGE_LARGE ? paging->n_levels - 2 : paging->n_levels - 1;
  guint64 entry_pa =
    find_entry (self, root_pa, va, last,
                page == P2V_TEST_PAGE_KERNEL ? flags->table_kernel : flags->table_user);

  put_pa (self, entry_pa, p2v_windows_machine_make_entry (self, pa, page), paging->entry_bytes);
  self->n_kernel_mappings += page == P2V_TEST_PAGE_KERNEL;
}

void
p2v_windows_machine_map_prototype (P2vWindowsMachine *self,
                                   guint64            root_pa,
                                   guint64            va,
                                   guint64            prototype_va)
{
  const Paging *paging = &pagings[self->kind];
  guint64 entry = prototype_va << 16 | 0x400;
  guint64 offset = prototype_va - get_pool_va (self);

  /* Before Vista the address is relative to the paged pool, where the pool is mapped too. */
  if (self->kind == P2V_TEST_WINDOWS_X86 && self->build[0] == '5' && prototype_va != 0)
    entry = 0x400 | (offset >> 9) << 11 | (offset & 0x1fc) >> 1;
  else if (self->kind == P2V_TEST_WINDOWS_X86)
    entry = prototype_va == 0 ? 0xfffffc00
                              : 0x400 | (prototype_va & 0x7ffffc00) << 1 |
                                  (prototype_va & 0x3fc) >> 1;
  else if (self->kind == P2V_TEST_WINDOWS_PAE)
    entry = prototype_va << 32 | 0x400;
  if (prototype_va == 0 && self->kind != P2V_TEST_WINDOWS_X86)
    entry = 0xffffffff00000420;
  put_pa (self,
          find_entry (self, root_pa, va, paging->n_levels - 1, get_flags (self)->table_user), entry,
          paging->entry_bytes);
}

void
p2v_windows_machine_lose_table (P2vWindowsMachine *self,
                                guint64            root_pa,
                                guint64            va)
{
  const Paging *paging = &pagings[self->kind];
  guint64 entry_pa =
    find_entry (self, root_pa, va, paging->n_levels - 2, get_flags (self)->table_user);
  guint64 table = get_pa (self, entry_pa, paging->entry_bytes) & 0xfffffffff000;

  put_pa (self, entry_pa, p2v_windows_machine_make_entry (self, table, P2V_TEST_PAGE_TRANSITION),
          paging->entry_bytes);
}

/* Records of kernels with PAE have an entry of 8 bytes before the last word. */
static gboolean
is_widened (P2vWindowsMachine *self)
{
  return self->kind == P2V_TEST_WINDOWS_PAE &&
         p2v_windows_machine_offset (self, "_MMPFN", "(sizeof)") == 0x18;
}

static guint64
get_record_pa (P2vWindowsMachine *self,
               guint64            pa)
{
  guint size = (guint) p2v_windows_machine_offset (self, "_MMPFN", "(sizeof)");

  if (self->flags & P2V_TEST_WINDOWS_REACTOS)
    size += 3 * self->pointer_bytes;
  return RECORDS_PA + pa / PAGE * (size + (is_widened (self) ? 4 : 0));
}

static guint64
get_record_frame_pa (P2vWindowsMachine *self,
                     guint64            pa)
{
  guint offset = (guint) p2v_windows_machine_offset (self, "_MMPFN", "u4");

  return get_record_pa (self, pa) + offset + (is_widened (self) ? 4 : 0);
}

/* One record of the PFN database. */
static void
put_record (P2vWindowsMachine *self,
            guint64            pa,
            guint64            pte_va,
            guint64            table_pa,
            guint              list)
{
  guint64 record_pa = get_record_pa (self, pa);
  gboolean old = self->build[0] == '5';

  put_pa (self, record_pa + (guint) p2v_windows_machine_offset (self, "_MMPFN", "PteAddress"),
          pte_va, self->pointer_bytes);
  put_pa (self, get_record_frame_pa (self, pa), table_pa / PAGE, self->pointer_bytes);
  put_pa (self, record_pa + (guint) p2v_windows_machine_offset (self, "_MMPFN", "u3.e1"),
          old ? list << 8 : list, 2);
}

void
p2v_windows_machine_note_page (P2vWindowsMachine *self,
                               guint64            root_pa,
                               guint64            va,
                               guint              list)
{
  const Paging *paging = &pagings[self->kind];
  const guint width = paging->entry_bytes;
  gboolean is_pae = self->kind == P2V_TEST_WINDOWS_PAE;
  guint64 tables_va = self->pointer_bytes == 4
                        ? 0xc0300000
                        : (guint64) 0xffff << 48 | (guint64) paging->self_index << 39;
  guint64 top_pa = is_pae ? get_pa (self, root_pa + 24, 8) & ~(PAGE - 1) : root_pa;

  put_record (self, top_pa, tables_va | (is_pae ? 3 : paging->self_index) * width, top_pa, 6);
  for (guint i = 0; i < paging->n_levels; i++)
    {
      guint64 entry_pa = find_entry (self, root_pa, va, i, 0);
      /* The entries of a PAE root are those of the fourth directory, too. */
      if (is_pae && i == 0)
        entry_pa = top_pa | (entry_pa & 0x1f);
      put_record (self, get_pa (self, entry_pa, width) & 0xfffffff000, tables_va | entry_pa % PAGE,
                  entry_pa & ~(PAGE - 1), i + 1 == paging->n_levels ? list : 6);
    }
}

void
p2v_windows_machine_note_prototype (P2vWindowsMachine *self,
                                    guint64            pa,
                                    guint64            prototype_va,
                                    guint64            subsection_va,
                                    guint              list)
{
  guint64 record_pa = get_record_pa (self, pa);
  int bit = p2v_windows_machine_offset (self, "_MMPFN", "u4.PrototypePte");
  guint64 frame_pa = get_record_frame_pa (self, pa);

  if (self->pointer_bytes != 8)
    return;
  /* Before Vista the bit stands beside the number of the list. */
  put_record (self, pa, prototype_va, 0, list);
  if (self->build[0] == '5')
    put_pa (self, record_pa + (guint) p2v_windows_machine_offset (self, "_MMPFN", "u3.e1"),
            list << 8 | 8, 2);
  put_pa (self, frame_pa, bit >= 0 ? (guint64) 1 << bit : 0, 8);
  put_pa (self, record_pa + (guint) p2v_windows_machine_offset (self, "_MMPFN", "OriginalPte"),
          subsection_va << 16 | 0x400, 8);
}

/* The four directories of a PAE root, the last of which maps them all. */
static void
make_pae_directories (P2vWindowsMachine *self,
                      guint64            root_pa)
{
  for (guint i = 0; i < 4; i++)
    put_pa (self, root_pa + 8 * i, p2v_windows_machine_take_frame (self) | 1, 8);
  guint64 last = get_pa (self, root_pa + 24, 8) & ~(PAGE - 1);
  for (guint i = 0; i < 4; i++)
    put_pa (self, last + 8 * i, (get_pa (self, root_pa + 8 * i, 8) & ~(PAGE - 1)) | 0x63, 8);
}

static void
make_self_entry (P2vWindowsMachine *self,
                 guint64            root_pa)
{
  const Paging *paging = &pagings[self->kind];

  if (self->kind == P2V_TEST_WINDOWS_PAE)
    make_pae_directories (self, root_pa);
  else
    put_pa (self, root_pa + paging->self_index * paging->entry_bytes,
            root_pa | get_flags (self)->table_kernel, paging->entry_bytes);
}

static void
copy_kernel_half (P2vWindowsMachine *self,
                  guint64            root_pa)
{
  guint half = self->kind == P2V_TEST_WINDOWS_PAE ? 0 : PAGE / 2;

  if (self->kind != P2V_TEST_WINDOWS_PAE)
    memcpy (self->bytes + root_pa + half, self->bytes + self->system_root_pa + half, PAGE - half);
  make_self_entry (self, root_pa);
  for (guint i = 2; i < 4 && self->kind == P2V_TEST_WINDOWS_PAE; i++)
    {
      guint64 from = get_pa (self, self->system_root_pa + 8 * i, 8) & ~(PAGE - 1);
      guint64 to = get_pa (self, root_pa + 8 * i, 8) & ~(PAGE - 1);
      guint skipped = i == 3 ? 4 * 8 : 0;
      memcpy (self->bytes + to + skipped, self->bytes + from + skipped, PAGE - skipped);
    }
}

guint64
p2v_windows_machine_new_root (P2vWindowsMachine *self)
{
  guint64 root_pa = p2v_windows_machine_take_frame (self);

  /* Roots of PAE stand anywhere at multiples of 32. */
  if (self->kind == P2V_TEST_WINDOWS_PAE)
    root_pa += 0x2a0;
  copy_kernel_half (self, root_pa);
  return root_pa;
}

guint64
p2v_windows_machine_new_shadow (P2vWindowsMachine *self,
                                guint64            root_pa)
{
  guint64 shadow_pa = p2v_windows_machine_take_frame (self);
  guint64 kernel_index = self->kernel_va >> pagings[self->kind].shifts[0] & 511;

  memcpy (self->bytes + shadow_pa, self->bytes + root_pa, PAGE / 2);
  put_pa (self, shadow_pa + kernel_index * 8, get_pa (self, root_pa + kernel_index * 8, 8), 8);
  make_self_entry (self, shadow_pa);
  return shadow_pa;
}

void
p2v_windows_machine_map_kernel (P2vWindowsMachine *self)
{
  guint64 shared_va = self->pointer_bytes == 8 ? 0xfffff78000000000 : 0xffdf0000;
  guint64 pool_va = get_pool_va (self);

  self->next_frame_pa = FRAMES_PA;
  self->system_root_pa = p2v_windows_machine_take_frame (self);
  make_self_entry (self, self->system_root_pa);
  for (guint64 offset = 0; offset < KERNEL_SIZE; offset += PAGE)
    p2v_windows_machine_map (self, self->system_root_pa, self->kernel_va + offset,
                             KERNEL_PA + offset, P2V_TEST_PAGE_KERNEL);
  for (guint64 page = 0; page < POOL_PAGES; page++)
    p2v_windows_machine_map (self, self->system_root_pa, pool_va + page * PAGE, get_pool_pa (page),
                             P2V_TEST_PAGE_KERNEL);
  for (guint64 page = 0; page < POOL_PAGES && self->pointer_bytes == 4; page++)
    p2v_windows_machine_map (self, self->system_root_pa,
                             p2v_windows_machine_paged_pool_va (self) + page * PAGE,
                             get_pool_pa (page), P2V_TEST_PAGE_KERNEL);
  for (guint64 offset = 0; offset < LENGTH / PAGE * 0x48; offset += PAGE)
    {
      memset (self->bytes + RECORDS_PA + offset, 0, PAGE);
      p2v_windows_machine_map (self, self->system_root_pa,
                               p2v_windows_machine_records_va (self) + offset, RECORDS_PA + offset,
                               P2V_TEST_PAGE_KERNEL);
    }
  self->shared_page_pa = p2v_windows_machine_take_frame (self);
  p2v_windows_machine_map (self, self->system_root_pa, shared_va, self->shared_page_pa,
                           P2V_TEST_PAGE_KERNEL);
  p2v_windows_machine_note_page (self, self->system_root_pa, shared_va, 6);
}

static void
free_line (gpointer line)
{
  g_strfreev (line);
}

void
p2v_windows_machine_read_offsets (P2vWindowsMachine *self,
                                  const char        *csv_path)
{
  char *text = NULL;

  g_assert (g_file_get_contents (csv_path, &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  self->offsets = g_ptr_array_new_with_free_func (free_line);
  for (char **line = lines; *line != NULL; line++)
    if (**line != '\0')
      g_ptr_array_add (self->offsets, g_strsplit (*line, ",", -1));
  g_free (text);
}

/* A version as a number that compares. */
static guint64
parse_version (const char *text)
{
  unsigned parts[4] = { 0 };

  (void) !sscanf (text, "%u.%u.%u.%u", &parts[0], &parts[1], &parts[2], &parts[3]);
  return (guint64) parts[0] << 48 | (guint64) parts[1] << 40 | (guint64) parts[2] << 20 | parts[3];
}

enum
{
  COLUMN_ARCH,
  COLUMN_STRUCTURE,
  COLUMN_FIELD,
  COLUMN_FIRST,
  COLUMN_LAST,
  COLUMN_OFFSET,
  COLUMN_BIT,
};

/* The line for this very build, else, unless it must be @exact, of the nearest before it. */
static char **
find_line (P2vWindowsMachine *self,
           const char        *arch,
           const char        *structure,
           const char        *field,
           gboolean           exact)
{
  guint64 build = parse_version (self->build);
  char **best = NULL;

  for (guint i = 0; i < self->offsets->len; i++)
    {
      char **line = g_ptr_array_index (self->offsets, i);
      if (strcmp (line[COLUMN_ARCH], arch) != 0 ||
          strcmp (line[COLUMN_STRUCTURE], structure) != 0 ||
          strcmp (line[COLUMN_FIELD], field) != 0 || parse_version (line[COLUMN_FIRST]) > build)
        continue;
      if (parse_version (line[COLUMN_LAST]) >= build)
        return line;
      if (exact)
        continue;
      if (best == NULL || parse_version (best[COLUMN_LAST]) < parse_version (line[COLUMN_LAST]))
        best = line;
    }
  return best;
}

/* ReactOS with 64 bits has a shorter beginning of processes than any kernel that was published. */
static int
get_shift (P2vWindowsMachine *self,
           const char        *structure,
           const char        *field)
{
  gboolean is_shifted = (self->flags & P2V_TEST_WINDOWS_REACTOS) && self->pointer_bytes == 8;

  return is_shifted && (strcmp (structure, "_EPROCESS") == 0 ||
                        (strcmp (structure, "_KPROCESS") == 0 && strcmp (field, "(sizeof)") == 0))
           ? -8
           : 0;
}

int
p2v_windows_machine_offset (P2vWindowsMachine *self,
                            const char        *structure,
                            const char        *field)
{
  static const char *const arches[P2V_TEST_WINDOWS_N_KINDS][2] = {
    { "x64", "x64" }, { "x64", "x64" }, { "x86", "x86pae" }, { "x86pae", "x86" },
    { "arm64", "x64" },
  };

  for (guint i = 0; i < 4; i++)
    {
      char **line = find_line (self, arches[self->kind][i % 2], structure, field, i < 2);
      if (line != NULL)
        return (int) (*line[COLUMN_BIT] != '\0'
                        ? g_ascii_strtoull (line[COLUMN_BIT], NULL, 10)
                        : g_ascii_strtoull (line[COLUMN_OFFSET], NULL, 16)) +
               get_shift (self, structure, field);
    }
  return -1;
}
