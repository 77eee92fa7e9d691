/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Rows as a table, CSV and JSON. */

#include "p2v-test.h"

#include "os/p2v-process-private.h"

static const P2vColumn columns[] = {
  { "address", "Address", P2V_CELL_HEX, 14 },
  { "bytes", NULL, P2V_CELL_DECIMAL, 0 },
  { "pid", "Pid", P2V_CELL_DECIMAL, 6 },
  { "name", "Name", P2V_CELL_TEXT, 8 },
  { NULL, "Size", P2V_CELL_TEXT, 4 },
  { "note", "Note", P2V_CELL_TEXT, 6 },
};

static GOutputStream *
new_stream (void)
{
  return g_memory_output_stream_new_resizable ();
}

/* (transfer full) */
static char *
steal_text (GOutputStream *stream)
{
  GMemoryOutputStream *memory = G_MEMORY_OUTPUT_STREAM (stream);
  gsize length = g_memory_output_stream_get_data_size (memory);

  return g_strndup (g_memory_output_stream_get_data (memory), length);
}

static void
add_row (P2vExport  *export,
         guint64     address,
         gint64      pid,
         const char *name,
         const char *note)
{
  g_autoptr (GError) error = NULL;

  p2v_export_add_number (export, address);
  p2v_export_add_number (export, 4096);
  p2v_export_add_signed (export, pid);
  p2v_export_add_text (export, name);
  p2v_export_add_text (export, "4K");
  if (note != NULL)
    p2v_export_add_text (export, note);
  else
    p2v_export_add_nothing (export);
  assert_true (p2v_export_end_row (export, NULL, &error));
  assert_no_error (error);
}

static char *
export_rows (P2vExportFormat format,
             guint           n_rows)
{
  g_autoptr (GOutputStream) stream = new_stream ();
  g_autoptr (P2vExport) export = p2v_export_new (stream, format, columns, G_N_ELEMENTS (columns));
  g_autoptr (GError) error = NULL;

  if (n_rows > 0)
    add_row (export, 0x1a58f3c8, 2616, "init", "x");
  if (n_rows > 1)
    add_row (export, 0xffff89e2c3dec800, -1, "a b,c\"d'e;f", NULL);
  assert_true (p2v_export_finish (export, NULL, &error));
  assert_no_error (error);
  return steal_text (stream);
}

static void
csv_has_a_header_and_a_line_a_row (void **state)
{
  g_autofree char *text = export_rows (P2V_EXPORT_CSV, 2);

  assert_string_equal (text, "address,bytes,pid,name,note\n"
                             "0x1a58f3c8,4096,2616,init,x\n"
                             "0xffff89e2c3dec800,4096,-1,\"a b,c\"\"d'e;f\",\n");
}

static void
csv_without_rows_is_the_header (void **state)
{
  g_autofree char *text = export_rows (P2V_EXPORT_CSV, 0);

  assert_string_equal (text, "address,bytes,pid,name,note\n");
}

static void
json_is_an_array_of_objects (void **state)
{
  g_autofree char *text = export_rows (P2V_EXPORT_JSON, 2);

  assert_string_equal (text, "[\n"
                             "{\"address\":\"0x1a58f3c8\",\"bytes\":4096,\"pid\":2616,"
                             "\"name\":\"init\",\"note\":\"x\"},\n"
                             "{\"address\":\"0xffff89e2c3dec800\",\"bytes\":4096,\"pid\":-1,"
                             "\"name\":\"a b,c\\\"d'e;f\",\"note\":null}\n"
                             "]\n");
}

static void
json_without_rows_is_an_empty_array (void **state)
{
  g_autofree char *text = export_rows (P2V_EXPORT_JSON, 0);

  assert_string_equal (text, "[]\n");
}

static void
table_aligns_what_fits_and_pushes_what_does_not (void **state)
{
  g_autofree char *text = export_rows (P2V_EXPORT_TABLE, 2);

  assert_string_equal (text, "   Address        Pid Name     Size Note\n"
                             "-------------- ------ -------- ---- ------\n"
                             "0x00001a58f3c8   2616 init     4K   x\n"
                             "0xffff89e2c3dec800     -1 a b,c\"d'e;f 4K\n");
}

static void
table_counts_columns_of_the_terminal_not_bytes (void **state)
{
  g_autoptr (GOutputStream) stream = new_stream ();
  g_autoptr (P2vExport) export =
    p2v_export_new (stream, P2V_EXPORT_TABLE, columns, G_N_ELEMENTS (columns));

  add_row (export, 0, 1, "l\u00e4", "x");
  add_row (export, 0, 1, "\u65e5\u672c", "x");
  add_row (export, 0, 1, "a\u0308", "x");
  assert_true (p2v_export_finish (export, NULL, NULL));

  g_autofree char *text = steal_text (stream);
  assert_contains (text, " l\u00e4       4K   x\n");
  assert_contains (text, " \u65e5\u672c     4K   x\n");
  assert_contains (text, " a\u0308        4K   x\n");
}

static void
rights_in_csv_are_words_and_other_dashes_are_not (void **state)
{
  g_autoptr (GOutputStream) stream = new_stream ();
  g_autoptr (P2vExport) export =
    p2v_export_new (stream, P2V_EXPORT_CSV, columns, G_N_ELEMENTS (columns));

  add_row (export, 0, 1, "--- k", "-w-");
  add_row (export, 0, 1, "--- k+1", "-1");
  add_row (export, 0, 1, "--", "-wx=");
  assert_true (p2v_export_finish (export, NULL, NULL));

  g_autofree char *text = steal_text (stream);
  assert_contains (text, ",--- k,-w-\n");
  assert_contains (text, ",\\x2d-- k+1,\\x2d1\n");
  assert_contains (text, ",\\x2d-,\\x2dwx=\n");
}

static void
numbers_at_the_limits_are_written_in_full (void **state)
{
  g_autoptr (GOutputStream) stream = new_stream ();
  g_autoptr (P2vExport) export =
    p2v_export_new (stream, P2V_EXPORT_CSV, columns, G_N_ELEMENTS (columns));

  p2v_export_add_number (export, G_MAXUINT64);
  p2v_export_add_number (export, G_MAXUINT64);
  p2v_export_add_signed (export, G_MININT64);
  p2v_export_add_text (export, "");
  p2v_export_add_nothing (export);
  p2v_export_add_nothing (export);
  assert_true (p2v_export_end_row (export, NULL, NULL));
  assert_true (p2v_export_finish (export, NULL, NULL));

  g_autofree char *text = steal_text (stream);
  assert_contains (text, "\n0xffffffffffffffff,18446744073709551615,-9223372036854775808,,\n");
}

static void
rows_reach_the_stream_before_the_end (void **state)
{
  g_autoptr (GOutputStream) stream = new_stream ();
  g_autoptr (P2vExport) export =
    p2v_export_new (stream, P2V_EXPORT_CSV, columns, G_N_ELEMENTS (columns));

  for (guint i = 0; i < 100000; i++)
    add_row (export, i, 1, "init", NULL);
  /* All but the last buffer of 64 KiB. */
  assert_true (g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (stream)) > 1900000);
  assert_true (p2v_export_finish (export, NULL, NULL));

  g_autofree char *text = steal_text (stream);
  assert_true (g_str_has_suffix (text, "\n0x1869f,4096,1,init,\n"));
}

static void
stream_that_takes_no_more_is_an_error (void **state)
{
  char memory[16];
  g_autoptr (GOutputStream) stream = g_memory_output_stream_new (memory, sizeof memory, NULL, NULL);
  g_autoptr (P2vExport) export =
    p2v_export_new (stream, P2V_EXPORT_CSV, columns, G_N_ELEMENTS (columns));
  g_autoptr (GError) error = NULL;

  add_row (export, 0, 1, "init", NULL);
  assert_false (p2v_export_finish (export, NULL, &error));
  assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "");
}

static void
cancelled_export_stops (void **state)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GOutputStream) stream = new_stream ();
  g_autoptr (P2vExport) export =
    p2v_export_new (stream, P2V_EXPORT_CSV, columns, G_N_ELEMENTS (columns));
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  assert_false (p2v_export_finish (export, cancellable, &error));
  assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
}

static P2vProcess *
new_process (const char *name)
{
  return p2v_process_new (&(P2vProcessData) {
    .pid = 2920,
    .raw_name = (const guint8 *) name,
    .raw_name_length = strlen (name),
  });
}

static char *
export_mapping (P2vExportFormat   format,
                const P2vMapping *mapping)
{
  gsize n_columns;
  const P2vColumn *mapping_columns = p2v_export_get_mapping_columns (&n_columns);
  g_autoptr (P2vSession) session = p2v_session_new ();
  g_autoptr (GOutputStream) stream = new_stream ();
  g_autoptr (P2vExport) export = p2v_export_new (stream, format, mapping_columns, n_columns);
  g_autoptr (GError) error = NULL;

  assert_true (p2v_export_add_mapping (export, session, mapping, NULL, &error));
  assert_no_error (error);
  assert_true (p2v_export_finish (export, NULL, &error));
  assert_no_error (error);
  return steal_text (stream);
}

static const P2vRegion library = {
  .start_va = 0x766c0000,
  .length_bytes = 0x35000,
  .rights = P2V_RIGHTS_READ | P2V_RIGHTS_EXECUTE | P2V_RIGHTS_USER,
  .file_offset = 0x1000,
  .is_file = TRUE,
  .name = (char *) "/lib/ws2,32.so",
};

static P2vMapping
make_mapping (P2vProcess *process)
{
  return (P2vMapping) {
    .pa = 0x1a58f3c8,
    .va = 0x766c03c8,
    .length_bytes = 1,
    .process = process,
    .described = TRUE,
    .page_shift = 21,
    .rights = P2V_RIGHTS_READ | P2V_RIGHTS_WRITE | P2V_RIGHTS_EXECUTE | P2V_RIGHTS_USER,
    .state = P2V_STATE_VALID,
    .entry_pa = 0x7b55600,
    .region = &library,
  };
}

#define CSV_HEADER                                                             \
  "physical,virtual,length,pid,name,rights,state,region,file_offset,page_size," \
  "entry,region_rights,class,addresses,last_virtual,step\n"

static void
mapping_in_csv_has_all_columns (void **state)
{
  g_autoptr (P2vProcess) process = new_process ("=1+1\n");
  P2vMapping mapping = make_mapping (process);
  g_autofree char *text = export_mapping (P2V_EXPORT_CSV, &mapping);

  assert_string_equal (text, CSV_HEADER
                       "0x1a58f3c8,0x766c03c8,1,2920,\\x3d1+1\\x0a,rwx u,valid,"
                       "\"/lib/ws2,32.so+0x13c8\",,2097152,0x7b55600,r-x,user,1,,\n");
}

static void
mapping_in_a_table_begins_with_the_columns_of_the_original (void **state)
{
  g_autoptr (P2vProcess) process = new_process ("vol.exe");
  P2vMapping mapping = make_mapping (process);
  g_autofree char *text = export_mapping (P2V_EXPORT_TABLE, &mapping);

  assert_string_equal (
    text,
    "   Physical       Virtual        Pid Name            Rights Size State     "
    "Region                          File offset\n"
    "-------------- -------------- ------ --------------- ------ ---- --------- "
    "------------------------------ --------------\n"
    "0x00001a58f3c8 0x0000766c03c8   2920 vol.exe         rwx u! 2M   valid     "
    "/lib/ws2,32.so+0x13c8\n");
}

static void
mapping_outside_any_region_leaves_its_cells_empty (void **state)
{
  g_autoptr (P2vProcess) process = p2v_process_new (&(P2vProcessData) {
    .pid = G_MININT64,
    .raw_name = (const guint8 *) "a,b",
    .raw_name_length = 3,
  });
  P2vMapping mapping = {
    .pa = G_MAXUINT64,
    .va = G_MAXUINT64,
    .length_bytes = G_MAXUINT64,
    .process = process,
    .described = TRUE,
    .page_shift = 63,
    .state = P2V_STATE_PROT_NONE,
    .entry_pa = G_MAXUINT64,
  };
  g_autofree char *csv = export_mapping (P2V_EXPORT_CSV, &mapping);
  g_autofree char *json = export_mapping (P2V_EXPORT_JSON, &mapping);

  assert_string_equal (csv, CSV_HEADER
                       "0xffffffffffffffff,0xffffffffffffffff,18446744073709551615,"
                       "-9223372036854775808,\"a,b\",--- k,prot-none,,,9223372036854775808,"
                       "0xffffffffffffffff,,user,1,,\n");
  assert_contains (json, "\"pid\":-9223372036854775808,\"name\":\"a,b\",\"rights\":\"--- k\","
                         "\"state\":\"prot-none\",\"region\":null,\"file_offset\":null,"
                         "\"page_size\":9223372036854775808,");
}

static void
mapping_that_is_not_described_leaves_cells_empty (void **state)
{
  g_autoptr (P2vProcess) process = new_process ("init");
  P2vMapping mapping = { .pa = 0x1000, .va = 0x2000, .length_bytes = 4096, .process = process };
  g_autofree char *csv = export_mapping (P2V_EXPORT_CSV, &mapping);
  g_autofree char *json = export_mapping (P2V_EXPORT_JSON, &mapping);

  assert_string_equal (csv, CSV_HEADER "0x1000,0x2000,4096,2920,init,,,,,,,,user,1,,\n");
  assert_contains (json, "\"rights\":null,\"state\":null,\"region\":null,\"file_offset\":null,"
                         "\"page_size\":null,\"entry\":null,\"region_rights\":null,"
                         "\"class\":\"user\",\"addresses\":1,"
                         "\"last_virtual\":null,\"step\":null}");
}

static void
page_of_the_kernel_at_many_addresses_is_one_row (void **state)
{
  g_autoptr (P2vProcess) process = new_process ("kernel");
  P2vMapping mapping = make_mapping (process);
  P2vRegion region = { .start_va = 0x766c0000, .length_bytes = G_MAXUINT32,
                       .mapping_class = P2V_MAPPING_ESPFIX, .name = (char *) "espfix" };
  mapping.region = &region;
  mapping.mapping_class = P2V_MAPPING_ESPFIX;
  mapping.n_addresses = 3;
  mapping.last_va = mapping.va + 0x20000;
  mapping.step_bytes = 0x10000;
  g_autofree char *csv = export_mapping (P2V_EXPORT_CSV, &mapping);
  g_autofree char *json = export_mapping (P2V_EXPORT_JSON, &mapping);
  g_autofree char *table = export_mapping (P2V_EXPORT_TABLE, &mapping);

  /* The kernel records no rights for its regions, so none disagree. */
  assert_contains (csv, ",espfix+0x3c8,,2097152,0x7b55600,,espfix,3,0x766e03c8,0x10000\n");
  assert_contains (json, "\"region_rights\":null,\"class\":\"espfix\",\"addresses\":3,"
                         "\"last_virtual\":\"0x766e03c8\",\"step\":\"0x10000\"}");
  assert_contains (table, " rwx u  2M   valid     espfix+0x3c8 (3 addresses up to 0x766e03c8, "
                          "every 0x10000)\n");
  mapping.step_bytes = 0;
  g_autofree char *uneven = export_mapping (P2V_EXPORT_CSV, &mapping);
  assert_contains (uneven, ",espfix,3,0x766e03c8,\n");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (csv_has_a_header_and_a_line_a_row),
    cmocka_unit_test (csv_without_rows_is_the_header),
    cmocka_unit_test (json_is_an_array_of_objects),
    cmocka_unit_test (json_without_rows_is_an_empty_array),
    cmocka_unit_test (table_aligns_what_fits_and_pushes_what_does_not),
    cmocka_unit_test (table_counts_columns_of_the_terminal_not_bytes),
    cmocka_unit_test (rights_in_csv_are_words_and_other_dashes_are_not),
    cmocka_unit_test (numbers_at_the_limits_are_written_in_full),
    cmocka_unit_test (rows_reach_the_stream_before_the_end),
    cmocka_unit_test (stream_that_takes_no_more_is_an_error),
    cmocka_unit_test (cancelled_export_stops),
    cmocka_unit_test (mapping_in_csv_has_all_columns),
    cmocka_unit_test (mapping_in_a_table_begins_with_the_columns_of_the_original),
    cmocka_unit_test (mapping_outside_any_region_leaves_its_cells_empty),
    cmocka_unit_test (mapping_that_is_not_described_leaves_cells_empty),
    cmocka_unit_test (page_of_the_kernel_at_many_addresses_is_one_row),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
