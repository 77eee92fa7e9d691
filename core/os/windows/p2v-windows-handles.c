/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Processes in tables of handles: PspCidTable, where the number of a process is its handle, and the
 * tables of csrss.exe, which has a handle to each process. */

#include "config.h"

#include <string.h>

#include "os/windows/p2v-windows-finder.h"

/* TableCode is the address of a page and, in its low bits, how many levels of pages of pointers are
 * above the pages of entries. Source: data/windows/README.md, "handles". */
#define CODE_LEVELS     ((P2vVirtAddr) 3)
#define CODE_FLAGS      ((P2vVirtAddr) 7)
#define MAX_LEVEL       2

/* PspCidTable among the debugger's data. Source: data/windows/README.md, "debugger data". */
#define DEBUGGER_CID    0x58

/* An entry is two words of the kernel's size; numbers of handles are multiples of 4. */
#define HANDLE_STEP     4
#define SYSTEM_PID      4

/* How an entry holds the address of an object. Source: data/windows/README.md, "handles". */
typedef P2vVirtAddr (*DecodeFunc) (P2vVirtAddr entry);

static P2vVirtAddr
decode_plain (P2vVirtAddr entry)
{
  return entry & ~CODE_FLAGS;
}

/* Windows 8: 45 bits of the address from bit 23 on. */
static P2vVirtAddr
decode_8 (P2vVirtAddr entry)
{
  return (P2vVirtAddr) ((gint64) entry >> 19) & ~(P2vVirtAddr) 0xf;
}

/* Windows 8.1 and later: 44 bits from bit 20 on. */
static P2vVirtAddr
decode_8_1 (P2vVirtAddr entry)
{
  return entry >> 20 << 4 | (P2vVirtAddr) G_MAXUINT16 << 48;
}

static const DecodeFunc decoders_64[] = { decode_plain, decode_8, decode_8_1 };
static const DecodeFunc decoders_32[] = { decode_plain };

static const DecodeFunc *
get_decoders (const P2vWindows *kernel,
              gsize            *ret_n_decoders)
{
  gboolean is_64 = kernel->pointer_bytes == sizeof (guint64);

  *ret_n_decoders = is_64 ? G_N_ELEMENTS (decoders_64) : G_N_ELEMENTS (decoders_32);
  return is_64 ? decoders_64 : decoders_32;
}

/* What is done with the entries of a table. */
typedef struct
{
  guint  body_offset;          /* of an object from where an entry leads */
  guint  method;               /* processes are noted as seen by it; 0: entries are only counted */
  gint64 n_entries;            /* in use */
} TableReading;

static gboolean
is_in_use (const P2vWindows *kernel,
           P2vVirtAddr       entry)
{
  gsize n_decoders;
  const DecodeFunc *decoders = get_decoders (kernel, &n_decoders);

  for (gsize i = 0; i < n_decoders; i++)
    if (p2v_windows_is_kernel_va (kernel, decoders[i] (entry)))
      return TRUE;
  return FALSE;
}

/* Tries the entry in every way there is: only one gives an address of the kernel with a process. */
static void
see_entry (P2vWindowsFinder *self,
           P2vVirtAddr       entry,
           TableReading     *reading)
{
  gsize n_decoders;
  const DecodeFunc *decoders = get_decoders (self->kernel, &n_decoders);

  reading->n_entries += is_in_use (self->kernel, entry);
  for (gsize i = 0; i < n_decoders && reading->method != 0; i++)
    {
      P2vVirtAddr va = decoders[i] (entry);
      if (p2v_windows_is_kernel_va (self->kernel, va) &&
          p2v_windows_finder_see (self, va + reading->body_offset, reading->method))
        return;
    }
}

/* A page of a table that is still to be read. */
typedef struct
{
  P2vVirtAddr va;
  guint       level;
} TablePage;

static void
read_page (P2vWindowsFinder *self,
           const TablePage  *page,
           TableReading     *reading,
           GArray           *queue)
{
  const P2vWindows *kernel = self->kernel;
  guint step = page->level == 0 ? 2 * kernel->pointer_bytes : kernel->pointer_bytes;
  guint8 bytes[P2V_FRAME_SIZE];

  if (!p2v_virtual_memory_read (self->memory, page->va, bytes, sizeof bytes))
    return;
  for (guint offset = 0; offset < sizeof bytes && self->n_links_left > 0; offset += step)
    {
      P2vVirtAddr word = p2v_windows_pointer_at (kernel, bytes, sizeof bytes, offset);
      if (word == 0)
        continue;
      self->n_links_left--;
      if (page->level == 0)
        see_entry (self, word, reading);
      else if (p2v_windows_is_kernel_va (kernel, word) && word % P2V_FRAME_SIZE == 0)
        g_array_append_val (queue, ((TablePage) { word, page->level - 1 }));
    }
}

/* FALSE if there is no table, or more of it than is followed. */
static gboolean
read_table (P2vWindowsFinder *self,
            P2vVirtAddr       table_va,
            TableReading     *reading)
{
  g_autoptr (GArray) queue = g_array_new (FALSE, FALSE, sizeof (TablePage));
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  P2vVirtAddr code;

  if (!p2v_windows_is_kernel_va (self->kernel, table_va) ||
      !p2v_windows_read_field (self->kernel, self->memory, table_va, WINDOWS_HANDLE_TABLE_CODE,
                               &code) ||
      (code & CODE_LEVELS) > MAX_LEVEL)
    return FALSE;
  TablePage first = { code & ~CODE_FLAGS, (guint) (code & CODE_LEVELS) };
  g_array_append_val (queue, first);
  for (guint i = 0; i < queue->len; i++)
    {
      TablePage page = g_array_index (queue, TablePage, i);
      if (g_hash_table_add (seen, g_memdup2 (&page.va, sizeof page.va)))
        read_page (self, &page, reading, queue);
    }
  return self->n_links_left > 0;
}

gint64
p2v_windows_count_handles (P2vWindowsFinder *self,
                           P2vVirtAddr       table_va)
{
  TableReading reading = { 0 };

  return read_table (self, table_va, &reading) ? reading.n_entries : -1;
}

/* Whether System stands in the table at @table_va where its number is. */
static gboolean
is_cid_table (P2vWindowsFinder *self,
              P2vVirtAddr       table_va)
{
  const P2vWindows *kernel = self->kernel;
  gsize n_decoders;
  const DecodeFunc *decoders = get_decoders (kernel, &n_decoders);
  P2vVirtAddr code, entry;

  if (!p2v_windows_is_kernel_va (kernel, table_va) || table_va % kernel->pointer_bytes != 0 ||
      !p2v_windows_read_field (kernel, self->memory, table_va, WINDOWS_HANDLE_TABLE_CODE, &code) ||
      (code & CODE_LEVELS) > MAX_LEVEL)
    return FALSE;
  P2vVirtAddr page_va = code & ~CODE_FLAGS;
  for (guint level = (guint) (code & CODE_LEVELS); level > 0; level--)
    if (!p2v_windows_is_kernel_va (kernel, page_va) ||
        !p2v_windows_read_pointer (kernel, self->memory, page_va, &page_va))
      return FALSE;
  if (!p2v_windows_is_kernel_va (kernel, page_va) || page_va % P2V_FRAME_SIZE != 0 ||
      !p2v_windows_read_pointer (kernel, self->memory,
                                 page_va + SYSTEM_PID / HANDLE_STEP * 2 * kernel->pointer_bytes,
                                 &entry))
    return FALSE;
  for (gsize i = 0; i < n_decoders; i++)
    if (decoders[i] (entry) == kernel->system_va)
      return TRUE;
  return FALSE;
}

/* Without the debugger's data the variable is looked for in the kernel's image: a pointer to a
 * table in which System stands where its number is. */
static P2vVirtAddr
search_cid_table (P2vWindowsFinder *self)
{
  const P2vWindows *kernel = self->kernel;
  P2vVirtAddr end = kernel->kernel.va + kernel->kernel.size_bytes;
  guint8 bytes[P2V_FRAME_SIZE];

  for (P2vVirtAddr va = kernel->kernel.va; va < end; va += sizeof bytes)
    {
      if (!p2v_virtual_memory_read (self->memory, va, bytes, sizeof bytes))
        continue;
      for (guint offset = 0; offset < sizeof bytes; offset += kernel->pointer_bytes)
        {
          P2vVirtAddr word = p2v_windows_pointer_at (kernel, bytes, sizeof bytes, offset);
          if ((word < kernel->kernel.va || word >= end) && is_cid_table (self, word))
            return word;
        }
    }
  return 0;
}

static P2vVirtAddr
find_cid_table (P2vWindowsFinder *self)
{
  const P2vVirtAddr variables[] = { p2v_windows_debugger_word (self->kernel, DEBUGGER_CID),
                                    p2v_windows_symbol_va (self->kernel, "PspCidTable") };
  P2vVirtAddr table;

  for (gsize i = 0; i < G_N_ELEMENTS (variables); i++)
    if (p2v_windows_is_kernel_va (self->kernel, variables[i]) &&
        p2v_windows_read_pointer (self->kernel, self->memory, variables[i], &table) &&
        is_cid_table (self, table))
      return table;
  return search_cid_table (self);
}

static gboolean
is_csrss (const P2vWindows        *kernel,
          const P2vWindowsProcess *process)
{
  static const char name[] = "csrss.exe";
  const char *own_name =
    (const char *) process->object.bytes + kernel->layout.offsets[WINDOWS_EPROCESS_NAME];

  return g_ascii_strncasecmp (own_name, name, sizeof name) == 0;
}

void
p2v_windows_search_handles (P2vWindowsFinder *self)
{
  const P2vWindows *kernel = self->kernel;
  P2vVirtAddr cid_table = find_cid_table (self);

  /* The table of numbers leads to the objects themselves, all others to their headers. */
  if (cid_table != 0)
    (void) !read_table (self, cid_table, &(TableReading) { .method = WINDOWS_METHOD_CID });
  for (guint i = 0; i < self->processes->len; i++)
    {
      const P2vWindowsProcess *process = g_ptr_array_index (self->processes, i);
      TableReading reading = { .body_offset = kernel->layout.offsets[WINDOWS_OBJECT_BODY],
                               .method = WINDOWS_METHOD_CSRSS };
      if (is_csrss (kernel, process) && p2v_windows_has (kernel, WINDOWS_OBJECT_BODY))
        (void) !read_table (self,
                            p2v_windows_object_word (kernel, &process->object,
                                                     WINDOWS_EPROCESS_OBJECT_TABLE),
                            &reading);
    }
}
