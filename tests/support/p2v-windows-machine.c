/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The kernel's image, processes, areas and handles of a Windows machine. */

#include "p2v-windows-machine.h"

#include <stdio.h>
#include <string.h>

#define PAGE        ((guint64) 0x1000)
#define LENGTH      0x02000000
#define LARGE_PA    0x01000000
#define KERNEL_SIZE 0x00400000

/* Places in the kernel's image. */
#define DEBUG_RVA     0x2000
#define RESOURCES_RVA 0x4000
#define LIST_HEAD_RVA 0x308000
#define CID_RVA       0x310000
#define MODULES_RVA   0x314000
#define RECORDS_RVA   0x318000
#define PAGED_RVA     0x31c000
#define IDLE_RVA      0x340000
#define DEBUGGER_RVA  0x320040
#define SECRET_RVA    0x330001

/* What processes have in common. */
#define PEB_VA        0x7ffd0000
#define PEB_VA_3GB    0xbffd0000
#define IMAGE_VA      0x00400000
#define SHARED_VA     0x7ffe0000
#define PRIVATE_VA    0x01000000
#define LIBRARY_VA    0x766c0000
#define LARGE_VA      0x20000000
#define LOST_VA       0x30000000

#define N_CSRSS_HANDLES_PAGE 256

/* The process that has a heap and a thread, whose block stands in the page of the process's. */
#define THREADED_PID  1004
#define THREAD_ID     1008
#define TEB_OFFSET    0xc00
#define HEAPS_OFFSET  0xe00

enum
{
  LISTED = 1 << 0,
  CID = 1 << 1,
  CSRSS = 1 << 2,              /* csrss.exe has a handle to it */
  SESSION = 1 << 3,
  TABLE = 1 << 4,              /* has a table of handles */
  ENDED = 1 << 5,
  USER = 1 << 6,               /* has a PEB, an image, pages of its own */
  MAPPED = 1 << 7,             /* maps a large page, and one behind a lost table */
  TAG = 1 << 8,                /* the object stands in the pool with a mark */
  LOST_ROOT = 1 << 9,          /* its root's frame holds something else */
  WOW64 = 1 << 10,             /* a program of 32 bits, if the machine has 64 */
  LIBRARY = 1 << 11,           /* maps the library */
};

#define ORDINARY (LISTED | CID | CSRSS | SESSION | TABLE | USER | MAPPED | TAG)

typedef struct
{
  const char *name;
  guint       pid;
  guint       parent;
  guint       flags;
} Recipe;

static const Recipe recipes[] = {
  { "System", 4, 0, LISTED | CID | TABLE | TAG },
  { "Registry", 108, 4, LISTED | CID | CSRSS | TAG | USER },
  { "smss.exe", 400, 4, LISTED | CID | CSRSS | TABLE | USER | TAG },
  { "csrss.exe", 560, 400, LISTED | CID | SESSION | TABLE | USER | TAG },
  { "services.exe", 604, 560, ORDINARY | LIBRARY },
  { "svchost.exe", 740, 604, ORDINARY | WOW64 | LIBRARY },
  { "SearchIndexer.e", 900, 604, ORDINARY },
  { "explorer.exe", 1004, 560, ORDINARY | WOW64 | LIBRARY },
  { "hidden.exe", 2000, 560, ORDINARY & ~LISTED },
  { "deep.exe", 2004, 560, USER | MAPPED | TAG },
  { "ghost.exe", 2100, 560, ENDED | TAG | LOST_ROOT },
  { "zombie.exe", 2200, 560, LISTED | CID | CSRSS | ENDED | TAG },
};

/* With 3 GiB of user space its last pages are higher. */
static guint32
get_peb_va (P2vWindowsMachine *self)
{
  return self->flags & P2V_TEST_WINDOWS_3GB ? PEB_VA_3GB : PEB_VA;
}

static gboolean
is_before (P2vWindowsMachine *self,
           guint              major,
           guint              minor)
{
  unsigned parts[2] = { 0 };

  (void) !sscanf (self->build, "%u.%u", &parts[0], &parts[1]);
  return parts[0] < major || (parts[0] == major && parts[1] < minor);
}

static unsigned
get_build (P2vWindowsMachine *self)
{
  unsigned build = 0;

  (void) !sscanf (self->build, "%*u.%*u.%u", &build);
  return build;
}

static void
put_field (P2vWindowsMachine *self,
           guint64            object_va,
           const char        *structure,
           const char        *field,
           guint64            value,
           guint              width)
{
  int offset = p2v_windows_machine_offset (self, structure, field);

  if (offset >= 0)
    p2v_windows_machine_put (self, object_va + (guint) offset, value, width);
}

static void
put_pointer (P2vWindowsMachine *self,
             guint64            object_va,
             const char        *structure,
             const char        *field,
             guint64            value)
{
  put_field (self, object_va, structure, field, value, self->pointer_bytes);
}

/* A list entry that stands behind @previous in its ring, which may be the head alone. */
static void
put_link (P2vWindowsMachine *self,
          guint64            head_va,
          guint64            entry_va)
{
  guint width = self->pointer_bytes;
  guint64 previous_va = p2v_windows_machine_get (self, head_va + width, width);

  p2v_windows_machine_put (self, entry_va, head_va, width);
  p2v_windows_machine_put (self, entry_va + width, previous_va, width);
  p2v_windows_machine_put (self, previous_va, entry_va, width);
  p2v_windows_machine_put (self, head_va + width, entry_va, width);
}

static void
put_empty_list (P2vWindowsMachine *self,
                guint64            head_va)
{
  p2v_windows_machine_put (self, head_va, head_va, self->pointer_bytes);
  p2v_windows_machine_put (self, head_va + self->pointer_bytes, head_va, self->pointer_bytes);
}

/* A UNICODE_STRING at @va with its text behind it. */
static void
put_string (P2vWindowsMachine *self,
            guint64            va,
            const char        *text)
{
  glong length;
  g_autofree gunichar2 *utf16 = g_utf8_to_utf16 (text, -1, NULL, &length, NULL);
  guint64 text_va = p2v_windows_machine_allocate (self, (gsize) length * 2 + 2, "Name");

  for (glong i = 0; i < length; i++)
    p2v_windows_machine_put (self, text_va + (guint64) i * 2, utf16[i], 2);
  p2v_windows_machine_put (self, va, (guint64) length * 2, 2);
  p2v_windows_machine_put (self, va + 2, (guint64) length * 2 + 2, 2);
  p2v_windows_machine_put (self, va + self->pointer_bytes, text_va, self->pointer_bytes);
}

/* A string of a version resource: its name, and its value at the next multiple of 4. Returns the
 * address behind both. */
static guint64
put_version_string (P2vWindowsMachine *self,
                    guint64            va,
                    const char        *name,
                    const char        *value)
{
  for (gsize i = 0; i <= strlen (name); i++, va += 2)
    p2v_windows_machine_put (self, va, (guint8) name[i], 2);
  va = (va + 3) & ~(guint64) 3;
  for (gsize i = 0; i <= strlen (value); i++, va += 2)
    p2v_windows_machine_put (self, va, (guint8) value[i], 2);
  return va;
}

/* The last value ends where the section does, without its NUL. */
static void
make_resources (P2vWindowsMachine *self)
{
  gboolean is_reactos = (self->flags & P2V_TEST_WINDOWS_REACTOS) != 0;
  guint64 directory = self->kernel_va + 0x100 + (self->pointer_bytes == 8 ? 0x98 : 0x88);
  guint64 va = self->kernel_va + RESOURCES_RVA;
  guint64 end = put_version_string (self, va + 0x46, "ProductName",
                                    is_reactos ? "ReactOS Operating System" : "A test");

  end = put_version_string (self, end + 6, "FileVersion", "5.2.3790.3959");
  p2v_windows_machine_put (self, directory, RESOURCES_RVA, 4);
  p2v_windows_machine_put (self, directory + 4, end - 2 - va, 4);
}

/* Headers of a PE file with nothing but a debug directory and resources. */
static void
make_kernel_image (P2vWindowsMachine *self)
{
  guint64 base = self->kernel_va, pe = base + 0x100;
  gboolean is_64 = self->pointer_bytes == 8;
  guint64 directory = pe + (is_64 ? 0xb8 : 0xa8), record = base + DEBUG_RVA + 0x40;

  for (guint64 offset = 0; offset < KERNEL_SIZE; offset += PAGE)
    memset (p2v_windows_machine_at (self, base + offset), 0, PAGE);
  p2v_windows_machine_put (self, base, 0x5a4d, 2);
  p2v_windows_machine_put (self, base + 0x3c, 0x100, 4);
  p2v_windows_machine_put (self, pe, 0x4550, 4);
  p2v_windows_machine_put (self, pe + 8, 0x5f5e1000, 4);
  p2v_windows_machine_put (self, pe + 0x50, KERNEL_SIZE, 4);
  p2v_windows_machine_put (self, directory, DEBUG_RVA, 4);
  p2v_windows_machine_put (self, directory + 4, 28, 4);
  p2v_windows_machine_put (self, base + DEBUG_RVA + 0x0c, 2, 4);
  p2v_windows_machine_put (self, base + DEBUG_RVA + 0x14, DEBUG_RVA + 0x40, 4);
  memcpy (p2v_windows_machine_at (self, record), "RSDS", 4);
  for (guint i = 0; i < 16; i++)
    p2v_windows_machine_put (self, record + 4 + i, i + 1, 1);
  p2v_windows_machine_put (self, record + 0x14, 3, 4);
  memcpy (p2v_windows_machine_at (self, record + 0x18), "ntkrnlmp.pdb", 13);
  make_resources (self);
  self->list_head_va = base + LIST_HEAD_RVA;
  put_empty_list (self, self->list_head_va);
}

/* One word of the debugger's data as the kernel keeps it while no debugger is attached. */
static guint64
encode (P2vWindowsMachine *self,
        guint64            plain)
{
  const guint64 never = 0x1122334455667713, always = 0x8877665544332211;
  guint rotation = never % 64;
  guint64 word = GUINT64_SWAP_LE_BE (plain ^ always) ^ (self->kernel_va + SECRET_RVA);

  return (word >> rotation | word << (64 - rotation)) ^ never;
}

static void
make_debugger_data (P2vWindowsMachine *self)
{
  guint64 words[0x340 / 8] = { 0 };
  guint64 va = self->kernel_va + DEBUGGER_RVA;

  /* Without the debugger's data the database is found by its place, or with 32 bits by the
   * variable. */
  if (!(self->flags & P2V_TEST_WINDOWS_NO_DEBUGGER) || self->pointer_bytes == 4)
    p2v_windows_machine_put (self, self->kernel_va + RECORDS_RVA,
                             p2v_windows_machine_records_va (self), self->pointer_bytes);
  if (self->flags & P2V_TEST_WINDOWS_NO_DEBUGGER)
    return;
  words[0] = words[1] = self->kernel_va + 0x1000;
  words[2] = 0x4742444b | (guint64) sizeof words << 32;
  words[3] = self->kernel_va;
  words[0x48 / 8] = self->kernel_va + MODULES_RVA;
  words[0x50 / 8] = self->list_head_va;
  words[0x58 / 8] = self->kernel_va + CID_RVA;
  words[0xc0 / 8] = self->kernel_va + RECORDS_RVA;
  words[0x120 / 8] = self->kernel_va + PAGED_RVA;
  if (self->pointer_bytes == 4)
    p2v_windows_machine_put (self, self->kernel_va + PAGED_RVA,
                             p2v_windows_machine_paged_pool_va (self), self->pointer_bytes);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    p2v_windows_machine_put (self, va + i * 8,
                             self->flags & P2V_TEST_WINDOWS_ENCODED ? encode (self, words[i])
                                                                    : words[i],
                             8);
}

static void
make_module (P2vWindowsMachine *self,
             guint64            va,
             guint              length,
             const char        *name)
{
  gboolean is_64 = self->pointer_bytes == 8;
  guint64 entry = p2v_windows_machine_allocate (self, 0xa0, "MmLd");

  put_link (self, self->kernel_va + MODULES_RVA, entry);
  p2v_windows_machine_put (self, entry + (is_64 ? 0x30 : 0x18), va, self->pointer_bytes);
  p2v_windows_machine_put (self, entry + (is_64 ? 0x40 : 0x20), length, 4);
  put_string (self, entry + (is_64 ? 0x58 : 0x2c), name);
}

/* What the kernel has loaded: itself, and a driver right behind. */
static void
make_modules (P2vWindowsMachine *self)
{
  const guint driver_size = 0x20000;

  self->driver_va = self->kernel_va + KERNEL_SIZE - driver_size;
  self->driver_pa = (guint64) (p2v_windows_machine_at (self, self->driver_va) - self->bytes);
  put_empty_list (self, self->kernel_va + MODULES_RVA);
  make_module (self, self->kernel_va, KERNEL_SIZE - driver_size, "ntoskrnl.exe");
  make_module (self, self->driver_va, driver_size, "probe.sys");
  p2v_windows_machine_note_page (self, self->system_root_pa, self->driver_va + 0x3000, 6);
}

static void
make_shared_page (P2vWindowsMachine *self)
{
  static const char root[] = "C\0:\0\\\0W\0i\0n\0d\0o\0w\0s";
  guint8 *page = self->bytes + self->shared_page_pa;
  unsigned parts[3] = { 0 };
  const guint64 uptime = GUINT64_TO_LE (36000000000), time = GUINT64_TO_LE (0x01d9000000000000);

  (void) !sscanf (self->build, "%u.%u.%u", &parts[0], &parts[1], &parts[2]);
  memcpy (page + 0x08, &uptime, 8);
  memcpy (page + 0x14, &time, 8);
  memcpy (page + 0x30, root, sizeof root);
  page[0x264] = 1;
  page[0x26c] = (guint8) parts[0];
  page[0x270] = (guint8) parts[1];
  if (parts[0] >= 10)
    {
      page[0x260] = (guint8) parts[2];
      page[0x261] = (guint8) (parts[2] >> 8);
    }
}

/* An area. */
typedef struct
{
  guint64     start;
  guint64     end;             /* behind the last byte */
  guint       type;
  guint       protection;
  gboolean    is_private;
  const char *file;            /* NULL: none */
} Area;

static const Area areas[] = {
  { LIBRARY_VA, LIBRARY_VA + 0x5000, 2, 7, FALSE, "\\Windows\\SysWOW64\\ws2_32.dll" },
  { PRIVATE_VA, PRIVATE_VA + 0x10000, 0, 4, TRUE, NULL },
  { IMAGE_VA, IMAGE_VA + 0x1000, 2, 7, FALSE, "\\Windows\\System32\\probe.exe" },
  { LARGE_VA, LARGE_VA + 0x400000, 0, 4, TRUE, NULL },
};

/* ReactOS: no control area, but more behind the descriptor. */
static void
put_memory_area (P2vWindowsMachine *self,
                 guint64            vad_va,
                 guint64            file_va)
{
  guint64 more = vad_va + 10 * self->pointer_bytes;
  guint64 segment = p2v_windows_machine_allocate (self, 0xa0, "MmSg");

  p2v_windows_machine_put (self, more, 1, 4);
  memcpy (p2v_windows_machine_at (self, more + 0x0c), "MAre", 4);
  p2v_windows_machine_put (self, more + 0x18, segment, self->pointer_bytes);
  p2v_windows_machine_put (self, segment, 1, 8);
  p2v_windows_machine_put (self, segment + 8, file_va, self->pointer_bytes);
}

static void
put_file (P2vWindowsMachine *self,
          guint64            vad_va,
          const Area        *area)
{
  guint64 n_pages = (area->end - area->start) / PAGE;
  guint64 subsection = p2v_windows_machine_allocate (self, 0x40, "MmCi");
  guint64 control_area = p2v_windows_machine_allocate (self, 0x80, "MmCa");
  guint64 file = p2v_windows_machine_allocate (self, 0xd8, "File");

  put_string (self,
              file + (guint) p2v_windows_machine_offset (self, "_FILE_OBJECT", "FileName"),
              area->file);
  if (area->start == LIBRARY_VA)
    {
      put_pointer (self, vad_va, "_MMVAD", "FirstPrototypePte", self->library_prototypes_va);
      put_pointer (self, vad_va, "_MMVAD", "LastContiguousPte",
                   self->library_prototypes_va +
                     (n_pages - 1) * p2v_windows_machine_entry_bytes (self));
      put_pointer (self, subsection, "_SUBSECTION", "SubsectionBase", self->library_prototypes_va);
      put_pointer (self, subsection, "_SUBSECTION", "ControlArea", control_area);
      p2v_windows_machine_note_prototype (
        self, self->library_pa[3],
        self->library_prototypes_va + 3 * p2v_windows_machine_entry_bytes (self), subsection, 2);
    }
  if (self->flags & P2V_TEST_WINDOWS_REACTOS)
    put_memory_area (self, vad_va, file);
  else if (is_before (self, 6, 0))
    put_pointer (self, vad_va, "_MMVAD", "ControlArea", control_area);
  else
    {
      put_pointer (self, vad_va, "_MMVAD", "Subsection", subsection);
      put_pointer (self, subsection, "_SUBSECTION", "ControlArea", control_area);
    }
  /* The low bits of this pointer are a count. */
  put_pointer (self, control_area, "_CONTROL_AREA", "FilePointer",
               is_before (self, 6, 0) ? file : file | 5);
}

static guint64
get_vad_flags (P2vWindowsMachine *self,
               const Area        *area)
{
  int type = p2v_windows_machine_offset (self, "_MMVAD_FLAGS", "VadType");
  int image = p2v_windows_machine_offset (self, "_MMVAD_FLAGS", "ImageMap");
  int protection = p2v_windows_machine_offset (self, "_MMVAD_FLAGS", "Protection");
  int is_private = p2v_windows_machine_offset (self, "_MMVAD_FLAGS", "PrivateMemory");
  guint64 flags = (guint64) area->protection << protection |
                  (guint64) area->is_private << is_private;

  if (type >= 0)
    flags |= (guint64) area->type << type;
  else if (image >= 0 && area->type == 2)
    flags |= (guint64) 1 << image;
  return flags;
}

/* The children of a node, which came first in the structure from Windows 8.1 on. */
static void
get_node_offsets (P2vWindowsMachine *self,
                  guint             *ret_left,
                  guint             *ret_right)
{
  guint width = self->pointer_bytes;

  *ret_left = is_before (self, 6, 3) ? width : 0;
  if (is_before (self, 5, 2))
    *ret_left = 0x0c;
  *ret_right = *ret_left + width;
}

static guint64
make_vad (P2vWindowsMachine *self,
          const Area        *area)
{
  gboolean wide = is_before (self, 6, 2) && self->pointer_bytes == 8;
  guint64 va = p2v_windows_machine_allocate (self, 0x90, area->file != NULL ? "Vad " : "VadS");
  guint64 flags = get_vad_flags (self, area);
  int offset = p2v_windows_machine_offset (self, "_MMVAD_SHORT", "u");

  put_field (self, va, "_MMVAD_SHORT", "StartingVpn", area->start / PAGE, wide ? 8 : 4);
  put_field (self, va, "_MMVAD_SHORT", "EndingVpn", area->end / PAGE - 1, wide ? 8 : 4);
  g_assert (offset > 0);
  p2v_windows_machine_put (self, va + (guint) offset, flags, wide ? 8 : 4);
  if (area->file != NULL)
    put_file (self, va, area);
  return va;
}

/* The first area is the root, the second its left child, the third that one's, the last its
 * right. */
static void
make_vads (P2vWindowsMachine *self,
           guint64            process_va,
           guint64           *ret_first_va)
{
  guint64 vas[G_N_ELEMENTS (areas)];
  guint left, right, width = self->pointer_bytes;
  guint64 root_va =
    process_va + (guint) p2v_windows_machine_offset (self, "_EPROCESS", "VadRoot");

  get_node_offsets (self, &left, &right);
  for (guint i = 0; i < G_N_ELEMENTS (areas); i++)
    vas[i] = make_vad (self, &areas[i]);
  p2v_windows_machine_put (self, vas[0] + left, vas[1], width);
  p2v_windows_machine_put (self, vas[1] + left, vas[2], width);
  p2v_windows_machine_put (self, vas[0] + right, vas[3], width);
  /* From 2003 to 8 the root is a node within the process. */
  gboolean embedded = is_before (self, 6, 3) && !is_before (self, 5, 2);
  p2v_windows_machine_put (self, embedded ? root_va + right : root_va, vas[0], width);
  /* Such a node is its own parent, and has how the tree leans in the low bits. */
  if (embedded)
    p2v_windows_machine_put (self, root_va, root_va | 3, width);
  *ret_first_va = vas[0];
}

static void
add_mapping (P2vWindowsMachine *self,
             guint              pid,
             guint64            root_pa,
             guint64            va,
             guint64            pa,
             P2vTestPage        page,
             const char        *region)
{
  P2vTestWindowsMapping mapping = { pid, va, pa, PAGE, "valid", region };

  p2v_windows_machine_map (self, root_pa, va, pa, page);
  if (page != P2V_TEST_PAGE_LARGE && page < P2V_TEST_PAGE_FILE)
    p2v_windows_machine_note_page (self, root_pa, va, page >= P2V_TEST_PAGE_TRANSITION ? 2 : 6);
  if (page == P2V_TEST_PAGE_LARGE)
    mapping.length = p2v_windows_machine_large_bytes (self);
  if (page >= P2V_TEST_PAGE_TRANSITION)
    mapping.state = "transition";
  if (page < P2V_TEST_PAGE_FILE)
    g_array_append_val (self->mappings, mapping);
}

/* The pages that every process with a user half maps. */
static void
map_user (P2vWindowsMachine *self,
          guint              pid,
          guint64            root_pa)
{
  guint64 image_pa = p2v_windows_machine_take_frame (self);
  gboolean masked = self->kind == P2V_TEST_WINDOWS_X64 || self->kind == P2V_TEST_WINDOWS_LA57;
  guint64 twice_pa = p2v_windows_machine_take_frame (self);

  memcpy (self->bytes + image_pa, "MZ", 2);
  add_mapping (self, pid, root_pa, SHARED_VA, self->shared_page_pa, P2V_TEST_PAGE_USER_READ, NULL);
  self->peb_pa = p2v_windows_machine_take_frame (self);
  add_mapping (self, pid, root_pa, get_peb_va (self), self->peb_pa, P2V_TEST_PAGE_USER, NULL);
  add_mapping (self, pid, root_pa, IMAGE_VA, image_pa, P2V_TEST_PAGE_USER_READ,
               "\\Windows\\System32\\probe.exe");
  const char *label = pid == THREADED_PID ? "[heap]" : "";
  add_mapping (self, pid, root_pa, PRIVATE_VA, twice_pa, P2V_TEST_PAGE_USER, label);
  add_mapping (self, pid, root_pa, PRIVATE_VA + 0x5000, twice_pa, P2V_TEST_PAGE_USER, label);
  add_mapping (self, pid, root_pa, PRIVATE_VA + 0x7000, p2v_windows_machine_take_frame (self),
               P2V_TEST_PAGE_TRANSITION, label);
  add_mapping (self, pid, root_pa, PRIVATE_VA + 0x9000, 0, P2V_TEST_PAGE_FILE, NULL);
  add_mapping (self, pid, root_pa, PRIVATE_VA + 0xa000, 0, P2V_TEST_PAGE_DEMAND_ZERO, NULL);
  add_mapping (self, pid, root_pa, PRIVATE_VA + 0x8000, p2v_windows_machine_take_frame (self),
               masked ? P2V_TEST_PAGE_TRANSITION_MASKED : P2V_TEST_PAGE_TRANSITION, label);
}

/* What the area of the library is like: two pages are valid, three are to be had through their
 * prototypes only, of which one is named by the entry, and of two the area must be asked; and one
 * of those is not in RAM. */
static void
make_library (P2vWindowsMachine *self)
{
  static const P2vTestPage pages[] = { P2V_TEST_PAGE_USER_READ, P2V_TEST_PAGE_USER_READ,
                                       P2V_TEST_PAGE_USER_READ, P2V_TEST_PAGE_TRANSITION,
                                       P2V_TEST_PAGE_FILE };
  guint width = p2v_windows_machine_entry_bytes (self);

  self->library_prototypes_va =
    p2v_windows_machine_allocate (self, G_N_ELEMENTS (pages) * width, "MmSt");
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      self->library_pa[i] = p2v_windows_machine_take_frame (self);
      p2v_windows_machine_put (
        self, self->library_prototypes_va + i * width,
        p2v_windows_machine_make_entry (self, self->library_pa[i], pages[i]), width);
    }
}

static void
add_prototype (P2vWindowsMachine *self,
               guint              pid,
               guint64            root_pa,
               guint              page,
               guint64            prototype_va)
{
  P2vTestWindowsMapping mapping = { pid, LIBRARY_VA + page * PAGE, self->library_pa[page], PAGE,
                                    "prototype", "\\Windows\\SysWOW64\\ws2_32.dll" };

  p2v_windows_machine_map_prototype (self, root_pa, mapping.va, prototype_va);
  g_array_append_val (self->mappings, mapping);
}

/* The library that some share. */
static void
map_library (P2vWindowsMachine *self,
             guint              pid,
             guint64            root_pa)
{
  guint width = p2v_windows_machine_entry_bytes (self);

  for (guint i = 0; i < 2; i++)
    add_mapping (self, pid, root_pa, LIBRARY_VA + i * PAGE, self->library_pa[i],
                 P2V_TEST_PAGE_USER_READ, "\\Windows\\SysWOW64\\ws2_32.dll");
  add_prototype (self, pid, root_pa, 2, self->library_prototypes_va + 2 * width);
  add_prototype (self, pid, root_pa, 3, 0);
  p2v_windows_machine_map_prototype (self, root_pa, LIBRARY_VA + 4 * PAGE, 0);
}

/* What only some map: a large page, and one behind a table in transition. */
static void
map_rest (P2vWindowsMachine *self,
          guint              pid,
          guint64            root_pa)
{
  add_mapping (self, pid, root_pa, LOST_VA, p2v_windows_machine_take_frame (self),
               P2V_TEST_PAGE_USER, NULL);
  p2v_windows_machine_lose_table (self, root_pa, LOST_VA);
  add_mapping (self, pid, root_pa, LARGE_VA, LARGE_PA, P2V_TEST_PAGE_LARGE,
               pid == THREADED_PID ? "[stack 1008]" : "");
}

/* What an entry of a table of handles holds for the object at @va. */
static guint64
get_handle_entry (P2vWindowsMachine *self,
                  guint64            va)
{
  if (self->pointer_bytes == 4 || is_before (self, 6, 2))
    return va | 1;
  if (is_before (self, 6, 3))
    return va >> 4 << 23 | 0x3;
  return (va & 0xffffffffffff) >> 4 << 20 | 0x7;
}

static guint64
make_handle_table (P2vWindowsMachine *self,
                   guint64            process_va,
                   guint              n_levels)
{
  guint64 table = p2v_windows_machine_allocate (self, 0x80, "Obtb");
  guint64 leaf = p2v_windows_machine_allocate (self, PAGE, NULL), code = leaf;

  for (guint i = 0; i < n_levels; i++)
    {
      guint64 upper = p2v_windows_machine_allocate (self, PAGE, NULL);
      p2v_windows_machine_put (self, upper, code & ~(guint64) 7, self->pointer_bytes);
      code = upper | (i + 1);
    }
  put_pointer (self, table, "_HANDLE_TABLE", "TableCode", code);
  put_pointer (self, table, "_HANDLE_TABLE", "QuotaProcess", process_va);
  put_empty_list (self, table + (guint) p2v_windows_machine_offset (self, "_HANDLE_TABLE",
                                                                    "HandleTableList"));
  return table;
}

static void
put_handle (P2vWindowsMachine *self,
            guint64            table,
            guint              handle,
            guint64            object_va)
{
  guint width = self->pointer_bytes;
  guint64 code = p2v_windows_machine_get (
    self, table + (guint) p2v_windows_machine_offset (self, "_HANDLE_TABLE", "TableCode"), width);
  guint64 page = code & ~(guint64) 7;

  for (guint level = code & 7; level > 0; level--)
    page = p2v_windows_machine_get (self, page, width);
  guint n_entries = (guint) (PAGE / (2 * width));
  p2v_windows_machine_put (self, page + handle / 4 % n_entries * 2 * width,
                           get_handle_entry (self, object_va), width);
}

/* What was made of the kernel's lists so far. */
typedef struct
{
  guint64 cid_table;
  guint64 csrss_table;
  guint64 system_table;
  guint64 session_va;
  guint   n_csrss;
} Kernel;

/* What each process begins with. */
static void
put_header (P2vWindowsMachine *self,
            guint64            va,
            gboolean           has_ended,
            guint64            root_pa)
{
  int size = p2v_windows_machine_offset (self, "_KPROCESS", "(sizeof)");

  p2v_windows_machine_put (self, va, 3, 1);
  p2v_windows_machine_put (self, va + 2, (guint8) (size / 4), 1);
  p2v_windows_machine_put (self, va + 4, has_ended, 4);
  put_empty_list (self, va + 8);
  put_pointer (self, va, "_KPROCESS", "DirectoryTableBase", root_pa);
}

/* What looks like a process and is none: the one that stands for idle time, which is a part of the
 * kernel's image, and a page table that maps one root after the other. */
static void
make_look_alikes (P2vWindowsMachine *self)
{
  guint64 idle_va = self->kernel_va + IDLE_RVA;
  guint name = (guint) p2v_windows_machine_offset (self, "_EPROCESS", "ImageFileName");
  guint width = p2v_windows_machine_entry_bytes (self);
  guint64 table_pa = p2v_windows_machine_take_frame (self);

  put_header (self, idle_va, FALSE, self->system_root_pa);
  memcpy (p2v_windows_machine_at (self, idle_va + name), "Idle", 4);
  for (guint i = 0; i < PAGE / width; i++)
    {
      guint64 entry = GUINT64_TO_LE ((self->system_root_pa + i * PAGE) | 3);
      memcpy (self->bytes + table_pa + i * width, &entry, width);
    }
}

static guint64
make_object (P2vWindowsMachine *self,
             const Recipe      *recipe,
             guint64            root_pa)
{
  gboolean old = is_before (self, 6, 2);
  guint header = (guint) p2v_windows_machine_offset (self, "_OBJECT_HEADER", "Body");
  guint64 va =
    p2v_windows_machine_allocate (self, header + 0xb00 - 0x20 * self->pointer_bytes,
                                  old ? "Pro\xe3" : "Proc") + header;

  put_header (self, va, (recipe->flags & ENDED) != 0, root_pa);
  put_pointer (self, va, "_EPROCESS", "UniqueProcessId", recipe->pid);
  put_pointer (self, va, "_EPROCESS", "InheritedFromUniqueProcessId", recipe->parent);
  put_field (self, va, "_EPROCESS", "CreateTime", 0x01d8fffff0000000 + recipe->pid, 8);
  put_field (self, va, "_EPROCESS", "ActiveThreads", recipe->flags & ENDED ? 0 : 3, 4);
  if (recipe->flags & ENDED)
    put_field (self, va, "_EPROCESS", "ExitTime", 0x01d8fffffc000000, 8);
  if ((recipe->flags & USER) && recipe->pid != 108)
    put_pointer (self, va, "_EPROCESS", "Peb", get_peb_va (self));
  guint name = (guint) p2v_windows_machine_offset (self, "_EPROCESS", "ImageFileName");
  memcpy (p2v_windows_machine_at (self, va + name), recipe->name, strlen (recipe->name));
  put_empty_list (self, va + (guint) p2v_windows_machine_offset (self, "_EPROCESS",
                                                                 "ActiveProcessLinks"));
  return va;
}

static void
link_process (P2vWindowsMachine *self,
              Kernel            *kernel,
              const Recipe      *recipe,
              guint64            va)
{
  guint header = (guint) p2v_windows_machine_offset (self, "_OBJECT_HEADER", "Body");
  guint links = (guint) p2v_windows_machine_offset (self, "_EPROCESS", "ActiveProcessLinks");
  guint session_links = (guint) p2v_windows_machine_offset (self, "_EPROCESS",
                                                            "SessionProcessLinks");

  if (recipe->flags & LISTED)
    put_link (self, self->list_head_va, va + links);
  if (recipe->flags & CID)
    put_handle (self, kernel->cid_table, recipe->pid, va);
  if ((recipe->flags & CSRSS) && kernel->csrss_table != 0)
    put_handle (self, kernel->csrss_table, 4 * ++kernel->n_csrss, va - header);
  if (recipe->flags & SESSION)
    {
      put_pointer (self, va, "_EPROCESS", "Session", kernel->session_va);
      put_link (self, kernel->session_va + (guint) p2v_windows_machine_offset (
                                             self, "_MM_SESSION_SPACE", "ProcessList"),
                va + session_links);
    }
}

static void
make_tables (P2vWindowsMachine *self,
             Kernel            *kernel,
             const Recipe      *recipe,
             guint64            va)
{
  guint list = (guint) p2v_windows_machine_offset (self, "_HANDLE_TABLE", "HandleTableList");
  gboolean is_csrss = strcmp (recipe->name, "csrss.exe") == 0;

  if (!(recipe->flags & TABLE))
    return;
  guint64 table = make_handle_table (self, va, is_csrss ? 1 : 0);
  put_pointer (self, va, "_EPROCESS", "ObjectTable", table);
  if (is_csrss)
    kernel->csrss_table = table;
  if (recipe->pid == 4)
    kernel->system_table = table;
  else
    put_link (self, kernel->system_table + list, table + list);
}

static guint64
make_root (P2vWindowsMachine *self,
           const Recipe      *recipe)
{
  if (recipe->pid == 4)
    return self->system_root_pa;
  guint64 root_pa = p2v_windows_machine_new_root (self);
  if (recipe->flags & LOST_ROOT)
    memset (self->bytes + (root_pa & ~(PAGE - 1)), 'x', PAGE);
  return root_pa;
}

/* What a process says of itself: the path of its program. */
static void
make_peb (P2vWindowsMachine *self,
          const char        *path)
{
  gboolean is_64 = self->pointer_bytes == 8;
  guint8 *page = self->bytes + self->peb_pa;
  const guint32 parameters = GUINT32_TO_LE (get_peb_va (self) + 0x800);
  const guint32 text = GUINT32_TO_LE (get_peb_va (self) + 0xa00);
  guint8 *string = page + 0x800 + (is_64 ? 0x60 : 0x38);

  memcpy (page + (is_64 ? 0x20 : 0x10), &parameters, sizeof parameters);
  memcpy (string + self->pointer_bytes, &text, sizeof text);
  string[0] = string[2] = (guint8) (2 * strlen (path));
  for (gsize i = 0; path[i] != '\0'; i++)
    page[0xa00 + 2 * i] = (guint8) path[i];
}

/* A word of the process's own block. */
static void
put_peb_word (P2vWindowsMachine *self,
              guint              offset,
              guint32            value)
{
  value = GUINT32_TO_LE (value);
  memcpy (self->bytes + self->peb_pa + offset, &value, sizeof value);
}

/* A heap, and a thread with a stack. */
static void
make_thread (P2vWindowsMachine *self,
             guint64            process_va)
{
  gboolean is_64 = self->pointer_bytes == 8;
  guint32 teb_va = get_peb_va (self) + TEB_OFFSET;
  guint64 thread = p2v_windows_machine_allocate (self, 0x800, "Thre");
  guint64 head_va =
    process_va + (guint) p2v_windows_machine_offset (self, "_KPROCESS", "ThreadListHead");

  put_peb_word (self, is_64 ? 0xe8 : 0x88, 1);
  put_peb_word (self, is_64 ? 0xf0 : 0x90, get_peb_va (self) + HEAPS_OFFSET);
  put_peb_word (self, HEAPS_OFFSET, PRIVATE_VA);
  put_peb_word (self, TEB_OFFSET + (is_64 ? 0x08 : 0x04), LARGE_VA + 0x400000);
  put_peb_word (self, TEB_OFFSET + (is_64 ? 0x30 : 0x18), teb_va);
  put_empty_list (self, head_va);
  put_link (self, head_va,
            thread + (guint) p2v_windows_machine_offset (self, "_KTHREAD", "ThreadListEntry"));
  put_pointer (self, thread, "_KTHREAD", "Teb", teb_va);
  put_peb_word (self, TEB_OFFSET + (is_64 ? 0x48 : 0x24), THREAD_ID);
}

/* Three places hold the path of a program; each process has one of them. */
static const char *
put_path (P2vWindowsMachine *self,
          guint64            va,
          guint              pid)
{
  static const char path[] = "\\Device\\HarddiskVolume1\\Windows\\probe.exe";
  guint64 string = p2v_windows_machine_allocate (self, 0x20, "SeAu");
  guint64 file = p2v_windows_machine_allocate (self, 0xd8, "File");

  if (pid == 604 || (pid == 740 && is_before (self, 10, 0)))
    {
      put_string (self, string, path);
      put_pointer (self, va, "_EPROCESS", "SeAuditProcessCreationInfo", string);
    }
  else if (pid == 740)
    {
      put_string (self,
                  file + (guint) p2v_windows_machine_offset (self, "_FILE_OBJECT", "FileName"),
                  path);
      put_pointer (self, va, "_EPROCESS", "ImageFilePointer", file);
    }
  else if (pid == THREADED_PID)
    {
      make_peb (self, path);
      make_thread (self, va);
    }
  else
    return NULL;
  return path;
}

static void
put_details (P2vWindowsMachine     *self,
             const Recipe          *recipe,
             P2vTestWindowsProcess *process)
{
  gboolean is_64 = self->pointer_bytes == 8;
  const char *wow64 = p2v_windows_machine_offset (self, "_EPROCESS", "WoW64Process") >= 0
                        ? "WoW64Process" : "Wow64Process";

  process->is_wow64 = is_64 && (recipe->flags & WOW64) != 0;
  if (process->is_wow64)
    put_pointer (self, process->object_va, "_EPROCESS", wow64, 0x7efde000);
  process->path = put_path (self, process->object_va, recipe->pid);
  process->session = recipe->flags & SESSION ? 1 : -1;
  /* Nobody published the session's structure of the newest version: the process's copy counts. */
  if ((recipe->flags & USER) && recipe->pid != 108)
    self->bytes[self->peb_pa + (is_64 ? 0x2c0 : 0x1d4)] = recipe->flags & SESSION ? 1 : 0;
  process->n_handles = recipe->flags & TABLE ? 0 : -1;
}

static void
make_process (P2vWindowsMachine *self,
              Kernel            *kernel,
              const Recipe      *recipe)
{
  P2vTestWindowsProcess process = { recipe->pid, recipe->name, 0, make_root (self, recipe), 0,
                                    (recipe->flags & LISTED) != 0, (recipe->flags & CID) != 0,
                                    (recipe->flags & ENDED) != 0, FALSE, -1, -1, NULL };

  process.object_va = make_object (self, recipe, process.root_pa);
  if (recipe->flags & USER)
    map_user (self, recipe->pid, process.root_pa);
  if (recipe->flags & MAPPED)
    map_rest (self, recipe->pid, process.root_pa);
  if (recipe->flags & LIBRARY)
    map_library (self, recipe->pid, process.root_pa);
  if (recipe->flags & USER)
    make_vads (self, process.object_va, &process.vad_va);
  put_details (self, recipe, &process);
  make_tables (self, kernel, recipe, process.object_va);
  link_process (self, kernel, recipe, process.object_va);
  if ((recipe->flags & USER) && (self->flags & P2V_TEST_WINDOWS_SHADOW))
    put_pointer (self, process.object_va, "_KPROCESS", "UserDirectoryTableBase",
                 p2v_windows_machine_new_shadow (self, process.root_pa));
  g_array_append_val (self->processes, process);
}

/* Tables count their handles until Windows 7. */
static void
note_csrss_handles (P2vWindowsMachine *self,
                    const Kernel      *kernel)
{
  if (is_before (self, 6, 2))
    put_field (self, kernel->csrss_table, "_HANDLE_TABLE", "HandleCount", kernel->n_csrss, 4);
  for (guint i = 0; i < self->processes->len; i++)
    {
      P2vTestWindowsProcess *process =
        &g_array_index (self->processes, P2vTestWindowsProcess, i);
      if (strcmp (process->name, "csrss.exe") == 0)
        process->n_handles = kernel->n_csrss;
    }
}

static void
make_processes (P2vWindowsMachine *self)
{
  Kernel kernel = { 0 };

  kernel.cid_table = make_handle_table (self, 0, self->pointer_bytes == 8 ? 2 : 0);
  p2v_windows_machine_put (self, self->kernel_va + CID_RVA, kernel.cid_table, self->pointer_bytes);
  kernel.session_va = p2v_windows_machine_allocate (self, 0x80, "MmSp");
  put_field (self, kernel.session_va, "_MM_SESSION_SPACE", "SessionId", 1, 4);
  put_empty_list (self, kernel.session_va + (guint) p2v_windows_machine_offset (
                                              self, "_MM_SESSION_SPACE", "ProcessList"));
  make_library (self);
  for (guint i = 0; i < G_N_ELEMENTS (recipes); i++)
    make_process (self, &kernel, &recipes[i]);
  note_csrss_handles (self, &kernel);
}

/* Page tables that no process has. */
static void
make_orphan (P2vWindowsMachine *self)
{
  self->orphan_root_pa = p2v_windows_machine_new_root (self);
  add_mapping (self, 0, self->orphan_root_pa, PRIVATE_VA, p2v_windows_machine_take_frame (self),
               P2V_TEST_PAGE_USER, NULL);
}

P2vWindowsMachine *
p2v_windows_machine_new (P2vTestWindowsKind   kind,
                         const char          *build,
                         P2vTestWindowsFlags  flags,
                         const char          *csv_path)
{
  P2vWindowsMachine *self = g_new0 (P2vWindowsMachine, 1);

  self->kind = kind;
  self->build = build;
  self->flags = flags;
  self->length = LENGTH;
  self->bytes = g_malloc0 (self->length);
  self->mappings = g_array_new (FALSE, FALSE, sizeof (P2vTestWindowsMapping));
  self->processes = g_array_new (FALSE, FALSE, sizeof (P2vTestWindowsProcess));
  self->pointer_bytes = kind == P2V_TEST_WINDOWS_X86 || kind == P2V_TEST_WINDOWS_PAE ? 4 : 8;
  self->kernel_va = self->pointer_bytes == 8 ? 0xfffff80212400000 : 0x82600000;
  if (flags & P2V_TEST_WINDOWS_3GB)
    self->kernel_va = 0xe8600000;
  self->random = g_rand_new_with_seed (get_build (self));
  for (gsize i = 0; i < self->length && (flags & P2V_TEST_WINDOWS_NOISE); i++)
    self->bytes[i] = (guint8) g_rand_int (self->random);
  p2v_windows_machine_read_offsets (self, csv_path);
  p2v_windows_machine_map_kernel (self);
  make_kernel_image (self);
  make_debugger_data (self);
  make_shared_page (self);
  make_modules (self);
  make_processes (self);
  make_look_alikes (self);
  make_orphan (self);
  return self;
}

void
p2v_windows_machine_free (P2vWindowsMachine *self)
{
  g_free (self->bytes);
  g_array_unref (self->mappings);
  g_array_unref (self->processes);
  g_ptr_array_unref (self->offsets);
  g_rand_free (self->random);
  g_free (self);
}

const P2vTestWindowsProcess *
p2v_windows_machine_find (P2vWindowsMachine *self,
                          const char        *name)
{
  for (guint i = 0; i < self->processes->len; i++)
    if (strcmp (g_array_index (self->processes, P2vTestWindowsProcess, i).name, name) == 0)
      return &g_array_index (self->processes, P2vTestWindowsProcess, i);
  return NULL;
}
