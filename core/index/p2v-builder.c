/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "base/p2v-checked.h"
#include "base/p2v-large-pages.h"
#include "index/p2v-builder-private.h"

/* Mappings outside the image's frames; each costs 16 bytes and real machines have some hundreds. */
#define MAX_EXTENTS ((guint) 64 << 20)

gboolean
p2v_builder_add_extent (P2vBuilder     *self,
                        guint           page_shift,
                        guint64         first_pfn,
                        P2vIndexEntry   entry,
                        GError        **error)
{
  P2vReverseMap *map = self->map;
  P2vExtent extent = { first_pfn, entry };
  guint i = 0;

  while (i < map->n_classes && map->classes[i].page_shift != page_shift)
    i++;
  if (i == map->n_classes)
    {
      map->classes[i].page_shift = page_shift;
      map->classes[i].extents = g_array_new (FALSE, FALSE, sizeof (P2vExtent));
      map->n_classes++;
    }
  if (map->classes[i].extents->len >= MAX_EXTENTS)
    {
      g_set_error (
        error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
        _("More than %u large pages, or pages outside the image; the page tables are damaged"),
        MAX_EXTENTS);
      return FALSE;
    }
  g_array_append_val (map->classes[i].extents, extent);
  return TRUE;
}

void
p2v_builder_sort_extents (P2vBuilder *self)
{
  for (guint i = 0; i < self->map->n_classes; i++)
    p2v_extent_class_sort (&self->map->classes[i]);
}

void
p2v_builder_count_aliases (P2vBuilder    *self,
                           P2vIndexEntry  entry,
                           guint64        n)
{
  guint64 *n_folded = &self->map->n_folded;
  guint64 product;

  if (self->map->aliases->len == 0)
    return;
  if (!p2v_mul_u64 (p2v_aliases_get_n_ways (self->map->aliases, entry) - 1, n, &product) ||
      !p2v_add_u64 (*n_folded, product, n_folded))
    *n_folded = G_MAXUINT64;
}

static P2vReverseMap *
new_map (P2vImage  *image,
         GError   **error)
{
  g_autoptr (P2vReverseMap) map = g_new0 (P2vReverseMap, 1);
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (image, &n_ranges);

  g_atomic_ref_count_init (&map->ref_count);
  map->frames = p2v_frame_set_new (ranges, n_ranges);
  map->tables = g_array_new (FALSE, FALSE, sizeof (P2vTableUse));
  map->aliases = g_array_new (FALSE, FALSE, sizeof (P2vAliasRun));
  map->ends = g_try_new0 (guint32, map->frames->n_frames);
  if (map->ends == NULL)
    {
      g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
                   _("No room for an index of %" PRIu64 " frames"), map->frames->n_frames);
      return NULL;
    }
  p2v_use_large_pages (map->ends, map->frames->n_frames * sizeof *map->ends);
  return g_steal_pointer (&map);
}

static void
builder_free (P2vBuilder *self)
{
  for (guint i = 0; i < P2V_PAGING_MAX_LEVELS; i++)
    g_clear_pointer (&self->levels[i], g_array_unref);
  g_clear_pointer (&self->detours, p2v_detours_free);
  g_clear_pointer (&self->map, p2v_reverse_map_unref);
  g_array_unref (self->gaps);
  g_free (self->budget.n_left_of_space);
  g_free (self->spaces);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vBuilder, builder_free)

static P2vBuilder *
builder_new (const P2vBuildRequest *request,
             GCancellable          *cancellable)
{
  P2vBuilder *self = g_new0 (P2vBuilder, 1);
  const P2vPagingForm *form = request->tables->form;

  self->request = request;
  self->form = form;
  self->frames_per_leaf
    = (guint64) 1 << (form->levels[form->n_levels - 1].shift - P2V_FRAME_SHIFT);
  self->spaces = g_new0 (P2vWalkReport, MAX (request->n_roots, 1));
  self->gaps = g_array_new (FALSE, FALSE, sizeof (P2vGap));
  self->budget.n_left_of_space = g_new (guint64, MAX (request->n_roots, 1));
  self->budget.spaces = self->spaces;
  self->watched_pfn = G_MAXUINT64;
  self->reader.tables = request->tables;
  self->reader.cancellable = cancellable;
  return self;
}

/* Seconds since *@us, which becomes now. */
static double
lap (gint64 *us)
{
  gint64 before_us = *us;

  *us = g_get_monotonic_time ();
  return (double) (*us - before_us) / G_USEC_PER_SEC;
}

static gboolean
build (P2vBuilder      *self,
       P2vBuildReport  *report,
       GError         **error)
{
  gint64 us = g_get_monotonic_time ();
  GArray *visits = p2v_builder_plan (self, error);

  report->seconds_planning = lap (&us);
  if (visits == NULL || !p2v_builder_count (self, visits, error))
    return FALSE;
  report->seconds_counting = lap (&us);
  if (!p2v_builder_place (self, visits, error))
    return FALSE;
  p2v_builder_sort_extents (self);
  p2v_builder_spread_gaps (self);
  report->seconds_sorting = lap (&us);
  return TRUE;
}

void
p2v_build_report_clear (P2vBuildReport *report)
{
  g_clear_pointer (&report->spaces, g_free);
}

P2vReverseMap *
p2v_builder_run (const P2vBuildRequest  *request,
                 P2vBuildReport         *ret_report,
                 GCancellable           *cancellable,
                 GError                **error)
{
  g_autoptr (P2vBuilder) self = builder_new (request, cancellable);

  self->map = new_map (request->tables->image, error);
  if (self->map == NULL || !build (self, ret_report, error))
    return NULL;
  ret_report->spaces = g_steal_pointer (&self->spaces);
  return g_steal_pointer (&self->map);
}
