/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What a frame is, mapped or not, as the kernel records it: the PFN database has an entry for each
 * frame, with the list it is on and the one page-table entry that leads to it. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "image/p2v-image-private.h"
#include "os/windows/p2v-windows-private.h"

/* Where the database is in the debugger's data, and where it always was until 10586. Source:
 * data/windows/README.md, "frames". */
#define DEBUGGER_PFN_DATABASE 0xc0
#define OLD_DATABASE_VA       ((P2vVirtAddr) 0xfffffa8000000000)
#define DATABASE_ALIGNMENT    ((guint64) 1 << 32)

/* The lists a frame can be on. Source: ibidem; before Vista the number stands 8 bits higher, and a
 * bit beside it says that the entry is a prototype. */
#define BUILD_OF_VISTA        6000
#define LOCATION_MASK         7
#define OLD_LOCATION_SHIFT    8
#define OLD_PROTOTYPE_BIT     3

/* Frame numbers have at least 36 bits on 64-bit machines and 24 on others, whatever stands above
 * them. Source: ibidem. */
#define FRAME_MASK_64         (((guint64) 1 << 36) - 1)
#define FRAME_MASK_32         (((guint64) 1 << 24) - 1)

/* The software's entry that is put back when a page leaves memory: of a file's page it leads to the
 * subsection. Source: data/windows/README.md, "entries". */
#define ENTRY_PROTOTYPE       ((guint64) 1 << 10)
#define SUBSECTION_SHIFT_64   16
#define SUBSECTION_SHIFT_PAE  32

#define MAX_RECORD_BYTES      0x40
#define X86_LEAST_TABLE_VA    ((P2vVirtAddr) 0xc0000000)

typedef enum
{
  LOCATION_ZEROED,
  LOCATION_FREE,
  LOCATION_STANDBY,
  LOCATION_MODIFIED,
  LOCATION_MODIFIED_NO_WRITE,
  LOCATION_BAD,
  LOCATION_ACTIVE,
  LOCATION_TRANSITION,
} Location;

static const P2vFrameKind location_kinds[] = {
  [LOCATION_ZEROED] = P2V_FRAME_KIND_ZEROED,
  [LOCATION_FREE] = P2V_FRAME_KIND_FREE,
  [LOCATION_STANDBY] = P2V_FRAME_KIND_STANDBY,
  [LOCATION_MODIFIED] = P2V_FRAME_KIND_MODIFIED,
  [LOCATION_MODIFIED_NO_WRITE] = P2V_FRAME_KIND_MODIFIED,
  [LOCATION_BAD] = P2V_FRAME_KIND_BAD,
  [LOCATION_ACTIVE] = P2V_FRAME_KIND_KERNEL_OTHER,
  [LOCATION_TRANSITION] = P2V_FRAME_KIND_TRANSITION,
};

typedef struct
{
  P2vSystem        *system;
  const P2vWindows *kernel;
  P2vVirtualMemory *memory;
  P2vVirtAddr       database_va;     /* 0: not found */
  char             *name;            /* of the file of the last frame that was described */
} Source;

/* One frame's entry of the database. */
typedef struct
{
  P2vVirtAddr va;
  Location    location;
  gboolean    is_prototype;
  P2vVirtAddr pte_va;          /* the entry that leads to the frame, in the table's own mapping */
  guint64     table_frame;     /* the frame of that table */
  guint64     original;
} Record;

static gboolean
read_record (const P2vWindows *kernel,
             P2vVirtualMemory *memory,
             P2vVirtAddr       database_va,
             guint64           frame,
             Record           *ret_record)
{
  const guint16 *offsets = kernel->layout.offsets;
  gsize size = offsets[WINDOWS_PFN_SIZE];
  gboolean is_64 = kernel->pointer_bytes == sizeof (guint64);
  guint8 bytes[MAX_RECORD_BYTES];

  if (size > sizeof bytes || !p2v_windows_has (kernel, WINDOWS_PFN_FRAME) ||
      !p2v_windows_has (kernel, WINDOWS_PFN_FLAGS))
    return FALSE;
  ret_record->va = database_va + frame * size;
  if (!p2v_virtual_memory_read (memory, ret_record->va, bytes, size))
    return FALSE;
  guint32 flags = p2v_windows_u32_at (bytes, sizeof bytes, offsets[WINDOWS_PFN_FLAGS]);
  guint64 word = p2v_windows_pointer_at (kernel, bytes, size, offsets[WINDOWS_PFN_FRAME]);
  gboolean is_old = kernel->build < BUILD_OF_VISTA;
  ret_record->location = (is_old ? flags >> OLD_LOCATION_SHIFT : flags) & LOCATION_MASK;
  ret_record->is_prototype = is_old ? flags >> OLD_PROTOTYPE_BIT & 1
                                    : word >> (offsets[WINDOWS_PFN_PROTOTYPE_BIT] & 63) & 1;
  ret_record->table_frame = word & (is_64 ? FRAME_MASK_64 : FRAME_MASK_32);
  /* The low bits of the address are a lock and a note. */
  ret_record->pte_va =
    p2v_windows_pointer_at (kernel, bytes, size, offsets[WINDOWS_PFN_PTE_ADDRESS]) &
    ~(P2vVirtAddr) (kernel->tables.form->entry_bytes - 1);
  ret_record->original =
    kernel->tables.form->entry_bytes == sizeof (guint64)
      ? p2v_windows_u64_at (bytes, size, offsets[WINDOWS_PFN_ORIGINAL_PTE])
      : p2v_windows_u32_at (bytes, size, offsets[WINDOWS_PFN_ORIGINAL_PTE]);
  return TRUE;
}

/* The root's own entry is that which maps it: so the database proves itself. Of PAE the root is no
 * frame; there the fourth directory is asked. */
static gboolean
is_database (const P2vWindows *kernel,
             P2vVirtualMemory *memory,
             P2vVirtAddr       va)
{
  guint64 frame = kernel->root_pa >> P2V_FRAME_SHIFT, entries[4];
  guint index = kernel->self_index;
  Record record;

  if (va == 0 || !p2v_windows_is_kernel_va (kernel, va))
    return FALSE;
  if (kernel->kind == P2V_WINDOWS_PAE)
    {
      if (!p2v_windows_read_entries (kernel, kernel->root_pa, 0, 4, entries))
        return FALSE;
      frame = (entries[3] & kernel->tables.pa_mask) >> P2V_FRAME_SHIFT;
    }
  return read_record (kernel, memory, va, frame, &record) && record.table_frame == frame &&
         record.pte_va % P2V_FRAME_SIZE / kernel->tables.form->entry_bytes == index &&
         record.location == LOCATION_ACTIVE;
}

/* The database begins at a multiple of 4 GiB, somewhere in the kernel's half. */
static P2vVirtAddr
search_database (const P2vWindows *kernel,
                 P2vVirtualMemory *memory)
{
  guint shift = kernel->tables.form->levels[0].shift;
  guint64 entries[P2V_WINDOWS_MAX_HALF];
  guint n;

  if (kernel->pointer_bytes != sizeof (guint64) || kernel->tables.form->n_levels != 4 ||
      !p2v_windows_read_half (kernel, kernel->root_pa, TRUE, entries, &n))
    return 0;
  for (guint i = 0; i < n; i++)
    for (guint64 offset = 0; entries[i] != 0 && offset < (guint64) 1 << shift;
         offset += DATABASE_ALIGNMENT)
      {
        P2vVirtAddr va = G_MAXUINT64 << kernel->tables.form->va_bits |
                         (guint64) (kernel->n_root_entries / 2 + i) << shift | offset;
        if (is_database (kernel, memory, va))
          return va;
      }
  return 0;
}

static P2vVirtAddr
find_database (const P2vWindows *kernel,
               P2vVirtualMemory *memory)
{
  P2vVirtAddr variable = p2v_windows_debugger_word (kernel, DEBUGGER_PFN_DATABASE);
  P2vVirtAddr candidates[] = { 0, p2v_image_get_hints (kernel->image)->windows.pfn_database_va,
                               OLD_DATABASE_VA };

  if (!p2v_windows_is_kernel_va (kernel, variable) ||
      !p2v_windows_read_pointer (kernel, memory, variable, &candidates[0]))
    candidates[0] = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (candidates); i++)
    if (is_database (kernel, memory, candidates[i]))
      return candidates[i];
  return search_database (kernel, memory);
}

gpointer
p2v_windows_open_frames (P2vSystem *system)
{
  const P2vWindows *kernel = p2v_system_get_backend_data (system);
  Source *self = g_new0 (Source, 1);

  self->system = system;
  self->kernel = kernel;
  self->memory = p2v_virtual_memory_new (&kernel->tables, kernel->root_pa);
  g_mutex_lock (&kernel->frames->lock);
  if (!kernel->frames->is_searched)
    kernel->frames->database_va = find_database (kernel, self->memory);
  kernel->frames->is_searched = TRUE;
  self->database_va = kernel->frames->database_va;
  g_mutex_unlock (&kernel->frames->lock);
  return self;
}

void
p2v_windows_close_frames (gpointer source)
{
  Source *self = source;

  p2v_virtual_memory_free (self->memory);
  g_free (self->name);
  g_free (self);
}

/* Whose page tables begin at the frame. */
static P2vProcess *
find_owner (Source     *self,
            P2vPhysAddr root_pa)
{
  for (guint i = 0; i < p2v_system_get_n_spaces (self->system); i++)
    {
      P2vAddressSpace *space = p2v_system_get_space (self->system, i);
      if (p2v_address_space_get_root_pa (space) == root_pa &&
          p2v_address_space_get_n_owners (space) > 0)
        return p2v_address_space_get_owner (space, 0);
    }
  return NULL;
}

/* From a frame up to the root: of each level the place of the entry gives a part of the address
 * that the frame has. FALSE if it does not end at a root. */
static gboolean
climb (Source       *self,
       const Record *record,
       P2vPhysAddr  *ret_root_pa,
       P2vVirtAddr  *ret_va)
{
  const P2vPagingForm *form = self->kernel->tables.form;
  Record at = *record;
  P2vVirtAddr va = 0;

  for (guint i = form->n_levels; i > 0; i--)
    {
      guint64 index = at.pte_va % P2V_FRAME_SIZE / form->entry_bytes;
      va |= index << form->levels[i - 1].shift;
      *ret_root_pa = at.table_frame << P2V_FRAME_SHIFT;
      if (i > 1 && !read_record (self->kernel, self->memory, self->database_va, at.table_frame,
                                 &at))
        return FALSE;
    }
  *ret_va = va >> (form->va_bits - 1) & 1 && form->has_upper_half
              ? va | G_MAXUINT64 << form->va_bits
              : va;
  return at.table_frame << P2V_FRAME_SHIFT == *ret_root_pa;
}

/* Whether @va is in the mapping of the tables: then what it maps is a table. */
static gboolean
is_table_va (const P2vWindows *kernel,
             P2vVirtAddr       va)
{
  const P2vPagingForm *form = kernel->tables.form;

  if (kernel->pointer_bytes == sizeof (guint32))
    return va >= X86_LEAST_TABLE_VA &&
           va - X86_LEAST_TABLE_VA < (form->entry_bytes == 8 ? 8u << 20 : 4u << 20);
  return (va >> form->levels[0].shift & (kernel->n_root_entries - 1)) == kernel->self_index;
}

static void
describe_private (Source       *self,
                  const Record *record,
                  P2vFrame     *frame)
{
  P2vPhysAddr root_pa = 0;
  P2vVirtAddr va = 0;

  frame->entry_pa = (record->table_frame << P2V_FRAME_SHIFT) | record->pte_va % P2V_FRAME_SIZE;
  frame->has_entry = TRUE;
  if (self->kernel->kind == P2V_WINDOWS_PAE || !climb (self, record, &root_pa, &va))
    return;
  gboolean is_table = is_table_va (self->kernel, va);
  frame->va = va;
  frame->has_va = !is_table;
  frame->process = find_owner (self, root_pa);
  if (record->location != LOCATION_ACTIVE)
    return;
  if (is_table)
    frame->kind = P2V_FRAME_KIND_PAGE_TABLE;
  else if (!p2v_windows_is_kernel_va (self->kernel, va))
    frame->kind = P2V_FRAME_KIND_ANONYMOUS;
}

/* The file of a shared page: its software entry leads to the subsection, whose array holds the
 * prototype. */
static void
describe_shared (Source       *self,
                 const Record *record,
                 P2vFrame     *frame)
{
  const P2vWindows *kernel = self->kernel;
  P2vVirtAddr subsection = 0, control_area;

  if (record->location == LOCATION_ACTIVE)
    frame->kind = P2V_FRAME_KIND_ANONYMOUS;
  if (!(record->original & ENTRY_PROTOTYPE) || kernel->kind == P2V_WINDOWS_X86)
    return;
  subsection = kernel->kind == P2V_WINDOWS_PAE
                 ? record->original >> SUBSECTION_SHIFT_PAE
                 : (P2vVirtAddr) ((gint64) record->original >> SUBSECTION_SHIFT_64);
  if (!p2v_windows_is_kernel_va (kernel, subsection) ||
      !p2v_windows_read_field (kernel, self->memory, subsection, WINDOWS_SUBSECTION_CONTROL_AREA,
                               &control_area))
    return;
  self->name = p2v_windows_dup_file_name (kernel, self->memory, control_area);
  frame->name = self->name;
  if (self->name != NULL && record->location == LOCATION_ACTIVE)
    frame->kind = P2V_FRAME_KIND_FILE;
  frame->has_offset = p2v_windows_get_file_offset (kernel, self->memory, subsection,
                                                   record->pte_va, &frame->offset_bytes);
}

static void
describe_detail (const P2vFrame *frame,
                 GString        *detail)
{
  const char *list = frame->kind == P2V_FRAME_KIND_STANDBY ? _("on the standby list, ")
                     : frame->kind == P2V_FRAME_KIND_MODIFIED ? _("on the modified list, ")
                                                              : "";

  if (frame->name != NULL && frame->has_offset)
    g_string_append_printf (detail, _("%s%s at offset 0x%" PRIx64), list, frame->name,
                            frame->offset_bytes);
  else if (frame->process != NULL && frame->has_va)
    g_string_append_printf (detail, _("%s0x%" PRIx64 " of %s (%" PRId64 ")"), list, frame->va,
                            p2v_process_get_name (frame->process),
                            p2v_process_get_pid (frame->process));
  else if (frame->process != NULL && frame->kind == P2V_FRAME_KIND_PAGE_TABLE)
    g_string_append_printf (detail, _("a page table of %s (%" PRId64 ")"),
                            p2v_process_get_name (frame->process),
                            p2v_process_get_pid (frame->process));
}

gboolean
p2v_windows_describe_frame (P2vSystem  *system,
                            gpointer    source,
                            P2vFrame   *frame,
                            GString    *detail,
                            GError    **error)
{
  Source *self = source;
  Record record;

  g_clear_pointer (&self->name, g_free);
  if (self->database_va == 0 ||
      !read_record (self->kernel, self->memory, self->database_va, frame->pa >> P2V_FRAME_SHIFT,
                    &record))
    return p2v_virtual_memory_check (self->memory, error);
  frame->record_va = record.va;
  frame->kind = location_kinds[record.location];
  if (record.location >= LOCATION_STANDBY && record.location != LOCATION_BAD)
    {
      if (record.is_prototype)
        describe_shared (self, &record, frame);
      else
        describe_private (self, &record, frame);
      describe_detail (frame, detail);
    }
  return p2v_virtual_memory_check (self->memory, error);
}
