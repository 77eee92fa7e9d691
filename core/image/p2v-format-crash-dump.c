/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Windows crash dumps that hold physical memory: a header of one page (32 bit) or two (64 bit), for
 * most types a second header that says which pages follow, then the pages themselves, one behind
 * the other in the order in which they were named.
 *
 * Source for all offsets: the _DUMP_HEADER and _DUMP_HEADER64 types of Microsoft's debugging
 * tools, as Volatility 3 (crash.py), Rekall (crashdump.py) and kdmp-parser (kdmp-parser-structs.h)
 * read them and agree on. */

#include "config.h"

#include "image/p2v-crash-dump-pages.h"
#include "image/p2v-image-private.h"

#include "base/p2v-reader.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

/* Source: _DUMP_HEADER.Signature, "PAGE", and ValidDump, "DUMP" or "DU64", as little-endian
 * numbers. */
#define SIGNATURE     0x45474150u
#define VALID_DUMP_32 0x504d5544u
#define VALID_DUMP_64 0x34365544u

/* Source: the larger of the two headers below. */
#define MAX_HEADER_BYTES 0x2000

/* Where the fields stand in the headers of the two widths; a number of the machine's width where
 * the comment says "address". */
typedef struct
{
  guint32 valid_dump;
  guint   header_bytes;
  guint   address_bytes;
  guint   root_at;             /* address: DirectoryTableBase */
  guint   pfn_database_at;     /* address */
  guint   loaded_modules_at;   /* address */
  guint   active_processes_at; /* address */
  guint   debugger_data_at;    /* address */
  guint   machine_at;          /* 4 bytes: MachineImageType */
  guint   pae_at;              /* 1 byte, 0 if there is none: PaeEnabled */
  guint   n_runs_at;           /* 4 bytes: PhysicalMemoryBlock.NumberOfRuns */
  guint   runs_at;             /* pairs of addresses: first page, number of pages */
  guint   runs_end;            /* the field behind the room for the runs */
  guint   type_at;             /* 4 bytes: DumpType */
} HeaderForm;

/* Source: see the head of this file. */
static const HeaderForm header_forms[] = {
  { VALID_DUMP_32, 0x1000, 4, 0x10, 0x14, 0x18, 0x1c, 0x60, 0x20, 0x5c, 0x64, 0x6c, 0x320, 0xf88 },
  { VALID_DUMP_64, 0x2000, 8, 0x10, 0x18, 0x20, 0x28, 0x80, 0x30, 0, 0x88, 0x98, 0x348, 0xf98 },
};

/* Major and minor version have the same place in both; the minor one is the build. */
#define BUILD_AT 0xc

/* A header in memory. */
typedef struct
{
  const HeaderForm *form;
  P2vReader         reader;
} Header;

/* Fields of a header that was read whole: their places are within it by the table above. */
static guint32
get_u32 (const Header *self,
         guint         at)
{
  guint32 value = 0;

  if (!p2v_reader_get_u32 (&self->reader, at, &value))
    g_assert_not_reached ();
  return value;
}

static guint64
get_address (const Header *self,
             guint         at)
{
  guint64 value = 0;

  if (self->form->address_bytes == 4)
    return get_u32 (self, at);
  if (!p2v_reader_get_u64 (&self->reader, at, &value))
    g_assert_not_reached ();
  return value;
}

static const HeaderForm *
find_form (P2vReader reader)
{
  guint32 signature, valid_dump;

  if (!p2v_reader_get_u32 (&reader, 0, &signature) || signature != SIGNATURE ||
      !p2v_reader_get_u32 (&reader, 4, &valid_dump))
    return NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (header_forms); i++)
    if (header_forms[i].valid_dump == valid_dump)
      return &header_forms[i];
  return NULL;
}

static guint
bid (const P2vImageHead *head)
{
  return find_form (p2v_reader_le (head->bytes, head->n_bytes)) != NULL ? 64 : 0;
}

/* The runs of a full dump stand in the header itself. */
static gboolean
read_runs (P2vCrashDumpPages *pages,
           const Header      *header,
           GError           **error)
{
  const HeaderForm *form = header->form;
  guint32 n_runs = get_u32 (header, form->n_runs_at);
  guint32 max_runs = (form->runs_end - form->runs_at) / (2 * form->address_bytes);

  if (n_runs == 0 || n_runs > max_runs)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_CORRUPT,
                   _ ("“%s” is a Windows crash dump with %u runs of memory by the field at offset "
                      "0x%x, where 1 to %u are expected; copy it again from where it came from"),
                   p2v_file_get_display_name (pages->builder->file), n_runs, form->n_runs_at,
                   max_runs);
      return FALSE;
    }
  for (guint i = 0; i < n_runs; i++)
    {
      guint at = form->runs_at + i * 2 * form->address_bytes;
      if (!p2v_crash_dump_pages_add (pages, get_address (header, at),
                                     get_address (header, at + form->address_bytes), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_bitmap (P2vCrashDumpPages *pages,
             const Header      *header,
             GError           **error)
{
  return p2v_crash_dump_pages_read_bitmap (pages, header->form->header_bytes, error);
}

static gboolean
read_ranges (P2vCrashDumpPages *pages,
             const Header      *header,
             GError           **error)
{
  return p2v_crash_dump_pages_read_ranges (pages, header->form->header_bytes, error);
}

/* What each type holds, and how it says where. */
typedef struct
{
  guint32     type;
  const char *name;
  gboolean (*read) (P2vCrashDumpPages  *pages,
                    const Header       *header,
                    GError            **error); /* NULL: not read */
  gboolean    is_partial;      /* pages of processes may be left out on purpose */
} DumpType;

/* Source: DUMP_TYPE of kdmp-parser (kdmp-parser-structs.h); 2 to 4: Rekall, crashdump.py. */
static const DumpType dump_types[] = {
  { 1, NC_ ("crash dump", "full"), read_runs, FALSE },
  { 2, NC_ ("crash dump", "kernel summary"), NULL, TRUE },
  { 3, NC_ ("crash dump", "header only"), NULL, TRUE },
  { 4, NC_ ("crash dump", "minidump"), NULL, TRUE },
  { 5, NC_ ("crash dump", "full, with a bitmap"), read_bitmap, FALSE },
  { 6, NC_ ("crash dump", "active memory, with a bitmap"), read_bitmap, TRUE },
  { 8, NC_ ("crash dump", "kernel memory"), read_ranges, TRUE },
  { 9, NC_ ("crash dump", "kernel and user memory"), read_ranges, TRUE },
  { 10, NC_ ("crash dump", "complete"), read_ranges, FALSE },
};

static const DumpType *
find_type (P2vFile  *file,
           guint32   type,
           guint     type_at,
           GError  **error)
{
  const char *display_name = p2v_file_get_display_name (file);
  const DumpType *found = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (dump_types); i++)
    if (dump_types[i].type == type)
      found = &dump_types[i];
  if (found == NULL)
    g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
                 _ ("“%s” is a Windows crash dump of the unknown type 0x%x (offset 0x%x); pas2vas "
                    "reads full dumps (1), bitmap dumps (5, 6) and those of WinDbg (8, 9, 10)"),
                 display_name, type, type_at);
  else if (found->read == NULL)
    g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
                 _ ("“%s” is a Windows crash dump of type %u (%s), which does not hold physical "
                    "memory in a form that pas2vas reads; take a complete memory dump"),
                 display_name, type, g_dpgettext2 (GETTEXT_PACKAGE, "crash dump", found->name));
  return found != NULL && found->read != NULL ? found : NULL;
}

static void
add_hints (P2vImageBuilder *builder,
           const Header    *header)
{
  const HeaderForm *form = header->form;
  P2vPhysAddr root_pa = get_address (header, form->root_at);

  g_array_append_val (builder->hints.page_table_roots, root_pa);
  builder->hints.windows = (P2vWindowsHints) {
    .known = TRUE,
    .is_pae = form->pae_at != 0 && (get_u32 (header, form->pae_at) & 0xff) != 0,
    .machine = get_u32 (header, form->machine_at),
    .build = get_u32 (header, BUILD_AT),
    .pfn_database_va = get_address (header, form->pfn_database_at),
    .loaded_modules_va = get_address (header, form->loaded_modules_at),
    .active_processes_va = get_address (header, form->active_processes_at),
    .debugger_data_va = get_address (header, form->debugger_data_at),
  };
}

static gboolean
open_crash_dump (P2vImageBuilder  *builder,
                 GCancellable     *cancellable,
                 GError          **error)
{
  const char *name = p2v_file_get_display_name (builder->file);
  guint64 size = p2v_file_get_size (builder->file);
  guint8 bytes[MAX_HEADER_BYTES] = { 0 };
  gsize n_bytes = (gsize) MIN (size, sizeof bytes);

  if (!p2v_file_read (builder->file, 0, bytes, n_bytes, error))
    return FALSE;
  Header header = { find_form (p2v_reader_le (bytes, n_bytes)), p2v_reader_le (bytes, n_bytes) };
  if (header.form == NULL || n_bytes < header.form->header_bytes)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_TRUNCATED,
                   _ ("“%s” ends at offset 0x%" PRIx64
                      ", within the header of a Windows crash dump; copy it again from where it "
                      "came from"),
                   name, size);
      return FALSE;
    }
  const DumpType *type =
    find_type (builder->file, get_u32 (&header, header.form->type_at), header.form->type_at, error);
  if (type == NULL)
    return FALSE;
  add_hints (builder, &header);
  if (type->is_partial)
    g_ptr_array_add (builder->diagnostics,
                     g_strdup_printf (_ ("“%s” is a crash dump of type %u (%s): Windows left pages "
                                         "out of it, and what maps them cannot be seen"),
                                      name, type->type,
                                      g_dpgettext2 (GETTEXT_PACKAGE, "crash dump", type->name)));
  P2vCrashDumpPages pages = { .builder = builder,
                              .cancellable = cancellable,
                              .next_offset = header.form->header_bytes };
  return type->read (&pages, &header, error);
}

const P2vImageFormat p2v_format_crash_dump = {
  .id = "crash-dump",
  .name = N_ ("Windows crash dump"),
  .bid = bid,
  .open = open_crash_dump,
};
