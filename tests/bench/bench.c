/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* bench make FILE SPACES PAGES          writes a synthetic image
 * bench WHAT FILE warm|cold MEBIBYTES   measures one thing once, in a process of its own
 *
 * and prints a JSON object in one line; run calls it, again and again, and makes a table of it.
 * FILE is a synthetic image or any that pas2vas understands. Before it measures, it writes to so
 * many mebibytes of memory and gives them back: the memory of a virtual machine may have to be
 * fetched from its host first, which takes longer than the work. */

#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "baseline.h"
#include "image/p2v-image-private.h"
#include "index/p2v-builder.h"
#include "index/p2v-store.h"
#include "os/p2v-system-private.h"
#include "pas2vas.h"
#include "synthetic.h"

#define N_LOOKUPS 1000000
#define N_ANSWERS 2000
#define SEED 4711
#define NS_PER_S 1000000000

typedef struct
{
  const char *path;
  P2vSession *session; /* NULL: synthetic */
  P2vPageTables tables;
  P2vPagingRoot *roots;
  guint n_roots;
  guint64 base_bytes; /* memory that the process had before */
} Subject;

/* Seconds since *@ns, which becomes now. */
static double
lap (gint64 *ns)
{
  struct timespec now;
  gint64 before_ns = *ns;

  clock_gettime (CLOCK_MONOTONIC, &now);
  *ns = now.tv_sec * NS_PER_S + now.tv_nsec;
  return (double) (*ns - before_ns) / NS_PER_S;
}

static gint64
start_clock (void)
{
  gint64 ns = 0;

  lap (&ns);
  return ns;
}

static void
check (gboolean ok, GError *error)
{
  if (ok)
    return;
  g_printerr ("bench: %s\n", error != NULL ? error->message : g_strerror (errno));
  exit (3);
}

static void
touch_memory (gsize n_bytes)
{
  char *memory = mmap (NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (memory == MAP_FAILED)
    return;
  (void) madvise (memory, n_bytes, MADV_HUGEPAGE);
  memset (memory, 1, n_bytes);
  munmap (memory, n_bytes);
}

/* A field of /proc/self/status, in bytes. */
static guint64
read_status (const char *field)
{
  g_autofree char *text = NULL;

  check (g_file_get_contents ("/proc/self/status", &text, NULL, NULL), NULL);
  const char *found = strstr (text, field);
  return found != NULL ? g_ascii_strtoull (found + strlen (field), NULL, 10) * 1024 : 0;
}

/* Lets the kernel forget how much memory this process ever had. Source: Linux
 * Documentation/filesystems/proc.rst, clear_refs: 5. */
static void
begin_peak (Subject *subject)
{
  int fd = open ("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

  check (fd >= 0 && write (fd, "5", 1) == 1, NULL);
  close (fd);
  subject->base_bytes = read_status ("VmRSS:");
}

static guint64
get_peak (const Subject *subject)
{
  return read_status ("VmHWM:") - subject->base_bytes;
}

static gboolean
open_synthetic (Subject *subject)
{
  guint64 head[2];
  g_autofree P2vPhysAddr *roots = NULL;
  GError *error = NULL;
  P2vImage *image = p2v_image_open (subject->path, NULL, &error);

  check (image != NULL && p2v_image_read (image, 0, head, sizeof head, &error) == P2V_READ_OK,
         error);
  if (memcmp (head, SYNTHETIC_MAGIC, 8) != 0)
    {
      g_object_unref (image);
      return FALSE;
    }
  subject->n_roots = (guint) head[1];
  roots = g_new (P2vPhysAddr, subject->n_roots);
  check (p2v_image_read (image, sizeof head, roots, 8 * (gsize) subject->n_roots, &error)
             == P2V_READ_OK,
         error);
  subject->tables = (P2vPageTables){ .image = image,
                                     .form = &p2v_paging_form_x86_64_4,
                                     .pa_mask = p2v_paging_form_x86_64_4.pa_mask,
                                     .n_user_root_slots = 256 };
  subject->roots = g_new (P2vPagingRoot, subject->n_roots);
  for (guint i = 0; i < subject->n_roots; i++)
    subject->roots[i] = p2v_page_tables_get_user_root (&subject->tables, roots[i]);
  return TRUE;
}

static void
open_real (Subject *subject)
{
  GError *error = NULL;

  subject->session = p2v_session_new ();
  check (p2v_session_open (subject->session, subject->path, NULL, &error), error);
  check (p2v_session_find_system (subject->session, NULL, &error), error);
  g_autoptr (P2vSystem) system = p2v_session_dup_system (subject->session);
  subject->tables = *p2v_system_get_page_tables (system);
  subject->n_roots = p2v_system_get_n_spaces (system);
  subject->roots = g_new (P2vPagingRoot, subject->n_roots);
  for (guint i = 0; i < subject->n_roots; i++)
    subject->roots[i] = *p2v_address_space_get_root (p2v_system_get_space (system, i));
}

/* The page tables of a real image belong to the session's system. */
static void
close_subject (Subject *subject)
{
  if (subject->session == NULL)
    g_object_unref (subject->tables.image);
  g_clear_object (&subject->session);
  g_free (subject->roots);
}

/* Drops the file from the page cache and returns how many of its pages are there still. */
static guint64
evict (const char *path)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gsize size = (gsize) lseek (fd, 0, SEEK_END);
  gsize n_pages = size / 4096, n_left = 0;
  g_autofree unsigned char *is_resident = g_malloc (n_pages + 1);

  check (fd >= 0 && posix_fadvise (fd, 0, 0, POSIX_FADV_DONTNEED) == 0, NULL);
  void *memory = mmap (NULL, size, PROT_READ, MAP_SHARED, fd, 0);
  check (memory != MAP_FAILED && mincore (memory, size, is_resident) == 0, NULL);
  munmap (memory, size);
  close (fd);
  for (gsize i = 0; i < n_pages; i++)
    n_left += is_resident[i] & 1;
  return n_left;
}

static P2vReverseMap *
run_builder (const Subject *subject, P2vBuildReport *report)
{
  GError *error = NULL;
  P2vMeter meter = { 0 };
  P2vWatch *watch = p2v_watch_new ();
  P2vBuildRequest request = { .tables = &subject->tables,
                              .roots = subject->roots,
                              .n_roots = subject->n_roots,
                              .watch = watch,
                              .meter = &meter };
  P2vReverseMap *map = p2v_builder_run (&request, report, NULL, &error);

  check (map != NULL, error);
  p2v_watch_unref (watch);
  return map;
}

static void
measure_build (Subject *subject, gboolean is_cold)
{
  g_auto (P2vBuildReport) report = { 0 };
  gint64 ns = start_clock ();
  g_autoptr (P2vReverseMap) map = run_builder (subject, &report);
  double total = lap (&ns);

  printf ("\"tables\": %u, \"mappings\": %" PRIu64 ", \"plan_s\": %.6f, \"count_s\": %.6f, "
          "\"walk_s\": %.6f, \"sort_s\": %.6f, \"total_s\": %.6f, \"peak_bytes\": %" PRIu64
          ", \"index_bytes\": %" PRIu64 ", \"frames\": %" PRIu64,
          map->tables->len, p2v_reverse_map_get_n_mappings (map), report.seconds_planning,
          report.seconds_counting, report.seconds_planning + report.seconds_counting,
          report.seconds_sorting, total, get_peak (subject), p2v_reverse_map_get_size (map),
          map->frames->n_frames);
}

static void
measure_baseline (Subject *subject, gboolean is_cold)
{
  Baseline baseline = { 0 };

  baseline_run (subject->path, p2v_image_get_file_size (subject->tables.image), subject->roots,
                subject->n_roots, subject->tables.form->n_levels, &baseline);
  printf ("\"tables\": %" PRIu64 ", \"mappings\": %" PRIu64 ", \"walk_s\": %.6f, "
          "\"sort_s\": %.6f, \"total_s\": %.6f, \"peak_bytes\": %" PRIu64,
          baseline.n_tables, baseline.n_mappings, baseline.seconds_walk, baseline.seconds_sort,
          baseline.seconds_walk + baseline.seconds_sort, get_peak (subject));
  baseline_clear (&baseline);
}

/* The least that any walk reads: every table once, in the order of the file, announced in full
 * before the first is read. Which they are is known from a build; then the cache is emptied. */
static void
measure_floor (Subject *subject, gboolean is_cold)
{
  g_auto (P2vBuildReport) report = { 0 };
  g_autoptr (P2vReverseMap) map = run_builder (subject, &report);
  guint64 entries[P2V_PAGING_MAX_ENTRIES];
  const P2vPagingForm *form = subject->tables.form;
  guint64 n_left = is_cold ? evict (subject->path) : 0;
  GError *error = NULL;
  gint64 ns = start_clock ();

  for (guint i = 0; is_cold && i < map->tables->len; i++)
    {
      const P2vTableUse *use = &g_array_index (map->tables, P2vTableUse, i);
      p2v_image_prefetch (subject->tables.image, use->pfn << P2V_FRAME_SHIFT,
                          p2v_paging_get_table_bytes (form, &form->levels[use->level_number]));
    }
  for (guint i = 0; i < map->tables->len; i++)
    {
      const P2vTableUse *use = &g_array_index (map->tables, P2vTableUse, i);
      check (p2v_paging_read_tables (&subject->tables, &form->levels[use->level_number],
                                     use->pfn << P2V_FRAME_SHIFT, 1, entries, &error)
                 == P2V_READ_OK,
             error);
    }
  printf ("\"tables\": %u, \"total_s\": %.6f, \"floor_pages_left\": %" PRIu64, map->tables->len,
          lap (&ns), n_left);
}

/* Adds up what is found, for the compiler must not leave the work out. */
static guint64
look_up_at_random (P2vReverseMap *map, GRand *random)
{
  g_autofree guint64 *pfns = g_new (guint64, N_LOOKUPS);
  guint64 sum = 0;

  for (guint i = 0; i < N_LOOKUPS; i++)
    {
      const P2vFrameRun *run
          = &map->frames->runs[g_rand_int_range (random, 0, (gint32) map->frames->n_runs)];
      pfns[i] = run->first_pfn + (guint64) (g_rand_double (random) * (double) run->n_frames);
    }
  gint64 ns = start_clock ();
  for (guint i = 0; i < N_LOOKUPS; i++)
    {
      guint64 n_entries;
      const P2vIndexEntry *entries = p2v_reverse_map_get_entries (map, pfns[i], &n_entries);
      sum += n_entries > 0 ? entries[0] + n_entries : 0;
    }
  printf ("\"lookup_ns\": %.3f", lap (&ns) * 1e9 / N_LOOKUPS);
  return sum;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

/* One row with everything that the panel shows of it. Negative if there is none: what only the
 * kernel has may be hidden. */
static double
answer_one (P2vSession *session, P2vPhysAddr pa)
{
  gint64 ns = start_clock ();
  g_autoptr (P2vAnswer) answer = p2v_session_lookup (session, pa, NULL);
  P2vMapping row;
  P2vTrail trail;

  if (p2v_answer_get_n_rows (answer) == 0)
    return -1;
  p2v_answer_get_row (answer, 0, &row);
  check (p2v_session_describe (session, &row, NULL)
             && p2v_session_get_trail (session, row.space, row.va, &trail, NULL),
         NULL);
  return lap (&ns);
}

static void
measure_answers (Subject *subject, P2vReverseMap *map, GRand *random)
{
  double seconds[N_ANSWERS];
  GError *error = NULL;

  check (p2v_session_build_index (subject->session, NULL, &error), error);
  for (guint i = 0; i < N_ANSWERS;)
    {
      const P2vFrameRun *run = &map->frames->runs[0];
      guint64 pfn = run->first_pfn + (guint64) (g_rand_double (random) * (double) run->n_frames);
      guint64 n_entries;
      if (p2v_reverse_map_get_entries (map, pfn, &n_entries) == NULL || n_entries == 0)
        continue;
      seconds[i] = answer_one (subject->session, pfn << P2V_FRAME_SHIFT);
      i += seconds[i] >= 0 ? 1 : 0;
    }
  qsort (seconds, N_ANSWERS, sizeof *seconds, compare_doubles);
  printf (", \"answer_us\": %.3f, \"answer_99_us\": %.3f, \"answer_slowest_us\": %.3f",
          seconds[N_ANSWERS / 2] * 1e6, seconds[N_ANSWERS * 99 / 100] * 1e6,
          seconds[N_ANSWERS - 1] * 1e6);
}

static void
measure_lookup (Subject *subject, gboolean is_cold)
{
  g_auto (P2vBuildReport) report = { 0 };
  g_autoptr (P2vReverseMap) map = run_builder (subject, &report);
  g_autoptr (GRand) random = g_rand_new_with_seed (SEED);

  printf (", \"sum\": %" PRIu64, look_up_at_random (map, random));
  if (subject->session != NULL)
    measure_answers (subject, map, random);
}

/* Opens the image again after its index was kept in a folder of its own. */
static void
measure_reopen (Subject *subject, gboolean is_cold)
{
  GError *error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("p2v-bench-XXXXXX", &error);
  P2vIndexStatistics statistics = { 0 };
  gint64 ns = start_clock ();
  double seconds[2][3];

  check (folder != NULL, error);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (P2vSession) session = p2v_session_new ();
      p2v_session_set_cache (session, TRUE, folder);
      lap (&ns);
      check (p2v_session_open (session, subject->path, NULL, &error), error);
      seconds[i][0] = lap (&ns);
      check (p2v_session_find_system (session, NULL, &error), error);
      seconds[i][1] = lap (&ns);
      check (p2v_session_build_index (session, NULL, &error), error);
      seconds[i][2] = lap (&ns);
      p2v_session_get_statistics (session, &statistics);
    }
  printf ("\"first_s\": %.6f, \"reopen_find_s\": %.6f, \"reopen_index_s\": %.6f, "
          "\"from_cache\": %s",
          seconds[0][2], seconds[1][1], seconds[1][2], statistics.from_cache ? "true" : "false");
  P2vStore *store = p2v_store_new (folder);
  guint n_removed;
  p2v_store_clear (store, &n_removed);
  p2v_store_unref (store);
  g_rmdir (folder);
}

static int
make (char **argv)
{
  GError *error = NULL;

  check (synthetic_write (argv[2], (guint) atoi (argv[3]), (guint) atoi (argv[4]), &error), error);
  return 0;
}

static const struct
{
  const char *name;
  void (*measure) (Subject *subject, gboolean is_cold);
} measurements[] = {
  { "build", measure_build },   { "baseline", measure_baseline }, { "floor", measure_floor },
  { "lookup", measure_lookup }, { "reopen", measure_reopen },
};

int
main (int argc, char **argv)
{
  if (argc == 5 && g_str_equal (argv[1], "make"))
    return make (argv);
  for (guint i = 0; argc == 5 && i < G_N_ELEMENTS (measurements); i++)
    {
      Subject subject = { .path = argv[2] };
      gboolean is_cold = g_str_equal (argv[3], "cold");

      if (!g_str_equal (measurements[i].name, argv[1]))
        continue;
      if (!open_synthetic (&subject))
        open_real (&subject);
      touch_memory ((gsize) atoi (argv[4]) << 20);
      printf ("{\"pages_left\": %" PRIu64 ", ", is_cold ? evict (subject.path) : 0);
      begin_peak (&subject);
      measurements[i].measure (&subject, is_cold);
      printf ("}\n");
      close_subject (&subject);
      return 0;
    }
  g_printerr ("usage: bench make FILE SPACES PAGES\n"
              "       bench build|baseline|floor|lookup|reopen FILE warm|cold MEBIBYTES\n");
  return 2;
}
