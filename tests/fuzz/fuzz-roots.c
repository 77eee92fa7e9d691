/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Page tables of a system that is not recognized, damaged, all the way from the file to answers.
 * The first byte chooses their form, the second whether the form is forced, and which; the rest are
 * patches (p2v-patched-file.h). */

#include "fuzz.h"

#include "pas2vas.h"

#include "p2v-patched-file.h"
#include "p2v-roots-machine.h"

/* Of each root: so few that a run takes some milliseconds. */
#define N_PAGES 12

static P2vPatchedFile files[P2V_PAGING_N_FORMS];

static void
make_file (const P2vPagingForm *form,
           P2vPatchedFile      *file)
{
  gsize length;
  g_autofree guint8 *bytes = p2v_roots_machine_make (form, N_PAGES, NULL, &length);

  p2v_patched_file_init (file, bytes, length);
}

typedef struct
{
  P2vSession *session;
  gsize       length;
  guint       n_rows;
} Check;

/* Whatever is found leads to memory that is there, and a look-up leads back. */
static gboolean
check_row (const P2vMapping *row,
           gpointer          user_data)
{
  Check *self = user_data;

  g_assert_nonnull (row->process);
  g_assert_cmpuint (row->page_shift, >=, 12);
  if (row->pa < self->length && self->n_rows % 16 == 0)
    {
      g_autoptr (P2vAnswer) answer = p2v_session_lookup (self->session, row->pa, NULL);
      g_assert_cmpuint (p2v_answer_get_n_rows (answer), >, 0);
    }
  return ++self->n_rows < 1000;
}

static void
check_file (const P2vPatchedFile *file,
            const char           *form_id)
{
  g_autofree char *path = p2v_patched_file_dup_path (file);
  g_autoptr (P2vSession) session = p2v_session_new ();
  g_autoptr (GError) error = NULL;
  Check check = { session, file->length, 0 };

  p2v_session_set_cache (session, FALSE, NULL);
  g_assert_true (form_id == NULL || p2v_session_set_paging (session, form_id, NULL));
  if (!p2v_session_open (session, path, NULL, &error) ||
      !p2v_session_find_system (session, NULL, &error) ||
      !p2v_session_build_index (session, NULL, &error) ||
      !p2v_session_foreach_mapping (session, NULL, FALSE, check_row, &check, NULL, &error))
    g_assert_nonnull (error);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data,
                        size_t         size)
{
  if (size < 2)
    return 0;
  guint number = data[0] % P2V_PAGING_N_FORMS;
  /* Half of them not at all. */
  guint forced = data[1] % (2 * P2V_PAGING_N_FORMS);
  P2vPatchedFile *file = &files[number];
  if (file->bytes == NULL)
    make_file (p2v_paging_forms[number], file);
  p2v_patched_file_apply (file, data + 2, size - 2);
  check_file (file, forced < P2V_PAGING_N_FORMS ? p2v_paging_forms[forced]->id : NULL);
  p2v_patched_file_restore (file);
  return 0;
}
