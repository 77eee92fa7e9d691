/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* A Windows machine that is damaged, all the way from its file to answers. The first byte chooses
 * the machine; the rest are patches (p2v-patched-file.h).
 *
 * Run where data/windows is, or with P2V_TEST_SOURCE set to there. */

#include "fuzz.h"

#include "pas2vas.h"

#include "p2v-image-writers.h"
#include "p2v-patched-file.h"
#include "p2v-windows-machine.h"

#define PAGE      0x1000
/* Frames that are asked about, one by one. */
#define N_LOOKUPS 32

typedef struct
{
  P2vTestWindowsKind  kind;
  const char         *build;
  P2vTestWindowsFlags flags;
} Variant;

static const Variant variants[] = {
  { P2V_TEST_WINDOWS_X64, "10.0.19041", P2V_TEST_WINDOWS_ENCODED },
  { P2V_TEST_WINDOWS_PAE, "6.1.7601.24000", P2V_TEST_WINDOWS_PLAIN },
  { P2V_TEST_WINDOWS_X86, "5.1.2600.5512", P2V_TEST_WINDOWS_PLAIN },
  { P2V_TEST_WINDOWS_ARM64, "10.0.26100", P2V_TEST_WINDOWS_PLAIN },
  { P2V_TEST_WINDOWS_X64, "6.1.7601", P2V_TEST_WINDOWS_NO_DEBUGGER },
};

/* A machine as a file: the pages that hold anything. */
static P2vPatchedFile files[G_N_ELEMENTS (variants)];

static gboolean
is_empty (const guint8 *page)
{
  for (gsize i = 0; i < PAGE; i++)
    if (page[i] != 0)
      return FALSE;
  return TRUE;
}

/* The runs of pages that are not all zeros. */
static GArray *
collect_runs (const P2vWindowsMachine *machine)
{
  GArray *runs = g_array_new (FALSE, FALSE, sizeof (P2vTestMemory));

  for (gsize pa = 0; pa < machine->length; pa += PAGE)
    {
      P2vTestMemory *last =
        runs->len > 0 ? &g_array_index (runs, P2vTestMemory, runs->len - 1) : NULL;
      P2vTestMemory run = { pa, machine->bytes + pa, PAGE };
      if (is_empty (machine->bytes + pa))
        continue;
      if (last != NULL && last->pa + last->length == pa)
        last->length += PAGE;
      else
        g_array_append_val (runs, run);
    }
  return runs;
}

static void
make_file (const Variant  *variant,
           P2vPatchedFile *file)
{
  const char *source = g_getenv ("P2V_TEST_SOURCE");
  g_autofree char *csv_path =
    g_build_filename (source != NULL ? source : ".", "data", "windows", "offsets.csv", NULL);
  P2vWindowsMachine *machine =
    p2v_windows_machine_new (variant->kind, variant->build, variant->flags, csv_path);
  g_autoptr (GArray) runs = collect_runs (machine);
  const P2vTestMachine description = { .memory = (const P2vTestMemory *) (gpointer) runs->data,
                                       .n_memory = runs->len };
  g_autoptr (GByteArray) bytes = p2v_test_write (P2V_TEST_ELF64, &description);

  p2v_windows_machine_free (machine);
  p2v_patched_file_init (file, bytes->data, bytes->len);
}

static void
check_regions (P2vSession      *session,
               P2vAddressSpace *space)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) regions = p2v_session_dup_regions (session, space, &error);

  g_assert_true (regions != NULL);
  for (guint i = 0; i < regions->len; i++)
    {
      const P2vRegion *region = regions->pdata[i];
      const P2vRegion *before = i > 0 ? regions->pdata[i - 1] : NULL;
      g_assert_cmpuint (region->length_bytes, >, 0);
      g_assert_true (g_utf8_validate (region->name, -1, NULL));
      g_assert_true (before == NULL ||
                     before->start_va + (before->length_bytes - 1) < region->start_va);
    }
}

static void
check_frames (P2vSession *session)
{
  g_autoptr (P2vFrameReader) reader = p2v_frame_reader_new (session, NULL);
  P2vFrame frame;

  for (guint i = 0; i < N_LOOKUPS; i++)
    {
      P2vPhysAddr pa = (P2vPhysAddr) i * 0x91000 + 0x200000;
      g_autoptr (P2vAnswer) answer = p2v_session_lookup (session, pa, NULL);
      P2vMapping row;

      g_assert_nonnull (answer);
      if (p2v_answer_get_n_rows (answer) > 0)
        {
          p2v_answer_get_row (answer, 0, &row);
          (void) !p2v_session_describe (session, &row, NULL);
        }
      if (p2v_frame_reader_read (reader, pa, &frame, NULL))
        g_assert_true (g_utf8_validate (frame.detail, -1, NULL));
    }
}

static void
check_system (P2vSession *session)
{
  g_autoptr (P2vSystem) system = p2v_session_dup_system (session);
  g_auto (GStrv) diagnostics = p2v_session_dup_diagnostics (session);

  for (guint i = 0; i < p2v_system_get_n_processes (system); i++)
    {
      P2vProcess *process = p2v_system_get_process (system, i);
      const char *path = p2v_process_get_path (process);
      g_assert_true (g_utf8_validate (p2v_process_get_name (process), -1, NULL));
      g_assert_true (path == NULL || g_utf8_validate (path, -1, NULL));
    }
  for (guint i = 0; i < p2v_system_get_n_spaces (system); i++)
    check_regions (session, p2v_system_get_space (system, i));
  for (char **line = diagnostics; *line != NULL; line++)
    g_assert_true (g_utf8_validate (*line, -1, NULL));
}

static void
check_file (const P2vPatchedFile *file)
{
  g_autofree char *path = p2v_patched_file_dup_path (file);
  g_autoptr (P2vSession) session = p2v_session_new ();
  g_autoptr (GError) error = NULL;

  p2v_session_set_cache (session, FALSE, NULL);
  if (!p2v_session_open (session, path, NULL, &error) ||
      !p2v_session_find_system (session, NULL, &error) ||
      !p2v_session_build_index (session, NULL, &error))
    {
      g_assert_nonnull (error);
      return;
    }
  check_system (session);
  check_frames (session);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  if (size == 0)
    return 0;
  P2vPatchedFile *file = &files[data[0] % G_N_ELEMENTS (files)];
  if (file->bytes == NULL)
    make_file (&variants[data[0] % G_N_ELEMENTS (files)], file);
  p2v_patched_file_apply (file, data + 1, size - 1);
  check_file (file);
  p2v_patched_file_restore (file);
  return 0;
}
