/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The areas of the kernel's half on arm64 and i386, and what is found there without a symbol of
 * data and without types. */

#include "p2v-test.h"

#include <string.h>

#include "os/linux/p2v-linux-areas.h"
#include "os/linux/p2v-linux-page.h"

static gboolean
find_no_member (const P2vTypeSource *source G_GNUC_UNUSED,
                const char          *type_name G_GNUC_UNUSED,
                const char          *member_path G_GNUC_UNUSED,
                P2vMember           *ret_member G_GNUC_UNUSED)
{
  return FALSE;
}

static gboolean
find_no_size (const P2vTypeSource *source G_GNUC_UNUSED,
              const char          *type_name G_GNUC_UNUSED,
              guint32             *ret_size_bytes G_GNUC_UNUSED)
{
  return FALSE;
}

static const P2vTypeSourceFuncs no_types_funcs = { .find_member = find_no_member,
                                                   .find_size = find_no_size };
static P2vTypeSource no_types = { &no_types_funcs };

typedef struct
{
  P2vLinux          kernel;
  P2vVirtualMemory *memory;
  GArray           *areas;     /* P2vKernelArea */
} Fixture;

static void
add_symbol (Fixture    *self,
            const char *name,
            guint64     va)
{
  assert_true (p2v_symbol_table_add (self->kernel.symbol_table, name, strlen (name), va));
}

/* A kernel of which nothing is known but @info and its page tables. */
static void
open_fixture (Fixture            *self,
              const P2vLinuxArch *arch,
              const char         *form,
              const char         *info,
              const char         *path)
{
  P2vLinux *kernel = &self->kernel;

  kernel->arch = arch;
  g_autofree char *text = g_strconcat (info, "PAGESIZE=4096\n", NULL);
  kernel->vmcoreinfo = p2v_linux_parse_vmcoreinfo (text, strlen (text));
  kernel->image = p2v_image_open (path, NULL, NULL);
  assert_non_null (kernel->vmcoreinfo);
  assert_non_null (kernel->image);
  kernel->tables.image = kernel->image;
  kernel->tables.form = p2v_paging_form_find (form);
  assert_non_null (kernel->tables.form);
  kernel->tables.pa_mask = kernel->tables.form->pa_mask;
  kernel->types = &no_types;
  kernel->symbol_table = p2v_symbol_table_new ();
  kernel->frames = p2v_linux_frames_new ();
}

static void
load_areas (Fixture *self)
{
  p2v_symbol_table_seal (self->kernel.symbol_table);
  self->memory = p2v_virtual_memory_new (&self->kernel.tables, self->kernel.root_pa);
  self->areas = g_array_new (FALSE, FALSE, sizeof (P2vKernelArea));
  self->kernel.arch->add_areas (&self->kernel, self->memory, self->areas);
}

static void
close_fixture (Fixture *self)
{
  g_array_unref (self->areas);
  p2v_virtual_memory_free (self->memory);
  p2v_linux_frames_free (self->kernel.frames);
  p2v_symbol_table_free (self->kernel.symbol_table);
  g_object_unref (self->kernel.image);
  g_hash_table_unref (self->kernel.vmcoreinfo);
}

/* The area that holds @va; of several the one that begins last counts, and ends the others. */
static const char *
find_area (Fixture     *self,
           P2vVirtAddr  va)
{
  const P2vKernelArea *found = NULL;

  for (guint i = 0; i < self->areas->len; i++)
    {
      const P2vKernelArea *area = &g_array_index (self->areas, P2vKernelArea, i);
      if (va >= area->start_va && (found == NULL || area->start_va > found->start_va))
        found = area;
    }
  return found != NULL && va - found->start_va < found->length_bytes ? found->name : "none";
}

/* What three kernels of Debian said, and addresses that their page tables map, with what is there.
 * Source: images made by tests/vm/run: vmcoreinfo.txt, kernel-runs.tsv, and iomem.txt for the
 * frames (the device tree and the console in the fixmap, I/O ports). */
typedef struct
{
  const char *name;
  P2vVirtAddr va;
} Expected;

static const struct
{
  const char *form;
  const char *info;
  P2vVirtAddr image_va;
  Expected    expected[8];
} arm64_kernels[] = {
  { "aarch64-4k-48",
    "OSRELEASE=5.10.0-32-arm64\nNUMBER(VA_BITS)=48\nKERNELOFFSET=42878be00000\n",
    0xffffc2879be10000,
    { { "direct map", 0xffff5036c0000000 },
      { "module space", 0xffff800008000000 },
      { "vmalloc", 0xffff800011000000 },
      { "vmalloc", 0xfffffdffbffd1000 },
      { "fixmap", 0xfffffdfffe5ff000 },
      { "fixmap", 0xfffffdfffe600000 },
      { "PCI I/O", 0xfffffdfffec00000 },
      { "vmemmap", 0xffffff40dae00000 } } },
  { "aarch64-4k-48",
    "OSRELEASE=6.1.0-50-arm64\nNUMBER(VA_BITS)=48\n"
    "NUMBER(MODULES_VADDR)=0xffff800000000000\nNUMBER(MODULES_END)=0xffff800008000000\n"
    "NUMBER(VMALLOC_START)=0xffff800008000000\nNUMBER(VMALLOC_END)=0xfffffbfff0000000\n"
    "NUMBER(VMEMMAP_START)=0xfffffc0000000000\nNUMBER(VMEMMAP_END)=0xfffffe0000000000\n",
    0xffffddd172a10000,
    { { "direct map", 0xffff3c9240000000 },
      { "module space", 0xffff800000000000 },
      { "vmalloc", 0xffff800009000000 },
      { "vmalloc", 0xfffffbffeffe3000 },
      { "fixmap", 0xfffffbfffdbff000 },
      { "fixmap", 0xfffffbfffdc00000 },
      { "PCI I/O", 0xfffffbfffe800000 },
      { "vmemmap", 0xfffffcf249000000 } } },
  { "aarch64-16k-47",
    "OSRELEASE=6.12.95+deb12-arm64-16k\nNUMBER(VA_BITS)=52\n"
    "NUMBER(MODULES_VADDR)=0xffffc00000000000\nNUMBER(MODULES_END)=0xffffc00080000000\n"
    "NUMBER(VMALLOC_START)=0xffffc00080000000\nNUMBER(VMALLOC_END)=0xffffffbfbf800000\n"
    "NUMBER(VMEMMAP_START)=0xfffff03fc0000000\nNUMBER(VMEMMAP_END)=0xffffffffc0000000\n",
    0xffffdbc853810000,
    { { "direct map", 0xffff8fc580000000 },
      { "module space", 0xffffc00000000000 },
      { "vmalloc", 0xffffc00081000000 },
      { "vmemmap", 0xffffffcf85800000 },
      { "PCI I/O", 0xffffffffc0800000 },
      { "fixmap", 0xffffffffff5d0000 },
      { "fixmap", 0xffffffffff5f8000 },
      { "none", 0xfffffffffffff000 } } },
};

static char *
write_empty (void **state)
{
  g_autofree guint8 *memory = g_malloc0 (1 << 20);

  return p2v_test_write_file (state, "empty.raw", memory, 1 << 20);
}

static void
areas_of_arm64_are_where_kernels_have_them (void **state)
{
  g_autofree char *path = write_empty (state);

  for (gsize i = 0; i < G_N_ELEMENTS (arm64_kernels); i++)
    {
      Fixture self = { 0 };
      open_fixture (&self, &p2v_linux_arch_arm64, arm64_kernels[i].form, arm64_kernels[i].info,
                    path);
      self.kernel.image_va = arm64_kernels[i].image_va;
      load_areas (&self);
      for (gsize j = 0; j < G_N_ELEMENTS (arm64_kernels[i].expected); j++)
        assert_string_equal (find_area (&self, arm64_kernels[i].expected[j].va),
                             arm64_kernels[i].expected[j].name);
      close_fixture (&self);
    }
}

static void
areas_of_arm64_that_contradict_themselves_are_not_told (void **state)
{
  g_autofree char *path = write_empty (state);
  const char *const infos[] = {
    "OSRELEASE=6.1.0\n",
    "OSRELEASE=6.1.0\nNUMBER(VA_BITS)=7\n",
    "OSRELEASE=6.1.0\nNUMBER(VA_BITS)=48\nNUMBER(MODULES_END)=0x1000\n",
    "OSRELEASE=6.1.0\nNUMBER(VA_BITS)=48\nNUMBER(VMEMMAP_START)=0xffffff0000000000\n"
    "NUMBER(VMEMMAP_END)=0xfffffe0000000000\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (infos); i++)
    {
      Fixture self = { 0 };
      open_fixture (&self, &p2v_linux_arch_arm64, "aarch64-4k-48", infos[i], path);
      self.kernel.image_va = 0xffffddd172a10000;
      load_areas (&self);
      assert_int_equal (self.areas->len, 0);
      close_fixture (&self);
    }
}

/* A machine of 8 MiB with the kernel's half from 2 GiB on, on two levels of page tables or with
 * PAE. */
#define PAGE_OFFSET 0x80000000
#define MEMORY      (8 << 20)
#define VMALLOC     0x82000000
#define ROOT        0x1000
#define IMAGE       0x200000
#define DATA        0x300000
#define MODULE_FRAME 0x500000

typedef struct
{
  const P2vLinuxArch *arch;
  const char         *form;
  guint               entry_bytes, large_bytes;
  P2vVirtAddr         pkmap_va;
} Machine;

static const Machine machines[] = {
  { &p2v_linux_arch_i386, "x86-32", 4, 4 << 20, 0xfec00000 },
  { &p2v_linux_arch_i386_pae, "x86-pae", 8, 2 << 20, 0xff000000 },
};

/* Both have their interrupt table here. Source: as observed in images made by tests/vm/run. */
#define ENTRY_AREA 0xff400000

static void
put (guint8  *memory,
     guint64  pa,
     guint    n_bytes,
     guint64  value)
{
  for (guint i = 0; i < n_bytes; i++)
    memory[pa + i] = (guint8) (value >> (8 * i));
}

static void
put_words (guint8        *memory,
           P2vPhysAddr    pa,
           guint          n_words,
           const guint32 *words)
{
  for (guint i = 0; i < n_words; i++)
    put (memory, pa + 4 * i, 4, words[i]);
}

/* The table of the level above pages: with PAE there is one for each GiB, from 0x2000 on. */
static P2vPhysAddr
get_directory_entry (const Machine *machine,
                     P2vVirtAddr    va)
{
  guint64 number = va / machine->large_bytes;

  return machine->entry_bytes == 4 ? ROOT + 4 * number
                                   : 0x2000 + (va >> 30) * 0x1000 + 8 * (number % 512);
}

/* Maps a page, by a table that is made at @table_pa unless there is one. */
static void
map_page (const Machine *machine,
          guint8        *memory,
          P2vPhysAddr   *table_pa,
          P2vVirtAddr    va,
          P2vPhysAddr    pa)
{
  P2vPhysAddr entry_pa = get_directory_entry (machine, va);
  guint32 n_entries = 4096 / machine->entry_bytes;

  if (memory[entry_pa] == 0)
    {
      put (memory, entry_pa, machine->entry_bytes, *table_pa | 0x63);
      *table_pa += 0x1000;
    }
  P2vPhysAddr table = (memory[entry_pa + 1] & 0xf0) << 8 | (guint32) memory[entry_pa + 2] << 16;
  put (memory, table + (va / 4096 % n_entries) * machine->entry_bytes, machine->entry_bytes,
       pa | 0x63);
}

static void
put_tables (const Machine *machine,
            guint8        *memory)
{
  P2vPhysAddr table_pa = 0x8000;

  for (guint i = 0; machine->entry_bytes == 8 && i < 4; i++)
    put (memory, ROOT + 8 * i, 8, (0x2000 + i * 0x1000) | 1);
  for (guint64 pa = 0; pa < MEMORY; pa += machine->large_bytes)
    put (memory, get_directory_entry (machine, PAGE_OFFSET + pa), machine->entry_bytes, pa | 0xe3);
  map_page (machine, memory, &table_pa, VMALLOC, MODULE_FRAME);
  map_page (machine, memory, &table_pa, VMALLOC + 0x4000, MODULE_FRAME + 0x2000);
  map_page (machine, memory, &table_pa, VMALLOC + 0x8000, 0x6000);
  map_page (machine, memory, &table_pa, machine->pkmap_va + 0x1000, 0x6000);
  map_page (machine, memory, &table_pa, ENTRY_AREA, 0x7000);
  map_page (machine, memory, &table_pa, ENTRY_AREA + 0x1000, 0x6000);
  /* The next processor's, behind pages that this one does not use. */
  map_page (machine, memory, &table_pa, ENTRY_AREA + 0x27000, 0x6000);
  map_page (machine, memory, &table_pa, 0xffffc000, 0xfee00000);
  for (guint i = 0; i < 8; i++)
    put (memory, 0x7000 + 8 * i, 8, 0x80208e0000600000 | 0x1000 | i << 4);
}

static void
put_resource (const Machine *machine,
              guint8        *memory,
              P2vPhysAddr    pa,
              const guint64 *numbers,
              const guint32 *words,
              const char    *name)
{
  put (memory, pa, machine->entry_bytes, numbers[0]);
  put (memory, pa + machine->entry_bytes, machine->entry_bytes, numbers[1]);
  put_words (memory, pa + 2 * machine->entry_bytes, 6, words);
  memcpy (memory + words[0] - PAGE_OFFSET, name, strlen (name));
}

/* The list of resources: the root, memory in it, the kernel's code and data in that. */
static void
put_resources (const Machine *machine,
               guint8        *memory)
{
  const guint32 at = PAGE_OFFSET + DATA;
  const guint64 all[] = { 0, 0xffffffff }, ram[] = { 0x1000, MEMORY - 1 };
  const guint64 code[] = { IMAGE, IMAGE + 0xffff }, data[] = { DATA, DATA + 0xffff };
  const guint32 root_words[] = { at + 0x1000, 0, 0, 0, 0, at + 0x100 };
  const guint32 ram_words[] = { at + 0x1020, 0, 0, at, 0, at + 0x200 };
  const guint32 code_words[] = { at + 0x1040, 0, 0, at + 0x100, at + 0x300, 0 };
  const guint32 data_words[] = { at + 0x1060, 0, 0, at + 0x100, 0, 0 };

  put_resource (machine, memory, DATA, all, root_words, "PCI mem");
  put_resource (machine, memory, DATA + 0x100, ram, ram_words, "System RAM");
  put_resource (machine, memory, DATA + 0x200, code, code_words, "Kernel code");
  put_resource (machine, memory, DATA + 0x300, data, data_words, "Kernel data");
}

/* A struct module with its core at @core_va; both link to the head and to each other. */
static void
put_module (guint8     *memory,
            P2vPhysAddr pa,
            guint32     next_va,
            guint32     back_va,
            guint32     core_va,
            const char *name)
{
  const guint32 text_va = PAGE_OFFSET + (guint32) pa + 0x300;

  put (memory, pa + 4, 4, next_va);
  put (memory, pa + 8, 4, back_va);
  memcpy (memory + pa + 12, name, strlen (name));
  put (memory, pa + 72, 4, text_va);
  memcpy (memory + pa + 0x300, name, strlen (name));
  put (memory, pa + 0xf0, 4, core_va);
}

static void
put_modules (guint8 *memory)
{
  const guint32 head = PAGE_OFFSET + DATA + 0x2000;
  const guint32 first = VMALLOC + 0x104, second = VMALLOC + 0x4104;

  put (memory, DATA + 0x2000, 4, first);
  put (memory, DATA + 0x2004, 4, second);
  put_module (memory, MODULE_FRAME + 0x100, second, head, VMALLOC, "first");
  put_module (memory, MODULE_FRAME + 0x2100, head, first, VMALLOC + 0x4000, "second");
  /* One of them has the address of another area, which is none of its parts. */
  put (memory, MODULE_FRAME + 0x100 + 0x200, 4, VMALLOC + 0x8000);
}

/* Three areas of vmalloc: va_start and va_end, the link at 20, struct vm_struct at 28; in that the
 * address at 4, the flags at 12, the caller at 28. */
static void
put_vm_areas (guint8 *memory)
{
  const guint32 head = PAGE_OFFSET + DATA + 0x3000;

  for (guint i = 0; i < 3; i++)
    {
      const P2vPhysAddr area = DATA + 0x3100 + 0x100 * i, vm = DATA + 0x3800 + 0x100 * i;
      const guint32 next = i < 2 ? PAGE_OFFSET + (guint32) area + 0x100 + 20 : head;
      const guint32 area_words[] = { VMALLOC + 0x4000 * i, VMALLOC + 0x4000 * i + 0x2000,
                                     0, 0, 0, next, 0, PAGE_OFFSET + (guint32) vm };
      const guint32 vm_words[] = { 0, VMALLOC + 0x4000 * i, 0x2000, i == 2 ? 1 : 2,
                                   0, 1, 0, PAGE_OFFSET + IMAGE + 0x2000 + 8 * i };
      put_words (memory, area, G_N_ELEMENTS (area_words), area_words);
      put_words (memory, vm, G_N_ELEMENTS (vm_words), vm_words);
    }
  put (memory, DATA + 0x3000, 4, PAGE_OFFSET + DATA + 0x3100 + 20);
}

static void
open_i386 (Fixture       *self,
           const Machine *machine,
           void         **state)
{
  static const char info[] = "OSRELEASE=6.1.0-i386\nOFFSET(vmap_area.va_start)=0\n"
                             "OFFSET(vmap_area.list)=20\nSYMBOL(vmap_area_list)=80303000\n";
  g_autofree guint8 *memory = g_malloc0 (MEMORY);

  put_tables (machine, memory);
  put_resources (machine, memory);
  put_modules (memory);
  put_vm_areas (memory);
  g_autofree char *path = p2v_test_write_file (state, "i386.raw", memory, MEMORY);
  open_fixture (self, machine->arch, machine->form, info, path);
  self->kernel.root_pa = ROOT;
  self->kernel.delta = self->kernel.least_kernel_va = PAGE_OFFSET;
  self->kernel.image_va = PAGE_OFFSET + IMAGE;
  self->kernel.tables.n_user_root_slots =
    PAGE_OFFSET >> self->kernel.tables.form->levels[0].shift;
  self->kernel.symbols[LINUX_SYMBOL_TEXT].va = PAGE_OFFSET + IMAGE;
  self->kernel.symbols[LINUX_SYMBOL_ETEXT].va = PAGE_OFFSET + IMAGE + 0x10000;
  add_symbol (self, "kmap_high", PAGE_OFFSET + IMAGE + 0x1000);
  add_symbol (self, "load_module", PAGE_OFFSET + IMAGE + 0x2000);
  load_areas (self);
}

static void
areas_of_i386_are_told_by_tables_and_interrupts (void **state)
{
  for (gsize i = 0; i < G_N_ELEMENTS (machines); i++)
    {
      Fixture self = { 0 };
      open_i386 (&self, &machines[i], state);
      const Expected expected[] = {
        { "direct map", PAGE_OFFSET },
        { "kernel text", PAGE_OFFSET + IMAGE },
        { "kernel text", PAGE_OFFSET + IMAGE + 0xffff },
        { "direct map", PAGE_OFFSET + IMAGE + 0x10000 },
        { "kernel data", PAGE_OFFSET + DATA },
        { "direct map", PAGE_OFFSET + MEMORY - 1 },
        { "vmalloc", PAGE_OFFSET + MEMORY },
        { "vmalloc", machines[i].pkmap_va - 1 },
        { "pkmap", machines[i].pkmap_va },
        { "LDT", ENTRY_AREA - machines[i].large_bytes },
        { "cpu entry area", ENTRY_AREA },
        { "cpu entry area", ENTRY_AREA + 0x27000 },
        { "fixmap", 0xffffc000 },
      };
      for (gsize j = 0; j < G_N_ELEMENTS (expected); j++)
        assert_string_equal (find_area (&self, expected[j].va), expected[j].name);
      close_fixture (&self);
    }
}

static void
lists_are_found_without_symbols_and_types (void **state)
{
  for (gsize i = 0; i < G_N_ELEMENTS (machines); i++)
    {
      Fixture self = { 0 };
      open_i386 (&self, &machines[i], state);
      g_autoptr (GPtrArray) modules = p2v_linux_load_modules (&self.kernel, self.memory);
      g_autoptr (GArray) areas = p2v_linux_load_vm_areas (&self.kernel, self.memory);

      assert_int_equal (modules->len, 2);
      const P2vLinuxModulePart *second = p2v_linux_find_module (modules, VMALLOC + 0x4fff);
      assert_non_null (second);
      assert_string_equal (second->name, "second");
      assert_int_equal (second->start_va, VMALLOC + 0x4000);
      assert_null (p2v_linux_find_module (modules, VMALLOC + 0x8000));
      assert_int_equal (areas->len, 3);
      const P2vLinuxVmArea *device = p2v_linux_find_vm_area (areas, VMALLOC + 0x8000);
      assert_true (device->is_device);
      assert_false (p2v_linux_find_vm_area (areas, VMALLOC)->is_device);
      g_autofree char *caller = p2v_linux_dup_vm_caller (&self.kernel, modules, device);
      assert_string_equal (caller, "load_module");
      close_fixture (&self);
    }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (areas_of_arm64_are_where_kernels_have_them),
    p2v_test_in_folder (areas_of_arm64_that_contradict_themselves_are_not_told),
    p2v_test_in_folder (areas_of_i386_are_told_by_tables_and_interrupts),
    p2v_test_in_folder (lists_are_found_without_symbols_and_types),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
