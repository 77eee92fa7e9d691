/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What a frame is, mapped or not, as the kernel records it: the PFN database has an entry for each
 * frame, with the list it is on and the one page-table entry that leads to it. */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "image/p2v-image-private.h"
#include "os/windows/p2v-windows-private.h"

/* The software's entry that is put back when a page leaves memory: of a file's page it leads to the
 * subsection. Source: data/windows/README.md, "entries". */
#define ENTRY_PROTOTYPE       ((guint64) 1 << 10)
#define SUBSECTION_SHIFT_64   16
#define SUBSECTION_SHIFT_PAE  32

/* An entry of an upper table that maps a page. Source: Intel SDM 3A 4.5, bit 7. */
#define ENTRY_LARGE           ((guint64) 1 << 7)

static const P2vFrameKind location_kinds[] = {
  [WINDOWS_LOCATION_ZEROED] = P2V_FRAME_KIND_ZEROED,
  [WINDOWS_LOCATION_FREE] = P2V_FRAME_KIND_FREE,
  [WINDOWS_LOCATION_STANDBY] = P2V_FRAME_KIND_STANDBY,
  [WINDOWS_LOCATION_MODIFIED] = P2V_FRAME_KIND_MODIFIED,
  [WINDOWS_LOCATION_MODIFIED_NO_WRITE] = P2V_FRAME_KIND_MODIFIED,
  [WINDOWS_LOCATION_BAD] = P2V_FRAME_KIND_BAD,
  [WINDOWS_LOCATION_ACTIVE] = P2V_FRAME_KIND_KERNEL_OTHER,
  [WINDOWS_LOCATION_TRANSITION] = P2V_FRAME_KIND_TRANSITION,
};

typedef struct
{
  P2vSystem        *system;
  const P2vWindows *kernel;
  P2vVirtualMemory *memory;
  GHashTable       *owners;          /* guint64 * (top of page tables) -> P2vProcess */
  P2vAddressSpace  *kernel_space;    /* (transfer none) */
  char             *name;            /* of the file of the last frame that was described */
} Source;

/* The frame of the tables that map themselves: the root, of PAE the fourth directory. */
static P2vPhysAddr
get_top (const P2vWindows *kernel,
         P2vPhysAddr       root_pa)
{
  guint64 entries[4];

  if (kernel->kind != P2V_WINDOWS_PAE)
    return root_pa;
  if (!p2v_windows_read_entries (kernel, root_pa, 0, G_N_ELEMENTS (entries), entries))
    return 0;
  return entries[3] & kernel->tables.pa_mask;
}

static void
collect_owners (Source *self)
{
  for (guint i = 0; i < p2v_system_get_n_user_spaces (self->system); i++)
    {
      P2vAddressSpace *space = p2v_system_get_space (self->system, i);
      P2vPhysAddr top_pa = get_top (self->kernel, p2v_address_space_get_root_pa (space));
      if (p2v_address_space_get_n_owners (space) > 0)
        g_hash_table_insert (self->owners, g_memdup2 (&top_pa, sizeof top_pa),
                             p2v_address_space_get_owner (space, 0));
    }
}

gpointer
p2v_windows_open_frames (P2vSystem *system)
{
  const P2vWindows *kernel = p2v_system_get_backend_data (system);
  Source *self = g_new0 (Source, 1);

  self->system = system;
  self->kernel = kernel;
  self->memory = p2v_virtual_memory_new (&kernel->tables, kernel->root_pa);
  self->owners = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->kernel_space = p2v_process_get_address_space (p2v_system_get_kernel (system));
  collect_owners (self);
  return self;
}

void
p2v_windows_close_frames (gpointer source)
{
  Source *self = source;

  p2v_virtual_memory_free (self->memory);
  g_hash_table_unref (self->owners);
  g_free (self->name);
  g_free (self);
}

/* From a frame up to the top of the tables: of each level the place of the entry gives a part of
 * the address that the frame has. FALSE if a record is not there. */
static gboolean
climb (Source                 *self,
       const P2vWindowsRecord *record,
       P2vPhysAddr            *ret_top_pa,
       P2vVirtAddr            *ret_va)
{
  const P2vPagingForm *form = self->kernel->tables.form;
  P2vWindowsRecord at = *record;
  P2vVirtAddr va = 0;

  for (guint i = form->n_levels; i > 0; i--)
    {
      guint64 index = at.pte_va % P2V_FRAME_SIZE / form->entry_bytes;
      va |= index << form->levels[i - 1].shift;
      *ret_top_pa = at.table_frame << P2V_FRAME_SHIFT;
      if (i > 1 && !p2v_windows_read_record (self->kernel, self->memory,
                                             self->kernel->database_va, at.table_frame, &at))
        return FALSE;
    }
  *ret_va = va >> (form->va_bits - 1) & 1 && form->has_upper_half
              ? va | G_MAXUINT64 << form->va_bits
              : va;
  return TRUE;
}

/* Whether @va is in the mapping of the tables: then what it maps is a table, unless its entry maps
 * a large page. */
static gboolean
is_table (const P2vWindows *kernel,
          P2vVirtAddr       va,
          P2vPhysAddr       entry_pa)
{
  P2vVirtAddr tables_va;
  guint64 n_bytes, entry;
  const guint width = kernel->tables.form->entry_bytes;

  p2v_windows_get_self_map (kernel, &tables_va, &n_bytes);
  return va - tables_va < n_bytes &&
         p2v_windows_read_entries (kernel, entry_pa & ~(P2V_FRAME_SIZE - 1),
                                   entry_pa % P2V_FRAME_SIZE / width, 1, &entry) &&
         (entry & ENTRY_LARGE) == 0;
}

/* What of the kernel an address is. */
static void
describe_kernel (Source      *self,
                 P2vVirtAddr  va,
                 P2vFrame    *frame)
{
  const P2vKernelArea *area = p2v_address_space_find_area (self->kernel_space, va);
  P2vTrail trail;

  if (area == NULL)
    return;
  if (area->mapping_class == P2V_MAPPING_FRAME_TABLE)
    frame->kind = P2V_FRAME_KIND_FRAME_TABLE;
  else if (g_str_has_suffix (area->name, " pool"))
    frame->kind = P2V_FRAME_KIND_POOL;
  if (area->mapping_class != P2V_MAPPING_MODULE && area->mapping_class != P2V_MAPPING_KERNEL_IMAGE)
    return;
  frame->kind = P2V_FRAME_KIND_MODULE;
  if (area->mapping_class == P2V_MAPPING_KERNEL_IMAGE)
    frame->kind = p2v_paging_translate (&self->kernel->tables, self->kernel->root_pa, va, &trail,
                                        NULL) &&
                      (trail.rights & P2V_RIGHTS_EXECUTE) != 0
                    ? P2V_FRAME_KIND_KERNEL_CODE
                    : P2V_FRAME_KIND_KERNEL_DATA;
  frame->name = area->name;
  frame->offset_bytes = va - area->start_va;
  frame->has_offset = TRUE;
}

static void
describe_private (Source                 *self,
                  const P2vWindowsRecord *record,
                  P2vFrame               *frame)
{
  P2vPhysAddr top_pa = 0;
  P2vVirtAddr va = 0;

  /* A page in use of which the record does not say what leads to it may be anybody's. */
  if (!p2v_windows_is_kernel_va (self->kernel, record->pte_va))
    {
      if (record->location == WINDOWS_LOCATION_ACTIVE)
        frame->kind = P2V_FRAME_KIND_UNKNOWN;
      return;
    }
  frame->entry_pa = (record->table_frame << P2V_FRAME_SHIFT) | record->pte_va % P2V_FRAME_SIZE;
  frame->has_entry = TRUE;
  if (!climb (self, record, &top_pa, &va))
    return;
  gboolean is_a_table = is_table (self->kernel, va, frame->entry_pa);
  frame->va = va;
  frame->has_va = !is_a_table;
  frame->process = g_hash_table_lookup (self->owners, &top_pa);
  if (record->location != WINDOWS_LOCATION_ACTIVE)
    return;
  if (is_a_table)
    frame->kind = P2V_FRAME_KIND_PAGE_TABLE;
  else if (!p2v_windows_is_kernel_va (self->kernel, va))
    frame->kind = P2V_FRAME_KIND_ANONYMOUS;
  else
    describe_kernel (self, va, frame);
}

/* The file of a shared page: its software entry leads to the subsection, whose array holds the
 * prototype. */
static void
describe_shared (Source                 *self,
                 const P2vWindowsRecord *record,
                 P2vFrame               *frame)
{
  const P2vWindows *kernel = self->kernel;
  P2vVirtAddr subsection = 0, control_area;

  if (record->location == WINDOWS_LOCATION_ACTIVE)
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
  if (self->name != NULL && record->location == WINDOWS_LOCATION_ACTIVE)
    frame->kind = P2V_FRAME_KIND_FILE;
  frame->has_offset = p2v_windows_get_file_offset (kernel, self->memory, subsection,
                                                   record->pte_va, &frame->offset_bytes);
}

/* (transfer full) (nullable): what the frame holds, or held. */
static char *
dup_content (const P2vFrame *frame)
{
  if (frame->name != NULL && frame->has_offset)
    /* Translators: a file, an offset in it. */
    return g_strdup_printf (_("%s at offset 0x%" PRIx64), frame->name, frame->offset_bytes);
  if (frame->process != NULL && frame->has_va)
    /* Translators: a virtual address, name and id of the process that has it. */
    return g_strdup_printf (_("0x%" PRIx64 " of %s (%" PRId64 ")"), frame->va,
                            p2v_process_get_name (frame->process),
                            p2v_process_get_pid (frame->process));
  return NULL;
}

static void
describe_detail (const P2vFrame *frame,
                 GString        *detail)
{
  g_autofree char *content = dup_content (frame);

  if (content == NULL && frame->process != NULL && frame->kind == P2V_FRAME_KIND_PAGE_TABLE)
    g_string_append_printf (detail, _("a page table of %s (%" PRId64 ")"),
                            p2v_process_get_name (frame->process),
                            p2v_process_get_pid (frame->process));
  else if (content != NULL && frame->kind == P2V_FRAME_KIND_STANDBY)
    /* Translators: what the frame holds: "\Windows\notepad.exe at offset 0x3000". */
    g_string_append_printf (detail, _("on the standby list, %s"), content);
  else if (content != NULL && frame->kind == P2V_FRAME_KIND_MODIFIED)
    /* Translators: what the frame holds: "0x1007000 of explorer.exe (1004)". */
    g_string_append_printf (detail, _("on the modified list, %s"), content);
  else if (content != NULL)
    g_string_append (detail, content);
}

gboolean
p2v_windows_describe_frame (P2vSystem  *system,
                            gpointer    source,
                            P2vFrame   *frame,
                            GString    *detail,
                            GError    **error)
{
  Source *self = source;
  P2vWindowsRecord record;

  g_clear_pointer (&self->name, g_free);
  if (self->kernel->database_va == 0 ||
      !p2v_windows_read_record (self->kernel, self->memory, self->kernel->database_va,
                                frame->pa >> P2V_FRAME_SHIFT, &record))
    return p2v_virtual_memory_check (self->memory, error);
  frame->record_va = record.va;
  frame->kind = location_kinds[record.location];
  if (record.location >= WINDOWS_LOCATION_STANDBY && record.location != WINDOWS_LOCATION_BAD)
    {
      if (record.is_prototype)
        describe_shared (self, &record, frame);
      else
        describe_private (self, &record, frame);
      describe_detail (frame, detail);
    }
  return p2v_virtual_memory_check (self->memory, error);
}
