/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What entries are to arm64 kernels of different releases, sizes of pages and of addresses. The
 * entries are put together by hand. Source: Linux arch/arm64/include/asm/pgtable-prot.h. */

#include "p2v-test.h"

#include "os/linux/p2v-linux-swap.h"

/* PTE_PROT_NONE (to 6.9); PTE_PRESENT_INVALID (from 6.10); PMD_PRESENT_INVALID (to 6.9). */
#define BIT_58 ((guint64) 1 << 58)
#define BIT_11 ((guint64) 1 << 11)
#define BIT_59 ((guint64) 1 << 59)

/* What all user pages have: not for execution, accessed, memory. */
#define USUAL  ((guint64) 3 << 53 | 0x440)

typedef struct
{
  P2vTypeSource base;
  const char   *enumerator;    /* that it has beside PG_locked; NULL: it has none at all */
} Types;

static gboolean
find_enumerator (const P2vTypeSource *source,
                 const char          *name,
                 gint64              *ret_value)
{
  const Types *self = (const Types *) source;

  *ret_value = 0;
  return self->enumerator != NULL &&
         (g_str_equal (name, "PG_locked") || g_str_equal (name, self->enumerator));
}

static const P2vTypeSourceFuncs type_funcs = { .find_enumerator = find_enumerator };

static void
open_kernel (P2vLinux   *self,
             const char *release,
             const char *page_size,
             const char *va_bits,
             const char *t1sz)
{
  *self = (P2vLinux) { .vmcoreinfo = g_hash_table_new (g_str_hash, g_str_equal) };
  g_hash_table_insert (self->vmcoreinfo, (gpointer) "OSRELEASE", (gpointer) release);
  g_hash_table_insert (self->vmcoreinfo, (gpointer) "PAGESIZE", (gpointer) page_size);
  g_hash_table_insert (self->vmcoreinfo, (gpointer) "NUMBER(VA_BITS)", (gpointer) va_bits);
  g_hash_table_insert (self->vmcoreinfo, (gpointer) "NUMBER(kimage_voffset)",
                       (gpointer) "0xffff800000000000");
  if (t1sz != NULL)
    g_hash_table_insert (self->vmcoreinfo, (gpointer) "NUMBER(TCR_EL1_T1SZ)", (gpointer) t1sz);
  assert_true (p2v_linux_arch_arm64.open_page_tables (self, 0xffff800041000000));
}

static P2vForeignKind
decode (const P2vLinux *kernel,
        guint           level_number,
        guint64         entry,
        P2vPhysAddr    *ret_pa)
{
  P2vState state;

  P2vForeignKind kind = p2v_linux_arch_arm64.decode_foreign (
    kernel, &kernel->tables.form->levels[level_number], entry, ret_pa, &state);
  if (kind == P2V_FOREIGN_PAGE)
    assert_int_equal (state, P2V_STATE_PROT_NONE);
  return kind;
}

static void
pages_without_rights_are_told_by_the_release (void **state G_GNUC_UNUSED)
{
  P2vLinux old, new;
  P2vPhysAddr pa = 0;

  open_kernel (&old, "6.9.12-vendor+", "4096", "48", NULL);
  open_kernel (&new, "6.10.0", "4096", "48", NULL);
  /* Bit 11 alone is one of a place's number in a swap file, to 6.9. */
  assert_int_equal (decode (&old, 3, 0x12345800, &pa), P2V_FOREIGN_INDIRECT);
  assert_int_equal (decode (&old, 3, BIT_58 | BIT_11 | USUAL | 0x12345000, &pa),
                    P2V_FOREIGN_PAGE);
  assert_int_equal (pa, 0x12345000);
  pa = 0;
  assert_int_equal (decode (&new, 3, BIT_11 | USUAL | 0x12345000, &pa), P2V_FOREIGN_PAGE);
  assert_int_equal (pa, 0x12345000);
  assert_int_equal (decode (&new, 3, 0x12345040, &pa), P2V_FOREIGN_INDIRECT);
  g_hash_table_unref (old.vmcoreinfo);
  g_hash_table_unref (new.vmcoreinfo);
}

static void
large_pages_that_are_being_split_are_pages (void **state G_GNUC_UNUSED)
{
  P2vLinux old, new;
  P2vPhysAddr pa = 0;

  open_kernel (&old, "6.1.0-50-arm64", "4096", "39", NULL);
  open_kernel (&new, "6.12.1", "4096", "39", NULL);
  assert_int_equal (decode (&old, 1, BIT_59 | USUAL | 0x12400000, &pa), P2V_FOREIGN_PAGE);
  assert_int_equal (pa, 0x12400000);
  assert_int_equal (decode (&old, 2, BIT_59 | 0x12400000, &pa), P2V_FOREIGN_INDIRECT);
  assert_int_equal (decode (&new, 1, BIT_59 | 0x12400000, &pa), P2V_FOREIGN_INDIRECT);
  g_hash_table_unref (old.vmcoreinfo);
  g_hash_table_unref (new.vmcoreinfo);
}

/* Source: Arm ARM DDI 0487, D8.3: bits 15:12 are bits 51:48. */
static void
pages_of_64k_without_rights_have_52_bits (void **state G_GNUC_UNUSED)
{
  P2vLinux kernel;
  P2vPhysAddr pa = 0;

  open_kernel (&kernel, "6.1.0", "65536", "52", "0xc");
  assert_int_equal (decode (&kernel, 2, BIT_58 | USUAL | 0x12340000 | 0x5000, &pa),
                    P2V_FOREIGN_PAGE);
  assert_int_equal (pa, 0x5000012340000);
  g_hash_table_unref (kernel.vmcoreinfo);
}

static void
assert_form (const char *page_size,
             const char *va_bits,
             const char *t1sz,
             const char *form_id)
{
  P2vLinux kernel;

  open_kernel (&kernel, "6.12.0", page_size, va_bits, t1sz);
  assert_string_equal (kernel.tables.form->id, form_id);
  g_hash_table_unref (kernel.vmcoreinfo);
}

static void
a_kernel_for_52_bits_uses_what_the_machine_has (void **state G_GNUC_UNUSED)
{
  assert_form ("4096", "52", "0xc", "aarch64-4k-52");
  assert_form ("4096", "52", "0x10", "aarch64-4k-48");
  assert_form ("16384", "52", "0x11", "aarch64-16k-47");
  /* Its root is as long as for 52 bits, and only the end of it used. */
  assert_form ("65536", "52", "0x10", "aarch64-64k-52");
  assert_form ("65536", "42", "0x16", "aarch64-64k-42");
  assert_form ("16384", "36", "0x1c", "aarch64-16k-36");
}

/* The number of the layout that is used. */
static guint
find_layout (const char *release,
             const char *enumerator)
{
  Types types = { { &type_funcs }, enumerator };
  P2vLinux kernel;
  guint i = 0;

  open_kernel (&kernel, release, "4096", "48", NULL);
  kernel.types = &types.base;
  while (p2v_linux_arch_arm64.swap_layouts[i].is_used != NULL &&
         !p2v_linux_arch_arm64.swap_layouts[i].is_used (&kernel))
    i++;
  g_hash_table_unref (kernel.vmcoreinfo);
  return p2v_linux_arch_arm64.swap_layouts[i].type_shift;
}

static void
places_in_swap_files_are_read_by_the_types_or_the_release (void **state G_GNUC_UNUSED)
{
  assert_int_equal (find_layout ("6.10.0", NULL), 6);
  assert_int_equal (find_layout ("6.1.0", NULL), 3);
  assert_int_equal (find_layout ("5.19.0", NULL), 3);
  assert_int_equal (find_layout ("5.18.19", NULL), 2);
  /* Kernels that came to have it later, or never. */
  assert_int_equal (find_layout ("5.14.0-vendor", "PG_anon_exclusive"), 3);
  assert_int_equal (find_layout ("6.1.0", "PG_other"), 2);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (pages_without_rights_are_told_by_the_release),
    cmocka_unit_test (large_pages_that_are_being_split_are_pages),
    cmocka_unit_test (pages_of_64k_without_rights_have_52_bits),
    cmocka_unit_test (a_kernel_for_52_bits_uses_what_the_machine_has),
    cmocka_unit_test (places_in_swap_files_are_read_by_the_types_or_the_release),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
