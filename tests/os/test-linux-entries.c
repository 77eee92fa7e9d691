/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Copies of a real machine's memory in which entries of one process were changed to what else a
 * kernel writes: swapped, in the swap cache, being moved, marks, NUMA hints; and to what none does.
 *
 * The kernel is Debian's 6.1 for clouds, without support for broken memory and without swap: the
 * tests put a swap file of 1000 pages into its table. */

#include "p2v-machine.h"

#include "os/linux/p2v-linux-private.h"

/* rl-marker, which keeps 16 pages of its own there; see tests/vm/guest/rigload.c. */
#define PID      90
#define FIRST_VA ((P2vVirtAddr) 0x51000000)
#define OTHER_VA ((P2vVirtAddr) 0x51001000)

#define SWAP_FILE_PAGES 1000

/* Source: Linux include/linux/page-flags.h, PG_locked and PG_owner_priv_1 (6.1). */
#define PG_LOCKED    ((guint64) 1 << 0)
#define PG_SWAPCACHE ((guint64) 1 << 10)

/* Where struct page has what. Source: VMCOREINFO of the image, OFFSET(page.private),
 * OFFSET(page._mapcount) and SIZE(page). */
#define PAGE_PRIVATE  40
#define PAGE_MAPCOUNT 48
#define PAGE_BYTES    64

/* One less than the count. */
#define UNMAPPED 0xffffffff

/* What is where in the machine as it was. */
typedef struct
{
  gsize       entry_pa;                    /* of FIRST_VA */
  P2vPhysAddr first_pa;
  P2vPhysAddr other_pa;                    /* of OTHER_VA */
  gsize       first_record_pa;
  gsize       other_record_pa;
  gsize       swap_info_pa;
  gsize       free_pa;                     /* a frame that nobody uses */
  guint32     max_at, type_at;
} Places;

static gsize
translate (const P2vLinux *kernel,
           P2vVirtAddr     va)
{
  P2vTrail trail;

  assert_true (p2v_paging_translate (&kernel->tables, kernel->root_pa, va, &trail, NULL));
  assert_int_equal (trail.status, P2V_WALK_MAPPED);
  return trail.pa;
}

static P2vTrail
get_trail (P2vSession  *session,
           P2vVirtAddr  va)
{
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  P2vProcess *process = p2v_system_find_pid (system, PID);
  P2vTrail trail;

  assert_non_null (process);
  assert_true (p2v_session_get_trail (session, p2v_process_get_address_space (process), va, &trail,
                                      NULL));
  return trail;
}

static gsize
find_free_frame (P2vSession *session)
{
  g_autoptr (P2vFrameReader) reader = p2v_frame_reader_new (session, NULL);
  P2vFrame frame;

  for (P2vPhysAddr pa = 0x1000000; pa < 0x4000000; pa += P2V_FRAME_SIZE)
    {
      assert_true (p2v_frame_reader_read (reader, pa, &frame, NULL));
      if (frame.kind == P2V_FRAME_KIND_FREE)
        return pa;
    }
  fail ();
  return 0;
}

static Places
find_places (P2vMachine *self)
{
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  const P2vLinux *kernel = p2v_system_get_backend_data (system);
  P2vTrail first = get_trail (session, FIRST_VA), other = get_trail (session, OTHER_VA);
  guint64 records_va
    = p2v_machine_get_u64 (self, p2v_machine_symbol_pa (self, "vmemmap_base"));
  guint64 swap_info_va;
  P2vMember max, type;

  assert_true (first.status == P2V_WALK_MAPPED && other.status == P2V_WALK_MAPPED);
  assert_true (p2v_symbol_table_find (kernel->symbol_table, "swap_info", &swap_info_va));
  assert_true (p2v_type_source_find_member (kernel->types, "swap_info_struct", "max", &max));
  assert_true (p2v_type_source_find_member (kernel->types, "swap_info_struct", "type", &type));
  return (Places) {
    .entry_pa = first.steps[first.n_steps - 1].entry_pa,
    .first_pa = first.pa,
    .other_pa = other.pa,
    .first_record_pa =
      translate (kernel, records_va + (first.pa >> P2V_FRAME_SHIFT) * PAGE_BYTES),
    .other_record_pa =
      translate (kernel, records_va + (other.pa >> P2V_FRAME_SHIFT) * PAGE_BYTES),
    .swap_info_pa = translate (kernel, swap_info_va),
    .free_pa = find_free_frame (session),
    .max_at = max.offset_bytes,
    .type_at = type.offset_bytes,
  };
}

/* Puts swap file number @number to use. */
static void
add_swap_file (P2vMachine   *self,
               const Places *places,
               guint         number)
{
  gsize area_pa = places->free_pa;

  memset (self->bytes + area_pa, 0, P2V_FRAME_SIZE);
  p2v_machine_put (self, area_pa + places->max_at, 4, SWAP_FILE_PAGES);
  p2v_machine_put (self, area_pa + places->type_at, 1, number);
  p2v_machine_put (self, places->swap_info_pa + 8 * number, 8,
                   p2v_machine_pa_to_va (self, area_pa));
}

static void
set_flags (P2vMachine *self,
           gsize       record_pa,
           guint64     flags)
{
  p2v_machine_put (self, record_pa, 8, p2v_machine_get_u64 (self, record_pa) | flags);
}

/* An entry as Linux writes it since the fix of L1TF: the type in the upper 5 bits, then the offset
 * with all bits inverted, and 9 zeros. */
static void
put_entry (P2vMachine   *self,
           const Places *places,
           guint64       type,
           guint64       offset)
{
  p2v_machine_put (self, places->entry_pa, 8,
                   type << 59 | ((~offset & (((guint64) 1 << 50) - 1)) << 9));
}

static gboolean
find_row (P2vAnswer   *answer,
          P2vVirtAddr  va,
          P2vMapping  *ret_row)
{
  for (guint64 i = 0; i < p2v_answer_get_n_rows (answer); i++)
    {
      p2v_answer_get_row (answer, i, ret_row);
      if (ret_row->va == va && p2v_process_get_pid (ret_row->process) == PID)
        return TRUE;
    }
  return FALSE;
}

/* The page is at @pa by every way that leads from the one to the other. */
static void
assert_page (P2vMachine  *self,
             P2vPhysAddr  pa,
             P2vState     state)
{
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  P2vTrail trail = get_trail (session, FIRST_VA);
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (session, pa, NULL);
  P2vMapping row;

  assert_int_equal (trail.status, P2V_WALK_MAPPED);
  assert_int_equal (trail.pa, pa);
  assert_true (find_row (answer, FIRST_VA, &row));
  assert_true (p2v_session_describe (session, &row, NULL));
  assert_int_equal (row.state, state);
  assert_int_equal (row.rights, P2V_RIGHTS_NONE);

  g_autoptr (P2vFrameReader) reader = p2v_frame_reader_new (session, NULL);
  P2vFrame frame;
  assert_true (p2v_frame_reader_read (reader, pa, &frame, NULL));
  /* Of a page that was taken from its process the kernel does not count the entry that is left. */
  assert_int_equal (frame.n_found, frame.n_expected);
}

/* No page is behind the entry, but @placeholder, and it is counted. */
static void
assert_no_page (P2vMachine     *self,
                P2vPlaceholder  placeholder,
                const char     *end_text)
{
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  P2vTrail trail = get_trail (session, FIRST_VA);
  g_autofree char *text = p2v_trail_dup_end_text (&trail);
  P2vIndexStatistics statistics;

  assert_int_equal (trail.status, P2V_WALK_NOT_PRESENT);
  assert_int_equal (trail.placeholder, placeholder);
  assert_string_equal (text, end_text);
  assert_true (p2v_session_get_statistics (session, &statistics));
  assert_int_equal (statistics.n_swapped, placeholder == P2V_PLACEHOLDER_SWAPPED);
  assert_int_equal (statistics.n_markers, placeholder == P2V_PLACEHOLDER_MARKER);
  assert_int_equal (statistics.n_unknown, placeholder == P2V_PLACEHOLDER_UNKNOWN);
}

static void
put_into_swap_cache (P2vMachine *self,
                     gsize       record_pa,
                     guint64     place)
{
  set_flags (self, record_pa, PG_SWAPCACHE);
  p2v_machine_put (self, record_pa + PAGE_PRIVATE, 8, place);
}

static void
page_in_the_swap_cache_is_found (void **state)
{
  Places places = find_places (*state);

  add_swap_file (*state, &places, 0);
  put_entry (*state, &places, 0, 0x123);
  put_into_swap_cache (*state, places.other_record_pa, 0x123);
  assert_page (*state, places.other_pa, P2V_STATE_SWAP_CACHE);
}

static void
page_of_another_swap_file_is_not_taken_for_it (void **state)
{
  Places places = find_places (*state);

  add_swap_file (*state, &places, 2);
  put_entry (*state, &places, 2, 0x123);
  put_into_swap_cache (*state, places.other_record_pa, (guint64) 1 << 58 | 0x123);
  assert_no_page (*state, P2V_PLACEHOLDER_SWAPPED,
                  "not present (swapped: swap file 2, page 0x123)");
  put_into_swap_cache (*state, places.other_record_pa, (guint64) 2 << 58 | 0x123);
  assert_page (*state, places.other_pa, P2V_STATE_SWAP_CACHE);
}

static void
swapped_page_is_counted (void **state)
{
  Places places = find_places (*state);

  add_swap_file (*state, &places, 0);
  put_entry (*state, &places, 0, SWAP_FILE_PAGES - 1);
  assert_no_page (*state, P2V_PLACEHOLDER_SWAPPED,
                  "not present (swapped: swap file 0, page 0x3e7)");
}

static void
place_behind_the_end_of_its_swap_file_is_not_known (void **state)
{
  Places places = find_places (*state);

  add_swap_file (*state, &places, 0);
  put_entry (*state, &places, 0, SWAP_FILE_PAGES);
  assert_no_page (*state, P2V_PLACEHOLDER_UNKNOWN, "not present (unknown)");
}

static void
type_of_no_swap_file_is_not_known (void **state)
{
  static const guint64 types[] = { 0, 1, 9, 31 };
  Places places = find_places (*state);

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      /* The frame is in the image, but nothing is done with it. */
      put_entry (*state, &places, types[i], places.other_pa >> P2V_FRAME_SHIFT);
      assert_no_page (*state, P2V_PLACEHOLDER_UNKNOWN, "not present (unknown)");
    }
}

/* A table of swap files with pointers to nowhere, or to something else. */
static void
torn_table_of_swap_files_names_none (void **state)
{
  P2vMachine *self = *state;
  Places places = find_places (self);
  const guint64 pointers[] = { 8, G_MAXUINT64, 0xdead000000000100,
                               p2v_machine_pa_to_va (self, places.free_pa) };

  add_swap_file (self, &places, 5);
  put_entry (self, &places, 0, 0x123);
  for (gsize i = 0; i < G_N_ELEMENTS (pointers); i++)
    {
      p2v_machine_put (self, places.swap_info_pa, 8, pointers[i]);
      assert_no_page (self, P2V_PLACEHOLDER_UNKNOWN, "not present (unknown)");
    }
}

static void
of_two_pages_at_one_place_the_first_is_told (void **state)
{
  Places places = find_places (*state);

  add_swap_file (*state, &places, 0);
  put_entry (*state, &places, 0, 7);
  put_into_swap_cache (*state, places.other_record_pa, 7);
  put_into_swap_cache (*state, places.first_record_pa, 7);
  assert_page (*state, MIN (places.first_pa, places.other_pa), P2V_STATE_SWAP_CACHE);
}

static void
page_that_is_being_moved_is_still_the_owners (void **state)
{
  Places places = find_places (*state);
  guint64 pfn = places.first_pa >> P2V_FRAME_SHIFT;

  set_flags (*state, places.first_record_pa, PG_LOCKED);
  p2v_machine_put (*state, places.first_record_pa + PAGE_MAPCOUNT, 4, UNMAPPED);
  put_entry (*state, &places, 27, pfn);
  assert_page (*state, places.first_pa, P2V_STATE_MIGRATION);
  /* With the two flags that 6.1 puts behind the number of the frame. */
  put_entry (*state, &places, 29, pfn | (guint64) 3 << 34);
  assert_page (*state, places.first_pa, P2V_STATE_MIGRATION);
  put_entry (*state, &places, 29, pfn | (guint64) 7 << 34);
  assert_no_page (*state, P2V_PLACEHOLDER_UNKNOWN, "not present (unknown)");
}

static void
frame_that_is_not_there_is_not_known (void **state)
{
  static const guint64 pfns[] = { 0x123456, 0x3ffffffff, ((guint64) 1 << 50) - 1 };
  Places places = find_places (*state);

  for (gsize i = 0; i < G_N_ELEMENTS (pfns); i++)
    {
      put_entry (*state, &places, 28, pfns[i]);
      assert_no_page (*state, P2V_PLACEHOLDER_UNKNOWN, "not present (unknown)");
    }
}

static void
mark_has_no_page (void **state)
{
  static const guint64 marks[] = { 1, 2, 4 };
  Places places = find_places (*state);

  for (gsize i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      put_entry (*state, &places, 30, marks[i]);
      assert_no_page (*state, P2V_PLACEHOLDER_MARKER, "not present (marker)");
    }
}

/* The area may be read and written, so that the page is denied for a while only. Newer kernels
 * write the number of the frame inverted, older ones as it is. */
static void
denied_page_of_an_area_with_rights_is_a_numa_hint (void **state)
{
  Places places = find_places (*state);
  guint64 address_bits = 0x000ffffffffff000;

  p2v_machine_put (*state, places.entry_pa, 8, (~places.first_pa & address_bits) | 0x120);
  assert_page (*state, places.first_pa, P2V_STATE_NUMA_HINT);
  p2v_machine_put (*state, places.entry_pa, 8, places.first_pa | 0x120);
  assert_page (*state, places.first_pa, P2V_STATE_NUMA_HINT);
}

/* Where the record of the marker's area has its flags: its first members are where it begins and
 * ends. Source: Linux include/linux/mm_types.h, struct vm_area_struct (6.1). */
static gsize
find_area_flags (P2vMachine *self)
{
  g_autoptr (P2vSession) session = p2v_machine_find_system (self, self->length, NULL);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  const P2vLinux *kernel = p2v_system_get_backend_data (system);

  for (gsize pa = 0; pa + 16 <= self->length; pa += 8)
    if (p2v_machine_get_u64 (self, pa) == FIRST_VA &&
        p2v_machine_get_u64 (self, pa + 8) == FIRST_VA + 16 * P2V_FRAME_SIZE)
      return pa + kernel->layout[LINUX_VMA_FLAGS].offset_bytes;
  fail ();
  return 0;
}

/* The entry names the frame at @pa, which is in this state. */
static void
assert_state (P2vMachine   *self,
              const Places *places,
              P2vPhysAddr   pa,
              guint64       marks,
              P2vState      state)
{
  p2v_machine_put (self, places->entry_pa, 8, pa | marks | 0x67);

  g_autoptr (P2vSession) session = p2v_machine_open (self);
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (session, pa, NULL);
  P2vMapping row;
  assert_true (find_row (answer, FIRST_VA, &row));
  assert_true (p2v_session_describe (session, &row, NULL));
  assert_int_equal (row.state, state);
}

/* Source: Linux arch/x86/include/asm/pgtable_types.h, _PAGE_UFFD_WP; include/linux/mm.h,
 * VM_UFFD_WP (6.1). */
static void
mark_of_userfaultfd_counts_where_somebody_asked_for_it (void **state)
{
  Places places = find_places (*state);
  gsize flags_pa = find_area_flags (*state);
  guint64 mark = 1 << 10;

  assert_state (*state, &places, places.first_pa, mark, P2V_STATE_VALID);
  set_flags (*state, flags_pa, 0x1000);
  assert_state (*state, &places, places.first_pa, mark, P2V_STATE_UFFD_WP);
  assert_state (*state, &places, places.first_pa, 0, P2V_STATE_VALID);
}

/* What is where, see iomem.txt beside the image: the system's ROM, memory of a device behind a PCI
 * bus, and what nothing is said of. Source: Linux include/linux/mm.h, VM_PFNMAP (6.1). */
static void
memory_of_devices_is_told_from_other_memory_that_is_mapped_by_number (void **state)
{
  Places places = find_places (*state);

  set_flags (*state, find_area_flags (*state), 0x400);
  assert_state (*state, &places, places.first_pa, 0, P2V_STATE_PFN_MAP);
  assert_state (*state, &places, 0xf0000, 0, P2V_STATE_PFN_MAP);
  assert_state (*state, &places, 0xfd000000, 0, P2V_STATE_DEVICE);
  assert_state (*state, &places, 0x7000000000, 0, P2V_STATE_DEVICE);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_with_machine (page_in_the_swap_cache_is_found),
    p2v_test_with_machine (page_of_another_swap_file_is_not_taken_for_it),
    p2v_test_with_machine (swapped_page_is_counted),
    p2v_test_with_machine (place_behind_the_end_of_its_swap_file_is_not_known),
    p2v_test_with_machine (type_of_no_swap_file_is_not_known),
    p2v_test_with_machine (torn_table_of_swap_files_names_none),
    p2v_test_with_machine (of_two_pages_at_one_place_the_first_is_told),
    p2v_test_with_machine (page_that_is_being_moved_is_still_the_owners),
    p2v_test_with_machine (frame_that_is_not_there_is_not_known),
    p2v_test_with_machine (mark_has_no_page),
    p2v_test_with_machine (denied_page_of_an_area_with_rights_is_a_numa_hint),
    p2v_test_with_machine (mark_of_userfaultfd_counts_where_somebody_asked_for_it),
    p2v_test_with_machine (memory_of_devices_is_told_from_other_memory_that_is_mapped_by_number),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
