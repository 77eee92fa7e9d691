/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Systems that are not recognized: their page tables are, and which form they are of. */

#include "p2v-machine.h"

#include <string.h>

#include "paging/p2v-paging.h"

#define PAGE ((gsize) 0x1000)

/* Overwrites every @word in memory. */
static void
wipe_word (P2vMachine *self,
           const char *word,
           gsize       length)
{
  for (gsize at = 0; at + length <= self->length; at++)
    if (self->bytes[at] == (guint8) word[0] && memcmp (self->bytes + at, word, length) == 0)
      memset (self->bytes + at, 0, length);
}

/* What Linux is recognized by, and what its processes are: banners, VMCOREINFO, the header of BTF,
 * the symbol table, every task. */
static void
wipe_linux (P2vMachine *self)
{
  g_autofree char *info = p2v_machine_read_truth ("vmcoreinfo.txt");
  guint64 text_va = p2v_machine_get_truth (self->kernel_txt, "sym\t_text\t", 16);
  guint64 text_pa = p2v_machine_get_truth (self->kernel_txt, "kernel_code_phys\t", 16);
  guint64 names_va = p2v_machine_get_truth (info, "SYMBOL(kallsyms_names)=", 16);
  g_auto (GStrv) lines = g_strsplit (self->rigtruth, "\n", -1);

  wipe_word (self, "Linux version ", 14);
  wipe_word (self, "OSRELEASE=", 10);
  wipe_word (self, "\x9f\xeb\x01\x00\x18\x00\x00\x00", 8);
  memset (self->bytes + (names_va - text_va + text_pa), 0, (gsize) 1 << 20);
  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) cells = g_strsplit (*line, "\t", -1);
      if (**line == '#' || g_strv_length (cells) < 6)
        continue;
      guint64 task_pa = g_ascii_strtoull (cells[5], NULL, 16);
      assert_true (task_pa + PAGE <= self->length);
      memset (self->bytes + task_pa, 0, PAGE);
    }
}

static gboolean
add_to_set (const P2vMapping *mapping,
            gpointer          user_data)
{
  GHashTable *set = user_data;
  P2vAddressSpace *space = p2v_process_get_address_space (mapping->process);

  /* Entries that the processor ignores are known to Linux alone. */
  if (mapping->state != P2V_STATE_PROT_NONE)
    g_hash_table_add (set, g_strdup_printf ("root %" G_GINT64_MODIFIER "x: %" G_GINT64_MODIFIER
                                            "x %" G_GINT64_MODIFIER "x %u %x",
                                            p2v_address_space_get_root_pa (space), mapping->va,
                                            mapping->pa, mapping->page_shift, mapping->rights));
  return TRUE;
}

/* (transfer full): all mappings of user space, with the roots they hang below. */
static GHashTable *
list_mappings (P2vSession *session)
{
  GHashTable *set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (P2vFilter) filter = p2v_filter_new ();
  GError *error = NULL;

  p2v_filter_set_kernel_rows (filter, P2V_KERNEL_ROWS_NONE);
  assert_true (p2v_session_foreach_mapping (session, filter, FALSE, add_to_set, set, NULL, &error));
  return set;
}

static void
assert_same_sets (GHashTable *expected,
                  GHashTable *found)
{
  GHashTableIter iter;
  gpointer text;

  g_hash_table_iter_init (&iter, expected);
  while (g_hash_table_iter_next (&iter, &text, NULL))
    if (!g_hash_table_contains (found, text))
      fail_msg ("missing: %s", (char *) text);
  g_hash_table_iter_init (&iter, found);
  while (g_hash_table_iter_next (&iter, &text, NULL))
    if (!g_hash_table_contains (expected, text))
      fail_msg ("extra: %s", (char *) text);
}

static void
wiped_linux_answers_all_its_mappings_by_their_roots (void **state)
{
  P2vMachine *self = *state;
  g_autoptr (P2vSession) whole = p2v_machine_open (self);
  g_autoptr (GHashTable) expected = list_mappings (whole);

  wipe_linux (self);
  g_autoptr (P2vSession) session = p2v_machine_open (self);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  g_autoptr (GHashTable) found = list_mappings (session);

  assert_string_equal (p2v_system_get_paging_form_name (system), "x86-64, 4 levels");
  assert_true (g_hash_table_size (expected) > 4000);
  assert_same_sets (expected, found);
  for (guint i = 0; i < p2v_system_get_n_processes (system); i++)
    {
      P2vProcess *process = p2v_system_get_process (system, i);
      assert_false (p2v_process_has_pid (process));
      assert_true (g_str_has_prefix (p2v_process_get_name (process), "unknown (root 0x"));
    }
  assert_true (p2v_machine_has_diagnostic (session, "No operating system was recognized"));
  /* The eleven pages of the load that are PROT_NONE. */
  assert_true (p2v_machine_has_diagnostic (session, "11 entries of the page tables are neither"));
}

/* Opens the machine's memory with a paging form forced; NULL with an error. */
static P2vSession *
open_forced (P2vMachine  *self,
             const char  *form_id,
             GError     **error)
{
  g_autofree char *path = g_build_filename (self->folder, "forced.raw", NULL);
  g_autoptr (P2vSession) session = p2v_session_new ();

  assert_true (g_file_set_contents (path, (const char *) self->bytes, (gssize) self->length, NULL));
  assert_true (p2v_session_set_paging (session, form_id, NULL));
  assert_true (p2v_session_open (session, path, NULL, NULL));
  return p2v_session_find_system (session, NULL, error) ? g_steal_pointer (&session) : NULL;
}

static void
assert_form_refused (P2vMachine *self,
                     const char *form_id,
                     const char *name)
{
  GError *error = NULL;
  g_autoptr (P2vSession) session = open_forced (self, form_id, &error);

  assert_null (session);
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, name);
  assert_contains (error->message, "forced.raw");
  assert_contains (error->message, "x86-64, 4 levels");
  assert_contains (error->message, "0x");
  assert_contains (error->message, "--paging x86-64-4");
  g_clear_error (&error);
}

static void
wrong_form_is_refused_with_what_speaks_against_it (void **state)
{
  P2vMachine *self = *state;
  GError *error = NULL;

  for (int is_wiped = 0; is_wiped < 2; is_wiped++)
    {
      assert_form_refused (self, "x86-32", "x86, 2 levels");
      assert_form_refused (self, "x86-64-5", "x86-64, 5 levels");
      assert_form_refused (self, "aarch64-4k-48", "AArch64, 4 KiB pages, 48 bits");
      g_autoptr (P2vSession) session = open_forced (self, "x86-64-4", &error);
      assert_non_null (session);
      wipe_linux (self);
    }
}

static void
unknown_form_is_refused_with_those_that_there_are (void **state)
{
  g_autoptr (P2vSession) session = p2v_session_new ();
  GError *error = NULL;

  assert_false (p2v_session_set_paging (session, "vax", &error));
  assert_error (error, P2V_QUERY_ERROR, P2V_QUERY_ERROR_SYNTAX, "x86-64-5");
  g_clear_error (&error);
}

/* An image that ends before most of its roots: the tables that are left could be of a form with
 * fewer levels, and nothing tells. */
static void
image_cut_before_its_roots_is_refused (void **state)
{
  P2vMachine *self = *state;
  GError *error = NULL;
  g_autoptr (P2vSession) session = p2v_machine_find_system (self, 0x2000000, &error);

  assert_null (session);
  assert_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT, "cannot be told");
  g_clear_error (&error);
}

/* A machine with page tables of one form and nothing else. */
typedef struct
{
  const P2vPagingForm *form;
  guint8              *bytes;
  gsize                length;
  gsize                end;          /* of what is used */
  GHashTable          *expected;
} Machine;

#define SYNTHETIC_BYTES ((gsize) 24 << 20)
#define N_ROOTS         4
#define N_PAGES         40

/* What entries have beside an address. Source: Intel SDM 3A, tables 4-8 to 4-20: present, writable,
 * user, accessed; Arm ARM DDI 0487, D8.3: table or page, for EL0, shareable, accessed, not
 * global. */
static guint64
get_bits (const Machine *self,
          guint          level_number,
          gboolean       is_page)
{
  if (self->form->present_mask == 1 && g_str_has_prefix (self->form->id, "aarch64"))
    return is_page ? 0xc43 : 0x3;
  return self->form == &p2v_paging_form_x86_pae && level_number == 0 ? 0x1 : 0x27;
}

static void
put_entry (Machine *self,
           gsize    table_pa,
           guint    index,
           guint64  entry)
{
  guint64 raw = GUINT64_TO_LE (entry);

  memcpy (self->bytes + table_pa + (gsize) index * self->form->entry_bytes, &raw,
          self->form->entry_bytes);
}

static guint64
get_entry (const Machine *self,
           gsize          table_pa,
           guint          index)
{
  guint64 raw = 0;

  memcpy (&raw, self->bytes + table_pa + (gsize) index * self->form->entry_bytes,
          self->form->entry_bytes);
  return GUINT64_FROM_LE (raw);
}

/* Memory that nobody has used yet, at a multiple of its size. */
static gsize
take (Machine *self,
      gsize    length)
{
  gsize pa = (self->end + length - 1) & ~(length - 1);

  self->end = pa + length;
  assert_true (self->end <= self->length);
  return pa;
}

static void
map_page (Machine *self,
          gsize    root_pa,
          guint64  va)
{
  const P2vPagingForm *form = self->form;
  gsize page_bytes = (gsize) 1 << form->levels[form->n_levels - 1].shift;
  gsize table_pa = root_pa;

  for (guint i = 0; i < form->n_levels; i++)
    {
      const P2vPagingLevel *level = &form->levels[i];
      gboolean is_last = i == form->n_levels - 1;
      guint index = (guint) (va >> level->shift) & ((1u << level->index_bits) - 1);
      guint64 entry = get_entry (self, table_pa, index);
      if (entry == 0)
        {
          gsize bytes = is_last ? page_bytes
                                : MAX (p2v_paging_get_table_bytes (form, level + 1), page_bytes);
          entry = take (self, bytes) | get_bits (self, i, is_last);
          put_entry (self, table_pa, index, entry);
        }
      table_pa = (gsize) (entry & ~(page_bytes - 1));
    }
  memset (self->bytes + table_pa, 'x', page_bytes);
  g_hash_table_add (self->expected,
                    g_strdup_printf ("root %zx: %" G_GINT64_MODIFIER "x %zx %u %x", root_pa, va,
                                     table_pa, form->levels[form->n_levels - 1].shift, 0xf));
}

/* A table for the kernel alone, which is the same in all roots. */
static void
share_kernel (Machine *self,
              gsize    root_pa,
              gsize    kernel_pa)
{
  guint last = (1u << self->form->levels[0].index_bits) - 1;

  if (!self->form->has_two_roots)
    put_entry (self, root_pa, last,
               kernel_pa | (self->form == &p2v_paging_form_x86_pae ? 0x1 : 0x23));
}

static void
fill_machine (Machine *self)
{
  gsize root_bytes = p2v_paging_get_table_bytes (self->form, &self->form->levels[0]);
  gsize page_bytes = (gsize) 1 << self->form->levels[self->form->n_levels - 1].shift;
  gsize kernel_pa = take (self, PAGE);
  gsize roots[N_ROOTS];

  /* Small roots lie together, as they do in slabs. */
  for (guint i = 0; i < N_ROOTS; i++)
    roots[i] = take (self, root_bytes);
  for (guint i = 0; i < N_ROOTS; i++)
    {
      guint64 top = (guint64) 1 << (MIN (self->form->va_bits, 48) - 2);
      for (guint j = 0; j < N_PAGES; j++)
        map_page (self, roots[i], (j % 2 == 0 ? 0x400000 : top) + (guint64) j * page_bytes);
      share_kernel (self, roots[i], kernel_pa);
    }
}

static void
check_form (P2vMachine          *machine,
            const P2vPagingForm *form)
{
  g_autofree guint8 *bytes = g_malloc0 (SYNTHETIC_BYTES);
  g_autoptr (GHashTable) expected = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *path = g_build_filename (machine->folder, "synthetic.raw", NULL);
  Machine self = { form, bytes, SYNTHETIC_BYTES, 0x20000, expected };
  g_autoptr (P2vSession) session = p2v_session_new ();
  GError *error = NULL;

  fill_machine (&self);
  assert_true (g_file_set_contents (path, (const char *) bytes, SYNTHETIC_BYTES, NULL));
  assert_true (p2v_session_open (session, path, NULL, NULL));
  if (!p2v_session_build_index (session, NULL, &error))
    fail_msg ("%s: %s", form->id, error->message);
  g_autoptr (GHashTable) found = list_mappings (session);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  if (g_hash_table_size (found) != g_hash_table_size (expected))
    fail_msg ("%s read as %s", form->id, p2v_system_get_paging_form_name (system));
  assert_same_sets (expected, found);
}

static void
each_form_is_told_from_the_others_by_its_tables (void **state)
{
  for (gsize i = 0; i < P2V_PAGING_N_FORMS; i++)
    if (p2v_paging_forms[i] != &p2v_paging_form_aarch64_4k_joined)
      check_form (*state, p2v_paging_forms[i]);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    p2v_test_with_machine (wiped_linux_answers_all_its_mappings_by_their_roots),
    p2v_test_with_machine (wrong_form_is_refused_with_what_speaks_against_it),
    cmocka_unit_test (unknown_form_is_refused_with_those_that_there_are),
    p2v_test_with_machine (image_cut_before_its_roots_is_refused),
    p2v_test_with_machine (each_form_is_told_from_the_others_by_its_tables),
  };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
