/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Machines with page tables of each form of 64-bit Arm and of x86, of which only the kernel's
 * banner is known. */

#include "p2v-image-writers.h"
#include "p2v-test.h"

#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-bare.h"

#define MACHINE_BYTES ((gsize) 16 << 20)
#define BASE_PA       ((guint64) 0x40000000)

/* Where what is in the machine; the kernel's image reaches from the first to the second. */
#define IMAGE_PA       ((guint64) 0x200000)
#define IMAGE_END_PA   ((guint64) 0x400000)
#define POINTERS_PA    ((guint64) 0x250000)
#define BANNER_PA      ((guint64) 0x260123)
#define STALE_PA       ((guint64) 0x280000)
#define ROOT_PA        ((guint64) 0x2a0000)
#define PROCESS_PA     ((guint64) 0x2c0000)
#define FIRST_TABLE_PA ((guint64) 0x500000)
#define RECORDS_PA     ((guint64) 0xc00000)

/* Of the bits behind the upper half's first address. */
#define KERNEL_OFFSET  ((guint64) 0x8a600000)

/* Where memory is in the map of all of it, from its start. */
#define LINEAR_OFFSET  ((guint64) 0x6000000)

/* Of records; one frame's has 64 bytes. */
#define RECORD_BYTES   64
#define N_RECORDS      64

/* A page that EL1 may read; nothing else counts here. Source: Arm ARM DDI 0487, D8.3. */
#define PAGE_BITS  ((guint64) 0x403)
#define TABLE_BITS ((guint64) 0x3)

/* x86 needs no more, and in the root of PAE more is refused. Source: Intel SDM 3A, 4.4.1. */
#define X86_TABLE_BITS ((guint64) 0x1)

typedef struct
{
  const P2vPagingForm *form;
  guint8              *bytes;
  guint64              base_pa;
  guint64              next_table_pa;
  guint64              page_bytes;
} Machine;

static void
put_u64 (Machine *self,
         guint64  offset,
         guint64  value)
{
  guint64 raw = GUINT64_TO_LE (value);

  memcpy (self->bytes + offset, &raw, sizeof raw);
}

static void
put_entry (Machine *self,
           guint64  offset,
           guint64  value)
{
  guint64 raw = GUINT64_TO_LE (value);

  memcpy (self->bytes + offset, &raw, self->form->entry_bytes);
}

static guint64
get_entry (Machine *self,
           guint64  offset)
{
  guint64 raw = 0;

  memcpy (&raw, self->bytes + offset, self->form->entry_bytes);
  return GUINT64_FROM_LE (raw);
}

static guint64
get_table_bits (const P2vPagingForm *form)
{
  return form->has_two_roots ? TABLE_BITS : X86_TABLE_BITS;
}

/* Maps the page at offset @pa, adding tables as they are needed. */
static void
map_page (Machine *self,
          guint64  root,
          guint64  va,
          guint64  pa)
{
  guint64 table = root;

  for (guint i = 0; i < self->form->n_levels; i++)
    {
      const P2vPagingLevel *level = &self->form->levels[i];
      guint64 index = va >> level->shift & ((1u << level->index_bits) - 1);
      guint64 at = table + self->form->entry_bytes * index;
      if (i + 1 == self->form->n_levels)
        {
          put_entry (self, at, (pa + self->base_pa) | PAGE_BITS);
          return;
        }
      if (get_entry (self, at) == 0)
        {
          put_entry (self, at,
                     (self->next_table_pa + self->base_pa) | get_table_bits (self->form));
          self->next_table_pa += self->page_bytes;
          assert_true (self->next_table_pa <= RECORDS_PA);
        }
      table = get_entry (self, at) - get_table_bits (self->form) - self->base_pa;
    }
}

static guint64
get_image_va (const P2vPagingForm *form,
              guint64              pa)
{
  return (G_MAXUINT64 << (form->va_bits - 1)) + KERNEL_OFFSET + pa;
}

static guint64
get_linear_va (const P2vPagingForm *form,
               guint64              pa)
{
  return (G_MAXUINT64 << form->va_bits) + LINEAR_OFFSET + pa;
}

static void
map_image (Machine *self,
           guint64  root)
{
  for (guint64 pa = IMAGE_PA; pa < IMAGE_END_PA; pa += self->page_bytes)
    map_page (self, root, get_image_va (self->form, pa), pa);
}

/* An unmapped frame with one user, as those of the kernel's image are. */
static void
add_records (Machine *self,
             guint64  vmemmap_va)
{
  guint64 first = (LINEAR_OFFSET + BANNER_PA) / self->page_bytes;
  guint64 va = vmemmap_va + first * RECORD_BYTES;

  map_page (self, ROOT_PA, va & ~(self->page_bytes - 1), RECORDS_PA);
  map_page (self, ROOT_PA, (va & ~(self->page_bytes - 1)) + self->page_bytes,
            RECORDS_PA + self->page_bytes);
  for (guint i = 0; i < N_RECORDS; i++)
    put_u64 (self, RECORDS_PA + va % self->page_bytes + i * RECORD_BYTES + 48,
             (guint64) 1 << 32 | 0xffffffff);
}

/* The tables of an earlier boot's start, which map the image alone, stand before the right ones. */
static void
fill (Machine *self,
      guint64  vmemmap_va)
{
  memset (self->bytes, 0, MACHINE_BYTES);
  for (guint i = 0; i < 256; i++)
    put_u64 (self, POINTERS_PA + 16 * i, get_image_va (self->form, IMAGE_PA + 32 * i));
  map_image (self, STALE_PA);
  map_image (self, ROOT_PA);
  for (guint64 pa = 0; pa < MACHINE_BYTES; pa += self->page_bytes)
    map_page (self, ROOT_PA, get_linear_va (self->form, pa), pa);
  add_records (self, vmemmap_va);
}

/* As a kernel of 6.12 has it. */
static guint64
get_vmemmap_va (const P2vPagingForm *form,
                guint64              page_bytes)
{
  guint64 span = (guint64) 1 << (form->va_bits - 1);

  return -((guint64) 1 << 30) - span / page_bytes * RECORD_BYTES;
}

static Machine
make_machine (const P2vPagingForm *form,
              guint64              base_pa)
{
  Machine machine = { .form = form,
                      .bytes = g_malloc (MACHINE_BYTES),
                      .base_pa = base_pa,
                      .next_table_pa = FIRST_TABLE_PA,
                      .page_bytes = (guint64) 1 << form->levels[form->n_levels - 1].shift };

  fill (&machine, get_vmemmap_va (form, machine.page_bytes));
  return machine;
}

static gboolean
find (void               **state,
      Machine             *machine,
      P2vPhysAddr          open_at_pa,
      P2vLinuxBareTables  *ret_found)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = p2v_test_write_file (state, "machine", machine->bytes, MACHINE_BYTES);
  g_autoptr (P2vImage) image = p2v_image_open_at (path, open_at_pa, NULL, &error);
  P2vPhysAddr base_pa = 0;

  assert_no_error (error);
  P2vSystemSearch search = { .image = image, .ret_base_pa = open_at_pa == 0 ? &base_pa : NULL };
  return p2v_linux_find_bare_tables (&search, BANNER_PA + open_at_pa, ret_found);
}

static void
assert_found (const Machine            *machine,
              const P2vLinuxBareTables *found)
{
  assert_string_equal (found->form->id, machine->form->id);
  assert_int_equal (found->root_pa, ROOT_PA + machine->base_pa);
  assert_int_equal (found->banner_pa, BANNER_PA + machine->base_pa);
  assert_int_equal (found->banner_va, get_image_va (machine->form, BANNER_PA));
  assert_int_equal (found->linear_va, get_linear_va (machine->form, BANNER_PA));
}

/* The forms with two roots. */
static void
for_each_form (void **state,
               void (*test) (void **state, const P2vPagingForm *form))
{
  guint n = 0;

  for (gsize i = 0; i < P2V_PAGING_N_FORMS; i++)
    if (p2v_paging_forms[i]->has_two_roots)
      {
        test (state, p2v_paging_forms[i]);
        n++;
      }
  assert_int_equal (n, 10);
}

static void
check_form (void                **state,
            const P2vPagingForm  *form)
{
  Machine machine = make_machine (form, BASE_PA);
  P2vLinuxBareTables found = { 0 };

  assert_true (find (state, &machine, BASE_PA, &found));
  assert_found (&machine, &found);
  assert_int_equal (found.base_pa, 0);
  g_free (machine.bytes);
}

static void
finds_the_root_of_each_form (void **state)
{
  for_each_form (state, check_form);
}

static void
check_base (void                **state,
            const P2vPagingForm  *form)
{
  Machine machine = make_machine (form, BASE_PA);
  P2vLinuxBareTables found = { 0 };

  assert_true (find (state, &machine, 0, &found));
  assert_found (&machine, &found);
  assert_int_equal (found.base_pa, BASE_PA);
  g_free (machine.bytes);
}

static void
finds_where_a_flat_image_begins (void **state)
{
  for_each_form (state, check_base);
}

static void
takes_no_root_without_pointers_to_where_it_is_mapped (void **state)
{
  Machine machine = make_machine (&p2v_paging_form_aarch64_4k_48, 0);
  P2vLinuxBareTables found;

  memset (machine.bytes + POINTERS_PA, 0, 4096);
  assert_false (find (state, &machine, 0, &found));
  g_free (machine.bytes);
}

static void
takes_no_root_that_maps_the_image_alone (void **state)
{
  Machine machine = make_machine (&p2v_paging_form_aarch64_4k_48, 0);
  P2vLinuxBareTables found;

  memset (machine.bytes + ROOT_PA, 0, 4096);
  assert_false (find (state, &machine, 0, &found));
  g_free (machine.bytes);
}

static const char *
look_up (GHashTable *info,
         const char *key)
{
  return g_hash_table_lookup (info, key);
}

static GHashTable *
make_info (void    **state,
           Machine  *machine)
{
  P2vLinuxBareTables found = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = p2v_test_write_file (state, "machine", machine->bytes, MACHINE_BYTES);
  g_autoptr (P2vImage) image = p2v_image_open_at (path, machine->base_pa, NULL, &error);

  assert_no_error (error);
  P2vSystemSearch search = { .image = image };
  assert_true (p2v_linux_find_bare_tables (&search, BANNER_PA + machine->base_pa, &found));
  return p2v_linux_make_arm64_info (image, &found, "6.12.0-test");
}

/* The numbers are worked out by hand: PAGE_OFFSET is 0xfff..., the image at half of it. */
static void
says_what_the_kernel_would (void **state)
{
  Machine machine = make_machine (&p2v_paging_form_aarch64_64k_42, BASE_PA);
  g_autoptr (GHashTable) info = make_info (state, &machine);

  assert_string_equal (look_up (info, "OSRELEASE"), "6.12.0-test");
  assert_string_equal (look_up (info, "PAGESIZE"), "65536");
  assert_string_equal (look_up (info, "NUMBER(VA_BITS)"), "42");
  /* 0xfffffe0000000000 + KERNEL_OFFSET */
  assert_string_equal (look_up (info, "SYMBOL(swapper_pg_dir)"), "fffffe008a8a0000");
  assert_string_equal (look_up (info, "SYMBOL(_stext)"), "fffffe008a800000");
  assert_string_equal (look_up (info, "NUMBER(kimage_voffset)"), "0xfffffe004a600000");
  /* BASE_PA - LINEAR_OFFSET */
  assert_string_equal (look_up (info, "NUMBER(PHYS_OFFSET)"), "0x3a000000");
  /* 2 TiB of memory below half of the addresses, 64 KiB and 64 bytes each, below the last GiB */
  assert_string_equal (look_up (info, "NUMBER(VMEMMAP_START)"), "0xffffffff40000000");
  g_free (machine.bytes);
}

/* Source: Linux arch/arm64/include/asm/memory.h (6.1), VMEMMAP_START: -(1 << (42 - 10)). */
static void
finds_records_where_older_kernels_have_them (void **state)
{
  Machine machine = make_machine (&p2v_paging_form_aarch64_64k_42, BASE_PA);

  machine.next_table_pa = FIRST_TABLE_PA;
  fill (&machine, 0xffffffff00000000);
  g_autoptr (GHashTable) info = make_info (state, &machine);
  assert_string_equal (look_up (info, "NUMBER(VMEMMAP_START)"), "0xffffffff00000000");
  g_free (machine.bytes);
}

static void
does_not_say_where_records_are_if_they_are_nowhere (void **state)
{
  Machine machine = make_machine (&p2v_paging_form_aarch64_4k_39, BASE_PA);

  memset (machine.bytes + RECORDS_PA, 0, 4 * machine.page_bytes);
  g_autoptr (GHashTable) info = make_info (state, &machine);
  assert_null (look_up (info, "NUMBER(VMEMMAP_START)"));
  g_free (machine.bytes);
}

/* Where x86 has a machine's image, all of its memory, and the records of its frames: with 64 bits
 * where these are drawn at boot, with 32 bits where the kernel was configured to have them. */
typedef struct
{
  const P2vPagingForm *form;
  guint64              image_va;
  guint64              linear_va;
  guint64              records_va;
} X86;

static const X86 x86_machines[] = {
  { &p2v_paging_form_x86_64_4, 0xffffffff8a600000, 0xffff9a4700000000, 0xffffe3c780000000 },
  { &p2v_paging_form_x86_64_5, 0xffffffffbfc00000, 0xff2a4c0040000000, 0xffd40d0040000000 },
  { &p2v_paging_form_x86_pae, 0xc0000000, 0xc0000000, 0 },
  { &p2v_paging_form_x86_32, 0xc0000000, 0xc0000000, 0 },
  { &p2v_paging_form_x86_pae, 0x40000000, 0x40000000, 0 },
  { &p2v_paging_form_x86_32, 0x78000000, 0x78000000, 0 },
};

/* Tables with which the kernel starts stand before the right ones; with 32 bits, those of a process
 * behind. */
static Machine
make_x86 (const X86 *x86)
{
  Machine machine = { .form = x86->form,
                      .bytes = g_malloc0 (MACHINE_BYTES),
                      .next_table_pa = FIRST_TABLE_PA,
                      .page_bytes = P2V_FRAME_SIZE };
  guint64 records = x86->records_va + BANNER_PA / P2V_FRAME_SIZE * RECORD_BYTES;

  for (guint64 pa = IMAGE_PA; pa < IMAGE_END_PA; pa += P2V_FRAME_SIZE)
    {
      map_page (&machine, STALE_PA, x86->image_va + pa, pa);
      map_page (&machine, ROOT_PA, x86->image_va + pa, pa);
    }
  for (guint64 pa = 0; pa < MACHINE_BYTES; pa += P2V_FRAME_SIZE)
    map_page (&machine, ROOT_PA, x86->linear_va + pa, pa);
  memcpy (machine.bytes + PROCESS_PA, machine.bytes + ROOT_PA, P2V_FRAME_SIZE);
  map_page (&machine, PROCESS_PA, 0x400000, 0x5000);
  if (x86->records_va == 0)
    return machine;
  map_page (&machine, ROOT_PA, x86->records_va, RECORDS_PA + 2 * P2V_FRAME_SIZE);
  map_page (&machine, ROOT_PA, records & ~(P2V_FRAME_SIZE - 1), RECORDS_PA);
  for (guint i = 0; i < 16; i++)
    put_u64 (&machine, RECORDS_PA + records % P2V_FRAME_SIZE + i * RECORD_BYTES + 48,
             (guint64) 1 << 32 | 0xffffffff);
  return machine;
}

static gboolean
find_x86 (void               **state,
          Machine             *machine,
          P2vLinuxBareTables  *ret_found,
          GHashTable         **ret_info)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = p2v_test_write_file (state, "machine", machine->bytes, MACHINE_BYTES);
  g_autoptr (P2vImage) image = p2v_image_open (path, NULL, &error);

  assert_no_error (error);
  P2vSystemSearch search = { .image = image };
  if (!p2v_linux_find_x86_tables (&search, BANNER_PA, ret_found))
    return FALSE;
  *ret_info = p2v_linux_make_x86_info (image, ret_found, "6.12.0-test");
  return TRUE;
}

static void
finds_the_root_of_each_x86 (void **state)
{
  for (gsize i = 0; i < G_N_ELEMENTS (x86_machines); i++)
    {
      const X86 *x86 = &x86_machines[i];
      Machine machine = make_x86 (x86);
      P2vLinuxBareTables found = { 0 };
      g_autoptr (GHashTable) info = NULL;
      g_autofree char *records = g_strdup_printf ("0x%" G_GINT64_MODIFIER "x", x86->records_va);

      assert_true (find_x86 (state, &machine, &found, &info));
      assert_string_equal (found.form->id, x86->form->id);
      assert_int_equal (found.root_pa, ROOT_PA);
      assert_int_equal (found.banner_va, x86->image_va + BANNER_PA);
      assert_int_equal (found.linear_va, x86->linear_va + BANNER_PA);
      if (x86->records_va != 0)
        assert_string_equal (look_up (info, "NUMBER(VMEMMAP_START)"), records);
      assert_true ((look_up (info, "CONFIG_X86_PAE") != NULL) ==
                   (x86->form == &p2v_paging_form_x86_pae));
      assert_true ((look_up (info, "NUMBER(pgtable_l5_enabled)") != NULL) ==
                   (x86->form == &p2v_paging_form_x86_64_5));
      g_free (machine.bytes);
    }
}

/* Tables that map the image alone are not enough where memory has a map of its own. */
static void
takes_no_root_of_x86_without_the_map_of_memory (void **state)
{
  Machine machine = make_x86 (&x86_machines[0]);
  P2vLinuxBareTables found;
  g_autoptr (GHashTable) info = NULL;

  memset (machine.bytes + ROOT_PA, 0, P2V_FRAME_SIZE);
  assert_false (find_x86 (state, &machine, &found, &info));
  g_free (machine.bytes);
}

/* A page near the root is not in the image. */
static void
finds_the_root_of_x86_beside_a_hole (void **state)
{
  const gsize hole = ROOT_PA + 4 * P2V_FRAME_SIZE, behind = hole + P2V_FRAME_SIZE;
  Machine machine = make_x86 (&x86_machines[0]);
  P2vLinuxBareTables found = { 0 };
  g_autoptr (GByteArray) lime = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  p2v_test_append_lime (lime, 0, hole - 1, machine.bytes, hole);
  p2v_test_append_lime (lime, behind, MACHINE_BYTES - 1, machine.bytes + behind,
                        MACHINE_BYTES - behind);
  g_autofree char *path = p2v_test_write_file (state, "machine.lime", lime->data, lime->len);
  g_autoptr (P2vImage) image = p2v_image_open (path, NULL, &error);
  assert_no_error (error);
  P2vSystemSearch search = { .image = image };
  assert_true (p2v_linux_find_x86_tables (&search, BANNER_PA, &found));
  assert_int_equal (found.root_pa, ROOT_PA);
  g_free (machine.bytes);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_in_folder (finds_the_root_of_each_form),
    p2v_test_in_folder (finds_where_a_flat_image_begins),
    p2v_test_in_folder (takes_no_root_without_pointers_to_where_it_is_mapped),
    p2v_test_in_folder (takes_no_root_that_maps_the_image_alone),
    p2v_test_in_folder (says_what_the_kernel_would),
    p2v_test_in_folder (finds_records_where_older_kernels_have_them),
    p2v_test_in_folder (does_not_say_where_records_are_if_they_are_nowhere),
    p2v_test_in_folder (finds_the_root_of_each_x86),
    p2v_test_in_folder (takes_no_root_of_x86_without_the_map_of_memory),
    p2v_test_in_folder (finds_the_root_of_x86_beside_a_hole),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
